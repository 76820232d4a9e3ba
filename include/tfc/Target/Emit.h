//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The LLVM dialect in, machine code out.
//===----------------------------------------------------------------------===//

#ifndef TFC_TARGET_EMIT_H
#define TFC_TARGET_EMIT_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include <memory>
#include <string>
#include <vector>

namespace llvm {
class TargetMachine;
class Triple;
} // namespace llvm

namespace tfc {

struct TargetOptions {
  std::string triple;         ///< empty: this machine's
  std::string cpu = "native"; ///< "native" needs this machine's triple; empty:
                              ///< the triple's baseline; several, separated by
                              ///< commas: see `versions`
  std::string features;       ///< "+a,-b", added to those of the cpu
  unsigned optLevel = 2;      ///< 0 to 3
  bool optSize = false;       ///< prefer small code where optLevel is not 0
  bool checkCpu = false; ///< entries report a CPU that lacks a feature instead
                         ///< of dying of it
  bool runsHere = false; ///< the code is for this machine: a cpu that has more
                         ///< is an error
  bool sanitizeAddress = false; ///< instrument memory accesses; needs the
                                ///< runtime of AddressSanitizer
};

/// What is wanted besides the object.
struct EmitRequest {
  bool assembly = false;
  bool llvmIR = false;          ///< before LLVM's optimizations
  bool optimizedLLVMIR = false; ///< after them
};

struct Emitted {
  std::string object;
  std::string assembly, llvmIR, optimizedLLVMIR; // empty unless requested
  std::string triple, cpu, features;             // what was compiled for
};

/// The options for each CPU of the list `cpu`, in its order.
std::vector<TargetOptions> versions(const TargetOptions &options);

/// What the baseline of an architecture has and has not, where LLVM's generic
/// CPU is another: armhf has no NEON (which flushes denormals) and 16
/// registers.
std::string baselineFeatures(const llvm::Triple &triple);

/// The machine to compile for: one CPU. Fails on triples, cpus and features
/// that this LLVM does not know.
llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
createTargetMachine(const TargetOptions &options);

/// Whether a program can ask its CPU for something that the machine has beyond
/// the baseline: then this may be a later one of several versions.
bool canTest(const llvm::TargetMachine &machine);

/// This machine, in the words of TargetOptions.
struct Host {
  std::string triple, cpu, features;
};
Host host();

/// The vector registers that kernels are shaped for.
struct VectorRegisters {
  int64_t bits = 128, count = 16;
};
VectorRegisters vectorRegisters(const llvm::TargetMachine &machine);

/// Instructions that multiply pairs of bf16: AVX512_BF16's, and those of AMX,
/// which a process has to ask the system for.
struct PairSupport {
  bool vectors = false, tiles = false;
};
PairSupport pairSupport(const llvm::TargetMachine &machine);

/// Conversions that the target has instructions for.
struct HalfSupport {
  bool f16 = false;      ///< between f16 and f32
  bool f64ToF16 = false; ///< in one step
};
HalfSupport halfSupport(const llvm::TargetMachine &machine);

/// Does the target multiply and add in one instruction, which rounds once?
bool hasFma(const llvm::TargetMachine &machine);

/// Does the target multiply vectors by powers of two in one instruction?
bool hasAvx512(const llvm::TargetMachine &machine);

/// Does the target have AVX2, which permutes eight lanes as another vector
/// says?
bool hasPermutations(const llvm::TargetMachine &machine);

/// Adds what `emit` needs to a registry of dialects.
void registerTargetTranslations(mlir::DialectRegistry &registry);

/// A module of the LLVM dialect, and the CPU that its loops were made for.
struct Version {
  mlir::ModuleOp module;
  TargetOptions options;
  bool scalarLoops = true; ///< there are loops for LLVM to vectorize
  bool isOfLarge = false;  ///< it is a part of a module of much code
};

/// Compiles versions of one program into one object. Its entries run the last
/// version that the CPU has the features for; the first is for the rest.
llvm::Expected<Emitted> emit(llvm::ArrayRef<Version> versions,
                             const EmitRequest &request = {});

/// One file of several objects that belong together.
llvm::Expected<std::string> archive(llvm::ArrayRef<std::string> objects);

} // namespace tfc

#endif // TFC_TARGET_EMIT_H
