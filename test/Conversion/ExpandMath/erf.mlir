// RUN: tfc-opt %s -tfc-expand-math | FileCheck %s

// CHECK-LABEL: func @f32
// CHECK-NOT: math.erf
// CHECK: math.copysign
func.func @f32(%x: f32) -> f32 {
  %y = math.erf %x : f32
  return %y : f32
}

// CHECK-LABEL: func @vector
// CHECK-NOT: math.erf
// CHECK: math.copysign {{.*}} : vector<8xf32>
func.func @vector(%x: vector<8xf32>) -> vector<8xf32> {
  %y = math.erf %x : vector<8xf32>
  return %y : vector<8xf32>
}

// CHECK-LABEL: func @f64
// CHECK-NOT: math.erf
// CHECK: math.copysign {{.*}} : f64
func.func @f64(%x: f64) -> f64 {
  %y = math.erf %x : f64
  return %y : f64
}

// f32 takes one evaluation for all arguments, without picking coefficients: nothing but the limit is selected.

// CHECK-LABEL: func @one_branch
// CHECK-COUNT-1: arith.select
// CHECK-NOT: arith.select
// CHECK: return
func.func @one_branch(%x: vector<16xf32>) -> vector<16xf32> {
  %y = math.erf %x : vector<16xf32>
  return %y : vector<16xf32>
}
