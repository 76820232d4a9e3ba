// RUN: tfc-opt %s "-pass-pipeline=builtin.module(func.func(tfc-parallelize-chains{least-microseconds=1}))" -split-input-file | FileCheck %s
// RUN: tfc-opt %s "-pass-pipeline=builtin.module(func.func(tfc-parallelize-chains{least-microseconds=1 parallel=false}))" -split-input-file | FileCheck %s --check-prefix=OFF
// RUN: tfc-opt %s "-pass-pipeline=builtin.module(func.func(tfc-parallelize-chains{least-microseconds=1000000}))" -split-input-file | FileCheck %s --check-prefix=LONG

// OFF-NOT: tfcrt.parallel(%{{.*}}) in %{{.*}} {{.*}}tfc.chains
// Only the program can know whether what has no known length takes a second.
// LONG-NOT: {tfc.chains}
// LONG: func.func private @unknown_lengths

// Loops over two variables share nothing but a scalar, which is loaded before both.
// CHECK-LABEL: func.func private @two_variables
// CHECK: memref.load
// CHECK: tfcrt.parallel(%[[FROM:.+]], %[[TO:.+]]) in %c0{{.*}} to %c2{{.*}} grain %c1
// CHECK: %[[A:.+]] = arith.cmpi sle, %[[FROM]], %[[ZERO:.+]] : index
// CHECK: %[[B:.+]] = arith.cmpi slt, %[[ZERO]], %[[TO]] : index
// CHECK: %[[C:.+]] = arith.andi %[[A]], %[[B]]
// CHECK: scf.if %[[C]] {
// CHECK: scf.for
// CHECK-NOT: scf.for
// CHECK: scf.if
// CHECK: scf.for
// CHECK: tfc.chains
func.func private @two_variables(%ctx: !llvm.ptr, %buffers: !llvm.ptr, %sizes: !llvm.ptr, %arena: !llvm.ptr {llvm.noalias}, %x: !llvm.ptr {llvm.noalias}, %p: !llvm.ptr {llvm.noalias}, %q: !llvm.ptr {llvm.noalias}) -> i32 attributes {tfc.body_of = @f} {
  %ok = arith.constant 0 : i32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = arith.constant 10000 : index
  %s = tfcrt.bind %x : !llvm.ptr -> memref<f32>
  %v = tfcrt.bind %p : !llvm.ptr -> memref<10000xf32>
  %w = tfcrt.bind %q : !llvm.ptr -> memref<10000xf32>
  %k = memref.load %s[] : memref<f32>
  scf.for %i = %c0 to %n step %c1 {
    memref.store %k, %v[%i] : memref<10000xf32>
  }
  scf.for %i = %c0 to %n step %c1 {
    memref.store %k, %w[%i] : memref<10000xf32>
  }
  return %ok : i32
}

// -----

// What one loop writes and the other one reads keeps them in order.
// CHECK-LABEL: func.func private @one_variable
// CHECK-NOT: tfcrt.parallel
func.func private @one_variable(%ctx: !llvm.ptr, %buffers: !llvm.ptr, %sizes: !llvm.ptr, %arena: !llvm.ptr {llvm.noalias}, %p: !llvm.ptr {llvm.noalias}, %q: !llvm.ptr {llvm.noalias}, %k: f32) -> i32 attributes {tfc.body_of = @f} {
  %ok = arith.constant 0 : i32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = arith.constant 10000 : index
  %v = tfcrt.bind %p : !llvm.ptr -> memref<10000xf32>
  %w = tfcrt.bind %q : !llvm.ptr -> memref<10000xf32>
  scf.for %i = %c0 to %n step %c1 {
    memref.store %k, %v[%i] : memref<10000xf32>
  }
  scf.for %i = %c0 to %n step %c1 {
    %a = memref.load %v[%i] : memref<10000xf32>
    memref.store %a, %w[%i] : memref<10000xf32>
  }
  return %ok : i32
}

// -----

// Without `noalias`, two pointers may be one.
// CHECK-LABEL: func.func private @maybe_one_variable
// CHECK-NOT: tfcrt.parallel
func.func private @maybe_one_variable(%ctx: !llvm.ptr, %buffers: !llvm.ptr, %sizes: !llvm.ptr, %arena: !llvm.ptr {llvm.noalias}, %p: !llvm.ptr, %q: !llvm.ptr, %k: f32) -> i32 attributes {tfc.body_of = @f} {
  %ok = arith.constant 0 : i32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = arith.constant 10000 : index
  %v = tfcrt.bind %p : !llvm.ptr -> memref<10000xf32>
  %w = tfcrt.bind %q : !llvm.ptr -> memref<10000xf32>
  scf.for %i = %c0 to %n step %c1 {
    memref.store %k, %v[%i] : memref<10000xf32>
  }
  scf.for %i = %c0 to %n step %c1 {
    memref.store %k, %w[%i] : memref<10000xf32>
  }
  return %ok : i32
}

// -----

// A load moves in front of the chains, not into the one that uses it: the other one writes what it reads.
// CHECK-LABEL: func.func private @read_before_write
// CHECK: %[[K:.+]] = memref.load
// CHECK: tfcrt.parallel
// CHECK-NOT: memref.load
func.func private @read_before_write(%ctx: !llvm.ptr, %buffers: !llvm.ptr, %sizes: !llvm.ptr, %arena: !llvm.ptr {llvm.noalias}, %p: !llvm.ptr {llvm.noalias}, %q: !llvm.ptr {llvm.noalias}, %k: f32) -> i32 attributes {tfc.body_of = @f} {
  %ok = arith.constant 0 : i32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = arith.constant 10000 : index
  %v = tfcrt.bind %p : !llvm.ptr -> memref<10000xf32>
  %w = tfcrt.bind %q : !llvm.ptr -> memref<10000xf32>
  %first = memref.load %v[%c0] : memref<10000xf32>
  scf.for %i = %c0 to %n step %c1 {
    memref.store %k, %v[%i] : memref<10000xf32>
  }
  scf.for %i = %c0 to %n step %c1 {
    memref.store %first, %w[%i] : memref<10000xf32>
  }
  return %ok : i32
}

// -----

// Loops that threads share already are as fast one after the other.
// CHECK-LABEL: func.func private @shared_already
// CHECK-NOT: tfc.chains
func.func private @shared_already(%ctx: !llvm.ptr, %buffers: !llvm.ptr, %sizes: !llvm.ptr, %arena: !llvm.ptr {llvm.noalias}, %p: !llvm.ptr {llvm.noalias}, %q: !llvm.ptr {llvm.noalias}, %k: f32) -> i32 attributes {tfc.body_of = @f} {
  %ok = arith.constant 0 : i32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = arith.constant 10000 : index
  %v = tfcrt.bind %p : !llvm.ptr -> memref<10000xf32>
  %w = tfcrt.bind %q : !llvm.ptr -> memref<10000xf32>
  tfcrt.parallel (%from, %to) in %c0 to %n grain %c1 {
    scf.for %i = %from to %to step %c1 {
      memref.store %k, %v[%i] : memref<10000xf32>
    }
  }
  tfcrt.parallel (%from, %to) in %c0 to %n grain %c1 {
    scf.for %i = %from to %to step %c1 {
      memref.store %k, %w[%i] : memref<10000xf32>
    }
  }
  return %ok : i32
}

// -----

// A short loop of threads between long ones of one thread: its pieces run in its chain. Buffers of a chain move into it.
// CHECK-LABEL: func.func private @shared_inside
// CHECK: tfcrt.parallel
// CHECK: scf.if
// CHECK: memref.alloc
// CHECK-NOT: tfcrt.parallel
// CHECK: scf.if
// CHECK: tfc.chains
func.func private @shared_inside(%ctx: !llvm.ptr, %buffers: !llvm.ptr, %sizes: !llvm.ptr, %arena: !llvm.ptr {llvm.noalias}, %p: !llvm.ptr {llvm.noalias}, %q: !llvm.ptr {llvm.noalias}, %k: f32) -> i32 attributes {tfc.body_of = @f} {
  %ok = arith.constant 0 : i32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = arith.constant 10000 : index
  %v = tfcrt.bind %p : !llvm.ptr -> memref<10000xf32>
  %w = tfcrt.bind %q : !llvm.ptr -> memref<10000xf32>
  %t = memref.alloc() : memref<10000xf32>
  tfcrt.parallel (%from, %to) in %c0 to %n grain %c1 {
    scf.for %i = %from to %to step %c1 {
      memref.store %k, %t[%i] : memref<10000xf32>
    }
  }
  %sum = scf.for %i = %c0 to %n step %c1 iter_args(%s = %k) -> f32 {
    %a = memref.load %t[%i] : memref<10000xf32>
    %b = math.exp %a : f32
    %c = arith.addf %s, %b : f32
    scf.yield %c : f32
  }
  memref.store %sum, %v[%c0] : memref<10000xf32>
  %other = scf.for %i = %c0 to %n step %c1 iter_args(%s = %k) -> f32 {
    %b = math.exp %s : f32
    scf.yield %b : f32
  }
  memref.store %other, %w[%c0] : memref<10000xf32>
  return %ok : i32
}

// -----

// It is known at the start whether the program ends between the loops: the second one is done if it does not, and the end comes
// last.
// CHECK-LABEL: func.func private @known_abort_between
// CHECK: %[[ON:.+]] = arith.xori %arg6
// CHECK: tfcrt.parallel
// CHECK: scf.if
// CHECK-NEXT: scf.for
// CHECK: scf.if %[[ON]] {
// CHECK-NEXT: scf.for
// CHECK: tfc.chains
// CHECK: scf.if %arg6 {
// CHECK-NEXT: memref.store %arg7, %{{.*}}[%c0
// CHECK-NEXT: tfcrt.abort
func.func private @known_abort_between(%ctx: !llvm.ptr, %buffers: !llvm.ptr, %sizes: !llvm.ptr, %arena: !llvm.ptr {llvm.noalias}, %p: !llvm.ptr {llvm.noalias}, %q: !llvm.ptr {llvm.noalias}, %fails: i1, %k: f32) -> i32 attributes {tfc.body_of = @f} {
  %ok = arith.constant 0 : i32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = arith.constant 10000 : index
  %v = tfcrt.bind %p : !llvm.ptr -> memref<10000xf32>
  %w = tfcrt.bind %q : !llvm.ptr -> memref<10000xf32>
  scf.for %i = %c0 to %n step %c1 {
    memref.store %k, %v[%i] : memref<10000xf32>
  }
  scf.if %fails {
    memref.store %k, %v[%c0] : memref<10000xf32>
    tfcrt.abort "no" {code = 1 : i64, summarize = 3 : i64, dtypes = array<i32>}
  }
  scf.for %i = %c0 to %n step %c1 {
    memref.store %k, %w[%i] : memref<10000xf32>
  }
  return %ok : i32
}

// -----

// What an abort asks about is computed by the first loop: the second one waits.
// CHECK-LABEL: func.func private @abort_that_depends
// CHECK-NOT: tfcrt.parallel
func.func private @abort_that_depends(%ctx: !llvm.ptr, %buffers: !llvm.ptr, %sizes: !llvm.ptr, %arena: !llvm.ptr {llvm.noalias}, %p: !llvm.ptr {llvm.noalias}, %q: !llvm.ptr {llvm.noalias}, %k: f32) -> i32 attributes {tfc.body_of = @f} {
  %ok = arith.constant 0 : i32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = arith.constant 10000 : index
  %v = tfcrt.bind %p : !llvm.ptr -> memref<10000xf32>
  %w = tfcrt.bind %q : !llvm.ptr -> memref<10000xf32>
  scf.for %i = %c0 to %n step %c1 {
    memref.store %k, %v[%i] : memref<10000xf32>
  }
  %x = memref.load %v[%c0] : memref<10000xf32>
  %fails = arith.cmpf olt, %x, %k : f32
  scf.if %fails {
    tfcrt.abort "no" {code = 1 : i64, summarize = 3 : i64, dtypes = array<i32>}
  }
  scf.for %i = %c0 to %n step %c1 {
    memref.store %k, %w[%i] : memref<10000xf32>
  }
  return %ok : i32
}

// -----

// A load that the abort protects stays behind it, and so does what is in no chain.
// CHECK-LABEL: func.func private @protected_load
// CHECK-NOT: memref.load
// CHECK: tfcrt.parallel
// CHECK: scf.if %{{.*}} {
// CHECK: memref.load %{{.*}}[%arg7]
// CHECK: tfc.chains
// CHECK: tfcrt.abort
// CHECK: memref.store
func.func private @protected_load(%ctx: !llvm.ptr, %buffers: !llvm.ptr, %sizes: !llvm.ptr, %arena: !llvm.ptr {llvm.noalias}, %p: !llvm.ptr {llvm.noalias}, %q: !llvm.ptr {llvm.noalias}, %r: !llvm.ptr {llvm.noalias}, %at: index, %fails: i1, %k: f32, %u: memref<f32>) -> i32 attributes {tfc.body_of = @f} {
  %ok = arith.constant 0 : i32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = arith.constant 10000 : index
  %v = tfcrt.bind %p : !llvm.ptr -> memref<10000xf32>
  %w = tfcrt.bind %q : !llvm.ptr -> memref<10000xf32>
  %x = tfcrt.bind %r : !llvm.ptr -> memref<4xf32>
  %s = memref.alloca() : memref<f32>
  scf.for %i = %c0 to %n step %c1 {
    memref.store %k, %v[%i] : memref<10000xf32>
  }
  scf.if %fails {
    tfcrt.abort "no" {code = 1 : i64, summarize = 3 : i64, dtypes = array<i32>}
  }
  %y = memref.load %x[%at] : memref<4xf32>
  scf.for %i = %c0 to %n step %c1 {
    memref.store %y, %w[%i] : memref<10000xf32>
  }
  memref.store %k, %s[] : memref<f32>
  return %ok : i32
}

// -----

// Where lengths are not known, the program estimates; too little to do is one piece.
// CHECK-LABEL: func.func private @unknown_lengths
// CHECK: %[[LENGTH:.+]] = arith.sitofp
// CHECK: arith.mulf %[[LENGTH]]
// CHECK: %[[SHORTEST:.+]] = arith.minimumf
// CHECK: %[[PAYS:.+]] = arith.cmpf oge, %[[SHORTEST]]
// CHECK: %[[GRAIN:.+]] = arith.select %[[PAYS]], %c1{{.*}}, %c2
// CHECK: tfcrt.parallel(%{{.*}}, %{{.*}}) in %c0{{.*}} to %c2{{.*}} grain %[[GRAIN]]
// CHECK: memref.alloc
// CHECK: tfc.chains
func.func private @unknown_lengths(%ctx: !llvm.ptr, %buffers: !llvm.ptr, %sizes: !llvm.ptr, %arena: !llvm.ptr {llvm.noalias}, %p: !llvm.ptr {llvm.noalias}, %q: !llvm.ptr {llvm.noalias}, %n: index, %k: f32) -> i32 attributes {tfc.body_of = @f} {
  %ok = arith.constant 0 : i32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %v = tfcrt.bind %p[%n] : !llvm.ptr -> memref<?xf32>
  %w = tfcrt.bind %q[%n] : !llvm.ptr -> memref<?xf32>
  %t = memref.alloc(%n) : memref<?xf32>
  scf.for %i = %c0 to %n step %c1 {
    memref.store %k, %t[%i] : memref<?xf32>
  }
  scf.for %i = %c0 to %n step %c1 {
    %a = memref.load %t[%i] : memref<?xf32>
    memref.store %a, %v[%i] : memref<?xf32>
  }
  scf.for %i = %c0 to %n step %c1 {
    memref.store %k, %w[%i] : memref<?xf32>
  }
  return %ok : i32
}

// -----

// Calls of groups say what they cost and write: these two share what they read.
// CHECK-LABEL: func.func private @groups
// CHECK: tfcrt.parallel
// CHECK: scf.if
// CHECK: call @tfc.group.0
// CHECK: scf.if
// CHECK: call @tfc.group.0
// CHECK: tfc.chains
func.func private @groups(%ctx: !llvm.ptr, %buffers: !llvm.ptr, %sizes: !llvm.ptr, %arena: !llvm.ptr {llvm.noalias}, %x: !llvm.ptr {llvm.noalias}, %p: !llvm.ptr {llvm.noalias}, %q: !llvm.ptr {llvm.noalias}) -> i32 attributes {tfc.body_of = @f} {
  %ok = arith.constant 0 : i32
  %a = tfcrt.bind %x : !llvm.ptr -> memref<8xf32>
  %b = tfcrt.bind %p : !llvm.ptr -> memref<8xf32>
  %c = tfcrt.bind %q : !llvm.ptr -> memref<8xf32>
  call @tfc.group.0(%a, %b) {tfc.cost = 90000.0 : f64, tfc.writes = array<i1: false, true>} : (memref<8xf32>, memref<8xf32>) -> ()
  call @tfc.group.0(%a, %c) {tfc.cost = 90000.0 : f64, tfc.writes = array<i1: false, true>} : (memref<8xf32>, memref<8xf32>) -> ()
  return %ok : i32
}
func.func private @tfc.group.0(memref<8xf32>, memref<8xf32>)
