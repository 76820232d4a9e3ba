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
//
// Complex numbers are vectors of their parts, as they lie in memory, or a
// vector for each of both: they are taken apart where the first op needs one
// part of them, and put together where they are stored.
//===----------------------------------------------------------------------===//

#include "NestLowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
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

static constexpr int64_t shortest = 4; // loops that are vectorized
static constexpr int64_t leastWork =
    6; // for each input whose elements are loaded one by one

//===----------------------------------------------------------------------===//
// What can be done in vectors
//===----------------------------------------------------------------------===//

int64_t tfc::loops::bitsOf(Type element) {
  if (auto number = dyn_cast<ComplexType>(element))
    return 2 * number.getElementType().getIntOrFloatBitWidth();
  return element.getIntOrFloatBitWidth();
}

/// What a lane of a vector holds, of complex numbers one part.
static Type laneOf(Type element) {
  auto number = dyn_cast<ComplexType>(element);
  return number ? number.getElementType() : element;
}

static VectorType vectorOf(int64_t lanes, Type element) {
  return VectorType::get(isa<ComplexType>(element) ? 2 * lanes : lanes,
                         laneOf(element));
}

static bool isNumber(Type element) {
  return element.isIntOrFloat() || isa<ComplexType>(element);
}

bool tfc::loops::isContiguous(Type type) {
  auto memref = dyn_cast<MemRefType>(type);
  SmallVector<int64_t> strides;
  int64_t offset;
  return memref && memref.getRank() > 0 && isNumber(memref.getElementType()) &&
         bitsOf(memref.getElementType()) >= 8 &&
         succeeded(memref.getStridesAndOffset(strides, offset)) &&
         strides.back() == 1;
}

/// Operations of a body of which one vector at a time is enough work.
static constexpr int64_t manyOps = 24;

/// Becomes an instruction on vectors, not a call for each element.
static bool isVectorOp(Operation &op) {
  if (op.getNumResults() != 1 || op.getNumRegions() ||
      !OpTrait::hasElementwiseMappableTraits(&op) ||
      !op.getResult(0).getType().isIntOrIndexOrFloat())
    return false;
  if (!isa<math::MathDialect>(op.getDialect()))
    return true;
  if (op.hasAttr(tfc::rt::isCalledMath)) // functions take vectors as well
    return true;
  // tfc-expand-periodic makes arithmetic of them.
  if (isa<math::PowFOp>(op))
    return op.getResult(0).getType().isF32();
  if (isa<math::SinOp, math::CosOp, math::TanOp>(op))
    return op.getResult(0).getType().isF32() ||
           op.getResult(0).getType().isF64();
  return isa<math::SqrtOp, math::AbsFOp, math::AbsIOp, math::FmaOp,
             math::CeilOp, math::FloorOp, math::RoundEvenOp, math::TruncOp,
             math::CopySignOp, math::CtPopOp>(op);
}

/// Works on complex numbers, or moves their parts; `expandComplexBodies` makes
/// arithmetic on parts of others.
static bool isComplexOp(Operation &op) {
  if (isa<arith::SelectOp>(op))
    return isa<ComplexType>(op.getResult(0).getType());
  return isa<complex::ReOp, complex::ImOp, complex::CreateOp, complex::AddOp,
             complex::SubOp, complex::NegOp, complex::ConjOp>(op);
}

/// Divides integers: what a mask leaves out must not trap. Up to 32 bits,
/// tfc-expand-periodic divides floats instead, where the operands are vectors.
static bool mayTrap(Operation &op) {
  if (isa<arith::DivSIOp, arith::DivUIOp>(op))
    return op.getResult(0).getType().getIntOrFloatBitWidth() > 32;
  return isa<arith::RemSIOp, arith::RemUIOp, arith::FloorDivSIOp,
             arith::CeilDivSIOp, arith::CeilDivUIOp>(op);
}

/// A loop of the body whose every operation becomes an instruction on vectors:
/// it goes on until all lanes are done.
static bool isVectorLoop(scf::WhileOp loop) {
  auto isSimple = [&](Region &region) {
    return region.hasOneBlock() &&
           llvm::all_of(region.front().without_terminator(), [](Operation &op) {
             return op.hasTrait<OpTrait::ConstantLike>() ||
                    (isVectorOp(op) && !mayTrap(op));
           });
  };
  return isSimple(loop.getBefore()) && isSimple(loop.getAfter()) &&
         llvm::all_of(loop.getResultTypes(),
                      [](Type type) { return type.isIntOrFloat(); }) &&
         llvm::all_of(loop.getInits(),
                      [](Value init) { return init.getType().isIntOrFloat(); });
}

/// Finds the shape of the op's result.
bool NestLowering::isVectorizable(Operation &nested,
                                  DenseMap<Value, Shape> &shapes) {
  auto shapeOf = [&](Value value) {
    auto known = shapes.find(value);
    return known == shapes.end() ? Shape::uniform : known->second;
  };
  if (auto index = dyn_cast<linalg::IndexOp>(nested)) {
    shapes[index.getResult()] = index.getDim() == strategy.order.back()
                                    ? Shape::number
                                    : Shape::uniform;
    return true;
  }
  bool uniform = llvm::all_of(nested.getOperands(), [&](Value v) {
    return shapeOf(v) == Shape::uniform;
  });
  auto load = dyn_cast<memref::LoadOp>(nested);
  // (A loop may begin with the same for all lanes.)
  if (uniform && !isa<scf::WhileOp>(nested))
    return load || (nested.getNumRegions() == 0 && isMemoryEffectFree(&nested));
  if (load) {
    OperandRange indices = load.getIndices();
    bool row = llvm::all_of(indices.drop_back(), [&](Value v) {
      return shapeOf(v) == Shape::uniform;
    });
    shapes[load.getResult()] = Shape::vector;
    if (row && shapeOf(indices.back()) == Shape::number)
      return isContiguous(load.getMemRefType());
    elsewhere.push_back(load);
    return canGather(load.getMemRefType());
  }
  if (isComplexOp(nested)) {
    shapes[nested.getResult(0)] = Shape::vector;
    return true;
  }
  if (auto loop = dyn_cast<scf::WhileOp>(nested)) {
    for (Value result : loop.getResults())
      shapes[result] = Shape::vector;
    for (Region &region : loop->getRegions()) {
      for (BlockArgument argument : region.getArguments())
        shapes[argument] = Shape::vector;
      for (Operation &op : region.front().without_terminator())
        if (!isVectorizable(op, shapes))
          return false;
    }
    return isVectorLoop(loop);
  }
  if (!isVectorOp(nested))
    return false;
  bool moves = isa<arith::AddIOp>(nested) ||
               (isa<arith::SubIOp>(nested) &&
                shapeOf(nested.getOperand(1)) == Shape::uniform);
  bool oneNumber =
      llvm::count_if(nested.getOperands(),
                     [&](Value v) { return shapeOf(v) == Shape::number; }) ==
          1 &&
      llvm::none_of(nested.getOperands(),
                    [&](Value v) { return shapeOf(v) == Shape::vector; });
  // An index made of a narrow number need not go on where that one wraps
  // around.
  bool isCast = isa<arith::IndexCastOp>(nested) &&
                (nested.getOperand(0).getType().isIndex() ||
                 nested.getOperand(0).getType().isInteger(64));
  bool counts = oneNumber && (moves || isCast);
  shapes[nested.getResult(0)] = counts ? Shape::number : Shape::vector;
  return true;
}

/// Are elements of consecutive iterations of the innermost loop no vector in
/// memory?
bool NestLowering::isApart(OpOperand &operand) {
  unsigned inner = strategy.order.back();
  AffineMap map = maps[operand.getOperandNumber()];
  bool last = isAlong(map.getResults().back(), inner);
  bool elsewhere =
      llvm::any_of(map.getResults().drop_back(), [&](AffineExpr index) {
        return index.isFunctionOfDim(inner);
      });
  return !last || elsewhere || !isContiguous(operand.get().getType());
}

/// What an op of the body takes, in additions.
static int64_t workOf(Operation &op) {
  return isa<math::MathDialect>(op.getDialect()) || isa<arith::DivFOp>(op) ? 8
                                                                           : 1;
}

/// `across`: a loop along which inputs may be contiguous instead of along the
/// innermost one. `gathers`: inputs may be anything else, if there is enough to
/// do with them.
bool NestLowering::tryVectors(std::optional<unsigned> across, bool gathers) {
  if (strategy.order.empty() || mayOverlap())
    return false;
  unsigned inner = strategy.order.back();
  std::optional<int64_t> size = getConstantIntValue(ranges[inner].size);
  bool reduces = isReduction(inner);
  if ((size && *size < shortest) ||
      (reduces && !matchReduction() && !matchArgReduction()))
    return false;

  // The widest element decides how many there are in a vector.
  int64_t width = 8, ops = 0, work = 0, gathered = 0;
  bool narrow = false;
  SmallVector<OpOperand *> spread;
  strategy.spread = strategy.columns = false;
  shapes.clear();
  elsewhere.clear();
  for (OpOperand &operand : op->getOpOperands()) {
    bool changes =
        isa<MemRefType>(operand.get().getType()) && uses(operand, inner);
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
    bool isTurned = across &&
                    (strategy.writesRows || !op.isDpsInit(&operand)) &&
                    isAcross(operand, *across);
    if (isApart(operand) && !isTurned && mayBeColumn(operand)) {
      strategy.columns = true;
    } else if (isApart(operand) && !isTurned && !across && !gathers &&
               mayBeSpread(operand)) {
      spread.push_back(&operand);
    } else if (isApart(operand) && !isTurned) {
      Type element = cast<MemRefType>(operand.get().getType()).getElementType();
      if (!gathers || op.isDpsInit(&operand) || !isNumber(element) ||
          element.isInteger(1))
        return false;
      ++gathered;
    }
    int64_t bits = bitsOf(
        laneOf(cast<MemRefType>(operand.get().getType()).getElementType()));
    width = std::max(width, bits);
    narrow |= bits < 32;
    shapes[op.getMatchingBlockArgument(&operand)] = Shape::vector;
  }
  bool traps = false, repeats = false;
  for (Operation &nested : op.getBlock()->without_terminator()) {
    if (&nested == strategy.combiner || picking.contains(&nested))
      continue;
    if (!isVectorizable(nested, shapes))
      return false;
    // What a mask leaves out might never end.
    bool isLoop = isa<scf::WhileOp>(nested);
    ops += isLoop || isa<math::PowFOp>(nested) ? manyOps + 1 : 1;
    work += workOf(nested);
    traps |= isLoop || mayTrap(nested);
    repeats |= isLoop;
    for (Type type : nested.getResultTypes())
      if (isa<FloatType>(laneOf(type)))
        width = std::max<int64_t>(width, bitsOf(laneOf(type)));
  }
  if (reduces && strategy.combiner)
    width = std::max<int64_t>(
        width, bitsOf(laneOf(strategy.combiner->getResult(0).getType())));
  // Steps of a loop wait for each other: those of two vectors of 64 bits take
  // turns. (Masks of more lanes than f32 has are put together of parts.)
  int64_t lanes = options.vectorBits / width * (repeats && width == 64 ? 2 : 1);
  if (size)
    lanes = std::min<int64_t>(lanes, llvm::bit_floor(uint64_t(*size)));
  int64_t single = gathered + (options.vectorBits < 256 ? elsewhere.size() : 0);
  if (lanes < 2 || work < leastWork * single)
    return false;
  strategy.lanes = lanes;
  strategy.gathers = gathered > 0;
  // Instructions that leave lanes out have elements of 32 bits and more.
  bool gathersNarrow = llvm::any_of(elsewhere, [&](memref::LoadOp load) {
    return bitsOf(load.getMemRefType().getElementType()) < 32 &&
           !gathersWords(load.getMemRefType());
  });
  strategy.masks =
      !traps && !gathered && !gathersNarrow && !(reduces && strategy.columns) &&
      options.vectorBits >= (narrow || !elsewhere.empty() ? 512 : 256);
  // Additions take four cycles, two begin in each: eight of them keep up with
  // the caches.
  strategy.unroll = strategy.arg ? 4
                    : reduces    ? (ops <= 4    ? 8
                                    : ops <= 64 ? 4
                                                : 1)
                                 : (ops <= 6         ? 4
                                    : ops <= manyOps ? 2
                                                     : 1);
  if (strategy.jam || strategy.gathers || (options.compact && isShort()))
    strategy.unroll = 1;
  if (strategy.columns && !reduces)
    strategy.unroll = 1;
  while (size && strategy.unroll > 1 && *size < 2 * lanes * strategy.unroll)
    strategy.unroll /= 2;
  bodyOps = ops;
  if (unrollSpread(spread))
    return true;
  strategy.lanes = strategy.unroll = 1;
  return false;
}

void NestLowering::chooseVectors() {
  if (!tryVectors()) {
    strategy.combiner = nullptr;
    strategy.arg.reset();
  }
}

/// Where nothing else gives vectors: elements that are apart cost a load each,
/// as they do without vectors, but what is done with them does not.
void NestLowering::chooseGathers() {
  if (strategy.lanes > 1 || strategy.jam || strategy.tiled ||
      strategy.accumulated)
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
  if (auto number = dyn_cast<ComplexType>(value.getType()))
    return interleave(spread(complex::ReOp::create(
                          builder, loc, number.getElementType(), value)),
                      spread(complex::ImOp::create(
                          builder, loc, number.getElementType(), value)));
  return vector::BroadcastOp::create(
      builder, loc, VectorType::get(lanes, value.getType()), value);
}

/// Complex numbers as they lie in memory.
Value NestLowering::interleave(Value re, Value im) {
  int64_t count = cast<VectorType>(re.getType()).getNumElements();
  SmallVector<int64_t> places;
  for (int64_t i = 0; i < count; ++i)
    places.append({i, count + i});
  return vector::ShuffleOp::create(builder, loc, re, im, places);
}

Value NestLowering::part(Value interleaved, bool imaginary) {
  SmallVector<int64_t> places;
  for (int64_t i = imaginary,
               count = cast<VectorType>(interleaved.getType()).getNumElements();
       i < count; i += 2)
    places.push_back(i);
  return vector::ShuffleOp::create(builder, loc, interleaved, interleaved,
                                   places);
}

/// The mask for the elements of such a vector: complex numbers have two in each
/// lane.
Value NestLowering::maskOfElements(Type vector) {
  int64_t count = cast<VectorType>(vector).getNumElements();
  return count == lanes ? mask : interleave(mask, mask);
}

/// Lanes below `count`.
Value NestLowering::maskOf(Value count) {
  std::optional<int64_t> known = getConstantIntValue(count);
  present = known && llvm::isPowerOf2_64(*known) ? *known : 0;
  SmallVector<int32_t> numbers;
  for (int32_t lane = 0; lane < lanes; ++lane)
    numbers.push_back(lane);
  auto type = VectorType::get(lanes, builder.getI32Type());
  Value lane = arith::ConstantOp::create(
      builder, loc, type, DenseElementsAttr::get(type, ArrayRef(numbers)));
  Value narrow =
      arith::IndexCastOp::create(builder, loc, builder.getI32Type(), count);
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, lane,
                               spread(narrow));
}

Value NestLowering::loadVector(Value memref, ValueRange indices) {
  VectorType type =
      vectorOf(lanes, cast<MemRefType>(memref.getType()).getElementType());
  Values first = vectorPlace(memref, indices);
  if (!mask)
    return vector::LoadOp::create(builder, loc, type, memref, first);
  Value none =
      arith::ConstantOp::create(builder, loc, builder.getZeroAttr(type));
  // What is stored under a mask is not found by what is loaded next, nor can it
  // stay in a register.
  if (present) {
    int64_t all = type.getNumElements(), some = present * (all / lanes);
    auto few = VectorType::get(some, type.getElementType());
    Value loaded = vector::LoadOp::create(builder, loc, few, memref, first);
    auto places = llvm::to_vector(llvm::seq<int64_t>(0, all));
    for (int64_t &place : MutableArrayRef(places).drop_front(some))
      place += some; // of the zeros
    return vector::ShuffleOp::create(builder, loc, loaded, none, places);
  }
  return vector::MaskedLoadOp::create(builder, loc, type, memref, first,
                                      maskOfElements(type), none);
}

/// Where a vector of elements begins; of complex numbers, in the memory of
/// their parts.
NestLowering::Values NestLowering::vectorPlace(Value &memref, ValueRange at) {
  Values place(at);
  if (!isa<ComplexType>(cast<MemRefType>(memref.getType()).getElementType()))
    return place;
  memref = tfc::rt::PartsOp::create(builder, loc, memref);
  place.back() =
      builder.createOrFold<arith::MulIOp>(loc, place.back(), constant(2));
  return place;
}

/// The operand's elements of the next iterations, wherever they are.
Value NestLowering::gather(OpOperand &operand) {
  unsigned dim = strategy.order.back();
  Value start = ivs[dim];
  Values elements;
  for (int64_t lane = 0; lane < lanes; ++lane) {
    ivs[dim] = builder.createOrFold<arith::AddIOp>(loc, start, constant(lane));
    Value element =
        memref::LoadOp::create(builder, loc, operand.get(), indices(operand));
    if (auto number = dyn_cast<ComplexType>(element.getType()))
      elements.append({complex::ReOp::create(builder, loc,
                                             number.getElementType(), element),
                       complex::ImOp::create(
                           builder, loc, number.getElementType(), element)});
    else
      elements.push_back(element);
  }
  ivs[dim] = start;
  auto type = VectorType::get(elements.size(), elements.front().getType());
  return vector::FromElementsOp::create(builder, loc, type, elements);
}

/// A loop that goes on until all lanes are done. Those that are done keep what
/// they have.
NestLowering::Values
NestLowering::loopOfVectors(scf::WhileOp loop, ValueRange inits,
                            InRegion inside,
                            llvm::function_ref<Value(Value)> asVector) {
  size_t count = loop.getNumResults();
  SmallVector<Type> types;
  for (Type type : loop.getResultTypes())
    types.push_back(VectorType::get(lanes, type));
  // Behind the results: what the iteration begins with, and which lanes go on.
  llvm::append_range(types, inits.getTypes());
  types.push_back(VectorType::get(lanes, builder.getI1Type()));
  auto made =
      scf::WhileOp::create(builder, loc, types, inits, nullptr, nullptr);
  made->setDiscardableAttrs(loop->getDiscardableAttrDictionary());
  OpBuilder::InsertionGuard guard(builder);
  Block *before = made.getBeforeBody(), *after = made.getAfterBody();
  builder.setInsertionPointToEnd(before);
  inside(loop.getBefore(), before->getArguments(), [&](Operation *end) {
    auto condition = cast<scf::ConditionOp>(end);
    Value goesOn = asVector(condition.getCondition());
    Values forwarded = llvm::map_to_vector(condition.getArgs(), asVector);
    llvm::append_range(forwarded, before->getArguments());
    forwarded.push_back(goesOn);
    Value any = vector::ReductionOp::create(builder, loc,
                                            vector::CombiningKind::OR, goesOn);
    scf::ConditionOp::create(builder, loc, any, forwarded);
  });
  builder.setInsertionPointToEnd(after);
  inside(loop.getAfter(), after->getArguments().take_front(count),
         [&](Operation *end) {
           Values next;
           for (auto [value, old] : llvm::zip_equal(
                    end->getOperands(),
                    after->getArguments().slice(count, inits.size())))
             next.push_back(arith::SelectOp::create(
                 builder, loc, after->getArguments().back(), asVector(value),
                 old));
           scf::YieldOp::create(builder, loc, next);
         });
  return Values(made.getResults().take_front(count));
}

/// The body for `lanes` iterations; of a reduction what is combined with the
/// accumulator.
NestLowering::Values NestLowering::elementOfVectors(ValueRange operands) {
  Block &block = *op.getBlock();
  auto shapeOf = [&](Value value) {
    auto known = shapes.find(value);
    return known == shapes.end() ? Shape::uniform : known->second;
  };
  IRMapping scalars, vectors; // the first lane of numbers is among the scalars
  DenseMap<Value, std::pair<Value, Value>> parts; // of complex numbers, apart
  auto asVector = [&](Value value) {
    if (Value known = vectors.lookupOrNull(value))
      return known;
    if (auto apart = parts.lookup(value); apart.first) {
      Value together = interleave(apart.first, apart.second);
      vectors.map(value, together);
      return together;
    }
    Value scalar = scalars.lookupOrDefault(value), result = spread(scalar);
    if (shapeOf(value) == Shape::number) {
      SmallVector<int64_t> lane;
      for (int64_t i = 0; i < lanes; ++i)
        lane.push_back(i);
      auto type = VectorType::get(lanes, builder.getIndexType());
      Value steps = arith::ConstantOp::create(
          builder, loc, type,
          DenseIntElementsAttr::get(type, ArrayRef<int64_t>(lane)));
      if (!scalar.getType().isIndex())
        steps =
            arith::IndexCastOp::create(builder, loc, result.getType(), steps);
      result = arith::AddIOp::create(builder, loc, result, steps);
    }
    vectors.map(value, result);
    return result;
  };
  auto apart = [&](Value value) {
    std::pair<Value, Value> &known = parts[value];
    if (!known.first) {
      Value together = asVector(value);
      known = {part(together, /*imaginary=*/false),
               part(together, /*imaginary=*/true)};
    }
    return known;
  };
  auto buildComplex = [&](Operation &nested) {
    Value result = nested.getResult(0);
    ValueRange from = nested.getOperands();
    if (isa<complex::ReOp>(nested))
      return vectors.map(result, apart(from[0]).first);
    if (isa<complex::ImOp>(nested))
      return vectors.map(result, apart(from[0]).second);
    std::pair<Value, Value> made;
    auto both = [&](auto build) { made = {build(false), build(true)}; };
    auto of = [&](Value value, bool imaginary) {
      return imaginary ? apart(value).second : apart(value).first;
    };
    if (isa<complex::CreateOp>(nested)) {
      made = {asVector(from[0]), asVector(from[1])};
    } else if (isa<complex::AddOp, complex::SubOp>(nested)) {
      auto build = [&](Value x, Value y) -> Value {
        if (isa<complex::AddOp>(nested))
          return arith::AddFOp::create(builder, loc, x, y);
        return arith::SubFOp::create(builder, loc, x, y);
      };
      // As they lie in memory, where nobody has taken them apart.
      auto isTogether = [&](Value value) {
        return vectors.contains(value) && !parts.contains(value);
      };
      if (isTogether(from[0]) && isTogether(from[1]))
        return vectors.map(
            result, build(vectors.lookup(from[0]), vectors.lookup(from[1])));
      both([&](bool imaginary) {
        return build(of(from[0], imaginary), of(from[1], imaginary));
      });
    } else if (isa<complex::NegOp>(nested)) {
      both([&](bool imaginary) -> Value {
        return arith::NegFOp::create(builder, loc, of(from[0], imaginary));
      });
    } else if (isa<complex::ConjOp>(nested)) {
      made = {of(from[0], false),
              arith::NegFOp::create(builder, loc, of(from[0], true))};
    } else {
      Value condition = asVector(from[0]);
      both([&](bool imaginary) -> Value {
        return arith::SelectOp::create(builder, loc, condition,
                                       of(from[1], imaginary),
                                       of(from[2], imaginary));
      });
    }
    parts[result] = made;
  };
  for (auto [argument, value] : llvm::zip(block.getArguments(), operands))
    if (value)
      (isa<VectorType>(value.getType()) ? vectors : scalars)
          .map(argument, value);

  auto build = [&](auto &self, Operation &nested) -> void {
    Value result = nested.getNumResults() ? nested.getResult(0) : Value();
    bool isScalar = !result || shapeOf(result) != Shape::vector;
    if (auto index = dyn_cast<linalg::IndexOp>(nested)) {
      scalars.map(index.getResult(), ivs[index.getDim()]);
    } else if (isScalar) {
      builder.clone(nested, scalars);
    } else if (auto load = dyn_cast<memref::LoadOp>(nested)) {
      bool isElsewhere = llvm::is_contained(elsewhere, load);
      Values indices;
      for (Value index : load.getIndices())
        indices.push_back(isElsewhere && shapeOf(index) != Shape::uniform
                              ? asVector(index)
                              : scalars.lookupOrDefault(index));
      Value memref = scalars.lookupOrDefault(load.getMemRef());
      vectors.map(result, isElsewhere ? gatherAt(memref, indices)
                                      : loadVector(memref, indices));
    } else if (isComplexOp(nested)) {
      buildComplex(nested);
    } else if (auto loop = dyn_cast<scf::WhileOp>(nested)) {
      Values inits = llvm::map_to_vector(loop.getInits(), asVector);
      // What is spread inside of a region is known there only.
      auto inside = [&](Region &region, ValueRange arguments,
                        llvm::function_ref<void(Operation *)> end) {
        IRMapping scalarsBefore = scalars, vectorsBefore = vectors;
        vectors.map(region.getArguments(), arguments);
        for (Operation &op : region.front().without_terminator())
          self(self, op);
        end(region.front().getTerminator());
        scalars = scalarsBefore;
        vectors = vectorsBefore;
      };
      Values made = loopOfVectors(loop, inits, inside, asVector);
      vectors.map(loop.getResults(), made);
    } else {
      IRMapping mapping;
      for (Value operand : nested.getOperands())
        mapping.map(operand, asVector(operand));
      Operation *clone = builder.clone(nested, mapping);
      clone->getResult(0).setType(VectorType::get(lanes, result.getType()));
      vectors.map(result, clone->getResult(0));
    }
  };
  for (Operation &nested : block.without_terminator())
    if ((&nested != strategy.combiner || !reducing) &&
        !picking.contains(&nested))
      build(build, nested);
  Values results;
  if (reducing) {
    Value accumulator = op.getMatchingBlockArgument(op.getDpsInitOperand(0));
    Value next = strategy.combiner->getOperand(
        strategy.combiner->getOperand(0) == accumulator);
    return {asVector(next)};
  }
  for (Value value : strategy.picks ? ValueRange(picked)
                                    : block.getTerminator()->getOperands())
    results.push_back(asVector(value));
  return results;
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

/// Returns the loop's results.
NestLowering::Values
NestLowering::forLoop(Value from, Value to, int64_t step, ValueRange carried,
                      llvm::function_ref<Values(ValueRange)> body) {
  unsigned dim = strategy.order.back();
  auto loop =
      scf::ForOp::create(builder, loc, from, to, constant(step), carried);
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

/// Calls `step(carried, lanes, how many vectors, mask)` for pieces of the
/// innermost loop, at `ivs`.
NestLowering::Values NestLowering::cutLoop(Values carried, Step step) {
  unsigned dim = strategy.order.back();
  int64_t lanes = strategy.lanes, block = lanes * strategy.unroll;
  if (wholeBlock && strategy.blockLevel + 1 == strategy.order.size())
    return forLoop(first[dim], last[dim], block, carried, [&](ValueRange now) {
      return step(Values(now), lanes, strategy.unroll, {});
    });
  std::optional<int64_t> known;
  if (isConstantIntValue(first[dim], 0))
    known = getConstantIntValue(last[dim]);
  if (known) {
    int64_t size = *known, blocks = size - size % block,
            whole = size - size % lanes, rest = size % lanes;
    if (blocks > block) {
      carried = forLoop(constant(0), constant(blocks), block, carried,
                        [&](ValueRange now) {
                          return step(Values(now), lanes, strategy.unroll, {});
                        });
    } else if (blocks) {
      ivs[dim] = constant(0);
      carried = step(carried, lanes, strategy.unroll, {});
    }
    if (whole > blocks) {
      ivs[dim] = constant(blocks);
      carried = step(carried, lanes, (whole - blocks) / lanes, {});
    }
    bool carries = !carried.empty();
    if (rest && strategy.masks &&
        (carries || bodyOps > 24 || llvm::popcount(uint64_t(rest)) > 2)) {
      ivs[dim] = constant(whole);
      return step(carried, lanes, 1, constant(rest));
    }
    if (rest && carries)
      return forLoop(
          constant(whole), constant(size), 1, carried,
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
  carried = forLoop(first[dim], whole, block, carried, [&](ValueRange now) {
    return step(Values(now), lanes, strategy.unroll, {});
  });
  if (strategy.unroll > 1) {
    Value from = whole;
    whole = down(from, lanes);
    carried = forLoop(from, whole, lanes, carried, [&](ValueRange now) {
      return step(Values(now), lanes, 1, {});
    });
  }
  // Under a mask, vectors of whole rows would reach too far.
  bool masks = strategy.masks && !strategy.columns;
  int64_t rest = masks ? lanes : 1;
  return forLoop(whole, last[dim], rest, carried, [&](ValueRange now) {
    Value left = masks
                     ? arith::SubIOp::create(builder, loc, last[dim], ivs[dim])
                           .getResult()
                     : Value();
    return step(Values(now), rest, 1, left);
  });
}

/// What the innermost loop does not change is loaded before it.
void NestLowering::hoistLoads() {
  if (strategy.jam)
    return;
  for (OpOperand *input : op.getDpsInputOperands())
    if (isa<MemRefType>(input->get().getType()) &&
        !uses(*input, strategy.order.back()) &&
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
    knownLanes = left ? getConstantIntValue(left).value_or(0) : 0;
    for (int64_t i = 0; i < vectors; ++i) {
      behind = i * width;
      if (i)
        ivs[dim] = builder.createOrFold<arith::AddIOp>(loc, start,
                                                       constant(i * width));
      body();
    }
    behind = knownLanes = 0;
    lanes = 1;
    mask = {};
    return Values();
  });
  hoisted.clear();
}
