// RUN: tfc-opt %s --pass-pipeline="builtin.module(func.func(tfc-split-complex-products))" | FileCheck %s

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
