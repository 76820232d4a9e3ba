//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Pooling: reductions over the window, on the padded input. Gradients are sums
// over the windows that an element of the input is in (Phases.h).
//===----------------------------------------------------------------------===//

#include "Phases.h"
#include "PoolGradient.h"
#include "PoolRows.h"
#include "Reduction.h"
#include "Rows.h"
#include "Scalars.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "tfc/Dialect/TFC/IR/TFC.h"
#include "tfc/Dialect/TFC/Transforms/PoolGradient.h"

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

  /// The number of the window's element at `k`, in row-major order.
  Value numberOf(OpBuilder &in, ValueRange k) const {
    Value number = k.front();
    for (auto [size, next] : llvm::drop_begin(llvm::zip(window, k))) {
      Value width = arith::ConstantIndexOp::create(in, l.loc, size);
      number = in.createOrFold<arith::AddIOp>(
          l.loc, in.createOrFold<arith::MulIOp>(l.loc, number, width), next);
    }
    return number;
  }

  Lowering &l;
  Windows windows;
  unsigned rank;
  Dims window;
};

} // namespace

static Value largestElements(Lowering &l, Pool &pool, Type element,
                             ArrayRef<Dim> to, Value padded) {
  Value lowest =
      toStorage(l.b, l.loc, extremeScalar(l.b, l.loc, element, false), element);
  Body body(l, Dims(pool.loops(), 0));
  Value scalar = toScalar(body.in, l.loc, pool.load(body, padded), element);
  Value before = toScalar(
      body.in, l.loc,
      body.addOutput(l.filled(to, element, lowest), pool.result()), element);
  Value after = greater(body.in, l.loc, element, before, scalar);
  return body.finish(toStorage(body.in, l.loc, after, element),
                     pool.reduced())[0];
}

static LogicalResult lowerMaxPool(Lowering &l, MaxPoolOp op) {
  Type element = elementOf(op.getX());
  Pool pool(l, op, l.dims.of(op.getX()));
  pool.definePlaces(op.getResult());
  Value lowest =
      toStorage(l.b, l.loc, extremeScalar(l.b, l.loc, element, false), element);
  Value padded = pool.windows.pad(l.value(op.getX()), lowest);
  l.set(op.getResult(),
        largestElements(l, pool, element, l.dims.of(op.getResult()), padded));
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

namespace {

/// What each window gives to the elements it has.
struct Shares {
  Value share; ///< of each window, in the type of sums
  Type sum;
  /// Of each window, the number of the one element that gets it, or null: all
  /// do.
  Value taker;
};

} // namespace

/// The numbers of a window's elements, and a greater one that none of them has.
static Type takerType(Lowering &l, const Pool &pool) {
  int64_t elements = 1;
  for (Dim size : pool.window)
    elements *= size;
  return elements <= 127 ? l.b.getI8Type() : l.b.getI32Type();
}

static Value noTaker(OpBuilder &in, Location loc, Type type) {
  return arith::ConstantOp::create(
      in, loc,
      in.getIntegerAttr(
          type, APInt::getSignedMaxValue(type.getIntOrFloatBitWidth())));
}

static Value isTaker(Lowering &l, OpBuilder &in, Value taker, Value number) {
  number = arith::IndexCastOp::create(in, l.loc, taker.getType(), number);
  return arith::CmpIOp::create(in, l.loc, arith::CmpIPredicate::eq, taker,
                               number);
}

/// Which element of each window is the first of the largest ones, in row-major
/// order.
static Value takersOf(Lowering &l, ArgmaxPoolOp op, Pool &pool, Value most,
                      Value padded) {
  Type element = elementOf(op.getX()), type = takerType(l, pool);
  Body body(l, Dims(pool.loops(), 0));
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(body.in, l.loc, value);
  };
  Value x = toScalar(body.in, l.loc, pool.load(body, padded), element);
  Value largest =
      toScalar(body.in, l.loc, body.load(most, pool.result()), element);
  auto compare = [&](arith::CmpFPredicate how, Value a, Value b) -> Value {
    return arith::CmpFOp::create(body.in, l.loc, how, a, b);
  };
  // NaN is the largest of a window that has one.
  Value found = arith::OrIOp::create(
      body.in, l.loc, compare(arith::CmpFPredicate::OEQ, x, largest),
      compare(arith::CmpFPredicate::UNO, x, x));
  SmallVector<Value> ks;
  for (unsigned i = 0; i < pool.rank; ++i) {
    Value k = ks.emplace_back(body.iteration(pool.rank + 2 + i));
    // Padding is as large as an element that is the least number there is. Only
    // that before the input comes before the first such element.
    if (getConstantIntValue(pool.windows.before[i]) == 0)
      continue;
    Value at = arith::AddIOp::create(
        body.in, l.loc,
        arith::MulIOp::create(body.in, l.loc, body.iteration(1 + i),
                              constant(pool.windows.strides[i])),
        arith::MulIOp::create(body.in, l.loc, k,
                              constant(pool.windows.dilations[i])));
    Value inside = arith::CmpIOp::create(
        body.in, l.loc, arith::CmpIPredicate::sge, at, pool.windows.before[i]);
    found = arith::AndIOp::create(body.in, l.loc, found, inside);
  }
  Value number = arith::IndexCastOp::create(body.in, l.loc, type,
                                            pool.numberOf(body.in, ks));
  Value before = body.addOutput(
      l.filled(l.dims.of(op.getResult()), type, noTaker(l.b, l.loc, type)),
      pool.result());
  Value here = arith::SelectOp::create(body.in, l.loc, found, number,
                                       noTaker(body.in, l.loc, type));
  Value after = arith::MinSIOp::create(body.in, l.loc, before, here);
  return body.finish(after, pool.reduced())[0];
}

/// The result of `max_pool` of the same windows, which most gradients are
/// computed after.
static Value largestOf(Lowering &l, ArgmaxPoolOp op, Pool &pool, Value padded) {
  Value x = op.getX();
  for (Operation *user : x.getUsers()) {
    auto max = dyn_cast<MaxPoolOp>(user);
    if (max && max->getBlock() == op->getBlock() && max->isBeforeInBlock(op) &&
        l.isStored(max.getResult()) &&
        max->getAttrDictionary() == op->getAttrDictionary())
      return l.value(max.getResult());
  }
  return largestElements(l, pool, elementOf(x), l.dims.of(op.getResult()),
                         padded);
}

/// Is each element of the input in one window, and in the same as its
/// neighbours?
static bool isPartition(const Pool &pool) {
  for (unsigned i = 0; i < pool.rank; ++i) {
    std::optional<int64_t> size = getConstantIntValue(pool.windows.sizes[i]);
    int64_t stride = pool.windows.strides[i];
    if (!size || *size % stride != 0 || pool.window[i] != stride ||
        pool.windows.dilations[i] != 1)
      return false;
  }
  return pool.windows.isUnpadded();
}

/// What each window gives to its elements, in one go.
static Value shareOut(Lowering &l, Pool &pool, const Shares &shares,
                      ArrayRef<Dim> to) {
  unsigned rank = pool.rank;
  Dims split{to.front()};
  SmallVector<AffineExpr> place{pool.loop(0)};
  SmallVector<ReassociationIndices> whole{{0}};
  for (unsigned i = 0; i < rank; ++i) {
    split.append({to[i + 1] / pool.window[i], pool.window[i]});
    place.push_back(pool.loop(1 + 2 * i));
    whole.push_back({1 + 2 * i, 2 + 2 * i});
  }
  split.push_back(to.back());
  place.push_back(pool.loop(1 + 2 * rank));
  whole.push_back({1 + 2 * int64_t(rank)});
  Body body(l, split);
  Value zero = numberScalar(body.in, l.loc, shares.sum, 0);
  Value share = body.load(shares.share, place);
  if (shares.taker) {
    Value taker = body.load(shares.taker, place);
    SmallVector<Value> k;
    for (unsigned i = 0; i < rank; ++i)
      k.push_back(body.iteration(2 + 2 * i));
    share = arith::SelectOp::create(
        body.in, l.loc, isTaker(l, body.in, taker, pool.numberOf(body.in, k)),
        share, zero);
  }
  body.addOutput(l.empty(split, shares.sum), body.identity());
  // A sum that begins with zero, as others: it is no negative one.
  Value sums =
      body.finish(addNumbers(body.in, l.loc, shares.sum, zero, share))[0];
  return tensor::CollapseShapeOp::create(l.b, l.loc, sums, whole);
}

/// What the windows give to the elements of the input.
static Value sumOfShares(Lowering &l, Pool &pool, const Shares &shares,
                         ArrayRef<Dim> to) {
  if (isPartition(pool))
    return shareOut(l, pool, shares, to);
  Value zero = numberScalar(l.b, l.loc, shares.sum, 0);
  unsigned rank = pool.rank;
  auto choose = [&](Body &body, Value share, Value taker, Value number) {
    return arith::SelectOp::create(
               body.in, l.loc, isTaker(l, body.in, taker, number), share, zero)
        .getResult();
  };
  SmallVector<PhaseAxis> axes = phasesOf(l, pool.windows);
  if (axes.empty()) {
    Value sums =
        pool.windows.padded(l.size(to.front()), l.size(to.back()), zero);
    sums = pool.windows.scatter(sums, [&](ValueRange k, Value now) -> Value {
      Body body(l, Dims(rank + 2, 0));
      Value more = body.load(shares.share, body.identity());
      if (shares.taker)
        more = choose(body, more, body.load(shares.taker, body.identity()),
                      pool.numberOf(l.b, k));
      Value before = body.addOutput(now, body.identity());
      return body.finish(
          addNumbers(body.in, l.loc, shares.sum, before, more))[0];
    });
    return pool.windows.unpad(sums);
  }
  Value padded = padForPhases(l, shares.share, axes, zero), takers;
  if (shares.taker) {
    Type type = takerType(l, pool);
    takers = padForPhases(l, shares.taker, axes, noTaker(l.b, l.loc, type));
  }
  // `zeros`, with what the windows of these phases give, in their order.
  auto sumsOf = [&](ArrayRef<Phase> phases, Value zeros) -> Value {
    Dims taps;
    SmallVector<AffineExpr> window, indices{pool.loop(0)};
    Body body(l, Dims(pool.loops(), 0));
    for (auto [i, phase] : llvm::enumerate(phases)) {
      AffineExpr k = pool.loop(rank + 2 + i);
      taps.push_back(phase.taps);
      window.push_back(k);
      indices.push_back(pool.loop(1 + i) + k * pool.windows.dilations[i] +
                        phase.from);
    }
    indices.push_back(pool.loop(rank + 1));
    body.load(l.empty(taps, l.b.getI8Type()), window);
    Value each = body.load(padded, indices);
    if (takers) {
      Value taker = body.load(takers, indices);
      SmallVector<Value> ks;
      auto constant = [&](int64_t value) -> Value {
        return arith::ConstantIndexOp::create(body.in, l.loc, value);
      };
      for (auto [i, phase] : llvm::enumerate(phases)) {
        int64_t stride = pool.windows.strides[i];
        ks.push_back(arith::SubIOp::create(
            body.in, l.loc, constant(phase.first + (phase.taps - 1) * stride),
            arith::MulIOp::create(body.in, l.loc, body.iteration(rank + 2 + i),
                                  constant(stride))));
      }
      each = choose(body, each, taker, pool.numberOf(body.in, ks));
    }
    Value before = body.addOutput(zeros, pool.result());
    return body.finish(addNumbers(body.in, l.loc, shares.sum, before, each),
                       pool.reduced())[0];
  };
  if (pool.windows.hasUnitStrides()) {
    SmallVector<Phase> phases = llvm::map_to_vector(
        axes, [](const PhaseAxis &axis) { return axis.phases.front(); });
    return sumsOf(phases, l.filled(to, shares.sum, zero));
  }
  SmallVector<Value> extents =
      llvm::map_to_vector(to, [&](Dim dim) { return l.size(dim); });
  return overPhases(
      axes, forPhases(l, axes, extents, zero),
      [&](ArrayRef<Phase> phases, Value result) -> Value {
        PhaseBox box = boxOf(l, pool.windows, phases, result);
        Value mine = tensor::ExtractSliceOp::create(
            l.b, l.loc, result, box.offsets, box.extents, box.steps);
        Value zeros =
            linalg::FillOp::create(l.b, l.loc, zero, mine).getResult(0);
        return tensor::InsertSliceOp::create(l.b, l.loc, sumsOf(phases, zeros),
                                             result, box.offsets, box.extents,
                                             box.steps);
      });
}

/// The sums as a tensor like this one.
static Value finishGrad(Lowering &l, Value like, Value sums, Type sum) {
  Type element = elementOf(like);
  ArrayRef<Dim> to = l.dims.of(like);
  Value whole = l.convert(sums, l.tensorType(to, sum));
  if (sum == element)
    return whole;
  Body body(l, to);
  Value narrow = castScalar(body.in, l.loc, body.load(whole, body.identity()),
                            sum, element);
  body.addOutput(l.empty(to, element), body.identity());
  return body.finish(narrow)[0];
}

bool lowering::lowerPoolGradient(Lowering &l, ScatterOp op) {
  ArgmaxPoolOp argmax = isForDevice(op) ? ArgmaxPoolOp() : findPooled(op);
  if (!argmax)
    return false;
  Type element = elementOf(argmax.getX()), sum = sumType(element);
  ArrayRef<Dim> to = l.dims.of(argmax.getX()),
                from = l.dims.of(argmax.getResult());
  Pool pool(l, argmax, to);
  pool.definePlaces(argmax.getResult());
  Value lowest =
      toStorage(l.b, l.loc, extremeScalar(l.b, l.loc, element, false), element);
  Value padded = pool.windows.pad(l.value(argmax.getX()), lowest);
  Value largest = largestOf(l, argmax, pool, padded);
  Value share =
      l.reshape(l.value(op.getUpdates()), l.dims.of(op.getUpdates()), from);
  if (sum != element) {
    Body widen(l, from);
    Value wide = castScalar(widen.in, l.loc,
                            widen.load(share, widen.identity()), element, sum);
    widen.addOutput(l.empty(from, sum), widen.identity());
    share = widen.finish(wide)[0];
  }
  PooledImage image{l.value(argmax.getX()), largest, share, to, from, element};
  Value sums;
  if (!isPartition(pool) && hasPoolRows(op, image))
    sums = sumPoolRows(l, op, pool.windows, argmax.getWindow(), image);
  else
    sums = sumOfShares(
        l, pool, {share, sum, takersOf(l, argmax, pool, largest, padded)}, to);
  l.set(op.getResult(), l.reshape(finishGrad(l, argmax.getX(), sums, sum), to,
                                  l.dims.of(op.getResult())));
  return true;
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

  Value sums = sumOfShares(l, pool, {share, sum, {}}, to);
  l.set(result, finishGrad(l, result, sums, sum));
  return success();
}

void lowering::addPoolHandlers(Handlers &handlers) {
  addHandler<MaxPoolOp, lowerMaxPool>(handlers);
  addHandler<ArgmaxPoolOp, lowerArgmaxPool>(handlers);
  addHandler<AvgPoolOp, lowerAvgPool>(handlers);
  addHandler<AvgPoolGradOp, lowerAvgPoolGrad>(handlers);
}
