//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Types.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "tfc-rt/tfc_rt.h"

using namespace mlir;
using namespace tfc;

Type lowering::storageType(Type element) {
  if (isBool(element))
    return IntegerType::get(element.getContext(), 8);
  return scalarType(element);
}

Type lowering::scalarType(Type element) {
  if (isUnsigned(element))
    return IntegerType::get(element.getContext(),
                            element.getIntOrFloatBitWidth());
  return element;
}

RankedTensorType lowering::storageType(RankedTensorType type) {
  return RankedTensorType::get(type.getShape(),
                               storageType(type.getElementType()));
}

int32_t lowering::dtypeCode(Type element) {
  if (auto complex = dyn_cast<ComplexType>(element))
    return complex.getElementType().isF32() ? TFC_C64 : TFC_C128;
  if (element.isF16())
    return TFC_F16;
  if (element.isBF16())
    return TFC_BF16;
  if (element.isF32())
    return TFC_F32;
  if (element.isF64())
    return TFC_F64;
  switch (element.getIntOrFloatBitWidth()) {
  case 1:
    return TFC_BOOL;
  case 8:
    return isUnsigned(element) ? TFC_U8 : TFC_I8;
  case 16:
    return isUnsigned(element) ? TFC_U16 : TFC_I16;
  case 32:
    return isUnsigned(element) ? TFC_U32 : TFC_I32;
  default:
    return isUnsigned(element) ? TFC_U64 : TFC_I64;
  }
}

Value lowering::toScalar(OpBuilder &b, Location loc, Value stored,
                         Type element) {
  if (!isBool(element))
    return stored;
  return arith::TruncIOp::create(b, loc, b.getI1Type(), stored);
}

Value lowering::toStorage(OpBuilder &b, Location loc, Value scalar,
                          Type element) {
  if (!isBool(element))
    return scalar;
  return arith::ExtUIOp::create(b, loc, b.getI8Type(), scalar);
}

static TypedAttr scalarAttr(Type scalar, Attribute value) {
  if (auto integer = dyn_cast<IntegerAttr>(value))
    return IntegerAttr::get(scalar, integer.getValue());
  return cast<TypedAttr>(value);
}

Value lowering::constantScalar(OpBuilder &b, Location loc, Type element,
                               Attribute value) {
  if (isComplex(element))
    return complex::ConstantOp::create(b, loc, element, cast<ArrayAttr>(value));
  return arith::ConstantOp::create(b, loc,
                                   scalarAttr(scalarType(element), value));
}

Value lowering::numberScalar(OpBuilder &b, Location loc, Type element,
                             int64_t number) {
  if (auto complex = dyn_cast<ComplexType>(element)) {
    Type part = complex.getElementType();
    return complex::ConstantOp::create(
        b, loc, element,
        b.getArrayAttr(
            {b.getFloatAttr(part, number), b.getFloatAttr(part, 0)}));
  }
  Type scalar = scalarType(element);
  if (isFloat(scalar))
    return arith::ConstantOp::create(b, loc, b.getFloatAttr(scalar, number));
  return arith::ConstantOp::create(b, loc, b.getIntegerAttr(scalar, number));
}

Value lowering::extremeScalar(OpBuilder &b, Location loc, Type element,
                              bool greatest) {
  Type scalar = scalarType(element);
  if (auto type = dyn_cast<FloatType>(scalar)) {
    APFloat infinity =
        APFloat::getInf(type.getFloatSemantics(), /*Negative=*/!greatest);
    return arith::ConstantOp::create(b, loc, b.getFloatAttr(type, infinity));
  }
  unsigned width = scalar.getIntOrFloatBitWidth();
  APInt value =
      isUnsigned(element)
          ? (greatest ? APInt::getMaxValue(width) : APInt::getMinValue(width))
          : (greatest ? APInt::getSignedMaxValue(width)
                      : APInt::getSignedMinValue(width));
  return arith::ConstantOp::create(b, loc, b.getIntegerAttr(scalar, value));
}

ElementsAttr lowering::storageConstant(ElementsAttr value) {
  auto type = cast<RankedTensorType>(value.getShapedType());
  RankedTensorType stored = storageType(type);
  if (stored == type)
    return value;
  if (auto dense = dyn_cast<DenseElementsAttr>(value)) {
    if (!isBool(type.getElementType()))
      return dense.bitcast(stored.getElementType());
    return dense.mapValues(stored.getElementType(),
                           [](const APInt &bit) { return bit.zext(8); });
  }
  // A resource is bytes in memory, and so is a bool there.
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value))
    return DenseResourceElementsAttr::get(stored, resource.getRawHandle());
  return {};
}
