// RUN: tfc-opt %s -tfc-remove-dead-effects -split-input-file | FileCheck %s
// RUN: tfc-opt %s -tfc-order-effects -tfc-remove-dead-effects -tfc-verify-ordering -split-input-file -o /dev/null

// A store that is written over before anybody looks; the last one stays.
// CHECK-LABEL: func.func @written_over
// CHECK-NEXT: tfc.assign_variable %arg0, %arg2
// CHECK-NEXT: return
func.func @written_over(%v: !tfc.resource<tensor<f32>>, %x: tensor<f32>, %y: tensor<f32>) {
  %t0 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  %t1 = tfc.assign_variable %v, %y : !tfc.resource<tensor<f32>>, tensor<f32>
  return
}

// -----

// An unread read.
// CHECK-LABEL: func.func @unread
// CHECK-NEXT: return
func.func @unread(%v: !tfc.resource<tensor<f32>>) {
  %a, %t0 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
  return
}

// -----

// A store of the variable's own value.
// CHECK-LABEL: func.func @own_value
// CHECK-NOT: tfc.assign_variable %arg0
// CHECK: tfc.assign_variable %arg1
// CHECK: tfc.assign_variable %arg1
func.func @own_value(%v: !tfc.resource<tensor<f32>>, %w: !tfc.resource<tensor<f32>>, %x: tensor<f32>) {
  %a, %t0 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
  %t1 = tfc.assign_variable %v, %a : !tfc.resource<tensor<f32>>, tensor<f32>
  %b, %t2 = tfc.read_variable %w : !tfc.resource<tensor<f32>> -> tensor<f32>
  %t3 = tfc.assign_variable %w, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  %c, %t4 = tfc.read_variable %w : !tfc.resource<tensor<f32>> -> tensor<f32>
  %t5 = tfc.assign_variable %w, %b : !tfc.resource<tensor<f32>>, tensor<f32>
  %t6 = tfc.print "{}", %c : tensor<f32> {summarize = 3 : i64, stream = "stdout"}
  return
}

// -----

// Who looks: a read, an assertion, a print that may be refused, a foreign function.
// CHECK-LABEL: func.func @seen
// CHECK-COUNT-5: tfc.assign_variable
func.func @seen(%v: !tfc.resource<tensor<f32>>, %x: tensor<f32>, %p: tensor<i1>) -> tensor<f32> {
  %t0 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  %a, %t1 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
  %t2 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  %t3 = tfc.assert %p, "no" {summarize = 3 : i64}
  %t4 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  %t5 = tfc.print "x" {summarize = 3 : i64, stream = "stdout"}
  %t6 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  call @g() : () -> ()
  %t7 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  return %a : tensor<f32>
}
func.func private @g()

// -----

// Both sides of a branch write over it; or only one does.
// CHECK-LABEL: func.func @branch
// CHECK-NEXT: tfc.assign_variable %arg1, %arg2
// CHECK-NEXT: tfc.if
// CHECK-NEXT: tfc.assign_variable %arg0
// CHECK-NEXT: tfc.assign_variable %arg1
// CHECK-NEXT: tfc.yield
// CHECK-NEXT: else
// CHECK-NEXT: tfc.assign_variable %arg0
// CHECK-NEXT: tfc.yield
func.func @branch(%v: !tfc.resource<tensor<f32>>, %w: !tfc.resource<tensor<f32>>, %x: tensor<f32>, %y: tensor<f32>, %p: tensor<i1>) {
  %t0 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  %t1 = tfc.assign_variable %w, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  %t = tfc.if %p {
    %t2 = tfc.assign_variable %v, %y : !tfc.resource<tensor<f32>>, tensor<f32>
    %t3 = tfc.assign_variable %w, %y : !tfc.resource<tensor<f32>>, tensor<f32>
    tfc.yield
  } else {
    %t4 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
    tfc.yield
  }
  return
}

// -----

// A branch that may stop the program looks at what it does not write itself.
// CHECK-LABEL: func.func @branch_stops
// CHECK: tfc.assign_variable %arg0, %arg1
// CHECK: tfc.if
func.func @branch_stops(%v: !tfc.resource<tensor<f32>>, %x: tensor<f32>, %y: tensor<f32>, %p: tensor<i1>) {
  %t0 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  %t = tfc.if %p {
    %t1 = tfc.assert %p, "no" {summarize = 3 : i64}
    tfc.yield
  } else {
    tfc.yield
  }
  %t2 = tfc.assign_variable %v, %y : !tfc.resource<tensor<f32>>, tensor<f32>
  return
}

// -----

// An iteration's store is seen by the next one, and by whoever is behind the loop.
// CHECK-LABEL: func.func @loop
// CHECK: tfc.assign_variable %arg0, %arg1
// CHECK: } do {
// CHECK: tfc.assign_variable %arg0
func.func @loop(%v: !tfc.resource<tensor<f32>>, %x: tensor<f32>, %p: tensor<i1>) {
  %t0 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  %t = tfc.while {
    tfc.yield %p : tensor<i1>
  } do {
    %a, %t1 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
    %b = tfc.neg %a : (tensor<f32>) -> tensor<f32>
    %t2 = tfc.assign_variable %v, %b : !tfc.resource<tensor<f32>>, tensor<f32>
    tfc.yield
  }
  return
}
