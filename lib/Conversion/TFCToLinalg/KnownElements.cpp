//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Small vectors of integers (shapes, starts...), followed back to the scalars
// they were made of, so that arithmetic on shapes stays in registers.
//===----------------------------------------------------------------------===//

#include "Body.h"
#include "Lowering.h"
#include "Scalars.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "tfc/Dialect/TFC/IR/TFC.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

std::optional<SmallVector<Value>>
lowering::knownElements(Lowering &l, Value old, int depth) {
  Operation *op = old.getDefiningOp();
  auto type = cast<RankedTensorType>(old.getType());
  if (!op || depth == 0 || type.getRank() != 1 || type.isDynamicDim(0) ||
      type.getDimSize(0) > 16)
    return std::nullopt;
  SmallVector<Value> result;
  if (auto constant = dyn_cast<ConstantOp>(op)) {
    for (Attribute value : constant.getValue().getValues<Attribute>())
      result.push_back(
          constantScalar(l.b, l.loc, type.getElementType(), value));
    return result;
  }
  if (auto shape = dyn_cast<ShapeOfOp>(op)) {
    for (Dim dim : l.dims.of(shape.getX()))
      result.push_back(l.fromIndex(l.size(dim), type.getElementType()));
    return result;
  }
  if (isa<ReshapeOp, ExpandDimsOp>(op) && rankOf(op->getOperand(0)) == 0)
    return SmallVector<Value>{l.value(op->getOperand(0))};
  if (auto slice = dyn_cast<SliceOp>(op)) {
    auto all = knownElements(l, slice.getX(), depth - 1);
    if (!all)
      return std::nullopt;
    for (int64_t i = 0; i < type.getDimSize(0); ++i)
      result.push_back(
          (*all)[slice.getStarts()[0] + i * slice.getStrides()[0]]);
    return result;
  }
  if (auto concat = dyn_cast<ConcatOp>(op)) {
    for (Value x : concat.getXs()) {
      auto part = knownElements(l, x, depth - 1);
      if (!part)
        return std::nullopt;
      llvm::append_range(result, *part);
    }
    return result;
  }
  return std::nullopt;
}

SmallVector<Value> Lowering::indices(Value old) {
  Type element = elementOf(old);
  SmallVector<Value> result;
  if (auto known = knownElements(*this, old)) {
    for (Value number : *known)
      result.push_back(toIndex(number, element));
    return result;
  }
  Value vector = value(old);
  int64_t count = cast<RankedTensorType>(old.getType()).getDimSize(0);
  for (int64_t i = 0; i < count; ++i)
    result.push_back(
        toIndex(extract(vector, constantIndex(i), element), element));
  return result;
}
