// RUN: tfc-opt %s -tfc-inline-calls -mlir-print-debuginfo | FileCheck %s

// Calls in regions and chains of calls are inlined; nobody needs the private functions then.
// CHECK-LABEL: func.func @main
// CHECK: %[[T:.*]] = tfc.add {{.*}} loc(#[[SITE:.*]])
// CHECK: tfc.if
// CHECK: tfc.assign_variable %arg0, %[[T]]
// CHECK-NOT: call @
// CHECK-NOT: func.func
// CHECK-DAG: #[[SITE]] = loc(callsite(#[[CALLEE:.*]] at #[[CALLER:.*]]))
func.func @main(%v: !tfc.resource<tensor<f32>>, %x: tensor<f32>, %p: tensor<i1>) {
  %a = call @double(%x) : (tensor<f32>) -> tensor<f32>
  %t = tfc.if %p {
    func.call @store(%v, %a) : (!tfc.resource<tensor<f32>>, tensor<f32>) -> ()
    tfc.yield
  } else {
    tfc.yield
  }
  return
}
func.func private @store(%v: !tfc.resource<tensor<f32>>, %x: tensor<f32>) {
  call @store_twice(%v, %x) : (!tfc.resource<tensor<f32>>, tensor<f32>) -> ()
  return
}
func.func private @store_twice(%v: !tfc.resource<tensor<f32>>, %x: tensor<f32>) {
  %t0 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  return
}
func.func private @double(%x: tensor<f32>) -> tensor<f32> {
  %r = tfc.add %x, %x : (tensor<f32>, tensor<f32>) -> tensor<f32>
  return %r : tensor<f32>
}
