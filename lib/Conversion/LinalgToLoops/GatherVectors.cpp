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
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
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

/// Elements of less than 32 bits are looked up as 32 that they are part of:
/// instructions know no others. How many bytes there are from the first to the
/// last one, if lanes may do so; else 0.
static int64_t bytesAround(MemRefType type) {
  int64_t bits = bitsOf(type.getElementType());
  std::optional<SmallVector<int64_t>> strides = knownStrides(type);
  if ((bits != 8 && bits != 16) || !strides || !isWithin32Bits(type))
    return 0;
  int64_t last = 0;
  for (auto [size, stride] : llvm::zip_equal(type.getShape(), *strides)) {
    if (size == 0 || stride < 0)
      return 0;
    last += (size - 1) * stride;
  }
  int64_t bytes = (last + 1) * (bits / 8);
  return bytes >= 4 && bytes < std::numeric_limits<int32_t>::max() / 2 ? bytes
                                                                       : 0;
}

bool NestLowering::gathersWords(MemRefType type) const {
  return options.vectorBits >= 256 && bytesAround(type) > 0;
}

/// `offsets`: elements, of 32 bits. The last words begin earlier than their
/// element, and nothing behind the memory is read.
Value NestLowering::gatherWords(Value memref, ValueRange begin, Value offsets) {
  auto type = cast<MemRefType>(memref.getType());
  int64_t bytes = bitsOf(type.getElementType()) / 8;
  SmallVector<int64_t> strides = *knownStrides(type);
  auto words = VectorType::get(lanes, builder.getI32Type());
  auto all = [&](int32_t number) -> Value {
    return arith::ConstantOp::create(builder, loc, words,
                                     DenseElementsAttr::get(words, number));
  };
  for (auto [place, stride] : llvm::zip_equal(begin, strides)) {
    if (isConstantIntValue(place, 0))
      continue;
    Value distance =
        builder.createOrFold<arith::MulIOp>(loc, place, constant(stride));
    offsets =
        arith::AddIOp::create(builder, loc, offsets,
                              spread(builder.createOrFold<arith::IndexCastOp>(
                                  loc, builder.getI32Type(), distance)));
  }
  if (bytes > 1)
    offsets = arith::MulIOp::create(builder, loc, offsets, all(bytes));
  Value from =
      arith::MinUIOp::create(builder, loc, offsets, all(bytesAround(type) - 4));
  Type pointer = LLVM::LLVMPointerType::get(builder.getContext());
  auto data = memref::ExtractStridedMetadataOp::create(builder, loc, memref);
  Value number = memref::ExtractAlignedPointerAsIndexOp::create(
      builder, loc, data.getBaseBuffer());
  Value first = builder.createOrFold<arith::MulIOp>(loc, data.getOffset(),
                                                    constant(bytes));
  number = builder.createOrFold<arith::AddIOp>(loc, number, first);
  Value address =
      arith::IndexCastOp::create(builder, loc, builder.getI64Type(), number);
  Value base = LLVM::IntToPtrOp::create(builder, loc, pointer, address);
  Value pointers = LLVM::GEPOp::create(
      builder, loc, VectorType::get(lanes, pointer), builder.getI8Type(), base,
      ArrayRef<LLVM::GEPArg>{LLVM::GEPArg(from)});
  Value present = mask;
  if (!present)
    present = arith::ConstantOp::create(
        builder, loc,
        DenseElementsAttr::get(VectorType::get(lanes, builder.getI1Type()),
                               true));
  Value found =
      LLVM::masked_gather::create(builder, loc, words, pointers, present,
                                  ValueRange{all(0)}, /*alignment=*/1);
  Value late = arith::SubIOp::create(builder, loc, offsets, from);
  late = arith::ShLIOp::create(builder, loc, late, all(3));
  found = arith::ShRUIOp::create(builder, loc, found, late);
  auto few = VectorType::get(lanes, builder.getIntegerType(8 * bytes));
  found = arith::TruncIOp::create(builder, loc, few, found);
  auto result = VectorType::get(lanes, type.getElementType());
  return few == result ? found
                       : arith::BitcastOp::create(builder, loc, result, found)
                             .getResult();
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
  if (offsets && gathersWords(type))
    return gatherWords(memref, begin, offsets);
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
