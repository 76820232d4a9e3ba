//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// What an artifact says about its entries.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_COMPILER_DESCRIBE_H
#define TFC_LIB_COMPILER_DESCRIBE_H

#include "tfc/Compiler/Compile.h"

namespace tfc {

/// "file:line:column" of the user, or empty.
std::string describeLocation(mlir::Location loc);

/// The entries of a module before lowering.
std::vector<EntryInfo> describeSignatures(mlir::ModuleOp module);

/// Adds which variables are read and written, and what the work is; of packed
/// linalg on tensors.
void describeLinalg(mlir::ModuleOp module, std::vector<EntryInfo> &entries);

/// Device code, and what was left to the host; once there are binaries.
void describeKernels(mlir::ModuleOp module, std::vector<KernelInfo> &kernels,
                     std::vector<HostOpInfo> &host);

/// Adds the size of the arena; after memory is planned.
void describeMemory(mlir::ModuleOp module, std::vector<EntryInfo> &entries);

} // namespace tfc

#endif // TFC_LIB_COMPILER_DESCRIBE_H
