// RUN: tfc-opt %s -tfc-forward-stores -split-input-file | FileCheck %s
// RUN: tfc-opt %s -tfc-order-effects -tfc-forward-stores -tfc-verify-ordering -split-input-file | FileCheck %s --check-prefix=ORDER

// A read gives what was stored last.
// CHECK-LABEL: func.func @straight_line
func.func @straight_line(%v: !tfc.resource<tensor<f32>>, %x: tensor<f32>) -> tensor<f32> {
  // CHECK: tfc.assign_variable
  // CHECK-NOT: tfc.read_variable
  // CHECK: return %arg1
  %t0 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  %a, %t1 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
  return %a : tensor<f32>
}

// -----

// Another variable keeps its read, and its order.
// CHECK-LABEL: func.func @other_variable
// ORDER-LABEL: func.func @other_variable
func.func @other_variable(%v: !tfc.resource<tensor<f32>>, %w: !tfc.resource<tensor<f32>>, %x: tensor<f32>) -> tensor<f32> {
  // CHECK: tfc.read_variable %arg1
  // ORDER: %{{.*}}, %[[T:.*]] = tfc.read_variable %arg1
  // ORDER: tfc.assign_variable %arg1, %{{.*}} after(%[[T]])
  %t0 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  %a, %t1 = tfc.read_variable %w : !tfc.resource<tensor<f32>> -> tensor<f32>
  %b, %t2 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
  %t3 = tfc.assign_variable %w, %b : !tfc.resource<tensor<f32>>, tensor<f32>
  return %a : tensor<f32>
}

// -----

// Into a branch, but not out of one that is not always taken.
// CHECK-LABEL: func.func @branch
func.func @branch(%v: !tfc.resource<tensor<f32>>, %x: tensor<f32>, %p: tensor<i1>) -> (tensor<f32>, tensor<f32>) {
  // CHECK: tfc.if
  // CHECK-NEXT: %[[Y:.*]] = tfc.neg %arg1
  // CHECK-NEXT: tfc.assign_variable %arg0, %[[Y]]
  // CHECK-NEXT: tfc.yield %arg1
  // CHECK: tfc.read_variable
  %t0 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  %r:2 = tfc.if %p -> tensor<f32> {
    %a, %t1 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
    %y = tfc.neg %a : (tensor<f32>) -> tensor<f32>
    %t2 = tfc.assign_variable %v, %y : !tfc.resource<tensor<f32>>, tensor<f32>
    tfc.yield %a : tensor<f32>
  } else {
    tfc.yield %x : tensor<f32>
  }
  %b, %t3 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
  return %r#0, %b : tensor<f32>, tensor<f32>
}

// -----

// Into a loop only if the loop does not write the variable.
// CHECK-LABEL: func.func @loop
func.func @loop(%v: !tfc.resource<tensor<f32>>, %w: !tfc.resource<tensor<f32>>, %x: tensor<f32>, %p: tensor<i1>) {
  // CHECK: } do {
  // CHECK-NEXT: %[[A:.*]], %{{.*}} = tfc.read_variable %arg0
  // CHECK-NOT: tfc.read_variable
  // CHECK: tfc.add %[[A]], %arg2
  %t0 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  %t1 = tfc.assign_variable %w, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  %t = tfc.while {
    tfc.yield %p : tensor<i1>
  } do {
    %a, %t2 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
    %b, %t3 = tfc.read_variable %w : !tfc.resource<tensor<f32>> -> tensor<f32>
    %c = tfc.add %a, %b : (tensor<f32>, tensor<f32>) -> tensor<f32>
    %t4 = tfc.assign_variable %v, %c : !tfc.resource<tensor<f32>>, tensor<f32>
    tfc.yield
  }
  return
}

// -----

// A call that writes the variable comes between.
// CHECK-LABEL: func.func @call
func.func @call(%v: !tfc.resource<tensor<f32>>, %w: !tfc.resource<tensor<f32>>, %x: tensor<f32>) -> (tensor<f32>, tensor<f32>) {
  // CHECK: call @write(%arg0
  // CHECK-NEXT: %[[A:.*]], %{{.*}} = tfc.read_variable %arg0
  // CHECK-NEXT: return %[[A]], %arg2
  %t0 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  %t1 = tfc.assign_variable %w, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  call @write(%v, %x) : (!tfc.resource<tensor<f32>>, tensor<f32>) -> ()
  %a, %t2 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
  %b, %t3 = tfc.read_variable %w : !tfc.resource<tensor<f32>> -> tensor<f32>
  return %a, %b : tensor<f32>, tensor<f32>
}
func.func private @write(%v: !tfc.resource<tensor<f32>>, %x: tensor<f32>) {
  %y = tfc.neg %x : (tensor<f32>) -> tensor<f32>
  %t0 = tfc.assign_variable %v, %y : !tfc.resource<tensor<f32>>, tensor<f32>
  return
}

// -----

// A function that nobody knows may write the variable.
// CHECK-LABEL: func.func @unknown_function
// CHECK: call @unknown
// CHECK-NEXT: %[[A:.*]], %{{.*}} = tfc.read_variable
// CHECK: return %[[A]]
func.func @unknown_function(%v: !tfc.resource<tensor<f32>>, %x: tensor<f32>) -> tensor<f32> {
  %t0 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  %y = func.call @unknown(%x) : (tensor<f32>) -> tensor<f32>
  %a, %t1 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
  return %a : tensor<f32>
}
func.func private @unknown(tensor<f32>) -> tensor<f32>
