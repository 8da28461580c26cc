// The guest agent: process 1 of a worker node. Everything the page asks of the node goes through it, as frames over one raw virtio-console port
// (/dev/vport*p2). The page's half is src/machine/agent.ts; both must agree on this header.
//
// A frame is   u32 length of the rest | u32 stream | u8 type | payload   (little endian).
// Streams are opened by the page, which chooses their numbers; stream 0 is the link itself. A list is a run of (u32 length | bytes) items.
//
// Invariants: the agent is single-threaded and never blocks on a stream's peer; every opened stream ends with exactly one RESULT frame; nobody sends
// more DATA on a stream than the other side granted (WINDOW to begin with, then by CREDIT), so one stuck stream never holds up another.
#pragma once
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

enum frame_type {
  T_OPEN = 1,     // page: list; first item is the operation
  T_DATA = 2,     // both: bytes (stdin; stdout)
  T_DATA_ERR = 3, // agent: bytes of stderr
  T_END = 4,      // both: no more DATA from this side
  T_CREDIT = 5,   // both: u32, the peer may send that many more bytes
  T_CONTROL = 6,  // page: list; first item is a verb (resize, signal)
  T_CLOSE = 7,    // page: lost interest; the agent drops what the stream owns and answers RESULT
  T_STARTED = 8,  // agent: list of facts (pid)
  T_RESULT = 9,   // agent: list; "ok" or "error", then facts or words. Ends the stream.
  T_ACK = 10,     // agent, stream 0: u32, that many input buffers were consumed (the port has only 16)
};

#define WINDOW (256 * 1024)
#define MAX_FRAME (1024 * 1024)
#define CHUNK 16384

// A growable run of bytes with a read position.
struct buffer {
  uint8_t *data;
  size_t start, end, capacity;
};
void buffer_append(struct buffer *b, const void *data, size_t length);
void buffer_consume(struct buffer *b, size_t length);
void buffer_free(struct buffer *b);
static inline size_t buffer_length(const struct buffer *b) { return b->end - b->start; }

// The items of an OPEN or CONTROL frame; every item is NUL-terminated besides having a length.
struct list {
  int count;
  char **item;
  uint32_t *length;
};
bool list_parse(struct list *l, const uint8_t *payload, size_t length);
void list_free(struct list *l);
// The item after the first `key` found at an even position from 1 on, or NULL.
const char *list_get(const struct list *l, const char *key);
long long list_number(const struct list *l, const char *key, long long otherwise);

// Something the event loop watches.
struct watch {
  int fd;
  uint32_t events;
  void (*ready)(struct watch *w, uint32_t events);
  void *owner;
};
void watch_add(struct watch *w, int fd, uint32_t events, void (*ready)(struct watch *, uint32_t), void *owner);
void watch_set(struct watch *w, uint32_t events);
// Stops watching and closes the descriptor; safe on one that is not open.
void watch_close(struct watch *w);

struct stream;
// What an operation does with what happens to its stream. Any may be NULL.
struct operation {
  void (*data)(struct stream *s, const uint8_t *bytes, size_t length);
  void (*end)(struct stream *s);
  void (*control)(struct stream *s, const struct list *l);
  void (*credit)(struct stream *s); // the page granted more
  void (*close)(struct stream *s);  // must lead to stream_result
  void (*free)(struct stream *s);   // gives back what `state` owns
};
struct stream {
  uint32_t id;
  const struct operation *operation;
  void *state;
  int64_t window; // bytes the page lets us send
  struct stream *next;
};
struct stream *stream_new(uint32_t id, const struct operation *op, void *state);
void send_frame(uint32_t stream, uint8_t type, const void *payload, size_t length);
// Sends DATA or DATA_ERR and takes it off the window.
void stream_data(struct stream *s, uint8_t type, const void *bytes, size_t length);
void stream_credit(struct stream *s, size_t consumed);
// Sends STARTED with the given strings up to NULL.
void stream_started(struct stream *s, ...);
// Sends RESULT with the given strings up to NULL, frees the stream. `s` is gone afterwards.
void stream_result(struct stream *s, ...);
// RESULT "error", errno's number, "what: strerror".
void stream_error(struct stream *s, int error, const char *what);
void stream_error_id(uint32_t id, int error, const char *what);
// True while so much waits for the port that sources should not be read.
bool link_congested(void);

// Timers: `fire` runs once, `milliseconds` of guest time from now.
struct timer {
  int64_t due;
  void (*fire)(struct timer *t);
  void *owner;
  struct timer *next;
};
void timer_start(struct timer *t, int64_t milliseconds, void (*fire)(struct timer *), void *owner);
void timer_cancel(struct timer *t);
int64_t now_ms(void);

// Children: `ended` gets the wait status once.
struct child {
  pid_t pid;
  void (*ended)(struct child *c, int status);
  void *owner;
  struct child *next;
};
void child_watch(struct child *c, pid_t pid, void (*ended)(struct child *, int), void *owner);
void child_forget(struct child *c);

// Operations: each takes the parsed OPEN list of a new stream.
void open_exec(uint32_t id, const struct list *l);
void open_container(uint32_t id, const struct list *l);
void open_attach(uint32_t id, const struct list *l);
void open_log(uint32_t id, const struct list *l);
void open_tcp(uint32_t id, const struct list *l);
void open_batch(uint32_t id, const struct list *l);
void open_read(uint32_t id, const struct list *l);
void open_write(uint32_t id, const struct list *l);
void open_untar(uint32_t id, const struct list *l);
void open_wait(uint32_t id, const struct list *l);
void open_sandbox(uint32_t id, const struct list *l);

// Shared helpers.
int set_nonblocking(int fd);
int make_directories(const char *path, int mode);
int remove_tree(const char *path);
int write_file(const char *path, const void *data, size_t length, int mode);
// Runs `work` inside the network namespace at `path` and comes back; path NULL or "": here. -1 with errno if that cannot be entered.
int with_network(const char *path, int (*work)(void *), void *argument);
int socket_in(const char *netns, int domain, int type);
// One step of network set-up for `batch`: 0, -errno, or 1 if the verb is not one of these.
int network_verb(const char *verb, const struct list *l, int *at);
int link_up(const char *name);
int create_pod_link(int peer_netns, const char *host_name, const char *bridge, int mtu);
int address_add(const char *device, const char *cidr);
int route_add(const char *destination, const char *via);
