//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Floating point functions of a few operations, with numpy's special values.
//===----------------------------------------------------------------------===//

#include "Scalars.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

using Args = ArrayRef<Value>;
using C = const ScalarContext &;
using FP = arith::CmpFPredicate;

static Value compare(C c, FP predicate, Value x, Value y) {
  return arith::CmpFOp::create(c.b, c.loc, predicate, x, y);
}
static Value copySign(C c, Value x, Value sign) {
  return math::CopySignOp::create(c.b, c.loc, x, sign);
}

Value lowering::floatSign(C c, Args x) {
  Value zero = c.number(0);
  Value other =
      choose(c, compare(c, FP::OEQ, x[0], zero), zero, x[0]); // NaN stays
  Value negative =
      choose(c, compare(c, FP::OLT, x[0], zero), c.number(-1), other);
  return choose(c, compare(c, FP::OGT, x[0], zero), c.number(1), negative);
}

/// The exponential of a negative number only: it cannot overflow, and the left
/// tail keeps its digits. With e = exp(-|x|) and q = e / (1 + e) the result is
/// 1 - q or e - e q, in which rounding 1 + e counts less than in 1 / (1 + e).
Value lowering::floatSigmoid(C c, Args x) {
  Value magnitude = math::AbsFOp::create(c.b, c.loc, x[0]);
  Value exp = math::ExpOp::create(
      c.b, c.loc, arith::NegFOp::create(c.b, c.loc, magnitude, contract),
      contract);
  Value sum = arith::AddFOp::create(c.b, c.loc, c.number(1), exp, contract);
  Value top =
      choose(c, compare(c, FP::OGE, x[0], c.number(0)), c.number(1), exp);
  Value quotient = arith::DivFOp::create(c.b, c.loc, exp, sum, contract);
  return arith::SubFOp::create(
      c.b, c.loc, top,
      arith::MulFOp::create(c.b, c.loc, top, quotient, contract), contract);
}

Value lowering::floatPow(C c, Args x) {
  FloatAttr exponent;
  if (matchPattern(x[1], m_Constant(&exponent))) {
    double value = exponent.getValueAsDouble();
    if (value == 0)
      return c.number(1);
    if (value == 1)
      return x[0];
    if (value == 2)
      return arith::MulFOp::create(c.b, c.loc, x[0], x[0], contract);
    if (value == -1)
      return arith::DivFOp::create(c.b, c.loc, c.number(1), x[0], contract);
  }
  return math::PowFOp::create(c.b, c.loc, x[0], x[1], contract);
}

Value lowering::floatTruncMod(C c, Args x) {
  return arith::RemFOp::create(c.b, c.loc, x[0], x[1]);
}

/// The quotient of two halves is a half before it is cut to a whole number.
static Value quotient(C c, Args x) {
  Value result = arith::DivFOp::create(c.b, c.loc, x[0], x[1]);
  if (!c.narrow)
    return result;
  Value rounded = arith::TruncFOp::create(c.b, c.loc, c.narrow, result);
  return arith::ExtFOp::create(c.b, c.loc, c.type, rounded);
}

Value lowering::floatTruncDiv(C c, Args x) {
  return math::TruncOp::create(c.b, c.loc, quotient(c, x));
}

namespace {
struct FloorDivision {
  Value isExact, remainder, correction;
};
} // namespace

/// numpy's: the remainder toward zero, and whether it has the wrong sign.
static FloorDivision floorDivide(C c, Value x, Value y) {
  Value zero = c.number(0);
  Value remainder = arith::RemFOp::create(c.b, c.loc, x, y);
  Value some = compare(c, FP::UNE, remainder, zero);
  Value differ = arith::XOrIOp::create(c.b, c.loc, compare(c, FP::OLT, y, zero),
                                       compare(c, FP::OLT, remainder, zero));
  Value exact = compare(c, FP::OEQ, remainder, zero);
  return {exact, remainder, arith::AndIOp::create(c.b, c.loc, some, differ)};
}

Value lowering::floatFloorMod(C c, Args x) {
  FloorDivision d = floorDivide(c, x[0], x[1]);
  Value up = arith::AddFOp::create(c.b, c.loc, d.remainder, x[1]);
  Value some = choose(c, d.correction, up, d.remainder);
  return choose(c, d.isExact, copySign(c, c.number(0), x[1]), some);
}

Value lowering::floatFloorDiv(C c, Args x) {
  return math::FloorOp::create(c.b, c.loc, quotient(c, x));
}

/// Floats of one sign are ordered like the integers of their bits.
Value lowering::floatNextafter(C c, Args x) {
  Type bits = c.b.getIntegerType(c.type.getIntOrFloatBitWidth());
  auto number = [&](int64_t n) { return numberScalar(c.b, c.loc, bits, n); };
  Value zero = c.number(0), from = x[0], to = x[1];
  Value pattern = arith::BitcastOp::create(c.b, c.loc, bits, from);
  Value up = compare(c, FP::OGT, to, from),
        positive = compare(c, FP::OGT, from, zero);
  Value away =
      arith::CmpIOp::create(c.b, c.loc, arith::CmpIPredicate::eq, up, positive);
  Value step = arith::SelectOp::create(c.b, c.loc, away, number(1), number(-1));
  Value next = arith::BitcastOp::create(
      c.b, c.loc, c.type, arith::AddIOp::create(c.b, c.loc, pattern, step));
  Value least = arith::BitcastOp::create(c.b, c.loc, c.type, number(1));
  next =
      choose(c, compare(c, FP::OEQ, from, zero), copySign(c, least, to), next);
  next = choose(c, compare(c, FP::OEQ, from, to), to, next);
  Value nan = arith::AddFOp::create(c.b, c.loc, from, to);
  return choose(c, compare(c, FP::UNO, from, to), nan, next);
}
