// RUN: tfc-opt %s -convert-tfc-to-linalg -split-input-file | FileCheck %s

// CHECK-LABEL: func @slice_is_a_view
// CHECK: tensor.extract_slice %{{.*}}[1, 0] [2, 4] [1, 2] : tensor<4x8xf32> to tensor<2x4xf32>
func.func @slice_is_a_view(%x: tensor<4x8xf32>) -> tensor<2x4xf32> {
  %0 = tfc.slice %x {starts = array<i64: 1, 0>, sizes = array<i64: 2, 4>, strides = array<i64: 1, 2>} : (tensor<4x8xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

// CHECK-LABEL: func @update_slice_inserts
// CHECK: tensor.insert_slice %{{.*}} into %{{.*}}[%{{.*}}, %{{.*}}] [2, 2] [1, 1]
func.func @update_slice_inserts(%x: tensor<4x8xf32>, %u: tensor<2x2xf32>, %s: tensor<2xi32>) -> tensor<4x8xf32> {
  %0 = tfc.update_slice %x, %u, %s {strides = array<i64: 1, 1>} : (tensor<4x8xf32>, tensor<2x2xf32>, tensor<2xi32>) -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

// -----

// CHECK-LABEL: func @reshape_is_a_view
// CHECK: tensor.collapse_shape
// CHECK: tensor.expand_shape
// CHECK-NOT: linalg
func.func @reshape_is_a_view(%x: tensor<4x6xf32>) -> tensor<3x8xf32> {
  %0 = tfc.reshape %x {shape = array<i64: 3, 8>} : (tensor<4x6xf32>) -> tensor<3x8xf32>
  return %0 : tensor<3x8xf32>
}

// -----

// CHECK-LABEL: func @concat_inserts_each_part
// CHECK: tensor.insert_slice %{{.*}}[0, 0] [2, 3] [1, 1]
// CHECK: tensor.insert_slice %{{.*}}[0, 3] [2, 4] [1, 1]
func.func @concat_inserts_each_part(%x: tensor<2x3xf32>, %y: tensor<2x4xf32>) -> tensor<2x7xf32> {
  %0 = tfc.concat %x, %y {axis = 1 : i64} : (tensor<2x3xf32>, tensor<2x4xf32>) -> tensor<2x7xf32>
  return %0 : tensor<2x7xf32>
}

// -----

// A shape that is taken apart again never was a tensor.
// CHECK-LABEL: func @shape_stays_in_registers(
// CHECK-SAME: %[[X:.*]]: tensor<?x4xf32>
// CHECK: %[[N:.*]] = tensor.dim %[[X]]
// CHECK: tensor.empty(%{{.*}}) : tensor<?x2xf32>
func.func @shape_stays_in_registers(%x: tensor<?x4xf32>, %y: tensor<2xf32>) -> tensor<?x2xf32> {
  %s = tfc.shape_of %x {dtype = i32} : (tensor<?x4xf32>) -> tensor<2xi32>
  %n = tfc.slice %s {starts = array<i64: 0>, sizes = array<i64: 1>, strides = array<i64: 1>} : (tensor<2xi32>) -> tensor<1xi32>
  %two = tfc.constant dense<2> : tensor<1xi32>
  %to = tfc.concat %n, %two {axis = 0 : i64} : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
  %r = tfc.dynamic_broadcast_to %y, %to : (tensor<2xf32>, tensor<2xi32>) -> tensor<?x2xf32>
  return %r : tensor<?x2xf32>
}

// -----

// CHECK-LABEL: func @gather_of_one_row_is_a_view
// CHECK: tensor.extract_slice %{{.*}}[%{{.*}}, 0] [1, 8] [1, 1] : tensor<4x8xf32> to tensor<8xf32>
func.func @gather_of_one_row_is_a_view(%x: tensor<4x8xf32>, %i: tensor<i32>) -> tensor<8xf32> {
  %0 = tfc.gather %x, %i {axis = 0 : i64, batch_dims = 0 : i64} : (tensor<4x8xf32>, tensor<i32>) -> tensor<8xf32>
  return %0 : tensor<8xf32>
}

// -----

// CHECK-LABEL: func @scatter_accumulates_in_order
// CHECK: scf.for
// CHECK: scf.for
// CHECK: tensor.extract
// CHECK: arith.addf
// CHECK: tensor.insert
func.func @scatter_accumulates_in_order(%x: tensor<4x5xf32>, %i: tensor<3x1xi32>, %u: tensor<3x5xf32>) -> tensor<4x5xf32> {
  %0 = tfc.scatter %x, %i, %u {mode = "add"} : (tensor<4x5xf32>, tensor<3x1xi32>, tensor<3x5xf32>) -> tensor<4x5xf32>
  return %0 : tensor<4x5xf32>
}

// -----

// CHECK-LABEL: func @nonzero_counts_first
// CHECK: linalg.generic {{.*}}"reduction", "reduction"
// CHECK: tensor.empty(%{{.*}}) : tensor<?x2xi64>
// CHECK: scf.for
func.func @nonzero_counts_first(%x: tensor<3x4xi1>) -> tensor<?x2xi64> {
  %0 = tfc.nonzero %x : (tensor<3x4xi1>) -> tensor<?x2xi64>
  return %0 : tensor<?x2xi64>
}
