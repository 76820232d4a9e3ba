//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Assertions before ops that can fail at run time. What each op needs is in
// CheckShapes.cpp and CheckValues.cpp; SizeAnalysis.cpp says what needs no
// check.
//===----------------------------------------------------------------------===//

#include "CheckBuilder.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "tfc/Dialect/TFC/Transforms/Passes.h"

namespace tfc {
#define GEN_PASS_DEF_TFCINSERTCHECKSPASS
#include "tfc/Dialect/TFC/Transforms/Passes.h.inc"
} // namespace tfc

using namespace mlir;
using namespace tfc;

static bool hasUnrankedOperand(Operation *op) {
  return llvm::any_of(op->getOperandTypes(),
                      [](Type type) { return isa<UnrankedTensorType>(type); });
}

namespace {
struct TFCInsertChecksPass
    : public tfc::impl::TFCInsertChecksPassBase<TFCInsertChecksPass> {
  void runOnOperation() override {
    // What is built needs no checks: list it all before building.
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      if (isa<TFCDialect>(op->getDialect()) && isMemoryEffectFree(op) &&
          !op->getNumRegions() && !hasUnrankedOperand(op))
        ops.push_back(op);
    });
    SizeAnalysis sizes;
    ValueRanges ranges;
    for (Operation *op : ops) {
      checkShapes(op, sizes);
      checkValues(op, sizes, ranges);
    }
  }
};
} // namespace
