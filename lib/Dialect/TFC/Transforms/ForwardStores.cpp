//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Stores to loads: a read gives what was stored last.
//===----------------------------------------------------------------------===//

#include "ForwardValues.h"
#include "tfc/Dialect/TFC/IR/TFC.h"
#include "tfc/Dialect/TFC/Transforms/EffectOrder.h"
#include "tfc/Dialect/TFC/Transforms/Passes.h"

namespace tfc {
#define GEN_PASS_DEF_TFCFORWARDSTORESPASS
#include "tfc/Dialect/TFC/Transforms/Passes.h.inc"
} // namespace tfc

using namespace mlir;
using namespace tfc;

namespace {
struct TFCForwardStoresPass
    : public tfc::impl::TFCForwardStoresPassBase<TFCForwardStoresPass> {
  void runOnOperation() override {
    OrderKeeper order(getOperation());
    EffectAnalysis effects(getOperation());
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (!effects.hasAliases(function))
        forwardValues(function, effects, ValueSource::Store);
    if (failed(order.restore()))
      signalPassFailure();
  }
};
} // namespace
