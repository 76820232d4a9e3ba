//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Runs passes on MLIR files: mlir-opt with the tfc dialect, passes and
// pipelines.
//===----------------------------------------------------------------------===//

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Support/FileUtilities.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "tfc/InitAll.h"
#include "tfc/Tools/CheckBytecode.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/ToolOutputFile.h"
#include "llvm/Support/raw_ostream.h"
#include <memory>
#include <string>
#include <utility>

/// Whether its elements are more than a number can tell: MLIR counts them.
static bool isBeyondNumbers(mlir::Type type) {
  auto memref = llvm::dyn_cast<mlir::MemRefType>(type);
  if (!memref)
    return false;
  int64_t elements = 1;
  for (int64_t size : memref.getShape())
    if (!mlir::ShapedType::isDynamic(size) &&
        llvm::MulOverflow(elements, size, elements))
      return true;
  return false;
}

namespace {
/// Runs before all others, which ask for strides.
struct CheckSizes : mlir::PassWrapper<CheckSizes, mlir::OperationPass<>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(CheckSizes)

  void runOnOperation() override {
    auto check = [](mlir::Operation *op, mlir::Type type) {
      bool isFine = !isBeyondNumbers(type);
      if (!isFine)
        op->emitError("expected memory of less than 2^63 elements, got ")
            << type;
      return isFine;
    };
    mlir::WalkResult found = getOperation()->walk([&](mlir::Operation *op) {
      for (mlir::Type type : op->getResultTypes())
        if (!check(op, type))
          return mlir::WalkResult::interrupt();
      for (mlir::Region &region : op->getRegions())
        for (mlir::Block &block : region)
          for (mlir::Type type : block.getArgumentTypes())
            if (!check(op, type))
              return mlir::WalkResult::interrupt();
      return mlir::WalkResult::advance();
    });
    if (found.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace

/// What MLIR's parser takes for granted, and ends the process if it is not so.
static llvm::LogicalResult checkText(llvm::MemoryBufferRef file) {
  llvm::StringRef text = file.getBuffer();
  auto refuse = [&](size_t at, const char *wanted) {
    llvm::StringRef before = text.take_front(at);
    llvm::errs() << file.getBufferIdentifier() << ":" << before.count('\n') + 1
                 << ":" << at - (before.rfind('\n') + 1) + 1
                 << ": error: expected " << wanted << "\n";
    return llvm::failure();
  };
  // Quoted texts and comments may say anything.
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') {
      for (++i; i < text.size() && text[i] != '"' && text[i] != '\n'; ++i)
        i += text[i] == '\\';
      continue;
    }
    llvm::StringRef rest = text.drop_front(i);
    if (rest.starts_with("//")) {
      i = std::min(text.find('\n', i), text.size());
    } else if (rest.consume_front("array<")) {
      if (rest.ltrim().starts_with("index"))
        return refuse(i, "an array of i1, i8, i16, i32, i64, f32 or f64, got "
                         "one of index; try i64");
    } else if (rest.consume_front("iterator_types")) {
      rest = rest.ltrim();
      if (!rest.consume_front("=") || !(rest = rest.ltrim()).consume_front("["))
        continue;
      llvm::StringRef kinds = rest.take_until([](char c) { return c == ']'; });
      while (!(kinds = kinds.ltrim(" \t\r\n,")).empty()) {
        if (kinds.front() != '"' && kinds.front() != '#')
          return refuse(i, "iterator types \"parallel\" or \"reduction\", "
                           "got something that is no text");
        kinds = kinds.drop_until([](char c) { return c == ','; });
      }
    }
  }
  return llvm::success();
}

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
  bool isText = !file->getBuffer().starts_with("ML\xefR");
  if (isText && llvm::failed(checkText(file->getMemBufferRef())))
    return llvm::failure();
  config.setPassPipelineSetupFn([chosen = config](mlir::PassManager &manager) {
    manager.addPass(std::make_unique<CheckSizes>());
    return chosen.setupPassPipeline(manager);
  });
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
