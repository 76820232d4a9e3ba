//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Cholesky factors of complex matrices in blocks, as those of real ones
// (`FactorBlocks.cpp`): threads share chunks of columns. Of each 32 rows of a
// chunk, real parts come first, and imaginary ones follow. So what the rows
// above mean for a block is one product of real matrices, twice as deep and
// twice as high: a chunk is kept as the right operand, and as the left one,
// whose row for a real part is [re, -im], and for an imaginary one [im, re].
//===----------------------------------------------------------------------===//

#include "Chunks.h"
#include "Planes.h"
#include "Reflections.h"
#include <cmath>

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

namespace {

/// A block of rows of U is what the rows above mean for it, minus x, so that
/// products are added; then it is solved for with the triangle on its diagonal.
struct ComplexCholesky {
  Kernel &k;
  int64_t order;
  int64_t count = llvm::divideCeil(order, chunkWidth);
  Num n = k.index(order), zero = k.index(0);
  Array rights = k.scratch({count, 2 * count * chunkWidth, chunkWidth},
                           k.realType()),
        lefts = k.scratch({count, 2 * count * chunkWidth, 2 * chunkWidth},
                          k.realType());

  void run(const Array &x, const Array &result);

private:
  /// A row of a chunk in vectors: real parts, then imaginary ones.
  using Parts = std::array<ChunkRow, 2>;

  void overParts(Num at, function_ref<void(Num, Num, Num, Num)> turn);
  void load(const Array &x, Num at);
  void store(const Array &result, Num at);
  void keepLeft(Num at, Num row, const Parts &parts);
  Parts withoutRowsAbove(const Array &u, const Array &triangle, Num first,
                         Num column);
  void solveBlock(Num block, Num at);
};

} // namespace

/// `turn(i, j, row, column)`: element (i, j) of U, whose parts are in `row` of
/// its chunk and 32 rows below; columns of a chunk from the first row to the
/// diagonal.
void ComplexCholesky::overParts(Num at,
                                function_ref<void(Num, Num, Num, Num)> turn) {
  Num from = at * k.index(chunkWidth), end = k.smaller(from + chunkWidth, n);
  k.loopBy(zero, end, chunkWidth, [&](Num first) {
    k.loop(from, end, [&](Num j) {
      k.loop(first, k.smaller(first + chunkWidth, j + 1),
             [&](Num i) { turn(i, j, first + i, j - from); });
    });
  });
}

void ComplexCholesky::load(const Array &x, Num at) {
  Array u = rights.at({at});
  overParts(at, [&](Num i, Num j, Num row, Num column) {
    Num value = x(j, i);
    u.set(row, column, -k.realPart(value));
    u.set(row + chunkWidth, column, k.imagPart(value));
  });
}

void ComplexCholesky::store(const Array &result, Num at) {
  Array u = rights.at({at});
  overParts(at, [&](Num i, Num j, Num row, Num column) {
    result.set(j, i, k.complex(u(row, column), -u(row + chunkWidth, column)));
  });
  Num from = at * k.index(chunkWidth);
  k.loop(from, k.smaller(from + chunkWidth, n), [&](Num i) {
    k.loop(i + 1, n, [&](Num j) { result.set(i, j, k.zero()); });
  });
}

void ComplexCholesky::keepLeft(Num at, Num row, const Parts &parts) {
  Array above = lefts.at({at, row}), below = lefts.at({at, row + chunkWidth});
  int64_t lanes = lanesOf(k);
  for (auto [number, re, im] : llvm::enumerate(parts[0], parts[1])) {
    Num here = k.index(number * lanes), there = here + chunkWidth;
    above.setVector(here, re);
    above.setVector(there, -im);
    below.setVector(here, im);
    below.setVector(there, re);
  }
}

/// A row less what those of its block above mean for it. What real parts mean
/// and what imaginary ones do are sums of their own, which depend on each other
/// less.
ComplexCholesky::Parts ComplexCholesky::withoutRowsAbove(const Array &u,
                                                         const Array &triangle,
                                                         Num first,
                                                         Num column) {
  int64_t lanes = lanesOf(k);
  size_t each = chunkWidth / lanes;
  SmallVector<Num> initial;
  for (int64_t part = 0; part < 2; ++part)
    for (Num x : loadRow(k, u, first + column + part * chunkWidth))
      initial.push_back(-x);
  initial.append(2 * each, k.splat(k.real(0), lanes));
  SmallVector<Num> sums = k.folds(
      first, first + column, 1, initial, [&](Num row, ArrayRef<Num> so) {
        Num c = k.splat(triangle(row, column), lanes),
            s = k.splat(triangle(row + chunkWidth, column), lanes);
        ChunkRow re = loadRow(k, u, row), im = loadRow(k, u, row + chunkWidth);
        SmallVector<Num> next(so);
        for (size_t i = 0; i < each; ++i) {
          next[i] = so[i] - c * re[i];
          next[each + i] = so[each + i] - c * im[i];
          next[2 * each + i] = so[2 * each + i] - s * im[i];
          next[3 * each + i] = so[3 * each + i] + s * re[i];
        }
        return next;
      });
  Parts parts;
  for (size_t part = 0; part < 2; ++part)
    for (size_t i = part * each; i < (part + 1) * each; ++i)
      parts[part].push_back(sums[i] + sums[2 * each + i]);
  return parts;
}

void ComplexCholesky::solveBlock(Num block, Num at) {
  Num first = block * k.index(2 * chunkWidth);
  Num start = block * k.index(chunkWidth);
  Array u = rights.at({at}), triangle = rights.at({block});
  OpFoldResult depth = first.value, width = k.b.getIndexAttr(chunkWidth),
               both = k.b.getIndexAttr(2 * chunkWidth);
  k.when(block > zero, [&] {
    k.addProduct(lefts.at({block}).block(zero, zero, depth, both),
                 /*transposeLeft=*/true, u.block(zero, zero, depth, width),
                 u.block(first, zero, both, width));
  });
  k.loop(zero, k.smaller(k.index(chunkWidth), n - start), [&](Num column) {
    Num row = first + column, below = row + chunkWidth;
    Parts parts = withoutRowsAbove(u, triangle, first, column);
    k.when(at == block, [&] {
      storeRow(k, u, row, parts[0]);
      Num square = u(row, column);
      u.set(row, column,
            k.choose(square > k.real(0), k.sqrt(square), k.real(NAN)));
    });
    // A square root has a reciprocal that is neither infinite nor denormal.
    Num diagonal = triangle(row, column),
        factor = k.splat(k.real(1) / diagonal, lanesOf(k));
    for (ChunkRow &part : parts)
      for (Num &x : part)
        x = x * factor;
    storeRow(k, u, row, parts[0]);
    storeRow(k, u, below, parts[1]);
    k.when(
        at == block,
        [&] {
          u.set(row, column, diagonal);
          u.set(below, column, k.real(0));
        },
        [&] { keepLeft(at, row, parts); });
  });
}

void ComplexCholesky::run(const Array &x, const Array &result) {
  constexpr int64_t least = 192, worthOfNext = 2;
  Num chunks = k.index(count);
  // What is too much of the last chunk counts for nothing.
  if (order % chunkWidth)
    k.loop(zero, k.index(2 * count * chunkWidth), [&](Num i) {
      ChunkRow nothing(chunkWidth / lanesOf(k), k.splat(k.real(0), lanesOf(k)));
      storeRow(k, rights.at({chunks - 1}), i, nothing);
    });
  tasks(k, chunks, n, least,
        [&](Num number) { load(x, interleaved(k, number, chunks)); });
  // As those of real matrices.
  k.loop(zero, chunks, [&](Num step) {
    stepTasks(k, step, chunks, n, least, worthOfNext, [&](Num at, Num isNext) {
      k.when(isNext || at > step, [&] {
        k.loop(k.larger(step - 1, zero), k.choose(isNext, step + 1, step),
               [&](Num block) { solveBlock(block, at); });
      });
    });
  });
  tasks(k, chunks, n, least,
        [&](Num number) { store(result, interleaved(k, number, chunks)); });
  // NaN reaches the last element of the diagonal from anywhere.
  k.when(k.isNan(k.realPart(result(n - 1, n - 1))), [&] {
    k.loop(zero, n, [&](Num i) {
      k.loop(zero, n, [&](Num j) { result.set(i, j, k.widen(k.real(NAN))); });
    });
  });
}

void lowering::factorComplexCholeskyInBlocks(Kernel &k, const Array &x,
                                             const Array &result, Dim order) {
  ComplexCholesky{k, order}.run(x, result);
}
