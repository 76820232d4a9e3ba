// RUN: tfc-opt %s --split-input-file --tfc-real-products | FileCheck %s --check-prefixes=CHECK,TWICE
// RUN: tfc-opt %s --split-input-file --tfc-real-products=parallel=false | FileCheck %s --check-prefixes=CHECK,COPY

// Both parts of the left operand are rows, unless nothing is shared by threads: then a copy of the right operand is
// as good, and the sums need no place of their own.

// CHECK-LABEL: @product
// CHECK-SAME:  (%[[X:.*]]: memref<64x32xcomplex<f32>>, %[[Y:.*]]: memref<32x16xcomplex<f32>>, %[[Z:.*]]: memref<64x16xcomplex<f32>>)
// TWICE:       %[[LEFT:.*]] = tfcrt.parts %[[X]]
// TWICE:       %[[ROWS:.*]] = memref.expand_shape %[[LEFT]] {{.*}} into memref<64x32x2xf32>
// TWICE:       %[[SUMS:.*]] = memref.alloc() {{.*}} : memref<64x2x16xcomplex<f32>>
// TWICE:       %[[PARTS:.*]] = tfcrt.parts %[[SUMS]]
// TWICE:       linalg.fill {{.*}} outs(%[[PARTS]]
// TWICE:       %[[RIGHT:.*]] = tfcrt.parts %[[Y]]
// TWICE:       linalg.generic {{.*}} ins(%[[ROWS]], %[[RIGHT]] : {{.*}}) outs(%[[PARTS]] : memref<64x2x32xf32>)
// TWICE:       arith.mulf
// TWICE:       %[[FIRST:.*]] = memref.subview %[[SUMS]][0, 0, 0] [64, 1, 16]
// TWICE:       %[[SECOND:.*]] = memref.subview %[[SUMS]][0, 1, 0] [64, 1, 16]
// TWICE:       linalg.generic {{.*}} ins(%[[FIRST]], %[[SECOND]] : {{.*}}) outs(%[[Z]]
// TWICE-DAG:   arith.subf
// TWICE-DAG:   arith.addf
// TWICE:       complex.create
// COPY:        %[[LEFT:.*]] = tfcrt.parts %[[X]]
// COPY:        %[[COPY:.*]] = memref.alloc() {{.*}} : memref<32x2x16xcomplex<f32>>
// COPY:        %[[SAME:.*]] = memref.subview %[[COPY]][0, 0, 0] [32, 1, 16]
// COPY:        linalg.generic {{.*}} ins(%[[Y]] : {{.*}}) outs(%[[SAME]]
// COPY:        %[[TURNED:.*]] = memref.subview %[[COPY]][0, 1, 0] [32, 1, 16]
// COPY:        linalg.generic {{.*}} ins(%[[Y]] : {{.*}}) outs(%[[TURNED]]
// COPY:        arith.negf
// COPY:        %[[RIGHT:.*]] = memref.collapse_shape {{.*}} into memref<64x32xf32>
// COPY:        %[[RESULT:.*]] = tfcrt.parts %[[Z]]
// COPY-NOT:    linalg.generic
// COPY:        linalg.fill {{.*}} outs(%[[RESULT]]
// COPY:        linalg.generic {{.*}} ins(%[[LEFT]], %[[RIGHT]] : {{.*}}) outs(%[[RESULT]] : memref<64x32xf32>)
func.func @product(%x: memref<64x32xcomplex<f32>>, %y: memref<32x16xcomplex<f32>>, %z: memref<64x16xcomplex<f32>>) {
  %zero = complex.constant [0.0 : f32, 0.0 : f32] : complex<f32>
  linalg.fill ins(%zero : complex<f32>) outs(%z : memref<64x16xcomplex<f32>>)
  linalg.matmul ins(%x, %y : memref<64x32xcomplex<f32>>, memref<32x16xcomplex<f32>>) outs(%z : memref<64x16xcomplex<f32>>)
  return
}

// -----

// What the result has is kept where nothing sets it to zero.

// CHECK-LABEL: @accumulates
// TWICE:       linalg.generic {{.*}} outs(%[[Z:.*]] : memref<16x16xcomplex<f32>>)
// TWICE:       ^bb0(%{{.*}}: complex<f32>, %{{.*}}: complex<f32>, %[[OUT:.*]]: complex<f32>):
// TWICE:       complex.re %[[OUT]]
func.func @accumulates(%x: memref<16x32xcomplex<f32>>, %y: memref<32x16xcomplex<f32>>, %z: memref<16x16xcomplex<f32>>) {
  linalg.matmul ins(%x, %y : memref<16x32xcomplex<f32>>, memref<32x16xcomplex<f32>>) outs(%z : memref<16x16xcomplex<f32>>)
  return
}

// -----

// Few columns are copied: vectors go along k then.

// CHECK-LABEL: @few_columns
// CHECK:       memref.alloc({{.*}}) {{.*}} : memref<?x2x1xcomplex<f64>>
// CHECK:       arith.negf
// CHECK:       linalg.generic {{.*}} ins({{.*}} : memref<?x?xf64>, memref<?x2xf64>) outs({{.*}} : memref<?x2xf64>)
func.func @few_columns(%x: memref<?x?xcomplex<f64>>, %y: memref<?x1xcomplex<f64>>, %z: memref<?x1xcomplex<f64>>) {
  linalg.matmul ins(%x, %y : memref<?x?xcomplex<f64>>, memref<?x1xcomplex<f64>>) outs(%z : memref<?x1xcomplex<f64>>)
  return
}

// -----

// A left operand whose k are not neighbours is copied.

// CHECK-LABEL: @transposed
// CHECK-SAME:  (%[[X:[a-z0-9]*]]: memref<3x32x64xcomplex<f32>>
// CHECK:       %[[COPY:.*]] = memref.alloc() {{.*}} : memref<3x64x32xcomplex<f32>>
// CHECK:       linalg.generic {{.*}} ins(%[[X]] : {{.*}}) outs(%[[COPY]]
// CHECK:       tfcrt.parts %[[COPY]]
func.func @transposed(%x: memref<3x32x64xcomplex<f32>>, %y: memref<3x32x16xcomplex<f32>>, %z: memref<3x64x16xcomplex<f32>>) {
  linalg.generic {indexing_maps = [affine_map<(b, m, n, k) -> (b, k, m)>, affine_map<(b, m, n, k) -> (b, k, n)>, affine_map<(b, m, n, k) -> (b, m, n)>],
                  iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%x, %y : memref<3x32x64xcomplex<f32>>, memref<3x32x16xcomplex<f32>>) outs(%z : memref<3x64x16xcomplex<f32>>) {
    ^bb0(%a: complex<f32>, %b: complex<f32>, %c: complex<f32>):
      %0 = complex.mul %a, %b : complex<f32>
      %1 = complex.add %c, %0 : complex<f32>
      linalg.yield %1 : complex<f32>
  }
  return
}

// -----

// Copies would take longer than the product.

// CHECK-LABEL: @few_multiplications
// CHECK-NEXT:  linalg.matmul {{.*}}complex
func.func @few_multiplications(%x: memref<4x4xcomplex<f32>>, %z: memref<4x4xcomplex<f32>>) {
  linalg.matmul ins(%x, %x : memref<4x4xcomplex<f32>>, memref<4x4xcomplex<f32>>) outs(%z : memref<4x4xcomplex<f32>>)
  return
}

// -----

// Numbers of the result that are apart from each other have no parts that are neighbours.

// CHECK-LABEL: @apart
// CHECK-NEXT:  linalg.matmul {{.*}}complex
func.func @apart(%x: memref<32x32xcomplex<f32>>, %z: memref<32x32xcomplex<f32>, strided<[1, 32]>>) {
  linalg.matmul ins(%x, %x : memref<32x32xcomplex<f32>>, memref<32x32xcomplex<f32>>) outs(%z : memref<32x32xcomplex<f32>, strided<[1, 32]>>)
  return
}
