// RUN: tfc-opt %s --tfc-linalg-to-loops="vector-bits=512 parallel=0" -split-input-file | FileCheck %s

// Arguments share no memory.

// A result that caches do not keep is written around them, and nothing of it is fetched.

// CHECK-LABEL: @large
// CHECK:         memref.prefetch %arg0{{.*}}, read
// CHECK-NOT:     memref.prefetch {{.*}}, write
// CHECK:         vector.store {{.*}} {nontemporal = true} : memref<12000000xf32>, vector<16xf32>
#id = affine_map<(d0) -> (d0)>
func.func @large(%x: memref<12000000xf32> {tfc.distinct}, %y: memref<12000000xf32> {tfc.distinct}) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%x : memref<12000000xf32>) outs(%y : memref<12000000xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.addf %in, %in : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

// What a reader finds in the last cache stays in it.

// CHECK-LABEL: @kept
// CHECK-NOT:     nontemporal
#id = affine_map<(d0) -> (d0)>
func.func @kept(%x: memref<8000000xf32> {tfc.distinct}, %y: memref<8000000xf32> {tfc.distinct}) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%x : memref<8000000xf32>) outs(%y : memref<8000000xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.addf %in, %in : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

// An update in place has read its lines.

// CHECK-LABEL: @in_place
// CHECK-NOT:     nontemporal
#id = affine_map<(d0) -> (d0)>
func.func @in_place(%x: memref<12000000xf32> {tfc.distinct}) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%x : memref<12000000xf32>) outs(%x : memref<12000000xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.addf %in, %in : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

// CHECK-LABEL: @updated
// CHECK-NOT:     nontemporal
#id = affine_map<(d0) -> (d0)>
func.func @updated(%x: memref<12000000xf32> {tfc.distinct}) {
  linalg.generic {indexing_maps = [#id], iterator_types = ["parallel"]} outs(%x : memref<12000000xf32>) {
  ^bb0(%out: f32):
    %0 = arith.addf %out, %out : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

// In a loop that it shares with a reader, a piece is read while it is in the first cache.

// The reader's own result is written around them.

// CHECK-LABEL: @shared
// CHECK:         vector.store
// CHECK-NOT:     nontemporal
// CHECK:         arith.mulf
// CHECK:         vector.store {{.*}} {nontemporal = true}
#id = affine_map<(d0) -> (d0)>
func.func @shared(%x: memref<12000x1024xf32> {tfc.distinct}, %y: memref<12000x1024xf32> {tfc.distinct}, %z: memref<12000x1024xf32> {tfc.distinct}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c12000 = arith.constant 12000 : index
  scf.for %i = %c0 to %c12000 step %c1 {
    %a = memref.subview %x[%i, 0] [1, 1024] [1, 1] : memref<12000x1024xf32> to memref<1024xf32, strided<[1], offset: ?>>
    %b = memref.subview %y[%i, 0] [1, 1024] [1, 1] : memref<12000x1024xf32> to memref<1024xf32, strided<[1], offset: ?>>
    %c = memref.subview %z[%i, 0] [1, 1024] [1, 1] : memref<12000x1024xf32> to memref<1024xf32, strided<[1], offset: ?>>
    linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
        ins(%a : memref<1024xf32, strided<[1], offset: ?>>) outs(%b : memref<1024xf32, strided<[1], offset: ?>>) {
    ^bb0(%in: f32, %out: f32):
      %0 = arith.addf %in, %in : f32
      linalg.yield %0 : f32
    }
    linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
        ins(%b : memref<1024xf32, strided<[1], offset: ?>>) outs(%c : memref<1024xf32, strided<[1], offset: ?>>) {
    ^bb0(%in: f32, %out: f32):
      %0 = arith.mulf %in, %in : f32
      linalg.yield %0 : f32
    }
  }
  return
}

// -----

// Squares, where rows of the result are whole cache lines.

// CHECK-LABEL: @transposed
// CHECK:         vector.store {{.*}} {nontemporal = true}
#id = affine_map<(d0, d1) -> (d0, d1)>
#turned = affine_map<(d0, d1) -> (d1, d0)>
func.func @transposed(%x: memref<4096x4096xf32> {tfc.distinct}, %y: memref<4096x4096xf32> {tfc.distinct}) {
  linalg.generic {indexing_maps = [#turned, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<4096x4096xf32>) outs(%y : memref<4096x4096xf32>) {
  ^bb0(%in: f32, %out: f32):
    linalg.yield %in : f32
  }
  return
}

// -----

// CHECK-LABEL: @odd_rows
// CHECK-NOT:     nontemporal
#id = affine_map<(d0, d1) -> (d0, d1)>
#turned = affine_map<(d0, d1) -> (d1, d0)>
func.func @odd_rows(%x: memref<4100x4100xf32> {tfc.distinct}, %y: memref<4100x4100xf32> {tfc.distinct}) {
  linalg.generic {indexing_maps = [#turned, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<4100x4100xf32>) outs(%y : memref<4100x4100xf32>) {
  ^bb0(%in: f32, %out: f32):
    linalg.yield %in : f32
  }
  return
}

// -----

// Sums that are carried along rows.

// CHECK-LABEL: @scanned
// CHECK:         vector.store {{.*}} {nontemporal = true}
func.func @scanned(%x: memref<4096x4096xf32> {tfc.distinct}, %y: memref<4096x4096xf32> {tfc.distinct}) {
  tfcrt.scan %x into %y along 1 : memref<4096x4096xf32>, memref<4096x4096xf32>
  return
}

// -----

// Rows that begin between cache lines would be stored as always, but not fetched.

// CHECK-LABEL: @between_lines
// CHECK:         memref.prefetch {{.*}}, write
// CHECK-NOT:     nontemporal
#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d1)>
func.func @between_lines(%x: memref<4099xf32> {tfc.distinct}, %y: memref<4096x4099xf32> {tfc.distinct}) {
  linalg.generic {indexing_maps = [#row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<4099xf32>) outs(%y : memref<4096x4099xf32>) {
  ^bb0(%in: f32, %out: f32):
    linalg.yield %in : f32
  }
  return
}
