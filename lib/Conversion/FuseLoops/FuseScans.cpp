//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Scans run block by block, together with what makes and uses their elements.
//
// 1. Scans along the last dimension, all in one direction, and elementwise ops
// of the same
//    shape are collected in the order of a block, as long as nothing between
//    them minds that they run later. Element i of each needs elements up to i
//    of the others.
// 2. Those that share memory which one of them writes become one loop over
// blocks; what a
//    scan has summed up goes from block to block in a scalar.
// 3. A buffer that only they use shrinks to a block.
//===----------------------------------------------------------------------===//

#include "Access.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "tfc/Conversion/Passes.h"
#include "tfc/Dialect/TFCRT/IR/ParallelLoop.h"
#include "tfc/Dialect/TFCRT/IR/Remark.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"
#include "tfc/Dialect/TFCRT/Transforms/Body.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>
#include <optional>
#include <string>

namespace tfc {
#define GEN_PASS_DEF_FUSESCANSPASS
#include "tfc/Conversion/Passes.h.inc"
} // namespace tfc

using namespace mlir;
using linalg::GenericOp;
using tfc::fusion::mayAlias;
using tfc::rt::rootOf;
using tfc::rt::ScanOp;

/// A few buffers of a block stay in the first-level cache.
static constexpr int64_t blockElements = 2048;
/// Smaller buffers stay in a cache anyway.
static constexpr int64_t leastScanBytes = 64 * 1024;
/// An elementwise op with more operations than so is worth a thread by itself.
static constexpr size_t mostOperations = 12;
static constexpr size_t mostScans = 64;

namespace {

/// An operand in memory: the whole index space, or one scalar for all of it.
struct Use {
  Value buffer;
  bool writes, scalar;
};

struct ScanMember {
  Operation *op;
  SmallVector<Use> uses;
};

bool isDense(Value value) {
  auto type = dyn_cast<MemRefType>(value.getType());
  return type && type.hasStaticShape() && type.getLayout().isIdentity();
}

bool isCheap(GenericOp op) {
  Block &body = *op.getBody();
  return body.getOperations().size() <= mostOperations &&
         llvm::all_of(body.without_terminator(), [](Operation &nested) {
           return isa<arith::ArithDialect>(nested.getDialect()) &&
                  !isa<arith::DivFOp, arith::DivSIOp, arith::DivUIOp,
                       arith::RemFOp, arith::RemSIOp, arith::RemUIOp>(nested);
         });
}

/// The shape that a member's loops have, if it may be one.
std::optional<ScanMember> describeScan(ScanOp op) {
  auto type = dyn_cast<MemRefType>(op.getInit().getType());
  if (!type || op.getCarry() || !isDense(op.getInput()) ||
      !isDense(op.getInit()) ||
      static_cast<int64_t>(op.getDimension()) + 1 != type.getRank())
    return std::nullopt;
  return ScanMember{
      op, {{op.getInput(), false, false}, {op.getInit(), true, false}}};
}

std::optional<ScanMember> describeElementwise(GenericOp op) {
  if (!op.hasPureBufferSemantics() || op.getNumLoops() == 0 ||
      op.getNumParallelLoops() != op.getNumLoops())
    return std::nullopt;
  bool plain = true;
  op.walk([&](Operation *nested) {
    if (nested == op)
      return;
    plain &= isMemoryEffectFree(nested) && !isa<linalg::IndexOp>(nested) &&
             nested->getNumRegions() == 0;
  });
  if (!plain)
    return std::nullopt;
  ScanMember member{op, {}};
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    AffineMap map = op.getMatchingIndexingMap(&operand);
    bool writes = op.isDpsInit(&operand);
    bool scalar = map.getNumResults() == 0;
    if (!isDense(operand.get()) || !(map.isIdentity() || (scalar && !writes)))
      return std::nullopt;
    member.uses.push_back({operand.get(), writes, scalar});
  }
  return member;
}

/// Members that may run in one loop over blocks, or in several.
class ScanGroup {
public:
  bool add(Operation *op);
  bool conflictsWith(Operation *op) const;
  /// The members that have to be in one loop, for each loop that is worth it.
  SmallVector<SmallVector<ScanMember>> parts() const;
  void clear() { members.clear(), direction.reset(); }

  SmallVector<ScanMember> members;

private:
  bool fits(const ScanMember &member) const;

  SmallVector<int64_t> shape;
  std::optional<bool> direction; // of the scans: reverse?
};

bool ScanGroup::fits(const ScanMember &member) const {
  for (const ScanMember &other : members)
    for (const Use &x : other.uses)
      for (const Use &y : member.uses)
        if ((x.writes || y.writes) &&
            (x.buffer == y.buffer
                 ? x.scalar || y.scalar
                 : mayAlias(rootOf(x.buffer), rootOf(y.buffer))))
          return false;
  return true;
}

bool ScanGroup::add(Operation *op) {
  std::optional<ScanMember> member;
  ArrayRef<int64_t> its;
  SmallVector<int64_t> ranges;
  if (auto scan = dyn_cast<ScanOp>(op)) {
    if ((member = describeScan(scan)))
      its = cast<MemRefType>(scan.getInit().getType()).getShape();
  } else if (auto generic = dyn_cast<GenericOp>(op)) {
    if ((member = describeElementwise(generic))) {
      ranges = generic.getStaticLoopRanges();
      its = ranges;
      bool oneRow = ShapedType::getNumElements(its.drop_back()) == 1;
      if (oneRow && !isCheap(generic))
        member.reset();
    }
  }
  if (!member || members.size() >= mostScans ||
      (!members.empty() && (its != ArrayRef(shape) || !fits(*member))))
    return false;
  // An op must not touch what it writes at other indices.
  for (const Use &x : member->uses)
    for (const Use &y : member->uses)
      if (x.writes &&
          (x.buffer == y.buffer ? y.scalar
                                : mayAlias(rootOf(x.buffer), rootOf(y.buffer))))
        return false;
  if (auto scan = dyn_cast<ScanOp>(op)) {
    if (direction && *direction != scan.getReverse())
      return false;
    direction = scan.getReverse();
  }
  shape.assign(its.begin(), its.end());
  members.push_back(std::move(*member));
  return true;
}

bool ScanGroup::conflictsWith(Operation *op) const {
  if (op->getNumRegions() != 0 || op->hasTrait<OpTrait::IsTerminator>())
    return true;
  if (isMemoryEffectFree(op) || isa<memref::AllocOp>(op))
    return false;
  Value read, written;
  if (auto load = dyn_cast<memref::LoadOp>(op))
    read = load.getMemRef();
  else if (auto store = dyn_cast<memref::StoreOp>(op))
    written = store.getMemRef();
  else
    return true;
  for (const ScanMember &member : members)
    for (const Use &use : member.uses)
      if ((written && mayAlias(rootOf(use.buffer), rootOf(written))) ||
          (read && use.writes && mayAlias(rootOf(use.buffer), rootOf(read))))
        return true;
  return false;
}

SmallVector<SmallVector<ScanMember>> ScanGroup::parts() const {
  llvm::EquivalenceClasses<size_t> classes;
  llvm::DenseSet<Value> written;
  for (const ScanMember &member : members)
    for (const Use &use : member.uses)
      if (use.writes)
        written.insert(use.buffer);
  DenseMap<Value, size_t> first;
  for (auto [i, member] : llvm::enumerate(members)) {
    classes.insert(i);
    for (const Use &use : member.uses)
      if (written.contains(use.buffer))
        classes.unionSets(i, first.try_emplace(use.buffer, i).first->second);
  }
  llvm::MapVector<size_t, SmallVector<ScanMember>> found;
  for (auto [i, member] : llvm::enumerate(members))
    found[classes.getLeaderValue(i)].push_back(member);
  SmallVector<SmallVector<ScanMember>> result;
  for (auto &[leader, part] : found) {
    bool scans = llvm::any_of(
        part, [](const ScanMember &member) { return isa<ScanOp>(member.op); });
    bool large = llvm::any_of(part, [](const ScanMember &member) {
      auto type = cast<MemRefType>(member.uses.back().buffer.getType());
      return type.getNumElements() * 4 >= leastScanBytes;
    });
    if (part.size() > 1 && scans && large)
      result.push_back(std::move(part));
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Blocks
//===----------------------------------------------------------------------===//

class ScanEmitter {
public:
  ScanEmitter(ArrayRef<ScanMember> members, Operation *place, bool parallel)
      : members(members), parallel(parallel), builder(place),
        loc(members.front().op->getLoc()),
        type(cast<MemRefType>(members.back().uses.back().buffer.getType())),
        extent(type.getShape().back()) {}

  void run();

private:
  Value constant(int64_t value) {
    return arith::ConstantIndexOp::create(builder, loc, value);
  }
  void findPrivate();
  void emitRow(ValueRange indices);
  void emitBlock(ValueRange indices, Value from, int64_t size);
  Value slice(Value buffer, ValueRange indices, Value from, int64_t size);
  void emit(GenericOp op, llvm::function_ref<Value(Value)> sliced);
  Value neutral(ScanOp op);
  double nanoseconds() const { return 0.3 * members.size(); }

  ArrayRef<ScanMember> members;
  bool parallel;
  OpBuilder builder;
  Location loc;
  MemRefType type;
  int64_t extent;
  /// Buffers that shrink, and what takes their place.
  llvm::MapVector<Value, Value> privates;
  DenseMap<Operation *, Value> carries;
};

/// Does nothing but the members use the buffer?
void ScanEmitter::findPrivate() {
  for (const ScanMember &member : members)
    for (const Use &use : member.uses) {
      auto alloc = use.buffer.getDefiningOp<memref::AllocOp>();
      if (alloc && !use.scalar &&
          llvm::all_of(alloc->getUsers(), [&](Operation *user) {
            return llvm::any_of(members, [&](const ScanMember &other) {
              return other.op == user;
            });
          }))
        privates.insert({use.buffer, Value()});
    }
}

Value ScanEmitter::neutral(ScanOp op) {
  Type accumulator = op.getAccumulatorType();
  double number = op.getProduct() ? 1 : 0;
  if (auto complex = dyn_cast<ComplexType>(accumulator)) {
    Type part = complex.getElementType();
    return complex::ConstantOp::create(
        builder, loc, complex,
        builder.getArrayAttr({builder.getFloatAttr(part, number),
                              builder.getFloatAttr(part, 0)}));
  }
  return arith::ConstantOp::create(
      builder, loc,
      isa<FloatType>(accumulator)
          ? TypedAttr(builder.getFloatAttr(accumulator, number))
          : TypedAttr(builder.getIntegerAttr(accumulator,
                                             static_cast<int64_t>(number))));
}

/// `size` elements of a row.
Value ScanEmitter::slice(Value buffer, ValueRange indices, Value from,
                         int64_t size) {
  auto whole = cast<MemRefType>(buffer.getType());
  SmallVector<OpFoldResult> offsets, sizes,
      strides(whole.getRank(), builder.getIndexAttr(1));
  for (Value index : indices)
    offsets.push_back(index);
  offsets.push_back(from ? OpFoldResult(from)
                         : OpFoldResult(builder.getIndexAttr(0)));
  sizes.assign(indices.size(), builder.getIndexAttr(1));
  sizes.push_back(builder.getIndexAttr(size));
  auto made = memref::SubViewOp::inferRankReducedResultType(
      {size}, whole, offsets, sizes, strides);
  return memref::SubViewOp::create(builder, loc, cast<MemRefType>(made), buffer,
                                   offsets, sizes, strides);
}

void ScanEmitter::emit(GenericOp op, llvm::function_ref<Value(Value)> sliced) {
  AffineMap identity = builder.getMultiDimIdentityMap(1),
            none = AffineMap::get(1, 0, builder.getContext());
  SmallVector<Value> inputs, outputs;
  SmallVector<AffineMap> maps;
  for (OpOperand &operand : op->getOpOperands()) {
    Value value = operand.get();
    bool whole = isa<MemRefType>(value.getType()) &&
                 op.getMatchingIndexingMap(&operand).getNumResults() != 0;
    maps.push_back(whole ? identity : none);
    (op.isDpsInput(&operand) ? inputs : outputs)
        .push_back(whole ? sliced(value) : value);
  }
  auto made =
      GenericOp::create(builder, op.getLoc(), TypeRange(), inputs, outputs,
                        maps, ArrayRef(utils::IteratorType::parallel));
  made->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  IRMapping mapping;
  op.getRegion().cloneInto(&made.getRegion(), mapping);
}

void ScanEmitter::emitBlock(ValueRange indices, Value from, int64_t size) {
  llvm::DenseMap<Value, Value> slices;
  auto sliced = [&](Value buffer) {
    Value &made = slices[buffer];
    if (!made) {
      auto replaced = privates.find(buffer);
      if (replaced == privates.end())
        made = slice(buffer, indices, from, size);
      else if (cast<MemRefType>(replaced->second.getType()).getNumElements() ==
               size)
        made = replaced->second;
      else
        made = slice(replaced->second, {}, {}, size);
    }
    return made;
  };
  for (const ScanMember &member : members) {
    auto scan = dyn_cast<ScanOp>(member.op);
    if (!scan) {
      emit(cast<GenericOp>(member.op), sliced);
      continue;
    }
    Value input = sliced(scan.getInput()), init = sliced(scan.getInit());
    ScanOp::create(builder, scan.getLoc(), TypeRange(), input, init, 0,
                   scan.getProduct(), scan.getExclusive(), scan.getReverse(),
                   carries.lookup(scan));
  }
}

/// Whole blocks, and what is left behind them.
void ScanEmitter::emitRow(ValueRange indices) {
  int64_t size = std::min(blockElements, extent), rest = extent % size,
          whole = extent - rest;
  bool reverse = false;
  for (const ScanMember &member : members)
    if (auto scan = dyn_cast<ScanOp>(member.op)) {
      reverse = scan.getReverse();
      memref::StoreOp::create(builder, loc, neutral(scan),
                              carries.lookup(scan));
    }
  Value first = constant(0), last = constant(extent - size);
  if (whole == size) {
    emitBlock(indices, reverse ? last : first, size);
  } else {
    auto loop = scf::ForOp::create(builder, loc, first, constant(whole),
                                   constant(size));
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(loop.getBody());
    Value at = loop.getInductionVar();
    emitBlock(indices,
              reverse
                  ? arith::SubIOp::create(builder, loc, last, at).getResult()
                  : at,
              size);
  }
  if (rest)
    emitBlock(indices, constant(reverse ? 0 : whole), rest);
}

void ScanEmitter::run() {
  findPrivate();
  tfc::rt::remark(members.front().op, [&] {
    return "fused: " + std::to_string(members.size()) +
           " scans and elementwise loops run block by block; " +
           std::to_string(privates.size()) + " buffers shrink to a block";
  });
  ArrayRef<int64_t> outer = type.getShape().drop_back();
  int64_t block = std::min(blockElements, extent);
  auto body = [&](Value from, Value to) {
    auto allocate = [&](ArrayRef<int64_t> shape, Type element) {
      return memref::AllocOp::create(builder, loc,
                                     MemRefType::get(shape, element),
                                     builder.getI64IntegerAttr(64))
          .getResult();
    };
    for (auto &[buffer, replacement] : privates)
      replacement = allocate(
          {block}, cast<MemRefType>(buffer.getType()).getElementType());
    for (const ScanMember &member : members)
      if (auto scan = dyn_cast<ScanOp>(member.op))
        carries[scan] = allocate({}, scan.getAccumulatorType());
    if (outer.empty())
      return emitRow({});
    auto loop = scf::ForOp::create(builder, loc, from, to, constant(1));
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(loop.getBody());
    SmallVector<Value> indices(outer.size());
    Value number = loop.getInductionVar();
    for (size_t dim = outer.size(); dim-- > 0;) {
      indices[dim] = number;
      if (dim == 0)
        break;
      Value size = constant(outer[dim]);
      indices[dim] = arith::RemUIOp::create(builder, loc, number, size);
      number = arith::DivUIOp::create(builder, loc, number, size);
    }
    emitRow(indices);
  };
  Value rows = constant(ShapedType::getNumElements(outer));
  if (parallel && !outer.empty())
    tfc::rt::buildParallel(builder, loc, constant(0), rows,
                           {builder.getIndexAttr(extent), nanoseconds()}, body);
  else
    body(constant(0), rows);
  for (const ScanMember &member : llvm::reverse(members))
    member.op->erase();
  for (auto &[buffer, replacement] : privates)
    buffer.getDefiningOp()->erase();
}

struct FuseScans : public tfc::impl::FuseScansPassBase<FuseScans> {
  using tfc::impl::FuseScansPassBase<FuseScans>::FuseScansPassBase;

  void runOnOperation() override {
    bool any = getOperation()
                   ->walk([](ScanOp) { return WalkResult::interrupt(); })
                   .wasInterrupted();
    if (!any)
      return;
    getOperation()->walk([&](func::FuncOp function) {
      for (Block &block : function.getBody())
        visit(block);
    });
  }

  void visit(Block &block) {
    ScanGroup group;
    auto flush = [&](Operation *place) {
      for (const SmallVector<ScanMember> &part : group.parts())
        ScanEmitter(part, place, parallel).run();
      group.clear();
    };
    for (Operation *op = &block.front(), *next; op; op = next) {
      next = op->getNextNode();
      if (group.add(op))
        continue;
      if (!group.members.empty() &&
          (isa<ScanOp, GenericOp>(op) || group.conflictsWith(op))) {
        flush(op);
        if (group.add(op))
          continue;
      }
      for (Region &region : op->getRegions())
        for (Block &nested : region)
          if (!nested.empty())
            visit(nested);
    }
  }
};

} // namespace
