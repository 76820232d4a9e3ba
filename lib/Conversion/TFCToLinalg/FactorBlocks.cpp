//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Triangular factorizations and systems in blocks (Golub and Van Loan, "Matrix
// Computations", 3.2.11 and 4.2.9).
//
// A panel of a few columns (or rows) is worked on as in the book, and what it
// means for all that lies behind is one product of matrices. So most of the
// work is done by the kernels of products. A panel of columns is copied so that
// its columns lie along memory, negated for the product.
//===----------------------------------------------------------------------===//

#include "Kernel.h"
#include "Ordered.h"
#include "Reflections.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

/// The depth of products; orders from which they pay.
static constexpr int64_t panel = 32, leastOrder = 96;
/// Columns of a panel that stay in the first-level cache while its rows are
/// solved for.
static constexpr int64_t chunk = 64;
/// Rows of an update of which only the upper triangle counts.
static constexpr int64_t band = 128;

void lowering::chooseBlocks(Kernel &k, Dim order, Kernel::Body inBlocks,
                            Kernel::Body plain) {
  bool isKnown = order >= 0;
  if (!isFloat(k.element) || (isKnown && order < leastOrder))
    return plain();
  if (isKnown)
    return inBlocks();
  k.when(k.size(order) >= k.index(leastOrder), inBlocks, plain);
}

/// Memory for a panel along memory.
static Array panelOf(Kernel &k, Dim order) {
  return k.scratch({panel, paddedDim(k, order)}, k.element);
}

/// X := A^-1 X in columns [from, to) for one triangle of rows [start, end),
/// which is on the diagonal of A.
static void solveRows(Kernel &k, const Array &a, const Array &x, Num start,
                      Num end, Num from, Num to, bool lower, bool unit) {
  k.loopBy(from, to, chunk, [&](Num first) {
    Num last = k.smaller(first + chunk, to);
    auto row = [&](Num i) {
      k.loop(lower ? start : i + 1, lower ? i : end, [&](Num j) {
        Num c = a(i, j);
        k.loop(first, last, [&](Num m) { x.set(i, m, x(i, m) - c * x(j, m)); });
      });
      if (unit)
        return;
      Num d = a(i, i);
      k.loop(first, last, [&](Num m) { x.set(i, m, x(i, m) / d); });
    };
    if (lower)
      k.loop(start, end, row);
    else
      k.loopDown(start, end, row);
  });
}

void lowering::solveTriangleInBlocks(Kernel &k, const Array &a, const Array &x,
                                     Dim order, Num columns, bool lower,
                                     bool unit) {
  Num n = k.size(order), zero = k.index(0);
  OpFoldResult depth = k.b.getIndexAttr(panel);
  Array part = k.scratch({order, panel}, k.element);
  // Rows [from, to) lose what rows [start, start + panel) are multiplied by.
  auto update = [&](Num start, Num from, Num to) {
    k.loop(from, to, [&](Num i) {
      k.loop(zero, k.index(panel),
             [&](Num j) { part.set(i, j, -a(i, start + j)); });
    });
    OpFoldResult rows = (to - from).value;
    k.addProduct(part.block(from, zero, rows, depth), /*transposeLeft=*/false,
                 x.block(start, zero, depth, columns.value),
                 x.block(from, zero, rows, columns.value));
  };
  // The block that may be smaller is the last one, behind which there is none.
  k.loopBy(zero, n, panel, [&](Num done) {
    Num left = n - done;
    Num start = lower ? done : k.larger(left - panel, zero),
        end = lower ? k.smaller(done + panel, n) : left;
    solveRows(k, a, x, start, end, zero, columns, lower, unit);
    if (lower)
      k.when(end < n, [&] { update(start, end, n); });
    else
      k.when(start > zero, [&] { update(start, zero, start); });
  });
}

/// The first of the elements [i, n) of a column that is as large as any; i if
/// element i is NaN. Zeros follow up to a whole vector.
static Num pivotOf(Kernel &k, const Array &column, Num i, Num n) {
  int64_t lanes = lanesOf(k);
  Num nothing = k.real(0), zeros = k.splat(nothing, lanes),
      whole = wholeVectors(k, i);
  Cell best = k.cell(k.abs(column(i))), pivot = k.cell(i);
  k.loop(i, k.smaller(whole, n),
         [&](Num at) { best = k.larger(best, k.abs(column(at))); });
  Num rest = k.folds(whole, wholeVectors(k, n), lanes, zeros,
                     [&](Num at, ArrayRef<Num> so) {
                       Num size = k.num(math::AbsFOp::create(
                           k.b, k.loc, column.vector(at, lanes).value));
                       return SmallVector<Num>{k.larger(so.front(), size)};
                     })
                 .front();
  best = k.larger(best,
                  k.num(vector::ReductionOp::create(
                      k.b, k.loc, vector::CombiningKind::MAXNUMF, rest.value)));
  // One of them is: `larger` passes over NaN.
  k.when(k.no(k.isNan(column(i))), [&] {
    k.repeatWhile([&] { return k.abs(column(pivot)) != Num(best); },
                  [&] { pivot = Num(pivot) + 1; });
  });
  return pivot;
}

/// The LU factors of columns [start, end) of rows from `start` on; `p` has
/// them along memory. What earlier columns mean for one is subtracted when its
/// turn comes, so that its elements are read and written once for several.
static void factorPanel(Kernel &k, const Array &x, const Array &p, Num n,
                        Num start, Num end,
                        function_ref<void(Num, Num)> exchanged) {
  Num zero = k.index(0), width = end - start, last = wholeVectors(k, n);
  k.loop(start, n, [&](Num i) {
    k.loop(zero, width, [&](Num j) { p.set(j, i, x(i, start + j)); });
  });
  k.loop(zero, width, [&](Num j) {
    k.loop(n, last, [&](Num i) { p.set(j, i, k.zero()); });
  });
  k.loop(start, end, [&](Num i) {
    Num column = i - start;
    Array own = p.at({column});
    k.loop(zero, column, [&](Num j) {
      Num c = own(start + j);
      k.loop(start + j + 1, end,
             [&](Num m) { own.set(m, own(m) - c * p(j, m)); });
    });
    // Behind a panel's rows there are others only where it is a whole one.
    addRowsTo(
        k, own, p, zero, column, [&](Num j) { return -own(start + j); },
        k.smaller(start + panel, last), last);
    Num j = pivotOf(k, own, i, n);
    k.when(j != i, [&] {
      swapRows(k, x, i, j, n);
      k.loop(zero, width, [&](Num m) {
        Num a = p(m, i), b = p(m, j);
        p.set(m, i, b);
        p.set(m, j, a);
      });
      exchanged(i, j);
    });
    Num d = own(i);
    k.when(d != k.real(0),
           [&] { k.loop(i + 1, n, [&](Num m) { own.set(m, own(m) / d); }); });
  });
  k.loop(start, n, [&](Num i) {
    k.loop(zero, width, [&](Num j) { x.set(i, start + j, p(j, i)); });
  });
}

void lowering::factorLUInBlocks(Kernel &k, const Array &x, Dim order,
                                function_ref<void(Num, Num)> exchanged) {
  Num n = k.size(order), zero = k.index(0);
  OpFoldResult depth = k.b.getIndexAttr(panel);
  Array p = panelOf(k, order);
  k.loopBy(zero, n, panel, [&](Num start) {
    Num end = k.smaller(start + panel, n);
    factorPanel(k, x, p, n, start, end, exchanged);
    k.when(end < n, [&] {
      solveRows(k, x, x, start, end, end, n, /*lower=*/true, /*unit=*/true);
      k.loop(zero, k.index(panel), [&](Num j) {
        k.loop(end, n, [&](Num i) { p.set(j, i, -p(j, i)); });
      });
      OpFoldResult rest = (n - end).value;
      k.addProduct(p.block(zero, end, depth, rest), /*transposeLeft=*/true,
                   x.block(start, end, depth, rest),
                   x.block(end, end, rest, rest));
    });
  });
}

void lowering::factorCholeskyInBlocks(Kernel &k, const Array &u, Dim order) {
  Num n = k.size(order), zero = k.index(0);
  OpFoldResult depth = k.b.getIndexAttr(panel);
  Array p = panelOf(k, order);
  k.loopBy(zero, n, panel, [&](Num start) {
    Num end = k.smaller(start + panel, n);
    k.loop(start, end, [&](Num i) {
      Num square = u(i, i);
      Num d = k.choose(square > k.real(0), k.sqrt(square), k.real(NAN));
      u.set(i, i, d);
      k.loop(i + 1, n, [&](Num j) { u.set(i, j, u(i, j) / d); });
      k.loop(i + 1, end, [&](Num j) {
        Num c = u(i, j);
        k.loop(j, n, [&](Num m) { u.set(j, m, u(j, m) - c * u(i, m)); });
      });
    });
    k.when(end < n, [&] {
      k.loop(zero, k.index(panel), [&](Num j) {
        k.loop(end, n, [&](Num i) { p.set(j, i, -u(start + j, i)); });
      });
      k.loopBy(end, n, band, [&](Num from) {
        OpFoldResult rows = (k.smaller(from + band, n) - from).value,
                     columns = (n - from).value;
        k.addProduct(p.block(zero, from, depth, rows), /*transposeLeft=*/true,
                     u.block(start, from, depth, columns),
                     u.block(from, from, rows, columns));
      });
    });
  });
}
