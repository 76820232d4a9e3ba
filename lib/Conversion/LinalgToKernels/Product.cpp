//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Algorithms for one matrix product on its operands as they are, and the
// choice.
//
// direct       for row tiles { for column tiles { register tile } }: what fits
//              the caches.
// packed       Packed.cpp.
// rowSums, rowLanes  Narrow.cpp.
// pairs        PairProducts.cpp.
// rowTimes     few rows: for k by 8 or 4 { for columns { result += multiples of
//              rows of `right` } }. Reads `right` once, in as many streams.
// dotProducts  few rows, `right` transposed: vectors along k, summed up at the
//              end.
//
// No vector is masked where sizes are known: the last one overlaps the one
// before.
//===----------------------------------------------------------------------===//

#include "Elementwise.h"
#include "Emitter.h"
#include "PairProducts.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "tfc/Dialect/TFCRT/IR/ParallelLoop.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tfc::kernels;

/// Smaller right operands are not worth a thread.
static constexpr int64_t parallelElements = 128 * 1024;
/// A single tile of rows uses a panel once: copying it would gain nothing.
static constexpr int64_t fewRows = 7;

/// How many k before they are needed vectors are fetched into the first-level
/// cache: a hundred cycles or more. Right operands of so few bytes stay there.
static constexpr int64_t nearDepth = 12, leastNearBits = 256,
                         leastNearDepth = 64, leastNearBytes = 96 * 1024;

int64_t tfc::kernels::known(Value value) {
  return getConstantIntValue(value).value_or(ShapedType::kDynamic);
}

SmallVector<std::pair<int64_t, int64_t>> tfc::kernels::split(int64_t total,
                                                             int64_t most) {
  SmallVector<std::pair<int64_t, int64_t>> parts; // size, how often
  if (total <= 0)
    return parts;
  int64_t count = llvm::divideCeil(total, most), size = total / count,
          larger = total % count;
  if (larger < count)
    parts.push_back({size, count - larger});
  if (larger)
    parts.push_back({size + 1, larger});
  return parts;
}

Emitter::Emitter(KernelBuilder &b, const Product &p,
                 const KernelOptions &options, Type element)
    : b(b), p(p), options(options),
      lanes(options.unit.bits / element.getIntOrFloatBitWidth()),
      m(known(p.rows)), n(known(p.columns)), k(known(p.depth)) {}

/// Multiplications and additions of a block.
Value Emitter::flops(Value rows, Value columns, Value depth) {
  return b.mul(b.mul(rows, columns), b.mul(depth, b.constant(2)));
}

/// The multiply-adds for one element of the result.
Value Emitter::allSteps() {
  Value steps = p.depth;
  for (const Tap &tap : p.taps)
    steps = b.mul(steps, tap.size);
  return steps;
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

/// One broadcast of an element of `left` feeds all vectors, one vector of
/// `right` all rows; sums, vectors and the broadcast have to fit the registers.
Shape Emitter::shape() const {
  bool many = options.unit.registers >= 32;
  if (isKnown(m) && m <= 3)
    return {std::max<int64_t>(m, 1), many ? 8 : 4, lanes};
  return {6, many ? 4 : 2, lanes};
}

Values Emitter::offsets(Value from, int64_t count, int64_t by) {
  Values values;
  for (int64_t i = 0; i < count; ++i)
    values.push_back(offset(from, i * by));
  return values;
}

/// A tile of the result, on the operands as they are.
Tile Emitter::newTile(ArrayRef<Value> rows, ArrayRef<Columns> columns) {
  Tile tile;
  tile.left = p.left.memory;
  tile.leftStep = p.left.columnStride;
  tile.right = p.right.memory;
  tile.rightStep =
      p.right.rowStrides.empty() ? b.constant(0) : p.right.rowStrides[0];
  tile.rightMasked = true;
  tile.taps = p.taps;
  tile.result = p.result;
  tile.rows = Values(rows);
  tile.columns.assign(columns.begin(), columns.end());
  tile.depth = p.depth;
  tile.fresh = b.boolean(p.fresh);
  tile.last = b.boolean(true);
  if (p.epilogue)
    tile.finish = [this](ArrayRef<Value> rows, ArrayRef<Columns> columns,
                         ValueRange sums) {
      p.epilogue->finish(b, p.epilogueOperands, p.result, rows, columns, sums);
    };
  return tile;
}

/// The right operand comes from the second-level cache, the result from further
/// away: both are fetched before they are needed.
void Emitter::fetchNear(Tile &tile) const {
  int64_t bytes = b.type.getIntOrFloatBitWidth() / 8;
  bool small = isKnown(n) && isKnown(k) && p.taps.empty() &&
               (k < leastNearDepth || n * k * bytes <= leastNearBytes);
  if (small || options.unit.bits < leastNearBits)
    return;
  tile.near = nearDepth;
}

void Emitter::overRows(int64_t most, bool parallel, ForRows body) {
  // Reading an element of the left operand takes as long as 16 operations.
  constexpr int64_t leastColumns = 8;
  Value columns = b.max(p.columns, b.constant(leastColumns));
  auto over = [&](Value from, Value to, int64_t step) {
    auto each = [&](Value row) { body(offsets(row, step)); };
    if (parallel)
      b.parallelLoop(from, to, step,
                     flops(b.constant(step), columns, allSteps()), each);
    else
      b.loop(from, to, step, each);
  };
  if (isKnown(m)) {
    int64_t from = 0, tiles = 0;
    for (auto [size, count] : split(m, most))
      tiles += count;
    if (parallel && split(m, most).size() > 1)
      return b.parallelRanges(
          b.constant(0), b.constant(tiles),
          flops(b.constant(most), columns, allSteps()),
          [&](Value first, Value last) { overTiles(first, last, most, body); });
    for (auto [size, count] : split(m, most)) {
      over(b.constant(from), b.constant(from + size * count), size);
      from += size * count;
    }
    return;
  }
  Value whole = b.roundDown(p.rows, most);
  over(b.constant(0), whole, most);
  b.loop(whole, p.rows, 1, [&](Value row) { body({row}); });
}

void Emitter::overColumns(int64_t most, bool parallel, ForColumns body) {
  auto vectors = [&](Value first, int64_t count, int64_t width,
                     Value mask = {}) {
    SmallVector<Columns> columns;
    for (Value start : offsets(first, count, width))
      columns.push_back({start, width, mask});
    return columns;
  };
  auto over = [&](Value from, Value to, int64_t count, int64_t width) {
    auto each = [&](Value column) { body(vectors(column, count, width)); };
    if (parallel)
      b.parallelLoop(from, to, count * width,
                     flops(p.rows, b.constant(count * width), allSteps()),
                     each);
    else
      b.loop(from, to, count * width, each);
  };
  if (isKnown(n)) {
    int64_t width = std::min<int64_t>(
        lanes, llvm::bit_floor(uint64_t(std::max<int64_t>(n, 1))));
    // One vector under a mask instead of two that overlap.
    if (n < lanes && n > width && options.unit.masks())
      return body(
          vectors(b.constant(0), 1, 2 * width, b.mask(p.columns, 2 * width)));
    int64_t from = 0;
    // Vectors that overlap are of one tile: sums that are added to what another
    // tile has stored would count twice.
    if (n % width)
      most = std::max<int64_t>(most, 2);
    auto parts = split(llvm::divideCeil(n, width), most);
    for (auto [number, part] : llvm::enumerate(parts)) {
      auto [size, count] = part;
      bool ragged = n % width && number + 1 == parts.size();
      int64_t to = from + size * (count - ragged) * width;
      over(b.constant(from), b.constant(to), size, width);
      if (ragged) {
        SmallVector<Columns> columns = vectors(b.constant(to), size, width);
        columns.back().first = b.constant(n - width);
        body(columns);
      }
      from = to;
    }
    return;
  }
  Value whole = b.roundDown(p.columns, most * lanes);
  over(b.constant(0), whole, most, lanes);
  if (options.unit.masks()) {
    b.loop(whole, p.columns, lanes, [&](Value column) {
      body(vectors(column, 1, lanes, b.mask(b.sub(p.columns, column), lanes)));
    });
    return;
  }
  Value vectorized = b.roundDown(p.columns, lanes);
  b.loop(whole, vectorized, lanes,
         [&](Value column) { body(vectors(column, 1, lanes)); });
  b.loop(vectorized, p.columns, 1,
         [&](Value column) { body(vectors(column, 1, 1)); });
}

Shape Emitter::directShape() const {
  bool many = options.unit.registers >= 32;
  // As many sums as hide the latency of one.
  if (isKnown(n) && n <= lanes)
    return {many ? 12 : 8, 1, lanes};
  // As many as registers hold: vectors of the right operand are used more
  // often.
  if (isKnown(n) && n <= 2 * lanes && many && !(isKnown(m) && m <= 3))
    return {12, 2, lanes};
  return shape();
}

/// How far neighbouring rows of a tile are apart, if it has so many that each
/// would need a register for its address; else 0.
int64_t Emitter::leftRowStep(ArrayRef<Value> rows) const {
  constexpr size_t manyRows = 7;
  int64_t step = p.left.rowStrides.size() == 1 ? known(p.left.rowStrides[0])
                                               : ShapedType::kDynamic;
  bool isEven = isKnown(m) && isKnown(step);
  return isEven && rows.size() >= manyRows ? step : 0;
}

/// These rows and columns, on the operands as they are.
Tile Emitter::directTile(ArrayRef<Value> rows, ArrayRef<Columns> columns) {
  Tile tile = newTile(rows, columns);
  for (Value row : rows)
    tile.leftStart.push_back(b.at(p.left, row, b.constant(0)));
  for (const Columns &vector : columns)
    tile.rightStart.push_back(b.at(p.right, b.constant(0), vector.first));
  tile.leftRowStep = leftRowStep(rows);
  fetchNear(tile);
  return tile;
}

/// The product of which rows count from where this row of the image begins:
/// those of a tile are equally far apart then, in all operands, and need one
/// register for addresses together, not one each.
Product Emitter::onImageRow(Value number) {
  Product part = p;
  auto moveTo = [&](Matrix &matrix) {
    if (!matrix.memory)
      return;
    Matrix whole = matrix;
    whole.rowSizes.pop_back();
    whole.rowStrides.pop_back();
    matrix.offset = b.at(whole, number, b.constant(0));
    matrix.rowSizes = {matrix.rowSizes.back()};
    matrix.rowStrides = {matrix.rowStrides.back()};
  };
  moveTo(part.left);
  moveTo(part.result);
  llvm::for_each(part.epilogueOperands, moveTo);
  return part;
}

void Emitter::direct() {
  Shape shape = directShape();
  // Vectors are neighbours then.
  bool isWhole = isKnown(n) && n % lanes == 0;
  auto compute = [&](ArrayRef<Value> rows, ArrayRef<Columns> columns) {
    Tile tile = directTile(rows, columns);
    if (isWhole && isRoutineOfRows(tile))
      return emitRows(tile);
    b.tile(tile);
  };
  // Few rows have no loop to share.
  bool byColumns = isKnown(m) && m < 8 * shape.rows &&
                   (!isKnown(n) || n >= 8 * shape.width());
  if (byColumns)
    return overColumns(shape.vectors, true, [&](ArrayRef<Columns> columns) {
      overRows(shape.rows, false,
               [&](ArrayRef<Value> rows) { compute(rows, columns); });
    });
  if (int64_t even = evenRows(); even && shape.rows > 6) {
    Value work = flops(b.constant(even), p.columns, allSteps());
    return b.parallelLoop(
        b.constant(0), b.constant(m / even), 1, work, [&](Value number) {
          Product row = onImageRow(number);
          row.rows = b.constant(even);
          Emitter each(b, row, options, b.type);
          each.overRows(shape.rows, false, [&](ArrayRef<Value> rows) {
            overColumns(shape.vectors, false, [&](ArrayRef<Columns> columns) {
              b.tile(each.directTile(rows, columns));
            });
          });
        });
  }
  overRows(shape.rows, true, [&](ArrayRef<Value> rows) {
    overColumns(shape.vectors, false,
                [&](ArrayRef<Columns> columns) { compute(rows, columns); });
  });
}

/// The product of these columns alone.
Product Emitter::someColumns(Value first, Value count) {
  Product part = p;
  part.columns = count;
  auto moveTo = [&](Matrix &matrix) {
    if (matrix.memory)
      matrix.offset = b.add(matrix.offset, b.mul(first, matrix.columnStride));
  };
  moveTo(part.right);
  moveTo(part.result);
  llvm::for_each(part.epilogueOperands, moveTo);
  llvm::for_each(part.producerOperands, moveTo);
  return part;
}

//===----------------------------------------------------------------------===//
// The last columns
//===----------------------------------------------------------------------===//

/// Columns behind whole vectors, if sums along k take less than half as long as
/// another vector: a multiply-add each for a vector of k, a load of the left
/// operand for all of them, and the lanes that are added up at the end.
int64_t Emitter::restColumns(Algorithm algorithm) const {
  constexpr int64_t leastRows = 8, mostRest = 4, addingUp = 8;
  auto hasType = [&](const Matrix &matrix) {
    return cast<MemRefType>(matrix.memory.getType()).getElementType() == b.type;
  };
  bool isTiled =
      algorithm == Algorithm::direct || algorithm == Algorithm::packed;
  if (!isTiled || !options.reassociate || !options.unit.masks() ||
      !isKnown(m) || m < leastRows || !isKnown(n) || !isKnown(k) ||
      lanes <= mostRest || b.type.getIntOrFloatBitWidth() < 32 || p.panels ||
      p.producer || !p.taps.empty() || known(p.left.columnStride) != 1 ||
      !hasType(p.left) || !hasType(p.right))
    return 0;
  int64_t rest = n % lanes, along = llvm::divideCeil(k, lanes) * (rest + 1);
  bool pays = rest > 0 && rest <= mostRest && n > lanes &&
              2 * (along + addingUp * rest) <= k;
  return pays ? rest : 0;
}

/// The product without those.
Product Emitter::wholeColumns(int64_t rest) {
  return rest ? someColumns(b.constant(0), b.constant(n - rest)) : p;
}

/// Those, on a copy of their part of the right operand in which k is
/// contiguous.
void Emitter::sumRest(int64_t rest) {
  int64_t column = llvm::alignTo(k, lanes);
  Product part = someColumns(b.constant(n - rest), b.constant(rest));
  Value copy = b.allocate(rest * column);
  b.loop(b.constant(0), p.depth, 1, [&](Value step) {
    for (int64_t j = 0; j < rest; ++j)
      b.store(b.load(p.right.memory, b.at(part.right, step, b.constant(j))),
              copy, offset(step, j * column));
  });
  part.right = {copy,      b.constant(0),   b.constant(column),
                {p.depth}, {b.constant(1)}, {}};
  Emitter(b, part, options, b.type).rowSums();
}

//===----------------------------------------------------------------------===//
// Few rows
//===----------------------------------------------------------------------===//

/// The work of some columns, of which each element of `right` comes from memory
/// for one multiplication: that takes as long as 16 operations.
Value Emitter::streamed(Value columns) {
  return flops(b.constant(8), columns, p.depth);
}

/// Columns are shared out in vectors, and done in blocks of which the result
/// stays in the first-level cache.
void Emitter::rowTimes(ArrayRef<Product> others) {
  // Of all results, in the first-level cache.
  int64_t resultBytes = others.empty() ? 24 * 1024 : 32 * 1024;
  int64_t width = 2 * lanes, products = 1 + int64_t(others.size());
  int64_t most =
      resultBytes / (products * m * b.type.getIntOrFloatBitWidth() / 8);
  Value block = b.constant(std::max(width, most / width * width));
  auto over = [&](Value from, Value to) {
    b.loopInSteps(from, to, block, [&](Value first, Value count) {
      SmallVector<Emitter, 1> parts;
      parts.emplace_back(b, someColumns(first, count), options, b.type);
      for (const Product &other : others) {
        Emitter all(b, other, options, b.type);
        parts.emplace_back(b, all.someColumns(first, count), options, b.type);
      }
      rowTimesAll(parts);
    });
  };
  if (!b.parallel || (isKnown(n) && isKnown(k) && n * k < parallelElements))
    return over(b.constant(0), p.columns);
  tfc::rt::buildParallel(
      b.builder, b.loc, b.constant(0), b.ceilDiv(p.columns, width),
      {getAsOpFoldResult(streamed(b.constant(products * width))),
       1 / b.flopsPerNanosecond},
      [&](Value from, Value to) {
        over(b.mul(from, b.constant(width)),
             b.min(b.mul(to, b.constant(width)), p.columns));
      });
}

/// What so many k, from `first` on, add to the results. Of the same columns of
/// all products at once: what they read in common is read once.
void Emitter::addRowTimes(MutableArrayRef<Emitter> parts, Value first,
                          int64_t count, bool start) {
  Emitter &any = parts.front();
  KernelBuilder &b = any.b;
  Value zero = b.constant(0);
  Values all = any.offsets(zero, any.m), steps = any.offsets(first, count);
  SmallVector<Values> factors;
  for (Emitter &part : parts)
    for (Value row : all)
      for (Value step : (factors.emplace_back(), steps))
        factors.back().push_back(
            b.load(part.p.left.memory, b.at(part.p.left, row, step)));
  // At least two vectors at once: the last may overlap the one before, which
  // must not be stored yet.
  any.overColumns(2, false, [&](ArrayRef<Columns> group) {
    Values sums;
    auto multiply = [&](Emitter &part, ArrayRef<Values> factors,
                        const Columns &columns) {
      Values right;
      for (Value step : steps)
        right.push_back(part.rightVector(step, columns.first, zero,
                                         columns.lanes, columns.mask));
      for (auto [row, each] : llvm::zip(all, factors)) {
        Value sum = b.zero(columns.lanes);
        if (!start)
          sum = b.load(part.p.result.memory,
                       b.at(part.p.result, row, columns.first), columns.lanes,
                       columns.mask);
        for (auto [factor, vector] : llvm::zip(each, right))
          sum = b.multiplyAdd(b.spread(factor, columns.lanes), vector, sum);
        sums.push_back(sum);
      }
    };
    // Each thread reads a part of each row, and rows may be a page each, where
    // processors do not foresee them.
    if (parts.size() > 1 && !start)
      for (const Matrix &matrix : any.p.producerOperands)
        if (matrix.memory && known(matrix.columnStride) == 1)
          for (Value step : steps)
            memref::PrefetchOp::create(
                b.builder, b.loc, matrix.memory,
                b.at(matrix, any.offset(step, count), group[0].first),
                /*isWrite=*/false, /*localityHint=*/3, /*isDataCache=*/true);
    for (const Columns &columns : group)
      for (auto [number, part] : llvm::enumerate(parts))
        multiply(part, ArrayRef(factors).slice(number * all.size(), all.size()),
                 columns);
    unsigned number = 0;
    for (const Columns &columns : group)
      for (Emitter &part : parts)
        for (Value row : all)
          b.store(sums[number++], part.p.result.memory,
                  b.at(part.p.result, row, columns.first), columns.mask);
  });
}

/// Products of the same sizes.
void Emitter::rowTimesAll(MutableArrayRef<Emitter> parts) {
  int64_t streams = parts[0].m <= 2 ? 8 : 4;
  KernelBuilder &b = parts[0].b;
  Value zero = b.constant(0), depth = parts[0].p.depth;
  for (Emitter &part : parts)
    if (part.p.fresh)
      addRowTimes(part, zero, 0, true);
  Value whole = b.roundDown(depth, streams);
  b.loop(zero, whole, streams,
         [&](Value first) { addRowTimes(parts, first, streams, false); });
  b.loop(whole, depth, 1,
         [&](Value first) { addRowTimes(parts, first, 1, false); });
}

void Emitter::dotProducts() {
  constexpr int64_t most = 8;
  int64_t width = lanes;
  if (isKnown(k))
    width = std::min<int64_t>(
        width, llvm::bit_floor(uint64_t(std::max<int64_t>(k, 1))));
  Value zero = b.constant(0), whole = b.roundDown(p.depth, width);
  auto dots = [&](Value row, ArrayRef<Value> columns) {
    auto multiply = [&](ValueRange sums, Value step, Value mask) {
      Value left = b.load(p.left.memory, b.at(p.left, row, step), width, mask);
      Values next;
      for (auto [column, sum] : llvm::zip(columns, sums))
        next.push_back(b.multiplyAdd(
            left, rightVector(step, column, zero, width, mask), sum));
      return next;
    };
    Values sums =
        b.loop(zero, whole, width, Values(columns.size(), b.zero(width)),
               [&](Value step, ValueRange carried) {
                 return multiply(carried, step, {});
               })
            .getResults();
    bool rest = !isKnown(k) || k % width;
    if (rest && options.unit.masks())
      sums = multiply(sums, whole, b.mask(b.sub(p.depth, whole), width));
    for (Value &sum : sums)
      sum = vector::ReductionOp::create(b.builder, b.loc,
                                        vector::CombiningKind::ADD, sum,
                                        arith::FastMathFlags::reassoc | b.sum);
    if (rest && !options.unit.masks())
      sums =
          b.loop(whole, p.depth, 1, sums, [&](Value step, ValueRange carried) {
             Value left = b.load(p.left.memory, b.at(p.left, row, step));
             Values next;
             for (auto [column, sum] : llvm::zip(columns, carried))
               next.push_back(b.multiplyAdd(
                   left, b.load(p.right.memory, b.at(p.right, step, column)),
                   sum));
             return next;
           }).getResults();
    for (auto [column, sum] : llvm::zip(columns, sums)) {
      Value at = b.at(p.result, row, column), value = sum;
      if (!p.fresh)
        value = b.plus(b.load(p.result.memory, at), sum);
      b.store(value, p.result.memory, at);
    }
  };
  b.loop(zero, p.rows, 1, [&](Value row) {
    if (isKnown(n)) {
      int64_t from = 0;
      for (auto [size, count] : split(n, most)) {
        b.parallelLoop(b.constant(from), b.constant(from + size * count), size,
                       streamed(b.constant(size)),
                       [&, size = size](Value column) {
                         dots(row, offsets(column, size));
                       });
        from += size * count;
      }
      return;
    }
    Value wholeColumns = b.roundDown(p.columns, most);
    b.parallelLoop(zero, wholeColumns, most, streamed(b.constant(most)),
                   [&](Value column) { dots(row, offsets(column, most)); });
    b.loop(wholeColumns, p.columns, 1,
           [&](Value column) { dots(row, {column}); });
  });
}

//===----------------------------------------------------------------------===//
// The choice
//===----------------------------------------------------------------------===//

Algorithm tfc::kernels::chooseAlgorithm(KernelBuilder &b, const Product &p,
                                        const KernelOptions &options) {
  Type element = b.type;
  int64_t m = known(p.rows), n = known(p.columns), k = known(p.depth);
  int64_t bytes = element.getIntOrFloatBitWidth() / 8;
  bool contiguous = known(p.right.columnStride) == 1;
  bool along =
      known(p.right.rowStrides[0]) == 1 && known(p.left.columnStride) == 1;
  int64_t steps = k;
  for (const Tap &tap : p.taps)
    steps = isKnown(steps) && isKnown(known(tap.size)) ? steps * known(tap.size)
                                                       : ShapedType::kDynamic;
  if (p.panels)
    return Algorithm::packed;
  if (canMultiplyPairs(p, element, options))
    return Algorithm::pairs;
  Emitter emitter(b, p, options, element);
  if (emitter.paysRowLanes())
    return Algorithm::rowLanes;
  if (options.reassociate && emitter.paysRowSums())
    return Algorithm::rowSums;
  if (!contiguous) {
    bool few = isKnown(m) && m <= 3 && !(isKnown(k) && k < 8) && p.taps.empty();
    return few && along && options.reassociate ? Algorithm::dotProducts
                                               : Algorithm::packed;
  }
  bool large = !isKnown(n) || !isKnown(k) || n * k * bytes > directBytes;
  if (isKnown(m) && m < fewRows && m > 0 && p.taps.empty() &&
      (p.producer || (large && (m == 1 || (isKnown(n) && isKnown(k))))))
    return Algorithm::rowTimes;
  if (p.producer)
    return Algorithm::packed;
  // Widening an element of the left operand takes longer than what it is used
  // for in one tile.
  bool widens =
      cast<MemRefType>(p.left.memory.getType()).getElementType() != element;
  bool manyRows = !isKnown(m) || m >= fewRows;
  if (widens && manyRows && isKnown(n) && n >= 16 && isKnown(steps) &&
      steps >= 16)
    return Algorithm::packed;
  bool small = p.mostRight && *p.mostRight * bytes <= directBytes;
  if (small || !manyRows)
    return Algorithm::direct;
  return isKnown(m) && isKnown(n) && isKnown(steps) ? Algorithm::packed
                                                    : Algorithm::either;
}

std::string tfc::kernels::describe(KernelBuilder &b, const Product &p,
                                   Algorithm algorithm,
                                   const KernelOptions &options) {
  auto size = [](Value value) {
    int64_t size = known(value);
    return isKnown(size) ? std::to_string(size) : std::string("?");
  };
  std::string depth = size(p.depth);
  for (const Tap &tap : llvm::reverse(p.taps))
    depth = size(tap.size) + "*" + depth;
  std::string text = "kernel: product of " + size(p.rows) + " x " + depth +
                     " and " + depth + " x " + size(p.columns) +
                     " in vectors of " + std::to_string(options.unit.bits) +
                     " bits: ";
  switch (algorithm) {
  case Algorithm::direct:
    text += "register tiles on the operands as they are";
    break;
  case Algorithm::packed:
    text += "register tiles on panels of the right operand";
    break;
  case Algorithm::either:
    text += "register tiles, on panels of the right operand if it is large";
    break;
  case Algorithm::pairs:
    text += b.type.isInteger() ? "bytes in fours" : "pairs of bfloat16";
    text += options.unit.pairs == PairUnit::tiles ? " in tile registers"
                                                  : " in vectors";
    break;
  case Algorithm::rowSums:
    text += "sums along k, few columns at once";
    break;
  case Algorithm::rowLanes:
    text += "vectors of rows, few columns at once";
    break;
  case Algorithm::rowTimes:
    text += "few rows times the rows of the right operand";
    break;
  case Algorithm::dotProducts:
    text += "sums along the rows of the right operand";
    break;
  }
  if (Emitter(b, p, options, b.type).restColumns(algorithm))
    text += ", of the last columns sums along k";
  if (p.copies)
    text += ", kept until the variable is assigned";
  else if (p.panels || p.pairPanels)
    text += ", made before";
  if (p.producer)
    text += "; the right operand is computed where it is read";
  if (p.epilogue)
    text += "; what follows is done on the sums in registers";
  return text;
}

Workspace tfc::kernels::allocateWorkspace(KernelBuilder &b, const Product &p,
                                          Algorithm algorithm,
                                          const KernelOptions &options) {
  if (algorithm == Algorithm::pairs)
    return {allocatePairPanels(b, p), allocatePairLeft(b, p)};
  if (algorithm != Algorithm::packed && algorithm != Algorithm::either)
    return {};
  Emitter all(b, p, options, b.type);
  Product whole = all.wholeColumns(all.restColumns(algorithm));
  Emitter emitter(b, whole, options, b.type);
  Blocks blocks = emitter.blocks();
  Workspace workspace;
  workspace.panels = p.panels && !p.copies
                         ? p.panels
                         : b.allocate(blocks.places() * blocks.panelSize());
  if (p.copies)
    workspace.panels = b.chooseMemory(p.streams, workspace.panels, p.panels);
  if (emitter.needsLeftCopy())
    workspace.left = b.allocate(b.mul(emitter.leftRows(), p.depth));
  return workspace;
}

void tfc::kernels::emitProduct(KernelBuilder &b, const Product &p,
                               Algorithm algorithm, const Workspace &workspace,
                               const KernelOptions &options) {
  Emitter all(b, p, options, b.type);
  int64_t rest = all.restColumns(algorithm);
  if (rest)
    all.sumRest(rest);
  Product whole = all.wholeColumns(rest);
  Emitter emitter(b, whole, options, b.type);
  switch (algorithm) {
  case Algorithm::direct:
    return emitter.direct();
  case Algorithm::packed:
    return emitter.packed(workspace);
  case Algorithm::pairs:
    return emitPairProduct(b, whole, workspace.panels, workspace.left, options);
  case Algorithm::rowSums:
    return emitter.rowSums();
  case Algorithm::rowLanes:
    return emitter.rowLanes();
  case Algorithm::rowTimes:
    return emitter.rowTimes({});
  case Algorithm::dotProducts:
    return emitter.dotProducts();
  case Algorithm::either: {
    Value limit =
        b.constant(directBytes / (b.type.getIntOrFloatBitWidth() / 8));
    Value many = b.atLeast(p.rows, b.constant(fewRows));
    Value steps = p.depth;
    for (const Tap &tap : p.taps)
      steps = b.mul(steps, tap.size);
    Value large = b.atLeast(b.mul(p.columns, steps), limit);
    return b.branch(
        b.both(many, large), [&] { emitter.packed(workspace); },
        [&] { emitter.direct(); });
  }
  }
}

void tfc::kernels::emitRowTimes(KernelBuilder &b, ArrayRef<Product> products,
                                const KernelOptions &options) {
  Emitter(b, products.front(), options, b.type).rowTimes(products.drop_front());
}
