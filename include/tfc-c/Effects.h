//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The C interface of what shows effects, of specialization and of sizes.
//===----------------------------------------------------------------------===//

#ifndef TFC_C_EFFECTS_H
#define TFC_C_EFFECTS_H

#include "mlir-c/IR.h"
#include "mlir-c/Support.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Calls `onText` once with the partial order of the effects of function
/// `symbol`, in format "text", "dot" or "json". Returns false, after a call of
/// `onError`, if there is no such function or format.
bool tfcDescribeEffects(MlirModule module, MlirStringRef symbol,
                        MlirStringRef format, MlirStringCallback onText,
                        MlirStringCallback onError, void *userData);

/// Gives the arguments of function `symbol` these shapes, in place, and infers
/// its types again. `ranks[i]` is the rank of argument `i`, or -1 to leave it
/// as it is; `sizes` holds the dimensions of all others one after another,
/// where -1 is an unknown one. Returns false if that fails, after calls of
/// `onError` with the reason and `onLocation` with "file:line:column" (or
/// nothing): the function must not be used then.
bool tfcSpecialize(MlirModule module, MlirStringRef symbol,
                   intptr_t numArguments, const int64_t *ranks,
                   const int64_t *sizes, MlirStringCallback onError,
                   MlirStringCallback onLocation, void *userData);

/// Whether a variable of a `tfc.while` (the number of its argument) has in every
/// iteration the sizes that it had before the loop, as far as that is known.
bool tfcKeepsSizes(MlirOperation loop, intptr_t number);

#ifdef __cplusplus
}
#endif

#endif // TFC_C_EFFECTS_H
