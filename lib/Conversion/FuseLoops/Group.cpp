//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Group.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "tfc/Dialect/TFCRT/IR/ParallelLoop.h"
#include "tfc/Dialect/TFCRT/Transforms/SumOfProducts.h"

using namespace mlir;
using namespace tfc::fusion;
using linalg::LinalgOp;

/// What one iteration of the common loops has to do at least: less is not worth
/// the loops.
static constexpr int64_t leastVolume = 64;
/// Buffers of fewer bytes stay in the first-level cache anyway.
static constexpr int64_t leastBytes = 16 * 1024;
static constexpr size_t mostMembers = 64;
/// Parts that only lie side by side in rows are one loop from so many rows on:
/// threads that share it write lines of their own.
static constexpr int64_t leastRows = 64;

//===----------------------------------------------------------------------===//
// Members
//===----------------------------------------------------------------------===//

/// Does the op only widen what one large matrix product reads? The product's
/// kernel does that where it copies its operand, unless other loops have taken
/// the op.
static bool widensForProduct(LinalgOp op) {
  constexpr int64_t largeElements = 128 * 128;
  if (!isa<linalg::GenericOp>(op) || op.getNumDpsInits() != 1 ||
      op.getNumParallelLoops() != 2 || op.getNumLoops() != 2)
    return false;
  Value made = op.getDpsInits().front();
  auto type = cast<MemRefType>(made.getType());
  if (!made.getDefiningOp<memref::AllocOp>() || !type.hasStaticShape() ||
      type.getNumElements() < largeElements ||
      !type.getElementType().isIntOrFloat())
    return false;
  for (Value input : op.getDpsInputs())
    if (auto from = dyn_cast<MemRefType>(input.getType());
        from && from.getRank() == 2 &&
        (!from.getElementType().isIntOrFloat() ||
         from.getElementTypeBitWidth() >= type.getElementTypeBitWidth()))
      return false;
  auto isProduct = [&](Operation *user) {
    auto other = dyn_cast<LinalgOp>(user);
    return user == op.getOperation() || (other && other.getNumLoops() <= 3 &&
                                         tfc::rt::isSumOfProducts(other));
  };
  return llvm::range_size(made.getUsers()) == 2 &&
         llvm::all_of(made.getUsers(), isProduct);
}

/// The parallel loops before the first one that cannot be an outer one.
static Member describe(LinalgOp op) {
  Member member;
  member.op = op;
  member.accesses = accessesOf(op);
  if (widensForProduct(op))
    return member;
  // Kernels want the loops of one product for themselves.
  bool contraction = tfc::rt::isSumOfProducts(op);
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
    if (llvm::is_contained(member.common(depth), dim))
      continue;
    if (ShapedType::isDynamic(size))
      return ShapedType::kDynamic;
    volume *= size;
  }
  return volume;
}

double tfc::fusion::elementNanoseconds(LinalgOp op) {
  int64_t width = 32;
  for (BlockArgument element : op.getBlock()->getArguments())
    if (element.getType().isIntOrFloat())
      width =
          std::max<int64_t>(width, element.getType().getIntOrFloatBitWidth());
  return 0.03 + tfc::rt::bodyNanoseconds(*op.getBlock(), 384 / width);
}

//===----------------------------------------------------------------------===//
// Groups
//===----------------------------------------------------------------------===//

int64_t Member::rows() const {
  return isRow ? 1 : LinalgOp(op).getStaticLoopRanges()[outer.front()];
}

/// Are these the same elements only in the same iteration of the common loops?
bool Group::areAligned(const Member &first, const Access &x,
                       const Member &second, const Access &y,
                       unsigned depth) const {
  if (x.buffer != y.buffer)
    return false;
  if (first.isRow && second.isRow)
    return first.shift == second.shift;
  for (unsigned level = 0; level < depth; ++level) {
    auto at = [&](const Member &member, const Access &access) {
      return member.isRow ? std::nullopt : access.position(member.outer[level]);
    };
    std::optional<unsigned> position = at(first, x), other = at(second, y);
    unsigned dim = position.value_or(other.value_or(0));
    if ((!position && !first.isRow) || (!other && !second.isRow) ||
        (position && other && *position != *other))
      return false;
    // A single row is one of the buffer's, too.
    for (auto [member, access] : {std::pair{&first, &x}, {&second, &y}})
      if (member->isRow &&
          (dim >= access->sizes.size() || access->sizes[dim] != 1))
        return false;
    int64_t shift = level == 0 ? first.shift - second.shift : 0;
    if (x.offsets[dim] - y.offsets[dim] != shift)
      return false;
  }
  return true;
}

/// Do iterations of the common loops touch the same memory only where they are
/// the same?
bool Group::agree(const Member &first, const Member &second,
                  unsigned depth) const {
  // Which of the loops are known to have the same size.
  SmallVector<bool> same;
  SmallVector<int64_t> sizes = LinalgOp(first.op).getStaticLoopRanges(),
                       others = LinalgOp(second.op).getStaticLoopRanges();
  for (unsigned level = 0; level < depth; ++level) {
    if (first.isRow || second.isRow) {
      same.push_back(true);
      continue;
    }
    int64_t size = sizes[first.outer[level]],
            other = others[second.outer[level]];
    bool isKnown =
        !ShapedType::isDynamic(size) && !ShapedType::isDynamic(other);
    // Parts of the rows have one loop in common, and are known.
    if (isKnown && size != other && depth > 1)
      return false;
    same.push_back(isKnown);
  }
  for (const Access &x : first.accesses)
    for (const Access &y : second.accesses) {
      if (areAligned(first, x, second, y, depth))
        same.assign(depth, true);
      else if ((x.writes || y.writes) && mayAlias(x.root, y.root) &&
               (x.buffer != y.buffer || overlap(x, y)))
        return false;
    }
  return llvm::all_of(same, [](bool known) { return known; });
}

const Member &Group::lead() const {
  return *llvm::find_if(members,
                        [](const Member &member) { return !member.isRow; });
}

/// What the op writes first.
static const Access &written(const Member &member) {
  return *llvm::find_if(member.accesses,
                        [](const Access &access) { return access.writes; });
}

/// The dimension of what the op writes that its outermost loop goes over.
static std::optional<unsigned> rowsAt(const Member &member) {
  return written(member).position(member.outer.front());
}

static int64_t sizeOf(Value buffer, unsigned dim) {
  return cast<MemRefType>(buffer.getType()).getDimSize(dim);
}

/// A part of a row or column.
static bool isThin(const Member &member) {
  const Access &access = written(member);
  auto type = cast<MemRefType>(access.buffer.getType());
  return access.sizes.size() > 1 && ArrayRef(access.sizes) != type.getShape() &&
         llvm::count_if(access.sizes, [](int64_t size) { return size != 1; }) <
             2;
}

/// Makes a part of one row of a buffer belong to the iteration of that row:
/// where another op goes over rows of the same buffer, or of one with as many.
bool Group::placeRow(Member &member) const {
  const Access &part = written(member);
  auto isPart = [&](unsigned dim) {
    return dim < part.sizes.size() && part.sizes[dim] == 1;
  };
  member.isRow = true;
  for (const Member &other : members)
    for (const Access &x : other.accesses) {
      if (other.isRow || x.buffer != part.buffer)
        continue;
      std::optional<unsigned> dim = x.position(other.outer.front());
      if (dim && isPart(*dim)) {
        member.shift = part.offsets[*dim] - x.offsets[*dim] + other.shift;
        return true;
      }
    }
  std::optional<unsigned> dim = rowsAt(lead());
  if (!dim || !isPart(*dim))
    return member.isRow = false;
  const Access &first = written(lead());
  member.shift = part.offsets[*dim] - first.offsets[*dim] + lead().shift;
  return member.isRow = sizeOf(first.buffer, *dim) == sizeOf(part.buffer, *dim);
}

/// Chooses which iteration of the group is the member's first one: that which
/// works on the same rows of what they have in common, or on rows of the same
/// number.
bool Group::place(Member &member, unsigned depth) const {
  const Member &first = lead();
  bool isEqual = first.rows() == member.rows(),
       isKnown = !ShapedType::isDynamic(member.rows()) &&
                 !ShapedType::isDynamic(first.rows());
  member.shift = first.shift;
  if (depth > 1 || !isKnown)
    return isEqual;
  for (const Member &other : members)
    for (const Access &x : other.accesses)
      for (const Access &y : member.accesses) {
        if (other.isRow || x.buffer != y.buffer || !(x.writes || y.writes))
          continue;
        std::optional<unsigned> dim = x.position(other.outer.front());
        if (!dim || y.position(member.outer.front()) != dim)
          continue;
        member.shift = y.offsets[*dim] - x.offsets[*dim] + other.shift;
        return true;
      }
  std::optional<unsigned> at = rowsAt(first), mine = rowsAt(member);
  if (!at || !mine ||
      sizeOf(written(first).buffer, *at) !=
          sizeOf(written(member).buffer, *mine))
    return isEqual;
  member.shift = written(member).offsets[*mine] - written(first).offsets[*at] +
                 first.shift;
  return true;
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

/// Takes an op that has parts of one row only.
bool Group::addRow(Member &member) {
  if ((depth > 1 && members.size() > 1) ||
      ShapedType::isDynamic(lead().rows()) || !agree(member, member, 1) ||
      !fits(member, 1))
    return false;
  depth = 1;
  members.push_back(std::move(member));
  return true;
}

/// Takes the first op with many rows. Of the parts of rows before it those stay
/// that belong to its iterations, and do not have to move past others.
bool Group::adopt(const Member &member) {
  if (member.outer.empty() || ShapedType::isDynamic(member.rows()) ||
      !agree(member, member, 1))
    return false;
  Group group;
  group.depth = 1;
  group.members.push_back(member);
  while (!members.empty()) {
    Member part = members.back();
    if (!group.placeRow(part) && (part.outer.empty() || !group.place(part, 1)))
      break;
    if (!agree(part, part, 1) || !group.fits(part, 1))
      break;
    group.members.insert(group.members.begin(), std::move(part));
    members.pop_back();
  }
  clear();
  if (group.members.size() < 2)
    return false;
  std::swap(members, group.members);
  depth = 1;
  return true;
}

bool Group::add(LinalgOp op, memref::CopyOp copy) {
  if (!op.hasPureBufferSemantics() || members.size() >= mostMembers)
    return false;
  Member member = describe(op);
  member.copy = copy;
  if (llvm::none_of(member.accesses,
                    [](const Access &access) { return access.writes; }))
    return false;
  if (depth == 0 && isThin(member)) {
    members.push_back(std::move(member));
    return true;
  }
  if (depth == 0 && !members.empty() && adopt(member))
    return true;
  if (depth > 0 && isThin(member) && placeRow(member))
    return addRow(member);
  // An op must not overlap with itself: what it writes is touched by nothing
  // else but at the same indices.
  unsigned most = member.outer.size();
  if (!members.empty())
    most = std::min(most, depth);
  for (unsigned candidate = most; candidate > 0; --candidate) {
    if (!members.empty() && !place(member, candidate))
      continue;
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

void Group::keepLast(size_t most) {
  SmallVector<Member, 4> last;
  while (!members.empty() && last.size() < most)
    last.push_back(members.pop_back_val());
  clear();
  for (Member &member : llvm::reverse(last)) {
    if (add(member.op, member.copy))
      continue;
    clear();
    if (!add(member.op, member.copy) && member.copy)
      LinalgOp(member.op)->erase();
  }
}

std::pair<int64_t, int64_t> Group::rows() const {
  if (ShapedType::isDynamic(lead().rows()))
    return {0, ShapedType::kDynamic};
  int64_t first = lead().shift, last = first;
  for (const Member &member : members) {
    first = std::min(first, member.shift);
    last = std::max(last, member.shift + member.rows());
  }
  return {first, last - first};
}

bool Group::staysInPlace() const {
  constexpr int64_t nearRows = 8, fewElements = 1024;
  Block *block = LinalgOp(lead().op)->getBlock();
  for (Operation &op : *block) {
    if (op.getNumRegions() && !isa<LinalgOp>(op))
      return false;
    auto type = [&]() -> MemRefType {
      if (isa<LinalgOp, memref::CopyOp>(op))
        return dyn_cast<MemRefType>(op.getOperands().back().getType());
      return {};
    }();
    bool isMember = llvm::any_of(members, [&](const Member &member) {
      return LinalgOp(member.op) == &op;
    });
    if (type && !isMember &&
        (!type.hasStaticShape() || type.getNumElements() > fewElements))
      return false;
  }
  // By rank: rows of one are not columns of another.
  llvm::SmallDenseMap<int64_t, unsigned> rowsOf;
  const Access &first = written(lead());
  std::optional<unsigned> rows = rowsAt(lead());
  for (const Member &member : members)
    for (const Access &access : member.accesses) {
      auto type = cast<MemRefType>(access.buffer.getType());
      if (member.isRow ||
          (type.hasStaticShape() && type.getNumElements() <= fewElements))
        continue;
      std::optional<unsigned> at = access.position(member.outer.front());
      if (!rows || !at ||
          rowsOf.try_emplace(type.getRank(), *at).first->second != *at)
        return false;
      int64_t distance = access.offsets[*at] - member.shift -
                         (first.offsets[*rows] - lead().shift);
      if (std::abs(distance) > nearRows)
        return false;
    }
  return true;
}

void Group::clear() {
  for (Member &member : members)
    if (member.copy)
      LinalgOp(member.op)->erase();
  members.clear();
  depth = 0;
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
  if (members.size() < 2 || depth == 0)
    return false;
  auto isLarge = [](Value buffer) {
    auto type = cast<MemRefType>(buffer.getType());
    return !type.hasStaticShape() || !type.getElementType().isIntOrFloat() ||
           type.getNumElements() * type.getElementTypeBitWidth() / 8 >=
               leastBytes;
  };
  bool isElementwise = llvm::all_of(members, [](const Member &member) {
    return !member.copy && LinalgOp(member.op).getNumReductionLoops() == 0;
  });
  // What is computed and what is filled beside it, in the same rows.
  auto areBeside = [&](const Member &first, const Member &second) {
    auto hasMany = [](const Member &member) {
      return !member.isRow && member.rows() >= leastRows;
    };
    return isElementwise && depth == 1 && hasMany(first) && hasMany(second);
  };
  for (const Member &first : members)
    for (const Member &second : members)
      for (const Access &x : first.accesses)
        for (const Access &y : second.accesses)
          if (&first != &second && x.buffer == y.buffer && isLarge(x.buffer) &&
              (overlap(x, y) ||
               (x.writes && y.writes && areBeside(first, second))))
            return true;
  return false;
}
