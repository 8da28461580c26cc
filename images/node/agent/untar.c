// "untar": unpacks an image layer, sent as plain tar in DATA, into a directory.
//
// Keys: dir. Understands ustar, pax (path, linkpath, size) and GNU long names; OCI whiteouts become overlayfs ones (.wh.x: a 0/0 character device,
// .wh..wh..opq: the trusted.overlay.opaque attribute). Names are taken relative to dir and may not climb out of it.
#include "agent.h"
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/xattr.h>

struct unpack {
  struct stream *stream;
  int root, file;
  struct buffer header; // a partial block, or the text of an extension record
  uint64_t left, padding;
  enum { HEADER, CONTENT, EXTENSION, PADDING, SKIP } state;
  char extension;
  char *long_name, *long_link;
  uint64_t long_size;
  bool has_long_size;
};

static uint64_t octal(const uint8_t *field, int size) {
  uint64_t n = 0;
  if (field[0] & 0x80) { // GNU base-256
    for (int i = 1; i < size; i++) n = n << 8 | field[i];
    return n;
  }
  for (int i = 0; i < size && field[i]; i++)
    if (field[i] >= '0' && field[i] <= '7') n = n * 8 + (field[i] - '0');
  return n;
}

// Rejects names that leave the directory; strips leading "./" and "/".
static const char *inside(const char *name) {
  while (*name == '/' || (name[0] == '.' && name[1] == '/')) name++;
  for (const char *p = name; *p; p++)
    if ((p == name || p[-1] == '/') && p[0] == '.' && p[1] == '.' && (p[2] == '/' || !p[2])) return NULL;
  return name;
}

static void make_parents(int root, const char *name) {
  char copy[4096];
  snprintf(copy, sizeof copy, "%s", name);
  for (char *p = copy; *p; p++)
    if (*p == '/') {
      *p = 0;
      mkdirat(root, copy, 0755);
      *p = '/';
    }
}

static void read_pax(struct unpack *u) {
  char *text = (char *)u->header.data + u->header.start;
  size_t length = buffer_length(&u->header);
  for (size_t at = 0; at < length;) {
    char *end;
    size_t size = strtoul(text + at, &end, 10);
    if (size < 5 || size > length - at) return;
    char *key = end + 1, *value = memchr(key, '=', size - (key - text - at));
    if (!value) return;
    size_t n = text + at + size - 1 - ++value;
    if (!strncmp(key, "path=", 5)) free(u->long_name), u->long_name = strndup(value, n);
    if (!strncmp(key, "linkpath=", 9)) free(u->long_link), u->long_link = strndup(value, n);
    if (!strncmp(key, "size=", 5)) u->long_size = strtoull(value, NULL, 10), u->has_long_size = true;
    at += size;
  }
}

static int whiteout(struct unpack *u, const char *name, const char *base) {
  char path[4096];
  int directory = (int)(base - name);
  if (!strcmp(base, ".wh..wh..opq")) {
    snprintf(path, sizeof path, "%.*s.", directory, name);
    int fd = openat(u->root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int r = fd < 0 || fsetxattr(fd, "trusted.overlay.opaque", "y", 1, 0) < 0 ? -errno : 0;
    if (fd >= 0) close(fd);
    return r;
  }
  snprintf(path, sizeof path, "%.*s%s", directory, name, base + 4);
  return mknodat(u->root, path, S_IFCHR, makedev(0, 0)) < 0 ? -errno : 0;
}

static int begin_entry(struct unpack *u, const uint8_t *h) {
  char plain[257], link[101];
  snprintf(plain, sizeof plain, "%.155s%s%.100s", !memcmp(h + 257, "ustar\0", 6) ? (char *)h + 345 : "", !memcmp(h + 257, "ustar\0", 6) && h[345] ? "/" : "", (char *)h);
  snprintf(link, sizeof link, "%.100s", (char *)h + 157);
  char type = h[156];
  uint64_t size = u->has_long_size ? u->long_size : octal(h + 124, 12);
  u->left = size;
  u->padding = (512 - size % 512) % 512;
  u->file = -1;
  if (type == 'x' || type == 'L' || type == 'K' || type == 'g') {
    u->extension = type;
    u->state = size ? EXTENSION : HEADER;
    return 0;
  }
  u->state = size ? SKIP : HEADER;
  const char *name = inside(u->long_name ? u->long_name : plain), *target = u->long_link ? u->long_link : link;
  mode_t mode = octal(h + 100, 8) & 07777;
  uid_t uid = octal(h + 108, 8);
  gid_t gid = octal(h + 116, 8);
  int r = 0;
  if (!name) r = -EPERM;
  else if (*name) {
    const char *slash = strrchr(name, '/'), *base = slash ? slash + 1 : name;
    make_parents(u->root, name);
    if (!strncmp(base, ".wh.", 4)) r = whiteout(u, name, base);
    else if (type == '5') {
      if (mkdirat(u->root, name, mode) < 0 && errno != EEXIST) r = -errno;
    } else if (type == '2') {
      unlinkat(u->root, name, 0);
      if (symlinkat(target, u->root, name) < 0) r = -errno;
    } else if (type == '1') {
      const char *from = inside(target);
      unlinkat(u->root, name, 0);
      if (!from || linkat(u->root, from, u->root, name, 0) < 0) r = from ? -errno : -EPERM;
    } else if (type == '3' || type == '4' || type == '6') {
      mode_t kind = type == '3' ? S_IFCHR : type == '4' ? S_IFBLK : S_IFIFO;
      if (mknodat(u->root, name, kind | mode, makedev(octal(h + 329, 8), octal(h + 337, 8))) < 0) r = -errno;
    } else if (type == '0' || type == 0 || type == '7') {
      unlinkat(u->root, name, 0);
      u->file = openat(u->root, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
      if (u->file < 0) r = -errno;
      else if (size) u->state = CONTENT;
    }
    if (r == 0 && type != '1' && strncmp(base, ".wh.", 4)) {
      fchownat(u->root, name, uid, gid, AT_SYMLINK_NOFOLLOW);
      if (type != '2') fchmodat(u->root, name, mode, 0);
      struct timespec times[2] = {{.tv_sec = octal(h + 136, 12)}, {.tv_sec = octal(h + 136, 12)}};
      if (type != '5' && u->state != CONTENT) utimensat(u->root, name, times, AT_SYMLINK_NOFOLLOW);
    }
    if (u->file >= 0 && u->state != CONTENT) close(u->file), u->file = -1;
  }
  free(u->long_name), free(u->long_link);
  u->long_name = u->long_link = NULL;
  u->has_long_size = false;
  return r;
}

static void end_extension(struct unpack *u) {
  buffer_append(&u->header, "", 1);
  char *text = (char *)u->header.data + u->header.start;
  if (u->extension == 'L') free(u->long_name), u->long_name = strdup(text);
  if (u->extension == 'K') free(u->long_link), u->long_link = strdup(text);
  if (u->extension == 'x') {
    u->header.end--;
    read_pax(u);
  }
  buffer_free(&u->header);
}

static int take(struct unpack *u, const uint8_t *bytes, size_t length) {
  while (length) {
    size_t n = length;
    if (u->state == HEADER) {
      size_t missing = 512 - buffer_length(&u->header);
      if (n > missing) n = missing;
      buffer_append(&u->header, bytes, n);
      if (buffer_length(&u->header) == 512) {
        uint8_t block[512];
        memcpy(block, u->header.data + u->header.start, 512);
        buffer_consume(&u->header, 512);
        int r = block[0] ? begin_entry(u, block) : 0; // zero blocks end the archive
        if (r < 0) return r;
      }
    } else if (u->state == PADDING) {
      if (n > u->padding) n = u->padding;
      u->padding -= n;
      if (!u->padding) u->state = HEADER;
    } else {
      if (n > u->left) n = u->left;
      if (u->state == CONTENT && write(u->file, bytes, n) != (ssize_t)n) return errno ? -errno : -ENOSPC;
      if (u->state == EXTENSION) buffer_append(&u->header, bytes, n);
      u->left -= n;
      if (!u->left) {
        if (u->state == CONTENT) close(u->file), u->file = -1;
        if (u->state == EXTENSION) end_extension(u);
        u->state = u->padding ? PADDING : HEADER;
      }
    }
    bytes += n;
    length -= n;
  }
  return 0;
}

static void on_data(struct stream *s, const uint8_t *bytes, size_t length) {
  int r = take(s->state, bytes, length);
  if (r < 0) stream_error(s, -r, "unpack");
  else stream_credit(s, length);
}
static void on_end(struct stream *s) {
  struct unpack *u = s->state;
  if (u->state == HEADER && buffer_length(&u->header) == 0) stream_result(s, "ok", NULL);
  else stream_error(s, EBADMSG, "archive ends in the middle");
}
static void on_free(struct stream *s) {
  struct unpack *u = s->state;
  close(u->root);
  if (u->file >= 0) close(u->file);
  buffer_free(&u->header);
  free(u->long_name), free(u->long_link);
  free(u);
}
static const struct operation untar_operation = {.data = on_data, .end = on_end, .free = on_free};

void open_untar(uint32_t id, const struct list *l) {
  const char *dir = list_get(l, "dir");
  int r = dir ? make_directories(dir, 0755) : -EINVAL;
  int root = r == 0 ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
  if (root < 0) {
    stream_error_id(id, r < 0 ? -r : errno, "untar");
    return;
  }
  struct unpack *u = calloc(1, sizeof *u);
  u->root = root;
  u->file = -1;
  u->stream = stream_new(id, &untar_operation, u);
}
