//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Sliding windows over [batch, spatial..., channels], whatever is known of
// their sizes.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_TFCTOLINALG_WINDOWS_H
#define TFC_LIB_CONVERSION_TFCTOLINALG_WINDOWS_H

#include "Body.h"

namespace tfc::lowering {

/// x * y + sum in the type that sums are kept in.
mlir::Value multiplyAdd(mlir::OpBuilder &b, mlir::Location loc, mlir::Type type,
                        mlir::Value x, mlir::Value y, mlir::Value sum);
mlir::Value addNumbers(mlir::OpBuilder &b, mlir::Location loc, mlir::Type type,
                       mlir::Value x, mlir::Value y);
/// Sums of halves are kept in f32.
inline mlir::Type sumType(mlir::Type element) {
  return isHalf(element)
             ? mlir::Type(mlir::Float32Type::get(element.getContext()))
             : element;
}

class Windows {
public:
  using Values = llvm::SmallVector<mlir::Value>;

  /// `sizes` and `window` are the spatial dimensions of the input and of the
  /// window.
  Windows(Lowering &l, llvm::ArrayRef<Dim> sizes, mlir::ValueRange window,
          llvm::ArrayRef<int64_t> strides, llvm::ArrayRef<int64_t> dilations,
          llvm::ArrayRef<int64_t> padding);

  size_t rank() const { return strides.size(); }
  /// Does every window lie inside of the input, whatever its size?
  bool isUnpadded() const { return unpadded; }
  /// Windows of one element, without padding.
  bool isPointwise() const { return unpadded && unitWindow; }
  bool hasUnitStrides() const;

  /// The input with padding around, of a stored scalar.
  mlir::Value pad(mlir::Value x, mlir::Value fill);
  /// A tensor of the padded size, of one stored scalar.
  mlir::Value padded(mlir::Value batch, mlir::Value channels, mlir::Value fill);
  /// The input's part of a padded tensor.
  mlir::Value unpad(mlir::Value x);
  /// Of a padded tensor, what element `k` of the window meets at each place.
  mlir::Value at(mlir::Value x, mlir::ValueRange k);
  /// Its opposite: `part` put back.
  mlir::Value put(mlir::Value part, mlir::Value x, mlir::ValueRange k);
  /// Index of element k at place o, of a padded tensor, along one spatial
  /// dimension.
  mlir::AffineExpr index(size_t spatial, mlir::AffineExpr o,
                         mlir::AffineExpr k) const {
    return o * strides[spatial] + k * dilations[spatial];
  }
  /// Adds to a padded tensor what `add` makes of each element of the window: it
  /// gets its index and what lies there now at each place.
  mlir::Value scatter(
      mlir::Value x,
      llvm::function_ref<mlir::Value(mlir::ValueRange k, mlir::Value now)> add);

  /// How many elements of the window at index `o` of one spatial dimension are
  /// no padding.
  mlir::Value count(mlir::OpBuilder &b, size_t spatial, mlir::Value o);

  Values sizes, window, places, before, after;
  llvm::SmallVector<int64_t> strides, dilations;

private:
  void box(mlir::Value x, mlir::ValueRange k,
           llvm::SmallVector<mlir::OpFoldResult> &offsets,
           llvm::SmallVector<mlir::OpFoldResult> &extents,
           llvm::SmallVector<mlir::OpFoldResult> &steps);

  Lowering &l;
  bool unpadded = true, unitWindow = true;
};

/// A tensor with so many elements of a stored scalar before and behind it in
/// each dimension; the tensor itself if there are none.
mlir::Value padAround(Lowering &l, mlir::Value x, mlir::ValueRange before,
                      mlir::ValueRange after, mlir::Value fill);
/// The same for the spatial dimensions of [batch, spatial..., channels].
mlir::Value padSpatial(Lowering &l, mlir::Value x, mlir::ValueRange before,
                       mlir::ValueRange after, mlir::Value fill);

// Index arithmetic, folded as far as sizes are known.
mlir::Value addIndex(Lowering &l, mlir::Value x, mlir::Value y);
mlir::Value subIndex(Lowering &l, mlir::Value x, mlir::Value y);
mlir::Value mulIndex(Lowering &l, mlir::Value x, mlir::Value y);
mlir::Value dimOf(Lowering &l, mlir::Value tensor, int64_t dim);

} // namespace tfc::lowering

#endif // TFC_LIB_CONVERSION_TFCTOLINALG_WINDOWS_H
