// RUN: split-file %s %t
// RUN: not tfc-opt %t/array.mlir 2>&1 | FileCheck %s --check-prefix=ARRAY
// RUN: not tfc-opt %t/kinds.mlir 2>&1 | FileCheck %s --check-prefix=KINDS
// RUN: tfc-opt %t/quoted.mlir | FileCheck %s --check-prefix=QUOTED

// What MLIR's parser takes for granted is an error where it is not so.
// ARRAY: array.mlir:2:7: error: expected an array of i1, i8, i16, i32, i64, f32 or f64, got one of index; try i64
// KINDS: kinds.mlir:3:49: error: expected iterator types "parallel" or "reduction", got something that is no text
// QUOTED: a = "array<index: 1>"

//--- array.mlir
func.func @f() attributes {
  a = array<index: 1>} {
  return
}
//--- kinds.mlir
#map = affine_map<(d0) -> (d0)>
func.func @f(%a: memref<4xf32>, %b: memref<4xf32>) {
  linalg.generic {indexing_maps = [#map, #map], iterator_types = [1]} ins(%a : memref<4xf32>) outs(%b : memref<4xf32>) {
  ^bb0(%x: f32, %y: f32):
    linalg.yield %x : f32
  }
  return
}
//--- quoted.mlir
// array<index: 1>
func.func @f() attributes {a = "array<index: 1>"} {
  return
}
