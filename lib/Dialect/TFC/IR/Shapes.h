//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// What the shape rules share: checks with messages, arithmetic on sizes.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_DIALECT_TFC_IR_SHAPES_H
#define TFC_LIB_DIALECT_TFC_IR_SHAPES_H

#include "mlir/IR/Diagnostics.h"
#include "tfc/Dialect/TFC/IR/TFCOps.h"
#include <string>

namespace tfc::detail {

using Loc = std::optional<mlir::Location>;
using Shape = llvm::SmallVector<int64_t>;
using Results = llvm::SmallVectorImpl<mlir::Type>;

constexpr int64_t kUnknown = mlir::ShapedType::kDynamic;

/// A shape as users write it: [2, ?, 3].
std::string str(llvm::ArrayRef<int64_t> shape);

/// The operand's type as a tensor, or an error: a builder may pass anything.
mlir::FailureOr<mlir::TensorType> tensorOf(Loc loc, mlir::Value operand,
                                           llvm::StringRef name);
/// The same with a bound for the rank, if that is known.
mlir::FailureOr<mlir::TensorType> tensorOf(Loc loc, mlir::Value operand,
                                           llvm::StringRef name,
                                           int64_t minRank, int64_t maxRank);
mlir::FailureOr<mlir::TensorType> scalarOf(Loc loc, mlir::Value operand,
                                           llvm::StringRef name);
/// The number of entries of a vector operand, unknown if its type does not say.
mlir::FailureOr<int64_t> vectorSizeOf(Loc loc, mlir::Value operand,
                                      llvm::StringRef name);

/// The rank, negative if it is unknown.
inline int64_t rankOf(mlir::TensorType type) {
  return type.hasRank() ? type.getRank() : -1;
}

/// Checks `0 <= axis < rank`.
mlir::LogicalResult checkAxis(Loc loc, int64_t axis, int64_t rank,
                              llvm::StringRef name = "axis");
/// Checks that axes are ascending, distinct, and in range if the rank is known
/// (a negative rank means that it is not).
mlir::LogicalResult checkAxes(Loc loc, llvm::ArrayRef<int64_t> axes,
                              int64_t rank);
/// Checks that an attribute has an entry for each dimension.
mlir::LogicalResult checkEntries(Loc loc, llvm::StringRef name, int64_t got,
                                 int64_t rank);
/// Checks that a shape written in an attribute has no negative size.
mlir::LogicalResult checkShape(Loc loc, llvm::ArrayRef<int64_t> shape,
                               bool mayBeUnknown);
mlir::LogicalResult checkElement(Loc loc, mlir::Type type,
                                 llvm::StringRef name);

/// Whether two sizes are known to differ.
inline bool differ(int64_t a, int64_t b) {
  return a != b && a != kUnknown && b != kUnknown;
}
/// Sums and products of sizes; unknown if one is, or if it does not fit.
int64_t addSizes(int64_t a, int64_t b);
int64_t mulSizes(int64_t a, int64_t b);
int64_t countElements(llvm::ArrayRef<int64_t> shape);

/// One shape out of two by numpy's rule.
mlir::FailureOr<Shape> broadcast(Loc loc, llvm::ArrayRef<int64_t> a,
                                 llvm::ArrayRef<int64_t> b);

/// Appends the inferred tensor type.
mlir::LogicalResult ranked(Results &results, llvm::ArrayRef<int64_t> shape,
                           mlir::Type element);
mlir::LogicalResult unranked(Results &results, mlir::Type element);
/// The shape of `type` with another element type.
mlir::LogicalResult sameShape(Results &results, mlir::TensorType type,
                              mlir::Type element);

/// What is known of the entries of an integer scalar or vector while compiling:
/// through constants, `shape_of`, joins, slices and arithmetic. Unknown entries
/// are `kUnknown`; nothing if even their number is unknown.
std::optional<Shape> knownInts(mlir::Value value);

/// The number of elements of a slice of `dim` elements from `start` on.
int64_t sliceSize(int64_t dim, int64_t start, int64_t stride);

} // namespace tfc::detail

#endif // TFC_LIB_DIALECT_TFC_IR_SHAPES_H
