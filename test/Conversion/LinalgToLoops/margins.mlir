// RUN: tfc-opt %s --tfc-linalg-to-loops="vector-bits=512 parallel=false" --split-input-file | FileCheck %s

// Windows on a padded image read the image: nothing is copied, nothing is filled but what lies outside of the corners.

// CHECK-LABEL: @depthwise
// CHECK-SAME:  (%[[X:[^:]*]]: memref<8x8x16xf32>
// CHECK-NOT:   memref.alloc
// CHECK:       vector.load %[[X]]
// CHECK:       vector.maskedload %[[X]]
// CHECK-NOT:   memref.alloc
// CHECK:       return
#x = affine_map<(p, q, k, l, c) -> (p + k, q + l, c)>
#w = affine_map<(p, q, k, l, c) -> (k, l, c)>
#y = affine_map<(p, q, k, l, c) -> (p, q, c)>
func.func @depthwise(%x: memref<8x8x16xf32> {tfc.distinct}, %w: memref<3x3x16xf32>, %y: memref<8x8x16xf32> {tfc.distinct}) {
  %zero = arith.constant 0.0 : f32
  %padded = memref.alloc() : memref<10x10x16xf32>
  linalg.fill ins(%zero : f32) outs(%padded : memref<10x10x16xf32>)
  %inner = memref.subview %padded[1, 1, 0] [8, 8, 16] [1, 1, 1] : memref<10x10x16xf32> to memref<8x8x16xf32, strided<[160, 16, 1], offset: 176>>
  memref.copy %x, %inner : memref<8x8x16xf32> to memref<8x8x16xf32, strided<[160, 16, 1], offset: 176>>
  linalg.fill ins(%zero : f32) outs(%y : memref<8x8x16xf32>)
  linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "reduction", "reduction", "parallel"]}
      ins(%padded, %w : memref<10x10x16xf32>, memref<3x3x16xf32>) outs(%y : memref<8x8x16xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %sum, %0 : f32
    linalg.yield %1 : f32
  }
  return
}

// -----

// The result is where the image was: windows of later rows would read results.

// CHECK-LABEL: @in_place
// CHECK:       memref.alloc() : memref<10x10x16xf32>
#x = affine_map<(p, q, k, l, c) -> (p + k, q + l, c)>
#w = affine_map<(p, q, k, l, c) -> (k, l, c)>
#y = affine_map<(p, q, k, l, c) -> (p, q, c)>
func.func @in_place(%x: memref<8x8x16xf32> {tfc.distinct}, %w: memref<3x3x16xf32>) {
  %zero = arith.constant 0.0 : f32
  %padded = memref.alloc() : memref<10x10x16xf32>
  linalg.fill ins(%zero : f32) outs(%padded : memref<10x10x16xf32>)
  %inner = memref.subview %padded[1, 1, 0] [8, 8, 16] [1, 1, 1] : memref<10x10x16xf32> to memref<8x8x16xf32, strided<[160, 16, 1], offset: 176>>
  memref.copy %x, %inner : memref<8x8x16xf32> to memref<8x8x16xf32, strided<[160, 16, 1], offset: 176>>
  linalg.fill ins(%zero : f32) outs(%x : memref<8x8x16xf32>)
  linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "reduction", "reduction", "parallel"]}
      ins(%padded, %w : memref<10x10x16xf32>, memref<3x3x16xf32>) outs(%x : memref<8x8x16xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %sum, %0 : f32
    linalg.yield %1 : f32
  }
  return
}

// -----

// A margin that is not filled everywhere, or is written to by somebody else, stays.

// CHECK-LABEL: @half_filled
// CHECK:       memref.alloc() : memref<10x8x16xf32>
#x = affine_map<(p, q, k, l, c) -> (p + k, q, c)>
#w = affine_map<(p, q, k, l, c) -> (k, l, c)>
#y = affine_map<(p, q, k, l, c) -> (p, q, c)>
func.func @half_filled(%x: memref<8x8x16xf32> {tfc.distinct}, %w: memref<3x1x16xf32>, %y: memref<8x8x16xf32> {tfc.distinct}) {
  %zero = arith.constant 0.0 : f32
  %padded = memref.alloc() : memref<10x8x16xf32>
  %top = memref.subview %padded[0, 0, 0] [1, 8, 16] [1, 1, 1] : memref<10x8x16xf32> to memref<1x8x16xf32, strided<[128, 16, 1]>>
  linalg.fill ins(%zero : f32) outs(%top : memref<1x8x16xf32, strided<[128, 16, 1]>>)
  %inner = memref.subview %padded[1, 0, 0] [8, 8, 16] [1, 1, 1] : memref<10x8x16xf32> to memref<8x8x16xf32, strided<[128, 16, 1], offset: 128>>
  memref.copy %x, %inner : memref<8x8x16xf32> to memref<8x8x16xf32, strided<[128, 16, 1], offset: 128>>
  linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "reduction", "reduction", "parallel"]}
      ins(%padded, %w : memref<10x8x16xf32>, memref<3x1x16xf32>) outs(%y : memref<8x8x16xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %sum, %0 : f32
    linalg.yield %1 : f32
  }
  return
}

// -----

// The image changes before windows read it.

// CHECK-LABEL: @overwritten
// CHECK:       memref.alloc() : memref<10x10x16xf32>
#x = affine_map<(p, q, k, l, c) -> (p + k, q + l, c)>
#w = affine_map<(p, q, k, l, c) -> (k, l, c)>
#y = affine_map<(p, q, k, l, c) -> (p, q, c)>
func.func @overwritten(%x: memref<8x8x16xf32> {tfc.distinct}, %w: memref<3x3x16xf32>, %y: memref<8x8x16xf32> {tfc.distinct}) {
  %zero = arith.constant 0.0 : f32
  %padded = memref.alloc() : memref<10x10x16xf32>
  linalg.fill ins(%zero : f32) outs(%padded : memref<10x10x16xf32>)
  %inner = memref.subview %padded[1, 1, 0] [8, 8, 16] [1, 1, 1] : memref<10x10x16xf32> to memref<8x8x16xf32, strided<[160, 16, 1], offset: 176>>
  memref.copy %x, %inner : memref<8x8x16xf32> to memref<8x8x16xf32, strided<[160, 16, 1], offset: 176>>
  linalg.fill ins(%zero : f32) outs(%x : memref<8x8x16xf32>)
  linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "reduction", "reduction", "parallel"]}
      ins(%padded, %w : memref<10x10x16xf32>, memref<3x3x16xf32>) outs(%y : memref<8x8x16xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %sum, %0 : f32
    linalg.yield %1 : f32
  }
  return
}
