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
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "tfc/Dialect/TFCRT/IR/ParallelLoop.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"
#include "tfc/Dialect/TFCRT/Transforms/Body.h"
#include "tfc/Dialect/TFCRT/Transforms/LoopCost.h"
#include "tfc/Dialect/TFCRT/Transforms/Passes.h"
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

struct PollHost : public tfc::rt::impl::TFCPollHostPassBase<PollHost> {
  using tfc::rt::impl::TFCPollHostPassBase<PollHost>::TFCPollHostPassBase;

  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      SmallVector<std::pair<LoopLikeOpInterface, Block *>> loops;
      function.walk<WalkOrder::PreOrder>([&](Operation *op) {
        if (auto loop = dyn_cast<scf::WhileOp>(op)) {
          loops.push_back({loop, loop.getAfterBody()});
        } else if (auto loop = dyn_cast<scf::ForOp>(op)) {
          // Those of an op end by themselves, with all that is in them.
          if (!loop->hasAttr(steps))
            return WalkResult::skip();
          loops.push_back({loop, loop.getBody()});
        }
        return isa<ParallelOp>(op) ? WalkResult::skip() : WalkResult::advance();
      });
      function.walk([](scf::ForOp loop) { loop->removeAttr(steps); });
      if (!enabled || !Body::is(function))
        continue;
      for (auto [loop, block] : loops)
        poll(function, loop, block);
    }
  }

  void poll(func::FuncOp function, Operation *loop, Block *block) {
    double cost = 0;
    for (Operation &op : *block)
      cost += estimateCost(&op).alone();
    auto steps = dyn_cast<scf::ForOp>(loop);
    std::optional<double> trips =
        steps ? knownTrips(steps) : knownTrips(cast<scf::WhileOp>(loop));
    if (trips && *trips * cost < firstNanoseconds)
      return;
    if (steps && cost < leastIteration && hasKnownCost(*block) &&
        getConstantIntValue(steps.getStep()).value_or(mostStep) < mostStep)
      return pollPieces(steps, cost);
    Location loc = loop->getLoc();
    auto slotType = MemRefType::get({}, IntegerType::get(&getContext(), 32));
    OpBuilder builder(&function.getBody().front(),
                      function.getBody().front().begin());
    auto constant = [&](int64_t value) {
      return arith::ConstantIntOp::create(builder, loc, value, 32).getResult();
    };
    Value left = memref::AllocaOp::create(builder, loc, slotType),
          asked = memref::AllocaOp::create(builder, loc, slotType);
    builder.setInsertionPoint(loop);
    Value first = constant(std::clamp<int64_t>(
        int64_t(firstNanoseconds / std::max(cost, 1.0)), 1, mostFirst));
    memref::StoreOp::create(builder, loc, first, left);
    memref::StoreOp::create(builder, loc, first, asked);
    builder.setInsertionPoint(block->getTerminator());
    Value before = memref::LoadOp::create(builder, loc, left);
    Value now = arith::SubIOp::create(builder, loc, before, constant(1));
    memref::StoreOp::create(builder, loc, now, left);
    Value isTime = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                                         now, constant(0));
    auto branch =
        scf::IfOp::create(builder, loc, isTime, /*withElseRegion=*/false);
    builder.setInsertionPointToStart(branch.thenBlock());
    Value count = memref::LoadOp::create(builder, loc, asked);
    Value next = PollOp::create(builder, loc, count);
    memref::StoreOp::create(builder, loc, next, left);
    memref::StoreOp::create(builder, loc, next, asked);
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
