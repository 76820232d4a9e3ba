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

namespace {
/// What one loop reads of a tensor: at first dimensions that are its own, at
/// numbers that `indices` holds at each of `at`, which may be computed on the
/// way, and at other dimensions of its own, from `behind` on.
struct Reads {
  Value x, result;
  unsigned first;
  SmallVector<SmallVector<AffineExpr>> at;
  unsigned behind;
};
} // namespace

/// Null after a diagnostic.
static Value readElement(Lowering &l, Body &body, const Reads &reads,
                         Value indices) {
  SmallVector<Value> from;
  for (unsigned i = 0; i < reads.first; ++i)
    from.push_back(body.iteration(i));
  for (ArrayRef<AffineExpr> place : reads.at) {
    Value number = body.element(indices, place);
    if (!number)
      return {};
    OpBuilder::InsertionGuard guard(l.b);
    l.b.restoreInsertionPoint(body.in.saveInsertionPoint());
    from.push_back(l.toIndex(number, elementOf(indices)));
    body.in.restoreInsertionPoint(l.b.saveInsertionPoint());
  }
  for (unsigned i = reads.behind, rank = rankOf(reads.result); i < rank; ++i)
    from.push_back(body.iteration(i));
  return tensor::ExtractOp::create(body.in, l.loc, l.value(reads.x), from);
}

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

template <typename Op>
static LogicalResult readElements(Lowering &l, Op op, const Reads &reads) {
  Body body(l, l.dims.of(reads.result));
  if (rankOf(reads.result) == 0) {
    Value stored = readElement(l, body, reads, op.getIndices());
    if (!stored)
      return failure();
    Value scalar = toScalar(body.in, l.loc, stored, elementOf(reads.x));
    body.place();
    l.set(reads.result, scalar);
    return success();
  }
  SmallVector<Value> read;
  SmallVector<Op> all = gathersBeside(l, op);
  for (Op other : all) {
    Value stored = readElement(l, body, reads, other.getIndices());
    if (!stored)
      return failure();
    read.push_back(stored);
    body.addOutput(l.empty(l.dims.of(reads.result), elementOf(reads.x)),
                   body.identity());
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
  Value x = op.getX(), indices = op.getIndices(), result = op.getResult();
  if (rankOf(indices) == 0) {
    l.set(result, readSlice(l, op));
    return success();
  }
  size_t axis = op.getAxis(), batch = op.getBatchDims(),
         extra = rankOf(indices) - batch;
  SmallVector<AffineExpr> at;
  for (size_t i = 0; i < batch; ++i)
    at.push_back(l.b.getAffineDimExpr(i));
  for (size_t i = 0; i < extra; ++i)
    at.push_back(l.b.getAffineDimExpr(axis + i));
  l.value(x);
  return readElements(
      l, op, Reads{x, result, unsigned(axis), {at}, unsigned(axis + extra)});
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
  SmallVector<SmallVector<AffineExpr>> places;
  for (int64_t i = 0; i < depth; ++i) {
    SmallVector<AffineExpr> &at = places.emplace_back();
    for (size_t d = 0; d < outer; ++d)
      at.push_back(l.b.getAffineDimExpr(d));
    at.push_back(l.b.getAffineConstantExpr(i));
  }
  l.value(x);
  return readElements(
      l, op, Reads{x, result, unsigned(batch), places, unsigned(outer)});
}

void lowering::addGatherHandlers(Handlers &handlers) {
  addHandler<GatherOp, lowerGather>(handlers);
  addHandler<GatherNdOp, lowerGatherNd>(handlers);
}
