//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Makes calls of the math functions that tfc-expand-math has left, and one
// function for each kind and type of them. A call costs a few cycles beside the
// forty of a function; a copy costs code generation a millisecond.
//
//===----------------------------------------------------------------------===//

#include "Writer.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "tfc/Conversion/Passes.h"
#include "tfc/Dialect/TFCRT/IR/CalledMath.h"
#include "llvm/Support/raw_ostream.h"

namespace tfc {
#define GEN_PASS_DEF_CALLMATHPASS
#include "tfc/Conversion/Passes.h.inc"
} // namespace tfc

using namespace mlir;
using namespace tfc::expand;

namespace {

/// "tfc.tanh.16xf32", "tfc.tanh.f32".
std::string nameOf(Operation *op) {
  std::string name;
  llvm::raw_string_ostream stream(name);
  stream << "tfc." << op->getName().stripDialect() << ".";
  Type type = op->getResult(0).getType();
  if (auto vector = dyn_cast<VectorType>(type))
    llvm::interleave(vector.getShape(), stream, "x"), stream << "x";
  stream << getElementTypeOrSelf(type);
  return name;
}

struct CallMathPass : tfc::impl::CallMathPassBase<CallMathPass> {
  using CallMathPassBase::CallMathPassBase;

  void runOnOperation() override {
    SmallVector<Operation *> found;
    getOperation()->walk([&](Operation *op) {
      if (op->hasAttr(tfc::rt::isCalledMath))
        found.push_back(op);
    });
    for (Operation *op : found) {
      OpBuilder builder(op);
      auto call = func::CallOp::create(builder, op->getLoc(), functionFor(op),
                                       op->getOperands());
      op->replaceAllUsesWith(call);
      op->erase();
    }
  }

  func::FuncOp functionFor(Operation *op) {
    func::FuncOp &known = functions[nameOf(op)];
    if (!known)
      known = makeFunction(op);
    return known;
  }

  func::FuncOp makeFunction(Operation *op) {
    OpBuilder builder(&getContext());
    builder.setInsertionPointToEnd(getOperation().getBody());
    auto type =
        builder.getFunctionType(op->getOperandTypes(), op->getResultTypes());
    auto function =
        func::FuncOp::create(builder, op->getLoc(), nameOf(op), type);
    function.setPrivate();
    function->setAttr(
        "llvm.linkage",
        LLVM::LinkageAttr::get(&getContext(), LLVM::Linkage::Internal));
    // Pure: what is in memory is still known after a call.
    function->setAttr(
        "passthrough",
        builder.getArrayAttr({builder.getStringAttr("noinline"),
                              builder.getStrArrayAttr({"memory", "0"})}));
    builder.setInsertionPointToStart(function.addEntryBlock());
    Operation *inside = builder.clone(*op);
    inside->setOperands(function.getArguments());
    Writer writer(builder, op->getLoc(), op->getResult(0).getType(),
                  {fma, avx512});
    func::ReturnOp::create(builder, op->getLoc(),
                           expansionOf(inside)(writer, inside));
    inside->erase();
    // As tfc-set-fast-math does.
    auto flags = arith::FastMathFlagsAttr::get(
        &getContext(),
        contract ? arith::FastMathFlags::contract : arith::FastMathFlags::none);
    function.walk([&](arith::ArithFastMathInterface flagged) {
      if (!contract ||
          isa<arith::AddFOp, arith::SubFOp, arith::MulFOp>(flagged))
        flagged->setAttr(flagged.getFastMathAttrName(), flags);
    });
    return function;
  }

  llvm::StringMap<func::FuncOp> functions;
};

} // namespace
