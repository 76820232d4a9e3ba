//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// LU factors of complex matrices in blocks. Real parts are apart from
// imaginary ones, so a product is four of real matrices: two for each part of
// the result, of which the other operand's same part and its other part are the
// right sides.
//===----------------------------------------------------------------------===//

#include "Chunks.h"
#include "Planes.h"
#include "Reflections.h"
#include <cmath>

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

/// The depth of products; orders from which they pay.
static constexpr int64_t depthOfBlocks = 32, leastComplex = 128;

bool lowering::hasComplexBlocks(Kernel &k, Dim order) {
  return k.isComplexKernel() && order >= leastComplex;
}

namespace {

/// What is multiplied by a matrix: the negative of its real part, and its
/// imaginary part with the sign that it has for each part of the result.
struct LeftParts {
  Kernel &k;
  Array negated, others;

  LeftParts(Kernel &k, Dim rows, Dim columns)
      : k(k), negated(k.scratch({rows, columns}, k.realType())),
        others(k.scratch({2, rows, columns}, k.realType())) {}

  /// Elements [begin, end) of a row, which begin with `from` in `row` of `x`;
  /// `sign` is that of the imaginary part for the real part of the result.
  void set(const Array &x, Num row, Num from, Num i, Num begin, Num end,
           int64_t sign) {
    Num zero = k.index(0), one = k.index(1);
    Num same = sign > 0 ? zero : one, other = sign > 0 ? one : zero;
    overElements(k, begin, end, [&](Num at, int64_t lanes) {
      Num source = at - begin + from;
      if (lanes == 1) {
        Num value = x(row, source), imag = k.imagPart(value);
        negated.set(i, at, -k.realPart(value));
        others.at({same}).set(i, at, imag);
        return others.at({other}).set(i, at, -imag);
      }
      Num imag = x.at({one, row}).vector(source, lanes);
      negated.at({i}).setVector(at, -x.at({zero, row}).vector(source, lanes));
      others.at({same, i}).setVector(at, imag);
      others.at({other, i}).setVector(at, -imag);
    });
  }

  /// result -= left right, of these rows and columns of each part.
  void subtract(Num row, Num column, OpFoldResult rows, OpFoldResult columns,
                bool transposed, function_ref<Value(Num part)> right,
                function_ref<Value(Num part)> result) {
    k.loop(k.index(0), k.index(2), [&](Num part) {
      k.addProduct(negated.block(row, column, rows, columns), transposed,
                   right(part), result(part));
      k.addProduct(others.at({part}).block(row, column, rows, columns),
                   transposed, right(k.index(1) - part), result(part));
    });
  }
};

} // namespace

namespace {

/// Columns of a panel lie along memory, each part of them.
struct ComplexLU {
  Kernel &k;
  const Array &x;
  Dim order;
  function_ref<void(Num, Num)> exchanged;
  Num n = k.size(order), last = wholeVectors(k, n);
  int64_t lanes = lanesOf(k);
  Dim padded = paddedDim(k, order);
  Array along = planesOr(k, {}, {depthOfBlocks, padded}),
        sizes = k.scratch({padded}, k.realType());
  LeftParts left{k, depthOfBlocks, padded};

  void run();

private:
  Num real() { return k.index(0); }
  Num imag() { return k.index(1); }
  void copy(Num start, Num end, bool isBack);
  void bringUpToDate(Num start, Num column);
  void divide(Num column, Num i);
  void exchange(Num i, Num j, Num width);
  void factorPanel(Num start, Num end);
};

} // namespace

/// What is less than a square goes element by element.
void ComplexLU::copy(Num start, Num end, bool isBack) {
  Num zero = k.index(0), width = end - start;
  OpFoldResult side = k.b.getIndexAttr(depthOfBlocks);
  Num whole = k.choose(width == k.index(depthOfBlocks),
                       start + floorTo(k, n - start, depthOfBlocks), start);
  k.loop(zero, k.index(2), [&](Num part) {
    Array of = x.at({part}), own = along.at({part});
    k.loopBy(start, whole, depthOfBlocks, [&](Num i) {
      Value here = of.block(i, start, side, side),
            there = own.block(zero, i, side, side);
      transposeBlock(k, isBack ? there : here, isBack ? here : there,
                     /*negate=*/false);
    });
  });
  k.loop(whole, n, [&](Num i) {
    k.loop(zero, width, [&](Num j) {
      if (isBack)
        x.set(i, start + j, along(j, i));
      else
        along.set(j, i, x(i, start + j));
    });
  });
}

/// What earlier columns of a panel mean for one, a few of them at a time: first
/// what each means for the elements of the others' rows.
void ComplexLU::bringUpToDate(Num start, Num column) {
  Array re = along.at({real(), column}), im = along.at({imag(), column}),
        own = along.at({column});
  k.loopBy(k.index(0), column, rowsAtOnce, [&](Num j) {
    Num row = start + j;
    FewNums factors, cs, ss;
    for (int64_t r = 0; r < rowsAtOnce; ++r) {
      Num value = own(row + r), c = value;
      for (auto [q, factor] : llvm::enumerate(factors))
        c = c + factor * along(j + int64_t(q), row + r);
      Num isEarlier = j + r < column;
      if (r > 0)
        own.set(row + r, k.choose(isEarlier, c, value));
      factors.push_back(k.choose(isEarlier, -c, k.zero()));
      cs.push_back(k.splat(k.realPart(factors.back()), lanes));
      ss.push_back(k.splat(k.imagPart(factors.back()), lanes));
    }
    auto added = [&](Num i) {
      Num sum = re.vector(i, lanes), other = im.vector(i, lanes);
      for (int64_t r = 0; r < rowsAtOnce; ++r) {
        // Not of columns whose turn is to come: 0 times infinity is NaN.
        Num earlier = k.smaller(j + r, column - 1);
        Num a = along.at({real(), earlier}).vector(i, lanes),
            b = along.at({imag(), earlier}).vector(i, lanes);
        sum = sum + cs[r] * a - ss[r] * b;
        other = other + cs[r] * b + ss[r] * a;
      }
      return std::pair(sum, other);
    };
    Num behind = start + k.smaller(j + rowsAtOnce, column),
        base = floorTo(k, behind, lanes), mask = lanesBehind(k, base, behind);
    auto [sum, other] = added(base);
    re.setVector(base, k.choose(mask, sum, re.vector(base, lanes)));
    im.setVector(base, k.choose(mask, other, im.vector(base, lanes)));
    k.loopBy(base + lanes, last, lanes, [&](Num i) {
      auto [sum, other] = added(i);
      re.setVector(i, sum);
      im.setVector(i, other);
    });
  });
}

/// Elements behind i by element i: first by the larger of its parts, so that
/// nothing overflows.
void ComplexLU::divide(Num column, Num i) {
  Array re = along.at({real(), column}), im = along.at({imag(), column});
  Num d = along(column, i);
  Num most = k.larger(k.abs(k.realPart(d)), k.abs(k.imagPart(d)));
  Num turned = k.one() / k.complex(k.realPart(d) / most, k.imagPart(d) / most);
  // Of what is infinite, finite numbers are multiples by 0.
  Num rest = k.choose(most < k.real(INFINITY), turned, k.one());
  Num c = k.splat(k.realPart(rest), lanes),
      s = k.splat(k.imagPart(rest), lanes), scale = k.splat(most, lanes);
  Num base = floorTo(k, i + 1, lanes), mask = lanesBehind(k, base, i + 1);
  auto divided = [&](Num at) {
    Num a = re.vector(at, lanes) / scale, b = im.vector(at, lanes) / scale;
    return std::pair(c * a - s * b, c * b + s * a);
  };
  auto [a, b] = divided(base);
  re.setVector(base, k.choose(mask, a, re.vector(base, lanes)));
  im.setVector(base, k.choose(mask, b, im.vector(base, lanes)));
  k.loopBy(base + lanes, last, lanes, [&](Num at) {
    auto [a, b] = divided(at);
    re.setVector(at, a);
    im.setVector(at, b);
  });
}

void ComplexLU::exchange(Num i, Num j, Num width) {
  k.loop(k.index(0), width, [&](Num m) {
    Num a = along(m, i), b = along(m, j);
    along.set(m, i, b);
    along.set(m, j, a);
  });
  swapRows(k, x, i, j, n);
  exchanged(i, j);
}

void ComplexLU::factorPanel(Num start, Num end) {
  Num width = end - start, nothing = k.real(0);
  Num none = k.splat(nothing, lanes), unit = k.splat(k.real(1), lanes);
  copy(start, end, /*isBack=*/false);
  k.loop(start, end, [&](Num i) {
    Num column = i - start;
    bringUpToDate(start, column);
    k.loopBy(floorTo(k, i, lanes), last, lanes, [&](Num at) {
      Num a = k.abs(along.at({real(), column}).vector(at, lanes)),
          b = k.abs(along.at({imag(), column}).vector(at, lanes));
      // As `Kernel::hypot`.
      Num big = k.larger(a, b), small = k.choose(a < b, a, b);
      Num ratio = small / k.choose(big == none, unit, big);
      sizes.setVector(at, big * k.sqrt(unit + ratio * ratio));
    });
    Num j = pivotOf(k, sizes, i, n), best = sizes(j);
    k.when(j != i, [&] { exchange(i, j, width); });
    k.when(best != nothing, [&] { divide(column, i); });
  });
  copy(start, end, /*isBack=*/true);
}

void ComplexLU::run() {
  Num zero = k.index(0);
  OpFoldResult depth = k.b.getIndexAttr(depthOfBlocks);
  // What is behind the last row counts for nothing.
  k.loop(zero, k.index(2), [&](Num part) {
    k.loop(zero, k.index(depthOfBlocks), [&](Num j) {
      Num base = floorTo(k, n, lanes);
      k.when(base < last, [&] {
        along.at({part, j}).setVector(base, k.splat(k.real(0), lanes));
      });
    });
  });
  k.loopBy(zero, n, depthOfBlocks, [&](Num start) {
    Num end = k.smaller(start + depthOfBlocks, n);
    factorPanel(start, end);
    k.when(end < n, [&] {
      k.loop(start + 1, end, [&](Num i) {
        addRows(k, x.at({i}), x, start, i, end, n,
                [&](Num j) { return -x(i, j); });
      });
      k.loop(zero, k.index(depthOfBlocks),
             [&](Num j) { left.set(along, j, end, j, end, n, /*sign=*/1); });
      OpFoldResult rest = (n - end).value;
      left.subtract(
          zero, end, depth, rest, /*transposed=*/true,
          [&](Num part) { return x.at({part}).block(start, end, depth, rest); },
          [&](Num part) { return x.at({part}).block(end, end, rest, rest); });
    });
  });
}

void lowering::factorComplexLUInBlocks(Kernel &k, const Array &x, Dim order,
                                       function_ref<void(Num, Num)> exchanged) {
  ComplexLU{k, x, order, exchanged}.run();
}
