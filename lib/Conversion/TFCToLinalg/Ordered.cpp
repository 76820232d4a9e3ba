//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// A merge sort whose passes are index spaces: each place of two merged runs
// looks up how many elements before it are of the left run (Odeh et al., "Merge
// Path", 2012).
//===----------------------------------------------------------------------===//

#include "Ordered.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

bool lowering::isForDevice(Operation *op) {
  auto module = op->getParentOfType<ModuleOp>();
  return module && module->hasAttr("tfc.gpu");
}

SmallVector<Value> lowering::doubling(
    Lowering &l, Dim extent, ValueRange carried,
    llvm::function_ref<SmallVector<Value>(Value, Value, ValueRange)> pass) {
  if (extent >= 0) {
    SmallVector<Value> now(carried);
    for (int64_t log = 0; (int64_t(1) << log) < extent; ++log)
      now = pass(l.constantIndex(int64_t(1) << log), l.constantIndex(log), now);
    return now;
  }
  Value size = l.size(extent);
  SmallVector<Value> inits{l.constantIndex(1), l.constantIndex(0)};
  llvm::append_range(inits, carried);
  SmallVector<Type> types;
  for (Value init : inits)
    types.push_back(init.getType());
  auto loop = scf::WhileOp::create(l.b, l.loc, types, inits, nullptr, nullptr);
  OpBuilder::InsertionGuard guard(l.b);
  l.b.setInsertionPointToEnd(loop.getBeforeBody());
  ValueRange before = loop.getBeforeBody()->getArguments();
  Value goesOn = arith::CmpIOp::create(l.b, l.loc, arith::CmpIPredicate::slt,
                                       before[0], size);
  scf::ConditionOp::create(l.b, l.loc, goesOn, before);
  l.b.setInsertionPointToEnd(loop.getAfterBody());
  ValueRange args = loop.getAfterBody()->getArguments();
  SmallVector<Value> next{
      arith::AddIOp::create(l.b, l.loc, args[0], args[0]),
      arith::AddIOp::create(l.b, l.loc, args[1], l.constantIndex(1))};
  llvm::append_range(next, pass(args[0], args[1], args.drop_front(2)));
  scf::YieldOp::create(l.b, l.loc, next);
  return SmallVector<Value>(loop.getResults().drop_front(2));
}

Value lowering::comesFirst(OpBuilder &b, Location loc, Type element,
                           bool descending, Value x, Value y) {
  if (descending)
    std::swap(x, y);
  if (!isFloat(element)) {
    auto predicate = isUnsigned(element) ? arith::CmpIPredicate::ult
                                         : arith::CmpIPredicate::slt;
    return arith::CmpIOp::create(b, loc, predicate, x, y);
  }
  auto compare = [&](arith::CmpFPredicate predicate, Value p, Value q) {
    return arith::CmpFOp::create(b, loc, predicate, p, q);
  };
  Value numberBeforeNan =
      arith::AndIOp::create(b, loc, compare(arith::CmpFPredicate::ORD, x, x),
                            compare(arith::CmpFPredicate::UNO, y, y));
  return arith::OrIOp::create(b, loc, compare(arith::CmpFPredicate::OLT, x, y),
                              numberBeforeNan);
}

namespace {

/// One pass: runs of `width` become runs of twice that.
class Merge {
public:
  Merge(Lowering &l, Value source, Type element, bool descending, size_t axis,
        Value extent)
      : l(l), source(source), element(element), descending(descending),
        axis(axis), extent(extent) {}

  /// The position that stands at `ivs` after the pass.
  Value position(ValueRange ivs, Value from, Value width, Value steps);

private:
  Value add(Value x, Value y) {
    return arith::AddIOp::create(l.b, l.loc, x, y);
  }
  Value sub(Value x, Value y) {
    return arith::SubIOp::create(l.b, l.loc, x, y);
  }
  Value min(Value x, Value y) {
    return arith::MinSIOp::create(l.b, l.loc, x, y);
  }
  Value max(Value x, Value y) {
    return arith::MaxSIOp::create(l.b, l.loc, x, y);
  }
  Value less(Value x, Value y) {
    return arith::CmpIOp::create(l.b, l.loc, arith::CmpIPredicate::slt, x, y);
  }
  Value select(Value c, Value x, Value y) {
    return arith::SelectOp::create(l.b, l.loc, c, x, y);
  }
  SmallVector<Value> at(ValueRange ivs, Value place) {
    SmallVector<Value> result(ivs);
    result[axis] = place;
    return result;
  }
  /// The position and the key at a place of a run; what lies beyond the row is
  /// not used.
  std::pair<Value, Value> entry(ValueRange ivs, Value from, Value place) {
    Value inside =
        max(min(place, sub(extent, l.constantIndex(1))), l.constantIndex(0));
    Value position =
        tensor::ExtractOp::create(l.b, l.loc, from, at(ivs, inside));
    Value index = l.toIndex(position, l.b.getI32Type());
    return {position, l.extract(source, at(ivs, index), element)};
  }

  Lowering &l;
  Value source;
  Type element;
  bool descending;
  size_t axis;
  Value extent;
};

Value Merge::position(ValueRange ivs, Value from, Value width, Value steps) {
  Value place = ivs[axis], twice = add(width, width);
  Value begin = sub(place, arith::RemUIOp::create(l.b, l.loc, place, twice));
  Value middle = min(add(begin, width), extent),
        end = min(add(begin, twice), extent);
  Value before = sub(place, begin), numLeft = sub(middle, begin),
        numRight = sub(end, middle);
  // How many of the elements before this place are of the left run: between
  // these.
  Value low = max(sub(before, numRight), l.constantIndex(0)),
        high = min(before, numLeft);
  Value one = l.constantIndex(1);
  // A range of at most `width` + 1 numbers.
  auto search = scf::ForOp::create(l.b, l.loc, l.constantIndex(0),
                                   add(steps, one), one, ValueRange{low, high});
  {
    OpBuilder::InsertionGuard guard(l.b);
    l.b.setInsertionPointToEnd(search.getBody());
    Value from0 = search.getRegionIterArgs()[0],
          to = search.getRegionIterArgs()[1];
    Value half =
        arith::DivUIOp::create(l.b, l.loc, add(from0, to), l.constantIndex(2));
    Value leftKey = entry(ivs, from, add(begin, half)).second;
    Value rightKey =
        entry(ivs, from, add(middle, sub(before, add(half, one)))).second;
    Value rightFirst =
        comesFirst(l.b, l.loc, element, descending, rightKey, leftKey);
    Value open = less(from0, to);
    Value more = arith::AndIOp::create(
        l.b, l.loc, open,
        arith::XOrIOp::create(
            l.b, l.loc, rightFirst,
            arith::ConstantIntOp::create(l.b, l.loc, l.b.getI1Type(), 1)));
    Value fewer = arith::AndIOp::create(l.b, l.loc, open, rightFirst);
    scf::YieldOp::create(l.b, l.loc,
                         ValueRange{select(more, add(half, one), from0),
                                    select(fewer, half, to)});
  }
  Value left = search.getResult(0), right = sub(before, left);
  auto [leftPosition, leftKey] = entry(ivs, from, add(begin, left));
  auto [rightPosition, rightKey] = entry(ivs, from, add(middle, right));
  Value rightFirst =
      comesFirst(l.b, l.loc, element, descending, rightKey, leftKey);
  Value hasLeft = less(left, numLeft), hasRight = less(right, numRight);
  Value takesRight =
      select(hasLeft, arith::AndIOp::create(l.b, l.loc, hasRight, rightFirst),
             arith::ConstantIntOp::create(l.b, l.loc, l.b.getI1Type(), 1));
  return select(takesRight, rightPosition, leftPosition);
}

} // namespace

Value lowering::sortedPositions(Lowering &l, Value x, size_t axis,
                                bool descending) {
  ArrayRef<Dim> of = l.dims.of(x);
  Type i32 = l.b.getI32Type();
  Value source = l.value(x), extent = l.size(of[axis]);
  Merge merge(l, source, elementOf(x), descending, axis, extent);
  Value start = l.generate(
      of, i32, [&](ValueRange ivs) { return l.fromIndex(ivs[axis], i32); });
  auto pass = [&](Value width, Value steps,
                  ValueRange carried) -> SmallVector<Value> {
    return {l.generate(of, i32, [&](ValueRange ivs) {
      return merge.position(ivs, carried[0], width, steps);
    })};
  };
  return doubling(l, of[axis], start, pass)[0];
}
