// RUN: tfc-opt %s -split-input-file -verify-diagnostics

func.func @reduce_sum_c1(%x: tensor<2x3xf32>) {
  // expected-error @below {{axis 2 is out of range for rank 2, expected 0 <= axis < 2}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.reduce_sum %x {axes = array<i64: 2>, keepdims = false} : (tensor<2x3xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @reduce_max_c1_order(%x: tensor<2x3xf32>) {
  // expected-error @below {{expected ascending, distinct axes, got [1, 0]}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.reduce_max %x {axes = array<i64: 1, 0>, keepdims = false} : (tensor<2x3xf32>) -> tensor<f32>
  return
}

// -----

func.func @argmax_c1(%x: tensor<2x3xf32>) {
  // expected-error @below {{axis -1 is out of range for rank 2, expected 0 <= axis < 2}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.argmax %x {axis = -1 : i64, dtype = i64} : (tensor<2x3xf32>) -> tensor<2xi64>
  return
}

// -----

func.func @argmin_c2(%x: tensor<2x3xf32>) {
  // expected-error @below {{expected `dtype` to be an integer type, got 'f32'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.argmin %x {axis = 0 : i64, dtype = f32} : (tensor<2x3xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @cumsum_c1(%x: tensor<2x3xf32>) {
  // expected-error @below {{axis 2 is out of range for rank 2, expected 0 <= axis < 2}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.cumsum %x {axis = 2 : i64, exclusive = false, reverse = false} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @matmul_c1(%x: tensor<3xf32>, %y: tensor<3x2xf32>) {
  // expected-error @below {{expected x to have rank at least 2, got 'tensor<3xf32>'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.matmul %x, %y {transpose_x = false, transpose_y = false} : (tensor<3xf32>, tensor<3x2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @matmul_c1_element(%x: tensor<2x3xf32>, %y: tensor<3x2xf64>) {
  // expected-error @below {{expected operands of one element type, got 'f32' and 'f64'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.matmul %x, %y {transpose_x = false, transpose_y = false} : (tensor<2x3xf32>, tensor<3x2xf64>) -> tensor<2x2xf32>
  return
}

// -----

func.func @matmul_c2(%x: tensor<2x3xf32>, %y: tensor<4x2xf32>) {
  // expected-error @below {{expected equal contracted sizes, got 3 of 'tensor<2x3xf32>' and 4 of 'tensor<4x2xf32>'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.matmul %x, %y {transpose_x = false, transpose_y = false} : (tensor<2x3xf32>, tensor<4x2xf32>) -> tensor<2x2xf32>
  return
}

// -----

func.func @matmul_c3(%x: tensor<5x2x3xf32>, %y: tensor<4x3x2xf32>) {
  // expected-error @below {{shapes [5] and [4] do not broadcast: expected equal sizes or 1 in dimension -1, got 5 and 4}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.matmul %x, %y {transpose_x = false, transpose_y = false} : (tensor<5x2x3xf32>, tensor<4x3x2xf32>) -> tensor<5x2x2xf32>
  return
}

// -----

func.func @linear_recurrence_c1_type(%a: tensor<3xf64>, %x: tensor<3xf32>) {
  // expected-error @below {{expected operands of one element type, got 'f64' and 'f32'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.linear_recurrence %a, %x {axis = 0 : i64, reverse = false} : (tensor<3xf64>, tensor<3xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @linear_recurrence_c1_shape(%a: tensor<4xf32>, %x: tensor<3xf32>) {
  // expected-error @below {{expected operands of one shape, got 'tensor<4xf32>' and 'tensor<3xf32>'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.linear_recurrence %a, %x {axis = 0 : i64, reverse = false} : (tensor<4xf32>, tensor<3xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @linear_recurrence_c2(%a: tensor<3xf32>, %x: tensor<3xf32>) {
  // expected-error @below {{axis 1 is out of range for rank 1, expected 0 <= axis < 1}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.linear_recurrence %a, %x {axis = 1 : i64, reverse = false} : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  return
}
