//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Slices of a known size whose place is not known: `x[i * 32:(i + 1) * 32]`.
//
// Bounds of Python's slices are clamped, so that their size is not the
// difference of the bounds in general. It is if both are the same multiple of
// one number plus constants, and that number is known to stay where the slice
// lies within the operand: the counter of a loop with constant bounds, or a
// remainder.
//===----------------------------------------------------------------------===//

#include "MovingSlices.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::detail;

namespace {
/// Both ends belong to it.
struct Interval {
  int64_t low, high;
};

/// factor * base + offset; a constant has no base.
struct Linear {
  Value base;
  int64_t factor = 0, offset = 0;
  Interval range; // of all of it
};
} // namespace

static std::optional<int64_t> constantInt(Value value) {
  DenseIntElementsAttr attribute;
  if (!matchPattern(value, m_Constant(&attribute)) ||
      attribute.getNumElements() != 1 ||
      !attribute.getElementType().isSignlessInteger() ||
      attribute.getElementType().isInteger(1))
    return std::nullopt;
  return (*attribute.getValues<APInt>().begin()).getSExtValue();
}

/// What the counter is less than in the body; for one that counts down, whether
/// the condition is that it is not negative.
static std::optional<int64_t> limitOf(Value condition, BlockArgument counter,
                                      bool down) {
  Operation *op = condition.getDefiningOp();
  if (auto both = dyn_cast_or_null<LogicalAndOp>(op)) {
    std::optional<int64_t> limit = limitOf(both.getX(), counter, down);
    return limit ? limit : limitOf(both.getY(), counter, down);
  }
  bool isTest =
      down ? isa_and_nonnull<GreaterEqualOp>(op) : isa_and_nonnull<LessOp>(op);
  return isTest && op->getOperand(0) == counter ? constantInt(op->getOperand(1))
                                                : std::nullopt;
}

/// The values in the body of a loop's variable that goes from one constant to
/// another in constant steps.
static std::optional<Interval> rangeOfCounter(BlockArgument argument) {
  auto loop = dyn_cast_or_null<WhileOp>(argument.getOwner()->getParentOp());
  if (!loop || argument.getOwner()->getParent() != &loop.getBodyRegion())
    return std::nullopt;
  unsigned number = argument.getArgNumber();
  Operation *next =
      argument.getOwner()->getTerminator()->getOperand(number).getDefiningOp();
  std::optional<int64_t> start = constantInt(loop.getInits()[number]), step;
  if (!isa_and_nonnull<AddOp, SubOp>(next) || !start)
    return std::nullopt;
  if (next->getOperand(0) == argument)
    step = constantInt(next->getOperand(1));
  else if (isa<AddOp>(next) && next->getOperand(1) == argument)
    step = constantInt(next->getOperand(0));
  constexpr int64_t most = int64_t(1) << 30; // no step leaves 32 bits then
  if (!step || *step == 0 || std::abs(*step) > most || std::abs(*start) > most)
    return std::nullopt;
  if (isa<SubOp>(next))
    step = -*step;
  Block &condition = loop.getConditionRegion().front();
  std::optional<int64_t> limit =
      limitOf(condition.getTerminator()->getOperand(0),
              condition.getArgument(number), *step < 0);
  if (!limit || std::abs(*limit) > most)
    return std::nullopt;
  if (*step < 0)
    return *limit <= *start ? std::optional(Interval{*limit, *start})
                            : std::nullopt;
  if (*limit <= *start)
    return std::nullopt; // The body never runs.
  return Interval{*start, *start + (*limit - 1 - *start) / *step * *step};
}

static std::optional<Interval> rangeOf(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    return rangeOfCounter(argument);
  if (auto remainder = value.getDefiningOp<FloorModOp>())
    if (std::optional<int64_t> divisor = constantInt(remainder.getY());
        divisor && *divisor > 0)
      return Interval{0, *divisor - 1};
  return std::nullopt;
}

/// Sets the range, if all of it are numbers of the type.
static std::optional<Linear> checked(Linear x, Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || !tensor.hasStaticShape() || tensor.getNumElements() != 1 ||
      !tensor.getElementType().isSignlessInteger())
    return std::nullopt;
  unsigned bits = tensor.getElementTypeBitWidth();
  std::optional<Interval> base = x.base ? rangeOf(x.base) : Interval{0, 0};
  if (!base || (bits != 32 && bits != 64))
    return std::nullopt;
  int64_t ends[] = {base->low, base->high};
  for (int64_t &end : ends)
    if (llvm::MulOverflow(x.factor, end, end) ||
        llvm::AddOverflow(end, x.offset, end))
      return std::nullopt;
  x.range = {std::min(ends[0], ends[1]), std::max(ends[0], ends[1])};
  if (bits == 32 && (x.range.low < INT32_MIN || x.range.high > INT32_MAX))
    return std::nullopt;
  return x;
}

static std::optional<Linear> linear(Value value, int depth = 12);

static std::optional<Linear> linearOp(Operation *op, int depth) {
  std::optional<Linear> x = linear(op->getOperand(0), depth);
  if (!x || isa<CastOp, ReshapeOp, ExpandDimsOp, SqueezeOp, EnsureShapeOp>(op))
    return x;
  if (isa<NegOp>(op))
    return Linear{x->base, -x->factor, -x->offset, {}};
  std::optional<Linear> y = linear(op->getOperand(1), depth);
  if (!y)
    return std::nullopt;
  Linear result;
  if (isa<MulOp>(op)) {
    if (x->base)
      std::swap(x, y);
    result.base = y->base;
    if (x->base || llvm::MulOverflow(y->factor, x->offset, result.factor) ||
        llvm::MulOverflow(y->offset, x->offset, result.offset))
      return std::nullopt;
    return result;
  }
  if (x->base && y->base && x->base != y->base)
    return std::nullopt;
  result.base = x->base ? x->base : y->base;
  bool overflows =
      isa<AddOp>(op)
          ? llvm::AddOverflow(x->factor, y->factor, result.factor) ||
                llvm::AddOverflow(x->offset, y->offset, result.offset)
          : llvm::SubOverflow(x->factor, y->factor, result.factor) ||
                llvm::SubOverflow(x->offset, y->offset, result.offset);
  return overflows ? std::nullopt : std::optional(result);
}

/// A number of one element as a multiple of another one.
static std::optional<Linear> linear(Value value, int depth) {
  if (depth == 0)
    return std::nullopt;
  if (std::optional<int64_t> number = constantInt(value))
    return checked({Value(), 0, *number, {}}, value.getType());
  if (rangeOf(value))
    return checked({value, 1, 0, {}}, value.getType());
  Operation *op = value.getDefiningOp();
  if (!isa_and_nonnull<CastOp, ReshapeOp, ExpandDimsOp, SqueezeOp,
                       EnsureShapeOp, NegOp, MulOp, AddOp, SubOp>(op))
    return std::nullopt;
  std::optional<Linear> result = linearOp(op, depth - 1);
  return result ? checked(*result, value.getType()) : std::nullopt;
}

/// An entry of a vector that was joined from single numbers.
static std::optional<Linear> entry(Value vector, int64_t number) {
  auto type = dyn_cast<RankedTensorType>(vector.getType());
  if (!type || type.getRank() != 1 || !type.hasStaticShape())
    return std::nullopt;
  if (type.getNumElements() == 1)
    return linear(vector);
  auto concat = vector.getDefiningOp<ConcatOp>();
  if (!concat)
    return std::nullopt;
  for (Value part : concat.getXs()) {
    auto of = dyn_cast<RankedTensorType>(part.getType());
    if (!of || !of.hasStaticShape())
      return std::nullopt;
    if (number < of.getNumElements())
      return entry(part, number);
    number -= of.getNumElements();
  }
  return std::nullopt;
}

std::optional<Shape> tfc::detail::sizesOfMovingSlice(DynamicStridedSliceOp op) {
  auto x = dyn_cast<RankedTensorType>(op.getX().getType());
  if (!x || !x.hasStaticShape() || x.getRank() > 64)
    return std::nullopt;
  std::optional<Shape> begins = knownInts(op.getBegins()),
                       ends = knownInts(op.getEnds());
  if (!begins || !ends || begins->size() != size_t(x.getRank()) ||
      ends->size() != begins->size())
    return std::nullopt;
  Shape sizes;
  for (int64_t i = 0; i < x.getRank(); ++i) {
    int64_t dim = x.getDimSize(i), begin = (*begins)[i], end = (*ends)[i];
    auto isAbsent = [&](uint64_t mask) { return mask >> i & 1; };
    if (op.getStrides()[i] != 1)
      return std::nullopt;
    if (begin != kUnknown) {
      if (begin < 0 || begin > dim ||
          (isAbsent(op.getBeginMask()) && begin != 0))
        return std::nullopt;
      if (isAbsent(op.getEndMask()))
        end = dim;
      if (end == kUnknown)
        return std::nullopt;
      end = std::clamp<int64_t>(end < 0 ? end + dim : end, begin, dim);
      sizes.push_back(end - begin);
      continue;
    }
    std::optional<Linear> from = entry(op.getBegins(), i),
                          to = entry(op.getEnds(), i);
    if (!from || !to || isAbsent(op.getBeginMask()) ||
        isAbsent(op.getEndMask()) || from->base != to->base ||
        from->factor != to->factor || to->offset < from->offset ||
        from->range.low < 0 || to->range.high > dim)
      return std::nullopt;
    sizes.push_back(to->offset - from->offset);
  }
  return sizes;
}
