// RUN: tfc-opt %s --tfc-lower-contractions="vector-bits=512 vector-registers=32" --split-input-file | FileCheck %s

// What follows element by element is done before the sums leave the registers; the buffer between is never written.

#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (j)>
// CHECK-LABEL: func.func @epilogue
// CHECK-COUNT-4: memref.alloc
// CHECK-NOT:   memref.alloc
// CHECK:       %[[SUMS:.*]]:24 = scf.for
// CHECK:       vector.load
// CHECK:       arith.addf %[[SUMS]]#0
// CHECK:       arith.maximumf
// CHECK:       vector.store
// CHECK-NOT:   linalg
func.func @epilogue() {
  %a = memref.alloc() : memref<12x32xf32>
  %b = memref.alloc() : memref<32x64xf32>
  %bias = memref.alloc() : memref<64xf32>
  %out = memref.alloc() : memref<12x64xf32>
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc() : memref<12x64xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<12x64xf32>)
  linalg.matmul ins(%a, %b : memref<12x32xf32>, memref<32x64xf32>) outs(%c : memref<12x64xf32>)
  linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%c, %bias : memref<12x64xf32>, memref<64xf32>) outs(%out : memref<12x64xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %0 = arith.addf %x, %y : f32
    %1 = arith.maximumf %0, %zero : f32
    linalg.yield %1 : f32
  }
  return
}

// -----

// Sums that somebody else needs are stored, too.

#id = affine_map<(i, j) -> (i, j)>
// CHECK-LABEL: func.func @kept
// CHECK:       %[[C:.*]] = memref.alloc() : memref<12x64xf32>
// CHECK-NOT:   linalg
// CHECK:       %[[SUMS:.*]]:24 = scf.for
// CHECK:       vector.store %[[SUMS]]#0
// CHECK:       return %[[C]]
func.func @kept() -> memref<12x64xf32> {
  %a = memref.alloc() : memref<12x32xf32>
  %b = memref.alloc() : memref<32x64xf32>
  %out = memref.alloc() : memref<12x64xbf16>
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc() : memref<12x64xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<12x64xf32>)
  linalg.matmul ins(%a, %b : memref<12x32xf32>, memref<32x64xf32>) outs(%c : memref<12x64xf32>)
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%c : memref<12x64xf32>) outs(%out : memref<12x64xbf16>) {
  ^bb0(%x: f32, %o: bf16):
    %0 = arith.truncf %x : f32 to bf16
    linalg.yield %0 : bf16
  }
  return %c : memref<12x64xf32>
}

// -----

// Other tiles still need an operand that the op would overwrite.

#id = affine_map<(i, j) -> (i, j)>
// CHECK-LABEL: func.func @overwrites_operand
// CHECK:       linalg.generic
func.func @overwrites_operand() {
  %b = memref.alloc() : memref<64x64xf32>
  %a = memref.alloc() : memref<12x64xf32>
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc() : memref<12x64xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<12x64xf32>)
  linalg.matmul ins(%a, %b : memref<12x64xf32>, memref<64x64xf32>) outs(%c : memref<12x64xf32>)
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%c : memref<12x64xf32>) outs(%a : memref<12x64xf32>) {
  ^bb0(%x: f32, %o: f32):
    %0 = arith.negf %x : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

// Nor may something between them change an operand.

#id = affine_map<(i, j) -> (i, j)>
// CHECK-LABEL: func.func @changed_between
// CHECK:       linalg.generic
func.func @changed_between() {
  %b = memref.alloc() : memref<64x64xf32>
  %out = memref.alloc() : memref<12x64xf32>
  %a = memref.alloc() : memref<12x64xf32>
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc() : memref<12x64xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<12x64xf32>)
  linalg.matmul ins(%a, %b : memref<12x64xf32>, memref<64x64xf32>) outs(%c : memref<12x64xf32>)
  linalg.fill ins(%zero : f32) outs(%a : memref<12x64xf32>)
  linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%c, %a : memref<12x64xf32>, memref<12x64xf32>) outs(%out : memref<12x64xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %0 = arith.addf %x, %y : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

// Weights that are stored in a smaller type are widened and scaled while they are copied to panels.

#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (j)>
// CHECK-LABEL: func.func @producer
// CHECK-NOT:   memref<512x256xf32>
// CHECK:       vector.load {{.*}} : memref<?xi8>, vector<16xi8>
// CHECK:       arith.sitofp {{.*}} : vector<16xi8> to vector<16xf32>
// CHECK:       arith.mulf
// CHECK:       vector.store
// CHECK-NOT:   linalg
func.func @producer() {
  %a = memref.alloc() : memref<64x512xf32>
  %q = memref.alloc() : memref<512x256xi8>
  %scale = memref.alloc() : memref<256xf32>
  %c = memref.alloc() : memref<64x256xf32>
  %zero = arith.constant 0.0 : f32
  %b = memref.alloc() : memref<512x256xf32>
  linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%q, %scale : memref<512x256xi8>, memref<256xf32>) outs(%b : memref<512x256xf32>) {
  ^bb0(%x: i8, %s: f32, %o: f32):
    %0 = arith.sitofp %x : i8 to f32
    %1 = arith.mulf %0, %s : f32
    linalg.yield %1 : f32
  }
  linalg.fill ins(%zero : f32) outs(%c : memref<64x256xf32>)
  linalg.matmul ins(%a, %b : memref<64x512xf32>, memref<512x256xf32>) outs(%c : memref<64x256xf32>)
  return
}

// -----

// What is the left operand, too, has to be in memory.

#id = affine_map<(i, j) -> (i, j)>
// CHECK-LABEL: func.func @both_operands
// CHECK:       linalg.generic
func.func @both_operands() {
  %q = memref.alloc() : memref<256x256xi8>
  %c = memref.alloc() : memref<256x256xf32>
  %zero = arith.constant 0.0 : f32
  %b = memref.alloc() : memref<256x256xf32>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%q : memref<256x256xi8>) outs(%b : memref<256x256xf32>) {
  ^bb0(%x: i8, %o: f32):
    %0 = arith.sitofp %x : i8 to f32
    linalg.yield %0 : f32
  }
  linalg.fill ins(%zero : f32) outs(%c : memref<256x256xf32>)
  linalg.matmul ins(%b, %b : memref<256x256xf32>, memref<256x256xf32>) outs(%c : memref<256x256xf32>)
  return
}

// -----

// What the right operand is made from is read until the product is done: something else may overwrite it before the op
// that follows the product, and with it comes the product.

#id = affine_map<(i, j) -> (i, j)>
// CHECK-LABEL: func.func @source_changes_before_what_follows
// CHECK:       linalg.generic
// CHECK:       arith.sitofp {{.*}} : i8 to f32
// CHECK:       linalg.copy
// CHECK-NOT:   arith.sitofp
func.func @source_changes_before_what_follows() {
  %a = memref.alloc() : memref<256x256xf32>
  %q = memref.alloc() : memref<256x256xi8>
  %new = memref.alloc() : memref<256x256xi8>
  %out = memref.alloc() : memref<256x256xf32>
  %zero = arith.constant 0.0 : f32
  %b = memref.alloc() : memref<256x256xf32>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%q : memref<256x256xi8>) outs(%b : memref<256x256xf32>) {
  ^bb0(%x: i8, %o: f32):
    %0 = arith.sitofp %x : i8 to f32
    linalg.yield %0 : f32
  }
  %c = memref.alloc() : memref<256x256xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<256x256xf32>)
  linalg.matmul ins(%a, %b : memref<256x256xf32>, memref<256x256xf32>) outs(%c : memref<256x256xf32>)
  linalg.copy ins(%new : memref<256x256xi8>) outs(%q : memref<256x256xi8>)
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%c : memref<256x256xf32>) outs(%out : memref<256x256xf32>) {
  ^bb0(%x: f32, %o: f32):
    %0 = arith.maximumf %x, %zero : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

// That op may be what overwrites it.

#id = affine_map<(i, j) -> (i, j)>
// CHECK-LABEL: func.func @what_follows_changes_the_source
// CHECK:       linalg.generic
// CHECK:       arith.sitofp {{.*}} : i8 to f32
// CHECK-NOT:   arith.sitofp
func.func @what_follows_changes_the_source() {
  %a = memref.alloc() : memref<256x256xf32>
  %q = memref.alloc() : memref<256x256xi8>
  %zero = arith.constant 0.0 : f32
  %b = memref.alloc() : memref<256x256xf32>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%q : memref<256x256xi8>) outs(%b : memref<256x256xf32>) {
  ^bb0(%x: i8, %o: f32):
    %0 = arith.sitofp %x : i8 to f32
    linalg.yield %0 : f32
  }
  %c = memref.alloc() : memref<256x256xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<256x256xf32>)
  linalg.matmul ins(%a, %b : memref<256x256xf32>, memref<256x256xf32>) outs(%c : memref<256x256xf32>)
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%c : memref<256x256xf32>) outs(%q : memref<256x256xi8>) {
  ^bb0(%x: f32, %o: i8):
    %0 = arith.fptosi %x : f32 to i8
    linalg.yield %0 : i8
  }
  return
}
