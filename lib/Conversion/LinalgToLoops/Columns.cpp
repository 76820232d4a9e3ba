//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Columns of short rows: coordinates of points, sides of boxes, colours.
//
// What a program computes with `p[:, 0]` and `p[:, 1]` is in vectors of rows:
// as many rows as a vector has lanes are a few vectors in memory, from which
// the lanes of one column are picked. Columns of the same rows are picked from
// the same vectors.
//
// A result whose body has all of its columns and picks one by its number (what
// `stack` and `concat` along a short last axis become) is computed for as many
// rows at once, and its columns become rows in registers.
//===----------------------------------------------------------------------===//

#include "NestLowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"
#include "tfc/Dialect/TFCRT/IR/MayAlias.h"

using namespace mlir;
using namespace tfc::loops;

/// A picked result has so many columns, at most.
static constexpr int64_t mostPicked = 16;
/// Elements of a row of which one is read.
static constexpr int64_t longestRow = 8;

//===----------------------------------------------------------------------===//
// One place of each row
//===----------------------------------------------------------------------===//

/// Strides of a buffer; nothing if there are none.
static std::optional<SmallVector<int64_t>> stridesOf(MemRefType type) {
  SmallVector<int64_t> strides;
  int64_t offset;
  if (failed(type.getStridesAndOffset(strides, offset)) || strides.empty())
    return std::nullopt;
  return strides;
}

/// A view of something whose last dimension is contiguous; null for others.
static memref::SubViewOp viewOfRows(Value memref) {
  auto view = memref.getDefiningOp<memref::SubViewOp>();
  if (!view)
    return {};
  auto strides = stridesOf(view.getSourceType());
  bool hasSteps = llvm::all_of(view.getStaticStrides(), [](int64_t stride) {
    return !ShapedType::isDynamic(stride);
  });
  return strides && strides->back() == 1 && hasSteps ? view
                                                     : memref::SubViewOp();
}

/// By how many elements the operand moves with each row, if that is a few.
std::optional<int64_t> NestLowering::columnStride(OpOperand &operand) {
  auto type = dyn_cast<MemRefType>(operand.get().getType());
  if (!type || type.getRank() == 0 || !type.getElementType().isIntOrFloat() ||
      type.getElementTypeBitWidth() < 8)
    return std::nullopt;
  auto strides = stridesOf(type);
  if (!strides || (strides->back() != 1 && !viewOfRows(operand.get())))
    return std::nullopt;
  unsigned inner = strategy.order.back();
  AffineMap map = maps[operand.getOperandNumber()];
  int64_t stride = 0;
  for (auto [index, step] : llvm::zip_equal(map.getResults(), *strides)) {
    std::optional<int64_t> factor = factorOf(index, inner, iterators.size());
    if (!factor || (*factor != 0 && ShapedType::isDynamic(step)))
      return std::nullopt;
    stride += *factor ? *factor * step : 0;
  }
  if (stride < 2 || stride > longestRow)
    return std::nullopt;
  return stride;
}

/// Inputs of which a vector takes less than its elements one by one.
bool NestLowering::mayBeColumn(OpOperand &operand) {
  if (options.vectorBits < 256 || op.isDpsInit(&operand))
    return false;
  std::optional<int64_t> stride = columnStride(operand);
  if (!stride)
    return false;
  int64_t width = std::max<int64_t>(
      32, bitsOf(getElementTypeOrSelf(operand.get().getType())));
  return *stride <= std::max<int64_t>(4, options.vectorBits / width / 2);
}

/// The operand's elements of the next rows.
Value NestLowering::loadColumn(OpOperand &operand) {
  int64_t stride = *columnStride(operand);
  Value memref = operand.get();
  Values at = indices(operand);
  if (memref::SubViewOp view = viewOfRows(memref)) {
    llvm::SmallBitVector dropped = view.getDroppedDims();
    Values inSource;
    unsigned next = 0;
    for (auto [dim, offset] : llvm::enumerate(view.getMixedOffsets())) {
      Value place = getValueOrCreateConstantIndexOp(builder, loc, offset);
      if (!dropped.test(dim)) {
        Value steps = builder.createOrFold<arith::MulIOp>(
            loc, at[next++], constant(view.getStaticStride(dim)));
        place = builder.createOrFold<arith::AddIOp>(loc, place, steps);
      }
      inSource.push_back(place);
    }
    memref = view.getSource();
    at = inSource;
  }
  // Columns of the same whole rows read the same vectors.
  std::optional<int64_t> place = getConstantIntValue(at.back());
  bool isWhole =
      place && cast<MemRefType>(memref.getType()).getShape().back() == stride;
  if (isWhole)
    at.back() = constant(0);
  int64_t count = knownLanes ? knownLanes : lanes;
  SmallVector<int64_t> places;
  for (int64_t lane = 0; lane < count; ++lane)
    places.push_back((isWhole ? *place : 0) + lane * stride);
  int64_t high = isWhole ? count * stride - 1 : places.back();
  return pickLanes(places, 0, high, memref, at);
}

//===----------------------------------------------------------------------===//
// Rows in several dimensions
//===----------------------------------------------------------------------===//

/// Where the loops [begin, end) are among an operand's indices, one after the
/// other; `notThere` if they are not, nothing if they are in other ways.
static constexpr unsigned notThere = ~0u;
static std::optional<unsigned> placeOfRows(AffineMap map, unsigned begin,
                                           unsigned end) {
  auto uses = [&](AffineExpr index) {
    return llvm::any_of(llvm::seq(begin, end), [&](unsigned loop) {
      return index.isFunctionOfDim(loop);
    });
  };
  unsigned count = llvm::count_if(map.getResults(), uses);
  if (count == 0)
    return notThere;
  unsigned first =
      llvm::find_if(map.getResults(), uses) - map.getResults().begin();
  if (count != end - begin || first + count > map.getNumResults())
    return std::nullopt;
  for (unsigned i = 0; i < count; ++i)
    if (map.getResult(first + i) !=
        getAffineDimExpr(begin + i, map.getContext()))
      return std::nullopt;
  return first;
}

/// Dimensions [first, first + count) as one, others as they are.
static SmallVector<ReassociationIndices>
groupsOfRows(int64_t rank, int64_t first, int64_t count) {
  SmallVector<ReassociationIndices> groups;
  for (int64_t dim = 0; dim < rank; ++dim)
    if (dim <= first || dim >= first + count)
      groups.push_back({dim});
    else
      groups.back().push_back(dim);
  return groups;
}

/// A view of one place of all rows of a buffer.
static memref::SubViewOp viewOfAllRows(Value memref) {
  auto view = memref.getDefiningOp<memref::SubViewOp>();
  if (!view || !view.getSourceType().getLayout().isIdentity() ||
      !view.getSourceType().hasStaticShape())
    return {};
  ArrayRef<int64_t> shape = view.getSourceType().getShape();
  size_t last = shape.size() - 1;
  for (size_t dim = 0; dim < shape.size(); ++dim)
    if (view.getStaticStride(dim) != 1 ||
        ShapedType::isDynamic(view.getStaticOffset(dim)) ||
        view.getStaticSize(dim) != (dim < last ? shape[dim] : 1) ||
        (dim < last &&
         (view.getStaticOffset(dim) != 0 || view.getDroppedDims().test(dim))))
      return {};
  return view;
}

static bool canCollapse(Value memref, unsigned first, unsigned count) {
  auto type = dyn_cast<MemRefType>(memref.getType());
  if (!type || !type.hasStaticShape())
    return false;
  auto groups = groupsOfRows(type.getRank(), first, count);
  return memref::CollapseShapeOp::isGuaranteedCollapsible(type, groups);
}

static Value collapsed(OpBuilder &builder, Location loc, Value memref,
                       unsigned first, unsigned count) {
  memref::SubViewOp view = viewOfAllRows(memref);
  auto type = cast<MemRefType>(memref.getType());
  if (!view || first + count >= view.getSourceType().getRank())
    return memref::CollapseShapeOp::create(
        builder, loc, memref, groupsOfRows(type.getRank(), first, count));
  Value rows = memref::CollapseShapeOp::create(
      builder, loc, view.getSource(),
      groupsOfRows(view.getSourceType().getRank(), first, count));
  auto rowsType = cast<MemRefType>(rows.getType());
  SmallVector<int64_t> offsets(rowsType.getRank(), 0),
      sizes(rowsType.getShape()), strides(rowsType.getRank(), 1);
  offsets.back() = view.getStaticOffsets().back();
  sizes.back() = 1;
  bool isDropped =
      view.getDroppedDims().test(view.getSourceType().getRank() - 1);
  auto all = cast<MemRefType>(
      memref::SubViewOp::inferResultType(rowsType, offsets, sizes, strides));
  auto result =
      isDropped
          ? cast<MemRefType>(memref::SubViewOp::inferRankReducedResultType(
                ArrayRef(sizes).drop_back(), rowsType, offsets, sizes, strides))
          : all;
  return memref::SubViewOp::create(builder, loc, result, rows, offsets, sizes,
                                   strides);
}

/// Few joints of many bodies, few boxes of many images: loops over rows become
/// one, also where elements are one place of each row.
void NestLowering::collapseRows() {
  constexpr int64_t shortLoop = 64;
  auto generic = dyn_cast<linalg::GenericOp>(op.getOperation());
  unsigned loops = iterators.size();
  if (!generic || loops < 2 || op.getNumReductionLoops())
    return;
  SmallVector<int64_t> sizes = op.getStaticLoopRanges();
  bool picks = false, asksOthers = false;
  op.getBlock()->walk([&](linalg::IndexOp index) {
    picks |= index.getDim() == loops - 1;
    asksOthers |= index.getDim() != loops - 1;
  });
  unsigned end = loops - picks, begin = end - 1;
  if (end < 2 || asksOthers || sizes[end - 1] >= shortLoop ||
      llvm::any_of(
          sizes,
          [](int64_t size) {
            return ShapedType::isDynamic(size) || size == 0;
          }))
    return;
  auto may = [&](unsigned first) {
    return llvm::all_of(op->getOpOperands(), [&](OpOperand &operand) {
      std::optional<unsigned> place =
          placeOfRows(maps[operand.getOperandNumber()], first, end);
      return place && (*place == notThere ||
                       canCollapse(operand.get(), *place, end - first));
    });
  };
  while (begin > 0 && may(begin - 1))
    --begin;
  if (begin + 1 == end)
    return;
  builder.setInsertionPoint(op);
  SmallVector<AffineExpr> numbers;
  for (unsigned loop = 0; loop < loops; ++loop)
    numbers.push_back(builder.getAffineDimExpr(loop < begin ? loop
                                               : loop < end
                                                   ? begin
                                                   : loop - (end - begin - 1)));
  SmallVector<Value> values;
  SmallVector<AffineMap> newMaps;
  DenseMap<std::pair<Value, unsigned>, Value> views; // the same stays the same
  for (auto [operand, map] : llvm::zip(op->getOperands(), maps)) {
    unsigned place = *placeOfRows(map, begin, end);
    SmallVector<AffineExpr> indices;
    for (auto [i, index] : llvm::enumerate(map.getResults()))
      if (place == notThere || i <= place || i >= place + (end - begin))
        indices.push_back(index.replaceDims(numbers));
    newMaps.push_back(AffineMap::get(loops - (end - begin - 1), 0, indices,
                                     builder.getContext()));
    if (place == notThere) {
      values.push_back(operand);
      continue;
    }
    Value &view = views[{operand, place}];
    if (!view)
      view = collapsed(builder, loc, operand, place, end - begin);
    values.push_back(view);
  }
  SmallVector<utils::IteratorType> kinds(loops - (end - begin - 1),
                                         utils::IteratorType::parallel);
  ValueRange all(values);
  auto made = linalg::GenericOp::create(
      builder, loc, TypeRange(), all.take_front(op.getNumDpsInputs()),
      all.drop_front(op.getNumDpsInputs()), newMaps, kinds);
  made->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  IRMapping mapping;
  generic.getRegion().cloneInto(&made.getRegion(), mapping);
  made.walk([&](linalg::IndexOp index) { index.setDim(kinds.size() - 1); });
  op->erase();
  op = made;
  maps = std::move(newMaps);
  iterators = std::move(kinds);
}

//===----------------------------------------------------------------------===//
// Results whose columns are picked
//===----------------------------------------------------------------------===//

/// Does the value say whether the loop's number is this one?
static std::optional<bool> isColumn(Value condition, unsigned across,
                                    int64_t column) {
  auto compare = condition.getDefiningOp<arith::CmpIOp>();
  if (!compare)
    return std::nullopt;
  auto index = compare.getLhs().getDefiningOp<linalg::IndexOp>();
  std::optional<int64_t> number = getConstantIntValue(compare.getRhs());
  if (!index || index.getDim() != across || !number)
    return std::nullopt;
  if (compare.getPredicate() == arith::CmpIPredicate::eq)
    return *number == column;
  if (compare.getPredicate() == arith::CmpIPredicate::ne)
    return *number != column;
  return std::nullopt;
}

/// Finds what the body has for each column, in `picked`; false if it asks for a
/// column's number in other ways, or needs it to compute one.
bool NestLowering::findPicked(unsigned across) {
  int64_t width = *getConstantIntValue(ranges[across].size);
  picked.clear();
  picking.clear();
  Block &block = *op.getBlock();
  for (Value result : block.getTerminator()->getOperands())
    for (int64_t column = 0; column < width; ++column) {
      Value value = result;
      while (auto select = value.getDefiningOp<arith::SelectOp>()) {
        std::optional<bool> found =
            isColumn(select.getCondition(), across, column);
        if (!found)
          break;
        picking.insert(select);
        picking.insert(select.getCondition().getDefiningOp());
        value = *found ? select.getTrueValue() : select.getFalseValue();
      }
      picked.push_back(value);
    }
  if (picking.empty())
    return false;
  for (Operation &nested : block.without_terminator()) {
    auto index = dyn_cast<linalg::IndexOp>(nested);
    if (!index || index.getDim() != across)
      continue;
    for (Operation *user : index->getUsers())
      if (!picking.contains(user))
        return false;
    picking.insert(index);
  }
  // Nobody else looks at what is left out.
  return llvm::all_of(picking, [&](Operation *left) {
    return llvm::all_of(left->getUsers(), [&](Operation *user) {
      return user == block.getTerminator() || picking.contains(user);
    });
  });
}

/// Loops over rows whose body has the results' columns.
bool NestLowering::choosePicked() {
  picked.clear();
  picking.clear();
  AffineMap map = maps[op.getNumDpsInputs()];
  size_t count = map.getNumResults();
  if (!isa<linalg::GenericOp>(op.getOperation()) || op.getNumReductionLoops() ||
      count < 2 || !map.isProjectedPermutation() || mayOverlap())
    return false;
  unsigned across = map.getDimPosition(count - 1),
           inner = map.getDimPosition(count - 2);
  int64_t width = getConstantIntValue(ranges[across].size).value_or(0);
  if (width < 2 || width > mostPicked)
    return false;
  for (OpOperand *input : op.getDpsInputOperands())
    if (uses(*input, across))
      return false;
  Strategy before = strategy;
  strategy = Strategy();
  for (unsigned dim = 0; dim < iterators.size(); ++dim)
    if (dim != across && dim != inner)
      strategy.order.push_back(dim);
  strategy.order.append({across, inner});
  bool areRows = llvm::all_of(op.getDpsInitsMutable(), [&](OpOperand &init) {
    return !op.payloadUsesValueFromOperand(&init) && isRowOf(init, across);
  });
  if (!areRows || !findPicked(across)) {
    picked.clear();
    picking.clear();
    strategy = before;
    return false;
  }
  strategy.writesRows = true;
  bool isVector = options.vectorBits >= 256 && tryVectors(across);
  if (!isVector || strategy.lanes < 4)
    strategy.lanes = 1;
  strategy.shortRows = strategy.picks = true;
  strategy.unroll = 1;
  return true;
}

/// All columns of the rows at hand.
void NestLowering::pickRows() {
  unsigned across = strategy.order[strategy.order.size() - 2];
  int64_t width = *getConstantIntValue(ranges[across].size);
  Value before = ivs[across];
  ivs[across] = constant(0);
  Values operands = inputs();
  operands.append(op.getNumDpsInits(), Value());
  Values values = element(operands);
  SmallVector<Values> columns;
  for (size_t from = 0; from < values.size(); from += width) {
    columns.emplace_back();
    for (Value value : ArrayRef(values).slice(from, width))
      columns.back().push_back(spread(value));
  }
  if (lanes > 1) {
    storeRows(columns);
  } else {
    for (auto [init, own] : llvm::zip(op.getDpsInitsMutable(), columns))
      for (auto [column, value] : llvm::enumerate(own)) {
        ivs[across] = constant(column);
        storeElement(init, value);
      }
  }
  ivs[across] = before;
}
