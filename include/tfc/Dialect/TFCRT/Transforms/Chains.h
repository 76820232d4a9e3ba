//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Parallel loops whose iterations are different pieces of code.
//===----------------------------------------------------------------------===//

#ifndef TFC_DIALECT_TFCRT_TRANSFORMS_CHAINS_H
#define TFC_DIALECT_TFCRT_TRANSFORMS_CHAINS_H

#include "tfc/Dialect/TFCRT/IR/TFCRT.h"

namespace tfc::rt {

/// Marks a `tfcrt.parallel` that `tfc-parallelize-chains` has made: each
/// iteration runs one op of its region, once.
constexpr const char *runsChains = "tfc.chains";

/// Runs all iterations of a loop where it stands.
void runHere(ParallelOp loop);

} // namespace tfc::rt

#endif // TFC_DIALECT_TFCRT_TRANSFORMS_CHAINS_H
