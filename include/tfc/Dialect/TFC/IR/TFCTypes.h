//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef TFC_DIALECT_TFC_IR_TFCTYPES_H
#define TFC_DIALECT_TFC_IR_TFCTYPES_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/TypeRange.h"
#include "tfc/Dialect/TFC/IR/TFCDialect.h"

#define GET_TYPEDEF_CLASSES
#include "tfc/Dialect/TFC/IR/TFCTypes.h.inc"

namespace tfc {

/// Whether a tensor of the dialect may have elements of this type.
bool isElementType(mlir::Type type);

/// Whether some value may have both types: same element type, no known
/// dimension contradicts. Lists are compatible if their elements are.
bool isCompatible(mlir::Type a, mlir::Type b);

/// `isCompatible` pair by pair; what a result type may be given an inferred
/// one.
bool areCompatibleTypes(mlir::TypeRange inferred, mlir::TypeRange actual);

/// What two compatible types say together: the known dimensions of both.
mlir::TensorType mergeTypes(mlir::TensorType a, mlir::TensorType b);

} // namespace tfc

#endif // TFC_DIALECT_TFC_IR_TFCTYPES_H
