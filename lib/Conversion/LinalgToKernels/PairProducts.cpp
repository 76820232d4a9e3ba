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
/// Columns of a block: their panels stay in the second-level cache.
static constexpr int64_t blockColumns = 512;
/// Rows of a tile whose sums are in registers, if those are vectors.
static constexpr int64_t registerRows = 8;
/// Rows of the result that are made together.
static constexpr int64_t rowsAtOnce = 4;
/// What a thread has room for on its stack.
static constexpr int64_t stackBytes = 32 * 1024;
/// Smaller products are not worth the copies.
static constexpr int64_t leastSize = 16, leastSquares = 1;

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

int64_t PairEmitter::columnBlocks() const {
  return llvm::divideCeil(known(p.columns), blockColumns);
}

int64_t PairEmitter::panelSize() const {
  return blockSquares() * squareSize * (tileColumns / side);
}

int64_t PairEmitter::panelCount() const {
  int64_t n = known(p.columns);
  return llvm::alignTo(
      llvm::divideCeil(isKnown(n) ? std::min(n, blockColumns) : blockColumns,
                       tileColumns),
      panelsAtOnce());
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
// Tiles of the result
//===----------------------------------------------------------------------===//

Value PairEmitter::pointer(Value memory, Value element) {
  Type i64 = b.builder.getI64Type();
  int64_t bytes =
      cast<MemRefType>(memory.getType()).getElementTypeBitWidth() / 8;
  Value base =
      memref::ExtractAlignedPointerAsIndexOp::create(b.builder, b.loc, memory);
  Value address = arith::IndexCastOp::create(
      b.builder, b.loc, i64, b.add(base, b.mul(element, b.constant(bytes))));
  return LLVM::IntToPtrOp::create(
      b.builder, b.loc, LLVM::LLVMPointerType::get(b.builder.getContext()),
      address);
}

Value PairEmitter::either(Value condition, llvm::function_ref<Value()> yes,
                          llvm::function_ref<Value()> no) {
  if (std::optional<int64_t> known = getConstantIntValue(condition))
    return *known ? yes() : no();
  auto branch = scf::IfOp::create(b.builder, b.loc, halves(), condition,
                                  /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b.builder);
  b.builder.setInsertionPointToEnd(branch.thenBlock());
  scf::YieldOp::create(b.builder, b.loc, yes());
  b.builder.setInsertionPointToEnd(branch.elseBlock());
  scf::YieldOp::create(b.builder, b.loc, no());
  return branch.getResult(0);
}

void PairEmitter::call(StringRef intrinsic, ValueRange operands) {
  LLVM::CallIntrinsicOp::create(b.builder, b.loc,
                                b.builder.getStringAttr(intrinsic), operands);
}

Value PairEmitter::tileNumber(int64_t number) {
  return LLVM::ConstantOp::create(b.builder, b.loc, b.builder.getI8Type(),
                                  b.builder.getI8IntegerAttr(number));
}

/// Eight tiles of 16 rows of 64 bytes: what LDTILECFG reads.
Value PairEmitter::tileConfiguration() {
  constexpr StringRef name = "tfc_tile_configuration";
  auto type = MemRefType::get(64, b.builder.getI8Type());
  auto module =
      b.builder.getInsertionBlock()->getParentOp()->getParentOfType<ModuleOp>();
  if (!module.lookupSymbol(name)) {
    SmallVector<int8_t> bytes(64, 0);
    bytes[0] = 1; // palette
    for (int64_t tile = 0; tile < 8; ++tile) {
      bytes[16 + 2 * tile] = 64; // bytes of a row, in 16 bits
      bytes[48 + tile] = side;   // rows
    }
    OpBuilder::InsertionGuard guard(b.builder);
    b.builder.setInsertionPointToStart(module.getBody());
    memref::GlobalOp::create(
        b.builder, b.loc, name, b.builder.getStringAttr("private"), type,
        DenseElementsAttr::get(RankedTensorType::get(64, b.builder.getI8Type()),
                               ArrayRef(bytes)),
        /*constant=*/true, b.builder.getI64IntegerAttr(64));
  }
  return memref::GetGlobalOp::create(b.builder, b.loc, type, name);
}

/// Four tiles of sums, two of each operand; two and one if there are no more
/// rows.
int64_t PairEmitter::sumTiles() const {
  return isKnown(known(p.rows)) && known(p.rows) <= side ? 2 : 4;
}

Value PairEmitter::bytesOf(int64_t elements) {
  return LLVM::ConstantOp::create(b.builder, b.loc, b.builder.getI64Type(),
                                  elements * 4);
}

void PairEmitter::zeroTiles() {
  for (int64_t sum = 0; sum < sumTiles(); ++sum)
    call("llvm.x86.tilezero", tileNumber(sum));
}

void PairEmitter::multiplyTiles(const Squares &left, const Squares &right,
                                const Block &block, Value square) {
  constexpr int64_t leftTile = 4, rightTile = 6;
  int64_t sums = sumTiles();
  StringRef multiply =
      !ofBytes ? "llvm.x86.tdpbf16ps"
      : !p.left.isUnsigned
          ? p.right.isUnsigned ? "llvm.x86.tdpbsud" : "llvm.x86.tdpbssd"
      : p.right.isUnsigned ? "llvm.x86.tdpbuud"
                           : "llvm.x86.tdpbusd";
  Value move = b.mul(square, b.constant(squareSize));
  for (auto [first, operand] :
       {std::pair(leftTile, &left), std::pair(rightTile, &right)})
    for (int64_t group = 0; group < (operand == &left ? sums / 2 : 2);
         ++group) {
      Value at = b.add(b.add(operand->start, move),
                       b.mul(block.groupSize, b.constant(group)));
      call("llvm.x86.tileloadd64",
           {tileNumber(first + group), pointer(operand->memory, at),
            bytesOf(side)});
    }
  for (int64_t sum = 0; sum < sums; ++sum)
    call(multiply, {tileNumber(sum), tileNumber(leftTile + sum / 2),
                    tileNumber(rightTile + sum % 2)});
}

void PairEmitter::storeTiles(const Squares &to) {
  for (int64_t sum = 0; sum < sumTiles(); ++sum)
    call("llvm.x86.tilestored64",
         {tileNumber(sum),
          pointer(to.memory, offset(to.start, sum / 2 * side * tileColumns +
                                                  sum % 2 * side)),
          bytesOf(tileColumns)});
}

/// A row of the left operand's pairs and one of the right one's, or fours.
Value PairEmitter::multiplyAdd(Value left, Value right, Value sum,
                               bool exactly) {
  if (ofBytes)
    return multiplyAddBytes(left, right, sum);
  auto elements = VectorType::get(2 * side, b.builder.getBF16Type());
  // The two numbers of a pair as f32.
  auto low = [&](Value vector) {
    return bitcast(make<arith::ShLIOp>(vector, splat(16, pairs)), sums);
  };
  auto high = [&](Value vector) {
    return bitcast(make<arith::AndIOp>(vector, splat(0xffff0000, pairs)), sums);
  };
  if (exactly)
    return b.multiplyAdd(high(left), high(right),
                         b.multiplyAdd(low(left), low(right), sum));
  return LLVM::CallIntrinsicOp::create(
             b.builder, b.loc, sums,
             b.builder.getStringAttr("llvm.x86.avx512bf16.dpbf16ps.512"),
             ValueRange{sum, bitcast(left, elements), bitcast(right, elements)})
      .getResult(0);
}

Value PairEmitter::multiplyAddBytes(Value left, Value right, Value sum) {
  bool leftFirst = p.left.isUnsigned != movesLeft();
  auto bytes = VectorType::get(4 * side, b.builder.getI8Type());
  Value first = bitcast(leftFirst ? left : right, bytes),
        second = bitcast(leftFirst ? right : left, bytes);
  return LLVM::CallIntrinsicOp::create(
             b.builder, b.loc, sums,
             b.builder.getStringAttr("llvm.x86.avx512.vpdpbusd.512"),
             ValueRange{sum, first, second})
      .getResult(0);
}

/// The first `rows` rows of the tile, and some more.
void PairEmitter::multiplyVectors(const Squares &left, const Squares &right,
                                  const Block &block, Value rows,
                                  const Squares &to, bool exactly) {
  // What sums have too much, or too little, as the left operand was moved.
  Value moved = movesLeft() ? this->moved() : Value();
  constexpr int64_t sumCount = 2 * registerRows;
  b.loop(b.constant(0), rows, registerRows, [&](Value row) {
    Value start =
        b.add(left.start,
              b.add(b.mul(b.divide(row, b.constant(side)), block.groupSize),
                    b.mul(make<arith::RemUIOp>(row, b.constant(side)),
                          b.constant(side))));
    auto step = [&](Value leftAt, Value rightAt, ValueRange carried) {
      Values columns, next;
      for (int64_t group = 0; group < 2; ++group)
        columns.push_back(b.loadAs(
            right.memory,
            b.add(rightAt, b.mul(block.groupSize, b.constant(group))), side));
      for (int64_t i = 0; i < registerRows; ++i) {
        Value element = memref::LoadOp::create(b.builder, b.loc, left.memory,
                                               offset(leftAt, i * side));
        Value spread =
            vector::BroadcastOp::create(b.builder, b.loc, pairs, element);
        for (Value column : columns)
          next.push_back(
              multiplyAdd(spread, column, carried[next.size()], exactly));
      }
      if (moved)
        for (Value column : columns)
          next.push_back(
              multiplyAdd(moved, column, carried[next.size()], exactly));
      return next;
    };
    auto result =
        b.loop(b.constant(0), block.squares, 1,
               Values(moved ? sumCount + 2 : sumCount, b.zero(side)),
               [&](Value square, ValueRange carried) {
                 Value move = b.mul(square, b.constant(squareSize));
                 return Values(
                     b.loop(b.constant(0), b.constant(side), 1, carried,
                            [&](Value pair, ValueRange carried) {
                              return step(b.add(b.add(start, move), pair),
                                          b.add(b.add(right.start, move),
                                                b.mul(pair, b.constant(side))),
                                          carried);
                            })
                         .getResults());
               });
    for (int64_t number = 0; number < sumCount; ++number) {
      Value sum = result.getResult(number);
      if (moved)
        sum = make<arith::SubIOp>(sum, result.getResult(sumCount + number % 2));
      b.store(
          sum, to.memory,
          b.add(offset(to.start, number / 2 * tileColumns + number % 2 * side),
                b.mul(row, b.constant(tileColumns))));
    }
  });
}

/// So many rows of the tile of sums at `from` become a part of the result.
void PairEmitter::finish(const Squares &from, Value number, Value row,
                         Value end, Value column, Value width,
                         const Block &block) {
  Value zero = b.constant(0), lastRow = b.sub(end, b.constant(1));
  Value fresh = p.fresh ? block.isFirst : b.boolean(false);
  int64_t n = known(p.columns);
  SmallVector<Columns> columns;
  for (int64_t group = 0; group < 2; ++group) {
    Value mask;
    if (!isKnown(n) || n % tileColumns != 0)
      mask = b.mask(b.max(b.sub(width, b.constant(group * side)), zero), side);
    columns.push_back({offset(column, group * side), side, mask});
  }
  // Past the end the last row is repeated.
  Values rows, values;
  for (int64_t i = 0; i < rowsAtOnce; ++i)
    rows.push_back(b.min(
        offset(b.add(row, b.mul(number, b.constant(rowsAtOnce))), i), lastRow));
  for (Value each : rows)
    for (auto [group, vector] : llvm::enumerate(columns)) {
      Value sum =
          b.load(from.memory,
                 b.add(offset(from.start, group * side),
                       b.mul(b.sub(each, row), b.constant(tileColumns))),
                 side);
      auto soFar = [&] {
        return b.load(p.result.memory, b.at(p.result, each, vector.first), side,
                      vector.mask);
      };
      Value before;
      if (std::optional<int64_t> known = getConstantIntValue(fresh)) {
        if (!*known)
          before = soFar();
      } else {
        auto start = scf::IfOp::create(b.builder, b.loc, sums, fresh,
                                       /*withElseRegion=*/true);
        OpBuilder::InsertionGuard guard(b.builder);
        b.builder.setInsertionPointToEnd(start.thenBlock());
        scf::YieldOp::create(b.builder, b.loc, b.zero(side));
        b.builder.setInsertionPointToEnd(start.elseBlock());
        scf::YieldOp::create(b.builder, b.loc, soFar());
        before = start.getResult(0);
      }
      values.push_back(before ? b.plus(before, sum) : sum);
    }
  auto storeSums = [&] {
    unsigned number = 0;
    for (Value each : rows)
      for (const Columns &vector : columns)
        b.store(values[number++], p.result.memory,
                b.at(p.result, each, vector.first), vector.mask);
  };
  if (!p.epilogue)
    return storeSums();
  b.branch(
      block.isLast,
      [&] {
        p.epilogue->finish(b, p.epilogueOperands, p.result, rows, columns,
                           values);
      },
      storeSums);
}

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

void PairEmitter::rowTile(const Squares &panels, Value row, Value end,
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
int64_t PairEmitter::leftCopiesSize() const {
  constexpr int64_t mostBytes = 1024 * 1024;
  int64_t count = leftCount();
  bool pays = count > 0 && isKnown(known(p.columns)) && columnBlocks() > 1 &&
              count * leftSize() * 4 <= mostBytes &&
              !splitsRows({p.left, true, p.rows});
  return pays ? count * (leftSize() + 1) : 0;
}

void PairEmitter::copyLeft() {
  Lanes left{p.left, true, p.rows};
  int64_t count = leftCount();
  // Copying an element takes about as long as 12 operations.
  b.parallelLoop(
      b.constant(0), b.ceilDiv(p.rows, tileRows), 1,
      b.mul(p.depth, b.constant(12 * tileRows)), [&](Value tile) {
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
Value PairEmitter::isExact(const Squares &panels, Value panel,
                           Value leftExponent) {
  if (ofBytes)
    return b.boolean(true);
  Value rightExponent = memref::LoadOp::create(
      b.builder, b.loc, panels.memory,
      b.add(panels.start,
            b.add(panel, b.constant(panelCount() * panelSize()))));
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
void PairEmitter::overPanels(const Squares &panels, Value from, Value to,
                             const RowTile &tile, const Block &block) {
  constexpr int64_t tileSize = tileRows * tileColumns;
  bool onTiles = options.unit.pairs == PairUnit::tiles;
  Value zero = b.constant(0), one = b.constant(1);
  Value rows = b.min(b.sub(tile.end, tile.row), b.constant(tileRows)),
        parts = b.ceilDiv(rows, rowsAtOnce);
  Value memory = allocate(onTiles ? 2 * tileSize : tileSize, b.type);
  auto rightAt = [&](Value panel) -> Squares {
    return {panels.memory,
            b.add(panels.start, b.mul(panel, b.constant(panelSize())))};
  };
  auto finishPart = [&](Value panel, const Squares &sums, Value number) {
    Value at = b.mul(panel, b.constant(tileColumns));
    finish(sums, number, tile.row, tile.end, b.add(tile.column, at),
           b.sub(tile.width, at), block);
  };
  if (!onTiles)
    return b.loop(from, to, 1, [&](Value panel) {
      Squares sums{memory, zero};
      auto multiply = [&](bool exactly) {
        multiplyVectors(tile.left, rightAt(panel), block, rows, sums, exactly);
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
    Squares right = rightAt(panel);
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

void PairEmitter::overBlocks(
    llvm::function_ref<void(Value, Value, const Block &)> body) {
  b.loop(b.constant(0), p.columns, blockColumns, [&](Value column) {
    Value width = b.min(b.sub(p.columns, column), b.constant(blockColumns));
    overDepth([&](const Block &block) { body(column, width, block); });
  });
}

/// The panels of these blocks among those of all.
PairEmitter::Squares PairEmitter::panelsOf(Value panels, Value column,
                                           const Block &block) {
  Value number = b.add(b.mul(b.divide(column, b.constant(blockColumns)),
                             b.constant(depthBlocks())),
                       b.divide(block.first, b.constant(blockSquares())));
  return {panels, b.mul(number, b.constant(panelsSize()))};
}

void PairEmitter::copyPanels(const Squares &panels, Value column, Value width,
                             const Block &block) {
  // Copying an element takes about as long as 12 operations.
  int64_t atOnce = panelsAtOnce();
  Value depth = b.mul(block.squares, b.constant(squareDepth)),
        copied = b.mul(depth, b.constant(atOnce * tileColumns));
  b.parallelLoop(
      b.constant(0), b.ceilDiv(width, tileColumns), atOnce,
      b.mul(copied, b.constant(12)), [&](Value panel) {
        Value to = b.add(panels.start, b.mul(panel, b.constant(panelSize())));
        Values exponents =
            copy({p.right, false, p.columns},
                 b.add(column, b.mul(panel, b.constant(tileColumns))), block,
                 {panels.memory, to}, atOnce);
        if (ofBytes)
          return;
        Value behind = b.constant(panelCount() * panelSize());
        for (auto [number, exponent] : llvm::enumerate(exponents))
          memref::StoreOp::create(
              b.builder, b.loc, exponent, panels.memory,
              b.add(panels.start,
                    b.add(behind, offset(panel, int64_t(number)))));
      });
}

void PairEmitter::copyAll(Value panels) {
  overBlocks([&](Value column, Value width, const Block &block) {
    copyPanels(panelsOf(panels, column, block), column, width, block);
  });
}

void PairEmitter::emit(Value panels, Value left) {
  Value zero = b.constant(0);
  if (!panels && !p.pairPanels)
    panels = allocate(panelsSize(), pairType);
  leftCopies = left;
  if (left)
    copyLeft();
  overBlocks([&](Value column, Value width, const Block &block) {
    Squares here{panels, zero};
    if (p.pairPanels)
      here = panelsOf(p.pairPanels, column, block);
    else
      copyPanels(here, column, width, block);
    Value depth = b.mul(block.squares, b.constant(squareDepth));
    overRowTiles(tileWork(width, depth), [&](Value first, Value end) {
      rowTile(here, first, end, column, width, block);
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
    return !isSmall(p.depth, leastSquares * squareDepth);
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
  return {emitter.columnBlocks() * emitter.depthBlocks() * emitter.panelsSize(),
          {isPairs, emitter.blockSquares(), emitter.panelsSize()}};
}

void tfc::kernels::emitPairPanels(KernelBuilder &b, const Product &p,
                                  Value panels, const KernelOptions &options) {
  PairEmitter(b, p, options).copyAll(panels);
}

Value tfc::kernels::allocatePairPanels(KernelBuilder &b, const Product &p) {
  if (p.pairPanels)
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
