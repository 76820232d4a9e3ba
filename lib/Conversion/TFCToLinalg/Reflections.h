//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Householder reflections of real matrices whose vectors lie along memory: rows
// are padded with zeros to whole vectors, so that loops over them have no rest.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_TFCTOLINALG_REFLECTIONS_H
#define TFC_LIB_CONVERSION_TFCTOLINALG_REFLECTIONS_H

#include "Kernel.h"

namespace tfc::lowering {

/// How many elements of a kernel of real numbers are a vector.
int64_t lanesOf(Kernel &k);
/// The sizes of rows of so many elements that are padded to whole vectors, and
/// of memory for them: rows begin in different sets of a cache, also where
/// their number is a power of two.
Num wholeVectors(Kernel &k, Num count);
Dim paddedDim(Kernel &k, Dim count);
/// `body(i, lanes)` for elements [from, to): a vector of them at a time, and
/// one at a time what is left.
void overElements(Kernel &k, Num from, Num to,
                  llvm::function_ref<void(Num, int64_t)> body);
/// Elements of `x` get those of `from`, or one value.
void copyElements(Kernel &k, const Array &from, const Array &x, Num begin,
                  Num end);
void fillElements(Kernel &k, const Array &x, Num begin, Num end, Num value);
/// The same of [begin, end) of padded rows, which are whole vectors.
void copyVectors(Kernel &k, const Array &from, const Array &x, Num begin,
                 Num end);
void clearVectors(Kernel &k, const Array &x, Num begin, Num end);
/// Columns of a matrix from `from` on are those of `some`.
void copyColumns(Kernel &k, const Array &some, const Array &to, Num from,
                 Num rows, mlir::OpFoldResult columns);
/// The largest multiple of `step` up to `i`.
Num floorTo(Kernel &k, Num i, int64_t step);

/// Rows of [from, to), which are whole vectors, at once.
constexpr int64_t rowsAtOnce = 4;
using FewNums = llvm::SmallVector<Num, rowsAtOnce>;
/// The products of `v` with rows of `x`, from `first` on.
FewNums dotsOfRows(Kernel &k, const Array &x, Num first, const Array &v,
                   Num from, Num to);
/// Adds `v` times one factor each.
void addToRows(Kernel &k, const Array &x, Num first,
               llvm::ArrayRef<Num> factors, const Array &v, Num from, Num to);
/// Adds `count` rows of `x` to `v`, times factors; a few of those behind are
/// read.
void addRowsTo(Kernel &k, const Array &v, const Array &x, Num begin, Num count,
               llvm::function_ref<Num(Num)> factor, Num from, Num to);

/// `v` is zero in [from, start), and then holds a vector; it becomes the one of
/// the reflection that maps it to (beta, 0, ...), zeros and the first 1
/// included.
Reflection reflectRow(Kernel &k, const Array &v, Num start, Num from, Num to);

/// Products of reflections, a panel of them at a time: 1 - V T V^T (Golub and
/// Van Loan, "Matrix Computations", 5.1.7).
/// Vectors of at least 48 elements pay for it: the one or the other, which run
/// time decides where the length is not known. Where it is, what pays has its
/// loops in vectors.
Kernel::Loops loopsOfReflections(mlir::Type element, Dim length);
/// LLVM takes the loops of a kernel as they are, which was told so: large
/// bodies would be several times as large, and no faster.
void keepLoops(Kernel &k, Kernel::Loops loops);
void chooseReflectionBlocks(Kernel &k, Dim length, Kernel::Body inBlocks,
                            Kernel::Body plain);
struct ReflectionBlocks {
  static constexpr int64_t panel = 32;

  /// For up to `count` reflections of vectors of `length` elements.
  ReflectionBlocks(Kernel &k, Dim count, Dim length);

  /// Row `at` of `v` is a reflection; the others of its panel are those from
  /// `start` on.
  void addReflection(Num start, Num at, Num tau, Num from);
  /// A panel's reflections from the left on rows of a matrix of so many
  /// columns, which are whole vectors: `x` has those from `row` on, where their
  /// vectors begin.
  struct Side {
    Array left, right;
    int64_t vectors;
    mlir::OpFoldResult width;
  };
  Side sideOf(int64_t mostColumns, mlir::OpFoldResult columns);
  void apply(const Side &side, const Array &x, Num start, Num row,
             bool transposed);
  /// H_0 H_1 ..., a matrix of so many columns, some of them at a time, which
  /// threads share: `place` gets those from `from` on. Reflection i begins with
  /// element i + `shift`.
  void form(Num reflections, Dim columns, int64_t shift,
            llvm::function_ref<void(const Array &some, Num from,
                                    mlir::OpFoldResult width)>
                place);

  Kernel &k;
  const int64_t depth; // of products: `panel`, or less for fewer reflections
  const Dim lengthDim;
  Num length, end; // of vectors, and of the rows that hold them
  Array v;         // a reflection a row
  Array negated;   // -T^T of each panel
  Array dots;      // of the last reflection with those before it in its panel

private:
  void clearLeft(const Side &side);
  void project(const Side &side, const Array &x, Num start, Num row);
  void multiply(const Side &side, const Array &x, Num start, Num row,
                bool transposed);
};

/// X = Q R: the first rows of R, as many as `height`, and the reflections of Q.
void factorQRInBlocks(Kernel &k, const Array &x, ReflectionBlocks &h,
                      const Array &r, Num height, Num count, Dim rows,
                      Dim columns);

/// T = Q^T A Q with a tridiagonal T, for symmetric matrices of which `x` holds
/// the lower triangle: `d` and `e` are its diagonals, the reflections are those
/// of Q from row 1 on. Half of the work is products of A with vectors, where
/// all of A is read for each, half products of matrices.
void tridiagonalizeInBlocks(Kernel &k, const Array &x, ReflectionBlocks &h,
                            const Array &d, const Array &e, Dim order);

} // namespace tfc::lowering

#endif // TFC_LIB_CONVERSION_TFCTOLINALG_REFLECTIONS_H
