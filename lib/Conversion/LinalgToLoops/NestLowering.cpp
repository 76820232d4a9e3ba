//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// One nest per op. The innermost loop is the one that most operands are
// contiguous in (chooseOrder). If that is a reduction, its accumulator is a
// loop-carried value; else, for contractions, the nest is unrolled and jammed
// over one parallel and one reduction loop, so that every load of the innermost
// loop feeds several multiply-adds (chooseStrategy is where a kernel of its own
// would be picked).
//===----------------------------------------------------------------------===//

#include "NestLowering.h"
#include "RowScatter.h"
#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "tfc/Dialect/TFCRT/IR/MayAlias.h"
#include "tfc/Dialect/TFCRT/IR/ParallelLoop.h"
#include "tfc/Dialect/TFCRT/IR/Remark.h"
#include "tfc/Dialect/TFCRT/Transforms/Body.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;
using namespace tfc::loops;
using linalg::LinalgOp;

/// Elements of a cache line of f32: squares of so many use all of each line
/// that they touch.
static constexpr int64_t tileSize = 16;
/// Elements of a side from which squares in registers are less work than their
/// elements one by one.
static constexpr int64_t smallestSquare = 4;

//===----------------------------------------------------------------------===//
// Choices
//===----------------------------------------------------------------------===//

bool NestLowering::uses(OpOperand &operand, unsigned dim) const {
  return maps[operand.getOperandNumber()].isFunctionOfDim(dim);
}

/// Does the index go up by one with each iteration: the loop's number, in a
/// window or not?
bool NestLowering::isAlong(AffineExpr index, unsigned dim) const {
  AffineExpr number = builder.getAffineDimExpr(dim),
             none = builder.getAffineConstantExpr(0);
  return index == number ||
         simplifyAffineExpr(index - number - index.replace(number, none),
                            iterators.size(), 0) == none;
}

/// How well `dim` does as the innermost loop: contiguous accesses count for it,
/// strided ones against it. Results of one reduction (a best element and its
/// place) count once: where the reduction is innermost, they are in registers.
int64_t NestLowering::score(unsigned dim) {
  int64_t score = 0;
  bool reduces = op.getNumReductionLoops() > 0;
  for (OpOperand &operand : op->getOpOperands()) {
    AffineMap map = maps[operand.getOperandNumber()];
    bool isAnother = reduces && op.isDpsInit(&operand) &&
                     &operand != op.getDpsInitOperand(0);
    if (!isa<MemRefType>(operand.get().getType()) ||
        !map.isFunctionOfDim(dim) || isAnother)
      continue;
    // What is the same for all that is reduced, as the mean of a row, is read
    // as often as the result is written.
    if (reduces && !op.isDpsInit(&operand) &&
        llvm::none_of(llvm::seq<unsigned>(0, iterators.size()),
                      [&](unsigned other) {
                        return isReduction(other) && map.isFunctionOfDim(other);
                      }))
      continue;
    ArrayRef<AffineExpr> results = map.getResults();
    // Along a window itself, which is short, nothing is gained.
    bool last =
        isa<AffineDimExpr>(results.back()) ||
                getConstantIntValue(ranges[dim].size).value_or(tileSize) >=
                    tileSize
            ? isAlong(results.back(), dim)
            : false;
    bool elsewhere = llvm::any_of(results.drop_back(), [&](AffineExpr expr) {
      return expr.isFunctionOfDim(dim);
    });
    score += last && !elsewhere ? 1 + op.isDpsInit(&operand) : -2;
  }
  return score;
}

void NestLowering::chooseOrder() {
  unsigned count = iterators.size();
  unsigned inner = count;
  int64_t best = 0;
  for (unsigned dim = 0; dim < count; ++dim) {
    if (isConstantIntValue(ranges[dim].size, 1))
      continue;
    // On a tie the later loop, but never a reduction over a parallel one.
    int64_t value = 4 * score(dim) - isReduction(dim);
    if (inner == count || value >= best) {
      best = value;
      inner = dim;
    }
  }
  for (bool reduction : {false, true})
    for (unsigned dim = 0; dim < count; ++dim)
      if (dim != inner && isReduction(dim) == reduction)
        strategy.order.push_back(dim);
  if (inner != count)
    strategy.order.push_back(inner);
}

void NestLowering::chooseStrategy() {
  chooseOrder();
  for (unsigned dim : llvm::reverse(strategy.order)) {
    if (!isReduction(dim))
      break;
    ++strategy.accumulated;
  }
  strategy.jam = chooseJam();
  if (!strategy.jam)
    return;
  // Blocked loops go inwards, in the order i, k, j.
  chooseWhole();
  unsigned inner = strategy.order.pop_back_val();
  llvm::erase(strategy.order, strategy.jamReduction);
  for (unsigned dim : strategy.jamWhole)
    llvm::erase(strategy.order, dim);
  if (strategy.jamParallel != iterators.size()) {
    llvm::erase(strategy.order, strategy.jamParallel);
    strategy.order.push_back(strategy.jamParallel);
  }
  strategy.order.append(strategy.jamWhole);
  strategy.order.push_back(strategy.jamReduction);
  strategy.order.push_back(inner);
}

/// Copies that change the order of elements (transposes) go along one operand
/// and across another one: in small squares, lines of both stay in the cache
/// until they are used up.
void NestLowering::chooseTiles() {
  if (strategy.jam || strategy.lanes > 1 || strategy.accumulated ||
      strategy.order.size() < 2 || mayOverlap())
    return;
  unsigned inner = strategy.order.back();
  auto isLong = [&](unsigned dim, int64_t least) {
    return getConstantIntValue(ranges[dim].size).value_or(0) >= least;
  };
  for (OpOperand *input : op.getDpsInputOperands()) {
    AffineMap map = maps[input->getOperandNumber()];
    auto last = dyn_cast_or_null<AffineDimExpr>(
        map.getNumResults() ? map.getResults().back() : AffineExpr());
    if (!last || !isa<MemRefType>(input->get().getType()) ||
        !map.isFunctionOfDim(inner))
      continue;
    unsigned across = last.getPosition();
    if (across == inner || isReduction(across) ||
        !isLong(across, smallestSquare) || !isLong(inner, smallestSquare))
      continue;
    Strategy before = strategy;
    llvm::erase(strategy.order, across);
    strategy.order.insert(strategy.order.end() - 1, across);
    strategy.tiled = true;
    strategy.squares = chooseSquares(across);
    if (strategy.squares ||
        (isLong(across, 2 * tileSize) && isLong(inner, 2 * tileSize)))
      return;
    strategy = before;
  }
}

void NestLowering::emit() {
  if (strategy.compensated && !lost)
    withLostParts([&] { emit(); });
  else if (!strategy.taps.empty())
    tapNest(0);
  else if (strategy.jam)
    jamNest(0);
  else
    nest(0);
}

//===----------------------------------------------------------------------===//
// Emission
//===----------------------------------------------------------------------===//

Value NestLowering::constant(int64_t value) {
  return arith::ConstantIndexOp::create(builder, loc, value);
}

/// Runs once, for about two microseconds at most.
bool NestLowering::isShort() const {
  constexpr int64_t mostPoints = 16384;
  int64_t points = 1;
  for (const Range &range : ranges) {
    std::optional<int64_t> size = getConstantIntValue(range.size);
    if (!size || *size > mostPoints)
      return false;
    points *= std::max<int64_t>(1, *size);
    if (points > mostPoints)
      return false;
  }
  return isa<FunctionOpInterface>(op->getParentOp());
}

Value NestLowering::size(unsigned dim) {
  return getValueOrCreateConstantIndexOp(builder, loc, ranges[dim].size);
}

/// One loop over `dim`; `body` gets the carried values and returns the next
/// ones.
Value NestLowering::loop(unsigned dim, Value from, Value to, int64_t step,
                         ValueRange carried,
                         llvm::function_ref<Values(ValueRange)> body,
                         Values *results) {
  if (step == 1 && isConstantIntValue(ranges[dim].size, 1)) {
    ivs[dim] = from;
    Values next = body(carried);
    if (results)
      *results = next;
    return {};
  }
  auto loop =
      scf::ForOp::create(builder, loc, from, to, constant(step), carried);
  if (std::optional<int64_t> size = getConstantIntValue(ranges[dim].size);
      size && *size < 8)
    loop->setAttr(isRemainder, builder.getUnitAttr());
  OpBuilder::InsertionGuard guard(builder);
  if (carried.empty())
    builder.setInsertionPoint(loop.getBody()->getTerminator());
  else
    builder.setInsertionPointToEnd(loop.getBody());
  ivs[dim] = loop.getInductionVar();
  Values next = body(loop.getRegionIterArgs());
  if (!carried.empty())
    scf::YieldOp::create(builder, loc, next);
  if (results)
    *results = Values(loop.getResults());
  return {};
}

NestLowering::Values NestLowering::indices(OpOperand &operand) {
  Values result;
  for (AffineExpr expr : maps[operand.getOperandNumber()].getResults()) {
    if (auto dim = dyn_cast<AffineDimExpr>(expr))
      result.push_back(ivs[dim.getPosition()]);
    else
      result.push_back(affine::expandAffineExpr(builder, loc, expr, ivs, {}));
  }
  return result;
}

Value NestLowering::loadElement(OpOperand &operand) {
  if (!isa<MemRefType>(operand.get().getType()))
    return operand.get();
  if (Value known = hoisted.lookup(operand.getOperandNumber()))
    return known;
  if (margins && margins->operand == operand.getOperandNumber())
    return loadWithin(operand);
  // The rows that fill no vector with others.
  if (strategy.rowTrees && start && op.isDpsInit(&operand))
    return start;
  if (lanes > 1 && uses(operand, strategy.order.back())) {
    if (strategy.columns && isApart(operand) && mayBeColumn(operand))
      return loadColumn(operand);
    if (strategy.gathers && isApart(operand))
      return gather(operand);
    if (strategy.spread && isApart(operand))
      return loadSpread(operand);
    Values at = indices(operand);
    fetchAhead(operand, at, /*isWrite=*/false);
    return loadVector(operand.get(), at);
  }
  return memref::LoadOp::create(builder, loc, operand.get(), indices(operand));
}

void NestLowering::storeAt(Value memref, ValueRange at, Value value,
                           bool nontemporal) {
  if (lanes == 1) {
    memref::StoreOp::create(builder, loc, value, memref, at);
    return;
  }
  Value all = spread(value);
  Values first = vectorPlace(memref, at);
  if (mask && present) {
    int64_t parts = cast<VectorType>(all.getType()).getNumElements() / lanes;
    Value few = vector::ShuffleOp::create(
        builder, loc, all, all,
        llvm::to_vector(llvm::seq<int64_t>(0, present * parts)));
    vector::StoreOp::create(builder, loc, few, memref, first);
  } else if (mask) {
    vector::MaskedStoreOp::create(builder, loc, memref, first,
                                  maskOfElements(all.getType()), all);
  } else {
    vector::StoreOp::create(builder, loc, all, memref, first, nontemporal);
  }
}

bool tfc::loops::isForMemory(Operation *op, Value result) {
  // Of 32 MiB, a reader finds most where ordinary stores have left it.
  constexpr int64_t kept = 40 * 1024 * 1024;
  Value root = tfc::rt::rootOf(result);
  auto whole = dyn_cast<MemRefType>(root.getType());
  if (!whole || !whole.hasStaticShape() ||
      whole.getNumElements() * bitsOf(whole.getElementType()) / 8 < kept)
    return false;
  Operation *around = op;
  for (Operation *parent = op->getParentOp();
       parent && !isa<FunctionOpInterface>(parent);
       parent = parent->getParentOp())
    around = parent;
  auto touches = [&](Operation *other) {
    return !isa<ViewLikeOpInterface>(other) &&
           llvm::count_if(other->getOperands(), [&](Value operand) {
             return isa<MemRefType>(operand.getType()) &&
                    tfc::rt::mayAlias(tfc::rt::rootOf(operand), root);
           }) > (other == op ? 1 : 0);
  };
  WalkResult walked = around->walk([&](Operation *other) {
    return touches(other) ? WalkResult::interrupt() : WalkResult::advance();
  });
  return !walked.wasInterrupted();
}

/// A store around the caches that fills no line waits for what nobody fetched.
bool tfc::loops::hasWholeLines(Type type) {
  constexpr int64_t line = 64;
  auto buffer = cast<MemRefType>(type);
  if (buffer.getRank() < 2)
    return true;
  int64_t row = buffer.getShape().back();
  return !ShapedType::isDynamic(row) &&
         row * bitsOf(buffer.getElementType()) / 8 % line == 0;
}

/// Found out before the first store: later ones would be taken for readers.
bool NestLowering::storesAround(OpOperand &operand) {
  if (lanes == 1 || mask || op.payloadUsesValueFromOperand(&operand) ||
      !uses(operand, strategy.order.back()) ||
      !hasWholeLines(operand.get().getType()) ||
      !(strategy.squares
            ? cast<MemRefType>(operand.get().getType()).getLayout().isIdentity()
            : streams(operand)))
    return false;
  auto [found, isNew] =
      aroundCaches.try_emplace(operand.getOperandNumber(), false);
  if (isNew)
    found->second = isForMemory(op, operand.get());
  return found->second;
}

void NestLowering::storeElement(OpOperand &operand, Value value) {
  Values at = indices(operand);
  bool isAround = storesAround(operand);
  if (!isAround)
    fetchAhead(operand, at, /*isWrite=*/true);
  storeAt(operand.get(), at, value, isAround);
}

/// Does the nest go over neighbouring elements of a large buffer, one after the
/// other? The operand may be a slice of it, as in loops that ops share.
bool NestLowering::streams(OpOperand &operand) {
  constexpr int64_t large = 2 * 1024 * 1024; // a second-level cache
  auto type = cast<MemRefType>(operand.get().getType());
  auto whole = dyn_cast<MemRefType>(tfc::rt::rootOf(operand.get()).getType());
  if (strategy.jam || strategy.tiled || !whole || !whole.hasStaticShape() ||
      !type.hasStaticShape() ||
      whole.getNumElements() * bitsOf(whole.getElementType()) / 8 <= large)
    return false;
  SmallVector<int64_t> strides;
  int64_t offset, next = 1;
  if (failed(type.getStridesAndOffset(strides, offset)))
    return false;
  for (auto [size, stride] :
       llvm::reverse(llvm::zip_equal(type.getShape(), strides))) {
    if (size != 1 && stride != next)
      return false;
    next *= size;
  }
  // In the order of the loops.
  unsigned *at = strategy.order.begin();
  for (AffineExpr index : maps[operand.getOperandNumber()].getResults()) {
    if (isa<AffineConstantExpr>(index))
      continue;
    auto dim = dyn_cast<AffineDimExpr>(index);
    at = dim ? std::find(at, strategy.order.end(), dim.getPosition())
             : strategy.order.end();
    if (at == strategy.order.end())
      return false;
    ++at;
  }
  return at == strategy.order.end();
}

/// Processors find out by themselves what comes next, but begin anew with each
/// page, and wait for memory while they do not compute: what lies a page ahead
/// is fetched, a cache line at a time.
void NestLowering::fetchAhead(OpOperand &operand, ValueRange at, bool isWrite) {
  constexpr int64_t page = 4096, line = 64;
  if (lanes == 1 || mask || op->hasAttr(isFetched) ||
      !uses(operand, strategy.order.back()) || !streams(operand))
    return;
  int64_t bytes =
      bitsOf(cast<MemRefType>(operand.get().getType()).getElementType()) / 8;
  if (!bytes || behind * bytes % line)
    return;
  Values ahead(at);
  ahead.back() = builder.createOrFold<arith::AddIOp>(loc, ahead.back(),
                                                     constant(page / bytes));
  memref::PrefetchOp::create(builder, loc, operand.get(), ahead, isWrite,
                             /*localityHint=*/3, /*isDataCache=*/true);
}

/// The body of the op for one element; returns what it yields.
NestLowering::Values NestLowering::element(ValueRange operands) {
  if (lanes > 1)
    return elementOfVectors(operands);
  Block &block = *op.getBlock();
  IRMapping mapping;
  for (auto [argument, value] : llvm::zip(block.getArguments(), operands))
    if (value)
      mapping.map(argument, value);
  for (Operation &nested : block.without_terminator()) {
    if (picking.contains(&nested))
      continue;
    if (auto index = dyn_cast<linalg::IndexOp>(nested)) {
      mapping.map(index.getResult(), ivs[index.getDim()]);
      continue;
    }
    Operation *clone = builder.clone(nested, mapping);
    clone->walk([&](linalg::IndexOp index) {
      index.replaceAllUsesWith(ivs[index.getDim()]);
      index.erase();
    });
  }
  Values results;
  for (Value value : strategy.picks ? ValueRange(picked)
                                    : block.getTerminator()->getOperands())
    results.push_back(mapping.lookupOrDefault(value));
  return results;
}

NestLowering::Values NestLowering::loadInits() {
  Values values;
  for (OpOperand &init : op.getDpsInitsMutable())
    values.push_back(op.payloadUsesValueFromOperand(&init) ? loadElement(init)
                                                           : Value());
  return values;
}

void NestLowering::storeInits(ValueRange values) {
  for (auto [init, value] : llvm::zip(op.getDpsInitsMutable(), values))
    storeElement(init, value);
}

/// The elements of the inputs that the body uses.
NestLowering::Values NestLowering::inputs() {
  Values values;
  for (OpOperand *input : op.getDpsInputOperands())
    values.push_back(op.payloadUsesValueFromOperand(input) ? loadElement(*input)
                                                           : Value());
  return values;
}

/// Reduction loops with the accumulators as loop-carried values.
NestLowering::Values NestLowering::accumulate(size_t level,
                                              ValueRange accumulators) {
  if (level == strategy.order.size()) {
    Values operands = inputs();
    llvm::append_range(operands, accumulators);
    return element(operands);
  }
  unsigned dim = strategy.order[level];
  Values results;
  loop(
      dim, first[dim], last[dim], 1, accumulators,
      [&](ValueRange carried) { return accumulate(level + 1, carried); },
      &results);
  return results;
}

/// What the loops from `level` on combine, with what was there before.
NestLowering::Values NestLowering::reduceAll(size_t level, ValueRange inits) {
  if (strategy.blockStep)
    return {blockedSum(level, inits[0])};
  return strategy.combiner ? accumulateVectors(level, inits)
                           : accumulate(level, inits);
}

/// The two innermost loops, square by square.
void NestLowering::tiles(size_t level) {
  unsigned outer = strategy.order[level], inner = strategy.order[level + 1];
  Values ends = last, begins = first;
  auto within = [&](unsigned dim) {
    first[dim] = ivs[dim];
    Value end =
        arith::AddIOp::create(builder, loc, ivs[dim], constant(tileSize));
    last[dim] = arith::MinSIOp::create(builder, loc, end, ends[dim]);
  };
  loop(
      outer, begins[outer], ends[outer], tileSize, {},
      [&](ValueRange) {
        within(outer);
        loop(
            inner, begins[inner], ends[inner], tileSize, {},
            [&](ValueRange) {
              within(inner);
              strategy.tiled = false;
              nest(level);
              strategy.tiled = true;
              return Values();
            },
            nullptr);
        return Values();
      },
      nullptr);
  first = begins;
  last = ends;
}

void NestLowering::nest(size_t level) {
  if (strategy.tiled && level + 2 == strategy.order.size())
    return strategy.squares ? squares(level) : tiles(level);
  if (strategy.squares && level + 3 == strategy.order.size() && !inLines)
    return linesOfSquares(level);
  if (strategy.shortRows && level + 2 == strategy.order.size())
    return shortRows(level);
  if (strategy.rowTrees && level + 2 == strategy.order.size())
    return rowTrees(level);
  if (level + strategy.accumulated == strategy.order.size()) {
    Values inits = loadInits();
    // A reduction that does not read what it accumulates to has nothing to
    // carry.
    bool carries = llvm::all_of(inits, [](Value value) { return bool(value); });
    if (strategy.accumulated && !carries)
      for (auto [init, value] : llvm::zip(op.getDpsInitsMutable(), inits))
        if (!value)
          value = loadElement(init);
    storeInits(strategy.arg ? accumulateArg(inits) : reduceAll(level, inits));
    return;
  }
  unsigned dim = strategy.order[level];
  if (strategy.lanes > 1 && level + 1 == strategy.order.size())
    return innerLoop([&] { nest(level + 1); });
  loop(
      dim, first[dim], last[dim], 1, {},
      [&](ValueRange) { return nest(level + 1), Values(); }, nullptr);
}

//===----------------------------------------------------------------------===//
// All together
//===----------------------------------------------------------------------===//

void NestLowering::run() {
  if (!margins) {
    collapseLoops();
    collapseRows();
    for (linalg::GenericOp copy : joinChannels())
      NestLowering(builder, copy, options).run();
  }
  addToFill();
  builder.setInsertionPoint(op);
  ranges = llvm::to_vector(op.createLoopRanges(builder, loc));
  ivs.resize(iterators.size());
  chooseStrategy();
  for (unsigned dim = 0; dim < iterators.size(); ++dim) {
    first.push_back(constant(0));
    last.push_back(size(dim));
  }
  if (!choosePicked() && !chooseShortRows(/*mayWriteRows=*/true))
    chooseVectors();
  chooseTaps();
  SmallVector<linalg::GenericOp> copies =
      margins ? SmallVector<linalg::GenericOp>() : reorderInputs();
  for (linalg::GenericOp copy : copies)
    NestLowering(builder, copy, options).run();
  builder.setInsertionPoint(op);
  chooseTiles();
  chooseGathers();
  chooseBlocks();
  chooseRowTrees();
  absorbFill();
  chooseFollower();
  bool isShared = share();
  tfc::rt::remark(op, [&] { return describe(isShared); });
  if (follower) {
    followedOp = follower->op;
    return eraseFollower();
  }
  op->erase();
}
