//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Orders of one row, as sorts of words of 64 bits that hold a key and a place.
//===----------------------------------------------------------------------===//

#include "SortWords.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

/// Threads share the words in pieces.
static constexpr int64_t wordsInPiece = 1 << 14;

WordSort::WordSort(Kernel &k, unsigned width, int64_t size)
    : k(k), width(width), size(size),
      placeBits(width <= 32 ? 32
                            : llvm::Log2_64_Ceil(std::max<int64_t>(size, 2))),
      type(k.b.getI64Type()) {}

double WordSort::nanoseconds() const {
  return SortLong(k, type, /*descending=*/false, size).nanoseconds() +
         size * (width > 32 ? 4.0 : 2.0);
}

Num WordSort::word(int64_t n) const {
  return k.num(arith::ConstantOp::create(k.b, k.loc, k.b.getI64IntegerAttr(n)));
}

namespace {
template <typename Op> Num combined(Num x, Num y) {
  Kernel &k = *x.kernel;
  return k.num(Op::create(k.b, k.loc, x.value, y.value));
}
Num isAbove(Num x, Num y) {
  Kernel &k = *x.kernel;
  return k.num(arith::CmpIOp::create(k.b, k.loc, arith::CmpIPredicate::ugt,
                                     x.value, y.value));
}
} // namespace

/// The largest key less the smallest one.
Num WordSort::rangeOfKeys(Key key, Num &least) const {
  Num first = key(k.index(0));
  SmallVector<Num> ends =
      k.folds(k.index(1), k.index(size), 1, {first, first},
              [&](Num i, ArrayRef<Num> so) -> SmallVector<Num> {
                Num x = key(i);
                return {combined<arith::MinSIOp>(so[0], x),
                        combined<arith::MaxSIOp>(so[1], x)};
              });
  least = ends[0];
  return ends[1] - least;
}

void WordSort::each(bool shared, Kernel::Step body) const {
  if (!shared || size <= wordsInPiece)
    return k.loop(k.index(0), k.index(size), body);
  k.independent({Dim(llvm::divideCeil(size, wordsInPiece))}, wordsInPiece * 1.5,
                [&](ArrayRef<Num> piece) {
                  Num from = piece[0] * k.index(wordsInPiece);
                  k.loop(from, k.smaller(from + wordsInPiece, k.index(size)),
                         body);
                });
}

Num WordSort::placeOf(Num x) const {
  Num place = combined<arith::AndIOp>(
      x, word(llvm::maskTrailingOnes<uint64_t>(placeBits)));
  return k.num(arith::IndexCastUIOp::create(k.b, k.loc, k.b.getIndexType(),
                                            place.value));
}

/// In what they have of their keys?
Num WordSort::differs(Num x, Num y) const {
  return isAbove(combined<arith::XOrIOp>(x, y),
                 word(llvm::maskTrailingOnes<uint64_t>(placeBits)));
}

/// Insertion, among words that do not differ in what they have of their keys.
Num WordSort::moveOthers(Key key) const {
  Num none = k.index(0), most = k.index(size);
  Cell moved = k.cell(none);
  k.loop(k.index(1), k.index(size), [&](Num i) {
    Num last = words(i), before = words(i - 1);
    k.when(k.no(differs(before, last)), [&] {
      Num own = key(placeOf(last));
      k.when(own < key(placeOf(before)) && Num(moved) < most, [&] {
        Cell to = k.cell(i);
        k.repeatWhile(
            [&] {
              Num other = words(k.larger(Num(to) - 1, none));
              return none < Num(to) && k.no(differs(other, last)) &&
                     own < key(placeOf(other)) && Num(moved) < most;
            },
            [&] {
              Num at = to;
              words.set(at, words(at - 1));
              to = at - 1;
              moved = Num(moved) + 1;
            });
        words.set(to, last);
      });
    });
  });
  return moved;
}

void WordSort::sort(Key key, function_ref<void(Num, Num)> set, bool shared,
                    Kernel::Body otherwise) {
  words = k.scratch({size}, type);
  auto wide = [&](Num x) {
    return width == 64
               ? x
               : k.num(arith::ExtSIOp::create(k.b, k.loc, type, x.value));
  };
  auto placed = [&](Num bits, Num i) {
    Num place = k.num(arith::IndexCastOp::create(k.b, k.loc, type, i.value));
    return combined<arith::OrIOp>(
        combined<arith::ShLIOp>(bits, word(placeBits)), place);
  };
  Num least, left;
  if (width > 32) {
    Num range = rangeOfKeys(key, least);
    Num most = word(llvm::maskTrailingOnes<uint64_t>(64 - placeBits));
    Cell shift = k.cell(word(0));
    k.repeatWhile(
        [&] { return isAbove(combined<arith::ShRUIOp>(range, shift), most); },
        [&] { shift = combined<arith::AddIOp>(shift, word(1)); });
    left = shift;
  }
  each(shared, [&](Num i) {
    Num x = wide(key(i));
    if (!left.value)
      return words.set(i, placed(x, i));
    x = placed(combined<arith::ShRUIOp>(x - least, left), i);
    // The first bit of a word is no sign.
    words.set(i, combined<arith::XOrIOp>(x, word(llvm::minIntN(64))));
  });
  SortLong(k, type, /*descending=*/false, size).sort(words, words, shared, [] {
  });
  auto store = [&] {
    each(shared, [&](Num i) {
      Num place = placeOf(words(i));
      set(i, k.num(arith::IndexCastOp::create(k.b, k.loc, k.b.getI32Type(),
                                              place.value)));
    });
  };
  if (!left.value)
    return store();
  Cell moved = k.cell(k.index(0));
  k.when(left != word(0), [&] { moved = moveOthers(key); });
  k.when(Num(moved) < k.index(size), store, otherwise);
}
