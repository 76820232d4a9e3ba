// RUN: tfc-opt %s --tfc-linalg-to-loops="vector-bits=512 parallel=false" --split-input-file | FileCheck %s

#id = affine_map<(d0) -> (d0)>

// Lanes look elements up at places that they have computed; what is left of the loop does so under a mask.
// CHECK-LABEL: func.func @lanes
// CHECK: vector.load {{.*}} vector<16xi32>
// CHECK: %[[row:.*]] = arith.muli {{.*}} : vector<16xi32>
// CHECK: %[[at:.*]] = arith.addi %[[row]], {{.*}} : vector<16xi32>
// CHECK: vector.gather %arg0[%{{.*}}, %{{.*}}] [%[[at]]]{{.*}} vector<16xf32>
// CHECK: math.sqrt {{.*}} : vector<16xf32>
// CHECK: vector.maskedload
// CHECK: vector.gather %arg0
// CHECK: vector.maskedstore
func.func @lanes(%x: memref<20x30xf32>, %i: memref<103xi32>, %j: memref<103xi32>, %y: memref<103xf32>) {
  linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]}
      ins(%i, %j : memref<103xi32>, memref<103xi32>) outs(%y : memref<103xf32>) {
  ^bb0(%a: i32, %b: i32, %old: f32):
    %row = arith.index_cast %a : i32 to index
    %column = arith.index_cast %b : i32 to index
    %e = memref.load %x[%row, %column] : memref<20x30xf32>
    %s = math.sqrt %e : f32
    linalg.yield %s : f32
  }
  return
}

// -----

#rows = affine_map<(d0, d1) -> (d0)>
#all = affine_map<(d0, d1) -> (d0, d1)>

// A row that is looked up is read as rows are.
// CHECK-LABEL: func.func @rows
// CHECK-NOT: vector.gather
// CHECK: vector.load %arg0
func.func @rows(%x: memref<20x64xf32>, %i: memref<10xi32>, %y: memref<10x64xf32>) {
  linalg.generic {indexing_maps = [#rows, #all], iterator_types = ["parallel", "parallel"]}
      ins(%i : memref<10xi32>) outs(%y : memref<10x64xf32>) {
  ^bb0(%a: i32, %old: f32):
    %row = arith.index_cast %a : i32 to index
    %column = linalg.index 1 : index
    %e = memref.load %x[%row, %column] : memref<20x64xf32>
    linalg.yield %e : f32
  }
  return
}

// -----

#id = affine_map<(d0) -> (d0)>

// Distances of memory whose size is not known are 64 bits.
// CHECK-LABEL: func.func @unknown
// CHECK: vector.gather %arg0[%{{.*}}] [%{{.*}}], {{.*}} vector<8xindex>
func.func @unknown(%x: memref<?xf32>, %i: memref<64xi64>, %y: memref<64xf32>) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%i : memref<64xi64>) outs(%y : memref<64xf32>) {
  ^bb0(%a: i64, %old: f32):
    %at = arith.index_cast %a : i64 to index
    %e = memref.load %x[%at] : memref<?xf32>
    linalg.yield %e : f32
  }
  return
}

// -----

#id = affine_map<(d0) -> (d0)>

// Bytes are no lanes that an instruction leaves out, where nobody knows how many there are.
// CHECK-LABEL: func.func @unknown
// CHECK: vector.gather
// CHECK-NOT: vector.maskedstore
func.func @unknown(%x: memref<?xi8>, %i: memref<103xi32>, %y: memref<103xi8>) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%i : memref<103xi32>) outs(%y : memref<103xi8>) {
  ^bb0(%a: i32, %old: i8):
    %at = arith.index_cast %a : i32 to index
    %e = memref.load %x[%at] : memref<?xi8>
    linalg.yield %e : i8
  }
  return
}

// -----

#id = affine_map<(d0) -> (d0)>

// Bytes are parts of words, which begin early enough to end with the table.
// CHECK-LABEL: func.func @bytes
// CHECK: %[[LAST:.*]] = arith.constant dense<253> : vector<16xi32>
// CHECK: %[[FROM:.*]] = arith.minui %[[AT:.*]], %[[LAST]] : vector<16xi32>
// CHECK: llvm.getelementptr %{{.*}}[%[[FROM]]] : (!llvm.ptr, vector<16xi32>) -> vector<16x!llvm.ptr>, i8
// CHECK: llvm.intr.masked.gather
// CHECK: arith.subi %[[AT]], %[[FROM]]
// CHECK: arith.shrui
// CHECK: arith.trunci {{.*}} : vector<16xi32> to vector<16xi8>
func.func @bytes(%x: memref<257xi8>, %i: memref<160xi32>, %y: memref<160xi8>) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%i : memref<160xi32>) outs(%y : memref<160xi8>) {
  ^bb0(%a: i32, %old: i8):
    %place = arith.index_cast %a : i32 to index
    %e = memref.load %x[%place] : memref<257xi8>
    linalg.yield %e : i8
  }
  return
}

// -----

#id = affine_map<(d0) -> (d0)>

// Three bytes have no word.
// CHECK-LABEL: func.func @three
// CHECK-NOT: llvm.intr.masked.gather
func.func @three(%x: memref<3xi8>, %i: memref<160xi32>, %y: memref<160xi8>) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%i : memref<160xi32>) outs(%y : memref<160xi8>) {
  ^bb0(%a: i32, %old: i8):
    %place = arith.index_cast %a : i32 to index
    %e = memref.load %x[%place] : memref<3xi8>
    linalg.yield %e : i8
  }
  return
}

// -----

#rows = affine_map<(d0, d1) -> (d0)>
#all = affine_map<(d0, d1) -> (d0, d1)>

// Differences of two short rows that are looked up: neighbours one by one. One row is looked up in vectors.
// CHECK-LABEL: func.func @two_rows
// CHECK-NOT: vector.gather
// CHECK-LABEL: func.func @one_row
// CHECK-COUNT-3: vector.gather
func.func @two_rows(%x: memref<50x3xf32>, %i: memref<160xi32>, %j: memref<160xi32>, %y: memref<160x3xf32>) {
  linalg.generic {indexing_maps = [#rows, #rows, #all], iterator_types = ["parallel", "parallel"]}
      ins(%i, %j : memref<160xi32>, memref<160xi32>) outs(%y : memref<160x3xf32>) {
  ^bb0(%a: i32, %b: i32, %old: f32):
    %from = arith.index_cast %a : i32 to index
    %to = arith.index_cast %b : i32 to index
    %column = linalg.index 1 : index
    %p = memref.load %x[%from, %column] : memref<50x3xf32>
    %q = memref.load %x[%to, %column] : memref<50x3xf32>
    %d = arith.subf %q, %p : f32
    linalg.yield %d : f32
  }
  return
}

func.func @one_row(%x: memref<50x3xf32>, %i: memref<160xi32>, %y: memref<160x3xf32>) {
  linalg.generic {indexing_maps = [#rows, #all], iterator_types = ["parallel", "parallel"]}
      ins(%i : memref<160xi32>) outs(%y : memref<160x3xf32>) {
  ^bb0(%a: i32, %old: f32):
    %from = arith.index_cast %a : i32 to index
    %column = linalg.index 1 : index
    %p = memref.load %x[%from, %column] : memref<50x3xf32>
    %d = arith.addf %p, %p : f32
    linalg.yield %d : f32
  }
  return
}
