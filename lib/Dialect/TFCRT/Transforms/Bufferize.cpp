//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Upstream's one-shot bufferization, with the choices that suit packed entries.
//===----------------------------------------------------------------------===//

#include "LoopBuffers.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Bufferization/Transforms/OneShotAnalysis.h"
#include "mlir/Dialect/Bufferization/Transforms/OneShotModuleBufferize.h"
#include "mlir/Dialect/Bufferization/Transforms/Transforms.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"
#include "tfc/Dialect/TFCRT/Transforms/Aliases.h"
#include "tfc/Dialect/TFCRT/Transforms/Body.h"
#include "tfc/Dialect/TFCRT/Transforms/Passes.h"

namespace tfc::rt {
#define GEN_PASS_DEF_TFCBUFFERIZEPASS
#define GEN_PASS_DEF_TFCPLACERESULTSPASS
#include "tfc/Dialect/TFCRT/Transforms/Passes.h.inc"
} // namespace tfc::rt

using namespace mlir;
using namespace mlir::bufferization;
using namespace tfc::rt;

static OneShotBufferizationOptions bufferizationOptions() {
  OneShotBufferizationOptions options;
  // A tensor that changes its size from one iteration to the next comes in a
  // new buffer.
  options.allowReturnAllocsFromLoops = true;
  options.unknownTypeConverterFn = [](TensorType type, Attribute space,
                                      const BufferizationOptions &) {
    return getMemRefTypeWithStaticIdentityLayout(type, space);
  };
  return options;
}

/// Results are the pointers after those of the arguments; variables and inputs
/// are bound from earlier ones, and are no place to compute in before their
/// time.
static bool isResult(Value memref) {
  auto bind = memref.getDefiningOp<BindOp>();
  return bind && bind->hasAttr("result");
}

/// The op that puts what was made of a slice back in its place, if nobody else
/// uses the value: then only it counts as a writer, and the slice is written in
/// place.
static tensor::InsertSliceOp findReturn(tensor::ExtractSliceOp slice) {
  auto isReturn = [&](tensor::InsertSliceOp op) {
    return op && op.getDest() == slice.getSource() &&
           op.getSource() != slice.getSource() &&
           op.getMixedOffsets() == slice.getMixedOffsets() &&
           op.getMixedSizes() == slice.getMixedSizes() &&
           op.getMixedStrides() == slice.getMixedStrides();
  };
  tensor::InsertSliceOp found;
  for (Operation *user : slice.getSource().getUsers())
    if (auto op = dyn_cast<tensor::InsertSliceOp>(user); isReturn(op) && !found)
      found = op;
    else if (user != slice && !isa<tensor::DimOp>(user))
      return {};
  Value value = found ? found.getSource() : Value();
  while (value && value != slice.getResult()) {
    Operation *op = value.getDefiningOp();
    if (auto destination = dyn_cast_or_null<DestinationStyleOpInterface>(op))
      value = destination.getTiedOpOperand(cast<OpResult>(value))->get();
    else
      value =
          isa_and_present<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(op)
              ? op->getOperand(0)
              : Value();
  }
  return value ? found : tensor::InsertSliceOp();
}

/// How many ops write the memory of `value`, through views of it too; the last
/// one is put in `writer`.
static int64_t countWriters(Value value, Operation *&writer) {
  int64_t count = 0;
  for (OpOperand &use : value.getUses()) {
    Operation *user = use.getOwner();
    if (auto slice = dyn_cast<tensor::ExtractSliceOp>(user);
        slice && findReturn(slice))
      continue;
    auto destination = dyn_cast<DestinationStyleOpInterface>(user);
    bool writes = (destination && destination.isDpsInit(&use)) ||
                  isa<LoopLikeOpInterface>(user);
    if (writes && !isa<MaterializeInDestinationOp>(user)) {
      ++count;
      writer = user;
    } else if (isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp,
                   tensor::CastOp, tensor::ExtractSliceOp>(user)) {
      count += countWriters(user->getResult(0), writer);
    }
  }
  return count;
}

/// Do all others need `value`, or a view of it, only before `writer` writes it?
static bool isDeadAfter(Value value, Operation *writer) {
  return llvm::all_of(value.getUses(), [&](OpOperand &use) {
    Operation *user = use.getOwner();
    if (user == writer)
      return true;
    Operation *before = writer->getBlock()->findAncestorOpInBlock(*user);
    if (!before || before == writer || !before->isBeforeInBlock(writer))
      return false;
    return !isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp, tensor::CastOp,
                tensor::ExtractSliceOp>(user) ||
           isDeadAfter(user->getResult(0), writer);
  });
}

/// The results of `op` that go on in the memory of an operand: one, where that
/// is the place of one, else all.
static SmallVector<Value> resultsIn(Operation *op, Value operand) {
  auto destination = dyn_cast<DestinationStyleOpInterface>(op);
  SmallVector<Value> results;
  if (destination)
    for (OpOperand &init : destination.getDpsInitsMutable())
      if (init.get() == operand && isa<TensorType>(operand.getType()))
        results.push_back(destination.getTiedOpResult(&init));
  if (results.empty())
    results.append(op->result_begin(), op->result_end());
  return results;
}

/// Where bufferization cannot write a value in place, it makes a copy. If the
/// value's memory is a result, the copy then moves into the result before
/// others have read the old value from there. So all that goes on in the memory
/// of `start`, which `op` writes, must be written in place: by one op, and when
/// nobody else needs it.
static bool isWrittenInPlace(Operation *op, Value start) {
  while (op) {
    Operation *next = nullptr;
    Value written;
    SmallVector<Value> results = resultsIn(op, start);
    for (Value result : results) {
      Operation *writer = nullptr;
      int64_t count = countWriters(result, writer);
      if (count > 1 || (count && !isDeadAfter(result, writer)))
        return false;
      if (count) {
        // Several values that go on are looked at as one.
        written = next ? Value() : result;
        next = writer;
      }
    }
    op = next;
    start = written;
  }
  return true;
}

/// The result gets its value at `materialize`: what else has been computed in
/// its memory, which is that of `start`, must not be needed any more then. A
/// loop, for example, may have started from what `op` gave, or a branch may
/// choose between that and another value.
static bool isSettled(Operation *op, Value start,
                      MaterializeInDestinationOp materialize) {
  for (Value result : resultsIn(op, start)) {
    Aliases aliases(result);
    for (Value value : aliases.get()) {
      if (value == materialize.getSource())
        continue;
      for (Operation *user : value.getUsers()) {
        Operation *before =
            materialize->getBlock()->findAncestorOpInBlock(*user);
        if (!before || materialize->isBeforeInBlock(before))
          return false;
      }
    }
  }
  return true;
}

/// Is what `op` inserts into a value from before the loop it is in? The value
/// is needed again in the next iteration, so that the insertion copies it; what
/// is computed in its slice would be seen then.
static bool insertsIntoOuterValue(SubsetInsertionOpInterface op) {
  auto loop = op->getParentOfType<LoopLikeOpInterface>();
  Value destination = op.getDestinationOperand().get();
  return loop && isa<TensorType>(destination.getType()) &&
         !loop->isAncestor(destination.getParentBlock()->getParentOp());
}

/// Does what `op` makes go on in another shape? Upstream takes equal types for
/// equal sizes, which a reshape of unknown ones does not keep: a place of the
/// later shape is none for the earlier.
static bool isReshaped(Operation *op) {
  for (Value result : op->getResults()) {
    Aliases aliases(result);
    for (Value value : aliases.get())
      if (auto reshape = value.getDefiningOp<tensor::ReshapeOp>();
          reshape && !reshape.getType().hasStaticShape())
        return true;
  }
  return false;
}

static Value destinationOf(RewriterBase &rewriter,
                           SubsetInsertionOpInterface op, tensor::EmptyOp empty,
                           Operation *user) {
  auto materialize = dyn_cast<MaterializeInDestinationOp>(op.getOperation());
  auto result = materialize
                    ? dyn_cast<MemRefType>(materialize.getDest().getType())
                    : MemRefType();
  // Through a branch or a cast, a tensor of another size may become the result.
  if (result &&
      !(isResult(materialize.getDest()) &&
        result.getShape() == empty.getType().getShape() &&
        isWrittenInPlace(user, empty) && isSettled(user, empty, materialize)))
    return {};
  if (insertsIntoOuterValue(op) || isReshaped(user))
    return {};
  Value place = buildSubsetExtraction(rewriter, op, empty, user);
  // What is made of a slice and put back is made in the same place.
  if (place)
    for (Operation *other : llvm::make_early_inc_range(empty->getUsers()))
      if (auto slice = dyn_cast<tensor::ExtractSliceOp>(other);
          slice && findReturn(slice) == user &&
          slice->getBlock() == user->getBlock())
        if (Operation *maker = place.getDefiningOp();
            maker && maker->getBlock() == slice->getBlock() &&
            maker->isBeforeInBlock(slice))
          rewriter.modifyOpInPlace(
              slice, [&] { slice.getSourceMutable().assign(place); });
  return place;
}

/// What is computed in another shape than the result has needs no copy for
/// that: its place is bound in that shape.
static void bindBeforeReshapes(RewriterBase &rewriter, Operation *root) {
  auto step = [&](MaterializeInDestinationOp op) {
    auto bind = op.getDest().getDefiningOp<BindOp>();
    Operation *reshape = op.getSource().getDefiningOp();
    if (!isResult(op.getDest()) || !bind->hasOneUse() ||
        !isa_and_present<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(
            reshape))
      return false;
    Value source = reshape->getOperand(0);
    auto before = cast<RankedTensorType>(source.getType());
    auto type = cast<MemRefType>(bind.getType());
    if (!before.hasStaticShape() || !type.hasStaticShape() ||
        !type.getLayout().isIdentity())
      return false;
    rewriter.setInsertionPoint(bind);
    auto other = BindOp::create(
        rewriter, bind.getLoc(),
        MemRefType::get(before.getShape(), before.getElementType()),
        bind->getOperand(0), ValueRange());
    other->setAttrs(bind->getAttrs());
    rewriter.modifyOpInPlace(op, [&] {
      op.getSourceMutable().assign(source);
      op.getDestMutable().assign(other);
    });
    rewriter.eraseOp(bind);
    return true;
  };
  root->walk([&](MaterializeInDestinationOp op) {
    while (step(op)) {
    }
  });
}

/// Gives each op that starts from a filled tensor its own: cse has merged equal
/// ones, but memory that several ops write cannot become a result. Each is
/// filled right before it is used: memory is taken from then on.
static void splitFills(RewriterBase &rewriter, Operation *root) {
  SmallVector<linalg::FillOp> fills;
  root->walk([&](linalg::FillOp op) {
    if (op.hasPureTensorSemantics() &&
        op.getOutputs()[0].getDefiningOp<tensor::EmptyOp>())
      fills.push_back(op);
  });
  for (linalg::FillOp fill : fills) {
    SmallVector<OpOperand *> uses;
    for (OpOperand &use : fill.getResult(0).getUses())
      uses.push_back(&use);
    auto isStart = [&](OpOperand &use) {
      auto user = dyn_cast<DestinationStyleOpInterface>(use.getOwner());
      return user && user.isDpsInit(&use) &&
             user->getBlock() == fill->getBlock();
    };
    for (OpOperand *use : ArrayRef(uses).drop_front(uses.empty() ? 0 : 1)) {
      rewriter.setInsertionPoint(isStart(*use) ? use->getOwner() : fill);
      Operation *empty = rewriter.clone(*fill.getOutputs()[0].getDefiningOp());
      Operation *copy = rewriter.clone(*fill);
      copy->setOperand(1, empty->getResult(0));
      rewriter.modifyOpInPlace(use->getOwner(),
                               [&] { use->set(copy->getResult(0)); });
    }
    if (!uses.empty() && isStart(*uses.front())) {
      Operation *empty = fill.getOutputs()[0].getDefiningOp();
      rewriter.moveOpBefore(fill, uses.front()->getOwner());
      if (empty->hasOneUse() && empty->getBlock() == fill->getBlock())
        rewriter.moveOpBefore(empty, fill);
    }
  }
}

/// Gives each output of an op that has several memory of its own: cse has
/// merged equal ones, and what is undefined conflicts with nothing.
static void splitOutputs(RewriterBase &rewriter, Operation *root) {
  SmallVector<DestinationStyleOpInterface> ops;
  root->walk([&](DestinationStyleOpInterface op) {
    if (isa<ComputeOp>(op) || op.getNumDpsInits() > 1)
      ops.push_back(op);
  });
  for (DestinationStyleOpInterface op : ops)
    for (OpOperand &output : op.getDpsInitsMutable()) {
      auto empty = output.get().getDefiningOp<tensor::EmptyOp>();
      if (!empty || empty->hasOneUse())
        continue;
      rewriter.setInsertionPoint(op);
      Operation *own = rewriter.clone(*empty);
      rewriter.modifyOpInPlace(op, [&] { output.set(own->getResult(0)); });
    }
}

/// The operand that the memory of `value` comes from, through loops and what
/// they, or others, write one after the other; null if it is not known.
static OpOperand *findStart(Value value) {
  OpOperand *start = nullptr;
  while (Operation *op = value.getDefiningOp()) {
    auto result = cast<OpResult>(value);
    if (auto destination = dyn_cast<DestinationStyleOpInterface>(op))
      start = destination.getTiedOpOperand(result);
    else if (auto loop = dyn_cast<scf::ForOp>(op))
      start = &loop.getInitArgsMutable()[result.getResultNumber()];
    else if (auto scan = dyn_cast<ScanOp>(op))
      start = &scan.getInitMutable();
    else
      break;
    value = start->get();
  }
  return start;
}

/// What begins as an input and becomes a result, as updates of some rows do, is
/// copied into the result at first: a copy that bufferization makes is
/// elsewhere and would be copied once more.
static void copyInputsIntoResults(RewriterBase &rewriter, Operation *root) {
  SmallVector<MaterializeInDestinationOp> ops;
  root->walk([&](MaterializeInDestinationOp op) {
    if (isResult(op.getDest()))
      ops.push_back(op);
  });
  for (MaterializeInDestinationOp op : ops) {
    OpOperand *start = findStart(op.getSource());
    auto read = start ? start->get().getDefiningOp<ToTensorOp>() : ToTensorOp();
    auto type = dyn_cast<RankedTensorType>(op.getSource().getType());
    if (!read || read.getWritable() || !type || !type.hasStaticShape() ||
        read.getType() != type || !read.getBuffer().getDefiningOp<BindOp>())
      continue;
    if (auto compute = dyn_cast<linalg::LinalgOp>(start->getOwner());
        compute && !compute.payloadUsesValueFromOperand(start))
      continue;
    rewriter.setInsertionPoint(start->getOwner());
    Location loc = start->getOwner()->getLoc();
    Value empty = tensor::EmptyOp::create(rewriter, loc, type.getShape(),
                                          type.getElementType());
    SmallVector<AffineMap> maps(
        2, rewriter.getMultiDimIdentityMap(type.getRank()));
    SmallVector<utils::IteratorType> loops(type.getRank(),
                                           utils::IteratorType::parallel);
    auto copy = linalg::GenericOp::create(
        rewriter, loc, TypeRange{type}, ValueRange{read.getResult()},
        ValueRange{empty}, maps, loops,
        [](OpBuilder &b, Location loc, ValueRange elements) {
          linalg::YieldOp::create(b, loc, elements[0]);
        });
    rewriter.modifyOpInPlace(start->getOwner(),
                             [&] { start->set(copy.getResult(0)); });
  }
}

/// Gives each use of a buffer of so many elements, or of one that many ops use,
/// one of its own. Sharing it would order ops that have nothing to do with each
/// other; memory is saved by `tfc-plan-memory`, which knows when buffers are
/// alive. And the analysis takes the cube of how many ops write one buffer.
static void splitBuffers(RewriterBase &rewriter, Operation *root,
                         int64_t large = std::numeric_limits<int64_t>::max()) {
  constexpr unsigned many = 16; // uses
  SmallVector<tensor::EmptyOp> ops;
  root->walk([&](tensor::EmptyOp op) {
    bool isLarge =
        op.getType().hasStaticShape() && op.getType().getNumElements() >= large;
    if (isLarge || op.getResult().hasNUsesOrMore(many))
      ops.push_back(op);
  });
  for (tensor::EmptyOp op : ops) {
    // What is made of a slice of it and put back is in the same buffer.
    if (llvm::any_of(op->getUsers(), [](Operation *user) {
          auto slice = dyn_cast<tensor::ExtractSliceOp>(user);
          return slice && findReturn(slice);
        }))
      continue;
    SmallVector<OpOperand *> uses(llvm::make_pointer_range(op->getUses()));
    rewriter.setInsertionPointAfter(op);
    for (OpOperand *use : ArrayRef(uses).drop_front(uses.empty() ? 0 : 1)) {
      Operation *own = rewriter.clone(*op);
      rewriter.modifyOpInPlace(use->getOwner(),
                               [&] { use->set(own->getResult(0)); });
    }
  }
}

/// How many ops have written the memory that the results of `op` go on in,
/// with those of its operands; never enough for a slice of something.
static int64_t lengthOfChain(Operation &op,
                             const llvm::SmallDenseMap<Value, int64_t> &known) {
  constexpr int64_t never = -(int64_t(1) << 40);
  if (isa<tensor::ExtractSliceOp>(op))
    return never;
  auto destination = dyn_cast<DestinationStyleOpInterface>(op);
  bool isView =
      isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp, tensor::CastOp>(op);
  int64_t length = 0;
  for (OpOperand &operand : op.getOpOperands()) {
    if (!isa<TensorType>(operand.get().getType()))
      continue;
    int64_t before = known.lookup(operand.get());
    if (isView)
      return before;
    auto scan = dyn_cast<ScanOp>(op);
    if (isa<LoopLikeOpInterface>(op) ||
        (scan && &operand == &scan.getInitMutable()) ||
        (destination && destination.isDpsInit(&operand)))
      length = before < 0 ? before : std::max(length, before + 1);
  }
  return length;
}

/// What begins in memory of its own and becomes a result is computed there, as
/// `eliminateEmptyTensors` does where a chain is short.
static void placeChains(RewriterBase &rewriter, Operation *root) {
  SmallVector<MaterializeInDestinationOp> ops;
  root->walk([&](MaterializeInDestinationOp op) {
    if (op.getRestrict() && isResult(op.getDest()))
      ops.push_back(op);
  });
  for (MaterializeInDestinationOp op : ops) {
    OpOperand *start = findStart(op.getSource());
    auto empty =
        start ? start->get().getDefiningOp<tensor::EmptyOp>() : nullptr;
    if (!empty || !empty->hasOneUse() ||
        cast<MemRefType>(op.getDest().getType()).getShape() !=
            empty.getType().getShape() ||
        !isWrittenInPlace(start->getOwner(), empty) ||
        !isSettled(start->getOwner(), empty, op) ||
        isReshaped(start->getOwner()))
      continue;
    rewriter.setInsertionPoint(start->getOwner());
    Value place = cast<SubsetInsertionOpInterface>(op.getOperation())
                      .buildSubsetExtraction(rewriter, op.getLoc());
    rewriter.modifyOpInPlace(start->getOwner(), [&] { start->set(place); });
  }
}

/// Cuts long chains of ops that write the same memory one after the other: the
/// analysis takes the cube of their length. It sees that the value at a cut may
/// be written from there on, and copies it if somebody needs it, or what its
/// memory held before, behind the cut; so what follows knows nothing of what
/// came before. Not in loops, whose values must be known to be in one place.
static void cutChains(RewriterBase &rewriter, Operation *root) {
  constexpr int64_t longest = 64, piece = 32;
  for (auto function : root->getRegion(0).getOps<func::FuncOp>()) {
    if (!function.getBody().hasOneBlock())
      continue;
    Block &block = function.getBody().front();
    auto visit = [&](int64_t most, function_ref<void(Operation &)> reached) {
      llvm::SmallDenseMap<Value, int64_t> known;
      for (Operation &op : llvm::make_early_inc_range(block)) {
        int64_t length = lengthOfChain(op, known);
        if (length >= most) {
          reached(op);
          length = 0;
        }
        if (length)
          for (Value result : op.getResults())
            known[result] = length;
      }
    };
    bool isLong = false;
    visit(longest, [&](Operation &) { isLong = true; });
    if (!isLong)
      continue;
    placeChains(rewriter, function);
    visit(piece, [&](Operation &op) {
      rewriter.setInsertionPointAfter(&op);
      for (Value result : op.getResults()) {
        auto type = dyn_cast<RankedTensorType>(result.getType());
        if (!type)
          continue;
        Operation *buffer = ToBufferOp::create(
            rewriter, op.getLoc(), getMemRefTypeWithStaticIdentityLayout(type),
            result);
        Value rest = ToTensorOp::create(rewriter, op.getLoc(), type,
                                        buffer->getResult(0),
                                        /*restrict=*/true, /*writable=*/true);
        rewriter.replaceAllUsesExcept(result, rest, buffer);
      }
    });
  }
}

/// Computes what is inserted into a value from before the loop elsewhere than
/// in a slice of that value. The analysis takes a write to such a slice for a
/// part of the insertion; but this copies the value, which the next iteration
/// reads again, and would find changed.
static void leaveOuterSlices(RewriterBase &rewriter, Operation *root) {
  SmallVector<OpOperand *> writes;
  root->walk([&](tensor::InsertSliceOp insert) {
    if (!insertsIntoOuterValue(
            cast<SubsetInsertionOpInterface>(insert.getOperation())))
      return;
    auto loop = insert->getParentOfType<LoopLikeOpInterface>();
    for (Operation *user : insert.getDest().getUsers()) {
      if (!isa<tensor::ExtractSliceOp>(user))
        continue;
      for (OpOperand &use : user->getResult(0).getUses()) {
        auto compute = dyn_cast<DestinationStyleOpInterface>(use.getOwner());
        bool isRead = isa<tensor::ExtractOp>(use.getOwner()) ||
                      (compute && compute.isDpsInput(&use));
        if (!isRead && loop->isProperAncestor(use.getOwner()))
          writes.push_back(&use);
      }
    }
  });
  llvm::SmallPtrSet<OpOperand *, 8> done;
  for (OpOperand *use : writes) {
    if (!done.insert(use).second)
      continue;
    Value slice = use->get();
    Location loc = slice.getLoc();
    auto type = cast<RankedTensorType>(slice.getType());
    auto compute = dyn_cast<linalg::LinalgOp>(use->getOwner());
    rewriter.setInsertionPoint(use->getOwner());
    Value own =
        compute && !compute.payloadUsesValueFromOperand(use)
            ? tensor::EmptyOp::create(
                  rewriter, loc, tensor::getMixedSizes(rewriter, loc, slice),
                  type.getElementType())
                  .getResult()
            : AllocTensorOp::create(rewriter, loc, type, ValueRange(), slice)
                  .getResult();
    rewriter.modifyOpInPlace(use->getOwner(), [&] { use->set(own); });
  }
}

/// Does the analysis find a way, with all values where they have been put?
static bool isPossible(Operation *root) {
  ScopedDiagnosticHandler quiet(root->getContext(),
                                [](Diagnostic &) { return success(); });
  OneShotBufferizationOptions options = bufferizationOptions();
  OneShotAnalysisState state(root, options);
  return succeeded(analyzeOp(root, state));
}

/// `materialize_in_destination` on tensors asks for a place, but bufferization
/// takes it for an order, and fails where it would have to copy: in a loop that
/// has been unrolled, or that needs the old value later. There, the value may
/// be anywhere.
static void forgetImpossiblePlaces(RewriterBase &rewriter, Operation *root) {
  SmallVector<MaterializeInDestinationOp> places;
  root->walk([&](MaterializeInDestinationOp op) {
    if (op->getNumResults() == 1)
      places.push_back(op);
  });
  auto isInLoop = [](MaterializeInDestinationOp op) {
    auto argument = dyn_cast<BlockArgument>(op.getDest());
    return argument &&
           isa<LoopLikeOpInterface>(argument.getOwner()->getParentOp());
  };
  auto forget = [&](MaterializeInDestinationOp op) {
    rewriter.replaceOp(op, unplaced(rewriter, op));
  };
  for (MaterializeInDestinationOp &op : places)
    if (!isInLoop(op))
      forget(std::exchange(op, nullptr));
  llvm::erase(places, nullptr);
  if (!places.empty() && !isPossible(root))
    llvm::for_each(places, forget);
}

/// Gives variables of a loop that become one value a copy each: the analysis
/// takes the loop's results for different memory, and lets ops after it work in
/// the place of either.
static void splitYields(RewriterBase &rewriter, Operation *root) {
  root->walk([&](scf::YieldOp yield) {
    if (!isa<scf::ForOp, scf::WhileOp>(yield->getParentOp()))
      return;
    llvm::SmallDenseSet<Value> seen;
    for (OpOperand &operand : yield->getOpOperands()) {
      auto type = dyn_cast<RankedTensorType>(operand.get().getType());
      if (!type || seen.insert(operand.get()).second)
        continue;
      rewriter.setInsertionPoint(yield);
      Value copy = AllocTensorOp::create(rewriter, yield.getLoc(), type,
                                         ValueRange(), operand.get());
      rewriter.modifyOpInPlace(yield, [&] { operand.set(copy); });
    }
  });
}

namespace {

struct Bufferize : public tfc::rt::impl::TFCBufferizePassBase<Bufferize> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    splitOutputs(rewriter, getOperation());
    splitBuffers(rewriter, getOperation(), /*large=*/1 << 14);
    leaveOuterSlices(rewriter, getOperation());
    cutChains(rewriter, getOperation());
    makeAllocations();
    forgetImpossiblePlaces(rewriter, getOperation());
    splitYields(rewriter, getOperation());
    OneShotBufferizationOptions options = bufferizationOptions();
    BufferizationState state;
    if (failed(runOneShotBufferize(getOperation(), options, state)))
      return signalPassFailure();
    keepGrownBuffers(getOperation());
    // Kernels are launched on buffers that are known.
    if (!getOperation()->hasAttr("tfc.gpu"))
      rotateBuffers(getOperation());
  }

  void makeAllocations() {
    IRRewriter rewriter(&getContext());
    getOperation().walk([&](tensor::EmptyOp op) {
      rewriter.setInsertionPoint(op);
      rewriter.replaceOpWithNewOp<AllocTensorOp>(op, op.getType(),
                                                 op.getDynamicSizes());
    });
  }
};

struct PlaceResults
    : public tfc::rt::impl::TFCPlaceResultsPassBase<PlaceResults> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    copyInputsIntoResults(rewriter, getOperation());
    bool any = false;
    getOperation().walk([&](tensor::EmptyOp) { any = true; });
    if (!any)
      return;
    bindBeforeReshapes(rewriter, getOperation());
    splitFills(rewriter, getOperation());
    splitOutputs(rewriter, getOperation());
    splitBuffers(rewriter, getOperation());
    cutChains(rewriter, getOperation());
    forgetImpossiblePlaces(rewriter, getOperation());
    OneShotBufferizationOptions options = bufferizationOptions();
    OneShotAnalysisState state(getOperation(), options);
    if (failed(analyzeOp(getOperation(), state)) ||
        failed(eliminateEmptyTensors(rewriter, getOperation(), state,
                                     destinationOf)))
      signalPassFailure();
  }
};

} // namespace
