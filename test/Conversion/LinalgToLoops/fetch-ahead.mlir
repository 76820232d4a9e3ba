// RUN: tfc-opt %s --tfc-linalg-to-loops="vector-bits=512" -split-input-file | FileCheck %s

#id = affine_map<(i, j) -> (i, j)>

// Vectors of a large buffer: what lies a page ahead is fetched, to be read and to be written.
// CHECK-LABEL: @large
// CHECK: memref.prefetch %{{.*}}, read
// CHECK: vector.load
// CHECK: memref.prefetch %{{.*}}, write
// CHECK: vector.store
func.func @large(%a: memref<1024x1024xf32>, %r: memref<1024x1024xf32>) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%a : memref<1024x1024xf32>) outs(%r : memref<1024x1024xf32>) {
  ^bb0(%x: f32, %out: f32):
    %s = arith.addf %x, %x : f32
    linalg.yield %s : f32
  }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>

// One that fits a second-level cache is left alone.
// CHECK-LABEL: @small
// CHECK-NOT: memref.prefetch
// CHECK: return
func.func @small(%a: memref<256x1024xf32>, %r: memref<256x1024xf32>) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%a : memref<256x1024xf32>) outs(%r : memref<256x1024xf32>) {
  ^bb0(%x: f32, %out: f32):
    %s = arith.addf %x, %x : f32
    linalg.yield %s : f32
  }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>

// A vector of another width than a cache line: each line is fetched once.
// CHECK-LABEL: @halves
// CHECK-COUNT-2: memref.prefetch %{{.*}}, read
// CHECK-NOT: memref.prefetch
// CHECK: return
func.func @halves(%a: memref<1024x4096xf16>, %r: memref<1024xf32>) {
  linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%a : memref<1024x4096xf16>) outs(%r : memref<1024xf32>) {
  ^bb0(%x: f16, %out: f32):
    %w = arith.extf %x : f16 to f32
    %e = arith.mulf %w, %w : f32
    %f = arith.mulf %e, %w : f32
    %g = arith.mulf %f, %e : f32
    %h = arith.mulf %g, %f : f32
    %s = arith.addf %h, %out fastmath<reassoc> : f32
    linalg.yield %s : f32
  }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>

// Columns of a matrix are not read one after the other: a page ahead lie others.
// CHECK-LABEL: @columns
// CHECK-NOT: memref.prefetch
// CHECK: return
func.func @columns(%a: memref<1024x4096xf32>, %r: memref<1024x64xf32>) {
  %c = memref.subview %a[0, 0] [1024, 64] [1, 1] : memref<1024x4096xf32> to memref<1024x64xf32, strided<[4096, 1]>>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%c : memref<1024x64xf32, strided<[4096, 1]>>) outs(%r : memref<1024x64xf32>) {
  ^bb0(%x: f32, %out: f32):
    %s = arith.addf %x, %x : f32
    linalg.yield %s : f32
  }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>

// A slice in a loop that ops share is followed by the next one.
// CHECK-LABEL: @slice
// CHECK: memref.prefetch %{{.*}}, read
// CHECK: return
func.func @slice(%a: memref<1024x4096xf32>, %i: index, %r: memref<1xf32>) {
  %c = memref.subview %a[%i, 0] [1, 4096] [1, 1] : memref<1024x4096xf32> to memref<1x4096xf32, strided<[4096, 1], offset: ?>>
  linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%c : memref<1x4096xf32, strided<[4096, 1], offset: ?>>) outs(%r : memref<1xf32>) {
  ^bb0(%x: f32, %out: f32):
    %s = arith.addf %x, %out fastmath<reassoc> : f32
    linalg.yield %s : f32
  }
  return
}
