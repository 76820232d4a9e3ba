//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// LLVM dialect -> LLVM IR -> optimized -> object file.
//===----------------------------------------------------------------------===//

#include "tfc/Target/Emit.h"
#include "CheckCpu.h"
#include "ExpandLibcalls.h"
#include "Glue.h"
#include "StreamStores.h"
#include "Versions.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/Analysis/AliasAnalysis.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/PassManager.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/SubtargetFeature.h"
#include "llvm/Transforms/Instrumentation/AddressSanitizer.h"
#include "llvm/Transforms/Utils/Cloning.h"
#include <mutex>

using namespace llvm;
using namespace tfc;

static Error fail(const Twine &message) {
  return createStringError(inconvertibleErrorCode(), message);
}

static void initializeTargets() {
  static bool once = [] {
    InitializeAllTargetInfos();
    InitializeAllTargets();
    InitializeAllTargetMCs();
    InitializeAllAsmPrinters();
    InitializeAllAsmParsers();
    return true;
  }();
  (void)once;
}

std::vector<tfc::TargetOptions> tfc::versions(const TargetOptions &options) {
  SmallVector<StringRef> cpus;
  StringRef(options.cpu).split(cpus, ',');
  std::vector<TargetOptions> result;
  for (StringRef cpu : cpus) {
    result.push_back(options);
    result.back().cpu = cpu.trim().str();
  }
  return result;
}

std::string tfc::baselineFeatures(const Triple &triple) {
  return triple.isARM() || triple.isThumb() ? "-neon,-d32" : "";
}

/// "+a,-b" of this machine.
static std::string hostFeatures() {
  SubtargetFeatures features;
  for (const auto &feature : sys::getHostCPUFeatures())
    features.AddFeature(feature.first(), feature.second);
  return features.getString();
}

/// Features of x86 that no code has unless it asks for the instruction by name.
/// Virtual machines often lack one of them that their processor has.
static bool isByNameOnly(StringRef feature) {
  return is_contained(
      ArrayRef<StringRef>{
          "cldemote",  "clflushopt", "clwb",      "clzero",   "enqcmd",
          "fsgsbase",  "hreset",     "invpcid",   "kl",       "lwp",
          "movdir64b", "movdiri",    "mwaitx",    "pconfig",  "pku",
          "prefetchi", "ptwrite",    "rdpid",     "rdpru",    "rdrnd",
          "rdseed",    "rtm",        "serialize", "sgx",      "shstk",
          "tsxldtrk",  "uintr",      "usermsr",   "waitpkg",  "wbnoinvd",
          "widekl",    "xsave",      "xsavec",    "xsaveopt", "xsaves"},
      feature);
}

/// What this machine has not of what a target may use, with commas between.
static std::string missingHere(const TargetMachine &machine) {
  SmallVector<std::string> missing;
  // Of x86, LLVM lists what a processor has and what it has not, without what
  // only tunes the code.
  for (const auto &feature : sys::getHostCPUFeatures())
    if (!feature.second && !isByNameOnly(feature.first()) &&
        machine.getMCSubtargetInfo()->checkFeatures(
            ("+" + feature.first()).str()))
      missing.push_back(feature.first().str());
  sort(missing);
  return join(missing, ", ");
}

/// Whether the CPU is one of 32 bits and the code is not, or the other way
/// round: LLVM ends the process then.
static bool lacksMode(const TargetMachine &machine) {
  const Triple &triple = machine.getTargetTriple();
  if (!triple.isRISCV() && !triple.isX86())
    return false; // they have no such feature, and LLVM ends the process, too
  bool has64 = machine.getMCSubtargetInfo()->checkFeatures("+64bit");
  return triple.isRISCV() ? has64 != triple.isArch64Bit()
                          : triple.isArch64Bit() && !has64;
}

static std::string availableTargets() {
  std::string text;
  for (const Target &target : TargetRegistry::targets())
    text += (text.empty() ? "" : ", ") + std::string(target.getName());
  return text;
}

Expected<std::unique_ptr<TargetMachine>>
tfc::createTargetMachine(const TargetOptions &options) {
  initializeTargets();
  Triple host(sys::getProcessTriple());
  Triple triple(options.triple.empty() ? host.str()
                                       : Triple::normalize(options.triple));
  std::string error;
  const Target *target = TargetRegistry::lookupTarget(triple, error);
  if (!target)
    return fail("no code generator for '" + triple.str() +
                "'; this build has " + availableTargets());

  std::string cpu = options.cpu, features;
  if (cpu.empty() || cpu == "generic")
    features = baselineFeatures(triple);
  if (cpu == "native") {
    if (triple.getArch() == host.getArch()) {
      cpu = sys::getHostCPUName().str();
      features = hostFeatures();
    } else {
      cpu.clear(); // the baseline of another architecture
      features = baselineFeatures(triple);
    }
  }
  if (!options.features.empty())
    features += (features.empty() ? "" : ",") + options.features;

  // LLVM only prints a warning for names it does not know.
  std::unique_ptr<MCSubtargetInfo> info(
      target->createMCSubtargetInfo(triple, "", ""));
  if (!info)
    return fail("no code generator for '" + triple.str() + "'");
  if (!cpu.empty() && !info->isCPUStringValid(cpu))
    return fail("unknown cpu '" + cpu + "' for " + triple.str() +
                "; `llc -march=" + target->getName() +
                " -mcpu=help` lists those there are");
  SubtargetFeatures asked(options.features);
  for (const std::string &feature : asked.getFeatures()) {
    StringRef name = StringRef(feature).ltrim("+-");
    bool known = any_of(
        info->getAllProcessorFeatures(),
        [&](const SubtargetFeatureKV &entry) { return name == entry.Key; });
    if (!known)
      return fail("unknown feature '" + name + "' for " + triple.str());
  }

  llvm::TargetOptions codegen;
  CodeGenOptLevel level = options.optLevel == 0   ? CodeGenOptLevel::None
                          : options.optLevel == 1 ? CodeGenOptLevel::Less
                                                  : CodeGenOptLevel::Default;
  std::unique_ptr<TargetMachine> machine(target->createTargetMachine(
      triple, cpu, features, codegen, Reloc::PIC_, std::nullopt, level));
  if (!machine)
    return fail("no code generator for '" + triple.str() + "'");
  if (lacksMode(*machine))
    return fail("cpu '" + cpu + "' runs no code for " + triple.getArchName());
  if (options.runsHere && options.cpu != "native") {
    if (!triple.isX86() && !cpu.empty() && cpu != "generic")
      return fail("cpu '" + cpu + "': code for this machine (" +
                  triple.getArchName() + ") is for 'native' or 'generic'");
    std::string missing = missingHere(*machine);
    if (!missing.empty())
      return fail("this machine cannot run code for cpu '" + cpu +
                  "': it has no " + missing + "; it is a '" +
                  sys::getHostCPUName() + "'");
  }
  return machine;
}

Host tfc::host() {
  return {sys::getProcessTriple(), sys::getHostCPUName().str(), hostFeatures()};
}

VectorRegisters tfc::vectorRegisters(const TargetMachine &machine) {
  // Without NEON, vectors come apart: short ones keep the code small.
  if (machine.getTargetTriple().isARM() || machine.getTargetTriple().isThumb())
    return {machine.getMCSubtargetInfo()->checkFeatures("+neon") ? 128u : 64u,
            16};
  if (!machine.getTargetTriple().isX86())
    return {128, 32}; // AArch64, Power, RISC-V and SystemZ; vectors of unknown
                      // size are not used
  // What a cpu implies counts too.
  const MCSubtargetInfo &info = *machine.getMCSubtargetInfo();
  if (info.checkFeatures("+avx512f"))
    return {512, 32};
  return info.checkFeatures("+avx") ? VectorRegisters{256, 16}
                                    : VectorRegisters{128, 16};
}

PairSupport tfc::pairSupport(const TargetMachine &machine) {
  const MCSubtargetInfo &info = *machine.getMCSubtargetInfo();
  if (machine.getTargetTriple().getArch() != Triple::x86_64)
    return {};
  bool vectors =
      info.checkFeatures("+avx512bf16") && info.checkFeatures("+avx512vnni");
  return {vectors, vectors && info.checkFeatures("+amx-bf16") &&
                       info.checkFeatures("+amx-int8")};
}

HalfSupport tfc::halfSupport(const TargetMachine &machine) {
  const Triple &triple = machine.getTargetTriple();
  const MCSubtargetInfo &info = *machine.getMCSubtargetInfo();
  if (triple.isX86())
    return {info.checkFeatures("+f16c"), info.checkFeatures("+avx512fp16")};
  if (triple.isARM() || triple.isThumb())
    return {info.checkFeatures("+fp16"), info.checkFeatures("+fp-armv8")};
  return {triple.isAArch64(), triple.isAArch64()};
}

bool tfc::hasFma(const TargetMachine &machine) {
  const Triple &triple = machine.getTargetTriple();
  const MCSubtargetInfo &info = *machine.getMCSubtargetInfo();
  if (triple.isX86())
    return info.checkFeatures("+fma");
  return triple.isAArch64();
}

bool tfc::hasAvx512(const TargetMachine &machine) {
  const MCSubtargetInfo &info = *machine.getMCSubtargetInfo();
  return machine.getTargetTriple().isX86() &&
         info.checkFeatures("+avx512f,+avx512vl,+avx512dq");
}

bool tfc::hasPermutations(const TargetMachine &machine) {
  return machine.getTargetTriple().isX86() &&
         machine.getMCSubtargetInfo()->checkFeatures("+avx2");
}

void tfc::registerTargetTranslations(mlir::DialectRegistry &registry) {
  mlir::registerBuiltinDialectTranslation(registry);
  mlir::registerLLVMDialectTranslation(registry);
}

/// Every function is compiled for the machine, not for the triple's baseline.
static void setAttributes(Module &module, const TargetMachine &machine,
                          const tfc::TargetOptions &options) {
  bool wide = machine.getTargetTriple().isX86() &&
              machine.getMCSubtargetInfo()->checkFeatures("+avx512f");
  for (Function &function : module) {
    if (function.isDeclaration())
      continue;
    if (!machine.getTargetCPU().empty())
      function.addFnAttr("target-cpu", machine.getTargetCPU());
    if (!machine.getTargetFeatureString().empty())
      function.addFnAttr("target-features", machine.getTargetFeatureString());
    function.addFnAttr(Attribute::NoUnwind);
    if (options.optSize)
      function.addFnAttr(Attribute::OptimizeForSize);
    if (options.sanitizeAddress)
      function.addFnAttr(Attribute::SanitizeAddress);
    if (wide) // LLVM prefers 256 bits there for the clock's sake; loops over
              // tensors gain from 512
      function.addFnAttr("prefer-vector-width", "512");
  }
}

namespace {

/// Passes for some functions: others do not pay for being looked at.
class Where : public PassInfoMixin<Where> {
public:
  using Condition = bool(Function &, FunctionAnalysisManager &);

  Where(Condition *condition, FunctionPassManager passes)
      : condition(condition), passes(std::move(passes)) {}

  PreservedAnalyses run(Function &function, FunctionAnalysisManager &analyses) {
    return condition(function, analyses) ? passes.run(function, analyses)
                                         : PreservedAnalyses::all();
  }

private:
  Condition *condition;
  FunctionPassManager passes;
};

struct SettleGlue : PassInfoMixin<SettleGlue> {
  PreservedAnalyses run(Module &module, ModuleAnalysisManager &) {
    settleGlue(module);
    return PreservedAnalyses::none();
  }
};

} // namespace

static bool isOptimized(Function &function, FunctionAnalysisManager &) {
  return !function.hasOptNone();
}

/// Whether a loop writes elements that are not neighbours, or computes
/// numbers from nothing but its own: rests of copies and tables of places, of
/// which networks have many, and which have a few iterations.
static bool isForFew(const Loop &loop) {
  bool reads = false;
  for (const BasicBlock *block : loop.blocks())
    for (const Instruction &each : *block) {
      reads |= isa<LoadInst>(each);
      auto *store = dyn_cast<StoreInst>(&each);
      if (!store || loop.isLoopInvariant(store->getPointerOperand()))
        continue;
      auto *address = dyn_cast<GetElementPtrInst>(store->getPointerOperand());
      if (!address)
        continue;
      const Value *index = address->getOperand(address->getNumOperands() - 1);
      if (auto *sum = dyn_cast<BinaryOperator>(index))
        if (sum->getOpcode() == Instruction::Mul ||
            sum->getOpcode() == Instruction::Shl)
          return true;
    }
  return !reads;
}

static bool isOverElements(const Loop &loop) {
  bool touchesMemory = false;
  for (const BasicBlock *block : loop.blocks())
    for (const Instruction &each : *block) {
      auto *store = dyn_cast<StoreInst>(&each);
      auto *call = dyn_cast<CallBase>(&each);
      if (each.getType()->isVectorTy() ||
          (store && store->getValueOperand()->getType()->isVectorTy()) ||
          (call && !isa<IntrinsicInst>(call)))
        return false;
      touchesMemory |= each.mayReadOrWriteMemory();
    }
  return touchesMemory;
}

/// Loops over single elements, which LLVM may put in vectors.
static bool hasScalarLoops(Function &function,
                           FunctionAnalysisManager &analyses) {
  const LoopInfo &loops = analyses.getResult<LoopAnalysis>(function);
  return any_of(loops.getLoopsInPreorder(), [](const Loop *loop) {
    return loop->isInnermost() && isOverElements(*loop);
  });
}

/// The same in networks, where much code is compiled.
static bool hasLongScalarLoops(Function &function,
                               FunctionAnalysisManager &analyses) {
  const LoopInfo &loops = analyses.getResult<LoopAnalysis>(function);
  return any_of(loops.getLoopsInPreorder(), [](const Loop *loop) {
    return loop->isInnermost() && isOverElements(*loop) && !isForFew(*loop);
  });
}

/// What is left to do when vectors are in the code already: clean up, move what
/// does not change out of loops, unroll short ones. LLVM's own O2 takes three
/// times as long for code that is no faster: most of that is the loop
/// vectorizer, which is asked only where there are loops over single elements.
/// Induction variables are simple as they come: making them canonical takes a
/// quarter of what is left and changes nothing.
static Error addPasses(PassBuilder &builder, const Module &module,
                       bool scalarLoops, bool isOfLarge,
                       ModulePassManager &passes) {
  auto parse = [&](StringRef text, FunctionPassManager &into) {
    return builder.parsePassPipeline(into, text);
  };
  if (Error error = builder.parsePassPipeline(
          passes, "function(sroa<modify-cfg>,early-cse,simplifycfg)"))
    return error;
  passes.addPass(SettleGlue());
  if (Error error = builder.parsePassPipeline(passes, "cgscc(inline)"))
    return error;
  constexpr unsigned large = 50000;
  bool isLarge = isOfLarge || module.getInstructionCount() > large;
  FunctionPassManager each, scalar;
  if (Error error = parse("sroa<modify-cfg>,early-cse,"
                          "instcombine<no-verify-fixpoint>,simplifycfg,"
                          "loop-mssa(loop-rotate,licm)",
                          each))
    return error;
  if (scalarLoops) {
    // Loops of a few iterations first: as vectors of two lanes under constant
    // masks they can send LLVM 22's instruction selection into an endless loop
    // (extracts of sums of extended masks).
    if (Error error = parse("loop(indvars,loop-unroll-full),loop-vectorize,"
                            "early-cse<memssa>,instcombine<no-verify-fixpoint>,"
                            "simplifycfg,loop-unroll<O2>",
                            scalar))
      return error;
    each.addPass(Where(isLarge ? hasLongScalarLoops : hasScalarLoops,
                       std::move(scalar)));
  }
  // Loops in vectors work on as many of them at once as is worth it: more than
  // a few iterations as a straight line only take code generation longer. In
  // large networks that is most of a first call.
  std::string longest = isLarge ? "4" : "16";
  if (Error error = parse("loop-unroll<O2;no-runtime;no-partial;"
                          "full-unroll-max=" +
                              longest +
                              ">,"
                              "loop-mssa(licm),early-cse,simplifycfg",
                          each))
    return error;
  passes.addPass(
      createModuleToFunctionPassAdaptor(Where(isOptimized, std::move(each))));
  return builder.parsePassPipeline(passes, "globaldce");
}

static Error optimize(Module &module, TargetMachine &machine,
                      const Version &version) {
  const tfc::TargetOptions &options = version.options;
  unsigned level = options.optLevel;
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager components;
  ModuleAnalysisManager modules;
  PassBuilder builder(&machine);
  functions.registerPass([&] { return builder.buildDefaultAAPipeline(); });
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  ModulePassManager passes;
  if (level == 0)
    passes = builder.buildO0DefaultPipeline(OptimizationLevel::O0);
  else if (options.optSize)
    passes = builder.buildPerModuleDefaultPipeline(OptimizationLevel::Os);
  else if (level >= 3)
    passes = builder.buildPerModuleDefaultPipeline(OptimizationLevel::O3);
  else if (Error error =
               addPasses(builder, module, version.scalarLoops && level == 2,
                         version.isOfLarge, passes))
    return error;
  if (options.sanitizeAddress)
    passes.addPass(AddressSanitizerPass(AddressSanitizerOptions()));
  passes.run(module, modules);
  return Error::success();
}

/// Leaves out loop strength reduction while it lives. That takes a third of the
/// time of code generation for nests of many addresses, of which x86 computes
/// nearly all in its memory operands: code is as fast without it. LLVM has but
/// a flag of the process for that, which it looks at when passes are put
/// together.
class WithoutStrengthReduction {
public:
  explicit WithoutStrengthReduction(const Triple &triple) : lock(mutex) {
    auto &options = cl::getRegisteredOptions();
    auto found = options.find("disable-lsr");
    if (!triple.isX86() || found == options.end())
      return;
    flag = static_cast<cl::opt<bool> *>(found->second);
    before = *flag;
    *flag = true;
  }
  ~WithoutStrengthReduction() {
    if (flag)
      *flag = before;
  }

private:
  static std::mutex mutex;
  std::lock_guard<std::mutex> lock;
  cl::opt<bool> *flag = nullptr;
  bool before = false;
};
std::mutex WithoutStrengthReduction::mutex;

static Expected<std::string> generate(Module &module, TargetMachine &machine,
                                      CodeGenFileType type) {
  SmallVector<char, 0> bytes;
  raw_svector_ostream stream(bytes);
  legacy::PassManager passes;
  {
    WithoutStrengthReduction faster(machine.getTargetTriple());
    if (machine.addPassesToEmitFile(passes, stream, nullptr, type,
                                    /*DisableVerify=*/true))
      return fail("the target writes no such file");
  }
  passes.run(module);
  return std::string(bytes.data(), bytes.size());
}

static std::string print(Module &module) {
  std::string text;
  raw_string_ostream stream(text);
  module.print(stream, nullptr);
  return text;
}

/// Takes what LLVM does not know from arguments. For each of it the translation
/// would write a warning with the text of the whole function.
static void dropOwnAttributes(mlir::ModuleOp module) {
  module.walk([](mlir::LLVM::LLVMFuncOp function) {
    for (unsigned i = 0; i < function.getNumArguments(); ++i)
      for (mlir::NamedAttribute attribute :
           mlir::function_interface_impl::getArgAttrs(function, i))
        if (!attribute.getName().strref().starts_with("llvm."))
          function.removeArgAttr(i, attribute.getName());
  });
}

/// One version as optimized code for its machine.
static Expected<std::unique_ptr<Module>>
lower(const Version &version, TargetMachine &machine, LLVMContext &context,
      const EmitRequest &request, Emitted &result) {
  dropOwnAttributes(version.module);
  std::unique_ptr<Module> code =
      mlir::translateModuleToLLVMIR(version.module, context, "tfc");
  if (!code)
    return fail("the module could not be translated to LLVM IR");
  code->setTargetTriple(machine.getTargetTriple());
  code->setDataLayout(machine.createDataLayout());
  setAttributes(*code, machine, version.options);
  useC99(*code);
  expandExtremes(*code, machine);
  if (request.llvmIR)
    result.llvmIR += print(*code);
  if (Error error = optimize(*code, machine, version))
    return error;
  streamStores(*code, vectorRegisters(machine).bits / 8);
  expandLibcalls(*code, machine);
  return code;
}

Expected<Emitted> tfc::emit(ArrayRef<Version> versions,
                            const EmitRequest &request) {
  LLVMContext context;
  Emitted result;
  std::vector<std::unique_ptr<TargetMachine>> machines;
  std::unique_ptr<Module> code;
  for (const Version &version : versions) {
    auto machine = createTargetMachine(version.options);
    if (!machine)
      return machine.takeError();
    auto lowered = lower(version, **machine, context, request, result);
    if (!lowered)
      return lowered.takeError();
    if (!code)
      code = std::move(*lowered);
    else if (Error error =
                 addVersion(*code, std::move(*lowered), machines.size()))
      return error;
    machines.push_back(std::move(*machine));
  }
  TargetMachine &machine = *machines.front();
  const TargetOptions &options = versions.front().options;
  if (versions.size() > 1)
    shareConstants(*code);
  if (options.checkCpu || versions.size() > 1) {
    SmallVector<const TargetMachine *> wanted;
    for (auto &each : machines)
      wanted.push_back(each.get());
    checkCpu(*code, wanted);
  }

  result.triple = machine.getTargetTriple().str();
  for (auto &each : machines)
    result.cpu +=
        (each == machines.front() ? "" : ",") + each->getTargetCPU().str();
  result.features = machine.getTargetFeatureString().str();
  if (request.optimizedLLVMIR)
    result.optimizedLLVMIR = print(*code);
  if (request.assembly) {
    // Code generation changes the module.
    std::unique_ptr<Module> copy = CloneModule(*code);
    auto assembly = generate(*copy, machine, CodeGenFileType::AssemblyFile);
    if (!assembly)
      return assembly.takeError();
    result.assembly = std::move(*assembly);
  }
  auto object = generate(*code, machine, CodeGenFileType::ObjectFile);
  if (!object)
    return object.takeError();
  result.object = std::move(*object);
  return result;
}

Expected<std::string> tfc::archive(ArrayRef<std::string> objects) {
  std::vector<std::string> names;
  for (size_t i = 0; i < objects.size(); ++i)
    names.push_back("part" + std::to_string(i) + ".o");
  std::vector<NewArchiveMember> members;
  for (auto [name, object] : zip_equal(names, objects))
    members.emplace_back(MemoryBufferRef(object, name));
  auto buffer = writeArchiveToBuffer(members, SymtabWritingMode::NoSymtab,
                                     object::Archive::K_GNU,
                                     /*Deterministic=*/true, /*Thin=*/false);
  if (!buffer)
    return buffer.takeError();
  return (*buffer)->getBuffer().str();
}
