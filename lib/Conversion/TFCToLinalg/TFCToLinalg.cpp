//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The pass: every function is lowered on its own.
//===----------------------------------------------------------------------===//

#include "GatherColumns.h"
#include "Lowering.h"
#include "ProductUsers.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "tfc/Conversion/Passes.h"
#include "tfc/Dialect/TFC/IR/TFC.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"
#include "llvm/ADT/StringSwitch.h"

namespace tfc {
#define GEN_PASS_DEF_CONVERTTFCTOLINALGPASS
#include "tfc/Conversion/Passes.h.inc"
} // namespace tfc

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

/// Functions of other dialects are none of our business.
static bool usesTFC(func::FuncOp function) {
  if (function->hasAttr("tfc.entry"))
    return true;
  for (Type type : function.getArgumentTypes())
    if (isa<ResourceType>(type))
      return true;
  return function
      .walk([](Operation *op) {
        return isa<TFCDialect>(op->getDialect()) ? WalkResult::interrupt()
                                                 : WalkResult::advance();
      })
      .wasInterrupted();
}

static bool isString(Type type) {
  auto tensor = dyn_cast<TensorType>(type);
  return tensor && isa<StringType>(tensor.getElementType());
}

/// Strings have no code: says so at the first op that uses one.
static LogicalResult checkNoStrings(func::FuncOp function) {
  if (llvm::any_of(function.getArgumentTypes(), isString))
    return function.emitError(
        "expected tensors of numbers, got arguments that are strings: ops "
        "on strings run on the host, no code is generated for them");
  WalkResult found = function.walk([](Operation *op) {
    if (!llvm::any_of(op->getOperandTypes(), isString) &&
        !llvm::any_of(op->getResultTypes(), isString))
      return WalkResult::advance();
    op->emitError("expected tensors of numbers, got strings: ops on strings "
                  "run on the host, no "
                  "code is generated for them");
    return WalkResult::interrupt();
  });
  return failure(found.wasInterrupted());
}

/// Whether the bytes of a tensor of this type are more than a number can tell.
static bool isBeyondMemory(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || llvm::is_contained(tensor.getShape(), 0))
    return false;
  int64_t bytes = 16; // of the largest elements
  for (int64_t size : tensor.getShape())
    if (!ShapedType::isDynamic(size) && llvm::MulOverflow(bytes, size, bytes))
      return true;
  return false;
}

static LogicalResult checkSizes(func::FuncOp function) {
  WalkResult found = function.walk([](Operation *op) {
    for (Type type : op->getResultTypes())
      if (isBeyondMemory(type)) {
        op->emitError("expected tensors that memory may hold, got ") << type;
        return WalkResult::interrupt();
      }
    return WalkResult::advance();
  });
  return failure(found.wasInterrupted() ||
                 llvm::any_of(function.getArgumentTypes(), isBeyondMemory));
}

namespace {

struct ConvertTFCToLinalg
    : public tfc::impl::ConvertTFCToLinalgPassBase<ConvertTFCToLinalg> {
  using tfc::impl::ConvertTFCToLinalgPassBase<
      ConvertTFCToLinalg>::ConvertTFCToLinalgPassBase;

  void runOnOperation() override {
    for (auto function :
         llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>()))
      if (!function.isExternal() && usesTFC(function) &&
          failed(lower(function)))
        return signalPassFailure();
  }

  LogicalResult lower(func::FuncOp function) {
    if (failed(checkNoStrings(function)) || failed(checkSizes(function)))
      return failure();
    takeComponentsFirst(function.getBody());
    gatherByNumbers(function.getBody());
    bringUsersToProducts(function.getBody());
    if (bf16Pairs != "none")
      multiplyBeforeCasts(function.getBody(), reassociate);
    roundBehindProducts(function.getBody());
    DimAnalysis dims(function.getBody());
    FusionPlan plan(function.getBody(), dims);
    int64_t emptiest = llvm::StringSwitch<int64_t>(bf16Pairs)
                           .Case("tiles", 5)
                           .Case("vectors", 2)
                           .Default(0);
    return Lowering(function, dims, plan, reassociate ? emptiest : 0).run();
  }
};

} // namespace
