//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Shape rules of lists of tensors.
//===----------------------------------------------------------------------===//

#include "Shapes.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::detail;

static FailureOr<ListType> listOf(Loc loc, Value operand) {
  if (auto type = dyn_cast<ListType>(operand.getType()))
    return type;
  return emitOptionalError(loc, "expected a list, got ", operand.getType());
}

static FailureOr<TensorType> elementTypeOf(Loc loc, Type type) {
  auto tensor = dyn_cast<TensorType>(type);
  if (tensor && isElementType(tensor.getElementType()))
    return tensor;
  return emitOptionalError(
      loc, "expected `element_type` to be a tensor type, got ", type);
}

/// What the list and the attribute together say of an element.
template <typename Adaptor>
static FailureOr<TensorType> mergedElement(Loc loc, Adaptor op) {
  FailureOr<ListType> list = listOf(loc, op.getList());
  FailureOr<TensorType> element = elementTypeOf(loc, op.getElementType());
  if (failed(list) || failed(element))
    return failure();
  if (!isCompatible(*element, list->getElementType()))
    return emitOptionalError(loc,
                             "expected `element_type` to be compatible with ",
                             list->getElementType(), ", got ", *element);
  return mergeTypes(list->getElementType(), *element);
}

LogicalResult ListCreateOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                             Results &results) {
  // C1, C2
  FailureOr<TensorType> element = elementTypeOf(loc, op.getElementType());
  if (failed(scalarOf(loc, op.getSize(), "size")) || failed(element))
    return failure();
  results.push_back(ListType::get(*element));
  return success();
}

LogicalResult ListLengthOp::inferReturnTypes(MLIRContext *context, Loc loc,
                                             Adaptor op, Results &results) {
  if (failed(listOf(loc, op.getList())))
    return failure();
  return ranked(results, {}, IntegerType::get(context, 32));
}

LogicalResult ListGetOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                          Results &results) {
  // C1
  if (failed(scalarOf(loc, op.getIndex(), "index")))
    return failure();
  // C2
  FailureOr<TensorType> element = mergedElement(loc, op);
  if (failed(element))
    return failure();
  results.push_back(*element);
  return success();
}

LogicalResult ListSetOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                          Results &results) {
  FailureOr<ListType> list = listOf(loc, op.getList());
  FailureOr<TensorType> value = tensorOf(loc, op.getValue(), "value");
  // C1
  if (failed(list) || failed(value) ||
      failed(scalarOf(loc, op.getIndex(), "index")))
    return failure();
  // C2
  if (!isCompatible(*value, list->getElementType()))
    return emitOptionalError(loc, "expected a value of type ",
                             list->getElementType(), ", got ", *value);
  results.push_back(*list);
  return success();
}

LogicalResult ListStackOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                            Results &results) {
  // C1
  FailureOr<TensorType> element = mergedElement(loc, op);
  if (failed(element))
    return failure();
  if (!element->hasRank())
    return unranked(results, element->getElementType());
  Shape shape = {kUnknown};
  llvm::append_range(shape, element->getShape());
  return ranked(results, shape, element->getElementType());
}

LogicalResult ListUnstackOp::inferReturnTypes(MLIRContext *, Loc loc,
                                              Adaptor op, Results &results) {
  // C1
  FailureOr<TensorType> x = tensorOf(loc, op.getX(), "x", 1, INT64_MAX);
  if (failed(x))
    return failure();
  TensorType element = UnrankedTensorType::get(x->getElementType());
  if (x->hasRank())
    element =
        RankedTensorType::get(x->getShape().drop_front(), x->getElementType());
  results.push_back(ListType::get(element));
  return success();
}
