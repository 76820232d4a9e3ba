// RUN: tfc-opt --tfc-bufferize %s -split-input-file | FileCheck %s

// What a loop carries in its own buffer or in a new one goes on as it is: no copy in each iteration.
// CHECK-LABEL: func.func @grows
// CHECK: scf.while
// CHECK-NOT: memref.copy
// CHECK: scf.condition
// CHECK: } do {
func.func @grows(%n: index, %x: f32) -> index {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %empty = tensor.empty(%c0) : tensor<?xf32>
  %r:2 = scf.while (%list = %empty, %i = %c0) : (tensor<?xf32>, index) -> (tensor<?xf32>, index) {
    %go = arith.cmpi slt, %i, %n : index
    scf.condition(%go) %list, %i : tensor<?xf32>, index
  } do {
  ^bb0(%list: tensor<?xf32>, %i: index):
    %room = tensor.dim %list, %c0 : tensor<?xf32>
    %next = arith.addi %i, %c1 : index
    %lacks = arith.cmpi slt, %room, %next : index
    %larger = scf.if %lacks -> (tensor<?xf32>) {
      %new = tensor.empty(%next) : tensor<?xf32>
      %with = tensor.insert_slice %list into %new[0] [%room] [1] : tensor<?xf32> into tensor<?xf32>
      scf.yield %with : tensor<?xf32>
    } else {
      scf.yield %list : tensor<?xf32>
    }
    %set = tensor.insert %x into %larger[%i] : tensor<?xf32>
    scf.yield %set, %next : tensor<?xf32>, index
  }
  %size = tensor.dim %r#0, %c0 : tensor<?xf32>
  return %size : index
}

// -----

// Two variables that change places are copied: each would be in the other one's buffer.
// CHECK-LABEL: func.func @swaps
// CHECK: scf.while
// CHECK: memref.copy
// CHECK: scf.condition
func.func @swaps(%n: index, %x: f32) -> index {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = tensor.empty(%n) : tensor<?xf32>
  %b = tensor.empty(%c1) : tensor<?xf32>
  %r:3 = scf.while (%p = %a, %q = %b, %i = %c0) : (tensor<?xf32>, tensor<?xf32>, index) -> (tensor<?xf32>, tensor<?xf32>, index) {
    %go = arith.cmpi slt, %i, %n : index
    scf.condition(%go) %p, %q, %i : tensor<?xf32>, tensor<?xf32>, index
  } do {
  ^bb0(%p: tensor<?xf32>, %q: tensor<?xf32>, %i: index):
    %next = arith.addi %i, %c1 : index
    %set = tensor.insert %x into %q[%c0] : tensor<?xf32>
    scf.yield %set, %p, %next : tensor<?xf32>, tensor<?xf32>, index
  }
  %size = tensor.dim %r#0, %c0 : tensor<?xf32>
  return %size : index
}

// -----

// What is needed after the loop is not written by it: the loop starts with a copy.
// CHECK-LABEL: func.func @starts_with_a_copy
// CHECK: memref.copy
// CHECK: scf.while
// CHECK-NOT: memref.copy
// CHECK: scf.condition
func.func @starts_with_a_copy(%n: index, %x: f32, %start: tensor<?xf32> {bufferization.writable = false}) -> (index, f32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r:2 = scf.while (%list = %start, %i = %c0) : (tensor<?xf32>, index) -> (tensor<?xf32>, index) {
    %go = arith.cmpi slt, %i, %n : index
    scf.condition(%go) %list, %i : tensor<?xf32>, index
  } do {
  ^bb0(%list: tensor<?xf32>, %i: index):
    %room = tensor.dim %list, %c0 : tensor<?xf32>
    %next = arith.addi %i, %c1 : index
    %lacks = arith.cmpi slt, %room, %next : index
    %larger = scf.if %lacks -> (tensor<?xf32>) {
      %new = tensor.empty(%next) : tensor<?xf32>
      %with = tensor.insert_slice %list into %new[0] [%room] [1] : tensor<?xf32> into tensor<?xf32>
      scf.yield %with : tensor<?xf32>
    } else {
      scf.yield %list : tensor<?xf32>
    }
    %set = tensor.insert %x into %larger[%i] : tensor<?xf32>
    scf.yield %set, %next : tensor<?xf32>, index
  }
  %size = tensor.dim %r#0, %c0 : tensor<?xf32>
  %first = tensor.extract %start[%c0] : tensor<?xf32>
  return %size, %first : index, f32
}

// -----

// A loop in the loop goes on in the list's buffer: no copy for each iteration around it.
// CHECK-LABEL: func.func @grows_in_a_loop
// CHECK: scf.while
// CHECK-NOT: memref.copy
// CHECK: scf.while
// CHECK-NOT: memref.copy
// CHECK: scf.if
func.func @grows_in_a_loop(%n: index, %x: f32) -> index {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %empty = tensor.empty(%c0) : tensor<?xf32>
  %r:2 = scf.while (%all = %empty, %k = %c0) : (tensor<?xf32>, index) -> (tensor<?xf32>, index) {
    %go = arith.cmpi slt, %k, %n : index
    scf.condition(%go) %all, %k : tensor<?xf32>, index
  } do {
  ^bb0(%all: tensor<?xf32>, %k: index):
    %inner:2 = scf.while (%list = %all, %i = %c0) : (tensor<?xf32>, index) -> (tensor<?xf32>, index) {
      %go = arith.cmpi slt, %i, %n : index
      scf.condition(%go) %list, %i : tensor<?xf32>, index
    } do {
    ^bb0(%list: tensor<?xf32>, %i: index):
      %room = tensor.dim %list, %c0 : tensor<?xf32>
      %next = arith.addi %i, %c1 : index
      %lacks = arith.cmpi slt, %room, %next : index
      %larger = scf.if %lacks -> (tensor<?xf32>) {
        %new = tensor.empty(%next) : tensor<?xf32>
        %with = tensor.insert_slice %list into %new[0] [%room] [1] : tensor<?xf32> into tensor<?xf32>
        scf.yield %with : tensor<?xf32>
      } else {
        scf.yield %list : tensor<?xf32>
      }
      %set = tensor.insert %x into %larger[%i] : tensor<?xf32>
      scf.yield %set, %next : tensor<?xf32>, index
    }
    %next = arith.addi %k, %c1 : index
    scf.yield %inner#0, %next : tensor<?xf32>, index
  }
  %size = tensor.dim %r#0, %c0 : tensor<?xf32>
  return %size : index
}

// -----

// A list that is read after the loop in the loop is copied before that one.
// CHECK-LABEL: func.func @grows_beside_the_old_list
// CHECK: scf.while
// CHECK: do
// CHECK: memref.copy
// CHECK: scf.while
// CHECK: memref.store
func.func @grows_beside_the_old_list(%n: index, %x: f32) -> (index, f32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty(%n) : tensor<?xf32>
  %r:3 = scf.while (%all = %empty, %k = %c0, %sum = %zero) : (tensor<?xf32>, index, f32) -> (tensor<?xf32>, index, f32) {
    %go = arith.cmpi slt, %k, %n : index
    scf.condition(%go) %all, %k, %sum : tensor<?xf32>, index, f32
  } do {
  ^bb0(%all: tensor<?xf32>, %k: index, %sum: f32):
    %inner:2 = scf.while (%list = %all, %i = %c0) : (tensor<?xf32>, index) -> (tensor<?xf32>, index) {
      %go = arith.cmpi slt, %i, %n : index
      scf.condition(%go) %list, %i : tensor<?xf32>, index
    } do {
    ^bb0(%list: tensor<?xf32>, %i: index):
      %next = arith.addi %i, %c1 : index
      %set = tensor.insert %x into %list[%i] : tensor<?xf32>
      scf.yield %set, %next : tensor<?xf32>, index
    }
    %old = tensor.extract %all[%c0] : tensor<?xf32>
    %more = arith.addf %sum, %old : f32
    %next = arith.addi %k, %c1 : index
    scf.yield %inner#0, %next, %more : tensor<?xf32>, index, f32
  }
  %size = tensor.dim %r#0, %c0 : tensor<?xf32>
  return %size, %r#2 : index, f32
}
