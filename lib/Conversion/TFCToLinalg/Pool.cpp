//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Pooling: reductions over the window, on the padded input.
//===----------------------------------------------------------------------===//

#include "Reduction.h"
#include "Scalars.h"
#include "Windows.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "tfc/Dialect/TFC/IR/TFC.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

namespace {

/// Loops over batch, places, channels and window, in this order: the window
/// last.
struct Pool {
  template <typename Op>
  Pool(Lowering &l, Op op, ArrayRef<Dim> x)
      : l(l), windows(l, x.drop_front().drop_back(),
                      llvm::map_to_vector(
                          op.getWindow(),
                          [&](int64_t size) { return l.constantIndex(size); }),
                      op.getStrides(), op.getDilations(), op.getPadding()),
        rank(windows.rank()), window(op.getWindow()) {}

  /// Over other spatial sizes.
  Pool(Lowering &l, ArrayRef<Dim> sizes, ArrayRef<int64_t> window,
       ArrayRef<int64_t> strides, ArrayRef<int64_t> dilations,
       ArrayRef<int64_t> padding)
      : l(l), windows(l, sizes,
                      llvm::map_to_vector(
                          window,
                          [&](int64_t size) { return l.constantIndex(size); }),
                      strides, dilations, padding),
        rank(windows.rank()), window(window) {}

  AffineExpr loop(unsigned i) const { return l.b.getAffineDimExpr(i); }
  unsigned loops() const { return 2 * rank + 2; }
  SmallVector<AffineExpr> result() const {
    SmallVector<AffineExpr> indices;
    for (unsigned i = 0; i < rank + 2; ++i)
      indices.push_back(loop(i));
    return indices;
  }
  SmallVector<int64_t> reduced() const {
    return llvm::to_vector(llvm::seq<int64_t>(rank + 2, loops()));
  }
  /// The element of the window, and of a tensor that tells its size.
  Value load(Body &body, Value padded) {
    SmallVector<AffineExpr> indices{loop(0)}, all;
    for (unsigned i = 0; i < rank; ++i) {
      indices.push_back(windows.index(i, loop(1 + i), loop(rank + 2 + i)));
      all.push_back(loop(rank + 2 + i));
    }
    indices.push_back(loop(rank + 1));
    body.load(l.empty(window, l.b.getI8Type()), all);
    return body.load(padded, indices);
  }
  void definePlaces(Value result) {
    for (unsigned i = 0; i < rank; ++i)
      if (Dim dim = l.dims.of(result)[i + 1]; dim < 0)
        l.define(dim, windows.places[i]);
  }
  /// How many elements of the window are no padding, as `type`, in the loops of
  /// `body`.
  Value count(Body &body, Type type) {
    if (windows.isUnpadded()) {
      int64_t known = 1;
      for (Dim size : window)
        known *= size;
      return numberScalar(body.in, l.loc, type, known);
    }
    Value all;
    for (unsigned i = 0; i < rank; ++i) {
      Value one = windows.count(body.in, i, body.iteration(1 + i));
      all = all ? arith::MulIOp::create(body.in, l.loc, all, one).getResult()
                : one;
    }
    Value number =
        arith::IndexCastOp::create(body.in, l.loc, body.in.getI64Type(), all);
    return castScalar(body.in, l.loc, number, body.in.getI64Type(), type);
  }

  Lowering &l;
  Windows windows;
  unsigned rank;
  Dims window;
};

} // namespace

static LogicalResult lowerMaxPool(Lowering &l, MaxPoolOp op) {
  Type element = elementOf(op.getX());
  Pool pool(l, op, l.dims.of(op.getX()));
  pool.definePlaces(op.getResult());
  Value lowest =
      toStorage(l.b, l.loc, extremeScalar(l.b, l.loc, element, false), element);
  Value padded = pool.windows.pad(l.value(op.getX()), lowest);
  Body body(l, Dims(pool.loops(), 0));
  Value scalar = toScalar(body.in, l.loc, pool.load(body, padded), element);
  Value before = toScalar(
      body.in, l.loc,
      body.addOutput(l.filled(l.dims.of(op.getResult()), element, lowest),
                     pool.result()),
      element);
  Value after = greater(body.in, l.loc, element, before, scalar);
  l.set(op.getResult(), body.finish(toStorage(body.in, l.loc, after, element),
                                    pool.reduced())[0]);
  return success();
}

static LogicalResult lowerArgmaxPool(Lowering &l, ArgmaxPoolOp op) {
  Type element = elementOf(op.getX()), i64 = l.b.getI64Type();
  ArrayRef<Dim> to = l.dims.of(op.getResult());
  Pool pool(l, op, l.dims.of(op.getX()));
  pool.definePlaces(op.getResult());
  Value lowest =
      toStorage(l.b, l.loc, extremeScalar(l.b, l.loc, element, false), element);
  Value padded = pool.windows.pad(l.value(op.getX()), lowest);
  Value channels = l.size(l.dims.of(op.getX()).back());
  Value none = numberScalar(l.b, l.loc, i64, -1);
  Body body(l, Dims(pool.loops(), 0));
  Value scalar = toScalar(body.in, l.loc, pool.load(body, padded), element);
  Value best = toScalar(
      body.in, l.loc,
      body.addOutput(l.filled(to, element, lowest), pool.result()), element);
  Value position = body.addOutput(l.filled(to, i64, none), pool.result());

  auto number = [&](int64_t value) {
    return arith::ConstantIndexOp::create(body.in, l.loc, value).getResult();
  };
  auto add = [&](Value x, Value y) -> Value {
    return arith::AddIOp::create(body.in, l.loc, x, y);
  };
  auto mul = [&](Value x, Value y) -> Value {
    return arith::MulIOp::create(body.in, l.loc, x, y);
  };
  auto both = [&](Value x, Value y) -> Value {
    return x ? arith::AndIOp::create(body.in, l.loc, x, y) : y;
  };
  Value place = body.iteration(0), inside;
  for (unsigned i = 0; i < pool.rank; ++i) {
    Value at = add(mul(body.iteration(1 + i), number(pool.windows.strides[i])),
                   mul(body.iteration(pool.rank + 2 + i),
                       number(pool.windows.dilations[i])));
    at = arith::SubIOp::create(body.in, l.loc, at, pool.windows.before[i]);
    // Also refuses negative numbers.
    Value valid = arith::CmpIOp::create(
        body.in, l.loc, arith::CmpIPredicate::ult, at, pool.windows.sizes[i]);
    inside = both(inside, valid);
    place = add(mul(place, pool.windows.sizes[i]), at);
  }
  place = add(mul(place, channels), body.iteration(pool.rank + 1));
  Value here = arith::IndexCastOp::create(body.in, l.loc, i64, place);
  Value first = arith::CmpIOp::create(body.in, l.loc, arith::CmpIPredicate::eq,
                                      position, none);
  Value better = arith::OrIOp::create(
      body.in, l.loc, first,
      isBetter(body.in, l.loc, element, true, scalar, best));
  better = both(inside, better);
  Value bestAfter =
      arith::SelectOp::create(body.in, l.loc, better, scalar, best);
  Value positionAfter =
      arith::SelectOp::create(body.in, l.loc, better, here, position);
  l.set(op.getResult(),
        body.finish(
            {toStorage(body.in, l.loc, bestAfter, element), positionAfter},
            pool.reduced())[1]);
  return success();
}

static LogicalResult lowerAvgPool(Lowering &l, AvgPoolOp op) {
  Type element = elementOf(op.getX()), sum = sumType(element);
  ArrayRef<Dim> to = l.dims.of(op.getResult());
  Pool pool(l, op, l.dims.of(op.getX()));
  pool.definePlaces(op.getResult());
  Value padded = pool.windows.pad(l.value(op.getX()),
                                  numberScalar(l.b, l.loc, element, 0));
  Body body(l, Dims(pool.loops(), 0));
  Value scalar =
      castScalar(body.in, l.loc, pool.load(body, padded), element, sum);
  Value before = body.addOutput(
      l.filled(to, sum, numberScalar(l.b, l.loc, sum, 0)), pool.result());
  Value sums = body.finish(addNumbers(body.in, l.loc, sum, before, scalar),
                           pool.reduced())[0];

  Body divide(l, to);
  Value total = divide.load(sums, divide.identity());
  divide.addOutput(l.empty(to, element), divide.identity());
  Value mean =
      arith::DivFOp::create(divide.in, l.loc, total, pool.count(divide, sum));
  l.set(op.getResult(),
        divide.finish(castScalar(divide.in, l.loc, mean, sum, element))[0]);
  return success();
}

/// Without strides: an element of the input is in as many windows as a window
/// has elements, which are windows of the padded shares. Nothing if too little
/// is known of the padding.
static Value sumOfShares(Lowering &l, AvgPoolGradOp op, Pool &pool, Value share,
                         Type sum) {
  ArrayRef<Dim> to = l.dims.of(op.getResult()), from = l.dims.of(op.getG());
  SmallVector<int64_t> padding;
  for (unsigned i = 0; i < pool.rank; ++i) {
    int64_t reach = (op.getWindow()[i] - 1) * op.getDilations()[i];
    std::optional<int64_t> before = getConstantIntValue(pool.windows.before[i]),
                           after = getConstantIntValue(pool.windows.after[i]);
    if (!before || !after || *before > reach || *after > reach)
      return {};
    padding.append({reach - *before, reach - *after});
  }
  Pool turned(l, from.drop_front().drop_back(), op.getWindow(), op.getStrides(),
              op.getDilations(), padding);
  Value zero = numberScalar(l.b, l.loc, sum, 0);
  Value padded = turned.windows.pad(share, zero);
  Body body(l, Dims(turned.loops(), 0));
  Value each = turned.load(body, padded);
  Value before = body.addOutput(l.filled(to, sum, zero), turned.result());
  return body.finish(addNumbers(body.in, l.loc, sum, before, each),
                     turned.reduced())[0];
}

static LogicalResult lowerAvgPoolGrad(Lowering &l, AvgPoolGradOp op) {
  Value result = op.getResult();
  Type element = elementOf(result), sum = sumType(element);
  l.defineSizes(result, op.getShape());
  ArrayRef<Dim> to = l.dims.of(result), from = l.dims.of(op.getG());
  Pool pool(l, op, to);
  Body divide(l, from);
  Value g = castScalar(divide.in, l.loc,
                       divide.load(l.value(op.getG()), divide.identity()),
                       element, sum);
  divide.addOutput(l.empty(from, sum), divide.identity());
  Value share = divide.finish(
      arith::DivFOp::create(divide.in, l.loc, g, pool.count(divide, sum))
          .getResult())[0];

  Value sums;
  if (pool.windows.hasUnitStrides())
    sums = sumOfShares(l, op, pool, share, sum);
  if (!sums) {
    Value zero = numberScalar(l.b, l.loc, sum, 0);
    sums = pool.windows.padded(l.size(to.front()), l.size(to.back()), zero);
    sums = pool.windows.scatter(sums, [&](ValueRange, Value now) -> Value {
      Body body(l, Dims(pool.rank + 2, 0));
      Value more = body.load(share, body.identity());
      Value before = body.addOutput(now, body.identity());
      return body.finish(addNumbers(body.in, l.loc, sum, before, more))[0];
    });
    sums = pool.windows.unpad(sums);
  }
  Value whole = l.convert(sums, l.tensorType(to, sum));
  if (sum != element) {
    Body body(l, to);
    Value narrow = castScalar(body.in, l.loc, body.load(whole, body.identity()),
                              sum, element);
    body.addOutput(l.empty(to, element), body.identity());
    whole = body.finish(narrow)[0];
  }
  l.set(result, whole);
  return success();
}

void lowering::addPoolHandlers(Handlers &handlers) {
  addHandler<MaxPoolOp, lowerMaxPool>(handlers);
  addHandler<ArgmaxPoolOp, lowerArgmaxPool>(handlers);
  addHandler<AvgPoolOp, lowerAvgPool>(handlers);
  addHandler<AvgPoolGradOp, lowerAvgPoolGrad>(handlers);
}
