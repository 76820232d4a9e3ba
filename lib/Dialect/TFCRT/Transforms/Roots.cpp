//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "tfc/Dialect/TFCRT/Transforms/Roots.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "tfc/Dialect/TFCRT/IR/SharedGroup.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"

using namespace mlir;
using namespace tfc::rt;

void Roots::visitArgument(BlockArgument argument) {
  Operation *parent = argument.getOwner()->getParentOp();
  if (auto loop = dyn_cast<scf::ForOp>(parent)) {
    unsigned index = argument.getArgNumber() - 1;
    add(loop.getInitArgs(), index);
    add(loop.getYieldedValues(), index);
  } else if (auto loop = dyn_cast<scf::WhileOp>(parent)) {
    unsigned index = argument.getArgNumber();
    if (argument.getOwner() == loop.getBeforeBody()) {
      add(loop.getInits(), index);
      add(loop.getYieldedValues(), index);
    } else {
      add(loop.getConditionOp().getArgs(), index);
    }
  } else {
    auto function = dyn_cast<func::FuncOp>(parent);
    bool distinct = function && function.getArgAttr(argument.getArgNumber(),
                                                    SharedGroup::distinct);
    found.insert(distinct ? Root(argument) : Root());
    hasUnknown = true;
  }
}

void Roots::visit(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    return visitArgument(argument);
  auto result = cast<OpResult>(value);
  Operation *op = result.getOwner();
  unsigned index = result.getResultNumber();
  if (auto bind = dyn_cast<BindOp>(op)) {
    auto pointer = dyn_cast<BlockArgument>(bind.getPointer());
    auto function =
        pointer ? dyn_cast<func::FuncOp>(pointer.getOwner()->getParentOp())
                : func::FuncOp();
    bool distinct =
        function && function.getArgAttr(pointer.getArgNumber(), "llvm.noalias");
    found.insert(distinct ? Root(pointer) : Root());
    binds.insert(op);
  } else if (auto view = dyn_cast<ViewLikeOpInterface>(op)) {
    pending.insert(view.getViewSource());
  } else if (isa<memref::AllocOp, memref::AllocaOp, memref::GetGlobalOp>(op)) {
    found.insert(value);
  } else if (auto loop = dyn_cast<scf::ForOp>(op)) {
    add(loop.getInitArgs(), index);
    add(loop.getYieldedValues(), index);
  } else if (auto loop = dyn_cast<scf::WhileOp>(op)) {
    add(loop.getConditionOp().getArgs(), index);
  } else if (auto branch = dyn_cast<scf::IfOp>(op)) {
    add(branch.thenYield().getOperands(), index);
    add(branch.elseYield().getOperands(), index);
  } else if (auto select = dyn_cast<arith::SelectOp>(op)) {
    pending.insert(select.getTrueValue());
    pending.insert(select.getFalseValue());
  } else {
    found.insert(Root());
    hasUnknown = true;
  }
}

/// What `op`, inside of `top`, touches. Memory that `top` makes is nobody
/// else's business.
static void collectTouched(Operation *op, Operation *top, Touched &touched) {
  auto add = [&](Root root, bool write) {
    Operation *maker = root ? root.getDefiningOp() : nullptr;
    if (!maker || !top->isProperAncestor(maker))
      touched[root] |= write;
  };
  if (auto interface = dyn_cast<MemoryEffectOpInterface>(op)) {
    SmallVector<MemoryEffects::EffectInstance> instances;
    interface.getEffects(instances);
    for (auto &instance : instances) {
      if (isa<MemoryEffects::Allocate>(instance.getEffect()))
        continue;
      bool write = !isa<MemoryEffects::Read>(instance.getEffect());
      Value value = instance.getValue();
      if (!value || !isa<MemRefType>(value.getType())) {
        add(Root(), write);
        continue;
      }
      for (Root root : Roots(value).found)
        add(root, write);
    }
  } else if (auto writes =
                 op->getAttrOfType<DenseBoolArrayAttr>(SharedGroup::writes)) {
    for (auto [operand, write] :
         llvm::zip(op->getOperands(), writes.asArrayRef()))
      if (isa<MemRefType>(operand.getType()))
        for (Root root : Roots(operand).found)
          add(root, write);
  } else if (!op->hasTrait<OpTrait::HasRecursiveMemoryEffects>()) {
    add(Root(), true);
  }
  for (Region &region : op->getRegions())
    for (Block &block : region)
      for (Operation &nested : block)
        collectTouched(&nested, top, touched);
}

Touched tfc::rt::touchedBy(Operation *op) {
  Touched touched;
  collectTouched(op, op, touched);
  return touched;
}
