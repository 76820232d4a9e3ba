// RUN: tfc-opt %s --tfc-lower-contractions="vector-bits=512 vector-registers=32" --split-input-file | FileCheck %s

// Both halves of bytes: one loop over k, in which each vector of bytes is loaded for both products.

// CHECK-LABEL: @halves
// CHECK:       tfcrt.parallel
// CHECK-NOT:   tfcrt.parallel
// CHECK:         scf.for {{.*}} step %c8
// CHECK-NOT:     scf.for {{.*}} step %c8
// CHECK:           memref.prefetch
// CHECK:           arith.andi {{.*}} : vector<16xi8>
// CHECK-NOT:       vector.store
// CHECK:           arith.shrui {{.*}} : vector<16xi8>
// CHECK:           vector.store
// CHECK:       return
#same = affine_map<(d0, d1) -> (d0, d1)>
func.func @halves(%r: memref<1x1024xf32>) {
  %x = memref.alloc() : memref<1x512xf32>
  %y = memref.alloc() : memref<1x512xf32>
  %w = memref.alloc() : memref<512x1024xi8>
  %zero = arith.constant 0.0 : f32
  %c15 = arith.constant 15 : i8
  %c4 = arith.constant 4 : i8
  %low = memref.alloc() : memref<512x1024xf32>
  %high = memref.alloc() : memref<512x1024xf32>
  %a = memref.alloc() : memref<1x1024xf32>
  %b = memref.alloc() : memref<1x1024xf32>
  linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]}
      ins(%w : memref<512x1024xi8>) outs(%low : memref<512x1024xf32>) {
  ^bb0(%in: i8, %out: f32):
    %0 = arith.andi %in, %c15 : i8
    %1 = arith.uitofp %0 : i8 to f32
    linalg.yield %1 : f32
  }
  linalg.fill ins(%zero : f32) outs(%a : memref<1x1024xf32>)
  linalg.matmul ins(%x, %low : memref<1x512xf32>, memref<512x1024xf32>) outs(%a : memref<1x1024xf32>)
  linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]}
      ins(%w : memref<512x1024xi8>) outs(%high : memref<512x1024xf32>) {
  ^bb0(%in: i8, %out: f32):
    %0 = arith.shrui %in, %c4 : i8
    %1 = arith.uitofp %0 : i8 to f32
    linalg.yield %1 : f32
  }
  linalg.fill ins(%zero : f32) outs(%b : memref<1x1024xf32>)
  linalg.matmul ins(%y, %high : memref<1x512xf32>, memref<512x1024xf32>) outs(%b : memref<1x1024xf32>)
  linalg.generic {indexing_maps = [#same, #same, #same], iterator_types = ["parallel", "parallel"]}
      ins(%a, %b : memref<1x1024xf32>, memref<1x1024xf32>) outs(%r : memref<1x1024xf32>) {
  ^bb0(%in: f32, %other: f32, %out: f32):
    %0 = arith.addf %in, %other : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

// The bytes change between both products: each has a loop of its own.

// CHECK-LABEL: @written_between
// CHECK:       tfcrt.parallel
// CHECK:       linalg.fill
// CHECK:       tfcrt.parallel
#same = affine_map<(d0, d1) -> (d0, d1)>
func.func @written_between(%r: memref<2x1024xf32>) {
  %x = memref.alloc() : memref<1x512xf32>
  %w = memref.alloc() : memref<512x1024xi8>
  %zero = arith.constant 0.0 : f32
  %c15 = arith.constant 15 : i8
  %c4 = arith.constant 4 : i8
  %low = memref.alloc() : memref<512x1024xf32>
  %high = memref.alloc() : memref<512x1024xf32>
  %a = memref.alloc() : memref<1x1024xf32>
  %b = memref.alloc() : memref<1x1024xf32>
  linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]}
      ins(%w : memref<512x1024xi8>) outs(%low : memref<512x1024xf32>) {
  ^bb0(%in: i8, %out: f32):
    %0 = arith.andi %in, %c15 : i8
    %1 = arith.uitofp %0 : i8 to f32
    linalg.yield %1 : f32
  }
  linalg.fill ins(%zero : f32) outs(%a : memref<1x1024xf32>)
  linalg.matmul ins(%x, %low : memref<1x512xf32>, memref<512x1024xf32>) outs(%a : memref<1x1024xf32>)
  linalg.fill ins(%c15 : i8) outs(%w : memref<512x1024xi8>)
  linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]}
      ins(%w : memref<512x1024xi8>) outs(%high : memref<512x1024xf32>) {
  ^bb0(%in: i8, %out: f32):
    %0 = arith.shrui %in, %c4 : i8
    %1 = arith.uitofp %0 : i8 to f32
    linalg.yield %1 : f32
  }
  linalg.fill ins(%zero : f32) outs(%b : memref<1x1024xf32>)
  linalg.matmul ins(%x, %high : memref<1x512xf32>, memref<512x1024xf32>) outs(%b : memref<1x1024xf32>)
  %0 = memref.subview %r[0, 0] [1, 1024] [1, 1] : memref<2x1024xf32> to memref<1x1024xf32, strided<[1024, 1]>>
  %1 = memref.subview %r[1, 0] [1, 1024] [1, 1] : memref<2x1024xf32> to memref<1x1024xf32, strided<[1024, 1], offset: 1024>>
  linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]}
      ins(%a : memref<1x1024xf32>) outs(%0 : memref<1x1024xf32, strided<[1024, 1]>>) {
  ^bb0(%in: f32, %out: f32):
    %2 = math.absf %in : f32
    linalg.yield %2 : f32
  }
  linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]}
      ins(%b : memref<1x1024xf32>) outs(%1 : memref<1x1024xf32, strided<[1024, 1], offset: 1024>>) {
  ^bb0(%in: f32, %out: f32):
    %2 = math.absf %in : f32
    linalg.yield %2 : f32
  }
  return
}
