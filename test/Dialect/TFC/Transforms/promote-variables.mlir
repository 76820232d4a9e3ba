// RUN: tfc-opt %s -tfc-promote-variables -split-input-file | FileCheck %s

// Many updates are one read and one write.
// CHECK-LABEL: func.func @straight_line
// CHECK-SAME: %[[V:.*]]: !tfc.resource<tensor<f32>>, %[[X:.*]]: tensor<f32>
func.func @straight_line(%v: !tfc.resource<tensor<f32>>, %x: tensor<f32>) -> tensor<f32> {
  // CHECK: %[[A:.*]], %{{.*}} = tfc.read_variable %[[V]]
  // CHECK-NEXT: %[[B:.*]] = tfc.add %[[A]], %[[X]]
  // CHECK-NEXT: %[[C:.*]] = tfc.add %[[B]], %[[X]]
  // CHECK-NEXT: tfc.assign_variable %[[V]], %[[C]]
  // CHECK-NEXT: return %[[C]]
  %a, %t0 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
  %b = tfc.add %a, %x : (tensor<f32>, tensor<f32>) -> tensor<f32>
  %t1 = tfc.assign_variable %v, %b after(%t0) : !tfc.resource<tensor<f32>>, tensor<f32>
  %c, %t2 = tfc.read_variable %v after(%t1) : !tfc.resource<tensor<f32>> -> tensor<f32>
  %d = tfc.add %c, %x : (tensor<f32>, tensor<f32>) -> tensor<f32>
  %t3 = tfc.assign_variable %v, %d after(%t2) : !tfc.resource<tensor<f32>>, tensor<f32>
  %e, %t4 = tfc.read_variable %v after(%t3) : !tfc.resource<tensor<f32>> -> tensor<f32>
  return %e : tensor<f32>
}

// -----

// A variable that is only read is read once.
// CHECK-LABEL: func.func @read_only
func.func @read_only(%v: !tfc.resource<tensor<f32>>) -> tensor<f32> {
  // CHECK: %[[A:.*]], %{{.*}} = tfc.read_variable
  // CHECK-NEXT: %[[B:.*]] = tfc.add %[[A]], %[[A]]
  // CHECK-NEXT: return %[[B]]
  %a, %t0 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
  %b, %t1 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
  %c = tfc.add %a, %b : (tensor<f32>, tensor<f32>) -> tensor<f32>
  return %c : tensor<f32>
}

// -----

// A variable that is only written is not read; one that is not used stays so.
// CHECK-LABEL: func.func @write_only
// CHECK-NEXT: tfc.assign_variable %arg0, %arg2
// CHECK-NEXT: return
func.func @write_only(%v: !tfc.resource<tensor<f32>>, %unused: !tfc.resource<tensor<f32>>, %x: tensor<f32>) {
  %t0 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  return
}

// -----

// A variable that gets its own value back is not written.
// CHECK-LABEL: func.func @write_back
// CHECK-NOT: tfc.assign_variable
func.func @write_back(%v: !tfc.resource<tensor<f32>>) {
  %a, %t0 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
  %t1 = tfc.assign_variable %v, %a : !tfc.resource<tensor<f32>>, tensor<f32>
  return
}

// -----

// A branch yields what it writes; the other one yields the value before.
// CHECK-LABEL: func.func @branch
// CHECK-SAME: %[[V:.*]]: !tfc.resource<tensor<f32>>, %[[P:.*]]: tensor<i1>, %[[X:.*]]: tensor<f32>
func.func @branch(%v: !tfc.resource<tensor<f32>>, %p: tensor<i1>, %x: tensor<f32>) -> tensor<f32> {
  // CHECK: %[[A:.*]], %{{.*}} = tfc.read_variable %[[V]]
  // CHECK: %[[R:.*]]:2, %{{.*}} = tfc.if %[[P]] -> tensor<f32>, tensor<f32> {
  // CHECK-NEXT: tfc.yield %[[X]], %[[X]]
  // CHECK-NEXT: } else {
  // CHECK-NEXT: tfc.yield %[[A]], %[[A]]
  // CHECK: tfc.assign_variable %[[V]], %[[R]]#1
  // CHECK-NEXT: return %[[R]]#0
  %r, %t = tfc.if %p -> tensor<f32> {
    %t0 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
    tfc.yield %x : tensor<f32>
  } else {
    %a, %t1 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
    tfc.yield %a : tensor<f32>
  }
  return %r : tensor<f32>
}

// -----

// A loop carries the variables that it writes and captures those that it reads.
// CHECK-LABEL: func.func @loop
// CHECK-SAME: %[[V:.*]]: !tfc.resource<tensor<f32>>, %[[W:.*]]: !tfc.resource<tensor<f32>>, %[[N:.*]]: tensor<i32>
func.func @loop(%v: !tfc.resource<tensor<f32>>, %w: !tfc.resource<tensor<f32>>, %n: tensor<i32>) {
  // CHECK-DAG: %[[V0:.*]], %{{.*}} = tfc.read_variable %[[V]]
  // CHECK-DAG: %[[W0:.*]], %{{.*}} = tfc.read_variable %[[W]]
  %zero = tfc.constant dense<0> : tensor<i32>
  %one = tfc.constant dense<1> : tensor<i32>
  // CHECK: %[[R:.*]]:2, %{{.*}} = tfc.while %{{.*}}, %[[V0]] : tensor<i32>, tensor<f32> -> tensor<i32>, tensor<f32>
  // CHECK: ^bb0(%[[I:.*]]: tensor<i32>, %{{.*}}: tensor<f32>):
  // CHECK: ^bb0(%[[J:.*]]: tensor<i32>, %[[A:.*]]: tensor<f32>):
  // CHECK: %[[S:.*]] = tfc.add %[[A]], %[[W0]]
  // CHECK: tfc.yield %{{.*}}, %[[S]]
  %r, %t = tfc.while %zero : tensor<i32> -> tensor<i32> {
  ^bb0(%i: tensor<i32>):
    %c = tfc.less %i, %n : (tensor<i32>, tensor<i32>) -> tensor<i1>
    tfc.yield %c : tensor<i1>
  } do {
  ^bb0(%i: tensor<i32>):
    %a, %t0 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
    %b, %t1 = tfc.read_variable %w : !tfc.resource<tensor<f32>> -> tensor<f32>
    %s = tfc.add %a, %b : (tensor<f32>, tensor<f32>) -> tensor<f32>
    %t2 = tfc.assign_variable %v, %s : !tfc.resource<tensor<f32>>, tensor<f32>
    %j = tfc.add %i, %one : (tensor<i32>, tensor<i32>) -> tensor<i32>
    tfc.yield %j : tensor<i32>
  }
  // CHECK: tfc.assign_variable %[[V]], %[[R]]#1
  // CHECK-NEXT: return
  return
}

// -----

// A condition that writes is computed before the loop and at the end of the body.
// CHECK-LABEL: func.func @writing_condition
func.func @writing_condition(%v: !tfc.resource<tensor<i32>>, %n: tensor<i32>) {
  // CHECK: %[[A:.*]], %{{.*}} = tfc.read_variable
  %one = tfc.constant dense<1> : tensor<i32>
  // CHECK: %[[B:.*]] = tfc.add %[[A]], %
  // CHECK: %[[P:.*]] = tfc.less %[[B]],
  // CHECK: %[[R:.*]]:2, %{{.*}} = tfc.while %[[P]], %[[B]] : tensor<i1>, tensor<i32>
  // CHECK-NEXT: ^bb0(%[[Q:.*]]: tensor<i1>, %{{.*}}: tensor<i32>):
  // CHECK-NEXT: tfc.yield %[[Q]]
  // CHECK: ^bb0(%{{.*}}: tensor<i1>, %[[C:.*]]: tensor<i32>):
  // CHECK-NEXT: %[[D:.*]] = tfc.add %[[C]], %
  // CHECK-NEXT: %[[E:.*]] = tfc.less %[[D]],
  // CHECK-NEXT: tfc.yield %[[E]], %[[D]]
  // CHECK: tfc.assign_variable %{{.*}}, %[[R]]#1
  %t = tfc.while {
    %a, %t0 = tfc.read_variable %v : !tfc.resource<tensor<i32>> -> tensor<i32>
    %b = tfc.add %a, %one : (tensor<i32>, tensor<i32>) -> tensor<i32>
    %t1 = tfc.assign_variable %v, %b : !tfc.resource<tensor<i32>>, tensor<i32>
    %c = tfc.less %b, %n : (tensor<i32>, tensor<i32>) -> tensor<i1>
    tfc.yield %c : tensor<i1>
  } do {
    tfc.yield
  }
  return
}

// -----

// An assertion takes along what is not in memory yet, and only that.
// CHECK-LABEL: func.func @pending
// CHECK-SAME: %[[V:.*]]: !tfc.resource<tensor<f32>>, %[[W:.*]]: !tfc.resource<tensor<f32>>
func.func @pending(%v: !tfc.resource<tensor<f32>>, %w: !tfc.resource<tensor<f32>>, %x: tensor<f32>, %p: tensor<i1>) {
  // CHECK: tfc.assert %{{.*}}, "first" {
  // CHECK: tfc.assert %{{.*}}, "second" pending(%[[V]] = %arg2 : !tfc.resource<tensor<f32>> -> tensor<f32>)
  // CHECK: tfc.assign_variable %[[V]]
  // CHECK: tfc.assign_variable %[[W]]
  %a, %t0 = tfc.read_variable %w : !tfc.resource<tensor<f32>> -> tensor<f32>
  %t1 = tfc.assert %p, "first" {summarize = 3 : i64}
  %t2 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  %t3 = tfc.assert %p, "second" {summarize = 3 : i64}
  %t4 = tfc.assign_variable %w, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  return
}

// -----

// In a loop, the carried value is pending from the first iteration on.
// CHECK-LABEL: func.func @pending_in_loop
func.func @pending_in_loop(%v: !tfc.resource<tensor<f32>>, %x: tensor<f32>, %p: tensor<i1>) {
  // CHECK: } do {
  // CHECK: ^bb0(%[[A:.*]]: tensor<f32>):
  // CHECK: tfc.assert %{{.*}}, "stop" pending(%arg0 = %[[A]] :
  %t = tfc.while {
    tfc.yield %p : tensor<i1>
  } do {
    %t0 = tfc.assert %p, "stop" {summarize = 3 : i64}
    %t1 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
    tfc.yield
  }
  return
}

// -----

// The value assigned may know more than the variable; the function returns what it declares.
// CHECK-LABEL: func.func @unknown_size
func.func @unknown_size(%v: !tfc.resource<tensor<?xf32>>, %x: tensor<4xf32>) -> tensor<?xf32> {
  // CHECK: tfc.assign_variable %arg0, %arg1 : <tensor<?xf32>>, tensor<4xf32>
  // CHECK: return %{{.*}} : tensor<?xf32>
  %t0 = tfc.assign_variable %v, %x : !tfc.resource<tensor<?xf32>>, tensor<4xf32>
  %a, %t1 = tfc.read_variable %v : !tfc.resource<tensor<?xf32>> -> tensor<?xf32>
  return %a : tensor<?xf32>
}

// -----

// A call with effects finds the variables in memory, and may change them.
// CHECK-LABEL: func.func @call
func.func @call(%v: !tfc.resource<tensor<f32>>, %x: tensor<f32>) -> tensor<f32> {
  // CHECK: tfc.assign_variable %arg0, %arg1
  // CHECK-NEXT: call @change
  // CHECK-NEXT: %[[A:.*]], %{{.*}} = tfc.read_variable
  // CHECK-NEXT: return %[[A]]
  %t0 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  call @change(%v) : (!tfc.resource<tensor<f32>>) -> ()
  %a, %t1 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
  return %a : tensor<f32>
}
func.func private @change(%v: !tfc.resource<tensor<f32>>) {
  %x = tfc.constant dense<1.0> : tensor<f32>
  %t0 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  return
}

// -----

// Around a call in a branch, the variables are in memory; the other branch reads on its own.
// CHECK-LABEL: func.func @call_in_branch
// CHECK: tfc.if
// CHECK-NEXT: func.call @show
// CHECK: } else {
// CHECK-NEXT: tfc.read_variable
func.func @call_in_branch(%v: !tfc.resource<tensor<f32>>, %p: tensor<i1>, %x: tensor<f32>) {
  %r, %t = tfc.if %p -> tensor<f32> {
    func.call @show(%v) : (!tfc.resource<tensor<f32>>) -> ()
    tfc.yield %x : tensor<f32>
  } else {
    %a, %t1 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
    tfc.yield %a : tensor<f32>
  }
  return
}
func.func private @show(%v: !tfc.resource<tensor<f32>>) {
  %a, %t0 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
  %t1 = tfc.print "{}\0A", %a : tensor<f32> {summarize = 3 : i64, stream = "stdout"}
  return
}

// -----

// A function of the host finds variables in memory, and what it leaves there is read again.
// CHECK-LABEL: func.func @host_call
func.func @host_call(%v: !tfc.resource<tensor<f32>>, %x: tensor<f32>) -> tensor<f32> {
  // CHECK: tfc.assign_variable %{{.*}}, %{{.*}}
  // CHECK-NEXT: tfc.host_call 1()
  // CHECK-NEXT: %[[Y:.*]], %{{.*}} = tfc.read_variable
  // CHECK: return %[[Y]]
  %t = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  %u = tfc.host_call 1() {types = []} : () -> ()
  %y, %w = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
  return %y : tensor<f32>
}

// -----

// A print takes along what it must write if the host refuses it.
// CHECK-LABEL: func.func @print
func.func @print(%v: !tfc.resource<tensor<f32>>, %x: tensor<f32>, %y: tensor<f32>) {
  // CHECK-NEXT: tfc.print "a" pending(%arg0 = %arg1 : !tfc.resource<tensor<f32>> -> tensor<f32>) {
  // CHECK-NEXT: tfc.assign_variable %arg0, %arg2
  %t0 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  %t1 = tfc.print "a" {summarize = 3 : i64, stream = "stdout"}
  %t2 = tfc.assign_variable %v, %y : !tfc.resource<tensor<f32>>, tensor<f32>
  return
}
