// RUN: tfc-opt %s --tfc-to-llvm --split-input-file | FileCheck %s

// Equal constants are one, and what is computed of constants is computed.
// CHECK-LABEL: llvm.func @constants
// CHECK-DAG: %[[A:.+]] = llvm.mlir.constant(7 : index) : i64
// CHECK-DAG: %[[B:.+]] = llvm.mlir.constant(2.0{{.*}} : f32) : f32
// CHECK-NOT: llvm.mlir.constant
// CHECK: llvm.add %{{.*}}, %[[A]]
// CHECK: llvm.fmul %{{.*}}, %[[B]]
// CHECK: llvm.fadd %{{.*}}, %[[B]]
func.func @constants(%x: index, %y: f32) -> (index, f32) {
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %c7 = arith.addi %c3, %c4 : index
  %a = arith.addi %x, %c7 : index
  %two = arith.constant 2.0 : f32
  %b = arith.mulf %y, %two : f32
  %again = arith.constant 2.0 : f32
  %c = arith.addf %b, %again : f32
  return %a, %c : index, f32
}

// -----

// Flags stay.
// CHECK-LABEL: llvm.func @flags
// CHECK: llvm.fmul {{.*}} {fastmathFlags = #llvm.fastmath<contract>} : vector<4xf32>
// CHECK: llvm.add {{.*}} overflow<nsw> : i64
// CHECK: llvm.fcmp "ult" {{.*}} {fastmathFlags = #llvm.fastmath<nnan>} : f32
func.func @flags(%x: vector<4xf32>, %i: i64, %y: f32) -> (vector<4xf32>, i64, i1) {
  %a = arith.mulf %x, %x fastmath<contract> : vector<4xf32>
  %b = arith.addi %i, %i overflow<nsw> : i64
  %c = arith.cmpf ult, %y, %y fastmath<nnan> : f32
  return %a, %b, %c : vector<4xf32>, i64, i1
}

// -----

// The descriptor of memory that is only read and written has no sizes and strides.
// CHECK-LABEL: llvm.func @lean(
// CHECK-COUNT-2: llvm.insertvalue
// CHECK-NOT: llvm.insertvalue
// CHECK: llvm.load
func.func @lean(%p: !llvm.ptr, %i: index) -> f32 {
  %m = tfcrt.bind %p : !llvm.ptr -> memref<4x8xf32>
  %r = memref.load %m[%i, %i] : memref<4x8xf32>
  return %r : f32
}

// -----

// A view begins where it begins; what it is of is not copied.
// CHECK-LABEL: llvm.func @lean_view(
// CHECK-COUNT-2: llvm.insertvalue
// CHECK: llvm.insertvalue %{{.*}}, %{{.*}}[0]
// CHECK: llvm.insertvalue %{{.*}}, %{{.*}}[1]
// CHECK-NOT: llvm.insertvalue %{{.*}}, %{{.*}}[3
// CHECK: llvm.return
func.func @lean_view(%p: !llvm.ptr, %i: index) -> vector<8xf32> {
  %m = tfcrt.bind %p : !llvm.ptr -> memref<4x8xf32>
  %v = memref.subview %m[%i, 0] [2, 8] [1, 1] : memref<4x8xf32> to memref<2x8xf32, strided<[8, 1], offset: ?>>
  %c0 = arith.constant 0 : index
  %r = vector.load %v[%c0, %c0] : memref<2x8xf32, strided<[8, 1], offset: ?>>, vector<8xf32>
  return %r : vector<8xf32>
}

// -----

// Others that get it may ask for its sizes.
// CHECK-LABEL: llvm.func @whole
// CHECK-DAG: llvm.insertvalue %{{.*}}, %{{.*}}[3, 0]
// CHECK-DAG: llvm.insertvalue %{{.*}}, %{{.*}}[4, 1]
// CHECK: llvm.call @takes
func.func private @takes(memref<4x8xf32>)
func.func @whole(%p: !llvm.ptr) {
  %m = tfcrt.bind %p : !llvm.ptr -> memref<4x8xf32>
  call @takes(%m) : (memref<4x8xf32>) -> ()
  return
}
