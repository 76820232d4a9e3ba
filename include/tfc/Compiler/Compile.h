//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The driver: a traced module in, an artifact out.
//===----------------------------------------------------------------------===//

#ifndef TFC_COMPILER_COMPILE_H
#define TFC_COMPILER_COMPILE_H

#include "mlir/IR/BuiltinOps.h"
#include "tfc/Target/Emit.h"
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace tfc {

struct CompileOptions {
  TargetOptions target;
  bool contract = true;
  bool reassociate = true;
  bool parallel = true;
  bool poll = false;  ///< the host may stop loops
  bool tiles = false; ///< the process may use AMX: see `tfc._native.has_tiles`
  double chainMicroseconds =
      50; ///< what each of the chains that run at the same time takes at least
  bool parts = false;      ///< large code may be an archive of objects, made by
                           ///< several threads
  bool lineTables = false; ///< code knows the user's lines
  bool remarks = false;    ///< keep what passes say; the dump "remarks"
  std::vector<unsigned> constants; ///< arguments that are the same tensors in
                                   ///< every call: panels of them may be kept
  bool keepVariables = false; ///< so may panels of variables that are only read
  std::string disable; ///< optional passes to leave out, separated by ';'
  std::string reproducerDirectory; ///< empty: a new one under the system's
                                   ///< temporary directory
  /// Kernels for a device: see the options of the stages (`gpu-...`).
  std::string gpu, gpuFeatures, gpuChip, gpuFormat, gpuToolkit;
  int64_t gpuThreads = 0, gpuShared = 0, gpuDevice = 0, gpuSubgroup = -1;
  std::vector<std::string>
      dump; ///< stages, "llvm-ir", "llvm-ir-optimized", "asm"
  std::function<void(llvm::StringRef)>
      progress; ///< called with the name of each stage that begins

  /// Sets the option of that name; returns what is wrong, or nothing.
  std::string set(llvm::StringRef name, llvm::StringRef value);

private:
  std::string setDisabled(llvm::StringRef names);
};

/// One buffer of an entry's interface.
struct BufferInfo {
  enum Kind { argument, variable, result } kind;
  std::string name;
  int32_t dtype;              ///< enum tfc_dtype
  std::vector<int64_t> shape; ///< -1: unknown
  bool read = true, written = false;
};

struct EntryInfo {
  std::string symbol;
  std::vector<BufferInfo> buffers; ///< in the order of the interface
  int64_t arenaBytes = 0;
  std::vector<int64_t>
      panelBytes; ///< of each buffer that the host keeps between calls
  std::vector<int64_t>
      panelSources; ///< number of the argument or variable that it is of
  double flops =
      0; ///< of ops with known sizes, loops of unknown length counted once
  int64_t bytes = 0; ///< of buffers with known sizes
};

/// One kernel, or what stays on the host.
struct KernelInfo {
  std::string name, kind, location;
  std::string code; ///< SPIR-V, PTX or a cubin
};
struct HostOpInfo {
  std::string op, why, location;
};

/// Why there is no artifact.
struct CompileFailure {
  std::string message;
  std::string location; ///< "file:line:column" of the user's program, or empty
  std::string stage;
  std::string reproducer; ///< path of a file that shows the failure, or empty
};

struct Artifact {
  Emitted code;
  std::vector<EntryInfo> entries;
  std::vector<KernelInfo> kernels;
  std::vector<HostOpInfo> host;
  std::vector<std::pair<std::string, std::string>>
      dumps; ///< what `dump` asked for
  CompileFailure failure;
  bool failed = false;

  /// Entries and target as JSON.
  std::string describe() const;
};

/// Compiles every entry of the module, which is left as it is. Never throws or
/// exits; the artifact says whether it `failed`.
Artifact compile(mlir::ModuleOp module, const CompileOptions &options);

/// Runs one stage on the module in place.
CompileFailure runStage(mlir::ModuleOp module, llvm::StringRef stage,
                        const CompileOptions &options, bool &failed);

} // namespace tfc

#endif // TFC_COMPILER_COMPILE_H
