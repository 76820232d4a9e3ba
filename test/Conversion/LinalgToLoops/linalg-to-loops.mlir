// RUN: tfc-opt %s --tfc-linalg-to-loops -split-input-file | FileCheck %s

// A row sum accumulates in a loop-carried value: in vectors only if sums may be computed in another order.
// CHECK-LABEL: @row_sum
// CHECK: scf.for
// CHECK: %[[INIT:.+]] = memref.load
// CHECK: %[[SUM:.+]] = scf.for {{.*}} iter_args(%{{.*}} = %[[INIT]]) -> (f32)
// CHECK: memref.store %[[SUM]]
func.func @row_sum(%a: memref<8x16xf32>, %r: memref<8xf32>) {
  linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>], iterator_types = ["parallel", "reduction"]}
      ins(%a : memref<8x16xf32>) outs(%r : memref<8xf32>) {
  ^bb0(%x: f32, %acc: f32):
    %s = arith.addf %acc, %x : f32
    linalg.yield %s : f32
  }
  return
}

// -----

// A contraction of one row takes four steps of k at a time over the contiguous j.
// CHECK-LABEL: @vector_matrix
// CHECK: %[[C4:.+]] = arith.constant 4 : index
// CHECK: scf.for %[[K:.+]] = {{.*}} step %[[C4]]
// CHECK-COUNT-4: memref.load %arg0
// CHECK: scf.for %[[J:.+]] =
// CHECK: vector.load %arg2[{{.*}}, %[[J]]]
// CHECK-COUNT-4: arith.mulf {{.*}} vector<4xf32>
// CHECK: vector.store {{.*}}, %arg2[{{.*}}, %[[J]]]
func.func @vector_matrix(%a: memref<1x8xf32>, %b: memref<8x16xf32>, %c: memref<1x16xf32>) {
  linalg.matmul ins(%a, %b : memref<1x8xf32>, memref<8x16xf32>) outs(%c : memref<1x16xf32>)
  return
}

// -----

// The transposed copy runs along the output; a copy of a view becomes loops, of dense buffers stays.
// CHECK-LABEL: @copies
// CHECK: memref.copy %arg0, %arg1
// CHECK-NOT: memref.copy
// CHECK: scf.for
func.func @copies(%a: memref<4x4xf32>, %b: memref<4x4xf32>) {
  memref.copy %a, %b : memref<4x4xf32> to memref<4x4xf32>
  %v = memref.subview %a[0, 0] [4, 2] [1, 1] : memref<4x4xf32> to memref<4x2xf32, strided<[4, 1]>>
  %w = memref.subview %b[0, 0] [4, 2] [1, 1] : memref<4x4xf32> to memref<4x2xf32, strided<[4, 1]>>
  memref.copy %v, %w : memref<4x2xf32, strided<[4, 1]>> to memref<4x2xf32, strided<[4, 1]>>
  return
}

// -----

// Threads share a loop whose iterations are independent, if it takes long enough.
// CHECK-LABEL: @independent
// CHECK: tfcrt.parallel
// CHECK-NEXT: scf.for
// CHECK-NOT: tfc.independent
// CHECK-LABEL: @independent_but_short
// CHECK-NOT: tfcrt.parallel
func.func @independent(%r: memref<100xf32>, %x: f32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c100 = arith.constant 100 : index
  scf.for %i = %c0 to %c100 step %c1 {
    memref.store %x, %r[%i] : memref<100xf32>
  } {tfc.independent = 5000.0 : f64}
  return
}
func.func @independent_but_short(%r: memref<100xf32>, %x: f32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c100 = arith.constant 100 : index
  scf.for %i = %c0 to %c100 step %c1 {
    memref.store %x, %r[%i] : memref<100xf32>
  } {tfc.independent = 5.0 : f64}
  return
}

// -----

// What an iteration keeps in a slot of the function is each thread's own.
// CHECK-LABEL: @slots
// CHECK-NOT: memref.alloca
// CHECK: tfcrt.parallel
// CHECK-NEXT: memref.alloca() : memref<index>
// CHECK-NEXT: scf.for
func.func @slots(%r: memref<100xindex>) {
  %slot = memref.alloca() : memref<index>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c100 = arith.constant 100 : index
  scf.for %i = %c0 to %c100 step %c1 {
    memref.store %i, %slot[] : memref<index>
    %x = memref.load %slot[] : memref<index>
    memref.store %x, %r[%i] : memref<100xindex>
  } {tfc.independent = 5000.0 : f64}
  return
}
