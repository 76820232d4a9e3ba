/* backend.h - what the entry points need of a driver.
 *
 * Programs may compile the runtime as one file with one driver (TFC_GPU_NO_CUDA
 * or TFC_GPU_NO_VULKAN leaves the other out), so that static names of
 * tfc_gpu.c, staging.c and of a driver differ. */
#ifndef TFC_DEVICERUNTIME_BACKEND_H
#define TFC_DEVICERUNTIME_BACKEND_H

#include "tfc-rt/tfc_gpu.h"
#include "tfc-rt/tfc_rt.h"
#include <pthread.h>

typedef struct device device;

/* Functions of one driver. All but `discover` are called with the device's lock
 * held. */
typedef struct backend {
  const char *name;
  /* Adds the driver's devices with add_device; or says in `why` (of `size`
   * bytes) why there are none. */
  void (*discover)(char *why, size_t size);
  int32_t (*open)(device *d); /* a tfc_status; sets the error */
  void *(*load)(device *d, const void *data, size_t size);
  void (*unload)(device *d, void *module);
  void *(*function)(device *d, void *module, const char *name);
  void (*launch)(device *d, void *function, const uint32_t grid[3],
                 const uint32_t block[3], uint32_t shared, void **params,
                 const uint64_t *written, size_t count);
  void (*wait)(device *d);
  void *(*allocate)(device *d, int64_t bytes);
  void (*free)(device *d, void *pointer);
  int (*owns)(device *d,
              const void *pointer); /* is it (in) memory that allocate gave? */
} backend;

enum { MAX_DEVICES = 16, POOLED = 32 };

struct device {
  const backend *backend;
  int32_t index;
  tfc_gpu_info info;
  tfc_gpu_counters counters;
  int64_t memory_limit;
  int32_t opened; /* 1: yes, -1: failed */
  pthread_mutex_t lock;
  void *state; /* of the backend */
  struct {
    void *pointer;
    int64_t bytes;
  } pool[POOLED]; /* of staging.c: memory of calls before, for those that follow
                   */
  int next_pooled;
};

/* The device, opened and locked; NULL with the error set. */
device *lock_device(int32_t index);
void unlock_device(device *d);
/* Gives back what is kept for later calls; zero if nothing was. With the lock
 * held. */
int drop_pool(device *d);
/* How many errors this thread has taken. */
int device_failures(void);

/* A new device, or NULL if there are too many. */
device *add_device(const backend *b);
/* Keeps the first error until it is taken. */
void set_error(int32_t status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
int has_error(void);
/* The library to load for a driver: what the environment variable names, or the
 * usual one. */
const char *library_name(const char *variable, const char *usual);
/* Counts an allocation; zero if it would exceed the limit. */
int reserve_bytes(device *d, int64_t bytes);
void release_bytes(device *d, int64_t bytes);

extern const backend vulkan_backend;
extern const backend cuda_backend;

#endif
