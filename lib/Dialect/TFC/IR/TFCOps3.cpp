//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The generated op classes, shard 3 of 4.
//===----------------------------------------------------------------------===//

#include "mlir/IR/Builders.h"
#include "tfc/Dialect/TFC/IR/TFCOps.h"

#define GET_OP_DEFS_3
#include "tfc/Dialect/TFC/IR/TFCOps.cpp.inc"
