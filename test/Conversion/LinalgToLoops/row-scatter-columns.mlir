// RUN: tfc-opt %s -tfc-linalg-to-loops="vector-bits=512 parallel=true" -split-input-file | FileCheck %s

// Threads share the columns of long rows, 128 floats at a time; whoever has all of them takes whole rows. A copy of a row is
// an op like others.
// CHECK-LABEL: func @long_rows(
// CHECK: %[[PARTS:.*]] = arith.constant 8 : index
// CHECK: tfcrt.parallel(%[[FROM:.*]], %[[TO:.*]]) in %{{.*}} to %[[PARTS]] grain
// CHECK: scf.if
// CHECK: } else {
// CHECK: scf.for %[[PART:.*]] = %[[FROM]] to %[[TO]]
// CHECK: arith.muli %[[PART]], %c128
// CHECK-NOT: memref.copy
func.func @long_rows(%p: !llvm.ptr, %q: !llvm.ptr, %o: !llvm.ptr) {
  %r = tfcrt.bind %p : !llvm.ptr -> memref<1024x1024xf32>
  %at = tfcrt.bind %q : !llvm.ptr -> memref<256xi32>
  %x = tfcrt.bind %o : !llvm.ptr -> memref<256x1024xf32>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %count = arith.constant 256 : index
  scf.for %i = %c0 to %count step %c1 {
    %place = memref.load %at[%i] : memref<256xi32>
    %to = arith.index_cast %place : i32 to index
    %update = memref.subview %x[%i, 0] [1, 1024] [1, 1] : memref<256x1024xf32> to memref<1024xf32, strided<[1], offset: ?>>
    %row = memref.subview %r[%to, 0] [1, 1024] [1, 1] : memref<1024x1024xf32> to memref<1024xf32, strided<[1], offset: ?>>
    memref.copy %update, %row : memref<1024xf32, strided<[1], offset: ?>> to memref<1024xf32, strided<[1], offset: ?>>
  }
  return
}

// -----

// Few updates, and rows that are no multiple of a part, are one thread's.
// CHECK-LABEL: func @few(
// CHECK-NOT: tfcrt.parallel
func.func @few(%p: !llvm.ptr, %q: !llvm.ptr, %o: !llvm.ptr) {
  %r = tfcrt.bind %p : !llvm.ptr -> memref<1024x1000xf32>
  %at = tfcrt.bind %q : !llvm.ptr -> memref<256xi32>
  %x = tfcrt.bind %o : !llvm.ptr -> memref<256x1000xf32>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %count = arith.constant 256 : index
  scf.for %i = %c0 to %count step %c1 {
    %place = memref.load %at[%i] : memref<256xi32>
    %to = arith.index_cast %place : i32 to index
    %update = memref.subview %x[%i, 0] [1, 1000] [1, 1] : memref<256x1000xf32> to memref<1000xf32, strided<[1], offset: ?>>
    %row = memref.subview %r[%to, 0] [1, 1000] [1, 1] : memref<1024x1000xf32> to memref<1000xf32, strided<[1], offset: ?>>
    memref.copy %update, %row : memref<1000xf32, strided<[1], offset: ?>> to memref<1000xf32, strided<[1], offset: ?>>
  }
  return
}
