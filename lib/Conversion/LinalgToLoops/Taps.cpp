//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Sums over all places for each element of a small window: the gradient of the
// filter of a depthwise convolution.
//
//   result[k, l, c] += sum over places p, q: image[p + k, q + l, c] * g[p, q,
//   c]
//
// One element of the window after the other reads both images as many times as
// it has elements, most of the times from a far cache. Here a few vectors of
// channels have the sums of all elements of the window (or of some of its rows,
// where there are fewer registers) in registers while they go over a run of
// places, of which the first-level cache keeps what the next rows need again:
// each image passes through the caches once. Behind each run sums are added to
// the result, with their lost parts where there are many.
//===----------------------------------------------------------------------===//

#include "NestLowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "llvm/Support/MathExtras.h"
#include <map>

using namespace mlir;
using namespace tfc::loops;

/// Places of a run: as many as are added one after the other, and as the
/// first-level cache holds of a few vectors.
static constexpr int64_t runPlaces = 128;
/// Sums that fit into 32 and into 16 registers, beside what is multiplied.
static constexpr int64_t manySums = 28, fewSums = 12;
/// A larger window would be a lot of code, and one that is read at margins has
/// nine times as much.
static constexpr int64_t largestWindow = 64, largestWithin = 49;
/// Places at a margin that are built one by one.
static constexpr int64_t fewPlaces = 3;
/// Windows of more elements are built once: for all vectors of channels, of
/// which the last one is not full.
static constexpr int64_t shortWindow = 9;
/// Vectors of neighbouring channels.
static constexpr int64_t mostTapVectors = 4;

//===----------------------------------------------------------------------===//
// Choices
//===----------------------------------------------------------------------===//

/// Do all parallel loops but the innermost one go over a window that slides
/// along with reductions? Vectors are chosen already.
void NestLowering::chooseTaps() {
  if (!strategy.jam || strategy.lanes == 1 || strategy.spread)
    return;
  unsigned inner = strategy.order.back();
  SmallVector<unsigned> places, taps;
  int64_t window = 1, count = 1;
  for (unsigned dim = 0; dim < iterators.size(); ++dim) {
    if (dim == inner)
      continue;
    std::optional<int64_t> size = getConstantIntValue(ranges[dim].size);
    if (isReduction(dim)) {
      places.push_back(dim);
      // An unknown number is a large one.
      count =
          std::min(count * size.value_or(largestWindow + 1), largestWindow + 1);
    } else {
      taps.push_back(dim);
      if (!size || *size < 1 || *size > largestWindow)
        return;
      window *= *size;
    }
  }
  auto slides = [&](AffineExpr index) {
    auto isPart = [&](unsigned dim) { return index.isFunctionOfDim(dim); };
    return llvm::any_of(places, isPart) && llvm::any_of(taps, isPart);
  };
  if (window > largestWindow || count <= window ||
      llvm::none_of(maps, [&](AffineMap map) {
        return llvm::any_of(map.getResults(), slides);
      }))
    return;

  strategy.taps = taps;
  strategy.jamWhole.clear();
  strategy.order = places;
  strategy.order.append(taps);
  strategy.order.push_back(inner);
  chooseSums();
  chooseRuns(places);
}

/// Which elements of the window, and how many vectors of channels, have their
/// sums in registers at once.
void NestLowering::chooseSums() {
  ArrayRef<unsigned> taps = strategy.taps;
  Type number = op.getBlock()->getTerminator()->getOperand(0).getType();
  int64_t registers = std::max<int64_t>(1, strategy.lanes * bitsOf(number) /
                                               options.vectorBits);
  int64_t sums = (options.vectorBits >= 512 ? manySums : fewSums) / registers;
  // All of some loops, and a few of the next.
  int64_t together = 1;
  strategy.tapLoop = taps.size();
  strategy.tapStep = 1;
  while (strategy.tapLoop > 0) {
    unsigned level = strategy.tapLoop - 1;
    int64_t size = *getConstantIntValue(ranges[taps[level]].size);
    if (together * size <= sums) {
      together *= size;
      strategy.tapLoop = level;
      continue;
    }
    int64_t most = std::max<int64_t>(1, sums / together);
    strategy.tapStep = llvm::divideCeil(size, llvm::divideCeil(size, most));
    together *= strategy.tapStep;
    break;
  }
  // Vectors of channels: those that leave no rest, and some for a second
  // thread.
  std::optional<int64_t> channels =
      getConstantIntValue(ranges[strategy.order.back()].size);
  strategy.unroll = 1;
  for (int64_t vectors = 2;
       vectors <= std::min(mostTapVectors, sums / together); ++vectors) {
    int64_t block = vectors * strategy.lanes;
    if (channels && *channels % block == 0 && *channels >= 2 * block)
      strategy.unroll = vectors;
  }
}

/// Which places are a run: all of the inner loops, and a part of the next.
void NestLowering::chooseRuns(ArrayRef<unsigned> places) {
  int64_t run = 1;
  strategy.runLevel = places.size() - 1;
  auto sizeAt = [&](unsigned level) {
    return getConstantIntValue(ranges[places[level]].size);
  };
  while (strategy.runLevel > 0) {
    std::optional<int64_t> size = sizeAt(strategy.runLevel);
    if (!size || run * *size > runPlaces)
      break;
    run = std::max<int64_t>(1, run * *size);
    --strategy.runLevel;
  }
  strategy.runStep = std::max<int64_t>(1, runPlaces / run);
  if (std::optional<int64_t> size = sizeAt(strategy.runLevel);
      size && *size > 0)
    strategy.runStep =
        llvm::divideCeil(*size, llvm::divideCeil(*size, strategy.runStep));
}

int64_t NestLowering::windowSize() const {
  int64_t size = 1;
  for (unsigned dim : strategy.taps)
    size *= *getConstantIntValue(ranges[dim].size);
  return size;
}

/// Are all vectors of channels full, or one loop under a mask?
bool NestLowering::isOneLoop() const {
  std::optional<int64_t> size =
      getConstantIntValue(ranges[strategy.order.back()].size);
  return (size && *size % (strategy.lanes * strategy.unroll) == 0) ||
         (strategy.masks && windowSize() > shortWindow);
}

/// Is a window small enough to be read at margins?
bool NestLowering::readsTapsWithin() const {
  return !strategy.taps.empty() &&
         windowSize() <= (isOneLoop() ? largestWithin : shortWindow);
}

//===----------------------------------------------------------------------===//
// Emission
//===----------------------------------------------------------------------===//

/// The loops around runs of places.
void NestLowering::tapNest(size_t level) {
  unsigned dim = strategy.order[level];
  throughMargins(dim, [&] {
    Value begin = first[dim], end = last[dim];
    bool isRun = level == strategy.runLevel;
    int64_t step = isRun ? strategy.runStep : 1;
    auto body = [&](ValueRange) {
      if (!isRun)
        return tapNest(level + 1), Values();
      if (step > 1) {
        Value next =
            builder.createOrFold<arith::AddIOp>(loc, ivs[dim], constant(step));
        first[dim] = ivs[dim];
        last[dim] = builder.createOrFold<arith::MinSIOp>(loc, next, end);
      }
      return tapGroups(0), Values();
    };
    loop(dim, begin, end, step, {}, body, nullptr);
    first[dim] = begin;
    last[dim] = end;
  });
}

/// The loops over elements of the window that are not done at once.
void NestLowering::tapGroups(unsigned level) {
  if (level == strategy.tapLoop)
    return tapColumns();
  bool isCut = level + 1 == strategy.tapLoop;
  split(strategy.taps[level], isCut ? strategy.tapStep : 1, [&](int64_t count) {
    if (isCut)
      tapCount = count;
    tapGroups(level + 1);
  });
}

/// A run for all channels, a few vectors at a time.
void NestLowering::tapColumns() {
  unsigned inner = strategy.order.back();
  auto step = [&](Values, int64_t width, int64_t vectors, Value left) {
    lanes = width;
    if (left)
      mask = maskOf(left);
    tapRun(vectors);
    lanes = 1;
    mask = {};
    return Values();
  };
  // Threads share whole blocks.
  int64_t block = strategy.lanes * strategy.unroll;
  if (!isOneLoop()) {
    cutLoop({}, step);
    return;
  }
  std::optional<int64_t> size = getConstantIntValue(ranges[inner].size);
  forLoop(first[inner], last[inner], block, {}, [&](ValueRange) {
    Value left;
    if (!size || *size % block)
      left = builder.createOrFold<arith::MinSIOp>(
          loc, constant(block),
          builder.createOrFold<arith::SubIOp>(loc, last[inner], ivs[inner]));
    return step({}, strategy.lanes, strategy.unroll, left);
  });
}

/// A run for some vectors of channels: their sums are in registers.
void NestLowering::tapRun(int64_t vectors) {
  unsigned inner = strategy.order.back();
  OpOperand &init = *op.getDpsInitOperand(0);
  Values before = ivs, columns;
  for (int64_t i = 0; i < vectors; ++i)
    columns.push_back(builder.createOrFold<arith::AddIOp>(loc, before[inner],
                                                          constant(i * lanes)));
  // Elements of the window, as numbers of their loops.
  SmallVector<Values> window{{}};
  for (unsigned level = strategy.tapLoop ? strategy.tapLoop - 1 : 0;
       level < strategy.taps.size(); ++level) {
    unsigned dim = strategy.taps[level];
    bool isCut = level + 1 == strategy.tapLoop;
    int64_t count = isCut ? tapCount : *getConstantIntValue(ranges[dim].size);
    SmallVector<Values> longer;
    for (const Values &start : window)
      for (int64_t i = 0; i < count; ++i) {
        Value number = constant(i);
        if (isCut)
          number =
              builder.createOrFold<arith::AddIOp>(loc, before[dim], number);
        longer.push_back(start);
        longer.back().push_back(number);
      }
    window = longer;
  }
  auto moveTo = [&](ArrayRef<Value> tap, Value column) {
    for (auto [dim, number] :
         llvm::zip_equal(ArrayRef(strategy.taps).take_back(tap.size()), tap))
      ivs[dim] = number;
    ivs[inner] = column;
  };
  auto each = [&](llvm::function_ref<void(ArrayRef<Value>, Value)> body) {
    for (const Values &tap : window)
      for (Value column : columns) {
        moveTo(tap, column);
        body(tap, column);
      }
  };
  Values sums;
  each([&](ArrayRef<Value>, Value) {
    sums.push_back(strategy.compensated ? spread(noSum()) : loadElement(init));
  });
  sums = tapPlaces(strategy.runLevel, sums, [&](ValueRange now) {
    // Of each operand, what is at the numbers of loops that it uses.
    std::map<std::pair<unsigned, SmallVector<const void *>>, Value> loaded;
    auto fetch = [&](OpOperand &operand) {
      SmallVector<const void *> key;
      for (unsigned dim : strategy.taps)
        key.push_back(uses(operand, dim) ? ivs[dim].getAsOpaquePointer()
                                         : nullptr);
      key.push_back(uses(operand, inner) ? ivs[inner].getAsOpaquePointer()
                                         : nullptr);
      Value &value = loaded[{operand.getOperandNumber(), key}];
      if (!value)
        value = loadElement(operand);
      return value;
    };
    Values next;
    each([&](ArrayRef<Value> tap, Value column) {
      Values operands;
      for (OpOperand *input : op.getDpsInputOperands())
        operands.push_back(op.payloadUsesValueFromOperand(input) ? fetch(*input)
                                                                 : Value());
      operands.push_back(now[next.size()]);
      next.push_back(element(operands).front());
    });
    return next;
  });
  size_t number = 0;
  each([&](ArrayRef<Value>, Value) {
    Value sum = sums[number++];
    if (strategy.compensated)
      addToColumn(init, sum);
    else
      storeElement(init, sum);
  });
  ivs = before;
}

/// The loops of a run from `level` on, which carry sums.
NestLowering::Values
NestLowering::tapPlaces(size_t level, Values carried,
                        llvm::function_ref<Values(ValueRange)> body) {
  unsigned places = strategy.order.size() - strategy.taps.size() - 1;
  if (level == places)
    return body(carried);
  unsigned dim = strategy.order[level];
  auto run = [&] {
    // Of a few places at the margin it is known which elements are outside.
    std::optional<int64_t> begin = getConstantIntValue(first[dim]),
                           end = getConstantIntValue(last[dim]);
    if (level + 1 == places && isAtMargin() && begin && end &&
        *end - *begin <= fewPlaces) {
      for (int64_t place = *begin; place < *end; ++place) {
        ivs[dim] = constant(place);
        carried = body(carried);
      }
      return;
    }
    Values next;
    loop(
        dim, first[dim], last[dim], 1, carried,
        [&](ValueRange now) { return tapPlaces(level + 1, Values(now), body); },
        &next);
    carried = next;
  };
  // Where its windows are is known of a run.
  if (level > strategy.runLevel)
    throughMargins(dim, run);
  else if (strategy.runStep > 1)
    run();
  else
    return tapPlaces(level + 1, carried, body);
  return carried;
}
