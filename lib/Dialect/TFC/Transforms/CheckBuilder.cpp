//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Conditions and assertions before an op.
//===----------------------------------------------------------------------===//

#include "CheckBuilder.h"

using namespace mlir;
using namespace tfc;

//===----------------------------------------------------------------------===//
// Integers
//===----------------------------------------------------------------------===//

Value CheckBuilder::scalar(int64_t value) {
  auto type = RankedTensorType::get({}, builder.getI64Type());
  return ConstantOp::create(builder, loc, DenseElementsAttr::get(type, value));
}

Value CheckBuilder::vector(ArrayRef<int64_t> values) {
  auto type =
      RankedTensorType::get({int64_t(values.size())}, builder.getI64Type());
  return ConstantOp::create(builder, loc, DenseElementsAttr::get(type, values));
}

Value CheckBuilder::shape(Value tensor) {
  auto type = ranked(tensor);
  if (type.hasStaticShape())
    return vector(type.getShape());
  return ShapeOfOp::create(builder, loc, tensor,
                           TypeAttr::get(builder.getI64Type()));
}

Value CheckBuilder::element(Value vector, int64_t position) {
  Value box = SliceOp::create(
      builder, loc, vector, builder.getDenseI64ArrayAttr({position}),
      builder.getDenseI64ArrayAttr({1}), builder.getDenseI64ArrayAttr({1}));
  return ReshapeOp::create(builder, loc, box, builder.getDenseI64ArrayAttr({}));
}

Value CheckBuilder::dimension(Value tensor, int64_t axis) {
  auto type = ranked(tensor);
  if (!type.isDynamicDim(axis))
    return scalar(type.getDimSize(axis));
  return element(shape(tensor), axis);
}

Value CheckBuilder::dimensions(Value tensor, int64_t first, int64_t last) {
  auto sizes = ranked(tensor).getShape().slice(first, last - first);
  if (llvm::none_of(sizes, ShapedType::isDynamic))
    return vector(sizes);
  return SliceOp::create(builder, loc, shape(tensor),
                         builder.getDenseI64ArrayAttr({first}),
                         builder.getDenseI64ArrayAttr({last - first}),
                         builder.getDenseI64ArrayAttr({1}));
}

Value CheckBuilder::join(ArrayRef<Value> vectors) {
  if (vectors.size() == 1)
    return vectors.front();
  return ConcatOp::create(builder, loc, vectors, builder.getI64IntegerAttr(0));
}

Value CheckBuilder::toI64(Value integers) {
  if (ranked(integers).getElementType() == builder.getI64Type())
    return integers;
  return CastOp::create(builder, loc, integers,
                        TypeAttr::get(builder.getI64Type()));
}

Value CheckBuilder::withoutLast(Value tensor) {
  int64_t last = ranked(tensor).getRank() - 1;
  auto expanded = tensor.getDefiningOp<ExpandDimsOp>();
  if (expanded && isa<RankedTensorType>(expanded.getX().getType()) &&
      llvm::equal(expanded.getAxes(), ArrayRef<int64_t>(last)))
    return expanded.getX();
  return SqueezeOp::create(builder, loc, tensor,
                           builder.getDenseI64ArrayAttr({last}));
}

Value CheckBuilder::product(Value vector) {
  return ReduceProdOp::create(builder, loc, vector,
                              builder.getDenseI64ArrayAttr({0}),
                              builder.getBoolAttr(false));
}

Value CheckBuilder::negate(Value integers) {
  return make<SubOp>(scalar(0), integers);
}

Value CheckBuilder::countTrue(Value bools) {
  Value ones =
      CastOp::create(builder, loc, bools, TypeAttr::get(builder.getI64Type()));
  return ReduceSumOp::create(builder, loc, ones,
                             builder.getDenseI64ArrayAttr({0}),
                             builder.getBoolAttr(false));
}

//===----------------------------------------------------------------------===//
// Conditions
//===----------------------------------------------------------------------===//

Value CheckBuilder::both(Value a, Value b) {
  if (!a || !b)
    return a ? a : b;
  return make<LogicalAndOp>(a, b);
}

Value CheckBuilder::either(Value a, Value b) {
  if (!a || !b)
    return {};
  return make<LogicalOrOp>(a, b);
}

Value CheckBuilder::allOf(Value bools) {
  int64_t rank = ranked(bools).getRank();
  if (rank == 0)
    return bools;
  auto axes = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  return ReduceAllOp::create(builder, loc, bools,
                             builder.getDenseI64ArrayAttr(axes),
                             builder.getBoolAttr(false));
}

Value CheckBuilder::inside(Value x, Value bound) {
  Value low = make<GreaterEqualOp>(x, scalar(0));
  Value high = make<LessOp>(x, bound);
  return both(low, high);
}

/// One comparison of each index, as an unsigned number in its own type, if the
/// sizes are known: twice as many of 32 bits as of 64 are in a vector.
Value CheckBuilder::insideSizes(Value x, Value sized, int64_t first,
                                int64_t last) {
  ArrayRef<int64_t> bounds =
      ranked(sized).getShape().slice(first, last - first);
  auto type = cast<IntegerType>(ranked(x).getElementType());
  bool fits = type.getWidth() >= 32 && llvm::all_of(bounds, [](int64_t size) {
                return !ShapedType::isDynamic(size) && llvm::isInt<32>(size);
              });
  bool isOne = llvm::all_equal(bounds);
  if (!fits)
    return inside(toI64(x), bounds.size() == 1
                                ? dimension(sized, first)
                                : dimensions(sized, first, last));
  Type number = IntegerType::get(builder.getContext(), type.getWidth(),
                                 IntegerType::Unsigned);
  if (x.getType() != ranked(x).clone(number))
    x = BitcastOp::create(builder, loc, x, TypeAttr::get(number));
  auto isBelow = [&](Value numbers, int64_t repeats) {
    SmallVector<APInt> all;
    for (int64_t i = 0; i < repeats; ++i)
      for (int64_t bound : isOne ? bounds.take_front() : bounds)
        all.push_back(APInt(type.getWidth(), bound));
    SmallVector<int64_t> shape;
    if (!isOne)
      shape.push_back(all.size());
    auto limits =
        DenseElementsAttr::get(RankedTensorType::get(shape, number), all);
    return make<LessOp>(numbers, ConstantOp::create(builder, loc, limits));
  };
  // Many vectors of numbers with bounds of their own are looked at a few at a
  // time, so that the innermost loop is long enough for vectors.
  constexpr int64_t together = 16;
  auto whole = ranked(x);
  if (isOne || !whole.hasStaticShape() ||
      whole.getNumElements() < 4 * together * int64_t(bounds.size()))
    return isBelow(x, 1);
  auto reshape = [&](Value tensor, ArrayRef<int64_t> shape) -> Value {
    return ReshapeOp::create(builder, loc, tensor,
                             builder.getDenseI64ArrayAttr(shape));
  };
  int64_t numbers = whole.getNumElements(), row = together * bounds.size(),
          rest = numbers % row;
  Value flat = reshape(x, numbers);
  auto slice = [&](int64_t from, int64_t size) -> Value {
    return SliceOp::create(
        builder, loc, flat, builder.getDenseI64ArrayAttr(from),
        builder.getDenseI64ArrayAttr(size), builder.getDenseI64ArrayAttr(1));
  };
  Value rows = rest ? slice(0, numbers - rest) : flat;
  Value fitting = allOf(isBelow(reshape(rows, {numbers / row, row}), together));
  if (rest == 0)
    return fitting;
  return both(fitting, allOf(isBelow(slice(numbers - rest, rest),
                                     rest / int64_t(bounds.size()))));
}

Value CheckBuilder::sameDimension(Value a, int64_t axisA, Value b,
                                  int64_t axisB) {
  if (sizes.dimension(a, axisA) == sizes.dimension(b, axisB))
    return {};
  return make<EqualOp>(dimension(a, axisA), dimension(b, axisB));
}

Value CheckBuilder::broadcast(Value a, int64_t axisA, Value b, int64_t axisB) {
  Size x = sizes.dimension(a, axisA), y = sizes.dimension(b, axisB);
  if (x == y || x.is(1) || y.is(1))
    return {};
  Value m = dimension(a, axisA), n = dimension(b, axisB);
  Value fits = make<EqualOp>(m, n);
  if (!x.isConstant())
    fits = either(fits, make<EqualOp>(m, scalar(1)));
  if (!y.isConstant())
    fits = either(fits, make<EqualOp>(n, scalar(1)));
  return fits;
}

void CheckBuilder::require(Value condition, StringRef message,
                           ArrayRef<Value> data) {
  if (!condition)
    return;
  AssertOp::create(builder, loc, TokenType::get(builder.getContext()),
                   allOf(condition), data,
                   builder.getStringAttr(message + " [Op:" + opName + "]"),
                   builder.getI64IntegerAttr(3),
                   builder.getI64IntegerAttr(1) /* TFC_INVALID_ARGUMENT */,
                   ValueRange(), ValueRange(), ValueRange());
}
