//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The algorithms for one matrix product, and the choice between them.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_LINALGTOKERNELS_PRODUCT_H
#define TFC_LIB_CONVERSION_LINALGTOKERNELS_PRODUCT_H

#include "Contraction.h"
#include "KernelBuilder.h"
#include "mlir/IR/BuiltinAttributes.h"
#include <functional>

namespace tfc::kernels {

class Elementwise;
class KeptPanels;

/// Larger right operands are packed: half of a usual second-level cache.
constexpr int64_t directBytes = 512 * 1024;

/// result (rows x columns, `columnStride` 1) = or += left (rows x depth) *
/// right (depth x columns), summed up over taps.
struct Product {
  Matrix left, right, result;
  mlir::Value rows, columns, depth;
  llvm::SmallVector<Tap> taps; ///< outermost first
  bool fresh = false;          ///< overwrite the result
  /// The right operand has no more elements, where that is known.
  std::optional<int64_t> mostRight;
  /// What becomes of the sums before they are stored, or null; and its
  /// operands, at the same rows and columns.
  const Elementwise *epilogue = nullptr;
  llvm::SmallVector<Matrix> epilogueOperands;
  /// What makes the right operand from others, or null: then `right` is never
  /// read.
  const Elementwise *producer = nullptr;
  llvm::SmallVector<Matrix> producerOperands;
  /// All panels of the right operand, made before a loop that needs them again
  /// and again; or null.
  mlir::Value panels;
  /// The same in pairs of bfloat16, or fours of bytes.
  mlir::Value pairPanels;
  /// Of panels of a variable, whose blocks are copied where they are needed
  /// first, if at all. i1: this call copies them; and does so to the workspace,
  /// as there is nobody who keeps them. Both null where panels are made before.
  mlir::Value copies, streams;
};

/// How the product is computed.
enum class Algorithm {
  direct,   ///< register tiles on the operands as they are; small matrices
  packed,   ///< blocks of the right operand copied to panels that stay in the
            ///< cache
  either,   ///< decides at run time between these
  pairs,    ///< of bfloat16, or bytes in fours; PairProducts.h
  rowSums,  ///< few columns: sums along k, which is contiguous in both
            ///< operands
  rowLanes, ///< few columns: vectors of rows, which are neighbours in the left
            ///< operand
  rowTimes, ///< few rows: adds multiples of the right operand's rows
  dotProducts ///< few rows and a transposed right operand: sums along
              ///< contiguous memory
};

struct KernelOptions {
  VectorUnit unit;
  bool reassociate = true;     ///< sums may be computed in another order
  bool parallel = true;        ///< several threads may share the work
  bool routines = false;       ///< products have tiles in common
  bool routinesOfRows = false; ///< whose rows are anywhere, too
  KeptPanels *kept = nullptr;  ///< where panels outlive calls, or null
};

Algorithm chooseAlgorithm(KernelBuilder &builder, const Product &product,
                          const KernelOptions &options);

/// For those who ask what is done with a product.
std::string describe(KernelBuilder &builder, const Product &product,
                     Algorithm algorithm, const KernelOptions &options);

/// Buffers that all threads share; made once, outside of loops over batches.
struct Workspace {
  mlir::Value panels; ///< of the right operand; null: each product has its own
  mlir::Value left; ///< rows of the left operand, contiguous and in the type of
                    ///< sums (null: it is so already), or copied in pairs
};
Workspace allocateWorkspace(KernelBuilder &builder, const Product &product,
                            Algorithm algorithm, const KernelOptions &options);

/// Products of a batch whose operands lie side by side, as those of groups of
/// channels do: from one to the next, all rows move by these steps, which are
/// less than from one row to the next.
struct SideBySide {
  int64_t count;
  int64_t leftStep, rightStep, resultStep;
  llvm::SmallVector<int64_t> epilogueSteps;
  /// The product of this number.
  std::function<Product(mlir::Value number)> member;
};
/// Do several of them fit a vector?
bool sharesVectors(KernelBuilder &builder, const Product &product,
                   const SideBySide &batch, const KernelOptions &options);
/// Are there so many rows that these products take turns at blocks of them?
bool takesTurns(KernelBuilder &builder, const Product &product,
                const KernelOptions &options);
/// Directly, each block of rows for all products, so that it comes from memory
/// once; or as one where several fit a vector. False if neither gains anything.
bool emitSideBySide(KernelBuilder &builder, const Product &product,
                    const SideBySide &batch, const KernelOptions &options);

void emitProduct(KernelBuilder &builder, const Product &product,
                 Algorithm algorithm, const Workspace &workspace,
                 const KernelOptions &options);

/// Products of few rows (`Algorithm::rowTimes`), of the same sizes, whose right
/// operands are computed from the same memory: it is read once.
void emitRowTimes(KernelBuilder &builder, llvm::ArrayRef<Product> products,
                  const KernelOptions &options);

/// Panels of all of the right operand: how many elements, and what their order
/// depends on.
struct PanelsShape {
  int64_t elements;
  llvm::SmallVector<int64_t> layout;
};
PanelsShape shapeOfPanels(KernelBuilder &builder, const Product &product,
                          const KernelOptions &options);
void emitPanels(KernelBuilder &builder, const Product &product,
                mlir::Value panels, const KernelOptions &options);

/// The same of a constant, whose element (k, column) is number
/// k * rowStride + column * columnStride.
mlir::DenseElementsAttr packConstant(KernelBuilder &builder,
                                     const Product &product,
                                     mlir::DenseElementsAttr values,
                                     int64_t rowStride, int64_t columnStride,
                                     const KernelOptions &options);

} // namespace tfc::kernels

#endif // TFC_LIB_CONVERSION_LINALGTOKERNELS_PRODUCT_H
