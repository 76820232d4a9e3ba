// RUN: tfc-opt %s --tfc-linalg-to-loops="vector-bits=512 parallel=false" --canonicalize --cse --split-input-file | FileCheck %s
// RUN: tfc-opt %s --tfc-linalg-to-loops="vector-bits=128 parallel=false" --canonicalize --cse --split-input-file | FileCheck %s --check-prefix=NARROW

#rows = affine_map<(d0) -> (d0)>

// Two columns of the same rows are picked from the same vectors, whose rows are all there.
// CHECK-LABEL: func.func @areas
// CHECK: scf.for %[[ROW:.*]] = %c0 to %c96 step %c16
// CHECK-COUNT-3: vector.load %arg0[%[[ROW]], %{{.*}}] : memref<100x3xf32>, vector<16xf32>
// CHECK-NOT: vector.load %arg0
// CHECK: arith.mulf {{.*}} : vector<16xf32>
// CHECK: vector.store
func.func @areas(%x: memref<100x3xf32>, %r: memref<100xf32>) {
  %a = memref.subview %x[0, 0] [100, 1] [1, 1] : memref<100x3xf32> to memref<100xf32, strided<[3]>>
  %b = memref.subview %x[0, 2] [100, 1] [1, 1] : memref<100x3xf32> to memref<100xf32, strided<[3], offset: 2>>
  linalg.generic {indexing_maps = [#rows, #rows, #rows], iterator_types = ["parallel"]}
      ins(%a, %b : memref<100xf32, strided<[3]>>, memref<100xf32, strided<[3], offset: 2>>) outs(%r : memref<100xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %n = arith.mulf %p, %q : f32
    linalg.yield %n : f32
  }
  return
}

// -----

#rows = affine_map<(d0) -> (d0)>

// Elements of whose rows nothing is known: the last vector ends with the last one.
// CHECK-LABEL: func.func @apart
// CHECK: scf.for %{{.*}} = %c0 to %c96 step %c16
// CHECK-COUNT-3: vector.load %arg0[{{.*}}] : memref<300xf32>, vector<16xf32>
// CHECK: vector.shuffle {{.*}}19, 22, 25, 28, 31]
func.func @apart(%x: memref<300xf32>, %r: memref<100xf32>) {
  %a = memref.subview %x[2] [100] [3] : memref<300xf32> to memref<100xf32, strided<[3], offset: 2>>
  linalg.generic {indexing_maps = [#rows, #rows], iterator_types = ["parallel"]}
      ins(%a : memref<100xf32, strided<[3], offset: 2>>) outs(%r : memref<100xf32>) {
  ^bb0(%p: f32, %o: f32):
    %n = arith.addf %p, %p : f32
    linalg.yield %n : f32
  }
  return
}

// -----

#first = affine_map<(d0, d1) -> (d0, 0)>
#second = affine_map<(d0, d1) -> (d0, 1)>
#all = affine_map<(d0, d1) -> (d0, d1)>

// Both columns of sixteen rows at once: two vectors are read, columns are computed, and become two vectors of rows.
// Without vectors that are long enough, both columns of a row.
// CHECK-LABEL: func.func @turn
// CHECK: scf.for %[[ROW:.*]] = %c0 to %c96 step %c16
// CHECK-COUNT-2: vector.load %arg0
// CHECK-NOT: arith.cmpi
// CHECK-COUNT-1: arith.negf {{.*}} : vector<16xf32>
// CHECK-COUNT-2: vector.store {{.*}}, %arg1[%[[ROW]], {{.*}}] : memref<100x2xf32>, vector<16xf32>
// CHECK: scf.for %{{.*}} = %c96 to %c100
// CHECK-COUNT-2: memref.store
// NARROW-LABEL: func.func @turn
// NARROW: scf.for %[[ROW:.*]] = %c0 to %c100 step %c1
// NARROW-COUNT-2: memref.load
// NARROW: arith.negf
// NARROW-NOT: arith.select
// NARROW: memref.store {{.*}}, %arg1[%[[ROW]], %c0]
// NARROW: memref.store {{.*}}, %arg1[%[[ROW]], %c1]
func.func @turn(%x: memref<100x2xf32>, %r: memref<100x2xf32>) {
  linalg.generic {indexing_maps = [#first, #second, #all], iterator_types = ["parallel", "parallel"]}
      ins(%x, %x : memref<100x2xf32>, memref<100x2xf32>) outs(%r : memref<100x2xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %n = arith.negf %q : f32
    %c0 = arith.constant 0 : index
    %i = linalg.index 1 : index
    %is = arith.cmpi eq, %i, %c0 : index
    %e = arith.select %is, %n, %p : f32
    linalg.yield %e : f32
  }
  return
}

// -----

#row = affine_map<(d0, d1) -> (d0)>
#all = affine_map<(d0, d1) -> (d0, d1)>

// A column's number that is computed with picks nothing.
// NARROW-LABEL: func.func @numbers
// NARROW: arith.select
// NARROW: memref.store
func.func @numbers(%x: memref<100xi32>, %r: memref<100x2xi32>) {
  linalg.generic {indexing_maps = [#row, #all], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<100xi32>) outs(%r : memref<100x2xi32>) {
  ^bb0(%p: i32, %o: i32):
    %c0 = arith.constant 0 : index
    %i = linalg.index 1 : index
    %is = arith.cmpi eq, %i, %c0 : index
    %number = arith.index_cast %i : index to i32
    %e = arith.select %is, %number, %p : i32
    linalg.yield %e : i32
  }
  return
}

// -----

#column = affine_map<(d0, d1, d2) -> (d0, d1)>
#all = affine_map<(d0, d1, d2) -> (d0, d1, d2)>

// Five rows of each of twenty are a hundred rows: of views of one place, too.
// CHECK-LABEL: func.func @rows_of_rows
// CHECK-DAG: memref.collapse_shape %arg0 {{\[\[}}0, 1], [2]] : memref<20x5x3xf32> into memref<100x3xf32>
// CHECK: scf.for %{{.*}} = %c0 to %c96 step %c16
// CHECK-COUNT-3: vector.load {{.*}} : memref<100x3xf32>, vector<16xf32>
// CHECK-COUNT-2: vector.store {{.*}} : memref<100x2xf32>, vector<16xf32>
func.func @rows_of_rows(%x: memref<20x5x3xf32>, %r: memref<20x5x2xf32>) {
  %a = memref.subview %x[0, 0, 0] [20, 5, 1] [1, 1, 1] : memref<20x5x3xf32> to memref<20x5xf32, strided<[15, 3]>>
  %b = memref.subview %x[0, 0, 2] [20, 5, 1] [1, 1, 1] : memref<20x5x3xf32> to memref<20x5xf32, strided<[15, 3], offset: 2>>
  linalg.generic {indexing_maps = [#column, #column, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%a, %b : memref<20x5xf32, strided<[15, 3]>>, memref<20x5xf32, strided<[15, 3], offset: 2>>) outs(%r : memref<20x5x2xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %c0 = arith.constant 0 : index
    %i = linalg.index 2 : index
    %is = arith.cmpi eq, %i, %c0 : index
    %e = arith.select %is, %q, %p : f32
    linalg.yield %e : f32
  }
  return
}
