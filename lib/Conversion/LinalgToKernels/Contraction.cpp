//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Recognizing contractions.
//===----------------------------------------------------------------------===//

#include "Contraction.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace tfc::kernels;
using linalg::LinalgOp;

std::optional<unsigned> Contraction::position(OpOperand *operand,
                                              unsigned dim) const {
  AffineMap map = LinalgOp(op).getMatchingIndexingMap(operand);
  return map.getResultPosition(getAffineDimExpr(dim, map.getContext()));
}

int64_t Contraction::stride(OpOperand *operand, unsigned dim) const {
  std::optional<unsigned> at = position(operand, dim);
  if (!at)
    return 0;
  auto [strides, offset] =
      cast<MemRefType>(operand->get().getType()).getStridesAndOffset();
  return strides[*at];
}

int64_t Contraction::size(unsigned dim) const {
  for (OpOperand *operand : {left, right, result})
    if (std::optional<unsigned> at = position(operand, dim))
      if (int64_t size =
              cast<MemRefType>(operand->get().getType()).getDimSize(*at);
          !ShapedType::isDynamic(size))
        return size;
  return ShapedType::kDynamic;
}

/// The operand that `value` is, perhaps widened to `type`; null if it is
/// something else.
static OpOperand *asInput(LinalgOp op, Value value, Type type) {
  if (auto widen = value.getDefiningOp<arith::ExtFOp>())
    value = widen.getIn();
  auto argument = dyn_cast<BlockArgument>(value);
  if (!argument || argument.getOwner() != op.getBlock())
    return nullptr;
  return op.getMatchingOpOperand(argument);
}

/// yield(addf(out, mulf(x, y))), in any order of operands.
static bool matchBody(Contraction &c) {
  LinalgOp op = c.op;
  auto add = op.getBlock()
                 ->getTerminator()
                 ->getOperand(0)
                 .getDefiningOp<arith::AddFOp>();
  if (!add)
    return false;
  Value out = op.getMatchingBlockArgument(c.result);
  if (add.getLhs() != out && add.getRhs() != out)
    return false;
  auto multiply = (add.getLhs() == out ? add.getRhs() : add.getLhs())
                      .getDefiningOp<arith::MulFOp>();
  if (!multiply || add.getLhs() == add.getRhs())
    return false;
  c.type = dyn_cast<FloatType>(add.getType());
  c.left = asInput(op, multiply.getLhs(), c.type);
  c.right = asInput(op, multiply.getRhs(), c.type);
  c.product = multiply.getFastmath();
  c.sum = add.getFastmath();
  return c.type && c.left && c.right && c.left != c.right &&
         c.left != c.result && c.right != c.result;
}

/// Each loop at most once, and besides only zeros.
static bool isSimple(LinalgOp op, OpOperand *operand) {
  auto type = dyn_cast<MemRefType>(operand->get().getType());
  SmallVector<int64_t> strides;
  int64_t offset;
  if (!type || failed(type.getStridesAndOffset(strides, offset)))
    return false;
  return op.getMatchingIndexingMap(operand).isProjectedPermutation(
      /*allowZeroInResults=*/true);
}

/// Dimensions `outer` and `inner` of the operand, as one.
static bool canMerge(const Contraction &c, OpOperand *operand, unsigned outer,
                     unsigned inner) {
  std::optional<unsigned> first = c.position(operand, outer),
                          second = c.position(operand, inner);
  return first && second && *first + 1 == *second &&
         cast<MemRefType>(operand->get().getType()).getLayout().isIdentity();
}

/// Which loop plays which part.
static bool assignLoops(Contraction &c) {
  LinalgOp op = c.op;
  SmallVector<utils::IteratorType> iterators = op.getIteratorTypesArray();
  SmallVector<unsigned> parallel; // as `result` has them
  for (AffineExpr expr : op.getMatchingIndexingMap(c.result).getResults()) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    if (!dim || iterators[dim.getPosition()] != utils::IteratorType::parallel)
      return false;
    parallel.push_back(dim.getPosition());
  }
  if (parallel.empty() || parallel.size() + 1 != iterators.size())
    return false;
  for (auto [dim, kind] : llvm::enumerate(iterators))
    if (kind == utils::IteratorType::reduction)
      c.inner = dim;
  if (!c.position(c.left, c.inner) || !c.position(c.right, c.inner))
    return false;

  // A single column makes the rows columns, and the operands change places.
  c.column = parallel.back();
  for (unsigned dim : llvm::reverse(parallel))
    if (c.size(dim) != 1) {
      c.column = dim;
      break;
    }
  if (!c.position(c.right, c.column))
    std::swap(c.left, c.right);
  if (!c.position(c.right, c.column) || c.position(c.left, c.column) ||
      c.stride(c.result, c.column) != 1)
    return false;

  auto isRow = [&](unsigned dim) {
    return dim != c.column && c.position(c.left, dim) &&
           !c.position(c.right, dim);
  };
  for (bool unit : {false, true}) {
    for (unsigned dim : llvm::reverse(parallel)) {
      if (!isRow(dim) || (c.size(dim) == 1) != unit)
        continue;
      bool first = c.rows.empty();
      if (first || (canMerge(c, c.left, dim, c.rows.front()) &&
                    canMerge(c, c.result, dim, c.rows.front())))
        c.rows.insert(c.rows.begin(), dim);
      else
        break;
    }
    if (!c.rows.empty())
      break;
  }
  for (unsigned dim : parallel)
    if (dim != c.column && !llvm::is_contained(c.rows, dim))
      c.batch.push_back(dim);
  return true;
}

/// The fill with zeros that is the last thing to happen before `op`, if there
/// is one.
static linalg::FillOp findFill(LinalgOp op, Value result) {
  for (Operation *before = op->getPrevNode(); before;
       before = before->getPrevNode()) {
    if (auto fill = dyn_cast<linalg::FillOp>(before)) {
      if (fill.getOutputs()[0] == result)
        return matchPattern(fill.getInputs()[0], m_PosZeroFloat())
                   ? fill
                   : linalg::FillOp();
      return {};
    }
    if (!isMemoryEffectFree(before) && !isa<memref::AllocOp>(before))
      return {};
  }
  return {};
}

std::optional<Contraction> tfc::kernels::matchContraction(LinalgOp op) {
  if (op.getNumDpsInits() != 1 || op.getNumDpsInputs() != 2 ||
      op.getNumReductionLoops() != 1 || !op.hasPureBufferSemantics() ||
      isa<linalg::FillOp>(op))
    return std::nullopt;
  Contraction c;
  c.op = op;
  c.result = op.getDpsInitOperand(0);
  if (llvm::any_of(
          op->getOpOperands(),
          [&](OpOperand &operand) { return !isSimple(op, &operand); }) ||
      !matchBody(c) || !assignLoops(c))
    return std::nullopt;
  auto isFloat = [](OpOperand *operand, bool wide) {
    Type type = getElementTypeOrSelf(operand->get().getType());
    return type.isF32() || type.isF64() ||
           (!wide && (type.isF16() || type.isBF16()));
  };
  if (!isFloat(c.left, false) || !isFloat(c.right, false) ||
      !isFloat(c.result, true))
    return std::nullopt;
  c.fill = findFill(op, c.result->get());
  return c;
}
