//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Variables become values.
//
// One walk over each function in program order keeps, for each variable written
// so far, its present value. A read becomes that value, or the value read once
// at the start; an assignment only changes what is kept. A branch yields the
// values of the variables that it writes, a loop carries them, the end of the
// function stores them. An assertion takes along what it must store when it
// fails, a print what it must store when the host refuses it. Near linear in
// the number of effects.
//
// Ops that reach variables in a way that is not visible here (calls, unknown
// functions) find all variables up to date in memory: the walk stores before
// them and starts anew behind them.
//===----------------------------------------------------------------------===//

#include "ScopedValues.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Remarks.h"
#include "tfc/Dialect/TFC/IR/TFC.h"
#include "tfc/Dialect/TFC/Transforms/EffectOrder.h"
#include "tfc/Dialect/TFC/Transforms/Passes.h"
#include "tfc/Dialect/TFC/Transforms/Utils.h"

namespace tfc {
#define GEN_PASS_DEF_TFCPROMOTEVARIABLESPASS
#include "tfc/Dialect/TFC/Transforms/Passes.h.inc"
} // namespace tfc

using namespace mlir;
using namespace tfc;

namespace {

/// At the top of a function, no more variables than these wait for their store
/// while an op may end the program: each such op has to name all that wait.
constexpr size_t mostPending = 32;
/// A branch or loop in which more (variable, op that may end the program) pairs
/// would have to be named keeps its variables in memory.
constexpr size_t mostPairs = 1 << 16;

/// What the walk knows at one point of a function.
struct State {
  explicit State(Block &block)
      : block(&block), reader(OpBuilder::atBlockBegin(&block)) {}

  Block *block; ///< where variables go back to memory
  /// The present values of variables that are not in memory yet.
  ScopedValues unwritten;
  /// The values of variables in memory, read where `reader` inserts or stored.
  DenseMap<Value, Value> inMemory;
  OpBuilder reader;

  void assign(Value variable, Value value) {
    if (value == inMemory.lookup(variable))
      unwritten.erase(variable);
    else
      unwritten.set(variable, value);
  }
};

class Promoter {
public:
  Promoter(func::FuncOp function, const EffectAnalysis &effects)
      : function(function), effects(effects) {}

  void run() {
    findOpaque();
    for (Block &block : function.getBody())
      promoteAlone(block);
    for (Operation *op : llvm::reverse(dead))
      op->erase();
  }

private:
  void findOpaque();
  void markOpaque(Operation *op, StringRef why);
  bool isHidden(Operation *op);
  void promoteAlone(Block &block);
  void promote(Block &block, State &state);
  void promoteRead(ReadVariableOp op, State &state);
  void promoteIf(IfOp op, State &state);
  void promoteWhile(WhileOp op, State &state);
  template <typename OpTy> void addPending(OpTy op, State &state);
  void stepOver(Operation *op, State &state);
  void store(State &state, Operation *before);
  Value valueOf(Value variable, State &state, Location loc);
  SmallVector<Value> writtenBy(Operation *op);

  func::FuncOp function;
  const EffectAnalysis &effects;
  /// The user's line of the last assignment to each variable.
  DenseMap<Value, Location> assigned;
  SmallVector<Operation *> dead;
  /// Ops that may touch variables in a hidden way, and those around them.
  DenseSet<Operation *> opaque;
};

} // namespace

bool Promoter::isHidden(Operation *op) {
  const EffectSet &set = effects.get(op);
  if (set.empty() || isa<IfOp, WhileOp>(op))
    return false;
  bool variable = llvm::any_of(
      set.touched, [](auto &e) { return e.first >= kFirstVariable; });
  return set.external || isa<CallOpInterface>(op) ||
         (variable && !isa<ReadVariableOp, AssignVariableOp>(op));
}

void Promoter::markOpaque(Operation *op, StringRef why) {
  remark::missed(op->getLoc(), remark::RemarkOpts::name("InMemory")
                                   .category("tfc-promote-variables")
                                   .function(function.getName()))
      << remark::reason("variables are in memory around '{0}': {1}",
                        op->getName().getStringRef(), why);
  for (; op != function; op = op->getParentOp())
    opaque.insert(op);
}

void Promoter::findOpaque() {
  function.getBody().walk([&](Operation *op) {
    if (isHidden(op))
      return markOpaque(op, "it may touch them in a hidden way");
    const EffectSet &set = effects.get(op);
    if (!isa<IfOp, WhileOp>(op) || !set.mayLeave())
      return;
    size_t leaving = 0;
    op->walk(
        [&](Operation *nested) { leaving += isa<AssertOp, PrintOp>(nested); });
    if (leaving * writtenBy(op).size() > mostPairs)
      markOpaque(op, "too many of them would wait at too many ops that may end "
                     "the program");
  });
}

SmallVector<Value> Promoter::writtenBy(Operation *op) {
  SmallVector<Value> variables;
  for (auto [resource, access] : effects.get(op).touched)
    if (resource >= kFirstVariable && (access & kWrite))
      variables.push_back(handleOf(function, resource));
  return variables;
}

Value Promoter::valueOf(Value variable, State &state, Location loc) {
  if (Value value = state.unwritten.lookup(variable))
    return value;
  Value &value = state.inMemory[variable];
  if (!value)
    value = ReadVariableOp::create(
                state.reader, loc,
                cast<ResourceType>(variable.getType()).getValueType(),
                TokenType::get(loc.getContext()), variable, ValueRange())
                .getValue();
  return value;
}

/// In the order of the function's arguments.
static SmallVector<std::pair<Value, Value>> sorted(const ScopedValues &values) {
  SmallVector<std::pair<Value, Value>> entries(values.begin(), values.end());
  llvm::sort(entries, [](auto &a, auto &b) {
    return cast<BlockArgument>(a.first).getArgNumber() <
           cast<BlockArgument>(b.first).getArgNumber();
  });
  return entries;
}

/// Writes what is not in memory yet.
void Promoter::store(State &state, Operation *before) {
  OpBuilder builder(before);
  for (auto [variable, value] : sorted(state.unwritten)) {
    auto it = assigned.find(variable);
    AssignVariableOp::create(
        builder, it == assigned.end() ? before->getLoc() : it->second,
        TokenType::get(builder.getContext()), variable, value, ValueRange());
    state.inMemory[variable] = value;
  }
  state.unwritten.clear();
}

/// A block that starts and ends with all variables in memory.
void Promoter::promoteAlone(Block &block) {
  State state(block);
  promote(block, state);
  store(state, block.getTerminator());
}

void Promoter::stepOver(Operation *op, State &state) {
  store(state, op);
  if (isa<IfOp, WhileOp>(op))
    for (Region &region : op->getRegions())
      promoteAlone(region.front());
  state.inMemory.clear();
  state.reader.setInsertionPointAfter(op);
}

void Promoter::promote(Block &block, State &state) {
  for (Operation &op : llvm::make_early_inc_range(block)) {
    const EffectSet &set = effects.get(&op);
    if (set.empty())
      continue;
    if (&block == state.block && set.mayLeave() &&
        state.unwritten.size() > mostPending)
      store(state, &op);
    if (opaque.contains(&op)) {
      stepOver(&op, state);
    } else if (auto read = dyn_cast<ReadVariableOp>(op)) {
      promoteRead(read, state);
    } else if (auto assign = dyn_cast<AssignVariableOp>(op)) {
      state.assign(assign.getResource(), assign.getValue());
      assigned.insert_or_assign(assign.getResource(), assign.getLoc());
      dead.push_back(assign);
    } else if (auto check = dyn_cast<AssertOp>(op)) {
      addPending(check, state);
    } else if (auto print = dyn_cast<PrintOp>(op)) {
      addPending(print, state);
    } else if (auto branch = dyn_cast<IfOp>(op)) {
      promoteIf(branch, state);
    } else if (auto loop = dyn_cast<WhileOp>(op)) {
      promoteWhile(loop, state);
    }
  }
}

void Promoter::promoteRead(ReadVariableOp op, State &state) {
  Value value = valueOf(op.getResource(), state, op.getLoc());
  replaceWithCast(op.getValue(), value);
  dead.push_back(op);
}

/// What `op` must write if it ends the program: what it had to write before, as
/// far as that is not newer now, and what is not in memory yet.
template <typename OpTy> void Promoter::addPending(OpTy op, State &state) {
  SmallVector<Value> pending, values;
  for (auto [variable, value] :
       llvm::zip(op.getPending(), op.getPendingValues()))
    if (!state.unwritten.contains(variable)) {
      pending.push_back(variable);
      values.push_back(value);
    }
  for (auto [variable, value] : sorted(state.unwritten)) {
    pending.push_back(variable);
    values.push_back(value);
  }
  op.getPendingMutable().assign(pending);
  op.getPendingValuesMutable().assign(values);
}

void Promoter::promoteIf(IfOp op, State &state) {
  SmallVector<Value> written = writtenBy(op);
  // For each region the values of what it has written, null for what it has
  // not.
  SmallVector<SmallVector<Value>, 2> after;
  for (Region &region : op->getRegions()) {
    ScopedValues::Mark mark = state.unwritten.mark();
    promote(region.front(), state);
    auto &values = after.emplace_back();
    for (Value variable : written)
      values.push_back(valueOf(variable, state, op.getLoc()));
    state.unwritten.undo(mark);
  }

  SmallVector<Value> variables, thenValues, elseValues;
  SmallVector<Type> types;
  for (auto [variable, thenValue, elseValue] :
       llvm::zip(written, after[0], after[1])) {
    if (thenValue == elseValue) {
      state.assign(variable, thenValue);
      continue;
    }
    variables.push_back(variable);
    thenValues.push_back(thenValue);
    elseValues.push_back(elseValue);
    types.push_back(joinTypes(thenValue.getType(), elseValue.getType()));
  }
  if (variables.empty())
    return;
  addYields(op.getThenRegion().front(), thenValues);
  addYields(op.getElseRegion().front(), elseValues);
  IfOp promoted = addResults(op, types);
  for (auto [variable, value] :
       llvm::zip(variables, promoted.getResults().take_back(variables.size())))
    state.unwritten.set(variable, value);
  dead.push_back(op);
}

void Promoter::promoteWhile(WhileOp op, State &state) {
  SmallVector<Value> variables = writtenBy(op), inits, yielded;
  SmallVector<Type> types;
  for (Value variable : variables) {
    inits.push_back(valueOf(variable, state, op.getLoc()));
    types.push_back(cast<ResourceType>(variable.getType()).getValueType());
  }
  for (Region *region : {&op.getConditionRegion(), &op.getBodyRegion()}) {
    ScopedValues::Mark mark = state.unwritten.mark();
    for (auto [variable, type] : llvm::zip(variables, types))
      state.unwritten.set(variable,
                          region->front().addArgument(type, variable.getLoc()));
    promote(region->front(), state);
    yielded.clear();
    for (Value variable : variables)
      yielded.push_back(valueOf(variable, state, op.getLoc()));
    state.unwritten.undo(mark);
  }
  if (variables.empty())
    return;
  addYields(op.getBodyRegion().front(), yielded);
  WhileOp promoted = addLoopValues(op, inits, types);
  for (auto [variable, value] :
       llvm::zip(variables, promoted.getResults().take_back(variables.size())))
    state.unwritten.set(variable, value);
  dead.push_back(op);
}

//===----------------------------------------------------------------------===//
// Conditions that write
//===----------------------------------------------------------------------===//

/// A condition cannot hand values to the body. One that writes variables is
/// computed before the loop and at the end of the body instead:
/// `while c(x) do b(x)` becomes `p = c(x); while p do { b(x); p = c(x) }`.
static void rotate(WhileOp op) {
  OpBuilder builder(op);
  Block &condition = op.getConditionRegion().front();
  auto cloneCondition = [&](ValueRange arguments) {
    IRMapping mapping;
    mapping.map(condition.getArguments(), arguments);
    for (Operation &nested : condition.without_terminator())
      builder.clone(nested, mapping);
    return mapping.lookupOrDefault(condition.getTerminator()->getOperand(0));
  };
  Value first = cloneCondition(op.getInits());

  Block &body = op.getBodyRegion().front();
  builder.setInsertionPoint(body.getTerminator());
  Value next = cloneCondition(body.getTerminator()->getOperands());
  addYields(body, next);

  Type type = first.getType();
  body.addArgument(type, op.getLoc());
  Value carried = condition.addArgument(type, op.getLoc());
  condition.getTerminator()->setOperands(carried);
  while (&condition.front() != condition.getTerminator())
    std::prev(condition.end(), 2)->erase();
  addLoopValues(op, first, type);
  op.erase();
}

static bool rotateLoops(ModuleOp module, const EffectAnalysis &effects) {
  SmallVector<WhileOp> loops;
  module.walk<WalkOrder::PostOrder>([&](WhileOp op) {
    bool writesVariable = false;
    for (Operation &nested : op.getConditionRegion().front())
      for (auto [resource, access] : effects.get(&nested).touched)
        writesVariable |= resource >= kFirstVariable && (access & kWrite);
    if (writesVariable && !effects.get(op).external)
      loops.push_back(op);
  });
  for (WhileOp op : loops)
    rotate(op);
  return !loops.empty();
}

namespace {
struct TFCPromoteVariablesPass
    : public tfc::impl::TFCPromoteVariablesPassBase<TFCPromoteVariablesPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    OrderKeeper order(module);
    auto effects = std::make_unique<EffectAnalysis>(module);
    if (rotateLoops(module, *effects))
      effects = std::make_unique<EffectAnalysis>(module);
    for (auto function : module.getOps<func::FuncOp>())
      if (!function.isDeclaration() && !effects->hasAliases(function))
        Promoter(function, *effects).run();
    if (failed(order.restore()))
      signalPassFailure();
  }
};
} // namespace
