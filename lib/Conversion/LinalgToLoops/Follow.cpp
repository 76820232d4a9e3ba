//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Sums over small windows are in registers when they are complete: an
// elementwise op that reads them (a bias, an activation, a mean) goes on there.
//===----------------------------------------------------------------------===//

#include "NestLowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "tfc/Dialect/TFCRT/IR/MayAlias.h"
#include "tfc/Dialect/TFCRT/Transforms/Body.h"

using namespace mlir;
using namespace tfc::loops;
using linalg::LinalgOp;

/// The loops of the op for those of another one that has its result at `map`;
/// `none` for loops of one iteration.
static constexpr unsigned none = ~0u;
static std::optional<SmallVector<unsigned>>
matchLoops(AffineMap result, AffineMap map, LinalgOp other) {
  SmallVector<unsigned> loops(map.getNumDims(), none);
  SmallVector<int64_t> sizes = other.getStaticLoopRanges();
  for (auto [ours, theirs] :
       llvm::zip_equal(result.getResults(), map.getResults())) {
    auto dim = dyn_cast<AffineDimExpr>(ours),
         theirDim = dyn_cast<AffineDimExpr>(theirs);
    if (theirDim && dim && loops[theirDim.getPosition()] == none)
      loops[theirDim.getPosition()] = dim.getPosition();
    else if (theirDim || !isa<AffineConstantExpr>(theirs))
      return std::nullopt;
  }
  for (auto [loop, size] : llvm::zip_equal(loops, sizes))
    if (loop == none && size != 1)
      return std::nullopt;
  return loops;
}

/// The op that is next to read or write anything.
static linalg::GenericOp nextOp(LinalgOp op) {
  Operation *next = op->getNextNode();
  while (next && next->getNumRegions() == 0 &&
         (isMemoryEffectFree(next) || isa<memref::AllocOp>(next)) &&
         !next->hasTrait<OpTrait::IsTerminator>())
    next = next->getNextNode();
  return dyn_cast_or_null<linalg::GenericOp>(next);
}

/// Is what the op writes gone after the other one, or overwritten by it?
static bool isLast(Value buffer, LinalgOp op, linalg::GenericOp next,
                   AffineMap map) {
  for (OpOperand &init : next.getDpsInitsMutable())
    if (init.get() == buffer)
      return next.getMatchingIndexingMap(&init) == map;
  return buffer.getDefiningOp<memref::AllocOp>() &&
         llvm::all_of(buffer.getUsers(), [&](Operation *user) {
           return user == op.getOperation() || user == next.getOperation();
         });
}

void NestLowering::chooseFollower() {
  if (!strategy.jam || strategy.jamWhole.empty() || !start ||
      strategy.compensated || strategy.lanes == 1)
    return;
  linalg::GenericOp next = nextOp(op);
  if (!next || !next.hasPureBufferSemantics() || next.getNumReductionLoops())
    return;
  Value buffer = op.getDpsInitOperand(0)->get();
  AffineMap result = op.getMatchingIndexingMap(op.getDpsInitOperand(0)), map;
  for (OpOperand *input : next.getDpsInputOperands())
    if (input->get() == buffer) {
      if (map && map != next.getMatchingIndexingMap(input))
        return;
      map = next.getMatchingIndexingMap(input);
    }
  if (!map || !isLast(buffer, op, next, map))
    return;
  std::optional<SmallVector<unsigned>> loops = matchLoops(result, map, next);
  const unsigned *inner =
      loops ? llvm::find(*loops, strategy.order.back()) : nullptr;
  if (!loops || inner == loops->end())
    return;
  for (OpOperand &operand : next->getOpOperands())
    if (operand.get() != buffer && isa<MemRefType>(operand.get().getType()) &&
        tfc::rt::mayAlias(tfc::rt::rootOf(operand.get()),
                          tfc::rt::rootOf(buffer)))
      return;
  // It writes while windows are still read.
  for (OpOperand &init : next.getDpsInitsMutable()) {
    if (!isa<MemRefType>(init.get().getType()) ||
        !next.getMatchingIndexingMap(&init).isProjectedPermutation(true))
      return;
    for (OpOperand *input : op.getDpsInputOperands()) {
      bool isImage = margins && margins->operand == input->getOperandNumber();
      Value read = isImage ? margins->image : input->get();
      if (isa<MemRefType>(read.getType()) &&
          tfc::rt::mayAlias(tfc::rt::rootOf(init.get()), tfc::rt::rootOf(read)))
        return;
    }
  }
  auto other = std::make_unique<NestLowering>(
      builder, cast<LinalgOp>(next.getOperation()), options);
  builder.setInsertionPoint(next);
  if (!other->follow(inner - loops->begin(), strategy))
    return builder.setInsertionPoint(op);
  op->moveBefore(next);
  builder.setInsertionPoint(op);
  follower = std::move(other);
  followerLoops = *loops;
}

/// Gets ready to be built in the loops of an op; false if its vectors are
/// others.
bool NestLowering::follow(unsigned inner, const Strategy &leader) {
  ranges = llvm::to_vector(op.createLoopRanges(builder, loc));
  ivs.resize(iterators.size());
  for (unsigned dim = 0; dim < iterators.size(); ++dim)
    if (dim != inner)
      strategy.order.push_back(dim);
  strategy.order.push_back(inner);
  if (!tryVectors() || strategy.spread || strategy.lanes != leader.lanes ||
      strategy.masks != leader.masks)
    return false;
  strategy.jam = true;
  return true;
}

/// What becomes of one result, which is not stored itself.
void NestLowering::storeFollowed(Value result) {
  NestLowering &next = *follower;
  Value buffer = op.getDpsInitOperand(0)->get();
  next.lanes = lanes;
  next.mask = mask;
  next.present = present;
  for (auto [iv, loop] : llvm::zip_equal(next.ivs, followerLoops))
    iv = loop == none ? constant(0) : ivs[loop];
  Values operands;
  for (OpOperand &operand : next.op->getOpOperands()) {
    if (operand.get() == buffer)
      operands.push_back(result);
    else
      operands.push_back(next.op.payloadUsesValueFromOperand(&operand)
                             ? next.loadElement(operand)
                             : Value());
  }
  next.storeInits(next.element(operands));
}

/// Both ops are built.
void NestLowering::eraseFollower() {
  Value buffer = op.getDpsInitOperand(0)->get();
  follower->op->erase();
  follower.reset();
  op->erase();
  if (auto alloc = buffer.getDefiningOp<memref::AllocOp>();
      alloc && alloc->use_empty())
    alloc->erase();
}
