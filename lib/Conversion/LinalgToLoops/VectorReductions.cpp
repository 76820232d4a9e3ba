//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Reductions whose innermost loop is done in vectors.
//
// They keep several vectors of partial results, so that they wait for memory
// and not for additions; those of the best element keep its place in vectors,
// too. A large reduction of everything is done in pieces, which threads share.
//===----------------------------------------------------------------------===//

#include "NestLowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"
#include "tfc/Dialect/TFCRT/IR/ParallelLoop.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tfc::loops;

//===----------------------------------------------------------------------===//
// What they combine
//===----------------------------------------------------------------------===//

/// What a comparison of a new element with the best one looks for.
static std::optional<vector::CombiningKind> extremeOf(Operation *compare) {
  using Kind = vector::CombiningKind;
  if (auto floats = dyn_cast<arith::CmpFOp>(compare)) {
    switch (floats.getPredicate()) {
    case arith::CmpFPredicate::OGT:
    case arith::CmpFPredicate::UGT:
      return Kind::MAXIMUMF;
    case arith::CmpFPredicate::OLT:
    case arith::CmpFPredicate::ULT:
      return Kind::MINIMUMF;
    default:
      break;
    }
  }
  if (auto integers = dyn_cast<arith::CmpIOp>(compare))
    switch (integers.getPredicate()) {
    case arith::CmpIPredicate::sgt:
      return Kind::MAXSI;
    case arith::CmpIPredicate::slt:
      return Kind::MINSI;
    case arith::CmpIPredicate::ugt:
      return Kind::MAXUI;
    case arith::CmpIPredicate::ult:
      return Kind::MINUI;
    default:
      break;
    }
  return std::nullopt;
}

static std::optional<vector::CombiningKind> kindOf(Operation *op) {
  using Kind = vector::CombiningKind;
  return llvm::TypeSwitch<Operation *, std::optional<Kind>>(op)
      .Case<arith::AddFOp, arith::AddIOp, complex::AddOp>(
          [](auto) { return Kind::ADD; })
      .Case<arith::MulFOp, arith::MulIOp>([](auto) { return Kind::MUL; })
      .Case([](arith::MaximumFOp) { return Kind::MAXIMUMF; })
      .Case([](arith::MinimumFOp) { return Kind::MINIMUMF; })
      .Case([](arith::MaxNumFOp) { return Kind::MAXNUMF; })
      .Case([](arith::MinNumFOp) { return Kind::MINNUMF; })
      .Case([](arith::MaxSIOp) { return Kind::MAXSI; })
      .Case([](arith::MinSIOp) { return Kind::MINSI; })
      .Case([](arith::MaxUIOp) { return Kind::MAXUI; })
      .Case([](arith::MinUIOp) { return Kind::MINUI; })
      .Case([](arith::AndIOp) { return Kind::AND; })
      .Case([](arith::OrIOp) { return Kind::OR; })
      .Default([](Operation *) { return std::nullopt; });
}

/// yield(combine(accumulator, f(inputs))), in an order that does not matter.
bool NestLowering::matchReduction() {
  if (op.getNumDpsInits() != 1)
    return false;
  Block &block = *op.getBlock();
  Value accumulator = op.getMatchingBlockArgument(op.getDpsInitOperand(0));
  Operation *combiner = block.getTerminator()->getOperand(0).getDefiningOp();
  if (!combiner || combiner->getBlock() != &block || !kindOf(combiner) ||
      !accumulator.hasOneUse() || !combiner->hasOneUse() ||
      !llvm::is_contained(combiner->getOperands(), accumulator))
    return false;
  if (isa<complex::AddOp>(combiner)) {
    strategy.combiner = options.reassociate ? combiner : nullptr;
    return options.reassociate;
  }
  if (!arith::getNeutralElement(combiner))
    return false;
  if (auto fast = dyn_cast<arith::ArithFastMathInterface>(combiner);
      fast && isa<arith::AddFOp, arith::MulFOp>(combiner) &&
      !arith::bitEnumContainsAll(fast.getFastMathFlagsAttr().getValue(),
                                 arith::FastMathFlags::reassoc))
    return false;
  strategy.combiner = combiner;
  return true;
}

/// better(x, best) or (x is NaN and best is none): one comparison that NaN
/// passes, too, and `best` is none. Returns that comparison, or null.
static Operation *mergeNan(arith::OrIOp either) {
  auto better = either.getLhs().getDefiningOp<arith::CmpFOp>();
  auto both = either.getRhs().getDefiningOp<arith::AndIOp>();
  auto isNan =
      both ? both.getLhs().getDefiningOp<arith::CmpFOp>() : arith::CmpFOp();
  auto none =
      both ? both.getRhs().getDefiningOp<arith::CmpFOp>() : arith::CmpFOp();
  if (!better || !isNan || !none ||
      isNan.getPredicate() != arith::CmpFPredicate::UNO ||
      none.getPredicate() != arith::CmpFPredicate::ORD ||
      isNan.getLhs() != better.getLhs() || isNan.getRhs() != better.getLhs() ||
      none.getLhs() != better.getRhs() || none.getRhs() != better.getRhs())
    return nullptr;
  arith::CmpFPredicate wider;
  if (better.getPredicate() == arith::CmpFPredicate::OGT)
    wider = arith::CmpFPredicate::UGT;
  else if (better.getPredicate() == arith::CmpFPredicate::OLT)
    wider = arith::CmpFPredicate::ULT;
  else
    return nullptr;
  OpBuilder b(either);
  Location loc = either.getLoc();
  auto merged =
      arith::CmpFOp::create(b, loc, wider, better.getLhs(), better.getRhs());
  Value all = arith::AndIOp::create(b, loc, merged, none);
  either.replaceAllUsesWith(all);
  either.erase();
  for (Operation *op :
       {both.getOperation(), isNan.getOperation(), better.getOperation()})
    if (op->use_empty())
      op->erase();
  return merged;
}

/// The new element that an integer maximum or minimum compares with the best
/// one.
static Value otherOf(Operation *extreme, Value best) {
  if (!isa_and_present<arith::MaxSIOp, arith::MinSIOp, arith::MaxUIOp,
                       arith::MinUIOp>(extreme))
    return {};
  return extreme->getOperand(extreme->getOperand(0) == best);
}

/// The element that decides and its kind, of select(better(x, best), x, best),
/// which is a maximum or minimum where integers were simplified.
bool NestLowering::matchArgReduction() {
  if (op.getNumDpsInits() != 2 || strategy.accumulated != 1)
    return false;
  Block &block = *op.getBlock();
  OperandRange yields = block.getTerminator()->getOperands();
  auto best = yields[0].getDefiningOp<arith::SelectOp>(),
       place = yields[1].getDefiningOp<arith::SelectOp>();
  Value bestBefore = op.getMatchingBlockArgument(op.getDpsInitOperand(0));
  Value placeBefore = op.getMatchingBlockArgument(op.getDpsInitOperand(1));
  if (!place || place.getFalseValue() != placeBefore ||
      !placeBefore.hasOneUse() || !isa<IntegerType>(placeBefore.getType()))
    return false;
  Value x = otherOf(yields[0].getDefiningOp(), bestBefore);
  if (!x && best && best.getCondition() == place.getCondition() &&
      best.getFalseValue() == bestBefore)
    x = best.getTrueValue();
  if (!x)
    return false;
  Operation *compare = place.getCondition().getDefiningOp();
  // NaN counts, too.
  if (auto either = dyn_cast_or_null<arith::OrIOp>(compare))
    compare = mergeNan(either);
  else if (auto both = dyn_cast_or_null<arith::AndIOp>(compare))
    compare = both.getLhs().getDefiningOp();
  if (!compare || compare->getNumOperands() != 2 ||
      compare->getOperand(0) != x || compare->getOperand(1) != bestBefore)
    return false;
  std::optional<vector::CombiningKind> kind = extremeOf(compare);
  if (!kind)
    return false;
  strategy.arg = ArgReduction{x, place.getCondition(), *kind};
  return true;
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

/// The combiner on other values, which may be vectors.
Value NestLowering::combine(Value x, Value y) {
  IRMapping mapping;
  mapping.map(strategy.combiner->getOperand(0), x);
  mapping.map(strategy.combiner->getOperand(1), y);
  if (isa<complex::AddOp>(strategy.combiner) && isa<VectorType>(x.getType()))
    return arith::AddFOp::create(builder, loc, x, y);
  Operation *clone = builder.clone(*strategy.combiner, mapping);
  clone->getResult(0).setType(x.getType());
  return clone->getResult(0);
}

/// The innermost loop: vectors of partial results, then the scalar one.
NestLowering::Values NestLowering::accumulateInner(ValueRange accumulators) {
  unsigned dim = strategy.order.back();
  hoistLoads();
  Values result =
      cutLoop(Values(accumulators), [&](Values now, int64_t width,
                                        int64_t vectors, Value left) {
        Value start = ivs[dim];
        if (width == 1) {
          Values operands = inputs();
          operands.push_back(now.back());
          reducing = false;
          now.back() = element(operands).front();
          reducing = true;
          return now;
        }
        lanes = width;
        if (left)
          mask = maskOf(left);
        for (int64_t i = 0; i < vectors; ++i) {
          behind = i * width;
          if (i)
            ivs[dim] = builder.createOrFold<arith::AddIOp>(loc, start,
                                                           constant(i * width));
          Values operands = inputs();
          operands.push_back(Value());
          Value next = combine(now[i], elementOfVectors(operands).front());
          now[i] = mask
                       ? arith::SelectOp::create(builder, loc,
                                                 maskOfElements(next.getType()),
                                                 next, now[i])
                             .getResult()
                       : next;
        }
        behind = 0;
        lanes = 1;
        mask = {};
        return now;
      });
  hoisted.clear();
  return result;
}

NestLowering::Values NestLowering::accumulateLoops(size_t level,
                                                   ValueRange accumulators) {
  if (level + 1 == strategy.order.size())
    return accumulateInner(accumulators);
  unsigned dim = strategy.order[level];
  Values results;
  loop(
      dim, first[dim], last[dim], 1, accumulators,
      [&](ValueRange carried) { return accumulateLoops(level + 1, carried); },
      &results);
  return results;
}

/// Turns the bits of negative numbers over, all but the sign: its own inverse.
static Value turn(OpBuilder &b, Location loc, Value bits) {
  Type of = bits.getType();
  unsigned width = getElementTypeOrSelf(of).getIntOrFloatBitWidth();
  auto constant = [&](const APInt &n) -> Value {
    if (auto vectorType = dyn_cast<VectorType>(of))
      return arith::ConstantOp::create(b, loc,
                                       DenseElementsAttr::get(vectorType, n));
    return arith::ConstantOp::create(b, loc, b.getIntegerAttr(of, n));
  };
  Value sign =
      arith::ShRSIOp::create(b, loc, bits, constant(APInt(width, width - 1)));
  Value flipped = arith::AndIOp::create(
      b, loc, sign, constant(APInt::getSignedMaxValue(width)));
  return arith::XOrIOp::create(b, loc, bits, flipped);
}

Value tfc::loops::toOrder(OpBuilder &b, Location loc, bool isMax,
                          Value vector) {
  auto type = cast<VectorType>(vector.getType());
  unsigned width = type.getElementTypeBitWidth();
  auto integers = type.clone(b.getIntegerType(width));
  Value order =
      turn(b, loc, arith::BitcastOp::create(b, loc, integers, vector));
  Value none = arith::ConstantOp::create(
      b, loc,
      DenseElementsAttr::get(integers, isMax
                                           ? APInt::getSignedMaxValue(width)
                                           : APInt::getSignedMinValue(width)));
  Value isNan =
      arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNO, vector, vector);
  return arith::SelectOp::create(b, loc, isNan, none, order);
}

Value tfc::loops::fromOrder(OpBuilder &b, Location loc, Type element,
                            Value order) {
  Type type = element;
  if (auto vector = dyn_cast<VectorType>(order.getType()))
    type = vector.clone(element);
  return arith::BitcastOp::create(b, loc, type, turn(b, loc, order));
}

/// The largest or smallest element of a vector.
static Value extremeOfLanes(OpBuilder &b, Location loc,
                            vector::CombiningKind kind, Value vector) {
  using Kind = vector::CombiningKind;
  Type element = getElementTypeOrSelf(vector.getType());
  bool isMax = kind == Kind::MAXIMUMF;
  if ((!isMax && kind != Kind::MINIMUMF) ||
      !(element.isF32() || element.isF64()))
    return vector::ReductionOp::create(b, loc, kind, vector);
  Value best =
      vector::ReductionOp::create(b, loc, isMax ? Kind::MAXSI : Kind::MINSI,
                                  toOrder(b, loc, isMax, vector));
  return fromOrder(b, loc, element, best);
}

/// What the combiner does not change anything with.
Value NestLowering::neutral() {
  if (isa<complex::AddOp>(strategy.combiner))
    return noSum();
  return arith::ConstantOp::create(
      builder, loc, *arith::getNeutralElement(strategy.combiner));
}

/// The sum of all lanes in any order, for complex numbers of their parts.
Value NestLowering::sumOfLanes(Value vector) {
  auto sum = [&](Value x) -> Value {
    return vector::ReductionOp::create(builder, loc, vector::CombiningKind::ADD,
                                       x, arith::FastMathFlags::reassoc);
  };
  auto number =
      dyn_cast<ComplexType>(strategy.combiner->getResult(0).getType());
  if (!number)
    return sum(vector);
  return complex::CreateOp::create(builder, loc, number,
                                   sum(part(vector, /*imaginary=*/false)),
                                   sum(part(vector, /*imaginary=*/true)));
}

NestLowering::Values NestLowering::accumulateVectors(size_t level,
                                                     ValueRange inits) {
  lanes = strategy.lanes;
  Value none = spread(neutral());
  lanes = 1;
  Values accumulators(strategy.unroll, none);
  accumulators.push_back(inits[0]);
  reducing = true;
  accumulators = accumulateLoops(level, accumulators);
  reducing = false;
  for (int64_t half = strategy.unroll / 2; half >= 1; half /= 2)
    for (int64_t i = 0; i < half; ++i)
      accumulators[i] = combine(accumulators[i], accumulators[i + half]);
  vector::CombiningKind kind = *kindOf(strategy.combiner);
  Value total;
  if (isa<complex::AddOp>(strategy.combiner))
    total = sumOfLanes(accumulators[0]);
  else if (isa<arith::AddFOp, arith::MulFOp>(strategy.combiner))
    total = vector::ReductionOp::create(
        builder, loc, kind, accumulators[0],
        cast<arith::ArithFastMathInterface>(strategy.combiner)
            .getFastMathFlagsAttr()
            .getValue());
  else
    total = extremeOfLanes(builder, loc, kind, accumulators[0]);
  return {combine(accumulators.back(), total)};
}

/// `better` of other values, which may be vectors.
Value NestLowering::isBetter(Value x, Value best) {
  IRMapping mapping;
  mapping.map(strategy.arg->element, x);
  mapping.map(op.getMatchingBlockArgument(op.getDpsInitOperand(0)), best);
  auto build = [&](auto &self, Value value) -> Value {
    if (Value known = mapping.lookupOrNull(value))
      return known;
    Operation *made = value.getDefiningOp();
    if (!made || made->getBlock() != op.getBlock())
      return value;
    for (Value operand : made->getOperands())
      mapping.map(operand, self(self, operand));
    return builder.clone(*made, mapping)->getResult(0);
  };
  return build(build, strategy.arg->isBetter);
}

/// The best element of the innermost loop and where it is: vectors of
/// candidates, then of those as good as the best one the first.
NestLowering::Values NestLowering::accumulateArg(ValueRange inits) {
  unsigned dim = strategy.order.back();
  hoistLoads();
  lanes = strategy.lanes;
  Values carried;
  for (int64_t i = 0; i < strategy.unroll; ++i)
    for (Value init : inits)
      carried.push_back(spread(init));
  lanes = 1;
  llvm::append_range(carried, inits);
  carried = cutLoop(carried, [&](Values now, int64_t width, int64_t vectors,
                                 Value left) {
    Value start = ivs[dim];
    lanes = width;
    if (left)
      mask = maskOf(left);
    for (int64_t i = 0; i < vectors; ++i) {
      behind = i * width;
      if (i)
        ivs[dim] = builder.createOrFold<arith::AddIOp>(loc, start,
                                                       constant(i * width));
      size_t place = width == 1 ? now.size() - 2 : 2 * i;
      Values operands = inputs();
      operands.append({now[place], now[place + 1]});
      for (auto [k, next] : llvm::enumerate(element(operands)))
        now[place + k] = mask ? arith::SelectOp::create(builder, loc, mask,
                                                        next, now[place + k])
                                    .getResult()
                              : next;
    }
    behind = 0;
    lanes = 1;
    mask = {};
    return now;
  });
  hoisted.clear();

  vector::CombiningKind kind = strategy.arg->kind;
  Value candidates = carried[0];
  for (int64_t i = 1; i < strategy.unroll; ++i)
    candidates = vector::makeArithReduction(builder, loc, kind, candidates,
                                            carried[2 * i]);
  Value best = extremeOfLanes(builder, loc, kind, candidates);
  lanes = strategy.lanes;
  Value wanted = spread(best), first;
  auto placeType = cast<IntegerType>(inits[1].getType());
  Value none = spread(arith::ConstantOp::create(
      builder, loc,
      builder.getIntegerAttr(placeType,
                             APInt::getSignedMaxValue(placeType.getWidth()))));
  lanes = 1;
  for (int64_t i = 0; i < strategy.unroll; ++i) {
    Value value = carried[2 * i], isBest;
    if (isa<FloatType>(best.getType())) { // a NaN among them is the best
      Value equal = arith::CmpFOp::create(
          builder, loc, arith::CmpFPredicate::OEQ, value, wanted);
      Value nan = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::UNO,
                                        value, value);
      isBest = arith::OrIOp::create(builder, loc, equal, nan);
    } else {
      isBest = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                                     value, wanted);
    }
    Value place =
        arith::SelectOp::create(builder, loc, isBest, carried[2 * i + 1], none);
    first = first
                ? arith::MinSIOp::create(builder, loc, first, place).getResult()
                : place;
  }
  Value place = vector::ReductionOp::create(
      builder, loc, vector::CombiningKind::MINSI, first);
  // What was left of the loop comes after all that.
  Value last = carried[carried.size() - 2], lastPlace = carried.back(),
        replaces = isBetter(last, best);
  return {arith::SelectOp::create(builder, loc, replaces, last, best),
          arith::SelectOp::create(builder, loc, replaces, lastPlace, place)};
}

/// Partial results of a reduction to one element, whatever the number of
/// threads is: fewer where it does not take long. The lanes of each have to be
/// combined.
static constexpr int64_t mostPartials = 64, fewPartials = 16;
static constexpr double workForMostPartials = 60000,
                        workForPartials = 12000; // nanoseconds

/// A large reduction of everything has no parallel loop, but may be done in
/// pieces if the order does not matter: how many, 1 if it is not.
int64_t NestLowering::numReductionPieces() {
  if (!options.parallel || !strategy.combiner ||
      strategy.accumulated != strategy.order.size() ||
      op->getParentOfType<tfc::rt::ParallelOp>())
    return 1;
  double work = elementNanoseconds();
  for (unsigned dim : strategy.order) {
    std::optional<int64_t> size = getConstantIntValue(ranges[dim].size);
    if (!size)
      return 1;
    work *= double(*size);
  }
  int64_t outermost = *getConstantIntValue(ranges[strategy.order.front()].size);
  if (work > workForMostPartials && outermost >= 4 * mostPartials)
    return mostPartials;
  // What is little goes on with other work of the same thread in loops.
  return work > workForPartials && outermost >= 4 * fewPartials &&
                 !op->getParentOfType<LoopLikeOpInterface>()
             ? fewPartials
             : 1;
}

void NestLowering::reduceInPieces() {
  unsigned dim = strategy.order.front();
  int64_t pieces = numReductionPieces(),
          size = *getConstantIntValue(ranges[dim].size),
          share = llvm::divideCeil(size, pieces);
  if (strategy.order.size() == 1)
    share = llvm::alignTo(share, strategy.lanes * strategy.unroll);
  double work = elementNanoseconds() * share;
  for (unsigned other : ArrayRef(strategy.order).drop_front())
    work *= *getConstantIntValue(ranges[other].size);

  Operation *combiner = strategy.combiner;
  Type type = combiner->getResult(0).getType();
  Value partial =
      memref::AllocOp::create(builder, loc, MemRefType::get(pieces, type),
                              builder.getI64IntegerAttr(64));
  auto each = [&](Value from, Value to, ValueRange carried,
                  llvm::function_ref<Values(Value, ValueRange)> body) {
    auto loop =
        scf::ForOp::create(builder, loc, from, to, constant(1), carried);
    loop->setAttr(isRemainder, builder.getUnitAttr());
    OpBuilder::InsertionGuard guard(builder);
    if (carried.empty()) {
      builder.setInsertionPoint(loop.getBody()->getTerminator());
      body(loop.getInductionVar(), {});
    } else {
      builder.setInsertionPointToEnd(loop.getBody());
      scf::YieldOp::create(
          builder, loc, body(loop.getInductionVar(), loop.getRegionIterArgs()));
    }
    return loop;
  };
  Value begin = first[dim], end = last[dim];
  tfc::rt::buildParallel(
      builder, loc, constant(0), constant(pieces),
      {builder.getIndexAttr(1), work}, [&](Value from, Value to) {
        each(from, to, {}, [&](Value number, ValueRange) {
          auto at = [&](Value piece) {
            Value start =
                arith::MulIOp::create(builder, loc, piece, constant(share));
            return arith::MinSIOp::create(builder, loc, start, end).getResult();
          };
          first[dim] = at(number);
          last[dim] =
              at(arith::AddIOp::create(builder, loc, number, constant(1)));
          Value result = reduceAll(0, {neutral()}).front();
          memref::StoreOp::create(builder, loc, result, partial, number);
          return Values();
        });
      });
  first[dim] = begin;
  last[dim] = end;
  Values start = loadInits();
  if (strategy.blockStep)
    start.push_back(noSum());
  auto total = each(constant(0), constant(pieces), start,
                    [&](Value number, ValueRange carried) {
                      Value piece =
                          memref::LoadOp::create(builder, loc, partial, number);
                      if (!strategy.blockStep)
                        return Values{combine(carried[0], piece)};
                      Compensated sum = twoSum({carried[0], carried[1]}, piece);
                      return Values{sum.total, sum.lost};
                    });
  if (strategy.blockStep)
    storeInits(settle({total.getResult(0), total.getResult(1)}));
  else
    storeInits(total.getResults());
}
