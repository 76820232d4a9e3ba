// RUN: tfc-opt %s --tfc-pack-abi -split-input-file -verify-diagnostics

func.func private @g(tensor<4xf32>) -> tensor<4xf32>
func.func @calls_are_inlined(%x: tensor<4xf32>) -> tensor<4xf32> attributes {tfc.entry} {
  // expected-error @below {{call of 'g' is left; calls are inlined before the ABI is packed}}
  %r = call @g(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

// expected-error @below {{expected arguments that are ranked tensors or variables (memrefs), got 'tensor<*xf32>'}}
func.func @ranked(%x: tensor<*xf32>) attributes {tfc.entry} {
  return
}
