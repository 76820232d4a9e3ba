// RUN: not tfc-opt %s --tfc-linalg-to-loops 2>&1 | FileCheck %s

// A result has no dimension that is reduced: MLIR lets it pass.
// CHECK: error: 'linalg.generic' op expected results without the dimension of a reduction, got dimension 1
#map = affine_map<(d0, d1) -> (d0)>
#map1 = affine_map<(d0, d1) -> (d1)>
func.func @f(%a: memref<4xf32>, %b: memref<8xf32>) {
  linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "reduction"]} ins(%a : memref<4xf32>) outs(%b : memref<8xf32>) {
  ^bb0(%x: f32, %y: f32):
    %s = arith.addf %x, %y : f32
    linalg.yield %s : f32
  }
  return
}
