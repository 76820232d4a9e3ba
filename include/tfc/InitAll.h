//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef TFC_INITALL_H
#define TFC_INITALL_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace tfc {

/// Adds the dialects of tfc alone: for contexts that have upstream's.
void registerDialects(mlir::DialectRegistry &registry);

/// Adds the tfc dialect, upstream's dialects and extensions.
void registerAllDialects(mlir::DialectRegistry &registry);

/// Registers the passes and pipelines of tfc, by name. Upstream's stay with the
/// caller: a program registers them, the Python package has done so already.
void registerAllPasses();

} // namespace tfc

#endif // TFC_INITALL_H
