//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// One row: blocks by a network, with a column of the row in each lane, then
// merges of two and two runs, of which four vectors are read and written at a
// time.
//===----------------------------------------------------------------------===//

#include "SortLong.h"
#include "SortPartition.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

/// A merge reads so many vectors of one of two runs, and writes as many.
static constexpr int64_t perMerge = 4;

bool SortLong::isFor(Dim size) { return size > 128; }

/// Blocks and their copies, and groups of blocks, take so many bytes.
static constexpr int64_t mostInFirstCache = 1 << 15,
                         mostInSecondCache = 1 << 19;

/// A power of two of them.
static int64_t numPartsOf(int64_t bytes, int64_t most) {
  int64_t count = 1;
  while (bytes > count * most)
    count *= 2;
  return count;
}

SortLong::SortLong(Kernel &k, Type element, bool descending, int64_t size)
    : k(k), lanes(k, element, descending), size(size),
      numBlocks(numPartsOf(size * 64 / lanes.count, mostInFirstCache)),
      // Two threads share what is large.
      numGroups(std::min(
          numBlocks,
          std::max<int64_t>(
              numPartsOf(size * 64 / lanes.count, mostInSecondCache),
              size * 64 / lanes.count >= mostInSecondCache / 4 ? 2 : 1))),
      // Squares of lanes by lanes become rows.
      network(lanes,
              std::max<int64_t>(llvm::divideCeil(size, numBlocks * lanes.count),
                                lanes.count),
              /*isEven=*/true),
      blockSize(network.numRows() * lanes.count), pieceSize(blockSize) {
  int64_t step = perMerge * lanes.count;
  while (pieceSize > 1 << 15 && pieceSize % (2 * step) == 0)
    pieceSize /= 2;
}

bool SortLong::hasPartitions() const {
  return (lanes.isWide || lanes.permutes) &&
         PartitionSort::isFor(lanes.count, size);
}

double SortLong::nanoseconds() const {
  if (hasPartitions())
    return PartitionSort(lanes, size).nanoseconds();
  return numBlocks * (0.6 * network.work(/*acrossLanes=*/true) +
                      blockSize * 0.4 * llvm::Log2_64(numBlocks));
}

/// What may be read behind a run.
int64_t SortLong::room() const { return 3 * perMerge * lanes.count; }
Num SortLong::firstRow(Num block) const {
  return block * k.index((blockSize + room()) / lanes.count);
}
/// All runs, and what is behind them.
int64_t SortLong::half() const { return numBlocks * (blockSize + room()); }

void SortLong::each(int64_t count, double nanoseconds, bool shared,
                    Kernel::Step body) {
  if (!shared || count == 1)
    return k.loop(k.index(0), k.index(count), body);
  k.independent({count}, nanoseconds,
                [&](ArrayRef<Num> at) { body(at.front()); });
}

void SortLong::loadBlock(const Array &row, Num number) {
  int64_t count = lanes.count, rest = size % count;
  Num from = number * k.index(blockSize);
  Num shift = number * k.index(room()), flagAt = number * k.index(count);
  if (lanes.mayBeSpecial())
    flags.setVector(flagAt, lanes.number(0));
  auto put = [&](Num at, Num keysOfPart, Num special) {
    keys.setVector(at + shift, keysOfPart);
    if (lanes.mayBeSpecial())
      lanes.mark(flags, flagAt, special);
  };
  Num to = from + blockSize, whole = k.index(size - rest);
  Num fullTo = k.larger(k.smaller(to, whole), from);
  k.loopBy(from, fullTo, count, [&](Num i) {
    Num special, x = lanes.keysOf(row.vector(i, count), special);
    put(i, x, special);
  });
  k.loopBy(fullTo, to, count,
           [&](Num i) { keys.setVector(i + shift, lanes.last()); });
  if (!rest)
    return;
  // The last vector is read from where it is full; the lanes that were there
  // already are none.
  SmallVector<int64_t> places;
  for (int64_t i = 0; i < count; ++i)
    places.push_back(i < count - rest ? count + i : i);
  k.when(from <= whole && whole < to, [&] {
    Num special;
    Num x = lanes.keysOf(row.vector(k.index(size - count), count), special);
    put(whole, k.shuffle(x, lanes.last(), places), special);
  });
}

/// What of the row is there.
void SortLong::storePart(const Array &result, const Array &spare, Num at,
                         Num keysOfPart) {
  Num end = at + lanes.count, n = k.index(size);
  Num elements = lanes.elementsOf(keysOfPart);
  k.when(
      end <= n, [&] { result.setVector(at, elements); },
      [&] {
        spare.setVector(k.index(0), elements);
        k.loop(at, n, [&](Num i) { result.set(i, spare(i - at)); });
      });
}

/// Columns become rows.
void SortLong::storeBlock(const Array &result, Num number) {
  int64_t count = lanes.count, rows = network.numRows();
  Num first = firstRow(number);
  Num to = k.index(half()) + number * k.index(blockSize + room());
  Array spare = k.scratch({count}, storageType(lanes.element));
  k.loop(k.index(0), k.index(llvm::divideCeil(rows, count)), [&](Num i) {
    Num from = k.smaller(i * k.index(count), k.index(rows - count));
    Vectors x;
    for (int64_t j = 0; j < count; ++j)
      x.push_back(keys.vector((first + from + j) * k.index(count), count));
    lanes.transpose(x);
    for (int64_t j = 0; j < count; ++j) {
      Num at = from + j * rows;
      if (numBlocks > 1)
        keys.setVector(to + at, x[j]);
      else if ((j + 1) * rows <= size)
        result.setVector(at, lanes.elementsOf(x[j]));
      else
        storePart(result, spare, at, x[j]);
    }
  });
  if (numBlocks > 1)
    k.loopBy(to + blockSize, to + (blockSize + room()), count,
             [&](Num i) { keys.setVector(i, lanes.last()); });
}

/// Elements [at, at + pieceSize) of two runs that become one. Each begins after
/// what the elements before have taken of it.
void SortLong::mergePiece(Num at, Num run, Num left, Num right,
                          function_ref<void(Num, Num)> store) {
  int64_t count = lanes.count, step = perMerge * count;
  // How many of them are of the left run (Odeh et al., "Merge Path", 2012).
  Cell low = k.cell(k.larger(at - run, k.index(0)));
  Cell high = k.cell(k.smaller(at, run));
  k.repeatWhile([&] { return Num(low) < Num(high); },
                [&] {
                  Num middle = shiftedRight(Num(low) + Num(high), 1);
                  Num first = keys(left + middle);
                  Num isBefore = first < keys(right + (at - 1 - middle));
                  low = k.choose(isBefore, middle + 1, low);
                  high = k.choose(isBefore, high, middle);
                });
  // The greater half of what was read waits in registers. Where a run goes on
  // is looked up: a branch would be mispredicted as often as not, and what can
  // be a branch becomes one.
  Array places = k.scratch({2}, k.b.getIndexType());
  Num ofRight = k.index(0), ofLeft = k.index(1);
  places.set(ofRight, right + (at - Num(low)));
  places.set(ofLeft, left + low);
  auto next = [&] {
    Num i = places(ofLeft), j = places(ofRight);
    Num takesLeft = (keys(i) <= keys(j) && i < left + run) || j >= right + run;
    Num taken = k.num(arith::IndexCastUIOp::create(
        k.b, k.loc, k.b.getIndexType(), takesLeft.value));
    Num from = places(taken);
    places.set(taken, from + step);
    Vectors x;
    for (int64_t v = 0; v < perMerge; ++v)
      x.push_back(keys.vector(from + v * count, count));
    return x;
  };
  SmallVector<Value> waiting;
  for (Num x : next())
    waiting.push_back(x.value);
  auto loop =
      scf::ForOp::create(k.b, k.loc, k.index(0).value, k.index(pieceSize).value,
                         k.index(step).value, waiting);
  OpBuilder::InsertionGuard guard(k.b);
  k.b.setInsertionPointToStart(loop.getBody());
  Num to = at + k.num(loop.getInductionVar());
  Vectors x, more = next();
  for (Value value : loop.getRegionIterArgs())
    x.push_back(k.num(value));
  for (Num value : llvm::reverse(more))
    x.push_back(lanes.reversed(value, count));
  for (int64_t v = 0; v < perMerge; ++v)
    lanes.exchange(x[v], x[perMerge + v]);
  lanes.merge(MutableArrayRef(x).take_front(perMerge));
  lanes.merge(MutableArrayRef(x).drop_front(perMerge));
  lanes.mergeLanes(x, count / 2);
  SmallVector<Value> rest;
  for (int64_t v = 0; v < perMerge; ++v) {
    store(to + v * count, x[v]);
    rest.push_back(x[perMerge + v].value);
  }
  scf::YieldOp::create(k.b, k.loc, rest);
}

/// Runs of so many blocks, from half `from` of memory, become runs of twice as
/// many: the part that a piece of the row has in that.
void SortLong::mergeRuns(Num piece, Num blocks, Num from, Store store) {
  Num run = blocks * k.index(blockSize), at = piece * k.index(pieceSize);
  Num pair = at / (run + run), stride = blocks * k.index(blockSize + room());
  Num left = from + pair * (stride + stride);
  mergePiece(at - pair * (run + run), run, left, left + stride,
             [&](Num at, Num sorted) { store(pair, at, sorted); });
}

/// To the other half.
void SortLong::mergeRuns(Num piece, Num blocks, Num from) {
  Num other = k.index(half()) - from;
  Num stride = blocks * k.index(2 * (blockSize + room()));
  mergeRuns(piece, blocks, from, [&](Num pair, Num at, Num sorted) {
    keys.setVector(other + pair * stride + at, sorted);
  });
}

/// Nothing comes before what is read behind a run.
void SortLong::endRun(Num begin, Num length) {
  Num end = begin + length;
  k.loopBy(end, end + room(), lanes.count,
           [&](Num i) { keys.setVector(i, lanes.last()); });
}

void SortLong::sort(const Array &row, const Array &result, bool shared,
                    Kernel::Body repair) {
  if (hasPartitions())
    return PartitionSort(lanes, size).sort(row, result, shared, repair);
  int64_t count = lanes.count;
  keys = k.scratch({numBlocks > 1 ? 2 * half() : half()}, lanes.lane);
  flags = k.scratch({lanes.mayBeSpecial() ? numBlocks * count : 1}, lanes.lane);
  int64_t perBlock = blockSize / pieceSize, inGroup = numBlocks / numGroups;
  // The last merge writes the result.
  int64_t mostInGroup = std::min(inGroup, numBlocks / 2);
  double nsPerKey = 0.5;
  // Blocks of a group become one run, which stays in the second-level cache.
  each(numGroups, inGroup * 0.6 * network.work(/*acrossLanes=*/true), shared,
       [&](Num group) {
         Num first = group * k.index(inGroup);
         k.loop(first, first + inGroup, [&](Num number) {
           loadBlock(row, number);
           network.sort(keys, firstRow(number), /*acrossLanes=*/true);
           storeBlock(result, number);
         });
         if (mostInGroup < 2)
           return;
         Cell blocks = k.cell(k.index(1)), from = k.cell(k.index(half()));
         k.repeatWhile(
             [&] { return Num(blocks) < k.index(mostInGroup); },
             [&] {
               Num number = blocks, begin = from, both = number + number;
               Num other = k.index(half()) - begin;
               k.loop(first * k.index(perBlock),
                      (first + inGroup) * k.index(perBlock),
                      [&](Num piece) { mergeRuns(piece, number, begin); });
               strided(k, first, first + inGroup, both, [&](Num block) {
                 endRun(other + block * k.index(blockSize + room()),
                        both * k.index(blockSize));
               });
               blocks = both;
               from = other;
             });
       });
  if (numBlocks > 1) {
    int64_t levels = llvm::Log2_64(std::max<int64_t>(mostInGroup, 1));
    Cell blocks = k.cell(k.index(std::max<int64_t>(mostInGroup, 1)));
    Cell from = k.cell(k.index(levels % 2 ? 0 : half()));
    if (mostInGroup < numBlocks / 2)
      k.repeatWhile(
          [&] { return Num(blocks) < k.index(numBlocks / 2); },
          [&] {
            Num number = blocks, begin = from, both = number + number;
            Num other = k.index(half()) - begin;
            each(numBlocks * perBlock, pieceSize * nsPerKey, shared,
                 [&](Num piece) { mergeRuns(piece, number, begin); });
            strided(k, k.index(0), k.index(numBlocks), both, [&](Num block) {
              endRun(other + block * k.index(blockSize + room()),
                     both * k.index(blockSize));
            });
            blocks = both;
            from = other;
          });
    Num begin = from;
    each(numBlocks * perBlock, pieceSize * nsPerKey, shared, [&](Num piece) {
      Array spare = k.scratch({count}, storageType(lanes.element));
      mergeRuns(piece, k.index(numBlocks / 2), begin,
                [&](Num, Num at, Num sorted) {
                  storePart(result, spare, at, sorted);
                });
    });
  }
  if (!lanes.mayBeSpecial())
    return;
  Num special = k.fold(k.index(0), k.index(numBlocks), lanes.number(0),
                       [&](Num i, Num so) {
                         return k.num(arith::OrIOp::create(
                             k.b, k.loc, so.value,
                             flags.vector(i * k.index(count), count).value));
                       });
  k.when(k.anyOf(special != lanes.number(0)), repair);
}
