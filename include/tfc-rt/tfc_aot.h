/* tfc_aot.h - the host side of ahead-of-time compiled functions, in C99.
 *
 * Default services for compiled code (memory, printing, error text), all `static`: a program that includes a generated
 * header needs the object file, libc, and nothing else. Each service can be replaced in a tfc_host.
 * Define before the include, on systems without them:
 *   TFC_NO_STDIO   no stdio: nothing is printed unless host->print is set; error messages are still made
 *   TFC_NO_MALLOC  no malloc: there is no memory unless host->allocate is set
 */
#ifndef TFC_AOT_H
#define TFC_AOT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#ifndef TFC_NO_MALLOC
#include <stdlib.h>
#endif
#ifndef TFC_NO_STDIO
#include <stdio.h>
#endif

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__) || defined(__clang__)
#define TFC_UNUSED __attribute__((unused))
#define TFC_ALIGNED __attribute__((aligned(TFC_ALIGNMENT)))
#else
#define TFC_UNUSED
#define TFC_ALIGNED
#endif

/* A tensor with more dimensions than that is none, but a mistake. */
#define TFC_MOST_DIMENSIONS 64

/* What a program may set for its calls. Zero-initialise it (`tfc_host host = {0};`); NULL fields mean the defaults.
 * After a call that returned an error, code, message and location describe it. One host serves one thread at a time. */
typedef struct tfc_host {
  int32_t code;        /* enum tfc_status of the last error */
  char message[256];   /* its text, NUL-terminated, cut where too long */
  char location[128];  /* "file:line:column" in the Python source */
  void *user;          /* yours */
  void *(*allocate)(tfc_context *ctx, int64_t bytes);
  void (*deallocate)(tfc_context *ctx, void *pointer);
  int32_t (*print)(tfc_context *ctx, const char *format, int32_t summarize, const char *stream, int32_t n,
                   const tfc_tensor_desc *tensors);
  void (*report)(tfc_context *ctx, int32_t code, const char *message, const char *location, int32_t summarize,
                 int32_t n, const tfc_tensor_desc *tensors);
  int32_t (*parallel_for)(tfc_context *ctx, int64_t begin, int64_t end, int64_t grain, tfc_loop_body body, void *env);
} tfc_host;

/* The name of a status. */
static TFC_UNUSED const char *tfc_status_name(int32_t status) {
  static const char *const names[] = {"ok",           "invalid argument", "out of range",   "out of memory",
                                      "failed precondition", "unimplemented",    "internal error", "cancelled",
                                      "not found",    "already exists",   "unknown"};
  return status >= 0 && status <= TFC_UNKNOWN ? names[status] : "unknown";
}

/* Aligned memory from malloc; the pointer that malloc gave stands right before the aligned one. */
#ifdef TFC_NO_MALLOC
static TFC_UNUSED void *tfc_default_allocate(tfc_context *ctx, int64_t bytes) {
  (void)ctx;
  (void)bytes;
  return NULL;
}

static TFC_UNUSED void tfc_default_deallocate(tfc_context *ctx, void *pointer) {
  (void)ctx;
  (void)pointer;
}
#else
static TFC_UNUSED void *tfc_default_allocate(tfc_context *ctx, int64_t bytes) {
  unsigned char *raw;
  uintptr_t aligned;
  (void)ctx;
  if (bytes < 0 || (uint64_t)bytes > (uint64_t)(SIZE_MAX - 2 * TFC_ALIGNMENT))
    return NULL;
  raw = (unsigned char *)malloc((size_t)bytes + TFC_ALIGNMENT + sizeof(void *));
  if (!raw)
    return NULL;
  aligned = ((uintptr_t)raw + sizeof(void *) + TFC_ALIGNMENT - 1) & ~(uintptr_t)(TFC_ALIGNMENT - 1);
  memcpy((void *)(aligned - sizeof(void *)), &raw, sizeof(void *));
  return (void *)aligned;
}

static TFC_UNUSED void tfc_default_deallocate(tfc_context *ctx, void *pointer) {
  void *raw;
  (void)ctx;
  if (!pointer)
    return;
  memcpy(&raw, (unsigned char *)pointer - sizeof(void *), sizeof(void *));
  free(raw);
}

#endif /* TFC_NO_MALLOC */

/* Text is collected in a buffer of fixed size (error messages) or goes to a stream (print). */
typedef struct tfc_writer {
  void *file; /* FILE * */
  char *text;
  size_t size, used;
} tfc_writer;

static TFC_UNUSED void tfc_write(tfc_writer *w, const char *text, size_t length) {
#ifndef TFC_NO_STDIO
  if (w->file) {
    fwrite(text, 1, length, (FILE *)w->file);
    return;
  }
#endif
  if (w->used + 1 >= w->size)
    return;
  if (length > w->size - 1 - w->used)
    length = w->size - 1 - w->used;
  memcpy(w->text + w->used, text, length);
  w->used += length;
  w->text[w->used] = 0;
}

static TFC_UNUSED void tfc_write_text(tfc_writer *w, const char *text) { tfc_write(w, text, strlen(text)); }

static TFC_UNUSED void tfc_write_unsigned(tfc_writer *w, uint64_t value) {
  char text[20];
  size_t at = sizeof text;
  do {
    text[--at] = (char)('0' + value % 10);
    value /= 10;
  } while (value);
  tfc_write(w, text + at, sizeof text - at);
}

static TFC_UNUSED void tfc_write_signed(tfc_writer *w, int64_t value) {
  if (value < 0)
    tfc_write(w, "-", 1);
  tfc_write_unsigned(w, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

static TFC_UNUSED float tfc_half_to_float(uint16_t h) {
  uint32_t sign = (uint32_t)(h & 0x8000u) << 16, exponent = (h >> 10) & 31u, fraction = h & 1023u, bits;
  float f;
  if (exponent == 31) {
    bits = sign | 0x7f800000u | fraction << 13;
  } else if (exponent) {
    bits = sign | (exponent + 112u) << 23 | fraction << 13;
  } else {
    f = (float)fraction * (1.0f / 16777216.0f);
    return sign ? -f : f;
  }
  memcpy(&f, &bits, 4);
  return f;
}

#ifdef TFC_NO_STDIO
/* Six digits, as %e shows them. */
static TFC_UNUSED void tfc_write_real(tfc_writer *w, double value, int is_double) {
  int exponent = 0;
  uint64_t digits;
  char text[8];
  int i;
  (void)is_double;
  if (value != value) {
    tfc_write(w, "nan", 3);
    return;
  }
  if (value < 0)
    tfc_write(w, "-", 1);
  value = value < 0 ? -value : value;
  if (value > 1.7976931348623157e308) {
    tfc_write(w, "inf", 3);
    return;
  }
  if (value == 0) {
    tfc_write(w, "0", 1);
    return;
  }
  for (; value >= 10; ++exponent)
    value /= 10;
  for (; value < 1; --exponent)
    value *= 10;
  digits = (uint64_t)(value * 100000 + 0.5);
  if (digits >= 1000000) {
    digits /= 10;
    ++exponent;
  }
  for (i = 6; i > 1; --i, digits /= 10)
    text[i] = (char)('0' + digits % 10);
  text[0] = (char)('0' + digits);
  text[1] = '.';
  for (i = 7; i > 1 && text[i - 1] == '0'; --i)
    ;
  tfc_write(w, text, (size_t)(i == 2 ? 1 : i));
  if (exponent) {
    tfc_write(w, "e", 1);
    tfc_write_signed(w, exponent);
  }
}
#else
/* The shortest of two precisions that gives the number back, as TensorFlow prints it. */
static TFC_UNUSED void tfc_write_real(tfc_writer *w, double value, int is_double) {
  char text[40];
  if (value != value) {
    tfc_write(w, "nan", 3);
    return;
  }
  snprintf(text, sizeof text, "%.*g", is_double ? 15 : 6, value);
  if (is_double ? strtod(text, NULL) != value : (float)strtod(text, NULL) != (float)value)
    snprintf(text, sizeof text, "%.*g", is_double ? 17 : 9, value);
  tfc_write_text(w, text);
}
#endif

static TFC_UNUSED int tfc_itemsize(int32_t dtype) {
  static const unsigned char sizes[TFC_NUM_DTYPES] = {1, 1, 2, 4, 8, 1, 2, 4, 8, 2, 2, 4, 8, 8, 16};
  return dtype >= 0 && dtype < TFC_NUM_DTYPES ? sizes[dtype] : 1;
}

static TFC_UNUSED void tfc_write_element(tfc_writer *w, int32_t dtype, const unsigned char *at) {
  int64_t i = 0;
  uint64_t u = 0;
  float f;
  double d;
  switch (dtype) {
  case TFC_I8: i = *(const int8_t *)at; break;
  case TFC_I16: { int16_t v; memcpy(&v, at, 2); i = v; break; }
  case TFC_I32: { int32_t v; memcpy(&v, at, 4); i = v; break; }
  case TFC_I64: { int64_t v; memcpy(&v, at, 8); i = v; break; }
  case TFC_BOOL:
  case TFC_U8: u = *at; break;
  case TFC_U16: { uint16_t v; memcpy(&v, at, 2); u = v; break; }
  case TFC_U32: { uint32_t v; memcpy(&v, at, 4); u = v; break; }
  case TFC_U64: { uint64_t v; memcpy(&v, at, 8); u = v; break; }
  case TFC_F16: { uint16_t v; memcpy(&v, at, 2); tfc_write_real(w, tfc_half_to_float(v), 0); return; }
  case TFC_BF16: { uint32_t v = 0; uint16_t h; memcpy(&h, at, 2); v = (uint32_t)h << 16; memcpy(&f, &v, 4); tfc_write_real(w, f, 0); return; }
  case TFC_F32: memcpy(&f, at, 4); tfc_write_real(w, f, 0); return;
  case TFC_F64: memcpy(&d, at, 8); tfc_write_real(w, d, 1); return;
  case TFC_C64:
  case TFC_C128: {
    int wide = dtype == TFC_C128;
    tfc_write(w, "(", 1);
    tfc_write_element(w, wide ? TFC_F64 : TFC_F32, at);
    tfc_write(w, ",", 1);
    tfc_write_element(w, wide ? TFC_F64 : TFC_F32, at + (wide ? 8 : 4));
    tfc_write(w, ")", 1);
    return;
  }
  default: tfc_write(w, "?", 1); return;
  }
  if (dtype >= TFC_I8 && dtype <= TFC_I64)
    tfc_write_signed(w, i);
  else
    tfc_write_unsigned(w, u);
}

/* One dimension of a tensor, its ends only when it is long. */
static TFC_UNUSED void tfc_write_dimension(tfc_writer *w, const tfc_tensor_desc *t, int32_t axis,
                                           const unsigned char *at, int32_t summarize) {
  int64_t stride = tfc_itemsize(t->dtype), n, i;
  int32_t k;
  if (axis == t->rank) {
    tfc_write_element(w, t->dtype, at);
    return;
  }
  for (k = axis + 1; k < t->rank; ++k)
    stride *= t->shape[k];
  n = t->shape[axis];
  tfc_write(w, "[", 1);
  for (i = 0; i < n; ++i) {
    if (i) {
      if (axis + 1 == t->rank) {
        tfc_write(w, " ", 1);
      } else {
        for (k = axis + 1; k < t->rank; ++k)
          tfc_write(w, "\n", 1);
        for (k = 0; k <= axis; ++k)
          tfc_write(w, " ", 1);
      }
    }
    if (summarize >= 0 && n > 2 * (int64_t)summarize && i == summarize) {
      tfc_write(w, "...", 3);
      i = n - summarize - 1;
      continue;
    }
    tfc_write_dimension(w, t, axis + 1, at + i * stride, summarize);
  }
  tfc_write(w, "]", 1);
}

static TFC_UNUSED void tfc_write_format(tfc_writer *w, const char *format, int32_t summarize, int32_t n,
                                        const tfc_tensor_desc *tensors) {
  int32_t next = 0;
  const char *p;
  for (p = format; *p; ++p) {
    if (p[0] == '{' && p[1] == '}' && next < n) {
      tfc_write_dimension(w, &tensors[next], 0, (const unsigned char *)tensors[next].data, summarize);
      ++next;
      ++p;
      continue;
    }
    tfc_write(w, p, 1);
    if ((p[0] == '{' && p[1] == '{') || (p[0] == '}' && p[1] == '}'))
      ++p;
  }
}

#ifndef TFC_NO_STDIO
static TFC_UNUSED int32_t tfc_default_print(tfc_context *ctx, const char *format, int32_t summarize, const char *stream,
                                            int32_t n, const tfc_tensor_desc *tensors) {
  tfc_writer w = {NULL, NULL, 0, 0};
  FILE *file = stderr;
  (void)ctx;
  if (strcmp(stream, "stdout") == 0) {
    file = stdout;
  } else if (strncmp(stream, "file://", 7) == 0) {
    file = fopen(stream + 7, "a");
    if (!file)
      return TFC_NOT_FOUND;
  }
  w.file = file;
  tfc_write_format(&w, format, summarize, n, tensors);
  fflush(file);
  if (file != stderr && file != stdout)
    fclose(file);
  return TFC_OK;
}
#endif

static TFC_UNUSED void tfc_default_report(tfc_context *ctx, int32_t code, const char *message, const char *location,
                                          int32_t summarize, int32_t n, const tfc_tensor_desc *tensors) {
  tfc_host *host = (tfc_host *)ctx->user;
  tfc_writer w = {NULL, NULL, 0, 0}, at = {NULL, NULL, 0, 0};
  const char *p;
  int32_t i, places = 0;
  if (!host)
    return;
  host->code = code;
  host->message[0] = host->location[0] = 0;
  w.text = host->message;
  w.size = sizeof host->message;
  for (p = message; (p = strstr(p, "{}")) != NULL; p += 2)
    ++places;
  if (n && places == n) { /* the message says where its values go */
    tfc_write_format(&w, message, summarize, n, tensors);
  } else {
    tfc_write(&w, message, strlen(message));
    for (i = 0; i < n; ++i) {
      tfc_write(&w, " ", 1);
      tfc_write_dimension(&w, &tensors[i], 0, (const unsigned char *)tensors[i].data, summarize);
    }
  }
  at.text = host->location;
  at.size = sizeof host->location;
  tfc_write(&at, location, strlen(location));
}

/* The context of one call. `arena` is aligned scratch memory of `arena_bytes` bytes. */
static TFC_UNUSED tfc_context tfc_make_context(tfc_host *host, void *arena, int64_t arena_bytes) {
  tfc_context ctx;
  memset(&ctx, 0, sizeof ctx);
  ctx.abi_version = TFC_ABI_VERSION;
  ctx.struct_size = (uint32_t)sizeof ctx;
  ctx.arena = arena_bytes ? arena : NULL;
  ctx.arena_bytes = arena_bytes;
  ctx.user = host;
  ctx.allocate = tfc_default_allocate;
  ctx.deallocate = tfc_default_deallocate;
  ctx.report = tfc_default_report;
#ifndef TFC_NO_STDIO
  ctx.print = tfc_default_print;
#endif
  if (host) {
    host->code = TFC_OK;
    host->message[0] = host->location[0] = 0;
    if (host->allocate)
      ctx.allocate = host->allocate;
    if (host->deallocate)
      ctx.deallocate = host->deallocate;
    if (host->print)
      ctx.print = host->print;
    if (host->report)
      ctx.report = host->report;
    ctx.parallel_for = host->parallel_for;
  }
  return ctx;
}

/* Checks before compiled code runs. */

/* Describes an error to the host, and returns it. */
static TFC_UNUSED int32_t tfc_fail(tfc_host *host, int32_t code, const char *message, const char *location) {
  tfc_context ctx = tfc_make_context(host, NULL, 0);
  ctx.report(&ctx, code, message, location, 0, 0, NULL);
  return code;
}

static TFC_UNUSED int32_t tfc_refuse(tfc_host *host, const char *message, const char *location) {
  return tfc_fail(host, TFC_INVALID_ARGUMENT, message, location);
}

/* "float32[2,?]"; a rank that cannot be is a number, for there are no sizes to read then. */
static TFC_UNUSED void tfc_write_type(tfc_writer *w, int32_t dtype, int32_t rank, const int64_t *shape) {
  static const char *const names[TFC_NUM_DTYPES] = {"bool",   "int8",    "int16",    "int32",   "int64",
                                                    "uint8",  "uint16",  "uint32",   "uint64",  "float16",
                                                    "bfloat16", "float32", "float64", "complex64", "complex128"};
  int32_t k;
  tfc_write_text(w, dtype >= 0 && dtype < TFC_NUM_DTYPES ? names[dtype] : "unknown");
  tfc_write(w, "[", 1);
  if (rank < 0 || rank > TFC_MOST_DIMENSIONS) {
    tfc_write_text(w, "rank ");
    tfc_write_signed(w, rank);
  } else if (rank && !shape) {
    tfc_write_text(w, "shape is NULL");
  }
  for (k = 0; shape && rank <= TFC_MOST_DIMENSIONS && k < rank; ++k) {
    if (k)
      tfc_write(w, ",", 1);
    if (shape[k] == -1)
      tfc_write(w, "?", 1);
    else
      tfc_write_signed(w, shape[k]);
  }
  tfc_write(w, "]", 1);
}

/* Refuses a tensor of another dtype, rank or size, and sizes that no array has. `shape`: -1 is any size. */
static TFC_UNUSED int32_t tfc_check_tensor(tfc_host *host, const char *entry, const char *name, const char *location,
                                           const tfc_tensor_desc *t, int32_t dtype, int32_t rank, const int64_t *shape) {
  char message[256];
  tfc_writer w = {NULL, NULL, 0, 0};
  int fits = t->dtype == dtype && t->rank == rank && (!rank || t->shape), empty = 0;
  int64_t count = 1, most = INT64_MAX / 2 / tfc_itemsize(dtype);
  int32_t k;
  if ((uint64_t)most > (uint64_t)(SIZE_MAX / 2 / (size_t)tfc_itemsize(dtype)))
    most = (int64_t)(SIZE_MAX / 2 / (size_t)tfc_itemsize(dtype));
  for (k = 0; fits && k < rank; ++k) {
    fits = t->shape[k] >= 0 && (shape[k] < 0 || t->shape[k] == shape[k]);
    empty = empty || t->shape[k] == 0;
  }
  for (k = 0; fits && !empty && k < rank; ++k) {
    fits = t->shape[k] <= most / count;
    count = fits ? count * t->shape[k] : count;
  }
  if (fits && (t->data || empty))
    return TFC_OK;
  w.text = message;
  w.size = sizeof message;
  tfc_write_text(&w, entry);
  tfc_write_text(&w, ": expected ");
  tfc_write_text(&w, name);
  tfc_write_text(&w, " to be ");
  tfc_write_type(&w, dtype, rank, shape);
  tfc_write_text(&w, ", got ");
  if (fits)
    tfc_write_text(&w, "NULL");
  else
    tfc_write_type(&w, t->dtype, t->rank, t->shape);
  return tfc_refuse(host, message, location);
}

/* The same for an output that the call allocates: its data and its unknown sizes are written. */
static TFC_UNUSED int32_t tfc_check_output(tfc_host *host, const char *entry, const char *name, const char *location,
                                           const tfc_tensor_desc *t, int32_t dtype, int32_t rank, const int64_t *shape) {
  static unsigned char any;
  tfc_tensor_desc given = *t;
  given.data = &any;
  given.shape = t->rank == rank && t->shape ? shape : t->shape;
  if (given.shape == shape && given.dtype == dtype)
    return TFC_OK;
  return tfc_check_tensor(host, entry, name, location, &given, dtype, rank, shape);
}

/* States as bytes. */

typedef struct tfc_state_part {
  size_t offset, bytes;
} tfc_state_part;

/* CRC-32 as zlib computes it, four bits at a time. */
static TFC_UNUSED uint32_t tfc_crc32(uint32_t crc, const unsigned char *bytes, size_t length) {
  static const uint32_t table[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
                                     0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
                                     0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
  crc = ~crc;
  while (length--) {
    crc ^= *bytes++;
    crc = (crc >> 4) ^ table[crc & 15];
    crc = (crc >> 4) ^ table[crc & 15];
  }
  return ~crc;
}

static TFC_UNUSED uint32_t tfc_state_checksum(const unsigned char *head, size_t head_bytes, const unsigned char *data,
                                              size_t data_bytes) {
  return tfc_crc32(tfc_crc32(0, head + 8, head_bytes - 8), data, data_bytes);
}

/* `head` is what comes before the data, with eight zeros at `checksum_at` in the place of the checksum. */
static TFC_UNUSED void tfc_save_state(const unsigned char *head, size_t head_bytes, size_t checksum_at,
                                      const tfc_state_part *parts, size_t num_parts, const void *state, void *bytes) {
  unsigned char *out = (unsigned char *)bytes, *data = out + head_bytes;
  uint32_t checksum;
  size_t i;
  for (i = 0; i < num_parts; ++i) {
    memcpy(data, (const unsigned char *)state + parts[i].offset, parts[i].bytes);
    data += parts[i].bytes;
  }
  memcpy(out, head, head_bytes);
  checksum = tfc_state_checksum(head, head_bytes, out + head_bytes, (size_t)(data - out) - head_bytes);
  for (i = 0; i < 8; ++i)
    out[checksum_at + i] = (unsigned char)"0123456789abcdef"[checksum >> (28 - 4 * i) & 15];
}

static TFC_UNUSED int32_t tfc_load_state(tfc_host *host, const char *name, const unsigned char *head, size_t head_bytes,
                                         size_t checksum_at, const tfc_state_part *parts, size_t num_parts, void *state,
                                         const void *bytes, size_t num_bytes) {
  const unsigned char *in = (const unsigned char *)bytes, *data;
  size_t i, expected = head_bytes;
  uint32_t checksum;
  int same;
  for (i = 0; i < num_parts; ++i)
    expected += parts[i].bytes;
  if (!state)
    return tfc_refuse(host, "the state to load is NULL", name);
  same = bytes && num_bytes == expected && memcmp(in, head, checksum_at) == 0 &&
         memcmp(in + checksum_at + 8, head + checksum_at + 8, head_bytes - checksum_at - 8) == 0;
  if (!same)
    return tfc_fail(host, TFC_FAILED_PRECONDITION, "these bytes are the state of another program or version, or cut off",
                    name);
  checksum = tfc_state_checksum(head, head_bytes, in + head_bytes, expected - head_bytes);
  for (i = 0; i < 8; ++i)
    same = same && in[checksum_at + i] == (unsigned char)"0123456789abcdef"[checksum >> (28 - 4 * i) & 15];
  if (!same)
    return tfc_fail(host, TFC_FAILED_PRECONDITION, "the state is damaged: its checksum differs", name);
  data = in + head_bytes;
  for (i = 0; i < num_parts; ++i) {
    memcpy((unsigned char *)state + parts[i].offset, data, parts[i].bytes);
    data += parts[i].bytes;
  }
  return TFC_OK;
}

#ifdef __cplusplus
}
#endif

#endif /* TFC_AOT_H */
