//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The stages of compilation, by name.
//===----------------------------------------------------------------------===//

#ifndef TFC_PIPELINES_PIPELINES_H
#define TFC_PIPELINES_PIPELINES_H

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

namespace tfc {

/// What a user may choose. Names and defaults are those of the options of the
/// pipelines in `tfc-opt` and of the dictionary that Python gives.
struct StageOptions : public mlir::PassPipelineOptions<StageOptions> {
  Option<bool> contract{
      *this, "contract",
      llvm::cl::desc("let a multiplication and an addition become one FMA"),
      llvm::cl::init(true)};
  Option<bool> reassociate{
      *this, "reassociate",
      llvm::cl::desc("let reductions be computed in another order"),
      llvm::cl::init(true)};
  Option<bool> parallel{*this, "parallel",
                        llvm::cl::desc("let several threads share large loops"),
                        llvm::cl::init(true)};
  Option<double> chainMicroseconds{
      *this, "chain-microseconds",
      llvm::cl::desc(
          "what each of the chains that run at the same time takes at least"),
      llvm::cl::init(50)};
  Option<bool> poll{
      *this, "poll",
      llvm::cl::desc("let loops that may take long ask whether to go on"),
      llvm::cl::init(false)};
  Option<std::string> disable{
      *this, "disable",
      llvm::cl::desc("optional passes to leave out, separated by ';'"),
      llvm::cl::init("")};
  Option<int64_t> vectorBits{
      *this, "vector-bits",
      llvm::cl::desc("size of the target's vector registers"),
      llvm::cl::init(128)};
  Option<int64_t> vectorRegisters{
      *this, "vector-registers",
      llvm::cl::desc("how many vector registers the target has"),
      llvm::cl::init(16)};
  Option<std::string> bf16Pairs{
      *this, "bf16-pairs",
      llvm::cl::desc("what multiplies pairs of bf16: none, vectors or tiles"),
      llvm::cl::init("none")};
  Option<bool> fma{
      *this, "fma",
      llvm::cl::desc("the target multiplies and adds in one instruction"),
      llvm::cl::init(false)};
  Option<bool> avx512{
      *this, "avx512",
      llvm::cl::desc("the target has AVX-512: powers of two and tables of "
                     "32 numbers in one instruction"),
      llvm::cl::init(false)};
  Option<bool> f16{*this, "f16",
                   llvm::cl::desc("the target converts between f16 and f32"),
                   llvm::cl::init(false)};
  Option<bool> f64ToF16{
      *this, "f64-to-f16",
      llvm::cl::desc("the target converts f64 to f16 in one step"),
      llvm::cl::init(false)};
  Option<std::string> gpu{*this, "gpu",
                          llvm::cl::desc("kernels for: spirv, nvptx, or none"),
                          llvm::cl::init("")};
  Option<std::string> gpuFeatures{
      *this, "gpu-features",
      llvm::cl::desc("types that a spirv device has, and tf32, joined by '+'"),
      llvm::cl::init("f64+f16+i64+i16+i8")};
  Option<int64_t> gpuThreads{*this, "gpu-threads",
                             llvm::cl::desc("threads of a block"),
                             llvm::cl::init(256)};
  Option<int64_t> gpuShared{*this, "gpu-shared",
                            llvm::cl::desc("bytes of shared memory of a block"),
                            llvm::cl::init(32768)};
  Option<int64_t> gpuSubgroup{
      *this, "gpu-subgroup",
      llvm::cl::desc("threads that exchange registers; 0: none, -1: as usual "
                     "for the target"),
      llvm::cl::init(-1)};
  Option<int64_t> gpuDevice{*this, "gpu-device",
                            llvm::cl::desc("number of the device"),
                            llvm::cl::init(0)};
  Option<std::string> gpuChip{*this, "gpu-chip",
                              llvm::cl::desc("architecture, for nvptx"),
                              llvm::cl::init("sm_80")};
  Option<std::string> gpuFormat{
      *this, "gpu-format",
      llvm::cl::desc("isa (PTX) or bin (cubin), for nvptx"),
      llvm::cl::init("isa")};
  Option<std::string> gpuToolkit{
      *this, "gpu-toolkit",
      llvm::cl::desc("folder of a CUDA toolkit, for nvptx"),
      llvm::cl::init("")};
  /// Passes for which a module has nothing to do: see `unneededPasses`.
  llvm::SmallVector<llvm::StringRef> unneeded;
};

/// Passes that walk over a whole module for kinds of ops that this one does not
/// have.
llvm::SmallVector<llvm::StringRef> unneededPasses(mlir::Operation *module);

/// The names of the passes that only make code faster, and that `disable` may
/// name.
llvm::ArrayRef<llvm::StringRef> optionalPassNames();

/// The names of all stages, in the order of compilation; compound ones last.
llvm::ArrayRef<llvm::StringRef> stageNames();

/// Adds the passes of the stage to a pass manager of `builtin.module`. Fails
/// with a message on `errors` if there is no such stage or one of its passes is
/// not registered.
mlir::LogicalResult buildStage(llvm::StringRef name,
                               const StageOptions &options,
                               mlir::OpPassManager &manager,
                               llvm::raw_ostream &errors);

/// Registers every stage as a pass pipeline.
void registerPipelines();

} // namespace tfc

#endif // TFC_PIPELINES_PIPELINES_H
