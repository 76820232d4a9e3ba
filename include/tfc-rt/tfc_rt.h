/* tfc_rt.h - the binary interface of code compiled by tfc.
 *
 * This is the only header that compiled code, the in-process loader and C programs share. It is plain C99, needs no
 * library, and may be copied next to an ahead-of-time compiled object file.
 *
 * A compiled function is one symbol:
 *
 *     int32_t entry(tfc_context *ctx, void **buffers, int64_t *sizes);
 *
 * buffers  One pointer per tensor argument, then captured tensor, then variable, then result, in that order. Everything is
 *          dense row-major. Buffers need the alignment of their element; those that ctx->allocate returns and ctx->arena
 *          are aligned to TFC_ALIGNMENT bytes. A tensor without elements has a pointer that is not NULL but not readable.
 * sizes    The unknown dimensions of all of those, in the same order, dimension by dimension. The caller fills in the
 *          ones of arguments, captured tensors and variables; the callee writes the ones of results.
 * result   TFC_OK, or a tfc_status. On an error ctx->report was called exactly once before. Variables then hold what
 *          program order says: all writes before the failing operation, none after it. Results are undefined.
 *
 * Ownership.
 *   - Arguments and captured tensors are read only, and belong to the caller.
 *   - A result whose type is static is a buffer of the caller, which the callee fills.
 *   - A result with unknown dimensions comes in as NULL. The callee allocates it with ctx->allocate, stores the pointer in
 *     buffers[i] and its dimensions in sizes; the caller owns it when the status is TFC_OK, and releases it with
 *     ctx->deallocate. The pointer must be the one that ctx->allocate returned. On an error, the caller releases
 *     whatever the callee has not.
 *   - A variable's buffer belongs to the caller; the callee writes it in place. A variable with unknown dimensions may
 *     also change its shape: the callee then stores a pointer from ctx->allocate in buffers[i] and the new dimensions in sizes,
 *     and the caller owns both buffers, the one it passed and the new one. Such a replacement counts also on an error.
 *     A variable with unknown dimensions that has no value yet (only legal if it is written before it is read)
 *     comes in as NULL with dimensions 0.
 *   - A variable that is written shares its buffer with no other variable and no argument of the call.
 *
 * Threads. An entry may be called from several threads at once, each with its own context, arena and variables.
 */
#ifndef TFC_RT_H
#define TFC_RT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TFC_ABI_VERSION 1
#define TFC_ALIGNMENT 64

/* Element types. A bool is one byte, 0 or 1. Complex numbers are pairs (real, imaginary). */
enum tfc_dtype {
  TFC_BOOL = 0,
  TFC_I8 = 1,
  TFC_I16 = 2,
  TFC_I32 = 3,
  TFC_I64 = 4,
  TFC_U8 = 5,
  TFC_U16 = 6,
  TFC_U32 = 7,
  TFC_U64 = 8,
  TFC_F16 = 9,
  TFC_BF16 = 10,
  TFC_F32 = 11,
  TFC_F64 = 12,
  TFC_C64 = 13,
  TFC_C128 = 14,
  TFC_NUM_DTYPES = 15
};

/* Status codes. The numbers are part of the ABI; new ones are added at the end. */
enum tfc_status {
  TFC_OK = 0,
  TFC_INVALID_ARGUMENT = 1,    /* a check on values failed: assert, shapes that do not fit */
  TFC_OUT_OF_RANGE = 2,        /* an index or slice outside its tensor */
  TFC_OUT_OF_MEMORY = 3,       /* ctx->allocate returned NULL */
  TFC_FAILED_PRECONDITION = 4, /* state is not ready: a variable without value */
  TFC_UNIMPLEMENTED = 5,       /* a valid program this build cannot run */
  TFC_INTERNAL = 6,            /* a bug in tfc */
  TFC_CANCELLED = 7,           /* the host asked to stop: a callback failed */
  TFC_NOT_FOUND = 8,
  TFC_ALREADY_EXISTS = 9,
  TFC_UNKNOWN = 10 /* an error of the host without a better name */
};

/* A tensor by reference. `shape` has `rank` entries. Valid only during the call it is passed to. */
typedef struct tfc_tensor_desc {
  void *data;
  int32_t dtype; /* enum tfc_dtype */
  int32_t rank;
  const int64_t *shape;
} tfc_tensor_desc;

typedef struct tfc_context tfc_context;

/* The body of a parallel loop: runs iterations [begin, end). Returns a tfc_status. */
typedef int32_t (*tfc_loop_body)(tfc_context *ctx, void *env, int64_t begin, int64_t end);

/* What the host gives to a call. The host fills in every field; NULL is allowed only where it says so.
 * Callbacks may be called from any thread that runs the call (also from bodies of parallel_for). */
struct tfc_context {
  uint32_t abi_version; /* TFC_ABI_VERSION of the header the host was compiled with */
  uint32_t struct_size; /* sizeof(tfc_context) of the host; fields added later lie beyond the size of older hosts */

  void *arena;         /* scratch memory for temporaries, TFC_ALIGNMENT aligned; NULL when arena_bytes is 0 */
  int64_t arena_bytes; /* at least what the metadata of the entry asks for */
  void *user;          /* of the host; compiled code does not touch it */

  /* Memory of a size known only at run time. `bytes` may be 0. Returns NULL when there is no memory: the callee then
   * reports TFC_OUT_OF_MEMORY. `deallocate` takes NULL too. */
  void *(*allocate)(tfc_context *ctx, int64_t bytes);
  void (*deallocate)(tfc_context *ctx, void *pointer);

  /* tf.print. `format` is the text with one `{}` per tensor (`{{` and `}}` are braces); `summarize` is how many elements of
   * each end of a dimension are shown, -1 for all; `stream` is "stderr", "stdout", "file://..." or "log:<level>".
   * Returns TFC_OK, or a status at which the callee stops, returning that same status without a report. NULL: print nothing. */
  int32_t (*print)(tfc_context *ctx, const char *format, int32_t summarize, const char *stream, int32_t n,
                   const tfc_tensor_desc *tensors);

  /* Describes the error that the entry is about to return. `location` is "file:line:column" of the user's program, may be
   * empty; `tensors` are the values to show with it. NULL: the status alone is enough for the host. */
  void (*report)(tfc_context *ctx, int32_t code, const char *message, const char *location, int32_t summarize,
                 int32_t n, const tfc_tensor_desc *tensors);

  /* Runs body over [begin, end) in pieces of at least `grain` iterations, perhaps on several threads, and waits for all.
   * Returns TFC_OK or the status of a piece that failed (others may not have run). NULL: the callee loops itself. */
  int32_t (*parallel_for)(tfc_context *ctx, int64_t begin, int64_t end, int64_t grain, tfc_loop_body body, void *env);

  /* Calls the host's function number `id` (tf.py_function). The host allocates each output with ctx->allocate and fills
   * `data`; the callee gives dtype, rank and room for `rank` sizes in `shape`, which hold the expected sizes (-1: unknown)
   * and are overwritten with the real ones. The callee owns the outputs. Returns a tfc_status, at which the callee stops
   * without a report. NULL: the host has no functions. */
  int32_t (*call_host)(tfc_context *ctx, int64_t id, int32_t num_inputs, const tfc_tensor_desc *inputs,
                       int32_t num_outputs, tfc_tensor_desc *outputs, int64_t *const *output_shapes);

  /* Only code that was compiled with the option `poll` asks: a loop that may take long has done `asked` iterations. Returns
   * after how many more it wants to be asked again, or 0: the callee then stops with TFC_CANCELLED, without a report; what
   * its loop has written in place stays. `since` belongs to the loop: 0 before the host is asked for the first time in a
   * call, then the host's. NULL: never stop. */
  int32_t (*poll)(tfc_context *ctx, int32_t asked, int64_t *since);
};

typedef int32_t (*tfc_entry)(tfc_context *ctx, void **buffers, int64_t *sizes);

#ifdef __cplusplus
}
#endif

#endif /* TFC_RT_H */
