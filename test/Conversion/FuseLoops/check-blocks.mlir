// RUN: tfc-opt %s --tfc-fuse-loops=parallel=false -split-input-file | FileCheck %s

#id = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

// Positions are checked block by block; whether all were right is asked after the last one.
// CHECK-LABEL: @lookup
// CHECK:         %[[FLAG:.*]] = memref.alloc() : memref<i8>
// CHECK:         scf.for %[[I:.*]] =
// CHECK:           %[[FROM:.*]] = arith.muli %[[I]], %c4000
// CHECK:           %[[OWN:.*]] = memref.alloc() : memref<i8>
// CHECK:           memref.subview %{{.*}}[%[[FROM]]] [4000] [1]
// CHECK:           linalg.generic {{.*}}["reduction"]} ins({{.*}}memref<4000xi32{{.*}} outs(%[[OWN]]
// CHECK:           scf.if
// CHECK-NEXT:        arith.constant 0 : i8
// CHECK-NEXT:        memref.store %{{.*}}, %[[FLAG]]
// CHECK:           scf.if
// CHECK:             linalg.generic {{.*}}["parallel"]} ins({{.*}}memref<4000xi32
// CHECK:               memref.load %{{.*}} : memref<70000xf32>
// CHECK:         memref.load %[[FLAG]]
// CHECK:         scf.if
// CHECK:           tfcrt.abort
// CHECK:         return
func.func @lookup(%p: !llvm.ptr, %q: !llvm.ptr, %r: !llvm.ptr) {
  %table = tfcrt.bind %p : !llvm.ptr -> memref<70000xf32>
  %places = tfcrt.bind %q : !llvm.ptr -> memref<1000000xi32>
  %result = tfcrt.bind %r {result} : !llvm.ptr -> memref<1000000xf32>
  %n = arith.constant 70000 : i32
  %yes = arith.constant 1 : i8
  %no = arith.constant 0 : i8
  %flag = memref.alloc() : memref<i8>
  linalg.fill ins(%yes : i8) outs(%flag : memref<i8>)
  linalg.generic {indexing_maps = [#id, #none], iterator_types = ["reduction"]}
      ins(%places : memref<1000000xi32>) outs(%flag : memref<i8>) {
  ^bb0(%place: i32, %so_far: i8):
    %0 = arith.cmpi ult, %place, %n : i32
    %1 = arith.extui %0 : i1 to i8
    %2 = arith.andi %so_far, %1 : i8
    linalg.yield %2 : i8
  }
  %all = memref.load %flag[] : memref<i8>
  %bad = arith.cmpi eq, %all, %no : i8
  scf.if %bad {
    tfcrt.abort "indices = {}", %places : memref<1000000xi32> {code = 1 : i64, dtypes = array<i32: 3>, summarize = 3 : i64}
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%places : memref<1000000xi32>) outs(%result : memref<1000000xf32>) {
  ^bb0(%place: i32, %out: f32):
    %0 = arith.index_cast %place : i32 to index
    %1 = memref.load %table[%0] : memref<70000xf32>
    linalg.yield %1 : f32
  }
  return
}

// -----

#id = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

// What is looked up by other numbers than those of the block waits until all are known to be right.
// CHECK-LABEL: @other_places
// CHECK-NOT:     scf.for
// CHECK:         tfcrt.abort
// CHECK:         linalg.generic {{.*}}["parallel"]} ins({{.*}}memref<1000000xi32>, memref<1000000xi32>)
func.func @other_places(%p: !llvm.ptr, %q: !llvm.ptr, %s: !llvm.ptr, %r: !llvm.ptr) {
  %table = tfcrt.bind %p : !llvm.ptr -> memref<70000xi32>
  %places = tfcrt.bind %q : !llvm.ptr -> memref<1000000xi32>
  %others = tfcrt.bind %s : !llvm.ptr -> memref<1000000xi32>
  %result = tfcrt.bind %r {result} : !llvm.ptr -> memref<1000000xi32>
  %n = arith.constant 70000 : i32
  %yes = arith.constant 1 : i8
  %no = arith.constant 0 : i8
  %flag = memref.alloc() : memref<i8>
  linalg.fill ins(%yes : i8) outs(%flag : memref<i8>)
  linalg.generic {indexing_maps = [#id, #none], iterator_types = ["reduction"]}
      ins(%places : memref<1000000xi32>) outs(%flag : memref<i8>) {
  ^bb0(%place: i32, %so_far: i8):
    %0 = arith.cmpi ult, %place, %n : i32
    %1 = arith.extui %0 : i1 to i8
    %2 = arith.andi %so_far, %1 : i8
    linalg.yield %2 : i8
  }
  %all = memref.load %flag[] : memref<i8>
  %bad = arith.cmpi eq, %all, %no : i8
  scf.if %bad {
    tfcrt.abort "indices = {}", %places : memref<1000000xi32> {code = 1 : i64, dtypes = array<i32: 3>, summarize = 3 : i64}
  }
  linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]}
      ins(%places, %others : memref<1000000xi32>, memref<1000000xi32>) outs(%result : memref<1000000xi32>) {
  ^bb0(%place: i32, %other: i32, %out: i32):
    %0 = arith.index_cast %other : i32 to index
    %1 = memref.load %table[%0] : memref<70000xi32>
    %2 = arith.addi %1, %place : i32
    linalg.yield %2 : i32
  }
  return
}

// -----

#id = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

// A variable is not written before the check that comes first.
// CHECK-LABEL: @variable
// CHECK-NOT:     scf.for
// CHECK:         tfcrt.abort
// CHECK:         linalg.generic {{.*}}["parallel"]}
func.func @variable(%p: !llvm.ptr, %q: !llvm.ptr) {
  %divisors = tfcrt.bind %p : !llvm.ptr -> memref<1000000xi32>
  %variable = tfcrt.bind %q : !llvm.ptr -> memref<1000000xi32>
  %yes = arith.constant 1 : i8
  %no = arith.constant 0 : i8
  %zero = arith.constant 0 : i32
  %flag = memref.alloc() : memref<i8>
  linalg.fill ins(%yes : i8) outs(%flag : memref<i8>)
  linalg.generic {indexing_maps = [#id, #none], iterator_types = ["reduction"]}
      ins(%divisors : memref<1000000xi32>) outs(%flag : memref<i8>) {
  ^bb0(%divisor: i32, %so_far: i8):
    %0 = arith.cmpi ne, %divisor, %zero : i32
    %1 = arith.extui %0 : i1 to i8
    %2 = arith.andi %so_far, %1 : i8
    linalg.yield %2 : i8
  }
  %all = memref.load %flag[] : memref<i8>
  %bad = arith.cmpi eq, %all, %no : i8
  scf.if %bad {
    tfcrt.abort "Integer division by zero" {code = 1 : i64, dtypes = array<i32>, summarize = 3 : i64}
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%divisors : memref<1000000xi32>) outs(%variable : memref<1000000xi32>) {
  ^bb0(%divisor: i32, %out: i32):
    %0 = arith.addi %out, %divisor : i32
    linalg.yield %0 : i32
  }
  return
}

// -----

#id = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

// A number of elements that is not known: the last block is as long as what is left.
// CHECK-LABEL: @unknown
// CHECK:         %[[N:.*]] = memref.dim
// CHECK:         arith.ceildivui %[[N]], %c4096
// CHECK:         scf.for
// CHECK:           %[[LEFT:.*]] = arith.subi %[[N]]
// CHECK:           %[[LENGTH:.*]] = arith.minui %[[LEFT]]
// CHECK:           memref.subview %{{.*}} [%[[LENGTH]]] [1]
// CHECK:         tfcrt.abort
func.func @unknown(%p: !llvm.ptr, %r: !llvm.ptr, %size: index) {
  %divisors = tfcrt.bind %p [%size] : !llvm.ptr -> memref<?xi32>
  %result = tfcrt.bind %r [%size] {result} : !llvm.ptr -> memref<?xi32>
  %yes = arith.constant 1 : i8
  %no = arith.constant 0 : i8
  %zero = arith.constant 0 : i32
  %flag = memref.alloc() : memref<i8>
  linalg.fill ins(%yes : i8) outs(%flag : memref<i8>)
  linalg.generic {indexing_maps = [#id, #none], iterator_types = ["reduction"]}
      ins(%divisors : memref<?xi32>) outs(%flag : memref<i8>) {
  ^bb0(%divisor: i32, %so_far: i8):
    %0 = arith.cmpi ne, %divisor, %zero : i32
    %1 = arith.extui %0 : i1 to i8
    %2 = arith.andi %so_far, %1 : i8
    linalg.yield %2 : i8
  }
  %all = memref.load %flag[] : memref<i8>
  %bad = arith.cmpi eq, %all, %no : i8
  scf.if %bad {
    tfcrt.abort "Integer division by zero" {code = 1 : i64, dtypes = array<i32>, summarize = 3 : i64}
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%divisors : memref<?xi32>) outs(%result : memref<?xi32>) {
  ^bb0(%divisor: i32, %out: i32):
    %0 = arith.addi %divisor, %divisor : i32
    linalg.yield %0 : i32
  }
  return
}

// -----

#id = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

// What is written between a check and its branch is not what was checked.
// CHECK-LABEL: @written_between
// CHECK-NOT:     scf.for
// CHECK:         linalg.generic {{.*}}["reduction"]}
// CHECK:         memref.store
// CHECK:         tfcrt.abort
// CHECK:         linalg.generic {{.*}}["parallel"]}
func.func @written_between(%p: !llvm.ptr, %r: !llvm.ptr) {
  %divisors = tfcrt.bind %p : !llvm.ptr -> memref<1000000xi32>
  %result = tfcrt.bind %r {result} : !llvm.ptr -> memref<1000000xi32>
  %yes = arith.constant 1 : i8
  %no = arith.constant 0 : i8
  %zero = arith.constant 0 : i32
  %at = arith.constant 7 : index
  %flag = memref.alloc() : memref<i8>
  linalg.fill ins(%yes : i8) outs(%flag : memref<i8>)
  linalg.generic {indexing_maps = [#id, #none], iterator_types = ["reduction"]}
      ins(%divisors : memref<1000000xi32>) outs(%flag : memref<i8>) {
  ^bb0(%divisor: i32, %so_far: i8):
    %0 = arith.cmpi ne, %divisor, %zero : i32
    %1 = arith.extui %0 : i1 to i8
    %2 = arith.andi %so_far, %1 : i8
    linalg.yield %2 : i8
  }
  memref.store %zero, %divisors[%at] : memref<1000000xi32>
  %all = memref.load %flag[] : memref<i8>
  %bad = arith.cmpi eq, %all, %no : i8
  scf.if %bad {
    tfcrt.abort "Integer division by zero" {code = 1 : i64, dtypes = array<i32>, summarize = 3 : i64}
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%divisors : memref<1000000xi32>) outs(%result : memref<1000000xi32>) {
  ^bb0(%divisor: i32, %out: i32):
    %0 = arith.addi %divisor, %divisor : i32
    linalg.yield %0 : i32
  }
  return
}
