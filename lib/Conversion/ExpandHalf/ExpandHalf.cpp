//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Conversions between f16 or bf16 and wider floats as branch-free integer
// arithmetic, rounded to nearest even.
//
// A narrow number has fewer exponent and mantissa bits. In the range of its
// normal numbers, narrowing is: subtract the difference of the biases from the
// exponent field, add just below half a unit (a half if the result would be
// odd), drop the bits; a carry goes on into the exponent, up to infinity.
// Below, adding the power of two whose unit in the last place is the smallest
// narrow number rounds at the right place. NaNs stay NaNs and become quiet.
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"
#include "tfc/Conversion/Passes.h"

namespace tfc {
#define GEN_PASS_DEF_EXPANDHALFPASS
#include "tfc/Conversion/Passes.h.inc"
} // namespace tfc

using namespace mlir;
using arith::CmpIPredicate;

namespace {

/// The layout of a binary float.
struct Format {
  int64_t width, mantissa, bias;

  static Format of(Type type) {
    const llvm::fltSemantics &semantics =
        cast<FloatType>(getElementTypeOrSelf(type)).getFloatSemantics();
    return {int64_t(APFloat::semanticsSizeInBits(semantics)),
            int64_t(APFloat::semanticsPrecision(semantics)) - 1,
            int64_t(APFloat::semanticsMaxExponent(semantics))};
  }
  int64_t infinity() const {
    return ((int64_t(1) << (width - 1 - mantissa)) - 1) << mantissa;
  }
  /// The bits of 2 to the power of `exponent`.
  int64_t power(int64_t exponent) const {
    return (exponent + bias) << mantissa;
  }
};

/// Writes arithmetic on integers of one width, scalars or vectors.
class Writer {
public:
  Writer(OpBuilder &builder, Location loc, Type like, int64_t width)
      : b(loc, builder), element(b.getIntegerType(width)),
        type(shaped(like, element)) {}

  static Type shaped(Type like, Type element) {
    if (auto vector = dyn_cast<VectorType>(like))
      return vector.clone(element);
    return element;
  }
  Value constant(int64_t value) {
    TypedAttr attr = IntegerAttr::get(element, APInt(element.getWidth(), value,
                                                     /*isSigned=*/false,
                                                     /*implicitTrunc=*/true));
    if (auto vector = dyn_cast<VectorType>(type))
      attr = DenseElementsAttr::get(vector, Attribute(attr));
    return arith::ConstantOp::create(b, attr);
  }
  Value bits(Value x) { return arith::BitcastOp::create(b, type, x); }
  Value add(Value x, Value y) { return arith::AddIOp::create(b, x, y); }
  Value add(Value x, int64_t y) { return add(x, constant(y)); }
  Value sub(Value x, int64_t y) {
    return arith::SubIOp::create(b, x, constant(y));
  }
  Value mask(Value x, int64_t y) {
    return arith::AndIOp::create(b, x, constant(y));
  }
  Value either(Value x, Value y) { return arith::OrIOp::create(b, x, y); }
  Value either(Value x, int64_t y) { return either(x, constant(y)); }
  Value left(Value x, int64_t n) {
    return arith::ShLIOp::create(b, x, constant(n));
  }
  Value right(Value x, int64_t n) {
    return arith::ShRUIOp::create(b, x, constant(n));
  }
  /// Signed: magnitudes have no sign bit, and vector units compare signed
  /// numbers best.
  Value less(Value x, int64_t y) {
    return arith::CmpIOp::create(b, CmpIPredicate::slt, x, constant(y));
  }
  Value select(Value c, Value x, Value y) {
    return arith::SelectOp::create(b, c, x, y);
  }

  ImplicitLocOpBuilder b;
  IntegerType element;
  Type type;
};

/// The same for as many bits of exponent: denormals are no special case,
/// rounding reaches infinity by itself, and the sign is never reached.
Value narrowMantissa(Writer &w, Value x, Format from, Format to) {
  int64_t dropped = from.mantissa - to.mantissa;
  Value bits = w.bits(x);
  Value odd = w.mask(w.right(bits, dropped), 1);
  Value rounded = w.add(w.add(bits, (int64_t(1) << (dropped - 1)) - 1), odd);
  Value quiet = w.either(bits, int64_t(1) << (from.mantissa - 1));
  Value isNan = arith::CmpFOp::create(w.b, arith::CmpFPredicate::UNO, x, x);
  return w.right(w.select(isNan, quiet, rounded), dropped);
}

/// The bits of `x` in a narrower format, in an integer as wide as `x`.
Value narrowBits(Writer &w, Value x, Format from, Format to) {
  if (from.bias == to.bias)
    return narrowMantissa(w, x, from, to);
  int64_t dropped = from.mantissa - to.mantissa;
  Value bits = w.bits(x);
  Value magnitude = w.mask(bits, ~(int64_t(1) << (from.width - 1)));
  Value sign = w.mask(w.right(bits, from.width - to.width),
                      int64_t(1) << (to.width - 1));

  Value odd = w.mask(w.right(magnitude, dropped), 1);
  Value rounded =
      w.add(w.add(magnitude, (int64_t(1) << (dropped - 1)) - 1), odd);
  Value result =
      w.right(w.sub(rounded, (from.bias - to.bias) << from.mantissa), dropped);

  int64_t smallest =
      1 - to.bias - to.mantissa; // exponent of the smallest denormal
  int64_t magic = from.power(smallest + from.mantissa);
  Type floatType = x.getType();
  Value shifted = arith::AddFOp::create(
      w.b, arith::BitcastOp::create(w.b, floatType, magnitude),
      arith::BitcastOp::create(w.b, floatType, w.constant(magic)));
  Value denormal = w.sub(w.bits(shifted), magic);
  result =
      w.select(w.less(magnitude, from.power(1 - to.bias)), denormal, result);
  // Half a unit below the first power of two that is too large: rounds to
  // even, that is up.
  int64_t overflow = from.power(to.bias + 1) - (int64_t(1) << (dropped - 1));
  result =
      w.select(w.less(magnitude, overflow), result, w.constant(to.infinity()));
  Value quiet = w.either(
      w.mask(w.right(magnitude, dropped), (int64_t(1) << to.mantissa) - 1),
      to.infinity() | int64_t(1) << (to.mantissa - 1));
  result = w.select(w.less(magnitude, from.infinity() + 1), result, quiet);
  return w.either(result, sign);
}

/// Is this f32 a number that `half` has, whatever it was computed from? Maxima
/// are one of their operands, and rounding to whole numbers leaves no more
/// digits.
bool fitsHalf(Value x, Type half, unsigned nested = 0) {
  constexpr unsigned deepest = 8;
  Operation *op = x.getDefiningOp();
  if (!op || nested == deepest)
    return false;
  auto all = [&](OperandRange operands) {
    return llvm::all_of(operands, [&](Value operand) {
      return fitsHalf(operand, half, nested + 1);
    });
  };
  if (auto wide = dyn_cast<arith::ExtFOp>(op))
    return getElementTypeOrSelf(wide.getIn().getType()) ==
           getElementTypeOrSelf(half);
  if (auto select = dyn_cast<arith::SelectOp>(op))
    return all(select->getOperands().drop_front());
  APFloat number(0.0);
  if (matchPattern(x, m_ConstantFloat(&number))) {
    bool loses = false;
    number.convert(
        cast<FloatType>(getElementTypeOrSelf(half)).getFloatSemantics(),
        APFloat::rmNearestTiesToEven, &loses);
    return !loses;
  }
  return isa<arith::MaximumFOp, arith::MinimumFOp, arith::MaxNumFOp,
             arith::MinNumFOp, arith::NegFOp, math::AbsFOp, math::CopySignOp,
             math::FloorOp, math::CeilOp, math::TruncOp, math::RoundOp,
             math::RoundEvenOp>(op) &&
         all(op->getOperands());
}

Value narrow(OpBuilder &builder, Location loc, Value x, Type half) {
  Format from = Format::of(x.getType()), to = Format::of(half);
  Writer w(builder, loc, x.getType(), from.width);
  // The upper half of what a bfloat16 was widened to is that bfloat16.
  bool isExact = from.bias == to.bias && fitsHalf(x, half);
  Value bits = isExact ? w.right(w.bits(x), from.mantissa - to.mantissa)
                       : narrowBits(w, x, from, to);
  Type small = Writer::shaped(half, w.b.getIntegerType(to.width));
  return arith::BitcastOp::create(w.b, half,
                                  arith::TruncIOp::create(w.b, small, bits));
}

/// `x` as f32; every f16 and bf16 is one.
Value widen(OpBuilder &builder, Location loc, Value x) {
  Format from = Format::of(x.getType());
  Writer w(builder, loc, x.getType(), 32);
  Type f32 = Writer::shaped(x.getType(), w.b.getF32Type());
  Format to = Format::of(f32);
  Type small = Writer::shaped(x.getType(), w.b.getIntegerType(from.width));
  Value bits = arith::ExtUIOp::create(w.b, w.type,
                                      arith::BitcastOp::create(w.b, small, x));
  int64_t added = to.mantissa - from.mantissa;
  if (from.bias == to.bias)
    return arith::BitcastOp::create(w.b, f32, w.left(bits, added));

  Value sign = w.left(w.mask(bits, int64_t(1) << (from.width - 1)),
                      to.width - from.width);
  Value magnitude = w.mask(bits, (int64_t(1) << (from.width - 1)) - 1);
  Value result =
      w.add(w.left(magnitude, added), (to.bias - from.bias) << to.mantissa);
  // The exponent field of infinities and NaNs goes from all ones to all ones.
  Value special = w.add(result, (to.bias - from.bias) << to.mantissa);
  result = w.select(w.less(magnitude, from.infinity()), result, special);
  // A denormal is a small integer times the smallest one.
  Value unit = arith::BitcastOp::create(
      w.b, f32, w.constant(to.power(1 - from.bias - from.mantissa)));
  Value denormal = arith::MulFOp::create(
      w.b, arith::SIToFPOp::create(w.b, f32, magnitude), unit);
  result = w.select(w.less(magnitude, int64_t(1) << from.mantissa),
                    w.bits(denormal), result);
  return arith::BitcastOp::create(w.b, f32, w.either(result, sign));
}

struct ExpandHalf : public tfc::impl::ExpandHalfPassBase<ExpandHalf> {
  using ExpandHalfPassBase::ExpandHalfPassBase;

  void runOnOperation() override {
    SmallVector<Operation *> conversions;
    getOperation()->walk([&](Operation *op) {
      if (isa<arith::ExtFOp, arith::TruncFOp>(op))
        conversions.push_back(op);
    });
    // From the end: what is narrowed is looked up in the widening of others.
    for (Operation *op : llvm::reverse(conversions))
      expand(op);
  }

  bool lacks(Type wide, Type half) const {
    if (half.isBF16())
      return true;
    return half.isF16() && (!f16 || (wide.isF64() && !f64ToF16));
  }

  void expand(Operation *op) {
    Value x = op->getOperand(0);
    Type from = getElementTypeOrSelf(x.getType()),
         to = getElementTypeOrSelf(op->getResult(0).getType());
    OpBuilder builder(op);
    Location loc = op->getLoc();
    Value made;
    if (isa<arith::TruncFOp>(op)) {
      if (!lacks(from, to))
        return;
      made = narrow(builder, loc, x, op->getResult(0).getType());
    } else {
      if (!from.isBF16() && !(from.isF16() && !f16))
        return;
      made = widen(builder, loc, x);
      if (to.isF64())
        made = arith::ExtFOp::create(builder, loc, op->getResult(0).getType(),
                                     made);
    }
    op->getResult(0).replaceAllUsesWith(made);
    op->erase();
  }
};

} // namespace
