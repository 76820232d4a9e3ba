// RUN: tfc-opt %s -tfc-guard-variables -split-input-file | FileCheck %s

#id = affine_map<(d0) -> (d0)>

// The new value is computed where the old one is: nobody else needs that.
// CHECK-LABEL: func.func @in_place
// CHECK: bufferization.to_tensor %arg0 restrict writable
// CHECK-NOT: alloc_tensor
func.func @in_place(%v: memref<4xf32>) {
  %a = bufferization.to_tensor %v restrict writable : memref<4xf32> to tensor<4xf32>
  %b = linalg.generic {indexing_maps = [#id], iterator_types = ["parallel"]} outs(%a : tensor<4xf32>) {
  ^bb0(%o: f32):
    %s = arith.addf %o, %o : f32
    linalg.yield %s : f32
  } -> tensor<4xf32>
  bufferization.materialize_in_destination %b in restrict writable %v : (tensor<4xf32>, memref<4xf32>) -> ()
  return
}

// -----

#id = affine_map<(d0) -> (d0)>

// The old value is used after the write: it is copied where it is read.
// CHECK-LABEL: func.func @used_after_a_write
// CHECK: %[[A:.+]] = bufferization.to_tensor %arg0 restrict :
// CHECK: %[[COPY:.+]] = bufferization.alloc_tensor() copy(%[[A]])
// CHECK: materialize_in_destination
// CHECK: linalg.generic {{.*}} ins(%[[COPY]]
func.func @used_after_a_write(%v: memref<4xf32>, %x: tensor<4xf32>) -> tensor<4xf32> {
  %a = bufferization.to_tensor %v restrict writable : memref<4xf32> to tensor<4xf32>
  bufferization.materialize_in_destination %x in restrict writable %v : (tensor<4xf32>, memref<4xf32>) -> ()
  %e = tensor.empty() : tensor<4xf32>
  %b = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%a : tensor<4xf32>) outs(%e : tensor<4xf32>) {
  ^bb0(%i: f32, %o: f32):
    linalg.yield %i : f32
  } -> tensor<4xf32>
  return %b : tensor<4xf32>
}

// -----

// A variable that is only read must not be computed over.
// CHECK-LABEL: func.func @only_read
// CHECK: bufferization.to_tensor %arg0 restrict :
func.func @only_read(%v: memref<4xf32>) -> tensor<4xf32> {
  %a = bufferization.to_tensor %v restrict writable : memref<4xf32> to tensor<4xf32>
  return %a : tensor<4xf32>
}

// -----

// A read behind a write is the value written.
// CHECK-LABEL: func.func @read_behind_a_write
// CHECK-NOT: to_tensor
// CHECK: return %arg1
func.func @read_behind_a_write(%v: memref<4xf32>, %x: tensor<4xf32>) -> tensor<4xf32> {
  bufferization.materialize_in_destination %x in restrict writable %v : (tensor<4xf32>, memref<4xf32>) -> ()
  %a = bufferization.to_tensor %v restrict writable : memref<4xf32> to tensor<4xf32>
  return %a : tensor<4xf32>
}

// -----

// An abort keeps the value that the variable has there.
// CHECK-LABEL: func.func @abort
// CHECK: %[[A:.+]] = bufferization.to_tensor
// CHECK: tfcrt.abort "no" keeping %[[A]]
func.func @abort(%v: memref<4xf32>, %x: tensor<4xf32>, %fails: i1) {
  %a = bufferization.to_tensor %v restrict writable : memref<4xf32> to tensor<4xf32>
  scf.if %fails {
    tfcrt.abort "no" {code = 1 : i64, summarize = 3 : i64, dtypes = array<i32>}
  }
  bufferization.materialize_in_destination %x in restrict writable %v : (tensor<4xf32>, memref<4xf32>) -> ()
  return
}

// -----

// A place in a tensor may be forgotten later: what is put there is used as long as the place is.
// CHECK-LABEL: func.func @placed
// CHECK: %[[A:.+]] = bufferization.to_tensor
// CHECK: bufferization.alloc_tensor() copy(%[[A]])
func.func @placed(%v: memref<4xf32>, %x: tensor<4xf32>, %place: tensor<4xf32>) -> tensor<4xf32> {
  %a = bufferization.to_tensor %v restrict writable : memref<4xf32> to tensor<4xf32>
  %b = bufferization.materialize_in_destination %a in %place : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  bufferization.materialize_in_destination %x in restrict writable %v : (tensor<4xf32>, memref<4xf32>) -> ()
  %c = tensor.empty() : tensor<4xf32>
  %d = linalg.copy ins(%b : tensor<4xf32>) outs(%c : tensor<4xf32>) -> tensor<4xf32>
  return %d : tensor<4xf32>
}
