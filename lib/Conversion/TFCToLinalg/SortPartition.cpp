//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Quicksort (Hoare, 1962) on vectors: lanes below a pivot become neighbours,
// and so do the others, until a network sorts what is left.
//
// 1. The row becomes keys, in the memory of the result where an element is as
//    large as a key. Two threads take a half each; what is in the wrong half
//    after that changes places.
// 2. A partition reads some vectors from that end of what is left where less
// has
//    become free, and writes their elements to both ends. So it needs no other
//    memory than what is at the ends at first, which waits aside.
// 3. Threads share the four nodes after three partitions... and each goes on
//    with its own, the last one first.
//
// A pivot is a median of medians of samples. Bounds of a node's keys are known:
// the pivot is above the lower one, so that each partition takes something
// away, and a node whose bounds are equal is done. From some depth on, pivots
// are halfway between the bounds, of which there are as many as a key has bits:
// no input is worse than that.
//===----------------------------------------------------------------------===//

#include "SortPartition.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

/// A leaf has so many vectors, at most.
static constexpr int64_t mostInLeaf = 128;
/// A pivot is found in so many vectors.
static constexpr int64_t numSamples = 9;
/// Nodes that threads share, and how often nodes double to be as many, after
/// the first time.
static constexpr int64_t numTasks = 8, numStages = 2;
/// Of the fields of a node.
static constexpr int64_t countField = 1;
/// So many vectors are read from one side at a time.
static constexpr int64_t vectorsPerTurn = 8;
/// And as many from so far away are fetched.
static constexpr int64_t turnsAhead = 4;

bool PartitionSort::isFor(int64_t lanes, Dim size) {
  return size > 4 * mostInLeaf * lanes;
}

PartitionSort::PartitionSort(const KeyLanes &lanes, int64_t size)
    : k(lanes.k), lanes(lanes), size(size),
      network(lanes, mostInLeaf, /*isEven=*/true),
      leaf(mostInLeaf * lanes.count),
      inBlock((ColumnNetwork::mostRows(mostInLeaf) + 1) * lanes.count),
      deepest(2 * llvm::Log2_64_Ceil(llvm::divideCeil(size, leaf)) + 4),
      // A node leaves one of its two waiting, at each depth.
      stack(deepest + lanes.lane.getIntOrFloatBitWidth() + 4) {}

double PartitionSort::nanoseconds() const {
  double perKey = 64.0 / lanes.count / 4; // 1 for 32 bits
  return size * perKey * (1 + 0.25 * llvm::Log2_64_Ceil(size / leaf));
}

void PartitionSort::each(int64_t count, double nanoseconds, bool shared,
                         Kernel::Step body) {
  if (!shared)
    return k.loop(k.index(0), k.index(count), body);
  k.independent({count}, nanoseconds,
                [&](ArrayRef<Num> at) { body(at.front()); });
}

//===----------------------------------------------------------------------===//
// Nodes
//===----------------------------------------------------------------------===//

PartitionSort::Node PartitionSort::node(Num slot) const {
  auto field = [&](int64_t i) { return nodes(slot, k.index(i)); };
  return {field(0), field(countField), field(2), bounds(slot, k.index(0)),
          bounds(slot, k.index(1))};
}

void PartitionSort::setNode(Num slot, const Node &node) {
  std::array fields{node.from, node.count, node.depth};
  for (auto [i, field] : llvm::enumerate(fields))
    nodes.set(slot, k.index(i), field);
  bounds.set(slot, k.index(0), node.least);
  bounds.set(slot, k.index(1), node.most);
}

Num PartitionSort::scalarKey(int64_t n) const {
  return k.num(
      arith::ConstantOp::create(k.b, k.loc, k.b.getIntegerAttr(lanes.lane, n)));
}

/// Above the lower bound, and not above the upper one.
Num PartitionSort::halfway(const Node &node) const {
  Num range = node.most - node.least;
  Num half = k.num(
      arith::ShRUIOp::create(k.b, k.loc, range.value, scalarKey(1).value));
  return node.least + half + scalarKey(1);
}

//===----------------------------------------------------------------------===//
// Pivots
//===----------------------------------------------------------------------===//

static Num lanesFrom(Num x, int64_t first) {
  int64_t count = cast<VectorType>(x.value.getType()).getNumElements();
  SmallVector<int64_t> places;
  for (int64_t i = 0; i < count; ++i)
    places.push_back((i + first) % count);
  return x.kernel->shuffle(x, x, places);
}

/// Of samples that are evenly spread, a median of each lane; then medians of
/// three, twice.
Num PartitionSort::medianOf(function_ref<Num(Num)> vectorAt, Num count) const {
  Num step = (count - lanes.count) / k.index(numSamples - 1);
  KeyLanes::Vectors x;
  for (int64_t i = 0; i < numSamples; ++i)
    x.push_back(vectorAt(k.index(i) * step));
  lanes.sort(x);
  Num result = x[numSamples / 2];
  for (int64_t distance : {lanes.count / 3, int64_t(1)}) {
    Num low = result, middle = lanesFrom(result, distance),
        high = lanesFrom(result, 2 * distance);
    lanes.exchange(low, middle);
    lanes.exchange(middle, high);
    lanes.exchange(low, middle);
    result = middle;
  }
  return k.num(vector::ExtractOp::create(k.b, k.loc, result.value, 0));
}

//===----------------------------------------------------------------------===//
// Partitions
//===----------------------------------------------------------------------===//

/// What a loop carries from one vector to the next.
using Carried = SmallVector<Num>;
static Carried carry(Kernel &k, Num from, Num to, int64_t step,
                     const Carried &initial,
                     llvm::function_ref<Carried(Num, const Carried &)> next) {
  auto values = [](const Carried &numbers) {
    return llvm::map_to_vector(numbers, [](Num x) { return x.value; });
  };
  auto numbers = [&](ValueRange values) {
    return llvm::map_to_vector(values, [&](Value x) { return k.num(x); });
  };
  auto loop = scf::ForOp::create(k.b, k.loc, from.value, to.value,
                                 k.index(step).value, values(initial));
  OpBuilder::InsertionGuard guard(k.b);
  k.b.setInsertionPointToStart(loop.getBody());
  Carried more =
      next(k.num(loop.getInductionVar()), numbers(loop.getRegionIterArgs()));
  if (!more.empty()) // otherwise it is there
    scf::YieldOp::create(k.b, k.loc, values(more));
  return numbers(loop.getResults());
}

Num PartitionSort::lanesBefore(Num count) const {
  Type i32 = k.b.getI32Type();
  Num most = k.smaller(count, k.index(lanes.count));
  Num bound = k.num(arith::IndexCastOp::create(k.b, k.loc, i32, most.value));
  return k.lanesFromZero(VectorType::get(lanes.count, i32)) <
         k.splat(bound, lanes.count);
}

/// The same by integers, which do not keep comparisons of vectors waiting.
Num PartitionSort::firstLanes(Num count) const {
  Type i32 = k.b.getI32Type(), bits = k.b.getIntegerType(lanes.count);
  Num n = k.num(arith::IndexCastOp::create(k.b, k.loc, i32, count.value));
  Num one =
      k.num(arith::ConstantOp::create(k.b, k.loc, k.b.getI32IntegerAttr(1)));
  Num mask = k.num(arith::ShLIOp::create(k.b, k.loc, one.value, n.value)) - one;
  Value word = arith::TruncIOp::create(k.b, k.loc, bits, mask.value);
  auto vector = VectorType::get(lanes.count, k.b.getI1Type());
  return k.num(vector::BitCastOp::create(
      k.b, k.loc, vector,
      vector::BroadcastOp::create(k.b, k.loc, VectorType::get(1, bits), word)));
}

/// The same bits.
Num PartitionSort::elementToKey(Num x) const {
  Type type = lanes.lane;
  if (auto vector = dyn_cast<VectorType>(x.value.getType()))
    type = lanes.vector;
  return isFloat(lanes.element)
             ? k.num(arith::BitcastOp::create(k.b, k.loc, type, x.value))
             : x;
}
Num PartitionSort::keyToElement(Num x) const {
  auto keys = cast<VectorType>(x.value.getType());
  auto type = keys.clone(storageType(lanes.element));
  return isFloat(lanes.element)
             ? k.num(arith::BitcastOp::create(k.b, k.loc, type, x.value))
             : x;
}

Num PartitionSort::key(Num at) const {
  return keysAreResult ? elementToKey(keys.vector(at, lanes.count))
                       : keys.vector(at, lanes.count);
}
void PartitionSort::setKey(Num at, Num x) const {
  keys.setVector(at, keysAreResult ? keyToElement(x) : x);
}
void PartitionSort::setKey(Num at, Num x, Num mask) const {
  keys.setVector(at, keysAreResult ? keyToElement(x) : x, mask);
}

/// Brings what is at a place closer, if there is something.
static void fetch(const Array &array, Num at) {
  Kernel &k = *at.kernel;
  // Where that is, is what a vector would be read from.
  auto read = array.vector(at, 1).value.getDefiningOp<vector::LoadOp>();
  memref::PrefetchOp::create(k.b, k.loc, read.getBase(), read.getIndices(),
                             /*isWrite=*/false, /*localityHint=*/3,
                             /*isDataCache=*/true);
  read.erase();
}

/// For each choice of the lanes of a register, which are numbered: those that
/// are chosen, and then the others. A lane of 64 bits is two of them. The
/// numbers are bytes of a word, so that the table takes 2 KiB of the
/// first-level cache.
void PartitionSort::makeOrders() {
  int64_t inRegister = lanes.count / 2, perLane = 8 / inRegister;
  Type i64 = k.b.getI64Type();
  auto word = [&](int64_t n) {
    return k.num(
        arith::ConstantOp::create(k.b, k.loc, k.b.getI64IntegerAttr(n)));
  };
  auto shifted = [&](Num x, Num bits) {
    return k.num(arith::ShLIOp::create(k.b, k.loc, x.value, bits.value));
  };
  orders = k.scratch({int64_t(1) << inRegister}, i64);
  k.loop(k.index(0), k.index(int64_t(1) << inRegister), [&](Num choice) {
    Num bits = k.num(arith::IndexCastOp::create(k.b, k.loc, i64, choice.value));
    Num order = word(0), place = word(0);
    for (bool chosen : {true, false})
      for (int64_t lane = 0; lane < inRegister; ++lane) {
        // The numbers of its parts, as they follow each other.
        int64_t numbers = 0;
        for (int64_t part = 0; part < perLane; ++part)
          numbers |= (lane * perLane + part) << (8 * part);
        Num mask = word(int64_t(1) << lane);
        Num isChosen = k.num(arith::AndIOp::create(k.b, k.loc, bits.value,
                                                   mask.value)) != word(0);
        Num isHere = chosen ? isChosen : k.no(isChosen);
        order =
            order + k.choose(isHere, shifted(word(numbers), place), word(0));
        place = place + k.choose(isHere, word(8 * perLane), word(0));
      }
    orders.set(choice, order);
  });
}

/// The same for a CPU that has no instruction for it: a register at a time,
/// whose lanes below the pivot become the first ones. It is written to both
/// ends, where the lanes that do not belong there are room.
void PartitionSort::putParts(Num x, Num pivot, Num &low, Num &room) const {
  int64_t inRegister = lanes.count / 2;
  auto i32s = VectorType::get(8, k.b.getI32Type());
  auto type = VectorType::get(inRegister, lanes.lane);
  Num below = k.splat(pivot, inRegister), lanesInRegister = k.index(inRegister);
  for (int64_t first : {int64_t(0), inRegister}) {
    Num part = k.shuffle(
        x, x, llvm::to_vector(llvm::seq<int64_t>(first, first + inRegister)));
    Num isLow = part < below;
    Value bits = vector::BitCastOp::create(
        k.b, k.loc, VectorType::get(1, k.b.getIntegerType(inRegister)),
        isLow.value);
    Num choice = k.num(arith::IndexCastUIOp::create(
        k.b, k.loc, k.b.getIndexType(),
        vector::ExtractOp::create(k.b, k.loc, bits, 0)));
    Value numbers = vector::BroadcastOp::create(
        k.b, k.loc, VectorType::get(1, k.b.getI64Type()), orders(choice).value);
    numbers = vector::BitCastOp::create(
        k.b, k.loc, VectorType::get(8, k.b.getI8Type()), numbers);
    numbers = arith::ExtUIOp::create(k.b, k.loc, i32s, numbers);
    Value ordered =
        LLVM::CallIntrinsicOp::create(
            k.b, k.loc, i32s, k.b.getStringAttr("llvm.x86.avx2.permd"),
            ValueRange{vector::BitCastOp::create(k.b, k.loc, i32s, part.value),
                       numbers})
            .getResult(0);
    part = k.num(vector::BitCastOp::create(k.b, k.loc, type, ordered));
    setKey(low, part);
    room = room - inRegister;
    setKey(low + room, part);
    low = low + k.countOf(isLow);
  }
}

/// Those of a part whose keys are below a pivot become its first ones; how many
/// they are. Elements come from the end where there is less room, so that there
/// is always enough for all of them at either end.
Num PartitionSort::partition(Num from, Num count, Num pivot, Load load,
                             Num &special) {
  int64_t inVector = lanes.count, perTurn = vectorsPerTurn * inVector;
  int64_t ahead = turnsAhead * perTurn;
  Num below = k.splat(pivot, inVector), zero = k.index(0);
  Num lanesInTurn = k.index(perTurn), lanesInVector = k.index(inVector);
  // Loops carry what is special, too, where that is looked for.
  auto add = [](Carried so, Num special) {
    if (special.value)
      so.push_back(special);
    return so;
  };
  // What is at both ends waits aside, and what makes no whole turn with it.
  Array aside = k.scratch({3 * perTurn + inVector}, lanes.lane);
  Num inTurns = (count / lanesInTurn - 2) * lanesInTurn;
  Num numAside = count - inTurns;
  Num whole = numAside / lanesInVector * lanesInVector;
  Carried marks =
      carry(k, zero, whole, inVector, add({}, special),
            [&](Num i, Carried so) -> Carried {
              Num mark = so.empty() ? Num() : so[0];
              Num at = from + i + k.choose(i < lanesInTurn, zero, inTurns);
              aside.setVector(i, load(at, mark));
              return add({}, mark);
            });
  if (special.value)
    special = marks[0];
  // The last lanes of it may be there already.
  aside.setVector(whole, load(from + (count - inVector), special));

  // Puts a whole vector where there is room for `room` elements, from `low` on.
  auto put = [&](Num x, Num &low, Num &room) {
    if (lanes.permutes)
      return putParts(x, pivot, low, room);
    Num isLow = x < below, n = k.countOf(isLow);
    // Lanes behind those that are chosen are room, too.
    setKey(low, k.compress(x, isLow));
    low = low + n;
    room = room - inVector;
    setKey(low + room, k.compress(x, x >= below),
           firstLanes(lanesInVector - n));
  };
  Carried ends =
      carry(k, zero, inTurns, perTurn, add({from + perTurn, from}, special),
            [&](Num i, const Carried &so) -> Carried {
              Num left = so[0], low = so[1], right = left + (inTurns - i);
              Num mark = so.size() > 2 ? so[2] : Num(), room = count - i;
              Num isRight = low + room - right < left - low;
              Num at = k.choose(isRight, right - perTurn, left);
              KeyLanes::Vectors x;
              for (int64_t v = 0; v < vectorsPerTurn; ++v)
                x.push_back(load(at + v * inVector, mark));
              for (int64_t v = 0; v < vectorsPerTurn; ++v) {
                fetch(keys, left + (ahead + v * inVector));
                fetch(keys, right - (ahead + v * inVector));
              }
              for (Num vector : x)
                put(vector, low, room);
              return add({k.choose(isRight, left, left + perTurn), low}, mark);
            });
  if (special.value)
    special = ends[2];
  // Only what makes no whole vector has to be put lane by lane. It comes first:
  // the last vector finds room for itself then.
  Num rest = numAside - whole, x = aside.vector(whole, inVector);
  Num isThere = lanesBefore(lanesInVector - rest) != lanesBefore(lanesInVector);
  Num isLow = x < below && isThere, n = k.countOf(isLow), low = ends[1];
  setKey(low, k.compress(x, isLow), firstLanes(n));
  setKey(low + (n + whole), k.compress(x, x >= below && isThere),
         firstLanes(rest - n));
  low = carry(k, zero, whole, inVector, {low + n},
              [&](Num i, const Carried &so) -> Carried {
                Num low = so[0], room = whole - i;
                put(aside.vector(i, inVector), low, room);
                return {low};
              })[0];
  return low - from;
}

/// What is in the wrong half of the row after both were partitioned.
void PartitionSort::exchangeHalves(Num first, Num second, bool shared) {
  static constexpr int64_t numPieces = 4;
  int64_t inVector = lanes.count, half = size / 2;
  Num numWrong = k.smaller(k.index(half) - first, second);
  Num other = second - numWrong + half;
  Num vectors = numWrong / k.index(inVector);
  each(numPieces, half * 0.1 / numPieces, shared, [&](Num piece) {
    auto begin = [&](Num piece) {
      return vectors * piece / k.index(numPieces) * k.index(inVector);
    };
    k.loopBy(begin(piece), begin(piece + 1), inVector, [&](Num i) {
      Num x = key(first + i);
      setKey(first + i, key(other + i));
      setKey(other + i, x);
    });
  });
  k.loop(vectors * k.index(inVector), numWrong, [&](Num i) {
    Num x = keys(first + i);
    keys.set(first + i, keys(other + i));
    keys.set(other + i, x);
  });
}

/// The row's first two nodes.
void PartitionSort::splitRow(const Array &row, bool shared) {
  int64_t count = lanes.count, half = size / 2;
  if (lanes.permutes)
    makeOrders();
  auto load = [&](Num at, Num &special) {
    return lanes.keysOf(row.vector(at, count), special);
  };
  Num none; // marks are looked for later
  Num pivot = medianOf([&](Num at) { return load(at, none); }, k.index(size));
  auto bits = lanes.lane.getIntOrFloatBitWidth();
  Num least = scalarKey(llvm::minIntN(bits)),
      most = scalarKey(llvm::maxIntN(bits)), one = scalarKey(1);
  pivot = k.choose(pivot == least, pivot + one, pivot);
  Num zero = k.index(0), numLow;
  auto split = [&](Num from, Num size, Num piece) {
    Num special;
    if (lanes.mayBeSpecial())
      special = lanes.number(0) != lanes.number(0);
    Num low = partition(from, size, pivot, load, special);
    if (lanes.mayBeSpecial())
      flags.setVector(piece * k.index(count),
                      k.num(arith::ExtUIOp::create(k.b, k.loc, lanes.vector,
                                                   special.value)));
    return low;
  };
  if (shared) {
    Array ends = k.scratch({2}, k.b.getIndexType());
    each(2, half * 0.3, shared, [&](Num piece) {
      Num from = piece * k.index(half);
      ends.set(piece,
               split(from, k.index(half) + piece * k.index(size % 2), piece));
    });
    Num first = ends(zero), second = ends(k.index(1));
    exchangeHalves(first, second, shared);
    numLow = first + second;
  } else {
    numLow = split(zero, k.index(size), zero);
  }
  k.loop(zero, k.index(numTasks),
         [&](Num slot) { nodes.set(slot, k.index(countField), zero); });
  setNode(zero, {zero, numLow, k.index(1), least, pivot - one});
  setNode(k.index(numTasks / 2),
          {numLow, k.index(size) - numLow, k.index(1), pivot, most});
}

void PartitionSort::split(const Node &parent, Num slotOfLow, Num slotOfHigh) {
  Cell chosen = k.cell(parent.least);
  k.when(
      parent.depth < k.index(deepest),
      [&] {
        Num median = medianOf([&](Num at) { return key(parent.from + at); },
                              parent.count);
        chosen =
            k.choose(median == parent.least, median + scalarKey(1), median);
      },
      [&] { chosen = halfway(parent); });
  Num pivot = chosen, none;
  Num numLow = partition(
      parent.from, parent.count, pivot, [&](Num at, Num &) { return key(at); },
      none);
  Num depth = parent.depth + 1;
  setNode(slotOfLow,
          {parent.from, numLow, depth, parent.least, pivot - scalarKey(1)});
  setNode(slotOfHigh, {parent.from + numLow, parent.count - numLow, depth,
                       pivot, parent.most});
}

//===----------------------------------------------------------------------===//
// Leaves
//===----------------------------------------------------------------------===//

void PartitionSort::fill(const Node &leaf, const Array &result) {
  Num x = lanes.elementsOf(k.splat(leaf.least, lanes.count));
  k.loopBy(k.index(0), leaf.count, lanes.count, [&](Num i) {
    result.setVector(leaf.from + i, x, lanesBefore(leaf.count - i));
  });
}

/// The leaf's columns, in order, and how many rows they have.
Num PartitionSort::sortColumns(const Node &leaf, const Array &block) {
  int64_t count = lanes.count;
  Num zero = k.index(0), lanesInRow = k.index(count);
  auto shape = network.shapeFor((leaf.count + (count - 1)) / lanesInRow);
  Num rows = shape.numRows();
  Num whole = leaf.count / lanesInRow * lanesInRow;
  k.loopBy(zero, whole, count,
           [&](Num i) { block.setVector(i, key(leaf.from + i)); });
  k.loop(whole, leaf.count, [&](Num i) {
    block.set(i, keysAreResult ? elementToKey(keys(leaf.from + i))
                               : keys(leaf.from + i));
  });
  k.loopBy(leaf.count, rows * lanesInRow, count,
           [&](Num i) { block.setVector(i, lanes.last()); });
  network.sort(block, zero, shape);
  return rows;
}

void PartitionSort::sortLeaf(const Node &leaf, const Array &result) {
  int64_t count = lanes.count;
  Array block = k.scratch({inBlock}, lanes.lane);
  Num rows = sortColumns(leaf, block), lanesInRow = k.index(count);
  // Columns become rows; the last square may begin before the one before it
  // has ended.
  k.loopBy(k.index(0), rows, count, [&](Num i) {
    Num from = k.smaller(i, rows - lanesInRow);
    KeyLanes::Vectors x;
    for (int64_t j = 0; j < count; ++j)
      x.push_back(block.vector((from + j) * lanesInRow, count));
    lanes.transpose(x);
    for (int64_t j = 0; j < count; ++j) {
      Num at = from + rows * k.index(j);
      result.setVector(leaf.from + at, lanes.elementsOf(x[j]),
                       lanesBefore(leaf.count - at));
    }
  });
}

//===----------------------------------------------------------------------===//
// All of it
//===----------------------------------------------------------------------===//

/// One node of those that threads share: one partition, which leaves two nodes
/// at a distance; all of it if that is none.
void PartitionSort::process(Num task, Num distance, const Array &result) {
  Num zero = k.index(0), isLast = distance == zero;
  Num begin = task * k.index(stack) + numTasks;
  setNode(begin, node(task));
  nodes.set(task, k.index(countField), zero);
  Cell waiting = k.cell(k.index(1));
  k.repeatWhile(
      [&] { return Num(waiting) > zero; },
      [&] {
        Num slot = Num(waiting) - 1;
        Node current = node(begin + slot);
        waiting = slot;
        auto go = [&] {
          Num low = k.choose(isLast, begin + slot, task);
          Num high = k.choose(isLast, begin + slot + 1, task + distance);
          split(current, low, high);
          waiting = slot + k.choose(isLast, k.index(2), zero);
        };
        k.when(current.count > zero, [&] {
          k.when(
              current.least == current.most, [&] { fill(current, result); },
              [&] {
                k.when(
                    current.count <= k.index(leaf),
                    [&] { sortLeaf(current, result); }, go);
              });
        });
      });
}

void PartitionSort::makeRoom() {
  int64_t numSlots = numTasks * (stack + 1);
  nodes = k.scratch({numSlots, 3}, k.b.getIndexType());
  bounds = k.scratch({numSlots, 2}, lanes.lane);
  flags = k.scratch({2 * lanes.count}, lanes.lane);
}

void PartitionSort::sort(const Array &row, const Array &result, bool shared,
                         Kernel::Body repair) {
  makeRoom();
  keysAreResult = lanes.width == lanes.lane.getIntOrFloatBitWidth();
  keys = keysAreResult ? result : k.scratch({size}, lanes.lane);
  splitRow(row, shared);
  k.loop(k.index(0), k.index(numStages + 1), [&](Num stage) {
    // So far apart are the nodes that are there, and those that come.
    auto halved = [&](int64_t count, Num times) {
      return k.num(arith::ShRUIOp::create(k.b, k.loc, k.index(count).value,
                                          times.value));
    };
    Num apart = halved(numTasks / 2, stage),
        distance = halved(numTasks / 4, stage);
    each(numTasks, nanoseconds() / numTasks / (numStages + 1), shared,
         [&](Num task) {
           k.when(k.remainder(task, apart) == k.index(0),
                  [&] { process(task, distance, result); });
         });
  });
  if (!lanes.mayBeSpecial())
    return;
  Num zero = lanes.number(0);
  auto isMarked = [&](int64_t piece) {
    return flags.vector(k.index(piece * lanes.count), lanes.count) != zero;
  };
  Num marked = isMarked(0);
  if (shared)
    marked = marked || isMarked(1);
  k.when(k.anyOf(marked), repair);
}

/// Of two nodes, the one that has the element is looked at.
Num PartitionSort::select(const Array &row, int64_t place) {
  makeRoom();
  keys = k.scratch({size}, lanes.lane);
  splitRow(row, /*shared=*/false);
  Num low = k.index(0), high = k.index(numTasks / 2), rank = k.index(place);
  Cell slot = k.cell(low), goesOn = k.cell(k.truth(true));
  auto choose = [&] {
    slot = k.choose(rank < node(high).from, low, high);
    Node next = node(slot);
    goesOn = next.count > k.index(leaf) && next.least != next.most;
  };
  choose();
  k.repeatWhile([&] { return Num(goesOn); },
                [&] {
                  split(node(slot), low, high);
                  choose();
                });
  Node last = node(slot);
  Cell result = k.cell(last.least);
  k.when(last.least != last.most, [&] {
    Array block = k.scratch({inBlock}, lanes.lane);
    Num rows = sortColumns(last, block), at = rank - last.from;
    result = block(k.remainder(at, rows) * k.index(lanes.count) + at / rows);
  });
  return result;
}
