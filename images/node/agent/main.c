// Process 1: waits on the port, children, timers and every open descriptor, in one epoll loop.
#include "agent.h"
#include <dirent.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

extern void link_receive(const uint8_t *bytes, size_t length);

static int epoll;
static struct watch port;
static struct buffer output;
static uint32_t unacknowledged;

void watch_add(struct watch *w, int fd, uint32_t events, void (*ready)(struct watch *, uint32_t), void *owner) {
  *w = (struct watch){fd, events, ready, owner};
  struct epoll_event e = {events, {.ptr = w}};
  epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e);
}

// Watches whose descriptor reports a hang-up would spin the loop while nothing is wanted of them: events 0 takes them out of the set.
void watch_set(struct watch *w, uint32_t events) {
  if (w->fd <= 0 || w->events == events) return;
  struct epoll_event e = {events, {.ptr = w}};
  if (!events) epoll_ctl(epoll, EPOLL_CTL_DEL, w->fd, NULL);
  else epoll_ctl(epoll, w->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, w->fd, &e);
  w->events = events;
}

// Events already fetched in this round may still name a closed watch, so owners free watches through free_later.
static struct epoll_event round_events[32];
static int round_count, round_at;

void watch_close(struct watch *w) {
  if (w->fd <= 0) return;
  if (w->events) epoll_ctl(epoll, EPOLL_CTL_DEL, w->fd, NULL);
  close(w->fd);
  w->fd = 0;
  w->events = 0;
  for (int i = round_at; i < round_count; i++)
    if (round_events[i].data.ptr == w) round_events[i].data.ptr = NULL;
}

static struct timer *timers;
static struct child *children;

int64_t now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void timer_start(struct timer *t, int64_t milliseconds, void (*fire)(struct timer *), void *owner) {
  timer_cancel(t);
  *t = (struct timer){now_ms() + milliseconds, fire, owner, timers};
  timers = t;
}

void timer_cancel(struct timer *t) {
  for (struct timer **p = &timers; *p; p = &(*p)->next)
    if (*p == t) {
      *p = t->next;
      return;
    }
}

static int run_timers(void) {
  for (;;) {
    int64_t now = now_ms(), first = -1;
    struct timer *due = NULL;
    for (struct timer *t = timers; t; t = t->next) {
      if (t->due <= now) due = t;
      if (first < 0 || t->due < first) first = t->due;
    }
    if (!due) return first < 0 ? -1 : (int)(first - now);
    timer_cancel(due);
    due->fire(due);
  }
}

void child_watch(struct child *c, pid_t pid, void (*ended)(struct child *, int), void *owner) {
  *c = (struct child){pid, ended, owner, children};
  children = c;
}

void child_forget(struct child *c) {
  for (struct child **p = &children; *p; p = &(*p)->next)
    if (*p == c) {
      *p = c->next;
      return;
    }
}

// A container's process is adopted when crun ends, and may itself have ended before anybody watches it: its status waits here.
static struct {
  pid_t pid;
  int status;
} orphans[64];
static int orphan_next;

bool orphan_status(pid_t pid, int *status) {
  for (int i = 0; i < 64; i++)
    if (orphans[i].pid == pid) {
      *status = orphans[i].status;
      orphans[i].pid = 0;
      return true;
    }
  return false;
}

static void reap(struct watch *w, uint32_t events) {
  (void)events;
  struct signalfd_siginfo info;
  while (read(w->fd, &info, sizeof info) > 0) {}
  int status;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0;) {
    struct child *c = children;
    while (c && c->pid != pid) c = c->next;
    if (c) {
      child_forget(c);
      c->ended(c, status);
    } else {
      orphans[orphan_next].pid = pid;
      orphans[orphan_next].status = status;
      orphan_next = (orphan_next + 1) % 64;
    }
  }
}

static void flush_output(void) {
  while (buffer_length(&output)) {
    size_t length = buffer_length(&output);
    ssize_t n = write(port.fd, output.data + output.start, length > 32768 ? 32768 : length);
    if (n <= 0) break;
    buffer_consume(&output, n);
  }
  watch_set(&port, EPOLLIN | (buffer_length(&output) ? EPOLLOUT : 0));
}

bool link_congested(void) { return buffer_length(&output) > 256 * 1024; }

void link_send(const void *head, size_t head_length, const void *payload, size_t length) {
  buffer_append(&output, head, head_length);
  if (length) buffer_append(&output, payload, length);
}

static void acknowledge(void) {
  if (!unacknowledged) return;
  uint32_t n = unacknowledged;
  unacknowledged = 0;
  send_frame(0, T_ACK, &n, 4);
}

static void port_ready(struct watch *w, uint32_t events) {
  if (events & EPOLLIN) {
    uint8_t bytes[4096];
    for (ssize_t n; (n = read(w->fd, bytes, sizeof bytes)) > 0;) {
      unacknowledged++;
      link_receive(bytes, n);
      if (unacknowledged >= 8) acknowledge();
      flush_output();
    }
  }
}

static int open_port(void) {
  for (;;) {
    DIR *dev = opendir("/dev");
    for (struct dirent *e; dev && (e = readdir(dev));) {
      size_t n = strlen(e->d_name);
      if (strncmp(e->d_name, "vport", 5) || strcmp(e->d_name + n - 2, "p2")) continue;
      char path[300];
      snprintf(path, sizeof path, "/dev/%s", e->d_name);
      int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
      closedir(dev);
      if (fd >= 0) return fd;
      dev = NULL;
      break;
    }
    if (dev) closedir(dev);
    usleep(50000);
  }
}

int main(int argc, char **argv) {
  if (argc > 0 && !strcmp(argv[0], "/pause")) { // the first process of a shared pid namespace
    signal(SIGCHLD, SIG_IGN);
    for (;;) pause();
  }
  epoll = epoll_create1(EPOLL_CLOEXEC);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  sigprocmask(SIG_BLOCK, &set, NULL);
  signal(SIGPIPE, SIG_IGN);
  umask(022);
  struct watch signals;
  watch_add(&signals, signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC), EPOLLIN, reap, NULL);
  watch_add(&port, open_port(), EPOLLIN, port_ready, NULL);
  fprintf(stderr, "agent: ready\n");
  for (;;) {
    int wait = run_timers();
    acknowledge();
    flush_output();
    round_count = epoll_wait(epoll, round_events, 32, wait);
    for (round_at = 0; round_at < round_count; round_at++) {
      struct watch *w = round_events[round_at].data.ptr;
      if (w) w->ready(w, round_events[round_at].events);
    }
    round_count = 0;
  }
}
