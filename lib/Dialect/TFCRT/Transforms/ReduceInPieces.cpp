//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Sums of columns, and products along many rows, shared by threads row by row.
//
// Threads that share the columns of a matrix read all of its rows, half a row
// each: of what another loop has just written row by row, half lies in the
// cache of another processor, which takes longer than the additions. And a
// product with few results has nothing else to be shared. So each piece of the
// rows gets partial results, and these are combined. There are as many pieces
// for one thread as for sixty: results do not depend on their number.
//===----------------------------------------------------------------------===//

#include "tfc/Dialect/TFCRT/Transforms/ReduceInPieces.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "tfc/Dialect/TFCRT/IR/ParallelLoop.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"
#include <algorithm>
#include <optional>

using namespace mlir;
using namespace tfc::rt;
using linalg::LinalgOp;

//===----------------------------------------------------------------------===//
// What may be cut
//===----------------------------------------------------------------------===//

/// May partial results be combined in any order?
static bool isAssociative(Operation *combiner, bool reassociate) {
  if (!isa<arith::AddFOp, arith::MulFOp>(combiner))
    return true;
  auto floats = cast<arith::ArithFastMathInterface>(combiner);
  return reassociate &&
         arith::bitEnumContainsAll(floats.getFastMathFlagsAttr().getValue(),
                                   arith::FastMathFlags::reassoc);
}

/// The combiner of each result, if each is one of arithmetic, whose order does
/// not matter, on its own accumulator.
static SmallVector<Operation *> matchCombiners(LinalgOp op, bool reassociate) {
  SmallVector<Operation *> combiners;
  Block &block = *op.getBlock();
  for (OpOperand &init : op.getDpsInitsMutable()) {
    BlockArgument accumulator = op.getMatchingBlockArgument(&init);
    Operation *combiner =
        block.getTerminator()
            ->getOperand(init.getOperandNumber() - op.getNumDpsInputs())
            .getDefiningOp();
    bool isCombiner =
        combiner && combiner->getBlock() == &block &&
        combiner->getNumOperands() == 2 && accumulator.hasOneUse() &&
        combiner->getResult(0).hasOneUse() &&
        llvm::is_contained(combiner->getOperands(), accumulator) &&
        isa<arith::AddFOp, arith::AddIOp, arith::MulFOp, arith::MulIOp,
            arith::MaximumFOp, arith::MinimumFOp, arith::MaxSIOp,
            arith::MinSIOp, arith::MaxUIOp, arith::MinUIOp, arith::AndIOp,
            arith::OrIOp, arith::XOrIOp>(combiner) &&
        isAssociative(combiner, reassociate) &&
        arith::getNeutralElement(combiner);
    if (!isCombiner)
      return {};
    combiners.push_back(combiner);
  }
  return combiners;
}

/// Which dimension of an operand the loop goes over, if that is all it does
/// there; nothing if the operand does not know the loop.
static FailureOr<std::optional<unsigned>> placeOf(AffineMap map,
                                                  unsigned loop) {
  std::optional<unsigned> place;
  for (auto [i, index] : llvm::enumerate(map.getResults())) {
    if (!index.isFunctionOfDim(loop))
      continue;
    if (place || !isa<AffineDimExpr>(index))
      return failure();
    place = i;
  }
  return place;
}

static bool isOutermost(MemRefType type, unsigned dim) {
  return llvm::all_of(type.getShape().take_front(dim),
                      [](int64_t size) { return size == 1; });
}

/// Does the index move by one with a loop that is not reduced?
static bool isAlongColumns(LinalgOp op, AffineExpr index) {
  if (auto column = dyn_cast<AffineDimExpr>(index))
    return op.getIteratorTypesArray()[column.getPosition()] ==
               utils::IteratorType::parallel &&
           op.getStaticLoopRanges()[column.getPosition()] > 1;
  auto sum = dyn_cast<AffineBinaryOpExpr>(index);
  return sum && sum.getKind() == AffineExprKind::Add &&
         (isAlongColumns(op, sum.getLHS()) || isAlongColumns(op, sum.getRHS()));
}

/// Are the columns of an operand next to each other?
static bool hasColumns(LinalgOp op, OpOperand &input) {
  auto [strides, offset] =
      cast<MemRefType>(input.get().getType()).getStridesAndOffset();
  return strides.back() == 1 &&
         isAlongColumns(op,
                        op.getMatchingIndexingMap(&input).getResults().back());
}

/// Is this loop over the outermost dimension of what is read, and nothing else,
/// and are rows what is inside of it?
static bool isOverRows(LinalgOp op, unsigned loop) {
  bool hasAny = false;
  for (OpOperand &operand : op->getOpOperands()) {
    auto place = placeOf(op.getMatchingIndexingMap(&operand), loop);
    if (failed(place))
      return false;
    if (!*place)
      continue;
    if (!isOutermost(cast<MemRefType>(operand.get().getType()), **place) ||
        !hasColumns(op, operand))
      return false;
    hasAny = true;
  }
  return hasAny;
}

std::optional<ReducedRows> tfc::rt::matchReducedRows(LinalgOp op,
                                                     bool reassociate) {
  auto isPlain = [](Type type) {
    auto memref = dyn_cast<MemRefType>(type);
    return memref && memref.hasStaticShape() && memref.getRank() > 0;
  };
  auto shapeOf = [](Value buffer) {
    return cast<MemRefType>(buffer.getType()).getShape();
  };
  if (!op.getNumReductionLoops() || op.hasIndexSemantics() ||
      !llvm::all_of(op->getOperandTypes(), isPlain) ||
      !llvm::all_equal(llvm::map_range(op.getDpsInits(), shapeOf)) ||
      op->getParentOfType<ParallelOp>())
    return std::nullopt;
  SmallVector<int64_t> sizes = op.getStaticLoopRanges();
  if (llvm::any_of(sizes, ShapedType::isDynamic) ||
      llvm::is_contained(sizes, 0) || matchCombiners(op, reassociate).empty())
    return std::nullopt;
  ReducedRows rows{0, 1, 1};
  std::optional<unsigned> found;
  for (auto [loop, kind] : llvm::enumerate(op.getIteratorTypesArray())) {
    bool isReduced = kind == utils::IteratorType::reduction;
    (isReduced ? rows.count : rows.columns) *= sizes[loop];
    if (!found && isReduced && sizes[loop] > 1 && isOverRows(op, loop))
      found = loop;
  }
  if (!found)
    return std::nullopt;
  rows.loop = *found;
  return rows;
}

RowPieces tfc::rt::cutRows(LinalgOp op, const ReducedRows &rows, int64_t most,
                           double nanoseconds) {
  int64_t size = op.getStaticLoopRanges()[rows.loop],
          count = std::max<int64_t>(1, std::min(most, size)), even = count;
  while (size % even)
    --even;
  if (2 * even > count)
    count = even;
  int64_t length = size / count;
  count = size / length;
  return {rows.loop, count, length, nanoseconds / double(count)};
}

//===----------------------------------------------------------------------===//
// Pieces
//===----------------------------------------------------------------------===//

Value tfc::rt::outermostSlice(OpBuilder &builder, Location loc, Value buffer,
                              OpFoldResult from, int64_t count) {
  auto type = cast<MemRefType>(buffer.getType());
  int64_t rank = type.getRank(), outer = 0;
  while (outer + 1 < rank && type.getDimSize(outer) == 1)
    ++outer;
  SmallVector<OpFoldResult> offsets(rank, builder.getIndexAttr(0)), sizes,
      steps(rank, builder.getIndexAttr(1));
  for (int64_t size : type.getShape())
    sizes.push_back(builder.getIndexAttr(size));
  offsets[outer] = from;
  sizes[outer] = builder.getIndexAttr(count);
  return memref::SubViewOp::create(builder, loc, buffer, offsets, sizes, steps);
}

/// Partial results of one piece.
static Value partOf(OpBuilder &builder, Location loc, Value partials,
                    Value number) {
  auto type = cast<MemRefType>(partials.getType());
  ArrayRef<int64_t> shape = type.getShape().drop_front();
  SmallVector<OpFoldResult> offsets(type.getRank(), builder.getIndexAttr(0)),
      sizes{builder.getIndexAttr(1)},
      steps(type.getRank(), builder.getIndexAttr(1));
  for (int64_t size : shape)
    sizes.push_back(builder.getIndexAttr(size));
  offsets[0] = number;
  MemRefType part = memref::SubViewOp::inferRankReducedResultType(
      shape, type, offsets, sizes, steps);
  return memref::SubViewOp::create(builder, loc, part, partials, offsets, sizes,
                                   steps);
}

/// Adds partial results to the results.
static LinalgOp combine(OpBuilder &builder, LinalgOp op,
                        ArrayRef<Operation *> combiners, ValueRange partials) {
  int64_t rank = cast<MemRefType>(partials[0].getType()).getRank();
  AffineMap all = builder.getMultiDimIdentityMap(rank);
  SmallVector<AffineMap> maps(partials.size(), all);
  maps.append(partials.size(), all.dropResult(0));
  SmallVector<utils::IteratorType> kinds(rank, utils::IteratorType::parallel);
  kinds[0] = utils::IteratorType::reduction;
  auto made = linalg::GenericOp::create(
      builder, op.getLoc(), TypeRange(), partials, op.getDpsInits(), maps,
      kinds, [&](OpBuilder &nested, Location at, ValueRange values) {
        SmallVector<Value> yielded;
        for (auto [i, combiner] : llvm::enumerate(combiners)) {
          Operation *copy = nested.clone(*combiner);
          copy->setOperands({values[combiners.size() + i], values[i]});
          yielded.push_back(copy->getResult(0));
        }
        linalg::YieldOp::create(nested, at, yielded);
      });
  return cast<LinalgOp>(made.getOperation());
}

SmallVector<LinalgOp> tfc::rt::reduceInPieces(
    OpBuilder &builder, LinalgOp op, const RowPieces &pieces,
    llvm::function_ref<void(LinalgOp, OpFoldResult, int64_t)> onRows) {
  Location loc = op.getLoc();
  // Nothing else was matched.
  SmallVector<Operation *> combiners = matchCombiners(op, /*reassociate=*/true);
  SmallVector<LinalgOp> made;
  auto addRows = [&](OpFoldResult from, int64_t count, ValueRange inits) {
    SmallVector<Value> operands;
    for (OpOperand *input : op.getDpsInputOperands()) {
      bool hasRows =
          op.getMatchingIndexingMap(input).isFunctionOfDim(pieces.loop);
      operands.push_back(
          hasRows ? outermostSlice(builder, loc, input->get(), from, count)
                  : input->get());
    }
    llvm::append_range(operands, inits);
    made.push_back(
        cast<LinalgOp>(mlir::clone(builder, op, TypeRange(), operands)));
    onRows(made.back(), from, count);
  };
  auto index = [&](int64_t value) {
    return arith::ConstantIndexOp::create(builder, loc, value).getResult();
  };

  // What fills the results is to be the last thing before they are added to.
  auto fill = dyn_cast_or_null<linalg::FillOp>(op->getPrevNode());
  bool fillsResult =
      fill && llvm::is_contained(op.getDpsInits(), fill.getOutputs()[0]);
  builder.setInsertionPoint(fillsResult ? fill.getOperation()
                                        : op.getOperation());
  SmallVector<Value> partials;
  for (Value init : op.getDpsInits()) {
    auto type = cast<MemRefType>(init.getType());
    SmallVector<int64_t> shape{pieces.count};
    llvm::append_range(shape, type.getShape());
    partials.push_back(memref::AllocOp::create(
        builder, loc, MemRefType::get(shape, type.getElementType()),
        builder.getI64IntegerAttr(64)));
  }
  buildParallel(
      builder, loc, index(0), index(pieces.count),
      {builder.getIndexAttr(1), pieces.nanoseconds}, [&](Value from, Value to) {
        auto loop = scf::ForOp::create(builder, loc, from, to, index(1));
        OpBuilder::InsertionGuard guard(builder);
        builder.setInsertionPointToStart(loop.getBody());
        SmallVector<Value> parts;
        for (auto [partial, combiner] : llvm::zip(partials, combiners)) {
          parts.push_back(
              partOf(builder, loc, partial, loop.getInductionVar()));
          Value nothing = arith::ConstantOp::create(
              builder, loc, *arith::getNeutralElement(combiner));
          linalg::FillOp::create(builder, loc, nothing, parts.back());
        }
        Value start = arith::MulIOp::create(
            builder, loc, loop.getInductionVar(), index(pieces.length));
        addRows(start, pieces.length, parts);
      });
  builder.setInsertionPoint(op);
  int64_t done = pieces.count * pieces.length,
          size = op.getStaticLoopRanges()[pieces.loop];
  if (done < size)
    addRows(builder.getIndexAttr(done), size - done, op.getDpsInits());
  made.push_back(combine(builder, op, combiners, partials));
  op->erase();
  return made;
}
