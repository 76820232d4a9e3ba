//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Replaces math ops on f32 and f64 by arithmetic: branch-free code without calls,
// which the loop vectorizer turns into vector code for any target, and which needs
// no libm at run time.
//
// Argument reduction and, where noted, coefficients follow the Cephes library
// (S. L. Moshier, "Methods and Programs for Mathematical Functions", 1989); the
// power of two is applied in two steps, so that denormal results are right.
// Every function keeps C99's special values. tools/ulp.py measures the errors.
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"
#include "tfc/Conversion/Passes.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"

#include <limits>

namespace tfc {
#define GEN_PASS_DEF_EXPANDMATHPASS
#include "tfc/Conversion/Passes.h.inc"
} // namespace tfc

using namespace mlir;

namespace {

/// Writes arithmetic on values of one float type (scalar or vector).
class Writer {
public:
  Writer(OpBuilder &builder, Location loc, Type type)
      : b(loc, builder), type(type), element(cast<FloatType>(getElementTypeOrSelf(type))),
        intElement(b.getIntegerType(element.getWidth())), intType(withElement(intElement)),
        contract(arith::FastMathFlagsAttr::get(b.getContext(), arith::FastMathFlags::contract)) {}

  bool isF64() const { return element.isF64(); }
  /// Picks the constant of the precision.
  double pick(double f32, double f64) const { return isF64() ? f64 : f32; }

  Value constant(double value) {
    APFloat number(value);
    bool lost;
    number.convert(element.getFloatSemantics(), APFloat::rmNearestTiesToEven, &lost);
    return constantAttr(FloatAttr::get(element, number), type);
  }
  Value integer(int64_t value) {
    return constantAttr(IntegerAttr::get(intElement, value), intType);
  }
  Value infinity() { return constant(std::numeric_limits<double>::infinity()); }
  Value nan() { return constant(std::numeric_limits<double>::quiet_NaN()); }

  Value add(Value x, Value y) { return arith::AddFOp::create(b, x, y, contract); }
  Value sub(Value x, Value y) { return arith::SubFOp::create(b, x, y, contract); }
  Value mul(Value x, Value y) { return arith::MulFOp::create(b, x, y, contract); }
  Value div(Value x, Value y) { return arith::DivFOp::create(b, x, y, contract); }
  /// x + y, never fused or reordered: for tricks that rely on rounding.
  Value exactAdd(Value x, Value y) { return arith::AddFOp::create(b, x, y); }
  Value exactSub(Value x, Value y) { return arith::SubFOp::create(b, x, y); }
  Value mulAdd(Value x, Value y, Value z) { return add(mul(x, y), z); }
  Value neg(Value x) { return arith::NegFOp::create(b, x); }
  Value abs(Value x) { return math::AbsFOp::create(b, x); }
  Value copySign(Value x, Value sign) { return math::CopySignOp::create(b, x, sign); }
  Value compare(arith::CmpFPredicate p, Value x, Value y) {
    return arith::CmpFOp::create(b, p, x, y);
  }
  Value less(Value x, Value y) { return compare(arith::CmpFPredicate::OLT, x, y); }
  Value greater(Value x, Value y) { return compare(arith::CmpFPredicate::OGT, x, y); }
  Value equal(Value x, Value y) { return compare(arith::CmpFPredicate::OEQ, x, y); }
  Value select(Value c, Value x, Value y) { return arith::SelectOp::create(b, c, x, y); }
  /// x limited to [low, high]; NaN stays NaN.
  Value clamp(Value x, double low, double high) {
    Value l = constant(low), h = constant(high);
    x = select(less(x, l), l, x);
    return select(greater(x, h), h, x);
  }

  Value toBits(Value x) { return arith::BitcastOp::create(b, intType, x); }
  Value fromBits(Value x) { return arith::BitcastOp::create(b, type, x); }
  Value toFloat(Value x) { return arith::SIToFPOp::create(b, type, x); }
  Value addI(Value x, Value y) { return arith::AddIOp::create(b, x, y); }
  Value subI(Value x, Value y) { return arith::SubIOp::create(b, x, y); }
  Value andI(Value x, Value y) { return arith::AndIOp::create(b, x, y); }
  Value orI(Value x, Value y) { return arith::OrIOp::create(b, x, y); }
  Value shiftLeft(Value x, int64_t n) { return arith::ShLIOp::create(b, x, integer(n)); }
  Value shiftRight(Value x, int64_t n) { return arith::ShRSIOp::create(b, x, integer(n)); }
  Value logicalShiftRight(Value x, int64_t n) {
    return arith::ShRUIOp::create(b, x, integer(n));
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

private:
  Type withElement(Type e) {
    if (auto vector = dyn_cast<VectorType>(type))
      return vector.clone(e);
    return e;
  }
  Value constantAttr(TypedAttr value, Type t) {
    if (auto vector = dyn_cast<VectorType>(t))
      return arith::ConstantOp::create(b, DenseElementsAttr::get(vector, Attribute(value)));
    return arith::ConstantOp::create(b, value);
  }

  ImplicitLocOpBuilder b;
  Type type;
  FloatType element;
  Type intElement, intType;
  arith::FastMathFlagsAttr contract;
};

/// x = n ln 2 + r with |r| <= ln(2) / 2: the integer n, and q = exp(r) - 1.
struct Reduced {
  Value n, q;
};

Reduced reduceExp(Writer &w, Value x) {
  // Adding 1.5 * 2^mantissaBits rounds to an integer and leaves it in the low bits:
  // no conversion, so NaN is harmless.
  Value magic = w.constant(w.pick(12582912.0, 6755399441055744.0));
  Value shifted = w.exactAdd(w.mul(x, w.constant(1.4426950408889634)), magic);
  Value n = w.subI(w.toBits(shifted), w.toBits(magic));
  Value rounded = w.exactSub(shifted, magic);
  Value r = w.mulAdd(rounded, w.constant(w.pick(-0.693359375, -6.93145751953125e-1)), x);
  r = w.mulAdd(rounded, w.constant(w.pick(2.12194440e-4, -1.42860682030941723212e-6)), r);
  Value tail;
  if (w.isF64()) {
    // The Taylor series; the first term left out is below 2^-57 of the sum.
    tail = w.polynomial(r, {1.0 / 6227020800.0, 1.0 / 479001600.0, 1.0 / 39916800.0,
                            1.0 / 3628800.0, 1.0 / 362880.0, 1.0 / 40320.0, 1.0 / 5040.0,
                            1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5});
  } else {
    tail = w.polynomial(r, {1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3,
                            4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1}); // Cephes
  }
  return {n, w.mulAdd(w.mul(r, r), tail, r)};
}

Value expandExp(Writer &w, Value x) {
  Value limited = w.clamp(x, w.pick(-104.0, -746.0), w.pick(89.0, 710.0));
  Reduced e = reduceExp(w, limited);
  Value half = w.shiftRight(e.n, 1);
  Value y = w.mul(w.add(e.q, w.constant(1.0)), w.powerOfTwo(half));
  return w.mul(y, w.powerOfTwo(w.subI(e.n, half)));
}

Value expandExpm1(Writer &w, Value x) {
  // exp(x) - 1 = 2 (s q + (s - 1/2)) with s = 2^(n-1): exact in s, and free of overflow.
  Value limited = w.clamp(x, w.pick(-25.0, -50.0), w.pick(88.8, 709.9));
  Reduced e = reduceExp(w, limited);
  Value s = w.powerOfTwo(w.subI(e.n, w.integer(1)));
  Value y = w.add(w.mul(s, e.q), w.sub(s, w.constant(0.5)));
  y = w.mul(y, w.constant(2.0));
  Value limit = w.constant(w.pick(88.72283935546875, 709.782712893384));
  y = w.select(w.greater(x, limit), w.infinity(), y);
  // Tiny arguments, and the sign of zero.
  Value tiny = w.less(w.abs(x), w.constant(w.pick(1e-8, 1e-17)));
  return w.select(tiny, x, y);
}

Value expandLog(Writer &w, Value x) {
  // Denormals are scaled into the normal range first.
  Value smallest = w.constant(w.pick(1.17549435e-38, 2.2250738585072014e-308));
  Value isDenormal = w.less(x, smallest);
  Value scaled =
      w.select(isDenormal, w.mul(x, w.constant(w.pick(8388608.0, 4503599627370496.0))), x);
  Value bits = w.toBits(scaled);
  // m in [sqrt(1/2), sqrt(2)), x = m 2^e: subtract the bits of sqrt(1/2), whose exponent field is then e.
  int64_t rootBits = w.isF64() ? 0x3fe6a09e667f3bcdLL : 0x3f3504f3LL;
  Value offset = w.subI(bits, w.integer(rootBits));
  Value e = w.shiftRight(offset, w.mantissaBits());
  Value m = w.fromBits(w.subI(bits, w.shiftLeft(e, w.mantissaBits())));
  Value exponent = w.toFloat(e);
  exponent = w.select(isDenormal, w.sub(exponent, w.constant(w.mantissaBits())), exponent);
  Value t = w.sub(m, w.constant(1.0));
  Value z = w.mul(t, t);
  Value y;
  if (w.isF64()) { // Cephes
    Value p = w.polynomial(t, {1.01875663804580931796e-4, 4.97494994976747001425e-1,
                               4.70579119878881725854e0, 1.44989225341610930846e1,
                               1.79368678507819816313e1, 7.70838733755885391666e0});
    Value q = w.polynomial(t, {1.0, 1.12873587189167450590e1, 4.52279145837532221105e1,
                               8.29875266912776603211e1, 7.11544750618563894466e1,
                               2.31251620126765340583e1});
    y = w.mul(t, w.div(w.mul(z, p), q));
  } else { // Cephes
    Value p = w.polynomial(t, {7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1,
                               -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
                               2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1});
    y = w.mul(w.mul(t, z), p);
  }
  y = w.mulAdd(exponent, w.constant(-2.121944400546905827679e-4), y);
  y = w.mulAdd(z, w.constant(-0.5), y);
  y = w.add(t, y);
  y = w.mulAdd(exponent, w.constant(0.693359375), y);
  Value zero = w.constant(0.0);
  y = w.select(w.equal(x, w.infinity()), x, y);
  y = w.select(w.equal(x, zero), w.constant(-std::numeric_limits<double>::infinity()), y);
  // Negative or NaN: not (x >= 0).
  return w.select(w.compare(arith::CmpFPredicate::OGE, x, zero), y, w.nan());
}

Value expandLog1p(Writer &w, Value x) {
  // log(u) with u = 1 + x rounded, plus the first-order effect of that rounding.
  Value one = w.constant(1.0);
  Value u = w.exactAdd(x, one);
  Value lost = w.exactSub(x, w.exactSub(u, one));
  Value correction = w.div(lost, u);
  Value y = w.add(expandLog(w, u), correction);
  Value plain = w.select(w.equal(u, w.constant(0.0)),
                         w.constant(-std::numeric_limits<double>::infinity()), y);
  plain = w.select(w.equal(x, w.infinity()), x, plain);
  Value tiny = w.less(w.abs(x), w.constant(w.pick(1e-8, 1e-17)));
  return w.select(tiny, x, plain);
}

Value expandTanh(Writer &w, Value x) {
  Value magnitude = w.abs(x);
  Value z = w.mul(x, x);
  Value small;
  if (w.isF64()) { // Cephes
    Value p = w.polynomial(z, {-9.64399179425052238628e-1, -9.92877231001918586564e1,
                               -1.61468768441708447952e3});
    Value q = w.polynomial(z, {1.0, 1.12811678491632931402e2, 2.23548839060100448583e3,
                               4.84406305325125486048e3});
    small = w.mulAdd(w.mul(x, z), w.div(p, q), x);
  } else { // Cephes
    Value p = w.polynomial(z, {-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2,
                               1.33314422036e-1, -3.33332819422e-1});
    small = w.mulAdd(w.mul(z, x), p, x);
  }
  // 1 - 2 / (exp(2 |x|) + 1), which is 1 long before exp overflows; its argument stays
  // in range for the one-step power of two.
  Value limit = w.constant(w.pick(10.0, 20.0));
  Value limited = w.select(w.greater(magnitude, limit), limit, magnitude);
  Reduced e = reduceExp(w, w.add(limited, limited));
  Value power = w.mul(w.add(e.q, w.constant(1.0)), w.powerOfTwo(e.n));
  Value large =
      w.sub(w.constant(1.0), w.div(w.constant(2.0), w.add(power, w.constant(1.0))));
  Value isLarge = w.greater(magnitude, w.constant(0.625));
  Value y = w.select(isLarge, large, w.abs(small));
  return w.copySign(y, x);
}

/// erf of f32, within 1.1 ULP. Both polynomials are Chebyshev fits: erf(x) = x + x p(x^2) below 1, and
/// 1 - exp(-x q(x)) from there to 4, where erf rounds to 1.
Value expandErf(Writer &w, Value x) {
  Value magnitude = w.abs(x), z = w.mul(x, x);
  Value p = w.polynomial(z, {-9.673590284364764e-06, 1.1268253729213029e-04,
                             -8.484396385028958e-04, 5.221053492277861e-03,
                             -2.6865437626838684e-02, 1.1283782869577408e-01,
                             -3.7612637877464294e-01, 1.2837916612625122e-01});
  Value small = w.mulAdd(x, p, x);
  Value limit = w.constant(4.0);
  Value t = w.select(w.greater(magnitude, limit), limit, magnitude);
  Value q = w.polynomial(t, {-2.769077980246948e-07, 4.470856765692588e-06,
                             -1.2376478480291553e-05, -2.7912648511119187e-04,
                             3.679906716570258e-03, -2.404610812664032e-02,
                             1.067037582397461e-01, 6.348134875297546e-01,
                             1.12874174118042});
  Reduced e = reduceExp(w, w.neg(w.mul(t, q)));
  Value power = w.mul(w.add(e.q, w.constant(1.0)), w.powerOfTwo(e.n));
  Value large = w.sub(w.constant(1.0), power);
  Value isSmall = w.less(magnitude, w.constant(1.0));
  return w.copySign(w.select(isSmall, w.abs(small), large), x);
}

using Expansion = Value (*)(Writer &, Value);

template <typename OpTy, Expansion expand, bool f64 = true>
struct ExpandUnary : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpTy op, PatternRewriter &rewriter) const override {
    Type element = getElementTypeOrSelf(op.getType());
    if (!element.isF32() && !(f64 && element.isF64()))
      return failure();
    Writer writer(rewriter, op.getLoc(), op.getType());
    rewriter.replaceOp(op, expand(writer, op.getOperand()));
    return success();
  }
};

/// The table: a math op and its expansion.
void addExpansions(RewritePatternSet &patterns) {
  patterns.add<ExpandUnary<math::ExpOp, expandExp>, ExpandUnary<math::ExpM1Op, expandExpm1>,
               ExpandUnary<math::LogOp, expandLog>, ExpandUnary<math::Log1pOp, expandLog1p>,
               ExpandUnary<math::TanhOp, expandTanh>,
               ExpandUnary<math::ErfOp, expandErf, /*f64=*/false>>(patterns.getContext());
}

struct ExpandMathPass : tfc::impl::ExpandMathPassBase<ExpandMathPass> {
  using ExpandMathPassBase::ExpandMathPassBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    addExpansions(patterns);
    walkAndApplyPatterns(getOperation(), std::move(patterns));
  }
};

} // namespace
