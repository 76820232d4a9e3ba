//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Two ways to run a group: one thread for each point of the common loops, or
// one block, whose threads share what is left of each step.
//===----------------------------------------------------------------------===//

#include "Writer.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tfc::device;

namespace {

/// Values of the host that are sizes of the common loops.
Value countPoints(Writer &writer, ArrayRef<Value> sizes) {
  Value count = arith::ConstantIndexOp::create(writer.outer, 1);
  for (Value size : sizes)
    count = writer.outer.createOrFold<arith::MulIOp>(count, size);
  return count;
}

Value atMost(Writer &writer, Value value, int64_t limit) {
  if (auto number = getConstantIntValue(value))
    return arith::ConstantIndexOp::create(writer.outer,
                                          std::min(*number, limit));
  Value bound = arith::ConstantIndexOp::create(writer.outer, limit);
  return writer.outer.createOrFold<arith::MinUIOp>(value, bound);
}

/// Runs `body` for the points of this block (or thread): `first`, `first +
/// stride`, ...
void forPoints(Writer &writer, Value first, Value stride, Value count,
               llvm::function_ref<void(Value)> body) {
  auto step = getConstantIntValue(stride), number = getConstantIntValue(count);
  if (step && number && *step == *number)
    return body(first);
  if (step && number && *step > *number)
    return writer.when(writer.less(first, count), [&] { body(first); });
  writer.loop(first, count, stride, body);
}

Values prefixed(Step &step, ArrayRef<Value> indices) {
  Values ivs(step.loops.order.size());
  for (auto [at, value] : llvm::enumerate(indices))
    ivs[step.loops.order[at]] = value;
  return ivs;
}

/// Temporaries of the group go to shared memory while there is room: their
/// bytes never leave the chip.
void promoteLocals(Group &group, Writer &writer, int64_t room) {
  llvm::SmallPtrSet<Operation *, 8> ops;
  for (Step &step : group.steps)
    ops.insert(step.op);
  llvm::MapVector<Value, std::pair<int64_t, int64_t>>
      reach; // of one point: [low, high]
  llvm::SmallPtrSet<Value, 4> unknown;
  for (Step &step : group.steps)
    for (Access &access : step.accesses) {
      auto alloc = access.root.getDefiningOp<memref::AllocOp>();
      if (!alloc || !alloc.getType().hasStaticShape() || !access.affine) {
        unknown.insert(access.root);
        continue;
      }
      int64_t low = access.offset, high = access.offset;
      for (unsigned i = group.prefix; i < step.loops.sizes.size(); ++i) {
        int64_t by = access.coefficients[i] *
                     std::max<int64_t>(step.loops.sizes[i] - 1, 0);
        (by < 0 ? low : high) += by;
      }
      auto [at, fresh] = reach.insert({access.root, {low, high}});
      if (!fresh)
        at->second = {std::min(at->second.first, low),
                      std::max(at->second.second, high)};
    }
  for (auto &[root, range] : reach) {
    Type type = cast<MemRefType>(root.getType()).getElementType();
    if (unknown.contains(root) || !isLocal(root, ops) || !type.isIntOrFloat())
      continue;
    int64_t width = range.second - range.first + 1;
    int64_t bytes = width * llvm::divideCeil(type.getIntOrFloatBitWidth(), 8);
    // Accesses of a prefix point have to be the same elements for all points.
    if (bytes > room)
      continue;
    room -= llvm::alignTo(bytes, 16);
    writer.promote(root, range.first, width);
  }
}

/// Memory touched since the last barrier.
class Pending {
public:
  bool conflicts(const Step &step) const {
    return llvm::any_of(step.accesses, [&](const Access &access) {
      auto meets = [&](Value root) { return mayAlias(root, access.root); };
      return llvm::any_of(written, meets) ||
             (access.writes && llvm::any_of(read, meets));
    });
  }
  void add(const Step &step) {
    for (const Access &access : step.accesses)
      (access.writes ? written : read).push_back(access.root);
  }
  void clear() {
    read.clear();
    written.clear();
  }

private:
  SmallVector<Value> read, written;
};

/// All of a step that belongs to one point, by the threads of a block.
void shareStep(Writer &writer, Step &step, ArrayRef<Value> sizes,
               ArrayRef<Value> point) {
  unsigned prefix = point.size(), numParallel = step.loops.numParallel;
  Values ivs = prefixed(step, point);
  ArrayRef<Value> parallel = sizes.slice(prefix, numParallel - prefix);
  Value count = countPoints(writer, parallel);
  bool reduces = sizes.size() > numParallel;
  if (reduces) {
    std::optional<Combiner> combiner = matchCombiner(step.op);
    int64_t points = getConstantIntValue(count).value_or(1);
    int64_t reduced = step.loops.isStatic()
                          ? step.loops.count(numParallel, sizes.size())
                          : INT64_MAX;
    bool split = writer.partials.contains(step.op);
    if (split ||
        (combiner && points * 8 <= writer.threads() && reduced >= 32)) {
      writer.loop(writer.constant(0), count, writer.constant(1), [&](Value i) {
        for (auto [k, iv] : llvm::enumerate(writer.delinearize(i, parallel)))
          ivs[step.loops.order[prefix + k]] = iv;
        writer.together(step, *combiner, sizes, ivs);
      });
      return;
    }
  }
  auto each = [&](Value i) {
    for (auto [k, iv] : llvm::enumerate(writer.delinearize(i, parallel)))
      ivs[step.loops.order[prefix + k]] = iv;
    writer.point(step, sizes, ivs);
  };
  forPoints(writer, writer.thread(), writer.constant(writer.threads()), count,
            each);
}

} // namespace

void tfc::device::writeByThread(Group &group, const DeviceLimits &limits) {
  Step &first = group.steps.front();
  int64_t threads = limits.maxThreads;
  if (first.loops.isStatic())
    threads = std::clamp<int64_t>(
        llvm::PowerOf2Ceil(std::max<int64_t>(group.points(), 1)), 32,
        limits.maxThreads);
  Writer writer(group, "thread-per-point", threads);
  writer.prefix = 0;
  SmallVector<Values> sizes;
  for (Step &step : group.steps)
    sizes.push_back(writer.sizesOf(step));
  ArrayRef<Value> prefix = ArrayRef(sizes.front()).take_front(group.prefix);
  Value count = countPoints(writer, prefix);
  Value width = arith::ConstantIndexOp::create(writer.outer, threads);
  Value blocks = writer.outer.createOrFold<arith::CeilDivUIOp>(count, width);
  blocks = atMost(writer, blocks, limits.maxBlocks);
  writer.setGrid(blocks);
  Value stride = writer.outer.createOrFold<arith::MulIOp>(blocks, width);
  Value id = writer.add(writer.mul(writer.block(), writer.constant(threads)),
                        writer.thread());
  forPoints(writer, id, stride, count, [&](Value at) {
    Values point = writer.delinearize(at, prefix);
    for (auto [step, stepSizes] : llvm::zip(group.steps, sizes)) {
      // What is left of parallel loops, one after the other.
      Values ivs = prefixed(step, point);
      ArrayRef<Value> rest(stepSizes);
      rest = rest.slice(group.prefix, step.loops.numParallel - group.prefix);
      Value number = countPoints(writer, rest);
      writer.loop(writer.constant(0), number, writer.constant(1),
                  [&, &step = step](Value i) {
                    for (auto [k, iv] :
                         llvm::enumerate(writer.delinearize(i, rest)))
                      ivs[step.loops.order[group.prefix + k]] = iv;
                    writer.point(step, stepSizes, ivs);
                  });
    }
  });
}

/// How many blocks should share the reduction of each point of a step, which
/// one block would do alone otherwise; 1 if that is right.
static int64_t blocksOfSum(Group &group, Step &step,
                           const DeviceLimits &limits) {
  constexpr int64_t enough = 256; // blocks that fill a device
  if (!step.loops.isStatic() ||
      step.loops.sizes.size() == step.loops.numParallel)
    return 1;
  int64_t points = step.loops.count(0, step.loops.numParallel);
  int64_t reduced =
      step.loops.count(step.loops.numParallel, step.loops.sizes.size());
  std::optional<Combiner> combiner = matchCombiner(step.op);
  if (!combiner || points * 4 > enough)
    return 1;
  if (combiner->op && llvm::any_of(combiner->neutral, [](TypedAttr value) {
        return value.getType().getIntOrFloatBitWidth() < 32;
      }))
    return 1;
  // What the group computes before is not there yet.
  for (Step &before : group.steps) {
    if (&before == &step)
      break;
    for (const Access &written : before.accesses)
      for (const Access &access : step.accesses)
        if (written.writes && !access.writes &&
            mayAlias(written.root, access.root))
          return 1;
  }
  // Each thread should have some elements of its own.
  int64_t blocks = std::min(reduced / (8 * limits.maxThreads), enough / points);
  return blocks < 4 ? 1 : blocks;
}

/// A kernel of partial sums for each point of the step.
static Writer::Partials writePartials(Group &group, Step &step, int64_t number,
                                      const DeviceLimits &limits) {
  Writer writer(group, "partial-sums", limits.maxThreads);
  writer.subgroup = limits.subgroup;
  auto &b = writer.b;
  Combiner combiner = *matchCombiner(step.op);
  int64_t points = step.loops.count(0, step.loops.numParallel);
  Values buffers;
  for (TypedAttr value : combiner.neutral)
    buffers.push_back(memref::AllocOp::create(
        writer.outer, MemRefType::get({points * number}, value.getType())));
  Values sizes = writer.sizesOf(step);
  writer.setGrid(arith::ConstantIndexOp::create(writer.outer, points * number));
  Value count = writer.constant(number);
  Value point = b.createOrFold<arith::DivUIOp>(writer.block(), count);
  Value part = b.createOrFold<arith::RemUIOp>(writer.block(), count);
  ArrayRef<Value> parallel = ArrayRef(sizes).take_front(step.loops.numParallel);
  Values ivs = prefixed(step, writer.delinearize(point, parallel));
  Value first = writer.add(writer.mul(part, writer.constant(writer.threads())),
                           writer.thread());
  Values mine = writer.accumulate(step, combiner, sizes, ivs, first,
                                  writer.constant(number * writer.threads()));
  Values sums = writer.combineThreads(combiner, mine);
  writer.when(writer.less(writer.thread(), writer.constant(1)), [&] {
    for (auto [sum, buffer] : llvm::zip(sums, buffers))
      memref::StoreOp::create(b, sum, buffer, writer.block());
  });
  return {buffers, number};
}

void tfc::device::writeByBlock(Group &group, const DeviceLimits &limits) {
  if (writeRows(group, limits))
    return;
  llvm::DenseMap<Operation *, Writer::Partials> partials;
  for (Step &step : group.steps)
    if (int64_t blocks = blocksOfSum(group, step, limits); blocks > 1)
      partials[step.op] = writePartials(group, step, blocks, limits);
  int64_t most = 1;
  for (Step &step : group.steps)
    most = std::max(
        most, step.loops.isStatic()
                  ? step.loops.count(group.prefix, step.loops.sizes.size())
                  : limits.maxThreads);
  int64_t threads =
      std::clamp<int64_t>(llvm::PowerOf2Ceil(most), 32, limits.maxThreads);
  Writer writer(group, "block-per-point", threads);
  writer.prefix = group.prefix;
  writer.subgroup = limits.subgroup;
  writer.partials = std::move(partials);
  // Half of the room is for the trees of reductions.
  promoteLocals(group, writer, limits.sharedBytes / 2);
  SmallVector<Values> sizes;
  for (Step &step : group.steps)
    sizes.push_back(writer.sizesOf(step));
  ArrayRef<Value> prefix = ArrayRef(sizes.front()).take_front(group.prefix);
  Value count = countPoints(writer, prefix);
  Value blocks = atMost(writer, count, limits.maxBlocks);
  writer.setGrid(blocks);
  bool once = getConstantIntValue(count) &&
              getConstantIntValue(blocks) == getConstantIntValue(count);
  auto run = [&](Value at) {
    Values point = writer.delinearize(at, prefix);
    Pending pending;
    for (auto [step, stepSizes] : llvm::zip(group.steps, sizes)) {
      if (pending.conflicts(step)) {
        writer.barrier();
        pending.clear();
      }
      shareStep(writer, step, stepSizes, point);
      pending.add(step);
    }
    if (!once)
      writer.barrier(); // the next point uses the same shared memory
  };
  if (once)
    run(writer.block());
  else
    writer.loop(writer.block(), count, blocks, run);
}
