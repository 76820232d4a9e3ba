//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Geometry of sliding windows: padding, and the boxes that one element of the
// window meets.
//===----------------------------------------------------------------------===//

#include "Windows.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

template <typename Op> static Value foldIndex(Lowering &l, Value x, Value y) {
  return l.b.createOrFold<Op>(l.loc, x, y);
}
Value lowering::addIndex(Lowering &l, Value x, Value y) {
  return foldIndex<arith::AddIOp>(l, x, y);
}
Value lowering::subIndex(Lowering &l, Value x, Value y) {
  return foldIndex<arith::SubIOp>(l, x, y);
}
Value lowering::mulIndex(Lowering &l, Value x, Value y) {
  return foldIndex<arith::MulIOp>(l, x, y);
}

Value lowering::dimOf(Lowering &l, Value tensor, int64_t dim) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (!type.isDynamicDim(dim))
    return l.constantIndex(type.getDimSize(dim));
  return tensor::DimOp::create(l.b, l.loc, tensor, dim);
}

static bool isZero(Value x) { return getConstantIntValue(x) == 0; }

Windows::Windows(Lowering &l, ArrayRef<Dim> sizes, ValueRange window,
                 ArrayRef<int64_t> strides, ArrayRef<int64_t> dilations,
                 ArrayRef<int64_t> padding)
    : window(window), strides(strides), dilations(dilations), l(l) {
  Value zero = l.constantIndex(0), one = l.constantIndex(1);
  for (size_t i = 0; i < rank(); ++i) {
    Value size = l.size(sizes[i]), stride = l.constantIndex(strides[i]);
    Value reach =
        mulIndex(l, subIndex(l, window[i], one), l.constantIndex(dilations[i]));
    Value low, high, count;
    if (padding.empty()) {
      count = foldIndex<arith::CeilDivSIOp>(l, size, stride);
      Value need = addIndex(l, mulIndex(l, subIndex(l, count, one), stride),
                            addIndex(l, reach, one));
      Value total = foldIndex<arith::MaxSIOp>(l, subIndex(l, need, size), zero);
      low = foldIndex<arith::DivUIOp>(l, total, l.constantIndex(2));
      high = subIndex(l, total, low);
      // Each place has its own element, and only that.
      if (getConstantIntValue(window[i]) == 1)
        low = high = zero;
    } else {
      low = l.constantIndex(padding[2 * i]);
      high = l.constantIndex(padding[2 * i + 1]);
      Value room =
          subIndex(l, addIndex(l, size, addIndex(l, low, high)), reach);
      // Invalid sizes were refused; here they must only do no harm.
      count = foldIndex<arith::MaxSIOp>(
          l, foldIndex<arith::CeilDivSIOp>(l, room, stride), zero);
    }
    this->sizes.push_back(size);
    places.push_back(count);
    before.push_back(low);
    after.push_back(high);
    unpadded &= isZero(low) && isZero(high);
    unitWindow &= getConstantIntValue(window[i]) == 1;
  }
}

bool Windows::hasUnitStrides() const {
  return llvm::all_of(strides, [](int64_t stride) { return stride == 1; });
}

Value Windows::padded(Value batch, Value channels, Value fill) {
  Values extents{batch};
  for (size_t i = 0; i < rank(); ++i)
    extents.push_back(addIndex(l, sizes[i], addIndex(l, before[i], after[i])));
  extents.push_back(channels);
  Value empty = tensor::EmptyOp::create(l.b, l.loc, getAsOpFoldResult(extents),
                                        fill.getType());
  return linalg::FillOp::create(l.b, l.loc, fill, empty).getResult(0);
}

/// Larger tensors are not filled as a whole, only around the input.
static constexpr int64_t largeElements = 8 * 1024;

/// `whole`, of these extents, with `fill` around the input. The input is there
/// already: a slice of an empty tensor would get a buffer of its own.
static Value margins(Lowering &l, Value whole, ArrayRef<Value> extents,
                     ValueRange before, ValueRange after, Value fill) {
  SmallVector<OpFoldResult> steps(extents.size(), l.b.getIndexAttr(1));
  auto slab = [&](size_t dim, Value from, Value size) {
    if (isZero(size))
      return;
    SmallVector<OpFoldResult> offsets(extents.size(), l.b.getIndexAttr(0)),
        sizes = getAsOpFoldResult(extents);
    offsets[dim] = getAsOpFoldResult(from);
    sizes[dim] = getAsOpFoldResult(size);
    Value part = tensor::ExtractSliceOp::create(l.b, l.loc, whole, offsets,
                                                sizes, steps);
    part = linalg::FillOp::create(l.b, l.loc, fill, part).getResult(0);
    whole = tensor::InsertSliceOp::create(l.b, l.loc, part, whole, offsets,
                                          sizes, steps);
  };
  for (size_t i = 0; i < before.size(); ++i) {
    slab(i, l.constantIndex(0), before[i]);
    slab(i, subIndex(l, extents[i], after[i]), after[i]);
  }
  return whole;
}

Value lowering::padAround(Lowering &l, Value x, ValueRange before,
                          ValueRange after, Value fill) {
  size_t rank = before.size();
  SmallVector<Value> extents;
  SmallVector<OpFoldResult> inner, steps(rank, l.b.getIndexAttr(1));
  int64_t elements = 1;
  bool isPadded = false;
  for (size_t i = 0; i < rank; ++i) {
    Value size = dimOf(l, x, i);
    inner.push_back(getAsOpFoldResult(size));
    isPadded |= !isZero(before[i]) || !isZero(after[i]);
    size = addIndex(l, size, addIndex(l, before[i], after[i]));
    extents.push_back(size);
    elements *= std::max<int64_t>(1, getConstantIntValue(size).value_or(1));
  }
  if (!isPadded)
    return x;
  bool isLarge = elements >= largeElements;
  Value whole = tensor::EmptyOp::create(l.b, l.loc, getAsOpFoldResult(extents),
                                        fill.getType());
  if (!isLarge)
    whole = linalg::FillOp::create(l.b, l.loc, fill, whole).getResult(0);
  whole = tensor::InsertSliceOp::create(
      l.b, l.loc, x, whole, getAsOpFoldResult(before), inner, steps);
  return isLarge ? margins(l, whole, extents, before, after, fill) : whole;
}

Value lowering::padSpatial(Lowering &l, Value x, ValueRange before,
                           ValueRange after, Value fill) {
  Value none = l.constantIndex(0);
  auto everywhere = [&](ValueRange spatial) {
    SmallVector<Value> all{none};
    llvm::append_range(all, spatial);
    all.push_back(none);
    return all;
  };
  return padAround(l, x, everywhere(before), everywhere(after), fill);
}

Value Windows::pad(Value x, Value fill) {
  return padSpatial(l, x, before, after, fill);
}

Value Windows::unpad(Value x) {
  if (unpadded)
    return x;
  SmallVector<OpFoldResult> offsets(rank() + 2, l.b.getIndexAttr(0)), extents,
      steps(rank() + 2, l.b.getIndexAttr(1));
  extents.push_back(getAsOpFoldResult(dimOf(l, x, 0)));
  for (size_t i = 0; i < rank(); ++i) {
    offsets[i + 1] = getAsOpFoldResult(before[i]);
    extents.push_back(getAsOpFoldResult(sizes[i]));
  }
  extents.push_back(getAsOpFoldResult(dimOf(l, x, rank() + 1)));
  return tensor::ExtractSliceOp::create(l.b, l.loc, x, offsets, extents, steps);
}

void Windows::box(Value x, ValueRange k, SmallVector<OpFoldResult> &offsets,
                  SmallVector<OpFoldResult> &extents,
                  SmallVector<OpFoldResult> &steps) {
  offsets.assign(rank() + 2, l.b.getIndexAttr(0));
  steps.assign(rank() + 2, l.b.getIndexAttr(1));
  extents.push_back(getAsOpFoldResult(dimOf(l, x, 0)));
  for (size_t i = 0; i < rank(); ++i) {
    offsets[i + 1] =
        getAsOpFoldResult(mulIndex(l, k[i], l.constantIndex(dilations[i])));
    extents.push_back(getAsOpFoldResult(places[i]));
    steps[i + 1] = l.b.getIndexAttr(strides[i]);
  }
  extents.push_back(getAsOpFoldResult(dimOf(l, x, rank() + 1)));
}

Value Windows::at(Value x, ValueRange k) {
  SmallVector<OpFoldResult> offsets, extents, steps;
  box(x, k, offsets, extents, steps);
  return tensor::ExtractSliceOp::create(l.b, l.loc, x, offsets, extents, steps);
}

Value Windows::put(Value part, Value x, ValueRange k) {
  SmallVector<OpFoldResult> offsets, extents, steps;
  box(x, k, offsets, extents, steps);
  return tensor::InsertSliceOp::create(l.b, l.loc, part, x, offsets, extents,
                                       steps);
}

Value Windows::scatter(Value x,
                       llvm::function_ref<Value(ValueRange, Value)> add) {
  return l.loopNest(
      window, x, [&](ValueRange k, ValueRange carried) -> SmallVector<Value> {
        return {put(add(k, at(carried[0], k)), carried[0], k)};
      })[0];
}

/// Element k lies inside if 0 <= o * stride + k * dilation - before < size.
Value Windows::count(OpBuilder &b, size_t i, Value o) {
  auto number = [&](int64_t value) {
    return arith::ConstantIndexOp::create(b, l.loc, value).getResult();
  };
  Value zero = number(0), dilation = number(dilations[i]);
  Value start = arith::SubIOp::create(
      b, l.loc, before[i],
      arith::MulIOp::create(b, l.loc, o, number(strides[i])));
  auto elementsBefore = [&](Value distance) -> Value {
    Value steps = arith::CeilDivSIOp::create(b, l.loc, distance, dilation);
    return arith::MinSIOp::create(
        b, l.loc, arith::MaxSIOp::create(b, l.loc, steps, zero), window[i]);
  };
  Value end = arith::AddIOp::create(b, l.loc, start, sizes[i]);
  return arith::SubIOp::create(b, l.loc, elementsBefore(end),
                               elementsBefore(start));
}
