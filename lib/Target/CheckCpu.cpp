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
#include "Versions.h"
#include "tfc/Target/Emit.h"
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

/// What a version needs beyond the architecture's baseline.
struct Needs {
  SmallVector<uint32_t> masks; // what has to be set in each word
  SmallVector<std::string> names;
  bool wide = false, wider = false; // 256 and 512 bit registers have to be
                                    // saved by the system
};

class Checker {
public:
  explicit Checker(Module &module)
      : module(module), b(module.getContext()), i32(b.getInt32Ty()),
        ptr(b.getPtrTy()) {}

  void run(ArrayRef<const TargetMachine *> versions);

private:
  Function *makeTest(const Needs &needs, unsigned number);
  Value *testX86(const Needs &needs);
  Value *testAuxiliaryVector(const Needs &needs);
  Value *cpuid(unsigned leaf, unsigned subleaf,
               SmallVectorImpl<Value *> &registers);
  Value *has(Value *word, const Needs &needs, unsigned number);
  void guard(Function &entry, ArrayRef<Function *> tests,
             ArrayRef<std::string> names);
  void refuse(Value *context, ArrayRef<std::string> names);
  Constant *text(StringRef text);

  Module &module;
  IRBuilder<> b;
  Type *i32, *ptr;
};

static ArrayRef<Feature> featuresOf(const Triple &triple) {
  if (triple.getArch() == Triple::x86_64)
    return x86Features;
  if (triple.isAArch64() && triple.isOSLinux())
    return aarch64Features;
  if ((triple.isARM() || triple.isThumb()) && triple.isOSLinux())
    return armFeatures;
  return {};
}

static Needs needsOf(const TargetMachine &machine) {
  Needs needs;
  const MCSubtargetInfo &info = *machine.getMCSubtargetInfo();
  const Triple &triple = machine.getTargetTriple();
  std::unique_ptr<MCSubtargetInfo> baseline(
      machine.getTarget().createMCSubtargetInfo(triple,
                                                triple.isX86() ? "x86-64" : "",
                                                tfc::baselineFeatures(triple)));
  for (const Feature &feature : featuresOf(triple)) {
    std::string name = std::string("+") + feature.name;
    if (!info.checkFeatures(name) || baseline->checkFeatures(name))
      continue;
    if (needs.masks.size() <= feature.word)
      needs.masks.resize(feature.word + 1);
    needs.masks[feature.word] |= uint32_t(1) << feature.bit;
    needs.names.push_back(feature.name);
  }
  needs.wide = triple.isX86() && info.checkFeatures("+avx");
  needs.wider = triple.isX86() && info.checkFeatures("+avx512f");
  return needs;
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

Value *Checker::has(Value *word, const Needs &needs, unsigned number) {
  uint32_t mask = number < needs.masks.size() ? needs.masks[number] : 0;
  return b.CreateICmpEQ(b.CreateAnd(word, mask), b.getInt32(mask));
}

/// Leaves that a CPU does not have answer for another one: their number is
/// checked first.
Value *Checker::testX86(const Needs &needs) {
  auto wants = [&](unsigned word) {
    return word < needs.masks.size() && needs.masks[word];
  };
  SmallVector<Value *, 4> leaf0, leaf1, leaf7, leaf71, extended0, extended1;
  Value *good = b.getTrue();
  Value *highest = cpuid(0, 0, leaf0);
  cpuid(1, 0, leaf1);
  good = b.CreateAnd(good, has(leaf1[2], needs, 0));
  if (wants(1) || wants(2) || wants(3) || wants(5)) {
    good = b.CreateAnd(good, b.CreateICmpUGE(highest, b.getInt32(7)));
    Value *last = cpuid(7, 0, leaf7);
    for (unsigned i = 1; i < 4; ++i)
      good = b.CreateAnd(good, has(leaf7[i], needs, i));
    if (wants(5)) {
      good = b.CreateAnd(good, b.CreateICmpUGE(last, b.getInt32(1)));
      good = b.CreateAnd(good, has(cpuid(7, 1, leaf71), needs, 5));
    }
  }
  if (wants(4)) {
    good = b.CreateAnd(good, b.CreateICmpUGE(cpuid(0x80000000, 0, extended0),
                                             b.getInt32(0x80000001)));
    cpuid(0x80000001, 0, extended1);
    good = b.CreateAnd(good, has(extended1[2], needs, 4));
  }
  if (needs.wide) {
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
    uint32_t mask = needs.wider ? 0xe6 : 6;
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

Value *Checker::testAuxiliaryVector(const Needs &needs) {
  Type *word = module.getTargetTriple().isArch64Bit() ? b.getInt64Ty() : i32;
  FunctionCallee ask = module.getOrInsertFunction("getauxval", word, word);
  Value *good = b.getTrue();
  unsigned kinds[] = {16, 26}; // AT_HWCAP, AT_HWCAP2
  for (unsigned i = 0; i < needs.masks.size(); ++i)
    if (needs.masks[i])
      good = b.CreateAnd(
          good,
          has(b.CreateTrunc(
                  b.CreateCall(ask, {ConstantInt::get(word, kinds[i])}), i32),
              needs, i));
  return good;
}

/// i1 @tfc.cpu_fits(): asks once; a race of two threads asks twice and gets the
/// same answer.
Function *Checker::makeTest(const Needs &needs, unsigned number) {
  enum : uint8_t { unknown, fits, lacks };
  auto *known = new GlobalVariable(
      module, b.getInt8Ty(), /*isConstant=*/false, GlobalValue::InternalLinkage,
      b.getInt8(unknown), tfc::versionName("tfc.cpu", number));
  auto *test = Function::Create(
      FunctionType::get(b.getInt1Ty(), false), GlobalValue::InternalLinkage,
      tfc::versionName("tfc.cpu_fits", number), module);
  test->addFnAttr(Attribute::NoUnwind);
  auto *entry = BasicBlock::Create(module.getContext(), "", test);
  auto *look = BasicBlock::Create(module.getContext(), "", test);
  auto *answer = BasicBlock::Create(module.getContext(), "", test);
  b.SetInsertPoint(entry);
  LoadInst *before = b.CreateAlignedLoad(b.getInt8Ty(), known, Align(1));
  before->setAtomic(AtomicOrdering::Monotonic);
  b.CreateCondBr(b.CreateICmpNE(before, b.getInt8(unknown)), answer, look);
  b.SetInsertPoint(answer);
  b.CreateRet(b.CreateICmpEQ(before, b.getInt8(fits)));
  b.SetInsertPoint(look);
  Value *good = module.getTargetTriple().isX86() ? testX86(needs)
                                                 : testAuxiliaryVector(needs);
  StoreInst *store = b.CreateAlignedStore(
      b.CreateSelect(good, b.getInt8(fits), b.getInt8(lacks)), known, Align(1));
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
/// baseline, tests and calls it or a later version. `tests`: by version, NULL
/// where there is nothing to ask for.
void Checker::guard(Function &entry, ArrayRef<Function *> tests,
                    ArrayRef<std::string> names) {
  std::string name = entry.getName().str();
  SmallVector<std::pair<Function *, Function *>> choices; // test, version
  for (unsigned number = tests.size(); --number;)
    if (Function *version = module.getFunction(tfc::versionName(name, number)))
      choices.push_back({tests[number], version});
  if (choices.empty() && !tests[0])
    return;
  choices.push_back({tests[0], &entry});
  entry.setName(name + ".run");
  auto *outer = Function::Create(entry.getFunctionType(),
                                 GlobalValue::ExternalLinkage, name, module);
  outer->addFnAttr(Attribute::NoUnwind);
  entry.setLinkage(GlobalValue::InternalLinkage);
  LLVMContext &context = module.getContext();
  SmallVector<Value *> arguments(
      map_range(outer->args(), [](Argument &a) -> Value * { return &a; }));
  b.SetInsertPoint(BasicBlock::Create(context, "", outer));
  for (auto [test, version] : choices) {
    version->addFnAttr(Attribute::NoInline);
    auto *run = BasicBlock::Create(context, "", outer),
         *next = test ? BasicBlock::Create(context, "", outer) : nullptr;
    if (test)
      b.CreateCondBr(b.CreateCall(test), run, next);
    else
      b.CreateBr(run);
    b.SetInsertPoint(run);
    CallInst *call = b.CreateCall(version, arguments);
    call->setTailCall();
    b.CreateRet(call);
    if (test)
      b.SetInsertPoint(next);
  }
  if (tests[0])
    refuse(arguments[0], names);
}

/// Reports what is missing, and returns TFC_UNIMPLEMENTED.
void Checker::refuse(Value *host, ArrayRef<std::string> names) {
  Function *outer = b.GetInsertBlock()->getParent();
  LLVMContext &context = module.getContext();
  auto *report = BasicBlock::Create(context, "", outer),
       *end = BasicBlock::Create(context, "", outer);
  // tfc_context, see tfc_rt.h: report is field 8.
  auto *layout = StructType::get(i32, i32, ptr, b.getInt64Ty(), ptr, ptr, ptr,
                                 ptr, ptr, ptr, ptr);
  Value *callback = b.CreateLoad(ptr, b.CreateStructGEP(layout, host, 8));
  b.CreateCondBr(b.CreateIsNull(callback), end, report);
  b.SetInsertPoint(report);
  auto *type = FunctionType::get(b.getVoidTy(),
                                 {ptr, i32, ptr, ptr, i32, i32, ptr}, false);
  Constant *null = ConstantPointerNull::get(cast<PointerType>(ptr));
  b.CreateCall(type, callback,
               {host, b.getInt32(5),
                text("this code was compiled for a CPU with " +
                     join(names, ", ") + "; this CPU lacks some of them"),
                text(""), b.getInt32(0), b.getInt32(0), null});
  b.CreateBr(end);
  b.SetInsertPoint(end);
  b.CreateRet(b.getInt32(5));
}

void Checker::run(ArrayRef<const TargetMachine *> versions) {
  SmallVector<Function *> entries, tests;
  for (Function &function : module)
    if (tfc::isEntry(function))
      entries.push_back(&function);
  for (auto [number, machine] : enumerate(versions)) {
    Needs needs = needsOf(*machine);
    bool used = any_of(entries, [&, number = number](Function *entry) {
      return module.getFunction(tfc::versionName(entry->getName(), number));
    });
    tests.push_back(used && !needs.names.empty() ? makeTest(needs, number)
                                                 : nullptr);
  }
  for (Function *entry : entries)
    guard(*entry, tests, needsOf(*versions.front()).names);
}

} // namespace

bool tfc::canTest(const TargetMachine &machine) {
  return !needsOf(machine).names.empty();
}

void tfc::checkCpu(Module &module, ArrayRef<const TargetMachine *> versions) {
  Checker(module).run(versions);
}
