// RUN: tfc-opt %s --tfc-expand-half | FileCheck %s
// RUN: tfc-opt %s --tfc-expand-half=f16=true | FileCheck %s --check-prefix=F16C
// RUN: tfc-opt %s --tfc-expand-half="f16=true f64-to-f16=true" | FileCheck %s --check-prefix=FULL

// CHECK-LABEL: @widen_bf16
// FULL-LABEL: @widen_bf16
func.func @widen_bf16(%x: bf16) -> f32 {
  // CHECK: %[[BITS:.+]] = arith.bitcast %arg0 : bf16 to i16
  // CHECK: %[[WIDE:.+]] = arith.extui %[[BITS]] : i16 to i32
  // CHECK: %[[SHIFTED:.+]] = arith.shli %[[WIDE]]
  // CHECK: arith.bitcast %[[SHIFTED]] : i32 to f32
  // CHECK-NOT: extf
  // FULL: arith.bitcast
  %y = arith.extf %x : bf16 to f32
  return %y : f32
}

// The same number of exponent bits: denormals need nothing of their own.
// CHECK-LABEL: @narrow_bf16
func.func @narrow_bf16(%x: f32) -> bf16 {
  // CHECK: %[[BITS:.+]] = arith.bitcast %arg0 : f32 to i32
  // CHECK-NOT: arith.addf
  // CHECK: %[[QUIET:.+]] = arith.ori %[[BITS]]
  // CHECK: %[[NAN:.+]] = arith.cmpf uno, %arg0, %arg0
  // CHECK: %[[ALL:.+]] = arith.select %[[NAN]], %[[QUIET]]
  // CHECK: %[[UPPER:.+]] = arith.shrui %[[ALL]]
  // CHECK: arith.trunci %[[UPPER]] : i32 to i16
  // CHECK-NOT: truncf
  %y = arith.truncf %x : f32 to bf16
  return %y : bf16
}

// CHECK-LABEL: @widen_f16_to_f64
// F16C-LABEL: @widen_f16_to_f64
func.func @widen_f16_to_f64(%x: f16) -> f64 {
  // CHECK: arith.bitcast {{.*}} : f16 to i16
  // CHECK: arith.extf {{.*}} : f32 to f64
  // F16C: arith.extf %arg0 : f16 to f64
  %y = arith.extf %x : f16 to f64
  return %y : f64
}

// Rounded once, in 64 bits: not by way of f32.
// CHECK-LABEL: @narrow_f64
// F16C-LABEL: @narrow_f64
// FULL-LABEL: @narrow_f64
func.func @narrow_f64(%x: f64) -> f16 {
  // CHECK: arith.trunci {{.*}} : i64 to i16
  // CHECK-NOT: truncf
  // F16C: arith.trunci {{.*}} : i64 to i16
  // FULL: arith.truncf %arg0 : f64 to f16
  %y = arith.truncf %x : f64 to f16
  return %y : f16
}

// CHECK-LABEL: @vectors
func.func @vectors(%x: vector<8xf16>) -> vector<8xf32> {
  // CHECK: arith.bitcast {{.*}} : vector<8xf16> to vector<8xi16>
  // CHECK-NOT: extf
  %y = arith.extf %x : vector<8xf16> to vector<8xf32>
  return %y : vector<8xf32>
}

// CHECK-LABEL: @other_floats
func.func @other_floats(%x: f32, %y: f64) -> (f64, f32) {
  // CHECK: arith.extf %arg0 : f32 to f64
  // CHECK: arith.truncf %arg1 : f64 to f32
  %a = arith.extf %x : f32 to f64
  %b = arith.truncf %y : f64 to f32
  return %a, %b : f64, f32
}

// What is one of the operands, or has as few digits, needs no rounding: the upper half of its bits is the bfloat16.
// CHECK-LABEL: @exact
func.func @exact(%x: vector<4xbf16>, %y: vector<4xbf16>) -> vector<4xbf16> {
  // CHECK: %[[M:.+]] = arith.maximumf {{.*}} : vector<4xf32>
  // CHECK: %[[F:.+]] = math.floor %[[M]] : vector<4xf32>
  // CHECK: %[[B:.+]] = arith.bitcast %[[F]] : vector<4xf32> to vector<4xi32>
  // CHECK: %[[U:.+]] = arith.shrui %[[B]]
  // CHECK: arith.trunci %[[U]] : vector<4xi32> to vector<4xi16>
  // CHECK-NOT: truncf
  %zero = arith.constant dense<0.0> : vector<4xf32>
  %a = arith.extf %x : vector<4xbf16> to vector<4xf32>
  %b = arith.maximumf %a, %zero : vector<4xf32>
  %c = math.floor %b : vector<4xf32>
  %z = arith.truncf %c : vector<4xf32> to vector<4xbf16>
  return %z : vector<4xbf16>
}

// A constant that is no bfloat16 may be the result.
// CHECK-LABEL: @not_exact
func.func @not_exact(%x: bf16) -> bf16 {
  // CHECK: arith.cmpf uno
  %third = arith.constant 0.33333 : f32
  %a = arith.extf %x : bf16 to f32
  %b = arith.maximumf %a, %third : f32
  %z = arith.truncf %b : f32 to bf16
  return %z : bf16
}
