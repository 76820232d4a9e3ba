//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// In-place computation for elementwise ops and scans: choosing the destination
// on tensors.
//
// Bufferization alone writes `%y = f(%x)` to a new buffer, since the op's
// destination is a fresh `tensor.empty`. Making a dying operand the destination
// says what we want; should it after all not be possible, bufferization copies.
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"
#include "tfc/Dialect/TFCRT/Transforms/Passes.h"

namespace tfc::rt {
#define GEN_PASS_DEF_TFCREUSEOPERANDSPASS
#include "tfc/Dialect/TFCRT/Transforms/Passes.h.inc"
} // namespace tfc::rt

using namespace mlir;
using namespace tfc::rt;

/// Can the memory behind `value` be written, if `value` itself has no other
/// use?
static bool isWritable(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    return isa<LoopLikeOpInterface>(argument.getOwner()->getParentOp());
  Operation *op = value.getDefiningOp();
  if (auto read = dyn_cast<bufferization::ToTensorOp>(op))
    return read.getWritable();
  if (isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp, tensor::CastOp>(op))
    return op->getOperand(0).hasOneUse() && isWritable(op->getOperand(0));
  // A slice is a view: writing it would write what it is a slice of.
  return isa<linalg::LinalgOp, LoopLikeOpInterface, scf::IfOp, tensor::InsertOp,
             tensor::InsertSliceOp, bufferization::AllocTensorOp, tensor::PadOp,
             tensor::ConcatOp, tensor::FromElementsOp, tensor::GenerateOp,
             bufferization::MaterializeInDestinationOp, ScanOp>(op);
}

/// In a loop, a value from before it is needed again in the next iteration.
static bool isOfSameIteration(Value value, Operation *user) {
  auto loop = user->getParentOfType<LoopLikeOpInterface>();
  return !loop || loop->isAncestor(value.getParentBlock()->getParentOp());
}

/// Is `op` the last to need `value`? Others may only have read it before,
/// without keeping a view of it.
static bool diesIn(Value value, OpOperand &operand) {
  Operation *op = operand.getOwner();
  for (OpOperand &use : value.getUses()) {
    if (&use == &operand)
      continue;
    Operation *user = use.getOwner();
    auto linalgOp = dyn_cast<linalg::LinalgOp>(user);
    bool onlyReads =
        linalgOp
            ? linalgOp.isDpsInput(&use)
            : llvm::none_of(user->getResultTypes(),
                            [](Type type) { return isa<TensorType>(type); }) &&
                  !user->hasTrait<OpTrait::IsTerminator>();
    Operation *before = op->getBlock()->findAncestorOpInBlock(*user);
    if (!onlyReads || !before || before == op || !before->isBeforeInBlock(op))
      return false;
  }
  return true;
}

static Value withoutReshapes(Value value) {
  Operation *op = value.getDefiningOp();
  while (isa_and_present<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(op)) {
    value = op->getOperand(0);
    op = value.getDefiningOp();
  }
  return value;
}

/// The memory of a variable or argument that `value` is read from, or null.
static Value placeRead(Value value) {
  auto read = withoutReshapes(value).getDefiningOp<bufferization::ToTensorOp>();
  return read ? read.getBuffer() : Value();
}

/// Where a result is stored in the end, or null.
static Value placeStored(Value result) {
  for (Operation *user : result.getUsers()) {
    if (auto store = dyn_cast<bufferization::MaterializeInDestinationOp>(user))
      return store.getDest();
    if (isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(user))
      if (Value place = placeStored(user->getResult(0)))
        return place;
  }
  return {};
}

/// The input whose buffer result number `number` of `op` may take over: what it
/// replaces in the end, if that is an input, and nothing that another result
/// replaces. Two variables that take over each other's memory would be copied.
static OpOperand *findDyingInput(linalg::GenericOp op, int64_t number) {
  OpOperand *init = op.getDpsInitOperand(number);
  AffineMap map = op.getMatchingIndexingMap(init);
  if (!map.isPermutation())
    return nullptr;
  Value wanted = placeStored(op.getResult(number));
  SmallVector<Value> others;
  for (OpResult result : op->getResults())
    if (Value place = placeStored(result); place && place != wanted)
      others.push_back(place);
  OpOperand *first = nullptr;
  for (OpOperand *input : op.getDpsInputOperands()) {
    Value value = input->get();
    if (value.getType() != init->get().getType() || !diesIn(value, *input) ||
        op.getMatchingIndexingMap(input) != map || !isWritable(value) ||
        !isOfSameIteration(value, op))
      continue;
    Value place = placeRead(value);
    if (place && place == wanted)
      return input;
    if (!first && !(place && llvm::is_contained(others, place)))
      first = input;
  }
  return first;
}

/// Moves `input` to the place of init number `number`.
static linalg::GenericOp overwrite(RewriterBase &rewriter, linalg::GenericOp op,
                                   OpOperand *input, int64_t number) {
  unsigned place = input->getOperandNumber();
  SmallVector<Value> inputs = op.getDpsInputs(), inits(op.getDpsInits());
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  inits[number] = input->get();
  inputs.erase(inputs.begin() + place);
  maps.erase(maps.begin() + place);

  rewriter.setInsertionPoint(op);
  auto next = linalg::GenericOp::create(rewriter, op.getLoc(),
                                        op.getResultTypes(), inputs, inits,
                                        maps, op.getIteratorTypesArray());
  next->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  Block &block = op.getRegion().front();
  rewriter.replaceAllUsesWith(block.getArgument(place),
                              block.getArgument(op.getNumDpsInputs() + number));
  block.eraseArgument(place);
  rewriter.inlineRegionBefore(op.getRegion(), next.getRegion(),
                              next.getRegion().begin());
  rewriter.replaceOp(op, next.getResults());
  return next;
}

/// A scan of what dies in it works in place.
static void reuseInput(ScanOp op) {
  OpOperand &input = op.getInputMutable();
  Value value = input.get();
  if (op.getResult() && op.canOverwriteInput() &&
      op.getInit().getDefiningOp<tensor::EmptyOp>() &&
      value.getType() == op.getInit().getType() && diesIn(value, input) &&
      isWritable(value) && isOfSameIteration(value, op))
    op.getInitMutable().assign(value);
}

namespace {

struct ReuseOperands
    : public tfc::rt::impl::TFCReuseOperandsPassBase<ReuseOperands> {
  void runOnOperation() override {
    SmallVector<linalg::GenericOp> ops;
    getOperation()->walk([&](linalg::GenericOp op) {
      if (op.hasPureTensorSemantics() &&
          op.getNumParallelLoops() == op.getNumLoops())
        ops.push_back(op);
    });
    getOperation()->walk([&](ScanOp op) { reuseInput(op); });
    IRRewriter rewriter(&getContext());
    for (linalg::GenericOp op : ops)
      for (int64_t i = 0; i < op.getNumDpsInits(); ++i) {
        OpOperand *init = op.getDpsInitOperand(i);
        if (!init->get().getDefiningOp<tensor::EmptyOp>() ||
            op.payloadUsesValueFromOperand(init))
          continue;
        if (OpOperand *input = findDyingInput(op, i))
          op = overwrite(rewriter, op, input, i);
      }
  }
};

} // namespace
