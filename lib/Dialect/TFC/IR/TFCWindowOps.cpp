//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Shape rules of ops on sliding windows.
//===----------------------------------------------------------------------===//

#include "Shapes.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::detail;

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

static LogicalResult checkPositive(Loc loc, StringRef name,
                                   ArrayRef<int64_t> values, size_t rank) {
  if (values.size() != rank)
    return emitOptionalError(loc, "expected one entry of `", name,
                             "` for each of ", rank,
                             " spatial dimensions, got ", str(values));
  for (int64_t value : values)
    if (value < 1)
      return emitOptionalError(loc, "expected entries of `", name,
                               "` that are at least 1, got ", str(values));
  return success();
}

/// C2 and C3; the rank of the op's tensors, or a failure.
template <typename Adaptor>
static FailureOr<int64_t> checkWindows(Loc loc, Adaptor op) {
  size_t rank = op.getStrides().size();
  if (rank == 0)
    return emitOptionalError(loc, "expected at least one spatial dimension");
  if (failed(checkPositive(loc, "strides", op.getStrides(), rank)) ||
      failed(checkPositive(loc, "dilations", op.getDilations(), rank)))
    return failure();
  ArrayRef<int64_t> padding = op.getPadding();
  if (!padding.empty() && padding.size() != 2 * rank)
    return emitOptionalError(
        loc, "expected no or two entries of `padding` for each of ", rank,
        " spatial dimensions, got ", str(padding));
  for (int64_t entry : padding)
    if (entry < 0)
      return emitOptionalError(
          loc, "expected entries of `padding` that are at least 0, got ",
          str(padding));
  return static_cast<int64_t>(rank) + 2;
}

/// The number of places of the window along spatial dimension `i`, of unknown
/// size too (C5).
template <typename Adaptor>
static FailureOr<int64_t> places(Loc loc, Adaptor op, size_t i, int64_t size,
                                 int64_t window) {
  int64_t stride = op.getStrides()[i];
  if (op.getPadding().empty())
    return size == kUnknown
               ? kUnknown
               : static_cast<int64_t>(llvm::divideCeil(size, stride));
  if (size == kUnknown || window == kUnknown)
    return kUnknown;
  int64_t extent = addSizes(mulSizes(window - 1, op.getDilations()[i]), 1);
  int64_t padded = addSizes(
      size, addSizes(op.getPadding()[2 * i], op.getPadding()[2 * i + 1]));
  if (extent == kUnknown || padded == kUnknown)
    return emitOptionalError(loc, "sizes of windows and padding are too large");
  if (window == 0 || padded < extent)
    return emitOptionalError(loc, "the window of extent ", extent,
                             " does not fit in spatial dimension ", i,
                             " of padded size ", padded);
  return (padded - extent) / stride + 1;
}

//===----------------------------------------------------------------------===//
// Convolution
//===----------------------------------------------------------------------===//

/// A tensor of the op's rank (C1), as a shape; sizes are unknown if the rank
/// is.
static FailureOr<Shape> shapeOf(Loc loc, Value operand, StringRef name,
                                int64_t rank) {
  FailureOr<TensorType> type = tensorOf(loc, operand, name, rank, rank);
  if (failed(type))
    return failure();
  return type->hasRank() ? Shape(type->getShape()) : Shape(rank, kUnknown);
}

/// What is known of the shape in a vector operand (C4).
static FailureOr<Shape> shapeIn(Loc loc, Value vector, int64_t rank) {
  FailureOr<int64_t> size = vectorSizeOf(loc, vector, "shape");
  if (failed(size))
    return failure();
  if (*size != kUnknown && *size != rank)
    return emitOptionalError(loc, "expected a shape of ", rank,
                             " entries, got ", *size);
  std::optional<Shape> known = knownInts(vector);
  if (!known || known->size() != static_cast<size_t>(rank))
    return Shape(rank, kUnknown);
  if (failed(checkShape(loc, *known, /*mayBeUnknown=*/true)))
    return failure();
  return *known;
}

static LogicalResult checkSameElement(Loc loc, Value a, Value b) {
  Type x = getElementTypeOrSelf(a.getType()),
       y = getElementTypeOrSelf(b.getType());
  if (x == y)
    return success();
  return emitOptionalError(loc, "expected operands of one element type, got ",
                           x, " and ", y);
}

/// The shape of `conv`'s result, and its constraints on shapes (C4, C5).
template <typename Adaptor>
static FailureOr<Shape> convShape(Loc loc, Adaptor op, ArrayRef<int64_t> x,
                                  ArrayRef<int64_t> filter) {
  int64_t groups = op.getGroups();
  if (groups < 1)
    return emitOptionalError(loc, "expected at least 1 group, got ", groups);
  int64_t channels = x.back(), depth = filter[filter.size() - 2],
          features = filter.back();
  if (differ(channels, mulSizes(depth, groups)))
    return emitOptionalError(loc, "expected channels of the filter times ",
                             groups, " groups to be the input's ", channels,
                             ", got ", depth);
  if (features != kUnknown && features % groups != 0)
    return emitOptionalError(loc, "expected ", groups,
                             " groups to divide the number of features, ",
                             features);
  Shape result{x.front()};
  for (size_t i = 0; i + 2 < x.size(); ++i) {
    FailureOr<int64_t> count = places(loc, op, i, x[i + 1], filter[i]);
    if (failed(count))
      return failure();
    result.push_back(*count);
  }
  result.push_back(features);
  return result;
}

/// C6
static LogicalResult checkGradient(Loc loc, ArrayRef<int64_t> got,
                                   ArrayRef<int64_t> want) {
  for (auto [a, b] : llvm::zip(got, want))
    if (differ(a, b))
      return emitOptionalError(loc, "expected g of shape ", str(want), ", got ",
                               str(got));
  return success();
}

LogicalResult ConvOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                       Results &results) {
  FailureOr<int64_t> rank = checkWindows(loc, op);
  if (failed(rank))
    return failure();
  FailureOr<Shape> x = shapeOf(loc, op.getX(), "x", *rank);
  FailureOr<Shape> filter = shapeOf(loc, op.getFilter(), "filter", *rank);
  if (failed(x) || failed(filter) ||
      failed(checkSameElement(loc, op.getX(), op.getFilter())))
    return failure();
  FailureOr<Shape> shape = convShape(loc, op, *x, *filter);
  if (failed(shape))
    return failure();
  return ranked(results, *shape, getElementTypeOrSelf(op.getX().getType()));
}

LogicalResult ConvInputGradOp::inferReturnTypes(MLIRContext *, Loc loc,
                                                Adaptor op, Results &results) {
  FailureOr<int64_t> rank = checkWindows(loc, op);
  if (failed(rank))
    return failure();
  FailureOr<Shape> g = shapeOf(loc, op.getG(), "g", *rank);
  FailureOr<Shape> filter = shapeOf(loc, op.getFilter(), "filter", *rank);
  FailureOr<Shape> x = shapeIn(loc, op.getShape(), *rank);
  if (failed(g) || failed(filter) || failed(x) ||
      failed(checkSameElement(loc, op.getG(), op.getFilter())))
    return failure();
  FailureOr<Shape> want = convShape(loc, op, *x, *filter);
  if (failed(want) || failed(checkGradient(loc, *g, *want)))
    return failure();
  if (x->front() == kUnknown)
    x->front() = g->front();
  if (x->back() == kUnknown)
    x->back() = mulSizes((*filter)[*rank - 2], op.getGroups());
  return ranked(results, *x, getElementTypeOrSelf(op.getG().getType()));
}

LogicalResult ConvFilterGradOp::inferReturnTypes(MLIRContext *, Loc loc,
                                                 Adaptor op, Results &results) {
  FailureOr<int64_t> rank = checkWindows(loc, op);
  if (failed(rank))
    return failure();
  FailureOr<Shape> x = shapeOf(loc, op.getX(), "x", *rank);
  FailureOr<Shape> g = shapeOf(loc, op.getG(), "g", *rank);
  FailureOr<Shape> filter = shapeIn(loc, op.getShape(), *rank);
  if (failed(x) || failed(g) || failed(filter) ||
      failed(checkSameElement(loc, op.getX(), op.getG())))
    return failure();
  FailureOr<Shape> want = convShape(loc, op, *x, *filter);
  if (failed(want) || failed(checkGradient(loc, *g, *want)))
    return failure();
  if (filter->back() == kUnknown)
    filter->back() = g->back();
  return ranked(results, *filter, getElementTypeOrSelf(op.getX().getType()));
}

//===----------------------------------------------------------------------===//
// Pooling
//===----------------------------------------------------------------------===//

template <typename Adaptor>
static FailureOr<Shape> poolShape(Loc loc, Adaptor op, ArrayRef<int64_t> x) {
  Shape result{x.front()};
  for (auto [i, window] : llvm::enumerate(op.getWindow())) {
    // C3
    int64_t extent = addSizes(mulSizes(window - 1, op.getDilations()[i]), 1);
    for (int64_t side : {0, 1})
      if (!op.getPadding().empty() && op.getPadding()[2 * i + side] >= extent)
        return emitOptionalError(
            loc, "expected padding less than the window's extent ", extent,
            ", got ", op.getPadding()[2 * i + side]);
    FailureOr<int64_t> count = places(loc, op, i, x[i + 1], window);
    if (failed(count))
      return failure();
    result.push_back(*count);
  }
  result.push_back(x.back());
  return result;
}

template <typename Adaptor>
static LogicalResult inferPool(Loc loc, Adaptor op, Results &results,
                               Type element) {
  FailureOr<int64_t> rank = checkWindows(loc, op);
  if (failed(rank) ||
      failed(checkPositive(loc, "window", op.getWindow(), *rank - 2)))
    return failure();
  FailureOr<Shape> x = shapeOf(loc, op.getX(), "x", *rank);
  if (failed(x))
    return failure();
  FailureOr<Shape> shape = poolShape(loc, op, *x);
  return failed(shape) ? failure() : ranked(results, *shape, element);
}

LogicalResult MaxPoolOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                          Results &results) {
  return inferPool(loc, op, results, getElementTypeOrSelf(op.getX().getType()));
}

LogicalResult ArgmaxPoolOp::inferReturnTypes(MLIRContext *context, Loc loc,
                                             Adaptor op, Results &results) {
  return inferPool(loc, op, results, IntegerType::get(context, 64));
}

LogicalResult AvgPoolOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                          Results &results) {
  return inferPool(loc, op, results, getElementTypeOrSelf(op.getX().getType()));
}

LogicalResult AvgPoolGradOp::inferReturnTypes(MLIRContext *, Loc loc,
                                              Adaptor op, Results &results) {
  FailureOr<int64_t> rank = checkWindows(loc, op);
  if (failed(rank) ||
      failed(checkPositive(loc, "window", op.getWindow(), *rank - 2)))
    return failure();
  FailureOr<Shape> g = shapeOf(loc, op.getG(), "g", *rank);
  FailureOr<Shape> x = shapeIn(loc, op.getShape(), *rank);
  if (failed(g) || failed(x))
    return failure();
  FailureOr<Shape> want = poolShape(loc, op, *x);
  if (failed(want) || failed(checkGradient(loc, *g, *want)))
    return failure();
  for (size_t i : {size_t(0), x->size() - 1})
    if ((*x)[i] == kUnknown)
      (*x)[i] = (*g)[i];
  return ranked(results, *x, getElementTypeOrSelf(op.getG().getType()));
}
