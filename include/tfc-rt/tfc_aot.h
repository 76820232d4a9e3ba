/* tfc_aot.h - the host side of ahead-of-time compiled functions, in C99.
 *
 * Default services for compiled code (memory, printing, error text), all `static`: a program that includes a generated
 * header needs the object file, libc, and nothing else. Each service can be replaced in a tfc_host.
 * Define TFC_NO_STDIO before the include on systems without stdio: then nothing is printed unless host->print is set.
 */
#ifndef TFC_AOT_H
#define TFC_AOT_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
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

#ifndef TFC_NO_STDIO
/* Text is collected in a buffer of fixed size (error messages) or goes to a stream (print). */
typedef struct tfc_writer {
  FILE *file;
  char *text;
  size_t size, used;
} tfc_writer;

static TFC_UNUSED void tfc_write(tfc_writer *w, const char *text, size_t length) {
  if (w->file) {
    fwrite(text, 1, length, w->file);
    return;
  }
  if (w->used + 1 >= w->size)
    return;
  if (length > w->size - 1 - w->used)
    length = w->size - 1 - w->used;
  memcpy(w->text + w->used, text, length);
  w->used += length;
  w->text[w->used] = 0;
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
  tfc_write(w, text, strlen(text));
}

static TFC_UNUSED int tfc_itemsize(int32_t dtype) {
  static const unsigned char sizes[TFC_NUM_DTYPES] = {1, 1, 2, 4, 8, 1, 2, 4, 8, 2, 2, 4, 8, 8, 16};
  return dtype >= 0 && dtype < TFC_NUM_DTYPES ? sizes[dtype] : 1;
}

static TFC_UNUSED void tfc_write_element(tfc_writer *w, int32_t dtype, const unsigned char *at) {
  char text[32];
  long long i = 0;
  unsigned long long u = 0;
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
    snprintf(text, sizeof text, "%lld", i);
  else
    snprintf(text, sizeof text, "%llu", u);
  tfc_write(w, text, strlen(text));
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

static TFC_UNUSED int32_t tfc_default_print(tfc_context *ctx, const char *format, int32_t summarize, const char *stream,
                                            int32_t n, const tfc_tensor_desc *tensors) {
  tfc_writer w = {NULL, NULL, 0, 0};
  int opened = 0;
  (void)ctx;
  w.file = stderr;
  if (strcmp(stream, "stdout") == 0) {
    w.file = stdout;
  } else if (strncmp(stream, "file://", 7) == 0) {
    w.file = fopen(stream + 7, "a");
    if (!w.file)
      return TFC_NOT_FOUND;
    opened = 1;
  }
  tfc_write_format(&w, format, summarize, n, tensors);
  fflush(w.file);
  if (opened)
    fclose(w.file);
  return TFC_OK;
}

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
#endif /* TFC_NO_STDIO */

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
#ifndef TFC_NO_STDIO
  ctx.print = tfc_default_print;
  ctx.report = tfc_default_report;
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

#ifdef __cplusplus
}
#endif

#endif /* TFC_AOT_H */
