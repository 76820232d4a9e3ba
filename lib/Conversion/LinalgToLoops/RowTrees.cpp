//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Reductions of rows of a few vectors.
//
// What a row leaves is one vector of partial results, and combining its lanes
// takes as many steps as its elements did. As many rows as a vector has lanes
// share them: two vectors of partial results, each of half as many numbers as
// before, become one, until lane i is the result of row i.
//===----------------------------------------------------------------------===//

#include "NestLowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"

using namespace mlir;
using namespace tfc::loops;

/// Lanes, and what is built for a row: all rows are built side by side.
static constexpr int64_t fewestLanes = 4, mostLanes = 16, mostVectors = 4,
                         mostOps = 8;

void NestLowering::chooseRowTrees() {
  if (!strategy.combiner || strategy.blockStep || strategy.jam ||
      strategy.gathers || strategy.accumulated != 1 ||
      strategy.order.size() < 2)
    return;
  unsigned inner = strategy.order.back(),
           row = strategy.order[strategy.order.size() - 2];
  OpOperand &init = *op.getDpsInitOperand(0);
  AffineMap map = maps[init.getOperandNumber()];
  Type type = strategy.combiner->getResult(0).getType();
  int64_t width = getConstantIntValue(ranges[inner].size).value_or(0),
          lanes = strategy.lanes;
  bool isShort = width && width <= mostVectors * lanes && bodyOps <= mostOps &&
                 getConstantIntValue(ranges[row].size).value_or(lanes) >= lanes;
  bool fits = lanes >= fewestLanes && lanes <= mostLanes &&
              (width % lanes == 0 || strategy.masks);
  bool isVector =
      isa<MemRefType>(init.get().getType()) && type.isIntOrFloat() &&
      type.getIntOrFloatBitWidth() >= 16 &&
      getElementTypeOrSelf(init.get().getType()) == type &&
      isContiguous(init.get().getType()) && map.getNumResults() &&
      map.getResults().back() == builder.getAffineDimExpr(row) &&
      llvm::none_of(map.getResults().drop_back(), [&](AffineExpr index) {
        return index.isFunctionOfDim(row);
      });
  strategy.rowTrees = isShort && fits && isVector && !isReduction(row);
}

/// The partial results of the row at hand: floats whose best one is looked for
/// as ordered integers.
Value NestLowering::partialsOfRow(std::optional<bool> isMax) {
  unsigned inner = strategy.order.back();
  int64_t width = *getConstantIntValue(ranges[inner].size);
  lanes = 1;
  hoistLoads();
  lanes = strategy.lanes;
  reducing = true;
  Value result;
  for (int64_t from = 0; from < width; from += lanes) {
    ivs[inner] = constant(from);
    if (from + lanes > width)
      mask = maskOf(constant(width - from));
    Values operands = inputs();
    operands.push_back(Value());
    Value x = elementOfVectors(operands).front();
    if (isMax)
      x = toOrder(builder, loc, *isMax, x);
    Value next = result ? combineLanes(isMax, result, x) : x;
    result =
        mask ? arith::SelectOp::create(builder, loc, mask, next, result) : next;
    mask = {};
  }
  reducing = false;
  hoisted.clear();
  return result;
}

Value NestLowering::combineLanes(std::optional<bool> isMax, Value x, Value y) {
  if (!isMax)
    return combine(x, y);
  if (*isMax)
    return arith::MaxSIOp::create(builder, loc, x, y);
  return arith::MinSIOp::create(builder, loc, x, y);
}

/// One vector whose lane i is what the lanes of vector i combine to.
Value NestLowering::combineRows(std::optional<bool> isMax, Values vectors) {
  int64_t count = vectors.size();
  // Groups of `size` lanes belong to as many vectors before; each pair of
  // vectors leaves groups twice as large.
  for (int64_t size = 1; size < count; size *= 2) {
    SmallVector<int64_t> even, odd;
    for (int64_t group = 0; group < count; group += 2 * size)
      for (int64_t of : {int64_t(0), count})
        for (int64_t lane = 0; lane < size; ++lane) {
          even.push_back(of + group + lane);
          odd.push_back(of + group + size + lane);
        }
    Values next;
    for (size_t i = 0; i < vectors.size(); i += 2) {
      auto pick = [&](ArrayRef<int64_t> places) {
        return vector::ShuffleOp::create(builder, loc, vectors[i],
                                         vectors[i + 1], places);
      };
      Value one = pick(even), other = pick(odd);
      next.push_back(combineLanes(isMax, one, other));
    }
    vectors = next;
  }
  return vectors.front();
}

void NestLowering::rowTrees(size_t level) {
  unsigned row = strategy.order[level];
  int64_t side = strategy.lanes;
  OpOperand &init = *op.getDpsInitOperand(0);
  Type type = strategy.combiner->getResult(0).getType();
  std::optional<bool> isMax;
  if ((type.isF32() || type.isF64()) &&
      isa<arith::MaximumFOp, arith::MinimumFOp>(strategy.combiner))
    isMax = isa<arith::MaximumFOp>(strategy.combiner);
  Value count = builder.createOrFold<arith::SubIOp>(loc, last[row], first[row]);
  Value rest = builder.createOrFold<arith::RemUIOp>(loc, count, constant(side));
  Value whole = builder.createOrFold<arith::SubIOp>(loc, last[row], rest);
  loop(
      row, first[row], whole, side, {},
      [&](ValueRange) {
        Value base = ivs[row];
        Values vectors;
        for (int64_t i = 0; i < side; ++i) {
          ivs[row] =
              builder.createOrFold<arith::AddIOp>(loc, base, constant(i));
          vectors.push_back(partialsOfRow(isMax));
        }
        ivs[row] = base;
        Value total = combineRows(isMax, vectors);
        if (isMax)
          total = fromOrder(builder, loc, type, total);
        Values at = indices(init);
        Value before =
            start ? vector::BroadcastOp::create(
                        builder, loc, VectorType::get({side}, type), start)
                        .getResult()
                  : loadVector(init.get(), at);
        storeAt(init.get(), at, combine(before, total));
        lanes = 1;
        return Values();
      },
      nullptr);
  if (isConstantIntValue(rest, 0))
    return;
  loop(
      row, whole, last[row], 1, {},
      [&](ValueRange) { return nest(level + 1), Values(); }, nullptr);
}
