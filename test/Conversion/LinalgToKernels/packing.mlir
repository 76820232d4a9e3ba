// RUN: tfc-opt %s --tfc-lower-contractions="vector-bits=512 vector-registers=32" --split-input-file | FileCheck %s

// Threads share panels: each copies groups of neighbouring ones, a row of the right operand at a time, and uses them
// alone. For each tile of rows come all panels of the group, so that the rows are read from further away once. What is
// shared are quarters of panels: whole ones as long as there are many.

// CHECK-LABEL: func.func @by_columns
// CHECK:       memref.alloc() {{.*}} : memref<{{.*}}xf32>
// CHECK:       tfcrt.parallel
// CHECK:         scf.while
// CHECK:         arith.divui %{{.*}}, %c8
// CHECK:           scf.for
// CHECK:             scf.for
// CHECK:               scf.for
// CHECK-COUNT-4:         vector.store
// CHECK:             scf.for
// CHECK:               scf.for
// CHECK:                 scf.for {{.*}} iter_args
// CHECK-NOT:   tfcrt.parallel
// CHECK:       return
func.func @by_columns(%a: memref<240x512xf32>, %b: memref<512x2048xf32>, %c: memref<240x2048xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%c : memref<240x2048xf32>)
  linalg.matmul ins(%a, %b : memref<240x512xf32>, memref<512x2048xf32>) outs(%c : memref<240x2048xf32>)
  return
}

// -----

// Of eleven panels the sixth, in the middle, and the last are cut where a piece ends: each part has a place of its own.

// CHECK-LABEL: func.func @cut
// CHECK:       tfcrt.parallel(%[[FROM:.*]], %{{.*}}) in %{{.*}} to %c44
// CHECK:         %[[PANEL:.*]] = arith.divui %[[FROM]], %c4
// CHECK:         %[[BORDER:.*]] = arith.muli
// CHECK:         %[[BEFORE_LAST:.*]] = arith.cmpi sle, %[[PANEL]], %c9
// CHECK:         %[[BEFORE_MIDDLE:.*]] = arith.cmpi sle, %[[PANEL]], %c4
// CHECK:         %[[TO_MIDDLE:.*]] = arith.cmpi sle, %[[PANEL]], %c5
// CHECK:         %[[WHOLE:.*]] = arith.select %[[TO_MIDDLE]], %[[BEFORE_MIDDLE]], %[[BEFORE_LAST]]
// CHECK:         arith.select %[[WHOLE]], %[[BORDER]], %[[FROM]]
func.func @cut(%a: memref<240x256xf32>, %b: memref<256x704xf32>, %c: memref<240x704xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%c : memref<240x704xf32>)
  linalg.matmul ins(%a, %b : memref<240x256xf32>, memref<256x704xf32>) outs(%c : memref<240x704xf32>)
  return
}

// -----

// Few panels and many rows: rows are shared, after all panels have been copied.

// CHECK-LABEL: func.func @by_rows
// CHECK:       vector.store
// CHECK:       tfcrt.parallel
// CHECK:       return
func.func @by_rows(%a: memref<6000x480xf32>, %b: memref<480x320xf32>, %c: memref<6000x320xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%c : memref<6000x320xf32>)
  linalg.matmul ins(%a, %b : memref<6000x480xf32>, memref<480x320xf32>) outs(%c : memref<6000x320xf32>)
  return
}

// -----

// The same with several blocks of the depth: each part of the rows has copies of the panels, and threads do not meet.

// CHECK-LABEL: func.func @own_panels
// CHECK-NOT:   vector.store
// CHECK:       tfcrt.parallel
// CHECK:         vector.store
// CHECK:         scf.for {{.*}} iter_args
// CHECK-NOT:   tfcrt.parallel
// CHECK:       return
func.func @own_panels(%a: memref<6000x4096xf32>, %b: memref<4096x64xf32>, %c: memref<6000x64xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%c : memref<6000x64xf32>)
  linalg.matmul ins(%a, %b : memref<6000x4096xf32>, memref<4096x64xf32>) outs(%c : memref<6000x64xf32>)
  return
}

// -----

// A left operand of halves is widened once, some rows at a time.

// CHECK-LABEL: func.func @widened
// CHECK-DAG:   memref.alloc() {{.*}} : memref<524288xf32>
// CHECK:       vector.load {{.*}} : memref<?xbf16>, vector<16xbf16>
// CHECK:       arith.extf {{.*}} : vector<16xbf16> to vector<16xf32>
// CHECK:       memref.load {{.*}} : memref<524288xf32>
// CHECK-NOT:   linalg
func.func @widened(%a: memref<1024x512xbf16>, %b: memref<512x512xbf16>, %c: memref<1024x512xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%c : memref<1024x512xf32>)
  linalg.generic {indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>,
      affine_map<(i, j, k) -> (i, j)>], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<1024x512xbf16>, memref<512x512xbf16>) outs(%c : memref<1024x512xf32>) {
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

// Weights that a loop does not change are packed once, before it.

// CHECK-LABEL: func.func @invariant
// CHECK:       %[[PANELS:.*]] = memref.alloc() {{.*}} : memref<262144xf32>
// CHECK:       vector.store {{.*}}, %[[PANELS]]
// CHECK:       scf.for
// CHECK-NOT:     vector.store {{.*}}, %[[PANELS]]
// CHECK:       return
func.func @invariant(%a: memref<16x512xf32>, %n: index) {
  %b = memref.alloc() : memref<512x512xf32>
  %c = memref.alloc() : memref<16x512xf32>
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    linalg.fill ins(%zero : f32) outs(%c : memref<16x512xf32>)
    linalg.matmul ins(%a, %b : memref<16x512xf32>, memref<512x512xf32>) outs(%c : memref<16x512xf32>)
  }
  return
}

// -----

// Weights that the loop may change are not.

// CHECK-LABEL: func.func @variant
// CHECK-NOT:   vector.store
// CHECK:       scf.for
// CHECK:         vector.store
// CHECK:       return
func.func @variant(%a: memref<16x512xf32>, %n: index) {
  %c = memref.alloc() : memref<16x512xf32>
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %b = memref.alloc() : memref<512x512xf32>
  scf.for %i = %c0 to %n step %c1 {
    linalg.fill ins(%zero : f32) outs(%c : memref<16x512xf32>)
    linalg.matmul ins(%a, %b : memref<16x512xf32>, memref<512x512xf32>) outs(%c : memref<16x512xf32>)
    memref.store %zero, %b[%i, %i] : memref<512x512xf32>
  }
  return
}

// -----

// Neither are those that another op of the loop overwrites as a whole.

#id = affine_map<(i, j) -> (i, j)>
// CHECK-LABEL: func.func @overwritten
// CHECK-NOT:   vector.store
// CHECK:       scf.for
// CHECK:         vector.store
// CHECK:       return
func.func @overwritten(%a: memref<16x512xf32>, %n: index) {
  %c = memref.alloc() : memref<16x512xf32>
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %b = memref.alloc() : memref<512x512xf32>
  scf.for %i = %c0 to %n step %c1 {
    linalg.fill ins(%zero : f32) outs(%c : memref<16x512xf32>)
    linalg.matmul ins(%a, %b : memref<16x512xf32>, memref<512x512xf32>) outs(%c : memref<16x512xf32>)
    linalg.generic {indexing_maps = [#id], iterator_types = ["parallel", "parallel"]}
        outs(%b : memref<512x512xf32>) {
    ^bb0(%x: f32):
      %0 = arith.addf %x, %x : f32
      linalg.yield %0 : f32
    }
  }
  return
}

// -----

// A constant that only the product reads is kept as panels in its place.

// CHECK-NOT:   memref.global {{.*}}@weights :
// CHECK:       memref.global "private" constant @weights_panels : memref<{{.*}}xf32> = dense<1.000000e+00>
// CHECK-NOT:   memref.global {{.*}}@weights :
// CHECK-LABEL: func.func @constant
// CHECK:       %[[PANELS:.*]] = memref.get_global @weights_panels
// CHECK-NOT:   memref.alloc
// CHECK:       vector.load %[[PANELS]]
// CHECK-NOT:   linalg
memref.global "private" constant @weights : memref<512x512xf32> = dense<1.0>
func.func @constant(%a: memref<16x512xf32>, %c: memref<16x512xf32>) {
  %zero = arith.constant 0.0 : f32
  %b = memref.get_global @weights : memref<512x512xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<16x512xf32>)
  linalg.matmul ins(%a, %b : memref<16x512xf32>, memref<512x512xf32>) outs(%c : memref<16x512xf32>)
  return
}

// -----

// The tiles of many products are calls, which write their results alone: no weights stay in the loop for them.

// CHECK-LABEL: func.func @invariant_of_many
// CHECK-COUNT-4: memref.alloc() {{.*}} : memref<262144xf32>
// CHECK-NOT:   call @tfc.tile
// CHECK:       scf.for %{{.*}} = %c0 to %arg0
// CHECK-NOT:     memref.alloc
// CHECK-COUNT-4: call @tfc.tile
// CHECK:       return
func.func @invariant_of_many(%n: index) {
  %c = memref.alloc() : memref<16x512xf32>
  %d = memref.alloc() : memref<16x512xf32>
  %w0 = memref.alloc() : memref<512x512xf32>
  %w1 = memref.alloc() : memref<512x512xf32>
  %w2 = memref.alloc() : memref<512x512xf32>
  %w3 = memref.alloc() : memref<512x512xf32>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    linalg.matmul ins(%c, %w0 : memref<16x512xf32>, memref<512x512xf32>) outs(%d : memref<16x512xf32>)
    linalg.matmul ins(%d, %w1 : memref<16x512xf32>, memref<512x512xf32>) outs(%c : memref<16x512xf32>)
    linalg.matmul ins(%c, %w2 : memref<16x512xf32>, memref<512x512xf32>) outs(%d : memref<16x512xf32>)
    linalg.matmul ins(%d, %w3 : memref<16x512xf32>, memref<512x512xf32>) outs(%c : memref<16x512xf32>)
  }
  return
}

// -----

// Weights that are the result of such a call are packed in the loop.

// CHECK-LABEL: func.func @result_of_many
// CHECK:       memref.alloc() {alignment = 64 : i64} : memref<262144xf32>
// CHECK-NOT:   memref.alloc
// CHECK:       scf.for %{{.*}} = %c0 to %arg0
// CHECK-COUNT-3: memref.alloc() {alignment = 64 : i64}
// CHECK:       return
func.func @result_of_many(%n: index) {
  %c = memref.alloc() : memref<16x512xf32>
  %d = memref.alloc() : memref<16x512xf32>
  %e = memref.alloc() : memref<512x512xf32>
  %w0 = memref.alloc() : memref<512x512xf32>
  %w1 = memref.alloc() : memref<512x512xf32>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    linalg.matmul ins(%e, %w0 : memref<512x512xf32>, memref<512x512xf32>) outs(%w1 : memref<512x512xf32>)
    linalg.matmul ins(%c, %w1 : memref<16x512xf32>, memref<512x512xf32>) outs(%d : memref<16x512xf32>)
    linalg.matmul ins(%d, %w1 : memref<16x512xf32>, memref<512x512xf32>) outs(%c : memref<16x512xf32>)
    linalg.matmul ins(%c, %w1 : memref<16x512xf32>, memref<512x512xf32>) outs(%d : memref<16x512xf32>)
  }
  return
}

// -----

// Panels of an argument that is the same tensor in every call lie in memory that the host keeps. The first call fills
// them, before anything else. While one is computed with, the next is fetched.

// CHECK-LABEL: func.func private @kept.body(
// CHECK-SAME:    %[[MARKS:[a-z0-9]+]]: !llvm.ptr {llvm.noalias, llvm.noundef}, %[[PANELS:[a-z0-9]+]]: !llvm.ptr {llvm.align = 64 : i64, llvm.noalias, llvm.noundef}) -> i32
// CHECK-SAME:    tfc.kept_bytes = array<i64: 1048576>, tfc.kept_sources = array<i64: 1>
// CHECK:       %[[MEMORY:.*]] = tfcrt.bind %[[PANELS]] : !llvm.ptr -> memref<262144xf32>
// CHECK:       tfcrt.bind %[[MARKS]] : !llvm.ptr -> memref<2xi8>
// CHECK:       %[[FILL:.*]] = arith.cmpi ne
// CHECK:       scf.if %[[FILL]] {
// CHECK:         vector.store {{.*}}, %[[MEMORY]]
// CHECK:       }
// CHECK-NOT:   vector.store {{.*}}, %[[MEMORY]]
// CHECK:       memref.prefetch {{.*}}, read, locality<2>
// CHECK-LABEL: func.func @kept(
// CHECK-SAME:    %[[BUFFERS:[a-z0-9]+]]: !llvm.ptr, %{{[a-z0-9]+}}: !llvm.ptr) -> i32
// CHECK:       llvm.getelementptr %[[BUFFERS]][3]
// CHECK:       llvm.getelementptr %[[BUFFERS]][4]
// CHECK:       call @kept.body
func.func private @kept.body(%context: !llvm.ptr, %buffers: !llvm.ptr, %sizes: !llvm.ptr, %arena: !llvm.ptr,
    %x: !llvm.ptr, %w: !llvm.ptr {tfc.constant}, %y: !llvm.ptr) -> i32
    attributes {tfc.body_of = @kept, tfc.signature = array<i64: 0, 32768, 0, 0, 1048576, 0, 3, 32768, 0>} {
  %a = tfcrt.bind %x : !llvm.ptr -> memref<16x512xf32>
  %b = tfcrt.bind %w : !llvm.ptr -> memref<512x512xf32>
  %c = tfcrt.bind %y {result} : !llvm.ptr -> memref<16x512xf32>
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%c : memref<16x512xf32>)
  linalg.matmul ins(%a, %b : memref<16x512xf32>, memref<512x512xf32>) outs(%c : memref<16x512xf32>)
  %ok = arith.constant 0 : i32
  return %ok : i32
}
func.func @kept(%context: !llvm.ptr, %buffers: !llvm.ptr, %sizes: !llvm.ptr) -> i32 attributes {tfc.entry} {
  %0 = llvm.load %buffers : !llvm.ptr -> !llvm.ptr
  %1 = call @kept.body(%context, %buffers, %sizes, %0, %0, %0, %0) : (!llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr,
      !llvm.ptr, !llvm.ptr, !llvm.ptr) -> i32
  return %1 : i32
}

// -----

// A part of a matrix is no larger than the matrix: what is small for certain needs no panels, nor the question.
// CHECK-LABEL: func.func @part_of_small
// CHECK-NOT: memref.alloc
// CHECK-NOT: scf.if
// CHECK: return
func.func @part_of_small(%a: memref<32x100xf32>, %b: memref<2x100x100xf32>, %c: memref<32x100xf32>, %n: index) {
  %p = memref.subview %b[1, 0, 0] [1, %n, %n] [1, 1, 1] : memref<2x100x100xf32> to memref<?x?xf32, strided<[100, 1], offset: 10000>>
  %l = memref.subview %a[0, 0] [32, %n] [1, 1] : memref<32x100xf32> to memref<32x?xf32, strided<[100, 1]>>
  %r = memref.subview %c[0, 0] [32, %n] [1, 1] : memref<32x100xf32> to memref<32x?xf32, strided<[100, 1]>>
  linalg.matmul ins(%l, %p : memref<32x?xf32, strided<[100, 1]>>, memref<?x?xf32, strided<[100, 1], offset: 10000>>) outs(%r : memref<32x?xf32, strided<[100, 1]>>)
  return
}

// One of a large matrix is asked.
// CHECK-LABEL: func.func @part_of_large
// CHECK: memref.alloc
// CHECK: scf.if
func.func @part_of_large(%a: memref<32x1000xf32>, %b: memref<1000x1000xf32>, %c: memref<32x1000xf32>, %n: index) {
  %p = memref.subview %b[0, 0] [%n, %n] [1, 1] : memref<1000x1000xf32> to memref<?x?xf32, strided<[1000, 1]>>
  %l = memref.subview %a[0, 0] [32, %n] [1, 1] : memref<32x1000xf32> to memref<32x?xf32, strided<[1000, 1]>>
  %r = memref.subview %c[0, 0] [32, %n] [1, 1] : memref<32x1000xf32> to memref<32x?xf32, strided<[1000, 1]>>
  linalg.matmul ins(%l, %p : memref<32x?xf32, strided<[1000, 1]>>, memref<?x?xf32, strided<[1000, 1]>>) outs(%r : memref<32x?xf32, strided<[1000, 1]>>)
  return
}
