// RUN: tfc-opt %s --split-input-file --tfc-linalg-to-loops=vector-bits=256 | FileCheck %s
// RUN: tfc-opt %s --split-input-file --tfc-linalg-to-loops="vector-bits=256 reassociate=false" | FileCheck %s --check-prefix=ORDER

// Threads share the rows: each of 32 pieces of 195 has sums of its own. The 31 rows that are left, and these sums, are added to the result.

// CHECK-LABEL: @sums
// CHECK-SAME:    %[[X:.*]]: memref<6271x128xf32>, %[[Y:.*]]: memref<128xf32>
// CHECK:       %[[PARTIAL:.*]] = memref.alloc() {alignment = 64 : i64} : memref<32x128xf32>
// CHECK:       tfcrt.parallel
// CHECK:         memref.subview %[[PARTIAL]]
// CHECK:         memref.subview %[[X]][%{{.*}}, 0] [195, 128] [1, 1]
// CHECK:       memref.subview %[[X]][6240, 0] [31, 128] [1, 1]
// CHECK:       vector.load %[[PARTIAL]]
// CHECK:       vector.store %{{.*}}, %[[Y]]

// A sum of floats in order is that of all rows.
// ORDER-LABEL: @sums
// ORDER-NOT:     memref.alloc
// ORDER:         return
#x = affine_map<(r, c) -> (r, c)>
#y = affine_map<(r, c) -> (c)>
func.func @sums(%x: memref<6271x128xf32>, %y: memref<128xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%y : memref<128xf32>)
  linalg.generic {indexing_maps = [#x, #y], iterator_types = ["reduction", "parallel"]}
      ins(%x : memref<6271x128xf32>) outs(%y : memref<128xf32>) {
  ^bb0(%a: f32, %sum: f32):
    %0 = arith.addf %sum, %a fastmath<reassoc> : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

// The largest numbers are the same in any order.

// CHECK-LABEL: @largest
// CHECK:       memref.alloc() {alignment = 64 : i64} : memref<32x128xf32>
// CHECK:       tfcrt.parallel
// ORDER-LABEL: @largest
// ORDER:       memref.alloc() {alignment = 64 : i64} : memref<32x128xf32>
#x = affine_map<(r, c) -> (r, c)>
#y = affine_map<(r, c) -> (c)>
func.func @largest(%x: memref<6272x128xf32>, %y: memref<128xf32>) {
  linalg.generic {indexing_maps = [#x, #y], iterator_types = ["reduction", "parallel"]}
      ins(%x : memref<6272x128xf32>) outs(%y : memref<128xf32>) {
  ^bb0(%a: f32, %most: f32):
    %0 = arith.maximumf %most, %a : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

// Rows of a window overlap: pieces are images.

// CHECK-LABEL: @filter
// CHECK:       memref.alloc() {alignment = 64 : i64} : memref<8x3x128xf32>
// CHECK:       tfcrt.parallel
// CHECK:         memref.subview %{{.*}}[%{{.*}}, 0, 0] [1, 1002, 128] [1, 1, 1]
#x = affine_map<(n, p, k, c) -> (n, p + k, c)>
#g = affine_map<(n, p, k, c) -> (n, p, c)>
#w = affine_map<(n, p, k, c) -> (k, c)>
func.func @filter(%x: memref<8x1002x128xf32>, %g: memref<8x1000x128xf32>, %w: memref<3x128xf32>) {
  linalg.generic {indexing_maps = [#x, #g, #w], iterator_types = ["reduction", "reduction", "parallel", "parallel"]}
      ins(%x, %g : memref<8x1002x128xf32>, memref<8x1000x128xf32>) outs(%w : memref<3x128xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %sum, %0 fastmath<reassoc> : f32
    linalg.yield %1 : f32
  }
  return
}

// -----

// Too little work, rows of an unknown number, and rows that are not the outermost dimension: one result.

// CHECK-LABEL: @few
// CHECK-NOT:   memref.alloc
// CHECK:       return
#x = affine_map<(r, c) -> (r, c)>
#y = affine_map<(r, c) -> (c)>
#z = affine_map<(b, r, c) -> (b, r, c)>
#s = affine_map<(b, r, c) -> (b, c)>
func.func @few(%x: memref<627x128xf32>, %some: memref<?x128xf32>, %z: memref<20x6272x128xf32>, %s: memref<20x128xf32>, %y: memref<128xf32>) {
  linalg.generic {indexing_maps = [#x, #y], iterator_types = ["reduction", "parallel"]}
      ins(%x : memref<627x128xf32>) outs(%y : memref<128xf32>) {
  ^bb0(%a: f32, %sum: f32):
    %0 = arith.maximumf %sum, %a : f32
    linalg.yield %0 : f32
  }
  linalg.generic {indexing_maps = [#x, #y], iterator_types = ["reduction", "parallel"]}
      ins(%some : memref<?x128xf32>) outs(%y : memref<128xf32>) {
  ^bb0(%a: f32, %sum: f32):
    %0 = arith.maximumf %sum, %a : f32
    linalg.yield %0 : f32
  }
  linalg.generic {indexing_maps = [#z, #s], iterator_types = ["parallel", "reduction", "parallel"]}
      ins(%z : memref<20x6272x128xf32>) outs(%s : memref<20x128xf32>) {
  ^bb0(%a: f32, %sum: f32):
    %0 = arith.maximumf %sum, %a : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

// What is filled right before may be read.

// CHECK-LABEL: @filled_input
// CHECK:         vector.store %{{.*}}, %arg0
// CHECK:         tfcrt.parallel
#x = affine_map<(r, c) -> (r, c)>
#y = affine_map<(r, c) -> (c)>
func.func @filled_input(%x: memref<6272x128xf32>, %y: memref<128xf32>) {
  %one = arith.constant 1.0 : f32
  linalg.fill ins(%one : f32) outs(%x : memref<6272x128xf32>)
  linalg.generic {indexing_maps = [#x, #y], iterator_types = ["reduction", "parallel"]}
      ins(%x : memref<6272x128xf32>) outs(%y : memref<128xf32>) {
  ^bb0(%a: f32, %most: f32):
    %0 = arith.maximumf %most, %a : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

// Rows of an image with a margin are not those of the image: they are not cut.

// CHECK-LABEL: @margin_of_rows
// CHECK-NOT:     memref.subview
// CHECK:         vector.load %arg0
// CHECK-NOT:     memref.subview
// CHECK:         return
#x = affine_map<(p, q, l, c) -> (p, q + l, c)>
#g = affine_map<(p, q, l, c) -> (p, q, c)>
#w = affine_map<(p, q, l, c) -> (l, c)>
func.func @margin_of_rows(%x: memref<2000x8x64xf32> {tfc.distinct}, %g: memref<2002x8x64xf32> {tfc.distinct}, %w: memref<3x64xf32> {tfc.distinct}) {
  %zero = arith.constant 0.0 : f32
  %padded = memref.alloc() : memref<2002x10x64xf32>
  linalg.fill ins(%zero : f32) outs(%padded : memref<2002x10x64xf32>)
  %inner = memref.subview %padded[1, 1, 0] [2000, 8, 64] [1, 1, 1] : memref<2002x10x64xf32> to memref<2000x8x64xf32, strided<[640, 64, 1], offset: 704>>
  memref.copy %x, %inner : memref<2000x8x64xf32> to memref<2000x8x64xf32, strided<[640, 64, 1], offset: 704>>
  linalg.generic {indexing_maps = [#x, #g, #w], iterator_types = ["reduction", "reduction", "parallel", "parallel"]}
      ins(%padded, %g : memref<2002x10x64xf32>, memref<2002x8x64xf32>) outs(%w : memref<3x64xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %0 = arith.mulf %a, %b fastmath<fast> : f32
    %1 = arith.addf %sum, %0 fastmath<fast> : f32
    linalg.yield %1 : f32
  }
  return
}
