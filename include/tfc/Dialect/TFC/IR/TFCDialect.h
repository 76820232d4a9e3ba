//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef TFC_DIALECT_TFC_IR_TFCDIALECT_H
#define TFC_DIALECT_TFC_IR_TFCDIALECT_H

#include "mlir/IR/Dialect.h"

#include "tfc/Dialect/TFC/IR/TFCDialect.h.inc"

#endif // TFC_DIALECT_TFC_IR_TFCDIALECT_H
