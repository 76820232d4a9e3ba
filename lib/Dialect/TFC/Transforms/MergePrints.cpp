//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Prints that follow each other become one call of the host.
//
// The first sinks to the second: its text comes first in the joint format.
// Between them may be no effect but reads, so that nothing else can be told
// apart: neither the order of the console, nor the variables that a host sees
// which refuses to print. And no work that somebody who waits for the first
// line would notice.
//===----------------------------------------------------------------------===//

#include "tfc/Dialect/TFC/IR/TFC.h"
#include "tfc/Dialect/TFC/Transforms/EffectOrder.h"
#include "tfc/Dialect/TFC/Transforms/Passes.h"
#include "tfc/Dialect/TFC/Transforms/Utils.h"

namespace tfc {
#define GEN_PASS_DEF_TFCMERGEPRINTSPASS
#include "tfc/Dialect/TFC/Transforms/Passes.h.inc"
} // namespace tfc

using namespace mlir;
using namespace tfc;

/// Elementwise work up to so many elements is no wait.
constexpr int64_t smallElements = 4096;
/// A host formats what it gets at once: not too much of it.
constexpr size_t largestOperands = 64;

/// Whether an op between two prints may as well come before the first one.
static bool isCheap(Operation *op) {
  if (op->getNumRegions())
    return false;
  bool light = op->hasTrait<TFCElementwise>() ||
               isa<ConstantOp, ReadVariableOp, ReshapeOp, CastOp, EnsureShapeOp,
                   ShapeOfOp>(op);
  return light && llvm::all_of(op->getResultTypes(), [](Type type) {
           auto tensor = dyn_cast<RankedTensorType>(type);
           return !isa<TensorType>(type) ||
                  (tensor && tensor.hasStaticShape() &&
                   tensor.getNumElements() <= smallElements);
         });
}

/// A log has a record for each print.
static bool isStream(StringRef stream) { return !stream.starts_with("log:"); }

static bool canMerge(PrintOp first, PrintOp second) {
  return first.getStreamAttr() == second.getStreamAttr() &&
         isStream(first.getStream()) &&
         first.getSummarize() == second.getSummarize() &&
         first.getXs().size() + second.getXs().size() <= largestOperands &&
         first.getPending() == second.getPending() &&
         first.getPendingValues() == second.getPendingValues();
}

static PrintOp merge(PrintOp first, PrintOp second) {
  OpBuilder builder(second);
  SmallVector<Value> xs(first.getXs());
  llvm::append_range(xs, second.getXs());
  // The line that fails is that of the first: what it was about comes first.
  Location loc = builder.getFusedLoc({first.getLoc(), second.getLoc()});
  auto merged = PrintOp::create(builder, loc, second.getToken().getType(), xs,
                                (first.getFormat() + second.getFormat()).str(),
                                second.getSummarize(), second.getStream(),
                                second.getPending(), second.getPendingValues(),
                                /*after=*/ValueRange());
  first.erase();
  second.erase();
  return merged;
}

static void mergePrints(Block &block) {
  PrintOp last;
  for (Operation &op : llvm::make_early_inc_range(block)) {
    if (auto print = dyn_cast<PrintOp>(op)) {
      last = last && canMerge(last, print) ? merge(last, print) : print;
      continue;
    }
    if (!isCheap(&op))
      last = {};
  }
}

namespace {
struct TFCMergePrintsPass
    : public tfc::impl::TFCMergePrintsPassBase<TFCMergePrintsPass> {
  void runOnOperation() override {
    OrderKeeper order(getOperation());
    getOperation().walk([&](Block *block) { mergePrints(*block); });
    if (failed(order.restore()))
      signalPassFailure();
  }
};
} // namespace
