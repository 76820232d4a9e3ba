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
#include "llvm/ADT/SmallBitVector.h"

using namespace mlir;
using namespace tfc::kernels;
using linalg::LinalgOp;

std::optional<unsigned> Operand::position(unsigned dim) const {
  return map.getResultPosition(getAffineDimExpr(dim, map.getContext()));
}

/// The factors of the loops in an index that is a sum of loops times constants,
/// and of a constant; nothing for other ones.
static bool addFactors(AffineExpr index, int64_t times,
                       SmallVectorImpl<int64_t> &factors, int64_t &constant) {
  if (auto dim = dyn_cast<AffineDimExpr>(index)) {
    factors[dim.getPosition()] += times;
    return true;
  }
  if (auto number = dyn_cast<AffineConstantExpr>(index)) {
    constant += times * number.getValue();
    return true;
  }
  auto binary = dyn_cast<AffineBinaryOpExpr>(index);
  if (!binary)
    return false;
  if (binary.getKind() == AffineExprKind::Add)
    return addFactors(binary.getLHS(), times, factors, constant) &&
           addFactors(binary.getRHS(), times, factors, constant);
  auto factor = dyn_cast<AffineConstantExpr>(binary.getRHS());
  return binary.getKind() == AffineExprKind::Mul && factor &&
         addFactors(binary.getLHS(), times * factor.getValue(), factors,
                    constant);
}

SmallVector<int64_t> Operand::start() const {
  SmallVector<int64_t> result;
  for (AffineExpr index : map.getResults()) {
    SmallVector<int64_t> factors(map.getNumDims(), 0);
    (void)addFactors(index, 1, factors, result.emplace_back(0));
  }
  return result;
}

SmallVector<int64_t> Operand::steps(unsigned dim) const {
  SmallVector<int64_t> result;
  for (AffineExpr index : map.getResults()) {
    SmallVector<int64_t> factors(map.getNumDims(), 0);
    int64_t constant = 0;
    (void)addFactors(index, 1, factors, constant);
    result.push_back(factors[dim]);
  }
  return result;
}

int64_t Operand::stride(unsigned dim) const {
  auto [strides, offset] = type().getStridesAndOffset();
  int64_t total = 0;
  for (auto [step, stride] : llvm::zip(steps(dim), strides)) {
    if (step == 0)
      continue;
    if (ShapedType::isDynamic(stride))
      return ShapedType::kDynamic;
    total += step * stride;
  }
  return total;
}

bool Operand::isLinear() const {
  auto type = dyn_cast<MemRefType>(memref.getType());
  SmallVector<int64_t> strides;
  int64_t offset;
  return type && succeeded(type.getStridesAndOffset(strides, offset)) &&
         llvm::all_of(map.getResults(), [&](AffineExpr index) {
           SmallVector<int64_t> factors(map.getNumDims(), 0);
           int64_t constant = 0;
           return addFactors(index, 1, factors, constant);
         });
}

bool Operand::canMerge(unsigned outer, unsigned inner,
                       int64_t innerSize) const {
  if (!uses(outer) && !uses(inner))
    return true;
  int64_t far = stride(outer), near = stride(inner);
  if (!ShapedType::isDynamic(far) && !ShapedType::isDynamic(near) &&
      !ShapedType::isDynamic(innerSize))
    return far == near * innerSize;
  std::optional<unsigned> first = position(outer), second = position(inner);
  return first && second && *first + 1 == *second &&
         type().getLayout().isIdentity();
}

int64_t Contraction::size(unsigned dim) const {
  for (const Operand *operand : {&left, &right, &result})
    if (std::optional<unsigned> at = operand->position(dim))
      if (int64_t size = operand->type().getDimSize(*at);
          !ShapedType::isDynamic(size))
        return size;
  return ShapedType::kDynamic;
}

bool Contraction::widensIntegers() const {
  return type.isInteger() && left.type().getElementType() != type;
}

/// The operand that `value` is, perhaps widened to `type`; null if it is
/// something else.
static OpOperand *asInput(LinalgOp op, Value value, Type type,
                          bool &isUnsigned) {
  Operation *widen = value.getDefiningOp();
  isUnsigned = isa_and_present<arith::ExtUIOp>(widen);
  if (isa_and_present<arith::ExtFOp, arith::ExtSIOp, arith::ExtUIOp>(widen))
    value = widen->getOperand(0);
  auto argument = dyn_cast<BlockArgument>(value);
  if (!argument || argument.getOwner() != op.getBlock())
    return nullptr;
  return op.getMatchingOpOperand(argument);
}

static arith::FastMathFlags flagsOf(Operation *op) {
  auto fast = dyn_cast<arith::ArithFastMathInterface>(op);
  return fast ? fast.getFastMathFlagsAttr().getValue()
              : arith::FastMathFlags::none;
}

/// yield(add(out, mul(x, y))), in any order of operands.
static bool matchBody(Contraction &c) {
  LinalgOp op = c.op;
  OpOperand *result = op.getDpsInitOperand(0);
  Operation *add =
      op.getBlock()->getTerminator()->getOperand(0).getDefiningOp();
  if (!isa_and_present<arith::AddFOp, arith::AddIOp>(add))
    return false;
  Value out = op.getMatchingBlockArgument(result), lhs = add->getOperand(0),
        rhs = add->getOperand(1);
  if (lhs == rhs || (lhs != out && rhs != out))
    return false;
  Operation *multiply = (lhs == out ? rhs : lhs).getDefiningOp();
  if (!isa_and_present<arith::MulFOp, arith::MulIOp>(multiply))
    return false;
  c.type = out.getType();
  bool isUnsigned[2];
  OpOperand *left = asInput(op, multiply->getOperand(0), c.type, isUnsigned[0]),
            *right =
                asInput(op, multiply->getOperand(1), c.type, isUnsigned[1]);
  if (!left || !right || left == right || left == result || right == result)
    return false;
  auto operandOf = [&](OpOperand *operand) {
    return Operand{operand->get(), op.getMatchingIndexingMap(operand)};
  };
  c.left = operandOf(left);
  c.left.isUnsigned = isUnsigned[0];
  c.right = operandOf(right);
  c.right.isUnsigned = isUnsigned[1];
  c.result = operandOf(result);
  c.product = flagsOf(multiply);
  c.sum = flagsOf(add);
  return true;
}

/// Which loop plays which part.
static bool assignLoops(Contraction &c) {
  LinalgOp op = c.op;
  SmallVector<utils::IteratorType> iterators = op.getIteratorTypesArray();
  SmallVector<unsigned> parallel; // as `result` has them
  for (AffineExpr expr : c.result.map.getResults()) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    if (!dim || iterators[dim.getPosition()] != utils::IteratorType::parallel)
      return false;
    parallel.push_back(dim.getPosition());
  }
  // k is the last of the loops that are summed up.
  for (auto [dim, kind] : llvm::enumerate(iterators))
    if (kind == utils::IteratorType::reduction)
      c.taps.push_back(dim);
  if (parallel.empty() || c.taps.empty() ||
      parallel.size() + c.taps.size() != iterators.size())
    return false;
  if (!llvm::all_of(c.taps, [&](unsigned dim) {
        return c.left.uses(dim) && c.right.uses(dim);
      }))
    return false;
  c.inner = c.taps.pop_back_val();

  // A single column makes the rows columns, and the operands change places.
  c.column = parallel.back();
  for (unsigned dim : llvm::reverse(parallel))
    if (c.size(dim) != 1) {
      c.column = dim;
      break;
    }
  if (!c.right.uses(c.column))
    std::swap(c.left, c.right);
  if (!c.right.position(c.column) || c.left.uses(c.column) ||
      c.result.stride(c.column) != 1)
    return false;
  for (unsigned dim = 0; dim < iterators.size(); ++dim)
    if (!c.left.position(dim) && !c.right.position(dim) &&
        !c.result.position(dim))
      return false; // a size that no operand has

  for (unsigned dim : parallel) {
    bool isRow = dim != c.column && c.left.uses(dim) && !c.right.uses(dim) &&
                 c.size(dim) != 1;
    if (isRow)
      c.rows.push_back(dim);
    else if (dim != c.column)
      c.batch.push_back(dim);
  }
  return true;
}

linalg::FillOp tfc::kernels::lastFill(LinalgOp op, Value result) {
  for (Operation *before = op->getPrevNode(); before;
       before = before->getPrevNode()) {
    if (auto fill = dyn_cast<linalg::FillOp>(before))
      return fill.getOutputs()[0] == result ? fill : linalg::FillOp();
    if (!isMemoryEffectFree(before) && !isa<memref::AllocOp>(before))
      return {};
  }
  return {};
}

/// The same, if it is with zeros.
static linalg::FillOp findFill(LinalgOp op, Value result) {
  linalg::FillOp fill = lastFill(op, result);
  if (!fill)
    return {};
  Value start = fill.getInputs()[0];
  bool isZero =
      matchPattern(start, m_PosZeroFloat()) || matchPattern(start, m_Zero());
  return isZero ? fill : linalg::FillOp();
}

std::optional<Contraction> tfc::kernels::matchContraction(LinalgOp op) {
  if (op.getNumDpsInits() != 1 || op.getNumDpsInputs() != 2 ||
      op.getNumReductionLoops() == 0 || !op.hasPureBufferSemantics() ||
      isa<linalg::FillOp>(op))
    return std::nullopt;
  Contraction c;
  c.op = op;
  if (!matchBody(c) || !c.left.isLinear() || !c.right.isLinear() ||
      !c.result.isLinear() ||
      !c.result.map.isProjectedPermutation(/*allowZeroInResults=*/true) ||
      !assignLoops(c))
    return std::nullopt;
  auto isFloat = [](const Operand &operand, bool wide) {
    Type type = operand.type().getElementType();
    return type.isF32() || type.isF64() ||
           (!wide && (type.isF16() || type.isBF16()));
  };
  auto isInteger = [&](const Operand &operand) {
    Type type = operand.type().getElementType();
    return type == c.type && type.isSignlessInteger() &&
           type.getIntOrFloatBitWidth() >= 8;
  };
  bool floats = isFloat(c.left, false) && isFloat(c.right, false) &&
                isFloat(c.result, true);
  auto isByte = [](const Operand &operand) {
    return operand.type().getElementType().isInteger(8);
  };
  bool bytes = c.type.isInteger(32) && isByte(c.left) && isByte(c.right) &&
               isInteger(c.result);
  if (!floats && !bytes &&
      !(isInteger(c.left) && isInteger(c.right) && isInteger(c.result)))
    return std::nullopt;
  // Without a single tap there is nothing that would set the result.
  if (llvm::all_of(c.taps, [&](unsigned dim) { return c.size(dim) > 0; }))
    c.fill = findFill(op, c.result.memref);
  return c;
}

bool tfc::kernels::isOneOfMany(const Contraction &c) {
  constexpr int64_t mostElements = 128, leastBatch = 16;
  int64_t batch = 1;
  for (unsigned dim : c.batch)
    batch = ShapedType::isDynamic(c.size(dim)) || ShapedType::isDynamic(batch)
                ? ShapedType::kDynamic
                : batch * c.size(dim);
  int64_t columns = c.size(c.column), depth = c.size(c.inner);
  return c.rows.empty() && c.taps.empty() && c.right.stride(c.inner) == 1 &&
         c.right.stride(c.column) != 1 && !ShapedType::isDynamic(columns) &&
         !ShapedType::isDynamic(depth) && columns > 1 &&
         columns * depth <= mostElements && batch >= leastBatch &&
         llvm::any_of(c.batch, [&](unsigned dim) { return c.right.uses(dim); });
}

int64_t tfc::kernels::mostOf(Value memref, unsigned dim) {
  while (auto type = dyn_cast<MemRefType>(memref.getType())) {
    if (!type.isDynamicDim(dim))
      return type.getDimSize(dim);
    auto view = memref.getDefiningOp<memref::SubViewOp>();
    if (!view)
      break;
    llvm::SmallBitVector dropped = view.getDroppedDims();
    unsigned at = 0;
    for (unsigned kept = 0; dropped[at] || kept++ < dim;)
      ++at;
    memref = view.getSource();
    dim = at;
  }
  return ShapedType::kDynamic;
}
