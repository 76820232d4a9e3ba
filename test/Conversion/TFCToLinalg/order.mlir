// RUN: tfc-opt %s -convert-tfc-to-linalg -split-input-file | FileCheck %s

// Places of a short row are counted, in vectors; rows are independent.
// CHECK-LABEL: func.func @short_rows
// CHECK: tfcrt.compute
// CHECK: scf.for
// CHECK: arith.cmpi sle, %{{.*}} : vector<16xi32>
// CHECK: } {tfc.independent = {{.*}}}
func.func @short_rows(%x: tensor<9x30xf32>) -> tensor<9x30xi32> {
  %r = tfc.argsort %x {axis = 1 : i64, descending = false} : (tensor<9x30xf32>) -> tensor<9x30xi32>
  return %r : tensor<9x30xi32>
}

// -----

// Digits of longer ones: four of 8 bits.
// CHECK-LABEL: func.func @digits
// CHECK: memref.alloc() {{.*}} : memref<4x256xi32>
func.func @digits(%x: tensor<9x300xf32>) -> tensor<9x300xi32> {
  %r = tfc.argsort %x {axis = 1 : i64, descending = false} : (tensor<9x300xf32>) -> tensor<9x300xi32>
  return %r : tensor<9x300xi32>
}

// -----

// Elements without their places: a network of 10 x 2 vectors, and no digits.
// CHECK-LABEL: func.func @network
// CHECK-NOT: memref<4x256xi32>
// CHECK: arith.minsi %{{.*}} : vector<16xi32>
func.func @network(%x: tensor<9x300xf32>) -> tensor<9x300xf32> {
  %r = tfc.sort %x {axis = 1 : i64, descending = false} : (tensor<9x300xf32>) -> tensor<9x300xf32>
  return %r : tensor<9x300xf32>
}

// -----

// What does not fit into the first-level cache is merged: the greater half of what was read waits.
// CHECK-LABEL: func.func @merges
// CHECK: arith.minsi %{{.*}} : vector<16xi32>
// CHECK: scf.yield {{.*}} vector<16xi32>
func.func @merges(%x: tensor<9000xf32>) -> tensor<9000xf32> {
  %r = tfc.sort %x {axis = 0 : i64, descending = false} : (tensor<9000xf32>) -> tensor<9000xf32>
  return %r : tensor<9000xf32>
}

// -----

// Of an order whose first elements are read alone, nothing else is computed.
// CHECK-LABEL: func.func @first
// CHECK: %[[R:.*]] = tfcrt.compute ins(%{{.*}} : tensor<8x500xf32>) outs(%{{.*}} : tensor<8x4xi32>)
// CHECK: vector.reduction <or>
// CHECK: tensor.extract_slice %[[R]][0, 0] [8, 3] [1, 1]
func.func @first(%x: tensor<8x500xf32>) -> (tensor<8x3xi32>, tensor<8x4xi32>) {
  %o = tfc.argsort %x {axis = 1 : i64, descending = true} : (tensor<8x500xf32>) -> tensor<8x500xi32>
  %a = tfc.slice %o {starts = array<i64: 0, 0>, sizes = array<i64: 8, 3>, strides = array<i64: 1, 1>} : (tensor<8x500xi32>) -> tensor<8x3xi32>
  %b = tfc.slice %o {starts = array<i64: 0, 0>, sizes = array<i64: 8, 4>, strides = array<i64: 1, 1>} : (tensor<8x500xi32>) -> tensor<8x4xi32>
  return %a, %b : tensor<8x3xi32>, tensor<8x4xi32>
}

// -----

// Blocks of random bits in vectors: eight blocks at a time.
// CHECK-LABEL: func.func @random_bits
// CHECK: arith.muli %{{.*}} : vector<8xi64>
// CHECK: vector.store %{{.*}} : {{.*}}, vector<16xi32>
func.func @random_bits(%k: tensor<1xui64>, %c: tensor<2xui64>) -> tensor<3x1000xui32> {
  %r = tfc.random_bits %k, %c {dtype = ui32, shape = array<i64: 3, 1000>} : (tensor<1xui64>, tensor<2xui64>) -> tensor<3x1000xui32>
  return %r : tensor<3x1000xui32>
}

// -----

// With vectors of 512 bits a key and its place are one word, and words are sorted.
module attributes {tfc.vector_bits = 512 : i64} {
// CHECK-LABEL: func.func @words
// CHECK-NOT: memref<4x256xi32>
// CHECK: memref.alloc() {{.*}} : memref<300xi64>
// CHECK: arith.shli
// CHECK: arith.minsi %{{.*}} : vector<8xi64>
func.func @words(%x: tensor<9x300xf32>) -> tensor<9x300xi32> {
  %r = tfc.argsort %x {axis = 1 : i64, descending = false} : (tensor<9x300xf32>) -> tensor<9x300xi32>
  return %r : tensor<9x300xi32>
}
}
