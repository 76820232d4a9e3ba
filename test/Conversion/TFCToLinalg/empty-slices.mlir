// RUN: tfc-opt %s -convert-tfc-to-linalg -split-input-file | FileCheck %s

// The verifier of slices wants offsets within the tensor, also of slices without elements.

// CHECK-LABEL: func @nothing_is_read_behind_the_last_element
// CHECK-NOT: extract_slice
// CHECK: %[[NONE:.*]] = tensor.empty() : tensor<0xf32>
// CHECK: return %[[NONE]]
func.func @nothing_is_read_behind_the_last_element(%x: tensor<4xf32>) -> tensor<0xf32> {
  %0 = tfc.slice %x {starts = array<i64: 4>, sizes = array<i64: 0>, strides = array<i64: 1>} : (tensor<4xf32>) -> tensor<0xf32>
  return %0 : tensor<0xf32>
}

// -----

// CHECK-LABEL: func @sizes_that_are_unknown_stay
// CHECK-NOT: extract_slice
// CHECK: %[[NONE:.*]] = tensor.empty(%{{.*}}) : tensor<0x?xf32>
// CHECK: return %[[NONE]]
func.func @sizes_that_are_unknown_stay(%x: tensor<4x?xf32>) -> tensor<0x?xf32> {
  %0 = tfc.slice %x {starts = array<i64: 4, 0>, sizes = array<i64: 0, -9223372036854775808>, strides = array<i64: 1, 1>} : (tensor<4x?xf32>) -> tensor<0x?xf32>
  return %0 : tensor<0x?xf32>
}

// -----

// CHECK-LABEL: func @nothing_is_put_behind_the_last_element
// CHECK: tensor.insert_slice %arg0
// CHECK-NOT: insert_slice
func.func @nothing_is_put_behind_the_last_element(%x: tensor<2x3xf32>, %y: tensor<2x0xf32>) -> tensor<2x3xf32> {
  %0 = tfc.concat %x, %y {axis = 1 : i64} : (tensor<2x3xf32>, tensor<2x0xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}
