//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Fourier transforms of one row of a known size, of any length: where its
// elements come from and where they go is up to the caller.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_TFCTOLINALG_LARGEFOURIER_H
#define TFC_LIB_CONVERSION_TFCTOLINALG_LARGEFOURIER_H

#include "KnownFourier.h"
#include <optional>

namespace tfc::lowering {

/// e^(2 pi i at / of) for all places, as products of two numbers of small
/// tables.
class RootTable {
public:
  RootTable(int64_t of, bool inverse);
  /// Two constants: of every `step`-th root, and of those before the first of
  /// them.
  void tables(mlir::OpBuilder &b, mlir::Location loc, mlir::Type real,
              llvm::SmallVectorImpl<mlir::Value> &to) const;
  /// With a number of the first table and one of the second.
  static std::pair<Num, Num> product(const Array &coarse, Num c,
                                     const Array &fine, Num f);
  std::pair<Num, Num> at(const Array &coarse, const Array &fine, Num i) const;

  const int64_t of, step;
  const bool inverse;
};

class RowTransform {
public:
  using Load = llvm::function_ref<std::pair<Num, Num>(Num)>;
  using Store = llvm::function_ref<void(Num, Num, Num)>;

  static bool isFor(Dim size, mlir::Type real);
  RowTransform(int64_t size, mlir::Type real, bool inverse);

  /// Does it share itself between threads?
  bool isLarge() const { return columns.has_value(); }
  /// The constants that it reads.
  llvm::SmallVector<mlir::Value> tables(mlir::OpBuilder &b,
                                        mlir::Location loc) const;
  unsigned tableCount() const { return columns ? 5 : 1; }
  /// The tables are the kernel's inputs from `first` on.
  void run(Kernel &k, unsigned first, Load load, Store store) const;
  /// The result in two rows, for real and imaginary parts.
  Array run(Kernel &k, unsigned first, Load load) const;

  const int64_t size;
  const mlir::Type real;

private:
  void runLarge(Kernel &k, unsigned first, Load load, Store store) const;
  void transformColumns(Kernel &k, unsigned first, const Array &matrix,
                        Load load) const;
  void transformRows(Kernel &k, unsigned first, const Array &matrix,
                     Store store) const;

  KnownTransform rows; // of a large transform's second half; else all of it
  std::optional<KnownTransform> columns;
};

} // namespace tfc::lowering

#endif // TFC_LIB_CONVERSION_TFCTOLINALG_LARGEFOURIER_H
