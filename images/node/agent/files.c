// Operations on the node's files: "batch" (many small steps in one frame), "read", "write", and the helpers they share.
#include "agent.h"
#include <dirent.h>
#include <linux/random.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>

int set_nonblocking(int fd) { return fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }

int make_directories(const char *path, int mode) {
  char copy[4096];
  if (snprintf(copy, sizeof copy, "%s", path) >= (int)sizeof copy) return -ENAMETOOLONG;
  for (char *p = copy + 1; *p; p++)
    if (*p == '/') {
      *p = 0;
      if (mkdir(copy, 0755) < 0 && errno != EEXIST) return -errno;
      *p = '/';
    }
  if (mkdir(copy, mode) < 0) return errno == EEXIST ? 0 : -errno;
  chmod(copy, mode);
  return 0;
}

static int remove_at(int parent, const char *name, dev_t device) {
  if (unlinkat(parent, name, 0) == 0 || errno == ENOENT) return 0;
  if (errno != EISDIR && errno != EPERM) return -errno;
  int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return -errno;
  struct stat st;
  fstat(fd, &st);
  if (device && st.st_dev != device) { // a mount: not ours to empty
    close(fd);
    return -EBUSY;
  }
  DIR *d = fdopendir(fd);
  int result = 0;
  for (struct dirent *e; (e = readdir(d));) {
    if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
    int r = remove_at(fd, e->d_name, st.st_dev);
    if (r < 0) result = r;
  }
  closedir(d);
  if (result == 0 && unlinkat(parent, name, AT_REMOVEDIR) < 0) result = -errno;
  return result;
}

int remove_tree(const char *path) { return remove_at(AT_FDCWD, path, 0); }

int write_file(const char *path, const void *data, size_t length, int mode) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  if (fd < 0) return -errno;
  int result = 0;
  if (length && write(fd, data, length) != (ssize_t)length) result = errno ? -errno : -EIO;
  struct stat st;
  if (result == 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (int)(st.st_mode & 07777) != mode) fchmod(fd, mode);
  close(fd);
  return result;
}

static int set_clock(const char *milliseconds) {
  long long ms = strtoll(milliseconds, NULL, 10);
  struct timespec t = {ms / 1000, ms % 1000 * 1000000};
  return clock_settime(CLOCK_REALTIME, &t) < 0 ? -errno : 0;
}

static int add_entropy(const char *bytes, uint32_t length) {
  int fd = open("/dev/urandom", O_WRONLY | O_CLOEXEC);
  if (fd < 0) return -errno;
  struct rand_pool_info *pool = calloc(1, sizeof *pool + length);
  pool->entropy_count = length * 8;
  pool->buf_size = length;
  memcpy(pool->buf, bytes, length);
  int result = ioctl(fd, RNDADDENTROPY, pool) < 0 || ioctl(fd, RNDRESEEDCRNG) < 0 ? -errno : 0;
  free(pool);
  close(fd);
  return result;
}

#define ARGUMENT(n) (l->item[*at + 1 + (n)])
#define NEED(n)                              \
  do {                                       \
    if (*at + (n) >= l->count) return -EINVAL; \
    taken = (n);                             \
  } while (0)

// One step; moves *at past it.
static int step(const struct list *l, int *at) {
  const char *verb = l->item[*at];
  int taken = 0, r = network_verb(verb, l, at);
  if (r != 1) return r;
  r = 0;
  if (!strcmp(verb, "mkdir")) { // path mode
    NEED(2);
    r = make_directories(ARGUMENT(0), strtol(ARGUMENT(1), NULL, 8));
  } else if (!strcmp(verb, "file")) { // path mode content
    NEED(3);
    r = write_file(ARGUMENT(0), ARGUMENT(2), l->length[*at + 3], strtol(ARGUMENT(1), NULL, 8));
  } else if (!strcmp(verb, "symlink")) { // target path
    NEED(2);
    unlink(ARGUMENT(1));
    r = symlink(ARGUMENT(0), ARGUMENT(1)) < 0 ? -errno : 0;
  } else if (!strcmp(verb, "link")) { // from to
    NEED(2);
    r = link(ARGUMENT(0), ARGUMENT(1)) < 0 ? -errno : 0;
  } else if (!strcmp(verb, "rename")) { // from to
    NEED(2);
    r = rename(ARGUMENT(0), ARGUMENT(1)) < 0 ? -errno : 0;
  } else if (!strcmp(verb, "chown")) { // path uid gid
    NEED(3);
    r = lchown(ARGUMENT(0), atoi(ARGUMENT(1)), atoi(ARGUMENT(2))) < 0 ? -errno : 0;
  } else if (!strcmp(verb, "remove")) { // path
    NEED(1);
    r = remove_tree(ARGUMENT(0));
  } else if (!strcmp(verb, "rmdir")) { // path; missing is fine
    NEED(1);
    r = rmdir(ARGUMENT(0)) < 0 && errno != ENOENT ? -errno : 0;
  } else if (!strcmp(verb, "exists")) { // path type ("d", "f", "s", "b", "c" or "" for any)
    NEED(2);
    struct stat st;
    char type = *ARGUMENT(1);
    if (stat(ARGUMENT(0), &st) < 0) r = -errno;
    else if (type) {
      bool fits = type == 'd' ? S_ISDIR(st.st_mode) : type == 'f' ? S_ISREG(st.st_mode) : type == 's' ? S_ISSOCK(st.st_mode)
                : type == 'b' ? S_ISBLK(st.st_mode) : S_ISCHR(st.st_mode);
      if (!fits) r = -EINVAL;
    }
  } else if (!strcmp(verb, "mount")) { // source target type options
    NEED(4);
    r = mount(ARGUMENT(0), ARGUMENT(1), ARGUMENT(2), 0, ARGUMENT(3)) < 0 ? -errno : 0;
  } else if (!strcmp(verb, "umount")) { // target; not mounted is fine
    NEED(1);
    r = umount2(ARGUMENT(0), MNT_DETACH) < 0 && errno != EINVAL && errno != ENOENT ? -errno : 0;
  } else if (!strcmp(verb, "kill")) { // pid signal; gone is fine
    NEED(2);
    r = kill(atoi(ARGUMENT(0)), atoi(ARGUMENT(1))) < 0 && errno != ESRCH ? -errno : 0;
  } else if (!strcmp(verb, "clock")) { // milliseconds since the epoch
    NEED(1);
    r = set_clock(ARGUMENT(0));
  } else if (!strcmp(verb, "hostname")) { // name
    NEED(1);
    r = sethostname(ARGUMENT(0), strlen(ARGUMENT(0))) < 0 ? -errno : 0;
  } else if (!strcmp(verb, "entropy")) { // bytes
    NEED(1);
    r = add_entropy(ARGUMENT(0), l->length[*at + 1]);
  } else r = -ENOSYS;
  if (r == 0) *at += 1 + taken;
  return r;
}

// Steps are done in order; the first that fails ends it: RESULT "error" errno "verb first-argument: words".
void open_batch(uint32_t id, const struct list *l) {
  for (int at = 1; at < l->count;) {
    int r = step(l, &at);
    if (r < 0) {
      char what[400];
      snprintf(what, sizeof what, "%s %.300s", l->item[at], at + 1 < l->count ? l->item[at + 1] : "");
      stream_error_id(id, -r, what);
      return;
    }
  }
  static const struct operation none;
  stream_result(stream_new(id, &none, NULL), "ok", NULL);
}

// "read" limit path*: for each path DATA of u32 length (all ones: not there) | bytes, then RESULT. Small files only: they go out at once.
void open_read(uint32_t id, const struct list *l) {
  static const struct operation none;
  if (l->count < 3) {
    stream_error_id(id, EINVAL, "read");
    return;
  }
  struct stream *s = stream_new(id, &none, NULL);
  size_t limit = strtoul(l->item[1], NULL, 10);
  for (int i = 2; i < l->count; i++) {
    struct buffer content = {0};
    uint32_t length = UINT32_MAX;
    int fd = open(l->item[i], O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0) {
      uint8_t bytes[CHUNK];
      for (ssize_t n; buffer_length(&content) < limit && (n = read(fd, bytes, sizeof bytes)) > 0;) buffer_append(&content, bytes, n);
      close(fd);
      length = buffer_length(&content) < limit ? buffer_length(&content) : limit;
    }
    stream_data(s, T_DATA, &length, 4);
    if (length != UINT32_MAX)
      for (size_t at = 0; at < length; at += CHUNK) stream_data(s, T_DATA, content.data + content.start + at, length - at < CHUNK ? length - at : CHUNK);
    buffer_free(&content);
  }
  stream_result(s, "ok", NULL);
}

static void write_data(struct stream *s, const uint8_t *bytes, size_t length) {
  int fd = (int)(intptr_t)s->state;
  if (write(fd, bytes, length) != (ssize_t)length) stream_error(s, errno, "write");
  else stream_credit(s, length);
}
static void write_end(struct stream *s) { stream_result(s, "ok", NULL); }
static void write_free(struct stream *s) { close((int)(intptr_t)s->state); }
static const struct operation write_operation = {.data = write_data, .end = write_end, .free = write_free};

// "write" "path" p "mode" octal: the DATA that follows becomes the file's content.
void open_write(uint32_t id, const struct list *l) {
  const char *path = list_get(l, "path"), *mode = list_get(l, "mode");
  int fd = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode ? strtol(mode, NULL, 8) : 0644) : -1;
  if (fd < 0) stream_error_id(id, path ? errno : EINVAL, path ? path : "write");
  else stream_new(id, &write_operation, (void *)(intptr_t)fd);
}

static void wait_over(struct timer *t) {
  struct stream *s = t->owner;
  stream_result(s, "ok", NULL);
}
static void wait_free(struct stream *s) {
  timer_cancel(s->state);
  free(s->state);
}
static const struct operation wait_operation = {.free = wait_free};

// "wait" ms: RESULT after that much of the guest's time.
void open_wait(uint32_t id, const struct list *l) {
  struct timer *t = calloc(1, sizeof *t);
  struct stream *s = stream_new(id, &wait_operation, t);
  timer_start(t, l->count > 1 ? strtoll(l->item[1], NULL, 10) : 0, wait_over, s);
}
