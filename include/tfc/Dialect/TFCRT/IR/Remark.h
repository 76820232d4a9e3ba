//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// What passes tell those who ask: what was done with an op, and why not more.
//===----------------------------------------------------------------------===//

#ifndef TFC_DIALECT_TFCRT_IR_REMARK_H
#define TFC_DIALECT_TFCRT_IR_REMARK_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"

namespace tfc::rt {

/// Marks a module with loops whose vectorization is left to LLVM.
constexpr const char *hasScalarLoops = "tfc.scalar_loops";
/// Marks a part of a module that has more code than others.
constexpr const char *isOfLargeModule = "tfc.large";
/// Marks a module that remarks are wanted of.
constexpr const char *wantsRemarks = "tfc.remarks";

/// A remark at the op's location, if its module wants any.
inline void remark(mlir::Operation *op,
                   llvm::function_ref<std::string()> message) {
  auto module = op->getParentOfType<mlir::ModuleOp>();
  if (module && module->hasAttr(wantsRemarks))
    mlir::emitRemark(op->getLoc(), message());
}

} // namespace tfc::rt

#endif // TFC_DIALECT_TFCRT_IR_REMARK_H
