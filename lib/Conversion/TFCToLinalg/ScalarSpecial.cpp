//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// erfinv, lgamma and digamma, in f64 whatever the type, as branch-free code.
//===----------------------------------------------------------------------===//

#include "Formula.h"
#include "Scalars.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

using Args = ArrayRef<Value>;
using C = const ScalarContext &;
using FP = arith::CmpFPredicate;

static Value inDouble(C c, Value x,
                      llvm::function_ref<Value(const Formula &, Value)> build) {
  Type f64 = c.b.getF64Type();
  Value wide = castScalar(c.b, c.loc, x, c.type, f64);
  return castScalar(c.b, c.loc, build({c.b, c.loc}, wide), f64, c.type);
}

/// Is x a pole of the gamma function: zero or a negative integer?
static Value isPole(const Formula &f, Value x) {
  Value integer = f.is(FP::OEQ, x, math::FloorOp::create(f.b, f.loc, x));
  return f.both(integer, f.is(FP::OLE, x, f.number(0)));
}

/// lgamma(2 + t) / t for |t| <= 1/2, a Chebyshev fit.
static constexpr double aroundTwo[] = {
    6.379047507619774e-08,   -1.3412819758517287e-07, 2.0304806751615227e-07,
    -4.303558760359961e-07,  9.578663334114758e-07,   -2.0449201467015115e-06,
    4.374374916915131e-06,   -9.438458716242811e-06,  2.050726741605779e-05,
    -4.4926351103833334e-05, 9.945750909889392e-05,   -0.00022315475074520367,
    0.0005096695248853096,   -0.0011927539120010226,  0.002890510330738737,
    -0.0073855510286681535,  0.02058080842778457,     -0.06735230105319814,
    0.3224670334241132,      0.42278433509846713};

/// Around 1 and 2, where lgamma is zero, t times a polynomial; from there to 10
/// by recurrence, which adds positive terms; then Stirling's series, whose
/// error is below 1e-16. Reflection below 0.
Value lowering::floatLgamma(C c, Args args) {
  return inDouble(c, args[0], [](const Formula &f, Value x) {
    Value zero = f.number(0), one = f.number(1), half = f.number(0.5),
          infinity = f.number(HUGE_VAL);
    Value reflected = f.is(FP::OLT, x, zero);
    Value z = f.choose(reflected, f.sub(one, x), x);
    Value isLarge = f.is(FP::OGE, z, f.number(10)),
          isLow = f.is(FP::OLT, z, f.number(1.5));
    Value isTiny = f.is(FP::OLT, z, half);
    Value y = z, product = one;
    for (int i = 0; i < 8; ++i) {
      Value above = f.is(FP::OGE, y, f.number(2.5));
      y = f.choose(above, f.sub(y, one), y);
      product = f.choose(above, f.mul(product, y), product);
    }
    // lgamma(z) = lgamma(z + 1) - log z below 1/2, lgamma(2 + t) - log1p(t)
    // below 3/2.
    Value low = f.choose(isTiny, z, f.sub(z, one));
    Value t = f.choose(isLow, low, f.sub(y, f.number(2)));
    Value log = f.log(f.choose(
        isLarge, z, f.choose(isLow, f.choose(isTiny, z, one), product)));
    Value more = f.choose(isLow, f.neg(f.add(log, f.log1p(low))), log);
    Value small = f.add(f.mul(t, f.polynomial(aroundTwo, t)), more);
    Value inverse = f.div(one, z), square = f.mul(inverse, inverse);
    Value series =
        f.mul(inverse, f.polynomial({-691.0 / 360360, 1.0 / 1188, -1.0 / 1680,
                                     1.0 / 1260, -1.0 / 360, 1.0 / 12},
                                    square));
    Value stirling = f.mul(f.sub(z, half), f.sub(log, one));
    stirling =
        f.add(f.add(stirling, f.number(0.91893853320467274178 - 0.5)), series);
    Value result = f.choose(isLarge, stirling, small);
    Value sine = math::SinOp::create(
        f.b, f.loc, f.mul(f.number(llvm::numbers::pi), f.abs(f.fraction(x))));
    Value mirrored =
        f.sub(f.sub(f.number(1.1447298858494001741), f.log(sine)), result);
    result = f.choose(reflected, mirrored, result);
    Value infinite = f.is(FP::OEQ, f.abs(x), infinity);
    return f.choose(f.either(infinite, isPole(f, x)), infinity, result);
  });
}

/// digamma(x) / (x - root) for 1 <= x <= 2 as a polynomial in 2 x - 3, a
/// Chebyshev fit. The root in two parts.
static constexpr double besideRoot[] = {
    -8.25512972008104e-11,  2.4765474440031764e-10,  -2.889363639216111e-10,
    8.668257373761658e-10,  -3.6788868183645545e-09, 1.10370884388543e-08,
    -3.166618072027162e-08, 9.500926192924096e-08,   -2.8628755280038686e-07,
    8.591324222417666e-07,  -2.578107848270217e-06,  7.741156881253708e-06,
    -2.325823828431376e-05, 6.995020484160625e-05,   -0.00021074841215733007,
    0.000636888028319074,   -0.0019350666647832667,  0.005936795278433826,
    -0.018550615381738605,  0.06013562106019355,     -0.21181371064073026,
    0.951055876031833};
static constexpr double root[] = {1.4616321449683622, 9.549995429965697e-17};

Value lowering::floatDigamma(C c, Args args) {
  return inDouble(c, args[0], [](const Formula &f, Value x) {
    Value one = f.number(1), two = f.number(2), zero = f.number(0);
    Value reflected = f.is(FP::OLT, x, zero);
    Value z = f.choose(reflected, f.sub(one, x), x),
          isLow = f.is(FP::OLT, z, one);
    Value y = f.choose(isLow, f.add(z, one), z);
    Value total = f.choose(isLow, f.neg(f.div(one, z)), zero);
    for (int i = 0; i < 8; ++i) {
      Value above = f.is(FP::OGE, y, two), less = f.sub(y, one);
      y = f.choose(above, less, y);
      total = f.choose(above, f.add(total, f.div(one, less)), total);
    }
    Value distance = f.sub(f.sub(y, f.number(root[0])), f.number(root[1]));
    Value small = f.mul(
        distance, f.polynomial(besideRoot, f.sub(f.add(y, y), f.number(3))));
    small = f.add(small, total);
    Value square = f.div(one, f.mul(z, z));
    Value series =
        f.mul(square, f.polynomial({-691.0 / 32760, 1.0 / 132, -1.0 / 240,
                                    1.0 / 252, -1.0 / 120, 1.0 / 12},
                                   square));
    Value large = f.sub(f.sub(f.log(z), f.div(f.number(0.5), z)), series);
    Value result = f.choose(f.is(FP::OGE, z, f.number(10)), large, small);
    Value tangent = math::TanOp::create(
        f.b, f.loc, f.mul(f.number(llvm::numbers::pi), f.fraction(x)));
    result = f.choose(
        reflected, f.sub(result, f.div(f.number(llvm::numbers::pi), tangent)),
        result);
    Value atPole =
        f.choose(f.is(FP::OEQ, x, zero), f.number(-HUGE_VAL), f.number(NAN));
    return f.choose(isPole(f, x), atPole, result);
  });
}

/// -log(t) for a normal t up to 1, within 2^-30 of 1: a minimax fit.
static Value shortMinusLog(const Formula &f, Value t) {
  Type i64 = f.b.getI64Type();
  auto integer = [&](int64_t n) { return numberScalar(f.b, f.loc, i64, n); };
  // t = (1 + u) 2^e with 1 + u in [sqrt(1/2), sqrt(2)).
  Value bits = arith::BitcastOp::create(f.b, f.loc, i64, t);
  Value offset =
      arith::SubIOp::create(f.b, f.loc, bits, integer(0x3fe6a09e667f3bcdLL));
  Value e = arith::ShRSIOp::create(f.b, f.loc, offset, integer(52));
  Value field = arith::ShLIOp::create(f.b, f.loc, e, integer(52));
  Value m =
      arith::BitcastOp::create(f.b, f.loc, f.b.getF64Type(),
                               arith::SubIOp::create(f.b, f.loc, bits, field));
  Value u = f.sub(m, f.number(1));
  Value p = f.polynomial(
      {0.059845522854562516, -0.10734462050022602, 0.10881831686905142,
       -0.11021113131560454, 0.12410471825114124, -0.1428549766192858,
       0.16670486712639924, -0.20000113884279997, 0.24999933285081119,
       -0.33333331504692874, 0.5000000033192906, -1.0000000000351959},
      u);
  Value exponent = arith::SIToFPOp::create(f.b, f.loc, f.b.getF64Type(), e);
  return f.add(f.mul(u, p), f.mul(exponent, f.number(-0.69314718055994530942)));
}

/// erfinv(x) / x is a function of w = -log(1 - x^2): minimax fits, within 2^-29
/// up to 16 (all numbers of f32), and from there on, of its square root.
static constexpr double inverseNear[] = {
    -1.1395041480188109e-19, 1.7880856178116888e-17,  -1.2898964453242969e-15,
    5.6624747530092652e-14,  -1.6864146318267651e-12, 3.5922098337062455e-11,
    -5.610486317365868e-10,  6.4582900460592405e-9,   -5.3958484384816095e-8,
    3.122928825606512e-7,    -1.1178030176961035e-6,  1.8655713097474614e-6,
    -3.3992246033027857e-6,  5.3622862708763117e-5,   -0.00013397075654360674,
    -0.0023320883385462469,  0.011548543999738685,    0.23201374912088581,
    0.88622692405690384};
static constexpr double inverseFar[] = {
    3.4915040562719625e-7,  -1.5193911664897243e-5, 0.00029177475793898152,
    -0.0032399676634219118, 0.022857746143729688,   -0.1055494983273601,
    0.31336019809475708,    0.46177511333876913,    0.23117766074696572};
/// erfinv(x) / x for |x| <= 1/2, of x^2, within 2^-57.
static constexpr double inverseSmall[] = {
    0.1138696315275662194,    -0.077253017479749284149, 0.074295163909332463256,
    0.0080936589474738852087, 0.03168805034841340353,   0.03112806083912563772,
    0.036525125848784465563,  0.04283239658399004494,   0.051731495348869964302,
    0.064959610948655377669,  0.086552129370904432657,  0.12755617530431574867,
    0.23201366653465949234,   0.88622692545275801042};

/// erfinv of f64 for |x| from 1/2 on: the fits, and one of Halley's steps with
/// erfc, whose digits count.
static Value accurateErfinv(const Formula &f, Value x, Value near, Value w) {
  Value one = f.number(1), magnitude = f.abs(x);
  Value far = f.mul(magnitude, f.polynomial(inverseFar, f.sqrt(w)));
  Value y = f.choose(f.is(FP::OLT, w, f.number(16)), f.abs(near), far);
  Value miss =
      f.sub(f.sub(one, magnitude), math::ErfcOp::create(f.b, f.loc, y));
  Value slope = f.mul(f.number(1.1283791670955126), f.exp(f.neg(f.mul(y, y))));
  Value step = f.div(miss, slope);
  y = f.sub(y, f.div(step, f.add(one, f.mul(y, step))));
  Value small = f.mul(magnitude, f.polynomial(inverseSmall, f.mul(x, x)));
  return f.choose(f.is(FP::OLE, magnitude, f.number(0.5)), small, y);
}

Value lowering::floatErfinv(C c, Args args) {
  return inDouble(c, args[0], [&](const Formula &f, Value x) {
    Value one = f.number(1), magnitude = f.abs(x);
    Value w = shortMinusLog(f, f.mul(f.sub(one, x), f.add(one, x)));
    Value result = f.mul(x, f.polynomial(inverseNear, w));
    if (c.type.isF64())
      result = f.copySign(accurateErfinv(f, x, result, w), x);
    Value infinite = f.copySign(f.number(HUGE_VAL), x);
    result = f.choose(f.is(FP::OEQ, magnitude, one), infinite, result);
    return f.choose(f.is(FP::OGT, magnitude, one), f.number(NAN), result);
  });
}
