//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Unroll and jam: contractions whose innermost loop is parallel do several
// iterations of one parallel and of one reduction loop at once, or all of a
// small window, so that every load of the innermost loop feeds several
// multiply-adds.
//===----------------------------------------------------------------------===//

#include "NestLowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace tfc::loops;
using linalg::LinalgOp;

/// A window of so many elements is unrolled; other reductions of so many, whose
/// loads are not shared by neighbours.
static constexpr int64_t wholeWindow = 49, wholeReduction = 16;
/// At the margins of an image, and with vectors that are picked from others,
/// code is shorter instead.
static constexpr int64_t marginFactor = 2;

//===----------------------------------------------------------------------===//
// Choices
//===----------------------------------------------------------------------===//

/// A contraction whose innermost loop is parallel: C[i, j] += A[i, k] * B[k,
/// j].
bool NestLowering::chooseJam() {
  if (op.getNumDpsInits() != 1 || strategy.order.size() < 2 ||
      isReduction(strategy.order.back()))
    return false;
  unsigned inner = strategy.order.back();
  unsigned reduction = strategy.order[strategy.order.size() - 2];
  OpOperand &init = *op.getDpsInitOperand(0);
  if (!isReduction(reduction) || !uses(init, inner))
    return false;
  strategy.jamReduction = reduction;
  strategy.jamParallel = iterators.size();
  // The innermost of the other parallel loops that shares an operand's loads.
  for (unsigned dim : llvm::reverse(strategy.order)) {
    bool shares = llvm::any_of(op->getOpOperands(), [&](OpOperand &operand) {
      return uses(operand, inner) && !uses(operand, dim);
    });
    if (dim != inner && !isReduction(dim) && shares && uses(init, dim)) {
      strategy.jamParallel = dim;
      break;
    }
  }
  return true;
}

/// All loops of a small window are unrolled: its sums stay in registers.
void NestLowering::chooseWhole() {
  bool slides = llvm::any_of(maps, [](AffineMap map) {
    return llvm::any_of(map.getResults(), [](AffineExpr index) {
      return isa<AffineBinaryOpExpr>(index);
    });
  });
  int64_t count = 1, most = slides ? wholeWindow : wholeReduction;
  SmallVector<unsigned> others;
  for (unsigned dim : strategy.order) {
    if (!isReduction(dim))
      continue;
    std::optional<int64_t> size = getConstantIntValue(ranges[dim].size);
    if (!size || *size < 1 || *size > most)
      return;
    count *= *size;
    if (dim != strategy.jamReduction)
      others.push_back(dim);
  }
  if (count <= most)
    strategy.jamWhole = others;
  else if (int64_t row =
               *getConstantIntValue(ranges[strategy.jamReduction].size);
           !others.empty() && row <= wholeReduction)
    strategy.jamRow = row;
}

/// What fills the result right before, or null.
linalg::FillOp NestLowering::fillBefore() {
  Operation *before = op->getPrevNode();
  while (before && !isa<linalg::FillOp>(before) && isMemoryEffectFree(before))
    before = before->getPrevNode();
  auto fill = dyn_cast_or_null<linalg::FillOp>(before);
  Value result = op.getDpsInitOperand(0)->get();
  // Rows of pixels and channels are a view of all of it.
  if (auto view = result.getDefiningOp<memref::CollapseShapeOp>();
      view && fill && fill.getOutputs()[0] == view.getSrc())
    result = view.getSrc();
  return fill && fill.getOutputs()[0] == result ? fill : linalg::FillOp();
}

/// A sum of one term each that is added to what was filled right before needs
/// no memory for it.
void NestLowering::addToFill() {
  if (margins || op.getNumDpsInits() != 1 || !isa<linalg::GenericOp>(op) ||
      llvm::is_contained(iterators, utils::IteratorType::reduction) ||
      !maps[op.getDpsInitOperand(0)->getOperandNumber()].isPermutation() ||
      mayOverlap())
    return;
  // Each element has a term: of inputs without elements nothing is added, and
  // of sizes that are not known there may be none.
  auto type = dyn_cast<MemRefType>(op.getDpsInitOperand(0)->get().getType());
  int64_t terms = 1;
  for (int64_t size : op.getStaticLoopRanges())
    terms = ShapedType::isDynamic(size) || terms < 0 ? -1 : terms * size;
  if (!type || !type.hasStaticShape() || type.getNumElements() != terms)
    return;
  linalg::FillOp fill = fillBefore();
  BlockArgument old = op.getBlock()->getArguments().back();
  if (!fill || fill.getInputs()[0].getType() != old.getType())
    return;
  old.replaceAllUsesWith(fill.getInputs()[0]);
  fill.erase();
}

/// Sums that are made in one go begin with what a fill right before has
/// written, not with the elements that it wrote.
void NestLowering::absorbFill() {
  // Loops over taps add to what is there.
  if (!(strategy.jam || strategy.rowTrees) || !strategy.taps.empty() ||
      strategy.compensated || mayOverlap())
    return;
  if (strategy.rowTrees) {
    if (llvm::count(iterators, utils::IteratorType::reduction) != 1)
      return;
  } else if (strategy.jamWhole.empty()) {
    // One loop, which is short.
    std::optional<int64_t> size =
        getConstantIntValue(ranges[strategy.jamReduction].size);
    if (!size || *size < 1 || *size > jamDepth() ||
        llvm::count(iterators, utils::IteratorType::reduction) != 1)
      return;
  }
  linalg::FillOp fill = fillBefore();
  if (!fill)
    return;
  start = fill.getInputs()[0];
  if (start.getType() != op.getBlock()->getArguments().back().getType())
    start = {};
  else
    fill.erase();
}

//===----------------------------------------------------------------------===//
// Emission
//===----------------------------------------------------------------------===//

/// A loop in steps of `factor`, and one over what is left.
void NestLowering::split(unsigned dim, int64_t factor,
                         llvm::function_ref<void(int64_t)> body) {
  auto wrap = [&](int64_t count) {
    return [&, count](ValueRange) { return body(count), Values(); };
  };
  std::optional<int64_t> begin = getConstantIntValue(first[dim]),
                         size = getConstantIntValue(last[dim]);
  size = begin && size ? std::optional(*size - *begin) : std::nullopt;
  if (size && *size <= factor) {
    // All of it at once.
    ivs[dim] = first[dim];
    if (*size > 0)
      body(*size);
    return;
  }
  Value whole;
  if (size) {
    whole = constant(*begin + *size - *size % factor);
  } else {
    Value count = arith::SubIOp::create(builder, loc, last[dim], first[dim]);
    Value rest = arith::RemUIOp::create(builder, loc, count, constant(factor));
    whole = arith::SubIOp::create(builder, loc, last[dim], rest);
  }
  loop(dim, first[dim], whole, factor, {}, wrap(factor), nullptr);
  if (size && *size % factor > 0) {
    ivs[dim] = whole;
    body(*size % factor);
  } else if (!size) {
    loop(dim, whole, last[dim], 1, {}, wrap(1), nullptr);
  }
}

/// The innermost loop for `rows` values of the parallel and `depth` of the
/// reduction loop, from the present ones.
void NestLowering::jamBlock(int64_t rows, int64_t depth) {
  unsigned inner = strategy.order.back();
  bool hasRows = strategy.jamParallel != iterators.size();
  Values base = ivs;
  auto offsets = [&](unsigned dim, int64_t count) {
    Values values{base[dim]};
    for (int64_t by = 1; by < count; ++by)
      values.push_back(
          builder.createOrFold<arith::AddIOp>(loc, base[dim], constant(by)));
    return values;
  };
  Values rowIndex = hasRows ? offsets(strategy.jamParallel, rows) : Values();
  // The loops that a step counts, outermost first, and how many steps each
  // takes.
  SmallVector<unsigned> stepped(strategy.jamWhole);
  stepped.push_back(strategy.jamReduction);
  SmallVector<int64_t> counts{depth};
  if (!strategy.jamWhole.empty())
    counts = llvm::map_to_vector(stepped, [&](unsigned dim) {
      return *getConstantIntValue(ranges[dim].size);
    });
  SmallVector<Values> stepIndex;
  for (auto [dim, count] : llvm::zip(stepped, counts))
    stepIndex.push_back(offsets(dim, count));
  // The step of each loop.
  auto stepsOf = [&](int64_t step) {
    SmallVector<int64_t> steps(stepped.size());
    for (size_t i = stepped.size(); i-- > 0; step /= counts[i])
      steps[i] = step % counts[i];
    return steps;
  };
  auto moveTo = [&](int64_t row, int64_t step) {
    if (hasRows)
      ivs[strategy.jamParallel] = rowIndex[row];
    for (auto [dim, values, at] : llvm::zip(stepped, stepIndex, stepsOf(step)))
      ivs[dim] = values[at];
  };
  // What of a step an operand depends on.
  auto stepFor = [&](OpOperand &operand, int64_t step) {
    int64_t number = 0;
    for (auto [dim, count, at] : llvm::zip(stepped, counts, stepsOf(step)))
      number = number * count + (uses(operand, dim) ? at : 0);
    return number;
  };
  // Key: operand, row and step as far as the operand depends on them.
  DenseMap<std::tuple<unsigned, int64_t, int64_t>, Value> loaded;
  auto fetch = [&](OpOperand &operand, int64_t row, int64_t step) {
    auto key = std::make_tuple(
        operand.getOperandNumber(),
        hasRows && uses(operand, strategy.jamParallel) ? row : 0,
        stepFor(operand, step));
    Value &value = loaded[key];
    if (!value) {
      moveTo(row, step);
      value = loadElement(operand);
    }
    return value;
  };
  // What the innermost loop does not change is loaded before it.
  for (OpOperand *input : op.getDpsInputOperands())
    if (!uses(*input, inner) && op.payloadUsesValueFromOperand(input))
      for (int64_t row = 0; row < rows; ++row)
        for (int64_t step = 0; step < depth; ++step)
          fetch(*input, row, step);

  OpOperand &init = *op.getDpsInitOperand(0);
  // Keys of what the innermost loop changes are of one iteration, or of one
  // vector.
  auto kept = loaded;
  auto body = [&](ValueRange) {
    loaded = kept;
    SmallVector<Value> accumulators;
    for (int64_t row = 0; row < rows; ++row) {
      moveTo(row, 0);
      Value accumulator = strategy.compensated ? noSum()
                          : start              ? start
                                               : loadElement(init);
      for (int64_t step = 0; step < depth; ++step) {
        Values operands;
        for (OpOperand *input : op.getDpsInputOperands())
          operands.push_back(op.payloadUsesValueFromOperand(input)
                                 ? fetch(*input, row, step)
                                 : Value());
        operands.push_back(accumulator);
        moveTo(row, step);
        accumulator = element(operands).front();
      }
      accumulators.push_back(accumulator);
    }
    for (int64_t row = 0; row < rows; ++row) {
      moveTo(row, 0);
      if (strategy.compensated)
        addToColumn(init, accumulators[row]);
      else if (follower)
        storeFollowed(accumulators[row]);
      else
        storeElement(init, accumulators[row]);
    }
    return Values();
  };
  if (strategy.lanes > 1)
    innerLoop([&] { body({}); });
  else
    loop(inner, first[inner], last[inner], 1, {}, body, nullptr);
  ivs = base;
}

void NestLowering::jamSteps(int64_t rows) {
  if (strategy.jamWhole.empty())
    return split(strategy.jamReduction, jamDepth(),
                 [&](int64_t depth) { jamBlock(rows, depth); });
  int64_t count = 1;
  SmallVector<unsigned> stepped(strategy.jamWhole);
  stepped.push_back(strategy.jamReduction);
  for (unsigned dim : stepped) {
    ivs[dim] = constant(0);
    count *= *getConstantIntValue(ranges[dim].size);
  }
  jamBlock(rows, count);
}

void NestLowering::jamNest(size_t level) {
  unsigned dim = strategy.order[level];
  if (isReduction(dim) &&
      (dim == strategy.jamReduction || !strategy.jamWhole.empty())) {
    jamSteps(1);
  } else if (dim == strategy.jamParallel) {
    throughMargins(dim, [&] {
      split(dim, isAtMargin() || strategy.spread ? marginFactor : jamFactor,
            [&](int64_t rows) { jamSteps(rows); });
    });
  } else {
    throughMargins(dim, [&] {
      loop(
          dim, first[dim], last[dim], 1, {},
          [&](ValueRange) { return jamNest(level + 1), Values(); }, nullptr);
    });
  }
}
