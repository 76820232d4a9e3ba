//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Which unknown dimensions are equal: every dimension of every value is a
// number or the name (a symbol) of an unknown size. Two dimensions of one name
// are equal. Sizes that ops keep or compute are followed by `SizeAnalysis`;
// what is added here is how unknown sizes stretch.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_TFCTOLINALG_DIMS_H
#define TFC_LIB_CONVERSION_TFCTOLINALG_DIMS_H

#include "mlir/IR/AffineExpr.h"
#include "mlir/IR/Operation.h"
#include "mlir/IR/Region.h"
#include "tfc/Dialect/TFC/Transforms/SizeAnalysis.h"
#include "llvm/ADT/DenseMap.h"

namespace tfc {
class WhileOp;
class IfOp;
} // namespace tfc

namespace tfc::lowering {

/// A size if not negative, else a symbol.
using Dim = int64_t;
using Dims = llvm::SmallVector<Dim, 4>;

class DimAnalysis {
public:
  explicit DimAnalysis(mlir::Region &region) { visit(region); }

  llvm::ArrayRef<Dim> of(mlir::Value value) const {
    return dims.find(value)->second;
  }
  bool has(mlir::Value value) const { return dims.contains(value); }

  /// A symbol that is whichever of these dimensions is not 1; null for others.
  const Dims *stretched(Dim symbol) const {
    auto it = stretches.find(symbol);
    return it == stretches.end() ? nullptr : &it->second;
  }
  int64_t numSymbols() const { return symbols; }

private:
  void visit(mlir::Region &region);
  void visit(mlir::Operation *op);
  Dims infer(mlir::Operation *op);
  Dims broadcast(mlir::ValueRange operands);
  Dim stretch(Dim x, Dim y);
  Dim fresh() { return -++symbols; }
  /// The symbol of an unknown dimension.
  Dim symbolOf(mlir::Value value, int64_t axis);
  Dims ownDims(mlir::Value value);
  void setOwn(mlir::Value value);
  void setLike(mlir::Value to, mlir::Value from);
  void visitLoop(WhileOp loop);
  void visitBranch(IfOp branch);

  llvm::DenseMap<mlir::Value, Dims> dims;
  llvm::DenseMap<Dim, Dims> stretches;
  SizeAnalysis sizes;
  llvm::DenseMap<std::pair<mlir::Value, std::pair<int64_t, int>>, Dim> names;
  int64_t symbols = 0;
};

/// How a fusible op reads an operand, dimension by dimension.
enum class Access {
  Same,       // each element of the result has its own element
  Replicated, // some dimensions are stretched
  Unknown     // whether one is stretched is known at run time only
};

/// An op that a consumer can compute element by element from its operands'
/// elements.
bool isFusible(mlir::Operation *op);
/// Reads through index arithmetic only: broadcast_to, transpose, expand_dims...
bool isIndexOp(mlir::Operation *op);

Access accessOf(const DimAnalysis &dims, mlir::Operation *op, unsigned operand);

/// Indices of the operand's element, from those of the result's. For an access
/// that is not `Unknown`.
llvm::SmallVector<mlir::AffineExpr>
accessIndices(const DimAnalysis &dims, mlir::Operation *op, unsigned operand,
              llvm::ArrayRef<mlir::AffineExpr> indices);

/// Result dimension of each operand dimension of a reshape that only inserts or
/// drops ones (-1: dropped); nothing for another one.
std::optional<llvm::SmallVector<int64_t>> unitReshape(llvm::ArrayRef<Dim> from,
                                                      llvm::ArrayRef<Dim> to);

} // namespace tfc::lowering

#endif // TFC_LIB_CONVERSION_TFCTOLINALG_DIMS_H
