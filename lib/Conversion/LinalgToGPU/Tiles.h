//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// What kernels of matrix products share: tiles in shared memory, the element
// that a sum starts from, what happens to a finished one.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_LINALGTOGPU_TILES_H
#define TFC_LIB_CONVERSION_LINALGTOGPU_TILES_H

#include "Writer.h"

namespace tfc::device {

inline mlir::Type elementOf(mlir::OpOperand *operand) {
  return mlir::cast<mlir::MemRefType>(operand->get().getType())
      .getElementType();
}

class Tiles {
public:
  virtual ~Tiles() = default;

protected:
  Tiles(Group &group, llvm::StringRef kind, int64_t threads,
        int64_t depth = 16);

  int64_t count(llvm::ArrayRef<unsigned> positions) const;
  int64_t rows() const { return count(product.rows); }
  int64_t columns() const { return count(product.columns); }
  int64_t inner() const { return count(product.inner); }
  /// Makes the grid and the tiles: `height` x depth and depth x `width`
  /// elements; with room for `leftRoom` and `rightRoom` of them if that is
  /// more.
  void start(int64_t height, int64_t width, int64_t leftRoom = 0,
             int64_t rightRoom = 0);
  /// Where an element of a tile is in shared memory.
  virtual mlir::Value placeLeft(mlir::Value row, mlir::Value k);
  virtual mlir::Value placeRight(mlir::Value k, mlir::Value column);
  /// What is stored there of an element.
  virtual mlir::Value convert(mlir::Value element) { return element; }
  /// Between the copies and the multiplication.
  virtual void publish() { writer.barrier(); }
  /// All slices of the sum: `multiply` works on one, in shared memory.
  Values sum(mlir::ValueRange initial,
             llvm::function_ref<Values(mlir::ValueRange)> multiply);
  /// What the sum of an element starts with.
  mlir::Value initial(mlir::Value row, mlir::Value column);
  /// Stores one element and runs the steps that follow on it.
  void finish(mlir::Value row, mlir::Value column, mlir::Value sum);

  Group &group;
  Step &step;
  Product &product;
  Writer writer;
  mlir::ImplicitLocOpBuilder &b;
  int64_t depth; ///< of a slice of the sum
  int64_t height = 0, width = 0;
  mlir::Value tileLeft, tileRight, batch, top, left;
  /// The values of all loops for an element of an operand; `down` and `across`
  /// are the positions that `row` and `column` count.
  Values indicesAt(llvm::ArrayRef<unsigned> down, mlir::Value row,
                   llvm::ArrayRef<unsigned> across, mlir::Value column);
  mlir::Value inside(mlir::Value index, llvm::ArrayRef<unsigned> positions);

private:
  void placeLoops(Values &ivs, llvm::ArrayRef<unsigned> positions,
                  mlir::Value linear);
  Values indicesOf(mlir::Value row, mlir::Value column);
  mlir::Value isInside(mlir::Value row, mlir::Value column);
  /// `otherwise` where the condition is false.
  mlir::Value loadIf(mlir::Value condition, mlir::Type type,
                     llvm::function_ref<mlir::Value()> load);
  using Place = llvm::function_ref<mlir::Value(mlir::Value, mlir::Value)>;
  void copyTile(mlir::OpOperand &operand, mlir::Value tile, int64_t high,
                int64_t wide, mlir::Value top, mlir::Value left,
                llvm::ArrayRef<unsigned> down, llvm::ArrayRef<unsigned> across,
                Place place);
};

} // namespace tfc::device

#endif // TFC_LIB_CONVERSION_LINALGTOGPU_TILES_H
