//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The gradient of a convolution's input as convolutions without strides.
//
// Element k of the window at place o meets the padded input at o * stride + k.
// So what lies at q * stride + r there was met by elements k = r + j * stride
// alone, at places q - j:
//
//   result[q * stride + r - before] = sum over j: grad[q - j] * filter[r + j *
//   stride]
//
// which for each phase r is a convolution of the padded gradient with a part of
// the filter, turned around. Phases of the dimensions are combined; each writes
// its own elements of the result. Without strides there is one phase, whose
// window may be dilated.
//===----------------------------------------------------------------------===//

#include "Convolution.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/MathExtras.h"
#include <functional>

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

/// The phases of one dimension; nothing if too little is known of it.
std::optional<Convolution::Axis> Convolution::axisOf(unsigned i) {
  std::optional<int64_t> window = getConstantIntValue(windows.window[i]),
                         before = getConstantIntValue(windows.before[i]),
                         after = getConstantIntValue(windows.after[i]),
                         size = getConstantIntValue(windows.sizes[i]),
                         places = getConstantIntValue(windows.places[i]);
  int64_t stride = windows.strides[i], dilation = windows.dilations[i];
  if (!window || !before || !after || *window < 1)
    return std::nullopt;
  Axis axis;
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

/// A copy of the filter's part that belongs to these phases, from its end, with
/// features as channels. It is small beside the sums, and its last dimension is
/// contiguous, as a product's right operand wants it.
Operand Convolution::turnedFilter(Value filter, ArrayRef<Phase> phases,
                                  const ImplicitLoops &loops) {
  unsigned rank = windows.rank(), last = groups > 1 ? rank + 2 : rank + 1;
  SmallVector<Value> extents;
  Exprs from, indices;
  for (auto [i, phase] : llvm::enumerate(phases)) {
    int64_t stride = windows.strides[i];
    extents.push_back(l.constantIndex(phase.taps));
    from.push_back(
        l.b.getAffineConstantExpr(phase.first + (phase.taps - 1) * stride) -
        loop(i) * stride);
    indices.push_back(loop(loops.window + i));
  }
  extents.push_back(features);
  from.push_back(loop(last));
  indices.push_back(loop(loops.depth));
  if (groups > 1) {
    extents.push_back(l.constantIndex(groups));
    from.push_back(loop(rank + 1));
    indices.push_back(loop(loops.group));
  }
  extents.push_back(depth);
  from.push_back(loop(rank));
  indices.push_back(loop(loops.feature));
  Type stored = cast<RankedTensorType>(filter.getType()).getElementType();
  Body body(l, Dims(extents.size(), 0));
  Value each = body.load(filter, from);
  body.addOutput(
      tensor::EmptyOp::create(l.b, l.loc, getAsOpFoldResult(extents), stored),
      body.identity());
  return {body.finish(each)[0], indices};
}

/// The gradient with zeros around, as far as any phase looks.
Value Convolution::paddedGrad(Value grad, ArrayRef<Axis> axes) {
  unsigned rank = windows.rank();
  SmallVector<OpFoldResult> offsets(rank + 2, l.b.getIndexAttr(0)), inner,
      steps(rank + 2, l.b.getIndexAttr(1));
  SmallVector<Value> extents{batch};
  for (auto [i, axis] : llvm::enumerate(axes)) {
    offsets[i + 1] = l.b.getIndexAttr(axis.low);
    extents.push_back(axis.size);
  }
  extents.push_back(mulIndex(l, l.constantIndex(groups), features));
  for (unsigned i = 0; i < rank + 2; ++i)
    inner.push_back(getAsOpFoldResult(dimOf(l, grad, i)));
  return tensor::InsertSliceOp::create(l.b, l.loc, grad, filled(extents),
                                       offsets, inner, steps);
}

/// What one combination of phases adds up, stored to its elements of `result`:
/// [batch, places..., group if there are several, depth].
Value Convolution::inputGradPhase(Value grad, Value filter,
                                  ArrayRef<Phase> phases, Value result) {
  unsigned rank = windows.rank();
  ImplicitLoops loops = implicitLoops(/*merge=*/false);
  // The part of the gradient that the first place of the phase begins at.
  SmallVector<OpFoldResult> from(rank + 2, l.b.getIndexAttr(0)), seen,
      ones(rank + 2, l.b.getIndexAttr(1));
  seen.push_back(getAsOpFoldResult(batch));
  for (auto [i, phase] : llvm::enumerate(phases)) {
    int64_t reach = (phase.taps - 1) * windows.dilations[i];
    from[i + 1] = l.b.getIndexAttr(phase.from);
    seen.push_back(
        getAsOpFoldResult(addIndex(l, phase.places, l.constantIndex(reach))));
  }
  seen.push_back(getAsOpFoldResult(dimOf(l, grad, rank + 1)));
  PhaseBox box = boxOf(phases, result);
  Value part =
      tensor::ExtractSliceOp::create(l.b, l.loc, grad, from, seen, ones);
  Value mine = tensor::ExtractSliceOp::create(l.b, l.loc, result, box.offsets,
                                              box.extents, box.steps);
  // Before the sums begin with zeros: a product that comes right after its fill
  // needs none.
  Operand weights = turnedFilter(filter, phases, loops);
  Operand sums = implicitResult({}, depth, loops);
  sums.tensor = linalg::FillOp::create(l.b, l.loc, zero, mine).getResult(0);
  // Features and channels change places.
  SmallVector<int64_t> unit(rank, 1);
  Value done = accumulate(
      implicitInput(part, features, loops, unit, windows.dilations), weights,
      sums, loops.count, reducedLoops(loops.window, loops.count), sum);
  return tensor::InsertSliceOp::create(l.b, l.loc, done, result, box.offsets,
                                       box.extents, box.steps);
}

Convolution::PhaseBox Convolution::boxOf(ArrayRef<Phase> phases, Value result) {
  int64_t rank = cast<RankedTensorType>(result.getType()).getRank();
  PhaseBox box;
  box.offsets.assign(rank, l.b.getIndexAttr(0));
  box.steps.assign(rank, l.b.getIndexAttr(1));
  box.extents.push_back(getAsOpFoldResult(batch));
  for (auto [i, phase] : llvm::enumerate(phases)) {
    box.offsets[i + 1] = l.b.getIndexAttr(phase.to);
    box.extents.push_back(getAsOpFoldResult(phase.places));
    box.steps[i + 1] = l.b.getIndexAttr(windows.strides[i]);
  }
  for (int64_t i = phases.size() + 1; i < rank; ++i)
    box.extents.push_back(getAsOpFoldResult(dimOf(l, result, i)));
  return box;
}

Value Convolution::overPhases(
    ArrayRef<Axis> axes, Value result,
    llvm::function_ref<Value(ArrayRef<Phase>, Value)> add) const {
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

Value Convolution::forPhases(ArrayRef<Axis> axes, ArrayRef<Value> extents) {
  bool complete = llvm::all_of(axes, [](const Axis &axis) {
    return llvm::all_of(axis.phases,
                        [](const Phase &phase) { return phase.taps > 0; });
  });
  if (!complete)
    return filled(extents);
  return tensor::EmptyOp::create(l.b, l.loc, getAsOpFoldResult(extents),
                                 zero.getType());
}

Value Convolution::implicitInputGrad(Value grad, Value filter,
                                     ArrayRef<Axis> axes) {
  unsigned rank = windows.rank();
  SmallVector<Value> extents{batch};
  llvm::append_range(extents, windows.sizes);
  if (groups > 1) {
    extents.push_back(l.constantIndex(groups));
    filter = grouped(filter, rank + 1, {l.constantIndex(groups), features});
  }
  extents.push_back(depth);
  Value whole = paddedGrad(grad, axes);
  Value result = overPhases(axes, forPhases(axes, extents),
                            [&](ArrayRef<Phase> phases, Value now) {
                              return inputGradPhase(whole, filter, phases, now);
                            });
  SmallVector<unsigned> counts(rank + 1, 1);
  counts.push_back(groups > 1 ? 2 : 1);
  return collapse(result, counts);
}
