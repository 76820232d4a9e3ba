// RUN: tfc-opt %s --pass-pipeline="builtin.module(func.func(tfc-split-complex-products))" | FileCheck %s

// Sizes are known: one product of joined parts.

// CHECK-LABEL: @joined
// CHECK-SAME:  (%[[X:.*]]: tensor<3x64x16xcomplex<f32>>, %[[Y:.*]]: tensor<64x24xcomplex<f32>>)
// CHECK-DAG:   %[[A:.*]] = tfc.real %[[X]]
// CHECK-DAG:   %[[B:.*]] = tfc.imag %[[X]]
// CHECK-DAG:   %[[C:.*]] = tfc.real %[[Y]]
// CHECK-DAG:   %[[D:.*]] = tfc.imag %[[Y]]
// CHECK-DAG:   %[[ROWS:.*]] = tfc.concat %[[A]], %[[B]] {axis = 2 : i64} : {{.*}} -> tensor<3x64x32xf32>
// CHECK-DAG:   %[[COLUMNS:.*]] = tfc.concat %[[C]], %[[D]] {axis = 1 : i64} : {{.*}} -> tensor<64x48xf32>
// CHECK:       %[[ALL:.*]] = tfc.matmul %[[ROWS]], %[[COLUMNS]] {transpose_x = true, transpose_y = false} : {{.*}} -> tensor<3x32x48xf32>
// CHECK-DAG:   %[[AC:.*]] = tfc.slice %[[ALL]] {sizes = array<i64: 3, 16, 24>, starts = array<i64: 0, 0, 0>
// CHECK-DAG:   %[[BD:.*]] = tfc.slice %[[ALL]] {sizes = array<i64: 3, 16, 24>, starts = array<i64: 0, 16, 24>
// CHECK-DAG:   %[[AD:.*]] = tfc.slice %[[ALL]] {sizes = array<i64: 3, 16, 24>, starts = array<i64: 0, 0, 24>
// CHECK-DAG:   %[[BC:.*]] = tfc.slice %[[ALL]] {sizes = array<i64: 3, 16, 24>, starts = array<i64: 0, 16, 0>
// CHECK-DAG:   %[[REAL:.*]] = tfc.sub %[[AC]], %[[BD]]
// CHECK-DAG:   %[[IMAG:.*]] = tfc.add %[[AD]], %[[BC]]
// CHECK:       tfc.complex %[[REAL]], %[[IMAG]]
func.func @joined(%x: tensor<3x64x16xcomplex<f32>>, %y: tensor<64x24xcomplex<f32>>) -> tensor<3x16x24xcomplex<f32>> {
  %z = tfc.matmul %x, %y {transpose_x = true, transpose_y = false}
      : (tensor<3x64x16xcomplex<f32>>, tensor<64x24xcomplex<f32>>) -> tensor<3x16x24xcomplex<f32>>
  return %z : tensor<3x16x24xcomplex<f32>>
}

// CHECK-LABEL: @product
// CHECK-SAME:  (%[[X:.*]]: tensor<16x64xcomplex<f32>>, %[[Y:.*]]: tensor<?x64xcomplex<f32>>)
// CHECK:       %[[A:.*]] = tfc.real %[[X]]
// CHECK:       %[[B:.*]] = tfc.imag %[[X]]
// CHECK:       %[[C:.*]] = tfc.real %[[Y]]
// CHECK:       %[[D:.*]] = tfc.imag %[[Y]]
// CHECK-DAG:   %[[AC:.*]] = tfc.matmul %[[A]], %[[C]] {transpose_x = false, transpose_y = true} : {{.*}} -> tensor<16x?xf32>
// CHECK-DAG:   %[[BD:.*]] = tfc.matmul %[[B]], %[[D]]
// CHECK-DAG:   %[[AD:.*]] = tfc.matmul %[[A]], %[[D]]
// CHECK-DAG:   %[[BC:.*]] = tfc.matmul %[[B]], %[[C]]
// CHECK-DAG:   %[[REAL:.*]] = tfc.sub %[[AC]], %[[BD]]
// CHECK-DAG:   %[[IMAG:.*]] = tfc.add %[[AD]], %[[BC]]
// CHECK:       tfc.complex %[[REAL]], %[[IMAG]]
func.func @product(%x: tensor<16x64xcomplex<f32>>, %y: tensor<?x64xcomplex<f32>>) -> tensor<16x?xcomplex<f32>> {
  %z = tfc.matmul %x, %y {transpose_x = false, transpose_y = true}
      : (tensor<16x64xcomplex<f32>>, tensor<?x64xcomplex<f32>>) -> tensor<16x?xcomplex<f32>>
  return %z : tensor<16x?xcomplex<f32>>
}

// Copies of the parts would take longer than the product.

// CHECK-LABEL: @few_multiplications
// CHECK-NEXT:  tfc.matmul {{.*}}complex
func.func @few_multiplications(%x: tensor<2x2xcomplex<f64>>) -> tensor<2x2xcomplex<f64>> {
  %z = tfc.matmul %x, %x {transpose_x = false, transpose_y = false}
      : (tensor<2x2xcomplex<f64>>, tensor<2x2xcomplex<f64>>) -> tensor<2x2xcomplex<f64>>
  return %z : tensor<2x2xcomplex<f64>>
}
