//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Checks of elements share the loop of the op that they protect.
//
// Positions, divisors and exponents are checked before anything is done with
// them: a pass over memory of its own, which takes a third of the time of a
// cheap op. Here a block is checked, and is worked on if it is as it must be;
// whether all were is asked after the loop. So an entry may fail after a part
// of the op's result has been written, and nothing else: a result of a call
// that fails is nobody's.
//===----------------------------------------------------------------------===//

#include "CheckBlocks.h"
#include "Group.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/RegionUtils.h"
#include "tfc/Dialect/TFCRT/IR/ParallelLoop.h"
#include "tfc/Dialect/TFCRT/IR/Remark.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"
#include "tfc/Dialect/TFCRT/Transforms/Body.h"

using namespace mlir;
using namespace tfc::fusion;
using linalg::GenericOp;

/// Elements of a block: with what is made of them they stay in the first- and
/// second-level cache.
static constexpr int64_t checkedElements = 4096;
/// Fewer are in the cache anyway.
static constexpr int64_t leastElements = 4 * checkedElements;

namespace {

/// flag = 1; for all elements: flag &= is as it must be; if (!flag) abort.
struct Check {
  memref::AllocOp flag;
  GenericOp loop;
  memref::LoadOp load;
  Operation *compare;
  scf::IfOp leave;

  Value elements() { return loop.getDpsInputOperand(0)->get(); }
};

} // namespace

/// Does the branch end the entry, and do nothing for others before?
static bool leavesEntry(scf::IfOp branch) {
  return branch.getNumResults() == 0 && branch.getElseRegion().empty() &&
         llvm::any_of(branch.thenBlock()->getOperations(),
                      [](Operation &op) { return isa<tfc::rt::AbortOp>(op); });
}

static bool isAndOfElements(GenericOp loop) {
  if (loop.getNumDpsInputs() != 1 || loop.getNumDpsInits() != 1 ||
      loop.getNumParallelLoops() != 0 || loop.getNumLoops() == 0 ||
      !loop.getIndexingMapsArray().front().isIdentity() ||
      !isa<MemRefType>(loop.getDpsInputOperand(0)->get().getType()))
    return false;
  Block &body = *loop.getBlock();
  auto all = body.getTerminator()->getOperand(0).getDefiningOp<arith::AndIOp>();
  Value flag = loop.getMatchingBlockArgument(loop.getDpsInitOperand(0));
  return all && flag.hasOneUse() && llvm::is_contained(all.getOperands(), flag);
}

static std::optional<Check> matchCheck(scf::IfOp branch) {
  auto compare = branch.getCondition().getDefiningOp<arith::CmpIOp>();
  if (!compare || compare.getPredicate() != arith::CmpIPredicate::eq ||
      !compare->hasOneUse() || !matchPattern(compare.getRhs(), m_Zero()) ||
      !leavesEntry(branch))
    return std::nullopt;
  auto load = compare.getLhs().getDefiningOp<memref::LoadOp>();
  auto flag = load ? load.getMemRef().getDefiningOp<memref::AllocOp>()
                   : memref::AllocOp();
  if (!flag || !load->hasOneUse() || flag.getType().getRank() != 0 ||
      load->getBlock() != branch->getBlock() ||
      llvm::range_size(flag->getUsers()) != 3)
    return std::nullopt;
  Check check{flag, {}, load, compare, branch};
  bool isSet = false;
  for (Operation *user : flag->getUsers()) {
    if (user->getBlock() != branch->getBlock())
      return std::nullopt;
    if (auto loop = dyn_cast<GenericOp>(user))
      check.loop = loop;
    auto fill = dyn_cast<linalg::FillOp>(user);
    isSet |= fill && matchPattern(fill.getInputs().front(), m_One());
  }
  if (!isSet || !check.loop || !isAndOfElements(check.loop))
    return std::nullopt;
  return check;
}

/// The loop of the op that goes over the outermost dimension of all that sees
/// the elements; nothing if a block of its iterations has no slices.
static std::optional<unsigned> loopOverRows(linalg::LinalgOp op,
                                            Value elements) {
  std::optional<unsigned> loop;
  for (OpOperand &operand : op->getOpOperands()) {
    if (operand.get() != elements)
      continue;
    AffineMap map = op.getMatchingIndexingMap(&operand);
    auto outermost = dyn_cast<AffineDimExpr>(map.getResult(0));
    if (!outermost || (loop && *loop != outermost.getPosition()))
      return std::nullopt;
    loop = outermost.getPosition();
  }
  if (!loop)
    return std::nullopt;
  for (OpOperand &operand : op->getOpOperands()) {
    AffineMap map = op.getMatchingIndexingMap(&operand);
    auto uses = llvm::count_if(map.getResults(), [&](AffineExpr index) {
      return index.isFunctionOfDim(*loop);
    });
    bool isAlone = llvm::is_contained(
        map.getResults(), getAffineDimExpr(*loop, map.getContext()));
    if (uses > 1 || (uses == 1 && !isAlone))
      return std::nullopt;
  }
  return loop;
}

/// Do places that the op looks up come from elements that were checked, of the
/// same iterations? Others may be wrong as long as no check has ended the
/// entry.
static bool looksUpCheckedOnly(GenericOp op, ArrayRef<Check> checks) {
  Block &body = *op.getBlock();
  SmallVector<Value> places;
  for (Operation &nested : body.without_terminator()) {
    auto load = dyn_cast<memref::LoadOp>(nested);
    if (!load && !isMemoryEffectFree(&nested))
      return false;
    if (load)
      llvm::append_range(places, load.getIndices());
  }
  SmallPtrSet<Value, 16> seen;
  while (!places.empty()) {
    Value place = places.pop_back_val();
    if (!seen.insert(place).second)
      continue;
    if (auto argument = dyn_cast<BlockArgument>(place)) {
      if (argument.getOwner() != &body)
        return false;
      Value operand = op->getOperand(argument.getArgNumber());
      if (llvm::none_of(
              checks, [&](Check check) { return check.elements() == operand; }))
        return false;
      continue;
    }
    Operation *made = place.getDefiningOp();
    if (made->getBlock() != &body)
      continue; // the same for all iterations
    if (isa<memref::LoadOp>(made) || made->getNumRegions())
      return false;
    llvm::append_range(places, made->getOperands());
  }
  return true;
}

/// Is the memory one that nobody looks at when the entry has failed?
static bool isFresh(Value root) {
  if (auto bind = root.getDefiningOp<tfc::rt::BindOp>())
    return bind->hasAttr("result");
  return root.getDefiningOp<memref::AllocOp>();
}

/// May the op run block by block before the checks have ended the entry, on
/// blocks that have passed them?
static bool mayComeBefore(GenericOp op, ArrayRef<Check> checks) {
  if (!looksUpCheckedOnly(op, checks))
    return false;
  SmallVector<Access> accesses = accessesOf(op);
  for (const Access &access : accesses) {
    if (!access.writes)
      continue;
    if (!isFresh(access.root))
      return false;
    for (Check check : checks) {
      // What is checked, and what the message shows, is as it was.
      llvm::SetVector<Value> shown;
      getUsedValuesDefinedAbove(check.leave->getRegions(), shown);
      shown.insert(check.elements());
      for (Value value : shown)
        if (isa<BaseMemRefType>(value.getType()) &&
            mayAlias(tfc::rt::rootOf(value), access.root))
          return false;
    }
  }
  return true;
}

/// Checks right before the op, of elements that it goes over: the first one
/// first. Nothing with effects is between their parts, either.
static SmallVector<Check> checksBefore(GenericOp op) {
  SmallVector<Check> checks;
  SmallPtrSet<Operation *, 8> parts; // that have not been met yet
  for (Operation *before = op->getPrevNode(); before;
       before = before->getPrevNode()) {
    if (parts.erase(before) || isMemoryEffectFree(before) ||
        isa<memref::AllocOp>(before))
      continue;
    auto branch = dyn_cast<scf::IfOp>(before);
    auto check = branch ? matchCheck(branch) : std::nullopt;
    if (!check || !loopOverRows(op, check->elements()))
      break;
    for (Operation *user : check->flag->getUsers())
      parts.insert(user);
    checks.insert(checks.begin(), *check);
  }
  if (!parts.empty())
    checks.clear();
  return checks;
}

namespace {

class Blocks {
public:
  Blocks(GenericOp op, MutableArrayRef<Check> checks, bool parallel)
      : op(op), checks(checks), parallel(parallel), builder(op),
        loc(op.getLoc()) {}

  bool run();

private:
  Value constant(int64_t value) {
    return arith::ConstantIndexOp::create(builder, loc, value);
  }
  bool chooseSize();
  GenericOp onBlock(GenericOp whole, unsigned dim, Value from,
                    OpFoldResult rows);
  void emitBlock(Value number);

  GenericOp op;
  MutableArrayRef<Check> checks;
  bool parallel;
  OpBuilder builder;
  Location loc;
  unsigned loop = 0;
  int64_t rows = 0, total = 0; // of a block, and in all or kDynamic
  int64_t elements = 0;        // of a block, as the op has them
  Value count;                 // `total`, as a value
};

} // namespace

bool Blocks::chooseSize() {
  loop = *loopOverRows(op, checks.front().elements());
  int64_t width = 1; // iterations of the op in a row
  SmallVector<int64_t> sizes = op.getStaticLoopRanges();
  for (auto [dim, size] : llvm::enumerate(sizes))
    if (dim != loop) {
      if (ShapedType::isDynamic(size))
        return false;
      width *= size;
    }
  total = sizes[loop];
  if (width == 0 || width * 4 > checkedElements ||
      op.getIteratorTypesArray()[loop] != utils::IteratorType::parallel)
    return false;
  for (Check &check : checks) {
    if (loopOverRows(op, check.elements()) != loop)
      return false;
    auto type = cast<MemRefType>(check.elements().getType());
    int64_t checked = 1;
    for (int64_t size : type.getShape().drop_front()) {
      if (ShapedType::isDynamic(size))
        return false;
      checked *= size;
    }
    // What does far more with each element hides that they are read twice.
    if (checked * 4 < width)
      return false;
  }
  rows = checkedElements / width;
  if (!ShapedType::isDynamic(total)) {
    if (total * width < leastElements)
      return false;
    // Blocks of equal size have loops of known lengths.
    for (int64_t even = rows; even * 2 > rows; --even)
      if (total % even == 0) {
        rows = even;
        break;
      }
  }
  elements = rows * width;
  return true;
}

/// The same for `rows` iterations of one loop, from `from` on.
GenericOp Blocks::onBlock(GenericOp whole, unsigned dim, Value from,
                          OpFoldResult rows) {
  auto part = cast<GenericOp>(builder.clone(*whole));
  for (OpOperand &operand : part->getOpOperands()) {
    auto type = dyn_cast<MemRefType>(operand.get().getType());
    AffineMap map = part.getMatchingIndexingMap(&operand);
    if (!type || !map.isFunctionOfDim(dim))
      continue;
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPoint(part);
    SmallVector<OpFoldResult> offsets, sizes,
        steps(type.getRank(), builder.getIndexAttr(1));
    for (auto [place, index] : llvm::enumerate(map.getResults())) {
      bool isCut = index.isFunctionOfDim(dim);
      offsets.push_back(isCut ? OpFoldResult(from) : builder.getIndexAttr(0));
      int64_t size = type.getDimSize(place);
      if (isCut)
        sizes.push_back(rows);
      else if (!ShapedType::isDynamic(size))
        sizes.push_back(builder.getIndexAttr(size));
      else
        sizes.push_back(
            memref::DimOp::create(builder, loc, operand.get(), place)
                .getResult());
    }
    operand.set(memref::SubViewOp::create(builder, loc, operand.get(), offsets,
                                          sizes, steps));
  }
  part.walk([&](linalg::IndexOp index) {
    if (index.getDim() != dim)
      return;
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointAfter(index);
    auto moved = arith::AddIOp::create(builder, loc, index.getResult(), from);
    index.getResult().replaceAllUsesExcept(moved, moved);
  });
  return part;
}

/// Checks a block, and works on it or says that it is not as it must be.
void Blocks::emitBlock(Value number) {
  Value from = builder.createOrFold<arith::MulIOp>(loc, number, constant(rows));
  OpFoldResult length = builder.getIndexAttr(rows);
  if (ShapedType::isDynamic(total) || total % rows) {
    Value left = arith::SubIOp::create(builder, loc, count, from);
    length =
        arith::MinUIOp::create(builder, loc, left, constant(rows)).getResult();
  }
  Value passed;
  for (Check &check : checks) {
    auto type = check.flag.getType();
    auto number = [&](int64_t value) -> Value {
      return arith::ConstantOp::create(
          builder, loc, builder.getIntegerAttr(type.getElementType(), value));
    };
    Value flag = memref::AllocOp::create(builder, loc, type, ValueRange(),
                                         check.flag.getAlignmentAttr());
    linalg::FillOp::create(builder, loc, ValueRange(number(1)),
                           ValueRange(flag));
    GenericOp part = onBlock(check.loop, 0, from, length);
    part.setDpsInitOperand(0, flag);
    Value found = memref::LoadOp::create(builder, loc, flag, ValueRange());
    auto is = [&](arith::CmpIPredicate predicate) -> Value {
      return arith::CmpIOp::create(builder, loc, predicate, found, number(0));
    };
    auto bad = scf::IfOp::create(builder, loc, is(arith::CmpIPredicate::eq),
                                 /*withElse=*/false);
    {
      // Threads that find something wrong store the same.
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(bad.thenBlock());
      memref::StoreOp::create(builder, loc, number(0), check.flag,
                              ValueRange());
    }
    Value good = is(arith::CmpIPredicate::ne);
    passed = passed
                 ? arith::AndIOp::create(builder, loc, passed, good).getResult()
                 : good;
  }
  auto good = scf::IfOp::create(builder, loc, passed, /*withElse=*/false);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(good.thenBlock());
  onBlock(op, loop, from, length);
}

bool Blocks::run() {
  if (!chooseSize() || !mayComeBefore(op, checks))
    return false;
  tfc::rt::remark(op, [&] {
    return "fused: elements are checked in blocks of " +
           std::to_string(elements) + ", right before they are used";
  });
  double nanoseconds = elementNanoseconds(op) * double(elements);
  for (Check &check : checks)
    nanoseconds += elementNanoseconds(check.loop) * double(elements);
  Value elementsOf = checks.front().elements();
  count = ShapedType::isDynamic(total)
              ? memref::DimOp::create(builder, loc, elementsOf, 0).getResult()
              : constant(total);
  Value blocks =
      ShapedType::isDynamic(total)
          ? arith::CeilDivUIOp::create(builder, loc, count, constant(rows))
                .getResult()
          : constant(llvm::divideCeil(total, rows));
  auto body = [&](Value from, Value to) {
    auto each = scf::ForOp::create(builder, loc, from, to, constant(1));
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(each.getBody());
    emitBlock(each.getInductionVar());
  };
  if (parallel)
    tfc::rt::buildParallel(builder, loc, constant(0), blocks,
                           {builder.getIndexAttr(1), nanoseconds}, body);
  else
    body(constant(0), blocks);
  for (Check &check : checks) {
    check.load->moveBefore(op);
    check.compare->moveBefore(op);
    check.leave->moveBefore(op);
    check.loop->erase();
  }
  op->erase();
  return true;
}

void tfc::fusion::checkInBlocks(Operation *root, bool parallel) {
  SmallVector<GenericOp> candidates;
  root->walk([&](GenericOp op) {
    if (op.getNumReductionLoops() == 0 && op.hasPureBufferSemantics())
      candidates.push_back(op);
  });
  for (GenericOp op : candidates)
    if (SmallVector<Check> checks = checksBefore(op); !checks.empty())
      Blocks(op, checks, parallel).run();
}
