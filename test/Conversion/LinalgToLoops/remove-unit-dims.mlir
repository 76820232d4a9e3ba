// RUN: tfc-opt %s --tfc-remove-unit-dims --split-input-file | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>

// What makes a buffer makes it without them; an argument of unknown origin gets one view.
// CHECK-LABEL: func.func @column
// CHECK-SAME: (%[[X:.*]]: memref<64x1xf32>)
// CHECK: %[[VIEW:.*]] = memref.collapse_shape %[[X]] {{.*}} into memref<64xf32>
// CHECK: %[[M:.*]] = memref.alloc() : memref<64xf32>
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel"]} ins(%[[VIEW]] : memref<64xf32>) outs(%[[M]] : memref<64xf32>)
// CHECK: memref.copy %[[M]], %[[VIEW]]
func.func @column(%x: memref<64x1xf32>) {
  %m = memref.alloc() : memref<64x1xf32>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<64x1xf32>) outs(%m : memref<64x1xf32>) {
  ^bb0(%a: f32, %old: f32):
    %y = math.exp %a : f32
    linalg.yield %y : f32
  }
  memref.copy %m, %x : memref<64x1xf32> to memref<64x1xf32>
  return
}

// -----

#x = affine_map<(d0, d1, d2) -> (d0, d2)>
#w = affine_map<(d0, d1, d2) -> (d2, d1)>
#y = affine_map<(d0, d1, d2) -> (d0, d1)>

// A sum over one element is none: it begins with what was filled in.
// CHECK-LABEL: func.func @product
// CHECK-NOT: linalg.fill
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel"]}
// CHECK: arith.addf %[[ZERO:.*]], %{{.*}} : f32
func.func @product() -> memref<8x9xf32> {
  %x = memref.alloc() : memref<8x1xf32>
  %w = memref.alloc() : memref<1x9xf32>
  %y = memref.alloc() : memref<8x9xf32>
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%y : memref<8x9xf32>)
  linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : memref<8x1xf32>, memref<1x9xf32>) outs(%y : memref<8x9xf32>) {
  ^bb0(%a: f32, %b: f32, %old: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %old, %p : f32
    linalg.yield %s : f32
  }
  return %y : memref<8x9xf32>
}

// -----

#x = affine_map<(d0, d1, d2) -> (d0, d2)>
#w = affine_map<(d0, d1, d2) -> (d2, d1)>
#y = affine_map<(d0, d1, d2) -> (d0, d1)>

// What was filled in is read by others as well.
// CHECK-LABEL: func.func @seen
// CHECK: linalg.fill
func.func @seen(%w: memref<1x9xf32>) -> memref<9x9xf32> {
  %zero = arith.constant 0.0 : f32
  %y = memref.alloc() : memref<9x9xf32>
  %x = memref.subview %y[0, 0] [9, 1] [1, 1] : memref<9x9xf32> to memref<9x1xf32, strided<[9, 1]>>
  linalg.fill ins(%zero : f32) outs(%y : memref<9x9xf32>)
  linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : memref<9x1xf32, strided<[9, 1]>>, memref<1x9xf32>) outs(%y : memref<9x9xf32>) {
  ^bb0(%a: f32, %b: f32, %old: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %old, %p : f32
    linalg.yield %s : f32
  }
  return %y : memref<9x9xf32>
}

// -----

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>

// Numbers of loops that are gone are 0, others are counted anew; so are indices of loads.
// CHECK-LABEL: func.func @numbers
// CHECK: linalg.generic
// CHECK: %[[ZERO:.*]] = arith.constant 0 : index
// CHECK: %[[J:.*]] = linalg.index 1 : index
// CHECK: %[[SUM:.*]] = arith.addi %[[ZERO]], %[[J]]
// CHECK: memref.load %{{.*}}[%[[SUM]]] : memref<9xf32>
func.func @numbers(%table: memref<1x9xf32>, %y: memref<8x1x9xf32>) {
  %c0 = arith.constant 0 : index
  linalg.generic {indexing_maps = [#id], iterator_types = ["parallel", "parallel", "parallel"]}
      outs(%y : memref<8x1x9xf32>) {
  ^bb0(%old: f32):
    %i = linalg.index 1 : index
    %j = linalg.index 2 : index
    %k = arith.addi %i, %j : index
    %e = memref.load %table[%c0, %k] : memref<1x9xf32>
    linalg.yield %e : f32
  }
  return
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>

// A slice of a slice without them; sizes that are not known stay.
// CHECK-LABEL: func.func @slices
// CHECK: %[[COLUMN:.*]] = memref.subview %{{.*}}[0, 2] [%{{.*}}, 1] [1, 1] : memref<?x4xf32> to memref<?xf32, strided<[4], offset: 2>>
// CHECK: outs(%[[COLUMN]] :
func.func @slices(%x: memref<?x4xf32>, %n: index) {
  %column = memref.subview %x[0, 2] [%n, 1] [1, 1] : memref<?x4xf32> to memref<?x1xf32, strided<[4, 1], offset: 2>>
  linalg.generic {indexing_maps = [#id], iterator_types = ["parallel", "parallel"]}
      outs(%column : memref<?x1xf32, strided<[4, 1], offset: 2>>) {
  ^bb0(%old: f32):
    %y = arith.negf %old : f32
    linalg.yield %y : f32
  }
  return
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>

// A buffer that a loop carries stays what it is; ops inside use a view of it.
// CHECK-LABEL: func.func @carried
// CHECK: memref.alloc() : memref<9x1xf32>
// CHECK: scf.for {{.*}} iter_args(%[[NOW:.*]] = %{{.*}}) -> (memref<9x1xf32>)
// CHECK: %[[VIEW:.*]] = memref.collapse_shape %[[NOW]]
// CHECK: outs(%[[VIEW]] : memref<9xf32>)
func.func @carried(%from: index, %to: index, %step: index) -> memref<9x1xf32> {
  %m = memref.alloc() : memref<9x1xf32>
  %r = scf.for %i = %from to %to step %step iter_args(%now = %m) -> (memref<9x1xf32>) {
    linalg.generic {indexing_maps = [#id], iterator_types = ["parallel", "parallel"]} outs(%now : memref<9x1xf32>) {
    ^bb0(%old: f32):
      %y = arith.negf %old : f32
      linalg.yield %y : f32
    }
    scf.yield %now : memref<9x1xf32>
  }
  return %r : memref<9x1xf32>
}

// -----

// CHECK: memref.global "private" constant @table : memref<3xf32> = dense<[1.000000e+00, 2.000000e+00, 3.000000e+00]>
memref.global "private" constant @table : memref<1x3xf32> = dense<[[1.0, 2.0, 3.0]]>

// CHECK-LABEL: func.func @constant
// CHECK: memref.load %{{.*}}[%{{.*}}] : memref<3xf32>
func.func @constant(%i: index) -> f32 {
  %c0 = arith.constant 0 : index
  %t = memref.get_global @table : memref<1x3xf32>
  %e = memref.load %t[%c0, %i] : memref<1x3xf32>
  return %e : f32
}

// -----

#image = affine_map<(d0, d1, d2, d3) -> (d0 * 3 + d2, d1 + d3)>
#filter = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
#places = affine_map<(d0, d1, d2, d3) -> (d0, d1)>

// With one row of places, the window alone goes over the rows of the image, of which there are more.
// CHECK-LABEL: func.func @one_row_of_places
// CHECK: %[[ROWS:.*]] = memref.subview %{{.*}}[0, 0] [2, 10] [1, 1] : memref<3x10xf32> to memref<2x10xf32, strided<[10, 1]>>
// CHECK: ins(%[[ROWS]], %{{.*}} : memref<2x10xf32, strided<[10, 1]>>, memref<2x4xf32>)
func.func @one_row_of_places(%x: memref<3x10xf32>, %w: memref<2x4xf32>, %y: memref<1x7xf32>) {
  linalg.generic {indexing_maps = [#image, #filter, #places],
      iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%x, %w : memref<3x10xf32>, memref<2x4xf32>) outs(%y : memref<1x7xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %sum, %p : f32
    linalg.yield %s : f32
  }
  return
}
