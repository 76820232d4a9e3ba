//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef TFC_CONVERSION_GPU_PASSES_H
#define TFC_CONVERSION_GPU_PASSES_H

#include "mlir/Pass/Pass.h"

namespace tfc {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "tfc/Conversion/GPU/Passes.h.inc"
} // namespace tfc

#endif // TFC_CONVERSION_GPU_PASSES_H
