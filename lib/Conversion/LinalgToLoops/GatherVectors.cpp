//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Elements at places that the lanes of a vector have computed.
//
// What does not differ between lanes is where the vector begins; the rest is
// one number for each lane, of 32 bits where the memory is known to be small
// enough: as many as there are floats in a vector.
//===----------------------------------------------------------------------===//

#include "NestLowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace tfc::loops;

/// Nothing if they are not known.
static std::optional<SmallVector<int64_t>> knownStrides(MemRefType type) {
  SmallVector<int64_t> strides;
  int64_t offset;
  if (failed(type.getStridesAndOffset(strides, offset)) ||
      llvm::any_of(strides, ShapedType::isDynamic))
    return std::nullopt;
  return strides;
}

/// Do 32 bits hold the distance between any two elements?
static bool isWithin32Bits(MemRefType type) {
  std::optional<SmallVector<int64_t>> strides = knownStrides(type);
  if (!strides || !type.hasStaticShape())
    return false;
  double farthest = 0;
  for (auto [size, stride] : llvm::zip_equal(type.getShape(), *strides))
    farthest += double(size) * std::abs(double(stride));
  return farthest < double(std::numeric_limits<int32_t>::max());
}

// LLVM rounds elements of bf16 when it makes a vector of them one by one.
bool NestLowering::canGather(MemRefType type) const {
  return isContiguous(type) &&
         !isa<ComplexType, BFloat16Type>(type.getElementType()) &&
         (type.getLayout().isIdentity() || knownStrides(type));
}

/// `places`: of each dimension an index, or a vector of them.
Value NestLowering::gatherAt(Value memref, ValueRange places) {
  auto type = cast<MemRefType>(memref.getType());
  std::optional<SmallVector<int64_t>> strides = knownStrides(type);
  Type number = isWithin32Bits(type) ? Type(builder.getI32Type())
                                     : Type(builder.getIndexType());
  auto asNumber = [&](Value index) {
    if (number.isIndex())
      return index;
    return builder.createOrFold<arith::IndexCastOp>(
        loc, VectorType::get(lanes, number), index);
  };
  auto strideOf = [&](unsigned dim) {
    if (strides)
      return builder
          .create<arith::ConstantOp>(
              loc, number.isIndex()
                       ? TypedAttr(builder.getIndexAttr((*strides)[dim]))
                       : TypedAttr(builder.getI32IntegerAttr((*strides)[dim])))
          .getResult();
    Value stride = constant(1);
    for (unsigned other = dim + 1; other < type.getRank(); ++other)
      stride = builder.createOrFold<arith::MulIOp>(
          loc, stride, builder.createOrFold<memref::DimOp>(loc, memref, other));
    return stride;
  };
  Values begin;
  Value offsets;
  for (auto [dim, place] : llvm::enumerate(places)) {
    if (!isa<VectorType>(place.getType())) {
      begin.push_back(place);
      continue;
    }
    begin.push_back(constant(0));
    Value distance = asNumber(place);
    bool isLast = dim + 1 == places.size();
    if (!isLast)
      distance =
          arith::MulIOp::create(builder, loc, distance, spread(strideOf(dim)));
    offsets =
        offsets
            ? arith::AddIOp::create(builder, loc, offsets, distance).getResult()
            : distance;
  }
  auto result = VectorType::get(lanes, type.getElementType());
  Value present = mask;
  if (!present)
    present = arith::ConstantOp::create(
        builder, loc,
        DenseElementsAttr::get(VectorType::get(lanes, builder.getI1Type()),
                               true));
  Value none =
      arith::ConstantOp::create(builder, loc, builder.getZeroAttr(result));
  return vector::GatherOp::create(builder, loc, result, memref, begin, offsets,
                                  present, none);
}
