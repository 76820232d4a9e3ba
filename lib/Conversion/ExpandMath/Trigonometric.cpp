//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Trigonometric functions and their inverses. Polynomials are Chebyshev
// interpolants of our own.
//===----------------------------------------------------------------------===//

#include "Writer.h"

using namespace mlir;
using namespace tfc::expand;

//===----------------------------------------------------------------------===//
// sin, cos, tan: f32 in f64, f64 with the rest of the argument as a second
// number
//===----------------------------------------------------------------------===//

namespace {
/// x = n pi / 2 + r + low with |r| <= pi / 4.
struct Quadrant {
  Value n, r, low; ///< no low where f32 does not need it
};
/// Of the reduced argument.
struct SineCosine {
  Value sine, cosine;
};
} // namespace

/// Products of n with the parts of pi / 2 are exact, since those have few
/// digits (Cody and Waite).
static Quadrant reduce(Writer &w, Value x, bool isShort) {
  Writer::Rounded n = w.round(w.scale(x, 0.63661977236758134308));
  auto times = [&](double part) { return w.scale(n.value, part); };
  if (isShort) {
    Value r = w.sub(w.sub(x, times(1.5707963267341256)),
                    times(6.077100506506192e-11));
    return {n.integer, r, {}};
  }
  Value first = w.sub(x, times(1.5707963267341256));
  Writer::Sum second = w.twoSum(first, w.neg(times(6.077100506303966e-11)));
  Writer::Sum third =
      w.twoSum(second.value, w.neg(times(2.0222662487111665e-21)));
  Value rest =
      w.sub(w.exactAdd(second.error, third.error), times(8.4784276603689e-32));
  Value r = w.exactAdd(third.value, rest);
  return {n.integer, r, w.exactAdd(w.exactSub(third.value, r), rest)};
}

static SineCosine sineCosine(Writer &w, const Quadrant &q) {
  Value z = w.mul(q.r, q.r), half = w.scale(z, 0.5), cube = w.mul(q.r, z);
  if (!q.low) {
    Value s =
        w.polynomial(z, {2.7249314360416798662e-6, -0.00019840082015127998683,
                         0.0083333318659637959484, -0.16666666663832775769});
    Value c =
        w.polynomial(z, {-2.7300448874650600371e-7, 0.00002480059643759372905,
                         -0.0013888887664717276683, 0.041666666664302415312});
    return {w.mulAdd(cube, s, q.r),
            w.mulAdd(w.mul(z, z), c, w.sub(w.constant(1), half))};
  }
  Value s =
      w.polynomial(z, {1.5917848665121939067e-10, -2.5051127945965638632e-8,
                       2.7557316083825740605e-6, -0.00019841269836722435879,
                       0.0083333333333309245741, -0.16666666666666664599});
  Value c =
      w.polynomial(z, {-1.1382456865840482437e-11, 2.0876143829213936948e-9,
                       -2.7557317260014707376e-7, 0.000024801587298743080624,
                       -0.0013888888888887382279, 0.041666666666666665373});
  Value one = w.constant(1), near = w.exactSub(one, half);
  Value lost = w.exactSub(w.exactSub(one, near), half); // of 1 - z / 2
  Value cosine =
      w.add(near, w.add(lost, w.sub(w.mul(w.mul(z, z), c), w.mul(q.r, q.low))));
  return {w.add(q.r, w.mulAdd(cube, s, q.low)), cosine};
}

/// -x where bit `bit` of n is set.
static Value flipSign(Writer &w, Value x, Value n, int64_t bit) {
  Value sign = w.shiftLeft(w.andI(n, w.integer(int64_t(1) << bit)), 63 - bit);
  return w.fromBits(w.xorI(w.toBits(x), sign));
}

/// Runs `finish(w, x, quadrant, sine and cosine)` in f64; arguments must stay
/// so small that n is exact.
static Partial
periodic(Writer &outer, Value argument,
         llvm::function_ref<Value(Writer &, Value, const Quadrant &,
                                  const SineCosine &)>
             finish) {
  bool isShort = !outer.isF64();
  Writer w = outer.inDouble();
  Value x = isShort ? w.widen(argument) : argument;
  Value isBeyond = w.compare(arith::CmpFPredicate::UGT, w.abs(x),
                             w.constant(isShort ? 4194304.0 : 1048576.0));
  Quadrant q = reduce(w, x, isShort);
  Value y = finish(w, x, q, sineCosine(w, q));
  return {isShort ? w.narrow(y) : y, isBeyond};
}

/// Zero keeps its sign.
static Value keepZero(Writer &w, Value x, Value y) {
  return w.select(w.equal(x, w.constant(0)), x, y);
}

Partial tfc::expand::expandSin(Writer &w, Value x) {
  return periodic(
      w, x, [](Writer &w, Value x, const Quadrant &q, const SineCosine &f) {
        Value isOdd = w.isSetI(w.andI(q.n, w.integer(1)));
        return keepZero(w, x,
                        flipSign(w, w.select(isOdd, f.cosine, f.sine), q.n, 1));
      });
}

Partial tfc::expand::expandCos(Writer &w, Value x) {
  return periodic(w, x,
                  [](Writer &w, Value, const Quadrant &q, const SineCosine &f) {
                    Value isOdd = w.isSetI(w.andI(q.n, w.integer(1)));
                    return flipSign(w, w.select(isOdd, f.sine, f.cosine),
                                    w.addI(q.n, w.integer(1)), 1);
                  });
}

/// Sine or cosine: the other one in odd quadrants.
static Partial shortPeriodic(Writer &w, Value x, bool isCosine) {
  Writer::Rounded n = w.round(w.scale(x, 0.63661977236758134308));
  // x - n pi / 2 in three steps, of which the first one is exact: its result
  // is below one, and a multiple of the last digit of that part of pi / 2.
  Value r = x;
  for (double part :
       {1.57079637050628662, -4.37113882867379e-8, -1.71512451e-15})
    r = w.exactMulAdd(n.value, w.constant(-part), r);
  Value z = w.mul(r, r);
  Value s = w.polynomial(
      z, {-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1}); // Cephes
  Value c = w.polynomial(
      z, {2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2});
  Value sine = w.mulAdd(w.mul(r, z), s, r);
  Value cosine =
      w.mulAdd(w.mul(z, z), c, w.mulAdd(z, w.constant(-0.5), w.constant(1)));
  Value isOdd = w.isSetI(w.andI(n.integer, w.integer(1)));
  Value y, turns = n.integer;
  if (isCosine) {
    y = w.select(isOdd, sine, cosine);
    turns = w.addI(turns, w.integer(1));
  } else {
    y = w.select(isOdd, cosine, w.select(w.equal(x, w.constant(0)), x, sine));
  }
  Value sign = w.shiftLeft(w.andI(turns, w.integer(2)), 30);
  return {w.fromBits(w.xorI(w.toBits(y), sign)),
          w.compare(arith::CmpFPredicate::UGT, w.abs(x), w.constant(65536.0))};
}

Partial tfc::expand::expandShortSin(Writer &w, Value x) {
  return shortPeriodic(w, x, /*isCosine=*/false);
}

Partial tfc::expand::expandShortCos(Writer &w, Value x) {
  return shortPeriodic(w, x, /*isCosine=*/true);
}

Partial tfc::expand::expandTan(Writer &w, Value x) {
  return periodic(
      w, x, [](Writer &w, Value x, const Quadrant &q, const SineCosine &f) {
        Value isOdd = w.isSetI(w.andI(q.n, w.integer(1)));
        Value y = w.div(w.select(isOdd, f.cosine, f.sine),
                        w.select(isOdd, f.sine, f.cosine));
        return keepZero(w, x, flipSign(w, y, q.n, 0));
      });
}

//===----------------------------------------------------------------------===//
// Inverse functions
//===----------------------------------------------------------------------===//

namespace {
/// A number in two parts, the second one for what the first has lost.
struct Angle {
  double value, rest;
};
} // namespace

static Angle halfPi(Writer &w) {
  return w.isF64() ? Angle{1.5707963267948966, 6.1232339957367660e-17}
                   : Angle{1.57079637050628662109, -4.37113900018624e-8};
}
static Angle pi(Writer &w) {
  Angle half = halfPi(w);
  return {2 * half.value, 2 * half.rest};
}

static Value minusFrom(Writer &w, Angle angle, Value x) {
  return w.sub(w.constant(angle.value), w.sub(x, w.constant(angle.rest)));
}

/// atan(t) for |t| <= tan(pi / 8), in f64.
static Value smallArcTangent(Writer &w, Value t) {
  Value z = w.mul(t, t);
  Value p = w.polynomial(z, {0.016285756855221028291, -0.034570561981427746882,
                             0.045515932206265491693, -0.052304542706502445183,
                             0.058789289978347751327, -0.066664248857382553335,
                             0.076922963750321423991, -0.090909087535008768442,
                             0.11111111105155446565, -0.14285714285659827606,
                             0.19999999999999804526, -0.33333333333333333217});
  return w.mulAdd(w.mul(t, z), p, t);
}

/// atan(t) for 0 <= t <= 1, as accurate as f32 needs it: a minimax fit of our
/// own.
static Value shortArcTangent(Writer &w, Value t) {
  Value z = w.mul(t, t);
  Value p = w.polynomial(z, {-0.0017936185078, 0.01091459333, -0.03117782712,
                             0.057957580606, -0.084034500498, 0.10952185921,
                             -0.14264241777, 0.19998548303, -0.3333329909});
  return w.mulAdd(w.mul(t, z), p, t);
}

/// The angle of (run, rise), where neither is negative: in f64 around 0, pi / 4
/// or pi / 2, in f32 around 0 or pi / 2. One division in either.
static Value firstQuadrant(Writer &w, Value rise, Value run) {
  Value isSteep = w.greater(rise, run);
  Value large = w.select(isSteep, rise, run),
        small = w.select(isSteep, run, rise);
  Angle half = halfPi(w);
  if (!w.isF64()) {
    Value y = shortArcTangent(w, w.div(small, large));
    return w.select(isSteep, minusFrom(w, half, y), y);
  }
  // The sum of two large numbers is none, and a part of a denormal one is
  // rounded.
  Value isHuge = w.greater(large, w.constant(1e300)),
        isTiny = w.less(large, w.constant(1e-290)),
        factor = w.select(isHuge, w.constant(0x1p-100),
                          w.select(isTiny, w.constant(0x1p100), w.constant(1)));
  large = w.mul(large, factor);
  small = w.mul(small, factor);
  Value isDiagonal = w.greater(small, w.scale(large, 0.41421356237309504880));
  Value top = w.select(isDiagonal, w.sub(small, large), small),
        bottom = w.select(isDiagonal, w.add(small, large), large);
  Value y = smallArcTangent(w, w.div(top, bottom));
  Value around = w.plus(w.plus(y, half.rest / 2), half.value / 2);
  y = w.select(isDiagonal, around, y);
  return w.select(isSteep, minusFrom(w, half, y), y);
}

Value tfc::expand::expandAtan(Writer &w, Value x) {
  return w.copySign(firstQuadrant(w, w.abs(x), w.constant(1)), x);
}

Value tfc::expand::expandAtan2(Writer &w, Value y, Value x) {
  Value zero = w.constant(0), infinity = w.infinity();
  Value rise = w.abs(y), run = w.abs(x);
  // Quotients that are none: 0 / 0 is 0, and infinite / infinite 1.
  Value isZero = w.both(w.equal(rise, zero), w.equal(run, zero)),
        isInfinite = w.both(w.equal(rise, infinity), w.equal(run, infinity));
  Value one = w.constant(1);
  rise = w.select(isInfinite, one, rise);
  run = w.select(isZero, one, w.select(isInfinite, one, run));
  Value angle = firstQuadrant(w, rise, run);
  // The sign of -0 counts.
  Value isLeft = w.less(w.copySign(one, x), zero);
  angle = w.select(isLeft, minusFrom(w, pi(w), angle), angle);
  return w.select(w.unordered(x, y), w.nan(), w.copySign(angle, y));
}

namespace {
/// asin of |x| up to 1/2; above, asin of sqrt((1 - |x|) / 2), half of what is
/// missing to pi / 2.
struct ArcSine {
  Value isLarge, root, rest; ///< the angle is root + rest
};
} // namespace

static ArcSine arcSine(Writer &w, Value x) {
  Value magnitude = w.abs(x), isLarge = w.greater(magnitude, w.constant(0.5));
  Value z = w.select(isLarge, w.scale(w.sub(w.constant(1), magnitude), 0.5),
                     w.mul(x, x));
  Value s = w.select(isLarge, w.sqrt(z), magnitude), p;
  if (w.isF64())
    p = w.polynomial(z, {0.02961201126495512036, -0.019241671746743040654,
                         0.019554513336123378949, 0.0030448799094556773959,
                         0.0093195607947674462957, 0.0096218429701002810177,
                         0.011566459612121668568, 0.013963780012203569641,
                         0.017352816540325494994, 0.022372157443507222419,
                         0.030381944475532339993, 0.044642857142551892902,
                         0.07500000000000117751, 0.16666666666666666592});
  else // a minimax fit of our own
    p = w.polynomial(z, {0.033799655423, 0.017081785215, 0.031115265249,
                         0.044598115543, 0.075000984867, 0.16666666318});
  return {isLarge, s, w.mul(w.mul(s, z), p)};
}

/// angle - 2 (s + rest): twice s is exact, and so is nearly all that is taken
/// from the angle.
static Value minusTwice(Writer &w, Angle angle, const ArcSine &a) {
  Value head = w.exactSub(w.constant(angle.value), w.add(a.root, a.root));
  Value tail = w.sub(w.constant(angle.rest), w.add(a.rest, a.rest));
  return w.exactAdd(head, tail);
}

Value tfc::expand::expandAsin(Writer &w, Value x) {
  ArcSine a = arcSine(w, x);
  Value large = minusTwice(w, halfPi(w), a);
  return w.copySign(w.select(a.isLarge, large, w.add(a.root, a.rest)), x);
}

Value tfc::expand::expandAcos(Writer &w, Value x) {
  ArcSine a = arcSine(w, x);
  Value angle = w.add(a.root, a.rest), twice = w.add(angle, angle);
  Value large =
      w.select(w.less(x, w.constant(0)), minusTwice(w, pi(w), a), twice);
  return w.select(a.isLarge, large,
                  minusFrom(w, halfPi(w), w.copySign(angle, x)));
}
