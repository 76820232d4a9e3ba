//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Ops that move elements: constants, shapes, slices, joins.
//
//===----------------------------------------------------------------------===//

#ifndef TFC_DIALECT_TFC_IR_TFCSHAPEOPS_TD
#define TFC_DIALECT_TFC_IR_TFCSHAPEOPS_TD

include "tfc/Dialect/TFC/IR/TFCBase.td"

def TFC_ConstantOp : TFC_PureOp<"constant", [ConstantLike]> {
  let summary = "A tensor whose value is known";
  let arguments = (ins ElementsAttr:$value);
  let assemblyFormat = "attr-dict $value";
  let hasFolder = 1;
}

def TFC_IotaOp : TFC_PureOp<"iota"> {
  let summary = "0, 1, 2, ... along one axis of a static shape";
  let description = [{
    Constraints:

    * (C1) `0 <= axis < rank`, and no dimension is unknown or negative
  }];
  let arguments = (ins DenseI64ArrayAttr:$shape, I64Attr:$axis, TypeAttr:$dtype);
  let assemblyFormat = "attr-dict `:` type($result)";
}

def TFC_RangeOp : TFC_PureOp<"range"> {
  let summary = "start, start + delta, ... up to but not including limit";
  let description = [{
    The number of elements is `ceil((limit - start) / delta)`. A zero delta, and
    one that leads away from the limit, are errors at run time. Constraints:

    * (C1) the operands are scalars of one element type
  }];
  let arguments = (ins TFC_RealTensor:$start, TFC_RealTensor:$limit, TFC_RealTensor:$delta);
  let assemblyFormat = "$start `,` $limit `,` $delta attr-dict `:` functional-type(operands, results)";
}

def TFC_ShapeOfOp : TFC_PureOp<"shape_of"> {
  let summary = "The sizes of the dimensions, as a vector of integers";
  let arguments = (ins TFC_Tensor:$x, TypeAttr:$dtype);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}

def TFC_BroadcastToOp : TFC_PureOp<"broadcast_to"> {
  let summary = "Stretch dimensions of size 1, and add leading ones, to a static shape";
  let description = [{
    Constraints:

    * (C1) no dimension of `shape` is unknown
    * (C2) the operand's shape broadcasts to `shape`
  }];
  let arguments = (ins TFC_Tensor:$x, DenseI64ArrayAttr:$shape);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}

def TFC_DynamicBroadcastToOp : TFC_PureOp<"dynamic_broadcast_to"> {
  let summary = "Broadcast to a shape known at run time";
  let arguments = (ins TFC_Tensor:$x, TFC_IndexTensor:$shape);
  let assemblyFormat = "$x `,` $shape attr-dict `:` functional-type(operands, results)";
  let hasCanonicalizer = 1;
}

def TFC_SumToOp : TFC_PureOp<"sum_to"> {
  let summary = "Sum over the dimensions that broadcasting to the operand's shape has stretched";
  let description = [{
    The transpose of `dynamic_broadcast_to`: the result has the shape given by
    `shape`, whose value is known at run time.
  }];
  let arguments = (ins TFC_NumberTensor:$x, TFC_IndexTensor:$shape);
  let assemblyFormat = "$x `,` $shape attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}

def TFC_ReshapeOp : TFC_PureOp<"reshape"> {
  let summary = "The same elements in row-major order with another shape";
  let description = [{
    `shape` may have one unknown dimension (-1 in Python), which is computed.
    Constraints:

    * (C1) at most one dimension of `shape` is unknown, none is negative
    * (C2) the number of elements stays the same
  }];
  let arguments = (ins TFC_Tensor:$x, DenseI64ArrayAttr:$shape);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}

def TFC_DynamicReshapeOp : TFC_PureOp<"dynamic_reshape"> {
  let summary = "Reshape to a shape known at run time; one dimension may be -1";
  let arguments = (ins TFC_Tensor:$x, TFC_IndexTensor:$shape);
  let assemblyFormat = "$x `,` $shape attr-dict `:` functional-type(operands, results)";
  let hasCanonicalizer = 1;
}

def TFC_SqueezeOp : TFC_PureOp<"squeeze"> {
  let summary = "Drop dimensions of size 1";
  let description = [{
    Constraints:

    * (C1) `axes` are ascending and in range
    * (C2) each named dimension is 1 (checked at run time when unknown)
  }];
  let arguments = (ins TFC_Tensor:$x, DenseI64ArrayAttr:$axes);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}

def TFC_ExpandDimsOp : TFC_PureOp<"expand_dims"> {
  let summary = "Insert dimensions of size 1 at these positions of the result";
  let description = [{
    Constraints:

    * (C1) `axes` are ascending and below the result's rank
  }];
  let arguments = (ins TFC_Tensor:$x, DenseI64ArrayAttr:$axes);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}

def TFC_TransposeOp : TFC_PureOp<"transpose"> {
  let summary = "Dimension i of the result is dimension perm[i] of the operand";
  let description = [{
    Constraints:

    * (C1) `perm` is a permutation of the operand's dimensions
  }];
  let arguments = (ins TFC_Tensor:$x, DenseI64ArrayAttr:$perm);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}

def TFC_SliceOp : TFC_PureOp<"slice"> {
  let summary = "A strided box with static bounds";
  let description = [{
    Element i of the result along an axis is element `start + i * stride`. A
    stride may be negative. The size `kDynamic` means "up to the end" and is
    needed only where the operand's size is unknown. Constraints:

    * (C1) `starts`, `sizes` and `strides` have one entry a dimension
    * (C2) the box lies within the operand; strides are not 0
  }];
  let arguments = (ins TFC_Tensor:$x, DenseI64ArrayAttr:$starts,
                       DenseI64ArrayAttr:$sizes, DenseI64ArrayAttr:$strides);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}

def TFC_DynamicSliceOp : TFC_PureOp<"dynamic_slice"> {
  let summary = "A box of static size that starts where the operands say";
  let description = [{
    A start out of range is an error at run time. A size of `kDynamic` means "up
    to the end". Constraints:

    * (C1) `starts` is a vector with one entry a dimension, and so is `sizes`
  }];
  let arguments = (ins TFC_Tensor:$x, TFC_IndexTensor:$starts, DenseI64ArrayAttr:$sizes);
  let assemblyFormat = "$x `,` $starts attr-dict `:` functional-type(operands, results)";
  let hasCanonicalizer = 1;
}

def TFC_DynamicStridedSliceOp : TFC_PureOp<"dynamic_strided_slice"> {
  let summary = "Python's slice start:stop:stride along each dimension, with values known at run time";
  let description = [{
    The bounds are already normalised by Python's rule except that they are
    clamped to the operand's size here; negative bounds count from the end.
    Bit i of `begin_mask`/`end_mask` means that the bound is absent. Constraints:

    * (C1) the three vectors have one entry a dimension
  }];
  let arguments = (ins TFC_Tensor:$x, TFC_IndexTensor:$begins, TFC_IndexTensor:$ends,
                       DenseI64ArrayAttr:$strides, I64Attr:$begin_mask, I64Attr:$end_mask);
  let assemblyFormat = "$x `,` $begins `,` $ends attr-dict `:` functional-type(operands, results)";
  let hasCanonicalizer = 1;
}

def TFC_UpdateSliceOp : TFC_PureOp<"update_slice"> {
  let summary = "The operand with a box replaced; the box starts where `starts` says";
  let description = [{
    A box out of range is an error at run time. Constraints:

    * (C1) `update` has the operand's element type and rank and fits in it
    * (C2) `starts` is a vector with one entry a dimension
    * (C3) `strides` has one entry a dimension, none is 0
  }];
  let arguments = (ins TFC_Tensor:$x, TFC_Tensor:$update, TFC_IndexTensor:$starts,
                       DenseI64ArrayAttr:$strides);
  let assemblyFormat = "$x `,` $update `,` $starts attr-dict `:` functional-type(operands, results)";
}

def TFC_ConcatOp : TFC_PureOp<"concat"> {
  let summary = "Join tensors along one axis";
  let description = [{
    Constraints:

    * (C1) there is at least one operand
    * (C2) `0 <= axis < rank`
    * (C3) operands agree in element type, rank and every dimension but `axis`
  }];
  let arguments = (ins Variadic<TFC_Tensor>:$xs, I64Attr:$axis);
  let assemblyFormat = "$xs attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}

def TFC_PadOp : TFC_PureOp<"pad"> {
  let summary = "Add elements of one value before and after each dimension";
  let description = [{
    Constraints:

    * (C1) `low` and `high` have one entry a dimension, none negative
    * (C2) `value` is a scalar of the operand's element type
  }];
  let arguments = (ins TFC_Tensor:$x, TFC_Tensor:$value, DenseI64ArrayAttr:$low,
                       DenseI64ArrayAttr:$high);
  let assemblyFormat = "$x `,` $value attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}

def TFC_ReverseOp : TFC_PureOp<"reverse"> {
  let summary = "The elements in opposite order along some axes";
  let description = [{
    Constraints:

    * (C1) `axes` are in range and distinct
  }];
  let arguments = (ins TFC_Tensor:$x, DenseI64ArrayAttr:$axes);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}

def TFC_EnsureShapeOp : TFC_PureOp<"ensure_shape"> {
  let summary = "The operand, whose shape is checked at run time and known afterwards";
  let description = [{
    Constraints:

    * (C1) `shape` is compatible with the operand's shape
  }];
  let arguments = (ins TFC_Tensor:$x, DenseI64ArrayAttr:$shape);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}

def TFC_StopGradientOp : TFC_Op<"stop_gradient", [Pure, SameOperandsAndResultType]> {
  let summary = "The operand; no gradient flows through it";
  let description = [{
    Means something to the tape that replays a trace; lowers to its operand.
  }];
  let arguments = (ins TFC_Tensor:$x);
  let results = (outs TFC_Tensor:$result);
  let assemblyFormat = "$x attr-dict `:` type($x)";
}

#endif // TFC_DIALECT_TFC_IR_TFCSHAPEOPS_TD
