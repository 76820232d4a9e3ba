// RUN: tfc-opt %s --split-input-file --tfc-lower-contractions="vector-bits=512 vector-registers=32" | FileCheck %s
// RUN: tfc-opt %s --split-input-file --tfc-lower-contractions="vector-bits=512 vector-registers=32 parallel=false" | FileCheck %s --check-prefix=ALONE
// RUN: tfc-opt %s --split-input-file --tfc-lower-contractions="vector-bits=512 vector-registers=32 reassociate=false" | FileCheck %s --check-prefix=ALONE

// A product along many rows with few results: 16 pieces of the rows, whose results are added up.

// CHECK-LABEL: @weights
// CHECK:       %[[PARTIAL:.*]] = memref.alloc() {alignment = 64 : i64} : memref<16x128x32xf32>
// CHECK:       tfcrt.parallel
// CHECK:         memref.subview %[[PARTIAL]]
// CHECK:         memref.subview %arg0[%{{.*}}, 0] [392, 128] [1, 1]
// CHECK:       linalg.generic {{.*}} ins(%[[PARTIAL]]

// ALONE-LABEL: @weights
// ALONE-NOT:   memref<16x128x32xf32>
#a = affine_map<(i, j, k) -> (k, i)>
#b = affine_map<(i, j, k) -> (k, j)>
#c = affine_map<(i, j, k) -> (i, j)>
func.func @weights(%a: memref<6272x128xf32>, %b: memref<6272x32xf32>, %c: memref<128x32xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%c : memref<128x32xf32>)
  linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<6272x128xf32>, memref<6272x32xf32>) outs(%c : memref<128x32xf32>) {
  ^bb0(%x: f32, %y: f32, %sum: f32):
    %0 = arith.mulf %x, %y : f32
    %1 = arith.addf %sum, %0 fastmath<reassoc> : f32
    linalg.yield %1 : f32
  }
  return
}

// -----

// Images are pieces, and eight of them are enough for more results.

// CHECK-LABEL: @filter
// CHECK:       memref.alloc() {alignment = 64 : i64} : memref<8x3x192x64xf32>
// CHECK:       tfcrt.parallel
// CHECK:         memref.subview %arg0[%{{.*}}, 0, 0] [2, 30, 1920] [1, 1, 1]
#x = affine_map<(h, c, f, n, p, q) -> (n, h + p, q * 64 + c)>
#g = affine_map<(h, c, f, n, p, q) -> (n, p, q, f)>
#w = affine_map<(h, c, f, n, p, q) -> (h, c, f)>
func.func @filter(%x: memref<16x30x1920xf32>, %g: memref<16x28x28x64xf32>, %w: memref<3x192x64xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%w : memref<3x192x64xf32>)
  linalg.generic {indexing_maps = [#x, #g, #w], iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%x, %g : memref<16x30x1920xf32>, memref<16x28x28x64xf32>) outs(%w : memref<3x192x64xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %sum, %0 fastmath<reassoc> : f32
    linalg.yield %1 : f32
  }
  return
}

// -----

// What one thread does quickly, more results, and sums in order stay as they are.

// CHECK-LABEL: @others
// CHECK-NOT:   linalg.generic
// CHECK:       return
#a = affine_map<(i, j, k) -> (k, i)>
#b = affine_map<(i, j, k) -> (k, j)>
#c = affine_map<(i, j, k) -> (i, j)>
func.func @others(%a: memref<1024x64xf32>, %b: memref<1024x32xf32>, %c: memref<64x32xf32>,
                  %d: memref<4096x512xf32>, %e: memref<4096x512xf32>, %f: memref<512x512xf32>,
                  %g: memref<6272x128xf32>, %h: memref<6272x32xf32>, %i: memref<128x32xf32>) {
  linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<1024x64xf32>, memref<1024x32xf32>) outs(%c : memref<64x32xf32>) {
  ^bb0(%x: f32, %y: f32, %sum: f32):
    %0 = arith.mulf %x, %y : f32
    %1 = arith.addf %sum, %0 fastmath<reassoc> : f32
    linalg.yield %1 : f32
  }
  linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%d, %e : memref<4096x512xf32>, memref<4096x512xf32>) outs(%f : memref<512x512xf32>) {
  ^bb0(%x: f32, %y: f32, %sum: f32):
    %0 = arith.mulf %x, %y : f32
    %1 = arith.addf %sum, %0 fastmath<reassoc> : f32
    linalg.yield %1 : f32
  }
  linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%g, %h : memref<6272x128xf32>, memref<6272x32xf32>) outs(%i : memref<128x32xf32>) {
  ^bb0(%x: f32, %y: f32, %sum: f32):
    %0 = arith.mulf %x, %y : f32
    %1 = arith.addf %sum, %0 : f32
    linalg.yield %1 : f32
  }
  return
}
