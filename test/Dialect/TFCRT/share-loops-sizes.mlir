// RUN: tfc-opt %s -split-input-file -tfc-share-loops="min-saved=20 least-to-share-sizes=0" | FileCheck %s

// Bounds, strides and factors are arguments; memory is flat.
// CHECK-LABEL: func.func @sizes
// CHECK-NOT: scf.for
// CHECK: call @tfc.loops.0(%{{.*}}, %{{.*}}, %c8{{[_0-9]*}}, %c16{{[_0-9]*}}, %cst{{[_0-9]*}}) : (!llvm.ptr, !llvm.ptr, index, index, f32) -> ()
// CHECK: call @tfc.loops.0(%{{.*}}, %{{.*}}, %c4{{[_0-9]*}}, %c32{{[_0-9]*}}, %cst{{[_0-9]*}}) : (!llvm.ptr, !llvm.ptr, index, index, f32) -> ()
// CHECK: func.func private @tfc.loops.0(%{{.*}}: !llvm.ptr{{.*}}, %{{.*}}: !llvm.ptr{{.*}}, %[[ROWS:.*]]: index{{.*}}, %[[COLUMNS:.*]]: index{{.*}}, %[[FACTOR:.*]]: f32
// CHECK: scf.for %[[I:.*]] = %{{.*}} to %[[ROWS]]
// CHECK: scf.for %[[J:.*]] = %{{.*}} to %[[COLUMNS]]
// CHECK: %[[ROW:.*]] = arith.muli %[[I]], %[[COLUMNS]] overflow<nsw>
// CHECK: %[[AT:.*]] = arith.addi %[[ROW]], %[[J]] overflow<nsw>
// CHECK: memref.load %{{.*}}[%[[AT]]] : memref<?xf32>
// CHECK: arith.mulf %{{.*}}, %[[FACTOR]]
// CHECK: memref.store %{{.*}}, %{{.*}}[%{{.*}}] : memref<?xf32>
func.func @sizes(%a: memref<8x16xf32>, %b: memref<8x16xf32>, %c: memref<4x32xf32>, %d: memref<4x32xf32>) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %four = arith.constant 4 : index
  %eight = arith.constant 8 : index
  %sixteen = arith.constant 16 : index
  %many = arith.constant 32 : index
  %two = arith.constant 2.0 : f32
  %three = arith.constant 3.0 : f32
  scf.for %i = %zero to %eight step %one {
    scf.for %j = %zero to %sixteen step %one {
      %x = memref.load %a[%i, %j] : memref<8x16xf32>
      %y = arith.mulf %x, %two : f32
      memref.store %y, %b[%i, %j] : memref<8x16xf32>
    }
  }
  scf.for %i = %zero to %four step %one {
    scf.for %j = %zero to %many step %one {
      %x = memref.load %c[%i, %j] : memref<4x32xf32>
      %y = arith.mulf %x, %three : f32
      memref.store %y, %d[%i, %j] : memref<4x32xf32>
    }
  }
  return
}

// -----

// Views belong to the function, which takes their offsets.
// CHECK-LABEL: func.func @views
// CHECK-NOT: scf.for
// CHECK: call @tfc.loops.0(%arg0, %{{.*}})
// CHECK: call @tfc.loops.0(%arg1, %{{.*}})
// CHECK: func.func private @tfc.loops.0
// CHECK-NOT: memref.subview
// CHECK: return
func.func @views(%a: !llvm.ptr, %b: !llvm.ptr, %out: memref<64xf32>) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %four = arith.constant 4 : index
  %eight = arith.constant 8 : index
  %x = tfcrt.bind %a : !llvm.ptr -> memref<9x16xf32>
  %y = tfcrt.bind %b : !llvm.ptr -> memref<7x32xf32>
  %p = memref.subview %x[1, 2] [8, 8] [1, 1] : memref<9x16xf32> to memref<8x8xf32, strided<[16, 1], offset: 18>>
  %q = memref.subview %y[3, 5] [4, 4] [1, 1] : memref<7x32xf32> to memref<4x4xf32, strided<[32, 1], offset: 101>>
  scf.for %i = %zero to %eight step %one {
    scf.for %j = %zero to %eight step %one {
      %v = memref.load %p[%i, %j] : memref<8x8xf32, strided<[16, 1], offset: 18>>
      memref.store %v, %out[%j] : memref<64xf32>
    }
  }
  scf.for %i = %zero to %four step %one {
    scf.for %j = %zero to %four step %one {
      %v = memref.load %q[%i, %j] : memref<4x4xf32, strided<[32, 1], offset: 101>>
      memref.store %v, %out[%j] : memref<64xf32>
    }
  }
  return
}

// -----

// Innermost loops of one iteration, divisors in loops, what multiplies by one, and what a loop runs, stay as they are.
// CHECK-LABEL: func.func @stay
// CHECK-NOT: call
// CHECK: return
func.func @stay(%a: memref<64x1xi32>, %b: memref<64x5xi32>, %c: memref<64xi32>, %d: memref<32xi32>, %n: index) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %five = arith.constant 5 : index
  %seven = arith.constant 7 : index
  %few = arith.constant 32 : index
  %many = arith.constant 64 : index
  scf.for %i = %zero to %many step %one {
    scf.for %j = %zero to %one step %one {
      %x = memref.load %a[%i, %j] : memref<64x1xi32>
      %y = arith.addi %x, %x : i32
      memref.store %y, %a[%i, %j] : memref<64x1xi32>
    }
  }
  scf.for %i = %zero to %many step %one {
    scf.for %j = %zero to %five step %one {
      %x = memref.load %b[%i, %j] : memref<64x5xi32>
      %y = arith.addi %x, %x : i32
      memref.store %y, %b[%i, %j] : memref<64x5xi32>
    }
  }
  scf.for %i = %zero to %many step %one {
    %q = arith.divui %i, %five : index
    %y = arith.index_cast %q : index to i32
    memref.store %y, %c[%i] : memref<64xi32>
  }
  scf.for %i = %zero to %many step %one {
    %q = arith.divui %i, %seven : index
    %y = arith.index_cast %q : index to i32
    memref.store %y, %c[%i] : memref<64xi32>
  }
  scf.for %k = %zero to %n step %one {
    memref.dealloc %c : memref<64xi32>
    scf.for %i = %zero to %many step %one {
      %x = memref.load %c[%i] : memref<64xi32>
      %y = arith.muli %x, %x : i32
      memref.store %y, %c[%i] : memref<64xi32>
    }
    scf.for %i = %zero to %few step %one {
      %x = memref.load %d[%i] : memref<32xi32>
      %y = arith.muli %x, %x : i32
      memref.store %y, %d[%i] : memref<32xi32>
    }
  }
  return
}

// -----

// What is only an address may be of memory of any size; what calls cost has been used; steps of views are the same.
// CHECK-LABEL: func.func @addresses
// CHECK-NOT: scf.for
// CHECK: call @tfc.loops.0(%{{.*}}, %{{.*}}, %{{.*}})
// CHECK: call @tfc.loops.0(%{{.*}}, %{{.*}}, %{{.*}})
// CHECK: scf.for
// CHECK: return
// CHECK: func.func private @tfc.loops.0
// CHECK-NOT: func.func private @tfc.loops.1
func.func private @routine(memref<1xf32>, index)
func.func @addresses(%a: memref<32x8xf32>, %b: memref<16x24xf32>, %from: memref<16x8xf32>) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %eight = arith.constant 8 : index
  %four = arith.constant 4 : index
  %three = arith.constant 3 : index
  %p = memref.subview %from[0, 0] [8, 8] [2, 1] : memref<16x8xf32> to memref<8x8xf32, strided<[16, 1]>>
  %q = memref.subview %from[0, 0] [4, 8] [4, 1] : memref<16x8xf32> to memref<4x8xf32, strided<[32, 1]>>
  scf.for %i = %zero to %eight step %one {
    %x = memref.reinterpret_cast %a to offset: [0], sizes: [1], strides: [1] : memref<32x8xf32> to memref<1xf32>
    func.call @routine(%x, %i) {tfc.cost = 3.0 : f64} : (memref<1xf32>, index) -> ()
    func.call @routine(%x, %i) {tfc.cost = 3.0 : f64} : (memref<1xf32>, index) -> ()
    memref.prefetch %a[%i, %zero], read, locality<3>, data : memref<32x8xf32>
  }
  scf.for %i = %zero to %four step %one {
    %x = memref.reinterpret_cast %b to offset: [0], sizes: [1], strides: [1] : memref<16x24xf32> to memref<1xf32>
    func.call @routine(%x, %i) {tfc.cost = 5.0 : f64} : (memref<1xf32>, index) -> ()
    func.call @routine(%x, %i) {tfc.cost = 5.0 : f64} : (memref<1xf32>, index) -> ()
    memref.prefetch %b[%i, %zero], read, locality<3>, data : memref<16x24xf32>
  }
  scf.for %i = %zero to %eight step %one {
    %x = memref.load %p[%i, %three] : memref<8x8xf32, strided<[16, 1]>>
    %y = arith.addf %x, %x : f32
    memref.store %y, %a[%i, %zero] : memref<32x8xf32>
  }
  scf.for %i = %zero to %four step %one {
    %x = memref.load %q[%i, %three] : memref<4x8xf32, strided<[32, 1]>>
    %y = arith.addf %x, %x : f32
    memref.store %y, %a[%i, %zero] : memref<32x8xf32>
  }
  return
}

// -----

// Pieces of loops of two sizes; their entries say which. Memory on the stack has as many elements as they say.
// CHECK-LABEL: func.func private @piece0
// CHECK-SAME: %arg3: index
// CHECK-SAME: noinline
// CHECK: memref.alloca(%arg3)
// CHECK: scf.for %{{.*}} = %{{.*}} to %arg3
// CHECK-NOT: @piece1(
// CHECK-LABEL: func.func private @entry1
// CHECK: %[[N:.*]] = arith.constant 24 : index
// CHECK: call @piece0(%arg0, %arg1, %arg2, %[[N]])
func.func private @piece0(%a: !llvm.ptr, %from: index, %to: index) attributes {tfc.piece} {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %columns = arith.constant 16 : index
  %x = tfcrt.bind %a : !llvm.ptr -> memref<64x16xf32>
  %row = memref.alloca() : memref<16xf32>
  scf.for %i = %from to %to step %one {
    scf.for %j = %zero to %columns step %one {
      %v = memref.load %x[%i, %j] : memref<64x16xf32>
      memref.store %v, %row[%j] : memref<16xf32>
    }
    scf.for %j = %zero to %columns step %one {
      %v = memref.load %row[%j] : memref<16xf32>
      %w = arith.addf %v, %v : f32
      memref.store %w, %x[%i, %j] : memref<64x16xf32>
    }
  }
  return
}
func.func private @piece1(%a: !llvm.ptr, %from: index, %to: index) attributes {tfc.piece} {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %columns = arith.constant 24 : index
  %x = tfcrt.bind %a : !llvm.ptr -> memref<32x24xf32>
  %row = memref.alloca() : memref<24xf32>
  scf.for %i = %from to %to step %one {
    scf.for %j = %zero to %columns step %one {
      %v = memref.load %x[%i, %j] : memref<32x24xf32>
      memref.store %v, %row[%j] : memref<24xf32>
    }
    scf.for %j = %zero to %columns step %one {
      %v = memref.load %row[%j] : memref<24xf32>
      %w = arith.addf %v, %v : f32
      memref.store %w, %x[%i, %j] : memref<32x24xf32>
    }
  }
  return
}
func.func private @entry0(%a: !llvm.ptr, %from: index, %to: index) attributes {tfc.piece_entry} {
  func.call @piece0(%a, %from, %to) : (!llvm.ptr, index, index) -> ()
  return
}
func.func private @entry1(%a: !llvm.ptr, %from: index, %to: index) attributes {tfc.piece_entry} {
  func.call @piece1(%a, %from, %to) : (!llvm.ptr, index, index) -> ()
  return
}
