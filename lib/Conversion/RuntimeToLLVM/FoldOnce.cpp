//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "FoldOnce.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/FoldUtils.h"

using namespace mlir;

void tfc::foldOnce(ModuleOp module) {
  OperationFolder folder(module.getContext());
  SmallVector<Operation *> ops;
  module.walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (!op->getNumRegions())
      ops.push_back(op);
  });
  SmallVector<Operation *> kept;
  for (Operation *op : ops) {
    if (matchPattern(op, m_Constant())) {
      if (folder.insertKnownConstant(op))
        kept.push_back(op);
      continue;
    }
    bool inPlace = false;
    if (failed(folder.tryToFold(op, &inPlace)) || inPlace)
      kept.push_back(op);
  }
  // Users first.
  for (Operation *op : llvm::reverse(kept))
    if (isOpTriviallyDead(op)) {
      folder.notifyRemoval(op);
      op->erase();
    }
}
