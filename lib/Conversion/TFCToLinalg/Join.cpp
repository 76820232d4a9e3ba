//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Tensors made of others: concat, pad; and of numbers: range.
//===----------------------------------------------------------------------===//

#include "Body.h"
#include "Kernel.h"
#include "Ordered.h"
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

/// Fewer elements are not worth the code.
static constexpr int64_t leastInterleaved = 256;

/// How many elements each of a few columns has that are put side by side; 0 if
/// that is not what is joined.
static int64_t numInterleaved(Lowering &l, ConcatOp op) {
  ArrayRef<Dim> to = l.dims.of(op.getResult());
  int64_t count = op.getXs().size();
  if (op.getAxis() + 1 != to.size() || count > 4 || to.back() != count ||
      isComplex(elementOf(op.getResult())) || isForDevice(op))
    return 0;
  int64_t rows = 1;
  for (Dim dim : to.drop_back())
    rows = dim < 0 ? 0 : rows * dim;
  bool areColumns = llvm::all_of(
      op.getXs(), [&](Value x) { return l.dims.of(x).back() == 1; });
  return areColumns && rows >= leastInterleaved ? rows : 0;
}

/// Columns are read and rows written in vectors: what makes the columns need
/// not write apart.
static Value interleave(Lowering &l, ConcatOp op, int64_t rows) {
  constexpr int64_t lanes = 16, piece = 1024;
  Type element = elementOf(op.getResult());
  int64_t count = op.getXs().size();
  SmallVector<Value> columns;
  for (Value x : op.getXs())
    columns.push_back(l.reshape(l.value(x), l.dims.of(x), {rows}));
  Kernel k(l, {}, {{{rows * count}, element}}, storageType(element),
           Kernel::Loops::ofVectors, columns);
  Array result = k.output(0);
  auto writeRows = [&](Num i) {
    for (int64_t part = 0; part < count; ++part) {
      Num row = k.input(0).vector(i, lanes);
      for (int64_t column = 1; column < count; ++column) {
        SmallVector<int64_t> order;
        for (int64_t place = part * lanes; place < (part + 1) * lanes;
             ++place) {
          // The first step takes lanes of column 0, too; later ones leave what
          // is there.
          int64_t kept = column == 1 ? place / count : place - part * lanes;
          order.push_back(place % count == column ? lanes + place / count
                                                  : kept);
        }
        row = k.shuffle(row, k.input(column).vector(i, lanes), order);
      }
      result.setVector(i * k.index(count) + part * lanes, row);
    }
  };
  int64_t pieces = rows / piece, whole = rows / lanes * lanes;
  if (pieces > 0)
    k.independent({pieces}, piece, [&](ArrayRef<Num> at) {
      Num from = at[0] * k.index(piece);
      k.loopBy(from, from + piece, lanes, writeRows);
    });
  if (pieces * piece < whole)
    k.loopBy(k.index(pieces * piece), k.index(whole), lanes, writeRows);
  k.loop(k.index(whole), k.index(rows), [&](Num i) {
    for (int64_t column = 0; column < count; ++column)
      result.set(i * k.index(count) + column, k.input(column)(i));
  });
  return l.reshape(k.finish()[0], {rows * count}, l.dims.of(op.getResult()));
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
  if (int64_t rows = numInterleaved(l, op)) {
    l.set(result, interleave(l, op, rows));
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

static Value countIntegers(Lowering &l, Value start, Value limit, Value delta,
                           Type element) {
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
