//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// What expansions of math functions are written with.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_EXPANDMATH_WRITER_H
#define TFC_LIB_CONVERSION_EXPANDMATH_WRITER_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/TypeUtilities.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"
#include <limits>

namespace tfc::expand {

using mlir::ArrayRef;
using mlir::Value;

/// What the target does in one instruction: x y + z; with AVX-512, x 2^n, and a
/// number of a table.
struct Instructions {
  bool fma = false, avx512 = false;
};

/// Writes arithmetic on values of one float type (f32 or f64, scalar or
/// vector). `contract`: two of our operations may become one.
class Writer {
public:
  Writer(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type type,
         Instructions has = {}, bool contract = true)
      : b(loc, builder), builder(builder), type(type), has(has),
        element(mlir::cast<mlir::FloatType>(mlir::getElementTypeOrSelf(type))),
        intElement(b.getIntegerType(element.getWidth())),
        intType(withElement(intElement)),
        contract(mlir::arith::FastMathFlagsAttr::get(
            b.getContext(), contract ? mlir::arith::FastMathFlags::contract
                                     : mlir::arith::FastMathFlags::none)) {}

  /// The same for f64, in as many lanes.
  Writer inDouble() {
    return Writer(builder, b.getLoc(), withElement(b.getF64Type()), has,
                  mayContract());
  }
  mlir::Location loc() { return b.getLoc(); }
  mlir::OpBuilder &opBuilder() { return builder; }

  bool isF64() const { return element.isF64(); }
  bool hasFma() const { return has.fma; }
  bool hasAvx512() const { return has.avx512; }
  bool mayContract() const {
    return contract.getValue() != mlir::arith::FastMathFlags::none;
  }
  /// Picks the constant of the precision.
  double pick(double f32, double f64) const { return isF64() ? f64 : f32; }

  Value constant(double value) {
    llvm::APFloat number(value);
    bool lost;
    number.convert(element.getFloatSemantics(),
                   llvm::APFloat::rmNearestTiesToEven, &lost);
    return constantAttr(mlir::FloatAttr::get(element, number), type);
  }
  Value integer(int64_t value) {
    return constantAttr(mlir::IntegerAttr::get(intElement, value), intType);
  }
  Value infinity() { return constant(std::numeric_limits<double>::infinity()); }
  Value nan() { return constant(std::numeric_limits<double>::quiet_NaN()); }

  Value add(Value x, Value y) {
    return mlir::arith::AddFOp::create(b, x, y, contract);
  }
  Value sub(Value x, Value y) {
    return mlir::arith::SubFOp::create(b, x, y, contract);
  }
  Value mul(Value x, Value y) {
    return mlir::arith::MulFOp::create(b, x, y, contract);
  }
  Value div(Value x, Value y) {
    return mlir::arith::DivFOp::create(b, x, y, contract);
  }
  /// x + y, never reordered: for tricks that rely on rounding.
  Value exactAdd(Value x, Value y) {
    return mlir::arith::AddFOp::create(b, x, y);
  }
  Value exactSub(Value x, Value y) {
    return mlir::arith::SubFOp::create(b, x, y);
  }
  Value mulAdd(Value x, Value y, Value z) { return add(mul(x, y), z); }
  /// x y + z, rounded once, where the target has an instruction for it.
  Value exactMulAdd(Value x, Value y, Value z) {
    return mlir::math::FmaOp::create(b, x, y, z);
  }
  /// x y, which becomes no part of an addition: for what rounding takes away.
  Value exactMul(Value x, Value y) { return exactMulAdd(x, y, constant(-0.0)); }
  Value scale(Value x, double factor) { return mul(x, constant(factor)); }
  Value plus(Value x, double summand) { return add(x, constant(summand)); }
  Value neg(Value x) { return mlir::arith::NegFOp::create(b, x); }
  Value abs(Value x) { return mlir::math::AbsFOp::create(b, x); }
  Value sqrt(Value x) { return mlir::math::SqrtOp::create(b, x); }
  Value trunc(Value x) { return mlir::math::TruncOp::create(b, x); }
  Value copySign(Value x, Value sign) {
    return mlir::math::CopySignOp::create(b, x, sign);
  }
  Value compare(mlir::arith::CmpFPredicate p, Value x, Value y) {
    return mlir::arith::CmpFOp::create(b, p, x, y);
  }
  Value less(Value x, Value y) {
    return compare(mlir::arith::CmpFPredicate::OLT, x, y);
  }
  Value greater(Value x, Value y) {
    return compare(mlir::arith::CmpFPredicate::OGT, x, y);
  }
  Value equal(Value x, Value y) {
    return compare(mlir::arith::CmpFPredicate::OEQ, x, y);
  }
  Value unordered(Value x, Value y) {
    return compare(mlir::arith::CmpFPredicate::UNO, x, y);
  }
  Value select(Value c, Value x, Value y) {
    return mlir::arith::SelectOp::create(b, c, x, y);
  }
  Value either(Value x, Value y) { return mlir::arith::OrIOp::create(b, x, y); }
  Value both(Value x, Value y) { return mlir::arith::AndIOp::create(b, x, y); }
  /// x limited to [low, high]; NaN stays NaN.
  Value clamp(Value x, double low, double high) {
    Value l = constant(low), h = constant(high);
    x = select(less(x, l), l, x);
    return select(greater(x, h), h, x);
  }

  Value toBits(Value x) {
    return mlir::arith::BitcastOp::create(b, intType, x);
  }
  Value fromBits(Value x) { return mlir::arith::BitcastOp::create(b, type, x); }
  Value toFloat(Value x) { return mlir::arith::SIToFPOp::create(b, type, x); }
  Value addI(Value x, Value y) { return mlir::arith::AddIOp::create(b, x, y); }
  Value subI(Value x, Value y) { return mlir::arith::SubIOp::create(b, x, y); }
  Value andI(Value x, Value y) { return mlir::arith::AndIOp::create(b, x, y); }
  Value xorI(Value x, Value y) { return mlir::arith::XOrIOp::create(b, x, y); }
  Value maxI(Value x, Value y) { return mlir::arith::MaxSIOp::create(b, x, y); }
  Value minI(Value x, Value y) { return mlir::arith::MinSIOp::create(b, x, y); }
  /// Of numbers without a sign.
  Value atLeastU(Value x, Value y) {
    return mlir::arith::CmpIOp::create(b, mlir::arith::CmpIPredicate::uge, x,
                                       y);
  }
  Value isSetI(Value x) {
    return mlir::arith::CmpIOp::create(b, mlir::arith::CmpIPredicate::ne, x,
                                       integer(0));
  }
  Value shiftLeft(Value x, int64_t n) {
    return mlir::arith::ShLIOp::create(b, x, integer(n));
  }
  Value shiftRight(Value x, int64_t n) {
    return mlir::arith::ShRSIOp::create(b, x, integer(n));
  }

  Value lookup(Value index, ArrayRef<float> table) {
    return tfc::rt::LookupOp::create(b, type, index, table);
  }

  /// From f32 to this type (f64), and back.
  Value widen(Value x) { return mlir::arith::ExtFOp::create(b, type, x); }
  Value narrow(Value x) {
    return mlir::arith::TruncFOp::create(b, withElement(b.getF32Type()), x);
  }

  int64_t mantissaBits() const { return isF64() ? 52 : 23; }
  int64_t bias() const { return isF64() ? 1023 : 127; }

  /// Horner's rule, highest coefficient first.
  Value polynomial(Value x, ArrayRef<double> coefficients) {
    Value result = constant(coefficients.front());
    for (double c : coefficients.drop_front())
      result = mulAdd(result, x, constant(c));
    return result;
  }

  /// 2 to the power of an integer value in the range of normal exponents.
  Value powerOfTwo(Value n) {
    return fromBits(shiftLeft(addI(n, integer(bias())), mantissaBits()));
  }

  /// The leading half of the digits of x, so that the product of two such heads
  /// is exact.
  Value head(Value x) {
    int64_t cleared = isF64() ? 27 : 12;
    return fromBits(andI(toBits(x), integer(-(int64_t(1) << cleared))));
  }

  /// x + y rounded, and what rounding took away (Knuth's two-sum).
  struct Sum {
    Value value, error;
  };
  Sum twoSum(Value x, Value y) {
    Value sum = exactAdd(x, y), part = exactSub(sum, x);
    return {sum, exactAdd(exactSub(x, exactSub(sum, part)), exactSub(y, part))};
  }

  /// The nearest integer of a number below 2^(mantissaBits - 1): as a float
  /// and, in its low bits, as an integer. Adding 1.5 * 2^mantissaBits rounds
  /// and leaves the integer in the low bits: no conversion, so NaN is harmless.
  struct Rounded {
    Value value, integer;
  };
  Rounded round(Value x) {
    Value magic = constant(pick(12582912.0, 6755399441055744.0));
    Value shifted = exactAdd(x, magic);
    return {exactSub(shifted, magic), subI(toBits(shifted), toBits(magic))};
  }
  /// The same, where the low bits of the integer are n plus two biases; those
  /// that are above them do not count.
  Rounded roundPower(Value x) {
    Value shifted = exactAdd(x, powerMagic());
    return {exactSub(shifted, powerMagic()), toBits(shifted)};
  }
  /// x 2^n, with n from `roundPower`: in one instruction, or in two steps, so
  /// that denormal results are right.
  Value timesPowerOfTwo(Value x, Rounded n) {
    if (has.avx512)
      return tfc::rt::ScalbOp::create(b, x, n.value);
    Value half = shiftRight(n.integer, 1), rest = subI(n.integer, half);
    x = mul(x, fromBits(shiftLeft(half, mantissaBits())));
    return mul(x, fromBits(shiftLeft(rest, mantissaBits())));
  }
  /// The same, where n is known as a float only.
  Value timesPowerOfTwo(Value x, Value n) {
    return timesPowerOfTwo(x, Rounded{n, toBits(exactAdd(n, powerMagic()))});
  }

private:
  Value powerMagic() {
    return constant(pick(12582912.0, 6755399441055744.0) + 2 * bias());
  }
  mlir::Type withElement(mlir::Type e) {
    if (auto vector = mlir::dyn_cast<mlir::VectorType>(type))
      return vector.clone(e);
    return e;
  }
  Value constantAttr(mlir::TypedAttr value, mlir::Type t) {
    if (auto vector = mlir::dyn_cast<mlir::VectorType>(t))
      return mlir::arith::ConstantOp::create(
          b, mlir::DenseElementsAttr::get(vector, mlir::Attribute(value)));
    return mlir::arith::ConstantOp::create(b, value);
  }

  mlir::ImplicitLocOpBuilder b;
  mlir::OpBuilder &builder;
  mlir::Type type;
  Instructions has;
  mlir::FloatType element;
  mlir::Type intElement, intType;
  mlir::arith::FastMathFlagsAttr contract;
};

/// x = n ln 2 + r with |r| <= ln(2) / 2: n, as `Writer::timesPowerOfTwo` takes
/// it, and r.
struct Reduced {
  Writer::Rounded n;
  Value r;
};
/// Of x, or of x + `low`, where `low` is small beside x.
Reduced reduceExp(Writer &w, Value x, Value low = {});
/// (exp(r) - 1 - r) / r^2 for |r| <= ln(2) / 2.
Value expTail(Writer &w, Value r);
/// exp(r) - 1 for |r| <= ln(2) / 2.
Value shortExpm1(Writer &w, Value r);
/// exp(r) for |r| <= ln(2) / 2.
Value shortExp(Writer &w, Value r);
/// Is it -|x|, or the lesser one of x and -x?
bool isNegatedMagnitude(Value x);
/// 2^(n + by), where that is a normal number.
Value powerOf(Writer &w, Writer::Rounded n, int64_t by = 0);

/// What functions of f32 compute in f64, by polynomials of as many digits as
/// f32 needs: log2 of x > 0, within 2^-35 of its value, and 2^x for |x| < 1000,
/// within 2^-29.
Value shortLog2(Writer &w, Value x);
Value shortExp2(Writer &w, Value x);

// One function each; where two arguments are named, of two.
Value expandExp(Writer &w, Value x);
Value expandExpm1(Writer &w, Value x);
Value expandLog(Writer &w, Value x);
Value expandLog1p(Writer &w, Value x);
Value expandSinh(Writer &w, Value x);
Value expandCosh(Writer &w, Value x);
Value expandTanh(Writer &w, Value x);
/// Of f32, with AVX-512; the last one for 0 <= x <= 1.
Value expandTanhByTable(Writer &w, Value x);
Value expandErfByTable(Writer &w, Value x);
Value expandLog1pByTable(Writer &w, Value x);
Value expandAsinh(Writer &w, Value x);
Value expandAcosh(Writer &w, Value x);
Value expandAtanh(Writer &w, Value x);
Value expandErf(Writer &w, Value x);
Value expandErfc(Writer &w, Value x);
Value expandAtan(Writer &w, Value x);
Value expandAtan2(Writer &w, Value y, Value x);
Value expandAsin(Writer &w, Value x);
Value expandAcos(Writer &w, Value x);
Value expandPow(Writer &w, Value x, Value y);

/// A function that is right but where `isBeyond`: for arguments that take more
/// than a few operations.
struct Partial {
  Value value, isBeyond;
};
Partial expandSin(Writer &w, Value x);
Partial expandCos(Writer &w, Value x);
/// Of f32 in f32, with an instruction for x y + z: up to 2^16.
Partial expandShortSin(Writer &w, Value x);
Partial expandShortCos(Writer &w, Value x);
Partial expandTan(Writer &w, Value x);
/// C's fmod: exact.
Partial expandRemainder(Writer &w, Value x, Value y);
/// x^y of f32 where x and the result are positive and normal, on targets that
/// multiply and add in one instruction.
Partial expandOrdinaryPow(Writer &w, Value x, Value y);

/// Is it a power that takes more operations for rare arguments than for others,
/// so that these are better off behind a branch?
bool hasRareArguments(mlir::Operation *op, bool fma);

/// What an op becomes: math functions of f32 and f64 but the periodic ones.
/// Null if there is no expansion.
using Expansion = Value (*)(Writer &, mlir::Operation *);
Expansion expansionOf(mlir::Operation *op);

} // namespace tfc::expand

#endif // TFC_LIB_CONVERSION_EXPANDMATH_WRITER_H
