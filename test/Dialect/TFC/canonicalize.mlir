// RUN: tfc-opt %s -canonicalize -split-input-file | FileCheck %s

// Sizes of static shapes fold, also through the arithmetic of a Python program.
// CHECK-LABEL: @static_shape
// CHECK: %[[R:.*]] = tfc.constant dense<[6, 4]> : tensor<2xi32>
// CHECK: return %[[R]]
func.func @static_shape(%x: tensor<2x3x4xf32>) -> tensor<2xi32> {
  %s = tfc.shape_of %x {dtype = i32} : (tensor<2x3x4xf32>) -> tensor<3xi32>
  %a = tfc.slice %s {starts = array<i64: 0>, sizes = array<i64: 1>, strides = array<i64: 1>} : (tensor<3xi32>) -> tensor<1xi32>
  %b = tfc.slice %s {starts = array<i64: 1>, sizes = array<i64: 1>, strides = array<i64: 1>} : (tensor<3xi32>) -> tensor<1xi32>
  %i = tfc.constant dense<-1> : tensor<i64>
  %c = tfc.slice %s {starts = array<i64: 2>, sizes = array<i64: 1>, strides = array<i64: 1>} : (tensor<3xi32>) -> tensor<1xi32>
  %m = tfc.mul %a, %b : (tensor<1xi32>, tensor<1xi32>) -> tensor<1xi32>
  %r = tfc.concat %m, %c {axis = 0 : i64} : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
  return %r : tensor<2xi32>
}

// -----

// One known size of a shape that is not known altogether.
// CHECK-LABEL: @one_known_size
// CHECK: %[[R:.*]] = tfc.constant dense<3> : tensor<i32>
// CHECK: return %[[R]]
func.func @one_known_size(%x: tensor<?x3xf32>) -> tensor<i32> {
  %s = tfc.shape_of %x {dtype = i32} : (tensor<?x3xf32>) -> tensor<2xi32>
  %i = tfc.constant dense<1> : tensor<i32>
  %r = tfc.gather %s, %i {axis = 0 : i64, batch_dims = 0 : i64} : (tensor<2xi32>, tensor<i32>) -> tensor<i32>
  return %r : tensor<i32>
}

// -----

// Arithmetic that wraps is left alone.
// CHECK-LABEL: @no_wrap
// CHECK: tfc.add
func.func @no_wrap() -> tensor<i8> {
  %a = tfc.constant dense<127> : tensor<i8>
  %b = tfc.constant dense<1> : tensor<i8>
  %r = tfc.add %a, %b : (tensor<i8>, tensor<i8>) -> tensor<i8>
  return %r : tensor<i8>
}

// -----

// CHECK-LABEL: @division_by_zero_stays
// CHECK: tfc.floor_div
func.func @division_by_zero_stays() -> tensor<i32> {
  %a = tfc.constant dense<7> : tensor<i32>
  %b = tfc.constant dense<0> : tensor<i32>
  %r = tfc.floor_div %a, %b : (tensor<i32>, tensor<i32>) -> tensor<i32>
  return %r : tensor<i32>
}

// -----

// CHECK-LABEL: @floor_div
// CHECK: tfc.constant dense<-4> : tensor<i32>
func.func @floor_div() -> tensor<i32> {
  %a = tfc.constant dense<-7> : tensor<i32>
  %b = tfc.constant dense<2> : tensor<i32>
  %r = tfc.floor_div %a, %b : (tensor<i32>, tensor<i32>) -> tensor<i32>
  return %r : tensor<i32>
}

// -----

// CHECK-LABEL: @identities
// CHECK-SAME: %[[X:.*]]: tensor<2xf32>, %[[N:.*]]: tensor<2xi32>
// CHECK-NEXT: return %[[X]], %[[X]], %[[N]]
func.func @identities(%x: tensor<2xf32>, %n: tensor<2xi32>) -> (tensor<2xf32>, tensor<2xf32>, tensor<2xi32>) {
  %one = tfc.constant dense<1.0> : tensor<f32>
  %zero = tfc.constant dense<0> : tensor<i32>
  %a = tfc.mul %x, %one : (tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
  %b = tfc.div %x, %one : (tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
  %c = tfc.add %n, %zero : (tensor<2xi32>, tensor<i32>) -> tensor<2xi32>
  return %a, %b, %c : tensor<2xf32>, tensor<2xf32>, tensor<2xi32>
}

// -----

// -0.0 + 0.0 is 0.0.
// CHECK-LABEL: @adding_zero_to_a_float_stays
// CHECK: tfc.add
func.func @adding_zero_to_a_float_stays(%x: tensor<2xf32>) -> tensor<2xf32> {
  %zero = tfc.constant dense<0.0> : tensor<f32>
  %a = tfc.add %x, %zero : (tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
  return %a : tensor<2xf32>
}

// -----

// CHECK-LABEL: @cast_constant
// CHECK-DAG: tfc.constant dense<3.000000e+00> : tensor<f32>
// CHECK-DAG: tfc.constant dense<-1> : tensor<i8>
// CHECK-DAG: tfc.constant dense<[1, 2]> : tensor<2xi64>
// CHECK-NOT: tfc.cast
func.func @cast_constant() -> (tensor<f32>, tensor<i8>, tensor<2xi64>) {
  %a = tfc.constant dense<3> : tensor<i32>
  %b = tfc.constant dense<255> : tensor<i32>
  %c = tfc.constant dense<[1, 2]> : tensor<2xi32>
  %x = tfc.cast %a {dtype = f32} : (tensor<i32>) -> tensor<f32>
  %y = tfc.cast %b {dtype = i8} : (tensor<i32>) -> tensor<i8>
  %z = tfc.cast %c {dtype = i64} : (tensor<2xi32>) -> tensor<2xi64>
  return %x, %y, %z : tensor<f32>, tensor<i8>, tensor<2xi64>
}

// -----

// CHECK-LABEL: @cast_of_cast
// CHECK-SAME: %[[X:.*]]: tensor<?xf16>
// CHECK: tfc.cast %[[X]] {dtype = i32} : (tensor<?xf16>) -> tensor<?xi32>
// A narrowing cast stays.
// CHECK: tfc.cast %[[X]] {dtype = i8}
// CHECK: tfc.cast
func.func @cast_of_cast(%x: tensor<?xf16>) -> (tensor<?xi32>, tensor<?xf32>) {
  %a = tfc.cast %x {dtype = f64} : (tensor<?xf16>) -> tensor<?xf64>
  %b = tfc.cast %a {dtype = i32} : (tensor<?xf64>) -> tensor<?xi32>
  %c = tfc.cast %x {dtype = i8} : (tensor<?xf16>) -> tensor<?xi8>
  %d = tfc.cast %c {dtype = f32} : (tensor<?xi8>) -> tensor<?xf32>
  return %b, %d : tensor<?xi32>, tensor<?xf32>
}

// -----

// CHECK-LABEL: @transpose_of_transpose
// CHECK-SAME: %[[X:.*]]: tensor<2x3x4xf32>
// CHECK-NEXT: return %[[X]]
func.func @transpose_of_transpose(%x: tensor<2x3x4xf32>) -> tensor<2x3x4xf32> {
  %a = tfc.transpose %x {perm = array<i64: 1, 2, 0>} : (tensor<2x3x4xf32>) -> tensor<3x4x2xf32>
  %b = tfc.transpose %a {perm = array<i64: 2, 0, 1>} : (tensor<3x4x2xf32>) -> tensor<2x3x4xf32>
  return %b : tensor<2x3x4xf32>
}

// -----

// CHECK-LABEL: @transpose_composes
// CHECK: tfc.transpose %{{.*}} {perm = array<i64: 2, 0, 1>} : (tensor<2x3x4xf32>) -> tensor<4x2x3xf32>
// CHECK-NOT: tfc.transpose
func.func @transpose_composes(%x: tensor<2x3x4xf32>) -> tensor<4x2x3xf32> {
  %a = tfc.transpose %x {perm = array<i64: 1, 2, 0>} : (tensor<2x3x4xf32>) -> tensor<3x4x2xf32>
  %b = tfc.transpose %a {perm = array<i64: 1, 2, 0>} : (tensor<3x4x2xf32>) -> tensor<4x2x3xf32>
  return %b : tensor<4x2x3xf32>
}

// -----

// CHECK-LABEL: @reshape_of_reshape
// CHECK-SAME: %[[X:.*]]: tensor<2x6xf32>
// CHECK-NEXT: return %[[X]]
func.func @reshape_of_reshape(%x: tensor<2x6xf32>) -> tensor<2x6xf32> {
  %a = tfc.reshape %x {shape = array<i64: 3, 4>} : (tensor<2x6xf32>) -> tensor<3x4xf32>
  %b = tfc.reshape %a {shape = array<i64: 2, 6>} : (tensor<3x4xf32>) -> tensor<2x6xf32>
  return %b : tensor<2x6xf32>
}

// -----

// CHECK-LABEL: @whole_slice
// CHECK-NEXT: return %arg0
func.func @whole_slice(%x: tensor<4xf32>) -> tensor<4xf32> {
  %a = tfc.slice %x {starts = array<i64: 0>, sizes = array<i64: 4>, strides = array<i64: 1>} : (tensor<4xf32>) -> tensor<4xf32>
  return %a : tensor<4xf32>
}

// -----

// CHECK-LABEL: @dynamic_ops_with_constants
// CHECK: tfc.reshape %{{.*}} {shape = array<i64: 4, -9223372036854775808>} : (tensor<2x6xf32>) -> tensor<4x3xf32>
// CHECK: tfc.broadcast_to %{{.*}} {shape = array<i64: 5, 2, 6>}
// CHECK: tfc.slice %{{.*}} {sizes = array<i64: 1, 2>, starts = array<i64: 1, 4>, strides = array<i64: 1, 1>}
// CHECK: tfc.slice %{{.*}} {sizes = array<i64: 2, 3>, starts = array<i64: 1, 5>, strides = array<i64: -1, -2>}
func.func @dynamic_ops_with_constants(%x: tensor<2x6xf32>) -> (tensor<?x?xf32>, tensor<5x2x6xf32>, tensor<1x2xf32>, tensor<2x3xf32>) {
  %s = tfc.constant dense<[4, -1]> : tensor<2xi32>
  %a = tfc.dynamic_reshape %x, %s : (tensor<2x6xf32>, tensor<2xi32>) -> tensor<?x?xf32>
  %t = tfc.constant dense<[5, 2, 6]> : tensor<3xi32>
  %b = tfc.dynamic_broadcast_to %x, %t : (tensor<2x6xf32>, tensor<3xi32>) -> tensor<5x2x6xf32>
  %u = tfc.constant dense<[1, 4]> : tensor<2xi32>
  %c = tfc.dynamic_slice %x, %u {sizes = array<i64: 1, 2>} : (tensor<2x6xf32>, tensor<2xi32>) -> tensor<1x2xf32>
  %d = tfc.dynamic_strided_slice %x, %u, %u {strides = array<i64: -1, -2>, begin_mask = 3 : i64, end_mask = 3 : i64} : (tensor<2x6xf32>, tensor<2xi32>, tensor<2xi32>) -> tensor<2x3xf32>
  return %a, %b, %c, %d : tensor<?x?xf32>, tensor<5x2x6xf32>, tensor<1x2xf32>, tensor<2x3xf32>
}

// -----

// A start out of range is an error at run time, not here.
// CHECK-LABEL: @dynamic_slice_out_of_range_stays
// CHECK: tfc.dynamic_slice
func.func @dynamic_slice_out_of_range_stays(%x: tensor<4xf32>) -> tensor<2xf32> {
  %s = tfc.constant dense<3> : tensor<1xi32>
  %a = tfc.dynamic_slice %x, %s {sizes = array<i64: 2>} : (tensor<4xf32>, tensor<1xi32>) -> tensor<2xf32>
  return %a : tensor<2xf32>
}

// -----

// CHECK-LABEL: @select_of_constant
// CHECK-NEXT: return %arg1
func.func @select_of_constant(%x: tensor<2xf32>, %y: tensor<2xf32>) -> tensor<2xf32> {
  %c = tfc.constant dense<false> : tensor<i1>
  %a = tfc.select %c, %x, %y : (tensor<i1>, tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return %a : tensor<2xf32>
}

// -----

// CHECK-LABEL: @logic
// CHECK-SAME: %[[C:.*]]: tensor<i1>
// CHECK: %[[F:.*]] = tfc.constant dense<false>
// CHECK-NEXT: return %[[C]], %[[F]], %[[C]]
func.func @logic(%c: tensor<i1>) -> (tensor<i1>, tensor<i1>, tensor<i1>) {
  %t = tfc.constant dense<true> : tensor<i1>
  %f = tfc.logical_not %t : (tensor<i1>) -> tensor<i1>
  %a = tfc.logical_and %c, %t : (tensor<i1>, tensor<i1>) -> tensor<i1>
  %b = tfc.logical_and %f, %c : (tensor<i1>, tensor<i1>) -> tensor<i1>
  %n = tfc.logical_not %c : (tensor<i1>) -> tensor<i1>
  %d = tfc.logical_not %n : (tensor<i1>) -> tensor<i1>
  return %a, %b, %d : tensor<i1>, tensor<i1>, tensor<i1>
}

// -----

// CHECK-LABEL: @if_of_constant
// CHECK-SAME: %[[X:.*]]: tensor<2xf32>
// CHECK: tfc.print "taken
// CHECK: %[[R:.*]] = tfc.ensure_shape %[[X]] {{.*}} -> tensor<?xf32>
// CHECK-NOT: tfc.if
// CHECK: return %[[R]]
func.func @if_of_constant(%x: tensor<2xf32>) -> tensor<?xf32> {
  %n = tfc.constant dense<3> : tensor<i32>
  %m = tfc.constant dense<4> : tensor<i32>
  %c = tfc.less %n, %m : (tensor<i32>, tensor<i32>) -> tensor<i1>
  %r, %t = tfc.if %c -> tensor<?xf32> {
    %u = tfc.print "taken\n" {summarize = 3 : i64, stream = "stdout"}
    tfc.yield %x : tensor<2xf32>
  } else {
    %y = tfc.concat %x, %x {axis = 0 : i64} : (tensor<2xf32>, tensor<2xf32>) -> tensor<4xf32>
    tfc.yield %y : tensor<4xf32>
  }
  return %r : tensor<?xf32>
}

// -----

// CHECK-LABEL: @assertion_that_holds
// CHECK-NEXT: return
func.func @assertion_that_holds() {
  %c = tfc.constant dense<true> : tensor<i1>
  %t = tfc.assert %c, "never" {summarize = 3 : i64}
  return
}

// -----

// An assertion is a barrier: nothing removes it or moves across it.
// CHECK-LABEL: @assertion_stays
// CHECK: tfc.assert
func.func @assertion_stays(%c: tensor<i1>) {
  %t = tfc.assert %c, "perhaps" {summarize = 3 : i64}
  return
}

// -----

// CHECK-LABEL: @unused_read_is_dead
// CHECK-NEXT: return
func.func @unused_read_is_dead(%v: !tfc.resource<tensor<f32>>) {
  %x, %t = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
  return
}
