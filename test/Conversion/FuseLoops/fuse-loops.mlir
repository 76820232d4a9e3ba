// RUN: tfc-opt %s --tfc-fuse-loops -split-input-file | FileCheck %s

#rows = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

// Sums of rows and what is made of them share the loop over rows; the sums shrink to one element.
// CHECK-LABEL: @rows
// CHECK: tfcrt.parallel
// CHECK: memref.alloc() : memref<f32>
// CHECK: scf.for
// CHECK: linalg.fill {{.*}} memref<f32>
// CHECK: linalg.generic {{.*}} ["reduction"]
// CHECK: linalg.generic {{.*}} ["parallel"]
// CHECK-NOT: linalg.generic
func.func @rows(%x_pointer: !llvm.ptr, %r_pointer: !llvm.ptr) {
  %x = tfcrt.bind %x_pointer : !llvm.ptr -> memref<4096x1024xf32>
  %r = tfcrt.bind %r_pointer : !llvm.ptr -> memref<4096x1024xf32>
  %zero = arith.constant 0.0 : f32
  %sum = memref.alloc() : memref<4096xf32>
  linalg.fill ins(%zero : f32) outs(%sum : memref<4096xf32>)
  linalg.generic {indexing_maps = [#rows, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<4096x1024xf32>) outs(%sum : memref<4096xf32>) {
  ^bb0(%a: f32, %acc: f32):
    %s = arith.addf %acc, %a : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [#rows, #row, #rows], iterator_types = ["parallel", "parallel"]}
      ins(%x, %sum : memref<4096x1024xf32>, memref<4096xf32>) outs(%r : memref<4096x1024xf32>) {
  ^bb0(%a: f32, %s: f32, %out: f32):
    %q = arith.divf %a, %s : f32
    linalg.yield %q : f32
  }
  return
}

// -----

#rows = affine_map<(d0, d1) -> (d0, d1)>
#column = affine_map<(d0, d1) -> (d1)>

// Sums of columns are not known before the last row.
// CHECK-LABEL: @columns
// CHECK-NOT: scf.for
func.func @columns(%x_pointer: !llvm.ptr, %sum_pointer: !llvm.ptr, %r_pointer: !llvm.ptr) {
  %x = tfcrt.bind %x_pointer : !llvm.ptr -> memref<4096x1024xf32>
  %sum = tfcrt.bind %sum_pointer : !llvm.ptr -> memref<1024xf32>
  %r = tfcrt.bind %r_pointer : !llvm.ptr -> memref<4096x1024xf32>
  linalg.generic {indexing_maps = [#rows, #column], iterator_types = ["reduction", "parallel"]}
      ins(%x : memref<4096x1024xf32>) outs(%sum : memref<1024xf32>) {
  ^bb0(%a: f32, %acc: f32):
    %s = arith.addf %acc, %a : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [#rows, #column, #rows], iterator_types = ["parallel", "parallel"]}
      ins(%x, %sum : memref<4096x1024xf32>, memref<1024xf32>) outs(%r : memref<4096x1024xf32>) {
  ^bb0(%a: f32, %s: f32, %out: f32):
    %q = arith.divf %a, %s : f32
    linalg.yield %q : f32
  }
  return
}

// -----

#rows = affine_map<(d0, d1) -> (d0, d1)>
#across = affine_map<(d0, d1) -> (d1, d0)>

// One op reads across the rows that the other writes.
// CHECK-LABEL: @across
// CHECK-NOT: scf.for
func.func @across(%x_pointer: !llvm.ptr, %y_pointer: !llvm.ptr, %r_pointer: !llvm.ptr) {
  %x = tfcrt.bind %x_pointer : !llvm.ptr -> memref<512x512xf32>
  %y = tfcrt.bind %y_pointer : !llvm.ptr -> memref<512x512xf32>
  %r = tfcrt.bind %r_pointer : !llvm.ptr -> memref<512x512xf32>
  linalg.generic {indexing_maps = [#rows, #rows], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<512x512xf32>) outs(%y : memref<512x512xf32>) {
  ^bb0(%a: f32, %out: f32):
    %s = arith.addf %a, %a : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [#across, #rows], iterator_types = ["parallel", "parallel"]}
      ins(%y : memref<512x512xf32>) outs(%r : memref<512x512xf32>) {
  ^bb0(%a: f32, %out: f32):
    %s = arith.mulf %a, %a : f32
    linalg.yield %s : f32
  }
  return
}

// -----

#rows = affine_map<(d0, d1) -> (d0, d1)>

// What is in between would see the rows too early.
// CHECK-LABEL: @between
// CHECK: linalg.generic
// CHECK: memref.load
// CHECK: linalg.generic
// CHECK-NOT: scf.for
func.func @between(%x_pointer: !llvm.ptr, %y_pointer: !llvm.ptr, %i: index) -> f32 {
  %x = tfcrt.bind %x_pointer : !llvm.ptr -> memref<512x512xf32>
  %y = tfcrt.bind %y_pointer : !llvm.ptr -> memref<512x512xf32>
  linalg.generic {indexing_maps = [#rows, #rows], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<512x512xf32>) outs(%y : memref<512x512xf32>) {
  ^bb0(%a: f32, %out: f32):
    %s = arith.addf %a, %a : f32
    linalg.yield %s : f32
  }
  %e = memref.load %y[%i, %i] : memref<512x512xf32>
  linalg.generic {indexing_maps = [#rows], iterator_types = ["parallel", "parallel"]}
      outs(%y : memref<512x512xf32>) {
  ^bb0(%out: f32):
    %s = arith.mulf %out, %e : f32
    linalg.yield %s : f32
  }
  return %e : f32
}

// -----

#rows = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

// Rows that are looked up may be any of those that the other op writes.
// CHECK-LABEL: @looked_up
// CHECK-NOT: scf.for
func.func @looked_up(%x_pointer: !llvm.ptr, %y_pointer: !llvm.ptr, %i_pointer: !llvm.ptr, %r_pointer: !llvm.ptr) {
  %x = tfcrt.bind %x_pointer : !llvm.ptr -> memref<512x512xf32>
  %y = tfcrt.bind %y_pointer : !llvm.ptr -> memref<512x512xf32>
  %at = tfcrt.bind %i_pointer : !llvm.ptr -> memref<512xi64>
  %r = tfcrt.bind %r_pointer : !llvm.ptr -> memref<512x512xf32>
  linalg.generic {indexing_maps = [#rows, #rows], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<512x512xf32>) outs(%y : memref<512x512xf32>) {
  ^bb0(%a: f32, %out: f32):
    %s = arith.addf %a, %a : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [#rows, #row, #rows], iterator_types = ["parallel", "parallel"]}
      ins(%x, %at : memref<512x512xf32>, memref<512xi64>) outs(%r : memref<512x512xf32>) {
  ^bb0(%a: f32, %i: i64, %out: f32):
    %row = arith.index_cast %i : i64 to index
    %j = linalg.index 1 : index
    %e = memref.load %y[%row, %j] : memref<512x512xf32>
    %s = arith.mulf %a, %e : f32
    linalg.yield %s : f32
  }
  return
}

// -----

// Rows of one matrix at the indices of two loops are different rows.

// CHECK-LABEL: @rows_with_each_other
// CHECK:       %[[X:.*]] = tfcrt.bind %arg0
// CHECK:       scf.for %[[N:.*]] =
// CHECK-DAG:   %[[J:.*]] = arith.remui %[[N]]
// CHECK-DAG:   %[[I:.*]] = arith.divui %[[N]]
// CHECK:       %[[LEFT:.*]] = memref.subview %[[X]][%[[I]], 0] [1, 64]
// CHECK:       %[[RIGHT:.*]] = memref.subview %[[X]][%[[J]], 0] [1, 64]
// CHECK:       linalg.generic {{.*}} ins(%[[LEFT]], %[[RIGHT]] :
func.func @rows_with_each_other(%x_pointer: !llvm.ptr, %z_pointer: !llvm.ptr) {
  %x = tfcrt.bind %x_pointer : !llvm.ptr -> memref<64x64xi32>
  %z = tfcrt.bind %z_pointer : !llvm.ptr -> memref<64x64xi32>
  %zero = arith.constant 0 : i32
  linalg.fill ins(%zero : i32) outs(%z : memref<64x64xi32>)
  linalg.generic {indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (j, k)>, affine_map<(i, j, k) -> (i, j)>],
                  iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %x : memref<64x64xi32>, memref<64x64xi32>) outs(%z : memref<64x64xi32>) {
  ^bb0(%a: i32, %b: i32, %c: i32):
    %d = arith.subi %a, %b : i32
    %e = arith.maxsi %c, %d : i32
    linalg.yield %e : i32
  }
  return
}

// -----

#first = affine_map<(d0, d1, d2) -> (d2, d1)>
#second = affine_map<(d0, d1, d2) -> (d0, d2)>
#pair = affine_map<(d0, d1, d2) -> (d0, d1)>
#id = affine_map<(d0, d1) -> (d0, d1)>

// Sums of the squares of differences are no product: a row of distances of all pairs is used up before the next. That the
// fill before them has nothing in common with what was before it does not matter.
// CHECK-LABEL: @distances
// CHECK-NOT: memref.alloc() : memref<256x256xf32>
// CHECK: %[[ROW:.*]] = memref.alloc() : memref<256xf32>
// CHECK: scf.for
// CHECK: linalg.fill {{.*}} outs(%[[ROW]]
// CHECK: linalg.generic {{.*}} ["parallel", "reduction"]{{.*}} outs(%[[ROW]]
// CHECK: linalg.generic {{.*}} ins(%[[ROW]]
func.func @distances(%x_pointer: !llvm.ptr, %r_pointer: !llvm.ptr) {
  %zero = arith.constant 0.0 : f32
  %x = tfcrt.bind %x_pointer : !llvm.ptr -> memref<256x3xf32>
  %r = tfcrt.bind %r_pointer : !llvm.ptr -> memref<256x512xf32>
  %half = memref.subview %r[0, 0] [256, 256] [1, 1] : memref<256x512xf32> to memref<256x256xf32, strided<[512, 1]>>
  %planes = memref.alloc() : memref<3x256xf32>
  linalg.generic {indexing_maps = [#id, affine_map<(d0, d1) -> (d1, d0)>], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<256x3xf32>) outs(%planes : memref<3x256xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  }
  %square = memref.alloc() : memref<256x256xf32>
  linalg.fill ins(%zero : f32) outs(%square : memref<256x256xf32>)
  linalg.generic {indexing_maps = [#first, #second, #pair], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%planes, %x : memref<3x256xf32>, memref<256x3xf32>) outs(%square : memref<256x256xf32>) {
  ^bb0(%a: f32, %b: f32, %s: f32):
    %d = arith.subf %a, %b : f32
    %p = arith.mulf %d, %d : f32
    %t = arith.addf %s, %p : f32
    linalg.yield %t : f32
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%square : memref<256x256xf32>) outs(%half : memref<256x256xf32, strided<[512, 1]>>) {
  ^bb0(%a: f32, %o: f32):
    %q = math.sqrt %a : f32
    linalg.yield %q : f32
  }
  return
}
