// "container": starts a container with crun, is its log driver, and ends with it. "attach" joins its streams.
//
// container: id bundle log cgroup tty stdin once. STARTED "pid" N when its process runs; RESULT "ok" "exit" code | "signal" n, "oom" 0|1; if crun
// refused, RESULT "error" "0" crun's words. CONTROL signal (number) goes to the process, kill to all of its cgroup.
// attach: id stdin. DATA both ways until the container ends; CLOSE detaches.
// Log lines are written as the CRI asks: "<RFC 3339 nanoseconds> stdout|stderr F|P <text>"; P marks a piece of a line longer than 16 KiB.
#include "agent.h"
#include "container.h"
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>

#define LINE 16384
#define ROTATE_AT (4 * 1024 * 1024)

extern bool orphan_status(pid_t pid, int *status);
extern int receive_descriptor(int socket);

static struct container *containers;

struct container *container_find(const char *id) {
  for (struct container *c = containers; c; c = c->next)
    if (!strcmp(c->id, id)) return c;
  return NULL;
}

static void write_line(struct container *c, const char *name, const uint8_t *text, size_t length, char tag) {
  struct timespec now;
  struct tm utc;
  char head[64], stamp[32];
  clock_gettime(CLOCK_REALTIME, &now);
  gmtime_r(&now.tv_sec, &utc);
  strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &utc);
  int n = snprintf(head, sizeof head, "%s.%09ldZ %s %c ", stamp, now.tv_nsec, name, tag);
  buffer_append(&c->pending_log, head, n);
  buffer_append(&c->pending_log, text, length);
  buffer_append(&c->pending_log, "\n", 1);
}

static void flush_log(struct container *c) {
  size_t length = buffer_length(&c->pending_log);
  if (!length || c->log < 0) return;
  if (write(c->log, c->pending_log.data + c->pending_log.start, length) > 0) c->log_size += length;
  buffer_consume(&c->pending_log, length);
  if (c->log_size > ROTATE_AT) {
    char old[4096];
    snprintf(old, sizeof old, "%s.1", c->log_path);
    rename(c->log_path, old);
    close(c->log);
    c->log = open(c->log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    c->log_size = 0;
    c->log_generation++;
  }
  log_grew(c);
}

// Turns output into log lines; `line` holds the unfinished one.
static void take_output(struct container *c, struct buffer *line, const char *name, const uint8_t *bytes, size_t length) {
  while (length) {
    const uint8_t *newline = memchr(bytes, '\n', length);
    size_t part = newline ? (size_t)(newline - bytes) : length;
    size_t room = LINE - buffer_length(line);
    if (part > room) {
      buffer_append(line, bytes, room);
      write_line(c, name, line->data + line->start, LINE, 'P');
      buffer_consume(line, LINE);
      bytes += room;
      length -= room;
      continue;
    }
    buffer_append(line, bytes, part);
    if (newline) {
      write_line(c, name, line->data + line->start, buffer_length(line), 'F');
      buffer_consume(line, buffer_length(line));
    }
    bytes += part + (newline ? 1 : 0);
    length -= part + (newline ? 1 : 0);
  }
}

static void update_reading(struct container *c) {
  bool may = true;
  for (struct attachment *a = c->attachments; a; a = a->next)
    if (a->stream->window < CHUNK) may = false;
  watch_set(&c->output, may ? EPOLLIN : 0);
  watch_set(&c->errors, may ? EPOLLIN : 0);
}

static void destroy(struct container *c) {
  for (struct container **p = &containers; *p; p = &(*p)->next)
    if (*p == c) {
      *p = c->next;
      break;
    }
  watch_close(&c->input);
  watch_close(&c->output);
  watch_close(&c->errors);
  watch_close(&c->console);
  if (c->log >= 0) close(c->log);
  c->log = -1;
  log_ended(c);
  buffer_free(&c->lines[0]);
  buffer_free(&c->lines[1]);
  buffer_free(&c->pending_log);
  buffer_free(&c->pending);
  free(c->id), free(c->bundle), free(c->log_path), free(c->cgroup);
  free(c);
}

static bool out_of_memory(struct container *c) {
  char path[600], text[600];
  snprintf(path, sizeof path, "/sys/fs/cgroup%s/memory.events", c->cgroup);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
  if (fd >= 0) close(fd);
  if (n <= 0) return false;
  text[n] = 0;
  const char *at = strstr(text, "oom_kill ");
  return at && atoi(at + 9) > 0;
}

static void read_source(struct container *c, struct watch *w, int which) {
  uint8_t bytes[CHUNK];
  ssize_t n = read(w->fd, bytes, sizeof bytes);
  if (n > 0) {
    take_output(c, &c->lines[which], which ? "stderr" : "stdout", bytes, n);
    flush_log(c);
    for (struct attachment *a = c->attachments; a; a = a->next) stream_data(a->stream, which ? T_DATA_ERR : T_DATA, bytes, n);
    update_reading(c);
  } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) watch_close(w);
}

static void ended(struct child *child, int status) {
  struct container *c = child->owner;
  struct watch *sources[] = {&c->output, &c->errors};
  for (int i = 0; i < 2; i++) {
    if (sources[i]->fd > 0) set_nonblocking(sources[i]->fd);
    for (int fd; (fd = sources[i]->fd) > 0;) {
      uint8_t bytes[CHUNK];
      ssize_t n = read(fd, bytes, sizeof bytes);
      if (n <= 0) {
        watch_close(sources[i]);
        break;
      }
      take_output(c, &c->lines[i], i ? "stderr" : "stdout", bytes, n);
      for (struct attachment *a = c->attachments; a; a = a->next) stream_data(a->stream, i ? T_DATA_ERR : T_DATA, bytes, n);
    }
    if (buffer_length(&c->lines[i]))
      write_line(c, i ? "stderr" : "stdout", c->lines[i].data + c->lines[i].start, buffer_length(&c->lines[i]), 'F');
  }
  flush_log(c);
  char number[12];
  bool signalled = WIFSIGNALED(status);
  snprintf(number, sizeof number, "%d", signalled ? WTERMSIG(status) : WEXITSTATUS(status));
  const char *kind = signalled ? "signal" : "exit";
  while (c->attachments) stream_result(c->attachments->stream, "ok", kind, number, NULL); // frees the attachment
  const char *oom = out_of_memory(c) ? "1" : "0";
  struct stream *s = c->stream;
  stream_result(s, "ok", kind, number, "oom", oom, NULL);
}

static void refuse(struct container *c, int status) {
  char path[4096], words[2048] = "";
  snprintf(path, sizeof path, "%s/crun.log", c->bundle);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t n = fd < 0 ? 0 : read(fd, words, sizeof words - 1);
  if (fd >= 0) close(fd);
  if (n <= 0) n = snprintf(words, sizeof words, "crun ended with status %d", status);
  while (n > 0 && words[n - 1] == '\n') n--;
  words[n] = 0;
  while (c->attachments) stream_error(c->attachments->stream, ESRCH, "attach");
  stream_result(c->stream, "error", "0", words, NULL);
}

static void crun_ended(struct child *child, int status) {
  struct container *c = child->owner;
  char path[4096], text[32];
  if (status != 0) {
    refuse(c, status);
    return;
  }
  snprintf(path, sizeof path, "%s/pid", c->bundle);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
  if (fd >= 0) close(fd);
  text[n > 0 ? n : 0] = 0;
  pid_t pid = atoi(text);
  if (pid <= 0) {
    refuse(c, status);
    return;
  }
  snprintf(text, sizeof text, "%d", pid);
  stream_started(c->stream, "pid", text, NULL);
  child_watch(&c->child, pid, ended, c);
  c->running = true;
  if (orphan_status(pid, &status)) {
    child_forget(&c->child);
    ended(&c->child, status);
  }
}

static void output_ready(struct watch *w, uint32_t events);
static void errors_ready(struct watch *w, uint32_t events) { (void)events, read_source(w->owner, w, 1); }

static void write_input(struct container *c) {
  struct watch *w = c->terminal ? &c->output : &c->input;
  while (buffer_length(&c->pending) && w->fd > 0) {
    ssize_t n = write(w->fd, c->pending.data + c->pending.start, buffer_length(&c->pending));
    if (n < 0 && errno == EAGAIN) break;
    buffer_consume(&c->pending, n < 0 ? (ssize_t)buffer_length(&c->pending) : n);
  }
  bool waiting = buffer_length(&c->pending) > 0;
  if (c->terminal) {
    if (w->fd > 0) watch_set(w, waiting ? EPOLLIN | EPOLLOUT : EPOLLIN);
  } else if (w->fd > 0) {
    if (!waiting && c->input_ended) watch_close(w);
    else watch_set(w, waiting ? EPOLLOUT : 0);
  }
}
static void input_ready(struct watch *w, uint32_t events) { (void)events, write_input(w->owner); }
static void output_ready(struct watch *w, uint32_t events) {
  struct container *c = w->owner;
  if (events & EPOLLOUT) write_input(c);
  if (w->fd > 0 && events & ~EPOLLOUT) read_source(c, w, 0);
}

static void console_ready(struct watch *w, uint32_t events) {
  (void)events;
  struct container *c = w->owner;
  int peer = accept4(w->fd, NULL, NULL, SOCK_CLOEXEC);
  if (peer < 0) return;
  int master = receive_descriptor(peer);
  close(peer);
  watch_close(w);
  if (master < 0) return;
  set_nonblocking(master);
  watch_add(&c->output, master, EPOLLIN, output_ready, c);
  struct winsize size = {.ws_row = 24, .ws_col = 80};
  ioctl(master, TIOCSWINSZ, &size);
  write_input(c);
}

static int listen_for_console(struct container *c, char *path, size_t size) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(path, size, "%s/console", c->bundle);
  snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
  unlink(path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 1) < 0) {
    int error = errno;
    close(fd);
    return -error;
  }
  watch_add(&c->console, fd, EPOLLIN, console_ready, c);
  return 0;
}

static void on_control(struct stream *s, const struct list *l) {
  struct container *c = s->state;
  if (!strcmp(l->item[0], "signal") && c->running) kill(c->child.pid, list_number(l, "number", SIGTERM));
  if (!strcmp(l->item[0], "kill")) {
    char path[600];
    snprintf(path, sizeof path, "/sys/fs/cgroup%s/cgroup.kill", c->cgroup);
    write_file(path, "1", 1, 0644);
    if (c->running) kill(c->child.pid, SIGKILL);
  }
}
static void on_free(struct stream *s) {
  struct container *c = s->state;
  child_forget(&c->child);
  destroy(c);
}
static const struct operation container_operation = {.control = on_control, .free = on_free};

// crun in a sealed memfd. Started from anywhere else it first copies itself into one and starts again (CVE-2019-5736), before every container.
static int sealed_crun(void) {
  static int sealed = -1;
  if (sealed >= 0) return sealed;
  int from = open("/usr/bin/crun", O_RDONLY | O_CLOEXEC), to = memfd_create("crun", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  uint8_t bytes[CHUNK];
  ssize_t n = -1;
  while (from >= 0 && to >= 0 && (n = read(from, bytes, sizeof bytes)) > 0)
    if (write(to, bytes, n) != n) break;
  if (from >= 0) close(from);
  if (n == 0 && fcntl(to, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == 0) return sealed = to;
  if (to >= 0) close(to);
  return -1;
}

static char *copy(const char *text) { return strdup(text ? text : ""); }

void open_container(uint32_t id, const struct list *l) {
  struct container *c = calloc(1, sizeof *c);
  c->id = copy(list_get(l, "id"));
  c->bundle = copy(list_get(l, "bundle"));
  c->log_path = copy(list_get(l, "log"));
  c->cgroup = copy(list_get(l, "cgroup"));
  c->terminal = list_number(l, "tty", 0);
  c->once = list_number(l, "once", 0);
  c->log = open(c->log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
  c->next = containers;
  containers = c;
  c->stream = stream_new(id, &container_operation, c);
  char pidfile[4096], crunlog[4096], console[4096] = "";
  snprintf(pidfile, sizeof pidfile, "%s/pid", c->bundle);
  snprintf(crunlog, sizeof crunlog, "%s/crun.log", c->bundle);
  int in[2] = {-1, -1}, out[2] = {-1, -1}, err[2] = {-1, -1};
  int r = c->log < 0 ? -errno : c->terminal ? listen_for_console(c, console, sizeof console) : 0;
  if (r < 0) {
    stream_error(c->stream, -r, c->log < 0 ? c->log_path : "console");
    return;
  }
  if (pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0) abort();
  if (list_number(l, "stdin", 0) && !c->terminal) {
    if (pipe2(in, O_CLOEXEC) < 0) abort();
  } else in[0] = open("/dev/null", O_RDWR | O_CLOEXEC);
  int crun = sealed_crun();
  pid_t pid = fork();
  if (pid == 0) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    dup2(in[0], 0);
    dup2(c->terminal ? in[0] : out[1], 1);
    dup2(c->terminal ? in[0] : err[1], 2);
    char *argv[20] = {"crun", "--root", "/run/crun", "--cgroup-manager", "cgroupfs", "--log", crunlog, "run", "-d", "--bundle", c->bundle, "--pid-file", pidfile};
    int n = 13;
    if (c->terminal) argv[n++] = "--console-socket", argv[n++] = console;
    argv[n++] = c->id;
    char *envp[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};
    if (crun >= 0) syscall(SYS_execveat, crun, "", argv, envp, AT_EMPTY_PATH);
    execve("/usr/bin/crun", argv, envp);
    _exit(127);
  }
  close(in[0]);
  close(out[1]);
  close(err[1]);
  if (c->terminal) close(out[0]), close(err[0]);
  else {
    set_nonblocking(out[0]);
    set_nonblocking(err[0]);
    watch_add(&c->output, out[0], EPOLLIN, output_ready, c);
    watch_add(&c->errors, err[0], EPOLLIN, errors_ready, c);
    if (in[1] >= 0) {
      set_nonblocking(in[1]);
      watch_add(&c->input, in[1], EPOLLOUT, input_ready, c);
      watch_set(&c->input, 0);
    }
  }
  if (pid < 0) stream_error(c->stream, errno, "fork");
  else child_watch(&c->child, pid, crun_ended, c);
}

static void attach_data(struct stream *s, const uint8_t *bytes, size_t length) {
  struct attachment *a = s->state;
  if (a->input) {
    buffer_append(&a->container->pending, bytes, length);
    write_input(a->container);
  }
  stream_credit(s, length);
}
static void attach_end(struct stream *s) {
  struct attachment *a = s->state;
  if (!a->input || !a->container->once) return;
  a->container->input_ended = true;
  write_input(a->container);
}
static void attach_control(struct stream *s, const struct list *l) {
  struct attachment *a = s->state;
  struct container *c = a->container;
  if (strcmp(l->item[0], "resize") || !c->terminal || c->output.fd <= 0) return;
  struct winsize size = {.ws_row = list_number(l, "rows", 24), .ws_col = list_number(l, "cols", 80)};
  ioctl(c->output.fd, TIOCSWINSZ, &size);
}
static void attach_credit(struct stream *s) { update_reading(((struct attachment *)s->state)->container); }
static void attach_close(struct stream *s) {
  attach_end(s);
  stream_error(s, ECANCELED, "closed");
}
static void attach_free(struct stream *s) {
  struct attachment *a = s->state;
  for (struct attachment **p = &a->container->attachments; *p; p = &(*p)->next)
    if (*p == a) {
      *p = a->next;
      break;
    }
  update_reading(a->container);
  free(a);
}
static const struct operation attach_operation = {attach_data, attach_end, attach_control, attach_credit, attach_close, attach_free};

void open_attach(uint32_t id, const struct list *l) {
  const char *name = list_get(l, "id");
  struct container *c = name ? container_find(name) : NULL;
  if (!c) {
    stream_error_id(id, ESRCH, "attach");
    return;
  }
  struct attachment *a = calloc(1, sizeof *a);
  a->container = c;
  a->input = list_number(l, "stdin", 0);
  a->stream = stream_new(id, &attach_operation, a);
  a->next = c->attachments;
  c->attachments = a;
  stream_started(a->stream, "id", c->id, NULL);
}
