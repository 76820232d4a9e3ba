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
// fails.
//
// Ops that reach variables in a way that is not visible here (calls, unknown
// functions) find all variables up to date in memory: the walk stores before
// them and starts anew behind them.
//===----------------------------------------------------------------------===//

#include "mlir/IR/IRMapping.h"
#include "tfc/Dialect/TFC/IR/TFC.h"
#include "tfc/Dialect/TFC/Transforms/EffectAnalysis.h"
#include "tfc/Dialect/TFC/Transforms/Passes.h"
#include "tfc/Dialect/TFC/Transforms/Utils.h"
#include "llvm/ADT/MapVector.h"

namespace tfc {
#define GEN_PASS_DEF_TFCPROMOTEVARIABLESPASS
#include "tfc/Dialect/TFC/Transforms/Passes.h.inc"
} // namespace tfc

using namespace mlir;
using namespace tfc;

namespace {

/// What the walk knows at one point of a function.
struct State {
  explicit State(Block &block) : reader(OpBuilder::atBlockBegin(&block)) {}

  /// The present values of variables that are not in memory yet.
  llvm::MapVector<Value, Value> unwritten;
  /// The values of variables in memory, read where `reader` inserts.
  DenseMap<Value, Value> inMemory;
  OpBuilder reader;
};

class Promoter {
public:
  Promoter(func::FuncOp function, const EffectAnalysis &effects)
      : function(function), effects(effects) {}

  void run() {
    function.getBody().walk([&](Operation *op) {
      if (isHidden(op))
        for (; op != function; op = op->getParentOp())
          opaque.insert(op);
    });
    for (Block &block : function.getBody())
      promoteAlone(block);
    for (Operation *op : llvm::reverse(dead))
      op->erase();
  }

private:
  bool isHidden(Operation *op);
  void promoteAlone(Block &block);
  void promote(Block &block, State &state);
  void promoteRead(ReadVariableOp op, State &state);
  void promoteAssert(AssertOp op, State &state);
  void promoteIf(IfOp op, State &state);
  void promoteWhile(WhileOp op, State &state);
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
  return set.external || isa<func::CallOp>(op) ||
         (variable && !isa<ReadVariableOp, AssignVariableOp>(op));
}

SmallVector<Value> Promoter::writtenBy(Operation *op) {
  SmallVector<Value> variables;
  for (auto [resource, access] : effects.get(op).touched)
    if (resource >= kFirstVariable && (access & kWrite))
      variables.push_back(function.getArgument(resource - kFirstVariable));
  return variables;
}

Value Promoter::valueOf(Value variable, State &state, Location loc) {
  auto it = state.unwritten.find(variable);
  if (it != state.unwritten.end())
    return it->second;
  Value &value = state.inMemory[variable];
  if (!value)
    value = ReadVariableOp::create(
                state.reader, loc,
                cast<ResourceType>(variable.getType()).getValueType(),
                TokenType::get(loc.getContext()), variable, ValueRange())
                .getValue();
  return value;
}

/// Writes what is not in memory yet, in the order of the arguments.
void Promoter::store(State &state, Operation *before) {
  OpBuilder builder(before);
  auto entries = state.unwritten.takeVector();
  llvm::sort(entries, [](auto &a, auto &b) {
    return cast<BlockArgument>(a.first).getArgNumber() <
           cast<BlockArgument>(b.first).getArgNumber();
  });
  for (auto [variable, value] : entries)
    if (value != state.inMemory.lookup(variable)) {
      auto it = assigned.find(variable);
      AssignVariableOp::create(
          builder, it == assigned.end() ? before->getLoc() : it->second,
          TokenType::get(builder.getContext()), variable, value, ValueRange());
    }
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
    if (effects.get(&op).empty())
      continue;
    if (opaque.contains(&op)) {
      stepOver(&op, state);
    } else if (auto read = dyn_cast<ReadVariableOp>(op)) {
      promoteRead(read, state);
    } else if (auto assign = dyn_cast<AssignVariableOp>(op)) {
      state.unwritten[assign.getResource()] = assign.getValue();
      assigned.insert_or_assign(assign.getResource(), assign.getLoc());
      dead.push_back(assign);
    } else if (auto check = dyn_cast<AssertOp>(op)) {
      promoteAssert(check, state);
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

void Promoter::promoteAssert(AssertOp op, State &state) {
  SmallVector<Value> pending, values;
  for (auto [variable, value] :
       llvm::zip(op.getPending(), op.getPendingValues()))
    if (!state.unwritten.contains(variable)) {
      pending.push_back(variable);
      values.push_back(value);
    }
  for (auto [variable, value] : state.unwritten)
    if (value != state.inMemory.lookup(variable)) {
      pending.push_back(variable);
      values.push_back(value);
    }
  op.getPendingMutable().assign(pending);
  op.getPendingValuesMutable().assign(values);
}

void Promoter::promoteIf(IfOp op, State &state) {
  auto before = state.unwritten;
  SmallVector<llvm::MapVector<Value, Value>> after;
  for (Region &region : op->getRegions()) {
    state.unwritten = before;
    promote(region.front(), state);
    after.push_back(std::move(state.unwritten));
  }
  state.unwritten = std::move(before);

  SmallVector<Value> variables, thenValues, elseValues;
  SmallVector<Type> types;
  auto valueAfter = [&](llvm::MapVector<Value, Value> &values, Value variable) {
    auto it = values.find(variable);
    return it != values.end() ? it->second
                              : valueOf(variable, state, op.getLoc());
  };
  for (Value variable : writtenBy(op)) {
    Value thenValue = valueAfter(after[0], variable);
    Value elseValue = valueAfter(after[1], variable);
    if (thenValue == elseValue) {
      state.unwritten[variable] = thenValue;
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
    state.unwritten[variable] = value;
  dead.push_back(op);
}

void Promoter::promoteWhile(WhileOp op, State &state) {
  SmallVector<Value> variables = writtenBy(op), inits;
  SmallVector<Type> types;
  for (Value variable : variables) {
    inits.push_back(valueOf(variable, state, op.getLoc()));
    types.push_back(cast<ResourceType>(variable.getType()).getValueType());
  }
  auto before = state.unwritten;
  for (Region *region : {&op.getConditionRegion(), &op.getBodyRegion()}) {
    state.unwritten = before;
    for (auto [variable, type] : llvm::zip(variables, types))
      state.unwritten[variable] =
          region->front().addArgument(type, variable.getLoc());
    promote(region->front(), state);
  }
  SmallVector<Value> yielded;
  for (Value variable : variables)
    yielded.push_back(valueOf(variable, state, op.getLoc()));
  state.unwritten = std::move(before);
  if (variables.empty())
    return;
  addYields(op.getBodyRegion().front(), yielded);
  WhileOp promoted = addLoopValues(op, inits, types);
  for (auto [variable, value] :
       llvm::zip(variables, promoted.getResults().take_back(variables.size())))
    state.unwritten[variable] = value;
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
    module.walk([](Operation *op) { setTokens(op, {}); });
    auto effects = std::make_unique<EffectAnalysis>(module);
    if (rotateLoops(module, *effects))
      effects = std::make_unique<EffectAnalysis>(module);
    for (auto function : module.getOps<func::FuncOp>())
      if (!function.isDeclaration())
        Promoter(function, *effects).run();
  }
};
} // namespace
