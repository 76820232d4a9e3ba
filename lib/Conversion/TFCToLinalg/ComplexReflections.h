//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Householder reflections of complex matrices of known sizes, a panel of them
// at a time: 1 - V T V^H, whose products are those of real matrices.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_TFCTOLINALG_COMPLEXREFLECTIONS_H
#define TFC_LIB_CONVERSION_TFCTOLINALG_COMPLEXREFLECTIONS_H

#include "Reflections.h"

namespace tfc::lowering {

/// Do complex matrices of these sizes pay for blocks of reflections?
bool hasComplexReflections(mlir::Type element, Dim rows, Dim columns);

/// Of each panel, rows of memory are the imaginary parts of its vectors, then
/// the real ones, then the imaginary ones negated: the first two are what is
/// multiplied by imaginary parts, the last two what is by real ones, V^H from
/// the left and, the other way around, V.
struct ComplexReflections {
  static constexpr int64_t panel = 32;

  /// `count` reflections of vectors of `length` elements.
  ComplexReflections(Kernel &k, int64_t count, int64_t length);

  /// Column `at`, whose parts are rows of `parts`, becomes what its reflection
  /// maps it to, which is the next one of its panel.
  void reflect(const Array &re, const Array &im, Num at);
  /// What the reflections of a panel so far, which begins with number `start`,
  /// mean for a column.
  void bringUpToDate(Num start, Num done, const Array &re, const Array &im);
  /// Those of a panel from the left on a matrix of so many columns, which are
  /// whole vectors, real parts apart: H^H X, or H X.
  void apply(const Array &x, Num start, int64_t mostColumns,
             mlir::OpFoldResult columns, bool adjoint);
  /// H_0 H_1 ..., a matrix of so many columns, some of them at a time, which
  /// threads share: `place` gets those from `from` on, parts apart.
  void
  form(int64_t columns,
       llvm::function_ref<void(const Array &some, Num from, Num width)> place);

  Kernel &k;
  const int64_t count, length;
  Num end;                             // of rows that hold vectors
  Array bands, negated, dots, factors; // negated: -T^T

private:
  Num band(Num number, int64_t which);
  Array realRow(Num number) { return bands.at({band(number, 1)}); }
  Array imagRow(Num number) { return bands.at({band(number, 0)}); }
  void addToPanel(Num at, Num tau);
};

/// X = Q R: the first rows of R, as many as `height`, and the reflections of Q.
void factorComplexQRInBlocks(Kernel &k, const Array &x, ComplexReflections &h,
                             const Array &r, int64_t height, int64_t columns);

} // namespace tfc::lowering

#endif // TFC_LIB_CONVERSION_TFCTOLINALG_COMPLEXREFLECTIONS_H
