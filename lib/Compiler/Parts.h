//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Parts of a module that threads make code of at the same time.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_COMPILER_PARTS_H
#define TFC_LIB_COMPILER_PARTS_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"

namespace tfc {

/// Cuts a module of functions with loops into parts of about equal size that
/// can be compiled each on its own and linked together. None if it is not worth
/// it. Depends on the module alone, not on the machine.
llvm::SmallVector<mlir::OwningOpRef<mlir::ModuleOp>>
cutIntoParts(mlir::ModuleOp module);

/// Calls `work` with each number below `count`, in as many threads as there are
/// processors for.
void runInThreads(unsigned count, llvm::function_ref<void(unsigned)> work);

} // namespace tfc

#endif // TFC_LIB_COMPILER_PARTS_H
