// RUN: tfc-opt %s | tfc-opt | FileCheck %s
// RUN: tfc-opt %s -mlir-print-op-generic | tfc-opt | FileCheck %s

// CHECK-LABEL: @slice(
func.func @slice(%x: tensor<9x?xf32>) -> tensor<4x?xf32> {
  // CHECK: tfc.slice %{{.*}} {sizes = array<i64: 4, -9223372036854775808>, starts = array<i64: 8, 1>, strides = array<i64: -2, 1>} : (tensor<9x?xf32>) -> tensor<4x?xf32>
  %r = tfc.slice %x {sizes = array<i64: 4, -9223372036854775808>, starts = array<i64: 8, 1>, strides = array<i64: -2, 1>} : (tensor<9x?xf32>) -> tensor<4x?xf32>
  return %r : tensor<4x?xf32>
}

// CHECK-LABEL: @dynamic_slice(
func.func @dynamic_slice(%x: tensor<9x?xf32>, %s: tensor<2xi32>) -> tensor<2x3xf32> {
  // CHECK: tfc.dynamic_slice %{{.*}}, %{{.*}} {sizes = array<i64: 2, 3>} : (tensor<9x?xf32>, tensor<2xi32>) -> tensor<2x3xf32>
  %r = tfc.dynamic_slice %x, %s {sizes = array<i64: 2, 3>} : (tensor<9x?xf32>, tensor<2xi32>) -> tensor<2x3xf32>
  return %r : tensor<2x3xf32>
}

// CHECK-LABEL: @dynamic_strided_slice(
func.func @dynamic_strided_slice(%x: tensor<9xf32>, %b: tensor<1xi32>, %e: tensor<1xi32>) -> tensor<?xf32> {
  // CHECK: tfc.dynamic_strided_slice %{{.*}}, %{{.*}}, %{{.*}} {begin_mask = 0 : i64, end_mask = 1 : i64, strides = array<i64: 2>} : (tensor<9xf32>, tensor<1xi32>, tensor<1xi32>) -> tensor<?xf32>
  %r = tfc.dynamic_strided_slice %x, %b, %e {begin_mask = 0 : i64, end_mask = 1 : i64, strides = array<i64: 2>} : (tensor<9xf32>, tensor<1xi32>, tensor<1xi32>) -> tensor<?xf32>
  return %r : tensor<?xf32>
}

// CHECK-LABEL: @update_slice(
func.func @update_slice(%x: tensor<9xf32>, %u: tensor<2xf32>, %s: tensor<1xi32>) -> tensor<9xf32> {
  // CHECK: tfc.update_slice %{{.*}}, %{{.*}}, %{{.*}} {strides = array<i64: 1>} : (tensor<9xf32>, tensor<2xf32>, tensor<1xi32>) -> tensor<9xf32>
  %r = tfc.update_slice %x, %u, %s {strides = array<i64: 1>} : (tensor<9xf32>, tensor<2xf32>, tensor<1xi32>) -> tensor<9xf32>
  return %r : tensor<9xf32>
}

// CHECK-LABEL: @concat(
func.func @concat(%x: tensor<2x3xf32>, %y: tensor<?x3xf32>) -> tensor<2x6xf32> {
  // CHECK: tfc.concat %{{.*}}, %{{.*}} {axis = 1 : i64} : (tensor<2x3xf32>, tensor<?x3xf32>) -> tensor<2x6xf32>
  %r = tfc.concat %x, %y {axis = 1 : i64} : (tensor<2x3xf32>, tensor<?x3xf32>) -> tensor<2x6xf32>
  return %r : tensor<2x6xf32>
}

// CHECK-LABEL: @pad(
func.func @pad(%x: tensor<2xf32>, %v: tensor<f32>) -> tensor<5xf32> {
  // CHECK: tfc.pad %{{.*}}, %{{.*}} {high = array<i64: 2>, low = array<i64: 1>} : (tensor<2xf32>, tensor<f32>) -> tensor<5xf32>
  %r = tfc.pad %x, %v {high = array<i64: 2>, low = array<i64: 1>} : (tensor<2xf32>, tensor<f32>) -> tensor<5xf32>
  return %r : tensor<5xf32>
}

// CHECK-LABEL: @reverse(
func.func @reverse(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  // CHECK: tfc.reverse %{{.*}} {axes = array<i64: 1, 0>} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %r = tfc.reverse %x {axes = array<i64: 1, 0>} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %r : tensor<2x3xf32>
}
