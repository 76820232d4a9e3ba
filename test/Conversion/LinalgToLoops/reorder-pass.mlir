// RUN: tfc-opt %s --tfc-reorder-inputs="vector-bits=256" --split-input-file | FileCheck %s

#row = affine_map<(d0, d1) -> (d0)>
#column = affine_map<(d0, d1) -> (d1, 0)>
#pairs = affine_map<(d0, d1) -> (d0, d1)>

// A column is copied before loops are fused: a row of the pairs reads it once.
// CHECK-LABEL: func.func @column
// CHECK: %[[COPY:.*]] = memref.alloc() {alignment = 64 : i64} : memref<1x64xf32>
// CHECK: linalg.generic {{.*}} outs(%[[COPY]]
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %[[COPY]]
func.func @column(%x: memref<64xf32>, %y: memref<64x1xf32, strided<[4, 1]>>, %pairs: memref<64x64xf32>) {
  linalg.generic {indexing_maps = [#row, #column, #pairs], iterator_types = ["parallel", "parallel"]}
      ins(%x, %y : memref<64xf32>, memref<64x1xf32, strided<[4, 1]>>) outs(%pairs : memref<64x64xf32>) {
  ^bb0(%a: f32, %b: f32, %old: f32):
    %d = arith.subf %a, %b : f32
    linalg.yield %d : f32
  }
  return
}

// -----

#row = affine_map<(d0, d1) -> (d0)>
#column = affine_map<(d0, d1) -> (d1, 0)>
#pairs = affine_map<(d0, d1) -> (d0, d1)>

// Fifteen reads are too few.
// CHECK-LABEL: func.func @few
// CHECK-NOT: memref.alloc
func.func @few(%x: memref<15xf32>, %y: memref<64x1xf32, strided<[4, 1]>>, %pairs: memref<15x64xf32>) {
  linalg.generic {indexing_maps = [#row, #column, #pairs], iterator_types = ["parallel", "parallel"]}
      ins(%x, %y : memref<15xf32>, memref<64x1xf32, strided<[4, 1]>>) outs(%pairs : memref<15x64xf32>) {
  ^bb0(%a: f32, %b: f32, %old: f32):
    %d = arith.subf %a, %b : f32
    linalg.yield %d : f32
  }
  return
}

// -----

#all = affine_map<(d0, d1) -> (d0, d1)>
#column = affine_map<(d0, d1) -> (d1)>

// What lies in the order of the vectors is read where it is.
// CHECK-LABEL: func.func @dense
// CHECK-NOT: memref.alloc
func.func @dense(%y: memref<64xf32>, %pairs: memref<64x64xf32>) {
  linalg.generic {indexing_maps = [#column, #all], iterator_types = ["parallel", "parallel"]}
      ins(%y : memref<64xf32>) outs(%pairs : memref<64x64xf32>) {
  ^bb0(%b: f32, %old: f32):
    linalg.yield %b : f32
  }
  return
}
