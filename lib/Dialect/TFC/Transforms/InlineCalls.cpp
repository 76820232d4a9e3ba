//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Replaces calls by bodies, callees first: a body copied has no calls left.
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/SymbolTable.h"
#include "tfc/Dialect/TFC/IR/TFC.h"
#include "tfc/Dialect/TFC/Transforms/EffectOrder.h"
#include "tfc/Dialect/TFC/Transforms/Passes.h"

namespace tfc {
#define GEN_PASS_DEF_TFCINLINECALLSPASS
#include "tfc/Dialect/TFC/Transforms/Passes.h.inc"
} // namespace tfc

using namespace mlir;
using namespace tfc;

static StringRef calleeOf(CallOpInterface call) {
  auto symbol = dyn_cast<SymbolRefAttr>(call.getCallableForCallee());
  return symbol ? symbol.getLeafReference().getValue() : StringRef();
}

static void inlineCall(CallOpInterface call, func::FuncOp callee) {
  OpBuilder builder(call);
  IRMapping mapping;
  Block &body = callee.getBody().front();
  mapping.map(body.getArguments(), call.getArgOperands());
  for (Operation &op : body.without_terminator()) {
    Operation *copy = builder.clone(op, mapping);
    copy->walk([&](Operation *nested) {
      nested->setLoc(CallSiteLoc::get(nested->getLoc(), call.getLoc()));
    });
  }
  SmallVector<Value> results;
  for (Value result : body.getTerminator()->getOperands())
    results.push_back(mapping.lookupOrDefault(result));
  // A `tfc.call` has a token too, which nobody uses (`OrderKeeper`).
  for (auto [old, value] : llvm::zip(call->getResults(), results))
    old.replaceAllUsesWith(value);
  call->erase();
}

namespace {
class Inliner {
public:
  explicit Inliner(ModuleOp module) : module(module), symbols(module) {}

  LogicalResult visit(func::FuncOp function);
  void eraseUnused();

private:
  LogicalResult refuseRecursion(CallOpInterface call, func::FuncOp callee);

  ModuleOp module;
  SymbolTable symbols;
  DenseSet<Operation *> done;
  /// The functions being visited, and for each but the first the call that led
  /// there.
  SmallVector<func::FuncOp> path;
  SmallVector<CallOpInterface> calls;
};
} // namespace

LogicalResult Inliner::refuseRecursion(CallOpInterface call,
                                       func::FuncOp callee) {
  auto diagnostic = call.emitError("recursive call of '")
                    << callee.getName()
                    << "': a compiled function cannot call itself; use a loop "
                       "(tf.while_loop), or let Python decide the depth";
  auto start = llvm::find(path, callee) - path.begin();
  for (CallOpInterface outer : llvm::drop_begin(calls, start))
    diagnostic.attachNote(outer.getLoc())
        << "which is reached by this call of '" << calleeOf(outer) << "'";
  return failure();
}

LogicalResult Inliner::visit(func::FuncOp function) {
  if (function.isDeclaration() || !done.insert(function).second)
    return success();
  path.push_back(function);
  SmallVector<CallOpInterface> found;
  function.walk([&](CallOpInterface call) { found.push_back(call); });
  for (CallOpInterface call : found) {
    auto callee = symbols.lookup<func::FuncOp>(calleeOf(call));
    if (!callee || callee.isDeclaration())
      continue;
    if (llvm::is_contained(path, callee))
      return refuseRecursion(call, callee);
    calls.push_back(call);
    if (failed(visit(callee)))
      return failure();
    calls.pop_back();
    if (!callee.getBody().hasOneBlock())
      return call.emitError("cannot inline '")
             << callee.getName() << "': it has several blocks, expected one";
    inlineCall(call, callee);
  }
  path.pop_back();
  return success();
}

void Inliner::eraseUnused() {
  for (auto function :
       llvm::make_early_inc_range(module.getOps<func::FuncOp>()))
    if (function.isPrivate() && !function.isDeclaration() &&
        !function->hasAttr("tfc.entry") &&
        SymbolTable::symbolKnownUseEmpty(function, module))
      function.erase();
}

namespace {
struct TFCInlineCallsPass
    : public tfc::impl::TFCInlineCallsPassBase<TFCInlineCallsPass> {
  void runOnOperation() override {
    OrderKeeper order(getOperation());
    Inliner inliner(getOperation());
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (failed(inliner.visit(function)))
        return signalPassFailure();
    inliner.eraseUnused();
    if (failed(order.restore()))
      signalPassFailure();
  }
};
} // namespace
