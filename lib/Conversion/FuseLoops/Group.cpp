//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Group.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace tfc::fusion;
using linalg::LinalgOp;

/// What one iteration of the common loops has to do at least: less is not worth
/// the loops.
static constexpr int64_t leastVolume = 64;
/// Buffers of fewer bytes stay in the first-level cache anyway.
static constexpr int64_t leastBytes = 16 * 1024;
static constexpr size_t mostMembers = 24;

//===----------------------------------------------------------------------===//
// Members
//===----------------------------------------------------------------------===//

/// sum += x * y: kernels want the loops of one product for themselves.
static bool isContraction(LinalgOp op) {
  if (op.getNumReductionLoops() == 0 || op.getNumDpsInputs() != 2 ||
      op.getNumDpsInits() != 1)
    return false;
  Operation *add =
      op.getBlock()->getTerminator()->getOperand(0).getDefiningOp();
  return isa_and_present<arith::AddFOp, arith::AddIOp>(add) &&
         llvm::any_of(add->getOperands(), [](Value part) {
           return isa_and_present<arith::MulFOp, arith::MulIOp>(
               part.getDefiningOp());
         });
}

/// The parallel loops before the first one that cannot be an outer one.
static Member describe(LinalgOp op) {
  Member member{op, accessesOf(op), {}};
  bool contraction = isContraction(op);
  SmallVector<int64_t> sizes = op.getStaticLoopRanges();
  for (auto [dim, kind] : llvm::enumerate(op.getIteratorTypesArray())) {
    if (sizes[dim] == 1)
      continue;
    if (kind != utils::IteratorType::parallel)
      break;
    bool everywhere = true, simple = true;
    for (const Access &access : member.accesses) {
      bool used = access.map.isFunctionOfDim(dim);
      bool found = bool(access.position(dim));
      everywhere &= found;
      simple &= found || (!used && !access.writes);
    }
    if (!simple || (contraction && !everywhere))
      break;
    member.outer.push_back(dim);
  }
  return member;
}

int64_t tfc::fusion::innerVolume(const Member &member, unsigned depth) {
  int64_t volume = 1;
  SmallVector<int64_t> sizes = LinalgOp(member.op).getStaticLoopRanges();
  for (auto [dim, size] : llvm::enumerate(sizes)) {
    if (llvm::is_contained(ArrayRef(member.outer).take_front(depth), dim))
      continue;
    if (ShapedType::isDynamic(size))
      return ShapedType::kDynamic;
    volume *= size;
  }
  return volume;
}

//===----------------------------------------------------------------------===//
// Groups
//===----------------------------------------------------------------------===//

/// Do iterations of the common loops touch the same memory only where they are
/// the same?
bool Group::agree(const Member &first, const Member &second,
                  unsigned depth) const {
  // Which of the loops are known to have the same size.
  SmallVector<bool> same;
  SmallVector<int64_t> sizes = LinalgOp(first.op).getStaticLoopRanges(),
                       others = LinalgOp(second.op).getStaticLoopRanges();
  for (unsigned level = 0; level < depth; ++level) {
    int64_t size = sizes[first.outer[level]],
            other = others[second.outer[level]];
    if (!ShapedType::isDynamic(size) && !ShapedType::isDynamic(other) &&
        size != other)
      return false;
    same.push_back(!ShapedType::isDynamic(size) && size == other);
  }
  for (const Access &x : first.accesses)
    for (const Access &y : second.accesses) {
      bool aligned = x.buffer == y.buffer;
      for (unsigned level = 0; aligned && level < depth; ++level) {
        std::optional<unsigned> position = x.position(first.outer[level]);
        aligned = position && position == y.position(second.outer[level]);
      }
      if (aligned)
        same.assign(depth, true);
      else if ((x.writes || y.writes) && mayAlias(x.root, y.root))
        return false;
    }
  return llvm::all_of(same, [](bool known) { return known; });
}

bool Group::fits(const Member &member, unsigned depth) const {
  int64_t most = 0;
  auto count = [&](const Member &each) {
    int64_t volume = innerVolume(each, depth);
    most = std::max(most, ShapedType::isDynamic(volume) ? leastVolume : volume);
  };
  count(member);
  for (const Member &other : members)
    count(other);
  return most >= leastVolume && llvm::all_of(members, [&](const Member &other) {
           return agree(other, member, depth);
         });
}

bool Group::add(LinalgOp op) {
  if (!op.hasPureBufferSemantics() || members.size() >= mostMembers)
    return false;
  Member member = describe(op);
  // An op must not overlap with itself: what it writes is touched by nothing
  // else but at the same indices.
  unsigned most = member.outer.size();
  if (!members.empty())
    most = std::min(most, depth);
  for (unsigned candidate = most; candidate > 0; --candidate) {
    if (!agree(member, member, candidate))
      continue;
    if (!members.empty() && !fits(member, candidate))
      continue;
    depth = candidate;
    members.push_back(std::move(member));
    return true;
  }
  return false;
}

bool Group::conflictsWith(Operation *op) const {
  if (isMemoryEffectFree(op) || isa<memref::AllocOp>(op))
    return op->getNumRegions() != 0;
  Value read, written;
  if (auto load = dyn_cast<memref::LoadOp>(op))
    read = load.getMemRef();
  else if (auto store = dyn_cast<memref::StoreOp>(op))
    written = store.getMemRef();
  else
    return true;
  auto rootOf = [](Value buffer) {
    while (auto view = buffer.getDefiningOp<ViewLikeOpInterface>())
      buffer = view.getViewSource();
    return buffer;
  };
  for (const Member &member : members)
    for (const Access &access : member.accesses)
      if ((written && mayAlias(access.root, rootOf(written))) ||
          (read && access.writes && mayAlias(access.root, rootOf(read))))
        return true;
  return false;
}

/// Two members share a buffer that does not stay in the cache, and there is an
/// inner loop.
bool Group::isWorthwhile() const {
  if (members.size() < 2)
    return false;
  auto isLarge = [](Value buffer) {
    auto type = cast<MemRefType>(buffer.getType());
    return !type.hasStaticShape() || !type.getElementType().isIntOrFloat() ||
           type.getNumElements() * type.getElementTypeBitWidth() / 8 >=
               leastBytes;
  };
  for (const Member &first : members)
    for (const Member &second : members)
      for (const Access &x : first.accesses)
        for (const Access &y : second.accesses)
          if (&first != &second && x.buffer == y.buffer && isLarge(x.buffer))
            return true;
  return false;
}
