// RUN: tfc-opt %s --convert-tfc-to-linalg --canonicalize --cse --split-input-file | FileCheck %s

// Coordinates are taken before the difference, which is not stored.
// CHECK-LABEL: func @components
// CHECK-COUNT-1: linalg.generic
// CHECK-NOT: linalg.generic
func.func @components(%x: tensor<64x1x2xf32>, %y: tensor<1x32x2xf32>) -> tensor<64x32x1xf32> {
  %d = tfc.sub %x, %y : (tensor<64x1x2xf32>, tensor<1x32x2xf32>) -> tensor<64x32x2xf32>
  %0 = tfc.slice %d {starts = array<i64: 0, 0, 0>, sizes = array<i64: 64, 32, 1>, strides = array<i64: 1, 1, 1>} : (tensor<64x32x2xf32>) -> tensor<64x32x1xf32>
  %1 = tfc.slice %d {starts = array<i64: 0, 0, 1>, sizes = array<i64: 64, 32, 1>, strides = array<i64: 1, 1, 1>} : (tensor<64x32x2xf32>) -> tensor<64x32x1xf32>
  %2 = tfc.mul %0, %1 : (tensor<64x32x1xf32>, tensor<64x32x1xf32>) -> tensor<64x32x1xf32>
  return %2 : tensor<64x32x1xf32>
}

// -----

// What is needed as a whole as well is computed once.
// CHECK-LABEL: func @whole
// CHECK: linalg.generic
// CHECK: arith.subf
// CHECK: tensor.extract_slice
func.func @whole(%x: tensor<64x2xf32>, %y: tensor<64x2xf32>) -> (tensor<64x2xf32>, tensor<64x1xf32>) {
  %d = tfc.sub %x, %y : (tensor<64x2xf32>, tensor<64x2xf32>) -> tensor<64x2xf32>
  %0 = tfc.slice %d {starts = array<i64: 0, 0>, sizes = array<i64: 64, 1>, strides = array<i64: 1, 1>} : (tensor<64x2xf32>) -> tensor<64x1xf32>
  return %d, %0 : tensor<64x2xf32>, tensor<64x1xf32>
}

// -----

// Slices that overlap would compute elements twice.
// CHECK-LABEL: func @overlapping
// CHECK: arith.subf
// CHECK-NOT: arith.subf
func.func @overlapping(%x: tensor<64x3xf32>, %y: tensor<64x3xf32>) -> (tensor<64x2xf32>, tensor<64x2xf32>) {
  %d = tfc.sub %x, %y : (tensor<64x3xf32>, tensor<64x3xf32>) -> tensor<64x3xf32>
  %0 = tfc.slice %d {starts = array<i64: 0, 0>, sizes = array<i64: 64, 2>, strides = array<i64: 1, 1>} : (tensor<64x3xf32>) -> tensor<64x2xf32>
  %1 = tfc.slice %d {starts = array<i64: 0, 1>, sizes = array<i64: 64, 2>, strides = array<i64: 1, 1>} : (tensor<64x3xf32>) -> tensor<64x2xf32>
  return %0, %1 : tensor<64x2xf32>, tensor<64x2xf32>
}

// -----

// Functions that cost much stay in vectors, with all components.
// CHECK-LABEL: func @expensive
// CHECK: math.exp
// CHECK-NOT: math.exp
func.func @expensive(%x: tensor<64x2xf32>) -> (tensor<64x1xf32>, tensor<64x1xf32>) {
  %e = tfc.exp %x : (tensor<64x2xf32>) -> tensor<64x2xf32>
  %0 = tfc.slice %e {starts = array<i64: 0, 0>, sizes = array<i64: 64, 1>, strides = array<i64: 1, 1>} : (tensor<64x2xf32>) -> tensor<64x1xf32>
  %1 = tfc.slice %e {starts = array<i64: 0, 1>, sizes = array<i64: 64, 1>, strides = array<i64: 1, 1>} : (tensor<64x2xf32>) -> tensor<64x1xf32>
  return %0, %1 : tensor<64x1xf32>, tensor<64x1xf32>
}
