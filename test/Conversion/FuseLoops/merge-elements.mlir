// RUN: tfc-opt %s --tfc-fuse-loops -split-input-file | FileCheck %s

#id = affine_map<(d0) -> (d0)>

// What one loop stores for the other is a value of its body, and the buffer between them is gone.
// CHECK-LABEL: @value_and_slope
// CHECK-NOT:     memref.alloc
// CHECK:         linalg.generic {{.*}} ins(%[[X:.*]] : memref<8192xf32>) outs(%{{.*}}, %{{.*}} : memref<8192xf32>, memref<8192xf32>)
// CHECK-NEXT:    ^bb0(%[[A:.*]]: f32, %{{.*}}: f32, %{{.*}}: f32):
// CHECK-NEXT:      %[[E:.*]] = math.exp %[[A]]
// CHECK-NEXT:      %[[V:.*]] = arith.mulf %[[E]], %[[A]]
// CHECK-NEXT:      %[[S:.*]] = arith.addf %[[E]], %[[V]]
// CHECK-NEXT:      linalg.yield %[[V]], %[[S]]
// CHECK-NOT:     linalg.generic
func.func @value_and_slope(%p: !llvm.ptr, %q: !llvm.ptr, %r: !llvm.ptr) {
  %x = tfcrt.bind %p : !llvm.ptr -> memref<8192xf32>
  %value = tfcrt.bind %q {result} : !llvm.ptr -> memref<8192xf32>
  %slope = tfcrt.bind %r {result} : !llvm.ptr -> memref<8192xf32>
  %between = memref.alloc() : memref<8192xf32>
  linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]}
      ins(%x : memref<8192xf32>) outs(%value, %between : memref<8192xf32>, memref<8192xf32>) {
  ^bb0(%a: f32, %o: f32, %u: f32):
    %e = math.exp %a : f32
    %v = arith.mulf %e, %a : f32
    linalg.yield %v, %e : f32, f32
  }
  linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]}
      ins(%value, %between : memref<8192xf32>, memref<8192xf32>) outs(%slope : memref<8192xf32>) {
  ^bb0(%v: f32, %e: f32, %o: f32):
    %s = arith.addf %e, %v : f32
    linalg.yield %s : f32
  }
  return
}

// -----

#id = affine_map<(d0) -> (d0)>

// A buffer that is worked on in place: what is read before it is written is what was there.
// CHECK-LABEL: @in_place
// CHECK:         linalg.generic {{.*}} outs(%{{.*}}, %{{.*}} : memref<8192xf32>, memref<8192xf32>)
// CHECK-NEXT:    ^bb0(%[[V:.*]]: f32, %[[W:.*]]: f32):
// CHECK-NEXT:      %[[ONCE:.*]] = arith.addf %[[V]], %[[V]]
// CHECK-NEXT:      %[[SUM:.*]] = arith.mulf %[[W]], %[[ONCE]]
// CHECK-NEXT:      %[[TWICE:.*]] = arith.addf %[[ONCE]], %[[SUM]]
// CHECK-NEXT:      linalg.yield %[[TWICE]], %[[SUM]]
func.func @in_place(%p: !llvm.ptr, %q: !llvm.ptr) {
  %v = tfcrt.bind %p : !llvm.ptr -> memref<8192xf32>
  %w = tfcrt.bind %q : !llvm.ptr -> memref<8192xf32>
  linalg.generic {indexing_maps = [#id], iterator_types = ["parallel"]} outs(%v : memref<8192xf32>) {
  ^bb0(%a: f32):
    %0 = arith.addf %a, %a : f32
    linalg.yield %0 : f32
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%v : memref<8192xf32>) outs(%w : memref<8192xf32>) {
  ^bb0(%a: f32, %b: f32):
    %0 = arith.mulf %b, %a : f32
    linalg.yield %0 : f32
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%w : memref<8192xf32>) outs(%v : memref<8192xf32>) {
  ^bb0(%a: f32, %b: f32):
    %0 = arith.addf %b, %a : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

#id = affine_map<(d0) -> (d0)>
#back = affine_map<(d0) -> (-d0 + 8191)>

// Elements in another order are those of other iterations.
// CHECK-LABEL: @backwards
// CHECK:         linalg.generic
// CHECK:         linalg.generic
func.func @backwards(%p: !llvm.ptr, %q: !llvm.ptr, %r: !llvm.ptr) {
  %x = tfcrt.bind %p : !llvm.ptr -> memref<8192xf32>
  %y = tfcrt.bind %q {result} : !llvm.ptr -> memref<8192xf32>
  %z = tfcrt.bind %r {result} : !llvm.ptr -> memref<8192xf32>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : memref<8192xf32>) outs(%y : memref<8192xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.addf %a, %a : f32
    linalg.yield %0 : f32
  }
  linalg.generic {indexing_maps = [#id, #back, #id], iterator_types = ["parallel"]}
      ins(%x, %y : memref<8192xf32>, memref<8192xf32>) outs(%z : memref<8192xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.mulf %a, %b : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

#id = affine_map<(d0) -> (d0)>

// What a body looks up may be any element that the other op writes.
// CHECK-LABEL: @looked_up
// CHECK:         linalg.generic
// CHECK:         linalg.generic
func.func @looked_up(%p: !llvm.ptr, %q: !llvm.ptr, %r: !llvm.ptr) {
  %at = tfcrt.bind %p : !llvm.ptr -> memref<8192xi32>
  %table = tfcrt.bind %q {result} : !llvm.ptr -> memref<8192xi32>
  %z = tfcrt.bind %r {result} : !llvm.ptr -> memref<8192xi32>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%at : memref<8192xi32>) outs(%table : memref<8192xi32>) {
  ^bb0(%a: i32, %o: i32):
    %0 = arith.addi %a, %a : i32
    linalg.yield %0 : i32
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%at : memref<8192xi32>) outs(%z : memref<8192xi32>) {
  ^bb0(%a: i32, %o: i32):
    %0 = arith.index_cast %a : i32 to index
    %1 = memref.load %table[%0] : memref<8192xi32>
    linalg.yield %1 : i32
  }
  return
}
