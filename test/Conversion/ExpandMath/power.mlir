// RUN: tfc-opt %s -tfc-expand-math="fma=true" | FileCheck %s --check-prefix=FMA
// RUN: tfc-opt %s -tfc-expand-math | FileCheck %s --check-prefix=WIDE

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
