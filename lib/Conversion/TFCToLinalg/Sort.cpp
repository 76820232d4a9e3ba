//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// A stable merge sort, from the bottom up, of one row after the other; on devices, of all
// places of all rows at once.
//===----------------------------------------------------------------------===//

#include "Ordered.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "tfc/Dialect/TFC/IR/TFC.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

namespace {

/// Sorts rows of keys, and with them the positions they came from.
class Sorter {
public:
  Sorter(Lowering &l, Type element, bool descending, Value extent, Dim dim)
      : l(l), element(element), descending(descending), extent(extent), dim(dim) {}

  /// Two vectors: the keys in order and the positions (i32) they came from.
  SmallVector<Value> sort(Value keys, Value positions);

private:
  Value add(Value x, Value y) { return arith::AddIOp::create(l.b, l.loc, x, y); }
  Value min(Value x, Value y) { return arith::MinSIOp::create(l.b, l.loc, x, y); }
  Value less(Value x, Value y) {
    return arith::CmpIOp::create(l.b, l.loc, arith::CmpIPredicate::slt, x, y);
  }
  Value comesFirst(Value x, Value y);
  SmallVector<Value> merge(Value begin, Value width, ValueRange from, ValueRange to);

  Lowering &l;
  Type element;
  bool descending;
  Value extent;
  Dim dim;
};

Value Sorter::comesFirst(Value x, Value y) {
  return lowering::comesFirst(l.b, l.loc, element, descending, x, y);
}

/// Merges two neighbouring runs of `width` from one pair of vectors to another.
SmallVector<Value> Sorter::merge(Value begin, Value width, ValueRange from, ValueRange to) {
  Value middle = min(add(begin, width), extent), end = min(add(middle, width), extent);
  SmallVector<Value> carried(to);
  carried.push_back(begin);
  carried.push_back(middle);
  Value count = arith::SubIOp::create(l.b, l.loc, end, begin);
  auto step = [&](ValueRange ivs, ValueRange args) -> SmallVector<Value> {
    Value left = args[2], right = args[3];
    Value hasLeft = less(left, middle), hasRight = less(right, end);
    // Reads beyond a run's end are not used, but must lie in the vector.
    Value last = arith::SubIOp::create(l.b, l.loc, extent, l.constantIndex(1));
    Value leftKey = l.extract(from[0], min(left, last), element);
    Value rightKey = l.extract(from[0], min(right, last), element);
    Value better = arith::AndIOp::create(l.b, l.loc, hasRight, comesFirst(rightKey, leftKey));
    Value exhausted = arith::XOrIOp::create(
        l.b, l.loc, hasLeft, arith::ConstantIntOp::create(l.b, l.loc, l.b.getI1Type(), 1));
    Value takeRight = arith::OrIOp::create(l.b, l.loc, better, exhausted);
    Value source = arith::SelectOp::create(l.b, l.loc, takeRight, right, left);
    Value key = arith::SelectOp::create(l.b, l.loc, takeRight, rightKey, leftKey);
    Type i32 = l.b.getI32Type();
    Value place = add(begin, ivs[0]);
    Value one = l.constantIndex(1), zero = l.constantIndex(0);
    Value leftStep = arith::SelectOp::create(l.b, l.loc, takeRight, zero, one);
    Value rightStep = arith::SelectOp::create(l.b, l.loc, takeRight, one, zero);
    return {l.insert(key, args[0], place, element),
            l.insert(l.extract(from[1], source, i32), args[1], place, i32), add(left, leftStep),
            add(right, rightStep)};
  };
  return l.loopNest(count, carried, step);
}

SmallVector<Value> Sorter::sort(Value keys, Value positions) {
  Type index = l.b.getIndexType();
  auto loop = scf::WhileOp::create(
      l.b, l.loc, TypeRange{index, keys.getType(), positions.getType()},
      ValueRange{l.constantIndex(1), keys, positions}, nullptr, nullptr);
  OpBuilder::InsertionGuard guard(l.b);
  l.b.setInsertionPointToEnd(loop.getBeforeBody());
  ValueRange before = loop.getBeforeBody()->getArguments();
  scf::ConditionOp::create(l.b, l.loc, less(before[0], extent), before);

  l.b.setInsertionPointToEnd(loop.getAfterBody());
  ValueRange args = loop.getAfterBody()->getArguments();
  Value width = args[0], twice = add(width, width);
  Value runs = arith::CeilDivSIOp::create(l.b, l.loc, extent, twice);
  SmallVector<Value> scratch{l.empty(dim, element), l.empty(dim, l.b.getI32Type())};
  SmallVector<Value> merged =
      l.loopNest(runs, scratch, [&](ValueRange ivs, ValueRange to) -> SmallVector<Value> {
        Value begin = arith::MulIOp::create(l.b, l.loc, ivs[0], twice);
        SmallVector<Value> done = merge(begin, width, args.drop_front(), to);
        done.resize(2);
        return done;
      });
  SmallVector<Value> next{twice};
  // A copy that stays one: merging straight into what is being read would be wrong.
  for (auto [from, to] : llvm::zip(merged, args.drop_front()))
    next.push_back(linalg::CopyOp::create(l.b, l.loc, from, to).getResult(0));
  scf::YieldOp::create(l.b, l.loc, next);
  return SmallVector<Value>(loop.getResults().drop_front());
}

} // namespace

/// A device gets passes that are index spaces.
static Value sortOnDevice(Lowering &l, Value x, size_t axis, bool descending, bool wantsKeys) {
  Value positions = sortedPositions(l, x, axis, descending), source = l.value(x);
  if (!wantsKeys)
    return positions;
  return l.generate(l.dims.of(x), elementOf(x), [&](ValueRange ivs) -> Value {
    SmallVector<Value> at(ivs);
    at[axis] = l.toIndex(l.extract(positions, ivs, l.b.getI32Type()), l.b.getI32Type());
    return toStorage(l.b, l.loc, l.extract(source, at, elementOf(x)), elementOf(x));
  });
}

template <typename Op> static LogicalResult lowerSort(Lowering &l, Op op) {
  constexpr bool wantsKeys = std::is_same_v<Op, SortOp>;
  if (isForDevice(op)) {
    l.set(op.getResult(), sortOnDevice(l, op.getX(), op.getAxis(), op.getDescending(), wantsKeys));
    return success();
  }
  Value x = op.getX();
  ArrayRef<Dim> of = l.dims.of(x);
  Type element = elementOf(x), i32 = l.b.getI32Type();
  size_t axis = op.getAxis();
  Value source = l.value(x), extent = l.size(of[axis]);
  SmallVector<Value> others;
  for (auto [i, dim] : llvm::enumerate(of))
    if (i != axis)
      others.push_back(l.size(dim));

  auto row = [&](ValueRange outer, ValueRange carried) -> SmallVector<Value> {
    auto at = [&](Value place) {
      SmallVector<Value> result(outer);
      result.insert(result.begin() + axis, place);
      return result;
    };
    Value keys = l.generate(of[axis], element, [&](ValueRange ivs) -> Value {
      return toStorage(l.b, l.loc, l.extract(source, at(ivs[0]), element), element);
    });
    Value positions = l.generate(of[axis], i32, [&](ValueRange ivs) { return l.fromIndex(ivs[0], i32); });
    SmallVector<Value> sorted =
        Sorter(l, element, op.getDescending(), extent, of[axis]).sort(keys, positions);
    Type stored = wantsKeys ? element : i32;
    return l.loopNest(extent, carried, [&](ValueRange ivs, ValueRange args) -> SmallVector<Value> {
      Value scalar = l.extract(sorted[wantsKeys ? 0 : 1], ivs, stored);
      return {l.insert(scalar, args[0], at(ivs[0]), stored)};
    });
  };
  l.set(op.getResult(), l.loopNest(others, l.empty(of, wantsKeys ? element : i32), row)[0]);
  return success();
}

void lowering::addSortHandlers(Handlers &handlers) {
  addHandler<SortOp, lowerSort<SortOp>>(handlers);
  addHandler<ArgsortOp, lowerSort<ArgsortOp>>(handlers);
}
