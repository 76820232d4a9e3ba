//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Makes a failing .mlir file smaller, with the tfc dialect and passes.
//===----------------------------------------------------------------------===//

#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-reduce/MlirReduceMain.h"
#include "tfc/InitAll.h"
#include "tfc/Tools/CheckBytecode.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"

/// Every argument that is a file of bytecode can be read.
static bool canRead(int argc, char **argv,
                    const mlir::DialectRegistry &registry) {
  for (int i = 1; i < argc; ++i) {
    if (argv[i][0] == '-' || !llvm::sys::fs::is_regular_file(argv[i]))
      continue;
    auto file = llvm::MemoryBuffer::getFile(argv[i]);
    if (file &&
        llvm::failed(tfc::checkBytecode((*file)->getMemBufferRef(), registry,
                                        /*allowUnregisteredDialects=*/true)))
      return false;
  }
  return true;
}

int main(int argc, char **argv) {
  mlir::registerAllPasses();
  tfc::registerAllPasses();
  mlir::DialectRegistry registry;
  tfc::registerAllDialects(registry);
  if (!canRead(argc, argv, registry))
    return 1;
  mlir::MLIRContext context(registry);
  return mlir::failed(mlir::mlirReduceMain(argc, argv, context));
}
