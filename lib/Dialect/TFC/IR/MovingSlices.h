//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_DIALECT_TFC_IR_MOVINGSLICES_H
#define TFC_LIB_DIALECT_TFC_IR_MOVINGSLICES_H

#include "Shapes.h"

namespace tfc::detail {

/// The sizes of a slice that moves with the counter of a loop; nothing unless
/// it is known to lie within the operand, and the entries of `begins` to be
/// where it starts.
std::optional<Shape> sizesOfMovingSlice(DynamicStridedSliceOp op);

} // namespace tfc::detail

#endif // TFC_LIB_DIALECT_TFC_IR_MOVINGSLICES_H
