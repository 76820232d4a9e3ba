//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// linalg on buffers becomes loops that LLVM vectorizes.
//
// One nest per op. The innermost loop is the one that most operands are contiguous
// in (chooseOrder). If that is a reduction, its accumulator is a loop-carried scalar; else,
// for contractions, the nest is unrolled and jammed over one parallel and one
// reduction loop, so that every load of the innermost loop feeds several
// multiply-adds (chooseStrategy is where a kernel of its own would be picked).
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "tfc/Conversion/Passes.h"

namespace tfc {
#define GEN_PASS_DEF_LINALGTOLOOPSPASS
#include "tfc/Conversion/Passes.h.inc"
} // namespace tfc

using namespace mlir;
using linalg::LinalgOp;

namespace {

/// How one op is turned into loops.
struct Strategy {
  SmallVector<unsigned> order;  // loops, outermost first
  unsigned accumulated = 0;     // innermost loops with the accumulators in registers
  bool jam = false;             // unroll `jamParallel` and `jamReduction` around the innermost
  unsigned jamParallel = 0, jamReduction = 0;
};

constexpr int64_t jamFactor = 4;

class Lowering {
public:
  Lowering(OpBuilder &builder, LinalgOp op)
      : builder(builder), op(op), loc(op.getLoc()), maps(op.getIndexingMapsArray()),
        iterators(op.getIteratorTypesArray()) {}

  void run();

private:
  using Values = SmallVector<Value>;

  // Choices
  bool isReduction(unsigned dim) const { return iterators[dim] == utils::IteratorType::reduction; }
  bool uses(OpOperand &operand, unsigned dim) const;
  int64_t score(unsigned dim);
  void chooseOrder();
  void chooseStrategy();
  bool chooseJam();

  // Emission
  Value constant(int64_t value);
  Value bound(unsigned dim);
  Value loop(unsigned dim, Value from, Value to, int64_t step, ValueRange carried,
             llvm::function_ref<Values(ValueRange)> body, Values *results);
  Values load(OpOperand &operand);
  Values indices(OpOperand &operand);
  Value loadElement(OpOperand &operand);
  void storeElement(OpOperand &operand, Value value);
  Values element(ValueRange operands);
  Values loadInits();
  void storeInits(ValueRange values);
  void nest(size_t level);
  Values accumulate(size_t level, ValueRange accumulators);
  void jamNest(size_t level);
  void jamBlock(int64_t rows, int64_t depth);
  void split(unsigned dim, llvm::function_ref<void(int64_t)> body);

  OpBuilder &builder;
  LinalgOp op;
  Location loc;
  SmallVector<AffineMap> maps;
  SmallVector<utils::IteratorType> iterators;
  Strategy strategy;
  SmallVector<Range> ranges;
  Values ivs;
};

//===----------------------------------------------------------------------===//
// Choices
//===----------------------------------------------------------------------===//

bool Lowering::uses(OpOperand &operand, unsigned dim) const {
  return maps[operand.getOperandNumber()].isFunctionOfDim(dim);
}

/// How well `dim` does as the innermost loop: contiguous accesses count for it,
/// strided ones against it.
int64_t Lowering::score(unsigned dim) {
  int64_t score = 0;
  for (OpOperand &operand : op->getOpOperands()) {
    AffineMap map = maps[operand.getOperandNumber()];
    if (!isa<MemRefType>(operand.get().getType()) || !map.isFunctionOfDim(dim))
      continue;
    ArrayRef<AffineExpr> results = map.getResults();
    bool last = results.back() == builder.getAffineDimExpr(dim);
    bool elsewhere = llvm::any_of(results.drop_back(), [&](AffineExpr expr) {
      return expr.isFunctionOfDim(dim);
    });
    score += last && !elsewhere ? 1 + op.isDpsInit(&operand) : -2;
  }
  return score;
}

void Lowering::chooseOrder() {
  unsigned count = iterators.size();
  unsigned inner = count;
  int64_t best = 0;
  for (unsigned dim = 0; dim < count; ++dim) {
    if (isConstantIntValue(ranges[dim].size, 1))
      continue;
    // On a tie the later loop, but never a reduction over a parallel one.
    int64_t value = 4 * score(dim) - isReduction(dim);
    if (inner == count || value >= best) {
      best = value;
      inner = dim;
    }
  }
  for (bool reduction : {false, true})
    for (unsigned dim = 0; dim < count; ++dim)
      if (dim != inner && isReduction(dim) == reduction)
        strategy.order.push_back(dim);
  if (inner != count)
    strategy.order.push_back(inner);
}

/// A contraction whose innermost loop is parallel: C[i, j] += A[i, k] * B[k, j].
bool Lowering::chooseJam() {
  if (op.getNumDpsInits() != 1 || strategy.order.size() < 2 || isReduction(strategy.order.back()))
    return false;
  unsigned inner = strategy.order.back();
  unsigned reduction = strategy.order[strategy.order.size() - 2];
  OpOperand &init = *op.getDpsInitOperand(0);
  if (!isReduction(reduction) || !uses(init, inner))
    return false;
  strategy.jamReduction = reduction;
  strategy.jamParallel = iterators.size();
  // The innermost of the other parallel loops that shares an operand's loads.
  for (unsigned dim : llvm::reverse(strategy.order)) {
    bool shares = llvm::any_of(op->getOpOperands(), [&](OpOperand &operand) {
      return uses(operand, inner) && !uses(operand, dim);
    });
    if (dim != inner && !isReduction(dim) && shares && uses(init, dim)) {
      strategy.jamParallel = dim;
      break;
    }
  }
  return true;
}

void Lowering::chooseStrategy() {
  chooseOrder();
  for (unsigned dim : llvm::reverse(strategy.order)) {
    if (!isReduction(dim))
      break;
    ++strategy.accumulated;
  }
  strategy.jam = chooseJam();
  if (!strategy.jam)
    return;
  // Blocked loops go inwards, in the order i, k, j.
  unsigned inner = strategy.order.pop_back_val();
  llvm::erase(strategy.order, strategy.jamReduction);
  if (strategy.jamParallel != iterators.size()) {
    llvm::erase(strategy.order, strategy.jamParallel);
    strategy.order.push_back(strategy.jamParallel);
  }
  strategy.order.push_back(strategy.jamReduction);
  strategy.order.push_back(inner);
}

//===----------------------------------------------------------------------===//
// Emission
//===----------------------------------------------------------------------===//

Value Lowering::constant(int64_t value) {
  return arith::ConstantIndexOp::create(builder, loc, value);
}

Value Lowering::bound(unsigned dim) {
  return getValueOrCreateConstantIndexOp(builder, loc, ranges[dim].size);
}

/// One loop over `dim`; `body` gets the carried values and returns the next ones.
Value Lowering::loop(unsigned dim, Value from, Value to, int64_t step, ValueRange carried,
                     llvm::function_ref<Values(ValueRange)> body, Values *results) {
  if (step == 1 && isConstantIntValue(ranges[dim].size, 1)) {
    ivs[dim] = from;
    Values next = body(carried);
    if (results)
      *results = next;
    return {};
  }
  auto loop = scf::ForOp::create(builder, loc, from, to, constant(step), carried);
  OpBuilder::InsertionGuard guard(builder);
  if (carried.empty())
    builder.setInsertionPoint(loop.getBody()->getTerminator());
  else
    builder.setInsertionPointToEnd(loop.getBody());
  ivs[dim] = loop.getInductionVar();
  Values next = body(loop.getRegionIterArgs());
  if (!carried.empty())
    scf::YieldOp::create(builder, loc, next);
  if (results)
    *results = Values(loop.getResults());
  return {};
}

Lowering::Values Lowering::indices(OpOperand &operand) {
  Values result;
  for (AffineExpr expr : maps[operand.getOperandNumber()].getResults()) {
    if (auto dim = dyn_cast<AffineDimExpr>(expr))
      result.push_back(ivs[dim.getPosition()]);
    else
      result.push_back(affine::expandAffineExpr(builder, loc, expr, ivs, {}));
  }
  return result;
}

Value Lowering::loadElement(OpOperand &operand) {
  if (!isa<MemRefType>(operand.get().getType()))
    return operand.get();
  return memref::LoadOp::create(builder, loc, operand.get(), indices(operand));
}

void Lowering::storeElement(OpOperand &operand, Value value) {
  memref::StoreOp::create(builder, loc, value, operand.get(), indices(operand));
}

/// The body of the op for one element; returns what it yields.
Lowering::Values Lowering::element(ValueRange operands) {
  Block &block = *op.getBlock();
  IRMapping mapping;
  for (auto [argument, value] : llvm::zip(block.getArguments(), operands))
    if (value)
      mapping.map(argument, value);
  for (Operation &nested : block.without_terminator()) {
    if (auto index = dyn_cast<linalg::IndexOp>(nested)) {
      mapping.map(index.getResult(), ivs[index.getDim()]);
      continue;
    }
    Operation *clone = builder.clone(nested, mapping);
    clone->walk([&](linalg::IndexOp index) {
      index.replaceAllUsesWith(ivs[index.getDim()]);
      index.erase();
    });
  }
  Values results;
  for (Value value : block.getTerminator()->getOperands())
    results.push_back(mapping.lookupOrDefault(value));
  return results;
}

Lowering::Values Lowering::loadInits() {
  Values values;
  for (OpOperand &init : op.getDpsInitsMutable())
    values.push_back(op.payloadUsesValueFromOperand(&init) ? loadElement(init) : Value());
  return values;
}

void Lowering::storeInits(ValueRange values) {
  for (auto [init, value] : llvm::zip(op.getDpsInitsMutable(), values))
    storeElement(init, value);
}

/// Reduction loops with the accumulators as loop-carried values.
Lowering::Values Lowering::accumulate(size_t level, ValueRange accumulators) {
  if (level == strategy.order.size()) {
    Values operands;
    for (OpOperand *input : op.getDpsInputOperands())
      operands.push_back(op.payloadUsesValueFromOperand(input) ? loadElement(*input) : Value());
    llvm::append_range(operands, accumulators);
    return element(operands);
  }
  unsigned dim = strategy.order[level];
  Values results;
  loop(dim, constant(0), bound(dim), 1, accumulators,
       [&](ValueRange carried) { return accumulate(level + 1, carried); }, &results);
  return results;
}

void Lowering::nest(size_t level) {
  if (level + strategy.accumulated == strategy.order.size()) {
    Values inits = loadInits();
    // A reduction that does not read what it accumulates to has nothing to carry.
    bool carries = llvm::all_of(inits, [](Value value) { return bool(value); });
    if (strategy.accumulated && !carries)
      for (auto [init, value] : llvm::zip(op.getDpsInitsMutable(), inits))
        if (!value)
          value = loadElement(init);
    storeInits(accumulate(level, inits));
    return;
  }
  unsigned dim = strategy.order[level];
  loop(dim, constant(0), bound(dim), 1, {},
       [&](ValueRange) { return nest(level + 1), Values(); }, nullptr);
}

//===----------------------------------------------------------------------===//
// Unroll and jam
//===----------------------------------------------------------------------===//

/// A loop in steps of `jamFactor`, and one over what is left.
void Lowering::split(unsigned dim, llvm::function_ref<void(int64_t)> body) {
  auto wrap = [&](int64_t factor) {
    return [&, factor](ValueRange) { return body(factor), Values(); };
  };
  std::optional<int64_t> size = getConstantIntValue(ranges[dim].size);
  if (size && *size < jamFactor) {
    // All of it at once.
    ivs[dim] = constant(0);
    if (*size > 0)
      body(*size);
    return;
  }
  Value whole;
  if (size) {
    whole = constant(*size - *size % jamFactor);
  } else {
    Value rest = arith::RemUIOp::create(builder, loc, bound(dim), constant(jamFactor));
    whole = arith::SubIOp::create(builder, loc, bound(dim), rest);
  }
  loop(dim, constant(0), whole, jamFactor, {}, wrap(jamFactor), nullptr);
  if (size && *size % jamFactor > 0) {
    ivs[dim] = whole;
    body(*size % jamFactor);
  } else if (!size) {
    loop(dim, whole, bound(dim), 1, {}, wrap(1), nullptr);
  }
}

/// The innermost loop for `rows` values of the parallel and `depth` of the
/// reduction loop, from the present ones.
void Lowering::jamBlock(int64_t rows, int64_t depth) {
  unsigned inner = strategy.order.back();
  bool hasRows = strategy.jamParallel != iterators.size();
  Values base = ivs;
  auto offsets = [&](unsigned dim, int64_t count) {
    Values values{base[dim]};
    for (int64_t by = 1; by < count; ++by)
      values.push_back(arith::AddIOp::create(builder, loc, base[dim], constant(by)));
    return values;
  };
  Values rowIndex = hasRows ? offsets(strategy.jamParallel, rows) : Values();
  Values stepIndex = offsets(strategy.jamReduction, depth);
  auto moveTo = [&](int64_t row, int64_t step) {
    if (hasRows)
      ivs[strategy.jamParallel] = rowIndex[row];
    ivs[strategy.jamReduction] = stepIndex[step];
  };
  // Key: operand, row and step as far as the operand depends on them.
  DenseMap<std::tuple<unsigned, int64_t, int64_t>, Value> loaded;
  auto fetch = [&](OpOperand &operand, int64_t row, int64_t step) {
    auto key = std::make_tuple(operand.getOperandNumber(),
                               hasRows && uses(operand, strategy.jamParallel) ? row : 0,
                               uses(operand, strategy.jamReduction) ? step : 0);
    Value &value = loaded[key];
    if (!value) {
      moveTo(row, step);
      value = loadElement(operand);
    }
    return value;
  };
  // What the innermost loop does not change is loaded before it.
  for (OpOperand *input : op.getDpsInputOperands())
    if (!uses(*input, inner) && op.payloadUsesValueFromOperand(input))
      for (int64_t row = 0; row < rows; ++row)
        for (int64_t step = 0; step < depth; ++step)
          fetch(*input, row, step);

  OpOperand &init = *op.getDpsInitOperand(0);
  auto body = [&](ValueRange) {
    SmallVector<Value> accumulators;
    for (int64_t row = 0; row < rows; ++row) {
      moveTo(row, 0);
      Value accumulator = loadElement(init);
      for (int64_t step = 0; step < depth; ++step) {
        Values operands;
        for (OpOperand *input : op.getDpsInputOperands())
          operands.push_back(op.payloadUsesValueFromOperand(input) ? fetch(*input, row, step)
                                                                   : Value());
        operands.push_back(accumulator);
        moveTo(row, step);
        accumulator = element(operands).front();
      }
      accumulators.push_back(accumulator);
    }
    for (int64_t row = 0; row < rows; ++row) {
      moveTo(row, 0);
      storeElement(init, accumulators[row]);
    }
    return Values();
  };
  loop(inner, constant(0), bound(inner), 1, {}, body, nullptr);
  ivs = base;
}

void Lowering::jamNest(size_t level) {
  unsigned dim = strategy.order[level];
  if (dim == strategy.jamReduction) {
    split(dim, [&](int64_t depth) { jamBlock(1, depth); });
  } else if (dim == strategy.jamParallel) {
    split(dim, [&](int64_t rows) {
      split(strategy.jamReduction, [&](int64_t depth) { jamBlock(rows, depth); });
    });
  } else {
    loop(dim, constant(0), bound(dim), 1, {},
         [&](ValueRange) { return jamNest(level + 1), Values(); }, nullptr);
  }
}

void Lowering::run() {
  builder.setInsertionPoint(op);
  ranges = llvm::to_vector(op.createLoopRanges(builder, loc));
  ivs.resize(iterators.size());
  chooseStrategy();
  if (strategy.jam)
    jamNest(0);
  else
    nest(0);
  op->erase();
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

/// A memref.copy of views would become a call of a library.
void copyByLoops(OpBuilder &builder, memref::CopyOp copy) {
  auto isDense = [](Value value) {
    auto type = dyn_cast<MemRefType>(value.getType());
    return type && type.getLayout().isIdentity();
  };
  if (copy.getSource() == copy.getTarget()) {
    copy.erase();
    return;
  }
  if (isDense(copy.getSource()) && isDense(copy.getTarget()))
    return;
  builder.setInsertionPoint(copy);
  linalg::makeMemRefCopyOp(builder, copy.getLoc(), copy.getSource(), copy.getTarget());
  copy.erase();
}

struct LinalgToLoops : public tfc::impl::LinalgToLoopsPassBase<LinalgToLoops> {
  void runOnOperation() override {
    OpBuilder builder(&getContext());
    SmallVector<memref::CopyOp> copies;
    getOperation()->walk([&](memref::CopyOp copy) { copies.push_back(copy); });
    for (memref::CopyOp copy : copies)
      copyByLoops(builder, copy);

    SmallVector<LinalgOp> ops;
    WalkResult result = getOperation()->walk([&](LinalgOp op) {
      if (!op.hasPureBufferSemantics()) {
        op->emitOpError("expected buffers, got tensors; bufferize first");
        return WalkResult::interrupt();
      }
      ops.push_back(op);
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      return signalPassFailure();
    for (LinalgOp op : ops)
      Lowering(builder, op).run();
  }
};

} // namespace
