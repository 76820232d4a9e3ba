// RUN: tfc-opt %s "-pass-pipeline=builtin.module(func.func(tfc-plan-memory))" | FileCheck %s

// Buffers of one chain that do not live together share memory; those of two chains never do.
// CHECK: tfc.arena_bytes = 8064 : i64
// CHECK-NOT: memref.alloc
func.func private @f.body(%ctx: !llvm.ptr, %buffers: !llvm.ptr, %sizes: !llvm.ptr, %arena: !llvm.ptr, %k: f32) -> i32 attributes {tfc.body_of = @f} {
  %ok = arith.constant 0 : i32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  tfcrt.parallel (%from, %to) in %c0 to %c2 grain %c1 {
    %first = arith.cmpi sle, %from, %c0 : index
    scf.if %first {
      %a = memref.alloc() : memref<1000xf32>
      memref.store %k, %a[%c0] : memref<1000xf32>
      %b = memref.alloc() : memref<1000xf32>
      memref.store %k, %b[%c0] : memref<1000xf32>
    }
    %second = arith.cmpi slt, %c1, %to : index
    scf.if %second {
      %c = memref.alloc() : memref<1000xf32>
      memref.store %k, %c[%c0] : memref<1000xf32>
    }
  } {tfc.chains}
  return %ok : i32
}
