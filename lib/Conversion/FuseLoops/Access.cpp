//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Access.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "tfc/Dialect/TFCRT/Transforms/Body.h"

using namespace mlir;
using namespace tfc::fusion;

std::optional<unsigned> Access::position(unsigned dim) const {
  std::optional<unsigned> found;
  for (auto [i, index] : llvm::enumerate(map.getResults())) {
    if (!index.isFunctionOfDim(dim))
      continue;
    if (found || !isa<AffineDimExpr>(index))
      return std::nullopt;
    found = i;
  }
  return found;
}

bool tfc::fusion::overlap(const Access &x, const Access &y) {
  if (x.sizes.size() != y.sizes.size())
    return true; // what a body looks up may be anywhere
  for (auto [from, size, otherFrom, otherSize] :
       llvm::zip_equal(x.offsets, x.sizes, y.offsets, y.sizes))
    if (!ShapedType::isDynamic(size) && !ShapedType::isDynamic(otherSize) &&
        (from + size <= otherFrom || otherFrom + otherSize <= from))
      return false;
  return true;
}

namespace {

/// What an operand is of a buffer: a slice, and the indices into it.
struct Window {
  SmallVector<AffineExpr> indices;
  SmallVector<int64_t> offsets, sizes;

  void add(AffineExpr index, int64_t offset, int64_t size) {
    indices.push_back(index);
    offsets.push_back(offset);
    sizes.push_back(size);
  }
};

} // namespace

/// The window on the operand of a view, from the one on its result: of views
/// that add or drop dimensions of size 1, and of slices at known places;
/// nothing for others.
static std::optional<Window> throughView(Operation *view,
                                         const Window &window) {
  AffineExpr zero = getAffineConstantExpr(0, view->getContext());
  Window result;
  if (auto expand = dyn_cast<memref::ExpandShapeOp>(view)) {
    auto type = cast<MemRefType>(expand.getResult().getType());
    for (ArrayRef<int64_t> group : expand.getReassociationIndices()) {
      std::optional<int64_t> found;
      for (int64_t dim : group) {
        if (type.getDimSize(dim) == 1)
          continue;
        if (found)
          return std::nullopt;
        found = dim;
      }
      if (found)
        result.add(window.indices[*found], window.offsets[*found],
                   window.sizes[*found]);
      else
        result.add(zero, 0, 1);
    }
    return result;
  }
  if (auto collapse = dyn_cast<memref::CollapseShapeOp>(view)) {
    auto type = cast<MemRefType>(collapse.getSrc().getType());
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      result.add(zero, 0, 1);
    for (auto [i, group] :
         llvm::enumerate(collapse.getReassociationIndices())) {
      bool found = false;
      for (int64_t dim : group) {
        if (type.getDimSize(dim) == 1)
          continue;
        if (found)
          return std::nullopt;
        found = true;
        result.indices[dim] = window.indices[i];
        result.offsets[dim] = window.offsets[i];
        result.sizes[dim] = window.sizes[i];
      }
    }
    return result;
  }
  auto slice = dyn_cast<memref::SubViewOp>(view);
  if (!slice || !slice.hasUnitStride() ||
      llvm::any_of(slice.getStaticOffsets(), ShapedType::isDynamic) ||
      llvm::any_of(slice.getStaticSizes(), ShapedType::isDynamic))
    return std::nullopt;
  llvm::SmallBitVector dropped = slice.getDroppedDims();
  unsigned next = 0;
  for (int64_t dim = 0; dim < slice.getSourceType().getRank(); ++dim) {
    int64_t offset = slice.getStaticOffset(dim);
    if (dropped[dim]) {
      result.add(zero, offset, 1);
      continue;
    }
    result.add(window.indices[next], offset + window.offsets[next],
               window.sizes[next]);
    ++next;
  }
  return result;
}

/// Does each loop index an operand by itself? That says how long it is.
static bool coverLoops(ArrayRef<Access> accesses, MLIRContext *context) {
  SmallVector<AffineMap> maps;
  for (const Access &access : accesses)
    maps.push_back(access.map);
  return !maps.empty() && inversePermutation(concatAffineMaps(maps, context));
}

/// Of operands, or with `throughViews` of the buffers behind views of them.
static SmallVector<Access> accessesOfOperands(linalg::LinalgOp op,
                                              bool throughViews) {
  SmallVector<Access> accesses;
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    AffineMap map = op.getMatchingIndexingMap(&operand);
    Value buffer = operand.get();
    Window window;
    for (auto [index, size] : llvm::zip_equal(
             map.getResults(), cast<MemRefType>(buffer.getType()).getShape()))
      window.add(index, 0, size);
    while (Operation *view = throughViews ? buffer.getDefiningOp() : nullptr) {
      std::optional<Window> outer = throughView(view, window);
      if (!outer)
        break;
      window = std::move(*outer);
      buffer = view->getOperand(0);
    }
    bool writes = op.isDpsInit(&operand);
    accesses.push_back(
        {&operand, buffer,
         AffineMap::get(map.getNumDims(), 0, window.indices, op->getContext()),
         window.offsets, window.sizes, tfc::rt::rootOf(buffer),
         !writes || op.payloadUsesValueFromOperand(&operand), writes});
  }
  return accesses;
}

SmallVector<Access> tfc::fusion::accessesOf(linalg::LinalgOp op) {
  SmallVector<Access> accesses = accessesOfOperands(op, /*throughViews=*/true);
  // Views of dimensions of size 1 have no index there: a loop may have been
  // known by that dimension only.
  if (!coverLoops(accesses, op->getContext()))
    accesses = accessesOfOperands(op, /*throughViews=*/false);
  // What the body looks up may be anywhere.
  op->getRegion(0).walk([&](Operation *nested) {
    for (OpOperand &use : nested->getOpOperands())
      if (isa<MemRefType>(use.get().getType()))
        accesses.push_back(
            {&use,
             use.get(),
             AffineMap::get(op.getNumLoops(), 0, op->getContext()),
             {},
             {},
             tfc::rt::rootOf(use.get()),
             /*reads=*/true,
             /*writes=*/!isa<memref::LoadOp>(nested)});
  });
  return accesses;
}
