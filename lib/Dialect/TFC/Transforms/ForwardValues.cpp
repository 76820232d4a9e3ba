//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// One walk in program order. What is known at a region's start is what is known
// before its op; a loop forgets what it writes itself before its first
// iteration.
//===----------------------------------------------------------------------===//

#include "ForwardValues.h"
#include "ScopedValues.h"
#include "tfc/Dialect/TFC/IR/TFC.h"
#include "tfc/Dialect/TFC/Transforms/Utils.h"

using namespace mlir;
using namespace tfc;

namespace {

class Forwarder {
public:
  Forwarder(func::FuncOp function, const EffectAnalysis &effects,
            ValueSource source)
      : function(function), effects(effects), source(source) {}

  void visit(Block &block);

private:
  void visitRegions(Operation *op);
  void forgetWritten(const EffectSet &set);

  func::FuncOp function;
  const EffectAnalysis &effects;
  ValueSource source;
  ScopedValues known;
};

} // namespace

void Forwarder::forgetWritten(const EffectSet &set) {
  if (set.external)
    return known.clear();
  for (auto [resource, access] : set.touched)
    if (resource >= kFirstVariable && (access & kWrite))
      known.erase(handleOf(function, resource));
}

void Forwarder::visitRegions(Operation *op) {
  const EffectSet &set = effects.get(op);
  if (isa<WhileOp>(op))
    forgetWritten(set);
  for (Region &region : op->getRegions())
    for (Block &block : region) {
      ScopedValues::Mark mark = known.mark();
      visit(block);
      known.undo(mark);
    }
  forgetWritten(set);
}

void Forwarder::visit(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(block)) {
    const EffectSet &set = effects.get(&op);
    if (set.empty())
      continue;
    if (auto read = dyn_cast<ReadVariableOp>(op)) {
      if (Value value = known.lookup(read.getResource())) {
        replaceWithCast(read.getValue(), value);
        read.erase();
      } else if (source == ValueSource::Read) {
        known.set(read.getResource(), read.getValue());
      }
    } else if (auto assign = dyn_cast<AssignVariableOp>(op)) {
      if (source == ValueSource::Store)
        known.set(assign.getResource(), assign.getValue());
      else
        known.erase(assign.getResource());
    } else {
      visitRegions(&op);
    }
  }
}

void tfc::forwardValues(func::FuncOp function, const EffectAnalysis &effects,
                        ValueSource source) {
  Forwarder forwarder(function, effects, source);
  for (Block &block : function.getBody())
    forwarder.visit(block);
}
