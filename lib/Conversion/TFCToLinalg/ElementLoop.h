//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Loops whose elements do not know of each other.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_TFCTOLINALG_ELEMENTLOOP_H
#define TFC_LIB_CONVERSION_TFCTOLINALG_ELEMENTLOOP_H

#include "Lowering.h"

namespace tfc {
class WhileOp;
}

namespace tfc::lowering {

/// Lowers a loop that goes on until all elements are done as one loop for each
/// element. False, without any change, if it is no such loop.
bool lowerElementLoop(Lowering &l, WhileOp op);

} // namespace tfc::lowering

#endif // TFC_LIB_CONVERSION_TFCTOLINALG_ELEMENTLOOP_H
