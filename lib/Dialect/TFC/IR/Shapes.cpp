//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// What the shape rules share.
//===----------------------------------------------------------------------===//

#include "Shapes.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::detail;

std::string tfc::detail::str(ArrayRef<int64_t> shape) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << '[';
  llvm::interleaveComma(shape, os, [&](int64_t size) {
    if (size == kUnknown)
      os << '?';
    else
      os << size;
  });
  os << ']';
  return text;
}

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

LogicalResult tfc::detail::checkOperandCount(Loc loc, size_t want, size_t got) {
  if (want == got)
    return success();
  return emitOptionalError(loc, "expected ", want,
                           want == 1 ? " operand" : " operands", ", got ", got);
}

FailureOr<TensorType> tfc::detail::tensorOf(Loc loc, Value operand,
                                            StringRef name) {
  if (auto type = dyn_cast<TensorType>(operand.getType()))
    return type;
  return emitOptionalError(loc, "expected ", name, " to be a tensor, got ",
                           operand.getType());
}

FailureOr<TensorType> tfc::detail::tensorOf(Loc loc, Value operand,
                                            StringRef name, int64_t minRank,
                                            int64_t maxRank) {
  FailureOr<TensorType> type = tensorOf(loc, operand, name);
  if (failed(type) || !type->hasRank())
    return type;
  if (type->getRank() < minRank)
    return emitOptionalError(loc, "expected ", name, " to have rank at least ",
                             minRank, ", got ", *type);
  if (type->getRank() > maxRank)
    return emitOptionalError(loc, "expected ", name, " to have rank at most ",
                             maxRank, ", got ", *type);
  return type;
}

FailureOr<TensorType> tfc::detail::scalarOf(Loc loc, Value operand,
                                            StringRef name) {
  FailureOr<TensorType> type = tensorOf(loc, operand, name);
  if (failed(type) || !type->hasRank() || type->getRank() == 0)
    return type;
  return emitOptionalError(loc, "expected ", name, " to be a scalar, got ",
                           *type);
}

FailureOr<int64_t> tfc::detail::vectorSizeOf(Loc loc, Value operand,
                                             StringRef name) {
  FailureOr<TensorType> type = tensorOf(loc, operand, name);
  if (failed(type))
    return failure();
  if (!type->hasRank())
    return kUnknown;
  if (type->getRank() != 1)
    return emitOptionalError(loc, "expected ", name, " to be a vector, got ",
                             *type);
  return type->getDimSize(0);
}

LogicalResult tfc::detail::checkAxis(Loc loc, int64_t axis, int64_t rank,
                                     StringRef name) {
  if (axis >= 0 && (rank < 0 || axis < rank))
    return success();
  if (rank < 0)
    return emitOptionalError(loc, name, " ", axis,
                             " is out of range, expected 0 <= ", name);
  return emitOptionalError(loc, name, " ", axis, " is out of range for rank ",
                           rank, ", expected 0 <= ", name, " < ", rank);
}

LogicalResult tfc::detail::checkAxes(Loc loc, ArrayRef<int64_t> axes,
                                     int64_t rank) {
  for (auto [i, axis] : llvm::enumerate(axes)) {
    if (failed(checkAxis(loc, axis, rank)))
      return failure();
    if (i > 0 && axis <= axes[i - 1])
      return emitOptionalError(loc, "expected ascending, distinct axes, got ",
                               str(axes));
  }
  return success();
}

LogicalResult tfc::detail::checkEntries(Loc loc, StringRef name, int64_t got,
                                        int64_t rank) {
  if (rank < 0 || got == rank)
    return success();
  return emitOptionalError(loc, "expected one entry of `", name,
                           "` for each of the operand's ", rank,
                           " dimensions, got ", got);
}

LogicalResult tfc::detail::checkShape(Loc loc, ArrayRef<int64_t> shape,
                                      bool mayBeUnknown) {
  for (int64_t size : shape) {
    if (size == kUnknown ? mayBeUnknown : size >= 0)
      continue;
    return emitOptionalError(loc, "expected ",
                             mayBeUnknown
                                 ? "sizes that are unknown or at least 0"
                                 : "known sizes that are at least 0",
                             ", got ", str(shape));
  }
  return success();
}

LogicalResult tfc::detail::checkElement(Loc loc, Type type, StringRef name) {
  if (isElementType(type) && !isa<StringType>(type))
    return success();
  return emitOptionalError(loc, "expected `", name,
                           "` to be a bool, integer, floating point or complex "
                           "element type, got ",
                           type);
}

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

int64_t tfc::detail::addSizes(int64_t a, int64_t b) {
  int64_t sum;
  if (a == kUnknown || b == kUnknown || llvm::AddOverflow(a, b, sum))
    return kUnknown;
  return sum;
}

int64_t tfc::detail::mulSizes(int64_t a, int64_t b) {
  int64_t product;
  if (a == 0 || b == 0)
    return 0;
  if (a == kUnknown || b == kUnknown || llvm::MulOverflow(a, b, product))
    return kUnknown;
  return product;
}

int64_t tfc::detail::countElements(ArrayRef<int64_t> shape) {
  int64_t count = 1;
  for (int64_t size : shape)
    if (size == 0)
      return 0;
  for (int64_t size : shape)
    count = mulSizes(count, size);
  return count;
}

int64_t tfc::detail::sliceSize(int64_t dim, int64_t start, int64_t stride) {
  if (stride > 0)
    return start >= dim ? 0 : llvm::divideCeilSigned(dim - start, stride);
  return start < 0 ? 0 : llvm::divideFloorSigned(start, -stride) + 1;
}

FailureOr<Shape> tfc::detail::broadcast(Loc loc, ArrayRef<int64_t> a,
                                        ArrayRef<int64_t> b) {
  size_t rank = std::max(a.size(), b.size());
  Shape shape(rank);
  for (size_t i = 0; i < rank; ++i) {
    // Position i counts from the last dimension.
    int64_t m = i < a.size() ? a[a.size() - 1 - i] : 1;
    int64_t n = i < b.size() ? b[b.size() - 1 - i] : 1;
    int64_t &size = shape[rank - 1 - i];
    if (m == 1 || m == n)
      size = n;
    else if (n == 1)
      size = m;
    else if (m == kUnknown)
      size = n; // The unknown one is 1 or n.
    else if (n == kUnknown)
      size = m;
    else
      return emitOptionalError(
          loc, "shapes ", str(a), " and ", str(b),
          " do not broadcast: expected equal sizes or 1 in "
          "dimension ",
          -static_cast<int64_t>(i) - 1, ", got ", m, " and ", n);
  }
  return shape;
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

LogicalResult tfc::detail::ranked(Results &results, ArrayRef<int64_t> shape,
                                  Type element) {
  results.push_back(RankedTensorType::get(shape, element));
  return success();
}

LogicalResult tfc::detail::unranked(Results &results, Type element) {
  results.push_back(UnrankedTensorType::get(element));
  return success();
}

LogicalResult tfc::detail::sameShape(Results &results, TensorType type,
                                     Type element) {
  return type.hasRank() ? ranked(results, type.getShape(), element)
                        : unranked(results, element);
}
