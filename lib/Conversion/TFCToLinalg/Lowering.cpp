//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Lowering.h"
#include "Body.h"
#include "GatherColumns.h"
#include "Scalars.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "tfc/Dialect/TFC/IR/TFC.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

Type lowering::elementOf(Value old) {
  return getElementTypeOrSelf(old.getType());
}

int64_t lowering::rankOf(Value old) {
  auto type = dyn_cast<RankedTensorType>(old.getType());
  return type ? type.getRank() : -1;
}

const Handlers &lowering::handlers() {
  static const Handlers table = [] {
    Handlers rows;
    addControlHandlers(rows);
    addReductionHandlers(rows);
    addCumulativeHandlers(rows);
    addContractionHandlers(rows);
    addConvolutionHandlers(rows);
    addPoolHandlers(rows);
    addReshapeHandlers(rows);
    addSliceHandlers(rows);
    addJoinHandlers(rows);
    addGatherHandlers(rows);
    addScatterHandlers(rows);
    addSortHandlers(rows);
    addRandomHandlers(rows);
    addStateHandlers(rows);
    addListHandlers(rows);
    addFactorHandlers(rows);
    addOrthogonalHandlers(rows);
    addSingularValueHandlers(rows);
    addEigenvalueHandlers(rows);
    addMatrixFunctionHandlers(rows);
    addFourierHandlers(rows);
    return rows;
  }();
  return table;
}

Type Lowering::loweredType(Type type) const {
  if (auto list = dyn_cast<ListType>(type)) {
    auto element = cast<RankedTensorType>(list.getElementType());
    SmallVector<int64_t> shape{ShapedType::kDynamic};
    llvm::append_range(shape, element.getShape());
    return RankedTensorType::get(shape, storageType(element.getElementType()));
  }
  auto tensor = cast<RankedTensorType>(type);
  if (tensor.getRank() == 0)
    return scalarType(tensor.getElementType());
  return storageType(tensor);
}

/// What an argument of the function becomes.
static Type argumentType(Type type) {
  if (auto resource = dyn_cast<ResourceType>(type)) {
    auto stored = storageType(cast<RankedTensorType>(resource.getValueType()));
    return MemRefType::get(stored.getShape(), stored.getElementType());
  }
  return storageType(cast<RankedTensorType>(type));
}

/// Why the function cannot be lowered at all: types without a rank.
static LogicalResult checkTypes(func::FuncOp function) {
  auto isRanked = [](Type type) {
    if (auto resource = dyn_cast<ResourceType>(type))
      type = resource.getValueType();
    if (auto list = dyn_cast<ListType>(type))
      type = list.getElementType();
    return !isa<UnrankedTensorType>(type);
  };
  for (Type type : function.getFunctionType().getInputs())
    if (!isRanked(type))
      return function.emitError(
                 "compiled code needs arguments of known rank, got ")
             << type;
    else if (!isa<RankedTensorType, ResourceType>(type))
      return function.emitError("expected arguments that are tensors, got ")
             << type;
  auto walk = function.walk([&](Operation *op) {
    for (Type type : op->getResultTypes())
      if (!isRanked(type)) {
        op->emitOpError(
            "has a result of unknown rank, which compiled code cannot hold: ")
            << type << "; give it a known rank, for example with ensure_shape";
        return WalkResult::interrupt();
      }
    return WalkResult::advance();
  });
  return failure(walk.wasInterrupted());
}

LogicalResult Lowering::run() {
  if (failed(checkTypes(function)))
    return failure();
  if (!llvm::hasSingleElement(function.getBody()))
    return function.emitError("expected structured control flow, got ")
           << function.getBody().getBlocks().size() << " blocks";
  SmallVector<Type> inputs, results;
  for (Type type : function.getArgumentTypes())
    inputs.push_back(argumentType(type));
  for (Type type : function.getResultTypes())
    if (isa<RankedTensorType>(type))
      results.push_back(argumentType(type));
    else
      return function.emitError(
                 "expected results that are tensors of known rank, got ")
             << type;

  b.setInsertionPoint(function);
  auto lowered = func::FuncOp::create(b, function.getLoc(), function.getName(),
                                      b.getFunctionType(inputs, results));
  lowered->setDiscardableAttrs(function->getDiscardableAttrDictionary());
  lowered.setSymVisibilityAttr(function.getSymVisibilityAttr());
  lowered.setArgAttrsAttr(function.getArgAttrsAttr());
  lowered.setResAttrsAttr(function.getResAttrsAttr());

  Block &old = function.getBody().front();
  Block *block = b.createBlock(&lowered.getBody());
  loc = function.getLoc();
  for (auto [argument, type] : llvm::zip(old.getArguments(), inputs)) {
    Value value = block->addArgument(type, argument.getLoc());
    if (rankOf(argument) == 0)
      value = extract(value, {}, elementOf(argument));
    bind(argument, value);
  }
  if (failed(lowerBlock(old)) || failed(lowerReturn(old.getTerminator()))) {
    lowered.erase();
    return failure();
  }
  removeEmptySlices(lowered.getBody());
  function.erase();
  return success();
}

LogicalResult Lowering::lowerReturn(Operation *op) {
  loc = op->getLoc();
  SmallVector<Value> results;
  for (auto [operand, type] :
       llvm::zip(op->getOperands(), function.getResultTypes())) {
    Value result = tensorOf(operand, storageType(cast<RankedTensorType>(type)));
    if (!result)
      return failure();
    results.push_back(result);
  }
  func::ReturnOp::create(b, loc, results);
  return success();
}

LogicalResult Lowering::lowerBlock(Block &block) {
  for (Operation &op : block.without_terminator())
    if (failed(lower(&op)))
      return failure();
  return success();
}

LogicalResult Lowering::lower(Operation *op) {
  if (plan.isDead(op) || isOnlyShown(op))
    return success();
  loc = op->getLoc();
  for (Value result : op->getResults())
    defineStretched(result);
  if (auto broadcast = dyn_cast<DynamicBroadcastToOp>(op))
    defineSizes(broadcast.getResult(), broadcast.getShape());
  if (plan.isInline(op))
    return success();
  auto row = handlers().find(op->getName().getStringRef());
  if (row != handlers().end()) {
    if (failed(row->second(*this, op)))
      return failure();
  } else if (isFusible(op) || isa<ConstantOp, IotaOp>(op)) {
    if (failed(lowerFused(*this, op)))
      return failure();
  } else {
    return op->emitOpError(
        "has no lowering to linalg; it cannot be compiled yet");
  }
  for (Value result : op->getResults())
    if (Value lowered = values.lookup(result))
      defineFrom(result, lowered);
  return success();
}
