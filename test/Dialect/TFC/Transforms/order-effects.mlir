// RUN: tfc-opt %s -tfc-order-effects -tfc-verify-ordering -split-input-file | FileCheck %s

// Reads of a variable are unordered; a write joins them.
// CHECK-LABEL: func.func @one_variable
func.func @one_variable(%v: !tfc.resource<tensor<f32>>, %x: tensor<f32>) {
  // CHECK: %[[W:.*]] = tfc.assign_variable %{{.*}}, %{{.*}} :
  // CHECK: %{{.*}}, %[[A:.*]] = tfc.read_variable %{{.*}} after(%[[W]])
  // CHECK: %{{.*}}, %[[B:.*]] = tfc.read_variable %{{.*}} after(%[[W]])
  // CHECK: tfc.assign_variable %{{.*}} after(%[[A]], %[[B]])
  %t0 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  %a, %t1 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
  %b, %t2 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
  %t3 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  return
}

// -----

// Two variables are independent.
// CHECK-LABEL: func.func @two_variables
// CHECK-NOT: after
func.func @two_variables(%v: !tfc.resource<tensor<f32>>, %w: !tfc.resource<tensor<f32>>, %x: tensor<f32>) {
  %t0 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  %t1 = tfc.assign_variable %w, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  return
}

// -----

// Prints are ordered among themselves and not with variables.
// CHECK-LABEL: func.func @prints
func.func @prints(%v: !tfc.resource<tensor<f32>>, %x: tensor<f32>) {
  // CHECK: %[[P:.*]] = tfc.print "a
  // CHECK: tfc.assign_variable %{{.*}}, %{{.*}} :
  // CHECK: tfc.print "b{{.*}}after(%[[P]])
  %t0 = tfc.print "a\0A" {summarize = 3 : i64, stream = "stdout"}
  %t1 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  %t2 = tfc.print "b\0A" {summarize = 3 : i64, stream = "stdout"}
  return
}

// -----

// An assertion comes after all writes before it and before all behind it. A read shows
// nothing: it is not held back.
// CHECK-LABEL: func.func @assert
func.func @assert(%v: !tfc.resource<tensor<f32>>, %w: !tfc.resource<tensor<f32>>, %x: tensor<f32>, %p: tensor<i1>) {
  // CHECK: %[[A:.*]] = tfc.assign_variable
  // CHECK: %[[B:.*]] = tfc.print
  // CHECK: %[[S:.*]] = tfc.assert %{{.*}} after(%[[A]], %[[B]])
  // CHECK: tfc.read_variable %{{.*}} after(%[[A]])
  // CHECK: tfc.read_variable %arg1 : <tensor<f32>> ->
  // CHECK: tfc.assign_variable %arg1, %{{.*}} after(%[[S]], %{{.*}}) :
  // CHECK: tfc.print {{.*}} after(%[[S]])
  %t0 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  %t1 = tfc.print "a\0A" {summarize = 3 : i64, stream = "stdout"}
  %t2 = tfc.assert %p, "no" {summarize = 3 : i64}
  %a, %t3 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
  %b, %t4 = tfc.read_variable %w : !tfc.resource<tensor<f32>> -> tensor<f32>
  %t5 = tfc.assign_variable %w, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  %t6 = tfc.print "b\0A" {summarize = 3 : i64, stream = "stdout"}
  return
}

// -----

// A branch is one op with the effects of both regions, and each region has its own order.
// CHECK-LABEL: func.func @branch
func.func @branch(%v: !tfc.resource<tensor<f32>>, %w: !tfc.resource<tensor<f32>>, %x: tensor<f32>, %p: tensor<i1>) {
  // CHECK: %[[A:.*]] = tfc.assign_variable %arg0
  // CHECK: %[[B:.*]] = tfc.assign_variable %arg1
  // CHECK: %[[I:.*]] = tfc.if %{{.*}} after(%[[A]]) {
  // CHECK: %{{.*}}, %[[C:.*]] = tfc.read_variable %arg0 :
  // CHECK: tfc.assign_variable %arg0, %{{.*}} after(%[[C]])
  // CHECK: } else {
  // CHECK: tfc.read_variable %arg0 : <tensor
  // CHECK: tfc.read_variable %arg0 after(%[[I]])
  // CHECK: tfc.read_variable %arg1 after(%[[B]])
  %t0 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  %t1 = tfc.assign_variable %w, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  %t = tfc.if %p {
    %a, %t2 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
    %t3 = tfc.assign_variable %v, %a : !tfc.resource<tensor<f32>>, tensor<f32>
    tfc.yield
  } else {
    %a, %t2 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
    tfc.yield
  }
  %b, %t4 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
  %c, %t5 = tfc.read_variable %w : !tfc.resource<tensor<f32>> -> tensor<f32>
  return
}

// -----

// A loop that only reads counts as a read.
// CHECK-LABEL: func.func @reading_loop
func.func @reading_loop(%v: !tfc.resource<tensor<i1>>, %x: tensor<i1>) {
  // CHECK: %[[A:.*]] = tfc.assign_variable
  // CHECK: %[[L:.*]] = tfc.while after(%[[A]]) {
  // CHECK: %{{.*}}, %[[B:.*]] = tfc.read_variable %arg0 after(%[[A]])
  // CHECK: tfc.assign_variable %arg0, %{{.*}} after(%[[L]], %[[B]])
  %t0 = tfc.assign_variable %v, %x : !tfc.resource<tensor<i1>>, tensor<i1>
  %t = tfc.while {
    %a, %t1 = tfc.read_variable %v : !tfc.resource<tensor<i1>> -> tensor<i1>
    tfc.yield %a : tensor<i1>
  } do {
    tfc.yield
  }
  %b, %t2 = tfc.read_variable %v : !tfc.resource<tensor<i1>> -> tensor<i1>
  %t3 = tfc.assign_variable %v, %x : !tfc.resource<tensor<i1>>, tensor<i1>
  return
}

// -----

// Tokens that are there and wrong are replaced.
// CHECK-LABEL: func.func @again
func.func @again(%v: !tfc.resource<tensor<f32>>, %w: !tfc.resource<tensor<f32>>, %x: tensor<f32>) {
  // CHECK: %[[A:.*]] = tfc.assign_variable %arg0
  // CHECK: tfc.assign_variable %arg1, %{{.*}} : <
  // CHECK: tfc.read_variable %arg0 after(%[[A]])
  %t0 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  %t1 = tfc.assign_variable %w, %x after(%t0) : !tfc.resource<tensor<f32>>, tensor<f32>
  %a, %t2 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
  return
}

// -----

// A function of the host may touch everything.
// CHECK-LABEL: func.func @host_call
func.func @host_call(%v: !tfc.resource<tensor<f32>>, %w: !tfc.resource<tensor<f32>>, %x: tensor<f32>) {
  // CHECK: %[[A:.*]] = tfc.assign_variable
  // CHECK: %[[B:.*]] = tfc.assign_variable
  // CHECK: %[[C:.*]] = tfc.host_call 1() after(%[[A]], %[[B]])
  // CHECK: tfc.read_variable %{{.*}} after(%[[C]])
  // CHECK: tfc.print "x" after(%[[C]])
  %t0 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  %t1 = tfc.assign_variable %w, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  %t2 = tfc.host_call 1() {types = []} : () -> ()
  %a, %t3 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
  %t4 = tfc.print "x" {stream = "stderr", summarize = 3 : i64}
  return
}

// -----

// A call with effects is one op with those of its callee, in terms of the variables passed; one without effects stays.
// CHECK-LABEL: func.func @calls
// CHECK-SAME: %[[V:.*]]: !tfc.resource<tensor<f32>>, %[[W:.*]]: !tfc.resource<tensor<f32>>
func.func @calls(%v: !tfc.resource<tensor<f32>>, %w: !tfc.resource<tensor<f32>>, %x: tensor<f32>) -> tensor<f32> {
  // CHECK: %[[A:.*]] = tfc.assign_variable %[[V]]
  // CHECK: %[[B:.*]] = tfc.call @write(%[[W]], %{{.*}}) : ({{.*}}) -> ()
  // CHECK: call @pure(%{{.*}}) : (tensor<f32>) -> tensor<f32>
  // CHECK: %{{.*}}, %[[C:.*]] = tfc.call @read(%[[V]]) after(%[[A]])
  // CHECK: tfc.call @write(%[[V]], %{{.*}}) after(%[[C]])
  // CHECK: tfc.call @write(%[[W]], %{{.*}}) after(%[[B]])
  %t0 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  call @write(%w, %x) : (!tfc.resource<tensor<f32>>, tensor<f32>) -> ()
  %p = call @pure(%x) : (tensor<f32>) -> tensor<f32>
  %r = call @read(%v) : (!tfc.resource<tensor<f32>>) -> tensor<f32>
  call @write(%v, %x) : (!tfc.resource<tensor<f32>>, tensor<f32>) -> ()
  call @write(%w, %x) : (!tfc.resource<tensor<f32>>, tensor<f32>) -> ()
  return %r : tensor<f32>
}
func.func private @write(%v: !tfc.resource<tensor<f32>>, %x: tensor<f32>) {
  %t0 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  return
}
func.func private @read(%v: !tfc.resource<tensor<f32>>) -> tensor<f32> {
  %a, %t0 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
  return %a : tensor<f32>
}
func.func private @pure(%x: tensor<f32>) -> tensor<f32> {
  return %x : tensor<f32>
}

// -----

// Functions that call each other have the effects of all of them.
// CHECK-LABEL: func.func @recursive
func.func @recursive(%v: !tfc.resource<tensor<f32>>, %w: !tfc.resource<tensor<f32>>, %x: tensor<f32>, %p: tensor<i1>) {
  // CHECK: %[[A:.*]] = tfc.call @even(%arg0, %arg1
  // CHECK: %[[B:.*]] = tfc.assign_variable %arg0, %{{.*}} after(%[[A]])
  // CHECK: %[[C:.*]] = tfc.assign_variable %arg1, %{{.*}} after(%[[A]])
  call @even(%v, %w, %x, %p) : (!tfc.resource<tensor<f32>>, !tfc.resource<tensor<f32>>, tensor<f32>, tensor<i1>) -> ()
  %t0 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  %t1 = tfc.assign_variable %w, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  return
}
func.func private @even(%v: !tfc.resource<tensor<f32>>, %w: !tfc.resource<tensor<f32>>, %x: tensor<f32>, %p: tensor<i1>) {
  %t0 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  %t1 = tfc.if %p {
    func.call @odd(%v, %w, %x, %p) : (!tfc.resource<tensor<f32>>, !tfc.resource<tensor<f32>>, tensor<f32>, tensor<i1>) -> ()
    tfc.yield
  } else {
    tfc.yield
  }
  return
}
func.func private @odd(%v: !tfc.resource<tensor<f32>>, %w: !tfc.resource<tensor<f32>>, %x: tensor<f32>, %p: tensor<i1>) {
  %t0 = tfc.assign_variable %w, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  call @even(%v, %w, %x, %p) : (!tfc.resource<tensor<f32>>, !tfc.resource<tensor<f32>>, tensor<f32>, tensor<i1>) -> ()
  return
}

// -----

// A function without a body may do anything.
// CHECK-LABEL: func.func @unknown
func.func @unknown(%v: !tfc.resource<tensor<f32>>, %x: tensor<f32>) {
  // CHECK: %[[A:.*]] = tfc.assign_variable
  // CHECK: %[[B:.*]] = tfc.call @g() after(%[[A]])
  // CHECK: tfc.read_variable %{{.*}} after(%[[B]])
  %t0 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  call @g() : () -> ()
  %a, %t1 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
  return
}
func.func private @g()
