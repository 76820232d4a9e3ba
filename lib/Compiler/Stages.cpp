//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Stages.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "tfc/Pipelines/Pipelines.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include <mutex>

using namespace mlir;
using llvm::StringRef;
using namespace tfc;

namespace {
/// What stages want to know of a machine.
struct Machine {
  bool isKnown = false;
  VectorRegisters registers;
  PairSupport pairs;
  HalfSupport half;
  bool fma = false, avx512 = false, permutations = false;
};
} // namespace

/// Asked for each stage and part: machines are made once.
static Machine machineOf(const TargetOptions &options) {
  static std::mutex mutex;
  static llvm::StringMap<Machine> known;
  std::string key = options.triple + " " + options.cpu + " " + options.features;
  std::lock_guard<std::mutex> lock(mutex);
  auto [found, isNew] = known.try_emplace(key);
  if (!isNew)
    return found->second;
  auto machine = createTargetMachine(options);
  if (machine)
    found->second = {true,
                     vectorRegisters(**machine),
                     pairSupport(**machine),
                     halfSupport(**machine),
                     hasFma(**machine),
                     hasAvx512(**machine),
                     hasPermutations(**machine)};
  else
    llvm::consumeError(machine.takeError());
  return found->second;
}

static StageOptions &fill(StageOptions &stage, const CompileOptions &options) {
  stage.contract = options.contract;
  stage.reassociate = options.reassociate;
  stage.parallel = options.parallel;
  stage.poll = options.poll;
  stage.chainMicroseconds = options.chainMicroseconds;
  stage.disable = options.disable;
  stage.gpu = options.gpu;
  stage.gpuDevice = options.gpuDevice;
  if (!options.gpuFeatures.empty())
    stage.gpuFeatures = options.gpuFeatures;
  if (!options.gpuChip.empty())
    stage.gpuChip = options.gpuChip;
  if (!options.gpuFormat.empty())
    stage.gpuFormat = options.gpuFormat;
  stage.gpuToolkit = options.gpuToolkit;
  if (options.gpuThreads)
    stage.gpuThreads = options.gpuThreads;
  if (options.gpuShared)
    stage.gpuShared = options.gpuShared;
  stage.gpuSubgroup = options.gpuSubgroup;
  Machine machine = machineOf(versions(options.target).front());
  if (machine.isKnown) { // else that is reported where code is made
    stage.vectorBits = machine.registers.bits;
    stage.vectorRegisters = machine.registers.count;
    stage.bf16Pairs = machine.pairs.tiles && options.tiles ? "tiles"
                      : machine.pairs.vectors              ? "vectors"
                                                           : "none";
    stage.fma = machine.fma;
    stage.avx512 = machine.avx512;
    stage.f16 = machine.half.f16;
    stage.f64ToF16 = machine.half.f64ToF16;
  }
  return stage;
}

std::string tfc::text(ModuleOp module) {
  std::string result;
  llvm::raw_string_ostream stream(result);
  module->print(
      stream, OpPrintingFlags().enableDebugInfo(true, false).assumeVerified());
  return result;
}

std::string tfc::writeReproducer(ModuleOp module, StringRef stage,
                                 const CompileOptions &options) {
  llvm::SmallString<128> path(options.reproducerDirectory);
  if (path.empty()
          ? bool(llvm::sys::fs::createUniqueDirectory("tfc-reproducer", path))
          : bool(llvm::sys::fs::create_directories(path)))
    return {};
  llvm::SmallString<128> file(path);
  llvm::sys::path::append(file, "module-%%%%%%.mlir");
  int descriptor;
  if (llvm::sys::fs::createUniqueFile(file, descriptor, path))
    return {};
  llvm::raw_fd_ostream stream(descriptor, /*shouldClose=*/true);
  auto flag = [](bool value) { return value ? "true" : "false"; };
  stream << "// tfc-opt --" << stage << "=\"contract=" << flag(options.contract)
         << " reassociate=" << flag(options.reassociate)
         << " parallel=" << flag(options.parallel)
         << " poll=" << flag(options.poll) << " disable=" << options.disable
         << "\" " << path << "\n"
         << text(module);
  return path.str().str();
}

/// What TFC_VERIFY_PASSES is set to, to find out what passes make of programs:
/// 1 has the verifier, which costs as much as they do, look after each pass,
/// `stages` after each stage. Nothing and 0 leave that out; what is anything
/// else would look as if it had been verified.
static FailureOr<std::string> verified(Errors &errors) {
  std::string where =
      llvm::sys::Process::GetEnv("TFC_VERIFY_PASSES").value_or("");
  if (where.empty() || where == "0" || where == "1" || where == "stages")
    return where;
  errors.message = "the environment variable TFC_VERIFY_PASSES is 1 (each "
                   "pass), stages, or 0 (neither), got \"" +
                   where + "\"";
  return failure();
}

LogicalResult tfc::runPasses(ModuleOp module, StringRef stage,
                             const CompileOptions &options, Errors &errors) {
  FailureOr<std::string> verifies = verified(errors);
  if (failed(verifies))
    return failure();
  PassManager manager(module.getContext());
  manager.enableVerifier(*verifies == "1");
  StageOptions stageOptions;
  std::string problem;
  llvm::raw_string_ostream stream(problem);
  // Looked for where buffers are loops already, and nothing makes new ones.
  if (stage == "tfc-loops-to-llvm")
    stageOptions.unneeded = unneededPasses(module);
  if (failed(buildStage(stage, fill(stageOptions, options), manager, stream))) {
    errors.message = problem;
    return failure();
  }
  // Some algorithms are worth their code with long vectors only.
  bool tellsOptions = stage == "tfc-to-linalg";
  if (tellsOptions) {
    module->setAttr("tfc.vector_bits",
                    IntegerAttr::get(IntegerType::get(module.getContext(), 64),
                                     stageOptions.vectorBits.getValue()));
    if (machineOf(versions(options.target).front()).permutations)
      module->setAttr("tfc.permutations", UnitAttr::get(module.getContext()));
    if (!stageOptions.reassociate)
      module->setAttr("tfc.keeps_order", UnitAttr::get(module.getContext()));
  }
  LogicalResult ran = manager.run(module);
  if (tellsOptions) {
    module->removeAttr("tfc.vector_bits");
    module->removeAttr("tfc.permutations");
    module->removeAttr("tfc.keeps_order");
  }
  return failed(ran) || *verifies != "stages" ? ran : verify(module);
}

CompileFailure tfc::explain(const Errors &errors, StringRef stage) {
  CompileFailure result;
  result.message = errors.message.empty()
                       ? "the compiler failed without a message"
                       : errors.message;
  result.location = errors.location;
  result.stage = stage.str();
  return result;
}
