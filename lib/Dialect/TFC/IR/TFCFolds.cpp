//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Folds: small integers, which sizes are made of, and ops that do nothing.
//===----------------------------------------------------------------------===//

#include "Shapes.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::detail;

//===----------------------------------------------------------------------===//
// Helpers
//===----------------------------------------------------------------------===//

/// Integers as a constant of a static type with as many elements, or one.
static OpFoldResult constantOf(ArrayRef<int64_t> values, Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || !tensor.hasStaticShape() ||
      llvm::is_contained(values, kUnknown) ||
      (values.size() != 1 &&
       static_cast<int64_t>(values.size()) != tensor.getNumElements()))
    return {};
  SmallVector<APInt> elements;
  for (int64_t value : values)
    elements.emplace_back(tensor.getElementType().getIntOrFloatBitWidth(),
                          value,
                          /*isSigned=*/true, /*implicitTrunc=*/true);
  return DenseElementsAttr::get(tensor, elements);
}

/// The value of an op on small integers, if it is known.
static OpFoldResult foldKnown(Operation *op) {
  Type type = op->getResult(0).getType();
  if (!isa<IntegerType>(cast<TensorType>(type).getElementType()))
    return {};
  std::optional<Shape> values = knownInts(op->getResult(0));
  return values ? constantOf(*values, type) : OpFoldResult();
}

/// The operand, if it may stand for the result.
static OpFoldResult sameIf(bool condition, Value operand, Value result) {
  return condition && operand.getType() == result.getType()
             ? OpFoldResult(operand)
             : OpFoldResult();
}

/// Whether all elements of a constant are this number.
static bool isAll(Attribute attr, double number) {
  auto splat = dyn_cast_or_null<SplatElementsAttr>(attr);
  if (!splat)
    return false;
  if (auto integer = dyn_cast<IntegerType>(splat.getElementType()))
    return integer.getWidth() > 1 &&
           splat.getSplatValue<APInt>() == static_cast<uint64_t>(number);
  return isa<FloatType>(splat.getElementType()) &&
         splat.getSplatValue<APFloat>().isExactlyValue(number);
}

static bool isInteger(Value value) {
  return isa<IntegerType>(cast<TensorType>(value.getType()).getElementType());
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

OpFoldResult AddOp::fold(FoldAdaptor op) {
  // Not for floats: -0 + 0 is 0.
  if (isInteger(getX()) && isAll(op.getY(), 0))
    if (auto x = sameIf(true, getX(), getResult()))
      return x;
  return foldKnown(*this);
}

OpFoldResult SubOp::fold(FoldAdaptor op) {
  if (isAll(op.getY(), 0) && isInteger(getX()))
    if (auto x = sameIf(true, getX(), getResult()))
      return x;
  return foldKnown(*this);
}

OpFoldResult MulOp::fold(FoldAdaptor op) {
  if (isAll(op.getY(), 1))
    if (auto x = sameIf(true, getX(), getResult()))
      return x;
  return foldKnown(*this);
}

OpFoldResult DivOp::fold(FoldAdaptor op) {
  return sameIf(isAll(op.getY(), 1), getX(), getResult());
}

OpFoldResult FloorDivOp::fold(FoldAdaptor op) {
  if (isInteger(getX()) && isAll(op.getY(), 1))
    if (auto x = sameIf(true, getX(), getResult()))
      return x;
  return foldKnown(*this);
}

OpFoldResult MaximumOp::fold(FoldAdaptor) {
  return getX() == getY() ? sameIf(true, getX(), getResult())
                          : foldKnown(*this);
}

OpFoldResult MinimumOp::fold(FoldAdaptor) {
  return getX() == getY() ? sameIf(true, getX(), getResult())
                          : foldKnown(*this);
}

//===----------------------------------------------------------------------===//
// Truth
//===----------------------------------------------------------------------===//

/// A comparison of small integers that are known.
template <typename Compare>
static OpFoldResult foldCompare(Operation *op, Compare compare) {
  auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType());
  if (!type || !type.hasStaticShape() || !isInteger(op->getOperand(0)) ||
      cast<TensorType>(op->getOperand(0).getType())
          .getElementType()
          .isInteger(1))
    return {};
  std::optional<Shape> x = knownInts(op->getOperand(0)),
                       y = knownInts(op->getOperand(1));
  if (!x || !y || llvm::is_contained(*x, kUnknown) ||
      llvm::is_contained(*y, kUnknown) ||
      type.getNumElements() !=
          static_cast<int64_t>(std::max(x->size(), y->size())))
    return {};
  SmallVector<bool> values;
  for (int64_t i = 0; i < type.getNumElements(); ++i)
    values.push_back(
        compare((*x)[x->size() == 1 ? 0 : i], (*y)[y->size() == 1 ? 0 : i]));
  return DenseElementsAttr::get(type, values);
}

OpFoldResult EqualOp::fold(FoldAdaptor) {
  return foldCompare(*this, std::equal_to<int64_t>());
}
OpFoldResult NotEqualOp::fold(FoldAdaptor) {
  return foldCompare(*this, std::not_equal_to<int64_t>());
}
OpFoldResult LessOp::fold(FoldAdaptor) {
  return foldCompare(*this, std::less<int64_t>());
}
OpFoldResult LessEqualOp::fold(FoldAdaptor) {
  return foldCompare(*this, std::less_equal<int64_t>());
}
OpFoldResult GreaterOp::fold(FoldAdaptor) {
  return foldCompare(*this, std::greater<int64_t>());
}
OpFoldResult GreaterEqualOp::fold(FoldAdaptor) {
  return foldCompare(*this, std::greater_equal<int64_t>());
}

/// The one truth value of a constant.
static std::optional<bool> truth(Attribute attr) {
  auto splat = dyn_cast_or_null<SplatElementsAttr>(attr);
  if (!splat || !splat.getElementType().isInteger(1))
    return std::nullopt;
  return splat.getSplatValue<bool>();
}

OpFoldResult LogicalNotOp::fold(FoldAdaptor op) {
  auto type = dyn_cast<RankedTensorType>(getType());
  if (auto value = truth(op.getX()); value && type && type.hasStaticShape())
    return DenseElementsAttr::get(type, !*value);
  if (auto inner = getX().getDefiningOp<LogicalNotOp>())
    return sameIf(true, inner.getX(), getResult());
  return {};
}

/// `x op y` where `neutral` changes nothing and its opposite decides.
static OpFoldResult foldLogical(Operation *op, ArrayRef<Attribute> operands,
                                bool neutral) {
  auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType());
  for (unsigned i : {0u, 1u}) {
    std::optional<bool> value = truth(operands[i]);
    if (!value)
      continue;
    if (*value != neutral && type && type.hasStaticShape())
      return DenseElementsAttr::get(type, *value);
    if (auto other =
            sameIf(*value == neutral, op->getOperand(1 - i), op->getResult(0)))
      return other;
  }
  return sameIf(op->getOperand(0) == op->getOperand(1), op->getOperand(0),
                op->getResult(0));
}

OpFoldResult LogicalAndOp::fold(FoldAdaptor op) {
  return foldLogical(*this, op.getOperands(), /*neutral=*/true);
}

OpFoldResult LogicalOrOp::fold(FoldAdaptor op) {
  return foldLogical(*this, op.getOperands(), /*neutral=*/false);
}

OpFoldResult SelectOp::fold(FoldAdaptor op) {
  if (auto value = truth(op.getCondition()))
    return sameIf(true, *value ? getX() : getY(), getResult());
  return sameIf(getX() == getY(), getX(), getResult());
}

//===----------------------------------------------------------------------===//
// Casts
//===----------------------------------------------------------------------===//

/// Whether each number of one type is one of the other.
static bool isWidening(Type from, Type to) {
  if (from.isInteger(1))
    return true;
  auto x = dyn_cast<IntegerType>(from), y = dyn_cast<IntegerType>(to);
  if (x && y)
    return x.getSignedness() == y.getSignedness() &&
           x.getWidth() <= y.getWidth();
  if (!isa<FloatType>(from) || !isa<FloatType>(to))
    return false;
  return from == to || to.isF64() ||
         (to.isF32() && (from.isF16() || from.isBF16()));
}

/// A scalar or splat constant in another type. What rounds is left to run time
/// only where the two could differ: floats that become integers.
static OpFoldResult castSplat(SplatElementsAttr splat, RankedTensorType type) {
  Type from = splat.getElementType(), to = type.getElementType();
  bool isUnsigned = from.isUnsignedInteger() || from.isInteger(1);
  if (isa<IntegerType>(from) && isa<IntegerType>(to)) {
    APInt value = splat.getSplatValue<APInt>();
    unsigned width = to.getIntOrFloatBitWidth();
    if (width == 1)
      return DenseElementsAttr::get(type, !value.isZero());
    return DenseElementsAttr::get(type, isUnsigned ? value.zextOrTrunc(width)
                                                   : value.sextOrTrunc(width));
  }
  if (auto target = dyn_cast<FloatType>(to)) {
    APFloat result(target.getFloatSemantics());
    bool inexact;
    if (isa<IntegerType>(from)) {
      result.convertFromAPInt(splat.getSplatValue<APInt>(), !isUnsigned,
                              APFloat::rmNearestTiesToEven);
    } else if (isa<FloatType>(from)) {
      result = splat.getSplatValue<APFloat>();
      result.convert(target.getFloatSemantics(), APFloat::rmNearestTiesToEven,
                     &inexact);
    } else {
      return {};
    }
    return DenseElementsAttr::get(type, result);
  }
  return {};
}

OpFoldResult CastOp::fold(FoldAdaptor op) {
  auto x = cast<TensorType>(getX().getType());
  if (x.getElementType() == getDtype())
    return sameIf(true, getX(), getResult());
  if (auto inner = getX().getDefiningOp<CastOp>()) {
    Type first = cast<TensorType>(inner.getX().getType()).getElementType();
    if (isWidening(first, x.getElementType())) {
      getXMutable().assign(inner.getX());
      return getResult();
    }
  }
  auto type = dyn_cast<RankedTensorType>(getType());
  if (auto splat = dyn_cast_or_null<SplatElementsAttr>(op.getX());
      splat && type && type.hasStaticShape())
    return castSplat(splat, type);
  // Entries are kept as they are: only if the new type has them all.
  return isInteger(getResult()) && !getDtype().isInteger(1) ? foldKnown(*this)
                                                            : OpFoldResult();
}
