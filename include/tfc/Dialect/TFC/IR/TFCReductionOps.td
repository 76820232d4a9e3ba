//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Reductions, cumulative ops and contractions.
//
//===----------------------------------------------------------------------===//

#ifndef TFC_DIALECT_TFC_IR_TFCREDUCTIONOPS_TD
#define TFC_DIALECT_TFC_IR_TFCREDUCTIONOPS_TD

include "tfc/Dialect/TFC/IR/TFCBase.td"

/// Marks reductions over `axes`: the lowering matches them with one pattern.
def TFC_Reduction : NativeOpTrait<"TFCReduction"> { let cppNamespace = "::tfc"; }

class TFC_ReduceOp<string mnemonic, string verb, Type type>
    : TFC_PureOp<mnemonic, [TFC_Reduction]> {
  let summary = verb # " over some dimensions";
  let description = [{
    A reduced dimension disappears, or stays with size 1 if `keepdims`. An empty
    `axes` reduces nothing. Constraints:

    * (C1) `axes` are ascending, distinct and in range
  }];
  let arguments = (ins type:$x, DenseI64ArrayAttr:$axes, BoolAttr:$keepdims);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
}

def TFC_ReduceSumOp : TFC_ReduceOp<"reduce_sum", "the sum", TFC_NumberTensor>;
def TFC_ReduceProdOp : TFC_ReduceOp<"reduce_prod", "the product", TFC_NumberTensor>;
def TFC_ReduceMaxOp : TFC_ReduceOp<"reduce_max", "the largest; NaN if there is one", TFC_RealTensor>;
def TFC_ReduceMinOp : TFC_ReduceOp<"reduce_min", "the smallest; NaN if there is one", TFC_RealTensor>;
def TFC_ReduceAnyOp : TFC_ReduceOp<"reduce_any", "whether any is true", TFC_BoolTensor>;
def TFC_ReduceAllOp : TFC_ReduceOp<"reduce_all", "whether all are true", TFC_BoolTensor>;

class TFC_ArgReduceOp<string mnemonic, string verb> : TFC_PureOp<mnemonic> {
  let summary = verb # " along one axis, the first of equals";
  let description = [{
    Constraints:

    * (C1) `0 <= axis < rank`
    * (C2) `dtype` is an integer type
  }];
  let arguments = (ins TFC_RealTensor:$x, I64Attr:$axis, TypeAttr:$dtype);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
}
def TFC_ArgmaxOp : TFC_ArgReduceOp<"argmax", "the index of the largest">;
def TFC_ArgminOp : TFC_ArgReduceOp<"argmin", "the index of the smallest">;

class TFC_CumulativeOp<string mnemonic, string verb, Type type = TFC_NumberTensor>
    : TFC_PureOp<mnemonic> {
  let summary = verb # " of the elements up to each one along an axis";
  let description = [{
    `exclusive` leaves the element itself out; `reverse` starts at the end.
    Constraints:

    * (C1) `0 <= axis < rank`
  }];
  let arguments = (ins type:$x, I64Attr:$axis, BoolAttr:$exclusive, BoolAttr:$reverse);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
}
def TFC_CumsumOp : TFC_CumulativeOp<"cumsum", "the sum">;
def TFC_CumprodOp : TFC_CumulativeOp<"cumprod", "the product">;
def TFC_CumlogsumexpOp : TFC_CumulativeOp<"cumlogsumexp", "the logarithm of the sum of exp", TFC_FloatTensor>;

def TFC_LinearRecurrenceOp : TFC_PureOp<"linear_recurrence"> {
  let summary = "h[i] = factor[i] h[i - 1] + x[i] along an axis, from h = 0";
  let description = [{
    `reverse` starts at the end: h[i] = factor[i] h[i + 1] + x[i]. The factor of the
    first step does not count, whatever it is. Constraints:

    * (C1) both operands have the same element type and shape
    * (C2) `0 <= axis < rank`
  }];
  let arguments = (ins TFC_FloatOrComplexTensor:$factor, TFC_FloatOrComplexTensor:$x, I64Attr:$axis,
                       BoolAttr:$reverse);
  let assemblyFormat = "$factor `,` $x attr-dict `:` functional-type(operands, results)";
}

def TFC_MatmulOp : TFC_PureOp<"matmul"> {
  let summary = "The matrix product over the last two dimensions, batched over the others";
  let description = [{
    Leading dimensions broadcast by numpy's rule. A transposed operand has its
    last two dimensions exchanged first. bf16 and f16 accumulate in f32.
    Constraints:

    * (C1) both operands have the same element type and rank at least 2
    * (C2) the contracted dimensions are equal
    * (C3) the leading dimensions broadcast
  }];
  let arguments = (ins TFC_NumberTensor:$x, TFC_NumberTensor:$y,
                       BoolAttr:$transpose_x, BoolAttr:$transpose_y);
  let assemblyFormat = "$x `,` $y attr-dict `:` functional-type(operands, results)";
}

#endif // TFC_DIALECT_TFC_IR_TFCREDUCTIONOPS_TD
