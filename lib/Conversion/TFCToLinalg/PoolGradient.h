//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Scatters that are gradients of maxima over windows.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_TFCTOLINALG_POOLGRADIENT_H
#define TFC_LIB_CONVERSION_TFCTOLINALG_POOLGRADIENT_H

#include "Lowering.h"
#include "tfc/Dialect/TFC/IR/TFC.h"

namespace tfc::lowering {

/// Lowers a scatter to the positions of `argmax_pool` to sums over windows,
/// without any position; false if it is none, or for a device.
bool lowerPoolGradient(Lowering &l, ScatterOp op);

} // namespace tfc::lowering

#endif // TFC_LIB_CONVERSION_TFCTOLINALG_POOLGRADIENT_H
