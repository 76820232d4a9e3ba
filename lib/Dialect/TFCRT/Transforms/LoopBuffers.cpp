//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// What loops carry from one iteration to the next, without copies.
//
// Bufferization lets an iteration give the next one its own buffers, as they
// are, or new ones; what changes places is copied. Here
//
// 1. a copy of a variable that is carried on in the place of another one
// becomes the
//    variable's buffer itself, if nobody writes it any more;
// 2. each new buffer is paired with one that the iteration leaves behind. Both
// are
//    carried: the one is written while the other one is read, then they change
//    sides.
//
// So the buffers of an iteration are those of the one before in another order,
// and two of them share nothing if those that the loop starts with share
// nothing
// (`MayAlias.h`). Where the value after the loop is a result, the result is one
// of them, and the copy is made only if the value ends in another one.
//===----------------------------------------------------------------------===//

#include "LoopBuffers.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "tfc/Dialect/TFCRT/IR/MayAlias.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"
#include "tfc/Dialect/TFCRT/Transforms/Body.h"
#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace tfc::rt;

/// Adds what `value`, made in `body`, may be the memory of: buffers made in the
/// body or before it, and arguments of the body; false if that cannot be said.
static bool collectBuffers(Value value, Block *body,
                           llvm::SetVector<Value> &buffers) {
  llvm::SetVector<Value> pending;
  pending.insert(value);
  for (size_t i = 0; i < pending.size(); ++i) {
    Value next = pending[i];
    auto result = dyn_cast<OpResult>(next);
    unsigned number = result ? result.getResultNumber()
                             : cast<BlockArgument>(next).getArgNumber();
    Operation *op =
        result ? result.getOwner() : next.getParentBlock()->getParentOp();
    bool isOutside = !body->getParent()->isAncestor(next.getParentRegion());
    bool isArgument = !result && next.getParentBlock() == body;
    if (isOutside || isArgument ||
        isa_and_present<memref::AllocOp>(next.getDefiningOp())) {
      buffers.insert(next);
    } else if (result &&
               isa<memref::CastOp, memref::SubViewOp, memref::ExpandShapeOp,
                   memref::CollapseShapeOp>(op)) {
      pending.insert(op->getOperand(0));
    } else if (auto branch = dyn_cast<scf::IfOp>(op)) {
      pending.insert(branch.thenYield().getOperand(number));
      pending.insert(branch.elseYield().getOperand(number));
    } else if (auto loop = dyn_cast<scf::ForOp>(op)) {
      number -= result ? 0 : 1;
      pending.insert(loop.getInitArgs()[number]);
      pending.insert(loop.getYieldedValues()[number]);
    } else if (auto loop = dyn_cast<scf::WhileOp>(op)) {
      if (result || next.getParentBlock() == loop.getAfterBody()) {
        pending.insert(loop.getConditionOp().getArgs()[number]);
      } else {
        pending.insert(loop.getInits()[number]);
        pending.insert(loop.getYieldedValues()[number]);
      }
    } else {
      return false;
    }
  }
  return true;
}

/// Does `op` only read the buffer, and keep no view of it?
static bool onlyReads(Operation *op, Value buffer) {
  if (llvm::any_of(op->getResultTypes(), llvm::IsaPred<BaseMemRefType>) ||
      op->hasTrait<OpTrait::IsTerminator>())
    return false;
  if (isMemoryEffectFree(op))
    return true;
  auto interface = dyn_cast<MemoryEffectOpInterface>(op);
  if (!interface || op->hasTrait<OpTrait::HasRecursiveMemoryEffects>())
    return false;
  SmallVector<MemoryEffects::EffectInstance> effects;
  interface.getEffectsOnValue(buffer, effects);
  return llvm::all_of(effects, [](auto &effect) {
    return isa<MemoryEffects::Read>(effect.getEffect());
  });
}

/// Is the buffer only read by what may run at `from` or later in its block, or
/// wherever that is null?
static bool isOnlyRead(Value buffer, Operation *from,
                       Operation *except = nullptr) {
  return llvm::all_of(buffer.getUsers(), [&](Operation *user) {
    if (user == except)
      return true;
    if (isa<ViewLikeOpInterface>(user))
      return llvm::all_of(user->getResults(), [&](Value view) {
        return isOnlyRead(view, from, except);
      });
    Operation *at =
        from ? from->getBlock()->findAncestorOpInBlock(*user) : nullptr;
    // What may keep a view for later counts for later.
    bool isBefore =
        at && at != from && at->isBeforeInBlock(from) &&
        llvm::none_of(at->getResultTypes(), llvm::IsaPred<BaseMemRefType>);
    return isBefore || onlyReads(user, buffer);
  });
}

static bool isPlain(Type type) {
  auto memref = dyn_cast<MemRefType>(type);
  return memref && memref.hasStaticShape() && memref.getLayout().isIdentity();
}

Value tfc::rt::unplaced(OpBuilder &builder,
                        bufferization::MaterializeInDestinationOp op) {
  Value value = op.getSource();
  if (value.getType() == op.getResult().getType())
    return value;
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(op);
  return tensor::CastOp::create(builder, op.getLoc(), op.getResult().getType(),
                                value);
}

//===----------------------------------------------------------------------===//
// Lists that grow
//===----------------------------------------------------------------------===//

/// Is what the loop yields for a variable its own buffer, or a new one, and
/// nothing else that it yields?
static bool yieldsOwnBuffer(scf::WhileOp loop, unsigned number) {
  Value own = loop.getAfterArguments()[number];
  llvm::SetVector<Value> mine, others;
  for (auto [i, value] : llvm::enumerate(loop.getYieldOp().getResults()))
    if (isa<MemRefType>(value.getType()) &&
        !collectBuffers(value, loop.getAfterBody(),
                        i == number ? mine : others))
      return false;
  return llvm::all_of(mine, [&](Value buffer) {
    bool isNew = buffer.getDefiningOp() &&
                 loop.getAfter().isAncestor(buffer.getParentRegion());
    return (buffer == own || isNew) && !others.contains(buffer);
  });
}

static bool isOwn(Value value, Operation *last);

/// Does nobody but `last` need `value`, or a view of it, when `last` runs or
/// later?
static bool isLastUse(Value value, Operation *last) {
  return llvm::all_of(value.getUsers(), [&](Operation *user) {
    if (user == last || isa<memref::DimOp>(user) ||
        (isa<scf::IfOp>(last) && last->isAncestor(user)))
      return true;
    if (isa<ViewLikeOpInterface>(user))
      return llvm::all_of(user->getResults(),
                          [&](Value view) { return isLastUse(view, last); });
    Operation *before = last->getBlock()->findAncestorOpInBlock(*user);
    return before && before != last && before->isBeforeInBlock(last) &&
           llvm::none_of(before->getResultTypes(),
                         llvm::IsaPred<BaseMemRefType>);
  });
}

/// Is the memory of `value` that of one variable, which `last` may go on with?
static bool isOwn(Value value, Operation *last) {
  if (!isLastUse(value, last))
    return false;
  Operation *op = value.getDefiningOp();
  if (!op) {
    auto loop = dyn_cast<scf::WhileOp>(value.getParentBlock()->getParentOp());
    return loop && value.getParentBlock() == loop.getAfterBody() &&
           last->getParentOfType<LoopLikeOpInterface>() == loop.getOperation();
  }
  if (op->getParentOfType<LoopLikeOpInterface>() !=
      last->getParentOfType<LoopLikeOpInterface>())
    return false;
  if (isa<memref::AllocOp, scf::WhileOp>(op))
    return true;
  if (auto cast = dyn_cast<memref::CastOp>(op))
    return isOwn(cast.getSource(), cast);
  if (auto branch = dyn_cast<scf::IfOp>(op)) {
    unsigned number = cast<OpResult>(value).getResultNumber();
    return isOwn(branch.thenYield().getOperand(number), branch) &&
           isOwn(branch.elseYield().getOperand(number), branch);
  }
  return false;
}

/// A buffer that only the loop uses: what the variable starts as, or a copy of
/// it.
static Value ownStart(OpBuilder &b, scf::WhileOp loop, Value start) {
  if (llvm::count(loop.getInits(), start) == 1 && isOwn(start, loop))
    return start;
  auto type = cast<MemRefType>(start.getType());
  SmallVector<Value> sizes;
  for (int64_t i = 0; i < type.getRank(); ++i)
    if (type.isDynamicDim(i))
      sizes.push_back(memref::DimOp::create(b, loop.getLoc(), start, i));
  Value copy = memref::AllocOp::create(b, loop.getLoc(), type, sizes);
  memref::CopyOp::create(b, loop.getLoc(), start, copy);
  return copy;
}

/// A variable that may come in a new buffer is copied by bufferization before
/// each iteration, since that might be anyone's. A list that grows is in its
/// own buffer, or in a new one: it goes on as it is.
void tfc::rt::keepGrownBuffers(Operation *root) {
  root->walk([](scf::WhileOp loop) {
    Block *before = loop.getBeforeBody();
    scf::ConditionOp condition = loop.getConditionOp();
    for (auto [number, value] : llvm::enumerate(condition.getArgs())) {
      auto alloc = value.getDefiningOp<memref::AllocOp>();
      if (!alloc || alloc->getBlock() != before ||
          !llvm::hasNItems(alloc->getUses(), 2))
        continue;
      Value argument = before->getArgument(number);
      memref::CopyOp copy;
      bool onlyMeasured =
          llvm::all_of(argument.getUsers(), [&](Operation *user) {
            auto other = dyn_cast<memref::CopyOp>(user);
            if (other && other.getTarget() == alloc)
              copy = other;
            return isa<memref::DimOp>(user) ||
                   (other && other.getTarget() == alloc);
          });
      if (!copy || !onlyMeasured || argument.getType() != value.getType() ||
          !yieldsOwnBuffer(loop, number))
        continue;
      OpBuilder b(loop);
      loop->setOperand(number, ownStart(b, loop, loop.getInits()[number]));
      condition.getArgsMutable()[number].set(argument);
      copy.erase();
      alloc.erase();
    }
  });
}

//===----------------------------------------------------------------------===//
// Buffers that take turns
//===----------------------------------------------------------------------===//

namespace {

class Rotation {
public:
  Rotation(RewriterBase &rewriter, LoopLikeOpInterface loop)
      : rewriter(rewriter), loop(loop), isCounted(isa<scf::ForOp>(loop)),
        body(isCounted
                 ? cast<scf::ForOp>(loop.getOperation()).getBody()
                 : cast<scf::WhileOp>(loop.getOperation()).getAfterBody()) {}

  void run() {
    if (!isCounted)
      dropCopiesOfCondition();
    collect();
    passOnCopies();
    if (!pairUp())
      return;
    startAlone();
    chooseSpares();
    if (isCounted)
      rebuildCounted();
    else
      rebuildWhile();
    guardCopies();
  }

private:
  /// A variable that is a buffer.
  struct Carried {
    unsigned number; ///< among those of the loop
    BlockArgument argument;
  };
  /// A buffer that the iteration makes for a variable, and one that it leaves
  /// behind.
  struct Pair {
    unsigned number;
    memref::AllocOp made;
    const Carried *left;
    Value spare = {}; ///< what the first iteration uses
    bool endsInPlace = false;
  };

  Operation *terminator() { return body->getTerminator(); }
  void dropCopiesOfCondition();
  void collect();
  void passOnCopies();
  std::optional<llvm::MapVector<Value, int64_t>> collectKept();
  memref::CopyOp copyOfVariable(Value next);
  bool pairUp();
  llvm::SmallDenseMap<unsigned, int64_t> countSharing();
  void startAlone();
  void chooseSpares();
  memref::CopyOp lastCopy(unsigned number);
  void rebuildCounted();
  void rebuildWhile();
  void guardCopies();

  RewriterBase &rewriter;
  LoopLikeOpInterface loop;
  bool isCounted;
  Block *body;
  SmallVector<Carried> carried;
  /// Variables of which the condition passes on the buffer itself now.
  llvm::SmallDenseSet<unsigned> isUncopied;
  SmallVector<Pair> pairs;
};

/// What the condition passes on is copied by bufferization; the body may have
/// the buffer itself, since the condition only reads it.
void Rotation::dropCopiesOfCondition() {
  auto whileOp = cast<scf::WhileOp>(loop.getOperation());
  // Iterations give the next one buffers that are their own: none from outside,
  // and none twice.
  auto kept = collectKept();
  if (!kept || llvm::any_of(*kept, [&](auto &entry) {
        return entry.second > 1 ||
               !whileOp.getAfter().isAncestor(entry.first.getParentRegion());
      }))
    return;
  Block *before = whileOp.getBeforeBody();
  for (OpOperand &passed : whileOp.getConditionOp().getArgsMutable()) {
    auto alloc = passed.get().getDefiningOp<memref::AllocOp>();
    if (!alloc || alloc->getBlock() != before || !isPlain(alloc.getType()) ||
        !llvm::hasNItems(alloc->getUses(), 2))
      continue;
    memref::CopyOp copy;
    for (Operation *user : alloc->getUsers())
      if (auto other = dyn_cast<memref::CopyOp>(user);
          other && other.getTarget() == alloc)
        copy = other;
    auto argument =
        copy ? dyn_cast<BlockArgument>(copy.getSource()) : BlockArgument();
    if (!argument || argument.getOwner() != before ||
        argument.getType() != alloc.getType() ||
        !isOnlyRead(argument, nullptr) ||
        llvm::is_contained(whileOp.getConditionOp().getArgs(), argument))
      continue;
    passed.set(argument);
    isUncopied.insert(argument.getArgNumber());
    rewriter.eraseOp(copy);
    rewriter.eraseOp(alloc);
  }
}

void Rotation::collect() {
  for (auto [number, init] : llvm::enumerate(loop.getInits())) {
    if (!isPlain(init.getType()))
      continue;
    if (auto counted = dyn_cast<scf::ForOp>(loop.getOperation())) {
      carried.push_back({unsigned(number), counted.getRegionIterArg(number)});
      continue;
    }
    auto whileOp = cast<scf::WhileOp>(loop.getOperation());
    Value argument = whileOp.getBeforeArguments()[number];
    auto passed = whileOp.getConditionOp().getArgs();
    if (llvm::count(passed, argument) == 1 &&
        isOnlyRead(argument, nullptr, whileOp.getConditionOp()))
      carried.push_back(
          {unsigned(number),
           body->getArgument(llvm::find(passed, argument) - passed.begin())});
  }
}

/// The copy that makes `next`, if it is one of a variable's buffer that is not
/// written any more and not yielded.
memref::CopyOp Rotation::copyOfVariable(Value next) {
  auto alloc = next.getDefiningOp<memref::AllocOp>();
  if (!alloc || alloc->getBlock() != body ||
      !llvm::hasNItems(alloc->getUses(), 2))
    return {};
  for (Operation *user : alloc->getUsers()) {
    auto copy = dyn_cast<memref::CopyOp>(user);
    if (!copy || copy.getTarget() != next || copy->getBlock() != body)
      continue;
    Value source = copy.getSource();
    bool isVariable = llvm::any_of(
        carried, [&](const Carried &c) { return c.argument == source; });
    if (isVariable && source.getType() == next.getType() &&
        isOnlyRead(source, copy))
      return copy;
  }
  return {};
}

void Rotation::passOnCopies() {
  for (const Carried &c : carried)
    if (memref::CopyOp copy =
            copyOfVariable(terminator()->getOperand(c.number))) {
      Operation *alloc = copy.getTarget().getDefiningOp();
      rewriter.modifyOpInPlace(terminator(), [&] {
        terminator()->setOperand(c.number, copy.getSource());
      });
      rewriter.eraseOp(copy);
      rewriter.eraseOp(alloc);
    }
}

/// The buffers that the next iteration gets, with the number of variables that
/// may be in them; none if that cannot be said.
std::optional<llvm::MapVector<Value, int64_t>> Rotation::collectKept() {
  llvm::MapVector<Value, int64_t> kept;
  for (Value value : terminator()->getOperands())
    if (isa<BaseMemRefType>(value.getType())) {
      llvm::SetVector<Value> buffers;
      if (!collectBuffers(value, body, buffers))
        return std::nullopt;
      for (Value buffer : buffers)
        ++kept[buffer];
    }
  return kept;
}

/// Finds the new buffers, and for each one that is not needed any more.
bool Rotation::pairUp() {
  auto kept = collectKept();
  if (!kept)
    return false;
  llvm::SmallPtrSet<const Carried *, 8> left;
  for (const Carried &c : carried)
    if (!kept->contains(c.argument))
      left.insert(&c);
  auto pair = [&](const Carried &c,
                  llvm::function_ref<bool(const Carried &)> suits) {
    auto made =
        terminator()->getOperand(c.number).getDefiningOp<memref::AllocOp>();
    bool isPaired = llvm::any_of(
        pairs, [&](const Pair &other) { return other.number == c.number; });
    if (!made || made->getBlock() != body || kept->lookup(made) != 1 ||
        isPaired)
      return;
    for (const Carried &other : carried)
      if (left.contains(&other) && other.argument.getType() == made.getType() &&
          suits(other)) {
        pairs.push_back({c.number, made, &other});
        left.erase(&other);
        return;
      }
  };
  // Those that take turns with their own variable end where the number of
  // iterations says.
  for (const Carried &c : carried)
    pair(c, [&](const Carried &other) { return &other == &c; });
  for (const Carried &c : carried)
    pair(c, [](const Carried &) { return true; });
  // Also variables that only change places.
  return !pairs.empty() || !isUncopied.empty() ||
         llvm::any_of(carried, [&](const Carried &c) {
           Value next = terminator()->getOperand(c.number);
           return next != c.argument && isa<BlockArgument>(next);
         });
}

/// For each variable, how many share the buffers that it goes through.
llvm::SmallDenseMap<unsigned, int64_t> Rotation::countSharing() {
  llvm::EquivalenceClasses<unsigned> circles;
  for (const Carried &c : carried) {
    circles.insert(c.number);
    for (const Carried &other : carried)
      if (terminator()->getOperand(c.number) == other.argument)
        circles.unionSets(c.number, other.number);
  }
  for (const Pair &pair : pairs)
    circles.unionSets(pair.number, pair.left->number);
  llvm::SmallDenseMap<unsigned, int64_t> counts;
  for (const Carried &c : carried)
    counts[c.number] = llvm::range_size(circles.members(c.number));
  return counts;
}

/// Gives each variable that changes its buffer a first one that nobody else
/// has. The value of another variable may end there: then nobody may need the
/// buffer after the loop, as a variable of the program does.
void Rotation::startAlone() {
  auto sharing = countSharing();
  SmallVector<Value> used;
  loop->walk([&](Operation *op) {
    for (Value operand : op->getOperands())
      if (op != loop && isa<BaseMemRefType>(operand.getType()) &&
          !loop->isAncestor(operand.getParentBlock()->getParentOp()))
        used.push_back(rootOf(operand));
  });
  for (OpOperand &init : loop.getInitsMutable())
    if (isa<BaseMemRefType>(init.get().getType()))
      used.push_back(rootOf(init.get()));
  for (const Carried &c : carried) {
    if (terminator()->getOperand(c.number) == c.argument &&
        !isUncopied.contains(c.number))
      continue;
    OpOperand &init = loop.getInitsMutable()[c.number];
    Value root = rootOf(init.get());
    auto alloc = root.getDefiningOp<memref::AllocOp>();
    bool isFree = alloc && alloc->getBlock() == loop->getBlock() &&
                  isLastUse(alloc, loop);
    // It is in the list itself.
    if ((isFree || sharing.lookup(c.number) == 1) &&
        isa<MemRefType>(root.getType()) &&
        llvm::count_if(used,
                       [&](Value other) { return mayAlias(other, root); }) == 1)
      continue;
    rewriter.setInsertionPoint(loop);
    Value own = memref::AllocOp::create(rewriter, loop.getLoc(),
                                        cast<MemRefType>(init.get().getType()));
    memref::CopyOp::create(rewriter, loop.getLoc(), init.get(), own);
    init.set(own);
  }
}

/// The copy of the variable's last value to a result which nothing else uses.
memref::CopyOp Rotation::lastCopy(unsigned number) {
  Value result;
  if (isCounted) {
    result = loop->getResult(number);
  } else {
    auto whileOp = cast<scf::WhileOp>(loop.getOperation());
    auto passed = whileOp.getConditionOp().getArgs();
    result = loop->getResult(
        llvm::find(passed, whileOp.getBeforeArguments()[number]) -
        passed.begin());
  }
  for (Operation *user : result.getUsers()) {
    auto copy = dyn_cast<memref::CopyOp>(user);
    auto bind = copy ? copy.getTarget().getDefiningOp<BindOp>() : BindOp();
    if (bind && copy.getSource() == result && bind->hasAttr("result") &&
        bind->hasOneUse() && bind.getType() == result.getType() &&
        copy->getBlock() == loop->getBlock() &&
        bind->getParentRegion()->isAncestor(loop->getParentRegion()))
      return copy;
  }
  return {};
}

/// The other buffers are made before the loop. One of them may be the result.
void Rotation::chooseSpares() {
  for (Pair &pair : pairs) {
    rewriter.setInsertionPoint(loop);
    auto type = pair.made.getType();
    memref::CopyOp last = pair.left->number == pair.number
                              ? lastCopy(pair.number)
                              : memref::CopyOp();
    if (last) {
      std::optional<int64_t> trips;
      if (auto counted = dyn_cast<scf::ForOp>(loop.getOperation()))
        if (auto count = counted.getStaticTripCount())
          trips = count->getSExtValue();
      auto start =
          loop.getInits()[pair.number].getDefiningOp<memref::AllocOp>();
      bool startsThere = trips && *trips % 2 == 0 && start &&
                         start->getBlock() == loop->getBlock() &&
                         isLastUse(start, loop);
      pair.endsInPlace = trips && (*trips % 2 == 1 || startsThere);
      if (startsThere)
        rewriter.replaceOp(start, last.getTarget());
      else
        pair.spare = last.getTarget();
      if (pair.endsInPlace)
        rewriter.eraseOp(last);
    }
    if (!pair.spare)
      pair.spare = memref::AllocOp::create(rewriter, loop.getLoc(), type);
  }
}

void Rotation::rebuildCounted() {
  auto spares =
      llvm::map_to_vector(pairs, [](const Pair &pair) { return pair.spare; });
  auto left = llvm::map_to_vector(
      pairs, [](const Pair &pair) { return pair.left->number; });
  auto made =
      llvm::map_to_vector(pairs, [](const Pair &pair) { return pair.made; });
  auto turn = [&](OpBuilder &, Location, ArrayRef<BlockArgument> arguments) {
    Block *block = arguments.front().getOwner();
    SmallVector<Value> values;
    for (auto [argument, number, alloc] : llvm::zip(arguments, left, made)) {
      rewriter.replaceOp(alloc, Value(argument));
      values.push_back(block->getArgument(1 + number));
    }
    return values;
  };
  if (spares.empty())
    return;
  auto next =
      cast<scf::ForOp>(loop.getOperation())
          .replaceWithAdditionalYields(
              rewriter, spares, /*replaceInitOperandUsesInLoop=*/false, turn);
  loop = *next;
  body = cast<scf::ForOp>(loop.getOperation()).getBody();
}

void Rotation::rebuildWhile() {
  if (pairs.empty())
    return;
  auto old = cast<scf::WhileOp>(loop.getOperation());
  SmallVector<Value> inits(old.getInits()),
      passed(old.getConditionOp().getArgs()), next(terminator()->getOperands());
  SmallVector<Type> types(old.getResultTypes());
  for (const Pair &pair : pairs) {
    inits.push_back(pair.spare);
    types.push_back(pair.spare.getType());
    passed.push_back(
        old.getBeforeBody()->addArgument(pair.spare.getType(), loop.getLoc()));
    Value spare = body->addArgument(pair.spare.getType(), loop.getLoc());
    rewriter.replaceOp(pair.made, spare);
    next[pair.number] = spare;
    next.push_back(pair.left->argument);
  }
  rewriter.setInsertionPoint(old);
  auto made = scf::WhileOp::create(rewriter, old.getLoc(), types, inits);
  made->setDiscardableAttrs(old->getDiscardableAttrDictionary());
  rewriter.modifyOpInPlace(old.getConditionOp(), [&] {
    old.getConditionOp().getArgsMutable().assign(passed);
  });
  rewriter.modifyOpInPlace(terminator(),
                           [&] { terminator()->setOperands(next); });
  made.getBefore().takeBody(old.getBefore());
  made.getAfter().takeBody(old.getAfter());
  rewriter.replaceOp(old, made.getResults().take_front(old.getNumResults()));
  loop = cast<LoopLikeOpInterface>(made.getOperation());
}

/// A value that may have ended in the buffer that it is copied to need not be
/// copied.
void Rotation::guardCopies() {
  SmallVector<Value> starts;
  for (Value init : loop.getInits())
    if (isPlain(init.getType()))
      starts.push_back(rootOf(init));
  for (Value result : loop->getResults())
    for (Operation *user : llvm::make_early_inc_range(result.getUsers())) {
      auto copy = dyn_cast<memref::CopyOp>(user);
      if (!copy || copy.getSource() != result ||
          copy.getTarget().getType() != result.getType() ||
          !llvm::is_contained(starts, copy.getTarget()))
        continue;
      rewriter.setInsertionPoint(copy);
      auto address = [&](Value buffer) {
        return memref::ExtractAlignedPointerAsIndexOp::create(
            rewriter, copy.getLoc(), buffer);
      };
      Value isElsewhere = arith::CmpIOp::create(
          rewriter, copy.getLoc(), arith::CmpIPredicate::ne, address(result),
          address(copy.getTarget()));
      auto branch = scf::IfOp::create(rewriter, copy.getLoc(), isElsewhere);
      rewriter.moveOpBefore(copy, branch.thenBlock()->getTerminator());
    }
}

} // namespace

void tfc::rt::rotateBuffers(Operation *root) {
  SmallVector<LoopLikeOpInterface> loops; // inner ones first
  root->walk([&](Operation *op) {
    if (isa<scf::ForOp, scf::WhileOp>(op))
      loops.push_back(cast<LoopLikeOpInterface>(op));
  });
  IRRewriter rewriter(root->getContext());
  for (LoopLikeOpInterface loop : loops)
    Rotation(rewriter, loop).run();
}
