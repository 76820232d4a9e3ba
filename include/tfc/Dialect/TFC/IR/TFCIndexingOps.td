//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Ops whose element positions are data: gather, scatter, sort, random bits.
//
//===----------------------------------------------------------------------===//

#ifndef TFC_DIALECT_TFC_IR_TFCINDEXINGOPS_TD
#define TFC_DIALECT_TFC_IR_TFCINDEXINGOPS_TD

include "tfc/Dialect/TFC/IR/TFCBase.td"

def TFC_GatherOp : TFC_PureOp<"gather"> {
  let summary = "Slices of the operand along one axis, at given indices";
  let description = [{
    The result's shape is `x.shape[:axis] + indices.shape[batch_dims:] +
    x.shape[axis + 1:]`. An index out of range is an error at run time.
    Constraints:

    * (C1) `0 <= batch_dims <= axis < rank(x)`, `batch_dims <= rank(indices)`
    * (C2) the first `batch_dims` dimensions of both operands are equal
  }];
  let arguments = (ins TFC_Tensor:$x, TFC_IntTensor:$indices, I64Attr:$axis, I64Attr:$batch_dims);
  let assemblyFormat = "$x `,` $indices attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}

def TFC_GatherNdOp : TFC_PureOp<"gather_nd"> {
  let summary = "Slices of the operand at index vectors";
  let description = [{
    Each vector along the last dimension of `indices`, of size k, names the first
    k dimensions of the operand (after `batch_dims` shared ones). Constraints:

    * (C1) `indices` has rank at least 1 and a static last dimension
    * (C2) `batch_dims + k <= rank(x)`, `batch_dims < rank(indices)`
  }];
  let arguments = (ins TFC_Tensor:$x, TFC_IntTensor:$indices, I64Attr:$batch_dims);
  let assemblyFormat = "$x `,` $indices attr-dict `:` functional-type(operands, results)";
}

def TFC_ScatterOp : TFC_PureOp<"scatter"> {
  let summary = "The operand with slices at index vectors updated";
  let description = [{
    `mode` is "update", "add", "sub", "mul", "min" or "max"; duplicate indices
    accumulate in order (for "update" the last wins). `inside`: an assertion
    before the op has found all index vectors to be in range, and nobody looks
    again. Constraints:

    * (C1) `indices` has rank at least 1 and a static last dimension k <= rank(x)
    * (C2) `updates` has shape `indices.shape[:-1] + x.shape[k:]`
    * (C3) `mode` is one of those named
  }];
  let arguments = (ins TFC_Tensor:$x, TFC_IntTensor:$indices, TFC_Tensor:$updates, StrAttr:$mode,
                       DefaultValuedAttr<BoolAttr, "false">:$inside);
  let assemblyFormat = "$x `,` $indices `,` $updates attr-dict `:` functional-type(operands, results)";
}

def TFC_NonzeroOp : TFC_PureOp<"nonzero"> {
  let summary = "The index vectors of the true elements, in row-major order, as i64";
  let description = [{
    The result is `tensor<?xRANKxi64>`: its size depends on the data.
  }];
  let arguments = (ins TFC_BoolTensor:$x);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
}

def TFC_SortOp : TFC_PureOp<"sort"> {
  let summary = "The elements in ascending or descending order along one axis, stable";
  let description = [{
    NaN is larger than every number. Constraints:

    * (C1) `0 <= axis < rank`
  }];
  let arguments = (ins TFC_RealTensor:$x, I64Attr:$axis, BoolAttr:$descending);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
}

def TFC_ArgsortOp : TFC_PureOp<"argsort"> {
  let summary = "The indices (i32) that sort the elements along one axis, stable";
  let description = [{
    Constraints:

    * (C1) `0 <= axis < rank`
  }];
  let arguments = (ins TFC_RealTensor:$x, I64Attr:$axis, BoolAttr:$descending);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
}

def TFC_RandomBitsOp : TFC_PureOp<"random_bits"> {
  let summary = "Uniform random bits of the Philox4x32-10 generator";
  let description = [{
    A function of the key and the counter alone. Source: Salmon et al., "Parallel
    random numbers: as easy as 1, 2, 3", SC 2011. Constraints:

    * (C1) `key` is `tensor<1xui64>`, `counter` is `tensor<2xui64>`
    * (C2) `dtype` is ui32 or ui64; no dimension of `shape` is unknown
  }];
  let arguments = (ins TFC_IntTensor:$key, TFC_IntTensor:$counter, DenseI64ArrayAttr:$shape, TypeAttr:$dtype);
  let assemblyFormat = "$key `,` $counter attr-dict `:` functional-type(operands, results)";
}

#endif // TFC_DIALECT_TFC_IR_TFCINDEXINGOPS_TD
