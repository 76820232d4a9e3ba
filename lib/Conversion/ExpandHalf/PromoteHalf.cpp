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

/// Is the result one that a half has, whatever the operands?
bool isExact(Operation *op) {
  return isa<arith::MaximumFOp, arith::MinimumFOp, arith::MaxNumFOp,
             arith::MinNumFOp, arith::NegFOp, math::AbsFOp, math::CopySignOp,
             math::FloorOp, math::CeilOp, math::TruncOp, math::RoundOp,
             math::RoundEvenOp>(op);
}

/// Rounds to a half. The first half of what a bfloat16 was widened to is that
/// bfloat16.
Value narrowed(OpBuilder &builder, Location loc, Value wide, Type half,
               bool exact) {
  if (!exact || !getElementTypeOrSelf(half).isBF16())
    return arith::TruncFOp::create(builder, loc, half, wide);
  auto like = [&](unsigned width) -> Type {
    Type integer = builder.getIntegerType(width);
    if (auto shaped = dyn_cast<ShapedType>(half))
      return shaped.clone(integer);
    return integer;
  };
  TypedAttr sixteen = builder.getI32IntegerAttr(16);
  if (auto shaped = dyn_cast<ShapedType>(like(32)))
    sixteen = DenseElementsAttr::get(shaped, Attribute(sixteen));
  Value bits = arith::BitcastOp::create(builder, loc, like(32), wide);
  bits = arith::ShRUIOp::create(
      builder, loc, bits, arith::ConstantOp::create(builder, loc, sixteen));
  bits = arith::TruncIOp::create(builder, loc, like(16), bits);
  return arith::BitcastOp::create(builder, loc, half, bits);
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
      SmallPtrSet<Operation *, 4> users;
      users.insert_range(result.getUsers());
      Value rounded = narrowed(builder, loc, result, half, isExact(op));
      result.replaceUsesWithIf(rounded, [&](OpOperand &use) {
        return users.contains(use.getOwner());
      });
    }
  }
};

} // namespace
