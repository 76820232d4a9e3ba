//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The body of one linalg.generic, built from the consumer's end.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_TFCTOLINALG_BODY_H
#define TFC_LIB_CONVERSION_TFCTOLINALG_BODY_H

#include "Lowering.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace tfc::lowering {

/// Where an element of a gather is: at first dimensions of the tensor at those
/// of the result, then at numbers that the indices hold at each of `at`, which
/// may be computed on the way, then at dimensions of the result from `behind`
/// on.
struct Reads {
  unsigned first;
  llvm::SmallVector<llvm::SmallVector<mlir::AffineExpr>> at;
  unsigned behind;
};
Reads readsOf(mlir::Operation *gather);

class Body {
public:
  /// A loop nest over `space`; `in` builds in its body. Indices may use
  /// dimensions beyond the space's: they stand for `around`, the indices of
  /// loops that are built already.
  Body(Lowering &l, llvm::ArrayRef<Dim> space, mlir::ValueRange around = {});

  /// One element of an old value, in arithmetic. Inline values are computed
  /// here, each once. Null (after a diagnostic) if an op has no lowering for
  /// its element type.
  mlir::Value element(mlir::Value old,
                      llvm::ArrayRef<mlir::AffineExpr> indices);
  /// One element of the op's result from its operands' elements.
  mlir::Value compute(mlir::Operation *op,
                      llvm::ArrayRef<mlir::AffineExpr> indices);
  /// One element, in storage type, of a lowered tensor.
  mlir::Value load(mlir::Value tensor,
                   llvm::ArrayRef<mlir::AffineExpr> indices);
  /// One element, in storage type, at places that data says: of a gather of `x`
  /// its element at `own`.
  mlir::Value read(mlir::Value x, const Reads &reads, mlir::Value indices,
                   llvm::ArrayRef<mlir::AffineExpr> own);
  /// Adds an output; returns its element before this iteration.
  mlir::Value addOutput(mlir::Value init,
                        llvm::ArrayRef<mlir::AffineExpr> indices);
  /// The number of the iteration in one loop, as `index`.
  mlir::Value iteration(unsigned loop);
  /// d0, d1, ...
  llvm::SmallVector<mlir::AffineExpr> identity() const;

  /// Creates the op. `reduced` loops carry the outputs, others are parallel.
  mlir::ValueRange finish(mlir::ValueRange yields,
                          llvm::ArrayRef<int64_t> reduced = {});

  /// Without loops of its own: what was computed so far stands where building
  /// goes on.
  void place();

  mlir::OpBuilder in;

private:
  mlir::Value evaluate(mlir::AffineExpr index);
  mlir::Value gathered(mlir::Operation *op,
                       llvm::ArrayRef<mlir::AffineExpr> indices);
  mlir::Value partAround(mlir::Value tensor,
                         llvm::SmallVectorImpl<mlir::AffineExpr> &indices);
  void coverLoops();

  struct Known {
    llvm::SmallVector<mlir::AffineExpr> indices;
    mlir::Value value;
  };
  Lowering &l;
  Dims space;
  llvm::SmallVector<mlir::Value> around;
  std::unique_ptr<mlir::Block> block;
  llvm::SmallVector<mlir::Value> inputs, outputs;
  llvm::SmallVector<mlir::AffineMap> inputMaps, outputMaps;
  llvm::DenseMap<mlir::Value, llvm::SmallVector<Known, 1>> known; // old values
  llvm::DenseMap<mlir::Value, llvm::SmallVector<Known, 1>>
      loaded; // lowered tensors
  /// Rows that are gathered.
  llvm::DenseMap<std::pair<mlir::Operation *, mlir::AffineExpr>, mlir::Value>
      rows;
};

} // namespace tfc::lowering

#endif // TFC_LIB_CONVERSION_TFCTOLINALG_BODY_H
