//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Formulas on f64, written as in a book: what special functions of all float
// types are computed with.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_TFCTOLINALG_FORMULA_H
#define TFC_LIB_CONVERSION_TFCTOLINALG_FORMULA_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/ArrayRef.h"
#include <cmath>
#include <cstdint>
#include <utility>

namespace tfc::lowering {

struct Formula {
  using Value = mlir::Value;
  using Predicate = mlir::arith::CmpFPredicate;

  mlir::OpBuilder &b;
  mlir::Location loc;

  Value number(double x) const {
    return mlir::arith::ConstantOp::create(b, loc, b.getF64FloatAttr(x));
  }
  Value add(Value x, Value y) const {
    return mlir::arith::AddFOp::create(b, loc, x, y);
  }
  Value sub(Value x, Value y) const {
    return mlir::arith::SubFOp::create(b, loc, x, y);
  }
  Value mul(Value x, Value y) const {
    return mlir::arith::MulFOp::create(b, loc, x, y);
  }
  Value div(Value x, Value y) const {
    return mlir::arith::DivFOp::create(b, loc, x, y);
  }
  Value neg(Value x) const { return mlir::arith::NegFOp::create(b, loc, x); }
  Value abs(Value x) const { return mlir::math::AbsFOp::create(b, loc, x); }
  Value sqrt(Value x) const { return mlir::math::SqrtOp::create(b, loc, x); }
  Value exp(Value x) const { return mlir::math::ExpOp::create(b, loc, x); }
  Value log(Value x) const { return mlir::math::LogOp::create(b, loc, x); }
  Value log1p(Value x) const { return mlir::math::Log1pOp::create(b, loc, x); }
  Value atan2(Value y, Value x) const {
    return mlir::math::Atan2Op::create(b, loc, y, x);
  }
  Value copySign(Value x, Value sign) const {
    return mlir::math::CopySignOp::create(b, loc, x, sign);
  }
  Value is(Predicate predicate, Value x, Value y) const {
    return mlir::arith::CmpFOp::create(b, loc, predicate, x, y);
  }
  Value choose(Value condition, Value x, Value y) const {
    return mlir::arith::SelectOp::create(b, loc, condition, x, y);
  }
  Value either(Value x, Value y) const {
    return mlir::arith::OrIOp::create(b, loc, x, y);
  }
  Value both(Value x, Value y) const {
    return mlir::arith::AndIOp::create(b, loc, x, y);
  }
  Value isFinite(Value x) const {
    return is(Predicate::OLT, abs(x), number(HUGE_VAL));
  }
  /// x + y rounded, and what rounding took away (Knuth's two-sum).
  std::pair<Value, Value> twoSum(Value x, Value y) const {
    Value total = add(x, y), part = sub(total, x);
    return {total, add(sub(x, sub(total, part)), sub(y, part))};
  }
  /// x = head + tail, with so few digits in each that products of two are
  /// exact.
  std::pair<Value, Value> halves(Value x) const {
    mlir::Type bits = b.getI64Type();
    Value mask = mlir::arith::ConstantOp::create(
        b, loc, b.getI64IntegerAttr(-(int64_t(1) << 27)));
    Value kept = mlir::arith::AndIOp::create(
        b, loc, mlir::arith::BitcastOp::create(b, loc, bits, x), mask);
    Value head = mlir::arith::BitcastOp::create(b, loc, b.getF64Type(), kept);
    return {head, sub(x, head)};
  }
  /// Coefficients from the highest power.
  Value polynomial(llvm::ArrayRef<double> coefficients, Value x) const {
    Value sum = number(coefficients.front());
    for (double c : coefficients.drop_front())
      sum = add(mul(sum, x), number(c));
    return sum;
  }
  /// x - the nearest integer: what functions of period pi need of x.
  Value fraction(Value x) const {
    return sub(x, mlir::math::RoundEvenOp::create(b, loc, x));
  }
};

} // namespace tfc::lowering

#endif // TFC_LIB_CONVERSION_TFCTOLINALG_FORMULA_H
