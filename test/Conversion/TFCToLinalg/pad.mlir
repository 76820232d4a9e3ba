// RUN: tfc-opt %s -convert-tfc-to-linalg | FileCheck %s

// A small tensor is filled as a whole.

// CHECK-LABEL: func.func @small
// CHECK:       %[[WHOLE:.*]] = linalg.fill {{.*}} -> tensor<10x10xf32>
// CHECK:       tensor.insert_slice %{{.*}} into %[[WHOLE]][1, 2] [8, 7] [1, 1]
func.func @small(%x: tensor<8x7xf32>, %v: tensor<f32>) -> tensor<10x10xf32> {
  %0 = tfc.pad %x, %v {low = array<i64: 1, 2>, high = array<i64: 1, 1>} : (tensor<8x7xf32>, tensor<f32>) -> tensor<10x10xf32>
  return %0 : tensor<10x10xf32>
}

// A large one only around what is padded.

// CHECK-LABEL: func.func @large
// CHECK-NOT:   linalg.fill
// CHECK:       %[[INNER:.*]] = tensor.insert_slice %{{.*}} into %{{.*}}[1, 2] [98, 98] [1, 1] : tensor<98x98xf32> into tensor<100x100xf32>
// CHECK:       %[[ABOVE:.*]] = tensor.extract_slice %[[INNER]][0, 0] [1, 100] [1, 1]
// CHECK:       linalg.fill {{.*}} outs(%[[ABOVE]] : tensor<1x100xf32>)
// CHECK:       tensor.extract_slice %{{.*}}[99, 0] [1, 100] [1, 1]
// CHECK:       linalg.fill {{.*}} -> tensor<1x100xf32>
// CHECK:       tensor.extract_slice %{{.*}}[0, 0] [100, 2] [1, 1]
// CHECK:       linalg.fill {{.*}} -> tensor<100x2xf32>
// CHECK-NOT:   linalg.fill
func.func @large(%x: tensor<98x98xf32>, %v: tensor<f32>) -> tensor<100x100xf32> {
  %0 = tfc.pad %x, %v {low = array<i64: 1, 2>, high = array<i64: 1, 0>} : (tensor<98x98xf32>, tensor<f32>) -> tensor<100x100xf32>
  return %0 : tensor<100x100xf32>
}
