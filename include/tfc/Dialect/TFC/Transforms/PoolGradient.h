//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The gradient of a maximum over windows, which is recorded as what it is.
//===----------------------------------------------------------------------===//

#ifndef TFC_DIALECT_TFC_TRANSFORMS_POOLGRADIENT_H
#define TFC_DIALECT_TFC_TRANSFORMS_POOLGRADIENT_H

#include "tfc/Dialect/TFC/IR/TFC.h"

namespace tfc {

/// The op whose positions this one adds to, if that is all it does: to zeros of
/// as many elements as the op's input has. Every window has an element, so that
/// every position is one of the input. Else null.
ArgmaxPoolOp findPooled(ScatterOp scatter);

} // namespace tfc

#endif // TFC_DIALECT_TFC_TRANSFORMS_POOLGRADIENT_H
