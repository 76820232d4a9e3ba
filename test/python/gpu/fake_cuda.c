/* fake_cuda.c - a driver without a device, for tests: libcuda.so.1's functions as far as the runtime uses them.
 *
 * Memory is the host's. A launch calls the function that fake_on_launch set. Every call that orders something is
 * written down (fake_log). FAKE_CUDA_FAIL="cuInit=803" makes a function fail with that code, "cuLaunchKernel=719@2" from its third call on;
 * FAKE_CUDA_DEVICES is the number of devices (1). With -DOLD_DRIVER it lacks functions that the runtime needs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct module { char *code; } module;
typedef struct function { module *of; char name[256]; } function;
typedef void (*on_launch)(const char *code, const char *name, const unsigned *grid, const unsigned *block, void **params);

enum { MOST = 4096 };
static struct { char *pointer; size_t bytes; } allocations[MOST];
static int allocation_count;
static char log_text[1 << 20];
static int stream_count, event_count;
static on_launch launched;

void fake_on_launch(on_launch f) { launched = f; }
const char *fake_log(void) { return log_text; }
void fake_clear_log(void) { log_text[0] = 0; }
int fake_allocations(char **pointers, size_t *bytes) {
  for (int i = 0; i < allocation_count; ++i) {
    pointers[i] = allocations[i].pointer;
    bytes[i] = allocations[i].bytes;
  }
  return allocation_count;
}

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
#include <stdarg.h>
static void note(const char *format, ...) {
  size_t used = strlen(log_text);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(log_text + used, sizeof log_text - used, format, arguments);
  va_end(arguments);
}

/* The code that a function should fail with, or 0. */
static int fails(const char *name) {
  static struct { const char *name; int calls; } seen[64];
  const char *wanted = getenv("FAKE_CUDA_FAIL");
  size_t length = strlen(name);
  int calls = 0;
  for (int i = 0; i < 64; ++i) {
    if (!seen[i].name)
      seen[i].name = name;
    if (strcmp(seen[i].name, name) == 0) {
      calls = seen[i].calls++;
      break;
    }
  }
  if (!wanted || strncmp(wanted, name, length) || wanted[length] != '=')
    return 0;
  const char *from = strchr(wanted, '@');
  return calls >= (from ? atoi(from + 1) : 0) ? atoi(wanted + length + 1) : 0;
}
#define MAY_FAIL(name)         \
  do {                         \
    int code = fails(name);    \
    if (code)                  \
      return code;             \
  } while (0)

int cuInit(unsigned flags) { (void)flags; MAY_FAIL("cuInit"); return 0; }
int cuDriverGetVersion(int *version) { *version = 13000; return 0; }
int cuDeviceGetCount(int *count) {
  const char *wanted = getenv("FAKE_CUDA_DEVICES");
  MAY_FAIL("cuDeviceGetCount");
  *count = wanted ? atoi(wanted) : 1;
  return 0;
}
int cuDeviceGet(int *device, int i) { *device = i; return 0; }
int cuDeviceGetName(char *name, int size, int device) { (void)device; snprintf(name, (size_t)size, "Fake device"); return 0; }
int cuDeviceGetAttribute(int *value, int which, int device) {
  (void)device;
  const char *capability = getenv("FAKE_CUDA_CAPABILITY");
  int number = capability ? atoi(capability) : 80;
  *value = which == 1 ? 1024 : which == 8 ? 49152 : which == 10 ? 32 : which == 75 ? number / 10 : which == 76 ? number % 10 : which == 83;
  return 0;
}
int cuDeviceTotalMem_v2(size_t *bytes, int device) { (void)device; *bytes = (size_t)1 << 30; return 0; }
int cuDevicePrimaryCtxRetain(void **context, int device) { (void)device; MAY_FAIL("cuDevicePrimaryCtxRetain"); *context = log_text; return 0; }
int cuCtxPushCurrent_v2(void *context) { (void)context; return 0; }
int cuCtxPopCurrent_v2(void **context) { *context = NULL; return 0; }
int cuCtxSynchronize(void) { MAY_FAIL("cuCtxSynchronize"); note("synchronize\n"); return 0; }
int cuModuleLoadDataEx(void **out, const void *data, unsigned count, int *options, void **values) {
  int code = fails("cuModuleLoadDataEx");
  if (code) {
    for (unsigned i = 0; i < count; ++i)
      if (options[i] == 5)
        strcpy(values[i], "ptxas: a line that it does not like");
    return code;
  }
  module *m = malloc(sizeof *m);
  m->code = strdup(data);
  *out = m;
  return 0;
}
int cuModuleUnload(void *m) { (void)m; return 0; }
int cuModuleGetFunction(void **out, void *m, const char *name) {
  MAY_FAIL("cuModuleGetFunction");
  function *f = malloc(sizeof *f);
  f->of = m;
  snprintf(f->name, sizeof f->name, "%s", name);
  *out = f;
  return 0;
}
int cuLaunchKernel(void *f_, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared,
                   void *stream, void **params, void **extra) {
  function *f = f_;
  (void)shared, (void)extra;
  MAY_FAIL("cuLaunchKernel");
  note("launch %s on %d\n", f->name, (int)(size_t)stream);
  unsigned grid[3] = {gx, gy, gz}, block[3] = {bx, by, bz};
  if (launched)
    launched(f->of->code, f->name, grid, block, params);
  return 0;
}
#ifndef OLD_DRIVER
int cuStreamCreate(void **stream, unsigned flags) { (void)flags; *stream = (void *)(size_t)++stream_count; return 0; }
#endif
int cuStreamWaitEvent(void *stream, void *event, unsigned flags) {
  (void)flags;
  note("stream %d waits for event %d\n", (int)(size_t)stream, (int)(size_t)event);
  return 0;
}
int cuEventCreate(void **event, unsigned flags) { (void)flags; *event = (void *)(size_t)++event_count; return 0; }
int cuEventRecord(void *event, void *stream) { note("event %d on %d\n", (int)(size_t)event, (int)(size_t)stream); return 0; }
int cuMemAllocManaged(unsigned long long *pointer, size_t bytes, unsigned flags) {
  (void)flags;
  MAY_FAIL("cuMemAllocManaged");
  char *made = NULL;
  if (allocation_count == MOST || posix_memalign((void **)&made, 256, bytes + 256))
    return 2;
  allocations[allocation_count].pointer = made;
  allocations[allocation_count++].bytes = bytes;
  *pointer = (unsigned long long)(size_t)made;
  return 0;
}
int cuMemFree_v2(unsigned long long pointer) {
  for (int i = 0; i < allocation_count; ++i)
    if (allocations[i].pointer == (char *)(size_t)pointer) {
      allocations[i] = allocations[--allocation_count];
      free((void *)(size_t)pointer);
      return 0;
    }
  return 1;
}
int cuGetErrorString(int code, const char **text) {
  *text = code == 2     ? "out of memory"
          : code == 218 ? "a PTX JIT compilation failed"
          : code == 719 ? "unspecified launch failure"
          : code == 803 ? "system has unsupported display driver / cuda driver combination"
                        : "some error";
  return 0;
}
