// A size that the condition and the body of a loop both name is computed in each of them.
// RUN: tfc-opt --tfc-pipeline %s | FileCheck %s

// CHECK-LABEL: llvm.func @grows
func.func @grows(%x: tensor<?xf32>, %n: tensor<i32>) -> tensor<?xf32> attributes {tfc.entry} {
  %zero = tfc.constant dense<0.0> : tensor<f32>
  %start = tfc.broadcast_to %zero {shape = array<i64: 1>} : (tensor<f32>) -> tensor<1xf32>
  %r, %token = tfc.while %start : tensor<1xf32> -> tensor<?xf32> {
  ^bb0(%s: tensor<?xf32>):
    %shape = tfc.shape_of %s {dtype = i32} : (tensor<?xf32>) -> tensor<1xi32>
    %size = tfc.squeeze %shape {axes = array<i64: 0>} : (tensor<1xi32>) -> tensor<i32>
    %go = tfc.less %size, %n : (tensor<i32>, tensor<i32>) -> tensor<i1>
    tfc.yield %go : tensor<i1>
  } do {
  ^bb0(%s: tensor<?xf32>):
    %column = tfc.expand_dims %s {axes = array<i64: 1>} : (tensor<?xf32>) -> tensor<?x1xf32>
    %row = tfc.expand_dims %x {axes = array<i64: 0>} : (tensor<?xf32>) -> tensor<1x?xf32>
    %sum = tfc.add %column, %row : (tensor<?x1xf32>, tensor<1x?xf32>) -> tensor<?x?xf32>
    %flat = tfc.reshape %sum {shape = array<i64: -9223372036854775808>} : (tensor<?x?xf32>) -> tensor<?xf32>
    tfc.yield %flat : tensor<?xf32>
  }
  return %r : tensor<?xf32>
}
