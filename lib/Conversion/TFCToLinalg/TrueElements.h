//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_TFCTOLINALG_TRUEELEMENTS_H
#define TFC_LIB_CONVERSION_TFCTOLINALG_TRUEELEMENTS_H

#include "Lowering.h"
#include "tfc/Dialect/TFC/IR/TFC.h"

namespace tfc::lowering {

/// The positions of true elements, in order.
llvm::LogicalResult lowerNonzero(Lowering &l, NonzeroOp op);

} // namespace tfc::lowering

#endif // TFC_LIB_CONVERSION_TFCTOLINALG_TRUEELEMENTS_H
