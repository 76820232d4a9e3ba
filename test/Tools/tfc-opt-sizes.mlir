// RUN: not tfc-opt %s --canonicalize 2>&1 | FileCheck %s

// MLIR counts elements in 63 bits, and ends the process where they are more.
// CHECK: error: expected memory of less than 2^63 elements, got 'memref<4294967296x4294967296xf32>'
func.func @f(%a: memref<4294967296x4294967296xf32>) {
  return
}
