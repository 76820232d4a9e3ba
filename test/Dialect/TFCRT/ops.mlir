// RUN: tfc-opt %s | tfc-opt | FileCheck %s

// CHECK-LABEL: @ops
func.func @ops(%t: tensor<?xf32>, %m: memref<2xf32>, %p: !llvm.ptr, %n: index) {
  // CHECK: tfcrt.print "{} {}", %{{.*}}, %{{.*}} : tensor<?xf32>, memref<2xf32>
  tfcrt.print "{} {}", %t, %m : tensor<?xf32>, memref<2xf32> {summarize = 3 : i64, stream = "stdout", dtypes = array<i32: 11, 11>}
  // CHECK: tfcrt.abort "no", %{{.*}} : tensor<?xf32> keeping %{{.*}} : memref<2xf32>
  tfcrt.abort "no", %t : tensor<?xf32> keeping %m : memref<2xf32> {code = 1 : i64, summarize = 3 : i64, dtypes = array<i32: 11>}
  // CHECK: tfcrt.bind %{{.*}}[%{{.*}}] : !llvm.ptr -> memref<4x?xf32>
  %b = tfcrt.bind %p[%n] : !llvm.ptr -> memref<4x?xf32>
  // CHECK: tfcrt.set_result %{{.*}} to 3 sizes 1 [0] in_place : tensor<?xf32>
  tfcrt.set_result %t to 3 sizes 1 [0] in_place : tensor<?xf32>
  %z = tfcrt.bind %p[%n] : !llvm.ptr -> memref<4x?xcomplex<f32>>
  // CHECK: tfcrt.parts %{{.*}} : memref<4x?xcomplex<f32>> -> memref<4x?xf32>
  %parts = tfcrt.parts %z : memref<4x?xcomplex<f32>> -> memref<4x?xf32>
  return
}
