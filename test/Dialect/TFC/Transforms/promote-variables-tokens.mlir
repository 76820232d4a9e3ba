// RUN: tfc-opt %s -tfc-order-effects -tfc-promote-variables -tfc-verify-ordering | FileCheck %s

// Tokens that were there are there again afterwards, those of the minimal order.
// CHECK-LABEL: func.func @f
func.func @f(%v: !tfc.resource<tensor<f32>>, %x: tensor<f32>, %p: tensor<i1>) {
  // CHECK: %[[A:.*]] = tfc.assert %arg2, "no" pending(%arg0 = %arg1
  // CHECK: %[[B:.*]] = tfc.assert %arg2, "again" {{.*}}after(%[[A]])
  // CHECK: tfc.assign_variable %arg0, %arg1 after(%[[B]])
  %t0 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  %t1 = tfc.assert %p, "no" {summarize = 3 : i64}
  %a, %t2 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
  %t3 = tfc.assert %p, "again" {summarize = 3 : i64}
  %t4 = tfc.assign_variable %v, %a : !tfc.resource<tensor<f32>>, tensor<f32>
  return
}
