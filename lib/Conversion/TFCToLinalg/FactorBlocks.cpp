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
#include "TriangularSystems.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

/// The depth of products; orders from which they pay.
static constexpr int64_t panel = chunkWidth, leastOrder = 96;
/// The order from which LU factors are shared: a panel takes longer than its
/// updates in less.
static constexpr int64_t leastFactors = 256, worthOfPanel = 4;

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

Num lowering::lanesBehind(Kernel &k, Num base, Num i) {
  int64_t lanes = lanesOf(k);
  Type word = k.b.getI32Type();
  Num first =
      k.num(arith::IndexCastOp::create(k.b, k.loc, word, (i - base).value));
  return k.lanesFromZero(VectorType::get(lanes, word)) >= k.splat(first, lanes);
}

/// The first lane that is chosen; there is one.
static Num firstLane(Kernel &k, Num mask) {
  int64_t lanes = lanesOf(k);
  Type bits = k.b.getIntegerType(lanes);
  Value word = vector::BitCastOp::create(k.b, k.loc, VectorType::get(1, bits),
                                         mask.value);
  word = vector::ExtractOp::create(k.b, k.loc, word, 0);
  word = arith::ExtUIOp::create(k.b, k.loc, k.b.getI32Type(), word);
  Value count = math::CountTrailingZerosOp::create(k.b, k.loc, word);
  return k.num(
      arith::IndexCastUIOp::create(k.b, k.loc, k.b.getIndexType(), count));
}

Num lowering::pivotOf(Kernel &k, const Array &column, Num i, Num n) {
  int64_t lanes = lanesOf(k);
  Num nothing = k.splat(k.real(0), lanes), base = floorTo(k, i, lanes);
  auto sizes = [&](Num at) { return k.abs(column.vector(at, lanes)); };
  // `larger` passes over NaN.
  Num head = k.choose(lanesBehind(k, base, i), sizes(base), nothing);
  Num best =
      k.folds(base + lanes, wholeVectors(k, n), lanes, k.larger(nothing, head),
              [&](Num at, ArrayRef<Num> so) {
                return SmallVector<Num>{k.larger(so.front(), sizes(at))};
              })
          .front();
  for (int64_t half = lanes / 2; half > 0; half /= 2) {
    SmallVector<int64_t> others;
    for (int64_t lane = 0; lane < lanes; ++lane)
      others.push_back(lane ^ half);
    best = k.larger(best, k.shuffle(best, best, others));
  }
  Cell pivot = k.cell(i);
  k.when(k.no(k.isNan(column(i))), [&] {
    Cell at = k.cell(base);
    auto found = [&] { return sizes(at) == best && lanesBehind(k, at, i); };
    k.repeatWhile([&] { return k.no(k.anyOf(found())); },
                  [&] { at = Num(at) + lanes; });
    pivot = Num(at) + firstLane(k, found());
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
  void bringUpToDate(Num start, Num first, Num column);
  void factorPanel(Num step);
  void update(Num step, Num at);
  void exchange(Num step, Num at);
};

} // namespace

/// What earlier columns of a panel mean for one, a few of them at a time: first
/// what each means for the elements of the others' rows.
void BlockedLU::bringUpToDate(Num start, Num first, Num column) {
  int64_t lanes = lanesOf(k);
  Array own = panels.at({first + column});
  k.loopBy(k.index(0), column, rowsAtOnce, [&](Num j) {
    Num row = start + j;
    FewNums factors, wide;
    for (int64_t r = 0; r < rowsAtOnce; ++r) {
      Num value = own(row + r), c = value;
      for (auto [q, factor] : llvm::enumerate(factors))
        c = c + factor * panels(first + j + int64_t(q), row + r);
      Num isEarlier = j + r < column;
      if (r > 0)
        own.set(row + r, k.choose(isEarlier, c, value));
      factors.push_back(k.choose(isEarlier, -c, k.real(0)));
      wide.push_back(k.splat(factors.back(), lanes));
    }
    auto added = [&](Num i) {
      Num sum = own.vector(i, lanes);
      for (auto [r, c] : llvm::enumerate(wide)) {
        // Not of columns whose turn is to come: 0 times infinity is NaN.
        Num earlier = k.smaller(j + int64_t(r), column - 1);
        sum = sum + c * panels.at({first + earlier}).vector(i, lanes);
      }
      return sum;
    };
    Num behind = start + k.smaller(j + rowsAtOnce, column),
        base = floorTo(k, behind, lanes);
    own.setVector(base, k.choose(lanesBehind(k, base, behind), added(base),
                                 own.vector(base, lanes)));
    k.loopBy(base + lanes, wholeVectors(k, n), lanes,
             [&](Num i) { own.setVector(i, added(i)); });
  });
}

/// What earlier columns mean for one is subtracted when its turn comes, so that
/// its elements are read and written once for several. Rows of `panels` have
/// the columns along memory.
void BlockedLU::factorPanel(Num step) {
  Num start = step * k.index(panel), end = k.smaller(start + panel, n),
      first = rowsOfPanel(step);
  Num zero = k.index(0), width = end - start, last = wholeVectors(k, n);
  int64_t lanes = lanesOf(k);
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
    bringUpToDate(start, first, column);
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
    k.when(d != k.real(0), [&] {
      Num wide = k.splat(d, lanes), base = floorTo(k, i + 1, lanes),
          head = own.vector(base, lanes);
      own.setVector(base,
                    k.choose(lanesBehind(k, base, i + 1), head / wide, head));
      k.loopBy(base + lanes, last, lanes,
               [&](Num m) { own.setVector(m, own.vector(m, lanes) / wide); });
    });
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
    stepTasks(k, step, count, n, leastFactors, worthOfPanel,
              [&](Num at, Num isNext) {
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
  auto exchanges = [&](Exchange exchange) {
    if (!mayInvert)
      return lu.exchanges(exchange);
    k.when(k.no(inverts), [&] { lu.exchanges(exchange); });
  };
  solveColumns(k, x, order, columns, exchanges, {lower, upper});
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
    // A square root has a reciprocal that is neither infinite nor denormal.
    Num diagonal = triangle(i, column),
        factor = k.splat(k.real(1) / diagonal, lanesOf(k));
    for (Num &part : row)
      part = part * factor;
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
    stepTasks(k, step, count, n, leastShared, 2, [&](Num at, Num isNext) {
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
