//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Fewer ops to convert.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_RUNTIMETOLLVM_FOLDONCE_H
#define TFC_LIB_CONVERSION_RUNTIMETOLLVM_FOLDONCE_H

#include "mlir/IR/BuiltinOps.h"

namespace tfc {

/// Folds each op of a module once, in program order, and keeps each constant
/// once a function. Loops are made with constants of their own, for their
/// bounds and for what their addresses are computed of: a third of all ops, and
/// each takes as long to convert as any other.
void foldOnce(mlir::ModuleOp module);

} // namespace tfc

#endif // TFC_LIB_CONVERSION_RUNTIMETOLLVM_FOLDONCE_H
