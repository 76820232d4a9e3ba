//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Products of a batch that lie side by side in memory: those of groups of
// channels.
//
// One after the other, each would go through all of the image for a few
// channels of every place. So blocks of rows are outermost, and the products
// take turns. Where a product has fewer columns than a vector has lanes, a
// vector has the columns of several, and of the left operand a vector with what
// all of them need, in which an element of each is repeated in its lanes: no
// lane is empty, and a multiply-add costs one move within a vector.
//===----------------------------------------------------------------------===//

#include "Emitter.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tfc::kernels;

/// Tiles of a block: what they read of the right operand stays in the
/// first-level cache meanwhile.
static constexpr int64_t blockTiles = 8;
/// Elements of the left operand that are repeated: those of 16 bytes stay in
/// their quarter of a vector, which is one instruction without another operand.
static constexpr int64_t mostDepth = 4;

/// Are neighbouring elements of the left operand the product's next rows, not
/// its next k?
bool Emitter::leftIsAlongRows() const {
  return known(p.left.columnStride) != 1 &&
         known(p.left.rowStrides.back()) == 1;
}

/// How many products share a vector; 1 if they do not.
int64_t Emitter::productsOfVector(const SideBySide &batch) const {
  if (!isKnown(n) || n < 2 || n >= lanes || lanes % n != 0 || !isKnown(k) ||
      !isKnown(m) || m < 1 || batch.count % (lanes / n) != 0)
    return 1;
  auto isNext = [&](int64_t step, const Matrix &matrix) {
    return step == n && known(matrix.columnStride) == 1;
  };
  bool contiguous =
      isNext(batch.rightStep, p.right) && isNext(batch.resultStep, p.result);
  for (auto [step, matrix] :
       llvm::zip_equal(batch.epilogueSteps, p.epilogueOperands))
    contiguous &= !matrix.memory || isNext(step, matrix);
  int64_t each = leftIsAlongRows() ? known(p.left.rowSizes.back()) : k;
  bool isAlong = leftIsAlongRows() ? m % std::max<int64_t>(each, 1) == 0
                                   : known(p.left.columnStride) == 1;
  int64_t width = lanes / n * each;
  return contiguous && isAlong && each == batch.leftStep && each <= mostDepth &&
                 llvm::isPowerOf2_64(width) && width <= 2 * lanes
             ? lanes / n
             : 1;
}

/// These rows of as many products as a vector has, of which this is the first.
Tile Emitter::mergedTile(ArrayRef<Value> rows, const SideBySide &batch) {
  Tile tile = directTile(rows, {{b.constant(0), lanes, {}}});
  tile.near = 0;
  tile.lanesEach = n;
  tile.leftEach = batch.leftStep;
  tile.leftRows = leftIsAlongRows();
  return tile;
}

/// How long the rows of the image are that the product's rows are places of, or
/// 0 if they are none.
int64_t Emitter::imageRow() const {
  bool isImage = isKnown(m) && p.left.rowSizes.size() > 1 && !p.left.firstRow;
  int64_t last = isImage ? known(p.left.rowSizes.back()) : 0;
  return isKnown(last) && last > 0 && m % last == 0 ? last : 0;
}

/// The same if tiles may end with them: then their left operands are equally
/// far apart, and need one register together, not one each. Else 0.
int64_t Emitter::evenRows() const {
  constexpr int64_t shortest = 8;
  return imageRow() >= shortest ? imageRow() : 0;
}

bool Emitter::sideBySide(const SideBySide &batch) {
  int64_t merged = productsOfVector(batch), most = directShape().rows;
  bool alongRows = leftIsAlongRows();
  if (merged > 1 && alongRows) {
    // Whole vectors of the left operand.
    int64_t each = batch.leftStep,
            room = options.unit.registers >= 32 ? 24 : 10;
    most = each;
    for (int64_t rows = each; rows <= std::min(room, m); rows += each)
      if (m % rows == 0)
        most = rows;
  }
  bool manyRows = hasManyTiles(most);
  if (merged == 1 && (!manyRows || alongRows))
    return false;
  int64_t even = alongRows ? 0 : evenRows();
  auto compute = [&](Value number, ArrayRef<Value> rows) {
    Product product = batch.member(b.mul(number, b.constant(merged)));
    Emitter each(b, product, options, b.type);
    auto emit = [&](Tile tile) {
      if (even) {
        int64_t step = known(product.left.rowStrides.back());
        tile.leftRowStep = isKnown(step) ? step : 0;
        for (auto [i, start] : llvm::enumerate(tile.leftStart))
          start = b.add(tile.leftStart[0],
                        b.mul(b.constant(i), product.left.rowStrides.back()));
      }
      b.tile(tile);
    };
    if (merged > 1)
      return emit(each.mergedTile(rows, batch));
    each.overColumns(directShape().vectors, false,
                     [&](ArrayRef<Columns> columns) {
                       emit(each.directTile(rows, columns));
                     });
  };
  // Units are tiles, or rows of the image.
  Value zero = b.constant(0), count = b.constant(batch.count / merged),
        all = even ? b.constant(m / even) : b.ceilDiv(p.rows, most);
  int64_t ofUnit = even ? llvm::divideCeil(even, most) : 1;
  auto overUnits = [&](Value from, Value to, ForRows body) {
    if (!even)
      return overTiles(from, to, most, body);
    b.loop(from, to, 1, [&](Value unit) {
      int64_t done = 0;
      for (auto [size, times] : split(even, most)) {
        b.loop(b.constant(done), b.constant(done + size * times), size,
               [&, size = size](Value first) {
                 Value row = b.add(b.mul(unit, b.constant(even)), first);
                 body(offsets(row, size));
               });
        done += size * times;
      }
    });
  };
  Value work = flops(b.constant(even ? even : most),
                     b.mul(p.columns, b.constant(merged)), allSteps());
  if (!manyRows) {
    b.parallelLoop(zero, count, 1, b.mul(work, all), [&](Value number) {
      overUnits(zero, all,
                [&](ArrayRef<Value> rows) { compute(number, rows); });
    });
    return true;
  }
  int64_t block = llvm::divideCeil(blockTiles, ofUnit);
  b.parallelRanges(zero, all, b.mul(work, count), [&](Value from, Value to) {
    b.loopInSteps(from, to, b.constant(block), [&](Value first, Value units) {
      b.loop(zero, count, 1, [&](Value number) {
        overUnits(first, b.add(first, units),
                  [&](ArrayRef<Value> rows) { compute(number, rows); });
      });
    });
  });
  return true;
}

bool tfc::kernels::sharesVectors(KernelBuilder &b, const Product &p,
                                 const SideBySide &batch,
                                 const KernelOptions &options) {
  return Emitter(b, p, options, b.type).productsOfVector(batch) > 1;
}

bool tfc::kernels::takesTurns(KernelBuilder &b, const Product &p,
                              const KernelOptions &options) {
  return Emitter(b, p, options, b.type).takesTurns();
}

bool tfc::kernels::emitSideBySide(KernelBuilder &b, const Product &p,
                                  const SideBySide &batch,
                                  const KernelOptions &options) {
  return Emitter(b, p, options, b.type).sideBySide(batch);
}
