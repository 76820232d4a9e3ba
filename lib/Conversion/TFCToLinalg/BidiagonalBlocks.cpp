//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Matrices become bidiagonal a panel of reflections from both sides at a time
// (Dongarra, Hammarling and Sorensen, "Block reduction of matrices to condensed
// forms", 1989): A - V Y^T - X U^T is formed when a panel is full, until then
// only the column and the row that come next.
//===----------------------------------------------------------------------===//

#include "BidiagonalBlocks.h"
#include "Chunks.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

/// Rows of a pass that threads share.
static constexpr int64_t leastSharedRows = 256;

namespace {

struct BidiagonalReduction {
  Kernel &k;
  ReflectionBlocks &p, &q; // V and U are their vectors
  Array a, left, right;    // -V and -X, Y and U of a panel
  Array factors, across, parts, down, d, e;
  Num m, n;
  int64_t lanes;

  Num from(Num i) { return floorTo(k, i, lanes); }

  /// Products of `v` with `count` rows of `x`, which follow `begin`.
  void findFactors(const Array &x, Num begin, Num count, const Array &v,
                   Num start, Num end) {
    k.loopBy(k.index(0), count, rowsAtOnce, [&](Num first) {
      FewNums dots = dotsOfRows(k, x, begin + first, v, start, end);
      for (auto [r, dot] : llvm::enumerate(dots))
        factors.set(first + r, dot);
    });
  }

  /// Rows of a half from `begin` on, a few at a time.
  void overHalf(Num begin, Num half, Kernel::Step body) {
    k.loopBy(firstOfHalf(k, begin, lanes, half), p.end, 2 * lanes,
             [&](Num tile) { k.loopBy(tile, tile + lanes, rowsAtOnce, body); });
  }

  /// across := A^T v for rows from `first` and columns from `begin` on.
  void multiplyRows(const Array &v, Num first, Num begin) {
    inHalves(k, p.end - first, leastSharedRows, [&](Num half) {
      Array sums = parts.at({half});
      clearVectors(k, sums, begin, q.end);
      overHalf(first, half, [&](Num r) {
        addRowsTo(
            k, sums, a, r, k.index(rowsAtOnce), [&](Num i) { return v(r + i); },
            begin, q.end);
      });
    });
    Num zero = k.index(0), one = k.index(1);
    k.loopBy(begin, q.end, lanes, [&](Num i) {
      across.setVector(i, parts.at({zero}).vector(i, lanes) +
                              parts.at({one}).vector(i, lanes));
    });
  }

  /// The reflection of column i from row i on, and its row of Y.
  void reduceColumn(Num start, Num i) {
    Num first = from(i), done = i - start, zero = k.index(0),
        other = k.index(p.panel);
    Array v = p.v.at({i});
    k.loop(first, i, [&](Num r) { v.set(r, k.zero()); });
    k.loop(i, m, [&](Num r) { v.set(r, a(r, i)); });
    for (Num begin : {zero, other})
      addRowsTo(
          k, v, left, begin, done, [&](Num r) { return right(begin + r, i); },
          first, p.end);
    k.loop(first, i, [&](Num r) { v.set(r, k.zero()); });
    Reflection found = reflectRow(k, v, i, first, p.end);
    d.set(i, found.beta);
    p.addReflection(start, i, found.tau, first);
    // y = A^T v - Y (V^T v) - U (X^T v).
    Num next = i + 1, begin = from(next);
    multiplyRows(v, first, begin);
    addRowsTo(
        k, across, right, zero, done, [&](Num r) { return -p.dots(r); }, begin,
        q.end);
    findFactors(left, other, done, v, first, p.end);
    addRowsTo(
        k, across, right, other, done, [&](Num r) { return factors(r); }, begin,
        q.end);
    k.loop(begin, next, [&](Num j) { across.set(j, k.zero()); });
    Array y = right.at({done}), minusV = left.at({done});
    Num tau = k.splat(found.tau, lanes);
    k.loopBy(begin, q.end, lanes,
             [&](Num j) { y.setVector(j, tau * across.vector(j, lanes)); });
    k.loopBy(first, p.end, lanes,
             [&](Num r) { minusV.setVector(r, -v.vector(r, lanes)); });
  }

  /// The reflection of row i from column i + 1 on, and its row of X.
  void reduceRow(Num start, Num i) {
    Num next = i + 1, first = from(next), done = i - start, zero = k.index(0),
        other = k.index(p.panel);
    Array u = q.v.at({i});
    copyVectors(k, a.at({i}), u, first, q.end);
    addRowsTo(
        k, u, right, zero, done + 1, [&](Num r) { return left(r, i); }, first,
        q.end);
    addRowsTo(
        k, u, right, other, done, [&](Num r) { return left(other + r, i); },
        first, q.end);
    k.loop(first, next, [&](Num j) { u.set(j, k.zero()); });
    Reflection found = reflectRow(k, u, next, first, q.end);
    e.set(i, found.beta);
    q.addReflection(start, i, found.tau, first);
    // x = A u - V (Y^T u) - X (U^T u).
    Num begin = from(next);
    inHalves(k, p.end - begin, leastSharedRows, [&](Num half) {
      overHalf(begin, half, [&](Num r) {
        FewNums dots = dotsOfRows(k, a, r, u, first, q.end);
        for (auto [at, dot] : llvm::enumerate(dots))
          down.set(r + at, dot);
      });
    });
    findFactors(right, zero, done + 1, u, first, q.end);
    addRowsTo(
        k, down, left, zero, done + 1, [&](Num r) { return factors(r); }, begin,
        p.end);
    addRowsTo(
        k, down, left, other, done, [&](Num r) { return q.dots(r); }, begin,
        p.end);
    k.loop(begin, next, [&](Num r) { down.set(r, k.zero()); });
    Array minusX = left.at({done + other}), sameU = right.at({done + other});
    Num tau = k.splat(-found.tau, lanes);
    k.loopBy(begin, p.end, lanes,
             [&](Num r) { minusX.setVector(r, tau * down.vector(r, lanes)); });
    k.loopBy(first, q.end, lanes,
             [&](Num j) { sameU.setVector(j, u.vector(j, lanes)); });
  }

  void run() {
    Num zero = k.index(0);
    OpFoldResult depth = k.b.getIndexAttr(2 * p.panel);
    k.loopBy(zero, n, p.panel, [&](Num start) {
      Num stop = k.smaller(start + p.panel, n);
      k.loop(start, stop, [&](Num i) {
        reduceColumn(start, i);
        e.set(i, k.real(0));
        k.when(i + 1 < n, [&] { reduceRow(start, i); });
      });
      k.when(stop < n, [&] {
        OpFoldResult rows = (m - stop).value, columns = (n - stop).value;
        k.addProduct(left.block(zero, stop, depth, rows),
                     /*transposeLeft=*/true,
                     right.block(zero, stop, depth, columns),
                     a.block(stop, stop, rows, columns));
      });
    });
  }
};

} // namespace

void lowering::bidiagonalizeInBlocks(Kernel &k, const Array &x, bool upper,
                                     ReflectionBlocks &p, ReflectionBlocks &q,
                                     const Array &d, const Array &e, Dim rows,
                                     Dim columns) {
  Dim height = paddedDim(k, rows), width = paddedDim(k, columns);
  Num m = k.size(rows), n = k.size(columns), zero = k.index(0);
  Array a = k.scratch({height, width}, k.element),
        left = k.scratch({2 * p.panel, height}, k.element),
        right = k.scratch({2 * p.panel, width}, k.element),
        factors = k.scratch({p.panel}, k.element),
        across = k.scratch({width}, k.element),
        parts = k.scratch({2, width}, k.element),
        down = k.scratch({height}, k.element);
  auto clear = [&](const Array &y, Num from, Num to, Num end) {
    k.loop(from, to, [&](Num i) { clearVectors(k, y.at({i}), zero, end); });
  };
  clear(left, zero, k.index(2 * p.panel), p.end);
  clear(right, zero, k.index(2 * p.panel), q.end);
  clear(a, m, p.end, q.end);
  // Of an upper triangle, `x` has anything below.
  k.loop(zero, m, [&](Num i) {
    Array row = a.at({i});
    clearVectors(k, row, zero, q.end);
    copyElements(k, x.at({i}), row, upper ? i : zero, n);
  });
  BidiagonalReduction{k,     p,    q, a, left, right, factors,   across,
                      parts, down, d, e, m,    n,     lanesOf(k)}
      .run();
}
