//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Trigonometric and hyperbolic functions of complex numbers and their inverses,
// in f64 whatever the type, as branch-free code with C99's special values.
//
// The inverse ones follow T. E. Hull, T. F. Fairgrieve and P. T. P. Tang,
// "Implementing the complex arcsine and arccosine functions using exception
// handling" (1997): sums of positive terms instead of differences, so that no
// digits are lost near the branch points. All branches are those of Abramowitz
// and Stegun.
//
//===----------------------------------------------------------------------===//

#include "Formula.h"
#include "Scalars.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

using Args = ArrayRef<Value>;
using C = const ScalarContext &;
using FP = arith::CmpFPredicate;

namespace {
/// A complex number.
struct Parts {
  Value re, im;
};
} // namespace

using Function = Parts (*)(const Formula &, Parts);

/// A function of a complex number, computed with parts of f64.
template <Function function> static Value apply(C c, Args args) {
  Type part = mlir::cast<ComplexType>(c.type).getElementType(),
       f64 = c.b.getF64Type();
  auto wide = [&](Value x) { return castScalar(c.b, c.loc, x, part, f64); };
  auto narrow = [&](Value x) { return castScalar(c.b, c.loc, x, f64, part); };
  Parts z{wide(complex::ReOp::create(c.b, c.loc, part, args[0])),
          wide(complex::ImOp::create(c.b, c.loc, part, args[0]))};
  Parts result = function({c.b, c.loc}, z);
  return complex::CreateOp::create(c.b, c.loc, c.type, narrow(result.re),
                                   narrow(result.im));
}

//===----------------------------------------------------------------------===//
// expm1, sin, cos, sinh, cosh
//===----------------------------------------------------------------------===//

/// s cosh(y) and c sinh(y). From |y| = 40 on both are exp(|y|) / 2, applied in
/// two steps: a small factor keeps the product finite where exp(|y|) is not.
/// Where a factor is zero, so is the product, even with an infinite one.
static Parts timesHyperbolic(const Formula &f, Value s, Value c, Value y) {
  Value magnitude = f.abs(y), zero = f.number(0);
  Value half = f.exp(f.mul(magnitude, f.number(0.5))),
        isLarge = f.is(FP::OGT, magnitude, f.number(40));
  Value cosh = math::CoshOp::create(f.b, f.loc, y),
        sinh = math::SinhOp::create(f.b, f.loc, y);
  auto large = [&](Value factor) {
    return f.mul(f.mul(f.mul(factor, f.number(0.5)), half), half);
  };
  Value re = f.choose(isLarge, large(s), f.mul(s, cosh));
  Value im = f.choose(isLarge, f.mul(large(c), f.copySign(f.number(1), y)),
                      f.mul(c, sinh));
  Value flat = f.choose(f.is(FP::UNO, c, c), y, f.mul(c, y));
  return {f.choose(f.is(FP::OEQ, s, zero), s, re),
          f.choose(f.is(FP::OEQ, y, zero), flat, im)};
}

/// Far from the real axis one part is infinite even where the angle is not
/// known.
static Value infiniteIfLost(const Formula &f, Value part, Value trigonometric,
                            Value y) {
  Value infinity = f.number(HUGE_VAL);
  Value isLost = f.both(f.is(FP::OEQ, f.abs(y), infinity),
                        f.is(FP::UNO, trigonometric, trigonometric));
  return f.choose(isLost, infinity, part);
}

/// sin(x + iy) = sin x cosh y + i cos x sinh y.
static Parts sine(const Formula &f, Parts z) {
  Value sin = math::SinOp::create(f.b, f.loc, z.re),
        cos = math::CosOp::create(f.b, f.loc, z.re);
  Parts made = timesHyperbolic(f, sin, cos, z.im);
  return {made.re, infiniteIfLost(f, made.im, cos, z.im)};
}

/// cos(x + iy) = cos x cosh y - i sin x sinh y.
static Parts cosine(const Formula &f, Parts z) {
  Value sin = math::SinOp::create(f.b, f.loc, z.re),
        cos = math::CosOp::create(f.b, f.loc, z.re);
  Parts made = timesHyperbolic(f, cos, sin, z.im);
  Value im = f.choose(f.is(FP::OEQ, sin, f.number(0)),
                      f.mul(sin, f.copySign(f.number(1), z.im)), made.im);
  im = f.choose(f.is(FP::OEQ, z.im, f.number(0)),
                f.mul(f.copySign(f.number(1), sin), z.im), im);
  return {infiniteIfLost(f, made.re, cos, z.im), f.neg(im)};
}

/// exp(x + iy) - 1: the real part is expm1(x) cos y + (cos y - 1), which near zero is
/// no difference of numbers near 1.
static Parts exponentialMinusOne(const Formula &f, Parts z) {
  Value sin = math::SinOp::create(f.b, f.loc, z.im),
        cos = math::CosOp::create(f.b, f.loc, z.im),
        half = math::SinOp::create(f.b, f.loc, f.mul(z.im, f.number(0.5)));
  Value grown = math::ExpM1Op::create(f.b, f.loc, z.re);
  Value re = f.sub(f.mul(grown, cos), f.mul(f.number(2), f.mul(half, half)));
  Value im = f.choose(f.is(FP::OEQ, sin, f.number(0)), sin,
                      f.mul(f.exp(z.re), sin));
  return {re, im};
}

static Parts timesI(const Formula &f, Parts z) { return {f.neg(z.im), z.re}; }
static Parts overI(const Formula &f, Parts z) { return {z.im, f.neg(z.re)}; }

static Parts hyperbolicSine(const Formula &f, Parts z) {
  return overI(f, sine(f, timesI(f, z)));
}
static Parts hyperbolicCosine(const Formula &f, Parts z) {
  return cosine(f, timesI(f, z));
}

Value lowering::complexExpm1(C c, Args x) {
  return apply<exponentialMinusOne>(c, x);
}
Value lowering::complexSin(C c, Args x) { return apply<sine>(c, x); }
Value lowering::complexCos(C c, Args x) { return apply<cosine>(c, x); }
Value lowering::complexSinh(C c, Args x) { return apply<hyperbolicSine>(c, x); }
Value lowering::complexCosh(C c, Args x) {
  return apply<hyperbolicCosine>(c, x);
}

//===----------------------------------------------------------------------===//
// asin, acos, asinh, acosh
//===----------------------------------------------------------------------===//

namespace {
/// Of z = x + iy with x, y >= 0: the real parts of asin z and acos z, and the
/// imaginary part of asin z, which is also that of -acos z.
struct Arc {
  Value asin, acos, im;
};
} // namespace

static Arc arc(const Formula &f, Value x, Value y) {
  Value zero = f.number(0), one = f.number(1), half = f.number(0.5),
        infinity = f.number(HUGE_VAL);
  Value next = f.add(x, one), before = f.sub(one, x), beyond = f.sub(x, one),
        square = f.mul(y, y);
  // Distances from -1 and 1; a = (r + s) / 2 >= 1.
  Value r = f.sqrt(f.add(f.mul(next, next), square));
  Value s = f.choose(f.is(FP::OEQ, x, one), y,
                     f.sqrt(f.add(f.mul(beyond, beyond), square)));
  Value a = f.mul(half, f.add(r, s));
  Value isInside = f.is(FP::OLT, x, one), far = f.add(r, next);
  Value near =
      f.choose(isInside, f.div(square, f.add(s, before)), f.add(s, beyond));
  Value over = f.mul(half, f.add(f.div(square, far), near)); // a - 1
  Value root = f.sqrt(f.mul(over, f.add(a, one)));           // sqrt(a^2 - 1)
  Value im = f.choose(f.is(FP::OLE, a, f.number(1.5)),
                      f.log1p(f.add(over, root)), f.log(f.add(a, root)));
  // The square of y underflows.
  Value flat = f.both(isInside, f.is(FP::OLT, y, f.number(1e-150)));
  im = f.choose(flat, f.div(y, f.sqrt(f.mul(before, next))), im);

  // The tangent of asin z's real part is x / d.
  Value sum = f.mul(half, f.add(a, x));
  Value inside =
      f.sqrt(f.mul(sum, f.add(f.div(square, far), f.add(s, before))));
  Value outside =
      f.mul(y, f.sqrt(f.add(f.div(sum, far), f.div(sum, f.add(s, beyond)))));
  Value d = f.choose(f.is(FP::OLE, x, one), inside, outside);

  // Squares overflow: asin z is about log(2 z) / i.
  Value limit = f.number(1e150);
  Value isHuge = f.either(f.is(FP::OGT, x, limit), f.is(FP::OGT, y, limit));
  Value xLeads = f.is(FP::OGT, x, y);
  Value greater = f.choose(xLeads, x, y),
        ratio = f.div(f.choose(xLeads, y, x), greater);
  Value huge = f.add(f.add(f.log(greater), f.number(0.69314718055994530942)),
                     f.mul(half, f.log1p(f.mul(ratio, ratio))));
  im = f.choose(isHuge, huge, im);
  Value isInfinite =
      f.either(f.is(FP::OEQ, x, infinity), f.is(FP::OEQ, y, infinity));
  d = f.choose(isHuge, y, d);
  Value isZero = f.is(FP::OEQ, x, zero); // also beside NaN
  return {f.choose(isZero, zero, f.atan2(x, d)),
          f.choose(isZero, f.number(llvm::numbers::pi / 2), f.atan2(d, x)),
          f.choose(isInfinite, infinity, im)};
}

static Parts arcSine(const Formula &f, Parts z) {
  Arc made = arc(f, f.abs(z.re), f.abs(z.im));
  return {f.copySign(made.asin, z.re), f.copySign(made.im, z.im)};
}

static Parts arcCosine(const Formula &f, Parts z) {
  Arc made = arc(f, f.abs(z.re), f.abs(z.im));
  Value isNegative = f.is(FP::OLT, z.re, f.number(0));
  return {f.choose(isNegative, f.sub(f.number(llvm::numbers::pi), made.acos),
                   made.acos),
          f.copySign(made.im, f.neg(z.im))};
}

static Parts areaSine(const Formula &f, Parts z) {
  return overI(f, arcSine(f, timesI(f, z)));
}

/// The one of +-i acos z whose real part is not negative.
static Parts areaCosine(const Formula &f, Parts z) {
  Parts made = arcCosine(f, z);
  return {f.abs(made.im), f.copySign(made.re, z.im)};
}

Value lowering::complexAsin(C c, Args x) { return apply<arcSine>(c, x); }
Value lowering::complexAcos(C c, Args x) { return apply<arcCosine>(c, x); }
Value lowering::complexAsinh(C c, Args x) { return apply<areaSine>(c, x); }
Value lowering::complexAcosh(C c, Args x) { return apply<areaCosine>(c, x); }

//===----------------------------------------------------------------------===//
// atanh, atan
//===----------------------------------------------------------------------===//

/// atanh(x + iy) = log1p(4 x / ((1 - x)^2 + y^2)) / 4 + i atan2(2 y, (1 - x) (1
/// + x) - y^2) / 2 for x, y >= 0.
static Parts areaTangent(const Formula &f, Parts z) {
  Value x = f.abs(z.re), y = f.abs(z.im);
  Value zero = f.number(0), one = f.number(1), half = f.number(0.5),
        infinity = f.number(HUGE_VAL);
  Value before = f.sub(one, x), square = f.mul(y, y);
  Value near = f.add(f.mul(before, before), square);
  Value re = f.mul(f.number(0.25), f.log1p(f.div(f.mul(f.number(4), x), near)));
  // At 1 + iy the square of y may underflow.
  Value atOne = f.mul(half, f.sub(f.number(0.69314718055994530942), f.log(y)));
  re = f.choose(
      f.both(f.is(FP::OEQ, x, one), f.is(FP::OLT, y, f.number(1e-150))), atOne,
      re);
  Value im = f.mul(
      half, f.atan2(f.add(y, y), f.sub(f.mul(before, f.add(one, x)), square)));

  // Squares overflow: the real part of 1 / z, and a quarter turn.
  Value limit = f.number(1e150);
  Value isHuge = f.either(f.is(FP::OGT, x, limit), f.is(FP::OGT, y, limit));
  Value xLeads = f.is(FP::OGT, x, y);
  Value greater = f.choose(xLeads, x, y), lesser = f.choose(xLeads, y, x),
        ratio = f.div(lesser, greater);
  Value size = f.add(greater, f.mul(lesser, ratio));
  re = f.choose(isHuge, f.div(f.choose(xLeads, one, ratio), size), re);
  // NaN beside anything but an infinite y: no angle.
  Value isLost = f.both(f.is(FP::UNO, x, y), f.is(FP::UNE, y, infinity));
  im = f.choose(
      isHuge, f.choose(isLost, f.number(NAN), f.number(llvm::numbers::pi / 2)),
      im);
  Value isInfinite =
      f.either(f.is(FP::OEQ, x, infinity), f.is(FP::OEQ, y, infinity));
  re = f.choose(f.either(isInfinite, f.is(FP::OEQ, x, zero)), zero, re);
  return {f.copySign(re, z.re), f.copySign(im, z.im)};
}

static Parts arcTangent(const Formula &f, Parts z) {
  return overI(f, areaTangent(f, timesI(f, z)));
}

Value lowering::complexAtanh(C c, Args x) { return apply<areaTangent>(c, x); }
Value lowering::complexAtan(C c, Args x) { return apply<arcTangent>(c, x); }
