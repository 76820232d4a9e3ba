// RUN: tfc-opt %s --tfc-outline-parallel -split-input-file | FileCheck %s

// The piece takes pointers, which share no memory, and sizes; the entry takes them out of a structure.
// CHECK-LABEL: func.func private @f.body(
// CHECK: llvm.alloca
// CHECK: llvm.store
// CHECK: tfcrt.launch @f.body.loop0.entry(%{{.*}}) %{{.*}} to %{{.*}} grain
// CHECK: func.func private @f.body.loop0(%{{.*}}: !llvm.ptr, %[[P:.+]]: !llvm.ptr {llvm.noalias}, {{.*}} %[[FROM:[a-z0-9]+]]: index, %[[TO:[a-z0-9]+]]: index) -> i32
// CHECK: %[[M:.+]] = tfcrt.bind
// CHECK: scf.for %[[I:.+]] = %[[FROM]] to %[[TO]]
// CHECK: memref.store %{{.*}}, %[[M]][%[[I]]]
// CHECK: func.func private @f.body.loop0.entry(%{{.*}}: !llvm.ptr, %[[ENV:.+]]: !llvm.ptr, %{{.*}}: i64, %{{.*}}: i64) -> i32
// CHECK: llvm.getelementptr %[[ENV]]
// CHECK: call @f.body.loop0(
func.func private @f.body(%ctx: !llvm.ptr, %buffers: !llvm.ptr, %sizes: !llvm.ptr, %arena: !llvm.ptr, %x: !llvm.ptr, %n: index, %v: f32) -> i32 attributes {tfc.body_of = @f} {
  %m = tfcrt.bind %x[%n] : !llvm.ptr -> memref<?xf32>
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %grain = arith.constant 100 : index
  tfcrt.parallel (%from, %to) in %zero to %n grain %grain {
    scf.for %i = %from to %to step %one {
      memref.store %v, %m[%i] : memref<?xf32>
    }
  }
  %ok = arith.constant 0 : i32
  return %ok : i32
}

// -----

// Buffers of a chain may share memory one after the other: the piece takes the arena, and makes their pointers itself.
// CHECK-LABEL: func.func private @g.body(
// CHECK: func.func private @g.body.loop0(%{{.*}}: !llvm.ptr, %{{.*}}: f32, %[[ARENA:[a-z0-9]+]]: !llvm.ptr {llvm.noalias}, %{{[a-z0-9]+}}: index, %{{[a-z0-9]+}}: index) -> i32
// CHECK: llvm.getelementptr inbounds %[[ARENA]]
// CHECK: llvm.getelementptr inbounds %[[ARENA]]
func.func private @g.body(%ctx: !llvm.ptr, %buffers: !llvm.ptr, %sizes: !llvm.ptr, %arena: !llvm.ptr {llvm.noalias}, %v: f32) -> i32 attributes {tfc.body_of = @g} {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %two = arith.constant 2 : index
  %offset = llvm.mlir.constant(0 : i64) : i64
  %p = llvm.getelementptr inbounds %arena[%offset] : (!llvm.ptr, i64) -> !llvm.ptr, i8
  %q = llvm.getelementptr inbounds %arena[%offset] : (!llvm.ptr, i64) -> !llvm.ptr, i8
  %a = tfcrt.bind %p : !llvm.ptr -> memref<4xf32>
  %b = tfcrt.bind %q : !llvm.ptr -> memref<4xf32>
  tfcrt.parallel (%from, %to) in %zero to %two grain %one {
    %first = arith.cmpi sle, %from, %zero : index
    scf.if %first {
      memref.store %v, %a[%zero] : memref<4xf32>
      memref.store %v, %b[%zero] : memref<4xf32>
    }
  } {tfc.chains}
  %ok = arith.constant 0 : i32
  return %ok : i32
}
