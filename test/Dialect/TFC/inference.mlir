// RUN: tfc-opt %s -split-input-file -verify-diagnostics

// Each function asks for a result that contradicts what is inferred; the message shows that.

func.func @broadcast(%x: tensor<?x3xf32>, %y: tensor<4x1xf32>) {
  // expected-error @below {{inferred type(s) 'tensor<4x3xf32>' are incompatible}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.add %x, %y : (tensor<?x3xf32>, tensor<4x1xf32>) -> tensor<7x7x7x7xi1>
  return
}

// -----

func.func @broadcast_unknown_with_one(%x: tensor<?xf32>, %y: tensor<1xf32>) {
  // expected-error @below {{inferred type(s) 'tensor<?xf32>' are incompatible}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.add %x, %y : (tensor<?xf32>, tensor<1xf32>) -> tensor<7x7x7x7xi1>
  return
}

// -----

func.func @broadcast_empty(%x: tensor<0xf32>, %y: tensor<?xf32>) {
  // expected-error @below {{inferred type(s) 'tensor<0xf32>' are incompatible}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.add %x, %y : (tensor<0xf32>, tensor<?xf32>) -> tensor<7x7x7x7xi1>
  return
}

// -----

func.func @broadcast_unranked(%x: tensor<*xf32>, %y: tensor<2xf32>) {
  // expected-error @below {{inferred type(s) 'tensor<*xf32>' are incompatible}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.add %x, %y : (tensor<*xf32>, tensor<2xf32>) -> tensor<7x7x7x7xi1>
  return
}

// -----

func.func @abs_of_complex(%x: tensor<2xcomplex<f64>>) {
  // expected-error @below {{inferred type(s) 'tensor<2xf64>' are incompatible}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.abs %x : (tensor<2xcomplex<f64>>) -> tensor<7x7x7x7xi1>
  return
}

// -----

func.func @sum_unranked(%x: tensor<*xf32>) {
  // expected-error @below {{inferred type(s) 'tensor<*xf32>' are incompatible}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.reduce_sum %x {axes = array<i64: 0>, keepdims = false} : (tensor<*xf32>) -> tensor<7x7x7x7xi1>
  return
}

// -----

func.func @sum_keepdims(%x: tensor<2x?xf32>) {
  // expected-error @below {{inferred type(s) 'tensor<2x1xf32>' are incompatible}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.reduce_sum %x {axes = array<i64: 1>, keepdims = true} : (tensor<2x?xf32>) -> tensor<7x7x7x7xi1>
  return
}

// -----

func.func @matmul_batch(%x: tensor<?x1x2x3xf32>, %y: tensor<5x4x3xf32>) {
  // expected-error @below {{inferred type(s) 'tensor<?x5x2x4xf32>' are incompatible}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.matmul %x, %y {transpose_x = false, transpose_y = true} : (tensor<?x1x2x3xf32>, tensor<5x4x3xf32>) -> tensor<7x7x7x7xi1>
  return
}

// -----

func.func @reshape_computed(%x: tensor<2x6xf32>) {
  // expected-error @below {{inferred type(s) 'tensor<3x4xf32>' are incompatible}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.reshape %x {shape = array<i64: -9223372036854775808, 4>} : (tensor<2x6xf32>) -> tensor<7x7x7x7xi1>
  return
}

// -----

func.func @reshape_unknown(%x: tensor<?x6xf32>) {
  // expected-error @below {{inferred type(s) 'tensor<?x4xf32>' are incompatible}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.reshape %x {shape = array<i64: -9223372036854775808, 4>} : (tensor<?x6xf32>) -> tensor<7x7x7x7xi1>
  return
}

// -----

func.func @slice_to_the_end(%x: tensor<7xf32>) {
  // expected-error @below {{inferred type(s) 'tensor<2xf32>' are incompatible}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.slice %x {starts = array<i64: 1>, sizes = array<i64: -9223372036854775808>, strides = array<i64: 4>} : (tensor<7xf32>) -> tensor<7x7x7x7xi1>
  return
}

// -----

func.func @slice_backwards(%x: tensor<7xf32>) {
  // expected-error @below {{inferred type(s) 'tensor<3xf32>' are incompatible}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.slice %x {starts = array<i64: 5>, sizes = array<i64: -9223372036854775808>, strides = array<i64: -2>} : (tensor<7xf32>) -> tensor<7x7x7x7xi1>
  return
}

// -----

func.func @concat_unranked(%x: tensor<2x3xf32>, %y: tensor<*xf32>) {
  // expected-error @below {{inferred type(s) 'tensor<?x3xf32>' are incompatible}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.concat %x, %y {axis = 0 : i64} : (tensor<2x3xf32>, tensor<*xf32>) -> tensor<7x7x7x7xi1>
  return
}

// -----

func.func @pad_unknown(%x: tensor<?x2xf32>, %v: tensor<f32>) {
  // expected-error @below {{inferred type(s) 'tensor<?x5xf32>' are incompatible}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.pad %x, %v {low = array<i64: 1, 1>, high = array<i64: 0, 2>} : (tensor<?x2xf32>, tensor<f32>) -> tensor<7x7x7x7xi1>
  return
}

// -----

func.func @gather_scalar(%x: tensor<2x3xf32>, %i: tensor<i32>) {
  // expected-error @below {{inferred type(s) 'tensor<3xf32>' are incompatible}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.gather %x, %i {axis = 0 : i64, batch_dims = 0 : i64} : (tensor<2x3xf32>, tensor<i32>) -> tensor<7x7x7x7xi1>
  return
}

// -----

func.func @gather_nd_whole(%x: tensor<2x3xf32>, %i: tensor<2xi32>) {
  // expected-error @below {{inferred type(s) 'tensor<f32>' are incompatible}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.gather_nd %x, %i {batch_dims = 0 : i64} : (tensor<2x3xf32>, tensor<2xi32>) -> tensor<7x7x7x7xi1>
  return
}

// -----

func.func @nonzero_unranked(%x: tensor<*xi1>) {
  // expected-error @below {{inferred type(s) 'tensor<?x?xi64>' are incompatible}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.nonzero %x : (tensor<*xi1>) -> tensor<7x7x7x7xi1>
  return
}

// -----

func.func @transpose_unranked(%x: tensor<*xf32>) {
  // expected-error @below {{inferred type(s) 'tensor<?x?xf32>' are incompatible}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.transpose %x {perm = array<i64: 1, 0>} : (tensor<*xf32>) -> tensor<7x7x7x7xi1>
  return
}

// -----

func.func @ensure_shape_merges(%x: tensor<?x3xf32>) {
  // expected-error @below {{inferred type(s) 'tensor<2x3xf32>' are incompatible}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.ensure_shape %x {shape = array<i64: 2, -9223372036854775808>} : (tensor<?x3xf32>) -> tensor<7x7x7x7xi1>
  return
}

// -----

func.func @list_get_merges(%l: !tfc.list<tensor<2x?xf32>>, %i: tensor<i32>) {
  // expected-error @below {{inferred type(s) 'tensor<2x3xf32>' are incompatible}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.list_get %l, %i {element_type = tensor<?x3xf32>} : (!tfc.list<tensor<2x?xf32>>, tensor<i32>) -> tensor<7x7x7x7xi1>
  return
}

// -----

// A size that is known while compiling makes the result's.
func.func @range_of_constants() {
  %a = tfc.constant dense<3> : tensor<i32>
  %b = tfc.constant dense<10> : tensor<i32>
  // expected-error @below {{inferred type(s) 'tensor<3xi32>' are incompatible}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.range %a, %b, %a : (tensor<i32>, tensor<i32>, tensor<i32>) -> tensor<7x7xi32>
  return
}

// -----

func.func @dynamic_reshape_by_own_sizes(%x: tensor<?x3x4xf32>) {
  %s = tfc.shape_of %x {dtype = i32} : (tensor<?x3x4xf32>) -> tensor<3xi32>
  %n = tfc.slice %s {starts = array<i64: 0>, sizes = array<i64: 1>, strides = array<i64: 1>} : (tensor<3xi32>) -> tensor<1xi32>
  %m = tfc.constant dense<12> : tensor<1xi32>
  %t = tfc.concat %n, %m {axis = 0 : i64} : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
  // expected-error @below {{inferred type(s) 'tensor<?x12xf32>' are incompatible}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.dynamic_reshape %x, %t : (tensor<?x3x4xf32>, tensor<2xi32>) -> tensor<7xf32>
  return
}

// -----

func.func @strided_slice_by_constants(%x: tensor<10xf32>) {
  %a = tfc.constant dense<-3> : tensor<1xi32>
  %b = tfc.constant dense<100> : tensor<1xi32>
  // expected-error @below {{inferred type(s) 'tensor<2xf32>' are incompatible}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.dynamic_strided_slice %x, %a, %b {strides = array<i64: 2>, begin_mask = 0 : i64, end_mask = 0 : i64} : (tensor<10xf32>, tensor<1xi32>, tensor<1xi32>) -> tensor<7x7xf32>
  return
}
