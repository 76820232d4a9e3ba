// RUN: tfc-opt %s --tfc-lower-contractions="vector-bits=512 vector-registers=32 parallel=false" --split-input-file | FileCheck %s
// RUN: tfc-opt %s --tfc-lower-contractions="vector-bits=512 vector-registers=32 parallel=false reassociate=false" --split-input-file | FileCheck %s --check-prefix=STRICT
// RUN: tfc-opt %s --tfc-lower-contractions="vector-bits=128 vector-registers=16 parallel=false" --split-input-file | FileCheck %s --check-prefix=NARROW

// A panel comes from the second-level cache: its vectors are fetched into the first some k before, and the lines of the
// result when a tile begins, to which the sums are added at the end. Sums that have to be in the order of k begin with
// what the result has. Narrow vectors leave both to the processor.

// CHECK-LABEL: func.func @packed
// CHECK:       memref.prefetch {{.*}} read, locality<3>, data
// CHECK:       scf.for {{.*}} iter_args
// CHECK-COUNT-4: memref.prefetch {{.*}} read, locality<3>, data
// CHECK:         vector.load
// CHECK:         arith.mulf
// CHECK:       scf.if
// CHECK:         vector.load
// CHECK:         arith.addf
// CHECK:       vector.store

// STRICT-LABEL: func.func @packed
// STRICT-NOT:   memref.prefetch
// STRICT:       scf.if
// STRICT:         vector.load
// STRICT:       scf.for {{.*}} iter_args
// STRICT-COUNT-4: memref.prefetch {{.*}} read, locality<3>, data
// STRICT:         arith.mulf
// STRICT-LABEL: func.func @direct

// NARROW-LABEL: func.func @packed
// NARROW-NOT:   memref.prefetch
func.func @packed(%a: memref<600x800xf32>, %b: memref<800x512xf32>, %c: memref<600x512xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%c : memref<600x512xf32>)
  linalg.matmul ins(%a, %b : memref<600x800xf32>, memref<800x512xf32>) outs(%c : memref<600x512xf32>)
  return
}

// -----

// So are columns of an operand that is read as it is, if it is more than the first-level cache holds.

// CHECK-LABEL: func.func @direct
// CHECK:       scf.for {{.*}} iter_args
// CHECK-COUNT-4: memref.prefetch {{.*}} read, locality<3>, data
// CHECK:         arith.mulf
func.func @direct(%a: memref<256x256xf32>, %b: memref<256x256xf32>, %c: memref<256x256xf32>) {
  linalg.matmul ins(%a, %b : memref<256x256xf32>, memref<256x256xf32>) outs(%c : memref<256x256xf32>)
  return
}

// -----

// CHECK-LABEL: func.func @small
// CHECK-NOT:   memref.prefetch
func.func @small(%a: memref<128x128xf32>, %b: memref<128x128xf32>, %c: memref<128x128xf32>) {
  linalg.matmul ins(%a, %b : memref<128x128xf32>, memref<128x128xf32>) outs(%c : memref<128x128xf32>)
  return
}
