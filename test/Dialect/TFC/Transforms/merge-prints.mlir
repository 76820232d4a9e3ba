// RUN: tfc-opt %s -tfc-merge-prints -split-input-file | FileCheck %s
// RUN: tfc-opt %s -tfc-order-effects -tfc-merge-prints -tfc-verify-ordering -split-input-file -o /dev/null

// One call of the host; a read and a little arithmetic between do not matter.
// CHECK-LABEL: func.func @together
func.func @together(%v: !tfc.resource<tensor<f32>>, %x: tensor<f32>) {
  // CHECK-NOT: tfc.print
  // CHECK: %[[S:.*]] = tfc.add
  // CHECK-NEXT: tfc.print "a {}\0Ab {}\0Ac\0A", %arg1, %[[S]] : tensor<f32>, tensor<f32> {
  // CHECK-NOT: tfc.print
  // CHECK: return
  %t0 = tfc.print "a {}\n", %x : tensor<f32> {summarize = 3 : i64, stream = "stdout"}
  %a, %t1 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
  %s = tfc.add %a, %x : (tensor<f32>, tensor<f32>) -> tensor<f32>
  %t2 = tfc.print "b {}\n", %s : tensor<f32> {summarize = 3 : i64, stream = "stdout"}
  %t3 = tfc.print "c\n" {summarize = 3 : i64, stream = "stdout"}
  return
}

// -----

// Other streams and other ways to show stay apart; so does a log, which has records.
// CHECK-LABEL: func.func @apart
// CHECK-COUNT-5: tfc.print
func.func @apart(%x: tensor<f32>) {
  %t0 = tfc.print "a\n" {summarize = 3 : i64, stream = "stdout"}
  %t1 = tfc.print "b\n" {summarize = 3 : i64, stream = "stderr"}
  %t2 = tfc.print "c {}\n", %x : tensor<f32> {summarize = -1 : i64, stream = "stderr"}
  %t3 = tfc.print "d\n" {summarize = 3 : i64, stream = "log:info"}
  %t4 = tfc.print "e\n" {summarize = 3 : i64, stream = "log:info"}
  return
}

// -----

// A write between could be seen by a host that refuses the first; an assertion could stop before the second; nobody
// wants to wait for a loop or for much work.
// CHECK-LABEL: func.func @between
// CHECK-COUNT-5: tfc.print
func.func @between(%v: !tfc.resource<tensor<f32>>, %x: tensor<f32>, %p: tensor<i1>, %y: tensor<100x100xf32>) -> tensor<100x100xf32> {
  %t0 = tfc.print "a\n" {summarize = 3 : i64, stream = "stdout"}
  %t1 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  %t2 = tfc.print "b\n" {summarize = 3 : i64, stream = "stdout"}
  %t3 = tfc.assert %p, "no" {summarize = 3 : i64}
  %t4 = tfc.print "c\n" {summarize = 3 : i64, stream = "stdout"}
  %t5 = tfc.while {
    tfc.yield %p : tensor<i1>
  } do {
    tfc.yield
  }
  %t6 = tfc.print "d\n" {summarize = 3 : i64, stream = "stdout"}
  %z = tfc.neg %y : (tensor<100x100xf32>) -> tensor<100x100xf32>
  %t7 = tfc.print "e\n" {summarize = 3 : i64, stream = "stdout"}
  return %z : tensor<100x100xf32>
}

// -----

// What a refused print writes must be the same.
// CHECK-LABEL: func.func @pending
// CHECK: tfc.print "a\0Ab\0A" pending(%arg0 = %arg1
// CHECK: tfc.print "c\0A" pending(%arg0 = %arg2
func.func @pending(%v: !tfc.resource<tensor<f32>>, %x: tensor<f32>, %y: tensor<f32>) {
  %t0 = tfc.print "a\n" pending(%v = %x : !tfc.resource<tensor<f32>> -> tensor<f32>) {summarize = 3 : i64, stream = "stdout"}
  %t1 = tfc.print "b\n" pending(%v = %x : !tfc.resource<tensor<f32>> -> tensor<f32>) {summarize = 3 : i64, stream = "stdout"}
  %t2 = tfc.print "c\n" pending(%v = %y : !tfc.resource<tensor<f32>> -> tensor<f32>) {summarize = 3 : i64, stream = "stdout"}
  return
}
