// RUN: tfc-opt %s -split-input-file -tfc-expand-periodic="fma=true" | FileCheck %s
// RUN: tfc-opt %s -split-input-file -tfc-expand-periodic | FileCheck %s --check-prefix=WITHOUT

// What divides in all iterations is inverted once; a vector with a quotient out of range is divided.

// CHECK-LABEL:   func.func @row
// CHECK-SAME:    (%[[X:.*]]: memref<64xf32>, %[[D:.*]]: f32)
// CHECK:         %[[INVERSE:.*]] = arith.divf %{{.*}}, %[[D]] : f32
// CHECK:         %[[SAFE:.*]] = arith.select %{{.*}}, %[[INVERSE]], %{{.*}} : f32
// CHECK:         scf.for
// CHECK:         %[[R:.*]] = vector.broadcast %[[SAFE]] : f32 to vector<16xf32>
// CHECK:         %[[Q:.*]] = arith.mulf %{{.*}}, %[[R]]
// CHECK:         math.fma
// CHECK:         %[[BETTER:.*]] = math.fma %{{.*}}, %[[R]], %[[Q]]
// CHECK:         %[[ANY:.*]] = vector.reduction <or>
// CHECK:         scf.if %[[ANY]]
// CHECK-NEXT:    arith.divf %{{.*}} : vector<16xf32>
// CHECK:         scf.yield %[[BETTER]]
// WITHOUT-LABEL: func.func @row
// WITHOUT-NOT:   math.fma
// WITHOUT:       arith.divf %{{.*}} : vector<16xf32>
func.func @row(%x: memref<64xf32>, %d: f32) {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c64 = arith.constant 64 : index
  scf.for %i = %c0 to %c64 step %c16 {
    %0 = vector.load %x[%i] : memref<64xf32>, vector<16xf32>
    %1 = vector.broadcast %d : f32 to vector<16xf32>
    %2 = arith.divf %0, %1 : vector<16xf32>
    vector.store %2, %x[%i] : memref<64xf32>, vector<16xf32>
  }
  return
}

// -----

// A product with a power of two is exact, and what changes in the loop has no reciprocal before it.

// CHECK-LABEL: func.func @others
// CHECK-NOT:   math.fma
// CHECK:       return
func.func @others(%x: memref<64xf32>) {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c64 = arith.constant 64 : index
  %half = arith.constant dense<0.5> : vector<16xf32>
  scf.for %i = %c0 to %c64 step %c16 {
    %0 = vector.load %x[%i] : memref<64xf32>, vector<16xf32>
    %1 = arith.divf %0, %half : vector<16xf32>
    %2 = memref.load %x[%i] : memref<64xf32>
    %3 = vector.broadcast %2 : f32 to vector<16xf32>
    %4 = arith.divf %1, %3 : vector<16xf32>
    vector.store %4, %x[%i] : memref<64xf32>, vector<16xf32>
  }
  return
}
