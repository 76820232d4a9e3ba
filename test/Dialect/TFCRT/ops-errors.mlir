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

func.func @parts_c1(%z: memref<4x8xcomplex<f32>, strided<[16, 2]>>) {
  // expected-error @below {{expected memory of complex numbers that follow each other in the last dimension, got 'memref<4x8xcomplex<f32>, strided<[16, 2]>>'}}
  %p = tfcrt.parts %z : memref<4x8xcomplex<f32>, strided<[16, 2]>> -> memref<4x16xf32>
  return
}

// -----

func.func @parts_c2(%z: memref<4x8xcomplex<f32>>) {
  // expected-error @below {{expected parts of type 'memref<4x16xf32>', got 'memref<4x8xf32>'}}
  %p = tfcrt.parts %z : memref<4x8xcomplex<f32>> -> memref<4x8xf32>
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

// -----

func.func @scan_c1(%a: memref<4xf32>, %b: memref<5xf32>) {
  // expected-error @below {{expected input and init of the same shape, got 'memref<4xf32>' and 'memref<5xf32>'}}
  tfcrt.scan %a into %b along 0 : memref<4xf32>, memref<5xf32>
  return
}

// -----

func.func @scan_c2(%a: memref<4xf32>) {
  // expected-error @below {{dimension 1 is out of range for rank 1}}
  tfcrt.scan %a into %a along 1 : memref<4xf32>, memref<4xf32>
  return
}

// -----

func.func @scan_c3_type(%a: memref<4xf16>, %c: memref<f16>) {
  // expected-error @below {{expected a carry of type 'memref<f32>', got 'memref<f16>'}}
  tfcrt.scan %a into %a along 0 from %c : memref<4xf16>, memref<4xf16>, memref<f16>
  return
}

// -----

func.func @scan_c3_rank(%a: memref<4x4xf32>, %c: memref<f32>) {
  // expected-error @below {{expected memrefs of rank 1 beside a carry, got 'memref<4x4xf32>' and 'memref<4x4xf32>'}}
  tfcrt.scan %a into %a along 1 from %c : memref<4x4xf32>, memref<4x4xf32>, memref<f32>
  return
}

// -----

func.func @lookup_c2(%i: i64) -> f32 {
  // expected-error @below {{expected an index of i32 and a result of f32, got 'i64' and 'f32'}}
  %0 = tfcrt.lookup %i in [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0] : i64 -> f32
  return %0 : f32
}

// -----

func.func @lookup_c1(%i: i32) -> f32 {
  // expected-error @below {{expected a table of 32 numbers, got 2}}
  %0 = tfcrt.lookup %i in [0.0, 1.0] : i32 -> f32
  return %0 : f32
}
