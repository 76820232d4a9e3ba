// RUN: tfc-opt %s --tfc-pack-abi | FileCheck %s
// RUN: tfc-opt %s --tfc-pack-abi --tfc-pack-abi | FileCheck %s

// CHECK-LABEL: func.func private @static.body(
// CHECK-SAME: %[[CTX:[^:]+]]: !llvm.ptr, %{{[^:]+}}: !llvm.ptr, %{{[^:]+}}: !llvm.ptr, %{{[^:]+}}: !llvm.ptr {llvm.align = 64 : i64, llvm.noalias
// CHECK-SAME: %[[X:[^:]+]]: !llvm.ptr {llvm.noalias, {{[^}]*}}}, %[[V:[^:]+]]: !llvm.ptr {llvm.noalias, {{[^}]*}}}, %[[R:[^:]+]]: !llvm.ptr {llvm.noalias, {{[^}]*}}}) -> i32
// CHECK-DAG: %[[RM:.+]] = tfcrt.bind %[[R]] {result} : !llvm.ptr -> memref<4xf32>
// CHECK-DAG: %[[XM:.+]] = tfcrt.bind %[[X]] : !llvm.ptr -> memref<4xf32>
// CHECK: %[[XT:.+]] = bufferization.to_tensor %[[XM]] restrict : memref<4xf32>
// CHECK: tfcrt.bind %[[V]] : !llvm.ptr -> memref<f32>
// CHECK: bufferization.materialize_in_destination %[[XT]] in restrict writable %[[RM]]
// CHECK-LABEL: func.func @static(%{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr) -> i32 attributes {tfc.entry}
func.func @static(%x: tensor<4xf32>, %v: memref<f32>) -> tensor<4xf32> attributes {tfc.entry} {
  %one = arith.constant dense<1.0> : tensor<f32>
  bufferization.materialize_in_destination %one in restrict writable %v : (tensor<f32>, memref<f32>) -> ()
  return %x : tensor<4xf32>
}

// The unknown sizes of all buffers follow each other in `sizes`.
// CHECK-LABEL: func.func private @dynamic.body(
// CHECK: llvm.getelementptr %{{.*}}[1]
// CHECK: tfcrt.bind %{{.*}}[%{{.*}}, %{{.*}}] : !llvm.ptr -> memref<?x3x?xf32>
// CHECK: tfcrt.set_result %{{.*}} to 1 sizes 2 [0, 2] : tensor<?x3x?xf32>
func.func @dynamic(%x: tensor<?x3x?xf32>) -> tensor<?x3x?xf32> attributes {tfc.entry} {
  return %x : tensor<?x3x?xf32>
}
