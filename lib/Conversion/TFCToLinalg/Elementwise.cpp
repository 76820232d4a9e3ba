//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Body.h"
#include "Lowering.h"
#include "Scalars.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "tfc/Dialect/TFC/IR/TFC.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

/// A rank 0 result of a fusible op: arithmetic on scalars, or one element.
Value lowering::buildFusedScalar(Lowering &l, Operation *op) {
  if (isIndexOp(op)) {
    Value x = op->getOperand(0);
    if (rankOf(x) == 0)
      return l.value(x);
    if (auto known = knownElements(l, x))
      return known->front();
    SmallVector<Value> zeros(rankOf(x), l.constantIndex(0));
    return l.extract(l.value(x), zeros, elementOf(x));
  }
  SmallVector<Value> operands;
  for (Value operand : op->getOperands())
    operands.push_back(l.value(operand));
  Value result = buildScalar(l.b, op, operands);
  if (!result)
    op->emitOpError("has no lowering for elements of type ")
        << elementOf(op->getOperand(op->getNumOperands() - 1));
  return result;
}

static Value buildConstant(Lowering &l, ConstantOp op) {
  Type element = elementOf(op.getResult());
  if (op.getValue().isSplat()) {
    Value scalar = constantScalar(l.b, l.loc, element,
                                  op.getValue().getSplatValue<Attribute>());
    if (rankOf(op.getResult()) == 0)
      return scalar;
    return l.filled(l.dims.of(op.getResult()), element,
                    toStorage(l.b, l.loc, scalar, element));
  }
  ElementsAttr stored = storageConstant(op.getValue());
  if (!stored) {
    op.emitOpError("has a value of a kind that cannot be compiled, expected "
                   "dense elements");
    return {};
  }
  return arith::ConstantOp::create(l.b, l.loc, cast<TypedAttr>(stored));
}

Value lowering::buildFused(Lowering &l, Operation *op) {
  Value result = op->getResult(0);
  if (auto constant = dyn_cast<ConstantOp>(op))
    return buildConstant(l, constant);
  if (rankOf(result) == 0)
    return buildFusedScalar(l, op);
  ArrayRef<Dim> space = l.dims.of(result);
  Type element = elementOf(result);
  Body body(l, space);
  Value scalar = body.compute(op, body.identity());
  if (!scalar)
    return {};
  SmallVector<Value> stored{toStorage(body.in, l.loc, scalar, element)};
  body.addOutput(l.empty(space, element), body.identity());
  ArrayRef<Operation *> exports = l.plan.exportsOf(op);
  for (Operation *other : exports) {
    Type type = elementOf(other->getResult(0));
    Value x = body.element(other->getResult(0), body.identity());
    if (!x)
      return {};
    stored.push_back(toStorage(body.in, l.loc, x, type));
    body.addOutput(l.empty(space, type), body.identity());
  }
  ValueRange results = body.finish(stored);
  for (auto [other, value] : llvm::zip(exports, results.drop_front()))
    l.set(other->getResult(0), value);
  return results[0];
}

LogicalResult lowering::lowerFused(Lowering &l, Operation *op) {
  Value lowered = buildFused(l, op);
  if (!lowered)
    return failure();
  l.set(op->getResult(0), lowered);
  return success();
}
