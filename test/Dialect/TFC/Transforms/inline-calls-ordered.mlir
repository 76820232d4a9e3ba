// RUN: tfc-opt %s -tfc-inline-calls -tfc-verify-ordering | FileCheck %s

// A call with tokens is a call; the order is that of the bodies afterwards.
// CHECK-LABEL: func.func @ordered
func.func @ordered(%v: !tfc.resource<tensor<f32>>, %x: tensor<f32>) {
  // CHECK-NEXT: %[[A:.*]] = tfc.assign_variable %arg0, %arg1 :
  // CHECK-NEXT: tfc.assign_variable %arg0, %arg1 after(%[[A]])
  %t0 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  %t1 = tfc.call @write(%v, %x) after(%t0) : (!tfc.resource<tensor<f32>>, tensor<f32>) -> ()
  return
}
func.func private @write(%v: !tfc.resource<tensor<f32>>, %x: tensor<f32>) {
  %t0 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  return
}
