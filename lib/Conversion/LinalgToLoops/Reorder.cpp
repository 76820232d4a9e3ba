//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Inputs in the order that vectors need.
//
// Points of two or three coordinates lie one after the other, but distances of
// all pairs are best computed for several points at once, coordinate by
// coordinate. Where a nest has no vectors because small inputs lie in another
// order, or apart from each other, and reads them many times, they are copied
// first: in a pass of its own, before loops are fused, since a row does not
// read its inputs often.
//===----------------------------------------------------------------------===//

#include "NestLowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/IRMapping.h"
#include "tfc/Conversion/Passes.h"
#include "tfc/Dialect/TFCRT/Transforms/Body.h"
#include "tfc/Dialect/TFCRT/Transforms/SumOfProducts.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>
#include <optional>

namespace tfc {
#define GEN_PASS_DEF_REORDERINPUTSPASS
#include "tfc/Conversion/Passes.h.inc"
} // namespace tfc

using namespace mlir;
using namespace tfc::loops;

/// How often each element that is copied must be read.
static constexpr int64_t leastReads = 16;
/// Loops that are worth it.
static constexpr int64_t leastSize = 16;

/// Where the loop is among the indices, if it is one of them by itself and all
/// others are loops, or zero, too.
static std::optional<unsigned> placeOf(AffineMap map, unsigned dim) {
  std::optional<unsigned> place;
  if (!map.isProjectedPermutation(/*allowZeroInResults=*/true))
    return std::nullopt;
  for (auto [i, index] : llvm::enumerate(map.getResults()))
    if (index == getAffineDimExpr(dim, map.getContext()))
      place = i;
  return place;
}

/// Are neighbours along the last dimension neighbours in memory?
static bool hasDenseRows(MemRefType type) {
  SmallVector<int64_t> strides;
  int64_t offset;
  return succeeded(type.getStridesAndOffset(strides, offset)) &&
         strides.back() == 1;
}

/// The inputs to copy so that all that the loop changes is contiguous along it;
/// none if that is not to be had.
SmallVector<unsigned> NestLowering::inputsToReorder(unsigned dim) {
  SmallVector<int64_t> sizes = op.getStaticLoopRanges();
  int64_t volume = 1;
  for (int64_t size : sizes)
    volume *= size;
  SmallVector<unsigned> found;
  for (OpOperand &operand : op->getOpOperands()) {
    auto type = dyn_cast<MemRefType>(operand.get().getType());
    if (!type || !uses(operand, dim))
      continue;
    AffineMap map = maps[operand.getOperandNumber()];
    std::optional<unsigned> place = placeOf(map, dim);
    if (!place)
      return {};
    if (*place + 1 == map.getNumResults() && hasDenseRows(type))
      continue;
    bool isWritten =
        llvm::any_of(op.getDpsInitsMutable(), [&](OpOperand &init) {
          return isa<MemRefType>(init.get().getType()) &&
                 tfc::rt::rootOf(init.get()) == tfc::rt::rootOf(operand.get());
        });
    if (isWritten || !type.hasStaticShape() ||
        type.getNumElements() * leastReads > volume)
      return {};
    found.push_back(operand.getOperandNumber());
  }
  return found;
}

/// A buffer like the operand's, with `place` as the last dimension.
static Value allocateReordered(OpBuilder &builder, Location loc, Value source,
                               unsigned place) {
  auto type = cast<MemRefType>(source.getType());
  SmallVector<int64_t> shape(type.getShape());
  std::rotate(shape.begin() + place, shape.begin() + place + 1, shape.end());
  return memref::AllocOp::create(builder, loc,
                                 MemRefType::get(shape, type.getElementType()),
                                 builder.getI64IntegerAttr(64));
}

static AffineMap moveLast(AffineMap map, unsigned place) {
  SmallVector<AffineExpr> results(map.getResults());
  std::rotate(results.begin() + place, results.begin() + place + 1,
              results.end());
  return AffineMap::get(map.getNumDims(), 0, results, map.getContext());
}

/// The same op on reordered inputs, in front of it; not filled yet.
linalg::GenericOp NestLowering::onReordered(unsigned dim,
                                            ArrayRef<unsigned> which) {
  auto generic = cast<linalg::GenericOp>(op.getOperation());
  SmallVector<Value> inputs(op.getDpsInputs()), inits(op.getDpsInits());
  SmallVector<AffineMap> newMaps(maps);
  builder.setInsertionPoint(op);
  for (unsigned number : which) {
    unsigned place = *placeOf(maps[number], dim);
    inputs[number] = allocateReordered(builder, loc, inputs[number], place);
    newMaps[number] = moveLast(maps[number], place);
  }
  auto made = linalg::GenericOp::create(builder, loc, TypeRange(), inputs,
                                        inits, newMaps, iterators);
  made->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  IRMapping mapping;
  generic.getRegion().cloneInto(&made.getRegion(), mapping);
  return made;
}

static linalg::GenericOp copyReordered(OpBuilder &builder, Location loc,
                                       Value source, Value target,
                                       unsigned place) {
  auto rank = cast<MemRefType>(source.getType()).getRank();
  AffineMap identity = builder.getMultiDimIdentityMap(rank);
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  return linalg::GenericOp::create(
      builder, loc, TypeRange(), source, target,
      ArrayRef<AffineMap>{identity, moveLast(identity, place)}, iterators,
      [](OpBuilder &b, Location l, ValueRange elements) {
        linalg::YieldOp::create(b, l, elements.front());
      });
}

void NestLowering::choose() {
  strategy = Strategy();
  chooseStrategy();
  chooseVectors();
}

void NestLowering::use(linalg::LinalgOp other) {
  op = other;
  maps = op.getIndexingMapsArray();
  choose();
}

/// Returns the copies, if there are any: the op is another one then.
SmallVector<linalg::GenericOp> NestLowering::reorderInputs() {
  SmallVector<int64_t> sizes = op.getStaticLoopRanges();
  // Columns of rows are worth a copy, too, if they are read often enough.
  bool isGood = strategy.shortRows || (strategy.lanes > 1 && !strategy.columns);
  if (isGood || !isa<linalg::GenericOp>(op.getOperation()) ||
      llvm::is_contained(sizes, ShapedType::kDynamic))
    return {};
  linalg::LinalgOp before = op;
  for (unsigned dim = 0; dim < sizes.size(); ++dim) {
    if (sizes[dim] < leastSize)
      continue;
    SmallVector<unsigned> which = inputsToReorder(dim);
    if (which.empty())
      continue;
    SmallVector<Value> sources(before.getDpsInputs());
    SmallVector<unsigned> places;
    for (unsigned number : which)
      places.push_back(*placeOf(maps[number], dim));
    linalg::GenericOp made = onReordered(dim, which);
    use(made);
    if (strategy.lanes == 1 || strategy.columns) {
      SmallVector<Value> inputs(made.getInputs());
      made->erase();
      for (unsigned number : which)
        inputs[number].getDefiningOp()->erase();
      use(before);
      continue;
    }
    before->erase();
    reordered = which.size();
    builder.setInsertionPoint(made);
    SmallVector<linalg::GenericOp> copies;
    for (auto [number, place] : llvm::zip(which, places))
      copies.push_back(copyReordered(builder, loc, sources[number],
                                     made.getInputs()[number], place));
    return copies;
  }
  return {};
}

/// Ops on the same rows are fused only if nothing stands between them: the copy
/// goes before those that write other buffers.
static void moveUp(linalg::GenericOp copy) {
  Value source = copy.getInputs()[0], root = tfc::rt::rootOf(source);
  Operation *target = copy.getOutputs()[0].getDefiningOp(), *first = copy;
  auto writesOthers = [&](Operation *op) {
    auto other = dyn_cast<linalg::LinalgOp>(op);
    return other && llvm::all_of(other.getDpsInits(), [&](Value init) {
             Value written = tfc::rt::rootOf(init);
             return written != root && written.getDefiningOp<memref::AllocOp>();
           });
  };
  for (Operation *op = copy->getPrevNode(); op && op != source.getDefiningOp();
       op = op->getPrevNode()) {
    if (!writesOthers(op) && !isMemoryEffectFree(op) &&
        !isa<memref::AllocOp>(op))
      break;
    if (op != target)
      first = op;
  }
  if (first == copy)
    return;
  target->moveBefore(first);
  copy->moveBefore(first);
}

void NestLowering::reorderOnly() {
  builder.setInsertionPoint(op);
  ranges = llvm::to_vector(op.createLoopRanges(builder, loc));
  ivs.resize(iterators.size());
  chooseStrategy();
  if (!choosePicked() && !chooseShortRows())
    chooseVectors();
  for (linalg::GenericOp copy : reorderInputs())
    moveUp(copy);
}

namespace {
struct ReorderInputs : public tfc::impl::ReorderInputsPassBase<ReorderInputs> {
  using tfc::impl::ReorderInputsPassBase<ReorderInputs>::ReorderInputsPassBase;

  void runOnOperation() override {
    SmallVector<linalg::GenericOp> ops;
    getOperation()->walk([&](linalg::GenericOp op) {
      SmallVector<int64_t> sizes = op.getStaticLoopRanges();
      if (op.hasPureBufferSemantics() && !tfc::rt::isSumOfProducts(op) &&
          sizes.size() > 1 && !llvm::is_contained(sizes, ShapedType::kDynamic))
        ops.push_back(op);
    });
    OpBuilder builder(&getContext());
    NestOptions options{vectorBits, /*reassociate=*/true, /*parallel=*/true};
    for (linalg::GenericOp op : ops)
      NestLowering(builder, op, options).reorderOnly();
  }
};
} // namespace
