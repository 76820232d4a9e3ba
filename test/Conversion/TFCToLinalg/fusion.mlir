// RUN: tfc-opt %s -convert-tfc-to-linalg -split-input-file | FileCheck %s

// CHECK-LABEL: func @chain_is_one_loop
// CHECK-COUNT-1: linalg.generic
// CHECK-NOT: linalg.generic
func.func @chain_is_one_loop(%x: tensor<4x8xf32>, %b: tensor<8xf32>) -> tensor<4x8xf32> {
  %0 = tfc.add %x, %b : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  %1 = tfc.tanh %0 : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %2 = tfc.mul %1, %1 : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %2 : tensor<4x8xf32>
}

// -----

// CHECK-LABEL: func @shared_value_is_computed_once
// CHECK-COUNT-1: math.exp
// CHECK-NOT: math.exp
func.func @shared_value_is_computed_once(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = tfc.exp %x : (tensor<4xf32>) -> tensor<4xf32>
  %1 = tfc.neg %0 : (tensor<4xf32>) -> tensor<4xf32>
  %2 = tfc.add %0, %1 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %2 : tensor<4xf32>
}

// -----

// The state of an LSTM: c is stored by the loop that computes h.
// CHECK-LABEL: func @value_returned_too_is_one_more_result
// CHECK: %[[R:.*]]:2 = linalg.generic
// CHECK-NOT: linalg.generic
// CHECK: return %[[R]]#1, %[[R]]#0
func.func @value_returned_too_is_one_more_result(%f: tensor<4xf32>, %o: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %c = tfc.sigmoid %f : (tensor<4xf32>) -> tensor<4xf32>
  %t = tfc.tanh %c : (tensor<4xf32>) -> tensor<4xf32>
  %h = tfc.mul %o, %t : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %c, %h : tensor<4xf32>, tensor<4xf32>
}

// -----

// CHECK-LABEL: func @reduction_takes_what_comes_before
// CHECK: linalg.generic {{.*}}"parallel", "reduction"
// CHECK: math.exp
// CHECK: arith.addf {{.*}} fastmath<reassoc,contract>
// CHECK-NOT: linalg.generic
func.func @reduction_takes_what_comes_before(%x: tensor<4x8xf32>) -> tensor<4xf32> {
  %0 = tfc.exp %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %1 = tfc.reduce_sum %0 {axes = array<i64: 1>, keepdims = false} : (tensor<4x8xf32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

// -----

// An expensive value is not computed again for each row it is broadcast to.
// CHECK-LABEL: func @expensive_is_stored_before_broadcast
// CHECK: math.exp
// CHECK: linalg.yield
// CHECK: linalg.generic
// CHECK: arith.addf
func.func @expensive_is_stored_before_broadcast(%x: tensor<4x8xf32>, %b: tensor<8xf32>) -> tensor<4x8xf32> {
  %0 = tfc.exp %b : (tensor<8xf32>) -> tensor<8xf32>
  %1 = tfc.add %x, %0 : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}

// -----

// CHECK-DAG: #[[ID:.*]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-DAG: #[[T:.*]] = affine_map<(d0, d1) -> (d1, d0)>
// CHECK-LABEL: func @transpose_is_an_index_map
// CHECK: linalg.generic {indexing_maps = [#[[ID]], #[[T]], #[[ID]]]
// CHECK-NOT: linalg.generic
func.func @transpose_is_an_index_map(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %0 = tfc.transpose %x {perm = array<i64: 1, 0>} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  %1 = tfc.add %x, %0 : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  return %1 : tensor<4x4xf32>
}

// -----

// CHECK-LABEL: func @equal_unknown_sizes_need_no_question
// CHECK-NOT: scf.if
// CHECK-COUNT-1: linalg.generic
// CHECK-NOT: linalg.generic
func.func @equal_unknown_sizes_need_no_question(%x: tensor<?xf32>) -> tensor<?xf32> {
  %0 = tfc.exp %x : (tensor<?xf32>) -> tensor<?xf32>
  %1 = tfc.mul %0, %x : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return %1 : tensor<?xf32>
}

// -----

// CHECK-LABEL: func @unknown_broadcast_is_decided_at_run_time
// CHECK: %[[N:.*]] = arith.select
// CHECK: arith.cmpi ne, %{{.*}}, %[[N]]
// CHECK: scf.if
// CHECK: tensor.extract
// CHECK: else
func.func @unknown_broadcast_is_decided_at_run_time(%x: tensor<?xf32>, %y: tensor<?xf32>) -> tensor<?xf32> {
  %0 = tfc.add %x, %y : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

// The size of a broadcast of three goes through that of two, which no value has.
// CHECK-LABEL: func @unknown_broadcast_of_three
// CHECK-COUNT-2: arith.select
// CHECK: linalg.generic
func.func @unknown_broadcast_of_three(%c: tensor<?xi1>, %x: tensor<?xf32>, %y: tensor<?xf32>) -> tensor<?xf32> {
  %0 = tfc.select %c, %x, %y : (tensor<?xi1>, tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

// A chain of cheap functions of one large tensor takes no longer than to read what it makes: each loop computes all of it.
// CHECK-LABEL: func @large_chain_is_computed_in_each_loop
// CHECK-NOT: :2 = linalg.generic
// CHECK: linalg.generic {{.*}}"reduction", "parallel"
// CHECK-COUNT-2: arith.mulf
// CHECK-NOT: :2 = linalg.generic
// CHECK: linalg.generic {{.*}}"parallel", "parallel"
// CHECK-COUNT-2: arith.mulf
func.func @large_chain_is_computed_in_each_loop(%x: tensor<512x512xf32>, %s: tensor<512xf32>, %b: tensor<512xf32>)
    -> (tensor<512xf32>, tensor<512x512xf32>) {
  %0 = tfc.mul %x, %s : (tensor<512x512xf32>, tensor<512xf32>) -> tensor<512x512xf32>
  %1 = tfc.add %0, %b : (tensor<512x512xf32>, tensor<512xf32>) -> tensor<512x512xf32>
  %2 = tfc.sub %1, %s : (tensor<512x512xf32>, tensor<512xf32>) -> tensor<512x512xf32>
  %3 = tfc.mul %2, %b : (tensor<512x512xf32>, tensor<512xf32>) -> tensor<512x512xf32>
  %4 = tfc.reduce_sum %3 {axes = array<i64: 0>, keepdims = false} : (tensor<512x512xf32>) -> tensor<512xf32>
  %5 = tfc.sub %3, %4 : (tensor<512x512xf32>, tensor<512xf32>) -> tensor<512x512xf32>
  return %4, %5 : tensor<512xf32>, tensor<512x512xf32>
}

// -----

// The same of a tensor that near caches hold: what has been computed is stored.
// CHECK-LABEL: func @small_chain_is_stored
// CHECK: arith.mulf
// CHECK: linalg.yield
// CHECK: linalg.generic
// CHECK: linalg.generic
func.func @small_chain_is_stored(%x: tensor<511x512xf32>, %s: tensor<512xf32>, %b: tensor<512xf32>)
    -> (tensor<512xf32>, tensor<511x512xf32>) {
  %0 = tfc.mul %x, %s : (tensor<511x512xf32>, tensor<512xf32>) -> tensor<511x512xf32>
  %1 = tfc.add %0, %b : (tensor<511x512xf32>, tensor<512xf32>) -> tensor<511x512xf32>
  %2 = tfc.sub %1, %s : (tensor<511x512xf32>, tensor<512xf32>) -> tensor<511x512xf32>
  %3 = tfc.mul %2, %b : (tensor<511x512xf32>, tensor<512xf32>) -> tensor<511x512xf32>
  %4 = tfc.reduce_sum %3 {axes = array<i64: 0>, keepdims = false} : (tensor<511x512xf32>) -> tensor<512xf32>
  %5 = tfc.sub %3, %4 : (tensor<511x512xf32>, tensor<512xf32>) -> tensor<511x512xf32>
  return %4, %5 : tensor<512xf32>, tensor<511x512xf32>
}

// -----

// Of two large tensors, one is stored in the place of both.
// CHECK-LABEL: func @large_chain_of_two_tensors_is_stored
// CHECK: arith.mulf
// CHECK: linalg.yield
// CHECK: linalg.generic
// CHECK: linalg.generic
func.func @large_chain_of_two_tensors_is_stored(%x: tensor<512x512xf32>, %y: tensor<512x512xf32>, %b: tensor<512xf32>)
    -> (tensor<512xf32>, tensor<512x512xf32>) {
  %0 = tfc.mul %x, %y : (tensor<512x512xf32>, tensor<512x512xf32>) -> tensor<512x512xf32>
  %1 = tfc.add %0, %b : (tensor<512x512xf32>, tensor<512xf32>) -> tensor<512x512xf32>
  %2 = tfc.sub %1, %b : (tensor<512x512xf32>, tensor<512xf32>) -> tensor<512x512xf32>
  %3 = tfc.mul %2, %b : (tensor<512x512xf32>, tensor<512xf32>) -> tensor<512x512xf32>
  %4 = tfc.reduce_sum %3 {axes = array<i64: 0>, keepdims = false} : (tensor<512x512xf32>) -> tensor<512xf32>
  %5 = tfc.sub %3, %4 : (tensor<512x512xf32>, tensor<512xf32>) -> tensor<512x512xf32>
  return %4, %5 : tensor<512xf32>, tensor<512x512xf32>
}
