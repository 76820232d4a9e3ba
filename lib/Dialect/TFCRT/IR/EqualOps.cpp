//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "tfc/Dialect/TFCRT/IR/EqualOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/OperationSupport.h"

using namespace mlir;
using namespace tfc::rt;

using Ops = ArrayRef<Operation *>;

static Attribute constantOf(Value value) {
  auto constant = value.getDefiningOp<arith::ConstantOp>();
  return constant ? Attribute(constant.getValue()) : Attribute();
}

static void walk(Ops ops, llvm::function_ref<void(Operation *)> visit) {
  for (Operation *op : ops)
    op->walk<WalkOrder::PreOrder>(visit);
}

/// Calls back with each operand that comes from outside.
static void forOutside(Ops ops, llvm::function_ref<void(Value)> visit) {
  llvm::SmallPtrSet<Operation *, 8> tops(ops.begin(), ops.end());
  Block *home = ops.front()->getBlock();
  auto isInside = [&](Value value) {
    Operation *definition = value.getDefiningOp();
    Operation *holder =
        definition ? definition : value.getParentBlock()->getParentOp();
    Operation *top = holder ? home->findAncestorOpInBlock(*holder) : nullptr;
    return top && tops.contains(top);
  };
  walk(ops, [&](Operation *op) {
    for (Value operand : op->getOperands())
      if (!isInside(operand))
        visit(operand);
  });
}

llvm::SetVector<Value> tfc::rt::capturesOf(Ops ops) {
  llvm::SetVector<Value> captures;
  forOutside(ops, [&](Value value) {
    if (!constantOf(value))
      captures.insert(value);
  });
  return captures;
}

/// Of names, attributes and types, not of values.
static size_t hashOf(Ops ops) {
  llvm::hash_code hash = 0;
  walk(ops, [&](Operation *op) {
    auto one = OperationEquivalence::computeHash(
        op, OperationEquivalence::ignoreHashValue,
        OperationEquivalence::ignoreHashValue,
        OperationEquivalence::IgnoreLocations);
    hash = llvm::hash_combine(hash, one);
  });
  return hash;
}

namespace {

/// Compares two lists, and pairs what they take from outside.
class Comparison {
public:
  bool equal(Ops x, Ops y) {
    return x.size() == y.size() &&
           llvm::all_of(llvm::zip(x, y), [&](auto both) {
             return equal(std::get<0>(both), std::get<1>(both));
           });
  }

private:
  bool pair(Value x, Value y) {
    if (x.getType() != y.getType())
      return false;
    auto [there, isNew] = pairs.try_emplace(x, y);
    auto [back, isNewBack] = backwards.try_emplace(y, x);
    return there->second == y && back->second == x;
  }

  /// What is defined inside has been paired where it is defined.
  bool equal(Value x, Value y) {
    if (auto known = pairs.find(x); known != pairs.end())
      return known->second == y;
    if (Attribute constant = constantOf(x))
      return constant == constantOf(y);
    return !constantOf(y) && pair(x, y);
  }

  bool equal(Operation *x, Operation *y) {
    if (x->getName() != y->getName() ||
        x->getNumOperands() != y->getNumOperands() ||
        x->getNumRegions() != y->getNumRegions() ||
        x->getResultTypes() != y->getResultTypes() ||
        x->getDiscardableAttrDictionary() !=
            y->getDiscardableAttrDictionary() ||
        !x->getName().compareOpProperties(x->getPropertiesStorage(),
                                          y->getPropertiesStorage()))
      return false;
    for (auto [a, b] : llvm::zip(x->getOperands(), y->getOperands()))
      if (!equal(a, b))
        return false;
    for (auto [a, b] : llvm::zip(x->getResults(), y->getResults()))
      if (!pair(a, b))
        return false;
    for (auto [a, b] : llvm::zip(x->getRegions(), y->getRegions()))
      if (!equal(a, b))
        return false;
    return true;
  }

  bool equal(Region &x, Region &y) {
    if (x.getBlocks().size() != y.getBlocks().size())
      return false;
    for (auto [a, b] : llvm::zip(x, y)) {
      if (a.getNumArguments() != b.getNumArguments() ||
          a.getOperations().size() != b.getOperations().size())
        return false;
      for (auto [p, q] : llvm::zip(a.getArguments(), b.getArguments()))
        if (!pair(p, q))
          return false;
      for (auto [p, q] : llvm::zip(a, b))
        if (!equal(&p, &q))
          return false;
    }
    return true;
  }

  DenseMap<Value, Value> pairs, backwards;
};

} // namespace

void EqualOps::add(OpList ops) {
  SmallVector<size_t> &candidates = byHash[hashOf(ops)];
  for (size_t number : candidates)
    if (Comparison().equal(classes[number].front(), ops))
      return classes[number].push_back(std::move(ops));
  candidates.push_back(classes.size());
  classes.emplace_back().push_back(std::move(ops));
}

SmallVector<SmallVector<OpList>> EqualOps::take() {
  byHash.clear();
  return std::move(classes);
}

func::FuncOp tfc::rt::makeFunction(ModuleOp module, StringRef name, Ops ops) {
  MLIRContext *context = module.getContext();
  Location loc = ops.back()->getLoc();
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  llvm::SetVector<Value> captures = capturesOf(ops);
  auto type = builder.getFunctionType(
      TypeRange(ValueRange(captures.getArrayRef())), {});
  auto function = func::FuncOp::create(builder, loc, name, type);
  function.setPrivate();
  function->setAttr("llvm.linkage",
                    LLVM::LinkageAttr::get(context, LLVM::Linkage::Internal));
  // Where it is called once a layer, LLVM would copy it back.
  function->setAttr("passthrough", builder.getStrArrayAttr({"noinline"}));
  builder.setInsertionPointToStart(function.addEntryBlock());
  IRMapping mapping;
  mapping.map(captures.getArrayRef(), function.getArguments());
  forOutside(ops, [&](Value value) {
    if (!mapping.contains(value))
      mapping.map(value, builder.clone(*value.getDefiningOp())->getResult(0));
  });
  for (Operation *op : ops)
    builder.clone(*op, mapping);
  func::ReturnOp::create(builder, loc);
  return function;
}
