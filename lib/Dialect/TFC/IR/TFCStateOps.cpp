//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Ops with effects: shape rules, constraints, the barrier.
//===----------------------------------------------------------------------===//

#include "Shapes.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::detail;

//===----------------------------------------------------------------------===//
// Variables
//===----------------------------------------------------------------------===//

LogicalResult ReadVariableOp::inferReturnTypes(MLIRContext *context, Loc loc,
                                               Adaptor op, Results &results) {
  auto resource = dyn_cast<ResourceType>(op.getResource().getType());
  if (!resource)
    return emitOptionalError(loc, "expected a resource, got ",
                             op.getResource().getType());
  // C1
  results.append({resource.getValueType(), TokenType::get(context)});
  return success();
}

LogicalResult AssignVariableOp::verify() {
  // C1
  TensorType want = getResource().getType().getValueType();
  if (isCompatible(getValue().getType(), want))
    return success();
  return emitOpError() << "expected a value of type " << want << ", got "
                       << getValue().getType();
}

/// What an op writes when it ends the program.
static LogicalResult verifyPending(Operation *op, OperandRange variables,
                                   OperandRange values) {
  if (variables.size() != values.size())
    return op->emitOpError()
           << "expected a value for each of " << variables.size()
           << " pending variables, got " << values.size();
  for (auto [variable, value] : llvm::zip(variables, values)) {
    TensorType want = cast<ResourceType>(variable.getType()).getValueType();
    if (!isCompatible(value.getType(), want))
      return op->emitOpError() << "expected a pending value of type " << want
                               << ", got " << value.getType();
  }
  return success();
}

//===----------------------------------------------------------------------===//
// PrintOp
//===----------------------------------------------------------------------===//

/// The number of `{}` in a format; nothing if a brace stands alone.
static std::optional<size_t> countPlaceholders(StringRef format) {
  size_t count = 0;
  for (; !format.empty(); format = format.drop_front()) {
    char c = format.front();
    if (c != '{' && c != '}')
      continue;
    format = format.drop_front();
    if (c == '{' && format.starts_with("}"))
      ++count;
    else if (!format.starts_with(StringRef(&c, 1)))
      return std::nullopt;
  }
  return count;
}

LogicalResult PrintOp::verify() {
  // C1
  std::optional<size_t> count = countPlaceholders(getFormat());
  if (!count)
    return emitOpError() << "expected braces of `format` to be in pairs, got \""
                         << getFormat() << '"';
  if (*count != getXs().size())
    return emitOpError() << "expected a placeholder for each of "
                         << getXs().size() << " operands, got " << *count;
  // C2
  return verifyPending(*this, getPending(), getPendingValues());
}

//===----------------------------------------------------------------------===//
// AssertOp
//===----------------------------------------------------------------------===//

LogicalResult AssertOp::verify() {
  // C2
  return verifyPending(*this, getPending(), getPendingValues());
}

/// Reads and writes every resource.
static void addAllEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  for (SideEffects::Resource *resource :
       std::initializer_list<SideEffects::Resource *>{
           VariableResource::get(), ConsoleResource::get(),
           ExternalResource::get(), SideEffects::DefaultResource::get()}) {
    effects.emplace_back(MemoryEffects::Read::get(), resource);
    effects.emplace_back(MemoryEffects::Write::get(), resource);
  }
}

/// A barrier.
void AssertOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  addAllEffects(effects);
}

//===----------------------------------------------------------------------===//
// HostCallOp
//===----------------------------------------------------------------------===//

LogicalResult HostCallOp::inferReturnTypes(MLIRContext *context, Loc loc,
                                           Adaptor op, Results &results) {
  // C1
  if (!op.getTypes())
    return emitOptionalError(loc, "expected `types`, the types of the outputs");
  for (Type type : op.getTypes().getAsValueRange<TypeAttr>()) {
    if (!isa<TensorType>(type))
      return emitOptionalError(loc, "expected tensor types in `types`, got ",
                               type);
    results.push_back(type);
  }
  results.push_back(TokenType::get(context));
  return success();
}

void HostCallOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  addAllEffects(effects);
}
