//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Tensors made of others: concat, pad; and of numbers: range.
//===----------------------------------------------------------------------===//

#include "Body.h"
#include "Ordered.h"
#include "Rows.h"
#include "Scalars.h"
#include "Windows.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "tfc/Dialect/TFC/IR/TFC.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

static Value insertAt(Lowering &l, Value part, Value whole,
                      ArrayRef<OpFoldResult> offsets, ArrayRef<Dim> sizes) {
  SmallVector<OpFoldResult> strides(offsets.size(), l.b.getIndexAttr(1));
  return tensor::InsertSliceOp::create(l.b, l.loc, part, whole, offsets,
                                       l.sizes(sizes), strides);
}

bool lowering::joinsColumns(Operation *op, const DimAnalysis &dims) {
  constexpr int64_t mostColumns = 16, leastRows = 64, leastElements = 256;
  auto concat = dyn_cast<ConcatOp>(op);
  if (!concat || concat.getXs().size() < 2 ||
      isComplex(elementOf(concat.getResult())) || isForDevice(op))
    return false;
  ArrayRef<Dim> to = dims.of(concat.getResult());
  int64_t width = to.back();
  if (to.size() < 2 || concat.getAxis() + 1 != to.size() || width < 2 ||
      width > mostColumns || llvm::any_of(concat.getXs(), [&](Value x) {
        return dims.of(x).back() < 0;
      }))
    return false;
  // Fewer are not worth the code.
  int64_t rows = 1;
  for (Dim dim : to.drop_back())
    rows = dim < 0 || rows < 0 ? -1 : rows * dim;
  return rows < 0 || (rows >= leastRows && rows * width >= leastElements);
}

/// All columns of a row, of which each element of the result picks its own:
/// what makes the columns need not write apart.
static Value joinColumns(Lowering &l, ConcatOp op) {
  ArrayRef<Dim> space = l.dims.of(op.getResult());
  Type element = elementOf(op.getResult());
  Body body(l, space);
  SmallVector<AffineExpr> at = body.identity();
  SmallVector<Value> columns;
  for (Value x : op.getXs())
    for (int64_t i = 0; i < l.dims.of(x).back(); ++i) {
      at.back() = l.b.getAffineConstantExpr(i);
      Value column = body.element(x, at);
      if (!column)
        return {};
      columns.push_back(toStorage(body.in, l.loc, column, element));
    }
  Value number = body.iteration(space.size() - 1), picked = columns.back();
  for (int64_t i = columns.size() - 2; i >= 0; --i) {
    Value isThis = arith::CmpIOp::create(
        body.in, l.loc, arith::CmpIPredicate::eq, number,
        arith::ConstantIndexOp::create(body.in, l.loc, i));
    picked =
        arith::SelectOp::create(body.in, l.loc, isThis, columns[i], picked);
  }
  body.addOutput(l.empty(space, element), body.identity());
  return body.finish(picked)[0];
}

static LogicalResult lowerConcat(Lowering &l, ConcatOp op) {
  int64_t axis = op.getAxis();
  Value result = op.getResult();
  if (op.getXs().size() == 1) {
    l.set(result, l.value(op.getXs().front()));
    return success();
  }
  if (auto elements = knownElements(l, result)) {
    Type element = elementOf(result);
    for (Value &scalar : *elements)
      scalar = toStorage(l.b, l.loc, scalar, element);
    l.set(result, tensor::FromElementsOp::create(
                      l.b, l.loc, l.tensorType(result), *elements));
    return success();
  }
  if (joinsColumns(op, l.dims)) {
    Value joined = joinColumns(l, op);
    if (!joined)
      return failure();
    l.set(result, joined);
    return success();
  }
  // Where each part begins; a number as long as sizes are known.
  SmallVector<OpFoldResult> begins;
  int64_t known = 0;
  Value unknown;
  auto position = [&]() -> OpFoldResult {
    if (!unknown)
      return l.b.getIndexAttr(known);
    return arith::AddIOp::create(l.b, l.loc, unknown, l.constantIndex(known))
        .getResult();
  };
  for (Value x : op.getXs()) {
    begins.push_back(position());
    Dim dim = l.dims.of(x)[axis];
    if (dim >= 0)
      known += dim;
    else
      unknown = unknown
                    ? arith::AddIOp::create(l.b, l.loc, unknown, l.size(dim))
                          .getResult()
                    : l.size(dim);
  }
  ArrayRef<Dim> to = l.dims.of(result);
  if (to[axis] < 0)
    l.define(to[axis], getValueOrCreateConstantIndexOp(l.b, l.loc, position()));
  Value whole = l.empty(to, elementOf(result));
  for (auto [x, begin] : llvm::zip(op.getXs(), begins)) {
    SmallVector<OpFoldResult> offsets(to.size(), l.b.getIndexAttr(0));
    offsets[axis] = begin;
    whole = insertAt(l, l.value(x), whole, offsets, l.dims.of(x));
  }
  l.set(result, whole);
  return success();
}

static LogicalResult lowerPad(Lowering &l, PadOp op) {
  ArrayRef<Dim> from = l.dims.of(op.getX()), to = l.dims.of(op.getResult());
  SmallVector<OpFoldResult> offsets;
  for (auto [i, dim] : llvm::enumerate(to)) {
    offsets.push_back(l.b.getIndexAttr(op.getLow()[i]));
    if (dim < 0)
      l.define(dim, arith::AddIOp::create(
                        l.b, l.loc, l.size(from[i]),
                        l.constantIndex(op.getLow()[i] + op.getHigh()[i])));
  }
  Type element = elementOf(op.getX());
  Value fill = toStorage(l.b, l.loc, l.value(op.getValue()), element);
  bool isKnown = llvm::all_of(to, [](Dim dim) { return dim >= 0; });
  if (isKnown && !isForDevice(op)) {
    auto numbers = [&](ArrayRef<int64_t> sizes) {
      return llvm::map_to_vector(
          sizes, [&](int64_t size) { return l.constantIndex(size); });
    };
    l.set(op.getResult(), padAround(l, l.value(op.getX()), numbers(op.getLow()),
                                    numbers(op.getHigh()), fill));
    return success();
  }
  l.set(op.getResult(), insertAt(l, l.value(op.getX()),
                                 l.filled(to, element, fill), offsets, from));
  return success();
}

static Value countFloats(Lowering &l, Value start, Value limit, Value delta,
                         Type element) {
  Type f64 = l.b.getF64Type(), i64 = l.b.getI64Type();
  auto wide = [&](Value x) { return castScalar(l.b, l.loc, x, element, f64); };
  Value span = arith::SubFOp::create(l.b, l.loc, wide(limit), wide(start));
  Value steps = math::CeilOp::create(
      l.b, l.loc, arith::DivFOp::create(l.b, l.loc, span, wide(delta)));
  return castScalar(l.b, l.loc, steps, f64, i64);
}

/// The same for numbers of 64 bits, whose distance has none: it is an unsigned
/// number, as are the sizes of steps.
static Value countLargeIntegers(Lowering &l, Value start, Value limit,
                                Value delta, bool isSigned) {
  using Predicate = arith::CmpIPredicate;
  auto number = [&](int64_t n) {
    return numberScalar(l.b, l.loc, l.b.getI64Type(), n);
  };
  auto isLess = [&](Value x, Value y) {
    return l.b.createOrFold<arith::CmpIOp>(
        l.loc, isSigned ? Predicate::slt : Predicate::ult, x, y);
  };
  auto choose = [&](Value condition, Value x, Value y) {
    return l.b.createOrFold<arith::SelectOp>(l.loc, condition, x, y);
  };
  auto subtract = [&](Value x, Value y) {
    return l.b.createOrFold<arith::SubIOp>(l.loc, x, y);
  };
  Value zero = number(0), one = number(1), backward = isLess(delta, zero);
  Value low = choose(backward, limit, start),
        high = choose(backward, start, limit);
  Value step = choose(backward, subtract(zero, delta), delta);
  // A zero step is an error that was checked; here it only must not divide.
  step = l.b.createOrFold<arith::MaxUIOp>(l.loc, step, one);
  Value last = l.b.createOrFold<arith::DivUIOp>(
      l.loc, subtract(subtract(high, low), one), step);
  // No memory has as many: that is for whoever allocates them to say.
  last = l.b.createOrFold<arith::MinUIOp>(l.loc, last, number(INT64_MAX - 1));
  Value count = l.b.createOrFold<arith::AddIOp>(l.loc, last, one);
  return choose(isLess(low, high), count, zero);
}

static Value countIntegers(Lowering &l, Value start, Value limit, Value delta,
                           Type element) {
  if (element.getIntOrFloatBitWidth() == 64)
    return countLargeIntegers(l, start, limit, delta, !isUnsigned(element));
  Type i64 = l.b.getI64Type();
  auto wide = [&](Value x) { return castScalar(l.b, l.loc, x, element, i64); };
  auto number = [&](int64_t n) { return numberScalar(l.b, l.loc, i64, n); };
  Value step = wide(delta), zero = number(0);
  Value span = arith::SubIOp::create(l.b, l.loc, wide(limit), wide(start));
  Value backward =
      arith::CmpIOp::create(l.b, l.loc, arith::CmpIPredicate::slt, step, zero);
  auto flip = [&](Value x) -> Value {
    return arith::SelectOp::create(
        l.b, l.loc, backward, arith::SubIOp::create(l.b, l.loc, zero, x), x);
  };
  // A zero step is an error that was checked; here it only must not divide.
  step = arith::MaxSIOp::create(l.b, l.loc, flip(step), number(1));
  Value rounded =
      arith::AddIOp::create(l.b, l.loc, flip(span),
                            arith::SubIOp::create(l.b, l.loc, step, number(1)));
  return arith::DivSIOp::create(l.b, l.loc, rounded, step);
}

static LogicalResult lowerRange(Lowering &l, RangeOp op) {
  Type element = elementOf(op.getResult());
  Value start = l.value(op.getStart()), delta = l.value(op.getDelta());
  Dim dim = l.dims.of(op.getResult())[0];
  if (dim < 0) {
    Value count =
        isFloat(element)
            ? countFloats(l, start, l.value(op.getLimit()), delta, element)
            : countIntegers(l, start, l.value(op.getLimit()), delta, element);
    count = arith::MaxSIOp::create(
        l.b, l.loc, count, numberScalar(l.b, l.loc, l.b.getI64Type(), 0));
    l.define(dim, l.toIndex(count, l.b.getI64Type()));
  }
  l.set(op.getResult(), l.generate(dim, element, [&](ValueRange ivs) -> Value {
    Value number = l.fromIndex(ivs[0], element);
    if (!isFloat(element))
      return arith::AddIOp::create(
          l.b, l.loc, start, arith::MulIOp::create(l.b, l.loc, number, delta));
    Type wide = isHalf(element) ? Type(l.b.getF32Type()) : element;
    auto widen = [&](Value x) {
      return castScalar(l.b, l.loc, x, element, wide);
    };
    Value way = arith::MulFOp::create(l.b, l.loc, widen(number), widen(delta));
    way = widen(castScalar(l.b, l.loc, way, wide, element));
    return castScalar(l.b, l.loc,
                      arith::AddFOp::create(l.b, l.loc, widen(start), way),
                      wide, element);
  }));
  return success();
}

void lowering::addJoinHandlers(Handlers &handlers) {
  addHandler<ConcatOp, lowerConcat>(handlers);
  addHandler<PadOp, lowerPad>(handlers);
  addHandler<RangeOp, lowerRange>(handlers);
}
