//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Checks of ops on sliding windows: what inference could not decide.
//===----------------------------------------------------------------------===//

#include "CheckBuilder.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tfc;

namespace {
/// Sizes of an input or window: dimensions of a tensor, entries of a shape, or
/// numbers.
struct SizeSource {
  Value tensor = {}, vector = {};
  ArrayRef<int64_t> numbers = {};
  Value get(CheckBuilder &build, int64_t axis) const {
    if (!tensor && !vector)
      return build.scalar(numbers[axis]);
    return tensor ? build.dimension(tensor, axis)
                  : build.element(build.toI64(vector), axis);
  }
  Size find(SizeAnalysis &sizes, int64_t axis) const {
    if (!tensor && !vector)
      return Size::constant(numbers[axis]);
    return tensor ? sizes.dimension(tensor, axis) : sizes.element(vector, axis);
  }
  bool isKnown(SizeAnalysis &sizes, int64_t axis) const {
    return find(sizes, axis).isConstant();
  }
};
} // namespace

/// A shape has an entry for each dimension, none of them negative.
static void checkShapeOperand(Value shape, int64_t rank, CheckBuilder &build,
                              SizeAnalysis &sizes) {
  bool known = !ranked(shape).isDynamicDim(0);
  for (int64_t i = 0; i < rank && known; ++i) {
    Size size = sizes.element(shape, i);
    known =
        size.kind == Size::Dimension || (size.isConstant() && size.index >= 0);
  }
  if (known)
    return;
  if (ranked(shape).isDynamicDim(0))
    build.require(
        build.make<EqualOp>(build.dimension(shape, 0), build.scalar(rank)),
        "Expected a shape of " + std::to_string(rank) + " entries, got {}",
        {shape});
  build.require(build.make<GreaterEqualOp>(build.toI64(shape), build.scalar(0)),
                "Expected sizes that are not negative, got {}", {shape});
}

/// The windows fit in the padded size, and a gradient has as many places as
/// there are.
template <typename OpTy>
static void checkPlaces(OpTy op, CheckBuilder &build, SizeAnalysis &sizes,
                        SizeSource x, SizeSource window, Value g) {
  ArrayRef<int64_t> padding = op.getPadding();
  Value fits, agrees;
  for (int64_t i = 0; i < op.getNumSpatial(); ++i) {
    bool known = x.isKnown(sizes, i + 1) &&
                 (padding.empty() || window.isKnown(sizes, i));
    if (g ? known && sizes.dimension(g, i + 1).isConstant()
          : known || padding.empty())
      continue;
    Value size = x.get(build, i + 1), stride = build.scalar(op.getStrides()[i]);
    Value room = size, one = build.scalar(1);
    if (!padding.empty()) {
      room = build.make<AddOp>(
          size, build.scalar(padding[2 * i] + padding[2 * i + 1]));
      Value reach =
          build.make<MulOp>(build.make<SubOp>(window.get(build, i), one),
                            build.scalar(op.getDilations()[i]));
      room = build.make<SubOp>(room, reach);
      if (!known)
        fits = build.both(fits, build.make<GreaterOp>(room, build.scalar(0)));
    }
    if (!g)
      continue;
    // ceil(room / stride)
    Value count = build.make<FloorDivOp>(
        build.make<AddOp>(room, build.scalar(op.getStrides()[i] - 1)), stride);
    agrees = build.both(agrees,
                        build.make<EqualOp>(count, build.dimension(g, i + 1)));
  }
  SmallVector<Value> shape{x.tensor ? build.shape(x.tensor) : x.vector};
  if (fits)
    build.require(fits, "The window does not fit in the padded size of {}",
                  shape);
  if (agrees) {
    shape.push_back(build.shape(g));
    build.require(agrees,
                  "An input of shape {} has another number of windows than {}",
                  shape);
  }
}

/// Channels, features and batches of a convolution agree.
template <typename OpTy>
static void checkChannels(OpTy op, CheckBuilder &build, SizeAnalysis &sizes,
                          SizeSource x, SizeSource filter, Value g) {
  int64_t last = op.getNumSpatial() + 1;
  int64_t groups = op.getGroups();
  Value fits;
  if (!x.isKnown(sizes, last) || !filter.isKnown(sizes, last - 1))
    fits = build.make<EqualOp>(
        x.get(build, last),
        build.make<MulOp>(filter.get(build, last - 1), build.scalar(groups)));
  if (groups > 1 && !filter.isKnown(sizes, last))
    fits = build.both(fits, build.make<EqualOp>(
                                build.make<FloorModOp>(filter.get(build, last),
                                                       build.scalar(groups)),
                                build.scalar(0)));
  if (g && filter.find(sizes, last) != sizes.dimension(g, last))
    fits = build.both(fits, build.make<EqualOp>(filter.get(build, last),
                                                build.dimension(g, last)));
  if (g && x.find(sizes, 0) != sizes.dimension(g, 0))
    fits = build.both(
        fits, build.make<EqualOp>(x.get(build, 0), build.dimension(g, 0)));
  if (!fits)
    return;
  auto shape = [&](SizeSource of) {
    return of.tensor ? build.shape(of.tensor) : of.vector;
  };
  build.require(fits,
                "A convolution of {} with a filter {} in " +
                    std::to_string(groups) + " groups does not fit",
                {shape(x), shape(filter)});
}

void tfc::checkWindows(Operation *op, CheckBuilder &build,
                       SizeAnalysis &sizes) {
  TypeSwitch<Operation *>(op)
      .Case([&](ConvOp conv) {
        SizeSource filter{conv.getFilter()};
        checkChannels(conv, build, sizes, {conv.getX()}, filter, {});
        checkPlaces(conv, build, sizes, {conv.getX()}, filter, {});
      })
      .Case([&](ConvInputGradOp conv) {
        SizeSource filter{conv.getFilter()};
        checkShapeOperand(conv.getShape(), conv.getNumSpatial() + 2, build,
                          sizes);
        checkChannels(conv, build, sizes, {{}, conv.getShape()}, filter,
                      conv.getG());
        checkPlaces(conv, build, sizes, {{}, conv.getShape()}, filter,
                    conv.getG());
      })
      .Case([&](ConvFilterGradOp conv) {
        SizeSource filter{{}, conv.getShape()};
        checkShapeOperand(conv.getShape(), conv.getNumSpatial() + 2, build,
                          sizes);
        checkChannels(conv, build, sizes, {conv.getX()}, filter, conv.getG());
        checkPlaces(conv, build, sizes, {conv.getX()}, filter, conv.getG());
      })
      .Case<MaxPoolOp, ArgmaxPoolOp, AvgPoolOp>([&](auto pool) {
        checkPlaces(pool, build, sizes, {pool.getX()},
                    {{}, {}, pool.getWindow()}, {});
      })
      .Case([&](AvgPoolGradOp pool) {
        checkShapeOperand(pool.getShape(), pool.getNumSpatial() + 2, build,
                          sizes);
        SizeSource x{{}, pool.getShape()};
        checkPlaces(pool, build, sizes, x, {{}, {}, pool.getWindow()},
                    pool.getG());
        Value fits;
        for (int64_t axis : {int64_t(0), pool.getNumSpatial() + 1})
          if (x.find(sizes, axis) != sizes.dimension(pool.getG(), axis))
            fits = build.both(
                fits, build.make<EqualOp>(x.get(build, axis),
                                          build.dimension(pool.getG(), axis)));
        if (fits)
          build.require(
              fits, "An input of shape {} has not the batch and channels of {}",
              {pool.getShape(), build.shape(pool.getG())});
      });
}
