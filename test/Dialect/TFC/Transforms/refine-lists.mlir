// RUN: tfc-opt %s -tfc-refine-lists -split-input-file | FileCheck %s

// CHECK-LABEL: func.func @loop
// CHECK: tfc.list_create %{{.*}} {{.*}}element_type = tensor<4xf32>{{.*}} -> !tfc.list<tensor<4xf32>>
// CHECK: tfc.while {{.*}} -> tensor<i32>, !tfc.list<tensor<4xf32>>
// CHECK: tfc.list_get {{.*}} -> tensor<4xf32>
// CHECK: tfc.list_stack {{.*}} -> tensor<?x4xf32>
func.func @loop(%n: tensor<i32>, %x: tensor<4xf32>, %p: tensor<i1>) {
  %zero = tfc.constant dense<0> : tensor<i32>
  %l = tfc.list_create %n {element_type = tensor<*xf32>, dynamic_size = false} : (tensor<i32>) -> !tfc.list<tensor<*xf32>>
  %m = tfc.list_set %l, %zero, %x : (!tfc.list<tensor<*xf32>>, tensor<i32>, tensor<4xf32>) -> !tfc.list<tensor<*xf32>>
  %r:2, %t = tfc.while %zero, %m : tensor<i32>, !tfc.list<tensor<*xf32>> -> tensor<i32>, !tfc.list<tensor<*xf32>> {
  ^bb0(%i: tensor<i32>, %q: !tfc.list<tensor<*xf32>>):
    tfc.yield %p : tensor<i1>
  } do {
  ^bb0(%i: tensor<i32>, %q: !tfc.list<tensor<*xf32>>):
    %a = tfc.list_get %q, %i {element_type = tensor<*xf32>} : (!tfc.list<tensor<*xf32>>, tensor<i32>) -> tensor<*xf32>
    %b = tfc.add %a, %x : (tensor<*xf32>, tensor<4xf32>) -> tensor<*xf32>
    %o = tfc.list_set %q, %i, %b : (!tfc.list<tensor<*xf32>>, tensor<i32>, tensor<*xf32>) -> !tfc.list<tensor<*xf32>>
    tfc.yield %i, %o : tensor<i32>, !tfc.list<tensor<*xf32>>
  }
  %s = tfc.list_stack %r#1 {element_type = tensor<*xf32>} : (!tfc.list<tensor<*xf32>>) -> tensor<*xf32>
  return
}

// -----

// Tensors of different sizes leave the size unknown.
// CHECK-LABEL: func.func @different
// CHECK: tfc.list_create {{.*}} -> !tfc.list<tensor<?xf32>>
func.func @different(%n: tensor<i32>, %x: tensor<4xf32>, %y: tensor<5xf32>) {
  %l = tfc.list_create %n {element_type = tensor<*xf32>, dynamic_size = false} : (tensor<i32>) -> !tfc.list<tensor<*xf32>>
  %m = tfc.list_set %l, %n, %x : (!tfc.list<tensor<*xf32>>, tensor<i32>, tensor<4xf32>) -> !tfc.list<tensor<*xf32>>
  %o = tfc.list_set %m, %n, %y : (!tfc.list<tensor<*xf32>>, tensor<i32>, tensor<5xf32>) -> !tfc.list<tensor<*xf32>>
  return
}

// -----

// What is read back and changed in size does not fit the first guess.
// CHECK-LABEL: func.func @refuted
// CHECK: tfc.list_create {{.*}} -> !tfc.list<tensor<?xf32>>
func.func @refuted(%n: tensor<i32>, %x: tensor<4xf32>) {
  %l = tfc.list_create %n {element_type = tensor<*xf32>, dynamic_size = false} : (tensor<i32>) -> !tfc.list<tensor<*xf32>>
  %m = tfc.list_set %l, %n, %x : (!tfc.list<tensor<*xf32>>, tensor<i32>, tensor<4xf32>) -> !tfc.list<tensor<*xf32>>
  %a = tfc.list_get %m, %n {element_type = tensor<*xf32>} : (!tfc.list<tensor<*xf32>>, tensor<i32>) -> tensor<*xf32>
  %b = tfc.concat %a, %x {axis = 0 : i64} : (tensor<*xf32>, tensor<4xf32>) -> tensor<*xf32>
  %o = tfc.list_set %m, %n, %b : (!tfc.list<tensor<*xf32>>, tensor<i32>, tensor<*xf32>) -> !tfc.list<tensor<*xf32>>
  return
}
