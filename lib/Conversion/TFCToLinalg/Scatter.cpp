//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Writing where data says, one element after the other, so that duplicates add
// up in order.
//===----------------------------------------------------------------------===//

#include "Body.h"
#include "Ordered.h"
#include "PoolGradient.h"
#include "Rows.h"
#include "Scalars.h"
#include "ScatterUpdates.h"
#include "Slices.h"
#include "TrueElements.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "tfc/Dialect/TFC/IR/TFC.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

using Mode = UpdateMode;

static Mode modeOf(ScatterOp op) {
  return llvm::StringSwitch<Mode>(op.getMode())
      .Case("add", Mode::Add)
      .Case("sub", Mode::Sub)
      .Case("mul", Mode::Mul)
      .Case("min", Mode::Min)
      .Case("max", Mode::Max)
      .Default(Mode::Update);
}

/// The place that the indices at `ivs` name, which are computed there if nobody
/// else needs them.
static FailureOr<SmallVector<Value>> placeOf(Lowering &l, ScatterOp op,
                                             ValueRange ivs) {
  Value indices = op.getIndices();
  int64_t depth =
      cast<RankedTensorType>(indices.getType()).getDimSize(rankOf(indices) - 1);
  Body body(l, {}, ivs);
  SmallVector<Value> numbers, to;
  for (int64_t i = 0; i < depth; ++i) {
    SmallVector<AffineExpr> at;
    for (size_t d = 0; d < ivs.size(); ++d)
      at.push_back(l.b.getAffineDimExpr(d));
    at.push_back(l.b.getAffineConstantExpr(i));
    numbers.push_back(body.element(indices, at));
    if (!numbers.back())
      return failure(); // the diagnostic is out
  }
  body.place();
  for (Value number : numbers)
    to.push_back(l.toIndex(number, elementOf(indices)));
  return to;
}

/// What is stored before loops begin that compute other values themselves.
static void storeOutside(Lowering &l, Value x) {
  if (!x.getDefiningOp() || !l.plan.isInline(x.getDefiningOp()))
    l.value(x);
}

namespace {
/// The part of a tensor behind leading indices.
struct Row {
  SmallVector<OpFoldResult> offsets, sizes, strides;
  RankedTensorType type;
};
} // namespace

static Row rowAt(Lowering &l, Value tensor, ValueRange at, ArrayRef<Dim> row) {
  Row result;
  Attribute zero = l.b.getIndexAttr(0), one = l.b.getIndexAttr(1);
  SmallVector<int64_t> shape;
  for (Value index : at) {
    result.offsets.push_back(index);
    result.sizes.push_back(one);
  }
  for (Dim dim : row) {
    result.offsets.push_back(zero);
    result.sizes.push_back(dim < 0 ? OpFoldResult(l.size(dim))
                                   : OpFoldResult(l.b.getIndexAttr(dim)));
    shape.push_back(dim < 0 ? ShapedType::kDynamic : dim);
  }
  result.strides.assign(result.offsets.size(), one);
  result.type = RankedTensorType::get(
      shape, cast<RankedTensorType>(tensor.getType()).getElementType());
  return result;
}

/// One loop over the indices; what belongs to one of them is combined row by
/// row, and computed there if nobody else needs it.
static Value scatterRows(Lowering &l, ScatterOp op, Mode mode,
                         ArrayRef<Value> extents, ArrayRef<Dim> space) {
  Type element = elementOf(op.getX());
  Value updates = op.getUpdates();
  storeOutside(l, updates);
  storeOutside(l, op.getIndices());
  bool isKnown = true;
  Value result = l.loopNest(
      extents, l.value(op.getX()),
      [&](ValueRange ivs, ValueRange carried) -> SmallVector<Value> {
        FailureOr<SmallVector<Value>> place = placeOf(l, op, ivs);
        if (failed(place)) {
          isKnown = false;
          return llvm::to_vector(carried);
        }
        Row to = rowAt(l, carried[0], *place, space);
        Value before = extractSlice(l, to.type, carried[0], to.offsets,
                                    to.sizes, to.strides);
        Body body(l, space, ivs);
        SmallVector<AffineExpr> at;
        for (size_t i = 0; i < ivs.size(); ++i)
          at.push_back(l.b.getAffineDimExpr(space.size() + i));
        llvm::append_range(at, body.identity());
        Value update = body.element(updates, at);
        if (!update) {
          isKnown = false; // the diagnostic is out
          return llvm::to_vector(carried);
        }
        Value old = toScalar(body.in, l.loc,
                             body.addOutput(before, body.identity()), element);
        Value after = combineUpdate(body.in, l.loc, mode, element, old, update);
        Value written =
            body.finish(toStorage(body.in, l.loc, after, element))[0];
        return {tensor::InsertSliceOp::create(
            l.b, l.loc, written, carried[0], to.offsets, to.sizes, to.strides)};
      })[0];
  return isKnown ? result : Value();
}

/// Is it fast enough to let each place look for the updates it gets?
static bool scattersByPlaces(Lowering &l, ScatterOp op) {
  constexpr int64_t most = int64_t(1) << 28;
  int64_t work = 1;
  Dims all(l.dims.of(op.getX()));
  llvm::append_range(all, l.dims.of(op.getIndices()).drop_back());
  for (Dim dim : all) {
    if (dim < 0 || work > most)
      return false;
    work *= std::max<int64_t>(dim, 1);
  }
  return work <= most && !isComplex(elementOf(op.getX()));
}

/// On a device: each place of the result takes the updates that name it, in
/// their order. What comes out is what one update after the other gives, to the
/// last bit.
static Value scatterByPlaces(Lowering &l, ScatterOp op, Mode mode) {
  Value x = op.getX(), indices = op.getIndices(), where = l.value(indices);
  Type element = elementOf(x);
  size_t rank = rankOf(x), outer = rankOf(indices) - 1;
  int64_t depth = l.dims.of(indices)[outer];
  Value given = op.getUpdates(), init = l.value(x);
  // Every place would compute what is inline.
  if (failed(storeComputed(l, given)))
    return {};
  l.value(given);
  Dims space(l.dims.of(x));
  llvm::append_range(space, l.dims.of(indices).take_front(outer));
  Body body(l, space);
  SmallVector<AffineExpr> all = body.identity();
  ArrayRef<AffineExpr> places = ArrayRef(all).take_front(rank),
                       updates = ArrayRef(all).drop_front(rank);
  Value isHere;
  for (int64_t i = 0; i < depth; ++i) {
    SmallVector<AffineExpr> at(updates);
    at.push_back(body.in.getAffineConstantExpr(i));
    Value index = body.load(where, at);
    Value place = arith::IndexCastOp::create(body.in, l.loc, index.getType(),
                                             body.iteration(i));
    Value same = arith::CmpIOp::create(body.in, l.loc, arith::CmpIPredicate::eq,
                                       index, place);
    isHere = isHere ? Value(arith::AndIOp::create(body.in, l.loc, isHere, same))
                    : same;
  }
  SmallVector<AffineExpr> at(updates);
  llvm::append_range(at, places.drop_front(depth));
  Value update = body.element(given, at);
  if (!update)
    return {};
  Value before = body.addOutput(init, places);
  Value after =
      combineUpdate(body.in, l.loc, mode, element,
                    toScalar(body.in, l.loc, before, element), update);
  after = toStorage(body.in, l.loc, after, element);
  if (isHere)
    after = arith::SelectOp::create(body.in, l.loc, isHere, after, before);
  SmallVector<int64_t> reduced =
      llvm::to_vector(llvm::seq<int64_t>(rank, space.size()));
  return body.finish(after, reduced)[0];
}

static LogicalResult lowerScatter(Lowering &l, ScatterOp op) {
  Value indices = op.getIndices(), x = op.getX();
  Type element = elementOf(x);
  Mode mode = modeOf(op);
  if (isComplex(element) && (mode == Mode::Min || mode == Mode::Max))
    return op.emitOpError("of complex numbers has no mode '")
           << op.getMode() << "'";
  if (rankOf(x) == 0)
    return op.emitOpError(
        "into a scalar has no lowering; reshape it to one element");
  if (lowerPoolGradient(l, op))
    return success();
  if (isForDevice(op) && scattersByPlaces(l, op)) {
    Value result = scatterByPlaces(l, op, mode);
    if (!result)
      return failure();
    l.set(op.getResult(), result);
    return success();
  }
  FailureOr<Value> many = scatterMany(l, op, mode);
  if (failed(many))
    return failure();
  if (*many) {
    l.set(op.getResult(), *many);
    return success();
  }
  size_t outer = rankOf(indices) - 1;
  int64_t depth = cast<RankedTensorType>(indices.getType()).getDimSize(outer);
  SmallVector<Value> extents;
  for (Dim dim : l.dims.of(indices).take_front(outer))
    extents.push_back(l.size(dim));
  // Rows of both are of one size, which may be known of the updates only:
  // slices whose sizes become known later are taken for others where one of
  // them is 1.
  SmallVector<Dim> row(l.dims.of(x).drop_front(depth));
  for (auto [dim, other] :
       llvm::zip_equal(row, l.dims.of(op.getUpdates()).drop_front(outer)))
    if (dim < 0 && other >= 0)
      dim = other;
  if (scattersRows(op, l.dims)) {
    Value rows = scatterRows(l, op, mode, extents, row);
    if (!rows)
      return failure();
    l.set(op.getResult(), rows);
    return success();
  }
  for (Dim dim : row)
    extents.push_back(l.size(dim));
  Value updates = l.value(op.getUpdates());
  bool isKnown = true;
  SmallVector<Value> result = l.loopNest(
      extents, l.value(x),
      [&](ValueRange ivs, ValueRange carried) -> SmallVector<Value> {
        FailureOr<SmallVector<Value>> place =
            placeOf(l, op, ivs.take_front(outer));
        if (failed(place)) {
          isKnown = false;
          return llvm::to_vector(carried);
        }
        SmallVector<Value> to(*place);
        llvm::append_range(to, ivs.drop_front(outer));
        Value update = rankOf(op.getUpdates()) == 0
                           ? updates
                           : l.extract(updates, ivs, element);
        Value before =
            mode == Mode::Update ? Value() : l.extract(carried[0], to, element);
        return {
            l.insert(combineUpdate(l.b, l.loc, mode, element, before, update),
                     carried[0], to, element)};
      });
  if (!isKnown)
    return failure();
  l.set(op.getResult(), result[0]);
  return success();
}

void lowering::addScatterHandlers(Handlers &handlers) {
  addHandler<ScatterOp, lowerScatter>(handlers);
  addHandler<NonzeroOp, lowerNonzero>(handlers);
}
