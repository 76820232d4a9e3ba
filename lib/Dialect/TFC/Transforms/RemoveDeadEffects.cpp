//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Stores that nobody can see, and reads that nobody uses.
//
// One walk against program order, which keeps the variables that are certain to
// be written again before anybody looks. Looking are reads, ops that may end
// the program (assertions, prints that a host may refuse), foreign functions,
// and the caller at the end.
//===----------------------------------------------------------------------===//

#include "ScopedValues.h"
#include "tfc/Dialect/TFC/IR/TFC.h"
#include "tfc/Dialect/TFC/Transforms/EffectOrder.h"
#include "tfc/Dialect/TFC/Transforms/Passes.h"

namespace tfc {
#define GEN_PASS_DEF_TFCREMOVEDEADEFFECTSPASS
#include "tfc/Dialect/TFC/Transforms/Passes.h.inc"
} // namespace tfc

using namespace mlir;
using namespace tfc;

namespace {

/// Variables that are written again before anybody looks: each maps to itself.
using Overwritten = ScopedValues;

class Remover {
public:
  Remover(func::FuncOp function, const EffectAnalysis &effects)
      : function(function), effects(effects) {}

  void visit(Block &block, Overwritten &later);

private:
  void visitIf(IfOp op, Overwritten &later);
  void look(const EffectSet &set, Overwritten &later);

  func::FuncOp function;
  const EffectAnalysis &effects;
};

} // namespace

/// A store of what the variable holds already: read from it, with no write in
/// between in the block of both.
static bool storesItsOwnValue(AssignVariableOp op,
                              const EffectAnalysis &effects,
                              ResourceId resource) {
  auto read = op.getValue().getDefiningOp<ReadVariableOp>();
  if (!read || read.getResource() != op.getResource() ||
      read->getBlock() != op->getBlock())
    return false;
  // What lies between is looked at once for each such store, which is rare.
  for (Operation *between = read->getNextNode(); between != op;
       between = between->getNextNode()) {
    const EffectSet &set = effects.get(between);
    if (set.external || (set.access(resource) & kWrite))
      return false;
  }
  return true;
}

void Remover::look(const EffectSet &set, Overwritten &later) {
  if (set.mayLeave())
    return later.clear();
  for (auto [resource, access] : set.touched)
    if (resource >= kFirstVariable && (access & kRead))
      later.erase(handleOf(function, resource));
}

/// Overwritten before a branch is what both sides overwrite, or leave alone.
void Remover::visitIf(IfOp op, Overwritten &later) {
  const EffectSet &set = effects.get(op);
  SmallVector<Value> touched;
  for (auto [resource, access] : set.touched)
    if (resource >= kFirstVariable)
      touched.push_back(handleOf(function, resource));
  Overwritten::Mark mark = later.mark();
  visit(op.getThenRegion().front(), later);
  SmallVector<bool> inThen;
  for (Value variable : touched)
    inThen.push_back(later.contains(variable));
  later.undo(mark);
  visit(op.getElseRegion().front(), later);
  SmallVector<Value> both;
  for (auto [variable, other] : llvm::zip(touched, inThen))
    if (other && later.contains(variable))
      both.push_back(variable);
    else
      later.erase(variable);
  // Where one side may end the program, all that it does not touch is seen.
  if (set.mayLeave())
    later.clear();
  for (Value variable : both)
    later.set(variable, variable);
}

void Remover::visit(Block &block, Overwritten &later) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block))) {
    const EffectSet &set = effects.get(&op);
    if (set.empty())
      continue;
    if (auto read = dyn_cast<ReadVariableOp>(op)) {
      if (read.getValue().use_empty())
        read.erase();
      else
        later.erase(read.getResource());
    } else if (auto assign = dyn_cast<AssignVariableOp>(op)) {
      auto resource = resourceOf(assign.getResource());
      bool dead = resource && (later.contains(assign.getResource()) ||
                               storesItsOwnValue(assign, effects, *resource));
      if (dead)
        assign.erase();
      else if (resource)
        later.set(assign.getResource(), assign.getResource());
    } else if (auto branch = dyn_cast<IfOp>(op)) {
      visitIf(branch, later);
    } else {
      // A loop's regions run any number of times, and are looked at by the next
      // iteration: each is taken for itself.
      for (Region &region : op.getRegions())
        for (Block &nested : region) {
          Overwritten none;
          visit(nested, none);
        }
      look(set, later);
    }
  }
}

namespace {
struct TFCRemoveDeadEffectsPass
    : public tfc::impl::TFCRemoveDeadEffectsPassBase<TFCRemoveDeadEffectsPass> {
  void runOnOperation() override {
    OrderKeeper order(getOperation());
    EffectAnalysis effects(getOperation());
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (effects.hasAliases(function))
        continue;
      for (Block &block : function.getBody()) {
        Overwritten none;
        Remover(function, effects).visit(block, none);
      }
    }
    if (failed(order.restore()))
      signalPassFailure();
  }
};
} // namespace
