/* staging.c - calls of compiled functions: memory of the host goes to the device once, and comes back once.
 *
 * Code of kernels works on memory of the device. A caller in Python keeps its values there. A C program usually does not: its
 * arguments and variables are copied before the call, results and variables after it, and everything between, temporaries
 * included, is memory of the device, however many kernels run. */
#define _GNU_SOURCE
#include "backend.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER = 256 }; /* the largest alignment that a device asks for */

/* What is said of one buffer in a signature. */
typedef struct slot {
  int64_t kind, bytes; /* enum tfc_gpu_kind; of the known dimensions together */
  int64_t unknown;     /* dimensions, which are in `sizes` */
} slot;

static const slot *slots_of(const int64_t *signature) { return (const slot *)(signature + 2); }

static int64_t bytes_of(const slot *s, const int64_t *sizes) {
  int64_t bytes = s->bytes;
  for (int64_t i = 0; i < s->unknown; ++i)
    bytes *= sizes[i];
  return bytes;
}

/*===----------------------------------------------------------------------===*/
/* Memory that is used again                                                  */
/*===----------------------------------------------------------------------===*/

int drop_pool(device *d) {
  int dropped = 0;
  for (int i = 0; i < POOLED; ++i) {
    if (!d->pool[i].pointer)
      continue;
    d->backend->free(d, d->pool[i].pointer);
    d->pool[i].pointer = NULL;
    dropped = 1;
  }
  return dropped;
}

/* With the lock held. */
static void *take(device *d, int64_t bytes) {
  if (bytes < 1)
    bytes = 1;
  for (int i = 0; i < POOLED; ++i)
    if (d->pool[i].pointer && d->pool[i].bytes == bytes) {
      void *found = d->pool[i].pointer;
      d->pool[i].pointer = NULL;
      return found;
    }
  void *made = d->backend->allocate(d, bytes);
  if (!made && drop_pool(d))
    made = d->backend->allocate(d, bytes);
  return made;
}

static void give(device *d, void *pointer, int64_t bytes) {
  d->backend->wait(d); /* kernels may use it */
  int place = 0;
  while (place < POOLED && d->pool[place].pointer)
    ++place;
  if (place == POOLED) {
    place = d->next_pooled;
    d->next_pooled = (place + 1) % POOLED;
    d->backend->free(d, d->pool[place].pointer);
  }
  d->pool[place].pointer = pointer;
  d->pool[place].bytes = bytes < 1 ? 1 : bytes;
}

/*===----------------------------------------------------------------------===*/
/* The context that the code sees                                             */
/*===----------------------------------------------------------------------===*/

/* The caller's context with memory of the device. Callbacks of the caller get its own: it may be part of something larger. */
typedef struct staged {
  tfc_context context;
  tfc_context *host;
  device *d;
} staged;

static void *staged_allocate(tfc_context *c, int64_t bytes) {
  device *d = bytes < 0 || bytes > INT64_MAX - HEADER ? NULL : lock_device(((staged *)c)->d->index);
  if (!d)
    return NULL;
  char *made = take(d, bytes + HEADER);
  unlock_device(d);
  if (!made)
    return NULL;
  memcpy(made, &bytes, sizeof bytes);
  return made + HEADER;
}

static void staged_deallocate(tfc_context *c, void *pointer) {
  staged *s = (staged *)c;
  device *d = pointer ? lock_device(s->d->index) : NULL;
  if (!d)
    return;
  int here = d->backend->owns(d, pointer);
  if (here) {
    int64_t bytes;
    char *made = (char *)pointer - HEADER;
    memcpy(&bytes, made, sizeof bytes);
    give(d, made, bytes + HEADER);
  }
  unlock_device(d);
  if (!here)
    s->host->deallocate(s->host, pointer); /* of a function of the host */
}

static int32_t staged_print(tfc_context *c, const char *format, int32_t summarize, const char *stream, int32_t n,
                            const tfc_tensor_desc *tensors) {
  tfc_context *host = ((staged *)c)->host;
  return host->print(host, format, summarize, stream, n, tensors);
}

static void staged_report(tfc_context *c, int32_t code, const char *message, const char *location, int32_t summarize,
                          int32_t n, const tfc_tensor_desc *tensors) {
  tfc_context *host = ((staged *)c)->host;
  host->report(host, code, message, location, summarize, n, tensors);
}

static int32_t staged_parallel_for(tfc_context *c, int64_t begin, int64_t end, int64_t grain, tfc_loop_body body, void *env) {
  tfc_context *host = ((staged *)c)->host;
  return host->parallel_for(host, begin, end, grain, body, env);
}

static int32_t staged_call_host(tfc_context *c, int64_t id, int32_t num_inputs, const tfc_tensor_desc *inputs,
                                int32_t num_outputs, tfc_tensor_desc *outputs, int64_t *const *output_shapes) {
  tfc_context *host = ((staged *)c)->host;
  return host->call_host(host, id, num_inputs, inputs, num_outputs, outputs, output_shapes);
}

static void wrap_context(staged *s, tfc_context *host, device *d) {
  memset(s, 0, sizeof *s);
  memcpy(&s->context, host, host->struct_size < sizeof s->context ? host->struct_size : sizeof s->context);
  s->host = host;
  s->d = d;
  s->context.allocate = staged_allocate;
  s->context.deallocate = staged_deallocate;
  s->context.print = host->print ? staged_print : NULL;
  s->context.report = host->report ? staged_report : NULL;
  s->context.parallel_for = host->parallel_for ? staged_parallel_for : NULL;
  s->context.call_host = host->call_host ? staged_call_host : NULL;
}

/*===----------------------------------------------------------------------===*/
/* Calls                                                                      */
/*===----------------------------------------------------------------------===*/

static int32_t report(tfc_context *host, int32_t status, const char *message) {
  if (host->report)
    host->report(host, status, message, "", 0, 0, NULL);
  return status;
}

static int fits(device *d, const void *pointer) { return d->backend->owns(d, pointer) && (uintptr_t)pointer % 16 == 0; }

/* Is all memory of the call the device's, and as aligned as what is allocated there? Kernels copy units of 16 bytes. With the lock
 * held. */
static int is_here(device *d, const tfc_context *ctx, void *const *buffers, const int64_t *sizes, const int64_t *signature) {
  const slot *slots = slots_of(signature);
  if (signature[0] && (!ctx->arena || !d->backend->owns(d, ctx->arena)))
    return 0;
  for (int64_t i = 0; i < signature[1]; sizes += slots[i++].unknown)
    if (buffers[i] && bytes_of(&slots[i], sizes) && !fits(d, buffers[i]))
      return 0;
  return 1;
}

typedef struct call {
  staged staged;
  int64_t count, arena_bytes;
  const slot *slots;
  void **made;      /* memory of the device for each buffer, or NULL */
  void **now;       /* what the code is given, and may replace */
  int64_t *bytes;   /* of `made` */
  int64_t *sizes;
  int64_t num_sizes;
} call;

static int prepare_call(call *c, const int64_t *signature) {
  c->arena_bytes = signature[0];
  c->count = signature[1];
  c->slots = slots_of(signature);
  for (int64_t i = 0; i < c->count; ++i)
    c->num_sizes += c->slots[i].unknown;
  size_t n = (size_t)c->count + 1;
  c->made = calloc(n, sizeof *c->made);
  c->now = calloc(n, sizeof *c->now);
  c->bytes = calloc(n, sizeof *c->bytes);
  c->sizes = calloc((size_t)c->num_sizes + 1, sizeof *c->sizes);
  return c->made && c->now && c->bytes && c->sizes;
}

/* Memory of the device for everything, with the arguments in it; the bytes that there is no memory for, or 0. */
static int64_t copy_in(call *c, device *d, void *const *buffers, const int64_t *sizes) {
  if (c->arena_bytes && !(c->staged.context.arena = take(d, c->arena_bytes)))
    return c->arena_bytes;
  c->staged.context.arena_bytes = c->arena_bytes;
  memcpy(c->sizes, sizes, (size_t)c->num_sizes * sizeof *sizes);
  for (int64_t i = 0; i < c->count; sizes += c->slots[i++].unknown) {
    int64_t bytes = buffers[i] ? bytes_of(&c->slots[i], sizes) : 0;
    c->now[i] = buffers[i];
    if (!bytes || fits(d, buffers[i]))
      continue;
    if (!(c->made[i] = take(d, bytes)))
      return bytes;
    c->now[i] = c->made[i];
    c->bytes[i] = bytes;
    if (c->slots[i].kind == TFC_GPU_RESULT)
      continue;
    memcpy(c->made[i], buffers[i], (size_t)bytes);
    d->counters.bytes_in += bytes;
  }
  return 0;
}

/* One buffer after the call, in memory of the caller; a status. `sizes` are its own. */
static int32_t copy_out(call *c, int64_t i, void **buffer, int64_t *sizes, const int64_t *now, int64_t *copied) {
  const slot *s = &c->slots[i];
  if (s->kind == TFC_GPU_ARGUMENT || s->kind == TFC_GPU_READ_VARIABLE)
    return TFC_OK;
  void *from = c->now[i];
  if (from == c->made[i] || from == *buffer) {
    if (from != *buffer) {
      memcpy(*buffer, from, (size_t)c->bytes[i]);
      *copied += c->bytes[i];
    }
  } else if (from) {
    /* Memory that the code allocated: the caller gets its own. */
    int64_t bytes = bytes_of(s, now);
    void *fresh = c->staged.host->allocate(c->staged.host, bytes);
    if (fresh)
      memcpy(fresh, from, (size_t)bytes);
    staged_deallocate(&c->staged.context, from);
    if (!fresh)
      return TFC_OUT_OF_MEMORY;
    *copied += bytes;
    *buffer = fresh;
  }
  memcpy(sizes, now, (size_t)s->unknown * sizeof *sizes);
  return TFC_OK;
}

static void end_call(call *c) {
  device *d = lock_device(c->staged.d->index);
  if (d) {
    for (int64_t i = 0; c->made && i < c->count; ++i)
      if (c->made[i])
        give(d, c->made[i], c->bytes[i]);
    if (c->arena_bytes && c->staged.context.arena)
      give(d, c->staged.context.arena, c->arena_bytes);
    unlock_device(d);
  }
  free(c->made);
  free(c->now);
  free(c->bytes);
  free(c->sizes);
}

int32_t tfc_gpu_call(int32_t index, tfc_context *ctx, void **buffers, int64_t *sizes, const int64_t *signature, tfc_entry entry) {
  const char *message;
  device *d = lock_device(index);
  if (!d) {
    int32_t status = tfc_gpu_status(&message);
    return report(ctx, status, message);
  }
  int here = is_here(d, ctx, buffers, sizes, signature);
  unlock_device(d);
  if (here)
    return entry(ctx, buffers, sizes);
  call c = {.count = 0};
  wrap_context(&c.staged, ctx, d);
  c.staged.context.arena = NULL;
  int64_t missing = prepare_call(&c, signature) ? 0 : 1;
  if (!missing && lock_device(index)) {
    missing = copy_in(&c, d, buffers, sizes);
    unlock_device(d);
  }
  if (missing) {
    char text[128];
    snprintf(text, sizeof text, "out of device memory: %lld bytes on device %d", (long long)missing, index);
    end_call(&c);
    return report(ctx, TFC_OUT_OF_MEMORY, text);
  }
  int failures = device_failures();
  int32_t status = entry(&c.staged.context, c.now, c.sizes);
  if (lock_device(index)) {
    d->backend->wait(d);
    unlock_device(d);
  }
  int32_t late = tfc_gpu_status(&message);
  if (late && status == TFC_OK)
    status = report(ctx, late, message);
  /* Where the device failed, nobody knows how far kernels came: the caller's variables stay as they were. */
  int failed = device_failures() != failures;
  int64_t copied = 0, *now = c.sizes;
  for (int64_t i = 0; i < c.count; ++i) {
    int is_result = c.slots[i].kind == TFC_GPU_RESULT;
    if (is_result ? status == TFC_OK : !failed) {
      int32_t bad = copy_out(&c, i, &buffers[i], sizes, now, &copied);
      if (bad && status == TFC_OK)
        status = report(ctx, bad, "out of memory");
    } else if (c.now[i] && c.now[i] != c.made[i] && c.now[i] != buffers[i]) {
      staged_deallocate(&c.staged.context, c.now[i]);
    }
    sizes += c.slots[i].unknown;
    now += c.slots[i].unknown;
  }
  if (lock_device(index)) {
    d->counters.bytes_out += copied;
    unlock_device(d);
  }
  end_call(&c);
  return status;
}

void *tfc_gpu_constant(int32_t index, void **slot, void *data, int64_t bytes) {
  void *known = __atomic_load_n(slot, __ATOMIC_ACQUIRE);
  if (known)
    return known;
  device *d = lock_device(index);
  if (!d)
    return data;
  known = __atomic_load_n(slot, __ATOMIC_ACQUIRE);
  if (!known && (known = take(d, bytes))) {
    memcpy(known, data, (size_t)bytes);
    d->counters.bytes_in += bytes;
    __atomic_store_n(slot, known, __ATOMIC_RELEASE);
  }
  unlock_device(d);
  return known ? known : data; /* the launch says what is missing */
}
