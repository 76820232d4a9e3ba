/* What a compiler would emit, by hand: entries for the tests of tfc._native. */
#include "tfc-rt/tfc_rt.h"

#include <string.h>
#include <time.h>

#define ENTRY __attribute__((visibility("default"))) int32_t
#define F(i) ((float *)buffers[i])

/* (f32[1]) -> f32[1] */
ENTRY add_one(tfc_context *ctx, void **buffers, int64_t *sizes) {
  F(1)[0] = F(0)[0] + 1;
  return TFC_OK;
}

/* 10 x (f32[1]) -> f32[1] */
ENTRY sum_ten(tfc_context *ctx, void **buffers, int64_t *sizes) {
  float total = 0;
  for (int i = 0; i < 10; ++i)
    total += F(i)[0];
  F(10)[0] = total;
  return TFC_OK;
}

/* (f32[2], f32[2]) -> (f32[2], f32[2]): sum, difference */
ENTRY sum_difference(tfc_context *ctx, void **buffers, int64_t *sizes) {
  for (int i = 0; i < 2; ++i) {
    F(2)[i] = F(0)[i] + F(1)[i];
    F(3)[i] = F(0)[i] - F(1)[i];
  }
  return TFC_OK;
}

/* (f32[?]) -> f32[?]: the positive elements */
ENTRY positive(tfc_context *ctx, void **buffers, int64_t *sizes) {
  int64_t n = sizes[0], count = 0;
  for (int64_t i = 0; i < n; ++i)
    count += F(0)[i] > 0;
  float *out = ctx->allocate(ctx, count * 4);
  float *unused = ctx->allocate(ctx, 8), *leaked = ctx->allocate(ctx, 8);
  if (!out || !unused || !leaked)
    return TFC_OUT_OF_MEMORY;
  ctx->deallocate(ctx, unused);
  count = 0;
  for (int64_t i = 0; i < n; ++i)
    if (F(0)[i] > 0)
      out[count++] = F(0)[i];
  buffers[1] = out;
  sizes[1] = count;
  return TFC_OK;
}

/* () -> f32[?] in memory of the callee: a bug the host must catch */
ENTRY foreign_memory(tfc_context *ctx, void **buffers, int64_t *sizes) {
  static float memory[16];
  buffers[0] = memory + 8;
  sizes[0] = 4;
  return TFC_OK;
}

/* (variable f32[1]): v += 1 */
ENTRY increment(tfc_context *ctx, void **buffers, int64_t *sizes) {
  F(0)[0] += 1;
  return TFC_OK;
}

/* (f32[2], variable f32[2]): v = x */
ENTRY store(tfc_context *ctx, void **buffers, int64_t *sizes) {
  memcpy(buffers[1], buffers[0], 8);
  return TFC_OK;
}

/* (variable f32[1], variable f32[1]): swaps them */
ENTRY swap(tfc_context *ctx, void **buffers, int64_t *sizes) {
  float t = F(0)[0];
  F(0)[0] = F(1)[0];
  F(1)[0] = t;
  return TFC_OK;
}

/* (variable f32[1]): v += 1, error, v += 1 */
ENTRY write_then_fail(tfc_context *ctx, void **buffers, int64_t *sizes) {
  F(0)[0] += 1;
  int64_t shape[1] = {1};
  tfc_tensor_desc desc = {buffers[0], TFC_F32, 1, shape};
  ctx->report(ctx, TFC_INVALID_ARGUMENT, "assertion failed", "model.py:3:5", 3, 1, &desc);
  return TFC_INVALID_ARGUMENT;
}

/* (variable f32[1]): an error without a report */
ENTRY fail_silently(tfc_context *ctx, void **buffers, int64_t *sizes) { return TFC_OUT_OF_RANGE; }

/* (variable f32[?]): appends a zero */
ENTRY append_zero(tfc_context *ctx, void **buffers, int64_t *sizes) {
  int64_t n = sizes[0];
  float *bigger = ctx->allocate(ctx, (n + 1) * 4);
  if (n)
    memcpy(bigger, buffers[0], n * 4);
  bigger[n] = 0;
  buffers[0] = bigger;
  sizes[0] = n + 1;
  return TFC_OK;
}

/* (f32[2]) -> f32[2]: prints its argument, then copies it */
ENTRY print_it(tfc_context *ctx, void **buffers, int64_t *sizes) {
  int64_t shape[1] = {2};
  tfc_tensor_desc desc = {buffers[0], TFC_F32, 1, shape};
  int32_t status = ctx->print(ctx, "x is {}", 3, "stderr", 1, &desc);
  if (status != TFC_OK)
    return status;
  memcpy(buffers[1], buffers[0], 8);
  return TFC_OK;
}

/* (variable f32[1]): v += 1, host function 7(v), v += 1 */
ENTRY call_out(tfc_context *ctx, void **buffers, int64_t *sizes) {
  int64_t in_shape[1] = {1}, out_shape[1] = {-1};
  int64_t *out_shapes[1] = {out_shape};
  F(0)[0] += 1;
  tfc_tensor_desc in = {buffers[0], TFC_F32, 1, in_shape}, out = {0, TFC_F32, 1, out_shape};
  int32_t status = ctx->call_host(ctx, 7, 1, &in, 1, &out, out_shapes);
  if (status != TFC_OK)
    return status;
  F(0)[0] += ((float *)out.data)[out_shape[0] - 1];
  ctx->deallocate(ctx, out.data);
  return TFC_OK;
}

/* (variable f32[1]): reads, waits, writes what it read plus one */
ENTRY slow_increment(tfc_context *ctx, void **buffers, int64_t *sizes) {
  float value = F(0)[0];
  struct timespec pause = {0, 2000000};
  nanosleep(&pause, 0);
  F(0)[0] = value + 1;
  return TFC_OK;
}

/* () -> i64[3]: address and size of the arena, alignment of the result */
ENTRY arena(tfc_context *ctx, void **buffers, int64_t *sizes) {
  int64_t *out = buffers[0];
  memset(ctx->arena, 0xff, ctx->arena_bytes);
  out[0] = (int64_t)(intptr_t)ctx->arena;
  out[1] = ctx->arena_bytes;
  out[2] = (int64_t)((uintptr_t)buffers[0] % TFC_ALIGNMENT);
  return TFC_OK;
}

/* Squares of the pieces that it gets; a negative element is an error. */
static int32_t square_piece(tfc_context *ctx, void *env, int64_t begin, int64_t end) {
  void **buffers = env;
  for (int64_t i = begin; i < end; ++i) {
    if (F(0)[i] < 0)
      return TFC_INVALID_ARGUMENT;
    F(1)[i] = F(0)[i] * F(0)[i];
  }
  return TFC_OK;
}

/* (f32[10000]) -> f32[10000]: squares, in parallel */
ENTRY parallel_squares(tfc_context *ctx, void **buffers, int64_t *sizes) {
  if (!ctx->parallel_for)
    return square_piece(ctx, buffers, 0, 10000);
  return ctx->parallel_for(ctx, 0, 10000, 7, square_piece, buffers);
}

/* Each piece runs a loop of its own over its share. */
static int32_t nested_piece(tfc_context *ctx, void *env, int64_t begin, int64_t end) {
  return ctx->parallel_for(ctx, begin, end, 1, square_piece, env);
}

/* (f32[10000]) -> f32[10000]: squares, by loops in a loop */
ENTRY nested_squares(tfc_context *ctx, void **buffers, int64_t *sizes) {
  return ctx->parallel_for(ctx, 0, 10000, 100, nested_piece, buffers);
}

/* (f32[1]) -> f32[1]: the number of iterations that an empty, a short and a large grain lead to */
static int32_t count_piece(tfc_context *ctx, void *env, int64_t begin, int64_t end) {
  __atomic_fetch_add((int64_t *)env, end - begin, __ATOMIC_SEQ_CST);
  return TFC_OK;
}
ENTRY odd_ranges(tfc_context *ctx, void **buffers, int64_t *sizes) {
  int64_t count = 0;
  int32_t status = ctx->parallel_for(ctx, 5, 5, 1, count_piece, &count);
  status |= ctx->parallel_for(ctx, 9, 5, 1, count_piece, &count);
  status |= ctx->parallel_for(ctx, -3, 4, 100, count_piece, &count);
  status |= ctx->parallel_for(ctx, 0, 1000, 0, count_piece, &count);
  F(1)[0] = (float)count;
  return status;
}
