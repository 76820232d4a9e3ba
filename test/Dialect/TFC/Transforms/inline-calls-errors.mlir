// RUN: tfc-opt %s -tfc-inline-calls -split-input-file -verify-diagnostics

func.func @itself(%x: tensor<f32>) -> tensor<f32> {
  // expected-error @below {{recursive call of 'itself': a compiled function cannot call itself}}
  %r = call @itself(%x) : (tensor<f32>) -> tensor<f32>
  return %r : tensor<f32>
}

// -----

func.func @even(%x: tensor<f32>) -> tensor<f32> {
  // expected-note @below {{which is reached by this call of 'odd'}}
  %r = call @odd(%x) : (tensor<f32>) -> tensor<f32>
  return %r : tensor<f32>
}
func.func private @odd(%x: tensor<f32>) -> tensor<f32> {
  // expected-error @below {{recursive call of 'even'}}
  %r = call @even(%x) : (tensor<f32>) -> tensor<f32>
  return %r : tensor<f32>
}
