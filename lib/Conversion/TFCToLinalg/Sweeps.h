//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Rotations of neighbouring rows of a real matrix, as QR steps make them: they
// are kept until there are many, and then applied to a few columns at a time,
// whose rows follow each other in memory, and several sweeps at once, so that
// an element is read and written less often. Threads share columns, and one of
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
  void applySeveral(const Array &x, Num sweep);
  Num numGroups() const;
  /// `whole(group)` for those that have all of their columns, `rest(group,
  /// columns)` for a last one.
  void overGroups(Num length, Kernel::Step whole,
                  llvm::function_ref<void(Num, Num)> rest) const;
  /// Rows i and j of each group, in vectors.
  void overRows(
      Num i, Num j,
      llvm::function_ref<void(const Array &, const Array &, Num)> body) const;

  static constexpr int64_t most = 32;
  Kernel &k;
  const int64_t atOnce; // sweeps
  /// Rows before and behind the matrix, which count for nothing.
  const int64_t edge;
  double nanoseconds; // that a group takes
  Num numColumns;     // whole groups
  Array groups;       // of columns, row after row
  // Two halves: one is found, the other one applied.
  Array cosines, sines, bounds;
  Cell begins, count;    // of the half that is found
  Cell applied, pending; // of the other
};

} // namespace tfc::lowering

#endif // TFC_LIB_CONVERSION_TFCTOLINALG_SWEEPS_H
