// RUN: tfc-opt %s --tfc-lower-contractions="vector-bits=512 vector-registers=32" --split-input-file | FileCheck %s

// A convolution reads windows of its input where they are: nothing is copied, sums stay in registers over all taps.

#x = affine_map<(n, h, w, f, kh, kc) -> (n, h + kh, w * 4 + kc)>
#y = affine_map<(n, h, w, f, kh, kc) -> (kh, kc, f)>
#z = affine_map<(n, h, w, f, kh, kc) -> (n, h, w, f)>
// CHECK-LABEL: @convolution
// CHECK-NOT:   memref.alloc
// CHECK-NOT:   linalg
// Rows are places: their number is split into n, h and w.
// CHECK:       arith.remui {{.*}} : index
// CHECK:       arith.divui {{.*}} : index
// CHECK:       scf.for {{.*}} iter_args({{.*}}) -> (vector<16xf32>
// CHECK:         scf.for {{.*}} iter_args({{.*}}) -> (vector<16xf32>
// CHECK-NOT:   linalg
func.func @convolution(%x: memref<2x10x40xf32>, %y: memref<3x12x64xf32>, %z: memref<2x8x8x64xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%z : memref<2x8x8x64xf32>)
  linalg.generic {indexing_maps = [#x, #y, #z],
      iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]}
      ins(%x, %y : memref<2x10x40xf32>, memref<3x12x64xf32>) outs(%z : memref<2x8x8x64xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %sum, %0 : f32
    linalg.yield %1 : f32
  }
  return
}

// -----

// Strides of the window are strides of its rows; the gradient of a filter sums up over batch and places.

#x = affine_map<(kh, kc, f, n, h, w) -> (n, h * 2 + kh, w * 8 + kc)>
#y = affine_map<(kh, kc, f, n, h, w) -> (n, h, w, f)>
#z = affine_map<(kh, kc, f, n, h, w) -> (kh, kc, f)>
// CHECK-LABEL: @filter_gradient
// CHECK-NOT:   linalg
// CHECK:       scf.for
// CHECK:         vector.store
// CHECK-NOT:   linalg
func.func @filter_gradient(%x: memref<4x33x132xf32>, %y: memref<4x16x16x64xf32>, %z: memref<3x12x64xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%z : memref<3x12x64xf32>)
  linalg.generic {indexing_maps = [#x, #y, #z],
      iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%x, %y : memref<4x33x132xf32>, memref<4x16x16x64xf32>) outs(%z : memref<3x12x64xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %sum, %0 : f32
    linalg.yield %1 : f32
  }
  return
}

// -----

// With sums of no length there is nothing that would set the result: the fill stays.

#x = affine_map<(n, h, f, k, c) -> (n, h + k, c)>
#y = affine_map<(n, h, f, k, c) -> (k, c, f)>
#z = affine_map<(n, h, f, k, c) -> (n, h, f)>
// CHECK-LABEL: @unknown_window
// CHECK:       linalg.fill
// CHECK-NOT:   linalg.generic
func.func @unknown_window(%x: memref<2x10x8xf32>, %y: memref<?x8x16xf32>, %z: memref<2x8x16xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%z : memref<2x8x16xf32>)
  linalg.generic {indexing_maps = [#x, #y, #z],
      iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction"]}
      ins(%x, %y : memref<2x10x8xf32>, memref<?x8x16xf32>) outs(%z : memref<2x8x16xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %sum, %0 : f32
    linalg.yield %1 : f32
  }
  return
}
