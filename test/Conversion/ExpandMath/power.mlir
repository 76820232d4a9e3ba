// RUN: tfc-opt %s -tfc-expand-math="fma=true" | FileCheck %s --check-prefix=FMA
// RUN: tfc-opt %s -tfc-expand-math | FileCheck %s --check-prefix=WIDE
// RUN: tfc-opt %s -tfc-expand-math="fma=true leave-powers=true" -tfc-expand-periodic="fma=true" | FileCheck %s --check-prefix=RARE
// RUN: tfc-opt %s -tfc-expand-periodic="fma=true" | FileCheck %s --check-prefix=BRANCH

// Powers of f32 need more digits than f32 has: in pairs where a multiplication and an addition round once, else in f64.
// FMA-LABEL: func @power
// FMA-NOT:     f64
// FMA:         math.fma
// FMA-NOT:     f64
// FMA:         return
// WIDE-LABEL: func @power
// WIDE-NOT:    math.fma
// WIDE:        arith.extf %{{.*}} : vector<8xf32> to vector<8xf64>
// WIDE-NOT:    math.fma
// WIDE:        return
func.func @power(%x: vector<8xf32>, %y: vector<8xf32>) -> vector<8xf32> {
  %0 = math.powf %x, %y : vector<8xf32>
  return %0 : vector<8xf32>
}

// Outside of linalg ops nobody makes vectors: everything is in place.
// RARE-LABEL: func @power
// RARE-NOT:   scf.if

// Whole vectors of what is not positive, normal and finite, or has such a result, take a call.
// BRANCH-LABEL: func @power
// BRANCH:       arith.bitcast %arg0 : vector<8xf32> to vector<8xi32>
// BRANCH:       arith.cmpi uge
// BRANCH:       arith.cmpf ugt
// BRANCH:       %[[ANY:.*]] = vector.reduction <or>
// BRANCH:       scf.if %[[ANY]]
// BRANCH:       func.call @tfc.powf.rare.8xf32(

// One of 1, 2 and 3 is a product.
// BRANCH-LABEL: func @cube
// BRANCH-NOT:   scf.if
// BRANCH:       arith.mulf
func.func @cube(%x: vector<8xf32>) -> vector<8xf32> {
  %three = arith.constant dense<3.0> : vector<8xf32>
  %0 = math.powf %x, %three : vector<8xf32>
  return %0 : vector<8xf32>
}

// BRANCH:       func.func private @tfc.powf.rare.8xf32(
// BRANCH-SAME:  passthrough = ["noinline", "cold"]
// BRANCH:       arith.select %arg1, %{{.*}}, %arg0 : vector<8xi1>, vector<8xf32>
