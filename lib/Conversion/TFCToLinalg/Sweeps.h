//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Rotations of neighbouring rows of a real matrix, as QR steps make them: they
// are kept until there are many, and then applied to a few columns at a time,
// which stay in the first-level cache, and two sweeps at once, so that an
// element is read and written half as often. Threads share columns, and one of
// them first finds the sweeps that come next.
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
  /// Rows from `first` on are so many columns of `x`.
  void load(const Array &x, Num first, mlir::OpFoldResult columns, Num length);
  /// So many rows become columns of `x`.
  void store(const Array &x, Num columns, Num length) const;
  void exchange(Num i, Num j);
  void negate(Num i);
  /// Rows i and j, which are no neighbours, turn at once: nothing is kept.
  void rotate(Num i, Num j, Num c, Num s);

  /// A sweep of rows [lo, hi]: `add` says how row i and the one behind it turn.
  void begin(Num lo, Num hi);
  void add(Num i, Num c, Num s);
  void finish();
  /// There is no room for another sweep.
  Num isFull() { return Num(count) == k.index(most); }

  /// `find` finds sweeps of one or more matrices while those that it found
  /// before are applied, and goes on until it has found none.
  static void run(Kernel &k, llvm::ArrayRef<Sweeps *> all, Kernel::Body find);

private:
  void close();
  void apply(Num group);
  void applyTwo(Num sweep, Num column);
  Num numGroups();

  static constexpr int64_t most = 32;
  Kernel &k;
  double nanoseconds; // that a group takes
  Num numColumns;     // whole vectors
  Array rows;         // between two that count for nothing
  // Two halves: one is found, the other one applied.
  Array cosines, sines, bounds;
  Cell begins, count;    // of the half that is found
  Cell applied, pending; // of the other
};

} // namespace tfc::lowering

#endif // TFC_LIB_CONVERSION_TFCTOLINALG_SWEEPS_H
