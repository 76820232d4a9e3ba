//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Exponentials, logarithms, hyperbolic functions and their inverses.
//===----------------------------------------------------------------------===//

#include "Writer.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace tfc::expand;

static constexpr double infinite = std::numeric_limits<double>::infinity();
static constexpr double ln2 = 0.69314718055994530942;

Value tfc::expand::expTail(Writer &w, Value r) {
  if (w.isF64()) // the Taylor series; the first term left out is below 2^-57 of
                 // the sum
    return w.polynomial(r, {1.0 / 6227020800.0, 1.0 / 479001600.0,
                            1.0 / 39916800.0, 1.0 / 3628800.0, 1.0 / 362880.0,
                            1.0 / 40320.0, 1.0 / 5040.0, 1.0 / 720.0,
                            1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5});
  // A minimax fit of our own, weighted with what it adds to exp(r): 2^-28.
  return w.polynomial(
      r, {1.3814544e-3, 8.368745e-3, 4.166834e-2, 1.6666521e-1, 0.49999994});
}

Reduced tfc::expand::reduceExp(Writer &w, Value x, Value low) {
  Writer::Rounded n = w.roundPower(w.scale(x, 1.4426950408889634));
  Value r = w.mulAdd(n.value,
                     w.constant(w.pick(-0.693359375, -6.93145751953125e-1)), x);
  r = w.mulAdd(n.value,
               w.constant(w.pick(2.12194440e-4, -1.42860682030941723212e-6)),
               r);
  return {n, low ? w.add(r, low) : r};
}

Value tfc::expand::shortExpm1(Writer &w, Value r) {
  return w.mulAdd(w.mul(r, r), expTail(w, r), r);
}

Value tfc::expand::shortExp(Writer &w, Value r) {
  if (!w.hasFma()) // where products are rounded, the first terms count most
    return w.plus(shortExpm1(w, r), 1);
  Value one = w.constant(1);
  return w.mulAdd(w.mulAdd(expTail(w, r), r, one), r, one);
}

Value tfc::expand::powerOf(Writer &w, Writer::Rounded n, int64_t by) {
  Value field = w.addI(n.integer, w.integer(by - w.bias()));
  return w.fromBits(w.shiftLeft(field, w.mantissaBits()));
}

bool tfc::expand::isNegatedMagnitude(Value x) {
  if (auto negated = x.getDefiningOp<arith::NegFOp>())
    return negated.getOperand().getDefiningOp<math::AbsFOp>();
  // y > 0 ? -y : y
  auto select = x.getDefiningOp<arith::SelectOp>();
  auto compare =
      select ? select.getCondition().getDefiningOp<arith::CmpFOp>() : nullptr;
  auto negated =
      select ? select.getTrueValue().getDefiningOp<arith::NegFOp>() : nullptr;
  if (!compare || !negated)
    return false;
  Value y = select.getFalseValue();
  return negated.getOperand() == y && compare.getLhs() == y &&
         matchPattern(compare.getRhs(), m_AnyZeroFloat()) &&
         (compare.getPredicate() == arith::CmpFPredicate::OGT ||
          compare.getPredicate() == arith::CmpFPredicate::OGE);
}

Value tfc::expand::expandExp(Writer &w, Value x) {
  double least = w.pick(-104.0, -746.0);
  Value low = w.constant(least), high = w.constant(w.pick(89.0, 710.0));
  Value isZero = w.less(x, low), limited = w.select(isZero, low, x);
  if (!isNegatedMagnitude(x))
    limited = w.select(w.greater(limited, high), high, limited);
  Reduced e = reduceExp(w, limited);
  // What is less than all numbers is zero times something: a product that
  // underflows takes processors a hundred times as long, and masks of attention
  // are full of them.
  if (w.hasAvx512())
    return w.timesPowerOfTwo(w.select(isZero, w.constant(0), shortExp(w, e.r)),
                             e.n);
  Value q = w.select(isZero, w.constant(-1.0), shortExpm1(w, e.r));
  return w.timesPowerOfTwo(w.plus(q, 1), e.n);
}

Value tfc::expand::expandExpm1(Writer &w, Value x) {
  // exp(x) - 1 = 2 (s q + (s - 1/2)) with s = 2^(n-1): exact in s, and free of
  // overflow.
  Value limited = w.clamp(x, w.pick(-25.0, -50.0), w.pick(88.8, 709.9));
  Reduced e = reduceExp(w, limited);
  Value s = powerOf(w, e.n, -1);
  Value y = w.scale(w.add(w.mul(s, shortExpm1(w, e.r)), w.plus(s, -0.5)), 2);
  Value limit = w.constant(w.pick(88.72283935546875, 709.782712893384));
  y = w.select(w.greater(x, limit), w.infinity(), y);
  // Tiny arguments, and the sign of zero.
  Value tiny = w.less(w.abs(x), w.constant(w.pick(1e-8, 1e-17)));
  return w.select(tiny, x, y);
}

namespace {
/// x = m 2^e with m in [sqrt(1/2), sqrt(2)), e as an integer, where x is
/// normal.
struct Binary {
  Value m, e;
};
} // namespace

static Binary splitNumber(Writer &w, Value x) {
  // Subtract the bits of sqrt(1/2), whose exponent field is then e.
  int64_t rootBits = w.isF64() ? 0x3fe6a09e667f3bcdLL : 0x3f3504f3LL;
  Value bits = w.toBits(x);
  Value e = w.shiftRight(w.subI(bits, w.integer(rootBits)), w.mantissaBits());
  return {w.fromBits(w.subI(bits, w.shiftLeft(e, w.mantissaBits()))), e};
}

/// log(1 + t) + exponent ln 2, for 1 + t in [sqrt(1/2), sqrt(2)).
static Value sumOfLogs(Writer &w, Value t, Value exponent) {
  Value z = w.mul(t, t);
  Value y;
  if (w.isF64()) { // Cephes
    Value p =
        w.polynomial(t, {1.01875663804580931796e-4, 4.97494994976747001425e-1,
                         4.70579119878881725854e0, 1.44989225341610930846e1,
                         1.79368678507819816313e1, 7.70838733755885391666e0});
    Value q =
        w.polynomial(t, {1.0, 1.12873587189167450590e1,
                         4.52279145837532221105e1, 8.29875266912776603211e1,
                         7.11544750618563894466e1, 2.31251620126765340583e1});
    y = w.mul(t, w.div(w.mul(z, p), q));
  } else { // Cephes
    Value p =
        w.polynomial(t, {7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1,
                         -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
                         2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1});
    y = w.mul(w.mul(t, z), p);
  }
  y = w.mulAdd(exponent, w.constant(-2.121944400546905827679e-4), y);
  y = w.mulAdd(z, w.constant(-0.5), y);
  y = w.add(t, y);
  return w.mulAdd(exponent, w.constant(0.693359375), y);
}

/// `y`, or the logarithm of an argument that is infinite, zero, negative or
/// NaN.
static Value withSpecialLogs(Writer &w, Value x, Value y) {
  Value zero = w.constant(0.0);
  y = w.select(w.equal(x, w.infinity()), x, y);
  y = w.select(w.equal(x, zero), w.constant(-infinite), y);
  // Negative or NaN: not (x >= 0).
  return w.select(w.compare(arith::CmpFPredicate::OGE, x, zero), y, w.nan());
}

Value tfc::expand::expandLog(Writer &w, Value x) {
  // Denormals are scaled into the normal range first.
  Value smallest = w.constant(w.pick(1.17549435e-38, 2.2250738585072014e-308));
  Value isDenormal = w.less(x, smallest);
  Value scaled = w.select(isDenormal,
                          w.scale(x, w.pick(8388608.0, 4503599627370496.0)), x);
  Binary parts = splitNumber(w, scaled);
  Value exponent = w.toFloat(parts.e);
  exponent = w.select(isDenormal, w.plus(exponent, -double(w.mantissaBits())),
                      exponent);
  return withSpecialLogs(w, x, sumOfLogs(w, w.plus(parts.m, -1), exponent));
}

Value tfc::expand::expandLog1p(Writer &w, Value x) {
  auto exponential = x.getDefiningOp<math::ExpOp>();
  if (w.hasAvx512() && !w.isF64() && exponential &&
      isNegatedMagnitude(exponential.getOperand()))
    return expandLog1pByTable(w, x);
  // With e of 1 + x, rounded: (1 + x) 2^-e - 1 = x 2^-e + (2^-e - 1), rounded
  // once, so that what the sum loses does not count. A quarter of x, because
  // 2^-e may be less than the smallest normal number.
  Value sum = w.plus(x, 1);
  Value e = splitNumber(w, sum).e;
  Value power = w.powerOfTwo(w.subI(w.integer(2), e));
  Value t = w.mulAdd(w.scale(x, 0.25), power,
                     w.mulAdd(power, w.constant(0.25), w.constant(-1)));
  Value y = withSpecialLogs(w, sum, sumOfLogs(w, t, w.toFloat(e)));
  Value tiny = w.less(w.abs(x), w.constant(w.pick(1e-8, 1e-17)));
  return w.select(tiny, x, y);
}

//===----------------------------------------------------------------------===//
// Hyperbolic functions
//===----------------------------------------------------------------------===//

/// exp(x) / 2 in f64, which overflows later than exp(x). x is not negative.
static Value halfExp(Writer &w, Value x) {
  Reduced e = reduceExp(w, w.clamp(x, 0, 711.0));
  return w.timesPowerOfTwo(w.scale(shortExp(w, e.r), 0.5), e.n);
}

namespace {
/// What sinh and cosh of f32 are made of: x = n ln 2 + r, x not negative.
struct ShortHyperbolic {
  Value sine, cosine;   ///< sinh(r), and cosh(r) - 1
  Value power, inverse; ///< 2^(n-2) and 2^(-n-2), so that neither overflows
};
} // namespace

static ShortHyperbolic shortHyperbolic(Writer &w, Value x) {
  Value limit = w.constant(89.5); // beyond what f32 holds, and n is 129
  x = w.select(w.greater(x, limit), limit, x);
  Writer::Rounded n = w.round(w.scale(x, 1.4426950408889634));
  Value r = w.mulAdd(n.value, w.constant(-0.693359375), x);
  r = w.mulAdd(n.value, w.constant(2.12194440e-4), r);
  Value z = w.mul(r, r);
  Value s = w.polynomial(z, {0.00019890996413, 0.0083333109266, 0.16666666682});
  Value c = w.polynomial(z, {0.0013933641, 0.041666465104, 0.50000000134});
  // What is less than all numbers does not count beside 2^n.
  Value field = w.subI(w.integer(w.bias() - 2), n.integer);
  Value inverse =
      w.fromBits(w.shiftLeft(w.maxI(field, w.integer(0)), w.mantissaBits()));
  return {w.mulAdd(w.mul(r, z), s, r), w.mul(z, c),
          w.powerOfTwo(w.subI(n.integer, w.integer(2))), inverse};
}

/// sinh(n ln 2 + r) = sinh(n ln 2) cosh(r) + cosh(n ln 2) sinh(r): of f32
/// without a division.
static Value shortSinh(Writer &w, Value x) {
  Value magnitude = w.abs(x), z = w.mul(x, x);
  Value p = w.polynomial(
      z, {2.8061417224e-6, 0.00019838122726, 0.0083333395982, 0.16666666647});
  Value small = w.mulAdd(w.mul(magnitude, z), p, magnitude);
  ShortHyperbolic h = shortHyperbolic(w, magnitude);
  Value sine = w.sub(h.power, h.inverse), cosine = w.add(h.power, h.inverse);
  Value large = w.add(sine, w.mulAdd(sine, h.cosine, w.mul(cosine, h.sine)));
  Value isLarge = w.greater(magnitude, w.constant(1.0));
  return w.copySign(w.select(isLarge, w.scale(large, 2), small), x);
}

Value tfc::expand::expandSinh(Writer &w, Value x) {
  if (!w.isF64())
    return shortSinh(w, x);
  // (e + e / (e + 1)) / 2 with e = exp(x) - 1, until exp(-x) does not count any
  // more.
  Value magnitude = w.abs(x), limit = w.constant(22.0);
  Value isLarge = w.greater(magnitude, limit);
  Value e = expandExpm1(w, w.select(isLarge, limit, magnitude));
  Value small = w.scale(w.add(e, w.div(e, w.plus(e, 1))), 0.5);
  return w.copySign(w.select(isLarge, halfExp(w, magnitude), small), x);
}

Value tfc::expand::expandCosh(Writer &w, Value x) {
  if (w.isF64()) {
    Value half = halfExp(w, w.abs(x));
    return w.add(half, w.div(w.constant(0.25), half));
  }
  ShortHyperbolic h = shortHyperbolic(w, w.abs(x));
  Value sine = w.sub(h.power, h.inverse), cosine = w.add(h.power, h.inverse);
  Value rest = w.mulAdd(cosine, h.cosine, w.mul(sine, h.sine));
  return w.scale(w.add(cosine, rest), 2);
}

Value tfc::expand::expandTanh(Writer &w, Value x) {
  if (w.hasAvx512() && !w.isF64())
    return expandTanhByTable(w, x);
  // e / (e + 2) with e = exp(2 |x|) - 1 = 2^n (1 + q) - 1: 1 long before exp
  // overflows. 2^n q is r and a rest, so that no digits are lost in the sum:
  // for n = 1 it is as small as 0.41.
  Value magnitude = w.abs(x), limit = w.constant(w.pick(10.0, 20.0));
  Value limited = w.select(w.greater(magnitude, limit), limit, magnitude);
  Reduced reduced = reduceExp(w, w.add(limited, limited));
  Value power = powerOf(w, reduced.n), r = reduced.r;
  Value head = w.mulAdd(power, r, w.plus(power, -1));
  Value e = w.mulAdd(w.mul(power, w.mul(r, r)), expTail(w, r), head);
  Value sum = w.plus(e, 2), y = w.div(e, sum);
  if (!w.isF64()) {
    // Rounding e + 2 takes up to one unit of the quotient's last place where
    // that sum is little more than two: what was lost over the sum, about 2.2,
    // is found out while the division goes on.
    Value lost = w.exactSub(e, w.exactSub(sum, w.constant(2)));
    Value part = w.select(w.less(magnitude, w.constant(0.5)),
                          w.scale(lost, 0.46), w.constant(0));
    y = w.sub(y, w.mul(y, part));
  }
  return w.copySign(y, x);
}

//===----------------------------------------------------------------------===//
// Their inverses
//===----------------------------------------------------------------------===//

/// Above it the square overflows, and log(2 x) is as good.
static constexpr double huge = 1e150;

/// The square root of x in f64, from that of f32 and one of Newton's steps:
/// dividing twice there takes half the time of the root here. `narrow` is of
/// f32; x must not overflow in it.
static Value refinedRoot(Writer &w, Writer &narrow, Value x) {
  Value start = narrow.sqrt(w.narrow(x));
  Value half = w.widen(narrow.div(narrow.constant(0.5), start));
  Value root = w.widen(start);
  root = w.mulAdd(half, w.sub(x, w.mul(root, root)), root);
  return w.select(w.equal(x, w.constant(0)), x, root);
}

/// For f32 a polynomial up to 1/2, and log2 in f64 from there on.
static Value shortAsinh(Writer &w, Value x) {
  Value magnitude = w.abs(x), z = w.mul(x, x);
  Value p = w.polynomial(z, {0.0099548367524, -0.020538324884, 0.030158722078,
                             -0.044630251576, 0.074999736229, -0.16666666577});
  Value small = w.mulAdd(w.mul(magnitude, z), p, magnitude);
  Writer wide = w.inDouble();
  Value m = wide.widen(magnitude);
  Value isHuge = wide.greater(m, wide.constant(0x1p60));
  Value square = wide.mul(m, m);
  square = wide.select(isHuge, wide.constant(1), square);
  Value root = refinedRoot(wide, w, wide.plus(square, 1));
  Value sum = wide.add(m, wide.select(isHuge, m, root));
  Value large = wide.narrow(wide.scale(shortLog2(wide, sum), ln2));
  large = w.select(w.equal(magnitude, w.infinity()), magnitude, large);
  Value isLarge = w.greater(magnitude, w.constant(0.5));
  return w.copySign(w.select(isLarge, large, small), x);
}

Value tfc::expand::expandAsinh(Writer &w, Value x) {
  if (!w.isF64())
    return shortAsinh(w, x);
  Value magnitude = w.abs(x), z = w.mul(magnitude, magnitude);
  Value isHuge = w.greater(magnitude, w.constant(huge));
  Value root = w.sqrt(w.plus(z, 1));
  Value plain = w.add(magnitude, w.div(z, w.plus(root, 1)));
  Value y = expandLog1p(w, w.select(isHuge, magnitude, plain));
  return w.copySign(w.select(isHuge, w.plus(y, ln2), y), x);
}

/// For f32: x + sqrt(x^2 - 1) is 1 + sqrt(2^-22) or more, so that f64 keeps
/// enough digits of its logarithm.
static Value shortAcosh(Writer &w, Value argument) {
  Writer wide = w.inDouble();
  Value x = wide.widen(argument);
  Value isHuge = wide.greater(x, wide.constant(0x1p60));
  Value square = wide.mul(wide.plus(x, -1), wide.plus(x, 1));
  square = wide.select(isHuge, wide.constant(1), square);
  Value root = refinedRoot(wide, w, square);
  Value sum = wide.add(x, wide.select(isHuge, x, root));
  Value y = wide.narrow(wide.scale(shortLog2(wide, sum), ln2));
  y = w.select(w.equal(argument, w.infinity()), argument, y);
  Value isInside =
      w.compare(arith::CmpFPredicate::OGE, argument, w.constant(1));
  return w.select(isInside, y, w.nan());
}

Value tfc::expand::expandAcosh(Writer &w, Value x) {
  if (!w.isF64())
    return shortAcosh(w, x);
  Value t = w.plus(x, -1), isHuge = w.greater(x, w.constant(huge));
  Value root = w.sqrt(w.mulAdd(t, t, w.add(t, t)));
  Value y = expandLog1p(w, w.select(isHuge, x, w.add(t, root)));
  y = w.select(isHuge, w.plus(y, ln2), y);
  return w.select(w.compare(arith::CmpFPredicate::OGE, x, w.constant(1)), y,
                  w.nan());
}

Value tfc::expand::expandAtanh(Writer &w, Value x) {
  Value magnitude = w.abs(x), one = w.constant(1);
  Value rest = w.sub(one, magnitude);
  if (w.isF64()) {
    Value y = expandLog1p(w, w.div(w.add(magnitude, magnitude), rest));
    return w.copySign(w.scale(y, 0.5), x);
  }
  // Up to 1/2 a polynomial; above it, 1 - |x| is exact.
  Value z = w.mul(x, x);
  Value p = w.polynomial(z, {0.15672909797, 0.040590663089, 0.097610121809,
                             0.11049668058, 0.1428835315, 0.19999957926,
                             0.33333333442});
  Value small = w.mulAdd(w.mul(magnitude, z), p, magnitude);
  Value large = w.scale(expandLog(w, w.div(w.add(one, magnitude), rest)), 0.5);
  Value isLarge = w.greater(magnitude, w.constant(0.5));
  return w.copySign(w.select(isLarge, large, small), x);
}
