//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Shape rules of constants, broadcasts, reshapes and other ops on whole
// dimensions.
//===----------------------------------------------------------------------===//

#include "Shapes.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::detail;

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

LogicalResult ConstantOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                           Results &results) {
  ShapedType type = op.getValue().getShapedType();
  if (!isa<RankedTensorType>(type) || !isElementType(type.getElementType()))
    return emitOptionalError(loc, "expected the value of a tensor, got one of ",
                             type);
  results.push_back(type);
  return success();
}

LogicalResult IotaOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                       Results &results) {
  // C1
  if (failed(checkAxis(loc, op.getAxis(), op.getShape().size())) ||
      failed(checkShape(loc, op.getShape(), /*mayBeUnknown=*/false)) ||
      failed(checkElement(loc, op.getDtype(), "dtype")))
    return failure();
  return ranked(results, op.getShape(), op.getDtype());
}

LogicalResult RangeOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                        Results &results) {
  Type element;
  static constexpr StringRef names[] = {"start", "limit", "delta"};
  for (auto [name, operand] : llvm::zip(names, op.getOperands())) {
    // C1
    FailureOr<TensorType> type = scalarOf(loc, operand, name);
    if (failed(type))
      return failure();
    if (element && element != type->getElementType())
      return emitOptionalError(loc,
                               "expected operands of one element type, got ",
                               element, " and ", type->getElementType());
    element = type->getElementType();
  }
  std::optional<Shape> start = knownInts(op.getStart()),
                       limit = knownInts(op.getLimit()),
                       delta = knownInts(op.getDelta());
  int64_t size = kUnknown;
  // Of unsigned numbers from 2^63 on, `knownInts` has others.
  auto isKnown = [&](const std::optional<Shape> &number) {
    return number && number->front() != kUnknown &&
           (number->front() >= 0 || !element.isUnsignedInteger());
  };
  if (isKnown(start) && isKnown(limit) && isKnown(delta) &&
      delta->front() != 0) {
    // In 128 bits: the distance of two i64 does not fit in 64.
    __int128 distance = static_cast<__int128>(limit->front()) - start->front();
    __int128 step = delta->front();
    if (step < 0)
      distance = -distance, step = -step;
    __int128 count = distance <= 0 ? 0 : (distance + step - 1) / step;
    size = count > INT64_MAX ? kUnknown : static_cast<int64_t>(count);
  }
  return ranked(results, size, element);
}

LogicalResult ShapeOfOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                          Results &results) {
  FailureOr<TensorType> type = tensorOf(loc, op.getX(), "x");
  if (failed(type))
    return failure();
  if (!op.getDtype().isSignlessInteger(32) &&
      !op.getDtype().isSignlessInteger(64))
    return emitOptionalError(loc, "expected `dtype` to be i32 or i64, got ",
                             op.getDtype());
  return ranked(results, type->hasRank() ? type->getRank() : kUnknown,
                op.getDtype());
}

//===----------------------------------------------------------------------===//
// Broadcasts
//===----------------------------------------------------------------------===//

/// Checks that a tensor of `type` can be stretched to `shape`.
static LogicalResult checkBroadcast(Loc loc, TensorType type,
                                    ArrayRef<int64_t> shape) {
  if (!type.hasRank())
    return success();
  ArrayRef<int64_t> from = type.getShape();
  bool fits = from.size() <= shape.size();
  for (size_t i = 0; fits && i < from.size(); ++i) {
    int64_t size = from[from.size() - 1 - i],
            want = shape[shape.size() - 1 - i];
    fits = size == want || size == 1 || size == kUnknown || want == kUnknown;
  }
  if (fits)
    return success();
  return emitOptionalError(loc, "shape ", str(from), " does not broadcast to ",
                           str(shape));
}

LogicalResult BroadcastToOp::inferReturnTypes(MLIRContext *, Loc loc,
                                              Adaptor op, Results &results) {
  FailureOr<TensorType> type = tensorOf(loc, op.getX(), "x");
  // C1, C2
  if (failed(type) ||
      failed(checkShape(loc, op.getShape(), /*mayBeUnknown=*/false)) ||
      failed(checkBroadcast(loc, *type, op.getShape())))
    return failure();
  return ranked(results, op.getShape(), type->getElementType());
}

/// What is known of the shape that the vector `shape` holds, or nothing.
static FailureOr<std::optional<Shape>> shapeFrom(Loc loc, Value shape) {
  FailureOr<int64_t> rank = vectorSizeOf(loc, shape, "shape");
  if (failed(rank))
    return failure();
  if (std::optional<Shape> known = knownInts(shape))
    return known;
  if (*rank == kUnknown)
    return std::optional<Shape>();
  return std::optional<Shape>(Shape(*rank, kUnknown));
}

LogicalResult DynamicBroadcastToOp::inferReturnTypes(MLIRContext *, Loc loc,
                                                     Adaptor op,
                                                     Results &results) {
  FailureOr<TensorType> type = tensorOf(loc, op.getX(), "x");
  FailureOr<std::optional<Shape>> shape = shapeFrom(loc, op.getShape());
  if (failed(type) || failed(shape))
    return failure();
  if (!*shape)
    return unranked(results, type->getElementType());
  if (failed(checkShape(loc, **shape, /*mayBeUnknown=*/true)) ||
      failed(checkBroadcast(loc, *type, **shape)))
    return failure();
  // A dimension that is no 1 cannot be stretched, only kept.
  if (type->hasRank())
    for (int64_t i = 1; i <= type->getRank(); ++i) {
      int64_t size = type->getDimSize(type->getRank() - i);
      int64_t &result = (**shape)[(**shape).size() - i];
      if (result == kUnknown && size != 1)
        result = size;
    }
  return ranked(results, **shape, type->getElementType());
}

LogicalResult SumToOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                        Results &results) {
  FailureOr<TensorType> type = tensorOf(loc, op.getX(), "x");
  FailureOr<std::optional<Shape>> shape = shapeFrom(loc, op.getShape());
  if (failed(type) || failed(shape))
    return failure();
  if (!*shape)
    return unranked(results, type->getElementType());
  auto target = RankedTensorType::get(**shape, type->getElementType());
  if (failed(checkShape(loc, **shape, /*mayBeUnknown=*/true)))
    return failure();
  if (type->hasRank() && failed(checkBroadcast(loc, target, type->getShape())))
    return failure();
  results.push_back(target);
  return success();
}

//===----------------------------------------------------------------------===//
// Reshapes
//===----------------------------------------------------------------------===//

/// Checks the number of elements and computes the one unknown dimension, if it
/// can. A size that is `given` at run time, not computed, may be anything
/// beside a 0.
static LogicalResult completeShape(Loc loc, TensorType type, Shape &shape,
                                   bool given) {
  int64_t rest = 1, unknown = 0;
  for (int64_t size : shape)
    if (size == kUnknown)
      ++unknown;
    else
      rest = rest == kUnknown ? kUnknown : mulSizes(rest, size);
  int64_t count = type.hasRank() ? countElements(type.getShape()) : kUnknown;
  if (count == kUnknown || rest == kUnknown || unknown > 1)
    return success();
  if (unknown == 1 && given && rest == 0 && count == 0)
    return success();
  bool fits = unknown == 0 ? count == rest
              : rest == 0  ? false
                           : count % rest == 0;
  if (!fits)
    return emitOptionalError(loc, "cannot reshape ", type, " with ", count,
                             " elements to ", str(shape));
  for (int64_t &size : shape)
    if (size == kUnknown)
      size = count / rest;
  return success();
}

LogicalResult ReshapeOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                          Results &results) {
  FailureOr<TensorType> type = tensorOf(loc, op.getX(), "x");
  // C1
  if (failed(type) ||
      failed(checkShape(loc, op.getShape(), /*mayBeUnknown=*/true)))
    return failure();
  if (llvm::count(op.getShape(), kUnknown) > 1)
    return emitOptionalError(loc, "expected at most one unknown size, got ",
                             str(op.getShape()));
  // C2
  Shape shape(op.getShape());
  if (failed(completeShape(loc, *type, shape, /*given=*/false)))
    return failure();
  return ranked(results, shape, type->getElementType());
}

LogicalResult DynamicReshapeOp::inferReturnTypes(MLIRContext *, Loc loc,
                                                 Adaptor op, Results &results) {
  FailureOr<TensorType> type = tensorOf(loc, op.getX(), "x");
  FailureOr<std::optional<Shape>> shape = shapeFrom(loc, op.getShape());
  if (failed(type) || failed(shape))
    return failure();
  if (!*shape)
    return unranked(results, type->getElementType());
  // An entry that is not known may be -1 as well; a known one may be too.
  bool mayBeMinus = llvm::is_contained(**shape, kUnknown);
  unsigned minus = 0;
  for (int64_t &size : **shape) {
    if (size == kUnknown || size >= 0)
      continue;
    if (size != -1 || ++minus > 1)
      return emitOptionalError(
          loc, "expected sizes of at least 0 and at most one -1, got ",
          str(**shape));
    size = kUnknown;
  }
  if (!(mayBeMinus && minus) &&
      failed(completeShape(loc, *type, **shape, mayBeMinus)))
    return failure();
  return ranked(results, **shape, type->getElementType());
}

LogicalResult SqueezeOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                          Results &results) {
  FailureOr<TensorType> type = tensorOf(loc, op.getX(), "x");
  // C1
  if (failed(type) || failed(checkAxes(loc, op.getAxes(),
                                       type->hasRank() ? type->getRank() : -1)))
    return failure();
  if (!type->hasRank())
    return unranked(results, type->getElementType());
  Shape shape;
  for (auto [i, size] : llvm::enumerate(type->getShape())) {
    if (!llvm::is_contained(op.getAxes(), static_cast<int64_t>(i))) {
      shape.push_back(size);
      continue;
    }
    // C2
    if (size != 1 && size != kUnknown)
      return emitOptionalError(loc, "expected size 1 at axis ", i, ", got ",
                               size, " in ", *type);
  }
  return ranked(results, shape, type->getElementType());
}

LogicalResult ExpandDimsOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                             Results &results) {
  FailureOr<TensorType> type = tensorOf(loc, op.getX(), "x");
  if (failed(type))
    return failure();
  int64_t added = op.getAxes().size();
  // C1
  if (failed(checkAxes(loc, op.getAxes(),
                       type->hasRank() ? type->getRank() + added : -1)))
    return failure();
  if (!type->hasRank())
    return unranked(results, type->getElementType());
  Shape shape(type->getShape());
  for (int64_t axis : op.getAxes())
    shape.insert(shape.begin() + axis, 1);
  return ranked(results, shape, type->getElementType());
}

LogicalResult TransposeOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                            Results &results) {
  FailureOr<TensorType> type = tensorOf(loc, op.getX(), "x");
  if (failed(type))
    return failure();
  // C1
  int64_t rank = op.getPerm().size();
  Shape sorted(op.getPerm());
  llvm::sort(sorted);
  for (int64_t i = 0; i < rank; ++i)
    if (sorted[i] != i)
      return emitOptionalError(loc, "expected a permutation of 0 to ", rank - 1,
                               ", got ", str(op.getPerm()));
  if (!type->hasRank())
    return ranked(results, Shape(rank, kUnknown), type->getElementType());
  if (failed(checkEntries(loc, "perm", rank, type->getRank())))
    return failure();
  Shape shape;
  for (int64_t axis : op.getPerm())
    shape.push_back(type->getDimSize(axis));
  return ranked(results, shape, type->getElementType());
}

LogicalResult EnsureShapeOp::inferReturnTypes(MLIRContext *, Loc loc,
                                              Adaptor op, Results &results) {
  FailureOr<TensorType> type = tensorOf(loc, op.getX(), "x");
  if (failed(type) ||
      failed(checkShape(loc, op.getShape(), /*mayBeUnknown=*/true)))
    return failure();
  // C1
  auto want = RankedTensorType::get(op.getShape(), type->getElementType());
  if (!isCompatible(*type, want))
    return emitOptionalError(loc, "expected a tensor of shape ",
                             str(op.getShape()), ", got ", *type);
  results.push_back(mergeTypes(*type, want));
  return success();
}
