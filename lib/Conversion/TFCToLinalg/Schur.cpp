//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Schur.h"
#include "Reflections.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

// 0 * x is NaN exactly where x is not finite, and so is a sum of zeros and NaN.
Num lowering::largestElement(Kernel &k, const Array &x, Num rows, Num columns) {
  int64_t lanes = lanesOf(k);
  Num zero = k.index(0), nothing = k.real(0);
  Cell most = k.cell(nothing), spoiled = k.cell(nothing);
  bool isReal = isFloat(k.element);
  Num whole = isReal ? floorTo(k, columns, lanes) : zero;
  k.loop(zero, rows, [&](Num i) {
    if (isReal) {
      Array row = x.at({i});
      Num zeros = k.splat(nothing, lanes);
      SmallVector<Num> found = k.folds(
          zero, whole, lanes, {zeros, zeros}, [&](Num j, ArrayRef<Num> so) {
            Num size = k.num(
                math::AbsFOp::create(k.b, k.loc, row.vector(j, lanes).value));
            return SmallVector<Num>{k.larger(so[0], size),
                                    so[1] + size * zeros};
          });
      most = k.larger(most, k.num(vector::ReductionOp::create(
                                k.b, k.loc, vector::CombiningKind::MAXNUMF,
                                found[0].value)));
      spoiled = Num(spoiled) + k.sumOf(found[1]);
    }
    k.loop(whole, columns, [&](Num j) {
      Num size = k.abs(x(i, j));
      most = k.larger(most, size);
      spoiled = Num(spoiled) + size * nothing;
    });
  });
  return Num(most) + Num(spoiled);
}

Num lowering::scaleForSquares(Kernel &k, const Array &x, Num rows, Num columns,
                              Num most) {
  double limit = k.realType().isF64() ? 0x1p300 : 0x1p30;
  Num zero = k.index(0), far = most > k.real(limit) || most < k.real(1 / limit),
      scale = k.choose(far && most > k.real(0), most, k.real(1));
  k.when(far, [&] {
    k.loop(zero, rows, [&](Num i) {
      k.loop(zero, columns, [&](Num j) { x.set(i, j, x(i, j) / scale); });
    });
  });
  return scale;
}

Num lowering::isNotFinite(Kernel &k, const Array &x, Num rows, Num columns) {
  return k.isNan(largestElement(k, x, rows, columns));
}

Num lowering::complexSqrt(Kernel &k, Num x) {
  Num re = k.realPart(x), im = k.imagPart(x), nothing = k.real(0),
      half = k.real(0.5);
  Num size = k.abs(x);
  Num big = k.sqrt((k.abs(re) + size) * half);
  Num none = big == nothing;
  Num small = k.choose(none, nothing,
                       k.abs(im) * half / k.choose(none, k.real(1), big));
  Num right = re >= nothing;
  return k.complex(k.choose(right, big, small),
                   k.withSign(k.choose(right, small, big), im));
}

Num lowering::complexLog(Kernel &k, Num x) {
  Num re = k.realPart(x), im = k.imagPart(x);
  return k.complex(
      k.num(math::LogOp::create(k.b, k.loc, k.abs(x).value)),
      k.num(math::Atan2Op::create(k.b, k.loc, im.value, re.value)));
}

/// T = Q^H A Q with zeros below the subdiagonal.
void Schur::reduce() {
  Num zero = k.index(0);
  k.loop(zero, n - 1, [&](Num c) {
    Num start = c + 1;
    auto v = [&](Num i) { return t(i, c); };
    Reflection h =
        reflect(k, start, n, v, [&](Num i, Num x) { t.set(i, c, x); });
    taus.set(c, h.tau);
    reflectRows(k, t, start, n, start, n, k.conj(h.tau), v, work);
    k.loop(zero, n, [&](Num r) {
      Num dot = k.fold(start + 1, n, t(r, start),
                       [&](Num j, Num so) { return so + t(r, j) * v(j); });
      Num f = h.tau * dot;
      t.set(r, start, t(r, start) - f);
      k.loop(start + 1, n,
             [&](Num j) { t.set(r, j, t(r, j) - f * k.conj(v(j))); });
    });
    t.set(start, c, k.widen(h.beta));
  });
  k.loop(zero, n, [&](Num i) {
    k.loop(zero, n,
           [&](Num j) { q.set(i, j, k.choose(i == j, k.one(), k.zero())); });
  });
  k.loopDown(zero, n - 1, [&](Num c) {
    reflectRows(
        k, q, c + 1, n, c + 1, n, taus(c), [&](Num i) { return t(i, c); },
        work);
  });
  k.loop(zero, n, [&](Num i) {
    k.loop(zero, n, [&](Num j) {
      z.set(j, i, q(i, j));
      t.set(i, j, k.choose(j + 1 < i, k.zero(), t(i, j)));
    });
  });
}

/// The eigenvalue of the block that ends at `hi` that is nearest to its corner.
Num Schur::wilkinson(Num hi) {
  Num a = t(hi - 1, hi - 1), b = t(hi - 1, hi), c = t(hi, hi - 1),
      d = t(hi, hi);
  Num half = (a - d) * k.real(0.5), product = b * c;
  Num root = complexSqrt(k, half * half + product);
  Num plus = half + root, minus = half - root;
  Num divisor = k.choose(k.abs(plus) >= k.abs(minus), plus, minus);
  Num none = k.abs(divisor) == k.real(0);
  return k.choose(none, d, d - product / k.choose(none, k.one(), divisor));
}

/// One QR step of the block from `lo` to `hi`: a bulge runs down.
void Schur::step(Num lo, Num hi, Num shift) {
  Num zero = k.index(0), nothing = k.real(0), unit = k.real(1);
  Cell x = k.cell(t(lo, lo) - shift), y = k.cell(t(lo + 1, lo));
  k.loop(lo, hi, [&](Num i) {
    // (c, s; -conj(s), c) maps (x, y) to (r, 0).
    Num big = k.abs(x), small = k.abs(y), h = k.hypot(big, small);
    Num none = h == nothing, flat = big == nothing;
    Num safe = k.choose(none, unit, h);
    Num phase = k.choose(flat, k.one(), Num(x) / k.choose(flat, unit, big));
    Num c = k.choose(none, unit, big / safe);
    Num s = phase * k.conj(y) / safe;
    k.when(i > lo, [&] {
      t.set(i, i - 1, phase * h);
      t.set(i + 1, i - 1, k.zero());
    });
    Num turned = k.conj(s);
    k.loop(i, n, [&](Num j) {
      Num a = t(i, j), b = t(i + 1, j);
      t.set(i, j, a * c + s * b);
      t.set(i + 1, j, b * c - turned * a);
    });
    k.loop(zero, k.smaller(i + 2, hi) + 1, [&](Num r) {
      Num a = t(r, i), b = t(r, i + 1);
      t.set(r, i, a * c + turned * b);
      t.set(r, i + 1, b * c - s * a);
    });
    k.loop(zero, n, [&](Num r) {
      Num a = z(i, r), b = z(i + 1, r);
      z.set(i, r, a * c + turned * b);
      z.set(i + 1, r, b * c - s * a);
    });
    k.when(i + 1 < hi, [&] {
      x = t(i + 1, i);
      y = t(i + 2, i);
    });
  });
}

void Schur::decompose() {
  Num zero = k.index(0), eps = k.epsilon();
  reduce();
  Num tiny = largestElement(k, t, n, n) * eps * eps;
  Cell last = k.cell(n - 1), start = k.cell(zero), steps = k.cell(zero),
       tries = k.cell(zero), searching = k.cell(k.truth(true));
  Num limit = n * k.index(60);
  k.repeatWhile([&] { return Num(last) > zero && Num(steps) < limit; },
                [&] {
                  // The block that ends at `last` and has no zero below its
                  // diagonal.
                  start = Num(last);
                  searching = k.truth(true);
                  k.repeatWhile(
                      [&] { return Num(searching) && Num(start) > zero; },
                      [&] {
                        Num at = start, before = at - 1;
                        Num off = k.abs(t(at, before));
                        Num sum = k.abs(t(before, before)) + k.abs(t(at, at));
                        k.when(
                            off <= eps * sum || off <= tiny,
                            [&] {
                              t.set(at, before, k.zero());
                              searching = k.truth(false);
                            },
                            [&] { start = before; });
                      });
                  Num lo = start, hi = last;
                  k.when(
                      lo == hi,
                      [&] {
                        last = hi - 1;
                        tries = zero;
                      },
                      [&] {
                        steps = Num(steps) + 1;
                        tries = Num(tries) + 1;
                        // Now and then another shift: some matrices turn in a
                        // circle.
                        Num stuck = k.remainder(tries, k.index(10)) == zero;
                        Num other = t(hi, hi) + k.widen(k.abs(t(hi, hi - 1)));
                        step(lo, hi, k.choose(stuck, other, wilkinson(hi)));
                      });
                });
  // What is left below the diagonal counts as zero.
  k.loop(zero, n, [&](Num i) {
    k.loop(zero, i, [&](Num j) { t.set(i, j, k.zero()); });
  });
}
