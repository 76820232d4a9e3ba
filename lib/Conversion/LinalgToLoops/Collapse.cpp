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
#include <optional>

using namespace mlir;
using namespace tfc::loops;

/// Longer loops lose little at their ends.
static constexpr int64_t shortLoop = 64;

/// Are the last `count` dimensions one after the other in memory?
static bool areLastContiguous(MemRefType type, unsigned count) {
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

/// How many of the operand's last dimensions the loops from `begin` on go over,
/// element after element; nothing if they do not. Loops of one iteration may be
/// missing.
static std::optional<unsigned> countCollapsed(Value operand, AffineMap map,
                                              unsigned begin,
                                              ArrayRef<int64_t> sizes) {
  auto uses = [&](AffineExpr index, bool once) {
    for (unsigned dim = begin; dim < sizes.size(); ++dim)
      if ((once || sizes[dim] != 1) && index.isFunctionOfDim(dim))
        return true;
    return false;
  };
  if (llvm::none_of(map.getResults(),
                    [&](AffineExpr index) { return uses(index, false); }))
    return 0;
  ArrayRef<AffineExpr> left = map.getResults();
  auto type = dyn_cast<MemRefType>(operand.getType());
  // What is broadcast along a loop of one iteration is not: it has one element.
  auto isOnlyElement = [&](unsigned dim) {
    return sizes[dim] == 1 && type && left.size() <= size_t(type.getRank()) &&
           left.back() == getAffineConstantExpr(0, map.getContext()) &&
           type.getDimSize(left.size() - 1) == 1;
  };
  for (unsigned dim = sizes.size(); dim-- > begin;) {
    if (!left.empty() &&
        (left.back() == getAffineDimExpr(dim, map.getContext()) ||
         isOnlyElement(dim)))
      left = left.drop_back();
    else if (sizes[dim] != 1)
      return std::nullopt;
  }
  unsigned count = map.getNumResults() - left.size();
  if (!type || !areLastContiguous(type, count) ||
      llvm::any_of(left, [&](AffineExpr index) { return uses(index, true); }))
    return std::nullopt;
  return count;
}

/// The first of the loops that become one; the last one if none do.
unsigned NestLowering::firstCollapsed(ArrayRef<int64_t> sizes) {
  unsigned begin = iterators.size() - 1;
  std::optional<utils::IteratorType> kind;
  auto join = [&](unsigned dim) {
    if (sizes[dim] == 1 || kind == iterators[dim])
      return true;
    if (kind)
      return false;
    kind = iterators[dim];
    return true;
  };
  auto may = [&](unsigned dim) {
    return join(dim) &&
           llvm::all_of(op->getOpOperands(), [&](OpOperand &operand) {
             return countCollapsed(operand.get(),
                                   maps[operand.getOperandNumber()], dim, sizes)
                 .has_value();
           });
  };
  join(begin);
  while (begin > 0 && may(begin - 1))
    --begin;
  if (llvm::all_of(sizes.drop_front(begin),
                   [](int64_t size) { return size == 1; }))
    begin = iterators.size() - 1;
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
  unsigned begin = firstCollapsed(sizes), loops = iterators.size();
  if (begin + 1 == loops)
    return;
  builder.setInsertionPoint(op);
  SmallVector<Value> values;
  SmallVector<AffineMap> collapsedMaps;
  DenseMap<std::pair<Value, unsigned>, Value> views; // the same stays the same
  SmallVector<AffineExpr> newLoops;
  for (unsigned dim = 0; dim < loops; ++dim)
    newLoops.push_back(dim < begin ? builder.getAffineDimExpr(dim)
                                   : builder.getAffineConstantExpr(0));
  for (auto [operand, map] : llvm::zip(op->getOperands(), maps)) {
    unsigned count = *countCollapsed(operand, map, begin, sizes);
    unsigned kept = map.getNumResults() - count;
    SmallVector<AffineExpr> indices;
    for (AffineExpr index : map.getResults().take_front(kept))
      indices.push_back(index.replaceDims(newLoops));
    Value view = operand;
    if (count > 0)
      indices.push_back(builder.getAffineDimExpr(begin));
    if (count > 1) {
      Value &known = views[{operand, count}];
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
    values.push_back(view);
    collapsedMaps.push_back(
        AffineMap::get(begin + 1, 0, indices, builder.getContext()));
  }
  auto kinds = llvm::to_vector(
      ArrayRef<utils::IteratorType>(iterators).take_front(begin + 1));
  for (unsigned dim = begin; dim < loops; ++dim)
    if (sizes[dim] != 1)
      kinds.back() = iterators[dim];
  ValueRange all(values);
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
