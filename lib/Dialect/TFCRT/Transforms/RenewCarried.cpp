//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Which variables of loops go on in a new buffer: one more buffer against
// copies of all that is read of the old one.
//===----------------------------------------------------------------------===//

#include "LoopBuffers.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"
#include "tfc/Dialect/TFCRT/Transforms/Passes.h"

namespace tfc::rt {
#define GEN_PASS_DEF_TFCRENEWCARRIEDPASS
#include "tfc/Dialect/TFCRT/Transforms/Passes.h.inc"
} // namespace tfc::rt

using namespace mlir;
using namespace mlir::bufferization;
using namespace tfc::rt;

/// The variable of a loop that `op` puts the value of the next iteration in, if
/// that is all that becomes of it.
static BlockArgument variableOf(MaterializeInDestinationOp op) {
  auto argument = op->getNumResults() ? dyn_cast<BlockArgument>(op.getDest())
                                      : BlockArgument();
  if (!argument || argument.getOwner() != op->getBlock() || !op->hasOneUse())
    return {};
  OpOperand &use = *op->use_begin();
  Operation *parent = op->getParentOp();
  if (use.getOwner() != op->getBlock()->getTerminator())
    return {};
  if (auto loop = dyn_cast<scf::ForOp>(parent))
    return loop.getRegionIterArg(use.getOperandNumber()) == argument
               ? argument
               : BlockArgument();
  if (auto loop = dyn_cast<scf::WhileOp>(parent)) {
    Value passed = loop.getConditionOp().getArgs()[argument.getArgNumber()];
    return passed == loop.getBeforeArguments()[use.getOperandNumber()]
               ? argument
               : BlockArgument();
  }
  return {};
}

/// The first op that would write where `value` is put, if the value could be
/// made there; null if it has memory of its own already. `start` is where the
/// empty tensor is used that it is made in.
static Operation *firstWriter(Value value, Block *block, OpOperand *&start) {
  Operation *first = nullptr;
  start = nullptr;
  auto add = [&](Operation *op) {
    if (!first || op->isBeforeInBlock(first))
      first = op;
  };
  while (Operation *op = value.getDefiningOp()) {
    if (isa<tensor::EmptyOp>(op))
      return first;
    if (op->getBlock() != block)
      return nullptr;
    if (auto insert = dyn_cast<tensor::InsertSliceOp>(op)) {
      add(op);
      OpOperand *inner;
      if (Operation *source = firstWriter(insert.getSource(), block, inner))
        add(source);
      start = &insert.getDestMutable();
    } else if (auto insert = dyn_cast<tensor::InsertOp>(op)) {
      add(op);
      start = &insert.getDestMutable();
    } else if (isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp,
                   tensor::CastOp>(op)) {
      start = &op->getOpOperand(0);
    } else if (auto destination = dyn_cast<DestinationStyleOpInterface>(op);
               destination && !isa<MaterializeInDestinationOp>(op)) {
      add(op);
      start = destination.getTiedOpOperand(cast<OpResult>(value));
    } else {
      return nullptr;
    }
    value = start->get();
  }
  return nullptr;
}

/// Does anything read `value`, or a part of it, when `writer` runs or later?
static bool isReadFrom(Value value, Operation *writer, Operation *except) {
  return llvm::any_of(value.getUses(), [&](OpOperand &use) {
    Operation *user = use.getOwner();
    if (user == except || isa<tensor::DimOp>(user))
      return false;
    if (isa<tensor::ExtractSliceOp, tensor::ExpandShapeOp,
            tensor::CollapseShapeOp, tensor::CastOp>(user) &&
        isReadFrom(user->getResult(0), writer, except))
      return true;
    Operation *at = writer->getBlock()->findAncestorOpInBlock(*user);
    return !at || !at->isBeforeInBlock(writer);
  });
}

/// Is the next value a copy of another variable, which has the place of this
/// one from then on?
static bool isOtherVariable(Value next, BlockArgument argument) {
  auto copy = next.getDefiningOp<AllocTensorOp>();
  auto other =
      copy ? dyn_cast_or_null<BlockArgument>(copy.getCopy()) : BlockArgument();
  return other && other != argument &&
         other.getOwner() == argument.getOwner() &&
         other.getType() == argument.getType();
}

static bool isReshape(Operation *op) {
  return isa_and_present<tensor::ExpandShapeOp, tensor::CollapseShapeOp,
                         tensor::CastOp>(op);
}

/// Is the value, in any shape, the next one of another variable already? Two
/// variables in one buffer would be changed together by what works in the place
/// of one of them after the loop.
static bool isNextOfAnother(Value value, Operation *yield) {
  while (isReshape(value.getDefiningOp()))
    value = value.getDefiningOp()->getOperand(0);
  SmallVector<Value> shapes{value};
  for (size_t i = 0; i < shapes.size(); ++i)
    for (Operation *user : shapes[i].getUsers()) {
      if (user == yield)
        return true;
      if (isReshape(user))
        shapes.push_back(user->getResult(0));
    }
  return false;
}

namespace {

struct RenewCarried
    : public tfc::rt::impl::TFCRenewCarriedPassBase<RenewCarried> {
  using tfc::rt::impl::TFCRenewCarriedPassBase<
      RenewCarried>::TFCRenewCarriedPassBase;

  void runOnOperation() override {
    // Kernels are launched on buffers that are known.
    if (getOperation()->hasAttr("tfc.gpu"))
      return;
    SmallVector<MaterializeInDestinationOp> moves;
    getOperation()->walk([&](MaterializeInDestinationOp op) {
      if (variableOf(op) && isLarge(op.getDest().getType()))
        moves.push_back(op);
    });
    for (MaterializeInDestinationOp op : moves) {
      BlockArgument argument = variableOf(op);
      OpOperand *start = nullptr;
      Operation *writer = firstWriter(op.getSource(), op->getBlock(), start);
      bool isOther = isOtherVariable(op.getSource(), argument);
      if (!isOther && !(writer && isReadFrom(argument, writer, op)))
        continue;
      if (isNextOfAnother(op.getSource(), op->getBlock()->getTerminator()))
        continue;
      if (!isOther)
        renew(*start);
      OpBuilder builder(op);
      op.getResult().replaceAllUsesWith(unplaced(builder, op));
      op.erase();
    }
  }

  /// Empty tensors from before the loop, or that others use, would be one
  /// buffer for all iterations.
  static void renew(OpOperand &start) {
    OpBuilder builder(start.getOwner());
    start.set(builder.clone(*start.get().getDefiningOp())->getResult(0));
  }

  bool isLarge(Type type) {
    auto tensor = cast<RankedTensorType>(type);
    Type element = tensor.getElementType();
    if (auto complex = dyn_cast<ComplexType>(element))
      element = complex.getElementType();
    return tensor.hasStaticShape() && element.isIntOrFloat() &&
           tensor.getNumElements() * element.getIntOrFloatBitWidth() >=
               8 * leastBytes;
  }
};

} // namespace
