//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Products on panels: copies of the right operand, one register tile wide, for
// a block of the depth.
//
// byColumns    for groups of panels, shared by threads { for blocks of the
// depth
//              { copy the panels; for row tiles { for panels { register tile }
//              } } }. No thread waits for another; a group stays in the
//              second-level cache, a row tile of `left` in the first, so that
//              `left` is read from further away once a group. Two panels,
//              in the middle and at the end, may be divided by rows, so that
//              threads end at the same time.
// by rows      few panels: for blocks of the depth { copy all panels; for row
// tiles, shared by threads { for panels {
//              register tile } } }.
// own panels   the same with several blocks, where threads would wait for each
//              other behind each: for parts of the rows, shared by threads {
//              for blocks of the depth { copy all panels; ... } }.
//
// A left operand that is not contiguous along k, or not in the type of sums, is
// copied first, some rows at once. A block of the depth is a range of k, or all
// k of some taps.
//===----------------------------------------------------------------------===//

#include "Elementwise.h"
#include "Emitter.h"
#include "Routine.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>
#include <vector>

using namespace mlir;
using namespace tfc::kernels;

/// The depth of a block keeps a row tile in the first-level cache, and a panel
/// in the second.
static constexpr int64_t blockDepth = 384;
/// What the workspace for panels may take, if columns are known and if not;
/// more columns are done one block after the other.
static constexpr int64_t panelBytes = 4 * 1024 * 1024,
                         panelBytesUnknown = 2 * 1024 * 1024;
/// Panels of a group: 768 KiB with vectors of 512 bits, whose processors have a
/// second-level cache of 1 MiB or more, 192 KiB with others.
static constexpr int64_t mostGroupPanels = 8;
/// The same of panels that are kept, while the next ones are fetched beside
/// them.
static constexpr int64_t keptGroupBytes = 96 * 1024, mostKeptRows = 256;
/// Fewer tiles of rows than lines of a panel's row have no time to fetch the
/// next one, and with more rows than these there is nothing to gain any more; a
/// line is fetched with at most so many k, a power of two.
static constexpr int64_t leastFetchTiles = 4, mostFetchRows = 160,
                         mostFetchEvery = 8, lineBytes = 64;
/// Panels of a group whose successor is fetched meanwhile, 384 KiB; nothing
/// fetches the first one, which is but a small part of all.
static constexpr int64_t mostFetchPanels = 4, leastFetchParts = 20;
/// Threads end at about the same time if the last pieces are small; but each
/// part copies its panel.
static constexpr int64_t mostParts = 4, leastTiles = 4;
/// So many panels are copied for each part of the rows.
static constexpr int64_t mostOwnPanels = 4, mostOwnParts = 8;

//===----------------------------------------------------------------------===//
// Blocks
//===----------------------------------------------------------------------===//

static int64_t evenly(int64_t total, int64_t most) {
  return std::max<int64_t>(
      1, llvm::divideCeil(total,
                          std::max<int64_t>(1, llvm::divideCeil(total, most))));
}

/// The rows of a tile of so many vectors, one or two: as many sums as hide the
/// latency of one, and, if that can be, tiles that end with rows of the image.
int64_t Emitter::rowsOfTile(int64_t vectors) const {
  constexpr int64_t usual = 12, least = 7;
  // A copy of the left operand has no rows of the image any more.
  int64_t last = needsLeftCopy() ? 0 : imageRow();
  for (int64_t rows = vectors == 1 ? 16 : usual; rows >= least; --rows)
    if (last >= rows && last % rows == 0)
      return rows;
  return usual;
}

Blocks Emitter::blocks() const {
  Blocks blocks{shape(), blockDepth, 0, 1, blockDepth, 1, true, 1};
  int64_t elementBytes = b.type.getIntOrFloatBitWidth() / 8;
  if (isKnown(k)) {
    blocks.depth = k <= blockDepth * 5 / 4 ? std::max<int64_t>(k, 1)
                                           : evenly(k, blockDepth);
    blocks.steps = blocks.depth;
    if (blocks.depth >= k)
      for (const Tap &tap : llvm::reverse(p.taps)) {
        int64_t size = known(tap.size),
                fits = std::max<int64_t>(1, blockDepth * 5 / 4 / blocks.steps);
        if (isKnown(size) && size <= fits) {
          ++blocks.whole;
          blocks.steps *= std::max<int64_t>(size, 1);
          continue;
        }
        blocks.tapStep = isKnown(size) ? evenly(size, fits) : fits;
        blocks.steps *= blocks.tapStep;
        break;
      }
  }
  if (isKnown(n)) {
    blocks.shape.lanes = std::min<int64_t>(
        lanes, llvm::bit_ceil(uint64_t(std::max<int64_t>(n, 1))));
    blocks.shape.vectors = std::clamp<int64_t>(
        llvm::divideCeil(n, blocks.shape.lanes), 1, blocks.shape.vectors);
    if (blocks.shape.vectors <= 2 && options.unit.registers >= 32 &&
        !(isKnown(m) && m <= 3))
      blocks.shape.rows = rowsOfTile(blocks.shape.vectors);
  }
  int64_t most =
      std::max<int64_t>(1, (isKnown(n) ? panelBytes : panelBytesUnknown) /
                               (blocks.panelSize() * elementBytes));
  blocks.panels = most;
  if (isKnown(n)) {
    int64_t panels =
        std::max<int64_t>(1, llvm::divideCeil(n, blocks.shape.width()));
    blocks.panels = llvm::divideCeil(panels, llvm::divideCeil(panels, most));
    // Threads get whole panels if there are many, or rows are few.
    int64_t rowTiles = isKnown(m) ? llvm::divideCeil(m, blocks.shape.rows) : 64;
    blocks.byColumns = panels >= 16 || (panels >= 4 && panels * 16 >= rowTiles);
    if (b.parallel && blocks.byColumns && isKnown(m))
      blocks.parts = std::clamp<int64_t>(rowTiles / leastTiles, 1, mostParts);
    bool isBlocked =
        isKnown(m) && isKnown(k) && blocks.panels == panels &&
        llvm::all_of(p.taps,
                     [](const Tap &tap) { return isKnown(known(tap.size)); }) &&
        depthBlocks(blocks) > 1;
    if (b.parallel && !blocks.byColumns && isBlocked &&
        panels <= mostOwnPanels && rowTiles >= 2 * leastTiles) {
      blocks.ownPanels = true;
      blocks.parts = std::min(rowTiles / leastTiles, mostOwnParts);
    }
  }
  return blocks;
}

/// Reading the right operand takes as long as a tenth to a quarter of the
/// arithmetic with so few rows. Rows of it have to be contiguous and whole.
bool Emitter::fetchesRight() const {
  Blocks blocks = this->blocks();
  auto element = [](const Matrix &matrix) {
    return cast<MemRefType>(matrix.memory.getType()).getElementType();
  };
  return (!p.panels || p.copies) && !p.producer && blocks.byColumns &&
         isKnown(m) && m <= mostFetchRows &&
         llvm::divideCeil(m, blocks.shape.rows) >= leastFetchTiles &&
         isKnown(n) && n % blocks.shape.width() == 0 && isKnown(k) &&
         blocks.whole == 0 && blocks.tapStep == 1 &&
         known(p.right.columnStride) == 1 && p.right.rowStrides.size() == 1 &&
         element(p.right) == b.type;
}

int64_t Emitter::copiedGroup() const {
  if (!fetchesRight())
    return mostGroupPanels;
  int64_t panels = n / blocks().shape.width() * depthBlocks();
  return std::clamp<int64_t>(panels / leastFetchParts, 1, mostFetchPanels);
}

/// From one panel to its neighbour: between them are the other blocks of the
/// depth if all are kept.
Value Emitter::panelStep() {
  int64_t size = blocks().panelSize();
  return p.copies ? b.choose(p.streams, b.constant(size),
                             b.constant(size * depthBlocks()))
                  : b.constant(size);
}

/// Few rows of the left operand stay in the cache from group to group.
int64_t Emitter::keptGroup() const {
  if (!isKnown(m) || m > mostKeptRows)
    return mostGroupPanels;
  int64_t bytes = blocks().panelSize() * b.type.getIntOrFloatBitWidth() / 8;
  return std::clamp<int64_t>(keptGroupBytes / std::max<int64_t>(bytes, 1), 1,
                             mostGroupPanels);
}

int64_t Emitter::depthBlocks() const { return depthBlocks(blocks()); }

int64_t Emitter::depthBlocks(const Blocks &blocks) const {
  int64_t count = llvm::divideCeil(std::max<int64_t>(k, 1), blocks.depth);
  size_t outside = p.taps.size() - blocks.whole;
  for (size_t level = 0; level < outside; ++level)
    count *= llvm::divideCeil(known(p.taps[level].size),
                              level + 1 == outside ? blocks.tapStep : 1);
  return count;
}

void Emitter::overDepth(llvm::function_ref<void(const DepthBlock &)> body) {
  Blocks blocks = this->blocks();
  Value zero = b.constant(0);
  size_t outside =
      p.taps.size() - blocks.whole; // taps that are loops around blocks
  auto isEqual = [&](Value x, Value y) {
    return b.builder.createOrFold<arith::CmpIOp>(
        b.loc, arith::CmpIPredicate::eq, x, y);
  };
  // The number of a block, as digits that the loops are.
  auto addDigit = [&](DepthBlock &block, Value index, Value size,
                      int64_t step) {
    if (block.number)
      block.number = b.add(b.mul(block.number, b.ceilDiv(size, step)),
                           b.divide(index, b.constant(step)));
  };
  std::function<void(size_t, DepthBlock)> over = [&](size_t level,
                                                     DepthBlock block) {
    if (level < outside) {
      const Tap &tap = p.taps[level];
      int64_t step = level + 1 == outside ? blocks.tapStep : 1;
      b.loop(zero, tap.size, step, [&](Value number) {
        DepthBlock next = block;
        next.left = b.add(block.left, b.mul(number, tap.leftStep));
        next.right = b.add(block.right, b.mul(number, tap.rightStep));
        Value rest = b.sub(tap.size, number),
              count = b.min(rest, b.constant(step));
        if (step > 1)
          next.taps.push_back({count, tap.leftStep, tap.rightStep});
        next.isFirst = b.both(block.isFirst, isEqual(number, zero));
        next.isLast = b.both(block.isLast, b.atLeast(b.constant(step), rest));
        addDigit(next, number, tap.size, step);
        over(level + 1, next);
      });
      return;
    }
    block.taps.append(p.taps.begin() + outside, p.taps.end());
    auto part = [&](Value first) {
      DepthBlock next = block;
      Value rest = b.sub(p.depth, first);
      next.first = first;
      next.depth = b.min(rest, b.constant(blocks.depth));
      next.isFirst = b.both(block.isFirst, isEqual(first, zero));
      next.isLast =
          b.both(block.isLast, b.atLeast(b.constant(blocks.depth), rest));
      addDigit(next, first, p.depth, blocks.depth);
      body(next);
    };
    // Without a single k there is still a result to be set.
    Value end = isKnown(k) ? b.constant(std::max<int64_t>(k, 1))
                           : b.max(p.depth, b.constant(1));
    b.loop(zero, end, blocks.depth, part);
  };
  DepthBlock all;
  all.left = all.right = zero;
  all.isFirst = all.isLast = b.boolean(true);
  if (p.panels)
    all.number = zero;
  over(0, all);
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

/// A call, and sums that pass through memory, must not show beside the tile's
/// arithmetic.
bool Emitter::isRoutine(const Tile &tile) const {
  constexpr int64_t leastDepth = 128, leastDepthOfEpilogue = 256, leastRows = 4;
  auto isPlain = [&](const Matrix &matrix) {
    return matrix.rowStrides.size() == 1 && known(matrix.columnStride) == 1 &&
           cast<MemRefType>(matrix.memory.getType()).getElementType() == b.type;
  };
  bool isDeep =
      isKnown(k) && k >= (tile.finish ? leastDepthOfEpilogue : leastDepth);
  // Rows of an unknown number may repeat.
  return options.routines && isKnown(m) && isDeep && tile.taps.empty() &&
         int64_t(tile.rows.size()) >= leastRows &&
         tile.columns.front().lanes == lanes && isPlain(p.left) &&
         isPlain(tile.result);
}

/// The same for rows that are anywhere, which take a place for each of them to
/// say, and for windows. Networks of many convolutions would have as many
/// tiles.
bool Emitter::isRoutineOfRows(const Tile &tile) const {
  constexpr int64_t leastSteps = 256;
  constexpr size_t leastRows = 4, mostRows = 8, mostTaps = 3;
  int64_t steps = k;
  for (const Tap &tap : tile.taps)
    steps = isKnown(steps) && isKnown(known(tap.size)) ? steps * known(tap.size)
                                                       : ShapedType::kDynamic;
  auto hasType = [&](Value memory) {
    return cast<MemRefType>(memory.getType()).getElementType() == b.type;
  };
  auto isWhole = [&](const Columns &columns) {
    return !columns.mask && columns.lanes == lanes;
  };
  return options.routinesOfRows && isKnown(m) && isKnown(steps) &&
         steps >= leastSteps && tile.rows.size() >= leastRows &&
         tile.rows.size() <= mostRows && tile.taps.size() <= mostTaps &&
         llvm::all_of(tile.columns, isWhole) && hasType(tile.left) &&
         hasType(tile.right) && hasType(tile.result.memory) &&
         known(tile.result.columnStride) == 1;
}

/// Where a routine stores sums, from a row and a column on: those that nobody
/// else needs have no place in the result.
Emitter::Sums Emitter::sumsOf(const Tile &tile) {
  if (!tile.finish || known(tile.fresh) != 1 || known(tile.last) != 1)
    return {tile.result, tile.rows[0], tile.columns[0].first};
  int64_t rows = tile.rows.size(), width = tile.columns.size() * lanes;
  Value zero = b.constant(0);
  Matrix own{b.allocate(rows * width), zero, b.constant(1), {b.constant(rows)},
             {b.constant(width)},      {}};
  return {own, zero, zero};
}

/// What an epilogue makes of the sums of a tile, which it reads from memory,
/// row by row.
void Emitter::finish(const Tile &tile, const Sums &sums) {
  if (!tile.finish)
    return;
  auto finishRow = [&](Value row) {
    Values read;
    for (auto [v, columns] : llvm::enumerate(tile.columns)) {
      Value at = b.at(sums.matrix, b.add(sums.firstRow, row),
                      offset(sums.firstColumn, v * lanes));
      read.push_back(b.load(sums.matrix.memory, at, lanes, columns.mask));
    }
    tile.finish({b.add(tile.rows[0], row)}, tile.columns, read);
  };
  int64_t rows = tile.rows.size();
  b.branch(
      tile.last, [&] { b.loop(b.constant(0), b.constant(rows), 1, finishRow); },
      [] {});
}

void Emitter::emitRows(const Tile &tile) {
  Sums sums = sumsOf(tile);
  int64_t rows = tile.rows.size();
  double work = 2.0 * double(rows * tile.columns.size() * lanes) * double(k);
  for (const Tap &tap : tile.taps)
    work *= double(known(tap.size));
  Values places;
  for (int64_t row = 0; row < rows; ++row)
    places.push_back(b.at(sums.matrix, b.add(sums.firstRow, b.constant(row)),
                          sums.firstColumn));
  emitTileCall(b, tile, sums.matrix.memory, places,
               work / b.flopsPerNanosecond);
  finish(tile, sums);
}

/// The tile in place, or a call of the one that all such products have.
/// `width`: the columns that there are, if they need masks.
void Emitter::emit(const Tile &tile, Value width) {
  if (!isRoutine(tile)) {
    if (!width && isRoutineOfRows(tile))
      return emitRows(tile);
    return b.tile(tile);
  }
  Sums sums = sumsOf(tile);
  emitTileCall(b, {tile.left,
                   tile.leftStart[0],
                   p.left.rowStrides[0],
                   tile.right,
                   tile.rightStart[0],
                   tile.depth,
                   sums.matrix,
                   sums.firstRow,
                   sums.firstColumn,
                   tile.fresh,
                   int64_t(tile.rows.size()),
                   int64_t(tile.columns.size()),
                   lanes,
                   blocks().shape.width(),
                   width,
                   tile.ahead,
                   tile.aheadStep,
                   tile.rightStep,
                   tile.aheadMemory,
                   tile.aheadRow,
                   tile.aheadLines,
                   tile.aheadEvery,
                   tile.copy,
                   tile.copyStart,
                   tile.near,
                   tile.resultLast});
  finish(tile, sums);
}

/// Is each tile of as many rows on one row of the image? Tiles that fetch need
/// to know their rows among all.
bool Emitter::areEven(ArrayRef<Value> rows) const {
  int64_t count = rows.size(), last = needsLeftCopy() ? 0 : imageRow();
  return last && last % count == 0 && split(m, count).size() == 1 &&
         split(m, blocks().shape.rows).front().first == count && !p.panels &&
         !fetchesRight();
}

/// The tile of these rows and one panel, which has `width` columns of the
/// result or more.
void Emitter::panelTiles(Value panels, Value start, Value column, Value width,
                         const DepthBlock &block, ArrayRef<Value> rows,
                         llvm::function_ref<void(Tile &)> prepare) {
  if (areEven(rows)) {
    Value last = p.left.rowSizes.back(), number = b.divide(rows[0], last);
    Values within = offsets(b.sub(rows[0], b.mul(number, last)), rows.size());
    return Emitter(b, onImageRow(number), options, b.type)
        .panelTiles(panels, start, column, width, block, within, prepare);
  }
  Shape shape = blocks().shape;
  // Where the last panel ends, its tile does: no vectors that are all empty.
  int64_t inLast = isKnown(n) ? n % shape.width() : shape.width();
  auto compute = [&](bool edge) {
    SmallVector<Columns> columns;
    int64_t vectors =
        edge ? llvm::divideCeil(inLast, shape.lanes) : shape.vectors;
    bool masked = edge && (!isKnown(n) || inLast % shape.lanes);
    for (int64_t v = 0; v < vectors; ++v) {
      Value mask = masked ? b.mask(b.sub(width, b.constant(v * shape.lanes)),
                                   shape.lanes)
                          : Value();
      columns.push_back({offset(column, v * shape.lanes), shape.lanes, mask});
    }
    Tile tile = newTile(rows, columns);
    tile.right = panels;
    tile.rightStep = b.constant(shape.width());
    tile.rightMasked = false;
    tile.depth = block.depth;
    tile.taps = block.taps;
    Value step = b.mul(block.depth, tile.rightStep);
    for (Tap &tap : llvm::reverse(tile.taps)) {
      tap.rightStep = step;
      step = b.mul(step, tap.size);
    }
    tile.fresh = p.fresh ? block.isFirst : b.boolean(false);
    tile.last = block.isLast;
    fetchNear(tile);
    tile.resultLast = tile.near && options.reassociate;
    for (Value row : rows)
      tile.leftStart.push_back(
          b.add(block.left, b.at(p.left, row, block.first)));
    tile.leftRowStep = leftRowStep(rows);
    for (int64_t v = 0; v < vectors; ++v)
      tile.rightStart.push_back(offset(start, v * shape.lanes));
    if (prepare && tile.taps.empty())
      prepare(tile);
    emit(tile, masked ? width : Value());
  };
  if (isKnown(n) && n % shape.width() == 0)
    return compute(false);
  b.branch(
      b.atLeast(width, b.constant(shape.width())), [&] { compute(false); },
      [&] { compute(true); });
}

void Emitter::packed(const Workspace &workspace) {
  if (!workspace.left)
    return packedRows(workspace);
  b.loopInSteps(b.constant(0), p.rows, leftRows(),
                [&](Value first, Value count) {
                  copyLeft(workspace.left, first, count);
                  Product part = p;
                  auto moveTo = [&](Matrix &matrix) {
                    matrix.firstRow =
                        matrix.firstRow ? b.add(matrix.firstRow, first) : first;
                  };
                  moveTo(part.result);
                  for (Matrix &matrix : part.epilogueOperands)
                    if (matrix.memory)
                      moveTo(matrix);
                  part.rows = count;
                  part.left = {workspace.left, b.constant(0), b.constant(1),
                               {count},        {p.depth},     {}};
                  Emitter(b, part, options, b.type).packedRows(workspace);
                });
}

/// How many tiles all rows are.
Value Emitter::rowTiles() { return b.ceilDiv(p.rows, blocks().shape.rows); }

/// The rows of each of these tiles: of two sizes if their number is known, else
/// all of one, where past the end the last row is repeated.
void Emitter::overTiles(Value from, Value to, int64_t most, ForRows body) {
  if (!isKnown(m)) {
    Value lastRow = b.sub(p.rows, b.constant(1)), step = b.constant(most);
    return b.loop(b.mul(from, step), b.mul(to, step), most, [&](Value first) {
      Values rows;
      for (Value row : offsets(first, most))
        rows.push_back(b.min(row, lastRow));
      body(rows);
    });
  }
  int64_t tile = 0, row = 0;
  for (auto [size, count] : split(m, most)) {
    auto rowOf = [&, size = size](Value number) {
      return offset(b.mul(b.sub(number, b.constant(tile)), b.constant(size)),
                    row);
    };
    Value first = b.max(from, b.constant(tile)),
          last = b.min(to, b.constant(tile + count));
    b.loop(rowOf(first), rowOf(last), size,
           [&, size = size](Value start) { body(offsets(start, size)); });
    tile += count;
    row += size * count;
  }
}

void Emitter::packedRows(const Workspace &workspace) {
  Blocks blocks = this->blocks();
  Shape shape = blocks.shape;
  Value zero = b.constant(0), panelSize = b.constant(blocks.panelSize()),
        panelWidth = b.constant(shape.width());
  Value steps = b.constant(blocks.steps);
  // Which of two: if panels are copied, and if that is to the workspace.
  Value copies = p.copies ? p.copies : b.boolean(!p.panels),
        streams = p.streams ? p.streams : b.boolean(!p.panels);
  // Panels of the workspace, or those of this block of the depth among all.
  auto startOf = [&](Value column, Value panel, const DepthBlock &block) {
    Value place = b.mul(panel, panelSize);
    if (!p.panels)
      return place;
    Value number = b.add(b.divide(column, panelWidth), panel);
    return b.choose(
        streams, place,
        b.mul(b.add(b.mul(number, b.constant(depthBlocks())), block.number),
              panelSize));
  };
  auto at = [&](Value panel) { return b.mul(panel, panelWidth); };
  // Panels that are kept come from memory, like the operand itself, but lie
  // there in the order in which they are needed: what a panel of the group is
  // followed by.
  auto afterGroup = [&](Value start, Value panels, const DepthBlock &block) {
    if (!p.panels || !isKnown(m) || m > mostKeptRows)
      return Value();
    Value others = b.mul(b.sub(panels, b.constant(1)),
                         b.constant(depthBlocks() * blocks.panelSize()));
    return b.add(offset(start, blocks.panelSize()),
                 b.choose(block.isLast, others, zero));
  };
  auto copyRight = [&](Tile &tile, Value start, const DepthBlock &block) {
    tile.copy = tile.right;
    tile.copyStart = start;
    tile.copyStep = shape.width();
    tile.right = p.right.memory;
    tile.rightStep = p.right.rowStrides[0];
    tile.rightStart.clear();
    for (const Columns &columns : tile.columns)
      tile.rightStart.push_back(
          b.add(block.right, b.at(p.right, block.first, columns.first)));
  };
  int64_t copiedGroup = this->copiedGroup();
  Value groupPanels = b.choose(copies, b.constant(copiedGroup),
                               b.constant(p.panels ? keptGroup() : 1));
  bool fetches = fetchesRight();
  Value allTiles = rowTiles();
  // All tiles together fetch the kept panel that begins at `ahead`.
  auto fetchPanel = [&](Tile &tile, Value ahead) {
    int64_t ofRow = llvm::divideCeil(blocks.panelSize(), m);
    tile.ahead = b.add(ahead, b.mul(tile.rows[0], b.constant(ofRow)));
    tile.aheadStep = llvm::divideCeil(tile.rows.size() * shape.width(), m);
  };
  // The same for what the next group is copied from: rows of its block of the
  // depth, or of the next one of this group.
  auto fetchRows = [&](Tile &tile, const DepthBlock &block, Value mine,
                       Value next, Value here) {
    int64_t elementBytes = b.type.getIntOrFloatBitWidth() / 8;
    int64_t tiles = llvm::divideCeil(m, shape.rows);
    int64_t lines = std::max<int64_t>(1, copiedGroup * shape.width() *
                                             elementBytes / lineBytes);
    tile.aheadLines = b.constant(lines);
    tile.aheadEvery = llvm::bit_floor(uint64_t(
        std::clamp<int64_t>(tiles * copiedGroup / lines, 1, mostFetchEvery)));
    tile.aheadMemory = p.right.memory;
    tile.aheadRow = p.right.rowStrides[0];
    Value step =
        b.choose(block.isLast, zero, offset(block.first, blocks.depth));
    Value column = b.choose(block.isLast, b.add(mine, at(here)), mine);
    Value right = b.choose(block.isLast, zero, block.right);
    // Each tile some rows, and each panel of it a part of them.
    Value done = b.divide(
        b.mul(b.add(tile.rows[0],
                    b.divide(b.mul(next, b.constant(tile.rows.size())), here)),
              b.constant(blocks.depth)),
        b.constant(m));
    tile.ahead = b.add(right, b.at(p.right, b.add(step, done), column));
  };
  b.loop(zero, p.columns, blocks.panels * shape.width(), [&](Value column) {
    Value width = b.min(b.sub(p.columns, column),
                        b.constant(blocks.panels * shape.width()));
    Value count = b.ceilDiv(width, shape.width());
    // These panels and tiles of rows; panels are copied to `place`.
    auto compute = [&](Value first, Value here, Value place, Value fromTile,
                       Value toTile) {
      Value mine = b.add(column, at(first)), rest = b.sub(width, at(first));
      overDepth([&](const DepthBlock &block) {
        auto pack = [&] {
          packPanels(workspace.panels, startOf(column, place, block), mine,
                     rest, here, block);
        };
        auto tiles = [&](Value from, Value to, bool fetches, bool copies) {
          overTiles(from, to, shape.rows, [&](ArrayRef<Value> rows) {
            b.loop(zero, here, 1, [&](Value next) {
              Value start = startOf(column, b.add(place, next), block);
              auto prepare = [&](Tile &tile) {
                if (fetches)
                  fetchRows(tile, block, mine, next, here);
                else if (Value ahead = afterGroup(start, here, block))
                  fetchPanel(tile, ahead);
                if (copies)
                  copyRight(tile, start, block);
              };
              panelTiles(workspace.panels, start, b.add(mine, at(next)),
                         b.sub(rest, at(next)), block, rows, prepare);
            });
          });
        };
        if (!fetches) {
          b.branch(copies, pack, [] {});
          return tiles(fromTile, toTile, false, false);
        }
        // The first tile reads the operand itself, and leaves a copy.
        Value second = b.add(fromTile, b.constant(1));
        auto copyFirst = [&] {
          tiles(fromTile, second, true, true);
          tiles(second, toTile, true, false);
        };
        b.branch(copies, copyFirst,
                 [&] { tiles(fromTile, toTile, false, false); });
      });
    };
    // Of about the same size, one after the other in the same memory.
    auto groupSize = [&](Value panels) {
      Value groups =
          b.divide(offset(b.add(panels, groupPanels), -1), groupPanels);
      return b.divide(offset(b.add(panels, groups), -1),
                      b.max(groups, b.constant(1)));
    };
    Value work = flops(p.rows, panelWidth, allSteps());
    if (blocks.byColumns && blocks.parts == 1) {
      b.parallelRanges(zero, count, work, [&](Value from, Value to) {
        b.loopInSteps(from, to, groupSize(b.sub(to, from)),
                      [&](Value first, Value here) {
                        compute(first, here, b.choose(streams, from, first),
                                zero, allTiles);
                      });
      });
      return;
    }
    if (blocks.byColumns) {
      // Units are parts of panels: whole ones but in those in the middle and at
      // the end, where halves of the range end, which have a place for each.
      Value parts = b.constant(blocks.parts), one = b.constant(1);
      Value middle = b.divide(offset(count, -1), b.constant(2)),
            last = b.max(offset(count, -1), offset(middle, 1));
      auto toBorder = [&](Value unit) {
        if (p.panels && !p.copies)
          return unit;
        Value panel = b.divide(unit, parts);
        Value border = b.mul(b.ceilDiv(unit, blocks.parts), parts);
        Value isWhole = b.choose(b.atLeast(middle, panel),
                                 b.atLeast(offset(middle, -1), panel),
                                 b.atLeast(offset(last, -1), panel));
        return b.choose(isWhole, border, unit);
      };
      auto placeOf = [&](Value unit) {
        auto within = [&](Value panel) {
          Value part = b.sub(unit, b.mul(panel, parts));
          return b.max(b.min(part, offset(parts, -1)), zero);
        };
        return b.add(b.divide(unit, parts),
                     b.add(within(middle), within(last)));
      };
      auto tileOf = [&](Value part) {
        return b.divide(b.mul(part, allTiles), parts);
      };
      Value units = b.mul(count, parts);
      work = b.divide(work, parts);
      b.parallelRanges(zero, units, work, [&](Value from, Value to) {
        from = toBorder(from), to = toBorder(to);
        Value place = placeOf(from);
        b.loopUntil(from, to, [&](Value unit) {
          Value panel = b.divide(unit, parts), rest = b.sub(to, unit),
                part = b.sub(unit, b.mul(panel, parts));
          Value isWhole = b.both(b.atLeast(zero, part), b.atLeast(rest, parts));
          Value here = b.choose(isWhole, groupSize(b.divide(rest, parts)), one);
          Value done = b.choose(isWhole, b.mul(here, parts),
                                b.min(rest, b.sub(parts, part)));
          Value end = b.choose(isWhole, parts, b.add(part, done));
          compute(panel, here, b.choose(streams, place, panel), tileOf(part),
                  tileOf(end));
          return b.add(unit, done);
        });
      });
      return;
    }
    if (blocks.ownPanels) {
      Value parts = b.constant(blocks.parts);
      auto tileOf = [&](Value part) {
        return b.divide(b.mul(part, allTiles), parts);
      };
      work = b.divide(b.mul(work, count), parts);
      b.parallelRanges(zero, parts, work, [&](Value from, Value to) {
        Value place = b.choose(streams, b.mul(from, count), zero);
        compute(zero, count, place, tileOf(from), tileOf(to));
      });
      return;
    }
    overDepth([&](const DepthBlock &block) {
      // Copying an element takes about as long as 32 operations.
      auto pack = [&] {
        b.parallelLoop(zero, count, 1, flops(b.constant(16), panelWidth, steps),
                       [&](Value panel) {
                         packPanels(
                             workspace.panels, startOf(column, panel, block),
                             b.add(column, at(panel)), b.sub(width, at(panel)),
                             b.constant(1), block);
                       });
      };
      b.branch(copies, pack, [] {});
      Value work = flops(b.constant(shape.rows), width, steps);
      b.parallelRanges(zero, allTiles, work, [&](Value from, Value to) {
        overTiles(from, to, shape.rows, [&](ArrayRef<Value> rows) {
          b.loop(zero, count, 1, [&](Value panel) {
            panelTiles(workspace.panels, startOf(column, panel, block),
                       b.add(column, at(panel)), b.sub(width, at(panel)), block,
                       rows);
          });
        });
      });
    });
  });
}

//===----------------------------------------------------------------------===//
// Panels that outlive the product
//===----------------------------------------------------------------------===//

PanelsShape tfc::kernels::shapeOfPanels(KernelBuilder &b, const Product &p,
                                        const KernelOptions &options) {
  Emitter emitter(b, p, options, b.type);
  Blocks blocks = emitter.blocks();
  int64_t panels = llvm::divideCeil(known(p.columns), blocks.shape.width());
  return {panels * emitter.depthBlocks() * blocks.panelSize(),
          {blocks.shape.width(), blocks.depth, blocks.steps,
           int64_t(blocks.whole), blocks.tapStep}};
}

void tfc::kernels::emitPanels(KernelBuilder &b, const Product &p, Value panels,
                              const KernelOptions &options) {
  Product all = p;
  all.panels = panels;
  Emitter(b, all, options, b.type).packAll(panels);
}

DenseElementsAttr tfc::kernels::packConstant(KernelBuilder &b, const Product &p,
                                             DenseElementsAttr values,
                                             int64_t rowStride,
                                             int64_t columnStride,
                                             const KernelOptions &options) {
  Blocks blocks = Emitter(b, p, options, b.type).blocks();
  int64_t n = known(p.columns), k = known(p.depth),
          width = blocks.shape.width();
  int64_t inDepth = llvm::divideCeil(k, blocks.depth);
  int64_t bytes = b.type.getIntOrFloatBitWidth() / 8;
  int64_t count = llvm::divideCeil(n, width) * inDepth * blocks.panelSize();
  ArrayRef<char> from = values.getRawData();
  std::vector<char> panels(count * bytes, 0);
  for (int64_t step = 0; step < k; ++step)
    for (int64_t column = 0; column < n; ++column) {
      int64_t panel = column / width * inDepth + step / blocks.depth;
      int64_t to = panel * blocks.panelSize() + step % blocks.depth * width +
                   column % width;
      int64_t source =
          values.isSplat() ? 0 : step * rowStride + column * columnStride;
      std::copy_n(from.data() + source * bytes, bytes,
                  panels.data() + to * bytes);
    }
  return DenseElementsAttr::getFromRawBuffer(
      RankedTensorType::get(count, b.type), panels);
}

void Emitter::packAll(Value memory) {
  Blocks blocks = this->blocks();
  Value width = b.constant(blocks.shape.width()),
        inDepth = b.constant(depthBlocks());
  b.parallelLoop(
      b.constant(0), b.ceilDiv(p.columns, blocks.shape.width()), 1,
      flops(b.constant(16), width, allSteps()), [&](Value panel) {
        Value column = b.mul(panel, width);
        overDepth([&](const DepthBlock &block) {
          Value number = b.add(b.mul(panel, inDepth), block.number);
          packPanels(memory, b.mul(number, b.constant(blocks.panelSize())),
                     column, b.sub(p.columns, column), b.constant(1), block);
        });
      });
}
