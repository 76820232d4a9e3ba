//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Products of bfloat16 on instructions that multiply pairs of neighbouring k
// and add them to sums in f32: VDPBF16PS on vectors, TDPBF16PS on tiles (AMX).
// Products of bytes, in fours that are added to sums of 32 bits: VPDPBUSD, and
// TDPBSSD and its like for numbers without a sign. Here both are called pairs.
//
// The depth is in squares of 32 k (64 bytes), those of each tap of a
// convolution's window by themselves.
//
// for blocks of columns { for blocks of the depth {
//   copy the panels of the right operand              (threads share panels)
//   for row tiles {                                   (threads share row tiles)
//     copy the row tile; for panels { tile of the result }}}}
//
// Where there are twice as many columns as rows or more, and copies of the rows
// stay in a near cache, threads share columns instead: nobody waits for panels
// that another thread has just written, and each reads its part of the right
// operand only.
//
// copy all row tiles                                  (threads share row tiles)
// for groups of panels { for blocks of the depth {    (threads share panels)
//   copy the panels
//   for row tiles { for panels { tile of the result }}}}
//
// Both copies consist of squares of 16 lanes (rows, or columns) by 16 pairs,
// one kilobyte each, and have zeros where the operand ends: so the instructions
// see whole squares only.
//
// These instructions take denormal numbers for zero. That makes no difference
// if no product of two elements, and so no sum of products, has a place below
// the last one of the smallest normal number. While an operand is copied, its
// smallest exponent is found; tiles for which the exponents do not rule it out
// are computed from the same copies with multiply-adds of f32. Those of bytes
// are exact.
//===----------------------------------------------------------------------===//

#include "PairProducts.h"
#include "Elementwise.h"
#include "PairEmitter.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/SymbolTable.h"
#include "tfc/Dialect/TFCRT/IR/ParallelLoop.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tfc::kernels;

/// k of a block: longer ones store and load sums less often. But each k of the
/// right operand may be on another page, and what a processor knows of pages
/// (2,048) should do for all of them: with 2,048 k, copies took four times as
/// long.
static constexpr int64_t pairBlockDepth = 1024;
/// Columns of a block, or a group of panels: they stay in the second-level
/// cache.
static constexpr int64_t blockColumns = 512;
/// What copies of all rows take, for one block of the depth and for all.
static constexpr int64_t mostLeftBytes = 1024 * 1024,
                         mostAllLeftBytes = 4 * mostLeftBytes;
/// What a thread has room for on its stack.
static constexpr int64_t stackBytes = 32 * 1024;
/// Smaller products are not worth the copies.
static constexpr int64_t leastSize = 16;

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

int64_t PairEmitter::squaresOf(const Product &p, int64_t squareDepth) {
  int64_t all = known(p.depth);
  if (isKnown(all))
    all = llvm::divideCeil(all, squareDepth);
  for (const Tap &tap : p.taps)
    all = isKnown(all) && isKnown(known(tap.size)) ? all * known(tap.size)
                                                   : ShapedType::kDynamic;
  return all;
}

int64_t PairEmitter::blockSquares() const {
  int64_t most = pairBlockDepth / squareDepth, all = squares();
  if (!isKnown(all))
    return most;
  all = std::max<int64_t>(all, 1);
  return llvm::divideCeil(all, llvm::divideCeil(all, most));
}

int64_t PairEmitter::depthBlocks() const {
  return llvm::divideCeil(std::max<int64_t>(squares(), 1), blockSquares());
}

int64_t PairEmitter::panelSize() const {
  return blockSquares() * squareSize * (tileColumns / side);
}

int64_t PairEmitter::allPanels() const {
  int64_t n = known(p.columns);
  return isKnown(n) ? int64_t(llvm::alignTo(llvm::divideCeil(n, tileColumns),
                                            panelsAtOnce()))
                    : ShapedType::kDynamic;
}

int64_t PairEmitter::panelCount() const {
  int64_t ofBlock = blockColumns / tileColumns, all = allPanels();
  if (!isKnown(all))
    return ofBlock;
  return sharesColumns() ? all : std::min(all, ofBlock);
}

/// Threads have some of the columns each, if both sizes are known.
bool PairEmitter::sharesColumns() const {
  constexpr int64_t leastPanels = 4;
  int64_t rows = leftCount() / depthBlocks(), panels = allPanels();
  int64_t leftBytes = rows * leftSize() * 4;
  return rows > 0 && isKnown(panels) && panels >= leastPanels &&
         2 * rows <= panels && panels * panelSize() * 4 > stackBytes &&
         leftBytes <= mostLeftBytes &&
         leftBytes * depthBlocks() <= mostAllLeftBytes &&
         !splitsRows({p.left, true, p.rows});
}

/// Two neighbouring lines of each row, which come together, where that makes
/// few panels that nobody needs.
int64_t PairEmitter::panelsAtOnce() const {
  constexpr int64_t manyColumns = 256;
  int64_t n = known(p.columns);
  if (Lanes{p.right, false, {}}.depthIsContiguous())
    return 1;
  for (int64_t panels = ofBytes ? 4 : 2; panels > 1; panels /= 2)
    if (!isKnown(n) || n >= manyColumns || n % (panels * tileColumns) == 0)
      return panels;
  return 1;
}

void PairEmitter::overDepth(llvm::function_ref<void(const Block &)> body) {
  int64_t step = blockSquares();
  Value all = squaresOfTap();
  for (const Tap &tap : p.taps)
    all = b.mul(all, tap.size);
  // Without a single k there is still a result to be set.
  Value end = b.max(all, b.constant(1));
  b.loop(b.constant(0), end, step, [&](Value first) {
    Block block;
    Value rest = b.sub(all, first);
    block.first = first;
    block.squares = b.min(rest, b.constant(step));
    block.groupSize = b.mul(block.squares, b.constant(squareSize));
    block.isFirst = b.builder.createOrFold<arith::CmpIOp>(
        b.loc, arith::CmpIPredicate::eq, first, b.constant(0));
    block.isLast = b.atLeast(b.constant(step), rest);
    body(block);
  });
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

/// The least exponent of an element of each operand tells the last place that a
/// product can have: eight bits of a number, so 14 places below its exponent.
static constexpr int64_t leastSumOfExponents = 2 * 127 - 126 + 14;

bool PairEmitter::splitsRows(const Lanes &left) const {
  return p.left.rowStrides.size() > 1 && left.neighbours() % tileRows != 0 &&
         !left.depthIsContiguous() && left.lanesAreContiguous();
}

/// The rows of each tile. Where rows are elements of several loops, as channels
/// of a window are, a tile has those of one innermost loop: neighbours.
void PairEmitter::overRowTiles(Value flops,
                               llvm::function_ref<void(Value, Value)> body) {
  Lanes left{p.left, true, p.rows};
  Value zero = b.constant(0), step = b.constant(tileRows);
  if (isOneTile())
    return body(zero, p.rows);
  int64_t inner = left.neighbours();
  if (!splitsRows(left))
    return b.parallelLoop(zero, b.ceilDiv(p.rows, tileRows), 1, flops,
                          [&](Value tile) { body(b.mul(tile, step), p.rows); });
  Value tiles = b.constant(llvm::divideCeil(inner, tileRows)),
        size = b.constant(inner);
  b.parallelLoop(zero, b.mul(b.divide(p.rows, size), tiles), 1, flops,
                 [&](Value tile) {
                   Value group = b.divide(tile, tiles);
                   Value within = b.sub(tile, b.mul(group, tiles));
                   Value first = b.mul(group, size);
                   body(b.add(first, b.mul(within, step)), b.add(first, size));
                 });
}

void PairEmitter::rowTile(const Panels &panels, Value row, Value end,
                          Value column, Value width, const Block &block) {
  Value zero = b.constant(0);
  Squares left{leftCopies, zero};
  Value leftExponent = pair(0);
  if (leftCopies) {
    Value number = leftNumber(row, block);
    left.start = b.mul(number, b.constant(leftSize()));
    if (!ofBytes)
      leftExponent =
          memref::LoadOp::create(b.builder, b.loc, leftCopies,
                                 offset(number, leftCount() * leftSize()));
  } else {
    left.memory = allocate(leftSize(), pairType);
    leftExponent = copy({p.left, true, end}, row, block, left, 1).front();
  }
  Value panelsHere = b.ceilDiv(width, tileColumns);
  auto some = [&](Value from, Value to) {
    overPanels(panels, from, to, {left, leftExponent, row, end, column, width},
               block);
  };
  if (!isOneTile())
    return some(zero, panelsHere);
  // There are no other rows that threads might have.
  Value depth = b.mul(block.squares, b.constant(squareDepth));
  b.parallelRanges(zero, panelsHere, tileWork(b.constant(tileColumns), depth),
                   some);
}

/// Tiles of rows, one for each block of the depth; 0: not known.
int64_t PairEmitter::leftCount() const {
  int64_t m = known(p.rows);
  return isKnown(m) && isKnown(squares())
             ? llvm::divideCeil(m, tileRows) * depthBlocks()
             : 0;
}

Value PairEmitter::leftNumber(Value row, const Block &block) {
  return b.add(
      b.mul(b.divide(row, b.constant(tileRows)), b.constant(depthBlocks())),
      b.divide(block.first, b.constant(blockSquares())));
}

/// All tiles of rows are copied once, if there are several blocks of columns
/// and the copies stay in the second-level cache.
bool PairEmitter::copiesLeft() const {
  int64_t n = known(p.columns);
  return sharesColumns() ||
         (leftCount() > 0 && isKnown(n) && n > blockColumns &&
          leftCount() * leftSize() * 4 <= mostLeftBytes &&
          !splitsRows({p.left, true, p.rows}));
}

int64_t PairEmitter::leftCopiesSize() const {
  return copiesLeft() ? leftCount() * (leftSize() + 1) : 0;
}

void PairEmitter::copyLeft() {
  Lanes left{p.left, true, p.rows};
  int64_t count = leftCount();
  b.parallelLoop(
      b.constant(0), b.ceilDiv(p.rows, tileRows), 1,
      b.mul(p.depth, copyWork(b.constant(tileRows))), [&](Value tile) {
        Value row = b.mul(tile, b.constant(tileRows));
        overDepth([&](const Block &block) {
          Value number = leftNumber(row, block);
          Value exponent =
              copy(left, row, block,
                   {leftCopies, b.mul(number, b.constant(leftSize()))}, 1)
                  .front();
          if (!ofBytes)
            memref::StoreOp::create(b.builder, b.loc, exponent, leftCopies,
                                    offset(number, count * leftSize()));
        });
      });
}

/// Are products of all pairs those of f32, with the instruction?
Value PairEmitter::isExact(const Panels &panels, Value panel,
                           Value leftExponent) {
  if (ofBytes)
    return b.boolean(true);
  Value rightExponent = memref::LoadOp::create(b.builder, b.loc, panels.memory,
                                               exponentOf(panels, panel));
  auto isAtLeast = [&](Value x, int64_t y) {
    return b.builder.createOrFold<arith::CmpIOp>(
        b.loc, arith::CmpIPredicate::sge, x, pair(y));
  };
  Value normal =
      b.both(isAtLeast(leftExponent, 1), isAtLeast(rightExponent, 1));
  return b.both(normal,
                isAtLeast(make<arith::AddIOp>(leftExponent, rightExponent),
                          leastSumOfExponents));
}

/// The tiles of these panels, one after the other. While one is computed in
/// tile registers, vectors make a part of the result of the one before it, a
/// few rows with each square: so neither waits for the other.
void PairEmitter::overPanels(const Panels &panels, Value from, Value to,
                             const RowTile &tile, const Block &block) {
  constexpr int64_t tileSize = tileRows * tileColumns;
  bool onTiles = options.unit.pairs == PairUnit::tiles;
  Value zero = b.constant(0), one = b.constant(1);
  Value rows = b.min(b.sub(tile.end, tile.row), b.constant(tileRows)),
        parts = b.ceilDiv(rows, rowsAtOnce);
  Value memory = allocate(onTiles ? 2 * tileSize : tileSize, b.type);
  auto finishPart = [&](Value panel, const Squares &sums, Value number) {
    Value at = b.mul(panel, b.constant(tileColumns));
    finish(sums, number, tile.row, tile.end, b.add(tile.column, at),
           b.sub(tile.width, at), block);
  };
  if (!onTiles)
    return b.loop(from, to, 1, [&](Value panel) {
      Squares sums{memory, zero};
      auto multiply = [&](bool exactly) {
        multiplyVectors(tile.left, squaresOf(panels, panel), block, rows, sums,
                        exactly);
      };
      b.branch(
          isExact(panels, panel, tile.leftExponent), [&] { multiply(false); },
          [&] { multiply(true); });
      b.loop(zero, parts, 1,
             [&](Value number) { finishPart(panel, sums, number); });
    });

  auto isBelow = [&](Value x, Value y) {
    return b.builder.createOrFold<arith::CmpIOp>(
        b.loc, arith::CmpIPredicate::slt, x, y);
  };
  auto nothing = [] {};
  call("llvm.x86.ldtilecfg", pointer(tileConfiguration(), zero));
  b.loop(from, b.add(to, one), 1, [&](Value number) {
    // Behind the last panel only the one before it is finished.
    Value exists = isBelow(number, to), follows = isBelow(from, number);
    Value panel = b.min(number, b.sub(to, one));
    Squares right = squaresOf(panels, panel);
    Value odd = make<arith::RemUIOp>(number, b.constant(2));
    Squares here{memory, b.mul(odd, b.constant(tileSize))},
        before{memory, b.sub(b.constant(tileSize), here.start)};
    Value multiplies =
        b.both(exists, isExact(panels, panel, tile.leftExponent));
    Value squares = b.choose(multiplies, block.squares, zero),
          finishes = b.choose(follows, parts, zero);
    zeroTiles();
    b.loop(zero, b.max(squares, finishes), 1, [&](Value step) {
      b.branch(
          isBelow(step, squares),
          [&] { multiplyTiles(tile.left, right, block, step); }, nothing);
      b.branch(
          isBelow(step, finishes),
          [&] { finishPart(b.sub(number, one), before, step); }, nothing);
    });
    b.branch(multiplies, [&] { storeTiles(here); }, nothing);
    if (ofBytes)
      return;
    Value exactly =
        b.both(exists, make<arith::XOrIOp>(multiplies, b.boolean(true)));
    b.branch(
        exactly,
        [&] { multiplyVectors(tile.left, right, block, rows, here, true); },
        nothing);
  });
  call("llvm.x86.tilerelease", {});
}

bool PairEmitter::isOneTile() const {
  return isKnown(known(p.rows)) && known(p.rows) <= tileRows;
}

/// How many operations a tile of so many columns is worth, which is less than
/// on the vectors that costs are counted in.
Value PairEmitter::tileWork(Value columns, Value depth) {
  int64_t faster = (options.unit.pairs == PairUnit::tiles ? 8 : 1) *
                   (squareDepth / (2 * side));
  return b.divide(b.mul(b.constant(2 * tileRows), b.mul(columns, depth)),
                  b.constant(faster));
}

//===----------------------------------------------------------------------===//
// Panels
//===----------------------------------------------------------------------===//

PairEmitter::Squares PairEmitter::squaresOf(const Panels &panels, Value panel) {
  return {panels.memory,
          b.mul(panels.number(b, panel), b.constant(panelSize()))};
}

Value PairEmitter::exponentOf(const Panels &panels, Value panel) {
  return b.add(panels.number(b, panel),
               b.mul(panels.count, b.constant(panelSize())));
}

/// The panels of a block of the depth, from this one on, among those of all.
PairEmitter::Panels PairEmitter::panelsOf(Value memory, Value panel,
                                          const Block &block) {
  int64_t blocks = depthBlocks();
  Value first = b.add(b.mul(panel, b.constant(blocks)),
                      b.divide(block.first, b.constant(blockSquares())));
  return {memory, b.constant(allPanels() * blocks), first, b.constant(blocks)};
}

/// The panels of a block of the depth, from this one on: those that are kept,
/// or, where this call keeps none, from `place` on in memory for some.
PairEmitter::Panels PairEmitter::panelsHere(Value memory, Value place,
                                            Value panel, const Block &block) {
  Panels some{memory, b.constant(panelCount()), place, b.constant(1)};
  if (!p.pairPanels)
    return some;
  Panels all = panelsOf(p.pairPanels, panel, block);
  if (!p.copies)
    return all;
  return {b.chooseMemory(p.streams, memory, p.pairPanels),
          b.choose(p.streams, some.count, all.count),
          b.choose(p.streams, some.first, all.first),
          b.choose(p.streams, some.step, all.step)};
}

/// Fills panels, unless they are there from calls before.
void PairEmitter::copyWhereNeeded(const Panels &panels, Value column,
                                  Value width, const Block &block) {
  auto copy = [&] { copyPanels(panels, column, width, block); };
  if (p.copies)
    b.branch(p.copies, copy, [] {});
  else if (!p.pairPanels)
    copy();
}

/// Copying an element takes about as long as 12 operations.
Value PairEmitter::copyWork(Value lanes) {
  return b.mul(lanes, b.constant(12));
}

/// This panel, and those that are copied together with it, of panels whose
/// first column is `column`.
void PairEmitter::copyPanel(const Panels &panels, Value column, Value panel,
                            const Block &block) {
  Values exponents = copy({p.right, false, p.columns},
                          b.add(column, b.mul(panel, b.constant(tileColumns))),
                          block, squaresOf(panels, panel), panelsAtOnce(),
                          b.mul(panels.step, b.constant(panelSize())));
  if (ofBytes)
    return;
  for (auto [number, exponent] : llvm::enumerate(exponents))
    memref::StoreOp::create(b.builder, b.loc, exponent, panels.memory,
                            exponentOf(panels, offset(panel, int64_t(number))));
}

void PairEmitter::copyPanels(const Panels &panels, Value column, Value width,
                             const Block &block) {
  int64_t atOnce = panelsAtOnce();
  Value depth = b.mul(block.squares, b.constant(squareDepth));
  b.parallelLoop(b.constant(0), b.ceilDiv(width, tileColumns), atOnce,
                 b.mul(depth, copyWork(b.constant(atOnce * tileColumns))),
                 [&](Value panel) { copyPanel(panels, column, panel, block); });
}

void PairEmitter::copyAll(Value panels) {
  int64_t atOnce = panelsAtOnce();
  Value depth = b.mul(b.constant(squares()), b.constant(squareDepth));
  b.parallelLoop(b.constant(0), b.ceilDiv(p.columns, tileColumns), atOnce,
                 b.mul(depth, copyWork(b.constant(atOnce * tileColumns))),
                 [&](Value panel) {
                   overDepth([&](const Block &block) {
                     copyPanel(panelsOf(panels, panel, block),
                               b.mul(panel, b.constant(tileColumns)),
                               b.constant(0), block);
                   });
                 });
}

//===----------------------------------------------------------------------===//
// The product
//===----------------------------------------------------------------------===//

void PairEmitter::emit(Value panels, Value left) {
  if (!panels && (!p.pairPanels || p.copies))
    panels = allocate(panelsSize(), pairType);
  leftCopies = left;
  if (left)
    copyLeft();
  sharesColumns() ? emitColumns(panels) : emitRows(panels);
}

/// Threads share columns: as many panels as are copied together at a time.
void PairEmitter::emitColumns(Value panels) {
  int64_t atOnce = panelsAtOnce();
  constexpr int64_t most = blockColumns / tileColumns;
  Value zero = b.constant(0);
  Value columns = b.constant(atOnce * tileColumns),
        depth = b.constant(squares() * squareDepth);
  Value work = b.mul(b.ceilDiv(p.rows, tileRows), tileWork(columns, depth));
  if (!p.pairPanels || p.copies)
    work = b.add(work, b.mul(copyWork(columns), depth));
  auto group = [&](Value first, Value count, Value place) {
    Value column = b.mul(first, b.constant(tileColumns));
    Value width =
        b.min(b.sub(p.columns, column), b.mul(count, b.constant(tileColumns)));
    overDepth([&](const Block &block) {
      Panels here = panelsHere(panels, place, first, block);
      copyWhereNeeded(here, column, width, block);
      Value depth = b.mul(block.squares, b.constant(squareDepth));
      overRowTiles(tileWork(width, depth), [&](Value row, Value end) {
        rowTile(here, row, end, column, width, block);
      });
    });
  };
  // Groups of about the same size, one after the other in the same memory.
  b.parallelRanges(
      zero, b.constant(allPanels() / atOnce), work, [&](Value from, Value to) {
        Value units = b.sub(to, from);
        Value groups = b.ceilDiv(units, most / atOnce);
        Value size = b.divide(offset(b.add(units, groups), -1), groups);
        b.loopInSteps(from, to, size, [&](Value first, Value count) {
          group(b.mul(first, b.constant(atOnce)),
                b.mul(count, b.constant(atOnce)),
                b.mul(from, b.constant(atOnce)));
        });
      });
}

/// Threads share panels while they are copied, then tiles of rows.
void PairEmitter::emitRows(Value panels) {
  Value zero = b.constant(0);
  b.loop(zero, p.columns, blockColumns, [&](Value column) {
    Value width = b.min(b.sub(p.columns, column), b.constant(blockColumns));
    overDepth([&](const Block &block) {
      Value panel = b.divide(column, b.constant(tileColumns));
      Panels here = panelsHere(panels, zero, panel, block);
      copyWhereNeeded(here, column, width, block);
      Value depth = b.mul(block.squares, b.constant(squareDepth));
      overRowTiles(tileWork(width, depth), [&](Value first, Value end) {
        rowTile(here, first, end, column, width, block);
      });
    });
  });
}

//===----------------------------------------------------------------------===//
// The interface
//===----------------------------------------------------------------------===//

bool tfc::kernels::canMultiplyPairs(const Product &p, Type element,
                                    const KernelOptions &options) {
  bool ofBytes = element.isInteger();
  auto isPart = [&](Type type) {
    return ofBytes ? type.isInteger(8) : type.isBF16();
  };
  auto isPairs = [&](Value memory) {
    return isPart(cast<MemRefType>(memory.getType()).getElementType());
  };
  auto isSmall = [](Value size, int64_t least) {
    return isKnown(known(size)) && known(size) < least;
  };
  if (options.unit.pairs == PairUnit::none ||
      !(ofBytes ? element.isInteger(32)
                : element.isF32() && options.reassociate) ||
      p.panels || !isPairs(p.left.memory) || isSmall(p.rows, leastSize) ||
      isSmall(p.columns, leastSize))
    return false;
  if (p.producer ? !isPart(p.producer->makes()) : !isPairs(p.right.memory))
    return false;
  int64_t squareDepth = PairEmitter::depthOf(element);
  if (p.taps.empty())
    return !isSmall(p.depth, squareDepth);
  // Each tap has squares of its own: with tiles, which are that much faster
  // and more, a fifth of them should be full.
  int64_t k = known(p.depth), squares = PairEmitter::squaresOf(p, squareDepth);
  return isKnown(squares) && squares >= 2 &&
         (options.unit.pairs == PairUnit::tiles ? 5 : 2) * k >=
             int64_t(llvm::alignTo(k, squareDepth)) &&
         PairEmitter::isInVectors(p.left, true) &&
         PairEmitter::isInVectors(p.right, false);
}

PanelsShape tfc::kernels::shapeOfPairPanels(KernelBuilder &b,
                                            const Product &p) {
  constexpr int64_t isPairs = -1; // unlike the order of any other panels
  KernelOptions any;
  PairEmitter emitter(b, p, any);
  return {emitter.allPanelsSize(),
          {isPairs, emitter.blockSquares(), emitter.allPanelsSize()}};
}

void tfc::kernels::emitPairPanels(KernelBuilder &b, const Product &p,
                                  Value panels, const KernelOptions &options) {
  PairEmitter(b, p, options).copyAll(panels);
}

Value tfc::kernels::allocatePairPanels(KernelBuilder &b, const Product &p) {
  if (p.pairPanels && !p.copies)
    return {};
  int64_t size = PairEmitter(b, p, KernelOptions()).panelsSize();
  if (size * 4 <= stackBytes)
    return {};
  auto type = MemRefType::get(size, b.builder.getI32Type());
  return memref::AllocOp::create(b.builder, b.loc, type,
                                 b.builder.getI64IntegerAttr(64));
}

Value tfc::kernels::allocatePairLeft(KernelBuilder &b, const Product &p) {
  int64_t size = PairEmitter(b, p, KernelOptions()).leftCopiesSize();
  if (size == 0)
    return {};
  auto type = MemRefType::get(size, b.builder.getI32Type());
  return memref::AllocOp::create(b.builder, b.loc, type,
                                 b.builder.getI64IntegerAttr(64));
}

void tfc::kernels::emitPairProduct(KernelBuilder &b, const Product &p,
                                   Value panels, Value left,
                                   const KernelOptions &options) {
  PairEmitter(b, p, options).emit(panels, left);
}
