// RUN: tfc-opt %s | tfc-opt | FileCheck %s

// CHECK-LABEL: @conv
// CHECK: tfc.conv %{{.*}}, %{{.*}} {dilations = array<i64: 1, 2>, groups = 2 : i64, padding = array<i64>, strides = array<i64: 2, 1>}
func.func @conv(%x: tensor<?x5x4x4xf32>, %f: tensor<3x2x2x6xf32>) -> tensor<?x3x4x6xf32> {
  %r = tfc.conv %x, %f {strides = array<i64: 2, 1>, dilations = array<i64: 1, 2>, padding = array<i64>, groups = 2 : i64}
      : (tensor<?x5x4x4xf32>, tensor<3x2x2x6xf32>) -> tensor<?x3x4x6xf32>
  return %r : tensor<?x3x4x6xf32>
}

// The shape operand says the sizes of the result, as far as it is known.
// CHECK-LABEL: @conv_input_grad
func.func @conv_input_grad(%g: tensor<?x4x3xf32>, %f: tensor<3x2x3xf32>) -> tensor<?x8x2xf32> {
  %n = tfc.shape_of %g {dtype = i64} : (tensor<?x4x3xf32>) -> tensor<3xi64>
  %b = tfc.slice %n {starts = array<i64: 0>, sizes = array<i64: 1>, strides = array<i64: 1>} : (tensor<3xi64>) -> tensor<1xi64>
  %rest = tfc.constant dense<[8, 2]> : tensor<2xi64>
  %s = tfc.concat %b, %rest {axis = 0 : i64} : (tensor<1xi64>, tensor<2xi64>) -> tensor<3xi64>
  // CHECK: tfc.conv_input_grad {{.*}} -> tensor<?x8x2xf32>
  %r = tfc.conv_input_grad %g, %f, %s
      {strides = array<i64: 2>, dilations = array<i64: 1>, padding = array<i64>, groups = 1 : i64}
      : (tensor<?x4x3xf32>, tensor<3x2x3xf32>, tensor<3xi64>) -> tensor<?x8x2xf32>
  return %r : tensor<?x8x2xf32>
}

// CHECK-LABEL: @pools
func.func @pools(%x: tensor<2x?x5x3xbf16>) -> (tensor<2x?x4x3xbf16>, tensor<2x?x4x3xi64>) {
  // CHECK: tfc.max_pool
  %r = tfc.max_pool %x {window = array<i64: 3, 2>, strides = array<i64: 2, 1>, dilations = array<i64: 1, 1>, padding = array<i64: 1, 1, 0, 0>}
      : (tensor<2x?x5x3xbf16>) -> tensor<2x?x4x3xbf16>
  // CHECK: tfc.argmax_pool
  %a = tfc.argmax_pool %x {window = array<i64: 3, 2>, strides = array<i64: 2, 1>, dilations = array<i64: 1, 1>, padding = array<i64: 1, 1, 0, 0>}
      : (tensor<2x?x5x3xbf16>) -> tensor<2x?x4x3xi64>
  return %r, %a : tensor<2x?x4x3xbf16>, tensor<2x?x4x3xi64>
}

// CHECK-LABEL: @conv_filter_grad
func.func @conv_filter_grad(%x: tensor<?x8x4xf32>, %g: tensor<?x4x6xf32>) -> tensor<3x2x6xf32> {
  %s = tfc.constant dense<[3, 2, 6]> : tensor<3xi64>
  // CHECK: tfc.conv_filter_grad %{{.*}}, %{{.*}}, %{{.*}} {dilations = array<i64: 1>, groups = 2 : i64, padding = array<i64>, strides = array<i64: 2>} : (tensor<?x8x4xf32>, tensor<?x4x6xf32>, tensor<3xi64>) -> tensor<3x2x6xf32>
  %r = tfc.conv_filter_grad %x, %g, %s
      {strides = array<i64: 2>, dilations = array<i64: 1>, padding = array<i64>, groups = 2 : i64}
      : (tensor<?x8x4xf32>, tensor<?x4x6xf32>, tensor<3xi64>) -> tensor<3x2x6xf32>
  return %r : tensor<3x2x6xf32>
}

// CHECK-LABEL: @avg_pool(
func.func @avg_pool(%x: tensor<2x?x5x3xf32>) -> tensor<2x?x4x3xf32> {
  // CHECK: tfc.avg_pool %{{.*}} {dilations = array<i64: 1, 1>, padding = array<i64: 1, 1, 0, 0>, strides = array<i64: 2, 1>, window = array<i64: 3, 2>} : (tensor<2x?x5x3xf32>) -> tensor<2x?x4x3xf32>
  %r = tfc.avg_pool %x {window = array<i64: 3, 2>, strides = array<i64: 2, 1>, dilations = array<i64: 1, 1>, padding = array<i64: 1, 1, 0, 0>}
      : (tensor<2x?x5x3xf32>) -> tensor<2x?x4x3xf32>
  return %r : tensor<2x?x4x3xf32>
}

// CHECK-LABEL: @avg_pool_grad(
func.func @avg_pool_grad(%g: tensor<2x4x?xf32>, %s: tensor<3xi64>) -> tensor<2x?x?xf32> {
  // CHECK: tfc.avg_pool_grad %{{.*}}, %{{.*}} {dilations = array<i64: 1>, padding = array<i64>, strides = array<i64: 2>, window = array<i64: 3>} : (tensor<2x4x?xf32>, tensor<3xi64>) -> tensor<2x?x?xf32>
  %r = tfc.avg_pool_grad %g, %s {window = array<i64: 3>, strides = array<i64: 2>, dilations = array<i64: 1>, padding = array<i64>}
      : (tensor<2x4x?xf32>, tensor<3xi64>) -> tensor<2x?x?xf32>
  return %r : tensor<2x?x?xf32>
}
