//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Finds gradients of maxima over windows.
//===----------------------------------------------------------------------===//

#include "tfc/Dialect/TFC/Transforms/PoolGradient.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace tfc;

/// What has the same elements in the same order.
static Value behindReshapes(Value x) {
  Operation *op = x.getDefiningOp();
  return isa_and_present<ReshapeOp, DynamicReshapeOp, ExpandDimsOp, SqueezeOp>(
             op)
             ? behindReshapes(op->getOperand(0))
             : x;
}

/// Is it +0 everywhere, and has it as many elements as `other`?
static bool isZeroLike(Value x, Value other) {
  auto mine = dyn_cast<RankedTensorType>(x.getType()),
       theirs = dyn_cast<RankedTensorType>(other.getType());
  bool same = mine && theirs && mine.hasStaticShape() &&
              theirs.hasStaticShape() &&
              mine.getNumElements() == theirs.getNumElements();
  x = behindReshapes(x);
  if (auto broadcast = x.getDefiningOp<BroadcastToOp>())
    x = broadcast.getX();
  if (auto broadcast = x.getDefiningOp<DynamicBroadcastToOp>()) {
    auto shape = broadcast.getShape().getDefiningOp<ShapeOfOp>();
    same |= shape && shape.getX() == other;
    x = broadcast.getX();
  }
  return same && matchPattern(x, m_PosZeroFloat());
}

ArgmaxPoolOp tfc::findPooled(ScatterOp scatter) {
  auto pool =
      behindReshapes(scatter.getIndices()).getDefiningOp<ArgmaxPoolOp>();
  auto indices = dyn_cast<RankedTensorType>(scatter.getIndices().getType());
  auto x = dyn_cast<RankedTensorType>(scatter.getX().getType());
  bool isFlat = pool && x && x.getRank() == 1 && indices &&
                indices.getRank() == 2 && indices.getDimSize(1) == 1;
  if (!isFlat || scatter.getMode() != "add" ||
      !isa<RankedTensorType>(pool.getX().getType()) ||
      getElementTypeOrSelf(pool.getX().getType()) != x.getElementType())
    return {};
  // Elements of a dilated window may all lie in the padding.
  bool isDense = llvm::all_of(pool.getDilations(),
                              [](int64_t dilation) { return dilation == 1; });
  return isDense && isZeroLike(scatter.getX(), pool.getX()) ? pool
                                                            : ArgmaxPoolOp();
}
