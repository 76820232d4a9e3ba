// RUN: tfc-opt %s | tfc-opt | FileCheck %s
// RUN: tfc-opt %s -mlir-print-op-generic | tfc-opt | FileCheck %s

// CHECK-LABEL: @gather(
func.func @gather(%x: tensor<2x5x3xf32>, %i: tensor<2x7xi32>) -> tensor<2x7x3xf32> {
  // CHECK: tfc.gather %{{.*}}, %{{.*}} {axis = 1 : i64, batch_dims = 1 : i64} : (tensor<2x5x3xf32>, tensor<2x7xi32>) -> tensor<2x7x3xf32>
  %r = tfc.gather %x, %i {axis = 1 : i64, batch_dims = 1 : i64} : (tensor<2x5x3xf32>, tensor<2x7xi32>) -> tensor<2x7x3xf32>
  return %r : tensor<2x7x3xf32>
}

// CHECK-LABEL: @gather_nd(
func.func @gather_nd(%x: tensor<2x5x3xf32>, %i: tensor<7x2xi32>) -> tensor<7x3xf32> {
  // CHECK: tfc.gather_nd %{{.*}}, %{{.*}} {batch_dims = 0 : i64} : (tensor<2x5x3xf32>, tensor<7x2xi32>) -> tensor<7x3xf32>
  %r = tfc.gather_nd %x, %i {batch_dims = 0 : i64} : (tensor<2x5x3xf32>, tensor<7x2xi32>) -> tensor<7x3xf32>
  return %r : tensor<7x3xf32>
}

// CHECK-LABEL: @scatter(
func.func @scatter(%x: tensor<5x3xf32>, %i: tensor<?x1xi32>, %u: tensor<?x3xf32>) -> tensor<5x3xf32> {
  // CHECK: tfc.scatter %{{.*}}, %{{.*}}, %{{.*}} {mode = "add"} : (tensor<5x3xf32>, tensor<?x1xi32>, tensor<?x3xf32>) -> tensor<5x3xf32>
  %r = tfc.scatter %x, %i, %u {mode = "add"} : (tensor<5x3xf32>, tensor<?x1xi32>, tensor<?x3xf32>) -> tensor<5x3xf32>
  return %r : tensor<5x3xf32>
}

// CHECK-LABEL: @nonzero(
func.func @nonzero(%x: tensor<5x3xi1>) -> tensor<?x2xi64> {
  // CHECK: tfc.nonzero %{{.*}} : (tensor<5x3xi1>) -> tensor<?x2xi64>
  %r = tfc.nonzero %x : (tensor<5x3xi1>) -> tensor<?x2xi64>
  return %r : tensor<?x2xi64>
}

// CHECK-LABEL: @sort(
func.func @sort(%x: tensor<5x3xf32>) -> tensor<5x3xf32> {
  // CHECK: tfc.sort %{{.*}} {axis = 1 : i64, descending = false} : (tensor<5x3xf32>) -> tensor<5x3xf32>
  %r = tfc.sort %x {axis = 1 : i64, descending = false} : (tensor<5x3xf32>) -> tensor<5x3xf32>
  return %r : tensor<5x3xf32>
}

// CHECK-LABEL: @argsort(
func.func @argsort(%x: tensor<5x3xf32>) -> tensor<5x3xi32> {
  // CHECK: tfc.argsort %{{.*}} {axis = 1 : i64, descending = true} : (tensor<5x3xf32>) -> tensor<5x3xi32>
  %r = tfc.argsort %x {axis = 1 : i64, descending = true} : (tensor<5x3xf32>) -> tensor<5x3xi32>
  return %r : tensor<5x3xi32>
}

// CHECK-LABEL: @random_bits(
func.func @random_bits(%k: tensor<1xui64>, %c: tensor<2xui64>) -> tensor<2x3xui32> {
  // CHECK: tfc.random_bits %{{.*}}, %{{.*}} {dtype = ui32, shape = array<i64: 2, 3>} : (tensor<1xui64>, tensor<2xui64>) -> tensor<2x3xui32>
  %r = tfc.random_bits %k, %c {dtype = ui32, shape = array<i64: 2, 3>} : (tensor<1xui64>, tensor<2xui64>) -> tensor<2x3xui32>
  return %r : tensor<2x3xui32>
}
