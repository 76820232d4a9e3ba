//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Makes the trust of bufferization in `to_tensor restrict writable` true.
//
// Must run before anything that merges equal reads (CSE): to_tensor is pure, so
// a read before and one after an assignment look alike. It runs again after
// `tfc-reuse-operands`, which may have put more values into a variable's
// memory.
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"
#include "tfc/Dialect/TFCRT/Transforms/Aliases.h"
#include "tfc/Dialect/TFCRT/Transforms/Passes.h"
#include "llvm/ADT/MapVector.h"

namespace tfc::rt {
#define GEN_PASS_DEF_TFCGUARDVARIABLESPASS
#include "tfc/Dialect/TFCRT/Transforms/Passes.h.inc"
} // namespace tfc::rt

using namespace mlir;
using namespace mlir::bufferization;
using namespace tfc::rt;

namespace {

struct Variable {
  SmallVector<ToTensorOp> reads;
  SmallVector<MaterializeInDestinationOp> writes;
};

/// An abort later in its block: nothing outside the block runs after `op`.
AbortOp abortAfter(Operation *op) {
  for (Operation *next = op->getNextNode(); next; next = next->getNextNode())
    if (auto abort = dyn_cast<AbortOp>(next))
      return abort;
  return {};
}

/// May `op` run after `write`, in the lifetime of the value that `read` gave?
bool mayRunAfter(Operation *op, Operation *write, Operation *read) {
  if (abortAfter(write) && !write->getBlock()->findAncestorOpInBlock(*op))
    return false;
  for (Operation *loop = write->getParentOp(); loop; loop = loop->getParentOp())
    if (isa<LoopLikeOpInterface>(loop) && loop->isProperAncestor(op) &&
        !loop->isProperAncestor(read))
      return true;
  for (Operation *at = write; at; at = at->getParentOp())
    if (Operation *other = at->getBlock()->findAncestorOpInBlock(*op))
      return at != other && at->isBeforeInBlock(other);
  return true;
}

/// Copies a read's value where it is read, for all but the uses as it is.
void copyRead(ToTensorOp read) {
  OpBuilder builder(read);
  builder.setInsertionPointAfter(read);
  read.setWritable(false);
  SmallVector<Value> sizes;
  auto copy = AllocTensorOp::create(builder, read.getLoc(),
                                    cast<RankedTensorType>(read.getType()),
                                    sizes, read);
  read.getResult().replaceAllUsesExcept(copy, copy);
}

/// Is `value` the tensor or a part of it, in the same memory?
bool isPartOf(Value value, Value tensor) {
  while (value != tensor) {
    Operation *op = value.getDefiningOp();
    if (!isa_and_present<tensor::ExtractSliceOp, tensor::ExpandShapeOp,
                         tensor::CollapseShapeOp, tensor::CastOp>(op))
      return false;
    value = op->getOperand(0);
  }
  return true;
}

bool outlivesWrite(ToTensorOp read, const Variable &variable) {
  Aliases aliases(read);
  for (Value value : aliases.get())
    for (Operation *user : value.getUsers())
      for (MaterializeInDestinationOp write : variable.writes) {
        // After this very write the memory holds what it held before.
        if (user == write || isPartOf(value, write.getSource()) ||
            isa<tensor::DimOp>(user) || user->hasTrait<OpTrait::IsTerminator>())
          continue;
        if (mayRunAfter(user, write, read))
          return true;
      }
  return false;
}

class Guard {
public:
  explicit Guard(Operation *function) : function(function) {}

  void run() {
    function->walk([&](HostCallOp call) {
      for (Operation *op = call; op != function; op = op->getParentOp())
        callsHost.insert(op);
    });
    collect();
    for (auto &[memref, variable] : variables)
      forward(memref, variable);
    variables.clear();
    collect();
    for (auto &[memref, variable] : variables)
      guard(variable);
  }

private:
  void collect();
  void forward(Value memref, Variable &variable);
  void guard(Variable &variable);
  void keepForAborts(ToTensorOp read, const Variable &variable);

  Operation *function;
  llvm::MapVector<Value, Variable> variables;
  /// Calls of the host, and what is around them: they may write every variable.
  llvm::DenseSet<Operation *> callsHost;
};

void Guard::collect() {
  auto isResult = [](Value memref) {
    Operation *bind = memref.getDefiningOp();
    return bind && bind->hasAttr("result");
  };
  function->walk([&](Operation *op) {
    if (auto read = dyn_cast<ToTensorOp>(op);
        read && read.getWritable() && !isResult(read.getBuffer()))
      variables[read.getBuffer()].reads.push_back(read);
    auto write = dyn_cast<MaterializeInDestinationOp>(op);
    if (write && isa<BaseMemRefType>(write.getDest().getType()) &&
        !isResult(write.getDest()))
      variables[write.getDest()].writes.push_back(write);
  });
}

/// Within each block, a read gives what was last written or read.
void Guard::forward(Value memref, Variable &variable) {
  llvm::SetVector<Block *> blocks;
  for (ToTensorOp read : variable.reads)
    blocks.insert(read->getBlock());
  for (Block *block : blocks) {
    Value known;
    for (Operation &op : llvm::make_early_inc_range(*block)) {
      if (auto read = dyn_cast<ToTensorOp>(op);
          read && read.getBuffer() == memref) {
        if (known && known.getType() == read.getType() && read.getWritable()) {
          read.replaceAllUsesWith(known);
          read.erase();
        } else {
          known = read;
        }
      } else if (auto write = dyn_cast<MaterializeInDestinationOp>(op);
                 write && write.getDest() == memref) {
        known = write.getSource();
      } else if (callsHost.contains(&op)) {
        known = nullptr;
      } else if (llvm::any_of(variable.writes, [&](Operation *nested) {
                   return op.isProperAncestor(nested) && !abortAfter(nested);
                 })) {
        known = nullptr;
      }
    }
  }
}

void Guard::guard(Variable &variable) {
  if (!callsHost.empty()) {
    for (ToTensorOp read : variable.reads)
      copyRead(read);
    return;
  }
  if (variable.writes.empty()) {
    for (ToTensorOp read : variable.reads)
      read.setWritable(false);
    return;
  }
  if (variable.reads.size() > 1) {
    for (ToTensorOp read : variable.reads)
      copyRead(read);
    return;
  }
  for (ToTensorOp read : variable.reads) {
    if (outlivesWrite(read, variable)) {
      copyRead(read);
      continue;
    }
    // What may stay in the variable must not be computed over.
    bool overwritten = llvm::any_of(variable.writes, [&](Operation *write) {
      return write->getBlock() == read->getBlock() &&
             read->isBeforeInBlock(write) && !abortAfter(write);
    });
    if (!overwritten)
      read.setWritable(false);
    else
      keepForAborts(read, variable);
  }
}

void Guard::keepForAborts(ToTensorOp read, const Variable &variable) {
  function->walk([&](AbortOp abort) {
    Operation *here = read->getBlock()->findAncestorOpInBlock(*abort);
    if (!here || !read->isBeforeInBlock(here) ||
        llvm::is_contained(abort.getKept(), read.getResult()))
      return;
    bool settled = llvm::any_of(variable.writes, [&](Operation *write) {
      if (write->getBlock() == abort->getBlock() &&
          write->isBeforeInBlock(abort))
        return true; // a pending value is written just before the abort
      return write->getBlock() == read->getBlock() &&
             write->isBeforeInBlock(here);
    });
    if (!settled)
      abort.getKeptMutable().append(read.getResult());
  });
}

struct GuardVariables
    : public tfc::rt::impl::TFCGuardVariablesPassBase<GuardVariables> {
  void runOnOperation() override {
    getOperation()->walk(
        [](FunctionOpInterface function) { Guard(function).run(); });
  }
};

} // namespace
