// RUN: tfc-opt %s -tfc-share-loops=min-saved=5 | FileCheck %s

// Equal nests on other buffers, with equal constants.
// CHECK-LABEL: func.func @equal
// CHECK-NOT: scf.for
// CHECK: call @tfc.loops.0(%arg0, %arg1)
// CHECK: call @tfc.loops.0(%arg1, %arg2)
func.func @equal(%a: memref<8xf32>, %b: memref<8xf32>, %c: memref<8xf32>) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %eight = arith.constant 8 : index
  %two = arith.constant 2.0 : f32
  scf.for %i = %zero to %eight step %one {
    %x = memref.load %a[%i] : memref<8xf32>
    %y = arith.mulf %x, %two : f32
    memref.store %y, %b[%i] : memref<8xf32>
  }
  %again = arith.constant 2.0 : f32
  scf.for %i = %zero to %eight step %one {
    %x = memref.load %b[%i] : memref<8xf32>
    %y = arith.mulf %x, %again : f32
    memref.store %y, %c[%i] : memref<8xf32>
  }
  return
}

// Another constant, another op, or other sharing of operands.
// CHECK-LABEL: func.func @different
// CHECK-COUNT-4: scf.for
// CHECK-NOT: call @
func.func @different(%a: memref<8xf32>, %b: memref<8xf32>, %c: memref<8xf32>) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %eight = arith.constant 8 : index
  %two = arith.constant 5.0 : f32
  %three = arith.constant 3.0 : f32
  scf.for %i = %zero to %eight step %one {
    %x = memref.load %a[%i] : memref<8xf32>
    %y = arith.mulf %x, %two : f32
    memref.store %y, %b[%i] : memref<8xf32>
  }
  scf.for %i = %zero to %eight step %one {
    %x = memref.load %a[%i] : memref<8xf32>
    %y = arith.mulf %x, %three : f32
    memref.store %y, %b[%i] : memref<8xf32>
  }
  scf.for %i = %zero to %eight step %one {
    %x = memref.load %a[%i] : memref<8xf32>
    %y = arith.addf %x, %two : f32
    memref.store %y, %b[%i] : memref<8xf32>
  }
  scf.for %i = %zero to %eight step %one {
    %x = memref.load %c[%i] : memref<8xf32>
    %y = arith.mulf %x, %two : f32
    memref.store %y, %c[%i] : memref<8xf32>
  }
  return
}

// What allocates stays.
// CHECK-LABEL: func.func @allocates
// CHECK-COUNT-2: scf.for
func.func @allocates(%a: memref<8xf32>, %b: memref<8xf32>) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %eight = arith.constant 8 : index
  scf.for %i = %zero to %eight step %one {
    %x = memref.alloc() : memref<8xf32>
    memref.copy %a, %x : memref<8xf32> to memref<8xf32>
    memref.copy %x, %b : memref<8xf32> to memref<8xf32>
  }
  scf.for %i = %zero to %eight step %one {
    %x = memref.alloc() : memref<8xf32>
    memref.copy %a, %x : memref<8xf32> to memref<8xf32>
    memref.copy %x, %b : memref<8xf32> to memref<8xf32>
  }
  return
}

// CHECK: func.func private @tfc.loops.0(%[[FROM:.*]]: memref<8xf32>, %[[TO:.*]]: memref<8xf32>)
// CHECK-SAME: passthrough = ["noinline"]
// CHECK: memref.load %[[FROM]]
// CHECK: memref.store %{{.*}}, %[[TO]]
