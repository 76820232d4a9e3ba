//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Blocks of complex reflections, and QR factors by them (`QRBlocks.cpp`): the
// same for real parts apart from imaginary ones.
//===----------------------------------------------------------------------===//

#include "ComplexReflections.h"
#include "Chunks.h"
#include <cmath>

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

bool lowering::hasComplexReflections(Type element, Dim rows, Dim columns) {
  constexpr int64_t leastRows = 64, leastColumns = 24;
  return isComplex(element) && rows >= leastRows && columns >= leastColumns;
}

static void clearReals(Kernel &k, const Array &x, int64_t rows, Num end) {
  Num nothing = k.splat(k.real(0), lanesOf(k));
  k.loop(k.index(0), k.index(rows), [&](Num i) {
    k.loopBy(k.index(0), end, lanesOf(k),
             [&](Num at) { x.at({i}).setVector(at, nothing); });
  });
}

namespace {

/// Sums of products of a few rows.
struct ComplexDots {
  FewNums re, im;
};

} // namespace

/// Products of rows from `first` on, conjugated, with a vector; their parts are
/// rows of `re` and `im`.
static ComplexDots conjugateDots(Kernel &k, function_ref<Array(Num)> re,
                                 function_ref<Array(Num)> im, Num first,
                                 const Array &a, const Array &b, Num from,
                                 Num to) {
  int64_t lanes = lanesOf(k);
  SmallVector<Num> nothing(2 * rowsAtOnce, k.splat(k.real(0), lanes));
  SmallVector<Num> sums =
      k.folds(from, to, lanes, nothing, [&](Num i, ArrayRef<Num> so) {
        Num right = a.vector(i, lanes), other = b.vector(i, lanes);
        SmallVector<Num> next(so);
        for (int64_t row = 0; row < rowsAtOnce; ++row) {
          Num x = re(first + row).vector(i, lanes),
              y = im(first + row).vector(i, lanes);
          next[row] = so[row] + x * right + y * other;
          next[rowsAtOnce + row] = so[rowsAtOnce + row] + x * other - y * right;
        }
        return next;
      });
  ComplexDots found;
  for (int64_t row = 0; row < rowsAtOnce; ++row) {
    found.re.push_back(k.sumOf(sums[row]));
    found.im.push_back(k.sumOf(sums[rowsAtOnce + row]));
  }
  return found;
}

ComplexReflections::ComplexReflections(Kernel &k, int64_t count, int64_t length)
    : k(k), count(count), length(length),
      end(wholeVectors(k, k.index(length))) {
  int64_t panels = llvm::divideCeil(count, panel);
  Type real = k.realType();
  bands = k.scratch({panels * 3 * panel, paddedDim(k, length)}, real);
  negated = k.scratch({2, panels * panel, panel}, real);
  dots = k.scratch({2, panel}, real);
  factors = k.scratch({2, panel}, real);
  // What is behind the last reflection counts for nothing.
  clearReals(k, bands, panels * 3 * panel, end);
  for (int64_t part = 0; part < 2; ++part)
    clearReals(k, negated.at({k.index(part)}), panels * panel, k.index(panel));
  clearReals(k, dots, 2, k.index(panel));
}

Num ComplexReflections::band(Num number, int64_t which) {
  Num within = k.remainder(number, k.index(panel));
  return (number - within) * k.index(3) + within + which * panel;
}

void ComplexReflections::reflect(const Array &re, const Array &im, Num at) {
  int64_t lanes = lanesOf(k);
  Num from = floorTo(k, at, lanes), nothing = k.real(0), unit = k.real(1);
  Array vr = realRow(at), vi = imagRow(at);
  copyVectors(k, re, vr, from, end);
  copyVectors(k, im, vi, from, end);
  k.loop(from, at + 1, [&](Num i) {
    vr.set(i, nothing);
    vi.set(i, nothing);
  });
  auto sumOfSquares = [&] {
    Num none = k.splat(nothing, lanes);
    return k.sumOf(
        k.folds(from, end, lanes, none, [&](Num i, ArrayRef<Num> so) {
           Num a = vr.vector(i, lanes), b = vi.vector(i, lanes);
           return SmallVector<Num>{so.front() + a * a + b * b};
         }).front());
  };
  Num ar = re(at), ai = im(at), size = k.larger(k.abs(ar), k.abs(ai));
  Cell divisor = k.cell(unit), sum = k.cell(sumOfSquares());
  bool isDouble = k.realType().isF64();
  double small = isDouble ? 0x1p-900 : 0x1p-80,
         limit = isDouble ? 0x1p400 : 0x1p40;
  Num isSafe = Num(sum) > k.real(small) && Num(sum) < k.real(1 / small) &&
               size < k.real(limit);
  // Squares of scaled elements neither overflow nor vanish.
  k.when(k.no(isSafe), [&] {
    Num most = k.fold(from, end, size, [&](Num i, Num so) {
      return k.larger(so, k.larger(k.abs(vr(i)), k.abs(vi(i))));
    });
    divisor = k.choose(most > nothing, most, unit);
    k.loop(from, end, [&](Num i) {
      vr.set(i, vr(i) / Num(divisor));
      vi.set(i, vi(i) / Num(divisor));
    });
    sum = sumOfSquares();
  });
  Num head = k.complex(ar / Num(divisor), ai / Num(divisor));
  Num none = Num(sum) == nothing && k.imagPart(head) == nothing;
  Num beta = -k.withSign(k.hypot(k.abs(head), k.sqrt(sum)), k.realPart(head));
  Num safe = k.choose(none, unit, beta);
  Num tau = k.choose(none, k.zero(), k.widen(k.widen(beta) - head) / safe);
  Num factor = k.choose(none, k.one(), k.one() / (head - k.widen(safe)));
  Num c = k.splat(k.realPart(factor), lanes),
      s = k.splat(k.imagPart(factor), lanes);
  Array opposite = bands.at({band(at, 2)});
  k.loopBy(from, end, lanes, [&](Num i) {
    Num a = vr.vector(i, lanes), b = vi.vector(i, lanes), imag = c * b + s * a;
    vr.setVector(i, c * a - s * b);
    vi.setVector(i, imag);
    opposite.setVector(i, -imag);
  });
  vr.set(at, unit);
  re.set(at, k.choose(none, ar, beta * Num(divisor)));
  im.set(at, nothing);
  addToPanel(at, tau);
}

void ComplexReflections::addToPanel(Num at, Num tau) {
  int64_t lanes = lanesOf(k), parts = panel / lanes;
  Num zero = k.index(0), one = k.index(1);
  Num j = k.remainder(at, k.index(panel)), start = at - j;
  auto re = [&](Num i) { return realRow(start + i); };
  auto im = [&](Num i) { return imagRow(start + i); };
  Num from = floorTo(k, at, lanes);
  k.loopBy(zero, j, rowsAtOnce, [&](Num first) {
    auto [a, b] =
        conjugateDots(k, re, im, first, realRow(at), imagRow(at), from, end);
    for (int64_t row = 0; row < rowsAtOnce; ++row) {
      dots.set(zero, first + row, a[row]);
      dots.set(one, first + row, b[row]);
    }
  });
  SmallVector<Num> nothing(2 * parts, k.splat(k.real(0), lanes));
  SmallVector<Num> sums =
      k.folds(zero, j, 1, nothing, [&](Num i, ArrayRef<Num> so) {
        Num c = k.splat(dots(zero, i), lanes), s = k.splat(dots(one, i), lanes);
        SmallVector<Num> next(so);
        for (int64_t part = 0; part < parts; ++part) {
          Num place = k.index(part * lanes);
          Num a = negated.at({zero, start + i}).vector(place, lanes),
              b = negated.at({one, start + i}).vector(place, lanes);
          next[part] = so[part] + c * a - s * b;
          next[parts + part] = so[parts + part] + c * b + s * a;
        }
        return next;
      });
  Num c = k.splat(-k.realPart(tau), lanes),
      s = k.splat(-k.imagPart(tau), lanes);
  for (int64_t part = 0; part < parts; ++part) {
    Num place = k.index(part * lanes), a = sums[part], b = sums[parts + part];
    negated.at({zero, at}).setVector(place, c * a - s * b);
    negated.at({one, at}).setVector(place, c * b + s * a);
  }
  negated.at({zero, at}).set(j, -k.realPart(tau));
  negated.at({one, at}).set(j, -k.imagPart(tau));
}

void ComplexReflections::bringUpToDate(Num start, Num done, const Array &re,
                                       const Array &im) {
  int64_t lanes = lanesOf(k);
  Num zero = k.index(0), one = k.index(1);
  auto find = [&](function_ref<Array(Num)> a, function_ref<Array(Num)> b,
                  const Array &x, const Array &y, const Array &to, Num from,
                  Num behind) {
    k.loopBy(zero, done, rowsAtOnce, [&](Num first) {
      auto [c, s] = conjugateDots(k, a, b, first, x, y, from, behind);
      for (int64_t row = 0; row < rowsAtOnce; ++row) {
        to.set(zero, first + row, c[row]);
        to.set(one, first + row, s[row]);
      }
    });
  };
  auto vr = [&](Num i) { return realRow(start + i); };
  auto vi = [&](Num i) { return imagRow(start + i); };
  auto nr = [&](Num i) { return negated.at({zero, start + i}); };
  auto ni = [&](Num i) { return negated.at({one, start + i}); };
  find(vr, vi, re, im, dots, start, end);
  find(nr, ni, dots.at({zero}), dots.at({one}), factors, zero, k.index(panel));
  k.loopBy(zero, done, rowsAtOnce, [&](Num first) {
    FewNums cs, ss;
    for (int64_t row = 0; row < rowsAtOnce; ++row) {
      cs.push_back(k.splat(factors(zero, first + row), lanes));
      ss.push_back(k.splat(factors(one, first + row), lanes));
    }
    k.loopBy(start, end, lanes, [&](Num i) {
      Num sum = re.vector(i, lanes), other = im.vector(i, lanes);
      for (int64_t row = 0; row < rowsAtOnce; ++row) {
        Num a = vr(first + row).vector(i, lanes),
            b = vi(first + row).vector(i, lanes);
        sum = sum + cs[row] * a - ss[row] * b;
        other = other + cs[row] * b + ss[row] * a;
      }
      re.setVector(i, sum);
      im.setVector(i, other);
    });
  });
}

void ComplexReflections::apply(const Array &x, Num start, int64_t mostColumns,
                               OpFoldResult columns, bool adjoint) {
  int64_t lanes = lanesOf(k), vectors = llvm::divideCeil(mostColumns, lanes);
  Num zero = k.index(0), one = k.index(1), all = k.index(panel);
  Array left = k.scratch({2 * panel, vectors * lanes}, k.realType()),
        right = k.scratch({2 * panel, vectors * lanes}, k.realType());
  clearReals(k, left, 2 * panel, k.index(vectors * lanes));
  OpFoldResult rows = (k.index(length) - start).value,
               both = k.b.getIndexAttr(2 * panel);
  auto rowsOf = [&](Num part) {
    return x.at({part}).block(start, zero, rows, columns);
  };
  auto vectorsFor = [&](Num part) {
    Num first = band(start, 0) + (one - part) * all;
    return bands.block(first, start, both, rows);
  };
  k.loop(zero, k.index(2), [&](Num part) {
    k.addProduct(vectorsFor(part), /*transposeLeft=*/false, rowsOf(part),
                 left.block(zero, zero, both, columns));
  });
  // -T^T is a lower triangle.
  k.loop(zero, all, [&](Num i) {
    SmallVector<Num> sums(2 * vectors, k.splat(k.real(0), lanes));
    sums = k.folds(adjoint ? zero : i, adjoint ? i + 1 : all, 1, sums,
                   [&](Num j, ArrayRef<Num> so) {
                     Num row = start + (adjoint ? i : j),
                         column = adjoint ? j : i;
                     Num c = k.splat(negated.at({zero, row})(column), lanes),
                         s = k.splat(negated.at({one, row})(column), lanes);
                     if (adjoint)
                       s = -s;
                     SmallVector<Num> next(so);
                     for (int64_t at = 0; at < vectors; ++at) {
                       Num place = k.index(at * lanes);
                       Num a = left.at({j}).vector(place, lanes),
                           b = left.at({j + panel}).vector(place, lanes);
                       next[at] = so[at] + c * a - s * b;
                       next[vectors + at] = so[vectors + at] + c * b + s * a;
                     }
                     return next;
                   });
    for (int64_t at = 0; at < vectors; ++at) {
      right.at({i}).setVector(k.index(at * lanes), sums[at]);
      right.at({i + panel}).setVector(k.index(at * lanes), sums[vectors + at]);
    }
  });
  k.loop(zero, k.index(2), [&](Num part) {
    k.addProduct(vectorsFor(part), /*transposeLeft=*/true,
                 right.block(zero, zero, both, columns), rowsOf(part));
  });
}

/// From the last panel that means something for a column of the identity to the
/// first.
void ComplexReflections::form(
    int64_t columns, function_ref<void(const Array &, Num, Num)> place) {
  constexpr int64_t most = 64;
  int64_t widest = std::min(columns, most), lanes = lanesOf(k),
          padded = llvm::alignTo(widest, lanes);
  Num zero = k.index(0), width = k.index(columns),
      pieces = k.index(llvm::divideCeil(columns, widest));
  double nanoseconds =
      8. * double(length) * double(length) * most / flopsPerNanosecond;
  k.independent({k.l.dimOf(pieces.value)}, nanoseconds, [&](ArrayRef<Num> at) {
    Num from = interleaved(k, at.front(), pieces) * k.index(widest);
    Num some = k.smaller(width - from, k.index(widest));
    OpFoldResult known = some.value;
    if (columns % widest == 0)
      known = k.b.getIndexAttr(widest);
    Array x = k.scratch({2, length, padded}, k.realType());
    for (int64_t part = 0; part < 2; ++part)
      clearReals(k, x.at({k.index(part)}), length, k.index(padded));
    Num stop = k.smaller(from + some, k.index(length));
    k.loop(from, stop,
           [&](Num i) { x.at({zero}).set(i, i - from, k.real(1)); });
    Num last = k.smaller(from + some, k.index(count));
    k.loopDown(zero, (last + (panel - 1)) / k.index(panel), [&](Num number) {
      apply(x, number * k.index(panel), widest, known, /*adjoint=*/false);
    });
    place(x, from, some);
  });
}

namespace {

/// As QR factors of real matrices in chunks of columns.
struct ComplexQR {
  Kernel &k;
  ComplexReflections &h;
  const Array &x, &r;
  int64_t height, columns;
  int64_t numChunks = llvm::divideCeil(columns, chunkWidth),
          padded = llvm::alignTo(h.length, chunkWidth);
  Num m = k.index(h.length), n = k.index(columns), wide = k.index(chunkWidth);
  Array chunks = k.scratch({numChunks, 2, padded, chunkWidth}, k.realType()),
        along = k.scratch({2, chunkWidth, paddedDim(k, padded)}, k.realType());

  void run();

private:
  void turn(Num step, Num part, Num from, Num to, bool isBack);
  void factorChunk(Num step);
  void load(Num at);
  void store(Num at);
};

} // namespace

/// Squares of a chunk change sides with columns along memory.
void ComplexQR::turn(Num step, Num part, Num from, Num to, bool isBack) {
  OpFoldResult side = k.b.getIndexAttr(chunkWidth);
  k.loopBy(from, to, chunkWidth, [&](Num i) {
    Value here = chunks.at({step, part}).block(i, k.index(0), side, side),
          there = along.at({part}).block(k.index(0), i, side, side);
    transposeBlock(k, isBack ? there : here, isBack ? here : there,
                   /*negate=*/false);
  });
}

/// Of its columns those of R go back, all else is told by the reflections.
void ComplexQR::factorChunk(Num step) {
  Num start = step * wide, zero = k.index(0), one = k.index(1);
  Num last = k.smaller(start + wide, k.index(h.count)) - start;
  k.loop(zero, k.index(2),
         [&](Num part) { turn(step, part, start, m, /*isBack=*/false); });
  k.loop(zero, k.smaller(wide, n - start), [&](Num j) {
    Array re = along.at({zero, j}), im = along.at({one, j});
    h.bringUpToDate(start, k.smaller(j, last), re, im);
    k.when(j < last, [&] { h.reflect(re, im, start + j); });
  });
  k.loop(zero, k.index(2), [&](Num part) {
    turn(step, part, start, start + wide, /*isBack=*/true);
  });
}

void ComplexQR::load(Num at) {
  Num from = at * wide, zero = k.index(0), one = k.index(1);
  Num width = k.smaller(wide, n - from);
  Array re = chunks.at({at, zero}), im = chunks.at({at, one});
  auto clear = [&](Num i, Num begin, Num behind) {
    k.loop(begin, behind, [&](Num j) {
      re.set(i, j, k.real(0));
      im.set(i, j, k.real(0));
    });
  };
  k.loop(zero, m, [&](Num i) {
    k.loop(zero, width, [&](Num j) {
      Num value = x(i, from + j);
      re.set(i, j, k.realPart(value));
      im.set(i, j, k.imagPart(value));
    });
    clear(i, width, wide);
  });
  k.loop(m, k.index(padded), [&](Num i) { clear(i, zero, wide); });
}

void ComplexQR::store(Num at) {
  Num from = at * wide, zero = k.index(0), one = k.index(1);
  Num width = k.smaller(wide, n - from);
  Array re = chunks.at({at, zero}), im = chunks.at({at, one});
  Num reflected = k.index(std::min(height, h.count));
  k.loop(zero, k.index(height), [&](Num i) {
    Num begin = k.choose(i < reflected,
                         k.smaller(k.larger(i - from, zero), width), width);
    k.loop(zero, begin, [&](Num j) { r.set(i, from + j, k.zero()); });
    k.loop(begin, width,
           [&](Num j) { r.set(i, from + j, k.complex(re(i, j), im(i, j))); });
  });
}

void ComplexQR::run() {
  int64_t steps = llvm::divideCeil(h.count, chunkWidth);
  Num zero = k.index(0), all = k.index(numChunks),
      order = k.index(std::min(h.length, 2 * columns));
  tasks(k, all, order, [&](Num number) { load(interleaved(k, number, all)); });
  // Where there are more columns than reflections, the last panel has columns
  // behind it.
  k.loop(zero, k.index(numChunks > steps ? steps + 1 : steps), [&](Num step) {
    stepTasks(k, step, all, order, leastShared, 4, [&](Num at, Num isNext) {
      k.when(at < all && (isNext || at > step), [&] {
        k.when(step > zero, [&] {
          h.apply(chunks.at({at}), (step - 1) * wide, chunkWidth,
                  k.b.getIndexAttr(chunkWidth), /*adjoint=*/true);
        });
        k.when(isNext && step < k.index(steps), [&] { factorChunk(step); });
      });
    });
  });
  tasks(k, all, order, [&](Num number) { store(interleaved(k, number, all)); });
}

void lowering::factorComplexQRInBlocks(Kernel &k, const Array &x,
                                       ComplexReflections &h, const Array &r,
                                       int64_t height, int64_t columns) {
  ComplexQR{k, h, x, r, height, columns}.run();
}
