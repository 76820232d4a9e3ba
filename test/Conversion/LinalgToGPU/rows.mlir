// RUN: tfc-opt %s -split-input-file -tfc-linalg-to-gpu -canonicalize | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

// Each thread keeps its element of the row: one load of the input, one store of the result, none of the sum.
// CHECK-LABEL: func @row_in_registers
// CHECK-SAME: %[[X:.*]]: memref<100x256xf32>, %[[Y:.*]]: memref<100x256xf32>
// CHECK-DAG: %[[IN:.*]] = memref.reinterpret_cast %[[X]]
// CHECK-DAG: %[[OUT:.*]] = memref.reinterpret_cast %[[Y]]
// CHECK: gpu.launch
// CHECK: %[[ELEMENT:.*]] = memref.load %[[IN]]
// CHECK-NOT: memref.load %[[IN]]
// CHECK: %[[QUOTIENT:.*]] = arith.divf %[[ELEMENT]], %{{.*}} : f32
// CHECK: memref.store %[[QUOTIENT]], %[[OUT]]
// CHECK-NOT: memref.store
// CHECK: gpu.terminator
func.func @row_in_registers(%x: memref<100x256xf32>, %y: memref<100x256xf32>) {
  %zero = arith.constant 0.0 : f32
  %sum = memref.alloc() : memref<100xf32>
  linalg.fill ins(%zero : f32) outs(%sum : memref<100xf32>)
  linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<100x256xf32>) outs(%sum : memref<100xf32>) {
  ^bb0(%in: f32, %out: f32):
    %s = arith.addf %out, %in fastmath<reassoc> : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x, %sum : memref<100x256xf32>, memref<100xf32>) outs(%y : memref<100x256xf32>) {
  ^bb0(%in: f32, %s: f32, %out: f32):
    %q = arith.divf %in, %s : f32
    linalg.yield %q : f32
  }
  return
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#flip = affine_map<(d0, d1) -> (d0, -d1 + 255)>
#row = affine_map<(d0, d1) -> (d0)>

// What one thread writes another one reads: the row is in memory, behind a barrier.
// CHECK-LABEL: func @crossing_row
// CHECK: memref.store
// CHECK: gpu.barrier
// CHECK: memref.load
func.func @crossing_row(%x: memref<100x256xf32>, %y: memref<100x256xf32>) {
  %t = memref.alloc() : memref<100x256xf32>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<100x256xf32>) outs(%t : memref<100x256xf32>) {
  ^bb0(%in: f32, %out: f32):
    %s = arith.addf %in, %in : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [#flip, #id], iterator_types = ["parallel", "parallel"]}
      ins(%t : memref<100x256xf32>) outs(%y : memref<100x256xf32>) {
  ^bb0(%in: f32, %out: f32):
    linalg.yield %in : f32
  }
  return
}
