// RUN: tfc-opt %s -convert-tfc-to-linalg -split-input-file | FileCheck %s

// CHECK-LABEL: func @variable_is_a_memref(
// CHECK-SAME: %[[V:[a-z0-9]+]]: memref<4xf32>)
// CHECK: bufferization.to_tensor %[[V]] restrict writable
// CHECK: bufferization.materialize_in_destination %{{.*}} in restrict writable %[[V]]
func.func @variable_is_a_memref(%x: tensor<4xf32>, %v: !tfc.resource<tensor<4xf32>>) {
  %a, %t = tfc.read_variable %v : !tfc.resource<tensor<4xf32>> -> tensor<4xf32>
  %b = tfc.add %a, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %t2 = tfc.assign_variable %v, %b after(%t) : !tfc.resource<tensor<4xf32>>, tensor<4xf32>
  return
}

// -----

// The failing branch writes the pending values first.
// CHECK-LABEL: func @assert_writes_pending_values
// CHECK: scf.if
// CHECK: bufferization.materialize_in_destination
// CHECK: tfcrt.abort "must hold", %{{.*}} : tensor<i8>
// CHECK-SAME: code = 1
func.func @assert_writes_pending_values(%c: tensor<i1>, %x: tensor<4xf32>, %k: tensor<i1>, %v: !tfc.resource<tensor<4xf32>>) {
  %0 = tfc.exp %x : (tensor<4xf32>) -> tensor<4xf32>
  %t = tfc.assert %c, "must hold", %k : tensor<i1> pending(%v = %0 : !tfc.resource<tensor<4xf32>> -> tensor<4xf32>) {summarize = 3 : i64}
  return
}

// -----

// CHECK-LABEL: func @print_remembers_dtypes
// CHECK: tfcrt.print "{} {}\0A"
// CHECK-SAME: dtypes = array<i32: 0, 7>
func.func @print_remembers_dtypes(%x: tensor<4xi1>, %y: tensor<ui32>) {
  %t = tfc.print "{} {}\n", %x, %y : tensor<4xi1>, tensor<ui32> {summarize = 3 : i64, stream = "stderr"}
  return
}

// -----

// CHECK-LABEL: func @host_call
// CHECK: tfcrt.host_call 7(%{{.*}}) {dtypes = array<i32: 11>, result_dtypes = array<i32: 11, 3>} : (tensor<2xf32>) -> (tensor<?xf32>, tensor<i32>)
func.func @host_call(%x: tensor<2xf32>) -> (tensor<?xf32>, tensor<i32>) {
  %a, %b, %t = tfc.host_call 7(%x) {types = [tensor<?xf32>, tensor<i32>]} : (tensor<2xf32>) -> (tensor<?xf32>, tensor<i32>)
  return %a, %b : tensor<?xf32>, tensor<i32>
}
