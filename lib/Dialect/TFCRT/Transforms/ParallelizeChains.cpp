//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Chains of ops that share nothing run at the same time.
//
// 1. A block is cut at ops that must stay where they are: what the host sees,
// and what
//    may end the program. In between, order matters only through values and
//    memory.
// 2. Each piece falls into chains: ops where one uses the value of the other,
// or touches
//    memory that the other writes, belong to one. What costs nothing
//    (constants, views, allocations, loads of what nobody has written) belongs
//    to whoever needs it.
// 3. The cost model says which chains are worth a thread, and whether all of it
// is worth
//    giving up the parallel loops inside of them.
// 4. The chains become the iterations of a `tfcrt.parallel`. Where the outer
// block has
//    nothing to share out, those of its loops and branches are looked at.
//
// Two buffers share memory only if they are views of one root: arguments that
// are `noalias`, allocations, and constants are distinct.
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/CallInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "tfc/Dialect/TFCRT/IR/Remark.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"
#include "tfc/Dialect/TFCRT/Transforms/Body.h"
#include "tfc/Dialect/TFCRT/Transforms/Chains.h"
#include "tfc/Dialect/TFCRT/Transforms/LoopCost.h"
#include "tfc/Dialect/TFCRT/Transforms/Passes.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"
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

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

namespace {

/// Memory as the value that stands for it; null: any memory.
using Root = Value;

/// Where the memory of a value may come from. Values that loops carry are
/// followed to what they start with and what iterations yield.
class Roots {
public:
  explicit Roots(Value memref) {
    pending.insert(memref);
    for (size_t i = 0; i < pending.size(); ++i)
      visit(pending[i]);
  }
  llvm::SetVector<Root> found;

private:
  void visit(Value value);
  void visitArgument(BlockArgument argument);
  void add(ValueRange values, unsigned index) { pending.insert(values[index]); }

  llvm::SetVector<Value> pending;
};

void Roots::visitArgument(BlockArgument argument) {
  Operation *parent = argument.getOwner()->getParentOp();
  if (auto loop = dyn_cast<scf::ForOp>(parent)) {
    unsigned index = argument.getArgNumber() - 1;
    add(loop.getInitArgs(), index);
    add(loop.getYieldedValues(), index);
  } else if (auto loop = dyn_cast<scf::WhileOp>(parent)) {
    unsigned index = argument.getArgNumber();
    if (argument.getOwner() == loop.getBeforeBody()) {
      add(loop.getInits(), index);
      add(loop.getYieldedValues(), index);
    } else {
      add(loop.getConditionOp().getArgs(), index);
    }
  } else {
    found.insert(Root());
  }
}

void Roots::visit(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    return visitArgument(argument);
  auto result = cast<OpResult>(value);
  Operation *op = result.getOwner();
  unsigned index = result.getResultNumber();
  if (auto bind = dyn_cast<BindOp>(op)) {
    auto pointer = dyn_cast<BlockArgument>(bind.getPointer());
    auto function =
        pointer ? dyn_cast<func::FuncOp>(pointer.getOwner()->getParentOp())
                : func::FuncOp();
    bool distinct =
        function && function.getArgAttr(pointer.getArgNumber(), "llvm.noalias");
    found.insert(distinct ? Root(pointer) : Root());
  } else if (auto view = dyn_cast<ViewLikeOpInterface>(op)) {
    pending.insert(view.getViewSource());
  } else if (isa<memref::AllocOp, memref::AllocaOp, memref::GetGlobalOp>(op)) {
    found.insert(value);
  } else if (auto loop = dyn_cast<scf::ForOp>(op)) {
    add(loop.getInitArgs(), index);
    add(loop.getYieldedValues(), index);
  } else if (auto loop = dyn_cast<scf::WhileOp>(op)) {
    add(loop.getConditionOp().getArgs(), index);
  } else if (auto branch = dyn_cast<scf::IfOp>(op)) {
    add(branch.thenYield().getOperands(), index);
    add(branch.elseYield().getOperands(), index);
  } else if (auto select = dyn_cast<arith::SelectOp>(op)) {
    pending.insert(select.getTrueValue());
    pending.insert(select.getFalseValue());
  } else {
    found.insert(Root());
  }
}

/// The roots that an op touches, and whether it writes them.
using Touched = llvm::MapVector<Root, bool>;

/// What `op`, inside of `top`, touches. Memory that `top` makes is nobody
/// else's business.
void collectTouched(Operation *op, Operation *top, Touched &touched) {
  auto add = [&](Root root, bool write) {
    Operation *maker = root ? root.getDefiningOp() : nullptr;
    if (!maker || !top->isProperAncestor(maker))
      touched[root] |= write;
  };
  if (auto interface = dyn_cast<MemoryEffectOpInterface>(op)) {
    SmallVector<MemoryEffects::EffectInstance> instances;
    interface.getEffects(instances);
    for (auto &instance : instances) {
      if (isa<MemoryEffects::Allocate>(instance.getEffect()))
        continue;
      bool write = !isa<MemoryEffects::Read>(instance.getEffect());
      Value value = instance.getValue();
      if (!value || !isa<MemRefType>(value.getType())) {
        add(Root(), write);
        continue;
      }
      for (Root root : Roots(value).found)
        add(root, write);
    }
  } else if (!op->hasTrait<OpTrait::HasRecursiveMemoryEffects>()) {
    add(Root(), true);
  }
  for (Region &region : op->getRegions())
    for (Block &block : region)
      for (Operation &nested : block)
        collectTouched(&nested, top, touched);
}

/// Ops that nothing passes: the host sees when they happen, or the program may
/// end there.
bool isBarrier(Operation *op) {
  auto visit = [](Operation *nested) {
    bool host = isa_and_present<TFCRTDialect>(nested->getDialect()) &&
                !isa<BindOp, ParallelOp, YieldOp>(nested);
    auto alloc = dyn_cast<memref::AllocOp>(nested);
    bool mayFail = alloc && !alloc.getType().hasStaticShape();
    bool leaves =
        host || mayFail || isa<memref::DeallocOp, CallOpInterface>(nested);
    return leaves ? WalkResult::interrupt() : WalkResult::advance();
  };
  return op->walk(visit).wasInterrupted();
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
  std::vector<Chain> findChains() const;
  bool isClosed(const Chain &chain) const;
  std::vector<Chain> choose(std::vector<Chain> chains) const;
  void build(ArrayRef<Chain> chosen);
  void explain(size_t count, ArrayRef<Chain> chosen, bool pays) const;

  /// Who touched a root, as far as later ops have to know.
  struct Track {
    SmallVector<Operation *> readers;
    Operation *writer = nullptr;
  };

  double least; // nanoseconds
  Operation *last = nullptr;
  SmallVector<Operation *> free, work;
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
  if (isMemoryEffectFree(op) || isa<memref::AllocOp, memref::AllocaOp>(op))
    return true;
  auto load = dyn_cast<memref::LoadOp>(op);
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
  Touched touched;
  collectTouched(op, op, touched);
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

void Segment::add(Operation *op) {
  last = op;
  if (isFree(op)) {
    free.push_back(op);
    return;
  }
  work.push_back(op);
  classes.insert(op);
  joinByValues(op);
  joinByMemory(op);
}

std::vector<Chain> Segment::findChains() const {
  llvm::MapVector<Operation *, Chain> byLeader;
  for (Operation *op : work) {
    Chain &chain = byLeader[classes.getLeaderValue(op)];
    chain.ops.push_back(op);
    chain.cost += estimateCost(op);
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
void Segment::build(ArrayRef<Chain> chosen) {
  DenseMap<Operation *, size_t> numbers;
  for (auto [number, chain] : llvm::enumerate(chosen))
    for (Operation *op : chain.ops)
      numbers[op] = number;
  // What is free goes to the one chain that needs it, if there is one, users
  // before what they use.
  for (Operation *op : llvm::reverse(free)) {
    std::optional<size_t> owner;
    // Not into a chain: another one may write what was read here before.
    bool shared = op->use_empty() || isa<memref::LoadOp>(op);
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
  builder.setInsertionPointToStart(&parallel.getBody().front());
  SmallVector<Block *> places;
  for (auto [i, chain] : llvm::enumerate(chosen)) {
    loc = chain.ops.front()->getLoc();
    Value number = constant(i);
    Value begun = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sle,
                                        parallel.getFrom(), number);
    Value ends = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt,
                                       number, parallel.getTo());
    Value here = arith::AndIOp::create(builder, loc, begun, ends);
    places.push_back(
        scf::IfOp::create(builder, loc, here, /*withElseRegion=*/false)
            .thenBlock());
  }
  // In front: what is free and needed by several, then what is in no chain.
  for (Operation *op : llvm::concat<Operation *>(free, work)) {
    auto number = numbers.find(op);
    op->moveBefore(number == numbers.end()
                       ? parallel.getOperation()
                       : places[number->second]->getTerminator());
  }
  SmallVector<ParallelOp> inner;
  for (Block *place : places)
    place->walk([&](ParallelOp op) { inner.push_back(op); });
  llvm::for_each(inner, runHere);
}

void Segment::explain(size_t count, ArrayRef<Chain> chosen, bool pays) const {
  tfc::rt::remark(last, [&] {
    LoopCost all;
    for (const Chain &chain : chosen)
      all += chain.cost;
    if (chosen.size() < 2)
      return llvm::formatv("{0} independent chains run one after the other: "
                           "{1} of them take {2} us",
                           count, chosen.size(), least / 1000)
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
  std::vector<Chain> chains = findChains();
  if (chains.size() < 2)
    return false;
  size_t count = chains.size();
  std::vector<Chain> chosen = choose(std::move(chains));
  bool pays = chosen.size() > 1 && paysOff(chosen);
  explain(count, chosen, pays);
  if (pays)
    build(chosen);
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

  void visit(Block &block) {
    // Nothing in it could be long enough.
    LoopCost all;
    for (Operation &op : block)
      all += estimateCost(&op);
    double least = leastMicroseconds * 1000;
    if (all.alone() < 2 * least)
      return;
    std::vector<Segment> segments(1, Segment(least));
    for (Operation &op : block.without_terminator()) {
      if (isBarrier(&op))
        segments.emplace_back(least);
      else
        segments.back().add(&op);
    }
    bool any = false;
    for (Segment &segment : segments)
      any |= segment.parallelize();
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
