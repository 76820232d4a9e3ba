//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Which unknown sizes are equal.
//===----------------------------------------------------------------------===//

#ifndef TFC_DIALECT_TFC_TRANSFORMS_SIZEANALYSIS_H
#define TFC_DIALECT_TFC_TRANSFORMS_SIZEANALYSIS_H

#include "tfc/Dialect/TFC/IR/TFC.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include <optional>

namespace tfc {

/// An integer of the program: a constant, or a name. Two with one name are
/// equal whenever both are computed from one iteration of the loops around.
struct Size {
  enum Kind : uint8_t { Constant, Dimension, Element, Length };
  Kind kind = Constant;
  /// The constant, the dimension, or the position of the element in row-major
  /// order.
  int64_t index = 0;
  mlir::Value value; // null for a constant

  static Size constant(int64_t n) { return {Constant, n, {}}; }
  bool isConstant() const { return kind == Constant; }
  bool is(int64_t n) const { return kind == Constant && index == n; }
  bool operator==(const Size &o) const {
    return kind == o.kind && index == o.index && value == o.value;
  }
  bool operator!=(const Size &o) const { return !(*this == o); }
};

/// Follows sizes through the ops that keep or compute them. A value that a loop
/// carries keeps its size if each iteration does, which is assumed first and
/// then proved.
class SizeAnalysis {
public:
  /// Dimension `axis` of a ranked tensor.
  Size dimension(mlir::Value tensor, int64_t axis);
  /// Element `position` of an integer tensor; its own name if nothing is known.
  Size element(mlir::Value tensor, int64_t position);
  /// The number of elements of a list.
  Size length(mlir::Value list);
  /// Whether setting an element may make the list longer; if unknown, it may
  /// not.
  bool grows(mlir::Value list);

  /// Whether 0 <= `index` < `bound` always holds where `index`, an element of
  /// an integer tensor, is: it counts a loop up to `bound`, or is a constant
  /// below.
  bool inRange(mlir::Value tensor, int64_t position, Size bound);
  /// Whether that element counts a loop up from 0 or more.
  bool counts(mlir::Value tensor, int64_t position);

private:
  Size find(Size name);
  Size compute(Size name);
  Size throughArgument(Size name, mlir::BlockArgument argument);
  Size throughResult(Size name, mlir::OpResult result);
  Size dimensionOf(mlir::Operation *op, Size name);
  Size elementOf(mlir::Operation *op, Size name);
  Size lengthOf(mlir::Operation *op, Size name);
  Size broadcastDimension(mlir::Operation *op, Size name);
  Size reshapedDimension(ReshapeOp reshape, Size name);
  bool countsUp(mlir::BlockArgument argument);
  bool countsBelow(mlir::BlockArgument argument, Size bound);
  bool comparesBelow(mlir::Value condition, mlir::Value index, Size bound);

  llvm::DenseMap<std::pair<mlir::Value, std::pair<int64_t, int>>, Size> known;
  /// Names of loop arguments that change from iteration to iteration.
  llvm::DenseSet<std::pair<mlir::Value, std::pair<int64_t, int>>> varying;
  bool refuted = false;
  unsigned depth = 0;
};

} // namespace tfc

#endif // TFC_DIALECT_TFC_TRANSFORMS_SIZEANALYSIS_H
