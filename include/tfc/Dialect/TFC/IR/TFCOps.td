//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// All ops, by family.
//
//===----------------------------------------------------------------------===//

#ifndef TFC_DIALECT_TFC_IR_TFCOPS_TD
#define TFC_DIALECT_TFC_IR_TFCOPS_TD

include "tfc/Dialect/TFC/IR/TFCElementwiseOps.td"
include "tfc/Dialect/TFC/IR/TFCShapeOps.td"
include "tfc/Dialect/TFC/IR/TFCReductionOps.td"
include "tfc/Dialect/TFC/IR/TFCIndexingOps.td"
include "tfc/Dialect/TFC/IR/TFCWindowOps.td"
include "tfc/Dialect/TFC/IR/TFCMatrixOps.td"
include "tfc/Dialect/TFC/IR/TFCControlOps.td"
include "tfc/Dialect/TFC/IR/TFCStateOps.td"
include "tfc/Dialect/TFC/IR/TFCListOps.td"
include "tfc/Dialect/TFC/IR/TFCStringOps.td"

#endif // TFC_DIALECT_TFC_IR_TFCOPS_TD
