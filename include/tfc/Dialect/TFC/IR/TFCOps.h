//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef TFC_DIALECT_TFC_IR_TFCOPS_H
#define TFC_DIALECT_TFC_IR_TFCOPS_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/CallInterfaces.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "tfc/Dialect/TFC/IR/TFCInference.h"
#include "tfc/Dialect/TFC/IR/TFCTypes.h"

namespace tfc {

/// Ops that compute each element of the result from the elements of the
/// operands at the same (broadcast) index.
template <typename ConcreteOp>
class TFCElementwise
    : public mlir::OpTrait::TraitBase<ConcreteOp, TFCElementwise> {};

/// Reductions of one operand over `axes`, with `keepdims`.
template <typename ConcreteOp>
class TFCReduction : public mlir::OpTrait::TraitBase<ConcreteOp, TFCReduction> {
};

/// The memory behind a variable's handle; effects name the handle as their
/// value.
struct VariableResource
    : public mlir::SideEffects::Resource::Base<VariableResource> {
  llvm::StringRef getName() final { return "tfc.variable"; }
};

/// Where `tfc.print` writes.
struct ConsoleResource
    : public mlir::SideEffects::Resource::Base<ConsoleResource> {
  llvm::StringRef getName() final { return "tfc.console"; }
};

/// Whatever foreign code may touch.
struct ExternalResource
    : public mlir::SideEffects::Resource::Base<ExternalResource> {
  llvm::StringRef getName() final { return "tfc.external"; }
};

} // namespace tfc

#define GET_OP_CLASSES
#include "tfc/Dialect/TFC/IR/TFCOps.h.inc"

#endif // TFC_DIALECT_TFC_IR_TFCOPS_H
