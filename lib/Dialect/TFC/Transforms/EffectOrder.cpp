//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The transitive reduction of the conflicts of a block, in two steps an op.
//
// 1. Candidates: earlier ops whose order implies that of all conflicts. A
// reader follows
//    the last write; a writer follows the readers since the last write, or
//    that write; an op that may stop the program follows the writes since the
//    last such op, and writes follow it. Each op is a candidate about as often
//    as it is made or overwritten, so that there are near linearly many.
// 2. Reduction: a candidate from which another one can be reached is dropped.
//    Ops that may stop the program cut the search short: what was written
//    before one comes before all that is written behind it. So only candidates
//    since the last such op are left to compare, and those that only read. A
//    search goes back to the earliest successor of one of them, no further.
//===----------------------------------------------------------------------===//

#include "tfc/Dialect/TFC/Transforms/EffectOrder.h"
#include <algorithm>

using namespace mlir;
using namespace tfc;

namespace {

constexpr int kNone = -1;

class Orderer {
public:
  void append(Operation *op, const EffectSet &set) {
    SmallVector<unsigned> candidates = findCandidates(set);
    reduce(set, candidates);
    int position = order.ops.size();
    for (unsigned candidate : candidates)
      if (firstSuccessor[candidate] == kNone)
        firstSuccessor[candidate] = position;
    order.follows.emplace_back(candidates.begin(), candidates.end());
    record(set, position);
    order.ops.push_back(op);
    firstSuccessor.push_back(kNone);
    isShown.push_back(isShownByStops(set));
    stopUpTo.push_back(lastStop);
    seenBy.push_back(kNone);
  }

  BlockOrder order;

private:
  struct Track {
    int lastWrite = kNone;
    SmallVector<unsigned, 2> readers; // since the last write
  };

  SmallVector<unsigned> findCandidates(const EffectSet &set);
  /// Whether the order against ops that may stop the program is fixed.
  static bool isShownByStops(const EffectSet &set) {
    return set.mayStop() || set.writes();
  }
  void dropBeforeStop(const EffectSet &set,
                      SmallVectorImpl<unsigned> &candidates);
  void reduce(const EffectSet &set, SmallVectorImpl<unsigned> &candidates);
  void record(const EffectSet &set, unsigned position);

  DenseMap<ResourceId, Track> tracks;
  SmallVector<ResourceId> unshown; // written since the last op that may stop
  int lastStop = kNone;            // the last op that may stop the program
  int lastExternal = kNone;        // the last op that may touch anything
  // Of each op so far:
  SmallVector<int> firstSuccessor;
  SmallVector<bool> isShown;
  SmallVector<int> stopUpTo; // the last op that may stop, itself included
  SmallVector<int> seenBy;   // the op whose reduction has visited this one
};

} // namespace

SmallVector<unsigned> Orderer::findCandidates(const EffectSet &set) {
  SmallVector<unsigned> found;
  auto add = [&](int position) {
    if (position != kNone)
      found.push_back(position);
  };
  if (set.external) {
    add(lastExternal);
    for (auto &[resource, track] : tracks) {
      add(track.readers.empty() ? track.lastWrite : kNone);
      llvm::append_range(found, track.readers);
    }
  }
  if (set.mayStop()) {
    add(lastStop);
    for (ResourceId resource : unshown)
      add(tracks[resource].lastWrite);
  }
  for (auto [resource, access] : set.touched) {
    Track &track = tracks[resource];
    int before = track.lastWrite == kNone ? lastExternal : track.lastWrite;
    if (!(access & kWrite)) {
      add(before);
      continue;
    }
    llvm::append_range(found, track.readers);
    if (lastStop > before)
      add(lastStop);
    else if (track.readers.empty())
      add(before);
  }
  llvm::sort(found);
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

/// Let `stop` be the last op that may stop the program of those that come
/// before the new op for sure: what is written before `stop`, or leads to such
/// a write, comes before it.
void Orderer::dropBeforeStop(const EffectSet &set,
                             SmallVectorImpl<unsigned> &candidates) {
  int stop = kNone;
  if (isShownByStops(set)) {
    stop = lastStop;
  } else {
    auto latest = llvm::find_if(llvm::reverse(candidates),
                                [&](unsigned c) { return isShown[c]; });
    if (latest != candidates.rend())
      stop = stopUpTo[*latest];
  }
  llvm::erase_if(candidates, [&](unsigned c) {
    int successor = firstSuccessor[c];
    return int(c) < stop &&
           (isShown[c] || (successor != kNone && successor <= stop));
  });
}

void Orderer::reduce(const EffectSet &set,
                     SmallVectorImpl<unsigned> &candidates) {
  dropBeforeStop(set, candidates);
  if (candidates.size() < 2)
    return;
  int self = order.ops.size(), bound = self;
  for (unsigned candidate : candidates)
    if (firstSuccessor[candidate] != kNone)
      bound = std::min(bound, firstSuccessor[candidate]);
  // A path to another candidate has only ops behind `bound`.
  SmallVector<unsigned> pending;
  auto visit = [&](unsigned position) {
    if (int(position) < bound)
      return;
    for (unsigned before : order.follows[position])
      if (seenBy[before] != self) {
        seenBy[before] = self;
        pending.push_back(before);
      }
  };
  llvm::for_each(candidates, visit);
  while (!pending.empty())
    visit(pending.pop_back_val());
  llvm::erase_if(candidates, [&](unsigned c) { return seenBy[c] == self; });
}

void Orderer::record(const EffectSet &set, unsigned position) {
  if (set.external) {
    tracks.clear();
    unshown.clear();
    lastStop = lastExternal = position;
    return;
  }
  if (set.mayStop()) {
    unshown.clear();
    lastStop = position;
  }
  for (auto [resource, access] : set.touched) {
    Track &track = tracks[resource];
    if (!(access & kWrite)) {
      track.readers.push_back(position);
      continue;
    }
    track.lastWrite = position;
    track.readers.clear();
    if (resource != kOutcome && !set.mayStop())
      unshown.push_back(resource);
  }
}

BlockOrder tfc::orderBlock(Block &block, const EffectAnalysis &effects) {
  Orderer orderer;
  for (Operation &op : block)
    if (const EffectSet &set = effects.get(&op); !set.empty())
      orderer.append(&op, set);
  return std::move(orderer.order);
}

void tfc::forEachOrderedBlock(func::FuncOp function,
                              const EffectAnalysis &effects,
                              llvm::function_ref<void(Block &)> visit) {
  for (Block &block : function.getBody())
    visit(block);
  function.getBody().walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (op->getNumRegions() && !effects.get(op).empty())
      for (Region &region : op->getRegions())
        for (Block &block : region)
          visit(block);
  });
}
