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

/// An op whose result types follow from its operands and attributes:
/// `inferReturnTypes` on the op's adaptor is the one shape rule, for builders and
/// the verifier. It is called only when all attributes are there and valid and all
/// operands are there. A result type may be more or less specific than the
/// inferred one in dimensions, but must not contradict it.
def TFC_InferTypes : TraitList<[
  DeclareOpInterfaceMethods<InferTypeOpInterface>,
  NativeOpTrait<"InferTypeOpAdaptor", [], [{
    static ::llvm::LogicalResult
    inferReturnTypes(::mlir::MLIRContext *context,
                     std::optional<::mlir::Location> location, Adaptor adaptor,
                     ::llvm::SmallVectorImpl<::mlir::Type> &results);
    static bool isCompatibleReturnTypes(::mlir::TypeRange inferred,
                                        ::mlir::TypeRange actual) {
      return ::tfc::areCompatibleTypes(inferred, actual);
    }
  }], [{
    ::llvm::LogicalResult $cppClass::inferReturnTypes(
        ::mlir::MLIRContext *context, std::optional<::mlir::Location> location,
        ::mlir::ValueRange operands, ::mlir::DictionaryAttr attributes,
        ::mlir::OpaqueProperties properties, ::mlir::RegionRange regions,
        ::llvm::SmallVectorImpl<::mlir::Type> &results) {
      if (failed(::tfc::detail::checkOperandCount<$cppClass>(location, operands)))
        return ::mlir::failure();
      $cppClass::Adaptor adaptor(operands, attributes, properties, regions);
      if (failed(adaptor.verify(
              location.value_or(::mlir::UnknownLoc::get(context)))))
        return ::mlir::failure();
      return $cppClass::inferReturnTypes(context, location, adaptor, results);
    }
  }]>]>;

/// A pure op with one tensor as its result.
class TFC_PureOp<string mnemonic, list<Trait> traits = []>
    : TFC_Op<mnemonic, traits # [Pure, TFC_InferTypes]> {
  let results = (outs TFC_Tensor:$result);
}

// Resources that effects name besides variables (those are values).
def TFC_VariableResource : Resource<"::tfc::VariableResource">;
def TFC_ConsoleResource : Resource<"::tfc::ConsoleResource">;
def TFC_ExternalResource : Resource<"::tfc::ExternalResource">;

#endif // TFC_DIALECT_TFC_IR_TFCBASE_TD
