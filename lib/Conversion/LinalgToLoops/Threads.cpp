//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// What threads share of a nest, what that is expected to take, and the remark
// that says so.
//===----------------------------------------------------------------------===//

#include "NestLowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "tfc/Dialect/TFCRT/IR/ParallelLoop.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"
#include "tfc/Dialect/TFCRT/Transforms/Body.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;
using namespace tfc::loops;
using linalg::LinalgOp;

/// Does an input share memory with what is written, element by element at other
/// indices?
bool NestLowering::mayOverlap() {
  for (OpOperand &init : op.getDpsInitsMutable())
    for (OpOperand &other : op->getOpOperands()) {
      if (&other == &init || !isa<MemRefType>(other.get().getType()) ||
          tfc::rt::rootOf(other.get()) != tfc::rt::rootOf(init.get()))
        continue;
      if (other.get() != init.get() ||
          maps[other.getOperandNumber()] != maps[init.getOperandNumber()])
        return true;
    }
  return false;
}

/// What a usual second-level cache still holds when other work is done between.
static constexpr double nearBytes = 1024 * 1024;

static double bytesOfElement(MemRefType type) {
  Type element = type.getElementType();
  return element.isIntOrFloat() || isa<ComplexType>(element)
             ? bitsOf(element) / 8.0
             : 8;
}

static double bytesOf(Value memory) {
  auto type = dyn_cast<MemRefType>(memory.getType());
  return type && type.hasStaticShape()
             ? type.getNumElements() * bytesOfElement(type)
             : 0;
}

/// The memory that an op works on: slices of one buffer, which often overlap,
/// are no more than the buffer.
static double footprint(LinalgOp op) {
  llvm::MapVector<Value, double> parts;
  for (Value memory : op->getOperands())
    if (isa<MemRefType>(memory.getType()))
      parts[tfc::rt::rootOf(memory)] += bytesOf(memory);
  double bytes = 0;
  for (auto [root, sum] : parts) {
    double whole = bytesOf(root);
    bytes += whole > 0 ? std::min(whole, sum) : sum;
  }
  return bytes;
}

/// The time of one element: arithmetic in vectors, memory at the rate of the
/// cache that holds all operands, what is not vectorized one by one.
double NestLowering::elementNanoseconds() {
  double bytes = footprint(op), memory = 0;
  double ofByte = bytes < nearBytes       ? 0.0075
                  : bytes < 2 * nearBytes ? 0.015
                                          : 0.03;
  for (OpOperand &operand : op->getOpOperands())
    if (auto type = dyn_cast<MemRefType>(operand.get().getType()))
      if (!strategy.order.empty() && uses(operand, strategy.order.back()))
        memory += ofByte * bytesOfElement(type);
  // Rows of squares change sides, and begin on as many lines.
  double turn = strategy.squares ? 1.6 / strategy.lanes : 0;
  double body = tfc::rt::bodyNanoseconds(*op.getBlock(), strategy.lanes);
  if (strategy.picks) // all columns of a row at once
    body /= *getConstantIntValue(
        ranges[strategy.order[strategy.order.size() - 2]].size);
  return (std::max(body, memory) + 0.02) * wasteOfVectors() + turn +
         overheadOfElement();
}

/// Vectors of which rows of known length fill only a part count as whole ones.
double NestLowering::wasteOfVectors() {
  if (strategy.lanes < 2 || strategy.order.empty() || strategy.squares ||
      strategy.shortRows || strategy.picks)
    return 1;
  std::optional<int64_t> size =
      getConstantIntValue(ranges[strategy.order.back()].size);
  if (!size || *size < 1)
    return 1;
  return double(llvm::alignTo(*size, strategy.lanes)) / double(*size);
}

/// What is done element by element takes a cycle at least, and the lanes of a
/// row are combined in several steps.
double NestLowering::overheadOfElement() {
  if (strategy.lanes < 2)
    return strategy.order.empty() ? 0 : 0.25;
  if (!strategy.rowTrees)
    return 0;
  constexpr double ofRow = 0.5;
  return ofRow / double(std::max<int64_t>(
                     1, getConstantIntValue(ranges[strategy.order.back()].size)
                            .value_or(64)));
}

/// Threads that share columns read lines of all rows, which another one may
/// just have written: short sums of columns are faster by one.
bool NestLowering::isWorthColumns() {
  double work = elementNanoseconds();
  bool reduces = false;
  for (unsigned dim : strategy.order) {
    reduces |= isReduction(dim);
    work *= double(getConstantIntValue(ranges[dim].size).value_or(1 << 20));
  }
  constexpr double least = 100000; // nanoseconds
  return !reduces || work > least;
}

/// The loop that threads share out: the outermost one that has iterations for
/// many of them. A reduction that is jammed keeps its blocks.
std::optional<unsigned> NestLowering::chooseParallel() {
  constexpr int64_t enough = 16;
  if (!options.parallel || mayOverlap())
    return std::nullopt;
  if (!strategy.taps.empty()) {
    unsigned inner = strategy.order.back();
    int64_t two = 2 * strategy.lanes * strategy.unroll;
    bool isLong = getConstantIntValue(ranges[inner].size).value_or(two) >= two;
    return isLong ? std::optional(inner) : std::nullopt;
  }
  std::optional<unsigned> best;
  int64_t bestSize = 0;
  for (unsigned dim : strategy.order) {
    // Columns of short rows are done together.
    bool isColumn =
        strategy.shortRows && dim == strategy.order[strategy.order.size() - 2];
    bool isInner = dim == strategy.order.back();
    if (isReduction(dim) || isColumn || (isInner && strategy.spread))
      continue;
    int64_t size = getConstantIntValue(ranges[dim].size).value_or(enough);
    // The innermost loop is cut as well, but later than others.
    if (isInner)
      size /= 64;
    if (bestSize < enough && size > bestSize) {
      best = dim;
      bestSize = size;
    }
  }
  if (best == strategy.order.back() && !isWorthColumns())
    return std::nullopt;
  return bestSize > 1 ? best : std::nullopt;
}

/// What was made of the op, for those who ask.
std::string NestLowering::describe(bool isShared) {
  std::string text;
  llvm::raw_string_ostream out(text);
  out << "loops: " << op->getName().stripDialect() << " over ";
  llvm::interleave(
      strategy.order, out,
      [&](unsigned dim) {
        if (std::optional<int64_t> size = getConstantIntValue(ranges[dim].size))
          out << *size;
        else
          out << "?";
        if (isReduction(dim))
          out << " (reduced)";
      },
      " x ");
  if (strategy.order.empty())
    out << "one element";
  out << ", " << std::distance(op.getBlock()->begin(), op.getBlock()->end()) - 1
      << " operations each";
  if (!strategy.taps.empty())
    out << ", the window's sums in registers for runs of places";
  else if (strategy.jam && strategy.jamWhole.empty())
    out << ", unrolled and jammed by " << jamDepth();
  else if (strategy.jam)
    out << ", the window unrolled, and jammed by " << jamFactor;
  if (margins)
    out << ", margins apart";
  if (follower)
    out << ", "
        << std::distance(follower->op.getBlock()->begin(),
                         follower->op.getBlock()->end()) -
               1
        << " operations more on the results";
  if (strategy.squares)
    out << ", in squares of " << strategy.lanes
        << " that change sides in registers";
  else if (strategy.picks)
    out << ", all columns of " << strategy.lanes << " rows at once";
  else if (strategy.shortRows)
    out << ", " << strategy.lanes << " short rows at once";
  else if (strategy.gathers)
    out << ", in vectors of " << strategy.lanes
        << ", whose elements are loaded one by one";
  else if (strategy.lanes > 1)
    out << ", in " << strategy.unroll << " vectors of " << strategy.lanes;
  if (reordered)
    out << ", after " << reordered
        << " small inputs were copied in the order of the vectors";
  if (strategy.blockStep)
    out << ", summed in blocks of " << strategy.blockStep << " iterations";
  if (strategy.rowTrees)
    out << ", the lanes of " << strategy.lanes << " rows combined together";
  if (strategy.compensated)
    out << ", summed with lost parts";
  bool parallelDims = llvm::any_of(
      strategy.order, [&](unsigned dim) { return !isReduction(dim); });
  if (isShared)
    out << "; shared by threads";
  else if (!parallelDims)
    out << "; not shared by threads: no parallel loop";
  else if (mayOverlap())
    out << "; not shared by threads: it reads what it writes at other indices";
  else
    out << "; not shared by threads: too little work, or inside of a shared "
           "loop";
  return text;
}

/// In a loop around: do threads share other work of its body? What one thread
/// did alone between would take the rows of all from their caches, and back.
bool NestLowering::staysInPlace(unsigned shared) {
  constexpr int64_t manyRows = 64, much = 1 << 18; // iterations
  if (!isa<scf::ForOp, scf::WhileOp>(op->getParentOp()) ||
      getConstantIntValue(ranges[shared].size).value_or(0) < manyRows)
    return false;
  return llvm::any_of(*op->getBlock(), [&](Operation &other) {
    if (isa<tfc::rt::ParallelOp>(other))
      return true;
    auto nest = dyn_cast<LinalgOp>(other);
    if (!nest || nest == op)
      return false;
    int64_t volume = 1;
    for (int64_t size : nest.getStaticLoopRanges())
      volume *= ShapedType::isDynamic(size) ? 1 : size;
    return volume >= much;
  });
}

/// Did threads write what this op reads, in the loop right before it?
bool NestLowering::readsOthers() {
  constexpr int64_t few = 8 * 1024; // elements
  SmallVector<Value> read;
  for (Value input : op.getDpsInputs())
    if (auto type = dyn_cast<MemRefType>(input.getType());
        type && type.hasStaticShape() && type.getNumElements() >= few)
      read.push_back(tfc::rt::rootOf(input));
  Operation *before = op->getPrevNode();
  while (before && (isa<linalg::FillOp>(before) || !before->getNumRegions()))
    before = before->getPrevNode();
  auto loop = dyn_cast_or_null<tfc::rt::ParallelOp>(before);
  if (!loop || read.empty())
    return false;
  auto isRead = [&](Value memory) {
    return isa<MemRefType>(memory.getType()) &&
           llvm::is_contained(read, tfc::rt::rootOf(memory));
  };
  return loop
      ->walk([&](Operation *nested) {
        Value target;
        if (auto store = dyn_cast<vector::StoreOp>(nested))
          target = store.getBase();
        else if (auto store = dyn_cast<vector::MaskedStoreOp>(nested))
          target = store.getBase();
        else if (auto store = dyn_cast<memref::StoreOp>(nested))
          target = store.getMemRef();
        bool writes = target && isRead(target);
        // Of tiles.
        if (isa<func::CallOp>(nested))
          writes = llvm::any_of(nested->getOperands(), isRead);
        return writes ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

/// Emits the iterations of one loop as pieces for threads; false if that is not
/// worth it.
bool NestLowering::emitPieces(unsigned shared, OpFoldResult others) {
  // Whole squares, and rows that are combined or jammed together: all others
  // would be done element by element, or row by row.
  bool isCut =
      (strategy.squares || strategy.rowTrees) &&
      llvm::is_contained(ArrayRef(strategy.order).take_back(2), shared);
  int64_t step = isCut ? strategy.lanes : 1;
  if (strategy.jam && shared == strategy.jamParallel) {
    isCut = true;
    step = jamFactor;
  }
  if (!strategy.taps.empty()) {
    isCut = true;
    step = strategy.lanes * strategy.unroll;
  }
  Value end = last[shared];
  Value count =
      isCut ? builder.createOrFold<arith::CeilDivUIOp>(loc, end, constant(step))
            : end;
  return tfc::rt::buildParallel(
      builder, loc, first[shared], count,
      {others, elementNanoseconds() * step, staysInPlace(shared),
       readsOthers()},
      [&](Value from, Value to) {
        first[shared] =
            builder.createOrFold<arith::MulIOp>(loc, from, constant(step));
        last[shared] =
            builder.createOrFold<arith::MulIOp>(loc, to, constant(step));
        if (isCut)
          last[shared] =
              builder.createOrFold<arith::MinUIOp>(loc, last[shared], end);
        emit();
      });
}

/// Emits the nest; returns whether threads share it.
bool NestLowering::share() {
  std::optional<unsigned> shared = chooseParallel();
  if (!shared) {
    bool inPieces = numReductionPieces() > 1;
    inPieces ? reduceInPieces() : emit();
    return inPieces;
  }
  Value others = constant(1);
  for (unsigned dim = 0; dim < iterators.size(); ++dim)
    if (dim != *shared)
      others = builder.createOrFold<arith::MulIOp>(loc, others, last[dim]);
  bool isShared = false;
  auto pieces = [&] {
    isShared = emitPieces(*shared, getAsOpFoldResult(others));
  };
  strategy.compensated ? withLostParts(pieces) : pieces();
  return isShared;
}
