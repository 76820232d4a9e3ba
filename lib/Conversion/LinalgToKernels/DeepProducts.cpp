//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Products along many rows that have few results, as gradients of weights and
// filters: nothing else of them can be shared by threads.
//===----------------------------------------------------------------------===//

#include "DeepProducts.h"
#include "KeptPanels.h"
#include "Product.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "tfc/Dialect/TFCRT/Transforms/ReduceInPieces.h"

using namespace mlir;
using namespace tfc::kernels;

SmallVector<linalg::LinalgOp>
tfc::kernels::splitDeep(OpBuilder &builder, linalg::LinalgOp op,
                        const KernelOptions &options) {
  constexpr int64_t fewResults = 16 * 1024, manyResults = 64 * 1024,
                    mostPieces = 64, mostLargePieces = 8, leastRows = 256;
  constexpr double enough = 100000; // nanoseconds
  std::optional<Contraction> c = matchContraction(op);
  if (!options.parallel || !c ||
      c->right.memref.getDefiningOp<memref::GetGlobalOp>() ||
      isKeptConstant(*c))
    return {op};
  auto rows = tfc::rt::matchReducedRows(op, options.reassociate);
  if (!rows || rows->columns > manyResults)
    return {op};
  int64_t most = rows->columns > fewResults ? mostLargePieces : mostPieces;
  double flopsPerNanosecond =
             6.0 * options.unit.bits / c->type.getIntOrFloatBitWidth(),
         nanoseconds = 2.0 * double(rows->count) * double(rows->columns) /
                       flopsPerNanosecond;
  auto cut = [&](int64_t most) {
    return tfc::rt::cutRows(op, *rows, std::min(most, rows->count / leastRows),
                            nanoseconds);
  };
  tfc::rt::RowPieces pieces = cut(most);
  // With columns of one vector, a tile does little with what it reads from
  // the second-level cache: so many rows had better be packed.
  int64_t bits = c->type.getIntOrFloatBitWidth(),
          rowBytes = c->size(c->column) * bits / 8,
          bytes = rows->count / pieces.count * rowBytes;
  if (c->size(c->column) * bits <= options.unit.bits &&
      bytes > directBytes / 4 && bytes <= directBytes)
    pieces = cut(rows->count * rowBytes / (directBytes + 1));
  if (pieces.count < 2 || nanoseconds < enough)
    return {op};
  return tfc::rt::reduceInPieces(builder, op, pieces);
}
