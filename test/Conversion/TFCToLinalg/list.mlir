// RUN: tfc-opt %s -convert-tfc-to-linalg -split-input-file | FileCheck %s

// CHECK-LABEL: func @set_inserts_get_extracts
// CHECK: linalg.fill
// CHECK-NOT: scf.if
// CHECK: tensor.insert_slice %{{.*}} into %{{.*}}[%{{.*}}, 0] [1, 3] [1, 1]
// CHECK: tensor.extract_slice
func.func @set_inserts_get_extracts(%n: tensor<i32>, %i: tensor<i32>, %x: tensor<3xf32>) -> tensor<3xf32> {
  %l = tfc.list_create %n {element_type = tensor<3xf32>, dynamic_size = false} : (tensor<i32>) -> !tfc.list<tensor<3xf32>>
  %s = tfc.list_set %l, %i, %x : (!tfc.list<tensor<3xf32>>, tensor<i32>, tensor<3xf32>) -> !tfc.list<tensor<3xf32>>
  %r = tfc.list_get %s, %i {element_type = tensor<3xf32>} : (!tfc.list<tensor<3xf32>>, tensor<i32>) -> tensor<3xf32>
  return %r : tensor<3xf32>
}

// -----

// CHECK-LABEL: func @dynamic_list_makes_room
// CHECK: scf.if
// CHECK: tensor.empty
// CHECK: else
// CHECK: tensor.insert_slice
func.func @dynamic_list_makes_room(%n: tensor<i32>, %i: tensor<i32>, %x: tensor<3xf32>) -> tensor<?x3xf32> {
  %l = tfc.list_create %n {element_type = tensor<3xf32>, dynamic_size = true} : (tensor<i32>) -> !tfc.list<tensor<3xf32>>
  %s = tfc.list_set %l, %i, %x : (!tfc.list<tensor<3xf32>>, tensor<i32>, tensor<3xf32>) -> !tfc.list<tensor<3xf32>>
  %r = tfc.list_stack %s {element_type = tensor<3xf32>} : (!tfc.list<tensor<3xf32>>) -> tensor<?x3xf32>
  return %r : tensor<?x3xf32>
}
