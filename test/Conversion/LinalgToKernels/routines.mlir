// RUN: tfc-opt %s --tfc-lower-contractions="vector-bits=512 vector-registers=32" --split-input-file | FileCheck %s

// Four products or more have their tiles in common: one function for each number of rows.

// CHECK-LABEL: func.func @many
// CHECK-NOT:   arith.mulf
// CHECK-COUNT-8: call @tfc.tile.f32x{{5|6}}x4x16{{[^(]*}}({{.*}}) {tfc.cost = {{.*}} : f64, tfc.writes = array<i1: false, false, false, false, false, false, true, false, false, false>}
// CHECK-NOT:   call
// CHECK:       func.func private @tfc.tile.f32x5x4x16
// CHECK-SAME:  tfc.routine
// CHECK:       func.func private @tfc.tile.f32x6x4x16
// CHECK-NOT:   func.func
func.func @many(%a: memref<256x512xf32>, %b: memref<512x512xf32>, %c: memref<512x1024xf32>, %d: memref<256x512xf32>, %e: memref<256x1024xf32>) {
  linalg.matmul ins(%a, %b : memref<256x512xf32>, memref<512x512xf32>) outs(%d : memref<256x512xf32>)
  linalg.matmul ins(%a, %c : memref<256x512xf32>, memref<512x1024xf32>) outs(%e : memref<256x1024xf32>)
  linalg.matmul ins(%d, %b : memref<256x512xf32>, memref<512x512xf32>) outs(%a : memref<256x512xf32>)
  linalg.matmul ins(%d, %c : memref<256x512xf32>, memref<512x1024xf32>) outs(%e : memref<256x1024xf32>)
  return
}

// -----

// With fewer rows, the right operand is fetched while others of it are computed with; the first tile copies it.

// CHECK-LABEL: func.func @fetched
// CHECK:       call @tfc.tile.f32x{{5|6}}x4x16{{[^(]*}}.copy({{.*}}) {{{.*}}tfc.writes = array<i1: false, false, false, false, false, false, true, false, false, false, false, false, false, false, true, false, false>}
// CHECK:       func.func private @tfc.tile.f32x5x4x16{{.*}}.copy
// CHECK:       memref.prefetch {{.*}} read, locality<2>, data
// CHECK:       vector.store
// CHECK:       arith.mulf
func.func @fetched(%a: memref<128x512xf32>, %b: memref<512x512xf32>, %c: memref<512x1024xf32>, %d: memref<128x512xf32>, %e: memref<128x1024xf32>) {
  linalg.matmul ins(%a, %b : memref<128x512xf32>, memref<512x512xf32>) outs(%d : memref<128x512xf32>)
  linalg.matmul ins(%a, %c : memref<128x512xf32>, memref<512x1024xf32>) outs(%e : memref<128x1024xf32>)
  linalg.matmul ins(%d, %b : memref<128x512xf32>, memref<512x512xf32>) outs(%a : memref<128x512xf32>)
  linalg.matmul ins(%d, %c : memref<128x512xf32>, memref<512x1024xf32>) outs(%e : memref<128x1024xf32>)
  return
}

// -----

// One product keeps its tiles, whose epilogue finds the sums in registers.

// CHECK-LABEL: func.func @one
// CHECK:       arith.mulf
// CHECK-NOT:   call
func.func @one(%a: memref<128x512xf32>, %b: memref<512x512xf32>, %d: memref<128x512xf32>) {
  linalg.matmul ins(%a, %b : memref<128x512xf32>, memref<512x512xf32>) outs(%d : memref<128x512xf32>)
  return
}

// -----

// Squares that are transposed are one function however many products there are.

// CHECK-LABEL: func.func @transposed
// CHECK:       call @tfc.square.f32x16(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) {tfc.cost = {{.*}} : f64, tfc.writes = array<i1: false, false, false, true, false, false>}
// CHECK:       func.func private @tfc.square.f32x16
// CHECK-COUNT-64: vector.shuffle
// CHECK-NOT:   vector.shuffle
func.func @transposed(%a: memref<128x512xf32>, %b: memref<512x512xf32>, %d: memref<128x512xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (j, k)>,
      affine_map<(i, j, k) -> (i, j)>], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<128x512xf32>, memref<512x512xf32>) outs(%d : memref<128x512xf32>) {
  ^bb0(%x: f32, %y: f32, %sum: f32):
    %2 = arith.mulf %x, %y : f32
    %3 = arith.addf %sum, %2 : f32
    linalg.yield %3 : f32
  }
  return
}
