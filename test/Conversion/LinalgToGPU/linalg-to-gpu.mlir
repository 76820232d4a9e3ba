// RUN: tfc-opt %s -split-input-file -tfc-linalg-to-gpu -canonicalize | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

// Rows are too long for registers: one block each, the sum as a tree, the temporary in shared memory.
// CHECK-LABEL: func @row_group
// CHECK: gpu.launch blocks(%[[ROW:[a-z0-9_]*]], {{.*}}) in (%{{.*}} = %[[ROWS:.*]], {{.*}}) threads
// CHECK-SAME: workgroup(%{{.*}} : memref<1xf32, #gpu.address_space<workgroup>>, %{{.*}} : memref<256xf32, #gpu.address_space<workgroup>>)
// CHECK: gpu.barrier
// CHECK-NOT: gpu.launch blocks
func.func @row_group(%x: memref<100x30000xf32>, %y: memref<100x30000xf32>) {
  %zero = arith.constant 0.0 : f32
  %sum = memref.alloc() : memref<100xf32>
  linalg.fill ins(%zero : f32) outs(%sum : memref<100xf32>)
  linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<100x30000xf32>) outs(%sum : memref<100xf32>) {
  ^bb0(%in: f32, %out: f32):
    %s = arith.addf %out, %in fastmath<reassoc> : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x, %sum : memref<100x30000xf32>, memref<100xf32>) outs(%y : memref<100x30000xf32>) {
  ^bb0(%in: f32, %s: f32, %out: f32):
    %q = arith.divf %in, %s : f32
    linalg.yield %q : f32
  }
  return
}

// -----

#id = affine_map<(d0) -> (d0)>

// A thread for each element; ops on the same elements share the kernel.
// CHECK-LABEL: func @elements
// CHECK: gpu.launch
// CHECK-NOT: gpu.barrier
// CHECK-NOT: gpu.launch blocks
func.func @elements(%x: memref<5000xf32>, %y: memref<5000xf32>, %z: memref<5000xf32>) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : memref<5000xf32>) outs(%y : memref<5000xf32>) {
  ^bb0(%in: f32, %out: f32):
    %s = arith.addf %in, %in : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%y : memref<5000xf32>) outs(%z : memref<5000xf32>) {
  ^bb0(%in: f32, %out: f32):
    %s = arith.mulf %in, %in : f32
    linalg.yield %s : f32
  }
  return
}

// -----

#id = affine_map<(d0) -> (d0)>
#flip = affine_map<(d0) -> (-d0 + 99999)>

// What one element writes and another reads needs all of the first op: two kernels.
// CHECK-LABEL: func @crossing
// CHECK-COUNT-2: gpu.launch blocks
func.func @crossing(%x: memref<100000xf32>, %y: memref<100000xf32>, %z: memref<100000xf32>) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : memref<100000xf32>) outs(%y : memref<100000xf32>) {
  ^bb0(%in: f32, %out: f32):
    %s = arith.addf %in, %in : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [#flip, #id], iterator_types = ["parallel"]} ins(%y : memref<100000xf32>) outs(%z : memref<100000xf32>) {
  ^bb0(%in: f32, %out: f32):
    linalg.yield %in : f32
  }
  return
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>

// Tiles through shared memory; the fill before and the element-wise op after are part of the kernel.
// CHECK-LABEL: func @product
// CHECK: gpu.launch
// CHECK-SAME: memref<1024xf32, #gpu.address_space<workgroup>>, %{{.*}} : memref<1024xf32, #gpu.address_space<workgroup>>
// CHECK: scf.for
// CHECK: gpu.barrier
// CHECK: scf.for
// CHECK: gpu.barrier
// CHECK: math.tanh
// CHECK-NOT: gpu.launch blocks
// CHECK-NOT: linalg.
func.func @product(%a: memref<128x64xf32>, %b: memref<64x128xf32>, %c: memref<128x128xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%c : memref<128x128xf32>)
  linalg.matmul ins(%a, %b : memref<128x64xf32>, memref<64x128xf32>) outs(%c : memref<128x128xf32>)
  linalg.generic {indexing_maps = [#id], iterator_types = ["parallel", "parallel"]} outs(%c : memref<128x128xf32>) {
  ^bb0(%out: f32):
    %t = math.tanh %out : f32
    linalg.yield %t : f32
  }
  return
}

// -----

#id = affine_map<(d0) -> (d0)>

// A sum in another order is another sum: without `reassoc`, one thread does it.
// CHECK-LABEL: func @ordered_sum
// CHECK: gpu.launch
// CHECK-NOT: workgroup(
// CHECK: scf.for
// CHECK-NOT: gpu.barrier
func.func @ordered_sum(%x: memref<4096xf32>, %y: memref<f32>) {
  linalg.generic {indexing_maps = [#id, affine_map<(d0) -> ()>], iterator_types = ["reduction"]} ins(%x : memref<4096xf32>) outs(%y : memref<f32>) {
  ^bb0(%in: f32, %out: f32):
    %s = arith.addf %out, %in : f32
    linalg.yield %s : f32
  }
  return
}

// -----

#id = affine_map<(d0) -> (d0)>

// CHECK: module attributes {tfc.host = [{loc = {{.*}}, op = "linalg.generic", why = "math.sin has no f64 form on the device"}]
// CHECK-LABEL: func @refused
// CHECK: linalg.generic
func.func @refused(%x: memref<8xf64>) {
  linalg.generic {indexing_maps = [#id], iterator_types = ["parallel"]} outs(%x : memref<8xf64>) {
  ^bb0(%out: f64):
    %s = math.sin %out : f64
    linalg.yield %s : f64
  }
  return
}

// -----

#id = affine_map<(d0) -> (d0)>

// A sum to one point is made by many blocks: one partial sum each, then the sum of those; the fill is in the second kernel.
// CHECK-LABEL: func @sum_of_all
// CHECK: %[[PARTS:.*]] = memref.alloc() : memref<128xf32>
// CHECK: gpu.launch
// CHECK: memref.store %{{.*}}, %[[PARTS]]
// CHECK: gpu.launch
// CHECK: memref.load %[[PARTS]]
// CHECK-NOT: gpu.launch blocks
func.func @sum_of_all(%x: memref<262144xf32>, %y: memref<f32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%y : memref<f32>)
  linalg.generic {indexing_maps = [#id, affine_map<(d0) -> ()>], iterator_types = ["reduction"]} ins(%x : memref<262144xf32>) outs(%y : memref<f32>) {
  ^bb0(%in: f32, %out: f32):
    %s = arith.addf %out, %in fastmath<reassoc> : f32
    linalg.yield %s : f32
  }
  return
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>

// Views of one buffer of unknown size are one argument: drivers may take two for different memory.
// CHECK-LABEL: func @views_of_one_buffer
// CHECK-COUNT-1: memref.reinterpret_cast
// CHECK-NOT: memref.reinterpret_cast
func.func @views_of_one_buffer(%n: index) {
  %x = memref.alloc(%n) : memref<?x8xf32>
  %a = memref.cast %x : memref<?x8xf32> to memref<4x8xf32>
  linalg.generic {indexing_maps = [#id], iterator_types = ["parallel", "parallel"]} outs(%a : memref<4x8xf32>) {
  ^bb0(%out: f32):
    %s = arith.addf %out, %out : f32
    linalg.yield %s : f32
  }
  %b = memref.subview %x[0, 0] [4, 8] [1, 1] : memref<?x8xf32> to memref<4x8xf32, strided<[8, 1]>>
  linalg.generic {indexing_maps = [#id], iterator_types = ["parallel", "parallel"]} outs(%b : memref<4x8xf32, strided<[8, 1]>>) {
  ^bb0(%out: f32):
    %s = arith.mulf %out, %out : f32
    linalg.yield %s : f32
  }
  return
}

// -----

#id = affine_map<(d0) -> (d0)>

// A group that was refused before is tried op by op (0: the group of op 0), and what was refused alone (3: op 1) stays.
// CHECK: module attributes {tfc.host = [{loc = {{.*}}, op = "linalg.generic", why = "no kernel: it failed"}]
// CHECK-LABEL: func @refused_before
// CHECK: gpu.launch
// CHECK: linalg.generic
// CHECK-NOT: gpu.launch
module attributes {tfc.refused = [{group = 0 : i64, why = "no kernel: it failed"}, {group = 3 : i64, why = "no kernel: it failed"}]} {
func.func @refused_before(%x: memref<8xf32>) {
  linalg.generic {indexing_maps = [#id], iterator_types = ["parallel"]} outs(%x : memref<8xf32>) {
  ^bb0(%out: f32):
    %s = arith.addf %out, %out : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [#id], iterator_types = ["parallel"]} outs(%x : memref<8xf32>) {
  ^bb0(%out: f32):
    %s = arith.mulf %out, %out : f32
    linalg.yield %s : f32
  }
  return
}
}
