//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The algorithms, one method each, and the sizes they cut a product into.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_LINALGTOKERNELS_EMITTER_H
#define TFC_LIB_CONVERSION_LINALGTOKERNELS_EMITTER_H

#include "Product.h"
#include "mlir/IR/BuiltinTypes.h"
#include <algorithm>

namespace tfc::kernels {

/// The static size, or kDynamic.
int64_t known(mlir::Value value);
inline bool isKnown(int64_t size) { return !mlir::ShapedType::isDynamic(size); }

/// `total` as parts of at most `most`, of two sizes that differ by one; the
/// larger come last.
llvm::SmallVector<std::pair<int64_t, int64_t>> split(int64_t total,
                                                     int64_t most);

/// The register tile, in rows and vectors.
struct Shape {
  int64_t rows, vectors, lanes;
  int64_t width() const { return vectors * lanes; }
};

/// Sizes of the blocks of a packed product. Known sizes make them smaller, to
/// save memory and to balance.
struct Blocks {
  Shape shape;
  int64_t depth;   ///< k of a block
  unsigned whole;  ///< so many taps, the innermost, are inside of a block
  int64_t tapStep; ///< how much of the next one is, 1 if it is not divided
  int64_t steps;   ///< all of a block's multiply-adds for one element
  int64_t panels;  ///< that the workspace holds
  bool byColumns;  ///< threads share panels, not rows
  int64_t parts;   ///< that the rows of a panel are cut into for threads
  bool ownPanels = false; ///< each part of the rows has copies of all panels
  int64_t panelSize() const { return steps * shape.width(); }
  /// Panels of which each part may be another thread's.
  int64_t divided() const {
    return ownPanels ? panels : parts > 1 ? std::min<int64_t>(panels, 2) : 0;
  }
  /// Places for panels in the workspace: each part of a divided one needs its
  /// own.
  int64_t places() const { return panels + divided() * (parts - 1); }
};

/// A block of the depth.
struct DepthBlock {
  llvm::SmallVector<Tap> taps;
  mlir::Value first, depth, left,
      right; ///< k, and where the block begins in the operands, without k
  mlir::Value isFirst, isLast; ///< i1
  mlir::Value number;          ///< counts the blocks, if all panels are kept
};

class Emitter {
public:
  Emitter(KernelBuilder &b, const Product &p, const KernelOptions &options,
          mlir::Type element);

  void direct();
  bool sideBySide(const SideBySide &batch);
  int64_t productsOfVector(const SideBySide &batch) const;
  bool takesTurns() const {
    return !leftIsAlongRows() && hasManyTiles(directShape().rows);
  }
  void packed(const Workspace &workspace);
  /// Together with others of the same sizes.
  void rowTimes(llvm::ArrayRef<Product> others);
  void dotProducts();
  void rowSums();
  void rowLanes();
  bool paysRowSums() const;
  bool paysRowLanes() const;
  /// How many of the last columns are done by themselves, the product of the
  /// others, and those.
  int64_t restColumns(Algorithm algorithm) const;
  Product wholeColumns(int64_t rest);
  void sumRest(int64_t rest);
  Blocks blocks() const;
  bool needsLeftCopy() const;
  mlir::Value leftRows() const;
  /// Panel by panel, block by block.
  void packAll(mlir::Value memory);
  /// Of how many blocks the depth is made, if all sizes are known.
  int64_t depthBlocks() const;
  int64_t depthBlocks(const Blocks &blocks) const;
  /// Of panels that are copied, and of those that are there already.
  int64_t copiedGroup() const;
  int64_t keptGroup() const;
  /// Is the right operand fetched while others of it are computed with?
  bool fetchesRight() const;

private:
  /// Fewer tiles than these are not shared out, but products.
  static constexpr int64_t leastTurns = 16;
  Shape directShape() const;
  bool leftIsAlongRows() const;

  // Pieces of the index space
  mlir::Value flops(mlir::Value rows, mlir::Value columns, mlir::Value depth);
  mlir::Value allSteps();
  mlir::Value offset(mlir::Value from, int64_t by) {
    return b.add(from, b.constant(by));
  }
  Product someColumns(mlir::Value first, mlir::Value count);
  Product onImageRow(mlir::Value number);
  Values offsets(mlir::Value from, int64_t count, int64_t by = 1);
  using ForRows = llvm::function_ref<void(llvm::ArrayRef<mlir::Value>)>;
  using ForColumns = llvm::function_ref<void(llvm::ArrayRef<Columns>)>;
  void overRows(int64_t most, bool parallel, ForRows body);
  void overColumns(int64_t most, bool parallel, ForColumns body);
  void overDepth(llvm::function_ref<void(const DepthBlock &)> body);
  Shape shape() const;
  Tile newTile(llvm::ArrayRef<mlir::Value> rows,
               llvm::ArrayRef<Columns> columns);
  void fetchNear(Tile &tile) const;
  bool isRoutine(const Tile &tile) const;
  bool isRoutineOfRows(const Tile &tile) const;
  struct Sums {
    Matrix matrix;
    mlir::Value firstRow, firstColumn;
  };
  Sums sumsOf(const Tile &tile);
  void finish(const Tile &tile, const Sums &sums);
  void emitRows(const Tile &tile);
  void emit(const Tile &tile, mlir::Value width = {});

  // Packing
  mlir::Value panelStep();
  mlir::Value rightVector(mlir::Value step, mlir::Value column,
                          mlir::Value move, int64_t lanes, mlir::Value mask);
  mlir::Value rightElement(mlir::Value step, mlir::Value column,
                           mlir::Value move);
  void packPanels(mlir::Value panels, mlir::Value start, mlir::Value column,
                  mlir::Value width, mlir::Value count,
                  const DepthBlock &block);
  using ForTap = llvm::function_ref<void(mlir::Value to, mlir::Value move)>;
  void overBlock(mlir::Value start, const DepthBlock &block, ForTap body);
  void packWhole(mlir::Value panels, mlir::Value start, mlir::Value column,
                 mlir::Value count, const DepthBlock &block, mlir::Value move);
  void packEdge(mlir::Value panels, mlir::Value start, mlir::Value column,
                mlir::Value width, const DepthBlock &block, mlir::Value move);
  void packTurned(mlir::Value panels, mlir::Value start, mlir::Value column,
                  mlir::Value width, const DepthBlock &block, mlir::Value move);
  void packElements(mlir::Value panels, mlir::Value start, mlir::Value column,
                    mlir::Value width, const DepthBlock &block,
                    mlir::Value move);
  void packSquares(mlir::Value panels, mlir::Value start, mlir::Value column,
                   mlir::Value width, const DepthBlock &block,
                   mlir::Value move);
  void overWholeVectors(mlir::Value depth, int64_t width,
                        llvm::function_ref<void(mlir::Value)> body);
  void copyLeft(mlir::Value memory, mlir::Value firstRow, mlir::Value rows);
  void packedRows(const Workspace &workspace);
  void overTiles(mlir::Value from, mlir::Value to, int64_t most, ForRows body);
  mlir::Value rowTiles();
  void panelTiles(mlir::Value panels, mlir::Value start, mlir::Value column,
                  mlir::Value width, const DepthBlock &block,
                  llvm::ArrayRef<mlir::Value> rows,
                  llvm::function_ref<void(Tile &)> prepare = {});

  // Side by side
  Tile directTile(llvm::ArrayRef<mlir::Value> rows,
                  llvm::ArrayRef<Columns> columns);
  Tile mergedTile(llvm::ArrayRef<mlir::Value> rows, const SideBySide &batch);
  int64_t imageRow() const;
  int64_t evenRows() const;
  int64_t rowsOfTile(int64_t vectors) const;
  int64_t leftRowStep(llvm::ArrayRef<mlir::Value> rows) const;
  bool areEven(llvm::ArrayRef<mlir::Value> rows) const;
  bool hasManyTiles(int64_t rows) const {
    return !isKnown(m) || m >= leastTurns * rows;
  }

  // Few columns
  bool isNarrow() const;
  Values sumsAlong(llvm::ArrayRef<mlir::Value> rows, mlir::Value leftMove,
                   mlir::Value rightMove, mlir::ValueRange start);
  Values addLanes(int64_t rows, llvm::ArrayRef<Columns> columns,
                  llvm::ArrayRef<mlir::Value> sums);
  void storeLanes(mlir::Value first, int64_t width, mlir::Value mask,
                  llvm::ArrayRef<Columns> columns,
                  llvm::ArrayRef<mlir::Value> sums);
  void finishRows(llvm::ArrayRef<mlir::Value> rows,
                  llvm::ArrayRef<Columns> columns, Values sums);

  // Few rows
  static void addRowTimes(llvm::MutableArrayRef<Emitter> parts,
                          mlir::Value first, int64_t count, bool start);
  static void rowTimesAll(llvm::MutableArrayRef<Emitter> parts);
  mlir::Value streamed(mlir::Value columns);

  KernelBuilder &b;
  Product p;
  const KernelOptions &options;
  int64_t lanes, m, n, k;
};

} // namespace tfc::kernels

#endif // TFC_LIB_CONVERSION_LINALGTOKERNELS_EMITTER_H
