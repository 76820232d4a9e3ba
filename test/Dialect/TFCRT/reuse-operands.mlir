// RUN: tfc-opt %s --tfc-reuse-operands -split-input-file | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>
#t = affine_map<(d0, d1) -> (d1, d0)>

// CHECK-LABEL: @chain
// CHECK: %[[A:.+]] = linalg.generic {{.*}} ins(%{{.*}} : tensor<4x4xf32>) outs(%{{.*}} : tensor<4x4xf32>)
// CHECK: linalg.generic {{.*}} outs(%[[A]] : tensor<4x4xf32>)
func.func @chain(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %e = tensor.empty() : tensor<4x4xf32>
  %a = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) {
  ^bb0(%i: f32, %o: f32):
    %s = math.exp %i : f32
    linalg.yield %s : f32
  } -> tensor<4x4xf32>
  %f = tensor.empty() : tensor<4x4xf32>
  %b = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%a : tensor<4x4xf32>) outs(%f : tensor<4x4xf32>) {
  ^bb0(%i: f32, %o: f32):
    %s = math.exp %i : f32
    linalg.yield %s : f32
  } -> tensor<4x4xf32>
  return %b : tensor<4x4xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#t = affine_map<(d0, d1) -> (d1, d0)>

// An operand in another order is not overwritten, nor is one that is used again.
// CHECK-LABEL: @not
func.func @not(%e: tensor<4x4xf32>) -> (tensor<4x4xf32>, tensor<4x4xf32>) {
  %z = arith.constant 0.0 : f32
  %a = linalg.fill ins(%z : f32) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
  // CHECK: %[[F:.+]] = tensor.empty
  %f = tensor.empty() : tensor<4x4xf32>
  // CHECK: linalg.generic {{.*}} outs(%[[F]] : tensor<4x4xf32>)
  %b = linalg.generic {indexing_maps = [#t, #id], iterator_types = ["parallel", "parallel"]} ins(%a : tensor<4x4xf32>) outs(%f : tensor<4x4xf32>) {
  ^bb0(%i: f32, %o: f32):
    linalg.yield %i : f32
  } -> tensor<4x4xf32>
  // CHECK: %[[G:.+]] = tensor.empty
  %g = tensor.empty() : tensor<4x4xf32>
  // CHECK: linalg.generic {{.*}} outs(%[[G]] : tensor<4x4xf32>)
  %c = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%b : tensor<4x4xf32>) outs(%g : tensor<4x4xf32>) {
  ^bb0(%i: f32, %o: f32):
    %s = math.exp %i : f32
    linalg.yield %s : f32
  } -> tensor<4x4xf32>
  return %b, %c : tensor<4x4xf32>, tensor<4x4xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>

// A scan works in place, and what comes behind it too.
// CHECK-LABEL: @scan
// CHECK: %[[A:.+]] = linalg.generic
// CHECK: %[[S:.+]] = tfcrt.scan %[[A]] into %[[A]]
// CHECK: linalg.generic {{.*}} outs(%[[S]]
func.func @scan(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %e = tensor.empty() : tensor<4x4xf32>
  %a = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) {
  ^bb0(%i: f32, %o: f32):
    linalg.yield %i : f32
  } -> tensor<4x4xf32>
  %s = tfcrt.scan %a into %e along 1 exclusive : tensor<4x4xf32>, tensor<4x4xf32> -> tensor<4x4xf32>
  %b = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%s : tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) {
  ^bb0(%i: f32, %o: f32):
    %m = arith.addf %i, %i : f32
    linalg.yield %m : f32
  } -> tensor<4x4xf32>
  return %b : tensor<4x4xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>

// A row that the next one needs, and an operand that is used again, are kept.
// CHECK-LABEL: @scan_not
// CHECK: %[[A:.+]] = linalg.generic
// CHECK: %[[F:.+]] = tensor.empty
// CHECK: tfcrt.scan %[[A]] into %[[F]] along 0 exclusive
// CHECK: %[[G:.+]] = tensor.empty
// CHECK: tfcrt.scan %[[A]] into %[[G]] along 1 :
func.func @scan_not(%x: tensor<4x4xf32>) -> (tensor<4x4xf32>, tensor<4x4xf32>) {
  %e = tensor.empty() : tensor<4x4xf32>
  %a = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) {
  ^bb0(%i: f32, %o: f32):
    linalg.yield %i : f32
  } -> tensor<4x4xf32>
  %f = tensor.empty() : tensor<4x4xf32>
  %s = tfcrt.scan %a into %f along 0 exclusive : tensor<4x4xf32>, tensor<4x4xf32> -> tensor<4x4xf32>
  %g = tensor.empty() : tensor<4x4xf32>
  %t = tfcrt.scan %a into %g along 1 : tensor<4x4xf32>, tensor<4x4xf32> -> tensor<4x4xf32>
  return %s, %t : tensor<4x4xf32>, tensor<4x4xf32>
}

// -----

#id = affine_map<(d0) -> (d0)>

// What replaces a variable takes over the memory of that one, not of another
// that another result replaces: both would be copied.
// CHECK-LABEL: @variables
// CHECK-SAME: (%[[MA:.+]]: memref<8xf32>, %[[MB:.+]]: memref<8xf32>)
// CHECK: %[[A:.+]] = bufferization.to_tensor %[[MA]]
// CHECK: %[[B:.+]] = bufferization.to_tensor %[[MB]]
// CHECK: linalg.generic {{.*}} outs(%[[B]], %[[A]] : tensor<8xf32>, tensor<8xf32>)
func.func @variables(%ma: memref<8xf32>, %mb: memref<8xf32>) {
  %a = bufferization.to_tensor %ma restrict writable : memref<8xf32> to tensor<8xf32>
  %b = bufferization.to_tensor %mb restrict writable : memref<8xf32> to tensor<8xf32>
  %e = tensor.empty() : tensor<8xf32>
  %f = tensor.empty() : tensor<8xf32>
  %r:2 = linalg.generic {indexing_maps = [#id, #id, #id, #id], iterator_types = ["parallel"]} ins(%a, %b : tensor<8xf32>, tensor<8xf32>) outs(%e, %f : tensor<8xf32>, tensor<8xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32, %p: f32):
    %s = arith.addf %x, %y : f32
    %t = arith.mulf %x, %y : f32
    linalg.yield %s, %t : f32, f32
  } -> (tensor<8xf32>, tensor<8xf32>)
  bufferization.materialize_in_destination %r#1 in restrict writable %ma : (tensor<8xf32>, memref<8xf32>) -> ()
  bufferization.materialize_in_destination %r#0 in restrict writable %mb : (tensor<8xf32>, memref<8xf32>) -> ()
  return
}

// -----

#id = affine_map<(d0) -> (d0)>

// A variable that another result replaces is not taken over, even if what
// replaces another one is not read.
// CHECK-LABEL: @others
// CHECK-SAME: (%[[MA:.+]]: memref<8xf32>, %[[MB:.+]]: memref<8xf32>)
// CHECK: %[[A:.+]] = bufferization.to_tensor %[[MA]]
// CHECK: %[[E:.+]] = tensor.empty
// CHECK: linalg.generic {{.*}} outs(%[[E]], %[[A]] : tensor<8xf32>, tensor<8xf32>)
func.func @others(%ma: memref<8xf32>, %mb: memref<8xf32>) {
  %a = bufferization.to_tensor %ma restrict writable : memref<8xf32> to tensor<8xf32>
  %e = tensor.empty() : tensor<8xf32>
  %f = tensor.empty() : tensor<8xf32>
  %r:2 = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]} ins(%a : tensor<8xf32>) outs(%e, %f : tensor<8xf32>, tensor<8xf32>) {
  ^bb0(%x: f32, %o: f32, %p: f32):
    %s = arith.addf %x, %x : f32
    %t = arith.mulf %x, %x : f32
    linalg.yield %s, %t : f32, f32
  } -> (tensor<8xf32>, tensor<8xf32>)
  bufferization.materialize_in_destination %r#0 in restrict writable %mb : (tensor<8xf32>, memref<8xf32>) -> ()
  bufferization.materialize_in_destination %r#1 in restrict writable %ma : (tensor<8xf32>, memref<8xf32>) -> ()
  return
}
