// RUN: tfc-opt %s --tfc-lower-contractions="vector-bits=512 vector-registers=32" --split-input-file | FileCheck %s
// RUN: tfc-opt %s --tfc-lower-contractions="vector-bits=128" --split-input-file | FileCheck %s --check-prefix=SSE

// The fill is absorbed; the sums are carried in registers and nothing is masked.

// CHECK-LABEL: @small
// CHECK-NOT:   linalg
// CHECK-NOT:   mask
// CHECK:       scf.for {{.*}} step %[[FIVE:.*]] {
// CHECK:         %[[SUMS:.*]]:15 = scf.for {{.*}} iter_args({{.*}}) -> (vector<16xf32>,
// CHECK-COUNT-3:   vector.load {{.*}} : memref<?xf32>, vector<16xf32>
// CHECK:           memref.load
// CHECK:           vector.broadcast {{.*}} : f32 to vector<16xf32>
// CHECK-NOT:     vector.load
// CHECK:         vector.store %[[SUMS]]#0
// CHECK:         vector.store %[[SUMS]]#14
// CHECK-NOT:   linalg
// SSE-LABEL:   @small
// SSE:         -> (vector<4xf32>,
func.func @small(%a: memref<10x20xf32>, %b: memref<20x40xf32>, %c: memref<10x40xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%c : memref<10x40xf32>)
  linalg.matmul ins(%a, %b : memref<10x20xf32>, memref<20x40xf32>) outs(%c : memref<10x40xf32>)
  return
}

// -----

// A fill with something else stays.

// CHECK-LABEL: @accumulate
// CHECK:       linalg.fill
// CHECK:       memref.load
// CHECK-NOT:   linalg
func.func @accumulate(%a: memref<10x20xf32>, %b: memref<20x40xf32>, %c: memref<10x40xf32>) {
  %one = arith.constant 1.0 : f32
  linalg.fill ins(%one : f32) outs(%c : memref<10x40xf32>)
  linalg.matmul ins(%a, %b : memref<10x20xf32>, memref<20x40xf32>) outs(%c : memref<10x40xf32>)
  return
}

// -----

// Large right operands are packed to a buffer of static size, also where sizes are unknown.

// CHECK-LABEL: @unknown
// CHECK-NOT:   linalg
// CHECK:       memref.alloc() {alignment = 64 : i64} : memref<516096xf32>
// CHECK:       scf.if
// CHECK:       vector.maskedload
// CHECK-NOT:   linalg
// SSE-LABEL:   @unknown
// SSE:         vector.load
func.func @unknown(%a: memref<?x?xf32>, %b: memref<?x?xf32>, %c: memref<?x?xf32>) {
  linalg.matmul ins(%a, %b : memref<?x?xf32>, memref<?x?xf32>) outs(%c : memref<?x?xf32>)
  return
}

// -----

// One buffer for all batches; elements are widened before they are multiplied.

#x = affine_map<(b, i, j, k) -> (b, i, k)>
#y = affine_map<(b, i, j, k) -> (b, j, k)>
#z = affine_map<(b, i, j, k) -> (b, i, j)>
// CHECK-LABEL: @transposed
// CHECK:       memref.alloc() {alignment = 64 : i64} : memref<1024xf32>
// CHECK:       scf.for
// CHECK-NOT:   memref.alloc
// CHECK:       arith.extf {{.*}} : vector<16xbf16> to vector<16xf32>
// CHECK-NOT:   linalg
func.func @transposed(%a: memref<8x10x16xbf16>, %b: memref<8x60x16xbf16>, %c: memref<8x10x60xf32>) {
  linalg.generic {indexing_maps = [#x, #y, #z], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<8x10x16xbf16>, memref<8x60x16xbf16>) outs(%c : memref<8x10x60xf32>) {
  ^bb0(%x: bf16, %y: bf16, %sum: f32):
    %0 = arith.extf %x : bf16 to f32
    %1 = arith.extf %y : bf16 to f32
    %2 = arith.mulf %0, %1 : f32
    %3 = arith.addf %sum, %2 : f32
    linalg.yield %3 : f32
  }
  return
}

// -----

// Rows of several dimensions are one dimension if memory says so.

#x = affine_map<(b, i, j, k) -> (b, i, k)>
#y = affine_map<(b, i, j, k) -> (k, j)>
#z = affine_map<(b, i, j, k) -> (b, i, j)>
// CHECK-LABEL: @shared
// CHECK:       arith.constant 80 : index
// CHECK-NOT:   linalg
func.func @shared(%a: memref<8x10x16xf32>, %b: memref<16x64xf32>, %c: memref<8x10x64xf32>) {
  linalg.generic {indexing_maps = [#x, #y, #z], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<8x10x16xf32>, memref<16x64xf32>) outs(%c : memref<8x10x64xf32>) {
  ^bb0(%x: f32, %y: f32, %sum: f32):
    %2 = arith.mulf %x, %y : f32
    %3 = arith.addf %sum, %2 : f32
    linalg.yield %3 : f32
  }
  return
}

// -----

// What does more than multiply and add is left to the loops.

#m = affine_map<(i, k) -> (i, k)>
#v = affine_map<(i, k) -> (k)>
#r = affine_map<(i, k) -> (i)>
// CHECK-LABEL: @distance
// CHECK:       linalg.generic
func.func @distance(%a: memref<4x8xf32>, %b: memref<8xf32>, %c: memref<4xf32>) {
  linalg.generic {indexing_maps = [#m, #v, #r], iterator_types = ["parallel", "reduction"]}
      ins(%a, %b : memref<4x8xf32>, memref<8xf32>) outs(%c : memref<4xf32>) {
  ^bb0(%x: f32, %y: f32, %sum: f32):
    %1 = arith.subf %x, %y : f32
    %2 = arith.mulf %1, %1 : f32
    %3 = arith.addf %sum, %2 : f32
    linalg.yield %3 : f32
  }
  return
}

// -----

// Dot products of integers are added to what is there.

// CHECK-LABEL: @integers_are_added
// CHECK:         vector.reduction <add>, {{.*}} : vector<{{.*}}xi32> into i32
// CHECK:         arith.addi {{.*}} : i32
func.func @integers_are_added(%a: memref<10x20xi32>, %b: memref<1x20xi32>, %c: memref<10x1xi32>) {
  linalg.generic {indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (j, k)>, affine_map<(i, j, k) -> (i, j)>],
                  iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<10x20xi32>, memref<1x20xi32>) outs(%c : memref<10x1xi32>) {
  ^bb0(%x: i32, %y: i32, %sum: i32):
    %1 = arith.muli %x, %y : i32
    %2 = arith.addi %sum, %1 : i32
    linalg.yield %2 : i32
  }
  return
}

// -----

// Integers have the same tiles.

// CHECK-LABEL: @integers
// CHECK-NOT:   linalg
// CHECK:         scf.for {{.*}} iter_args({{.*}}) -> (vector<16xi32>,
// CHECK:           arith.muli {{.*}} : vector<16xi32>
// CHECK:           arith.addi {{.*}} : vector<16xi32>
// CHECK-NOT:   linalg
func.func @integers(%a: memref<10x20xi32>, %b: memref<20x40xi32>, %c: memref<10x40xi32>) {
  %zero = arith.constant 0 : i32
  linalg.fill ins(%zero : i32) outs(%c : memref<10x40xi32>)
  linalg.matmul ins(%a, %b : memref<10x20xi32>, memref<20x40xi32>) outs(%c : memref<10x40xi32>)
  return
}

// -----

// Tiles of two sizes are one loop of threads: two of five rows and 41 of six.

// CHECK-LABEL: func.func @two_sizes
// CHECK:       tfcrt.parallel(%{{.*}}, %{{.*}}) in %{{.*}} to %c43
// CHECK-NOT:   tfcrt.parallel
// CHECK:       return
func.func @two_sizes(%a: memref<256x128xf32>, %b: memref<128x256xf32>, %c: memref<256x256xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%c : memref<256x256xf32>)
  linalg.matmul ins(%a, %b : memref<256x128xf32>, memref<128x256xf32>) outs(%c : memref<256x256xf32>)
  return
}
