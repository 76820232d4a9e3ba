//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "tfc/Dialect/TFCRT/Transforms/Aliases.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/LoopLikeInterface.h"

using namespace mlir;
using namespace tfc::rt;

void Aliases::add(Value value) {
  if (isa<TensorType>(value.getType()))
    values.insert(value);
}

void Aliases::follow(OpOperand &use) {
  Operation *op = use.getOwner();
  if (isa<bufferization::AllocTensorOp, tensor::DimOp, tensor::ExtractOp>(op))
    return;
  // A place that turns out to be impossible is forgotten: the value stays where
  // it is.
  if (isa<bufferization::MaterializeInDestinationOp>(op)) {
    for (Value result : op->getResults())
      add(result);
    return;
  }
  if (auto destination = dyn_cast<DestinationStyleOpInterface>(op)) {
    if (destination.isDpsInit(&use) && op->getNumResults())
      add(destination.getTiedOpResult(&use));
    return;
  }
  unsigned number = use.getOperandNumber();
  if (auto loop = dyn_cast<scf::ForOp>(op)) {
    if (BlockArgument argument = loop.getTiedLoopRegionIterArg(&use)) {
      add(argument);
      add(loop.getTiedLoopResult(&use));
    }
    return;
  }
  if (auto loop = dyn_cast<scf::WhileOp>(op)) {
    add(loop.getBeforeArguments()[number]);
    return;
  }
  if (isa<scf::ConditionOp>(op) && number > 0) {
    auto loop = cast<scf::WhileOp>(op->getParentOp());
    add(loop.getAfterArguments()[number - 1]);
    add(loop.getResult(number - 1));
    return;
  }
  if (isa<scf::YieldOp>(op)) {
    Operation *parent = op->getParentOp();
    if (auto loop = dyn_cast<scf::WhileOp>(parent)) {
      add(loop.getBeforeArguments()[number]);
      return;
    }
    if (isa<scf::ForOp, scf::IfOp>(parent)) {
      if (auto loop = dyn_cast<scf::ForOp>(parent))
        add(loop.getRegionIterArg(number));
      add(parent->getResult(number));
      return;
    }
  }
  if (op->hasTrait<OpTrait::IsTerminator>() || isa<LoopLikeOpInterface>(op)) {
    Operation *whole = isa<LoopLikeOpInterface>(op) ? op : op->getParentOp();
    for (Value result : whole->getResults())
      add(result);
    for (Region &region : whole->getRegions())
      for (BlockArgument argument : region.getArguments())
        add(argument);
    return;
  }
  for (Value result : op->getResults())
    add(result);
}
