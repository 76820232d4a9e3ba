//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// A network of fifty equal layers would be lowered fifty times: what is equal
// becomes one function before.
//
// 1. Ops that will be one nest are a group: a product with its fill and its
//    epilogue, another op with its fill, a loop that several ops share. Buffers
//    that only they use belong to it.
// 2. What a group takes from outside must not share memory, unless it is only
//    read. Then the function's arguments do not either, and every decision that
//    rests on that is the same in it.
// 3. Groups that are equal (EqualOps.h) become calls where their last op
// stands.
//
//===----------------------------------------------------------------------===//

#include "Elementwise.h"
#include "KeptPanels.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "tfc/Conversion/Passes.h"
#include "tfc/Dialect/TFCRT/IR/EqualOps.h"
#include "tfc/Dialect/TFCRT/IR/MayAlias.h"
#include "tfc/Dialect/TFCRT/IR/Remark.h"
#include "tfc/Dialect/TFCRT/IR/SharedGroup.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"
#include "tfc/Dialect/TFCRT/Transforms/Body.h"
#include "tfc/Dialect/TFCRT/Transforms/KeptBuffers.h"

namespace tfc {
#define GEN_PASS_DEF_SHAREGROUPSPASS
#include "tfc/Conversion/Passes.h.inc"
} // namespace tfc

using namespace mlir;
using namespace tfc::kernels;
using linalg::LinalgOp;
using tfc::rt::OpList;
using tfc::rt::SharedGroup;

static bool hasKnownSizes(LinalgOp op) {
  return llvm::all_of(op->getOperands(), [](Value value) {
    auto type = dyn_cast<ShapedType>(value.getType());
    return !type || type.hasStaticShape();
  });
}

/// The fill that a reduction may begin with instead: the last thing to happen
/// before it.
static linalg::FillOp fillBefore(LinalgOp op) {
  Operation *before = op->getPrevNode();
  while (before && !isa<linalg::FillOp>(before) && isMemoryEffectFree(before))
    before = before->getPrevNode();
  auto fill = dyn_cast_or_null<linalg::FillOp>(before);
  bool isStart = fill && op.getNumDpsInits() == 1 &&
                 op.getNumReductionLoops() &&
                 fill.getOutputs()[0] == op.getDpsInitOperand(0)->get();
  return isStart ? fill : linalg::FillOp();
}

/// The ops that are lowered together with this one; none if that depends on
/// more than them.
static OpList groupOf(LinalgOp op) {
  if (!hasKnownSizes(op) || !op.hasPureBufferSemantics())
    return {};
  std::optional<Contraction> c = matchContraction(op);
  if (!c) {
    if (linalg::FillOp fill = fillBefore(op))
      return {fill, op};
    return {op};
  }
  // Constants are kept as panels, and what makes the operand may be part of the
  // kernel.
  if (c->right.memref.getDefiningOp<memref::GetGlobalOp>() ||
      isKeptConstant(*c) || Elementwise::matchProducer(*c, c->op))
    return {};
  OpList ops;
  if (c->fill)
    ops.push_back(c->fill);
  ops.push_back(op);
  if (std::optional<Elementwise> epilogue =
          c->fill ? Elementwise::matchEpilogue(*c) : std::nullopt) {
    if (!hasKnownSizes(cast<LinalgOp>(epilogue->op.getOperation())))
      return {};
    ops.push_back(epilogue->op);
  }
  return ops;
}

/// Loops that ops on buffers share, and nothing that the host would see.
static bool isFusedNest(Operation *op) {
  if (!isa<scf::ForOp, tfc::rt::ParallelOp>(op) || op->getNumResults())
    return false;
  bool any = false;
  auto visit = [&](Operation *nested) {
    if (auto linalgOp = dyn_cast<LinalgOp>(nested)) {
      any = true;
      return hasKnownSizes(linalgOp) ? WalkResult::advance()
                                     : WalkResult::interrupt();
    }
    bool isPlain =
        isMemoryEffectFree(nested) ||
        isa<scf::ForOp, scf::IfOp, tfc::rt::ParallelOp, memref::AllocOp,
            memref::LoadOp, memref::StoreOp>(nested);
    return isPlain ? WalkResult::advance() : WalkResult::interrupt();
  };
  return !op->walk(visit).wasInterrupted() && any;
}

/// May a group write to this buffer? Only its linalg ops tell.
static bool mayWrite(ArrayRef<Operation *> ops, Value buffer) {
  return llvm::any_of(buffer.getUses(), [&](OpOperand &use) {
    Operation *here =
        ops.front()->getBlock()->findAncestorOpInBlock(*use.getOwner());
    if (!here || !llvm::is_contained(ops, here))
      return false;
    auto op = dyn_cast<LinalgOp>(use.getOwner());
    return !op || op.isDpsInit(&use);
  });
}

/// Do the buffers share no memory, as far as that could be seen?
static bool areDistinct(ArrayRef<Operation *> ops, ArrayRef<Value> captures) {
  SmallVector<std::pair<Value, bool>> roots;
  for (Value capture : captures) {
    auto type = dyn_cast<BaseMemRefType>(capture.getType());
    if (!type)
      continue;
    if (!isa<MemRefType>(type) || !type.hasStaticShape())
      return false;
    roots.push_back({tfc::rt::rootOf(capture), mayWrite(ops, capture)});
  }
  for (size_t i = 0; i < roots.size(); ++i)
    for (size_t j = 0; j < i; ++j)
      if ((roots[i].second || roots[j].second) &&
          tfc::rt::mayAlias(roots[i].first, roots[j].first))
        return false;
  return true;
}

namespace {

struct ShareGroups : public tfc::impl::ShareGroupsPassBase<ShareGroups> {
  void runOnOperation() override {
    groups = {};
    done.clear();
    for (auto function : getOperation().getOps<func::FuncOp>())
      for (Block &block : function.getBody())
        visit(block);
    int64_t number = 0;
    for (ArrayRef<OpList> equal : groups.take())
      if (equal.size() > 1)
        share(equal, "tfc.group." + std::to_string(number++));
  }

private:
  void visit(Block &block);
  void add(OpList ops);
  void share(ArrayRef<OpList> equal, const std::string &name);

  tfc::rt::EqualOps groups;
  llvm::DenseSet<Operation *> done; ///< part of a group already
};

/// Blocks of loops are left alone: what a loop does not change is made before
/// it.
void ShareGroups::visit(Block &block) {
  for (Operation &op : block) {
    if (done.contains(&op) || isa<linalg::FillOp>(op))
      continue;
    if (auto linalgOp = dyn_cast<LinalgOp>(op))
      add(groupOf(linalgOp));
    else if (isFusedNest(&op))
      add({&op});
    else if (isa<scf::IfOp>(op))
      for (Region &region : op.getRegions())
        for (Block &nested : region)
          visit(nested);
  }
}

/// With the buffers that nobody else uses.
void ShareGroups::add(OpList ops) {
  if (ops.empty() ||
      llvm::any_of(ops, [&](Operation *op) { return done.contains(op); }))
    return;
  done.insert_range(ops);
  Block *block = ops.front()->getBlock();
  OpList own;
  for (Value capture : tfc::rt::capturesOf(ops)) {
    auto alloc = capture.getDefiningOp<memref::AllocOp>();
    bool isOwn =
        alloc && alloc->getBlock() == block &&
        alloc.getType().hasStaticShape() &&
        llvm::all_of(alloc->getUsers(), [&](Operation *user) {
          return llvm::is_contained(ops, block->findAncestorOpInBlock(*user));
        });
    if (isOwn)
      own.push_back(alloc);
  }
  llvm::append_range(own, ops);
  if (areDistinct(own, tfc::rt::capturesOf(own).getArrayRef()))
    groups.add(std::move(own));
}

void ShareGroups::share(ArrayRef<OpList> equal, const std::string &name) {
  func::FuncOp function =
      tfc::rt::makeFunction(getOperation(), name, equal.front());
  Builder builder(&getContext());
  function->setAttr(SharedGroup::function, builder.getUnitAttr());
  for (BlockArgument argument : function.getArguments())
    if (isa<MemRefType>(argument.getType()))
      function.setArgAttr(argument.getArgNumber(), SharedGroup::distinct,
                          builder.getUnitAttr());
  for (const OpList &ops : equal) {
    tfc::rt::remark(ops.back(), [&] {
      return "shared: one function for " + std::to_string(equal.size()) +
             " groups of operations that are equal";
    });
    OpBuilder at(ops.back());
    auto call = func::CallOp::create(at, ops.back()->getLoc(), function,
                                     tfc::rt::capturesOf(ops).getArrayRef());
    for (auto [i, operand] : llvm::enumerate(call.getOperands()))
      if (tfc::kernels::isKeptVariable(operand))
        function.setArgAttr(i, tfc::rt::KeptBuffers::isVariable,
                            builder.getUnitAttr());
    for (Operation *op : llvm::reverse(ops))
      op->erase();
  }
}

} // namespace
