// RUN: tfc-opt %s -convert-tfc-to-linalg -split-input-file | FileCheck %s

// A factorization is one kernel, with scratch memory of its own; its loops are for LLVM to make vectors of.
// CHECK: module attributes {tfc.scalar_loops}
// CHECK-LABEL: func.func @cholesky
// CHECK-SAME: (%[[X:.*]]: tensor<3x3xf32>)
// CHECK: %[[R:.*]] = tfcrt.compute ins(%[[X]] : tensor<3x3xf32>) outs(%{{[^,]*}} : tensor<3x3xf32>)
// CHECK: memref.alloc() {{.*}} : memref<3x3xf32>
// CHECK: math.sqrt
// CHECK: return %[[R]] :
func.func @cholesky(%x: tensor<3x3xf32>) -> tensor<3x3xf32> {
  %r = tfc.cholesky %x : (tensor<3x3xf32>) -> tensor<3x3xf32>
  return %r : tensor<3x3xf32>
}

// -----

// Threads share the small matrices of a batch, and the chunks of a large one.
// CHECK-LABEL: func.func @small_matrices
// CHECK: scf.for {{.*}} = %{{.*}} to %{{.*}} step
// CHECK: math.sqrt
// CHECK: } {{{.*}}tfc.independent = {{.*}} : f64}
func.func @small_matrices(%x: tensor<100x3x3xf32>) -> tensor<100x3x3xf32> {
  %r = tfc.cholesky %x : (tensor<100x3x3xf32>) -> tensor<100x3x3xf32>
  return %r : tensor<100x3x3xf32>
}
// Each has scratch memory of its own.
// CHECK-LABEL: func.func @small_eigenvalues
// CHECK: tfcrt.compute
// CHECK-NOT: memref.alloc()
// CHECK: scf.for
// CHECK: memref.alloc() {{.*}} : memref<3x3xf32>
// CHECK: math.sqrt
// CHECK: } {{{.*}}tfc.independent = {{.*}} : f64}
func.func @small_eigenvalues(%x: tensor<100x3x3xf32>) -> (tensor<100x3xf32>, tensor<100x3x3xf32>) {
  %w, %v = tfc.eigh %x : (tensor<100x3x3xf32>) -> (tensor<100x3xf32>, tensor<100x3x3xf32>)
  return %w, %v : tensor<100x3xf32>, tensor<100x3x3xf32>
}
// CHECK-LABEL: func.func @large_matrix
// CHECK: memref.alloc() {{.*}} : memref<10x320x32xf32>
// CHECK: scf.for
// CHECK: linalg.generic
// CHECK: math.sqrt
// CHECK: } {{{.*}}tfc.independent = {{.*}} : f64}
func.func @large_matrix(%x: tensor<320x320xf32>) -> tensor<320x320xf32> {
  %r = tfc.cholesky %x : (tensor<320x320xf32>) -> tensor<320x320xf32>
  return %r : tensor<320x320xf32>
}

// -----

// Batches are loops around the algorithm; unknown sizes are taken from the operands.
// CHECK-LABEL: func.func @solve
// CHECK-SAME: (%[[A:.*]]: tensor<?x?x?xf64>, %[[B:.*]]: tensor<?x?x2xf64>)
// CHECK: %[[BATCH:.*]] = tensor.dim %[[B]]
// CHECK: tfcrt.compute ins(%[[A]], %[[B]] :
// CHECK: scf.for %{{.*}} = %{{.*}} to %[[BATCH]]
func.func @solve(%a: tensor<?x?x?xf64>, %b: tensor<?x?x2xf64>) -> tensor<?x?x2xf64> {
  %r = tfc.solve %a, %b : (tensor<?x?x?xf64>, tensor<?x?x2xf64>) -> tensor<?x?x2xf64>
  return %r : tensor<?x?x2xf64>
}

// -----

// A real matrix has complex eigenvalues: the kernel works on complex numbers. One that is not finite gives NaN.
// CHECK-LABEL: func.func @eig
// CHECK: tfcrt.compute ins(%{{.*}} : tensor<4x4xf32>) outs(%{{[^:]*}} : tensor<4xcomplex<f32>>, tensor<4x4xcomplex<f32>>)
// CHECK: arith.cmpf uno
// CHECK: scf.if
// CHECK: scf.while
func.func @eig(%x: tensor<4x4xf32>) -> (tensor<4xcomplex<f32>>, tensor<4x4xcomplex<f32>>) {
  %r:2 = tfc.eig %x : (tensor<4x4xf32>) -> (tensor<4xcomplex<f32>>, tensor<4x4xcomplex<f32>>)
  return %r#0, %r#1 : tensor<4xcomplex<f32>>, tensor<4x4xcomplex<f32>>
}

// -----

// Rows are compared where they may be exchanged.
// CHECK-LABEL: func.func @tridiagonal_pivoting
// CHECK: arith.cmpf olt
// CHECK-LABEL: func.func @tridiagonal_plain
// CHECK-NOT: arith.cmpf
func.func @tridiagonal_pivoting(%a: tensor<3x4xf32>, %b: tensor<4x1xf32>) -> tensor<4x1xf32> {
  %r = tfc.tridiagonal_solve %a, %b {pivoting = true} : (tensor<3x4xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  return %r : tensor<4x1xf32>
}
func.func @tridiagonal_plain(%a: tensor<3x4xf32>, %b: tensor<4x1xf32>) -> tensor<4x1xf32> {
  %r = tfc.tridiagonal_solve %a, %b {pivoting = false} : (tensor<3x4xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  return %r : tensor<4x1xf32>
}

// -----

// A transform of a size with factors works through them, with a table of roots; nothing is called.
// CHECK-LABEL: func.func @fft
// CHECK: %[[ROOTS:.*]] = arith.constant dense<{{.*}}> : tensor<2x11xf32>
// CHECK: tfcrt.compute ins(%{{.*}}, %[[ROOTS]] : tensor<12xcomplex<f32>>, tensor<2x11xf32>)
// CHECK-NOT: func.call
func.func @fft(%x: tensor<12xcomplex<f32>>) -> tensor<12xcomplex<f32>> {
  %r = tfc.fft %x {inverse = false} : (tensor<12xcomplex<f32>>) -> tensor<12xcomplex<f32>>
  return %r : tensor<12xcomplex<f32>>
}

// -----

// Reflections of a known size have their loops in vectors: LLVM is neither asked for more, nor to unroll them.
// CHECK-DAG: #[[UNROLL:.*]] = #llvm.loop_unroll<disable = true>
// CHECK-DAG: #[[VECTORS:.*]] = #llvm.loop_vectorize<disable = true>
// CHECK-DAG: #[[KEPT:.*]] = #llvm.loop_annotation<vectorize = #[[VECTORS]], unroll = #[[UNROLL]]>
// CHECK: module {
// CHECK-LABEL: func.func @reflections
// CHECK: scf.for
// CHECK: vector.store
// CHECK: } {loop_annotation = #[[KEPT]]}
func.func @reflections(%x: tensor<64x64xf32>) -> (tensor<64x64xf32>, tensor<64x64xf32>) {
  %q, %r = tfc.qr %x {full = false} : (tensor<64x64xf32>) -> (tensor<64x64xf32>, tensor<64x64xf32>)
  return %q, %r : tensor<64x64xf32>, tensor<64x64xf32>
}

// -----

// Those of a factorization in blocks are for LLVM to make vectors of, but not copies.
// CHECK-DAG: #[[ONCE:.*]] = #llvm.loop_unroll<runtimeDisable = true>
// CHECK-DAG: #[[KEPT:.*]] = #llvm.loop_annotation<unroll = #[[ONCE]]>
// CHECK: module attributes {tfc.scalar_loops}
// CHECK-LABEL: func.func @blocks
// CHECK: } {loop_annotation = #[[KEPT]]}
func.func @blocks(%x: tensor<96x96xf32>) -> tensor<96x96xf32> {
  %r = tfc.cholesky %x : (tensor<96x96xf32>) -> tensor<96x96xf32>
  return %r : tensor<96x96xf32>
}

// -----

// Threads share chunks of a matrix, and then columns of Q; the columns of a panel lie along memory.
// CHECK-LABEL: func.func @qr_in_chunks
// CHECK: memref.alloc() {{.*}} : memref<32x336xf32>
// CHECK: memref.alloc() {{.*}} : memref<8x320x32xf32>
// CHECK: linalg.generic
// CHECK: } {{{.*}}tfc.independent = {{.*}} : f64}
// CHECK: memref.alloc() {{.*}} : memref<300x64xf32>
// CHECK: } {{{.*}}tfc.independent = {{.*}} : f64}
func.func @qr_in_chunks(%x: tensor<300x256xf32>) -> (tensor<300x256xf32>, tensor<256x256xf32>) {
  %q, %r = tfc.qr %x {full = false} : (tensor<300x256xf32>) -> (tensor<300x256xf32>, tensor<256x256xf32>)
  return %q, %r : tensor<300x256xf32>, tensor<256x256xf32>
}

// -----

// A step of a loop finds rotations, and applies those that were found before.
// CHECK-LABEL: func.func @eigh_in_sweeps
// CHECK: memref.alloc() {{.*}} : memref<8x262x32xf32>
// CHECK: memref.alloc() {{.*}} : memref<64x262xf32>
// CHECK: scf.while
// CHECK: scf.while
// CHECK: math.sqrt
// CHECK: } {{{.*}}tfc.independent = {{.*}} : f64}
func.func @eigh_in_sweeps(%x: tensor<256x256xf32>) -> (tensor<256xf32>, tensor<256x256xf32>) {
  %w, %v = tfc.eigh %x : (tensor<256x256xf32>) -> (tensor<256xf32>, tensor<256x256xf32>)
  return %w, %v : tensor<256xf32>, tensor<256x256xf32>
}

// -----

// Right sides have memory of their own, whose rows beyond the last are zero.
// CHECK-LABEL: func.func @triangular_system
// CHECK: memref.alloc() {{.*}} : memref<160x64xf32>
// CHECK: linalg.generic {{.*}} ins(%{{.*}} : memref<?x32xf32, {{.*}}>, memref<32x64xf32, {{.*}}>) outs(%{{.*}} : memref<?x64xf32
// CHECK: } {{{.*}}tfc.independent = {{.*}} : f64}
func.func @triangular_system(%a: tensor<150x150xf32>, %b: tensor<150x70xf32>) -> tensor<150x70xf32> {
  %r = tfc.triangular_solve %a, %b {lower = true, unit = false} : (tensor<150x150xf32>, tensor<150x70xf32>) -> tensor<150x70xf32>
  return %r : tensor<150x70xf32>
}

// -----

// What rows above mean for a block of a chunk is one product of real matrices,
// twice as deep and twice as high.
// CHECK-LABEL: func.func @complex_in_blocks
// CHECK: memref.alloc() {{.*}} : memref<4x256x32xf32>
// CHECK: memref.alloc() {{.*}} : memref<4x256x64xf32>
// CHECK: linalg.generic {{.*}} ins(%{{.*}} : memref<?x64xf32, {{.*}}>, memref<?x32xf32, {{.*}}>) outs(%{{.*}} : memref<64x32xf32
// CHECK: } {{{.*}}tfc.independent = {{.*}} : f64}
func.func @complex_in_blocks(%x: tensor<128x128xcomplex<f32>>) -> tensor<128x128xcomplex<f32>> {
  %r = tfc.cholesky %x : (tensor<128x128xcomplex<f32>>) -> tensor<128x128xcomplex<f32>>
  return %r : tensor<128x128xcomplex<f32>>
}

// -----

// A panel of complex reflections has its imaginary, real and negated imaginary
// parts: both parts of the result are products with two of them.
// CHECK-LABEL: func.func @complex_reflections
// CHECK: memref.alloc() {{.*}} : memref<192x144xf32>
// CHECK: linalg.generic {{.*}} ins(%{{.*}} : memref<64x?xf32, {{.*}}>, memref<?x32xf32, {{.*}}>) outs(%{{.*}} : memref<64x32xf32
// CHECK: linalg.generic {{.*}} ins(%{{.*}} : memref<64x?xf32, {{.*}}>, memref<64x32xf32, {{.*}}>) outs(%{{.*}} : memref<?x32xf32
func.func @complex_reflections(%x: tensor<128x64xcomplex<f32>>) -> (tensor<128x64xcomplex<f32>>, tensor<64x64xcomplex<f32>>) {
  %q, %r = tfc.qr %x {full = false} : (tensor<128x64xcomplex<f32>>) -> (tensor<128x64xcomplex<f32>>, tensor<64x64xcomplex<f32>>)
  return %q, %r : tensor<128x64xcomplex<f32>>, tensor<64x64xcomplex<f32>>
}
