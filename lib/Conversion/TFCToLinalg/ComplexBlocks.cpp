//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Triangular factors of complex matrices in blocks. Real parts are apart from
// imaginary ones, so a product is four of real matrices: two for each part of
// the result, of which the other operand's same part and its other part are the
// right sides.
//===----------------------------------------------------------------------===//

#include "Planes.h"
#include "Reflections.h"

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

void lowering::factorComplexLUInBlocks(Kernel &k, const Array &x, Dim order,
                                       function_ref<void(Num, Num)> panel) {
  Num n = k.size(order), zero = k.index(0);
  OpFoldResult depth = k.b.getIndexAttr(depthOfBlocks);
  LeftParts left(k, order, depthOfBlocks);
  k.loopBy(zero, n, depthOfBlocks, [&](Num start) {
    Num end = k.smaller(start + depthOfBlocks, n);
    panel(start, end);
    k.when(end < n, [&] {
      k.loop(start + 1, end, [&](Num i) {
        addRows(k, x.at({i}), x, start, i, end, n,
                [&](Num j) { return -x(i, j); });
      });
      k.loop(end, n, [&](Num i) {
        left.set(x, i, start, i, zero, k.index(depthOfBlocks), /*sign=*/1);
      });
      OpFoldResult rest = (n - end).value;
      left.subtract(
          end, zero, rest, depth, /*transposed=*/false,
          [&](Num part) { return x.at({part}).block(start, end, depth, rest); },
          [&](Num part) { return x.at({part}).block(end, end, rest, rest); });
    });
  });
}

void lowering::factorComplexCholeskyInBlocks(Kernel &k, const Array &u,
                                             Dim order,
                                             function_ref<void(Num, Num)> row) {
  Num n = k.size(order), zero = k.index(0);
  LeftParts left(k, order, order);
  k.loopBy(zero, n, depthOfBlocks, [&](Num start) {
    Num end = k.smaller(start + depthOfBlocks, n);
    OpFoldResult above = start.value, rows = (end - start).value,
                 columns = (n - start).value;
    k.when(start > zero, [&] {
      left.subtract(
          zero, start, above, rows, /*transposed=*/true,
          [&](Num part) {
            return u.at({part}).block(zero, start, above, columns);
          },
          [&](Num part) {
            return u.at({part}).block(start, start, rows, columns);
          });
    });
    k.loop(start, end, [&](Num i) {
      row(start, i);
      left.set(u, i, i, i, i, n, /*sign=*/-1);
    });
  });
}
