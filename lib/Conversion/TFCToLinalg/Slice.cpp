//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Boxes of tensors, read and replaced: views where strides are positive.
//===----------------------------------------------------------------------===//

#include "Body.h"
#include "Lowering.h"
#include "Rows.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "tfc/Dialect/TFC/IR/TFC.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

static Value add(Lowering &l, Value x, Value y) {
  return arith::AddIOp::create(l.b, l.loc, x, y);
}
static Value sub(Lowering &l, Value x, Value y) {
  return arith::SubIOp::create(l.b, l.loc, x, y);
}
static Value mul(Lowering &l, Value x, Value y) {
  return arith::MulIOp::create(l.b, l.loc, x, y);
}
static Value max(Lowering &l, Value x, Value y) {
  return arith::MaxSIOp::create(l.b, l.loc, x, y);
}
static Value min(Lowering &l, Value x, Value y) {
  return arith::MinSIOp::create(l.b, l.loc, x, y);
}

/// The elements of a vector of positions, one a dimension, whose length may be
/// unknown.
static SmallVector<Value> positions(Lowering &l, Value vector, size_t rank) {
  if (!cast<RankedTensorType>(vector.getType()).isDynamicDim(0))
    return l.indices(vector);
  SmallVector<Value> result;
  for (size_t i = 0; i < rank; ++i) {
    Value number =
        l.extract(l.value(vector), l.constantIndex(i), elementOf(vector));
    result.push_back(l.toIndex(number, elementOf(vector)));
  }
  return result;
}

/// How many elements lie between the bounds, `stride` > 0 apart.
static Value count(Lowering &l, Value begin, Value end, int64_t stride) {
  Value span = max(l, sub(l, end, begin), l.constantIndex(0));
  if (stride == 1)
    return span;
  return arith::CeilDivSIOp::create(l.b, l.loc, span, l.constantIndex(stride));
}

static void defineOpen(Lowering &l, Dim dim, llvm::function_ref<Value()> size) {
  if (dim < 0 && !l.isDefined(dim))
    l.define(dim, size());
}

static SmallVector<OpFoldResult> foldAll(Lowering &l, ValueRange values) {
  return getAsOpFoldResult(values);
}

/// The elements at `starts` and so many steps further on, or back; null where
/// it is not known where a dimension begins that is read backwards.
static Value readInSteps(Lowering &l, Value source, ArrayRef<Dim> to,
                         Type element, ArrayRef<OpFoldResult> starts,
                         ArrayRef<int64_t> strides) {
  Body body(l, to);
  SmallVector<AffineExpr> at = body.identity();
  // What is read forward is a view.
  SmallVector<OpFoldResult> offsets, sizes, steps;
  for (auto [i, stride] : llvm::enumerate(strides)) {
    bool isForward = stride > 0;
    offsets.push_back(isForward ? starts[i] : l.b.getIndexAttr(0));
    sizes.push_back(isForward ? l.sizeFold(to[i])
                              : tensor::getMixedSize(l.b, l.loc, source, i));
    steps.push_back(l.b.getIndexAttr(isForward ? stride : 1));
    if (isForward)
      continue;
    std::optional<int64_t> from = getConstantIntValue(starts[i]);
    if (!from || to[i] <= 0)
      return {};
    // Of one element there is no next one.
    at[i] =
        to[i] == 1 ? l.b.getAffineConstantExpr(*from) : at[i] * stride + *from;
  }
  Value part =
      tensor::ExtractSliceOp::create(l.b, l.loc, source, offsets, sizes, steps);
  Value read = body.load(part, at);
  body.addOutput(l.empty(to, element), body.identity());
  return body.finish(read)[0];
}

/// The box of `x` with the dimensions of `result`, whose sizes are known.
static Value readBox(Lowering &l, Value x, Value result,
                     ArrayRef<OpFoldResult> starts, ArrayRef<int64_t> strides) {
  ArrayRef<Dim> to = l.dims.of(result);
  Value source = l.value(x);
  if (llvm::all_of(strides, [](int64_t stride) { return stride > 0; })) {
    SmallVector<OpFoldResult> steps;
    for (int64_t stride : strides)
      steps.push_back(l.b.getIndexAttr(stride));
    return tensor::ExtractSliceOp::create(l.b, l.loc, l.tensorType(result),
                                          source, starts, l.sizes(to), steps);
  }
  if (Value read =
          isForDevice(result.getDefiningOp())
              ? Value()
              : readInSteps(l, source, to, elementOf(x), starts, strides))
    return read;
  SmallVector<Value> origins;
  for (OpFoldResult start : starts)
    origins.push_back(getValueOrCreateConstantIndexOp(l.b, l.loc, start));
  return l.generate(to, elementOf(x), [&](ValueRange ivs) -> Value {
    SmallVector<Value> at;
    for (auto [iv, origin, stride] : llvm::zip(ivs, origins, strides))
      at.push_back(add(l, origin, mul(l, iv, l.constantIndex(stride))));
    return tensor::ExtractOp::create(l.b, l.loc, source, at);
  });
}

static LogicalResult lowerSlice(Lowering &l, SliceOp op) {
  ArrayRef<Dim> from = l.dims.of(op.getX()), to = l.dims.of(op.getResult());
  SmallVector<OpFoldResult> starts;
  for (auto [i, dim] : llvm::enumerate(to)) {
    int64_t start = op.getStarts()[i], stride = op.getStrides()[i];
    starts.push_back(l.b.getIndexAttr(start));
    defineOpen(l, dim, [&] {
      if (stride > 0)
        return count(l, l.constantIndex(start), l.size(from[i]), stride);
      return count(l, l.constantIndex(-1), l.constantIndex(start), -stride);
    });
  }
  l.set(op.getResult(),
        readBox(l, op.getX(), op.getResult(), starts, op.getStrides()));
  return success();
}

static LogicalResult lowerDynamicSlice(Lowering &l, DynamicSliceOp op) {
  ArrayRef<Dim> from = l.dims.of(op.getX()), to = l.dims.of(op.getResult());
  SmallVector<Value> starts = positions(l, op.getStarts(), rankOf(op.getX()));
  for (auto [i, dim] : llvm::enumerate(to))
    defineOpen(l, dim, [&] { return count(l, starts[i], l.size(from[i]), 1); });
  SmallVector<int64_t> ones(to.size(), 1);
  l.set(op.getResult(),
        readBox(l, op.getX(), op.getResult(), foldAll(l, starts), ones));
  return success();
}

/// A bound of Python's slice, from -1 (only for a negative stride) to the size.
static Value normalize(Lowering &l, Value bound, Value size, bool forward) {
  Value zero = l.constantIndex(0);
  Value lowest = l.constantIndex(forward ? 0 : -1);
  Value highest = forward ? size : sub(l, size, l.constantIndex(1));
  Value isNegative =
      arith::CmpIOp::create(l.b, l.loc, arith::CmpIPredicate::slt, bound, zero);
  Value fromEnd = max(l, add(l, bound, size), lowest);
  return arith::SelectOp::create(l.b, l.loc, isNegative, fromEnd,
                                 min(l, bound, highest));
}

static LogicalResult lowerDynamicStridedSlice(Lowering &l,
                                              DynamicStridedSliceOp op) {
  ArrayRef<Dim> from = l.dims.of(op.getX()), to = l.dims.of(op.getResult());
  SmallVector<Value> begins = positions(l, op.getBegins(), from.size());
  SmallVector<Value> ends = positions(l, op.getEnds(), from.size());
  SmallVector<OpFoldResult> starts;
  for (auto [i, dim] : llvm::enumerate(to)) {
    int64_t stride = op.getStrides()[i];
    bool forward = stride > 0;
    Value size = l.size(from[i]);
    auto isAbsent = [&](int64_t mask) { return (mask >> i) & 1; };
    Value begin, end;
    if (isAbsent(op.getBeginMask()))
      begin = forward ? l.constantIndex(0) : sub(l, size, l.constantIndex(1));
    else
      begin = normalize(l, begins[i], size, forward);
    if (isAbsent(op.getEndMask()))
      end = forward ? size : l.constantIndex(-1);
    else
      end = normalize(l, ends[i], size, forward);
    starts.push_back(begin);
    defineOpen(l, dim, [&] {
      return forward ? count(l, begin, end, stride)
                     : count(l, end, begin, -stride);
    });
  }
  l.set(op.getResult(),
        readBox(l, op.getX(), op.getResult(), starts, op.getStrides()));
  return success();
}

/// The elements in opposite order along some axes.
static Value reverse(Lowering &l, Operation *op, Value tensor, ArrayRef<Dim> of,
                     Type element,
                     llvm::function_ref<bool(int64_t)> isReversed) {
  SmallVector<OpFoldResult> starts;
  SmallVector<int64_t> strides;
  for (auto [i, dim] : llvm::enumerate(of)) {
    strides.push_back(isReversed(i) ? -1 : 1);
    starts.push_back(l.b.getIndexAttr(isReversed(i) && dim >= 0 ? dim - 1 : 0));
  }
  if (Value read = isForDevice(op)
                       ? Value()
                       : readInSteps(l, tensor, of, element, starts, strides))
    return read;
  return l.generate(of, element, [&](ValueRange ivs) -> Value {
    SmallVector<Value> at(ivs);
    for (auto [i, dim] : llvm::enumerate(of))
      if (isReversed(i))
        at[i] = sub(l, sub(l, l.size(dim), l.constantIndex(1)), ivs[i]);
    return tensor::ExtractOp::create(l.b, l.loc, tensor, at);
  });
}

static LogicalResult lowerReverse(Lowering &l, ReverseOp op) {
  l.set(op.getResult(), reverse(l, op, l.value(op.getX()), l.dims.of(op.getX()),
                                elementOf(op.getX()), [&](int64_t i) {
                                  return llvm::is_contained(op.getAxes(), i);
                                }));
  return success();
}

static LogicalResult lowerUpdateSlice(Lowering &l, UpdateSliceOp op) {
  if (rankOf(op.getX()) == 0) {
    l.set(op.getResult(), l.value(op.getUpdate()));
    return success();
  }
  ArrayRef<Dim> box = l.dims.of(op.getUpdate());
  SmallVector<Value> starts = positions(l, op.getStarts(), rankOf(op.getX()));
  ArrayRef<int64_t> strides = op.getStrides();
  Value update = l.value(op.getUpdate());
  if (llvm::any_of(strides, [](int64_t stride) { return stride < 0; }))
    update = reverse(l, op, update, box, elementOf(op.getUpdate()),
                     [&](int64_t i) { return strides[i] < 0; });
  SmallVector<OpFoldResult> offsets, steps;
  for (auto [start, stride, dim] : llvm::zip(starts, strides, box)) {
    steps.push_back(l.b.getIndexAttr(std::abs(stride)));
    if (stride > 0) {
      offsets.push_back(start);
      continue;
    }
    Value last = sub(l, l.size(dim), l.constantIndex(1));
    offsets.push_back(add(l, start, mul(l, last, l.constantIndex(stride))));
  }
  l.set(op.getResult(),
        tensor::InsertSliceOp::create(l.b, l.loc, update, l.value(op.getX()),
                                      offsets, l.sizes(box), steps));
  return success();
}

void lowering::addSliceHandlers(Handlers &handlers) {
  addHandler<SliceOp, lowerSlice>(handlers);
  addHandler<DynamicSliceOp, lowerDynamicSlice>(handlers);
  addHandler<DynamicStridedSliceOp, lowerDynamicStridedSlice>(handlers);
  addHandler<ReverseOp, lowerReverse>(handlers);
  addHandler<UpdateSliceOp, lowerUpdateSlice>(handlers);
}
