// "log": the text of a log file, from the start or the last `tail` lines, and on as it grows while its container runs.
//
// Keys: path, id (the container, for follow), follow, tail. DATA: the file's bytes. RESULT "ok" when there is no more.
// No polling: the agent writes these files itself, so it knows when they grow.
#include "agent.h"
#include "container.h"
#include <sys/stat.h>

struct reader {
  struct stream *stream;
  struct container *container; // NULL: not following
  char *path;
  int fd, generation;
  struct reader *next;
};
static struct reader *readers;

// The position after which `lines` newlines follow.
static off_t tail_position(int fd, long long lines) {
  off_t at = lseek(fd, 0, SEEK_END);
  uint8_t bytes[CHUNK];
  long long seen = -1; // the file's last newline ends the last line
  while (at > 0) {
    size_t n = at < CHUNK ? at : CHUNK;
    at -= n;
    if (pread(fd, bytes, n, at) != (ssize_t)n) return 0;
    for (size_t i = n; i-- > 0;)
      if (bytes[i] == '\n' && ++seen >= lines) return at + i + 1;
  }
  return 0;
}

static void pump(struct reader *r) {
  uint8_t bytes[CHUNK];
  while (r->stream->window >= CHUNK) {
    ssize_t n = read(r->fd, bytes, sizeof bytes);
    if (n > 0) {
      stream_data(r->stream, T_DATA, bytes, n);
      continue;
    }
    if (r->container && r->generation != r->container->log_generation) { // rotated: go on in the new file
      int fd = open(r->path, O_RDONLY | O_CLOEXEC);
      if (fd < 0) break;
      close(r->fd);
      r->fd = fd;
      r->generation = r->container->log_generation;
      continue;
    }
    if (!r->container) stream_result(r->stream, "ok", NULL);
    return;
  }
}

void log_grew(struct container *c) {
  for (struct reader *r = readers; r; r = r->next)
    if (r->container == c) pump(r);
}

void log_ended(struct container *c) {
  for (struct reader *r = readers, *next; r; r = next) {
    next = r->next;
    if (r->container != c) continue;
    r->container = NULL;
    pump(r);
  }
}

static void on_credit(struct stream *s) { pump(s->state); }
static void on_free(struct stream *s) {
  struct reader *r = s->state;
  for (struct reader **p = &readers; *p; p = &(*p)->next)
    if (*p == r) {
      *p = r->next;
      break;
    }
  if (r->fd >= 0) close(r->fd);
  free(r->path);
  free(r);
}
static const struct operation log_operation = {.credit = on_credit, .free = on_free};

void open_log(uint32_t id, const struct list *l) {
  const char *path = list_get(l, "path"), *name = list_get(l, "id");
  int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (fd < 0) {
    stream_error_id(id, path ? errno : EINVAL, path ? path : "log");
    return;
  }
  struct reader *r = calloc(1, sizeof *r);
  r->fd = fd;
  r->path = strdup(path);
  r->container = name && list_number(l, "follow", 0) ? container_find(name) : NULL;
  if (r->container) r->generation = r->container->log_generation;
  long long tail = list_number(l, "tail", -1);
  if (tail >= 0) lseek(fd, tail_position(fd, tail), SEEK_SET);
  r->stream = stream_new(id, &log_operation, r);
  r->next = readers;
  readers = r;
  pump(r);
}
