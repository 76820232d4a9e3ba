//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Chains of ops that share nothing run at the same time.
//
// 1. A block is cut at ops that must stay where they are: what the host sees,
// and what
//    may end the program. In between, order matters only through values and
//    memory. An abort that is known before to be taken or not cuts nothing:
//    what stands behind it is done on that condition, and the abort comes last.
// 2. Each piece falls into chains: ops where one uses the value of the other,
// or touches
//    memory that the other writes, belong to one. What costs nothing
//    (constants, views, allocations, loads of what nobody has written) belongs
//    to whoever needs it.
// 3. The cost model says which chains are worth a thread, and whether all of it
// is worth
//    giving up the parallel loops inside of them. Where that depends on sizes
//    that are not known, the program decides.
// 4. The chains become the iterations of a `tfcrt.parallel`. Where the outer
// block has
//    nothing to share out, those of its loops and branches are looked at.
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/CallInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "tfc/Dialect/TFCRT/IR/Remark.h"
#include "tfc/Dialect/TFCRT/IR/SharedGroup.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"
#include "tfc/Dialect/TFCRT/Transforms/Body.h"
#include "tfc/Dialect/TFCRT/Transforms/Chains.h"
#include "tfc/Dialect/TFCRT/Transforms/LoopCost.h"
#include "tfc/Dialect/TFCRT/Transforms/Passes.h"
#include "tfc/Dialect/TFCRT/Transforms/Roots.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/FormatVariadic.h"
#include <algorithm>
#include <vector>

namespace tfc::rt {
#define GEN_PASS_DEF_TFCPARALLELIZECHAINSPASS
#include "tfc/Dialect/TFCRT/Transforms/Passes.h.inc"
} // namespace tfc::rt

using namespace mlir;
using namespace tfc::rt;

void tfc::rt::runHere(ParallelOp loop) {
  IRRewriter rewriter(loop.getContext());
  Block &block = loop.getBody().front();
  block.getTerminator()->erase();
  rewriter.inlineBlockBefore(&block, loop, {loop.getBegin(), loop.getEnd()});
  rewriter.eraseOp(loop);
}

namespace {

bool isDynamicAlloc(Operation *op) {
  auto alloc = dyn_cast<memref::AllocOp>(op);
  return alloc && !alloc.getType().hasStaticShape();
}

/// Ops that nothing passes: the host sees when they happen, or the program may
/// end there. Memory of unknown size that there is none of may end the program
/// at any point.
bool isBarrier(Operation *op) {
  auto visit = [op](Operation *nested) {
    bool host = isa_and_present<TFCRTDialect>(nested->getDialect()) &&
                !isa<BindOp, ParallelOp, YieldOp>(nested);
    bool mayFail = nested != op && isDynamicAlloc(nested);
    bool isCall =
        isa<CallOpInterface>(nested) && !nested->hasAttr(SharedGroup::cost);
    bool leaves = host || mayFail || isCall || isa<memref::DeallocOp>(nested);
    return leaves ? WalkResult::interrupt() : WalkResult::advance();
  };
  return op->walk(visit).wasInterrupted();
}

/// `scf.if %fails { ... tfcrt.abort }`: nothing behind it is done if it is
/// taken.
bool isAbort(Operation *op) {
  auto branch = dyn_cast<scf::IfOp>(op);
  if (!branch || branch.getNumResults() || branch.elseBlock())
    return false;
  Block &block = *branch.thenBlock();
  if (block.without_terminator().empty() ||
      !isa<AbortOp>(*std::prev(block.getTerminator()->getIterator())))
    return false;
  return llvm::all_of(block.without_terminator(), [](Operation &nested) {
    return isa<AbortOp>(nested) || !isBarrier(&nested);
  });
}

//===----------------------------------------------------------------------===//
// Chains
//===----------------------------------------------------------------------===//

struct Chain {
  SmallVector<Operation *> ops;
  LoopCost cost;
};

/// The ops between two barriers of a block.
class Segment {
public:
  explicit Segment(double least) : least(least) {}

  void add(Operation *op);
  /// Adds an abort, if it is known at the start of the segment whether it is
  /// taken.
  bool addAbort(Operation *op);
  bool hasAborts() const { return !aborts.empty(); }
  ArrayRef<Operation *> getOps() const { return all; }
  /// Returns whether there was something to win.
  bool parallelize();

private:
  bool isWork(Value value) const {
    Operation *op = value.getDefiningOp();
    return op && classes.contains(op);
  }
  bool isFree(Operation *op) const;
  void joinByValues(Operation *op);
  void joinByMemory(Operation *op);
  std::vector<Chain> findChains(double trips) const;
  bool isClosed(const Chain &chain) const;
  std::vector<Chain> choose(std::vector<Chain> chains) const;
  void build(ArrayRef<Chain> chosen, bool atRunTime);
  Value grainAtRunTime(OpBuilder &builder, Location loc, ArrayRef<Chain> chosen,
                       Value one, Value count) const;
  void explain(size_t count, ArrayRef<Chain> chosen, bool pays,
               bool atRunTime) const;

  /// Who touched a root, as far as later ops have to know.
  struct Track {
    SmallVector<Operation *> readers;
    Operation *writer = nullptr;
  };

  double least; // nanoseconds
  Operation *last = nullptr;
  SmallVector<Operation *> all, free, work;
  SmallVector<scf::IfOp> aborts;
  /// How many aborts stand before an op.
  DenseMap<Operation *, size_t> levels;
  llvm::EquivalenceClasses<Operation *> classes;
  llvm::MapVector<Root, Track> tracks;
};

} // namespace

/// Whether an op may stand before all others of the segment, and be done by
/// anyone.
bool Segment::isFree(Operation *op) const {
  if (op->getNumRegions() ||
      llvm::any_of(op->getOperands(), [&](Value v) { return isWork(v); }))
    return false;
  // In front of an abort stands only what does no harm where it would be taken.
  auto isConstant = [](Value index) {
    return getConstantIntValue(index).has_value();
  };
  auto load = dyn_cast<memref::LoadOp>(op);
  if (hasAborts() && !isPure(op) &&
      !isa<memref::AllocOp, memref::AllocaOp>(op) &&
      !(load && llvm::all_of(load.getIndices(), isConstant)))
    return false;
  if (isMemoryEffectFree(op) || isa<memref::AllocOp, memref::AllocaOp>(op))
    return true;
  auto isWritten = [&](Root root) {
    auto track = tracks.find(root);
    return !root || (track != tracks.end() && track->second.writer);
  };
  return load && !tracks.contains(Root()) &&
         llvm::none_of(Roots(load.getMemRef()).found, isWritten);
}

void Segment::joinByValues(Operation *op) {
  op->walk([&](Operation *nested) {
    for (Value operand : nested->getOperands())
      if (isWork(operand))
        classes.unionSets(op, operand.getDefiningOp());
  });
}

void Segment::joinByMemory(Operation *op) {
  Touched touched = touchedBy(op);
  auto visit = [&](Track &track, bool write) {
    if (track.writer)
      classes.unionSets(op, track.writer);
    if (!write) {
      track.readers.push_back(op);
      return;
    }
    for (Operation *reader : track.readers)
      classes.unionSets(op, reader);
    track.readers.clear();
    track.writer = op;
  };
  for (auto [root, write] : touched) {
    if (!root) { // all that is known so far, and all that comes
      for (auto &[other, track] : tracks)
        visit(track, true);
      visit(tracks[root], true);
      continue;
    }
    if (auto any = tracks.find(Root()); any != tracks.end())
      visit(any->second, true);
    visit(tracks[root], write);
  }
}

bool Segment::addAbort(Operation *op) {
  if (!isAbort(op) || isWork(cast<scf::IfOp>(op).getCondition()))
    return false;
  last = op;
  all.push_back(op);
  aborts.push_back(cast<scf::IfOp>(op));
  return true;
}

void Segment::add(Operation *op) {
  last = op;
  all.push_back(op);
  levels[op] = aborts.size();
  if (isFree(op)) {
    free.push_back(op);
    return;
  }
  work.push_back(op);
  classes.insert(op);
  joinByValues(op);
  joinByMemory(op);
}

/// `trips`: what a length that is not known counts as.
std::vector<Chain> Segment::findChains(double trips) const {
  llvm::MapVector<Operation *, Chain> byLeader;
  for (Operation *op : work) {
    Chain &chain = byLeader[classes.getLeaderValue(op)];
    chain.ops.push_back(op);
    chain.cost += estimateCost(op, trips);
  }
  std::vector<Chain> chains;
  for (auto &[leader, chain] : byLeader)
    chains.push_back(std::move(chain));
  return chains;
}

/// Whether nobody else uses its values: they would have to come out of the
/// loop.
bool Segment::isClosed(const Chain &chain) const {
  Operation *leader = classes.getLeaderValue(chain.ops.front());
  return llvm::all_of(chain.ops, [&](Operation *op) {
    return llvm::all_of(op->getUsers(), [&](Operation *user) {
      Operation *here = op->getBlock()->findAncestorOpInBlock(*user);
      return here && classes.contains(here) &&
             classes.getLeaderValue(here) == leader;
    });
  });
}

/// Longest first; short ones are put together until they are long enough.
std::vector<Chain> Segment::choose(std::vector<Chain> chains) const {
  llvm::erase_if(chains, [&](const Chain &chain) { return !isClosed(chain); });
  llvm::stable_sort(chains, [](const Chain &a, const Chain &b) {
    return a.cost.alone() > b.cost.alone();
  });
  std::vector<Chain> chosen;
  for (Chain &chain : chains) {
    if (chosen.empty() || chosen.back().cost.alone() >= least) {
      chosen.push_back(std::move(chain));
      continue;
    }
    chosen.back().ops.append(chain.ops);
    chosen.back().cost += chain.cost;
  }
  if (!chosen.empty() && chosen.back().cost.alone() < least)
    chosen.pop_back();
  return chosen;
}

/// Whether the chains beside each other take clearly less than one after the
/// other, where threads share the loops inside: on two threads, and on any
/// number of them.
static bool paysOff(ArrayRef<Chain> chains) {
  constexpr double clearly = 6.0 / 7;
  LoopCost all;
  double first = 0, second = 0; // when each of two threads is done
  for (const Chain &chain : chains) {
    all += chain.cost;
    (first <= second ? first : second) += chain.cost.alone();
  }
  double longest = chains.front().cost.alone();
  return std::max(first, second) < clearly * (all.serial + all.shared / 2) &&
         longest < clearly * all.serial;
}

/// Runs each chain whose number lies in a piece's range.
void Segment::build(ArrayRef<Chain> chosen, bool atRunTime) {
  DenseMap<Operation *, size_t> numbers;
  for (auto [number, chain] : llvm::enumerate(chosen))
    for (Operation *op : chain.ops)
      numbers[op] = number;
  // What is free goes to the one chain that needs it, if there is one, users
  // before what they use.
  for (Operation *op : llvm::reverse(free)) {
    std::optional<size_t> owner;
    // Not into a chain: another one may write what was read here before. Nor
    // what the estimate of lengths may need.
    bool shared = op->use_empty() || isa<memref::LoadOp>(op) ||
                  (atRunTime && !isa<memref::AllocOp>(op));
    for (Operation *user : op->getUsers()) {
      Operation *here = op->getBlock()->findAncestorOpInBlock(*user);
      auto number = numbers.find(here);
      shared |= number == numbers.end() || (owner && *owner != number->second);
      if (!shared)
        owner = number->second;
    }
    if (!shared)
      numbers[op] = *owner;
  }

  Operation *end = last->getNextNode();
  OpBuilder builder(end);
  Location loc = chosen.front().ops.front()->getLoc();
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(builder, loc, value);
  };
  Value zero = constant(0), one = constant(1), count = constant(chosen.size());
  auto parallel = ParallelOp::create(builder, loc, zero, count, one);
  parallel->setAttr(runsChains, builder.getUnitAttr());
  for (scf::IfOp abort : aborts)
    abort->moveBefore(end);
  // In front: what is free and needed by several, then what is in no chain, or
  // that behind the last abort before it.
  auto ops = llvm::to_vector(llvm::concat<Operation *>(free, work));
  for (Operation *op : ops) {
    if (numbers.contains(op))
      continue;
    size_t level = classes.contains(op) ? levels.lookup(op) : 0;
    op->moveBefore(level == 0              ? parallel.getOperation()
                   : level < aborts.size() ? aborts[level].getOperation()
                                           : end);
  }
  builder.setInsertionPoint(parallel);
  // Whether the program goes on behind so many aborts.
  SmallVector<Value> goesOn(1);
  if (!aborts.empty()) {
    Value yes =
        arith::ConstantIntOp::create(builder, loc, builder.getI1Type(), 1);
    for (scf::IfOp abort : aborts) {
      Value passes =
          arith::XOrIOp::create(builder, loc, abort.getCondition(), yes);
      goesOn.push_back(goesOn.back() ? arith::AndIOp::create(
                                           builder, loc, goesOn.back(), passes)
                                           .getResult()
                                     : passes);
    }
  }
  if (atRunTime)
    parallel.getGrainMutable().assign(
        grainAtRunTime(builder, loc, chosen, one, count));

  builder.setInsertionPointToStart(&parallel.getBody().front());
  for (auto [i, chain] : llvm::enumerate(chosen)) {
    OpBuilder::InsertionGuard guard(builder);
    loc = chain.ops.front()->getLoc();
    Value number = constant(i);
    Value begun = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sle,
                                        parallel.getFrom(), number);
    Value ends = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt,
                                       number, parallel.getTo());
    Value here = arith::AndIOp::create(builder, loc, begun, ends);
    Operation *place =
        scf::IfOp::create(builder, loc, here, /*withElseRegion=*/false)
            .thenBlock()
            ->getTerminator();
    size_t level = 0;
    for (Operation *op : ops) {
      auto owner = numbers.find(op);
      if (owner == numbers.end() || owner->second != i)
        continue;
      // What is free does no harm.
      bool isWork = classes.contains(op);
      if (isWork && levels.lookup(op) > level) {
        level = levels.lookup(op);
        builder.setInsertionPoint(place);
        place = scf::IfOp::create(builder, op->getLoc(), goesOn[level],
                                  /*withElseRegion=*/false)
                    .thenBlock()
                    ->getTerminator();
      }
      op->moveBefore(place);
    }
  }
  SmallVector<ParallelOp> inner;
  parallel.getBody().walk([&](ParallelOp op) { inner.push_back(op); });
  llvm::for_each(inner, runHere);
}

/// Chains for which no thread need wake up are one piece.
Value Segment::grainAtRunTime(OpBuilder &builder, Location loc,
                              ArrayRef<Chain> chosen, Value one,
                              Value count) const {
  llvm::DenseSet<Operation *> inChains;
  for (const Chain &chain : chosen)
    inChains.insert_range(chain.ops);
  auto isKnown = [&](Value value) {
    Block *block = value.getParentBlock();
    Operation *op = value.getDefiningOp();
    if (!op)
      op = block->getParentOp();
    for (; op; op = op->getParentOp())
      if (inChains.contains(op))
        return false;
    return true;
  };
  Value shortest;
  for (const Chain &chain : chosen) {
    Value cost = emitCost(builder, loc, chain.ops, isKnown);
    shortest = shortest
                   ? arith::MinimumFOp::create(builder, loc, shortest, cost)
                         .getResult()
                   : cost;
  }
  Value limit =
      arith::ConstantOp::create(builder, loc, builder.getF64FloatAttr(least));
  Value pays = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OGE,
                                     shortest, limit);
  return arith::SelectOp::create(builder, loc, pays, one, count);
}

void Segment::explain(size_t count, ArrayRef<Chain> chosen, bool pays,
                      bool atRunTime) const {
  tfc::rt::remark(last, [&] {
    LoopCost all;
    for (const Chain &chain : chosen)
      all += chain.cost;
    if (chosen.size() < 2)
      return llvm::formatv("{0} independent chains run one after the other: "
                           "{1} of them take {2} us",
                           count, chosen.size(), least / 1000)
          .str();
    if (atRunTime)
      return llvm::formatv("{0} independent chains run at the same time if "
                           "their sizes are such that each takes {1} us",
                           chosen.size(), least / 1000)
          .str();
    return llvm::formatv("{0} independent chains run {1}: {2:f0} us in all, "
                         "{3:f0} us the longest",
                         chosen.size(),
                         pays
                             ? "at the same time"
                             : "one after the other, threads share their loops",
                         all.alone() / 1000, chosen.front().cost.alone() / 1000)
        .str();
  });
}

bool Segment::parallelize() {
  if (work.size() < 2)
    return false;
  std::vector<Chain> chains = findChains(unknownTrips);
  if (chains.size() < 2)
    return false;
  size_t count = chains.size();
  auto pay = [&](ArrayRef<Chain> chosen) {
    return chosen.size() > 1 && paysOff(chosen);
  };
  std::vector<Chain> chosen = choose(std::move(chains));
  bool pays = pay(chosen), atRunTime = false;
  if (!pays) {
    // Would they, if what is not known is large?
    std::vector<Chain> large = choose(findChains(manyTrips));
    if (pay(large)) {
      chosen = std::move(large);
      pays = atRunTime = true;
    }
  }
  explain(count, chosen, pays, atRunTime);
  if (pays)
    build(chosen, atRunTime);
  return pays;
}

namespace {

struct ParallelizeChains
    : public tfc::rt::impl::TFCParallelizeChainsPassBase<ParallelizeChains> {
  using TFCParallelizeChainsPassBase::TFCParallelizeChainsPassBase;

  void runOnOperation() override {
    func::FuncOp body = getOperation();
    if (!parallel || !Body::is(body))
      return;
    for (Block &block : body.getBody())
      visit(block);
  }

  /// Chains that do not pass aborts.
  static bool betweenAborts(ArrayRef<Operation *> ops, double least) {
    std::vector<Segment> segments(1, Segment(least));
    for (Operation *op : ops) {
      if (isBarrier(op))
        segments.emplace_back(least);
      else
        segments.back().add(op);
    }
    bool any = false;
    for (Segment &segment : segments)
      any |= segment.parallelize();
    return any;
  }

  void visit(Block &block) {
    // Nothing in it could be long enough.
    LoopCost all;
    for (Operation &op : block)
      all += estimateCost(&op, manyTrips);
    double least = leastMicroseconds * 1000;
    if (all.alone() < 2 * least)
      return;
    std::vector<Segment> segments(1, Segment(least));
    for (Operation &op : block.without_terminator()) {
      Segment &segment = segments.back();
      if (isBarrier(&op) ? segment.addAbort(&op)
                         : !segment.hasAborts() || !isDynamicAlloc(&op)) {
        if (!isBarrier(&op))
          segment.add(&op);
        continue;
      }
      segments.emplace_back(least);
      if (!isBarrier(&op))
        segments.back().add(&op);
    }
    bool any = false;
    for (Segment &segment : segments)
      any |= segment.parallelize() ||
             (segment.hasAborts() && betweenAborts(segment.getOps(), least));
    if (any)
      return;
    for (Operation &op : block)
      if (isa<scf::ForOp, scf::WhileOp, scf::IfOp>(op))
        for (Region &region : op.getRegions())
          for (Block &nested : region)
            visit(nested);
  }
};

} // namespace
