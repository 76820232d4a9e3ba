//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Stable sorts of rows. An element's key is an integer of its width that orders
// as the element does: zeros are equal, and so are NaN, after all numbers.
//
// * Short rows: the place of an element is the number of those before it, which
//   vectors count.
// * Many rows of up to some thousand elements, of which no positions are
// wanted: a
//   network sorts one in each lane of vectors (SortNetwork.cpp).
// * Longer rows of known size, of which no positions are wanted: the same
//   network, and merges. If they are of bytes, those are counted.
// * Orders of longer rows of known size, where vectors are wide: words of a key
// and a place are sorted (SortWords.cpp).
// * Others: a radix sort from the last digit of the key to the first. All
// digits are
//   counted in one pass, and digits that all keys share are left out.
// * On devices: merges of all places of all rows at once (Ordered.cpp).
//===----------------------------------------------------------------------===//

#include "Kernel.h"
#include "Ordered.h"
#include "SortLong.h"
#include "SortWords.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/BuiltinOps.h"
#include "tfc/Dialect/TFC/IR/TFC.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

/// Rows of unknown size, too, have at least so many elements where digits are
/// counted.
static constexpr int64_t mostCounted = 128;
/// From here on, larger digits save more than their counters cost.
static constexpr int64_t leastForLargeDigits = 4096;

namespace {

/// Integers in a kernel.
struct Integers {
  Kernel &k;

  Type type(unsigned width) const { return k.b.getIntegerType(width); }
  Num number(Type type, int64_t n) const {
    auto scalar = k.b.getIntegerAttr(getElementTypeOrSelf(type), n);
    TypedAttr value = scalar;
    if (auto vector = dyn_cast<VectorType>(type))
      value = DenseElementsAttr::get(vector, scalar.getValue());
    return k.num(arith::ConstantOp::create(k.b, k.loc, value));
  }
  Num like(Num x, int64_t n) const { return number(x.value.getType(), n); }
  Num bitXor(Num x, Num y) const {
    return k.num(arith::XOrIOp::create(k.b, k.loc, x.value, y.value));
  }
  Num bitOr(Num x, Num y) const {
    return k.num(arith::OrIOp::create(k.b, k.loc, x.value, y.value));
  }
  Num bitAnd(Num x, Num y) const {
    return k.num(arith::AndIOp::create(k.b, k.loc, x.value, y.value));
  }
  Num shiftLeft(Num x, int64_t bits) const {
    return k.num(
        arith::ShLIOp::create(k.b, k.loc, x.value, like(x, bits).value));
  }
  Num shiftRight(Num x, Num bits) const {
    return k.num(arith::ShRUIOp::create(k.b, k.loc, x.value, bits.value));
  }
  Num widen(Num x, unsigned width) const {
    return width == x.value.getType().getIntOrFloatBitWidth()
               ? x
               : k.num(
                     arith::ExtUIOp::create(k.b, k.loc, type(width), x.value));
  }
  Num narrow(Num x, unsigned width) const {
    return width == x.value.getType().getIntOrFloatBitWidth()
               ? x
               : k.num(
                     arith::TruncIOp::create(k.b, k.loc, type(width), x.value));
  }
  Num toIndex(Num x) const {
    return k.num(
        arith::IndexCastUIOp::create(k.b, k.loc, k.b.getIndexType(), x.value));
  }
  Num fromIndex(Num x, unsigned width) const {
    return k.num(arith::IndexCastOp::create(k.b, k.loc, type(width), x.value));
  }
};

/// Sorts one row after the other.
class Sorter {
public:
  Sorter(Kernel &k, Type element, bool descending, Dim dim, bool wantsKeys)
      : width(storageType(element).getIntOrFloatBitWidth()), k(k), ints{k},
        element(element), descending(descending), dim(dim), n(k.size(dim)),
        wantsKeys(wantsKeys) {}

  using Get = llvm::function_ref<Num(Num)>;
  using Set = llvm::function_ref<void(Num, Num)>;
  /// Elements, or their positions (i32), in order.
  void sort(Get x, Set result);
  /// Positions of a row of known size, where there are wide vectors; `shared`:
  /// by threads.
  void sortInWords(Get x, Set result, bool shared);
  double nanosecondsInWords() const;
  /// Writes zeros and NaN as they came, where all elements are in order.
  void repair(Get x, Set result) const;
  double nanoseconds() const;

  const unsigned width;

private:
  Num bits(Num x) const {
    Type type = x.value.getType();
    return isFloat(type) ? k.num(arith::BitcastOp::create(
                               k.b, k.loc, ints.type(width), x.value))
                         : x;
  }
  Num fromBits(Num x) const {
    Type type = storageType(element);
    return isFloat(type)
               ? k.num(arith::BitcastOp::create(k.b, k.loc, type, x.value))
               : x;
  }
  Num key(Num bits) const;
  Num lessUnsigned(Num x, Num y) const {
    return k.num(arith::CmpIOp::create(k.b, k.loc, arith::CmpIPredicate::ult,
                                       x.value, y.value));
  }

  void sortByCounting(Get x, Set result);
  void sortByDigits(Get x, Set result);
  void sortBytes(Get x, Set result);
  bool isPacked() const { return width <= 32; }

  Kernel &k;
  Integers ints;
  Type element;
  bool descending;
  Dim dim;
  Num n;
  bool wantsKeys;
};

/// An integer that orders, as a signed one, as the element with these bits
/// does.
Num Sorter::key(Num x) const {
  int64_t lowest = llvm::minIntN(width), highest = llvm::maxIntN(width);
  Num result = x;
  if (auto type = dyn_cast<FloatType>(storageType(element))) {
    APInt infinity = APFloat::getInf(type.getFloatSemantics()).bitcastToAPInt();
    Num positive = ints.bitAnd(x, ints.like(x, highest));
    Num isNan = lessUnsigned(ints.like(x, infinity.getSExtValue()), positive);
    // Negative numbers: the larger the rest of the bits, the smaller.
    Num turned = ints.bitXor(x, ints.like(x, highest));
    result = k.choose(x < ints.like(x, 0), turned, x);
    result = k.choose(positive == ints.like(x, 0), positive, result);
    result = k.choose(isNan, ints.like(x, highest), result);
  } else if (isUnsigned(element)) {
    result = ints.bitXor(x, ints.like(x, lowest));
  }
  return descending ? ints.bitXor(result, ints.like(x, -1)) : result;
}

double Sorter::nanoseconds() const {
  double length = dim >= 0 ? dim : 1000;
  if (dim >= 0 && dim <= mostCounted)
    return 20 + length * (3 + length / 20);
  return 300 + length * (2 + width / 5.0);
}

double Sorter::nanosecondsInWords() const {
  return WordSort(k, width, dim).nanoseconds();
}

void Sorter::sortInWords(Get x, Set result, bool shared) {
  WordSort(k, width, dim)
      .sort([&](Num i) { return key(bits(x(i))); }, result, shared,
            [&] { sortByDigits(x, result); });
}

void Sorter::repair(Get x, Set result) const {
  Num zeroKey = key(ints.number(ints.type(width), 0));
  int64_t most = llvm::maxIntN(width);
  Num nanKey = ints.number(ints.type(width), descending ? ~most : most);
  Num begin = k.index(0);
  Cell zeros = k.cell(begin), nans = k.cell(begin);
  k.loop(begin, n, [&](Num i) {
    Num order = key(bits(x(i)));
    zeros = Num(zeros) + k.choose(order < zeroKey, k.index(1), begin);
    nans = Num(nans) + k.choose(order < nanKey, k.index(1), begin);
  });
  k.loop(begin, n, [&](Num i) {
    Num element = x(i), order = key(bits(element));
    auto put = [&](const Cell &next) {
      result(next, element);
      next = Num(next) + 1;
    };
    k.when(order == zeroKey, [&] { put(zeros); });
    k.when(order == nanKey, [&] { put(nans); });
  });
}

void Sorter::sort(Get x, Set result) {
  if (dim >= 0 && dim <= mostCounted)
    return sortByCounting(x, result);
  auto sortLong = [&] {
    if (wantsKeys && width == 8)
      sortBytes(x, result);
    else
      sortByDigits(x, result);
  };
  if (dim >= 0)
    return sortLong();
  k.when(
      n <= k.index(mostCounted), [&] { sortByCounting(x, result); }, sortLong);
}

/// Equal bytes cannot be told apart: how many there are of each is all.
void Sorter::sortBytes(Get x, Set result) {
  Type index = k.b.getIndexType();
  int64_t lowest = llvm::minIntN(8);
  Array counts = k.scratch({256}, index);
  Num zero = k.index(0), numValues = k.index(256);
  k.loop(zero, numValues, [&](Num v) { counts.set(v, zero); });
  k.loop(zero, n, [&](Num i) {
    Num byte = x(i);
    Num at = ints.toIndex(ints.bitXor(key(byte), ints.like(byte, lowest)));
    counts.set(at, counts(at) + 1);
  });
  Cell next = k.cell(zero);
  k.loop(zero, numValues, [&](Num v) {
    // Going to a key is its own inverse, in the other order of its steps.
    Num byte =
        ints.bitXor(ints.fromIndex(v, 8), ints.number(ints.type(8), lowest));
    if (descending)
      byte = ints.bitXor(byte, ints.like(byte, -1));
    if (isUnsigned(element))
      byte = ints.bitXor(byte, ints.like(byte, lowest));
    Num begin = next, end = begin + counts(v);
    k.loop(begin, end, [&](Num i) { result(i, byte); });
    next = end;
  });
}

void Sorter::sortByCounting(Get x, Set result) {
  unsigned laneBits = std::max(width, 32u);
  int64_t lanes = 512 / laneBits;
  int64_t padded = llvm::alignTo(dim > 0 ? dim : mostCounted, lanes);
  Type lane = ints.type(laneBits);
  auto vector = VectorType::get(lanes, lane);
  auto keys = k.scratch({padded}, lane), places = k.scratch({padded}, lane);
  Num zero = k.index(0);
  k.loop(zero, n, [&](Num i) {
    Num order = key(bits(x(i)));
    if (laneBits != width)
      order = k.num(arith::ExtSIOp::create(k.b, k.loc, lane, order.value));
    keys.set(i, order);
  });
  // Lanes after the row count, too, and are not used.
  Num end = (n + (lanes - 1)) / k.index(lanes) * k.index(lanes);
  k.loop(n, end, [&](Num i) { keys.set(i, ints.number(lane, 0)); });

  auto compare = [&](arith::CmpIPredicate predicate, Num x, Num y) {
    return k.num(
        arith::CmpIOp::create(k.b, k.loc, predicate, x.value, y.value));
  };
  Num iota = k.lanesFromZero(vector);
  k.loopBy(zero, end, lanes, [&](Num from) {
    Num mine = keys.vector(from, lanes);
    auto count = [&](Num begin, Num end, Num so,
                     llvm::function_ref<Num(Num, Num)> isBefore) {
      return k.fold(begin, end, so, [&](Num j, Num so) {
        Num other = k.splat(keys(j), lanes);
        Num one = k.num(arith::ExtUIOp::create(k.b, k.loc, vector,
                                               isBefore(j, other).value));
        return so + one;
      });
    };
    Num to = k.smaller(from + lanes, n);
    // Of equal elements, the earlier one stands before the later one.
    Num so = count(zero, from, ints.number(vector, 0), [&](Num, Num other) {
      return compare(arith::CmpIPredicate::sle, other, mine);
    });
    so = count(from, to, so, [&](Num j, Num other) {
      Num at = k.splat(ints.fromIndex(j - from, laneBits), lanes);
      return compare(arith::CmpIPredicate::slt, other, mine) ||
             (compare(arith::CmpIPredicate::eq, other, mine) &&
              compare(arith::CmpIPredicate::slt, at, iota));
    });
    so = count(to, n, so, [&](Num, Num other) {
      return compare(arith::CmpIPredicate::slt, other, mine);
    });
    places.setVector(from, so);
  });
  k.loop(zero, n, [&](Num i) {
    result(ints.toIndex(places(i)), wantsKeys ? x(i) : ints.fromIndex(i, 32));
  });
}

void Sorter::sortByDigits(Get x, Set result) {
  unsigned digit = width >= 32 && dim >= leastForLargeDigits ? 11 : 8;
  int64_t numDigits = llvm::divideCeil(width, digit), numValues = 1 << digit;
  Type i32 = ints.type(32), i64 = ints.type(64);
  // What is moved: a key of 64 bits and what belongs to it, or both in one
  // word.
  unsigned keyBegin = isPacked() ? 32 : 0;
  Array words = k.scratch({2, dim}, i64), others;
  if (!isPacked())
    others = k.scratch({2, dim}, i64);
  Array counts = k.scratch({numDigits, numValues}, i32);
  Num zero = k.index(0), mask = ints.number(i64, numValues - 1);
  auto digitOf = [&](Num word, Num shift) {
    return ints.toIndex(ints.bitAnd(ints.shiftRight(word, shift), mask));
  };
  auto shiftOf = [&](int64_t d) {
    return ints.number(i64, keyBegin + d * digit);
  };

  for (int64_t d = 0; d < numDigits; ++d)
    k.loop(zero, k.index(numValues),
           [&](Num v) { counts.set(k.index(d), v, ints.number(i32, 0)); });
  k.loop(zero, n, [&](Num i) {
    Num raw = bits(x(i));
    // Digits have no sign.
    Num order = ints.bitXor(key(raw), ints.like(raw, llvm::minIntN(width)));
    Num word = ints.widen(order, 64);
    Num other = wantsKeys ? ints.widen(raw, 64) : ints.fromIndex(i, 64);
    if (isPacked())
      word = ints.bitOr(ints.shiftLeft(word, 32), other);
    else
      others.set(zero, i, other);
    words.set(zero, i, word);
    for (int64_t d = 0; d < numDigits; ++d) {
      Num at = digitOf(word, shiftOf(d)), row = k.index(d);
      counts.set(row, at, counts(row, at) + ints.number(i32, 1));
    }
  });

  Cell row = k.cell(zero);
  k.loop(zero, k.index(numDigits), [&](Num d) {
    Num shift = ints.fromIndex(d * k.index(digit) + keyBegin, 64);
    Num from = row, to = k.index(1) - from;
    Num shared = counts(d, digitOf(words(from, zero), shift));
    k.when(shared != ints.fromIndex(n, 32), [&] {
      k.fold(zero, k.index(numValues), ints.number(i32, 0), [&](Num v, Num so) {
        Num count = counts(d, v);
        counts.set(d, v, so);
        return so + count;
      });
      k.loop(zero, n, [&](Num i) {
        Num word = words(from, i), at = digitOf(word, shift);
        Num place = counts(d, at), index = ints.toIndex(place);
        counts.set(d, at, place + ints.number(i32, 1));
        words.set(to, index, word);
        if (!isPacked())
          others.set(to, index, others(from, i));
      });
      row = to;
    });
  });
  Num last = row;
  k.loop(zero, n, [&](Num i) {
    Num other = isPacked() ? words(last, i) : others(last, i);
    result(i, wantsKeys ? fromBits(ints.narrow(other, width))
                        : ints.narrow(other, 32));
  });
}

} // namespace

/// A device gets passes that are index spaces.
static Value sortOnDevice(Lowering &l, Value x, size_t axis, bool descending,
                          bool wantsKeys) {
  Value positions = sortedPositions(l, x, axis, descending),
        source = l.value(x);
  if (!wantsKeys)
    return positions;
  return l.generate(l.dims.of(x), elementOf(x), [&](ValueRange ivs) -> Value {
    SmallVector<Value> at(ivs);
    at[axis] = l.toIndex(l.extract(positions, ivs, l.b.getI32Type()),
                         l.b.getI32Type());
    return toStorage(l.b, l.loc, l.extract(source, at, elementOf(x)),
                     elementOf(x));
  });
}

void lowering::sortPositions(Kernel &k, Type element, bool descending, Dim size,
                             llvm::function_ref<Num(Num)> get,
                             llvm::function_ref<void(Num, Num)> set) {
  Sorter(k, element, descending, size, /*wantsKeys=*/false).sort(get, set);
}

template <typename Op> static LogicalResult lowerSort(Lowering &l, Op op) {
  constexpr bool wantsKeys = std::is_same_v<Op, SortOp>;
  if (isForDevice(op)) {
    l.set(op.getResult(), sortOnDevice(l, op.getX(), op.getAxis(),
                                       op.getDescending(), wantsKeys));
    return success();
  }
  if constexpr (!wantsKeys)
    if (int64_t kept = numFirst(op)) {
      l.set(op.getResult(), firstPositions(l, op, kept));
      return success();
    }
  Value x = op.getX();
  ArrayRef<Dim> of = l.dims.of(x);
  Type element = elementOf(x), i32 = l.b.getI32Type();
  size_t axis = op.getAxis();
  Dims others(of);
  others.erase(others.begin() + axis);

  Kernel k(l, {x}, {{Dims(of), wantsKeys ? element : i32}}, element,
           Kernel::Loops::ofVectors);
  Sorter sorter(k, element, op.getDescending(), of[axis], wantsKeys);
  auto withRow = [&](ArrayRef<Num> outer, auto body) {
    auto at = [&](const Array &array, Num place) {
      SmallVector<Num> indices(outer);
      indices.insert(indices.begin() + axis, place);
      return array.at(indices);
    };
    body([&](Num i) { return at(k.input(0), i).value(); },
         [&](Num i, Num y) { at(k.output(0), i).setValue(y); });
  };
  int64_t numRows = 1;
  for (Dim dim : others)
    numRows = dim < 0 || numRows < 0 ? -1 : numRows * dim;
  bool hasNetworks =
      wantsKeys && axis + 1 == of.size() && hasVectorsForNetworks(op);
  bool isLong = hasNetworks && SortLong::isFor(of[axis]) &&
                storageType(element).getIntOrFloatBitWidth() > 8;
  SortLong longRow(k, element, op.getDescending(),
                   std::max<int64_t>(of[axis], 1));
  auto repairRow = [&](ArrayRef<Num> outer) {
    withRow(outer, [&](auto x, auto result) { sorter.repair(x, result); });
  };
  bool isInWords = !wantsKeys && of[axis] > mostCounted && hasWideVectors(op);
  auto sortRow = [&](ArrayRef<Num> outer) {
    if (isInWords)
      return withRow(outer, [&](auto x, auto result) {
        sorter.sortInWords(x, result, /*shared=*/numRows == 1);
      });
    if (isLong)
      return longRow.sort(k.input(0).at(outer), k.output(0).at(outer),
                          /*shared=*/numRows == 1, [&] { repairRow(outer); });
    withRow(outer, [&](auto x, auto result) { sorter.sort(x, result); });
  };
  SortNetwork network(k, element, op.getDescending(),
                      std::max<int64_t>(of[axis], 1));
  int64_t numGroups = numRows / network.numRows();
  if ((isLong || isInWords) && numRows == 1) {
    sortRow(SmallVector<Num>(others.size(), k.index(0)));
  } else if (!hasNetworks || numGroups < 1 || !SortNetwork::isFor(of[axis])) {
    k.independent(others,
                  isInWords ? sorter.nanosecondsInWords()
                  : isLong  ? longRow.nanoseconds()
                            : sorter.nanoseconds(),
                  sortRow);
  } else {
    // Rows that do not fill a group are sorted one by one.
    auto rowOf = [&](Num number) {
      SmallVector<Num> at(others.size());
      for (size_t i = others.size(); i-- > 0;
           number = number / k.index(others[i]))
        at[i] = i == 0 ? number : k.remainder(number, k.index(others[i]));
      return at;
    };
    k.independent({numGroups}, network.nanoseconds(), [&](ArrayRef<Num> group) {
      Num first = group[0] * k.index(network.numRows());
      SmallVector<Array> rows, results;
      for (int64_t i = 0; i < network.numRows(); ++i) {
        SmallVector<Num> at = rowOf(first + i);
        rows.push_back(k.input(0).at(at));
        results.push_back(k.output(0).at(at));
      }
      network.sort(rows, results, [&] {
        k.loop(first, first + network.numRows(),
               [&](Num row) { repairRow(rowOf(row)); });
      });
    });
    if (numRows % network.numRows())
      k.loop(k.index(numGroups * network.numRows()), k.index(numRows),
             [&](Num row) { sortRow(rowOf(row)); });
  }
  l.set(op.getResult(), l.convert(k.finish()[0], l.loweredType(op.getType())));
  return success();
}

void lowering::addSortHandlers(Handlers &handlers) {
  addHandler<SortOp, lowerSort<SortOp>>(handlers);
  addHandler<ArgsortOp, lowerSort<ArgsortOp>>(handlers);
}
