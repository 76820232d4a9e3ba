// RUN: tfc-opt %s | FileCheck %s
// RUN: tfc-opt %s --one-shot-bufferize="bufferize-function-boundaries" | FileCheck %s --check-prefix=BUFFER

// More may become known of an operand than was when the body was made.

// CHECK-LABEL: func @sizes_that_became_known
// CHECK: tfcrt.compute
// BUFFER: memref.cast %{{.*}} : memref<4x20xf32> to memref<?x20xf32, strided<[?, 1], offset: ?>>
func.func @sizes_that_became_known(%x: tensor<4x20xf32>) -> tensor<4x20xf32> {
  %0 = tfcrt.compute outs(%x : tensor<4x20xf32>) {
  ^bb0(%to: memref<?x20xf32, strided<[?, 1], offset: ?>>):
    %c0 = arith.constant 0 : index
    %zero = arith.constant 0.0 : f32
    memref.store %zero, %to[%c0, %c0] : memref<?x20xf32, strided<[?, 1], offset: ?>>
  } -> tensor<4x20xf32>
  return %0 : tensor<4x20xf32>
}
