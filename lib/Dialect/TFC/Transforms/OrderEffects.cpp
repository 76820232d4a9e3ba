//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Program order to tokens.
//===----------------------------------------------------------------------===//

#include "tfc/Dialect/TFC/IR/TFC.h"
#include "tfc/Dialect/TFC/Transforms/EffectOrder.h"
#include "tfc/Dialect/TFC/Transforms/Passes.h"
#include "tfc/Dialect/TFC/Transforms/Utils.h"

namespace tfc {
#define GEN_PASS_DEF_TFCORDEREFFECTSPASS
#include "tfc/Dialect/TFC/Transforms/Passes.h.inc"
} // namespace tfc

using namespace mlir;
using namespace tfc;

/// An op with effects that no token can order.
static LogicalResult refuse(Operation *op) {
  if (auto call = dyn_cast<func::CallOp>(op))
    return op->emitError("cannot order the effects of this call of '")
           << call.getCallee()
           << "': a call takes no tokens; run tfc-inline-calls first";
  return op->emitError("cannot order the effects of '")
         << op->getName() << "': it takes no tokens";
}

static LogicalResult orderTokens(Block &block, const EffectAnalysis &effects) {
  BlockOrder order = orderBlock(block, effects);
  for (Operation *op : order.ops)
    if (!takesTokens(op))
      return refuse(op);
  for (auto [op, follows] : llvm::zip(order.ops, order.follows)) {
    SmallVector<Value> tokens;
    for (unsigned position : follows)
      tokens.push_back(getToken(order.ops[position]));
    setTokens(op, tokens);
  }
  return success();
}

namespace {
struct TFCOrderEffectsPass
    : public tfc::impl::TFCOrderEffectsPassBase<TFCOrderEffectsPass> {
  void runOnOperation() override {
    EffectAnalysis effects(getOperation());
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      LogicalResult result = success();
      // An op without effects keeps no tokens: nothing can be lost by dropping
      // them.
      function.walk([](Operation *op) { setTokens(op, {}); });
      forEachOrderedBlock(function, effects, [&](Block &block) {
        if (succeeded(result))
          result = orderTokens(block, effects);
      });
      if (failed(result))
        return signalPassFailure();
    }
  }
};
} // namespace
