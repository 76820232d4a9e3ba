//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "tfc/Dialect/TFCRT/Transforms/Aliases.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
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
  if (auto loop = dyn_cast<LoopLikeOpInterface>(op)) {
    if (BlockArgument argument = loop.getTiedLoopRegionIterArg(&use))
      add(argument);
    // Not only the tied result: a while loop's results come from its condition.
    for (Value result : op->getResults())
      add(result);
    return;
  }
  if (op->hasTrait<OpTrait::IsTerminator>()) {
    Operation *parent = op->getParentOp();
    for (Value result : parent->getResults())
      add(result);
    for (Region &region : parent->getRegions())
      for (BlockArgument argument : region.getArguments())
        if (isa<LoopLikeOpInterface>(parent))
          add(argument);
    return;
  }
  for (Value result : op->getResults())
    add(result);
}
