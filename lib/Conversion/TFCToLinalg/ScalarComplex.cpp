//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Functions of complex numbers, in f64 whatever the type, as branch-free code
// with C99's special values. Each part is computed without cancellation, so
// that it keeps its digits also where it is much smaller than the other one.
//
// The hyperbolic tangent divides by sinh(x)^2 + cos(y)^2, and the logarithm
// near the unit circle takes |z|^2 - 1 as a sum of exact products (W. Kahan,
// "Branch cuts for complex elementary functions", 1987).
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

/// exp(x + iy) - 1: the real part is expm1(x) cos y + (cos y - 1), which near
/// zero is no difference of numbers near 1.
static Parts exponentialMinusOne(const Formula &f, Parts z) {
  Value sin = math::SinOp::create(f.b, f.loc, z.im),
        cos = math::CosOp::create(f.b, f.loc, z.im),
        half = math::SinOp::create(f.b, f.loc, f.mul(z.im, f.number(0.5)));
  Value grown = math::ExpM1Op::create(f.b, f.loc, z.re);
  Value re = f.sub(f.mul(grown, cos), f.mul(f.number(2), f.mul(half, half)));
  re = f.add(re, f.number(0)); // not -0
  Value im =
      f.choose(f.is(FP::OEQ, sin, f.number(0)), sin, f.mul(f.exp(z.re), sin));
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
// tanh, tan
//===----------------------------------------------------------------------===//

/// tanh(x + iy) = (sinh x cosh x + i sin y cos y) / (sinh(x)^2 + cos(y)^2).
static Parts hyperbolicTangent(const Formula &f, Parts z) {
  Value size = f.abs(z.re), zero = f.number(0), one = f.number(1);
  Value sin = math::SinOp::create(f.b, f.loc, z.im),
        cos = math::CosOp::create(f.b, f.loc, z.im),
        sinh = math::SinhOp::create(f.b, f.loc, z.re),
        cosh = math::CoshOp::create(f.b, f.loc, z.re);
  Value turn = f.mul(sin, cos);
  Value below = f.add(f.mul(sinh, sinh), f.mul(cos, cos));
  // From 22 on the real part is 1, and sinh(x)^2 is exp(2 |x|) / 4.
  Value isLarge = f.is(FP::OGT, size, f.number(22));
  Value fades = f.exp(f.neg(f.add(size, size)));
  Value re =
      f.choose(isLarge, f.copySign(one, z.re), f.div(f.mul(sinh, cosh), below));
  Value im = f.choose(isLarge, f.mul(f.mul(f.number(4), turn), fades),
                      f.div(turn, below));
  // An infinite x needs no angle, a finite one does.
  Value isInfinite = f.is(FP::OEQ, size, f.number(HUGE_VAL));
  Value isLost = f.is(FP::UNO, turn, turn);
  re = f.choose(f.both(isLarge, f.both(isLost, f.isFinite(size))), turn, re);
  im = f.choose(f.both(isInfinite, isLost), f.copySign(zero, z.im), im);
  return {f.choose(f.is(FP::OEQ, z.re, zero), z.re, re),
          f.choose(f.is(FP::OEQ, z.im, zero), z.im, im)};
}

static Parts tangent(const Formula &f, Parts z) {
  return overI(f, hyperbolicTangent(f, timesI(f, z)));
}

Value lowering::complexTanh(C c, Args x) {
  return apply<hyperbolicTangent>(c, x);
}
Value lowering::complexTan(C c, Args x) { return apply<tangent>(c, x); }

//===----------------------------------------------------------------------===//
// exp, sigmoid
//===----------------------------------------------------------------------===//

static Parts exponential(const Formula &f, Parts z) {
  Value sin = math::SinOp::create(f.b, f.loc, z.im),
        cos = math::CosOp::create(f.b, f.loc, z.im), zero = f.number(0),
        infinity = f.number(HUGE_VAL);
  // Where exp(x) is infinite its product with a small factor need not be.
  Value isLarge = f.is(FP::OGT, z.re, f.number(700));
  Value grown = f.exp(f.choose(isLarge, f.mul(z.re, f.number(0.5)), z.re));
  Value again = f.choose(isLarge, grown, f.number(1));
  auto times = [&](Value factor) { return f.mul(f.mul(factor, grown), again); };
  Value re = times(cos), im = times(sin);
  // Without an angle: nothing, or infinite with an unknown sign.
  Value isLost = f.is(FP::UNO, sin, sin);
  Value isNothing = f.both(isLost, f.is(FP::OEQ, z.re, f.neg(infinity)));
  re = f.choose(f.both(isLost, f.is(FP::OEQ, z.re, infinity)), infinity, re);
  re = f.choose(isNothing, zero, re);
  im = f.choose(isNothing, zero, im);
  Value isReal = f.is(FP::OEQ, z.im, zero);
  return {f.choose(isReal, times(f.number(1)), re), f.choose(isReal, z.im, im)};
}

/// 1 / (1 + exp(-z)): with t = exp(-|x|), |1 + exp(-z)|^2 is (1 - t)^2 + 4 t
/// cos(y / 2)^2 for x >= 0, and as much times exp(-2 x) else.
static Parts logistic(const Formula &f, Parts z) {
  Value zero = f.number(0), one = f.number(1), two = f.number(2);
  Value t = f.exp(f.neg(f.abs(z.re))),
        rest = f.neg(math::ExpM1Op::create(f.b, f.loc, f.neg(f.abs(z.re))));
  Value half = math::CosOp::create(f.b, f.loc, f.mul(z.im, f.number(0.5)));
  Value sin = math::SinOp::create(f.b, f.loc, z.im);
  Value twice = f.mul(two, f.mul(half, half)); // 1 + cos y
  Value below = f.add(f.mul(rest, rest), f.mul(two, f.mul(t, twice)));
  Value right = f.add(rest, f.mul(t, twice)),
        left = f.mul(t, f.sub(twice, rest));
  Value isRight = f.is(FP::OGE, z.re, zero);
  Value re = f.div(f.choose(isRight, right, left), below);
  Value im = f.div(f.mul(t, sin), below);
  // At infinity the angle does not matter.
  Value isLost = f.both(f.is(FP::OEQ, t, zero), f.is(FP::UNO, sin, sin));
  return {f.choose(isLost, f.choose(isRight, one, zero), re),
          f.choose(f.either(isLost, f.is(FP::OEQ, z.im, zero)),
                   f.choose(isLost, zero, z.im), im)};
}

Value lowering::complexExp(C c, Args x) { return apply<exponential>(c, x); }
Value lowering::complexSigmoid(C c, Args x) { return apply<logistic>(c, x); }

//===----------------------------------------------------------------------===//
// log, log1p, sqrt
//===----------------------------------------------------------------------===//

/// start + x^2 + y^2, where that may be much smaller than its terms. Products
/// of halves are exact, and so is each sum with what its rounding took away.
static Value plusSquares(const Formula &f, ArrayRef<Value> start, Value x,
                         Value y) {
  auto [xHead, xTail] = f.halves(x);
  auto [yHead, yTail] = f.halves(y);
  SmallVector<Value> terms(start);
  terms.push_back(f.mul(xHead, xHead));
  terms.push_back(f.mul(yHead, yHead));
  terms.push_back(f.mul(f.add(xHead, xHead), xTail));
  terms.push_back(f.mul(f.add(yHead, yHead), yTail));
  Value total = terms.front(),
        lost = f.add(f.mul(xTail, xTail), f.mul(yTail, yTail));
  for (Value term : ArrayRef<Value>(terms).drop_front()) {
    auto [sum, error] = f.twoSum(total, term);
    total = sum;
    lost = f.add(lost, error);
  }
  return f.add(total, lost);
}

/// log |z|, where |z|^2 - 1 is `excess` if that is small.
static Value logSize(const Formula &f, Value x, Value y, Value excess) {
  Value zero = f.number(0), half = f.number(0.5), infinity = f.number(HUGE_VAL);
  x = f.abs(x), y = f.abs(y);
  Value isLess = f.is(FP::OLT, x, y);
  Value most = f.choose(isLess, y, x), least = f.choose(isLess, x, y);
  Value ratio = f.div(least, most);
  Value far = f.add(f.log(most), f.mul(half, f.log1p(f.mul(ratio, ratio))));
  Value isNear = f.is(FP::OLE, f.abs(excess), half);
  Value near = f.mul(half, f.log1p(f.choose(isNear, excess, zero)));
  Value result = f.choose(isNear, near, far);
  Value isZero = f.both(f.is(FP::OEQ, most, zero), f.is(FP::OEQ, least, zero));
  result = f.choose(isZero, f.neg(infinity), result);
  Value isInfinite =
      f.either(f.is(FP::OEQ, x, infinity), f.is(FP::OEQ, y, infinity));
  return f.choose(isInfinite, infinity, result);
}

static Parts logarithm(const Formula &f, Parts z) {
  // The squares of large numbers are no matter here.
  Value excess = plusSquares(f, {f.number(-1)}, z.re, z.im);
  return {logSize(f, z.re, z.im, excess), f.atan2(z.im, z.re)};
}

static Parts logarithmOfMore(const Formula &f, Parts z) {
  Value x = f.add(z.re, f.number(1));
  Value excess = plusSquares(f, {f.add(z.re, z.re)}, z.re, z.im);
  return {logSize(f, x, z.im, excess), f.atan2(z.im, x)};
}

static Parts squareRoot(const Formula &f, Parts z) {
  Value zero = f.number(0), half = f.number(0.5), one = f.number(1),
        infinity = f.number(HUGE_VAL);
  Value x = f.abs(z.re), y = f.abs(z.im);
  Value isUp = f.is(FP::OEQ, y, infinity);
  Value most = f.choose(f.is(FP::OLT, x, y), y, x);
  // Scaled by powers of 4, squares neither overflow nor vanish.
  Value isHuge = f.is(FP::OGT, most, f.number(0x1p500)),
        isTiny = f.is(FP::OLT, most, f.number(0x1p-480));
  auto scaled = [&](double huge, double tiny) {
    return f.choose(isHuge, f.number(huge),
                    f.choose(isTiny, f.number(tiny), one));
  };
  Value scale = scaled(0x1p-600, 0x1p600), back = scaled(0x1p300, 0x1p-300);
  x = f.mul(x, scale), y = f.mul(y, scale);
  Value size = f.sqrt(f.add(f.mul(x, x), f.mul(y, y)));
  Value root = f.sqrt(f.mul(half, f.add(size, x)));
  root = f.mul(root, back);
  Value other = f.div(f.abs(z.im), f.add(root, root));
  Value isZero = f.both(f.is(FP::OEQ, x, zero), f.is(FP::OEQ, y, zero));
  root = f.choose(isZero, zero, root), other = f.choose(isZero, zero, other);
  Value isInfinite = f.is(FP::OEQ, f.abs(z.re), infinity);
  root = f.choose(isInfinite, infinity, root);
  other = f.choose(isInfinite, f.choose(f.isFinite(z.im), zero, f.number(NAN)),
                   other);
  Value isLeft = f.is(FP::OLT, z.re, zero);
  Value re = f.choose(isLeft, other, root), im = f.choose(isLeft, root, other);
  return {f.choose(isUp, infinity, re),
          f.copySign(f.choose(isUp, infinity, im), z.im)};
}

Value lowering::complexLog(C c, Args x) { return apply<logarithm>(c, x); }
Value lowering::complexLog1p(C c, Args x) {
  return apply<logarithmOfMore>(c, x);
}
Value lowering::complexSqrt(C c, Args x) { return apply<squareRoot>(c, x); }
Value lowering::complexRsqrt(C c, Args x) {
  return complex::DivOp::create(c.b, c.loc, c.number(1), complexSqrt(c, x));
}

//===----------------------------------------------------------------------===//
// pow
//===----------------------------------------------------------------------===//

/// exp(w log z). As numpy has it, anything to the power of 0 is 1, and 0 has
/// powers with a positive real exponent only.
Value lowering::complexPow(C c, Args x) {
  Type part = mlir::cast<ComplexType>(c.type).getElementType(),
       f64 = c.b.getF64Type();
  const Formula f{c.b, c.loc};
  auto wide = [&](Value v) {
    return Parts{
        castScalar(c.b, c.loc, complex::ReOp::create(c.b, c.loc, part, v), part,
                   f64),
        castScalar(c.b, c.loc, complex::ImOp::create(c.b, c.loc, part, v), part,
                   f64)};
  };
  Parts z = wide(x[0]), w = wide(x[1]);
  Value zero = f.number(0), one = f.number(1);
  Parts log = logarithm(f, z);
  Parts made =
      exponential(f, {f.sub(f.mul(w.re, log.re), f.mul(w.im, log.im)),
                      f.add(f.mul(w.re, log.im), f.mul(w.im, log.re))});
  auto isZero = [&](Parts v) {
    return f.both(f.is(FP::OEQ, v.re, zero), f.is(FP::OEQ, v.im, zero));
  };
  Value hasPower = f.both(f.is(FP::OGT, w.re, zero), f.is(FP::OEQ, w.im, zero));
  Value ofZero = f.choose(hasPower, zero, f.number(NAN));
  Value isOne = f.both(f.is(FP::OEQ, w.re, one), f.is(FP::OEQ, w.im, zero));
  auto finish = [&](Value value, Value base, Value ofNothing) {
    value = f.choose(isOne, base, value);
    value = f.choose(isZero(z), ofZero, value);
    value = f.choose(isZero(w), ofNothing, value);
    return castScalar(c.b, c.loc, value, f64, part);
  };
  return complex::CreateOp::create(c.b, c.loc, c.type,
                                   finish(made.re, z.re, one),
                                   finish(made.im, z.im, zero));
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
