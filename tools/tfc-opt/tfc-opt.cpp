//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Runs passes on MLIR files: mlir-opt with the tfc dialect, passes and pipelines.
//===----------------------------------------------------------------------===//

#include "mlir/IR/DialectRegistry.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "tfc/InitAll.h"

int main(int argc, char **argv) {
  mlir::registerAllPasses();
  tfc::registerAllPasses();
  mlir::DialectRegistry registry;
  tfc::registerAllDialects(registry);
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "tfc optimizer driver\n", registry));
}
