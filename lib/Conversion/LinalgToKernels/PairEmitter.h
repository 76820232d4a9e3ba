//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The parts of a product of bfloat16 in pairs, or of bytes in fours:
// PairProducts.cpp says how they play together.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_LINALGTOKERNELS_PAIREMITTER_H
#define TFC_LIB_CONVERSION_LINALGTOKERNELS_PAIREMITTER_H

#include "Emitter.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinAttributes.h"

namespace tfc::kernels {

class PairEmitter {
public:
  /// Lanes of a square, and pairs (32 bits) of a lane.
  static constexpr int64_t side = 16, squareSize = side * side;
  /// The tile of the result.
  static constexpr int64_t tileRows = 2 * side, tileColumns = 2 * side;
  /// Rows of the result that are made together.
  static constexpr int64_t rowsAtOnce = 4;

  /// Is the operand read in vectors?
  static bool isInVectors(const Matrix &matrix, bool isLeft) {
    Lanes lanes{matrix, isLeft, {}};
    return lanes.depthIsContiguous() || lanes.lanesAreContiguous();
  }
  /// k of a square, if sums are of this type: bytes are multiplied in fours.
  static int64_t depthOf(mlir::Type sum) {
    return (sum.isInteger() ? 4 : 2) * side;
  }
  /// All squares of the depth, or kDynamic.
  static int64_t squaresOf(const Product &p, int64_t squareDepth);

  PairEmitter(KernelBuilder &b, const Product &p, const KernelOptions &options)
      : b(b), p(p), options(options), ofBytes(b.type.isInteger()),
        squareDepth(depthOf(b.type)), pairType(b.builder.getI32Type()),
        pairs(mlir::VectorType::get(side, pairType)),
        sums(mlir::VectorType::get(side, b.type)) {}

  /// With memory for panels (`panelsSize()`), and for copies of all of the left
  /// operand, or null.
  void emit(mlir::Value panels, mlir::Value left);
  int64_t leftCopiesSize() const; ///< in pairs; 0: each tile copies its own
  /// All panels of the right operand.
  void copyAll(mlir::Value panels);
  /// Blocks of the depth, where its size is known.
  int64_t depthBlocks() const;
  int64_t blockSquares() const;
  int64_t
  panelSize() const; ///< of a panel for one block of the depth, in pairs
  /// Panels that have memory while the product is computed, and a least
  /// exponent of each.
  int64_t panelsSize() const { return panelCount() * (panelSize() + 1); }
  /// Those of all columns, where their number is known, and of the depth.
  int64_t allPanelsSize() const {
    return allPanels() * depthBlocks() * (panelSize() + 1);
  }

private:
  /// An operand as lanes along which it is not summed up.
  struct Lanes {
    const Matrix &matrix;
    bool isLeft; ///< lanes are rows
    mlir::Value count;

    mlir::Value at(KernelBuilder &b, mlir::Value lane, mlir::Value k) const {
      return isLeft ? b.at(matrix, lane, k) : b.at(matrix, k, lane);
    }
    bool depthIsContiguous() const {
      return isLeft ? known(matrix.columnStride) == 1
                    : known(matrix.rowStrides[0]) == 1;
    }
    bool lanesAreContiguous() const {
      if (!isLeft)
        return known(matrix.columnStride) == 1;
      return known(matrix.rowStrides.back()) == 1 &&
             (matrix.rowStrides.size() == 1 || neighbours() >= side);
    }
    /// So many rows of the left operand follow each other, if it has several
    /// loops over rows; 0: unknown.
    int64_t neighbours() const {
      int64_t inner = known(matrix.rowSizes.back());
      return isKnown(inner) ? inner : 0;
    }
  };

  /// Where the squares of some lanes are, one block of the depth of them.
  struct Squares {
    mlir::Value memory, start;
  };

  /// A block of the depth: squares of k, those of each tap by themselves.
  struct Block {
    mlir::Value first, squares;  ///< the number of the first one, and how many
    mlir::Value groupSize;       ///< of the squares of 16 lanes
    mlir::Value isFirst, isLast; ///< i1
  };

  /// Neighbouring panels of one block of the depth, and what memory has them.
  struct Panels {
    mlir::Value memory;
    mlir::Value
        count; ///< in this memory; their least exponents are behind them
    mlir::Value first; ///< the number there of the first one
    mlir::Value step;  ///< from the number of one to that of the next

    mlir::Value number(KernelBuilder &b, mlir::Value panel) const {
      return b.add(first, b.mul(panel, step));
    }
  };

  /// A tile of rows that has been copied, and where its part of the result is.
  struct RowTile {
    Squares left;
    mlir::Value leftExponent, row, end, column, width;
  };

  /// The first k of a square, and how far its tap moves in the operand.
  struct Place {
    mlir::Value k, offset;
  };

  int64_t squares() const { return squaresOf(p, squareDepth); }
  int64_t panelCount() const;
  int64_t allPanels() const;
  int64_t panelsAtOnce() const;
  bool sharesColumns() const;
  mlir::Value squaresOfTap() { return b.ceilDiv(p.depth, squareDepth); }
  Place placeOf(mlir::Value square, bool isLeft);
  void overDepth(llvm::function_ref<void(const Block &)> body);
  Squares squaresOf(const Panels &panels, mlir::Value panel);
  mlir::Value exponentOf(const Panels &panels, mlir::Value panel);
  Panels panelsOf(mlir::Value memory, mlir::Value panel, const Block &block);
  Panels panelsHere(mlir::Value memory, mlir::Value place, mlir::Value panel,
                    const Block &block);
  void copyWhereNeeded(const Panels &panels, mlir::Value column,
                       mlir::Value width, const Block &block);

  // Copies
  void copyPanels(const Panels &panels, mlir::Value column, mlir::Value width,
                  const Block &block);
  void copyPanel(const Panels &panels, mlir::Value column, mlir::Value panel,
                 const Block &block);
  mlir::Value copyWork(mlir::Value lanes);
  Values copy(const Lanes &from, mlir::Value firstLane, const Block &block,
              const Squares &to, int64_t tiles, mlir::Value toNext = {});
  mlir::Value copySquares(const Lanes &from, mlir::Value firstLane,
                          llvm::ArrayRef<mlir::Value> starts,
                          const Place &place, const Squares &to,
                          const Block &block, mlir::Value soFar, int64_t tiles,
                          mlir::Value toNext);
  void turnSquare(mlir::Value from, mlir::Value fromAt, mlir::Value to,
                  mlir::Value toAt);
  Values rowsOfPairs(const Lanes &from, mlir::Value firstLane, mlir::Value k,
                     mlir::Value move, int64_t tiles, mlir::Value mask);
  bool isCopiedInLoop(const Lanes &from) const;
  mlir::Value copyLanes(const Lanes &from, mlir::Value firstLane,
                        mlir::Value starts, const Place &place,
                        const Squares &to, const Block &block,
                        mlir::Value soFar, mlir::Value mask);
  int64_t tilesOfLine(const Lanes &from, int64_t tiles) const;
  mlir::Value copyElements(const Lanes &from, mlir::Value firstLane,
                           const Place &place, const Squares &to,
                           const Block &block, mlir::Value soFar);
  mlir::Value rowOfLanes(const Lanes &from, mlir::Value lane, mlir::Value k,
                         mlir::Value move, int64_t count, mlir::Value mask);
  mlir::Value least(mlir::Value vector, mlir::Value soFar);

  // Tiles of the result
  bool isOneTile() const;
  mlir::Value tileWork(mlir::Value columns, mlir::Value depth);
  void overRowTiles(
      mlir::Value flops,
      llvm::function_ref<void(mlir::Value first, mlir::Value end)> body);
  bool splitsRows(const Lanes &left) const;
  int64_t leftSize() const { return blockSquares() * squareSize * 2; }
  int64_t leftCount() const;
  bool copiesLeft() const;
  mlir::Value leftNumber(mlir::Value row, const Block &block);
  void copyLeft();
  void rowTile(const Panels &panels, mlir::Value row, mlir::Value end,
               mlir::Value column, mlir::Value width, const Block &block);
  int64_t sumTiles() const;
  void zeroTiles();
  void multiplyTiles(const Squares &left, const Squares &right,
                     const Block &block, mlir::Value square);
  void storeTiles(const Squares &to);
  void multiplyVectors(const Squares &left, const Squares &right,
                       const Block &block, mlir::Value rows, const Squares &to,
                       bool exactly);
  mlir::Value multiplyAdd(mlir::Value left, mlir::Value right, mlir::Value sum,
                          bool exactly);
  mlir::Value multiplyAddBytes(mlir::Value left, mlir::Value right,
                               mlir::Value sum);
  /// Vectors multiply bytes without a sign by those with one. Of two operands
  /// with a sign, 128 is added to the left one (of two without, subtracted).
  bool movesLeft() const {
    return ofBytes && options.unit.pairs == PairUnit::vectors &&
           p.left.isUnsigned == p.right.isUnsigned;
  }
  mlir::Value moved() { return splat(0x80808080, pairs); }
  mlir::Value isExact(const Panels &panels, mlir::Value panel,
                      mlir::Value leftExponent);
  void overPanels(const Panels &panels, mlir::Value from, mlir::Value to,
                  const RowTile &tile, const Block &block);
  void emitColumns(mlir::Value panels);
  void emitRows(mlir::Value panels);
  void finish(const Squares &from, mlir::Value number, mlir::Value row,
              mlir::Value end, mlir::Value column, mlir::Value width,
              const Block &block);

  // Pieces of IR
  mlir::VectorType halves() {
    return mlir::VectorType::get(2 * side, b.builder.getI16Type());
  }
  /// Of an element.
  int64_t bits() const { return 32 * side / squareDepth; }
  /// A value of either branch.
  mlir::Value either(mlir::Value condition,
                     llvm::function_ref<mlir::Value()> yes,
                     llvm::function_ref<mlir::Value()> no);
  mlir::Value pair(int64_t value) {
    return mlir::arith::ConstantIntOp::create(b.builder, b.loc, pairType,
                                              value);
  }
  mlir::Value splat(int64_t value, mlir::VectorType type) {
    return mlir::arith::ConstantOp::create(
        b.builder, b.loc,
        mlir::DenseElementsAttr::get(
            type, b.builder.getIntegerAttr(type.getElementType(), value)));
  }
  template <typename Op> mlir::Value make(mlir::Value x, mlir::Value y) {
    return b.builder.createOrFold<Op>(b.loc, x, y);
  }
  mlir::Value bitcast(mlir::Value vector, mlir::VectorType type) {
    return mlir::vector::BitCastOp::create(b.builder, b.loc, type, vector);
  }
  mlir::Value allocate(int64_t elements, mlir::Type type) {
    return mlir::memref::AllocOp::create(b.builder, b.loc,
                                         mlir::MemRefType::get(elements, type),
                                         b.builder.getI64IntegerAttr(64));
  }
  mlir::Value offset(mlir::Value from, int64_t by) {
    return b.add(from, b.constant(by));
  }
  mlir::Value pointer(mlir::Value memory, mlir::Value element);
  mlir::Value bytesOf(int64_t elements); ///< of 32 bits
  void call(llvm::StringRef intrinsic, mlir::ValueRange operands);
  mlir::Value tileNumber(int64_t number);
  mlir::Value tileConfiguration();

  KernelBuilder &b;
  const Product &p;
  const KernelOptions &options;
  bool ofBytes;
  int64_t squareDepth;
  mlir::IntegerType pairType;
  mlir::VectorType pairs, sums;
  /// Copies of all tiles of rows, or null.
  mlir::Value leftCopies;
};

} // namespace tfc::kernels

#endif // TFC_LIB_CONVERSION_LINALGTOKERNELS_PAIREMITTER_H
