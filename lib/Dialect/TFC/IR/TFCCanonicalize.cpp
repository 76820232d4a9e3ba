//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Rewrites of single ops: what is known while compiling needs no run time form.
//===----------------------------------------------------------------------===//

#include "MovingSlices.h"
#include "Shapes.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::detail;

/// A value as another type, which may say more or less.
static Value retype(OpBuilder &builder, Location loc, Value value, Type type) {
  auto from = dyn_cast<RankedTensorType>(value.getType());
  if (value.getType() == type || !from)
    return value;
  return EnsureShapeOp::create(builder, loc, type, value,
                               builder.getDenseI64ArrayAttr(from.getShape()));
}

/// The entries of a vector, if all of them are known.
static std::optional<Shape> allKnown(Value vector) {
  std::optional<Shape> values = knownInts(vector);
  return values && !llvm::is_contained(*values, kUnknown) ? values
                                                          : std::nullopt;
}

//===----------------------------------------------------------------------===//
// Shapes that turn out to be static
//===----------------------------------------------------------------------===//

namespace {
struct StaticBroadcast : OpRewritePattern<DynamicBroadcastToOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(DynamicBroadcastToOp op,
                                PatternRewriter &rewriter) const override {
    std::optional<Shape> shape = allKnown(op.getShape());
    if (!shape)
      return failure();
    auto attr = rewriter.getDenseI64ArrayAttr(*shape);
    auto type = RankedTensorType::get(
        *shape, cast<TensorType>(op.getType()).getElementType());
    Value value =
        BroadcastToOp::create(rewriter, op.getLoc(), type, op.getX(), attr);
    rewriter.replaceOp(op, retype(rewriter, op.getLoc(), value, op.getType()));
    return success();
  }
};

struct StaticReshape : OpRewritePattern<DynamicReshapeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(DynamicReshapeOp op,
                                PatternRewriter &rewriter) const override {
    std::optional<Shape> shape = allKnown(op.getShape());
    if (!shape)
      return failure();
    for (int64_t &size : *shape)
      size = size == -1 ? kUnknown : size;
    auto attr = rewriter.getDenseI64ArrayAttr(*shape);
    ReshapeOp::Properties properties;
    properties.shape = attr;
    SmallVector<Type> types;
    if (failed(ReshapeOp::inferReturnTypes(op.getContext(), std::nullopt,
                                           op.getX(), {}, &properties, {},
                                           types)))
      return failure();
    Value value =
        ReshapeOp::create(rewriter, op.getLoc(), types[0], op.getX(), attr);
    rewriter.replaceOp(op, retype(rewriter, op.getLoc(), value, op.getType()));
    return success();
  }
};

/// A slice with these bounds in place of `op`, if they lie within the operand.
LogicalResult replaceBySlice(Operation *op, Value x, ArrayRef<int64_t> starts,
                             ArrayRef<int64_t> sizes, ArrayRef<int64_t> strides,
                             PatternRewriter &rewriter) {
  SliceOp::Properties properties;
  properties.starts = rewriter.getDenseI64ArrayAttr(starts);
  properties.sizes = rewriter.getDenseI64ArrayAttr(sizes);
  properties.strides = rewriter.getDenseI64ArrayAttr(strides);
  SmallVector<Type> types;
  if (failed(SliceOp::inferReturnTypes(op->getContext(), std::nullopt, x, {},
                                       &properties, {}, types)))
    return failure();
  Value value =
      SliceOp::create(rewriter, op->getLoc(), types[0], x, properties.starts,
                      properties.sizes, properties.strides);
  rewriter.replaceOp(
      op, retype(rewriter, op->getLoc(), value, op->getResult(0).getType()));
  return success();
}

struct StaticSlice : OpRewritePattern<DynamicSliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(DynamicSliceOp op,
                                PatternRewriter &rewriter) const override {
    std::optional<Shape> starts = allKnown(op.getStarts());
    auto x = dyn_cast<RankedTensorType>(op.getX().getType());
    if (!starts || !x || !x.hasStaticShape())
      return failure(); // With unknown sizes the bounds are checked at run
                        // time.
    Shape strides(starts->size(), 1);
    return replaceBySlice(op, op.getX(), *starts, op.getSizes(), strides,
                          rewriter);
  }
};

struct StaticStridedSlice : OpRewritePattern<DynamicStridedSliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(DynamicStridedSliceOp op,
                                PatternRewriter &rewriter) const override {
    auto x = dyn_cast<RankedTensorType>(op.getX().getType());
    std::optional<Shape> begins = knownInts(op.getBegins());
    SmallVector<Type> types;
    if (!x || !x.hasStaticShape() || x.getRank() > 64 || !begins ||
        failed(DynamicStridedSliceOp::inferReturnTypes(
            op.getContext(), std::nullopt, op->getOperands(), {},
            op->getPropertiesStorage(), {}, types)))
      return failure();
    auto result = dyn_cast<RankedTensorType>(types[0]);
    if (!result || !result.hasStaticShape())
      return failure(); // Some bound is not known.
    Shape starts;
    for (int64_t i = 0; i < x.getRank(); ++i) {
      int64_t dim = x.getDimSize(i), stride = op.getStrides()[i],
              start = (*begins)[i];
      if (static_cast<uint64_t>(op.getBeginMask()) >> i & 1)
        start = stride > 0 ? 0 : dim - 1;
      else if (start == kUnknown)
        return failure();
      start = std::clamp<int64_t>(start < 0 ? start + dim : start, 0,
                                  std::max<int64_t>(dim - 1, 0));
      starts.push_back(start);
    }
    return replaceBySlice(op, op.getX(), starts, result.getShape(),
                          op.getStrides(), rewriter);
  }
};

/// A slice whose place is not known, but whose size is.
struct MovingSlice : OpRewritePattern<DynamicStridedSliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(DynamicStridedSliceOp op,
                                PatternRewriter &rewriter) const override {
    std::optional<Shape> sizes = sizesOfMovingSlice(op);
    if (!sizes)
      return failure();
    auto type = RankedTensorType::get(
        *sizes, cast<TensorType>(op.getType()).getElementType());
    Value value = DynamicSliceOp::create(rewriter, op.getLoc(), type, op.getX(),
                                         op.getBegins(),
                                         rewriter.getDenseI64ArrayAttr(*sizes));
    rewriter.replaceOp(op, retype(rewriter, op.getLoc(), value, op.getType()));
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Control flow
//===----------------------------------------------------------------------===//

/// A branch with a known condition is the region that is taken.
struct TakenBranch : OpRewritePattern<IfOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(IfOp op,
                                PatternRewriter &rewriter) const override {
    SplatElementsAttr condition;
    if (!matchPattern(op.getCondition(), m_Constant(&condition)) ||
        !op.getToken().use_empty() || !op.getAfter().empty())
      return failure();
    Region &region = condition.getSplatValue<bool>() ? op.getThenRegion()
                                                     : op.getElseRegion();
    Operation *yield = region.front().getTerminator();
    SmallVector<Value> values(yield->getOperands());
    rewriter.inlineBlockBefore(&region.front(), op);
    rewriter.eraseOp(yield);
    rewriter.setInsertionPoint(op);
    for (auto [value, result] : llvm::zip(values, op.getResults()))
      rewriter.replaceAllUsesWith(
          result, retype(rewriter, op.getLoc(), value, result.getType()));
    rewriter.eraseOp(op);
    return success();
  }
};

/// An assertion that holds is nothing, where no order hangs on it.
struct KnownAssertion : OpRewritePattern<AssertOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(AssertOp op,
                                PatternRewriter &rewriter) const override {
    SplatElementsAttr condition;
    if (!matchPattern(op.getCondition(), m_Constant(&condition)) ||
        !condition.getSplatValue<bool>() || !op.getToken().use_empty())
      return failure();
    rewriter.eraseOp(op);
    return success();
  }
};
} // namespace

void DynamicBroadcastToOp::getCanonicalizationPatterns(
    RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<StaticBroadcast>(context);
}

void DynamicReshapeOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                                   MLIRContext *context) {
  patterns.add<StaticReshape>(context);
}

void DynamicSliceOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                                 MLIRContext *context) {
  patterns.add<StaticSlice>(context);
}

void DynamicStridedSliceOp::getCanonicalizationPatterns(
    RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<StaticStridedSlice, MovingSlice>(context);
}

void IfOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                       MLIRContext *context) {
  patterns.add<TakenBranch>(context);
}

void AssertOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                           MLIRContext *context) {
  patterns.add<KnownAssertion>(context);
}
