//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The buffers of what loops carry, after bufferization.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_DIALECT_TFCRT_TRANSFORMS_LOOPBUFFERS_H
#define TFC_LIB_DIALECT_TFCRT_TRANSFORMS_LOOPBUFFERS_H

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"

namespace tfc::rt {

/// Lists that grow go on in their buffer, or in a new one, without a copy in
/// each iteration.
void keepGrownBuffers(mlir::Operation *root);

/// Buffers of known size that iterations make for the next one take turns with
/// those that are not needed any more: as many as there are at a time are made
/// before the loop.
void rotateBuffers(mlir::Operation *root);

/// What `op` puts in a place, wherever it may be instead. Sizes that are known
/// of the place may not be known of the value.
mlir::Value unplaced(mlir::OpBuilder &builder,
                     mlir::bufferization::MaterializeInDestinationOp op);

} // namespace tfc::rt

#endif // TFC_LIB_DIALECT_TFCRT_TRANSFORMS_LOOPBUFFERS_H
