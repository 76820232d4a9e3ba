// RUN: tfc-opt %s -convert-tfc-to-linalg -split-input-file -verify-diagnostics

// expected-error @below {{expected tensors of numbers, got arguments that are strings}}
func.func @argument(%x: tensor<!tfc.string>) attributes {tfc.entry} {
  return
}

// -----

func.func @op() -> tensor<i1> attributes {tfc.entry} {
  // expected-error @below {{expected tensors of numbers, got strings: ops on strings run on the host}}
  %x = tfc.constant dense<"a"> : tensor<!tfc.string>
  %r = tfc.equal %x, %x : (tensor<!tfc.string>, tensor<!tfc.string>) -> tensor<i1>
  return %r : tensor<i1>
}
