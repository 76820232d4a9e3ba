// RUN: tfc-opt %s --canonicalize --split-input-file | FileCheck %s

// Rows i * 4 to i * 4 + 4 for i below 8, of 32: the size is known, and nothing is clamped.
// CHECK-LABEL: @batches
// CHECK: tfc.dynamic_slice {{.*}} {sizes = array<i64: 4>} : (tensor<32xf32>, tensor<1xi32>) -> tensor<4xf32>
func.func @batches(%x: tensor<32xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  %zero = tfc.constant dense<0> : tensor<i32>
  %one = tfc.constant dense<1> : tensor<i32>
  %four = tfc.constant dense<4> : tensor<i32>
  %eight = tfc.constant dense<8> : tensor<i32>
  %r:2, %t = tfc.while %zero, %y : tensor<i32>, tensor<4xf32> -> tensor<i32>, tensor<4xf32> {
  ^bb0(%i: tensor<i32>, %sum: tensor<4xf32>):
    %c = tfc.less %i, %eight : (tensor<i32>, tensor<i32>) -> tensor<i1>
    tfc.yield %c : tensor<i1>
  } do {
  ^bb0(%i: tensor<i32>, %sum: tensor<4xf32>):
    %from = tfc.mul %i, %four : (tensor<i32>, tensor<i32>) -> tensor<i32>
    %next = tfc.add %i, %one : (tensor<i32>, tensor<i32>) -> tensor<i32>
    %to = tfc.mul %next, %four : (tensor<i32>, tensor<i32>) -> tensor<i32>
    %b = tfc.reshape %from {shape = array<i64: 1>} : (tensor<i32>) -> tensor<1xi32>
    %e = tfc.reshape %to {shape = array<i64: 1>} : (tensor<i32>) -> tensor<1xi32>
    %s = tfc.dynamic_strided_slice %x, %b, %e {strides = array<i64: 1>, begin_mask = 0 : i64, end_mask = 0 : i64} : (tensor<32xf32>, tensor<1xi32>, tensor<1xi32>) -> tensor<?xf32>
    %n = tfc.add %sum, %s : (tensor<4xf32>, tensor<?xf32>) -> tensor<4xf32>
    tfc.yield %next, %n : tensor<i32>, tensor<4xf32>
  }
  return %r#1 : tensor<4xf32>
}

// -----

// The last slice is shorter.
// CHECK-LABEL: @past_the_end
// CHECK: tfc.dynamic_strided_slice
func.func @past_the_end(%x: tensor<32xf32>, %n: tensor<i32>) -> tensor<?xf32> {
  %limit = tfc.constant dense<30> : tensor<i32>
  %four = tfc.constant dense<4> : tensor<i32>
  %from = tfc.floor_mod %n, %limit : (tensor<i32>, tensor<i32>) -> tensor<i32>
  %to = tfc.add %from, %four : (tensor<i32>, tensor<i32>) -> tensor<i32>
  %b = tfc.reshape %from {shape = array<i64: 1>} : (tensor<i32>) -> tensor<1xi32>
  %e = tfc.reshape %to {shape = array<i64: 1>} : (tensor<i32>) -> tensor<1xi32>
  %s = tfc.dynamic_strided_slice %x, %b, %e {strides = array<i64: 1>, begin_mask = 0 : i64, end_mask = 0 : i64} : (tensor<32xf32>, tensor<1xi32>, tensor<1xi32>) -> tensor<?xf32>
  return %s : tensor<?xf32>
}

// -----

// A remainder by 29 is at most 28.
// CHECK-LABEL: @remainder
// CHECK: tfc.dynamic_slice
func.func @remainder(%x: tensor<32xf32>, %n: tensor<i32>) -> tensor<?xf32> {
  %limit = tfc.constant dense<29> : tensor<i32>
  %four = tfc.constant dense<4> : tensor<i32>
  %from = tfc.floor_mod %n, %limit : (tensor<i32>, tensor<i32>) -> tensor<i32>
  %to = tfc.add %from, %four : (tensor<i32>, tensor<i32>) -> tensor<i32>
  %b = tfc.reshape %from {shape = array<i64: 1>} : (tensor<i32>) -> tensor<1xi32>
  %e = tfc.reshape %to {shape = array<i64: 1>} : (tensor<i32>) -> tensor<1xi32>
  %s = tfc.dynamic_strided_slice %x, %b, %e {strides = array<i64: 1>, begin_mask = 0 : i64, end_mask = 0 : i64} : (tensor<32xf32>, tensor<1xi32>, tensor<1xi32>) -> tensor<?xf32>
  return %s : tensor<?xf32>
}

// -----

// Any number may be negative, or past the end.
// CHECK-LABEL: @anywhere
// CHECK: tfc.dynamic_strided_slice
func.func @anywhere(%x: tensor<32xf32>, %from: tensor<i32>) -> tensor<?xf32> {
  %four = tfc.constant dense<4> : tensor<i32>
  %to = tfc.add %from, %four : (tensor<i32>, tensor<i32>) -> tensor<i32>
  %b = tfc.reshape %from {shape = array<i64: 1>} : (tensor<i32>) -> tensor<1xi32>
  %e = tfc.reshape %to {shape = array<i64: 1>} : (tensor<i32>) -> tensor<1xi32>
  %s = tfc.dynamic_strided_slice %x, %b, %e {strides = array<i64: 1>, begin_mask = 0 : i64, end_mask = 0 : i64} : (tensor<32xf32>, tensor<1xi32>, tensor<1xi32>) -> tensor<?xf32>
  return %s : tensor<?xf32>
}
