//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Scatters of rows, as sums over the edges of a graph:
//
//   for i:  result[place[i]] += row i
//
// Which row is next the processor does not know, so that it waits for the
// caches: rows that are a few iterations ahead are fetched. Threads share the
// rows of the result. Each looks at all places, a block at a time, makes a list
// of those in its range, and goes through that: every row gets its updates in
// their order, whoever does it. Or, where rows are long,
// they share columns, and each goes through all updates.
//===----------------------------------------------------------------------===//

#include "RowScatter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "tfc/Dialect/TFCRT/IR/MayAlias.h"
#include "tfc/Dialect/TFCRT/IR/ParallelLoop.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"
#include "tfc/Dialect/TFCRT/Transforms/Body.h"

using namespace mlir;
using namespace tfc::loops;

namespace {

class RowScatter {
public:
  /// The copy, if there is one, is also there as an op that computes.
  RowScatter(scf::ForOp loop, memref::CopyOp copied)
      : loop(loop), copied(copied), loc(loop.getLoc()) {}

  /// Is the loop one, and nothing else, on buffers of known sizes?
  bool match();
  /// Puts other loops in its place; false if it stays as it is.
  bool lower(OpBuilder &builder, bool parallel);

private:
  static constexpr int64_t line = 64, most = 8; // lines of a row
  static constexpr int64_t ahead = 8;           // iterations
  static constexpr int64_t block = 512;         // places
  static constexpr int64_t pieces = 4;

  bool readsOthers(Value memref);
  bool isRow(memref::SubViewOp view);
  bool isData(Value number);
  int64_t rowBytes(memref::SubViewOp view);

  Value constant(OpBuilder &b, int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value);
  }
  Value smaller(OpBuilder &b, Value x, Value y) {
    return arith::MinSIOp::create(b, loc, x, y);
  }
  Value valueAt(OpBuilder &b, Value value, IRMapping &iteration);
  int64_t columnsOfPart();
  void cut(OpBuilder &b, linalg::GenericOp part);
  bool shareColumns(OpBuilder &b);
  void fetch(OpBuilder &b, Value iteration);
  void iterate(OpBuilder &b, Value iteration);
  void inOrder(OpBuilder &b);
  void byLists(OpBuilder &b, Value from, Value to, Value list);

  scf::ForOp loop;
  memref::CopyOp copied;
  Location loc;
  linalg::GenericOp compute;
  memref::SubViewOp result;
  SmallVector<memref::SubViewOp> rows; // all, the result's too
  int64_t count = 0;
  Value column; // where the part of each row begins, if this is one
  int64_t width = 0;
};

} // namespace

/// Is this no part of the result?
bool RowScatter::readsOthers(Value memref) {
  Value root = tfc::rt::rootOf(memref), own = tfc::rt::rootOf(result);
  return root != own && !tfc::rt::mayAlias(root, own);
}

int64_t RowScatter::rowBytes(memref::SubViewOp view) {
  MemRefType type = view.getSourceType();
  int64_t elements = 1;
  for (int64_t size : type.getShape().drop_front())
    elements *= size;
  return elements * bitsOf(type.getElementType()) / 8;
}

/// One whole part of a buffer along its first dimension, which the iteration
/// says?
bool RowScatter::isRow(memref::SubViewOp view) {
  MemRefType type = view.getSourceType();
  if (type.getRank() < 2 ||
      llvm::any_of(type.getShape().drop_front(),
                   [](int64_t size) { return size < 1; }) ||
      !type.getLayout().isIdentity() ||
      loop->isAncestor(view.getSource().getParentBlock()->getParentOp()))
    return false;
  SmallVector<OpFoldResult> offsets = view.getMixedOffsets(),
                            sizes = view.getMixedSizes();
  if (!isa<Value>(offsets[0]) || !isConstantIntValue(sizes[0], 1) ||
      !llvm::all_of(view.getMixedStrides(),
                    [](OpFoldResult x) { return isConstantIntValue(x, 1); }))
    return false;
  for (int64_t i = 1; i < type.getRank(); ++i)
    if (!isConstantIntValue(offsets[i], 0) ||
        !isConstantIntValue(sizes[i], type.getDimSize(i)))
      return false;
  return true;
}

/// Does memory say what the number is?
bool RowScatter::isData(Value number) {
  Operation *op = number.getDefiningOp();
  return op && op->getBlock() == loop.getBody() &&
         (isa<memref::LoadOp>(op) ||
          llvm::any_of(op->getOperands(),
                       [&](Value operand) { return isData(operand); }));
}

bool RowScatter::match() {
  auto from = getConstantIntValue(loop.getLowerBound()),
       to = getConstantIntValue(loop.getUpperBound());
  if (loop.getNumResults() || !isConstantIntValue(loop.getStep(), 1) || !from ||
      !to)
    return false;
  count = *to - *from;
  SmallVector<Value> read;
  for (Operation &op : loop.getBody()->without_terminator()) {
    if (auto generic = dyn_cast<linalg::GenericOp>(op)) {
      if (compute || !generic.hasPureBufferSemantics() ||
          generic.getNumDpsInits() != 1 ||
          generic.getNumParallelLoops() != generic.getNumLoops())
        return false;
      compute = generic;
    } else if (auto load = dyn_cast<memref::LoadOp>(op)) {
      read.push_back(load.getMemRef());
    } else if (auto view = dyn_cast<memref::SubViewOp>(op)) {
      if (isRow(view))
        rows.push_back(view);
    } else if (auto copy = dyn_cast<memref::CopyOp>(op)) {
      if (copy != copied && copy.getSource() != copy.getTarget())
        return false;
    } else if (op.getNumRegions() || !isMemoryEffectFree(&op)) {
      return false;
    }
  }
  result = compute ? compute.getDpsInits()[0].getDefiningOp<memref::SubViewOp>()
                   : memref::SubViewOp();
  if (!result || !llvm::is_contained(rows, result) || count < 1)
    return false;
  if (!isData(cast<Value>(result.getMixedOffsets()[0])))
    return false;
  for (Operation &op : compute.getBody()->without_terminator()) {
    if (auto load = dyn_cast<memref::LoadOp>(op))
      read.push_back(load.getMemRef());
    else if (op.getNumRegions() || !isMemoryEffectFree(&op))
      return false;
  }
  for (Value input : compute.getDpsInputs())
    if (isa<MemRefType>(input.getType()))
      read.push_back(input);
  return llvm::all_of(read, [&](Value x) { return readsOthers(x); });
}

/// A value of the loop's body, in another iteration.
Value RowScatter::valueAt(OpBuilder &b, Value value, IRMapping &iteration) {
  if (Value known = iteration.lookupOrNull(value))
    return known;
  Operation *op = value.getDefiningOp();
  if (!op || op->getBlock() != loop.getBody())
    return value;
  for (Value operand : op->getOperands())
    iteration.map(operand, valueAt(b, operand, iteration));
  return b.clone(*op, iteration)
      ->getResult(cast<OpResult>(value).getResultNumber());
}

/// Asks for the rows of an iteration, or the first lines of long ones.
void RowScatter::fetch(OpBuilder &b, Value iteration) {
  IRMapping mapping;
  mapping.map(loop.getInductionVar(), iteration);
  for (memref::SubViewOp view : rows) {
    auto type = view.getSourceType();
    Value place = valueAt(b, cast<Value>(view.getMixedOffsets()[0]), mapping);
    int64_t bits = bitsOf(type.getElementType()), bytes = rowBytes(view);
    bool isPart = column && type.getRank() == 2 &&
                  bytes * 8 == bits * result.getSourceType().getDimSize(1);
    if (isPart)
      bytes = width * bits / 8;
    for (int64_t at = 0; at < std::min(bytes, most * line); at += line) {
      SmallVector<Value> indices(type.getRank());
      int64_t element = at * 8 / bits;
      for (int64_t i = type.getRank() - 1; i > 0; --i) {
        indices[i] = constant(b, element % type.getDimSize(i));
        element /= type.getDimSize(i);
      }
      if (isPart)
        indices[1] = arith::AddIOp::create(b, loc, indices[1], column);
      indices[0] = place;
      memref::PrefetchOp::create(b, loc, view.getSource(), indices,
                                 /*isWrite=*/view == result,
                                 /*localityHint=*/3, /*isDataCache=*/true);
    }
  }
}

void RowScatter::iterate(OpBuilder &b, Value iteration) {
  IRMapping mapping;
  mapping.map(loop.getInductionVar(), iteration);
  for (Operation &op : loop.getBody()->without_terminator()) {
    if (isa<memref::CopyOp>(op))
      continue; // to itself, or an op computes it
    Operation *clone = b.clone(op, mapping);
    if (auto part = dyn_cast<linalg::GenericOp>(clone)) {
      part->setAttr(isFetched, b.getUnitAttr());
      if (column)
        cut(b, part);
    }
  }
}

void RowScatter::inOrder(OpBuilder &b) {
  Value last =
      arith::SubIOp::create(b, loc, loop.getUpperBound(), constant(b, 1));
  auto all = scf::ForOp::create(b, loc, loop.getLowerBound(),
                                loop.getUpperBound(), loop.getStep());
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(all.getBody());
  Value i = all.getInductionVar();
  fetch(b,
        smaller(b, arith::AddIOp::create(b, loc, i, constant(b, ahead)), last));
  iterate(b, i);
}

void RowScatter::byLists(OpBuilder &b, Value from, Value to, Value list) {
  Value zero = constant(b, 0), one = constant(b, 1), size = constant(b, block);
  auto blocks = scf::ForOp::create(b, loc, loop.getLowerBound(),
                                   loop.getUpperBound(), size);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(blocks.getBody());
  Value begin = blocks.getInductionVar();
  Value end = smaller(b, arith::AddIOp::create(b, loc, begin, size),
                      loop.getUpperBound());
  // Each is put behind those before, and stays there if it counts.
  auto choose = scf::ForOp::create(b, loc, begin, end, one, ValueRange{zero});
  {
    OpBuilder::InsertionGuard inner(b);
    b.setInsertionPointToStart(choose.getBody());
    Value i = choose.getInductionVar(), next = choose.getRegionIterArg(0);
    IRMapping mapping;
    mapping.map(loop.getInductionVar(), i);
    Value place = valueAt(b, cast<Value>(result.getMixedOffsets()[0]), mapping);
    memref::StoreOp::create(b, loc, i, list, next);
    // One comparison: what is below is far above as an unsigned number.
    Value isHere =
        arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult,
                              arith::SubIOp::create(b, loc, place, from),
                              arith::SubIOp::create(b, loc, to, from));
    Value more = arith::IndexCastUIOp::create(b, loc, b.getIndexType(), isHere);
    scf::YieldOp::create(b, loc,
                         Value(arith::AddIOp::create(b, loc, next, more)));
  }
  Value found = choose.getResult(0),
        last = arith::SubIOp::create(b, loc, found, one);
  auto each = scf::ForOp::create(b, loc, zero, found, one);
  b.setInsertionPointToStart(each.getBody());
  Value j = each.getInductionVar();
  Value later =
      smaller(b, arith::AddIOp::create(b, loc, j, constant(b, ahead)), last);
  fetch(b, memref::LoadOp::create(b, loc, list, later));
  iterate(b, memref::LoadOp::create(b, loc, list, j));
}

/// How many columns are a part of a row, of 512 bytes: threads that share lines
/// which processors fetch in pairs take each other's. 0 if rows have no parts.
int64_t RowScatter::columnsOfPart() {
  constexpr int64_t bytes = 512;
  if (compute.getNumLoops() != 1 || compute.hasIndexSemantics() ||
      result.getSourceType().getRank() != 2 ||
      !llvm::all_of(compute.getIndexingMapsArray(), [](AffineMap map) {
        return map.isIdentity() || map.getNumResults() == 0;
      }))
    return 0;
  int64_t columns = result.getSourceType().getDimSize(1),
          part = bytes * 8 / bitsOf(result.getSourceType().getElementType());
  return columns % part == 0 && columns >= 2 * part ? part : 0;
}

/// Of the rows, the part of some columns.
void RowScatter::cut(OpBuilder &b, linalg::GenericOp part) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(part);
  for (OpOperand &operand : part->getOpOperands())
    if (part.getMatchingIndexingMap(&operand).getNumResults())
      operand.set(memref::SubViewOp::create(
          b, loc, operand.get(), ArrayRef<OpFoldResult>{column},
          ArrayRef<OpFoldResult>{b.getIndexAttr(width)},
          ArrayRef<OpFoldResult>{b.getIndexAttr(1)}));
}

/// Threads have columns each, if that is worth it.
bool RowScatter::shareColumns(OpBuilder &b) {
  constexpr double ofUpdate = 4, ofLine = 2; // nanoseconds
  int64_t part = columnsOfPart(), bytes = rowBytes(result);
  if (!part || loop->getParentOfType<tfc::rt::ParallelOp>())
    return false;
  int64_t parts = result.getSourceType().getDimSize(1) / part;
  double nanoseconds = double(count) * (ofUpdate + ofLine * double(bytes) /
                                                       double(parts * line));
  return tfc::rt::buildParallel(
      b, loc, constant(b, 0), constant(b, parts),
      {b.getIndexAttr(1), nanoseconds}, [&](Value from, Value to) {
        if (from.getDefiningOp()) // not shared
          return;
        auto isAt = [&](Value x, int64_t y) {
          return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, x,
                                       constant(b, y));
        };
        auto whole = scf::IfOp::create(
            b, loc,
            arith::AndIOp::create(b, loc, isAt(from, 0), isAt(to, parts)),
            /*withElseRegion=*/true);
        OpBuilder then = whole.getThenBodyBuilder(),
                  other = whole.getElseBodyBuilder();
        inOrder(then);
        auto each =
            scf::ForOp::create(other, loc, from, to, constant(other, 1));
        OpBuilder inside = OpBuilder::atBlockBegin(each.getBody());
        width = part;
        column = arith::MulIOp::create(inside, loc, each.getInductionVar(),
                                       constant(inside, part));
        inOrder(inside);
        column = {};
      });
}

bool RowScatter::lower(OpBuilder &b, bool parallel) {
  constexpr int64_t cache = 2 << 20; // the second level's
  // With two threads, shorter rows take longer by lists than is gained, and so
  // do results that a near cache holds.
  constexpr int64_t shortest = 128, least = 4 << 20, fewest = 64;
  int64_t bytes = rowBytes(result),
          places = result.getSourceType().getDimSize(0);
  bool isKnown = !ShapedType::isDynamic(places);
  b.setInsertionPoint(loop);
  if (parallel && shareColumns(b)) {
    loop.erase();
    return true;
  }
  if (bytes < line || (count + (isKnown ? places : 0)) * bytes < cache)
    return false;
  if (parallel && bytes >= shortest && count * bytes >= least &&
      (!isKnown || (places >= fewest && places * bytes > cache / 4)) &&
      !loop->getParentOfType<tfc::rt::ParallelOp>()) {
    Value zero = constant(b, 0), all, grain;
    if (isKnown) {
      all = constant(b, places);
      grain = constant(b, (places + pieces - 1) / pieces);
    } else {
      all = memref::DimOp::create(b, loc, result.getSource(), zero);
      grain = arith::AddIOp::create(
          b, loc, arith::DivUIOp::create(b, loc, all, constant(b, pieces)),
          constant(b, 1));
    }
    auto shared = tfc::rt::ParallelOp::create(b, loc, zero, all, grain);
    b.setInsertionPointToStart(&shared.getBody().front());
    Value list = memref::AllocOp::create(
        b, loc, MemRefType::get({block}, b.getIndexType()));
    Value from = shared.getFrom(), to = shared.getTo();
    Value isFirst = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq,
                                          from, zero),
          isLast =
              arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, to, all);
    auto whole = scf::IfOp::create(
        b, loc, arith::AndIOp::create(b, loc, isFirst, isLast),
        /*withElseRegion=*/true);
    OpBuilder then = whole.getThenBodyBuilder(),
              other = whole.getElseBodyBuilder();
    inOrder(then);
    byLists(other, from, to, list);
  } else {
    inOrder(b);
  }
  loop.erase();
  return true;
}

/// The copy that stores a row, as an op like others; none if there is no copy.
static linalg::GenericOp makeRowCopy(OpBuilder &builder, scf::ForOp loop,
                                     memref::CopyOp &found) {
  for (auto copy : loop.getBody()->getOps<memref::CopyOp>())
    if (copy.getSource() != copy.getTarget() &&
        copy.getTarget().getDefiningOp<memref::SubViewOp>()) {
      if (found)
        return {};
      found = copy;
    }
  if (!found)
    return {};
  builder.setInsertionPointAfter(found);
  return linalg::makeMemRefCopyOp(builder, found.getLoc(), found.getSource(),
                                  found.getTarget());
}

void tfc::loops::lowerRowScatters(OpBuilder &builder, Operation *root,
                                  const NestOptions &options) {
  SmallVector<scf::ForOp> loops;
  root->walk([&](scf::ForOp loop) { loops.push_back(loop); });
  for (scf::ForOp loop : loops) {
    memref::CopyOp copy;
    linalg::GenericOp row = makeRowCopy(builder, loop, copy);
    RowScatter scatter(loop, row ? copy : memref::CopyOp());
    if (!(scatter.match() && scatter.lower(builder, options.parallel)) && row)
      row.erase();
  }
}
