// RUN: tfc-opt %s -split-input-file -verify-diagnostics

func.func @list_create_c1(%n: tensor<1xi32>) {
  // expected-error @below {{expected size to be a scalar, got 'tensor<1xi32>'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.list_create %n {dynamic_size = true, element_type = tensor<2xf32>} : (tensor<1xi32>) -> !tfc.list<tensor<2xf32>>
  return
}

// -----

func.func @list_create_c2(%n: tensor<i32>) {
  // expected-error @below {{expected `element_type` to be a tensor type, got 'f32'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.list_create %n {dynamic_size = true, element_type = f32} : (tensor<i32>) -> !tfc.list<tensor<2xf32>>
  return
}

// -----

func.func @list_get_c1(%l: !tfc.list<tensor<2xf32>>, %i: tensor<1xi32>) {
  // expected-error @below {{expected index to be a scalar, got 'tensor<1xi32>'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.list_get %l, %i {element_type = tensor<2xf32>} : (!tfc.list<tensor<2xf32>>, tensor<1xi32>) -> tensor<2xf32>
  return
}

// -----

func.func @list_get_c2(%l: !tfc.list<tensor<2xf32>>, %i: tensor<i32>) {
  // expected-error @below {{expected `element_type` to be compatible with 'tensor<2xf32>', got 'tensor<3xf32>'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.list_get %l, %i {element_type = tensor<3xf32>} : (!tfc.list<tensor<2xf32>>, tensor<i32>) -> tensor<3xf32>
  return
}

// -----

func.func @list_set_c1(%l: !tfc.list<tensor<2xf32>>, %i: tensor<1xi32>, %v: tensor<2xf32>) {
  // expected-error @below {{expected index to be a scalar, got 'tensor<1xi32>'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.list_set %l, %i, %v : (!tfc.list<tensor<2xf32>>, tensor<1xi32>, tensor<2xf32>) -> !tfc.list<tensor<2xf32>>
  return
}

// -----

func.func @list_set_c2(%l: !tfc.list<tensor<2xf32>>, %i: tensor<i32>, %v: tensor<3xf32>) {
  // expected-error @below {{expected a value of type 'tensor<2xf32>', got 'tensor<3xf32>'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.list_set %l, %i, %v : (!tfc.list<tensor<2xf32>>, tensor<i32>, tensor<3xf32>) -> !tfc.list<tensor<2xf32>>
  return
}

// -----

func.func @list_stack_c1(%l: !tfc.list<tensor<2xf32>>) {
  // expected-error @below {{expected `element_type` to be compatible with 'tensor<2xf32>', got 'tensor<2xi32>'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.list_stack %l {element_type = tensor<2xi32>} : (!tfc.list<tensor<2xf32>>) -> tensor<?x2xf32>
  return
}

// -----

func.func @list_unstack_c1(%x: tensor<f32>) {
  // expected-error @below {{expected x to have rank at least 1, got 'tensor<f32>'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.list_unstack %x : (tensor<f32>) -> !tfc.list<tensor<f32>>
  return
}
