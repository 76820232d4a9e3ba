// RUN: tfc-opt %s -tfc-order-effects -split-input-file -verify-diagnostics

func.func @call(%v: !tfc.resource<tensor<f32>>) {
  // expected-error @below {{cannot order the effects of this call of 'f': a call takes no tokens; run tfc-inline-calls first}}
  call @f(%v) : (!tfc.resource<tensor<f32>>) -> ()
  return
}
func.func private @f(%v: !tfc.resource<tensor<f32>>) {
  %x = tfc.constant dense<1.0> : tensor<f32>
  %t0 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  return
}

// -----

func.func @unknown(%v: !tfc.resource<tensor<f32>>) {
  // expected-error @below {{cannot order the effects of this call of 'g'}}
  call @g() : () -> ()
  return
}
func.func private @g()
