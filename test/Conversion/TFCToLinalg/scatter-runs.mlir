// RUN: tfc-opt %s -convert-tfc-to-linalg -split-input-file | FileCheck %s

// Sums of bytes in runs of one place are kept in cells of a byte, which are no truth values.
module attributes {tfc.vector_bits = 512 : i64} {
// CHECK-LABEL: func @bytes
// CHECK: tfcrt.compute
// CHECK: memref.store %[[SUM:.*]], %{{.*}}[%{{.*}}] : memref<100xi8
// CHECK-NEXT: memref.store %[[SUM]], %{{.*}}[] : memref<i8>
func.func @bytes(%x: tensor<100xui8>, %at: tensor<5000xi32>, %u: tensor<5000xui8>) -> tensor<100xui8> {
  %column = tfc.expand_dims %at {axes = array<i64: 1>} : (tensor<5000xi32>) -> tensor<5000x1xi32>
  %r = tfc.scatter %x, %column, %u {mode = "add"} : (tensor<100xui8>, tensor<5000x1xi32>, tensor<5000xui8>) -> tensor<100xui8>
  return %r : tensor<100xui8>
}
}

// -----

// Too few updates for a block: none.
module attributes {tfc.vector_bits = 512 : i64} {
// CHECK-LABEL: func @few
// CHECK-NOT: tfcrt.compute
// CHECK: return
func.func @few(%x: tensor<100xui8>, %at: tensor<4159xi32>, %u: tensor<4159xui8>) -> tensor<100xui8> {
  %column = tfc.expand_dims %at {axes = array<i64: 1>} : (tensor<4159xi32>) -> tensor<4159x1xi32>
  %r = tfc.scatter %x, %column, %u {mode = "add"} : (tensor<100xui8>, tensor<4159x1xi32>, tensor<4159xui8>) -> tensor<100xui8>
  return %r : tensor<100xui8>
}
}

// -----

// Computed updates are stored as vectors, places that nobody needs otherwise are not.
module attributes {tfc.vector_bits = 512 : i64} {
// CHECK-LABEL: func @computed
// CHECK: linalg.generic {{.*}} ins(%{{.*}} : tensor<5000xf32>)
// CHECK: math.exp
// CHECK: tfcrt.compute
// CHECK-NOT: math.exp
func.func @computed(%x: tensor<100xf32>, %at: tensor<5000xi32>, %u: tensor<5000xf32>) -> tensor<100xf32> {
  %exp = tfc.exp %u : (tensor<5000xf32>) -> tensor<5000xf32>
  %column = tfc.expand_dims %at {axes = array<i64: 1>} : (tensor<5000xi32>) -> tensor<5000x1xi32>
  %r = tfc.scatter %x, %column, %exp {mode = "add"} : (tensor<100xf32>, tensor<5000x1xi32>, tensor<5000xf32>) -> tensor<100xf32>
  return %r : tensor<100xf32>
}

// A number is not stored 5000 times.
// CHECK-LABEL: func @number
// CHECK-NOT: tensor<5000xf32>
// CHECK: return
func.func @number(%x: tensor<100xf32>, %at: tensor<5000xi32>) -> tensor<100xf32> {
  %zero = tfc.constant dense<0.0> : tensor<5000xf32>
  %one = tfc.constant dense<1.0> : tensor<f32>
  %u = tfc.add %zero, %one : (tensor<5000xf32>, tensor<f32>) -> tensor<5000xf32>
  %column = tfc.expand_dims %at {axes = array<i64: 1>} : (tensor<5000xi32>) -> tensor<5000x1xi32>
  %r = tfc.scatter %x, %column, %u {mode = "add"} : (tensor<100xf32>, tensor<5000x1xi32>, tensor<5000xf32>) -> tensor<100xf32>
  return %r : tensor<100xf32>
}

// Up to as many places as updates: floats are integers meanwhile.
// CHECK-LABEL: func @largest
// CHECK: arith.maxsi
// CHECK-NOT: arith.maximumf
// CHECK-LABEL: func @largest_of_many_places
// CHECK-NOT: arith.maxsi
// CHECK: arith.maximumf
func.func @largest(%x: tensor<5000xf32>, %at: tensor<5000xi32>, %u: tensor<5000xf32>) -> tensor<5000xf32> {
  %column = tfc.expand_dims %at {axes = array<i64: 1>} : (tensor<5000xi32>) -> tensor<5000x1xi32>
  %r = tfc.scatter %x, %column, %u {mode = "max"} : (tensor<5000xf32>, tensor<5000x1xi32>, tensor<5000xf32>) -> tensor<5000xf32>
  return %r : tensor<5000xf32>
}
func.func @largest_of_many_places(%x: tensor<5001xf32>, %at: tensor<5000xi32>, %u: tensor<5000xf32>) -> tensor<5001xf32> {
  %column = tfc.expand_dims %at {axes = array<i64: 1>} : (tensor<5000xi32>) -> tensor<5000x1xi32>
  %r = tfc.scatter %x, %column, %u {mode = "max"} : (tensor<5001xf32>, tensor<5000x1xi32>, tensor<5000xf32>) -> tensor<5001xf32>
  return %r : tensor<5001xf32>
}
}

// -----

// Many updates that are in order are parts, which threads share.
module attributes {tfc.vector_bits = 512 : i64} {
// CHECK-LABEL: func @parts
// CHECK: tfcrt.compute
// CHECK: } {tfc.independent = {{.*}}}
func.func @parts(%x: tensor<100xf32>, %at: tensor<66560xi32>, %u: tensor<66560xf32>) -> tensor<100xf32> {
  %column = tfc.expand_dims %at {axes = array<i64: 1>} : (tensor<66560xi32>) -> tensor<66560x1xi32>
  %r = tfc.scatter %x, %column, %u {mode = "add"} : (tensor<100xf32>, tensor<66560x1xi32>, tensor<66560xf32>) -> tensor<100xf32>
  return %r : tensor<100xf32>
}
}

// -----

// Many updates are shared in pieces, each of which has a table of its own.
module attributes {tfc.vector_bits = 512 : i64} {
// CHECK-LABEL: func @pieces
// CHECK: tfcrt.compute
// CHECK: memref.alloc() {{.*}} : memref<6x100xf32>
// CHECK: tfc.independent
func.func @pieces(%x: tensor<100xf32>, %at: tensor<100000xi32>, %u: tensor<100000xf32>) -> tensor<100xf32> {
  %column = tfc.expand_dims %at {axes = array<i64: 1>} : (tensor<100000xi32>) -> tensor<100000x1xi32>
  %r = tfc.scatter %x, %column, %u {mode = "add"} : (tensor<100xf32>, tensor<100000x1xi32>, tensor<100000xf32>) -> tensor<100xf32>
  return %r : tensor<100xf32>
}
}

// -----

// Sums of floats that keep their order are not.
module attributes {tfc.vector_bits = 512 : i64, tfc.keeps_order} {
// CHECK-LABEL: func @keeps_order
// CHECK: tfcrt.compute
// CHECK-NOT: memref<6x100xf32>
// CHECK: return
func.func @keeps_order(%x: tensor<100xf32>, %at: tensor<100000xi32>, %u: tensor<100000xf32>) -> tensor<100xf32> {
  %column = tfc.expand_dims %at {axes = array<i64: 1>} : (tensor<100000xi32>) -> tensor<100000x1xi32>
  %r = tfc.scatter %x, %column, %u {mode = "add"} : (tensor<100xf32>, tensor<100000x1xi32>, tensor<100000xf32>) -> tensor<100xf32>
  return %r : tensor<100xf32>
}
}
