//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef TFC_DIALECT_TFC_IR_TFCBASE_TD
#define TFC_DIALECT_TFC_IR_TFCBASE_TD

include "mlir/IR/OpBase.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "tfc/Dialect/TFC/IR/TFCTypes.td"

class TFC_Op<string mnemonic, list<Trait> traits = []>
    : Op<TFC_Dialect, mnemonic, traits>;

/// A pure op whose result type follows from its operands and attributes:
/// `inferReturnTypes` is the one shape rule, for builders and the verifier.
/// A result type may be more specific than the inferred one.
class TFC_PureOp<string mnemonic, list<Trait> traits = []>
    : TFC_Op<mnemonic, traits # [
        Pure, DeclareOpInterfaceMethods<InferTypeOpInterface,
            ["inferReturnTypes", "isCompatibleReturnTypes"]>]> {
  let results = (outs TFC_Tensor:$result);
  let extraClassDeclaration = [{
    static bool isCompatibleReturnTypes(::mlir::TypeRange inferred,
                                        ::mlir::TypeRange actual) {
      return ::tfc::areCompatibleTypes(inferred, actual);
    }
  }];
}

// Resources that effects name besides variables (those are values).
def TFC_VariableResource : Resource<"::tfc::VariableResource">;
def TFC_ConsoleResource : Resource<"::tfc::ConsoleResource">;
def TFC_RandomResource : Resource<"::tfc::RandomResource">;
def TFC_ExternalResource : Resource<"::tfc::ExternalResource">;

#endif // TFC_DIALECT_TFC_IR_TFCBASE_TD
