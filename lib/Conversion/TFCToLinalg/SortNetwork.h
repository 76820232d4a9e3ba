//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Sorts several rows at once, a lane of vectors for each.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_TFCTOLINALG_SORTNETWORK_H
#define TFC_LIB_CONVERSION_TFCTOLINALG_SORTNETWORK_H

#include "Kernel.h"

namespace tfc::lowering {

class SortNetwork {
public:
  /// Is it the best way for rows of so many elements?
  static bool isFor(Dim size);
  SortNetwork(Kernel &k, mlir::Type element, bool descending, int64_t size);

  /// How many rows it takes.
  int64_t numRows() const { return lanes; }
  double nanoseconds() const;
  /// Sorts rows of memory. An order of bits tells zeros apart, and NaN: rows
  /// that have negative ones of the former, or any of the latter, are left to
  /// `otherwise`.
  void sort(llvm::ArrayRef<Array> rows, llvm::ArrayRef<Array> results,
            Kernel::Body otherwise);

private:
  using Vectors = llvm::SmallVector<Num>;
  Num number(int64_t n) const;
  Num order(Num x, bool back) const;
  Num isSpecial(Num x) const;
  Num toLanes(Num stored) const;
  Num fromLanes(Num x) const;
  void transpose(Vectors &x) const;
  void exchange(Num &x, Num &y) const;
  Vectors load(llvm::ArrayRef<Num> places) const;
  void store(llvm::ArrayRef<Num> places, const Vectors &x) const;
  void sortBlocks();
  void mergeBlocks();
  void halve(Num distance);
  void halveTwice(Num distance);
  void mergeAll();
  void strided(Num to, Num step, Kernel::Step body) const;

  Kernel &k;
  mlir::Type element;
  bool descending;
  int64_t size, padded;
  unsigned width; // of an element
  int64_t lanes;
  mlir::Type lane, vector;
  Array columns; // padded x lanes
};

} // namespace tfc::lowering

#endif // TFC_LIB_CONVERSION_TFCTOLINALG_SORTNETWORK_H
