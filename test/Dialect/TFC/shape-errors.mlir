// RUN: tfc-opt %s -split-input-file -verify-diagnostics

func.func @constant_of_vector() {
  // expected-error @below {{expected the value of a tensor, got one of 'vector<2xi32>'}}
  %r = tfc.constant dense<1> : vector<2xi32>
  return
}

// -----

func.func @iota_c1() {
  // expected-error @below {{axis 2 is out of range for rank 2, expected 0 <= axis < 2}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.iota {axis = 2 : i64, dtype = i32, shape = array<i64: 2, 3>} : tensor<2x3xi32>
  return
}

// -----

func.func @iota_c1_negative() {
  // expected-error @below {{expected known sizes that are at least 0, got [-1]}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.iota {axis = 0 : i64, dtype = i32, shape = array<i64: -1>} : tensor<2xi32>
  return
}

// -----

func.func @range_c1(%x: tensor<2xi32>, %y: tensor<i32>) {
  // expected-error @below {{expected start to be a scalar, got 'tensor<2xi32>'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.range %x, %y, %y : (tensor<2xi32>, tensor<i32>, tensor<i32>) -> tensor<?xi32>
  return
}

// -----

func.func @range_c1_type(%x: tensor<i64>, %y: tensor<i32>) {
  // expected-error @below {{expected operands of one element type, got 'i32' and 'i64'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.range %y, %x, %y : (tensor<i32>, tensor<i64>, tensor<i32>) -> tensor<?xi32>
  return
}

// -----

func.func @shape_of_dtype(%x: tensor<2xi32>) {
  // expected-error @below {{expected `dtype` to be i32 or i64, got 'f32'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.shape_of %x {dtype = f32} : (tensor<2xi32>) -> tensor<1xf32>
  return
}

// -----

func.func @broadcast_to_c1(%x: tensor<2xi32>) {
  // expected-error @below {{expected known sizes that are at least 0, got [?]}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.broadcast_to %x {shape = array<i64: -9223372036854775808>} : (tensor<2xi32>) -> tensor<?xi32>
  return
}

// -----

func.func @broadcast_to_c2(%x: tensor<2xi32>) {
  // expected-error @below {{shape [2] does not broadcast to [2, 3]}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.broadcast_to %x {shape = array<i64: 2, 3>} : (tensor<2xi32>) -> tensor<2x3xi32>
  return
}

// -----

func.func @dynamic_broadcast_to_rank(%x: tensor<2x3xi32>, %s: tensor<1xi32>) {
  // expected-error @below {{shape [2, 3] does not broadcast to [?]}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.dynamic_broadcast_to %x, %s : (tensor<2x3xi32>, tensor<1xi32>) -> tensor<?xi32>
  return
}

// -----

func.func @sum_to_rank(%x: tensor<2xi32>, %s: tensor<2xi32>) {
  // expected-error @below {{shape [?, ?] does not broadcast to [2]}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.sum_to %x, %s : (tensor<2xi32>, tensor<2xi32>) -> tensor<?x?xi32>
  return
}

// -----

func.func @reshape_c1(%x: tensor<6xi32>) {
  // expected-error @below {{expected at most one unknown size, got [?, ?]}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.reshape %x {shape = array<i64: -9223372036854775808, -9223372036854775808>} : (tensor<6xi32>) -> tensor<?x?xi32>
  return
}

// -----

func.func @reshape_c1_negative(%x: tensor<6xi32>) {
  // expected-error @below {{expected sizes that are unknown or at least 0, got [-2]}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.reshape %x {shape = array<i64: -2>} : (tensor<6xi32>) -> tensor<?xi32>
  return
}

// -----

func.func @reshape_c2(%x: tensor<6xi32>) {
  // expected-error @below {{cannot reshape 'tensor<6xi32>' with 6 elements to [4, 2]}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.reshape %x {shape = array<i64: 4, 2>} : (tensor<6xi32>) -> tensor<4x2xi32>
  return
}

// -----

func.func @reshape_c2_rest(%x: tensor<6xi32>) {
  // expected-error @below {{cannot reshape 'tensor<6xi32>' with 6 elements to [4, ?]}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.reshape %x {shape = array<i64: 4, -9223372036854775808>} : (tensor<6xi32>) -> tensor<4x?xi32>
  return
}

// -----

func.func @dynamic_reshape_to_matrix(%x: tensor<6xi32>, %s: tensor<2x2xi32>) {
  // expected-error @below {{expected shape to be a vector, got 'tensor<2x2xi32>'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.dynamic_reshape %x, %s : (tensor<6xi32>, tensor<2x2xi32>) -> tensor<*xi32>
  return
}

// -----

func.func @squeeze_c1(%x: tensor<1x1xi32>) {
  // expected-error @below {{expected ascending, distinct axes, got [1, 0]}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.squeeze %x {axes = array<i64: 1, 0>} : (tensor<1x1xi32>) -> tensor<i32>
  return
}

// -----

func.func @squeeze_c2(%x: tensor<1x2xi32>) {
  // expected-error @below {{expected size 1 at axis 1, got 2 in 'tensor<1x2xi32>'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.squeeze %x {axes = array<i64: 1>} : (tensor<1x2xi32>) -> tensor<1xi32>
  return
}

// -----

func.func @expand_dims_c1(%x: tensor<2xi32>) {
  // expected-error @below {{axis 2 is out of range for rank 2, expected 0 <= axis < 2}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.expand_dims %x {axes = array<i64: 2>} : (tensor<2xi32>) -> tensor<2x1xi32>
  return
}

// -----

func.func @transpose_c1(%x: tensor<2x3xi32>) {
  // expected-error @below {{expected a permutation of 0 to 1, got [1, 1]}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.transpose %x {perm = array<i64: 1, 1>} : (tensor<2x3xi32>) -> tensor<3x2xi32>
  return
}

// -----

func.func @transpose_c1_rank(%x: tensor<2x3xi32>) {
  // expected-error @below {{expected one entry of `perm` for each of the operand's 2 dimensions, got 1}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.transpose %x {perm = array<i64: 0>} : (tensor<2x3xi32>) -> tensor<3x2xi32>
  return
}

// -----

func.func @ensure_shape_c1(%x: tensor<2x?xi32>) {
  // expected-error @below {{expected a tensor of shape [3, ?], got 'tensor<2x?xi32>'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.ensure_shape %x {shape = array<i64: 3, -9223372036854775808>} : (tensor<2x?xi32>) -> tensor<3x?xi32>
  return
}

// -----

func.func @missing_attribute(%x: tensor<2xi32>) {
  // expected-error @below {{requires attribute 'shape'}}
  %r = tfc.reshape %x : (tensor<2xi32>) -> tensor<2xi32>
  return
}
