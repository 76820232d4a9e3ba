//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Ops on sliding windows: convolution, pooling, and their gradients.
//
//===----------------------------------------------------------------------===//

#ifndef TFC_DIALECT_TFC_IR_TFCWINDOWOPS_TD
#define TFC_DIALECT_TFC_IR_TFCWINDOWOPS_TD

include "tfc/Dialect/TFC/IR/TFCBase.td"

/// Tensors are [batch, spatial..., channels]. Element k of the window at place o of a spatial
/// dimension lies at `o * stride + k * dilation - before`. `padding` has two entries, before and
/// after, for each spatial dimension; or none: then it is what makes the number of places
/// ceil(size / stride), the odd element after.
class TFC_WindowOp<string mnemonic> : TFC_PureOp<mnemonic> {
  code extraClassDeclaration = [{
    /// How many dimensions the window slides along.
    int64_t getNumSpatial() { return getStrides().size(); }
  }];
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}

def TFC_ConvOp : TFC_WindowOp<"conv"> {
  let summary = "Convolution: products of windows with a filter, summed up";
  let description = [{
    `x` is [batch, spatial..., channels], `filter` is [window..., channels / groups, features].
    Feature f belongs to group `f / (features / groups)` and sees that group's channels only;
    the filter is not mirrored. bf16 and f16 accumulate in f32. Constraints:

    * (C1) both operands have the same element type and rank `strides.size() + 2` >= 3
    * (C2) `strides`, `dilations` and `groups` are at least 1, one entry a spatial dimension
    * (C3) `padding` is empty, or has two entries >= 0 for each spatial dimension
    * (C4) channels are `groups` times the filter's; `groups` divides the features
    * (C5) with explicit padding, the window fits in the padded size
  }];
  let arguments = (ins TFC_NumberTensor:$x, TFC_NumberTensor:$filter, DenseI64ArrayAttr:$strides,
                       DenseI64ArrayAttr:$dilations, DenseI64ArrayAttr:$padding, I64Attr:$groups);
}

def TFC_ConvInputGradOp : TFC_WindowOp<"conv_input_grad"> {
  let summary = "The gradient of a convolution with respect to its input: transposed convolution";
  let description = [{
    `g` is like the result of `conv` of a tensor of shape `shape` and `filter`. Constraints:

    * (C1) `g` and `filter` have the same element type and rank `strides.size() + 2` >= 3
    * (C2), (C3) and (C5) of `conv`
    * (C4) `shape` is a vector with an entry for each dimension; the channels in it are
      `groups` times the filter's
    * (C6) `g` has the shape of `conv` of such a tensor
  }];
  let arguments = (ins TFC_NumberTensor:$g, TFC_NumberTensor:$filter, TFC_IntTensor:$shape,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$dilations,
                       DenseI64ArrayAttr:$padding, I64Attr:$groups);
}

def TFC_ConvFilterGradOp : TFC_WindowOp<"conv_filter_grad"> {
  let summary = "The gradient of a convolution with respect to its filter";
  let description = [{
    `g` is like the result of `conv` of `x` and a filter of shape `shape`. Constraints:

    * (C1) `x` and `g` have the same element type and rank `strides.size() + 2` >= 3
    * (C2), (C3) and (C5) of `conv`
    * (C4) `shape` is a vector with an entry for each dimension
    * (C6) `g` has the shape of `conv` of `x` and such a filter
  }];
  let arguments = (ins TFC_NumberTensor:$x, TFC_NumberTensor:$g, TFC_IntTensor:$shape,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$dilations,
                       DenseI64ArrayAttr:$padding, I64Attr:$groups);
}

class TFC_PoolOp<string mnemonic, string verb, Type type> : TFC_WindowOp<mnemonic> {
  let summary = verb # " of each window";
  let description = [{
    Padding takes no part. Constraints:

    * (C1) `x` has rank `window.size() + 2` >= 3
    * (C2) `window`, `strides` and `dilations` are at least 1, one entry a spatial dimension
    * (C3) `padding` is empty, or has two entries for each spatial dimension, which are
      at least 0 and less than the window's extent
    * (C5) with explicit padding, the window fits in the padded size
  }];
  let arguments = (ins type:$x, DenseI64ArrayAttr:$window, DenseI64ArrayAttr:$strides,
                       DenseI64ArrayAttr:$dilations, DenseI64ArrayAttr:$padding);
}
def TFC_MaxPoolOp : TFC_PoolOp<"max_pool", "the largest element, NaN if there is one,", TFC_RealTensor>;
def TFC_ArgmaxPoolOp : TFC_PoolOp<"argmax_pool",
    "the position (i64, in row-major order, of the whole tensor) of the first of the largest elements",
    TFC_RealTensor>;
def TFC_AvgPoolOp : TFC_PoolOp<"avg_pool", "the mean", TFC_FloatTensor>;

def TFC_AvgPoolGradOp : TFC_WindowOp<"avg_pool_grad"> {
  let summary = "The gradient of avg_pool";
  let description = [{
    `g` is like the result of `avg_pool` of a tensor of shape `shape`. Constraints:

    * (C1) `g` has rank `window.size() + 2` >= 3
    * (C2), (C3) and (C5) of `avg_pool`
    * (C4) `shape` is a vector with an entry for each dimension
    * (C6) `g` has the shape of `avg_pool` of such a tensor
  }];
  let arguments = (ins TFC_FloatTensor:$g, TFC_IntTensor:$shape, DenseI64ArrayAttr:$window,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$dilations,
                       DenseI64ArrayAttr:$padding);
}

#endif // TFC_DIALECT_TFC_IR_TFCWINDOWOPS_TD
