//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "tfc/Dialect/TFCRT/IR/MayAlias.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "tfc/Dialect/TFCRT/IR/SharedGroup.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"
#include "llvm/ADT/DenseSet.h"

using namespace mlir;
using namespace tfc::rt;

/// The memory that the value stands for, if that is known: two different ones
/// share nothing.
static Value identity(Value root) {
  Operation *definition = root.getDefiningOp();
  if (isa_and_present<memref::AllocOp, memref::AllocaOp, memref::GetGlobalOp>(
          definition))
    return root;
  if (auto argument = dyn_cast<BlockArgument>(root)) {
    auto function = dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp());
    bool distinct = function && function.getArgAttr(argument.getArgNumber(),
                                                    SharedGroup::distinct);
    return distinct ? root : Value();
  }
  auto bind = dyn_cast_or_null<BindOp>(definition);
  if (!bind)
    return {};
  auto argument = dyn_cast<BlockArgument>(bind.getPointer());
  return argument && isa<func::FuncOp>(argument.getOwner()->getParentOp())
             ? bind.getPointer()
             : Value();
}

//===----------------------------------------------------------------------===//
// Loops whose buffers take turns
//===----------------------------------------------------------------------===//

static SmallVector<Value> buffersOf(ValueRange values) {
  return llvm::filter_to_vector(
      values, [](Value value) { return isa<BaseMemRefType>(value.getType()); });
}

/// Are all buffers that `next` passes on arguments of `block`, each one once?
static bool onlyChangesPlaces(ValueRange next, Block *block) {
  SmallVector<Value> buffers = buffersOf(next);
  llvm::SmallDenseSet<Value> seen;
  return llvm::all_of(buffers, [&](Value buffer) {
    auto argument = dyn_cast<BlockArgument>(buffer);
    return argument && argument.getOwner() == block &&
           seen.insert(buffer).second;
  });
}

/// The buffers that a loop starts with, if each iteration gives the next one
/// the same in another order.
static std::optional<SmallVector<Value>> startsOf(Operation *op) {
  auto rootsOf = [](ValueRange inits) {
    SmallVector<Value> roots = buffersOf(inits);
    for (Value &root : roots)
      while (auto view = root.getDefiningOp<ViewLikeOpInterface>())
        root = view.getViewSource();
    return roots;
  };
  if (auto loop = dyn_cast_or_null<scf::ForOp>(op);
      loop && onlyChangesPlaces(loop.getYieldedValues(), loop.getBody()))
    return rootsOf(loop.getInits());
  if (auto loop = dyn_cast_or_null<scf::WhileOp>(op);
      loop &&
      onlyChangesPlaces(loop.getConditionOp().getArgs(),
                        loop.getBeforeBody()) &&
      onlyChangesPlaces(loop.getYieldedValues(), loop.getAfterBody()))
    return rootsOf(loop.getInits());
  return std::nullopt;
}

/// What `root` may be, as identities; false if that is not known.
static bool collectIdentities(Value root, llvm::SmallDenseSet<Value> &found) {
  if (Value known = identity(root)) {
    found.insert(known);
    return true;
  }
  auto argument = dyn_cast<BlockArgument>(root);
  auto starts = startsOf(argument ? argument.getOwner()->getParentOp()
                                  : root.getDefiningOp());
  return starts && llvm::all_of(*starts, [&](Value start) {
           return collectIdentities(start, found);
         });
}

/// Two variables of a loop that starts with buffers which share nothing.
static bool takeTurns(Value root, Value other) {
  auto x = dyn_cast<BlockArgument>(root), y = dyn_cast<BlockArgument>(other);
  if (!x || !y || x == y || x.getOwner() != y.getOwner())
    return false;
  auto starts = startsOf(x.getOwner()->getParentOp());
  if (!starts)
    return false;
  for (size_t i = 0; i < starts->size(); ++i)
    for (size_t j = 0; j < i; ++j)
      if (mayAlias((*starts)[i], (*starts)[j]))
        return false;
  return true;
}

bool tfc::rt::mayAlias(Value root, Value other) {
  if (root == other)
    return true;
  if (takeTurns(root, other))
    return false;
  llvm::SmallDenseSet<Value> some, others;
  if (!collectIdentities(root, some) || !collectIdentities(other, others))
    return true;
  return llvm::any_of(some,
                      [&](Value value) { return others.contains(value); });
}
