//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// erfinv, lgamma and digamma, in f64 whatever the type, as branch-free code.
//===----------------------------------------------------------------------===//

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

namespace {

/// Formulas on f64.
struct Formula {
  OpBuilder &b;
  Location loc;

  Value number(double x) const { return arith::ConstantOp::create(b, loc, b.getF64FloatAttr(x)); }
  Value add(Value x, Value y) const { return arith::AddFOp::create(b, loc, x, y); }
  Value sub(Value x, Value y) const { return arith::SubFOp::create(b, loc, x, y); }
  Value mul(Value x, Value y) const { return arith::MulFOp::create(b, loc, x, y); }
  Value div(Value x, Value y) const { return arith::DivFOp::create(b, loc, x, y); }
  Value neg(Value x) const { return arith::NegFOp::create(b, loc, x); }
  Value abs(Value x) const { return math::AbsFOp::create(b, loc, x); }
  Value log(Value x) const { return math::LogOp::create(b, loc, x); }
  Value is(FP predicate, Value x, Value y) const {
    return arith::CmpFOp::create(b, loc, predicate, x, y);
  }
  Value choose(Value condition, Value x, Value y) const {
    return arith::SelectOp::create(b, loc, condition, x, y);
  }
  Value either(Value x, Value y) const { return arith::OrIOp::create(b, loc, x, y); }
  Value both(Value x, Value y) const { return arith::AndIOp::create(b, loc, x, y); }
  /// Coefficients from the highest power.
  Value polynomial(ArrayRef<double> coefficients, Value x) const {
    Value sum = number(coefficients.front());
    for (double c : coefficients.drop_front())
      sum = add(mul(sum, x), number(c));
    return sum;
  }
  /// x - the nearest integer: what functions of period pi need of x.
  Value fraction(Value x) const { return sub(x, math::RoundEvenOp::create(b, loc, x)); }
};

} // namespace

static Value inDouble(C c, Value x, llvm::function_ref<Value(const Formula &, Value)> build) {
  Type f64 = c.b.getF64Type();
  Value wide = castScalar(c.b, c.loc, x, c.type, f64);
  return castScalar(c.b, c.loc, build({c.b, c.loc}, wide), f64, c.type);
}

/// Is x a pole of the gamma function: zero or a negative integer?
static Value isPole(const Formula &f, Value x) {
  Value integer = f.is(FP::OEQ, x, math::FloorOp::create(f.b, f.loc, x));
  return f.both(integer, f.is(FP::OLE, x, f.number(0)));
}

/// Recurrence up to 10, then Stirling's series, whose error is below 1e-16 there;
/// reflection below 1/2.
Value lowering::floatLgamma(C c, Args args) {
  return inDouble(c, args[0], [](const Formula &f, Value x) {
    Value one = f.number(1), ten = f.number(10), infinity = f.number(HUGE_VAL);
    Value reflected = f.is(FP::OLT, x, f.number(0.5));
    Value z = f.choose(reflected, f.sub(one, x), x), product = one;
    for (int i = 0; i < 10; ++i) {
      Value small = f.is(FP::OLT, z, ten);
      product = f.choose(small, f.mul(product, z), product);
      z = f.choose(small, f.add(z, one), z);
    }
    Value inverse = f.div(one, z), square = f.mul(inverse, inverse);
    Value series = f.mul(inverse, f.polynomial({-691.0 / 360360, 1.0 / 1188, -1.0 / 1680, 1.0 / 1260,
                                                -1.0 / 360, 1.0 / 12},
                                               square));
    Value stirling = f.sub(f.mul(f.sub(z, f.number(0.5)), f.log(z)), z);
    stirling = f.add(f.add(stirling, f.number(0.91893853320467274178)), series);
    Value result = f.sub(stirling, f.log(product));
    result = f.choose(f.is(FP::OEQ, z, infinity), infinity, result);
    Value sine = math::SinOp::create(f.b, f.loc, f.mul(f.number(llvm::numbers::pi), f.abs(f.fraction(x))));
    Value mirrored = f.sub(f.log(f.div(f.number(llvm::numbers::pi), sine)), result);
    result = f.choose(reflected, mirrored, result);
    Value infinite = f.is(FP::OEQ, f.abs(x), infinity);
    return f.choose(f.either(infinite, isPole(f, x)), infinity, result);
  });
}

Value lowering::floatDigamma(C c, Args args) {
  return inDouble(c, args[0], [](const Formula &f, Value x) {
    Value one = f.number(1), zero = f.number(0);
    Value reflected = f.is(FP::OLT, x, f.number(0.5));
    Value z = f.choose(reflected, f.sub(one, x), x), total = zero;
    for (int i = 0; i < 10; ++i) {
      Value small = f.is(FP::OLT, z, f.number(10));
      total = f.choose(small, f.sub(total, f.div(one, z)), total);
      z = f.choose(small, f.add(z, one), z);
    }
    Value square = f.div(one, f.mul(z, z));
    Value series = f.mul(square, f.polynomial({-691.0 / 32760, 1.0 / 132, -1.0 / 240, 1.0 / 252,
                                               -1.0 / 120, 1.0 / 12},
                                              square));
    total = f.sub(f.sub(f.add(total, f.log(z)), f.div(f.number(0.5), z)), series);
    Value tangent = math::TanOp::create(f.b, f.loc, f.mul(f.number(llvm::numbers::pi), f.fraction(x)));
    total = f.choose(reflected, f.sub(total, f.div(f.number(llvm::numbers::pi), tangent)), total);
    Value atPole = f.choose(f.is(FP::OEQ, x, zero), f.number(-HUGE_VAL), f.number(NAN));
    return f.choose(isPole(f, x), atPole, total);
  });
}

/// Giles, "Approximating the erfinv function" (GPU Computing Gems, 2011), then Halley's steps.
Value lowering::floatErfinv(C c, Args args) {
  int steps = c.type.isF64() ? 2 : 1;
  return inDouble(c, args[0], [&](const Formula &f, Value x) {
    Value one = f.number(1), zero = f.number(0);
    Value w = f.neg(f.log(f.mul(f.sub(one, x), f.add(one, x))));
    Value center = f.polynomial({2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06,
                                 0.00021858087, -0.00125372503, -0.00417768164, 0.246640727, 1.50140941},
                                f.sub(w, f.number(2.5)));
    Value root = math::SqrtOp::create(f.b, f.loc, w);
    Value tail = f.polynomial({-0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844,
                               0.00573950773, -0.0076224613, 0.00943887047, 1.00167406, 2.83297682},
                              f.sub(root, f.number(3)));
    Value result = f.mul(f.choose(f.is(FP::OLT, w, f.number(5)), center, tail), x);
    Value magnitude = f.abs(x);
    for (int i = 0; i < steps; ++i) {
      // The tail's difference through erfc keeps its digits.
      Value nearZero = f.sub(math::ErfOp::create(f.b, f.loc, result), x);
      Value beyond = f.sub(f.sub(one, magnitude), math::ErfcOp::create(f.b, f.loc, f.abs(result)));
      beyond = f.mul(math::CopySignOp::create(f.b, f.loc, one, x), beyond);
      Value miss = f.choose(f.is(FP::OLT, magnitude, f.number(0.5)), nearZero, beyond);
      Value slope = f.mul(f.number(1.1283791670955126),
                          math::ExpOp::create(f.b, f.loc, f.neg(f.mul(result, result))));
      Value step = f.choose(f.is(FP::OGT, slope, zero), f.div(miss, slope), zero);
      result = f.sub(result, f.div(step, f.add(one, f.mul(result, step))));
    }
    Value infinite = math::CopySignOp::create(f.b, f.loc, f.number(HUGE_VAL), x);
    result = f.choose(f.is(FP::OEQ, magnitude, one), infinite, result);
    return f.choose(f.is(FP::OGT, magnitude, one), f.number(NAN), result);
  });
}
