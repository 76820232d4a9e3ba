//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Folds of ops that move elements.
//===----------------------------------------------------------------------===//

#include "Shapes.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::detail;

/// The value of an op on small integers, if it is known.
static OpFoldResult foldKnownShape(Operation *op) {
  auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType());
  if (!type || !type.hasStaticShape() ||
      !isa<IntegerType>(type.getElementType()) ||
      type.getElementType().isInteger(1))
    return {};
  std::optional<Shape> values = knownInts(op->getResult(0));
  if (!values || llvm::is_contained(*values, kUnknown) ||
      static_cast<int64_t>(values->size()) != type.getNumElements())
    return {};
  SmallVector<APInt> elements;
  for (int64_t value : *values)
    elements.emplace_back(type.getElementType().getIntOrFloatBitWidth(), value,
                          /*isSigned=*/true, /*implicitTrunc=*/true);
  return DenseElementsAttr::get(type, elements);
}

/// Whether both have the same static type: then the same elements are in the
/// same places.
static bool isStaticallyEqual(Value a, Value b) {
  auto type = dyn_cast<RankedTensorType>(a.getType());
  return type && type.hasStaticShape() && type == b.getType();
}

//===----------------------------------------------------------------------===//
// Shapes and broadcasts
//===----------------------------------------------------------------------===//

OpFoldResult ShapeOfOp::fold(FoldAdaptor) { return foldKnownShape(*this); }

OpFoldResult BroadcastToOp::fold(FoldAdaptor op) {
  if (isStaticallyEqual(getX(), getResult()))
    return getX();
  auto type = dyn_cast<RankedTensorType>(getType());
  auto splat = dyn_cast_or_null<SplatElementsAttr>(op.getX());
  if (splat && type && type.hasStaticShape())
    return splat.resizeSplat(type);
  return {};
}

OpFoldResult SumToOp::fold(FoldAdaptor) {
  return isStaticallyEqual(getX(), getResult()) ? OpFoldResult(getX())
                                                : OpFoldResult();
}

OpFoldResult EnsureShapeOp::fold(FoldAdaptor) {
  auto type = dyn_cast<RankedTensorType>(getX().getType());
  if (!type || type != getType())
    return {};
  // What the type does not say is still checked.
  for (auto [known, want] : llvm::zip(type.getShape(), getShape()))
    if (want != kUnknown && known != want)
      return {};
  return getX();
}

//===----------------------------------------------------------------------===//
// Reshapes
//===----------------------------------------------------------------------===//

/// The elements of a constant in another shape.
static OpFoldResult reshapeConstant(Attribute x, Type type) {
  auto dense = dyn_cast_or_null<DenseIntOrFPElementsAttr>(x);
  auto ranked = dyn_cast<RankedTensorType>(type);
  if (!dense || !ranked || !ranked.hasStaticShape() ||
      dense.getNumElements() != ranked.getNumElements())
    return {};
  return dense.reshape(ranked);
}

OpFoldResult ReshapeOp::fold(FoldAdaptor op) {
  if (isStaticallyEqual(getX(), getResult()))
    return getX();
  if (auto constant = reshapeConstant(op.getX(), getType()))
    return constant;
  // Only where the middle one cannot fail at run time.
  Operation *inner = getX().getDefiningOp();
  if (isa_and_nonnull<ExpandDimsOp>(inner) ||
      (isa_and_nonnull<ReshapeOp, SqueezeOp>(inner) &&
       cast<ShapedType>(inner->getOperand(0).getType()).hasStaticShape())) {
    getXMutable().assign(inner->getOperand(0));
    return getResult();
  }
  return foldKnownShape(*this);
}

OpFoldResult SqueezeOp::fold(FoldAdaptor op) {
  if (getAxes().empty() && getX().getType() == getType())
    return getX();
  if (auto constant = reshapeConstant(op.getX(), getType()))
    return constant;
  if (auto inner = getX().getDefiningOp<ExpandDimsOp>();
      inner && inner.getAxes() == getAxes() &&
      inner.getX().getType() == getType())
    return inner.getX();
  return foldKnownShape(*this);
}

OpFoldResult ExpandDimsOp::fold(FoldAdaptor op) {
  if (getAxes().empty() && getX().getType() == getType())
    return getX();
  if (auto constant = reshapeConstant(op.getX(), getType()))
    return constant;
  return foldKnownShape(*this);
}

OpFoldResult TransposeOp::fold(FoldAdaptor op) {
  if (llvm::all_of(llvm::enumerate(getPerm()), [](auto p) {
        return p.value() == static_cast<int64_t>(p.index());
      }))
    return getX().getType() == getType() ? OpFoldResult(getX())
                                         : OpFoldResult();
  auto splat = dyn_cast_or_null<SplatElementsAttr>(op.getX());
  if (splat && !isa<DenseIntOrFPElementsAttr>(splat))
    splat = {};
  if (auto type = dyn_cast<RankedTensorType>(getType());
      splat && type && type.hasStaticShape())
    return splat.resizeSplat(type);
  auto inner = getX().getDefiningOp<TransposeOp>();
  if (!inner)
    return {};
  Shape perm;
  for (int64_t axis : getPerm())
    perm.push_back(inner.getPerm()[axis]);
  getXMutable().assign(inner.getX());
  setPerm(perm);
  return getResult();
}

//===----------------------------------------------------------------------===//
// Slices, joins, paddings
//===----------------------------------------------------------------------===//

OpFoldResult SliceOp::fold(FoldAdaptor op) {
  bool whole =
      llvm::all_of(getStrides(), [](int64_t stride) { return stride == 1; }) &&
      llvm::all_of(getStarts(), [](int64_t start) { return start == 0; });
  if (whole && isStaticallyEqual(getX(), getResult()))
    return getX();
  auto splat = dyn_cast_or_null<SplatElementsAttr>(op.getX());
  if (auto type = dyn_cast<RankedTensorType>(getType());
      splat && type && type.hasStaticShape())
    return splat.resizeSplat(type);
  return foldKnownShape(*this);
}

OpFoldResult ConcatOp::fold(FoldAdaptor) {
  if (getXs().size() == 1 && getXs().front().getType() == getType())
    return getXs().front();
  return foldKnownShape(*this);
}

OpFoldResult GatherOp::fold(FoldAdaptor) { return foldKnownShape(*this); }

OpFoldResult PadOp::fold(FoldAdaptor) {
  auto isZero = [](int64_t size) { return size == 0; };
  bool nothing =
      llvm::all_of(getLow(), isZero) && llvm::all_of(getHigh(), isZero);
  return nothing && getX().getType() == getType() ? OpFoldResult(getX())
                                                  : OpFoldResult();
}

OpFoldResult ReverseOp::fold(FoldAdaptor) {
  return getAxes().empty() && getX().getType() == getType()
             ? OpFoldResult(getX())
             : OpFoldResult();
}
