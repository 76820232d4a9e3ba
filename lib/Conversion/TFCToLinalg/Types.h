//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The three faces of an element type: what the user wrote (`ui8`, `i1`), what
// lies in memory (`i8`) and what arithmetic works on (`i8`, `i1`).
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_TFCTOLINALG_TYPES_H
#define TFC_LIB_CONVERSION_TFCTOLINALG_TYPES_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

namespace tfc::lowering {

inline bool isBool(mlir::Type type) { return type.isInteger(1); }
inline bool isUnsigned(mlir::Type type) { return type.isUnsignedInteger(); }
inline bool isComplex(mlir::Type type) {
  return mlir::isa<mlir::ComplexType>(type);
}
inline bool isFloat(mlir::Type type) {
  return mlir::isa<mlir::FloatType>(type);
}
inline bool isInt(mlir::Type type) {
  return mlir::isa<mlir::IntegerType>(type) && !isBool(type);
}
/// f16 and bf16: arithmetic happens in f32, each op rounds.
inline bool isHalf(mlir::Type type) { return type.isF16() || type.isBF16(); }

/// The type of one element in memory: bool is a byte, integers are signless.
mlir::Type storageType(mlir::Type element);
/// The type of one element in arithmetic: bool is `i1`, integers are signless.
mlir::Type scalarType(mlir::Type element);
mlir::RankedTensorType storageType(mlir::RankedTensorType type);

/// `enum tfc_dtype` of tfc_rt.h.
int32_t dtypeCode(mlir::Type element);

/// Between memory and arithmetic; `element` is the user's type.
mlir::Value toScalar(mlir::OpBuilder &b, mlir::Location loc, mlir::Value stored,
                     mlir::Type element);
mlir::Value toStorage(mlir::OpBuilder &b, mlir::Location loc,
                      mlir::Value scalar, mlir::Type element);

/// One element of the user's type `element`, as arithmetic sees it.
mlir::Value constantScalar(mlir::OpBuilder &b, mlir::Location loc,
                           mlir::Type element, mlir::Attribute value);
/// 0, 1, -1...: a small number in any element type.
mlir::Value numberScalar(mlir::OpBuilder &b, mlir::Location loc,
                         mlir::Type element, int64_t number);
/// The least or greatest value (infinite for floats).
mlir::Value extremeScalar(mlir::OpBuilder &b, mlir::Location loc,
                          mlir::Type element, bool greatest);
/// The constant in its storage type; null if that cannot be done.
mlir::ElementsAttr storageConstant(mlir::ElementsAttr value);

} // namespace tfc::lowering

#endif // TFC_LIB_CONVERSION_TFCTOLINALG_TYPES_H
