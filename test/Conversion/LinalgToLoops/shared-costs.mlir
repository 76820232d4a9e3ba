// What nests are expected to take decides whether threads share them: vectors that rows fill in part count as whole ones,
// what is done element by element takes a cycle, and the lanes of a row several steps.
// RUN: tfc-opt %s --tfc-linalg-to-loops="vector-bits=512 parallel=true" -split-input-file | FileCheck %s

#rows = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>

// CHECK-LABEL: func.func @maxima_of_short_rows
// CHECK: tfcrt.parallel
func.func @maxima_of_short_rows(%x: memref<10000x20xf32>, %out: memref<10000xf32>) {
  linalg.generic {indexing_maps = [#rows, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<10000x20xf32>) outs(%out : memref<10000xf32>) {
  ^bb0(%a: f32, %b: f32):
    %c = arith.maximumf %a, %b : f32
    linalg.yield %c : f32
  }
  return
}

// -----

#all = affine_map<(i, j, k) -> (i, j, k)>
#points = affine_map<(i, j, k) -> (i, k)>

// CHECK-LABEL: func.func @copies_of_points
// CHECK: tfcrt.parallel
func.func @copies_of_points(%x: memref<2048x3xf32>, %out: memref<2048x10x3xf32>) {
  linalg.generic {indexing_maps = [#points, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%x : memref<2048x3xf32>) outs(%out : memref<2048x10x3xf32>) {
  ^bb0(%a: f32, %b: f32):
    linalg.yield %a : f32
  }
  return
}

// -----

#all = affine_map<(i) -> (i)>

// CHECK-LABEL: func.func @few_elements
// CHECK-NOT: tfcrt.parallel
func.func @few_elements(%x: memref<20000xf32>, %out: memref<20000xf32>) {
  linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel"]}
      ins(%x : memref<20000xf32>) outs(%out : memref<20000xf32>) {
  ^bb0(%a: f32, %b: f32):
    %c = arith.addf %a, %a : f32
    linalg.yield %c : f32
  }
  return
}

// -----

#all = affine_map<(i, j) -> (i, j)>

// In a loop, what is little is shared beside other work of threads that is much: one thread alone would take the rows of all
// from their caches, and back.
// CHECK-LABEL: func.func @beside_other_work
// CHECK: scf.for
// CHECK-COUNT-2: tfcrt.parallel
func.func @beside_other_work(%x: memref<256x256xf32>, %y: memref<256x256xf32>, %z: memref<1024x1024xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c9 = arith.constant 9 : index
  scf.for %i = %c0 to %c9 step %c1 {
    linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel"]}
        ins(%x : memref<256x256xf32>) outs(%y : memref<256x256xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    }
    linalg.generic {indexing_maps = [#all], iterator_types = ["parallel", "parallel"]} outs(%z : memref<1024x1024xf32>) {
    ^bb0(%b: f32):
      %c = arith.addf %b, %b : f32
      linalg.yield %c : f32
    }
  }
  return
}

// -----

#all = affine_map<(i, j) -> (i, j)>

// CHECK-LABEL: func.func @little_alone
// CHECK-NOT: tfcrt.parallel
func.func @little_alone(%x: memref<256x256xf32>, %y: memref<256x256xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c9 = arith.constant 9 : index
  scf.for %i = %c0 to %c9 step %c1 {
    linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel"]}
        ins(%x : memref<256x256xf32>) outs(%y : memref<256x256xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    }
  }
  return
}

// -----

#all = affine_map<(i, j) -> (i, j)>

// What threads have just written is read by threads, too, where it takes half as long as what others share: one alone would
// fetch half of it from the other's cache.
// CHECK-LABEL: func.func @reads_others
// CHECK: math.exp
// CHECK: tfcrt.parallel
// CHECK: arith.addf
func.func @reads_others(%x: memref<256x256xf32>, %t: memref<256x256xf32>, %out: memref<256x256xf32>) {
  linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<256x256xf32>) outs(%t : memref<256x256xf32>) {
  ^bb0(%a: f32, %b: f32):
    %c = math.exp %a : f32
    linalg.yield %c : f32
  }
  linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel"]}
      ins(%t : memref<256x256xf32>) outs(%out : memref<256x256xf32>) {
  ^bb0(%a: f32, %b: f32):
    %c = arith.addf %a, %a : f32
    linalg.yield %c : f32
  }
  return
}

// CHECK-LABEL: func.func @reads_its_own
// CHECK: math.exp
// CHECK-NOT: tfcrt.parallel
// CHECK: arith.addf
func.func @reads_its_own(%x: memref<256x256xf32>, %t: memref<256x256xf32>, %out: memref<256x256xf32>) {
  linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<256x256xf32>) outs(%t : memref<256x256xf32>) {
  ^bb0(%a: f32, %b: f32):
    %c = math.exp %a : f32
    linalg.yield %c : f32
  }
  linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<256x256xf32>) outs(%out : memref<256x256xf32>) {
  ^bb0(%a: f32, %b: f32):
    %c = arith.addf %a, %a : f32
    linalg.yield %c : f32
  }
  return
}
