// RUN: tfc-opt %s -tfc-verify-ordering | FileCheck %s

// Sound and minimal: nothing is said, nothing changes. The read and the print are unordered.
// CHECK-LABEL: func.func @minimal
// CHECK: tfc.assert %{{.*}} after(%{{.*}}, %{{.*}}) {
func.func @minimal(%v: !tfc.resource<tensor<f32>>, %x: tensor<f32>, %p: tensor<i1>) {
  %t0 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  %a, %t1 = tfc.read_variable %v after(%t0) : !tfc.resource<tensor<f32>> -> tensor<f32>
  %t2 = tfc.print "{}\0A", %a : tensor<f32> {summarize = 3 : i64, stream = "stdout"}
  %t3 = tfc.assert %p, "no" after(%t0, %t2) {summarize = 3 : i64}
  %t4 = tfc.assign_variable %v, %x after(%t1, %t3) : !tfc.resource<tensor<f32>>, tensor<f32>
  return
}
