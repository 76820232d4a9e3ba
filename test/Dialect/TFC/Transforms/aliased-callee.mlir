// RUN: tfc-opt %s -tfc-forward-stores -split-input-file | FileCheck %s
// RUN: tfc-opt %s -tfc-merge-reads -split-input-file | FileCheck %s
// RUN: tfc-opt %s -tfc-remove-dead-effects -split-input-file | FileCheck %s
// RUN: tfc-opt %s -tfc-promote-variables -split-input-file | FileCheck %s
// RUN: tfc-opt %s -tfc-order-effects -tfc-verify-ordering -split-input-file | FileCheck %s --check-prefix=ORDER

// A call passes one variable twice, so that %v and %w of the callee may be one: the write of %w comes between.
// CHECK-LABEL: func.func private @callee
// CHECK: assign_variable %[[V:[a-z0-9]+]], %{{.*}}
// CHECK: %[[A:.+]], %{{.*}} = tfc.read_variable %[[V]]
// CHECK: assign_variable %[[W:[a-z0-9]+]],
// CHECK: %[[B:.+]], %{{.*}} = tfc.read_variable %[[V]]
// CHECK: assign_variable %[[V]]
// CHECK: return %[[A]], %[[B]]
// ORDER-LABEL: func.func private @callee
// ORDER: %[[T0:.+]] = tfc.assign_variable
// ORDER: %{{.*}}, %[[T1:.+]] = tfc.read_variable %{{.*}} after(%[[T0]])
// ORDER: %[[T2:.+]] = tfc.assign_variable %{{.*}} after(%[[T1]])
// ORDER: tfc.read_variable %{{.*}} after(%[[T2]])
func.func private @callee(%v: !tfc.resource<tensor<f32>>, %w: !tfc.resource<tensor<f32>>, %x: tensor<f32>, %y: tensor<f32>) -> (tensor<f32>, tensor<f32>) {
  %0 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  %a, %1 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
  %2 = tfc.assign_variable %w, %y : !tfc.resource<tensor<f32>>, tensor<f32>
  %b, %3 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
  %4 = tfc.assign_variable %v, %y : !tfc.resource<tensor<f32>>, tensor<f32>
  return %a, %b : tensor<f32>, tensor<f32>
}
func.func @caller(%u: !tfc.resource<tensor<f32>>, %x: tensor<f32>, %y: tensor<f32>) -> (tensor<f32>, tensor<f32>) {
  %r:2 = call @callee(%u, %u, %x, %y) : (!tfc.resource<tensor<f32>>, !tfc.resource<tensor<f32>>, tensor<f32>, tensor<f32>) -> (tensor<f32>, tensor<f32>)
  return %r#0, %r#1 : tensor<f32>, tensor<f32>
}

// -----

// A function whose two variables may be one passes both on: the callee's may be one as well.
// ORDER-LABEL: func.func private @inner
// ORDER: %[[T0:.+]] = tfc.assign_variable
// ORDER: tfc.read_variable %{{.*}} after(%[[T0]])
// CHECK-LABEL: func.func private @inner
// CHECK: assign_variable
// CHECK: tfc.read_variable
func.func private @inner(%v: !tfc.resource<tensor<f32>>, %w: !tfc.resource<tensor<f32>>, %x: tensor<f32>) -> tensor<f32> {
  %0 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  %a, %1 = tfc.read_variable %w : !tfc.resource<tensor<f32>> -> tensor<f32>
  return %a : tensor<f32>
}
func.func private @middle(%v: !tfc.resource<tensor<f32>>, %w: !tfc.resource<tensor<f32>>, %x: tensor<f32>) -> tensor<f32> {
  %r = call @inner(%w, %v, %x) : (!tfc.resource<tensor<f32>>, !tfc.resource<tensor<f32>>, tensor<f32>) -> tensor<f32>
  return %r : tensor<f32>
}
func.func @outer(%u: !tfc.resource<tensor<f32>>, %x: tensor<f32>) -> tensor<f32> {
  %r = call @middle(%u, %u, %x) : (!tfc.resource<tensor<f32>>, !tfc.resource<tensor<f32>>, tensor<f32>) -> tensor<f32>
  return %r : tensor<f32>
}
