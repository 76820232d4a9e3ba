// RUN: tfc-opt %s -tfc-hoist-reads -split-input-file | FileCheck %s
// RUN: tfc-opt %s -tfc-order-effects -tfc-hoist-reads -tfc-verify-ordering -split-input-file -o /dev/null

// What the loop does not write is read before it, also from a branch inside; what it writes stays.
// CHECK-LABEL: func.func @loop
func.func @loop(%v: !tfc.resource<tensor<f32>>, %w: !tfc.resource<tensor<f32>>, %u: !tfc.resource<tensor<f32>>, %p: tensor<i1>) {
  // CHECK-NEXT: tfc.read_variable %arg0
  // CHECK-NEXT: tfc.read_variable %arg2
  // CHECK-NEXT: tfc.while
  // CHECK: } do {
  // CHECK-NEXT: tfc.read_variable %arg1
  %t = tfc.while {
    tfc.yield %p : tensor<i1>
  } do {
    %a, %t1 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
    %b, %t2 = tfc.read_variable %w : !tfc.resource<tensor<f32>> -> tensor<f32>
    %r:2 = tfc.if %p -> tensor<f32> {
      %d, %t3 = tfc.read_variable %u : !tfc.resource<tensor<f32>> -> tensor<f32>
      tfc.yield %d : tensor<f32>
    } else {
      tfc.yield %a : tensor<f32>
    }
    %c = tfc.add %r#0, %b : (tensor<f32>, tensor<f32>) -> tensor<f32>
    %t4 = tfc.assign_variable %w, %c : !tfc.resource<tensor<f32>>, tensor<f32>
    tfc.yield
  }
  return
}

// -----

// As far out as no loop writes the variable.
// CHECK-LABEL: func.func @nested
func.func @nested(%v: !tfc.resource<tensor<f32>>, %p: tensor<i1>) {
  // CHECK-NEXT: tfc.while
  // CHECK: } do {
  // CHECK-NEXT: %[[A:.*]], %{{.*}} = tfc.read_variable
  // CHECK-NEXT: tfc.while
  // CHECK: tfc.print "{}", %[[A]]
  // CHECK: tfc.assign_variable
  %t = tfc.while {
    tfc.yield %p : tensor<i1>
  } do {
    %t0 = tfc.while {
      tfc.yield %p : tensor<i1>
    } do {
      %a, %t1 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
      %t2 = tfc.print "{}", %a : tensor<f32> {summarize = 3 : i64, stream = "stdout"}
      tfc.yield
    }
    %x = tfc.constant dense<1.0> : tensor<f32>
    %t3 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
    tfc.yield
  }
  return
}

// -----

// A call in the loop that writes the variable keeps the read there.
// CHECK-LABEL: func.func @call
// CHECK: } do {
// CHECK-NEXT: tfc.read_variable
func.func @call(%v: !tfc.resource<tensor<f32>>, %p: tensor<i1>) {
  %t = tfc.while {
    tfc.yield %p : tensor<i1>
  } do {
    %a, %t1 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
    func.call @write(%v, %a) : (!tfc.resource<tensor<f32>>, tensor<f32>) -> ()
    tfc.yield
  }
  return
}
func.func private @write(%v: !tfc.resource<tensor<f32>>, %x: tensor<f32>) {
  %t0 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  return
}

// -----

// A function of the host in the loop may write any variable.
// CHECK-LABEL: func.func @host_call
// CHECK: } do {
// CHECK: tfc.read_variable
func.func @host_call(%v: !tfc.resource<tensor<f32>>, %p: tensor<i1>) {
  %t = tfc.while {
    tfc.yield %p : tensor<i1>
  } do {
    %a, %t1 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
    %b = func.call @unknown(%a) : (tensor<f32>) -> tensor<f32>
    tfc.yield
  }
  return
}
func.func private @unknown(tensor<f32>) -> tensor<f32>
