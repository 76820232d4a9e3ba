//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Runs the stages of all versions, and emits what they make.
//===----------------------------------------------------------------------===//

#include "tfc/Compiler/Compile.h"
#include "Parts.h"
#include "Stages.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/Transforms/Passes.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "tfc/Dialect/TFC/IR/TFC.h"
#include "tfc/Dialect/TFCRT/IR/Remark.h"
#include "tfc/Dialect/TFCRT/Transforms/KeptBuffers.h"
#include "tfc/Pipelines/Pipelines.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Threading.h"
#include "llvm/Target/TargetMachine.h"
#include <vector>

using namespace mlir;
using llvm::StringRef;
using namespace tfc;

/// Names may be separated by commas, too.
std::string CompileOptions::setDisabled(StringRef names) {
  llvm::SmallVector<StringRef> list;
  llvm::SplitString(names, list, ",; ");
  for (StringRef name : list)
    if (!llvm::is_contained(optionalPassNames(), name))
      return ("option disable: '" + name +
              "' is no pass that can be left out; these can: " +
              llvm::join(optionalPassNames(), ", "))
          .str();
  disable = llvm::join(list, ";");
  return {};
}

std::string CompileOptions::set(StringRef name, StringRef value) {
  auto boolean = [&](bool &flag) -> std::string {
    StringRef lower = value;
    if (lower.equals_insensitive("true") || lower == "1")
      flag = true;
    else if (lower.equals_insensitive("false") || lower == "0")
      flag = false;
    else
      return ("option " + name + ": expected true or false, got '" + value +
              "'")
          .str();
    return {};
  };
  if (name == "triple")
    target.triple = value.str();
  else if (name == "cpu")
    target.cpu = value.str();
  else if (name == "features")
    target.features = value.str();
  else if (name == "opt_level") {
    if (value.getAsInteger(10, target.optLevel) || target.optLevel > 3)
      return ("option opt_level: expected 0, 1, 2 or 3, got '" + value + "'")
          .str();
  } else if (name == "opt_size")
    return boolean(target.optSize);
  else if (name == "check_cpu")
    return boolean(target.checkCpu);
  else if (name == "runs_here")
    return boolean(target.runsHere);
  else if (name == "sanitize_address")
    return boolean(target.sanitizeAddress);
  else if (name == "contract")
    return boolean(contract);
  else if (name == "reassociate")
    return boolean(reassociate);
  else if (name == "parallel")
    return boolean(parallel);
  else if (name == "poll")
    return boolean(poll);
  else if (name == "tiles")
    return boolean(tiles);
  else if (name == "constants") {
    llvm::SmallVector<StringRef> places;
    value.split(places, ',', -1, /*KeepEmpty=*/false);
    for (StringRef place : places)
      if (place.trim().getAsInteger(10, constants.emplace_back()))
        return ("option constants: expected numbers of arguments, got '" +
                value + "'")
            .str();
  } else if (name == "keep_variables")
    return boolean(keepVariables);
  else if (name == "chain_microseconds") {
    if (value.getAsDouble(chainMicroseconds) || !(chainMicroseconds >= 0))
      return ("option chain_microseconds: expected a number of at least 0, got "
              "'" +
              value + "'")
          .str();
  } else if (name == "parts")
    return boolean(parts);
  else if (name == "line_tables")
    return boolean(lineTables);
  else if (name == "remarks")
    return boolean(remarks);
  else if (name == "disable")
    return setDisabled(value);
  else if (name == "reproducer_directory")
    reproducerDirectory = value.str();
  else if (name == "gpu") {
    if (value != "spirv" && value != "nvptx")
      return ("option gpu: expected spirv or nvptx, got '" + value + "'").str();
    gpu = value.str();
  } else if (name == "gpu_features")
    gpuFeatures = value.str();
  else if (name == "gpu_chip")
    gpuChip = value.str();
  else if (name == "gpu_format") {
    if (value != "isa" && value != "bin")
      return ("option gpu_format: expected isa or bin, got '" + value + "'")
          .str();
    gpuFormat = value.str();
  } else if (name == "gpu_toolkit")
    gpuToolkit = value.str();
  else if (name == "gpu_threads" || name == "gpu_shared" ||
           name == "gpu_device" || name == "gpu_subgroup") {
    int64_t &number = name == "gpu_threads"  ? gpuThreads
                      : name == "gpu_shared" ? gpuShared
                      : name == "gpu_device" ? gpuDevice
                                             : gpuSubgroup;
    if (value.getAsInteger(10, number) || number < 0)
      return ("option " + name + ": expected a number, got '" + value + "'")
          .str();
  } else if (name == "dump") {
    llvm::SmallVector<StringRef> names;
    value.split(names, ',', -1, /*KeepEmpty=*/false);
    for (StringRef wanted : names)
      dump.push_back(wanted.trim().str());
  } else
    return ("there is no option '" + name +
            "'; options are triple, cpu, features, opt_level, opt_size, "
            "check_cpu, runs_here, sanitize_address, contract, "
            "reassociate, parallel, poll, tiles, chain_microseconds, parts, "
            "constants, keep_variables, disable, line_tables, remarks, dump, "
            "reproducer_directory, gpu, gpu_features, "
            "gpu_chip, gpu_format, gpu_toolkit, gpu_threads, gpu_shared, "
            "gpu_subgroup, gpu_device")
        .str();
  return {};
}

/// Loads what passes make ops of, all of it if there are kernels of a device:
/// what they forgot to name must not end the process.
static void loadDialects(MLIRContext *context, const CompileOptions &options) {
  if (!options.gpu.empty())
    return context->loadAllAvailableDialects();
  for (StringRef name :
       {"affine", "arith", "bufferization", "cf", "complex", "func", "index",
        "linalg", "llvm", "math", "memref", "scf", "tensor", "ub", "vector"})
    context->getOrLoadDialect(name);
}

namespace {

constexpr StringRef compileStages[] = {
    "tfc-optimize",         "tfc-to-linalg",          "tfc-pack",
    "tfc-bufferization",    "tfc-buffers-to-kernels", "tfc-kernels-to-spirv",
    "tfc-kernels-to-nvptx", "tfc-buffers-to-loops",   "tfc-loops-to-llvm"};

constexpr StringRef kernelStage = "tfc-buffers-to-kernels",
                    refusedName = "tfc.refused";

/// Stages of the targets that are not asked for.
bool isLeftOut(StringRef stage, const CompileOptions &options) {
  return (stage == "tfc-buffers-to-kernels" && options.gpu.empty()) ||
         (stage == "tfc-kernels-to-spirv" && options.gpu != "spirv") ||
         (stage == "tfc-kernels-to-nvptx" && options.gpu != "nvptx");
}

/// From here on code depends on the CPU: each version goes its own way.
constexpr StringRef firstStageOfVersions = "tfc-buffers-to-loops";

class Driver {
public:
  Driver(ModuleOp module, const CompileOptions &options)
      : original(module), errors(module.getContext()) {
    for (TargetOptions &target : versions(options.target)) {
      optionsOf.push_back(options);
      optionsOf.back().target = std::move(target);
    }
  }

  Artifact run();

private:
  bool fail(StringRef stage, std::string message = {});
  void begin(StringRef stage) const {
    if (optionsOf.front().progress)
      optionsOf.front().progress(stage);
  }
  bool wants(StringRef name) const {
    return llvm::is_contained(optionsOf.front().dump, name);
  }
  bool checkOptions();
  bool runStages();
  bool runStage(StringRef stage, unsigned version);
  bool withoutRefused();
  bool addLineTables(ModuleOp module);
  bool emitCode();
  bool mayCut() const;
  bool emitParts();

  ModuleOp original;
  std::vector<CompileOptions> optionsOf; ///< of each version
  Errors errors;
  SmallVector<OwningOpRef<ModuleOp>> modules; ///< of each version
  SmallVector<OwningOpRef<ModuleOp>> parts;   ///< of the module, if it was cut
  OwningOpRef<ModuleOp> beforeKernels;
  Artifact artifact;
};

bool Driver::fail(StringRef stage, std::string message) {
  artifact.failed = true;
  if (!message.empty())
    errors.message += (errors.message.empty() ? "" : "\n") + message;
  artifact.failure = explain(errors, stage);
  return false;
}

/// Wrong options fail before minutes are spent on passes.
bool Driver::checkOptions() {
  llvm::SmallVector<StringRef> known(std::begin(compileStages),
                                     std::end(compileStages));
  known.append({"llvm-ir", "llvm-ir-optimized", "asm"});
  for (StringRef name : optionsOf.front().dump)
    if (!llvm::is_contained(known, name))
      return fail("options", ("there is no stage '" + name +
                              "' to dump; there are " + llvm::join(known, ", "))
                                 .str());
  for (const CompileOptions &options : optionsOf) {
    auto machine = createTargetMachine(options.target);
    if (!machine)
      return fail("options", llvm::toString(machine.takeError()));
    if (&options != &optionsOf.front() && !canTest(**machine))
      return fail("options", "code for several CPUs: a program cannot ask for "
                             "anything that cpu '" +
                                 options.target.cpu + "' of " +
                                 (*machine)->getTargetTriple().str() +
                                 " has beyond the baseline; name them from the "
                                 "plainest to the best");
  }
  return true;
}

/// Tells the passes which tensors are the same in every call, and which
/// arguments are variables of a host that sees each assignment.
void markConstants(ModuleOp module, const CompileOptions &options) {
  auto mark = UnitAttr::get(module.getContext());
  for (auto function : module.getOps<func::FuncOp>()) {
    if (!function->hasAttr("tfc.entry"))
      continue;
    auto isTensor = [&](unsigned place) {
      return isa<TensorType>(function.getArgument(place).getType());
    };
    for (unsigned place : options.constants)
      if (place < function.getNumArguments() && isTensor(place))
        function.setArgAttr(place, rt::KeptBuffers::isConstant, mark);
    for (unsigned place = 0; place < function.getNumArguments(); ++place)
      if (options.keepVariables && !isTensor(place))
        function.setArgAttr(place, rt::KeptBuffers::isVariable, mark);
  }
}

/// Goes back to before kernels were made, if more of them are known now that
/// cannot be: these stay on the host.
bool Driver::withoutRefused() {
  auto refused = (*modules.front())->getAttrOfType<ArrayAttr>(refusedName);
  auto known = (*beforeKernels)->getAttrOfType<ArrayAttr>(refusedName);
  if (!refused || refused.size() <= (known ? known.size() : 0))
    return false;
  (*beforeKernels)->setAttr(refusedName, refused);
  modules.front() = beforeKernels->clone();
  errors.message.clear();
  errors.location.clear();
  llvm::erase_if(artifact.dumps,
                 [](const auto &dump) { return dump.first == kernelStage; });
  return true;
}

bool Driver::runStage(StringRef stage, unsigned version) {
  ModuleOp module = *modules[version];
  if (stage == kernelStage && !beforeKernels)
    beforeKernels = module.clone();
  // Long sums are kept in f64 on the CPU only.
  bool tellsDevice =
      stage == "tfc-to-linalg" && !optionsOf[version].gpu.empty();
  if (tellsDevice)
    module->setAttr("tfc.gpu", UnitAttr::get(module.getContext()));
  LogicalResult ran = runPasses(module, stage, optionsOf[version], errors);
  if (tellsDevice)
    module->removeAttr("tfc.gpu");
  if (failed(ran)) {
    if (stage.starts_with("tfc-kernels-to-") && withoutRefused())
      return runStage(kernelStage, version) && runStage(stage, version);
    fail(stage);
    artifact.failure.reproducer =
        writeReproducer(original, "tfc-pipeline", optionsOf[version]);
    return false;
  }
  if (stage == "tfc-pack")
    describeLinalg(module, artifact.entries);
  if (stage.starts_with("tfc-kernels-to-"))
    describeKernels(module, artifact.kernels, artifact.host);
  if (stage == "tfc-buffers-to-loops")
    describeMemory(module, artifact.entries);
  if (wants(stage))
    artifact.dumps.emplace_back(stage.str(), text(module));
  return true;
}

bool Driver::runStages() {
  // Hand-written linalg enters the chain where it fits. A trace may be calls
  // alone, of functions that return their arguments.
  auto find = [](Operation *op) {
    bool found =
        isa_and_present<TFCDialect>(op->getDialect()) || isa<func::CallOp>(op);
    return found ? WalkResult::interrupt() : WalkResult::advance();
  };
  bool traced = modules.front()->walk(find).wasInterrupted();
  for (StringRef stage : compileStages) {
    if (!traced && (stage == "tfc-optimize" || stage == "tfc-to-linalg"))
      continue;
    if (isLeftOut(stage, optionsOf.front()))
      continue;
    if (stage == firstStageOfVersions)
      while (modules.size() < optionsOf.size())
        modules.push_back(modules.front()->clone());
    begin(stage);
    for (unsigned version = 0; version < modules.size(); ++version)
      if (!runStage(stage, version))
        return false;
    if (stage == "tfc-buffers-to-loops" && mayCut()) {
      parts = cutIntoParts(*modules.front());
      if (!parts.empty())
        return true;
    }
  }
  return true;
}

/// Gives functions a scope, without which locations do not become lines. What
/// is in no function has no lines: MLIR's pass asks for the function of all
/// ops whose location is that of a call.
bool Driver::addLineTables(ModuleOp module) {
  for (Operation &op : *module.getBody())
    if (!isa<LLVM::LLVMFuncOp>(op))
      op.walk([](Operation *part) {
        part->setLoc(UnknownLoc::get(part->getContext()));
      });
  PassManager manager(module->getContext());
  manager.enableVerifier(false);
  LLVM::DIScopeForLLVMFuncOpPassOptions lines;
  lines.emissionKind = LLVM::DIEmissionKind::LineTablesOnly;
  manager.addPass(LLVM::createDIScopeForLLVMFuncOpPass(lines));
  return succeeded(manager.run(module)) || fail("line tables");
}

bool Driver::emitCode() {
  begin("llvm");
  if (optionsOf.front().lineTables)
    for (OwningOpRef<ModuleOp> &module : modules)
      if (!addLineTables(*module))
        return false;
  EmitRequest request;
  request.assembly = wants("asm");
  request.llvmIR = wants("llvm-ir");
  request.optimizedLLVMIR = wants("llvm-ir-optimized");
  std::vector<Version> versions;
  for (auto [module, options] : llvm::zip_equal(modules, optionsOf))
    versions.push_back(
        {*module, options.target, (*module)->hasAttr(rt::hasScalarLoops)});
  auto code = emit(versions, request);
  if (!code)
    return fail("code generation", llvm::toString(code.takeError()));
  artifact.code = std::move(*code);
  auto keep = [&](StringRef name, std::string &value) {
    if (wants(name))
      artifact.dumps.emplace_back(name.str(), std::move(value));
  };
  keep("asm", artifact.code.assembly);
  keep("llvm-ir", artifact.code.llvmIR);
  keep("llvm-ir-optimized", artifact.code.optimizedLLVMIR);
  return true;
}

/// Whether code may be an archive, nobody wants to see what it is made of, and
/// there is another processor for its parts.
bool Driver::mayCut() const {
  const CompileOptions &options = optionsOf.front();
  return options.parts &&
         llvm::hardware_concurrency().compute_thread_count() > 1 &&
         modules.size() == 1 && options.gpu.empty() && options.dump.empty() &&
         !options.lineTables && !options.remarks && !options.target.checkCpu &&
         !options.target.sanitizeAddress;
}

/// From loops to code, part by part.
bool Driver::emitParts() {
  constexpr StringRef last = "tfc-loops-to-llvm";
  const CompileOptions &options = optionsOf.front();
  begin("llvm");
  // Dialects are loaded by one thread; after this they are there.
  OwningOpRef<ModuleOp> empty = ModuleOp::create(original.getLoc());
  if (failed(runPasses(*empty, last, options, errors)))
    return fail(last);
  struct Result {
    CompileFailure failure;
    Emitted code;
  };
  std::vector<Result> results(parts.size());
  runInThreads(parts.size(), [&](unsigned i) {
    Errors problems(original.getContext());
    auto note = [&](StringRef stage) {
      results[i].failure = explain(problems, stage);
    };
    if (failed(runPasses(*parts[i], last, options, problems)))
      return note(last);
    Version version{*parts[i], options.target,
                    (*parts[i])->hasAttr(rt::hasScalarLoops),
                    (*parts[i])->hasAttr(rt::isOfLargeModule)};
    auto code = emit(version);
    if (!code) {
      problems.message = llvm::toString(code.takeError());
      return note("code generation");
    }
    results[i].code = std::move(*code);
  });
  std::vector<std::string> objects;
  for (Result &result : results) {
    if (!result.failure.message.empty()) {
      artifact.failed = true;
      artifact.failure = std::move(result.failure);
      artifact.failure.reproducer =
          writeReproducer(original, "tfc-pipeline", options);
      return false;
    }
    objects.push_back(std::move(result.code.object));
  }
  artifact.code = std::move(results.front().code);
  auto code = archive(objects);
  if (!code)
    return fail("code generation", llvm::toString(code.takeError()));
  artifact.code.object = std::move(*code);
  return true;
}

Artifact Driver::run() {
  if (!checkOptions())
    return std::move(artifact);
  loadDialects(original.getContext(), optionsOf.front());
  if (failed(verify(original))) {
    fail("input");
    return std::move(artifact);
  }
  modules.push_back(original.clone());
  bool remarks = optionsOf.front().remarks;
  if (remarks)
    (*modules.front())
        ->setAttr(rt::wantsRemarks, UnitAttr::get(original.getContext()));
  markConstants(*modules.front(), optionsOf.front());
  artifact.entries = describeSignatures(*modules.front());
  if (artifact.entries.empty())
    fail("input",
         "the module has no entry: no function has the attribute tfc.entry");
  else if (runStages() && (parts.empty() ? emitCode() : emitParts()) && remarks)
    artifact.dumps.emplace_back("remarks", std::move(errors.remarks));
  return std::move(artifact);
}

} // namespace

Artifact tfc::compile(ModuleOp module, const CompileOptions &options) {
  return Driver(module, options).run();
}

CompileFailure tfc::runStage(ModuleOp module, StringRef stage,
                             const CompileOptions &options, bool &failedFlag) {
  loadDialects(module.getContext(), options);
  Errors errors(module.getContext());
  markConstants(module, options);
  failedFlag = failed(runPasses(module, stage, options, errors)) ||
               failed(verify(module));
  return failedFlag ? explain(errors, stage) : CompileFailure();
}
