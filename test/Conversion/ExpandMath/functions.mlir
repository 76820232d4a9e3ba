// RUN: tfc-opt %s -tfc-expand-math | FileCheck %s

// Nothing is left that would become a call.

// CHECK-LABEL: func @unary
// CHECK-NOT: math.{{(exp|expm1|log|log1p|sinh|cosh|tanh|asinh|acosh|atanh|erf|erfc|asin|acos|atan)}} 
func.func @unary(%x: f64) -> f64 {
  %0 = math.exp %x : f64
  %1 = math.expm1 %0 : f64
  %2 = math.log %1 : f64
  %3 = math.log1p %2 : f64
  %4 = math.sinh %3 : f64
  %5 = math.cosh %4 : f64
  %6 = math.tanh %5 : f64
  %7 = math.asinh %6 : f64
  %8 = math.acosh %7 : f64
  %9 = math.atanh %8 : f64
  %10 = math.erf %9 : f64
  %11 = math.erfc %10 : f64
  %12 = math.asin %11 : f64
  %13 = math.acos %12 : f64
  %14 = math.atan %13 : f64
  return %14 : f64
}

// CHECK-LABEL: func @binary
// CHECK-NOT: math.powf
// CHECK-NOT: math.atan2
func.func @binary(%x: vector<8xf32>, %y: vector<8xf32>) -> vector<8xf32> {
  %0 = math.powf %x, %y : vector<8xf32>
  %1 = math.atan2 %0, %y : vector<8xf32>
  return %1 : vector<8xf32>
}

// f32 goes through f64 where it needs the digits.
// CHECK-LABEL: func @wide
// CHECK: arith.extf %{{.*}} : vector<8xf32> to vector<8xf64>
// CHECK: arith.truncf %{{.*}} : vector<8xf64> to vector<8xf32>
func.func @wide(%x: vector<8xf32>) -> vector<8xf32> {
  %0 = math.erfc %x : vector<8xf32>
  return %0 : vector<8xf32>
}

// sin is left to tfc-expand-periodic, other types to whoever knows them.
// CHECK-LABEL: func @left
// CHECK: math.sin
// CHECK: math.exp %{{.*}} : f16
func.func @left(%x: f32, %y: f16) -> (f32, f16) {
  %0 = math.sin %x : f32
  %1 = math.exp %y : f16
  return %0, %1 : f32, f16
}

// -----

// Small whole exponents that became constants are products.
// CHECK-LABEL: @known_exponents
// CHECK-SAME: %[[X:.*]]: vector<8xf32>
// CHECK-NOT: math.powf
// CHECK: %[[SQUARE:.*]] = arith.mulf %[[X]], %[[X]]
// CHECK-NEXT: return %[[X]], %[[SQUARE]]
func.func @known_exponents(%x: vector<8xf32>) -> (vector<8xf32>, vector<8xf32>) {
  %one = arith.constant dense<1.0> : vector<8xf32>
  %two = arith.constant dense<2.0> : vector<8xf32>
  %0 = math.powf %x, %one : vector<8xf32>
  %1 = math.powf %x, %two : vector<8xf32>
  return %0, %1 : vector<8xf32>, vector<8xf32>
}
