// RUN: tfc-opt %s -tfc-order-effects -split-input-file -verify-diagnostics -allow-unregistered-dialect

func.func @foreign(%v: !tfc.resource<tensor<f32>>) {
  // expected-error @below {{cannot order the effects of 'foreign.op': it takes no tokens}}
  "foreign.op"(%v) : (!tfc.resource<tensor<f32>>) -> ()
  return
}
