// RUN: tfc-opt %s --tfc-linalg-to-loops="vector-bits=128 parallel=false" --split-input-file | FileCheck %s

#points = affine_map<(d0, d1) -> (d0, d1)>
#rows = affine_map<(d0, d1) -> (d0)>

// Rows of a few vectors: lanes of four rows are combined together, two vectors of partial results at a time. The rest is
// done row by row.
// CHECK-LABEL: func.func @sums
// CHECK: scf.for %[[ROW:.*]] =
// CHECK-COUNT-8: vector.load %arg0[{{.*}}] : memref<103x8xf32>, vector<4xf32>
// CHECK: vector.shuffle %{{.*}}, %{{.*}} [0, 4, 2, 6]
// CHECK: vector.shuffle %{{.*}}, %{{.*}} [1, 5, 3, 7]
// CHECK: vector.shuffle %{{.*}}, %{{.*}} [0, 4, 2, 6]
// CHECK: vector.shuffle %{{.*}}, %{{.*}} [0, 1, 4, 5]
// CHECK: vector.shuffle %{{.*}}, %{{.*}} [2, 3, 6, 7]
// CHECK: vector.load %arg1[%[[ROW]]] : memref<103xf32>, vector<4xf32>
// CHECK: vector.store %{{.*}}, %arg1[%[[ROW]]]
// CHECK: scf.for
// CHECK: vector.reduction <add>
func.func @sums(%x: memref<103x8xf32>, %r: memref<103xf32>) {
  linalg.generic {indexing_maps = [#points, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<103x8xf32>) outs(%r : memref<103xf32>) {
  ^bb0(%a: f32, %s: f32):
    %n = arith.addf %a, %s fastmath<reassoc> : f32
    linalg.yield %n : f32
  }
  return
}

// -----

#points = affine_map<(d0, d1) -> (d0, d1)>
#rows = affine_map<(d0, d1) -> (d0)>

// The best of floats is looked for among integers of the same order.
// CHECK-LABEL: func.func @maxima
// CHECK: arith.cmpf uno
// CHECK: arith.maxsi {{.*}} : vector<4xi32>
// CHECK: arith.maximumf {{.*}} : vector<4xf32>
// CHECK-NEXT: vector.store
func.func @maxima(%x: memref<104x8xf32>, %r: memref<104xf32>) {
  linalg.generic {indexing_maps = [#points, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<104x8xf32>) outs(%r : memref<104xf32>) {
  ^bb0(%a: f32, %m: f32):
    %n = arith.maximumf %a, %m : f32
    linalg.yield %n : f32
  }
  return
}

// -----

#points = affine_map<(d0, d1) -> (d0, d1)>
#rows = affine_map<(d0, d1) -> (d0)>

// Long rows have enough to do by themselves, and results that are apart are no vector.
// CHECK-LABEL: func.func @others
// CHECK-NOT: vector.shuffle
func.func @others(%x: memref<104x20xf32>, %y: memref<104x8xf32>, %r: memref<104xf32>, %s: memref<104xf32, strided<[2]>>) {
  linalg.generic {indexing_maps = [#points, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<104x20xf32>) outs(%r : memref<104xf32>) {
  ^bb0(%a: f32, %m: f32):
    %n = arith.addf %a, %m fastmath<reassoc> : f32
    linalg.yield %n : f32
  }
  linalg.generic {indexing_maps = [#points, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%y : memref<104x8xf32>) outs(%s : memref<104xf32, strided<[2]>>) {
  ^bb0(%a: f32, %m: f32):
    %n = arith.addf %a, %m fastmath<reassoc> : f32
    linalg.yield %n : f32
  }
  return
}

// -----

#points = affine_map<(d0, d1) -> (d0, d1)>
#rows = affine_map<(d0, d1) -> (d0)>

// What a fill right before has written is not read: rows begin with its number.
// CHECK-LABEL: func.func @from_number
// CHECK-SAME:  %{{.*}}: memref<103x8xf32>, %[[RESULT:.*]]: memref<103xf32>
// CHECK:       %[[NUMBER:.*]] = arith.constant 5.0
// CHECK-NOT:   vector.store
// CHECK:       scf.for %[[ROW:.*]] =
// CHECK-NOT:   vector.load %[[RESULT]]
// CHECK:       %[[START:.*]] = vector.broadcast %[[NUMBER]] : f32 to vector<4xf32>
// CHECK-NEXT:  %[[SUM:.*]] = arith.addf %[[START]]
// CHECK-NEXT:  vector.store %[[SUM]], %[[RESULT]][%[[ROW]]]
// CHECK:       scf.for
// CHECK-NOT:   memref.load
// CHECK:       memref.store
// CHECK:       return
func.func @from_number(%x: memref<103x8xf32>, %r: memref<103xf32>) {
  %number = arith.constant 5.0 : f32
  linalg.fill ins(%number : f32) outs(%r : memref<103xf32>)
  linalg.generic {indexing_maps = [#points, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<103x8xf32>) outs(%r : memref<103xf32>) {
  ^bb0(%a: f32, %s: f32):
    %n = arith.addf %a, %s fastmath<reassoc> : f32
    linalg.yield %n : f32
  }
  return
}
