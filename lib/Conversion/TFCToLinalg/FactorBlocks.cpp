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
//
// Threads share columns, in chunks as wide as a panel, and have the same ones
// in each step: what they have written is in their caches. They meet once a
// panel, since who brings the next panel up to date factorizes it at once. A
// chunk's rows follow each other in memory, so that one thread reads what
// another has written as fast as that goes.
//===----------------------------------------------------------------------===//

#include "Chunks.h"
#include "Ordered.h"
#include "Reflections.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

/// The depth of products; orders from which they pay.
static constexpr int64_t panel = chunkWidth, leastOrder = 96;
/// Columns that are solved for at once, which stay in the first-level cache.
static constexpr int64_t chunk = 64;

void lowering::chooseBlocks(Kernel &k, Dim order, Kernel::Body inBlocks,
                            Kernel::Body plain) {
  bool isKnown = order >= 0;
  if (!isFloat(k.element) || (isKnown && order < leastOrder))
    return plain();
  if (isKnown)
    return inBlocks();
  k.when(k.size(order) >= k.index(leastOrder), inBlocks, plain);
}

/// Less multiples of rows [start, end) of `x`.
static ChunkRow withoutRows(Kernel &k, ArrayRef<Num> row, const Array &x,
                            Num start, Num end, function_ref<Num(Num)> factor) {
  return ChunkRow(k.folds(start, end, 1, row, [&](Num j, ArrayRef<Num> so) {
    Num c = k.splat(-factor(j), lanesOf(k));
    SmallVector<Num> next;
    for (auto [sum, part] : llvm::zip(so, loadRow(k, x, j)))
      next.push_back(sum + c * part);
    return next;
  }));
}

namespace {

/// Systems of triangles for some columns of right sides.
struct TriangularColumns {
  /// The columns of a panel.
  using Block = function_ref<Array(Num number)>;

  Kernel &k;
  Array x;
  Dim order;
  Num from;
  OpFoldResult width;

  void exchange(Num i, Num j);
  void solve(Block blocks, bool lower, bool unit);

private:
  Num behind() {
    return from + k.num(getValueOrCreateConstantIndexOp(k.b, k.loc, width));
  }
  void solveRows(const Array &a, Num start, Num end, bool lower, bool unit);
  void update(const Array &a, const Array &part, Num start, Num first,
              Num last);
  bool isWide() { return getConstantIntValue(width) == chunk; }
  SmallVector<Num> load(Num i);
  void store(Num i, ArrayRef<Num> row);
};

} // namespace

SmallVector<Num> TriangularColumns::load(Num i) {
  SmallVector<Num> row;
  for (int64_t at = 0; at < chunk; at += lanesOf(k))
    row.push_back(x.at({i}).vector(from + at, lanesOf(k)));
  return row;
}

void TriangularColumns::store(Num i, ArrayRef<Num> row) {
  for (auto [number, part] : llvm::enumerate(row))
    x.at({i}).setVector(from + int64_t(number) * lanesOf(k), part);
}

void TriangularColumns::exchange(Num i, Num j) {
  if (isWide()) {
    SmallVector<Num> a = load(i), b = load(j);
    store(i, b);
    return store(j, a);
  }
  k.loop(from, behind(), [&](Num m) {
    Num a = x(i, m), b = x(j, m);
    x.set(i, m, b);
    x.set(j, m, a);
  });
}

/// With rows [start, end), whose triangle is on the diagonal of `a`.
void TriangularColumns::solveRows(const Array &a, Num start, Num end,
                                  bool lower, bool unit) {
  Num to = behind();
  auto inVectors = [&](Num i) {
    SmallVector<Num> row =
        k.folds(lower ? start : i + 1, lower ? i : end, 1, load(i),
                [&](Num j, ArrayRef<Num> so) {
                  Num c = k.splat(-a(i, j - start), lanesOf(k));
                  SmallVector<Num> next;
                  for (auto [sum, part] : llvm::zip(so, load(j)))
                    next.push_back(sum + c * part);
                  return next;
                });
    Num d = unit ? k.one() : a(i, i - start), wide = k.splat(d, lanesOf(k));
    if (!unit)
      for (Num &part : row)
        part = part / wide;
    store(i, row);
  };
  auto inElements = [&](Num i) {
    k.loop(lower ? start : i + 1, lower ? i : end, [&](Num j) {
      Num c = a(i, j - start);
      k.loop(from, to, [&](Num m) { x.set(i, m, x(i, m) - c * x(j, m)); });
    });
    if (unit)
      return;
    Num d = a(i, i - start);
    k.loop(from, to, [&](Num m) { x.set(i, m, x(i, m) / d); });
  };
  auto row = [&](Num i) { isWide() ? inVectors(i) : inElements(i); };
  if (lower)
    k.loop(start, end, row);
  else
    k.loopDown(start, end, row);
}

/// Rows [first, last) lose what a whole panel of rows is multiplied by.
void TriangularColumns::update(const Array &a, const Array &part, Num start,
                               Num first, Num last) {
  Num zero = k.index(0);
  OpFoldResult depth = k.b.getIndexAttr(panel), rows = (last - first).value;
  k.loop(first, last, [&](Num i) {
    ChunkRow row = loadRow(k, a, i);
    for (Num &part : row)
      part = -part;
    storeRow(k, part, i, row);
  });
  k.addProduct(part.block(first, zero, rows, depth), /*transposeLeft=*/false,
               x.block(start, from, depth, width),
               x.block(first, from, rows, width));
}

void TriangularColumns::solve(Block blocks, bool lower, bool unit) {
  Num n = k.size(order), zero = k.index(0), wide = k.index(panel);
  Num to = behind();
  Array part = k.scratch({order, panel}, k.element);
  auto step = [&](Num number) {
    Num start = number * wide, end = k.smaller(start + panel, n);
    Array a = blocks(number);
    solveRows(a, start, end, lower, unit);
    if (lower)
      return k.when(end < n, [&] { update(a, part, start, end, n); });
    // A last block may have less.
    k.when(
        start + panel <= n, [&] { update(a, part, start, zero, start); },
        [&] {
          k.loop(zero, start, [&](Num i) {
            k.loop(start, n, [&](Num j) {
              Num c = a(i, j - start);
              k.loop(from, to,
                     [&](Num m) { x.set(i, m, x(i, m) - c * x(j, m)); });
            });
          });
        });
  };
  Num count = (n + (panel - 1)) / wide;
  if (lower)
    k.loop(zero, count, step);
  else
    k.loopDown(zero, count, step);
}

/// `solve(columns)` for all columns of right sides, which threads share.
static void overRightSides(Kernel &k, const Array &x, Dim order, Num columns,
                           function_ref<void(TriangularColumns &)> solve) {
  auto some = [&](Num from, OpFoldResult width) {
    TriangularColumns part{k, x, order, from, width};
    solve(part);
  };
  Num zero = k.index(0), wide = k.index(chunk);
  std::optional<int64_t> known = getConstantIntValue(columns.value);
  if (known && *known < chunk)
    return some(zero, k.b.getIndexAttr(*known));
  double rows = order >= 0 ? double(order) : double(leastShared),
         nanoseconds = rows * rows * chunk / flopsPerNanosecond;
  Num count = known ? k.index(*known / chunk) : (columns + (chunk - 1)) / wide;
  k.independent({k.l.dimOf(count.value)}, nanoseconds, [&](ArrayRef<Num> at) {
    Num from = at.front() * wide;
    some(from, known ? OpFoldResult(k.b.getIndexAttr(chunk))
                     : k.smaller(columns - from, wide).value);
  });
  if (known && *known % chunk)
    some(k.index(*known / chunk * chunk), k.b.getIndexAttr(*known % chunk));
}

void lowering::solveTriangleInBlocks(Kernel &k, const Array &a, const Array &x,
                                     Dim order, Num columns, bool lower,
                                     bool unit) {
  Num n = k.size(order);
  auto block = [&](Num number) {
    Num start = number * k.index(panel);
    return Array(k, a.block(k.index(0), start, n.value,
                            k.smaller(n - start, k.index(panel)).value));
  };
  overRightSides(k, x, order, columns, [&](TriangularColumns &part) {
    part.solve(block, lower, unit);
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

namespace {

/// A panel is brought up to date and factorized while others update what is
/// behind it with the panel before. Each is kept until the next one is done,
/// with the rows that changed places.
struct BlockedLU {
  Kernel &k;
  Dim order;
  Num n = k.size(order), count = (n + (panel - 1)) / k.index(panel);
  Array chunks = chunksOf(k, order, order),
        panels = k.scratch({2 * panel, paddedDim(k, wholeChunks(k, order))},
                           k.element),
        pivots = k.scratch({order}, k.b.getIndexType());

  void factor(const Array &x);
  void copy(const Array &matrix, bool isBack);
  void exchanges(function_ref<void(Num, Num)> exchanged);

private:
  Num rowsOfPanel(Num step) {
    return k.remainder(step, k.index(2)) * k.index(panel);
  }
  void factorPanel(Num step);
  void update(Num step, Num at);
  void exchange(Num step, Num at);
};

} // namespace

/// What earlier columns mean for one is subtracted when its turn comes, so that
/// its elements are read and written once for several. Rows of `panels` have
/// the columns along memory.
void BlockedLU::factorPanel(Num step) {
  Num start = step * k.index(panel), end = k.smaller(start + panel, n),
      first = rowsOfPanel(step);
  Num zero = k.index(0), width = end - start, last = wholeVectors(k, n);
  Array x = chunks.at({step});
  const Array &p = panels;
  // Memory has whole squares.
  auto copy = [&](bool isBack) {
    OpFoldResult side = k.b.getIndexAttr(panel);
    k.loopBy(start, n, panel, [&](Num i) {
      Value here = x.block(i, zero, side, side),
            along = p.block(first, i, side, side);
      transposeBlock(k, isBack ? along : here, isBack ? here : along,
                     /*negate=*/false);
    });
  };
  copy(/*isBack=*/false);
  k.loop(zero, width, [&](Num j) {
    k.loop(n, last, [&](Num i) { p.set(first + j, i, k.zero()); });
  });
  k.loop(start, end, [&](Num i) {
    Num column = i - start;
    Array own = p.at({first + column});
    k.loop(zero, column, [&](Num j) {
      Num c = own(start + j);
      k.loop(start + j + 1, end,
             [&](Num m) { own.set(m, own(m) - c * p(first + j, m)); });
    });
    // Behind a panel's rows there are others only where it is a whole one.
    addRowsTo(
        k, own, p, first, column, [&](Num j) { return -own(start + j); },
        k.smaller(start + panel, last), last);
    Num j = pivotOf(k, own, i, n);
    pivots.set(i, j);
    k.when(j != i, [&] {
      k.loop(first, first + width, [&](Num m) {
        Num a = p(m, i), b = p(m, j);
        p.set(m, i, b);
        p.set(m, j, a);
      });
    });
    Num d = own(i);
    k.when(d != k.real(0),
           [&] { k.loop(i + 1, n, [&](Num m) { own.set(m, own(m) / d); }); });
  });
  copy(/*isBack=*/true);
  k.loop(first, first + width,
         [&](Num j) { k.loop(end, n, [&](Num i) { p.set(j, i, -p(j, i)); }); });
}

/// Rows of a chunk change places as those of the panel before this step did.
void BlockedLU::exchange(Num step, Num at) {
  Num start = step * k.index(panel);
  Array x = chunks.at({at});
  k.loop(start - panel, k.smaller(start, n), [&](Num i) {
    Num j = pivots(i);
    k.when(j != i, [&] {
      ChunkRow a = loadRow(k, x, i), b = loadRow(k, x, j);
      storeRow(k, x, i, b);
      storeRow(k, x, j, a);
    });
  });
}

/// What the panel before this step means for a chunk behind it.
void BlockedLU::update(Num step, Num at) {
  Num end = step * k.index(panel), start = end - panel, zero = k.index(0);
  Array x = chunks.at({at}), before = chunks.at({step - 1});
  k.loop(start, end, [&](Num i) {
    storeRow(k, x, i, withoutRows(k, loadRow(k, x, i), x, start, i, [&](Num j) {
               return before(i, j - start);
             }));
  });
  OpFoldResult depth = k.b.getIndexAttr(panel), rest = (n - end).value;
  k.addProduct(panels.block(rowsOfPanel(step - 1), end, depth, rest),
               /*transposeLeft=*/true, x.block(start, zero, depth, depth),
               x.block(end, zero, rest, depth));
}

void BlockedLU::copy(const Array &matrix, bool isBack) {
  tasks(k, count, n, [&](Num number) {
    Num at = interleaved(k, number, count), from = at * k.index(panel);
    auto some = [&](std::optional<Num> columns) {
      copyChunk(k, matrix, chunks.at({at}), from, n, columns, isBack);
    };
    overWidth(
        k, order, from, [&] { some(std::nullopt); },
        [&](Num columns) { some(columns); });
  });
}

void BlockedLU::factor(const Array &x) {
  Num zero = k.index(0);
  copy(x, /*isBack=*/false);
  // Step s factorizes panel s, and a last one only exchanges rows.
  k.loop(zero, count + 1, [&](Num step) {
    tasks(k, count + 1, n, [&](Num number) {
      Num isNext = number == zero;
      Num at = k.choose(isNext, step, interleaved(k, number - 1, count));
      k.when(at < count && (isNext || at != step), [&] {
        k.when(step > zero && at != step - 1, [&] {
          exchange(step, at);
          k.when(at >= step, [&] { update(step, at); });
        });
        k.when(isNext, [&] { factorPanel(step); });
      });
    });
  });
}

void BlockedLU::exchanges(function_ref<void(Num, Num)> exchanged) {
  k.loop(k.index(0), n, [&](Num i) {
    Num j = pivots(i);
    k.when(j != i, [&] { exchanged(i, j); });
  });
}

void lowering::factorLUInBlocks(Kernel &k, const Array &x, const Array &result,
                                Dim order,
                                function_ref<void(Num, Num)> exchanged) {
  BlockedLU lu{k, order};
  lu.factor(x);
  lu.copy(result, /*isBack=*/true);
  lu.exchanges(exchanged);
}

void lowering::solveInBlocks(Kernel &k, const Array &a, const Array &x,
                             Dim order, Num columns) {
  BlockedLU lu{k, order};
  lu.factor(a);
  auto block = [&](Num number) { return lu.chunks.at({number}); };
  overRightSides(k, x, order, columns, [&](TriangularColumns &part) {
    lu.exchanges([&](Num i, Num j) { part.exchange(i, j); });
    part.solve(block, /*lower=*/true, /*unit=*/true);
    part.solve(block, /*lower=*/false, /*unit=*/false);
  });
}

namespace {

/// A block of rows of U is what the rows above mean for it, minus x, so that
/// products are added; then it is solved for with the triangle on its diagonal.
struct BlockedCholesky {
  Kernel &k;
  Array chunks;
  Dim order;
  Num n;

  Array chunk(Num at) { return chunks.at({at}); }
  void
  overSquares(Num at,
              function_ref<void(Num, Num, OpFoldResult, OpFoldResult)> turn);
  void load(const Array &x, Num at);
  void store(const Array &result, Num at);
  void solveBlock(Num block, Num at);
};

} // namespace

/// Rows of a chunk up to the diagonal change sides with columns of `x`:
/// `turn(from, at, columns, rows)` those of a square, or of all where a last
/// chunk is narrower.
void BlockedCholesky::overSquares(
    Num at, function_ref<void(Num, Num, OpFoldResult, OpFoldResult)> turn) {
  Num from = at * k.index(panel), zero = k.index(0);
  OpFoldResult side = k.b.getIndexAttr(panel);
  overWidth(
      k, order, from,
      [&] {
        k.loopBy(zero, from + panel, panel,
                 [&](Num row) { turn(from, row, side, side); });
      },
      [&](Num columns) { turn(from, zero, columns.value, n.value); });
}

void BlockedCholesky::load(const Array &x, Num at) {
  overSquares(at,
              [&](Num from, Num row, OpFoldResult columns, OpFoldResult rows) {
                transposeBlock(k, x.block(from, row, columns, rows),
                               chunk(at).block(row, k.index(0), rows, columns),
                               /*negate=*/true);
              });
}

void BlockedCholesky::store(const Array &result, Num at) {
  overSquares(at, [&](Num from, Num row, OpFoldResult columns,
                      OpFoldResult rows) {
    transposeBlock(k, chunk(at).block(row, k.index(0), rows, columns),
                   result.block(from, row, columns, rows), /*negate=*/false);
  });
  Num from = at * k.index(panel);
  k.loop(from, k.smaller(from + panel, n),
         [&](Num i) { fillElements(k, result.at({i}), i + 1, n, k.zero()); });
}

void BlockedCholesky::solveBlock(Num block, Num at) {
  Num start = block * k.index(panel), end = k.smaller(start + panel, n),
      zero = k.index(0);
  Array u = chunk(at), triangle = chunk(block);
  OpFoldResult depth = start.value, whole = k.b.getIndexAttr(panel);
  k.when(start > zero, [&] {
    k.addProduct(triangle.block(zero, zero, depth, whole),
                 /*transposeLeft=*/true, u.block(zero, zero, depth, whole),
                 u.block(start, zero, whole, whole));
  });
  k.loop(start, end, [&](Num i) {
    Num column = i - start;
    ChunkRow row;
    for (Num part : loadRow(k, u, i))
      row.push_back(-part);
    row = withoutRows(k, row, u, start, i,
                      [&](Num j) { return triangle(j, column); });
    storeRow(k, u, i, row);
    k.when(at == block, [&] {
      Num square = u(i, column);
      u.set(i, column,
            k.choose(square > k.real(0), k.sqrt(square), k.real(NAN)));
    });
    Num diagonal = triangle(i, column), d = k.splat(diagonal, lanesOf(k));
    for (Num &part : row)
      part = part / d;
    storeRow(k, u, i, row);
    k.when(at == block, [&] { u.set(i, column, diagonal); });
  });
}

void lowering::factorCholeskyInBlocks(Kernel &k, const Array &x,
                                      const Array &result, Dim order) {
  Num n = k.size(order), zero = k.index(0);
  BlockedCholesky u{k, chunksOf(k, order, order), order, n};
  Num count = (n + (panel - 1)) / k.index(panel);
  tasks(k, count, n,
        [&](Num number) { u.load(x, interleaved(k, number, count)); });
  // Chunks of step s get their rows of block s - 1; the first of them, which
  // has all rows above then, gets those of block s, too.
  k.loop(zero, count, [&](Num step) {
    tasks(k, count + 1, n, [&](Num number) {
      Num isNext = number == zero;
      Num at = k.choose(isNext, step, interleaved(k, number - 1, count));
      k.when(isNext || at > step, [&] {
        Num end = k.choose(isNext, step + 1, step);
        k.loop(k.larger(step - 1, zero), end,
               [&](Num block) { u.solveBlock(block, at); });
      });
    });
  });
  tasks(k, count, n,
        [&](Num number) { u.store(result, interleaved(k, number, count)); });
  // NaN reaches the last element of the diagonal from anywhere.
  k.when(k.isNan(result(n - 1, n - 1)), [&] {
    k.loop(zero, n, [&](Num i) {
      fillElements(k, result.at({i}), zero, n, k.real(NAN));
    });
  });
}
