// RUN: tfc-opt %s -convert-tfc-to-linalg -split-input-file | FileCheck %s

// Sums of bytes in runs of one place are kept in cells of a byte, which are no truth values.
module attributes {tfc.vector_bits = 512 : i64} {
// CHECK-LABEL: func @bytes
// CHECK: tfcrt.compute
// CHECK: %[[SUM:.*]] = memref.alloca() : memref<i8>
// CHECK-NOT: arith.trunci
// CHECK: memref.store %{{.*}}, %[[SUM]][] : memref<i8>
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
