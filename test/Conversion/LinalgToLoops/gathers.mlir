// RUN: tfc-opt %s --tfc-linalg-to-loops="vector-bits=256 parallel=false" --split-input-file | FileCheck %s

#id = affine_map<(d0) -> (d0)>

// Elements that are apart are loaded one by one; what is done with them is done in vectors.
// CHECK-LABEL: func.func @apart
// CHECK-COUNT-8: memref.load
// CHECK: vector.from_elements
// CHECK: math.sqrt {{.*}} : vector<8xf32>
// CHECK-NOT: vector.maskedstore
func.func @apart(%x: memref<64xf32, strided<[3]>>, %y: memref<64xf32>) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%x : memref<64xf32, strided<[3]>>) outs(%y : memref<64xf32>) {
  ^bb0(%a: f32, %old: f32):
    %s = math.sqrt %a : f32
    %q = arith.divf %s, %a : f32
    linalg.yield %q : f32
  }
  return
}

// -----

#id = affine_map<(d0) -> (d0)>

// One product costs less than to put a vector together.
// CHECK-LABEL: func.func @little
// CHECK-NOT: vector.from_elements
func.func @little(%x: memref<64xf32, strided<[3]>>, %y: memref<64xf32>) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%x : memref<64xf32, strided<[3]>>) outs(%y : memref<64xf32>) {
  ^bb0(%a: f32, %old: f32):
    %s = arith.mulf %a, %a : f32
    linalg.yield %s : f32
  }
  return
}
