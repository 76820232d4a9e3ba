//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Versions.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/PassManager.h"
#include "llvm/Linker/Linker.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Transforms/IPO/ConstantMerge.h"
#include "llvm/Transforms/IPO/GlobalDCE.h"

using namespace llvm;

std::string tfc::versionName(StringRef entry, unsigned number) {
  return number ? (entry + "." + Twine(number)).str() : entry.str();
}

bool tfc::isEntry(const Function &function) {
  return !function.isDeclaration() && function.hasExternalLinkage() &&
         function.arg_size() == 3;
}

/// The functions that a function mentions, itself first.
static SmallVector<Function *> reachable(Function &root) {
  SmallVector<Function *> found{&root};
  SmallPtrSet<Function *, 8> seen{&root};
  for (size_t i = 0; i < found.size(); ++i)
    for (BasicBlock &block : *found[i])
      for (Instruction &instruction : block)
        for (Value *operand : instruction.operands())
          if (auto *other = dyn_cast<Function>(operand))
            if (seen.insert(other).second)
              found.push_back(other);
  return found;
}

static bool computesWithVectors(Function &function) {
  for (BasicBlock &block : function)
    for (Instruction &instruction : block)
      if (instruction.getType()->isVectorTy() && !isa<LoadInst>(instruction))
        return true;
  return false;
}

static void runPasses(Module &module, ModulePassManager passes) {
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager components;
  ModuleAnalysisManager modules;
  PassBuilder builder;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  passes.run(module, modules);
}

Error tfc::addVersion(Module &code, std::unique_ptr<Module> version,
                      unsigned number) {
  SmallVector<Function *> kept;
  for (Function &function : *version) {
    if (!isEntry(function))
      continue;
    if (llvm::any_of(reachable(function),
                     [](Function *f) { return computesWithVectors(*f); }))
      kept.push_back(&function);
    else
      function.setLinkage(GlobalValue::InternalLinkage); // removed below
  }
  for (Function *function : kept)
    function->setName(versionName(function->getName(), number));
  // What others see is in version 0.
  for (GlobalVariable &global : version->globals())
    if (!global.hasLocalLinkage() && !global.isDeclaration())
      global.setInitializer(nullptr);
  ModulePassManager passes;
  passes.addPass(GlobalDCEPass());
  runPasses(*version, std::move(passes));
  if (Linker(code).linkInModule(std::move(version)))
    return createStringError(inconvertibleErrorCode(),
                             "versions for several CPUs do not go together");
  for (Function &function : code)
    if (isEntry(function) &&
        function.getName().ends_with(versionName("", number)))
      function.setLinkage(GlobalValue::InternalLinkage);
  return Error::success();
}

void tfc::shareConstants(Module &code) {
  for (GlobalVariable &global : code.globals())
    if (global.hasLocalLinkage() && global.isConstant())
      global.setUnnamedAddr(GlobalValue::UnnamedAddr::Global);
  ModulePassManager passes;
  passes.addPass(ConstantMergePass());
  runPasses(code, std::move(passes));
}
