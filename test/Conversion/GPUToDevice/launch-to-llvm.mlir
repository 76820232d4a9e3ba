// RUN: tfc-opt %s -tfc-launch-to-llvm="target=nvptx device=2" | FileCheck %s

// CHECK-DAG: llvm.mlir.global internal @k.slot()
// CHECK-DAG: llvm.mlir.global internal @table.slot()

// A constant is passed by its copy on the device, other memory as it is.
// CHECK-LABEL: func.func private @f.body
// CHECK: %[[FUNCTION:.*]] = llvm.call @tfc.gpu.function
// CHECK: %[[SLOT:.*]] = llvm.mlir.addressof @table.slot
// CHECK: llvm.call @tfc_gpu_constant(%{{.*}}, %[[SLOT]], %{{.*}}, %{{.*}})
// CHECK-NOT: tfc_gpu_constant
// CHECK: llvm.call @mgpuLaunchKernel(%[[FUNCTION]]
// CHECK: llvm.call @tfc.gpu.wait

// The entry lets the runtime call what it was, and says what its buffers are: the bytes of the arena, two buffers, an argument of 16
// bytes, a result of 16 bytes.
// CHECK-LABEL: func.func private @f.on_device
// CHECK: call @f.body
// CHECK: llvm.mlir.global internal constant @f.signature(dense<[64, 2, 0, 16, 0, 3, 16, 0]> : tensor<8xi64>)
// CHECK-LABEL: func.func @f(
// CHECK-SAME: %[[CTX:.*]]: !llvm.ptr, %[[BUFFERS:.*]]: !llvm.ptr, %[[SIZES:.*]]: !llvm.ptr)
// CHECK-DAG: %[[DEVICE:.*]] = llvm.mlir.constant(2 : i32)
// CHECK-DAG: constant @f.on_device
// CHECK: %[[STATUS:.*]] = llvm.call @tfc_gpu_call(%[[DEVICE]], %[[CTX]], %[[BUFFERS]], %[[SIZES]]
// CHECK: return %[[STATUS]]
module attributes {gpu.container_module} {
  gpu.binary @k [#gpu.object<#nvvm.target, "code">]
  memref.global "private" constant @table : memref<4xf32> = dense<1.0>
  func.func private @f.body(%ctx: !llvm.ptr, %buffers: !llvm.ptr, %sizes: !llvm.ptr, %arena: !llvm.ptr, %x: !llvm.ptr, %y: !llvm.ptr) -> i32
      attributes {tfc.body_of = @f, tfc.arena_bytes = 64 : i64, tfc.signature = array<i64: 0, 16, 0, 3, 16, 0>} {
    %one = arith.constant 1 : index
    %ok = arith.constant 0 : i32
    %table = memref.get_global @table : memref<4xf32>
    %in = tfcrt.bind %x : !llvm.ptr -> memref<4xf32>
    %out = tfcrt.bind %y : !llvm.ptr -> memref<4xf32>
    gpu.launch_func @k::@k blocks in (%one, %one, %one) threads in (%one, %one, %one)
        args(%in : memref<4xf32>, %table : memref<4xf32>, %out : memref<4xf32>)
    gpu.wait
    return %ok : i32
  }
  func.func @f(%ctx: !llvm.ptr, %buffers: !llvm.ptr, %sizes: !llvm.ptr) -> i32 attributes {tfc.entry} {
    %0 = llvm.getelementptr %ctx[0, 2] : (!llvm.ptr) -> !llvm.ptr, !llvm.struct<(i32, i32, ptr, i64, ptr, ptr, ptr, ptr, ptr, ptr, ptr)>
    %arena = llvm.load %0 : !llvm.ptr -> !llvm.ptr
    %x = llvm.load %buffers : !llvm.ptr -> !llvm.ptr
    %1 = llvm.getelementptr %buffers[1] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr
    %y = llvm.load %1 : !llvm.ptr -> !llvm.ptr
    %status = func.call @f.body(%ctx, %buffers, %sizes, %arena, %x, %y) : (!llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr) -> i32
    return %status : i32
  }
}
