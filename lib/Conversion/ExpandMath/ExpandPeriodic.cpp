//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Replaces sin, cos and tan by arithmetic where the argument is small enough to
// be reduced in a few operations, and a call of libm for each element where it
// is not. The branch tests a whole vector at once and is hardly ever taken, so
// this runs when loops are in vectors already. An element's value does not
// depend on its neighbours.
//
//===----------------------------------------------------------------------===//

#include "Writer.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "tfc/Conversion/Passes.h"
#include "llvm/Support/raw_ostream.h"

namespace tfc {
#define GEN_PASS_DEF_EXPANDPERIODICPASS
#include "tfc/Conversion/Passes.h.inc"
} // namespace tfc

using namespace mlir;
using namespace tfc::expand;

namespace {

/// `function` with libm's results in the lanes where the expansion does not
/// hold.
class Completion {
public:
  Completion(ModuleOp module, Operation *function, const Periodic &fast)
      : b(function->getLoc(), function), module(module), function(function),
        fast(fast) {}

  Value build() {
    Value x = function->getOperand(0);
    auto type = dyn_cast<VectorType>(fast.value.getType());
    if (!type)
      return choose(fast.isBeyond, fast.value, [&] { return call(x); });
    Value any = vector::ReductionOp::create(b, vector::CombiningKind::OR,
                                            fast.isBeyond);
    return choose(any, fast.value, [&] {
      return func::CallOp::create(b, forLanes(type),
                                  ValueRange{x, fast.value, fast.isBeyond})
          .getResult(0);
    });
  }

private:
  Value choose(Value condition, Value otherwise,
               llvm::function_ref<Value()> then) {
    auto branch =
        scf::IfOp::create(b, otherwise.getType(), condition,
                          /*addThenBlock=*/true, /*addElseBlock=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(branch.thenBlock());
    scf::YieldOp::create(b, then());
    b.setInsertionPointToStart(branch.elseBlock());
    scf::YieldOp::create(b, otherwise);
    return branch.getResult(0);
  }

  /// libm's function.
  Value call(Value argument) {
    Operation *clone = b.clone(*function);
    clone->setOperand(0, argument);
    clone->getResult(0).setType(argument.getType());
    return clone->getResult(0);
  }

  /// (x, results so far, which of them are to be replaced) -> results, one
  /// function in a module for each type: code that hardly ever runs is out of
  /// the way.
  func::FuncOp forLanes(VectorType type) {
    std::string name;
    llvm::raw_string_ostream(name)
        << "tfc." << function->getName().stripDialect() << "."
        << type.getNumElements() << "x" << type.getElementType();
    if (auto known = module.lookupSymbol<func::FuncOp>(name))
      return known;
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(module.getBody());
    auto made = func::FuncOp::create(
        b, name,
        b.getFunctionType({type, type, fast.isBeyond.getType()}, type));
    made.setPrivate();
    made->setAttr("llvm.linkage", LLVM::LinkageAttr::get(b.getContext(),
                                                 LLVM::Linkage::Internal));
    made->setAttr("passthrough", b.getStrArrayAttr({"noinline", "cold"}));
    Block *body = made.addEntryBlock();
    b.setInsertionPointToStart(body);
    auto constant = [&](int64_t n) {
      return arith::ConstantIndexOp::create(b, n).getResult();
    };
    auto loop =
        scf::ForOp::create(b, constant(0), constant(type.getNumElements()),
                           constant(1), body->getArgument(1));
    func::ReturnOp::create(b, loop.getResult(0));
    b.setInsertionPointToStart(loop.getBody());
    Value lane = loop.getInductionVar(), now = loop.getRegionIterArg(0);
    auto at = [&](Value vector) {
      return vector::ExtractOp::create(b, vector, ArrayRef<OpFoldResult>{lane})
          .getResult();
    };
    Value next = choose(at(body->getArgument(2)), now, [&] {
      Value exact = call(at(body->getArgument(0)));
      return vector::InsertOp::create(b, exact, now,
                                      ArrayRef<OpFoldResult>{lane})
          .getResult();
    });
    scf::YieldOp::create(b, next);
    return made;
  }

  ImplicitLocOpBuilder b;
  ModuleOp module;
  Operation *function;
  Periodic fast;
};

struct ExpandPeriodicPass
    : tfc::impl::ExpandPeriodicPassBase<ExpandPeriodicPass> {
  using ExpandPeriodicPassBase::ExpandPeriodicPassBase;

  void runOnOperation() override {
    SmallVector<Operation *> found;
    getOperation()->walk([&](Operation *op) {
      if (isa<math::SinOp, math::CosOp, math::TanOp>(op) &&
          isSupported(op->getResult(0).getType()))
        found.push_back(op);
    });
    for (Operation *op : found) {
      OpBuilder builder(op);
      Writer writer(builder, op->getLoc(), op->getResult(0).getType());
      Value x = op->getOperand(0);
      Periodic fast = isa<math::SinOp>(op)   ? expandSin(writer, x)
                      : isa<math::CosOp>(op) ? expandCos(writer, x)
                                             : expandTan(writer, x);
      op->replaceAllUsesWith(
          ValueRange{Completion(getOperation(), op, fast).build()});
      op->erase();
    }
  }

  static bool isSupported(Type type) {
    Type element = getElementTypeOrSelf(type);
    auto vector = dyn_cast<VectorType>(type);
    return (element.isF32() || element.isF64()) &&
           (!vector || (vector.getRank() == 1 && !vector.isScalable()));
  }
};

} // namespace
