// RUN: tfc-opt %s --tfc-linalg-to-loops="parallel=false" --split-input-file | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>
#across = affine_map<(d0, d1) -> (d1, d0)>

// A transpose goes over squares of one vector by one vector, which change sides in registers; the last ones begin
// earlier where the size is no multiple.
// CHECK-LABEL: func.func @transpose
// CHECK: scf.for %[[I:.*]] = %{{.*}} to %{{.*}} step %[[FOUR:.*]] {
// CHECK: %[[ROW:.*]] = arith.minui %[[I]], %{{.*}}
// CHECK: scf.for %[[J:.*]] = %{{.*}} step %{{.*}} {
// CHECK-NOT: arith.minui
// CHECK-COUNT-4: vector.load %arg0[{{.*}}] : memref<100x70xf32>, vector<4xf32>
// CHECK-COUNT-8: vector.shuffle
// CHECK-COUNT-4: vector.store
func.func @transpose(%x: memref<100x70xf32>) {
  %r = memref.alloc() : memref<70x100xf32>
  linalg.generic {indexing_maps = [#across, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<100x70xf32>) outs(%r : memref<70x100xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  }
  return
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#across = affine_map<(d0, d1) -> (d1, d0)>

// Small ones stay in the cache as they are.
// CHECK-LABEL: func.func @small
// CHECK-NOT: arith.minsi
func.func @small(%x: memref<20x10xf32>) {
  %r = memref.alloc() : memref<10x20xf32>
  linalg.generic {indexing_maps = [#across, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<20x10xf32>) outs(%r : memref<10x20xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  }
  return
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#across = affine_map<(d0, d1) -> (d1, d0)>

// What no vector has two of goes over squares of 16 by 16 element by element; the last ones are smaller.
// CHECK-LABEL: func.func @complex
// CHECK: scf.for {{.*}} step %{{.*}} {
// CHECK: arith.minsi
// CHECK: scf.for {{.*}} step %{{.*}} {
// CHECK: arith.minsi
// CHECK: memref.load %arg0
// CHECK: memref.store
func.func @complex(%x: memref<100x70xcomplex<f64>>) {
  %r = memref.alloc() : memref<70x100xcomplex<f64>>
  linalg.generic {indexing_maps = [#across, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<100x70xcomplex<f64>>) outs(%r : memref<70x100xcomplex<f64>>) {
  ^bb0(%a: complex<f64>, %o: complex<f64>):
    linalg.yield %a : complex<f64>
  }
  return
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#across = affine_map<(d0, d1) -> (d1, d0)>

// What is updated in place is not computed twice, as the last squares would.
// CHECK-LABEL: func.func @in_place
// CHECK-NOT: vector.shuffle
func.func @in_place(%x: memref<70x100xf32>, %r: memref<100x70xf32>) {
  linalg.generic {indexing_maps = [#across, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x, %r : memref<70x100xf32>, memref<100x70xf32>) outs(%r : memref<100x70xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %sum = arith.addf %a, %b : f32
    linalg.yield %sum : f32
  }
  return
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#across = affine_map<(d0, d1) -> (d1, d0)>

// Complex numbers change sides as wholes: two of complex<f32> are a vector of four parts.
// CHECK-LABEL: func.func @complex_numbers
// CHECK-COUNT-2: vector.load {{.*}} : memref<40x128xf32>, vector<4xf32>
// CHECK: vector.shuffle {{.*}} [0, 1, 4, 5]
// CHECK: vector.shuffle {{.*}} [2, 3, 6, 7]
// CHECK-COUNT-2: vector.store {{.*}} : memref<64x80xf32>, vector<4xf32>
func.func @complex_numbers(%x: memref<40x64xcomplex<f32>>, %r: memref<64x40xcomplex<f32>>) {
  linalg.generic {indexing_maps = [#across, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<40x64xcomplex<f32>>) outs(%r : memref<64x40xcomplex<f32>>) {
  ^bb0(%a: complex<f32>, %o: complex<f32>):
    linalg.yield %a : complex<f32>
  }
  return
}
