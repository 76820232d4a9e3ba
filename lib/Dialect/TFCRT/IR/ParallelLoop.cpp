//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "tfc/Dialect/TFCRT/IR/ParallelLoop.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"
#include <algorithm>
#include <cmath>

using namespace mlir;
using namespace tfc::rt;

/// What is worth a piece. The host wakes nobody for short loops, so that
/// meeting takes less than a microsecond; but who reads what another one has
/// just written waits for it. Iterations of a loop read what those before have
/// written, most of it in the same thread's cache, as each has the same part of
/// the same range; all but a little of it where the loops say so.
static constexpr double pieceNanoseconds = 3000, pieceOfLoop = 8000,
                        pieceInPlace = 2500, pieceOfOthers = 1500;

/// What a vector takes for functions of some dozens of instructions; 0 if this
/// is none. The last kind has two arguments, or goes through float64.
static double functionNanoseconds(Operation &op) {
  if (!isa<math::MathDialect>(op.getDialect()) ||
      isa<math::AbsFOp, math::AbsIOp, math::CopySignOp, math::FmaOp,
          math::FloorOp, math::CeilOp, math::TruncOp, math::RoundEvenOp,
          math::SqrtOp>(op))
    return 0;
  if (isa<math::SinOp, math::CosOp>(op) &&
      getElementTypeOrSelf(op.getResult(0).getType()).isF32())
    return 3.5;
  return isa<math::SinOp, math::CosOp, math::SincosOp, math::TanOp,
             math::PowFOp, math::Atan2Op>(op)
             ? 16
             : 8;
}

double tfc::rt::bodyNanoseconds(Block &body, int64_t lanes) {
  // LLVM finds some of the vectors where there are none yet.
  double width = std::max<int64_t>(lanes, 2), time = 0;
  for (Operation &op : body.without_terminator()) {
    if (op.getNumRegions() || isa<memref::LoadOp>(op))
      // Loads of other places: one for each vector, or element by element.
      time += op.getNumRegions() ? 1 : lanes > 1 ? 2 / width : 0.3;
    else if (double vector = functionNanoseconds(op))
      time += std::min(0.375 * vector, vector / width);
    else if (isa<arith::DivFOp, math::SqrtOp>(op))
      time += 0.3;
    else if (isa<arith::DivSIOp, arith::DivUIOp, arith::RemSIOp,
                 arith::RemUIOp>(op))
      time += 0.6;
    else
      time += 0.2 / width;
  }
  return time;
}

bool tfc::rt::buildParallel(OpBuilder &builder, Location loc, Value begin,
                            Value end, IterationCost cost,
                            llvm::function_ref<void(Value, Value)> body) {
  Operation *parent = builder.getInsertionBlock()->getParentOp();
  bool inside =
      isa<ParallelOp>(parent) || parent->getParentOfType<ParallelOp>();
  bool repeats = isa<LoopLikeOpInterface>(parent) ||
                 parent->getParentOfType<LoopLikeOpInterface>();
  double ofPiece = !repeats
                       ? cost.readsOthers ? pieceOfOthers : pieceNanoseconds
                   : cost.staysInPlace ? pieceInPlace
                                       : pieceOfLoop;
  auto unitsOfPiece =
      std::max<int64_t>(1, std::llround(ofPiece / cost.nanoseconds));
  std::optional<int64_t> units = getConstantIntValue(cost.units),
                         first = getConstantIntValue(begin),
                         last = getConstantIntValue(end);
  auto ceilDiv = [](int64_t a, int64_t b) { return (a + b - 1) / b; };
  if (inside || (first && last && units &&
                 *last - *first <
                     2 * ceilDiv(unitsOfPiece, std::max<int64_t>(*units, 1)))) {
    body(begin, end);
    return false;
  }
  Value grain;
  if (units) {
    grain = arith::ConstantIndexOp::create(
        builder, loc, ceilDiv(unitsOfPiece, std::max<int64_t>(*units, 1)));
  } else {
    Value one = arith::ConstantIndexOp::create(builder, loc, 1);
    Value some =
        arith::MaxSIOp::create(builder, loc, cast<Value>(cost.units), one);
    Value least = arith::ConstantIndexOp::create(builder, loc, unitsOfPiece);
    grain = arith::AddIOp::create(
        builder, loc, arith::DivUIOp::create(builder, loc, least, some), one);
  }
  auto loop = ParallelOp::create(builder, loc, begin, end, grain);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&loop.getBody().front());
  body(loop.getFrom(), loop.getTo());
  return true;
}
