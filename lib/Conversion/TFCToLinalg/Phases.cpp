//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Phases of sliding windows, and the boxes of the input they write.
//===----------------------------------------------------------------------===//

#include "Phases.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "llvm/Support/MathExtras.h"
#include <functional>

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

/// The phases of one dimension; nothing if too little is known of it.
static std::optional<PhaseAxis> axisOf(Lowering &l, const Windows &windows,
                                       unsigned i) {
  std::optional<int64_t> window = getConstantIntValue(windows.window[i]),
                         before = getConstantIntValue(windows.before[i]),
                         after = getConstantIntValue(windows.after[i]),
                         size = getConstantIntValue(windows.sizes[i]),
                         places = getConstantIntValue(windows.places[i]);
  int64_t stride = windows.strides[i], dilation = windows.dilations[i];
  if (!window || !before || !after || *window < 1)
    return std::nullopt;
  PhaseAxis axis;
  if (stride == 1) {
    int64_t reach = (*window - 1) * dilation;
    axis.low = std::max<int64_t>(0, reach - *before);
    // As many places as there are, or as elements look for.
    Value end = *after > reach
                    ? windows.places[i]
                    : addIndex(l, windows.sizes[i], l.constantIndex(*before));
    axis.size = addIndex(l, end, l.constantIndex(axis.low));
    axis.phases.push_back(
        {*window, 0, *before - reach + axis.low, 0, windows.sizes[i]});
    return axis;
  }
  if (dilation != 1 || !size || !places)
    return std::nullopt;
  int64_t end = *places;
  for (int64_t r = 0; r < stride; ++r) {
    // q * stride + r - before lies in the input for q from `first` below
    // `last`.
    int64_t first = llvm::divideCeilSigned(*before - r, stride),
            last = llvm::divideCeilSigned(*before + *size - r, stride),
            taps = llvm::divideCeilSigned(std::max<int64_t>(0, *window - r),
                                          stride);
    if (first >= last)
      continue;
    axis.phases.push_back({taps, r, first, first * stride + r - *before,
                           l.constantIndex(last - first)});
    if (taps == 0)
      continue;
    axis.low = std::max(axis.low, taps - 1 - first);
    end = std::max(end, last);
  }
  for (Phase &phase : axis.phases)
    phase.from += axis.low - (phase.taps - 1);
  axis.size = l.constantIndex(axis.low + end);
  return axis;
}

SmallVector<PhaseAxis> lowering::phasesOf(Lowering &l, const Windows &windows) {
  SmallVector<PhaseAxis> axes;
  size_t count = 1;
  for (unsigned i = 0; i < windows.rank(); ++i) {
    std::optional<PhaseAxis> axis = axisOf(l, windows, i);
    if (!axis)
      return {};
    count *= axis->phases.size();
    axes.push_back(*axis);
  }
  return count <= mostPhases ? axes : SmallVector<PhaseAxis>();
}

Value lowering::padForPhases(Lowering &l, Value x, ArrayRef<PhaseAxis> axes,
                             Value fill) {
  SmallVector<Value> before, after;
  for (auto [i, axis] : llvm::enumerate(axes)) {
    before.push_back(l.constantIndex(axis.low));
    Value end = addIndex(l, dimOf(l, x, i + 1), before.back());
    after.push_back(subIndex(l, axis.size, end));
  }
  return padSpatial(l, x, before, after, fill);
}

PhaseBox lowering::boxOf(Lowering &l, const Windows &windows,
                         ArrayRef<Phase> phases, Value result) {
  int64_t rank = cast<RankedTensorType>(result.getType()).getRank();
  PhaseBox box;
  box.offsets.assign(rank, l.b.getIndexAttr(0));
  box.steps.assign(rank, l.b.getIndexAttr(1));
  box.extents.push_back(getAsOpFoldResult(dimOf(l, result, 0)));
  for (auto [i, phase] : llvm::enumerate(phases)) {
    box.offsets[i + 1] = l.b.getIndexAttr(phase.to);
    box.extents.push_back(getAsOpFoldResult(phase.places));
    box.steps[i + 1] = l.b.getIndexAttr(windows.strides[i]);
  }
  for (int64_t i = phases.size() + 1; i < rank; ++i)
    box.extents.push_back(getAsOpFoldResult(dimOf(l, result, i)));
  return box;
}

Value lowering::overPhases(
    ArrayRef<PhaseAxis> axes, Value result,
    llvm::function_ref<Value(ArrayRef<Phase>, Value)> add) {
  SmallVector<Phase> phases;
  std::function<void()> over = [&] {
    if (phases.size() == axes.size()) {
      result = add(phases, result);
      return;
    }
    for (const Phase &phase : axes[phases.size()].phases) {
      if (phase.taps == 0)
        continue;
      phases.push_back(phase);
      over();
      phases.pop_back();
    }
  };
  over();
  return result;
}

Value lowering::forPhases(Lowering &l, ArrayRef<PhaseAxis> axes,
                          ArrayRef<Value> extents, Value fill) {
  bool complete = llvm::all_of(axes, [](const PhaseAxis &axis) {
    return llvm::all_of(axis.phases,
                        [](const Phase &phase) { return phase.taps > 0; });
  });
  Value empty = tensor::EmptyOp::create(l.b, l.loc, getAsOpFoldResult(extents),
                                        fill.getType());
  return complete
             ? empty
             : linalg::FillOp::create(l.b, l.loc, fill, empty).getResult(0);
}
