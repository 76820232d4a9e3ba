// RUN: tfc-opt %s -split-input-file -verify-diagnostics

func.func @gather_c1(%x: tensor<2x3xf32>, %i: tensor<2xi32>) {
  // expected-error @below {{axis 2 is out of range for rank 2, expected 0 <= axis < 2}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.gather %x, %i {axis = 2 : i64, batch_dims = 0 : i64} : (tensor<2x3xf32>, tensor<2xi32>) -> tensor<2x2xf32>
  return
}

// -----

func.func @gather_c1_batch(%x: tensor<2x3xf32>, %i: tensor<2xi32>) {
  // expected-error @below {{expected 0 <= batch_dims <= axis = 0 and at most the rank of indices, got 1 for 'tensor<2xi32>'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.gather %x, %i {axis = 0 : i64, batch_dims = 1 : i64} : (tensor<2x3xf32>, tensor<2xi32>) -> tensor<2x2xf32>
  return
}

// -----

func.func @gather_c2(%x: tensor<2x3xf32>, %i: tensor<4xi32>) {
  // expected-error @below {{expected equal sizes in the first 1 dimensions, got 'tensor<2x3xf32>' and 'tensor<4xi32>'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.gather %x, %i {axis = 1 : i64, batch_dims = 1 : i64} : (tensor<2x3xf32>, tensor<4xi32>) -> tensor<2xf32>
  return
}

// -----

func.func @gather_nd_c1(%x: tensor<2x3xf32>, %i: tensor<2x?xi32>) {
  // expected-error @below {{expected indices with a known last dimension, got 'tensor<2x?xi32>'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.gather_nd %x, %i {batch_dims = 0 : i64} : (tensor<2x3xf32>, tensor<2x?xi32>) -> tensor<*xf32>
  return
}

// -----

func.func @gather_nd_c2(%x: tensor<2x3xf32>, %i: tensor<2x3xi32>) {
  // expected-error @below {{expected index vectors of at most 2 entries for 'tensor<2x3xf32>' with batch_dims 0, got 3}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.gather_nd %x, %i {batch_dims = 0 : i64} : (tensor<2x3xf32>, tensor<2x3xi32>) -> tensor<*xf32>
  return
}

// -----

func.func @scatter_c1(%x: tensor<2xf32>, %i: tensor<i32>, %u: tensor<2xf32>) {
  // expected-error @below {{expected indices of rank at least 1, got 'tensor<i32>'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.scatter %x, %i, %u {mode = "add"} : (tensor<2xf32>, tensor<i32>, tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @scatter_c2(%x: tensor<2x3xf32>, %i: tensor<4x1xi32>, %u: tensor<4xf32>) {
  // expected-error @below {{expected updates of type 'tensor<4x3xf32>', got 'tensor<4xf32>'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.scatter %x, %i, %u {mode = "add"} : (tensor<2x3xf32>, tensor<4x1xi32>, tensor<4xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @scatter_c3(%x: tensor<2xf32>, %i: tensor<4x1xi32>, %u: tensor<4xf32>) {
  // expected-error @below {{expected `mode` update, add, sub, mul, min or max, got or}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.scatter %x, %i, %u {mode = "or"} : (tensor<2xf32>, tensor<4x1xi32>, tensor<4xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @sort_c1(%x: tensor<2xf32>) {
  // expected-error @below {{axis 1 is out of range for rank 1, expected 0 <= axis < 1}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.sort %x {axis = 1 : i64, descending = false} : (tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @argsort_c1(%x: tensor<f32>) {
  // expected-error @below {{axis 0 is out of range for rank 0, expected 0 <= axis < 0}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.argsort %x {axis = 0 : i64, descending = false} : (tensor<f32>) -> tensor<i32>
  return
}

// -----

func.func @random_bits_c1(%k: tensor<2xui64>) {
  // expected-error @below {{expected a key tensor<1xui64> and a counter tensor<2xui64>, got 'tensor<2xui64>' and 'tensor<2xui64>'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.random_bits %k, %k {dtype = ui32, shape = array<i64: 2>} : (tensor<2xui64>, tensor<2xui64>) -> tensor<2xui32>
  return
}

// -----

func.func @random_bits_c2(%k: tensor<1xui64>, %c: tensor<2xui64>) {
  // expected-error @below {{expected `dtype` to be ui32 or ui64, got 'i32'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.random_bits %k, %c {dtype = i32, shape = array<i64: 2>} : (tensor<1xui64>, tensor<2xui64>) -> tensor<2xi32>
  return
}
