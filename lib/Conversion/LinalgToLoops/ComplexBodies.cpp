//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The same expansions as those of scalars before the LLVM dialect, so that an
// element's value does not depend on whether it is computed in a vector. They
// come after flags are set: products of complex numbers are not contracted.
//===----------------------------------------------------------------------===//

#include "ComplexBodies.h"
#include "mlir/Conversion/ComplexToStandard/ComplexToStandard.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Transforms/DialectConversion.h"

using namespace mlir;
using linalg::LinalgOp;

static bool isExpanded(Operation *op) {
  return isa<complex::MulOp, complex::DivOp, complex::AbsOp, complex::SignOp,
             complex::EqualOp, complex::NotEqualOp>(op);
}

/// Parts of numbers that were just made of parts.
static void foldParts(Operation *op) {
  SmallVector<Operation *> dead;
  op->walk([&](Operation *nested) {
    if (!isa<complex::ReOp, complex::ImOp>(nested))
      return;
    auto made = nested->getOperand(0).getDefiningOp<complex::CreateOp>();
    if (!made)
      return;
    nested->getResult(0).replaceAllUsesWith(
        made->getOperand(isa<complex::ImOp>(nested)));
    dead.push_back(nested);
  });
  for (Operation *part : dead)
    part->erase();
  dead.clear();
  op->walk([&](complex::CreateOp made) {
    if (made->use_empty())
      dead.push_back(made);
  });
  for (Operation *made : dead)
    made->erase();
}

LogicalResult tfc::loops::expandComplexBodies(ArrayRef<LinalgOp> ops) {
  SmallVector<Operation *> found;
  for (LinalgOp op : ops) {
    bool has = op->walk([](Operation *nested) {
                   return isExpanded(nested) ? WalkResult::interrupt()
                                             : WalkResult::advance();
                 }).wasInterrupted();
    if (has)
      found.push_back(op);
  }
  if (found.empty())
    return success();
  MLIRContext *context = found.front()->getContext();
  RewritePatternSet patterns(context);
  populateComplexToStandardConversionPatterns(patterns);
  ConversionTarget target(*context);
  target.markUnknownOpDynamicallyLegal(
      [](Operation *op) { return !isExpanded(op); });
  if (failed(applyPartialConversion(found, target, std::move(patterns))))
    return failure();
  for (Operation *op : found)
    foldParts(op);
  return success();
}
