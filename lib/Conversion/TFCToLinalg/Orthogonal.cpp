//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// QR and eigenvalues of Hermitian matrices, by Householder reflections and
// rotations (Golub and Van Loan, "Matrix Computations", chapters 5 and 8).
//===----------------------------------------------------------------------===//

#include "Kernel.h"
#include "Schur.h"
#include "tfc/Dialect/TFC/IR/TFC.h"
#include <cmath>

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

static void fillIdentity(Kernel &k, const Array &x, Num rows, Num columns) {
  k.loop(k.index(0), rows, [&](Num i) {
    k.loop(k.index(0), columns,
           [&](Num j) { x.set(i, j, k.choose(i == j, k.one(), k.zero())); });
  });
}

//===----------------------------------------------------------------------===//
// QR
//===----------------------------------------------------------------------===//

static LogicalResult lowerQR(Lowering &l, QROp op) {
  ArrayRef<Dim> of = l.dims.of(op.getX()), batch = of.drop_back(2);
  Dim rowDim = of[of.size() - 2], columnDim = of.back();
  Type element = elementOf(op.getX());
  Value rows = l.size(rowDim), columns = l.size(columnDim);
  Dims q(l.dims.of(op.getQ())), r(l.dims.of(op.getR()));
  Dim inner = minimumDim(l, rowDim, columnDim);
  q[q.size() - 2] = rowDim;
  q.back() = r[r.size() - 2] = op.getFull() ? rowDim : inner;
  r.back() = columnDim;
  for (size_t i = 0; i < batch.size(); ++i)
    q[i] = r[i] = batch[i];
  Kernel k(l, {op.getX()},
           {{q, element},
            {r, element},
            {{rowDim, columnDim}, element},
            {{inner}, element},
            {{columnDim}, element},
            {{q.back()}, element}},
           element);
  Num m = k.num(rows), n = k.num(columns), count = k.size(inner),
      width = k.size(q.back());
  Num zero = k.index(0);
  Array w = k.output(2), taus = k.output(3), scratch = k.output(4),
        wide = k.output(5);
  k.loops(batch, [&](ArrayRef<Num> at) {
    Array x = k.input(0).at(at), qs = k.output(0).at(at),
          rs = k.output(1).at(at);
    k.loop(zero, m, [&](Num i) {
      k.loop(zero, n, [&](Num j) { w.set(i, j, x(i, j)); });
    });
    k.loop(zero, count, [&](Num j) {
      auto v = [&](Num i) { return w(i, j); };
      Reflection h = reflect(k, j, m, v, [&](Num i, Num x) { w.set(i, j, x); });
      taus.set(j, h.tau);
      reflectRows(k, w, j, m, j + 1, n, k.conj(h.tau), v, scratch);
      w.set(j, j, k.widen(h.beta));
    });
    Num bad = isNotFinite(k, x, m, n), nan = k.widen(k.real(NAN));
    k.loop(zero, width, [&](Num i) {
      k.loop(zero, n, [&](Num j) {
        // Rows past the last reflection are zero.
        Num low = k.smaller(i, j), inside = (i <= j) && (i < count);
        Num found = w(k.choose(i < m, low, zero), j);
        rs.set(i, j, k.choose(inside, k.choose(bad, nan, found), k.zero()));
      });
    });
    fillIdentity(k, qs, m, width);
    k.loopDown(zero, count, [&](Num j) {
      reflectRows(
          k, qs, j, m, j, width, taus(j), [&](Num i) { return w(i, j); }, wide);
    });
    k.when(bad, [&] {
      k.loop(zero, m, [&](Num i) {
        k.loop(zero, width, [&](Num j) { qs.set(i, j, nan); });
      });
    });
  });
  setResults(l, op, k.finish());
  return success();
}

//===----------------------------------------------------------------------===//
// Eigenvalues
//===----------------------------------------------------------------------===//

namespace {

/// T = Q^H A Q with a real tridiagonal T: `d` and `e` are its diagonals.
struct Tridiagonal {
  Kernel &k;
  Array w, taus, v, x, d, e;
  Num n;

  /// A holds all of a Hermitian matrix; below the diagonal it keeps the
  /// reflections.
  void reduce() {
    k.loop(k.index(0), n - 1, [&](Num c) {
      Num start = c + 1;
      Reflection h = reflect(
          k, start, n, [&](Num i) { return w(i, c); },
          [&](Num i, Num value) { w.set(i, c, value); });
      taus.set(c, h.tau);
      e.set(c, h.beta);
      k.loop(start, n,
             [&](Num i) { v.set(i, k.choose(i == start, k.one(), w(i, c))); });
      update(start, h.tau);
    });
    k.loop(k.index(0), n, [&](Num i) { d.set(i, k.realPart(w(i, i))); });
  }

  /// H^H A H as an update of rank two.
  void update(Num start, Num tau) {
    k.loop(start, n, [&](Num j) { x.set(j, k.zero()); });
    k.loop(start, n, [&](Num i) {
      Num c = tau * v(i);
      k.loop(start, n, [&](Num j) { x.set(j, x(j) + c * k.conj(w(i, j))); });
    });
    Num dot = k.fold(start, n, k.zero(),
                     [&](Num i, Num so) { return so + k.conj(x(i)) * v(i); });
    Num half = tau * dot * k.real(-0.5);
    k.loop(start, n, [&](Num i) { x.set(i, x(i) + half * v(i)); });
    k.loop(start, n, [&](Num i) {
      Num a = v(i), b = x(i);
      k.loop(start, n, [&](Num j) {
        w.set(i, j, w(i, j) - a * k.conj(x(j)) - b * k.conj(v(j)));
      });
    });
  }

  /// Diagonalizes T by implicit QR steps with Wilkinson's shift; rows of `z`
  /// turn with it.
  void diagonalize(const Array &z) {
    Num zero = k.index(0), eps = k.epsilon();
    Cell last = k.cell(n - 1), start = k.cell(zero), steps = k.cell(zero);
    Num limit = n * k.index(40);
    k.repeatWhile(
        [&] { return Num(last) > zero && Num(steps) < limit; },
        [&] {
          // The unreduced block that ends at `last`.
          start = Num(last);
          Cell searching = k.cell(k.truth(true));
          k.repeatWhile(
              [&] { return Num(searching) && Num(start) > zero; },
              [&] {
                Num at = Num(start) - 1;
                Num negligible =
                    k.abs(e(at)) <= eps * (k.abs(d(at)) + k.abs(d(at + 1)));
                k.when(
                    negligible,
                    [&] { e.set(at, k.real(0)), searching = k.truth(false); },
                    [&] { start = at; });
              });
          k.when(
              Num(start) == Num(last), [&] { last = Num(last) - 1; },
              [&] { step(z, start, last), steps = Num(steps) + 1; });
        });
  }

  void step(const Array &z, Num lo, Num hi) {
    Num end = d(hi), off = e(hi - 1), nothing = k.real(0);
    Num half = (d(hi - 1) - end) * k.real(0.5);
    Num root = half + k.withSign(k.hypot(half, off), half);
    Num shift = end - k.choose(root == nothing, nothing, off * (off / root));
    Cell x = k.cell(d(lo) - shift), y = k.cell(e(lo));
    k.loop(lo, hi, [&](Num i) {
      Num r = k.hypot(x, y), none = r == nothing;
      Num c = k.choose(none, k.real(1), Num(x) / r),
          s = k.choose(none, nothing, Num(y) / r);
      k.when(i > lo, [&] { e.set(i - 1, r); });
      Num a = d(i), b = d(i + 1), off = e(i), two = k.real(2);
      d.set(i, c * c * a + two * c * s * off + s * s * b);
      d.set(i + 1, s * s * a - two * c * s * off + c * c * b);
      Num next = c * s * (b - a) + (c * c - s * s) * off;
      e.set(i, next);
      k.when(i < hi - 1, [&] {
        Num below = e(i + 1);
        x = next;
        y = s * below;
        e.set(i + 1, c * below);
      });
      rotateRows(k, z, i, i + 1, c, s, n);
    });
  }
};

} // namespace

static LogicalResult lowerEigh(Lowering &l, EighOp op) {
  ArrayRef<Dim> of = l.dims.of(op.getX()), batch = of.drop_back(2);
  Dim order = of.back();
  Type element = elementOf(op.getX());
  Type realElement = elementOf(op.getValues());
  Dims matrix(batch), vector(batch);
  matrix.append({order, order});
  vector.push_back(order);
  Kernel k(l, {op.getX()},
           {{vector, realElement},
            {matrix, element},
            {{order, order}, element},
            {{order, order}, element},
            {{order}, element},
            {{order}, element},
            {{order}, element},
            {{order}, realElement}},
           element);
  Num n = k.size(order), zero = k.index(0);
  Array w = k.output(2), z = k.output(3), taus = k.output(4), v = k.output(5),
        x = k.output(6), e = k.output(7);
  k.loops(batch, [&](ArrayRef<Num> at) {
    Array input = k.input(0).at(at), d = k.output(0).at(at),
          vectors = k.output(1).at(at);
    k.loop(zero, n, [&](Num i) {
      k.loop(zero, i, [&](Num j) {
        w.set(i, j, input(i, j));
        w.set(j, i, k.conj(input(i, j)));
      });
      w.set(i, i, k.widen(k.realPart(input(i, i))));
    });
    Num bad = isNotFinite(k, w, n, n), nan = k.real(NAN);
    Tridiagonal t{k, w, taus, v, x, d, e, n};
    t.reduce();
    // Q = H_1 H_2 ..., in the memory of the result; its columns then become
    // rows.
    fillIdentity(k, vectors, n, n);
    k.loopDown(zero, n - 1, [&](Num c) {
      reflectRows(
          k, vectors, c + 1, n, c + 1, n, taus(c),
          [&](Num i) { return w(i, c); }, x);
    });
    k.loop(zero, n, [&](Num i) {
      k.loop(zero, n, [&](Num j) { z.set(j, i, vectors(i, j)); });
    });
    t.diagonalize(z);
    sortRows(k, d, n, /*descending=*/false,
             [&](Num i, Num j) { swapRows(k, z, i, j, n); });
    k.loop(zero, n, [&](Num i) {
      d.set(i, k.choose(bad, nan, d(i)));
      k.loop(zero, n, [&](Num j) {
        vectors.set(i, j, k.choose(bad, k.widen(nan), z(j, i)));
      });
    });
  });
  setResults(l, op, k.finish());
  return success();
}

void lowering::addOrthogonalHandlers(Handlers &handlers) {
  addHandler<QROp, lowerQR>(handlers);
  addHandler<EighOp, lowerEigh>(handlers);
}
