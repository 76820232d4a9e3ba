//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Loops of a program can be stopped from outside.
//
// A counter in a register costs one instruction an iteration, and the host
// chooses it so that it is asked every few milliseconds. It begins anew with
// each loop: how long an iteration takes is a matter of the loop.
//
// Where that instruction would count, in short steps of a `for`, the loop runs
// in pieces of about a millisecond and is the same inside of them: vectors and
// reductions know nothing of it.
//
// Loops of an op end by themselves. Those that take long ask too, if what they
// write is nobody's before they end: each piece of a loop that threads share
// when it begins, and loops in one thread. A loop of the program that became
// one over each element (`tfc.steps`) may go on for ever: its counter is one
// of the piece, which goes on from element to element.
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "tfc/Dialect/TFCRT/IR/ParallelLoop.h"
#include "tfc/Dialect/TFCRT/IR/SharedGroup.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"
#include "tfc/Dialect/TFCRT/Transforms/Body.h"
#include "tfc/Dialect/TFCRT/Transforms/LoopCost.h"
#include "tfc/Dialect/TFCRT/Transforms/Passes.h"
#include "tfc/Dialect/TFCRT/Transforms/Roots.h"
#include <algorithm>
#include <optional>

namespace tfc::rt {
#define GEN_PASS_DEF_TFCPOLLHOSTPASS
#include "tfc/Dialect/TFCRT/Transforms/Passes.h.inc"
} // namespace tfc::rt

using namespace mlir;
using namespace tfc::rt;

/// How often a `while` runs that counts from one number to another.
static std::optional<double> knownTrips(scf::WhileOp loop) {
  auto compare =
      loop.getConditionOp().getCondition().getDefiningOp<arith::CmpIOp>();
  if (!compare || compare.getPredicate() != arith::CmpIPredicate::slt)
    return std::nullopt;
  auto counter = dyn_cast<BlockArgument>(compare.getLhs());
  std::optional<int64_t> end = getConstantIntValue(compare.getRhs());
  if (!counter || counter.getOwner() != loop.getBeforeBody() || !end)
    return std::nullopt;
  unsigned number = counter.getArgNumber();
  std::optional<int64_t> begin = getConstantIntValue(loop.getInits()[number]);
  auto add = loop.getYieldedValues()[number].getDefiningOp<arith::AddIOp>();
  ValueRange passed = loop.getConditionOp().getArgs();
  auto place = llvm::find(passed, counter);
  if (!begin || !add || place == passed.end() ||
      add.getLhs() != loop.getAfterArguments()[place - passed.begin()])
    return std::nullopt;
  std::optional<int64_t> step = getConstantIntValue(add.getRhs());
  if (!step || *step < 1)
    return std::nullopt;
  return std::max(0.0, (double(*end) - double(*begin)) / double(*step));
}

static std::optional<double> knownTrips(scf::ForOp loop) {
  auto begin = getConstantIntValue(loop.getLowerBound()),
       end = getConstantIntValue(loop.getUpperBound()),
       step = getConstantIntValue(loop.getStep());
  return begin && end && step
             ? std::optional(std::max(0.0, (double(*end) - double(*begin)) /
                                               double(*step)))
             : std::nullopt;
}

/// Whether the estimate of what the block takes is one for all runs of it.
static bool hasKnownCost(Block &block) {
  return !block
              .walk([](Operation *op) {
                bool isKnown = true;
                if (auto loop = dyn_cast<scf::ForOp>(op))
                  isKnown = knownTrips(loop).has_value();
                else if (auto loop = dyn_cast<scf::WhileOp>(op))
                  isKnown = knownTrips(loop).has_value();
                else if (auto loop = dyn_cast<ParallelOp>(op))
                  isKnown = getConstantIntValue(loop.getBegin()) &&
                            getConstantIntValue(loop.getEnd());
                return isKnown ? WalkResult::advance()
                               : WalkResult::interrupt();
              })
              .wasInterrupted();
}

/// Is the memory one that nobody sees before the call is over, however it ends?
static bool isSeenByNobody(Value memref) {
  Roots roots(memref);
  return !roots.hasUnknown && llvm::all_of(roots.binds, [](Operation *bind) {
    return bind->hasAttr("result") ||
           !isa<BlockArgument>(cast<BindOp>(bind).getPointer());
  });
}

static bool mayWrite(Operation *op, OpOperand &operand) {
  if (auto known = op->getAttrOfType<DenseBoolArrayAttr>(SharedGroup::writes))
    return known[operand.getOperandNumber()];
  auto interface = dyn_cast<MemoryEffectOpInterface>(op);
  SmallVector<MemoryEffects::EffectInstance> instances;
  if (interface)
    interface.getEffects(instances);
  return !interface || llvm::any_of(instances, [&](auto &instance) {
    return isa<MemoryEffects::Write>(instance.getEffect()) &&
           (!instance.getValue() || instance.getValue() == operand.get());
  });
}

/// Memory of variables, by its addresses; null: some that is not known.
using Variables = llvm::SmallSetVector<Value, 4>;

/// Those that the op and what is in it write as memory.
static Variables variablesWrittenBy(Operation *top) {
  Variables written;
  top->walk([&](Operation *op) {
    if (isa<memref::PrefetchOp>(op) ||
        op->hasTrait<OpTrait::HasRecursiveMemoryEffects>())
      return;
    for (OpOperand &operand : op->getOpOperands()) {
      Value value = operand.get();
      if (isa<LLVM::LLVMPointerType>(value.getType())) {
        if (!isMemoryEffectFree(op))
          written.insert(Value());
        continue;
      }
      if (!isa<MemRefType>(value.getType()) || !mayWrite(op, operand) ||
          isSeenByNobody(value))
        continue;
      Roots roots(value);
      if (roots.hasUnknown)
        written.insert(Value());
      for (Operation *bind : roots.binds)
        if (Value pointer = cast<BindOp>(bind).getPointer();
            !bind->hasAttr("result") && isa<BlockArgument>(pointer))
          written.insert(pointer);
    }
  });
  return written;
}

/// Does the op write variables? What it has done of them when it stops would
/// be half of a value.
static bool writesVariables(Operation *top) {
  return !variablesWrittenBy(top).empty() ||
         top->walk([](Operation *op) {
              return isa<PrintOp, HostCallOp, AbortOp, SetVariableOp>(op)
                         ? WalkResult::interrupt()
                         : WalkResult::advance();
            })
             .wasInterrupted();
}

namespace {

/// Where variables hold values that the program gives them. Several ops that
/// follow each other may compute one in its memory, which holds half of a value
/// meanwhile: from the first write to the last one of a block nobody may stop.
class HalfValues {
public:
  /// In the op, which writes none, or behind it, with what it writes.
  bool areIn(Operation *op) { return areAround(op, /*isBehind=*/false); }
  bool areBehind(Operation *op) { return areAround(op, /*isBehind=*/true); }

private:
  /// Of the ops of a block, by their numbers: half[n], are there values half of
  /// which is written before the n-th op, and the rest by it or behind it?
  struct Order {
    DenseMap<Operation *, unsigned> numbers;
    SmallVector<bool> half;
  };

  bool areAround(Operation *op, bool isBehind) {
    for (Operation *at = op; at && !isa<func::FuncOp>(at);
         at = at->getParentOp()) {
      const Order &order = orderOf(at->getBlock());
      unsigned number = order.numbers.lookup(at);
      if (at == op ? order.half[number + isBehind]
                   : order.half[number] || order.half[number + 1])
        return true;
    }
    return false;
  }

  /// One pass over the block: programs of thousands of ops have thousands of
  /// loops that ask.
  const Order &orderOf(Block *block) {
    auto [known, isNew] = orders.try_emplace(block);
    Order &order = known->second;
    if (!isNew)
      return order;
    // The first and the last op that write a variable, or any.
    using Span = std::pair<unsigned, unsigned>;
    DenseMap<Value, Span> spans;
    std::optional<Span> any;
    unsigned number = 0;
    for (Operation &op : *block) {
      for (Value variable : variablesWrittenBy(&op)) {
        spans.try_emplace(variable, number, number).first->second.second =
            number;
        any = {any ? any->first : number, number};
      }
      order.numbers[&op] = number++;
    }
    // Begins and ends of spans, which become their number at each op.
    SmallVector<int> open(number + 2);
    auto add = [&](unsigned first, unsigned last) {
      if (first >= last)
        return;
      ++open[first + 1];
      --open[last + 1];
    };
    for (auto [variable, span] : spans)
      add(span.first, span.second);
    // What is not known may be any of them.
    if (auto unknown = spans.find(Value()); unknown != spans.end()) {
      add(any->first, unknown->second.second);
      add(unknown->second.first, any->second);
    }
    int sum = 0;
    for (unsigned at : llvm::seq(number + 1))
      order.half.push_back((sum += open[at]) > 0);
    return order;
  }

  DenseMap<Block *, Order> orders;
};

} // namespace

/// Is it in a loop of an op, rather than of the program?
static bool isInOp(Operation *loop) {
  auto around = loop->getParentOfType<scf::ForOp>();
  return around && (!around->hasAttr(steps) || isInOp(around));
}

namespace {

/// Nanoseconds of an iteration of a `for` from which on it counts; shorter ones
/// run in pieces.
constexpr double leastIteration = 100;
/// Iterations before the host is asked for the first time take no longer than
/// this, if their cost is known, and are no more.
constexpr double firstNanoseconds = 1e6;
constexpr int64_t mostFirst = 64;
/// Pieces of loops whose counter takes shorter steps have a length in 64 bits.
constexpr int64_t mostStep = int64_t(1) << 40;
/// Loops of an op that take longer ask the host, in iterations of at least so
/// much; of a loop that threads share, pieces do, unless an iteration takes
/// longer.
constexpr double longOp = 2e8, longIteration = 1e3, longPiece = 2e4;

struct PollHost : public tfc::rt::impl::TFCPollHostPassBase<PollHost> {
  using tfc::rt::impl::TFCPollHostPassBase<PollHost>::TFCPollHostPassBase;

  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      SmallVector<std::pair<LoopLikeOpInterface, Block *>> loops;
      SmallVector<scf::ForOp> ofOps;
      SmallVector<ParallelOp> shared;
      SmallVector<scf::WhileOp> ofElements;
      function.walk<WalkOrder::PreOrder>([&](Operation *op) {
        if (auto loop = dyn_cast<scf::WhileOp>(op)) {
          loops.push_back({loop, loop.getAfterBody()});
        } else if (auto loop = dyn_cast<scf::ForOp>(op)) {
          if (!loop->hasAttr(steps)) {
            ofOps.push_back(loop);
            loop.walk<WalkOrder::PreOrder>([&](ParallelOp inner) {
              shared.push_back(inner);
              return WalkResult::skip();
            });
            return WalkResult::skip();
          }
          loops.push_back({loop, loop.getBody()});
        } else if (auto loop = dyn_cast<ParallelOp>(op)) {
          shared.push_back(loop);
          return WalkResult::skip();
        }
        return WalkResult::advance();
      });
      function.walk([&](scf::WhileOp loop) {
        if (loop->hasAttr(steps) &&
            (loop->getParentOfType<ParallelOp>() || isInOp(loop)))
          ofElements.push_back(loop);
      });
      function.walk([](LoopLikeOpInterface loop) { loop->removeAttr(steps); });
      if (!enabled || !Body::is(function))
        continue;
      // (Costs are those of loops as they were.)
      HalfValues halves;
      llvm::erase_if(shared, [&](ParallelOp loop) {
        return !isLong(loop) || halves.areIn(loop);
      });
      llvm::erase_if(ofOps, [&](scf::ForOp loop) {
        return !isLong(loop) || halves.areIn(loop);
      });
      // (Before loops move into others.)
      for (Operation *op : pauses(function, halves))
        pollBehind(op);
      for (scf::ForOp loop : ofOps)
        pollOp(function, loop);
      for (auto [loop, block] : loops)
        poll(function, loop, block);
      for (scf::WhileOp loop : ofElements)
        pollElements(function, loop);
      for (ParallelOp loop : shared)
        pollShared(loop);
    }
  }

  static double costOf(Block *block) {
    double cost = 0;
    for (Operation &op : *block)
      cost += estimateCost(&op).alone();
    return cost;
  }

  /// Does it depend on no loop of unknown length?
  static bool isKnown(Operation *op) {
    return estimateCost(op, 1).alone() == estimateCost(op, 2).alone();
  }

  /// May it take long, and be stopped?
  static bool isLong(ParallelOp op) {
    return !(isKnown(op) && estimateCost(op).alone() < longOp) &&
           !writesVariables(op);
  }

  static bool isLong(scf::ForOp loop) {
    double all = knownTrips(loop).value_or(0) * costOf(loop.getBody());
    return (all >= longOp / 10 || (all >= longIteration && !isKnown(loop))) &&
           !writesVariables(loop);
  }

  void pollOp(func::FuncOp function, scf::ForOp loop) {
    pollIterations(&function.getBody().front(), loop, loop.getBody(),
                   longIteration);
  }

  /// Loops whose iterations are worth it, outermost ones first. The others run
  /// in pieces, if they take long.
  bool pollIterations(Block *start, Operation *loop, Block *body, double least,
                      int depth = 0) {
    double cost = costOf(body);
    if (cost < least) {
      auto steps = dyn_cast<scf::ForOp>(loop);
      if (!steps || knownTrips(steps).value_or(0) * cost < longOp / 10 ||
          *getConstantIntValue(steps.getStep()) >= mostStep)
        return false;
      pollPieces(steps, cost);
      return true;
    }
    if (cost >= longOp / 4 || (!isKnown(loop) && depth == 0))
      pollIn(start, body, least, depth + 1);
    pollFrom(start, loop, body, cost);
    return true;
  }

  bool pollIn(Block *start, Block *block, double least, int depth = 0) {
    bool found = false;
    for (Operation &op : llvm::make_early_inc_range(*block)) {
      if (auto loop = dyn_cast<scf::ForOp>(op)) {
        found |= pollIterations(start, loop, loop.getBody(), least, depth);
      } else if (auto loop = dyn_cast<scf::WhileOp>(op)) {
        found |= pollIterations(start, loop, loop.getAfterBody(), least, depth);
      } else if (auto branch = dyn_cast<scf::IfOp>(op)) {
        found |= pollIn(start, branch.thenBlock(), least, depth);
        if (Block *otherwise = branch.elseBlock())
          found |= pollIn(start, otherwise, least, depth);
      }
    }
    return found;
  }

  /// Ops that are done one after the other may take long in all: those behind
  /// which the host is asked.
  static SmallVector<Operation *> pauses(func::FuncOp function,
                                         HalfValues &halves) {
    SmallVector<Operation *> ops;
    double sum = 0;
    for (Operation &op : function.getBody().front()) {
      sum += estimateCost(&op).alone();
      if (sum < longOp || op.hasTrait<OpTrait::IsTerminator>() ||
          halves.areBehind(&op))
        continue;
      sum = 0;
      ops.push_back(&op);
    }
    return ops;
  }

  void pollBehind(Operation *op) {
    OpBuilder builder(&getContext());
    builder.setInsertionPointAfter(op);
    Value one = arith::ConstantIntOp::create(builder, op->getLoc(), 1, 32);
    PollOp::create(builder, op->getLoc(), one);
  }

  /// Pieces of short iterations are short: the pool sees to that.
  void pollShared(ParallelOp loop) {
    Block *start = &loop.getRegion().front();
    if (pollIn(start, start, longPiece))
      return;
    OpBuilder builder = OpBuilder::atBlockBegin(start);
    Value one = arith::ConstantIntOp::create(builder, loop.getLoc(), 1, 32);
    PollOp::create(builder, loop.getLoc(), one);
  }

  /// One counter for all elements of a piece, since each of them may be done
  /// soon.
  void pollElements(func::FuncOp function, scf::WhileOp loop) {
    ParallelOp piece = loop->getParentOfType<ParallelOp>();
    for (Operation *above = piece; above;
         above = above->getParentOfType<ParallelOp>().getOperation())
      piece = cast<ParallelOp>(above);
    Block *start =
        piece ? &piece.getRegion().front() : &function.getBody().front();
    OpBuilder builder = OpBuilder::atBlockBegin(start);
    Value first =
        arith::ConstantIntOp::create(builder, loop.getLoc(), mostFirst, 32);
    Counter counter = makeCounter(builder, loop.getLoc());
    set(builder, counter, first);
    count(loop.getLoc(), loop.getAfterBody(), counter);
  }

  void poll(func::FuncOp function, Operation *loop, Block *block) {
    double cost = costOf(block);
    auto steps = dyn_cast<scf::ForOp>(loop);
    std::optional<double> trips =
        steps ? knownTrips(steps) : knownTrips(cast<scf::WhileOp>(loop));
    if (trips && *trips * cost < firstNanoseconds)
      return;
    if (steps && cost < leastIteration && hasKnownCost(*block) &&
        getConstantIntValue(steps.getStep()).value_or(mostStep) < mostStep)
      return pollPieces(steps, cost);
    pollFrom(&function.getBody().front(), loop, block, cost);
  }

  /// Counters are made at the start of the function or of the piece.
  void pollFrom(Block *start, Operation *loop, Block *block, double cost) {
    OpBuilder builder = OpBuilder::atBlockBegin(start);
    Counter counter = makeCounter(builder, loop->getLoc());
    builder.setInsertionPoint(loop);
    int64_t first = std::clamp<int64_t>(
        int64_t(firstNanoseconds / std::max(cost, 1.0)), 1, mostFirst);
    set(builder, counter,
        arith::ConstantIntOp::create(builder, loop->getLoc(), first, 32));
    count(loop->getLoc(), block, counter);
  }

  /// Iterations until the host is asked again, and after how many it was.
  struct Counter {
    Value left, asked;
  };

  Counter makeCounter(OpBuilder &builder, Location loc) {
    auto slotType = MemRefType::get({}, IntegerType::get(&getContext(), 32));
    Value left = memref::AllocaOp::create(builder, loc, slotType);
    return {left, memref::AllocaOp::create(builder, loc, slotType)};
  }

  static void set(OpBuilder &builder, Counter counter, Value number) {
    memref::StoreOp::create(builder, number.getLoc(), number, counter.left);
    memref::StoreOp::create(builder, number.getLoc(), number, counter.asked);
  }

  /// Counts at the end of an iteration.
  static void count(Location loc, Block *block, Counter counter) {
    OpBuilder builder(block->getTerminator());
    auto constant = [&](int64_t value) {
      return arith::ConstantIntOp::create(builder, loc, value, 32).getResult();
    };
    Value before = memref::LoadOp::create(builder, loc, counter.left);
    Value now = arith::SubIOp::create(builder, loc, before, constant(1));
    memref::StoreOp::create(builder, loc, now, counter.left);
    Value isTime = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                                         now, constant(0));
    auto branch =
        scf::IfOp::create(builder, loc, isTime, /*withElseRegion=*/false);
    builder.setInsertionPointToStart(branch.thenBlock());
    Value asked = memref::LoadOp::create(builder, loc, counter.asked);
    Value next = PollOp::create(builder, loc, asked);
    set(builder, counter, next);
  }

  /// The loop is one over pieces, in which it runs as it was. A loop that is
  /// shorter than a piece does not ask.
  void pollPieces(scf::ForOp loop, double cost) {
    Location loc = loop.getLoc();
    OpBuilder builder(loop);
    Value end = loop.getUpperBound(), step = loop.getStep();
    Type type = end.getType();
    auto constant = [&](Type type, int64_t value) -> Value {
      return arith::ConstantOp::create(builder, loc, type,
                                       builder.getIntegerAttr(type, value));
    };
    Value piece = arith::MulIOp::create(
        builder, loc, step,
        constant(type, int64_t(firstNanoseconds / std::max(cost, 0.25))));
    Value asked = constant(builder.getI32Type(), 1);
    SmallVector<Value> inits{loop.getLowerBound()};
    llvm::append_range(inits, loop.getInitArgs());
    auto isBefore = [end](OpBuilder &b, Location loc, Value begin) -> Value {
      return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, begin,
                                   end);
    };
    builder.setInsertionPointAfter(loop); // which goes away from here
    auto pieces = scf::WhileOp::create(
        builder, loc, TypeRange(ValueRange(inits)), inits,
        [&](OpBuilder &b, Location loc, ValueRange args) {
          scf::ConditionOp::create(b, loc, isBefore(b, loc, args[0]), args);
        },
        [&](OpBuilder &b, Location loc, ValueRange args) {
          // What is left is less than 2^64 steps of one.
          Value left = arith::SubIOp::create(b, loc, end, args[0]);
          Value next = arith::AddIOp::create(
              b, loc, args[0], arith::MinUIOp::create(b, loc, left, piece));
          SmallVector<Value> values{next};
          llvm::append_range(values, loop.getResults());
          auto yield = scf::YieldOp::create(b, loc, values);
          b.setInsertionPoint(yield);
          auto branch = scf::IfOp::create(b, loc, isBefore(b, loc, next),
                                          /*withElseRegion=*/false);
          b.setInsertionPointToStart(branch.thenBlock());
          PollOp::create(b, loc, asked);
          loop->moveBefore(branch);
          loop.getLowerBoundMutable().assign(args[0]);
          loop.getUpperBoundMutable().assign(next);
          loop.getInitArgsMutable().assign(args.drop_front());
        });
    for (auto [old, value] :
         llvm::zip(loop.getResults(), pieces.getResults().drop_front()))
      old.replaceUsesWithIf(value, [&](OpOperand &use) {
        return !pieces->isProperAncestor(use.getOwner());
      });
  }
};

} // namespace
