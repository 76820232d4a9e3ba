// RUN: tfc-opt %s -tfc-specialize="function=f types=tensor<4x3xf32>;tensor<2xf32>" | FileCheck %s

// A variable takes its value type.
// CHECK-LABEL: func.func @f(%arg0: tensor<4x3xf32>, %arg1: !tfc.resource<tensor<2xf32>>) -> (tensor<4xf32>, tensor<2xf32>)
// CHECK: tfc.reduce_sum {{.*}} -> tensor<4xf32>
// CHECK: tfc.read_variable {{.*}} -> tensor<2xf32>
// CHECK-NOT: ensure_shape
func.func @f(%x: tensor<?x?xf32>, %v: !tfc.resource<tensor<?xf32>>) -> (tensor<?xf32>, tensor<?xf32>) {
  %a = tfc.reduce_sum %x {axes = array<i64: 1>, keepdims = false} : (tensor<?x?xf32>) -> tensor<?xf32>
  %b, %t = tfc.read_variable %v : !tfc.resource<tensor<?xf32>> -> tensor<?xf32>
  return %a, %b : tensor<?xf32>, tensor<?xf32>
}
