//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "tfc/Dialect/TFCRT/Transforms/LoopCost.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"
#include <algorithm>
#include <optional>

using namespace mlir;
using namespace tfc::rt;

/// Iterations of a loop whose length is not known.
static constexpr double unknownTrips = 32;
/// What is carried from one iteration to the next has to wait for it.
static constexpr double waiting = 2;

namespace {

enum class Bound { lower, upper };

} // namespace

/// A bound of a loop, or what it cannot be beyond: the limits of a parallel
/// loop's pieces are those of the loop, and a minimum is at most each of its
/// operands.
static std::optional<int64_t> boundOf(Value value, Bound bound) {
  if (auto constant = getConstantIntValue(value))
    return constant;
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    auto parallel = dyn_cast<ParallelOp>(argument.getOwner()->getParentOp());
    if (!parallel)
      return std::nullopt;
    return getConstantIntValue(bound == Bound::lower ? parallel.getBegin()
                                                     : parallel.getEnd());
  }
  if (bound == Bound::lower)
    return std::nullopt;
  Operation *op = value.getDefiningOp();
  if (isa<arith::MinSIOp, arith::MinUIOp>(op)) {
    auto a = boundOf(op->getOperand(0), bound),
         b = boundOf(op->getOperand(1), bound);
    return a && b ? std::optional(std::min(*a, *b)) : a ? a : b;
  }
  // What is cut off so that vectors fit is little.
  if (auto difference = dyn_cast<arith::SubIOp>(op))
    if (difference.getRhs().getDefiningOp<arith::RemUIOp>())
      return boundOf(difference.getLhs(), bound);
  return std::nullopt;
}

static double tripsOf(scf::ForOp loop) {
  auto lower = boundOf(loop.getLowerBound(), Bound::lower),
       upper = boundOf(loop.getUpperBound(), Bound::upper),
       step = getConstantIntValue(loop.getStep());
  if (!lower || !upper || !step)
    return unknownTrips;
  return std::max<double>(0, *upper - *lower) / std::max<int64_t>(*step, 1);
}

static double leafCost(Operation *op) {
  if (auto copy = dyn_cast<memref::CopyOp>(op)) {
    auto type = cast<MemRefType>(copy.getSource().getType());
    return type.hasStaticShape() ? 0.3 * double(type.getNumElements()) : 1000;
  }
  if (op->hasTrait<OpTrait::ConstantLike>())
    return 0;
  if (isa<arith::DivFOp, arith::DivSIOp, arith::DivUIOp, math::SqrtOp>(op))
    return 1;
  if (isa<math::MathDialect>(op->getDialect()))
    return 3;
  return isMemoryEffectFree(op) ? 0.06 : 0.3;
}

LoopCost tfc::rt::estimateCost(Operation *op) {
  if (!op->getNumRegions())
    return {leafCost(op), 0};
  LoopCost inside;
  for (Region &region : op->getRegions())
    for (Block &block : region)
      for (Operation &nested : block)
        inside += estimateCost(&nested);
  double trips = 1;
  if (auto loop = dyn_cast<scf::ForOp>(op)) {
    trips = tripsOf(loop) * (loop.getNumRegionIterArgs() ? waiting : 1);
    inside.serial += 0.1;
  } else if (isa<LoopLikeOpInterface>(op)) {
    trips = unknownTrips;
  }
  LoopCost cost{trips * inside.serial, trips * inside.shared};
  if (isa<ParallelOp>(op))
    return {0, cost.alone()};
  return cost;
}
