//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Body.h"
#include "Scalars.h"
#include "Slices.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tensor/Utils/Utils.h"
#include "tfc/Dialect/TFC/IR/TFC.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

Body::Body(Lowering &l, ArrayRef<Dim> space, ValueRange around)
    : in(l.b.getContext()), l(l), space(space), around(around),
      block(std::make_unique<Block>()) {
  in.setInsertionPointToStart(block.get());
}

SmallVector<AffineExpr> Body::identity() const {
  SmallVector<AffineExpr> result;
  for (size_t i = 0; i < space.size(); ++i)
    result.push_back(getAffineDimExpr(i, in.getContext()));
  return result;
}

Value Body::element(Value old, ArrayRef<AffineExpr> indices) {
  if (rankOf(old) == 0)
    return l.value(old);
  auto &list = known[old];
  for (Known &k : list)
    if (ArrayRef(k.indices) == indices)
      return k.value;
  Operation *op = old.getDefiningOp();
  Value result =
      op && l.plan.isInline(op) && !l.isStored(old)
          ? compute(op, indices)
          : toScalar(in, l.loc, load(l.value(old), indices), elementOf(old));
  known[old].push_back({SmallVector<AffineExpr>(indices), result});
  return result;
}

Value Body::compute(Operation *op, ArrayRef<AffineExpr> indices) {
  Type element = elementOf(op->getResult(0));
  if (auto constant = dyn_cast<ConstantOp>(op))
    return constantScalar(in, op->getLoc(), element,
                          constant.getValue().getSplatValue<Attribute>());
  if (auto iota = dyn_cast<IotaOp>(op)) {
    OpBuilder::InsertionGuard guard(l.b);
    Value index = evaluate(indices[iota.getAxis()]);
    Value number =
        arith::IndexCastOp::create(in, op->getLoc(), in.getI64Type(), index);
    return castScalar(in, op->getLoc(), number, in.getI64Type(), element);
  }
  if (isa<GatherOp, GatherNdOp>(op))
    return gathered(op, indices);
  SmallVector<Value> elements;
  for (auto [i, operand] : llvm::enumerate(op->getOperands())) {
    Value x;
    if (rankOf(operand) == 0) {
      x = l.value(operand);
    } else if (accessOf(l.dims, op, i) != Access::Unknown) {
      x = this->element(operand, accessIndices(l.dims, op, i, indices));
    } else {
      ArrayRef<Dim> from = l.dims.of(operand), to = l.dims.of(op->getResult(0));
      SmallVector<AffineExpr> at(indices.take_back(from.size()));
      for (size_t k = 0; k < at.size(); ++k)
        if (from[k] == 1)
          at[k] = in.getAffineConstantExpr(0);
      x = toScalar(in, op->getLoc(),
                   load(l.stretched(operand, to.take_back(from.size())), at),
                   elementOf(operand));
    }
    if (!x)
      return {};
    elements.push_back(x);
    if (isIndexOp(op))
      return x;
  }
  Value result = buildScalar(in, op, elements);
  if (!result)
    op->emitOpError("has no lowering for elements of type ")
        << elementOf(op->getOperand(op->getNumOperands() - 1));
  return result;
}

Value Body::read(Value x, const Reads &reads, Value indices,
                 ArrayRef<AffineExpr> own) {
  SmallVector<Value> from;
  for (unsigned i = 0; i < reads.first; ++i)
    from.push_back(evaluate(own[i]));
  for (ArrayRef<AffineExpr> place : reads.at) {
    SmallVector<AffineExpr> at;
    for (AffineExpr index : place)
      at.push_back(index.replaceDims(own));
    for (auto [index, dim] : llvm::zip_equal(at, l.dims.of(indices)))
      if (dim == 1)
        index = in.getAffineConstantExpr(0);
    Value number = element(indices, at);
    if (!number)
      return {};
    OpBuilder::InsertionGuard guard(l.b);
    l.b.restoreInsertionPoint(in.saveInsertionPoint());
    from.push_back(l.toIndex(number, elementOf(indices)));
    in.restoreInsertionPoint(l.b.saveInsertionPoint());
  }
  for (unsigned i = reads.behind; i < own.size(); ++i)
    from.push_back(evaluate(own[i]));
  return tensor::ExtractOp::create(in, l.loc, l.value(x), from);
}

/// An element of a row that is gathered, if the loops around say which one, or
/// of anything else.
Value Body::gathered(Operation *op, ArrayRef<AffineExpr> indices) {
  bool isAround =
      !indices.empty() && isa<AffineDimExpr>(indices.front()) &&
      cast<AffineDimExpr>(indices.front()).getPosition() >= space.size();
  auto gather = dyn_cast<GatherOp>(op);
  if (!gather || !isAround) {
    Value x = op->getOperand(0);
    Value stored = read(x, readsOf(op), op->getOperand(1), indices);
    return stored ? toScalar(in, l.loc, stored, elementOf(x)) : Value();
  }
  Value &row = rows[{op, indices.front()}];
  if (!row) {
    Value x = l.value(gather.getX()), where = gather.getIndices();
    auto type = cast<RankedTensorType>(x.getType());
    Value at = evaluate(indices.front());
    ArrayRef<Dim> from = l.dims.of(gather.getX());
    SmallVector<OpFoldResult> offsets(from.size(), l.b.getIndexAttr(0)),
        strides(from.size(), l.b.getIndexAttr(1)), sizes = l.sizes(from);
    offsets.front() = l.toIndex(l.extract(l.value(where), at, elementOf(where)),
                                elementOf(where));
    sizes.front() = l.b.getIndexAttr(1);
    row = extractSlice(l,
                       RankedTensorType::get(type.getShape().drop_front(),
                                             type.getElementType()),
                       x, offsets, sizes, strides);
  }
  return toScalar(in, l.loc, load(row, indices.drop_front()),
                  elementOf(gather.getX()));
}

Value Body::load(Value tensor, ArrayRef<AffineExpr> indices) {
  auto &list = loaded[tensor];
  for (Known &k : list)
    if (ArrayRef(k.indices) == indices)
      return k.value;
  SmallVector<AffineExpr> inner(indices);
  Value part = partAround(tensor, inner), value = part;
  if (isa<RankedTensorType>(part.getType())) {
    unsigned place = inputs.size();
    inputs.push_back(part);
    inputMaps.push_back(
        AffineMap::get(space.size(), 0, inner, in.getContext()));
    Type element = cast<RankedTensorType>(tensor.getType()).getElementType();
    value = block->insertArgument(place, element, l.loc);
  }
  list.push_back({SmallVector<AffineExpr>(indices), value});
  return value;
}

/// What is left of a tensor at the indices of the loops around this one, and
/// its indices: an element, if that is all.
Value Body::partAround(Value tensor, SmallVectorImpl<AffineExpr> &indices) {
  auto isAround = [&](AffineExpr index) {
    auto dim = dyn_cast<AffineDimExpr>(index);
    return dim && dim.getPosition() >= space.size();
  };
  if (!space.empty() && llvm::none_of(indices, isAround))
    return tensor;
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<Value> places;
  SmallVector<AffineExpr> left;
  SmallVector<OpFoldResult> offsets, sizes,
      strides(indices.size(), l.b.getIndexAttr(1));
  SmallVector<int64_t> shape;
  for (auto [i, index] : llvm::enumerate(indices)) {
    if (auto number = dyn_cast<AffineConstantExpr>(index)) {
      offsets.push_back(l.b.getIndexAttr(number.getValue()));
      places.push_back(l.constantIndex(number.getValue()));
    } else if (isAround(index)) {
      places.push_back(
          around[cast<AffineDimExpr>(index).getPosition() - space.size()]);
      offsets.push_back(places.back());
    } else {
      left.push_back(index);
      offsets.push_back(l.b.getIndexAttr(0));
      sizes.push_back(tensor::getMixedSize(l.b, l.loc, tensor, i));
      shape.push_back(type.getDimSize(i));
      continue;
    }
    sizes.push_back(l.b.getIndexAttr(1));
  }
  indices = left;
  if (left.empty())
    return tensor::ExtractOp::create(l.b, l.loc, tensor, places);
  return extractSlice(l, RankedTensorType::get(shape, type.getElementType()),
                      tensor, offsets, sizes, strides);
}

Value Body::addOutput(Value init, ArrayRef<AffineExpr> indices) {
  outputs.push_back(init);
  outputMaps.push_back(
      AffineMap::get(space.size(), 0, indices, in.getContext()));
  return block->addArgument(
      cast<RankedTensorType>(init.getType()).getElementType(), l.loc);
}

Value Body::iteration(unsigned loop) {
  return linalg::IndexOp::create(in, l.loc, loop);
}

Value Body::evaluate(AffineExpr index) {
  if (auto dim = dyn_cast<AffineDimExpr>(index))
    return dim.getPosition() < space.size()
               ? iteration(dim.getPosition())
               : around[dim.getPosition() - space.size()];
  int64_t value = cast<AffineConstantExpr>(index).getValue();
  return arith::ConstantIndexOp::create(in, l.loc, value);
}

/// Every loop needs an operand that says how long it is.
void Body::coverLoops() {
  llvm::SmallDenseSet<unsigned> covered;
  for (ArrayRef<AffineMap> maps : {ArrayRef(inputMaps), ArrayRef(outputMaps)})
    for (AffineMap map : maps)
      for (AffineExpr index : map.getResults())
        if (auto dim = dyn_cast<AffineDimExpr>(index))
          covered.insert(dim.getPosition());
  if (covered.size() == space.size())
    return;
  Value shape =
      tensor::EmptyOp::create(l.b, l.loc, l.sizes(space), l.b.getI8Type());
  load(shape, identity());
}

void Body::place() {
  l.b.getInsertionBlock()->getOperations().splice(l.b.getInsertionPoint(),
                                                  block->getOperations());
}

ValueRange Body::finish(ValueRange yields, ArrayRef<int64_t> reduced) {
  coverLoops();
  linalg::YieldOp::create(in, l.loc, yields);
  SmallVector<utils::IteratorType> iterators(space.size(),
                                             utils::IteratorType::parallel);
  for (int64_t loop : reduced)
    iterators[loop] = utils::IteratorType::reduction;
  SmallVector<AffineMap> maps(inputMaps);
  maps.append(outputMaps);
  auto op =
      linalg::GenericOp::create(l.b, l.loc, TypeRange(ValueRange(outputs)),
                                inputs, outputs, maps, iterators);
  op.getRegion().push_back(block.release());
  return op.getResults();
}
