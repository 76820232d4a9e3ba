//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "ExpandViews.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/MemRef/Transforms/Transforms.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

/// Ops of which others are made, not those that are a part of every loop.
static bool isView(Operation *op) {
  return isa_and_present<memref::MemRefDialect>(op->getDialect()) &&
         !isa<memref::LoadOp, memref::StoreOp, memref::AllocOp,
              memref::DeallocOp, memref::GlobalOp, memref::GetGlobalOp>(op);
}

LogicalResult tfc::expandViews(ModuleOp module) {
  SmallVector<Operation *> views;
  module.walk([&](Operation *op) {
    if (isView(op))
      views.push_back(op);
  });
  if (views.empty())
    return success();
  RewritePatternSet patterns(module.getContext());
  memref::populateExpandStridedMetadataPatterns(patterns);
  GreedyRewriteConfig config;
  config.setStrictness(GreedyRewriteStrictness::ExistingAndNewOps);
  return applyOpPatternsGreedily(views, std::move(patterns), config);
}
