// RUN: tfc-opt %s --tfc-linalg-to-loops="vector-bits=256 parallel=false" --split-input-file | FileCheck %s

#points = affine_map<(d0, d1) -> (d0, d1)>
#rows = affine_map<(d0, d1) -> (d0)>

// Rows of three are loaded eight at a time: three vectors become one for each column. What is left of them is done row
// by row.
// CHECK-LABEL: func.func @threes
// CHECK: scf.for %[[ROW:.*]] =
// CHECK-COUNT-3: vector.load %arg0[{{.*}}] : memref<100x3xf32>, vector<8xf32>
// CHECK-COUNT-6: vector.shuffle
// CHECK: vector.load %arg1[%[[ROW]]] : memref<100xf32>, vector<8xf32>
// CHECK-COUNT-3: arith.maximumf {{.*}} : vector<8xf32>
// CHECK: vector.store %{{.*}}, %arg1[%[[ROW]]]
// CHECK: scf.for
// CHECK-COUNT-3: arith.maximumf {{.*}} : f32
func.func @threes(%x: memref<100x3xf32>, %r: memref<100xf32>) {
  linalg.generic {indexing_maps = [#points, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<100x3xf32>) outs(%r : memref<100xf32>) {
  ^bb0(%a: f32, %m: f32):
    %n = arith.maximumf %a, %m : f32
    linalg.yield %n : f32
  }
  return
}

// -----

#points = affine_map<(d0, d1) -> (d0, d1)>
#rows = affine_map<(d0, d1) -> (d0)>

// Longer ones are loaded row by row, under a mask, and the square changes sides.
// CHECK-LABEL: func.func @sixes
// CHECK-COUNT-8: vector.maskedload %arg0[{{.*}} : memref<128x6xf32>
// CHECK: vector.shuffle
// CHECK-COUNT-6: arith.addf {{.*}} : vector<8xf32>
func.func @sixes(%x: memref<128x6xf32>, %r: memref<128xf32>) {
  linalg.generic {indexing_maps = [#points, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<128x6xf32>) outs(%r : memref<128xf32>) {
  ^bb0(%a: f32, %m: f32):
    %n = arith.addf %a, %m fastmath<reassoc> : f32
    linalg.yield %n : f32
  }
  return
}

// -----

#colours = affine_map<(d0, d1) -> (d1, d0)>
#planes = affine_map<(d0, d1) -> (d0, d1)>

// Colours become planes in the same way.
// CHECK-LABEL: func.func @planes
// CHECK-COUNT-3: vector.load %arg0[{{.*}}] : memref<128x3xi8>, vector<32xi8>
// CHECK-COUNT-3: vector.store {{.*}} : memref<3x128xi8>, vector<32xi8>
func.func @planes(%x: memref<128x3xi8>, %r: memref<3x128xi8>) {
  linalg.generic {indexing_maps = [#colours, #planes], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<128x3xi8>) outs(%r : memref<3x128xi8>) {
  ^bb0(%a: i8, %o: i8):
    linalg.yield %a : i8
  }
  return
}

// -----

#points = affine_map<(d0, d1) -> (d0, d1)>
#rows = affine_map<(d0, d1) -> (d0)>

// Rows of more than a few vectors are reduced by themselves.
// CHECK-LABEL: func.func @longer
// CHECK-NOT: vector.shuffle
// CHECK: vector.reduction
func.func @longer(%x: memref<128x40xf32>, %r: memref<128xf32>) {
  linalg.generic {indexing_maps = [#points, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<128x40xf32>) outs(%r : memref<128xf32>) {
  ^bb0(%a: f32, %m: f32):
    %n = arith.addf %a, %m fastmath<reassoc> : f32
    linalg.yield %n : f32
  }
  return
}
