// RUN: tfc-opt %s --convert-tfc-to-linalg --split-input-file | FileCheck %s
// RUN: tfc-opt %s --convert-tfc-to-linalg="bf16-pairs=tiles" --split-input-file | FileCheck %s --check-prefix=PAIRS
// RUN: tfc-opt %s --convert-tfc-to-linalg="bf16-pairs=tiles reassociate=false" --split-input-file | FileCheck %s --check-prefix=STRICT

// Sums are rounded in the loop of what follows, which has them from no tensor in between.
// CHECK-LABEL: func @rounded
// CHECK: %[[SUMS:.+]] = linalg.matmul {{.*}} -> tensor<32x32xf32>
// CHECK-NEXT: tensor.empty() : tensor<32x32xbf16>
// CHECK-NEXT: linalg.generic {{.*}} ins(%[[SUMS]], %arg0 : tensor<32x32xf32>, tensor<32x32xbf16>)
// CHECK: arith.truncf {{.*}} : f32 to bf16
// CHECK: arith.maximumf
// CHECK-NOT: linalg.generic
func.func @rounded(%x: tensor<32x32xbf16>, %y: tensor<32x32xbf16>) -> tensor<32x32xbf16> attributes {tfc.entry} {
  %p = tfc.matmul %x, %y {transpose_x = false, transpose_y = false} : (tensor<32x32xbf16>, tensor<32x32xbf16>) -> tensor<32x32xbf16>
  %z = tfc.maximum %p, %x : (tensor<32x32xbf16>, tensor<32x32xbf16>) -> tensor<32x32xbf16>
  return %z : tensor<32x32xbf16>
}

// -----

// Operands are widened first, since each element is used many times; instructions for pairs take them as they are.
// CHECK-LABEL: func @convolution
// CHECK: tensor<1x8x8x32xf32> into tensor<1x10x10x32xf32>
// PAIRS-LABEL: func @convolution
// PAIRS: tensor<1x8x8x32xbf16> into tensor<1x10x10x32xbf16>
// STRICT-LABEL: func @convolution
// STRICT: tensor<1x8x8x32xf32> into tensor<1x10x10x32xf32>
func.func @convolution(%x: tensor<1x8x8x32xbf16>, %w: tensor<3x3x32x16xbf16>) -> tensor<1x8x8x16xbf16> attributes {tfc.entry} {
  %y = "tfc.conv"(%x, %w) {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, groups = 1 : i64} : (tensor<1x8x8x32xbf16>, tensor<3x3x32x16xbf16>) -> tensor<1x8x8x16xbf16>
  return %y : tensor<1x8x8x16xbf16>
}
