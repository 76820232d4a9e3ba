//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Ops on buffers share their outer loops.
//
// 1. Ops of a block are collected in its order (Group.h), as long as they may
// run one
//    after the other in each iteration of common parallel loops, and nothing
//    between them minds that they do so later. Some may have a part of the rows
//    only.
// 2. The loops take the place of the last one, as one loop over all their
// iterations
//    that threads may share. In it every op works on slices.
// 3. A buffer that only they use shrinks to the slice of one iteration.
// 4. The loop's body is a block like any other: rows of a matrix within one of
// a batch.
//===----------------------------------------------------------------------===//

#include "CheckBlocks.h"
#include "Group.h"
#include "MergeElements.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/IRMapping.h"
#include "tfc/Conversion/Passes.h"
#include "tfc/Dialect/TFCRT/IR/ParallelLoop.h"
#include "tfc/Dialect/TFCRT/IR/Remark.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"
#include "tfc/Dialect/TFCRT/Transforms/Body.h"

namespace tfc {
#define GEN_PASS_DEF_FUSELOOPSPASS
#include "tfc/Conversion/Passes.h.inc"
} // namespace tfc

using namespace mlir;
using namespace tfc::fusion;
using linalg::LinalgOp;

namespace {

using Values = SmallVector<Value>;

class Emitter {
public:
  Emitter(Group &group, bool parallel)
      : group(group), parallel(parallel), builder(group.members.back().op),
        loc(LinalgOp(group.members.back().op).getLoc()) {}

  /// Returns the block of the loop.
  Block *run();

private:
  /// Dimensions of a buffer that the common loops go over, by level.
  using Positions = SmallVector<unsigned>;

  Value constant(int64_t value) {
    return arith::ConstantIndexOp::create(builder, loc, value);
  }
  std::optional<Positions> positions(const Member &member,
                                     const Access &access);
  void findPrivate();
  bool isPrivate(memref::AllocOp alloc, SmallVectorImpl<Operation *> &views);
  void allocatePrivate();
  void replaceSizes(memref::AllocOp alloc);
  Value sizeOf(const Member &member, unsigned dim);
  tfc::rt::IterationCost cost(ValueRange sizes);
  Values splitIndex(Value number, ValueRange sizes);
  Value part(const Access &access, Value buffer, const Positions &at,
             ValueRange indices);
  void emit(const Member &member, ValueRange indices);
  void emitAll(ValueRange indices);
  AffineMap innerMap(const Member &member, AffineMap map,
                     const Positions &removed);

  Group &group;
  bool parallel;
  OpBuilder builder;
  Location loc;
  /// Buffers that shrink: where the common loops are, and what takes their
  /// place.
  struct Private {
    memref::AllocOp alloc;
    Positions positions;
    SmallVector<Operation *> views;
    Value replacement;
  };
  llvm::MapVector<Value, Private> privates;
  struct Part {
    Positions positions;
    Values indices;
    SmallVector<int64_t> offsets, sizes;
    Value made;
  };
  DenseMap<Value, SmallVector<Part, 1>> parts;
};

/// Where the access has the common loops; nothing if it does not depend on one.
std::optional<Emitter::Positions> Emitter::positions(const Member &member,
                                                     const Access &access) {
  Positions result;
  if (member.isRow) {
    // The dimension of which it has one element where others have them all.
    for (const Member &other : group.members)
      for (const Access &x : other.accesses)
        if (!other.isRow && x.buffer == access.buffer)
          if (std::optional<unsigned> at = x.position(other.outer.front()))
            return access.sizes.size() > *at && access.sizes[*at] == 1
                       ? std::optional(Positions{*at})
                       : std::nullopt;
    return std::nullopt;
  }
  for (unsigned level = 0; level < group.depth; ++level) {
    std::optional<unsigned> at = access.position(member.outer[level]);
    if (!at)
      return std::nullopt;
    result.push_back(*at);
  }
  return result;
}

/// Does nothing but the members use the buffer? Notes the views of it.
bool Emitter::isPrivate(memref::AllocOp alloc,
                        SmallVectorImpl<Operation *> &views) {
  Values values{alloc.getResult()};
  for (size_t i = 0; i < values.size(); ++i)
    for (Operation *user : values[i].getUsers()) {
      if (isa<memref::ExpandShapeOp, memref::CollapseShapeOp,
              memref::SubViewOp>(user)) {
        views.push_back(user);
        values.push_back(user->getResult(0));
        continue;
      }
      if (auto dim = dyn_cast<memref::DimOp>(user);
          dim && i == 0 && dim.getConstantIndex())
        continue; // known without the buffer
      if (llvm::none_of(group.members, [&](const Member &member) {
            return LinalgOp(member.op) == user;
          }))
        return false;
    }
  return true;
}

void Emitter::findPrivate() {
  DenseSet<Value> refused;
  for (const Member &member : group.members)
    for (const Access &access : member.accesses) {
      auto alloc = access.buffer.getDefiningOp<memref::AllocOp>();
      if (!alloc || refused.contains(access.buffer))
        continue;
      std::optional<Positions> at = positions(member, access);
      auto known = privates.find(access.buffer);
      if (known == privates.end()) {
        Private entry{alloc, at.value_or(Positions()), {}, {}};
        if (at && isPrivate(alloc, entry.views)) {
          privates.insert({access.buffer, std::move(entry)});
          continue;
        }
      } else if (at && known->second.positions == *at) {
        continue;
      }
      privates.erase(access.buffer);
      refused.insert(access.buffer);
    }
}

void Emitter::allocatePrivate() {
  for (auto &[buffer, entry] : privates) {
    MemRefType type = entry.alloc.getType();
    SmallVector<int64_t> shape;
    Values sizes;
    auto dynamic = entry.alloc.getDynamicSizes().begin();
    for (auto [dim, size] : llvm::enumerate(type.getShape())) {
      Value unknown = ShapedType::isDynamic(size) ? *dynamic++ : Value();
      if (llvm::is_contained(entry.positions, dim))
        continue;
      shape.push_back(size);
      if (unknown)
        sizes.push_back(unknown);
    }
    entry.replacement =
        memref::AllocOp::create(builder, entry.alloc.getLoc(),
                                MemRefType::get(shape, type.getElementType()),
                                sizes, entry.alloc.getAlignmentAttr());
  }
}

/// The size of a loop; null if it is no dimension of a buffer.
Value Emitter::sizeOf(const Member &member, unsigned dim) {
  if (int64_t known = LinalgOp(member.op).getStaticLoopRanges()[dim];
      !ShapedType::isDynamic(known))
    return constant(known);
  for (const Access &access : member.accesses)
    if (std::optional<unsigned> at = access.position(dim))
      return memref::DimOp::create(builder, loc, access.buffer, *at);
  return {};
}

tfc::rt::IterationCost Emitter::cost(ValueRange sizes) {
  double known = 0, unknown = 0;
  LinalgOp dynamic;
  unsigned number = 0;
  for (auto [i, member] : llvm::enumerate(group.members)) {
    if (member.isRow)
      continue;
    int64_t volume = innerVolume(member, group.depth);
    double time = elementNanoseconds(member.op);
    if (ShapedType::isDynamic(volume)) {
      unknown += time;
      dynamic = member.op;
      number = i;
    } else {
      known += time * volume;
    }
  }
  if (!dynamic)
    return {builder.getIndexAttr(1), known, group.staysInPlace()};
  Value volume = constant(1);
  const Member &member = group.members[number];
  for (unsigned dim = 0; dim < dynamic.getNumLoops(); ++dim)
    if (!llvm::is_contained(member.common(group.depth), dim))
      if (Value size = sizeOf(member, dim))
        volume = builder.createOrFold<arith::MulIOp>(loc, volume, size);
  return {volume, unknown};
}

/// The sizes of an allocation are those it was made with.
void Emitter::replaceSizes(memref::AllocOp alloc) {
  for (Operation *user : llvm::make_early_inc_range(alloc->getUsers())) {
    auto dim = cast<memref::DimOp>(user);
    int64_t number = *dim.getConstantIndex();
    builder.setInsertionPoint(dim);
    MemRefType type = alloc.getType();
    Value size = type.isDynamicDim(number)
                     ? alloc.getDynamicSizes()[type.getDynamicDimIndex(number)]
                     : constant(type.getDimSize(number));
    dim.replaceAllUsesWith(size);
    dim.erase();
  }
}

/// The indices of all common loops from the number of the iteration.
Values Emitter::splitIndex(Value number, ValueRange sizes) {
  Values indices(sizes.size());
  for (size_t level = sizes.size(); level-- > 0;) {
    indices[level] = number;
    if (level == 0)
      break;
    indices[level] =
        builder.createOrFold<arith::RemUIOp>(loc, number, sizes[level]);
    number = builder.createOrFold<arith::DivUIOp>(loc, number, sizes[level]);
  }
  return indices;
}

/// The part of a buffer that an access sees at these indices of some
/// dimensions, which are no longer there. What takes a buffer's place never had
/// them.
Value Emitter::part(const Access &access, Value buffer, const Positions &at,
                    ValueRange indices) {
  bool isReplaced = buffer != access.buffer;
  // Rows of a matrix at the indices of two loops are different ones.
  for (const Part &known : parts[buffer])
    if (known.positions == at && llvm::equal(known.indices, indices) &&
        known.offsets == access.offsets && known.sizes == access.sizes)
      return known.made;
  auto type = cast<MemRefType>(buffer.getType());
  SmallVector<OpFoldResult> offsets, sizes;
  SmallVector<int64_t> shape;
  bool isWhole = true;
  for (auto [dim, size] : llvm::enumerate(access.sizes)) {
    auto level = llvm::find(at, dim);
    if (level != at.end()) {
      if (isReplaced)
        continue;
      Value index = indices[level - at.begin()];
      if (int64_t offset = access.offsets[dim])
        index =
            builder.createOrFold<arith::AddIOp>(loc, index, constant(offset));
      offsets.push_back(getAsOpFoldResult(index));
      sizes.push_back(builder.getIndexAttr(1));
      isWhole = false;
      continue;
    }
    isWhole &=
        access.offsets[dim] == 0 && size == type.getDimSize(shape.size());
    shape.push_back(size);
    offsets.push_back(builder.getIndexAttr(access.offsets[dim]));
    sizes.push_back(
        ShapedType::isDynamic(size)
            ? OpFoldResult(memref::DimOp::create(builder, loc, buffer,
                                                 offsets.size() - 1)
                               .getResult())
            : OpFoldResult(builder.getIndexAttr(size)));
  }
  if (isWhole)
    return buffer;
  SmallVector<OpFoldResult> strides(type.getRank(), builder.getIndexAttr(1));
  auto sliced = memref::SubViewOp::inferRankReducedResultType(
      shape, type, offsets, sizes, strides);
  Value made = memref::SubViewOp::create(builder, loc, cast<MemRefType>(sliced),
                                         buffer, offsets, sizes, strides);
  parts[buffer].push_back(
      {at, Values(indices), access.offsets, access.sizes, made});
  return made;
}

/// The indices that are left, in the loops that are left.
AffineMap Emitter::innerMap(const Member &member, AffineMap map,
                            const Positions &removed) {
  MLIRContext *context = builder.getContext();
  SmallVector<AffineExpr> replacements;
  unsigned next = 0;
  for (unsigned dim = 0; dim < map.getNumDims(); ++dim)
    replacements.push_back(llvm::is_contained(member.common(group.depth), dim)
                               ? getAffineConstantExpr(0, context)
                               : getAffineDimExpr(next++, context));
  SmallVector<AffineExpr> results;
  for (auto [i, index] : llvm::enumerate(map.getResults()))
    if (!llvm::is_contained(removed, i))
      results.push_back(index.replaceDims(replacements));
  return AffineMap::get(next, 0, results, context);
}

void Emitter::emit(const Member &member, ValueRange indices) {
  LinalgOp op = member.op;
  OpBuilder::InsertionGuard guard(builder);
  Location outer = loc;
  loc = op.getLoc();
  Values inputs, outputs;
  SmallVector<AffineMap> inputMaps, outputMaps;
  auto access = member.accesses.begin();
  for (OpOperand &operand : op->getOpOperands()) {
    AffineMap map = op.getMatchingIndexingMap(&operand);
    Value value = operand.get();
    Positions removed;
    if (isa<MemRefType>(value.getType())) {
      auto replaced = privates.find(access->buffer);
      Values where;
      if (replaced != privates.end()) {
        removed = replaced->second.positions;
        where.append(indices.begin(), indices.end());
      } else {
        for (auto [level, dim] : llvm::enumerate(member.common(group.depth)))
          if (std::optional<unsigned> at = access->position(dim)) {
            removed.push_back(*at);
            where.push_back(indices[level]);
          }
      }
      if (!removed.empty()) {
        map = access->map;
        value = part(*access,
                     replaced != privates.end() ? replaced->second.replacement
                                                : access->buffer,
                     removed, where);
      }
      ++access;
    }
    bool isInput = op.isDpsInput(&operand);
    (isInput ? inputs : outputs).push_back(value);
    (isInput ? inputMaps : outputMaps)
        .push_back(innerMap(member, map, removed));
  }
  if (isa<linalg::FillOp>(op.getOperation())) {
    linalg::FillOp::create(builder, loc, inputs, outputs);
    loc = outer;
    return;
  }
  SmallVector<utils::IteratorType> iterators;
  SmallVector<int64_t> numbers; // of the loops that are left
  for (auto [dim, kind] : llvm::enumerate(op.getIteratorTypesArray())) {
    bool common = llvm::is_contained(member.common(group.depth), dim);
    numbers.push_back(common ? -1 : static_cast<int64_t>(iterators.size()));
    if (!common)
      iterators.push_back(kind);
  }
  llvm::append_range(inputMaps, outputMaps);
  auto made = linalg::GenericOp::create(builder, loc, TypeRange(), inputs,
                                        outputs, inputMaps, iterators);
  made->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  IRMapping mapping;
  op->getRegion(0).cloneInto(&made.getRegion(), mapping);
  made.walk([&](linalg::IndexOp index) {
    int64_t number = numbers[index.getDim()];
    if (number >= 0) {
      index.setDim(number);
      return;
    }
    unsigned level =
        llvm::find(member.outer, index.getDim()) - member.outer.begin();
    index.replaceAllUsesWith(indices[level]);
    index.erase();
  });
  loc = outer;
}

/// All members, in the iteration at these indices of the common loops: those of
/// which only some rows are there, if this is one of them.
void Emitter::emitAll(ValueRange indices) {
  auto [begin, count] = group.rows();
  scf::IfOp only; // some rows
  std::pair<int64_t, int64_t> rows, all(0, count);
  auto known = parts;
  auto leave = [&] {
    if (only)
      builder.setInsertionPointAfter(only);
    only = {};
    parts = known;
  };
  for (const Member &member : group.members) {
    Values own(indices);
    std::pair<int64_t, int64_t> has(member.shift - begin, member.rows());
    if (ShapedType::isDynamic(count))
      has = all;
    if (only && has != rows)
      leave();
    if (has.first != 0 && !member.isRow)
      own[0] = builder.createOrFold<arith::SubIOp>(loc, indices[0],
                                                   constant(has.first));
    if (has != all && !only) {
      known = parts;
      auto compare = [&](arith::CmpIPredicate predicate, int64_t row) {
        return arith::CmpIOp::create(builder, loc, predicate, indices[0],
                                     constant(row));
      };
      Value isThere =
          member.isRow
              ? compare(arith::CmpIPredicate::eq, has.first)
              // One comparison: what is before the first row is a large number.
              : arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult,
                                      own[0], constant(has.second));
      only = scf::IfOp::create(builder, loc, isThere, /*withElse=*/false);
      rows = has;
      builder.setInsertionPointToStart(only.thenBlock());
    }
    emit(member, own);
  }
  leave();
}

Block *Emitter::run() {
  for (Member &member : group.members)
    if (memref::CopyOp copy = std::exchange(member.copy, {}))
      copy->erase();
  const Member &first = group.lead();
  Values sizes;
  Value total = constant(1);
  for (unsigned level = 0; level < group.depth; ++level) {
    int64_t rows = level == 0 ? group.rows().second : ShapedType::kDynamic;
    sizes.push_back(ShapedType::isDynamic(rows)
                        ? sizeOf(first, first.outer[level])
                        : constant(rows));
    total = builder.createOrFold<arith::MulIOp>(loc, total, sizes.back());
  }
  findPrivate();
  bool hasParts = llvm::any_of(group.members, [&](const Member &member) {
    return !ShapedType::isDynamic(member.rows()) &&
           member.rows() != group.rows().second;
  });
  tfc::rt::remark(first.op, [&] {
    return "fused: " + std::to_string(group.members.size()) +
           " loops share their " + std::to_string(group.depth) + " outermost" +
           (hasParts ? ", some of them for a part of the rows; " : "; ") +
           std::to_string(privates.size()) +
           " buffers shrink to what one iteration needs";
  });
  Block *block = nullptr;
  auto body = [&](Value from, Value to) {
    allocatePrivate();
    auto loop = scf::ForOp::create(builder, loc, from, to, constant(1));
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(loop.getBody());
    Values indices = splitIndex(loop.getInductionVar(), sizes);
    emitAll(indices);
    block = loop.getBody();
  };
  if (parallel)
    tfc::rt::buildParallel(builder, loc, constant(0), total, cost(sizes), body);
  else
    body(constant(0), total);
  for (Member &member : llvm::reverse(group.members))
    LinalgOp(member.op)->erase();
  for (auto &[buffer, entry] : privates) {
    for (Operation *view : llvm::reverse(entry.views))
      view->erase();
    replaceSizes(entry.alloc);
    entry.alloc->erase();
  }
  return block;
}

/// What is inserted where it has been made is copied from one view to another
/// one of the same elements, unless cse has made them one. As a loop it would
/// read what fills have made around it.
void eraseCopiesOntoThemselves(Operation *root) {
  root->walk([](memref::CopyOp copy) {
    auto from = copy.getSource().getDefiningOp<memref::SubViewOp>(),
         to = copy.getTarget().getDefiningOp<memref::SubViewOp>();
    if (from && to && from != to && from.getSource() == to.getSource() &&
        from.getMixedOffsets() == to.getMixedOffsets() &&
        from.getMixedSizes() == to.getMixedSizes() &&
        from.getMixedStrides() == to.getMixedStrides())
      copy.erase();
  });
}

/// Copies from or to a part of a buffer may be a part of common loops, unless
/// windows of the copy are read: those had better be read where it came from.
bool isOfParts(memref::CopyOp copy) {
  auto isPart = [](Value buffer) {
    return buffer.getDefiningOp<memref::SubViewOp>();
  };
  if (!isPart(copy.getSource()) && !isPart(copy.getTarget()))
    return copy.getSource() == copy.getTarget();
  Values values{tfc::rt::rootOf(copy.getTarget())};
  for (size_t i = 0; i < values.size(); ++i)
    for (OpOperand &use : values[i].getUses()) {
      Operation *user = use.getOwner();
      if (isa<ViewLikeOpInterface>(user))
        values.push_back(user->getResult(0));
      auto op = dyn_cast<LinalgOp>(user);
      if (op && !op.getMatchingIndexingMap(&use).isProjectedPermutation(
                    /*allowZeroInResults=*/true))
        return false;
    }
  return true;
}

struct FuseLoops : public tfc::impl::FuseLoopsPassBase<FuseLoops> {
  using tfc::impl::FuseLoopsPassBase<FuseLoops>::FuseLoopsPassBase;

  void runOnOperation() override {
    eraseCopiesOntoThemselves(getOperation());
    getOperation()->walk([&](func::FuncOp function) {
      for (Block &block : function.getBody())
        visit(block);
    });
    mergeElements(getOperation());
    checkInBlocks(getOperation(), parallel);
  }

  void visit(Block &block) {
    SmallVector<Operation *> ops;
    for (Operation &op : block)
      ops.push_back(&op);
    Group group;
    auto flush = [&] {
      Block *made =
          group.isWorthwhile() ? Emitter(group, parallel).run() : nullptr;
      group.clear();
      if (made)
        visit(*made);
    };
    auto collect = [&](LinalgOp op, memref::CopyOp copy = {}) {
      if (group.add(op, copy))
        return true;
      // What gains nothing from those before it may from this one: a fill that
      // a sum begins with.
      if (!group.isWorthwhile())
        for (group.keepLast(3); !group.members.empty();
             group.keepLast(group.members.size() - 1))
          if (group.add(op, copy)) {
            if (group.isWorthwhile())
              return true;
            group.members.pop_back();
          }
      flush();
      return group.add(op, copy);
    };
    for (Operation *op : ops) {
      if (auto linalgOp = dyn_cast<LinalgOp>(op)) {
        collect(linalgOp);
        continue;
      }
      if (auto copy = dyn_cast<memref::CopyOp>(op); copy && isOfParts(copy)) {
        if (copy.getSource() == copy.getTarget()) {
          copy->erase();
          continue;
        }
        OpBuilder builder(copy);
        LinalgOp loops = linalg::makeMemRefCopyOp(
            builder, copy.getLoc(), copy.getSource(), copy.getTarget());
        if (!collect(loops, copy))
          loops->erase();
        continue;
      }
      if (!group.members.empty() && group.conflictsWith(op))
        flush();
      for (Region &region : op->getRegions())
        for (Block &nested : region)
          visit(nested);
    }
    flush();
  }
};

} // namespace
