// RUN: tfc-opt %s -tfc-renew-carried -split-input-file | FileCheck %s
// RUN: tfc-opt %s -tfc-renew-carried=least-bytes=8192 -split-input-file | FileCheck %s --check-prefix=LARGER

#map = affine_map<(d0) -> (d0)>

// What is read at other places than those that are written gets a new buffer. Smaller ones are copied.
// CHECK-LABEL: func @neighbours
// CHECK: scf.for
// CHECK: %[[EMPTY:.*]] = tensor.empty() : tensor<1024xf32>
// CHECK: linalg.fill {{.*}} outs(%[[EMPTY]]
// CHECK: %[[NEXT:.*]] = tensor.insert_slice
// CHECK-NOT: materialize_in_destination
// CHECK: scf.yield %[[NEXT]]
// LARGER-LABEL: func @neighbours
// LARGER: materialize_in_destination
func.func @neighbours(%x: tensor<1024xf32>, %n: index) -> tensor<1024xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<1024xf32>
  %sums = tensor.empty() : tensor<1022xf32>
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%u = %x) -> tensor<1024xf32> {
    %left = tensor.extract_slice %u[0] [1022] [1] : tensor<1024xf32> to tensor<1022xf32>
    %right = tensor.extract_slice %u[2] [1022] [1] : tensor<1024xf32> to tensor<1022xf32>
    %sum = linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel"]}
        ins(%left, %right : tensor<1022xf32>, tensor<1022xf32>) outs(%sums : tensor<1022xf32>) {
    ^bb0(%a: f32, %b: f32, %out: f32):
      %0 = arith.addf %a, %b : f32
      linalg.yield %0 : f32
    } -> tensor<1022xf32>
    %zeros = linalg.fill ins(%zero : f32) outs(%empty : tensor<1024xf32>) -> tensor<1024xf32>
    %padded = tensor.insert_slice %sum into %zeros[1] [1022] [1] : tensor<1022xf32> into tensor<1024xf32>
    %next = bufferization.materialize_in_destination %padded in %u
        : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    scf.yield %next : tensor<1024xf32>
  }
  return %r : tensor<1024xf32>
}

// -----

#map = affine_map<(d0) -> (d0)>

// What has been read before the first op that writes goes on in its buffer.
// CHECK-LABEL: func @read_before
// CHECK: scf.for
// CHECK: %[[NEXT:.*]] = bufferization.materialize_in_destination
// CHECK: scf.yield %[[NEXT]]
func.func @read_before(%x: tensor<1024xf32>, %n: index) -> tensor<1024xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%u = %x) -> tensor<1024xf32> {
    %first = tensor.extract %u[%c0] : tensor<1024xf32>
    %empty = tensor.empty() : tensor<1024xf32>
    %y = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel"]} outs(%empty : tensor<1024xf32>) {
    ^bb0(%out: f32):
      linalg.yield %first : f32
    } -> tensor<1024xf32>
    %next = bufferization.materialize_in_destination %y in %u
        : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    scf.yield %next : tensor<1024xf32>
  }
  return %r : tensor<1024xf32>
}

// -----

// Variables that change places are yielded; what is put in another variable's place for good is not.
// CHECK-LABEL: func @change_places
// CHECK: scf.while
// CHECK: do
// CHECK-NEXT: ^bb0(%[[A:.*]]: tensor<1024xf32>, %[[B:.*]]: tensor<1024xf32>
// CHECK: %[[COPY:.*]] = bufferization.alloc_tensor() copy(%[[B]])
// CHECK-NOT: materialize_in_destination
// CHECK: scf.yield %[[COPY]]
func.func @change_places(%x: tensor<1024xf32>, %y: tensor<1024xf32>, %n: index) -> tensor<1024xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r:3 = scf.while (%a = %x, %b = %y, %i = %c0) : (tensor<1024xf32>, tensor<1024xf32>, index)
      -> (tensor<1024xf32>, tensor<1024xf32>, index) {
    %go = arith.cmpi slt, %i, %n : index
    scf.condition(%go) %a, %b, %i : tensor<1024xf32>, tensor<1024xf32>, index
  } do {
  ^bb0(%a: tensor<1024xf32>, %b: tensor<1024xf32>, %i: index):
    %copy = bufferization.alloc_tensor() copy(%b) : tensor<1024xf32>
    %other = bufferization.alloc_tensor() copy(%a) : tensor<1024xf32>
    %p = bufferization.materialize_in_destination %copy in %a
        : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    %q = bufferization.materialize_in_destination %other in %b
        : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    %j = arith.addi %i, %c1 : index
    scf.yield %p, %q, %j : tensor<1024xf32>, tensor<1024xf32>, index
  }
  return %r#0 : tensor<1024xf32>
}

// -----

// What is put in a variable may have a size that is not known, as lists have.
// CHECK-LABEL: func @known_place
// CHECK: %[[CAST:.*]] = tensor.cast %{{.*}} : tensor<?x32xf32> to tensor<32x32xf32>
// CHECK-NOT: materialize_in_destination
// CHECK: scf.yield %[[CAST]]
func.func @known_place(%x: tensor<32x32xf32>, %n: index, %rows: index) -> tensor<32x32xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%u = %x) -> tensor<32x32xf32> {
    %empty = tensor.empty(%rows) : tensor<?x32xf32>
    %zeros = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x32xf32>) -> tensor<?x32xf32>
    %row = tensor.extract_slice %u[0, 0] [1, 32] [1, 1] : tensor<32x32xf32> to tensor<1x32xf32>
    %inserted = tensor.insert_slice %row into %zeros[1, 0] [1, 32] [1, 1] : tensor<1x32xf32> into tensor<?x32xf32>
    %next = bufferization.materialize_in_destination %inserted in %u
        : (tensor<?x32xf32>, tensor<32x32xf32>) -> tensor<32x32xf32>
    scf.yield %next : tensor<32x32xf32>
  }
  return %r : tensor<32x32xf32>
}
