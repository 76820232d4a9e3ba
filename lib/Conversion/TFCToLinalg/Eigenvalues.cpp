//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Eigenvalues and eigenvectors of square matrices, from their Schur form.
//===----------------------------------------------------------------------===//

#include "Chunks.h"
#include "Schur.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "tfc/Dialect/TFC/IR/TFC.h"
#include <cmath>

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

namespace {

/// Eigenvectors of the triangular `t`, and the order of the results.
struct Eigenvectors {
  Kernel &k;
  Array t, z, y, values, vectors, keys;
  Num n;

  /// y = (T - t_cc)^-1 of what stands in column c, by back substitution. An
  /// eigenvalue that comes twice is moved a little.
  void solve(Num c, Num least) {
    Num huge = k.real(1e12);
    y.set(c, k.one());
    k.loopDown(k.index(0), c, [&](Num i) {
      Num sum = k.fold(i + 1, c + 1, k.zero(),
                       [&](Num j, Num so) { return so + t(i, j) * y(j); });
      Num gap = t(c, c) - t(i, i);
      gap = k.choose(k.abs(gap) < least, k.widen(least), gap);
      Num x = sum / gap;
      y.set(i, x);
      Num size = k.abs(x);
      k.when(size > huge,
             [&] { k.loop(i, c + 1, [&](Num j) { y.set(j, y(j) / size); }); });
    });
  }

  /// Column c of the results: Z y of length 1. The first element that is at
  /// least half as large as the largest one is real and positive.
  void place(Num c) {
    Num zero = k.index(0), nothing = k.real(0);
    k.loop(zero, n, [&](Num r) { vectors.set(r, c, k.zero()); });
    k.loop(zero, c + 1, [&](Num i) {
      Num f = y(i);
      k.loop(zero, n,
             [&](Num r) { vectors.set(r, c, vectors(r, c) + f * z(i, r)); });
    });
    Num most = k.fold(zero, n, nothing, [&](Num r, Num so) {
      return k.larger(so, k.abs(vectors(r, c)));
    });
    Num safe = k.choose(most == nothing, k.real(1), most);
    Num sum = k.fold(zero, n, nothing, [&](Num r, Num so) {
      return so + k.squared(vectors(r, c) / safe);
    });
    Cell found = k.cell(k.truth(false)), phase = k.cell(k.one());
    k.loop(zero, n, [&](Num r) {
      Num x = vectors(r, c), size = k.abs(x);
      k.when(k.no(found) && size >= most * k.real(0.5) && size > nothing, [&] {
        found = k.truth(true);
        phase = k.conj(x) / size;
      });
    });
    Num scale = safe * k.sqrt(sum);
    k.loop(zero, n, [&](Num r) {
      vectors.set(r, c, vectors(r, c) * Num(phase) / scale);
    });
  }

  Num rounded(Num x) {
    return k.num(math::RoundEvenOp::create(k.b, k.loc, x.value));
  }

  /// By size, then from right to left and from above to below in the plane.
  /// Numbers that differ by rounding only count as equal.
  void sort() {
    Num zero = k.index(0), nothing = k.real(0);
    Num most = k.fold(zero, n, nothing, [&](Num i, Num so) {
      return k.larger(so, k.abs(values(i)));
    });
    Num steps = k.real(k.realType().isF64() ? 0x1p34 : 0x1p13);
    Num unit = k.choose(most == nothing, k.real(1), most);
    k.loop(zero, n, [&](Num i) {
      Num x = values(i);
      keys.set(zero, i, rounded(k.abs(x) / unit * steps));
      keys.set(k.index(1), i, rounded(-k.realPart(x) / unit * steps));
      keys.set(k.index(2), i, rounded(-k.imagPart(x) / unit * steps));
    });
    auto before = [&](Num i, Num j) {
      Num result = k.truth(false);
      for (int64_t key : {2, 1, 0}) {
        Num a = keys(k.index(key), i), b = keys(k.index(key), j);
        result = (a < b) || ((a == b) && result);
      }
      return result;
    };
    auto exchange = [&](const Array &x, Num i, Num j) {
      Num a = x(i), b = x(j);
      x.set(i, b);
      x.set(j, a);
    };
    Cell best = k.cell(zero);
    k.loop(zero, n, [&](Num i) {
      best = i;
      k.loop(i + 1, n,
             [&](Num j) { k.when(before(j, best), [&] { best = j; }); });
      k.when(Num(best) != i, [&] {
        Num j = best;
        exchange(values, i, j);
        for (int64_t key : {0, 1, 2})
          exchange(keys.at({k.index(key)}), i, j);
        k.loop(zero, n, [&](Num r) { exchange(vectors.at({r}), i, j); });
      });
    });
  }
};

} // namespace

static LogicalResult lowerEig(Lowering &l, EigOp op) {
  Dims of(l.dims.of(op.getX()));
  Dim order = of.back();
  Dims batch(ArrayRef<Dim>(of).drop_back(2));
  Type element = elementOf(op.getValues());
  Type real = cast<ComplexType>(element).getElementType();
  Dims matrix(batch), vector(batch);
  matrix.append({order, order});
  vector.push_back(order);
  Kernel k(l, {op.getX()}, {{vector, element}, {matrix, element}}, element);
  Num n = k.size(order), zero = k.index(0);
  Array t, z, q, taus, work, keys;
  auto prepare = [&] {
    for (Array *memory : {&t, &z, &q})
      *memory = k.scratch({order, order}, element);
    for (Array *memory : {&taus, &work})
      *memory = k.scratch({order}, element);
    keys = k.scratch({3, order}, real);
  };
  auto decompose = [&](ArrayRef<Num> at) {
    Array x = k.input(0).at(at), values = k.output(0).at(at),
          vectors = k.output(1).at(at);
    Num most = largestElement(k, x, n, n);
    auto fill = [&] {
      // Squares of the elements must neither overflow nor vanish.
      Num far = (most > k.real(1e10)) || (most < k.real(1e-10));
      Num scale = k.choose(far && (most > k.real(0)), most, k.real(1));
      k.loop(zero, n, [&](Num i) {
        k.loop(zero, n, [&](Num j) { t.set(i, j, k.widen(x(i, j) / scale)); });
      });
      Schur{k, t, z, q, taus, work, n}.decompose();
      Num least = largestElement(k, t, n, n) * k.epsilon();
      least = k.choose(least == k.real(0), k.epsilon(), least);
      Eigenvectors e{k, t, z, work, values, vectors, keys, n};
      k.loop(zero, n, [&](Num c) {
        values.set(c, t(c, c) * scale);
        e.solve(c, least);
        e.place(c);
      });
      e.sort();
    };
    auto spoil = [&] {
      Num nan = k.complex(k.real(NAN), k.real(NAN));
      k.loop(zero, n, [&](Num i) {
        values.set(i, nan);
        k.loop(zero, n, [&](Num j) { vectors.set(i, j, nan); });
      });
    };
    k.when(k.isNan(most), spoil, fill);
  };
  overMatrices(k, batch, {order, order, order}, 100, decompose, prepare);
  setResults(l, op, k.finish());
  return success();
}

void lowering::addEigenvalueHandlers(Handlers &handlers) {
  addHandler<EigOp, lowerEig>(handlers);
}
