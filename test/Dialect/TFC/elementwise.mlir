// RUN: tfc-opt %s | tfc-opt | FileCheck %s
// RUN: tfc-opt %s -mlir-print-op-generic | tfc-opt | FileCheck %s

// CHECK-LABEL: @neg(
func.func @neg(%x: tensor<2x?xf32>) -> tensor<2x?xf32> {
  // CHECK: tfc.neg %{{.*}} : (tensor<2x?xf32>) -> tensor<2x?xf32>
  %r = tfc.neg %x : (tensor<2x?xf32>) -> tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @abs(
func.func @abs(%x: tensor<2x?xf32>) -> tensor<2x?xf32> {
  // CHECK: tfc.abs %{{.*}} : (tensor<2x?xf32>) -> tensor<2x?xf32>
  %r = tfc.abs %x : (tensor<2x?xf32>) -> tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @sign(
func.func @sign(%x: tensor<2x?xf32>) -> tensor<2x?xf32> {
  // CHECK: tfc.sign %{{.*}} : (tensor<2x?xf32>) -> tensor<2x?xf32>
  %r = tfc.sign %x : (tensor<2x?xf32>) -> tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @sqrt(
func.func @sqrt(%x: tensor<2x?xf32>) -> tensor<2x?xf32> {
  // CHECK: tfc.sqrt %{{.*}} : (tensor<2x?xf32>) -> tensor<2x?xf32>
  %r = tfc.sqrt %x : (tensor<2x?xf32>) -> tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @rsqrt(
func.func @rsqrt(%x: tensor<2x?xf32>) -> tensor<2x?xf32> {
  // CHECK: tfc.rsqrt %{{.*}} : (tensor<2x?xf32>) -> tensor<2x?xf32>
  %r = tfc.rsqrt %x : (tensor<2x?xf32>) -> tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @exp(
func.func @exp(%x: tensor<2x?xf32>) -> tensor<2x?xf32> {
  // CHECK: tfc.exp %{{.*}} : (tensor<2x?xf32>) -> tensor<2x?xf32>
  %r = tfc.exp %x : (tensor<2x?xf32>) -> tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @expm1(
func.func @expm1(%x: tensor<2x?xf32>) -> tensor<2x?xf32> {
  // CHECK: tfc.expm1 %{{.*}} : (tensor<2x?xf32>) -> tensor<2x?xf32>
  %r = tfc.expm1 %x : (tensor<2x?xf32>) -> tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @log(
func.func @log(%x: tensor<2x?xf32>) -> tensor<2x?xf32> {
  // CHECK: tfc.log %{{.*}} : (tensor<2x?xf32>) -> tensor<2x?xf32>
  %r = tfc.log %x : (tensor<2x?xf32>) -> tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @log1p(
func.func @log1p(%x: tensor<2x?xf32>) -> tensor<2x?xf32> {
  // CHECK: tfc.log1p %{{.*}} : (tensor<2x?xf32>) -> tensor<2x?xf32>
  %r = tfc.log1p %x : (tensor<2x?xf32>) -> tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @sin(
func.func @sin(%x: tensor<2x?xf32>) -> tensor<2x?xf32> {
  // CHECK: tfc.sin %{{.*}} : (tensor<2x?xf32>) -> tensor<2x?xf32>
  %r = tfc.sin %x : (tensor<2x?xf32>) -> tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @cos(
func.func @cos(%x: tensor<2x?xf32>) -> tensor<2x?xf32> {
  // CHECK: tfc.cos %{{.*}} : (tensor<2x?xf32>) -> tensor<2x?xf32>
  %r = tfc.cos %x : (tensor<2x?xf32>) -> tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @tan(
func.func @tan(%x: tensor<2x?xf32>) -> tensor<2x?xf32> {
  // CHECK: tfc.tan %{{.*}} : (tensor<2x?xf32>) -> tensor<2x?xf32>
  %r = tfc.tan %x : (tensor<2x?xf32>) -> tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @asin(
func.func @asin(%x: tensor<2x?xf32>) -> tensor<2x?xf32> {
  // CHECK: tfc.asin %{{.*}} : (tensor<2x?xf32>) -> tensor<2x?xf32>
  %r = tfc.asin %x : (tensor<2x?xf32>) -> tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @acos(
func.func @acos(%x: tensor<2x?xf32>) -> tensor<2x?xf32> {
  // CHECK: tfc.acos %{{.*}} : (tensor<2x?xf32>) -> tensor<2x?xf32>
  %r = tfc.acos %x : (tensor<2x?xf32>) -> tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @atan(
func.func @atan(%x: tensor<2x?xf32>) -> tensor<2x?xf32> {
  // CHECK: tfc.atan %{{.*}} : (tensor<2x?xf32>) -> tensor<2x?xf32>
  %r = tfc.atan %x : (tensor<2x?xf32>) -> tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @sinh(
func.func @sinh(%x: tensor<2x?xf32>) -> tensor<2x?xf32> {
  // CHECK: tfc.sinh %{{.*}} : (tensor<2x?xf32>) -> tensor<2x?xf32>
  %r = tfc.sinh %x : (tensor<2x?xf32>) -> tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @cosh(
func.func @cosh(%x: tensor<2x?xf32>) -> tensor<2x?xf32> {
  // CHECK: tfc.cosh %{{.*}} : (tensor<2x?xf32>) -> tensor<2x?xf32>
  %r = tfc.cosh %x : (tensor<2x?xf32>) -> tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @tanh(
func.func @tanh(%x: tensor<2x?xf32>) -> tensor<2x?xf32> {
  // CHECK: tfc.tanh %{{.*}} : (tensor<2x?xf32>) -> tensor<2x?xf32>
  %r = tfc.tanh %x : (tensor<2x?xf32>) -> tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @asinh(
func.func @asinh(%x: tensor<2x?xf32>) -> tensor<2x?xf32> {
  // CHECK: tfc.asinh %{{.*}} : (tensor<2x?xf32>) -> tensor<2x?xf32>
  %r = tfc.asinh %x : (tensor<2x?xf32>) -> tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @acosh(
func.func @acosh(%x: tensor<2x?xf32>) -> tensor<2x?xf32> {
  // CHECK: tfc.acosh %{{.*}} : (tensor<2x?xf32>) -> tensor<2x?xf32>
  %r = tfc.acosh %x : (tensor<2x?xf32>) -> tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @atanh(
func.func @atanh(%x: tensor<2x?xf32>) -> tensor<2x?xf32> {
  // CHECK: tfc.atanh %{{.*}} : (tensor<2x?xf32>) -> tensor<2x?xf32>
  %r = tfc.atanh %x : (tensor<2x?xf32>) -> tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @sigmoid(
func.func @sigmoid(%x: tensor<2x?xf32>) -> tensor<2x?xf32> {
  // CHECK: tfc.sigmoid %{{.*}} : (tensor<2x?xf32>) -> tensor<2x?xf32>
  %r = tfc.sigmoid %x : (tensor<2x?xf32>) -> tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @floor(
func.func @floor(%x: tensor<2x?xf32>) -> tensor<2x?xf32> {
  // CHECK: tfc.floor %{{.*}} : (tensor<2x?xf32>) -> tensor<2x?xf32>
  %r = tfc.floor %x : (tensor<2x?xf32>) -> tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @ceil(
func.func @ceil(%x: tensor<2x?xf32>) -> tensor<2x?xf32> {
  // CHECK: tfc.ceil %{{.*}} : (tensor<2x?xf32>) -> tensor<2x?xf32>
  %r = tfc.ceil %x : (tensor<2x?xf32>) -> tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @round(
func.func @round(%x: tensor<2x?xf32>) -> tensor<2x?xf32> {
  // CHECK: tfc.round %{{.*}} : (tensor<2x?xf32>) -> tensor<2x?xf32>
  %r = tfc.round %x : (tensor<2x?xf32>) -> tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @trunc(
func.func @trunc(%x: tensor<2x?xf32>) -> tensor<2x?xf32> {
  // CHECK: tfc.trunc %{{.*}} : (tensor<2x?xf32>) -> tensor<2x?xf32>
  %r = tfc.trunc %x : (tensor<2x?xf32>) -> tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @erf(
func.func @erf(%x: tensor<2x?xf32>) -> tensor<2x?xf32> {
  // CHECK: tfc.erf %{{.*}} : (tensor<2x?xf32>) -> tensor<2x?xf32>
  %r = tfc.erf %x : (tensor<2x?xf32>) -> tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @erfc(
func.func @erfc(%x: tensor<2x?xf32>) -> tensor<2x?xf32> {
  // CHECK: tfc.erfc %{{.*}} : (tensor<2x?xf32>) -> tensor<2x?xf32>
  %r = tfc.erfc %x : (tensor<2x?xf32>) -> tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @erfinv(
func.func @erfinv(%x: tensor<2x?xf32>) -> tensor<2x?xf32> {
  // CHECK: tfc.erfinv %{{.*}} : (tensor<2x?xf32>) -> tensor<2x?xf32>
  %r = tfc.erfinv %x : (tensor<2x?xf32>) -> tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @lgamma(
func.func @lgamma(%x: tensor<2x?xf32>) -> tensor<2x?xf32> {
  // CHECK: tfc.lgamma %{{.*}} : (tensor<2x?xf32>) -> tensor<2x?xf32>
  %r = tfc.lgamma %x : (tensor<2x?xf32>) -> tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @digamma(
func.func @digamma(%x: tensor<2x?xf32>) -> tensor<2x?xf32> {
  // CHECK: tfc.digamma %{{.*}} : (tensor<2x?xf32>) -> tensor<2x?xf32>
  %r = tfc.digamma %x : (tensor<2x?xf32>) -> tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @is_finite(
func.func @is_finite(%x: tensor<2x?xf32>) -> tensor<2x?xi1> {
  // CHECK: tfc.is_finite %{{.*}} : (tensor<2x?xf32>) -> tensor<2x?xi1>
  %r = tfc.is_finite %x : (tensor<2x?xf32>) -> tensor<2x?xi1>
  return %r : tensor<2x?xi1>
}

// CHECK-LABEL: @is_inf(
func.func @is_inf(%x: tensor<2x?xf32>) -> tensor<2x?xi1> {
  // CHECK: tfc.is_inf %{{.*}} : (tensor<2x?xf32>) -> tensor<2x?xi1>
  %r = tfc.is_inf %x : (tensor<2x?xf32>) -> tensor<2x?xi1>
  return %r : tensor<2x?xi1>
}

// CHECK-LABEL: @is_nan(
func.func @is_nan(%x: tensor<2x?xf32>) -> tensor<2x?xi1> {
  // CHECK: tfc.is_nan %{{.*}} : (tensor<2x?xf32>) -> tensor<2x?xi1>
  %r = tfc.is_nan %x : (tensor<2x?xf32>) -> tensor<2x?xi1>
  return %r : tensor<2x?xi1>
}

// CHECK-LABEL: @logical_not(
func.func @logical_not(%x: tensor<2x?xi1>) -> tensor<2x?xi1> {
  // CHECK: tfc.logical_not %{{.*}} : (tensor<2x?xi1>) -> tensor<2x?xi1>
  %r = tfc.logical_not %x : (tensor<2x?xi1>) -> tensor<2x?xi1>
  return %r : tensor<2x?xi1>
}

// CHECK-LABEL: @bitwise_not(
func.func @bitwise_not(%x: tensor<2x?xi32>) -> tensor<2x?xi32> {
  // CHECK: tfc.bitwise_not %{{.*}} : (tensor<2x?xi32>) -> tensor<2x?xi32>
  %r = tfc.bitwise_not %x : (tensor<2x?xi32>) -> tensor<2x?xi32>
  return %r : tensor<2x?xi32>
}

// CHECK-LABEL: @population_count(
func.func @population_count(%x: tensor<2x?xi32>) -> tensor<2x?xui8> {
  // CHECK: tfc.population_count %{{.*}} : (tensor<2x?xi32>) -> tensor<2x?xui8>
  %r = tfc.population_count %x : (tensor<2x?xi32>) -> tensor<2x?xui8>
  return %r : tensor<2x?xui8>
}

// CHECK-LABEL: @real(
func.func @real(%x: tensor<2x?xcomplex<f32>>) -> tensor<2x?xf32> {
  // CHECK: tfc.real %{{.*}} : (tensor<2x?xcomplex<f32>>) -> tensor<2x?xf32>
  %r = tfc.real %x : (tensor<2x?xcomplex<f32>>) -> tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @imag(
func.func @imag(%x: tensor<2x?xcomplex<f32>>) -> tensor<2x?xf32> {
  // CHECK: tfc.imag %{{.*}} : (tensor<2x?xcomplex<f32>>) -> tensor<2x?xf32>
  %r = tfc.imag %x : (tensor<2x?xcomplex<f32>>) -> tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @conj(
func.func @conj(%x: tensor<2x?xcomplex<f32>>) -> tensor<2x?xcomplex<f32>> {
  // CHECK: tfc.conj %{{.*}} : (tensor<2x?xcomplex<f32>>) -> tensor<2x?xcomplex<f32>>
  %r = tfc.conj %x : (tensor<2x?xcomplex<f32>>) -> tensor<2x?xcomplex<f32>>
  return %r : tensor<2x?xcomplex<f32>>
}

// CHECK-LABEL: @add(
func.func @add(%x: tensor<2x?xf32>, %y: tensor<2x?xf32>) -> tensor<2x?xf32> {
  // CHECK: tfc.add %{{.*}}, %{{.*}} : (tensor<2x?xf32>, tensor<2x?xf32>) -> tensor<2x?xf32>
  %r = tfc.add %x, %y : (tensor<2x?xf32>, tensor<2x?xf32>) -> tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @sub(
func.func @sub(%x: tensor<2x?xf32>, %y: tensor<2x?xf32>) -> tensor<2x?xf32> {
  // CHECK: tfc.sub %{{.*}}, %{{.*}} : (tensor<2x?xf32>, tensor<2x?xf32>) -> tensor<2x?xf32>
  %r = tfc.sub %x, %y : (tensor<2x?xf32>, tensor<2x?xf32>) -> tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @mul(
func.func @mul(%x: tensor<2x?xf32>, %y: tensor<2x?xf32>) -> tensor<2x?xf32> {
  // CHECK: tfc.mul %{{.*}}, %{{.*}} : (tensor<2x?xf32>, tensor<2x?xf32>) -> tensor<2x?xf32>
  %r = tfc.mul %x, %y : (tensor<2x?xf32>, tensor<2x?xf32>) -> tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @div(
func.func @div(%x: tensor<2x?xf32>, %y: tensor<2x?xf32>) -> tensor<2x?xf32> {
  // CHECK: tfc.div %{{.*}}, %{{.*}} : (tensor<2x?xf32>, tensor<2x?xf32>) -> tensor<2x?xf32>
  %r = tfc.div %x, %y : (tensor<2x?xf32>, tensor<2x?xf32>) -> tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @pow(
func.func @pow(%x: tensor<2x?xf32>, %y: tensor<2x?xf32>) -> tensor<2x?xf32> {
  // CHECK: tfc.pow %{{.*}}, %{{.*}} : (tensor<2x?xf32>, tensor<2x?xf32>) -> tensor<2x?xf32>
  %r = tfc.pow %x, %y : (tensor<2x?xf32>, tensor<2x?xf32>) -> tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @floor_div(
func.func @floor_div(%x: tensor<2x?xi32>, %y: tensor<2x?xi32>) -> tensor<2x?xi32> {
  // CHECK: tfc.floor_div %{{.*}}, %{{.*}} : (tensor<2x?xi32>, tensor<2x?xi32>) -> tensor<2x?xi32>
  %r = tfc.floor_div %x, %y : (tensor<2x?xi32>, tensor<2x?xi32>) -> tensor<2x?xi32>
  return %r : tensor<2x?xi32>
}

// CHECK-LABEL: @floor_mod(
func.func @floor_mod(%x: tensor<2x?xi32>, %y: tensor<2x?xi32>) -> tensor<2x?xi32> {
  // CHECK: tfc.floor_mod %{{.*}}, %{{.*}} : (tensor<2x?xi32>, tensor<2x?xi32>) -> tensor<2x?xi32>
  %r = tfc.floor_mod %x, %y : (tensor<2x?xi32>, tensor<2x?xi32>) -> tensor<2x?xi32>
  return %r : tensor<2x?xi32>
}

// CHECK-LABEL: @trunc_div(
func.func @trunc_div(%x: tensor<2x?xi32>, %y: tensor<2x?xi32>) -> tensor<2x?xi32> {
  // CHECK: tfc.trunc_div %{{.*}}, %{{.*}} : (tensor<2x?xi32>, tensor<2x?xi32>) -> tensor<2x?xi32>
  %r = tfc.trunc_div %x, %y : (tensor<2x?xi32>, tensor<2x?xi32>) -> tensor<2x?xi32>
  return %r : tensor<2x?xi32>
}

// CHECK-LABEL: @trunc_mod(
func.func @trunc_mod(%x: tensor<2x?xi32>, %y: tensor<2x?xi32>) -> tensor<2x?xi32> {
  // CHECK: tfc.trunc_mod %{{.*}}, %{{.*}} : (tensor<2x?xi32>, tensor<2x?xi32>) -> tensor<2x?xi32>
  %r = tfc.trunc_mod %x, %y : (tensor<2x?xi32>, tensor<2x?xi32>) -> tensor<2x?xi32>
  return %r : tensor<2x?xi32>
}

// CHECK-LABEL: @maximum(
func.func @maximum(%x: tensor<2x?xi32>, %y: tensor<2x?xi32>) -> tensor<2x?xi32> {
  // CHECK: tfc.maximum %{{.*}}, %{{.*}} : (tensor<2x?xi32>, tensor<2x?xi32>) -> tensor<2x?xi32>
  %r = tfc.maximum %x, %y : (tensor<2x?xi32>, tensor<2x?xi32>) -> tensor<2x?xi32>
  return %r : tensor<2x?xi32>
}

// CHECK-LABEL: @minimum(
func.func @minimum(%x: tensor<2x?xi32>, %y: tensor<2x?xi32>) -> tensor<2x?xi32> {
  // CHECK: tfc.minimum %{{.*}}, %{{.*}} : (tensor<2x?xi32>, tensor<2x?xi32>) -> tensor<2x?xi32>
  %r = tfc.minimum %x, %y : (tensor<2x?xi32>, tensor<2x?xi32>) -> tensor<2x?xi32>
  return %r : tensor<2x?xi32>
}

// CHECK-LABEL: @atan2(
func.func @atan2(%x: tensor<2x?xf32>, %y: tensor<2x?xf32>) -> tensor<2x?xf32> {
  // CHECK: tfc.atan2 %{{.*}}, %{{.*}} : (tensor<2x?xf32>, tensor<2x?xf32>) -> tensor<2x?xf32>
  %r = tfc.atan2 %x, %y : (tensor<2x?xf32>, tensor<2x?xf32>) -> tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @nextafter(
func.func @nextafter(%x: tensor<2x?xf32>, %y: tensor<2x?xf32>) -> tensor<2x?xf32> {
  // CHECK: tfc.nextafter %{{.*}}, %{{.*}} : (tensor<2x?xf32>, tensor<2x?xf32>) -> tensor<2x?xf32>
  %r = tfc.nextafter %x, %y : (tensor<2x?xf32>, tensor<2x?xf32>) -> tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @complex(
func.func @complex(%x: tensor<2x?xf32>, %y: tensor<2x?xf32>) -> tensor<2x?xcomplex<f32>> {
  // CHECK: tfc.complex %{{.*}}, %{{.*}} : (tensor<2x?xf32>, tensor<2x?xf32>) -> tensor<2x?xcomplex<f32>>
  %r = tfc.complex %x, %y : (tensor<2x?xf32>, tensor<2x?xf32>) -> tensor<2x?xcomplex<f32>>
  return %r : tensor<2x?xcomplex<f32>>
}

// CHECK-LABEL: @logical_and(
func.func @logical_and(%x: tensor<2x?xi1>, %y: tensor<2x?xi1>) -> tensor<2x?xi1> {
  // CHECK: tfc.logical_and %{{.*}}, %{{.*}} : (tensor<2x?xi1>, tensor<2x?xi1>) -> tensor<2x?xi1>
  %r = tfc.logical_and %x, %y : (tensor<2x?xi1>, tensor<2x?xi1>) -> tensor<2x?xi1>
  return %r : tensor<2x?xi1>
}

// CHECK-LABEL: @logical_or(
func.func @logical_or(%x: tensor<2x?xi1>, %y: tensor<2x?xi1>) -> tensor<2x?xi1> {
  // CHECK: tfc.logical_or %{{.*}}, %{{.*}} : (tensor<2x?xi1>, tensor<2x?xi1>) -> tensor<2x?xi1>
  %r = tfc.logical_or %x, %y : (tensor<2x?xi1>, tensor<2x?xi1>) -> tensor<2x?xi1>
  return %r : tensor<2x?xi1>
}

// CHECK-LABEL: @bitwise_and(
func.func @bitwise_and(%x: tensor<2x?xi32>, %y: tensor<2x?xi32>) -> tensor<2x?xi32> {
  // CHECK: tfc.bitwise_and %{{.*}}, %{{.*}} : (tensor<2x?xi32>, tensor<2x?xi32>) -> tensor<2x?xi32>
  %r = tfc.bitwise_and %x, %y : (tensor<2x?xi32>, tensor<2x?xi32>) -> tensor<2x?xi32>
  return %r : tensor<2x?xi32>
}

// CHECK-LABEL: @bitwise_or(
func.func @bitwise_or(%x: tensor<2x?xi32>, %y: tensor<2x?xi32>) -> tensor<2x?xi32> {
  // CHECK: tfc.bitwise_or %{{.*}}, %{{.*}} : (tensor<2x?xi32>, tensor<2x?xi32>) -> tensor<2x?xi32>
  %r = tfc.bitwise_or %x, %y : (tensor<2x?xi32>, tensor<2x?xi32>) -> tensor<2x?xi32>
  return %r : tensor<2x?xi32>
}

// CHECK-LABEL: @bitwise_xor(
func.func @bitwise_xor(%x: tensor<2x?xi32>, %y: tensor<2x?xi32>) -> tensor<2x?xi32> {
  // CHECK: tfc.bitwise_xor %{{.*}}, %{{.*}} : (tensor<2x?xi32>, tensor<2x?xi32>) -> tensor<2x?xi32>
  %r = tfc.bitwise_xor %x, %y : (tensor<2x?xi32>, tensor<2x?xi32>) -> tensor<2x?xi32>
  return %r : tensor<2x?xi32>
}

// CHECK-LABEL: @left_shift(
func.func @left_shift(%x: tensor<2x?xi32>, %y: tensor<2x?xi32>) -> tensor<2x?xi32> {
  // CHECK: tfc.left_shift %{{.*}}, %{{.*}} : (tensor<2x?xi32>, tensor<2x?xi32>) -> tensor<2x?xi32>
  %r = tfc.left_shift %x, %y : (tensor<2x?xi32>, tensor<2x?xi32>) -> tensor<2x?xi32>
  return %r : tensor<2x?xi32>
}

// CHECK-LABEL: @right_shift(
func.func @right_shift(%x: tensor<2x?xi32>, %y: tensor<2x?xi32>) -> tensor<2x?xi32> {
  // CHECK: tfc.right_shift %{{.*}}, %{{.*}} : (tensor<2x?xi32>, tensor<2x?xi32>) -> tensor<2x?xi32>
  %r = tfc.right_shift %x, %y : (tensor<2x?xi32>, tensor<2x?xi32>) -> tensor<2x?xi32>
  return %r : tensor<2x?xi32>
}

// CHECK-LABEL: @equal(
func.func @equal(%x: tensor<2x?xf32>, %y: tensor<2x?xf32>) -> tensor<2x?xi1> {
  // CHECK: tfc.equal %{{.*}}, %{{.*}} : (tensor<2x?xf32>, tensor<2x?xf32>) -> tensor<2x?xi1>
  %r = tfc.equal %x, %y : (tensor<2x?xf32>, tensor<2x?xf32>) -> tensor<2x?xi1>
  return %r : tensor<2x?xi1>
}

// CHECK-LABEL: @not_equal(
func.func @not_equal(%x: tensor<2x?xf32>, %y: tensor<2x?xf32>) -> tensor<2x?xi1> {
  // CHECK: tfc.not_equal %{{.*}}, %{{.*}} : (tensor<2x?xf32>, tensor<2x?xf32>) -> tensor<2x?xi1>
  %r = tfc.not_equal %x, %y : (tensor<2x?xf32>, tensor<2x?xf32>) -> tensor<2x?xi1>
  return %r : tensor<2x?xi1>
}

// CHECK-LABEL: @less(
func.func @less(%x: tensor<2x?xi32>, %y: tensor<2x?xi32>) -> tensor<2x?xi1> {
  // CHECK: tfc.less %{{.*}}, %{{.*}} : (tensor<2x?xi32>, tensor<2x?xi32>) -> tensor<2x?xi1>
  %r = tfc.less %x, %y : (tensor<2x?xi32>, tensor<2x?xi32>) -> tensor<2x?xi1>
  return %r : tensor<2x?xi1>
}

// CHECK-LABEL: @less_equal(
func.func @less_equal(%x: tensor<2x?xi32>, %y: tensor<2x?xi32>) -> tensor<2x?xi1> {
  // CHECK: tfc.less_equal %{{.*}}, %{{.*}} : (tensor<2x?xi32>, tensor<2x?xi32>) -> tensor<2x?xi1>
  %r = tfc.less_equal %x, %y : (tensor<2x?xi32>, tensor<2x?xi32>) -> tensor<2x?xi1>
  return %r : tensor<2x?xi1>
}

// CHECK-LABEL: @greater(
func.func @greater(%x: tensor<2x?xi32>, %y: tensor<2x?xi32>) -> tensor<2x?xi1> {
  // CHECK: tfc.greater %{{.*}}, %{{.*}} : (tensor<2x?xi32>, tensor<2x?xi32>) -> tensor<2x?xi1>
  %r = tfc.greater %x, %y : (tensor<2x?xi32>, tensor<2x?xi32>) -> tensor<2x?xi1>
  return %r : tensor<2x?xi1>
}

// CHECK-LABEL: @greater_equal(
func.func @greater_equal(%x: tensor<2x?xi32>, %y: tensor<2x?xi32>) -> tensor<2x?xi1> {
  // CHECK: tfc.greater_equal %{{.*}}, %{{.*}} : (tensor<2x?xi32>, tensor<2x?xi32>) -> tensor<2x?xi1>
  %r = tfc.greater_equal %x, %y : (tensor<2x?xi32>, tensor<2x?xi32>) -> tensor<2x?xi1>
  return %r : tensor<2x?xi1>
}

// CHECK-LABEL: @select(
func.func @select(%c: tensor<i1>, %x: tensor<3xf32>, %y: tensor<?x1xf32>) -> tensor<?x3xf32> {
  // CHECK: tfc.select %{{.*}}, %{{.*}}, %{{.*}} : (tensor<i1>, tensor<3xf32>, tensor<?x1xf32>) -> tensor<?x3xf32>
  %r = tfc.select %c, %x, %y : (tensor<i1>, tensor<3xf32>, tensor<?x1xf32>) -> tensor<?x3xf32>
  return %r : tensor<?x3xf32>
}

// CHECK-LABEL: @cast(
func.func @cast(%x: tensor<*xf32>) -> tensor<*xui8> {
  // CHECK: tfc.cast %{{.*}} {dtype = ui8} : (tensor<*xf32>) -> tensor<*xui8>
  %r = tfc.cast %x {dtype = ui8} : (tensor<*xf32>) -> tensor<*xui8>
  return %r : tensor<*xui8>
}

// CHECK-LABEL: @bitcast(
func.func @bitcast(%x: tensor<2xf32>) -> tensor<2xi32> {
  // CHECK: tfc.bitcast %{{.*}} {dtype = i32} : (tensor<2xf32>) -> tensor<2xi32>
  %r = tfc.bitcast %x {dtype = i32} : (tensor<2xf32>) -> tensor<2xi32>
  return %r : tensor<2xi32>
}
