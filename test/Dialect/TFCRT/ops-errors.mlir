// RUN: tfc-opt %s -split-input-file -verify-diagnostics

func.func @print_c1(%t: tensor<?xf32>) {
  // expected-error @below {{expected one dtype per data operand, got 0 for 1 operands}}
  tfcrt.print "{}", %t : tensor<?xf32> {summarize = 3 : i64, stream = "stdout", dtypes = array<i32>}
  return
}

// -----

func.func @bind_c1(%p: !llvm.ptr) {
  // expected-error @below {{expected 1 sizes, one for each unknown dimension, got 0}}
  %b = tfcrt.bind %p : !llvm.ptr -> memref<4x?xf32>
  return
}

// -----

func.func @compute_c1_count(%x: tensor<3xf32>) {
  // expected-error @below {{expected a memref in the body for each of 1 operands, got 0}}
  %r = tfcrt.compute outs(%x : tensor<3xf32>) {
  } -> tensor<3xf32>
  return
}

// -----

func.func @compute_c1_shape(%x: tensor<3xf32>) {
  // expected-error @below {{expected a strided memref like 'tensor<3xf32>', got 'memref<4xf32>'}}
  %r = tfcrt.compute outs(%x : tensor<3xf32>) {
  ^bb0(%a: memref<4xf32>):
  } -> tensor<3xf32>
  return
}

// -----

func.func @compute_c2(%x: tensor<3xf32>) {
  // expected-error @below {{expected results of the types of the outputs, 'tensor<3xf32>', got 'tensor<4xf32>'}}
  %r = tfcrt.compute outs(%x : tensor<3xf32>) {
  ^bb0(%a: memref<3xf32>):
  } -> tensor<4xf32>
  return
}
