//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The first positions of a sorted row, in one pass: vectors of the row are
// compared with the last of the best so far.
//
// * A few are kept in order: where an element comes before the last of them, it
//   is put in its place.
// * If they are many, elements that come before the last one are collected
//   behind them; when there is no more room, all are sorted, and the first ones
//   are kept.
// * If they are a considerable part of a long row, partitions find the last one
//   (Hoare, "Find", 1961); all that come before it are collected and sorted.
//===----------------------------------------------------------------------===//

#include "Kernel.h"
#include "Ordered.h"
#include "SortLong.h"
#include "SortPartition.h"
#include "SortWords.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "tfc/Dialect/TFC/IR/TFC.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

/// An element is put in its place by moving the worse ones: what collects them
/// is better at many.
static constexpr int64_t mostInOrder = 64;
/// A sort of all of a row is as fast as one of a larger part.
static constexpr int64_t leastParts = 8;
/// Of so large a part, partitions look at fewer elements than sorts of those so
/// far do.
static constexpr int64_t partForPartitions = 256;

/// A row of so many elements in partitions, if its CPU is one for that.
static bool hasPartitions(Operation *op, Type element, int64_t size) {
  return hasWideVectors(op) &&
         PartitionSort::isFor(
             512 / std::max(storageType(element).getIntOrFloatBitWidth(), 32u),
             size);
}

int64_t lowering::numFirst(ArgsortOp op) {
  auto type = cast<RankedTensorType>(op.getX().getType());
  int64_t axis = op.getAxis(), most = 0;
  if (axis + 1 != type.getRank() || type.isDynamicDim(axis))
    return 0;
  int64_t size = type.getDimSize(axis);
  int64_t mostKept = hasPartitions(op, elementOf(op.getX()), size)
                         ? size - 1
                         : std::max(mostInOrder, size / leastParts);
  for (Operation *user : op.getResult().getUsers()) {
    auto slice = dyn_cast<SliceOp>(user);
    if (!slice || slice.getStarts()[axis] != 0 || slice.getStrides()[axis] != 1)
      return 0;
    int64_t part =
        cast<RankedTensorType>(slice.getResult().getType()).getDimSize(axis);
    if (ShapedType::isDynamic(part) || part > mostKept)
      return 0;
    most = std::max(most, part);
  }
  return most;
}

namespace {

/// How elements of rows are compared.
struct Comparison {
  Kernel &k;
  Type element;
  bool descending;

  Type widened() const {
    Type type = storageType(element);
    return isHalf(type) ? Type(k.b.getF32Type()) : type;
  }
  Num widen(Num x) const {
    Type type = x.value.getType();
    if (!isHalf(getElementTypeOrSelf(type)))
      return x;
    Type wide = k.b.getF32Type();
    if (auto vector = dyn_cast<VectorType>(type))
      wide = vector.clone(wide);
    return k.num(arith::ExtFOp::create(k.b, k.loc, wide, x.value));
  }
  Num read(const Array &row, Num i) const { return widen(row(i)); }
  Num comesFirst(Num x, Num y) const {
    return k.num(lowering::comesFirst(k.b, k.loc, element, descending, x.value,
                                      y.value));
  }

  /// So many elements are looked at before anything is done with one.
  static constexpr int64_t lanes = 16, vectors = 4, block = lanes * vectors;
  Num anyComesFirst(const Array &row, Num from, Num last) const {
    Num worst = k.splat(last, lanes), found;
    for (int64_t v = 0; v < vectors; ++v) {
      Num better =
          comesFirst(widen(row.vector(from + v * lanes, lanes)), worst);
      found = v == 0 ? better : found || better;
    }
    return k.anyOf(found);
  }
};

class Best : Comparison {
public:
  Best(Kernel &k, Type element, bool descending, int64_t kept)
      : Comparison{k, element, descending}, keys(k.scratch({kept}, widened())),
        places(k.scratch({kept}, k.b.getI32Type())), kept(kept) {}

  /// Looks at all `n` elements of a row, of which there are enough.
  void look(const Array &row, Num n);
  Num place(Num i) const { return places(i); }

private:
  /// Puts an element among the first `count`; the last of more than are kept is
  /// lost.
  void insert(Num x, Num at, Num count);
  void consider(const Array &row, Num i);

  Array keys, places;
  int64_t kept;
};

void Best::insert(Num x, Num at, Num count) {
  auto loop = scf::WhileOp::create(k.b, k.loc, TypeRange{k.b.getIndexType()},
                                   ValueRange{count.value}, nullptr, nullptr);
  {
    OpBuilder::InsertionGuard guard(k.b);
    k.b.setInsertionPointToEnd(loop.getBeforeBody());
    Num i = k.num(loop.getBeforeBody()->getArgument(0));
    Num zero = k.index(0), hasBefore = i > zero;
    // The first is compared with itself, which it does not come before.
    Num before = k.choose(hasBefore, i - 1, zero);
    Num moves = hasBefore && comesFirst(x, keys(before));
    scf::ConditionOp::create(k.b, k.loc, moves.value, i.value);
    k.b.setInsertionPointToEnd(loop.getAfterBody());
    Num to = k.num(loop.getAfterBody()->getArgument(0)), from = to - 1;
    keys.set(to, keys(from));
    places.set(to, places(from));
    scf::YieldOp::create(k.b, k.loc, from.value);
  }
  Num to = k.num(loop.getResult(0));
  keys.set(to, x);
  places.set(to, k.num(arith::IndexCastOp::create(k.b, k.loc, k.b.getI32Type(),
                                                  at.value)));
}

void Best::consider(const Array &row, Num i) {
  Num x = read(row, i), last = k.index(kept - 1);
  k.when(comesFirst(x, keys(last)), [&] { insert(x, i, last); });
}

void Best::look(const Array &row, Num n) {
  Num first = k.index(kept), last = k.index(kept - 1);
  k.loop(k.index(0), first, [&](Num i) { insert(read(row, i), i, i); });
  Num numBlocks = (n - first) / k.index(block);
  Num end = first + numBlocks * k.index(block);
  k.loopBy(first, end, block, [&](Num from) {
    k.when(anyComesFirst(row, from, keys(last)), [&] {
      k.loop(from, from + block, [&](Num i) { consider(row, i); });
    });
  });
  k.loop(end, n, [&](Num i) { consider(row, i); });
}

/// Keys and places of the best so far, in order, and behind them those of
/// elements that may be among them.
class Selection : Comparison {
public:
  /// `byPartition`: with room for those that are kept only.
  Selection(Kernel &k, Type element, bool descending, int64_t kept,
            bool hasNetworks, bool byPartition)
      : Comparison{k, element, descending}, keyLanes(k, element, descending),
        kept(kept),
        size(byPartition ? llvm::alignTo(kept, lanes)
                         : llvm::alignTo(2 * kept, lanes) + leastRoom),
        sortsWords(hasNetworks && keyLanes.width <= 32),
        // A vector is stored where its first lanes are needed.
        keys(k.scratch({size + lanes}, keyLanes.lane)),
        places(k.scratch({size + lanes}, k.b.getI32Type())),
        count(k.cell(k.index(0))) {}

  /// Looks at all `n` elements of a row, of which there are enough.
  void look(const Array &row, Num n);
  /// The same, of a row of known size.
  void lookByPartition(const Array &row, int64_t n);
  Num place(Num i) const { return places(i); }

private:
  /// A sort is not worth it for fewer.
  static constexpr int64_t leastRoom = 4 * block;

  void collect(const Array &row, Num from, Num least, std::optional<Num> worst);
  void sort();
  void sortWords();
  void sortPlaces();
  Num toPlace(Num i) const {
    return k.num(
        arith::IndexCastOp::create(k.b, k.loc, k.b.getI32Type(), i.value));
  }
  Num placesFrom(Num from) const {
    int64_t count = keyLanes.count;
    return k.splat(toPlace(from), count) +
           k.lanesFromZero(VectorType::get(count, k.b.getI32Type()));
  }
  Num toIndex(Num place) const {
    return k.num(arith::IndexCastOp::create(k.b, k.loc, k.b.getIndexType(),
                                            place.value));
  }

  KeyLanes keyLanes;
  int64_t kept, size;
  bool sortsWords;
  Array keys, places;
  Cell count; // of all that are there
};

/// Of a vector from `from` on: elements from place `least` on, before `worst`.
void Selection::collect(const Array &row, Num from, Num least,
                        std::optional<Num> worst) {
  int64_t count = keyLanes.count;
  Num special, x = keyLanes.keysOf(row.vector(from, count), special);
  Num at = placesFrom(from);
  Num chosen = at >= k.splat(toPlace(least), count);
  if (worst)
    chosen = chosen && x < k.splat(*worst, count);
  Num to = this->count;
  keys.setVector(to, k.compress(x, chosen));
  places.setVector(to, k.compress(at, chosen));
  this->count = to + k.countOf(chosen);
}

/// A key and its place are one number, and no two are equal.
void Selection::sortWords() {
  Type i64 = k.b.getI64Type();
  auto wide = VectorType::get(lanes, i64);
  auto narrow = VectorType::get(lanes, k.b.getI32Type());
  Value bits = arith::ConstantOp::create(
      k.b, k.loc, DenseElementsAttr::get(wide, APInt(64, 32)));
  Array words = k.scratch({size}, i64);
  Num zero = k.index(0);
  k.loopBy(zero, k.index(size), lanes, [&](Num i) {
    Value high =
        arith::ExtSIOp::create(k.b, k.loc, wide, keys.vector(i, lanes).value);
    Value low =
        arith::ExtUIOp::create(k.b, k.loc, wide, places.vector(i, lanes).value);
    high = arith::ShLIOp::create(k.b, k.loc, high, bits);
    words.setVector(i, k.num(arith::OrIOp::create(k.b, k.loc, high, low)));
  });
  SortLong(k, i64, /*descending=*/false, size)
      .sort(words, words, /*shared=*/false, [] {});
  k.loopBy(zero, k.index(llvm::alignTo(kept, lanes)), lanes, [&](Num i) {
    Value word = words.vector(i, lanes).value;
    Value high = arith::ShRUIOp::create(k.b, k.loc, word, bits);
    auto set = [&](const Array &to, Value half) {
      to.setVector(i, k.num(arith::TruncIOp::create(k.b, k.loc, narrow, half)));
    };
    set(keys, high);
    set(places, word);
  });
}

void Selection::sortPlaces() {
  Type i32 = k.b.getI32Type();
  Array order = k.scratch({size}, i32), keysInOrder, placesInOrder;
  keysInOrder = k.scratch({kept}, keyLanes.lane);
  placesInOrder = k.scratch({kept}, i32);
  // Stable: of equal elements, those that are kept came first.
  auto key = [&](Num i) { return keys(i); };
  auto set = [&](Num i, Num x) { order.set(i, x); };
  auto byDigits = [&] {
    sortPositions(k, keyLanes.lane, /*descending=*/false, size, key, set);
  };
  unsigned width = keyLanes.lane.getIntOrFloatBitWidth();
  if (keyLanes.isWide && WordSort::isFor(width, size))
    WordSort(k, width, size).sort(key, set, /*shared=*/false, byDigits);
  else
    byDigits();
  Num zero = k.index(0), end = k.index(kept);
  k.loop(zero, end, [&](Num i) {
    Num from = toIndex(order(i));
    keysInOrder.set(i, keys(from));
    placesInOrder.set(i, places(from));
  });
  k.loop(zero, end, [&](Num i) {
    keys.set(i, keysInOrder(i));
    places.set(i, placesInOrder(i));
  });
}

void Selection::sort() {
  // What is behind them stays there: its place is the last one of an equal key.
  Num last = k.num(arith::ConstantOp::create(
      k.b, k.loc,
      k.b.getIntegerAttr(
          keyLanes.lane,
          llvm::maxIntN(keyLanes.lane.getIntOrFloatBitWidth()))));
  Num none =
      k.num(arith::ConstantOp::create(k.b, k.loc, k.b.getI32IntegerAttr(-1)));
  k.loop(count, k.index(size), [&](Num i) {
    keys.set(i, last);
    places.set(i, none);
  });
  if (sortsWords)
    sortWords();
  else
    sortPlaces();
  count = k.index(kept);
}

void Selection::look(const Array &row, Num n) {
  Num zero = k.index(0), mostBefore = k.index(size - block);
  count = zero;
  // As many as there is room for: what is left is compared with better ones.
  k.loopBy(zero, mostBefore, keyLanes.count,
           [&](Num i) { collect(row, i, zero, std::nullopt); });
  Cell at = k.cell(mostBefore), goesOn = k.cell(k.truth(true));
  // In turn, so that the code of the sort is there once.
  k.repeatWhile(
      [&] { return Num(goesOn); },
      [&] {
        sort();
        Num last = k.index(kept - 1), key = keys(last);
        Num worst = read(row, toIndex(places(last)));
        auto hasRoom = [&] { return Num(count) <= mostBefore; };
        k.repeatWhile([&] { return Num(at) + block <= n && hasRoom(); },
                      [&] {
                        Num from = at;
                        k.when(anyComesFirst(row, from, worst), [&] {
                          for (int64_t i = 0; i < block; i += keyLanes.count)
                            collect(row, from + i, from, key);
                        });
                        at = from + block;
                      });
        k.when(Num(at) + block > n && hasRoom(), [&] {
          Num end = n - keyLanes.count;
          k.loopBy(at, n, keyLanes.count,
                   [&](Num i) { collect(row, k.smaller(i, end), i, key); });
          at = n;
        });
        goesOn = Num(at) < n || Num(count) > k.index(kept);
      });
}

void Selection::lookByPartition(const Array &row, int64_t n) {
  int64_t count = keyLanes.count;
  Num worst = PartitionSort(keyLanes, n).select(row, kept - 1);
  // Of those that are as good as the last one, the first ones are kept, behind
  // the others.
  Array equal = k.scratch({kept + lanes}, k.b.getI32Type());
  Num zero = k.index(0), all = k.index(n), enough = k.index(kept);
  Cell numEqual = k.cell(zero);
  this->count = zero;
  Num end = k.index(n - count);
  k.loopBy(zero, all, count, [&](Num least) {
    Num from = k.smaller(least, end);
    collect(row, from, least, worst);
    Num special, x = keyLanes.keysOf(row.vector(from, count), special);
    Num at = placesFrom(from);
    Num isEqual =
        x == k.splat(worst, count) && at >= k.splat(toPlace(least), count);
    k.when(k.anyOf(isEqual) && Num(numEqual) < enough, [&] {
      equal.setVector(numEqual, k.compress(at, isEqual));
      numEqual = Num(numEqual) + k.countOf(isEqual);
    });
  });
  Num before = this->count;
  k.loop(before, enough, [&](Num i) {
    keys.set(i, worst);
    places.set(i, equal(i - before));
  });
  this->count = enough;
  sort();
}

} // namespace

Value lowering::firstPositions(Lowering &l, ArgsortOp op, int64_t kept) {
  Value x = op.getX();
  ArrayRef<Dim> of = l.dims.of(x);
  Type element = elementOf(x);
  Dims to(of);
  to.back() = kept;
  Kernel k(l, {x}, {{to, l.b.getI32Type()}}, element, Kernel::Loops::ofVectors);
  double length = of.back() >= 0 ? of.back() : 1000;
  bool hasNetworks = hasVectorsForNetworks(op);
  bool byPartition = hasPartitions(op, element, of.back()) &&
                     kept > mostInOrder &&
                     kept * partForPartitions >= of.back();
  double perElement = byPartition ? 1.5 : 0.3;
  double ofBest = 40 * std::min<double>(kept, mostInOrder);
  k.independent(of.drop_back(), 100 + ofBest + length * perElement,
                [&](ArrayRef<Num> at) {
                  Array result = k.output(0).at(at);
                  auto take = [&](auto &&first) {
                    if constexpr (std::is_same_v<std::decay_t<decltype(first)>,
                                                 Selection>)
                      if (byPartition)
                        first.lookByPartition(k.input(0).at(at), of.back());
                      else
                        first.look(k.input(0).at(at), k.size(of.back()));
                    else
                      first.look(k.input(0).at(at), k.size(of.back()));
                    k.loop(k.index(0), k.index(kept),
                           [&](Num i) { result.set(i, first.place(i)); });
                  };
                  if (kept <= mostInOrder)
                    take(Best(k, element, op.getDescending(), kept));
                  else
                    take(Selection(k, element, op.getDescending(), kept,
                                   hasNetworks, byPartition));
                });
  return k.finish()[0];
}
