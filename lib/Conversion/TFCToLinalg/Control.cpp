//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Branches and loops. What a loop carries is scalars in registers and tensors
// that stay in their buffer.
//===----------------------------------------------------------------------===//

#include "ElementLoop.h"
#include "Lists.h"
#include "Lowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "tfc/Dialect/TFC/IR/TFC.h"
#include "tfc/Dialect/TFCRT/IR/ParallelLoop.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

/// Those of some values that are lists which grow: their lengths go along as
/// `index`.
static SmallVector<Value> growing(ValueRange values) {
  return llvm::filter_to_vector(values,
                                [](Value value) { return mayGrow(value); });
}

static void setLengths(Lowering &l, ValueRange lists, ValueRange lengths) {
  for (auto [list, length] : llvm::zip_equal(lists, lengths))
    l.setLength(list, length);
}

static LogicalResult lowerBranch(Lowering &l, Block &from, Block *to,
                                 TypeRange types, ArrayRef<unsigned> lists) {
  OpBuilder::InsertionGuard guard(l.b);
  l.b.setInsertionPointToEnd(to);
  if (failed(l.lowerBlock(from)))
    return failure();
  Operation *yield = from.getTerminator();
  l.loc = yield->getLoc();
  SmallVector<Value> values;
  for (auto [old, type] : llvm::zip(yield->getOperands(), types)) {
    Value value = l.value(old);
    if (!value)
      return failure();
    values.push_back(l.convert(value, type));
  }
  for (unsigned i : lists)
    values.push_back(l.lengthOf(yield->getOperand(i)));
  scf::YieldOp::create(l.b, l.loc, values);
  return success();
}

static LogicalResult lowerIf(Lowering &l, IfOp op) {
  SmallVector<Type> types;
  for (Value result : op.getResults())
    types.push_back(l.loweredType(result.getType()));
  SmallVector<Value> lists = growing(op.getResults());
  auto numbers = llvm::map_to_vector(
      lists, [](Value list) { return cast<OpResult>(list).getResultNumber(); });
  types.append(lists.size(), l.b.getIndexType());
  auto branch = scf::IfOp::create(l.b, l.loc, types, l.value(op.getCondition()),
                                  /*addThenBlock=*/true, /*addElseBlock=*/true);
  if (failed(lowerBranch(l, op.getThenRegion().front(), branch.thenBlock(),
                         types, numbers)) ||
      failed(lowerBranch(l, op.getElseRegion().front(), branch.elseBlock(),
                         types, numbers)))
    return failure();
  l.loc = op.getLoc();
  setLengths(l, lists, branch.getResults().take_back(lists.size()));
  for (auto [old, value] : llvm::zip(op.getResults(), branch.getResults()))
    l.bind(old, value);
  return success();
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

/// The values that the memory of a lowered tensor may belong to: what it is a
/// view of, or was computed in.
static void collectOrigins(Value value, SmallVectorImpl<Value> &origins,
                           int depth = 0) {
  Operation *op = value.getDefiningOp();
  if (!op || depth > 64) {
    origins.push_back(value);
    return;
  }
  auto follow = [&](Value next) { collectOrigins(next, origins, depth + 1); };
  if (isa<tensor::ExtractSliceOp, tensor::ExpandShapeOp,
          tensor::CollapseShapeOp, tensor::CastOp, tensor::ReshapeOp>(op))
    return follow(op->getOperand(0));
  if (auto insert = dyn_cast<tensor::InsertSliceOp>(op))
    return follow(insert.getDest());
  if (auto insert = dyn_cast<tensor::InsertOp>(op))
    return follow(insert.getDest());
  if (auto materialize =
          dyn_cast<bufferization::MaterializeInDestinationOp>(op))
    return follow(materialize.getDest());
  if (auto destination = dyn_cast<DestinationStyleOpInterface>(op))
    return follow(destination.getTiedOpOperand(cast<OpResult>(value))->get());
  unsigned number = cast<OpResult>(value).getResultNumber();
  if (auto branch = dyn_cast<scf::IfOp>(op)) {
    follow(branch.thenYield().getOperand(number));
    return follow(branch.elseYield().getOperand(number));
  }
  // Our loops keep each carried tensor in its own buffer, or make a new one.
  if (auto loop = dyn_cast<LoopLikeOpInterface>(op))
    return follow(loop.getInits()[number]);
  origins.push_back(value);
}

/// How many elements of parts of `value` are read by `op` or later:
/// bufferization copies them if `op` writes over it.
static int64_t countReadParts(Value value, Operation *op) {
  int64_t count = 0;
  for (Operation *user : value.getUsers()) {
    if (!isa<tensor::ExtractSliceOp, tensor::ExpandShapeOp,
             tensor::CollapseShapeOp, tensor::CastOp>(user))
      continue;
    Value part = user->getResult(0);
    bool isReadLater = llvm::any_of(part.getUsers(), [&](Operation *reader) {
      Operation *at = op->getBlock()->findAncestorOpInBlock(*reader);
      return at && !at->isBeforeInBlock(op);
    });
    auto type = cast<RankedTensorType>(part.getType());
    count += countReadParts(part, op);
    if (isReadLater && type.hasStaticShape())
      count += type.getNumElements();
  }
  return count;
}

/// Is `generic` the last to read `carried`, and only at the element it writes?
/// Small parts of it may be copied before.
static OpOperand *findDyingInput(linalg::GenericOp generic, Value carried,
                                 Value result) {
  if (generic.getNumParallelLoops() != generic.getNumLoops())
    return nullptr;
  OpOperand *init =
      generic.getDpsInitOperand(cast<OpResult>(result).getResultNumber());
  AffineMap map = generic.getMatchingIndexingMap(init);
  if (!init->get().getDefiningOp<tensor::EmptyOp>() ||
      init->get().getType() != carried.getType() || !map.isPermutation())
    return nullptr;
  OpOperand *input = nullptr;
  for (OpOperand &use : carried.getUses()) {
    Operation *at = generic->getBlock()->findAncestorOpInBlock(*use.getOwner());
    if (!at || (at != generic && !at->isBeforeInBlock(generic)))
      return nullptr;
    if (at != generic)
      continue;
    if (input || use.getOwner() != generic || !generic.isDpsInput(&use) ||
        generic.getMatchingIndexingMap(&use) != map)
      return nullptr;
    input = &use;
  }
  auto type = cast<RankedTensorType>(carried.getType());
  if (input && type.hasStaticShape() &&
      countReadParts(carried, generic) > type.getNumElements() / 4)
    return nullptr;
  return input;
}

/// Lets the generic write over the input it reads last.
static void writeOver(linalg::GenericOp generic, OpOperand *input,
                      Value result) {
  unsigned number = cast<OpResult>(result).getResultNumber(),
           place = input->getOperandNumber();
  Value carried = input->get();
  SmallVector<AffineMap> maps = generic.getIndexingMapsArray();
  maps.erase(maps.begin() + place);
  Block &block = generic.getRegion().front();
  block.getArgument(place).replaceAllUsesWith(
      block.getArgument(generic.getNumDpsInputs() + number));
  block.eraseArgument(place);
  generic.getDpsInitOperand(number)->set(carried);
  generic.getInputsMutable().erase(place);
  generic.setIndexingMapsAttr(
      Builder(generic.getContext()).getAffineMapArrayAttr(maps));
}

/// Prepares the next value of a carried tensor for its place in the buffer.
/// Returns whether it has to be put there; views of other buffers become
/// copies, which all have to be made before the first buffer is written.
static bool prepareForBuffer(Lowering &l, Value &next, Value carried,
                             ValueRange allCarried, bool sizeStays) {
  if (!isa<RankedTensorType>(next.getType()) || next == carried || !sizeStays)
    return false;
  SmallVector<Value> origins;
  collectOrigins(next, origins);
  if (auto generic = next.getDefiningOp<linalg::GenericOp>())
    if (generic->getBlock() == l.b.getInsertionBlock())
      if (OpOperand *input = findDyingInput(generic, carried, next)) {
        writeOver(generic, input, next);
        return false;
      }
  bool inPlace =
      llvm::all_of(origins, [&](Value origin) { return origin == carried; });
  if (inPlace && !isa<BlockArgument>(next) &&
      !isa<tensor::ExtractSliceOp, tensor::ExpandShapeOp,
           tensor::CollapseShapeOp, tensor::CastOp, tensor::ReshapeOp>(
          next.getDefiningOp()))
    return false;
  bool aliases = llvm::any_of(origins, [&](Value origin) {
    return llvm::is_contained(allCarried, origin);
  });
  if (aliases)
    next = bufferization::AllocTensorOp::create(
        l.b, l.loc, cast<RankedTensorType>(next.getType()), ValueRange(), next);
  return true;
}

namespace {
/// A `tfc.while` whose invariant values are not carried.
struct Loop {
  explicit Loop(WhileOp op)
      : op(op), condition(op.getConditionRegion().front()),
        body(op.getBodyRegion().front()), yield(body.getTerminator()) {
    for (size_t i = 0; i < op.getInits().size(); ++i)
      (isInvariant(i) ? invariant : carried).push_back(i);
    for (unsigned i : carried)
      if (mayGrow(body.getArgument(i)))
        growing.push_back(i);
  }
  /// The values of those that grow, of a list of all.
  SmallVector<Value> lists(ValueRange all) const {
    return llvm::map_to_vector(growing,
                               [&](unsigned i) -> Value { return all[i]; });
  }
  bool isInvariant(unsigned i) {
    return yield->getOperand(i) == body.getArgument(i) &&
           op.getInits()[i].getType() == body.getArgument(i).getType();
  }

  WhileOp op;
  Block &condition, &body;
  Operation *yield;
  SmallVector<unsigned> carried, invariant;
  /// The lists of those carried that grow: their lengths are carried behind
  /// everything else.
  SmallVector<unsigned> growing;
};
} // namespace

static bool sizeStays(Lowering &l, Value next, Value argument) {
  if (!l.dims.has(next)) {
    // A list, of which another one may take the place.
    SizeAnalysis sizes;
    return keepsSize(argument) &&
           (next == argument || sizes.length(next) == sizes.length(argument));
  }
  return llvm::all_of(
      llvm::zip(l.dims.of(next), l.dims.of(argument)), [](auto pair) {
        return std::get<1>(pair) >= 0 || std::get<0>(pair) == std::get<1>(pair);
      });
}

/// Lowers the body and gives the values to yield for the carried ones, in their
/// buffers.
static LogicalResult lowerBody(Lowering &l, Loop &loop,
                               ArrayRef<unsigned> carried, TypeRange types,
                               ValueRange arguments,
                               SmallVectorImpl<Value> &next) {
  for (auto [argument, i] : llvm::zip(arguments, carried))
    l.bind(loop.body.getArgument(i), argument);
  if (failed(l.lowerBlock(loop.body)))
    return failure();
  l.loc = loop.op.getLoc();
  for (auto [i, type] : llvm::zip(carried, types)) {
    Value value = l.value(loop.yield->getOperand(i));
    if (!value)
      return failure();
    next.push_back(l.convert(value, type));
  }
  SmallVector<bool> moves;
  for (auto [value, argument, i] : llvm::zip(next, arguments, carried))
    moves.push_back(prepareForBuffer(
        l, value, argument, arguments,
        sizeStays(l, loop.yield->getOperand(i), loop.body.getArgument(i))));
  for (auto [value, argument, move] : llvm::zip(next, arguments, moves))
    if (move)
      value = bufferization::MaterializeInDestinationOp::create(l.b, l.loc,
                                                                value, argument)
                  .getResult();
  for (Value list : loop.lists(loop.yield->getOperands()))
    next.push_back(l.lengthOf(list));
  return success();
}

static void prepareInits(Lowering &l, Loop &loop, ArrayRef<unsigned> carried,
                         SmallVectorImpl<Type> &types,
                         SmallVectorImpl<Value> &inits) {
  WhileOp op = loop.op;
  for (unsigned i : loop.invariant)
    for (Value old :
         {Value(loop.condition.getArgument(i)), Value(loop.body.getArgument(i)),
          Value(op.getResult(i))}) {
      l.bind(old, l.value(op.getInits()[i]));
      if (mayGrow(old))
        l.setLength(old, l.lengthOf(op.getInits()[i]));
    }
  for (unsigned i : carried) {
    types.push_back(l.loweredType(op.getResult(i).getType()));
    inits.push_back(l.convert(l.value(op.getInits()[i]), types.back()));
  }
  for (Value list : loop.lists(op.getInits())) {
    types.push_back(l.b.getIndexType());
    inits.push_back(l.lengthOf(list));
  }
}

//===----------------------------------------------------------------------===//
// Counted loops
//===----------------------------------------------------------------------===//

namespace {
/// `while i < limit: ...; i += step`, which is what `for i in tf.range(n)`
/// becomes.
struct Counter {
  unsigned number; // of the carried value that counts
  Value limit;
  int64_t step;
};
} // namespace

static std::optional<int64_t> constantScalarOf(Value value) {
  auto constant = value.getDefiningOp<ConstantOp>();
  if (!constant || rankOf(value) != 0)
    return std::nullopt;
  return constant.getValue().getSplatValue<APInt>().getSExtValue();
}

static std::optional<Counter> findCounter(Lowering &l, Loop &loop) {
  // A tensor that changes its size has no place in `scf.for`: the size of its
  // result counts as that of the initial value.
  for (unsigned i : loop.carried)
    if (!sizeStays(l, loop.yield->getOperand(i), loop.body.getArgument(i)))
      return std::nullopt;
  auto less =
      loop.condition.getTerminator()->getOperand(0).getDefiningOp<LessOp>();
  if (!less || less->getBlock() != &loop.condition)
    return std::nullopt;
  for (Operation &op : loop.condition.without_terminator())
    if (&op != less && !isa<ConstantOp>(op))
      return std::nullopt;
  auto argument = dyn_cast<BlockArgument>(less.getX());
  if (!argument || argument.getOwner() != &loop.condition)
    return std::nullopt;
  Type type = elementOf(argument);
  if (!type.isInteger(32) && !type.isInteger(64))
    return std::nullopt;
  unsigned number = argument.getArgNumber();
  auto add = loop.yield->getOperand(number).getDefiningOp<AddOp>();
  if (!add || add->getBlock() != &loop.body || isUnsigned(type))
    return std::nullopt;
  Value other = add.getX() == loop.body.getArgument(number)   ? add.getY()
                : add.getY() == loop.body.getArgument(number) ? add.getX()
                                                              : Value();
  auto step = other ? constantScalarOf(other) : std::nullopt;
  if (!step || *step <= 0)
    return std::nullopt;
  // The limit must be known before the loop and stay.
  Value limit = less.getY();
  if (auto passed = dyn_cast<BlockArgument>(limit);
      passed && passed.getOwner() == &loop.condition) {
    if (!loop.isInvariant(passed.getArgNumber()))
      return std::nullopt;
    limit = loop.op.getInits()[passed.getArgNumber()];
  }
  if (limit.getParentBlock() == &loop.condition && !constantScalarOf(limit))
    return std::nullopt;
  return Counter{number, limit, *step};
}

/// The counter is an `index`, which cannot overflow where 32 bits could.
static LogicalResult lowerCounted(Lowering &l, Loop &loop, Counter counter) {
  WhileOp op = loop.op;
  unsigned number = counter.number;
  Type element = elementOf(op.getResult(number));
  SmallVector<unsigned> carried(loop.carried);
  llvm::erase(carried, number);
  SmallVector<Type> types;
  SmallVector<Value> inits;
  prepareInits(l, loop, carried, types, inits);
  auto index = [&](Value old) {
    if (auto constant = constantScalarOf(old))
      return l.constantIndex(*constant);
    return l.toIndex(l.value(old), element);
  };
  Value lower = index(op.getInits()[number]), upper = index(counter.limit);
  Value step = l.constantIndex(counter.step);
  auto lowered = scf::ForOp::create(l.b, l.loc, lower, upper, step, inits);
  lowered->setAttr(tfc::rt::steps, l.b.getUnitAttr());
  {
    OpBuilder::InsertionGuard guard(l.b);
    l.b.setInsertionPointToStart(lowered.getBody());
    l.set(loop.body.getArgument(number),
          l.fromIndex(lowered.getInductionVar(), element));
    SmallVector<Value> next;
    if (failed(lowerBody(l, loop, carried, types, lowered.getRegionIterArgs(),
                         next)))
      return failure();
    if (!carried.empty())
      scf::YieldOp::create(l.b, l.loc, next);
  }
  for (auto [i, value] : llvm::zip(carried, lowered.getResults()))
    l.bind(op.getResult(i), value);
  // After the loop: the first number not below the limit.
  Value span = arith::MaxSIOp::create(
      l.b, l.loc, arith::SubIOp::create(l.b, l.loc, upper, lower),
      l.constantIndex(0));
  Value trips = arith::CeilDivSIOp::create(l.b, l.loc, span, step);
  Value last = arith::AddIOp::create(
      l.b, l.loc, lower, arith::MulIOp::create(l.b, l.loc, trips, step));
  l.set(op.getResult(number), l.fromIndex(last, element));
  return success();
}

static LogicalResult lowerWhile(Lowering &l, WhileOp op) {
  Loop loop(op);
  if (auto counter = findCounter(l, loop))
    return lowerCounted(l, loop, *counter);
  if (lowerElementLoop(l, op))
    return success();
  SmallVector<Type> types;
  SmallVector<Value> inits;
  prepareInits(l, loop, loop.carried, types, inits);
  auto lowered =
      scf::WhileOp::create(l.b, l.loc, types, inits, nullptr, nullptr);
  {
    OpBuilder::InsertionGuard guard(l.b);
    Block *before = lowered.getBeforeBody();
    l.b.setInsertionPointToEnd(before);
    for (auto [k, i] : llvm::enumerate(loop.carried))
      l.bind(loop.condition.getArgument(i), before->getArgument(k));
    size_t lists = loop.growing.size();
    setLengths(l, loop.lists(loop.condition.getArguments()),
               before->getArguments().take_back(lists));
    if (failed(l.lowerBlock(loop.condition)))
      return failure();
    l.loc = op.getLoc();
    Value go = l.value(loop.condition.getTerminator()->getOperand(0));
    scf::ConditionOp::create(l.b, l.loc, go, before->getArguments());

    l.b.setInsertionPointToEnd(lowered.getAfterBody());
    setLengths(l, loop.lists(loop.body.getArguments()),
               lowered.getAfterBody()->getArguments().take_back(lists));
    SmallVector<Value> next;
    if (failed(lowerBody(l, loop, loop.carried, types,
                         lowered.getAfterBody()->getArguments(), next)))
      return failure();
    scf::YieldOp::create(l.b, l.loc, next);
  }
  for (auto [i, value] : llvm::zip(loop.carried, lowered.getResults()))
    l.bind(op.getResult(i), value);
  setLengths(l, loop.lists(op.getResults()),
             lowered.getResults().take_back(loop.growing.size()));
  return success();
}

void lowering::addControlHandlers(Handlers &handlers) {
  addHandler<IfOp, lowerIf>(handlers);
  addHandler<WhileOp, lowerWhile>(handlers);
}
