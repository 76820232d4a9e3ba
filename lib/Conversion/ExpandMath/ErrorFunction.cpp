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

/// exp(x^2) erfc(x) for x >= 0, in f64; `isShort`: as accurate as f32 needs it.
static Value scaledErfc(Writer &w, Value x, bool isShort = false) {
  Value t = w.div(w.plus(x, -3.75), w.plus(x, 3.75));
  Value c;
  if (isShort) // up to 10.5, within 2^-29
    c = w.polynomial(t, {-0.00021209613035239680969, 0.00047677909610944549811,
                         0.0018002656229110112035, -0.0098313846249372814931,
                         0.028323239991799666996, -0.05867899806415946054,
                         0.092312551662652598097, -0.10880498028642622003,
                         0.082276118951747404754, 0.0035854483520911860189,
                         -0.14024058615743370874, 1.2375126305965390304});
  else // up to 27, within 2^-61
    c = w.polynomial(t,
                     {2.9339512816592332912e-10,   -1.1462562442779138866e-10,
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

/// erf of f32, within 1.3 ULP: x + x p(x^2) below 1, and 1 - 2^q(x) from there
/// to 4, where erf rounds to 1; q is the logarithm of erfc. Both polynomials
/// have the same degree (minimax fits of our own, the second one weighted with
/// erfc, since only its share of 1 counts): each lane picks its coefficients
/// and its argument, so that a vector takes one evaluation and not two.
static Value shortErf(Writer &w, Value x) {
  static constexpr double near[] = {
      7.8538612691e-05, -8.0101936001e-04, 5.1883276829e-03, -2.6853811934e-02,
      1.1283585149e-01, -3.7612625824e-01, 1.2837916573e-01};
  static constexpr double far[] = {
      2.6888844263e-04,  -4.2525730363e-03, 3.1505670609e-02, -1.4875161151e-01,
      -9.2064837676e-01, -1.6260459904e+00, -4.9271235702e-04};
  Value magnitude = w.abs(x), limit = w.constant(4.0);
  Value isNear = w.less(magnitude, w.constant(1.0));
  Value limited = w.select(w.greater(magnitude, limit), limit, magnitude);
  Value argument = w.select(isNear, w.mul(x, x), limited);
  auto coefficient = [&](int i) {
    return w.select(isNear, w.constant(near[i]), w.constant(far[i]));
  };
  Value y = coefficient(0);
  for (int i = 1; i < 7; ++i)
    y = w.mulAdd(y, argument, coefficient(i));
  Value small = w.mulAdd(magnitude, y, magnitude);
  // 2^y as 2^n (1 + r q(r)), within 2^-23: times erfc.
  Writer::Rounded n = w.round(y);
  Value r = w.exactSub(y, n.value);
  Value q =
      w.polynomial(r, {1.3264722046e-03, 9.6715129971e-03, 5.5507337604e-02,
                       2.4022242078e-01, 6.9314697759e-01});
  Value power = w.mulAdd(q, r, w.constant(1.0));
  Value large = w.sub(w.constant(1.0), w.mul(power, w.powerOfTwo(n.integer)));
  return w.copySign(w.select(isNear, small, large), x);
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
    return shortErf(w, x);
  Value magnitude = w.abs(x), small = smallErf(w, x);
  // 1 from 6 on. What exp(-x^2) loses by rounding the square does not count
  // beside 1.
  Value limit = w.constant(6.0);
  Value t = w.select(w.greater(magnitude, limit), limit, magnitude);
  Reduced e = reduceExp(w, w.neg(w.mul(t, t)));
  Value power = w.mul(w.plus(e.q, 1.0), w.powerOfTwo(e.n));
  Value large = w.sub(w.constant(1.0), w.mul(power, scaledErfc(w, t)));
  Value isSmall = w.less(magnitude, w.constant(1.0));
  return w.copySign(w.select(isSmall, w.abs(small), large), x);
}

/// In f64, whatever the type.
Value tfc::expand::expandErfc(Writer &outer, Value argument) {
  bool isShort = !outer.isF64();
  Writer w = outer.inDouble();
  Value x = isShort ? w.widen(argument) : argument;
  Value magnitude = w.abs(x), limit = w.constant(isShort ? 10.5 : 27.5);
  Value t = w.select(w.greater(magnitude, limit), limit, magnitude);
  // The square in two parts: what rounding takes of it would be multiplied by
  // itself.
  Value head = w.head(t);
  Value low = isShort ? Value() : w.mul(w.sub(head, t), w.add(head, t));
  Reduced e =
      reduceExp(w, w.neg(isShort ? w.mul(t, t) : w.mul(head, head)), low);
  Value y = w.mul(raise(w, e), scaledErfc(w, t, isShort));
  Value isNegative = w.less(x, w.constant(0));
  y = w.select(isNegative, w.sub(w.constant(2), y), y);
  if (isShort)
    return w.narrow(y);
  Value isSmall = w.less(magnitude, w.constant(0.5));
  return w.select(isSmall, w.sub(w.constant(1), smallErf(w, x)), y);
}
