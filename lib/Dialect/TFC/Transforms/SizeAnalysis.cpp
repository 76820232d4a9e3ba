//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Which unknown sizes are equal: names of dimensions, elements and lengths.
//===----------------------------------------------------------------------===//

#include "tfc/Dialect/TFC/Transforms/SizeAnalysis.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tfc;

static RankedTensorType rankedOrNull(Value value) {
  return dyn_cast<RankedTensorType>(value.getType());
}

//===----------------------------------------------------------------------===//
// Queries
//===----------------------------------------------------------------------===//

Size SizeAnalysis::dimension(Value tensor, int64_t axis) {
  return find({Size::Dimension, axis, tensor});
}

Size SizeAnalysis::element(Value tensor, int64_t position) {
  return find({Size::Element, position, tensor});
}

Size SizeAnalysis::length(Value list) { return find({Size::Length, 0, list}); }

Size SizeAnalysis::find(Size name) {
  if (name.isConstant())
    return name;
  auto key =
      std::make_pair(name.value, std::make_pair(name.index, int(name.kind)));
  if (auto it = known.find(key); it != known.end())
    return it->second;
  if (depth > 200) // A chain of ops that long is not worth a stack overflow.
    return name;
  ++depth;
  Size found = compute(name);
  --depth;
  // What was found while an assumption was wrong is forgotten, and found again.
  while (depth == 0 && refuted) {
    refuted = false;
    known.clear();
    ++depth;
    found = compute(name);
    --depth;
  }
  known[key] = found;
  return found;
}

Size SizeAnalysis::compute(Size name) {
  if (name.kind == Size::Dimension) {
    auto type = rankedOrNull(name.value);
    if (!type || name.index >= type.getRank())
      return name;
    if (!type.isDynamicDim(name.index))
      return Size::constant(type.getDimSize(name.index));
  }
  if (auto argument = dyn_cast<BlockArgument>(name.value))
    return throughArgument(name, argument);
  return throughResult(name, cast<OpResult>(name.value));
}

Size SizeAnalysis::throughArgument(Size name, BlockArgument argument) {
  auto loop = dyn_cast<WhileOp>(argument.getOwner()->getParentOp());
  auto key =
      std::make_pair(name.value, std::make_pair(name.index, int(name.kind)));
  if (!loop || varying.contains(key))
    return name;
  unsigned number = argument.getArgNumber();
  auto same = [&](Value value) { return Size{name.kind, name.index, value}; };
  Size initial = find(same(loop.getInits()[number]));
  known[key] = initial; // assumed
  Value bodyArgument = loop.getBodyRegion().getArgument(number);
  if (argument != bodyArgument)
    return find(same(bodyArgument));
  Value next = loop.getBodyRegion().front().getTerminator()->getOperand(number);
  if (find(same(next)) == initial)
    return initial;
  varying.insert(key);
  refuted = true;
  return name;
}

Size SizeAnalysis::throughResult(Size name, OpResult result) {
  Operation *op = result.getOwner();
  unsigned number = result.getResultNumber();
  auto same = [&](Value value) { return find({name.kind, name.index, value}); };
  if (auto branch = dyn_cast<IfOp>(op)) {
    Size a = same(
        branch.getThenRegion().front().getTerminator()->getOperand(number));
    Size b = same(
        branch.getElseRegion().front().getTerminator()->getOperand(number));
    return a == b ? a : name;
  }
  if (auto loop = dyn_cast<WhileOp>(op)) {
    Value argument = loop.getBodyRegion().getArgument(number);
    Size inside = same(argument);
    return inside == same(loop.getInits()[number]) ? inside : name;
  }
  switch (name.kind) {
  case Size::Dimension:
    return dimensionOf(op, name);
  case Size::Element:
    return elementOf(op, name);
  case Size::Length:
    return lengthOf(op, name);
  case Size::Constant:
    break;
  }
  return name;
}

//===----------------------------------------------------------------------===//
// Dimensions
//===----------------------------------------------------------------------===//

/// The size that dimensions stretch to: the one that is not 1, if all others
/// agree with it.
Size SizeAnalysis::broadcastDimension(Operation *op, Size name) {
  int64_t rank = rankedOrNull(op->getResult(0)).getRank();
  std::optional<Size> found;
  for (Value operand : op->getOperands()) {
    auto type = rankedOrNull(operand);
    if (!type)
      return name;
    int64_t axis = name.index - (rank - type.getRank());
    if (axis < 0)
      continue;
    Size size = dimension(operand, axis);
    if (size.is(1))
      continue;
    if (found && *found != size)
      return name;
    found = size;
  }
  return found ? *found : Size::constant(1);
}

/// The dimension of the operand that dimension `axis` of the result is, with
/// the dimensions in `axes` dropped (`keep` false) from it.
static int64_t beforeDropping(ArrayRef<int64_t> axes, int64_t axis) {
  for (int64_t dropped : axes)
    if (dropped <= axis)
      ++axis;
  return axis;
}

Size SizeAnalysis::dimensionOf(Operation *op, Size name) {
  int64_t axis = name.index;
  if (op->hasTrait<TFCElementwise>())
    return broadcastDimension(op, name);
  if (op->hasTrait<TFCReduction>()) {
    auto axes = op->getAttrOfType<DenseI64ArrayAttr>("axes").asArrayRef();
    bool keep = op->getAttrOfType<BoolAttr>("keepdims").getValue();
    return dimension(op->getOperand(0),
                     keep ? axis : beforeDropping(axes, axis));
  }
  return TypeSwitch<Operation *, Size>(op)
      .Case<SortOp, ArgsortOp, CumsumOp, CumprodOp, CumlogsumexpOp,
            LinearRecurrenceOp, ReverseOp, ScatterOp, UpdateSliceOp,
            EnsureShapeOp, StopGradientOp>(
          [&](auto) { return dimension(op->getOperand(0), axis); })
      .Case<ArgmaxOp, ArgminOp>([&](auto reduce) {
        return dimension(reduce.getX(),
                         beforeDropping(int64_t(reduce.getAxis()), axis));
      })
      .Case([&](TransposeOp transpose) {
        return dimension(transpose.getX(), transpose.getPerm()[axis]);
      })
      .Case([&](SqueezeOp squeeze) {
        return dimension(squeeze.getX(),
                         beforeDropping(squeeze.getAxes(), axis));
      })
      .Case([&](ExpandDimsOp expand) {
        int64_t added = llvm::count_if(expand.getAxes(),
                                       [&](int64_t a) { return a < axis; });
        return dimension(expand.getX(), axis - added);
      })
      .Case([&](ConcatOp concat) {
        return axis == int64_t(concat.getAxis())
                   ? name
                   : dimension(concat.getXs().front(), axis);
      })
      .Case([&](SliceOp slice) {
        bool whole = slice.getStarts()[axis] == 0 &&
                     slice.getStrides()[axis] == 1 &&
                     ShapedType::isDynamic(slice.getSizes()[axis]);
        return whole ? dimension(slice.getX(), axis) : name;
      })
      .Case([&](GatherOp gather) {
        int64_t at = gather.getAxis(), batch = gather.getBatchDims();
        auto indices = rankedOrNull(gather.getIndices());
        if (!indices)
          return name;
        int64_t shared = indices.getRank() - batch;
        if (axis < at)
          return dimension(gather.getX(), axis);
        if (axis < at + shared)
          return dimension(gather.getIndices(), axis - at + batch);
        return dimension(gather.getX(), axis - shared + 1);
      })
      .Case([&](MatmulOp matmul) {
        int64_t rank = rankedOrNull(op->getResult(0)).getRank();
        auto x = rankedOrNull(matmul.getX()), y = rankedOrNull(matmul.getY());
        if (axis == rank - 2 && x)
          return dimension(matmul.getX(),
                           x.getRank() - (matmul.getTransposeX() ? 1 : 2));
        if (axis == rank - 1 && y)
          return dimension(matmul.getY(),
                           y.getRank() - (matmul.getTransposeY() ? 2 : 1));
        if (x && x.getRank() == rank && y &&
            (y.getRank() == 2 || y.getRank() == rank)) {
          Size a = dimension(matmul.getX(), axis);
          if (y.getRank() == 2 || dimension(matmul.getY(), axis) == a)
            return a;
        }
        return name;
      })
      .Case([&](DynamicReshapeOp reshape) {
        // An element may be -1, which stands for what is left: a length may
        // not.
        Size size = element(reshape.getShape(), axis);
        bool kept = size.kind == Size::Dimension || size.kind == Size::Length;
        return kept || (size.isConstant() && size.index >= 0) ? size : name;
      })
      .Case<DynamicBroadcastToOp, SumToOp, ConvInputGradOp, ConvFilterGradOp,
            AvgPoolGradOp>([&](auto shaped) {
        Size size = element(shaped.getShape(), axis);
        return size.isConstant() && size.index < 0 ? name : size;
      })
      .Case([&](ConvOp conv) {
        int64_t last = conv.getNumSpatial() + 1;
        if (axis == 0)
          return dimension(conv.getX(), 0);
        return axis == last ? dimension(conv.getFilter(), last) : name;
      })
      .Case<MaxPoolOp, ArgmaxPoolOp, AvgPoolOp>([&](auto pool) {
        bool slides = axis > 0 && axis <= pool.getNumSpatial();
        return slides ? name : dimension(pool.getX(), axis);
      })
      .Case([&](RangeOp range) {
        Size limit = element(range.getLimit(), 0);
        bool counts = element(range.getStart(), 0).is(0) &&
                      element(range.getDelta(), 0).is(1);
        // A negative limit gives an empty range, so that only a length will do.
        return counts && limit.kind != Size::Element ? limit : name;
      })
      .Case([&](ListStackOp stack) {
        return axis == 0 ? length(stack.getList()) : name;
      })
      .Case([&](ReshapeOp reshape) { return reshapedDimension(reshape, name); })
      .Default(name);
}

/// The one unknown size of a tensor stays what it is if the known ones of the
/// operand and of the result have the same product.
Size SizeAnalysis::reshapedDimension(ReshapeOp reshape, Size name) {
  auto from = rankedOrNull(reshape.getX()),
       to = rankedOrNull(reshape.getResult());
  if (!from || from.getNumDynamicDims() != 1 || to.getNumDynamicDims() != 1)
    return name;
  int64_t before = 1, after = 1, unknown = 0;
  for (auto [axis, size] : llvm::enumerate(from.getShape()))
    ShapedType::isDynamic(size) ? unknown = axis : before *= size;
  for (int64_t size : to.getShape())
    if (!ShapedType::isDynamic(size))
      after *= size;
  return before == after && before != 0 ? dimension(reshape.getX(), unknown)
                                        : name;
}

//===----------------------------------------------------------------------===//
// Elements and lengths
//===----------------------------------------------------------------------===//

Size SizeAnalysis::elementOf(Operation *op, Size name) {
  int64_t position = name.index;
  return TypeSwitch<Operation *, Size>(op)
      .Case([&](ConstantOp constant) {
        auto values = dyn_cast<DenseIntElementsAttr>(constant.getValue());
        if (!values || position >= values.getNumElements() ||
            values.getElementType().getIntOrFloatBitWidth() > 64)
          return name;
        return Size::constant(
            (*(values.value_begin<APInt>() + position)).getSExtValue());
      })
      .Case([&](ShapeOfOp shape) {
        auto type = rankedOrNull(shape.getX());
        return type && position < type.getRank()
                   ? dimension(shape.getX(), position)
                   : name;
      })
      .Case([&](ListLengthOp list) { return length(list.getList()); })
      .Case<ReshapeOp, ExpandDimsOp, SqueezeOp, EnsureShapeOp>(
          [&](auto same) { return element(same.getX(), position); })
      .Case([&](CastOp cast) {
        // A narrower integer may be another one.
        auto from =
            dyn_cast<IntegerType>(rankedOrNull(cast.getX()).getElementType());
        auto to = dyn_cast<IntegerType>(cast.getDtype());
        Size size = from && to ? element(cast.getX(), position) : name;
        bool safe = from && to &&
                    (to.getWidth() >= from.getWidth() || to.getWidth() >= 32) &&
                    from.isSignless() && to.isSignless() && from.getWidth() > 1;
        return safe ? size : name;
      })
      .Case([&](SliceOp slice) {
        auto type = rankedOrNull(slice.getX());
        if (!type || type.getRank() != 1)
          return name;
        int64_t at = slice.getStarts()[0] + position * slice.getStrides()[0];
        return element(slice.getX(), at);
      })
      .Case([&](ConcatOp concat) {
        int64_t at = position;
        for (Value part : concat.getXs()) {
          auto type = rankedOrNull(part);
          if (!type || type.getRank() != 1 || type.isDynamicDim(0))
            return name;
          if (at < type.getDimSize(0))
            return element(part, at);
          at -= type.getDimSize(0);
        }
        return name;
      })
      .Default(name);
}

Size SizeAnalysis::lengthOf(Operation *op, Size name) {
  return TypeSwitch<Operation *, Size>(op)
      .Case([&](ListCreateOp create) { return element(create.getSize(), 0); })
      .Case([&](ListUnstackOp unstack) { return dimension(unstack.getX(), 0); })
      .Case([&](ListSetOp set) {
        return grows(set.getList()) ? name : length(set.getList());
      })
      .Default(name);
}

bool SizeAnalysis::grows(Value list) {
  SmallVector<Value> pending{list};
  DenseSet<Value> seen;
  bool grown = false;
  while (!pending.empty()) {
    Value value = pending.pop_back_val();
    if (!seen.insert(value).second)
      continue;
    if (auto argument = dyn_cast<BlockArgument>(value)) {
      auto loop = dyn_cast<WhileOp>(argument.getOwner()->getParentOp());
      if (!loop)
        return false;
      pending.push_back(loop.getInits()[argument.getArgNumber()]);
      continue;
    }
    unsigned number = cast<OpResult>(value).getResultNumber();
    Operation *op = value.getDefiningOp();
    if (auto create = dyn_cast<ListCreateOp>(op)) {
      if (!create.getDynamicSize())
        return false;
      grown = true;
    } else if (auto set = dyn_cast<ListSetOp>(op)) {
      pending.push_back(set.getList());
    } else if (auto loop = dyn_cast<WhileOp>(op)) {
      pending.push_back(loop.getInits()[number]);
    } else if (auto branch = dyn_cast<IfOp>(op)) {
      for (Region &region : branch->getRegions())
        pending.push_back(region.front().getTerminator()->getOperand(number));
    } else {
      return false;
    }
  }
  return grown;
}

//===----------------------------------------------------------------------===//
// Ranges
//===----------------------------------------------------------------------===//

/// The scalar that element `position` of `tensor` is, as far as it can be
/// followed.
static Value followElement(Value tensor, int64_t position) {
  while (Operation *op = tensor.getDefiningOp()) {
    if (isa<ReshapeOp, ExpandDimsOp, SqueezeOp>(op)) {
      tensor = op->getOperand(0);
    } else if (auto cast = dyn_cast<CastOp>(op)) {
      auto from =
          dyn_cast<IntegerType>(rankedOrNull(cast.getX()).getElementType());
      auto to = dyn_cast<IntegerType>(cast.getDtype());
      if (!from || !to || to.getWidth() < from.getWidth())
        return tensor;
      tensor = cast.getX();
    } else if (auto concat = dyn_cast<ConcatOp>(op)) {
      Value found;
      for (Value part : concat.getXs()) {
        auto type = rankedOrNull(part);
        if (!type || type.getRank() != 1 || type.isDynamicDim(0))
          return tensor;
        if (position < type.getDimSize(0)) {
          found = part;
          break;
        }
        position -= type.getDimSize(0);
      }
      if (!found)
        return tensor;
      tensor = found;
    } else {
      return tensor;
    }
  }
  return tensor;
}

bool SizeAnalysis::inRange(Value tensor, int64_t position, Size bound) {
  Size index = element(tensor, position);
  if (index.isConstant())
    return index.index >= 0 && bound.isConstant() && index.index < bound.index;
  auto argument = dyn_cast<BlockArgument>(followElement(tensor, position));
  return argument && countsBelow(argument, bound);
}

/// Whether `condition` implies that `index` is less than `bound`.
bool SizeAnalysis::comparesBelow(Value condition, Value index, Size bound) {
  Operation *op = condition.getDefiningOp();
  if (auto both = dyn_cast_or_null<LogicalAndOp>(op))
    return comparesBelow(both.getX(), index, bound) ||
           comparesBelow(both.getY(), index, bound);
  // What is less than one number is less than the larger of two.
  auto larger = bound.kind == Size::Element
                    ? bound.value.getDefiningOp<MaximumOp>()
                    : MaximumOp();
  auto isBound = [&](Value limit) {
    Size size = element(limit, 0);
    if (larger && (element(larger.getX(), 0) == size ||
                   element(larger.getY(), 0) == size))
      return true;
    return size == bound || (size.isConstant() && bound.isConstant() &&
                             size.index <= bound.index);
  };
  if (auto less = dyn_cast_or_null<LessOp>(op))
    return followElement(less.getX(), 0) == index && isBound(less.getY());
  if (auto greater = dyn_cast_or_null<GreaterOp>(op))
    return followElement(greater.getY(), 0) == index && isBound(greater.getX());
  return false;
}

/// Whether `argument` of a loop's body starts at 0 or more and is counted up.
bool SizeAnalysis::countsUp(BlockArgument argument) {
  auto loop = dyn_cast<WhileOp>(argument.getOwner()->getParentOp());
  if (!loop || argument.getOwner()->getParent() != &loop.getBodyRegion())
    return false;
  unsigned number = argument.getArgNumber();
  Size start = element(loop.getInits()[number], 0);
  if (!start.isConstant() || start.index < 0)
    return false;
  Value next = loop.getBodyRegion().front().getTerminator()->getOperand(number);
  auto step = next.getDefiningOp<AddOp>();
  if (!step || (step.getX() != argument && step.getY() != argument))
    return false;
  Size delta = element(step.getX() == argument ? step.getY() : step.getX(), 0);
  return delta.is(0) || delta.is(1);
}

/// Whether it does, and the loop runs only while it is less than `bound`. The
/// step is 1, so that nothing overflows.
bool SizeAnalysis::countsBelow(BlockArgument argument, Size bound) {
  if (!countsUp(argument))
    return false;
  auto loop = cast<WhileOp>(argument.getOwner()->getParentOp());
  return comparesBelow(
      loop.getConditionRegion().front().getTerminator()->getOperand(0),
      loop.getConditionRegion().getArgument(argument.getArgNumber()), bound);
}

bool SizeAnalysis::counts(Value tensor, int64_t position) {
  auto argument = dyn_cast<BlockArgument>(followElement(tensor, position));
  return argument && countsUp(argument);
}
