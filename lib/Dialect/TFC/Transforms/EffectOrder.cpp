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
// Only those
//    with successors can be, and the search ends at the earliest of these: what
//    it crosses has been crossed by no earlier search in straight-line code.
//===----------------------------------------------------------------------===//

#include "tfc/Dialect/TFC/Transforms/EffectOrder.h"

using namespace mlir;
using namespace tfc;

namespace {

constexpr int kNone = -1;

class Orderer {
public:
  void append(Operation *op, const EffectSet &set) {
    SmallVector<unsigned> candidates = findCandidates(set);
    reduce(candidates);
    for (unsigned position : candidates)
      hasSuccessor[position] = true;
    order.follows.emplace_back(candidates.begin(), candidates.end());
    record(set, order.ops.size());
    order.ops.push_back(op);
    hasSuccessor.push_back(false);
    seenBy.push_back(kNone);
  }

  BlockOrder order;

private:
  struct Track {
    int lastWrite = kNone;
    SmallVector<unsigned, 2> readers; // since the last write
  };

  SmallVector<unsigned> findCandidates(const EffectSet &set);
  void reduce(SmallVectorImpl<unsigned> &candidates);
  void record(const EffectSet &set, unsigned position);

  DenseMap<ResourceId, Track> tracks;
  SmallVector<ResourceId> unshown; // written since the last op that may stop
  int lastStop = kNone;            // the last op that may stop the program
  int lastExternal = kNone;        // the last op that may touch anything
  SmallVector<bool> hasSuccessor;
  SmallVector<int> seenBy; // the op whose reduction has visited this one
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

void Orderer::reduce(SmallVectorImpl<unsigned> &candidates) {
  auto earliest =
      llvm::find_if(candidates, [&](unsigned c) { return hasSuccessor[c]; });
  if (earliest == candidates.end() || candidates.size() == 1)
    return;
  unsigned bound = *earliest;
  int self = order.ops.size();
  SmallVector<unsigned> pending(candidates.begin(), candidates.end());
  while (!pending.empty())
    for (unsigned position : order.follows[pending.pop_back_val()])
      if (position >= bound && seenBy[position] != self) {
        seenBy[position] = self;
        pending.push_back(position);
      }
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
