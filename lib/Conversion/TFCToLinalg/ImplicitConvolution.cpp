//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Convolutions as matrix products whose left operand is never stored: it is the
// padded input, at an index that is a sum of loops times constants.
//===----------------------------------------------------------------------===//

#include "Convolution.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

/// Does a product of so many columns, whose k of one tap are neighbours, have
/// instructions for pairs of bf16? A part of its squares of 32 k should be
/// full. `tfc-lower-contractions` decides with the same numbers.
bool Convolution::multipliesPairs(Value columns, Value k) const {
  constexpr int64_t leastColumns = 16, leastRows = 16, square = 32;
  std::optional<int64_t> n = getConstantIntValue(columns),
                         depth = getConstantIntValue(k),
                         rows = getConstantIntValue(batch);
  for (Value count : windows.places) {
    std::optional<int64_t> places = getConstantIntValue(count);
    rows = rows && places ? std::optional(*rows * *places) : std::nullopt;
  }
  // Small groups have tiles of f32 that share vectors and lines.
  auto isWide = [](Value channels) {
    return getConstantIntValue(channels).value_or(0) >= square;
  };
  if (groups > 1 && !(isWide(this->depth) && isWide(features)))
    return false;
  return l.emptiestPairs > 0 && element.isBF16() && n && depth && rows &&
         *n >= leastColumns && *rows >= leastRows && *depth > 0 &&
         l.emptiestPairs * *depth >= int64_t(llvm::alignTo(*depth, square));
}

/// Elements of a row of the window with their channels, where they are one
/// loop.
static Value neighbours(Lowering &l, bool merged, Value window, Value depth) {
  return merged ? mulIndex(l, window, depth) : depth;
}

bool Convolution::hasPairsOfChannels() const {
  bool merged = implicitLoops(/*merge=*/true).merged;
  return multipliesPairs(features,
                         neighbours(l, merged, windows.window.back(), depth));
}

/// Rows of tiles are channels, of which 16 have to be neighbours.
bool Convolution::hasPairsOfPlaces() const {
  bool merged = implicitLoops(/*merge=*/true).merged;
  std::optional<int64_t> rows =
      getConstantIntValue(neighbours(l, merged, windows.window.back(), depth));
  constexpr int64_t leastNeighbours = 16;
  return rows && *rows >= leastNeighbours &&
         multipliesPairs(features, windows.places.back());
}

/// A phase may have a single tap, whose features are all k then.
bool Convolution::hasPairsOfFeatures() const {
  std::optional<int64_t> k = getConstantIntValue(features);
  constexpr int64_t square = 32;
  return k && *k >= square && multipliesPairs(depth, features);
}

/// Zero as an element of the tensor.
Value Convolution::zeroOf(Value tensor) const {
  bool isSum = cast<RankedTensorType>(tensor.getType()).getElementType() ==
               zero.getType();
  return isSum ? zero
               : toStorage(l.b, l.loc, numberScalar(l.b, l.loc, element, 0),
                           element);
}

/// In the type that sums are kept in: each element is used many times.
Value Convolution::widen(Value tensor, bool onPairs) {
  if (sum == element || onPairs)
    return tensor;
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<Value> extents;
  for (int64_t i = 0; i < type.getRank(); ++i)
    extents.push_back(dimOf(l, tensor, i));
  Value empty = tensor::EmptyOp::create(l.b, l.loc, getAsOpFoldResult(extents),
                                        zero.getType());
  Body body(l, Dims(type.getRank(), 0));
  Value number = castScalar(body.in, l.loc, body.load(tensor, body.identity()),
                            element, sum);
  body.addOutput(empty, body.identity());
  return body.finish(number)[0];
}

Convolution::ImplicitLoops Convolution::implicitLoops(bool merge) const {
  ImplicitLoops loops;
  unsigned rank = windows.rank();
  loops.merged = merge && groups == 1 && windows.dilations.back() == 1 &&
                 getConstantIntValue(depth) &&
                 getConstantIntValue(windows.window.back());
  loops.group = 1 + rank;
  loops.feature = loops.group + (groups > 1);
  loops.window = loops.feature + 1;
  loops.depth = loops.window + rank - loops.merged;
  loops.count = loops.depth + 1;
  return loops;
}

/// The padded tensor of [batch, places..., channels], of which an implicit
/// product sees windows.
Operand Convolution::implicitInput(Value x, Value depth,
                                   const ImplicitLoops &loops,
                                   ArrayRef<int64_t> strides,
                                   ArrayRef<int64_t> dilations) {
  unsigned rank = windows.rank();
  Exprs indices{loop(loops.batch)};
  for (unsigned i = 0; i < rank - loops.merged; ++i)
    indices.push_back(loop(loops.places + i) * strides[i] +
                      loop(loops.window + i) * dilations[i]);
  if (loops.merged) {
    int64_t channels = *getConstantIntValue(depth);
    indices.push_back(loop(loops.places + rank - 1) *
                          (strides[rank - 1] * channels) +
                      loop(loops.depth));
    SmallVector<unsigned> counts(rank, 1);
    counts.push_back(2);
    return {collapse(x, counts), indices};
  }
  if (groups > 1) {
    indices.push_back(loop(loops.group));
    x = grouped(x, rank + 1, {l.constantIndex(groups), depth});
  }
  indices.push_back(loop(loops.depth));
  return {x, indices};
}

/// [window..., depth, group, feature]
Operand Convolution::implicitFilter(Value filter, Value depth, Value features,
                                    const ImplicitLoops &loops) {
  unsigned rank = windows.rank();
  Exprs indices;
  for (unsigned i = 0; i < rank - loops.merged; ++i)
    indices.push_back(loop(loops.window + i));
  indices.push_back(loop(loops.depth));
  if (groups > 1) {
    indices.push_back(loop(loops.group));
    filter = grouped(filter, rank + 1, {l.constantIndex(groups), features});
  }
  indices.push_back(loop(loops.feature));
  if (!loops.merged)
    return {filter, indices};
  SmallVector<unsigned> counts(rank - 1, 1);
  counts.append({2, 1});
  return {collapse(filter, counts), indices};
}

/// [batch, places..., group, feature], from a tensor that has groups and
/// features as one.
Operand Convolution::implicitResult(Value result, Value features,
                                    const ImplicitLoops &loops) {
  Exprs indices;
  for (unsigned i = 0; i < loops.window; ++i)
    indices.push_back(loop(i));
  if (groups > 1 && result)
    result = grouped(result, windows.rank() + 1,
                     {l.constantIndex(groups), features});
  return {result, indices};
}

Value Convolution::implicitForward(Value x, Value filter) {
  unsigned rank = windows.rank();
  ImplicitLoops loops = implicitLoops(/*merge=*/true);
  Operand result = implicitResult({}, features, loops);
  SmallVector<Value> extents{batch};
  llvm::append_range(extents, windows.places);
  if (groups > 1)
    extents.push_back(l.constantIndex(groups));
  extents.push_back(features);
  result.tensor = filled(extents);
  Operand left = implicitInput(windows.pad(x, zeroOf(x)), depth, loops,
                               windows.strides, windows.dilations);
  Value sums =
      accumulate(left, implicitFilter(filter, depth, features, loops), result,
                 loops.count, reducedLoops(loops.window, loops.count));
  SmallVector<unsigned> counts(rank + 1, 1);
  counts.push_back(groups > 1 ? 2 : 1);
  return collapse(sums, counts);
}

Value Convolution::implicitFilterGrad(Value x, Value grad) {
  unsigned rank = windows.rank();
  ImplicitLoops loops = implicitLoops(/*merge=*/true);
  SmallVector<Value> kd(windows.window);
  kd.push_back(depth);
  SmallVector<Value> extents(kd);
  if (loops.merged) {
    extents.pop_back();
    extents.back() = mulIndex(l, extents.back(), depth);
  }
  if (groups > 1)
    extents.push_back(l.constantIndex(groups));
  extents.push_back(features);
  // The sum runs over batch and places.
  Exprs order;
  unsigned outer = loops.count - loops.window,
           inner = loops.window - loops.feature + (groups > 1);
  for (unsigned i = 0; i < loops.count; ++i) {
    unsigned at = i >= loops.window  ? i - loops.window
                  : i >= loops.group ? outer + i - loops.group
                                     : outer + inner + i;
    order.push_back(loop(at));
  }
  auto reordered = [&](const Operand &operand) {
    Operand next = operand;
    for (AffineExpr &index : next.indices)
      index = index.replaceDims(order);
    return next;
  };
  Operand result{filled(extents), {}};
  for (unsigned i = 0; i < outer + inner; ++i)
    result.indices.push_back(loop(i));
  Operand left = implicitInput(windows.pad(x, zeroOf(x)), depth, loops,
                               windows.strides, windows.dilations);
  Value sums = accumulate(
      reordered(left), reordered(implicitResult(grad, features, loops)), result,
      loops.count, reducedLoops(outer + inner, loops.count));
  if (groups > 1) {
    SmallVector<unsigned> counts(rank + 1, 1);
    counts.push_back(2);
    return collapse(sums, counts);
  }
  SmallVector<SmallVector<Value>> parts;
  if (loops.merged) {
    for (unsigned i = 0; i + 1 < rank; ++i)
      parts.push_back({kd[i]});
    parts.push_back({kd[rank - 1], depth});
    parts.push_back({features});
    return reassociate(sums, parts);
  }
  return sums;
}
