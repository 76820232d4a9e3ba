// RUN: tfc-opt %s -tfc-refine-shapes -split-input-file | FileCheck %s
// RUN: tfc-opt %s -tfc-refine-shapes=refine-results -split-input-file | FileCheck %s --check-prefix=RESULTS

// The function keeps its type unless asked.
// CHECK-LABEL: func.func @straight_line(%arg0: tensor<4xf32>) -> tensor<?xf32>
// CHECK: %[[A:.*]] = tfc.tanh %arg0 : (tensor<4xf32>) -> tensor<4xf32>
// CHECK: %[[B:.*]] = tfc.ensure_shape %[[A]] {{.*}} -> tensor<?xf32>
// CHECK: return %[[B]]
// RESULTS-LABEL: func.func @straight_line(%arg0: tensor<4xf32>) -> tensor<4xf32>
// RESULTS-NOT: ensure_shape
func.func @straight_line(%x: tensor<4xf32>) -> tensor<?xf32> {
  %a = tfc.tanh %x : (tensor<4xf32>) -> tensor<?xf32>
  return %a : tensor<?xf32>
}

// -----

// A branch knows what both regions agree on.
// CHECK-LABEL: func.func @branch
// CHECK: tfc.if %{{.*}} -> tensor<4x?xf32> {
func.func @branch(%p: tensor<i1>, %x: tensor<4x2xf32>, %y: tensor<4x3xf32>) {
  %r, %t = tfc.if %p -> tensor<?x?xf32> {
    tfc.yield %x : tensor<4x2xf32>
  } else {
    tfc.yield %y : tensor<4x3xf32>
  }
  return
}

// -----

// A loop knows what does not change.
// CHECK-LABEL: func.func @loop
// CHECK: tfc.while %{{.*}}, %{{.*}} : tensor<4xf32>, tensor<1xf32> -> tensor<4xf32>, tensor<?xf32>
// CHECK: ^bb0(%{{.*}}: tensor<4xf32>, %{{.*}}: tensor<?xf32>):
// CHECK: tfc.tanh {{.*}} : (tensor<4xf32>) -> tensor<4xf32>
// CHECK: tfc.concat {{.*}} : (tensor<?xf32>, tensor<1xf32>) -> tensor<?xf32>
func.func @loop(%p: tensor<i1>, %x: tensor<4xf32>, %y: tensor<1xf32>) {
  %r:2, %t = tfc.while %x, %y : tensor<4xf32>, tensor<1xf32> -> tensor<?xf32>, tensor<?xf32> {
  ^bb0(%a: tensor<?xf32>, %b: tensor<?xf32>):
    tfc.yield %p : tensor<i1>
  } do {
  ^bb0(%a: tensor<?xf32>, %b: tensor<?xf32>):
    %c = tfc.tanh %a : (tensor<?xf32>) -> tensor<?xf32>
    %d = tfc.concat %b, %y {axis = 0 : i64} : (tensor<?xf32>, tensor<1xf32>) -> tensor<?xf32>
    tfc.yield %c, %d : tensor<?xf32>, tensor<?xf32>
  }
  return
}

// -----

// A loop whose values feed each other is walked until nothing changes.
// CHECK-LABEL: func.func @rotating_loop
// CHECK: tfc.while {{.*}} -> tensor<?xf32>, tensor<?xf32>
func.func @rotating_loop(%p: tensor<i1>, %x: tensor<4xf32>, %y: tensor<1xf32>) {
  %r:2, %t = tfc.while %x, %y : tensor<4xf32>, tensor<1xf32> -> tensor<?xf32>, tensor<?xf32> {
  ^bb0(%a: tensor<?xf32>, %b: tensor<?xf32>):
    tfc.yield %p : tensor<i1>
  } do {
  ^bb0(%a: tensor<?xf32>, %b: tensor<?xf32>):
    tfc.yield %b, %a : tensor<?xf32>, tensor<?xf32>
  }
  return
}
