//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// What a contraction is: a linalg op whose loops are batches, rows, columns and
// sums.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_LINALGTOKERNELS_CONTRACTION_H
#define TFC_LIB_CONVERSION_LINALGTOKERNELS_CONTRACTION_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace tfc::kernels {

/// A buffer, and how the loops of an op index it: with sums of loops times
/// constants, and of a constant.
struct Operand {
  mlir::Value memref;
  mlir::AffineMap map;
  /// Integers that are narrower than sums are widened with zeros.
  bool isUnsigned = false;

  mlir::MemRefType type() const {
    return mlir::cast<mlir::MemRefType>(memref.getType());
  }
  /// The dimension that loop `dim` alone goes over.
  std::optional<unsigned> position(unsigned dim) const;
  bool uses(unsigned dim) const { return map.isFunctionOfDim(dim); }
  /// The indices where all loops are at 0.
  llvm::SmallVector<int64_t> start() const;
  /// How far loop `dim` moves in each dimension.
  llvm::SmallVector<int64_t> steps(unsigned dim) const;
  /// The static stride along loop `dim`: 0 if it is not used, kDynamic if
  /// unknown.
  int64_t stride(unsigned dim) const;
  /// Are all indices such sums, and the strides of the buffer told by its type?
  bool isLinear() const;
  /// Are loops `outer` and `inner`, of the size `innerSize`, one loop over this
  /// buffer? kDynamic: not known.
  bool canMerge(unsigned outer, unsigned inner, int64_t innerSize) const;
};

/// result[batch, row, column] += sum over taps and k of left[batch, row, tap,
/// k] * right[batch, tap, k, column]. Whether an operand is transposed is a
/// matter of its strides; so is a window of a convolution, whose places and
/// taps both move in the same dimension of the left operand.
struct Contraction {
  mlir::linalg::LinalgOp op;
  Operand left, right, result;
  mlir::Type type; ///< of the sum
  /// What the body's two ops allow; of integers nothing is to be allowed.
  mlir::arith::FastMathFlags product, sum;
  unsigned inner = 0;               ///< the loop over k
  llvm::SmallVector<unsigned> taps; ///< other loops that are summed up
  unsigned column = 0; ///< the loop along which `result` is contiguous
  llvm::SmallVector<unsigned> rows;  ///< loops over rows, outermost first
  llvm::SmallVector<unsigned> batch; ///< all others
  mlir::linalg::FillOp fill; ///< sets `result` to zero right before, or null

  /// Are the operands integers that are narrower than sums?
  bool widensIntegers() const;

  /// The static size of a loop, or kDynamic.
  int64_t size(unsigned dim) const;
};

/// Recognizes matmul, batch_matmul and generic ops of that form on buffers of
/// floats or integers.
std::optional<Contraction> matchContraction(mlir::linalg::LinalgOp op);

/// A small matrix times a vector, for many of both: rows of matrices that lie
/// one after the other are vectors of a loop, while a kernel would copy each of
/// them.
bool isOneOfMany(const Contraction &c);

/// The fill of `result` that is the last thing to happen before `op`, or null.
mlir::linalg::FillOp lastFill(mlir::linalg::LinalgOp op, mlir::Value result);

/// The size of a dimension, or what it is at most: that of what a view is of;
/// or kDynamic.
int64_t mostOf(mlir::Value memref, unsigned dim);

} // namespace tfc::kernels

#endif // TFC_LIB_CONVERSION_LINALGTOKERNELS_CONTRACTION_H
