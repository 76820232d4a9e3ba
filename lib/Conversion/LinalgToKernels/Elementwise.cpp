//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Elementwise.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "tfc/Dialect/TFCRT/IR/MayAlias.h"
#include "tfc/Dialect/TFCRT/Transforms/Body.h"

using namespace mlir;
using namespace tfc::kernels;
using linalg::LinalgOp;
using tfc::rt::mayAlias;
using tfc::rt::rootOf;

/// Longer bodies keep more vectors than there are registers.
static constexpr int64_t mostOps = 40;

//===----------------------------------------------------------------------===//
// Which ops
//===----------------------------------------------------------------------===//

static bool isVectorOp(Operation &op) {
  if (op.hasTrait<OpTrait::ConstantLike>())
    return true;
  if (op.getNumResults() != 1 || op.getNumRegions() ||
      !OpTrait::hasElementwiseMappableTraits(&op) ||
      !op.getResult(0).getType().isIntOrFloat())
    return false;
  return !isa<math::MathDialect>(op.getDialect()) ||
         isa<math::SqrtOp, math::AbsFOp, math::AbsIOp, math::FmaOp,
             math::CeilOp, math::FloorOp, math::RoundEvenOp, math::TruncOp,
             math::CopySignOp>(op);
}

/// Whole bytes: vectors of them are memory as it is.
static bool isStorable(Type type) {
  return type.isIntOrFloat() && type.getIntOrFloatBitWidth() >= 8;
}

/// Divisions of integers must not see what a mask has left out.
static bool mayTrap(Operation &op) {
  return isa<arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp,
             arith::FloorDivSIOp, arith::CeilDivSIOp, arith::CeilDivUIOp>(op);
}

bool Elementwise::isVectorizable() const {
  linalg::GenericOp generic = op;
  Block &body = generic->getRegion(0).front();
  return std::distance(body.begin(), body.end()) <= mostOps &&
         llvm::all_of(body.without_terminator(), [](Operation &nested) {
           return isVectorOp(nested) && !mayTrap(nested);
         });
}

/// The op's loops are those of the dimensions of `product`: replaces them by
/// the contraction's.
static std::optional<Operand> inLoopsOf(const Contraction &c,
                                        const Operand &product, Value memref,
                                        AffineMap map) {
  SmallVector<AffineExpr> loops(product.map.getResults());
  AffineMap inLoops =
      map.replaceDimsAndSymbols(loops, {}, product.map.getNumDims(), 0);
  Operand operand{memref, inLoops};
  if (!isa<MemRefType>(memref.getType()) || !operand.isLinear() ||
      !isStorable(operand.type().getElementType()))
    return std::nullopt;
  return operand;
}

static bool isElementwise(linalg::GenericOp op, int64_t rank) {
  return op && op.hasPureBufferSemantics() &&
         op.getNumParallelLoops() == op.getNumLoops() &&
         static_cast<int64_t>(op.getNumLoops()) == rank;
}

/// May what `op` does come before the contraction does its work?
static bool mayPass(Operation *op, ArrayRef<Value> reads, Value writes) {
  if (isMemoryEffectFree(op) || isa<memref::AllocOp>(op))
    return op->getNumRegions() == 0;
  auto linalgOp = dyn_cast<LinalgOp>(op);
  if (!linalgOp || !linalgOp.hasPureBufferSemantics())
    return false;
  bool looksUp =
      op->getRegion(0)
          .walk([](memref::LoadOp) { return WalkResult::interrupt(); })
          .wasInterrupted();
  if (looksUp)
    return false;
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    Value root = rootOf(operand.get());
    if (mayAlias(root, writes))
      return false;
    if (linalgOp.isDpsInit(&operand) &&
        llvm::any_of(reads, [&](Value read) { return mayAlias(root, read); }))
      return false;
  }
  return true;
}

std::optional<Elementwise> Elementwise::matchEpilogue(const Contraction &c) {
  Value sums = c.result.memref, root = rootOf(sums);
  Value reads[] = {rootOf(c.left.memref), rootOf(c.right.memref)};
  constexpr int nearby = 16;
  Operation *next = c.op->getNextNode();
  for (int i = 0; next && i < nearby; ++i, next = next->getNextNode()) {
    bool isUser = llvm::is_contained(next->getOperands(), sums);
    if (isUser && isa<linalg::GenericOp>(next))
      break;
    if (isUser || !mayPass(next, reads, root))
      return std::nullopt;
  }
  Elementwise e;
  e.op = dyn_cast_or_null<linalg::GenericOp>(next);
  int64_t rank = c.result.map.getNumResults();
  if (!e.op || !llvm::is_contained(e.op->getOperands(), sums) ||
      !isElementwise(e.op, rank) || !e.isVectorizable())
    return std::nullopt;

  std::optional<unsigned> sum;
  bool overwritten = false;
  for (OpOperand &operand : e.op->getOpOperands()) {
    bool isInit = e.op.isDpsInit(&operand),
         used = e.op.payloadUsesValueFromOperand(&operand);
    AffineMap map = e.op.getMatchingIndexingMap(&operand);
    if (operand.get() == sums) {
      if (!map.isIdentity() || (used && sum))
        return std::nullopt;
      overwritten |= isInit;
      if (used)
        sum = operand.getOperandNumber();
    }
    if (operand.get() == sums && !isInit) {
      e.operands.push_back({});
      continue;
    }
    if (!isa<MemRefType>(operand.get().getType())) {
      e.operands.push_back({});
      continue;
    }
    std::optional<Operand> inLoops = inLoopsOf(c, c.result, operand.get(), map);
    if (!inLoops)
      return std::nullopt;
    int64_t stride = inLoops->stride(c.column);
    if (stride != 1 && (stride != 0 || isInit))
      return std::nullopt;
    Value other = rootOf(operand.get());
    if (operand.get() != sums && mayAlias(other, root))
      return std::nullopt;
    // Other tiles still need the operands.
    if (isInit && (!map.isProjectedPermutation() ||
                   map.getNumResults() != map.getNumDims() ||
                   llvm::any_of(reads, [&](Value read) {
                     return mayAlias(read, other);
                   })))
      return std::nullopt;
    e.operands.push_back(*inLoops);
  }
  if (!sum)
    return std::nullopt;
  // Elements of an output at other indices must not be read.
  for (OpOperand &init : e.op.getDpsInitsMutable())
    for (OpOperand *input : e.op.getDpsInputOperands())
      if (isa<MemRefType>(input->get().getType()) &&
          mayAlias(rootOf(init.get()), rootOf(input->get())) &&
          (init.get() != input->get() ||
           e.op.getMatchingIndexingMap(input) !=
               e.op.getMatchingIndexingMap(&init)))
        return std::nullopt;
  e.sum = *sum;
  auto isMine = [&](Operation *user) {
    return user == c.op || user == e.op || user == c.fill;
  };
  e.keepsSums = !overwritten &&
                (!isa_and_present<memref::AllocOp>(sums.getDefiningOp()) ||
                 !llvm::all_of(sums.getUsers(), isMine));
  return e;
}

/// May the op, or one in its regions, write to one of these buffers? Kernels of
/// other contractions are loops already.
static bool mayWriteTo(Operation *op, ArrayRef<Value> buffers) {
  auto writes = [&](Operation *nested) {
    if (isa<memref::AllocOp>(nested) || isMemoryEffectFree(nested))
      return false;
    auto isOneOf = [&](Value written) {
      return llvm::any_of(buffers, [&](Value buffer) {
        return mayAlias(buffer, rootOf(written));
      });
    };
    if (auto linalgOp = dyn_cast<LinalgOp>(nested))
      return !linalgOp.hasPureBufferSemantics() ||
             llvm::any_of(linalgOp.getDpsInits(), isOneOf);
    auto known = dyn_cast<MemoryEffectOpInterface>(nested);
    if (!known)
      return !nested->hasTrait<OpTrait::HasRecursiveMemoryEffects>();
    SmallVector<MemoryEffects::EffectInstance> effects;
    known.getEffects(effects);
    return llvm::any_of(effects, [&](const auto &effect) {
      return isa<MemoryEffects::Write, MemoryEffects::Free>(
                 effect.getEffect()) &&
             (!effect.getValue() || isOneOf(effect.getValue()));
    });
  };
  return op
      ->walk([&](Operation *nested) {
        return writes(nested) ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

std::optional<Elementwise> Elementwise::matchProducer(const Contraction &c,
                                                      Operation *end) {
  Value made = c.right.memref;
  auto alloc = made.getDefiningOp<memref::AllocOp>();
  // The left operand is read from memory, which must then have been written.
  if (!alloc || made == c.left.memref)
    return std::nullopt;
  Elementwise e;
  for (Operation *user : made.getUsers()) {
    if (user == c.op)
      continue;
    auto generic = dyn_cast<linalg::GenericOp>(user);
    if (e.op || !generic || generic->getBlock() != c.op->getBlock() ||
        !generic->isBeforeInBlock(c.op))
      return std::nullopt;
    e.op = generic;
  }
  if (!e.op || e.op.getNumDpsInits() != 1 ||
      !isElementwise(e.op, c.right.map.getNumResults()) || !e.isVectorizable())
    return std::nullopt;
  OpOperand *output = e.op.getDpsInitOperand(0);
  if (output->get() != made ||
      !e.op.getMatchingIndexingMap(output).isIdentity() ||
      e.op.payloadUsesValueFromOperand(output) ||
      llvm::any_of(c.right.map.getResults(),
                   [](AffineExpr index) { return !isa<AffineDimExpr>(index); }))
    return std::nullopt;
  e.alongDepth = c.right.stride(c.column) != 1;
  unsigned neighbours = e.alongDepth ? c.inner : c.column;
  // It has to give less to read than it writes.
  int64_t readBits = 0, writtenBits = alloc.getType().getElementTypeBitWidth();
  SmallVector<Value> reads;
  for (OpOperand *input : e.op.getDpsInputOperands()) {
    if (!isa<MemRefType>(input->get().getType())) {
      e.operands.push_back({});
      continue;
    }
    std::optional<Operand> inLoops =
        inLoopsOf(c, c.right, input->get(), e.op.getMatchingIndexingMap(input));
    if (!inLoops)
      return std::nullopt;
    int64_t stride = inLoops->stride(neighbours);
    if (stride != 0 && stride != 1)
      return std::nullopt;
    if (inLoops->uses(c.column) && inLoops->uses(c.inner))
      readBits += inLoops->type().getElementTypeBitWidth();
    reads.push_back(rootOf(input->get()));
    e.operands.push_back(*inLoops);
  }
  if (readBits > writtenBits)
    return std::nullopt;
  // What it reads must still be there, until all of the product is done.
  for (Operation *between = e.op->getNextNode(); between != end;
       between = between->getNextNode()) {
    if (mayWriteTo(between, reads))
      return std::nullopt;
  }
  if (llvm::any_of(reads, [&](Value read) {
        return mayAlias(read, rootOf(c.result.memref));
      }))
    return std::nullopt;
  e.operands.push_back({});
  return e;
}

//===----------------------------------------------------------------------===//
// In vectors
//===----------------------------------------------------------------------===//

Values Elementwise::compute(KernelBuilder &b, ArrayRef<Value> arguments,
                            int64_t lanes) const {
  linalg::GenericOp generic = op;
  Block &body = generic->getRegion(0).front();
  IRMapping mapping;
  auto spread = [&](Value value) -> Value {
    if (isa<VectorType>(value.getType()))
      return value;
    return vector::BroadcastOp::create(
        b.builder, b.loc, VectorType::get(lanes, value.getType()), value);
  };
  for (auto [argument, value] : llvm::zip(body.getArguments(), arguments))
    if (value)
      mapping.map(argument, spread(value));
  for (Operation &nested : body.without_terminator()) {
    if (nested.hasTrait<OpTrait::ConstantLike>()) {
      Operation *constant = b.builder.clone(nested);
      mapping.map(nested.getResult(0), spread(constant->getResult(0)));
      continue;
    }
    for (Value operand : nested.getOperands())
      if (!mapping.contains(operand))
        mapping.map(operand, spread(operand)); // from outside of the body
    Operation *clone = b.builder.clone(nested, mapping);
    Value result = clone->getResult(0);
    result.setType(VectorType::get(lanes, result.getType()));
    mapping.map(nested.getResult(0), result);
  }
  Values results;
  for (Value value : body.getTerminator()->getOperands())
    results.push_back(spread(mapping.lookupOrDefault(value)));
  return results;
}

/// A vector, or the one element that all of it have.
Value Elementwise::load(KernelBuilder &b, unsigned number, const Matrix &matrix,
                        Value row, Value column, int64_t lanes,
                        Value mask) const {
  Value at = b.at(matrix, row, column);
  Value step = alongDepth ? matrix.rowStrides.front() : matrix.columnStride;
  if (getConstantIntValue(step) == 0)
    return memref::LoadOp::create(b.builder, b.loc, matrix.memory, at);
  return b.loadAs(matrix.memory, at, lanes, mask);
}

void Elementwise::finish(KernelBuilder &b, ArrayRef<Matrix> matrices,
                         const Matrix &sumsTo, ArrayRef<Value> rows,
                         ArrayRef<Columns> columns, ValueRange sums) const {
  linalg::GenericOp generic = op;
  unsigned inputs = generic.getNumDpsInputs();
  // What rows or columns have in common is loaded once.
  DenseMap<std::tuple<unsigned, size_t, size_t>, Value> loaded;
  auto isUniform = [](const Matrix &matrix) {
    return llvm::all_of(matrix.rowStrides, [](Value stride) {
      return getConstantIntValue(stride) == 0;
    });
  };
  SmallVector<Values> results;
  for (auto [i, row] : llvm::enumerate(rows))
    for (auto [j, vector] : llvm::enumerate(columns)) {
      Values arguments;
      for (OpOperand &operand : generic->getOpOperands()) {
        unsigned number = operand.getOperandNumber();
        const Matrix &matrix = matrices[number];
        if (!generic.payloadUsesValueFromOperand(&operand)) {
          arguments.push_back({});
        } else if (number == sum) {
          arguments.push_back(sums[i * columns.size() + j]);
        } else if (!matrix.memory) {
          arguments.push_back(operand.get());
        } else {
          bool broadcast = getConstantIntValue(matrix.columnStride) == 0;
          Value &value =
              loaded[{number, isUniform(matrix) ? 0 : i, broadcast ? 0 : j}];
          if (!value)
            value = load(b, number, matrix, row, vector.first, vector.lanes,
                         vector.mask);
          arguments.push_back(value);
        }
      }
      results.push_back(compute(b, arguments, vector.lanes));
    }
  unsigned number = 0;
  for (Value row : rows)
    for (const Columns &vector : columns) {
      if (keepsSums)
        b.store(sums[number], sumsTo.memory, b.at(sumsTo, row, vector.first),
                vector.mask);
      for (auto [i, value] : llvm::enumerate(results[number])) {
        const Matrix &matrix = matrices[inputs + i];
        b.store(value, matrix.memory, b.at(matrix, row, vector.first),
                vector.mask);
      }
      ++number;
    }
}

Value Elementwise::produceStored(KernelBuilder &b, ArrayRef<Matrix> matrices,
                                 Value row, Value column, int64_t lanes,
                                 Value mask) const {
  linalg::GenericOp generic = op;
  Values arguments;
  for (OpOperand *input : generic.getDpsInputOperands()) {
    const Matrix &matrix = matrices[input->getOperandNumber()];
    if (!generic.payloadUsesValueFromOperand(input))
      arguments.push_back({});
    else
      arguments.push_back(matrix.memory ? load(b, input->getOperandNumber(),
                                               matrix, row, column, lanes, mask)
                                        : input->get());
  }
  arguments.push_back({});
  return compute(b, arguments, lanes).front();
}

Value Elementwise::produce(KernelBuilder &b, ArrayRef<Matrix> matrices,
                           Value row, Value column, int64_t lanes,
                           Value mask) const {
  Value made = produceStored(b, matrices, row, column, lanes, mask);
  auto type = VectorType::get(lanes, b.type);
  return made.getType() == type
             ? made
             : arith::ExtFOp::create(b.builder, b.loc, type, made);
}

Type Elementwise::makes() const {
  linalg::GenericOp generic = op;
  return getElementTypeOrSelf(generic.getDpsInits().front().getType());
}
