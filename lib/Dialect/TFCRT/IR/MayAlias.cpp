//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "tfc/Dialect/TFCRT/IR/MayAlias.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "tfc/Dialect/TFCRT/IR/SharedGroup.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"

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

bool tfc::rt::mayAlias(Value root, Value other) {
  Value x = identity(root), y = identity(other);
  return root == other || !x || !y || x == y;
}
