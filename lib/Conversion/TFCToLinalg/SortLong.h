//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Sorts of one long row.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_TFCTOLINALG_SORTLONG_H
#define TFC_LIB_CONVERSION_TFCTOLINALG_SORTLONG_H

#include "SortNetwork.h"

namespace tfc::lowering {

/// Sorts one row: blocks that stay in the first-level cache by a network, then
/// merges of two and two; those of one group in the second-level cache. Or
/// partitions, where the CPU has what they need (SortPartition.h).
class SortLong {
public:
  static bool isFor(Dim size);
  SortLong(Kernel &k, mlir::Type element, bool descending, int64_t size);

  double nanoseconds() const;
  /// `shared`: by threads. `repair` is for a row that has special elements,
  /// after all.
  void sort(const Array &row, const Array &result, bool shared,
            Kernel::Body repair);

private:
  using Vectors = KeyLanes::Vectors;
  bool hasPartitions() const;
  void each(int64_t count, double nanoseconds, bool shared, Kernel::Step body);
  void loadBlock(const Array &row, Num number);
  void storeBlock(const Array &result, Num number);
  void storePart(const Array &result, const Array &spare, Num at,
                 Num keysOfPart);
  void mergePiece(Num at, Num run, Num left, Num right,
                  llvm::function_ref<void(Num, Num)> store);
  using Store = llvm::function_ref<void(Num, Num, Num)>;
  void mergeRuns(Num piece, Num blocks, Num from, Store store);
  void mergeRuns(Num piece, Num blocks, Num from);
  void endRun(Num begin, Num length);
  int64_t room() const;
  Num firstRow(Num block) const;
  int64_t half() const;

  Kernel &k;
  KeyLanes lanes;
  int64_t size, numBlocks, numGroups;
  ColumnNetwork network;
  int64_t blockSize, pieceSize;
  Array keys, flags;
};

} // namespace tfc::lowering

#endif // TFC_LIB_CONVERSION_TFCTOLINALG_SORTLONG_H
