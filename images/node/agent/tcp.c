// "tcp": one TCP connection from the node's or another network namespace.
//
// Keys: host (IPv4) port netns deadline (ms of guest time for the whole connection; a probe's timeout). STARTED once connected; DATA both ways; END is a
// half close. RESULT "ok" when both sides have ended; "error" errno words: ETIMEDOUT after the deadline.
#include "agent.h"
#include <arpa/inet.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/socket.h>

struct connection {
  struct stream *stream;
  struct watch socket;
  struct timer deadline;
  struct buffer pending;
  bool connected, input_ended, output_ended, shut;
};

int with_network(const char *path, int (*work)(void *), void *argument) {
  if (!path || !*path) return work(argument);
  int there = open(path, O_RDONLY | O_CLOEXEC), here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), result = -1;
  if (there >= 0 && here >= 0 && setns(there, CLONE_NEWNET) == 0) {
    result = work(argument);
    int saved = errno;
    setns(here, CLONE_NEWNET);
    errno = saved;
  }
  int saved = errno;
  if (there >= 0) close(there);
  if (here >= 0) close(here);
  errno = saved;
  return result;
}

static int make_socket(void *argument) {
  int *a = argument;
  return socket(a[0], a[1], 0);
}
int socket_in(const char *netns, int domain, int type) {
  int a[] = {domain, type};
  return with_network(netns, make_socket, a);
}

static void update(struct connection *c) {
  if (c->socket.fd <= 0) return;
  uint32_t events = 0;
  if (!c->connected || buffer_length(&c->pending)) events |= EPOLLOUT;
  if (c->connected && !c->output_ended && c->stream->window >= CHUNK && !link_congested()) events |= EPOLLIN;
  watch_set(&c->socket, events);
}

static void write_out(struct connection *c) {
  size_t taken = 0;
  while (c->connected && buffer_length(&c->pending)) {
    ssize_t n = write(c->socket.fd, c->pending.data + c->pending.start, buffer_length(&c->pending));
    if (n < 0 && errno == EAGAIN) break;
    if (n < 0) n = buffer_length(&c->pending);
    buffer_consume(&c->pending, n);
    taken += n;
  }
  stream_credit(c->stream, taken);
  if (c->connected && c->input_ended && !buffer_length(&c->pending) && !c->shut) {
    shutdown(c->socket.fd, SHUT_WR);
    c->shut = true;
  }
}

static void ready(struct watch *w, uint32_t events) {
  struct connection *c = w->owner;
  if (!c->connected) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error) {
      stream_error(c->stream, error, "connect");
      return;
    }
    c->connected = true;
    stream_started(c->stream, NULL);
  }
  if (events & EPOLLOUT) write_out(c);
  if (events & (EPOLLIN | EPOLLHUP | EPOLLERR) && !c->output_ended && c->stream->window >= CHUNK) {
    uint8_t bytes[CHUNK];
    ssize_t n = read(w->fd, bytes, sizeof bytes);
    if (n > 0) stream_data(c->stream, T_DATA, bytes, n);
    else if (n == 0) {
      c->output_ended = true;
      send_frame(c->stream->id, T_END, NULL, 0);
    } else if (errno != EAGAIN) {
      stream_error(c->stream, errno, "read");
      return;
    }
  }
  if ((c->output_ended && c->shut) || (c->output_ended && events & EPOLLHUP)) {
    stream_result(c->stream, "ok", NULL);
    return;
  }
  update(c);
}

static void too_late(struct timer *t) {
  struct connection *c = t->owner;
  stream_error(c->stream, ETIMEDOUT, c->connected ? "read" : "connect");
}

static void on_data(struct stream *s, const uint8_t *bytes, size_t length) {
  struct connection *c = s->state;
  buffer_append(&c->pending, bytes, length);
  write_out(c);
  update(c);
}
static void finish(struct stream *s) {
  struct connection *c = s->state;
  c->input_ended = true;
  write_out(c);
  if (c->output_ended && c->shut) stream_result(s, "ok", NULL);
  else update(c);
}
static void on_credit(struct stream *s) { update(s->state); }
static void on_free(struct stream *s) {
  struct connection *c = s->state;
  timer_cancel(&c->deadline);
  watch_close(&c->socket);
  buffer_free(&c->pending);
  free(c);
}
static const struct operation tcp_operation = {.data = on_data, .end = finish, .credit = on_credit, .free = on_free};

void open_tcp(uint32_t id, const struct list *l) {
  const char *host = list_get(l, "host");
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(list_number(l, "port", 0))};
  if (!host || inet_pton(AF_INET, host, &address.sin_addr) != 1) {
    stream_error_id(id, EINVAL, "address");
    return;
  }
  int fd = socket_in(list_get(l, "netns"), AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) {
    stream_error_id(id, errno, "socket");
    return;
  }
  if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS) {
    int error = errno;
    close(fd);
    stream_error_id(id, error, "connect");
    return;
  }
  struct connection *c = calloc(1, sizeof *c);
  c->stream = stream_new(id, &tcp_operation, c);
  watch_add(&c->socket, fd, EPOLLOUT, ready, c);
  long long deadline = list_number(l, "deadline", 0);
  if (deadline > 0) timer_start(&c->deadline, deadline, too_late, c);
}
