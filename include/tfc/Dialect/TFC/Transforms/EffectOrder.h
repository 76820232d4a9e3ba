//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The minimal partial order of the effects of a block.
//===----------------------------------------------------------------------===//

#ifndef TFC_DIALECT_TFC_TRANSFORMS_EFFECTORDER_H
#define TFC_DIALECT_TFC_TRANSFORMS_EFFECTORDER_H

#include "mlir/Support/LLVM.h"
#include "tfc/Dialect/TFC/Transforms/EffectAnalysis.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"

namespace tfc {

/// The ops of one block that have effects, in program order, and for each the
/// positions of those it follows directly (ascending).
struct BlockOrder {
  llvm::SmallVector<mlir::Operation *> ops;
  llvm::SmallVector<llvm::SmallVector<unsigned, 2>> follows;
};

/// The transitive reduction of the conflicts of a block. Near linear in the
/// number of effects: each is looked at when it is made, and when the next
/// write joins it.
BlockOrder orderBlock(mlir::Block &block, const EffectAnalysis &effects);

/// The blocks of a function whose ops have effects, outer ones first.
void forEachOrderedBlock(mlir::func::FuncOp function,
                         const EffectAnalysis &effects,
                         llvm::function_ref<void(mlir::Block &)> visit);

/// Gives each op with effects the tokens of its minimal order, and drops all
/// others; calls with effects become `tfc.call`. Fails, with an error, on an op
/// that takes no tokens.
mlir::LogicalResult orderModule(mlir::ModuleOp module);

/// Lets a pass rewrite a module in program order: takes tokens away, and
/// `restore` gives what is then there the order it needs, if there were any.
class OrderKeeper {
public:
  explicit OrderKeeper(mlir::ModuleOp module);
  mlir::LogicalResult restore();

private:
  mlir::ModuleOp module;
  bool ordered = false;
};

} // namespace tfc

#endif // TFC_DIALECT_TFC_TRANSFORMS_EFFECTORDER_H
