// RUN: tfc-opt %s "-pass-pipeline=builtin.module(func.func(tfc-parallelize-chains{least-microseconds=1}))" -split-input-file | FileCheck %s
// RUN: tfc-opt %s "-pass-pipeline=builtin.module(func.func(tfc-parallelize-chains{least-microseconds=1 parallel=false}))" -split-input-file | FileCheck %s --check-prefix=OFF
// RUN: tfc-opt %s "-pass-pipeline=builtin.module(func.func(tfc-parallelize-chains))" -split-input-file | FileCheck %s --check-prefix=OFF

// OFF-NOT: tfcrt.parallel(%{{.*}}) in %{{.*}} {{.*}}tfc.chains

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

// The program may end between the loops: the second one must not have begun.
// CHECK-LABEL: func.func private @abort_between
// CHECK-NOT: tfcrt.parallel
func.func private @abort_between(%ctx: !llvm.ptr, %buffers: !llvm.ptr, %sizes: !llvm.ptr, %arena: !llvm.ptr {llvm.noalias}, %p: !llvm.ptr {llvm.noalias}, %q: !llvm.ptr {llvm.noalias}, %k: f32, %holds: i1) -> i32 attributes {tfc.body_of = @f} {
  %ok = arith.constant 0 : i32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = arith.constant 10000 : index
  %v = tfcrt.bind %p : !llvm.ptr -> memref<10000xf32>
  %w = tfcrt.bind %q : !llvm.ptr -> memref<10000xf32>
  scf.for %i = %c0 to %n step %c1 {
    memref.store %k, %v[%i] : memref<10000xf32>
  }
  scf.if %holds {
    tfcrt.abort "no" {code = 1 : i64, summarize = 3 : i64, dtypes = array<i32>}
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
