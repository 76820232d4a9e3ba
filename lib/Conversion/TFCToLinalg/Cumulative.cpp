//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Running sums and products stay whole, as scans. Running logarithms of sums,
// and linear recurrences along the last axis: a loop along it inside loops over
// the others. Linear recurrences along other axes go row by row, so that they
// read memory in its order.
//===----------------------------------------------------------------------===//

#include "Ordered.h"
#include "Rows.h"
#include "Scalars.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "tfc/Dialect/TFC/IR/TFC.h"
#include "tfc/Dialect/TFCRT/IR/ParallelLoop.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

/// log(exp(x) + exp(y)): the larger one and what the smaller one adds.
static Value logAddExp(Lowering &l, Value x, Value y) {
  Value top = arith::MaximumFOp::create(l.b, l.loc, x, y);
  Value low = arith::MinimumFOp::create(l.b, l.loc, x, y);
  Value gap = arith::SubFOp::create(l.b, l.loc, low, top);
  Value more =
      math::Log1pOp::create(l.b, l.loc, math::ExpOp::create(l.b, l.loc, gap));
  // Of two infinities the difference is no number.
  Value same =
      arith::CmpFOp::create(l.b, l.loc, arith::CmpFPredicate::OEQ, low, top);
  Value two = arith::ConstantOp::create(
      l.b, l.loc, l.b.getFloatAttr(x.getType(), 0.693147180559945309417));
  more = arith::SelectOp::create(l.b, l.loc, same, two, more);
  return arith::AddFOp::create(l.b, l.loc, top, more);
}

/// On a device, sums over a reach that doubles (Hillis and Steele).
static Value logarithmsOnDevice(Lowering &l, CumlogsumexpOp op) {
  Value x = op.getX();
  ArrayRef<Dim> of = l.dims.of(x);
  Type element = elementOf(x),
       type = isHalf(element) ? Type(l.b.getF32Type()) : element;
  size_t axis = op.getAxis();
  Value extent = l.size(of[axis]),
        start = extremeScalar(l.b, l.loc, type, /*greatest=*/false);
  // The element `distance` before `ivs` in the order of the sum, or what sums
  // start with.
  auto before = [&](Value tensor, Type stored, ValueRange ivs,
                    Value distance) -> Value {
    SmallVector<Value> at(ivs);
    Value inside, zero = l.constantIndex(0);
    if (op.getReverse()) {
      at[axis] = arith::AddIOp::create(l.b, l.loc, at[axis], distance);
      inside = arith::CmpIOp::create(l.b, l.loc, arith::CmpIPredicate::slt,
                                     at[axis], extent);
      Value last =
          arith::SubIOp::create(l.b, l.loc, extent, l.constantIndex(1));
      at[axis] = arith::MinSIOp::create(l.b, l.loc, at[axis], last);
    } else {
      at[axis] = arith::SubIOp::create(l.b, l.loc, at[axis], distance);
      inside = arith::CmpIOp::create(l.b, l.loc, arith::CmpIPredicate::sge,
                                     at[axis], zero);
      at[axis] = arith::MaxSIOp::create(l.b, l.loc, at[axis], zero);
    }
    Value scalar =
        castScalar(l.b, l.loc, l.extract(tensor, at, stored), stored, type);
    return arith::SelectOp::create(l.b, l.loc, inside, scalar, start);
  };
  Value source = l.value(x);
  Value first = l.generate(of, type, [&](ValueRange ivs) {
    return before(source, element, ivs,
                  l.constantIndex(op.getExclusive() ? 1 : 0));
  });
  auto pass = [&](Value reach, Value,
                  ValueRange carried) -> SmallVector<Value> {
    return {l.generate(of, type, [&](ValueRange ivs) {
      return logAddExp(l, before(carried[0], type, ivs, reach),
                       l.extract(carried[0], ivs, type));
    })};
  };
  Value sums = doubling(l, of[axis], first, pass)[0];
  if (type == element)
    return sums;
  return l.generate(of, element, [&](ValueRange ivs) {
    return castScalar(l.b, l.loc, l.extract(sums, ivs, type), type, element);
  });
}

/// Threads share what is before the axis: nothing goes from one iteration of
/// the outermost loop to another.
static void shareRows(Lowering &l, ArrayRef<Dim> of, size_t axis,
                      ValueRange results) {
  constexpr double nanoseconds = 2; // of a step
  auto loop = axis == 0 ? scf::ForOp() : results[0].getDefiningOp<scf::ForOp>();
  if (!loop || isForDevice(loop))
    return;
  double steps = 1;
  for (Dim dim : of.drop_front())
    steps *= dim < 0 ? 1 : double(dim);
  loop->setAttr(rt::independent, l.b.getF64FloatAttr(steps * nanoseconds));
}

namespace {

/// What goes from one element to the next along an axis, while the others run
/// beside each other.
struct Along {
  using Step =
      llvm::function_ref<SmallVector<Value>(Value before, ValueRange at)>;

  /// As many tensors as a step returns numbers; the first one is what the next
  /// step gets.
  SmallVector<Value> run(size_t count, Value start, Step step);

  Lowering &l;
  ArrayRef<Dim> of;
  size_t axis;
  bool reverse;
  Type type;

private:
  SmallVector<Value> store(ArrayRef<Value> numbers, ValueRange tensors,
                           ValueRange at);
};

} // namespace

SmallVector<Value> Along::store(ArrayRef<Value> numbers, ValueRange tensors,
                                ValueRange at) {
  SmallVector<Value> stored;
  for (auto [number, tensor] : llvm::zip_equal(numbers, tensors))
    stored.push_back(l.insert(number, tensor, at, type));
  return stored;
}

/// Rows of the last axis carry what they have in registers; along others whole
/// rows follow each other.
SmallVector<Value> Along::run(size_t count, Value start, Step step) {
  SmallVector<Value> outer, inner; // extents before and after the axis
  for (auto [i, dim] : llvm::enumerate(of))
    if (i != axis)
      (i < axis ? outer : inner).push_back(l.size(dim));
  Value extent = l.size(of[axis]), zero = l.constantIndex(0),
        one = l.constantIndex(1),
        last = arith::SubIOp::create(l.b, l.loc, extent, one);
  auto placeOf = [&](Value number) -> Value {
    return reverse ? arith::SubIOp::create(l.b, l.loc, last, number).getResult()
                   : number;
  };
  SmallVector<Value> empty;
  for (size_t i = 0; i < count; ++i)
    empty.push_back(l.empty(of, type));
  auto row = [&](ValueRange ahead, ValueRange carried) -> SmallVector<Value> {
    SmallVector<Value> begin(carried);
    if (inner.empty())
      begin.push_back(start);
    auto each = [&](ValueRange ivs, ValueRange args) -> SmallVector<Value> {
      SmallVector<Value> at(ahead);
      at.push_back(placeOf(ivs[0]));
      if (inner.empty()) {
        SmallVector<Value> numbers = step(args.back(), at),
                           next = store(numbers, args.drop_back(), at);
        next.push_back(numbers.front());
        return next;
      }
      Value isFirst = arith::CmpIOp::create(
          l.b, l.loc, arith::CmpIPredicate::eq, ivs[0], zero);
      Value placeBefore = placeOf(arith::MaxSIOp::create(
          l.b, l.loc, arith::SubIOp::create(l.b, l.loc, ivs[0], one), zero));
      return l.loopNest(
          inner, SmallVector<Value>(args),
          [&](ValueRange ivs, ValueRange args) -> SmallVector<Value> {
            SmallVector<Value> here(at), behind(at);
            behind.back() = placeBefore;
            llvm::append_range(here, ivs);
            llvm::append_range(behind, ivs);
            Value before = arith::SelectOp::create(
                l.b, l.loc, isFirst, start, l.extract(args[0], behind, type));
            return store(step(before, here), args, here);
          });
    };
    SmallVector<Value> results = l.loopNest(extent, begin, each);
    results.truncate(count);
    return results;
  };
  SmallVector<Value> results = l.loopNest(outer, empty, row);
  shareRows(l, of, axis, results);
  return results;
}

/// A sum relative to the largest so far: that is a chain of maxima and one of
/// multiply-adds, which are short, and exponentials and logarithms that wait
/// for nobody.
static LogicalResult lowerLogarithms(Lowering &l, CumlogsumexpOp op) {
  if (isForDevice(op)) {
    l.set(op.getResult(), logarithmsOnDevice(l, op));
    return success();
  }
  Value x = op.getX();
  ArrayRef<Dim> of = l.dims.of(x);
  Type element = elementOf(x),
       type = isHalf(element) ? Type(l.b.getF32Type()) : element;
  Along along{l, of, size_t(op.getAxis()), op.getReverse(), type};
  Value source = l.value(x), zero = numberScalar(l.b, l.loc, type, 0);
  auto load = [&](ValueRange at) {
    return castScalar(l.b, l.loc, l.extract(source, at, element), element,
                      type);
  };
  // Differences of infinities are no numbers.
  auto finite = [&](Value top) -> Value {
    Value size = math::AbsFOp::create(l.b, l.loc, top),
          infinite = extremeScalar(l.b, l.loc, type, /*greatest=*/true);
    Value isInfinite = arith::CmpFOp::create(
        l.b, l.loc, arith::CmpFPredicate::OEQ, size, infinite);
    return arith::SelectOp::create(l.b, l.loc, isInfinite, zero, top);
  };
  auto less = [&](Value value, Value by) -> Value {
    return arith::SubFOp::create(l.b, l.loc, value, by);
  };
  // The largest so far, what it grew by, and the largest before.
  SmallVector<Value> tops =
      along.run(3, extremeScalar(l.b, l.loc, type, /*greatest=*/false),
                [&](Value before, ValueRange at) -> SmallVector<Value> {
                  Value top =
                      arith::MaximumFOp::create(l.b, l.loc, before, load(at));
                  return {top, less(before, finite(top)), before};
                });
  auto exponential = [&](llvm::function_ref<Value(ValueRange)> power) {
    return l.generate(of, type, [&](ValueRange ivs) -> Value {
      return math::ExpOp::create(l.b, l.loc, power(ivs));
    });
  };
  Value factors = exponential(
      [&](ValueRange ivs) { return l.extract(tops[1], ivs, type); });
  Value terms = exponential([&](ValueRange ivs) {
    return less(load(ivs), finite(l.extract(tops[0], ivs, type)));
  });
  SmallVector<Value> sums = along.run(
      2, zero, [&](Value before, ValueRange at) -> SmallVector<Value> {
        Value sum = arith::MulFOp::create(l.b, l.loc, before,
                                          l.extract(factors, at, type));
        return {
            arith::AddFOp::create(l.b, l.loc, sum, l.extract(terms, at, type)),
            before};
      });
  bool before = op.getExclusive();
  l.set(op.getResult(), l.generate(of, element, [&](ValueRange ivs) {
    Value logarithm = math::LogOp::create(
        l.b, l.loc, l.extract(sums[before ? 1 : 0], ivs, type));
    Value top = finite(l.extract(tops[before ? 2 : 0], ivs, type));
    return castScalar(l.b, l.loc,
                      arith::AddFOp::create(l.b, l.loc, top, logarithm), type,
                      element);
  }));
  return success();
}

static Value timesPlus(Lowering &l, Value factor, Value before, Value x) {
  if (isa<ComplexType>(x.getType()))
    return complex::AddOp::create(
        l.b, l.loc, complex::MulOp::create(l.b, l.loc, factor, before), x);
  return arith::AddFOp::create(
      l.b, l.loc, arith::MulFOp::create(l.b, l.loc, factor, before), x);
}

static LogicalResult lowerRecurrence(Lowering &l, LinearRecurrenceOp op) {
  Value x = op.getX();
  ArrayRef<Dim> of = l.dims.of(x);
  Type element = elementOf(x),
       type = isHalf(element) ? Type(l.b.getF32Type()) : element;
  size_t axis = op.getAxis();
  bool isLast = axis + 1 == of.size();
  SmallVector<Value> outer, inner; // extents before and after the axis
  for (auto [i, dim] : llvm::enumerate(of))
    if (i != axis)
      (i < axis ? outer : inner).push_back(l.size(dim));
  Value factors = l.value(op.getFactor()), source = l.value(x),
        extent = l.size(of[axis]);
  Value zero = l.constantIndex(0), one = l.constantIndex(1),
        last = arith::SubIOp::create(l.b, l.loc, extent, one);
  Value nothing = numberScalar(l.b, l.loc, type, 0);
  auto load = [&](Value tensor, ArrayRef<Value> at) {
    return castScalar(l.b, l.loc, l.extract(tensor, at, element), element,
                      type);
  };
  /// The element at `at` from the one before; the first factor may be anything,
  /// even NaN.
  auto next = [&](Value step, ArrayRef<Value> at, Value before) -> Value {
    Value isFirst =
        arith::CmpIOp::create(l.b, l.loc, arith::CmpIPredicate::eq, step, zero);
    Value term = load(source, at),
          value = timesPlus(l, load(factors, at), before, term);
    return arith::SelectOp::create(l.b, l.loc, isFirst, term, value);
  };
  auto placeOf = [&](Value step) -> Value {
    return op.getReverse()
               ? arith::SubIOp::create(l.b, l.loc, last, step).getResult()
               : step;
  };
  auto along = [&](ValueRange ahead, ValueRange carried) -> SmallVector<Value> {
    SmallVector<Value> start{carried[0]};
    if (isLast)
      start.push_back(nothing);
    return {l.loopNest(
        extent, start,
        [&](ValueRange ivs, ValueRange args) -> SmallVector<Value> {
          SmallVector<Value> at(ahead);
          at.push_back(placeOf(ivs[0]));
          if (isLast) {
            Value after = next(ivs[0], at, args[1]);
            return {l.insert(castScalar(l.b, l.loc, after, type, element),
                             args[0], at, element),
                    after};
          }
          Value stepBefore = arith::MaxSIOp::create(
              l.b, l.loc, arith::SubIOp::create(l.b, l.loc, ivs[0], one), zero);
          Value placeBefore = placeOf(stepBefore), step = ivs[0];
          return {l.loopNest(
              inner, args[0],
              [&](ValueRange ivs, ValueRange args) -> SmallVector<Value> {
                SmallVector<Value> here(at), before(at);
                before.back() = placeBefore;
                llvm::append_range(here, ivs);
                llvm::append_range(before, ivs);
                Value after = next(step, here, load(args[0], before));
                return {l.insert(castScalar(l.b, l.loc, after, type, element),
                                 args[0], here, element)};
              })[0]};
        })[0]};
  };
  SmallVector<Value> results = l.loopNest(outer, l.empty(of, element), along);
  shareRows(l, of, axis, results);
  l.set(op.getResult(), results[0]);
  return success();
}

template <typename Op> static LogicalResult lowerScan(Lowering &l, Op op) {
  constexpr bool isProduct = std::is_same_v<Op, CumprodOp>;
  ArrayRef<Dim> of = l.dims.of(op.getX());
  Value init = l.empty(of, elementOf(op.getX()));
  Value input = l.convert(l.value(op.getX()), init.getType());
  auto scan = rt::ScanOp::create(l.b, l.loc, init.getType(), input, init,
                                 op.getAxis(), isProduct, op.getExclusive(),
                                 op.getReverse(), /*carry=*/Value());
  l.set(op.getResult(), scan.getResult());
  return success();
}

void lowering::addCumulativeHandlers(Handlers &handlers) {
  addHandler<CumsumOp, lowerScan<CumsumOp>>(handlers);
  addHandler<CumprodOp, lowerScan<CumprodOp>>(handlers);
  addHandler<CumlogsumexpOp, lowerLogarithms>(handlers);
  addHandler<LinearRecurrenceOp, lowerRecurrence>(handlers);
}
