//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// A block for each row, with the row in registers: every thread keeps the same
// few elements through all steps of the group, so that an input is read once,
// a result is written once, and temporaries are never in memory. What belongs
// to a whole row (a sum and what becomes of it) is in a register of every
// thread.
//===----------------------------------------------------------------------===//

#include "Writer.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/Support/MathExtras.h"
#include <vector>

using namespace mlir;
using namespace tfc::device;

namespace {

constexpr int64_t mostWords = 64;  ///< of a thread, for rows
constexpr int64_t mostSlots = 32;  ///< elements of a thread
constexpr int64_t mostCode = 4096; ///< ops of bodies, after unrolling
/// Threads that keep a large device busy: half of what it holds at once, for
/// each has several loads under way.
constexpr int64_t busyThreads = 1 << 17;

/// Which elements of a buffer the iterations of a row touch: equal patterns
/// mean that the i-th iterations of two steps touch the same element.
struct Pattern {
  int64_t offset = 0;
  SmallVector<int64_t> point; ///< coefficients of loops of the prefix
  SmallVector<std::pair<int64_t, int64_t>> row; ///< (size, coefficient)
  bool operator==(const Pattern &other) const {
    return offset == other.offset && point == other.point && row == other.row;
  }
  /// One element for all iterations of a row?
  bool isUniform() const { return row.empty(); }
  /// One element for each?
  bool isInjective() const {
    return !isUniform() &&
           llvm::all_of(row, [](auto dim) { return dim.second; });
  }
};

Pattern patternOf(const Step &step, const Access &access, unsigned prefix) {
  Pattern pattern;
  pattern.offset = access.offset;
  for (unsigned i = 0; i < step.loops.sizes.size(); ++i) {
    int64_t size = step.loops.sizes[i], by = access.coefficients[i];
    if (i < prefix) {
      pattern.point.push_back(size == 1 ? 0 : by);
      continue;
    }
    if (size == 1)
      continue;
    // Neighbouring loops that run through memory as one are one.
    if (!pattern.row.empty() && pattern.row.back().second == by * size)
      pattern.row.back() = {pattern.row.back().first * size, by};
    else
      pattern.row.push_back({size, by});
  }
  if (llvm::all_of(pattern.row, [](auto dim) { return dim.second == 0; }))
    pattern.row.clear();
  return pattern;
}

enum class Kind {
  elements, ///< each iteration writes an element of its own
  sum,      ///< all iterations of a row are combined
  single    ///< one iteration for a row
};

/// What one step does for a row; nothing if it is none of these.
std::optional<Kind> kindOf(const Step &step, unsigned prefix) {
  int64_t parallel = step.loops.count(prefix, step.loops.numParallel);
  int64_t reduced =
      step.loops.count(step.loops.numParallel, step.loops.sizes.size());
  if (parallel == 0 || reduced == 0)
    return std::nullopt;
  if (parallel * reduced == 1)
    return Kind::single;
  if (parallel == 1) {
    std::optional<Combiner> combiner = matchCombiner(step.op);
    return combiner && combiner->op ? std::optional(Kind::sum) : std::nullopt;
  }
  return reduced == 1 ? std::optional(Kind::elements) : std::nullopt;
}

/// What is known of a group whose rows fit into registers.
struct Plan {
  SmallVector<Kind> kinds;
  int64_t length = 1; ///< of a row
  int64_t threads = 32, slots = 1;
};

bool touchesMemoryInside(Step &step) {
  return step.op.getBlock()
      ->walk([](memref::LoadOp) { return WalkResult::interrupt(); })
      .wasInterrupted();
}

std::optional<Plan> planOf(Group &group, const DeviceLimits &limits) {
  Plan plan;
  struct Use {
    Value root;
    Pattern pattern;
    bool writes;
  };
  SmallVector<Use> uses;
  int64_t code = 0, words = 0;
  for (Step &step : group.steps) {
    if (!step.loops.isStatic() || touchesMemoryInside(step))
      return std::nullopt;
    std::optional<Kind> kind = kindOf(step, group.prefix);
    if (!kind)
      return std::nullopt;
    plan.kinds.push_back(*kind);
    code +=
        std::distance(step.op.getBlock()->begin(), step.op.getBlock()->end());
    if (*kind != Kind::single) {
      int64_t length = step.loops.count(group.prefix, step.loops.sizes.size());
      if (plan.length != 1 && plan.length != length)
        return std::nullopt;
      plan.length = length;
    }
    for (const Access &access : step.accesses) {
      if (!access.affine)
        return std::nullopt;
      Use use{access.root, patternOf(step, access, group.prefix),
              access.writes};
      if (use.writes && *kind == Kind::elements && !use.pattern.isInjective())
        return std::nullopt;
      for (const Use &before : uses)
        if ((before.writes || use.writes) && mayAlias(before.root, use.root) &&
            !(before.root == use.root && before.pattern == use.pattern))
          return std::nullopt;
      bool known = llvm::any_of(uses, [&](const Use &before) {
        return before.root == use.root && before.pattern == use.pattern;
      });
      Type type = cast<MemRefType>(access.root.getType()).getElementType();
      if (!type.isIntOrFloat())
        return std::nullopt;
      if (!known && !use.pattern.isUniform())
        words += type.getIntOrFloatBitWidth() > 32 ? 2 : 1;
      uses.push_back(std::move(use));
    }
  }
  if (group.steps.size() < 2 || plan.length < 2)
    return std::nullopt;
  plan.threads = std::clamp<int64_t>(llvm::PowerOf2Ceil(plan.length), 32,
                                     limits.maxThreads);
  plan.slots = llvm::divideCeil(plan.length, plan.threads);
  if (plan.slots > mostSlots || words * plan.slots > mostWords ||
      code * plan.slots > mostCode)
    return std::nullopt;
  return plan;
}

class Rows : public Writer {
public:
  Rows(Group &group, Plan plan, const DeviceLimits &limits)
      : Writer(group, "block-per-row", plan.threads), group(group),
        plan(std::move(plan)), maxBlocks(limits.maxBlocks) {
    prefix = group.prefix;
    subgroup = limits.subgroup;
  }

  void run();
  Value load(Step &step, OpOperand &operand, ArrayRef<Value> ivs) override;
  void store(Step &step, OpOperand &operand, ArrayRef<Value> ivs,
             Value value) override;

private:
  /// Registers of one buffer with one pattern.
  struct Held {
    Value root;
    Pattern pattern;
    SmallVector<Value> values; ///< by slot; one if uniform
    bool isWritten = false, isReadFirst = false, isKept = false;
    /// How the elements are stored at the end.
    Step *step = nullptr;
    OpOperand *operand = nullptr;
    SmallVector<Values> places;
  };
  Held &held(Step &step, OpOperand &operand);
  /// Is what the step reads there the same for all rows?
  bool isKept(Step &step, OpOperand &operand);
  bool keepsAny();
  void loadKept();
  void runPoint(Value at);
  void runStep(Step &step, Kind kind, ArrayRef<Value> point);
  void writeResults();
  /// Sets the loops behind the prefix for the current slot.
  void place(Step &step, Values &ivs);

  Group &group;
  Plan plan;
  int64_t maxBlocks;
  std::vector<Held> all;
  int64_t slot = 0;
  SmallVector<Value> elements; ///< by slot: the element of this thread
  SmallVector<Value> inside;   ///< by slot: is it of the row? null: it is
};

Rows::Held &Rows::held(Step &step, OpOperand &operand) {
  const Access &access = step.accessOf(operand);
  Pattern pattern = patternOf(step, access, group.prefix);
  for (Held &each : all)
    if (each.root == access.root && each.pattern == pattern)
      return each;
  Held &made = all.emplace_back();
  made.root = access.root;
  made.pattern = std::move(pattern);
  int64_t slots = made.pattern.isUniform() ? 1 : plan.slots;
  made.values.resize(slots);
  made.places.resize(slots);
  return made;
}

Value Rows::load(Step &step, OpOperand &operand, ArrayRef<Value> ivs) {
  if (!isa<MemRefType>(operand.get().getType()))
    return operand.get();
  Held &found = held(step, operand);
  bool uniform = found.pattern.isUniform();
  Value &value = found.values[uniform ? 0 : slot];
  if (value)
    return value;
  found.isReadFirst = true;
  if (uniform || !inside[slot])
    return value = Writer::load(step, operand, ivs);
  // Beyond the row stands a one: it divides.
  Type type = cast<MemRefType>(operand.get().getType()).getElementType();
  auto choice = scf::IfOp::create(b, TypeRange(type), inside[slot],
                                  /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(choice.thenBlock());
  scf::YieldOp::create(b, Writer::load(step, operand, ivs));
  b.setInsertionPointToEnd(choice.elseBlock());
  scf::YieldOp::create(b, Value(arith::ConstantOp::create(
                              b, cast<TypedAttr>(b.getOneAttr(type)))));
  return value = choice.getResult(0);
}

void Rows::store(Step &step, OpOperand &operand, ArrayRef<Value> ivs,
                 Value value) {
  Held &found = held(step, operand);
  int64_t at = found.pattern.isUniform() ? 0 : slot;
  found.values[at] = value;
  found.places[at] = Values(ivs);
  found.isWritten = true;
  found.step = &step;
  found.operand = &operand;
}

void Rows::place(Step &step, Values &ivs) {
  Values sizes;
  for (unsigned i = group.prefix; i < step.loops.sizes.size(); ++i)
    sizes.push_back(constant(step.loops.sizes[i]));
  for (auto [k, iv] : llvm::enumerate(delinearize(elements[slot], sizes)))
    ivs[step.loops.order[group.prefix + k]] = iv;
}

void Rows::runStep(Step &step, Kind kind, ArrayRef<Value> point) {
  Values ivs(step.loops.order.size());
  for (auto [at, value] : llvm::enumerate(point))
    ivs[step.loops.order[at]] = value;
  if (kind == Kind::elements) {
    for (slot = 0; slot < plan.slots; ++slot) {
      place(step, ivs);
      Values arguments = loadInputs(step, ivs);
      for (OpOperand &init : step.op.getDpsInitsMutable())
        arguments.push_back(step.op.payloadUsesValueFromOperand(&init)
                                ? load(step, init, ivs)
                                : Value());
      Values results = body(step, arguments, ivs);
      for (auto [init, value] :
           llvm::zip(step.op.getDpsInitsMutable(), results))
        store(step, init, ivs, value);
    }
    return;
  }
  for (unsigned i = group.prefix; i < step.loops.sizes.size(); ++i)
    ivs[step.loops.order[i]] = constant(0);
  slot = 0;
  if (kind == Kind::single) {
    Values sizes;
    for (int64_t size : step.loops.sizes)
      sizes.push_back(constant(size));
    this->point(step, sizes, ivs);
    return;
  }
  Combiner combiner = *matchCombiner(step.op);
  Value mine = neutralOf(combiner).front();
  Values first = ivs;
  for (; slot < plan.slots; ++slot) {
    place(step, ivs);
    Value next = update(step, combiner, ivs, mine).front();
    mine = inside[slot]
               ? Value(arith::SelectOp::create(b, inside[slot], next, mine))
               : next;
  }
  slot = 0;
  addToResult(step, combiner, first, combineThreads(combiner, {mine}));
}

void Rows::writeResults() {
  llvm::SmallPtrSet<Operation *, 8> ops;
  for (Step &step : group.steps)
    ops.insert(step.op);
  for (Held &each : all) {
    if (!each.isWritten)
      continue;
    if (each.root.getDefiningOp<memref::AllocOp>() && !each.isReadFirst &&
        isLocal(each.root, ops))
      continue;
    if (each.pattern.isUniform()) {
      when(less(thread(), constant(1)), [&] {
        Writer::store(*each.step, *each.operand, each.places[0],
                      each.values[0]);
      });
      continue;
    }
    for (slot = 0; slot < plan.slots; ++slot) {
      auto write = [&] {
        Writer::store(*each.step, *each.operand, each.places[slot],
                      each.values[slot]);
      };
      if (inside[slot])
        when(inside[slot], write);
      else
        write();
    }
  }
}

bool Rows::isKept(Step &step, OpOperand &operand) {
  if (!isa<MemRefType>(operand.get().getType()) ||
      !step.op.payloadUsesValueFromOperand(&operand))
    return false;
  const Access &access = step.accessOf(operand);
  Pattern pattern = patternOf(step, access, group.prefix);
  return llvm::all_of(pattern.point, [](int64_t by) { return by == 0; }) &&
         llvm::none_of(group.steps, [&](const Step &other) {
           return llvm::any_of(other.accesses, [&](const Access &each) {
             return each.writes && mayAlias(each.root, access.root);
           });
         });
}

bool Rows::keepsAny() {
  return llvm::any_of(group.steps, [&](Step &step) {
    return llvm::any_of(step.op.getDpsInputOperands(),
                        [&](OpOperand *input) { return isKept(step, *input); });
  });
}

/// Loads what all rows of the block use, before the first one.
void Rows::loadKept() {
  for (auto [step, kind] : llvm::zip(group.steps, plan.kinds))
    for (OpOperand *input : step.op.getDpsInputOperands()) {
      if (!isKept(step, *input))
        continue;
      bool uniform = held(step, *input).pattern.isUniform();
      Values ivs(step.loops.order.size(), constant(0));
      for (slot = 0; slot < (uniform ? 1 : plan.slots); ++slot) {
        if (kind != Kind::single)
          place(step, ivs);
        load(step, *input, ivs);
      }
      held(step, *input).isKept = true;
    }
}

void Rows::runPoint(Value at) {
  llvm::erase_if(all, [](const Held &each) { return !each.isKept; });
  Values sizes;
  for (int64_t size :
       ArrayRef(group.steps.front().loops.sizes).take_front(group.prefix))
    sizes.push_back(constant(size));
  Values point = delinearize(at, sizes);
  for (auto [step, kind] : llvm::zip(group.steps, plan.kinds))
    runStep(step, kind, point);
  writeResults();
}

void Rows::run() {
  int64_t points = group.points();
  int64_t most = keepsAny() ? busyThreads / threads() : maxBlocks;
  int64_t rows = llvm::divideCeil(points, std::min(most, maxBlocks));
  int64_t blocks = llvm::divideCeil(points, rows);
  setGrid(arith::ConstantIndexOp::create(outer, blocks));
  for (int64_t i = 0; i < plan.slots; ++i) {
    Value element = add(thread(), constant(i * threads()));
    elements.push_back(element);
    inside.push_back((i + 1) * threads() > plan.length
                         ? less(element, constant(plan.length))
                         : Value());
  }
  if (points == blocks)
    return runPoint(block());
  loadKept();
  loop(block(), constant(points), constant(blocks), [&](Value at) {
    runPoint(at);
    barrier(); // the next row uses the same shared memory
  });
}

} // namespace

bool tfc::device::writeRows(Group &group, const DeviceLimits &limits) {
  std::optional<Plan> plan = planOf(group, limits);
  if (!plan)
    return false;
  Rows(group, *plan, limits).run();
  return true;
}
