//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Elementwise ops around a product that need no loop of their own: the
// epilogue, which makes the result from the sums while they are in registers,
// and the producer, which makes elements of the right operand where they are
// read.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_LINALGTOKERNELS_ELEMENTWISE_H
#define TFC_LIB_CONVERSION_LINALGTOKERNELS_ELEMENTWISE_H

#include "Contraction.h"
#include "KernelBuilder.h"

namespace tfc::kernels {

class Elementwise {
public:
  /// The op after the contraction that reads its result element by element. It
  /// may be done where the op stands.
  static std::optional<Elementwise> matchEpilogue(const Contraction &c);
  /// The op before the contraction that does nothing but make its right
  /// operand, whose columns are neighbours, or whose k are (`alongDepth`). The
  /// contraction's work is done before `end`.
  static std::optional<Elementwise> matchProducer(const Contraction &c,
                                                  mlir::Operation *end);

  /// Makes the outputs from the sums, of all rows and columns, and stores them.
  /// Whatever is read is read before anything is written: outputs may be
  /// operands. `matrices` belong to `operands`.
  void finish(KernelBuilder &b, llvm::ArrayRef<Matrix> matrices,
              const Matrix &sumsTo, llvm::ArrayRef<mlir::Value> rows,
              llvm::ArrayRef<Columns> columns, mlir::ValueRange sums) const;
  /// The vector of the right operand that begins in this row and column, and
  /// goes along columns, or along rows (k).
  mlir::Value produce(KernelBuilder &b, llvm::ArrayRef<Matrix> matrices,
                      mlir::Value row, mlir::Value column, int64_t lanes,
                      mlir::Value mask) const;
  /// The same as it would be stored: in the type that `makes` tells.
  mlir::Value produceStored(KernelBuilder &b, llvm::ArrayRef<Matrix> matrices,
                            mlir::Value row, mlir::Value column, int64_t lanes,
                            mlir::Value mask) const;
  mlir::Type makes() const;

  mlir::linalg::GenericOp op;
  /// One for each of the op's, in the contraction's loops; without a buffer if
  /// it is a scalar, or the sums.
  llvm::SmallVector<Operand> operands;
  /// Are the sums needed by others, too?
  bool keepsSums = false;
  /// Do vectors of a producer go along k?
  bool alongDepth = false;

private:
  llvm::SmallVector<mlir::Value> compute(KernelBuilder &b,
                                         llvm::ArrayRef<mlir::Value> arguments,
                                         int64_t lanes) const;
  mlir::Value load(KernelBuilder &b, unsigned number, const Matrix &matrix,
                   mlir::Value row, mlir::Value column, int64_t lanes,
                   mlir::Value mask) const;
  bool isVectorizable() const;

  unsigned sum = 0; ///< the operand that is the product's result
};

} // namespace tfc::kernels

#endif // TFC_LIB_CONVERSION_LINALGTOKERNELS_ELEMENTWISE_H
