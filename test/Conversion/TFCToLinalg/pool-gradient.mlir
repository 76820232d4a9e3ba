// RUN: tfc-opt %s -convert-tfc-to-linalg -canonicalize -split-input-file | FileCheck %s

// A scatter to the positions of `argmax_pool` compares with the largest elements, and adds up what windows give, phase by phase.
// CHECK-LABEL: func @windows
// CHECK-NOT: i64>
// CHECK: linalg.generic
// CHECK: arith.maximumf
// CHECK: linalg.generic
// CHECK: arith.cmpf oeq
// CHECK: arith.minsi {{.*}} : i8
// CHECK-COUNT-2: linalg.generic
// CHECK-NOT: scf.for
func.func @windows(%x: tensor<1x8x3xf32>, %g: tensor<1x4x3xf32>) -> tensor<24xf32> {
  %z = tfc.constant dense<0.0> : tensor<24xf32>
  %a = tfc.argmax_pool %x {window = array<i64: 3>, strides = array<i64: 2>, dilations = array<i64: 1>, padding = array<i64>}
      : (tensor<1x8x3xf32>) -> tensor<1x4x3xi64>
  %f = tfc.reshape %a {shape = array<i64: 12>} : (tensor<1x4x3xi64>) -> tensor<12xi64>
  %i = tfc.expand_dims %f {axes = array<i64: 1>} : (tensor<12xi64>) -> tensor<12x1xi64>
  %u = tfc.reshape %g {shape = array<i64: 12>} : (tensor<1x4x3xf32>) -> tensor<12xf32>
  %s = tfc.scatter %z, %i, %u {mode = "add"} : (tensor<24xf32>, tensor<12x1xi64>, tensor<12xf32>) -> tensor<24xf32>
  return %s : tensor<24xf32>
}

// -----

// Windows that overlap, with vectors of channels: each looks for its element and adds to its gradient.
// CHECK-LABEL: func @rows
// CHECK: arith.maximumf
// CHECK: tfcrt.compute
// CHECK: arith.cmpf oeq, {{.*}} : vector<8xf32>
// CHECK-NOT: linalg.generic
func.func @rows(%x: tensor<1x8x16xf32>, %g: tensor<1x4x16xf32>) -> tensor<128xf32> {
  %z = tfc.constant dense<0.0> : tensor<128xf32>
  %a = tfc.argmax_pool %x {window = array<i64: 3>, strides = array<i64: 2>, dilations = array<i64: 1>, padding = array<i64>}
      : (tensor<1x8x16xf32>) -> tensor<1x4x16xi64>
  %f = tfc.reshape %a {shape = array<i64: 64>} : (tensor<1x4x16xi64>) -> tensor<64xi64>
  %i = tfc.expand_dims %f {axes = array<i64: 1>} : (tensor<64xi64>) -> tensor<64x1xi64>
  %u = tfc.reshape %g {shape = array<i64: 64>} : (tensor<1x4x16xf32>) -> tensor<64xf32>
  %s = tfc.scatter %z, %i, %u {mode = "add"} : (tensor<128xf32>, tensor<64x1xi64>, tensor<64xf32>) -> tensor<128xf32>
  return %s : tensor<128xf32>
}

// -----

// Of a large image what comes next is fetched: what windows give, two new elements, and where their gradient is.
// CHECK-LABEL: func @large
// CHECK: tfcrt.compute
// CHECK-DAG: memref.prefetch {{.*}}, write, locality<3>
// CHECK-DAG: memref.prefetch {{.*}}, read, locality<3>
func.func @large(%x: tensor<1x65536x16xf32>, %g: tensor<1x32768x16xf32>) -> tensor<1048576xf32> {
  %z = tfc.constant dense<0.0> : tensor<1048576xf32>
  %a = tfc.argmax_pool %x {window = array<i64: 3>, strides = array<i64: 2>, dilations = array<i64: 1>, padding = array<i64>}
      : (tensor<1x65536x16xf32>) -> tensor<1x32768x16xi64>
  %f = tfc.reshape %a {shape = array<i64: 524288>} : (tensor<1x32768x16xi64>) -> tensor<524288xi64>
  %i = tfc.expand_dims %f {axes = array<i64: 1>} : (tensor<524288xi64>) -> tensor<524288x1xi64>
  %u = tfc.reshape %g {shape = array<i64: 524288>} : (tensor<1x32768x16xf32>) -> tensor<524288xf32>
  %s = tfc.scatter %z, %i, %u {mode = "add"} : (tensor<1048576xf32>, tensor<524288x1xi64>, tensor<524288xf32>) -> tensor<1048576xf32>
  return %s : tensor<1048576xf32>
}

// -----

// What is added to may be anything but zeros.
// CHECK-LABEL: func @onto
// CHECK: scf.for
func.func @onto(%z: tensor<128xf32>, %x: tensor<1x8x16xf32>, %g: tensor<64xf32>) -> tensor<128xf32> {
  %a = tfc.argmax_pool %x {window = array<i64: 3>, strides = array<i64: 2>, dilations = array<i64: 1>, padding = array<i64>}
      : (tensor<1x8x16xf32>) -> tensor<1x4x16xi64>
  %f = tfc.reshape %a {shape = array<i64: 64>} : (tensor<1x4x16xi64>) -> tensor<64xi64>
  %i = tfc.expand_dims %f {axes = array<i64: 1>} : (tensor<64xi64>) -> tensor<64x1xi64>
  %s = tfc.scatter %z, %i, %g {mode = "add"} : (tensor<128xf32>, tensor<64x1xi64>, tensor<64xf32>) -> tensor<128xf32>
  return %s : tensor<128xf32>
}

// -----

// A number of another tensor's elements may be one that is not there.
// CHECK-LABEL: func @smaller
// CHECK: scf.for
func.func @smaller(%x: tensor<1x8x16xf32>, %g: tensor<64xf32>) -> tensor<100xf32> {
  %z = tfc.constant dense<0.0> : tensor<100xf32>
  %a = tfc.argmax_pool %x {window = array<i64: 3>, strides = array<i64: 2>, dilations = array<i64: 1>, padding = array<i64>}
      : (tensor<1x8x16xf32>) -> tensor<1x4x16xi64>
  %f = tfc.reshape %a {shape = array<i64: 64>} : (tensor<1x4x16xi64>) -> tensor<64xi64>
  %i = tfc.expand_dims %f {axes = array<i64: 1>} : (tensor<64xi64>) -> tensor<64x1xi64>
  %s = tfc.scatter %z, %i, %g {mode = "add"} : (tensor<100xf32>, tensor<64x1xi64>, tensor<64xf32>) -> tensor<100xf32>
  return %s : tensor<100xf32>
}
