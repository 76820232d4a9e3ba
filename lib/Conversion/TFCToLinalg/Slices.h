//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Slices that leave out dimensions.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_TFCTOLINALG_SLICES_H
#define TFC_LIB_CONVERSION_TFCTOLINALG_SLICES_H

#include "Lowering.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"

namespace tfc::lowering {

/// A slice as `type`, which has the dimensions of `sizes` without some of size
/// 1. When an offset turns out to be constant, MLIR 22 builds the op anew as if
/// those that are left out came first: what has another shape then gets a slice
/// of all dimensions.
inline mlir::Value extractSlice(Lowering &l, mlir::RankedTensorType type,
                                mlir::Value source,
                                llvm::ArrayRef<mlir::OpFoldResult> offsets,
                                llvm::ArrayRef<mlir::OpFoldResult> sizes,
                                llvm::ArrayRef<mlir::OpFoldResult> strides) {
  using mlir::tensor::ExtractSliceOp;
  auto from = mlir::cast<mlir::RankedTensorType>(source.getType());
  auto firstOnes = ExtractSliceOp::inferCanonicalRankReducedResultType(
      type.getRank(), from, sizes);
  if (firstOnes.getShape() != type.getShape()) {
    auto all =
        ExtractSliceOp::create(l.b, l.loc, source, offsets, sizes, strides);
    auto indices = mlir::getReassociationIndicesForCollapse(
        all.getType().getShape(), type.getShape());
    if (indices)
      return mlir::tensor::CollapseShapeOp::create(l.b, l.loc, type, all,
                                                   *indices);
    all.erase();
  }
  return ExtractSliceOp::create(l.b, l.loc, type, source, offsets, sizes,
                                strides);
}

} // namespace tfc::lowering

#endif // TFC_LIB_CONVERSION_TFCTOLINALG_SLICES_H
