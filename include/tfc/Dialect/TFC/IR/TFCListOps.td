//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Lists of tensors: the values of TensorArrays. All pure.
//
//===----------------------------------------------------------------------===//

#ifndef TFC_DIALECT_TFC_IR_TFCLISTOPS_TD
#define TFC_DIALECT_TFC_IR_TFCLISTOPS_TD

include "tfc/Dialect/TFC/IR/TFCBase.td"

class TFC_ListOp<string mnemonic>
    : TFC_Op<mnemonic, [Pure, TFC_InferTypes]>;

def TFC_ListCreateOp : TFC_ListOp<"list_create"> {
  let summary = "A list of so many elements, all zero";
  let description = [{
    A `dynamic_size` list grows when an element past its end is set. Constraints:

    * (C1) `size` is an integer scalar
    * (C2) `element_type` is a tensor type
  }];
  let arguments = (ins TFC_IndexTensor:$size, TypeAttr:$element_type, BoolAttr:$dynamic_size);
  let results = (outs TFC_ListType:$list);
  let assemblyFormat = "$size attr-dict `:` functional-type(operands, results)";
}

def TFC_ListLengthOp : TFC_ListOp<"list_length"> {
  let summary = "The number of elements, as an i32 scalar";
  let arguments = (ins TFC_ListType:$list);
  let results = (outs TFC_Tensor:$result);
  let assemblyFormat = "$list attr-dict `:` functional-type(operands, results)";
}

def TFC_ListGetOp : TFC_ListOp<"list_get"> {
  let summary = "One element";
  let description = [{
    An index out of range is an error at run time. `element_type` says what is
    known of the element's type beyond the list's. Constraints:

    * (C1) `index` is an integer scalar
    * (C2) `element_type` is compatible with the list's
  }];
  let arguments = (ins TFC_ListType:$list, TFC_IndexTensor:$index, TypeAttr:$element_type);
  let results = (outs TFC_Tensor:$result);
  let assemblyFormat = "$list `,` $index attr-dict `:` functional-type(operands, results)";
}

def TFC_ListSetOp : TFC_ListOp<"list_set"> {
  let summary = "The list with one element replaced";
  let description = [{
    An index out of range is an error at run time, unless the list grows.
    Constraints:

    * (C1) `index` is an integer scalar
    * (C2) the value's type is compatible with the list's element type
  }];
  let arguments = (ins TFC_ListType:$list, TFC_IndexTensor:$index, TFC_Tensor:$value);
  let results = (outs TFC_ListType:$result);
  let assemblyFormat = "$list `,` $index `,` $value attr-dict `:` functional-type(operands, results)";
}

def TFC_ListStackOp : TFC_ListOp<"list_stack"> {
  let summary = "All elements as one tensor, along a new first dimension";
  let description = [{
    Constraints:

    * (C1) `element_type` is compatible with the list's
  }];
  let arguments = (ins TFC_ListType:$list, TypeAttr:$element_type);
  let results = (outs TFC_Tensor:$result);
  let assemblyFormat = "$list attr-dict `:` functional-type(operands, results)";
}

def TFC_ListUnstackOp : TFC_ListOp<"list_unstack"> {
  let summary = "The slices along the first dimension as a list";
  let description = [{
    Constraints:

    * (C1) the operand's rank is at least 1
  }];
  let arguments = (ins TFC_Tensor:$x);
  let results = (outs TFC_ListType:$list);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
}

#endif // TFC_DIALECT_TFC_IR_TFCLISTOPS_TD
