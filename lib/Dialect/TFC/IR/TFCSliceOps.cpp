//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Shape rules of slices, joins and paddings.
//===----------------------------------------------------------------------===//

#include "Shapes.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::detail;

/// Checks that strides are not 0 and that there is one for each dimension.
static LogicalResult checkStrides(Loc loc, ArrayRef<int64_t> strides,
                                  int64_t rank) {
  if (failed(checkEntries(loc, "strides", strides.size(), rank)))
    return failure();
  for (int64_t stride : strides)
    if (stride == 0 || stride == kUnknown)
      return emitOptionalError(loc, "expected strides that are not 0, got ",
                               str(strides));
  return success();
}

/// Checks a vector operand with an entry for each dimension.
static LogicalResult checkVector(Loc loc, Value vector, StringRef name,
                                 int64_t rank) {
  FailureOr<int64_t> size = vectorSizeOf(loc, vector, name);
  if (failed(size))
    return failure();
  return *size == kUnknown ? success() : checkEntries(loc, name, *size, rank);
}

//===----------------------------------------------------------------------===//
// Slices
//===----------------------------------------------------------------------===//

/// Checks that `size` elements from `start` on lie within `dim`.
static LogicalResult checkBox(Loc loc, int64_t axis, int64_t dim, int64_t start,
                              int64_t size, int64_t stride) {
  if (size == 0)
    return success();
  __int128 last = start + (static_cast<__int128>(size) - 1) * stride;
  __int128 end = dim == kUnknown ? INT64_MAX : dim;
  if (start >= 0 && start < end && last >= 0 && last < end)
    return success();
  auto start64 = start, size64 = size;
  return emitOptionalError(loc, "slice of ", size64, " elements from ", start64,
                           " with stride ", stride, " is out of range at axis ",
                           axis, " of size ",
                           dim == kUnknown ? "?" : std::to_string(dim));
}

LogicalResult SliceOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                        Results &results) {
  FailureOr<TensorType> type = tensorOf(loc, op.getX(), "x");
  if (failed(type))
    return failure();
  ArrayRef<int64_t> starts = op.getStarts(), sizes = op.getSizes(),
                    strides = op.getStrides();
  int64_t rank = type->hasRank() ? type->getRank() : starts.size();
  // C1
  if (failed(checkEntries(loc, "starts", starts.size(), rank)) ||
      failed(checkEntries(loc, "sizes", sizes.size(), rank)) ||
      failed(checkStrides(loc, strides, rank)) ||
      failed(checkShape(loc, sizes, /*mayBeUnknown=*/true)))
    return failure();
  Shape shape(sizes);
  for (int64_t i = 0; i < rank; ++i) {
    int64_t dim = type->hasRank() ? type->getDimSize(i) : kUnknown;
    int64_t &size = shape[i];
    if (size == kUnknown && dim != kUnknown && starts[i] >= 0)
      size = sliceSize(dim, starts[i], strides[i]);
    // C2
    if (failed(checkBox(loc, i, dim, starts[i], size == kUnknown ? 1 : size,
                        strides[i])))
      return failure();
  }
  return ranked(results, shape, type->getElementType());
}

LogicalResult DynamicSliceOp::inferReturnTypes(MLIRContext *, Loc loc,
                                               Adaptor op, Results &results) {
  FailureOr<TensorType> type = tensorOf(loc, op.getX(), "x");
  // C1
  Shape shape(op.getSizes());
  if (failed(type) ||
      failed(checkEntries(loc, "sizes", shape.size(), rankOf(*type))) ||
      failed(checkVector(loc, op.getStarts(), "starts", shape.size())) ||
      failed(checkShape(loc, shape, /*mayBeUnknown=*/true)))
    return failure();
  std::optional<Shape> starts = knownInts(op.getStarts());
  for (auto [i, size] : llvm::enumerate(shape)) {
    int64_t dim = type->hasRank() ? type->getDimSize(i) : kUnknown;
    int64_t start = starts && i < starts->size() ? (*starts)[i] : kUnknown;
    if (size != kUnknown && dim != kUnknown && size > dim)
      return emitOptionalError(loc, "slice of ", size,
                               " elements does not fit in axis ", i,
                               " of size ", dim);
    if (size == kUnknown && dim != kUnknown && start != kUnknown &&
        start >= 0 && start <= dim)
      size = dim - start;
  }
  return ranked(results, shape, type->getElementType());
}

/// The size of Python's `begin:end:stride` along `dim`; bounds may be absent or
/// unknown.
static int64_t pythonSliceSize(int64_t dim, std::optional<int64_t> begin,
                               std::optional<int64_t> end, int64_t stride) {
  if (dim == kUnknown)
    return !begin && !end && (stride == 1 || stride == -1) ? dim : kUnknown;
  if ((begin && *begin == kUnknown) || (end && *end == kUnknown))
    return kUnknown;
  int64_t lowest = stride > 0 ? 0 : -1, highest = stride > 0 ? dim : dim - 1;
  auto bound = [&](std::optional<int64_t> value, int64_t absent) {
    if (!value)
      return absent;
    return std::clamp(*value < 0 ? *value + dim : *value, lowest, highest);
  };
  int64_t from = bound(begin, stride > 0 ? lowest : highest);
  int64_t to = bound(end, stride > 0 ? highest : lowest);
  return stride > 0 ? sliceSize(to, from, stride)
                    : sliceSize(0, from - to - 1, stride);
}

LogicalResult DynamicStridedSliceOp::inferReturnTypes(MLIRContext *, Loc loc,
                                                      Adaptor op,
                                                      Results &results) {
  FailureOr<TensorType> type = tensorOf(loc, op.getX(), "x");
  ArrayRef<int64_t> strides = op.getStrides();
  // C1
  if (failed(type) || failed(checkStrides(loc, strides, rankOf(*type))) ||
      failed(checkVector(loc, op.getBegins(), "begins", strides.size())) ||
      failed(checkVector(loc, op.getEnds(), "ends", strides.size())))
    return failure();
  std::optional<Shape> begins = knownInts(op.getBegins()),
                       ends = knownInts(op.getEnds());
  auto bound = [](std::optional<Shape> &values, size_t i, int64_t mask) {
    if (i < 64 && (static_cast<uint64_t>(mask) >> i & 1))
      return std::optional<int64_t>();
    return std::optional(values && i < values->size() ? (*values)[i]
                                                      : kUnknown);
  };
  Shape shape;
  for (auto [i, stride] : llvm::enumerate(strides))
    shape.push_back(
        pythonSliceSize(type->hasRank() ? type->getDimSize(i) : kUnknown,
                        bound(begins, i, op.getBeginMask()),
                        bound(ends, i, op.getEndMask()), stride));
  return ranked(results, shape, type->getElementType());
}

LogicalResult UpdateSliceOp::inferReturnTypes(MLIRContext *, Loc loc,
                                              Adaptor op, Results &results) {
  FailureOr<TensorType> type = tensorOf(loc, op.getX(), "x");
  FailureOr<TensorType> update = tensorOf(loc, op.getUpdate(), "update");
  if (failed(type) || failed(update))
    return failure();
  int64_t rank = op.getStrides().size();
  // C1
  bool fits = update->getElementType() == type->getElementType() &&
              (!type->hasRank() || !update->hasRank() ||
               type->getRank() == update->getRank());
  // C2, C3
  if (failed(checkStrides(loc, op.getStrides(), rankOf(*type))) ||
      failed(checkVector(loc, op.getStarts(), "starts", rank)))
    return failure();
  for (int64_t i = 0; fits && i < rank && type->hasRank() && update->hasRank();
       ++i) {
    int64_t dim = type->getDimSize(i), size = update->getDimSize(i);
    if (dim == kUnknown || size == kUnknown || size == 0)
      continue;
    __int128 stride = op.getStrides()[i];
    fits = (stride < 0 ? -stride : stride) * (size - 1) < dim;
  }
  if (!fits)
    return emitOptionalError(loc, "expected an update that fits in ", *type,
                             ", got ", *update);
  results.push_back(*type);
  return success();
}

//===----------------------------------------------------------------------===//
// Joins and paddings
//===----------------------------------------------------------------------===//

/// Checks `type` against the shape of the operands before it, and adds its
/// size.
static LogicalResult joinAlong(Loc loc, int64_t axis, size_t number,
                               TensorType type, Shape &shape) {
  bool agrees = type.getRank() == static_cast<int64_t>(shape.size());
  for (int64_t i = 0; agrees && i < type.getRank(); ++i) {
    int64_t size = type.getDimSize(i);
    if (i == axis)
      shape[i] = addSizes(shape[i], size);
    else if (shape[i] == kUnknown)
      shape[i] = size;
    else
      agrees = size == kUnknown || size == shape[i];
  }
  if (agrees)
    return success();
  shape[axis] = kUnknown;
  return emitOptionalError(loc, "operand ", number, " of type ", type,
                           " does not match the operands before it, of shape ",
                           str(shape), " outside axis ", axis);
}

LogicalResult ConcatOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                         Results &results) {
  // C1
  if (op.getXs().empty())
    return emitOptionalError(loc, "expected at least 1 operand, got 0");
  int64_t axis = op.getAxis();
  Type element;
  std::optional<Shape> shape;
  bool complete = true;
  for (auto [i, operand] : llvm::enumerate(op.getXs())) {
    FailureOr<TensorType> type =
        tensorOf(loc, operand, "operand " + std::to_string(i));
    // C2
    if (failed(type) || failed(checkAxis(loc, axis, rankOf(*type))))
      return failure();
    // C3
    if (element && element != type->getElementType())
      return emitOptionalError(loc,
                               "expected operands of one element type, got ",
                               element, " and ", type->getElementType());
    element = type->getElementType();
    complete &= type->hasRank();
    if (!type->hasRank())
      continue;
    if (!shape)
      shape = Shape(type->getShape());
    else if (failed(joinAlong(loc, axis, i, *type, *shape)))
      return failure();
  }
  if (!shape)
    return unranked(results, element);
  if (!complete)
    (*shape)[axis] = kUnknown;
  return ranked(results, *shape, element);
}

LogicalResult PadOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                      Results &results) {
  FailureOr<TensorType> type = tensorOf(loc, op.getX(), "x");
  FailureOr<TensorType> value = scalarOf(loc, op.getValue(), "value");
  ArrayRef<int64_t> low = op.getLow(), high = op.getHigh();
  int64_t rank = low.size();
  // C1
  if (failed(type) || failed(value) ||
      failed(checkEntries(loc, "low", rank, rankOf(*type))) ||
      failed(checkEntries(loc, "high", high.size(), rank)) ||
      failed(checkShape(loc, low, /*mayBeUnknown=*/false)) ||
      failed(checkShape(loc, high, /*mayBeUnknown=*/false)))
    return failure();
  // C2
  if (value->getElementType() != type->getElementType())
    return emitOptionalError(loc, "expected a value of element type ",
                             type->getElementType(), ", got ",
                             value->getElementType());
  Shape shape;
  for (int64_t i = 0; i < rank; ++i)
    shape.push_back(addSizes(type->hasRank() ? type->getDimSize(i) : kUnknown,
                             addSizes(low[i], high[i])));
  return ranked(results, shape, type->getElementType());
}

LogicalResult ReverseOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                          Results &results) {
  FailureOr<TensorType> type = tensorOf(loc, op.getX(), "x");
  if (failed(type))
    return failure();
  // C1
  Shape sorted(op.getAxes());
  llvm::sort(sorted);
  if (failed(checkAxes(loc, sorted, rankOf(*type))))
    return failure();
  results.push_back(*type);
  return success();
}
