//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Small rewrites that several passes share.
//===----------------------------------------------------------------------===//

#include "tfc/Dialect/TFC/Transforms/Utils.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tfc;

//===----------------------------------------------------------------------===//
// Tokens
//===----------------------------------------------------------------------===//

bool tfc::takesTokens(Operation *op) {
  return isa<ReadVariableOp, AssignVariableOp, PrintOp, AssertOp, HostCallOp,
             IfOp, WhileOp, CallOp>(op);
}

ValueRange tfc::getTokens(Operation *op) {
  return TypeSwitch<Operation *, ValueRange>(op)
      .Case<ReadVariableOp, AssignVariableOp, PrintOp, AssertOp, HostCallOp,
            IfOp, WhileOp, CallOp>(
          [](auto effect) { return ValueRange(effect.getAfter()); })
      .Default(ValueRange());
}

void tfc::setTokens(Operation *op, ValueRange tokens) {
  TypeSwitch<Operation *>(op)
      .Case<ReadVariableOp, AssignVariableOp, PrintOp, AssertOp, HostCallOp,
            IfOp, WhileOp, CallOp>(
          [&](auto effect) { effect.getAfterMutable().assign(tokens); });
}

Value tfc::getToken(Operation *op) {
  return takesTokens(op) ? Value(op->getResults().back()) : Value();
}

//===----------------------------------------------------------------------===//
// Regions
//===----------------------------------------------------------------------===//

void tfc::addYields(Block &block, ValueRange values) {
  Operation *yield = block.getTerminator();
  yield->insertOperands(yield->getNumOperands(), values);
}

/// Hands regions and uses of `from` to `to`, which has more results before its
/// token.
static void moveInto(Operation *from, Operation *to) {
  to->setDiscardableAttrs(from->getDiscardableAttrDictionary());
  for (auto [source, target] : llvm::zip(from->getRegions(), to->getRegions()))
    target.takeBody(source);
  unsigned values = from->getNumResults() - 1;
  for (unsigned i = 0; i < values; ++i)
    from->getResult(i).replaceAllUsesWith(to->getResult(i));
  from->getResults().back().replaceAllUsesWith(to->getResults().back());
}

static SmallVector<Type> appended(ResultRange results, TypeRange types) {
  SmallVector<Type> all(results.getTypes());
  llvm::append_range(all, types);
  return all;
}

IfOp tfc::addResults(IfOp op, TypeRange types) {
  OpBuilder builder(op);
  auto copy =
      IfOp::create(builder, op.getLoc(), appended(op.getResults(), types),
                   op.getToken().getType(), op.getCondition(), op.getAfter());
  moveInto(op, copy);
  return copy;
}

WhileOp tfc::addLoopValues(WhileOp op, ValueRange inits, TypeRange types) {
  OpBuilder builder(op);
  SmallVector<Value> allInits(op.getInits());
  llvm::append_range(allInits, inits);
  auto copy =
      WhileOp::create(builder, op.getLoc(), appended(op.getResults(), types),
                      op.getToken().getType(), allInits, op.getAfter());
  moveInto(op, copy);
  return copy;
}

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

Type tfc::joinTypes(Type a, Type b) {
  if (a == b)
    return a;
  if (auto list = dyn_cast<ListType>(a))
    return ListType::get(cast<TensorType>(
        joinTypes(list.getElementType(), cast<ListType>(b).getElementType())));
  auto x = cast<TensorType>(a), y = cast<TensorType>(b);
  if (!x.hasRank() || !y.hasRank() || x.getRank() != y.getRank())
    return UnrankedTensorType::get(x.getElementType());
  SmallVector<int64_t> shape;
  for (auto [m, n] : llvm::zip(x.getShape(), y.getShape()))
    shape.push_back(m == n ? m : ShapedType::kDynamic);
  return RankedTensorType::get(shape, x.getElementType());
}

Type tfc::meetTypes(Type a, Type b) {
  if (a == b)
    return a;
  if (isa<ListType>(a) && isa<ListType>(b)) {
    Type element = meetTypes(cast<ListType>(a).getElementType(),
                             cast<ListType>(b).getElementType());
    return element ? ListType::get(cast<TensorType>(element)) : Type();
  }
  auto x = dyn_cast<TensorType>(a), y = dyn_cast<TensorType>(b);
  if (!x || !y || x.getElementType() != y.getElementType())
    return {};
  if (!x.hasRank())
    return b;
  if (!y.hasRank())
    return a;
  if (x.getRank() != y.getRank())
    return {};
  SmallVector<int64_t> shape;
  for (auto [m, n] : llvm::zip(x.getShape(), y.getShape())) {
    if (m != n && !ShapedType::isDynamic(m) && !ShapedType::isDynamic(n))
      return {};
    shape.push_back(ShapedType::isDynamic(m) ? n : m);
  }
  return RankedTensorType::get(shape, x.getElementType());
}

bool tfc::isSpecialCase(Type type, Type general) {
  if (type == general)
    return true;
  if (isa<ListType>(type) && isa<ListType>(general))
    return isSpecialCase(cast<ListType>(type).getElementType(),
                         cast<ListType>(general).getElementType());
  auto x = dyn_cast<TensorType>(type), y = dyn_cast<TensorType>(general);
  if (!x || !y || x.getElementType() != y.getElementType())
    return false;
  return joinTypes(type, general) == general;
}

Value tfc::castTo(OpBuilder &builder, Location loc, Value value, Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (value.getType() == type || !tensor)
    return value;
  return EnsureShapeOp::create(builder, loc, type, value,
                               builder.getDenseI64ArrayAttr(tensor.getShape()));
}

void tfc::replaceWithCast(Value old, Value value) {
  if (old.getType() == value.getType()) {
    old.replaceAllUsesWith(value);
    return;
  }
  OpBuilder builder(old.getContext());
  builder.setInsertionPointAfterValue(old);
  if (!isSpecialCase(value.getType(), old.getType()))
    return old.replaceAllUsesWith(
        castTo(builder, old.getLoc(), value, old.getType()));
  old.replaceUsesWithIf(value, [](OpOperand &use) {
    return isa_and_nonnull<TFCDialect>(use.getOwner()->getDialect());
  });
  if (!old.use_empty())
    old.replaceAllUsesWith(castTo(builder, old.getLoc(), value, old.getType()));
}

//===----------------------------------------------------------------------===//
// Snapshots
//===----------------------------------------------------------------------===//

TypeSnapshot::TypeSnapshot(Operation *op) : op(op) {
  forEachValue([&](Value value) { types.push_back(value.getType()); });
}

void TypeSnapshot::restore() {
  auto *next = types.begin();
  forEachValue([&](Value value) { value.setType(*next++); });
}

void TypeSnapshot::forEachValue(llvm::function_ref<void(Value)> visit) {
  for (Region &region : op->getRegions())
    region.walk<WalkOrder::PreOrder>([&](Block *block) {
      for (Value argument : block->getArguments())
        visit(argument);
      for (Operation &nested : *block)
        for (Value result : nested.getResults())
          visit(result);
    });
}
