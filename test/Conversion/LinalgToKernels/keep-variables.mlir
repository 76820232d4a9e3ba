// RUN: tfc-opt %s -split-input-file -tfc-lower-contractions="vector-bits=512 vector-registers=32" | FileCheck %s
// RUN: tfc-opt %s -split-input-file -tfc-share-groups -tfc-lower-contractions="vector-bits=512 vector-registers=32" | FileCheck %s --check-prefix=GROUP

// Panels of a variable that the body only reads: the host says what the call does with its memory, and is told when all
// of it has been filled. What is copied goes there, or to a workspace.

// CHECK-LABEL: func.func private @kept.body(
// CHECK-SAME:    %[[MARKS:[a-z0-9]+]]: !llvm.ptr {llvm.noalias, llvm.noundef}, %[[PANELS:[a-z0-9]+]]: !llvm.ptr {llvm.align = 64 : i64, llvm.noalias, llvm.noundef}) -> i32
// CHECK-SAME:    tfc.kept_bytes = array<i64: 1048576>, tfc.kept_sources = array<i64: 1>
// CHECK:       %[[KEPT:.*]] = tfcrt.bind %[[PANELS]] : !llvm.ptr -> memref<262144xf32>
// CHECK:       %[[TOLD:.*]] = tfcrt.bind %[[MARKS]] : !llvm.ptr -> memref<2xi8>
// CHECK:       %[[USE:.*]] = memref.load %[[TOLD]]
// CHECK:       %[[COPIES:.*]] = arith.cmpi ne, %[[USE]]
// CHECK:       %[[STREAMS:.*]] = arith.cmpi eq, %[[USE]]
// CHECK:       %[[OWN:.*]] = memref.alloc
// CHECK-DAG:   %[[WORKSPACE:.*]] = memref.cast %[[OWN]]
// CHECK-DAG:   %[[OTHER:.*]] = memref.cast %[[KEPT]]
// CHECK:       %[[MEMORY:.*]] = arith.select %[[STREAMS]], %[[WORKSPACE]], %[[OTHER]] : memref<?xf32>
// CHECK:       scf.if %[[COPIES]] {
// CHECK:         vector.store {{.*}}, %[[MEMORY]]
// CHECK:       memref.store {{.*}}, %[[TOLD]]
// CHECK-LABEL: func.func @kept(
func.func private @kept.body(%context: !llvm.ptr, %buffers: !llvm.ptr, %sizes: !llvm.ptr, %arena: !llvm.ptr,
    %x: !llvm.ptr, %w: !llvm.ptr {tfc.kept_variable, tfc.read}, %y: !llvm.ptr) -> i32
    attributes {tfc.body_of = @kept, tfc.signature = array<i64: 0, 32768, 0, 1, 1048576, 0, 3, 32768, 0>} {
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

// Not if the body writes it, nor a part that may be another one in the next call.

// CHECK-LABEL: func.func private @written.body(
// CHECK-NOT:   tfc.kept_bytes
// CHECK:       return
func.func private @written.body(%context: !llvm.ptr, %buffers: !llvm.ptr, %sizes: !llvm.ptr, %arena: !llvm.ptr,
    %x: !llvm.ptr, %w: !llvm.ptr {tfc.kept_variable, tfc.read, tfc.written},
    %v: !llvm.ptr {tfc.kept_variable, tfc.read}, %y: !llvm.ptr, %i: index) -> i32
    attributes {tfc.body_of = @f, tfc.signature = array<i64: 0, 32768, 0, 2, 1048576, 0, 1, 4194304, 0, 3, 32768, 0>} {
  %a = tfcrt.bind %x : !llvm.ptr -> memref<16x512xf32>
  %b = tfcrt.bind %w : !llvm.ptr -> memref<512x512xf32>
  %all = tfcrt.bind %v : !llvm.ptr -> memref<4x512x512xf32>
  %c = tfcrt.bind %y {result} : !llvm.ptr -> memref<16x512xf32>
  linalg.matmul ins(%a, %b : memref<16x512xf32>, memref<512x512xf32>) outs(%c : memref<16x512xf32>)
  %part = memref.subview %all[%i, 0, 0] [1, 512, 512] [1, 1, 1] : memref<4x512x512xf32> to memref<512x512xf32, strided<[512, 1], offset: ?>>
  linalg.matmul ins(%a, %part : memref<16x512xf32>, memref<512x512xf32, strided<[512, 1], offset: ?>>) outs(%c : memref<16x512xf32>)
  %ok = arith.constant 0 : i32
  return %ok : i32
}

// -----

// Equal layers are one function, which takes the panels of each; of a tensor that may be another one there are none.

// GROUP-LABEL: func.func private @layers.body(
// GROUP-SAME:    tfc.kept_sources = array<i64: 1>
// GROUP:       %[[KEPT:.*]] = tfcrt.bind %{{.*}} : !llvm.ptr -> memref<262144xf32>
// GROUP:       %[[TOLD:.*]] = tfcrt.bind
// GROUP:       call @tfc.group.0({{.*}}%[[KEPT]], %{{.*}}, %{{.*}}) :
// GROUP-NEXT:  %[[ONE:.*]] = arith.constant 1 : i8
// GROUP:       memref.store %[[ONE]], %[[TOLD]]
// GROUP:       %[[NULL:.*]] = llvm.mlir.zero
// GROUP:       %[[NONE:.*]] = tfcrt.bind %[[NULL]]
// GROUP:       call @tfc.group.0({{.*}}%[[NONE]], %true{{.*}}, %true{{.*}}) :
// GROUP-NOT:   memref.store
// GROUP:       func.func private @tfc.group.0({{.*}}: memref<262144xf32> {tfc.distinct}, %{{.*}}: i1, %{{.*}}: i1)
func.func private @layers.body(%context: !llvm.ptr, %buffers: !llvm.ptr, %sizes: !llvm.ptr, %arena: !llvm.ptr {llvm.noalias},
    %x: !llvm.ptr {llvm.noalias}, %w: !llvm.ptr {llvm.noalias, tfc.kept_variable, tfc.read}, %v: !llvm.ptr {llvm.noalias},
    %y: !llvm.ptr {llvm.noalias}, %z: !llvm.ptr {llvm.noalias}) -> i32
    attributes {tfc.body_of = @layers, tfc.signature = array<i64: 0, 32768, 0, 1, 1048576, 0, 0, 1048576, 0, 3, 32768, 0, 3, 32768, 0>} {
  %a = tfcrt.bind %x : !llvm.ptr -> memref<16x512xf32>
  %b = tfcrt.bind %w : !llvm.ptr -> memref<512x512xf32>
  %c = tfcrt.bind %v : !llvm.ptr -> memref<512x512xf32>
  %d = tfcrt.bind %y {result} : !llvm.ptr -> memref<16x512xf32>
  %e = tfcrt.bind %z {result} : !llvm.ptr -> memref<16x512xf32>
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%d : memref<16x512xf32>)
  linalg.matmul ins(%a, %b : memref<16x512xf32>, memref<512x512xf32>) outs(%d : memref<16x512xf32>)
  linalg.fill ins(%zero : f32) outs(%e : memref<16x512xf32>)
  linalg.matmul ins(%a, %c : memref<16x512xf32>, memref<512x512xf32>) outs(%e : memref<16x512xf32>)
  %ok = arith.constant 0 : i32
  return %ok : i32
}
func.func @layers(%context: !llvm.ptr, %buffers: !llvm.ptr, %sizes: !llvm.ptr) -> i32 attributes {tfc.entry} {
  %0 = llvm.load %buffers : !llvm.ptr -> !llvm.ptr
  %1 = call @layers.body(%context, %buffers, %sizes, %0, %0, %0, %0, %0, %0) : (!llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr,
      !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr) -> i32
  return %1 : i32
}
