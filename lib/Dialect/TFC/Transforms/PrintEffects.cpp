//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Prints the partial order of each function's effects.
//===----------------------------------------------------------------------===//

#include "tfc/Dialect/TFC/IR/TFC.h"
#include "tfc/Dialect/TFC/Transforms/DescribeEffects.h"
#include "tfc/Dialect/TFC/Transforms/Passes.h"
#include "llvm/ADT/StringSwitch.h"

namespace tfc {
#define GEN_PASS_DEF_TFCPRINTEFFECTSPASS
#include "tfc/Dialect/TFC/Transforms/Passes.h.inc"
} // namespace tfc

using namespace mlir;
using namespace tfc;

namespace {
struct TFCPrintEffectsPass
    : public tfc::impl::TFCPrintEffectsPassBase<TFCPrintEffectsPass> {
  using Base::Base;

  void runOnOperation() override {
    auto known = llvm::StringSwitch<std::optional<EffectFormat>>(format)
                     .Case("text", EffectFormat::Text)
                     .Case("dot", EffectFormat::Dot)
                     .Case("json", EffectFormat::Json)
                     .Default(std::nullopt);
    if (!known) {
      getOperation().emitError("unknown format '")
          << format << "', expected text, dot or json";
      return signalPassFailure();
    }
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (!function.isDeclaration())
        llvm::outs() << describeEffects(function, *known);
    markAllAnalysesPreserved();
  }
};
} // namespace
