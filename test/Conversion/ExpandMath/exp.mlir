// RUN: tfc-opt %s -tfc-expand-math | FileCheck %s

// Below all numbers the result is a product with zero: one that underflows would take a hundred times as long.

// CHECK-LABEL: func.func @underflow
// CHECK-SAME:    %[[X:.*]]: f32
// CHECK:       %[[LAST:.*]] = arith.constant -1.040000e+02 : f32
// CHECK:       %[[BELOW:.*]] = arith.cmpf olt, %[[X]], %[[LAST]] : f32
// CHECK:       %[[MINUS_ONE:.*]] = arith.constant -1.000000e+00 : f32
// CHECK:       %[[Q:.*]] = arith.select %[[BELOW]], %[[MINUS_ONE]], %{{.*}} : f32
// CHECK:       arith.addf %[[Q]]
func.func @underflow(%x: f32) -> f32 {
  %0 = math.exp %x : f32
  return %0 : f32
}
