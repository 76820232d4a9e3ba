// RUN: tfc-opt %s -split-input-file -verify-diagnostics

func.func @slice_c1(%x: tensor<4x4xf32>) {
  // expected-error @below {{expected one entry of `starts` for each of the operand's 2 dimensions, got 1}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.slice %x {starts = array<i64: 0>, sizes = array<i64: 1>, strides = array<i64: 1>} : (tensor<4x4xf32>) -> tensor<1xf32>
  return
}

// -----

func.func @slice_c2(%x: tensor<4xf32>) {
  // expected-error @below {{slice of 3 elements from 2 with stride 1 is out of range at axis 0 of size 4}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.slice %x {starts = array<i64: 2>, sizes = array<i64: 3>, strides = array<i64: 1>} : (tensor<4xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @slice_c2_start(%x: tensor<?xf32>) {
  // expected-error @below {{slice of 1 elements from -1 with stride 1 is out of range at axis 0 of size ?}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.slice %x {starts = array<i64: -1>, sizes = array<i64: 1>, strides = array<i64: 1>} : (tensor<?xf32>) -> tensor<1xf32>
  return
}

// -----

func.func @slice_c2_stride(%x: tensor<4xf32>) {
  // expected-error @below {{expected strides that are not 0, got [0]}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.slice %x {starts = array<i64: 2>, sizes = array<i64: 3>, strides = array<i64: 0>} : (tensor<4xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @dynamic_slice_c1(%x: tensor<4xf32>, %s: tensor<2xi32>) {
  // expected-error @below {{expected one entry of `starts` for each of the operand's 1 dimensions, got 2}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.dynamic_slice %x, %s {sizes = array<i64: 1>} : (tensor<4xf32>, tensor<2xi32>) -> tensor<1xf32>
  return
}

// -----

func.func @dynamic_slice_too_large(%x: tensor<4xf32>, %s: tensor<1xi32>) {
  // expected-error @below {{slice of 5 elements does not fit in axis 0 of size 4}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.dynamic_slice %x, %s {sizes = array<i64: 5>} : (tensor<4xf32>, tensor<1xi32>) -> tensor<5xf32>
  return
}

// -----

func.func @dynamic_strided_slice_c1(%x: tensor<4xf32>, %s: tensor<2xi32>) {
  // expected-error @below {{expected one entry of `begins` for each of the operand's 1 dimensions, got 2}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.dynamic_strided_slice %x, %s, %s {strides = array<i64: 1>, begin_mask = 0 : i64, end_mask = 0 : i64} : (tensor<4xf32>, tensor<2xi32>, tensor<2xi32>) -> tensor<?xf32>
  return
}

// -----

func.func @update_slice_c1(%x: tensor<4xf32>, %u: tensor<5xf32>, %s: tensor<1xi32>) {
  // expected-error @below {{expected an update that fits in 'tensor<4xf32>', got 'tensor<5xf32>'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.update_slice %x, %u, %s {strides = array<i64: 1>} : (tensor<4xf32>, tensor<5xf32>, tensor<1xi32>) -> tensor<4xf32>
  return
}

// -----

func.func @update_slice_c2(%x: tensor<4xf32>, %u: tensor<1xf32>, %s: tensor<i32>) {
  // expected-error @below {{expected starts to be a vector, got 'tensor<i32>'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.update_slice %x, %u, %s {strides = array<i64: 1>} : (tensor<4xf32>, tensor<1xf32>, tensor<i32>) -> tensor<4xf32>
  return
}

// -----

func.func @update_slice_c3(%x: tensor<4xf32>, %u: tensor<1xf32>, %s: tensor<1xi32>) {
  // expected-error @below {{expected one entry of `strides` for each of the operand's 1 dimensions, got 2}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.update_slice %x, %u, %s {strides = array<i64: 1, 1>} : (tensor<4xf32>, tensor<1xf32>, tensor<1xi32>) -> tensor<4xf32>
  return
}

// -----

func.func @concat_c1() {
  // expected-error @below {{expected at least 1 operand, got 0}}
  // expected-error @below {{failed to infer returned types}}
  %r = "tfc.concat"() {axis = 0 : i64} : () -> tensor<2xf32>
  return
}

// -----

func.func @concat_c2(%x: tensor<2x3xf32>) {
  // expected-error @below {{axis 2 is out of range for rank 2, expected 0 <= axis < 2}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.concat %x {axis = 2 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @concat_c3(%x: tensor<2x3xf32>, %y: tensor<2x4xf32>) {
  // expected-error @below {{operand 1 of type 'tensor<2x4xf32>' does not match the operands before it, of shape [?, 3] outside axis 0}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.concat %x, %y {axis = 0 : i64} : (tensor<2x3xf32>, tensor<2x4xf32>) -> tensor<4x3xf32>
  return
}

// -----

func.func @concat_c3_element(%x: tensor<2xf32>, %y: tensor<2xi32>) {
  // expected-error @below {{expected operands of one element type, got 'f32' and 'i32'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.concat %x, %y {axis = 0 : i64} : (tensor<2xf32>, tensor<2xi32>) -> tensor<4xf32>
  return
}

// -----

func.func @pad_c1(%x: tensor<2xf32>, %v: tensor<f32>) {
  // expected-error @below {{expected known sizes that are at least 0, got [-1]}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.pad %x, %v {low = array<i64: -1>, high = array<i64: 0>} : (tensor<2xf32>, tensor<f32>) -> tensor<1xf32>
  return
}

// -----

func.func @pad_c2(%x: tensor<2xf32>, %v: tensor<i32>) {
  // expected-error @below {{expected a value of element type 'f32', got 'i32'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.pad %x, %v {low = array<i64: 1>, high = array<i64: 0>} : (tensor<2xf32>, tensor<i32>) -> tensor<3xf32>
  return
}

// -----

func.func @reverse_c1(%x: tensor<2xf32>) {
  // expected-error @below {{expected ascending, distinct axes, got [0, 0]}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.reverse %x {axes = array<i64: 0, 0>} : (tensor<2xf32>) -> tensor<2xf32>
  return
}
