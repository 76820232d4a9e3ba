//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// QR factors in blocks of reflections. Threads share chunks of columns, as they
// do for triangular factors (FactorBlocks.cpp): a panel is brought up to date
// and factorized while others update what is behind it with the panel before.
//===----------------------------------------------------------------------===//

#include "Chunks.h"
#include "Reflections.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

namespace {

struct BlockedQR {
  Kernel &k;
  ReflectionBlocks &h;
  const Array &x, &r;
  Dim rows, columns;
  Num height, count; // of R, of reflections
  Num m = k.size(rows), n = k.size(columns);
  Num wide = k.index(chunkWidth);
  Array chunks = {}, along = {}, products = {}, factors = {};

  void run();

private:
  bool isOne() const { return columns >= 0 && columns <= chunkWidth; }
  Num numChunks() { return (n + (chunkWidth - 1)) / wide; }
  void allocate();
  void runInChunks();
  void factorColumns(Num start, Num width);
  void bringUpToDate(Num start, Num done, const Array &column);
  void factorChunk(Num step);
  void update(Num step, Num at);
  void load(Num at);
  void store(Num at);
  void storeOne();
};

} // namespace

/// What the reflections of a panel so far mean for a column.
void BlockedQR::bringUpToDate(Num start, Num done, const Array &column) {
  Num zero = k.index(0), square = k.index(llvm::alignTo(h.depth, lanesOf(k)));
  auto dots = [&](const Array &of, const Array &with, const Array &to,
                  Num begin, Num end) {
    k.loopBy(zero, done, rowsAtOnce, [&](Num first) {
      FewNums found = dotsOfRows(k, of, start + first, with, begin, end);
      for (auto [row, dot] : llvm::enumerate(found))
        to.set(first + row, dot);
    });
  };
  dots(h.v, column, products, start, h.end);
  dots(h.negated, products, factors, zero, square);
  addRowsTo(
      k, column, h.v, start, done, [&](Num i) { return factors(i); }, start,
      h.end);
}

/// Columns of a panel, which lie along memory, one after the other: what
/// earlier ones mean for one is done when its turn comes, so that its elements
/// are read and written once for several.
void BlockedQR::factorColumns(Num start, Num width) {
  Num last = k.smaller(start + h.panel, count) - start;
  k.loop(k.index(0), width, [&](Num j) {
    Num at = start + j;
    Array column = along.at({j});
    bringUpToDate(start, k.smaller(j, last), column);
    k.when(j < last, [&] {
      Num from = floorTo(k, at, lanesOf(k));
      Array row = h.v.at({at});
      copyVectors(k, column, row, from, h.end);
      k.loop(from, at, [&](Num i) { row.set(i, k.zero()); });
      Reflection found = reflectRow(k, row, at, from, h.end);
      column.set(at, found.beta);
      h.addReflection(start, at, found.tau, from);
    });
  });
}

/// Of its columns those of R go back, all else is told by the reflections.
void BlockedQR::factorChunk(Num step) {
  Num start = step * wide, zero = k.index(0);
  Array own = chunks.at({step});
  OpFoldResult side = k.b.getIndexAttr(chunkWidth);
  k.loopBy(start, m, chunkWidth, [&](Num i) {
    transposeBlock(k, own.block(i, zero, side, side),
                   along.block(zero, i, side, side), /*negate=*/false);
  });
  factorColumns(start, k.smaller(wide, n - start));
  transposeBlock(k, along.block(zero, start, side, side),
                 own.block(start, zero, side, side), /*negate=*/false);
}

/// What the panel before this step means for a chunk behind it.
void BlockedQR::update(Num step, Num at) {
  Num start = (step - 1) * wide;
  auto side = h.sideOf(chunkWidth, k.b.getIndexAttr(chunkWidth));
  h.apply(side, chunks.at({at}), start, start, /*transposed=*/true);
}

/// The last square reaches beyond the last row.
void BlockedQR::load(Num at) {
  Num from = at * wide;
  Array own = chunks.at({at});
  auto some = [&](std::optional<Num> width) {
    copyChunk(k, x, own, from, m, width, /*isBack=*/false);
  };
  overWidth(
      k, columns, from, [&] { some(std::nullopt); },
      [&](Num width) { some(width); });
  k.loop(m, k.size(wholeChunks(k, rows)),
         [&](Num i) { clearVectors(k, own.at({i}), k.index(0), wide); });
}

void BlockedQR::store(Num at) {
  Num from = at * wide, zero = k.index(0);
  Array own = chunks.at({at});
  Num above = k.smaller(from, height), behind = k.smaller(from + wide, height);
  auto some = [&](std::optional<Num> width) {
    copyChunk(k, r, own, from, above, width, /*isBack=*/true);
  };
  overWidth(
      k, columns, from, [&] { some(std::nullopt); },
      [&](Num width) { some(width); });
  Num width = k.smaller(wide, n - from);
  k.loop(above, behind, [&](Num i) {
    k.loop(zero, width, [&](Num j) {
      r.set(i, from + j, k.choose(j >= i - from, own(i, j), k.zero()));
    });
  });
  k.loop(behind, height, [&](Num i) {
    fillElements(k, r.at({i}), from, from + width, k.zero());
  });
}

/// The columns that lie along memory are all of R.
void BlockedQR::storeOne() {
  Num zero = k.index(0);
  k.loop(zero, height, [&](Num i) {
    k.loop(zero, n, [&](Num j) {
      r.set(i, j, k.zero());
      k.when(i <= j, [&] { r.set(i, j, along(j, i)); });
    });
  });
}

void BlockedQR::allocate() {
  int64_t depth = isOne() ? h.depth : chunkWidth,
          square = llvm::alignTo(h.depth, lanesOf(k));
  along = k.scratch({depth, paddedDim(k, wholeChunks(k, rows))}, k.element);
  products = k.scratch({square}, k.element);
  factors = k.scratch({square}, k.element);
  clearVectors(k, products, k.index(0), k.index(square));
}

void BlockedQR::runInChunks() {
  chunks = chunksOf(k, rows, columns);
  // One chunk is its own panel.
  Num order = k.smaller(m, n + n), zero = k.index(0), all = numChunks(),
      steps = (count + (chunkWidth - 1)) / wide;
  tasks(k, all, order, [&](Num number) { load(interleaved(k, number, all)); });
  // Where there are more columns than reflections, the last panel has columns
  // behind it.
  Num last = k.choose(all > steps, steps + 1, steps);
  k.loop(zero, last, [&](Num step) {
    stepTasks(k, step, all, order, leastShared, 4, [&](Num at, Num isNext) {
      k.when(at < all && (isNext || at > step), [&] {
        k.when(step > zero, [&] { update(step, at); });
        k.when(isNext && step < steps, [&] { factorChunk(step); });
      });
    });
  });
  tasks(k, all, order, [&](Num number) { store(interleaved(k, number, all)); });
}

void BlockedQR::run() {
  allocate();
  if (!isOne())
    return runInChunks();
  Num zero = k.index(0);
  transposeBlock(k, x.block(zero, zero, m.value, n.value),
                 along.block(zero, zero, n.value, m.value), /*negate=*/false);
  k.loop(zero, n, [&](Num j) {
    k.loop(m, h.end, [&](Num i) { along.set(j, i, k.zero()); });
  });
  factorColumns(zero, n);
  storeOne();
}

void lowering::factorQRInBlocks(Kernel &k, const Array &x, ReflectionBlocks &h,
                                const Array &r, Num height, Num count, Dim rows,
                                Dim columns) {
  BlockedQR{k, h, x, r, rows, columns, height, count}.run();
}
