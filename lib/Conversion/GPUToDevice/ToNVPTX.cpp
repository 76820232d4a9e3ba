//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Kernels become PTX or cubins.
//===----------------------------------------------------------------------===//

#include "Refusals.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Target/LLVM/NVVM/Target.h"
#include "mlir/Target/LLVMIR/Dialect/GPU/GPUToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h"
#include "tfc/Conversion/GPU/Passes.h"

namespace tfc {
#define GEN_PASS_DEF_GPUTONVPTXPASS
#include "tfc/Conversion/GPU/Passes.h.inc"
} // namespace tfc

using namespace mlir;

namespace {

/// Kernels take bare pointers, which needs static sizes: those of buffers of
/// unknown size do not matter to the code.
void giveSizes(gpu::GPUFuncOp kernel) {
  Block &block = kernel.getBody().front();
  SmallVector<Type> types(kernel.getArgumentTypes());
  for (auto [i, type] : llvm::enumerate(types)) {
    auto memref = dyn_cast<MemRefType>(type);
    if (!memref || memref.hasStaticShape())
      continue;
    type = MemRefType::get({int64_t(1) << 40}, memref.getElementType());
    block.getArgument(i).setType(type);
  }
  kernel.setFunctionType(FunctionType::get(kernel.getContext(), types, {}));
}

/// Tiles are read in words, and by tensor cores in units of 128 bytes.
void alignShared(gpu::GPUFuncOp kernel) {
  Builder b(kernel.getContext());
  for (unsigned i = 0; i < kernel.getNumWorkgroupAttributions(); ++i)
    kernel.setWorkgroupAttributionAttr(i, LLVM::LLVMDialect::getAlignAttrName(),
                                       b.getI64IntegerAttr(128));
}

/// A bool is a byte in memory.
void widenBools(gpu::GPUFuncOp kernel) {
  OpBuilder b(kernel.getContext());
  SmallVector<Value> memories;
  for (BlockArgument argument : kernel.getBody().front().getArguments()) {
    auto type = dyn_cast<MemRefType>(argument.getType());
    if (!type || !type.getElementType().isInteger(1))
      continue;
    argument.setType(MemRefType::Builder(type).setElementType(b.getI8Type()));
    memories.push_back(argument);
  }
  kernel.setFunctionType(
      FunctionType::get(kernel.getContext(),
                        TypeRange(kernel.getBody().front().getArgumentTypes())
                            .take_front(kernel.getNumArguments()),
                        {}));
  for (Value memory : memories)
    for (Operation *user : llvm::make_early_inc_range(memory.getUsers())) {
      b.setInsertionPoint(user);
      Location loc = user->getLoc();
      if (auto store = dyn_cast<memref::StoreOp>(user)) {
        Value byte = arith::ExtUIOp::create(b, loc, b.getI8Type(),
                                            store.getValueToStore());
        store.getValueMutable().assign(byte);
      } else if (auto load = dyn_cast<memref::LoadOp>(user)) {
        Value byte = memref::LoadOp::create(b, loc, memory, load.getIndices());
        Value zero = arith::ConstantIntOp::create(b, loc, b.getI8Type(), 0);
        load.replaceAllUsesWith(Value(arith::CmpIOp::create(
            b, loc, arith::CmpIPredicate::ne, byte, zero)));
        load.erase();
      }
    }
}

struct GPUToNVPTX : public tfc::impl::GPUToNVPTXPassBase<GPUToNVPTX> {
  using GPUToNVPTXPassBase::GPUToNVPTXPassBase;

  std::string pipeline() const {
    std::string options =
        toolkit.empty() ? "" : " toolkit=" + std::string(toolkit);
    std::string features = StringRef(chip).starts_with("sm_9") ||
                                   StringRef(chip).starts_with("sm_1")
                               ? " features=+ptx80"
                               : "";
    return "nvvm-attach-target{chip=" + std::string(chip) + features +
           " O=3},gpu.module(convert-complex-to-standard,canonicalize,"
           "tfc-expand-math,arith-expand{include-bf16=true},"
           "convert-scf-to-cf,"
           "convert-gpu-to-nvvm{use-bare-ptr-memref-call-conv=true},"
           "convert-nvvm-to-llvm,"
           "canonicalize,cse,reconcile-unrealized-casts),"
           "gpu-module-to-binary{format=" +
           std::string(format) + options + "}";
  }

  /// A pass manager inside of a pass cannot load what its passes need.
  void getDependentDialects(DialectRegistry &registry) const override {
    GPUToNVPTXPassBase::getDependentDialects(registry);
    NVVM::registerNVVMTargetInterfaceExternalModels(registry);
    registerGPUDialectTranslation(registry);
    registerLLVMDialectTranslation(registry);
    registerNVVMDialectTranslation(registry);
    OpPassManager manager(ModuleOp::getOperationName());
    if (succeeded(parsePassPipeline(pipeline(), manager, llvm::nulls())))
      manager.getDependentDialects(registry);
  }

  LogicalResult lower(gpu::GPUModuleOp module) {
    OwningOpRef<ModuleOp> own(ModuleOp::create(module.getLoc()));
    OpBuilder builder = OpBuilder::atBlockBegin(own->getBody());
    auto clone = cast<gpu::GPUModuleOp>(builder.clone(*module));
    for (auto kernel : clone.getOps<gpu::GPUFuncOp>()) {
      widenBools(kernel);
      giveSizes(kernel);
      alignShared(kernel);
    }
    PassManager manager(&getContext());
    if (failed(parsePassPipeline(pipeline(), manager)) ||
        failed(manager.run(*own)))
      return failure();
    auto binaries = own->getOps<gpu::BinaryOp>();
    if (binaries.empty())
      return module.emitError("no device code was made of the kernel");
    OpBuilder host(module);
    Operation *made = host.clone(**binaries.begin());
    if (Attribute kernels = module->getAttr("tfc.kernel"))
      made->setAttr("tfc.kernel", kernels);
    module.erase();
    return success();
  }

  void runOnOperation() override {
    if (failed(tfc::device::lowerKernels(
            getOperation(),
            [&](gpu::GPUModuleOp module) { return lower(module); })))
      signalPassFailure();
  }
};

} // namespace
