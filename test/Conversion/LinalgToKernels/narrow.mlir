// RUN: tfc-opt %s --tfc-lower-contractions="vector-bits=512 vector-registers=32" --split-input-file | FileCheck %s
// RUN: tfc-opt %s --tfc-lower-contractions="vector-bits=128" --split-input-file | FileCheck %s --check-prefix=SSE
// RUN: tfc-opt %s --tfc-lower-contractions="vector-bits=512 vector-registers=32 reassociate=false" --split-input-file | FileCheck %s --check-prefix=ORDER

// Sums go along k, of five rows at once: the right operand is copied so that k is contiguous, in rows of whole vectors.
// The lanes of sums are added up by halves; what is stored has three of four lanes.

// CHECK-LABEL: @along
// CHECK:       memref.alloc() {alignment = 64 : i64} : memref<3x112xf32>
// CHECK:       linalg.yield
// CHECK-NOT:   linalg
// CHECK:       scf.for
// CHECK:         %{{.*}}:15 = scf.for {{.*}} iter_args({{.*}}) -> (vector<16xf32>,
// CHECK-COUNT-5:   vector.load
// CHECK-NOT:       vector.broadcast
// CHECK:           scf.yield
// CHECK:         vector.maskedload
// CHECK:         vector.shuffle
// CHECK:         vector.maskedstore {{.*}} vector<4xf32>
// SSE-LABEL:   @along
// SSE:         linalg.generic
// SSE:         vector.shuffle {{.*}} vector<4xf32>
// ORDER-LABEL: @along
// ORDER-NOT:   linalg
// ORDER-NOT:   vector.shuffle
func.func @along(%a: memref<40x100xf32>, %b: memref<100x3xf32>, %c: memref<40x3xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%c : memref<40x3xf32>)
  linalg.matmul ins(%a, %b : memref<40x100xf32>, memref<100x3xf32>) outs(%c : memref<40x3xf32>)
  return
}

// -----

// Rows are neighbours in the left operand: vectors of them, in the order of k, for three columns; the rest of the rows
// is under a mask.

// CHECK-LABEL: @rows
// CHECK-NOT:   linalg
// CHECK:       %{{.*}}:12 = scf.for {{.*}} iter_args({{.*}}) -> (vector<16xf32>,
// CHECK-COUNT-4: vector.load {{.*}} vector<16xf32>
// CHECK-COUNT-3: vector.broadcast {{.*}} : f32 to vector<16xf32>
// CHECK:       vector.shuffle
// CHECK:       vector.maskedstore {{.*}} vector<4xf32>
// CHECK:       %{{.*}}:3 = scf.for
// CHECK:         vector.maskedload {{.*}} vector<16xf32>
// ORDER-LABEL: @rows
// ORDER:       %{{.*}}:12 = scf.for
#left = affine_map<(m, n, k) -> (k, m)>
#right = affine_map<(m, n, k) -> (k, n)>
#result = affine_map<(m, n, k) -> (m, n)>
func.func @rows(%a: memref<9x72xf32>, %b: memref<9x3xf32>, %c: memref<72x3xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%c : memref<72x3xf32>)
  linalg.generic {indexing_maps = [#left, #right, #result], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<9x72xf32>, memref<9x3xf32>) outs(%c : memref<72x3xf32>) {
  ^bb0(%x: f32, %y: f32, %sum: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %sum, %p : f32
    linalg.yield %s : f32
  }
  return
}

// -----

// Few k: one vector of columns under a mask, for as many rows as hide the latency of a sum.

// CHECK-LABEL: @columns
// CHECK-NOT:   linalg
// CHECK:       %{{.*}}:10 = scf.for {{.*}} iter_args({{.*}}) -> (vector<16xf32>,
// CHECK:         vector.maskedload {{.*}} vector<16xf32>
// CHECK-COUNT-10: vector.broadcast
func.func @columns(%a: memref<40x12xf32>, %b: memref<12x10xf32>, %c: memref<40x10xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%c : memref<40x10xf32>)
  linalg.matmul ins(%a, %b : memref<40x12xf32>, memref<12x10xf32>) outs(%c : memref<40x10xf32>)
  return
}

// -----

// A small matrix for each vector: a kernel would copy each of them, loops have vectors of their rows.

// CHECK-LABEL: func.func @a_matrix_each
// CHECK:       linalg.generic
// CHECK-NOT:   vector
func.func @a_matrix_each(%a: memref<1000x3x3xf32>, %v: memref<1000x3xf32>, %r: memref<1000x3xf32>) {
  linalg.generic {indexing_maps = [affine_map<(b, i, j) -> (b, i, j)>, affine_map<(b, i, j) -> (b, j)>, affine_map<(b, i, j) -> (b, i)>],
                  iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %v : memref<1000x3x3xf32>, memref<1000x3xf32>) outs(%r : memref<1000x3xf32>) {
  ^bb0(%x: f32, %y: f32, %sum: f32):
    %0 = arith.mulf %x, %y : f32
    %1 = arith.addf %sum, %0 : f32
    linalg.yield %1 : f32
  }
  return
}
