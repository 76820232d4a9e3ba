//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// From linalg on buffers to device code, and to the host code that launches it.
//
//===----------------------------------------------------------------------===//

#ifndef TFC_CONVERSION_GPU_PASSES_TD
#define TFC_CONVERSION_GPU_PASSES_TD

include "mlir/Pass/PassBase.td"

def LinalgToGPUPass : Pass<"tfc-linalg-to-gpu", "::mlir::ModuleOp"> {
  let summary = "Turn linalg on buffers into kernels";
  let description = [{
    Ops that follow each other become one `gpu.launch` where blocks need nothing of each other: they share
    their first loops, and what one writes and another reads belongs to one value of those. Four mappings:
    a thread for each point of these loops; a block, whose threads share the rest (sums as trees in shared
    memory, temporaries of the group in shared memory too); such a block whose threads keep the same few elements of a row
    in registers through all ops; tiles of matrix products through shared memory,
    with what follows element by element.

    ```mlir
    linalg.generic {... ["parallel", "reduction"]} ins(%x) outs(%max) {...}
    linalg.generic {... ["parallel", "parallel"]} ins(%x, %max) outs(%y) {...}
    // becomes
    gpu.launch blocks(%row, ...) in (32, 1, 1) threads(%t, ...) in (256, 1, 1) workgroup(...) {...}
    ```

    A `tfcrt.scan` becomes kernels too: a block for each row (or for a piece of a long one, after the sums of the pieces before
    it), or a thread where rows are many and lie across memory.

    A reduction to few points is made by many blocks: partial sums first, then their sum. With `subgroup`, threads
    exchange registers before they use shared memory. Products of f16, bf16 and (with the feature `tf32`) f32 run on the
    tensor cores of `chip`: `mma.sync`, or `wgmma` on sm_90a where the product is large enough.

    Ops that the target cannot do stay; the module's attribute `tfc.host` says which, and why. Each group of ops has a number;
    groups that the module's attribute `tfc.refused` names (`{group, why}`) are tried op by op, and single ops stay.
  }];
  let options = [
    Option<"target", "target", "std::string", "\"spirv\"", "spirv or nvptx">,
    Option<"features", "features", "std::string", "\"f64+f16+i64+i16+i8\"", "types that a spirv device has; tf32; short-loops">,
    Option<"chip", "chip", "std::string", "\"sm_80\"", "the architecture, for nvptx">,
    Option<"subgroup", "subgroup", "int64_t", "0", "threads that exchange registers; 0: none">,
    Option<"reassociate", "reassociate", "bool", "true", "running sums may be made in another order">,
    Option<"maxThreads", "max-threads", "int64_t", "256", "threads of a block">,
    Option<"sharedBytes", "shared-bytes", "int64_t", "32768", "shared memory of a block">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::gpu::GPUDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect", "::mlir::affine::AffineDialect",
    "::mlir::complex::ComplexDialect", "::mlir::NVVM::NVVMDialect", "::mlir::LLVM::LLVMDialect", "::mlir::vector::VectorDialect"];
}

def WaitForDevicePass : Pass<"tfc-wait-for-device", "::mlir::ModuleOp"> {
  let summary = "Let the host wait before it touches memory of kernels";
  let description = [{
    Puts a `gpu.wait` before each op of the host that reads or writes memory, and before each return, where
    a kernel may have been launched since the last one.

    ```mlir
    gpu.launch_func @k::@k ... args(%m : memref<1xf32>)
    %x = memref.load %n[] : memref<f32>
    // becomes
    gpu.launch_func @k::@k ... args(%m : memref<1xf32>)
    gpu.wait
    %x = memref.load %n[] : memref<f32>
    ```
  }];
  let dependentDialects = ["::mlir::gpu::GPUDialect"];
}

def GPUToSPIRVPass : Pass<"tfc-gpu-to-spirv", "::mlir::ModuleOp"> {
  let summary = "Compile each gpu.module to a SPIR-V binary for Vulkan";
  let description = [{
    Scalar arguments of a kernel become words of one more buffer, shared memory becomes global variables, math
    functions that GLSL lacks or computes badly become arithmetic. The module is then lowered with upstream's
    conversions, serialized, and replaced by a `gpu.binary` of the same name. Barriers also order accesses to buffers.
    Fails with the op that has no form in SPIR-V; the module's attribute `tfc.refused` then says which groups
    of `tfc-linalg-to-gpu` were not compiled, and why.

    `opencl` makes modules for OpenCL instead: buffers are pointers, as in CUDA. Tools for kernels read those.
  }];
  let options = [
    Option<"features", "features", "std::string", "\"f64+f16+i64+i16+i8\"", "types that the device has">,
    Option<"subgroup", "subgroup", "int64_t", "0", "threads of a subgroup, where kernels use them">,
    Option<"opencl", "opencl", "bool", "false", "modules for OpenCL instead of Vulkan">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::gpu::GPUDialect", "::mlir::math::MathDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect", "::mlir::spirv::SPIRVDialect",
    "::mlir::vector::VectorDialect", "::mlir::func::FuncDialect"];
}

def GPUToNVPTXPass : Pass<"tfc-gpu-to-nvptx", "::mlir::ModuleOp"> {
  let summary = "Compile each gpu.module to PTX, or to a cubin";
  let description = [{
    Lowers kernels to NVVM, links libdevice if the toolkit has it, and replaces the module by a
    `gpu.binary`. `format` is `isa` (PTX, which the driver compiles) or `bin` (a cubin: needs `ptxas` of the toolkit).
    Fails on math functions without libdevice; `tfc.refused` as in `tfc-gpu-to-spirv`.
  }];
  let options = [
    Option<"chip", "chip", "std::string", "\"sm_80\"", "the architecture">,
    Option<"format", "format", "std::string", "\"isa\"", "isa or bin">,
    Option<"toolkit", "toolkit", "std::string", "\"\"", "folder of a CUDA toolkit">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::cf::ControlFlowDialect", "::mlir::gpu::GPUDialect", "::mlir::math::MathDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect", "::mlir::NVVM::NVVMDialect", "::mlir::LLVM::LLVMDialect",
    "::mlir::vector::VectorDialect", "::mlir::affine::AffineDialect"];
}

def LaunchToLLVMPass : Pass<"tfc-launch-to-llvm", "::mlir::ModuleOp"> {
  let summary = "Lower launches and waits to calls of the device runtime";
  let description = [{
    Device code becomes constants, loaded at the first launch; `gpu.launch_func` becomes a call of
    `mgpuLaunchKernel`, `gpu.wait` one of `mgpuStreamSynchronize` and a return with the status if a kernel failed. See
    `tfc_gpu.h`. On `spirv` every argument is a buffer, and scalars are passed in one of them. Constants are passed by
    their copies on the device (`tfc_gpu_constant`). An entry becomes a call of `tfc_gpu_call`, which brings memory of the host
    to the device and back, once a call; the attribute `tfc.signature` of its body says what is read and written. Expects
    control flow as branches, and packed entries.

    ```mlir
    func.func @f(%ctx: !llvm.ptr, %buffers: !llvm.ptr, %sizes: !llvm.ptr) -> i32 { ... @f.body ... }
    // becomes
    llvm.mlir.global internal constant @f.signature(dense<[0, 2, 0, 16, 0, 3, 16, 0]> : tensor<8xi64>)
    func.func private @f.on_device(%ctx: !llvm.ptr, %buffers: !llvm.ptr, %sizes: !llvm.ptr) -> i32 { ... @f.body ... }
    func.func @f(%ctx: !llvm.ptr, %buffers: !llvm.ptr, %sizes: !llvm.ptr) -> i32 {
      %status = llvm.call @tfc_gpu_call(%device, %ctx, %buffers, %sizes, %signature, %f.on_device)
    ```
  }];
  let options = [
    Option<"target", "target", "std::string", "\"spirv\"", "spirv or nvptx">,
    Option<"device", "device", "int64_t", "0", "number of the device">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::cf::ControlFlowDialect", "::mlir::memref::MemRefDialect", "::mlir::LLVM::LLVMDialect"];
}

#endif // TFC_CONVERSION_GPU_PASSES_TD
