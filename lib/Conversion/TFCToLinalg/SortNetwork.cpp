//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// A sorting network exchanges elements at places that do not depend on them, so
// that vectors sort a row in each lane. Rows are turned into columns first.
// Blocks of 16 vectors are sorted in registers (Batcher, "Sorting networks and
// their applications", 1968), then merged, two and two: a merge compares the
// first block with the second one backwards, then each half with its own half,
// and so on; from 16 vectors on, in registers.
//===----------------------------------------------------------------------===//

#include "SortNetwork.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

/// The vectors that are sorted in registers.
static constexpr int64_t block = 16;

/// Fewer elements are quicker counted; with more, or many that only pad, digits
/// are.
bool SortNetwork::isFor(Dim size) {
  return size >= 24 && size <= 4096 &&
         size * 3 >= static_cast<int64_t>(llvm::PowerOf2Ceil(size)) * 2;
}

SortNetwork::SortNetwork(Kernel &k, Type element, bool descending, int64_t size)
    : k(k), element(element), descending(descending), size(size),
      padded(llvm::PowerOf2Ceil(size)),
      width(storageType(element).getIntOrFloatBitWidth()),
      lanes(512 / std::max(width, 32u)),
      lane(k.b.getIntegerType(std::max(width, 32u))),
      vector(VectorType::get(lanes, lane)) {}

double SortNetwork::nanoseconds() const {
  return lanes * size * 0.02 * llvm::Log2_64_Ceil(padded) *
         llvm::Log2_64_Ceil(padded);
}

Num SortNetwork::number(int64_t n) const {
  return k.splat(
      k.num(arith::ConstantOp::create(k.b, k.loc, k.b.getIntegerAttr(lane, n))),
      lanes);
}

//===----------------------------------------------------------------------===//
// Integers that order as elements do
//===----------------------------------------------------------------------===//

/// On the bits of an element with their sign extended. Each of the two steps is
/// its own inverse: they go back in the other order.
Num SortNetwork::order(Num x, bool back) const {
  auto bitXor = [&](Num x, Num y) {
    return k.num(arith::XOrIOp::create(k.b, k.loc, x.value, y.value));
  };
  if (descending && back)
    x = bitXor(x, number(-1));
  if (isFloat(element)) {
    Num turned = bitXor(x, number(llvm::maxIntN(width)));
    x = k.choose(x < number(0), turned, x);
  } else if (isUnsigned(element)) {
    // Bits were extended with zeros: the order is that of the numbers.
    x = width == lane.getIntOrFloatBitWidth()
            ? bitXor(x, number(llvm::minIntN(width)))
            : x;
  }
  return descending && !back ? bitXor(x, number(-1)) : x;
}

Num SortNetwork::isSpecial(Num x) const {
  auto type = cast<FloatType>(element);
  int64_t infinity =
      APFloat::getInf(type.getFloatSemantics()).bitcastToAPInt().getSExtValue();
  Num positive = k.num(arith::AndIOp::create(
      k.b, k.loc, x.value, number(llvm::maxIntN(width)).value));
  return positive > number(infinity) ||
         (x < number(0) && positive == number(0));
}

Num SortNetwork::toLanes(Num stored) const {
  Value x = stored.value;
  auto bits = VectorType::get(lanes, k.b.getIntegerType(width));
  if (isFloat(element))
    x = arith::BitcastOp::create(k.b, k.loc, bits, x);
  if (bits == vector)
    return k.num(x);
  return isUnsigned(element)
             ? k.num(arith::ExtUIOp::create(k.b, k.loc, vector, x))
             : k.num(arith::ExtSIOp::create(k.b, k.loc, vector, x));
}

Num SortNetwork::fromLanes(Num lanesOf) const {
  Value x = lanesOf.value;
  auto bits = VectorType::get(lanes, k.b.getIntegerType(width));
  if (bits != vector)
    x = arith::TruncIOp::create(k.b, k.loc, bits, x);
  if (isFloat(element))
    x = arith::BitcastOp::create(
        k.b, k.loc, VectorType::get(lanes, storageType(element)), x);
  return k.num(x);
}

/// Lane i of vector j becomes lane j of vector i: squares of half the size
/// change places, then those within them.
void SortNetwork::transpose(Vectors &x) const {
  for (int64_t half = lanes / 2; half > 0; half /= 2) {
    SmallVector<int64_t> first, second;
    for (int64_t i = 0; i < lanes; ++i) {
      first.push_back(i & half ? lanes + i - half : i);
      second.push_back(i & half ? lanes + i : i + half);
    }
    for (int64_t i = 0; i < lanes; ++i) {
      if (i & half)
        continue;
      Num above = x[i], below = x[i + half];
      x[i] = k.shuffle(above, below, first);
      x[i + half] = k.shuffle(above, below, second);
    }
  }
}

//===----------------------------------------------------------------------===//
// The network
//===----------------------------------------------------------------------===//

void SortNetwork::exchange(Num &x, Num &y) const {
  Num less = k.num(arith::MinSIOp::create(k.b, k.loc, x.value, y.value));
  y = k.num(arith::MaxSIOp::create(k.b, k.loc, x.value, y.value));
  x = less;
}

SortNetwork::Vectors SortNetwork::load(ArrayRef<Num> places) const {
  Vectors x;
  for (Num place : places)
    x.push_back(columns.at({place}).vector(k.index(0), lanes));
  return x;
}
void SortNetwork::store(ArrayRef<Num> places, const Vectors &x) const {
  for (auto [place, value] : llvm::zip(places, x))
    columns.at({place}).setVector(k.index(0), value);
}

void SortNetwork::strided(Num to, Num step, Kernel::Step body) const {
  auto loop =
      scf::ForOp::create(k.b, k.loc, k.index(0).value, to.value, step.value);
  OpBuilder::InsertionGuard guard(k.b);
  k.b.setInsertionPointToStart(loop.getBody());
  body(k.num(loop.getInductionVar()));
}

static SmallVector<Num> neighbours(Num from) {
  SmallVector<Num> places;
  for (int64_t i = 0; i < block; ++i)
    places.push_back(from + i);
  return places;
}

void SortNetwork::sortBlocks() {
  strided(k.index(padded), k.index(block), [&](Num from) {
    SmallVector<Num> places = neighbours(from);
    Vectors x = load(places);
    for (int64_t p = 1; p < block; p *= 2)
      for (int64_t d = p; d >= 1; d /= 2)
        for (int64_t j = d % p; j + d < block; j += 2 * d)
          for (int64_t i = j; i < std::min(j + d, block - d); ++i)
            if (i / (2 * p) == (i + d) / (2 * p))
              exchange(x[i], x[i + d]);
    store(places, x);
  });
}

/// Blocks of 16 that a merge has left in order among each other.
void SortNetwork::mergeBlocks() {
  strided(k.index(padded), k.index(block), [&](Num from) {
    SmallVector<Num> places = neighbours(from);
    Vectors x = load(places);
    for (int64_t d = block / 2; d >= 1; d /= 2)
      for (int64_t i = 0; i < block; ++i)
        if (!(i & d))
          exchange(x[i], x[i + d]);
    store(places, x);
  });
}

void SortNetwork::halve(Num distance) {
  strided(k.index(padded), distance + distance, [&](Num from) {
    k.loop(k.index(0), distance, [&](Num i) {
      SmallVector<Num> places{from + i, from + i + distance};
      Vectors x = load(places);
      exchange(x[0], x[1]);
      store(places, x);
    });
  });
}

/// With a distance and half of it: half as many loads and stores.
void SortNetwork::halveTwice(Num distance) {
  Num half = distance / k.index(2);
  strided(k.index(padded), distance + distance, [&](Num from) {
    k.loop(k.index(0), half, [&](Num i) {
      Num first = from + i, third = first + distance;
      SmallVector<Num> places{first, first + half, third, third + half};
      Vectors x = load(places);
      exchange(x[0], x[2]);
      exchange(x[1], x[3]);
      exchange(x[0], x[1]);
      exchange(x[2], x[3]);
      store(places, x);
    });
  });
}

void SortNetwork::mergeAll() {
  Num one = k.index(1), least = k.index(block);
  Cell sorted = k.cell(least), distance = k.cell(least);
  k.repeatWhile([&] { return Num(sorted) < k.index(padded); },
                [&] {
                  Num run = sorted, both = run + run;
                  strided(k.index(padded), both, [&](Num from) {
                    k.loop(k.index(0), run, [&](Num i) {
                      SmallVector<Num> places{from + i, from + both - one - i};
                      Vectors x = load(places);
                      exchange(x[0], x[1]);
                      store(places, x);
                    });
                  });
                  distance = run / k.index(2);
                  k.repeatWhile([&] { return Num(distance) > least; },
                                [&] {
                                  Num now = distance;
                                  halveTwice(now);
                                  distance = now / k.index(4);
                                });
                  k.when(Num(distance) == least, [&] { halve(least); });
                  mergeBlocks();
                  sorted = both;
                });
}

void SortNetwork::sort(ArrayRef<Array> rows, ArrayRef<Array> results,
                       Kernel::Body otherwise) {
  columns = k.scratch({padded, lanes}, lane);
  Num zero = k.index(0), n = k.index(size);
  Num numBlocks = k.index(llvm::divideCeil(size, lanes));
  // The last block may begin before the one before it has ended.
  auto beginOf = [&](Num i) {
    return k.smaller(i * k.index(lanes), k.index(size - lanes));
  };
  auto placesOf = [&](Num from) {
    SmallVector<Num> places;
    for (int64_t i = 0; i < lanes; ++i)
      places.push_back(from + i);
    return places;
  };
  bool mayBeSpecial = isFloat(element);
  auto flags = k.scratch({lanes}, lane);
  if (mayBeSpecial)
    flags.setVector(zero, number(0));
  k.loop(zero, numBlocks, [&](Num i) {
    Num from = beginOf(i), special;
    Vectors x;
    for (const Array &row : rows) {
      x.push_back(toLanes(row.vector(from, lanes)));
      if (mayBeSpecial)
        special = x.size() == 1 ? isSpecial(x.back())
                                : special || isSpecial(x.back());
      x.back() = order(x.back(), /*back=*/false);
    }
    if (mayBeSpecial) {
      Num mark =
          k.num(arith::ExtUIOp::create(k.b, k.loc, vector, special.value));
      flags.setVector(
          zero, k.num(arith::OrIOp::create(
                    k.b, k.loc, flags.vector(zero, lanes).value, mark.value)));
    }
    transpose(x);
    store(placesOf(from), x);
  });
  auto sortColumns = [&] {
    Num most = number(llvm::maxIntN(lane.getIntOrFloatBitWidth()));
    k.loop(n, k.index(padded), [&](Num i) { store({i}, {most}); });
    sortBlocks();
    mergeAll();
    k.loop(zero, numBlocks, [&](Num i) {
      Num from = beginOf(i);
      Vectors x = load(placesOf(from));
      transpose(x);
      for (auto [result, value] : llvm::zip(results, x))
        result.setVector(from, fromLanes(order(value, /*back=*/true)));
    });
  };
  if (!mayBeSpecial)
    return sortColumns();
  k.when(k.anyOf(flags.vector(zero, lanes) != number(0)), otherwise,
         sortColumns);
}
