//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// One conversion to the LLVM dialect for everything that scalar code is made
// of.
//===----------------------------------------------------------------------===//

#include "ExpandViews.h"
#include "FoldOnce.h"
#include "LeanViews.h"
#include "LowerScalars.h"
#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ComplexToLLVM/ComplexToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/IndexToLLVM/IndexToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/Pattern.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MathToLibm/MathToLibm.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/UBToLLVM/UBToLLVM.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/MemRef/Transforms/Transforms.h"
#include "mlir/Transforms/DialectConversion.h"
#include "tfc/Conversion/Passes.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"

namespace tfc {
#define GEN_PASS_DEF_TOLLVMPASS
#include "tfc/Conversion/Passes.h.inc"
} // namespace tfc

using namespace mlir;

namespace {

/// A pointer and sizes become a memref descriptor, dense and row-major.
struct BindLowering : public ConvertOpToLLVMPattern<tfc::rt::BindOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult
  matchAndRewrite(tfc::rt::BindOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    auto type = cast<MemRefType>(op.getMemref().getType());
    if (!type.getLayout().isIdentity())
      return rewriter.notifyMatchFailure(op, "expected a dense memref");
    Type structType = getTypeConverter()->convertType(type);
    if (!structType)
      return rewriter.notifyMatchFailure(op, "expected a memref LLVM can hold");
    auto descriptor = MemRefDescriptor::poison(rewriter, loc, structType);
    descriptor.setAllocatedPtr(rewriter, loc, adaptor.getPointer());
    descriptor.setAlignedPtr(rewriter, loc, adaptor.getPointer());
    descriptor.setConstantOffset(rewriter, loc, 0);
    auto constant = [&](int64_t value) -> Value {
      return createIndexAttrConstant(rewriter, loc, getIndexType(), value);
    };
    SmallVector<Value> sizes;
    auto dynamic = adaptor.getSizes().begin();
    for (int64_t size : type.getShape())
      sizes.push_back(ShapedType::isDynamic(size) ? *dynamic++
                                                  : constant(size));
    Value stride = constant(1);
    for (int64_t dim = type.getRank() - 1; dim >= 0; --dim) {
      descriptor.setSize(rewriter, loc, dim, sizes[dim]);
      descriptor.setStride(rewriter, loc, dim, stride);
      if (dim)
        stride = LLVM::MulOp::create(rewriter, loc, stride, sizes[dim]);
    }
    rewriter.replaceOp(op, {descriptor});
    return success();
  }
};

/// The same pointers. What the type tells is not read from the descriptor of
/// the source, which may be without it (LeanViews.cpp).
struct PartsLowering : public ConvertOpToLLVMPattern<tfc::rt::PartsOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult
  matchAndRewrite(tfc::rt::PartsOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    auto type = cast<MemRefType>(op.getResult().getType());
    Type structType = getTypeConverter()->convertType(type);
    SmallVector<int64_t> strides;
    int64_t offset;
    if (!structType || failed(type.getStridesAndOffset(strides, offset)))
      return rewriter.notifyMatchFailure(op, "expected a memref LLVM can hold");
    MemRefDescriptor source(adaptor.getSource());
    auto parts = MemRefDescriptor::poison(rewriter, loc, structType);
    parts.setAllocatedPtr(rewriter, loc, source.allocatedPtr(rewriter, loc));
    parts.setAlignedPtr(rewriter, loc, source.alignedPtr(rewriter, loc));
    auto known = [&](int64_t value) {
      return createIndexAttrConstant(rewriter, loc, getIndexType(), value);
    };
    auto twice = [&](Value value) {
      return LLVM::AddOp::create(rewriter, loc, value, value).getResult();
    };
    parts.setOffset(rewriter, loc,
                    ShapedType::isDynamic(offset)
                        ? twice(source.offset(rewriter, loc))
                        : known(offset));
    int64_t last = type.getRank() - 1;
    for (int64_t dim = 0; dim <= last; ++dim) {
      Value size = ShapedType::isDynamic(type.getDimSize(dim))
                       ? source.size(rewriter, loc, dim)
                       : known(type.getDimSize(dim));
      if (dim == last && ShapedType::isDynamic(type.getDimSize(dim)))
        size = twice(size);
      parts.setSize(rewriter, loc, dim, size);
      parts.setStride(rewriter, loc, dim,
                      ShapedType::isDynamic(strides[dim])
                          ? twice(source.stride(rewriter, loc, dim))
                          : known(strides[dim]));
    }
    rewriter.replaceOp(op, {parts});
    return success();
  }
};

struct ToLLVM : public tfc::impl::ToLLVMPassBase<ToLLVM> {
  /// What views begin at.
  void getDependentDialects(DialectRegistry &registry) const override {
    ToLLVMPassBase::getDependentDialects(registry);
    registry.insert<affine::AffineDialect, arith::ArithDialect,
                    memref::MemRefDialect>();
  }

  void runOnOperation() override {
    MLIRContext *context = &getContext();
    ModuleOp module = getOperation();
    if (failed(tfc::expandViews(module)))
      return signalPassFailure();
    tfc::foldOnce(module);
    tfc::lowerScalars(module);
    LowerToLLVMOptions options(context);
    LLVMTypeConverter converter(context, options);
    RewritePatternSet patterns(context);
    populateAffineToStdConversionPatterns(patterns);
    arith::populateCeilFloorDivExpandOpsPatterns(patterns);
    memref::populateExpandOpsPatterns(patterns);
    arith::populateArithToLLVMConversionPatterns(converter, patterns);
    populateComplexToLLVMConversionPatterns(converter, patterns);
    cf::populateControlFlowToLLVMConversionPatterns(converter, patterns);
    populateFuncToLLVMConversionPatterns(converter, patterns);
    index::populateIndexToLLVMConversionPatterns(converter, patterns);
    populateFinalizeMemRefToLLVMConversionPatterns(converter, patterns);
    // Instructions before calls: those of libm take vectors apart.
    populateMathToLLVMConversionPatterns(
        converter, patterns, /*approximateLog1p=*/false, /*benefit=*/2);
    populateMathToLibmConversionPatterns(patterns);
    populateVectorToLLVMConversionPatterns(converter, patterns);
    ub::populateUBToLLVMConversionPatterns(converter, patterns);
    patterns.add<BindLowering, PartsLowering>(converter);
    tfc::populateLeanViewPatterns(converter, patterns);

    LLVMConversionTarget target(*context);
    target.addLegalOp<ModuleOp>();
    ConversionConfig config;
    // LLVM folds better, and once.
    config.foldingMode = DialectConversionFoldingMode::Never;
    if (failed(
            applyFullConversion(module, target, std::move(patterns), config)))
      return signalPassFailure();
  }
};

} // namespace
