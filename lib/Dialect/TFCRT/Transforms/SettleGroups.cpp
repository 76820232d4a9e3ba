//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Groups that became functions are loops now: what needs the function around
// goes back to where it is called.
//
// A function stays if it saves enough, and there is nothing in it that later
// passes do for entries only: memory, loops that threads share, the host. Its
// calls say what they cost and what they write.
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "tfc/Dialect/TFCRT/IR/SharedGroup.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"
#include "tfc/Dialect/TFCRT/Transforms/LoopCost.h"
#include "tfc/Dialect/TFCRT/Transforms/Passes.h"
#include "tfc/Dialect/TFCRT/Transforms/Roots.h"
#include "llvm/ADT/MapVector.h"

namespace tfc::rt {
#define GEN_PASS_DEF_TFCSETTLEGROUPSPASS
#include "tfc/Dialect/TFCRT/Transforms/Passes.h.inc"
} // namespace tfc::rt

using namespace mlir;
using namespace tfc::rt;

static bool needsCaller(func::FuncOp function) {
  return function
      ->walk([](Operation *op) {
        bool needs = isa<memref::AllocOp, memref::DeallocOp>(op) ||
                     isa<TFCRTDialect>(op->getDialect());
        return needs ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

/// The last call gets the ops themselves.
static void putBack(func::FuncOp function, ArrayRef<func::CallOp> calls) {
  Block &body = function.getBody().front();
  for (func::CallOp call : calls.drop_back()) {
    OpBuilder builder(call);
    IRMapping mapping;
    mapping.map(function.getArguments(), call.getOperands());
    for (Operation &op : body.without_terminator())
      builder.clone(op, mapping);
  }
  func::CallOp last = calls.back();
  for (auto [argument, operand] :
       llvm::zip(function.getArguments(), last.getOperands()))
    argument.replaceAllUsesWith(operand);
  for (Operation &op : llvm::make_early_inc_range(body.without_terminator()))
    op.moveBefore(last);
  for (func::CallOp call : calls)
    call.erase();
  function.erase();
}

/// Tells later passes what a call does without a look at the function.
static void describe(func::FuncOp function, ArrayRef<func::CallOp> calls) {
  Builder builder(function.getContext());
  LoopCost cost;
  llvm::SmallBitVector written(function.getNumArguments());
  for (Operation &op : function.getBody().front().without_terminator()) {
    cost += estimateCost(&op);
    for (auto [root, write] : touchedBy(&op)) {
      auto argument = dyn_cast_if_present<BlockArgument>(root);
      if (write && argument)
        written.set(argument.getArgNumber());
      else if (write && !root)
        written.set();
    }
  }
  SmallVector<bool> writes;
  for (unsigned i = 0; i < written.size(); ++i)
    writes.push_back(written.test(i));
  for (func::CallOp call : calls) {
    call->setAttr(SharedGroup::cost, builder.getF64FloatAttr(cost.alone()));
    call->setAttr(SharedGroup::writes, builder.getDenseBoolArrayAttr(writes));
  }
}

namespace {

struct SettleGroups
    : public tfc::rt::impl::TFCSettleGroupsPassBase<SettleGroups> {
  using tfc::rt::impl::TFCSettleGroupsPassBase<
      SettleGroups>::TFCSettleGroupsPassBase;

  void runOnOperation() override {
    llvm::MapVector<StringAttr,
                    std::pair<func::FuncOp, SmallVector<func::CallOp>>>
        groups;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function->hasAttr(SharedGroup::function) && !function.isDeclaration())
        groups[function.getSymNameAttr()].first = function;
    if (groups.empty())
      return;
    getOperation()->walk([&](func::CallOp call) {
      if (auto group = groups.find(call.getCalleeAttr().getAttr());
          group != groups.end())
        group->second.second.push_back(call);
    });
    for (auto &[name, group] : groups) {
      auto &[function, calls] = group;
      if (calls.empty()) { // the code that did is gone
        function.erase();
        continue;
      }
      int64_t size = 0;
      function->walk([&](Operation *) { ++size; });
      if (int64_t(calls.size() - 1) * size < minSaved || needsCaller(function))
        putBack(function, calls);
      else
        describe(function, calls);
    }
  }
};

} // namespace
