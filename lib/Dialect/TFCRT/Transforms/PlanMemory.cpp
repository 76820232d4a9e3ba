//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Static memory: every temporary of known size gets a place before the program
// runs.
//
// 1. Each allocation's values are followed through views, loops and branches.
// 2. Ops are numbered in the order of the text; an allocation is alive from its
// first
//    use to its last, and throughout each loop it is used in but was made
//    outside of.
// 3. Largest first, each gets the lowest offset that is free while it is alive.
// What
//    chains of `tfc-parallelize-chains` allocate is alive at the same time as
//    all that the other chains of the same loop allocate.
//
// What leaves its iteration through a loop-carried value has no fixed number of
// copies, and what has unknown sizes no fixed size: these stay `memref.alloc`,
// and loops that make them release what an iteration leaves behind.
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Interfaces/DataLayoutInterfaces.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"
#include "tfc/Dialect/TFCRT/Transforms/Body.h"
#include "tfc/Dialect/TFCRT/Transforms/Chains.h"
#include "tfc/Dialect/TFCRT/Transforms/Passes.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/MathExtras.h"

namespace tfc::rt {
#define GEN_PASS_DEF_TFCPLANMEMORYPASS
#include "tfc/Dialect/TFCRT/Transforms/Passes.h.inc"
} // namespace tfc::rt

using namespace mlir;
using namespace tfc::rt;

namespace {

constexpr int64_t alignment = 64;

struct Temporary {
  memref::AllocOp alloc;
  int64_t bytes = 0;
  int64_t begin = 0, end = 0; // of its life, as op numbers
  bool escapes = false;
  int64_t offset = 0;
  /// The chain it belongs to, if any: an op of the region of a
  /// `tfcrt.parallel`.
  Operation *chain = nullptr;

  bool aliveWith(const Temporary &other) const {
    if (chain && other.chain && chain != other.chain &&
        chain->getBlock() == other.chain->getBlock())
      return true;
    return other.begin <= end && begin <= other.end;
  }
};

/// The chain that `op` is in.
Operation *chainOf(Operation *op) {
  for (Operation *parent = op->getParentOp(); parent;
       op = parent, parent = op->getParentOp())
    if (isa<ParallelOp>(parent) && parent->hasAttr(runsChains))
      return op;
  return nullptr;
}

class Planner {
public:
  Planner(func::FuncOp body, int64_t stackBytes, int64_t stackLimit,
          int64_t pieceBytes)
      : body(body), builder(body.getContext()), stackBytes(stackBytes),
        stackLimit(stackLimit), pieceBytes(pieceBytes) {}

  /// Returns the arena's size.
  int64_t run();

private:
  void number(Operation *op);
  void findLife(Temporary &temporary);
  void follow(Temporary &temporary, OpOperand &use,
              llvm::SetVector<Value> &values);
  void extend(Temporary &temporary, Operation *user);
  int64_t place(MutableArrayRef<Temporary> temporaries);
  void bind(Temporary &temporary);
  bool toStack(Temporary &temporary);
  bool toPiece(Temporary &temporary);
  void handOver();
  void releaseInLoops();

  func::FuncOp body;
  OpBuilder builder;
  int64_t stackBytes, stackLimit, pieceBytes;
  DenseMap<Operation *, std::pair<int64_t, int64_t>> numbers;
  int64_t counter = 0;
};

void Planner::number(Operation *op) {
  int64_t first = counter++;
  for (Region &region : op->getRegions())
    for (Block &block : region)
      for (Operation &nested : block)
        number(&nested);
  numbers[op] = {first, counter++};
}

/// A use inside of a loop that the allocation is outside of lasts all the loop.
void Planner::extend(Temporary &temporary, Operation *user) {
  Operation *whole = user;
  for (Operation *op = user->getParentOp(); op && op != body;
       op = op->getParentOp()) {
    if (op->isAncestor(temporary.alloc))
      break;
    if (isa<LoopLikeOpInterface, ParallelOp>(op))
      whole = op;
  }
  auto [first, last] = numbers.lookup(whole);
  temporary.begin = std::min(temporary.begin, first);
  temporary.end = std::max(temporary.end, last);
}

void Planner::follow(Temporary &temporary, OpOperand &use,
                     llvm::SetVector<Value> &values) {
  Operation *op = use.getOwner();
  auto add = [&](Value value) {
    if (isa<BaseMemRefType>(value.getType()))
      values.insert(value);
  };
  if (auto loop = dyn_cast<LoopLikeOpInterface>(op)) {
    if (BlockArgument argument = loop.getTiedLoopRegionIterArg(&use))
      add(argument);
    for (Value result : op->getResults())
      add(result);
    return;
  }
  if (op->hasTrait<OpTrait::IsTerminator>()) {
    Operation *parent = op->getParentOp();
    if (isa<LoopLikeOpInterface>(parent)) {
      // Equivalent to what came in, or new in this iteration.
      if (parent->isProperAncestor(temporary.alloc))
        temporary.escapes = true;
      for (Region &region : parent->getRegions())
        for (BlockArgument argument : region.getArguments())
          add(argument);
    }
    for (Value result : parent->getResults())
      add(result);
    return;
  }
  for (Value result : op->getResults())
    add(result);
}

void Planner::findLife(Temporary &temporary) {
  auto type = temporary.alloc.getType();
  llvm::SetVector<Value> values;
  values.insert(temporary.alloc.getResult());
  std::tie(temporary.begin, temporary.end) =
      std::make_pair(counter, int64_t(0));
  for (size_t i = 0; i < values.size(); ++i)
    for (OpOperand &use : values[i].getUses()) {
      extend(temporary, use.getOwner());
      follow(temporary, use, values);
    }
  if (!type.hasStaticShape())
    return;
  temporary.bytes = DataLayout::closest(body)
                        .getTypeSize(type.getElementType())
                        .getFixedValue();
  temporary.bytes *= type.getNumElements();
}

int64_t Planner::place(MutableArrayRef<Temporary> temporaries) {
  SmallVector<Temporary *> order, placed;
  for (Temporary &temporary : temporaries)
    order.push_back(&temporary);
  llvm::stable_sort(order,
                    [](auto *a, auto *b) { return a->bytes > b->bytes; });
  int64_t total = 0;
  for (Temporary *next : order) {
    // `placed` is sorted by offset: take the first gap between those alive.
    int64_t offset = 0;
    for (Temporary *other : placed) {
      if (!other->aliveWith(*next))
        continue;
      if (offset + next->bytes <= other->offset)
        break;
      offset = std::max(offset, int64_t(llvm::alignTo(
                                    other->offset + other->bytes, alignment)));
    }
    next->offset = offset;
    total = std::max(total, offset + next->bytes);
    placed.insert(llvm::upper_bound(
                      placed, next,
                      [](auto *a, auto *b) { return a->offset < b->offset; }),
                  next);
  }
  return llvm::alignTo(total, alignment);
}

/// In the entry block, and in the order of the offsets' computation.
void Planner::bind(Temporary &temporary) {
  builder.setInsertionPointToStart(&body.getBody().front());
  Location loc = temporary.alloc.getLoc();
  Value arena = Body::arena(body);
  Value offset = LLVM::ConstantOp::create(builder, loc, builder.getI64Type(),
                                          temporary.offset);
  Value address = LLVM::GEPOp::create(
      builder, loc, arena.getType(), builder.getI8Type(), arena,
      ArrayRef<LLVM::GEPArg>{offset}, LLVM::GEPNoWrapFlags::inbounds);
  Value memref = BindOp::create(builder, loc, temporary.alloc.getType(),
                                address, ValueRange());
  temporary.alloc.replaceAllUsesWith(memref);
  temporary.alloc.erase();
}

bool Planner::toStack(Temporary &temporary) {
  int64_t bytes = std::max<int64_t>(temporary.bytes, 1);
  if (bytes > stackBytes || bytes > stackLimit)
    return false;
  stackLimit -= bytes;
  builder.setInsertionPointToStart(&body.getBody().front());
  Value slot = memref::AllocaOp::create(builder, temporary.alloc.getLoc(),
                                        temporary.alloc.getType(),
                                        builder.getI64IntegerAttr(16));
  temporary.alloc.replaceAllUsesWith(slot);
  temporary.alloc.erase();
  return true;
}

/// Pieces of a parallel loop have buffers of their own, chains as well.
bool Planner::toPiece(Temporary &temporary) {
  auto parallel = temporary.alloc->getParentOfType<ParallelOp>();
  if (!parallel)
    return false;
  if (parallel->hasAttr(runsChains)) {
    // Runs once: the arena has room for it. Small ones stay near the thread
    // that uses them.
    if (temporary.bytes > stackBytes || temporary.bytes > stackLimit)
      return false;
    stackLimit -= temporary.bytes;
  } else if (temporary.bytes > pieceBytes) {
    return true; // stays as it is
  }
  builder.setInsertionPointToStart(&parallel.getBody().front());
  Value slot = memref::AllocaOp::create(builder, temporary.alloc.getLoc(),
                                        temporary.alloc.getType(),
                                        builder.getI64IntegerAttr(alignment));
  temporary.alloc.replaceAllUsesWith(slot);
  temporary.alloc.erase();
  return true;
}

/// Is `size` less than `whole` by no more than a few?
static bool isNearly(OpFoldResult size, Value whole) {
  constexpr int64_t few = 64;
  auto sum = whole.getDefiningOp<arith::AddIOp>();
  std::optional<int64_t> more =
      sum ? getConstantIntValue(OpFoldResult(sum.getRhs())) : std::nullopt;
  return more && *more >= 0 && *more <= few &&
         size == OpFoldResult(sum.getLhs());
}

/// The first rows of an allocation, all but a few: lists are made with room for
/// what is written behind their end.
static bool isMostOf(memref::SubViewOp view, memref::AllocOp alloc) {
  if (!view || view.getSource() != alloc.getMemref() ||
      alloc.getDynamicSizes().size() != 1 || !alloc.getType().isDynamicDim(0) ||
      view.getType().getRank() != alloc.getType().getRank())
    return false;
  auto all = [](ArrayRef<OpFoldResult> values, int64_t number) {
    return llvm::all_of(values, [&](OpFoldResult value) {
      return getConstantIntValue(value) == number;
    });
  };
  SmallVector<OpFoldResult> sizes = view.getMixedSizes();
  for (auto [size, dim] :
       llvm::zip_equal(ArrayRef(sizes).drop_front(),
                       alloc.getType().getShape().drop_front()))
    if (getConstantIntValue(size) != dim)
      return false;
  return all(view.getMixedOffsets(), 0) && all(view.getMixedStrides(), 1) &&
         isNearly(sizes.front(), alloc.getDynamicSizes().front());
}

/// What holds the elements of `value`, from the first one on, and nothing else:
/// null if that is no allocation.
static memref::AllocOp allocationOf(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (isa<memref::ExpandShapeOp, memref::CollapseShapeOp, memref::CastOp>(
            op)) {
      value = op->getOperand(0);
      continue;
    }
    auto view = dyn_cast<memref::SubViewOp>(op);
    auto alloc =
        (view ? view.getSource() : value).getDefiningOp<memref::AllocOp>();
    return alloc && (!view || isMostOf(view, alloc)) ? alloc : nullptr;
  }
  return {};
}

/// A result of unknown size that is allocated once, and for nothing else, goes
/// straight to the caller.
void Planner::handOver() {
  body.walk([&](SetResultOp op) {
    memref::AllocOp alloc = allocationOf(op.getValue());
    if (!alloc || alloc->hasAttr("tfcrt.result") ||
        alloc->getParentOfType<LoopLikeOpInterface>())
      return;
    op.setInPlace(true);
    alloc->setAttr("tfcrt.result", op.getIndexAttr());
  });
}

/// What is left of `memref.alloc` in a loop would pile up.
void Planner::releaseInLoops() {
  llvm::SetVector<Operation *> loops;
  body.walk([&](memref::AllocOp alloc) {
    for (Operation *op = alloc->getParentOp(); op != body;
         op = op->getParentOp())
      if (isa<scf::ForOp, scf::WhileOp>(op))
        loops.insert(op);
  });
  for (Operation *loop : loops) {
    builder.setInsertionPoint(loop);
    auto pointer = LLVM::LLVMPointerType::get(builder.getContext());
    Value mark = MarkOp::create(builder, loop->getLoc(), pointer);
    Region &last = loop->getRegions().back();
    Operation *yield = last.front().getTerminator();
    SmallVector<Value> kept;
    for (Value value : yield->getOperands())
      if (isa<MemRefType>(value.getType()))
        kept.push_back(value);
    builder.setInsertionPoint(yield);
    ReleaseOp::create(builder, loop->getLoc(), mark, kept);
  }
}

int64_t Planner::run() {
  handOver();
  for (Operation &op : body.getBody().front())
    number(&op);
  SmallVector<Temporary> temporaries;
  body.walk([&](memref::AllocOp alloc) {
    Temporary temporary{alloc};
    temporary.chain = chainOf(alloc);
    findLife(temporary);
    if (alloc.getType().hasStaticShape() && !temporary.escapes &&
        !alloc->hasAttr("tfcrt.result"))
      temporaries.push_back(temporary);
  });
  llvm::erase_if(temporaries, [&](Temporary &temporary) {
    return toPiece(temporary) || (!temporary.chain && toStack(temporary));
  });
  int64_t bytes = place(temporaries);
  for (Temporary &temporary : temporaries)
    bind(temporary);
  releaseInLoops();
  return bytes;
}

struct PlanMemory : public tfc::rt::impl::TFCPlanMemoryPassBase<PlanMemory> {
  using tfc::rt::impl::TFCPlanMemoryPassBase<PlanMemory>::TFCPlanMemoryPassBase;

  void runOnOperation() override {
    func::FuncOp body = getOperation();
    if (!Body::is(body))
      return;
    int64_t bytes = Planner(body, stackBytes, stackLimit, pieceBytes).run();
    body->setAttr(Body::arenaBytes,
                  IntegerAttr::get(IntegerType::get(&getContext(), 64), bytes));
  }
};

} // namespace
