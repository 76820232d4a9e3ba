//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Control flow: constraints, and where values go.
//===----------------------------------------------------------------------===//

#include "Shapes.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::detail;

/// The values that a region yields, or an error if it ends in something else.
static FailureOr<OperandRange> yieldedValues(Operation *op, Region &region,
                                             StringRef name) {
  if (!region.front().empty())
    if (auto yield = dyn_cast<YieldOp>(region.front().back()))
      return yield.getValues();
  return op->emitOpError() << name << " must end with tfc.yield";
}

/// Checks one list of types against another, pair by pair.
static LogicalResult checkTypes(Operation *op, StringRef name, TypeRange got,
                                StringRef wantName, TypeRange want) {
  if (got.size() != want.size())
    return op->emitOpError()
           << "expected " << want.size() << ' ' << name << ", one for each "
           << wantName << ", got " << got.size();
  for (auto [i, type, expected] : llvm::enumerate(got, want))
    if (!isCompatible(type, expected))
      return op->emitOpError()
             << "expected " << name << ' ' << i << " of type " << expected
             << " as its " << wantName << ", got " << type;
  return success();
}

//===----------------------------------------------------------------------===//
// YieldOp
//===----------------------------------------------------------------------===//

MutableOperandRange YieldOp::getMutableSuccessorOperands(RegionSuccessor) {
  // A loop's condition goes nowhere: it decides.
  auto loop = dyn_cast<WhileOp>((*this)->getParentOp());
  if (loop && (*this)->getParentRegion() == &loop.getConditionRegion())
    return MutableOperandRange(*this, 0, 0);
  return getValuesMutable();
}

//===----------------------------------------------------------------------===//
// IfOp
//===----------------------------------------------------------------------===//

LogicalResult IfOp::verify() {
  for (auto [region, name] : {std::pair(&getThenRegion(), "the then region"),
                              std::pair(&getElseRegion(), "the else region")}) {
    FailureOr<OperandRange> values = yieldedValues(*this, *region, name);
    // C2, C3
    if (failed(values) ||
        failed(checkTypes(*this, std::string("yields of ") + name,
                          values->getTypes(), "result",
                          getResults().getTypes())))
      return failure();
  }
  return success();
}

void IfOp::getSuccessorRegions(RegionBranchPoint point,
                               SmallVectorImpl<RegionSuccessor> &successors) {
  if (!point.isParent()) {
    successors.emplace_back(getOperation(), getResults());
    return;
  }
  successors.emplace_back(&getThenRegion());
  successors.emplace_back(&getElseRegion());
}

bool IfOp::areTypesCompatible(Type from, Type to) {
  return isCompatible(from, to);
}

//===----------------------------------------------------------------------===//
// WhileOp
//===----------------------------------------------------------------------===//

LogicalResult WhileOp::verify() {
  TypeRange types = getResults().getTypes();
  // C1
  if (failed(checkTypes(*this, "initial values", getInits().getTypes(),
                        "result", types)) ||
      failed(checkTypes(*this, "arguments of the condition region",
                        getConditionRegion().getArgumentTypes(), "result",
                        types)) ||
      failed(checkTypes(*this, "arguments of the body region",
                        getBodyRegion().getArgumentTypes(), "result", types)))
    return failure();
  // C2
  FailureOr<OperandRange> condition =
      yieldedValues(*this, getConditionRegion(), "the condition region");
  if (failed(condition))
    return failure();
  if (condition->size() != 1)
    return emitOpError()
           << "expected the condition region to yield 1 value, got "
           << condition->size();
  auto type = dyn_cast<RankedTensorType>(condition->getTypes().front());
  if (!type || type.getRank() != 0 || !type.getElementType().isInteger(1))
    return emitOpError()
           << "expected the condition region to yield a bool scalar, got "
           << condition->getTypes().front();
  // C3
  FailureOr<OperandRange> next =
      yieldedValues(*this, getBodyRegion(), "the body region");
  if (failed(next))
    return failure();
  return checkTypes(*this, "yields of the body region", next->getTypes(),
                    "result", types);
}

/// The condition's block hands its own arguments on, to the body and to the
/// results. They are no operands of its terminator, so for the interface these
/// edges carry nothing, and analyses know nothing of what arrives there.
void WhileOp::getSuccessorRegions(
    RegionBranchPoint point, SmallVectorImpl<RegionSuccessor> &successors) {
  auto yield = point.getTerminatorPredecessorOrNull();
  if (yield && yield->getParentRegion() == &getConditionRegion()) {
    successors.emplace_back(&getBodyRegion());
    successors.emplace_back(getOperation(),
                            getOperation()->getResults().take_front(0));
    return;
  }
  successors.emplace_back(&getConditionRegion(),
                          getConditionRegion().getArguments());
}

OperandRange WhileOp::getEntrySuccessorOperands(RegionSuccessor) {
  return getInits();
}

bool WhileOp::areTypesCompatible(Type from, Type to) {
  return isCompatible(from, to);
}

//===----------------------------------------------------------------------===//
// CallOp
//===----------------------------------------------------------------------===//

CallInterfaceCallable tfc::CallOp::getCallableForCallee() {
  return getCalleeAttr();
}

void tfc::CallOp::setCalleeFromCallable(CallInterfaceCallable callee) {
  setCalleeAttr(cast<FlatSymbolRefAttr>(cast<SymbolRefAttr>(callee)));
}

Operation::operand_range tfc::CallOp::getArgOperands() {
  return getArguments();
}

MutableOperandRange tfc::CallOp::getArgOperandsMutable() {
  return getArgumentsMutable();
}

LogicalResult tfc::CallOp::verifySymbolUses(SymbolTableCollection &symbols) {
  // C1
  auto callee = symbols.lookupNearestSymbolFrom<FunctionOpInterface>(
      *this, getCalleeAttr());
  if (!callee)
    return emitOpError() << "expected a function as callee, got '"
                         << getCallee() << "'";
  if (failed(checkTypes(*this, "arguments", getArguments().getTypes(),
                        "argument of the callee", callee.getArgumentTypes())))
    return failure();
  return checkTypes(*this, "results", getResults().getTypes(),
                    "result of the callee", callee.getResultTypes());
}
