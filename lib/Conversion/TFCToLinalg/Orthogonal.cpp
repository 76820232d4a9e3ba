//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// QR and eigenvalues of Hermitian matrices, by Householder reflections and
// rotations (Golub and Van Loan, "Matrix Computations", chapters 5 and 8).
//===----------------------------------------------------------------------===//

#include "Chunks.h"
#include "ComplexReflections.h"
#include "Planes.h"
#include "Reflections.h"
#include "Schur.h"
#include "Sweeps.h"
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
  auto reflected = op->getAttrOfType<IntegerAttr>("tfc.reflected");
  Dim smaller = minimumDim(l, rowDim, columnDim),
      inner = reflected ? Dim(reflected.getInt()) : smaller;
  q[q.size() - 2] = rowDim;
  q.back() = r[r.size() - 2] = op.getFull() ? rowDim : smaller;
  r.back() = columnDim;
  for (size_t i = 0; i < batch.size(); ++i)
    q[i] = r[i] = batch[i];
  bool needsQ = !op.getQ().use_empty();
  bool inVectors =
           loopsOfReflections(element, rowDim) == Kernel::Loops::ofVectors,
       isComplexInBlocks = hasComplexReflections(element, rowDim, columnDim);
  Kernel k(l, {op.getX()}, {{needsQ ? q : Dims{0}, element}, {r, element}},
           element, loopsOfReflections(element, rowDim));
  Num m = k.num(rows), n = k.num(columns), count = k.size(inner),
      width = k.size(q.back());
  Num zero = k.index(0);
  Array w, taus, scratch, wide, planes;
  auto prepare = [&] {
    if (inVectors || isComplexInBlocks)
      return;
    w = workArray(k, {rowDim, columnDim});
    taus = k.scratch({inner}, element);
    scratch = workArray(k, {columnDim});
    if (!needsQ)
      return;
    wide = workArray(k, {q.back()});
    planes = planesOr(k, {}, {rowDim, q.back()});
  };
  auto form = [&](const Array &qs) {
    Array formed = isComplex(element) ? planes : qs;
    fillIdentity(k, formed, m, width);
    k.loopDown(zero, count, [&](Num j) {
      reflectRows(
          k, formed, j, m, j, width, taus(j), [&](Num i) { return w(i, j); },
          wide);
    });
    if (isComplex(element))
      copyMatrix(k, formed, qs, m, width);
  };
  auto factor = [&](ArrayRef<Num> at) {
    Array x = k.input(0).at(at), qs = needsQ ? k.output(0).at(at) : Array(),
          rs = k.output(1).at(at);
    auto inBlocks = [&] {
      ReflectionBlocks h(k, inner, rowDim);
      factorQRInBlocks(k, x, h, rs, width, count, rowDim, columnDim);
      if (!needsQ)
        return;
      h.form(count, q.back(), 0,
             [&](const Array &some, Num from, OpFoldResult columns) {
               copyColumns(k, some, qs, from, m, columns);
             });
    };
    auto complexInBlocks = [&] {
      ComplexReflections h(k, inner, rowDim);
      factorComplexQRInBlocks(k, x, h, rs, q.back(), columnDim);
      if (!needsQ)
        return;
      h.form(q.back(), [&](const Array &some, Num from, Num columns) {
        Array re = some.at({zero}), im = some.at({k.index(1)});
        k.loop(zero, m, [&](Num i) {
          k.loop(zero, columns, [&](Num j) {
            qs.set(i, from + j, k.complex(re(i, j), im(i, j)));
          });
        });
      });
    };
    auto plain = [&] {
      k.loop(zero, m, [&](Num i) {
        k.loop(zero, n, [&](Num j) { w.set(i, j, x(i, j)); });
      });
      k.loop(zero, count, [&](Num j) {
        auto v = [&](Num i) { return w(i, j); };
        Reflection h =
            reflect(k, j, m, v, [&](Num i, Num x) { w.set(i, j, x); });
        taus.set(j, h.tau);
        reflectRows(k, w, j, m, j + 1, n, k.conj(h.tau), v, scratch);
        w.set(j, j, k.widen(h.beta));
      });
      if (needsQ)
        form(qs);
      k.loop(zero, width, [&](Num i) {
        k.loop(zero, n, [&](Num j) { rs.set(i, j, k.zero()); });
        k.when(i < count,
               [&] { k.loop(i, n, [&](Num j) { rs.set(i, j, w(i, j)); }); });
      });
    };
    if (isComplexInBlocks)
      complexInBlocks();
    else
      chooseReflectionBlocks(k, rowDim, inBlocks, plain);
    // Columns that have no reflections spoil no others.
    k.when(isNotFinite(k, x, m, reflected ? count : n), [&] {
      Num nan = k.widen(k.real(NAN));
      k.loop(zero, count,
             [&](Num i) { k.loop(i, n, [&](Num j) { rs.set(i, j, nan); }); });
      if (!needsQ)
        return;
      k.loop(zero, m, [&](Num i) {
        k.loop(zero, width, [&](Num j) { qs.set(i, j, nan); });
      });
    });
  };
  overMatrices(k, batch, {rowDim, columnDim, inner}, 5, factor, prepare);
  constexpr int64_t inFours = 16;
  if (inVectors)
    keepLoops(k, Kernel::Loops::ofVectors);
  else if (isComplex(element) && rowDim >= inFours)
    keepLoops(k, Kernel::Loops::ofElements);
  SmallVector<Value> values = k.finish();
  if (!needsQ)
    l.set(op.getR(),
          l.convert(values.back(), l.loweredType(op.getR().getType())));
  else
    setResults(l, op, values);
  return success();
}

//===----------------------------------------------------------------------===//
// Eigenvalues
//===----------------------------------------------------------------------===//

namespace {

/// What happens to vectors: rows i and i + 1 of [lo, hi] turn.
struct TurningVectors {
  function_ref<void(Num lo, Num hi)> begin;
  function_ref<void(Num i, Num c, Num s)> turn;
  function_ref<void()> finish;
};

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

  /// How far the QR steps are.
  struct Progress {
    Num tiny, limit;
    Cell last, start, steps;
  };
  Progress begin() {
    Num zero = k.index(0), eps = k.epsilon();
    Num norm = k.fold(zero, n - 1, k.abs(d(n - 1)), [&](Num i, Num so) {
      return k.larger(so, k.larger(k.abs(d(i)), k.abs(e(i))));
    });
    // Of a matrix without full rank, rounding leaves elements of any size:
    // rotations by denormal ones are none.
    return {eps * eps * norm, n * k.index(40), k.cell(n - 1), k.cell(zero),
            k.cell(zero)};
  }

  /// Diagonalizes T by implicit QR steps with Wilkinson's shift, as long as
  /// there is room for more of them.
  void diagonalize(const TurningVectors &turning) {
    Progress progress = begin();
    goOn(progress, turning, [&] { return k.truth(true); });
  }
  void goOn(const Progress &progress, const TurningVectors &turning,
            function_ref<Num()> hasRoom) {
    const auto &[tiny, limit, last, start, steps] = progress;
    Num zero = k.index(0), eps = k.epsilon();
    k.repeatWhile(
        [&] { return Num(last) > zero && Num(steps) < limit && hasRoom(); },
        [&] {
          // The unreduced block that ends at `last`.
          start = Num(last);
          Cell searching = k.cell(k.truth(true));
          k.repeatWhile(
              [&] { return Num(searching) && Num(start) > zero; },
              [&] {
                Num at = Num(start) - 1;
                Num negligible =
                    k.abs(e(at)) <= eps * (k.abs(d(at)) + k.abs(d(at + 1))) ||
                    k.abs(e(at)) <= tiny;
                k.when(
                    negligible,
                    [&] { e.set(at, k.real(0)), searching = k.truth(false); },
                    [&] { start = at; });
              });
          k.when(
              Num(start) == Num(last), [&] { last = Num(last) - 1; },
              [&] { step(turning, start, last), steps = Num(steps) + 1; });
        });
  }

  void step(const TurningVectors &turning, Num lo, Num hi) {
    Num end = d(hi), off = e(hi - 1), nothing = k.real(0);
    Num half = (d(hi - 1) - end) * k.real(0.5);
    Num root = half + k.withSign(k.hypot(half, off), half);
    Num shift = end - k.choose(root == nothing, nothing, off * (off / root));
    Cell x = k.cell(d(lo) - shift), y = k.cell(e(lo));
    turning.begin(lo, hi);
    k.loop(lo, hi, [&](Num i) {
      auto [c, s, r] = rotationOf(k, x, y);
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
      turning.turn(i, c, s);
    });
    turning.finish();
  }
};

} // namespace

static LogicalResult lowerEigh(Lowering &l, EighOp op) {
  ArrayRef<Dim> of = l.dims.of(op.getX()), batch = of.drop_back(2);
  Dim order = of.back();
  Type element = elementOf(op.getX());
  Type realElement = elementOf(op.getValues());
  bool needsVectors = !op.getVectors().use_empty();
  Dims matrix(batch), vector(batch);
  matrix.append({order, order});
  vector.push_back(order);
  // A chain of QR steps goes through both diagonals. On the stack, where pieces
  // of a shared loop have what is small, a processor looks for them longer.
  Kernel k(l, {op.getX()},
           {{vector, realElement},
            {needsVectors ? matrix : Dims{0}, element},
            {vector, realElement}},
           element, loopsOfReflections(element, order));
  Num n = k.size(order), zero = k.index(0);
  auto nothing = [] {};
  auto noTurn = [](Num, Num, Num) {};
  auto noBegin = [](Num, Num) {};
  double work = needsVectors ? 10 : 4;
  bool inVectors =
      loopsOfReflections(element, order) == Kernel::Loops::ofVectors;
  Array w, taus, v, x, z, planes;
  auto prepare = [&] {
    w = workArray(k, {order, order});
    if (inVectors)
      return;
    taus = k.scratch({order}, element);
    v = workArray(k, {order});
    x = workArray(k, {order});
    if (!needsVectors)
      return;
    z = workArray(k, {order, order});
    planes = planesOr(k, {}, {order, order});
  };
  auto factor = [&](ArrayRef<Num> at) {
    Array input = k.input(0).at(at), d = k.output(0).at(at),
          vectors = needsVectors ? k.output(1).at(at) : Array();
    Array e = k.output(2).at(at);
    auto placeValues = [&](Num bad, Num scale) {
      k.loop(zero, n, [&](Num i) {
        d.set(i, k.choose(bad, k.real(NAN), d(i) * scale));
      });
    };
    auto plain = [&] {
      k.loop(zero, n, [&](Num i) {
        k.loop(zero, i, [&](Num j) {
          w.set(i, j, input(i, j));
          w.set(j, i, k.conj(input(i, j)));
        });
        w.set(i, i, k.widen(k.realPart(input(i, i))));
      });
      Num most = largestElement(k, w, n, n),
          scale = scaleForSquares(k, w, n, n, most);
      Tridiagonal t{k, w, taus, v, x, d, e, n};
      t.reduce();
      if (needsVectors) {
        // Q = H_1 H_2 ..., in the memory of the result; its columns then
        // become rows.
        Array formed = isComplex(element) ? planes : vectors;
        fillIdentity(k, formed, n, n);
        k.loopDown(zero, n - 1, [&](Num c) {
          reflectRows(
              k, formed, c + 1, n, c + 1, n, taus(c),
              [&](Num i) { return w(i, c); }, x);
        });
        k.loop(zero, n, [&](Num i) {
          k.loop(zero, n, [&](Num j) { z.set(j, i, formed(i, j)); });
        });
      }
      auto turn = [&](Num i, Num c, Num s) {
        if (needsVectors)
          rotateRows(k, z, i, i + 1, c, s, n);
      };
      t.diagonalize({noBegin, turn, nothing});
      sortRows(k, d, n, /*descending=*/false, [&](Num i, Num j) {
        if (needsVectors)
          swapRows(k, z, i, j, n);
      });
      Num bad = k.isNan(most);
      placeValues(bad, scale);
      if (!needsVectors)
        return;
      k.loopBy(zero, n, 16, [&](Num first) {
        k.loop(zero, n, [&](Num i) {
          k.loop(first, k.smaller(first + 16, n), [&](Num j) {
            Num spoiled = k.widen(k.real(NAN));
            vectors.set(i, j, k.choose(bad, spoiled, z(j, i)));
          });
        });
      });
    };
    auto inBlocks = [&] {
      k.loop(zero, n, [&](Num i) {
        Array row = w.at({i});
        copyElements(k, input.at({i}), row, zero, i + 1);
        fillElements(k, row, i + 1, n, k.zero());
      });
      Num most = largestElement(k, w, n, n),
          scale = scaleForSquares(k, w, n, n, most);
      ReflectionBlocks h(k, order, order);
      tridiagonalizeInBlocks(k, w, h, d, e, order);
      Tridiagonal t{k, w, {}, {}, {}, d, e, n};
      if (!needsVectors) {
        t.diagonalize({noBegin, noTurn, nothing});
        sortRows(k, d, n, /*descending=*/false, [](Num, Num) {});
        return placeValues(k.isNan(most), scale);
      }
      Sweeps sweeps(k, order, order);
      h.form(n - 1, order, 1,
             [&](const Array &some, Num from, OpFoldResult columns) {
               sweeps.load(some, from, columns, n);
             });
      auto begin = [&](Num lo, Num hi) { sweeps.begin(lo, hi); };
      auto turn = [&](Num i, Num c, Num s) { sweeps.add(i, c, s); };
      auto finish = [&] { sweeps.finish(); };
      Tridiagonal::Progress progress = t.begin();
      Sweeps::run(k, {&sweeps}, [&] {
        t.goOn(progress, {begin, turn, finish},
               [&] { return k.no(sweeps.isFull()); });
      });
      sortRows(k, d, n, /*descending=*/false,
               [&](Num i, Num j) { sweeps.exchange(i, j); });
      Num bad = k.isNan(most);
      placeValues(bad, scale);
      sweeps.store(vectors, n, n);
      k.when(bad, [&] {
        k.loop(zero, n, [&](Num i) {
          fillElements(k, vectors.at({i}), zero, n, k.real(NAN));
        });
      });
    };
    chooseReflectionBlocks(k, order, inBlocks, plain);
  };
  overMatrices(k, batch, {order, order, order}, work, factor, prepare);
  if (inVectors)
    keepLoops(k, Kernel::Loops::ofVectors);
  SmallVector<Value> values = k.finish();
  setResults(l, op, ArrayRef(values).take_front(needsVectors ? 2 : 1));
  return success();
}

void lowering::addOrthogonalHandlers(Handlers &handlers) {
  addHandler<QROp, lowerQR>(handlers);
  addHandler<EighOp, lowerEigh>(handlers);
}
