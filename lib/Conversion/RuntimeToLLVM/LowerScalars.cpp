//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "LowerScalars.h"
#include "mlir/Conversion/ArithCommon/AttrToLLVMConverter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace {

/// Types that are the same in the LLVM dialect.
bool isNative(Type type) {
  if (auto vector = dyn_cast<VectorType>(type)) {
    if (vector.getRank() != 1 || vector.isScalable())
      return false;
    type = vector.getElementType();
  }
  return isa<IntegerType, Float16Type, BFloat16Type, Float32Type, Float64Type>(
             type) &&
         (!isa<IntegerType>(type) || type.isSignlessInteger());
}

bool isNative(Operation *op) {
  return llvm::all_of(op->getOperandTypes(),
                      [](Type t) { return isNative(t); }) &&
         llvm::all_of(op->getResultTypes(), [](Type t) { return isNative(t); });
}

/// An op of floats that differs in its name, and in how its flags are called.
template <typename To, typename From>
Operation *withFastMath(OpBuilder &builder, From op) {
  auto made =
      To::create(builder, op.getLoc(), op.getType(),
                 ValueRange(op->getOperands()), ArrayRef<NamedAttribute>());
  made.setFastmathFlags(
      arith::convertArithFastMathFlagsToLLVM(op.getFastmath()));
  return made;
}

/// An op of integers with overflow flags.
template <typename To, typename From>
Operation *withOverflow(OpBuilder &builder, From op) {
  auto made = To::create(builder, op.getLoc(), op.getLhs(), op.getRhs());
  made.setOverflowFlags(
      arith::convertArithOverflowFlagsToLLVM(op.getOverflowFlags()));
  return made;
}

/// An op that differs in its name only.
template <typename To, typename From>
Operation *plain(OpBuilder &builder, From op) {
  return To::create(builder, op.getLoc(), op.getType(),
                    ValueRange(op->getOperands()), ArrayRef<NamedAttribute>());
}

Operation *lowered(Operation *op) {
  OpBuilder builder(op);
  return llvm::TypeSwitch<Operation *, Operation *>(op)
      .Case([&](arith::ConstantOp op) {
        return LLVM::ConstantOp::create(builder, op.getLoc(), op.getType(),
                                        op.getValue());
      })
      .Case([&](arith::AddFOp op) {
        return withFastMath<LLVM::FAddOp>(builder, op);
      })
      .Case([&](arith::SubFOp op) {
        return withFastMath<LLVM::FSubOp>(builder, op);
      })
      .Case([&](arith::MulFOp op) {
        return withFastMath<LLVM::FMulOp>(builder, op);
      })
      .Case([&](arith::DivFOp op) {
        return withFastMath<LLVM::FDivOp>(builder, op);
      })
      .Case([&](arith::NegFOp op) {
        return withFastMath<LLVM::FNegOp>(builder, op);
      })
      .Case([&](math::AbsFOp op) {
        return withFastMath<LLVM::FAbsOp>(builder, op);
      })
      .Case([&](math::FmaOp op) {
        return withFastMath<LLVM::FMAOp>(builder, op);
      })
      .Case([&](arith::CmpFOp op) {
        return LLVM::FCmpOp::create(
            builder, op.getLoc(), op.getType(),
            static_cast<LLVM::FCmpPredicate>(op.getPredicate()), op.getLhs(),
            op.getRhs(),
            arith::convertArithFastMathFlagsToLLVM(op.getFastmath()));
      })
      .Case([&](arith::CmpIOp op) {
        return LLVM::ICmpOp::create(
            builder, op.getLoc(), op.getType(),
            static_cast<LLVM::ICmpPredicate>(op.getPredicate()), op.getLhs(),
            op.getRhs());
      })
      .Case([&](arith::SelectOp op) {
        return plain<LLVM::SelectOp>(builder, op);
      })
      .Case([&](arith::BitcastOp op) {
        return plain<LLVM::BitcastOp>(builder, op);
      })
      .Case([&](arith::AddIOp op) {
        return withOverflow<LLVM::AddOp>(builder, op);
      })
      .Case([&](arith::SubIOp op) {
        return withOverflow<LLVM::SubOp>(builder, op);
      })
      .Case([&](arith::MulIOp op) {
        return withOverflow<LLVM::MulOp>(builder, op);
      })
      .Case([&](arith::ShLIOp op) {
        return withOverflow<LLVM::ShlOp>(builder, op);
      })
      .Case([&](arith::AndIOp op) { return plain<LLVM::AndOp>(builder, op); })
      .Case([&](arith::OrIOp op) { return plain<LLVM::OrOp>(builder, op); })
      .Case([&](arith::XOrIOp op) { return plain<LLVM::XOrOp>(builder, op); })
      .Default([](Operation *) { return nullptr; });
}
} // namespace

void tfc::lowerScalars(ModuleOp module) {
  SmallVector<Operation *> found;
  module.walk([&](Operation *op) {
    if (isa_and_present<arith::ArithDialect, math::MathDialect>(
            op->getDialect()) &&
        isNative(op))
      found.push_back(op);
  });
  for (Operation *op : found)
    if (Operation *made = lowered(op)) {
      op->replaceAllUsesWith(made);
      op->erase();
    }
}
