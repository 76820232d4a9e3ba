//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Where the host has to wait for kernels.
//
// One walk in program order with one bit: may a kernel be running? A loop that
// launches may always have one running from the iteration before.
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "tfc/Conversion/GPU/Passes.h"

namespace tfc {
#define GEN_PASS_DEF_WAITFORDEVICEPASS
#include "tfc/Conversion/GPU/Passes.h.inc"
} // namespace tfc

using namespace mlir;

static bool launches(Operation *op) {
  return op->walk([](gpu::LaunchFuncOp) { return WalkResult::interrupt(); })
      .wasInterrupted();
}

static bool touchesMemory(Operation *op) {
  return !isa<memref::AllocOp, ViewLikeOpInterface>(op) &&
         !isMemoryEffectFree(op);
}

/// Returns whether a kernel may be running after the block.
static bool visit(Block &block, bool running) {
  for (Operation &op : block) {
    if (isa<gpu::LaunchFuncOp>(op)) {
      running = true;
      continue;
    }
    if (op.getNumRegions() && launches(&op)) {
      bool before = running || isa<LoopLikeOpInterface>(op);
      bool after = isa<LoopLikeOpInterface>(op) || running;
      for (Region &region : op.getRegions())
        for (Block &nested : region)
          after |= visit(nested, before);
      running = after;
      continue;
    }
    bool returns = isa<func::ReturnOp>(op);
    if (running && (returns || touchesMemory(&op))) {
      OpBuilder builder(&op);
      gpu::WaitOp::create(builder, op.getLoc(), Type(), ValueRange());
      running = false;
    }
  }
  return running;
}

/// A bit for each buffer that the kernel writes, in the order of arguments.
static int64_t writtenBuffers(gpu::GPUFuncOp kernel) {
  int64_t mask = 0, number = 0;
  // Shared memory comes after the arguments of the kernel.
  for (BlockArgument argument :
       kernel.getArguments().take_front(kernel.getNumArguments())) {
    if (!isa<MemRefType>(argument.getType()))
      continue;
    // Addresses are taken by copies to shared memory, which read.
    bool writes = llvm::any_of(argument.getUsers(), [&](Operation *user) {
      return !isa<memref::LoadOp, memref::ExtractAlignedPointerAsIndexOp>(user);
    });
    if (writes)
      mask |= int64_t(1) << std::min<int64_t>(number, 63);
    ++number;
  }
  return mask;
}

namespace {
struct WaitForDevice : public tfc::impl::WaitForDevicePassBase<WaitForDevice> {
  void runOnOperation() override {
    getOperation().walk([&](gpu::LaunchFuncOp launch) {
      if (auto kernel =
              getOperation().lookupSymbol<gpu::GPUFuncOp>(launch.getKernel()))
        launch->setAttr(
            "tfc.written",
            Builder(&getContext()).getI64IntegerAttr(writtenBuffers(kernel)));
    });
    for (auto function : getOperation().getOps<func::FuncOp>())
      for (Block &block : function.getBody())
        visit(block, false);
  }
};
} // namespace
