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

// Nests that take memory of their own, each time they are called, are told so.
// CHECK-LABEL: func.func @own(
// CHECK-COUNT-2: call @[[OWN:tfc.loops.[0-9]+]](
// CHECK-LABEL: func.func @notOwn(
// CHECK-COUNT-2: call @[[NOT_OWN:tfc.loops.[0-9]+]](
func.func @own(%p: !llvm.ptr {llvm.noalias}, %q: !llvm.ptr {llvm.noalias}) {
  %a = tfcrt.bind %p : !llvm.ptr -> memref<9xf32>
  %b = tfcrt.bind %q : !llvm.ptr -> memref<9xf32>
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %nine = arith.constant 9 : index
  scf.for %i = %zero to %nine step %one {
    %x = memref.load %a[%i] : memref<9xf32>
    %y = arith.mulf %x, %x : f32
    memref.store %y, %b[%i] : memref<9xf32>
  }
  scf.for %i = %zero to %nine step %one {
    %x = memref.load %b[%i] : memref<9xf32>
    %y = arith.mulf %x, %x : f32
    memref.store %y, %a[%i] : memref<9xf32>
  }
  return
}
func.func @notOwn(%p: !llvm.ptr {llvm.noalias}, %q: !llvm.ptr {llvm.noalias}) {
  %a = tfcrt.bind %p : !llvm.ptr -> memref<7xf32>
  %b = tfcrt.bind %q : !llvm.ptr -> memref<7xf32>
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %seven = arith.constant 7 : index
  %again = tfcrt.bind %p : !llvm.ptr -> memref<7xf32>
  scf.for %i = %zero to %seven step %one {
    %x = memref.load %a[%i] : memref<7xf32>
    %y = arith.mulf %x, %x : f32
    memref.store %y, %b[%i] : memref<7xf32>
  }
  scf.for %i = %zero to %seven step %one {
    %x = memref.load %a[%i] : memref<7xf32>
    %y = arith.mulf %x, %x : f32
    memref.store %y, %again[%i] : memref<7xf32>
  }
  return
}

// Ranges of the arena are memory of their own only where they do not overlap: what a nest needs one after the other may be in the same place.
// CHECK-LABEL: func.func @apart(
// CHECK-COUNT-2: call @[[APART:tfc.loops.[0-9]+]](
// CHECK-LABEL: func.func @overlapping(
// CHECK-COUNT-2: call @[[OVERLAPPING:tfc.loops.[0-9]+]](
func.func @apart(%arena: !llvm.ptr {llvm.noalias}) {
  %first = llvm.mlir.constant(0 : i64) : i64
  %second = llvm.mlir.constant(64 : i64) : i64
  %p = llvm.getelementptr inbounds %arena[%first] : (!llvm.ptr, i64) -> !llvm.ptr, i8
  %q = llvm.getelementptr inbounds %arena[%second] : (!llvm.ptr, i64) -> !llvm.ptr, i8
  %a = tfcrt.bind %p : !llvm.ptr -> memref<16xf32>
  %b = tfcrt.bind %q : !llvm.ptr -> memref<16xf32>
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %sixteen = arith.constant 16 : index
  scf.for %i = %zero to %sixteen step %one {
    %x = memref.load %a[%i] : memref<16xf32>
    %y = arith.addf %x, %x : f32
    memref.store %y, %b[%i] : memref<16xf32>
  }
  scf.for %i = %zero to %sixteen step %one {
    %x = memref.load %b[%i] : memref<16xf32>
    %y = arith.addf %x, %x : f32
    memref.store %y, %a[%i] : memref<16xf32>
  }
  return
}
func.func @overlapping(%arena: !llvm.ptr {llvm.noalias}) {
  %first = llvm.mlir.constant(0 : i64) : i64
  %second = llvm.mlir.constant(64 : i64) : i64
  %p = llvm.getelementptr inbounds %arena[%first] : (!llvm.ptr, i64) -> !llvm.ptr, i8
  %q = llvm.getelementptr inbounds %arena[%second] : (!llvm.ptr, i64) -> !llvm.ptr, i8
  %a = tfcrt.bind %p : !llvm.ptr -> memref<17xf32>
  %b = tfcrt.bind %q : !llvm.ptr -> memref<17xf32>
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %seventeen = arith.constant 17 : index
  scf.for %i = %zero to %seventeen step %one {
    %x = memref.load %a[%i] : memref<17xf32>
    %y = arith.subf %x, %x : f32
    memref.store %y, %b[%i] : memref<17xf32>
  }
  scf.for %i = %zero to %seventeen step %one {
    %x = memref.load %b[%i] : memref<17xf32>
    %y = arith.subf %x, %x : f32
    memref.store %y, %a[%i] : memref<17xf32>
  }
  return
}

// Of pieces that do the same with the same arguments one stays, and so does one of their entries.
// CHECK-LABEL: func.func @launches
// CHECK-COUNT-2: tfcrt.launch @launches.loop0.entry(
// CHECK: tfcrt.launch @launches.loop2.entry(
// CHECK: func.func private @launches.loop0(
// CHECK: func.func private @launches.loop2(
// CHECK-NOT: @launches.loop1
func.func @launches(%context: !llvm.ptr, %env: !llvm.ptr) {
  %zero = arith.constant 0 : index
  %nine = arith.constant 9 : index
  tfcrt.launch @launches.loop0.entry(%env) %zero to %nine grain %nine : !llvm.ptr
  tfcrt.launch @launches.loop1.entry(%env) %zero to %nine grain %nine : !llvm.ptr
  tfcrt.launch @launches.loop2.entry(%env) %zero to %nine grain %nine : !llvm.ptr
  return
}
func.func private @launches.loop0(%context: !llvm.ptr, %p: !llvm.ptr, %from: index, %to: index) -> i32 attributes {tfc.piece} {
  %ok = arith.constant 0 : i32
  %x = arith.index_cast %from : index to i64
  llvm.store %x, %p : i64, !llvm.ptr
  return %ok : i32
}
func.func private @launches.loop0.entry(%context: !llvm.ptr, %env: !llvm.ptr, %from: i64, %to: i64) -> i32 attributes {tfc.piece_entry} {
  %a = arith.index_cast %from : i64 to index
  %b = arith.index_cast %to : i64 to index
  %status = call @launches.loop0(%context, %env, %a, %b) : (!llvm.ptr, !llvm.ptr, index, index) -> i32
  return %status : i32
}
func.func private @launches.loop1(%context: !llvm.ptr, %p: !llvm.ptr, %from: index, %to: index) -> i32 attributes {tfc.piece} {
  %ok = arith.constant 0 : i32
  %x = arith.index_cast %from : index to i64
  llvm.store %x, %p : i64, !llvm.ptr
  return %ok : i32
}
func.func private @launches.loop1.entry(%context: !llvm.ptr, %env: !llvm.ptr, %from: i64, %to: i64) -> i32 attributes {tfc.piece_entry} {
  %a = arith.index_cast %from : i64 to index
  %b = arith.index_cast %to : i64 to index
  %status = call @launches.loop1(%context, %env, %a, %b) : (!llvm.ptr, !llvm.ptr, index, index) -> i32
  return %status : i32
}
// The same with another argument.
func.func private @launches.loop2(%context: !llvm.ptr, %p: !llvm.ptr, %from: index, %to: index) -> i32 attributes {tfc.piece} {
  %ok = arith.constant 0 : i32
  %x = arith.index_cast %to : index to i64
  llvm.store %x, %p : i64, !llvm.ptr
  return %ok : i32
}
func.func private @launches.loop2.entry(%context: !llvm.ptr, %env: !llvm.ptr, %from: i64, %to: i64) -> i32 attributes {tfc.piece_entry} {
  %a = arith.index_cast %from : i64 to index
  %b = arith.index_cast %to : i64 to index
  %status = call @launches.loop2(%context, %env, %a, %b) : (!llvm.ptr, !llvm.ptr, index, index) -> i32
  return %status : i32
}

// Nests that give a few numbers or vectors: so does the function.
// CHECK-LABEL: func.func @with_results
// CHECK-NOT: scf.for
// CHECK: %[[FIRST:.*]]:2 = call @[[NAME:tfc.loops.*]](%{{.*}}) : (vector<4xi16>, i32, !llvm.ptr) -> (vector<4xi16>, i32)
// CHECK: %[[SECOND:.*]]:2 = call @[[NAME]](%{{.*}}) : (vector<4xi16>, i32, !llvm.ptr) -> (vector<4xi16>, i32)
// CHECK: return %[[FIRST]]#0, %[[SECOND]]#1
func.func @with_results(%a: memref<8xi16>, %b: memref<8xi16>, %start: vector<4xi16>, %none: i32) -> (vector<4xi16>, i32) {
  %zero = arith.constant 0 : index
  %four = arith.constant 4 : index
  %eight = arith.constant 8 : index
  %one = arith.constant 1 : i32
  %first:2 = scf.for %i = %zero to %eight step %four iter_args(%least = %start, %count = %none) -> (vector<4xi16>, i32) {
    %x = vector.load %a[%i] : memref<8xi16>, vector<4xi16>
    %next = arith.minui %least, %x : vector<4xi16>
    %counted = arith.addi %count, %one : i32
    scf.yield %next, %counted : vector<4xi16>, i32
  }
  %second:2 = scf.for %i = %zero to %eight step %four iter_args(%least = %start, %count = %none) -> (vector<4xi16>, i32) {
    %x = vector.load %b[%i] : memref<8xi16>, vector<4xi16>
    %next = arith.minui %least, %x : vector<4xi16>
    %counted = arith.addi %count, %one : i32
    scf.yield %next, %counted : vector<4xi16>, i32
  }
  return %first#0, %second#1 : vector<4xi16>, i32
}

// Those that give numbers of half precision stay.
// CHECK-LABEL: func.func @with_other_results
// CHECK-COUNT-2: scf.for
// CHECK-NOT: call @
// CHECK: return
func.func @with_other_results(%a: memref<8xbf16>, %b: memref<8xbf16>, %start: bf16) -> (bf16, bf16) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %eight = arith.constant 8 : index
  %first = scf.for %i = %zero to %eight step %one iter_args(%sum = %start) -> bf16 {
    %x = memref.load %a[%i] : memref<8xbf16>
    %y = arith.mulf %x, %x : bf16
    %next = arith.addf %sum, %y : bf16
    scf.yield %next : bf16
  }
  %second = scf.for %i = %zero to %eight step %one iter_args(%sum = %start) -> bf16 {
    %x = memref.load %b[%i] : memref<8xbf16>
    %y = arith.mulf %x, %x : bf16
    %next = arith.addf %sum, %y : bf16
    scf.yield %next : bf16
  }
  return %first, %second : bf16, bf16
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
// CHECK: func.func private @[[OWN]](%{{.*}}: !llvm.ptr {llvm.noalias}, %{{.*}}: !llvm.ptr {llvm.noalias})
// CHECK: func.func private @[[NOT_OWN]](%{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr)
// CHECK: func.func private @[[APART]](%{{.*}}: !llvm.ptr {llvm.noalias}, %{{.*}}: !llvm.ptr {llvm.noalias})
// CHECK: func.func private @[[OVERLAPPING]](%{{[^:]*}}: !llvm.ptr, %{{[^:]*}}: !llvm.ptr)
