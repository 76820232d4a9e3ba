// RUN: tfc-opt %s --tfc-linalg-to-loops="vector-bits=256 parallel=false" --split-input-file | FileCheck %s
// RUN: tfc-opt %s --tfc-linalg-to-loops="vector-bits=128 parallel=false" --split-input-file | FileCheck %s --check-prefix=SHORT

#backwards = affine_map<(d0, d1, d2) -> (d0, 31 - d1, d2)>
#image = affine_map<(d0, d1, d2) -> (d0, d1, d2)>

// A row of pixels with their colours is one loop, of as many vectors as it takes until one begins with the first colour
// again: three. The lanes of each come from two that follow each other in memory.
// CHECK-LABEL: func.func @flip
// CHECK: scf.for
// CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}} step %c24
// CHECK: vector.load {{.*}} : memref<4x96xf32{{.*}}>, vector<8xf32>
// CHECK: vector.load {{.*}} : memref<4x96xf32{{.*}}>, vector<8xf32>
// CHECK: vector.shuffle {{.*}} [6, 7, 15, 3, 4, 5, 0, 1] : vector<8xf32>, vector<8xf32>
// CHECK: vector.store
// CHECK-COUNT-2: vector.shuffle
// CHECK-NOT: memref.load
// SHORT-LABEL: func.func @flip
// SHORT-NOT: vector.shuffle
func.func @flip(%x: memref<4x32x3xf32>, %r: memref<4x32x3xf32>) {
  linalg.generic {indexing_maps = [#backwards, #image], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%x : memref<4x32x3xf32>) outs(%r : memref<4x32x3xf32>) {
  ^bb0(%a: f32, %b: f32):
    linalg.yield %a : f32
  }
  return
}

// -----

#windows = affine_map<(d0, d1, d2) -> (d0, d1 * 2 + d2)>
#window = affine_map<(d0, d1, d2) -> (d2)>
#places = affine_map<(d0, d1, d2) -> (d0, d1)>

// Every second element of a row of one channel. The last load ends with the last element that is needed.
// CHECK-LABEL: func.func @strides
// CHECK: vector.load %arg0[%{{.*}}, %{{.*}}] : memref<4x65xf32>, vector<8xf32>
// CHECK: vector.load %arg0[%{{.*}}, %{{.*}}] : memref<4x65xf32>, vector<8xf32>
// CHECK: vector.shuffle {{.*}} [0, 2, 4, 6, 9, 11, 13, 15] : vector<8xf32>, vector<8xf32>
// CHECK: arith.maximumf {{.*}} : vector<8xf32>
func.func @strides(%x: memref<4x65xf32>, %w: memref<3xi8>, %r: memref<4x32xf32>) {
  linalg.generic {indexing_maps = [#windows, #window, #places], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : memref<4x65xf32>, memref<3xi8>) outs(%r : memref<4x32xf32>) {
  ^bb0(%a: f32, %b: i8, %m: f32):
    %n = arith.maximumf %a, %m : f32
    linalg.yield %n : f32
  }
  return
}
