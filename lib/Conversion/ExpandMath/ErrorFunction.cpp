//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// erf and erfc. Near zero erf(x) = x + x p(x^2); elsewhere both come from the
// scaled function
//   erfc(x) = exp(-x^2) c(t) / (1 + 2 x),   t = (x - 3.75) / (x + 3.75)
// (Shepherd and Laframboise, "Chebyshev approximation of (1 + 2x) exp(x^2) erfc
// x in 0 <= x < oo", 1981), where c is a polynomial: Chebyshev interpolants of
// our own.
//===----------------------------------------------------------------------===//

#include "Writer.h"

using namespace mlir;
using namespace tfc::expand;

/// exp(x^2) erfc(x) for x >= 0 up to 27, in f64, within 2^-61.
static Value scaledErfc(Writer &w, Value x) {
  Value t = w.div(w.plus(x, -3.75), w.plus(x, 3.75));
  Value c =
      w.polynomial(t, {2.9339512816592332912e-10,   -1.1462562442779138866e-10,
                       -5.1652041936971504918e-9,   -2.4153816226167527565e-9,
                       3.9528593404231825132e-8,    2.1519697742895034327e-8,
                       -2.6039660759940615001e-7,   -5.5991618112399768111e-8,
                       1.7533169550335279672e-6,    -9.7403546342799073354e-7,
                       -0.000011445117878565721167, 0.000022384320323753780503,
                       0.000051649455943629826154,  -0.00029015407243278425757,
                       0.0002937135813545624172,    0.0017556258462214050908,
                       -0.0097465795455883148818,   0.028362277420251670767,
                       -0.058693398590714643964,    0.092304321160263446544,
                       -0.10880393014170071256,     0.082276738490149456739,
                       0.0035854154854635874925,    -0.1402405985855470071,
                       1.237512630837827582});
  return w.div(c, w.plus(w.add(x, x), 1));
}

/// erf of f32, within 1.8 ULP: 1 - erfc, where erfc = exp(y), and y = m + m
/// p(m) with m = -|x| down to -4, where erf rounds to -1. p is small beside 1
/// near zero, so that y has all digits there (2 / sqrt(pi) as a factor has half
/// of the last one less), and exp(y) - 1 keeps them. It is a minimax fit of our
/// own, weighted with erfc, since only its share of 1 counts.
static Value shortErf(Writer &w, Value x) {
  Value m = w.neg(w.abs(x)), limit = w.constant(-4.0);
  m = w.select(w.less(m, limit), limit, m);
  Value p =
      w.polynomial(m, {-9.2562750069e-06, -1.1764137889e-04, -6.3283724012e-04,
                       -1.6670423793e-03, -1.6039687034e-04, 1.9153229892e-02,
                       1.0277803987e-01, -6.3661944866e-01, 1.2837916613e-01});
  Value y = w.mulAdd(p, m, m);
  // y = n ln 2 + r. Adding 1.5 * 2^23 rounds, and 127 more makes the low bits
  // the exponent of 2^n.
  Value magic = w.constant(12582912.0 + 127.0);
  Value shifted = w.add(w.scale(y, 1.4426950408889634), magic);
  Value n = w.exactSub(shifted, magic);
  Value power = w.fromBits(w.shiftLeft(w.toBits(shifted), 23));
  Value r = w.mulAdd(n, w.constant(-0.69314718055994530942), y);
  Value q =
      w.polynomial(r, {1.3882400235e-03, 8.3671798930e-03, 4.1668340564e-02,
                       1.6666539013e-01, 4.9999997020e-01});
  Value e = w.mulAdd(w.mul(r, r), q, r); // exp(r) - 1
  Value erf = w.sub(w.sub(w.constant(1.0), power), w.mul(power, e));
  return w.copySign(erf, x);
}

/// erf(x) for |x| < 1, in f64.
static Value smallErf(Writer &w, Value x) {
  Value p = w.polynomial(
      w.mul(x, x), {-7.7958988270021422416e-10, 1.3720064546777685604e-8,
                    -1.6208483801871705902e-7, 1.644742470331736241e-6,
                    -0.000014924736907419660338, 0.00012055294904839707917,
                    -0.00085483259753896920806, 0.0052239776071164227321,
                    -0.02686617064323777036, 0.11283791670945006266,
                    -0.37612638903183540438, 0.12837916709551256654});
  return w.mulAdd(x, p, x);
}

Value tfc::expand::expandErf(Writer &w, Value x) {
  if (!w.isF64())
    return w.hasAvx512() ? expandErfByTable(w, x) : shortErf(w, x);
  Value magnitude = w.abs(x), small = smallErf(w, x);
  // 1 from 6 on. What exp(-x^2) loses by rounding the square does not count
  // beside 1.
  Value limit = w.constant(6.0);
  Value t = w.select(w.greater(magnitude, limit), limit, magnitude);
  Reduced e = reduceExp(w, w.neg(w.mul(t, t)));
  Value power = w.mul(shortExp(w, e.r), powerOf(w, e.n));
  Value large = w.sub(w.constant(1.0), w.mul(power, scaledErfc(w, t)));
  Value isSmall = w.less(magnitude, w.constant(1.0));
  return w.copySign(w.select(isSmall, w.abs(small), large), x);
}

/// erfc of f32: exp(-x^2) p(q) with q = 1 / (x + 3), in f64, where the square
/// is exact. p is a minimax fit of our own up to 10.6, within 2^-28.
static Value shortErfc(Writer &narrow, Value argument) {
  Value magnitude = narrow.abs(argument), limit = narrow.constant(10.5);
  Value t = narrow.select(narrow.greater(magnitude, limit), limit, magnitude);
  // The reciprocal of f32, and one of Newton's steps.
  Value start = narrow.div(narrow.constant(1), narrow.plus(t, 3));
  Writer w = narrow.inDouble();
  Value x = w.widen(t), q = w.widen(start);
  q = w.mul(q, w.sub(w.constant(2), w.mul(q, w.plus(x, 3))));
  Value p = w.mul(q, w.polynomial(q, {3254.078120114061, -5684.8422293622146,
                                      3463.1600650037761, -941.62070657078378,
                                      287.63690081398518, 0.71812809294815128,
                                      15.424679391248872, 4.6385927878513604,
                                      1.6977615357874657, 0.5641144987299288}));
  Value power = shortExp2(w, w.scale(w.mul(x, x), -1.4426950408889634));
  Value y = w.mul(power, p);
  Value isNegative = narrow.less(argument, narrow.constant(0));
  return w.narrow(w.select(isNegative, w.sub(w.constant(2), y), y));
}

Value tfc::expand::expandErfc(Writer &w, Value x) {
  if (!w.isF64())
    return shortErfc(w, x);
  Value magnitude = w.abs(x), limit = w.constant(27.5);
  Value t = w.select(w.greater(magnitude, limit), limit, magnitude);
  // The square in two parts: what rounding takes of it would be multiplied by
  // itself.
  Value head = w.head(t), low = w.mul(w.sub(head, t), w.add(head, t));
  Reduced e = reduceExp(w, w.neg(w.mul(head, head)), low);
  Value power = w.timesPowerOfTwo(shortExp(w, e.r), e.n);
  Value y = w.mul(power, scaledErfc(w, t));
  Value isNegative = w.less(x, w.constant(0));
  y = w.select(isNegative, w.sub(w.constant(2), y), y);
  Value isSmall = w.less(magnitude, w.constant(0.5));
  return w.select(isSmall, w.sub(w.constant(1), smallErf(w, x)), y);
}
