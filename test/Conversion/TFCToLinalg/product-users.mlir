// RUN: tfc-opt %s --convert-tfc-to-linalg --split-input-file | FileCheck %s

// The update that alone reads the first product comes before the second one.

// CHECK-LABEL: func.func @updates
// CHECK:       linalg.matmul
// CHECK-NEXT:  tensor.empty
// CHECK-NEXT:  linalg.generic
// CHECK:         arith.mulf
// CHECK:         arith.subf
// CHECK:       linalg.matmul
// CHECK:       linalg.generic
func.func @updates(%x: tensor<8x4xf32>, %y: tensor<4x6xf32>, %z: tensor<4x6xf32>, %v: tensor<8x6xf32>, %w: tensor<8x6xf32>)
    -> (tensor<8x6xf32>, tensor<8x6xf32>) {
  %rate = tfc.constant dense<2.0> : tensor<f32>
  %0 = tfc.matmul %x, %y {transpose_x = false, transpose_y = false} : (tensor<8x4xf32>, tensor<4x6xf32>) -> tensor<8x6xf32>
  %1 = tfc.matmul %x, %z {transpose_x = false, transpose_y = false} : (tensor<8x4xf32>, tensor<4x6xf32>) -> tensor<8x6xf32>
  %2 = tfc.mul %0, %rate : (tensor<8x6xf32>, tensor<f32>) -> tensor<8x6xf32>
  %3 = tfc.sub %v, %2 : (tensor<8x6xf32>, tensor<8x6xf32>) -> tensor<8x6xf32>
  %4 = tfc.mul %1, %rate : (tensor<8x6xf32>, tensor<f32>) -> tensor<8x6xf32>
  %5 = tfc.sub %w, %4 : (tensor<8x6xf32>, tensor<8x6xf32>) -> tensor<8x6xf32>
  return %3, %5 : tensor<8x6xf32>, tensor<8x6xf32>
}

// -----

// It stays where it is if what it may overwrite is read by the second product.

// CHECK-LABEL: func.func @still_read
// CHECK:       linalg.matmul
// CHECK-NOT:   arith.subf
// CHECK:       linalg.matmul
// CHECK:       arith.subf
func.func @still_read(%x: tensor<8x4xf32>, %y: tensor<4x6xf32>, %z: tensor<6x6xf32>, %v: tensor<8x6xf32>)
    -> (tensor<8x6xf32>, tensor<8x6xf32>) {
  %0 = tfc.matmul %x, %y {transpose_x = false, transpose_y = false} : (tensor<8x4xf32>, tensor<4x6xf32>) -> tensor<8x6xf32>
  %1 = tfc.matmul %v, %z {transpose_x = false, transpose_y = false} : (tensor<8x6xf32>, tensor<6x6xf32>) -> tensor<8x6xf32>
  %2 = tfc.sub %v, %0 : (tensor<8x6xf32>, tensor<8x6xf32>) -> tensor<8x6xf32>
  return %2, %1 : tensor<8x6xf32>, tensor<8x6xf32>
}

// -----

// Nor does it pass what has an effect.

// CHECK-LABEL: func.func @after_an_effect
// CHECK:       linalg.matmul
// CHECK-NOT:   arith.subf
// CHECK:       materialize_in_destination
// CHECK:       arith.subf
func.func @after_an_effect(%x: tensor<8x4xf32>, %y: tensor<4x6xf32>, %v: tensor<8x6xf32>, %r: !tfc.resource<tensor<2xf32>>, %s: tensor<2xf32>)
    -> tensor<8x6xf32> {
  %0 = tfc.matmul %x, %y {transpose_x = false, transpose_y = false} : (tensor<8x4xf32>, tensor<4x6xf32>) -> tensor<8x6xf32>
  %token = tfc.assign_variable %r, %s : !tfc.resource<tensor<2xf32>>, tensor<2xf32>
  %1 = tfc.sub %v, %0 : (tensor<8x6xf32>, tensor<8x6xf32>) -> tensor<8x6xf32>
  return %1 : tensor<8x6xf32>
}
