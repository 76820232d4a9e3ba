// RUN: tfc-opt %s | tfc-opt | FileCheck %s
// RUN: tfc-opt %s -mlir-print-op-generic | tfc-opt | FileCheck %s

// CHECK-LABEL: @cholesky(
func.func @cholesky(%x: tensor<?x3x3xf32>) -> tensor<?x3x3xf32> {
  // CHECK: tfc.cholesky %{{.*}} : (tensor<?x3x3xf32>) -> tensor<?x3x3xf32>
  %r = tfc.cholesky %x : (tensor<?x3x3xf32>) -> tensor<?x3x3xf32>
  return %r : tensor<?x3x3xf32>
}

// CHECK-LABEL: @triangular_solve(
func.func @triangular_solve(%a: tensor<5x3x3xcomplex<f64>>, %b: tensor<5x3x?xcomplex<f64>>) -> tensor<5x3x?xcomplex<f64>> {
  // CHECK: tfc.triangular_solve %{{.*}}, %{{.*}} {lower = true, unit = false} : (tensor<5x3x3xcomplex<f64>>, tensor<5x3x?xcomplex<f64>>) -> tensor<5x3x?xcomplex<f64>>
  %r = tfc.triangular_solve %a, %b {lower = true, unit = false} : (tensor<5x3x3xcomplex<f64>>, tensor<5x3x?xcomplex<f64>>) -> tensor<5x3x?xcomplex<f64>>
  return %r : tensor<5x3x?xcomplex<f64>>
}

// CHECK-LABEL: @solve(
func.func @solve(%a: tensor<?x3x3xf64>, %b: tensor<5x3x2xf64>) -> tensor<5x3x2xf64> {
  // CHECK: tfc.solve %{{.*}}, %{{.*}} : (tensor<?x3x3xf64>, tensor<5x3x2xf64>) -> tensor<5x3x2xf64>
  %r = tfc.solve %a, %b : (tensor<?x3x3xf64>, tensor<5x3x2xf64>) -> tensor<5x3x2xf64>
  return %r : tensor<5x3x2xf64>
}

// CHECK-LABEL: @lu(
func.func @lu(%x: tensor<2x?x?xf32>) -> (tensor<2x?x?xf32>, tensor<2x?xi32>) {
  // CHECK: tfc.lu %{{.*}} : (tensor<2x?x?xf32>) -> (tensor<2x?x?xf32>, tensor<2x?xi32>)
  %r:2 = tfc.lu %x : (tensor<2x?x?xf32>) -> (tensor<2x?x?xf32>, tensor<2x?xi32>)
  return %r#0, %r#1 : tensor<2x?x?xf32>, tensor<2x?xi32>
}

// CHECK-LABEL: @qr(
func.func @qr(%x: tensor<2x5x3xf32>) -> (tensor<2x5x3xf32>, tensor<2x3x3xf32>) {
  // CHECK: tfc.qr %{{.*}} {full = false} : (tensor<2x5x3xf32>) -> (tensor<2x5x3xf32>, tensor<2x3x3xf32>)
  %r:2 = tfc.qr %x {full = false} : (tensor<2x5x3xf32>) -> (tensor<2x5x3xf32>, tensor<2x3x3xf32>)
  return %r#0, %r#1 : tensor<2x5x3xf32>, tensor<2x3x3xf32>
}

// CHECK-LABEL: @qr_full(
func.func @qr_full(%x: tensor<2x5x3xf32>) -> (tensor<2x5x5xf32>, tensor<2x5x3xf32>) {
  // CHECK: tfc.qr %{{.*}} {full = true} : (tensor<2x5x3xf32>) -> (tensor<2x5x5xf32>, tensor<2x5x3xf32>)
  %r:2 = tfc.qr %x {full = true} : (tensor<2x5x3xf32>) -> (tensor<2x5x5xf32>, tensor<2x5x3xf32>)
  return %r#0, %r#1 : tensor<2x5x5xf32>, tensor<2x5x3xf32>
}

// CHECK-LABEL: @eigh(
func.func @eigh(%x: tensor<4x4xcomplex<f32>>) -> (tensor<4xf32>, tensor<4x4xcomplex<f32>>) {
  // CHECK: tfc.eigh %{{.*}} : (tensor<4x4xcomplex<f32>>) -> (tensor<4xf32>, tensor<4x4xcomplex<f32>>)
  %r:2 = tfc.eigh %x : (tensor<4x4xcomplex<f32>>) -> (tensor<4xf32>, tensor<4x4xcomplex<f32>>)
  return %r#0, %r#1 : tensor<4xf32>, tensor<4x4xcomplex<f32>>
}

// CHECK-LABEL: @eig(
func.func @eig(%x: tensor<?x4x4xf32>) -> (tensor<?x4xcomplex<f32>>, tensor<?x4x4xcomplex<f32>>) {
  // CHECK: tfc.eig %{{.*}} : (tensor<?x4x4xf32>) -> (tensor<?x4xcomplex<f32>>, tensor<?x4x4xcomplex<f32>>)
  %r:2 = tfc.eig %x : (tensor<?x4x4xf32>) -> (tensor<?x4xcomplex<f32>>, tensor<?x4x4xcomplex<f32>>)
  return %r#0, %r#1 : tensor<?x4xcomplex<f32>>, tensor<?x4x4xcomplex<f32>>
}

// CHECK-LABEL: @functions(
func.func @functions(%x: tensor<2x?x?xcomplex<f64>>) -> tensor<2x?x?xcomplex<f64>> {
  // CHECK: tfc.sqrtm %{{.*}} : (tensor<2x?x?xcomplex<f64>>) -> tensor<2x?x?xcomplex<f64>>
  %r = tfc.sqrtm %x : (tensor<2x?x?xcomplex<f64>>) -> tensor<2x?x?xcomplex<f64>>
  // CHECK: tfc.logm %{{.*}} : (tensor<2x?x?xcomplex<f64>>) -> tensor<2x?x?xcomplex<f64>>
  %s = tfc.logm %r : (tensor<2x?x?xcomplex<f64>>) -> tensor<2x?x?xcomplex<f64>>
  return %s : tensor<2x?x?xcomplex<f64>>
}

// CHECK-LABEL: @tridiagonal_solve(
func.func @tridiagonal_solve(%a: tensor<5x3x?xf32>, %b: tensor<5x4x2xf32>) -> tensor<5x4x2xf32> {
  // CHECK: tfc.tridiagonal_solve %{{.*}}, %{{.*}} {pivoting = true} : (tensor<5x3x?xf32>, tensor<5x4x2xf32>) -> tensor<5x4x2xf32>
  %r = tfc.tridiagonal_solve %a, %b {pivoting = true} : (tensor<5x3x?xf32>, tensor<5x4x2xf32>) -> tensor<5x4x2xf32>
  return %r : tensor<5x4x2xf32>
}

// CHECK-LABEL: @svd(
func.func @svd(%x: tensor<?x5x3xcomplex<f64>>) -> (tensor<?x3xf64>, tensor<?x5x3xcomplex<f64>>, tensor<?x3x3xcomplex<f64>>) {
  // CHECK: tfc.svd %{{.*}} {full = false} : (tensor<?x5x3xcomplex<f64>>) -> (tensor<?x3xf64>, tensor<?x5x3xcomplex<f64>>, tensor<?x3x3xcomplex<f64>>)
  %r:3 = tfc.svd %x {full = false} : (tensor<?x5x3xcomplex<f64>>) -> (tensor<?x3xf64>, tensor<?x5x3xcomplex<f64>>, tensor<?x3x3xcomplex<f64>>)
  return %r#0, %r#1, %r#2 : tensor<?x3xf64>, tensor<?x5x3xcomplex<f64>>, tensor<?x3x3xcomplex<f64>>
}

// CHECK-LABEL: @svd_full(
func.func @svd_full(%x: tensor<5x3xf32>) -> (tensor<3xf32>, tensor<5x5xf32>, tensor<3x3xf32>) {
  // CHECK: tfc.svd %{{.*}} {full = true} : (tensor<5x3xf32>) -> (tensor<3xf32>, tensor<5x5xf32>, tensor<3x3xf32>)
  %r:3 = tfc.svd %x {full = true} : (tensor<5x3xf32>) -> (tensor<3xf32>, tensor<5x5xf32>, tensor<3x3xf32>)
  return %r#0, %r#1, %r#2 : tensor<3xf32>, tensor<5x5xf32>, tensor<3x3xf32>
}

// CHECK-LABEL: @fft(
func.func @fft(%x: tensor<2x?xcomplex<f32>>) -> tensor<2x?xcomplex<f32>> {
  // CHECK: tfc.fft %{{.*}} {inverse = true} : (tensor<2x?xcomplex<f32>>) -> tensor<2x?xcomplex<f32>>
  %r = tfc.fft %x {inverse = true} : (tensor<2x?xcomplex<f32>>) -> tensor<2x?xcomplex<f32>>
  return %r : tensor<2x?xcomplex<f32>>
}
