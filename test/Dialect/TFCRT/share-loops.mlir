// RUN: tfc-opt %s -tfc-share-loops=min-saved=5 | FileCheck %s

// Equal nests on other buffers, with equal constants.
// CHECK-LABEL: func.func @equal
// CHECK-NOT: scf.for
// CHECK: call @tfc.loops.0(%{{.*}}, %{{.*}}) : (!llvm.ptr, !llvm.ptr) -> ()
// CHECK: call @tfc.loops.0(%{{.*}}, %{{.*}}) : (!llvm.ptr, !llvm.ptr) -> ()
func.func @equal(%a: memref<8xf32>, %b: memref<8xf32>, %c: memref<8xf32>) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %eight = arith.constant 8 : index
  %two = arith.constant 2.0 : f32
  scf.for %i = %zero to %eight step %one {
    %x = memref.load %a[%i] : memref<8xf32>
    %y = arith.mulf %x, %two : f32
    memref.store %y, %b[%i] : memref<8xf32>
  }
  %again = arith.constant 2.0 : f32
  scf.for %i = %zero to %eight step %one {
    %x = memref.load %b[%i] : memref<8xf32>
    %y = arith.mulf %x, %again : f32
    memref.store %y, %c[%i] : memref<8xf32>
  }
  return
}

// Another constant, another op, or other sharing of operands.
// CHECK-LABEL: func.func @different
// CHECK-COUNT-4: scf.for
// CHECK-NOT: call @
func.func @different(%a: memref<8xf32>, %b: memref<8xf32>, %c: memref<8xf32>) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %eight = arith.constant 8 : index
  %two = arith.constant 5.0 : f32
  %three = arith.constant 3.0 : f32
  scf.for %i = %zero to %eight step %one {
    %x = memref.load %a[%i] : memref<8xf32>
    %y = arith.mulf %x, %two : f32
    memref.store %y, %b[%i] : memref<8xf32>
  }
  scf.for %i = %zero to %eight step %one {
    %x = memref.load %a[%i] : memref<8xf32>
    %y = arith.mulf %x, %three : f32
    memref.store %y, %b[%i] : memref<8xf32>
  }
  scf.for %i = %zero to %eight step %one {
    %x = memref.load %a[%i] : memref<8xf32>
    %y = arith.addf %x, %two : f32
    memref.store %y, %b[%i] : memref<8xf32>
  }
  scf.for %i = %zero to %eight step %one {
    %x = memref.load %c[%i] : memref<8xf32>
    %y = arith.mulf %x, %two : f32
    memref.store %y, %c[%i] : memref<8xf32>
  }
  return
}

// What allocates stays.
// CHECK-LABEL: func.func @allocates
// CHECK-COUNT-2: scf.for
func.func @allocates(%a: memref<8xf32>, %b: memref<8xf32>) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %eight = arith.constant 8 : index
  scf.for %i = %zero to %eight step %one {
    %x = memref.alloc() : memref<8xf32>
    memref.copy %a, %x : memref<8xf32> to memref<8xf32>
    memref.copy %x, %b : memref<8xf32> to memref<8xf32>
  }
  scf.for %i = %zero to %eight step %one {
    %x = memref.alloc() : memref<8xf32>
    memref.copy %a, %x : memref<8xf32> to memref<8xf32>
    memref.copy %x, %b : memref<8xf32> to memref<8xf32>
  }
  return
}

// What was bound to a pointer is passed as that pointer; groups are known to share no memory.
// CHECK-LABEL: func.func @groups(
// CHECK-SAME: %[[P:.*]]: !llvm.ptr, %[[Q:.*]]: !llvm.ptr)
// CHECK-NEXT: call @tfc.group.0(%[[P]], %[[Q]]) : (!llvm.ptr, !llvm.ptr) -> ()
// CHECK-NEXT: return
// CHECK: func.func private @tfc.group.0(%{{.*}}: !llvm.ptr {llvm.noalias}, %{{.*}}: !llvm.ptr {llvm.noalias})
func.func @groups(%p: !llvm.ptr, %q: !llvm.ptr) {
  %a = tfcrt.bind %p : !llvm.ptr -> memref<8xf32>
  %b = tfcrt.bind %q : !llvm.ptr -> memref<8xf32>
  call @tfc.group.0(%a, %b) {tfc.cost = 1.0, tfc.writes = array<i1: false, true>} : (memref<8xf32>, memref<8xf32>) -> ()
  return
}
func.func private @tfc.group.0(%a: memref<8xf32> {tfc.distinct}, %b: memref<8xf32> {tfc.distinct}) attributes {tfc.group} {
  memref.copy %a, %b : memref<8xf32> to memref<8xf32>
  return
}

// A function whose body is elsewhere is called as it is.
// CHECK-LABEL: func.func @declared
// CHECK: call @tfc.group.1(%{{.*}}) : (memref<8xf32>) -> ()
// CHECK: call @tfc.routine.0(%{{.*}}) : (memref<8xf32>) -> ()
func.func @declared(%a: memref<8xf32>) {
  call @tfc.group.1(%a) : (memref<8xf32>) -> ()
  call @tfc.routine.0(%a) : (memref<8xf32>) -> ()
  return
}
func.func private @tfc.group.1(memref<8xf32>) attributes {tfc.group}
func.func private @tfc.routine.0(memref<8xf32>) attributes {tfc.routine}

// CHECK: func.func private @tfc.loops.0(%[[FIRST:.*]]: !llvm.ptr, %[[SECOND:.*]]: !llvm.ptr)
// CHECK-SAME: passthrough = ["noinline"]
// CHECK-DAG: %[[FROM:.*]] = tfcrt.bind %[[FIRST]]
// CHECK-DAG: %[[TO:.*]] = tfcrt.bind %[[SECOND]]
// CHECK: memref.load %[[FROM]]
// CHECK: memref.store %{{.*}}, %[[TO]]
