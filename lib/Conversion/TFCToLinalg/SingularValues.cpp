//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Singular values: Householder reflections make a matrix bidiagonal, implicit
// QR steps make that diagonal (Golub and Van Loan, "Matrix Computations", 8.6).
// A wide matrix is worked on as its conjugate transpose. One that is twice as
// tall as wide becomes triangular first (Chan, "An improved algorithm for
// computing the singular value decomposition", ACM TOMS 1982): the steps rotate
// short rows then.
//===----------------------------------------------------------------------===//

#include "BidiagonalBlocks.h"
#include "Chunks.h"
#include "Planes.h"
#include "Schur.h"
#include "Sweeps.h"
#include "tfc/Dialect/TFC/IR/TFC.h"
#include <cmath>

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

namespace {

/// What happens to vectors: rows i and i + 1 of [lo, hi] turn, or two others.
struct TurningSides {
  function_ref<void(Num lo, Num hi)> begin;
  function_ref<void(Num i, Num c, Num s)> turn;
  function_ref<void()> finish;
  function_ref<void(Num i, Num j, Num c, Num s)> apart;
};

/// A = P B Q^H with a real upper bidiagonal B: `d` and `e` are its diagonals.
/// `m >= n`.
struct Bidiagonal {
  Kernel &k;
  Array w, leftTaus, rightTaus, scratch, d, e;
  Num m, n;

  void reduce() {
    k.loop(k.index(0), n, [&](Num i) {
      auto column = [&](Num j) { return w(j, i); };
      Reflection left =
          reflect(k, i, m, column, [&](Num j, Num x) { w.set(j, i, x); });
      leftTaus.set(i, left.tau);
      d.set(i, left.beta);
      reflectRows(k, w, i, m, i + 1, n, k.conj(left.tau), column, scratch);
      e.set(i, k.real(0));
      k.when(i + 1 < n, [&] { reduceRow(i); });
    });
  }

  /// The reflection of the conjugate of row i, from the right.
  void reduceRow(Num i) {
    Reflection right = reflect(
        k, i + 1, n, [&](Num j) { return k.conj(w(i, j)); },
        [&](Num j, Num x) { w.set(i, j, k.conj(x)); });
    rightTaus.set(i, right.tau);
    e.set(i, right.beta);
    auto v = [&](Num j) { return k.conj(w(i, j)); };
    k.loop(i + 1, m, [&](Num r) {
      Num dot = k.fold(i + 2, n, w(r, i + 1),
                       [&](Num j, Num so) { return so + w(r, j) * v(j); });
      Num c = right.tau * dot;
      w.set(r, i + 1, w(r, i + 1) - c);
      k.loop(i + 2, n, [&](Num j) { w.set(r, j, w(r, j) - c * k.conj(v(j))); });
    });
  }

  /// P and Q, transposed: rows of the results are columns of them.
  void form(const Array &left, Num leftCount, const Array &right,
            const Array &wide) {
    Num zero = k.index(0);
    // x := x (1 - tau conj(v) v^T) on rows, from the last reflection to the
    // first.
    auto apply = [&](const Array &x, Num rows, Num start, Num end, Num tau,
                     auto v) {
      k.loop(start, rows, [&](Num r) {
        Num dot = k.fold(start + 1, end, x(r, start), [&](Num j, Num so) {
          return so + x(r, j) * k.conj(v(j));
        });
        Num c = tau * dot;
        x.set(r, start, x(r, start) - c);
        k.loop(start + 1, end, [&](Num j) { x.set(r, j, x(r, j) - c * v(j)); });
      });
    };
    auto identity = [&](const Array &x, Num rows, Num columns) {
      k.loop(zero, rows, [&](Num i) {
        k.loop(zero, columns, [&](Num j) {
          x.set(i, j, k.choose(i == j, k.one(), k.zero()));
        });
      });
    };
    identity(left, leftCount, m);
    k.loopDown(zero, n, [&](Num i) {
      apply(left, leftCount, i, m, leftTaus(i), [&](Num j) { return w(j, i); });
    });
    identity(right, n, n);
    k.loopDown(zero, n - 1, [&](Num i) {
      apply(right, n, i + 1, n, rightTaus(i),
            [&](Num j) { return k.conj(w(i, j)); });
    });
  }

  /// How far the QR steps are: of rows [start, last], where `null` is the place
  /// of a zero in `d`, or -1.
  struct Progress {
    Num tiny, limit;
    Cell last, start, steps, null;
  };
  Progress begin() {
    Num zero = k.index(0), eps = k.epsilon();
    Num norm = k.fold(zero, n, k.real(0), [&](Num i, Num so) {
      return k.larger(so, k.abs(d(i)) + k.abs(e(i)));
    });
    return {eps * norm,   n * k.index(60), k.cell(n - 1),
            k.cell(zero), k.cell(zero),    k.cell(k.index(-1))};
  }

  void diagonalize(const TurningSides &left, const TurningSides &right) {
    Progress progress = begin();
    goOn(
        progress, left, right, [&] { return k.truth(true); },
        [&] { chase(progress, left, right); });
  }

  Num isChasing(const Progress &progress) {
    return Num(progress.null) >= k.index(0);
  }

  /// Implicit QR steps as long as there is room for more of them; `chasing` has
  /// to be done with zeros of `d`.
  void goOn(const Progress &progress, const TurningSides &left,
            const TurningSides &right, function_ref<Num()> hasRoom,
            function_ref<void()> chasing) {
    const auto &[tiny, limit, last, start, steps, null] = progress;
    Num zero = k.index(0), eps = k.epsilon();
    Cell searching = k.cell(k.truth(true));
    k.repeatWhile(
        [&] { return Num(last) > zero && Num(steps) < limit && hasRoom(); },
        [&] {
          start = Num(last);
          null = k.index(-1);
          searching = k.truth(true);
          k.repeatWhile([&] { return Num(searching); },
                        [&] {
                          Num at = Num(start);
                          k.when(k.abs(d(at)) <= tiny, [&] { null = at; });
                          k.when(
                              at == zero, [&] { searching = k.truth(false); },
                              [&] {
                                Num before = at - 1;
                                Num sum = k.abs(d(before)) + k.abs(d(at));
                                k.when(
                                    k.abs(e(before)) <= eps * sum ||
                                        k.abs(e(before)) <= tiny * k.real(1e-3),
                                    [&] {
                                      e.set(before, k.real(0)),
                                          searching = k.truth(false);
                                    },
                                    [&] { start = before; });
                              });
                        });
          Num lo = start, hi = last;
          k.when(
              lo == hi,
              [&] {
                last = hi - 1;
                null = k.index(-1);
              },
              [&] {
                steps = Num(steps) + 1;
                k.when(isChasing(progress), chasing,
                       [&] { step(left, right, lo, hi); });
              });
        });
  }

  /// Rotations that clear what is beside a zero of `d`.
  void chase(const Progress &progress, const TurningSides &left,
             const TurningSides &right) {
    Num lo = progress.start, hi = progress.last, null = progress.null;
    k.when(
        null == hi, [&] { chaseUp(right, lo, hi); },
        [&] { chaseDown(left, null, hi); });
    progress.null = k.index(-1);
  }

  /// d[hi] is zero: rotations of columns clear e[hi - 1].
  void chaseUp(const TurningSides &right, Num lo, Num hi) {
    Cell f = k.cell(e(hi - 1));
    d.set(hi, k.real(0));
    e.set(hi - 1, k.real(0));
    k.loopDown(lo, hi, [&](Num j) {
      Rotation t = rotationOf(k, d(j), f);
      d.set(j, t.r);
      k.when(j > lo, [&] {
        Num before = e(j - 1);
        f = -t.s * before;
        e.set(j - 1, t.c * before);
      });
      right.apart(j, hi, t.c, t.s);
    });
  }

  /// d[at] is zero: rotations of rows clear e[at].
  void chaseDown(const TurningSides &left, Num at, Num hi) {
    Cell f = k.cell(e(at));
    d.set(at, k.real(0));
    e.set(at, k.real(0));
    k.loop(at + 1, hi + 1, [&](Num j) {
      Rotation t = rotationOf(k, d(j), f);
      d.set(j, t.r);
      k.when(j < hi, [&] {
        Num next = e(j);
        f = -t.s * next;
        e.set(j, t.c * next);
      });
      left.apart(j, at, t.c, t.s);
    });
  }

  /// One implicit QR step of B^T B, with the shift of its last two rows.
  void step(const TurningSides &left, const TurningSides &right, Num lo,
            Num hi) {
    Num nothing = k.real(0);
    auto bigger = [&](Num x, Num y) { return k.larger(x, k.abs(y)); };
    Num scale = bigger(
        bigger(bigger(bigger(k.abs(d(hi)), d(hi - 1)), e(hi - 1)), d(lo)),
        e(lo));
    Num p = d(hi) / scale, q = d(hi - 1) / scale, o = e(hi - 1) / scale,
        a = d(lo) / scale, b = e(lo) / scale;
    Num half = ((q + p) * (q - p) + o * o) * k.real(0.5),
        product = (p * o) * (p * o);
    Num root = half + k.withSign(k.sqrt(half * half + product), half);
    Num shift = k.choose(root == nothing, nothing, product / root);
    Cell f = k.cell((a + p) * (a - p) + shift), g = k.cell(a * b);
    left.begin(lo, hi);
    right.begin(lo, hi);
    k.loop(lo, hi, [&](Num j) {
      Rotation t = rotationOf(k, f, g);
      k.when(j > lo, [&] { e.set(j - 1, t.r); });
      Num dj = d(j), ej = e(j), next = d(j + 1);
      f = t.c * dj + t.s * ej;
      e.set(j, t.c * ej - t.s * dj);
      g = t.s * next;
      d.set(j + 1, t.c * next);
      right.turn(j, t.c, t.s);
      t = rotationOf(k, f, g);
      d.set(j, t.r);
      ej = e(j), next = d(j + 1);
      f = t.c * ej + t.s * next;
      d.set(j + 1, t.c * next - t.s * ej);
      Num after = e(j + 1);
      g = t.s * after;
      k.when(j + 1 < hi, [&] { e.set(j + 1, t.c * after); });
      left.turn(j, t.c, t.s);
    });
    left.finish();
    right.finish();
    e.set(hi - 1, f);
  }
};

} // namespace

/// `w` becomes the reflections of its QR decomposition, below `r`, which is
/// stored by itself.
static void triangulate(Kernel &k, const Array &w, Num m, Num n, const Array &r,
                        const Array &taus, const Array &scratch) {
  Num zero = k.index(0);
  k.loop(zero, n, [&](Num j) {
    auto v = [&](Num i) { return w(i, j); };
    Reflection h = reflect(k, j, m, v, [&](Num i, Num x) { w.set(i, j, x); });
    taus.set(j, h.tau);
    reflectRows(k, w, j, m, j + 1, n, k.conj(h.tau), v, scratch);
    k.loop(zero, n, [&](Num i) {
      Num above = k.choose(i < j, w(i, j), k.zero());
      r.set(i, j, k.choose(i == j, k.widen(h.beta), above));
    });
  });
}

static LogicalResult lowerSVD(Lowering &l, SVDOp op) {
  ArrayRef<Dim> of = l.dims.of(op.getX()), batch = of.drop_back(2);
  Dim rowDim = of[of.size() - 2], columnDim = of.back();
  Type element = elementOf(op.getX()), realElement = elementOf(op.getS());
  Dim n = minimumDim(l, rowDim, columnDim),
      m = maximumDim(l, rowDim, columnDim);
  Dims s(batch), u(batch), v(batch);
  s.push_back(n);
  u.append({rowDim, op.getFull() ? rowDim : n});
  v.append({columnDim, op.getFull() ? columnDim : n});
  bool needsVectors = !op.getU().use_empty() || !op.getV().use_empty();
  Dim leftCount = op.getFull() ? m : n;
  bool isTriangular = !op.getFull() && m >= 0 && n > 1 && m >= 2 * n;
  Dim side = isTriangular ? n : m; // of what becomes bidiagonal
  Kernel k(l, {op.getX()},
           {{s, realElement},
            {needsVectors ? u : Dims{0}, element},
            {needsVectors ? v : Dims{0}, element},
            {s, realElement}}, // see `lowerEigh`
           element, loopsOfReflections(element, n));
  Num zero = k.index(0), rows = k.size(rowDim), columns = k.size(columnDim);
  Num tall = k.size(m), count = k.size(n), width = k.size(leftCount),
      isTall = rows >= columns;
  Num height = k.size(side);
  auto noBegin = [](Num, Num) {};
  auto noTurn = [](Num, Num, Num) {};
  auto noFinish = [] {};
  auto noApart = [](Num, Num, Num, Num) {};
  TurningSides none{noBegin, noTurn, noFinish, noApart};
  double work = needsVectors ? 25 : 8;
  bool inVectors = loopsOfReflections(element, n) == Kernel::Loops::ofVectors;
  Array w, leftTaus, rightTaus, scratch, reduced, taus, left, right;
  auto prepare = [&] {
    reduced = w = workArray(k, {m, n});
    if (inVectors)
      return;
    leftTaus = k.scratch({n}, element);
    rightTaus = k.scratch({n}, element);
    scratch = workArray(k, {m});
    if (isTriangular) {
      reduced = workArray(k, {n, n});
      taus = k.scratch({n}, element);
    }
    if (needsVectors) {
      left = workArray(k, {leftCount, side});
      right = workArray(k, {n, n});
    }
  };
  auto factor = [&](ArrayRef<Num> at) {
    Array x = k.input(0).at(at), d = k.output(0).at(at), us, vs;
    Array e = k.output(3).at(at);
    if (needsVectors) {
      us = k.output(1).at(at);
      vs = k.output(2).at(at);
    }
    auto fill = [&](bool turned) {
      k.loop(zero, tall, [&](Num i) {
        if (inVectors && !turned)
          return copyElements(k, x.at({i}), w.at({i}), zero, count);
        k.loop(zero, count,
               [&](Num j) { w.set(i, j, turned ? k.conj(x(j, i)) : x(i, j)); });
      });
    };
    k.when(isTall, [&] { fill(false); }, [&] { fill(true); });
    Num most = largestElement(k, w, tall, count);
    Num scale = scaleForSquares(k, w, tall, count, most);
    Num bad = k.isNan(most), nan = k.real(NAN), spoiled = k.widen(nan);
    auto placeValues = [&] {
      k.loop(zero, count,
             [&](Num i) { d.set(i, k.choose(bad, nan, d(i) * scale)); });
    };
    auto plain = [&] {
      if (isTriangular)
        triangulate(k, w, tall, count, reduced, taus, scratch);
      Bidiagonal b{k, reduced, leftTaus, rightTaus, scratch,
                   d, e,       height,   count};
      b.reduce();
      if (!needsVectors) {
        b.diagonalize(none, none);
        k.loop(zero, count, [&](Num i) { d.set(i, k.abs(d(i))); });
        sortRows(k, d, count, /*descending=*/true, [](Num, Num) {});
        return placeValues();
      }
      b.form(left, width, right, scratch);
      auto turnLeft = [&](Num i, Num c, Num s) {
        rotateRows(k, left, i, i + 1, c, s, height);
      };
      auto turnRight = [&](Num i, Num c, Num s) {
        rotateRows(k, right, i, i + 1, c, s, count);
      };
      auto leftApart = [&](Num i, Num j, Num c, Num s) {
        rotateRows(k, left, i, j, c, s, height);
      };
      auto rightApart = [&](Num i, Num j, Num c, Num s) {
        rotateRows(k, right, i, j, c, s, count);
      };
      b.diagonalize({noBegin, turnLeft, noFinish, leftApart},
                    {noBegin, turnRight, noFinish, rightApart});
      k.loop(zero, count, [&](Num i) {
        Num negative = d(i) < k.real(0);
        k.when(negative, [&] {
          d.set(i, -d(i));
          k.loop(zero, count, [&](Num j) { right.set(i, j, -right(i, j)); });
        });
      });
      sortRows(k, d, count, /*descending=*/true, [&](Num i, Num j) {
        swapRows(k, left, i, j, height);
        swapRows(k, right, i, j, count);
      });
      auto store = [&](const Array &big, const Array &small) {
        k.loop(zero, height, [&](Num i) {
          k.loop(zero, width, [&](Num j) {
            big.set(i, j, k.choose(bad, spoiled, left(j, i)));
          });
        });
        if (isTriangular) {
          k.loop(height, tall, [&](Num i) {
            k.loop(zero, width, [&](Num j) { big.set(i, j, k.zero()); });
          });
          k.loopDown(zero, count, [&](Num j) {
            reflectRows(
                k, big, j, tall, zero, width, taus(j),
                [&](Num i) { return w(i, j); }, scratch);
          });
          k.when(bad, [&] {
            k.loop(height, tall, [&](Num i) {
              k.loop(zero, width, [&](Num j) { big.set(i, j, spoiled); });
            });
          });
        }
        k.loop(zero, count, [&](Num i) {
          k.loop(zero, count, [&](Num j) {
            small.set(i, j, k.choose(bad, spoiled, right(j, i)));
          });
        });
      };
      placeValues();
      k.when(isTall, [&] { store(us, vs); }, [&] { store(vs, us); });
    };
    auto inBlocks = [&] {
      std::optional<ReflectionBlocks> first;
      if (isTriangular) {
        first.emplace(k, n, m);
        // R takes the place of the matrix.
        factorQRInBlocks(k, w, *first, w, count, count, m, n);
      }
      ReflectionBlocks p(k, n, side), q(k, n, n);
      bidiagonalizeInBlocks(k, w, isTriangular, p, q, d, e, side, n);
      Bidiagonal b{k, w, {}, {}, {}, d, e, height, count};
      if (!needsVectors) {
        b.diagonalize(none, none);
        k.loop(zero, count, [&](Num i) { d.set(i, k.abs(d(i))); });
        sortRows(k, d, count, /*descending=*/true, [](Num, Num) {});
        return placeValues();
      }
      Sweeps lefts(k, leftCount, side), rights(k, n, n);
      p.form(count, leftCount, 0,
             [&](const Array &some, Num from, OpFoldResult columns) {
               lefts.load(some, from, columns, height);
             });
      q.form(count - 1, n, 1,
             [&](const Array &some, Num from, OpFoldResult columns) {
               rights.load(some, from, columns, count);
             });
      auto beginLeft = [&](Num lo, Num hi) { lefts.begin(lo, hi); };
      auto beginRight = [&](Num lo, Num hi) { rights.begin(lo, hi); };
      auto turnLeft = [&](Num i, Num c, Num s) { lefts.add(i, c, s); };
      auto turnRight = [&](Num i, Num c, Num s) { rights.add(i, c, s); };
      auto finishLeft = [&] { lefts.finish(); };
      auto finishRight = [&] { rights.finish(); };
      auto leftApart = [&](Num i, Num j, Num c, Num s) {
        lefts.rotate(i, j, c, s);
      };
      auto rightApart = [&](Num i, Num j, Num c, Num s) {
        rights.rotate(i, j, c, s);
      };
      TurningSides ofLeft{beginLeft, turnLeft, finishLeft, leftApart},
          ofRight{beginRight, turnRight, finishRight, rightApart};
      Bidiagonal::Progress progress = b.begin();
      Cell goesOn = k.cell(k.truth(true));
      // Rows that are far apart turn when all others have.
      k.repeatWhile([&] { return Num(goesOn); },
                    [&] {
                      Sweeps::run(k, {&lefts, &rights}, [&] {
                        b.goOn(
                            progress, ofLeft, ofRight,
                            [&] {
                              return k.no(lefts.isFull()) &&
                                     k.no(b.isChasing(progress));
                            },
                            [] {});
                      });
                      goesOn = b.isChasing(progress);
                      k.when(b.isChasing(progress),
                             [&] { b.chase(progress, ofLeft, ofRight); });
                    });
      k.loop(zero, count, [&](Num i) {
        k.when(d(i) < k.real(0), [&] {
          d.set(i, -d(i));
          rights.negate(i);
        });
      });
      sortRows(k, d, count, /*descending=*/true, [&](Num i, Num j) {
        lefts.exchange(i, j);
        rights.exchange(i, j);
      });
      placeValues();
      if (isTriangular) {
        // Q times the left vectors of R.
        Array formed = k.scratch({n, n}, k.element);
        lefts.store(formed, width, height);
        Array whole = k.scratch({m, n}, k.element);
        first->form(count, n, 0,
                    [&](const Array &some, Num from, OpFoldResult columns) {
                      copyColumns(k, some, whole, from, tall, columns);
                    });
        k.loop(zero, tall, [&](Num i) {
          fillElements(k, w.at({i}), zero, count, k.zero());
        });
        OpFoldResult rows = tall.value, columns = count.value;
        k.addProduct(whole.block(zero, zero, rows, columns),
                     /*transposeLeft=*/false,
                     formed.block(zero, zero, columns, columns),
                     w.block(zero, zero, rows, columns));
      }
      auto spoil = [&](const Array &x, Num rows, Num columns) {
        k.loop(zero, rows, [&](Num i) {
          fillElements(k, x.at({i}), zero, columns, spoiled);
        });
      };
      auto store = [&](const Array &big, const Array &small) {
        if (isTriangular)
          k.loop(zero, tall, [&](Num i) {
            copyElements(k, w.at({i}), big.at({i}), zero, count);
          });
        else
          lefts.store(big, width, tall);
        rights.store(small, count, count);
        k.when(bad, [&] {
          spoil(big, tall, width);
          spoil(small, count, count);
        });
      };
      k.when(isTall, [&] { store(us, vs); }, [&] { store(vs, us); });
    };
    chooseReflectionBlocks(k, n, inBlocks, plain);
  };
  overMatrices(k, batch, {m, n, n}, work, factor, prepare);
  if (inVectors)
    keepLoops(k, Kernel::Loops::ofVectors);
  SmallVector<Value> values = k.finish();
  setResults(l, op, ArrayRef(values).take_front(needsVectors ? 3 : 1));
  return success();
}

void lowering::addSingularValueHandlers(Handlers &handlers) {
  addHandler<SVDOp, lowerSVD>(handlers);
}
