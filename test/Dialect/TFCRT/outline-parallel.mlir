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
