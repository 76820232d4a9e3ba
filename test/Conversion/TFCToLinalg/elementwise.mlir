// RUN: tfc-opt %s -convert-tfc-to-linalg -split-input-file | FileCheck %s

// A bool tensor is bytes in memory and i1 in arithmetic.
// CHECK-LABEL: func @bool_is_a_byte(%{{.*}}: tensor<4xi8>) -> tensor<4xi8>
// CHECK: ^bb0(%[[X:.*]]: i8, %{{.*}}: i8)
// CHECK: %[[B:.*]] = arith.trunci %[[X]] : i8 to i1
// CHECK: %[[N:.*]] = arith.xori %[[B]]
// CHECK: arith.extui %[[N]] : i1 to i8
func.func @bool_is_a_byte(%x: tensor<4xi1>) -> tensor<4xi1> {
  %0 = tfc.logical_not %x : (tensor<4xi1>) -> tensor<4xi1>
  return %0 : tensor<4xi1>
}

// -----

// CHECK-LABEL: func @unsigned_compares_unsigned(%{{.*}}: tensor<4xi32>, %{{.*}}: tensor<4xi32>)
// CHECK: arith.cmpi ult
func.func @unsigned_compares_unsigned(%x: tensor<4xui32>, %y: tensor<4xui32>) -> tensor<4xi1> {
  %0 = tfc.less %x, %y : (tensor<4xui32>, tensor<4xui32>) -> tensor<4xi1>
  return %0 : tensor<4xi1>
}

// -----

// Each op on halves rounds once.
// CHECK-LABEL: func @half_rounds_after_each_op
// CHECK-COUNT-2: arith.extf
// CHECK: arith.addf {{.*}} : f32
// CHECK: arith.truncf {{.*}} : f32 to f16
// CHECK: arith.extf
// CHECK: math.exp {{.*}} : f32
// CHECK: arith.truncf
func.func @half_rounds_after_each_op(%x: tensor<4xf16>, %y: tensor<4xf16>) -> tensor<4xf16> {
  %0 = tfc.add %x, %y : (tensor<4xf16>, tensor<4xf16>) -> tensor<4xf16>
  %1 = tfc.exp %0 : (tensor<4xf16>) -> tensor<4xf16>
  return %1 : tensor<4xf16>
}

// -----

// CHECK-LABEL: func @rank_0_is_a_scalar(%{{.*}}: tensor<f32>) -> tensor<f32>
// CHECK: %[[X:.*]] = tensor.extract
// CHECK-NOT: linalg
// CHECK: %[[S:.*]] = arith.mulf %[[X]], %[[X]]
// CHECK: tensor.from_elements %[[S]] : tensor<f32>
func.func @rank_0_is_a_scalar(%x: tensor<f32>) -> tensor<f32> {
  %0 = tfc.mul %x, %x : (tensor<f32>, tensor<f32>) -> tensor<f32>
  return %0 : tensor<f32>
}

// -----

// CHECK-LABEL: func @division_by_zero_is_defined
// CHECK: %[[Z:.*]] = arith.cmpi eq
// CHECK: %[[M:.*]] = arith.cmpi eq
// CHECK: %[[S:.*]] = arith.ori %[[Z]], %[[M]]
// CHECK: %[[D:.*]] = arith.select %[[S]]
// CHECK: arith.divsi %{{.*}}, %[[D]]
func.func @division_by_zero_is_defined(%x: tensor<i32>, %y: tensor<i32>) -> tensor<i32> {
  %0 = tfc.trunc_div %x, %y : (tensor<i32>, tensor<i32>) -> tensor<i32>
  return %0 : tensor<i32>
}

// -----

// CHECK-LABEL: func @float_to_int_is_defined
// CHECK: %[[FITS:.*]] = arith.andi
// CHECK: %[[SAFE:.*]] = arith.select %[[FITS]]
// CHECK: %[[N:.*]] = arith.fptosi %[[SAFE]]
// CHECK: arith.select %[[FITS]], %[[N]]
func.func @float_to_int_is_defined(%x: tensor<f32>) -> tensor<i32> {
  %0 = tfc.cast %x {dtype = i32} : (tensor<f32>) -> tensor<i32>
  return %0 : tensor<i32>
}
