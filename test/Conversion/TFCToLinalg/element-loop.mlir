// RUN: tfc-opt %s -convert-tfc-to-linalg -split-input-file | FileCheck %s

// Elements that are done keep what they have: one loop for each of them.
// CHECK-LABEL: func @selected_by_a_carried_mask
// CHECK-NOT: scf.while
// CHECK: linalg.generic
// CHECK: scf.while
// CHECK: arith.cmpi slt
// CHECK: arith.andi
// CHECK: scf.condition
// CHECK: arith.select
// CHECK: scf.yield
// CHECK: linalg.yield
func.func @selected_by_a_carried_mask(%x: tensor<10xf32>, %m: tensor<10xi1>, %n: tensor<i32>) -> tensor<10xf32> {
  %zero = tfc.constant dense<0> : tensor<i32>
  %r:3, %t = tfc.while %zero, %x, %m : tensor<i32>, tensor<10xf32>, tensor<10xi1> -> tensor<i32>, tensor<10xf32>, tensor<10xi1> {
  ^bb0(%i: tensor<i32>, %a: tensor<10xf32>, %go: tensor<10xi1>):
    %below = tfc.less %i, %n : (tensor<i32>, tensor<i32>) -> tensor<i1>
    %any = tfc.reduce_any %go {axes = array<i64: 0>, keepdims = false} : (tensor<10xi1>) -> tensor<i1>
    %c = tfc.logical_and %below, %any : (tensor<i1>, tensor<i1>) -> tensor<i1>
    tfc.yield %c : tensor<i1>
  } do {
  ^bb0(%i: tensor<i32>, %a: tensor<10xf32>, %go: tensor<10xi1>):
    %one = tfc.constant dense<1> : tensor<i32>
    %i1 = tfc.add %i, %one : (tensor<i32>, tensor<i32>) -> tensor<i32>
    %b = tfc.mul %a, %x : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
    %a1 = tfc.select %go, %b, %a : (tensor<10xi1>, tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
    %more = tfc.less %a1, %x : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xi1>
    %go1 = tfc.logical_and %go, %more : (tensor<10xi1>, tensor<10xi1>) -> tensor<10xi1>
    tfc.yield %i1, %a1, %go1 : tensor<i32>, tensor<10xf32>, tensor<10xi1>
  }
  return %r#1 : tensor<10xf32>
}

// -----

// The mask is computed from what it keeps.
// CHECK-LABEL: func @selected_by_a_comparison
// CHECK: linalg.generic
// CHECK: scf.while
// CHECK: arith.cmpf olt
// CHECK: scf.condition
// CHECK: linalg.yield
func.func @selected_by_a_comparison(%x: tensor<?xf64>, %y: tensor<f64>) -> tensor<?xf64> {
  %r, %t = tfc.while %x : tensor<?xf64> -> tensor<?xf64> {
  ^bb0(%a: tensor<?xf64>):
    %small = tfc.less %a, %y : (tensor<?xf64>, tensor<f64>) -> tensor<?xi1>
    %any = tfc.reduce_any %small {axes = array<i64: 0>, keepdims = false} : (tensor<?xi1>) -> tensor<i1>
    tfc.yield %any : tensor<i1>
  } do {
  ^bb0(%a: tensor<?xf64>):
    %small = tfc.less %a, %y : (tensor<?xf64>, tensor<f64>) -> tensor<?xi1>
    %b = tfc.add %a, %a : (tensor<?xf64>, tensor<?xf64>) -> tensor<?xf64>
    %a1 = tfc.select %small, %b, %a : (tensor<?xi1>, tensor<?xf64>, tensor<?xf64>) -> tensor<?xf64>
    tfc.yield %a1 : tensor<?xf64>
  }
  return %r : tensor<?xf64>
}

// -----

// What is done goes on as long as others do.
// CHECK-LABEL: func @kept_by_nothing
// CHECK: scf.while
// CHECK: scf.condition
// CHECK: linalg.generic
func.func @kept_by_nothing(%x: tensor<10xf32>, %y: tensor<f32>) -> tensor<10xf32> {
  %r, %t = tfc.while %x : tensor<10xf32> -> tensor<10xf32> {
  ^bb0(%a: tensor<10xf32>):
    %small = tfc.less %a, %y : (tensor<10xf32>, tensor<f32>) -> tensor<10xi1>
    %any = tfc.reduce_any %small {axes = array<i64: 0>, keepdims = false} : (tensor<10xi1>) -> tensor<i1>
    tfc.yield %any : tensor<i1>
  } do {
  ^bb0(%a: tensor<10xf32>):
    %b = tfc.add %a, %a : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
    tfc.yield %b : tensor<10xf32>
  }
  return %r : tensor<10xf32>
}

// -----

// How many iterations there were is known to all of them only.
// CHECK-LABEL: func @counted
// CHECK: scf.while
// CHECK: scf.condition
// CHECK: linalg.generic
func.func @counted(%x: tensor<10xf32>, %y: tensor<f32>) -> (tensor<10xf32>, tensor<i32>) {
  %zero = tfc.constant dense<0> : tensor<i32>
  %r:2, %t = tfc.while %x, %zero : tensor<10xf32>, tensor<i32> -> tensor<10xf32>, tensor<i32> {
  ^bb0(%a: tensor<10xf32>, %i: tensor<i32>):
    %small = tfc.less %a, %y : (tensor<10xf32>, tensor<f32>) -> tensor<10xi1>
    %any = tfc.reduce_any %small {axes = array<i64: 0>, keepdims = false} : (tensor<10xi1>) -> tensor<i1>
    tfc.yield %any : tensor<i1>
  } do {
  ^bb0(%a: tensor<10xf32>, %i: tensor<i32>):
    %small = tfc.less %a, %y : (tensor<10xf32>, tensor<f32>) -> tensor<10xi1>
    %b = tfc.add %a, %a : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
    %a1 = tfc.select %small, %b, %a : (tensor<10xi1>, tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
    %one = tfc.constant dense<1> : tensor<i32>
    %i1 = tfc.add %i, %one : (tensor<i32>, tensor<i32>) -> tensor<i32>
    tfc.yield %a1, %i1 : tensor<10xf32>, tensor<i32>
  }
  return %r#0, %r#1 : tensor<10xf32>, tensor<i32>
}

// -----

// Until all are done, instead of as long as any goes on.
// CHECK-LABEL: func @selected_by_what_is_done
// CHECK: linalg.generic
// CHECK: scf.while
// CHECK: arith.xori
// CHECK: scf.condition
// CHECK: linalg.yield
func.func @selected_by_what_is_done(%x: tensor<10xf32>, %m: tensor<10xi1>) -> tensor<10xf32> {
  %r:2, %t = tfc.while %m, %x : tensor<10xi1>, tensor<10xf32> -> tensor<10xi1>, tensor<10xf32> {
  ^bb0(%done: tensor<10xi1>, %a: tensor<10xf32>):
    %all = tfc.reduce_all %done {axes = array<i64: 0>, keepdims = false} : (tensor<10xi1>) -> tensor<i1>
    %c = tfc.logical_not %all : (tensor<i1>) -> tensor<i1>
    tfc.yield %c : tensor<i1>
  } do {
  ^bb0(%done: tensor<10xi1>, %a: tensor<10xf32>):
    %active = tfc.logical_not %done : (tensor<10xi1>) -> tensor<10xi1>
    %b = tfc.add %a, %x : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
    %a1 = tfc.select %active, %b, %a : (tensor<10xi1>, tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
    %ends = tfc.greater %a1, %x : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xi1>
    %done1 = tfc.logical_or %done, %ends : (tensor<10xi1>, tensor<10xi1>) -> tensor<10xi1>
    tfc.yield %done1, %a1 : tensor<10xi1>, tensor<10xf32>
  }
  return %r#1 : tensor<10xf32>
}

// -----

// What is done may be undone.
// CHECK-LABEL: func @selected_by_what_is_undone
// CHECK: scf.while
// CHECK: scf.condition
// CHECK: linalg.generic
func.func @selected_by_what_is_undone(%x: tensor<10xf32>, %m: tensor<10xi1>) -> tensor<10xf32> {
  %r:2, %t = tfc.while %m, %x : tensor<10xi1>, tensor<10xf32> -> tensor<10xi1>, tensor<10xf32> {
  ^bb0(%done: tensor<10xi1>, %a: tensor<10xf32>):
    %all = tfc.reduce_all %done {axes = array<i64: 0>, keepdims = false} : (tensor<10xi1>) -> tensor<i1>
    %c = tfc.logical_not %all : (tensor<i1>) -> tensor<i1>
    tfc.yield %c : tensor<i1>
  } do {
  ^bb0(%done: tensor<10xi1>, %a: tensor<10xf32>):
    %b = tfc.add %a, %x : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
    %a1 = tfc.select %done, %a, %b : (tensor<10xi1>, tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
    %ends = tfc.greater %a1, %x : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xi1>
    %done1 = tfc.logical_and %done, %ends : (tensor<10xi1>, tensor<10xi1>) -> tensor<10xi1>
    tfc.yield %done1, %a1 : tensor<10xi1>, tensor<10xf32>
  }
  return %r#1 : tensor<10xf32>
}
