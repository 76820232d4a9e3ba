//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Reading where data says. Indices are in range: that was checked before.
//===----------------------------------------------------------------------===//

#include "Body.h"
#include "Rows.h"
#include "Scalars.h"
#include "Slices.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "tfc/Dialect/TFC/IR/TFC.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

/// Is all that the value is computed from there already?
static bool isAvailable(Lowering &l, Value x, unsigned nested = 0) {
  constexpr unsigned deepest = 16;
  if (l.isStored(x))
    return true;
  Operation *op = x.getDefiningOp();
  return op && l.plan.isInline(op) && nested < deepest &&
         llvm::all_of(
             op->getOperands(),
             [&](Value operand) {
               return isAvailable(l, operand, nested + 1);
             });
}

/// Gathers that read the same tensor in loops of the same sizes, as the four
/// neighbours of a point, and that come next: no check is before them.
template <typename Op>
static SmallVector<Op> gathersBeside(Lowering &l, Op op) {
  constexpr size_t most = 8; // keeps addresses in registers
  constexpr unsigned farthest = 64;
  SmallVector<Op> result{op};
  if (isForDevice(op))
    return result;
  unsigned distance = 0;
  for (Operation *next = op->getNextNode();
       next && next->getNumRegions() == 0 && isMemoryEffectFree(next) &&
       ++distance < farthest && result.size() < most;
       next = next->getNextNode())
    if (auto other = dyn_cast<Op>(next))
      if (other.getX() == op.getX() &&
          other->getAttrDictionary() == op->getAttrDictionary() &&
          rankOf(other.getIndices()) > 0 && !l.plan.isDead(other) &&
          !l.plan.isInline(other) && !l.isStored(other.getResult()) &&
          l.dims.of(other.getIndices()) == l.dims.of(op.getIndices()) &&
          l.dims.of(other.getResult()) == l.dims.of(op.getResult()) &&
          isAvailable(l, other.getIndices()))
        result.push_back(other);
  return result;
}

template <typename Op> static LogicalResult readElements(Lowering &l, Op op) {
  Reads reads = readsOf(op);
  Value x = op.getX(), result = op.getResult();
  l.value(x);
  Body body(l, l.dims.of(result));
  if (rankOf(result) == 0) {
    Value stored = body.read(x, reads, op.getIndices(), body.identity());
    if (!stored)
      return failure();
    Value scalar = toScalar(body.in, l.loc, stored, elementOf(x));
    body.place();
    l.set(result, scalar);
    return success();
  }
  SmallVector<Value> read;
  SmallVector<Op> all = gathersBeside(l, op);
  for (Op other : all) {
    Value stored = body.read(x, reads, other.getIndices(), body.identity());
    if (!stored)
      return failure();
    read.push_back(stored);
    body.addOutput(l.empty(l.dims.of(result), elementOf(x)), body.identity());
  }
  for (auto [other, tensor] : llvm::zip_equal(all, body.finish(read)))
    l.set(other.getResult(), tensor);
  return success();
}

/// One slice along the axis: a view, or an element.
static Value readSlice(Lowering &l, GatherOp op) {
  Value x = op.getX(),
        index = l.toIndex(l.value(op.getIndices()), elementOf(op.getIndices()));
  ArrayRef<Dim> from = l.dims.of(x);
  if (from.size() == 1)
    return l.extract(l.value(x), index, elementOf(x));
  SmallVector<OpFoldResult> offsets(from.size(), l.b.getIndexAttr(0));
  SmallVector<OpFoldResult> strides(from.size(), l.b.getIndexAttr(1)),
      sizes = l.sizes(from);
  offsets[op.getAxis()] = index;
  sizes[op.getAxis()] = l.b.getIndexAttr(1);
  return extractSlice(l, l.tensorType(op.getResult()), l.value(x), offsets,
                      sizes, strides);
}

static LogicalResult lowerGather(Lowering &l, GatherOp op) {
  if (l.isStored(op.getResult()))
    return success(); // by the loop of another
  if (rankOf(op.getIndices()) == 0) {
    l.set(op.getResult(), readSlice(l, op));
    return success();
  }
  return readElements(l, op);
}

Reads lowering::readsOf(Operation *op) {
  MLIRContext *context = op->getContext();
  if (auto gather = dyn_cast<GatherOp>(op)) {
    unsigned axis = gather.getAxis(), batch = gather.getBatchDims(),
             extra = rankOf(gather.getIndices()) - batch;
    SmallVector<AffineExpr> at;
    for (unsigned i = 0; i < batch; ++i)
      at.push_back(getAffineDimExpr(i, context));
    for (unsigned i = 0; i < extra; ++i)
      at.push_back(getAffineDimExpr(axis + i, context));
    return {axis, {at}, axis + extra};
  }
  auto gather = cast<GatherNdOp>(op);
  unsigned outer = rankOf(gather.getIndices()) - 1;
  int64_t depth =
      cast<RankedTensorType>(gather.getIndices().getType()).getDimSize(outer);
  SmallVector<SmallVector<AffineExpr>> places;
  for (int64_t i = 0; i < depth; ++i) {
    SmallVector<AffineExpr> &at = places.emplace_back();
    for (unsigned d = 0; d < outer; ++d)
      at.push_back(getAffineDimExpr(d, context));
    at.push_back(getAffineConstantExpr(i, context));
  }
  return {unsigned(gather.getBatchDims()), places, outer};
}

static LogicalResult lowerGatherNd(Lowering &l, GatherNdOp op) {
  if (l.isStored(op.getResult()))
    return success(); // by the loop of another
  Value x = op.getX(), indices = op.getIndices(), result = op.getResult();
  size_t batch = op.getBatchDims(), outer = rankOf(indices) - 1;
  int64_t depth = cast<RankedTensorType>(indices.getType()).getDimSize(outer);
  ArrayRef<Dim> to = l.dims.of(result);
  Dims sizes(l.dims.of(indices).take_front(outer));
  llvm::append_range(sizes, l.dims.of(x).drop_front(batch + depth));
  for (auto [dim, size] : llvm::zip(to, sizes))
    if (dim < 0)
      l.define(dim, l.size(size));
  return readElements(l, op);
}

void lowering::addGatherHandlers(Handlers &handlers) {
  addHandler<GatherOp, lowerGather>(handlers);
  addHandler<GatherNdOp, lowerGatherNd>(handlers);
}
