// RUN: tfc-opt %s -tfc-promote-variables -remarks-filter-missed=tfc-promote-variables -remark-format=emitRemark 2>&1 | FileCheck %s

// CHECK: remark: [Missed] InMemory | Category:tfc-promote-variables | Function=f | Reason="variables are in memory around 'func.call': it may touch them in a hidden way"
func.func @f(%v: !tfc.resource<tensor<f32>>) {
  call @g() : () -> ()
  return
}
func.func private @g()
