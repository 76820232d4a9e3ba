//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The remainder of a division, |x| - n |y| where n is the quotient cut to a
// whole number. A quotient that was rounded is never less than a whole number
// that the true one reaches, so that n is right or one too large.
//===----------------------------------------------------------------------===//

#include "Writer.h"

using namespace mlir;
using namespace tfc::expand;

/// In f64, where n y is exact: n has 22 digits, y 24.
static Value shortDifference(Writer &outer, Value x, Value n, Value y) {
  Writer w = outer.inDouble();
  Value divisor = w.widen(y);
  Value r = w.exactSub(w.widen(x), w.mul(w.widen(n), divisor));
  r = w.select(w.less(r, w.constant(0)), w.exactAdd(r, divisor), r);
  return w.narrow(r);
}

/// n has 26 digits, as y's head does and what is left of y, so that products
/// are exact. The first difference may have a digit too many.
static Value difference(Writer &w, Value x, Value n, Value y) {
  Value head = w.head(y), tail = w.exactSub(y, head);
  Writer::Sum first = w.twoSum(x, w.neg(w.mul(n, head)));
  Value r = w.exactAdd(w.exactSub(first.value, w.mul(n, tail)), first.error);
  return w.select(w.less(r, w.constant(0)), w.exactAdd(r, y), r);
}

Partial tfc::expand::expandRemainder(Writer &w, Value x, Value y) {
  Value dividend = w.abs(x), divisor = w.abs(y);
  Value quotient = w.div(dividend, divisor);
  // Infinite arguments, NaN and divisors of 0 as well.
  Value isBeyond = w.compare(arith::CmpFPredicate::UGE, quotient,
                             w.constant(w.pick(0x1p22, 0x1p26)));
  Value isInfinite = w.equal(divisor, w.infinity());
  isBeyond = arith::OrIOp::create(w.opBuilder(), w.loc(), isBeyond, isInfinite);
  Value n = w.trunc(quotient);
  Value r = w.isF64() ? difference(w, dividend, n, divisor)
                      : shortDifference(w, dividend, n, divisor);
  return {w.copySign(r, x), isBeyond};
}
