//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The innermost loop in vectors.
//
// The op's index space says that its iterations are independent, so neither
// checks of aliasing nor LLVM's vectorizer are needed, whose time grows with
// the body for every width it considers. Values that the innermost loop does
// not change stay scalars. Several vectors are worked on in one iteration where
// the body is short; what is left of the loop is done in smaller vectors, or
// under a mask. Reductions: see VectorReductions.cpp.
//===----------------------------------------------------------------------===//

#include "NestLowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"
#include "tfc/Dialect/TFCRT/IR/CalledMath.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tfc::loops;

static constexpr int64_t shortest = 4;   // loops that are vectorized
static constexpr int64_t leastWork = 12; // for each input whose elements are loaded one by one

//===----------------------------------------------------------------------===//
// What can be done in vectors
//===----------------------------------------------------------------------===//

bool tfc::loops::isContiguous(Type type) {
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
  if (op.hasAttr(tfc::rt::isCalledMath)) // functions take vectors as well
    return true;
  // tfc-expand-periodic makes arithmetic of them.
  if (isa<math::SinOp, math::CosOp, math::TanOp>(op))
    return op.getResult(0).getType().isF32() || op.getResult(0).getType().isF64();
  return isa<math::SqrtOp, math::AbsFOp, math::AbsIOp, math::FmaOp, math::CeilOp, math::FloorOp, math::RoundEvenOp,
             math::TruncOp, math::CopySignOp, math::CtPopOp>(op);
}

/// Divides integers: what a mask leaves out must not trap. Up to 32 bits,
/// tfc-expand-periodic divides floats instead, where the operands are vectors.
static bool mayTrap(Operation &op) {
  if (isa<arith::DivSIOp, arith::DivUIOp>(op))
    return op.getResult(0).getType().getIntOrFloatBitWidth() > 32;
  return isa<arith::RemSIOp, arith::RemUIOp, arith::FloorDivSIOp, arith::CeilDivSIOp, arith::CeilDivUIOp>(op);
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

/// Are elements of consecutive iterations of the innermost loop no vector in memory?
bool NestLowering::isApart(OpOperand &operand) {
  unsigned inner = strategy.order.back();
  AffineMap map = maps[operand.getOperandNumber()];
  bool last = map.getResults().back() == builder.getAffineDimExpr(inner);
  bool elsewhere = llvm::any_of(map.getResults().drop_back(),
                                [&](AffineExpr index) { return index.isFunctionOfDim(inner); });
  return !last || elsewhere || !isContiguous(operand.get().getType());
}

/// What an op of the body takes, in additions.
static int64_t workOf(Operation &op) {
  return isa<math::MathDialect>(op.getDialect()) || isa<arith::DivFOp>(op) ? 8 : 1;
}

/// `across`: a loop along which inputs may be contiguous instead of along the innermost one.
/// `gathers`: inputs may be anything else, if there is enough to do with them.
bool NestLowering::tryVectors(std::optional<unsigned> across, bool gathers) {
  if (strategy.order.empty() || mayOverlap())
    return false;
  unsigned inner = strategy.order.back();
  std::optional<int64_t> size = getConstantIntValue(ranges[inner].size);
  bool reduces = isReduction(inner);
  if ((size && *size < shortest) || (reduces && !matchReduction() && !matchArgReduction()))
    return false;

  // The widest element decides how many there are in a vector.
  int64_t width = 8, ops = 0, work = 0, gathered = 0;
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
    bool isTurned = across && !op.isDpsInit(&operand) && isAcross(operand, *across);
    if (isApart(operand) && !isTurned) {
      Type element = cast<MemRefType>(operand.get().getType()).getElementType();
      if (!gathers || op.isDpsInit(&operand) || !element.isIntOrFloat() || element.isInteger(1))
        return false;
      ++gathered;
    }
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
    work += workOf(nested);
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
  if (lanes < 2 || work < leastWork * gathered)
    return false;
  strategy.lanes = lanes;
  strategy.gathers = gathered > 0;
  strategy.masks = !traps && !gathered && options.vectorBits >= (narrow ? 512 : 256);
  // Additions take four cycles, two begin in each: eight of them keep up with the caches.
  strategy.unroll = strategy.arg ? 4 : reduces ? (ops <= 4 ? 8 : ops <= 64 ? 4 : 1) : (ops <= 6 ? 4 : ops <= 24 ? 2 : 1);
  if (strategy.jam || strategy.gathers)
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

/// Where nothing else gives vectors: elements that are apart cost a load each, as they do without vectors, but what is
/// done with them does not.
void NestLowering::chooseGathers() {
  if (strategy.lanes > 1 || strategy.jam || strategy.tiled || strategy.accumulated)
    return;
  if (!tryVectors(std::nullopt, /*gathers=*/true))
    strategy.gathers = false;
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
  std::optional<int64_t> known = getConstantIntValue(count);
  present = known && llvm::isPowerOf2_64(*known) ? *known : 0;
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
  // What is stored under a mask is not found by what is loaded next, nor can it stay in a register.
  if (present) {
    auto few = VectorType::get(present, type.getElementType());
    Value loaded = vector::LoadOp::create(builder, loc, few, memref, indices);
    auto places = llvm::to_vector(llvm::seq<int64_t>(0, lanes));
    for (int64_t &place : MutableArrayRef(places).drop_front(present))
      place += present; // of the zeros
    return vector::ShuffleOp::create(builder, loc, loaded, none, places);
  }
  return vector::MaskedLoadOp::create(builder, loc, type, memref, indices, mask, none);
}

/// The operand's elements of the next iterations, wherever they are.
Value NestLowering::gather(OpOperand &operand) {
  unsigned dim = strategy.order.back();
  Value start = ivs[dim];
  Values elements;
  for (int64_t lane = 0; lane < lanes; ++lane) {
    ivs[dim] = builder.createOrFold<arith::AddIOp>(loc, start, constant(lane));
    elements.push_back(memref::LoadOp::create(builder, loc, operand.get(), indices(operand)));
  }
  ivs[dim] = start;
  auto type = VectorType::get(lanes, elements.front().getType());
  return vector::FromElementsOp::create(builder, loc, type, elements);
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
  if (wholeBlock && strategy.blockLevel + 1 == strategy.order.size())
    return forLoop(first[dim], last[dim], block, carried,
                   [&](ValueRange now) { return step(Values(now), lanes, strategy.unroll, {}); });
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
      behind = i * width;
      if (i)
        ivs[dim] = builder.createOrFold<arith::AddIOp>(loc, start, constant(i * width));
      body();
    }
    behind = 0;
    lanes = 1;
    mask = {};
    return Values();
  });
  hoisted.clear();
}
