//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Arithmetic on f16 and bf16 is done in f32 and rounded. For +, -, *, / and
// sqrt the result is the correctly rounded one, because f32 has more than twice
// the precision of either plus two bits (S. Figueroa, "When is double rounding
// innocuous?", 1995).
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/TypeUtilities.h"
#include "tfc/Conversion/Passes.h"

namespace tfc {
#define GEN_PASS_DEF_PROMOTEHALFPASS
#include "tfc/Conversion/Passes.h.inc"
} // namespace tfc

using namespace mlir;

namespace {

bool isHalf(Type type) {
  Type element = getElementTypeOrSelf(type);
  return element.isF16() || element.isBF16();
}

Type widened(Type type) {
  Type f32 = Float32Type::get(type.getContext());
  if (auto shaped = dyn_cast<ShapedType>(type))
    return shaped.clone(f32);
  return f32;
}

/// What only moves bits, or is the conversion itself.
bool staysHalf(Operation *op) {
  return isa<arith::ExtFOp, arith::TruncFOp, arith::BitcastOp, arith::SelectOp,
             arith::ConstantOp>(op);
}

struct PromoteHalf : public tfc::impl::PromoteHalfPassBase<PromoteHalf> {
  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation()->walk([&](Operation *op) {
      if (!isa<arith::ArithDialect, math::MathDialect>(op->getDialect()) ||
          staysHalf(op))
        return;
      if (llvm::any_of(op->getOperandTypes(), isHalf) ||
          llvm::any_of(op->getResultTypes(), isHalf))
        ops.push_back(op);
    });
    for (Operation *op : ops)
      promote(op);
  }

  void promote(Operation *op) {
    OpBuilder builder(op);
    Location loc = op->getLoc();
    for (OpOperand &operand : op->getOpOperands())
      if (isHalf(operand.get().getType()))
        operand.set(arith::ExtFOp::create(
            builder, loc, widened(operand.get().getType()), operand.get()));
    builder.setInsertionPointAfter(op);
    for (OpResult result : op->getResults()) {
      Type half = result.getType();
      if (!isHalf(half))
        continue;
      result.setType(widened(half));
      auto rounded = arith::TruncFOp::create(builder, loc, half, result);
      result.replaceAllUsesExcept(rounded, rounded);
    }
  }
};

} // namespace
