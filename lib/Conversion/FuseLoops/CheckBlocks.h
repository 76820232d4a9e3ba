//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Checks of elements share the loop of the op that they protect.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_FUSELOOPS_CHECKBLOCKS_H
#define TFC_LIB_CONVERSION_FUSELOOPS_CHECKBLOCKS_H

#include "mlir/IR/Operation.h"

namespace tfc::fusion {

/// Where all elements of a large buffer are checked before an op uses them,
/// makes both go over it block by block: what has been checked is in the cache
/// then. `parallel`: threads may share the blocks.
void checkInBlocks(mlir::Operation *root, bool parallel);

} // namespace tfc::fusion

#endif // TFC_LIB_CONVERSION_FUSELOOPS_CHECKBLOCKS_H
