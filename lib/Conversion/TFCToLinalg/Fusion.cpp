//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Fusion.h"
#include "Scalars.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "tfc/Dialect/TFC/IR/TFC.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

namespace {
constexpr int maxOps = 500;          // in one body: keeps register allocation fast
constexpr size_t maxLeaves = 32;     // tensors one loop reads
constexpr size_t maxLoops = 4;       // that may compute one cheap value each
constexpr int maxRepeatedCost = 3;   // of a chain of values computed more than once
} // namespace

static int64_t rankOf(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type ? type.getRank() : -1;
}

bool lowering::isGenerator(Operation *op) {
  if (auto constant = dyn_cast<ConstantOp>(op))
    return constant.getValue().isSplat();
  if (isa<IotaOp>(op))
    return true;
  return isa<BroadcastToOp>(op) && rankOf(op->getOperand(0)) == 0;
}

static bool isPlainTensorOp(Operation *op) {
  return op->getNumResults() == 1 && rankOf(op->getResult(0)) > 0;
}

/// A view of memory when it stands alone: then its operand has to be stored.
static bool isView(Operation *op) {
  return isa<ExpandDimsOp, SqueezeOp, ReshapeOp, EnsureShapeOp, StopGradientOp>(op);
}

struct FusionPlan::Uses {
  bool any = false, needStorage = false, replicated = false;
  SmallVector<Loop *, 2> loops;
  int cost = 0; // of users that are computed more than once
};

void FusionPlan::visit(Region &region) {
  for (Block &block : region)
    for (Operation &op : llvm::reverse(block))
      visit(&op);
}

void FusionPlan::visit(Operation *op) {
  for (Region &region : llvm::reverse(op->getRegions()))
    visit(region);
  Uses uses = usesOf(op);
  if (!uses.any && op->getNumResults() && op->getNumRegions() == 0 && isMemoryEffectFree(op)) {
    dead.insert(op);
    return;
  }
  if (isGenerator(op) && isPlainTensorOp(op)) {
    inlined.insert(op);
    return;
  }
  if (isPlainTensorOp(op) && isFusible(op) && tryJoin(op, uses))
    inlined.insert(op);
  else
    startLoop(op);
}

/// Can `user` compute the producer's elements itself?
bool FusionPlan::takesElements(Operation *user, unsigned operand, Operation *producer) const {
  if (user->getBlock() != producer->getBlock() || !loopsOf.contains(user))
    return false;
  if (user->hasTrait<TFCReduction>())
    return true;
  if (!isFusible(user) || !isPlainTensorOp(user))
    return false;
  if (isView(user) && !isInline(user))
    return false;
  return accessOf(dims, user, operand) != Access::Unknown;
}

FusionPlan::Uses FusionPlan::usesOf(Operation *op) const {
  Uses uses;
  for (OpOperand &use : op->getUses()) {
    Operation *user = use.getOwner();
    if (isDead(user))
      continue;
    uses.any = true;
    if (!takesElements(user, use.getOperandNumber(), op)) {
      uses.needStorage = true;
      continue;
    }
    if (accessOf(dims, user, use.getOperandNumber()) == Access::Replicated)
      uses.replicated = true;
    for (Loop *loop : loopsOf.find(user)->second)
      if (!llvm::is_contained(uses.loops, loop))
        uses.loops.push_back(loop);
    uses.cost = std::max(uses.cost, repeatedCost.lookup(user));
  }
  return uses;
}

static int costOf(Operation *op) {
  const ScalarRow *row = findScalarRow(op);
  return row ? row->cost : 0;
}

bool FusionPlan::tryJoin(Operation *op, const Uses &uses) {
  if (uses.needStorage || uses.loops.empty())
    return false;
  int cost = costOf(op);
  if (uses.replicated && cost > cheapCost)
    return false;
  bool repeated = uses.loops.size() > 1;
  if (repeated && (cost > cheapCost || uses.loops.size() > maxLoops ||
                   uses.cost + cost > maxRepeatedCost))
    return false;
  for (Loop *loop : uses.loops)
    if (loop->ops >= maxOps || loop->leaves.size() + op->getNumOperands() > maxLeaves)
      return false;

  for (Loop *loop : uses.loops) {
    ++loop->ops;
    loop->leaves.erase(op->getResult(0));
    addLeaves(*loop, op);
  }
  loopsOf[op] = uses.loops;
  if (repeated)
    repeatedCost[op] = uses.cost + cost;
  return true;
}

void FusionPlan::addLeaves(Loop &loop, Operation *op) const {
  for (Value operand : op->getOperands())
    if (rankOf(operand) > 0 &&
        !(operand.getDefiningOp() && isGenerator(operand.getDefiningOp())))
      loop.leaves.insert(operand);
}

void FusionPlan::startLoop(Operation *op) {
  if (!isFusible(op) && !op->hasTrait<TFCReduction>())
    return;
  loops.push_back(std::make_unique<Loop>());
  loopsOf[op] = {loops.back().get()};
  addLeaves(*loops.back(), op);
}
