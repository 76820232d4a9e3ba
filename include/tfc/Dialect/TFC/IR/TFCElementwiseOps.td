//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Elementwise ops. Operands have one element type and broadcast by numpy's rule.
//
//===----------------------------------------------------------------------===//

#ifndef TFC_DIALECT_TFC_IR_TFCELEMENTWISEOPS_TD
#define TFC_DIALECT_TFC_IR_TFCELEMENTWISEOPS_TD

include "tfc/Dialect/TFC/IR/TFCBase.td"

/// Marks ops that compute each element of the result from the elements of the
/// operands at the same (broadcast) index: the fuser and the lowering match it.
def TFC_Elementwise : NativeOpTrait<"TFCElementwise"> { let cppNamespace = "::tfc"; }

/// The shape rule of all elementwise ops; `elementRule` gives the element type
/// (`tfc::detail::ElementRule`).
class TFC_ElementwiseOp<string mnemonic, list<Trait> traits = []>
    : TFC_PureOp<mnemonic, traits # [TFC_Elementwise]> {
  string elementRule = "Same";
  let extraClassDefinition = [{
    ::llvm::LogicalResult $cppClass::inferReturnTypes(
        ::mlir::MLIRContext *, std::optional<::mlir::Location> location,
        Adaptor adaptor, ::llvm::SmallVectorImpl<::mlir::Type> &results) {
      return ::tfc::detail::inferElementwise(
          location, adaptor.getOperands(), ::tfc::detail::ElementRule::}] # elementRule # [{, results);
    }
  }];
}

class TFC_UnaryOp<string mnemonic, string verb, Type type = TFC_FloatOrComplexTensor>
    : TFC_ElementwiseOp<mnemonic> {
  let summary = verb # ", element by element";
  let arguments = (ins type:$x);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
}

/// A unary test: the result is bool.
class TFC_UnaryTestOp<string mnemonic, string verb, Type type = TFC_FloatTensor>
    : TFC_UnaryOp<mnemonic, verb, type> {
  let elementRule = "Bool";
}

class TFC_BinaryOp<string mnemonic, string verb, Type type = TFC_NumberTensor,
                   list<Trait> traits = []>
    : TFC_ElementwiseOp<mnemonic, traits> {
  let summary = verb # ", element by element, with broadcasting";
  let description = [{
    Constraints:

    * (C1) both operands have the same element type
    * (C2) their shapes broadcast
  }];
  let arguments = (ins type:$x, type:$y);
  let assemblyFormat = "$x `,` $y attr-dict `:` functional-type(operands, results)";
}

/// A comparison: the result is bool. Same constraints as a binary op.
class TFC_CompareOp<string mnemonic, string verb, Type type = TFC_RealTensor,
                    list<Trait> traits = []>
    : TFC_BinaryOp<mnemonic, verb, type, traits> {
  let elementRule = "Bool";
  let hasFolder = 1;
}

// Unary, any number.
def TFC_NegOp : TFC_UnaryOp<"neg", "the negative", TFC_NumberTensor>;
def TFC_AbsOp : TFC_UnaryOp<"abs", "the absolute value (real, also of complex)", TFC_NumberTensor> {
  let elementRule = "Real";
}
def TFC_SignOp : TFC_UnaryOp<"sign", "the sign: -1, 0 or 1, NaN for NaN", TFC_NumberTensor>;

// Unary, float or complex.
def TFC_SqrtOp : TFC_UnaryOp<"sqrt", "the square root">;
def TFC_RsqrtOp : TFC_UnaryOp<"rsqrt", "one over the square root">;
def TFC_ExpOp : TFC_UnaryOp<"exp", "e to the power of x">;
def TFC_Expm1Op : TFC_UnaryOp<"expm1", "exp(x) - 1, exact near 0">;
def TFC_LogOp : TFC_UnaryOp<"log", "the natural logarithm">;
def TFC_Log1pOp : TFC_UnaryOp<"log1p", "log(1 + x), exact near 0">;
def TFC_SinOp : TFC_UnaryOp<"sin", "the sine">;
def TFC_CosOp : TFC_UnaryOp<"cos", "the cosine">;
def TFC_TanOp : TFC_UnaryOp<"tan", "the tangent">;
def TFC_AsinOp : TFC_UnaryOp<"asin", "the inverse sine">;
def TFC_AcosOp : TFC_UnaryOp<"acos", "the inverse cosine">;
def TFC_AtanOp : TFC_UnaryOp<"atan", "the inverse tangent">;
def TFC_SinhOp : TFC_UnaryOp<"sinh", "the hyperbolic sine">;
def TFC_CoshOp : TFC_UnaryOp<"cosh", "the hyperbolic cosine">;
def TFC_TanhOp : TFC_UnaryOp<"tanh", "the hyperbolic tangent">;
def TFC_AsinhOp : TFC_UnaryOp<"asinh", "the inverse hyperbolic sine">;
def TFC_AcoshOp : TFC_UnaryOp<"acosh", "the inverse hyperbolic cosine">;
def TFC_AtanhOp : TFC_UnaryOp<"atanh", "the inverse hyperbolic tangent">;
def TFC_SigmoidOp : TFC_UnaryOp<"sigmoid", "1 / (1 + exp(-x)), without overflow">;

// Unary, float.
def TFC_FloorOp : TFC_UnaryOp<"floor", "rounded down", TFC_FloatTensor>;
def TFC_CeilOp : TFC_UnaryOp<"ceil", "rounded up", TFC_FloatTensor>;
def TFC_RoundOp : TFC_UnaryOp<"round", "rounded to nearest, ties to even", TFC_FloatTensor>;
def TFC_TruncOp : TFC_UnaryOp<"trunc", "rounded toward zero", TFC_FloatTensor>;
def TFC_ErfOp : TFC_UnaryOp<"erf", "the error function", TFC_FloatTensor>;
def TFC_ErfcOp : TFC_UnaryOp<"erfc", "the complementary error function", TFC_FloatTensor>;
def TFC_ErfinvOp : TFC_UnaryOp<"erfinv", "the inverse error function", TFC_FloatTensor>;
def TFC_LgammaOp : TFC_UnaryOp<"lgamma", "the logarithm of the absolute gamma function", TFC_FloatTensor>;
def TFC_DigammaOp : TFC_UnaryOp<"digamma", "the derivative of lgamma", TFC_FloatTensor>;
def TFC_IsFiniteOp : TFC_UnaryTestOp<"is_finite", "whether neither infinite nor NaN">;
def TFC_IsInfOp : TFC_UnaryTestOp<"is_inf", "whether infinite">;
def TFC_IsNanOp : TFC_UnaryTestOp<"is_nan", "whether NaN">;

// Unary, bool, integer, complex.
def TFC_LogicalNotOp : TFC_UnaryOp<"logical_not", "not x", TFC_BoolTensor> {
  let hasFolder = 1;
}
def TFC_BitwiseNotOp : TFC_UnaryOp<"bitwise_not", "all bits flipped", TFC_IntTensor>;
def TFC_PopulationCountOp : TFC_UnaryOp<"population_count", "the number of one bits, as ui8", TFC_IntTensor> {
  let elementRule = "UInt8";
}
def TFC_RealOp : TFC_UnaryOp<"real", "the real part", TFC_ComplexTensor> {
  let elementRule = "Real";
}
def TFC_ImagOp : TFC_UnaryOp<"imag", "the imaginary part", TFC_ComplexTensor> {
  let elementRule = "Real";
}
def TFC_ConjOp : TFC_UnaryOp<"conj", "the complex conjugate", TFC_ComplexTensor>;

// Binary, numbers.
def TFC_AddOp : TFC_BinaryOp<"add", "the sum", TFC_NumberTensor, [Commutative]> {
  let hasFolder = 1;
}
def TFC_SubOp : TFC_BinaryOp<"sub", "the difference"> {
  let hasFolder = 1;
}
def TFC_MulOp : TFC_BinaryOp<"mul", "the product", TFC_NumberTensor, [Commutative]> {
  let hasFolder = 1;
}
def TFC_DivOp : TFC_BinaryOp<"div", "the quotient", TFC_FloatOrComplexTensor> {
  let hasFolder = 1;
}
def TFC_PowOp : TFC_BinaryOp<"pow", "x to the power of y">;
def TFC_FloorDivOp : TFC_BinaryOp<"floor_div", "the quotient rounded down; integer division by zero is an error", TFC_RealTensor> {
  let hasFolder = 1;
}
def TFC_FloorModOp : TFC_BinaryOp<"floor_mod", "the remainder with the divisor's sign; integer division by zero is an error", TFC_RealTensor>;
def TFC_TruncDivOp : TFC_BinaryOp<"trunc_div", "the quotient rounded toward zero; integer division by zero is an error", TFC_RealTensor>;
def TFC_TruncModOp : TFC_BinaryOp<"trunc_mod", "the remainder with the dividend's sign; integer division by zero is an error", TFC_RealTensor>;
def TFC_MaximumOp : TFC_BinaryOp<"maximum", "the larger; NaN if either is", TFC_RealTensor> {
  let hasFolder = 1;
}
def TFC_MinimumOp : TFC_BinaryOp<"minimum", "the smaller; NaN if either is", TFC_RealTensor> {
  let hasFolder = 1;
}
def TFC_Atan2Op : TFC_BinaryOp<"atan2", "the angle of the point (y, x)", TFC_FloatTensor>;
def TFC_NextafterOp : TFC_BinaryOp<"nextafter", "the next number from x toward y", TFC_FloatTensor>;
def TFC_ComplexOp : TFC_BinaryOp<"complex", "the complex number x + i y", TFC_FloatTensor> {
  let elementRule = "Complex";
}

// Binary, bool and integer.
def TFC_LogicalAndOp : TFC_BinaryOp<"logical_and", "x and y", TFC_BoolTensor, [Commutative]> {
  let hasFolder = 1;
}
def TFC_LogicalOrOp : TFC_BinaryOp<"logical_or", "x or y", TFC_BoolTensor, [Commutative]> {
  let hasFolder = 1;
}
def TFC_BitwiseAndOp : TFC_BinaryOp<"bitwise_and", "the bits set in both", TFC_IntTensor, [Commutative]>;
def TFC_BitwiseOrOp : TFC_BinaryOp<"bitwise_or", "the bits set in either", TFC_IntTensor, [Commutative]>;
def TFC_BitwiseXorOp : TFC_BinaryOp<"bitwise_xor", "the bits set in one", TFC_IntTensor, [Commutative]>;
def TFC_LeftShiftOp : TFC_BinaryOp<"left_shift", "x shifted left by y bits; 0 if y is not below the width", TFC_IntTensor>;
def TFC_RightShiftOp : TFC_BinaryOp<"right_shift", "x shifted right by y bits, keeping the sign", TFC_IntTensor>;

// Comparisons.
def TFC_EqualOp : TFC_CompareOp<"equal", "whether equal", TFC_Tensor, [Commutative]>;
def TFC_NotEqualOp : TFC_CompareOp<"not_equal", "whether not equal", TFC_Tensor, [Commutative]>;
def TFC_LessOp : TFC_CompareOp<"less", "whether x < y">;
def TFC_LessEqualOp : TFC_CompareOp<"less_equal", "whether x <= y">;
def TFC_GreaterOp : TFC_CompareOp<"greater", "whether x > y">;
def TFC_GreaterEqualOp : TFC_CompareOp<"greater_equal", "whether x >= y">;

def TFC_SelectOp : TFC_PureOp<"select", [TFC_Elementwise]> {
  let summary = "x where the condition is true, else y, with broadcasting";
  let description = [{
    Constraints:

    * (C1) `x` and `y` have the same element type
    * (C2) the three shapes broadcast
  }];
  let arguments = (ins TFC_BoolTensor:$condition, TFC_Tensor:$x, TFC_Tensor:$y);
  let assemblyFormat = "$condition `,` $x `,` $y attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}

def TFC_CastOp : TFC_PureOp<"cast", [TFC_Elementwise]> {
  let summary = "The same number in another element type";
  let description = [{
    Float to integer rounds toward zero (a value out of range gives an
    unspecified value, never undefined behaviour); number to bool is `x != 0`;
    complex to real drops the imaginary part.
  }];
  let arguments = (ins TFC_Tensor:$x, TypeAttr:$dtype);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}

def TFC_BitcastOp : TFC_PureOp<"bitcast", [TFC_Elementwise]> {
  let summary = "The same bits as another element type of the same width";
  let description = [{
    Constraints:

    * (C1) both element types have the same number of bits
  }];
  let arguments = (ins TFC_Tensor:$x, TypeAttr:$dtype);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
}

#endif // TFC_DIALECT_TFC_IR_TFCELEMENTWISEOPS_TD
