// RUN: tfc-opt %s -split-input-file -verify-diagnostics

func.func @conv_c1_element(%x: tensor<1x4x2xf32>, %f: tensor<3x2x3xf64>) {
  // expected-error @below {{expected operands of one element type, got 'f32' and 'f64'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.conv %x, %f {strides = array<i64: 1>, dilations = array<i64: 1>, padding = array<i64>, groups = 1 : i64}
      : (tensor<1x4x2xf32>, tensor<3x2x3xf64>) -> tensor<1x4x3xf32>
  return
}

// -----

func.func @conv_c1_rank(%x: tensor<1x4x4x2xf32>, %f: tensor<3x2x3xf32>) {
  // expected-error @below {{expected x to have rank at most 3}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.conv %x, %f {strides = array<i64: 1>, dilations = array<i64: 1>, padding = array<i64>, groups = 1 : i64}
      : (tensor<1x4x4x2xf32>, tensor<3x2x3xf32>) -> tensor<1x4x3xf32>
  return
}

// -----

func.func @conv_c2(%x: tensor<1x4x2xf32>, %f: tensor<3x2x3xf32>) {
  // expected-error @below {{expected entries of `strides` that are at least 1, got [0]}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.conv %x, %f {strides = array<i64: 0>, dilations = array<i64: 1>, padding = array<i64>, groups = 1 : i64}
      : (tensor<1x4x2xf32>, tensor<3x2x3xf32>) -> tensor<1x4x3xf32>
  return
}

// -----

func.func @conv_c3(%x: tensor<1x4x2xf32>, %f: tensor<3x2x3xf32>) {
  // expected-error @below {{expected no or two entries of `padding` for each of 1 spatial dimensions, got [1]}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.conv %x, %f {strides = array<i64: 1>, dilations = array<i64: 1>, padding = array<i64: 1>, groups = 1 : i64}
      : (tensor<1x4x2xf32>, tensor<3x2x3xf32>) -> tensor<1x4x3xf32>
  return
}

// -----

func.func @conv_c4_channels(%x: tensor<1x4x3xf32>, %f: tensor<3x2x3xf32>) {
  // expected-error @below {{expected channels of the filter times 1 groups to be the input's 3, got 2}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.conv %x, %f {strides = array<i64: 1>, dilations = array<i64: 1>, padding = array<i64>, groups = 1 : i64}
      : (tensor<1x4x3xf32>, tensor<3x2x3xf32>) -> tensor<1x4x3xf32>
  return
}

// -----

func.func @conv_c4_features(%x: tensor<1x4x4xf32>, %f: tensor<3x2x3xf32>) {
  // expected-error @below {{expected 2 groups to divide the number of features, 3}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.conv %x, %f {strides = array<i64: 1>, dilations = array<i64: 1>, padding = array<i64>, groups = 2 : i64}
      : (tensor<1x4x4xf32>, tensor<3x2x3xf32>) -> tensor<1x4x3xf32>
  return
}

// -----

func.func @conv_c5(%x: tensor<1x4x2xf32>, %f: tensor<3x2x3xf32>) {
  // expected-error @below {{the window of extent 5 does not fit in spatial dimension 0 of padded size 4}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.conv %x, %f {strides = array<i64: 1>, dilations = array<i64: 2>, padding = array<i64: 0, 0>, groups = 1 : i64}
      : (tensor<1x4x2xf32>, tensor<3x2x3xf32>) -> tensor<1x1x3xf32>
  return
}

// -----

func.func @conv_input_grad_c1_element(%g: tensor<1x4x3xf32>, %f: tensor<3x2x3xf64>, %s: tensor<3xi64>) {
  // expected-error @below {{expected operands of one element type, got 'f32' and 'f64'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.conv_input_grad %g, %f, %s
      {strides = array<i64: 1>, dilations = array<i64: 1>, padding = array<i64>, groups = 1 : i64}
      : (tensor<1x4x3xf32>, tensor<3x2x3xf64>, tensor<3xi64>) -> tensor<1x4x2xf32>
  return
}

// -----

func.func @conv_input_grad_c1_rank(%g: tensor<1x4x3xf32>, %f: tensor<3x3x2x3xf32>, %s: tensor<3xi64>) {
  // expected-error @below {{expected filter to have rank at most 3, got 'tensor<3x3x2x3xf32>'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.conv_input_grad %g, %f, %s
      {strides = array<i64: 1>, dilations = array<i64: 1>, padding = array<i64>, groups = 1 : i64}
      : (tensor<1x4x3xf32>, tensor<3x3x2x3xf32>, tensor<3xi64>) -> tensor<1x4x2xf32>
  return
}

// -----

func.func @conv_input_grad_c2(%g: tensor<1x4x3xf32>, %f: tensor<3x2x3xf32>, %s: tensor<3xi64>) {
  // expected-error @below {{expected entries of `strides` that are at least 1, got [0]}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.conv_input_grad %g, %f, %s
      {strides = array<i64: 0>, dilations = array<i64: 1>, padding = array<i64>, groups = 1 : i64}
      : (tensor<1x4x3xf32>, tensor<3x2x3xf32>, tensor<3xi64>) -> tensor<1x4x2xf32>
  return
}

// -----

func.func @conv_input_grad_c4(%g: tensor<1x4x3xf32>, %f: tensor<3x2x3xf32>, %s: tensor<4xi64>) {
  // expected-error @below {{expected a shape of 3 entries, got 4}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.conv_input_grad %g, %f, %s
      {strides = array<i64: 1>, dilations = array<i64: 1>, padding = array<i64>, groups = 1 : i64}
      : (tensor<1x4x3xf32>, tensor<3x2x3xf32>, tensor<4xi64>) -> tensor<1x4x2xf32>
  return
}

// -----

func.func @conv_input_grad_c6(%g: tensor<1x4x3xf32>, %f: tensor<3x2x3xf32>) {
  %s = tfc.constant dense<[1, 9, 2]> : tensor<3xi64>
  // expected-error @below {{expected g of shape [1, 5, 3], got [1, 4, 3]}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.conv_input_grad %g, %f, %s
      {strides = array<i64: 2>, dilations = array<i64: 1>, padding = array<i64>, groups = 1 : i64}
      : (tensor<1x4x3xf32>, tensor<3x2x3xf32>, tensor<3xi64>) -> tensor<1x9x2xf32>
  return
}

// -----

func.func @conv_filter_grad_c1_element(%x: tensor<1x4x2xf32>, %g: tensor<1x4x3xf64>, %s: tensor<3xi64>) {
  // expected-error @below {{expected operands of one element type, got 'f32' and 'f64'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.conv_filter_grad %x, %g, %s
      {strides = array<i64: 1>, dilations = array<i64: 1>, padding = array<i64>, groups = 1 : i64}
      : (tensor<1x4x2xf32>, tensor<1x4x3xf64>, tensor<3xi64>) -> tensor<3x2x3xf32>
  return
}

// -----

func.func @conv_filter_grad_c1_rank(%x: tensor<1x4x2xf32>, %g: tensor<4x3xf32>, %s: tensor<3xi64>) {
  // expected-error @below {{expected g to have rank at least 3, got 'tensor<4x3xf32>'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.conv_filter_grad %x, %g, %s
      {strides = array<i64: 1>, dilations = array<i64: 1>, padding = array<i64>, groups = 1 : i64}
      : (tensor<1x4x2xf32>, tensor<4x3xf32>, tensor<3xi64>) -> tensor<3x2x3xf32>
  return
}

// -----

func.func @conv_filter_grad_c2(%x: tensor<1x4x2xf32>, %g: tensor<1x4x3xf32>, %s: tensor<3xi64>) {
  // expected-error @below {{expected entries of `dilations` that are at least 1, got [0]}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.conv_filter_grad %x, %g, %s
      {strides = array<i64: 1>, dilations = array<i64: 0>, padding = array<i64>, groups = 1 : i64}
      : (tensor<1x4x2xf32>, tensor<1x4x3xf32>, tensor<3xi64>) -> tensor<3x2x3xf32>
  return
}

// -----

func.func @conv_filter_grad_c4(%x: tensor<1x4x2xf32>, %g: tensor<1x4x3xf32>, %s: tensor<4xi64>) {
  // expected-error @below {{expected a shape of 3 entries, got 4}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.conv_filter_grad %x, %g, %s
      {strides = array<i64: 1>, dilations = array<i64: 1>, padding = array<i64>, groups = 1 : i64}
      : (tensor<1x4x2xf32>, tensor<1x4x3xf32>, tensor<4xi64>) -> tensor<3x2x3xf32>
  return
}

// -----

func.func @conv_filter_grad_c6(%x: tensor<1x4x2xf32>, %g: tensor<1x3x3xf32>) {
  %s = tfc.constant dense<[3, 2, 3]> : tensor<3xi64>
  // expected-error @below {{expected g of shape [1, 4, 3], got [1, 3, 3]}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.conv_filter_grad %x, %g, %s
      {strides = array<i64: 1>, dilations = array<i64: 1>, padding = array<i64>, groups = 1 : i64}
      : (tensor<1x4x2xf32>, tensor<1x3x3xf32>, tensor<3xi64>) -> tensor<3x2x3xf32>
  return
}

// -----

func.func @max_pool_c3(%x: tensor<1x4x2xf32>) {
  // expected-error @below {{expected padding less than the window's extent 2, got 2}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.max_pool %x {window = array<i64: 2>, strides = array<i64: 1>, dilations = array<i64: 1>, padding = array<i64: 2, 0>}
      : (tensor<1x4x2xf32>) -> tensor<1x5x2xf32>
  return
}

// -----

func.func @avg_pool_grad_c1(%g: tensor<1x2x4x2xf32>, %s: tensor<3xi64>) {
  // expected-error @below {{expected g to have rank at most 3, got 'tensor<1x2x4x2xf32>'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.avg_pool_grad %g, %s {window = array<i64: 2>, strides = array<i64: 1>, dilations = array<i64: 1>, padding = array<i64>}
      : (tensor<1x2x4x2xf32>, tensor<3xi64>) -> tensor<1x4x2xf32>
  return
}

// -----

func.func @avg_pool_grad_c2(%g: tensor<1x4x2xf32>, %s: tensor<3xi64>) {
  // expected-error @below {{expected entries of `window` that are at least 1, got [0]}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.avg_pool_grad %g, %s {window = array<i64: 0>, strides = array<i64: 1>, dilations = array<i64: 1>, padding = array<i64>}
      : (tensor<1x4x2xf32>, tensor<3xi64>) -> tensor<1x4x2xf32>
  return
}

// -----

func.func @avg_pool_grad_c4_entries(%g: tensor<1x4x2xf32>, %s: tensor<4xi64>) {
  // expected-error @below {{expected a shape of 3 entries, got 4}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.avg_pool_grad %g, %s {window = array<i64: 2>, strides = array<i64: 1>, dilations = array<i64: 1>, padding = array<i64>}
      : (tensor<1x4x2xf32>, tensor<4xi64>) -> tensor<1x4x2xf32>
  return
}

// -----

func.func @avg_pool_grad_c4_vector(%g: tensor<1x4x2xf32>, %s: tensor<1x3xi64>) {
  // expected-error @below {{expected shape to be a vector, got 'tensor<1x3xi64>'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.avg_pool_grad %g, %s {window = array<i64: 2>, strides = array<i64: 1>, dilations = array<i64: 1>, padding = array<i64>}
      : (tensor<1x4x2xf32>, tensor<1x3xi64>) -> tensor<1x4x2xf32>
  return
}

// -----

func.func @avg_pool_grad_c6(%g: tensor<1x4x2xf32>) {
  %s = tfc.constant dense<[1, 9, 2]> : tensor<3xi64>
  // expected-error @below {{expected g of shape [1, 5, 2], got [1, 4, 2]}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.avg_pool_grad %g, %s {window = array<i64: 2>, strides = array<i64: 2>, dilations = array<i64: 1>, padding = array<i64>}
      : (tensor<1x4x2xf32>, tensor<3xi64>) -> tensor<1x9x2xf32>
  return
}

// -----

func.func @conv_input_grad_c3(%g: tensor<1x4x3xf32>, %f: tensor<3x2x3xf32>, %s: tensor<3xi64>) {
  // expected-error @below {{expected no or two entries of `padding` for each of 1 spatial dimensions, got [1]}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.conv_input_grad %g, %f, %s
      {strides = array<i64: 1>, dilations = array<i64: 1>, padding = array<i64: 1>, groups = 1 : i64}
      : (tensor<1x4x3xf32>, tensor<3x2x3xf32>, tensor<3xi64>) -> tensor<1x4x2xf32>
  return
}

// -----

func.func @conv_filter_grad_c3(%x: tensor<1x4x2xf32>, %g: tensor<1x4x3xf32>, %s: tensor<3xi64>) {
  // expected-error @below {{expected no or two entries of `padding` for each of 1 spatial dimensions, got [1]}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.conv_filter_grad %x, %g, %s
      {strides = array<i64: 1>, dilations = array<i64: 1>, padding = array<i64: 1>, groups = 1 : i64}
      : (tensor<1x4x2xf32>, tensor<1x4x3xf32>, tensor<3xi64>) -> tensor<3x2x3xf32>
  return
}

// -----

func.func @avg_pool_grad_c3(%g: tensor<1x4x2xf32>, %s: tensor<3xi64>) {
  // expected-error @below {{expected no or two entries of `padding` for each of 1 spatial dimensions, got [1]}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.avg_pool_grad %g, %s
      {window = array<i64: 3>, strides = array<i64: 1>, dilations = array<i64: 1>, padding = array<i64: 1>}
      : (tensor<1x4x2xf32>, tensor<3xi64>) -> tensor<1x4x2xf32>
  return
}

// -----

func.func @conv_input_grad_c5(%g: tensor<1x1x3xf32>, %f: tensor<3x2x3xf32>) {
  %s = tfc.constant dense<[1, 4, 2]> : tensor<3xi64>
  // expected-error @below {{the window of extent 5 does not fit in spatial dimension 0 of padded size 4}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.conv_input_grad %g, %f, %s
      {strides = array<i64: 1>, dilations = array<i64: 2>, padding = array<i64: 0, 0>, groups = 1 : i64}
      : (tensor<1x1x3xf32>, tensor<3x2x3xf32>, tensor<3xi64>) -> tensor<1x4x2xf32>
  return
}

// -----

func.func @conv_filter_grad_c5(%x: tensor<1x4x2xf32>, %g: tensor<1x1x3xf32>) {
  %s = tfc.constant dense<[3, 2, 3]> : tensor<3xi64>
  // expected-error @below {{the window of extent 5 does not fit in spatial dimension 0 of padded size 4}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.conv_filter_grad %x, %g, %s
      {strides = array<i64: 1>, dilations = array<i64: 2>, padding = array<i64: 0, 0>, groups = 1 : i64}
      : (tensor<1x4x2xf32>, tensor<1x1x3xf32>, tensor<3xi64>) -> tensor<3x2x3xf32>
  return
}

// -----

func.func @avg_pool_grad_c5(%g: tensor<1x1x2xf32>) {
  %s = tfc.constant dense<[1, 4, 2]> : tensor<3xi64>
  // expected-error @below {{the window of extent 5 does not fit in spatial dimension 0 of padded size 4}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.avg_pool_grad %g, %s
      {window = array<i64: 3>, strides = array<i64: 1>, dilations = array<i64: 2>, padding = array<i64: 0, 0>}
      : (tensor<1x1x2xf32>, tensor<3xi64>) -> tensor<1x4x2xf32>
  return
}
