//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Kernels that have no code for a device: which ones, and why.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_GPUTODEVICE_REFUSALS_H
#define TFC_LIB_CONVERSION_GPUTODEVICE_REFUSALS_H

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/BuiltinOps.h"

namespace tfc::device {

/// Lowers every kernel of the module. Those that cannot be are added to its
/// attribute `tfc.refused`, after an error that says why.
mlir::LogicalResult lowerKernels(
    mlir::ModuleOp module,
    llvm::function_ref<mlir::LogicalResult(mlir::gpu::GPUModuleOp)> lower);

} // namespace tfc::device

#endif // TFC_LIB_CONVERSION_GPUTODEVICE_REFUSALS_H
