//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Runs passes on MLIR files: mlir-opt with the tfc dialect, passes and
// pipelines.
//===----------------------------------------------------------------------===//

#include "mlir/IR/DialectRegistry.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Support/FileUtilities.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "tfc/InitAll.h"
#include "tfc/Tools/CheckBytecode.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/ToolOutputFile.h"
#include "llvm/Support/raw_ostream.h"
#include <memory>
#include <string>
#include <utility>

/// What MlirOptMain does with a file; bytecode is checked before.
static llvm::LogicalResult process(int argc, char **argv,
                                   mlir::DialectRegistry &registry,
                                   const std::string &input,
                                   const std::string &output) {
  mlir::MlirOptMainConfig config =
      mlir::MlirOptMainConfig::createFromCLOptions();
  if (config.shouldShowDialects() || config.shouldListPasses())
    return mlir::MlirOptMain(argc, argv, input, output, registry);
  std::string message;
  std::unique_ptr<llvm::MemoryBuffer> file =
      mlir::openInputFile(input, &message);
  if (!file) {
    llvm::errs() << message << "\n";
    return llvm::failure();
  }
  if (llvm::failed(
          tfc::checkBytecode(file->getMemBufferRef(), registry,
                             config.shouldAllowUnregisteredDialects())))
    return llvm::failure();
  llvm::InitLLVM initialized(argc, argv);
  std::unique_ptr<llvm::ToolOutputFile> made =
      mlir::openOutputFile(output, &message);
  if (!made) {
    llvm::errs() << message << "\n";
    return llvm::failure();
  }
  if (llvm::failed(
          mlir::MlirOptMain(made->os(), std::move(file), registry, config)))
    return llvm::failure();
  made->keep();
  return llvm::success();
}

int main(int argc, char **argv) {
  mlir::registerAllPasses();
  tfc::registerAllPasses();
  mlir::DialectRegistry registry;
  tfc::registerAllDialects(registry);
  auto [input, output] = mlir::registerAndParseCLIOptions(
      argc, argv, "tfc optimizer driver\n", registry);
  return mlir::asMainReturnCode(process(argc, argv, registry, input, output));
}
