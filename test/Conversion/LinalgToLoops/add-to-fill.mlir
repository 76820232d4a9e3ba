// RUN: tfc-opt %s -tfc-linalg-to-loops=vector-bits=256 -split-input-file | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d1)>

// One term is added to what was filled right before: it is stored, and nothing is filled or read.
// CHECK-LABEL: func @one_term
// CHECK-NOT: vector.store %cst
// CHECK: scf.for
// CHECK: %[[X:.*]] = vector.load %arg0
// CHECK: arith.mulf
// CHECK: %[[S:.*]] = arith.addf
// CHECK: vector.store %[[S]], %arg2
// CHECK-NOT: vector.load %arg2
// CHECK: return
func.func @one_term(%x: memref<16x64xf32>, %w: memref<64xf32>, %y: memref<16x64xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%y : memref<16x64xf32>)
  linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x, %w : memref<16x64xf32>, memref<64xf32>) outs(%y : memref<16x64xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %c, %p : f32
    linalg.yield %s : f32
  }
  return
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>

// What was written between is not what was filled.
// CHECK-LABEL: func @something_between
// CHECK: vector.load %arg1
// CHECK: return
func.func @something_between(%x: memref<16x64xf32>, %y: memref<16x64xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%y : memref<16x64xf32>)
  %c0 = arith.constant 0 : index
  %one = arith.constant 1.0 : f32
  memref.store %one, %y[%c0, %c0] : memref<16x64xf32>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<16x64xf32>) outs(%y : memref<16x64xf32>) {
  ^bb0(%a: f32, %c: f32):
    %s = arith.addf %c, %a : f32
    linalg.yield %s : f32
  }
  return
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>

// Where there may be no terms, what was filled stays.
// CHECK-LABEL: func @no_terms
// CHECK: vector.load %arg1
// CHECK: return
func.func @no_terms(%x: memref<?x64xf32>, %y: memref<?x64xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%y : memref<?x64xf32>)
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<?x64xf32>) outs(%y : memref<?x64xf32>) {
  ^bb0(%a: f32, %c: f32):
    %s = arith.addf %c, %a : f32
    linalg.yield %s : f32
  }
  return
}
