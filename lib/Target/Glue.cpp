//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Glue.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/Local.h"

using namespace llvm;

/// Instructions of a function that is long, and for each call.
static constexpr unsigned leastLength = 500, mostBetween = 32;

static bool isLaunch(const Instruction &each) {
  auto *call = dyn_cast<CallInst>(&each);
  const Function *called = call ? call->getCalledFunction() : nullptr;
  return called && called->getName() == "tfc.parallel_for";
}

/// Loops are repeated; what threads share takes so long that nothing else
/// counts.
static bool hasOwnLoops(Function &function) {
  DominatorTree tree(function);
  LoopInfo loops(tree);
  return any_of(loops.getLoopsInPreorder(), [](const Loop *loop) {
    return loop->isInnermost() &&
           none_of(loop->blocks(),
                   [](BasicBlock *block) { return any_of(*block, isLaunch); });
  });
}

/// Whether nothing calls it but what calls it once.
static bool isCalledOnce(Function &function) {
  if (!function.hasLocalLinkage())
    return true; // an entry
  auto *call = dyn_cast_or_null<CallInst>(
      function.hasOneUse() ? *function.user_begin() : nullptr);
  if (!call || call->getCalledFunction() != &function)
    return false;
  Function &caller = *call->getFunction();
  DominatorTree tree(caller);
  return !LoopInfo(tree).getLoopFor(call->getParent()) && isCalledOnce(caller);
}

static bool isArithmetic(const Instruction &each) {
  return each.getType()->isFPOrFPVectorTy() && !isa<LoadInst, PHINode>(each);
}

static bool isGlue(Function &function) {
  if (function.isDeclaration() || function.hasOptSize() ||
      function.getInstructionCount() < leastLength)
    return false;
  unsigned calls = 0, arithmetic = 0;
  for (const Instruction &each : instructions(function)) {
    calls += isa<CallBase>(each) && !isa<IntrinsicInst>(each);
    arithmetic += isArithmetic(each);
  }
  return function.getInstructionCount() <= calls * mostBetween &&
         arithmetic <= calls && !hasOwnLoops(function) &&
         isCalledOnce(function);
}

/// Makes an address that is known but for its base in each block that needs it.
static void sink(GetElementPtrInst &address) {
  MapVector<BasicBlock *, SmallVector<Use *>> blocks;
  for (Use &use : address.uses())
    blocks[cast<Instruction>(use.getUser())->getParent()].push_back(&use);
  for (auto &[block, uses] : blocks) {
    if (block == address.getParent())
      continue;
    auto *first = cast<Instruction>(uses.front()->getUser());
    for (Use *use : uses)
      if (auto *user = cast<Instruction>(use->getUser());
          user->comesBefore(first))
        first = user;
    Instruction *own = address.clone();
    own->insertBefore(first->getIterator());
    for (Use *use : uses)
      use->set(own);
  }
}

/// Keeps an argument in memory, from where each block takes it.
static void keepInMemory(Argument &argument) {
  BasicBlock &entry = argument.getParent()->getEntryBlock();
  MapVector<BasicBlock *, Instruction *> firsts;
  for (User *user : argument.users()) {
    auto *use = cast<Instruction>(user);
    Instruction *&first = firsts[use->getParent()];
    if (!first || use->comesBefore(first))
      first = use;
  }
  firsts.erase(&entry);
  if (firsts.empty())
    return;
  auto *slot =
      new AllocaInst(argument.getType(),
                     argument.getParent()->getDataLayout().getAllocaAddrSpace(),
                     "", entry.begin());
  for (auto &[block, first] : firsts) {
    auto *value =
        new LoadInst(argument.getType(), slot, "", first->getIterator());
    argument.replaceUsesWithIf(value, [block = block](Use &use) {
      return cast<Instruction>(use.getUser())->getParent() == block;
    });
  }
  new StoreInst(&argument, slot, entry.getFirstNonPHIOrDbgOrAlloca());
}

/// No value lives longer than its block: allocation of registers takes long
/// where hundreds do.
static void endWithBlocks(Function &function) {
  SmallVector<PHINode *> phis;
  SmallVector<Instruction *> all, others;
  for (Instruction &each : instructions(function))
    all.push_back(&each);
  // Users first: they take their operands along.
  for (Instruction *each : reverse(all)) {
    if (isInstructionTriviallyDead(each))
      each->eraseFromParent();
    else if (auto *phi = dyn_cast<PHINode>(each))
      phis.push_back(phi);
    else
      others.push_back(each);
  }
  for (PHINode *phi : phis)
    DemotePHIToStack(phi);
  for (Instruction *each : others) {
    auto *address = dyn_cast<GetElementPtrInst>(each);
    if (address && address->hasAllConstantIndices())
      sink(*address);
    if (each->use_empty() && isInstructionTriviallyDead(each))
      each->eraseFromParent();
    else if (!isa<AllocaInst>(each) && any_of(each->users(), [&](User *user) {
               return cast<Instruction>(user)->getParent() != each->getParent();
             }))
      DemoteRegToStack(*each);
  }
  for (Argument &argument : function.args())
    keepInMemory(argument);
}

void tfc::settleGlue(Module &module) {
  if (module.getTargetTriple().getArch() != Triple::x86_64)
    return;
  for (Function &function : module) {
    if (!isGlue(function))
      continue;
    function.addFnAttr(Attribute::OptimizeNone);
    function.addFnAttr(Attribute::NoInline);
    endWithBlocks(function);
  }
}
