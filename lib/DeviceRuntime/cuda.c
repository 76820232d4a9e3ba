/* cuda.c - the CUDA driver API, loaded at run time (libcuda.so.1). Memory is managed: one address for host and device.
 *
 * Launches go to one of a few streams. One that touches memory which an earlier one writes, or writes what that touches, goes
 * behind it: into its stream, or after an event of it where several such are in different streams. So chains that share nothing
 * run beside each other. */
#define _GNU_SOURCE
#include "backend.h"
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The part of the driver's binary interface that is used; numbers and names as CUDA 12 documents them. */
typedef int CUresult;
typedef int CUdevice;
typedef void *CUcontext, *CUmodule, *CUfunction, *CUstream, *CUevent;
typedef unsigned long long CUdeviceptr;
enum { CU_MEM_ATTACH_GLOBAL = 1, CU_STREAM_NON_BLOCKING = 1, CU_EVENT_DISABLE_TIMING = 2 };
enum {
  STREAMS = 4,
  MAX_RUNNING = 64, /* launches that are known to be running */
  MAX_ARGUMENTS = 256
};
enum {
  ATTRIBUTE_MAX_THREADS = 1,
  ATTRIBUTE_SHARED = 8,
  ATTRIBUTE_WARP = 10,
  ATTRIBUTE_MAJOR = 75,
  ATTRIBUTE_MINOR = 76,
  ATTRIBUTE_MANAGED = 83
};

static struct {
  CUresult (*Init)(unsigned);
  CUresult (*DriverGetVersion)(int *);
  CUresult (*DeviceGetCount)(int *);
  CUresult (*DeviceGet)(CUdevice *, int);
  CUresult (*DeviceGetName)(char *, int, CUdevice);
  CUresult (*DeviceGetAttribute)(int *, int, CUdevice);
  CUresult (*DeviceTotalMem)(size_t *, CUdevice);
  CUresult (*DevicePrimaryCtxRetain)(CUcontext *, CUdevice);
  CUresult (*CtxPushCurrent)(CUcontext);
  CUresult (*CtxPopCurrent)(CUcontext *);
  CUresult (*CtxSynchronize)(void);
  CUresult (*ModuleLoadDataEx)(CUmodule *, const void *, unsigned, int *, void **);
  CUresult (*ModuleUnload)(CUmodule);
  CUresult (*ModuleGetFunction)(CUfunction *, CUmodule, const char *);
  CUresult (*LaunchKernel)(CUfunction, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, CUstream,
                           void **, void **);
  CUresult (*StreamCreate)(CUstream *, unsigned);
  CUresult (*StreamWaitEvent)(CUstream, CUevent, unsigned);
  CUresult (*EventCreate)(CUevent *, unsigned);
  CUresult (*EventRecord)(CUevent, CUstream);
  CUresult (*MemAllocManaged)(CUdeviceptr *, size_t, unsigned);
  CUresult (*MemFree)(CUdeviceptr);
  CUresult (*GetErrorString)(CUresult, const char **);
} cu;

static const struct {
  const char *name;
  void **slot;
} symbols[] = {
    {"cuInit", (void **)&cu.Init},
    {"cuDriverGetVersion", (void **)&cu.DriverGetVersion},
    {"cuDeviceGetCount", (void **)&cu.DeviceGetCount},
    {"cuDeviceGet", (void **)&cu.DeviceGet},
    {"cuDeviceGetName", (void **)&cu.DeviceGetName},
    {"cuDeviceGetAttribute", (void **)&cu.DeviceGetAttribute},
    {"cuDeviceTotalMem_v2", (void **)&cu.DeviceTotalMem},
    {"cuDevicePrimaryCtxRetain", (void **)&cu.DevicePrimaryCtxRetain},
    {"cuCtxPushCurrent_v2", (void **)&cu.CtxPushCurrent},
    {"cuCtxPopCurrent_v2", (void **)&cu.CtxPopCurrent},
    {"cuCtxSynchronize", (void **)&cu.CtxSynchronize},
    {"cuModuleLoadDataEx", (void **)&cu.ModuleLoadDataEx},
    {"cuModuleUnload", (void **)&cu.ModuleUnload},
    {"cuModuleGetFunction", (void **)&cu.ModuleGetFunction},
    {"cuLaunchKernel", (void **)&cu.LaunchKernel},
    {"cuStreamCreate", (void **)&cu.StreamCreate},
    {"cuStreamWaitEvent", (void **)&cu.StreamWaitEvent},
    {"cuEventCreate", (void **)&cu.EventCreate},
    {"cuEventRecord", (void **)&cu.EventRecord},
    {"cuMemAllocManaged", (void **)&cu.MemAllocManaged},
    {"cuMemFree_v2", (void **)&cu.MemFree},
    {"cuGetErrorString", (void **)&cu.GetErrorString},
};

/* An allocation of ours: what is not in the list is host memory. */
typedef struct block {
  char *begin;
  int64_t bytes;
  struct block *next;
} block;

/* Memory that a launch touches. */
typedef struct touched {
  const char *begin, *end;
  int writes;
} touched;

typedef struct running {
  int stream;
  CUevent event; /* recorded behind it; kept for later launches */
  touched *touched;
  size_t count, room;
} running;

typedef struct state {
  CUdevice device;
  CUcontext context;
  block *blocks;
  CUstream streams[STREAMS];
  running running[MAX_RUNNING];
  int running_count, next_stream;
} state;

static const char *text(CUresult code) {
  const char *message = NULL;
  if (cu.GetErrorString)
    cu.GetErrorString(code, &message);
  return message ? message : "unknown error";
}

/* Nonzero, with the error kept, if a call failed. */
static int failed(CUresult code, const char *what) {
  if (!code)
    return 0;
  set_error(code == 2 ? TFC_OUT_OF_MEMORY : TFC_INTERNAL, "CUDA: %s: %s (%d)", what, text(code), code);
  return 1;
}

static int attribute(CUdevice device, int which) {
  int value = 0;
  cu.DeviceGetAttribute(&value, which, device);
  return value;
}

static void discover(char *why, size_t size) {
  const char *name = library_name("TFC_CUDA_LIBRARY", "libcuda.so.1");
  void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    snprintf(why, size, "%s was not found", name);
    return;
  }
  for (size_t i = 0; i < sizeof symbols / sizeof *symbols; ++i)
    if (!(*symbols[i].slot = dlsym(library, symbols[i].name))) {
      snprintf(why, size, "%s has no %s: the driver is too old", name, symbols[i].name);
      return;
    }
  CUresult code = cu.Init(0);
  int count = 0, version = 0;
  if (!code)
    code = cu.DeviceGetCount(&count);
  if (code) {
    snprintf(why, size, "%s", text(code));
    return;
  }
  cu.DriverGetVersion(&version);
  for (int i = 0; i < count; ++i) {
    CUdevice handle;
    if (cu.DeviceGet(&handle, i) || !attribute(handle, ATTRIBUTE_MANAGED))
      continue;
    device *d = add_device(&cuda_backend);
    state *s = d ? calloc(1, sizeof *s) : NULL;
    if (!s)
      return;
    s->device = handle;
    d->state = s;
    tfc_gpu_info *info = &d->info;
    cu.DeviceGetName(info->name, sizeof info->name, handle);
    snprintf(info->driver, sizeof info->driver, "CUDA %d.%d", version / 1000, version % 1000 / 10);
    info->backend = TFC_GPU_CUDA;
    info->features = TFC_GPU_F64 | TFC_GPU_F16 | TFC_GPU_I64 | TFC_GPU_I16 | TFC_GPU_I8 | TFC_GPU_SUBGROUPS;
    info->max_threads = attribute(handle, ATTRIBUTE_MAX_THREADS);
    info->shared_bytes = attribute(handle, ATTRIBUTE_SHARED);
    info->subgroup = attribute(handle, ATTRIBUTE_WARP);
    info->compute_major = attribute(handle, ATTRIBUTE_MAJOR);
    info->compute_minor = attribute(handle, ATTRIBUTE_MINOR);
    size_t bytes = 0;
    cu.DeviceTotalMem(&bytes, handle);
    info->memory_bytes = info->buffer_bytes = (int64_t)bytes;
  }
  snprintf(why, size, "%d devices", count);
}

static void enter(state *s) { cu.CtxPushCurrent(s->context); }
static void leave(void) {
  CUcontext old;
  cu.CtxPopCurrent(&old);
}

static int32_t open_device(device *d) {
  state *s = d->state;
  if (failed(cu.DevicePrimaryCtxRetain(&s->context, s->device), "cuDevicePrimaryCtxRetain"))
    return TFC_INTERNAL;
  enter(s);
  int bad = 0;
  for (int i = 0; i < STREAMS && !bad; ++i)
    bad = failed(cu.StreamCreate(&s->streams[i], CU_STREAM_NON_BLOCKING), "cuStreamCreate");
  leave();
  return bad ? TFC_INTERNAL : TFC_OK;
}

static void *load(device *d, const void *data, size_t size) {
  /* PTX is text that has to end in a zero. */
  char *copy = malloc(size + 1), log[512] = "";
  if (!copy) {
    set_error(TFC_OUT_OF_MEMORY, "out of memory");
    return NULL;
  }
  memcpy(copy, data, size);
  copy[size] = 0;
  int options[] = {5, 6}; /* the error log, and its size */
  void *values[] = {log, (void *)(uintptr_t)sizeof log};
  CUmodule module = NULL;
  enter(d->state);
  CUresult code = cu.ModuleLoadDataEx(&module, copy, 2, options, values);
  leave();
  free(copy);
  if (code) {
    set_error(TFC_INTERNAL, "CUDA refuses the kernel: %s (%d) %s", text(code), code, log);
    return NULL;
  }
  return module;
}

static void unload(device *d, void *module) {
  enter(d->state);
  cu.ModuleUnload(module);
  leave();
}

static void *function(device *d, void *module, const char *name) {
  CUfunction result = NULL;
  enter(d->state);
  failed(cu.ModuleGetFunction(&result, module, name), name);
  leave();
  return result;
}

static void wait(device *d) {
  state *s = d->state;
  if (!s->running_count)
    return;
  enter(s);
  failed(cu.CtxSynchronize(), "kernels");
  leave();
  s->running_count = 0;
  ++d->counters.waits;
}

static void *allocate(device *d, int64_t bytes) {
  state *s = d->state;
  block *made = malloc(sizeof *made);
  CUdeviceptr pointer = 0;
  if (!made || !reserve_bytes(d, bytes)) {
    free(made);
    return NULL;
  }
  enter(s);
  CUresult code = cu.MemAllocManaged(&pointer, (size_t)bytes, CU_MEM_ATTACH_GLOBAL);
  leave();
  if (code) {
    release_bytes(d, bytes);
    free(made);
    return NULL;
  }
  made->begin = (char *)(uintptr_t)pointer;
  made->bytes = bytes;
  made->next = s->blocks;
  s->blocks = made;
  return made->begin;
}

static void release(device *d, void *pointer) {
  state *s = d->state;
  for (block **link = &s->blocks; *link; link = &(*link)->next) {
    block *found = *link;
    if (found->begin != pointer)
      continue;
    wait(d);
    *link = found->next;
    release_bytes(d, found->bytes);
    enter(s);
    cu.MemFree((CUdeviceptr)(uintptr_t)pointer);
    leave();
    free(found);
    return;
  }
}

static int is_managed(state *s, const char *pointer) {
  for (block *each = s->blocks; each; each = each->next)
    if (pointer >= each->begin && pointer < each->begin + each->bytes)
      return 1;
  return 0;
}

static int owns(device *d, const void *pointer) { return is_managed(d->state, pointer); }

static int meet(const running *before, const touched *now, size_t count) {
  for (size_t i = 0; i < before->count; ++i)
    for (size_t k = 0; k < count; ++k)
      if (before->touched[i].begin < now[k].end && now[k].begin < before->touched[i].end &&
          (before->touched[i].writes || now[k].writes))
        return 1;
  return 0;
}

/* A stream for a launch that touches this memory, behind what it has to follow; NULL after an error. */
static running *order(device *d, const touched *now, size_t count) {
  state *s = d->state;
  if (s->running_count == MAX_RUNNING)
    wait(d);
  running *r = &s->running[s->running_count];
  if (count > r->room) {
    touched *grown = realloc(r->touched, count * sizeof *grown);
    if (!grown) {
      set_error(TFC_OUT_OF_MEMORY, "out of memory");
      return NULL;
    }
    r->touched = grown;
    r->room = count;
  }
  if (!r->event && failed(cu.EventCreate(&r->event, CU_EVENT_DISABLE_TIMING), "cuEventCreate"))
    return NULL;
  memcpy(r->touched, now, count * sizeof *now);
  r->count = count;
  /* The last launch of each stream that this one meets; a stream runs its own in order. */
  const running *last[STREAMS] = {NULL};
  int newest = -1;
  for (int i = 0; i < s->running_count; ++i)
    if (meet(&s->running[i], now, count)) {
      last[s->running[i].stream] = &s->running[i];
      newest = s->running[i].stream;
    }
  r->stream = newest < 0 ? s->next_stream : newest;
  if (newest < 0)
    s->next_stream = (s->next_stream + 1) % STREAMS;
  for (int i = 0; i < STREAMS; ++i) {
    if (!last[i])
      continue;
    ++d->counters.barriers;
    if (i != r->stream && failed(cu.StreamWaitEvent(s->streams[r->stream], last[i]->event, 0), "cuStreamWaitEvent"))
      return NULL;
  }
  return r;
}

/* With `written`, arguments are pairs: a value and its size in bytes if it is a pointer, 0 if it is a scalar. Other host memory
 * is copied for the launch. Without it nothing is known of the memory: the launch follows all others, and they follow it. */
static void launch(device *d, void *function_, const uint32_t grid[3], const uint32_t threads[3], uint32_t shared,
                   void **params, const uint64_t *written, size_t count) {
  state *s = d->state;
  void *values[MAX_ARGUMENTS], *copies[MAX_ARGUMENTS] = {NULL};
  touched memory[MAX_ARGUMENTS];
  size_t n = written ? count / 2 : count, buffers = 0;
  if (n > MAX_ARGUMENTS) {
    set_error(TFC_UNIMPLEMENTED, "a kernel of %zu arguments", n);
    return;
  }
  int copied = 0, back = 0;
  for (size_t i = 0; i < n; ++i) {
    values[i] = params[written ? 2 * i : i];
    int64_t bytes = written ? *(int64_t *)params[2 * i + 1] : 0;
    if (!bytes)
      continue;
    int writes = (int)(*written >> (buffers < 63 ? buffers : 63) & 1);
    char *pointer = *(char **)values[i];
    if (!is_managed(s, pointer)) {
      copied = 1;
      if (!(copies[i] = allocate(d, bytes))) {
        set_error(TFC_OUT_OF_MEMORY, "out of device memory: %lld bytes for a copy", (long long)bytes);
        goto end;
      }
      memcpy(copies[i], pointer, (size_t)bytes);
      d->counters.bytes_in += bytes;
      pointer = copies[i];
      values[i] = &copies[i];
      back |= writes;
    }
    memory[buffers++] = (touched){pointer, pointer + bytes, writes};
  }
  if (!written) {
    memory[0] = (touched){NULL, (const char *)UINTPTR_MAX, 1};
    buffers = 1;
  }
  enter(s);
  running *r = order(d, memory, buffers);
  if (r && !failed(cu.LaunchKernel(function_, grid[0], grid[1], grid[2], threads[0], threads[1], threads[2], shared,
                                   s->streams[r->stream], values, NULL),
                   "cuLaunchKernel")) {
    failed(cu.EventRecord(r->event, s->streams[r->stream]), "cuEventRecord");
    ++s->running_count;
  } else {
    back = 0;
  }
  leave();
end:
  if (!copied)
    return;
  wait(d);
  if (has_error())
    back = 0;
  buffers = 0;
  for (size_t i = 0; i < n; ++i) {
    int64_t bytes = *(int64_t *)params[2 * i + 1];
    if (!bytes)
      continue;
    int writes = (int)(*written >> (buffers < 63 ? buffers : 63) & 1);
    ++buffers;
    if (!copies[i])
      continue;
    if (back && writes) {
      memcpy(*(void **)params[2 * i], copies[i], (size_t)bytes);
      d->counters.bytes_out += bytes;
    }
    release(d, copies[i]);
  }
}

const backend cuda_backend = {"CUDA",   discover, open_device, load,     unload, function,
                              launch, wait,     allocate,    release,  owns};
