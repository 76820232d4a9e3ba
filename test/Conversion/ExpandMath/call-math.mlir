// RUN: tfc-opt %s -tfc-expand-math="most-inlined=2" | FileCheck %s --check-prefix=EXPAND
// RUN: tfc-opt %s -tfc-expand-math="most-inlined=2" -tfc-call-math | FileCheck %s
// RUN: tfc-opt %s -tfc-call-math="contract=false" | FileCheck %s --check-prefix=STRICT

#map = affine_map<(d0) -> (d0)>

// A body with few functions has them in their place.
// EXPAND-LABEL: func @few
// EXPAND-NOT: math.exp
// CHECK-LABEL: func @few
// CHECK-NOT: call
func.func @few(%x: memref<8xf32>) {
  linalg.generic {indexing_maps = [#map], iterator_types = ["parallel"]} outs(%x : memref<8xf32>) {
  ^bb0(%a: f32):
    %0 = math.exp %a : f32
    linalg.yield %0 : f32
  }
  return
}

// One with more calls them; sin is none of these.
// EXPAND-LABEL: func @many
// EXPAND: math.exp %{{.*}} {tfc.called} : f32
// EXPAND: math.exp %{{.*}} {tfc.called} : f32
// EXPAND: math.sin %{{[0-9]+}} : f32
// EXPAND: math.powf %{{.*}}, %{{.*}} {tfc.called} : f32
// CHECK-LABEL: func @many
// CHECK: func.call @tfc.exp.f32
// CHECK: func.call @tfc.exp.f32
// CHECK: func.call @tfc.powf.f32(%{{.*}}, %{{.*}}) : (f32, f32) -> f32
func.func @many(%x: memref<8xf32>) {
  linalg.generic {indexing_maps = [#map], iterator_types = ["parallel"]} outs(%x : memref<8xf32>) {
  ^bb0(%a: f32):
    %0 = math.exp %a : f32
    %1 = math.exp %0 : f32
    %2 = math.sin %1 : f32
    %3 = math.powf %2, %a : f32
    linalg.yield %3 : f32
  }
  return
}

// Vectors have functions of their own, which are pure.
// CHECK-LABEL: func @vectors
// CHECK: call @tfc.tanh.16xf32(%arg0) : (vector<16xf32>) -> vector<16xf32>
// CHECK: func.func private @tfc.exp.f32
// CHECK-SAME: llvm.linkage = #llvm.linkage<internal>
// CHECK: func.func private @tfc.tanh.16xf32(%{{.*}}: vector<16xf32>) -> vector<16xf32>
// CHECK-SAME: passthrough = ["noinline", ["memory", "0"]]
// CHECK: arith.mulf %{{.*}} fastmath<contract> : vector<16xf32>
// STRICT: func.func private @tfc.tanh.16xf32
// STRICT-NOT: fastmath
func.func @vectors(%x: vector<16xf32>) -> vector<16xf32> {
  %y = math.tanh %x {tfc.called} : vector<16xf32>
  return %y : vector<16xf32>
}
