// RUN: tfc-opt %s --tfc-linalg-to-loops="vector-bits=512 parallel=false" --split-input-file | FileCheck %s
// RUN: tfc-opt %s --tfc-linalg-to-loops="vector-bits=256 parallel=false" --split-input-file | FileCheck %s --check-prefix=FEW

// Nine sums over all places go through the loops over a run of them in registers: each image is read once.

// CHECK-LABEL: @filter_sums
// CHECK:       scf.for
// CHECK-COUNT-9: vector.load %arg2
// CHECK:       %{{.*}}:9 = scf.for {{.*}} iter_args
// CHECK:         vector.load %arg1
// CHECK:         vector.load %arg0
// CHECK-COUNT-9: vector.store {{.*}}%arg2
// CHECK-NOT:   iter_args
// CHECK:       return

// FEW-LABEL: @filter_sums
// FEW:         %{{.*}}:9 = scf.for {{.*}} iter_args
#x = affine_map<(p, q, k, l, c) -> (p + k, q + l, c)>
#g = affine_map<(p, q, k, l, c) -> (p, q, c)>
#w = affine_map<(p, q, k, l, c) -> (k, l, c)>
func.func @filter_sums(%x: memref<10x102x16xf32> {tfc.distinct}, %g: memref<8x100x16xf32> {tfc.distinct}, %w: memref<3x3x16xf32> {tfc.distinct}) {
  linalg.generic {indexing_maps = [#x, #g, #w], iterator_types = ["reduction", "reduction", "parallel", "parallel", "parallel"]}
      ins(%x, %g : memref<10x102x16xf32>, memref<8x100x16xf32>) outs(%w : memref<3x3x16xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %sum, %0 : f32
    linalg.yield %1 : f32
  }
  return
}

// -----

// CHECK-LABEL: @larger_window
// CHECK:       %{{.*}}:25 = scf.for {{.*}} iter_args
// FEW-LABEL: @larger_window
// FEW:         scf.for
// FEW:         %{{.*}}:10 = scf.for {{.*}} iter_args
// FEW:         %{{.*}}:5 = scf.for {{.*}} iter_args
#x = affine_map<(p, q, k, l, c) -> (p + k, q + l, c)>
#g = affine_map<(p, q, k, l, c) -> (p, q, c)>
#w = affine_map<(p, q, k, l, c) -> (k, l, c)>
func.func @larger_window(%x: memref<12x104x16xf32> {tfc.distinct}, %g: memref<8x100x16xf32> {tfc.distinct}, %w: memref<5x5x16xf32> {tfc.distinct}) {
  linalg.generic {indexing_maps = [#x, #g, #w], iterator_types = ["reduction", "reduction", "parallel", "parallel", "parallel"]}
      ins(%x, %g : memref<12x104x16xf32>, memref<8x100x16xf32>) outs(%w : memref<5x5x16xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %sum, %0 : f32
    linalg.yield %1 : f32
  }
  return
}
