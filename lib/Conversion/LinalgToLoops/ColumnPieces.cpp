//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Sums of columns, shared by threads row by row.
//
// Threads that share the columns of a matrix read all of its rows, half a row
// each: of what another loop has just written row by row, half lies in the
// cache of another processor, which takes longer than the additions. So each
// piece of the rows gets partial results, as many as there are columns, and
// these are combined. There are as many pieces for one thread as for sixty:
// the result does not depend on their number.
//===----------------------------------------------------------------------===//

#include "ColumnPieces.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "tfc/Dialect/TFCRT/IR/ParallelLoop.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"
#include <algorithm>
#include <optional>

using namespace mlir;
using namespace tfc::loops;
using linalg::LinalgOp;

/// Nanoseconds of one thread that are worth it.
static constexpr double enough = 60000;
/// Partial results are many to share, and few beside the rows.
static constexpr int64_t mostPieces = 32, leastRows = 64;

namespace {

/// What is combined with each accumulator, and with what.
using Combiners = SmallVector<Operation *>;

} // namespace

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
static Combiners matchCombiners(linalg::GenericOp op, bool reassociate) {
  Combiners combiners;
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

namespace {

/// How the rows are cut.
struct Pieces {
  unsigned loop; ///< over rows, or over the outermost of their dimensions
  int64_t count, length; ///< iterations of the loop that a piece has
  double nanoseconds;    ///< of a piece
};

} // namespace

/// Where the operand's rows are cut, if they can be: the loop is its outermost
/// dimension of more than one element, and nothing else. Nothing if the operand
/// does not know the loop.
static FailureOr<std::optional<unsigned>> placeOf(AffineMap map, Value operand,
                                                  unsigned loop) {
  std::optional<unsigned> place;
  for (auto [i, index] : llvm::enumerate(map.getResults())) {
    if (!index.isFunctionOfDim(loop))
      continue;
    if (place || !isa<AffineDimExpr>(index))
      return failure();
    place = i;
  }
  auto type = dyn_cast<MemRefType>(operand.getType());
  bool isOutermost = place && type &&
                     llvm::all_of(type.getShape().take_front(*place),
                                  [](int64_t size) { return size == 1; });
  if (place && !isOutermost)
    return failure();
  return place;
}

/// Are the columns of an operand next to each other?
static bool hasColumns(linalg::GenericOp op, OpOperand &input) {
  AffineMap map = op.getMatchingIndexingMap(&input);
  auto column = dyn_cast<AffineDimExpr>(map.getResults().back());
  return column && isContiguous(input.get().getType()) &&
         op.getIteratorTypesArray()[column.getPosition()] ==
             utils::IteratorType::parallel &&
         op.getStaticLoopRanges()[column.getPosition()] > 1;
}

/// The loop over the rows of all inputs that have some.
static std::optional<unsigned> rowsOf(linalg::GenericOp op) {
  SmallVector<int64_t> sizes = op.getStaticLoopRanges();
  for (auto [loop, kind] : llvm::enumerate(op.getIteratorTypesArray())) {
    if (kind != utils::IteratorType::reduction || sizes[loop] == 1)
      continue;
    bool mayBeCut = true, hasAny = false;
    for (OpOperand &input : op->getOpOperands()) {
      auto place =
          placeOf(op.getMatchingIndexingMap(&input), input.get(), loop);
      mayBeCut &= succeeded(place) && (!*place || hasColumns(op, input));
      hasAny |= succeeded(place) && *place;
    }
    if (mayBeCut && hasAny)
      return loop;
  }
  return std::nullopt;
}

static std::optional<Pieces> choosePieces(linalg::GenericOp op,
                                          const NestOptions &options) {
  SmallVector<int64_t> sizes = op.getStaticLoopRanges();
  if (llvm::any_of(sizes, ShapedType::isDynamic) ||
      llvm::is_contained(sizes, 0) ||
      !llvm::all_of(op->getOperandTypes(), [](Type type) {
        auto memref = dyn_cast<MemRefType>(type);
        return memref && memref.hasStaticShape() && memref.getRank() > 0;
      }))
    return std::nullopt;
  std::optional<unsigned> loop = rowsOf(op);
  if (!loop)
    return std::nullopt;
  int64_t rows = 1, columns = 1;
  for (auto [size, kind] : llvm::zip(sizes, op.getIteratorTypesArray()))
    (kind == utils::IteratorType::reduction ? rows : columns) *= size;
  int64_t count = std::min({mostPieces, rows / leastRows, sizes[*loop]});
  if (count < 2)
    return std::nullopt;

  int64_t bits = 8;
  double bytes = 0;
  for (Value input : op.getInputs()) {
    auto type = cast<MemRefType>(input.getType());
    int64_t width = std::max<int64_t>(8, bitsOf(type.getElementType()));
    bytes += double(type.getNumElements() * width) / 8;
    bits = std::max(bits, width);
  }
  constexpr double ofByte = 0.03;
  double body = tfc::rt::bodyNanoseconds(*op.getBlock(),
                                         options.vectorBits / bits),
         work = std::max(bytes * ofByte, double(rows) * double(columns) * body);
  if (work < enough)
    return std::nullopt;
  int64_t length = sizes[*loop] / count;
  count = sizes[*loop] / length;
  return Pieces{*loop, count, length, work / double(count)};
}

namespace {

class Splitting {
public:
  Splitting(OpBuilder &builder, linalg::GenericOp op, const Pieces &pieces,
            const Combiners &combiners, const Margins *margins)
      : builder(builder), loc(op.getLoc()), op(op), pieces(pieces),
        combiners(combiners), margins(margins) {}

  SmallVector<PartialReduction> run();

private:
  Value rowsOf(Value operand, std::optional<unsigned> place, OpFoldResult from,
               int64_t count);
  Value partOf(Value partials, Value number);
  PartialReduction onRows(OpFoldResult from, int64_t count, ValueRange inits);
  PartialReduction combine(ValueRange partials);

  OpBuilder &builder;
  Location loc;
  linalg::GenericOp op;
  Pieces pieces;
  Combiners combiners;
  const Margins *margins;
};

} // namespace

/// So many iterations of the loop, from one on.
Value Splitting::rowsOf(Value operand, std::optional<unsigned> place,
                        OpFoldResult from, int64_t count) {
  if (!place)
    return operand;
  auto type = cast<MemRefType>(operand.getType());
  SmallVector<OpFoldResult> offsets(type.getRank(), builder.getIndexAttr(0)),
      sizes, steps(type.getRank(), builder.getIndexAttr(1));
  for (int64_t size : type.getShape())
    sizes.push_back(builder.getIndexAttr(size));
  offsets[*place] = from;
  sizes[*place] = builder.getIndexAttr(count);
  return memref::SubViewOp::create(builder, loc, operand, offsets, sizes,
                                   steps);
}

/// Partial results of one piece.
Value Splitting::partOf(Value partials, Value number) {
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

/// The op on some of its rows.
PartialReduction Splitting::onRows(OpFoldResult from, int64_t count,
                                   ValueRange inits) {
  SmallVector<Value> inputs;
  std::optional<Margins> within;
  for (OpOperand *input : op.getDpsInputOperands()) {
    std::optional<unsigned> place =
        *placeOf(op.getMatchingIndexingMap(input), input->get(), pieces.loop);
    inputs.push_back(rowsOf(input->get(), place, from, count));
    if (margins && margins->operand == input->getOperandNumber()) {
      within = *margins;
      within->image = rowsOf(margins->image, place, from, count);
    }
  }
  auto made = linalg::GenericOp::create(builder, loc, TypeRange(), inputs,
                                        inits, op.getIndexingMapsArray(),
                                        op.getIteratorTypesArray());
  made->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  IRMapping mapping;
  op.getRegion().cloneInto(&made.getRegion(), mapping);
  return {cast<LinalgOp>(made.getOperation()), within};
}

/// Adds partial results to the results.
PartialReduction Splitting::combine(ValueRange partials) {
  auto rank = cast<MemRefType>(partials[0].getType()).getRank();
  AffineMap all = builder.getMultiDimIdentityMap(rank);
  SmallVector<AffineMap> maps(partials.size(), all);
  maps.append(partials.size(), all.dropResult(0));
  SmallVector<utils::IteratorType> kinds(rank, utils::IteratorType::parallel);
  kinds[0] = utils::IteratorType::reduction;
  auto made = linalg::GenericOp::create(
      builder, loc, TypeRange(), partials, op.getOutputs(), maps, kinds,
      [&](OpBuilder &nested, Location at, ValueRange values) {
        SmallVector<Value> results;
        for (auto [i, combiner] : llvm::enumerate(combiners)) {
          Operation *copy = nested.clone(*combiner);
          copy->setOperands({values[combiners.size() + i], values[i]});
          results.push_back(copy->getResult(0));
        }
        linalg::YieldOp::create(nested, at, results);
      });
  return {cast<LinalgOp>(made.getOperation()), std::nullopt};
}

SmallVector<PartialReduction> Splitting::run() {
  SmallVector<PartialReduction> made;
  // What fills the results is to be the last thing before they are added to.
  Operation *before = op->getPrevNode();
  builder.setInsertionPoint(
      isa_and_present<linalg::FillOp>(before) ? before : op.getOperation());
  SmallVector<Value> partials;
  for (Value init : op.getOutputs()) {
    auto type = cast<MemRefType>(init.getType());
    SmallVector<int64_t> shape{pieces.count};
    llvm::append_range(shape, type.getShape());
    partials.push_back(memref::AllocOp::create(
        builder, loc, MemRefType::get(shape, type.getElementType()),
        builder.getI64IntegerAttr(64)));
  }
  auto index = [&](int64_t value) {
    return arith::ConstantIndexOp::create(builder, loc, value).getResult();
  };
  tfc::rt::buildParallel(
      builder, loc, index(0), index(pieces.count),
      {builder.getIndexAttr(1), pieces.nanoseconds}, [&](Value from, Value to) {
        auto loop = scf::ForOp::create(builder, loc, from, to, index(1));
        OpBuilder::InsertionGuard guard(builder);
        builder.setInsertionPointToStart(loop.getBody());
        SmallVector<Value> parts;
        for (auto [partial, combiner] : llvm::zip(partials, combiners)) {
          parts.push_back(partOf(partial, loop.getInductionVar()));
          Value nothing = arith::ConstantOp::create(
              builder, loc, *arith::getNeutralElement(combiner));
          linalg::FillOp::create(builder, loc, nothing, parts.back());
        }
        Value start = arith::MulIOp::create(
            builder, loc, loop.getInductionVar(), index(pieces.length));
        made.push_back(onRows(start, pieces.length, parts));
      });
  builder.setInsertionPoint(op);
  int64_t done = pieces.count * pieces.length,
          size = op.getStaticLoopRanges()[pieces.loop];
  if (done < size)
    made.push_back(
        onRows(builder.getIndexAttr(done), size - done, op.getOutputs()));
  made.push_back(combine(partials));
  op->erase();
  return made;
}

SmallVector<PartialReduction>
tfc::loops::reduceColumnsInPieces(OpBuilder &builder, LinalgOp op,
                                  const NestOptions &options,
                                  const Margins *margins) {
  auto generic = dyn_cast<linalg::GenericOp>(op.getOperation());
  if (!options.parallel || !generic || !generic.getNumReductionLoops() ||
      generic.hasIndexSemantics() || op->getParentOfType<tfc::rt::ParallelOp>())
    return {};
  Combiners combiners = matchCombiners(generic, options.reassociate);
  if (combiners.empty())
    return {};
  std::optional<Pieces> pieces = choosePieces(generic, options);
  if (!pieces)
    return {};
  return Splitting(builder, generic, *pieces, combiners, margins).run();
}
