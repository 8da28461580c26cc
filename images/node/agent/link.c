// Buffers, lists, frames and streams: the agent's half of the protocol in agent.h.
#include "agent.h"

void buffer_append(struct buffer *b, const void *data, size_t length) {
  if (b->start > 0 && b->start == b->end) b->start = b->end = 0;
  if (b->end + length > b->capacity) {
    memmove(b->data, b->data + b->start, b->end - b->start);
    b->end -= b->start;
    b->start = 0;
    while (b->end + length > b->capacity) b->capacity = b->capacity ? b->capacity * 2 : 4096;
    b->data = realloc(b->data, b->capacity);
    if (!b->data) abort();
  }
  memcpy(b->data + b->end, data, length);
  b->end += length;
}

void buffer_consume(struct buffer *b, size_t length) {
  b->start += length;
  if (b->start < b->end) return;
  b->start = b->end = 0;
  if (b->capacity > 4 * CHUNK) buffer_free(b);
}

void buffer_free(struct buffer *b) {
  free(b->data);
  memset(b, 0, sizeof *b);
}

bool list_parse(struct list *l, const uint8_t *payload, size_t length) {
  memset(l, 0, sizeof *l);
  for (size_t at = 0; at < length;) {
    uint32_t size;
    if (length - at < 4) return false;
    memcpy(&size, payload + at, 4);
    at += 4;
    if (size > length - at) return false;
    l->item = realloc(l->item, (l->count + 1) * sizeof *l->item);
    l->length = realloc(l->length, (l->count + 1) * sizeof *l->length);
    char *copy = malloc(size + 1);
    memcpy(copy, payload + at, size);
    copy[size] = 0;
    l->item[l->count] = copy;
    l->length[l->count++] = size;
    at += size;
  }
  return l->count > 0;
}

void list_free(struct list *l) {
  for (int i = 0; i < l->count; i++) free(l->item[i]);
  free(l->item);
  free(l->length);
}

const char *list_get(const struct list *l, const char *key) {
  for (int i = 1; i + 1 < l->count; i += 2)
    if (strcmp(l->item[i], key) == 0) return l->item[i + 1];
  return NULL;
}

long long list_number(const struct list *l, const char *key, long long otherwise) {
  const char *text = list_get(l, key);
  return text && *text ? strtoll(text, NULL, 0) : otherwise;
}

extern void link_send(const void *head, size_t head_length, const void *payload, size_t length);

void send_frame(uint32_t stream, uint8_t type, const void *payload, size_t length) {
  uint8_t head[9];
  uint32_t size = length + 5;
  memcpy(head, &size, 4);
  memcpy(head + 4, &stream, 4);
  head[8] = type;
  link_send(head, sizeof head, payload, length);
}

static struct stream *streams;

struct stream *stream_new(uint32_t id, const struct operation *op, void *state) {
  struct stream *s = calloc(1, sizeof *s);
  s->id = id;
  s->operation = op;
  s->state = state;
  s->window = WINDOW;
  s->next = streams;
  streams = s;
  return s;
}

void stream_data(struct stream *s, uint8_t type, const void *bytes, size_t length) {
  s->window -= length;
  send_frame(s->id, type, bytes, length);
}

void stream_credit(struct stream *s, size_t consumed) {
  uint32_t n = consumed;
  if (n) send_frame(s->id, T_CREDIT, &n, 4);
}

static void send_list(uint32_t id, uint8_t type, va_list arguments) {
  struct buffer b = {0};
  for (const char *text; (text = va_arg(arguments, const char *));) {
    uint32_t length = strlen(text);
    buffer_append(&b, &length, 4);
    buffer_append(&b, text, length);
  }
  send_frame(id, type, b.data + b.start, buffer_length(&b));
  buffer_free(&b);
}

void stream_started(struct stream *s, ...) {
  va_list arguments;
  va_start(arguments, s);
  send_list(s->id, T_STARTED, arguments);
  va_end(arguments);
}

void stream_result(struct stream *s, ...) {
  va_list arguments;
  va_start(arguments, s);
  send_list(s->id, T_RESULT, arguments);
  va_end(arguments);
  for (struct stream **p = &streams; *p; p = &(*p)->next)
    if (*p == s) {
      *p = s->next;
      break;
    }
  if (s->operation->free) s->operation->free(s);
  free(s);
}

void stream_error(struct stream *s, int error, const char *what) {
  char number[12], words[512];
  snprintf(number, sizeof number, "%d", error);
  snprintf(words, sizeof words, "%s: %s", what, strerror(error));
  stream_result(s, "error", number, words, NULL);
}

void stream_error_id(uint32_t id, int error, const char *what) {
  static const struct operation none;
  stream_error(stream_new(id, &none, NULL), error, what);
}

static const struct {
  const char *name;
  void (*open)(uint32_t, const struct list *);
} operations[] = {
    {"exec", open_exec}, {"container", open_container}, {"attach", open_attach}, {"log", open_log},     {"tcp", open_tcp},
    {"batch", open_batch}, {"read", open_read},         {"write", open_write},   {"untar", open_untar}, {"sandbox", open_sandbox}, {"wait", open_wait},
};

static void open_stream(uint32_t id, const uint8_t *payload, size_t length) {
  struct list l;
  if (list_parse(&l, payload, length)) {
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
      if (strcmp(operations[i].name, l.item[0]) == 0) {
        operations[i].open(id, &l);
        list_free(&l);
        return;
      }
  }
  list_free(&l);
  stream_error_id(id, EINVAL, "open");
}

static void handle_frame(uint32_t id, uint8_t type, const uint8_t *payload, size_t length) {
  if (type == T_OPEN) {
    open_stream(id, payload, length);
    return;
  }
  struct stream *s = streams;
  while (s && s->id != id) s = s->next;
  if (!s) return; // it ended while this frame was under way
  const struct operation *op = s->operation;
  if (type == T_DATA && op->data) op->data(s, payload, length);
  if (type == T_END && op->end) op->end(s);
  if (type == T_CLOSE) {
    if (op->close) op->close(s);
    else stream_error(s, ECANCELED, "closed");
  }
  if (type == T_CREDIT && length == 4) {
    uint32_t n;
    memcpy(&n, payload, 4);
    s->window += n;
    if (op->credit) op->credit(s);
  }
  if (type == T_CONTROL) {
    struct list l;
    if (list_parse(&l, payload, length) && op->control) op->control(s, &l);
    list_free(&l);
  }
}

// Takes bytes as they came from the port; calls handle_frame for each whole frame.
void link_receive(const uint8_t *bytes, size_t length) {
  static struct buffer input;
  buffer_append(&input, bytes, length);
  for (;;) {
    uint32_t size, id;
    if (buffer_length(&input) < 9) return;
    const uint8_t *p = input.data + input.start;
    memcpy(&size, p, 4);
    memcpy(&id, p + 4, 4);
    if (size < 5 || size > MAX_FRAME + 5) { // out of step: nothing sensible can follow
      fprintf(stderr, "agent: bad frame length %u\n", size);
      buffer_free(&input);
      return;
    }
    if (buffer_length(&input) < size + 4) return;
    handle_frame(id, p[8], p + 9, size - 5);
    buffer_consume(&input, size + 4);
  }
}
