//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Forming groups, and choosing their mapping.
//===----------------------------------------------------------------------===//

#include "Group.h"
#include "Writer.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

using namespace mlir;
using namespace tfc::device;
using linalg::LinalgOp;

Step::Step(LinalgOp op)
    : op(op), loops(loopsOf(op)), accesses(accessesOf(op, loops)) {}

int64_t Step::work() {
  if (!loops.isStatic())
    return INT64_MAX / 4;
  int64_t each = 0;
  for (Operation &nested : op.getBlock()->without_terminator())
    each += nested.getNumRegions() ? 16 : 1;
  return std::max<int64_t>(each, 1) * loops.count(0, loops.sizes.size());
}

const Access &Step::accessOf(OpOperand &operand) const {
  unsigned number = 0;
  for (OpOperand &each : op->getOpOperands()) {
    if (&each == &operand)
      break;
    number += isa<MemRefType>(each.get().getType());
  }
  return accesses[number];
}

bool tfc::device::isLocal(Value buffer,
                          const llvm::SmallPtrSetImpl<Operation *> &ops) {
  return llvm::all_of(buffer.getUsers(), [&](Operation *user) {
    if (isa<ViewLikeOpInterface>(user))
      return isLocal(user->getResult(0), ops);
    if (isa<memref::DeallocOp>(user))
      return true;
    Operation *op = user;
    while (op && !ops.contains(op))
      op = op->getParentOp();
    return bool(op);
  });
}

//===----------------------------------------------------------------------===//
// Matrix products
//===----------------------------------------------------------------------===//

/// yield(add(out, multiply(x, y))), the factors perhaps widened.
static bool multipliesAndAdds(LinalgOp op, OpOperand *&left,
                              OpOperand *&right) {
  Operation *add =
      op.getBlock()->getTerminator()->getOperand(0).getDefiningOp();
  if (!isa_and_present<arith::AddFOp, arith::AddIOp>(add))
    return false;
  Value out = op.getMatchingBlockArgument(op.getDpsInitOperand(0));
  Value term =
      add->getOperand(0) == out ? add->getOperand(1) : add->getOperand(0);
  if (term == out || (add->getOperand(0) != out && add->getOperand(1) != out))
    return false;
  Operation *multiply = term.getDefiningOp();
  if (!isa_and_present<arith::MulFOp, arith::MulIOp>(multiply))
    return false;
  auto input = [&](Value value) -> OpOperand * {
    if (Operation *widen = value.getDefiningOp();
        isa_and_present<arith::ExtFOp, arith::ExtSIOp, arith::ExtUIOp>(widen))
      value = widen->getOperand(0);
    auto argument = dyn_cast<BlockArgument>(value);
    return argument && argument.getOwner() == op.getBlock()
               ? op.getMatchingOpOperand(argument)
               : nullptr;
  };
  left = input(multiply->getOperand(0));
  right = input(multiply->getOperand(1));
  OpOperand *init = op.getDpsInitOperand(0);
  return left && right && left != right && left != init && right != init &&
         isa<MemRefType>(left->get().getType()) &&
         isa<MemRefType>(right->get().getType());
}

void tfc::device::reorderProducts(Step &step) {
  LinalgOp op = step.op;
  OpOperand *left, *right;
  if (op.getNumDpsInits() != 1 || !op.getNumReductionLoops() ||
      !multipliesAndAdds(op, left, right))
    return;
  Operation *add =
      op.getBlock()->getTerminator()->getOperand(0).getDefiningOp();
  if (auto sum = dyn_cast<arith::AddFOp>(add))
    sum.setFastmath(sum.getFastmath() | arith::FastMathFlags::reassoc);
}

std::optional<Product> tfc::device::matchProduct(const Step &step) {
  LinalgOp op = step.op;
  if (op.getNumDpsInits() != 1 || op.getNumDpsInputs() != 2 ||
      !op.getNumReductionLoops() || !step.loops.isStatic())
    return std::nullopt;
  Product product;
  product.result = op.getDpsInitOperand(0);
  if (!multipliesAndAdds(op, product.left, product.right))
    return std::nullopt;
  auto uses = [&](OpOperand *operand, unsigned loop) {
    return op.getMatchingIndexingMap(operand).isFunctionOfDim(loop);
  };
  // The right operand is the one whose columns lie together in the result.
  AffineMap resultMap = op.getMatchingIndexingMap(product.result);
  if (!resultMap.isProjectedPermutation())
    return std::nullopt;
  if (resultMap.getNumResults()) {
    unsigned last =
        cast<AffineDimExpr>(resultMap.getResults().back()).getPosition();
    if (uses(product.left, last) && !uses(product.right, last))
      std::swap(product.left, product.right);
  }
  for (auto [at, loop] : llvm::enumerate(step.loops.order)) {
    bool left = uses(product.left, loop), right = uses(product.right, loop);
    if (at >= step.loops.numParallel)
      product.inner.push_back(at);
    else if (left && right)
      product.batch.push_back(at);
    else if (left)
      product.rows.push_back(at);
    else
      product.columns.push_back(at);
    if (!left && !right && at >= step.loops.numParallel)
      return std::nullopt;
  }
  auto count = [&](ArrayRef<unsigned> positions) {
    int64_t result = 1;
    for (unsigned at : positions)
      result *= step.loops.sizes[at];
    return result;
  };
  // Tiles pay where each element loaded is used several times.
  if (count(product.rows) < 8 || count(product.columns) < 8 ||
      count(product.inner) < 8)
    return std::nullopt;
  return product;
}

//===----------------------------------------------------------------------===//
// Groups
//===----------------------------------------------------------------------===//

bool Group::isLegal(const Step &next, unsigned length) const {
  for (const Step &step : steps)
    for (const Access &a : step.accesses)
      for (const Access &b : next.accesses)
        if (crossesPrefix(a, step.loops, b, next.loops, length))
          return false;
  return true;
}

bool Group::tryAppend(Step next, const DeviceLimits &limits) {
  if (!next.loops.isStatic() || !steps.front().loops.isStatic())
    return false;
  if (product) {
    // An epilogue: the same points, and one element each.
    const Loops &loops = steps.front().loops;
    bool same = next.loops.numParallel == loops.numParallel &&
                next.loops.sizes.size() == loops.numParallel &&
                ArrayRef(next.loops.sizes) ==
                    ArrayRef(loops.sizes).take_front(loops.numParallel);
    if (!same || !isLegal(next, loops.numParallel))
      return false;
    steps.push_back(std::move(next));
    return true;
  }
  unsigned common = 0;
  const Loops &first = steps.front().loops;
  while (common < prefix && common < next.loops.numParallel &&
         first.sizes[common] == next.loops.sizes[common])
    ++common;
  while (common && !isLegal(next, common))
    --common;
  int64_t work = next.work();
  for (Step &step : steps)
    work += step.work();
  bool small = work <= limits.sequentialWork;
  int64_t widest = next.loops.count(0, next.loops.numParallel);
  for (const Step &step : steps)
    widest = std::max(widest, step.loops.count(0, step.loops.numParallel));
  // What has one point only, such as a sum of everything and what becomes of
  // it, is for one block anyway.
  if (!common && !small && widest > 1)
    return false;
  // Few points would leave most of the device idle.
  int64_t points = first.count(0, common);
  int64_t threads =
      points * std::clamp<int64_t>(widest / std::max<int64_t>(points, 1), 1,
                                   limits.maxThreads);
  if (!small && 4 * threads < std::min<int64_t>(widest, 32768))
    return false;
  steps.push_back(std::move(next));
  prefix = common;
  return true;
}

/// Does the op combine neighbours in memory?
static bool combinesNeighbours(LinalgOp op) {
  if (!matchCombiner(op))
    return false;
  return llvm::any_of(op.getDpsInputOperands(), [&](OpOperand *input) {
    AffineMap map = op.getMatchingIndexingMap(input);
    if (!map.getNumResults())
      return false;
    auto last = dyn_cast<AffineDimExpr>(map.getResults().back());
    return last && op.getIteratorTypesArray()[last.getPosition()] ==
                       utils::IteratorType::reduction;
  });
}

/// Of one step with sizes that are not known: a sum of neighbours is for the
/// threads of a block together, unless it is known to be short.
static Group::Mapping mappingOfUnknown(const Step &step) {
  const Loops &loops = step.loops;
  if (!loops.numParallel)
    return Group::Mapping::blockPerPoint;
  auto reduced = ArrayRef(loops.sizes).drop_front(loops.numParallel);
  bool isShort = llvm::none_of(reduced, ShapedType::isDynamic) &&
                 loops.count(loops.numParallel, loops.sizes.size()) < 64;
  return !reduced.empty() && !isShort && combinesNeighbours(step.op)
             ? Group::Mapping::blockPerPoint
             : Group::Mapping::threadPerPoint;
}

Group::Mapping Group::mapping() const {
  if (product)
    return Mapping::tiles;
  int64_t parallel = 1, reduced = 1;
  for (const Step &step : steps) {
    if (!step.loops.isStatic())
      return mappingOfUnknown(step);
    parallel =
        std::max(parallel, step.loops.count(prefix, step.loops.numParallel));
    reduced = std::max(reduced, step.loops.count(step.loops.numParallel,
                                                 step.loops.sizes.size()));
  }
  if (parallel == 1 && reduced == 1)
    return Mapping::threadPerPoint;
  if (points() >= 256 && parallel * reduced <= 8)
    return Mapping::threadPerPoint;
  if (parallel > 1)
    return Mapping::blockPerPoint;
  if (reduced <= 16)
    return Mapping::threadPerPoint;
  // A block shares what can be combined only.
  bool inOrder = llvm::any_of(steps, [](const Step &step) {
    return step.loops.sizes.size() > step.loops.numParallel &&
           !matchCombiner(step.op);
  });
  if (inOrder)
    return Mapping::threadPerPoint;
  // Sums along the fastest dimension are read together by a block, others (and
  // what neighbouring threads all read) by neighbouring threads.
  bool contiguous = llvm::any_of(steps, [&](const Step &step) {
    return step.loops.sizes.size() > step.loops.numParallel &&
           llvm::any_of(step.accesses, [&](const Access &access) {
             return access.affine && !access.writes &&
                    access.coefficients.back() == 1 &&
                    (!prefix || step.loops.sizes[prefix - 1] == 1 ||
                     access.coefficients[prefix - 1] != 0);
           });
  });
  return contiguous || points() < 1024 ? Mapping::blockPerPoint
                                       : Mapping::threadPerPoint;
}
