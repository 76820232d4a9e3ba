//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Reading where data says. Indices are in range: that was checked before.
//===----------------------------------------------------------------------===//

#include "Lowering.h"
#include "Slices.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "tfc/Dialect/TFC/IR/TFC.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

static Value indexAt(Lowering &l, Value indices, ValueRange at) {
  return l.toIndex(l.extract(l.value(indices), at, elementOf(indices)),
                   elementOf(indices));
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
  Value x = op.getX(), indices = op.getIndices(), result = op.getResult();
  if (rankOf(indices) == 0) {
    l.set(result, readSlice(l, op));
    return success();
  }
  size_t axis = op.getAxis(), batch = op.getBatchDims(),
         extra = rankOf(indices) - batch;
  Value source = l.value(x);
  l.value(indices);
  auto element = [&](ValueRange ivs) -> Value {
    SmallVector<Value> at(ivs.take_front(batch)), from(ivs.take_front(axis));
    llvm::append_range(at, ivs.slice(axis, extra));
    from.push_back(indexAt(l, indices, at));
    llvm::append_range(from, ivs.drop_front(axis + extra));
    return tensor::ExtractOp::create(l.b, l.loc, source, from);
  };
  if (rankOf(result) == 0)
    l.set(result, toScalar(l.b, l.loc, element({}), elementOf(x)));
  else
    l.set(result, l.generate(l.dims.of(result), elementOf(x), element));
  return success();
}

static LogicalResult lowerGatherNd(Lowering &l, GatherNdOp op) {
  Value x = op.getX(), indices = op.getIndices(), result = op.getResult();
  size_t batch = op.getBatchDims(), outer = rankOf(indices) - 1;
  int64_t depth = cast<RankedTensorType>(indices.getType()).getDimSize(outer);
  ArrayRef<Dim> to = l.dims.of(result);
  Dims sizes(l.dims.of(indices).take_front(outer));
  llvm::append_range(sizes, l.dims.of(x).drop_front(batch + depth));
  for (auto [dim, size] : llvm::zip(to, sizes))
    if (dim < 0)
      l.define(dim, l.size(size));
  Value source = l.value(x);
  auto element = [&](ValueRange ivs) -> Value {
    SmallVector<Value> from(ivs.take_front(batch));
    for (int64_t i = 0; i < depth; ++i) {
      SmallVector<Value> at(ivs.take_front(outer));
      at.push_back(l.constantIndex(i));
      from.push_back(indexAt(l, indices, at));
    }
    llvm::append_range(from, ivs.drop_front(outer));
    return tensor::ExtractOp::create(l.b, l.loc, source, from);
  };
  if (to.empty())
    l.set(result, toScalar(l.b, l.loc, element({}), elementOf(x)));
  else
    l.set(result, l.generate(to, elementOf(x), element));
  return success();
}

void lowering::addGatherHandlers(Handlers &handlers) {
  addHandler<GatherOp, lowerGather>(handlers);
  addHandler<GatherNdOp, lowerGatherNd>(handlers);
}
