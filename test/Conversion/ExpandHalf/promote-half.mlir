// RUN: tfc-opt %s --tfc-promote-half | FileCheck %s

// CHECK-LABEL: @arithmetic
func.func @arithmetic(%x: f16, %y: f16) -> f16 {
  // CHECK-DAG: %[[A:.+]] = arith.extf %arg0 : f16 to f32
  // CHECK-DAG: %[[B:.+]] = arith.extf %arg1 : f16 to f32
  // CHECK: %[[C:.+]] = arith.addf %[[A]], %[[B]] : f32
  // CHECK: %[[D:.+]] = arith.truncf %[[C]] : f32 to f16
  // CHECK: return %[[D]]
  %z = arith.addf %x, %y : f16
  return %z : f16
}

// CHECK-LABEL: @vectors
func.func @vectors(%x: vector<4xbf16>) -> vector<4xbf16> {
  // CHECK: arith.extf {{.*}} : vector<4xbf16> to vector<4xf32>
  // CHECK: math.exp {{.*}} : vector<4xf32>
  // CHECK: arith.truncf {{.*}} : vector<4xf32> to vector<4xbf16>
  %z = math.exp %x : vector<4xbf16>
  return %z : vector<4xbf16>
}

// CHECK-LABEL: @only_operands
func.func @only_operands(%x: f16, %y: f16) -> i1 {
  // CHECK: arith.cmpf olt, {{.*}} : f32
  // CHECK-NOT: truncf
  %z = arith.cmpf olt, %x, %y : f16
  return %z : i1
}

// CHECK-LABEL: @only_results
func.func @only_results(%x: i32) -> f16 {
  // CHECK: %[[A:.+]] = arith.sitofp %arg0 : i32 to f32
  // CHECK: arith.truncf %[[A]] : f32 to f16
  %z = arith.sitofp %x : i32 to f16
  return %z : f16
}

// What only moves bits stays, and wider types stay.
// CHECK-LABEL: @stays
func.func @stays(%c: i1, %x: f16, %y: f32) -> (f16, f32) {
  // CHECK-NOT: extf
  // CHECK: arith.select {{.*}} : f16
  %one = arith.constant 1.0 : f16
  %z = arith.select %c, %x, %one : f16
  %w = arith.addf %y, %y : f32
  return %z, %w : f16, f32
}
