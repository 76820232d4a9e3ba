//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "StreamStores.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/IntrinsicsX86.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"

using namespace llvm;

/// Stores as always if the address is no multiple of `bytes`.
static void askForAlignment(StoreInst &store, unsigned bytes) {
  IRBuilder<> builder(&store);
  Type *word =
      store.getModule()->getDataLayout().getIntPtrType(store.getContext());
  Value *address = builder.CreatePtrToInt(store.getPointerOperand(), word);
  Value *rest = builder.CreateAnd(address, ConstantInt::get(word, bytes - 1));
  Value *isAligned = builder.CreateIsNull(rest);
  Instruction *then, *otherwise;
  SplitBlockAndInsertIfThenElse(isAligned, store.getIterator(), &then,
                                &otherwise);
  Instruction *plain = store.clone();
  plain->setMetadata(LLVMContext::MD_nontemporal, nullptr);
  plain->insertBefore(otherwise->getIterator());
  store.moveBefore(then->getIterator());
  store.setAlignment(Align(bytes));
}

/// Another thread, which learns of them in any way, sees the stores.
static void fence(Function &function) {
  SmallVector<Instruction *> ends;
  for (Instruction &instruction : instructions(function)) {
    auto *call = dyn_cast<CallBase>(&instruction);
    if (isa<ReturnInst>(instruction) || (call && !isa<IntrinsicInst>(call)))
      ends.push_back(&instruction);
  }
  for (Instruction *end : ends)
    IRBuilder<>(end).CreateIntrinsic(Intrinsic::x86_sse_sfence, {});
}

void tfc::streamStores(Module &module, unsigned vectorBytes) {
  bool canStream = module.getTargetTriple().getArch() == Triple::x86_64;
  const DataLayout &layout = module.getDataLayout();
  for (Function &function : module) {
    SmallVector<StoreInst *> found;
    for (Instruction &instruction : instructions(function))
      if (auto *store = dyn_cast<StoreInst>(&instruction);
          store && store->hasMetadata(LLVMContext::MD_nontemporal))
        found.push_back(store);
    bool streams = false;
    for (StoreInst *store : found) {
      Type *type = store->getValueOperand()->getType();
      TypeSize bits = layout.getTypeSizeInBits(type);
      unsigned bytes = bits.isScalable() ? 0 : bits.getFixedValue() / 8;
      if (!canStream || !isa<FixedVectorType>(type) || !bytes ||
          bytes % vectorBytes) {
        store->setMetadata(LLVMContext::MD_nontemporal, nullptr);
        continue;
      }
      streams = true;
      if (store->getAlign() < Align(vectorBytes))
        askForAlignment(*store, vectorBytes);
    }
    if (streams)
      fence(function);
  }
}
