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

bool Contraction::uses(OpOperand *operand, unsigned dim) const {
  return LinalgOp(op).getMatchingIndexingMap(operand).isFunctionOfDim(dim);
}

/// The factors of the loops in an index that is a sum of loops times constants;
/// nothing for other ones.
static bool addFactors(AffineExpr index, int64_t times, SmallVectorImpl<int64_t> &factors) {
  if (auto dim = dyn_cast<AffineDimExpr>(index)) {
    factors[dim.getPosition()] += times;
    return true;
  }
  if (auto constant = dyn_cast<AffineConstantExpr>(index))
    return constant.getValue() == 0;
  auto binary = dyn_cast<AffineBinaryOpExpr>(index);
  if (!binary)
    return false;
  if (binary.getKind() == AffineExprKind::Add)
    return addFactors(binary.getLHS(), times, factors) && addFactors(binary.getRHS(), times, factors);
  auto factor = dyn_cast<AffineConstantExpr>(binary.getRHS());
  return binary.getKind() == AffineExprKind::Mul && factor &&
         addFactors(binary.getLHS(), times * factor.getValue(), factors);
}

SmallVector<int64_t> Contraction::steps(OpOperand *operand, unsigned dim) const {
  AffineMap map = LinalgOp(op).getMatchingIndexingMap(operand);
  SmallVector<int64_t> result;
  for (AffineExpr index : map.getResults()) {
    SmallVector<int64_t> factors(map.getNumDims(), 0);
    (void)addFactors(index, 1, factors);
    result.push_back(factors[dim]);
  }
  return result;
}

int64_t Contraction::stride(OpOperand *operand, unsigned dim) const {
  auto [strides, offset] =
      cast<MemRefType>(operand->get().getType()).getStridesAndOffset();
  int64_t total = 0;
  for (auto [step, stride] : llvm::zip(steps(operand, dim), strides)) {
    if (step == 0)
      continue;
    if (ShapedType::isDynamic(stride))
      return ShapedType::kDynamic;
    total += step * stride;
  }
  return total;
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

/// Sums of loops times constants; the window of a convolution is one.
static bool isSimple(LinalgOp op, OpOperand *operand) {
  auto type = dyn_cast<MemRefType>(operand->get().getType());
  SmallVector<int64_t> strides;
  int64_t offset;
  if (!type || failed(type.getStridesAndOffset(strides, offset)))
    return false;
  AffineMap map = op.getMatchingIndexingMap(operand);
  if (op.isDpsInit(operand))
    return map.isProjectedPermutation(/*allowZeroInResults=*/true);
  return llvm::all_of(map.getResults(), [&](AffineExpr index) {
    SmallVector<int64_t> factors(map.getNumDims(), 0);
    return addFactors(index, 1, factors);
  });
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
  // k is the last of the loops that are summed up.
  for (auto [dim, kind] : llvm::enumerate(iterators))
    if (kind == utils::IteratorType::reduction)
      c.taps.push_back(dim);
  if (parallel.empty() || c.taps.empty() || parallel.size() + c.taps.size() != iterators.size())
    return false;
  c.inner = c.taps.pop_back_val();
  if (!c.position(c.left, c.inner) || !c.position(c.right, c.inner))
    return false;

  // A single column makes the rows columns, and the operands change places.
  c.column = parallel.back();
  for (unsigned dim : llvm::reverse(parallel))
    if (c.size(dim) != 1) {
      c.column = dim;
      break;
    }
  if (!c.uses(c.right, c.column))
    std::swap(c.left, c.right);
  if (!c.position(c.right, c.column) || c.uses(c.left, c.column) ||
      c.stride(c.result, c.column) != 1)
    return false;
  for (unsigned dim = 0; dim < iterators.size(); ++dim)
    if (!c.position(c.left, dim) && !c.position(c.right, dim) && !c.position(c.result, dim))
      return false; // a size that no operand has

  auto isRow = [&](unsigned dim) {
    return dim != c.column && c.uses(c.left, dim) && !c.uses(c.right, dim);
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
      op.getNumReductionLoops() == 0 || !op.hasPureBufferSemantics() ||
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
  // Of several taps only the first would overwrite the result.
  if (c.taps.empty())
    c.fill = findFill(op, c.result->get());
  return c;
}
