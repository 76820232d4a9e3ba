// RUN: tfc-opt %s --tfc-linalg-to-loops="vector-bits=512" -split-input-file | FileCheck %s

// Coordinates of points, one after the other, are one loop in vectors.

// CHECK-LABEL: @points
// CHECK:         memref.collapse_shape %{{.*}} {{\[}}[0, 1]] : memref<1000x3xf32> into memref<3000xf32>
// CHECK:         vector.load {{.*}} : memref<3000xf32>, vector<16xf32>
// CHECK:         vector.store {{.*}} : memref<3000xf32>, vector<16xf32>
#id = affine_map<(d0, d1) -> (d0, d1)>
func.func @points(%x: memref<1000x3xf32>, %y: memref<1000x3xf32>) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<1000x3xf32>) outs(%y : memref<1000x3xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.addf %in, %in : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

// What is the same for all points keeps the loops apart, as does a view with gaps.

// CHECK-LABEL: @apart
// CHECK-NOT:     memref.collapse_shape
#id = affine_map<(d0, d1) -> (d0, d1)>
#inner = affine_map<(d0, d1) -> (d1)>
func.func @apart(%x: memref<1000x3xf32>, %b: memref<3xf32>, %y: memref<1000x3xf32, strided<[4, 1]>>) {
  linalg.generic {indexing_maps = [#id, #inner, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x, %b : memref<1000x3xf32>, memref<3xf32>) outs(%x : memref<1000x3xf32>) {
  ^bb0(%in: f32, %bias: f32, %out: f32):
    %0 = arith.addf %in, %bias : f32
    linalg.yield %0 : f32
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<1000x3xf32>) outs(%y : memref<1000x3xf32, strided<[4, 1]>>) {
  ^bb0(%in: f32, %out: f32):
    linalg.yield %in : f32
  }
  return
}

// -----

// Loops around them stay, also where their sizes are not known; sums of all are one loop, too.

// CHECK-LABEL: @batch
// CHECK:         memref.collapse_shape %{{.*}} {{\[}}[0, 1, 2]] : memref<?x50x3xf32> into memref<?xf32>
// CHECK:         vector.load {{.*}} : memref<?xf32>, vector<16xf32>
#all = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#none = affine_map<(d0, d1, d2) -> ()>
func.func @batch(%x: memref<?x50x3xf32>, %y: memref<f32>) {
  linalg.generic {indexing_maps = [#all, #none], iterator_types = ["reduction", "reduction", "reduction"]}
      ins(%x : memref<?x50x3xf32>) outs(%y : memref<f32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.maximumf %in, %out : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

// A column is one loop, whatever kind its loop of one iteration is.

// CHECK-LABEL: @column
// CHECK:         memref.collapse_shape %{{.*}} {{\[}}[0, 1]] : memref<512x1xf32> into memref<512xf32>
// CHECK:         vector.load {{.*}} : memref<512xf32>, vector<16xf32>
// CHECK:         vector.reduction <maxsi>
// CHECK:         memref.store %{{.*}}, %{{.*}}[%{{.*}}] : memref<1xf32>
#all = affine_map<(d0, d1) -> (d0, d1)>
#inner = affine_map<(d0, d1) -> (d1)>
func.func @column(%x: memref<512x1xf32>, %y: memref<1xf32>) {
  linalg.generic {indexing_maps = [#all, #inner], iterator_types = ["reduction", "parallel"]}
      ins(%x : memref<512x1xf32>) outs(%y : memref<1xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.maximumf %in, %out : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

// So is one that is read at the only place of its last dimension.

// CHECK-LABEL: @only_place
// CHECK:         vector.load {{.*}} : memref<512xf32>, vector<16xf32>
// CHECK:         vector.reduction <maxsi>
#only = affine_map<(d0, d1) -> (d0, 0)>
#none = affine_map<(d0, d1) -> ()>
#shape = affine_map<(d0, d1) -> (d0, d1)>
func.func @only_place(%x: memref<512x1xf32>, %shape: memref<512x1xi8>, %y: memref<f32>) {
  linalg.generic {indexing_maps = [#only, #shape, #none], iterator_types = ["reduction", "reduction"]}
      ins(%x, %shape : memref<512x1xf32>, memref<512x1xi8>) outs(%y : memref<f32>) {
  ^bb0(%in: f32, %unused: i8, %out: f32):
    %0 = arith.maximumf %in, %out : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

// The first of several columns is not one loop with its neighbours.

// CHECK-LABEL: @first_of_several
// CHECK-NOT:     memref.collapse_shape
// CHECK:         return
#first = affine_map<(d0, d1) -> (d0, 0)>
#none = affine_map<(d0, d1) -> ()>
#shape = affine_map<(d0, d1) -> (d0, d1)>
func.func @first_of_several(%x: memref<512x2xf32>, %shape: memref<512x1xi8>, %y: memref<f32>) {
  linalg.generic {indexing_maps = [#first, #shape, #none], iterator_types = ["reduction", "reduction"]}
      ins(%x, %shape : memref<512x2xf32>, memref<512x1xi8>) outs(%y : memref<f32>) {
  ^bb0(%in: f32, %unused: i8, %out: f32):
    %0 = arith.maximumf %in, %out : f32
    linalg.yield %0 : f32
  }
  return
}
