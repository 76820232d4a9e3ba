// RUN: tfc-opt %s -tfc-bufferize -canonicalize -split-input-file | FileCheck %s

#map = affine_map<(d0) -> (d0)>
#back = affine_map<(d0) -> (255 - d0)>

// A new buffer of each iteration is the result, or another one: after an odd number of them, the value is in the result.
// CHECK-LABEL: func.func private @odd.body
// CHECK: %[[RESULT:.*]] = tfcrt.bind %{{.*}} {result}
// CHECK: %[[OTHER:.*]] = memref.alloc
// CHECK: memref.copy %{{.*}}, %[[OTHER]]
// CHECK: scf.for {{.*}} iter_args(%[[OLD:.*]] = %[[OTHER]], %[[NEW:.*]] = %[[RESULT]])
// CHECK-NOT: memref.alloc
// CHECK-NOT: memref.copy
// CHECK: linalg.generic {{.*}} ins(%[[OLD]] {{.*}} outs(%[[NEW]]
// CHECK: scf.yield %[[NEW]], %[[OLD]]
// CHECK-NOT: memref.copy
// CHECK: return
func.func private @odd.body(%ctx: !llvm.ptr, %buffers: !llvm.ptr, %sizes: !llvm.ptr, %arena: !llvm.ptr {llvm.noalias}, %from: !llvm.ptr {llvm.noalias}, %to: !llvm.ptr {llvm.noalias}, %n: index) -> i32 {
  %result = tfcrt.bind %to {result} : !llvm.ptr -> memref<256xf32>
  %start = tfcrt.bind %from : !llvm.ptr -> memref<256xf32>
  %x = bufferization.to_tensor %start restrict : memref<256xf32> to tensor<256xf32>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %limit = arith.constant 50.0 : f32
  %last = scf.for %i = %c0 to %c3 step %c1 iter_args(%u = %x) -> (tensor<256xf32>) {
      %e = tensor.empty() : tensor<256xf32>
      %r = linalg.generic {indexing_maps = [#back, #map], iterator_types = ["parallel"]} ins(%u : tensor<256xf32>) outs(%e : tensor<256xf32>) {
      ^bb0(%in: f32, %out: f32):
        %y = arith.negf %in : f32
        linalg.yield %y : f32
      } -> tensor<256xf32>
      scf.yield %r : tensor<256xf32>
  }
  bufferization.materialize_in_destination %last in restrict writable %result : (tensor<256xf32>, memref<256xf32>) -> ()
  %ok = arith.constant 0 : i32
  return %ok : i32
}

// -----

#map = affine_map<(d0) -> (d0)>
#back = affine_map<(d0) -> (255 - d0)>

// After an even number, it is in the buffer where the loop began.
// CHECK-LABEL: func.func private @even.body
// CHECK: %[[RESULT:.*]] = tfcrt.bind %{{.*}} {result}
// CHECK: memref.copy %{{.*}}, %[[RESULT]]
// CHECK: %[[OTHER:.*]] = memref.alloc
// CHECK: scf.for {{.*}} iter_args(%[[OLD:.*]] = %[[RESULT]], %[[NEW:.*]] = %[[OTHER]])
// CHECK: scf.yield %[[NEW]], %[[OLD]]
// CHECK-NOT: memref.copy
// CHECK: return
func.func private @even.body(%ctx: !llvm.ptr, %buffers: !llvm.ptr, %sizes: !llvm.ptr, %arena: !llvm.ptr {llvm.noalias}, %from: !llvm.ptr {llvm.noalias}, %to: !llvm.ptr {llvm.noalias}, %n: index) -> i32 {
  %result = tfcrt.bind %to {result} : !llvm.ptr -> memref<256xf32>
  %start = tfcrt.bind %from : !llvm.ptr -> memref<256xf32>
  %x = bufferization.to_tensor %start restrict : memref<256xf32> to tensor<256xf32>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %limit = arith.constant 50.0 : f32
  %last = scf.for %i = %c0 to %c4 step %c1 iter_args(%u = %x) -> (tensor<256xf32>) {
      %e = tensor.empty() : tensor<256xf32>
      %r = linalg.generic {indexing_maps = [#back, #map], iterator_types = ["parallel"]} ins(%u : tensor<256xf32>) outs(%e : tensor<256xf32>) {
      ^bb0(%in: f32, %out: f32):
        %y = arith.negf %in : f32
        linalg.yield %y : f32
      } -> tensor<256xf32>
      scf.yield %r : tensor<256xf32>
  }
  bufferization.materialize_in_destination %last in restrict writable %result : (tensor<256xf32>, memref<256xf32>) -> ()
  %ok = arith.constant 0 : i32
  return %ok : i32
}

// -----

#map = affine_map<(d0) -> (d0)>
#back = affine_map<(d0) -> (255 - d0)>

// Where the number is not known, the value is copied if it ends in the other one.
// CHECK-LABEL: func.func private @unknown.body
// CHECK: %[[RESULT:.*]] = tfcrt.bind %{{.*}} {result}
// CHECK: %[[LAST:.*]]:2 = scf.for {{.*}} iter_args(%{{.*}} = %{{.*}}, %{{.*}} = %[[RESULT]])
// CHECK-NOT: memref.copy
// CHECK: %[[ELSEWHERE:.*]] = arith.cmpi ne
// CHECK: scf.if %[[ELSEWHERE]]
// CHECK: memref.copy %[[LAST]]#0, %[[RESULT]]
func.func private @unknown.body(%ctx: !llvm.ptr, %buffers: !llvm.ptr, %sizes: !llvm.ptr, %arena: !llvm.ptr {llvm.noalias}, %from: !llvm.ptr {llvm.noalias}, %to: !llvm.ptr {llvm.noalias}, %n: index) -> i32 {
  %result = tfcrt.bind %to {result} : !llvm.ptr -> memref<256xf32>
  %start = tfcrt.bind %from : !llvm.ptr -> memref<256xf32>
  %x = bufferization.to_tensor %start restrict : memref<256xf32> to tensor<256xf32>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %limit = arith.constant 50.0 : f32
  %last = scf.for %i = %c0 to %n step %c1 iter_args(%u = %x) -> (tensor<256xf32>) {
      %e = tensor.empty() : tensor<256xf32>
      %r = linalg.generic {indexing_maps = [#back, #map], iterator_types = ["parallel"]} ins(%u : tensor<256xf32>) outs(%e : tensor<256xf32>) {
      ^bb0(%in: f32, %out: f32):
        %y = arith.negf %in : f32
        linalg.yield %y : f32
      } -> tensor<256xf32>
      scf.yield %r : tensor<256xf32>
  }
  bufferization.materialize_in_destination %last in restrict writable %result : (tensor<256xf32>, memref<256xf32>) -> ()
  %ok = arith.constant 0 : i32
  return %ok : i32
}

// -----

#map = affine_map<(d0) -> (d0)>
#back = affine_map<(d0) -> (255 - d0)>

// The condition passes on the buffer that it reads.
// CHECK-LABEL: func.func private @condition.body
// CHECK: scf.while (%[[OLD:.*]] = %{{.*}}, %[[NEW:.*]] = %{{.*}})
// CHECK-NOT: memref.copy
// CHECK: scf.condition(%{{.*}}) %[[OLD]], %[[NEW]]
// CHECK: ^bb0(%[[OLD2:.*]]: memref<256xf32>, %[[NEW2:.*]]: memref<256xf32>)
// CHECK-NOT: memref.alloc
// CHECK-NOT: memref.copy
// CHECK: linalg.generic {{.*}} ins(%[[OLD2]] {{.*}} outs(%[[NEW2]]
// CHECK: scf.yield %[[NEW2]], %[[OLD2]]
func.func private @condition.body(%ctx: !llvm.ptr, %buffers: !llvm.ptr, %sizes: !llvm.ptr, %arena: !llvm.ptr {llvm.noalias}, %from: !llvm.ptr {llvm.noalias}, %to: !llvm.ptr {llvm.noalias}, %n: index) -> i32 {
  %result = tfcrt.bind %to {result} : !llvm.ptr -> memref<256xf32>
  %start = tfcrt.bind %from : !llvm.ptr -> memref<256xf32>
  %x = bufferization.to_tensor %start restrict : memref<256xf32> to tensor<256xf32>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %limit = arith.constant 50.0 : f32
  %last = scf.while (%u = %x) : (tensor<256xf32>) -> (tensor<256xf32>) {
    %first = tensor.extract %u[%c0] : tensor<256xf32>
    %go = arith.cmpf olt, %first, %limit : f32
    scf.condition(%go) %u : tensor<256xf32>
  } do {
  ^bb0(%u: tensor<256xf32>):
      %e = tensor.empty() : tensor<256xf32>
      %r = linalg.generic {indexing_maps = [#back, #map], iterator_types = ["parallel"]} ins(%u : tensor<256xf32>) outs(%e : tensor<256xf32>) {
      ^bb0(%in: f32, %out: f32):
        %y = arith.negf %in : f32
        linalg.yield %y : f32
      } -> tensor<256xf32>
      scf.yield %r : tensor<256xf32>
  }
  bufferization.materialize_in_destination %last in restrict writable %result : (tensor<256xf32>, memref<256xf32>) -> ()
  %ok = arith.constant 0 : i32
  return %ok : i32
}

// -----

#map = affine_map<(d0) -> (d0)>
#back = affine_map<(d0) -> (255 - d0)>

// Variables that change places take each other's buffer.
// CHECK-LABEL: func.func private @change_places.body
// CHECK: scf.for {{.*}} iter_args(%[[A:.*]] = %{{.*}}, %[[B:.*]] = %{{.*}})
// CHECK-NOT: memref.copy
// CHECK: scf.yield %[[B]], %[[A]]
func.func private @change_places.body(%ctx: !llvm.ptr, %buffers: !llvm.ptr, %sizes: !llvm.ptr, %arena: !llvm.ptr {llvm.noalias}, %from: !llvm.ptr {llvm.noalias}, %to: !llvm.ptr {llvm.noalias}, %n: index) -> i32 {
  %result = tfcrt.bind %to {result} : !llvm.ptr -> memref<256xf32>
  %start = tfcrt.bind %from : !llvm.ptr -> memref<256xf32>
  %x = bufferization.to_tensor %start restrict : memref<256xf32> to tensor<256xf32>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %limit = arith.constant 50.0 : f32
  %w = bufferization.alloc_tensor() copy(%x) : tensor<256xf32>
  %p, %last = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x, %b = %w) -> (tensor<256xf32>, tensor<256xf32>) {
    %r = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%b : tensor<256xf32>) outs(%a : tensor<256xf32>) {
    ^bb0(%in: f32, %out: f32):
      %y = arith.addf %in, %out : f32
      linalg.yield %y : f32
    } -> tensor<256xf32>
    scf.yield %b, %r : tensor<256xf32>, tensor<256xf32>
  }
  bufferization.materialize_in_destination %last in restrict writable %result : (tensor<256xf32>, memref<256xf32>) -> ()
  %ok = arith.constant 0 : i32
  return %ok : i32
}

// -----

#map = affine_map<(d0) -> (d0)>
#back = affine_map<(d0) -> (255 - d0)>

// A buffer from outside of the loop is the same one in each iteration: what the condition passes on stays a copy.
// CHECK-LABEL: func.func private @made_outside.body
// CHECK: scf.while
// CHECK: memref.copy
// CHECK: scf.condition
func.func private @made_outside.body(%ctx: !llvm.ptr, %buffers: !llvm.ptr, %sizes: !llvm.ptr, %arena: !llvm.ptr {llvm.noalias}, %from: !llvm.ptr {llvm.noalias}, %to: !llvm.ptr {llvm.noalias}, %n: index) -> i32 {
  %result = tfcrt.bind %to {result} : !llvm.ptr -> memref<256xf32>
  %start = tfcrt.bind %from : !llvm.ptr -> memref<256xf32>
  %x = bufferization.to_tensor %start restrict : memref<256xf32> to tensor<256xf32>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %limit = arith.constant 50.0 : f32
  %empty = tensor.empty() : tensor<256xf32>
  %last = scf.while (%u = %x) : (tensor<256xf32>) -> (tensor<256xf32>) {
    %first = tensor.extract %u[%c0] : tensor<256xf32>
    %go = arith.cmpf olt, %first, %limit : f32
    scf.condition(%go) %u : tensor<256xf32>
  } do {
  ^bb0(%u: tensor<256xf32>):
  
      %r = linalg.generic {indexing_maps = [#back, #map], iterator_types = ["parallel"]} ins(%u : tensor<256xf32>) outs(%empty : tensor<256xf32>) {
      ^bb0(%in: f32, %out: f32):
        %y = arith.negf %in : f32
        linalg.yield %y : f32
      } -> tensor<256xf32>
      scf.yield %r : tensor<256xf32>
  }
  bufferization.materialize_in_destination %last in restrict writable %result : (tensor<256xf32>, memref<256xf32>) -> ()
  %ok = arith.constant 0 : i32
  return %ok : i32
}
