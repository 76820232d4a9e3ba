// RUN: tfc-opt %s -split-input-file -tfc-share-groups | FileCheck %s
// RUN: tfc-opt %s -split-input-file -tfc-share-groups -tfc-lower-contractions | FileCheck %s --check-prefix=KERNEL

// A product with its fill and epilogue is one group; the sums of which nobody else knows move along.
// CHECK-LABEL: func.func @layers
// CHECK-NOT: memref.alloc() : memref<4x16xf32>
// CHECK-NOT: linalg.
// CHECK: call @tfc.group.0(%[[X:.*]], %[[V:.*]], %[[Y:.*]]) :
// CHECK: call @tfc.group.0(%[[Y]], %[[W:.*]], %[[X]]) :
// CHECK: func.func private @tfc.group.0(%[[LEFT:.*]]: memref<4x16xf32> {tfc.distinct}, %[[RIGHT:.*]]: memref<16x16xf32> {tfc.distinct}, %[[TO:.*]]: memref<4x16xf32> {tfc.distinct})
// CHECK-SAME: tfc.group
// CHECK: %[[SUMS:.*]] = memref.alloc() : memref<4x16xf32>
// CHECK: linalg.fill {{.*}} outs(%[[SUMS]]
// CHECK: linalg.matmul ins(%[[LEFT]], %[[RIGHT]] {{.*}} outs(%[[SUMS]]
// CHECK: linalg.generic {{.*}} ins(%[[SUMS]] {{.*}} outs(%[[TO]]

// It is lowered as each of them would be: buffers are known to be distinct.
// KERNEL: func.func private @tfc.group.0
// KERNEL-NOT: memref.alloc
// KERNEL-NOT: linalg.
// KERNEL: arith.maximumf
// KERNEL: vector.store
#id = affine_map<(i, j) -> (i, j)>
func.func @layers(%px: !llvm.ptr {llvm.noalias}, %pv: !llvm.ptr {llvm.noalias}, %pw: !llvm.ptr {llvm.noalias},
                  %py: !llvm.ptr {llvm.noalias}) {
  %zero = arith.constant 0.0 : f32
  %x = tfcrt.bind %px : !llvm.ptr -> memref<4x16xf32>
  %v = tfcrt.bind %pv : !llvm.ptr -> memref<16x16xf32>
  %w = tfcrt.bind %pw : !llvm.ptr -> memref<16x16xf32>
  %y = tfcrt.bind %py : !llvm.ptr -> memref<4x16xf32>
  %t = memref.alloc() : memref<4x16xf32>
  linalg.fill ins(%zero : f32) outs(%t : memref<4x16xf32>)
  linalg.matmul ins(%x, %v : memref<4x16xf32>, memref<16x16xf32>) outs(%t : memref<4x16xf32>)
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%t : memref<4x16xf32>) outs(%y : memref<4x16xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = arith.maximumf %a, %zero : f32
    linalg.yield %m : f32
  }
  %u = memref.alloc() : memref<4x16xf32>
  linalg.fill ins(%zero : f32) outs(%u : memref<4x16xf32>)
  linalg.matmul ins(%y, %w : memref<4x16xf32>, memref<16x16xf32>) outs(%u : memref<4x16xf32>)
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%u : memref<4x16xf32>) outs(%x : memref<4x16xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = arith.maximumf %a, %zero : f32
    linalg.yield %m : f32
  }
  return
}

// -----

// Buffers that may share memory are told apart by nobody in a function.
// CHECK-LABEL: func.func @aliases
// CHECK-NOT: call
// CHECK-COUNT-2: linalg.generic
#id = affine_map<(i) -> (i)>
func.func @aliases(%a: memref<8xf32>, %b: memref<8xf32>) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%a : memref<8xf32>) outs(%b : memref<8xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = arith.addf %x, %x : f32
    linalg.yield %y : f32
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%b : memref<8xf32>) outs(%a : memref<8xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = arith.addf %x, %x : f32
    linalg.yield %y : f32
  }
  return
}

// -----

// Nor are those of a loop, what it does not change being made before it, nor a product whose right operand is a
// constant, which is kept as panels.
// CHECK-LABEL: func.func @around
// CHECK-NOT: call
memref.global "private" constant @weights : memref<8x8xf32> = dense<1.0>
func.func @around(%px: !llvm.ptr {llvm.noalias}, %py: !llvm.ptr {llvm.noalias}, %pw: !llvm.ptr {llvm.noalias}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %x = tfcrt.bind %px : !llvm.ptr -> memref<8x8xf32>
  %y = tfcrt.bind %py : !llvm.ptr -> memref<8x8xf32>
  %w = tfcrt.bind %pw : !llvm.ptr -> memref<8x8xf32>
  scf.for %i = %c0 to %c8 step %c1 {
    linalg.matmul ins(%x, %w : memref<8x8xf32>, memref<8x8xf32>) outs(%y : memref<8x8xf32>)
    memref.copy %y, %x : memref<8x8xf32> to memref<8x8xf32>
    linalg.matmul ins(%x, %w : memref<8x8xf32>, memref<8x8xf32>) outs(%y : memref<8x8xf32>)
  }
  %constant = memref.get_global @weights : memref<8x8xf32>
  linalg.matmul ins(%x, %constant : memref<8x8xf32>, memref<8x8xf32>) outs(%y : memref<8x8xf32>)
  linalg.matmul ins(%y, %constant : memref<8x8xf32>, memref<8x8xf32>) outs(%x : memref<8x8xf32>)
  return
}
