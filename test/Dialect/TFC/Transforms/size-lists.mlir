// RUN: tfc-opt --tfc-size-lists %s -split-input-file | FileCheck %s

// A list that a counted loop fills is made in its final length, and set at the number that the condition compares.
// CHECK-LABEL: func.func @counted(
// CHECK-SAME: %[[N:.*]]: tensor<i32>
// CHECK: %[[SIZE:.*]] = tfc.maximum %[[N]],
// CHECK: %[[LIST:.*]] = tfc.list_create %[[SIZE]] {dynamic_size = false
// CHECK: tfc.while %{{.*}}, %{{.*}}, %[[LIST]]
// CHECK: } do {
// CHECK: ^bb0(%[[I:.*]]: tensor<i32>, %{{.*}}: tensor<i32>
// CHECK: tfc.list_set %{{.*}}, %[[I]], %
func.func @counted(%n: tensor<i32>, %x: tensor<4xf32>) -> tensor<?x4xf32> {
  %zero = tfc.constant dense<0> : tensor<i32>
  %one = tfc.constant dense<1> : tensor<i32>
  %l = tfc.list_create %zero {dynamic_size = true, element_type = tensor<4xf32>} : (tensor<i32>) -> !tfc.list<tensor<4xf32>>
  %r:3, %t = tfc.while %zero, %zero, %l : tensor<i32>, tensor<i32>, !tfc.list<tensor<4xf32>> -> tensor<i32>, tensor<i32>, !tfc.list<tensor<4xf32>> {
  ^bb0(%i: tensor<i32>, %k: tensor<i32>, %m: !tfc.list<tensor<4xf32>>):
    %go = tfc.less %i, %n : (tensor<i32>, tensor<i32>) -> tensor<i1>
    tfc.yield %go : tensor<i1>
  } do {
  ^bb0(%i: tensor<i32>, %k: tensor<i32>, %m: !tfc.list<tensor<4xf32>>):
    %s = tfc.list_set %m, %k, %x : (!tfc.list<tensor<4xf32>>, tensor<i32>, tensor<4xf32>) -> !tfc.list<tensor<4xf32>>
    %next = tfc.add %i, %one : (tensor<i32>, tensor<i32>) -> tensor<i32>
    %also = tfc.add %k, %one : (tensor<i32>, tensor<i32>) -> tensor<i32>
    tfc.yield %next, %also, %s : tensor<i32>, tensor<i32>, !tfc.list<tensor<4xf32>>
  }
  %all = tfc.list_stack %r#2 {element_type = tensor<4xf32>} : (!tfc.list<tensor<4xf32>>) -> tensor<?x4xf32>
  return %all : tensor<?x4xf32>
}

// -----

// Other steps, and down to 0.
// CHECK-LABEL: func.func @steps(
// CHECK: %[[SPAN:.*]] = tfc.sub %arg1, %arg0
// CHECK: %[[UP:.*]] = tfc.add %[[SPAN]],
// CHECK: %[[TRIPS:.*]] = tfc.floor_div %[[UP]],
// CHECK: tfc.maximum %[[TRIPS]],
// CHECK-LABEL: func.func @down(
// CHECK: %[[TRIPS:.*]] = tfc.add %arg0,
// CHECK: tfc.maximum %[[TRIPS]],
func.func @steps(%a: tensor<i32>, %b: tensor<i32>, %x: tensor<f32>) -> tensor<?xf32> {
  %zero = tfc.constant dense<0> : tensor<i32>
  %one = tfc.constant dense<1> : tensor<i32>
  %three = tfc.constant dense<3> : tensor<i32>
  %l = tfc.list_create %zero {dynamic_size = true, element_type = tensor<f32>} : (tensor<i32>) -> !tfc.list<tensor<f32>>
  %r:3, %t = tfc.while %a, %zero, %l : tensor<i32>, tensor<i32>, !tfc.list<tensor<f32>> -> tensor<i32>, tensor<i32>, !tfc.list<tensor<f32>> {
  ^bb0(%i: tensor<i32>, %k: tensor<i32>, %m: !tfc.list<tensor<f32>>):
    %go = tfc.less %i, %b : (tensor<i32>, tensor<i32>) -> tensor<i1>
    tfc.yield %go : tensor<i1>
  } do {
  ^bb0(%i: tensor<i32>, %k: tensor<i32>, %m: !tfc.list<tensor<f32>>):
    %s = tfc.list_set %m, %k, %x : (!tfc.list<tensor<f32>>, tensor<i32>, tensor<f32>) -> !tfc.list<tensor<f32>>
    %next = tfc.add %i, %three : (tensor<i32>, tensor<i32>) -> tensor<i32>
    %also = tfc.add %k, %one : (tensor<i32>, tensor<i32>) -> tensor<i32>
    tfc.yield %next, %also, %s : tensor<i32>, tensor<i32>, !tfc.list<tensor<f32>>
  }
  %all = tfc.list_stack %r#2 {element_type = tensor<f32>} : (!tfc.list<tensor<f32>>) -> tensor<?xf32>
  return %all : tensor<?xf32>
}

func.func @down(%a: tensor<i32>, %x: tensor<f32>) -> tensor<?xf32> {
  %zero = tfc.constant dense<0> : tensor<i32>
  %one = tfc.constant dense<1> : tensor<i32>
  %l = tfc.list_create %zero {dynamic_size = true, element_type = tensor<f32>} : (tensor<i32>) -> !tfc.list<tensor<f32>>
  %r:3, %t = tfc.while %a, %zero, %l : tensor<i32>, tensor<i32>, !tfc.list<tensor<f32>> -> tensor<i32>, tensor<i32>, !tfc.list<tensor<f32>> {
  ^bb0(%i: tensor<i32>, %k: tensor<i32>, %m: !tfc.list<tensor<f32>>):
    %last = tfc.constant dense<0> : tensor<i32>
    %go = tfc.greater_equal %i, %last : (tensor<i32>, tensor<i32>) -> tensor<i1>
    tfc.yield %go : tensor<i1>
  } do {
  ^bb0(%i: tensor<i32>, %k: tensor<i32>, %m: !tfc.list<tensor<f32>>):
    %s = tfc.list_set %m, %k, %x : (!tfc.list<tensor<f32>>, tensor<i32>, tensor<f32>) -> !tfc.list<tensor<f32>>
    %next = tfc.sub %i, %one : (tensor<i32>, tensor<i32>) -> tensor<i32>
    %also = tfc.add %k, %one : (tensor<i32>, tensor<i32>) -> tensor<i32>
    tfc.yield %next, %also, %s : tensor<i32>, tensor<i32>, !tfc.list<tensor<f32>>
  }
  %all = tfc.list_stack %r#2 {element_type = tensor<f32>} : (!tfc.list<tensor<f32>>) -> tensor<?xf32>
  return %all : tensor<?xf32>
}

// -----

// A list that is looked at in the loop has the length that it has then; a limit that changes says nothing.
// CHECK-LABEL: func.func @others(
// CHECK-NOT: dynamic_size = false
func.func @others(%n: tensor<i32>) -> (tensor<?xi32>, tensor<?xi32>) {
  %zero = tfc.constant dense<0> : tensor<i32>
  %one = tfc.constant dense<1> : tensor<i32>
  %l = tfc.list_create %zero {dynamic_size = true, element_type = tensor<i32>} : (tensor<i32>) -> !tfc.list<tensor<i32>>
  %r:2, %t = tfc.while %zero, %l : tensor<i32>, !tfc.list<tensor<i32>> -> tensor<i32>, !tfc.list<tensor<i32>> {
  ^bb0(%i: tensor<i32>, %m: !tfc.list<tensor<i32>>):
    %go = tfc.less %i, %n : (tensor<i32>, tensor<i32>) -> tensor<i1>
    tfc.yield %go : tensor<i1>
  } do {
  ^bb0(%i: tensor<i32>, %m: !tfc.list<tensor<i32>>):
    %length = tfc.list_length %m : (!tfc.list<tensor<i32>>) -> tensor<i32>
    %s = tfc.list_set %m, %i, %length : (!tfc.list<tensor<i32>>, tensor<i32>, tensor<i32>) -> !tfc.list<tensor<i32>>
    %next = tfc.add %i, %one : (tensor<i32>, tensor<i32>) -> tensor<i32>
    tfc.yield %next, %s : tensor<i32>, !tfc.list<tensor<i32>>
  }
  %k = tfc.list_create %zero {dynamic_size = true, element_type = tensor<i32>} : (tensor<i32>) -> !tfc.list<tensor<i32>>
  %q:3, %u = tfc.while %zero, %n, %k : tensor<i32>, tensor<i32>, !tfc.list<tensor<i32>> -> tensor<i32>, tensor<i32>, !tfc.list<tensor<i32>> {
  ^bb0(%i: tensor<i32>, %limit: tensor<i32>, %m: !tfc.list<tensor<i32>>):
    %go = tfc.less %i, %limit : (tensor<i32>, tensor<i32>) -> tensor<i1>
    tfc.yield %go : tensor<i1>
  } do {
  ^bb0(%i: tensor<i32>, %limit: tensor<i32>, %m: !tfc.list<tensor<i32>>):
    %s = tfc.list_set %m, %i, %limit : (!tfc.list<tensor<i32>>, tensor<i32>, tensor<i32>) -> !tfc.list<tensor<i32>>
    %next = tfc.add %i, %one : (tensor<i32>, tensor<i32>) -> tensor<i32>
    %less = tfc.sub %limit, %one : (tensor<i32>, tensor<i32>) -> tensor<i32>
    tfc.yield %next, %less, %s : tensor<i32>, tensor<i32>, !tfc.list<tensor<i32>>
  }
  %a = tfc.list_stack %r#1 {element_type = tensor<i32>} : (!tfc.list<tensor<i32>>) -> tensor<?xi32>
  %b = tfc.list_stack %q#2 {element_type = tensor<i32>} : (!tfc.list<tensor<i32>>) -> tensor<?xi32>
  return %a, %b : tensor<?xi32>, tensor<?xi32>
}

// -----

// A list that is set after the loop may have to grow then.
// CHECK-LABEL: func.func @later(
// CHECK-NOT: dynamic_size = false
func.func @later(%n: tensor<i32>) -> tensor<?xi32> {
  %zero = tfc.constant dense<0> : tensor<i32>
  %one = tfc.constant dense<1> : tensor<i32>
  %l = tfc.list_create %zero {dynamic_size = true, element_type = tensor<i32>} : (tensor<i32>) -> !tfc.list<tensor<i32>>
  %r:2, %t = tfc.while %zero, %l : tensor<i32>, !tfc.list<tensor<i32>> -> tensor<i32>, !tfc.list<tensor<i32>> {
  ^bb0(%i: tensor<i32>, %m: !tfc.list<tensor<i32>>):
    %go = tfc.less %i, %n : (tensor<i32>, tensor<i32>) -> tensor<i1>
    tfc.yield %go : tensor<i1>
  } do {
  ^bb0(%i: tensor<i32>, %m: !tfc.list<tensor<i32>>):
    %s = tfc.list_set %m, %i, %i : (!tfc.list<tensor<i32>>, tensor<i32>, tensor<i32>) -> !tfc.list<tensor<i32>>
    %next = tfc.add %i, %one : (tensor<i32>, tensor<i32>) -> tensor<i32>
    tfc.yield %next, %s : tensor<i32>, !tfc.list<tensor<i32>>
  }
  %more = tfc.list_set %r#1, %n, %n : (!tfc.list<tensor<i32>>, tensor<i32>, tensor<i32>) -> !tfc.list<tensor<i32>>
  %all = tfc.list_stack %more {element_type = tensor<i32>} : (!tfc.list<tensor<i32>>) -> tensor<?xi32>
  return %all : tensor<?xi32>
}
