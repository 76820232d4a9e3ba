//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Short innermost loops become one with the loops around them.
//
// Three coordinates, or the colours of a pixel, fill no vector. Where all that
// the loops change lies one after the other, they are one loop.
//===----------------------------------------------------------------------===//

#include "NestLowering.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace tfc::loops;

/// Longer loops lose little at their ends.
static constexpr int64_t shortLoop = 64;

/// Are the last `count` dimensions one after the other in memory?
static bool isContiguous(MemRefType type, unsigned count) {
  SmallVector<int64_t> strides;
  int64_t offset, next = 1;
  if (failed(type.getStridesAndOffset(strides, offset)))
    return false;
  for (unsigned i = 0; i < count; ++i) {
    unsigned dim = type.getRank() - 1 - i;
    if (strides[dim] != next)
      return false;
    if (i + 1 == count)
      return true;
    if (type.isDynamicDim(dim))
      return false;
    next *= type.getDimSize(dim);
  }
  return true;
}

/// The operand's elements along loops from `begin` on are one after the other,
/// or it does not know these loops.
static bool mayCollapse(Value operand, AffineMap map, unsigned begin) {
  unsigned loops = map.getNumDims(), count = loops - begin;
  auto uses = [&](AffineExpr index) {
    for (unsigned dim = begin; dim < loops; ++dim)
      if (index.isFunctionOfDim(dim))
        return true;
    return false;
  };
  if (llvm::none_of(map.getResults(), uses))
    return true;
  auto type = dyn_cast<MemRefType>(operand.getType());
  if (!type || map.getNumResults() < count ||
      llvm::any_of(map.getResults().drop_back(count), uses))
    return false;
  for (auto [i, index] : llvm::enumerate(map.getResults().take_back(count)))
    if (index != getAffineDimExpr(begin + i, map.getContext()))
      return false;
  return isContiguous(type, count);
}

/// The first of the loops that become one; the last one if none do.
unsigned NestLowering::firstCollapsed() {
  unsigned begin = iterators.size() - 1;
  auto may = [&](unsigned dim) {
    return iterators[dim] == iterators.back() &&
           llvm::all_of(op->getOpOperands(), [&](OpOperand &operand) {
             return mayCollapse(operand.get(), maps[operand.getOperandNumber()],
                                dim);
           });
  };
  while (begin > 0 && may(begin - 1))
    --begin;
  // Their numbers are asked for.
  op.getBlock()->walk([&](linalg::IndexOp index) {
    if (index.getDim() >= begin)
      begin = iterators.size() - 1;
  });
  return begin;
}

void NestLowering::collapseLoops() {
  auto generic = dyn_cast<linalg::GenericOp>(op.getOperation());
  if (!generic || iterators.size() < 2)
    return;
  SmallVector<int64_t> sizes = op.getStaticLoopRanges();
  if (ShapedType::isDynamic(sizes.back()) || sizes.back() >= shortLoop)
    return;
  unsigned begin = firstCollapsed(), loops = iterators.size();
  if (begin + 1 == loops)
    return;
  builder.setInsertionPoint(op);
  SmallVector<Value> values;
  SmallVector<AffineMap> collapsedMaps;
  DenseMap<Value, Value> views; // the same buffer stays the same
  for (auto [operand, map] : llvm::zip(op->getOperands(), maps)) {
    unsigned kept = map.getNumResults();
    Value view = operand;
    if (map.isFunctionOfDim(loops - 1)) {
      kept -= loops - begin;
      Value &known = views[operand];
      if (!known) {
        SmallVector<ReassociationIndices> groups;
        for (unsigned i = 0; i < kept; ++i)
          groups.push_back({i});
        groups.push_back(
            llvm::to_vector(llvm::seq<int64_t>(kept, map.getNumResults())));
        known = memref::CollapseShapeOp::create(builder, loc, operand, groups);
      }
      view = known;
    }
    SmallVector<AffineExpr> indices(map.getResults().take_front(kept));
    if (view != operand)
      indices.push_back(builder.getAffineDimExpr(begin));
    values.push_back(view);
    collapsedMaps.push_back(
        AffineMap::get(begin + 1, 0, indices, builder.getContext()));
  }
  ValueRange all(values);
  SmallVector<utils::IteratorType> kinds(
      ArrayRef<utils::IteratorType>(iterators).take_front(begin + 1));
  auto made = linalg::GenericOp::create(
      builder, loc, TypeRange(), all.take_front(op.getNumDpsInputs()),
      all.drop_front(op.getNumDpsInputs()), collapsedMaps, kinds);
  made->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  IRMapping mapping;
  generic.getRegion().cloneInto(&made.getRegion(), mapping);
  op->erase();
  op = made;
  maps = std::move(collapsedMaps);
  iterators = std::move(kinds);
}
