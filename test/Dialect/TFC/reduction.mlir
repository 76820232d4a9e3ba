// RUN: tfc-opt %s | tfc-opt | FileCheck %s
// RUN: tfc-opt %s -mlir-print-op-generic | tfc-opt | FileCheck %s

// CHECK-LABEL: @reduce_sum(
func.func @reduce_sum(%x: tensor<2x?xf32>) -> tensor<?xf32> {
  // CHECK: tfc.reduce_sum %{{.*}} {axes = array<i64: 0>, keepdims = false} : (tensor<2x?xf32>) -> tensor<?xf32>
  %r = tfc.reduce_sum %x {axes = array<i64: 0>, keepdims = false} : (tensor<2x?xf32>) -> tensor<?xf32>
  return %r : tensor<?xf32>
}

// CHECK-LABEL: @reduce_prod(
func.func @reduce_prod(%x: tensor<2x?xcomplex<f64>>) -> tensor<1x?xcomplex<f64>> {
  // CHECK: tfc.reduce_prod %{{.*}} {axes = array<i64: 0>, keepdims = true} : (tensor<2x?xcomplex<f64>>) -> tensor<1x?xcomplex<f64>>
  %r = tfc.reduce_prod %x {axes = array<i64: 0>, keepdims = true} : (tensor<2x?xcomplex<f64>>) -> tensor<1x?xcomplex<f64>>
  return %r : tensor<1x?xcomplex<f64>>
}

// CHECK-LABEL: @reduce_max(
func.func @reduce_max(%x: tensor<2x?xbf16>) -> tensor<?xbf16> {
  // CHECK: tfc.reduce_max %{{.*}} {axes = array<i64: 0>, keepdims = false} : (tensor<2x?xbf16>) -> tensor<?xbf16>
  %r = tfc.reduce_max %x {axes = array<i64: 0>, keepdims = false} : (tensor<2x?xbf16>) -> tensor<?xbf16>
  return %r : tensor<?xbf16>
}

// CHECK-LABEL: @reduce_min(
func.func @reduce_min(%x: tensor<2x?xi8>) -> tensor<?xi8> {
  // CHECK: tfc.reduce_min %{{.*}} {axes = array<i64: 0>, keepdims = false} : (tensor<2x?xi8>) -> tensor<?xi8>
  %r = tfc.reduce_min %x {axes = array<i64: 0>, keepdims = false} : (tensor<2x?xi8>) -> tensor<?xi8>
  return %r : tensor<?xi8>
}

// CHECK-LABEL: @reduce_any(
func.func @reduce_any(%x: tensor<2x?xi1>) -> tensor<1x?xi1> {
  // CHECK: tfc.reduce_any %{{.*}} {axes = array<i64: 0>, keepdims = true} : (tensor<2x?xi1>) -> tensor<1x?xi1>
  %r = tfc.reduce_any %x {axes = array<i64: 0>, keepdims = true} : (tensor<2x?xi1>) -> tensor<1x?xi1>
  return %r : tensor<1x?xi1>
}

// CHECK-LABEL: @reduce_all(
func.func @reduce_all(%x: tensor<2x?xi1>) -> tensor<?xi1> {
  // CHECK: tfc.reduce_all %{{.*}} {axes = array<i64: 0>, keepdims = false} : (tensor<2x?xi1>) -> tensor<?xi1>
  %r = tfc.reduce_all %x {axes = array<i64: 0>, keepdims = false} : (tensor<2x?xi1>) -> tensor<?xi1>
  return %r : tensor<?xi1>
}

// CHECK-LABEL: @argmax(
func.func @argmax(%x: tensor<2x?xf32>) -> tensor<2xi64> {
  // CHECK: tfc.argmax %{{.*}} {axis = 1 : i64, dtype = i64} : (tensor<2x?xf32>) -> tensor<2xi64>
  %r = tfc.argmax %x {axis = 1 : i64, dtype = i64} : (tensor<2x?xf32>) -> tensor<2xi64>
  return %r : tensor<2xi64>
}

// CHECK-LABEL: @argmin(
func.func @argmin(%x: tensor<2x?xf32>) -> tensor<2xi64> {
  // CHECK: tfc.argmin %{{.*}} {axis = 1 : i64, dtype = i64} : (tensor<2x?xf32>) -> tensor<2xi64>
  %r = tfc.argmin %x {axis = 1 : i64, dtype = i64} : (tensor<2x?xf32>) -> tensor<2xi64>
  return %r : tensor<2xi64>
}

// CHECK-LABEL: @cumsum(
func.func @cumsum(%x: tensor<2x?xf32>) -> tensor<2x?xf32> {
  // CHECK: tfc.cumsum %{{.*}} {axis = 1 : i64, exclusive = true, reverse = false} : (tensor<2x?xf32>) -> tensor<2x?xf32>
  %r = tfc.cumsum %x {axis = 1 : i64, exclusive = true, reverse = false} : (tensor<2x?xf32>) -> tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @cumprod(
func.func @cumprod(%x: tensor<2x?xf32>) -> tensor<2x?xf32> {
  // CHECK: tfc.cumprod %{{.*}} {axis = 1 : i64, exclusive = true, reverse = false} : (tensor<2x?xf32>) -> tensor<2x?xf32>
  %r = tfc.cumprod %x {axis = 1 : i64, exclusive = true, reverse = false} : (tensor<2x?xf32>) -> tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @cumlogsumexp(
func.func @cumlogsumexp(%x: tensor<2x?xf32>) -> tensor<2x?xf32> {
  // CHECK: tfc.cumlogsumexp %{{.*}} {axis = 1 : i64, exclusive = false, reverse = true} : (tensor<2x?xf32>) -> tensor<2x?xf32>
  %r = tfc.cumlogsumexp %x {axis = 1 : i64, exclusive = false, reverse = true} : (tensor<2x?xf32>) -> tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @linear_recurrence(
func.func @linear_recurrence(%a: tensor<2x?xf32>, %x: tensor<?x3xf32>) -> tensor<2x3xf32> {
  // CHECK: tfc.linear_recurrence %{{.*}}, %{{.*}} {axis = 1 : i64, reverse = false} : (tensor<2x?xf32>, tensor<?x3xf32>) -> tensor<2x3xf32>
  %r = tfc.linear_recurrence %a, %x {axis = 1 : i64, reverse = false} : (tensor<2x?xf32>, tensor<?x3xf32>) -> tensor<2x3xf32>
  return %r : tensor<2x3xf32>
}

// CHECK-LABEL: @matmul(
func.func @matmul(%x: tensor<5x1x3x2xf32>, %y: tensor<4x3x?xf32>) -> tensor<5x4x2x?xf32> {
  // CHECK: tfc.matmul %{{.*}}, %{{.*}} {transpose_x = true, transpose_y = false} : (tensor<5x1x3x2xf32>, tensor<4x3x?xf32>) -> tensor<5x4x2x?xf32>
  %r = tfc.matmul %x, %y {transpose_x = true, transpose_y = false} : (tensor<5x1x3x2xf32>, tensor<4x3x?xf32>) -> tensor<5x4x2x?xf32>
  return %r : tensor<5x4x2x?xf32>
}
