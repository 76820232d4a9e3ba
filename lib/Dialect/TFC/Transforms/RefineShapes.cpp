//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Infers the types of a function again, from its arguments on.
//
// One walk in program order asks each op for its result types. A loop starts
// from the types of its initial values, and is walked again with more general
// ones until the body yields special cases of them; what a walk with too
// special types has written is undone first. That ends: each round forgets a
// size, and what the loop declared is the limit.
//===----------------------------------------------------------------------===//

#include "tfc/Dialect/TFC/Transforms/RefineShapes.h"
#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/Diagnostics.h"
#include "tfc/Dialect/TFC/IR/TFC.h"
#include "tfc/Dialect/TFC/Transforms/Passes.h"
#include "tfc/Dialect/TFC/Transforms/Utils.h"

namespace tfc {
#define GEN_PASS_DEF_TFCREFINESHAPESPASS
#define GEN_PASS_DEF_TFCSPECIALIZEPASS
#include "tfc/Dialect/TFC/Transforms/Passes.h.inc"
} // namespace tfc

using namespace mlir;
using namespace tfc;

static LogicalResult refine(Block &block);

/// Makes the type of `value` as specific as both its own and `type`.
static LogicalResult narrow(Value value, Type type, Location loc) {
  Type both = meetTypes(value.getType(), type);
  if (!both)
    return emitError(loc, "this was expected to give ")
           << value.getType() << ", but with these operands gives " << type;
  value.setType(both);
  return success();
}

static LogicalResult refineOp(InferTypeOpInterface op) {
  SmallVector<Type> types;
  Operation *base = op.getOperation();
  if (failed(op.inferReturnTypes(
          op.getContext(), op.getLoc(), base->getOperands(),
          base->getDiscardableAttrDictionary(), base->getPropertiesStorage(),
          base->getRegions(), types)))
    return failure();
  for (auto [result, type] : llvm::zip(base->getResults(), types))
    if (failed(narrow(result, type, base->getLoc())))
      return failure();
  return success();
}

static LogicalResult refineIf(IfOp op) {
  for (Region &region : op->getRegions())
    if (failed(refine(region.front())))
      return failure();
  for (auto [result, a, b] :
       llvm::zip(op.getResults(),
                 op.getThenRegion().front().getTerminator()->getOperands(),
                 op.getElseRegion().front().getTerminator()->getOperands()))
    if (failed(
            narrow(result, joinTypes(a.getType(), b.getType()), op.getLoc())))
      return failure();
  return success();
}

static void setArguments(WhileOp op, ArrayRef<Type> types) {
  for (Region *region : {&op.getConditionRegion(), &op.getBodyRegion()})
    for (auto [argument, type] : llvm::zip(region->getArguments(), types))
      argument.setType(type);
}

static LogicalResult refineRegions(WhileOp op) {
  return success(succeeded(refine(op.getConditionRegion().front())) &&
                 succeeded(refine(op.getBodyRegion().front())));
}

/// Walks the loop with arguments of these types, quietly.
static LogicalResult tryTypes(WhileOp op, ArrayRef<Type> types) {
  ScopedDiagnosticHandler quiet(op.getContext(),
                                [](Diagnostic &) { return success(); });
  setArguments(op, types);
  return refineRegions(op);
}

static LogicalResult refineWhile(WhileOp op) {
  TypeSnapshot declared(op);
  SmallVector<Type> declaredTypes(op.getBodyRegion().getArgumentTypes());
  SmallVector<Type> types;
  for (auto [init, type] : llvm::zip(op.getInits(), declaredTypes)) {
    Type both = meetTypes(init.getType(), type);
    if (!both)
      return op.emitError("a loop value was expected to be ")
             << type << ", but starts as " << init.getType();
    types.push_back(both);
  }
  while (true) {
    if (failed(tryTypes(op, types))) {
      declared.restore();
      types = declaredTypes;
      if (failed(refineRegions(op)))
        return failure();
      break;
    }
    bool changed = false;
    for (auto [type, yielded] :
         llvm::zip(types,
                   op.getBodyRegion().front().getTerminator()->getOperands())) {
      Type joined = joinTypes(type, yielded.getType());
      changed |= joined != type;
      type = joined;
    }
    if (!changed)
      break;
    declared.restore();
  }
  for (auto [result, type] : llvm::zip(op.getResults(), types))
    if (failed(narrow(result, type, op.getLoc())))
      return failure();
  return success();
}

static LogicalResult refineAssign(AssignVariableOp op) {
  Type held = op.getResource().getType().getValueType();
  if (meetTypes(held, op.getValue().getType()))
    return success();
  return op.emitError("the variable holds ")
         << held << ", but is assigned " << op.getValue().getType();
}

static LogicalResult refine(Block &block) {
  for (Operation &op : block) {
    LogicalResult result = success();
    if (auto branch = dyn_cast<IfOp>(op))
      result = refineIf(branch);
    else if (auto loop = dyn_cast<WhileOp>(op))
      result = refineWhile(loop);
    else if (auto assign = dyn_cast<AssignVariableOp>(op))
      result = refineAssign(assign);
    else if (auto inferred = dyn_cast<InferTypeOpInterface>(op))
      result = refineOp(inferred);
    if (failed(result))
      return failure();
  }
  return success();
}

/// Casts what the function returns to the exact types that it declares.
static void castReturns(func::FuncOp function) {
  function.walk([&](func::ReturnOp op) {
    OpBuilder builder(op);
    for (auto [operand, type] :
         llvm::zip(op->getOpOperands(), function.getResultTypes())) {
      auto cast = operand.get().getDefiningOp<EnsureShapeOp>();
      if (cast && cast->hasOneUse() &&
          isSpecialCase(operand.get().getType(), type))
        operand.set(cast.getX());
      operand.set(castTo(builder, op.getLoc(), operand.get(), type));
    }
  });
}

LogicalResult tfc::refineShapes(Region &body) {
  for (Block &block : body)
    if (failed(refine(block)))
      return failure();
  return success();
}

LogicalResult tfc::refineShapes(func::FuncOp function, bool refineResults) {
  if (failed(refineShapes(function.getBody())))
    return failure();
  if (refineResults && function.getBody().hasOneBlock())
    function.setFunctionType(FunctionType::get(
        function.getContext(), function.getArgumentTypes(),
        function.getBody().front().getTerminator()->getOperandTypes()));
  castReturns(function);
  return success();
}

static LogicalResult setArgument(func::FuncOp function, unsigned index,
                                 Type type) {
  BlockArgument argument = function.getArgument(index);
  Type old = argument.getType();
  if (auto resource = dyn_cast<ResourceType>(old)) {
    if (auto value = dyn_cast<TensorType>(type))
      type = ResourceType::get(value);
    auto given = dyn_cast<ResourceType>(type);
    if (given && isSpecialCase(given.getValueType(), resource.getValueType())) {
      argument.setType(type);
      return success();
    }
  } else if (isSpecialCase(type, old)) {
    argument.setType(type);
    return success();
  }
  return function.emitError("cannot specialize argument ")
         << index << " of type " << old << " to " << type
         << ", which is no special case of it";
}

LogicalResult tfc::specializeFunction(func::FuncOp function,
                                      ArrayRef<Type> argumentTypes) {
  if (function.isDeclaration())
    return function.emitError("cannot specialize a function without a body");
  if (argumentTypes.size() != function.getNumArguments())
    return function.emitError("expected ")
           << function.getNumArguments()
           << " argument types to specialize to, got " << argumentTypes.size();
  for (auto [index, type] : llvm::enumerate(argumentTypes))
    if (failed(setArgument(function, index, type)))
      return failure();
  function.setFunctionType(FunctionType::get(
      function.getContext(), function.getBody().getArgumentTypes(),
      function.getResultTypes()));
  if (failed(refineLists(function)))
    return failure();
  return refineShapes(function, /*refineResults=*/true);
}

LogicalResult
tfc::specializeFunction(func::FuncOp function,
                        ArrayRef<std::optional<SmallVector<int64_t>>> shapes) {
  SmallVector<Type> types(function.getArgumentTypes());
  for (auto [index, shape] : llvm::enumerate(shapes)) {
    if (!shape || index >= types.size())
      continue;
    Type type = types[index];
    if (auto resource = dyn_cast<ResourceType>(type))
      type = resource.getValueType();
    auto tensor = dyn_cast<TensorType>(type);
    if (!tensor)
      return function.emitError("cannot specialize argument ")
             << index << " of type " << type << ": it has no shape";
    types[index] = RankedTensorType::get(*shape, tensor.getElementType());
  }
  if (shapes.size() != types.size())
    return function.emitError("expected ")
           << types.size() << " shapes to specialize to, got " << shapes.size();
  return specializeFunction(function, types);
}

namespace {
struct TFCRefineShapesPass
    : public tfc::impl::TFCRefineShapesPassBase<TFCRefineShapesPass> {
  using Base::Base;
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isDeclaration())
      return;
    if (failed(refineLists(function)) ||
        failed(refineShapes(function, refineResults)))
      signalPassFailure();
  }
};

struct TFCSpecializePass
    : public tfc::impl::TFCSpecializePassBase<TFCSpecializePass> {
  using Base::Base;
  void runOnOperation() override {
    auto target = getOperation().lookupSymbol<func::FuncOp>(function);
    if (!target) {
      getOperation().emitError("no function '")
          << function << "' to specialize";
      return signalPassFailure();
    }
    SmallVector<Type> parsed;
    SmallVector<StringRef> texts;
    StringRef(types).split(texts, ';', -1, /*KeepEmpty=*/false);
    for (StringRef text : texts) {
      parsed.push_back(parseType(text.trim(), &getContext()));
      if (!parsed.back())
        return signalPassFailure();
    }
    if (failed(specializeFunction(target, parsed)))
      signalPassFailure();
  }
};
} // namespace
