//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Places of elements whose numbers are columns of their own.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_TFCTOLINALG_GATHERCOLUMNS_H
#define TFC_LIB_CONVERSION_TFCTOLINALG_GATHERCOLUMNS_H

#include "Lowering.h"

namespace tfc::lowering {

/// Places whose numbers are columns of their own become one number each.
void gatherByNumbers(mlir::Region &region);

/// Is it a joined tensor that is needed only if an assertion fails? Then that
/// joins it.
bool isOnlyShown(mlir::Operation *op);
/// Lowers the producer of such a tensor, where the message is written.
mlir::LogicalResult lowerShown(Lowering &l, mlir::Value old);

} // namespace tfc::lowering

#endif // TFC_LIB_CONVERSION_TFCTOLINALG_GATHERCOLUMNS_H
