//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Triangular factorizations and linear systems, by rows: the innermost loops
// run along rows of matrices, and LLVM vectorizes them.
//===----------------------------------------------------------------------===//

#include "Chunks.h"
#include "Planes.h"
#include "Reflections.h"
#include "TriangularSystems.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "tfc/Dialect/TFC/IR/TFC.h"
#include <cmath>

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

/// Updates are products, or four rows at once, and what is left are passes over
/// rows.
static void keepLoopsOfBlocks(Kernel &k, Dim order) {
  constexpr int64_t inBlocks = 96, inFours = 16;
  if (order >= (k.isComplexKernel() ? inFours : inBlocks))
    keepLoops(k, Kernel::Loops::ofElements);
}

/// x = U^H U, where each row gets what those before mean for it at once.
static void factorComplexCholesky(Kernel &k, const Array &u, Dim order) {
  Num zero = k.index(0), n = k.size(order);
  k.loop(zero, n, [&](Num i) {
    Array row = u.at({i});
    addRows(k, row, u, zero, i, i, n, [&](Num j) { return -k.conj(u(j, i)); });
    Num square = k.realPart(row(i));
    Num d = k.choose(square > k.real(0), k.sqrt(square), k.real(NAN));
    row.set(i, k.widen(d));
    k.loop(i + 1, n, [&](Num j) { row.set(j, row(j) / d); });
  });
}

/// x = U^H U, row by row of U, which starts as x.
static void factorCholesky(Kernel &k, const Array &u, Dim order) {
  if (k.isComplexKernel())
    return factorComplexCholesky(k, u, order);
  Num n = k.size(order);
  k.loop(k.index(0), n, [&](Num i) {
    Num square = k.realPart(u(i, i));
    Num d = k.choose(square > k.real(0), k.sqrt(square), k.real(NAN));
    u.set(i, i, k.widen(d));
    k.loop(i + 1, n, [&](Num j) { u.set(i, j, u(i, j) / d); });
    k.loop(i + 1, n, [&](Num j) {
      Num c = k.conj(u(i, j));
      k.loop(j, n, [&](Num m) { u.set(j, m, u(j, m) - c * u(i, m)); });
    });
  });
}

/// Rows of `to`'s upper triangle, or lower one, are columns of the other
/// triangle of `from`, conjugated. Places are taken so many columns at a time,
/// so that each cache line is filled while it is near.
static void mirror(Kernel &k, const Array &from, const Array &to, Num n,
                   bool upper) {
  Num zero = k.index(0);
  k.loopBy(zero, n, 16, [&](Num first) {
    k.loop(first, n, [&](Num i) {
      k.loop(first, k.smaller(first + 16, i + 1), [&](Num j) {
        if (upper)
          to.set(j, i, k.conj(from(i, j)));
        else
          to.set(i, j, k.conj(from(j, i)));
      });
    });
  });
}

/// U starts as the lower triangle's mirror.
static void factorCholeskyByRows(Kernel &k, const Array &x, const Array &result,
                                 Dim order) {
  if (hasComplexBlocks(k, order))
    return factorComplexCholeskyInBlocks(k, x, result, order);
  Array u = workArray(k, {order, order});
  Num n = k.size(order), zero = k.index(0);
  mirror(k, x, u, n, /*upper=*/true);
  factorCholesky(k, u, order);
  mirror(k, u, result, n, /*upper=*/false);
  k.loop(zero, n, [&](Num i) {
    k.loop(i + 1, n, [&](Num j) { result.set(i, j, k.zero()); });
  });
  // NaN reaches the last element of the diagonal from anywhere.
  k.when(n > zero, [&] {
    k.when(k.isNan(k.realPart(u(n - 1, n - 1))), [&] {
      k.loop(zero, n, [&](Num i) {
        k.loop(zero, n, [&](Num j) { result.set(i, j, k.widen(k.real(NAN))); });
      });
    });
  });
}

static LogicalResult lowerCholesky(Lowering &l, CholeskyOp op) {
  ArrayRef<Dim> of = l.dims.of(op.getX());
  Type element = elementOf(op.getX());
  Kernel k(l, {op.getX()}, {{Dims(l.dims.of(op.getResult())), element}},
           element);
  Dim order = of.back();
  overMatrices(
      k, of.drop_back(2), {order, order, order}, 1. / 3, [&](ArrayRef<Num> at) {
        Array x = k.input(0).at(at), result = k.output(0).at(at);
        chooseBlocks(
            k, order, [&] { factorCholeskyInBlocks(k, x, result, order); },
            [&] { factorCholeskyByRows(k, x, result, order); });
      });
  keepLoopsOfBlocks(k, order);
  setResults(l, op, k.finish());
  return success();
}

void lowering::solveTriangle(Kernel &k, const Array &a, const Array &x, Num n,
                             Num columns, bool lower, bool unit) {
  Num zero = k.index(0);
  auto row = [&](Num i) {
    if (k.isComplexKernel())
      addRows(k, x.at({i}), x, lower ? zero : i + 1, lower ? i : n, zero,
              columns, [&](Num j) { return -a(i, j); });
    else
      k.loop(lower ? zero : i + 1, lower ? i : n, [&](Num j) {
        Num c = a(i, j);
        k.loop(zero, columns,
               [&](Num m) { x.set(i, m, x(i, m) - c * x(j, m)); });
      });
    if (unit)
      return;
    Num d = a(i, i);
    k.loop(zero, columns, [&](Num m) { x.set(i, m, x(i, m) / d); });
  };
  if (lower)
    k.loop(zero, n, row);
  else
    k.loopDown(zero, n, row);
}

/// X := A^-1 X for one triangle of A, whichever way.
static void solveEither(Kernel &k, const Array &a, const Array &x, Dim order,
                        Num columns, bool lower, bool unit) {
  if (hasComplexBlocks(k, order) && hasWideColumns(k, columns)) {
    Array planes = planesOr(k, {}, {order, order});
    copyMatrix(k, a, planes, k.size(order), k.size(order));
    return solveTriangleInBlocks(k, planes, x, order, columns, lower, unit);
  }
  chooseBlocks(
      k, order,
      [&] { solveTriangleInBlocks(k, a, x, order, columns, lower, unit); },
      [&] { solveTriangle(k, a, x, k.size(order), columns, lower, unit); });
}

/// In place: L below the diagonal, U above; `exchanged` rows. Of complex
/// numbers, a few columns go first, and what they mean for those behind is
/// added at once.
static void factorLU(Kernel &k, const Array &x, Dim order,
                     function_ref<void(Num, Num)> exchanged) {
  constexpr int64_t few = 4;
  Num zero = k.index(0), n = k.size(order);
  Cell pivot = k.cell(zero), best = k.cell(k.real(0));
  auto column = [&](Num i, Num end) {
    pivot = i;
    best = k.abs(x(i, i));
    k.loop(i + 1, n, [&](Num j) {
      Num size = k.abs(x(j, i));
      k.when(size > best, [&] {
        best = size;
        pivot = j;
      });
    });
    k.when(Num(pivot) != i, [&] {
      swapRows(k, x, i, pivot, n);
      exchanged(i, pivot);
    });
    k.when(Num(best) != k.real(0), [&] {
      Num d = x(i, i);
      k.loop(i + 1, n, [&](Num j) {
        Num c = x(j, i) / d;
        x.set(j, i, c);
        k.loop(i + 1, end, [&](Num m) { x.set(j, m, x(j, m) - c * x(i, m)); });
      });
    });
  };
  if (!k.isComplexKernel())
    return k.loop(zero, n, [&](Num i) { column(i, n); });
  if (hasComplexBlocks(k, order))
    return factorComplexLUInBlocks(k, x, order, exchanged);
  k.loopBy(zero, n, few, [&](Num start) {
    Num end = k.smaller(start + few, n);
    k.loop(start, end, [&](Num i) { column(i, end); });
    k.loop(start + 1, n, [&](Num j) {
      addRows(k, x.at({j}), x, start, k.smaller(j, end), end, n,
              [&](Num i) { return -x(j, i); });
    });
  });
}

/// The factors of `from` in `x`.
static void factorLU(Kernel &k, const Array &from, const Array &x, Dim order,
                     function_ref<void(Num, Num)> exchanged) {
  Num n = k.size(order);
  chooseBlocks(
      k, order, [&] { factorLUInBlocks(k, from, x, order, exchanged); },
      [&] {
        copyMatrix(k, from, x, n, n);
        factorLU(k, x, order, exchanged);
      });
}

static LogicalResult lowerLU(Lowering &l, LUOp op) {
  ArrayRef<Dim> of = l.dims.of(op.getX()), batch = of.drop_back(2);
  Type element = elementOf(op.getX()), i32 = l.b.getI32Type();
  Dims matrix(batch), vector(batch);
  matrix.append({of.back(), of.back()});
  vector.push_back(of.back());
  Kernel k(l, {op.getX()}, {{matrix, element}, {vector, i32}}, element);
  Num n = k.size(of.back());
  overMatrices(
      k, batch, {of.back(), of.back(), of.back()}, 2. / 3,
      [&](ArrayRef<Num> at) {
        Array result = k.output(0).at(at), permutation = k.output(1).at(at);
        Array x = isComplex(element) ? planesOr(k, {}, {of.back(), of.back()})
                                     : result;
        k.loop(k.index(0), n, [&](Num i) {
          permutation.set(
              i, k.num(arith::IndexCastOp::create(k.b, k.loc, i32, i.value)));
        });
        factorLU(k, k.input(0).at(at), x, of.back(), [&](Num i, Num j) {
          Num a = permutation(i), b = permutation(j);
          permutation.set(i, b);
          permutation.set(j, a);
        });
        if (isComplex(element))
          copyMatrix(k, x, result, n, n);
      });
  keepLoopsOfBlocks(k, of.back());
  setResults(l, op, k.finish());
  return success();
}

static LogicalResult lowerTriangularSolve(Lowering &l, TriangularSolveOp op) {
  ArrayRef<Dim> of = l.dims.of(op.getB());
  Type element = elementOf(op.getB());
  Kernel k(l, {op.getA(), op.getB()}, {{Dims(of), element}}, element);
  Num n = k.size(of[of.size() - 2]), columns = k.size(of.back());
  Dim order = of[of.size() - 2];
  overMatrices(k, of.drop_back(2), {order, order, of.back()}, 0.5,
               [&](ArrayRef<Num> at) {
                 Array result = k.output(0).at(at);
                 Array x = isComplex(element) ? planesOr(k, {}, of.take_back(2))
                                              : result;
                 copyMatrix(k, k.input(1).at(at), x, n, columns);
                 solveEither(k, k.input(0).at(at), x, order, columns,
                             op.getLower(), op.getUnit());
                 if (isComplex(element))
                   copyMatrix(k, x, result, n, columns);
               });
  keepLoopsOfBlocks(k, order);
  setResults(l, op, k.finish());
  return success();
}

/// Inverses have the columns of (L U)^-1 in another order, as in blocks of real
/// matrices. Complex `x` is not the result yet.
static void invertComplex(Kernel &k, const Array &a, const Array &x,
                          const Array &result, Dim order) {
  Num zero = k.index(0), n = k.size(order);
  Array factors = workArray(k, {order, order}),
        places = k.scratch({order}, k.b.getIndexType());
  copyMatrix(k, a, factors, n, n);
  Cell inverts = k.cell(isIdentity(k, x, n));
  k.loop(zero, n, [&](Num i) { places.set(i, i); });
  factorLU(k, factors, order, [&](Num i, Num j) {
    k.when(
        inverts,
        [&] {
          Num at = places(i), other = places(j);
          places.set(i, other);
          places.set(j, at);
        },
        [&] { swapRows(k, x, i, j, n); });
  });
  solveFactorsInBlocks(k, factors, x, order, n);
  k.loop(zero, n, [&](Num i) {
    k.loop(zero, n, [&](Num j) { result.set(i, places(j), x(i, j)); });
  });
}

static void solveWithFactors(Kernel &k, const Array &factors, const Array &x,
                             Dim order, Num columns) {
  if (hasComplexBlocks(k, order) && hasWideColumns(k, columns))
    return solveFactorsInBlocks(k, factors, x, order, columns);
  for (bool lower : {true, false})
    solveTriangle(k, factors, x, k.size(order), columns, lower, /*unit=*/lower);
}

static void solveByRows(Kernel &k, const Array &a, const Array &x,
                        const Array &result, Dim order, Num columns) {
  Num n = k.size(order);
  if (hasComplexBlocks(k, order) &&
      getConstantIntValue(columns.value) == std::optional<int64_t>(order))
    return invertComplex(k, a, x, result, order);
  Array factors = workArray(k, {order, order});
  copyMatrix(k, a, factors, n, n);
  factorLU(k, factors, order,
           [&](Num i, Num j) { swapRows(k, x, i, j, columns); });
  solveWithFactors(k, factors, x, order, columns);
  if (k.isComplexKernel())
    copyMatrix(k, x, result, n, columns);
}

static LogicalResult lowerSolve(Lowering &l, SolveOp op) {
  ArrayRef<Dim> of = l.dims.of(op.getB());
  Dim order = of[of.size() - 2];
  Type element = elementOf(op.getB());
  Kernel k(l, {op.getA(), op.getB()}, {{Dims(of), element}}, element);
  Num n = k.size(order), columns = k.size(of.back());
  overMatrices(k, of.drop_back(2), {order, order, order}, 2,
               [&](ArrayRef<Num> at) {
                 Array result = k.output(0).at(at);
                 Array x = isComplex(element) ? planesOr(k, {}, of.take_back(2))
                                              : result;
                 copyMatrix(k, k.input(1).at(at), x, n, columns);
                 Array a = k.input(0).at(at);
                 chooseBlocks(
                     k, order, [&] { solveInBlocks(k, a, x, order, columns); },
                     [&] { solveByRows(k, a, x, result, order, columns); });
               });
  keepLoopsOfBlocks(k, order);
  setResults(l, op, k.finish());
  return success();
}

/// Gaussian elimination of three diagonals. U has two diagonals above its own
/// where rows were exchanged.
static void solveTridiagonal(Kernel &k, const Array &a, const Array &x,
                             const Array &u, Num n, Num columns,
                             bool pivoting) {
  Num zero = k.index(0), first = k.index(1), second = k.index(2);
  auto right = [&](Num i) { return a(zero, i); };
  auto middle = [&](Num i) { return a(first, i); };
  auto left = [&](Num i) { return a(second, i); };
  k.when(n > zero, [&] { u.set(zero, zero, middle(zero)); });
  k.when(n > first, [&] { u.set(zero, first, right(zero)); });
  k.loop(zero, n - 1, [&](Num i) {
    Num next = i + 1, isLast = i == n - 2;
    Num above = k.choose(isLast, k.zero(), right(next));
    Num pivot = u(i, zero), below = left(next);
    auto eliminate = [&] {
      Num factor = below / pivot;
      u.set(next, zero, middle(next) - factor * u(i, first));
      u.set(next, first, above);
      u.set(i, second, k.zero());
      k.loop(zero, columns,
             [&](Num m) { x.set(next, m, x(next, m) - factor * x(i, m)); });
    };
    auto exchange = [&] {
      Num factor = pivot / below, center = middle(next);
      u.set(i, zero, below);
      u.set(next, zero, u(i, first) - factor * center);
      u.set(i, first, center);
      u.set(i, second, above);
      u.set(next, first, -factor * above);
      k.loop(zero, columns, [&](Num m) {
        Num lower = x(next, m), upper = x(i, m);
        x.set(i, m, lower);
        x.set(next, m, upper - factor * lower);
      });
    };
    if (pivoting)
      k.when(k.abs(pivot) < k.abs(below), exchange, eliminate);
    else
      eliminate();
  });
  k.loopDown(zero, n, [&](Num i) {
    Num d = u(i, zero);
    auto subtract = [&](Num diagonal, Num row) {
      k.when(row < n, [&] {
        Num c = u(i, diagonal);
        k.loop(zero, columns,
               [&](Num m) { x.set(i, m, x(i, m) - c * x(row, m)); });
      });
    };
    subtract(first, i + 1);
    subtract(second, i + 2);
    k.loop(zero, columns, [&](Num m) { x.set(i, m, x(i, m) / d); });
  });
}

static LogicalResult lowerTridiagonalSolve(Lowering &l, TridiagonalSolveOp op) {
  Dims of(l.dims.of(op.getB()));
  Dim order = of[of.size() - 2];
  Type element = elementOf(op.getB());
  Kernel k(l, {op.getDiagonals(), op.getB()}, {{of, element}}, element);
  Num n = k.size(order), columns = k.size(of.back());
  Array u;
  overMatrices(
      k, ArrayRef<Dim>(of).drop_back(2), {order, of.back(), 1}, 10,
      [&](ArrayRef<Num> at) {
        Array x = k.output(0).at(at);
        copyMatrix(k, k.input(1).at(at), x, n, columns);
        solveTridiagonal(k, k.input(0).at(at), x, u, n, columns,
                         op.getPivoting());
      },
      [&] { u = k.scratch({order, 3}, element); });
  setResults(l, op, k.finish());
  return success();
}

void lowering::addFactorHandlers(Handlers &handlers) {
  addHandler<CholeskyOp, lowerCholesky>(handlers);
  addHandler<LUOp, lowerLU>(handlers);
  addHandler<TriangularSolveOp, lowerTriangularSolve>(handlers);
  addHandler<SolveOp, lowerSolve>(handlers);
  addHandler<TridiagonalSolveOp, lowerTridiagonalSolve>(handlers);
}
