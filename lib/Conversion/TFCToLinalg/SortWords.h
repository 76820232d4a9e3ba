//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Orders of one row, as sorts of words of 64 bits that hold a key and a place.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_TFCTOLINALG_SORTWORDS_H
#define TFC_LIB_CONVERSION_TFCTOLINALG_SORTWORDS_H

#include "SortLong.h"

namespace tfc::lowering {

/// Words are sorted as integers, so that equal keys stay in their order. Of
/// keys of 64 bits a word has those behind the bits that all share, as many as
/// there is room for. Where others decide, the few words that are not in order
/// are moved; if there are more than a few, the row is sorted `otherwise`.
class WordSort {
public:
  /// Short keys of many elements have too few digits.
  static bool isFor(unsigned width, Dim size) {
    return size > 128 && (width >= 32 || size <= 4096);
  }
  WordSort(Kernel &k, unsigned width, int64_t size);

  double nanoseconds() const;
  /// The integers at places, of `width` bits, that order as elements do.
  using Key = llvm::function_ref<Num(Num)>;
  /// `set` gets the position (i32) of each element in order. `shared`: by
  /// threads.
  void sort(Key key, llvm::function_ref<void(Num, Num)> set, bool shared,
            Kernel::Body otherwise);

private:
  Num word(int64_t n) const;
  Num rangeOfKeys(Key key, Num &least) const;
  void each(bool shared, Kernel::Step body) const;
  Num placeOf(Num word) const;
  Num differs(Num x, Num y) const;
  /// How many words were moved, an index.
  Num moveOthers(Key key) const;

  Kernel &k;
  unsigned width;
  int64_t size, placeBits;
  mlir::Type type; // of a word
  Array words;
};

} // namespace tfc::lowering

#endif // TFC_LIB_CONVERSION_TFCTOLINALG_SORTWORDS_H
