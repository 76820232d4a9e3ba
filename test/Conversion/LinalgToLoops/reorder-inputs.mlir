// RUN: tfc-opt %s --tfc-linalg-to-loops="vector-bits=256 parallel=false" --split-input-file | FileCheck %s

#points = affine_map<(d0, d1, d2) -> (d1, d2)>
#others = affine_map<(d0, d1, d2) -> (d0, d2)>
#pairs = affine_map<(d0, d1, d2) -> (d0, d1)>

// Points of three coordinates, read by many: vectors go along the points.
// CHECK-LABEL: func.func @distances
// CHECK: %[[PLANES:.*]] = memref.alloc() {alignment = 64 : i64} : memref<3x64xf32>
// CHECK: vector.store %{{.*}}, %[[PLANES]]
// CHECK: vector.load %[[PLANES]]{{.*}} : memref<3x64xf32>, vector<8xf32>
// CHECK: vector.store {{.*}} : memref<64x64xf32>, vector<8xf32>
func.func @distances(%x: memref<64x3xf32>, %sums: memref<64x64xf32>) {
  linalg.generic {indexing_maps = [#points, #others, #pairs], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %x : memref<64x3xf32>, memref<64x3xf32>) outs(%sums : memref<64x64xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %d = arith.subf %a, %b : f32
    %s = arith.mulf %d, %d : f32
    %n = arith.addf %sum, %s fastmath<reassoc> : f32
    linalg.yield %n : f32
  }
  return
}

// -----

#points = affine_map<(d0, d1, d2) -> (d1, d2)>
#others = affine_map<(d0, d1, d2) -> (d0, d2)>
#pairs = affine_map<(d0, d1, d2) -> (d0, d1)>

// What is read a few times only stays where it is.
// CHECK-LABEL: func.func @few
// CHECK-NOT: memref.alloc
func.func @few(%x: memref<64x3xf32>, %y: memref<4x3xf32>, %sums: memref<4x64xf32>) {
  linalg.generic {indexing_maps = [#points, #others, #pairs], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %y : memref<64x3xf32>, memref<4x3xf32>) outs(%sums : memref<4x64xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %d = arith.subf %a, %b : f32
    %n = arith.addf %sum, %d fastmath<reassoc> : f32
    linalg.yield %n : f32
  }
  return
}

// -----

#points = affine_map<(d0, d1, d2) -> (d1, d2)>
#result = affine_map<(d0, d1, d2) -> (d0, d2)>

// An input that is written, too, is not copied.
// CHECK-LABEL: func.func @written
// CHECK-NOT: memref.alloc
func.func @written(%x: memref<64x3xf32>) {
  linalg.generic {indexing_maps = [#points, #result], iterator_types = ["parallel", "reduction", "parallel"]}
      ins(%x : memref<64x3xf32>) outs(%x : memref<64x3xf32>) {
  ^bb0(%a: f32, %sum: f32):
    %n = arith.addf %sum, %a fastmath<reassoc> : f32
    linalg.yield %n : f32
  }
  return
}
