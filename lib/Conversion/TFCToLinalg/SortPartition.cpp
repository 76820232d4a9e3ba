//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Quicksort (Hoare, 1962) on vectors: lanes below a pivot become neighbours,
// and so do the others, until a network sorts what is left.
//
// 1. The row becomes keys: of its first half, those below the pivot are written
//    downwards from the middle of the first third of memory, the others from
//    that of the second third; of its second half, upwards. So two threads make
//    two runs without gaps. The last third is spare.
// 2. Elements of a node are at one place, and there is spare room for as many
//    at another one. Those below the pivot stay where they are, the others go
//    to the spare room; what each leaves free is the other one's spare room. So
//    nothing is moved twice.
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

bool PartitionSort::isFor(int64_t lanes, Dim size) {
  return size > 4 * mostInLeaf * lanes;
}

PartitionSort::PartitionSort(const KeyLanes &lanes, int64_t size)
    : k(lanes.k), lanes(lanes), size(size),
      length(llvm::alignTo(size, lanes.count) + lanes.count),
      network(lanes, mostInLeaf, /*isEven=*/true),
      leaf(network.numRows() * lanes.count),
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
  return {field(0),
          field(1),
          field(2),
          field(3),
          field(4),
          bounds(slot, k.index(0)),
          bounds(slot, k.index(1))};
}

void PartitionSort::setNode(Num slot, const Node &node) {
  std::array fields{node.from, node.spare, node.count, node.to, node.depth};
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

void PartitionSort::put(Num at, Num x, Num chosen, Num count) {
  keys.setVector(at, k.compress(x, chosen), lanesBefore(count));
}

/// The row's first two nodes.
void PartitionSort::splitRow(const Array &row, bool shared) {
  int64_t count = lanes.count, rest = size % count;
  int64_t middle = size / 2 / count * count;
  Num none; // marks are looked for later
  Num pivot = medianOf(
      [&](Num at) { return lanes.keysOf(row.vector(at, count), none); },
      k.index(size));
  auto bits = lanes.lane.getIntOrFloatBitWidth();
  Num least = scalarKey(llvm::minIntN(bits)),
      most = scalarKey(llvm::maxIntN(bits)), one = scalarKey(1);
  pivot = k.choose(pivot == least, pivot + one, pivot);
  Num below = k.splat(pivot, count), zero = k.index(0);
  Num first = k.index(middle), second = k.index(length + middle);
  Array ends = k.scratch({2, 2}, k.b.getIndexType());

  each(2, size / 2 * 0.5, shared, [&](Num piece) {
    Num isFirst = piece == zero;
    auto step = [&](Num x, Num isThere, Carried so) -> Carried {
      // One of the two is moved before it is used, the other one after that.
      auto putAll = [&](Num &at, Num chosen) {
        Num n = k.countOf(chosen);
        Num begin = at - k.choose(isFirst, n, zero);
        put(begin, x, chosen, n);
        at = begin + k.choose(isFirst, zero, n);
      };
      Num isLow = x < below, isHigh = x >= below;
      putAll(so[0], isThere.value ? isLow && isThere : isLow);
      putAll(so[1], isThere.value ? isHigh && isThere : isHigh);
      return so;
    };
    auto look = [&](Num from, Num isThere, Carried so) {
      Num special, x = lanes.keysOf(row.vector(from, count), special);
      Carried result = step(x, isThere, {so[0], so[1]});
      if (lanes.mayBeSpecial())
        result.push_back(so[2] || special);
      return result;
    };
    Carried so{first, second};
    if (lanes.mayBeSpecial())
      so.push_back(lanes.number(0) != lanes.number(0));
    so = carry(k, k.choose(isFirst, zero, first),
               k.choose(isFirst, first, k.index(size - rest)), count, so,
               [&](Num from, const Carried &so) { return look(from, {}, so); });
    auto store = [&](const Carried &so) {
      ends.set(piece, zero, so[0]);
      ends.set(piece, k.index(1), so[1]);
      if (lanes.mayBeSpecial())
        flags.setVector(piece * k.index(count),
                        k.num(arith::ExtUIOp::create(k.b, k.loc, lanes.vector,
                                                     so[2].value)));
    };
    store(so);
    if (!rest)
      return;
    k.when(k.no(isFirst), [&] {
      // The last vector is read from where it is full.
      Num isThere =
          k.lanesFromZero(VectorType::get(count, k.b.getI32Type())) >=
          k.splat(k.num(arith::ConstantOp::create(
                      k.b, k.loc, k.b.getI32IntegerAttr(count - rest))),
                  count);
      store(look(k.index(size - count), isThere, so));
    });
  });

  Num lowFrom = ends(zero, zero), highFrom = ends(zero, k.index(1));
  Num numLow = ends(k.index(1), zero) - lowFrom;
  Num numHigh = ends(k.index(1), k.index(1)) - highFrom;
  Num spare = k.index(2 * length);
  k.loop(zero, k.index(numTasks),
         [&](Num slot) { nodes.set(slot, k.index(2), zero); });
  setNode(zero, {lowFrom, spare, numLow, zero, k.index(1), least, pivot - one});
  setNode(k.index(numTasks / 2),
          {highFrom, spare + numLow, numHigh, numLow, k.index(1), pivot, most});
}

void PartitionSort::split(const Node &parent, Num slotOfLow, Num slotOfHigh) {
  int64_t count = lanes.count;
  Cell chosen = k.cell(parent.least);
  k.when(
      parent.depth < k.index(deepest),
      [&] {
        Num median = medianOf(
            [&](Num at) { return keys.vector(parent.from + at, count); },
            parent.count);
        chosen =
            k.choose(median == parent.least, median + scalarKey(1), median);
      },
      [&] { chosen = halfway(parent); });
  Num pivot = chosen, below = k.splat(pivot, count);
  Num zero = k.index(0);
  Num whole = parent.count / k.index(count) * k.index(count);
  // Vectors are stored whole: what is behind their first lanes was read before,
  // or is spare.
  Carried lows = carry(
      k, zero, whole, count, {zero}, [&](Num i, const Carried &so) -> Carried {
        Num x = keys.vector(parent.from + i, count);
        Num isLow = x < below, low = so[0];
        keys.setVector(parent.from + low, k.compress(x, isLow));
        keys.setVector(parent.spare + (i - low), k.compress(x, x >= below));
        return {low + k.countOf(isLow)};
      });
  Num low = lows[0], high = whole - low;
  Num x = keys.vector(parent.from + whole, count);
  Num isThere = lanesBefore(parent.count - whole);
  Num isLow = x < below && isThere, isHigh = x >= below && isThere;
  put(parent.from + low, x, isLow, k.countOf(isLow));
  put(parent.spare + high, x, isHigh, k.countOf(isHigh));
  low = low + k.countOf(isLow);
  high = parent.count - low;
  Num depth = parent.depth + 1;
  setNode(slotOfLow, {parent.from, parent.spare + high, low, parent.to, depth,
                      parent.least, pivot - scalarKey(1)});
  setNode(slotOfHigh, {parent.spare, parent.from + low, high, parent.to + low,
                       depth, pivot, parent.most});
}

//===----------------------------------------------------------------------===//
// Leaves
//===----------------------------------------------------------------------===//

void PartitionSort::fill(const Node &leaf, const Array &result) {
  Num x = lanes.elementsOf(k.splat(leaf.least, lanes.count));
  k.loopBy(k.index(0), leaf.count, lanes.count, [&](Num i) {
    result.setVector(leaf.to + i, x, lanesBefore(leaf.count - i));
  });
}

/// The leaf's columns, in order, and how many rows they have.
Num PartitionSort::sortColumns(const Node &leaf, const Array &block) {
  int64_t count = lanes.count;
  Num zero = k.index(0), lanesInRow = k.index(count);
  Cell found = k.cell(zero);
  k.repeatWhile(
      [&] { return network.numRows(found) * lanesInRow < leaf.count; },
      [&] { found = Num(found) + 1; });
  Num doublings = found, rows = network.numRows(doublings);
  Num whole = leaf.count / lanesInRow * lanesInRow;
  k.loopBy(zero, whole, count, [&](Num i) {
    block.setVector(i, keys.vector(leaf.from + i, count));
  });
  k.loopBy(whole, rows * lanesInRow, count, [&](Num i) {
    Num isThere = lanesBefore(leaf.count - i);
    block.setVector(i, k.choose(isThere, keys.vector(leaf.from + whole, count),
                                lanes.last()));
  });
  network.sortFirst(block, zero, doublings);
  return rows;
}

void PartitionSort::sortLeaf(const Node &leaf, const Array &result) {
  int64_t count = lanes.count;
  Array block = k.scratch({this->leaf}, lanes.lane);
  Num rows = sortColumns(leaf, block);
  // Columns become rows.
  k.loopBy(k.index(0), rows, count, [&](Num from) {
    KeyLanes::Vectors x;
    for (int64_t j = 0; j < count; ++j)
      x.push_back(block.vector((from + j) * k.index(count), count));
    lanes.transpose(x);
    for (int64_t j = 0; j < count; ++j) {
      Num at = from + rows * k.index(j);
      result.setVector(leaf.to + at, lanes.elementsOf(x[j]),
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
  Num countField = k.index(2);
  setNode(begin, node(task));
  nodes.set(task, countField, zero);
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
  // What is read behind a node may be behind all of them.
  keys = k.scratch({3 * length + lanes.count}, lanes.lane);
  nodes = k.scratch({numSlots, 5}, k.b.getIndexType());
  bounds = k.scratch({numSlots, 2}, lanes.lane);
  flags = k.scratch({2 * lanes.count}, lanes.lane);
}

void PartitionSort::sort(const Array &row, const Array &result, bool shared,
                         Kernel::Body repair) {
  makeRoom();
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
  k.when(k.anyOf(isMarked(0) || isMarked(1)), repair);
}

/// Of two nodes, the one that has the element is looked at.
Num PartitionSort::select(const Array &row, int64_t place) {
  makeRoom();
  splitRow(row, /*shared=*/false);
  Num low = k.index(0), high = k.index(numTasks / 2), rank = k.index(place);
  Cell slot = k.cell(low), goesOn = k.cell(k.truth(true));
  auto choose = [&] {
    slot = k.choose(rank < node(high).to, low, high);
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
    Array block = k.scratch({leaf}, lanes.lane);
    Num rows = sortColumns(last, block), at = rank - last.to;
    result = block(k.remainder(at, rows) * k.index(lanes.count) + at / rows);
  });
  return result;
}
