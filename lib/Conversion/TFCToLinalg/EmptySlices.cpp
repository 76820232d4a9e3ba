//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Slices without elements go.
//
// `x[4:]` of four elements begins behind the last one. There is nothing wrong
// with that, but the verifier of slices wants an offset to be within the
// tensor. It is enough to know that the whole has no elements: sizes of its
// part may be those of something unknown.
//===----------------------------------------------------------------------===//

#include "Lowering.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace tfc;

static bool isEmpty(RankedTensorType type) {
  return llvm::is_contained(type.getShape(), 0);
}

/// A tensor in the place of a slice that reads nothing.
static Value nothing(IRRewriter &b, tensor::ExtractSliceOp slice) {
  llvm::SmallBitVector dropped = slice.getDroppedDims();
  SmallVector<OpFoldResult> sizes;
  for (auto [dim, size] : llvm::enumerate(slice.getMixedSizes()))
    if (!dropped.test(dim))
      sizes.push_back(size);
  Value made = tensor::EmptyOp::create(b, slice.getLoc(), sizes,
                                       slice.getType().getElementType());
  return b.createOrFold<tensor::CastOp>(slice.getLoc(), slice.getType(), made);
}

void lowering::removeEmptySlices(Region &region) {
  IRRewriter b(region.getContext());
  region.walk([&](Operation *op) {
    b.setInsertionPoint(op);
    if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op);
        slice && (isEmpty(slice.getType()) || isEmpty(slice.getSourceType())))
      b.replaceOp(op, nothing(b, slice));
    else if (auto insert = dyn_cast<tensor::InsertSliceOp>(op);
             insert &&
             (isEmpty(insert.getSourceType()) || isEmpty(insert.getDestType())))
      b.replaceOp(op, insert.getDest());
  });
}
