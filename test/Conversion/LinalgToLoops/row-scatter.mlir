// RUN: tfc-opt %s -tfc-linalg-to-loops=vector-bits=512 -split-input-file | FileCheck %s
// RUN: tfc-opt %s -tfc-linalg-to-loops="vector-bits=512 parallel=false" -split-input-file | FileCheck %s --check-prefix=ALONE

#map = affine_map<(d0) -> (d0)>

// Threads share rows of the result: each makes lists of the updates that go to its own. Whoever has all of them needs no list.
// What is eight iterations ahead is fetched.
// CHECK-LABEL: func @shared(
// CHECK: %[[R:.*]] = tfcrt.bind
// CHECK: %[[X:.*]] = tfcrt.bind {{.*}} -> memref<32768x32xf32>
// CHECK: tfcrt.parallel
// CHECK: %[[LIST:.*]] = memref.alloc() : memref<512xindex>
// CHECK: scf.if
// CHECK-COUNT-2: memref.prefetch %[[R]][%{{.*}}, %{{.*}}], write
// CHECK-COUNT-2: memref.prefetch %[[X]][%{{.*}}, %{{.*}}], read
// CHECK-NOT: memref.prefetch
// CHECK: } else {
// CHECK: memref.store %{{.*}}, %[[LIST]][%{{.*}}] : memref<512xindex>
// CHECK: arith.cmpi ult
// CHECK: memref.load %[[LIST]]
// CHECK-COUNT-4: memref.prefetch
// CHECK: memref.load %[[LIST]]
// Alone, one thread takes all in order.
// ALONE-LABEL: func @shared(
// ALONE-NOT: tfcrt.parallel
// ALONE-COUNT-4: memref.prefetch
// ALONE-NOT: memref.prefetch
// ALONE-LABEL: func @unknown_places(
func.func @shared(%p: !llvm.ptr, %q: !llvm.ptr, %o: !llvm.ptr, %n: index) {
  %r = tfcrt.bind %p : !llvm.ptr -> memref<8192x32xf32>
  %at = tfcrt.bind %q : !llvm.ptr -> memref<32768xi32>
  %x = tfcrt.bind %o : !llvm.ptr -> memref<32768x32xf32>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %count = arith.constant 32768 : index
  scf.for %i = %c0 to %count step %c1 {
    %place = memref.load %at[%i] : memref<32768xi32>
    %to = arith.index_cast %place : i32 to index
    %row = memref.subview %r[%to, 0] [1, 32] [1, 1] : memref<8192x32xf32> to memref<32xf32, strided<[1], offset: ?>>
    %update = memref.subview %x[%i, 0] [1, 32] [1, 1] : memref<32768x32xf32> to memref<32xf32, strided<[1], offset: ?>>
    linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%update : memref<32xf32, strided<[1], offset: ?>>) outs(%row : memref<32xf32, strided<[1], offset: ?>>) {
    ^bb0(%in: f32, %out: f32):
      %sum = arith.addf %out, %in : f32
      linalg.yield %sum : f32
    }
  }
  return
}


// CHECK-LABEL: func @unknown_places(
// CHECK: memref.dim
// CHECK: tfcrt.parallel
func.func @unknown_places(%p: !llvm.ptr, %q: !llvm.ptr, %o: !llvm.ptr, %n: index) {
  %r = tfcrt.bind %p[%n] : !llvm.ptr -> memref<?x32xf32>
  %at = tfcrt.bind %q : !llvm.ptr -> memref<32768xi32>
  %x = tfcrt.bind %o : !llvm.ptr -> memref<32768x32xf32>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %count = arith.constant 32768 : index
  scf.for %i = %c0 to %count step %c1 {
    %place = memref.load %at[%i] : memref<32768xi32>
    %to = arith.index_cast %place : i32 to index
    %row = memref.subview %r[%to, 0] [1, 32] [1, 1] : memref<?x32xf32> to memref<32xf32, strided<[1], offset: ?>>
    %update = memref.subview %x[%i, 0] [1, 32] [1, 1] : memref<32768x32xf32> to memref<32xf32, strided<[1], offset: ?>>
    linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%update : memref<32xf32, strided<[1], offset: ?>>) outs(%row : memref<32xf32, strided<[1], offset: ?>>) {
    ^bb0(%in: f32, %out: f32):
      %sum = arith.addf %out, %in : f32
      linalg.yield %sum : f32
    }
  }
  return
}


// CHECK-LABEL: func @few_places(
// CHECK-NOT: tfcrt.parallel
// CHECK-COUNT-4: memref.prefetch
func.func @few_places(%p: !llvm.ptr, %q: !llvm.ptr, %o: !llvm.ptr, %n: index) {
  %r = tfcrt.bind %p : !llvm.ptr -> memref<63x32xf32>
  %at = tfcrt.bind %q : !llvm.ptr -> memref<32768xi32>
  %x = tfcrt.bind %o : !llvm.ptr -> memref<32768x32xf32>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %count = arith.constant 32768 : index
  scf.for %i = %c0 to %count step %c1 {
    %place = memref.load %at[%i] : memref<32768xi32>
    %to = arith.index_cast %place : i32 to index
    %row = memref.subview %r[%to, 0] [1, 32] [1, 1] : memref<63x32xf32> to memref<32xf32, strided<[1], offset: ?>>
    %update = memref.subview %x[%i, 0] [1, 32] [1, 1] : memref<32768x32xf32> to memref<32xf32, strided<[1], offset: ?>>
    linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%update : memref<32xf32, strided<[1], offset: ?>>) outs(%row : memref<32xf32, strided<[1], offset: ?>>) {
    ^bb0(%in: f32, %out: f32):
      %sum = arith.addf %out, %in : f32
      linalg.yield %sum : f32
    }
  }
  return
}


// CHECK-LABEL: func @few_updates(
// CHECK-NOT: tfcrt.parallel
// CHECK-COUNT-4: memref.prefetch
func.func @few_updates(%p: !llvm.ptr, %q: !llvm.ptr, %o: !llvm.ptr, %n: index) {
  %r = tfcrt.bind %p : !llvm.ptr -> memref<8192x32xf32>
  %at = tfcrt.bind %q : !llvm.ptr -> memref<32767xi32>
  %x = tfcrt.bind %o : !llvm.ptr -> memref<32767x32xf32>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %count = arith.constant 32767 : index
  scf.for %i = %c0 to %count step %c1 {
    %place = memref.load %at[%i] : memref<32767xi32>
    %to = arith.index_cast %place : i32 to index
    %row = memref.subview %r[%to, 0] [1, 32] [1, 1] : memref<8192x32xf32> to memref<32xf32, strided<[1], offset: ?>>
    %update = memref.subview %x[%i, 0] [1, 32] [1, 1] : memref<32767x32xf32> to memref<32xf32, strided<[1], offset: ?>>
    linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%update : memref<32xf32, strided<[1], offset: ?>>) outs(%row : memref<32xf32, strided<[1], offset: ?>>) {
    ^bb0(%in: f32, %out: f32):
      %sum = arith.addf %out, %in : f32
      linalg.yield %sum : f32
    }
  }
  return
}


// CHECK-LABEL: func @short_rows(
// CHECK-NOT: tfcrt.parallel
// CHECK-COUNT-4: memref.prefetch
func.func @short_rows(%p: !llvm.ptr, %q: !llvm.ptr, %o: !llvm.ptr, %n: index) {
  %r = tfcrt.bind %p : !llvm.ptr -> memref<64x31xf32>
  %at = tfcrt.bind %q : !llvm.ptr -> memref<65536xi32>
  %x = tfcrt.bind %o : !llvm.ptr -> memref<65536x31xf32>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %count = arith.constant 65536 : index
  scf.for %i = %c0 to %count step %c1 {
    %place = memref.load %at[%i] : memref<65536xi32>
    %to = arith.index_cast %place : i32 to index
    %row = memref.subview %r[%to, 0] [1, 31] [1, 1] : memref<64x31xf32> to memref<31xf32, strided<[1], offset: ?>>
    %update = memref.subview %x[%i, 0] [1, 31] [1, 1] : memref<65536x31xf32> to memref<31xf32, strided<[1], offset: ?>>
    linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%update : memref<31xf32, strided<[1], offset: ?>>) outs(%row : memref<31xf32, strided<[1], offset: ?>>) {
    ^bb0(%in: f32, %out: f32):
      %sum = arith.addf %out, %in : f32
      linalg.yield %sum : f32
    }
  }
  return
}


// CHECK-LABEL: func @rows_of_less_than_a_line(
// CHECK-NOT: memref.prefetch %{{.*}}, write
func.func @rows_of_less_than_a_line(%p: !llvm.ptr, %q: !llvm.ptr, %o: !llvm.ptr, %n: index) {
  %r = tfcrt.bind %p : !llvm.ptr -> memref<64x15xf32>
  %at = tfcrt.bind %q : !llvm.ptr -> memref<655360xi32>
  %x = tfcrt.bind %o : !llvm.ptr -> memref<655360x15xf32>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %count = arith.constant 655360 : index
  scf.for %i = %c0 to %count step %c1 {
    %place = memref.load %at[%i] : memref<655360xi32>
    %to = arith.index_cast %place : i32 to index
    %row = memref.subview %r[%to, 0] [1, 15] [1, 1] : memref<64x15xf32> to memref<15xf32, strided<[1], offset: ?>>
    %update = memref.subview %x[%i, 0] [1, 15] [1, 1] : memref<655360x15xf32> to memref<15xf32, strided<[1], offset: ?>>
    linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%update : memref<15xf32, strided<[1], offset: ?>>) outs(%row : memref<15xf32, strided<[1], offset: ?>>) {
    ^bb0(%in: f32, %out: f32):
      %sum = arith.addf %out, %in : f32
      linalg.yield %sum : f32
    }
  }
  return
}


// What the caches have is not fetched.
// CHECK-LABEL: func @in_the_cache(
// CHECK-NOT: memref.prefetch
func.func @in_the_cache(%p: !llvm.ptr, %q: !llvm.ptr, %o: !llvm.ptr, %n: index) {
  %r = tfcrt.bind %p : !llvm.ptr -> memref<8192x32xf32>
  %at = tfcrt.bind %q : !llvm.ptr -> memref<512xi32>
  %x = tfcrt.bind %o : !llvm.ptr -> memref<512x32xf32>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %count = arith.constant 512 : index
  scf.for %i = %c0 to %count step %c1 {
    %place = memref.load %at[%i] : memref<512xi32>
    %to = arith.index_cast %place : i32 to index
    %row = memref.subview %r[%to, 0] [1, 32] [1, 1] : memref<8192x32xf32> to memref<32xf32, strided<[1], offset: ?>>
    %update = memref.subview %x[%i, 0] [1, 32] [1, 1] : memref<512x32xf32> to memref<32xf32, strided<[1], offset: ?>>
    linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%update : memref<32xf32, strided<[1], offset: ?>>) outs(%row : memref<32xf32, strided<[1], offset: ?>>) {
    ^bb0(%in: f32, %out: f32):
      %sum = arith.addf %out, %in : f32
      linalg.yield %sum : f32
    }
  }
  return
}


// Rows that are read where others are written: in order.
// CHECK-LABEL: func @reads_the_result(
// CHECK-NOT: tfcrt.parallel
// CHECK-NOT: memref<512xindex>
func.func @reads_the_result(%p: !llvm.ptr, %q: !llvm.ptr, %o: !llvm.ptr, %n: index) {
  %r = tfcrt.bind %p : !llvm.ptr -> memref<8192x32xf32>
  %at = tfcrt.bind %q : !llvm.ptr -> memref<32768xi32>
  %x = tfcrt.bind %o : !llvm.ptr -> memref<32768x32xf32>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %count = arith.constant 32768 : index
  %c64 = arith.constant 64 : index
  scf.for %i = %c0 to %count step %c1 {
    %place = memref.load %at[%i] : memref<32768xi32>
    %to = arith.index_cast %place : i32 to index
    %from = arith.remui %i, %c64 : index
    %row = memref.subview %r[%to, 0] [1, 32] [1, 1] : memref<8192x32xf32> to memref<32xf32, strided<[1], offset: ?>>
    %update = memref.subview %r[%from, 0] [1, 32] [1, 1] : memref<8192x32xf32> to memref<32xf32, strided<[1], offset: ?>>
    linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%update : memref<32xf32, strided<[1], offset: ?>>) outs(%row : memref<32xf32, strided<[1], offset: ?>>) {
    ^bb0(%in: f32, %out: f32):
      %sum = arith.addf %out, %in : f32
      linalg.yield %sum : f32
    }
  }
  return
}
