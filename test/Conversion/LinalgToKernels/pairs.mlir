// RUN: tfc-opt %s --tfc-lower-contractions="vector-bits=512 vector-registers=32 bf16-pairs=vectors" --split-input-file | FileCheck %s
// RUN: tfc-opt %s --tfc-lower-contractions="vector-bits=512 vector-registers=32 bf16-pairs=tiles" --split-input-file | FileCheck %s --check-prefix=TILES
// RUN: tfc-opt %s --tfc-lower-contractions="vector-bits=512 vector-registers=32 bf16-pairs=tiles reassociate=false" --split-input-file | FileCheck %s --check-prefix=STRICT
// RUN: tfc-opt %s --tfc-lower-contractions="vector-bits=512 vector-registers=32" --split-input-file | FileCheck %s --check-prefix=STRICT

// Both operands are copied in pairs; the least exponents of the copies choose between the instruction that takes
// denormal numbers for zero, and multiply-adds of f32.

// CHECK-LABEL: @product
// CHECK-NOT:   linalg
// CHECK:       vector.bitcast {{.*}} : vector<32xbf16> to vector<16xi32>
// CHECK:       vector.reduction <minui>
// CHECK:       scf.if
// CHECK:         llvm.call_intrinsic "llvm.x86.avx512bf16.dpbf16ps.512"({{.*}}) : (vector<16xf32>, vector<32xbf16>, vector<32xbf16>) -> vector<16xf32>
// CHECK:       } else {
// CHECK:         arith.mulf {{.*}} : vector<16xf32>
// TILES:       memref.global "private" constant @tfc_tile_configuration : memref<64xi8>
// TILES-LABEL: @product
// TILES:       llvm.call_intrinsic "llvm.x86.ldtilecfg"
// TILES:       scf.if
// TILES-COUNT-4: llvm.call_intrinsic "llvm.x86.tilezero"
// TILES:         scf.for
// TILES-COUNT-4:   llvm.call_intrinsic "llvm.x86.tileloadd64"
// TILES-COUNT-4:   llvm.call_intrinsic "llvm.x86.tdpbf16ps"
// TILES-COUNT-4: llvm.call_intrinsic "llvm.x86.tilestored64"
// TILES:       } else {
// TILES:         arith.mulf {{.*}} : vector<16xf32>
// TILES:       llvm.call_intrinsic "llvm.x86.tilerelease"
// Strict sums, and machines without the instructions:
// STRICT-LABEL: @product
// STRICT-NOT:  llvm.call_intrinsic
// STRICT:      return
#left = affine_map<(m, n, k) -> (m, k)>
#right = affine_map<(m, n, k) -> (n, k)>
#result = affine_map<(m, n, k) -> (m, n)>
func.func @product(%a: memref<64x96xbf16>, %b: memref<80x96xbf16>, %c: memref<64x80xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%c : memref<64x80xf32>)
  linalg.generic {indexing_maps = [#left, #right, #result], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<64x96xbf16>, memref<80x96xbf16>) outs(%c : memref<64x80xf32>) {
  ^bb0(%x: bf16, %y: bf16, %sum: f32):
    %0 = arith.extf %x : bf16 to f32
    %1 = arith.extf %y : bf16 to f32
    %2 = arith.mulf %0, %1 : f32
    %3 = arith.addf %sum, %2 : f32
    linalg.yield %3 : f32
  }
  return
}

// -----

// A few rows are not worth copies.

// CHECK-LABEL: @few_rows
// CHECK-NOT:   llvm.call_intrinsic
// CHECK:       return
#left = affine_map<(m, n, k) -> (m, k)>
#right = affine_map<(m, n, k) -> (k, n)>
#result = affine_map<(m, n, k) -> (m, n)>
func.func @few_rows(%a: memref<8x96xbf16>, %b: memref<96x80xbf16>, %c: memref<8x80xf32>) {
  linalg.generic {indexing_maps = [#left, #right, #result], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<8x96xbf16>, memref<96x80xbf16>) outs(%c : memref<8x80xf32>) {
  ^bb0(%x: bf16, %y: bf16, %sum: f32):
    %0 = arith.extf %x : bf16 to f32
    %1 = arith.extf %y : bf16 to f32
    %2 = arith.mulf %0, %1 : f32
    %3 = arith.addf %sum, %2 : f32
    linalg.yield %3 : f32
  }
  return
}

// -----

// Panels are copied in twos (of bytes in fours): the last one here has nothing to read, and does not.

// CHECK-LABEL: @last_panel
// CHECK:       vector.maskedload {{.*}} : memref<?xbf16>, vector<32xi1>, vector<32xbf16> into vector<32xbf16>
func.func @last_panel(%a: memref<64x64xbf16>, %b: memref<64x288xbf16>, %c: memref<64x288xf32>) {
  linalg.matmul ins(%a, %b : memref<64x64xbf16>, memref<64x288xbf16>) outs(%c : memref<64x288xf32>)
  return
}

// -----

// The left operand is copied once, before all blocks of columns; a part of the result is made with each step of tiles.

// TILES-LABEL: @two_blocks
// TILES:       vector.load {{.*}} : memref<?xbf16>, vector<32xbf16>
// TILES:       vector.store {{.*}} : memref<17425xi32>, vector<16xi32>
// TILES:       scf.for {{.*}} step %c512
// TILES:         vector.load {{.*}} : memref<?xbf16>, vector<32xbf16>
// TILES:         vector.store {{.*}} : memref<16400xi32>, vector<16xi32>
// TILES-NOT:     vector.store {{.*}} : memref<17425xi32>, vector<16xi32>
// TILES:         llvm.call_intrinsic "llvm.x86.tilezero"
// TILES:         scf.for
// TILES:           scf.if
// TILES:             llvm.call_intrinsic "llvm.x86.tdpbf16ps"
// TILES:           scf.if
// TILES:             vector.store {{.*}} : memref<?xf32>, vector<16xf32>
// TILES:         llvm.call_intrinsic "llvm.x86.tilestored64"
func.func @two_blocks(%a: memref<544x64xbf16>, %b: memref<64x1024xbf16>, %c: memref<544x1024xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%c : memref<544x1024xf32>)
  linalg.matmul ins(%a, %b : memref<544x64xbf16>, memref<64x1024xbf16>) outs(%c : memref<544x1024xf32>)
  return
}

// -----

// Threads share the columns of few rows: each copies panels that it uses itself, in groups of up to 16, and of the left
// operand, which is copied before, all rows.

// TILES-LABEL: @few_rows_of_many_columns
// TILES:       vector.store {{.*}} : memref<2050xi32>, vector<16xi32>
// TILES:       tfcrt.parallel
// TILES-NOT:   tfcrt.parallel
// TILES:         arith.divui
// TILES:         scf.for
// TILES:           vector.store {{.*}} : memref<32800xi32>, vector<16xi32>
// TILES-NOT:       vector.store {{.*}} : memref<2050xi32>, vector<16xi32>
// TILES:           llvm.call_intrinsic "llvm.x86.tdpbf16ps"
func.func @few_rows_of_many_columns(%a: memref<64x64xbf16>, %b: memref<64x1024xbf16>, %c: memref<64x1024xf32>) {
  linalg.matmul ins(%a, %b : memref<64x64xbf16>, memref<64x1024xbf16>) outs(%c : memref<64x1024xf32>)
  return
}

// -----

// Without a rest there is no code for one.

// CHECK-LABEL: @no_rest
// CHECK-NOT:   vector.maskedload
// CHECK:       return
func.func @no_rest(%a: memref<64x64xbf16>, %b: memref<64x320xbf16>, %c: memref<64x320xf32>) {
  linalg.matmul ins(%a, %b : memref<64x64xbf16>, memref<64x320xbf16>) outs(%c : memref<64x320xf32>)
  return
}

// -----

// Bytes are exact: they need no exponents, and are multiplied in strict code, too. Of two operands with a sign, vectors
// take the left one plus 128.

// CHECK-LABEL: @bytes
// CHECK-NOT:   linalg
// CHECK:       arith.xori {{.*}} : vector<16xi32>
// CHECK-NOT:   vector.reduction <minui>
// CHECK:       llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"({{.*}}) : (vector<16xi32>, vector<64xi8>, vector<64xi8>) -> vector<16xi32>
// CHECK:       arith.subi {{.*}} : vector<16xi32>
// TILES-LABEL: @bytes
// TILES-NOT:   arith.xori
// TILES-COUNT-4: llvm.call_intrinsic "llvm.x86.tdpbssd"
// TILES-NOT:   vpdpbusd
#left = affine_map<(m, n, k) -> (m, k)>
#right = affine_map<(m, n, k) -> (k, n)>
#result = affine_map<(m, n, k) -> (m, n)>
func.func @bytes(%a: memref<64x128xi8>, %b: memref<128x80xi8>, %c: memref<64x80xi32>) {
  %zero = arith.constant 0 : i32
  linalg.fill ins(%zero : i32) outs(%c : memref<64x80xi32>)
  linalg.generic {indexing_maps = [#left, #right, #result], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<64x128xi8>, memref<128x80xi8>) outs(%c : memref<64x80xi32>) {
  ^bb0(%x: i8, %y: i8, %sum: i32):
    %0 = arith.extsi %x : i8 to i32
    %1 = arith.extsi %y : i8 to i32
    %2 = arith.muli %0, %1 : i32
    %3 = arith.addi %sum, %2 : i32
    linalg.yield %3 : i32
  }
  return
}

// -----

// CHECK-LABEL: @without_sign
// CHECK-NOT:   arith.xori
// CHECK:       llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"
// CHECK-NOT:   arith.subi {{.*}} : vector<16xi32>
// TILES-LABEL: @without_sign
// TILES:       llvm.call_intrinsic "llvm.x86.tdpbusd"
#left = affine_map<(m, n, k) -> (m, k)>
#right = affine_map<(m, n, k) -> (n, k)>
#result = affine_map<(m, n, k) -> (m, n)>
func.func @without_sign(%a: memref<64x128xi8>, %b: memref<80x128xi8>, %c: memref<64x80xi32>) {
  linalg.generic {indexing_maps = [#left, #right, #result], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<64x128xi8>, memref<80x128xi8>) outs(%c : memref<64x80xi32>) {
  ^bb0(%x: i8, %y: i8, %sum: i32):
    %0 = arith.extui %x : i8 to i32
    %1 = arith.extsi %y : i8 to i32
    %2 = arith.muli %0, %1 : i32
    %3 = arith.addi %sum, %2 : i32
    linalg.yield %3 : i32
  }
  return
}

// -----

// What has no such instructions is widened first.

// CHECK-LABEL: @few_rows_of_bytes
// CHECK:       arith.extsi
// CHECK-NOT:   llvm.call_intrinsic
// CHECK:       arith.muli {{.*}} : vector<16xi32>
// CHECK:       return
#left = affine_map<(m, n, k) -> (m, k)>
#right = affine_map<(m, n, k) -> (k, n)>
#result = affine_map<(m, n, k) -> (m, n)>
func.func @few_rows_of_bytes(%a: memref<4x128xi8>, %b: memref<128x80xi8>, %c: memref<4x80xi32>) {
  linalg.generic {indexing_maps = [#left, #right, #result], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<4x128xi8>, memref<128x80xi8>) outs(%c : memref<4x80xi32>) {
  ^bb0(%x: i8, %y: i8, %sum: i32):
    %0 = arith.extsi %x : i8 to i32
    %1 = arith.extsi %y : i8 to i32
    %2 = arith.muli %0, %1 : i32
    %3 = arith.addi %sum, %2 : i32
    linalg.yield %3 : i32
  }
  return
}
