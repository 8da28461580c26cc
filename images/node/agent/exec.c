// "exec": starts a process, on the node or inside a container's namespaces, with pipes or a terminal. Entering is done here with setns (a fork and an exec)
// because running the OCI runtime for it costs several times as much.
//
// Keys: arg* env* cwd uid gid group* stdin(1) cols rows (a terminal if given) pid (join the namespaces of) cgroup caps (hex mask kept) nnp timeout (ms).
// STARTED "pid" N; DATA, DATA_ERR; RESULT "ok" "exit" code | "signal" n, "timeout" 1 if it was killed for that.
#include "agent.h"
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>

struct process {
  struct stream *stream;
  struct child child;
  struct timer timer;
  struct watch input, output, errors, report;
  struct buffer pending; // stdin not yet taken by the process
  bool input_ended, terminal, timed_out, exited;
  int status;
};

// Sends a descriptor over a socket with one byte.
static void send_descriptor(int socket, int fd) {
  char byte = 0, control[CMSG_SPACE(sizeof(int))] = {0};
  struct iovec part = {&byte, 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr *c = CMSG_FIRSTHDR(&message);
  c->cmsg_level = SOL_SOCKET;
  c->cmsg_type = SCM_RIGHTS;
  c->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(c), &fd, sizeof fd);
  sendmsg(socket, &message, 0);
}

// The descriptor in the next message, or -1.
int receive_descriptor(int socket) {
  char byte, control[CMSG_SPACE(sizeof(int))];
  struct iovec part = {&byte, 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) <= 0) return -1;
  struct cmsghdr *c = CMSG_FIRSTHDR(&message);
  int fd = -1;
  if (c && c->cmsg_type == SCM_RIGHTS) memcpy(&fd, CMSG_DATA(c), sizeof fd);
  return fd;
}

static void fail(int report, const char *what) {
  char words[600];
  int n = snprintf(words, sizeof words, "%d %s", errno, what);
  if (write(report, words, n) < 0) _exit(127);
  _exit(127);
}

static void enter_namespaces(int report, const char *pid) {
  static const struct {
    const char *name;
    int flag;
  } kinds[] = {{"ipc", CLONE_NEWIPC}, {"uts", CLONE_NEWUTS}, {"net", CLONE_NEWNET}, {"cgroup", CLONE_NEWCGROUP}, {"mnt", CLONE_NEWNS}};
  int fds[5];
  for (int i = 0; i < 5; i++) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%s/ns/%s", pid, kinds[i].name);
    fds[i] = open(path, O_RDONLY | O_CLOEXEC);
    if (fds[i] < 0) fail(report, "open namespace");
  }
  for (int i = 0; i < 5; i++)
    if (setns(fds[i], kinds[i].flag) < 0) fail(report, "setns");
}

static void drop_privileges(int report, const struct list *l) {
  const char *caps = list_get(l, "caps");
  if (caps) {
    uint64_t keep = strtoull(caps, NULL, 16);
    for (int c = 0; c <= 40; c++)
      if (!(keep >> c & 1)) prctl(PR_CAPBSET_DROP, c, 0, 0, 0);
  }
  gid_t groups[32];
  int count = 0;
  for (int i = 1; i + 1 < l->count; i += 2)
    if (!strcmp(l->item[i], "group") && count < 32) groups[count++] = atoi(l->item[i + 1]);
  uid_t uid = list_number(l, "uid", 0);
  gid_t gid = list_number(l, "gid", 0);
  if (setgroups(count, groups) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0) fail(report, "set user");
  if (caps && uid == 0) {
    uint64_t keep = strtoull(caps, NULL, 16);
    struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {{keep, keep, 0}, {keep >> 32, keep >> 32, 0}};
    syscall(SYS_capset, &head, data);
  }
  if (list_number(l, "nnp", 0)) prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

// The child's life until exec; `report` is close-on-exec, so silence on it means success.
static void become(const struct list *l, int in, int out, int err, int report, int terminal) {
  signal(SIGPIPE, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  const char *cgroup = list_get(l, "cgroup"), *pid = list_get(l, "pid");
  if (cgroup) {
    char path[512];
    snprintf(path, sizeof path, "/sys/fs/cgroup%s/cgroup.procs", cgroup);
    write_file(path, "0", 1, 0644);
  }
  if (pid) enter_namespaces(report, pid);
  setsid();
  if (terminal >= 0) {
    int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC), unlock = 0;
    if (master < 0) fail(report, "open /dev/ptmx");
    ioctl(master, TIOCSPTLCK, &unlock);
    struct winsize size = {.ws_row = list_number(l, "rows", 24), .ws_col = list_number(l, "cols", 80)};
    ioctl(master, TIOCSWINSZ, &size);
    in = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY);
    if (in < 0) fail(report, "open terminal");
    fchown(in, list_number(l, "uid", 0), -1);
    ioctl(in, TIOCSCTTY, 0);
    send_descriptor(terminal, master);
    out = err = in;
  }
  dup2(in, 0);
  dup2(out, 1);
  dup2(err, 2);
  const char *cwd = list_get(l, "cwd");
  int argc = 0, envc = 0;
  char **argv = calloc(l->count + 1, sizeof *argv), **envp = calloc(l->count + 1, sizeof *envp);
  for (int i = 1; i + 1 < l->count; i += 2) {
    if (!strcmp(l->item[i], "arg")) argv[argc++] = l->item[i + 1];
    if (!strcmp(l->item[i], "env")) envp[envc++] = l->item[i + 1];
  }
  drop_privileges(report, l);
  if (chdir(cwd && *cwd ? cwd : "/") < 0) fail(report, "chdir");
  extern char **environ;
  environ = envp;
  execvp(argv[0], argv);
  fail(report, "exec");
}

static void update_reading(struct process *p) {
  bool may = p->stream->window >= CHUNK && !link_congested();
  watch_set(&p->output, may ? EPOLLIN : 0);
  watch_set(&p->errors, may ? EPOLLIN : 0);
}

static void finish_if_done(struct process *p) {
  if (!p->exited || p->output.fd > 0 || p->errors.fd > 0) return;
  char number[12];
  bool signalled = WIFSIGNALED(p->status);
  snprintf(number, sizeof number, "%d", signalled ? WTERMSIG(p->status) : WEXITSTATUS(p->status));
  stream_result(p->stream, "ok", signalled ? "signal" : "exit", number, p->timed_out ? "timeout" : NULL, "1", NULL);
}

static void read_from(struct watch *w, uint8_t type) {
  struct process *p = w->owner;
  uint8_t bytes[CHUNK];
  ssize_t n = read(w->fd, bytes, sizeof bytes);
  if (n > 0) {
    stream_data(p->stream, type, bytes, n);
    update_reading(p);
  } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) { // a terminal ends with EIO
    watch_close(w);
    finish_if_done(p);
  }
}
static void output_ready(struct watch *w, uint32_t events) { (void)events, read_from(w, T_DATA); }
static void errors_ready(struct watch *w, uint32_t events) { (void)events, read_from(w, T_DATA_ERR); }

static int input_fd(struct process *p) { return p->terminal ? p->output.fd : p->input.fd; }

static void write_input(struct process *p) {
  size_t taken = 0;
  while (buffer_length(&p->pending) && input_fd(p) > 0) {
    ssize_t n = write(input_fd(p), p->pending.data + p->pending.start, buffer_length(&p->pending));
    if (n < 0 && errno == EAGAIN) break;
    if (n < 0) n = buffer_length(&p->pending); // nobody reads any more
    buffer_consume(&p->pending, n);
    taken += n;
  }
  stream_credit(p->stream, taken);
  bool waiting = buffer_length(&p->pending) > 0;
  if (p->terminal) {
    if (p->output.fd > 0 && waiting) watch_set(&p->output, EPOLLIN | EPOLLOUT);
  } else if (p->input.fd > 0) {
    if (!waiting && p->input_ended) watch_close(&p->input);
    else watch_set(&p->input, waiting ? EPOLLOUT : 0);
  }
}

static void input_ready(struct watch *w, uint32_t events) { (void)events, write_input(w->owner); }
static void terminal_ready(struct watch *w, uint32_t events) {
  struct process *p = w->owner;
  if (events & EPOLLOUT) {
    update_reading(p);
    write_input(p);
  }
  if (w->fd > 0 && events & (EPOLLIN | EPOLLHUP)) read_from(w, T_DATA);
}

static bool report_read(struct process *p);

static void ended(struct child *c, int status) {
  struct process *p = c->owner;
  if (p->report.fd > 0 && !report_read(p)) return; // it never got as far as its program
  p->exited = true;
  p->status = status;
  timer_cancel(&p->timer);
  // Descendants may hold the pipes open for ever; what is in them now is what counts.
  struct watch *sources[] = {&p->output, &p->errors};
  for (int i = 0; i < 2; i++)
    while (sources[i]->fd > 0) {
      int fd = sources[i]->fd;
      uint8_t bytes[CHUNK];
      ssize_t n = p->stream->window >= CHUNK ? read(fd, bytes, sizeof bytes) : -2;
      if (n == -2) break; // the page is slow: go on in update_reading
      if (n <= 0) watch_close(sources[i]);
      else stream_data(p->stream, i ? T_DATA_ERR : T_DATA, bytes, n);
    }
  finish_if_done(p);
}

static void timed_out(struct timer *t) {
  struct process *p = t->owner;
  p->timed_out = true;
  kill(p->child.pid, SIGKILL);
}

// Reads how the start went; false if it failed and `p` is gone.
static bool report_read(struct process *p) {
  char words[600], number[12];
  ssize_t n = read(p->report.fd, words, sizeof words - 1);
  watch_close(&p->report);
  if (n <= 0) {
    snprintf(number, sizeof number, "%d", p->child.pid);
    stream_started(p->stream, "pid", number, NULL);
    return true;
  }
  words[n] = 0;
  char *what;
  int error = strtol(words, &what, 10);
  child_forget(&p->child);
  stream_error(p->stream, error, what + 1);
  return false;
}
static void report_ready(struct watch *w, uint32_t events) { (void)events, report_read(w->owner); }

static void on_data(struct stream *s, const uint8_t *bytes, size_t length) {
  struct process *p = s->state;
  buffer_append(&p->pending, bytes, length);
  write_input(p);
}
static void on_end(struct stream *s) {
  struct process *p = s->state;
  p->input_ended = true;
  if (p->terminal) buffer_append(&p->pending, "\004", 1);
  write_input(p);
}
static void on_credit(struct stream *s) {
  struct process *p = s->state;
  if (p->exited) ended(&p->child, p->status);
  else update_reading(p);
}
static void on_control(struct stream *s, const struct list *l) {
  struct process *p = s->state;
  if (!strcmp(l->item[0], "resize") && p->terminal && p->output.fd > 0) {
    struct winsize size = {.ws_row = list_number(l, "rows", 24), .ws_col = list_number(l, "cols", 80)};
    ioctl(p->output.fd, TIOCSWINSZ, &size);
  }
  if (!strcmp(l->item[0], "signal") && !p->exited) kill(p->child.pid, list_number(l, "number", SIGTERM));
}
static void on_close(struct stream *s) {
  struct process *p = s->state;
  if (!p->exited) {
    kill(-p->child.pid, SIGHUP);
    kill(p->child.pid, SIGKILL);
    child_forget(&p->child);
  }
  stream_error(s, ECANCELED, "closed");
}
static void on_free(struct stream *s) {
  struct process *p = s->state;
  timer_cancel(&p->timer);
  watch_close(&p->input);
  watch_close(&p->output);
  watch_close(&p->errors);
  watch_close(&p->report);
  buffer_free(&p->pending);
  free(p);
}
static const struct operation process_operation = {on_data, on_end, on_control, on_credit, on_close, on_free};

// Forks a child whose own children and itself are in the process namespace of `pid`.
static pid_t fork_into(const char *pid) {
  if (!pid) return fork();
  char path[64];
  snprintf(path, sizeof path, "/proc/%s/ns/pid", pid);
  int there = open(path, O_RDONLY | O_CLOEXEC), here = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
  pid_t child = -1;
  if (there >= 0 && here >= 0 && setns(there, CLONE_NEWPID) == 0) {
    child = fork();
    int saved = errno;
    if (child) setns(here, CLONE_NEWPID);
    errno = saved;
  }
  int saved = errno;
  if (there >= 0) close(there);
  if (here >= 0) close(here);
  errno = saved;
  return child;
}

void open_exec(uint32_t id, const struct list *l) {
  if (!list_get(l, "arg")) {
    stream_error_id(id, EINVAL, "exec");
    return;
  }
  bool terminal = list_get(l, "cols") != NULL;
  int in[2] = {-1, -1}, out[2] = {-1, -1}, err[2] = {-1, -1}, report[2], pass[2] = {-1, -1};
  if (pipe2(report, O_CLOEXEC) < 0) {
    stream_error_id(id, errno, "pipe");
    return;
  }
  if (terminal) socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pass);
  else if (pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0) abort();
  if (!terminal) {
    if (list_number(l, "stdin", 0)) {
      if (pipe2(in, O_CLOEXEC) < 0) abort();
    } else in[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
  }
  pid_t pid = fork_into(list_get(l, "pid"));
  if (pid == 0) become(l, in[0], out[1], err[1], report[1], pass[1]);
  int error = errno;
  close(report[1]);
  int theirs[] = {in[0], out[1], err[1], pass[1]};
  for (int i = 0; i < 4; i++)
    if (theirs[i] >= 0) close(theirs[i]);
  if (pid < 0) {
    int ours[] = {in[1], out[0], err[0], pass[0], report[0]};
    for (int i = 0; i < 5; i++)
      if (ours[i] >= 0) close(ours[i]);
    stream_error_id(id, error, "fork");
    return;
  }
  struct process *p = calloc(1, sizeof *p);
  p->stream = stream_new(id, &process_operation, p);
  p->terminal = terminal;
  child_watch(&p->child, pid, ended, p);
  watch_add(&p->report, report[0], EPOLLIN, report_ready, p);
  set_nonblocking(report[0]);
  if (terminal) {
    int master = receive_descriptor(pass[0]);
    close(pass[0]);
    if (master >= 0) {
      set_nonblocking(master);
      watch_add(&p->output, master, EPOLLIN, terminal_ready, p);
    }
  } else {
    watch_add(&p->output, out[0], EPOLLIN, output_ready, p);
    watch_add(&p->errors, err[0], EPOLLIN, errors_ready, p);
    set_nonblocking(out[0]);
    set_nonblocking(err[0]);
    if (in[1] >= 0) {
      watch_add(&p->input, in[1], EPOLLOUT, input_ready, p);
      watch_set(&p->input, 0);
      set_nonblocking(in[1]);
    }
  }
  long long timeout = list_number(l, "timeout", 0);
  if (timeout > 0) timer_start(&p->timer, timeout, timed_out, p);
}
