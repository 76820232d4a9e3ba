//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Element types of lists, from the tensors put into them.
//
// List values that may be one list (before and after a set, around a loop, out
// of a branch) form a class, which has one element type: the join of the
// tensors set. Their types may depend on what is read from the list, so that
// this is a guess: it is made from the types known at first, everything is
// inferred with it, and if a tensor set does not fit then, all is undone and
// the guess is joined with it.
//===----------------------------------------------------------------------===//

#include "mlir/IR/Diagnostics.h"
#include "tfc/Dialect/TFC/IR/TFC.h"
#include "tfc/Dialect/TFC/Transforms/Passes.h"
#include "tfc/Dialect/TFC/Transforms/RefineShapes.h"
#include "tfc/Dialect/TFC/Transforms/Utils.h"
#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/MapVector.h"

namespace tfc {
#define GEN_PASS_DEF_TFCREFINELISTSPASS
#include "tfc/Dialect/TFC/Transforms/Passes.h.inc"
} // namespace tfc

using namespace mlir;
using namespace tfc;

namespace {

class ListRefiner {
public:
  explicit ListRefiner(func::FuncOp function) : function(function) {}
  LogicalResult run();

private:
  void collect();
  void join(Value a, Value b);
  void fix(Value list);
  Value classOf(Value list) {
    return Value::getFromOpaquePointer(
        classes.getLeaderValue(list.getAsOpaquePointer()));
  }
  bool guess(bool known);
  void apply();
  void undo(TypeSnapshot &before);

  func::FuncOp function;
  llvm::EquivalenceClasses<void *> classes;
  SmallVector<Value> lists;
  /// Ops that put tensors into the list that is their result.
  SmallVector<Operation *> sources;
  SmallVector<std::pair<ListCreateOp, TypeAttr>> created;
  /// Lists that come from or go to where they cannot be followed.
  SmallVector<Value> fixed;
  /// For each class the element type guessed; unranked means none.
  DenseMap<Value, Type> elements;
};

} // namespace

void ListRefiner::join(Value a, Value b) {
  if (isa<ListType>(a.getType()))
    classes.unionSets(a.getAsOpaquePointer(), b.getAsOpaquePointer());
}

void ListRefiner::fix(Value list) {
  if (isa<ListType>(list.getType()))
    fixed.push_back(list);
}

void ListRefiner::collect() {
  auto add = [&](Value value) {
    if (!isa<ListType>(value.getType()))
      return;
    lists.push_back(value);
    classes.insert(value.getAsOpaquePointer());
  };
  function.getBody().walk<WalkOrder::PreOrder>([&](Block *block) {
    llvm::for_each(block->getArguments(), add);
    for (Operation &op : *block)
      llvm::for_each(op.getResults(), add);
  });
  llvm::for_each(function.getArguments(), [&](Value value) { fix(value); });
  function.walk([&](Operation *op) {
    if (auto set = dyn_cast<ListSetOp>(op)) {
      join(set.getList(), set.getResult());
      sources.push_back(op);
    } else if (auto create = dyn_cast<ListCreateOp>(op)) {
      created.push_back({create, create.getElementTypeAttr()});
    } else if (isa<ListUnstackOp>(op)) {
      sources.push_back(op);
    } else if (auto branch = dyn_cast<IfOp>(op)) {
      for (Region &region : op->getRegions())
        for (auto [result, value] :
             llvm::zip(branch.getResults(),
                       region.front().getTerminator()->getOperands()))
          join(result, value);
    } else if (auto loop = dyn_cast<WhileOp>(op)) {
      Region &condition = loop.getConditionRegion(),
             &body = loop.getBodyRegion();
      for (auto [index, result] : llvm::enumerate(loop.getResults())) {
        join(result, loop.getInits()[index]);
        join(result, condition.getArgument(index));
        join(result, body.getArgument(index));
        join(result, body.front().getTerminator()->getOperand(index));
      }
    } else if (!isa<ListGetOp, ListLengthOp, ListStackOp, YieldOp>(op)) {
      for (Value operand : op->getOperands())
        fix(operand);
      for (Value result : op->getResults())
        fix(result);
    }
  });
}

/// The type of the tensors that `source` puts into its list, null if its rank
/// is unknown.
static Type elementsOf(Operation *source) {
  if (auto set = dyn_cast<ListSetOp>(source))
    return dyn_cast<RankedTensorType>(set.getValue().getType());
  auto stacked =
      dyn_cast<RankedTensorType>(cast<ListUnstackOp>(source).getX().getType());
  if (!stacked || stacked.getRank() == 0)
    return {};
  return RankedTensorType::get(stacked.getShape().drop_front(),
                               stacked.getElementType());
}

/// Joins each guess with what is put into the lists now; whether one changes.
/// As long as the types are not `known`, tensors of unknown rank do not count:
/// a guess may give them one.
bool ListRefiner::guess(bool known) {
  bool changed = false;
  for (Operation *source : sources) {
    Type &element = elements[classOf(source->getResult(0))];
    Type type = elementsOf(source);
    if (!type && !known)
      continue;
    if (!type)
      type =
          UnrankedTensorType::get(cast<ListType>(source->getResult(0).getType())
                                      .getElementType()
                                      .getElementType());
    Type joined = element ? joinTypes(element, type) : type;
    changed |= joined != element;
    element = joined;
  }
  return changed;
}

void ListRefiner::apply() {
  DenseSet<Value> fixedClasses;
  for (Value list : fixed)
    fixedClasses.insert(classOf(list));
  for (Value list : lists) {
    Type element = elements.lookup(classOf(list));
    if (!element || fixedClasses.contains(classOf(list)))
      continue;
    if (Type both =
            meetTypes(list.getType(), ListType::get(cast<TensorType>(element))))
      list.setType(both);
  }
  for (auto &[create, declared] : created)
    create.setElementType(
        cast<ListType>(create.getList().getType()).getElementType());
}

void ListRefiner::undo(TypeSnapshot &before) {
  before.restore();
  for (auto &[create, declared] : created)
    create.setElementTypeAttr(declared);
}

LogicalResult ListRefiner::run() {
  collect();
  if (sources.empty())
    return success();
  TypeSnapshot before(function);
  bool inferred = false;
  while (guess(/*known=*/inferred)) {
    undo(before);
    apply();
    ScopedDiagnosticHandler quiet(function.getContext(),
                                  [](Diagnostic &) { return success(); });
    inferred = succeeded(refineShapes(function.getBody()));
  }
  if (!inferred)
    undo(before);
  return success();
}

LogicalResult tfc::refineLists(func::FuncOp function) {
  return ListRefiner(function).run();
}

namespace {
struct TFCRefineListsPass
    : public tfc::impl::TFCRefineListsPassBase<TFCRefineListsPass> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (!function.isDeclaration() && (failed(refineLists(function)) ||
                                      failed(refineShapes(function, false))))
      signalPassFailure();
  }
};
} // namespace
