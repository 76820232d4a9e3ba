// RUN: tfc-opt %s -tfc-insert-checks -split-input-file | FileCheck %s

// Indices are compared with the dimension, once, as unsigned numbers; both are
// shown.
// CHECK-LABEL: func.func @gather
func.func @gather(%x: tensor<5x3xf32>, %i: tensor<4xi32>) -> tensor<4x3xf32> {
  // CHECK: %[[N:.*]] = tfc.constant dense<5> : tensor<i64>
  // CHECK: %[[I:.*]] = tfc.bitcast %arg1 {dtype = ui32}
  // CHECK: %[[M:.*]] = tfc.constant dense<5> : tensor<ui32>
  // CHECK: %[[C:.*]] = tfc.less %[[I]], %[[M]]
  // CHECK: %[[D:.*]] = tfc.reduce_all %[[C]]
  // CHECK: tfc.assert %[[D]], "indices = {} is not in [0, {}) {{\[Op:[a-z_]+\]}}", %arg1, %[[N]]
  // CHECK: tfc.gather
  %r = tfc.gather %x, %i {axis = 0 : i64, batch_dims = 0 : i64} : (tensor<5x3xf32>, tensor<4xi32>) -> tensor<4x3xf32>
  return %r : tensor<4x3xf32>
}

// -----

// Narrow types and unknown sizes are compared as 64-bit integers.
// CHECK-LABEL: func.func @gather_of_unknown_size
func.func @gather_of_unknown_size(%x: tensor<?xf32>, %i: tensor<4xi8>) -> tensor<4xf32> {
  // CHECK: %[[I:.*]] = tfc.cast %arg1 {dtype = i64}
  // CHECK: tfc.greater_equal %[[I]]
  // CHECK: tfc.less %[[I]]
  // CHECK: tfc.assert
  %r = tfc.gather %x, %i {axis = 0 : i64, batch_dims = 0 : i64} : (tensor<?xf32>, tensor<4xi8>) -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

// What arithmetic keeps in range needs no check: clipped numbers and their
// neighbours, remainders, halves of positions.
// CHECK-LABEL: func.func @known_range
// CHECK-NOT: tfc.assert
func.func @known_range(%x: tensor<100xf32>, %i: tensor<4xi32>, %y: tensor<4x100xf32>) {
  %zero = tfc.constant dense<0> : tensor<i32>
  %one = tfc.constant dense<1> : tensor<i32>
  %nine = tfc.constant dense<9> : tensor<i32>
  %ten = tfc.constant dense<10> : tensor<i32>
  %low = tfc.maximum %i, %zero : (tensor<4xi32>, tensor<i32>) -> tensor<4xi32>
  %row = tfc.minimum %low, %nine : (tensor<4xi32>, tensor<i32>) -> tensor<4xi32>
  %start = tfc.mul %row, %ten : (tensor<4xi32>, tensor<i32>) -> tensor<4xi32>
  %column = tfc.floor_mod %i, %ten : (tensor<4xi32>, tensor<i32>) -> tensor<4xi32>
  %place = tfc.add %start, %column : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi32>
  %a = tfc.gather %x, %place {axis = 0 : i64, batch_dims = 0 : i64} : (tensor<100xf32>, tensor<4xi32>) -> tensor<4xf32>
  %best = tfc.argmax %y {axis = 1 : i64, dtype = i64} : (tensor<4x100xf32>) -> tensor<4xi64>
  %b = tfc.gather %x, %best {axis = 0 : i64, batch_dims = 0 : i64} : (tensor<100xf32>, tensor<4xi64>) -> tensor<4xf32>
  %left = tfc.expand_dims %row {axes = array<i64: 1>} : (tensor<4xi32>) -> tensor<4x1xi32>
  %right = tfc.expand_dims %place {axes = array<i64: 1>} : (tensor<4xi32>) -> tensor<4x1xi32>
  %pair = tfc.concat %left, %right {axis = 1 : i64} : (tensor<4x1xi32>, tensor<4x1xi32>) -> tensor<4x2xi32>
  %t = tfc.constant dense<0.0> : tensor<10x100xf32>
  %c = tfc.gather_nd %t, %pair {batch_dims = 0 : i64} : (tensor<10x100xf32>, tensor<4x2xi32>) -> tensor<4xf32>
  return
}

// -----

// One too far, a product that may wrap around, a remainder by what may be
// negative.
// CHECK-LABEL: func.func @unknown_range
// CHECK-COUNT-4: tfc.assert {{.*}}indices = {} is not in
func.func @unknown_range(%x: tensor<10xf32>, %i: tensor<4xi32>) {
  %zero = tfc.constant dense<0> : tensor<i32>
  %one = tfc.constant dense<1> : tensor<i32>
  %nine = tfc.constant dense<9> : tensor<i32>
  %minus = tfc.constant dense<-3> : tensor<i32>
  %low = tfc.maximum %i, %zero : (tensor<4xi32>, tensor<i32>) -> tensor<4xi32>
  %row = tfc.minimum %low, %nine : (tensor<4xi32>, tensor<i32>) -> tensor<4xi32>
  %next = tfc.add %row, %one : (tensor<4xi32>, tensor<i32>) -> tensor<4xi32>
  %a = tfc.gather %x, %next {axis = 0 : i64, batch_dims = 0 : i64} : (tensor<10xf32>, tensor<4xi32>) -> tensor<4xf32>
  %twice = tfc.mul %low, %nine : (tensor<4xi32>, tensor<i32>) -> tensor<4xi32>
  %few = tfc.minimum %twice, %nine : (tensor<4xi32>, tensor<i32>) -> tensor<4xi32>
  %b = tfc.gather %x, %few {axis = 0 : i64, batch_dims = 0 : i64} : (tensor<10xf32>, tensor<4xi32>) -> tensor<4xf32>
  %rest = tfc.floor_mod %i, %minus : (tensor<4xi32>, tensor<i32>) -> tensor<4xi32>
  %c = tfc.gather %x, %rest {axis = 0 : i64, batch_dims = 0 : i64} : (tensor<10xf32>, tensor<4xi32>) -> tensor<4xf32>
  %d = tfc.gather %x, %i {axis = 0 : i64, batch_dims = 0 : i64} : (tensor<10xf32>, tensor<4xi32>) -> tensor<4xf32>
  return
}

// -----

// Many pairs are compared sixteen at a time.
// CHECK-LABEL: func.func @pairs
// CHECK: tfc.reshape {{.*}} -> tensor<6x32xui32>
// CHECK: tfc.less {{.*}} (tensor<6x32xui32>, tensor<32xui32>)
// CHECK: tfc.less {{.*}} (tensor<8xui32>, tensor<8xui32>)
// CHECK: tfc.assert
func.func @pairs(%x: tensor<5x3xf32>, %i: tensor<100x2xi32>) -> tensor<100xf32> {
  %r = tfc.gather_nd %x, %i {batch_dims = 0 : i64} : (tensor<5x3xf32>, tensor<100x2xi32>) -> tensor<100xf32>
  return %r : tensor<100xf32>
}

// -----

// CHECK-LABEL: func.func @gather_constant
// CHECK-NOT: tfc.assert
func.func @gather_constant(%x: tensor<5x3xf32>) -> tensor<2x3xf32> {
  %i = tfc.constant dense<[0, 4]> : tensor<2xi32>
  %r = tfc.gather %x, %i {axis = 0 : i64, batch_dims = 0 : i64} : (tensor<5x3xf32>, tensor<2xi32>) -> tensor<2x3xf32>
  return %r : tensor<2x3xf32>
}

// -----

// CHECK-LABEL: func.func @gather_constant_outside
// CHECK: tfc.assert
func.func @gather_constant_outside(%x: tensor<5x3xf32>) -> tensor<2x3xf32> {
  %i = tfc.constant dense<[0, 5]> : tensor<2xi32>
  %r = tfc.gather %x, %i {axis = 0 : i64, batch_dims = 0 : i64} : (tensor<5x3xf32>, tensor<2xi32>) -> tensor<2x3xf32>
  return %r : tensor<2x3xf32>
}

// -----

// CHECK-LABEL: func.func @gather_nd
// CHECK: tfc.constant dense<[5, 3]>
// CHECK: tfc.assert %{{.*}}, "indices = {} does not index into shape {} {{\[Op:[a-z_]+\]}}"
func.func @gather_nd(%x: tensor<5x3xf32>, %i: tensor<4x2xi64>) -> tensor<4xf32> {
  %r = tfc.gather_nd %x, %i {batch_dims = 0 : i64} : (tensor<5x3xf32>, tensor<4x2xi64>) -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

// Division by a constant other than zero needs nothing; floats never fail.
// CHECK-LABEL: func.func @division
func.func @division(%x: tensor<4xi32>, %y: tensor<4xi32>, %f: tensor<4xf32>) {
  // CHECK: %[[C:.*]] = tfc.not_equal %arg1
  // CHECK: tfc.assert %{{.*}}, "Integer division by zero {{\[Op:[a-z_]+\]}}"
  // CHECK: tfc.floor_div
  // CHECK-NOT: tfc.assert
  %a = tfc.floor_div %x, %y : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi32>
  %two = tfc.constant dense<2> : tensor<i32>
  %b = tfc.trunc_mod %x, %two : (tensor<4xi32>, tensor<i32>) -> tensor<4xi32>
  %c = tfc.floor_div %f, %f : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

// Where nothing is divided, a divisor may be zero.
// CHECK-LABEL: func.func @division_of_nothing
func.func @division_of_nothing(%x: tensor<0x4xi32>, %y: tensor<4xi32>) {
  // CHECK-NOT: tfc.assert
  // CHECK: tfc.floor_mod
  %a = tfc.floor_mod %x, %y : (tensor<0x4xi32>, tensor<4xi32>) -> tensor<0x4xi32>
  return
}

// -----

// CHECK-LABEL: func.func @division_of_perhaps_nothing
func.func @division_of_perhaps_nothing(%x: tensor<?x4xi32>, %y: tensor<4xi32>) {
  // CHECK-DAG: %[[FITS:.*]] = tfc.not_equal %arg1
  // CHECK-DAG: %[[EMPTY:.*]] = tfc.equal
  // CHECK: tfc.logical_or %[[FITS]], %[[EMPTY]]
  // CHECK: tfc.assert
  // CHECK: tfc.floor_mod
  %a = tfc.floor_mod %x, %y : (tensor<?x4xi32>, tensor<4xi32>) -> tensor<?x4xi32>
  return
}

// -----

// CHECK-LABEL: func.func @power
// CHECK: tfc.assert %{{.*}}, "Integers to negative integer powers are not allowed {{\[Op:[a-z_]+\]}}"
func.func @power(%x: tensor<4xi32>, %y: tensor<4xi32>) {
  %a = tfc.pow %x, %y : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi32>
  return
}

// -----

// CHECK-LABEL: func.func @range
// CHECK: tfc.assert %{{.*}}, "Requires delta != 0 {{\[Op:[a-z_]+\]}}"
// CHECK: tfc.assert %{{.*}}, "Requires start <= limit when delta > 0, start >= limit when delta < 0: {}/{} by {} {{\[Op:[a-z_]+\]}}"
// CHECK: tfc.assert %{{.*}}, "Requires start <= limit when delta > 0: {}/{} {{\[Op:[a-z_]+\]}}"
// CHECK-NOT: tfc.assert
func.func @range(%n: tensor<i32>, %d: tensor<i32>, %x: tensor<?xf32>) {
  %zero = tfc.constant dense<0> : tensor<i32>
  %one = tfc.constant dense<1> : tensor<i32>
  %a = tfc.range %zero, %n, %d : (tensor<i32>, tensor<i32>, tensor<i32>) -> tensor<?xi32>
  %b = tfc.range %zero, %n, %one : (tensor<i32>, tensor<i32>, tensor<i32>) -> tensor<?xi32>
  // A size is not negative.
  %sizes = tfc.shape_of %x {dtype = i32} : (tensor<?xf32>) -> tensor<1xi32>
  %size = tfc.squeeze %sizes {axes = array<i64: 0>} : (tensor<1xi32>) -> tensor<i32>
  %c = tfc.range %zero, %size, %one : (tensor<i32>, tensor<i32>, tensor<i32>) -> tensor<?xi32>
  return
}

// -----

// Unknown sizes may be equal, or one of them 1.
// CHECK-LABEL: func.func @broadcast
func.func @broadcast(%x: tensor<?xf32>, %y: tensor<?xf32>) {
  // CHECK-DAG: %[[E:.*]] = tfc.equal
  // CHECK: tfc.logical_or
  // CHECK: tfc.logical_or
  // CHECK: tfc.assert %{{.*}}, "Incompatible shapes: {} vs. {} {{\[Op:[a-z_]+\]}}"
  %a = tfc.add %x, %y : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return
}

// -----

// Sizes that come from one tensor are equal, through loops too.
// CHECK-LABEL: func.func @same_size
// CHECK-NOT: tfc.assert
func.func @same_size(%x: tensor<?x3xf32>, %w: tensor<3x3xf32>, %p: tensor<i1>) {
  %a = tfc.tanh %x : (tensor<?x3xf32>) -> tensor<?x3xf32>
  %b = tfc.matmul %a, %w {transpose_x = false, transpose_y = false} : (tensor<?x3xf32>, tensor<3x3xf32>) -> tensor<?x3xf32>
  %c = tfc.add %b, %x : (tensor<?x3xf32>, tensor<?x3xf32>) -> tensor<?x3xf32>
  %r, %t = tfc.while %c : tensor<?x3xf32> -> tensor<?x3xf32> {
  ^bb0(%h: tensor<?x3xf32>):
    tfc.yield %p : tensor<i1>
  } do {
  ^bb0(%h: tensor<?x3xf32>):
    %d = tfc.mul %h, %x : (tensor<?x3xf32>, tensor<?x3xf32>) -> tensor<?x3xf32>
    tfc.yield %d : tensor<?x3xf32>
  }
  %e = tfc.sub %r, %a : (tensor<?x3xf32>, tensor<?x3xf32>) -> tensor<?x3xf32>
  return
}

// -----

// A value whose size changes in a loop may not fit.
// CHECK-LABEL: func.func @growing
// CHECK: tfc.concat
// CHECK: tfc.assert
// CHECK: tfc.sub
func.func @growing(%x: tensor<?xf32>, %p: tensor<i1>) {
  %r, %t = tfc.while %x : tensor<?xf32> -> tensor<?xf32> {
  ^bb0(%h: tensor<?xf32>):
    tfc.yield %p : tensor<i1>
  } do {
  ^bb0(%h: tensor<?xf32>):
    %d = tfc.concat %h, %x {axis = 0 : i64} : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
    tfc.yield %d : tensor<?xf32>
  }
  %e = tfc.sub %r, %x : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return
}

// -----

// CHECK-LABEL: func.func @contraction
// CHECK: tfc.assert %{{.*}}, "Matrix size-incompatible: In[0]: {}, In[1]: {} {{\[Op:[a-z_]+\]}}"
func.func @contraction(%x: tensor<2x?xf32>, %y: tensor<3x4xf32>) {
  %a = tfc.matmul %x, %y {transpose_x = false, transpose_y = false} : (tensor<2x?xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
  return
}

// -----

// CHECK-LABEL: func.func @concat
// CHECK: tfc.assert %{{.*}}, "ConcatOp : Dimensions of inputs should match: shape[0] = {} vs. shape[1] = {} {{\[Op:[a-z_]+\]}}"
func.func @concat(%x: tensor<?x2xf32>, %y: tensor<?x3xf32>) {
  %a = tfc.concat %x, %y {axis = 1 : i64} : (tensor<?x2xf32>, tensor<?x3xf32>) -> tensor<?x5xf32>
  return
}

// -----

// CHECK-LABEL: func.func @squeeze
// CHECK: tfc.assert %{{.*}}, "Can not squeeze dim[0], expected a dimension of 1, got {} {{\[Op:[a-z_]+\]}}"
func.func @squeeze(%x: tensor<?x2xf32>) {
  %a = tfc.squeeze %x {axes = array<i64: 0>} : (tensor<?x2xf32>) -> tensor<2xf32>
  return
}

// -----

// CHECK-LABEL: func.func @ensure_shape
// CHECK: tfc.assert %{{.*}}, "Shape of tensor {} is not compatible with expected shape [4,?]. {{\[Op:[a-z_]+\]}}"
func.func @ensure_shape(%x: tensor<?x?xf32>) {
  %a = tfc.ensure_shape %x {shape = array<i64: 4, -9223372036854775808>} : (tensor<?x?xf32>) -> tensor<4x?xf32>
  return
}

// -----

// CHECK-LABEL: func.func @reshape
// CHECK: tfc.assert %{{.*}}, "Input to reshape is a tensor with {} values, but the requested shape has 6 {{\[Op:[a-z_]+\]}}"
// CHECK: tfc.reshape
// CHECK-NOT: tfc.assert
func.func @reshape(%x: tensor<?x2xf32>) {
  %a = tfc.reshape %x {shape = array<i64: 3, 2>} : (tensor<?x2xf32>) -> tensor<3x2xf32>
  %b = tfc.reshape %x {shape = array<i64: -9223372036854775808>} : (tensor<?x2xf32>) -> tensor<?xf32>
  return
}

// -----

// CHECK-LABEL: func.func @dynamic_reshape
// CHECK: tfc.assert %{{.*}}, "Input to reshape is a tensor with {} values, but the requested shape is {} {{\[Op:[a-z_]+\]}}"
func.func @dynamic_reshape(%x: tensor<?x2xf32>, %s: tensor<2xi32>) {
  %a = tfc.dynamic_reshape %x, %s : (tensor<?x2xf32>, tensor<2xi32>) -> tensor<?x?xf32>
  return
}

// -----

// A shape made of the operand's own sizes fits.
// CHECK-LABEL: func.func @reshape_to_own_sizes
// CHECK-NOT: tfc.assert
func.func @reshape_to_own_sizes(%x: tensor<?x2x3xf32>) {
  %s = tfc.shape_of %x {dtype = i32} : (tensor<?x2x3xf32>) -> tensor<3xi32>
  %n = tfc.slice %s {starts = array<i64: 0>, sizes = array<i64: 1>, strides = array<i64: 1>} : (tensor<3xi32>) -> tensor<1xi32>
  %m = tfc.constant dense<6> : tensor<1xi32>
  %t = tfc.concat %n, %m {axis = 0 : i64} : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
  %a = tfc.dynamic_reshape %x, %t : (tensor<?x2x3xf32>, tensor<2xi32>) -> tensor<?x6xf32>
  return
}

// -----

// CHECK-LABEL: func.func @dynamic_broadcast
// CHECK: tfc.assert %{{.*}}, "all elements of broadcast shape must be non-negative, got {} {{\[Op:[a-z_]+\]}}"
// CHECK: tfc.assert %{{.*}}, "Incompatible shapes: {} vs. {} {{\[Op:[a-z_]+\]}}"
func.func @dynamic_broadcast(%x: tensor<3xf32>, %s: tensor<2xi32>) {
  %a = tfc.dynamic_broadcast_to %x, %s : (tensor<3xf32>, tensor<2xi32>) -> tensor<?x?xf32>
  return
}

// -----

// A one goes to every size but a negative one.
// CHECK-LABEL: func.func @dynamic_broadcast_of_one
// CHECK: tfc.assert %{{.*}}, "all elements of broadcast shape must be non-negative, got {} {{\[Op:[a-z_]+\]}}"
// CHECK-NOT: Incompatible
// CHECK: return
func.func @dynamic_broadcast_of_one(%x: tensor<f32>, %s: tensor<2xi32>) {
  %a = tfc.dynamic_broadcast_to %x, %s : (tensor<f32>, tensor<2xi32>) -> tensor<?x?xf32>
  return
}

// -----

// CHECK-LABEL: func.func @slice
// CHECK: tfc.assert %{{.*}}, "slice of size {} at {} with stride 1 leaves dimension 0 of size {} {{\[Op:[a-z_]+\]}}"
func.func @slice(%x: tensor<?xf32>) {
  %a = tfc.slice %x {starts = array<i64: 1>, sizes = array<i64: 2>, strides = array<i64: 1>} : (tensor<?xf32>) -> tensor<2xf32>
  return
}

// -----

// CHECK-LABEL: func.func @dynamic_slice
// CHECK: tfc.assert %{{.*}}, "slice of size {} at {} with stride 1 leaves dimension 0 of size {} {{\[Op:[a-z_]+\]}}"
// CHECK-NOT: tfc.assert
func.func @dynamic_slice(%x: tensor<4x3xf32>, %i: tensor<1xi32>) {
  %zero = tfc.constant dense<0> : tensor<1xi32>
  %s = tfc.concat %i, %zero {axis = 0 : i64} : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
  %a = tfc.dynamic_slice %x, %s {sizes = array<i64: 1, 3>} : (tensor<4x3xf32>, tensor<2xi32>) -> tensor<1x3xf32>
  return
}

// -----

// CHECK-LABEL: func.func @update_slice
// CHECK: tfc.assert %{{.*}}, "slice of size {} at {} with stride 1 leaves dimension 0 of size {} {{\[Op:[a-z_]+\]}}"
func.func @update_slice(%x: tensor<4xf32>, %u: tensor<2xf32>, %i: tensor<1xi32>) {
  %a = tfc.update_slice %x, %u, %i {strides = array<i64: 1>} : (tensor<4xf32>, tensor<2xf32>, tensor<1xi32>) -> tensor<4xf32>
  return
}

// -----

// CHECK-LABEL: func.func @lists
func.func @lists(%n: tensor<i32>, %i: tensor<i32>, %x: tensor<f32>) {
  // CHECK: tfc.assert %{{.*}}, "TensorArray size must be >= 0, got {} {{\[Op:[a-z_]+\]}}", %arg0 : tensor<i32> {summarize
  // CHECK: tfc.assert %{{.*}}, "Tried to write to index {} but array is not resizeable and size is: {} {{\[Op:[a-z_]+\]}}", {{.*}} {summarize = 3 : i64}
  // CHECK: tfc.assert %{{.*}}, "Tried to read from index {} but array size is: {} {{\[Op:[a-z_]+\]}}", {{.*}} {summarize = 3 : i64}
  %l = tfc.list_create %n {element_type = tensor<f32>, dynamic_size = false} : (tensor<i32>) -> !tfc.list<tensor<f32>>
  %m = tfc.list_set %l, %i, %x : (!tfc.list<tensor<f32>>, tensor<i32>, tensor<f32>) -> !tfc.list<tensor<f32>>
  %a = tfc.list_get %m, %i {element_type = tensor<f32>} : (!tfc.list<tensor<f32>>, tensor<i32>) -> tensor<f32>
  return
}

// -----

// Elements have the shape of the first one set: until then their unknown sizes are 0.
// CHECK-LABEL: func.func @list_of_unknown_size
func.func @list_of_unknown_size(%y: tensor<?xf32>) {
  // CHECK: %[[NONE:.*]] = tfc.logical_or
  // CHECK: tfc.assert %[[NONE]], "TensorArray has inconsistent shapes
  // CHECK: tfc.list_set
  %two = tfc.constant dense<2> : tensor<i32>
  %zero = tfc.constant dense<0> : tensor<i32>
  %l = tfc.list_create %two {element_type = tensor<?xf32>, dynamic_size = false} : (tensor<i32>) -> !tfc.list<tensor<?xf32>>
  %m = tfc.list_set %l, %zero, %y : (!tfc.list<tensor<?xf32>>, tensor<i32>, tensor<?xf32>) -> !tfc.list<tensor<?xf32>>
  return
}

// A list that grows refuses only negative positions.
// CHECK-LABEL: func.func @growing_list
func.func @growing_list(%i: tensor<i32>, %x: tensor<f32>) {
  %zero = tfc.constant dense<0> : tensor<i32>
  // CHECK: tfc.greater_equal
  // CHECK-NOT: tfc.less
  // CHECK: tfc.assert %{{.*}}, "Tried to write to index {} of an array {{\[Op:[a-z_]+\]}}"
  %l = tfc.list_create %zero {element_type = tensor<f32>, dynamic_size = true} : (tensor<i32>) -> !tfc.list<tensor<f32>>
  %m = tfc.list_set %l, %i, %x : (!tfc.list<tensor<f32>>, tensor<i32>, tensor<f32>) -> !tfc.list<tensor<f32>>
  return
}

// -----

// A loop that counts up to the length of the list, or the size of the tensor, stays inside.
// CHECK-LABEL: func.func @counted_loop
// CHECK: tfc.assert %{{.*}}, "TensorArray size must be >= 0
// CHECK-NOT: tfc.assert
func.func @counted_loop(%x: tensor<?x3xf32>) {
  %zero = tfc.constant dense<0> : tensor<i32>
  %one = tfc.constant dense<1> : tensor<i32>
  %s = tfc.shape_of %x {dtype = i32} : (tensor<?x3xf32>) -> tensor<2xi32>
  %b = tfc.slice %s {starts = array<i64: 0>, sizes = array<i64: 1>, strides = array<i64: 1>} : (tensor<2xi32>) -> tensor<1xi32>
  %n = tfc.reshape %b {shape = array<i64>} : (tensor<1xi32>) -> tensor<i32>
  %q = tfc.add %n, %one : (tensor<i32>, tensor<i32>) -> tensor<i32>
  %unused = tfc.list_create %q {element_type = tensor<3xf32>, dynamic_size = false} : (tensor<i32>) -> !tfc.list<tensor<3xf32>>
  %l = tfc.list_create %n {element_type = tensor<3xf32>, dynamic_size = false} : (tensor<i32>) -> !tfc.list<tensor<3xf32>>
  %r:2, %t = tfc.while %zero, %l : tensor<i32>, !tfc.list<tensor<3xf32>> -> tensor<i32>, !tfc.list<tensor<3xf32>> {
  ^bb0(%i: tensor<i32>, %m: !tfc.list<tensor<3xf32>>):
    %c = tfc.less %i, %n : (tensor<i32>, tensor<i32>) -> tensor<i1>
    tfc.yield %c : tensor<i1>
  } do {
  ^bb0(%i: tensor<i32>, %m: !tfc.list<tensor<3xf32>>):
    %e = tfc.gather %x, %i {axis = 0 : i64, batch_dims = 0 : i64} : (tensor<?x3xf32>, tensor<i32>) -> tensor<3xf32>
    %o = tfc.list_set %m, %i, %e : (!tfc.list<tensor<3xf32>>, tensor<i32>, tensor<3xf32>) -> !tfc.list<tensor<3xf32>>
    %j = tfc.add %i, %one : (tensor<i32>, tensor<i32>) -> tensor<i32>
    tfc.yield %j, %o : tensor<i32>, !tfc.list<tensor<3xf32>>
  }
  return
}

// -----

// One that counts further does not.
// CHECK-LABEL: func.func @counts_too_far
// CHECK: tfc.assert %{{.*}}, "indices
func.func @counts_too_far(%x: tensor<3xf32>) {
  %zero = tfc.constant dense<0> : tensor<i32>
  %one = tfc.constant dense<1> : tensor<i32>
  %n = tfc.constant dense<4> : tensor<i32>
  %r, %t = tfc.while %zero : tensor<i32> -> tensor<i32> {
  ^bb0(%i: tensor<i32>):
    %c = tfc.less %i, %n : (tensor<i32>, tensor<i32>) -> tensor<i1>
    tfc.yield %c : tensor<i1>
  } do {
  ^bb0(%i: tensor<i32>):
    %e = tfc.gather %x, %i {axis = 0 : i64, batch_dims = 0 : i64} : (tensor<3xf32>, tensor<i32>) -> tensor<f32>
    %j = tfc.add %i, %one : (tensor<i32>, tensor<i32>) -> tensor<i32>
    tfc.yield %j : tensor<i32>
  }
  return
}
