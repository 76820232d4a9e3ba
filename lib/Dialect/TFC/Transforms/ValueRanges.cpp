//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// What is not known is what the type can hold; a result that might leave its
// type wraps around, and may be anything.
//===----------------------------------------------------------------------===//

#include "tfc/Dialect/TFC/Transforms/ValueRanges.h"
#include "tfc/Dialect/TFC/IR/TFC.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tfc;

using Interval = IntegerRange;

/// What a type holds; nothing if that is more than 64 bits with a sign.
static std::optional<Interval> rangeOfType(Type type) {
  auto tensor = dyn_cast<ShapedType>(type);
  auto integer = dyn_cast<IntegerType>(tensor ? tensor.getElementType() : type);
  if (!integer || integer.getWidth() > 64)
    return std::nullopt;
  unsigned width = integer.getWidth();
  if (width == 1)
    return Interval{0, 1};
  if (integer.isUnsigned())
    return width == 64 ? std::nullopt
                       : std::optional(Interval{0, (int64_t(1) << width) - 1});
  return Interval{llvm::minIntN(width), llvm::maxIntN(width)};
}

static Interval unite(Interval x, Interval y) {
  return {std::min(x.low, y.low), std::max(x.high, y.high)};
}

/// The range of a function of two numbers whose extremes are at the ends of
/// their ranges; nothing if one of them overflows.
template <typename Function>
static std::optional<Interval> fromEnds(Interval x, Interval y,
                                        Function overflows) {
  std::optional<Interval> result;
  for (int64_t a : {x.low, x.high})
    for (int64_t b : {y.low, y.high}) {
      int64_t number;
      if (overflows(a, b, number))
        return std::nullopt;
      result =
          result ? unite(*result, {number, number}) : Interval{number, number};
    }
  return result;
}

static std::optional<Interval> rangeOfConstant(ConstantOp op) {
  constexpr int64_t most = int64_t(1) << 20;
  auto values = dyn_cast<DenseIntElementsAttr>(op.getValue());
  if (!values || values.empty() ||
      (!values.isSplat() && values.getNumElements() > most))
    return std::nullopt;
  auto type = cast<IntegerType>(values.getElementType());
  bool extendsZeros = type.isUnsigned() || type.getWidth() == 1;
  auto number = [&](const APInt &x) {
    return extendsZeros ? int64_t(x.getZExtValue()) : x.getSExtValue();
  };
  int64_t first = number(*values.value_begin<APInt>());
  Interval result{first, first};
  if (!values.isSplat())
    for (const APInt &value : values.getValues<APInt>())
      result = unite(result, {number(value), number(value)});
  return result;
}

/// Positions in a dimension of a known size.
static std::optional<Interval> positionsIn(Value tensor, int64_t axis) {
  auto type = dyn_cast<RankedTensorType>(tensor.getType());
  if (!type || type.isDynamicDim(axis) || type.getDimSize(axis) == 0)
    return std::nullopt;
  return Interval{0, type.getDimSize(axis) - 1};
}

std::optional<Interval> ValueRanges::of(Value tensor) {
  constexpr unsigned deepest = 64;
  std::optional<Interval> whole = rangeOfType(tensor.getType());
  if (!whole)
    return std::nullopt;
  if (auto it = known.find(tensor); it != known.end())
    return it->second;
  Operation *op = tensor.getDefiningOp();
  if (!op || op->getNumResults() != 1 || depth == deepest)
    return whole;
  ++depth;
  std::optional<Interval> found = compute(op, *whole);
  --depth;
  Interval result =
      found && found->isWithin(whole->low, whole->high) ? *found : *whole;
  // Also what is not known: each step of a chain may use the one before twice.
  known[tensor] = result;
  return result;
}

std::optional<Interval> ValueRanges::ofColumn(Value tensor, int64_t column) {
  auto concat = tensor.getDefiningOp<ConcatOp>();
  auto type = dyn_cast<RankedTensorType>(tensor.getType());
  if (auto cast = tensor.getDefiningOp<CastOp>()) {
    std::optional<Interval> whole = rangeOfType(tensor.getType()),
                            before = ofColumn(cast.getX(), column);
    if (before && whole && before->isWithin(whole->low, whole->high))
      return before;
  }
  if (!concat || !type || int64_t(concat.getAxis()) != type.getRank() - 1)
    return of(tensor);
  for (Value part : concat.getXs()) {
    auto from = dyn_cast<RankedTensorType>(part.getType());
    if (!from || ShapedType::isDynamic(from.getShape().back()))
      return of(tensor);
    if (column < from.getShape().back())
      return of(part);
    column -= from.getShape().back();
  }
  return of(tensor);
}

std::optional<Interval> ValueRanges::compute(Operation *op, Interval whole) {
  auto operand = [&](unsigned i) { return of(op->getOperand(i)); };
  // Of ops whose operands are all integers.
  auto both = [&](auto function) -> std::optional<Interval> {
    std::optional<Interval> x = operand(0), y = operand(1);
    return x && y ? function(*x, *y) : std::nullopt;
  };
  return TypeSwitch<Operation *, std::optional<Interval>>(op)
      .Case([&](ConstantOp constant) { return rangeOfConstant(constant); })
      .Case([&](IotaOp iota) {
        return positionsIn(iota.getResult(), iota.getAxis());
      })
      .Case<ArgmaxOp, ArgminOp, ArgsortOp>(
          [&](auto best) { return positionsIn(best.getX(), best.getAxis()); })
      .Case<ReshapeOp, DynamicReshapeOp, ExpandDimsOp, SqueezeOp, TransposeOp,
            BroadcastToOp, DynamicBroadcastToOp, SliceOp, DynamicSliceOp,
            DynamicStridedSliceOp, ReverseOp, SortOp, EnsureShapeOp,
            StopGradientOp, GatherOp, GatherNdOp>(
          [&](auto) { return operand(0); })
      .Case([&](ConcatOp concat) {
        std::optional<Interval> result;
        for (Value part : concat.getXs()) {
          std::optional<Interval> x = of(part);
          if (!x)
            return x;
          result = result ? unite(*result, *x) : *x;
        }
        return result;
      })
      .Case([&](SelectOp select) -> std::optional<Interval> {
        std::optional<Interval> x = of(select.getX()), y = of(select.getY());
        return x && y ? std::optional(unite(*x, *y)) : std::nullopt;
      })
      .Case([&](CastOp cast) { return of(cast.getX()); })
      .Case([&](AddOp) {
        return both([](Interval x, Interval y) {
          return fromEnds(x, y, llvm::AddOverflow<int64_t>);
        });
      })
      .Case([&](SubOp) {
        return both([](Interval x, Interval y) {
          return fromEnds(x, y, llvm::SubOverflow<int64_t>);
        });
      })
      .Case([&](MulOp) {
        return both([](Interval x, Interval y) {
          return fromEnds(x, y, llvm::MulOverflow<int64_t>);
        });
      })
      .Case([&](MinimumOp) {
        return both([](Interval x, Interval y) {
          return std::optional(
              Interval{std::min(x.low, y.low), std::min(x.high, y.high)});
        });
      })
      .Case([&](MaximumOp) {
        return both([](Interval x, Interval y) {
          return std::optional(
              Interval{std::max(x.low, y.low), std::max(x.high, y.high)});
        });
      })
      .Case([&](FloorModOp) {
        return both([](Interval x, Interval y) -> std::optional<Interval> {
          if (y.low <= 0)
            return std::nullopt;
          return Interval{0, x.low >= 0 ? std::min(x.high, y.high - 1)
                                        : y.high - 1};
        });
      })
      .Case([&](TruncModOp) {
        return both([](Interval x, Interval y) -> std::optional<Interval> {
          if (y.low <= 0 || x.low < 0)
            return std::nullopt;
          return Interval{0, std::min(x.high, y.high - 1)};
        });
      })
      .Case<FloorDivOp, TruncDivOp>([&](auto) {
        return both([](Interval x, Interval y) -> std::optional<Interval> {
          if (y.low <= 0 || x.low < 0)
            return std::nullopt;
          return Interval{x.low / y.high, x.high / y.low};
        });
      })
      .Case([&](BitwiseAndOp) {
        return both([](Interval x, Interval y) -> std::optional<Interval> {
          if (x.low < 0 && y.low < 0)
            return std::nullopt;
          if (x.low < 0 || y.low < 0)
            return Interval{0, x.low < 0 ? y.high : x.high};
          return Interval{0, std::min(x.high, y.high)};
        });
      })
      .Case([&](RightShiftOp) {
        return both([](Interval x, Interval y) -> std::optional<Interval> {
          if (x.low < 0 || y.low < 0 || y.high > 62)
            return std::nullopt;
          return Interval{x.low >> y.high, x.high >> y.low};
        });
      })
      .Case([&](PopulationCountOp) { return Interval{0, 64}; })
      .Default(std::optional<Interval>());
}
