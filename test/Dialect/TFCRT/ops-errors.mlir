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
