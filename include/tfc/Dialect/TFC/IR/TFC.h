//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The dialect: types, ops, resources.
//===----------------------------------------------------------------------===//

#ifndef TFC_DIALECT_TFC_IR_TFC_H
#define TFC_DIALECT_TFC_IR_TFC_H

#include "tfc/Dialect/TFC/IR/TFCDialect.h"
#include "tfc/Dialect/TFC/IR/TFCOps.h"
#include "tfc/Dialect/TFC/IR/TFCTypes.h"

#endif // TFC_DIALECT_TFC_IR_TFC_H
