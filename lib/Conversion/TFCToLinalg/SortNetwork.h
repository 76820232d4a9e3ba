//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Sorts in vectors: several rows at once, a lane for each, or one long row.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_TFCTOLINALG_SORTNETWORK_H
#define TFC_LIB_CONVERSION_TFCTOLINALG_SORTNETWORK_H

#include "Kernel.h"

namespace tfc::lowering {

/// A loop in steps that are found at run time.
void strided(Kernel &k, Num from, Num to, Num step, Kernel::Step body);
Num shiftedRight(Num x, int64_t bits);

/// A network's code is long, and short vectors make it several times as long.
bool hasVectorsForNetworks(mlir::Operation *op);
/// Vectors of 512 bits, and what the CPU does with them: lanes that are chosen
/// become neighbours in one instruction.
bool hasWideVectors(mlir::Operation *op);

/// Elements as integers that order as they do, in lanes of 32 or 64 bits.
/// Zeros are one integer, and so are NaN: rows that have a negative zero or a
/// NaN are special.
class KeyLanes {
public:
  using Vectors = llvm::SmallVector<Num>;
  KeyLanes(Kernel &k, mlir::Type element, bool descending);

  Num number(int64_t n) const;
  /// Not before any key.
  Num last() const;
  bool mayBeSpecial() const;
  /// The keys of stored elements; those that are special are marked in
  /// `special`, which may be nothing yet.
  Num keysOf(Num stored, Num &special) const;
  Num elementsOf(Num keys) const;
  /// Adds what is special to the vector of what is marked there.
  void mark(const Array &flags, Num at, Num special) const;

  /// Puts the smaller ones of each lane first.
  void exchange(Num &x, Num &y) const;
  /// Sorts vectors, lane by lane.
  void sort(Vectors &x) const;
  /// The same, of what rises and falls, or falls and rises.
  void merge(llvm::MutableArrayRef<Num> x) const;
  /// Exchanges lanes that are `distance`, half of it, ... and 1 apart; for an
  /// even number of vectors.
  void mergeLanes(llvm::MutableArrayRef<Num> x, int64_t distance) const;
  /// Turns the lanes of each group of so many around.
  Num reversed(Num x, int64_t group) const;
  void transpose(Vectors &x) const;

  Kernel &k;
  const mlir::Type element;
  const bool descending;
  const unsigned width; // of an element
  const int64_t count;  // of lanes
  const mlir::Type lane, vector;
  const bool isWide;   // vectors of 512 bits are what the CPU has
  const bool permutes; // vectors of 256 bits are, and it permutes their lanes
};

/// Columns of memory, one of each lane, that are sorted.
class ColumnNetwork {
public:
  /// At least `size` rows; `isEven`: and an even number of them.
  ColumnNetwork(const KeyLanes &lanes, int64_t size, bool isEven);

  int64_t numRows() const { return block << log; }
  /// Exchanges of vectors.
  double work(bool acrossLanes) const;
  /// Rows from `first` on, of `keys`, where they stand one after the other.
  /// `acrossLanes`: then also columns among each other, the first one has the
  /// first elements.
  void sort(const Array &keys, Num first, bool acrossLanes);
  /// Rows of run time: blocks of registers, which double so many times.
  struct Shape {
    Num inBlock, doublings;
    Num numRows() const;
  };
  /// At least so many rows, as few more as there is a shape for. They have to
  /// stay in the first-level cache.
  Shape shapeFor(Num rows) const;
  /// The most rows that a shape for up to `rows` of them has.
  static int64_t mostRows(int64_t rows);
  /// Sorts columns, and lanes among each other.
  void sort(const Array &keys, Num first, const Shape &shape);

private:
  using Vectors = KeyLanes::Vectors;
  Vectors load(llvm::ArrayRef<Num> places) const;
  void store(llvm::ArrayRef<Num> places, const Vectors &x) const;
  void blocks(Num begin, Num end,
              llvm::function_ref<void(Vectors &)> change) const;
  void turnAndHalve(Num begin, Num end, Num run, int levels) const;
  void halve(Num begin, Num end, Num distance, int levels) const;
  void halveAll(Num begin, Num end, const Cell &left, Num least) const;
  void meetLanes(Num begin, Num last, int64_t group) const;
  void step(Num begin, Num end, Num stage, Num doublings,
            bool acrossLanes) const;
  Num rowsInBlock() const;
  Num distanceOf(Num levels) const;

  Kernel &k;
  const KeyLanes &lanes;
  int64_t block, log, logChunk;
  Num chosenBlock; // of a shape
  Array keys;
};

/// Sorts as many rows as there are lanes.
class SortNetwork {
public:
  /// Is it the best way for rows of so many elements?
  static bool isFor(Dim size);
  SortNetwork(Kernel &k, mlir::Type element, bool descending, int64_t size);

  /// How many rows it takes.
  int64_t numRows() const { return lanes.count; }
  double nanoseconds() const;
  /// `repair` is for rows that have special elements, after all.
  void sort(llvm::ArrayRef<Array> rows, llvm::ArrayRef<Array> results,
            Kernel::Body repair);

private:
  Kernel &k;
  KeyLanes lanes;
  int64_t size;
  ColumnNetwork network;
};

} // namespace tfc::lowering

#endif // TFC_LIB_CONVERSION_TFCTOLINALG_SORTNETWORK_H
