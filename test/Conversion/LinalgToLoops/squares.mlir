// RUN: tfc-opt %s --tfc-linalg-to-loops="parallel=false" --split-input-file | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>
#across = affine_map<(d0, d1) -> (d1, d0)>

// A transpose goes over squares of 16 by 16; the last ones are smaller.
// CHECK-LABEL: func.func @transpose
// CHECK: scf.for {{.*}} step %[[SIXTEEN:.*]] {
// CHECK: arith.minsi
// CHECK: scf.for {{.*}} step %{{.*}} {
// CHECK: arith.minsi
// CHECK: scf.for
// CHECK: scf.for
// CHECK: memref.load %arg0
// CHECK: memref.store
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
