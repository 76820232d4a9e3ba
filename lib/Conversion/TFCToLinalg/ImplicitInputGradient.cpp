//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The gradient of a convolution's input as convolutions without strides: for
// each phase (Phases.h) one of the padded gradient with a part of the filter,
// turned around. A large filter stays as it is, and the gradient's windows are
// read from their end: a copy would take as long as a good part of the sums.
//===----------------------------------------------------------------------===//

#include "Convolution.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

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

/// The part of a large filter that belongs to these phases, from its begin.
Operand Convolution::phaseFilter(Value filter, ArrayRef<Phase> phases,
                                 const ImplicitLoops &loops) {
  unsigned rank = windows.rank();
  auto type = cast<RankedTensorType>(filter.getType());
  SmallVector<OpFoldResult> offsets(type.getRank(), l.b.getIndexAttr(0)),
      extents, steps(type.getRank(), l.b.getIndexAttr(1));
  Exprs indices;
  for (auto [i, phase] : llvm::enumerate(phases)) {
    offsets[i] = l.b.getIndexAttr(phase.first);
    extents.push_back(l.b.getIndexAttr(phase.taps));
    steps[i] = l.b.getIndexAttr(windows.strides[i]);
    indices.push_back(loop(loops.window + i));
  }
  for (int64_t i = rank; i < type.getRank(); ++i)
    extents.push_back(l.b.getIndexAttr(type.getDimSize(i)));
  indices.push_back(loop(loops.feature));
  if (groups > 1)
    indices.push_back(loop(loops.group));
  indices.push_back(loop(loops.depth));
  Value part = tensor::ExtractSliceOp::create(l.b, l.loc, filter, offsets,
                                              extents, steps);
  return {part, indices};
}

/// Filters of so many bytes are packed for products in any case.
static bool isLargeFilter(Value filter) {
  constexpr int64_t largeBytes = 512 * 1024;
  auto type = cast<RankedTensorType>(filter.getType());
  return type.hasStaticShape() &&
         type.getNumElements() * type.getElementTypeBitWidth() / 8 > largeBytes;
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
  PhaseBox box = boxOf(l, windows, phases, result);
  Value part =
      tensor::ExtractSliceOp::create(l.b, l.loc, grad, from, seen, ones);
  Value mine = tensor::ExtractSliceOp::create(l.b, l.loc, result, box.offsets,
                                              box.extents, box.steps);
  // Before the sums begin with zeros: a product that comes right after its fill
  // needs none.
  bool backwards = isLargeFilter(filter);
  Operand weights = backwards ? phaseFilter(filter, phases, loops)
                              : turnedFilter(filter, phases, loops);
  Operand sums = implicitResult({}, depth, loops);
  sums.tensor = linalg::FillOp::create(l.b, l.loc, zero, mine).getResult(0);
  // Features and channels change places.
  SmallVector<int64_t> unit(rank, 1);
  Operand seenWindows =
      implicitInput(part, features, loops, unit, windows.dilations);
  if (backwards)
    for (auto [i, phase] : llvm::enumerate(phases))
      seenWindows.indices[i + 1] =
          loop(loops.places + i) +
          (phase.taps - 1 - loop(loops.window + i)) * windows.dilations[i];
  Value done = accumulate(seenWindows, weights, sums, loops.count,
                          reducedLoops(loops.window, loops.count));
  return tensor::InsertSliceOp::create(l.b, l.loc, done, result, box.offsets,
                                       box.extents, box.steps);
}

Value Convolution::implicitInputGrad(Value grad, Value filter,
                                     ArrayRef<PhaseAxis> axes) {
  unsigned rank = windows.rank();
  SmallVector<Value> extents{batch};
  llvm::append_range(extents, windows.sizes);
  if (groups > 1) {
    extents.push_back(l.constantIndex(groups));
    filter = grouped(filter, rank + 1, {l.constantIndex(groups), features});
  }
  extents.push_back(depth);
  Value whole = padForPhases(l, grad, axes, zeroOf(grad));
  Value result = overPhases(axes, forPhases(l, axes, extents, zero),
                            [&](ArrayRef<Phase> phases, Value now) {
                              return inputGradPhase(whole, filter, phases, now);
                            });
  SmallVector<unsigned> counts(rank + 1, 1);
  counts.push_back(groups > 1 ? 2 : 1);
  return collapse(result, counts);
}
