// RUN: tfc-opt %s -tfc-place-results -split-input-file | FileCheck %s

#map = affine_map<(d0) -> (d0)>

// An elementwise op whose value is the result computes in the caller's memory.
// CHECK-LABEL: func @last_op_computes_in_the_result
// CHECK: %[[TO:.*]] = tfcrt.bind %{{.*}} {result}
// CHECK: %[[PLACE:.*]] = bufferization.to_tensor %[[TO]] restrict writable
// CHECK: linalg.generic {{.*}} outs(%[[PLACE]]
func.func @last_op_computes_in_the_result(%to: !llvm.ptr, %x: tensor<3xf32>) {
  %result = tfcrt.bind %to {result} : !llvm.ptr -> memref<3xf32>
  %empty = tensor.empty() : tensor<3xf32>
  %y = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]}
      ins(%x : tensor<3xf32>) outs(%empty : tensor<3xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.negf %in : f32
    linalg.yield %0 : f32
  } -> tensor<3xf32>
  bufferization.materialize_in_destination %y in restrict writable %result
      : (tensor<3xf32>, memref<3xf32>) -> ()
  return
}

// -----

#map = affine_map<(d0) -> (d0)>

// A loop goes on in the memory of %y until after %chosen has been put into the first result:
// %y cannot be computed there.
// CHECK-LABEL: func @memory_that_is_needed_after_the_result_is_written
// CHECK: %[[FIRST:.*]] = tfcrt.bind %{{.*}} {result}
// CHECK-NOT: to_tensor %[[FIRST]]
func.func @memory_that_is_needed_after_the_result_is_written(
    %to: !llvm.ptr, %to2: !llvm.ptr, %x: tensor<3xf32>, %z: tensor<3xf32>, %p: i1, %n: index) {
  %first = tfcrt.bind %to {result} : !llvm.ptr -> memref<3xf32>
  %second = tfcrt.bind %to2 {result} : !llvm.ptr -> memref<3xf32>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %empty = tensor.empty() : tensor<3xf32>
  %y = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]}
      ins(%x : tensor<3xf32>) outs(%empty : tensor<3xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.negf %in : f32
    linalg.yield %0 : f32
  } -> tensor<3xf32>
  %chosen = arith.select %p, %z, %y : tensor<3xf32>
  %last = scf.for %i = %c0 to %n step %c1 iter_args(%now = %y) -> tensor<3xf32> {
    %next = bufferization.materialize_in_destination %chosen in %now
        : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    scf.yield %next : tensor<3xf32>
  }
  bufferization.materialize_in_destination %chosen in restrict writable %first
      : (tensor<3xf32>, memref<3xf32>) -> ()
  bufferization.materialize_in_destination %last in restrict writable %second
      : (tensor<3xf32>, memref<3xf32>) -> ()
  return
}

// -----

// A result that is computed in another shape is bound in that one.
// CHECK-LABEL: func.func @reshaped
// CHECK: %[[R:.*]] = tfcrt.bind %{{.*}} {result} : !llvm.ptr -> memref<6x8xf32>
// CHECK: %[[P:.*]] = bufferization.to_tensor %[[R]]
// CHECK: linalg.fill {{.*}} outs(%[[P]]
// CHECK-NOT: tfcrt.bind
// CHECK: bufferization.materialize_in_destination %{{.*}} in writable %[[R]]
func.func @reshaped(%p: !llvm.ptr) {
  %r = tfcrt.bind %p {result} : !llvm.ptr -> memref<2x3x8xf32>
  %zero = arith.constant 1.0 : f32
  %e = tensor.empty() : tensor<6x8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<6x8xf32>) -> tensor<6x8xf32>
  %x = tensor.expand_shape %f [[0, 1], [2]] output_shape [2, 3, 8] : tensor<6x8xf32> into tensor<2x3x8xf32>
  bufferization.materialize_in_destination %x in restrict writable %r : (tensor<2x3x8xf32>, memref<2x3x8xf32>) -> ()
  return
}

// -----

// What is made of slices, each put back where it comes from, is made in the result: slices are no other memory.
// CHECK-LABEL: func.func @slices_that_are_put_back
// CHECK: %[[R:.*]] = tfcrt.bind %{{.*}} {result}
// CHECK: %[[P:.*]] = bufferization.to_tensor %[[R]]
// CHECK: %[[FIRST:.*]] = tensor.extract_slice %[[P]][0, 0] [3, 4] [2, 1]
// CHECK: linalg.fill {{.*}} outs(%[[FIRST]]
// CHECK: tensor.insert_slice %{{.*}} into %[[P]][0, 0]
func.func @slices_that_are_put_back(%p: !llvm.ptr) {
  %r = tfcrt.bind %p {result} : !llvm.ptr -> memref<6x4xf32>
  %one = arith.constant 1.0 : f32
  %two = arith.constant 2.0 : f32
  %e = tensor.empty() : tensor<6x4xf32>
  %even = tensor.extract_slice %e[0, 0] [3, 4] [2, 1] : tensor<6x4xf32> to tensor<3x4xf32>
  %ones = linalg.fill ins(%one : f32) outs(%even : tensor<3x4xf32>) -> tensor<3x4xf32>
  %x = tensor.insert_slice %ones into %e[0, 0] [3, 4] [2, 1] : tensor<3x4xf32> into tensor<6x4xf32>
  %odd = tensor.extract_slice %x[1, 0] [3, 4] [2, 1] : tensor<6x4xf32> to tensor<3x4xf32>
  %twos = linalg.fill ins(%two : f32) outs(%odd : tensor<3x4xf32>) -> tensor<3x4xf32>
  %y = tensor.insert_slice %twos into %x[1, 0] [3, 4] [2, 1] : tensor<3x4xf32> into tensor<6x4xf32>
  bufferization.materialize_in_destination %y in restrict writable %r : (tensor<6x4xf32>, memref<6x4xf32>) -> ()
  return
}

// -----

#map = affine_map<(d0, d1) -> (d0, d1)>

// What is reshaped has other sizes than the place of the reshaped value, though both have one type.
// CHECK-LABEL: func @what_is_reshaped_before_it_is_put_away
// CHECK: tensor.empty(%{{.*}}, %{{.*}})
// CHECK: linalg.generic
func.func @what_is_reshaped_before_it_is_put_away(
    %x: tensor<?x?xf32>, %to: tensor<?x?xf32>, %n: index, %m: index, %sizes: tensor<2xindex>) -> tensor<?x?xf32> {
  %empty = tensor.empty(%n, %m) : tensor<?x?xf32>
  %y = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<?x?xf32>) outs(%empty : tensor<?x?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.negf %in : f32
    linalg.yield %0 : f32
  } -> tensor<?x?xf32>
  %reshaped = tensor.reshape %y(%sizes) : (tensor<?x?xf32>, tensor<2xindex>) -> tensor<?x?xf32>
  %put = bufferization.materialize_in_destination %reshaped in %to
      : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  return %put : tensor<?x?xf32>
}

// -----

// What begins as an input is copied into the result, and goes on there.
// CHECK-LABEL: func.func @begins_as_an_input
// CHECK: %[[R:.*]] = tfcrt.bind %{{.*}} {result}
// CHECK: %[[P:.*]] = bufferization.to_tensor %[[R]] restrict writable
// CHECK: %[[COPY:.*]] = linalg.generic {{.*}} outs(%[[P]] : tensor<8x4xf32>)
// CHECK: scf.for {{.*}} iter_args(%{{.*}} = %[[COPY]])
func.func @begins_as_an_input(%from: !llvm.ptr, %to: !llvm.ptr, %row: tensor<1x4xf32>, %n: index) {
  %given = tfcrt.bind %from : !llvm.ptr -> memref<8x4xf32>
  %result = tfcrt.bind %to {result} : !llvm.ptr -> memref<8x4xf32>
  %x = bufferization.to_tensor %given restrict : memref<8x4xf32> to tensor<8x4xf32>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %y = scf.for %i = %c0 to %n step %c1 iter_args(%now = %x) -> tensor<8x4xf32> {
    %next = tensor.insert_slice %row into %now[%i, 0] [1, 4] [1, 1] : tensor<1x4xf32> into tensor<8x4xf32>
    scf.yield %next : tensor<8x4xf32>
  }
  bufferization.materialize_in_destination %y in restrict writable %result
      : (tensor<8x4xf32>, memref<8x4xf32>) -> ()
  return
}

// -----

// A variable is updated where it is.
// CHECK-LABEL: func.func @begins_as_a_variable
// CHECK-NOT: linalg.generic
func.func @begins_as_a_variable(%from: !llvm.ptr, %to: !llvm.ptr, %row: tensor<1x4xf32>, %n: index) {
  %given = tfcrt.bind %from : !llvm.ptr -> memref<8x4xf32>
  %result = tfcrt.bind %to {result} : !llvm.ptr -> memref<8x4xf32>
  %x = bufferization.to_tensor %given restrict writable : memref<8x4xf32> to tensor<8x4xf32>
  %c0 = arith.constant 0 : index
  %y = tensor.insert_slice %row into %x[%n, 0] [1, 4] [1, 1] : tensor<1x4xf32> into tensor<8x4xf32>
  bufferization.materialize_in_destination %y in restrict writable %result
      : (tensor<8x4xf32>, memref<8x4xf32>) -> ()
  return
}
