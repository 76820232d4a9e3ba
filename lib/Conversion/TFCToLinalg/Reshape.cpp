//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Other shapes of the same elements: views, where nothing was fused into them.
//===----------------------------------------------------------------------===//

#include "Lowering.h"
#include "Scalars.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"
#include "tfc/Dialect/TFC/IR/TFC.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

/// At most one unknown size a group: then its parts follow from the whole.
static bool isPlain(ArrayRef<ReassociationIndices> groups,
                    ArrayRef<int64_t> shape) {
  return llvm::all_of(groups, [&](const ReassociationIndices &group) {
    auto unknown = llvm::count_if(
        group, [&](int64_t i) { return ShapedType::isDynamic(shape[i]); });
    // An unknown size beside 0 is not what is left of the number of elements:
    // MLIR would divide by 0.
    return unknown == 0 ||
           (unknown == 1 &&
            llvm::none_of(group, [&](int64_t i) { return shape[i] == 0; }));
  });
}

Value Lowering::reshape(Value tensor, ArrayRef<Dim> from, ArrayRef<Dim> to) {
  auto source = cast<RankedTensorType>(tensor.getType());
  RankedTensorType target = tensorType(to, source.getElementType());
  if (from == to)
    return convert(tensor, target);
  auto groups = getReassociationIndicesForReshape(source, target);
  if (groups && from.size() > to.size() && isPlain(*groups, source.getShape()))
    return tensor::CollapseShapeOp::create(b, loc, target, tensor, *groups);
  if (groups && from.size() < to.size() && isPlain(*groups, target.getShape()))
    return tensor::ExpandShapeOp::create(b, loc, target, tensor, *groups,
                                         sizes(to));
  if (source.hasStaticShape() && target.hasStaticShape() && !from.empty() &&
      !to.empty()) {
    ReassociationIndices all, back;
    for (size_t i = 0; i < from.size(); ++i)
      all.push_back(i);
    for (size_t i = 0; i < to.size(); ++i)
      back.push_back(i);
    Value flat =
        from.size() == 1
            ? tensor
            : tensor::CollapseShapeOp::create(b, loc, tensor, ArrayRef{all})
                  .getResult();
    if (to.size() == 1)
      return flat;
    return tensor::ExpandShapeOp::create(b, loc, target, flat, ArrayRef{back},
                                         sizes(to));
  }
  SmallVector<Value> extents;
  for (Dim dim : to)
    extents.push_back(size(dim));
  auto shapeType = RankedTensorType::get({static_cast<int64_t>(to.size())},
                                         b.getIndexType());
  Value shape = tensor::FromElementsOp::create(b, loc, shapeType, extents);
  return tensor::ReshapeOp::create(b, loc, target, tensor, shape);
}

Value Lowering::numElements(ArrayRef<Dim> of) {
  Value total = constantIndex(1);
  for (Dim dim : of)
    if (dim != 1)
      total = arith::MulIOp::create(b, loc, total, size(dim));
  return total;
}

/// The view of operand 0 that the result is. Its unknown sizes are known
/// already.
static LogicalResult lowerView(Lowering &l, Operation *op) {
  Value x = op->getOperand(0), result = op->getResult(0);
  if (rankOf(result) == 0)
    return lowerFused(l, op);
  if (rankOf(x) == 0) {
    // One element, whatever the type says of the sizes.
    RankedTensorType type = l.tensorType(result);
    auto one = type.clone(SmallVector<int64_t>(type.getRank(), 1));
    Value made = tensor::FromElementsOp::create(
        l.b, l.loc, one, toStorage(l.b, l.loc, l.value(x), elementOf(x)));
    l.set(result, l.convert(made, type));
    return success();
  }
  if (isa<EnsureShapeOp, StopGradientOp>(op))
    l.set(result, l.convert(l.value(x), l.tensorType(result)));
  else
    l.set(result, l.reshape(l.value(x), l.dims.of(x), l.dims.of(result)));
  return success();
}

static LogicalResult lowerReshape(Lowering &l, ReshapeOp op) {
  // The one size to compute is what is left of the number of elements.
  Dims known;
  Dim open = 0;
  for (Dim dim : l.dims.of(op.getResult()))
    if (dim < 0 && !l.isDefined(dim))
      open = dim;
    else
      known.push_back(dim);
  if (open < 0) {
    Value rest = l.numElements(known);
    // No elements, and so no number to divide by: any size will do.
    Value divisor =
        arith::MaxSIOp::create(l.b, l.loc, rest, l.constantIndex(1));
    l.define(open, arith::DivSIOp::create(l.b, l.loc,
                                          l.numElements(l.dims.of(op.getX())),
                                          divisor));
  }
  return lowerView(l, op);
}

static LogicalResult lowerDynamicReshape(Lowering &l, DynamicReshapeOp op) {
  Value x = op.getX(), result = op.getResult();
  ArrayRef<Dim> to = l.dims.of(result);
  if (llvm::any_of(to, [&](Dim dim) { return dim < 0 && !l.isDefined(dim); })) {
    if (cast<RankedTensorType>(op.getShape().getType()).isDynamicDim(0))
      return op.emitOpError("needs a shape vector of known length, got ")
             << op.getShape().getType();
    SmallVector<Value> shape = l.indices(op.getShape());
    Value zero = l.constantIndex(0), one = l.constantIndex(1), known = one;
    SmallVector<Value> isOpen;
    for (Value size : shape) {
      isOpen.push_back(arith::CmpIOp::create(
          l.b, l.loc, arith::CmpIPredicate::slt, size, zero));
      known = arith::MulIOp::create(
          l.b, l.loc, known,
          arith::SelectOp::create(l.b, l.loc, isOpen.back(), one, size));
    }
    Value divisor = arith::MaxSIOp::create(l.b, l.loc, known, one);
    Value rest = arith::DivSIOp::create(l.b, l.loc, l.numElements(l.dims.of(x)),
                                        divisor);
    for (auto [dim, size, open] : llvm::zip(to, shape, isOpen))
      if (dim < 0 && !l.isDefined(dim))
        l.define(dim, arith::SelectOp::create(l.b, l.loc, open, rest, size));
  }
  return lowerView(l, op);
}

static LogicalResult lowerShapeOf(Lowering &l, ShapeOfOp op) {
  Type element = elementOf(op.getResult());
  SmallVector<Value> sizes;
  for (Dim dim : l.dims.of(op.getX()))
    sizes.push_back(l.fromIndex(l.size(dim), element));
  RankedTensorType type = l.tensorType(op.getResult());
  if (sizes.empty())
    l.set(op.getResult(),
          tensor::EmptyOp::create(l.b, l.loc, type, ValueRange()));
  else
    l.set(op.getResult(),
          tensor::FromElementsOp::create(l.b, l.loc, type, sizes));
  return success();
}

void lowering::addReshapeHandlers(Handlers &handlers) {
  for (StringRef name :
       {ExpandDimsOp::getOperationName(), SqueezeOp::getOperationName(),
        EnsureShapeOp::getOperationName(), StopGradientOp::getOperationName()})
    handlers[name] = lowerView;
  addHandler<ReshapeOp, lowerReshape>(handlers);
  addHandler<DynamicReshapeOp, lowerDynamicReshape>(handlers);
  addHandler<ShapeOfOp, lowerShapeOf>(handlers);
}
