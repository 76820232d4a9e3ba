// RUN: tfc-opt %s -convert-tfc-to-linalg -split-input-file | FileCheck %s

// CHECK-LABEL: func @matmul_stays_whole
// CHECK: linalg.fill
// CHECK: linalg.matmul
func.func @matmul_stays_whole(%x: tensor<4x5xf32>, %y: tensor<5x6xf32>) -> tensor<4x6xf32> {
  %0 = tfc.matmul %x, %y {transpose_x = false, transpose_y = false} : (tensor<4x5xf32>, tensor<5x6xf32>) -> tensor<4x6xf32>
  return %0 : tensor<4x6xf32>
}

// -----

// CHECK-LABEL: func @half_accumulates_in_f32
// CHECK: linalg.matmul ins({{.*}}: tensor<4x5xbf16>, tensor<5x6xbf16>) outs({{.*}}: tensor<4x6xf32>)
// CHECK: arith.truncf
func.func @half_accumulates_in_f32(%x: tensor<4x5xbf16>, %y: tensor<5x6xbf16>) -> tensor<4x6xbf16> {
  %0 = tfc.matmul %x, %y {transpose_x = false, transpose_y = false} : (tensor<4x5xbf16>, tensor<5x6xbf16>) -> tensor<4x6xbf16>
  return %0 : tensor<4x6xbf16>
}

// -----

// CHECK-DAG: #[[X:.*]] = affine_map<(d0, d1, d2) -> (d2, d0)>
// CHECK-DAG: #[[Y:.*]] = affine_map<(d0, d1, d2) -> (d2, d1)>
// CHECK-LABEL: func @transposed_operand_is_an_index_map
// CHECK: linalg.generic {indexing_maps = [#[[X]], #[[Y]], #{{.*}}]
func.func @transposed_operand_is_an_index_map(%x: tensor<5x4xf32>, %y: tensor<5x6xf32>) -> tensor<4x6xf32> {
  %0 = tfc.matmul %x, %y {transpose_x = true, transpose_y = false} : (tensor<5x4xf32>, tensor<5x6xf32>) -> tensor<4x6xf32>
  return %0 : tensor<4x6xf32>
}

// -----

// A matrix that is transposed first is read as it was; the transpose, which nobody reads then, goes with other dead ops.

// CHECK-LABEL: func @transposed_factors
// CHECK-SAME:    %[[X:.*]]: tensor<5x4xf32>, %[[Y:.*]]: tensor<6x5xf32>
// CHECK:       linalg.generic {{.*}}["parallel", "parallel", "reduction"]{{.*}} ins(%[[X]], %[[Y]] : tensor<5x4xf32>, tensor<6x5xf32>)
func.func @transposed_factors(%x: tensor<5x4xf32>, %y: tensor<6x5xf32>) -> tensor<4x6xf32> {
  %0 = tfc.transpose %x {perm = array<i64: 1, 0>} : (tensor<5x4xf32>) -> tensor<4x5xf32>
  %1 = tfc.transpose %y {perm = array<i64: 1, 0>} : (tensor<6x5xf32>) -> tensor<5x6xf32>
  %2 = tfc.matmul %0, %1 {transpose_x = false, transpose_y = false} : (tensor<4x5xf32>, tensor<5x6xf32>) -> tensor<4x6xf32>
  return %2 : tensor<4x6xf32>
}
