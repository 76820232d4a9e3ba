//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Fusion.h"
#include "Lowering.h"
#include "Rows.h"
#include "Scalars.h"
#include "Types.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "tfc/Dialect/TFC/IR/TFC.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

namespace {
constexpr int maxOps = 500;      // in one body: keeps register allocation fast
constexpr size_t maxLeaves = 32; // tensors one loop reads
constexpr size_t maxExports = 8; // results a loop stores besides its own
constexpr size_t maxLoops = 4;   // that may compute one cheap value each
constexpr int maxRepeatedCost =
    3;                           // of a chain of values computed more than once
constexpr int maxHiddenCost = 8; // of one that takes no longer than memory
constexpr int64_t elementsInMemory = 1 << 18; // that come from memory each time
} // namespace

bool lowering::isGenerator(Operation *op) {
  if (auto constant = dyn_cast<ConstantOp>(op))
    return constant.getValue().isSplat();
  if (isa<IotaOp>(op))
    return true;
  return isa<BroadcastToOp>(op) && rankOf(op->getOperand(0)) == 0;
}

bool lowering::scattersRows(Operation *op, const DimAnalysis &dims) {
  constexpr int64_t shortest = 8; // worth a loop in vectors
  auto scatter = dyn_cast<ScatterOp>(op);
  if (!scatter || isComplex(getElementTypeOrSelf(scatter.getX())) ||
      rankOf(scatter.getX()) == 0)
    return false;
  auto indices = cast<RankedTensorType>(scatter.getIndices().getType());
  if (indices.getRank() < 2 || indices.isDynamicDim(indices.getRank() - 1))
    return false;
  ArrayRef<Dim> row =
      dims.of(scatter.getX()).drop_front(indices.getShape().back());
  int64_t size = 1;
  for (Dim dim : row)
    size = dim < 0 || size < 0 ? -1 : size * dim;
  // A device would get a kernel for each single element.
  if (row.empty())
    return !isForDevice(op);
  return size < 0 || size >= shortest;
}

/// Its loops, which take elements of operands in whatever order it is.
static bool isRoot(Operation *op, const DimAnalysis &dims) {
  return op->hasTrait<TFCReduction>() || scattersRows(op, dims) ||
         joinsColumns(op, dims) || isa<GatherOp, GatherNdOp, AssertOp>(op);
}

static bool isPlainTensorOp(Operation *op) {
  return op->getNumResults() == 1 && rankOf(op->getResult(0)) > 0;
}

/// A view of memory when it stands alone: then its operand has to be stored.
static bool isView(Operation *op) {
  return isa<ExpandDimsOp, SqueezeOp, ReshapeOp, EnsureShapeOp, StopGradientOp>(
      op);
}

struct FusionPlan::Uses {
  bool any = false, needStorage = false, replicated = false;
  SmallVector<Loop *, 2> loops;
  size_t shown = 0; // loops that are messages, which hardly ever run
  int cost = 0;     // of users that are computed more than once
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
  if (!uses.any && op->getNumResults() && op->getNumRegions() == 0 &&
      isMemoryEffectFree(op)) {
    dead.insert(op);
    return;
  }
  if (isGenerator(op) && isPlainTensorOp(op)) {
    inlined.insert(op);
    return;
  }
  if (isPlainTensorOp(op) &&
      (isFusible(op) ? tryJoin(op, uses) || tryExport(op, uses)
                     : (gathersRows(op) || gathersElements(op, uses)) &&
                           tryJoin(op, uses)))
    inlined.insert(op);
  else
    startLoop(op);
  align(op);
}

/// Is `x` combined row by row, by one scatter, as it is or after elementwise
/// ops on the same indices?
static bool isRowOfScatter(const FusionPlan &plan, const DimAnalysis &dims,
                           Value x) {
  return x.hasOneUse() && llvm::all_of(x.getUses(), [&](OpOperand &use) {
           Operation *user = use.getOwner();
           if (auto scatter = dyn_cast<ScatterOp>(user))
             return scatter.getUpdates() == x && scattersRows(user, dims) &&
                    rankOf(scatter.getIndices()) == 2 && rankOf(x) > 1 &&
                    !isForDevice(user);
           return user->hasTrait<TFCElementwise>() && plan.isInline(user) &&
                  dims.of(user->getResult(0)) == dims.of(x) &&
                  isRowOfScatter(plan, dims, user->getResult(0));
         });
}

/// Are these rows from anywhere that a scatter combines? Then it reads them
/// there: what others would store is read once, and is as large as all edges
/// of a graph.
bool FusionPlan::gathersRows(Operation *op) const {
  auto gather = dyn_cast<GatherOp>(op);
  return gather && gather.getAxis() == 0 && gather.getBatchDims() == 0 &&
         rankOf(gather.getIndices()) == 1 &&
         !isComplex(getElementTypeOrSelf(gather.getX())) &&
         isRowOfScatter(*this, dims, gather.getResult());
}

/// May the op write to memory of what it is given?
static bool mayUpdate(Operation *user) {
  return !user->hasTrait<TFCElementwise>() && !user->hasTrait<TFCReduction>() &&
         !isIndexOp(user) && !isa<GatherOp, GatherNdOp, SliceOp>(user);
}

/// Does one loop in vectors look up these elements, which it may do as well as
/// one that stores them? Then what they are looked up in must not have changed
/// by then.
bool FusionPlan::gathersElements(Operation *op, const Uses &uses) const {
  if (!isa<GatherOp, GatherNdOp>(op) || isForDevice(op) ||
      uses.loops.size() != 1 || uses.replicated)
    return false;
  Value x = op->getOperand(0), indices = op->getOperand(1);
  Operation *root = uses.loops.front()->root;
  if (x == indices || rankOf(indices) == 0 || rankOf(x) == 0 ||
      isa<ComplexType, BFloat16Type>(getElementTypeOrSelf(x)) ||
      !(isFusible(root) || root->hasTrait<TFCReduction>()))
    return false;
  // Sizes that are known by another name are those of a tensor that is stored.
  if (auto gather = dyn_cast<GatherNdOp>(op)) {
    ArrayRef<Dim> of = dims.of(x), places = dims.of(indices);
    Dims expected(places.drop_back());
    llvm::append_range(expected,
                       of.drop_front(gather.getBatchDims() + places.back()));
    if (ArrayRef<Dim>(expected) != dims.of(gather.getResult()))
      return false;
  }
  return llvm::none_of(x.getUsers(), [&](Operation *user) {
    Operation *at = op->getBlock()->findAncestorOpInBlock(*user);
    return at && at != op && op->isBeforeInBlock(at) &&
           at->isBeforeInBlock(root) && mayUpdate(at);
  });
}

/// Is it a tensor of integers that the message of an assertion shows?
static bool isShown(AssertOp check, unsigned operand) {
  Value shown = check->getOperand(operand);
  return isa<IntegerType>(getElementTypeOrSelf(shown)) &&
         llvm::is_contained(check.getData(), shown) &&
         !llvm::is_contained(check.getPendingValues(), shown);
}

/// Can `user` compute the producer's elements itself?
bool FusionPlan::takesElements(Operation *user, unsigned operand,
                               Operation *producer) const {
  if (user->getBlock() != producer->getBlock() || !loopsOf.contains(user))
    return false;
  if (user->hasTrait<TFCReduction>())
    return true;
  // Which element is read may be found out there.
  if (auto gather = dyn_cast<GatherOp>(user))
    return operand == 1 && gather.getX() != gather.getIndices() &&
           rankOf(gather.getIndices()) > 0 &&
           !(isInline(user) && gathersRows(user));
  if (auto gather = dyn_cast<GatherNdOp>(user))
    return operand == 1 && gather.getX() != gather.getIndices();
  // Indices that a message shows are computed where it is written.
  if (auto check = dyn_cast<AssertOp>(user))
    return isShown(check, operand);
  if (auto scatter = dyn_cast<ScatterOp>(user))
    return operand > 0 && scatter.getX() != user->getOperand(operand) &&
           (!isForDevice(user) ||
            user->getOperand(operand) == scatter.getUpdates()) &&
           cast<RankedTensorType>(scatter.getUpdates().getType())
               .hasStaticShape();
  if (isa<ConcatOp>(user))
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
      if (!llvm::is_contained(uses.loops, loop)) {
        uses.loops.push_back(loop);
        uses.shown += isa<AssertOp>(loop->root);
      }
    uses.cost = std::max(uses.cost, repeatedCost.lookup(user));
  }
  // Loops of scatters are no vectors.
  if (uses.shown && llvm::any_of(uses.loops, [](Loop *loop) {
        return isa<ScatterOp>(loop->root);
      }))
    uses.needStorage = true;
  return uses;
}

static int costOf(Operation *op) {
  const ScalarRow *row = findScalarRow(op);
  return row ? row->cost : 0;
}

template <typename Loop> static bool isFull(const Loop &loop, Operation *op) {
  return loop.ops >= maxOps ||
         loop.leaves.size() + op->getNumOperands() > maxLeaves;
}

void FusionPlan::join(Operation *op, Loop &loop) {
  ++loop.ops;
  loop.leaves.erase(op->getResult(0));
  addLeaves(loop, op);
}

/// Notes in which loops the op is computed at the iteration's own indices.
void FusionPlan::align(Operation *op) {
  auto mine = loopsOf.find(op);
  if (mine == loopsOf.end() || !isPlainTensorOp(op) || !isFusible(op))
    return;
  SmallVector<Loop *, 2> aligned;
  if (!isInline(op))
    aligned = mine->second;
  for (OpOperand &use : op->getUses()) {
    Operation *user = use.getOwner();
    auto theirs = alignedWith.find(user);
    if (theirs == alignedWith.end() || !user->hasTrait<TFCElementwise>() ||
        dims.of(op->getResult(0)) != dims.of(user->getResult(0)))
      continue;
    for (Loop *loop : theirs->second)
      if (llvm::is_contained(mine->second, loop) &&
          !llvm::is_contained(aligned, loop))
        aligned.push_back(loop);
  }
  if (!aligned.empty())
    alignedWith[op] = aligned;
}

/// Do all users outside the loop come after it, and does the loop have the op's
/// indices?
bool FusionPlan::canExport(Operation *op, const Loop &loop) const {
  bool aligned = false;
  for (OpOperand &use : op->getUses()) {
    Operation *user = use.getOwner();
    if (isDead(user))
      continue;
    auto loops = loopsOf.find(user);
    bool takes = takesElements(user, use.getOperandNumber(), op);
    if (takes && llvm::is_contained(loops->second, &loop)) {
      auto theirs = alignedWith.find(user);
      aligned |= theirs != alignedWith.end() &&
                 llvm::is_contained(theirs->second, &loop) &&
                 user->hasTrait<TFCElementwise>() &&
                 dims.of(op->getResult(0)) == dims.of(user->getResult(0));
    }
    // An inline user reads the value where its loops stand.
    SmallVector<Operation *, 2> readers{user};
    if (isInline(user)) {
      readers.clear();
      if (loops == loopsOf.end())
        return false;
      for (Loop *other : loops->second)
        readers.push_back(other->root);
    }
    for (Operation *reader : readers) {
      Operation *at = loop.root->getBlock()->findAncestorOpInBlock(*reader);
      if (!at || (at != loop.root && !loop.root->isBeforeInBlock(at)))
        return false;
    }
  }
  return aligned;
}

bool FusionPlan::tryExport(Operation *op, const Uses &uses) {
  if (isIndexOp(op))
    return false;
  Loop *first = nullptr;
  for (Loop *loop : uses.loops)
    if (!first || loop->root->isBeforeInBlock(first->root))
      first = loop;
  if (!first || isRoot(first->root, dims) ||
      first->exports.size() >= maxExports || isFull(*first, op) ||
      !canExport(op, *first))
    return false;
  join(op, *first);
  first->exports.push_back(op);
  loopsOf[op] = {first};
  return true;
}

/// Is a tensor of these dimensions too large for near caches?
static bool comesFromMemory(ArrayRef<Dim> of) {
  int64_t elements = 1;
  for (Dim dim : of)
    elements = dim < 0 || elements < 0 ? -1 : elements * dim;
  return elements >= elementsInMemory;
}

/// Is it one of the components of each of several points, whose elements are
/// apart in memory?
static bool isComponent(Value x) {
  while (auto *op = x.getDefiningOp()) {
    if (!isa<SqueezeOp, ReshapeOp, ExpandDimsOp>(op))
      break;
    x = op->getOperand(0);
  }
  Operation *op = x.getDefiningOp();
  if (!op || op->getNumOperands() == 0)
    return false;
  auto from = dyn_cast<RankedTensorType>(op->getOperand(0).getType());
  if (!from || from.getRank() < 2)
    return false;
  if (auto gather = dyn_cast<GatherOp>(op))
    return rankOf(gather.getIndices()) == 0 &&
           int64_t(gather.getAxis()) == from.getRank() - 1;
  auto to = dyn_cast<RankedTensorType>(x.getType());
  return isa<SliceOp>(op) && to && to.getRank() == from.getRank() &&
         to.getShape().back() == 1 && from.getShape().back() != 1;
}

/// Does each element say where a row begins?
static bool isPlaceOfRow(const FusionPlan &plan, Operation *op,
                         unsigned nested = 0) {
  constexpr unsigned deepest = 8;
  return nested < deepest &&
         llvm::any_of(
             op->getUses(),
             [&](OpOperand &use) {
               Operation *user = use.getOwner();
               if (isa<GatherOp, GatherNdOp>(user))
                 return use.getOperandNumber() == 1 &&
                        rankOf(user->getResult(0)) >
                            rankOf(use.get()) - isa<GatherNdOp>(user);
               return user->getNumResults() == 1 && plan.isInline(user) &&
                      isa<IntegerType>(
                          getElementTypeOrSelf(user->getResult(0))) &&
                      isPlaceOfRow(plan, user, nested + 1);
             });
}

bool FusionPlan::tryJoin(Operation *op, const Uses &uses) {
  if (uses.needStorage || uses.loops.empty())
    return false;
  // Elements in another order: a view of memory, or a copy, but no index of a
  // loop.
  if (isa<ReshapeOp>(op) && accessOf(dims, op, 0) == Access::Unknown)
    return false;
  // Rows of few elements are in vectors of rows, if their numbers are.
  if (llvm::any_of(op->getOperands(), isComponent) && isPlaceOfRow(*this, op))
    return false;
  int cost = costOf(op);
  if (uses.replicated && cost > cheapCost)
    return false;
  size_t often = uses.loops.size() - uses.shown;
  bool repeated = often > 1;
  // Where each loop reads as many large tensors if it computes the value,
  // storing it is but one more pass.
  bool isHidden = op->hasTrait<TFCElementwise>() &&
                  comesFromMemory(dims.of(op->getResult(0))) &&
                  llvm::all_of(uses.loops, [&](Loop *loop) {
                    llvm::SmallDenseSet<Value, 4> more;
                    for (Value operand : op->getOperands())
                      if (comesFromMemory(dims.of(operand)) &&
                          !loop->leaves.contains(operand) &&
                          !(operand.getDefiningOp() &&
                            isGenerator(operand.getDefiningOp())))
                        more.insert(operand);
                    return more.size() <= 1;
                  });
  if (repeated &&
      (cost > cheapCost || often > maxLoops ||
       uses.cost + cost > (isHidden ? maxHiddenCost : maxRepeatedCost)))
    return false;
  for (Loop *loop : uses.loops)
    if (isFull(*loop, op))
      return false;
  for (Loop *loop : uses.loops)
    join(op, *loop);
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
  if (!isFusible(op) && !isRoot(op, dims))
    return;
  loops.push_back(std::make_unique<Loop>());
  loops.back()->root = op;
  loopsOf[op] = {loops.back().get()};
  addLeaves(*loops.back(), op);
}
