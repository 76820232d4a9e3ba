//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// A network of fifty equal layers has fifty equal loop nests, and code
// generation takes most of the time of a compilation: what is equal becomes one
// function and calls of it.
//
// Two nests are equal if they have the same ops, attributes and types, and what
// they take from outside corresponds one to one; constants are compared by
// value. Nests are looked at once each, and compared with those of their hash
// only.
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/OperationSupport.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"
#include "tfc/Dialect/TFCRT/Transforms/Body.h"
#include "tfc/Dialect/TFCRT/Transforms/Passes.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

namespace tfc::rt {
#define GEN_PASS_DEF_TFCSHARELOOPSPASS
#include "tfc/Dialect/TFCRT/Transforms/Passes.h.inc"
} // namespace tfc::rt

using namespace mlir;

namespace {

bool isInside(Value value, Operation *nest) {
  return nest->isAncestor(value.getParentBlock()->getParentOp());
}

Attribute constantOf(Value value) {
  auto constant = value.getDefiningOp<arith::ConstantOp>();
  return constant ? Attribute(constant.getValue()) : Attribute();
}

/// What a nest takes from outside, in order of its first use, without
/// constants.
llvm::SetVector<Value> capturesOf(Operation *nest) {
  llvm::SetVector<Value> captures;
  nest->walk<WalkOrder::PreOrder>([&](Operation *op) {
    for (Value operand : op->getOperands())
      if (!isInside(operand, nest) && !constantOf(operand))
        captures.insert(operand);
  });
  return captures;
}

/// Of names, attributes and types, not of values.
llvm::hash_code hashOf(Operation *nest) {
  llvm::hash_code hash = 0;
  nest->walk<WalkOrder::PreOrder>([&](Operation *op) {
    auto one = OperationEquivalence::computeHash(
        op, OperationEquivalence::ignoreHashValue,
        OperationEquivalence::ignoreHashValue,
        OperationEquivalence::IgnoreLocations);
    hash = llvm::hash_combine(hash, one);
  });
  return hash;
}

/// Compares two nests, and pairs what they take from outside.
class Comparison {
public:
  Comparison(Operation *one, Operation *other) : one(one), other(other) {}

  bool areEqual() { return equal(one, other); }

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

  Operation *one, *other;
  DenseMap<Value, Value> pairs, backwards;
};

/// Loops without results, and nothing in them that needs the function around:
/// memory, exits, other threads.
bool isShareable(scf::ForOp nest) {
  if (nest.getNumResults())
    return false;
  return !nest->walk([](Operation *op) {
                bool needsBody =
                    isa<memref::AllocOp, memref::DeallocOp, func::CallOp>(op) ||
                    isa<tfc::rt::TFCRTDialect>(op->getDialect());
                return needsBody ? WalkResult::interrupt()
                                 : WalkResult::advance();
              })
              .wasInterrupted();
}

int64_t sizeOf(Operation *nest) {
  int64_t size = 0;
  nest->walk([&](Operation *) { ++size; });
  return size;
}

using Nests = SmallVector<Operation *>;

struct ShareLoops : public tfc::rt::impl::TFCShareLoopsPassBase<ShareLoops> {
  using tfc::rt::impl::TFCShareLoopsPassBase<ShareLoops>::TFCShareLoopsPassBase;

  /// The outermost shareable nests, by what they look like.
  SmallVector<Nests> findEqual() {
    llvm::MapVector<size_t, SmallVector<Nests>> classes;
    getOperation()->walk<WalkOrder::PreOrder>([&](scf::ForOp nest) {
      if (!isShareable(nest))
        return WalkResult::advance();
      SmallVector<Nests> &candidates = classes[hashOf(nest)];
      auto found = llvm::find_if(candidates, [&](Nests &nests) {
        return Comparison(nests[0], nest).areEqual();
      });
      if (found == candidates.end())
        candidates.push_back({nest});
      else
        found->push_back(nest);
      return WalkResult::skip();
    });
    SmallVector<Nests> result;
    for (auto &[hash, candidates] : classes)
      for (Nests &nests : candidates)
        if (int64_t(nests.size() - 1) * sizeOf(nests[0]) >= minSaved)
          result.push_back(std::move(nests));
    return result;
  }

  func::FuncOp makeFunction(Operation *nest, ValueRange captures,
                            int64_t number) {
    OpBuilder builder(&getContext());
    builder.setInsertionPointToEnd(getOperation().getBody());
    std::string name = "tfc.loops." + std::to_string(number);
    auto type = builder.getFunctionType(TypeRange(captures), {});
    auto function = func::FuncOp::create(builder, nest->getLoc(), name, type);
    function.setPrivate();
    function->setAttr("llvm.linkage", LLVM::LinkageAttr::get(&getContext(),
                                                 LLVM::Linkage::Internal));
    // Where it is called once a layer, LLVM would copy it back.
    function->setAttr("passthrough", builder.getStrArrayAttr({"noinline"}));
    builder.setInsertionPointToStart(function.addEntryBlock());
    IRMapping mapping;
    mapping.map(captures, function.getArguments());
    nest->walk([&](Operation *op) {
      for (Value operand : op->getOperands())
        if (!isInside(operand, nest) && constantOf(operand) &&
            !mapping.contains(operand))
          mapping.map(operand,
                      builder.clone(*operand.getDefiningOp())->getResult(0));
    });
    builder.clone(*nest, mapping);
    func::ReturnOp::create(builder, nest->getLoc());
    return function;
  }

  void runOnOperation() override {
    int64_t number = 0;
    for (Nests &nests : findEqual()) {
      func::FuncOp function =
          makeFunction(nests[0], capturesOf(nests[0]).getArrayRef(), number++);
      for (Operation *nest : nests) {
        OpBuilder builder(nest);
        func::CallOp::create(builder, nest->getLoc(), function,
                             capturesOf(nest).getArrayRef());
        nest->erase();
      }
    }
  }
};

} // namespace
