//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Folds: constants, and ops that do nothing.
//===----------------------------------------------------------------------===//

#include "Shapes.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::detail;

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

/// A vector of sizes as a constant of this element type.
static DenseElementsAttr vectorOf(ArrayRef<int64_t> sizes, Type element) {
  auto type = RankedTensorType::get(sizes.size(), element);
  SmallVector<APInt> values;
  for (int64_t size : sizes)
    values.emplace_back(element.getIntOrFloatBitWidth(), size, /*isSigned=*/true,
                        /*implicitTrunc=*/true);
  return DenseElementsAttr::get(type, values);
}

OpFoldResult ShapeOfOp::fold(FoldAdaptor) {
  auto type = getX().getType();
  return type.hasStaticShape() ? OpFoldResult(vectorOf(type.getShape(), getDtype()))
                               : OpFoldResult();
}

OpFoldResult BroadcastToOp::fold(FoldAdaptor op) {
  if (getX().getType() == getType() && getType().hasStaticShape())
    return getX();
  auto splat = dyn_cast_or_null<SplatElementsAttr>(op.getX());
  if (splat && getType().hasStaticShape())
    return splat.resizeSplat(cast<RankedTensorType>(getType()));
  return {};
}

OpFoldResult ReshapeOp::fold(FoldAdaptor op) {
  if (getX().getType() == getType() && getType().hasStaticShape())
    return getX();
  auto dense = dyn_cast_or_null<DenseElementsAttr>(op.getX());
  if (dense && getType().hasStaticShape())
    return dense.reshape(cast<RankedTensorType>(getType()));
  return {};
}
