//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The innermost loop in vectors.
//
// The op's index space says that its iterations are independent, so neither checks of
// aliasing nor LLVM's vectorizer are needed, whose time grows with the body for every
// width it considers. Values that the innermost loop does not change stay scalars.
// Several vectors are worked on in one iteration where the body is short; what is left
// of the loop is done in smaller vectors, or under a mask. Reductions keep several
// vectors of partial results, so that they wait for memory and not for additions.
//===----------------------------------------------------------------------===//

#include "NestLowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
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

static constexpr int64_t shortest = 4; // loops that are vectorized

//===----------------------------------------------------------------------===//
// What can be done in vectors
//===----------------------------------------------------------------------===//

static bool isContiguous(Type type) {
  auto memref = dyn_cast<MemRefType>(type);
  SmallVector<int64_t> strides;
  int64_t offset;
  return memref && memref.getRank() > 0 && memref.getElementType().isIntOrFloat() &&
         memref.getElementTypeBitWidth() >= 8 && succeeded(memref.getStridesAndOffset(strides, offset)) &&
         strides.back() == 1;
}

/// Becomes an instruction on vectors, not a call for each element.
static bool isVectorOp(Operation &op) {
  if (op.getNumResults() != 1 || op.getNumRegions() || !OpTrait::hasElementwiseMappableTraits(&op) ||
      !op.getResult(0).getType().isIntOrIndexOrFloat())
    return false;
  if (!isa<math::MathDialect>(op.getDialect()))
    return true;
  // tfc-expand-periodic makes arithmetic of them.
  if (isa<math::SinOp, math::CosOp, math::TanOp>(op))
    return op.getResult(0).getType().isF32() || op.getResult(0).getType().isF64();
  return isa<math::SqrtOp, math::AbsFOp, math::AbsIOp, math::FmaOp, math::CeilOp, math::FloorOp, math::RoundEvenOp,
             math::TruncOp, math::CopySignOp, math::CtPopOp>(op);
}

/// Divides integers: what a mask leaves out must not trap.
static bool mayTrap(Operation &op) {
  return isa<arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp, arith::FloorDivSIOp,
             arith::CeilDivSIOp, arith::CeilDivUIOp>(op);
}

/// Finds the shape of the op's result.
bool NestLowering::isVectorizable(Operation &nested, DenseMap<Value, Shape> &shapes) {
  auto shapeOf = [&](Value value) {
    auto known = shapes.find(value);
    return known == shapes.end() ? Shape::uniform : known->second;
  };
  if (auto index = dyn_cast<linalg::IndexOp>(nested)) {
    shapes[index.getResult()] = index.getDim() == strategy.order.back() ? Shape::number : Shape::uniform;
    return true;
  }
  bool uniform = llvm::all_of(nested.getOperands(), [&](Value v) { return shapeOf(v) == Shape::uniform; });
  auto load = dyn_cast<memref::LoadOp>(nested);
  if (uniform)
    return load || (nested.getNumRegions() == 0 && isMemoryEffectFree(&nested));
  if (load) {
    OperandRange indices = load.getIndices();
    bool row = llvm::all_of(indices.drop_back(), [&](Value v) { return shapeOf(v) == Shape::uniform; });
    shapes[load.getResult()] = Shape::vector;
    return row && shapeOf(indices.back()) == Shape::number && isContiguous(load.getMemRefType());
  }
  if (!isVectorOp(nested))
    return false;
  bool moves = isa<arith::AddIOp>(nested) ||
               (isa<arith::SubIOp>(nested) && shapeOf(nested.getOperand(1)) == Shape::uniform);
  bool oneNumber = llvm::count_if(nested.getOperands(), [&](Value v) { return shapeOf(v) == Shape::number; }) == 1 &&
                   llvm::none_of(nested.getOperands(), [&](Value v) { return shapeOf(v) == Shape::vector; });
  // An index made of a narrow number need not go on where that one wraps around.
  bool isCast = isa<arith::IndexCastOp>(nested) && (nested.getOperand(0).getType().isIndex() ||
                                                    nested.getOperand(0).getType().isInteger(64));
  bool counts = oneNumber && (moves || isCast);
  shapes[nested.getResult(0)] = counts ? Shape::number : Shape::vector;
  return true;
}

/// What a comparison of a new element with the best one looks for.
static std::optional<vector::CombiningKind> extremeOf(Operation *compare) {
  using Kind = vector::CombiningKind;
  if (auto floats = dyn_cast<arith::CmpFOp>(compare)) {
    if (floats.getPredicate() == arith::CmpFPredicate::OGT)
      return Kind::MAXIMUMF;
    if (floats.getPredicate() == arith::CmpFPredicate::OLT)
      return Kind::MINIMUMF;
  }
  if (auto integers = dyn_cast<arith::CmpIOp>(compare))
    switch (integers.getPredicate()) {
    case arith::CmpIPredicate::sgt: return Kind::MAXSI;
    case arith::CmpIPredicate::slt: return Kind::MINSI;
    case arith::CmpIPredicate::ugt: return Kind::MAXUI;
    case arith::CmpIPredicate::ult: return Kind::MINUI;
    default: break;
    }
  return std::nullopt;
}

static std::optional<vector::CombiningKind> kindOf(Operation *op) {
  using Kind = vector::CombiningKind;
  return llvm::TypeSwitch<Operation *, std::optional<Kind>>(op)
      .Case<arith::AddFOp, arith::AddIOp>([](auto) { return Kind::ADD; })
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
  if (!combiner || combiner->getBlock() != &block || !kindOf(combiner) || !accumulator.hasOneUse() ||
      !combiner->hasOneUse() || !llvm::is_contained(combiner->getOperands(), accumulator) ||
      !arith::getNeutralElement(combiner))
    return false;
  if (auto fast = dyn_cast<arith::ArithFastMathInterface>(combiner);
      fast && isa<arith::AddFOp, arith::MulFOp>(combiner) &&
      !arith::bitEnumContainsAll(fast.getFastMathFlagsAttr().getValue(), arith::FastMathFlags::reassoc))
    return false;
  strategy.combiner = combiner;
  return true;
}

/// The element that decides and its kind, of select(better(x, best), x, best).
bool NestLowering::matchArgReduction() {
  if (op.getNumDpsInits() != 2 || strategy.accumulated != 1)
    return false;
  Block &block = *op.getBlock();
  OperandRange yields = block.getTerminator()->getOperands();
  auto best = yields[0].getDefiningOp<arith::SelectOp>(), place = yields[1].getDefiningOp<arith::SelectOp>();
  Value bestBefore = op.getMatchingBlockArgument(op.getDpsInitOperand(0));
  Value placeBefore = op.getMatchingBlockArgument(op.getDpsInitOperand(1));
  if (!best || !place || best.getCondition() != place.getCondition() || best.getFalseValue() != bestBefore ||
      place.getFalseValue() != placeBefore || !placeBefore.hasOneUse() ||
      !isa<IntegerType>(placeBefore.getType()))
    return false;
  Value x = best.getTrueValue();
  Operation *compare = best.getCondition().getDefiningOp();
  if (auto either = dyn_cast_or_null<arith::OrIOp>(compare)) // NaN counts, too
    compare = either.getLhs().getDefiningOp();
  if (!compare || compare->getNumOperands() != 2 || compare->getOperand(0) != x || compare->getOperand(1) != bestBefore)
    return false;
  std::optional<vector::CombiningKind> kind = extremeOf(compare);
  if (!kind)
    return false;
  strategy.arg = ArgReduction{x, best.getCondition(), *kind};
  return true;
}

bool NestLowering::tryVectors() {
  if (strategy.order.empty() || mayOverlap())
    return false;
  unsigned inner = strategy.order.back();
  std::optional<int64_t> size = getConstantIntValue(ranges[inner].size);
  bool reduces = isReduction(inner);
  if ((size && *size < shortest) || (reduces && !matchReduction() && !matchArgReduction()))
    return false;

  // The widest element decides how many there are in a vector.
  int64_t width = 8, ops = 0;
  bool narrow = false;
  shapes.clear();
  for (OpOperand &operand : op->getOpOperands()) {
    bool changes = isa<MemRefType>(operand.get().getType()) && uses(operand, inner);
    if (!changes && op.isDpsInit(&operand) && !reduces)
      return false;
    if (!changes && op.isDpsInit(&operand) && strategy.arg) {
      // Partial results, one in each lane.
      Type type = getElementTypeOrSelf(operand.get().getType());
      if (!type.isIntOrFloat() || type.isInteger(1))
        return false;
      width = std::max<int64_t>(width, type.getIntOrFloatBitWidth());
      shapes[op.getMatchingBlockArgument(&operand)] = Shape::vector;
    }
    if (!changes)
      continue;
    AffineMap map = maps[operand.getOperandNumber()];
    bool last = map.getResults().back() == builder.getAffineDimExpr(inner);
    bool elsewhere = llvm::any_of(map.getResults().drop_back(),
                                  [&](AffineExpr index) { return index.isFunctionOfDim(inner); });
    if (!last || elsewhere || !isContiguous(operand.get().getType()))
      return false;
    int64_t bits = cast<MemRefType>(operand.get().getType()).getElementTypeBitWidth();
    width = std::max(width, bits);
    narrow |= bits < 32;
    shapes[op.getMatchingBlockArgument(&operand)] = Shape::vector;
  }
  bool traps = false;
  for (Operation &nested : op.getBlock()->without_terminator()) {
    if (&nested == strategy.combiner)
      continue;
    if (!isVectorizable(nested, shapes))
      return false;
    ++ops;
    traps |= mayTrap(nested);
    for (Type type : nested.getResultTypes())
      if (isa<FloatType>(type))
        width = std::max<int64_t>(width, type.getIntOrFloatBitWidth());
  }
  if (reduces && strategy.combiner)
    width = std::max<int64_t>(width, strategy.combiner->getResult(0).getType().getIntOrFloatBitWidth());
  int64_t lanes = options.vectorBits / width;
  if (size)
    lanes = std::min<int64_t>(lanes, llvm::bit_floor(uint64_t(*size)));
  if (lanes < 2)
    return false;
  strategy.lanes = lanes;
  strategy.masks = !traps && options.vectorBits >= (narrow ? 512 : 256);
  // Additions take four cycles, two begin in each: eight of them keep up with the caches.
  strategy.unroll = strategy.arg ? 4 : reduces ? (ops <= 4 ? 8 : ops <= 64 ? 4 : 1) : (ops <= 6 ? 4 : ops <= 24 ? 2 : 1);
  if (strategy.jam)
    strategy.unroll = 1;
  while (size && strategy.unroll > 1 && *size < 2 * lanes * strategy.unroll)
    strategy.unroll /= 2;
  bodyOps = ops;
  return true;
}

void NestLowering::chooseVectors() {
  if (!tryVectors()) {
    strategy.combiner = nullptr;
    strategy.arg.reset();
  }
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

Value NestLowering::spread(Value value) {
  if (lanes == 1 || isa<VectorType>(value.getType()))
    return value;
  return vector::BroadcastOp::create(builder, loc, VectorType::get(lanes, value.getType()), value);
}

/// Lanes below `count`.
Value NestLowering::maskOf(Value count) {
  SmallVector<int32_t> numbers;
  for (int32_t lane = 0; lane < lanes; ++lane)
    numbers.push_back(lane);
  auto type = VectorType::get(lanes, builder.getI32Type());
  Value lane = arith::ConstantOp::create(builder, loc, type, DenseElementsAttr::get(type, ArrayRef(numbers)));
  Value narrow = arith::IndexCastOp::create(builder, loc, builder.getI32Type(), count);
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, lane, spread(narrow));
}

Value NestLowering::loadVector(Value memref, ValueRange indices) {
  auto type = VectorType::get(lanes, cast<MemRefType>(memref.getType()).getElementType());
  if (!mask)
    return vector::LoadOp::create(builder, loc, type, memref, indices);
  Value none = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(type));
  return vector::MaskedLoadOp::create(builder, loc, type, memref, indices, mask, none);
}

/// The body for `lanes` iterations; of a reduction what is combined with the accumulator.
NestLowering::Values NestLowering::elementOfVectors(ValueRange operands) {
  Block &block = *op.getBlock();
  auto shapeOf = [&](Value value) {
    auto known = shapes.find(value);
    return known == shapes.end() ? Shape::uniform : known->second;
  };
  IRMapping scalars, vectors; // the first lane of numbers is among the scalars
  auto asVector = [&](Value value) {
    if (Value known = vectors.lookupOrNull(value))
      return known;
    Value scalar = scalars.lookupOrDefault(value), result = spread(scalar);
    if (shapeOf(value) == Shape::number) {
      SmallVector<int64_t> lane;
      for (int64_t i = 0; i < lanes; ++i)
        lane.push_back(i);
      auto type = VectorType::get(lanes, builder.getIndexType());
      Value steps = arith::ConstantOp::create(builder, loc, type,
                                              DenseIntElementsAttr::get(type, ArrayRef<int64_t>(lane)));
      if (!scalar.getType().isIndex())
        steps = arith::IndexCastOp::create(builder, loc, result.getType(), steps);
      result = arith::AddIOp::create(builder, loc, result, steps);
    }
    vectors.map(value, result);
    return result;
  };
  for (auto [argument, value] : llvm::zip(block.getArguments(), operands))
    if (value)
      (isa<VectorType>(value.getType()) ? vectors : scalars).map(argument, value);

  for (Operation &nested : block.without_terminator()) {
    if (&nested == strategy.combiner && reducing)
      continue;
    Value result = nested.getNumResults() ? nested.getResult(0) : Value();
    bool isScalar = !result || shapeOf(result) != Shape::vector;
    if (auto index = dyn_cast<linalg::IndexOp>(nested)) {
      scalars.map(index.getResult(), ivs[index.getDim()]);
    } else if (isScalar) {
      builder.clone(nested, scalars);
    } else if (auto load = dyn_cast<memref::LoadOp>(nested)) {
      Values indices;
      for (Value index : load.getIndices())
        indices.push_back(scalars.lookupOrDefault(index));
      vectors.map(result, loadVector(scalars.lookupOrDefault(load.getMemRef()), indices));
    } else {
      IRMapping mapping;
      for (Value operand : nested.getOperands())
        mapping.map(operand, asVector(operand));
      Operation *clone = builder.clone(nested, mapping);
      clone->getResult(0).setType(VectorType::get(lanes, result.getType()));
      vectors.map(result, clone->getResult(0));
    }
  }
  Values results;
  if (reducing) {
    Value accumulator = op.getMatchingBlockArgument(op.getDpsInitOperand(0));
    Value next = strategy.combiner->getOperand(strategy.combiner->getOperand(0) == accumulator);
    return {asVector(next)};
  }
  for (Value value : block.getTerminator()->getOperands())
    results.push_back(asVector(value));
  return results;
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

/// Returns the loop's results.
NestLowering::Values NestLowering::forLoop(Value from, Value to, int64_t step, ValueRange carried,
                                           llvm::function_ref<Values(ValueRange)> body) {
  unsigned dim = strategy.order.back();
  auto loop = scf::ForOp::create(builder, loc, from, to, constant(step), carried);
  if (step == 1)
    loop->setAttr(isRemainder, builder.getUnitAttr());
  OpBuilder::InsertionGuard guard(builder);
  ivs[dim] = loop.getInductionVar();
  if (carried.empty()) {
    builder.setInsertionPoint(loop.getBody()->getTerminator());
    body({});
    return {};
  }
  builder.setInsertionPointToEnd(loop.getBody());
  scf::YieldOp::create(builder, loc, body(loop.getRegionIterArgs()));
  return Values(loop.getResults());
}

/// Calls `step(carried, lanes, how many vectors, mask)` for pieces of the innermost loop, at `ivs`.
NestLowering::Values NestLowering::cutLoop(Values carried, Step step) {
  unsigned dim = strategy.order.back();
  int64_t lanes = strategy.lanes, block = lanes * strategy.unroll;
  std::optional<int64_t> known;
  if (isConstantIntValue(first[dim], 0))
    known = getConstantIntValue(last[dim]);
  if (known) {
    int64_t size = *known, blocks = size - size % block, whole = size - size % lanes, rest = size % lanes;
    if (blocks > block) {
      carried = forLoop(constant(0), constant(blocks), block, carried,
                        [&](ValueRange now) { return step(Values(now), lanes, strategy.unroll, {}); });
    } else if (blocks) {
      ivs[dim] = constant(0);
      carried = step(carried, lanes, strategy.unroll, {});
    }
    if (whole > blocks) {
      ivs[dim] = constant(blocks);
      carried = step(carried, lanes, (whole - blocks) / lanes, {});
    }
    bool carries = !carried.empty();
    if (rest && strategy.masks && (carries || bodyOps > 24 || llvm::popcount(uint64_t(rest)) > 2)) {
      ivs[dim] = constant(whole);
      return step(carried, lanes, 1, constant(rest));
    }
    if (rest && carries)
      return forLoop(constant(whole), constant(size), 1, carried,
                     [&](ValueRange now) { return step(Values(now), 1, 1, {}); });
    for (int64_t part = lanes / 2, from = whole; part >= 1; part /= 2)
      if (rest & part) {
        ivs[dim] = constant(from);
        carried = step(carried, part, 1, {});
        from += part;
      }
    return carried;
  }
  auto down = [&](Value from, int64_t by) {
    Value count = arith::SubIOp::create(builder, loc, last[dim], from);
    Value rest = arith::RemUIOp::create(builder, loc, count, constant(by));
    return arith::SubIOp::create(builder, loc, last[dim], rest).getResult();
  };
  Value whole = down(first[dim], block);
  carried = forLoop(first[dim], whole, block, carried,
                    [&](ValueRange now) { return step(Values(now), lanes, strategy.unroll, {}); });
  if (strategy.unroll > 1) {
    Value from = whole;
    whole = down(from, lanes);
    carried = forLoop(from, whole, lanes, carried,
                      [&](ValueRange now) { return step(Values(now), lanes, 1, {}); });
  }
  int64_t rest = strategy.masks ? lanes : 1;
  return forLoop(whole, last[dim], rest, carried, [&](ValueRange now) {
    Value left = strategy.masks ? arith::SubIOp::create(builder, loc, last[dim], ivs[dim]).getResult() : Value();
    return step(Values(now), rest, 1, left);
  });
}

/// What the innermost loop does not change is loaded before it.
void NestLowering::hoistLoads() {
  if (strategy.jam)
    return;
  for (OpOperand *input : op.getDpsInputOperands())
    if (isa<MemRefType>(input->get().getType()) && !uses(*input, strategy.order.back()) &&
        op.payloadUsesValueFromOperand(input))
      hoisted[input->getOperandNumber()] = loadElement(*input);
}

/// A parallel innermost loop; `body` builds the iterations that begin at `ivs`.
void NestLowering::innerLoop(llvm::function_ref<void()> body) {
  unsigned dim = strategy.order.back();
  hoistLoads();
  cutLoop({}, [&](Values, int64_t width, int64_t vectors, Value left) {
    Value start = ivs[dim];
    lanes = width;
    if (left)
      mask = maskOf(left);
    for (int64_t i = 0; i < vectors; ++i) {
      if (i)
        ivs[dim] = builder.createOrFold<arith::AddIOp>(loc, start, constant(i * width));
      body();
    }
    lanes = 1;
    mask = {};
    return Values();
  });
  hoisted.clear();
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

/// The combiner on other values, which may be vectors.
Value NestLowering::combine(Value x, Value y) {
  IRMapping mapping;
  mapping.map(strategy.combiner->getOperand(0), x);
  mapping.map(strategy.combiner->getOperand(1), y);
  Operation *clone = builder.clone(*strategy.combiner, mapping);
  clone->getResult(0).setType(x.getType());
  return clone->getResult(0);
}

/// The innermost loop: vectors of partial results, then the scalar one.
NestLowering::Values NestLowering::accumulateInner(ValueRange accumulators) {
  unsigned dim = strategy.order.back();
  hoistLoads();
  Values result = cutLoop(Values(accumulators), [&](Values now, int64_t width, int64_t vectors, Value left) {
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
      if (i)
        ivs[dim] = builder.createOrFold<arith::AddIOp>(loc, start, constant(i * width));
      Values operands = inputs();
      operands.push_back(Value());
      Value next = combine(now[i], elementOfVectors(operands).front());
      now[i] = mask ? arith::SelectOp::create(builder, loc, mask, next, now[i]).getResult() : next;
    }
    lanes = 1;
    mask = {};
    return now;
  });
  hoisted.clear();
  return result;
}

NestLowering::Values NestLowering::accumulateLoops(size_t level, ValueRange accumulators) {
  if (level + 1 == strategy.order.size())
    return accumulateInner(accumulators);
  unsigned dim = strategy.order[level];
  Values results;
  loop(dim, first[dim], last[dim], 1, accumulators,
       [&](ValueRange carried) { return accumulateLoops(level + 1, carried); }, &results);
  return results;
}

NestLowering::Values NestLowering::accumulateVectors(size_t level, ValueRange inits) {
  Type type = strategy.combiner->getResult(0).getType();
  auto vectorType = VectorType::get(strategy.lanes, type);
  Attribute neutral = *arith::getNeutralElement(strategy.combiner);
  Value none = arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(vectorType, neutral));
  Values accumulators(strategy.unroll, none);
  accumulators.push_back(inits[0]);
  reducing = true;
  accumulators = accumulateLoops(level, accumulators);
  reducing = false;
  for (int64_t half = strategy.unroll / 2; half >= 1; half /= 2)
    for (int64_t i = 0; i < half; ++i)
      accumulators[i] = combine(accumulators[i], accumulators[i + half]);
  auto flags = arith::FastMathFlags::none;
  if (isa<arith::AddFOp, arith::MulFOp>(strategy.combiner))
    flags = cast<arith::ArithFastMathInterface>(strategy.combiner).getFastMathFlagsAttr().getValue();
  Value total = vector::ReductionOp::create(builder, loc, *kindOf(strategy.combiner), accumulators[0], flags);
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

/// The best element of the innermost loop and where it is: vectors of candidates, then of those as good as the best one
/// the first.
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
  carried = cutLoop(carried, [&](Values now, int64_t width, int64_t vectors, Value left) {
    Value start = ivs[dim];
    lanes = width;
    if (left)
      mask = maskOf(left);
    for (int64_t i = 0; i < vectors; ++i) {
      if (i)
        ivs[dim] = builder.createOrFold<arith::AddIOp>(loc, start, constant(i * width));
      size_t place = width == 1 ? now.size() - 2 : 2 * i;
      Values operands = inputs();
      operands.append({now[place], now[place + 1]});
      for (auto [k, next] : llvm::enumerate(element(operands)))
        now[place + k] = mask ? arith::SelectOp::create(builder, loc, mask, next, now[place + k]).getResult() : next;
    }
    lanes = 1;
    mask = {};
    return now;
  });
  hoisted.clear();

  vector::CombiningKind kind = strategy.arg->kind;
  Value candidates = carried[0];
  for (int64_t i = 1; i < strategy.unroll; ++i)
    candidates = vector::makeArithReduction(builder, loc, kind, candidates, carried[2 * i]);
  Value best = vector::ReductionOp::create(builder, loc, kind, candidates);
  lanes = strategy.lanes;
  Value wanted = spread(best), first;
  auto placeType = cast<IntegerType>(inits[1].getType());
  Value none = spread(arith::ConstantOp::create(
      builder, loc, builder.getIntegerAttr(placeType, APInt::getSignedMaxValue(placeType.getWidth()))));
  lanes = 1;
  for (int64_t i = 0; i < strategy.unroll; ++i) {
    Value value = carried[2 * i], isBest;
    if (isa<FloatType>(best.getType())) { // a NaN among them is the best
      Value equal = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OEQ, value, wanted);
      Value nan = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::UNO, value, value);
      isBest = arith::OrIOp::create(builder, loc, equal, nan);
    } else {
      isBest = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, value, wanted);
    }
    Value place = arith::SelectOp::create(builder, loc, isBest, carried[2 * i + 1], none);
    first = first ? arith::MinSIOp::create(builder, loc, first, place).getResult() : place;
  }
  Value place = vector::ReductionOp::create(builder, loc, vector::CombiningKind::MINSI, first);
  // What was left of the loop comes after all that.
  Value last = carried[carried.size() - 2], lastPlace = carried.back(), replaces = isBetter(last, best);
  return {arith::SelectOp::create(builder, loc, replaces, last, best),
          arith::SelectOp::create(builder, loc, replaces, lastPlace, place)};
}

/// Partial results of a reduction to one element, whatever the number of threads is.
static constexpr int64_t pieces = 64;

/// A large reduction of everything has no parallel loop, but may be done in pieces if the order does not matter.
bool NestLowering::reducesInPieces() {
  if (!options.parallel || !strategy.combiner || strategy.accumulated != strategy.order.size())
    return false;
  double work = elementNanoseconds();
  for (unsigned dim : strategy.order) {
    std::optional<int64_t> size = getConstantIntValue(ranges[dim].size);
    if (!size)
      return false;
    work *= *size;
  }
  constexpr double enough = 60000; // nanoseconds
  return work > enough && *getConstantIntValue(ranges[strategy.order.front()].size) >= 4 * pieces &&
         !op->getParentOfType<tfc::rt::ParallelOp>();
}

void NestLowering::reduceInPieces() {
  unsigned dim = strategy.order.front();
  int64_t size = *getConstantIntValue(ranges[dim].size), share = llvm::divideCeil(size, pieces);
  if (strategy.order.size() == 1)
    share = llvm::alignTo(share, strategy.lanes * strategy.unroll);
  double work = elementNanoseconds() * share;
  for (unsigned other : ArrayRef(strategy.order).drop_front())
    work *= *getConstantIntValue(ranges[other].size);

  Operation *combiner = strategy.combiner;
  Type type = combiner->getResult(0).getType();
  Value partial = memref::AllocOp::create(builder, loc, MemRefType::get(pieces, type), builder.getI64IntegerAttr(64));
  auto neutral = [&] { return arith::ConstantOp::create(builder, loc, *arith::getNeutralElement(combiner)).getResult(); };
  auto each = [&](Value from, Value to, ValueRange carried, llvm::function_ref<Values(Value, ValueRange)> body) {
    auto loop = scf::ForOp::create(builder, loc, from, to, constant(1), carried);
    loop->setAttr(isRemainder, builder.getUnitAttr());
    OpBuilder::InsertionGuard guard(builder);
    if (carried.empty()) {
      builder.setInsertionPoint(loop.getBody()->getTerminator());
      body(loop.getInductionVar(), {});
    } else {
      builder.setInsertionPointToEnd(loop.getBody());
      scf::YieldOp::create(builder, loc, body(loop.getInductionVar(), loop.getRegionIterArgs()));
    }
    return loop;
  };
  Value begin = first[dim], end = last[dim];
  tfc::rt::buildParallel(builder, loc, constant(0), constant(pieces), {builder.getIndexAttr(1), work},
                         [&](Value from, Value to) {
                           each(from, to, {}, [&](Value number, ValueRange) {
                             auto at = [&](Value piece) {
                               Value start = arith::MulIOp::create(builder, loc, piece, constant(share));
                               return arith::MinSIOp::create(builder, loc, start, end).getResult();
                             };
                             first[dim] = at(number);
                             last[dim] = at(arith::AddIOp::create(builder, loc, number, constant(1)));
                             Value result = accumulateVectors(0, {neutral()}).front();
                             memref::StoreOp::create(builder, loc, result, partial, number);
                             return Values();
                           });
                         });
  first[dim] = begin;
  last[dim] = end;
  auto total = each(constant(0), constant(pieces), loadInits(), [&](Value number, ValueRange carried) {
    return Values{combine(carried[0], memref::LoadOp::create(builder, loc, partial, number))};
  });
  storeInits(total.getResults());
}
