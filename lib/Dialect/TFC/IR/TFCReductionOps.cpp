//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Shape rules of reductions, cumulative ops and contractions.
//===----------------------------------------------------------------------===//

#include "Shapes.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::detail;

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

template <typename Adaptor>
static LogicalResult inferReduction(Loc loc, Adaptor op, Results &results) {
  FailureOr<TensorType> type = tensorOf(loc, op.getX(), "x");
  // C1
  if (failed(type) || failed(checkAxes(loc, op.getAxes(), rankOf(*type))))
    return failure();
  if (!type->hasRank())
    return unranked(results, type->getElementType());
  Shape shape;
  for (auto [i, size] : llvm::enumerate(type->getShape())) {
    bool reduced = llvm::is_contained(op.getAxes(), static_cast<int64_t>(i));
    if (!reduced || op.getKeepdims())
      shape.push_back(reduced ? 1 : size);
  }
  return ranked(results, shape, type->getElementType());
}

#define INFER_REDUCTION(OpTy)                                                  \
  LogicalResult OpTy::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,     \
                                       Results &results) {                     \
    return inferReduction(loc, op, results);                                   \
  }
INFER_REDUCTION(ReduceSumOp)
INFER_REDUCTION(ReduceProdOp)
INFER_REDUCTION(ReduceMaxOp)
INFER_REDUCTION(ReduceMinOp)
INFER_REDUCTION(ReduceAnyOp)
INFER_REDUCTION(ReduceAllOp)
#undef INFER_REDUCTION

template <typename Adaptor>
static LogicalResult inferArgReduction(Loc loc, Adaptor op, Results &results) {
  FailureOr<TensorType> type = tensorOf(loc, op.getX(), "x");
  // C1
  int64_t axis = op.getAxis();
  if (failed(type) || failed(checkAxis(loc, axis, rankOf(*type))))
    return failure();
  // C2
  Type dtype = op.getDtype();
  if (!isElementType(dtype) || !isa<IntegerType>(dtype) || dtype.isInteger(1))
    return emitOptionalError(
        loc, "expected `dtype` to be an integer type, got ", dtype);
  if (!type->hasRank())
    return unranked(results, dtype);
  Shape shape(type->getShape());
  shape.erase(shape.begin() + axis);
  return ranked(results, shape, dtype);
}

LogicalResult ArgmaxOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                         Results &results) {
  return inferArgReduction(loc, op, results);
}

LogicalResult ArgminOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                         Results &results) {
  return inferArgReduction(loc, op, results);
}

template <typename Adaptor>
static LogicalResult inferCumulative(Loc loc, Adaptor op, Results &results) {
  FailureOr<TensorType> type = tensorOf(loc, op.getX(), "x");
  // C1
  if (failed(type) || failed(checkAxis(loc, op.getAxis(), rankOf(*type))))
    return failure();
  return sameShape(results, *type, type->getElementType());
}

LogicalResult CumsumOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                         Results &results) {
  return inferCumulative(loc, op, results);
}

LogicalResult CumprodOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                          Results &results) {
  return inferCumulative(loc, op, results);
}

LogicalResult CumlogsumexpOp::inferReturnTypes(MLIRContext *, Loc loc,
                                               Adaptor op, Results &results) {
  return inferCumulative(loc, op, results);
}

LogicalResult LinearRecurrenceOp::inferReturnTypes(MLIRContext *, Loc loc,
                                                   Adaptor op,
                                                   Results &results) {
  FailureOr<TensorType> factor = tensorOf(loc, op.getFactor(), "factor");
  FailureOr<TensorType> x = tensorOf(loc, op.getX(), "x");
  if (failed(factor) || failed(x))
    return failure();
  // C1
  Type element = x->getElementType();
  if (factor->getElementType() != element)
    return emitOptionalError(loc, "expected operands of one element type, got ",
                             factor->getElementType(), " and ", element);
  // C2
  if (failed(checkAxis(loc, op.getAxis(), rankOf(*x))) ||
      failed(checkAxis(loc, op.getAxis(), rankOf(*factor))))
    return failure();
  if (!x->hasRank() || !factor->hasRank())
    return sameShape(results, x->hasRank() ? *x : *factor, element);
  if (failed(verifyCompatibleShape(*factor, *x)))
    return emitOptionalError(loc, "expected operands of one shape, got ",
                             *factor, " and ", *x);
  Shape shape(x->getShape());
  for (auto [size, other] : llvm::zip(shape, factor->getShape()))
    if (size == kUnknown)
      size = other;
  return ranked(results, shape, element);
}

//===----------------------------------------------------------------------===//
// Contractions
//===----------------------------------------------------------------------===//

LogicalResult MatmulOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                         Results &results) {
  // C1
  FailureOr<TensorType> x = tensorOf(loc, op.getX(), "x", 2, INT64_MAX);
  FailureOr<TensorType> y = tensorOf(loc, op.getY(), "y", 2, INT64_MAX);
  if (failed(x) || failed(y))
    return failure();
  Type element = x->getElementType();
  if (y->getElementType() != element)
    return emitOptionalError(loc, "expected operands of one element type, got ",
                             element, " and ", y->getElementType());
  if (!x->hasRank() || !y->hasRank())
    return unranked(results, element);

  ArrayRef<int64_t> left = x->getShape(), right = y->getShape();
  int64_t rows = left[left.size() - 2], depth = left.back();
  int64_t otherDepth = right[right.size() - 2], columns = right.back();
  if (op.getTransposeX())
    std::swap(rows, depth);
  if (op.getTransposeY())
    std::swap(otherDepth, columns);
  // C2
  if (depth != otherDepth && depth != kUnknown && otherDepth != kUnknown)
    return emitOptionalError(
        loc, "expected equal contracted sizes, got ", depth, " of ", *x,
        op.getTransposeX() ? " transposed" : "", " and ", otherDepth, " of ",
        *y, op.getTransposeY() ? " transposed" : "");
  // C3
  FailureOr<Shape> shape =
      broadcast(loc, left.drop_back(2), right.drop_back(2));
  if (failed(shape))
    return failure();
  shape->append({rows, columns});
  return ranked(results, *shape, element);
}
