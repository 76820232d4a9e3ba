//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Loops over the same elements become one.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_FUSELOOPS_MERGEELEMENTS_H
#define TFC_LIB_CONVERSION_FUSELOOPS_MERGEELEMENTS_H

#include "mlir/IR/Operation.h"

namespace tfc::fusion {

/// Makes one op of elementwise ops of one dimension that follow each other and
/// share large buffers: buffers between them are gone.
void mergeElements(mlir::Operation *root);

} // namespace tfc::fusion

#endif // TFC_LIB_CONVERSION_FUSELOOPS_MERGEELEMENTS_H
