//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Proves that the tokens of each block are the minimal order of its conflicts.
//
// Soundness. Per resource, the events are its readers and writers in program
// order, and the ops that may stop the program, which read every resource that
// is written. A writer must follow the events since the writer before it, a
// reader the writer before it; all other conflicts follow by transitivity.
// "Follows" is a path of tokens. Where an op that may stop lies between two
// such events that it must be ordered with, the later one must follow the last
// of those, which follow each other and the earlier event: that has been
// proved.
//
// Minimality. Given soundness, a token from a to b can be dropped if and only
// if a and b do not conflict, or another path leads from a to b: if they do not
// conflict but some c between them makes their order necessary, soundness says
// that there is a path over c. A path to b that starts at a goes over a
// follower of a that is no later than b: the search ends at the first follower.
//
// Shares no code with tfc-order-effects besides the sets of effects.
//===----------------------------------------------------------------------===//

#include "tfc/Dialect/TFC/IR/TFC.h"
#include "tfc/Dialect/TFC/Transforms/EffectOrder.h"
#include "tfc/Dialect/TFC/Transforms/Passes.h"
#include "tfc/Dialect/TFC/Transforms/Utils.h"
#include <algorithm>

namespace tfc {
#define GEN_PASS_DEF_TFCVERIFYORDERINGPASS
#include "tfc/Dialect/TFC/Transforms/Passes.h.inc"
} // namespace tfc

using namespace mlir;
using namespace tfc;

namespace {

class BlockVerifier {
public:
  BlockVerifier(func::FuncOp function, Block &block,
                const EffectAnalysis &effects)
      : function(function), block(block), effects(effects) {}

  LogicalResult run();

private:
  LogicalResult collect();
  LogicalResult collectTokens(Operation *op);
  void requireEvents();
  void requireAround(ArrayRef<unsigned> barriers);
  LogicalResult verifySound(unsigned position);
  LogicalResult verifyMinimal(unsigned position);
  bool isShownByStops(unsigned position) const {
    const EffectSet &set = effects.get(ops[position]);
    return set.mayStop() || set.writes();
  }
  /// Marks what `starts` follow, directly or over ops from position `bound` on.
  void markBefore(ArrayRef<unsigned> starts, unsigned bound);
  unsigned firstBetween(ArrayRef<unsigned> earlier) const;
  bool isMarked(unsigned position) const { return marks[position] == mark; }
  LogicalResult refuseExtra(Operation *first, Operation *second, StringRef why);

  func::FuncOp function;
  Block &block;
  const EffectAnalysis &effects;
  SmallVector<Operation *> ops;
  DenseMap<Operation *, unsigned> positions;
  SmallVector<SmallVector<unsigned, 2>> follows;
  /// The first op that waits for it.
  SmallVector<unsigned> firstFollower;
  /// For each op the earlier ones that it must follow.
  SmallVector<SmallVector<unsigned, 2>> required;
  SmallVector<unsigned> marks;
  unsigned mark = 0;
};

} // namespace

LogicalResult BlockVerifier::collectTokens(Operation *op) {
  auto &list = follows.emplace_back();
  for (Value token : getTokens(op)) {
    Operation *source = token.getDefiningOp();
    auto it = source ? positions.find(source) : positions.end();
    if (it == positions.end()) {
      auto diagnostic =
          op->emitError("waits for a token that is not of an earlier "
                        "effect of the same block");
      if (source)
        diagnostic.attachNote(source->getLoc()) << "the token is of this op";
      return failure();
    }
    if (llvm::is_contained(list, it->second))
      return refuseExtra(source, op, "it is there twice");
    list.push_back(it->second);
  }
  return success();
}

LogicalResult BlockVerifier::collect() {
  for (Operation &op : block) {
    if (effects.get(&op).empty()) {
      if (!getTokens(&op).empty())
        return op.emitError("has no effect, but waits for a token");
      continue;
    }
    if (failed(collectTokens(&op)))
      return failure();
    positions[&op] = ops.size();
    ops.push_back(&op);
  }
  required.resize(ops.size());
  marks.resize(ops.size());
  firstFollower.resize(ops.size(), ops.size());
  for (auto [position, list] : llvm::enumerate(follows))
    for (unsigned earlier : list)
      firstFollower[earlier] =
          std::min<unsigned>(firstFollower[earlier], position);
  return success();
}

/// Each op follows the barrier before it, and the barrier after it follows the
/// op.
void BlockVerifier::requireAround(ArrayRef<unsigned> barriers) {
  unsigned next = 0;
  for (unsigned position = 0; position < ops.size(); ++position) {
    if (next < barriers.size() && barriers[next] < position)
      ++next;
    if (next > 0)
      required[position].push_back(barriers[next - 1]);
    if (next < barriers.size() && barriers[next] != position)
      required[barriers[next]].push_back(position);
  }
}

void BlockVerifier::requireEvents() {
  SmallVector<unsigned> barriers, stops;
  DenseMap<ResourceId, SmallVector<std::pair<unsigned, uint8_t>>> events;
  for (auto [position, op] : llvm::enumerate(ops)) {
    const EffectSet &set = effects.get(op);
    if (set.external)
      barriers.push_back(position);
    if (set.mayStop())
      stops.push_back(position);
    for (auto [resource, access] : set.touched)
      events[resource].push_back({position, access});
  }
  requireAround(barriers);
  auto require = [&](unsigned earlier, unsigned later) {
    auto next = llvm::lower_bound(stops, later);
    bool between = next != stops.begin() && *std::prev(next) > earlier;
    if (between && isShownByStops(earlier) && isShownByStops(later))
      earlier = *std::prev(next);
    required[later].push_back(earlier);
  };
  for (auto &[resource, list] : events) {
    std::optional<unsigned> lastWrite;
    for (auto [index, event] : llvm::enumerate(list)) {
      auto [position, access] = event;
      bool isWrite = access & kWrite;
      if (lastWrite)
        require(list[*lastWrite].first, position);
      if (!isWrite)
        continue;
      for (unsigned i = lastWrite ? *lastWrite + 1 : 0; i < index; ++i)
        require(list[i].first, position);
      lastWrite = index;
      // The stops nearest to the write show its effect, or its absence.
      auto after = llvm::upper_bound(stops, position);
      if (after != stops.end())
        required[*after].push_back(position);
      auto before = llvm::lower_bound(stops, position);
      if (before != stops.begin())
        required[position].push_back(*std::prev(before));
    }
  }
}

void BlockVerifier::markBefore(ArrayRef<unsigned> starts, unsigned bound) {
  ++mark;
  SmallVector<unsigned> pending(starts);
  while (!pending.empty()) {
    unsigned later = pending.pop_back_val();
    if (later < bound)
      continue;
    for (unsigned position : follows[later])
      if (!isMarked(position)) {
        marks[position] = mark;
        pending.push_back(position);
      }
  }
}

/// Where the first op stands that a path from one of `earlier` goes over.
unsigned BlockVerifier::firstBetween(ArrayRef<unsigned> earlier) const {
  unsigned first = ops.size();
  for (unsigned position : earlier)
    first = std::min(first, firstFollower[position]);
  return first;
}

LogicalResult BlockVerifier::verifySound(unsigned position) {
  auto &missing = required[position];
  llvm::erase_if(missing, [&](unsigned earlier) {
    return llvm::is_contained(follows[position], earlier);
  });
  if (missing.empty())
    return success();
  markBefore(position, firstBetween(missing));
  for (unsigned earlier : missing) {
    if (isMarked(earlier))
      continue;
    auto conflict =
        findConflict(effects.get(ops[earlier]), effects.get(ops[position]));
    assert(conflict && "required pairs conflict");
    auto diagnostic =
        ops[position]->emitError("no token orders ")
        << describeConflict(function, ops[earlier], ops[position], *conflict);
    diagnostic.attachNote(ops[earlier]->getLoc())
        << "it must come after this op";
    return failure();
  }
  return success();
}

LogicalResult BlockVerifier::refuseExtra(Operation *first, Operation *second,
                                         StringRef why) {
  auto diagnostic = second->emitError("waits for a token that can be dropped: ")
                    << why;
  diagnostic.attachNote(first->getLoc()) << "the token is of this op";
  return failure();
}

LogicalResult BlockVerifier::verifyMinimal(unsigned position) {
  auto &list = follows[position];
  for (unsigned earlier : list)
    if (!findConflict(effects.get(ops[earlier]), effects.get(ops[position])))
      return refuseExtra(ops[earlier], ops[position],
                         "the two effects do not conflict");
  if (list.size() < 2)
    return success();
  markBefore(list, firstBetween(list));
  for (unsigned earlier : list)
    if (isMarked(earlier))
      return refuseExtra(ops[earlier], ops[position], "other tokens imply it");
  return success();
}

LogicalResult BlockVerifier::run() {
  if (failed(collect()))
    return failure();
  requireEvents();
  for (unsigned position = 0; position < ops.size(); ++position)
    if (failed(verifySound(position)))
      return failure();
  for (unsigned position = 0; position < ops.size(); ++position)
    if (failed(verifyMinimal(position)))
      return failure();
  return success();
}

namespace {
struct TFCVerifyOrderingPass
    : public tfc::impl::TFCVerifyOrderingPassBase<TFCVerifyOrderingPass> {
  void runOnOperation() override {
    EffectAnalysis effects(getOperation());
    bool failedAny = false;
    for (auto function : getOperation().getOps<func::FuncOp>())
      forEachOrderedBlock(function, effects, [&](Block &block) {
        failedAny |= failed(BlockVerifier(function, block, effects).run());
      });
    if (failedAny)
      signalPassFailure();
  }
};
} // namespace
