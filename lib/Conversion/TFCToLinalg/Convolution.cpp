//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Convolutions and their gradients.
//
// With m = batch and places, kd = window and channels of a group, f = features
// of a group:
//
//   forward      result[m,g,f]    = sum over kd: patches[m,g,kd] *
//   filter[kd,g,f] filter grad  result[kd,g,f]   = sum over m:  patches[m,g,kd]
//   * grad[m,g,f] input grad   patches'[m,g,kd] = sum over f:  grad[m,g,f] *
//   filter[kd,g,f]
//
// where patches[m, g, kd] is an element of the padded input whose index is a
// sum of loops times constants. Contractions take such operands as they are, so
// patches are never stored (implicit matrix product). Neighbouring elements of
// the last dimension of the window and their channels are one loop, and the
// input gradient is made of convolutions with the filter turned around
// (ImplicitInputGradient.cpp). Only where large strides, or strides of unknown
// sizes, are in the way of that, the input gradient's patches' are stored (a
// part of the batch at a time would need less), and added up where windows
// overlap. Where a group has a single feature a contraction has nothing to
// reuse: depthwise convolutions are loops on the padded input itself.
//===----------------------------------------------------------------------===//

#include "Convolution.h"
#include "Slices.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

//===----------------------------------------------------------------------===//
// Views
//===----------------------------------------------------------------------===//

Value Convolution::filled(ArrayRef<Value> extents) {
  Value empty = tensor::EmptyOp::create(l.b, l.loc, getAsOpFoldResult(extents),
                                        zero.getType());
  return linalg::FillOp::create(l.b, l.loc, zero, empty).getResult(0);
}

/// Each dimension split into parts of these sizes.
Value Convolution::reassociate(Value tensor,
                               ArrayRef<SmallVector<Value>> parts) {
  SmallVector<ReassociationIndices> indices;
  SmallVector<Value> extents;
  for (const SmallVector<Value> &part : parts) {
    indices.emplace_back();
    for (Value size : part) {
      indices.back().push_back(extents.size());
      extents.push_back(size);
    }
  }
  if (extents.size() == parts.size())
    return tensor;
  auto source = cast<RankedTensorType>(tensor.getType());
  SmallVector<int64_t> shape;
  for (Value size : extents)
    shape.push_back(getConstantIntValue(size).value_or(ShapedType::kDynamic));
  bool plain = true;
  for (auto [dim, group] : llvm::zip(source.getShape(), indices)) {
    auto isOpen = [&](int64_t i) { return ShapedType::isDynamic(shape[i]); };
    int64_t open = llvm::count_if(group, isOpen), rest = 1;
    for (int64_t i : group)
      rest *= isOpen(i) ? 1 : shape[i];
    // One unknown part follows from a known whole.
    if (!ShapedType::isDynamic(dim) && open == 1 && rest > 0 &&
        dim % rest == 0) {
      int64_t i = *llvm::find_if(group, isOpen);
      shape[i] = dim / rest;
      extents[i] = l.constantIndex(shape[i]);
      open = 0;
    }
    plain &= open == ShapedType::isDynamic(dim);
  }
  auto type = RankedTensorType::get(shape, source.getElementType());
  if (plain)
    return tensor::ExpandShapeOp::create(l.b, l.loc, type, tensor, indices,
                                         getAsOpFoldResult(extents));
  auto vector = RankedTensorType::get({type.getRank()}, l.b.getIndexType());
  Value sizes = tensor::FromElementsOp::create(l.b, l.loc, vector, extents);
  return tensor::ReshapeOp::create(l.b, l.loc, type, tensor, sizes);
}

/// So many dimensions each as one.
Value Convolution::collapse(Value tensor, ArrayRef<unsigned> counts) {
  SmallVector<ReassociationIndices> indices;
  int64_t next = 0;
  for (unsigned count : counts) {
    indices.emplace_back();
    for (unsigned i = 0; i < count; ++i)
      indices.back().push_back(next++);
  }
  if (static_cast<size_t>(next) == counts.size())
    return tensor;
  return tensor::CollapseShapeOp::create(l.b, l.loc, tensor, indices);
}

/// The last dimension split into `last`, after `lead` others that stay.
Value Convolution::grouped(Value tensor, unsigned lead, ArrayRef<Value> last) {
  SmallVector<SmallVector<Value>> parts;
  for (unsigned i = 0; i < lead; ++i)
    parts.push_back({dimOf(l, tensor, i)});
  parts.emplace_back(last);
  return reassociate(tensor, parts);
}

Value Convolution::narrow(Value tensor) {
  if (sum == rounded)
    return tensor;
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<Value> extents;
  for (int64_t i = 0; i < type.getRank(); ++i)
    extents.push_back(dimOf(l, tensor, i));
  Value empty = tensor::EmptyOp::create(l.b, l.loc, getAsOpFoldResult(extents),
                                        storageType(rounded));
  Body body(l, Dims(type.getRank(), 0));
  Value number = castScalar(body.in, l.loc, body.load(tensor, body.identity()),
                            sum, rounded);
  body.addOutput(empty, body.identity());
  return body.finish(number)[0];
}

//===----------------------------------------------------------------------===//
// Contractions
//===----------------------------------------------------------------------===//

/// [batch, places..., group, window..., depth] as [m, group, kd].
Value Convolution::patches(Value x) {
  unsigned rank = windows.rank();
  Value g = l.constantIndex(groups);
  if (windows.isPointwise()) {
    SmallVector<Value> first(rank, l.constantIndex(0));
    Value seen = windows.hasUnitStrides() ? x : windows.at(x, first);
    return collapse(grouped(seen, rank + 1, {g, depth}), {rank + 1, 1, 1});
  }
  Value fill =
      toStorage(l.b, l.loc, numberScalar(l.b, l.loc, element, 0), element);
  Value source = grouped(windows.pad(x, fill), rank + 1, {g, depth});
  SmallVector<Value> extents{batch};
  llvm::append_range(extents, windows.places);
  extents.push_back(g);
  llvm::append_range(extents, windows.window);
  extents.push_back(depth);
  Body body(l, Dims(extents.size(), 0));
  Exprs indices{loop(0)};
  for (unsigned i = 0; i < rank; ++i)
    indices.push_back(windows.index(i, loop(1 + i), loop(2 + rank + i)));
  indices.push_back(loop(1 + rank));
  indices.push_back(loop(2 + 2 * rank));
  Value empty = tensor::EmptyOp::create(l.b, l.loc, getAsOpFoldResult(extents),
                                        storageType(element));
  Value each = body.load(source, indices);
  body.addOutput(empty, body.identity());
  return collapse(body.finish(each)[0], {rank + 1, 1, rank + 1});
}

/// result += left * right over loops of which some are summed up. The operands
/// may have been widened.
Value Convolution::accumulate(Operand left, Operand right, Operand result,
                              unsigned loops, ArrayRef<int64_t> reduced) {
  Body body(l, Dims(loops, 0));
  auto wide = [&](const Operand &operand) {
    Type stored =
        cast<RankedTensorType>(operand.tensor.getType()).getElementType();
    return castScalar(body.in, l.loc,
                      body.load(operand.tensor, operand.indices),
                      stored == zero.getType() ? sum : element, sum);
  };
  Value x = wide(left), y = wide(right);
  Value before = body.addOutput(result.tensor, result.indices);
  return body.finish(multiplyAdd(body.in, l.loc, sum, x, y, before),
                     reduced)[0];
}

//===----------------------------------------------------------------------===//
// Loops of depthwise convolutions
//===----------------------------------------------------------------------===//

/// Dimensions of one element are left out, so that the last loop is contiguous.
Convolution::Loops Convolution::directLoops() const {
  Loops loops;
  unsigned rank = windows.rank();
  loops.batch = 0;
  loops.places = 1;
  loops.window = 1 + rank;
  loops.count = 1 + 2 * rank;
  loops.depth = unit(depth) ? ~0u : loops.count++;
  loops.group = loops.count++;
  loops.feature = unit(features) ? ~0u : loops.count++;
  return loops;
}

Operand Convolution::directInput(Value x, const Loops &loops) {
  unsigned rank = windows.rank();
  Exprs indices{loop(loops.batch)};
  for (unsigned i = 0; i < rank; ++i)
    indices.push_back(
        windows.index(i, loop(loops.places + i), loop(loops.window + i)));
  indices.push_back(loop(loops.group));
  if (loops.depth == ~0u)
    return {x, indices};
  indices.push_back(loop(loops.depth));
  return {grouped(x, rank + 1, {l.constantIndex(groups), depth}), indices};
}

Operand Convolution::directFilter(Value filter, const Loops &loops) {
  unsigned rank = windows.rank();
  Exprs indices;
  for (unsigned i = 0; i < rank; ++i)
    indices.push_back(loop(loops.window + i));
  indices.push_back(loops.depth == ~0u ? l.b.getAffineConstantExpr(0)
                                       : loop(loops.depth));
  indices.push_back(loop(loops.group));
  if (loops.feature == ~0u)
    return {filter, indices};
  indices.push_back(loop(loops.feature));
  return {grouped(filter, rank + 1, {l.constantIndex(groups), features}),
          indices};
}

/// Null stands for a result that has these dimensions already.
Operand Convolution::directResult(Value result, const Loops &loops) {
  unsigned rank = windows.rank();
  Exprs indices{loop(loops.batch)};
  for (unsigned i = 0; i < rank; ++i)
    indices.push_back(loop(loops.places + i));
  indices.push_back(loop(loops.group));
  if (loops.feature == ~0u)
    return {result, indices};
  indices.push_back(loop(loops.feature));
  if (!result)
    return {result, indices};
  return {grouped(result, rank + 1, {l.constantIndex(groups), features}),
          indices};
}

//===----------------------------------------------------------------------===//
// The three ops
//===----------------------------------------------------------------------===//

Value Convolution::forward(Value x, Value filter) {
  unsigned rank = windows.rank();
  Value g = l.constantIndex(groups);
  SmallVector<Value> extents{batch};
  llvm::append_range(extents, windows.places);
  if (!direct && !storesPatches) {
    bool pairs = hasPairsOfChannels();
    return narrow(implicitForward(widen(x, pairs), widen(filter, pairs)));
  }
  if (!direct) {
    Value m = batch;
    for (Value count : windows.places)
      m = mulIndex(l, m, count);
    Value left = patches(x);
    Value right = grouped(collapse(filter, {rank + 1, 1}), 1, {g, features});
    Value sums = accumulate(
        {left, {loop(0), loop(1), loop(3)}},
        {right, {loop(3), loop(1), loop(2)}},
        {filled({m, g, features}), {loop(0), loop(1), loop(2)}}, 4, 3);
    return narrow(reassociate(collapse(sums, {1, 2}),
                              {extents, {mulIndex(l, g, features)}}));
  }
  Loops loops = directLoops();
  extents.push_back(g);
  if (loops.feature != ~0u)
    extents.push_back(features);
  Value fill =
      toStorage(l.b, l.loc, numberScalar(l.b, l.loc, element, 0), element);
  Operand result = directResult({}, loops);
  result.tensor = filled(extents);
  SmallVector<int64_t> reduced =
      llvm::to_vector(llvm::seq<int64_t>(loops.window, loops.window + rank));
  if (loops.depth != ~0u)
    reduced.push_back(loops.depth);
  Value sums =
      accumulate(directInput(windows.pad(x, fill), loops),
                 directFilter(filter, loops), result, loops.count, reduced);
  SmallVector<unsigned> counts(rank + 1, 1);
  counts.push_back(extents.size() - rank - 1);
  return narrow(collapse(sums, counts));
}

Value Convolution::filterGrad(Value x, Value grad) {
  unsigned rank = windows.rank();
  Value g = l.constantIndex(groups), all = mulIndex(l, g, features);
  SmallVector<Value> kd(windows.window);
  if (!direct && !storesPatches) {
    bool pairs = hasPairsOfPlaces();
    return narrow(implicitFilterGrad(widen(x, pairs), widen(grad, pairs)));
  }
  if (!direct) {
    Value size = depth;
    for (Value extent : windows.window)
      size = mulIndex(l, size, extent);
    kd.push_back(depth);
    Value left = patches(x);
    Value right = grouped(collapse(grad, {rank + 1, 1}), 1, {g, features});
    Value sums = accumulate(
        {left, {loop(3), loop(1), loop(0)}},
        {right, {loop(3), loop(1), loop(2)}},
        {filled({size, g, features}), {loop(0), loop(1), loop(2)}}, 4, 3);
    return narrow(reassociate(collapse(sums, {1, 2}), {kd, {all}}));
  }
  Loops loops = directLoops();
  Exprs indices;
  SmallVector<Value> extents(kd);
  for (unsigned i = 0; i < rank; ++i)
    indices.push_back(loop(loops.window + i));
  auto add = [&](unsigned number, Value extent) {
    if (number == ~0u)
      return;
    indices.push_back(loop(number));
    extents.push_back(extent);
  };
  add(loops.depth, depth);
  add(loops.group, g);
  add(loops.feature, features);
  Value fill =
      toStorage(l.b, l.loc, numberScalar(l.b, l.loc, element, 0), element);
  SmallVector<int64_t> reduced =
      llvm::to_vector(llvm::seq<int64_t>(0, 1 + rank));
  Value sums = accumulate(directInput(windows.pad(x, fill), loops),
                          directResult(grad, loops), {filled(extents), indices},
                          loops.count, reduced);
  SmallVector<unsigned> counts(rank + (loops.depth != ~0u), 1);
  counts.push_back(1 + (loops.feature != ~0u));
  sums = collapse(sums, counts);
  if (loops.depth == ~0u)
    sums = grouped(sums, rank, {l.constantIndex(1), all});
  return narrow(sums);
}

Value Convolution::inputGrad(Value grad, Value filter) {
  bool pointwise = windows.isPointwise() && windows.hasUnitStrides();
  SmallVector<PhaseAxis> axes = phasesOf(l, windows);
  if (!direct && !pointwise && !unit(depth) && !axes.empty()) {
    bool pairs = hasPairsOfFeatures();
    return narrow(
        implicitInputGrad(widen(grad, pairs), widen(filter, pairs), axes));
  }
  if (direct && unit(depth) && unit(features) && !axes.empty())
    return narrow(
        inputGradTurned(widen(grad, false), widen(filter, false), axes));
  return narrow(windows.unpad(direct ? inputGradDirect(grad, filter)
                                     : inputGradSums(grad, filter)));
}

/// For each combination of phases a depthwise convolution of the padded
/// gradient with their part of the filter, read backwards.
Value Convolution::inputGradTurned(Value grad, Value filter,
                                   ArrayRef<PhaseAxis> axes) {
  SmallVector<Value> extents{batch};
  llvm::append_range(extents, windows.sizes);
  extents.push_back(l.constantIndex(groups));
  Value padded = padForPhases(l, grad, axes, zero);
  if (windows.hasUnitStrides()) {
    SmallVector<Phase> phases = llvm::map_to_vector(
        axes, [](const PhaseAxis &axis) { return axis.phases.front(); });
    return turnedSums(padded, filter, phases, [&] { return filled(extents); });
  }
  auto add = [&](ArrayRef<Phase> phases, Value result) -> Value {
    PhaseBox box = boxOf(l, windows, phases, result);
    auto zeros = [&] {
      Value mine = tensor::ExtractSliceOp::create(
          l.b, l.loc, result, box.offsets, box.extents, box.steps);
      return linalg::FillOp::create(l.b, l.loc, zero, mine).getResult(0);
    };
    return tensor::InsertSliceOp::create(
        l.b, l.loc, turnedSums(padded, filter, phases, zeros), result,
        box.offsets, box.extents, box.steps);
  };
  return overPhases(axes, forPhases(l, axes, extents, zero), add);
}

/// `zeros`, with what these phases add up. They are filled right before.
Value Convolution::turnedSums(Value padded, Value filter,
                              ArrayRef<Phase> phases,
                              llvm::function_ref<Value()> zeros) {
  unsigned rank = windows.rank();
  Loops loops = directLoops();
  Exprs input{loop(loops.batch)}, backwards;
  SmallVector<Value> window;
  for (auto [i, phase] : llvm::enumerate(phases)) {
    AffineExpr k = loop(loops.window + i);
    input.push_back(loop(loops.places + i) + k * windows.dilations[i] +
                    phase.from);
    backwards.push_back(phase.first +
                        (phase.taps - 1 - loop(i)) * windows.strides[i]);
    window.push_back(l.constantIndex(phase.taps));
  }
  input.push_back(loop(loops.group));
  // A copy of the filter, which tells how large the window is.
  backwards.append({loop(rank), loop(rank + 1)});
  window.append({l.constantIndex(1), l.constantIndex(groups)});
  Body body(l, Dims(rank + 2, 0));
  Value each = body.load(filter, backwards);
  body.addOutput(tensor::EmptyOp::create(l.b, l.loc, getAsOpFoldResult(window),
                                         zero.getType()),
                 body.identity());
  Value turned = body.finish(each)[0];
  Operand result = directResult({}, loops);
  result.tensor = zeros();
  return accumulate({padded, input}, directFilter(turned, loops), result,
                    loops.count,
                    reducedLoops(loops.window, loops.window + rank));
}

/// In the padded size.
Value Convolution::inputGradDirect(Value grad, Value filter) {
  unsigned rank = windows.rank();
  Value g = l.constantIndex(groups);
  Loops loops = directLoops();
  Operand left = directResult(grad, loops),
          weights = directFilter(filter, loops);
  return windows.scatter(
      windows.padded(batch, channels, zero),
      [&](ValueRange k, Value now) -> Value {
        // One element of the window: [depth, group, feature] of the filter.
        auto type = cast<RankedTensorType>(weights.tensor.getType());
        SmallVector<OpFoldResult> offsets(type.getRank(), l.b.getIndexAttr(0)),
            extents, steps(type.getRank(), l.b.getIndexAttr(1));
        for (unsigned i = 0; i < rank; ++i) {
          offsets[i] = getAsOpFoldResult(k[i]);
          extents.push_back(l.b.getIndexAttr(1));
        }
        for (int64_t i = rank; i < type.getRank(); ++i)
          extents.push_back(getAsOpFoldResult(dimOf(l, weights.tensor, i)));
        auto rest = RankedTensorType::get(type.getShape().drop_front(rank),
                                          type.getElementType());
        Value part =
            extractSlice(l, rest, weights.tensor, offsets, extents, steps);
        // Loops without those of the window, which come after batch and places.
        auto without = [&](const Exprs &exprs) {
          Exprs result;
          for (AffineExpr expr : exprs)
            if (auto dim = dyn_cast<AffineDimExpr>(expr);
                dim && dim.getPosition() >= loops.window + rank)
              result.push_back(loop(dim.getPosition() - rank));
            else
              result.push_back(expr);
          return result;
        };
        Exprs at{loop(0)};
        for (unsigned i = 0; i < rank; ++i)
          at.push_back(loop(1 + i));
        at.push_back(loop(loops.group - rank));
        Value sums = now;
        if (loops.depth != ~0u) {
          sums = grouped(now, rank + 1, {g, depth});
          at.push_back(loop(loops.depth - rank));
        }
        SmallVector<int64_t> reduced;
        if (loops.feature != ~0u)
          reduced.push_back(loops.feature - rank);
        sums = accumulate(
            {left.tensor, without(left.indices)},
            {part, without(Exprs(ArrayRef(weights.indices).drop_front(rank)))},
            {sums, at}, loops.count - rank, reduced);
        SmallVector<unsigned> counts(rank + 1, 1);
        counts.push_back(loops.depth != ~0u ? 2 : 1);
        return collapse(sums, counts);
      });
}

/// In the padded size.
Value Convolution::inputGradSums(Value grad, Value filter) {
  unsigned rank = windows.rank();
  Value g = l.constantIndex(groups), m = batch, size = depth;
  for (size_t i = 0; i < rank; ++i) {
    m = mulIndex(l, m, windows.places[i]);
    size = mulIndex(l, size, windows.window[i]);
  }
  Value left = grouped(collapse(grad, {rank + 1, 1}), 1, {g, features});
  Value right = grouped(collapse(filter, {rank + 1, 1}), 1, {g, features});
  Value sums = accumulate(
      {left, {loop(0), loop(1), loop(3)}}, {right, {loop(2), loop(1), loop(3)}},
      {filled({m, g, size}), {loop(0), loop(1), loop(2)}}, 4, 3);
  SmallVector<Value> lead{batch}, kd(windows.window);
  llvm::append_range(lead, windows.places);
  kd.push_back(depth);
  if (windows.isPointwise() && windows.hasUnitStrides())
    return reassociate(collapse(sums, {1, 2}), {lead, {channels}});
  sums = reassociate(sums, {lead, {g}, kd});
  return windows.scatter(
      windows.padded(batch, channels, zero),
      [&](ValueRange k, Value now) -> Value {
        auto type = cast<RankedTensorType>(sums.getType());
        SmallVector<OpFoldResult> offsets(type.getRank(), l.b.getIndexAttr(0)),
            extents, steps(type.getRank(), l.b.getIndexAttr(1));
        SmallVector<int64_t> shape;
        for (int64_t i = 0; i < type.getRank(); ++i) {
          bool window = i >= rank + 2 && i < 2 * rank + 2;
          extents.push_back(window ? OpFoldResult(l.b.getIndexAttr(1))
                                   : getAsOpFoldResult(dimOf(l, sums, i)));
          if (window)
            offsets[i] = getAsOpFoldResult(k[i - rank - 2]);
          else
            shape.push_back(type.getDimSize(i));
        }
        Value part =
            extractSlice(l, RankedTensorType::get(shape, type.getElementType()),
                         sums, offsets, extents, steps);
        Value groupsNow = grouped(now, rank + 1, {g, depth});
        Body body(l, Dims(rank + 3, 0));
        Value more = body.load(part, body.identity());
        Value before = body.addOutput(groupsNow, body.identity());
        Value after =
            body.finish(addNumbers(body.in, l.loc, sum, before, more))[0];
        SmallVector<unsigned> counts(rank + 1, 1);
        counts.push_back(2);
        return collapse(after, counts);
      });
}

static LogicalResult lowerConv(Lowering &l, ConvOp op) {
  Convolution conv(l, op, l.dims.of(op.getX()), l.dims.of(op.getFilter()));
  conv.definePlaces(l.dims.of(op.getResult()));
  Value result = conv.forward(l.value(op.getX()), l.value(op.getFilter()));
  l.set(op.getResult(), l.convert(result, l.tensorType(op.getResult())));
  return success();
}

static LogicalResult lowerConvInputGrad(Lowering &l, ConvInputGradOp op) {
  l.defineSizes(op.getResult(), op.getShape());
  Convolution conv(l, op, l.dims.of(op.getResult()), l.dims.of(op.getFilter()));
  Value result = conv.inputGrad(l.value(op.getG()), l.value(op.getFilter()));
  l.set(op.getResult(), l.convert(result, l.tensorType(op.getResult())));
  return success();
}

static LogicalResult lowerConvFilterGrad(Lowering &l, ConvFilterGradOp op) {
  l.defineSizes(op.getResult(), op.getShape());
  Convolution conv(l, op, l.dims.of(op.getX()), l.dims.of(op.getResult()));
  Value result = conv.filterGrad(l.value(op.getX()), l.value(op.getG()));
  l.set(op.getResult(), l.convert(result, l.tensorType(op.getResult())));
  return success();
}

void lowering::addConvolutionHandlers(Handlers &handlers) {
  addHandler<ConvOp, lowerConv>(handlers);
  addHandler<ConvInputGradOp, lowerConvInputGrad>(handlers);
  addHandler<ConvFilterGradOp, lowerConvFilterGrad>(handlers);
}
