// RUN: tfc-opt %s -tfc-merge-reads -split-input-file | FileCheck %s
// RUN: tfc-opt %s -tfc-order-effects -tfc-merge-reads -tfc-verify-ordering -split-input-file -o /dev/null

// One read between two writes; asserts and prints do not matter.
// CHECK-LABEL: func.func @straight_line
func.func @straight_line(%v: !tfc.resource<tensor<f32>>, %x: tensor<f32>, %p: tensor<i1>) -> (tensor<f32>, tensor<f32>, tensor<f32>) {
  // CHECK: %[[A:.*]], %{{.*}} = tfc.read_variable
  // CHECK: tfc.assert
  // CHECK-NEXT: tfc.assign_variable
  // CHECK-NEXT: %[[B:.*]], %{{.*}} = tfc.read_variable
  // CHECK-NEXT: return %[[A]], %[[A]], %[[B]]
  %a, %t0 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
  %t1 = tfc.assert %p, "no" {summarize = 3 : i64}
  %b, %t2 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
  %t3 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  %c, %t4 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
  return %a, %b, %c : tensor<f32>, tensor<f32>, tensor<f32>
}

// -----

// What is read before a branch is known in it; what a branch reads is not known behind it.
// CHECK-LABEL: func.func @branch
func.func @branch(%v: !tfc.resource<tensor<f32>>, %w: !tfc.resource<tensor<f32>>, %p: tensor<i1>, %x: tensor<f32>) -> (tensor<f32>, tensor<f32>) {
  // CHECK: %[[A:.*]], %{{.*}} = tfc.read_variable %arg0
  // CHECK: tfc.if
  // CHECK-NEXT: tfc.read_variable %arg1
  // CHECK-NEXT: tfc.yield %[[A]]
  // CHECK: %[[B:.*]], %{{.*}} = tfc.read_variable %arg1
  // CHECK: return %{{.*}}, %[[B]]
  %a, %t0 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
  %r:2 = tfc.if %p -> tensor<f32> {
    %u, %t1 = tfc.read_variable %w : !tfc.resource<tensor<f32>> -> tensor<f32>
    %b, %t2 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
    tfc.yield %b : tensor<f32>
  } else {
    tfc.yield %a : tensor<f32>
  }
  %c, %t3 = tfc.read_variable %w : !tfc.resource<tensor<f32>> -> tensor<f32>
  return %r#0, %c : tensor<f32>, tensor<f32>
}

// -----

// Whatever may write the variable comes between: a branch, a loop, a function of the host. Iterations read anew.
// CHECK-LABEL: func.func @written_between
// CHECK-COUNT-5: tfc.read_variable
// CHECK-NOT: tfc.read_variable
func.func @written_between(%v: !tfc.resource<tensor<f32>>, %p: tensor<i1>, %x: tensor<f32>) -> (tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>) {
  %a, %t0 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
  %t1 = tfc.if %p {
    %u1 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
    tfc.yield
  } else {
    tfc.yield
  }
  %b, %t2 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
  %t3 = tfc.while {
    tfc.yield %p : tensor<i1>
  } do {
    %l, %u2 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
    %u3 = tfc.assign_variable %v, %l : !tfc.resource<tensor<f32>>, tensor<f32>
    tfc.yield
  }
  %c, %t4 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
  %t5 = func.call @unknown(%v) : (!tfc.resource<tensor<f32>>) -> tensor<f32>
  %d, %t6 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
  return %a, %b, %c, %d : tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>
}
func.func private @unknown(!tfc.resource<tensor<f32>>) -> tensor<f32>
