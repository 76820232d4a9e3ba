// RUN: tfc-opt %s --tfc-runtime-to-llvm | FileCheck %s

// An abort reports and goes to the one exit; nothing after it runs.
// CHECK-LABEL: @f.body
// CHECK: cf.cond_br %{{.*}}, ^[[BAD:.+]], ^[[GOOD:.+]]
// CHECK: ^[[BAD]]:
// CHECK: llvm.call @tfc.report
// CHECK: cf.br ^[[EXIT:.+]](%{{.*}} : i32)
// CHECK: ^[[GOOD]]:
// CHECK: cf.br ^[[EXIT]](
// CHECK: ^[[EXIT]](%[[STATUS:.+]]: i32):
// CHECK-NEXT: return %[[STATUS]]
func.func private @f.body(%ctx: !llvm.ptr, %b: !llvm.ptr, %s: !llvm.ptr, %arena: !llvm.ptr, %bad: i1) -> i32 attributes {tfc.body_of = @f} {
  %ok = arith.constant 0 : i32
  cf.cond_br %bad, ^bb1, ^bb2
^bb1:
  tfcrt.abort "no" {code = 1 : i64, summarize = 3 : i64, dtypes = array<i32>}
  cf.br ^bb2
^bb2:
  return %ok : i32
}

// Dynamic memory is on a list that the exit frees; without memory the status is 3.
// CHECK-LABEL: @g.body
// CHECK: %[[HEAD:.+]] = llvm.alloca
// CHECK: %[[P:.+]] = llvm.call @tfc.allocate(%{{[^,]+}}, %[[HEAD]]
// CHECK: llvm.icmp "ne" %[[P]]
// CHECK: tfcrt.bind %[[P]]
// CHECK: llvm.call @tfc.release(%{{[^,]+}}, %[[HEAD]]
// CHECK-NEXT: return
func.func private @g.body(%ctx: !llvm.ptr, %b: !llvm.ptr, %s: !llvm.ptr, %arena: !llvm.ptr, %n: index) -> i32 attributes {tfc.body_of = @g} {
  %ok = arith.constant 0 : i32
  %c0 = arith.constant 0 : index
  %z = arith.constant 0.0 : f32
  %a = memref.alloc(%n) : memref<?xf32>
  memref.store %z, %a[%c0] : memref<?xf32>
  return %ok : i32
}
