// RUN: tfc-opt %s -split-input-file -tfc-expand-math="fma=true avx512=true" | FileCheck %s
// RUN: tfc-opt %s -split-input-file -tfc-expand-math="fma=true" | FileCheck %s --check-prefix=WITHOUT
// RUN: tfc-opt %s -split-input-file -tfc-expand-periodic="avx512=true" | FileCheck %s --check-prefix=LATE

// A polynomial whose coefficients are looked up: where the target has no tables, there is a division.

// CHECK-LABEL:   func.func @tanh
// CHECK:         %[[INDEX:.*]] = arith.maxsi
// CHECK-COUNT-7: tfcrt.lookup %[[INDEX]] in
// CHECK-NOT:     arith.divf
// WITHOUT-LABEL: func.func @tanh
// WITHOUT-NOT:   tfcrt.lookup
// WITHOUT:       arith.divf
func.func @tanh(%x: f32) -> f32 {
  %0 = math.tanh %x : f32
  return %0 : f32
}

// -----

// Those of f64 are no instruction.

// CHECK-LABEL: func.func @wide
// CHECK-NOT:   tfcrt.lookup
// CHECK:       return
func.func @wide(%x: f64) -> (f64, f64) {
  %0 = math.tanh %x : f64
  %1 = math.erf %x : f64
  return %0, %1 : f64, f64
}

// -----

// log(1 + e) of an e that is no more than one, only.

// CHECK-LABEL:   func.func @softplus
// CHECK-COUNT-7: tfcrt.lookup
// CHECK:         return
func.func @softplus(%x: f32) -> f32 {
  %0 = math.absf %x : f32
  %1 = arith.negf %0 : f32
  %2 = math.exp %1 : f32
  %3 = math.log1p %2 : f32
  return %3 : f32
}

// -----

// CHECK-LABEL: func.func @of_anything
// CHECK-NOT:   tfcrt.lookup
// CHECK:       return
func.func @of_anything(%x: f32) -> f32 {
  %0 = math.exp %x : f32
  %1 = math.log1p %0 : f32
  return %1 : f32
}

// -----

// Sixteen lanes at a time; a scalar is one of them.

// LATE-LABEL:   func.func @lanes
// LATE:         llvm.call_intrinsic "llvm.x86.avx512.vpermi2var.ps.512"(%{{.*}}, %{{.*}}, %{{.*}}) : (vector<16xf32>, vector<16xi32>, vector<16xf32>) -> vector<16xf32>
// LATE:         vector.shuffle %{{.*}}, %{{.*}} [0, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2]
// LATE:         llvm.call_intrinsic "llvm.x86.avx512.vpermi2var.ps.512"
// LATE:         vector.broadcast %{{.*}} : i32 to vector<1xi32>
// LATE:         vector.extract %{{.*}}[0]
func.func @lanes(%a: vector<16xi32>, %b: vector<3xi32>, %c: i32) -> (vector<16xf32>, vector<3xf32>, f32) {
  %0 = tfcrt.lookup %a in [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 17.0, 18.0, 19.0, 20.0, 21.0, 22.0, 23.0, 24.0, 25.0, 26.0, 27.0, 28.0, 29.0, 30.0, 31.0] : vector<16xi32> -> vector<16xf32>
  %1 = tfcrt.lookup %b in [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 17.0, 18.0, 19.0, 20.0, 21.0, 22.0, 23.0, 24.0, 25.0, 26.0, 27.0, 28.0, 29.0, 30.0, 31.0] : vector<3xi32> -> vector<3xf32>
  %2 = tfcrt.lookup %c in [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 17.0, 18.0, 19.0, 20.0, 21.0, 22.0, 23.0, 24.0, 25.0, 26.0, 27.0, 28.0, 29.0, 30.0, 31.0] : i32 -> f32
  return %0, %1, %2 : vector<16xf32>, vector<3xf32>, f32
}
