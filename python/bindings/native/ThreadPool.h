//===- ThreadPool.h - parallel_for of tfc_context -------------------------===//
#ifndef TFC_NATIVE_THREAD_POOL_H
#define TFC_NATIVE_THREAD_POOL_H

#include "tfc-rt/tfc_rt.h"

namespace tfc::native {

/// tfc_context.parallel_for: the caller and the pool's threads take pieces of
/// the range until none is left. Runs serially, in the caller, what is smaller
/// than two grains, what is called from a piece, and what comes while the pool
/// works for another call.
int32_t parallelFor(tfc_context *context, int64_t begin, int64_t end,
                    int64_t grain, tfc_loop_body body, void *env);

/// How many threads share a loop, the caller included.
int threadCount();
/// 0: one for each processor that this process may run on.
void setThreadCount(int count);

} // namespace tfc::native

#endif // TFC_NATIVE_THREAD_POOL_H
