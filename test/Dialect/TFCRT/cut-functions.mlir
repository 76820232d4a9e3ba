// RUN: tfc-opt %s -tfc-share-loops="min-saved=1000 most-in-one=12 part-size=10" | FileCheck %s
// RUN: tfc-opt %s -tfc-share-loops="min-saved=1000 most-in-one=1000" | FileCheck %s --check-prefix=WHOLE

// Neighbours that are not too large together are one part, whose arguments are
// those of the function: what is known of them stays known. The addresses
// between nests go along.
// CHECK-LABEL: func.func @large
// CHECK-SAME: (%[[ARENA:.*]]: !llvm.ptr {llvm.align = 64 : i64, llvm.noalias}, %[[IN:.*]]: memref<8xf32>)
// CHECK-NOT: scf.for
// CHECK-NOT: llvm.getelementptr
// CHECK: call @large.part0(%[[ARENA]], %{{.*}})
// CHECK-NEXT: %[[LAST:.*]] = memref.load %[[IN]]
// CHECK: call @large.part1(%[[ARENA]], %[[LAST]])
// CHECK-NEXT: return
// WHOLE-LABEL: func.func @large
// WHOLE-COUNT-3: scf.for
// WHOLE: return
func.func @large(%arena: !llvm.ptr {llvm.align = 64 : i64, llvm.noalias}, %in: memref<8xf32>) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %eight = arith.constant 8 : index
  %a = tfcrt.bind %arena : !llvm.ptr -> memref<8xf32>
  scf.for %i = %zero to %eight step %one {
    %x = memref.load %in[%i] : memref<8xf32>
    memref.store %x, %a[%i] : memref<8xf32>
  }
  %behind = llvm.getelementptr %arena[64] : (!llvm.ptr) -> !llvm.ptr, i8
  %b = tfcrt.bind %behind : !llvm.ptr -> memref<8xf32>
  scf.for %i = %zero to %eight step %one {
    %x = memref.load %a[%i] : memref<8xf32>
    memref.store %x, %b[%i] : memref<8xf32>
  }
  %last = memref.load %in[%one] : memref<8xf32>
  scf.for %i = %zero to %eight step %one {
    %x = memref.load %b[%i] : memref<8xf32>
    %y = arith.addf %x, %last : f32
    %z = arith.addf %y, %last : f32
    memref.store %z, %b[%i] : memref<8xf32>
  }
  return
}

// Where a part takes a buffer from around its block, and what that one is in,
// too, both arguments may be the same memory.
// CHECK-LABEL: func.func @around
// CHECK: call @around.part0(%{{.*}}, %{{.*}})
// CHECK: call @around.part1(%{{.*}}, %{{.*}})
func.func @around(%arena: !llvm.ptr {llvm.align = 64 : i64, llvm.noalias}, %yes: i1) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %eight = arith.constant 8 : index
  %a = tfcrt.bind %arena : !llvm.ptr -> memref<8xf32>
  %own = memref.alloc() : memref<2x4xf32>
  %flat = memref.collapse_shape %own [[0, 1]] : memref<2x4xf32> into memref<8xf32>
  scf.if %yes {
    %here = llvm.getelementptr %arena[0] : (!llvm.ptr) -> !llvm.ptr, i8
    %b = tfcrt.bind %here : !llvm.ptr -> memref<8xf32>
    scf.for %i = %zero to %eight step %one {
      %x = memref.load %a[%i] : memref<8xf32>
      %y = arith.addf %x, %x : f32
      %z = arith.addf %y, %y : f32
      memref.store %z, %b[%i] : memref<8xf32>
    }
    %last = memref.load %a[%one] : memref<8xf32>
    scf.for %i = %zero to %eight step %one {
      %x = memref.load %flat[%i] : memref<8xf32>
      %y = arith.addf %x, %x : f32
      %z = arith.addf %y, %y : f32
      memref.store %z, %own[%zero, %zero] : memref<2x4xf32>
    }
  }
  memref.dealloc %own : memref<2x4xf32>
  return
}

// Numbers of half precision are not passed: what needs one from outside stays.
// CHECK-LABEL: func.func @half
// CHECK-COUNT-2: scf.for
// CHECK-NOT: call
// CHECK: return
func.func @half(%arena: !llvm.ptr {llvm.align = 64 : i64, llvm.noalias}, %in: memref<8xbf16>) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %eight = arith.constant 8 : index
  %a = tfcrt.bind %arena : !llvm.ptr -> memref<8xbf16>
  %x = memref.load %in[%one] : memref<8xbf16>
  scf.for %i = %zero to %eight step %one {
    memref.store %x, %a[%i] : memref<8xbf16>
    memref.store %x, %a[%i] : memref<8xbf16>
    memref.store %x, %a[%i] : memref<8xbf16>
    memref.store %x, %a[%i] : memref<8xbf16>
  }
  scf.for %i = %zero to %eight step %one {
    memref.store %x, %a[%i] : memref<8xbf16>
    memref.store %x, %a[%i] : memref<8xbf16>
    memref.store %x, %a[%i] : memref<8xbf16>
    memref.store %x, %a[%i] : memref<8xbf16>
    memref.store %x, %a[%i] : memref<8xbf16>
  }
  return
}

// CHECK: func.func private @large.part0(%[[MINE:.*]]: !llvm.ptr {llvm.align = 64 : i64, llvm.noalias}, %{{.*}}: !llvm.ptr)
// CHECK: scf.for
// CHECK: %[[OFFSET:.*]] = llvm.getelementptr %[[MINE]][64]
// CHECK: tfcrt.bind %[[OFFSET]]
// CHECK: scf.for
// CHECK: return
// CHECK: func.func private @large.part1(%{{.*}}: !llvm.ptr {llvm.align = 64 : i64, llvm.noalias}, %{{.*}}: f32)
// CHECK: scf.for
// CHECK: func.func private @around.part0(%{{[^:]*}}: !llvm.ptr {llvm.align = 64 : i64}, %{{[^:]*}}: !llvm.ptr) attributes
// CHECK: func.func private @around.part1(%{{[^:]*}}: !llvm.ptr, %{{[^:]*}}: !llvm.ptr) attributes
