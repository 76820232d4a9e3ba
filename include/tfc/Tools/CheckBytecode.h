//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// MLIR's reader of bytecode trusts its input: some damaged files end the
// process that reads them.
//===----------------------------------------------------------------------===//

#ifndef TFC_TOOLS_CHECKBYTECODE_H
#define TFC_TOOLS_CHECKBYTECODE_H

#include "llvm/Support/LogicalResult.h"
#include "llvm/Support/MemoryBufferRef.h"

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace tfc {

/// Succeeds if reading `buffer` will not end the process: it is text, or
/// bytecode that a child process could read, which may also mean that it got
/// errors. Otherwise says so on stderr. To be called before there are threads.
llvm::LogicalResult checkBytecode(llvm::MemoryBufferRef buffer,
                                  const mlir::DialectRegistry &registry,
                                  bool allowUnregisteredDialects = false);

} // namespace tfc

#endif // TFC_TOOLS_CHECKBYTECODE_H
