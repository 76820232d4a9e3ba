// RUN: tfc-opt %s -convert-tfc-to-linalg -split-input-file -verify-diagnostics

func.func @no_lowering_for_the_element_type(%x: tensor<4xcomplex<f32>>) -> tensor<4xcomplex<f32>> {
  // expected-error @below {{has no lowering for elements of type 'complex<f32>'}}
  %0 = tfc.asin %x : (tensor<4xcomplex<f32>>) -> tensor<4xcomplex<f32>>
  return %0 : tensor<4xcomplex<f32>>
}

// -----

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
