//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "LeanViews.h"
#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/Pattern.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"

using namespace mlir;

namespace {

/// Ops that ask a descriptor for its pointers, and for an offset that the type
/// does not tell, when sizes and strides are in the type.
bool needsPointersOnly(Operation *op) {
  return isa<memref::LoadOp, memref::StoreOp, memref::ReinterpretCastOp,
             memref::ExtractStridedMetadataOp,
             memref::ExtractAlignedPointerAsIndexOp, vector::LoadOp,
             vector::StoreOp, vector::MaskedLoadOp, vector::MaskedStoreOp,
             tfc::rt::PartsOp>(op);
}

bool isLean(Value view) {
  auto type = dyn_cast<MemRefType>(view.getType());
  if (!type || !type.hasStaticShape())
    return false;
  int64_t offset;
  SmallVector<int64_t> strides;
  if (failed(type.getStridesAndOffset(strides, offset)) ||
      llvm::is_contained(strides, ShapedType::kDynamic))
    return false;
  return llvm::all_of(view.getUses(), [](OpOperand &use) {
    // Memory that is stored is an operand of no such op.
    return needsPointersOnly(use.getOwner());
  });
}

bool hasOffset(MemRefType type) {
  int64_t offset;
  SmallVector<int64_t> strides;
  return succeeded(type.getStridesAndOffset(strides, offset)) &&
         ShapedType::isDynamic(offset);
}

MemRefDescriptor describe(ConversionPatternRewriter &rewriter, Location loc,
                          Type type, Value allocated, Value aligned) {
  auto descriptor = MemRefDescriptor::poison(rewriter, loc, type);
  descriptor.setAllocatedPtr(rewriter, loc, allocated);
  descriptor.setAlignedPtr(rewriter, loc, aligned);
  return descriptor;
}

struct LeanBind : public ConvertOpToLLVMPattern<tfc::rt::BindOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult
  matchAndRewrite(tfc::rt::BindOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Type type = getTypeConverter()->convertType(op.getMemref().getType());
    if (!type || !isLean(op.getMemref()))
      return failure();
    Value pointer = adaptor.getPointer();
    rewriter.replaceOp(
        op, {describe(rewriter, op.getLoc(), type, pointer, pointer)});
    return success();
  }
};

struct LeanCast : public ConvertOpToLLVMPattern<memref::ReinterpretCastOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult
  matchAndRewrite(memref::ReinterpretCastOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    auto result = op.getType();
    Type type = getTypeConverter()->convertType(result);
    if (!type || !isa<MemRefType>(op.getSource().getType()) ||
        !isLean(op.getResult()))
      return failure();
    Location loc = op.getLoc();
    MemRefDescriptor source(adaptor.getSource());
    MemRefDescriptor made =
        describe(rewriter, loc, type, source.allocatedPtr(rewriter, loc),
                 source.alignedPtr(rewriter, loc));
    if (hasOffset(result)) {
      if (op.isDynamicOffset(0))
        made.setOffset(rewriter, loc, adaptor.getOffsets()[0]);
      else
        made.setConstantOffset(rewriter, loc, op.getStaticOffset(0));
    }
    rewriter.replaceOp(op, {made});
    return success();
  }
};

struct LeanMetadata
    : public ConvertOpToLLVMPattern<memref::ExtractStridedMetadataOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult
  matchAndRewrite(memref::ExtractStridedMetadataOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    auto source = cast<MemRefType>(op.getSource().getType());
    Type type = getTypeConverter()->convertType(op.getBaseBuffer().getType());
    int64_t offset;
    SmallVector<int64_t> strides;
    if (!type || !source.hasStaticShape() ||
        failed(source.getStridesAndOffset(strides, offset)) ||
        llvm::is_contained(strides, ShapedType::kDynamic))
      return failure();
    Location loc = op.getLoc();
    MemRefDescriptor from(adaptor.getSource());
    MemRefDescriptor base =
        describe(rewriter, loc, type, from.allocatedPtr(rewriter, loc),
                 from.alignedPtr(rewriter, loc));
    if (!isLean(op.getBaseBuffer()))
      base.setConstantOffset(rewriter, loc, 0);
    SmallVector<Value> results{base};
    Value unused;
    auto add = [&](Value result, int64_t value) {
      // What nobody uses is one constant.
      if (!result.use_empty() || !unused) {
        Value made =
            result.use_empty() || !ShapedType::isDynamic(value)
                ? createIndexAttrConstant(rewriter, loc, getIndexType(),
                                          result.use_empty() ? 0 : value)
                : from.offset(rewriter, loc);
        results.push_back(made);
        if (result.use_empty())
          unused = made;
        return;
      }
      results.push_back(unused);
    };
    add(op.getOffset(), offset);
    for (auto [result, size] :
         llvm::zip_equal(op.getSizes(), source.getShape()))
      add(result, size);
    for (auto [result, stride] : llvm::zip_equal(op.getStrides(), strides))
      add(result, stride);
    rewriter.replaceOp(op, results);
    return success();
  }
};
} // namespace

void tfc::populateLeanViewPatterns(LLVMTypeConverter &converter,
                                   RewritePatternSet &patterns) {
  // Before those of views with anything in them.
  patterns.add<LeanBind, LeanCast, LeanMetadata>(converter, /*benefit=*/2);
}
