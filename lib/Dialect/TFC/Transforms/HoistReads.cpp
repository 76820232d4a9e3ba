//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Reads of what a loop does not write move before the loop.
//
// A read cannot be seen to happen, and never fails, so that it may happen where
// it did not before: in a loop of no iterations, in a branch not taken.
//===----------------------------------------------------------------------===//

#include "tfc/Dialect/TFC/IR/TFC.h"
#include "tfc/Dialect/TFC/Transforms/EffectOrder.h"
#include "tfc/Dialect/TFC/Transforms/Passes.h"

namespace tfc {
#define GEN_PASS_DEF_TFCHOISTREADSPASS
#include "tfc/Dialect/TFC/Transforms/Passes.h.inc"
} // namespace tfc

using namespace mlir;
using namespace tfc;

/// The outermost loop around `read` that does not write its variable, nor any
/// loop between; null if there is none.
static Operation *findLoop(ReadVariableOp read, const EffectAnalysis &effects) {
  std::optional<ResourceId> resource = resourceOf(read.getResource());
  Operation *found = nullptr;
  for (Operation *op = read->getParentOp();
       resource && op && !isa<func::FuncOp>(op); op = op->getParentOp()) {
    const EffectSet &set = effects.get(op);
    if (set.external || (set.access(*resource) & kWrite))
      break;
    if (isa<WhileOp>(op))
      found = op;
  }
  return found;
}

namespace {
struct TFCHoistReadsPass
    : public tfc::impl::TFCHoistReadsPassBase<TFCHoistReadsPass> {
  void runOnOperation() override {
    OrderKeeper order(getOperation());
    EffectAnalysis effects(getOperation());
    getOperation().walk([&](ReadVariableOp read) {
      if (effects.hasAliases(getFunction(read)))
        return;
      if (Operation *loop = findLoop(read, effects))
        read->moveBefore(loop);
    });
    if (failed(order.restore()))
      signalPassFailure();
  }
};
} // namespace
