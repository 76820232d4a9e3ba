//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Gradients of maxima over windows in one pass over the image, row by row.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_TFCTOLINALG_POOLROWS_H
#define TFC_LIB_CONVERSION_TFCTOLINALG_POOLROWS_H

#include "Windows.h"

namespace tfc::lowering {

/// Lowered tensors of [batch, spatial..., channels].
struct PooledImage {
  mlir::Value image;
  mlir::Value largest; ///< of each window
  mlir::Value share;   ///< what each window gives to its first largest element
  llvm::ArrayRef<Dim> imageDims, placeDims;
  mlir::Type element;
};

/// Are there vectors of channels, of a type that sums are kept in?
bool hasPoolRows(mlir::Operation *op, const PooledImage &pooled);

/// What the windows, of these sizes and without dilation, give to the elements
/// of the image. `op` is in the module that says what the machine has.
mlir::Value sumPoolRows(Lowering &l, mlir::Operation *op,
                        const Windows &windows, llvm::ArrayRef<int64_t> window,
                        const PooledImage &pooled);

} // namespace tfc::lowering

#endif // TFC_LIB_CONVERSION_TFCTOLINALG_POOLROWS_H
