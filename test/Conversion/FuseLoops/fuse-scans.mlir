// RUN: tfc-opt %s -tfc-fuse-scans -split-input-file | FileCheck %s

#id = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

// One loop over blocks, and what is left behind them; what lies between the ops shrinks to a block, the sum waits in a scalar.
// CHECK-LABEL: func.func @one_row
// CHECK: %[[W:.+]] = tfcrt.bind %arg0
// CHECK: %[[X:.+]] = tfcrt.bind %arg1
// CHECK-NOT: memref.alloc() : memref<20000xf32>
// CHECK: %[[A:.+]] = memref.alloc() {{.*}} : memref<2048xf32>
// CHECK: %[[SUM:.+]] = memref.alloc() {{.*}} : memref<f32>
// CHECK: memref.store %{{.*}}, %[[SUM]]
// CHECK: scf.for %[[I:.+]] = %c0{{.*}} to %c18432{{.*}} step %c2048
// CHECK: %[[V:.+]] = memref.subview %[[W]][%[[I]]] [2048] [1]
// CHECK: linalg.generic {{.*}} ins(%[[V]], %[[X]] {{.*}} outs(%[[A]]
// CHECK: tfcrt.scan %[[A]] into %[[V]] along 0 from %[[SUM]]
// CHECK: }
// CHECK: memref.subview %[[W]][%c18432{{.*}}] [1568] [1]
// CHECK: tfcrt.scan {{.*}} from %[[SUM]]
func.func @one_row(%p0: !llvm.ptr, %p1: !llvm.ptr) {
  %v = tfcrt.bind %p0 : !llvm.ptr -> memref<20000xf32>
  %x = tfcrt.bind %p1 : !llvm.ptr -> memref<f32>
  %a = memref.alloc() : memref<20000xf32>
  linalg.generic {indexing_maps = [#id, #none, #id], iterator_types = ["parallel"]} ins(%v, %x : memref<20000xf32>, memref<f32>) outs(%a : memref<20000xf32>) {
  ^bb0(%i: f32, %k: f32, %o: f32):
    %s = arith.addf %i, %k : f32
    linalg.yield %s : f32
  }
  tfcrt.scan %a into %v along 0 : memref<20000xf32>, memref<20000xf32>
  return
}

// -----

#id = affine_map<(d0) -> (d0)>

// From the end, blocks come in the other order, and the rest is at the front.
// CHECK-LABEL: func.func @reverse
// CHECK: scf.for %[[I:.+]] =
// CHECK: %[[AT:.+]] = arith.subi %c17952{{.*}}, %[[I]]
// CHECK: memref.subview %{{.*}}[%[[AT]]] [2048] [1]
// CHECK: memref.subview %{{.*}}[%c0{{.*}}] [1568] [1]
func.func @reverse(%p0: !llvm.ptr) {
  %v = tfcrt.bind %p0 : !llvm.ptr -> memref<20000xf32>
  tfcrt.scan %v into %v along 0 reverse : memref<20000xf32>, memref<20000xf32>
  linalg.generic {indexing_maps = [#id], iterator_types = ["parallel"]} outs(%v : memref<20000xf32>) {
  ^bb0(%o: f32):
    %s = arith.addf %o, %o : f32
    linalg.yield %s : f32
  }
  return
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>

// Rows are shared out; each starts anew.
// CHECK-LABEL: func.func @rows
// CHECK: tfcrt.parallel
// CHECK: scf.for
// CHECK: memref.store
// CHECK: linalg.generic
// CHECK: tfcrt.scan {{.*}} from
func.func @rows(%p0: !llvm.ptr) {
  %v = tfcrt.bind %p0 : !llvm.ptr -> memref<500x300xf32>
  linalg.generic {indexing_maps = [#id], iterator_types = ["parallel", "parallel"]} outs(%v : memref<500x300xf32>) {
  ^bb0(%o: f32):
    %s = math.exp %o : f32
    linalg.yield %s : f32
  }
  tfcrt.scan %v into %v along 1 : memref<500x300xf32>, memref<500x300xf32>
  return
}

// -----

#id = affine_map<(d0) -> (d0)>

// What shares nothing that is written gets loops of its own.
// CHECK-LABEL: func.func @two_variables
// CHECK: %[[V:.+]] = tfcrt.bind %arg0
// CHECK: %[[W:.+]] = tfcrt.bind %arg1
// CHECK: scf.for
// CHECK-NOT: memref.subview %[[W]]
// CHECK: memref.subview %[[V]]
// CHECK-NOT: memref.subview %[[W]]
// CHECK: scf.for
// CHECK-NOT: memref.subview %[[V]]
// CHECK: memref.subview %[[W]]
func.func @two_variables(%p0: !llvm.ptr, %p1: !llvm.ptr, %p2: !llvm.ptr) {
  %v = tfcrt.bind %p0 : !llvm.ptr -> memref<20480xf32>
  %w = tfcrt.bind %p1 : !llvm.ptr -> memref<20480xf32>
  %x = tfcrt.bind %p2 : !llvm.ptr -> memref<20480xf32>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : memref<20480xf32>) outs(%v : memref<20480xf32>) {
  ^bb0(%i: f32, %o: f32):
    %s = arith.addf %o, %i : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : memref<20480xf32>) outs(%w : memref<20480xf32>) {
  ^bb0(%i: f32, %o: f32):
    %s = arith.addf %o, %i : f32
    linalg.yield %s : f32
  }
  tfcrt.scan %v into %v along 0 : memref<20480xf32>, memref<20480xf32>
  tfcrt.scan %w into %w along 0 : memref<20480xf32>, memref<20480xf32>
  return
}

// -----

// Two directions; another dimension; another shape; buffers that stay in the cache anyway.
// CHECK-LABEL: func.func @not
// CHECK-NOT: scf.for
func.func @not(%p0: !llvm.ptr, %p1: !llvm.ptr, %p2: !llvm.ptr) {
  %v = tfcrt.bind %p0 : !llvm.ptr -> memref<20480xf32>
  %m = tfcrt.bind %p1 : !llvm.ptr -> memref<200x200xf32>
  %n = tfcrt.bind %p2 : !llvm.ptr -> memref<100xf32>
  tfcrt.scan %v into %v along 0 : memref<20480xf32>, memref<20480xf32>
  tfcrt.scan %v into %v along 0 reverse : memref<20480xf32>, memref<20480xf32>
  tfcrt.scan %m into %m along 0 : memref<200x200xf32>, memref<200x200xf32>
  tfcrt.scan %m into %m along 0 : memref<200x200xf32>, memref<200x200xf32>
  tfcrt.scan %n into %n along 0 : memref<100xf32>, memref<100xf32>
  tfcrt.scan %n into %n along 0 : memref<100xf32>, memref<100xf32>
  return
}

// -----

#id = affine_map<(d0) -> (d0)>

// In one row, what computes much is left to all threads. A load of an element, and memory that may be the same, come between.
// CHECK-LABEL: func.func @between
// CHECK-NOT: scf.for
func.func @between(%p0: !llvm.ptr, %p1: !llvm.ptr, %i: index) -> f32 {
  %v = tfcrt.bind %p0 : !llvm.ptr -> memref<20480xf32>
  %w = tfcrt.bind %p1 : !llvm.ptr -> memref<20480xf32>
  linalg.generic {indexing_maps = [#id], iterator_types = ["parallel"]} outs(%v : memref<20480xf32>) {
  ^bb0(%o: f32):
    %s = math.exp %o : f32
    linalg.yield %s : f32
  }
  tfcrt.scan %v into %v along 0 : memref<20480xf32>, memref<20480xf32>
  %x = memref.load %v[%i] : memref<20480xf32>
  tfcrt.scan %v into %v along 0 : memref<20480xf32>, memref<20480xf32>
  tfcrt.scan %w into %w along 0 : memref<20480xf32>, memref<20480xf32>
  return %x : f32
}

// -----

#id = affine_map<(d0) -> (d0)>
#shift = affine_map<(d0) -> (0)>

// Elements from elsewhere are not there yet.
// CHECK-LABEL: func.func @elsewhere
// CHECK-NOT: scf.for
func.func @elsewhere(%p0: !llvm.ptr) {
  %v = tfcrt.bind %p0 : !llvm.ptr -> memref<20480xf32>
  %a = memref.alloc() : memref<20480xf32>
  tfcrt.scan %v into %v along 0 : memref<20480xf32>, memref<20480xf32>
  linalg.generic {indexing_maps = [#shift, #id], iterator_types = ["parallel"]} ins(%v : memref<20480xf32>) outs(%a : memref<20480xf32>) {
  ^bb0(%i: f32, %o: f32):
    linalg.yield %i : f32
  }
  tfcrt.scan %a into %a along 0 : memref<20480xf32>, memref<20480xf32>
  return
}
