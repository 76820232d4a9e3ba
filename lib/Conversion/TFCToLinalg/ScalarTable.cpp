//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The table: op x {float, int, uint, bool, complex} -> scalar ops.
//===----------------------------------------------------------------------===//

#include "Scalars.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/TypeUtilities.h"
#include "tfc/Dialect/TFC/IR/TFC.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

using Args = ArrayRef<Value>;
using C = const ScalarContext &;

Value ScalarContext::real(double value) const {
  return arith::ConstantOp::create(b, loc,
                                   b.getFloatAttr(scalarType(type), value));
}

// Adapters from a scalar op to a row's function.

/// A float op, which may be contracted with its neighbours.
template <typename Op> static Value flo(C c, Args x) {
  if constexpr (Op::template hasTrait<OpTrait::OneOperand>())
    return Op::create(c.b, c.loc, x[0], contract);
  else
    return Op::create(c.b, c.loc, x[0], x[1], contract);
}
/// An op on operands of one type, without flags.
template <typename Op> static Value any(C c, Args x) {
  if constexpr (Op::template hasTrait<OpTrait::OneOperand>())
    return Op::create(c.b, c.loc, x[0]);
  else
    return Op::create(c.b, c.loc, x[0], x[1]);
}
/// A complex op, whose result type may be the real one.
template <typename Op> static Value cpx(C c, Args x) {
  return Op::create(c.b, c.loc, TypeRange{c.result}, ValueRange(x),
                    ArrayRef<NamedAttribute>{});
}
template <arith::CmpFPredicate predicate> static Value cmpf(C c, Args x) {
  return arith::CmpFOp::create(c.b, c.loc, predicate, x[0], x[1]);
}
template <arith::CmpIPredicate predicate> static Value cmpi(C c, Args x) {
  return arith::CmpIOp::create(c.b, c.loc, predicate, x[0], x[1]);
}
static Value same(C c, Args x) { return x[0]; }

// Small functions that need more than one op.

static Value intNeg(C c, Args x) {
  return arith::SubIOp::create(c.b, c.loc, c.number(0), x[0]);
}
static Value bitNot(C c, Args x) {
  return arith::XOrIOp::create(c.b, c.loc, x[0], c.number(-1));
}
static Value logicalNot(C c, Args x) {
  return arith::XOrIOp::create(c.b, c.loc, x[0], c.number(1));
}
static Value intSign(C c, Args x) {
  Value one = arith::MinSIOp::create(c.b, c.loc, x[0], c.number(1));
  return arith::MaxSIOp::create(c.b, c.loc, one, c.number(-1));
}
static Value uintSign(C c, Args x) {
  return arith::MinUIOp::create(c.b, c.loc, x[0], c.number(1));
}
static Value rsqrt(C c, Args x) {
  Value root = math::SqrtOp::create(c.b, c.loc, x[0], contract);
  return arith::DivFOp::create(c.b, c.loc, c.number(1), root, contract);
}
static Value isNan(C c, Args x) {
  return cmpf<arith::CmpFPredicate::UNO>(c, {x[0], x[0]});
}
static Value absAgainstInfinity(C c, Value x, arith::CmpFPredicate predicate) {
  Value absolute = math::AbsFOp::create(c.b, c.loc, x);
  return arith::CmpFOp::create(
      c.b, c.loc, predicate, absolute,
      extremeScalar(c.b, c.loc, c.type, /*greatest=*/true));
}
static Value isInf(C c, Args x) {
  return absAgainstInfinity(c, x[0], arith::CmpFPredicate::OEQ);
}
static Value isFinite(C c, Args x) {
  return absAgainstInfinity(c, x[0], arith::CmpFPredicate::OLT);
}
static Value popcount(C c, Args x) {
  Value count = math::CtPopOp::create(c.b, c.loc, x[0]);
  return castScalar(c.b, c.loc, count, c.type, c.result);
}
static Value select(C c, Args x) {
  return arith::SelectOp::create(c.b, c.loc, x[0], x[1], x[2]);
}
static Value cast(C c, Args x) {
  return castScalar(c.b, c.loc, x[0], c.type, c.result);
}
static Value bitcast(C c, Args x) {
  Type to = scalarType(c.result);
  return x[0].getType() == to
             ? x[0]
             : arith::BitcastOp::create(c.b, c.loc, to, x[0]).getResult();
}
static Value makeComplex(C c, Args x) {
  return complex::CreateOp::create(c.b, c.loc, c.result, x[0], x[1]);
}
namespace {
using FP = arith::CmpFPredicate;
using IP = arith::CmpIPredicate;
} // namespace

static constexpr ScalarRow rows[] = {
    // name, cost, float, int, uint, bool, complex
    {"neg", 1, flo<arith::NegFOp>, intNeg, intNeg, nullptr,
     cpx<complex::NegOp>},
    {"abs", 1, flo<math::AbsFOp>, any<math::AbsIOp>, same, nullptr,
     cpx<complex::AbsOp>},
    {"sign", 2, floatSign, intSign, uintSign, nullptr, cpx<complex::SignOp>},
    {"sqrt", 10, flo<math::SqrtOp>, nullptr, nullptr, nullptr, complexSqrt},
    {"rsqrt", 15, rsqrt, nullptr, nullptr, nullptr, complexRsqrt},
    {"exp", 20, flo<math::ExpOp>, nullptr, nullptr, nullptr, complexExp},
    {"expm1", 25, flo<math::ExpM1Op>, nullptr, nullptr, nullptr, complexExpm1},
    {"log", 25, flo<math::LogOp>, nullptr, nullptr, nullptr, complexLog},
    {"log1p", 25, flo<math::Log1pOp>, nullptr, nullptr, nullptr, complexLog1p},
    {"sin", 30, flo<math::SinOp>, nullptr, nullptr, nullptr, complexSin},
    {"cos", 30, flo<math::CosOp>, nullptr, nullptr, nullptr, complexCos},
    {"tan", 40, flo<math::TanOp>, nullptr, nullptr, nullptr, complexTan},
    {"asin", 40, flo<math::AsinOp>, nullptr, nullptr, nullptr, complexAsin},
    {"acos", 40, flo<math::AcosOp>, nullptr, nullptr, nullptr, complexAcos},
    {"atan", 40, flo<math::AtanOp>, nullptr, nullptr, nullptr, complexAtan},
    {"sinh", 40, flo<math::SinhOp>, nullptr, nullptr, nullptr, complexSinh},
    {"cosh", 40, flo<math::CoshOp>, nullptr, nullptr, nullptr, complexCosh},
    {"tanh", 30, flo<math::TanhOp>, nullptr, nullptr, nullptr, complexTanh},
    {"asinh", 50, flo<math::AsinhOp>, nullptr, nullptr, nullptr, complexAsinh},
    {"acosh", 50, flo<math::AcoshOp>, nullptr, nullptr, nullptr, complexAcosh},
    {"atanh", 50, flo<math::AtanhOp>, nullptr, nullptr, nullptr, complexAtanh},
    {"sigmoid", 30, floatSigmoid, nullptr, nullptr, nullptr, complexSigmoid},
    {"floor", 1, flo<math::FloorOp>, nullptr, nullptr, nullptr, nullptr},
    {"ceil", 1, flo<math::CeilOp>, nullptr, nullptr, nullptr, nullptr},
    {"round", 1, flo<math::RoundEvenOp>, nullptr, nullptr, nullptr, nullptr},
    {"trunc", 1, flo<math::TruncOp>, nullptr, nullptr, nullptr, nullptr},
    {"erf", 30, flo<math::ErfOp>, nullptr, nullptr, nullptr, nullptr},
    {"erfc", 30, flo<math::ErfcOp>, nullptr, nullptr, nullptr, nullptr},
    {"erfinv", 60, floatErfinv, nullptr, nullptr, nullptr, nullptr},
    {"lgamma", 80, floatLgamma, nullptr, nullptr, nullptr, nullptr},
    {"digamma", 80, floatDigamma, nullptr, nullptr, nullptr, nullptr},
    {"is_finite", 1, isFinite, nullptr, nullptr, nullptr, nullptr},
    {"is_inf", 1, isInf, nullptr, nullptr, nullptr, nullptr},
    {"is_nan", 1, isNan, nullptr, nullptr, nullptr, nullptr},
    {"logical_not", 1, nullptr, nullptr, nullptr, logicalNot, nullptr},
    {"bitwise_not", 1, nullptr, bitNot, bitNot, nullptr, nullptr},
    {"population_count", 2, nullptr, popcount, popcount, nullptr, nullptr},
    {"real", 1, nullptr, nullptr, nullptr, nullptr, cpx<complex::ReOp>},
    {"imag", 1, nullptr, nullptr, nullptr, nullptr, cpx<complex::ImOp>},
    {"conj", 1, nullptr, nullptr, nullptr, nullptr, cpx<complex::ConjOp>},
    {"add", 1, flo<arith::AddFOp>, any<arith::AddIOp>, any<arith::AddIOp>,
     nullptr, cpx<complex::AddOp>},
    {"sub", 1, flo<arith::SubFOp>, any<arith::SubIOp>, any<arith::SubIOp>,
     nullptr, cpx<complex::SubOp>},
    {"mul", 1, flo<arith::MulFOp>, any<arith::MulIOp>, any<arith::MulIOp>,
     nullptr, cpx<complex::MulOp>},
    {"div", 8, flo<arith::DivFOp>, nullptr, nullptr, nullptr,
     cpx<complex::DivOp>},
    {"pow", 50, floatPow, intPow, intPow, nullptr, complexPow},
    {"floor_div", 30, floatFloorDiv, intFloorDiv, intFloorDiv, nullptr,
     nullptr},
    {"floor_mod", 30, floatFloorMod, intFloorMod, intFloorMod, nullptr,
     nullptr},
    {"trunc_div", 20, floatTruncDiv, intTruncDiv, intTruncDiv, nullptr,
     nullptr},
    {"trunc_mod", 20, floatTruncMod, intTruncMod, intTruncMod, nullptr,
     nullptr},
    {"maximum", 1, flo<arith::MaximumFOp>, any<arith::MaxSIOp>,
     any<arith::MaxUIOp>, nullptr, nullptr},
    {"minimum", 1, flo<arith::MinimumFOp>, any<arith::MinSIOp>,
     any<arith::MinUIOp>, nullptr, nullptr},
    {"atan2", 50, flo<math::Atan2Op>, nullptr, nullptr, nullptr, nullptr},
    {"nextafter", 10, floatNextafter, nullptr, nullptr, nullptr, nullptr},
    {"complex", 1, makeComplex, nullptr, nullptr, nullptr, nullptr},
    {"logical_and", 1, nullptr, nullptr, nullptr, any<arith::AndIOp>, nullptr},
    {"logical_or", 1, nullptr, nullptr, nullptr, any<arith::OrIOp>, nullptr},
    {"bitwise_and", 1, nullptr, any<arith::AndIOp>, any<arith::AndIOp>, nullptr,
     nullptr},
    {"bitwise_or", 1, nullptr, any<arith::OrIOp>, any<arith::OrIOp>, nullptr,
     nullptr},
    {"bitwise_xor", 1, nullptr, any<arith::XOrIOp>, any<arith::XOrIOp>, nullptr,
     nullptr},
    {"left_shift", 2, nullptr, intLeftShift, intLeftShift, nullptr, nullptr},
    {"right_shift", 2, nullptr, intRightShift, intRightShift, nullptr, nullptr},
    {"equal", 1, cmpf<FP::OEQ>, cmpi<IP::eq>, cmpi<IP::eq>, cmpi<IP::eq>,
     any<complex::EqualOp>},
    {"not_equal", 1, cmpf<FP::UNE>, cmpi<IP::ne>, cmpi<IP::ne>, cmpi<IP::ne>,
     any<complex::NotEqualOp>},
    {"less", 1, cmpf<FP::OLT>, cmpi<IP::slt>, cmpi<IP::ult>, nullptr, nullptr},
    {"less_equal", 1, cmpf<FP::OLE>, cmpi<IP::sle>, cmpi<IP::ule>, nullptr,
     nullptr},
    {"greater", 1, cmpf<FP::OGT>, cmpi<IP::sgt>, cmpi<IP::ugt>, nullptr,
     nullptr},
    {"greater_equal", 1, cmpf<FP::OGE>, cmpi<IP::sge>, cmpi<IP::uge>, nullptr,
     nullptr},
    {"select", 1, select, select, select, select, select},
    {"cast", 1, cast, cast, cast, cast, cast},
    {"bitcast", 1, bitcast, bitcast, bitcast, bitcast, bitcast},
};

const ScalarRow *lowering::findScalarRow(Operation *op) {
  static const llvm::StringMap<const ScalarRow *> index = [] {
    llvm::StringMap<const ScalarRow *> map;
    for (const ScalarRow &row : rows)
      map[row.name] = &row;
    return map;
  }();
  if (!isa_and_nonnull<TFCDialect>(op->getDialect()))
    return nullptr;
  return index.lookup(op->getName().stripDialect());
}

static ScalarFn pick(const ScalarRow &row, Type element) {
  if (isBool(element))
    return row.onBool;
  if (isUnsigned(element))
    return row.onUint;
  if (isComplex(element))
    return row.onComplex;
  return isFloat(element) ? row.onFloat : row.onInt;
}

/// Moves bits or looks at them: rounding to f32 and back would only cost time.
static bool worksOnHalf(Operation *op) {
  return isa<SelectOp, CastOp, BitcastOp, NextafterOp>(op);
}

Value lowering::buildScalar(OpBuilder &b, Operation *op,
                            ArrayRef<Value> operands) {
  const ScalarRow *row = findScalarRow(op);
  if (!row)
    return {};
  Value typical = op->getOperand(isa<SelectOp>(op) ? 1 : 0);
  Type type = getElementTypeOrSelf(typical.getType());
  Type result = getElementTypeOrSelf(op->getResult(0).getType());
  ScalarFn build = pick(*row, type);
  if (!build)
    return {};
  if (!isHalf(type) || worksOnHalf(op))
    return build({b, op->getLoc(), type, result, {}}, operands);

  Type wide = b.getF32Type();
  SmallVector<Value> wideOperands;
  for (Value operand : operands)
    wideOperands.push_back(
        arith::ExtFOp::create(b, op->getLoc(), wide, operand));
  bool narrows = result == type;
  Value value = build({b, op->getLoc(), wide, narrows ? wide : result, type},
                      wideOperands);
  return narrows ? arith::TruncFOp::create(b, op->getLoc(), result, value)
                       .getResult()
                 : value;
}
