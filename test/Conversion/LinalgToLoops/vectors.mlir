// RUN: tfc-opt %s --tfc-linalg-to-loops="vector-bits=512" -split-input-file | FileCheck %s --check-prefixes=CHECK,MASK
// RUN: tfc-opt %s --tfc-linalg-to-loops="vector-bits=128" -split-input-file | FileCheck %s --check-prefixes=CHECK,SMALL

// What is left of a loop is done in smaller vectors.
// CHECK-LABEL: @rest_in_smaller_vectors
// MASK: vector.load {{.*}} vector<8xf32>
// MASK: vector.load {{.*}} vector<2xf32>
// SMALL: vector.load {{.*}} vector<4xf32>
// SMALL: vector.load {{.*}} vector<2xf32>
// CHECK-NOT: tfc.scalar_loops
func.func @rest_in_smaller_vectors(%a: memref<10xf32>, %r: memref<10xf32>) {
  linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]}
      ins(%a : memref<10xf32>) outs(%r : memref<10xf32>) {
  ^bb0(%x: f32, %out: f32):
    %s = arith.addf %x, %x : f32
    linalg.yield %s : f32
  }
  return
}

// -----

// Of a loop of unknown length the rest is masked, where masks cost nothing, else done one by one.
// CHECK-LABEL: @unknown_length
// MASK: vector.maskedload
// MASK: vector.maskedstore
// SMALL: memref.load
// SMALL: tfc.remainder
func.func @unknown_length(%a: memref<?xf32>, %r: memref<?xf32>) {
  linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]}
      ins(%a : memref<?xf32>) outs(%r : memref<?xf32>) {
  ^bb0(%x: f32, %out: f32):
    %s = arith.addf %x, %x : f32
    linalg.yield %s : f32
  }
  return
}

// -----

// A sum in any order keeps eight vectors of partial results.
// CHECK-LABEL: @sum
// CHECK: scf.for {{.*}} -> (vector<[[N:[0-9]+]]xf32>, vector<[[N]]xf32>, vector<[[N]]xf32>, vector<[[N]]xf32>, vector<[[N]]xf32>, vector<[[N]]xf32>, vector<[[N]]xf32>, vector<[[N]]xf32>, f32)
// CHECK: vector.reduction <add>
func.func @sum(%a: memref<4096xf32>, %r: memref<f32>) {
  linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> ()>], iterator_types = ["reduction"]}
      ins(%a : memref<4096xf32>) outs(%r : memref<f32>) {
  ^bb0(%x: f32, %acc: f32):
    %s = arith.addf %acc, %x fastmath<reassoc> : f32
    linalg.yield %s : f32
  }
  return
}

// -----

// A long sum adds blocks of 32 additions each, and keeps what rounding takes away; one in strict order does not.
// CHECK-LABEL: @long_sum
// CHECK: scf.for {{.*}} iter_args({{.*}}) -> (vector<[[N:[0-9]+]]xf32>, vector<[[N]]xf32>) {
// CHECK: scf.for {{.*}} -> (vector<[[N]]xf32>, {{.*}}f32)
// CHECK: vector.insert
// CHECK-NEXT: %[[BLOCK:.+]] = arith.addf
// CHECK-NEXT: %[[TOTAL:.+]] = arith.addf %[[BEFORE:.+]], %[[BLOCK]] : vector<[[N]]xf32>
// CHECK-NEXT: %[[PART:.+]] = arith.subf %[[TOTAL]], %[[BEFORE]] : vector<[[N]]xf32>
// CHECK: vector.reduction <add>
func.func @long_sum(%a: memref<100000xf32>, %r: memref<f32>) {
  linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> ()>], iterator_types = ["reduction"]}
      ins(%a : memref<100000xf32>) outs(%r : memref<f32>) {
  ^bb0(%x: f32, %acc: f32):
    %s = arith.addf %acc, %x fastmath<reassoc> : f32
    linalg.yield %s : f32
  }
  return
}

// -----

// A long sum of columns has a buffer for what rounding takes away.
// CHECK-LABEL: @long_sum_of_columns
// CHECK: %[[LOST:.+]] = memref.alloc() {{.*}} : memref<64xf32>
// CHECK-COUNT-8: vector.load %arg0
// CHECK: vector.load %[[LOST]]
// CHECK: vector.store {{.*}}, %arg1
// CHECK: vector.store {{.*}}, %[[LOST]]
func.func @long_sum_of_columns(%a: memref<1000x64xf32>, %r: memref<64xf32>) {
  linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d1)>], iterator_types = ["reduction", "parallel"]}
      ins(%a : memref<1000x64xf32>) outs(%r : memref<64xf32>) {
  ^bb0(%x: f32, %acc: f32):
    %s = arith.addf %acc, %x fastmath<reassoc> : f32
    linalg.yield %s : f32
  }
  return
}

// -----

// Rows that are looked up stay contiguous: the index of the row is a scalar, its elements are a vector.
// CHECK-LABEL: @rows_by_index
// CHECK: %[[ROW:.+]] = memref.load %arg1
// CHECK: %[[I:.+]] = arith.index_cast %[[ROW]]
// CHECK: vector.load %arg0[%[[I]],
func.func @rows_by_index(%table: memref<100x64xf32>, %at: memref<8xi64>, %r: memref<8x64xf32>) {
  linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      ins(%at : memref<8xi64>) outs(%r : memref<8x64xf32>) {
  ^bb0(%i: i64, %out: f32):
    %row = arith.index_cast %i : i64 to index
    %j = linalg.index 1 : index
    %x = memref.load %table[%row, %j] : memref<100x64xf32>
    linalg.yield %x : f32
  }
  return
}

// -----

// Integers of 64 bits are not divided under a mask: what it leaves out would trap.
// CHECK-LABEL: @division
// CHECK-NOT: maskedload
func.func @division(%a: memref<?xi64>, %b: memref<?xi64>) {
  linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]}
      ins(%a : memref<?xi64>) outs(%b : memref<?xi64>) {
  ^bb0(%x: i64, %y: i64):
    %s = arith.divsi %x, %y : i64
    linalg.yield %s : i64
  }
  return
}

// -----

// Those of 32 bits are: tfc-expand-periodic divides floats.
// CHECK-LABEL: @short_division
// MASK: maskedload
// MASK: arith.divsi %{{.*}} : vector<16xi32>
func.func @short_division(%a: memref<?xi32>, %b: memref<?xi32>) {
  linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]}
      ins(%a : memref<?xi32>) outs(%b : memref<?xi32>) {
  ^bb0(%x: i32, %y: i32):
    %s = arith.divsi %x, %y : i32
    linalg.yield %s : i32
  }
  return
}

// -----

// The first NaN is the best element: one comparison that NaN passes, and no NaN before.
// CHECK-LABEL: @first_nan
// CHECK-NOT: arith.cmpf uno
// CHECK: %[[BETTER:.*]] = arith.cmpf ugt
// CHECK: %[[NONE:.*]] = arith.cmpf ord
// CHECK: arith.andi
// CHECK-NOT: arith.ori
// CHECK: arith.select
func.func @first_nan(%a: memref<1x256xf32>, %best: memref<1xf32>, %place: memref<1xi32>) {
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i)>],
      iterator_types = ["parallel", "reduction"]}
      ins(%a : memref<1x256xf32>) outs(%best, %place : memref<1xf32>, memref<1xi32>) {
  ^bb0(%x: f32, %b: f32, %p: i32):
    %greater = arith.cmpf ogt, %x, %b : f32
    %nan = arith.cmpf uno, %x, %x : f32
    %none = arith.cmpf ord, %b, %b : f32
    %first = arith.andi %nan, %none : i1
    %better = arith.ori %greater, %first : i1
    %j = linalg.index 1 : index
    %number = arith.index_cast %j : index to i32
    %0 = arith.select %better, %x, %b : f32
    %1 = arith.select %better, %number, %p : i32
    linalg.yield %0, %1 : f32, i32
  }
  return
}

// -----

// The least element of integers, of which the canonicalizer makes a minimum, and its place: along rows, whose results
// are in registers, though two results would be contiguous across them.
// CHECK-LABEL: @least_of_rows
// CHECK: scf.for %[[ROW:.*]] =
// CHECK: scf.for
// CHECK: vector.load %arg0[%[[ROW]]
// CHECK: vector.reduction <minsi>
// CHECK: memref.store %{{.*}}, %arg1[%[[ROW]]]
func.func @least_of_rows(%a: memref<64x256xi32>, %best: memref<64xi32>, %place: memref<64xi32>) {
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i)>], iterator_types = ["parallel", "reduction"]}
      ins(%a : memref<64x256xi32>) outs(%best, %place : memref<64xi32>, memref<64xi32>) {
  ^bb0(%x: i32, %b: i32, %p: i32):
    %better = arith.cmpi slt, %x, %b : i32
    %index = linalg.index 1 : index
    %number = arith.index_cast %index : index to i32
    %least = arith.minsi %x, %b : i32
    %next = arith.select %better, %number, %p : i32
    linalg.yield %least, %next : i32, i32
  }
  return
}

// -----

// Under a mask of a power of two elements, they are loaded and stored as a vector of as many, which can stay in a register.

// MASK-LABEL: @end_of_a_power_of_two
// MASK-NOT:     vector.maskedload
// MASK:         %[[FEW:.*]] = vector.load {{.*}} : memref<18xf32>, vector<2xf32>
// MASK:         %[[ALL:.*]] = vector.shuffle %[[FEW]], %{{.*}} [0, 1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17] : vector<2xf32>, vector<16xf32>
// MASK:         arith.addf {{.*}}%[[ALL]]
#each = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>
func.func @end_of_a_power_of_two(%x: memref<18xf32>, %sum: memref<f32>) {
  linalg.generic {indexing_maps = [#each, #none], iterator_types = ["reduction"]}
      ins(%x : memref<18xf32>) outs(%sum : memref<f32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.addf %out, %in fastmath<reassoc> : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

// MASK-LABEL: @other_end
// MASK:         vector.maskedload {{.*}} : memref<19xf32>
#each = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>
func.func @other_end(%x: memref<19xf32>, %sum: memref<f32>) {
  linalg.generic {indexing_maps = [#each, #none], iterator_types = ["reduction"]}
      ins(%x : memref<19xf32>) outs(%sum : memref<f32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.addf %out, %in fastmath<reassoc> : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

// A loop over elements is for LLVM to look at; one that says itself what LLVM should do is not.
// CHECK-NOT: tfc.scalar_loops
// CHECK-LABEL: @kept_loop
#kept = #llvm.loop_annotation<unroll = <disable = true>>
func.func @kept_loop(%a: memref<?xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %z = arith.constant 0.0 : f32
  scf.for %i = %c0 to %n step %c1 {
    memref.store %z, %a[%i] : memref<?xf32>
  } {loop_annotation = #kept}
  return
}

// -----

// CHECK: tfc.scalar_loops
// CHECK-LABEL: @loop_of_elements
func.func @loop_of_elements(%a: memref<?xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %z = arith.constant 0.0 : f32
  scf.for %i = %c0 to %n step %c1 {
    memref.store %z, %a[%i] : memref<?xf32>
  }
  return
}
