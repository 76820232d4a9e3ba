//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Reductions, with the elementwise ops before them in the same loop.
//===----------------------------------------------------------------------===//

#include "Reduction.h"
#include "Body.h"
#include "Rows.h"
#include "Scalars.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "tfc/Dialect/TFC/IR/TFC.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

static constexpr auto reassociate =
    arith::FastMathFlags::reassoc | arith::FastMathFlags::contract;

namespace {
/// The type a reduction computes in, what it starts from, and one step.
struct Rule {
  Value (*neutral)(OpBuilder &, Location, Type);
  Value (*combine)(OpBuilder &, Location, Type, Value, Value);
};
} // namespace

template <typename FloatOp, typename IntOp, typename UintOp, typename ComplexOp>
static Value combine(OpBuilder &b, Location loc, Type type, Value x, Value y) {
  if (isFloat(type)) {
    // Only sums and products depend on the order; the flags say that any order
    // will do.
    if constexpr (std::is_same_v<FloatOp, arith::AddFOp> ||
                  std::is_same_v<FloatOp, arith::MulFOp>)
      return FloatOp::create(b, loc, x, y, reassociate);
    else
      return FloatOp::create(b, loc, x, y);
  }
  if constexpr (!std::is_void_v<ComplexOp>)
    if (isComplex(type))
      return ComplexOp::create(b, loc, x, y);
  if (isUnsigned(type))
    return UintOp::create(b, loc, x, y);
  return IntOp::create(b, loc, x, y);
}

Value lowering::greater(OpBuilder &b, Location loc, Type type, Value x,
                        Value y) {
  return combine<arith::MaximumFOp, arith::MaxSIOp, arith::MaxUIOp, void>(
      b, loc, type, x, y);
}

template <int number>
static Value neutral(OpBuilder &b, Location loc, Type type) {
  return numberScalar(b, loc, type, number);
}
template <bool greatest>
static Value extreme(OpBuilder &b, Location loc, Type type) {
  return extremeScalar(b, loc, type, greatest);
}

static Rule ruleOf(Operation *op) {
  using namespace arith;
  if (isa<ReduceSumOp, SumToOp>(op))
    return {neutral<0>, combine<AddFOp, AddIOp, AddIOp, complex::AddOp>};
  if (isa<ReduceProdOp>(op))
    return {neutral<1>, combine<MulFOp, MulIOp, MulIOp, complex::MulOp>};
  if (isa<ReduceMaxOp>(op))
    return {extreme<false>, combine<MaximumFOp, MaxSIOp, MaxUIOp, void>};
  if (isa<ReduceMinOp>(op))
    return {extreme<true>, combine<MinimumFOp, MinSIOp, MinUIOp, void>};
  if (isa<ReduceAnyOp>(op))
    return {neutral<0>, combine<AddFOp, OrIOp, OrIOp, void>};
  return {neutral<1>, combine<AddFOp, AndIOp, AndIOp, void>};
}

/// Those of halves are kept in f32 (extremes on a device, whose vectors are no
/// wider for it, as they are), bools in bytes (0 or 1), of which vectors
/// have 64.
static Type accumulatorType(Operation *op, Type element) {
  if (isa<ReduceAnyOp, ReduceAllOp>(op))
    return IntegerType::get(op->getContext(), 8, IntegerType::Unsigned);
  bool isExtreme = isa<ReduceMaxOp, ReduceMinOp, ArgmaxOp, ArgminOp>(op);
  if (isHalf(element) && !(isExtreme && isForDevice(op)))
    return Float32Type::get(op->getContext());
  return element;
}

/// Reduces `x` over `axes`: a tensor (rank 0 too) of storage type of the
/// accumulator.
static Value reduce(Lowering &l, Operation *op, Value x, ArrayRef<int64_t> axes,
                    ArrayRef<Dim> kept, Type accumulator) {
  Rule rule = ruleOf(op);
  Value start =
      toStorage(l.b, l.loc, rule.neutral(l.b, l.loc, accumulator), accumulator);
  Value init = l.filled(kept, accumulator, start);
  Body body(l, l.dims.of(x));
  Type element = elementOf(x);
  Value scalar = body.element(x, body.identity());
  if (!scalar)
    return {};
  SmallVector<AffineExpr> indices;
  for (auto [i, index] : llvm::enumerate(body.identity()))
    if (!llvm::is_contained(axes, static_cast<int64_t>(i)))
      indices.push_back(index);
  Value before =
      toScalar(body.in, l.loc, body.addOutput(init, indices), accumulator);
  if (element != accumulator)
    scalar = castScalar(body.in, l.loc, scalar, element, accumulator);
  Value after = rule.combine(body.in, l.loc, accumulator, before, scalar);
  return body.finish(toStorage(body.in, l.loc, after, accumulator), axes)[0];
}

/// The lowered value of a reduction's result, of `kept` dimensions then
/// reshaped to its own.
static Value finish(Lowering &l, Value tensor, ArrayRef<Dim> kept,
                    Type accumulator, Value result) {
  Type element = elementOf(result);
  if (kept.empty()) {
    Value scalar = castScalar(l.b, l.loc, l.extract(tensor, {}, accumulator),
                              accumulator, element);
    if (rankOf(result) == 0)
      return scalar;
    return tensor::FromElementsOp::create(
        l.b, l.loc, l.tensorType(result),
        toStorage(l.b, l.loc, scalar, element));
  }
  if (element != accumulator &&
      !isBool(element)) { // whose storage is bytes, too
    Body body(l, kept);
    Value narrow =
        castScalar(body.in, l.loc, body.load(tensor, body.identity()),
                   accumulator, element);
    body.addOutput(l.empty(kept, element), body.identity());
    tensor = body.finish(narrow)[0];
  }
  return l.reshape(tensor, kept, l.dims.of(result));
}

static LogicalResult lowerReduction(Lowering &l, Operation *op) {
  Value x = op->getOperand(0), result = op->getResult(0);
  if (rankOf(x) == 0) {
    l.set(result, l.value(x));
    return success();
  }
  auto axes = op->getAttrOfType<DenseI64ArrayAttr>("axes").asArrayRef();
  Type accumulator = accumulatorType(op, elementOf(x));
  Dims kept;
  for (auto [i, dim] : llvm::enumerate(l.dims.of(x)))
    if (!llvm::is_contained(axes, static_cast<int64_t>(i)))
      kept.push_back(dim);
  Value tensor = reduce(l, op, x, axes, kept, accumulator);
  if (!tensor)
    return failure();
  l.set(result, finish(l, tensor, kept, accumulator, result));
  return success();
}

/// Sums at run time over whatever dimensions are 1 in the result and more in
/// the operand.
static Value sumToUnknown(Lowering &l, SumToOp op, Type accumulator) {
  Value x = op.getX();
  ArrayRef<Dim> from = l.dims.of(x), to = l.dims.of(op.getResult());
  Value zero = toStorage(l.b, l.loc, numberScalar(l.b, l.loc, accumulator, 0),
                         accumulator);
  Value source = l.value(x);
  SmallVector<Value> extents;
  for (Dim dim : from)
    extents.push_back(l.size(dim));
  SmallVector<Value> stretches; // null: not known to be 1 or equal
  Value one = l.constantIndex(1);
  size_t missing = from.size() - to.size();
  for (auto [i, dim] : llvm::enumerate(to))
    stretches.push_back(dim == from[missing + i]
                            ? Value()
                            : arith::CmpIOp::create(l.b, l.loc,
                                                    arith::CmpIPredicate::eq,
                                                    l.size(dim), one)
                                  .getResult());
  // Of floats, a second tensor keeps what roundings take away (Knuth's
  // two-sum).
  bool keepsLost = isFloat(accumulator);
  SmallVector<Value> start{l.filled(to, accumulator, zero)};
  if (keepsLost)
    start.push_back(l.filled(to, accumulator, zero));
  auto minus = [&](Value x, Value y) {
    return arith::SubFOp::create(l.b, l.loc, x, y).getResult();
  };
  SmallVector<Value> sums =
      l.loopNest(extents, start, [&](ValueRange ivs, ValueRange carried) {
        SmallVector<Value> at;
        for (auto [i, isOne] : llvm::enumerate(stretches))
          at.push_back(isOne ? arith::SelectOp::create(l.b, l.loc, isOne,
                                                       l.constantIndex(0),
                                                       ivs[missing + i])
                                   .getResult()
                             : ivs[missing + i]);
        Value element =
            castScalar(l.b, l.loc, l.extract(source, ivs, elementOf(x)),
                       elementOf(x), accumulator);
        Value before = l.extract(carried[0], at, accumulator);
        if (!keepsLost) {
          Value after =
              ruleOf(op).combine(l.b, l.loc, accumulator, before, element);
          return SmallVector<Value>{
              l.insert(after, carried[0], at, accumulator)};
        }
        Value after = arith::AddFOp::create(l.b, l.loc, before, element),
              part = minus(after, before);
        Value error =
            arith::AddFOp::create(l.b, l.loc, minus(before, minus(after, part)),
                                  minus(element, part));
        Value lost = arith::AddFOp::create(
            l.b, l.loc, l.extract(carried[1], at, accumulator), error);
        return SmallVector<Value>{l.insert(after, carried[0], at, accumulator),
                                  l.insert(lost, carried[1], at, accumulator)};
      });
  if (!keepsLost)
    return sums[0];
  Body body(l, to);
  Value total = body.load(sums[0], body.identity()),
        lost = body.load(sums[1], body.identity());
  Value isLost = arith::CmpFOp::create(body.in, l.loc,
                                       arith::CmpFPredicate::UNO, lost, lost);
  Value whole = arith::AddFOp::create(body.in, l.loc, total, lost);
  body.addOutput(l.empty(to, accumulator), body.identity());
  return body.finish(
      arith::SelectOp::create(body.in, l.loc, isLost, total, whole)
          .getResult())[0];
}

static LogicalResult lowerSumTo(Lowering &l, SumToOp op) {
  Value x = op.getX(), result = op.getResult();
  if (rankOf(x) == 0) {
    l.set(result, l.value(x));
    return success();
  }
  l.defineSizes(result, op.getShape());
  ArrayRef<Dim> from = l.dims.of(x), to = l.dims.of(result);
  SmallVector<int64_t> axes;
  Dims kept;
  bool known = true;
  for (auto [i, dim] : llvm::enumerate(from)) {
    size_t missing = from.size() - to.size();
    bool reduced = i < missing || (to[i - missing] == 1 && dim != 1);
    known &= reduced || to[i - missing] == dim;
    if (reduced)
      axes.push_back(i);
    else
      kept.push_back(dim);
  }
  Type accumulator = accumulatorType(op, elementOf(x));
  if (!known) {
    l.set(result,
          finish(l, sumToUnknown(l, op, accumulator), to, accumulator, result));
    return success();
  }
  if (axes.empty()) {
    l.set(result, l.value(x));
    return success();
  }
  l.set(result, finish(l, reduce(l, op, x, axes, kept, accumulator), kept,
                       accumulator, result));
  return success();
}

//===----------------------------------------------------------------------===//
// Positions of extremes
//===----------------------------------------------------------------------===//

Value lowering::isBetter(OpBuilder &b, Location loc, Type type, bool greatest,
                         Value x, Value best) {
  if (!isFloat(type)) {
    auto predicate = isUnsigned(type) ? (greatest ? arith::CmpIPredicate::ugt
                                                  : arith::CmpIPredicate::ult)
                                      : (greatest ? arith::CmpIPredicate::sgt
                                                  : arith::CmpIPredicate::slt);
    return arith::CmpIOp::create(b, loc, predicate, x, best);
  }
  auto predicate =
      greatest ? arith::CmpFPredicate::OGT : arith::CmpFPredicate::OLT;
  Value better = arith::CmpFOp::create(b, loc, predicate, x, best);
  Value nan = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNO, x, x);
  Value firstNan = arith::AndIOp::create(
      b, loc, nan,
      arith::CmpFOp::create(b, loc, arith::CmpFPredicate::ORD, best, best));
  return arith::OrIOp::create(b, loc, better, firstNan);
}

/// One reduction carries the best element so far and where it was;
/// `tfc-linalg-to-loops` knows its form.
template <typename Op>
static LogicalResult lowerArgReduction(Lowering &l, Op op) {
  constexpr bool greatest = std::is_same_v<Op, ArgmaxOp>;
  Value x = op.getX();
  Type element = accumulatorType(op, elementOf(x)),
       position = elementOf(op.getResult());
  ArrayRef<Dim> space = l.dims.of(x);
  Dims kept(space);
  kept.erase(kept.begin() + op.getAxis());
  // Numbers as wide as elements leave as many in a vector.
  Dim extent = space[op.getAxis()];
  bool isShort = extent >= 0 && extent < std::numeric_limits<int32_t>::max();
  Type number = isShort ? l.b.getI32Type() : l.b.getI64Type();
  Value best =
      l.filled(kept, element, extremeScalar(l.b, l.loc, element, !greatest));
  Value first = l.filled(kept, number, numberScalar(l.b, l.loc, number, 0));
  Body body(l, space);
  Value scalar = body.element(x, body.identity());
  if (!scalar)
    return failure();
  if (element != elementOf(x))
    scalar = castScalar(body.in, l.loc, scalar, elementOf(x), element);
  SmallVector<AffineExpr> indices = body.identity();
  indices.erase(indices.begin() + op.getAxis());
  Value bestBefore =
      toScalar(body.in, l.loc, body.addOutput(best, indices), element);
  Value positionBefore = body.addOutput(first, indices);
  Value better =
      isBetter(body.in, l.loc, element, greatest, scalar, bestBefore);
  Value index = arith::IndexCastOp::create(body.in, l.loc, number,
                                           body.iteration(op.getAxis()));
  Value bestAfter =
      arith::SelectOp::create(body.in, l.loc, better, scalar, bestBefore);
  Value positionAfter =
      arith::SelectOp::create(body.in, l.loc, better, index, positionBefore);
  Value places = body.finish(
      {toStorage(body.in, l.loc, bestAfter, element), positionAfter},
      op.getAxis())[1];
  if (number != position && !kept.empty()) {
    Body cast(l, kept);
    Value wide = castScalar(cast.in, l.loc, cast.load(places, cast.identity()),
                            number, position);
    cast.addOutput(l.empty(kept, position), cast.identity());
    places = cast.finish(toStorage(cast.in, l.loc, wide, position))[0];
  }
  if (kept.empty())
    l.set(op.getResult(), castScalar(l.b, l.loc, l.extract(places, {}, number),
                                     number, position));
  else
    l.set(op.getResult(), places);
  return success();
}

void lowering::addReductionHandlers(Handlers &handlers) {
  for (StringRef name :
       {ReduceSumOp::getOperationName(), ReduceProdOp::getOperationName(),
        ReduceMaxOp::getOperationName(), ReduceMinOp::getOperationName(),
        ReduceAnyOp::getOperationName(), ReduceAllOp::getOperationName()})
    handlers[name] = lowerReduction;
  addHandler<SumToOp, lowerSumTo>(handlers);
  addHandler<ArgmaxOp, lowerArgReduction<ArgmaxOp>>(handlers);
  addHandler<ArgminOp, lowerArgReduction<ArgminOp>>(handlers);
}
