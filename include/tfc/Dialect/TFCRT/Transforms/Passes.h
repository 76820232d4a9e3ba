//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef TFC_DIALECT_TFCRT_TRANSFORMS_PASSES_H
#define TFC_DIALECT_TFCRT_TRANSFORMS_PASSES_H

#include "mlir/Pass/Pass.h"

namespace tfc::rt {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "tfc/Dialect/TFCRT/Transforms/Passes.h.inc"
} // namespace tfc::rt

#endif // TFC_DIALECT_TFCRT_TRANSFORMS_PASSES_H
