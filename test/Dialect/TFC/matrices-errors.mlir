// RUN: tfc-opt %s -split-input-file -verify-diagnostics

func.func @cholesky_c1_rank(%x: tensor<3xf32>) {
  // expected-error @below {{expected x to have rank at least 2, got 'tensor<3xf32>'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.cholesky %x : (tensor<3xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @cholesky_c1_square(%x: tensor<2x3x4xf32>) {
  // expected-error @below {{expected square matrices, got 'tensor<2x3x4xf32>'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.cholesky %x : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return
}

// -----

func.func @triangular_solve_c1_element(%a: tensor<3x3xf32>, %b: tensor<3x2xf64>) {
  // expected-error @below {{expected operands of one element type, got 'f32' and 'f64'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.triangular_solve %a, %b {lower = true, unit = false} : (tensor<3x3xf32>, tensor<3x2xf64>) -> tensor<3x2xf64>
  return
}

// -----

func.func @triangular_solve_c1_low_rank(%a: tensor<3x3xf32>, %b: tensor<3xf32>) {
  // expected-error @below {{expected b to have rank at least 2, got 'tensor<3xf32>'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.triangular_solve %a, %b {lower = true, unit = false} : (tensor<3x3xf32>, tensor<3xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @triangular_solve_c1_rank(%a: tensor<3x3xf32>, %b: tensor<5x3x2xf32>) {
  // expected-error @below {{expected operands of one rank, got 'tensor<3x3xf32>' and 'tensor<5x3x2xf32>'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.triangular_solve %a, %b {lower = true, unit = false} : (tensor<3x3xf32>, tensor<5x3x2xf32>) -> tensor<5x3x2xf32>
  return
}

// -----

func.func @triangular_solve_c2_square(%a: tensor<3x4xf32>, %b: tensor<3x2xf32>) {
  // expected-error @below {{expected square matrices, got 'tensor<3x4xf32>'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.triangular_solve %a, %b {lower = true, unit = false} : (tensor<3x4xf32>, tensor<3x2xf32>) -> tensor<3x2xf32>
  return
}

// -----

func.func @triangular_solve_c2_rows(%a: tensor<3x3xf32>, %b: tensor<4x2xf32>) {
  // expected-error @below {{expected as many rows in b as in a, got 'tensor<3x3xf32>' and 'tensor<4x2xf32>'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.triangular_solve %a, %b {lower = true, unit = false} : (tensor<3x3xf32>, tensor<4x2xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @triangular_solve_c3(%a: tensor<5x3x3xf32>, %b: tensor<1x3x2xf32>) {
  // expected-error @below {{expected equal leading dimensions, got 'tensor<5x3x3xf32>' and 'tensor<1x3x2xf32>'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.triangular_solve %a, %b {lower = true, unit = false} : (tensor<5x3x3xf32>, tensor<1x3x2xf32>) -> tensor<5x3x2xf32>
  return
}

// -----

func.func @solve_rows(%a: tensor<3x3xf32>, %b: tensor<4x2xf32>) {
  // expected-error @below {{expected as many rows in b as in a, got 'tensor<3x3xf32>' and 'tensor<4x2xf32>'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.solve %a, %b : (tensor<3x3xf32>, tensor<4x2xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @lu_c1_rank(%x: tensor<3xf32>) {
  // expected-error @below {{expected x to have rank at least 2, got 'tensor<3xf32>'}}
  // expected-error @below {{failed to infer returned types}}
  %r:2 = tfc.lu %x : (tensor<3xf32>) -> (tensor<3xf32>, tensor<3xi32>)
  return
}

// -----

func.func @lu_c1_square(%x: tensor<2x3x4xf32>) {
  // expected-error @below {{expected square matrices, got 'tensor<2x3x4xf32>'}}
  // expected-error @below {{failed to infer returned types}}
  %r:2 = tfc.lu %x : (tensor<2x3x4xf32>) -> (tensor<2x3x4xf32>, tensor<2x3xi32>)
  return
}

// -----

func.func @qr_c1(%x: tensor<3xf32>) {
  // expected-error @below {{expected x to have rank at least 2, got 'tensor<3xf32>'}}
  // expected-error @below {{failed to infer returned types}}
  %r:2 = tfc.qr %x {full = false} : (tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>)
  return
}

// -----

func.func @eigh_c1_rank(%x: tensor<3xf32>) {
  // expected-error @below {{expected x to have rank at least 2, got 'tensor<3xf32>'}}
  // expected-error @below {{failed to infer returned types}}
  %r:2 = tfc.eigh %x : (tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>)
  return
}

// -----

func.func @eigh_c1_square(%x: tensor<2x3x4xf32>) {
  // expected-error @below {{expected square matrices, got 'tensor<2x3x4xf32>'}}
  // expected-error @below {{failed to infer returned types}}
  %r:2 = tfc.eigh %x : (tensor<2x3x4xf32>) -> (tensor<2x3xf32>, tensor<2x3x4xf32>)
  return
}

// -----

func.func @svd_c1(%x: tensor<3xf32>) {
  // expected-error @below {{expected x to have rank at least 2, got 'tensor<3xf32>'}}
  // expected-error @below {{failed to infer returned types}}
  %r:3 = tfc.svd %x {full = false} : (tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  return
}

// -----

func.func @fft_c1(%x: tensor<complex<f32>>) {
  // expected-error @below {{expected x to have rank at least 1, got 'tensor<complex<f32>>'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.fft %x {inverse = false} : (tensor<complex<f32>>) -> tensor<complex<f32>>
  return
}

// -----

func.func @eig_c1(%x: tensor<3x4xf32>) {
  // expected-error @below {{expected square matrices, got 'tensor<3x4xf32>'}}
  // expected-error @below {{failed to infer returned types}}
  %r:2 = tfc.eig %x : (tensor<3x4xf32>) -> (tensor<3xcomplex<f32>>, tensor<3x3xcomplex<f32>>)
  return
}

// -----

func.func @sqrtm_c1(%x: tensor<3xcomplex<f32>>) {
  // expected-error @below {{expected x to have rank at least 2, got 'tensor<3xcomplex<f32>>'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.sqrtm %x : (tensor<3xcomplex<f32>>) -> tensor<3xcomplex<f32>>
  return
}

// -----

func.func @logm_c1(%x: tensor<3x4xcomplex<f32>>) {
  // expected-error @below {{expected square matrices, got 'tensor<3x4xcomplex<f32>>'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.logm %x : (tensor<3x4xcomplex<f32>>) -> tensor<3x4xcomplex<f32>>
  return
}

// -----

func.func @logm_real(%x: tensor<3x3xf32>) {
  // expected-error @below {{operand #0 must be}}
  %r = tfc.logm %x : (tensor<3x3xf32>) -> tensor<3x3xf32>
  return
}

// -----

func.func @tridiagonal_solve_c1(%a: tensor<3x4xf32>, %b: tensor<2x4x1xf32>) {
  // expected-error @below {{expected operands of one rank, got 'tensor<3x4xf32>' and 'tensor<2x4x1xf32>'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.tridiagonal_solve %a, %b {pivoting = true} : (tensor<3x4xf32>, tensor<2x4x1xf32>) -> tensor<2x4x1xf32>
  return
}

// -----

func.func @tridiagonal_solve_c2_diagonals(%a: tensor<2x4xf32>, %b: tensor<4x1xf32>) {
  // expected-error @below {{expected diagonals with 3 rows, got 'tensor<2x4xf32>'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.tridiagonal_solve %a, %b {pivoting = true} : (tensor<2x4xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  return
}

// -----

func.func @tridiagonal_solve_c2_rows(%a: tensor<3x4xf32>, %b: tensor<5x1xf32>) {
  // expected-error @below {{expected as many rows in b as in a, got 'tensor<3x4xf32>' and 'tensor<5x1xf32>'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.tridiagonal_solve %a, %b {pivoting = true} : (tensor<3x4xf32>, tensor<5x1xf32>) -> tensor<5x1xf32>
  return
}

// -----

func.func @tridiagonal_solve_c3(%a: tensor<2x3x4xf32>, %b: tensor<3x4x1xf32>) {
  // expected-error @below {{expected equal leading dimensions, got 'tensor<2x3x4xf32>' and 'tensor<3x4x1xf32>'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.tridiagonal_solve %a, %b {pivoting = true} : (tensor<2x3x4xf32>, tensor<3x4x1xf32>) -> tensor<3x4x1xf32>
  return
}
