//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The register tile and what it is made of.
//===----------------------------------------------------------------------===//

#include "KernelBuilder.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "tfc/Dialect/TFCRT/IR/ParallelLoop.h"
#include "tfc/Dialect/TFCRT/IR/Square.h"
#include "llvm/ADT/ScopeExit.h"

using namespace mlir;
using namespace tfc::kernels;

//===----------------------------------------------------------------------===//
// Index arithmetic
//===----------------------------------------------------------------------===//

Value KernelBuilder::constant(int64_t value) {
  return arith::ConstantIndexOp::create(builder, loc, value);
}
Value KernelBuilder::boolean(bool value) {
  return arith::ConstantIntOp::create(builder, loc, value, 1);
}
Value KernelBuilder::add(Value x, Value y) {
  return builder.createOrFold<arith::AddIOp>(loc, x, y);
}
Value KernelBuilder::sub(Value x, Value y) {
  return builder.createOrFold<arith::SubIOp>(loc, x, y);
}
Value KernelBuilder::mul(Value x, Value y) {
  return builder.createOrFold<arith::MulIOp>(loc, x, y);
}
Value KernelBuilder::min(Value x, Value y) {
  return builder.createOrFold<arith::MinSIOp>(loc, x, y);
}
Value KernelBuilder::ceilDiv(Value x, int64_t y) {
  return builder.createOrFold<arith::DivUIOp>(loc, add(x, constant(y - 1)),
                                              constant(y));
}
Value KernelBuilder::roundDown(Value x, int64_t y) {
  return sub(x, builder.createOrFold<arith::RemUIOp>(loc, x, constant(y)));
}
Value KernelBuilder::atLeast(Value x, Value y) {
  return builder.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::sge, x,
                                             y);
}
Value KernelBuilder::both(Value x, Value y) {
  return builder.createOrFold<arith::AndIOp>(loc, x, y);
}
Value KernelBuilder::max(Value x, Value y) {
  return builder.createOrFold<arith::MaxSIOp>(loc, x, y);
}
Value KernelBuilder::divide(Value x, Value y) {
  return builder.createOrFold<arith::DivUIOp>(loc, x, y);
}
Value KernelBuilder::choose(Value condition, Value yes, Value no) {
  return builder.createOrFold<arith::SelectOp>(loc, condition, yes, no);
}

/// Does the value come before what is built now?
static bool isKnownHere(Value value, OpBuilder &builder) {
  Block *home = value.getParentBlock(), *here = builder.getInsertionBlock();
  Operation *next = nullptr;
  if (home != here)
    next = home->findAncestorOpInBlock(*here->getParentOp());
  else if (builder.getInsertionPoint() != here->end())
    next = &*builder.getInsertionPoint();
  if (home != here && !next)
    return false;
  Operation *definition = value.getDefiningOp();
  return !definition || !next || definition->isBeforeInBlock(next);
}

Value KernelBuilder::rowOf(const Matrix &matrix, Value row) {
  auto make = [&] {
    Value offset = matrix.offset;
    if (matrix.firstRow)
      row = add(row, matrix.firstRow);
    for (size_t level = matrix.rowStrides.size(); level-- > 0;) {
      Value index = row;
      if (level > 0) {
        index = builder.createOrFold<arith::RemUIOp>(loc, row,
                                                     matrix.rowSizes[level]);
        row = divide(row, matrix.rowSizes[level]);
      }
      offset = add(offset, mul(index, matrix.rowStrides[level]));
    }
    return offset;
  };
  if (!knownRows || matrix.rowStrides.size() < 2)
    return make();
  Values key{row, matrix.offset, matrix.firstRow};
  llvm::append_range(key, matrix.rowSizes);
  llvm::append_range(key, matrix.rowStrides);
  for (auto &[other, offset] : *knownRows)
    if (other == key && isKnownHere(offset, builder))
      return offset;
  Value offset = make();
  knownRows->emplace_back(std::move(key), offset);
  return offset;
}

Value KernelBuilder::at(const Matrix &matrix, Value row, Value column) {
  Value move = mul(column, matrix.columnStride);
  if (matrix.rowStrides.size() > 1)
    return add(rowOf(matrix, row), move);
  Matrix moved = matrix;
  moved.offset = add(matrix.offset, move);
  return rowOf(moved, row);
}

//===----------------------------------------------------------------------===//
// Control
//===----------------------------------------------------------------------===//

void KernelBuilder::loop(Value from, Value to, int64_t step,
                         llvm::function_ref<void(Value)> body) {
  std::optional<int64_t> first = getConstantIntValue(from),
                         last = getConstantIntValue(to);
  if (first && last && *first + step >= *last) {
    if (*first < *last)
      body(from);
    return;
  }
  auto loop = scf::ForOp::create(builder, loc, from, to, constant(step));
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(loop.getBody()->getTerminator());
  body(loop.getInductionVar());
}

void KernelBuilder::loopInSteps(Value from, Value to, Value step,
                                llvm::function_ref<void(Value, Value)> body) {
  std::optional<int64_t> first = getConstantIntValue(from),
                         last = getConstantIntValue(to),
                         by = getConstantIntValue(step);
  if (from == to || (first && last && by && *first + *by >= *last)) {
    if (first != last || !first)
      body(from, sub(to, from));
    return;
  }
  auto loop = scf::ForOp::create(builder, loc, from, to, step);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(loop.getBody()->getTerminator());
  Value at = loop.getInductionVar();
  body(at, min(sub(to, at), step));
}

void KernelBuilder::loopUntil(Value from, Value to,
                              llvm::function_ref<Value(Value)> body) {
  Type index = builder.getIndexType();
  auto loop = scf::WhileOp::create(builder, loc, TypeRange(index), from);
  OpBuilder::InsertionGuard guard(builder);
  Block *before = builder.createBlock(&loop.getBefore(), {}, index, loc);
  Value at = before->getArgument(0);
  Value isBelow =
      arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, at, to);
  scf::ConditionOp::create(builder, loc, isBelow, at);
  Block *after = builder.createBlock(&loop.getAfter(), {}, index, loc);
  Value next = body(after->getArgument(0));
  scf::YieldOp::create(builder, loc, next);
}

void KernelBuilder::parallelLoop(Value from, Value to, int64_t step,
                                 Value flops,
                                 llvm::function_ref<void(Value)> body) {
  parallelRanges(constant(0), ceilDiv(sub(to, from), step), flops,
                 [&](Value first, Value last) {
                   loop(first, last, 1, [&](Value number) {
                     body(add(from, mul(number, constant(step))));
                   });
                 });
}

void KernelBuilder::parallelRanges(
    Value from, Value to, Value flops,
    llvm::function_ref<void(Value, Value)> body) {
  if (!parallel)
    return body(from, to);
  rt::buildParallel(builder, loc, from, to,
                    {getAsOpFoldResult(flops), 1 / flopsPerNanosecond}, body);
}

scf::ForOp
KernelBuilder::loop(Value from, Value to, int64_t step, ValueRange carried,
                    llvm::function_ref<Values(Value, ValueRange)> body) {
  auto loop =
      scf::ForOp::create(builder, loc, from, to, constant(step), carried);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToEnd(loop.getBody());
  scf::YieldOp::create(builder, loc,
                       body(loop.getInductionVar(), loop.getRegionIterArgs()));
  return loop;
}

void KernelBuilder::branch(Value condition, llvm::function_ref<void()> yes,
                           llvm::function_ref<void()> no) {
  if (std::optional<int64_t> known = getConstantIntValue(condition)) {
    *known ? yes() : no();
    return;
  }
  auto branch =
      scf::IfOp::create(builder, loc, condition, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(branch.thenYield());
  yes();
  builder.setInsertionPoint(branch.elseYield());
  no();
}

//===----------------------------------------------------------------------===//
// Memory and arithmetic
//===----------------------------------------------------------------------===//

static Type elementOf(Value memory) {
  return cast<MemRefType>(memory.getType()).getElementType();
}

Value KernelBuilder::load(Value memory, Value index) {
  Value element = memref::LoadOp::create(builder, loc, memory, index);
  return element.getType() == type
             ? element
             : arith::ExtFOp::create(builder, loc, type, element);
}

Value KernelBuilder::loadAs(Value memory, Value index, int64_t lanes,
                            Value mask) {
  auto vector = VectorType::get(lanes, elementOf(memory));
  if (!mask)
    return vector::LoadOp::create(builder, loc, vector, memory, index);
  Value none =
      arith::ConstantOp::create(builder, loc, builder.getZeroAttr(vector));
  return vector::MaskedLoadOp::create(builder, loc, vector, memory, index, mask,
                                      none);
}

Value KernelBuilder::load(Value memory, Value index, int64_t lanes,
                          Value mask) {
  auto to = VectorType::get(lanes, type);
  Value value = loadAs(memory, index, lanes, mask);
  return value.getType() == to ? value
                               : arith::ExtFOp::create(builder, loc, to, value);
}

void KernelBuilder::store(Value value, Value memory, Value index, Value mask) {
  if (!isa<VectorType>(value.getType()))
    memref::StoreOp::create(builder, loc, value, memory, index);
  else if (mask)
    vector::MaskedStoreOp::create(builder, loc, memory, index, mask, value);
  else
    vector::StoreOp::create(builder, loc, value, memory, index);
}

Value KernelBuilder::chooseMemory(Value condition, Value yes, Value no) {
  auto type = MemRefType::get(ShapedType::kDynamic, elementOf(yes));
  auto cast = [&](Value memory) {
    return memref::CastOp::create(builder, loc, type, memory);
  };
  return choose(condition, cast(yes), cast(no));
}

Value KernelBuilder::allocate(int64_t elements) {
  return memref::AllocOp::create(builder, loc, MemRefType::get(elements, type),
                                 builder.getI64IntegerAttr(64));
}

Value KernelBuilder::allocate(Value elements) {
  if (std::optional<int64_t> known = getConstantIntValue(elements))
    return allocate(*known);
  return memref::AllocOp::create(builder, loc,
                                 MemRefType::get(ShapedType::kDynamic, type),
                                 elements, builder.getI64IntegerAttr(64));
}

Value KernelBuilder::zero(int64_t lanes) {
  return arith::ConstantOp::create(
      builder, loc, builder.getZeroAttr(VectorType::get(lanes, type)));
}

Value KernelBuilder::zero() {
  return arith::ConstantOp::create(builder, loc, builder.getZeroAttr(type));
}

Value KernelBuilder::mask(Value count, int64_t lanes) {
  SmallVector<int32_t> numbers;
  for (int32_t lane = 0; lane < lanes; ++lane)
    numbers.push_back(lane);
  auto numberType = VectorType::get(lanes, builder.getI32Type());
  Value lane = arith::ConstantOp::create(
      builder, loc, numberType,
      DenseElementsAttr::get(numberType, ArrayRef(numbers)));
  Value narrow = arith::IndexCastOp::create(builder, loc, builder.getI32Type(),
                                            min(count, constant(lanes)));
  Value bound = vector::BroadcastOp::create(builder, loc, numberType, narrow);
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, lane,
                               bound);
}

Value KernelBuilder::spread(Value element, int64_t lanes) {
  return vector::BroadcastOp::create(builder, loc, VectorType::get(lanes, type),
                                     element);
}

Values KernelBuilder::transpose(Values vectors) {
  return tfc::rt::transposeSquare(builder, loc, std::move(vectors));
}

Value KernelBuilder::plus(Value x, Value y) {
  if (isa<FloatType>(type))
    return arith::AddFOp::create(builder, loc, x, y, sum);
  return arith::AddIOp::create(builder, loc, x, y);
}

Value KernelBuilder::multiplyAdd(Value x, Value y, Value to) {
  if (isa<FloatType>(type))
    return plus(to, arith::MulFOp::create(builder, loc, x, y, product));
  return plus(to, arith::MulIOp::create(builder, loc, x, y));
}

//===----------------------------------------------------------------------===//
// The register tile
//===----------------------------------------------------------------------===//

Values KernelBuilder::zeros(const Tile &tile) {
  Values zeros;
  for (size_t row = 0; row < tile.rows.size(); ++row)
    for (const Columns &columns : tile.columns)
      zeros.push_back(zero(columns.lanes));
  return zeros;
}

/// What the result has.
Values KernelBuilder::loadTile(const Tile &tile) {
  Values values;
  for (Value row : tile.rows)
    for (const Columns &columns : tile.columns)
      values.push_back(load(tile.result.memory,
                            at(tile.result, row, columns.first), columns.lanes,
                            columns.mask));
  return values;
}

Values KernelBuilder::addTile(const Tile &tile, ValueRange sums) {
  Values values = loadTile(tile);
  for (auto [value, sum] : llvm::zip(values, sums))
    value = plus(value, sum);
  return values;
}

Values KernelBuilder::unlessFresh(const Tile &tile, ValueRange fresh,
                                  llvm::function_ref<Values()> others) {
  if (std::optional<int64_t> isFresh = getConstantIntValue(tile.fresh))
    return *isFresh ? Values(fresh) : others();
  auto choice = scf::IfOp::create(builder, loc, fresh.getTypes(), tile.fresh,
                                  /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToEnd(choice.thenBlock());
  scf::YieldOp::create(builder, loc, fresh);
  builder.setInsertionPointToEnd(choice.elseBlock());
  scf::YieldOp::create(builder, loc, others());
  return Values(choice.getResults());
}

/// The lines of the result, which are needed at the end.
void KernelBuilder::fetchResult(const Tile &tile) {
  int64_t line = 64 * 8 / type.getIntOrFloatBitWidth(), fetched = 0;
  for (const Columns &columns : tile.columns) {
    bool begins = fetched == 0;
    fetched += columns.lanes;
    if (fetched >= line)
      fetched = 0;
    if (begins)
      for (Value row : tile.rows)
        memref::PrefetchOp::create(builder, loc, tile.result.memory,
                                   at(tile.result, row, columns.first),
                                   /*isWrite=*/false, /*localityHint=*/3,
                                   /*isDataCache=*/true);
  }
}

/// What the right operand has some k later. A core that computes waits for few
/// loads at a time, fewer if another thread of it does as well: those that come
/// from the second-level cache are late then.
void KernelBuilder::fetchNear(const Tile &tile, ValueRange starts, Value move) {
  int64_t line = 64 * 8 / type.getIntOrFloatBitWidth(), fetched = 0;
  for (auto [start, columns] : llvm::zip(starts, tile.columns)) {
    if (fetched == 0)
      memref::PrefetchOp::create(builder, loc, tile.right, add(start, move),
                                 /*isWrite=*/false, /*localityHint=*/3,
                                 /*isDataCache=*/true);
    fetched += columns.lanes;
    if (fetched >= line)
      fetched = 0;
  }
}

/// Cache lines, while others are computed with: into the second-level cache.
void KernelBuilder::fetchAhead(const Tile &tile, Value k) {
  int64_t line = 64 * 8 / type.getIntOrFloatBitWidth();
  Value first = add(tile.ahead, mul(k, constant(tile.aheadStep)));
  for (int64_t at = 0; at < tile.aheadStep; at += line)
    memref::PrefetchOp::create(builder, loc, tile.right,
                               add(first, constant(at)), /*isWrite=*/false,
                               /*localityHint=*/2, /*isDataCache=*/true);
}

/// One line of a row, while others are computed with. The processor does not
/// foresee them, since the next row is on another page, and it waits for no
/// more of them at a time than come at an even pace. A branch costs less than a
/// loop that is unrolled, whose loads LLVM moves up until sums leave their
/// registers.
void KernelBuilder::fetchRowsAhead(const Tile &tile, Value k) {
  int64_t line = 64 * 8 / type.getIntOrFloatBitWidth();
  auto fetch = [&] {
    Value number = divide(k, constant(tile.aheadEvery)),
          row = builder.createOrFold<arith::DivUIOp>(loc, number,
                                                     tile.aheadLines);
    Value within = mul(sub(number, mul(row, tile.aheadLines)), constant(line));
    memref::PrefetchOp::create(
        builder, loc, tile.aheadMemory,
        add(tile.ahead, add(mul(row, tile.aheadRow), within)),
        /*isWrite=*/false, /*localityHint=*/2, /*isDataCache=*/true);
  };
  Value others =
      builder.createOrFold<arith::RemUIOp>(loc, k, constant(tile.aheadEvery));
  branch(builder.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::eq,
                                             others, constant(0)),
         fetch, [] {});
}

/// One vector of the right operand for all rows, one element of the left for
/// all columns.
Values KernelBuilder::sumDepth(const Tile &tile, Value leftMove,
                               Value rightMove, ValueRange sums) {
  Values leftStart, rightStart;
  for (Value start : tile.leftStart)
    leftStart.push_back(add(start, leftMove));
  for (Value start : tile.rightStart)
    rightStart.push_back(add(start, rightMove));
  auto step = [&](Value k, Value leftOffset, Value rightOffset,
                  ValueRange sums) {
    Values right, next;
    if (tile.ahead)
      tile.aheadEvery ? fetchRowsAhead(tile, k) : fetchAhead(tile, k);
    if (tile.near)
      fetchNear(tile, rightStart,
                add(rightOffset, mul(constant(tile.near), tile.rightStep)));
    for (auto [start, columns] : llvm::zip(rightStart, tile.columns))
      right.push_back(load(tile.right, add(start, rightOffset), columns.lanes,
                           tile.rightMasked ? columns.mask : Value()));
    if (tile.copy) {
      Value to = add(tile.copyStart, mul(k, constant(tile.copyStep)));
      for (auto [vector, columns] : llvm::zip(right, tile.columns)) {
        store(vector, tile.copy, to);
        to = add(to, constant(columns.lanes));
      }
    }
    Value first = add(leftStart[0], leftOffset);
    for (auto [row, start] : llvm::enumerate(leftStart)) {
      Value at = tile.leftRowStep ? add(first, constant(row * tile.leftRowStep))
                                  : add(start, leftOffset);
      Value element = load(tile.left, at);
      for (auto [columns, vector] : llvm::zip(tile.columns, right))
        next.push_back(multiplyAdd(spread(element, columns.lanes), vector,
                                   sums[next.size()]));
    }
    return next;
  };
  Values carried(sums);
  if (tile.carriesSteps)
    carried.append({constant(0), constant(0)});
  auto each = [&](Value k, ValueRange carried) {
    if (!tile.carriesSteps)
      return step(k, mul(k, tile.leftStep), mul(k, tile.rightStep), carried);
    Value left = carried.drop_back().back(), right = carried.back();
    Values next = step(k, left, right, carried.drop_back(2));
    next.append({add(left, tile.leftStep), add(right, tile.rightStep)});
    return next;
  };
  auto done = loop(constant(0), tile.depth, 1, carried, each);
  return Values(done.getResults().take_front(sums.size()));
}

/// Products side by side: a vector of the left operand has all elements that
/// its lanes need of one row, or of some neighbouring ones, and of each product
/// one is repeated in its lanes.
Values KernelBuilder::sumSideBySide(const Tile &tile, Value leftMove,
                                    Value rightMove, ValueRange sums) {
  int64_t lanes = tile.columns[0].lanes;
  auto leftVector = [&](Value start, Value k) {
    Value at = add(add(start, leftMove), mul(k, tile.leftStep));
    return load(tile.left, at, lanes / tile.lanesEach * tile.leftEach);
  };
  auto rightVector = [&](Value k) {
    Value at = add(add(tile.rightStart[0], rightMove), mul(k, tile.rightStep));
    return load(tile.right, at, lanes);
  };
  auto repeat = [&](Value vector, int64_t element) -> Value {
    SmallVector<int64_t> from;
    for (int64_t lane = 0; lane < lanes; ++lane)
      from.push_back(lane / tile.lanesEach * tile.leftEach + element);
    return vector::ShuffleOp::create(builder, loc, vector, vector, from);
  };
  if (!tile.leftRows) {
    Values next(sums), right;
    for (int64_t k = 0; k < tile.leftEach; ++k)
      right.push_back(rightVector(constant(k)));
    for (auto [sum, start] : llvm::zip(next, tile.leftStart)) {
      Value left = leftVector(start, constant(0));
      for (auto [k, vector] : llvm::enumerate(right))
        sum = multiplyAdd(repeat(left, k), vector, sum);
    }
    return next;
  }
  auto step = [&](Value k, ValueRange sums) {
    Value right = rightVector(k), left;
    Values next;
    for (auto [row, sum] : llvm::enumerate(sums)) {
      int64_t element = row % tile.leftEach;
      if (element == 0)
        left = leftVector(tile.leftStart[row], k);
      next.push_back(multiplyAdd(repeat(left, element), right, sum));
    }
    return next;
  };
  return Values(loop(constant(0), tile.depth, 1, sums, step).getResults());
}

Values KernelBuilder::sumTaps(const Tile &tile, size_t level, Value left,
                              Value right, ValueRange sums) {
  if (level == tile.taps.size())
    return tile.lanesEach ? sumSideBySide(tile, left, right, sums)
                          : sumDepth(tile, left, right, sums);
  const Tap &tap = tile.taps[level];
  if (getConstantIntValue(tap.size) == 1)
    return sumTaps(tile, level + 1, left, right, sums);
  return Values(loop(constant(0), tap.size, 1, sums,
                     [&](Value number, ValueRange carried) {
                       return sumTaps(tile, level + 1,
                                      add(left, mul(number, tap.leftStep)),
                                      add(right, mul(number, tap.rightStep)),
                                      carried);
                     })
                    .getResults());
}

/// All loads of the result come before all stores, so that overlapping columns
/// and repeated rows do no harm.
void KernelBuilder::tile(const Tile &tile) {
  knownRows.emplace();
  auto forget = llvm::make_scope_exit([&] { knownRows.reset(); });
  auto sumFrom = [&](ValueRange start) {
    return sumTaps(tile, 0, constant(0), constant(0), start);
  };
  Values sums = zeros(tile);
  if (tile.resultLast) {
    fetchResult(tile);
    sums = sumFrom(sums);
    sums = unlessFresh(tile, sums, [&] { return addTile(tile, sums); });
  } else {
    sums = sumFrom(unlessFresh(tile, sums, [&] { return loadTile(tile); }));
  }
  auto storeSums = [&] {
    unsigned number = 0;
    for (Value row : tile.rows)
      for (const Columns &columns : tile.columns)
        store(sums[number++], tile.result.memory,
              at(tile.result, row, columns.first), columns.mask);
  };
  if (!tile.finish)
    return storeSums();
  branch(
      tile.last, [&] { tile.finish(tile.rows, tile.columns, sums); },
      storeSums);
}
