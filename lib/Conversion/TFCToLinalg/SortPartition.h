//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Sorts of one long row by partitions, for vectors whose chosen lanes become
// neighbours in one instruction or, after a look into a table, in two.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_TFCTOLINALG_SORTPARTITION_H
#define TFC_LIB_CONVERSION_TFCTOLINALG_SORTPARTITION_H

#include "SortNetwork.h"

namespace tfc::lowering {

class PartitionSort {
public:
  PartitionSort(const KeyLanes &lanes, int64_t size);
  /// Is a row of so many elements worth partitions, in vectors of so many
  /// lanes?
  static bool isFor(int64_t lanes, Dim size);

  double nanoseconds() const;
  /// `shared`: by threads. `repair` is for a row that has special elements,
  /// after all. The result may be the row.
  void sort(const Array &row, const Array &result, bool shared,
            Kernel::Body repair);
  /// The key of the element that would be at a place of the row in order.
  Num select(const Array &row, int64_t place);

private:
  /// Elements that belong together, between two keys.
  struct Node {
    Num from, count; // where they are, and how many
    Num depth;       // how many partitions were before
    Num least, most; // bounds of their keys, both included
  };
  Node node(Num slot) const;
  void setNode(Num slot, const Node &node);

  Num lanesBefore(Num count) const;
  Num firstLanes(Num count) const;
  Num scalarKey(int64_t n) const;
  Num halfway(const Node &node) const;
  Num medianOf(llvm::function_ref<Num(Num)> vectorAt, Num count) const;
  Num elementToKey(Num x) const;
  Num keyToElement(Num x) const;
  Num key(Num at) const;
  void setKey(Num at, Num x) const;
  void setKey(Num at, Num x, Num mask) const;
  using Load = llvm::function_ref<Num(Num at, Num &special)>;
  void makeOrders();
  void putParts(Num x, Num pivot, Num &low, Num &room) const;
  Num partition(Num from, Num count, Num pivot, Load load, Num &special);
  void exchangeHalves(Num first, Num second, bool shared);
  void splitRow(const Array &row, bool shared);
  void split(const Node &parent, Num slotOfLow, Num slotOfHigh);
  void makeRoom();
  Num sortColumns(const Node &leaf, const Array &block);
  void sortLeaf(const Node &leaf, const Array &result);
  void fill(const Node &leaf, const Array &result);
  void process(Num task, Num distance, const Array &result);
  void each(int64_t count, double nanoseconds, bool shared, Kernel::Step body);

  Kernel &k;
  const KeyLanes &lanes;
  int64_t size;
  ColumnNetwork network; // sorts a leaf
  int64_t leaf, inBlock, deepest, stack;
  bool keysAreResult = false;
  Array keys, nodes, bounds, flags;
  Array orders; // of the lanes of a register, see `makeOrders`
};

} // namespace tfc::lowering

#endif // TFC_LIB_CONVERSION_TFCTOLINALG_SORTPARTITION_H
