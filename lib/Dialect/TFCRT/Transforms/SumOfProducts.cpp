//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "tfc/Dialect/TFCRT/Transforms/SumOfProducts.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

static bool isElement(Value value) {
  while (Operation *cast = value.getDefiningOp()) {
    if (!isa<arith::ExtFOp, arith::ExtSIOp, arith::ExtUIOp, arith::SIToFPOp,
             arith::UIToFPOp>(cast))
      return false;
    value = cast->getOperand(0);
  }
  return true;
}

bool tfc::rt::isSumOfProducts(linalg::LinalgOp op) {
  if (op.getNumReductionLoops() == 0 || op.getNumDpsInputs() != 2 ||
      op.getNumDpsInits() != 1)
    return false;
  Operation *add =
      op.getBlock()->getTerminator()->getOperand(0).getDefiningOp();
  return isa_and_present<arith::AddFOp, arith::AddIOp>(add) &&
         llvm::any_of(add->getOperands(), [](Value part) {
           Operation *product = part.getDefiningOp();
           return isa_and_present<arith::MulFOp, arith::MulIOp>(product) &&
                  llvm::all_of(product->getOperands(), isElement);
         });
}
