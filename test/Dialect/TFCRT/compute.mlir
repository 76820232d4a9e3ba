// RUN: tfc-opt %s | tfc-opt | FileCheck %s --check-prefix=TRIP
// RUN: tfc-opt %s -one-shot-bufferize="bufferize-function-boundaries" | FileCheck %s

!vector = memref<3xf32, strided<[?], offset: ?>>

// The body comes in the place of the op: the input is read, the output is memory of its own.
// TRIP-LABEL: @body
// TRIP: tfcrt.compute ins(%{{.*}} : tensor<3xf32>) outs(%{{.*}} : tensor<3xf32>) {
// TRIP-NEXT: ^bb0(%{{.*}}: memref<3xf32, strided<[?], offset: ?>>, %{{.*}}: memref<3xf32, strided<[?], offset: ?>>):
// TRIP: } -> tensor<3xf32>
// CHECK-LABEL: func.func @body
// CHECK-SAME: (%[[X:.*]]: memref<3xf32, strided<[?], offset: ?>>)
// CHECK: %[[NEW:.*]] = memref.alloc
// CHECK: %[[V:.*]] = memref.load %[[X]]
// CHECK: memref.store %[[V]]
// CHECK-NOT: tfcrt.compute
// CHECK: return %[[NEW]]
func.func @body(%x: tensor<3xf32>) -> tensor<3xf32> {
  %e = tensor.empty() : tensor<3xf32>
  %r = tfcrt.compute ins(%x : tensor<3xf32>) outs(%e : tensor<3xf32>) {
  ^bb0(%a: !vector, %b: !vector):
    %c0 = arith.constant 0 : index
    %v = memref.load %a[%c0] : !vector
    memref.store %v, %b[%c0] : !vector
  } -> tensor<3xf32>
  return %r : tensor<3xf32>
}

// An output starts as the tensor it comes from; where that is needed later, it is copied first.
// CHECK-LABEL: func.func @output_that_is_needed
// CHECK-SAME: (%[[X:.*]]: memref<3xf32, strided<[?], offset: ?>>)
// CHECK: %[[NEW:.*]] = memref.alloc
// CHECK: memref.copy %[[X]], %[[NEW]]
func.func @output_that_is_needed(%x: tensor<3xf32>) -> (tensor<3xf32>, f32) {
  %c0 = arith.constant 0 : index
  %r = tfcrt.compute outs(%x : tensor<3xf32>) {
  ^bb0(%b: !vector):
    %one = arith.constant 1.0 : f32
    memref.store %one, %b[%c0] : !vector
  } -> tensor<3xf32>
  %v = tensor.extract %x[%c0] : tensor<3xf32>
  return %r, %v : tensor<3xf32>, f32
}

// Two outputs of one tensor do not share memory.
// CHECK-LABEL: func.func @two_outputs
// CHECK: memref.alloc
// CHECK: memref.alloc
func.func @two_outputs() -> (tensor<3xf32>, tensor<3xf32>) {
  %e = tensor.empty() : tensor<3xf32>
  %r:2 = tfcrt.compute outs(%e, %e : tensor<3xf32>, tensor<3xf32>) {
  ^bb0(%a: !vector, %b: !vector):
    %c0 = arith.constant 0 : index
    %one = arith.constant 1.0 : f32
    memref.store %one, %a[%c0] : !vector
    %v = memref.load %b[%c0] : !vector
    memref.store %v, %b[%c0] : !vector
  } -> tensor<3xf32>, tensor<3xf32>
  return %r#0, %r#1 : tensor<3xf32>, tensor<3xf32>
}

// Neighbours that a body wants side by side are copied where they are apart; an output is copied back.
// CHECK-LABEL: func.func @side_by_side
// CHECK-SAME: (%[[X:.*]]: memref<3xf32, strided<[?], offset: ?>>)
// CHECK: %[[COPY:.*]] = memref.alloc() : memref<3xf32>
// CHECK: memref.copy %[[X]], %[[COPY]]
// CHECK: vector.load %{{.*}} : memref<3xf32, strided<[1], offset: ?>>
func.func @side_by_side(%x: tensor<3xf32>) -> tensor<3xf32> {
  %e = tensor.empty() : tensor<3xf32>
  %r = tfcrt.compute ins(%x : tensor<3xf32>) outs(%e : tensor<3xf32>) {
  ^bb0(%a: memref<3xf32, strided<[1], offset: ?>>, %b: memref<3xf32, strided<[1], offset: ?>>):
    %c0 = arith.constant 0 : index
    %v = vector.load %a[%c0] : memref<3xf32, strided<[1], offset: ?>>, vector<3xf32>
    vector.store %v, %b[%c0] : memref<3xf32, strided<[1], offset: ?>>, vector<3xf32>
  } -> tensor<3xf32>
  return %r : tensor<3xf32>
}
