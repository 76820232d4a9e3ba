//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Shape rules of factorizations, linear systems and the Fourier transform.
//===----------------------------------------------------------------------===//

#include "Shapes.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::detail;

/// Two sizes that are known and not the same.
static FailureOr<TensorType> matrices(Loc loc, Value x, StringRef name) {
  return tensorOf(loc, x, name, 2, INT64_MAX);
}

static FailureOr<TensorType> squareMatrices(Loc loc, Value x, StringRef name) {
  FailureOr<TensorType> type = matrices(loc, x, name);
  if (failed(type) || !type->hasRank())
    return type;
  ArrayRef<int64_t> shape = type->getShape();
  if (differ(shape[shape.size() - 2], shape.back()))
    return emitOptionalError(loc, "expected square matrices, got ", *type);
  return type;
}

/// The size of square matrices, as far as either dimension says.
static int64_t orderOf(TensorType type) {
  int64_t rows = type.getShape()[type.getRank() - 2];
  return rows == kUnknown ? type.getShape().back() : rows;
}

/// The element type of absolute values.
static Type realOf(Type element) {
  auto type = dyn_cast<ComplexType>(element);
  return type ? type.getElementType() : element;
}

/// Batches of matrices of these sizes, or of vectors.
static void add(Results &results, TensorType like, ArrayRef<int64_t> sizes,
                Type element) {
  if (!like.hasRank())
    return (void)unranked(results, element);
  Shape shape(like.getShape().drop_back(2));
  llvm::append_range(shape, sizes);
  (void)ranked(results, shape, element);
}

static LogicalResult inferSquare(Loc loc, Value value, Results &results) {
  // C1
  FailureOr<TensorType> x = squareMatrices(loc, value, "x");
  if (failed(x))
    return failure();
  if (!x->hasRank())
    return unranked(results, x->getElementType());
  add(results, *x, {orderOf(*x), orderOf(*x)}, x->getElementType());
  return success();
}

LogicalResult CholeskyOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                           Results &results) {
  return inferSquare(loc, op.getX(), results);
}

LogicalResult SqrtmOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                        Results &results) {
  return inferSquare(loc, op.getX(), results);
}

LogicalResult LogmOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                       Results &results) {
  return inferSquare(loc, op.getX(), results);
}

/// A X = B with matrices A of the order of `order`, or its diagonals.
static LogicalResult inferSystem(Loc loc, FailureOr<TensorType> a, Value right,
                                 function_ref<int64_t(TensorType)> order,
                                 Results &results) {
  // C1
  FailureOr<TensorType> b = matrices(loc, right, "b");
  if (failed(a) || failed(b))
    return failure();
  if (a->getElementType() != b->getElementType())
    return emitOptionalError(loc, "expected operands of one element type, got ",
                             a->getElementType(), " and ", b->getElementType());
  if (!a->hasRank() || !b->hasRank())
    return unranked(results, b->getElementType());
  if (a->getRank() != b->getRank())
    return emitOptionalError(loc, "expected operands of one rank, got ", *a,
                             " and ", *b);
  // C2
  Shape shape(b->getShape());
  int64_t &rows = shape[shape.size() - 2];
  if (differ(order(*a), rows))
    return emitOptionalError(loc, "expected as many rows in b as in a, got ",
                             *a, " and ", *b);
  if (rows == kUnknown)
    rows = order(*a);
  // C3
  for (size_t i = 0; i + 2 < shape.size(); ++i) {
    if (differ(a->getDimSize(i), shape[i]))
      return emitOptionalError(loc, "expected equal leading dimensions, got ",
                               *a, " and ", *b);
    if (shape[i] == kUnknown)
      shape[i] = a->getDimSize(i);
  }
  return ranked(results, shape, b->getElementType());
}

static LogicalResult inferSolve(Loc loc, Value left, Value right,
                                Results &results) {
  return inferSystem(loc, squareMatrices(loc, left, "a"), right, orderOf,
                     results);
}

LogicalResult TridiagonalSolveOp::inferReturnTypes(MLIRContext *, Loc loc,
                                                   Adaptor op,
                                                   Results &results) {
  // C2
  FailureOr<TensorType> a = matrices(loc, op.getDiagonals(), "diagonals");
  if (succeeded(a) && a->hasRank() &&
      differ(a->getDimSize(a->getRank() - 2), 3))
    return emitOptionalError(loc, "expected diagonals with 3 rows, got ", *a);
  return inferSystem(
      loc, a, op.getB(), [](TensorType type) { return type.getShape().back(); },
      results);
}

LogicalResult TriangularSolveOp::inferReturnTypes(MLIRContext *, Loc loc,
                                                  Adaptor op,
                                                  Results &results) {
  return inferSolve(loc, op.getA(), op.getB(), results);
}

LogicalResult SolveOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                        Results &results) {
  return inferSolve(loc, op.getA(), op.getB(), results);
}

LogicalResult LUOp::inferReturnTypes(MLIRContext *context, Loc loc, Adaptor op,
                                     Results &results) {
  // C1
  FailureOr<TensorType> x = squareMatrices(loc, op.getX(), "x");
  if (failed(x))
    return failure();
  int64_t n = x->hasRank() ? orderOf(*x) : kUnknown;
  add(results, *x, {n, n}, x->getElementType());
  add(results, *x, {n}, IntegerType::get(context, 32));
  return success();
}

static int64_t smaller(int64_t a, int64_t b) {
  return a == kUnknown || b == kUnknown ? (a == 0 || b == 0 ? 0 : kUnknown)
                                        : std::min(a, b);
}

LogicalResult QROp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                     Results &results) {
  // C1
  FailureOr<TensorType> x = matrices(loc, op.getX(), "x");
  if (failed(x))
    return failure();
  int64_t rows = kUnknown, columns = kUnknown;
  if (x->hasRank())
    rows = x->getShape()[x->getRank() - 2], columns = x->getShape().back();
  int64_t inner = op.getFull() ? rows : smaller(rows, columns);
  add(results, *x, {rows, inner}, x->getElementType());
  add(results, *x, {inner, columns}, x->getElementType());
  return success();
}

LogicalResult EighOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                       Results &results) {
  // C1
  FailureOr<TensorType> x = squareMatrices(loc, op.getX(), "x");
  if (failed(x))
    return failure();
  int64_t n = x->hasRank() ? orderOf(*x) : kUnknown;
  add(results, *x, {n}, realOf(x->getElementType()));
  add(results, *x, {n, n}, x->getElementType());
  return success();
}

LogicalResult EigOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                      Results &results) {
  // C1
  FailureOr<TensorType> x = squareMatrices(loc, op.getX(), "x");
  if (failed(x))
    return failure();
  int64_t n = x->hasRank() ? orderOf(*x) : kUnknown;
  Type complex = ComplexType::get(realOf(x->getElementType()));
  add(results, *x, {n}, complex);
  add(results, *x, {n, n}, complex);
  return success();
}

LogicalResult SVDOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                      Results &results) {
  // C1
  FailureOr<TensorType> x = matrices(loc, op.getX(), "x");
  if (failed(x))
    return failure();
  int64_t rows = kUnknown, columns = kUnknown;
  if (x->hasRank())
    rows = x->getShape()[x->getRank() - 2], columns = x->getShape().back();
  int64_t inner = smaller(rows, columns);
  add(results, *x, {inner}, realOf(x->getElementType()));
  add(results, *x, {rows, op.getFull() ? rows : inner}, x->getElementType());
  add(results, *x, {columns, op.getFull() ? columns : inner},
      x->getElementType());
  return success();
}

LogicalResult FFTOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                      Results &results) {
  // C1
  FailureOr<TensorType> x = tensorOf(loc, op.getX(), "x", 1, INT64_MAX);
  if (failed(x))
    return failure();
  return sameShape(results, *x, x->getElementType());
}
