//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Matrices in chunks of columns, row after row, that threads share: a thread
// has the same ones in each step, so what it has written is in its caches, and
// another one reads it as fast as that goes.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_TFCTOLINALG_CHUNKS_H
#define TFC_LIB_CONVERSION_TFCTOLINALG_CHUNKS_H

#include "Kernel.h"
#include <array>

namespace tfc::lowering {

/// The columns of a chunk, which are those of a panel.
constexpr int64_t chunkWidth = 32;

/// A multiple of a chunk's width.
Dim wholeChunks(Kernel &k, Dim size);
/// A matrix of so many columns, each row a multiple of a chunk's width from its
/// first on. What is too much of a last chunk is zero, since arithmetic on
/// whatever is there may be slow.
Array chunksOf(Kernel &k, Dim rows, Dim columns);

/// Orders from which steps take long enough for threads to meet after each.
constexpr int64_t leastShared = 256;
/// Multiplications and additions of one thread.
constexpr double flopsPerNanosecond = 100;
/// Tasks that threads share if the order is large enough.
void tasks(Kernel &k, Num count, Num order, int64_t least, Kernel::Step body);
inline void tasks(Kernel &k, Num count, Num order, Kernel::Step body) {
  tasks(k, count, order, leastShared, body);
}
/// A step of a factorization: `body(at, isNext)` for all chunks, first the one
/// that is factorized next, and again with the others. That takes as long as
/// `worth` others, so who does it has fewer of them.
void stepTasks(Kernel &k, Num step, Num count, Num order, int64_t least,
               int64_t worth, llvm::function_ref<void(Num, Num)> body);
/// Both halves of a pass over a matrix, which threads share if it has so many
/// rows. A half is every other group of rows, the same ones in each pass, which
/// stay in a thread's caches; `firstOfHalf` is where it begins.
void inHalves(Kernel &k, Num rows, int64_t least, Kernel::Step body);
Num firstOfHalf(Kernel &k, Num from, int64_t group, Num half);
/// Over matrices of a batch, whose work is a multiple of the product of three
/// sizes in multiply-adds. Threads share them if there are several, or they are
/// too small for threads to share each. `prepare` makes memory, once, or for
/// each matrix where threads share them; that takes time where sizes are not
/// known, and threads share none.
void overMatrices(Kernel &k, llvm::ArrayRef<Dim> batch,
                  std::array<Dim, 3> sizes, double work,
                  llvm::function_ref<void(llvm::ArrayRef<Num>)> body,
                  Kernel::Body prepare = nullptr);
/// One of the first half is followed by one of the second, so that each thread
/// has columns everywhere.
Num interleaved(Kernel &k, Num number, Num count);

/// `whole` for chunks of that many columns, `rest(width)` for a last one that
/// is narrower.
void overWidth(Kernel &k, Dim columns, Num from, Kernel::Body whole,
               Kernel::Step rest);
/// Columns [from, from + width) of a matrix, where x is a chunk, or the other
/// way.
void copyChunk(Kernel &k, const Array &matrix, const Array &x, Num from,
               Num rows, std::optional<Num> width, bool isBack);
/// to := from^T, or -from^T, of two blocks.
void transposeBlock(Kernel &k, mlir::Value from, mlir::Value to, bool negate);

/// A row of a chunk, in vectors.
using ChunkRow = llvm::SmallVector<Num, 4>;
ChunkRow loadRow(Kernel &k, const Array &x, Num i);
void storeRow(Kernel &k, const Array &x, Num i, llvm::ArrayRef<Num> row);

/// Which elements of the vector that begins with `base` are those from `i` on.
Num lanesBehind(Kernel &k, Num base, Num i);
/// The first of the elements [i, n) of a column that is as large as any; i if
/// element i is NaN. Zeros follow up to a whole vector.
Num pivotOf(Kernel &k, const Array &column, Num i, Num n);

} // namespace tfc::lowering

#endif // TFC_LIB_CONVERSION_TFCTOLINALG_CHUNKS_H
