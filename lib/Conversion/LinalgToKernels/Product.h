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

namespace tfc::kernels {

/// result (rows x columns, `columnStride` 1) = or += left (rows x depth) *
/// right (depth x columns).
struct Product {
  Matrix left, right, result;
  mlir::Value rows, columns, depth;
  bool fresh = false; ///< overwrite the result
};

/// How the product is computed.
enum class Algorithm {
  direct,     ///< register tiles on the operands as they are; small matrices
  packed,     ///< blocks of the right operand copied to panels that stay in the
              ///< cache
  either,     ///< decides at run time between these
  rowTimes,   ///< one row: adds multiples of the right operand's rows
  dotProducts ///< few rows and a transposed right operand: sums along
              ///< contiguous memory
};

struct KernelOptions {
  VectorUnit unit;
  bool reassociate = true; ///< sums may be computed in another order
  bool parallel = true;    ///< several threads may share the work
};

Algorithm chooseAlgorithm(const Product &product, mlir::Type element,
                          const KernelOptions &options);

/// For those who ask what is done with a product.
std::string describe(const Product &product, Algorithm algorithm, const KernelOptions &options);

/// Buffers that all threads share; made once, outside of loops over batches.
struct Workspace {
  mlir::Value panels;
};
Workspace allocateWorkspace(KernelBuilder &builder, const Product &product,
                            Algorithm algorithm, const KernelOptions &options);

void emitProduct(KernelBuilder &builder, const Product &product,
                 Algorithm algorithm, const Workspace &workspace,
                 const KernelOptions &options);

} // namespace tfc::kernels

#endif // TFC_LIB_CONVERSION_LINALGTOKERNELS_PRODUCT_H
