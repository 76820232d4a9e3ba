// RUN: tfc-opt %s --tfc-linalg-to-loops="vector-bits=512 parallel=false" --split-input-file | FileCheck %s

// All loops of a small window are unrolled: sums stay in registers from the fill, which is absorbed, to the result.

// CHECK-LABEL: @window
// CHECK-NOT:   vector.store
// CHECK:       scf.for
// CHECK:         scf.for
// CHECK-NOT:   scf.for %{{.*}} = %{{.*}} to %{{.*}} step %{{.*}} iter_args
// CHECK-COUNT-24: arith.addf {{.*}} : vector<16xf32>
// CHECK-NOT:   arith.addf
// CHECK-COUNT-4: vector.store
// CHECK-NOT:   vector.store
// CHECK:       return
#x = affine_map<(p, q, k, l, c) -> (p + k, q + l, c)>
#w = affine_map<(p, q, k, l, c) -> (k, l, c)>
#y = affine_map<(p, q, k, l, c) -> (p, q, c)>
func.func @window(%x: memref<9x10x16xf32>, %w: memref<2x3x16xf32>, %y: memref<8x8x16xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%y : memref<8x8x16xf32>)
  linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "reduction", "reduction", "parallel"]}
      ins(%x, %w : memref<9x10x16xf32>, memref<2x3x16xf32>) outs(%y : memref<8x8x16xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %sum, %0 : f32
    linalg.yield %1 : f32
  }
  return
}

// -----

// Without a fill, sums begin with what the result has.

// CHECK-LABEL: @added
// CHECK:       vector.load %arg2
// CHECK:       vector.store
#x = affine_map<(p, q, k, l, c) -> (p + k, q + l, c)>
#w = affine_map<(p, q, k, l, c) -> (k, l, c)>
#y = affine_map<(p, q, k, l, c) -> (p, q, c)>
func.func @added(%x: memref<9x10x16xf32>, %w: memref<2x3x16xf32>, %y: memref<8x8x16xf32>) {
  linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "reduction", "reduction", "parallel"]}
      ins(%x, %w : memref<9x10x16xf32>, memref<2x3x16xf32>) outs(%y : memref<8x8x16xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %sum, %0 : f32
    linalg.yield %1 : f32
  }
  return
}

// -----

// A larger window takes several rounds, which add to what was filled.

// CHECK-LABEL: @large
// CHECK:       vector.store
// CHECK:       scf.for
// CHECK:       arith.mulf
#x = affine_map<(p, q, k, l, c) -> (p + k, q + l, c)>
#w = affine_map<(p, q, k, l, c) -> (k, l, c)>
#y = affine_map<(p, q, k, l, c) -> (p, q, c)>
func.func @large(%x: memref<15x14x16xf32>, %w: memref<8x7x16xf32>, %y: memref<8x8x16xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%y : memref<8x8x16xf32>)
  linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "reduction", "reduction", "parallel"]}
      ins(%x, %w : memref<15x14x16xf32>, memref<8x7x16xf32>) outs(%y : memref<8x8x16xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %sum, %0 : f32
    linalg.yield %1 : f32
  }
  return
}

// -----

// So does a smaller one whose elements no neighbour reads.

// CHECK-LABEL: @apart
// CHECK:       vector.store
// CHECK:       scf.for
// CHECK:       arith.mulf
#x = affine_map<(p, k, l, c) -> (p, k, l, c)>
#w = affine_map<(p, k, l, c) -> (k, l, c)>
#y = affine_map<(p, k, l, c) -> (p, c)>
func.func @apart(%x: memref<8x5x4x16xf32>, %w: memref<5x4x16xf32>, %y: memref<8x16xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%y : memref<8x16xf32>)
  linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "reduction", "reduction", "parallel"]}
      ins(%x, %w : memref<8x5x4x16xf32>, memref<5x4x16xf32>) outs(%y : memref<8x16xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %sum, %0 : f32
    linalg.yield %1 : f32
  }
  return
}
