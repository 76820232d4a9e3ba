// RUN: tfc-opt %s --tfc-linalg-to-loops="vector-bits=512" -split-input-file | FileCheck %s

// Complex numbers are read as their parts, taken apart once, and put together once.
// CHECK-LABEL: @product
// CHECK: %[[PARTS:.*]] = tfcrt.parts %arg0 : memref<64xcomplex<f32>> -> memref<128xf32>
// CHECK: %[[BOTH:.*]] = vector.load %[[PARTS]]{{.*}} : memref<128xf32>, vector<32xf32>
// CHECK: vector.shuffle %[[BOTH]], %[[BOTH]] [0, 2, 4,
// CHECK: arith.mulf {{.*}} : vector<16xf32>
// CHECK: vector.shuffle {{.*}} [0, 16, 1, 17,
// CHECK: vector.store {{.*}} : memref<128xf32>, vector<32xf32>
// CHECK-NOT: complex.
func.func @product(%a: memref<64xcomplex<f32>>, %r: memref<64xcomplex<f32>>) {
  linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]}
      ins(%a : memref<64xcomplex<f32>>) outs(%r : memref<64xcomplex<f32>>) {
  ^bb0(%x: complex<f32>, %out: complex<f32>):
    %s = complex.mul %x, %x : complex<f32>
    linalg.yield %s : complex<f32>
  }
  return
}

// -----

// Sums work on them as they lie in memory, and take the lanes apart at the end.
// CHECK-LABEL: @sum
// CHECK: arith.addf {{.*}} : vector<32xf32>
// CHECK: vector.reduction <add>, {{.*}} : vector<16xf32> into f32
// CHECK: vector.reduction <add>, {{.*}} : vector<16xf32> into f32
// CHECK: complex.create
func.func @sum(%a: memref<1024xcomplex<f32>>, %r: memref<complex<f32>>) {
  linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> ()>], iterator_types = ["reduction"]}
      ins(%a : memref<1024xcomplex<f32>>) outs(%r : memref<complex<f32>>) {
  ^bb0(%x: complex<f32>, %out: complex<f32>):
    %s = complex.add %x, %out : complex<f32>
    linalg.yield %s : complex<f32>
  }
  return
}

// -----

// The mask of what is left has two lanes for each number.
// CHECK-LABEL: @unknown_length
// CHECK: vector.maskedload {{.*}} : memref<?xf64>, vector<16xi1>, vector<16xf64> into vector<16xf64>
// CHECK: math.sqrt {{.*}} : vector<8xf64>
// CHECK: vector.maskedstore {{.*}} : memref<?xf64>, vector<8xi1>, vector<8xf64>
func.func @unknown_length(%a: memref<?xcomplex<f64>>, %r: memref<?xf64>) {
  linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]}
      ins(%a : memref<?xcomplex<f64>>) outs(%r : memref<?xf64>) {
  ^bb0(%x: complex<f64>, %out: f64):
    %s = complex.abs %x : complex<f64>
    linalg.yield %s : f64
  }
  return
}
