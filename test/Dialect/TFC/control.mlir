// RUN: tfc-opt %s | tfc-opt | FileCheck %s
// RUN: tfc-opt %s -mlir-print-op-generic | tfc-opt | FileCheck %s

// CHECK-LABEL: @if(
func.func @if(%c: tensor<i1>, %x: tensor<2xf32>, %l: !tfc.list<tensor<f32>>) -> tensor<?xf32> {
  // CHECK: %{{.*}}:2, %{{.*}} = tfc.if %{{.*}} -> tensor<?xf32>, !tfc.list<tensor<f32>> {
  // CHECK:   tfc.yield %{{.*}}, %{{.*}} : tensor<2xf32>, !tfc.list<tensor<f32>>
  // CHECK: } else {
  %r:2, %t = tfc.if %c -> tensor<?xf32>, !tfc.list<tensor<f32>> {
    tfc.yield %x, %l : tensor<2xf32>, !tfc.list<tensor<f32>>
  } else {
    %0 = tfc.neg %x : (tensor<2xf32>) -> tensor<2xf32>
    tfc.yield %0, %l : tensor<2xf32>, !tfc.list<tensor<f32>>
  }
  return %r#0 : tensor<?xf32>
}

// CHECK-LABEL: @if_without_results(
func.func @if_without_results(%c: tensor<i1>) {
  // CHECK: %[[A:.*]] = tfc.print "one\0A"
  // CHECK: %{{.*}} = tfc.if %{{.*}} after(%[[A]]) {
  %a = tfc.print "one\n" {summarize = 3 : i64, stream = "stdout"}
  %t = tfc.if %c after(%a) {
    tfc.yield
  } else {
    %b = tfc.print "two\n" {summarize = 3 : i64, stream = "stdout"}
    tfc.yield
  }
  return
}

// CHECK-LABEL: @while(
func.func @while(%i: tensor<i32>, %x: tensor<2xf32>, %n: tensor<i32>) -> tensor<?xf32> {
  // CHECK: tfc.while %{{.*}}, %{{.*}} : tensor<i32>, tensor<2xf32> -> tensor<i32>, tensor<?xf32> {
  // CHECK: ^bb0(%{{.*}}: tensor<i32>, %{{.*}}: tensor<?xf32>):
  // CHECK: } do {
  %r:2, %t = tfc.while %i, %x : tensor<i32>, tensor<2xf32> -> tensor<i32>, tensor<?xf32> {
  ^bb0(%j: tensor<i32>, %y: tensor<?xf32>):
    %c = tfc.less %j, %n : (tensor<i32>, tensor<i32>) -> tensor<i1>
    tfc.yield %c : tensor<i1>
  } do {
  ^bb0(%j: tensor<i32>, %y: tensor<?xf32>):
    %k = tfc.add %j, %j : (tensor<i32>, tensor<i32>) -> tensor<i32>
    %z = tfc.concat %y, %y {axis = 0 : i64} : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
    tfc.yield %k, %z : tensor<i32>, tensor<?xf32>
  }
  return %r#1 : tensor<?xf32>
}

// CHECK-LABEL: @while_without_values(
func.func @while_without_values(%c: tensor<i1>) {
  // CHECK: tfc.while {
  %t = tfc.while {
    tfc.yield %c : tensor<i1>
  } do {
    tfc.yield
  }
  return
}

// CHECK-LABEL: @call(
func.func @call(%v: !tfc.resource<tensor<f32>>, %x: tensor<f32>) -> tensor<f32> {
  // CHECK: %[[T:.*]] = tfc.call @callee(%{{.*}}) : (tensor<f32>) -> (){{$}}
  // CHECK: %{{.*}}, %{{.*}} = tfc.call @other(%{{.*}}, %{{.*}}) after(%[[T]]) : (!tfc.resource<tensor<f32>>, tensor<f32>) -> tensor<f32>
  %t = tfc.call @callee(%x) : (tensor<f32>) -> ()
  %r, %u = tfc.call @other(%v, %x) after(%t) : (!tfc.resource<tensor<f32>>, tensor<f32>) -> (tensor<f32>)
  return %r : tensor<f32>
}
func.func private @callee(tensor<f32>)
func.func private @other(!tfc.resource<tensor<f32>>, tensor<f32>) -> tensor<f32>
