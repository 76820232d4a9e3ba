/* tfc_gpu.c - devices, errors and MLIR's entry points, over the drivers. */
#define _GNU_SOURCE
#include "backend.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static device devices[MAX_DEVICES];
static int32_t device_count;
static pthread_once_t discovered = PTHREAD_ONCE_INIT;
static char why_none[1024];

static pthread_mutex_t error_lock = PTHREAD_MUTEX_INITIALIZER;
static int32_t error_status;
static char error_message[1024];

static __thread int32_t current_device;
static __thread int failures;

void set_error(int32_t status, const char *format, ...) {
  pthread_mutex_lock(&error_lock);
  if (!error_status) {
    error_status = status;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error_message, sizeof error_message, format, arguments);
    va_end(arguments);
  }
  pthread_mutex_unlock(&error_lock);
}

const char *library_name(const char *variable, const char *usual) {
  const char *named = getenv(variable);
  return named && *named ? named : usual;
}

int has_error(void) {
  pthread_mutex_lock(&error_lock);
  int result = error_status != 0;
  pthread_mutex_unlock(&error_lock);
  return result;
}

int32_t tfc_gpu_status(const char **out_message) {
  static __thread char taken[sizeof error_message];
  pthread_mutex_lock(&error_lock);
  int32_t status = error_status;
  memcpy(taken, error_message, sizeof taken);
  error_status = 0;
  error_message[0] = 0;
  pthread_mutex_unlock(&error_lock);
  if (out_message)
    *out_message = taken;
  failures += status != TFC_OK;
  return status;
}

int device_failures(void) { return failures; }

device *add_device(const backend *b) {
  if (device_count == MAX_DEVICES)
    return NULL;
  device *d = &devices[device_count];
  memset(d, 0, sizeof *d);
  d->backend = b;
  d->index = device_count++;
  pthread_mutex_init(&d->lock, NULL);
  return d;
}

static void discover_all(void) {
  char cuda[480] = "left out", vulkan[480] = "left out";
#ifndef TFC_GPU_NO_CUDA
  cuda_backend.discover(cuda, sizeof cuda);
#endif
#ifndef TFC_GPU_NO_VULKAN
  vulkan_backend.discover(vulkan, sizeof vulkan);
#endif
  snprintf(why_none, sizeof why_none, "CUDA: %s; Vulkan: %s", cuda, vulkan);
}

int32_t tfc_gpu_device_count(void) {
  pthread_once(&discovered, discover_all);
  return device_count;
}

const char *tfc_gpu_why_none(void) {
  pthread_once(&discovered, discover_all);
  return why_none;
}

int32_t tfc_gpu_device_info(int32_t index, tfc_gpu_info *out) {
  if (index < 0 || index >= tfc_gpu_device_count())
    return 1;
  *out = devices[index].info;
  return 0;
}

device *lock_device(int32_t index) {
  if (index < 0 || index >= tfc_gpu_device_count()) {
    set_error(TFC_FAILED_PRECONDITION, "there is no device %d: %d found (%s)", index, device_count, why_none);
    return NULL;
  }
  device *d = &devices[index];
  pthread_mutex_lock(&d->lock);
  if (!d->opened)
    d->opened = d->backend->open(d) == TFC_OK ? 1 : -1;
  if (d->opened < 0) {
    set_error(TFC_FAILED_PRECONDITION, "device %d (%s) could not be opened", index, d->info.name);
    pthread_mutex_unlock(&d->lock);
    return NULL;
  }
  return d;
}

void unlock_device(device *d) { pthread_mutex_unlock(&d->lock); }

int32_t tfc_gpu_open(int32_t index, const char **out_message) {
  if (out_message)
    *out_message = "";
  device *d = lock_device(index);
  if (!d)
    return tfc_gpu_status(out_message);
  unlock_device(d);
  return TFC_OK;
}

void tfc_gpu_set_memory_limit(int32_t index, int64_t bytes) {
  if (index >= 0 && index < tfc_gpu_device_count())
    devices[index].memory_limit = bytes;
}

void tfc_gpu_get_counters(int32_t index, tfc_gpu_counters *out) {
  memset(out, 0, sizeof *out);
  if (index < 0 || index >= tfc_gpu_device_count())
    return;
  device *d = &devices[index];
  pthread_mutex_lock(&d->lock);
  *out = d->counters;
  pthread_mutex_unlock(&d->lock);
}

void tfc_gpu_reset_peak(int32_t index) {
  if (index < 0 || index >= tfc_gpu_device_count())
    return;
  device *d = &devices[index];
  pthread_mutex_lock(&d->lock);
  d->counters.bytes_peak = d->counters.bytes_in_use;
  pthread_mutex_unlock(&d->lock);
}

int reserve_bytes(device *d, int64_t bytes) {
  if (d->memory_limit && d->counters.bytes_in_use + bytes > d->memory_limit)
    return 0;
  d->counters.bytes_in_use += bytes;
  if (d->counters.bytes_in_use > d->counters.bytes_peak)
    d->counters.bytes_peak = d->counters.bytes_in_use;
  return 1;
}

void release_bytes(device *d, int64_t bytes) { d->counters.bytes_in_use -= bytes; }

void *tfc_gpu_allocate(int32_t index, int64_t bytes) {
  device *d = bytes < 0 ? NULL : lock_device(index);
  if (!d)
    return NULL;
  void *result = d->backend->allocate(d, bytes ? bytes : 1);
  if (!result && drop_pool(d))
    result = d->backend->allocate(d, bytes ? bytes : 1);
  unlock_device(d);
  return result;
}

void tfc_gpu_free(int32_t index, void *pointer) {
  device *d = pointer ? lock_device(index) : NULL;
  if (!d)
    return;
  d->backend->free(d, pointer);
  unlock_device(d);
}

/*===----------------------------------------------------------------------===*/
/* MLIR's entry points                                                        */
/*===----------------------------------------------------------------------===*/

void mgpuSetDefaultDevice(int32_t index) { current_device = index; }

/* Modules and functions know their device. */
typedef struct loaded {
  device *d;
  void *handle;
} loaded;

static void *wrap(device *d, void *handle) {
  loaded *result = handle ? malloc(sizeof *result) : NULL;
  if (result) {
    result->d = d;
    result->handle = handle;
  }
  return result;
}

void *mgpuModuleLoad(void *data, size_t size) {
  device *d = lock_device(current_device);
  if (!d)
    return NULL;
  void *result = wrap(d, d->backend->load(d, data, size));
  if (result)
    ++d->counters.modules;
  unlock_device(d);
  return result;
}

void *mgpuModuleLoadJIT(void *data, int opt_level, size_t size) {
  (void)opt_level;
  return mgpuModuleLoad(data, size);
}

void mgpuModuleUnload(void *module) {
  loaded *m = module;
  device *d = m ? lock_device(m->d->index) : NULL;
  if (!d)
    return;
  d->backend->wait(d);
  d->backend->unload(d, m->handle);
  unlock_device(d);
  free(m);
}

void *mgpuModuleGetFunction(void *module, const char *name) {
  loaded *m = module;
  device *d = m ? lock_device(m->d->index) : NULL;
  if (!d)
    return NULL;
  void *result = wrap(d, d->backend->function(d, m->handle, name));
  unlock_device(d);
  return result;
}

void mgpuLaunchKernel(void *function, intptr_t grid_x, intptr_t grid_y, intptr_t grid_z, intptr_t block_x,
                      intptr_t block_y, intptr_t block_z, int32_t shared_bytes, void *stream, void **params,
                      void **extra, size_t params_count) {
  (void)stream;
  loaded *f = function;
  if (!f || has_error())
    return;
  if (grid_x == 0 || grid_y == 0 || grid_z == 0)
    return;
  if (grid_x < 0 || grid_y < 0 || grid_z < 0 || grid_x > UINT32_MAX || grid_y > UINT32_MAX || grid_z > UINT32_MAX) {
    set_error(TFC_INTERNAL, "a grid of %td x %td x %td blocks", grid_x, grid_y, grid_z);
    return;
  }
  device *d = lock_device(f->d->index);
  if (!d)
    return;
  uint32_t grid[3] = {(uint32_t)grid_x, (uint32_t)grid_y, (uint32_t)grid_z};
  uint32_t block[3] = {(uint32_t)block_x, (uint32_t)block_y, (uint32_t)block_z};
  d->backend->launch(d, f->handle, grid, block, (uint32_t)shared_bytes, params, (const uint64_t *)extra, params_count);
  ++d->counters.launches;
  unlock_device(d);
}

/* A device orders launches by the memory they share, in streams of its own: those of the caller are names for that. */
static int the_stream;
void *mgpuStreamCreate(void) { return &the_stream; }
void mgpuStreamDestroy(void *stream) { (void)stream; }
void mgpuStreamSynchronize(void *stream) {
  (void)stream;
  device *d = lock_device(current_device);
  if (!d)
    return;
  d->backend->wait(d);
  unlock_device(d);
}
void mgpuStreamWaitEvent(void *stream, void *event) { (void)stream, (void)event; }
void *mgpuEventCreate(void) { return &the_stream; }
void mgpuEventDestroy(void *event) { (void)event; }
void mgpuEventSynchronize(void *event) { mgpuStreamSynchronize(event); }
void mgpuEventRecord(void *event, void *stream) { (void)event, (void)stream; }

void *mgpuMemAlloc(uint64_t bytes, void *stream, uint8_t is_host_shared) {
  (void)stream, (void)is_host_shared;
  void *result = bytes > INT64_MAX ? NULL : tfc_gpu_allocate(current_device, (int64_t)bytes);
  if (!result)
    set_error(TFC_OUT_OF_MEMORY, "out of device memory: %llu bytes on device %d", (unsigned long long)bytes, current_device);
  return result;
}
void mgpuMemFree(void *pointer, void *stream) {
  mgpuStreamSynchronize(stream);
  tfc_gpu_free(current_device, pointer);
}
void mgpuMemcpy(void *target, void *source, size_t bytes, void *stream) {
  mgpuStreamSynchronize(stream);
  memmove(target, source, bytes);
}
void mgpuMemset32(void *target, unsigned int value, size_t count, void *stream) {
  mgpuStreamSynchronize(stream);
  for (size_t i = 0; i < count; ++i)
    ((unsigned int *)target)[i] = value;
}
void mgpuMemset16(void *target, unsigned short value, size_t count, void *stream) {
  mgpuStreamSynchronize(stream);
  for (size_t i = 0; i < count; ++i)
    ((unsigned short *)target)[i] = value;
}
