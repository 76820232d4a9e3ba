//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef TFC_DIALECT_TFC_IR_TFCTYPES_TD
#define TFC_DIALECT_TFC_IR_TFCTYPES_TD

include "mlir/IR/AttrTypeBase.td"
include "tfc/Dialect/TFC/IR/TFCDialect.td"

class TFC_Type<string name, string typeMnemonic> : TypeDef<TFC_Dialect, name> {
  let mnemonic = typeMnemonic;
}

def TFC_TokenType : TFC_Type<"Token", "token"> {
  let summary = "An ordering edge between two effects";
  let builderCall = "$_builder.getType<::tfc::TokenType>()";
}

def TFC_ResourceType : TFC_Type<"Resource", "resource"> {
  let summary = "A handle of a variable that holds tensors of one type";
  let description = [{
    Two handles of one function are different variables: a trace passes a
    variable once, however many arguments hold it. Unknown dimensions mean that
    the variable may hold tensors of any size there.
  }];
  let parameters = (ins "::mlir::TensorType":$valueType);
  let builders = [
    TypeBuilderWithInferredContext<(ins "::mlir::TensorType":$valueType), [{
      return $_get(valueType.getContext(), valueType);
    }]>
  ];
  let assemblyFormat = "`<` $valueType `>`";
}

def TFC_ListType : TFC_Type<"List", "list"> {
  let summary = "A list of tensors of one type: the value of a TensorArray";
  let description = [{
    A list is a value: setting an element gives a new list, which the compiler
    stores in the memory of the old one when nobody uses that any more. An
    unranked element type is refined by `tfc-refine-lists` from the elements set.
  }];
  let parameters = (ins "::mlir::TensorType":$elementType);
  let builders = [
    TypeBuilderWithInferredContext<(ins "::mlir::TensorType":$elementType), [{
      return $_get(elementType.getContext(), elementType);
    }]>
  ];
  let assemblyFormat = "`<` $elementType `>`";
}

def TFC_StringType : TFC_Type<"String", "string"> {
  let summary = "A string of bytes, as an element of tensors";
  let description = [{
    Strings are for the host: no code is generated for ops on them, and a function
    that uses them is interpreted.

    ```mlir
    %s = tfc.constant dense<["a", "b"]> : tensor<2x!tfc.string>
    ```
  }];
}

// Element types. Signed integers are signless in MLIR's sense, as in StableHLO.
def TFC_Bool : TypeAlias<I1, "bool">;
def TFC_SInt : SignlessIntOfWidths<[8, 16, 32, 64]>;
def TFC_UInt : UnsignedIntOfWidths<[8, 16, 32, 64]>;
def TFC_Int : AnyTypeOf<[TFC_SInt, TFC_UInt], "integer">;
def TFC_Float : AnyTypeOf<[F16, BF16, F32, F64], "floating point">;
def TFC_Complex : AnyTypeOf<[Complex<F32>, Complex<F64>], "complex">;
def TFC_Number : AnyTypeOf<[TFC_Int, TFC_Float, TFC_Complex], "number">;
def TFC_Real : AnyTypeOf<[TFC_Int, TFC_Float], "real number">;
def TFC_FloatOrComplex : AnyTypeOf<[TFC_Float, TFC_Complex], "floating point or complex">;
def TFC_Element : AnyTypeOf<[TFC_Bool, TFC_Int, TFC_Float, TFC_Complex, TFC_StringType], "element">;

def TFC_Tensor : TensorOf<[TFC_Element]>;
def TFC_BoolTensor : TensorOf<[TFC_Bool]>;
def TFC_IntTensor : TensorOf<[TFC_Int]>;
def TFC_BoolOrIntTensor : TensorOf<[TFC_Bool, TFC_Int]>;
def TFC_FloatTensor : TensorOf<[TFC_Float]>;
def TFC_RealTensor : TensorOf<[TFC_Real]>;
def TFC_NumberTensor : TensorOf<[TFC_Number]>;
def TFC_ComplexTensor : TensorOf<[TFC_Complex]>;
def TFC_FloatOrComplexTensor : TensorOf<[TFC_FloatOrComplex]>;
def TFC_MatrixTensor : TensorOf<[F32, F64, TFC_Complex]>;
def TFC_IndexTensor : TensorOf<[I32, I64]>;

/// A bool scalar: what a condition is.
def TFC_BoolScalar : Type<
    And<[IsRankedTensorTypePred, CPred<"::llvm::cast<::mlir::RankedTensorType>($_self).getRank() == 0">,
         CPred<"::llvm::cast<::mlir::RankedTensorType>($_self).getElementType().isInteger(1)">]>,
    "bool scalar", "::mlir::RankedTensorType">,
    BuildableType<"::mlir::RankedTensorType::get({}, $_builder.getI1Type())">;

// Values that branches and loops may carry.
def TFC_Value : AnyTypeOf<[TFC_Tensor, TFC_ListType], "tensor or list">;

#endif // TFC_DIALECT_TFC_IR_TFCTYPES_TD
