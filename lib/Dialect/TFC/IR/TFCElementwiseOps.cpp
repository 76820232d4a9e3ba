//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Shape rules of elementwise ops.
//===----------------------------------------------------------------------===//

#include "Shapes.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::detail;

/// The element type of the result.
static FailureOr<Type> applyRule(Loc loc, Type element, ElementRule rule) {
  MLIRContext *context = element.getContext();
  switch (rule) {
  case ElementRule::Same:
    return element;
  case ElementRule::Bool:
    return Type(IntegerType::get(context, 1));
  case ElementRule::UInt8:
    return Type(IntegerType::get(context, 8, IntegerType::Unsigned));
  case ElementRule::Real:
    if (auto complex = dyn_cast<ComplexType>(element))
      return complex.getElementType();
    return element;
  case ElementRule::Complex:
    if (element.isF32() || element.isF64())
      return Type(ComplexType::get(element));
    return emitOptionalError(
        loc, "expected f32 or f64 parts of a complex number, got ", element);
  }
  llvm_unreachable("all rules are handled");
}

/// Joins the shapes of all operands; nothing if a rank is unknown.
static FailureOr<std::optional<Shape>> broadcastAll(Loc loc,
                                                    ValueRange operands) {
  std::optional<Shape> shape = Shape();
  for (Value operand : operands) {
    auto type = cast<TensorType>(operand.getType());
    if (!type.hasRank())
      return std::optional<Shape>();
    // C2
    FailureOr<Shape> joined = broadcast(loc, *shape, type.getShape());
    if (failed(joined))
      return failure();
    shape = std::move(*joined);
  }
  return shape;
}

static LogicalResult broadcastResult(Loc loc, ValueRange operands, Type element,
                                     Results &results) {
  FailureOr<std::optional<Shape>> shape = broadcastAll(loc, operands);
  if (failed(shape))
    return failure();
  return *shape ? ranked(results, **shape, element)
                : unranked(results, element);
}

/// Checks that operands are tensors, those from `first` on of one element type.
static LogicalResult checkElements(Loc loc, ValueRange operands, size_t first) {
  for (auto [i, operand] : llvm::enumerate(operands)) {
    FailureOr<TensorType> type =
        tensorOf(loc, operand, "operand " + std::to_string(i));
    if (failed(type))
      return failure();
    if (i <= first)
      continue;
    // C1
    Type want = cast<TensorType>(operands[first].getType()).getElementType();
    if (type->getElementType() != want)
      return emitOptionalError(loc,
                               "expected operands of one element type, got ",
                               want, " and ", type->getElementType());
  }
  return success();
}

LogicalResult tfc::detail::inferElementwise(Loc loc, ValueRange operands,
                                            ElementRule rule,
                                            Results &results) {
  if (failed(checkElements(loc, operands, 0)))
    return failure();
  Type element = cast<TensorType>(operands[0].getType()).getElementType();
  FailureOr<Type> result = applyRule(loc, element, rule);
  if (failed(result))
    return failure();
  return broadcastResult(loc, operands, *result, results);
}

LogicalResult SelectOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                         Results &results) {
  if (failed(checkElements(loc, op.getOperands(), 1)))
    return failure();
  Type element = cast<TensorType>(op.getX().getType()).getElementType();
  return broadcastResult(loc, op.getOperands(), element, results);
}

LogicalResult CastOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                       Results &results) {
  FailureOr<TensorType> type = tensorOf(loc, op.getX(), "x");
  if (failed(type) || failed(checkElement(loc, op.getDtype(), "dtype")))
    return failure();
  return sameShape(results, *type, op.getDtype());
}

/// The number of bits of an element; a bool counts as one.
static unsigned bitsOf(Type type) {
  if (auto complex = dyn_cast<ComplexType>(type))
    return 2 * complex.getElementType().getIntOrFloatBitWidth();
  return type.isIntOrFloat() ? type.getIntOrFloatBitWidth() : 0;
}

LogicalResult BitcastOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                          Results &results) {
  FailureOr<TensorType> type = tensorOf(loc, op.getX(), "x");
  if (failed(type) || failed(checkElement(loc, op.getDtype(), "dtype")))
    return failure();
  // C1
  unsigned from = bitsOf(type->getElementType()), to = bitsOf(op.getDtype());
  if (from != to)
    return emitOptionalError(loc, "expected `dtype` to have ", from,
                             " bits as ", type->getElementType(), ", got ",
                             op.getDtype(), " with ", to);
  return sameShape(results, *type, op.getDtype());
}
