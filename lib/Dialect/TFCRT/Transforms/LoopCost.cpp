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
#include "tfc/Dialect/TFCRT/IR/SharedGroup.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"
#include <algorithm>
#include <optional>

using namespace mlir;
using namespace tfc::rt;

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

/// Nothing if it is not known.
static std::optional<double> tripsOf(scf::ForOp loop) {
  auto lower = boundOf(loop.getLowerBound(), Bound::lower),
       upper = boundOf(loop.getUpperBound(), Bound::upper),
       step = getConstantIntValue(loop.getStep());
  if (!lower || !upper || !step)
    return std::nullopt;
  return std::max<double>(0, *upper - *lower) / std::max<int64_t>(*step, 1);
}

static double leafCost(Operation *op) {
  if (auto copy = dyn_cast<memref::CopyOp>(op)) {
    auto type = cast<MemRefType>(copy.getSource().getType());
    return type.hasStaticShape() ? 0.3 * double(type.getNumElements()) : 1000;
  }
  if (op->hasTrait<OpTrait::ConstantLike>())
    return 0;
  if (auto known = op->getAttrOfType<FloatAttr>(SharedGroup::cost))
    return known.getValueAsDouble();
  if (isa<arith::DivFOp, arith::DivSIOp, arith::DivUIOp, math::SqrtOp>(op))
    return 1;
  if (isa<math::MathDialect>(op->getDialect()))
    return 3;
  return isMemoryEffectFree(op) ? 0.06 : 0.3;
}

/// What each iteration takes more because something is carried to the next one.
static double waitingOf(scf::ForOp loop) {
  return loop.getNumRegionIterArgs() ? waiting : 1;
}
static constexpr double loopCost = 0.1;

LoopCost tfc::rt::estimateCost(Operation *op, double unknown) {
  if (!op->getNumRegions())
    return {leafCost(op), 0};
  LoopCost inside;
  for (Region &region : op->getRegions())
    for (Block &block : region)
      for (Operation &nested : block)
        inside += estimateCost(&nested, unknown);
  double trips = 1;
  if (auto loop = dyn_cast<scf::ForOp>(op)) {
    trips = tripsOf(loop).value_or(unknown) * waitingOf(loop);
    inside.serial += loopCost;
  } else if (isa<LoopLikeOpInterface>(op)) {
    trips = unknown;
  }
  LoopCost cost{trips * inside.serial, trips * inside.shared};
  if (isa<ParallelOp>(op))
    return {0, cost.alone()};
  return cost;
}

namespace {

/// A cost as a value.
class CostBuilder {
public:
  CostBuilder(OpBuilder &builder, Location loc,
              llvm::function_ref<bool(Value)> isKnown)
      : b(builder), loc(loc), isKnown(isKnown) {}

  /// A constant, and a value if there is more.
  struct Cost {
    double constant = 0;
    Value value;
  };

  Cost costOf(Operation *op);
  Value toValue(Cost cost);
  void add(Cost &sum, Cost more);

private:
  Value number(double value) {
    return arith::ConstantOp::create(b, loc, b.getF64FloatAttr(value));
  }
  Value boundAsValue(Value bound, Bound kind);
  Cost times(Cost cost, scf::ForOp loop);

  OpBuilder &b;
  Location loc;
  llvm::function_ref<bool(Value)> isKnown;
};

void CostBuilder::add(Cost &sum, Cost more) {
  sum.constant += more.constant;
  if (more.value)
    sum.value =
        sum.value
            ? arith::AddFOp::create(b, loc, sum.value, more.value).getResult()
            : more.value;
}

Value CostBuilder::toValue(Cost cost) {
  Value constant = number(cost.constant);
  return cost.value
             ? arith::AddFOp::create(b, loc, cost.value, constant).getResult()
             : constant;
}

/// See `boundOf`. Null if it is not known.
Value CostBuilder::boundAsValue(Value bound, Bound kind) {
  if (auto constant = boundOf(bound, kind))
    return arith::ConstantIndexOp::create(b, loc, *constant);
  if (isKnown(bound))
    return bound;
  if (auto argument = dyn_cast<BlockArgument>(bound)) {
    auto parallel = dyn_cast<ParallelOp>(argument.getOwner()->getParentOp());
    return parallel ? boundAsValue(kind == Bound::lower ? parallel.getBegin()
                                                        : parallel.getEnd(),
                                   kind)
                    : Value();
  }
  Operation *op = bound.getDefiningOp();
  if (kind == Bound::lower)
    return {};
  if (isa<arith::MinSIOp, arith::MinUIOp>(op)) {
    Value x = boundAsValue(op->getOperand(0), kind),
          y = boundAsValue(op->getOperand(1), kind);
    return x && y ? arith::MinSIOp::create(b, loc, x, y).getResult()
           : x    ? x
                  : y;
  }
  if (auto difference = dyn_cast<arith::SubIOp>(op))
    if (difference.getRhs().getDefiningOp<arith::RemUIOp>())
      return boundAsValue(difference.getLhs(), kind);
  return {};
}

CostBuilder::Cost CostBuilder::times(Cost cost, scf::ForOp loop) {
  double factor = waitingOf(loop);
  Value trips;
  auto step = getConstantIntValue(loop.getStep());
  if (auto known = tripsOf(loop)) {
    factor *= *known;
  } else {
    Value lower =
              step ? boundAsValue(loop.getLowerBound(), Bound::lower) : Value(),
          upper = lower ? boundAsValue(loop.getUpperBound(), Bound::upper)
                        : Value();
    if (upper) {
      Value length = arith::SubIOp::create(b, loc, upper, lower);
      length = arith::MaxSIOp::create(
          b, loc, length, arith::ConstantIndexOp::create(b, loc, 0));
      length = arith::IndexCastOp::create(b, loc, b.getI64Type(), length);
      trips = arith::SIToFPOp::create(b, loc, b.getF64Type(), length);
      factor /= std::max<int64_t>(*step, 1);
    } else {
      factor *= unknownTrips;
    }
  }
  if (!trips) {
    Value value = cost.value;
    if (value)
      value = arith::MulFOp::create(b, loc, value, number(factor));
    return {cost.constant * factor, value};
  }
  Value scaled = arith::MulFOp::create(b, loc, trips, number(factor));
  return {0, arith::MulFOp::create(b, loc, scaled, toValue(cost))};
}

CostBuilder::Cost CostBuilder::costOf(Operation *op) {
  if (!op->getNumRegions())
    return {leafCost(op), {}};
  Cost inside;
  for (Region &region : op->getRegions())
    for (Block &block : region)
      for (Operation &nested : block)
        add(inside, costOf(&nested));
  if (auto loop = dyn_cast<scf::ForOp>(op)) {
    inside.constant += loopCost;
    return times(inside, loop);
  }
  return inside;
}

} // namespace

Value tfc::rt::emitCost(OpBuilder &builder, Location loc,
                        ArrayRef<Operation *> ops,
                        llvm::function_ref<bool(Value)> isKnown) {
  CostBuilder costs(builder, loc, isKnown);
  CostBuilder::Cost sum;
  for (Operation *op : ops)
    costs.add(sum, costs.costOf(op));
  return costs.toValue(sum);
}
