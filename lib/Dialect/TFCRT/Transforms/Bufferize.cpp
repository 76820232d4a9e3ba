//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Upstream's one-shot bufferization, with the choices that suit packed entries.
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Bufferization/Transforms/OneShotAnalysis.h"
#include "mlir/Dialect/Bufferization/Transforms/OneShotModuleBufferize.h"
#include "mlir/Dialect/Bufferization/Transforms/Transforms.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"
#include "tfc/Dialect/TFCRT/Transforms/Body.h"
#include "tfc/Dialect/TFCRT/Transforms/Passes.h"

namespace tfc::rt {
#define GEN_PASS_DEF_TFCBUFFERIZEPASS
#define GEN_PASS_DEF_TFCPLACERESULTSPASS
#include "tfc/Dialect/TFCRT/Transforms/Passes.h.inc"
} // namespace tfc::rt

using namespace mlir;
using namespace mlir::bufferization;
using namespace tfc::rt;

static OneShotBufferizationOptions bufferizationOptions() {
  OneShotBufferizationOptions options;
  // A tensor that changes its size from one iteration to the next comes in a new buffer.
  options.allowReturnAllocsFromLoops = true;
  options.unknownTypeConverterFn = [](TensorType type, Attribute space,
                                      const BufferizationOptions &) {
    return getMemRefTypeWithStaticIdentityLayout(type, space);
  };
  return options;
}

/// Results are the pointers after those of the arguments; variables and inputs
/// are bound from earlier ones, and are no place to compute in before their time.
static bool isResult(Value memref) {
  auto bind = memref.getDefiningOp<BindOp>();
  return bind && bind->hasAttr("result");
}

static Value destinationOf(RewriterBase &rewriter, SubsetInsertionOpInterface op,
                           tensor::EmptyOp empty, Operation *user) {
  auto materialize = dyn_cast<MaterializeInDestinationOp>(op.getOperation());
  if (materialize && isa<MemRefType>(materialize.getDest().getType()) &&
      !isResult(materialize.getDest()))
    return {};
  return buildSubsetExtraction(rewriter, op, empty, user);
}

namespace {

struct Bufferize : public tfc::rt::impl::TFCBufferizePassBase<Bufferize> {
  void runOnOperation() override {
    makeAllocations();
    OneShotBufferizationOptions options = bufferizationOptions();
    BufferizationState state;
    if (failed(runOneShotBufferize(getOperation(), options, state)))
      return signalPassFailure();
  }

  void makeAllocations() {
    IRRewriter rewriter(&getContext());
    getOperation().walk([&](tensor::EmptyOp op) {
      rewriter.setInsertionPoint(op);
      rewriter.replaceOpWithNewOp<AllocTensorOp>(op, op.getType(), op.getDynamicSizes());
    });
  }
};

struct PlaceResults : public tfc::rt::impl::TFCPlaceResultsPassBase<PlaceResults> {
  void runOnOperation() override {
    bool any = false;
    getOperation().walk([&](tensor::EmptyOp) { any = true; });
    if (!any)
      return;
    OneShotBufferizationOptions options = bufferizationOptions();
    OneShotAnalysisState state(getOperation(), options);
    IRRewriter rewriter(&getContext());
    if (failed(analyzeOp(getOperation(), state)) ||
        failed(eliminateEmptyTensors(rewriter, getOperation(), state, destinationOf)))
      signalPassFailure();
  }
};

} // namespace
