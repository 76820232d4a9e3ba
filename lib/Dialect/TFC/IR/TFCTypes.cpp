//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "tfc/Dialect/TFC/IR/TFCTypes.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/TypeUtilities.h"
#include "tfc/Dialect/TFC/IR/TFCDialect.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tfc;

#define GET_TYPEDEF_CLASSES
#include "tfc/Dialect/TFC/IR/TFCTypes.cpp.inc"

void TFCDialect::registerTypes() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "tfc/Dialect/TFC/IR/TFCTypes.cpp.inc"
      >();
}

bool tfc::isElementType(Type type) {
  if (auto integer = dyn_cast<IntegerType>(type)) {
    unsigned width = integer.getWidth();
    if (width == 1)
      return integer.isSignless();
    return !integer.isSigned() &&
           (width == 8 || width == 16 || width == 32 || width == 64);
  }
  if (auto complex = dyn_cast<ComplexType>(type))
    return complex.getElementType().isF32() || complex.getElementType().isF64();
  return type.isF16() || type.isBF16() || type.isF32() || type.isF64() ||
         isa<StringType>(type);
}

bool tfc::isCompatible(Type a, Type b) {
  if (a == b)
    return true;
  if (auto list = dyn_cast<ListType>(a)) {
    auto other = dyn_cast<ListType>(b);
    return other && isCompatible(list.getElementType(), other.getElementType());
  }
  auto x = dyn_cast<TensorType>(a), y = dyn_cast<TensorType>(b);
  return x && y && x.getElementType() == y.getElementType() &&
         succeeded(verifyCompatibleShape(x, y));
}

bool tfc::areCompatibleTypes(TypeRange inferred, TypeRange actual) {
  return inferred.size() == actual.size() &&
         llvm::all_of(llvm::zip(inferred, actual), [](auto pair) {
           return isCompatible(std::get<0>(pair), std::get<1>(pair));
         });
}

TensorType tfc::mergeTypes(TensorType a, TensorType b) {
  if (!a.hasRank())
    return b;
  if (!b.hasRank())
    return a;
  SmallVector<int64_t> shape(a.getShape());
  for (auto [size, other] : llvm::zip(shape, b.getShape()))
    if (ShapedType::isDynamic(size))
      size = other;
  return RankedTensorType::get(shape, a.getElementType());
}
