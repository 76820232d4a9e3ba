// RUN: tfc-opt %s -tfc-share-loops="min-saved=1000 least-to-share-sizes=10" | FileCheck %s
// RUN: tfc-opt %s -tfc-share-loops="min-saved=1000" | FileCheck %s --check-prefix=WHOLE

// Of a function of many calls in a large module the nests become functions, so
// that it has no loops. A nest that gives a number does so as a part.
// CHECK-LABEL: func.func @calls
// CHECK-NOT: scf.for
// CHECK: call @calls.part0
// CHECK: %[[SUM:.*]] = call @calls.part1({{.*}}) : ({{.*}}) -> f32
// CHECK-NEXT: memref.store %[[SUM]]
// CHECK-NOT: scf.for
// CHECK: return
// WHOLE-LABEL: func.func @calls
// WHOLE-COUNT-2: scf.for
// WHOLE: return
func.func private @step(memref<8xf32>)
func.func @calls(%in: memref<8xf32>, %out: memref<8xf32>) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %eight = arith.constant 8 : index
  %start = arith.constant 0.0 : f32
  scf.for %i = %zero to %eight step %one {
    %x = memref.load %in[%i] : memref<8xf32>
    memref.store %x, %out[%i] : memref<8xf32>
  }
  %sum = scf.for %i = %zero to %eight step %one iter_args(%all = %start) -> f32 {
    %x = memref.load %in[%i] : memref<8xf32>
    %y = arith.addf %all, %x : f32
    scf.yield %y : f32
  }
  memref.store %sum, %out[%one] : memref<8xf32>
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  return
}

// Sums of a few vectors are returned, too.
// CHECK-LABEL: func.func @sums
// CHECK-NOT: scf.for
// CHECK: call @sums.part0({{.*}}) : ({{.*}}) -> (f32, f32, f32, f32, f32)
// CHECK-NOT: scf.for
// CHECK: return
func.func @sums(%in: memref<8xf32>, %out: memref<8xf32>) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %eight = arith.constant 8 : index
  %start = arith.constant 0.0 : f32
  %sums:5 = scf.for %i = %zero to %eight step %one iter_args(%a = %start, %b = %start, %c = %start, %d = %start, %e = %start)
      -> (f32, f32, f32, f32, f32) {
    %x = memref.load %in[%i] : memref<8xf32>
    %y = arith.addf %a, %x : f32
    scf.yield %b, %c, %d, %e, %y : f32, f32, f32, f32, f32
  }
  memref.store %sums#0, %out[%one] : memref<8xf32>
  memref.store %sums#4, %out[%zero] : memref<8xf32>
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  func.call @step(%out) : (memref<8xf32>) -> ()
  return
}

// Few calls: nothing is cut.
// CHECK-LABEL: func.func @few
// CHECK: scf.for
// CHECK: return
func.func @few(%in: memref<8xf32>, %out: memref<8xf32>) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %eight = arith.constant 8 : index
  scf.for %i = %zero to %eight step %one {
    %x = memref.load %in[%i] : memref<8xf32>
    %y = arith.mulf %x, %x : f32
    memref.store %y, %out[%i] : memref<8xf32>
  }
  func.call @step(%out) : (memref<8xf32>) -> ()
  return
}

// CHECK: func.func private @calls.part1({{.*}}) -> f32
// CHECK: %[[ALL:.*]] = scf.for
// CHECK: return %[[ALL]] : f32
