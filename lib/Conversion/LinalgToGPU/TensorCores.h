//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// What kernels on NVIDIA's tensor cores share: four warps, and which results a
// thread has.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_LINALGTOGPU_TENSORCORES_H
#define TFC_LIB_CONVERSION_LINALGTOGPU_TENSORCORES_H

#include "Tiles.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

namespace tfc::device {

constexpr int64_t warps = 4, lanes = 32, blockRows = 16 * warps;

class TensorCores : protected Tiles {
public:
  TensorCores(Group &group, llvm::StringRef kind, int64_t depth);

  void run();

protected:
  /// Makes the grid, the tiles, and says how many columns a block has.
  virtual int64_t begin() = 0;
  /// One slice of the sum; four values for each eight columns.
  virtual Values multiply(mlir::ValueRange sums) = 0;
  /// All slices, one after the other.
  virtual Values addSlices(Values sums);
  /// `mma.sync`: adds the product of fragments to columns [8 eight, 8 eight +
  /// 8).
  void addTile(Values &sums, int64_t eight, mlir::ValueRange lhs,
               mlir::ValueRange rhs);
  /// The hardware would cut the bits that tf32 lacks: round instead.
  mlir::Value convert(mlir::Value element) override;

  mlir::Value plus(mlir::Value x, int64_t by) {
    return writer.add(x, writer.constant(by));
  }
  mlir::Value times(mlir::Value x, int64_t by) {
    return writer.mul(x, writer.constant(by));
  }
  mlir::Value over(mlir::Value x, int64_t by) {
    return b.createOrFold<mlir::arith::DivUIOp>(x, writer.constant(by));
  }
  mlir::Value rest(mlir::Value x, int64_t by) {
    return b.createOrFold<mlir::arith::RemUIOp>(x, writer.constant(by));
  }

  mlir::Type type;
  int64_t bytes; ///< of an element
  mlir::Value group4, member, warpTop;
};

} // namespace tfc::device

#endif // TFC_LIB_CONVERSION_LINALGTOGPU_TENSORCORES_H
