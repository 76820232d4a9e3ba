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
// Unrolled programs have bodies with hundreds of functions, whose copies would
// take most of the time of a compilation: these stay until loops are in
// vectors, and become calls (CallMath.cpp).
//
//===----------------------------------------------------------------------===//

#include "Writer.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "tfc/Conversion/Passes.h"
#include "tfc/Dialect/TFCRT/IR/CalledMath.h"
#include "llvm/ADT/TypeSwitch.h"

namespace tfc {
#define GEN_PASS_DEF_EXPANDMATHPASS
#include "tfc/Conversion/Passes.h.inc"
} // namespace tfc

using namespace mlir;
using namespace tfc::expand;

namespace {

template <Value (*expand)(Writer &, Value)>
Value expandUnary(Writer &w, Operation *op) {
  return expand(w, op->getOperand(0));
}

template <Value (*expand)(Writer &, Value, Value)>
Value expandBinary(Writer &w, Operation *op) {
  return expand(w, op->getOperand(0), op->getOperand(1));
}

} // namespace

/// The table: a math op and its expansion.
Expansion tfc::expand::expansionOf(Operation *op) {
  if (!isa_and_present<math::MathDialect>(op->getDialect()))
    return nullptr;
  Type element = getElementTypeOrSelf(op->getResult(0).getType());
  if (!element.isF32() && !element.isF64())
    return nullptr;
  return TypeSwitch<Operation *, Expansion>(op)
      .Case([](math::ExpOp) { return expandUnary<expandExp>; })
      .Case([](math::ExpM1Op) { return expandUnary<expandExpm1>; })
      .Case([](math::LogOp) { return expandUnary<expandLog>; })
      .Case([](math::Log1pOp) { return expandUnary<expandLog1p>; })
      .Case([](math::SinhOp) { return expandUnary<expandSinh>; })
      .Case([](math::CoshOp) { return expandUnary<expandCosh>; })
      .Case([](math::TanhOp) { return expandUnary<expandTanh>; })
      .Case([](math::AsinhOp) { return expandUnary<expandAsinh>; })
      .Case([](math::AcoshOp) { return expandUnary<expandAcosh>; })
      .Case([](math::AtanhOp) { return expandUnary<expandAtanh>; })
      .Case([](math::ErfOp) { return expandUnary<expandErf>; })
      .Case([](math::ErfcOp) { return expandUnary<expandErfc>; })
      .Case([](math::AsinOp) { return expandUnary<expandAsin>; })
      .Case([](math::AcosOp) { return expandUnary<expandAcos>; })
      .Case([](math::AtanOp) { return expandUnary<expandAtan>; })
      .Case([](math::Atan2Op) { return expandBinary<expandAtan2>; })
      .Case([](math::PowFOp) { return expandBinary<expandPow>; })
      .Default([](Operation *) { return nullptr; });
}

namespace {

struct ExpandMathPass : tfc::impl::ExpandMathPassBase<ExpandMathPass> {
  using ExpandMathPassBase::ExpandMathPassBase;

  void runOnOperation() override {
    SmallVector<Operation *> found;
    DenseMap<Operation *, int64_t> counts; // of bodies of linalg ops
    getOperation()->walk([&](Operation *op) {
      if (!expansionOf(op) || op->hasAttr(tfc::rt::isCalledMath))
        return;
      found.push_back(op);
      if (auto body = op->getParentOfType<linalg::LinalgOp>())
        ++counts[body];
    });
    // Before the exponentials that some are of.
    std::stable_partition(found.begin(), found.end(),
                          llvm::IsaPred<math::Log1pOp>);
    for (Operation *op : found) {
      auto body = op->getParentOfType<linalg::LinalgOp>();
      if (body && counts[body] > mostInlined)
        op->setAttr(tfc::rt::isCalledMath, UnitAttr::get(&getContext()));
      else if (!body || !leavePowers || !hasRareArguments(op, fma))
        expand(op);
    }
  }

  Writer writerFor(OpBuilder &builder, Operation *op) {
    return Writer(builder, op->getLoc(), op->getResult(0).getType(),
                  {fma, avx512});
  }

  void expand(Operation *op) {
    OpBuilder builder(op);
    Writer writer = writerFor(builder, op);
    op->replaceAllUsesWith(ValueRange{expansionOf(op)(writer, op)});
    op->erase();
  }
};

} // namespace
