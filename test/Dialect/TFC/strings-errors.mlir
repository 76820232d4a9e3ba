// RUN: tfc-opt %s -split-input-file -verify-diagnostics

func.func @string_c1(%x: tensor<!tfc.string>) {
  // expected-error @below {{expected `type` to be a tensor type, got 'f32'}}
  // expected-error @below {{failed to infer returned types}}
  %r = "tfc.string"(%x) {function = "lower", type = f32} : (tensor<!tfc.string>) -> tensor<f32>
  return
}

// -----

func.func @numbers_only(%x: tensor<!tfc.string>) {
  // expected-error @below {{operand #0 must be tensor of number values}}
  %r = "tfc.neg"(%x) : (tensor<!tfc.string>) -> tensor<!tfc.string>
  return
}
