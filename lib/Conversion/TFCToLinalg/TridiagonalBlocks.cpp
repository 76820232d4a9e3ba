//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Symmetric matrices become tridiagonal a panel of reflections at a time
// (Dongarra, Hammarling and Sorensen, "Block reduction of matrices to condensed
// forms", 1989): A - V Y^T - Y V^T is formed when a panel is full, until then
// only the row that comes next.
//===----------------------------------------------------------------------===//

#include "Chunks.h"
#include "Reflections.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

/// Rows of an update of which only the upper triangle counts.
static constexpr int64_t triangleBand = 128;
/// Rows of a triangle that threads share.
static constexpr int64_t leastSharedPass = 512;

namespace {

/// The upper triangle of A counts, and all of the tiles on its diagonal, which
/// are as high as a vector is long.
struct TridiagonalReduction {
  Kernel &k;
  ReflectionBlocks &h;
  Array a, left, right, row, sums, parts, d, e;
  Num n, end;
  int64_t lanes;

  /// What column `at` of A means for the row.
  void bringUpToDate(Num start, Num at, Num from) {
    Num done = at - start;
    Array v = h.v.at({at});
    copyVectors(k, a.at({at}), v, from, end);
    Num other = k.index(h.panel);
    for (Num first : {k.index(0), other})
      addRowsTo(
          k, v, left, first, done, [&](Num i) { return right(first + i, at); },
          from, end);
  }

  /// sums := A v for rows and columns from `from` on. Threads have every other
  /// tile of rows, the same ones for each v, and sums of their own.
  void multiply(const Array &v, Num from) {
    inHalves(k, end - from, leastSharedPass,
             [&](Num half) { multiplyTiles(v, from, half, parts.at({half})); });
    Num zero = k.index(0), one = k.index(1);
    k.loopBy(from, end, lanes, [&](Num i) {
      sums.setVector(i, parts.at({zero}).vector(i, lanes) +
                            parts.at({one}).vector(i, lanes));
    });
  }

  void multiplyTiles(const Array &v, Num from, Num half, const Array &sums) {
    clearVectors(k, sums, from, end);
    k.loopBy(firstOfHalf(k, from, lanes, half), end, 2 * lanes, [&](Num tile) {
      Num behind = tile + lanes;
      Num whole = k.folds(tile, behind, 1, sums.vector(tile, lanes),
                          [&](Num i, ArrayRef<Num> so) {
                            Num c = k.splat(v(i), lanes);
                            return SmallVector<Num>{
                                so.front() + c * a.at({i}).vector(tile, lanes)};
                          })
                      .front();
      sums.setVector(tile, whole);
      k.loopBy(tile, behind, rowsAtOnce, [&](Num first) {
        FewNums factors, nothing(rowsAtOnce, k.splat(k.real(0), lanes));
        for (int64_t r = 0; r < rowsAtOnce; ++r)
          factors.push_back(k.splat(v(first + r), lanes));
        FewNums found =
            k.folds(behind, end, lanes, nothing, [&](Num i, ArrayRef<Num> so) {
              Num x = v.vector(i, lanes), sum = sums.vector(i, lanes);
              FewNums next;
              for (int64_t r = 0; r < rowsAtOnce; ++r) {
                Num part = a.at({first + r}).vector(i, lanes);
                next.push_back(so[r] + part * x);
                sum = sum + factors[r] * part;
              }
              sums.setVector(i, sum);
              return next;
            });
        for (auto [r, dot] : llvm::enumerate(found))
          sums.set(first + r, sums(first + r) + k.sumOf(dot));
      });
    });
  }

  /// The reflection of row `at`, and its row of Y.
  void reduceRow(Num start, Num at) {
    Num next = at + 1, from = floorTo(k, next, lanes), done = at - start,
        zero = k.index(0), other = k.index(h.panel);
    Array v = h.v.at({at});
    k.loop(floorTo(k, at, lanes), next, [&](Num i) { v.set(i, k.zero()); });
    Reflection found = reflectRow(k, v, next, from, end);
    e.set(at, found.beta);
    h.addReflection(start, at, found.tau, from);
    multiply(v, from);
    // A is not up to date: y = A v - V (Y^T v) - Y (V^T v).
    k.loopBy(zero, done, rowsAtOnce, [&](Num first) {
      FewNums dots = dotsOfRows(k, right, first, v, from, end);
      for (auto [r, dot] : llvm::enumerate(dots))
        row.set(first + r, dot);
    });
    addRowsTo(
        k, sums, left, zero, done, [&](Num i) { return row(i); }, from, end);
    addRowsTo(
        k, sums, left, other, done, [&](Num i) { return h.dots(i); }, from,
        end);
    k.loop(from, next, [&](Num i) { sums.set(i, k.zero()); });
    Num half = dotOf(sums, v, from) * found.tau * found.tau * k.real(-0.5);
    Array y = right.at({done}), minusY = left.at({done + other}),
          minusV = left.at({done}), sameV = right.at({done + other});
    Num wideTau = k.splat(found.tau, lanes), wideHalf = k.splat(half, lanes);
    k.loopBy(from, end, lanes, [&](Num i) {
      Num x = v.vector(i, lanes);
      Num value = wideTau * sums.vector(i, lanes) + wideHalf * x;
      y.setVector(i, value);
      minusY.setVector(i, -value);
      minusV.setVector(i, -x);
      sameV.setVector(i, x);
    });
  }

  Num dotOf(const Array &x, const Array &v, Num from) {
    Num nothing = k.splat(k.real(0), lanes);
    return k.sumOf(
        k.folds(from, end, lanes, nothing, [&](Num i, ArrayRef<Num> so) {
           return SmallVector<Num>{so.front() +
                                   x.vector(i, lanes) * v.vector(i, lanes)};
         }).front());
  }

  void update(Num from) {
    OpFoldResult depth = k.b.getIndexAttr(2 * h.panel);
    Num zero = k.index(0);
    k.loopBy(from, n, triangleBand, [&](Num first) {
      OpFoldResult rows = (k.smaller(first + triangleBand, n) - first).value,
                   columns = (n - first).value;
      k.addProduct(left.block(zero, first, depth, rows),
                   /*transposeLeft=*/true,
                   right.block(zero, first, depth, columns),
                   a.block(first, first, rows, columns));
    });
  }

  void run() {
    Num zero = k.index(0);
    k.loopBy(zero, n, h.panel, [&](Num start) {
      Num stop = k.smaller(start + h.panel, n);
      k.loop(start, stop, [&](Num at) {
        bringUpToDate(start, at, floorTo(k, at, lanes));
        d.set(at, h.v(at, at));
        k.when(at + 1 < n, [&] { reduceRow(start, at); });
      });
      k.when(stop < n, [&] { update(stop); });
    });
  }
};

} // namespace

void lowering::tridiagonalizeInBlocks(Kernel &k, const Array &x,
                                      ReflectionBlocks &h, const Array &d,
                                      const Array &e, Dim order) {
  int64_t lanes = lanesOf(k);
  Dim width = paddedDim(k, order);
  Num n = k.size(order), end = h.end, zero = k.index(0);
  Array a = k.scratch({width, width}, k.element),
        left = k.scratch({2 * h.panel, width}, k.element),
        right = k.scratch({2 * h.panel, width}, k.element),
        row = k.scratch({h.panel}, k.element),
        sums = k.scratch({width}, k.element),
        parts = k.scratch({2, width}, k.element);
  for (const Array &both : {left, right})
    k.loop(zero, k.index(2 * h.panel),
           [&](Num i) { clearVectors(k, both.at({i}), zero, end); });
  k.loop(zero, end, [&](Num i) {
    Num from = k.choose(i < n, floorTo(k, i, lanes), zero);
    clearVectors(k, a.at({i}), from, end);
  });
  k.loopBy(zero, n, lanes, [&](Num first) {
    Num behind = first + lanes;
    k.loop(first, n, [&](Num i) {
      k.loop(first, k.smaller(behind, i + 1), [&](Num j) {
        Num value = x(i, j);
        a.set(j, i, value);
        k.when(i < behind, [&] { a.set(i, j, value); });
      });
    });
  });
  TridiagonalReduction{k,     h, a, left, right, row,  sums,
                       parts, d, e, n,    end,   lanes}
      .run();
}
