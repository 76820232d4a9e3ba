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

/// The indices into the operand of a view that adds or drops dimensions of size
/// 1, from those into its result; nothing for other views.
static std::optional<SmallVector<AffineExpr>>
throughView(Operation *view, ArrayRef<AffineExpr> indices) {
  AffineExpr zero = getAffineConstantExpr(0, view->getContext());
  SmallVector<AffineExpr> result;
  if (auto expand = dyn_cast<memref::ExpandShapeOp>(view)) {
    auto type = cast<MemRefType>(expand.getResult().getType());
    for (ArrayRef<int64_t> group : expand.getReassociationIndices()) {
      AffineExpr index = zero;
      bool found = false;
      for (int64_t dim : group) {
        if (type.getDimSize(dim) == 1)
          continue;
        if (found)
          return std::nullopt;
        found = true;
        index = indices[dim];
      }
      result.push_back(index);
    }
    return result;
  }
  if (auto collapse = dyn_cast<memref::CollapseShapeOp>(view)) {
    auto type = cast<MemRefType>(collapse.getSrc().getType());
    result.assign(type.getRank(), zero);
    for (auto [i, group] :
         llvm::enumerate(collapse.getReassociationIndices())) {
      bool found = false;
      for (int64_t dim : group) {
        if (type.getDimSize(dim) == 1)
          continue;
        if (found)
          return std::nullopt;
        found = true;
        result[dim] = indices[i];
      }
    }
    return result;
  }
  return std::nullopt;
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
    SmallVector<AffineExpr> indices(map.getResults());
    while (Operation *view = throughViews ? buffer.getDefiningOp() : nullptr) {
      std::optional<SmallVector<AffineExpr>> outer = throughView(view, indices);
      if (!outer)
        break;
      indices = *outer;
      buffer = view->getOperand(0);
    }
    bool writes = op.isDpsInit(&operand);
    accesses.push_back(
        {&operand, buffer,
         AffineMap::get(map.getNumDims(), 0, indices, op->getContext()),
         tfc::rt::rootOf(buffer),
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
            {&use, use.get(),
             AffineMap::get(op.getNumLoops(), 0, op->getContext()),
             tfc::rt::rootOf(use.get()), /*reads=*/true,
             /*writes=*/!isa<memref::LoadOp>(nested)});
  });
  return accesses;
}
