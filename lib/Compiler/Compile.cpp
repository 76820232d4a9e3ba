//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Runs the stages, keeps what they say, writes down what they fail on.
//===----------------------------------------------------------------------===//

#include "tfc/Compiler/Compile.h"
#include "Describe.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/Transforms/Passes.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "tfc/Dialect/TFC/IR/TFC.h"
#include "tfc/Dialect/TFCRT/IR/Remark.h"
#include "tfc/Pipelines/Pipelines.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include <thread>
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
  else if (name == "sanitize_address")
    return boolean(target.sanitizeAddress);
  else if (name == "contract")
    return boolean(contract);
  else if (name == "reassociate")
    return boolean(reassociate);
  else if (name == "parallel")
    return boolean(parallel);
  else if (name == "tiles")
    return boolean(tiles);
  else if (name == "chain_microseconds") {
    if (value.getAsDouble(chainMicroseconds) || !(chainMicroseconds >= 0))
      return ("option chain_microseconds: expected a number of at least 0, got '" + value + "'").str();
  } else if (name == "line_tables")
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
            "check_cpu, sanitize_address, contract, "
            "reassociate, parallel, tiles, chain_microseconds, disable, line_tables, remarks, dump, "
            "reproducer_directory, gpu, gpu_features, "
            "gpu_chip, gpu_format, gpu_toolkit, gpu_threads, gpu_shared, "
            "gpu_subgroup, gpu_device")
        .str();
  return {};
}

namespace {

/// The errors of this thread's compilation; others share the context.
class Errors {
public:
  explicit Errors(MLIRContext *context)
      : handler(context, [this, thread = std::this_thread::get_id()](
                             Diagnostic &diagnostic) {
          if (std::this_thread::get_id() != thread)
            return failure();
          if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
            add(diagnostic);
          else if (diagnostic.getSeverity() == DiagnosticSeverity::Remark)
            remarks += describeLocation(diagnostic.getLocation()) + ": " +
                       diagnostic.str() + "\n";
          return success();
        }) {}

  std::string message, location, remarks;

private:
  void add(Diagnostic &diagnostic) {
    std::string where = describeLocation(diagnostic.getLocation());
    if (location.empty())
      location = where;
    if (!message.empty())
      message += "\n";
    message += diagnostic.str();
    for (Diagnostic &note : diagnostic.getNotes())
      if (std::string text = note.str();
          !StringRef(text).starts_with("see current operation"))
        message += "\n  note: " + text;
  }

  ScopedDiagnosticHandler handler;
};

StageOptions &fill(StageOptions &stage, const CompileOptions &options) {
  stage.contract = options.contract;
  stage.reassociate = options.reassociate;
  stage.parallel = options.parallel;
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
  if (auto machine = createTargetMachine(versions(options.target).front())) {
    VectorRegisters registers = vectorRegisters(**machine);
    stage.vectorBits = registers.bits;
    stage.vectorRegisters = registers.count;
    PairSupport pairs = pairSupport(**machine);
    stage.bf16Pairs = pairs.tiles && options.tiles ? "tiles" : pairs.vectors ? "vectors" : "none";
    HalfSupport half = halfSupport(**machine);
    stage.f16 = half.f16;
    stage.f64ToF16 = half.f64ToF16;
  } else {
    llvm::consumeError(machine.takeError()); // reported where code is made
  }
  return stage;
}

std::string text(ModuleOp module) {
  std::string result;
  llvm::raw_string_ostream stream(result);
  module->print(
      stream, OpPrintingFlags().enableDebugInfo(true, false).assumeVerified());
  return result;
}

/// Writes the module as it came, with the command that shows the failure.
/// Returns the path, or nothing.
std::string writeReproducer(ModuleOp module, StringRef stage,
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
         << " disable=" << options.disable << "\" " << path << "\n"
         << text(module);
  return path.str().str();
}

LogicalResult runPasses(ModuleOp module, StringRef stage,
                        const CompileOptions &options, Errors &errors) {
  PassManager manager(module.getContext());
  // Passes are tested with the verifier on; here it would cost as much as they
  // do.
  manager.enableVerifier(false);
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
  return manager.run(module);
}

CompileFailure explain(const Errors &errors, StringRef stage) {
  CompileFailure result;
  result.message = errors.message.empty()
                       ? "the compiler failed without a message"
                       : errors.message;
  result.location = errors.location;
  result.stage = stage.str();
  return result;
}

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

  ModuleOp original;
  std::vector<CompileOptions> optionsOf; ///< of each version
  Errors errors;
  SmallVector<OwningOpRef<ModuleOp>> modules; ///< of each version
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
  bool tellsDevice = stage == "tfc-to-linalg" && !optionsOf[version].gpu.empty();
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
    bool found = isa_and_present<TFCDialect>(op->getDialect()) || isa<func::CallOp>(op);
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
  }
  return true;
}

/// Gives functions a scope, without which locations do not become lines.
bool Driver::addLineTables(ModuleOp module) {
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

Artifact Driver::run() {
  if (!checkOptions())
    return std::move(artifact);
  if (failed(verify(original))) {
    fail("input");
    return std::move(artifact);
  }
  modules.push_back(original.clone());
  bool remarks = optionsOf.front().remarks;
  if (remarks)
    (*modules.front())
        ->setAttr(rt::wantsRemarks, UnitAttr::get(original.getContext()));
  artifact.entries = describeSignatures(*modules.front());
  if (artifact.entries.empty())
    fail("input",
         "the module has no entry: no function has the attribute tfc.entry");
  else if (runStages() && emitCode() && remarks)
    artifact.dumps.emplace_back("remarks", std::move(errors.remarks));
  return std::move(artifact);
}

} // namespace

Artifact tfc::compile(ModuleOp module, const CompileOptions &options) {
  return Driver(module, options).run();
}

CompileFailure tfc::runStage(ModuleOp module, StringRef stage,
                             const CompileOptions &options, bool &failedFlag) {
  Errors errors(module.getContext());
  failedFlag = failed(runPasses(module, stage, options, errors)) ||
               failed(verify(module));
  return failedFlag ? explain(errors, stage) : CompileFailure();
}
