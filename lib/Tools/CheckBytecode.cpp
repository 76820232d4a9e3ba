//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// A child process reads the bytecode first. It cannot be checked otherwise:
// what an encoding means is known to the dialects' own readers alone, and
// those assert.
//===----------------------------------------------------------------------===//

#include "tfc/Tools/CheckBytecode.h"

#include "mlir/Bytecode/BytecodeReader.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"
#include <cerrno>
#include <fcntl.h>
#include <memory>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/// What a reader may take: a damaged size asks for all the memory there is, or
/// for a loop that takes for ever.
constexpr rlim_t kBytes = rlim_t(8) << 30;
constexpr unsigned kSeconds = 120;

static void limit(int resource, rlim_t most) {
  rlimit now;
  if (getrlimit(resource, &now) == 0 &&
      (now.rlim_cur == RLIM_INFINITY || now.rlim_cur > most)) {
    now.rlim_cur = most;
    setrlimit(resource, &now);
  }
}

/// The child: reads, in silence, and ends.
[[noreturn]] static void readAndExit(llvm::MemoryBufferRef buffer,
                                     const mlir::DialectRegistry &registry,
                                     bool allowUnregisteredDialects) {
  if (int null = open("/dev/null", O_WRONLY); null >= 0) {
    dup2(null, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
  }
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_AS, kBytes);
  alarm(kSeconds);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  context.allowUnregisteredDialects(allowUnregisteredDialects);
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(
      llvm::MemoryBuffer::getMemBuffer(buffer,
                                       /*RequiresNullTerminator=*/false),
      llvm::SMLoc());
  mlir::OwningOpRef<mlir::Operation *> module =
      mlir::parseSourceFile(sources, mlir::ParserConfig(&context));
  if (module) // what was read is whole: it can be walked and written
    module.get()->print(llvm::nulls());
  _exit(0);
}

llvm::LogicalResult tfc::checkBytecode(llvm::MemoryBufferRef buffer,
                                       const mlir::DialectRegistry &registry,
                                       bool allowUnregisteredDialects) {
  if (!mlir::isBytecode(buffer))
    return llvm::success();
  pid_t child = fork();
  if (child < 0) {
    llvm::errs() << buffer.getBufferIdentifier()
                 << ": error: cannot start a process that reads the bytecode\n";
    return llvm::failure();
  }
  if (child == 0)
    readAndExit(buffer, registry, allowUnregisteredDialects);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
    return llvm::success();
  llvm::errs() << buffer.getBufferIdentifier()
               << ": error: damaged MLIR bytecode: its reader fails on it; "
                  "write the file again\n";
  return llvm::failure();
}
