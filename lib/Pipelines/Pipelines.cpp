//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The table of stages: what runs, in which order, and why.
//===----------------------------------------------------------------------===//

#include "tfc/Pipelines/Pipelines.h"
#include "mlir/Pass/PassRegistry.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using llvm::StringRef;

namespace {

enum class Kind {
  pass,
  optional,         ///< only makes code faster: may be switched off
  optionalOnDevice, ///< the same, and only where kernels of a GPU are made
  stage
};

/// One step of a stage: a pass (with its options, as `mlir-opt` spells them) or
/// another stage. `${contract}` and the like stand for the options of those
/// names.
struct Step {
  StringRef text;
  StringRef why;
  Kind kind = Kind::pass;
};

struct Stage {
  StringRef name;
  StringRef summary;
  llvm::ArrayRef<Step> steps;
};

constexpr Step optimize[] = {
    {"tfc-inline-calls", "a call hides what its callee reads and writes"},
    {"canonicalize",
     "constants that tracing left open decide branches and shapes"},
    {"func.func(tfc-refine-shapes)",
     "static shapes need no checks and no dynamic memory"},
    {"func.func(tfc-size-lists)",
     "before checks: indices of lists of a known length are in range",
     Kind::optional},
    {"func.func(tfc-insert-checks)",
     "run-time errors of pure ops become effects, in their place"},
    {"tfc-forward-stores",
     "what is in memory only between a store and a read need not be there",
     Kind::optional},
    {"tfc-merge-reads", "fewer values to keep", Kind::optional},
    {"tfc-remove-dead-effects",
     "after forwarding: stores that only those reads saw", Kind::optional},
    {"tfc-hoist-reads", "a loop need not read again what it does not write",
     Kind::optional},
    {"tfc-promote-variables",
     "the text is in program order: tokens are not needed for values",
     Kind::optional},
    {"tfc-merge-prints",
     "after promotion: no writes lie between prints any more", Kind::optional},
    {"func.func(tfc-split-complex-products)",
     "kernels multiply real matrices; the sizes are known and checked",
     Kind::optionalOnDevice},
    {"canonicalize", "promotion leaves casts and loops that carry too much"},
    {"cse", "equal computations on both sides of what was an effect",
     Kind::optional},
    {"func.func(tfc-share-factors)", "equal matrices are one value",
     Kind::optional},
};

constexpr Step order[] = {
    {"tfc-inline-calls", "calls with effects take no tokens"},
    {"tfc-order-effects", "program order becomes the fewest token edges"},
};

constexpr Step toLinalg[] = {
    {"convert-tfc-to-linalg{bf16-pairs=${bf16-pairs} "
     "reassociate=${reassociate}}",
     "ops become index spaces, elementwise ones fused as they are built"},
};

constexpr Step pack[] = {
    {"tfc-pack-abi",
     "destinations of results and variables are known before bufferization"},
    {"tfc-guard-variables",
     "before anything moves or merges reads of variables"},
};

constexpr Step bufferize[] = {
    {"canonicalize", "less to analyze"},
    {"cse", "equal temporaries would get two buffers", Kind::optional},
    {"tfc-renew-carried",
     "before operands are reused: one that dies may be what another variable "
     "goes on in",
     Kind::optional},
    {"tfc-reuse-operands", "elementwise chains work in one buffer",
     Kind::optional},
    {"tfc-guard-variables", "operands just overwritten may be variables"},
    {"tfc-place-results",
     "after chains are tied together: all of one computes in the result",
     Kind::optional},
    {"tfc-bufferize", "tensors become memory"},
    {"canonicalize", "casts between tensors and buffers, copies to themselves"},
    {"cse", "equal views", Kind::optional},
};

constexpr Step toLoops[] = {
    {"tfc-real-products{parallel=${parallel}}",
     "before loops are fused: the copies that they need are loops, too",
     Kind::optional},
    {"tfc-promote-half",
     "before functions are expanded, which are known for f32 and f64"},
    {"tfc-expand-math{most-inlined=64 fma=${fma} "
     "avx512=${avx512} leave-powers=true}",
     "vectorizable arithmetic instead of calls of libm; more copies of "
     "them would not fit in an instruction cache"},
    {"tfc-set-fast-math{contract=${contract} reassociate=${reassociate}}",
     "after the last pass that makes floating-point ops"},
    {"tfc-remove-unit-dims",
     "before anybody asks which loop vectors go along, or which dimension ops "
     "share",
     Kind::optional},
    {"tfc-reorder-inputs{vector-bits=${vector-bits}}",
     "before loops are fused: a row does not read its inputs often enough",
     Kind::optional},
    {"tfc-fuse-scans{parallel=${parallel}}",
     "blocks that stay in the cache; before loops are fused without the scans",
     Kind::optional},
    {"tfc-fuse-loops{parallel=${parallel}}",
     "rows that stay in the cache; kernels and loops see slices",
     Kind::optional},
    {"tfc-share-groups",
     "equal layers are lowered once; loops that are fused are known",
     Kind::optional},
    {"tfc-lower-contractions{vector-bits=${vector-bits} "
     "vector-registers=${vector-registers} "
     "bf16-pairs=${bf16-pairs} reassociate=${reassociate} "
     "parallel=${parallel}}",
     "matrix products need tiles; flags of their bodies are known",
     Kind::optional},
    {"tfc-linalg-to-loops{vector-bits=${vector-bits} "
     "reassociate=${reassociate} parallel=${parallel}}",
     "loops in the order that LLVM vectorizes"},
    {"tfc-call-math{contract=${contract} fma=${fma} avx512=${avx512}}",
     "functions of vectors, where loops have them now"},
    {"tfc-expand-periodic{contract=${contract} fma=${fma} avx512=${avx512}}",
     "a branch for whole vectors; loops have them now"},
    {"tfc-expand-half{f16=${f16} f64-to-f16=${f64-to-f16}}",
     "after kernels are made of conversions, and after flags are set"},
    {"tfc-settle-groups", "memory, and what threads share, belongs to entries"},
    {"func.func(tfc-parallelize-chains{parallel=${parallel} "
     "least-microseconds=${chain-microseconds}})",
     "after loops are shared out: what is left of them runs beside each other",
     Kind::optional},
    {"func.func(tfc-plan-memory{stack-bytes=${stack-bytes}})",
     "after the last pass that makes buffers; kernels do not see the stack"},
    {"tfc-poll-host{enabled=${poll}}",
     "costs are known, and what threads share is not outlined yet"},
    {"tfc-outline-parallel",
     "memory is known by pointers, which its functions take"},
    {"tfc-share-loops",
     "equal layers: code generation takes longer than all passes",
     Kind::optional},
};

constexpr Step toKernels[] = {
    {"tfc-promote-half", "functions are known for f32 and f64"},
    {"tfc-set-fast-math{contract=${contract} reassociate=${reassociate}}",
     "flags say which sums may be trees"},
    {"tfc-linalg-to-gpu{target=${gpu} features=${gpu-features} "
     "chip=${gpu-chip} "
     "subgroup=${gpu-subgroup} reassociate=${reassociate} "
     "max-threads=${gpu-threads} shared-bytes=${gpu-shared}}",
     "groups of linalg ops become kernels"},
    {"gpu-kernel-outlining",
     "before constants are hoisted: kernels become functions of the device"},
    {"canonicalize",
     "indices of dimensions of size 1, buffers that only lived in a kernel"},
    {"cse", "equal loads and indices"},
    {"tfc-wait-for-device", "launches return before kernels have run"},
};

constexpr Step toSPIRV[] = {
    {"tfc-gpu-to-spirv{features=${gpu-features} subgroup=${gpu-subgroup}}",
     "what Vulkan runs"},
};

constexpr Step toNVPTX[] = {
    {"tfc-gpu-to-nvptx{chip=${gpu-chip} format=${gpu-format} "
     "toolkit=${gpu-toolkit}}",
     "what CUDA runs"},
};

constexpr Step toLLVM[] = {
    {"convert-complex-to-standard", "complex functions in terms of real ones"},
    {"convert-scf-to-cf{allow-pattern-rollback=false}",
     "early exits need branches; rewrites that may be undone would be noted "
     "for\n"
     "all that follows each branch"},
    {"tfc-launch-to-llvm{target=${gpu} device=${gpu-device}}",
     "kernels meet their runtime; failures return early"},
    {"tfc-runtime-to-llvm", "print, abort and dynamic memory meet the host"},
    {"tfc-to-llvm", "one conversion for the rest"},
    {"reconcile-unrealized-casts", "pairs left between the last two steps"},
};

constexpr Step linalgToLLVM[] = {
    {"tfc-pack", "", Kind::stage},
    {"tfc-bufferization", "", Kind::stage},
    {"tfc-buffers-to-loops", "", Kind::stage},
    {"tfc-loops-to-llvm", "", Kind::stage},
};

constexpr Step all[] = {
    {"tfc-optimize", "", Kind::stage},
    {"tfc-to-linalg", "", Kind::stage},
    {"tfc-pack", "", Kind::stage},
    {"tfc-bufferization", "", Kind::stage},
    {"tfc-buffers-to-loops", "", Kind::stage},
    {"tfc-loops-to-llvm", "", Kind::stage},
};

constexpr Stage stages[] = {
    {"tfc-order",
     "traced tfc -> tfc with the minimal partial order of its effects", order},
    {"tfc-optimize", "traced tfc -> optimized tfc, variables as values",
     optimize},
    {"tfc-to-linalg", "tfc -> linalg on tensors", toLinalg},
    {"tfc-pack", "linalg on tensors -> the same behind the binary interface",
     pack},
    {"tfc-bufferization", "packed linalg on tensors -> linalg on buffers",
     bufferize},
    {"tfc-buffers-to-loops", "linalg on buffers -> loops, memory planned",
     toLoops},
    {"tfc-buffers-to-kernels",
     "linalg on buffers -> kernels and the host's part", toKernels},
    {"tfc-kernels-to-spirv", "kernels -> SPIR-V", toSPIRV},
    {"tfc-kernels-to-nvptx", "kernels -> PTX or cubin", toNVPTX},
    {"tfc-loops-to-llvm", "loops -> the LLVM dialect", toLLVM},
    {"tfc-linalg-to-llvm", "linalg on tensors -> the LLVM dialect",
     linalgToLLVM},
    {"tfc-pipeline", "all stages: traced tfc -> the LLVM dialect", all},
};

/// A warp has 32 threads on every NVIDIA device; others differ.
int64_t subgroupOf(const tfc::StageOptions &options) {
  if (options.gpuSubgroup >= 0)
    return options.gpuSubgroup;
  return options.gpu == "nvptx" ? 32 : 0;
}

/// Fills in the options of a step.
std::string expand(StringRef text, const tfc::StageOptions &options) {
  std::string result;
  for (; !text.empty();) {
    auto take = [&](StringRef key, StringRef value) {
      bool found = text.consume_front(key);
      if (found)
        result += value;
      return found;
    };
    if (take("${contract}", options.contract ? "true" : "false") ||
        take("${reassociate}", options.reassociate ? "true" : "false") ||
        take("${fma}", options.fma ? "true" : "false") ||
        take("${avx512}", options.avx512 ? "true" : "false") ||
        take("${f16}", options.f16 ? "true" : "false") ||
        take("${f64-to-f16}", options.f64ToF16 ? "true" : "false") ||
        take("${parallel}", options.parallel ? "true" : "false") ||
        take("${poll}", options.poll ? "true" : "false") ||
        take(
            "${chain-microseconds}",
            llvm::formatv("{0}", options.chainMicroseconds.getValue()).str()) ||
        take("${vector-bits}", std::to_string(options.vectorBits)) ||
        take("${vector-registers}", std::to_string(options.vectorRegisters)) ||
        take("${bf16-pairs}", options.bf16Pairs) ||
        take("${gpu}", options.gpu.empty() ? StringRef("spirv")
                                           : StringRef(options.gpu)) ||
        take("${gpu-features}", options.gpuFeatures) ||
        take("${gpu-threads}", std::to_string(options.gpuThreads)) ||
        take("${gpu-shared}", std::to_string(options.gpuShared)) ||
        take("${gpu-subgroup}", std::to_string(subgroupOf(options))) ||
        take("${gpu-device}", std::to_string(options.gpuDevice)) ||
        take("${gpu-chip}", options.gpuChip) ||
        take("${gpu-format}", options.gpuFormat) ||
        take("${gpu-toolkit}", options.gpuToolkit) ||
        take("${stack-bytes}", options.gpu.empty() ? "64" : "0"))
      continue;
    result += text.front();
    text = text.drop_front();
  }
  return result;
}

/// The pass without its options and its anchor.
StringRef nameOf(const Step &step) {
  StringRef name = step.text.split('{').first;
  return name.consume_front("func.func(") ? name.split(')').first : name;
}

bool isOptional(const Step &step) {
  return step.kind == Kind::optional || step.kind == Kind::optionalOnDevice;
}

const Stage *find(StringRef name) {
  const Stage *stage =
      llvm::find_if(stages, [&](const Stage &s) { return s.name == name; });
  return stage == std::end(stages) ? nullptr : stage;
}

} // namespace

llvm::ArrayRef<StringRef> tfc::stageNames() {
  static const auto names =
      llvm::map_to_vector(stages, [](const Stage &s) { return s.name; });
  return names;
}

llvm::ArrayRef<StringRef> tfc::optionalPassNames() {
  static const auto names = [] {
    llvm::SmallVector<StringRef> found;
    for (const Stage &stage : stages)
      for (const Step &step : stage.steps)
        if (isOptional(step) && !llvm::is_contained(found, nameOf(step)))
          found.push_back(nameOf(step));
    return found;
  }();
  return names;
}

LogicalResult tfc::buildStage(StringRef name, const StageOptions &options,
                              OpPassManager &manager,
                              llvm::raw_ostream &errors) {
  const Stage *stage = find(name);
  if (!stage) {
    errors << "there is no stage '" << name << "'; stages are ";
    llvm::interleaveComma(stageNames(), errors);
    return failure();
  }
  llvm::SmallVector<StringRef> disabled;
  StringRef(options.disable).split(disabled, ';', -1, /*KeepEmpty=*/false);
  for (StringRef pass : disabled)
    if (!llvm::is_contained(optionalPassNames(), pass)) {
      errors << "the pass '" << pass << "' cannot be disabled; these can: ";
      llvm::interleaveComma(optionalPassNames(), errors);
      return failure();
    }
  for (const Step &step : stage->steps) {
    if (llvm::is_contained(options.unneeded, nameOf(step)))
      continue;
    if (isOptional(step) && llvm::is_contained(disabled, nameOf(step)))
      continue;
    if (step.kind == Kind::optionalOnDevice && options.gpu.empty())
      continue;
    if (step.kind == Kind::stage) {
      if (failed(buildStage(step.text, options, manager, errors)))
        return failure();
      continue;
    }
    if (failed(parsePassPipeline(expand(step.text, options), manager, errors)))
      return failure();
  }
  return success();
}

llvm::SmallVector<StringRef> tfc::unneededPasses(Operation *module) {
  auto isComplex = [](Operation *op) {
    bool found = op->getName().getDialectNamespace() == "complex";
    return found ? WalkResult::interrupt() : WalkResult::advance();
  };
  if (module->walk(isComplex).wasInterrupted())
    return {};
  return {"convert-complex-to-standard"};
}

void tfc::registerPipelines() {
  // The registry keeps functions, not states: one closure for each name.
  for (const Stage &stage : stages)
    registerPassPipeline(
        stage.name, stage.summary,
        [name = stage.name](
            OpPassManager &manager, StringRef text,
            llvm::function_ref<LogicalResult(const llvm::Twine &)> error) {
          StageOptions options;
          if (failed(options.parseFromString(text)))
            return failure();
          std::string message;
          llvm::raw_string_ostream stream(message);
          if (failed(buildStage(name, options, manager, stream)))
            return error(message);
          return success();
        },
        [](llvm::function_ref<void(const mlir::detail::PassOptions &)> show) {
          show(StageOptions());
        });
}
