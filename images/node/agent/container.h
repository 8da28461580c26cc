// A running container as container.c keeps it and log.c watches it.
#pragma once
#include "agent.h"

struct attachment {
  struct stream *stream;
  struct container *container;
  bool input;
  struct attachment *next;
};

struct container {
  char *id, *bundle, *log_path, *cgroup;
  struct stream *stream;
  struct child child;
  struct watch input, output, errors, console;
  struct buffer lines[2];    // unfinished line of stdout, stderr
  struct buffer pending_log; // whole lines not yet in the file
  struct buffer pending;     // stdin not yet taken
  struct attachment *attachments;
  int log, log_generation;
  size_t log_size;
  bool terminal, once, input_ended, running;
  struct container *next;
};

struct container *container_find(const char *id);
// log.c: the container wrote to its log; it is over.
void log_grew(struct container *c);
void log_ended(struct container *c);
