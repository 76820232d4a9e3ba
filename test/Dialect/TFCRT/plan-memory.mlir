// RUN: tfc-opt %s --pass-pipeline='builtin.module(func.func(tfc-plan-memory))' | FileCheck %s

// Buffers that are not alive together share bytes; small ones are stack slots.
// CHECK-LABEL: @f.body
// CHECK-SAME: tfc.arena_bytes = 8192
// CHECK: memref.alloca() {{.*}} : memref<f32>
// CHECK-NOT: memref.alloc()
func.func private @f.body(%ctx: !llvm.ptr, %b: !llvm.ptr, %s: !llvm.ptr, %arena: !llvm.ptr) -> i32 attributes {tfc.body_of = @f} {
  %z = arith.constant 0.0 : f32
  %ok = arith.constant 0 : i32
  %a0 = memref.alloc() : memref<1024xf32>
  linalg.fill ins(%z : f32) outs(%a0 : memref<1024xf32>)
  %a1 = memref.alloc() : memref<1024xf32>
  linalg.copy ins(%a0 : memref<1024xf32>) outs(%a1 : memref<1024xf32>)
  %a2 = memref.alloc() : memref<1024xf32>
  linalg.copy ins(%a1 : memref<1024xf32>) outs(%a2 : memref<1024xf32>)
  %a3 = memref.alloc() : memref<f32>
  linalg.fill ins(%z : f32) outs(%a3 : memref<f32>)
  return %ok : i32
}

// What is used in a loop but made outside of it lives throughout the loop.
// CHECK-LABEL: @loop.body
// CHECK-SAME: tfc.arena_bytes = 8192
func.func private @loop.body(%ctx: !llvm.ptr, %b: !llvm.ptr, %s: !llvm.ptr, %arena: !llvm.ptr, %n: index) -> i32 attributes {tfc.body_of = @loop} {
  %z = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %ok = arith.constant 0 : i32
  %a0 = memref.alloc() : memref<1024xf32>
  linalg.fill ins(%z : f32) outs(%a0 : memref<1024xf32>)
  scf.for %i = %c0 to %n step %c1 {
    linalg.fill ins(%z : f32) outs(%a0 : memref<1024xf32>)
    %a1 = memref.alloc() : memref<1024xf32>
    linalg.fill ins(%z : f32) outs(%a1 : memref<1024xf32>)
  }
  return %ok : i32
}

// What leaves its iteration stays dynamic, and the loop frees it.
// CHECK-LABEL: @carried.body
// CHECK-SAME: tfc.arena_bytes = 0
// CHECK: %[[MARK:.+]] = tfcrt.mark
// CHECK: scf.for
// CHECK: %[[A:.+]] = memref.alloc(
// CHECK: tfcrt.release %[[MARK]] keeping %[[A]]
func.func private @carried.body(%ctx: !llvm.ptr, %b: !llvm.ptr, %s: !llvm.ptr, %arena: !llvm.ptr, %n: index, %m: memref<?xf32>) -> i32 attributes {tfc.body_of = @carried} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %ok = arith.constant 0 : i32
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%x = %m) -> memref<?xf32> {
    %a = memref.alloc(%i) : memref<?xf32>
    scf.yield %a : memref<?xf32>
  }
  return %ok : i32
}

// A list that was made with room for a few elements more goes to the caller as it is.
// CHECK-LABEL: @most.body
// CHECK: memref.alloc(%{{.*}}) {tfcrt.result = 0 : i64} : memref<?xi64>
// CHECK: tfcrt.set_result %{{.*}} to 0 sizes 0 [0] in_place : memref<?x1xi64>
func.func private @most.body(%ctx: !llvm.ptr, %b: !llvm.ptr, %s: !llvm.ptr, %arena: !llvm.ptr, %n: index) -> i32 attributes {tfc.body_of = @most} {
  %ok = arith.constant 0 : i32
  %c8 = arith.constant 8 : index
  %room = arith.addi %n, %c8 : index
  %list = memref.alloc(%room) : memref<?xi64>
  %first = memref.subview %list[0] [%n] [1] : memref<?xi64> to memref<?xi64, strided<[1]>>
  %rows = memref.expand_shape %first [[0, 1]] output_shape [%n, 1] : memref<?xi64, strided<[1]>> into memref<?x1xi64>
  tfcrt.set_result %rows to 0 sizes 0 [0] : memref<?x1xi64>
  return %ok : i32
}

// A part of a list would keep all of it, and what begins elsewhere is no allocation.
// CHECK-LABEL: @part.body
// CHECK-NOT: in_place
// CHECK: return
func.func private @part.body(%ctx: !llvm.ptr, %b: !llvm.ptr, %s: !llvm.ptr, %arena: !llvm.ptr, %n: index, %m: index) -> i32 attributes {tfc.body_of = @part} {
  %ok = arith.constant 0 : i32
  %c8 = arith.constant 8 : index
  %room = arith.addi %n, %c8 : index
  %list = memref.alloc(%room) : memref<?xi64>
  %few = memref.subview %list[0] [%m] [1] : memref<?xi64> to memref<?xi64, strided<[1]>>
  tfcrt.set_result %few to 0 sizes 0 [0] : memref<?xi64, strided<[1]>>
  %last = memref.subview %list[8] [%n] [1] : memref<?xi64> to memref<?xi64, strided<[1], offset: 8>>
  tfcrt.set_result %last to 1 sizes 1 [0] : memref<?xi64, strided<[1], offset: 8>>
  return %ok : i32
}
