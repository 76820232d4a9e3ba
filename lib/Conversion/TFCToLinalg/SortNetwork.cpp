//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// A sorting network exchanges elements at places that do not depend on them, so
// that vectors sort a column in each lane. Blocks of up to 16 vectors are
// sorted in registers (Batcher, "Sorting networks and their applications",
// 1968), then merged, two and two: a merge compares the first block with the
// second one backwards, then each half with its own half, and so on; the last
// ones in registers. Three such steps go through memory at a time, and those
// over short distances stay in the first-level cache. Columns of lanes are
// merged in the same way: lanes change places in the first steps, all others go
// along them.
//===----------------------------------------------------------------------===//

#include "SortNetwork.h"
#include "VectorBits.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

/// The vectors that are sorted in registers, at most.
static constexpr int64_t mostInBlock = 16;
/// Where that is chosen at run time; the more there are to choose from, the
/// fewer are sorted in vain.
static constexpr int64_t rowsInBlocks[] = {10, 12, 14, mostInBlock};
/// Rows of vectors of 64 bytes that stay in the first-level cache.
static constexpr int64_t mostInChunk = 512;

//===----------------------------------------------------------------------===//
// Integers that order as elements do
//===----------------------------------------------------------------------===//

bool lowering::hasVectorsForNetworks(Operation *op) {
  return vectorBits(op).value_or(256) >= 256;
}
bool lowering::hasWideVectors(Operation *op) {
  return vectorBits(op).value_or(0) >= 512;
}

KeyLanes::KeyLanes(Kernel &k, Type element, bool descending)
    : k(k), element(element), descending(descending),
      width(storageType(element).getIntOrFloatBitWidth()),
      count(512 / std::max(width, 32u)),
      lane(k.b.getIntegerType(std::max(width, 32u))),
      vector(VectorType::get(count, lane)),
      isWide(hasWideVectors(k.b.getInsertionBlock()->getParentOp())),
      permutes(!isWide &&
               hasPermutations(k.b.getInsertionBlock()->getParentOp())) {}

Num KeyLanes::number(int64_t n) const {
  return k.splat(
      k.num(arith::ConstantOp::create(k.b, k.loc, k.b.getIntegerAttr(lane, n))),
      count);
}

Num KeyLanes::last() const {
  return number(llvm::maxIntN(lane.getIntOrFloatBitWidth()));
}

bool KeyLanes::mayBeSpecial() const { return isFloat(element); }

static Num bitXor(Num x, Num y) {
  Kernel &k = *x.kernel;
  return k.num(arith::XOrIOp::create(k.b, k.loc, x.value, y.value));
}

Num KeyLanes::keysOf(Num stored, Num &special) const {
  Value bits = stored.value;
  auto narrow = VectorType::get(count, k.b.getIntegerType(width));
  if (isFloat(element))
    bits = arith::BitcastOp::create(k.b, k.loc, narrow, bits);
  if (narrow != vector) {
    if (isUnsigned(element))
      bits = arith::ExtUIOp::create(k.b, k.loc, vector, bits);
    else
      bits = arith::ExtSIOp::create(k.b, k.loc, vector, bits);
  }
  Num x = k.num(bits);
  if (isFloat(element)) {
    auto type = cast<FloatType>(storageType(element));
    int64_t infinity = APFloat::getInf(type.getFloatSemantics())
                           .bitcastToAPInt()
                           .getSExtValue();
    Num most = number(llvm::maxIntN(width));
    Num isNan = k.num(arith::AndIOp::create(k.b, k.loc, x.value, most.value)) >
                number(infinity);
    Num isNegativeZero = x == number(llvm::minIntN(width));
    Num found = isNan || isNegativeZero;
    special = special.value ? special || found : found;
    x = k.choose(x < number(0), bitXor(x, most), x);
    x = k.choose(isNegativeZero, number(0), x);
    x = k.choose(isNan, most, x);
  } else if (isUnsigned(element) && narrow == vector) {
    x = bitXor(x, number(llvm::minIntN(width)));
  }
  return descending ? bitXor(x, number(-1)) : x;
}

Num KeyLanes::elementsOf(Num x) const {
  if (descending)
    x = bitXor(x, number(-1));
  auto narrow = VectorType::get(count, k.b.getIntegerType(width));
  if (isFloat(element))
    x = k.choose(x < number(0), bitXor(x, number(llvm::maxIntN(width))), x);
  else if (isUnsigned(element) && narrow == vector)
    x = bitXor(x, number(llvm::minIntN(width)));
  Value bits = x.value;
  if (narrow != vector)
    bits = arith::TruncIOp::create(k.b, k.loc, narrow, bits);
  if (isFloat(element))
    bits = arith::BitcastOp::create(
        k.b, k.loc, VectorType::get(count, storageType(element)), bits);
  return k.num(bits);
}

//===----------------------------------------------------------------------===//
// Vectors in registers
//===----------------------------------------------------------------------===//

void KeyLanes::exchange(Num &x, Num &y) const {
  Num less = k.num(arith::MinSIOp::create(k.b, k.loc, x.value, y.value));
  // x + y - less, without carries: one instruction for three operands where
  // vectors are wide. Those that compare them go one at a time there.
  y = isWide ? bitXor(bitXor(x, y), less)
             : k.num(arith::MaxSIOp::create(k.b, k.loc, x.value, y.value));
  x = less;
}

static void sortByBatcher(const KeyLanes &lanes, MutableArrayRef<Num> x) {
  int64_t n = x.size();
  for (int64_t p = 1; p < n; p *= 2)
    for (int64_t d = p; d >= 1; d /= 2)
      for (int64_t j = d % p; j + d < n; j += 2 * d)
        for (int64_t i = j; i < std::min(j + d, n - d); ++i)
          if (i / (2 * p) == (i + d) / (2 * p))
            lanes.exchange(x[i], x[i + d]);
}

void KeyLanes::sort(Vectors &x) const { sortByBatcher(*this, x); }

void KeyLanes::merge(MutableArrayRef<Num> x) const {
  int64_t n = x.size();
  if (n % 2)
    return sortByBatcher(*this, x);
  for (int64_t i = 0; i < n / 2; ++i)
    exchange(x[i], x[i + n / 2]);
  if (n > 2) {
    merge(x.take_front(n / 2));
    merge(x.drop_front(n / 2));
  }
}

/// Of two vectors, squares of `half` lanes that change places; which is its own
/// inverse.
static std::array<SmallVector<int64_t>, 2> squares(int64_t lanes,
                                                   int64_t half) {
  std::array<SmallVector<int64_t>, 2> result;
  for (int64_t i = 0; i < lanes; ++i) {
    result[0].push_back(i & half ? lanes + i - half : i);
    result[1].push_back(i & half ? lanes + i : i + half);
  }
  return result;
}

void KeyLanes::mergeLanes(MutableArrayRef<Num> x, int64_t distance) const {
  for (size_t i = 0; i < x.size(); i += 2) {
    Num &a = x[i], &b = x[i + 1];
    auto shuffle = [&](const std::array<SmallVector<int64_t>, 2> &places) {
      Num first = k.shuffle(a, b, places[0]);
      b = k.shuffle(a, b, places[1]);
      a = first;
    };
    // One shuffle goes back from a distance, and on to half of it.
    shuffle(squares(count, distance));
    for (int64_t d = distance; d >= 1; d /= 2) {
      exchange(a, b);
      auto back = squares(count, d);
      if (d == 1) {
        shuffle(back);
        continue;
      }
      auto next = squares(count, d / 2);
      for (SmallVector<int64_t> &places : next)
        for (int64_t &place : places)
          place = back[place / count][place % count];
      shuffle(next);
    }
  }
}

Num KeyLanes::reversed(Num x, int64_t group) const {
  SmallVector<int64_t> places;
  for (int64_t i = 0; i < count; ++i)
    places.push_back(i ^ (group - 1));
  return k.shuffle(x, x, places);
}

/// Lane i of vector j becomes lane j of vector i: squares of half the size
/// change places, then those within them.
void KeyLanes::transpose(Vectors &x) const {
  for (int64_t half = count / 2; half > 0; half /= 2) {
    auto places = squares(count, half);
    for (int64_t i = 0; i < count; ++i) {
      if (i & half)
        continue;
      Num above = x[i], below = x[i + half];
      x[i] = k.shuffle(above, below, places[0]);
      x[i + half] = k.shuffle(above, below, places[1]);
    }
  }
}

//===----------------------------------------------------------------------===//
// Columns
//===----------------------------------------------------------------------===//

/// Blocks of as many rows as registers take, and a power of two of them.
ColumnNetwork::ColumnNetwork(const KeyLanes &lanes, int64_t size, bool isEven)
    : k(lanes.k), lanes(lanes), log(isEven ? 1 : 0) {
  while (llvm::divideCeil(size, int64_t(1) << log) > mostInBlock)
    ++log;
  block = llvm::divideCeil(size, int64_t(1) << log);
  for (logChunk = log; block << logChunk > mostInChunk;)
    --logChunk;
}

double ColumnNetwork::work(bool acrossLanes) const {
  double steps = 10 + log * (log + 9) / 2.0;
  if (acrossLanes)
    steps += llvm::Log2_64(lanes.count) * (log + 5);
  return numRows() / 2.0 * steps;
}

ColumnNetwork::Vectors ColumnNetwork::load(ArrayRef<Num> places) const {
  Vectors x;
  for (Num place : places)
    x.push_back(keys.vector(place * k.index(lanes.count), lanes.count));
  return x;
}
void ColumnNetwork::store(ArrayRef<Num> places, const Vectors &x) const {
  for (auto [place, value] : llvm::zip(places, x))
    keys.setVector(place * k.index(lanes.count), value);
}

void lowering::strided(Kernel &k, Num from, Num to, Num step,
                       Kernel::Step body) {
  auto loop = scf::ForOp::create(k.b, k.loc, from.value, to.value, step.value);
  OpBuilder::InsertionGuard guard(k.b);
  k.b.setInsertionPointToStart(loop.getBody());
  body(k.num(loop.getInductionVar()));
}

static Num shiftedLeft(Num x, Num bits) {
  Kernel &k = *x.kernel;
  return k.num(arith::ShLIOp::create(k.b, k.loc, x.value, bits.value));
}
Num lowering::shiftedRight(Num x, int64_t bits) {
  Kernel &k = *x.kernel;
  return k.num(
      arith::ShRUIOp::create(k.b, k.loc, x.value, k.index(bits).value));
}

Num ColumnNetwork::rowsInBlock() const {
  return chosenBlock.value ? chosenBlock : k.index(block);
}

/// What is exchanged while so many halvings are left.
Num ColumnNetwork::distanceOf(Num levels) const {
  return shiftedLeft(rowsInBlock(), levels - 1);
}

void ColumnNetwork::blocks(Num begin, Num end,
                           function_ref<void(Vectors &)> change) const {
  auto changeAll = [&](int64_t rows) {
    strided(k, begin, end, k.index(rows), [&](Num from) {
      SmallVector<Num> places;
      for (int64_t i = 0; i < rows; ++i)
        places.push_back(from + i);
      Vectors x = load(places);
      change(x);
      store(places, x);
    });
  };
  if (!chosenBlock.value)
    return changeAll(block);
  for (int64_t rows : rowsInBlocks)
    k.when(chosenBlock == k.index(rows), [&] { changeAll(rows); });
}

/// Of two runs, the second is read backwards; and the first steps after that.
void ColumnNetwork::turnAndHalve(Num begin, Num end, Num run,
                                 int levels) const {
  int64_t count = int64_t(1) << (levels - 1);
  Num both = run + run, part = shiftedRight(run, levels - 1);
  strided(k, begin, end, both, [&](Num from) {
    Num last = from + both - 1;
    k.loop(k.index(0), part, [&](Num i) {
      SmallVector<Num> places, turned;
      Num at = i;
      for (int64_t j = 0; j < count; ++j, at = at + part) {
        places.push_back(from + at);
        turned.push_back(last - at);
      }
      // Rising places: the first run, then the second.
      places.append(turned.rbegin(), turned.rend());
      Vectors x = load(places);
      for (int64_t j = 0; j < count; ++j)
        lanes.exchange(x[j], x[2 * count - 1 - j]);
      if (count > 1) {
        lanes.merge(MutableArrayRef(x).take_front(count));
        lanes.merge(MutableArrayRef(x).drop_front(count));
      }
      store(places, x);
    });
  });
}

/// Exchanges at a distance, half of it...: so many steps.
void ColumnNetwork::halve(Num begin, Num end, Num distance, int levels) const {
  int64_t count = int64_t(1) << levels;
  Num both = distance + distance, part = shiftedRight(both, levels);
  strided(k, begin, end, both, [&](Num from) {
    k.loop(from, from + part, [&](Num i) {
      SmallVector<Num> places{i};
      for (int64_t j = 1; j < count; ++j)
        places.push_back(places.back() + part);
      Vectors x = load(places);
      lanes.merge(x);
      store(places, x);
    });
  });
}

/// By three steps, as long as distances are at least `least`.
void ColumnNetwork::halveAll(Num begin, Num end, const Cell &left,
                             Num least) const {
  k.repeatWhile(
      [&] {
        Num levels = left;
        return levels > k.index(0) &&
               distanceOf(k.larger(levels, k.index(1))) >= least;
      },
      [&] {
        Num levels = left;
        halve(begin, end, distanceOf(levels), 3);
        left = levels - 3;
      });
}

/// Groups of lanes become groups of twice as many: the second one is read
/// backwards, and then lanes that are apart are compared.
void ColumnNetwork::meetLanes(Num begin, Num last, int64_t group) const {
  SmallVector<int64_t> firstGroup, secondGroup;
  for (int64_t i = 0; i < lanes.count; ++i) {
    firstGroup.push_back(i & group ? lanes.count + i : i);
    secondGroup.push_back(i & group ? i : lanes.count + i);
  }
  k.loop(k.index(0), shiftedRight(last - begin + 1, 1), [&](Num i) {
    SmallVector<Num> places{begin + i, last - i};
    Vectors x = load(places);
    Num less = x[0], more = lanes.reversed(x[1], 2 * group);
    lanes.exchange(less, more);
    x[0] = k.shuffle(less, more, firstGroup);
    x[1] = lanes.reversed(k.shuffle(less, more, secondGroup), 2 * group);
    if (group > 1)
      lanes.mergeLanes(x, group / 2);
    store(places, x);
  });
}

/// Merges runs of `block << stage` rows, or, after the last of `doublings` of
/// them, lanes.
void ColumnNetwork::step(Num begin, Num end, Num stage, Num doublings,
                         bool acrossLanes) const {
  Cell left = k.cell(stage);
  auto alongColumns = [&] {
    // As many steps as leave a multiple of three.
    Num rest = k.remainder(stage, k.index(3));
    Num run = shiftedLeft(rowsInBlock(), stage);
    for (int levels = 1; levels <= std::min<int64_t>(log, 3); ++levels)
      k.when(rest == k.index(levels - 1),
             [&] { turnAndHalve(begin, end, run, levels); });
    left = stage - rest;
  };
  auto alongLanes = [&] {
    for (int64_t group = 1, i = 0; group < lanes.count; group *= 2, ++i)
      k.when(stage == doublings + i, [&] { meetLanes(begin, end - 1, group); });
    Num rest = k.remainder(doublings, k.index(3));
    for (int levels = 1; levels <= std::min<int64_t>(log, 2); ++levels)
      k.when(rest == k.index(levels), [&] {
        halve(begin, end, shiftedLeft(rowsInBlock(), doublings - 1), levels);
      });
    left = doublings - rest;
  };
  if (acrossLanes)
    k.when(stage < doublings, alongColumns, alongLanes);
  else
    alongColumns();
  Num chunk = k.index(block << logChunk);
  if (logChunk < log)
    halveAll(begin, end, left, chunk);
  else
    chunk = end - begin;
  Num levels = left;
  strided(k, begin, end, chunk, [&](Num from) {
    left = levels;
    Num to = from + chunk;
    halveAll(from, to, left, k.index(0));
    blocks(from, to, [&](Vectors &x) { lanes.merge(x); });
  });
}

void ColumnNetwork::sort(const Array &array, Num first, bool acrossLanes) {
  keys = array;
  // Each chunk for itself, and then all of them.
  int64_t numChunks = int64_t(1) << (log - logChunk);
  int64_t inChunk = numChunks * (logChunk + 1);
  int64_t stages = log + (acrossLanes ? llvm::Log2_64(lanes.count) : 0);
  Num rows = k.index(numRows()), chunk = k.index(block << logChunk);
  Num perChunk = k.index(logChunk + 1), doublings = k.index(log);
  k.loop(k.index(0), k.index(inChunk + stages - logChunk), [&](Num i) {
    Num isInChunk = i < k.index(inChunk);
    Num begin = first + k.choose(isInChunk, i / perChunk * chunk, k.index(0));
    Num end = begin + k.choose(isInChunk, chunk, rows);
    Num stage = k.choose(isInChunk, k.remainder(i, perChunk) - 1,
                         i - (inChunk - logChunk));
    k.when(
        stage < k.index(0),
        [&] { blocks(begin, end, [&](Vectors &x) { lanes.sort(x); }); },
        [&] { step(begin, end, stage, doublings, acrossLanes); });
  });
}

Num ColumnNetwork::Shape::numRows() const {
  return shiftedLeft(inBlock, doublings);
}

/// Doubled once at least, so that there are squares of lanes, and an even
/// number of rows.
ColumnNetwork::Shape ColumnNetwork::shapeFor(Num rows) const {
  Cell doublings = k.cell(k.index(1));
  auto most = [&] { return shiftedLeft(k.index(mostInBlock), doublings); };
  k.repeatWhile([&] { return most() < rows; },
                [&] { doublings = Num(doublings) + 1; });
  Num result = k.index(mostInBlock);
  for (int64_t inBlock : llvm::reverse(rowsInBlocks)) {
    Num fewer = k.index(inBlock);
    result = k.choose(shiftedLeft(fewer, doublings) < rows, result, fewer);
  }
  return {result, doublings};
}

int64_t ColumnNetwork::mostRows(int64_t rows) {
  return std::max<int64_t>(llvm::PowerOf2Ceil(rows), 2 * mostInBlock);
}

void ColumnNetwork::sort(const Array &array, Num first, const Shape &shape) {
  assert(logChunk == log && "expected rows that stay in the cache");
  keys = array;
  chosenBlock = shape.inBlock;
  Num end = first + shape.numRows();
  blocks(first, end, [&](Vectors &x) { lanes.sort(x); });
  Num stages = shape.doublings + llvm::Log2_64(lanes.count);
  k.loop(k.index(0), stages, [&](Num stage) {
    step(first, end, stage, shape.doublings, /*acrossLanes=*/true);
  });
  chosenBlock = {};
}

//===----------------------------------------------------------------------===//
// Many rows
//===----------------------------------------------------------------------===//

/// Fewer elements are quicker counted.
bool SortNetwork::isFor(Dim size) { return size >= 24 && size <= 4096; }

SortNetwork::SortNetwork(Kernel &k, Type element, bool descending, int64_t size)
    : k(k), lanes(k, element, descending), size(size),
      network(lanes, size, /*isEven=*/false) {}

double SortNetwork::nanoseconds() const {
  return 0.6 * network.work(/*acrossLanes=*/false);
}

void KeyLanes::mark(const Array &flags, Num at, Num special) const {
  Num more = k.num(arith::ExtUIOp::create(k.b, k.loc, vector, special.value));
  flags.setVector(
      at, k.num(arith::OrIOp::create(k.b, k.loc, flags.vector(at, count).value,
                                     more.value)));
}

void SortNetwork::sort(ArrayRef<Array> rows, ArrayRef<Array> results,
                       Kernel::Body repair) {
  int64_t count = lanes.count;
  Array columns = k.scratch({network.numRows() * count}, lanes.lane);
  Num zero = k.index(0), n = k.index(size);
  Num numSquares = k.index(llvm::divideCeil(size, count));
  // The last square may begin before the one before it has ended.
  auto beginOf = [&](Num i) {
    return k.smaller(i * k.index(count), k.index(size - count));
  };
  auto flags = k.scratch({count}, lanes.lane);
  if (lanes.mayBeSpecial())
    flags.setVector(zero, lanes.number(0));
  k.loop(zero, numSquares, [&](Num i) {
    Num from = beginOf(i), special;
    KeyLanes::Vectors x;
    for (const Array &row : rows)
      x.push_back(lanes.keysOf(row.vector(from, count), special));
    if (lanes.mayBeSpecial())
      lanes.mark(flags, zero, special);
    lanes.transpose(x);
    for (auto [i, value] : llvm::enumerate(x))
      columns.setVector((from + i) * k.index(count), value);
  });
  k.loop(n, k.index(network.numRows()),
         [&](Num i) { columns.setVector(i * k.index(count), lanes.last()); });
  network.sort(columns, zero, /*acrossLanes=*/false);
  k.loop(zero, numSquares, [&](Num i) {
    Num from = beginOf(i);
    KeyLanes::Vectors x;
    for (int64_t j = 0; j < count; ++j)
      x.push_back(columns.vector((from + j) * k.index(count), count));
    lanes.transpose(x);
    for (auto [result, value] : llvm::zip(results, x))
      result.setVector(from, lanes.elementsOf(value));
  });
  if (lanes.mayBeSpecial())
    k.when(k.anyOf(flags.vector(zero, count) != lanes.number(0)), repair);
}
