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

/// A triangle of a matrix, in panels of columns: each is a chunk, or part of
/// the rows of one matrix.
struct Triangle {
  function_ref<Array(Num number)> panels;
  bool inChunks, lower, unit;

  /// The first column of what `panels` has of a panel.
  Num origin(Kernel &k, Num number) const {
    return inChunks ? number * k.index(panel) : k.index(0);
  }
};

/// A few columns of right sides, where they are.
struct NarrowColumns {
  Kernel &k;
  const Array &x;
  Dim order;
  Num from;
  OpFoldResult width;

  void exchange(Num i, Num j);
  void solve(const Triangle &a);

private:
  Num behind() {
    return from + k.num(getValueOrCreateConstantIndexOp(k.b, k.loc, width));
  }
  void solveRows(const Triangle &a, Num number, Num start, Num end);
  void update(const Triangle &a, Num number, const Array &part, Num first,
              Num last);
};

/// Columns in memory of their own, a row after the other, as many as whole
/// vectors hold: those behind `count` are zero, as are rows behind the last.
struct WideColumns {
  Kernel &k;
  const Array &x;
  Dim order;
  Num from, count;
  int64_t width;
  Num n = k.size(order);
  Array own = k.scratch({wholeChunks(k, order), width}, k.element);

  void load();
  void store();
  void exchange(Num i, Num j);
  void solve(const Triangle &a);

private:
  using Row = SmallVector<Num, 8>;
  Row load(Num i);
  void store(Num i, ArrayRef<Num> row);
  void copy(bool isBack);
  void solveRow(const Triangle &a, Num number, Num start, Num end, Num i);
  Num isNothing(Num start, Num end);
};

} // namespace

void NarrowColumns::exchange(Num i, Num j) {
  k.loop(from, behind(), [&](Num m) {
    Num a = x(i, m), b = x(j, m);
    x.set(i, m, b);
    x.set(j, m, a);
  });
}

/// With rows [start, end), whose triangle is on the diagonal.
void NarrowColumns::solveRows(const Triangle &a, Num number, Num start,
                              Num end) {
  Num to = behind(), origin = a.origin(k, number);
  Array columns = a.panels(number);
  auto row = [&](Num i) {
    k.loop(a.lower ? start : i + 1, a.lower ? i : end, [&](Num j) {
      Num c = columns(i, j - origin);
      k.loop(from, to, [&](Num m) { x.set(i, m, x(i, m) - c * x(j, m)); });
    });
    if (a.unit)
      return;
    Num d = columns(i, i - origin);
    k.loop(from, to, [&](Num m) { x.set(i, m, x(i, m) / d); });
  };
  if (a.lower)
    k.loop(start, end, row);
  else
    k.loopDown(start, end, row);
}

/// Rows [first, last) lose what a whole panel of rows is multiplied by.
void NarrowColumns::update(const Triangle &a, Num number, const Array &part,
                           Num first, Num last) {
  Num zero = k.index(0), start = number * k.index(panel),
      begin = start - a.origin(k, number);
  Array columns = a.panels(number);
  OpFoldResult depth = k.b.getIndexAttr(panel), rows = (last - first).value;
  k.loop(first, last, [&](Num i) {
    ChunkRow row;
    for (int64_t at = 0; at < panel; at += lanesOf(k))
      row.push_back(-columns.at({i}).vector(begin + at, lanesOf(k)));
    storeRow(k, part, i, row);
  });
  k.addProduct(part.block(first, zero, rows, depth), /*transposeLeft=*/false,
               x.block(start, from, depth, width),
               x.block(first, from, rows, width));
}

void NarrowColumns::solve(const Triangle &a) {
  Num n = k.size(order), zero = k.index(0), wide = k.index(panel);
  Num to = behind();
  Array part = k.scratch({order, panel}, k.element);
  auto step = [&](Num number) {
    Num start = number * wide, end = k.smaller(start + panel, n);
    solveRows(a, number, start, end);
    if (a.lower)
      return k.when(end < n, [&] { update(a, number, part, end, n); });
    // A last block may have less.
    k.when(
        start + panel <= n, [&] { update(a, number, part, zero, start); },
        [&] {
          Array columns = a.panels(number);
          Num origin = a.origin(k, number);
          k.loop(zero, start, [&](Num i) {
            k.loop(start, n, [&](Num j) {
              Num c = columns(i, j - origin);
              k.loop(from, to,
                     [&](Num m) { x.set(i, m, x(i, m) - c * x(j, m)); });
            });
          });
        });
  };
  Num count = (n + (panel - 1)) / wide;
  if (a.lower)
    k.loop(zero, count, step);
  else
    k.loopDown(zero, count, step);
}

WideColumns::Row WideColumns::load(Num i) {
  Row row;
  for (int64_t at = 0; at < width; at += lanesOf(k))
    row.push_back(own.at({i}).vector(k.index(at), lanesOf(k)));
  return row;
}

void WideColumns::store(Num i, ArrayRef<Num> row) {
  for (auto [number, part] : llvm::enumerate(row))
    own.at({i}).setVector(k.index(int64_t(number) * lanesOf(k)), part);
}

void WideColumns::copy(bool isBack) {
  auto whole = [&](Num i) {
    for (int64_t at = 0; at < width; at += lanesOf(k)) {
      Array row = x.at({i}), here = own.at({i});
      if (isBack)
        row.setVector(from + at, here.vector(k.index(at), lanesOf(k)));
      else
        here.setVector(k.index(at), row.vector(from + at, lanesOf(k)));
    }
  };
  auto some = [&](Num i) {
    if (!isBack)
      clearVectors(k, own.at({i}), k.index(0), k.index(width));
    k.loop(k.index(0), count, [&](Num m) {
      if (isBack)
        x.set(i, from + m, own(i, m));
      else
        own.set(i, m, x(i, from + m));
    });
  };
  k.when(
      count == k.index(width), [&] { k.loop(k.index(0), n, whole); },
      [&] { k.loop(k.index(0), n, some); });
}

void WideColumns::load() {
  copy(/*isBack=*/false);
  k.loop(n, k.size(wholeChunks(k, order)), [&](Num i) {
    clearVectors(k, own.at({i}), k.index(0), k.index(width));
  });
}

void WideColumns::store() { copy(/*isBack=*/true); }

void WideColumns::exchange(Num i, Num j) {
  Row a = load(i), b = load(j);
  store(i, b);
  store(j, a);
}

/// What is to be lost is in row i, minus the row.
void WideColumns::solveRow(const Triangle &a, Num number, Num start, Num end,
                           Num i) {
  Num origin = a.origin(k, number);
  Array columns = a.panels(number);
  Row row;
  for (Num part : load(i))
    row.push_back(-part);
  row = Row(k.folds(a.lower ? start : i + 1, a.lower ? i : end, 1, row,
                    [&](Num j, ArrayRef<Num> so) {
                      Num c = k.splat(-columns(i, j - origin), lanesOf(k));
                      SmallVector<Num> next;
                      for (auto [sum, part] : llvm::zip(so, load(j)))
                        next.push_back(sum + c * part);
                      return next;
                    }));
  if (!a.unit) {
    Num d = k.splat(columns(i, i - origin), lanesOf(k));
    for (Num &part : row)
      part = part / d;
  }
  store(i, row);
}

/// Are these rows zero?
Num WideColumns::isNothing(Num start, Num end) {
  Num zero = k.splat(k.real(0), lanesOf(k)),
      one = k.splat(k.real(1), lanesOf(k));
  Num found = k.folds(start, end, 1, zero, [&](Num i, ArrayRef<Num> so) {
                 Num any = so.front();
                 for (Num part : load(i))
                   any = k.choose(part != zero, one, any);
                 return SmallVector<Num>{any};
               }).front();
  return k.no(k.anyOf(found != zero));
}

/// A panel of rows gets what all before mean for it, as products of squares,
/// and then is solved for. Rows of zeros before the first others (of triangles'
/// inverses) mean nothing. Those of an upper triangle in a matrix end where the
/// matrix ends, so that only the last one that is solved for may have less.
void WideColumns::solve(const Triangle &a) {
  Num zero = k.index(0), wide = k.index(panel),
      panels = (n + (panel - 1)) / wide;
  Num shift = a.lower || a.inChunks ? zero : panels * wide - n;
  bool isWhole = order >= 0 && order % panel == 0;
  OpFoldResult depth = k.b.getIndexAttr(panel),
               across = k.b.getIndexAttr(width);
  Cell passed = k.cell(zero);
  auto numberOf = [&](Num turn) { return a.lower ? turn : panels - 1 - turn; };
  k.loop(zero, panels, [&](Num turn) {
    Num number = numberOf(turn), first = number * wide - shift;
    Num start = k.larger(first, zero), end = k.smaller(first + panel, n);
    OpFoldResult rows = isWhole ? depth : OpFoldResult((end - start).value);
    k.loop(start, end, [&](Num i) {
      Row row = load(i);
      for (Num &part : row)
        part = -part;
      store(i, row);
    });
    k.loop(passed, turn, [&](Num before) {
      Num other = numberOf(before), from = other * wide - shift;
      k.addProduct(
          a.panels(other).block(start, from - a.origin(k, other), rows, depth),
          /*transposeLeft=*/false, own.block(from, zero, depth, across),
          own.block(start, zero, rows, across));
    });
    auto row = [&](Num i) { solveRow(a, number, start, end, i); };
    if (a.lower)
      k.loop(start, end, row);
    else
      k.loopDown(start, end, row);
    k.when(passed == turn,
           [&] { k.when(isNothing(start, end), [&] { passed = turn + 1; }); });
  });
}

/// `solve(columns)` for all columns of right sides, which threads share.
template <typename Solve>
static void overRightSides(Kernel &k, const Array &x, Dim order, Num columns,
                           Solve solve) {
  auto narrow = [&](Num from, OpFoldResult width) {
    NarrowColumns part{k, x, order, from, width};
    solve(part);
  };
  std::optional<int64_t> known = getConstantIntValue(columns.value);
  int64_t lanes = lanesOf(k);
  if (known && *known < lanes)
    return narrow(k.index(0), k.b.getIndexAttr(*known));
  int64_t width =
      known ? std::min<int64_t>(chunk, llvm::alignTo(*known, lanes)) : chunk;
  double rows = order >= 0 ? double(order) : double(leastShared),
         nanoseconds = rows * rows * chunk / flopsPerNanosecond;
  Num groups = (columns + (width - 1)) / k.index(width);
  k.independent({k.l.dimOf(groups.value)}, nanoseconds, [&](ArrayRef<Num> at) {
    Num from = at.front() * k.index(width),
        count = k.smaller(columns - from, k.index(width));
    auto wide = [&] {
      WideColumns part{k, x, order, from, count, width};
      part.load();
      solve(part);
      part.store();
    };
    if (known)
      return wide();
    k.when(count >= k.index(lanes), wide, [&] { narrow(from, count.value); });
  });
}

void lowering::solveTriangleInBlocks(Kernel &k, const Array &a, const Array &x,
                                     Dim order, Num columns, bool lower,
                                     bool unit) {
  auto whole = [&](Num) { return a; };
  Triangle triangle{whole, /*inChunks=*/false, lower, unit};
  overRightSides(k, x, order, columns,
                 [&](auto &part) { part.solve(triangle); });
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

/// Is a square matrix an identity?
static Num isIdentity(Kernel &k, const Array &x, Num n) {
  int64_t lanes = lanesOf(k);
  Num zero = k.index(0), nothing = k.splat(k.real(0), lanes),
      one = k.splat(k.real(1), lanes), whole = floorTo(k, n, lanes);
  Cell row = k.cell(zero), goesOn = k.cell(k.truth(true));
  k.repeatWhile(
      [&] { return Num(goesOn) && Num(row) < n; },
      [&] {
        Num i = row;
        Array of = x.at({i});
        Num found =
            k.folds(zero, whole, lanes, nothing, [&](Num j, ArrayRef<Num> so) {
               Num other = of.vector(j, lanes) != nothing;
               return SmallVector<Num>{so.front() +
                                       k.choose(other, one, nothing)};
             }).front();
        Num count = k.fold(whole, n, k.sumOf(found), [&](Num j, Num so) {
          return so + k.choose(of(j) != k.real(0), k.real(1), k.real(0));
        });
        goesOn = count == k.real(1) && of(i) == k.real(1);
        row = i + 1;
      });
  return Num(goesOn);
}

/// Column i becomes column `places[i]`.
static void placeColumns(Kernel &k, const Array &x, const Array &places,
                         Dim order) {
  constexpr int64_t rows = 32;
  Num n = k.size(order), zero = k.index(0),
      groups = (n + (rows - 1)) / k.index(rows);
  double size = order >= 0 ? double(order) : double(leastShared);
  k.independent({k.l.dimOf(groups.value)}, rows * size, [&](ArrayRef<Num> at) {
    Array line = k.scratch({order}, k.element);
    Num first = at.front() * k.index(rows);
    k.loop(first, k.smaller(first + rows, n), [&](Num i) {
      Array row = x.at({i});
      copyElements(k, row, line, zero, n);
      k.loop(zero, n, [&](Num j) { row.set(places(j), line(j)); });
    });
  });
}

/// Inverses have the columns of (L U)^-1 in another order: most of L^-1 is
/// zero, and most of P is not where that helps.
void lowering::solveInBlocks(Kernel &k, const Array &a, const Array &x,
                             Dim order, Num columns) {
  BlockedLU lu{k, order};
  lu.factor(a);
  auto chunk = [&](Num number) { return lu.chunks.at({number}); };
  Triangle lower{chunk, /*inChunks=*/true, /*lower=*/true, /*unit=*/true},
      upper{chunk, /*inChunks=*/true, /*lower=*/false, /*unit=*/false};
  std::optional<int64_t> known = getConstantIntValue(columns.value);
  bool mayInvert = !known || order < 0 || *known == order;
  Num n = k.size(order);
  Cell inverts = k.cell(k.truth(false));
  if (mayInvert)
    k.when(columns == n, [&] { inverts = isIdentity(k, x, n); });
  overRightSides(k, x, order, columns, [&](auto &part) {
    auto exchange = [&] {
      lu.exchanges([&](Num i, Num j) { part.exchange(i, j); });
    };
    if (mayInvert)
      k.when(k.no(inverts), exchange);
    else
      exchange();
    part.solve(lower);
    part.solve(upper);
  });
  if (!mayInvert)
    return;
  k.when(inverts, [&] {
    Array places = k.scratch({order}, k.b.getIndexType());
    k.loop(k.index(0), n, [&](Num i) { places.set(i, i); });
    lu.exchanges([&](Num i, Num j) {
      Num at = places(i), other = places(j);
      places.set(i, other);
      places.set(j, at);
    });
    placeColumns(k, x, places, order);
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
