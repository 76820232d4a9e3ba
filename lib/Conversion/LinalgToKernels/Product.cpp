//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Algorithms for one matrix product.
//
// direct       for row tiles { for column tiles { register tile } }: what fits
// the caches. packed       for blocks of columns and of k { copy the block of
// `right` to panels, one register
//              tile wide; for row tiles { for panels { register tile } } }. The
//              row tile of `left` stays in the first-level cache, the panels in
//              the second.
// rowTimes     one row: for k by 8 { for columns { result += 8 multiples of
// rows of `right` } }.
//              Reads `right` once, in eight streams.
// dotProducts  few rows, `right` transposed: vectors along k, summed up at the
// end.
//
// No vector is masked where sizes are known: the last one overlaps the one
// before.
//===----------------------------------------------------------------------===//

#include "Product.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "tfc/Dialect/TFCRT/IR/ParallelLoop.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tfc::kernels;

namespace {

/// Larger right operands are packed: half of a usual second-level cache.
constexpr int64_t directBytes = 512 * 1024;
/// A block of panels; its depth keeps a row tile in the first-level cache.
constexpr int64_t panelBytes = 512 * 1024, blockDepth = 256;
/// Smaller right operands are not worth a thread.
constexpr int64_t parallelElements = 128 * 1024;
/// With fewer rows copying costs more than it gains.
constexpr int64_t fewRows = 32;

int64_t known(Value value) {
  return getConstantIntValue(value).value_or(ShapedType::kDynamic);
}
bool isKnown(int64_t size) { return !ShapedType::isDynamic(size); }

/// `total` as parts of at most `most`, of two sizes that differ by one; the
/// larger come last.
SmallVector<std::pair<int64_t, int64_t>> split(int64_t total, int64_t most) {
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

/// The register tile, in rows and vectors.
struct Shape {
  int64_t rows, vectors, lanes;
  int64_t width() const { return vectors * lanes; }
};

class Emitter {
public:
  Emitter(KernelBuilder &b, const Product &p, const KernelOptions &options,
          Type element)
      : b(b), p(p), options(options),
        lanes(options.unit.bits / element.getIntOrFloatBitWidth()),
        m(known(p.rows)), n(known(p.columns)), k(known(p.depth)) {}

  /// Multiplications and additions of a block.
  Value flops(Value rows, Value columns, Value depth) {
    return b.mul(b.mul(rows, columns), b.mul(depth, b.constant(2)));
  }

  void direct();
  void packed(const Workspace &workspace);
  void rowTimes();
  void rowTimesAll();
  void dotProducts();
  Value streamed(Value columns);
  Shape shape() const;

private:
  void overRows(int64_t most, llvm::function_ref<void(ArrayRef<Value>)> body);
  void overColumns(int64_t most,
                   llvm::function_ref<void(ArrayRef<Columns>)> body);
  Value offset(Value from, int64_t by) { return b.add(from, b.constant(by)); }
  Values offsets(Value from, int64_t count, int64_t by = 1);
  void pack(const Workspace &workspace, Value column, Value width, Value first,
            Value depth);
  void packPanel(Value panels, Value start, Value column, Value width,
                 Value first, Value depth);
  void packRows(Value memory, ArrayRef<Value> rows, Value first, Value depth);

  KernelBuilder &b;
  const Product &p;
  const KernelOptions &options;
  int64_t lanes, m, n, k;
};

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

void Emitter::overRows(int64_t most,
                       llvm::function_ref<void(ArrayRef<Value>)> body) {
  if (isKnown(m)) {
    int64_t from = 0;
    for (auto [size, count] : split(m, most)) {
      b.parallelLoop(b.constant(from), b.constant(from + size * count), size,
                     flops(b.constant(size), p.columns, p.depth),
                     [&, size = size](Value row) { body(offsets(row, size)); });
      from += size * count;
    }
    return;
  }
  Value whole = b.roundDown(p.rows, most);
  b.parallelLoop(b.constant(0), whole, most,
                 flops(b.constant(most), p.columns, p.depth),
                 [&](Value row) { body(offsets(row, most)); });
  b.loop(whole, p.rows, 1, [&](Value row) { body({row}); });
}

void Emitter::overColumns(int64_t most,
                          llvm::function_ref<void(ArrayRef<Columns>)> body) {
  auto vectors = [&](Value first, int64_t count, int64_t width,
                     Value mask = {}) {
    SmallVector<Columns> columns;
    for (Value start : offsets(first, count, width))
      columns.push_back({start, width, mask});
    return columns;
  };
  if (isKnown(n)) {
    int64_t width = std::min<int64_t>(
        lanes, llvm::bit_floor(uint64_t(std::max<int64_t>(n, 1))));
    int64_t from = 0;
    auto parts = split(llvm::divideCeil(n, width), most);
    for (auto [number, part] : llvm::enumerate(parts)) {
      auto [size, count] = part;
      bool ragged = n % width && number + 1 == parts.size();
      int64_t to = from + size * (count - ragged) * width;
      b.loop(b.constant(from), b.constant(to), size * width,
             [&, size = size](Value column) {
               body(vectors(column, size, width));
             });
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
  b.loop(b.constant(0), whole, most * lanes,
         [&](Value column) { body(vectors(column, most, lanes)); });
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

void Emitter::direct() {
  Shape shape = this->shape();
  overRows(shape.rows, [&](ArrayRef<Value> rows) {
    overColumns(shape.vectors, [&](ArrayRef<Columns> columns) {
      Tile tile{p.left.memory,
                {},
                p.left.columnStride,
                p.right.memory,
                {},
                p.right.rowStride,
                true,
                p.result,
                Values(rows),
                SmallVector<Columns>(columns),
                p.depth,
                b.boolean(p.fresh)};
      for (Value row : rows)
        tile.leftStart.push_back(b.at(p.left, row, b.constant(0)));
      for (const Columns &vector : columns)
        tile.rightStart.push_back(b.at(p.right, b.constant(0), vector.first));
      b.tile(tile);
    });
  });
}

//===----------------------------------------------------------------------===//
// Packed
//===----------------------------------------------------------------------===//

/// Sizes of the blocks. Known sizes make them smaller, to save memory and to
/// balance.
struct Blocks {
  Shape shape;
  int64_t depth, panels;
  int64_t panelSize() const { return depth * shape.width(); }
};

Blocks chooseBlocks(Shape shape, int64_t n, int64_t k, int64_t elementBytes) {
  Blocks blocks{shape, blockDepth, 1};
  if (isKnown(k))
    blocks.depth = std::max<int64_t>(
        1, llvm::divideCeil(
               k, llvm::divideCeil(std::max<int64_t>(k, 1), blockDepth)));
  if (isKnown(n)) {
    blocks.shape.lanes = std::min<int64_t>(
        shape.lanes, llvm::bit_ceil(uint64_t(std::max<int64_t>(n, 1))));
    blocks.shape.vectors = std::clamp<int64_t>(
        llvm::divideCeil(n, blocks.shape.lanes), 1, shape.vectors);
  }
  int64_t most =
      std::max<int64_t>(1, panelBytes / (blocks.panelSize() * elementBytes));
  blocks.panels = most;
  if (isKnown(n)) {
    int64_t panels =
        std::max<int64_t>(1, llvm::divideCeil(n, blocks.shape.width()));
    blocks.panels = llvm::divideCeil(panels, llvm::divideCeil(panels, most));
  }
  return blocks;
}

/// One panel: for each k the columns from `column`, `width` of them, then
/// zeros.
void Emitter::packPanel(Value panels, Value start, Value column, Value width,
                        Value first, Value depth) {
  Blocks blocks =
      chooseBlocks(shape(), n, k, b.type.getIntOrFloatBitWidth() / 8);
  Shape tile = blocks.shape;
  Value rowLength = b.constant(tile.width());
  bool contiguous = getConstantIntValue(p.right.columnStride) == 1;
  auto byVectors = [&](ArrayRef<Value> masks) {
    b.loop(b.constant(0), depth, 1, [&](Value step) {
      Value from = b.at(p.right, b.add(first, step), column);
      Value to = b.add(start, b.mul(step, rowLength));
      for (int64_t v = 0; v < tile.vectors; ++v) {
        Value vector = b.load(p.right.memory, offset(from, v * tile.lanes),
                              tile.lanes, masks.empty() ? Value() : masks[v]);
        b.store(vector, panels, offset(to, v * tile.lanes));
      }
    });
  };
  auto byElements = [&](Value from, Value to, Value firstStep, bool zeros) {
    b.loop(from, to, 1, [&](Value j) {
      b.loop(firstStep, depth, 1, [&](Value step) {
        Value element =
            zeros ? b.zero()
                  : b.load(p.right.memory,
                           b.at(p.right, b.add(first, step), b.add(column, j)));
        b.store(element, panels,
                b.add(b.add(start, j), b.mul(step, rowLength)));
      });
    });
  };
  auto slow = [&] {
    byElements(b.constant(0), b.min(width, rowLength), b.constant(0), false);
    byElements(b.min(width, rowLength), rowLength, b.constant(0), true);
  };
  // Squares of one vector by one vector; what is left of the depth by elements.
  auto bySquares = [&] {
    Value whole = b.roundDown(depth, tile.lanes);
    b.loop(b.constant(0), rowLength, tile.lanes, [&](Value j) {
      b.loop(b.constant(0), whole, tile.lanes, [&](Value step) {
        Values square;
        for (int64_t i = 0; i < tile.lanes; ++i)
          square.push_back(b.load(
              p.right.memory,
              b.at(p.right, b.add(first, step), offset(b.add(column, j), i)),
              tile.lanes));
        for (auto [i, row] : llvm::enumerate(b.transpose(square)))
          b.store(row, panels,
                  b.add(b.add(start, j), b.mul(offset(step, i), rowLength)));
      });
    });
    byElements(b.constant(0), rowLength, whole, false);
  };
  bool downwards = getConstantIntValue(p.right.rowStride) == 1;
  if (!contiguous && downwards && tile.lanes > 1)
    return b.branch(b.atLeast(width, rowLength), bySquares, slow);
  if (!contiguous)
    return slow();
  b.branch(
      b.atLeast(width, rowLength), [&] { byVectors({}); },
      [&] {
        if (!options.unit.masks())
          return slow();
        Values masks;
        for (int64_t v = 0; v < tile.vectors; ++v)
          masks.push_back(
              b.mask(b.sub(width, b.constant(v * tile.lanes)), tile.lanes));
        byVectors(masks);
      });
}

/// Elements of a row tile, for each k side by side.
void Emitter::packRows(Value memory, ArrayRef<Value> rows, Value first,
                       Value depth) {
  b.loop(b.constant(0), depth, 1, [&](Value step) {
    Value to = b.mul(step, b.constant(rows.size()));
    for (auto [number, row] : llvm::enumerate(rows))
      b.store(b.load(p.left.memory, b.at(p.left, row, b.add(first, step))),
              memory, offset(to, number));
  });
}

void Emitter::packed(const Workspace &workspace) {
  Blocks blocks =
      chooseBlocks(shape(), n, k, b.type.getIntOrFloatBitWidth() / 8);
  Shape shape = blocks.shape;
  Value zero = b.constant(0), panelSize = b.constant(blocks.panelSize());
  Value blockWidth = b.constant(blocks.panels * shape.width());
  Value lastRow = b.sub(p.rows, b.constant(1));
  auto panels = [&](Value panel, llvm::function_ref<void(Value, Value)> body) {
    body(b.mul(panel, panelSize), b.mul(panel, b.constant(shape.width())));
  };
  bool packsRows = known(p.left.columnStride) != 1;

  auto block = [&](Value column, Value first) {
    Value width = b.min(b.sub(p.columns, column), blockWidth);
    Value depth = b.min(b.sub(p.depth, first), b.constant(blocks.depth));
    Value count = b.ceilDiv(width, shape.width());
    // Copying an element takes about as long as eight operations.
    b.parallelLoop(zero, count, 1, flops(b.constant(4), b.constant(shape.width()), depth), [&](Value panel) {
      panels(panel, [&](Value start, Value at) {
        packPanel(workspace.panels, start, b.add(column, at), b.sub(width, at),
                  first, depth);
      });
    });
    bool oneBlock = isKnown(k) && k <= blocks.depth;
    Value fresh = b.boolean(p.fresh);
    if (p.fresh && !oneBlock)
      fresh = b.builder.createOrFold<arith::CmpIOp>(
          b.loc, arith::CmpIPredicate::eq, first, zero);
    Value packedRows;
    auto prepare = [&] {
      if (packsRows)
        packedRows = b.allocate(shape.rows * blocks.depth);
    };
    b.parallelLoop(zero, p.rows, shape.rows, flops(b.constant(shape.rows), width, depth), [&](Value row) {
      // Past the end the last row is repeated.
      Values rows;
      for (Value each : offsets(row, shape.rows))
        rows.push_back(
            isKnown(m) && m % shape.rows == 0 ? each : b.min(each, lastRow));
      if (packsRows)
        packRows(packedRows, rows, first, depth);
      b.loop(zero, count, 1, [&](Value panel) { panels(panel, [&](Value start, Value at) {
        auto compute = [&](bool edge) {
          Tile tile{p.left.memory,
                    {},
                    p.left.columnStride,
                    workspace.panels,
                    {},
                    b.constant(shape.width()),
                    false,
                    p.result,
                    rows,
                    {},
                    depth,
                    fresh};
          for (auto [number, each] : llvm::enumerate(rows))
            tile.leftStart.push_back(packsRows
                                         ? b.constant(number)
                                         : b.at(p.left, each, first));
          if (packsRows) {
            tile.left = packedRows;
            tile.leftStep = b.constant(shape.rows);
          }
          Value left = b.sub(width, at);
          for (int64_t v = 0; v < shape.vectors; ++v) {
            tile.rightStart.push_back(offset(start, v * shape.lanes));
            Value mask;
            if (edge)
              mask =
                  b.mask(b.sub(left, b.constant(v * shape.lanes)), shape.lanes);
            tile.columns.push_back({offset(b.add(column, at), v * shape.lanes),
                                    shape.lanes, mask});
          }
          b.tile(tile);
        };
        if (isKnown(n) && n % shape.width() == 0)
          return compute(false);
        b.branch(
            b.atLeast(b.sub(width, at), b.constant(shape.width())),
            [&] { compute(false); }, [&] { compute(true); });
      }); });
    }, prepare);
  };
  b.loop(zero, p.columns, blocks.panels * shape.width(), [&](Value column) {
    // Without a single k there is still a result to be set.
    if (p.fresh && !isKnown(k)) {
      auto all =
          b.builder.createOrFold<arith::MaxSIOp>(b.loc, p.depth, b.constant(1));
      b.loop(zero, all, blocks.depth,
             [&](Value first) { block(column, first); });
    } else {
      b.loop(zero, k == 0 ? b.constant(1) : p.depth, blocks.depth,
             [&](Value first) { block(column, first); });
    }
  });
}

//===----------------------------------------------------------------------===//
// Few rows
//===----------------------------------------------------------------------===//

/// The work of some columns, of which each element of `right` comes from memory for one multiplication: that takes as
/// long as 16 operations.
Value Emitter::streamed(Value columns) { return flops(b.constant(8), columns, p.depth); }

/// Columns are shared out in vectors.
void Emitter::rowTimes() {
  int64_t width = 2 * lanes;
  if (!b.parallel || (isKnown(n) && isKnown(k) && n * k < parallelElements))
    return rowTimesAll();
  auto run = [&](Value from, Value to) {
    Product part = p;
    Value first = b.mul(from, b.constant(width));
    part.columns = b.sub(b.min(b.mul(to, b.constant(width)), p.columns), first);
    part.right.offset = b.add(p.right.offset, first);
    part.result.offset = b.add(p.result.offset, first);
    Emitter(b, part, options, b.type).rowTimesAll();
  };
  tfc::rt::buildParallel(b.builder, b.loc, b.constant(0), b.ceilDiv(p.columns, width),
                    {getAsOpFoldResult(streamed(b.constant(width))), 1 / b.flopsPerNanosecond}, run);
}

void Emitter::rowTimesAll() {
  constexpr int64_t streams = 8;
  Value zero = b.constant(0);
  auto rows = [&](Value first, int64_t count, bool start) {
    Values factors;
    for (Value step : offsets(first, count))
      factors.push_back(b.load(p.left.memory, b.at(p.left, zero, step)));
    // At least two vectors at once: the last may overlap the one before, which
    // must not be stored yet.
    overColumns(2, [&](ArrayRef<Columns> group) {
      Values sums;
      for (const Columns &columns : group) {
        Value sum = b.zero(columns.lanes);
        if (!start)
          sum = b.load(p.result.memory, b.at(p.result, zero, columns.first),
                       columns.lanes, columns.mask);
        for (int64_t i = 0; i < count; ++i) {
          Value from = b.at(p.right, offset(first, i), columns.first);
          sum = b.multiplyAdd(
              b.spread(factors[i], columns.lanes),
              b.load(p.right.memory, from, columns.lanes, columns.mask), sum);
        }
        sums.push_back(sum);
      }
      for (auto [columns, sum] : llvm::zip(group, sums))
        b.store(sum, p.result.memory, b.at(p.result, zero, columns.first),
                columns.mask);
    });
  };
  if (p.fresh)
    rows(zero, 0, true);
  Value whole = b.roundDown(p.depth, streams);
  b.loop(zero, whole, streams,
         [&](Value first) { rows(first, streams, false); });
  b.loop(whole, p.depth, 1, [&](Value first) { rows(first, 1, false); });
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
            left,
            b.load(p.right.memory, b.at(p.right, step, column), width, mask),
            sum));
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
        value = arith::AddFOp::create(b.builder, b.loc,
                                      b.load(p.result.memory, at), sum, b.sum);
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

} // namespace

//===----------------------------------------------------------------------===//
// The choice
//===----------------------------------------------------------------------===//

Algorithm tfc::kernels::chooseAlgorithm(const Product &p, Type element,
                                        const KernelOptions &options) {
  int64_t m = known(p.rows), n = known(p.columns), k = known(p.depth);
  int64_t bytes = element.getIntOrFloatBitWidth() / 8;
  bool contiguous = known(p.right.columnStride) == 1;
  bool along = known(p.right.rowStride) == 1 && known(p.left.columnStride) == 1;
  if (!contiguous) {
    bool few = isKnown(m) && m <= 3 && !(isKnown(k) && k < 8);
    return few && along && options.reassociate ? Algorithm::dotProducts
                                               : Algorithm::packed;
  }
  bool small = isKnown(n) && isKnown(k) && n * k * bytes <= directBytes;
  if (small)
    return Algorithm::direct;
  if (m == 1)
    return Algorithm::rowTimes;
  if (isKnown(m) && m < fewRows)
    return Algorithm::direct;
  return isKnown(m) && isKnown(n) && isKnown(k) ? Algorithm::packed
                                                : Algorithm::either;
}

std::string tfc::kernels::describe(const Product &p, Algorithm algorithm,
                                   const KernelOptions &options) {
  auto size = [](Value value) {
    int64_t size = known(value);
    return isKnown(size) ? std::to_string(size) : std::string("?");
  };
  std::string text = "kernel: product of " + size(p.rows) + " x " + size(p.depth) + " and " + size(p.depth) +
                     " x " + size(p.columns) + " in vectors of " + std::to_string(options.unit.bits) + " bits: ";
  switch (algorithm) {
  case Algorithm::direct:
    return text + "register tiles on the operands as they are";
  case Algorithm::packed:
    return text + "register tiles on panels of the right operand";
  case Algorithm::either:
    return text + "register tiles, on panels of the right operand if it is large";
  case Algorithm::rowTimes:
    return text + "one row times the rows of the right operand";
  case Algorithm::dotProducts:
    return text + "sums along the rows of the right operand";
  }
  llvm_unreachable("an algorithm without a description");
}

Workspace tfc::kernels::allocateWorkspace(KernelBuilder &b, const Product &p,
                                          Algorithm algorithm,
                                          const KernelOptions &options) {
  if (algorithm != Algorithm::packed && algorithm != Algorithm::either)
    return {};
  Shape shape = Emitter(b, p, options, b.type).shape();
  Blocks blocks = chooseBlocks(shape, known(p.columns), known(p.depth),
                               b.type.getIntOrFloatBitWidth() / 8);
  return {b.allocate(blocks.panels * blocks.panelSize())};
}

void tfc::kernels::emitProduct(KernelBuilder &b, const Product &p,
                               Algorithm algorithm, const Workspace &workspace,
                               const KernelOptions &options) {
  Emitter emitter(b, p, options, b.type);
  switch (algorithm) {
  case Algorithm::direct:
    return emitter.direct();
  case Algorithm::packed:
    return emitter.packed(workspace);
  case Algorithm::rowTimes:
    return emitter.rowTimes();
  case Algorithm::dotProducts:
    return emitter.dotProducts();
  case Algorithm::either: {
    Value limit =
        b.constant(directBytes / (b.type.getIntOrFloatBitWidth() / 8));
    Value many = b.atLeast(p.rows, b.constant(fewRows));
    Value large = b.atLeast(b.mul(p.columns, p.depth), limit);
    return b.branch(
        b.both(many, large), [&] { emitter.packed(workspace); },
        [&] { emitter.direct(); });
  }
  }
}
