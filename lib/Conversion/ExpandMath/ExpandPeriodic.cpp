//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Replaces sin, cos, tan and remainders by arithmetic where the argument is
// small enough to be reduced in a few operations, and a call of libm for each
// element where it is not; and powers of f32 by what positive normal numbers
// take, with a call of the complete formula for a vector that has others. The
// branch tests a whole vector at once and is hardly ever taken, so this runs
// when loops are in vectors already. An element's value does not depend on its
// neighbours.
//
// Quotients of vectors become others that take less time (Quotients.cpp).
// Multiplications by powers of two (tfcrt.scalb), lookups, and the
// greater and the lesser of two numbers become the instructions that the target
// has for vectors of its own sizes (WideInstructions.cpp).
//
//===----------------------------------------------------------------------===//

#include "Quotients.h"
#include "WideInstructions.h"
#include "Writer.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Matchers.h"
#include "tfc/Conversion/Passes.h"
#include "llvm/Support/raw_ostream.h"

namespace tfc {
#define GEN_PASS_DEF_EXPANDPERIODICPASS
#include "tfc/Conversion/Passes.h.inc"
} // namespace tfc

using namespace mlir;
using namespace tfc::expand;

namespace {

/// `function` with libm's results, or those of `complete` on vectors, in the
/// lanes where the expansion does not hold.
class Completion {
public:
  using Complete = llvm::function_ref<Value(OpBuilder &, ValueRange)>;

  Completion(ModuleOp module, Operation *function, const Partial &fast,
             Complete complete = nullptr)
      : b(function->getLoc(), function), module(module), function(function),
        fast(fast), complete(complete) {}

  Value build() {
    auto type = dyn_cast<VectorType>(fast.value.getType());
    if (!type)
      return choose(fast.isBeyond, fast.value,
                    [&] { return call(function->getOperands()); });
    Value any = vector::ReductionOp::create(b, vector::CombiningKind::OR,
                                            fast.isBeyond);
    return choose(any, fast.value, [&] {
      SmallVector<Value> operands{fast.value, fast.isBeyond};
      llvm::append_range(operands, function->getOperands());
      return func::CallOp::create(b, forLanes(type), operands).getResult(0);
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
  Value call(ValueRange arguments) {
    Operation *clone = b.clone(*function);
    clone->setOperands(arguments);
    clone->getResult(0).setType(arguments.front().getType());
    return clone->getResult(0);
  }

  /// (results so far, which of them are to be replaced, operands) -> results,
  /// one function in a module for each type: code that hardly ever runs is out
  /// of the way.
  func::FuncOp forLanes(VectorType type) {
    std::string name;
    llvm::raw_string_ostream(name)
        << "tfc." << function->getName().stripDialect()
        << (complete ? ".rare." : ".") << type.getNumElements() << "x"
        << type.getElementType();
    if (auto known = module.lookupSymbol<func::FuncOp>(name))
      return known;
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(module.getBody());
    SmallVector<Type> types{type, fast.isBeyond.getType()};
    llvm::append_range(types, function->getOperandTypes());
    auto made = func::FuncOp::create(b, name, b.getFunctionType(types, type));
    made.setPrivate();
    made->setAttr("llvm.linkage", LLVM::LinkageAttr::get(
                                      b.getContext(), LLVM::Linkage::Internal));
    made->setAttr("passthrough", b.getStrArrayAttr({"noinline", "cold"}));
    Block *body = made.addEntryBlock();
    b.setInsertionPointToStart(body);
    if (complete) {
      Value all = complete(b, body->getArguments().drop_front(2));
      Value chosen = arith::SelectOp::create(b, body->getArgument(1), all,
                                             body->getArgument(0));
      func::ReturnOp::create(b, chosen);
      return made;
    }
    auto constant = [&](int64_t n) {
      return arith::ConstantIndexOp::create(b, n).getResult();
    };
    auto loop =
        scf::ForOp::create(b, constant(0), constant(type.getNumElements()),
                           constant(1), body->getArgument(0));
    func::ReturnOp::create(b, loop.getResult(0));
    b.setInsertionPointToStart(loop.getBody());
    Value lane = loop.getInductionVar(), now = loop.getRegionIterArg(0);
    auto at = [&](Value vector) {
      return vector::ExtractOp::create(b, vector, ArrayRef<OpFoldResult>{lane})
          .getResult();
    };
    Value next = choose(at(body->getArgument(1)), now, [&] {
      SmallVector<Value> operands;
      for (Value vector : body->getArguments().drop_front(2))
        operands.push_back(at(vector));
      Value exact = call(operands);
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
  Partial fast;
  Complete complete;
};

struct ExpandPeriodicPass
    : tfc::impl::ExpandPeriodicPassBase<ExpandPeriodicPass> {
  using ExpandPeriodicPassBase::ExpandPeriodicPassBase;

  void runOnOperation() override {
    SmallVector<Operation *> found, quotients;
    getOperation()->walk([&](Operation *op) {
      if (expansionOf(op) && isa<math::PowFOp>(op))
        found.push_back(op);
      if (isa<math::SinOp, math::CosOp, math::TanOp, arith::RemFOp>(op) &&
          isSupported(op->getResult(0).getType()))
        found.push_back(op);
    });
    getOperation()->walk([&](Operation *op) {
      if (isa<arith::DivSIOp, arith::DivUIOp>(op) && isNarrowQuotient(op))
        quotients.push_back(op);
    });
    for (Operation *op : quotients) {
      OpBuilder builder(op);
      op->replaceAllUsesWith(ValueRange{divideFloats(builder, op)});
      op->erase();
    }
    if (fma)
      multiplyByReciprocals(getOperation());
    for (Operation *op : found) {
      OpBuilder builder(op);
      // Programs that may not contract have the same bits on machines that have
      // no such instruction.
      bool isShort = fma && contract && isa<math::SinOp, math::CosOp>(op) &&
                     getElementTypeOrSelf(op->getResult(0).getType()).isF32();
      Value value = isa<math::PowFOp>(op) ? expandPower(builder, op)
                    : isShort             ? expandShortPeriodic(builder, op)
                                          : expandWithCalls(builder, op);
      op->replaceAllUsesWith(ValueRange{value});
      op->erase();
    }
    if (avx512)
      getOperation()->walk([&](Operation *op) {
        if (!isa<arith::MaximumFOp, arith::MinimumFOp>(op))
          return;
        OpBuilder builder(op);
        if (Value value = wideExtreme(builder, op)) {
          op->replaceAllUsesWith(ValueRange{value});
          op->erase();
        }
      });
    getOperation()->walk([&](Operation *op) {
      OpBuilder builder(op);
      Value value = lowerInstruction(builder, op);
      if (!value)
        return;
      op->replaceAllUsesWith(ValueRange{value});
      op->erase();
    });
  }

  /// An op of which AVX-512 has an instruction; null of any other.
  Value lowerInstruction(OpBuilder &builder, Operation *op) {
    if (auto scaled = dyn_cast<tfc::rt::ScalbOp>(op)) {
      if (Value value = wideScalb(builder, scaled))
        return value;
      Writer writer(builder, op->getLoc(), scaled.getType(), {}, contract);
      return writer.timesPowerOfTwo(scaled.getX(), scaled.getN());
    }
    if (auto lookup = dyn_cast<tfc::rt::LookupOp>(op))
      return wideLookup(builder, lookup);
    return {};
  }

  Writer writerFor(OpBuilder &builder, Operation *op) {
    return Writer(builder, op->getLoc(), op->getResult(0).getType(),
                  {fma, avx512}, contract);
  }

  Value expandWithCalls(OpBuilder &builder, Operation *op) {
    Writer writer = writerFor(builder, op);
    Value x = op->getOperand(0);
    Partial fast = isa<arith::RemFOp>(op)
                       ? expandRemainder(writer, x, op->getOperand(1))
                   : isa<math::SinOp>(op) ? expandSin(writer, x)
                   : isa<math::CosOp>(op) ? expandCos(writer, x)
                                          : expandTan(writer, x);
    return Completion(getOperation(), op, fast).build();
  }

  /// In f32; vectors with larger arguments go through f64, as the others do.
  Value expandShortPeriodic(OpBuilder &builder, Operation *op) {
    Writer writer = writerFor(builder, op);
    Value x = op->getOperand(0);
    auto complete = [&](OpBuilder &inside, ValueRange operands) {
      Operation *whole = inside.clone(*op);
      whole->setOperands(operands);
      OpBuilder before(whole);
      Value value = expandWithCalls(before, whole);
      whole->erase();
      return value;
    };
    Partial fast = isa<math::SinOp>(op) ? expandShortSin(writer, x)
                                        : expandShortCos(writer, x);
    return Completion(getOperation(), op, fast, complete).build();
  }

  Value expandPower(OpBuilder &builder, Operation *op) {
    Writer writer = writerFor(builder, op);
    Value x = op->getOperand(0), y = op->getOperand(1);
    Type type = op->getResult(0).getType();
    if (!isa<VectorType>(type) || !isSupported(type) ||
        !hasRareArguments(op, fma))
      return expandPow(writer, x, y);
    auto complete = [&](OpBuilder &inside, ValueRange operands) {
      Writer w = writerFor(inside, op);
      return expandPow(w, operands[0], operands[1]);
    };
    return Completion(getOperation(), op, expandOrdinaryPow(writer, x, y),
                      complete)
        .build();
  }

  static bool isSupported(Type type) {
    Type element = getElementTypeOrSelf(type);
    auto vector = dyn_cast<VectorType>(type);
    return (element.isF32() || element.isF64()) &&
           (!vector || (vector.getRank() == 1 && !vector.isScalable()));
  }
};

} // namespace
