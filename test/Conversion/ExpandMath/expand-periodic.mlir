// RUN: tfc-opt %s -tfc-expand-periodic | FileCheck %s

// One branch for a vector; libm is called for single elements in it.
// CHECK-LABEL: func @vector
// CHECK: %[[FAST:.*]] = arith.truncf %{{.*}} : vector<8xf64> to vector<8xf32>
// CHECK: %[[ANY:.*]] = vector.reduction <or>, %[[BEYOND:.*]] : vector<8xi1> into i1
// CHECK: scf.if %[[ANY]] -> (vector<8xf32>)
// CHECK: func.call @tfc.sin.8xf32(%[[FAST]], %[[BEYOND]], %arg0)
// CHECK: else
// CHECK: scf.yield %[[FAST]]
func.func @vector(%x: vector<8xf32>) -> vector<8xf32> {
  %y = math.sin %x : vector<8xf32>
  return %y : vector<8xf32>
}

// CHECK-LABEL: func @scalar
// CHECK: scf.if %{{.*}} -> (f64)
// CHECK-NEXT: math.cos
// CHECK-NEXT: scf.yield
// CHECK: else
func.func @scalar(%x: f64) -> f64 {
  %y = math.cos %x : f64
  return %y : f64
}

// CHECK-LABEL: func @tangent
// CHECK: arith.divf
// CHECK: call @tfc.tan.4xf64
func.func @tangent(%x: vector<4xf64>) -> vector<4xf64> {
  %y = math.tan %x : vector<4xf64>
  return %y : vector<4xf64>
}

// Both arguments go to libm where the quotient is large.
// CHECK-LABEL: func @remainder
// CHECK: arith.divf %{{.*}} : vector<8xf32>
// CHECK: call @tfc.remf.8xf32(%{{.*}}, %{{.*}}, %arg0, %arg1)
func.func @remainder(%x: vector<8xf32>, %y: vector<8xf32>) -> vector<8xf32> {
  %z = arith.remf %x, %y : vector<8xf32>
  return %z : vector<8xf32>
}

// Vectors of more dimensions stay.
// CHECK-LABEL: func @matrix
// CHECK: math.sin %{{.*}} : vector<2x4xf32>
// CHECK-NOT: scf.if
func.func @matrix(%x: vector<2x4xf32>) -> vector<2x4xf32> {
  %y = math.sin %x : vector<2x4xf32>
  return %y : vector<2x4xf32>
}

// CHECK-LABEL: func.func private @tfc.sin.8xf32(
// CHECK-SAME: passthrough = ["noinline", "cold"]
// CHECK: scf.for
// CHECK: vector.extract %arg1
// CHECK: math.sin %{{.*}} : f32
// CHECK: vector.insert

// CHECK: func.func private @tfc.tan.4xf64
