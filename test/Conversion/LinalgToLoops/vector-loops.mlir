// RUN: tfc-opt %s --tfc-linalg-to-loops="vector-bits=256 parallel=false" --split-input-file | FileCheck %s

#id = affine_map<(d0) -> (d0)>

// A loop in a body goes on until all lanes are done, and those that are done keep what they have. What is left of the
// elements is done in smaller vectors: under a mask, a loop might never end.
// CHECK-LABEL: func.func @shifts
// CHECK-NOT: vector.maskedload
// CHECK: scf.while {{.*}} : (vector<8xi32>) -> (vector<8xi32>, vector<8xi32>, vector<8xi1>)
// CHECK:   %[[ON:.*]] = arith.cmpi ugt, {{.*}} : vector<8xi32>
// CHECK:   %[[ANY:.*]] = vector.reduction <or>, %[[ON]]
// CHECK:   scf.condition(%[[ANY]])
// CHECK:   %[[NEXT:.*]] = arith.shrui {{.*}} : vector<8xi32>
// CHECK:   arith.select %{{.*}}, %[[NEXT]]
// CHECK: vector.store
// CHECK: scf.while {{.*}} : (vector<2xi32>)
// CHECK: scf.while {{.*}} : (i32) -> i32
func.func @shifts(%x: memref<19xi32>, %r: memref<19xi32>) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%x : memref<19xi32>) outs(%r : memref<19xi32>) {
  ^bb0(%a: i32, %o: i32):
    %n = scf.while (%s = %a) : (i32) -> i32 {
      %limit = arith.constant 9 : i32
      %c = arith.cmpi ugt, %s, %limit : i32
      scf.condition(%c) %s : i32
    } do {
    ^bb0(%s: i32):
      %one = arith.constant 1 : i32
      %next = arith.shrui %s, %one : i32
      scf.yield %next : i32
    }
    linalg.yield %n : i32
  }
  return
}

// -----

// Deviations from the mean of a row are summed along the row, though means and sums lie along the other loop.
// CHECK-LABEL: func @deviations(
// CHECK: scf.for
// CHECK: scf.for {{.*}} iter_args({{.*}}) -> (vector<
func.func @deviations(%x: memref<64x1000xf32>, %mean: memref<64xf32>, %sum: memref<64xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i, k) -> (i, k)>, affine_map<(i, k) -> (i)>, affine_map<(i, k) -> (i)>],
                  iterator_types = ["parallel", "reduction"]}
      ins(%x, %mean : memref<64x1000xf32>, memref<64xf32>) outs(%sum : memref<64xf32>) {
  ^bb0(%in: f32, %m: f32, %out: f32):
    %d = arith.subf %in, %m : f32
    %s = arith.mulf %d, %d : f32
    %r = arith.addf %out, %s fastmath<reassoc> : f32
    linalg.yield %r : f32
  }
  return
}
