//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Integer arithmetic without undefined behaviour: a zero divisor (checked
// before) and the least number over -1 give some number, shifts beyond the
// width none.
//===----------------------------------------------------------------------===//

#include "Scalars.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"
#include <optional>

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

using Args = ArrayRef<Value>;
using C = const ScalarContext &;

static Value compareInts(C c, arith::CmpIPredicate predicate, Value x,
                         Value y) {
  return arith::CmpIOp::create(c.b, c.loc, predicate, x, y);
}

namespace {
/// Quotient and remainder, rounded toward zero.
struct Division {
  Value quotient, remainder;
};
} // namespace

static Division divide(C c, Value x, Value y) {
  Value isZero = compareInts(c, arith::CmpIPredicate::eq, y, c.number(0));
  if (isUnsigned(c.type)) {
    Value divisor = choose(c, isZero, c.number(1), y);
    Value quotient = arith::DivUIOp::create(c.b, c.loc, x, divisor);
    return {quotient,
            arith::SubIOp::create(
                c.b, c.loc, x,
                arith::MulIOp::create(c.b, c.loc, quotient, divisor))};
  }
  Value isMinusOne = compareInts(c, arith::CmpIPredicate::eq, y, c.number(-1));
  Value special = arith::OrIOp::create(c.b, c.loc, isZero, isMinusOne);
  Value divisor = choose(c, special, c.number(1), y);
  Value quotient = arith::DivSIOp::create(c.b, c.loc, x, divisor);
  Value remainder = arith::SubIOp::create(
      c.b, c.loc, x, arith::MulIOp::create(c.b, c.loc, quotient, divisor));
  Value negated = arith::SubIOp::create(c.b, c.loc, c.number(0), x);
  return {choose(c, isMinusOne, negated, quotient), remainder};
}

/// Is the remainder not zero, and of the other sign than the divisor?
static Value needsCorrection(C c, Value remainder, Value y) {
  Value some = compareInts(c, arith::CmpIPredicate::ne, remainder, c.number(0));
  Value differ =
      compareInts(c, arith::CmpIPredicate::slt,
                  arith::XOrIOp::create(c.b, c.loc, remainder, y), c.number(0));
  return arith::AndIOp::create(c.b, c.loc, some, differ);
}

Value lowering::intTruncDiv(C c, Args x) {
  return divide(c, x[0], x[1]).quotient;
}
Value lowering::intTruncMod(C c, Args x) {
  return divide(c, x[0], x[1]).remainder;
}

/// The binary logarithm of a divisor that is a known power of two, from 2 on:
/// quotients that are rounded down are shifts, their remainders the last
/// digits. From divisions that are rounded to zero, and a correction, LLVM
/// makes ten instructions.
static std::optional<int64_t> knownShift(Value divisor) {
  APInt number;
  if (!matchPattern(divisor, m_ConstantInt(&number)) ||
      !number.isStrictlyPositive() || !number.isPowerOf2() || number.isOne())
    return std::nullopt;
  return number.logBase2();
}

Value lowering::intFloorDiv(C c, Args x) {
  if (std::optional<int64_t> shift = knownShift(x[1]);
      shift && !isUnsigned(c.type))
    return arith::ShRSIOp::create(c.b, c.loc, x[0], c.number(*shift));
  Division d = divide(c, x[0], x[1]);
  if (isUnsigned(c.type))
    return d.quotient;
  Value down = arith::SubIOp::create(c.b, c.loc, d.quotient, c.number(1));
  return choose(c, needsCorrection(c, d.remainder, x[1]), down, d.quotient);
}

Value lowering::intFloorMod(C c, Args x) {
  if (std::optional<int64_t> shift = knownShift(x[1]);
      shift && !isUnsigned(c.type))
    return arith::AndIOp::create(c.b, c.loc, x[0],
                                 c.number((int64_t(1) << *shift) - 1));
  Division d = divide(c, x[0], x[1]);
  if (isUnsigned(c.type))
    return d.remainder;
  Value up = arith::AddIOp::create(c.b, c.loc, d.remainder, x[1]);
  return choose(c, needsCorrection(c, d.remainder, x[1]), up, d.remainder);
}

namespace {
/// A power by squaring so far: of the digits of the exponent before `rest`.
struct Squaring {
  Value power, square, rest;
};
} // namespace

static Value isOdd(C c, Value x) {
  return compareInts(c, arith::CmpIPredicate::ne,
                     arith::AndIOp::create(c.b, c.loc, x, c.number(1)),
                     c.number(0));
}

/// The next digit, whose power of the base is the square of the one before.
static Squaring takeDigit(C c, Squaring s) {
  Value square = arith::MulIOp::create(c.b, c.loc, s.square, s.square);
  Value times = arith::MulIOp::create(c.b, c.loc, s.power, square);
  Value power = choose(c, isOdd(c, s.rest), times, s.power);
  Value rest = arith::ShRUIOp::create(c.b, c.loc, s.rest, c.number(1));
  return {power, square, rest};
}

/// By squaring, modulo the type's size. A negative exponent counts as 0. The
/// first four digits without asking, then two at a time while there are any: a
/// zero digit changes nothing, and whether another lane of a vector goes on
/// costs as much as two multiplications.
Value lowering::intPow(C c, Args x) {
  constexpr int first = 4, each = 2;
  Value exponent = x[1];
  if (!isUnsigned(c.type))
    exponent = arith::MaxSIOp::create(c.b, c.loc, exponent, c.number(0));
  Squaring start{choose(c, isOdd(c, exponent), x[0], c.number(1)), x[0],
                 arith::ShRUIOp::create(c.b, c.loc, exponent, c.number(1))};
  for (int i = 1; i < first; ++i)
    start = takeDigit(c, start);

  Type type = scalarType(c.type);
  auto loop = scf::WhileOp::create(
      c.b, c.loc, TypeRange{type, type, type},
      ValueRange{start.power, start.square, start.rest},
      [&](OpBuilder &b, Location loc, ValueRange args) {
        ScalarContext in{b, loc, c.type, c.result};
        scf::ConditionOp::create(
            b, loc,
            compareInts(in, arith::CmpIPredicate::ne, args[2], in.number(0)),
            args);
      },
      [&](OpBuilder &b, Location loc, ValueRange args) {
        ScalarContext in{b, loc, c.type, c.result};
        Squaring next{args[0], args[1], args[2]};
        for (int i = 0; i < each; ++i)
          next = takeDigit(in, next);
        scf::YieldOp::create(b, loc,
                             ValueRange{next.power, next.square, next.rest});
      });
  return loop.getResult(0);
}

static Value isBelowWidth(C c, Value amount) {
  return compareInts(c, arith::CmpIPredicate::ult, amount,
                     c.number(c.type.getIntOrFloatBitWidth()));
}

Value lowering::intLeftShift(C c, Args x) {
  Value small = isBelowWidth(c, x[1]);
  Value amount = choose(c, small, x[1], c.number(0));
  return choose(c, small, arith::ShLIOp::create(c.b, c.loc, x[0], amount),
                c.number(0));
}

Value lowering::intRightShift(C c, Args x) {
  if (isUnsigned(c.type)) {
    Value small = isBelowWidth(c, x[1]);
    Value amount = choose(c, small, x[1], c.number(0));
    return choose(c, small, arith::ShRUIOp::create(c.b, c.loc, x[0], amount),
                  c.number(0));
  }
  // All that is left after too many bits is the sign; a negative number of bits
  // counts as none.
  Value amount = arith::MaxSIOp::create(c.b, c.loc, x[1], c.number(0));
  amount = arith::MinSIOp::create(c.b, c.loc, amount,
                                  c.number(c.type.getIntOrFloatBitWidth() - 1));
  return arith::ShRSIOp::create(c.b, c.loc, x[0], amount);
}
