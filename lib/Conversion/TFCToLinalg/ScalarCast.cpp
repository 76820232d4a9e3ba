//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Casts that are defined for every value.
//
// Where the number does not fit, an integer gets what x86 gives, and so numpy:
// the least number of 32 or 64 bits, of which a narrower type keeps the low
// bits.
//===----------------------------------------------------------------------===//

#include "Scalars.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

/// To a signed integer of 32 or 64 bits.
static Value truncateToSigned(OpBuilder &b, Location loc, Value x, Type to) {
  Type from = x.getType();
  double bound = to.isInteger(32) ? 2147483648.0 : 9223372036854775808.0;
  auto constant = [&](double value) -> Value {
    return arith::ConstantOp::create(b, loc, b.getFloatAttr(from, value));
  };
  Value above = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGE, x,
                                      constant(-bound));
  // Against f64, -2^31 - 0.5 still truncates to -2^31, but nobody can tell from
  // the least number.
  Value below = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, x,
                                      constant(bound));
  Value fits = arith::AndIOp::create(b, loc, above, below);
  Value safe = arith::SelectOp::create(b, loc, fits, x, constant(0));
  Value number = arith::FPToSIOp::create(b, loc, to, safe);
  return arith::SelectOp::create(b, loc, fits, number,
                                 extremeScalar(b, loc, to, /*greatest=*/false));
}

static Value truncateToU64(OpBuilder &b, Location loc, Value x) {
  Type i64 = b.getI64Type();
  Value middle = arith::ConstantOp::create(
      b, loc, b.getFloatAttr(x.getType(), 9223372036854775808.0));
  Value high =
      arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGE, x, middle);
  Value lowered = arith::SelectOp::create(
      b, loc, high, arith::SubFOp::create(b, loc, x, middle), x);
  Value number = truncateToSigned(b, loc, lowered, i64);
  Value flipped =
      arith::XOrIOp::create(b, loc, number, extremeScalar(b, loc, i64, false));
  return arith::SelectOp::create(b, loc, high, flipped, number);
}

static Value floatToInt(OpBuilder &b, Location loc, Value x, Type to) {
  unsigned width = to.getIntOrFloatBitWidth();
  if (isHalf(x.getType()))
    x = arith::ExtFOp::create(b, loc, b.getF32Type(), x);
  if (isUnsigned(to) && width == 64)
    return truncateToU64(b, loc, x);
  unsigned wideWidth = width == 64 || (isUnsigned(to) && width == 32) ? 64 : 32;
  Value wide = truncateToSigned(b, loc, x, b.getIntegerType(wideWidth));
  if (wideWidth == width)
    return wide;
  return arith::TruncIOp::create(b, loc, scalarType(to), wide);
}

static Value floatToFloat(OpBuilder &b, Location loc, Value x, Type to) {
  Type from = x.getType();
  if (from == to)
    return x;
  unsigned fromWidth = from.getIntOrFloatBitWidth(),
           toWidth = to.getIntOrFloatBitWidth();
  if (fromWidth < toWidth)
    return arith::ExtFOp::create(b, loc, to, x);
  // f16 <-> bf16 has no other way; f64 -> bf16 goes through f32 in eager
  // execution and in TensorFlow, too.
  if (fromWidth == toWidth)
    x = arith::ExtFOp::create(b, loc, b.getF32Type(), x);
  else if (to.isBF16() && fromWidth == 64)
    x = arith::TruncFOp::create(b, loc, b.getF32Type(), x);
  return arith::TruncFOp::create(b, loc, to, x);
}

static Value intToFloat(OpBuilder &b, Location loc, Value x, Type from,
                        Type to) {
  Type target = isHalf(to) ? b.getF32Type() : to;
  Value number = isUnsigned(from) || isBool(from)
                     ? arith::UIToFPOp::create(b, loc, target, x).getResult()
                     : arith::SIToFPOp::create(b, loc, target, x).getResult();
  return floatToFloat(b, loc, number, to);
}

static Value intToInt(OpBuilder &b, Location loc, Value x, Type from, Type to) {
  Type target = scalarType(to);
  unsigned fromWidth = x.getType().getIntOrFloatBitWidth(),
           width = target.getIntOrFloatBitWidth();
  if (fromWidth == width)
    return x;
  if (fromWidth > width)
    return arith::TruncIOp::create(b, loc, target, x);
  if (isUnsigned(from) || isBool(from))
    return arith::ExtUIOp::create(b, loc, target, x);
  return arith::ExtSIOp::create(b, loc, target, x);
}

static Value isNotZero(OpBuilder &b, Location loc, Value x, Type from) {
  Value zero = numberScalar(b, loc, from, 0);
  if (isComplex(from))
    return complex::NotEqualOp::create(b, loc, x, zero);
  if (isFloat(from))
    return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNE, x, zero);
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, x, zero);
}

Value lowering::castScalar(OpBuilder &b, Location loc, Value x, Type from,
                           Type to) {
  if (from == to)
    return x;
  if (isBool(to))
    return isNotZero(b, loc, x, from);
  if (auto complex = dyn_cast<ComplexType>(from)) {
    Type part = complex.getElementType();
    Value re = complex::ReOp::create(b, loc, part, x);
    auto target = dyn_cast<ComplexType>(to);
    if (!target)
      return castScalar(b, loc, re, part, to);
    Value im = complex::ImOp::create(b, loc, part, x);
    Type toPart = target.getElementType();
    return complex::CreateOp::create(b, loc, to,
                                     castScalar(b, loc, re, part, toPart),
                                     castScalar(b, loc, im, part, toPart));
  }
  if (auto target = dyn_cast<ComplexType>(to)) {
    Type part = target.getElementType();
    return complex::CreateOp::create(b, loc, to,
                                     castScalar(b, loc, x, from, part),
                                     numberScalar(b, loc, part, 0));
  }
  if (isFloat(from))
    return isFloat(to) ? floatToFloat(b, loc, x, to)
                       : floatToInt(b, loc, x, to);
  return isFloat(to) ? intToFloat(b, loc, x, from, to)
                     : intToInt(b, loc, x, from, to);
}
