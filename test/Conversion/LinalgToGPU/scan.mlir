// RUN: tfc-opt %s -tfc-linalg-to-gpu | FileCheck %s --check-prefixes=CHECK,TREE
// RUN: tfc-opt %s -tfc-linalg-to-gpu=reassociate=false | FileCheck %s --check-prefixes=CHECK,ORDER

// A block for each row, that goes from chunk to chunk; in strict order, a thread.
// CHECK: tfc.kernels = [{{.*}}kind = "scan
// CHECK-LABEL: func @rows
// TREE-COUNT-1: gpu.launch blocks
// TREE: gpu.barrier
// ORDER-NOT: gpu.barrier
func.func @rows(%x: memref<100x300xf32>, %y: memref<100x300xf32>) {
  tfcrt.scan %x into %y along 1 : memref<100x300xf32>, memref<100x300xf32>
  return
}

// Integers have no order that matters; pieces of a long row are the sums of each, a scan of these, and the rest.
// CHECK-LABEL: func @long_row
// CHECK-COUNT-3: gpu.launch blocks
func.func @long_row(%x: memref<100000xi32>, %y: memref<100000xi32>) {
  tfcrt.scan %x into %y along 0 exclusive reverse : memref<100000xi32>, memref<100000xi32>
  return
}

// Many rows across memory: a thread each.
// CHECK-LABEL: func @columns
// CHECK: gpu.launch blocks
// CHECK-NOT: gpu.barrier
// CHECK: return
func.func @columns(%x: memref<100x4096xf32>, %y: memref<100x4096xf32>) {
  tfcrt.scan %x into %y along 0 product : memref<100x4096xf32>, memref<100x4096xf32>
  return
}
