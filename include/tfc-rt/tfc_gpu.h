/* tfc_gpu.h - the device runtime: what host code of kernels calls.
 *
 * The entry points that launch kernels and move memory have the names and signatures of MLIR's GPU runtimes (mgpu*), so host
 * code made by MLIR's own passes runs here as well. Behind them are Vulkan (libvulkan.so.1) and CUDA (libcuda.so.1), both
 * loaded when the first device is asked for: a machine without them has no devices, and needs neither to link. The environment
 * variables TFC_VULKAN_LIBRARY and TFC_CUDA_LIBRARY name other files to load.
 *
 * Memory. mgpuMemAlloc gives memory that host and device both see at the same address: on Vulkan host-visible memory (local to the
 * device where there is such a kind), on CUDA managed memory. A kernel may also be given other host memory: it is
 * copied to the device for that launch, and what the kernel may write is copied back before the launch returns. Entries of compiled
 * code do not leave it to that: tfc_gpu_call exchanges the caller's memory once a call.
 *
 * Order. Launches of one device run as if one after the other; those that share no memory may overlap. They have run when
 * mgpuStreamSynchronize returns: before, the host must not touch their memory.
 *
 * Errors. The mgpu* functions return nothing, as in MLIR: the first error is kept until tfc_gpu_status takes it, and launches after it do
 * nothing. No function aborts or prints.
 */
#ifndef TFC_GPU_H
#define TFC_GPU_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define TFC_GPU_API __attribute__((visibility("default")))
#else
#define TFC_GPU_API
#endif

enum tfc_gpu_backend { TFC_GPU_VULKAN = 1, TFC_GPU_CUDA = 2 };

/* What kernels of a device may hold. */
enum tfc_gpu_feature {
  TFC_GPU_F64 = 1,
  TFC_GPU_F16 = 2,
  TFC_GPU_I64 = 4,
  TFC_GPU_I16 = 8, /* also in memory */
  TFC_GPU_I8 = 16, /* also in memory */
  TFC_GPU_SUBGROUPS = 32 /* arithmetic and shuffles of subgroups in compute */
};

typedef struct tfc_gpu_info {
  char name[256];
  char driver[256];
  int32_t backend;      /* enum tfc_gpu_backend */
  int32_t is_software;  /* a driver that runs kernels on the CPU */
  uint32_t features;    /* of enum tfc_gpu_feature */
  int32_t max_threads;  /* of a block */
  int32_t shared_bytes; /* of a block */
  int32_t subgroup;     /* threads of a subgroup (warp) */
  int64_t memory_bytes; /* of the largest heap that buffers come from */
  int64_t buffer_bytes; /* that a kernel can reach through one argument */
  int32_t compute_major, compute_minor; /* CUDA: the compute capability */
} tfc_gpu_info;

typedef struct tfc_gpu_counters {
  int64_t launches;       /* kernels started */
  int64_t waits;          /* times that the host waited for kernels */
  int64_t bytes_in;       /* copied for kernels from memory that is not the device's */
  int64_t bytes_out;      /* copied back to such memory */
  int64_t bytes_in_use;   /* of device memory now */
  int64_t bytes_peak;
  int64_t modules;        /* loaded */
  int64_t barriers;       /* put between launches that share memory */
} tfc_gpu_counters;

/* The number of devices; 0 where no driver was found. tfc_gpu_why_none then says what was tried. */
TFC_GPU_API int32_t tfc_gpu_device_count(void);
TFC_GPU_API const char *tfc_gpu_why_none(void);
/* Fills in `*out`; nonzero if there is no such device. */
TFC_GPU_API int32_t tfc_gpu_device_info(int32_t device, tfc_gpu_info *out);
/* Opens a device, which other functions do by themselves at first use. A tfc_status; `*out_message` (of static storage, may be NULL) says
 * what is wrong. */
TFC_GPU_API int32_t tfc_gpu_open(int32_t device, const char **out_message);
/* The most bytes to allocate on a device; 0: as much as there is. */
TFC_GPU_API void tfc_gpu_set_memory_limit(int32_t device, int64_t bytes);
TFC_GPU_API void tfc_gpu_get_counters(int32_t device, tfc_gpu_counters *out);
/* bytes_peak becomes bytes_in_use. */
TFC_GPU_API void tfc_gpu_reset_peak(int32_t device);

/* Takes the first error since the last call: a tfc_status and its message (valid on this thread until the next call). */
TFC_GPU_API int32_t tfc_gpu_status(const char **out_message);

/* How an entry of compiled code (tfc_rt.h) uses a buffer. */
enum tfc_gpu_kind { TFC_GPU_ARGUMENT, TFC_GPU_READ_VARIABLE, TFC_GPU_VARIABLE, TFC_GPU_RESULT };
/* A call of an entry whose kernels run on a device: compiled code calls this with its own second half. If all memory of the call is the
 * device's, that is a plain call of it. Otherwise arguments and variables are copied to the device before, results and variables
 * back after it, and temporaries are memory of the device: nothing is copied for single launches. After an error of the device,
 * variables in memory of the host are what they were before the call.
 * signature: bytes of the arena, the number of buffers; then for each a tfc_gpu_kind, the bytes of its known dimensions, and how
 * many of its dimensions are in `sizes`. */
struct tfc_context;
TFC_GPU_API int32_t tfc_gpu_call(int32_t device, struct tfc_context *ctx, void **buffers, int64_t *sizes,
                                 const int64_t *signature,
                                 int32_t (*entry)(struct tfc_context *ctx, void **buffers, int64_t *sizes));
/* A constant of compiled code in memory of the device: copied there once, and kept in `*slot` as long as the process runs. */
TFC_GPU_API void *tfc_gpu_constant(int32_t device, void **slot, void *data, int64_t bytes);

/* Memory of one device, for hosts with several. NULL if there is none left (the error is not kept). */
TFC_GPU_API void *tfc_gpu_allocate(int32_t device, int64_t bytes);
TFC_GPU_API void tfc_gpu_free(int32_t device, void *pointer);

/* MLIR's entry points. The device is the one that the calling thread chose last with mgpuSetDefaultDevice, at first device 0. */
TFC_GPU_API void mgpuSetDefaultDevice(int32_t device);
/* SPIR-V on a Vulkan device; PTX, cubin or fatbin on a CUDA device. NULL after an error. */
TFC_GPU_API void *mgpuModuleLoad(void *data, size_t size);
TFC_GPU_API void *mgpuModuleLoadJIT(void *data, int opt_level, size_t size);
TFC_GPU_API void mgpuModuleUnload(void *module);
TFC_GPU_API void *mgpuModuleGetFunction(void *module, const char *name);
/* params: addresses of the arguments' values. On Vulkan every argument is a buffer, and the address of its size in bytes follows each
 * (MLIR's convention of interspersed sizes). On CUDA with `extra` it is the same, and scalars have size 0; without it, arguments are
 * as cuLaunchKernel takes them. extra: NULL, or the address of a uint64_t with a bit for each buffer, set if the kernel may write it. */
TFC_GPU_API void mgpuLaunchKernel(void *function, intptr_t grid_x, intptr_t grid_y, intptr_t grid_z, intptr_t block_x,
                                  intptr_t block_y, intptr_t block_z, int32_t shared_bytes, void *stream, void **params,
                                  void **extra, size_t params_count);
TFC_GPU_API void *mgpuStreamCreate(void);
TFC_GPU_API void mgpuStreamDestroy(void *stream);
TFC_GPU_API void mgpuStreamSynchronize(void *stream);
TFC_GPU_API void mgpuStreamWaitEvent(void *stream, void *event);
TFC_GPU_API void *mgpuEventCreate(void);
TFC_GPU_API void mgpuEventDestroy(void *event);
TFC_GPU_API void mgpuEventSynchronize(void *event);
TFC_GPU_API void mgpuEventRecord(void *event, void *stream);
TFC_GPU_API void *mgpuMemAlloc(uint64_t bytes, void *stream, uint8_t is_host_shared);
TFC_GPU_API void mgpuMemFree(void *pointer, void *stream);
TFC_GPU_API void mgpuMemcpy(void *target, void *source, size_t bytes, void *stream);
TFC_GPU_API void mgpuMemset32(void *target, unsigned int value, size_t count, void *stream);
TFC_GPU_API void mgpuMemset16(void *target, unsigned short value, size_t count, void *stream);

#ifdef __cplusplus
}
#endif

#endif /* TFC_GPU_H */
