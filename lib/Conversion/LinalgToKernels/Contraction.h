//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// What a contraction is: a linalg op whose loops are batches, rows, columns and
// one sum.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_LINALGTOKERNELS_CONTRACTION_H
#define TFC_LIB_CONVERSION_LINALGTOKERNELS_CONTRACTION_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace tfc::kernels {

/// result[batch, row, column] += sum over taps and k of left[batch, row, tap, k] *
/// right[batch, tap, k, column]. Whether an operand is transposed is a matter of its
/// strides; so is a window of a convolution, whose places and taps both move in the
/// same dimension of the left operand.
struct Contraction {
  mlir::linalg::LinalgOp op;
  mlir::OpOperand *left = nullptr, *right = nullptr, *result = nullptr;
  mlir::FloatType type;                    ///< of the sum
  mlir::arith::FastMathFlags product, sum; ///< what the body's two ops allow
  unsigned inner = 0;                      ///< the loop over k
  llvm::SmallVector<unsigned> taps;        ///< other loops that are summed up
  unsigned column = 0; ///< the loop along which `result` is contiguous
  llvm::SmallVector<unsigned>
      rows; ///< loops that make one row index, outermost first
  llvm::SmallVector<unsigned> batch; ///< all others
  mlir::linalg::FillOp fill; ///< sets `result` to zero right before, or null

  /// The operand's dimension that loop `dim` alone goes over.
  std::optional<unsigned> position(mlir::OpOperand *operand,
                                   unsigned dim) const;
  /// Does the operand's element depend on loop `dim`?
  bool uses(mlir::OpOperand *operand, unsigned dim) const;
  /// How far loop `dim` moves in each of the operand's dimensions.
  llvm::SmallVector<int64_t> steps(mlir::OpOperand *operand, unsigned dim) const;
  /// The operand's static stride along loop `dim`: 0 if it does not depend on
  /// it, kDynamic if unknown.
  int64_t stride(mlir::OpOperand *operand, unsigned dim) const;
  /// The static size of a loop, or kDynamic.
  int64_t size(unsigned dim) const;
};

/// Recognizes matmul, batch_matmul and generic ops of that form on buffers of
/// floats.
std::optional<Contraction> matchContraction(mlir::linalg::LinalgOp op);

} // namespace tfc::kernels

#endif // TFC_LIB_CONVERSION_LINALGTOKERNELS_CONTRACTION_H
