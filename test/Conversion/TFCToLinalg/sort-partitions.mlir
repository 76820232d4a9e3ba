// RUN: tfc-opt %s -convert-tfc-to-linalg -split-input-file | FileCheck %s

// With AVX2, lanes are picked by a table of all choices, a register at a time.
// CHECK-LABEL: func.func @a_table_of_lanes
// CHECK: memref<256xi64>
// CHECK: llvm.call_intrinsic "llvm.x86.avx2.permd"
module attributes {tfc.vector_bits = 256 : i64, tfc.permutations} {
func.func @a_table_of_lanes(%x: tensor<20000xf32>) -> tensor<20000xf32> {
  %r = tfc.sort %x {axis = 0 : i64, descending = false} : (tensor<20000xf32>) -> tensor<20000xf32>
  return %r : tensor<20000xf32>
}
}

// -----

// Lanes of 64 bits: four.
// CHECK-LABEL: func.func @long_lanes
// CHECK: memref<16xi64>
// CHECK: llvm.call_intrinsic "llvm.x86.avx2.permd"
module attributes {tfc.vector_bits = 256 : i64, tfc.permutations} {
func.func @long_lanes(%x: tensor<20000xf64>) -> tensor<20000xf64> {
  %r = tfc.sort %x {axis = 0 : i64, descending = false} : (tensor<20000xf64>) -> tensor<20000xf64>
  return %r : tensor<20000xf64>
}
}

// -----

// Without it, runs are merged.
// CHECK-LABEL: func.func @merges
// CHECK-NOT: permd
// CHECK-NOT: llvm.experimental.vector.compress
// CHECK: return
module attributes {tfc.vector_bits = 256 : i64} {
func.func @merges(%x: tensor<20000xf32>) -> tensor<20000xf32> {
  %r = tfc.sort %x {axis = 0 : i64, descending = false} : (tensor<20000xf32>) -> tensor<20000xf32>
  return %r : tensor<20000xf32>
}
}
