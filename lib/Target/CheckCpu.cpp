//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// x86-64 asks `cpuid` (and `xgetbv`, whether the system saves the registers),
// ARM on Linux asks `getauxval` of libc. A feature that nobody can ask for is
// not checked.
//
//===----------------------------------------------------------------------===//

#include "CheckCpu.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Target/TargetMachine.h"

using namespace llvm;

namespace {

/// A feature: the word of the answer that says it is there, and the bit.
struct Feature {
  const char *name;
  unsigned word, bit;
};

// Words of x86: 0 leaf 1 ecx, 1 leaf 7 ebx, 2 leaf 7 ecx, 3 leaf 7 edx, 4 leaf
// 0x80000001 ecx, 5 leaf 7.1 eax.
constexpr Feature x86Features[] = {
    {"sse3", 0, 0},        {"pclmul", 0, 1},        {"ssse3", 0, 9},
    {"fma", 0, 12},        {"sse4.1", 0, 19},       {"sse4.2", 0, 20},
    {"movbe", 0, 22},      {"popcnt", 0, 23},       {"aes", 0, 25},
    {"avx", 0, 28},        {"f16c", 0, 29},         {"bmi", 1, 3},
    {"avx2", 1, 5},        {"bmi2", 1, 8},          {"avx512f", 1, 16},
    {"avx512dq", 1, 17},   {"adx", 1, 19},          {"avx512ifma", 1, 21},
    {"avx512cd", 1, 28},   {"sha", 1, 29},          {"avx512bw", 1, 30},
    {"avx512vl", 1, 31},   {"avx512vbmi", 2, 1},    {"avx512vbmi2", 2, 6},
    {"gfni", 2, 8},        {"vaes", 2, 9},          {"vpclmulqdq", 2, 10},
    {"avx512vnni", 2, 11}, {"avx512bitalg", 2, 12}, {"avx512vpopcntdq", 2, 14},
    {"avx512fp16", 3, 23}, {"lzcnt", 4, 5},         {"sse4a", 4, 6},
    {"xop", 4, 11},        {"fma4", 4, 16},         {"tbm", 4, 21},
    {"avxvnni", 5, 4},     {"avx512bf16", 5, 5},
};
// Words of ARM: 0 AT_HWCAP, 1 AT_HWCAP2.
constexpr Feature aarch64Features[] = {
    {"aes", 0, 3},   {"lse", 0, 8},      {"fullfp16", 0, 10},
    {"rdm", 0, 12},  {"jsconv", 0, 13},  {"complxnum", 0, 14},
    {"sha3", 0, 17}, {"dotprod", 0, 20}, {"fp16fml", 0, 23},
    {"sve", 0, 22},  {"sve2", 1, 1},     {"i8mm", 1, 13},
    {"bf16", 1, 14},
};
constexpr Feature armFeatures[] = {
    {"neon", 0, 12},      {"vfp3", 0, 13},  {"vfp4", 0, 16},
    {"hwdiv-arm", 0, 17}, {"hwdiv", 0, 18}, {"d32", 0, 19},
};

class Checker {
public:
  Checker(Module &module, const TargetMachine &machine)
      : module(module), machine(machine), b(module.getContext()),
        i32(b.getInt32Ty()), ptr(b.getPtrTy()) {}

  void run();

private:
  void collect(ArrayRef<Feature> table);
  Function *makeTest();
  Value *testX86();
  Value *testAuxiliaryVector();
  Value *cpuid(unsigned leaf, unsigned subleaf,
               SmallVectorImpl<Value *> &registers);
  Value *has(Value *word, unsigned number);
  void guard(Function &entry, Function *test);
  Constant *text(StringRef text);

  Module &module;
  const TargetMachine &machine;
  IRBuilder<> b;
  Type *i32, *ptr;
  SmallVector<uint32_t> masks; // what has to be set in each word
  SmallVector<std::string> names;
  bool wide = false,
       wider =
           false; // 256 and 512 bit registers have to be saved by the system
};

void Checker::collect(ArrayRef<Feature> table) {
  const MCSubtargetInfo &info = *machine.getMCSubtargetInfo();
  const Triple &triple = machine.getTargetTriple();
  std::unique_ptr<MCSubtargetInfo> baseline(
      machine.getTarget().createMCSubtargetInfo(
          triple, triple.isX86() ? "x86-64" : "", ""));
  for (const Feature &feature : table) {
    std::string name = std::string("+") + feature.name;
    if (!info.checkFeatures(name) || baseline->checkFeatures(name))
      continue;
    if (masks.size() <= feature.word)
      masks.resize(feature.word + 1);
    masks[feature.word] |= uint32_t(1) << feature.bit;
    names.push_back(feature.name);
  }
  wide = triple.isX86() && info.checkFeatures("+avx");
  wider = triple.isX86() && info.checkFeatures("+avx512f");
}

Value *Checker::cpuid(unsigned leaf, unsigned subleaf,
                      SmallVectorImpl<Value *> &registers) {
  auto *type = StructType::get(i32, i32, i32, i32);
  auto *function = FunctionType::get(type, {i32, i32}, false);
  auto *code = InlineAsm::get(
      function, "cpuid",
      "={ax},={bx},={cx},={dx},{ax},{cx},~{dirflag},~{fpsr},~{flags}",
      /*hasSideEffects=*/true);
  Value *all =
      b.CreateCall(function, code, {b.getInt32(leaf), b.getInt32(subleaf)});
  for (unsigned i = 0; i < 4; ++i)
    registers.push_back(b.CreateExtractValue(all, i));
  return registers[0];
}

Value *Checker::has(Value *word, unsigned number) {
  uint32_t mask = number < masks.size() ? masks[number] : 0;
  return b.CreateICmpEQ(b.CreateAnd(word, mask), b.getInt32(mask));
}

/// Leaves that a CPU does not have answer for another one: their number is
/// checked first.
Value *Checker::testX86() {
  auto wants = [&](unsigned word) {
    return word < masks.size() && masks[word];
  };
  SmallVector<Value *, 4> leaf0, leaf1, leaf7, leaf71, extended0, extended1;
  Value *good = b.getTrue();
  Value *highest = cpuid(0, 0, leaf0);
  cpuid(1, 0, leaf1);
  good = b.CreateAnd(good, has(leaf1[2], 0));
  if (wants(1) || wants(2) || wants(3) || wants(5)) {
    good = b.CreateAnd(good, b.CreateICmpUGE(highest, b.getInt32(7)));
    Value *last = cpuid(7, 0, leaf7);
    for (unsigned i = 1; i < 4; ++i)
      good = b.CreateAnd(good, has(leaf7[i], i));
    if (wants(5)) {
      good = b.CreateAnd(good, b.CreateICmpUGE(last, b.getInt32(1)));
      good = b.CreateAnd(good, has(cpuid(7, 1, leaf71), 5));
    }
  }
  if (wants(4)) {
    good = b.CreateAnd(good, b.CreateICmpUGE(cpuid(0x80000000, 0, extended0),
                                             b.getInt32(0x80000001)));
    cpuid(0x80000001, 0, extended1);
    good = b.CreateAnd(good, has(extended1[2], 4));
  }
  if (wide) {
    // xgetbv itself is legal only if the system has switched it on (osxsave).
    auto *function = b.GetInsertBlock()->getParent();
    auto *from = b.GetInsertBlock();
    auto *ask = BasicBlock::Create(module.getContext(), "", function);
    auto *end = BasicBlock::Create(module.getContext(), "", function);
    Value *enabled =
        b.CreateICmpNE(b.CreateAnd(leaf1[2], uint64_t(1) << 27), b.getInt32(0));
    b.CreateCondBr(b.CreateAnd(good, enabled), ask, end);
    b.SetInsertPoint(ask);
    auto *pair = StructType::get(i32, i32);
    auto *type = FunctionType::get(pair, {i32}, false);
    auto *code = InlineAsm::get(
        type, "xgetbv", "={ax},={dx},{cx},~{dirflag},~{fpsr},~{flags}", true);
    Value *state =
        b.CreateExtractValue(b.CreateCall(type, code, {b.getInt32(0)}), 0);
    uint32_t mask = wider ? 0xe6 : 6;
    Value *saved = b.CreateICmpEQ(b.CreateAnd(state, mask), b.getInt32(mask));
    b.CreateBr(end);
    b.SetInsertPoint(end);
    PHINode *result = b.CreatePHI(b.getInt1Ty(), 2);
    result->addIncoming(b.getFalse(), from);
    result->addIncoming(saved, ask);
    good = result;
  }
  return good;
}

Value *Checker::testAuxiliaryVector() {
  Type *word = machine.getTargetTriple().isArch64Bit() ? b.getInt64Ty() : i32;
  FunctionCallee ask = module.getOrInsertFunction("getauxval", word, word);
  Value *good = b.getTrue();
  unsigned kinds[] = {16, 26}; // AT_HWCAP, AT_HWCAP2
  for (unsigned i = 0; i < masks.size(); ++i)
    if (masks[i])
      good = b.CreateAnd(
          good,
          has(b.CreateTrunc(
                  b.CreateCall(ask, {ConstantInt::get(word, kinds[i])}), i32),
              i));
  return good;
}

/// i1 @tfc.cpu_fits(): asks once; a race of two threads asks twice and gets the
/// same answer.
Function *Checker::makeTest() {
  auto *known =
      new GlobalVariable(module, b.getInt8Ty(), /*isConstant=*/false,
                         GlobalValue::InternalLinkage, b.getInt8(0), "tfc.cpu");
  auto *test =
      Function::Create(FunctionType::get(b.getInt1Ty(), false),
                       GlobalValue::InternalLinkage, "tfc.cpu_fits", module);
  test->addFnAttr(Attribute::NoUnwind);
  auto *entry = BasicBlock::Create(module.getContext(), "", test);
  auto *look = BasicBlock::Create(module.getContext(), "", test);
  auto *fits = BasicBlock::Create(module.getContext(), "", test);
  b.SetInsertPoint(entry);
  LoadInst *before = b.CreateAlignedLoad(b.getInt8Ty(), known, Align(1));
  before->setAtomic(AtomicOrdering::Monotonic);
  b.CreateCondBr(b.CreateICmpEQ(before, b.getInt8(1)), fits, look);
  b.SetInsertPoint(fits);
  b.CreateRet(b.getTrue());
  b.SetInsertPoint(look);
  Value *good =
      machine.getTargetTriple().isX86() ? testX86() : testAuxiliaryVector();
  StoreInst *store =
      b.CreateAlignedStore(b.CreateZExt(good, b.getInt8Ty()), known, Align(1));
  store->setAtomic(AtomicOrdering::Monotonic);
  b.CreateRet(good);
  return test;
}

Constant *Checker::text(StringRef text) {
  Constant *data = ConstantDataArray::getString(module.getContext(), text);
  return new GlobalVariable(module, data->getType(), true,
                            GlobalValue::PrivateLinkage, data, "tfc.text");
}

/// The entry becomes internal; a function of its name, compiled for the
/// baseline, tests and calls it.
void Checker::guard(Function &entry, Function *test) {
  std::string name = entry.getName().str();
  entry.setName(name + ".run");
  auto *outer = Function::Create(entry.getFunctionType(),
                                 GlobalValue::ExternalLinkage, name, module);
  outer->addFnAttr(Attribute::NoUnwind);
  entry.setLinkage(GlobalValue::InternalLinkage);
  entry.addFnAttr(Attribute::NoInline);
  LLVMContext &context = module.getContext();
  auto *start = BasicBlock::Create(context, "", outer),
       *run = BasicBlock::Create(context, "", outer),
       *refuse = BasicBlock::Create(context, "", outer),
       *report = BasicBlock::Create(context, "", outer),
       *end = BasicBlock::Create(context, "", outer);
  SmallVector<Value *> arguments(
      map_range(outer->args(), [](Argument &a) -> Value * { return &a; }));
  b.SetInsertPoint(start);
  b.CreateCondBr(b.CreateCall(test), run, refuse);
  b.SetInsertPoint(run);
  CallInst *call = b.CreateCall(&entry, arguments);
  call->setTailCall();
  b.CreateRet(call);

  // tfc_context, see tfc_rt.h: report is field 8.
  auto *layout = StructType::get(i32, i32, ptr, b.getInt64Ty(), ptr, ptr, ptr,
                                 ptr, ptr, ptr, ptr);
  b.SetInsertPoint(refuse);
  Value *callback =
      b.CreateLoad(ptr, b.CreateStructGEP(layout, arguments[0], 8));
  b.CreateCondBr(b.CreateIsNull(callback), end, report);
  b.SetInsertPoint(report);
  auto *type = FunctionType::get(b.getVoidTy(),
                                 {ptr, i32, ptr, ptr, i32, i32, ptr}, false);
  Constant *null = ConstantPointerNull::get(cast<PointerType>(ptr));
  b.CreateCall(type, callback,
               {arguments[0], b.getInt32(5),
                text("this code was compiled for a CPU with " +
                     join(names, ", ") + "; this CPU lacks some of them"),
                text(""), b.getInt32(0), b.getInt32(0), null});
  b.CreateBr(end);
  b.SetInsertPoint(end);
  b.CreateRet(b.getInt32(5)); // TFC_UNIMPLEMENTED
}

void Checker::run() {
  const Triple &triple = machine.getTargetTriple();
  if (triple.getArch() == Triple::x86_64)
    collect(x86Features);
  else if (triple.isAArch64() && triple.isOSLinux())
    collect(aarch64Features);
  else if ((triple.isARM() || triple.isThumb()) && triple.isOSLinux())
    collect(armFeatures);
  if (names.empty())
    return;
  SmallVector<Function *> entries;
  for (Function &function : module)
    if (!function.isDeclaration() && function.hasExternalLinkage() &&
        function.arg_size() == 3)
      entries.push_back(&function);
  Function *test = makeTest();
  for (Function *entry : entries)
    guard(*entry, test);
}

} // namespace

void tfc::checkCpu(Module &module, const TargetMachine &machine) {
  Checker(module, machine).run();
}
