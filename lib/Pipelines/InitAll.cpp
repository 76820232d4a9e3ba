//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The one registration point.
//===----------------------------------------------------------------------===//

#include "tfc/InitAll.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "tfc/Conversion/GPU/Passes.h"
#include "tfc/Conversion/Passes.h"
#include "tfc/Dialect/TFC/IR/TFC.h"
#include "tfc/Dialect/TFC/Transforms/Passes.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"
#include "tfc/Dialect/TFCRT/Transforms/Passes.h"
#include "tfc/Pipelines/Pipelines.h"

void tfc::registerDialects(mlir::DialectRegistry &registry) {
  registry.insert<TFCDialect, rt::TFCRTDialect>();
}

void tfc::registerAllDialects(mlir::DialectRegistry &registry) {
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  registerDialects(registry);
}

void tfc::registerAllPasses() {
  registerTFCTransformsPasses();
  registerTFCConversionPasses();
  registerTFCGPUConversionPasses();
  rt::registerTFCRTTransformsPasses();
  registerPipelines();
}
