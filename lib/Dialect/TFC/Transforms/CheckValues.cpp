//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Checks of ops whose operands hold positions, sizes or divisors.
//===----------------------------------------------------------------------===//

#include "CheckBuilder.h"
#include "tfc/Dialect/TFC/Transforms/PoolGradient.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tfc;

static bool isInteger(Value value) {
  return isa<IntegerType>(ranked(value).getElementType());
}

static bool isUnsigned(Value value) {
  return ranked(value).getElementType().isUnsignedInteger();
}

/// The value of an integer constant; null if it is none.
static DenseIntElementsAttr constantOf(Value value) {
  auto constant = value.getDefiningOp<ConstantOp>();
  return constant ? dyn_cast<DenseIntElementsAttr>(constant.getValue())
                  : DenseIntElementsAttr();
}

/// Whether all indices are known to be in range of one size.
static bool knownInside(Value indices, Size bound, SizeAnalysis &sizes,
                        ValueRanges &ranges) {
  auto type = ranked(indices);
  if (type.hasStaticShape() &&
      (type.getNumElements() == 0 ||
       (type.getNumElements() == 1 && sizes.inRange(indices, 0, bound))))
    return true;
  auto range = bound.isConstant() ? ranges.of(indices) : std::nullopt;
  return range && range->isWithin(0, bound.index - 1);
}

//===----------------------------------------------------------------------===//
// Gather and scatter
//===----------------------------------------------------------------------===//

static void checkGather(GatherOp op, CheckBuilder &build, SizeAnalysis &sizes,
                        ValueRanges &ranges) {
  Value batch;
  for (int64_t axis = 0; axis < int64_t(op.getBatchDims()); ++axis)
    batch = build.both(
        batch, build.sameDimension(op.getX(), axis, op.getIndices(), axis));
  if (batch)
    build.require(batch,
                  "gather: the first dimensions of params {} and indices {} "
                  "must be equal "
                  "(batch_dims is " +
                      std::to_string(op.getBatchDims()) + ")",
                  {build.shape(op.getX()), build.shape(op.getIndices())});
  Size bound = sizes.dimension(op.getX(), op.getAxis());
  if (knownInside(op.getIndices(), bound, sizes, ranges))
    return;
  Value size = build.dimension(op.getX(), op.getAxis());
  build.require(build.insideSizes(op.getIndices(), op.getX(), op.getAxis(),
                                  op.getAxis() + 1),
                "indices = {} is not in [0, {})", {op.getIndices(), size});
}

/// Does each number of an index vector come from a tensor of its own?
static bool isMadeOfColumns(Value indices) {
  auto join = indices.getDefiningOp<ConcatOp>();
  return join && int64_t(join.getAxis()) == ranked(indices).getRank() - 1 &&
         ranked(indices).getRank() > 1 &&
         llvm::all_of(join.getXs(), [](Value part) {
           auto type = dyn_cast<RankedTensorType>(part.getType());
           return type && type.getShape().back() == 1;
         });
}

/// Index vectors into the dimensions of `x` from `first` on.
static void checkVectors(Value x, Value indices, int64_t first,
                         StringRef message, CheckBuilder &build,
                         ValueRanges &ranges,
                         function_ref<Value(Value)> shown = nullptr) {
  int64_t last = ranked(indices).getShape().back();
  if (last == 0 || ShapedType::isDynamic(last))
    return;
  auto isKnown = [&](int64_t column) {
    int64_t bound = ranked(x).getDimSize(first + column);
    auto range = ShapedType::isDynamic(bound)
                     ? std::nullopt
                     : ranges.ofColumn(indices, column);
    return range && range->isWithin(0, bound - 1);
  };
  if (llvm::all_of(llvm::seq<int64_t>(0, last), isKnown))
    return;
  Value fits;
  if (last == 1 && ranked(indices).getRank() > 1) {
    // Places of one number are a loop in vectors without their last dimension.
    fits =
        build.insideSizes(build.withoutLast(indices), x, first, first + last);
  } else if (isMadeOfColumns(indices)) {
    auto parts = indices.getDefiningOp<ConcatOp>().getXs();
    for (auto [column, part] : llvm::enumerate(parts))
      if (!isKnown(column))
        fits = build.both(fits, build.allOf(build.insideSizes(
                                    build.withoutLast(part), x, first + column,
                                    first + column + 1)));
  } else {
    fits = build.insideSizes(indices, x, first, first + last);
  }
  build.require(fits, message,
                {shown ? shown(indices) : indices, build.shape(x)});
}

/// What a message shows of indices: numbers from before some were replaced by a
/// scalar, so that those need not be in memory.
static Value beforeReplacement(Value indices) {
  auto expanded = indices.getDefiningOp<ExpandDimsOp>();
  auto choice =
      expanded ? expanded.getX().getDefiningOp<SelectOp>() : SelectOp();
  auto replacement = choice
                         ? dyn_cast<RankedTensorType>(choice.getX().getType())
                         : RankedTensorType();
  if (!replacement || replacement.getRank() != 0 ||
      choice.getY().getType() != choice.getResult().getType())
    return indices;
  OpBuilder builder(expanded);
  return ExpandDimsOp::create(builder, expanded.getLoc(), indices.getType(),
                              choice.getY(), expanded.getAxesAttr());
}

static void checkScatter(ScatterOp op, CheckBuilder &build,
                         ValueRanges &ranges) {
  auto indices = ranked(op.getIndices());
  int64_t depth = indices.getShape().back(), outer = indices.getRank() - 1;
  if (ShapedType::isDynamic(depth))
    return;
  Value fits;
  for (int64_t axis = 0; axis < ranked(op.getUpdates()).getRank(); ++axis)
    fits = build.both(
        fits,
        axis < outer
            ? build.sameDimension(op.getUpdates(), axis, op.getIndices(), axis)
            : build.sameDimension(op.getUpdates(), axis, op.getX(),
                                  axis - outer + depth));
  if (fits)
    build.require(
        fits,
        "Updates of shape {} do not fit indices of shape {} into shape {}",
        {build.shape(op.getUpdates()), build.shape(op.getIndices()),
         build.shape(op.getX())});
  if (!findPooled(op) && !op.getInside())
    checkVectors(op.getX(), op.getIndices(), 0,
                 "indices = {} does not index into shape {}", build, ranges,
                 beforeReplacement);
}

//===----------------------------------------------------------------------===//
// Slices
//===----------------------------------------------------------------------===//

namespace {
/// One dimension of a box in `x`: where it starts, how many elements it has.
struct BoxSide {
  Value x;
  int64_t axis;
  Value starts; // an element of it, or null
  int64_t start;
  Value update; // whose dimension is the size, or null
  int64_t size; // unknown: up to the end
  int64_t stride;
};
} // namespace

static void checkSide(const BoxSide &side, CheckBuilder &build,
                      SizeAnalysis &sizes) {
  Size bound = sizes.dimension(side.x, side.axis);
  Size start = side.starts ? sizes.element(side.starts, side.axis)
                           : Size::constant(side.start);
  Size count = side.update ? sizes.dimension(side.update, side.axis)
               : ShapedType::isDynamic(side.size) ? Size()
                                                  : Size::constant(side.size);
  bool toTheEnd = !side.update && ShapedType::isDynamic(side.size);
  if (start.is(0) && (toTheEnd || (count == bound && side.stride == 1)))
    return;
  if (count.is(1) && side.starts &&
      sizes.inRange(side.starts, side.axis, bound))
    return;
  if (start.isConstant() && bound.isConstant() && count.isConstant()) {
    int64_t last = start.index + (count.index - 1) * side.stride;
    bool inside = start.index >= 0 && start.index < bound.index && last >= 0 &&
                  last < bound.index;
    if (toTheEnd || count.index == 0
            ? start.index >= 0 && start.index <= bound.index
            : inside)
      return;
  }
  Value size = build.dimension(side.x, side.axis);
  Value first = side.starts ? build.element(build.toI64(side.starts), side.axis)
                            : build.scalar(side.start);
  Value fits = build.both(build.make<GreaterEqualOp>(first, build.scalar(0)),
                          build.make<LessEqualOp>(first, size));
  std::string place =
      " of dimension " + std::to_string(side.axis) + " of size {}";
  if (toTheEnd)
    return build.require(fits, "slice from {} is out of bounds" + place,
                         {first, size});
  Value amount = side.update ? build.dimension(side.update, side.axis)
                             : build.scalar(side.size);
  Value last = build.make<AddOp>(
      first, build.make<MulOp>(build.make<SubOp>(amount, build.scalar(1)),
                               build.scalar(side.stride)));
  Value inside =
      build.both(build.inside(last, size), build.make<LessOp>(first, size));
  if (!count.isConstant())
    inside = build.either(inside, build.make<EqualOp>(amount, build.scalar(0)));
  if (!count.is(0))
    fits = build.both(fits, inside);
  build.require(fits,
                "slice of size {} at {} with stride " +
                    std::to_string(side.stride) + " leaves dimension " +
                    std::to_string(side.axis) + " of size {}",
                {amount, first, size});
}

static void checkSlice(SliceOp op, CheckBuilder &build, SizeAnalysis &sizes) {
  for (int64_t axis = 0; axis < ranked(op.getX()).getRank(); ++axis)
    checkSide({op.getX(),
               axis,
               {},
               op.getStarts()[axis],
               {},
               op.getSizes()[axis],
               op.getStrides()[axis]},
              build, sizes);
}

static void checkDynamicSlice(DynamicSliceOp op, CheckBuilder &build,
                              SizeAnalysis &sizes) {
  for (int64_t axis = 0; axis < ranked(op.getX()).getRank(); ++axis)
    checkSide({op.getX(), axis, op.getStarts(), 0, {}, op.getSizes()[axis], 1},
              build, sizes);
}

static void checkUpdateSlice(UpdateSliceOp op, CheckBuilder &build,
                             SizeAnalysis &sizes) {
  for (int64_t axis = 0; axis < ranked(op.getX()).getRank(); ++axis)
    checkSide({op.getX(), axis, op.getStarts(), 0, op.getUpdate(),
               ShapedType::kDynamic, op.getStrides()[axis]},
              build, sizes);
}

//===----------------------------------------------------------------------===//
// Lists
//===----------------------------------------------------------------------===//

static Value lengthOf(Operation *op, Value list, CheckBuilder &build) {
  OpBuilder builder(op);
  return build.toI64(ListLengthOp::create(builder, op->getLoc(), list));
}

static void checkListGet(ListGetOp op, CheckBuilder &build,
                         SizeAnalysis &sizes) {
  if (sizes.inRange(op.getIndex(), 0, sizes.length(op.getList())))
    return;
  Value length = lengthOf(op, op.getList(), build);
  build.require(build.inside(build.toI64(op.getIndex()), length),
                "Tried to read from index {} but array size is: {}",
                {op.getIndex(), length});
}

/// Elements have one shape: that of the first one set. Until then their unknown
/// sizes count as 0.
static void checkElement(ListSetOp op, CheckBuilder &build) {
  auto type = cast<ListType>(op.getList().getType()).getElementType();
  auto element = dyn_cast<RankedTensorType>(type);
  auto value = dyn_cast<RankedTensorType>(op.getValue().getType());
  if (!element || !value || element.getRank() != value.getRank() ||
      (element.hasStaticShape() && value.hasStaticShape()))
    return;
  SmallVector<int64_t> dims{ShapedType::kDynamic};
  llvm::append_range(dims, element.getShape());
  OpBuilder builder(op);
  Value all =
      ListStackOp::create(builder, op->getLoc(),
                          RankedTensorType::get(dims, element.getElementType()),
                          op.getList(), TypeAttr::get(type));
  Value fits;
  for (int64_t axis = 0; axis < value.getRank(); ++axis) {
    Value same = build.sameDimension(all, axis + 1, op.getValue(), axis);
    if (element.isDynamicDim(axis))
      same =
          build.either(same, build.make<EqualOp>(build.dimension(all, axis + 1),
                                                 build.scalar(0)));
    fits = build.both(fits, same);
  }
  build.require(
      fits,
      "TensorArray has inconsistent shapes: the elements have shape {}, "
      "and one of shape {} is written (infer_shape=False allows it)",
      {build.dimensions(all, 1, value.getRank() + 1),
       build.shape(op.getValue())});
  if (all.use_empty())
    all.getDefiningOp()->erase();
}

static void checkListSet(ListSetOp op, CheckBuilder &build,
                         SizeAnalysis &sizes) {
  checkElement(op, build);
  if (sizes.grows(op.getList())) {
    Size index = sizes.element(op.getIndex(), 0);
    bool counted = index.kind == Size::Dimension || index.kind == Size::Length;
    if (!counted && !(index.isConstant() && index.index >= 0) &&
        !sizes.counts(op.getIndex(), 0))
      build.require(build.make<GreaterEqualOp>(build.toI64(op.getIndex()),
                                               build.scalar(0)),
                    "Tried to write to index {} of an array", {op.getIndex()});
    return;
  }
  if (sizes.inRange(op.getIndex(), 0, sizes.length(op.getList())))
    return;
  Value length = lengthOf(op, op.getList(), build);
  build.require(
      build.inside(build.toI64(op.getIndex()), length),
      "Tried to write to index {} but array is not resizeable and size is: {}",
      {op.getIndex(), length});
}

static void checkListCreate(ListCreateOp op, CheckBuilder &build,
                            SizeAnalysis &sizes) {
  Size size = sizes.element(op.getSize(), 0);
  if (size.kind == Size::Dimension || size.kind == Size::Length ||
      (size.isConstant() && size.index >= 0))
    return;
  if (auto larger = op.getSize().getDefiningOp<MaximumOp>())
    for (Value operand : larger->getOperands())
      if (Size least = sizes.element(operand, 0);
          least.isConstant() && least.index >= 0)
        return;
  build.require(
      build.make<GreaterEqualOp>(build.toI64(op.getSize()), build.scalar(0)),
      "TensorArray size must be >= 0, got {}", {op.getSize()});
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

/// Whether no element of an integer constant fails `bad`.
static bool knownNever(Value value,
                       llvm::function_ref<bool(const APInt &)> bad) {
  auto values = constantOf(value);
  return values && llvm::none_of(values.getValues<APInt>(), bad);
}

static Value zeroLike(Value value, Operation *op) {
  OpBuilder builder(op);
  auto element = ranked(value).getElementType();
  auto type = RankedTensorType::get({}, element);
  return ConstantOp::create(
      builder, op->getLoc(),
      DenseElementsAttr::get(type, builder.getZeroAttr(element)));
}

static void checkDivision(Operation *op, CheckBuilder &build,
                          SizeAnalysis &sizes) {
  Value dividend = op->getOperand(0), divisor = op->getOperand(1);
  if (!isInteger(divisor) ||
      knownNever(divisor, [](const APInt &v) { return v.isZero(); }))
    return;
  // Nothing is divided where there is nothing to divide. If the divisor is
  // empty then, too, no element of it is zero.
  if (llvm::is_contained(ranked(dividend).getShape(), 0))
    return;
  Value holds = build.make<NotEqualOp>(divisor, zeroLike(divisor, op));
  int64_t first = ranked(dividend).getRank() - ranked(divisor).getRank();
  for (int64_t axis = 0; axis < ranked(dividend).getRank(); ++axis)
    if (ranked(dividend).isDynamicDim(axis) &&
        (axis < first || sizes.dimension(dividend, axis) !=
                             sizes.dimension(divisor, axis - first)))
      holds = build.either(holds,
                           build.make<EqualOp>(build.dimension(dividend, axis),
                                               build.scalar(0)));
  build.require(holds, "Integer division by zero", {});
}

static void checkPower(PowOp op, CheckBuilder &build) {
  Value power = op.getY();
  if (!isInteger(power) || isUnsigned(power) ||
      knownNever(power, [](const APInt &v) { return v.isNegative(); }))
    return;
  build.require(build.make<GreaterEqualOp>(power, zeroLike(power, op)),
                "Integers to negative integer powers are not allowed", {});
}

/// The sign of a constant scalar: -1, 0 or 1; nothing if it is none.
static std::optional<int> knownSign(Value value) {
  auto constant = value.getDefiningOp<ConstantOp>();
  auto values = constant ? dyn_cast<DenseElementsAttr>(constant.getValue())
                         : DenseElementsAttr();
  if (values && isa<FloatType>(values.getElementType())) {
    APFloat number = values.getSplatValue<APFloat>();
    if (number.isNaN())
      return std::nullopt;
    return number.isZero() ? 0 : number.isNegative() ? -1 : 1;
  }
  if (!values || !isa<IntegerType>(values.getElementType()))
    return std::nullopt;
  APInt number = values.getSplatValue<APInt>();
  bool negative = !isUnsigned(value) && number.isNegative();
  return number.isZero() ? 0 : negative ? -1 : 1;
}

/// Whether a range is known to be the positions below a size.
static bool countsSize(RangeOp op, SizeAnalysis &sizes) {
  if (!isInteger(op.getStart()) || !sizes.element(op.getStart(), 0).is(0) ||
      knownSign(op.getDelta()) != 1)
    return false;
  Size limit = sizes.element(op.getLimit(), 0);
  return limit.isConstant() ? limit.index >= 0 : limit.kind != Size::Element;
}

static void checkRange(RangeOp op, CheckBuilder &build, SizeAnalysis &sizes) {
  if (countsSize(op, sizes))
    return;
  Value start = op.getStart(), limit = op.getLimit(), delta = op.getDelta();
  Value zero = zeroLike(delta, op);
  std::optional<int> sign = knownSign(delta);
  if (sign.value_or(0) == 0)
    build.require(build.make<NotEqualOp>(delta, zero), "Requires delta != 0",
                  {});
  Value up = build.make<LessEqualOp>(start, limit);
  Value down = build.make<GreaterEqualOp>(start, limit);
  if (sign.value_or(0) == 0)
    build.require(
        build.either(build.both(build.make<GreaterOp>(delta, zero), up),
                     build.both(build.make<LessOp>(delta, zero), down)),
        "Requires start <= limit when delta > 0, start >= limit when delta < "
        "0: "
        "{}/{} by {}",
        {start, limit, delta});
  else if (*sign > 0)
    build.require(up, "Requires start <= limit when delta > 0: {}/{}",
                  {start, limit});
  else
    build.require(down, "Requires start >= limit when delta < 0: {}/{}",
                  {start, limit});
}

void tfc::checkValues(Operation *op, SizeAnalysis &sizes, ValueRanges &ranges) {
  CheckBuilder build(op, sizes);
  TypeSwitch<Operation *>(op)
      .Case([&](GatherOp gather) { checkGather(gather, build, sizes, ranges); })
      .Case([&](GatherNdOp gather) {
        checkVectors(gather.getX(), gather.getIndices(), gather.getBatchDims(),
                     "indices = {} does not index into shape {}", build,
                     ranges);
      })
      .Case([&](ScatterOp scatter) { checkScatter(scatter, build, ranges); })
      .Case([&](SliceOp slice) { checkSlice(slice, build, sizes); })
      .Case(
          [&](DynamicSliceOp slice) { checkDynamicSlice(slice, build, sizes); })
      .Case(
          [&](UpdateSliceOp update) { checkUpdateSlice(update, build, sizes); })
      .Case([&](ListGetOp get) { checkListGet(get, build, sizes); })
      .Case([&](ListSetOp set) { checkListSet(set, build, sizes); })
      .Case([&](ListCreateOp create) { checkListCreate(create, build, sizes); })
      .Case<FloorDivOp, FloorModOp, TruncDivOp, TruncModOp>(
          [&](auto division) { checkDivision(division, build, sizes); })
      .Case([&](PowOp pow) { checkPower(pow, build); })
      .Case([&](RangeOp range) { checkRange(range, build, sizes); });
}
