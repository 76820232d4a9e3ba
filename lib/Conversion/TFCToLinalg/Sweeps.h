//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Rotations of neighbouring rows of a real matrix, as QR steps make them: they
// are kept until there are many, and then applied to a few columns at a time,
// which stay in the first-level cache, and two sweeps at once, so that an
// element is read and written half as often.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_TFCTOLINALG_SWEEPS_H
#define TFC_LIB_CONVERSION_TFCTOLINALG_SWEEPS_H

#include "Kernel.h"

namespace tfc::lowering {

/// (c, s; -s, c) maps (x, y) to (r, 0).
struct Rotation {
  Num c, s, r;
};
/// Of real numbers of any size; fast where their squares are numbers.
Rotation rotationOf(Kernel &k, Num x, Num y);

class Sweeps {
public:
  /// For matrices of up to so many rows and columns.
  Sweeps(Kernel &k, Dim rows, Dim columns);

  /// Row i of the matrix that is rotated.
  Array row(Num i) const { return rows.at({i + 1}); }
  void exchange(Num i, Num j);
  void negate(Num i);
  /// Rows i and j, which are no neighbours, turn at once.
  void rotate(Num i, Num j, Num c, Num s);

  /// A sweep of rows [lo, hi]: `add` says how row i and the one behind it turn.
  void begin(Num lo, Num hi);
  void add(Num i, Num c, Num s);
  void finish();
  /// Applies what is kept.
  void flush();

private:
  void apply(Num sweep, Num column);

  static constexpr int64_t most = 32;
  Kernel &k;
  Num numColumns; // whole vectors
  Array rows;     // between two that count for nothing
  Array cosines, sines, bounds;
  Cell count;
};

} // namespace tfc::lowering

#endif // TFC_LIB_CONVERSION_TFCTOLINALG_SWEEPS_H
