// RUN: tfc-opt %s -convert-tfc-to-linalg -split-input-file | FileCheck %s

// CHECK-LABEL: func @branch_of_scalars
// CHECK: %[[R:.*]] = scf.if %{{.*}} -> (f32)
// CHECK: tensor.from_elements %[[R]]
func.func @branch_of_scalars(%c: tensor<i1>, %x: tensor<f32>) -> tensor<f32> {
  %r, %t = tfc.if %c -> tensor<f32> {
    %0 = tfc.neg %x : (tensor<f32>) -> tensor<f32>
    tfc.yield %0 : tensor<f32>
  } else {
    tfc.yield %x : tensor<f32>
  }
  return %r : tensor<f32>
}

// -----

// CHECK-LABEL: func @elementwise_step_writes_over_the_carried_tensor
// CHECK: scf.while
// CHECK: do
// CHECK: ^bb0(%[[A:.*]]: tensor<10xf32>)
// CHECK: %[[N:.*]] = linalg.generic {{.*}} outs(%[[A]] : tensor<10xf32>)
// CHECK: scf.yield %[[N]]
func.func @elementwise_step_writes_over_the_carried_tensor(%x: tensor<10xf32>, %y: tensor<f32>) -> tensor<10xf32> {
  %r, %t = tfc.while %x : tensor<10xf32> -> tensor<10xf32> {
  ^bb0(%a: tensor<10xf32>):
    %s = tfc.reduce_sum %a {axes = array<i64: 0>, keepdims = false} : (tensor<10xf32>) -> tensor<f32>
    %c = tfc.greater %s, %y : (tensor<f32>, tensor<f32>) -> tensor<i1>
    tfc.yield %c : tensor<i1>
  } do {
  ^bb0(%a: tensor<10xf32>):
    %n = tfc.tanh %a : (tensor<10xf32>) -> tensor<10xf32>
    tfc.yield %n : tensor<10xf32>
  }
  return %r : tensor<10xf32>
}

// -----

// Exchanged tensors are copied before either buffer is written.
// CHECK-LABEL: func @exchange_copies_first
// CHECK: ^bb0(%{{.*}}: i32, %[[A:.*]]: tensor<3xf32>, %[[B:.*]]: tensor<3xf32>):
// CHECK: %[[CB:.*]] = bufferization.alloc_tensor() copy(%[[B]])
// CHECK: %[[CA:.*]] = bufferization.alloc_tensor() copy(%[[A]])
// CHECK: bufferization.materialize_in_destination %[[CB]] in %[[A]]
// CHECK: bufferization.materialize_in_destination %[[CA]] in %[[B]]
func.func @exchange_copies_first(%x: tensor<3xf32>, %y: tensor<3xf32>, %n: tensor<i32>) -> (tensor<3xf32>, tensor<3xf32>) {
  %r:3, %t = tfc.while %n, %x, %y : tensor<i32>, tensor<3xf32>, tensor<3xf32> -> tensor<i32>, tensor<3xf32>, tensor<3xf32> {
  ^bb0(%i: tensor<i32>, %a: tensor<3xf32>, %b: tensor<3xf32>):
    %c0 = tfc.constant dense<0> : tensor<i32>
    %c = tfc.not_equal %i, %c0 : (tensor<i32>, tensor<i32>) -> tensor<i1>
    tfc.yield %c : tensor<i1>
  } do {
  ^bb0(%i: tensor<i32>, %a: tensor<3xf32>, %b: tensor<3xf32>):
    %i1 = tfc.right_shift %i, %i : (tensor<i32>, tensor<i32>) -> tensor<i32>
    tfc.yield %i1, %b, %a : tensor<i32>, tensor<3xf32>, tensor<3xf32>
  }
  return %r#1, %r#2 : tensor<3xf32>, tensor<3xf32>
}

// -----

// CHECK-LABEL: func @invariant_is_not_carried
// CHECK: scf.while (%{{[^,]*}} = %{{[^,]*}}) : (f32) -> f32
func.func @invariant_is_not_carried(%x: tensor<f32>, %w: tensor<4xf32>) -> (tensor<f32>, tensor<4xf32>) {
  %r:2, %t = tfc.while %x, %w : tensor<f32>, tensor<4xf32> -> tensor<f32>, tensor<4xf32> {
  ^bb0(%a: tensor<f32>, %b: tensor<4xf32>):
    %c = tfc.is_finite %a : (tensor<f32>) -> tensor<i1>
    tfc.yield %c : tensor<i1>
  } do {
  ^bb0(%a: tensor<f32>, %b: tensor<4xf32>):
    %n = tfc.mul %a, %a : (tensor<f32>, tensor<f32>) -> tensor<f32>
    tfc.yield %n, %b : tensor<f32>, tensor<4xf32>
  }
  return %r#0, %r#1 : tensor<f32>, tensor<4xf32>
}
