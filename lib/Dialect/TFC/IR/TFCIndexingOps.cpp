//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Shape rules of ops whose element positions are data.
//===----------------------------------------------------------------------===//

#include "Shapes.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::detail;

//===----------------------------------------------------------------------===//
// Gather and scatter
//===----------------------------------------------------------------------===//

LogicalResult GatherOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                         Results &results) {
  FailureOr<TensorType> x = tensorOf(loc, op.getX(), "x");
  FailureOr<TensorType> indices = tensorOf(loc, op.getIndices(), "indices");
  if (failed(x) || failed(indices))
    return failure();
  int64_t axis = op.getAxis(), batch = op.getBatchDims();
  // C1
  if (failed(checkAxis(loc, axis, rankOf(*x))))
    return failure();
  if (batch < 0 || batch > axis ||
      (indices->hasRank() && batch > indices->getRank()))
    return emitOptionalError(loc, "expected 0 <= batch_dims <= axis = ", axis,
                             " and at most the rank of indices, got ", batch,
                             " for ", *indices);
  if (!x->hasRank() || !indices->hasRank())
    return unranked(results, x->getElementType());
  // C2
  for (int64_t i = 0; i < batch; ++i)
    if (!isCompatible(
            RankedTensorType::get(x->getDimSize(i), x->getElementType()),
            RankedTensorType::get(indices->getDimSize(i), x->getElementType())))
      return emitOptionalError(loc, "expected equal sizes in the first ", batch,
                               " dimensions, got ", *x, " and ", *indices);
  Shape shape(x->getShape().take_front(axis));
  llvm::append_range(shape, indices->getShape().drop_front(batch));
  llvm::append_range(shape, x->getShape().drop_front(axis + 1));
  return ranked(results, shape, x->getElementType());
}

/// The size of the index vectors, or unknown if the rank of `indices` is.
static FailureOr<int64_t> indexSize(Loc loc, TensorType indices) {
  if (!indices.hasRank())
    return kUnknown;
  if (indices.getRank() == 0)
    return emitOptionalError(loc, "expected indices of rank at least 1, got ",
                             indices);
  int64_t size = indices.getShape().back();
  if (size == kUnknown)
    return emitOptionalError(
        loc, "expected indices with a known last dimension, got ", indices);
  return size;
}

LogicalResult GatherNdOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                           Results &results) {
  FailureOr<TensorType> x = tensorOf(loc, op.getX(), "x");
  FailureOr<TensorType> indices = tensorOf(loc, op.getIndices(), "indices");
  if (failed(x) || failed(indices))
    return failure();
  // C1
  FailureOr<int64_t> size = indexSize(loc, *indices);
  if (failed(size))
    return failure();
  // C2
  int64_t batch = op.getBatchDims();
  if (batch < 0 || (indices->hasRank() && batch >= indices->getRank()))
    return emitOptionalError(loc,
                             "expected 0 <= batch_dims < rank of indices, got ",
                             batch, " for ", *indices);
  if (x->hasRank() && *size != kUnknown && *size > x->getRank() - batch)
    return emitOptionalError(loc, "expected index vectors of at most ",
                             std::max<int64_t>(x->getRank() - batch, 0),
                             " entries for ", *x, " with batch_dims ", batch,
                             ", got ", *size);
  if (!x->hasRank() || !indices->hasRank())
    return unranked(results, x->getElementType());
  Shape shape(indices->getShape().drop_back());
  llvm::append_range(shape, x->getShape().drop_front(batch + *size));
  return ranked(results, shape, x->getElementType());
}

LogicalResult ScatterOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                          Results &results) {
  FailureOr<TensorType> x = tensorOf(loc, op.getX(), "x");
  FailureOr<TensorType> indices = tensorOf(loc, op.getIndices(), "indices");
  FailureOr<TensorType> updates = tensorOf(loc, op.getUpdates(), "updates");
  if (failed(x) || failed(indices) || failed(updates))
    return failure();
  // C1
  FailureOr<int64_t> size = indexSize(loc, *indices);
  if (failed(size))
    return failure();
  if (x->hasRank() && *size != kUnknown && *size > x->getRank())
    return emitOptionalError(loc, "expected index vectors of at most ",
                             x->getRank(), " entries for ", *x, ", got ",
                             *size);
  // C2
  TensorType want = UnrankedTensorType::get(x->getElementType());
  if (x->hasRank() && indices->hasRank()) {
    Shape shape(indices->getShape().drop_back());
    llvm::append_range(shape, x->getShape().drop_front(*size));
    want = RankedTensorType::get(shape, x->getElementType());
  }
  if (!isCompatible(*updates, want))
    return emitOptionalError(loc, "expected updates of type ", want, ", got ",
                             *updates);
  // C3
  static constexpr StringRef modes[] = {"update", "add", "sub",
                                        "mul",    "min", "max"};
  if (!llvm::is_contained(modes, op.getMode()))
    return emitOptionalError(
        loc, "expected `mode` update, add, sub, mul, min or max, got ",
        op.getMode());
  results.push_back(*x);
  return success();
}

LogicalResult NonzeroOp::inferReturnTypes(MLIRContext *context, Loc loc,
                                          Adaptor op, Results &results) {
  FailureOr<TensorType> x = tensorOf(loc, op.getX(), "x");
  if (failed(x))
    return failure();
  return ranked(results, {kUnknown, x->hasRank() ? x->getRank() : kUnknown},
                IntegerType::get(context, 64));
}

//===----------------------------------------------------------------------===//
// Sorts
//===----------------------------------------------------------------------===//

LogicalResult SortOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                       Results &results) {
  FailureOr<TensorType> x = tensorOf(loc, op.getX(), "x");
  // C1
  if (failed(x) || failed(checkAxis(loc, op.getAxis(), rankOf(*x))))
    return failure();
  return sameShape(results, *x, x->getElementType());
}

LogicalResult ArgsortOp::inferReturnTypes(MLIRContext *context, Loc loc,
                                          Adaptor op, Results &results) {
  FailureOr<TensorType> x = tensorOf(loc, op.getX(), "x");
  // C1
  if (failed(x) || failed(checkAxis(loc, op.getAxis(), rankOf(*x))))
    return failure();
  return sameShape(results, *x, IntegerType::get(context, 32));
}

//===----------------------------------------------------------------------===//
// Random bits
//===----------------------------------------------------------------------===//

LogicalResult RandomBitsOp::inferReturnTypes(MLIRContext *context, Loc loc,
                                             Adaptor op, Results &results) {
  auto word = IntegerType::get(context, 64, IntegerType::Unsigned);
  // C1
  if (!isCompatible(op.getKey().getType(), RankedTensorType::get(1, word)) ||
      !isCompatible(op.getCounter().getType(), RankedTensorType::get(2, word)))
    return emitOptionalError(loc,
                             "expected a key tensor<1xui64> and a counter "
                             "tensor<2xui64>, got ",
                             op.getKey().getType(), " and ",
                             op.getCounter().getType());
  // C2
  Type dtype = op.getDtype();
  if (!dtype.isUnsignedInteger(32) && !dtype.isUnsignedInteger(64))
    return emitOptionalError(loc, "expected `dtype` to be ui32 or ui64, got ",
                             dtype);
  if (failed(checkShape(loc, op.getShape(), /*mayBeUnknown=*/false)))
    return failure();
  return ranked(results, op.getShape(), dtype);
}
