//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// x / d with a d that is the same in all iterations of a loop, as a softmax
// divides its exponentials by their sum: the loop multiplies by the reciprocal
// r, and one step of Newton's rounds as a division does,
//
//   q = x r,   x / d = q + (x - q d) r
//
// (P. Markstein, "Computation of elementary functions on the IBM RISC
// System/6000 processor", 1990), where nothing on the way leaves the range. A
// branch that tests a whole vector divides where something may. A division of
// 512 bits keeps the divider busy for ten cycles, this takes four.
//
//===----------------------------------------------------------------------===//

#include "Quotients.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace tfc::expand;

//===----------------------------------------------------------------------===//
// Integers
//===----------------------------------------------------------------------===//

bool tfc::expand::isNarrowQuotient(Operation *op) {
  auto type = dyn_cast<VectorType>(op->getResult(0).getType());
  if (!type || type.getElementTypeBitWidth() > 32)
    return false;
  Value divisor = op->getOperand(1);
  if (auto spread = divisor.getDefiningOp<vector::BroadcastOp>())
    divisor = spread.getSource();
  return !matchPattern(divisor, m_Constant());
}

Value tfc::expand::divideFloats(OpBuilder &builder, Operation *op) {
  ImplicitLocOpBuilder b(op->getLoc(), builder);
  auto type = cast<VectorType>(op->getResult(0).getType());
  bool isSigned = isa<arith::DivSIOp>(op),
       isShort = type.getElementTypeBitWidth() <= 16;
  Type floats = type.clone(isShort ? b.getF32Type() : b.getF64Type());
  // All numbers of the type are signed ones of the next.
  Type integers = type.clone(b.getIntegerType(isShort || isSigned ? 32 : 64));
  auto toFloat = [&](Value x) -> Value {
    if (isSigned)
      return arith::SIToFPOp::create(b, floats, x);
    return arith::UIToFPOp::create(b, floats, x);
  };
  Value quotient = arith::DivFOp::create(b, toFloat(op->getOperand(0)),
                                         toFloat(op->getOperand(1)));
  Value whole = arith::FPToSIOp::create(b, integers, quotient);
  if (integers == type)
    return whole;
  return arith::TruncIOp::create(b, type, whole);
}

//===----------------------------------------------------------------------===//
// By what is the same in all iterations
//===----------------------------------------------------------------------===//

namespace {
/// Powers of two between which quotients and divisors are safe. What is taken
/// from x is a multiple of the least digits of both, which must be a number.
struct SafeRange {
  int leastQuotient, leastDivisor, most;
};
} // namespace

static SafeRange rangeOf(Type element) {
  return element.isF32() ? SafeRange{-80, -20, 100}
                         : SafeRange{-700, -200, 900};
}

/// The number that a vector has in all lanes; null if they may differ, or if
/// LLVM does better: products with a power of two are exact.
static Value numberInAllLanes(OpBuilder &builder, Value x) {
  if (auto spread = x.getDefiningOp<vector::BroadcastOp>())
    return isa<VectorType>(spread.getSource().getType()) ? Value()
                                                         : spread.getSource();
  SplatElementsAttr splat;
  if (!matchPattern(x, m_Constant(&splat)))
    return {};
  auto value = splat.getSplatValue<FloatAttr>();
  if (value.getValue().getExactInverse(nullptr))
    return {};
  return arith::ConstantOp::create(builder, x.getLoc(), value);
}

/// 1 / d, correctly rounded; NaN where d is out of range, so that each quotient
/// is.
static Value reciprocalOf(ImplicitLocOpBuilder &b, Value d) {
  auto type = cast<FloatType>(d.getType());
  SafeRange range = rangeOf(type);
  auto number = [&](double value) -> Value {
    return arith::ConstantOp::create(b, b.getFloatAttr(type, value));
  };
  Value magnitude = math::AbsFOp::create(b, d);
  Value isLarge =
      arith::CmpFOp::create(b, arith::CmpFPredicate::OGE, magnitude,
                            number(std::ldexp(1, range.leastDivisor)));
  Value isSmall = arith::CmpFOp::create(b, arith::CmpFPredicate::OLE, magnitude,
                                        number(std::ldexp(1, range.most)));
  Value reciprocal = arith::DivFOp::create(b, number(1), d);
  return arith::SelectOp::create(
      b, arith::AndIOp::create(b, isLarge, isSmall), reciprocal,
      number(std::numeric_limits<double>::quiet_NaN()));
}

/// Is a lane out of range? Zeros are, too.
static Value isAnyBeyond(ImplicitLocOpBuilder &b, Value quotient) {
  auto type = cast<VectorType>(quotient.getType());
  Type element = type.getElementType();
  unsigned width = element.getIntOrFloatBitWidth();
  VectorType bits = type.clone(b.getIntegerType(width));
  auto exponent = [&](int power) { // without the sign's bit
    llvm::APFloat value =
        scalbn(llvm::APFloat(1.0), power, llvm::APFloat::rmNearestTiesToEven);
    bool lost;
    value.convert(cast<FloatType>(element).getFloatSemantics(),
                  llvm::APFloat::rmNearestTiesToEven, &lost);
    return value.bitcastToAPInt().shl(1);
  };
  auto constant = [&](const llvm::APInt &value) -> Value {
    return arith::ConstantOp::create(b, DenseElementsAttr::get(bits, value));
  };
  SafeRange range = rangeOf(element);
  llvm::APInt least = exponent(range.leastQuotient);
  Value magnitude =
      arith::ShLIOp::create(b, arith::BitcastOp::create(b, bits, quotient),
                            constant(llvm::APInt(width, 1)));
  Value isBeyond = arith::CmpIOp::create(
      b, arith::CmpIPredicate::ugt,
      arith::SubIOp::create(b, magnitude, constant(least)),
      constant(exponent(range.most) - least));
  return vector::ReductionOp::create(b, vector::CombiningKind::OR, isBeyond);
}

/// In the place of `op`, whose divisor is `d` in all lanes.
static Value divideByNumber(arith::DivFOp op, scf::ForOp loop, Value d) {
  ImplicitLocOpBuilder outside(op.getLoc(), loop), b(op.getLoc(), op);
  Value r = reciprocalOf(outside, d);
  r = vector::BroadcastOp::create(b, op.getType(), r);
  Value x = op.getLhs(), q = arith::MulFOp::create(b, x, r);
  Value rest =
      math::FmaOp::create(b, arith::NegFOp::create(b, q), op.getRhs(), x);
  Value quotient = math::FmaOp::create(b, rest, r, q);
  auto branch = scf::IfOp::create(b, op.getType(), isAnyBeyond(b, q),
                                  /*addThenBlock=*/true, /*addElseBlock=*/true);
  OpBuilder then = branch.getThenBodyBuilder(),
            otherwise = branch.getElseBodyBuilder();
  Value divided = arith::DivFOp::create(then, op.getLoc(), x, op.getRhs());
  scf::YieldOp::create(then, op.getLoc(), divided);
  scf::YieldOp::create(otherwise, op.getLoc(), quotient);
  return branch.getResult(0);
}

void tfc::expand::multiplyByReciprocals(Operation *module) {
  SmallVector<arith::DivFOp> found;
  module->walk([&](arith::DivFOp op) {
    auto type = dyn_cast<VectorType>(op.getType());
    if (type && type.getRank() == 1 && !type.isScalable() &&
        (type.getElementType().isF32() || type.getElementType().isF64()))
      found.push_back(op);
  });
  for (arith::DivFOp op : found) {
    auto loop = op->getParentOfType<scf::ForOp>();
    if (!loop)
      continue;
    OpBuilder outside(loop);
    Value d = numberInAllLanes(outside, op.getRhs());
    if (!d || !loop.isDefinedOutsideOfLoop(d))
      continue;
    op.replaceAllUsesWith(divideByNumber(op, loop, d));
    op.erase();
  }
}
