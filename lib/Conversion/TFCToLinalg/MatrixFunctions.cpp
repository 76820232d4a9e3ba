//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Square roots and logarithms of complex matrices, from their Schur form
// (Higham, "Functions of Matrices", chapters 6 and 11).
//===----------------------------------------------------------------------===//

#include "Chunks.h"
#include "Schur.h"
#include "tfc/Dialect/TFC/IR/TFC.h"
#include <cmath>

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

namespace {

/// The memory of one kernel: A = Z T Z^H, and f(A) = Z f(T) Z^H.
struct MatrixFunction {
  Kernel k;
  Dims batch;
  Dim order;
  Num n;
  Array t, z, q, r, sum, taus, work;

  MatrixFunction(Lowering &l, Operation *op, ArrayRef<Dim> of)
      : k(l, {op->getOperand(0)}, outputs(of, elementOf(op->getOperand(0))),
          elementOf(op->getOperand(0))),
        batch(of.drop_back(2)), order(of.back()), n(k.size(order)) {}

  static SmallVector<Kernel::Output> outputs(ArrayRef<Dim> of, Type element) {
    Dim n = of.back();
    Dims result(of.drop_back(2));
    result.append({n, n});
    return {{result, element}};
  }

  void each(function_ref<void(Num, Num)> body) {
    Num zero = k.index(0);
    k.loop(zero, n,
           [&](Num i) { k.loop(zero, n, [&](Num j) { body(i, j); }); });
  }

  /// `function` makes f(T) of T in `t` and returns where it is.
  LogicalResult lower(Operation *op, function_ref<Array()> function) {
    auto prepare = [&] {
      for (Array *memory : {&t, &z, &q, &r, &sum})
        *memory = k.scratch({order, order}, k.element);
      for (Array *memory : {&taus, &work})
        *memory = k.scratch({order}, k.element);
    };
    auto ofMatrix = [&](ArrayRef<Num> at) {
      Array x = k.input(0).at(at), result = k.output(0).at(at);
      Num most = largestElement(k, x, n, n);
      k.when(
          k.isNan(most),
          [&] {
            Num nan = k.complex(k.real(NAN), k.real(NAN));
            each([&](Num i, Num j) { result.set(i, j, nan); });
          },
          [&] {
            each([&](Num i, Num j) { t.set(i, j, x(i, j)); });
            Schur{k, t, z, q, taus, work, n}.decompose();
            Array f = function();
            compose(f, result);
          });
    };
    overMatrices(k, batch, {order, order, order}, 100, ofMatrix, prepare);
    setResults(k.l, op, k.finish());
    return success();
  }

  /// result = Z f Z^H. Rows of `z` are columns of Z.
  void compose(const Array &f, const Array &result) {
    each([&](Num i, Num j) { q.set(i, j, k.zero()); });
    Num zero = k.index(0);
    k.loop(zero, n, [&](Num i) {
      k.loop(i, n, [&](Num j) {
        Num c = f(i, j);
        k.loop(zero, n,
               [&](Num m) { q.set(i, m, q(i, m) + c * k.conj(z(j, m))); });
      });
    });
    each([&](Num i, Num j) { result.set(i, j, k.zero()); });
    k.loop(zero, n, [&](Num i) {
      k.loop(zero, n, [&](Num j) {
        Num c = z(j, i);
        k.loop(zero, n,
               [&](Num m) { result.set(i, m, result(i, m) + c * q(j, m)); });
      });
    });
  }

  /// r = sqrt(t), column by column (Bjorck and Hammarling, 1983).
  void squareRoot() {
    Num zero = k.index(0);
    each([&](Num i, Num j) { r.set(i, j, k.zero()); });
    k.loop(zero, n, [&](Num j) {
      r.set(j, j, complexSqrt(k, t(j, j)));
      k.loopDown(zero, j, [&](Num i) {
        Num rest = k.fold(i + 1, j, t(i, j), [&](Num m, Num so) {
          return so - r(i, m) * r(m, j);
        });
        Num divisor = r(i, i) + r(j, j);
        Num none = k.abs(rest) == k.real(0);
        Num safe = k.choose(none, k.one(), divisor);
        r.set(i, j, k.choose(none, k.zero(), rest / safe));
      });
    });
  }

  /// The distance of `t` from the identity, in the 1-norm.
  Num distance() {
    Num zero = k.index(0);
    Cell most = k.cell(k.real(0));
    k.loop(zero, n, [&](Num j) {
      Num column = k.fold(zero, j + 1, k.real(0), [&](Num i, Num so) {
        return so + k.abs(t(i, j) - k.choose(i == j, k.one(), k.zero()));
      });
      most = k.larger(most, column);
    });
    return most;
  }

  /// sum = log(t): square roots until t is near the identity, then Pade's
  /// approximant of degree 7 as a sum of fractions, whose poles and weights are
  /// those of Gauss and Legendre's quadrature on [0, 1].
  void logarithm() {
    Num zero = k.index(0);
    // The diagonal is taken from T itself, exactly. Singular matrices have no
    // logarithm.
    Num nan = k.complex(k.real(NAN), k.real(NAN));
    k.loop(zero, n, [&](Num i) {
      Num x = t(i, i);
      work.set(i, k.choose(k.abs(x) == k.real(0), nan, complexLog(k, x)));
    });
    Cell times = k.cell(zero), factor = k.cell(k.real(1)),
         near = k.cell(distance());
    k.repeatWhile(
        [&] { return Num(near) > k.real(0.25) && Num(times) < k.index(80); },
        [&] {
          squareRoot();
          each([&](Num i, Num j) { t.set(i, j, r(i, j)); });
          times = Num(times) + 1;
          factor = Num(factor) * k.real(2);
          near = distance();
        });
    each([&](Num i, Num j) {
      t.set(i, j, t(i, j) - k.choose(i == j, k.one(), k.zero()));
      sum.set(i, j, k.zero());
    });
    const double nodes[] = {0.0, 0.405845151377397166906606412076961,
                            0.741531185599394439863864773280788,
                            0.949107912342758524526189684047851};
    const double weights[] = {0.417959183673469387755102040816327,
                              0.381830050505118944950369775488975,
                              0.279705391489276667901467771423780,
                              0.129484966168869693270611432679082};
    auto add = [&](double node, double weight) {
      Num at = k.real(0.5 + 0.5 * node), w = k.real(0.5 * weight);
      each([&](Num i, Num j) {
        r.set(i, j, t(i, j));
        q.set(i, j, t(i, j) * at + k.choose(i == j, k.one(), k.zero()));
      });
      solveTriangle(k, q, r, n, n, /*lower=*/false, /*unit=*/false);
      each([&](Num i, Num j) { sum.set(i, j, sum(i, j) + r(i, j) * w); });
    };
    add(nodes[0], weights[0]);
    for (int i = 1; i < 4; ++i) {
      add(nodes[i], weights[i]);
      add(-nodes[i], weights[i]);
    }
    each([&](Num i, Num j) { sum.set(i, j, sum(i, j) * Num(factor)); });
    k.loop(zero, n, [&](Num i) { sum.set(i, i, work(i)); });
  }
};

} // namespace

static LogicalResult lowerSqrtm(Lowering &l, SqrtmOp op) {
  Dims of(l.dims.of(op.getX()));
  MatrixFunction f(l, op, of);
  return f.lower(op, [&] {
    f.squareRoot();
    return f.r;
  });
}

static LogicalResult lowerLogm(Lowering &l, LogmOp op) {
  Dims of(l.dims.of(op.getX()));
  MatrixFunction f(l, op, of);
  return f.lower(op, [&] {
    f.logarithm();
    return f.sum;
  });
}

void lowering::addMatrixFunctionHandlers(Handlers &handlers) {
  addHandler<SqrtmOp, lowerSqrtm>(handlers);
  addHandler<LogmOp, lowerLogm>(handlers);
}
