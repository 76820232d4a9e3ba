// RUN: tfc-opt %s -tfc-order-effects -remarks-filter-analyse=tfc-order-effects -remark-format=emitRemark 2>&1 | FileCheck %s

// Each edge says why it is there.
// CHECK: p.py:12:1: remark: [Analysis] Ordered | Category:tfc-order-effects | Function=f | Reason="line 12 writes v after line 9 read it"
// CHECK: p.py:14:1: remark: [Analysis] Ordered | {{.*}} | Reason="line 14 may stop the program after line 12 wrote v"
func.func @f(%v: !tfc.resource<tensor<f32>> {tfc.name = "v"}, %x: tensor<f32>, %p: tensor<i1>) {
  %a, %t0 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32> loc("p.py":9:1)
  %t1 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32> loc("p.py":12:1)
  %t2 = tfc.assert %p, "no" {summarize = 3 : i64} loc("p.py":14:1)
  return
}
