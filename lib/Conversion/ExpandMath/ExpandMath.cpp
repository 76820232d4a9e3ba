//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Replaces math ops on f32 and f64 by arithmetic: branch-free code without
// calls, which the loop vectorizer turns into vector code for any target, and
// which needs no libm at run time.
//
// Argument reduction and, where noted, coefficients follow the Cephes library
// (S. L. Moshier, "Methods and Programs for Mathematical Functions", 1989); the
// power of two is applied in two steps, so that denormal results are right.
// Every function keeps C99's special values. benchmarks/ulp.py measures the
// errors.
//
//===----------------------------------------------------------------------===//

#include "Writer.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"
#include "tfc/Conversion/Passes.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"

namespace tfc {
#define GEN_PASS_DEF_EXPANDMATHPASS
#include "tfc/Conversion/Passes.h.inc"
} // namespace tfc

using namespace mlir;
using namespace tfc::expand;

static bool isExpandable(Operation *op) {
  Type element = getElementTypeOrSelf(op->getResult(0).getType());
  return element.isF32() || element.isF64();
}

namespace {

template <typename OpTy, Value (*expand)(Writer &, Value)>
struct ExpandUnary : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    if (!isExpandable(op))
      return failure();
    Writer writer(rewriter, op.getLoc(), op.getType());
    rewriter.replaceOp(op, expand(writer, op.getOperand()));
    return success();
  }
};

template <typename OpTy, Value (*expand)(Writer &, Value, Value)>
struct ExpandBinary : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    if (!isExpandable(op))
      return failure();
    Writer writer(rewriter, op.getLoc(), op.getType());
    rewriter.replaceOp(op,
                       expand(writer, op->getOperand(0), op->getOperand(1)));
    return success();
  }
};

/// The table: a math op and its expansion.
void addExpansions(RewritePatternSet &patterns) {
  patterns.add<ExpandUnary<math::ExpOp, expandExp>,
               ExpandUnary<math::ExpM1Op, expandExpm1>,
               ExpandUnary<math::LogOp, expandLog>,
               ExpandUnary<math::Log1pOp, expandLog1p>,
               ExpandUnary<math::SinhOp, expandSinh>,
               ExpandUnary<math::CoshOp, expandCosh>,
               ExpandUnary<math::TanhOp, expandTanh>,
               ExpandUnary<math::AsinhOp, expandAsinh>,
               ExpandUnary<math::AcoshOp, expandAcosh>,
               ExpandUnary<math::AtanhOp, expandAtanh>,
               ExpandUnary<math::ErfOp, expandErf>,
               ExpandUnary<math::ErfcOp, expandErfc>,
               ExpandUnary<math::AsinOp, expandAsin>,
               ExpandUnary<math::AcosOp, expandAcos>,
               ExpandUnary<math::AtanOp, expandAtan>,
               ExpandBinary<math::Atan2Op, expandAtan2>,
               ExpandBinary<math::PowFOp, expandPow>>(patterns.getContext());
}

struct ExpandMathPass : tfc::impl::ExpandMathPassBase<ExpandMathPass> {
  using ExpandMathPassBase::ExpandMathPassBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    addExpansions(patterns);
    walkAndApplyPatterns(getOperation(), std::move(patterns));
  }
};

} // namespace
