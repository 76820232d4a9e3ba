//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// What is known of small integer tensors while compiling: sizes, mostly.
//===----------------------------------------------------------------------===//

#include "Shapes.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::detail;

/// Larger tensors are no shapes.
static constexpr int64_t kMostEntries = 64;
/// How many of the ops that make a value to look at.
static constexpr unsigned kMostOps = 32;

static std::optional<Shape> entries(Value value, unsigned &budget);

static std::optional<Shape> entriesOf(ElementsAttr attr) {
  auto dense = dyn_cast<DenseIntElementsAttr>(attr);
  if (!dense || dense.getType().getRank() > 1 ||
      dense.getNumElements() > kMostEntries)
    return std::nullopt;
  bool isUnsigned = dense.getElementType().isUnsignedInteger();
  Shape values;
  for (APInt entry : dense.getValues<APInt>())
    values.push_back(isUnsigned && entry.getActiveBits() > 63 ? kUnknown
                     : isUnsigned ? static_cast<int64_t>(entry.getZExtValue())
                                  : entry.getSExtValue());
  return values;
}

/// Arithmetic on entries, with numpy's broadcast of a scalar.
template <typename Function>
static std::optional<Shape> zip(Operation *op, unsigned &budget,
                                Function function) {
  std::optional<Shape> x = entries(op->getOperand(0), budget),
                       y = entries(op->getOperand(1), budget);
  if (!x || !y || (x->size() != y->size() && x->size() != 1 && y->size() != 1))
    return std::nullopt;
  size_t size = x->size() == 1 ? y->size() : x->size();
  Shape values;
  for (size_t i = 0; i < size; ++i) {
    int64_t a = (*x)[x->size() == 1 ? 0 : i], b = (*y)[y->size() == 1 ? 0 : i];
    values.push_back(a == kUnknown || b == kUnknown ? kUnknown
                                                    : function(a, b));
  }
  return values;
}

static std::optional<Shape> concatEntries(ConcatOp op, unsigned &budget) {
  Shape all;
  for (Value operand : op.getXs()) {
    std::optional<Shape> part = entries(operand, budget);
    if (!part)
      return std::nullopt;
    all.append(*part);
  }
  return all;
}

static std::optional<Shape> sliceEntries(SliceOp op, unsigned &budget) {
  std::optional<Shape> all = entries(op.getX(), budget);
  if (!all || op.getStarts().size() != 1)
    return std::nullopt;
  int64_t start = op.getStarts()[0], stride = op.getStrides()[0],
          size = op.getSizes()[0];
  if (size == kUnknown)
    size = sliceSize(all->size(), start, stride);
  Shape values;
  for (int64_t i = 0; i < size; ++i) {
    int64_t index = start + i * stride;
    if (index < 0 || index >= static_cast<int64_t>(all->size()))
      return std::nullopt;
    values.push_back((*all)[index]);
  }
  return values;
}

static std::optional<Shape> gatherEntries(GatherOp op, unsigned &budget) {
  std::optional<Shape> all = entries(op.getX(), budget),
                       indices = entries(op.getIndices(), budget);
  if (!all || !indices || op.getAxis() != 0 || op.getBatchDims() != 0)
    return std::nullopt;
  Shape values;
  for (int64_t index : *indices) {
    bool inRange = index >= 0 && index < static_cast<int64_t>(all->size());
    if (index != kUnknown && !inRange)
      return std::nullopt;
    values.push_back(inRange ? (*all)[index] : kUnknown);
  }
  return values;
}

static std::optional<Shape> shapeEntries(ShapeOfOp op) {
  auto type = cast<TensorType>(op.getX().getType());
  if (!type.hasRank())
    return std::nullopt;
  Shape sizes(type.getShape());
  // A size that does not fit in the vector's type has another value there.
  if (op.getDtype().isInteger(32))
    for (int64_t &size : sizes)
      size = size > INT32_MAX ? kUnknown : size;
  return sizes;
}

static int64_t fit(Type element, int64_t value) {
  unsigned width = element.getIntOrFloatBitWidth();
  bool fits = element.isUnsignedInteger()
                  ? value >= 0 && (width >= 63 || value >> width == 0)
                  : width == 64 || value == llvm::SignExtend64(value, width);
  return fits ? value : kUnknown;
}

static std::optional<Shape> evaluate(Operation *op, unsigned &budget) {
  return llvm::TypeSwitch<Operation *, std::optional<Shape>>(op)
      .Case([](ShapeOfOp shape) { return shapeEntries(shape); })
      .Case([&](ConcatOp concat) { return concatEntries(concat, budget); })
      .Case([&](SliceOp slice) { return sliceEntries(slice, budget); })
      .Case([&](GatherOp gather) { return gatherEntries(gather, budget); })
      .Case<ReshapeOp, ExpandDimsOp, SqueezeOp, CastOp, EnsureShapeOp>(
          [&](auto move) { return entries(move.getX(), budget); })
      .Case([&](AddOp) { return zip(op, budget, addSizes); })
      .Case([&](SubOp) {
        return zip(op, budget, [](int64_t a, int64_t b) {
          int64_t result;
          return llvm::SubOverflow(a, b, result) ? kUnknown : result;
        });
      })
      .Case([&](MulOp) { return zip(op, budget, mulSizes); })
      .Case([&](MaximumOp) {
        return zip(op, budget,
                   [](int64_t a, int64_t b) { return std::max(a, b); });
      })
      .Case([&](MinimumOp) {
        return zip(op, budget,
                   [](int64_t a, int64_t b) { return std::min(a, b); });
      })
      .Case([&](FloorDivOp) {
        return zip(op, budget, [](int64_t a, int64_t b) {
          return b <= 0 ? kUnknown : llvm::divideFloorSigned(a, b);
        });
      })
      .Default(std::optional<Shape>());
}

static std::optional<Shape> entries(Value value, unsigned &budget) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || type.getRank() > 1 || !isa<IntegerType>(type.getElementType()) ||
      type.getElementType().isInteger(1))
    return std::nullopt;
  Operation *op = value.getDefiningOp();
  std::optional<Shape> values;
  ElementsAttr constant;
  if (op && matchPattern(op, m_Constant(&constant))) {
    values = entriesOf(constant);
  } else if (op && budget > 0) {
    --budget;
    values = evaluate(op, budget);
  }
  if (!values) {
    int64_t size = type.getRank() == 0 ? 1 : type.getDimSize(0);
    if (size == kUnknown || size > kMostEntries)
      return std::nullopt;
    return Shape(size, kUnknown);
  }
  // Wrapped arithmetic, narrowing casts: not the number that was computed here.
  for (int64_t &entry : *values)
    if (entry != kUnknown)
      entry = fit(type.getElementType(), entry);
  return values;
}

std::optional<Shape> tfc::detail::knownInts(Value value) {
  unsigned budget = kMostOps;
  return entries(value, budget);
}
