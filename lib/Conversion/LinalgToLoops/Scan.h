//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_LINALGTOLOOPS_SCAN_H
#define TFC_LIB_CONVERSION_LINALGTOLOOPS_SCAN_H

#include "tfc/Dialect/TFCRT/IR/TFCRT.h"

namespace tfc::loops {

struct ScanOptions {
  int64_t vectorBits = 128;
  bool reassociate = true; ///< sums may be computed in another order
  bool parallel = true;
};

/// Replaces a scan of buffers by loops.
void lowerScan(mlir::OpBuilder &builder, tfc::rt::ScanOp op,
               const ScanOptions &options);

} // namespace tfc::loops

#endif // TFC_LIB_CONVERSION_LINALGTOLOOPS_SCAN_H
