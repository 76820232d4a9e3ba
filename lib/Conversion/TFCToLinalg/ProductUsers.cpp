//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// What is done with a product comes right after it.
//
// A training step computes all gradients and then updates all variables: each
// gradient would be stored, and read again when other products have passed. An
// elementwise op that is all that reads a product moves up to it, with what it
// reads, and becomes part of its tiles (`v -= rate * (x^T y)` is one pass over
// the variable). It stays where it is if something has to happen before, or if
// what it may overwrite is read in between or later.
//
// Products of 16-bit floats are summed up in f32. Rounding their sums is an op
// of its own: so what follows is computed with it, where the sums are, and not
// from a tensor that has been rounded.
//
// Products of bfloat16 that has been cast to f32, or of bytes cast to 32 bits,
// are exactly what instructions for pairs and fours of them compute. They read
// what the casts read.
//===----------------------------------------------------------------------===//

#include "ProductUsers.h"
#include "Rows.h"
#include "Windows.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "tfc/Dialect/TFC/IR/TFC.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace tfc;

/// Is the value there when `op` has been done?
static bool isThere(Value value, Operation *op) {
  Operation *made = value.getDefiningOp();
  return !made || made == op || made->getBlock() != op->getBlock() ||
         made->isBeforeInBlock(op);
}

/// Does nobody but `user` read the value after `op`?
static bool isReadLast(Value value, Operation *op, Operation *user) {
  return llvm::all_of(value.getUsers(), [&](Operation *other) {
    Operation *here = op->getBlock()->findAncestorOpInBlock(*other);
    return other == user || (here && (here == op || here->isBeforeInBlock(op)));
  });
}

/// The op that is all that reads the result of `op`, if it may come right after
/// it.
static Operation *onlyUser(Operation *op) {
  Value result = op->getResult(0);
  if (!result.hasOneUse())
    return nullptr;
  Operation *user = *result.user_begin();
  if (user->getBlock() != op->getBlock() || !user->hasTrait<TFCElementwise>() ||
      user->getNumResults() != 1 || user->getNumRegions())
    return nullptr;
  Type type = user->getResult(0).getType();
  auto shape = [](Type type) { return cast<ShapedType>(type); };
  if (!isa<RankedTensorType>(type) ||
      !isa<RankedTensorType>(result.getType()) ||
      shape(type).getShape() != shape(result.getType()).getShape())
    return nullptr;
  for (Operation *other = op->getNextNode(); other != user;
       other = other->getNextNode())
    if (!isMemoryEffectFree(other))
      return nullptr;
  bool fits = llvm::all_of(user->getOperands(), [&](Value operand) {
    auto whole = dyn_cast<RankedTensorType>(operand.getType());
    bool isSmall = !whole || whole.getShape() != shape(type).getShape();
    return operand == result ||
           (isThere(operand, op) && (isSmall || isReadLast(operand, op, user)));
  });
  return fits ? user : nullptr;
}

static bool isProduct(Operation *op) {
  return isa<MatmulOp, ConvOp, ConvInputGradOp, ConvFilterGradOp>(op);
}

void lowering::bringUsersToProducts(Region &region) {
  region.walk([](Operation *product) {
    if (!isProduct(product))
      return;
    for (Operation *op = product; Operation *user = onlyUser(op); op = user)
      user->moveAfter(op);
  });
}

/// What `cast` in front of other ops that only move elements reads, moved in
/// the same way; null if there is no cast from a type that `isPart` likes.
static Value beforeCast(OpBuilder &builder, Value value,
                        llvm::function_ref<bool(Type)> isPart) {
  Operation *op = value.getDefiningOp();
  if (auto cast = dyn_cast_or_null<CastOp>(op)) {
    Value from = cast->getOperand(0);
    auto type = dyn_cast<RankedTensorType>(from.getType());
    return type && isPart(type.getElementType()) ? from : Value();
  }
  if (!isa_and_present<TransposeOp, ReshapeOp>(op) ||
      !isa<RankedTensorType>(value.getType()))
    return {};
  Value from = beforeCast(builder, op->getOperand(0), isPart);
  if (!from)
    return {};
  IRMapping mapping;
  mapping.map(op->getOperand(0), from);
  Operation *moved = builder.clone(*op, mapping);
  Type element = cast<ShapedType>(from.getType()).getElementType();
  moved->getResult(0).setType(cast<ShapedType>(value.getType()).clone(element));
  return moved->getResult(0);
}

void lowering::multiplyBeforeCasts(Region &region, bool reassociate) {
  constexpr int64_t leastSize = 16, leastDepth = 32;
  region.walk([&](MatmulOp product) {
    auto result = dyn_cast<RankedTensorType>(product.getType()),
         left = dyn_cast<RankedTensorType>(product.getX().getType());
    if (!result || !left || isForDevice(product))
      return;
    Type sum = result.getElementType();
    if (left.getElementType() != sum)
      return;
    auto isPart = [&](Type type) {
      if (sum.isInteger(32))
        return type.isInteger(8);
      return reassociate && sum.isF32() && type.isBF16();
    };
    auto isSmall = [](RankedTensorType type, unsigned fromEnd, int64_t least) {
      int64_t size = type.getDimSize(type.getRank() - fromEnd);
      return !ShapedType::isDynamic(size) && size < least;
    };
    if (left.getRank() < 2 || result.getRank() < 2 ||
        isSmall(result, 1, leastSize) || isSmall(result, 2, leastSize) ||
        isSmall(left, product.getTransposeX() ? 2 : 1, leastDepth))
      return;
    OpBuilder builder(product);
    Value x = beforeCast(builder, product.getX(), isPart);
    Value y = x ? beforeCast(builder, product.getY(), isPart) : Value();
    if (!y)
      return;
    // What leads to the casts, and those themselves: operands may share it.
    llvm::SetVector<Operation *> passed;
    for (Value value : {product.getX(), product.getY()})
      for (bool isCast = false; !isCast; value = passed.back()->getOperand(0)) {
        Operation *op = value.getDefiningOp();
        isCast = isa<CastOp>(op);
        passed.remove(op);
        passed.insert(op);
      }
    product->setOperands({x, y});
    for (Operation *op : passed)
      if (op->use_empty())
        op->erase();
  });
}

void lowering::roundBehindProducts(Region &region) {
  region.walk([](Operation *product) {
    if (!isProduct(product) || isForDevice(product))
      return;
    Value result = product->getResult(0);
    auto rounded = cast<ShapedType>(result.getType());
    Type sum = sumType(rounded.getElementType());
    if (sum == rounded.getElementType())
      return;
    OpBuilder builder(product);
    builder.setInsertionPointAfter(product);
    result.setType(rounded.clone(sum));
    auto cast = CastOp::create(builder, product->getLoc(), rounded, result);
    result.replaceAllUsesExcept(cast, cast);
  });
}
