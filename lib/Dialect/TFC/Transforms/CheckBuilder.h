//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Conditions and assertions before an op, in tfc ops on 64-bit integers.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_DIALECT_TFC_TRANSFORMS_CHECKBUILDER_H
#define TFC_LIB_DIALECT_TFC_TRANSFORMS_CHECKBUILDER_H

#include "mlir/IR/Builders.h"
#include "tfc/Dialect/TFC/IR/TFC.h"
#include "tfc/Dialect/TFC/Transforms/SizeAnalysis.h"
#include "tfc/Dialect/TFC/Transforms/ValueRanges.h"

namespace tfc {

/// The type of a tensor, whose rank is known.
inline mlir::RankedTensorType ranked(mlir::Value value) {
  return mlir::cast<mlir::RankedTensorType>(value.getType());
}

/// Builds the checks of one op in front of it. Conditions that are known to
/// hold are null values, and are left out of what is combined from them.
class CheckBuilder {
public:
  CheckBuilder(mlir::Operation *op, SizeAnalysis &sizes)
      : builder(op), loc(op->getLoc()), sizes(sizes),
        opName(op->getName().stripDialect()) {}

  // Integers.
  mlir::Value scalar(int64_t value);
  mlir::Value vector(llvm::ArrayRef<int64_t> values);
  /// Dimension `axis` as a scalar, a constant if it is static.
  mlir::Value dimension(mlir::Value tensor, int64_t axis);
  /// All dimensions as a vector.
  mlir::Value shape(mlir::Value tensor);
  /// `dimension` of the axes from `first` to before `last`, as a vector.
  mlir::Value dimensions(mlir::Value tensor, int64_t first, int64_t last);
  mlir::Value join(llvm::ArrayRef<mlir::Value> vectors);
  /// Element `position` of a vector as a scalar.
  mlir::Value element(mlir::Value vector, int64_t position);
  /// An integer tensor as 64-bit integers.
  mlir::Value toI64(mlir::Value integers);
  /// Without its last dimension, which is 1.
  mlir::Value withoutLast(mlir::Value tensor);
  mlir::Value product(mlir::Value vector);
  mlir::Value negate(mlir::Value integers);
  /// How many elements of a bool vector are true.
  mlir::Value countTrue(mlir::Value bools);

  template <typename OpTy> mlir::Value make(mlir::Value x, mlir::Value y) {
    return OpTy::create(builder, loc, x, y);
  }

  // Conditions: bool tensors of any shape, broadcast against each other.
  mlir::Value both(mlir::Value a, mlir::Value b);
  mlir::Value either(mlir::Value a, mlir::Value b);
  /// Whether all elements of a tensor are true, as a scalar.
  mlir::Value allOf(mlir::Value bools);
  /// 0 <= x < bound.
  mlir::Value inside(mlir::Value x, mlir::Value bound);
  /// The same of integers of any type and sizes, which may be known.
  mlir::Value insideSizes(mlir::Value x, mlir::Value sized, int64_t first,
                          int64_t last);
  /// Equal dimensions; null if they are known to be.
  mlir::Value sameDimension(mlir::Value a, int64_t axisA, mlir::Value b,
                            int64_t axisB);
  /// Dimensions that broadcast; null if they are known to.
  mlir::Value broadcast(mlir::Value a, int64_t axisA, mlir::Value b,
                        int64_t axisB);

  /// Stops unless all of `condition` is true; nothing if that is null or
  /// constant. `message` has a `{}` for each of `data`; the name of the op is
  /// added.
  void require(mlir::Value condition, llvm::StringRef message,
               llvm::ArrayRef<mlir::Value> data);

private:
  mlir::OpBuilder builder;
  mlir::Location loc;
  SizeAnalysis &sizes;
  llvm::StringRef opName;
};

/// Builds the checks of ops whose shapes must fit.
void checkShapes(mlir::Operation *op, SizeAnalysis &sizes);
/// The same for convolution and pooling.
void checkWindows(mlir::Operation *op, CheckBuilder &build,
                  SizeAnalysis &sizes);
/// Builds the checks of ops whose operands hold positions or divisors.
void checkValues(mlir::Operation *op, SizeAnalysis &sizes, ValueRanges &ranges);

} // namespace tfc

#endif // TFC_LIB_DIALECT_TFC_TRANSFORMS_CHECKBUILDER_H
