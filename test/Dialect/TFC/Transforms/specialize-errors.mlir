// RUN: tfc-opt %s -tfc-specialize="function=f types=tensor<4xf32>;tensor<5xf32>" -split-input-file -verify-diagnostics

// The body cannot have these sizes together.
func.func @f(%x: tensor<?xf32>, %y: tensor<?xf32>) -> tensor<?xf32> {
  // expected-error @below {{do not broadcast}}
  %a = tfc.add %x, %y : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return %a : tensor<?xf32>
}

// -----

// expected-error @below {{cannot specialize argument 0 of type 'tensor<3xf32>' to 'tensor<4xf32>', which is no special case of it}}
func.func @f(%x: tensor<3xf32>, %y: tensor<?xf32>) {
  return
}

// -----

// expected-error @below {{expected 1 argument types to specialize to, got 2}}
func.func @f(%x: tensor<?xf32>) {
  return
}

// -----

// A variable that is assigned another size cannot be of this one.
func.func @f(%x: tensor<?xf32>, %v: !tfc.resource<tensor<?xf32>>) {
  // expected-error @below {{the variable holds 'tensor<5xf32>', but is assigned 'tensor<4xf32>'}}
  %t = tfc.assign_variable %v, %x : !tfc.resource<tensor<?xf32>>, tensor<?xf32>
  return
}

// -----

// expected-error @below {{no function 'f' to specialize}}
module {
}
