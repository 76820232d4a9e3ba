//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// One tile of a product in pairs: its sums, from squares of both operands, in
// tile registers or in vectors, and what becomes of them.
//===----------------------------------------------------------------------===//

#include "Elementwise.h"
#include "PairEmitter.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/SymbolTable.h"

using namespace mlir;
using namespace tfc::kernels;

/// Rows of a tile whose sums are in registers, if those are vectors.
static constexpr int64_t registerRows = 8;

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
