//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Program order to tokens.
//===----------------------------------------------------------------------===//

#include "mlir/IR/Remarks.h"
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

/// Only `tfc.call` takes tokens.
static void replaceCall(func::CallOp call, EffectAnalysis &effects) {
  OpBuilder builder(call);
  auto copy = tfc::CallOp::create(
      builder, call.getLoc(), call.getResultTypes(),
      TokenType::get(call.getContext()), call.getCallee(), call.getOperands(),
      /*after=*/ValueRange(), /*arg_attrs=*/ArrayAttr(),
      /*res_attrs=*/ArrayAttr());
  copy->setDiscardableAttrs(call->getDiscardableAttrDictionary());
  call.replaceAllUsesWith(copy.getResults());
  effects.replace(call, copy);
  call.erase();
}

/// Says why each op waits for others, to whoever listens (`--remarks-filter`).
static void explain(func::FuncOp function, const BlockOrder &order,
                    const EffectAnalysis &effects) {
  for (auto [op, follows] : llvm::zip(order.ops, order.follows))
    for (unsigned position : follows) {
      Operation *first = order.ops[position];
      auto conflict = findConflict(effects.get(first), effects.get(op));
      remark::analysis(op->getLoc(), remark::RemarkOpts::name("Ordered")
                                         .category("tfc-order-effects")
                                         .function(function.getName()))
          << remark::reason("{0}",
                            describeConflict(function, first, op, *conflict));
    }
}

static LogicalResult orderTokens(func::FuncOp function, Block &block,
                                 const EffectAnalysis &effects) {
  BlockOrder order = orderBlock(block, effects);
  for (Operation *op : order.ops)
    if (!takesTokens(op))
      return op->emitError("cannot order the effects of '")
             << op->getName() << "': it takes no tokens";
  for (auto [op, follows] : llvm::zip(order.ops, order.follows)) {
    SmallVector<Value> tokens;
    for (unsigned position : follows)
      tokens.push_back(getToken(order.ops[position]));
    setTokens(op, tokens);
  }
  if (block.getParentOp()->getContext()->getRemarkEngine())
    explain(function, order, effects);
  return success();
}

LogicalResult tfc::orderModule(ModuleOp module) {
  EffectAnalysis effects(module);
  for (auto function : module.getOps<func::FuncOp>()) {
    // An op without effects keeps no tokens: nothing can be lost by dropping
    // them.
    SmallVector<func::CallOp> calls;
    function.walk([&](Operation *op) {
      setTokens(op, {});
      auto call = dyn_cast<func::CallOp>(op);
      if (call && !effects.get(call).empty())
        calls.push_back(call);
    });
    for (func::CallOp call : calls)
      replaceCall(call, effects);
    LogicalResult result = success();
    forEachOrderedBlock(function, effects, [&](Block &block) {
      if (succeeded(result))
        result = orderTokens(function, block, effects);
    });
    if (failed(result))
      return failure();
  }
  return success();
}

OrderKeeper::OrderKeeper(ModuleOp module) : module(module) {
  module.walk([&](Operation *op) {
    ordered |= !getTokens(op).empty();
    setTokens(op, {});
  });
}

LogicalResult OrderKeeper::restore() {
  return ordered ? orderModule(module) : success();
}

namespace {
struct TFCOrderEffectsPass
    : public tfc::impl::TFCOrderEffectsPassBase<TFCOrderEffectsPass> {
  void runOnOperation() override {
    if (failed(orderModule(getOperation())))
      signalPassFailure();
  }
};
} // namespace
