//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// pow. |x|^y = 2^(y log2 |x|), where the product needs eleven digits more than
// a float has: in pairs of numbers for f64, whose heads have so few digits that
// products are exact, and for f32 where a multiplication and an addition round
// once; elsewhere for f32 in f64, by polynomials of as many digits and no
// division. The logarithm in pairs is that of FreeBSD's e_pow.c (2 atanh(s)
// with s = (m - 1) / (m + 1), leading terms in pairs), with one interval and
// polynomials of our own.
//===----------------------------------------------------------------------===//

#include "Writer.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include <cmath>
#include <optional>

using namespace mlir;
using namespace tfc::expand;

namespace {
/// high + low, where high has half of the digits.
struct Pair {
  Value high, low;
};
} // namespace

/// A constant as a pair.
static Pair split(Writer &w, double value, double rest) {
  int exponent;
  double mantissa = std::frexp(value, &exponent), unit = double(1 << 26);
  double high = std::ldexp(std::trunc(mantissa * unit) / unit, exponent);
  return {w.constant(high), w.constant((value - high) + rest)};
}

static Pair split(Writer &w, Value x) {
  Value high = w.head(x);
  return {high, w.exactSub(x, high)};
}

/// log2(x) for x > 0, not infinite, to about 2^-65.
static Pair logarithm(Writer &w, Value x) {
  Value isDenormal = w.less(x, w.constant(2.2250738585072014e-308));
  Value bits =
      w.toBits(w.select(isDenormal, w.scale(x, 18014398509481984.0), x));
  // x = m 2^e with m in [sqrt(1/2), sqrt(2)).
  Value e = w.shiftRight(w.subI(bits, w.integer(0x3fe6a09e667f3bcdLL)), 52);
  Value m = w.fromBits(w.subI(bits, w.shiftLeft(e, 52)));
  Value exponent = w.toFloat(e);
  exponent = w.select(isDenormal, w.plus(exponent, -54), exponent);

  // s = (m - 1) / (m + 1) as a pair.
  Value u = w.exactSub(m, w.constant(1)), v = w.exactAdd(m, w.constant(1));
  Value inverse = w.div(w.constant(1), v);
  Value s = w.mul(u, inverse), sHigh = w.head(s);
  Value vHigh = w.head(v),
        vLow = w.exactSub(m, w.exactSub(vHigh, w.constant(1)));
  Value sLow =
      w.mul(inverse, w.sub(w.sub(u, w.mul(sHigh, vHigh)), w.mul(sHigh, vLow)));

  // 2 atanh(s) = 2/3 s (3 + s^2 + s^4 p(s^2)).
  Value z = w.mul(s, s), square = w.mul(sHigh, sHigh);
  Value p = w.polynomial(z, {0.17584576542146629379, 0.17559372811383578004,
                             0.20002206357338016785, 0.23076892456343186726,
                             0.27272727502971604616, 0.33333333332484347297,
                             0.42857142857144048505, 0.59999999999999999726});
  Value r = w.add(w.mul(w.mul(z, z), p), w.mul(sLow, w.add(sHigh, s)));
  Value three = w.constant(3);
  Value tHigh = w.head(w.exactAdd(w.exactAdd(three, square), r));
  Value tLow = w.exactSub(r, w.exactSub(w.exactSub(tHigh, three), square));
  Value exact = w.mul(sHigh, tHigh),
        rest = w.add(w.mul(sLow, tHigh), w.mul(tLow, s));
  Value pHigh = w.head(w.exactAdd(exact, rest));
  Value pLow = w.exactSub(rest, w.exactSub(pHigh, exact));

  // Times 2 / (3 ln 2), plus e.
  constexpr double factor = 0.9617966939259756;
  Pair c = split(w, factor, 5.0577616648125906e-17);
  Value high = w.mul(c.high, pHigh),
        low = w.add(w.mul(c.low, pHigh), w.scale(pLow, factor));
  Value total = w.head(w.exactAdd(w.exactAdd(high, low), exponent));
  return {total,
          w.exactSub(low, w.exactSub(w.exactSub(total, exponent), high))};
}

/// 2^(high + low), where |high| <= 1100 and low is small.
static Value powerOf2(Writer &w, Value high, Value low) {
  Writer::Rounded n = w.roundPower(w.exactAdd(high, low));
  Value rest = w.exactSub(high, n.value);
  Value head = w.head(w.exactAdd(rest, low)),
        tail = w.exactSub(low, w.exactSub(head, rest));
  constexpr double ln2 = 0.69314718055994530942;
  Pair c = split(w, ln2, 2.3190468138462996e-17);
  Value a = w.mul(head, c.high),
        b = w.add(w.scale(tail, ln2), w.mul(head, c.low));
  Value r = w.exactAdd(a, b), lost = w.exactSub(b, w.exactSub(r, a));
  Value q = w.mulAdd(w.mul(r, r), expTail(w, r), w.add(r, lost));
  return w.timesPowerOfTwo(w.plus(q, 1), n);
}

/// x^y in f64 for x > 0.
static Value accuratePower(Writer &w, Value x, Value y) {
  Pair l = logarithm(w, x);
  // Beyond 2^66 the result is 0, 1 or infinite as well.
  y = w.clamp(y, -7.378697629483821e19, 7.378697629483821e19);
  Pair p = split(w, y);
  Value high = w.mul(p.high, l.high),
        low = w.add(w.mul(p.low, l.high), w.mul(y, l.low));
  Value limit = w.constant(1100),
        isBeyond = w.greater(w.abs(w.add(high, low)), limit);
  high = w.select(isBeyond, w.copySign(limit, high), high);
  low = w.select(isBeyond, w.constant(0), low);
  return powerOf2(w, high, low);
}

/// A minimax fit of our own. Zero counts as 2^-1023, infinity as 2^1024.
Value tfc::expand::shortLog2(Writer &w, Value x) {
  // x = m 2^e with m in [sqrt(1/2), sqrt(2)).
  Value bits = w.toBits(x);
  Value e = w.shiftRight(w.subI(bits, w.integer(0x3fe6a09e667f3bcdLL)), 52);
  Value t = w.plus(w.fromBits(w.subI(bits, w.shiftLeft(e, 52))), -1);
  Value p = w.polynomial(
      t, {0.077363868864114012, -0.1428463718501339, 0.14475773146322189,
          -0.14315631562795237, 0.15876796997045825, -0.18030044561841702,
          0.20617549722505847, -0.24045317966653564, 0.28853728905519775,
          -0.36067367444750573, 0.48089836144701787, -0.72134752087130445,
          1.4426950408686052});
  return w.mulAdd(t, p, w.toFloat(e));
}

/// A minimax fit of our own.
Value tfc::expand::shortExp2(Writer &w, Value x) {
  Writer::Rounded n = w.round(x);
  Value power = w.polynomial(w.exactSub(x, n.value),
                             {0.0001534577821663365, 0.0013399930683972844,
                              0.0096184890857553166, 0.055503287790087176,
                              0.24022646889512666, 0.69314720573575902,
                              1.0000000005542516});
  return w.fromBits(w.addI(w.toBits(power), w.shiftLeft(n.integer, 52)));
}

/// x^y for x > 0 of f32, in f64, whose exponents reach further than those of
/// f32: no number is denormal, and no result too large.
static Value shortPower(Writer &outer, Value base, Value exponent) {
  Writer w = outer.inDouble();
  Value product = w.mul(w.widen(exponent), shortLog2(w, w.widen(base)));
  return w.narrow(shortExp2(w, w.clamp(product, -300, 300)));
}

namespace {
/// A sum of two numbers of which the second does not count in the first.
struct Parts {
  Value high, low;
};
} // namespace

/// log2(m) + exponent for m in [sqrt(1/2), sqrt(2)), to about 2^-32 of its
/// value.
static Parts pairLog2(Writer &w, Value m, Value exponent) {
  // s = (m - 1) / (m + 1), and what it lacks: 1 / (m + 1) is (1 - s) / 2.
  Value one = w.constant(1), u = w.exactSub(m, one), v = w.exactAdd(m, one);
  Value vLow = w.exactSub(m, w.exactSub(v, one));
  Value s = w.div(u, v), negative = w.neg(s);
  Value miss = w.exactMulAdd(negative, vLow, w.exactMulAdd(negative, v, u));
  Value sLow = w.mul(miss, w.mulAdd(s, w.constant(-0.5), w.constant(0.5)));

  // log2(m) = s t with t = 2 / ln 2 + z r, where r is a minimax fit; its slope
  // is about 2 / ln 2 + 3 z r.
  Value z = w.exactMul(s, s), first = w.constant(2.88539004326);
  Value r = w.polynomial(
      z, {0.336557175068, 0.411924184897, 0.57707885358, 0.961796700954});
  Value t = w.exactMulAdd(z, r, first), above = w.exactSub(t, first);
  Value tLow = w.exactMulAdd(z, r, w.neg(above));
  tLow = w.plus(tLow, 3.85192598225e-8);
  Value slope = w.mulAdd(above, w.constant(2), t);
  Value high = w.exactMulAdd(s, t, exponent);
  Value low = w.exactMulAdd(s, t, w.neg(w.exactSub(high, exponent)));
  return {high, w.exactMulAdd(sLow, slope, w.exactMulAdd(s, tLow, low))};
}

namespace {
/// x = m 2^e with m in [sqrt(1/2), sqrt(2)), for normal x > 0.
struct Split {
  Value m, e;
};
} // namespace

static Split splitFloat(Writer &w, Value bits) {
  Value e = w.shiftRight(w.subI(bits, w.integer(0x3f3504f3)), 23);
  return {w.fromBits(w.subI(bits, w.shiftLeft(e, 23))), w.toFloat(e)};
}

/// log2(x) of f32 for x >= 0; of zero, infinity and NaN `high` is what log2 is.
static Parts completeLog2(Writer &w, Value x) {
  Value isDenormal = w.less(x, w.constant(1.17549435e-38));
  Split x2 =
      splitFloat(w, w.toBits(w.select(isDenormal, w.scale(x, 16777216.0), x)));
  Parts l = pairLog2(w, x2.m, w.select(isDenormal, w.plus(x2.e, -24), x2.e));
  Value infinity = w.infinity();
  Value high = w.select(w.equal(x, w.constant(0)), w.neg(infinity), l.high);
  return {w.select(w.less(x, infinity), high, x), l.low};
}

/// y l, rounded, and what rounding took away.
static Parts timesLog2(Writer &w, Value y, Parts l) {
  Value high = w.exactMul(y, l.high);
  Value low = w.exactMulAdd(y, l.high, w.neg(high));
  return {high, w.exactMulAdd(y, l.low, low)};
}

/// 2^(high + low - n), where n is `high` rounded: a minimax fit.
static Value pairExp2(Writer &w, Parts x, Value n) {
  Value r = w.add(w.exactSub(x.high, n), x.low);
  Value p =
      w.polynomial(r, {0.000153533606116, 0.00133988748669, 0.00961843736649,
                       0.0555033246969, 0.240226479135, 0.693147202856});
  return w.mulAdd(r, p, w.constant(1));
}

/// x^y of f32 for x >= 0 or NaN, in pairs.
static Value pairPower(Writer &w, Value x, Value y) {
  Parts product = timesLog2(w, y, completeLog2(w, x));
  Value zero = w.constant(0);
  // 1^y and x^0 are 1, whatever the other one is.
  Value isOne = w.either(w.equal(y, zero), w.equal(x, w.constant(1)));
  Value high = w.select(isOne, zero, product.high);
  Value isZero = w.less(high, w.constant(-151));
  high = w.clamp(high, -152, 130);
  Value low = w.select(w.equal(high, product.high), product.low, zero);
  Writer::Rounded n = w.roundPower(high);
  // A product that underflows would take far longer.
  Value power = w.select(isZero, zero, pairExp2(w, {high, low}, n.value));
  return w.timesPowerOfTwo(power, n);
}

Partial tfc::expand::expandOrdinaryPow(Writer &w, Value x, Value y) {
  Value bits = w.toBits(x);
  // Zero, denormal and negative numbers, infinity and NaN.
  Value isBeyond =
      w.atLeastU(w.subI(bits, w.integer(0x00800000)), w.integer(0x7f000000));
  Split x2 = splitFloat(w, bits);
  Parts product = timesLog2(w, y, pairLog2(w, x2.m, x2.e));
  // Results that are no normal numbers, NaN among them.
  isBeyond =
      w.either(isBeyond, w.compare(arith::CmpFPredicate::UGT,
                                   w.abs(product.high), w.constant(125)));
  Writer::Rounded n = w.round(product.high);
  Value power = pairExp2(w, product, n.value);
  return {w.fromBits(w.addI(w.toBits(power), w.shiftLeft(n.integer, 23))),
          isBeyond};
}

/// Of exponents that became constants when the program was simplified: the
/// gradient of a square has y - 1.
static std::optional<double> knownExponent(Value y) {
  if (auto broadcast = y.getDefiningOp<vector::BroadcastOp>())
    y = broadcast.getSource();
  APFloat value(0.0);
  if (!matchPattern(y, m_ConstantFloat(&value)))
    return std::nullopt;
  bool losesInfo;
  value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven,
                &losesInfo);
  return value.convertToDouble();
}

bool tfc::expand::hasRareArguments(Operation *op, bool fma) {
  auto power = dyn_cast<math::PowFOp>(op);
  if (!fma || !power || !getElementTypeOrSelf(power.getType()).isF32())
    return false;
  std::optional<double> known = knownExponent(power.getRhs());
  return !known || (*known != 1 && *known != 2 && *known != 3);
}

Value tfc::expand::expandPow(Writer &w, Value x, Value y) {
  if (std::optional<double> exponent = knownExponent(y)) {
    if (*exponent == 1)
      return x;
    if (*exponent == 2)
      return w.mul(x, x);
    if (*exponent == 3)
      return w.mul(w.mul(x, x), x);
  }
  Value zero = w.constant(0), one = w.constant(1), infinity = w.infinity();
  Value base = w.abs(x), power;
  bool inPairs = !w.isF64() && w.hasFma();
  if (inPairs) {
    power = pairPower(w, base, y);
  } else {
    power = w.isF64() ? accuratePower(w, base, y) : shortPower(w, base, y);
    // C99's special values, for |x| first.
    Value up = w.greater(y, zero);
    power = w.select(w.equal(base, zero), w.select(up, zero, infinity), power);
    power =
        w.select(w.equal(base, infinity), w.select(up, infinity, zero), power);
    power = w.select(w.equal(base, one), one, power);
  }
  Value half = w.scale(y, 0.5);
  Value isWhole = w.equal(w.trunc(y), y);
  Value isOdd = w.both(
      isWhole, w.compare(arith::CmpFPredicate::UNE, w.trunc(half), half));
  power = w.select(isOdd, w.copySign(power, x), power);
  Value isNegative = w.both(w.less(x, zero), w.less(base, infinity));
  Value isBroken =
      w.both(isNegative, w.compare(arith::CmpFPredicate::UNE, w.trunc(y), y));
  power = w.select(isBroken, w.nan(), power);
  if (inPairs)
    return power;
  power = w.select(w.unordered(x, y), w.nan(), power);
  power = w.select(w.equal(y, zero), one, power);
  return w.select(w.equal(x, one), one, power);
}
