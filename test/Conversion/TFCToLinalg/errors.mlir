// RUN: tfc-opt %s -convert-tfc-to-linalg -split-input-file -verify-diagnostics

func.func @unknown_rank(%x: tensor<4xf32>) attributes {tfc.entry} {
  // expected-error @below {{has a result of unknown rank}}
  %0 = "tfc.exp"(%x) : (tensor<4xf32>) -> tensor<*xf32>
  return
}

// -----

// expected-error @below {{compiled code needs arguments of known rank}}
func.func @unranked_argument(%x: tensor<*xf32>) attributes {tfc.entry} {
  return
}

// -----

// expected-error @below {{expected arguments that are tensors, got 'index'}}
func.func @not_a_tensor(%x: index) attributes {tfc.entry} {
  return
}
