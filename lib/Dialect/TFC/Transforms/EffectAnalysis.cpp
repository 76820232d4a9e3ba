//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The effects of ops, regions and calls, as sets of resources.
//===----------------------------------------------------------------------===//

#include "tfc/Dialect/TFC/Transforms/EffectAnalysis.h"
#include "mlir/Analysis/CallGraph.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "tfc/Dialect/TFC/IR/TFC.h"
#include "llvm/ADT/SCCIterator.h"

using namespace mlir;
using namespace tfc;

//===----------------------------------------------------------------------===//
// Sets
//===----------------------------------------------------------------------===//

uint8_t EffectSet::access(ResourceId resource) const {
  auto it = llvm::lower_bound(touched, std::make_pair(resource, uint8_t(0)));
  return it != touched.end() && it->first == resource ? it->second : 0;
}

bool EffectSet::writes() const {
  return external || llvm::any_of(touched, [](auto &entry) {
           return entry.first != kOutcome && (entry.second & kWrite);
         });
}

void EffectSet::add(ResourceId resource, uint8_t access) {
  auto it = llvm::lower_bound(touched, std::make_pair(resource, uint8_t(0)));
  if (it != touched.end() && it->first == resource)
    it->second |= access;
  else
    touched.insert(it, {resource, access});
}

void EffectSet::merge(const EffectSet &other) {
  external |= other.external;
  for (auto [resource, access] : other.touched)
    add(resource, access);
}

std::optional<Conflict> tfc::findConflict(const EffectSet &first,
                                          const EffectSet &second) {
  if (first.empty() || second.empty())
    return std::nullopt;
  if (first.external || second.external)
    return Conflict{std::nullopt, first.external ? kReadWrite : uint8_t(0),
                    second.external ? kReadWrite : uint8_t(0)};
  auto a = first.touched.begin(), aEnd = first.touched.end();
  auto b = second.touched.begin(), bEnd = second.touched.end();
  while (a != aEnd && b != bEnd) {
    if (a->first < b->first) {
      ++a;
    } else if (b->first < a->first) {
      ++b;
    } else {
      if ((a->second | b->second) & kWrite)
        return Conflict{a->first, a->second, b->second};
      ++a, ++b;
    }
  }
  // An op that may stop the program shows what was written before it.
  auto firstWrite = [](const EffectSet &set) -> std::optional<ResourceId> {
    for (auto [resource, access] : set.touched)
      if (resource != kOutcome && (access & kWrite))
        return resource;
    return std::nullopt;
  };
  if (first.mayStop())
    if (auto resource = firstWrite(second))
      return Conflict{resource, 0, kWrite};
  if (second.mayStop())
    if (auto resource = firstWrite(first))
      return Conflict{resource, kWrite, 0};
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Ops, functions, modules
//===----------------------------------------------------------------------===//

func::FuncOp tfc::getFunction(Operation *op) {
  if (auto function = dyn_cast<func::FuncOp>(op))
    return function;
  return op->getParentOfType<func::FuncOp>();
}

/// Handles are arguments of functions and nothing else; regions capture them.
std::optional<ResourceId> tfc::resourceOf(Value handle) {
  auto argument = dyn_cast_or_null<BlockArgument>(handle);
  if (!argument || !isa<func::FuncOp>(argument.getOwner()->getParentOp()))
    return std::nullopt;
  return kFirstVariable + argument.getArgNumber();
}

Value tfc::handleOf(func::FuncOp function, ResourceId resource) {
  return function.getArgument(resource - kFirstVariable);
}

/// The first argument that is a variable.
static ResourceId firstVariable(func::FuncOp function) {
  for (auto [i, type] : llvm::enumerate(function.getArgumentTypes()))
    if (isa<ResourceType>(type))
      return kFirstVariable + i;
  return kFirstVariable;
}

std::optional<ResourceId> EffectAnalysis::idOf(Value handle) const {
  std::optional<ResourceId> id = resourceOf(handle);
  if (!id)
    return id;
  auto function = cast<func::FuncOp>(handle.getParentBlock()->getParentOp());
  return hasAliases(function) ? firstVariable(function) : *id;
}

bool EffectAnalysis::hasAliases(func::FuncOp function) const {
  return aliased.contains(function);
}

func::FuncOp EffectAnalysis::calleeOf(CallOpInterface call) const {
  auto symbol = dyn_cast<SymbolRefAttr>(call.getCallableForCallee());
  return symbol ? symbols.lookup<func::FuncOp>(symbol.getLeafReference())
                : func::FuncOp();
}

/// From callers to callees: whoever may have one variable twice may pass it on.
void EffectAnalysis::findAliases(ModuleOp module) {
  bool changed = true;
  while (changed) {
    changed = false;
    module.walk([&](CallOpInterface call) {
      func::FuncOp callee = calleeOf(call), caller = getFunction(call);
      if (!callee || hasAliases(callee))
        return;
      SmallVector<Value> handles;
      llvm::copy_if(call.getArgOperands(), std::back_inserter(handles),
                    [](Value v) { return isa<ResourceType>(v.getType()); });
      DenseSet<Value> different(handles.begin(), handles.end());
      if (different.size() < handles.size() ||
          (handles.size() > 1 && caller && hasAliases(caller))) {
        aliased.insert(callee);
        changed = true;
      }
    });
  }
}

static void
addInstance(const MemoryEffects::EffectInstance &instance,
            llvm::function_ref<std::optional<ResourceId>(Value)> idOf,
            EffectSet &set) {
  uint8_t access = 0;
  if (isa<MemoryEffects::Read>(instance.getEffect()))
    access = kRead;
  else if (isa<MemoryEffects::Write>(instance.getEffect()))
    access = kWrite;
  else
    return;
  auto *resource = instance.getResource();
  std::optional<ResourceId> id;
  if (resource == ConsoleResource::get())
    id = kConsole;
  else if (resource == VariableResource::get())
    id = idOf(instance.getValue());
  if (id)
    set.add(*id, access);
  else
    set.external = true;
}

EffectSet EffectAnalysis::computeCall(CallOpInterface call) const {
  EffectSet set;
  func::FuncOp callee = calleeOf(call);
  if (!callee || callee.isDeclaration()) {
    set.external = true;
    return set;
  }
  const EffectSet &inner = summary(callee);
  set.external = inner.external;
  for (auto [resource, access] : inner.touched) {
    std::optional<ResourceId> id = resource;
    if (resource >= kFirstVariable && hasAliases(callee)) {
      for (Value operand : call.getArgOperands())
        if (isa<ResourceType>(operand.getType())) {
          if (auto one = idOf(operand))
            set.add(*one, access);
          else
            set.external = true;
        }
      continue;
    }
    if (resource >= kFirstVariable)
      id = idOf(call.getArgOperands()[resource - kFirstVariable]);
    if (id)
      set.add(*id, access);
    else
      set.external = true;
  }
  return set;
}

EffectSet EffectAnalysis::compute(Operation *op) const {
  EffectSet set;
  if (isa<AssertOp>(op)) {
    set.add(kOutcome, kWrite);
    return set;
  }
  if (auto call = dyn_cast<CallOpInterface>(op))
    return computeCall(call);
  if (auto interface = dyn_cast<MemoryEffectOpInterface>(op)) {
    SmallVector<MemoryEffects::EffectInstance> instances;
    interface.getEffects(instances);
    for (auto &instance : instances)
      addInstance(instance, [&](Value handle) { return idOf(handle); }, set);
  } else if (!op->hasTrait<OpTrait::HasRecursiveMemoryEffects>()) {
    set.external = true;
  }
  if (op->hasTrait<OpTrait::HasRecursiveMemoryEffects>())
    for (Region &region : op->getRegions())
      for (Block &block : region)
        for (Operation &nested : block)
          set.merge(get(&nested));
  return set;
}

bool EffectAnalysis::update(func::FuncOp function) {
  EffectSet all;
  function.getBody().walk<WalkOrder::PostOrder>([&](Operation *op) {
    EffectSet set = compute(op);
    if (set.empty())
      return;
    if (op->getParentOp() == function)
      all.merge(set);
    effects[op] = std::move(set);
  });
  EffectSet &old = effects[function];
  bool changed = !(old == all);
  old = std::move(all);
  return changed;
}

EffectAnalysis::EffectAnalysis(ModuleOp module) : symbols(module) {
  findAliases(module);
  CallGraph graph(module);
  for (auto scc = llvm::scc_begin(&std::as_const(graph)); !scc.isAtEnd();
       ++scc) {
    SmallVector<func::FuncOp> functions;
    for (CallGraphNode *node : *scc)
      if (!node->isExternal())
        if (auto function = dyn_cast<func::FuncOp>(
                node->getCallableRegion()->getParentOp()))
          functions.push_back(function);
    bool changed = true;
    while (changed) {
      changed = false;
      for (func::FuncOp function : functions)
        changed |= update(function);
      // One visit is exact unless functions call themselves or each other.
      changed &= scc.hasCycle();
    }
  }
}

const EffectSet &EffectAnalysis::get(Operation *op) const {
  static const EffectSet none;
  auto it = effects.find(op);
  return it == effects.end() ? none : it->second;
}

void EffectAnalysis::replace(Operation *op, Operation *copy) {
  EffectSet set = get(op);
  effects.erase(op);
  effects[copy] = std::move(set);
}

const EffectSet &EffectAnalysis::summary(func::FuncOp function) const {
  return get(function);
}

//===----------------------------------------------------------------------===//
// Words
//===----------------------------------------------------------------------===//

std::string tfc::resourceName(func::FuncOp function, ResourceId resource) {
  switch (resource) {
  case kOutcome:
    return "the outcome";
  case kConsole:
    return "the console";
  }
  unsigned index = resource - kFirstVariable;
  auto name = function.getArgAttrOfType<StringAttr>(index, "tfc.name");
  if (!name)
    return "argument " + std::to_string(index);
  // Variables that nobody has named all have one name.
  unsigned before = 0;
  for (unsigned other = 0; other < index; ++other)
    before += function.getArgAttr(other, "tfc.name") == name;
  return before ? name.str() + "_" + std::to_string(before) : name.str();
}

std::string tfc::variableName(Value handle) {
  auto id = resourceOf(handle);
  if (!id)
    return "an unknown variable";
  return "'" +
         resourceName(getFunction(handle.getParentBlock()->getParentOp()),
                      *id) +
         "'";
}

static FileLineColLoc innermostLine(Location location) {
  FileLineColLoc found;
  location->walk([&](Location inner) {
    found = dyn_cast<FileLineColLoc>(inner);
    return found ? WalkResult::interrupt() : WalkResult::advance();
  });
  return found;
}

std::string tfc::sourceLine(Location location) {
  FileLineColLoc line = innermostLine(location);
  if (!line)
    return "";
  return "line " + std::to_string(line.getLine());
}

std::string tfc::describeConflict(func::FuncOp function, Operation *first,
                                  Operation *second, const Conflict &conflict) {
  auto who = [](Operation *op) {
    std::string line = sourceLine(op->getLoc());
    return line.empty() ? "'" + op->getName().getStringRef().str() + "'" : line;
  };
  std::string a = who(first), b = who(second);
  if (!conflict.resource)
    return !conflict.first ? b + " may touch anything, and stands behind " + a
           : !conflict.second
               ? b + " stands behind " + a + ", which may touch anything"
               : b + " may touch anything, and so may " + a + " before it";
  if (*conflict.resource == kOutcome)
    return b + " may stop the program after " + a + " might have";
  std::string name = resourceName(function, *conflict.resource);
  if (!conflict.first)
    return b + " writes " + name + " after " + a +
           " might have stopped the program";
  if (!conflict.second)
    return b + " may stop the program after " + a + " wrote " + name;
  return b + (conflict.second & kWrite ? " writes " : " reads ") + name +
         " after " + a + (conflict.first & kWrite ? " wrote it" : " read it");
}
