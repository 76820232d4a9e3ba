// RUN: tfc-opt %s --tfc-linalg-to-loops="vector-bits=512 parallel=true" | FileCheck %s

// Rows that are unrolled and jammed by four: threads share 31 fours of them, the last of which has two.
#image = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1 + d3, d2 + d4 * 3)>
#filter = affine_map<(d0, d1, d2, d3, d4) -> (d3, d4, d2)>
#result = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2)>

// CHECK-LABEL: func.func @fours
// CHECK:     %[[FOURS:.*]] = arith.constant 31 : index
// CHECK:     tfcrt.parallel(%[[FROM:.*]], %[[TO:.*]]) in %{{.*}} to %[[FOURS]] grain
// CHECK-DAG:   arith.muli %[[FROM]], %{{.*}} : index
// CHECK-DAG:   %[[END:.*]] = arith.muli %[[TO]], %{{.*}} : index
// CHECK:       arith.minui %[[END]], %{{.*}} : index
func.func @fours(%x: memref<8x128x384xf32>, %w: memref<7x7x366xf32>, %y: memref<8x122x366xf32>) {
  linalg.generic {indexing_maps = [#image, #filter, #result],
                  iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction"]}
      ins(%x, %w : memref<8x128x384xf32>, memref<7x7x366xf32>) outs(%y : memref<8x122x366xf32>) {
  ^bb0(%in: f32, %weight: f32, %out: f32):
    %0 = arith.mulf %in, %weight fastmath<contract> : f32
    %1 = arith.addf %out, %0 fastmath<reassoc,contract> : f32
    linalg.yield %1 : f32
  }
  return
}
