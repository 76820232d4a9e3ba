//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The state of lowering one function, and what the lowerings of op families
// use.
//
// The new function is built beside the old one in one walk. A value of rank 0
// becomes a scalar, other tensors get their storage type; an op that the fusion
// plan calls inline is skipped, and built by its users (Body.h).
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_TFCTOLINALG_LOWERING_H
#define TFC_LIB_CONVERSION_TFCTOLINALG_LOWERING_H

#include "Dims.h"
#include "Fusion.h"
#include "Types.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Utils/StructuredOpsUtils.h"
#include "llvm/ADT/StringMap.h"

namespace tfc::lowering {

class Lowering {
public:
  Lowering(mlir::func::FuncOp function, const DimAnalysis &dims,
           const FusionPlan &plan, int64_t emptiestPairs)
      : b(function.getContext()), dims(dims), plan(plan),
        emptiestPairs(emptiestPairs), function(function) {}

  /// Replaces the function. On failure a diagnostic was emitted.
  mlir::LogicalResult run();

  /// Lowers the ops of a block at the insertion point, all but the terminator.
  mlir::LogicalResult lowerBlock(mlir::Block &block);

  // Values.

  /// The lowered value: a scalar for rank 0, else a tensor of storage type.
  mlir::Value value(mlir::Value old);
  /// Inline values may be stored too, as exports of a loop lowered before.
  bool isStored(mlir::Value old) const { return values.contains(old); }
  void set(mlir::Value old, mlir::Value lowered) { values[old] = lowered; }
  /// As a tensor of exactly this type, also for rank 0.
  mlir::Value tensorOf(mlir::Value old, mlir::RankedTensorType type);
  /// A lowered value as the lowered form of `type` (only casts of unknown
  /// sizes).
  mlir::Value convert(mlir::Value lowered, mlir::Type type);
  /// What a region argument or a result of type `type` becomes.
  mlir::Type loweredType(mlir::Type type) const;
  /// A lowered region argument or result: remembers it and its unknown sizes.
  void bind(mlir::Value old, mlir::Value lowered);

  /// How many elements a list has: of one that grows, less than there is room
  /// for.
  mlir::Value lengthOf(mlir::Value list);
  void setLength(mlir::Value list, mlir::Value length) {
    lengths[list] = length;
  }

  // Sizes.

  mlir::Value size(Dim dim);
  llvm::SmallVector<mlir::OpFoldResult> sizes(llvm::ArrayRef<Dim> of);
  mlir::OpFoldResult sizeFold(Dim dim);
  /// Says what an unknown size is. Later calls for the same one are ignored
  /// where the first one is visible: a size of a loop may be named in its
  /// condition and in its body.
  void define(Dim symbol, mlir::Value size) {
    if (!isDefined(symbol))
      symbols[symbol] = size;
  }
  /// A size that is no value's, as a dimension.
  Dim dimOf(mlir::Value size) {
    Dim symbol = -(dims.numSymbols() + ++extraSymbols);
    define(symbol, size);
    return symbol;
  }
  bool isDefined(Dim symbol) const;
  /// The unknown sizes of `old` are the elements of the vector `shape`.
  void defineSizes(mlir::Value old, mlir::Value shape);
  mlir::Value constantIndex(int64_t value);

  // Tensors.

  /// The lowered type of a tensor with these dimensions.
  mlir::RankedTensorType tensorType(llvm::ArrayRef<Dim> of,
                                    mlir::Type element) const;
  mlir::RankedTensorType tensorType(mlir::Value old) const;
  mlir::Value empty(llvm::ArrayRef<Dim> of, mlir::Type element);
  /// All elements the same, given in storage type.
  mlir::Value filled(llvm::ArrayRef<Dim> of, mlir::Type element,
                     mlir::Value stored);
  /// The same elements in another shape, as a view where possible.
  mlir::Value reshape(mlir::Value tensor, llvm::ArrayRef<Dim> from,
                      llvm::ArrayRef<Dim> to);
  mlir::Value numElements(llvm::ArrayRef<Dim> of);
  /// The operand stretched to `to` where that is known at run time only.
  mlir::Value stretched(mlir::Value old, llvm::ArrayRef<Dim> to);
  /// A rank 0 tensor's element, in arithmetic.
  mlir::Value extract(mlir::Value tensor, mlir::ValueRange indices,
                      mlir::Type element);
  mlir::Value insert(mlir::Value scalar, mlir::Value tensor,
                     mlir::ValueRange indices, mlir::Type element);
  /// The elements of a vector of integers, as `index`: shapes, starts...
  llvm::SmallVector<mlir::Value> indices(mlir::Value old);
  mlir::Value toIndex(mlir::Value integer, mlir::Type element);
  mlir::Value fromIndex(mlir::Value index, mlir::Type element);

  /// Loops over `extents`, outermost first, that carry tensors and scalars.
  using LoopBody = llvm::function_ref<llvm::SmallVector<mlir::Value>(
      mlir::ValueRange ivs, mlir::ValueRange carried)>;
  llvm::SmallVector<mlir::Value> loopNest(llvm::ArrayRef<mlir::Value> extents,
                                          mlir::ValueRange carried,
                                          LoopBody body);

  /// Elementwise over `of`: `body` gets the loop's indices and builds the
  /// stored element.
  mlir::Value generate(llvm::ArrayRef<Dim> of, mlir::Type element,
                       llvm::function_ref<mlir::Value(mlir::ValueRange)> body);

  mlir::OpBuilder b;
  const DimAnalysis &dims;
  const FusionPlan &plan;
  /// One instruction multiplies squares of 32 k of bf16, which pays if one of
  /// so many k is there; 0: there is none.
  const int64_t emptiestPairs;
  mlir::Location loc{
      mlir::UnknownLoc::get(b.getContext())}; // of the op being lowered

private:
  mlir::LogicalResult lower(mlir::Operation *op);
  mlir::LogicalResult lowerReturn(mlir::Operation *op);
  void defineStretched(mlir::Value result);
  void defineFrom(mlir::Value old, mlir::Value tensor);

  mlir::func::FuncOp function;
  llvm::DenseMap<mlir::Value, mlir::Value> values;
  llvm::DenseMap<mlir::Value, mlir::Value> lengths; // of lists that grow
  llvm::DenseMap<Dim, mlir::Value> symbols;
  int64_t extraSymbols = 0;
};

/// The lowering of an op: a row of the table that `handlers()` is.
using Handler = mlir::LogicalResult (*)(Lowering &, mlir::Operation *);
using Handlers = llvm::StringMap<Handler>;

template <typename Op, mlir::LogicalResult (*lower)(Lowering &, Op)>
void addHandler(Handlers &handlers) {
  handlers[Op::getOperationName()] = [](Lowering &l, mlir::Operation *op) {
    return lower(l, mlir::cast<Op>(op));
  };
}

const Handlers &handlers();
void addControlHandlers(Handlers &);
void addReductionHandlers(Handlers &);
void addCumulativeHandlers(Handlers &);
void addContractionHandlers(Handlers &);
void addConvolutionHandlers(Handlers &);
void addPoolHandlers(Handlers &);
void addReshapeHandlers(Handlers &);
void addSliceHandlers(Handlers &);
void addJoinHandlers(Handlers &);
void addGatherHandlers(Handlers &);
void addScatterHandlers(Handlers &);
void addSortHandlers(Handlers &);
void addRandomHandlers(Handlers &);
void addStateHandlers(Handlers &);
void addListHandlers(Handlers &);
void addFactorHandlers(Handlers &);
void addOrthogonalHandlers(Handlers &);
void addSingularValueHandlers(Handlers &);
void addEigenvalueHandlers(Handlers &);
void addMatrixFunctionHandlers(Handlers &);
void addFourierHandlers(Handlers &);

/// Elementwise ops and index ops, with all that was fused into them.
mlir::LogicalResult lowerFused(Lowering &l, mlir::Operation *op);
/// The lowered result; null after a diagnostic.
mlir::Value buildFused(Lowering &l, mlir::Operation *op);
mlir::Value buildFusedScalar(Lowering &l, mlir::Operation *op);

/// The elements, of the user's element type, of a small vector made of scalars.
std::optional<llvm::SmallVector<mlir::Value>>
knownElements(Lowering &l, mlir::Value old, int depth = 4);

/// Slices of elementwise results become elementwise ops on slices:
/// ComponentSlices.cpp.
void takeComponentsFirst(mlir::Region &region);

/// Slices that have no elements are replaced by what is there without them:
/// EmptySlices.cpp.
void removeEmptySlices(mlir::Region &region);

/// The element type a user sees: of a tensor or a scalar value.
mlir::Type elementOf(mlir::Value old);
int64_t rankOf(mlir::Value old);

} // namespace tfc::lowering

#endif // TFC_LIB_CONVERSION_TFCTOLINALG_LOWERING_H
