//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The one place where the flags of floating-point ops are decided.
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "tfc/Dialect/TFCRT/Transforms/Passes.h"

namespace tfc::rt {
#define GEN_PASS_DEF_TFCSETFASTMATHPASS
#include "tfc/Dialect/TFCRT/Transforms/Passes.h.inc"
} // namespace tfc::rt

using namespace mlir;
using arith::FastMathFlags;

namespace {

/// The sum of a product that has a name: its body comes with the name, so that
/// no lowering has set flags there.
bool isSumOfProduct(Operation *op) {
  return isa<arith::AddFOp>(op) &&
         isa_and_present<linalg::MatmulOp, linalg::BatchMatmulOp>(
             op->getParentOp());
}

struct SetFastMath : public tfc::rt::impl::TFCSetFastMathPassBase<SetFastMath> {
  using tfc::rt::impl::TFCSetFastMathPassBase<
      SetFastMath>::TFCSetFastMathPassBase;

  void runOnOperation() override {
    getOperation()->walk([&](arith::ArithFastMathInterface op) {
      auto attr = op.getFastMathFlagsAttr();
      FastMathFlags before = attr ? attr.getValue() : FastMathFlags::none,
                    after = before;
      if (!reassociate)
        after = after & ~FastMathFlags::reassoc;
      else if (isSumOfProduct(op))
        after = after | FastMathFlags::reassoc;
      if (!contract)
        after = after & ~FastMathFlags::contract;
      else if (isa<arith::AddFOp, arith::SubFOp, arith::MulFOp>(op))
        after = after | FastMathFlags::contract;
      if (after != before)
        op->setAttr(op.getFastMathAttrName(),
                    arith::FastMathFlagsAttr::get(&getContext(), after));
    });
  }
};

} // namespace
