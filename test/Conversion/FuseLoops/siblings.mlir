// RUN: tfc-opt %s --tfc-fuse-loops -split-input-file | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>

// Two ops that read one large buffer do so in one loop over its rows, though neither needs the other.
// CHECK-LABEL: @siblings
// CHECK: scf.for
// CHECK: linalg.generic {{.*}} ["parallel"]
// CHECK: arith.addf
// CHECK: linalg.generic {{.*}} ["parallel"]
// CHECK: arith.mulf
// CHECK-NOT: scf.for
func.func @siblings(%x_pointer: !llvm.ptr) -> (memref<256x128xf32>, memref<256x128xf32>) {
  %x = tfcrt.bind %x_pointer : !llvm.ptr -> memref<256x128xf32>
  %y = memref.alloc() : memref<256x128xf32>
  %z = memref.alloc() : memref<256x128xf32>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<256x128xf32>) outs(%y : memref<256x128xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.addf %a, %a : f32
    linalg.yield %r : f32
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<256x128xf32>) outs(%z : memref<256x128xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.mulf %a, %a : f32
    linalg.yield %r : f32
  }
  return %y, %z : memref<256x128xf32>, memref<256x128xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

// A row that was looked up is summed before the next one is: no buffer holds all of them.
// CHECK-LABEL: @gathered
// CHECK-NOT: memref<256x128xf32>
// CHECK: %[[ROW:.*]] = memref.alloc() : memref<128xf32>
// CHECK: scf.for
// CHECK: linalg.generic {{.*}} outs(%[[ROW]]
// CHECK: linalg.generic {{.*}} ["reduction"]{{.*}} ins(%[[ROW]]
func.func @gathered(%table_pointer: !llvm.ptr, %at_pointer: !llvm.ptr) -> memref<256xf32> {
  %table = tfcrt.bind %table_pointer : !llvm.ptr -> memref<1000x128xf32>
  %at = tfcrt.bind %at_pointer : !llvm.ptr -> memref<256xi32>
  %rows = memref.alloc() : memref<256x128xf32>
  %sums = memref.alloc() : memref<256xf32>
  linalg.generic {indexing_maps = [#id], iterator_types = ["parallel", "parallel"]} outs(%rows : memref<256x128xf32>) {
  ^bb0(%o: f32):
    %i = linalg.index 0 : index
    %j = linalg.index 1 : index
    %n = memref.load %at[%i] : memref<256xi32>
    %k = arith.index_cast %n : i32 to index
    %r = memref.load %table[%k, %j] : memref<1000x128xf32>
    linalg.yield %r : f32
  }
  linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%rows : memref<256x128xf32>) outs(%sums : memref<256xf32>) {
  ^bb0(%a: f32, %s: f32):
    %r = arith.addf %s, %a : f32
    linalg.yield %r : f32
  }
  return %sums : memref<256xf32>
}
