// RUN: tfc-opt %s | tfc-opt | FileCheck %s
// RUN: tfc-opt %s -mlir-print-op-generic | tfc-opt | FileCheck %s

// CHECK-LABEL: @constant(
func.func @constant() -> tensor<2xi32> {
  // CHECK: tfc.constant dense<[1, 2]> : tensor<2xi32>
  %r = tfc.constant dense<[1, 2]> : tensor<2xi32>
  return %r : tensor<2xi32>
}

// CHECK-LABEL: @iota(
func.func @iota() -> tensor<2x3xi32> {
  // CHECK: tfc.iota {axis = 1 : i64, dtype = i32, shape = array<i64: 2, 3>} : tensor<2x3xi32>
  %r = tfc.iota {axis = 1 : i64, dtype = i32, shape = array<i64: 2, 3>} : tensor<2x3xi32>
  return %r : tensor<2x3xi32>
}

// CHECK-LABEL: @range(
func.func @range(%a: tensor<f32>, %b: tensor<f32>, %c: tensor<f32>) -> tensor<?xf32> {
  // CHECK: tfc.range %{{.*}}, %{{.*}}, %{{.*}} : (tensor<f32>, tensor<f32>, tensor<f32>) -> tensor<?xf32>
  %r = tfc.range %a, %b, %c : (tensor<f32>, tensor<f32>, tensor<f32>) -> tensor<?xf32>
  return %r : tensor<?xf32>
}

// CHECK-LABEL: @shape_of(
func.func @shape_of(%x: tensor<2x?xf32>) -> tensor<2xi32> {
  // CHECK: tfc.shape_of %{{.*}} {dtype = i32} : (tensor<2x?xf32>) -> tensor<2xi32>
  %r = tfc.shape_of %x {dtype = i32} : (tensor<2x?xf32>) -> tensor<2xi32>
  return %r : tensor<2xi32>
}

// CHECK-LABEL: @broadcast_to(
func.func @broadcast_to(%x: tensor<3xf32>) -> tensor<2x3xf32> {
  // CHECK: tfc.broadcast_to %{{.*}} {shape = array<i64: 2, 3>} : (tensor<3xf32>) -> tensor<2x3xf32>
  %r = tfc.broadcast_to %x {shape = array<i64: 2, 3>} : (tensor<3xf32>) -> tensor<2x3xf32>
  return %r : tensor<2x3xf32>
}

// CHECK-LABEL: @dynamic_broadcast_to(
func.func @dynamic_broadcast_to(%x: tensor<3xf32>, %s: tensor<2xi32>) -> tensor<?x3xf32> {
  // CHECK: tfc.dynamic_broadcast_to %{{.*}}, %{{.*}} : (tensor<3xf32>, tensor<2xi32>) -> tensor<?x3xf32>
  %r = tfc.dynamic_broadcast_to %x, %s : (tensor<3xf32>, tensor<2xi32>) -> tensor<?x3xf32>
  return %r : tensor<?x3xf32>
}

// CHECK-LABEL: @sum_to(
func.func @sum_to(%x: tensor<2x3xf32>, %s: tensor<1xi32>) -> tensor<?xf32> {
  // CHECK: tfc.sum_to %{{.*}}, %{{.*}} : (tensor<2x3xf32>, tensor<1xi32>) -> tensor<?xf32>
  %r = tfc.sum_to %x, %s : (tensor<2x3xf32>, tensor<1xi32>) -> tensor<?xf32>
  return %r : tensor<?xf32>
}

// CHECK-LABEL: @reshape(
func.func @reshape(%x: tensor<2x3xf32>) -> tensor<3x2xf32> {
  // CHECK: tfc.reshape %{{.*}} {shape = array<i64: 3, -9223372036854775808>} : (tensor<2x3xf32>) -> tensor<3x2xf32>
  %r = tfc.reshape %x {shape = array<i64: 3, -9223372036854775808>} : (tensor<2x3xf32>) -> tensor<3x2xf32>
  return %r : tensor<3x2xf32>
}

// CHECK-LABEL: @dynamic_reshape(
func.func @dynamic_reshape(%x: tensor<2x3xf32>, %s: tensor<2xi64>) -> tensor<?x?xf32> {
  // CHECK: tfc.dynamic_reshape %{{.*}}, %{{.*}} : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  %r = tfc.dynamic_reshape %x, %s : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return %r : tensor<?x?xf32>
}

// CHECK-LABEL: @squeeze(
func.func @squeeze(%x: tensor<2x1x?xf32>) -> tensor<2x?xf32> {
  // CHECK: tfc.squeeze %{{.*}} {axes = array<i64: 1>} : (tensor<2x1x?xf32>) -> tensor<2x?xf32>
  %r = tfc.squeeze %x {axes = array<i64: 1>} : (tensor<2x1x?xf32>) -> tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @expand_dims(
func.func @expand_dims(%x: tensor<2xf32>) -> tensor<1x2x1xf32> {
  // CHECK: tfc.expand_dims %{{.*}} {axes = array<i64: 0, 2>} : (tensor<2xf32>) -> tensor<1x2x1xf32>
  %r = tfc.expand_dims %x {axes = array<i64: 0, 2>} : (tensor<2xf32>) -> tensor<1x2x1xf32>
  return %r : tensor<1x2x1xf32>
}

// CHECK-LABEL: @transpose(
func.func @transpose(%x: tensor<2x?xf32>) -> tensor<?x2xf32> {
  // CHECK: tfc.transpose %{{.*}} {perm = array<i64: 1, 0>} : (tensor<2x?xf32>) -> tensor<?x2xf32>
  %r = tfc.transpose %x {perm = array<i64: 1, 0>} : (tensor<2x?xf32>) -> tensor<?x2xf32>
  return %r : tensor<?x2xf32>
}

// CHECK-LABEL: @ensure_shape(
func.func @ensure_shape(%x: tensor<*xf32>) -> tensor<2x?xf32> {
  // CHECK: tfc.ensure_shape %{{.*}} {shape = array<i64: 2, -9223372036854775808>} : (tensor<*xf32>) -> tensor<2x?xf32>
  %r = tfc.ensure_shape %x {shape = array<i64: 2, -9223372036854775808>} : (tensor<*xf32>) -> tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @stop_gradient(
func.func @stop_gradient(%x: tensor<2x?xf32>) -> tensor<2x?xf32> {
  // CHECK: tfc.stop_gradient %{{.*}} : tensor<2x?xf32>
  %r = tfc.stop_gradient %x : tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}
