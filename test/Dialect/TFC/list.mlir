// RUN: tfc-opt %s | tfc-opt | FileCheck %s
// RUN: tfc-opt %s -mlir-print-op-generic | tfc-opt | FileCheck %s

// CHECK-LABEL: @list_create(
func.func @list_create(%n: tensor<i32>) -> !tfc.list<tensor<2xf32>> {
  // CHECK: tfc.list_create %{{.*}} {dynamic_size = true, element_type = tensor<2xf32>} : (tensor<i32>) -> !tfc.list<tensor<2xf32>>
  %r = tfc.list_create %n {dynamic_size = true, element_type = tensor<2xf32>} : (tensor<i32>) -> !tfc.list<tensor<2xf32>>
  return %r : !tfc.list<tensor<2xf32>>
}

// CHECK-LABEL: @list_length(
func.func @list_length(%l: !tfc.list<tensor<2xf32>>) -> tensor<i32> {
  // CHECK: tfc.list_length %{{.*}} : (!tfc.list<tensor<2xf32>>) -> tensor<i32>
  %r = tfc.list_length %l : (!tfc.list<tensor<2xf32>>) -> tensor<i32>
  return %r : tensor<i32>
}

// CHECK-LABEL: @list_get(
func.func @list_get(%l: !tfc.list<tensor<*xf32>>, %i: tensor<i32>) -> tensor<2xf32> {
  // CHECK: tfc.list_get %{{.*}}, %{{.*}} {element_type = tensor<2xf32>} : (!tfc.list<tensor<*xf32>>, tensor<i32>) -> tensor<2xf32>
  %r = tfc.list_get %l, %i {element_type = tensor<2xf32>} : (!tfc.list<tensor<*xf32>>, tensor<i32>) -> tensor<2xf32>
  return %r : tensor<2xf32>
}

// CHECK-LABEL: @list_set(
func.func @list_set(%l: !tfc.list<tensor<?xf32>>, %i: tensor<i32>, %v: tensor<2xf32>) -> !tfc.list<tensor<?xf32>> {
  // CHECK: tfc.list_set %{{.*}}, %{{.*}}, %{{.*}} : (!tfc.list<tensor<?xf32>>, tensor<i32>, tensor<2xf32>) -> !tfc.list<tensor<?xf32>>
  %r = tfc.list_set %l, %i, %v : (!tfc.list<tensor<?xf32>>, tensor<i32>, tensor<2xf32>) -> !tfc.list<tensor<?xf32>>
  return %r : !tfc.list<tensor<?xf32>>
}

// CHECK-LABEL: @list_stack(
func.func @list_stack(%l: !tfc.list<tensor<?xf32>>) -> tensor<?x?xf32> {
  // CHECK: tfc.list_stack %{{.*}} {element_type = tensor<*xf32>} : (!tfc.list<tensor<?xf32>>) -> tensor<?x?xf32>
  %r = tfc.list_stack %l {element_type = tensor<*xf32>} : (!tfc.list<tensor<?xf32>>) -> tensor<?x?xf32>
  return %r : tensor<?x?xf32>
}

// CHECK-LABEL: @list_unstack(
func.func @list_unstack(%x: tensor<4x3xf32>) -> !tfc.list<tensor<3xf32>> {
  // CHECK: tfc.list_unstack %{{.*}} : (tensor<4x3xf32>) -> !tfc.list<tensor<3xf32>>
  %r = tfc.list_unstack %x : (tensor<4x3xf32>) -> !tfc.list<tensor<3xf32>>
  return %r : !tfc.list<tensor<3xf32>>
}
