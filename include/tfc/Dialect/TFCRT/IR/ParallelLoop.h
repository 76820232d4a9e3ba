//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Building parallel loops, and the cost model that says which are worth it.
//===----------------------------------------------------------------------===//

#ifndef TFC_DIALECT_TFCRT_IR_PARALLELLOOP_H
#define TFC_DIALECT_TFCRT_IR_PARALLELLOOP_H

#include "mlir/IR/Builders.h"

namespace tfc::rt {

/// Marks an `scf.for` whose iterations depend on nothing that others write,
/// with the nanoseconds that one takes: `tfc-linalg-to-loops` lets threads
/// share it.
constexpr const char *independent = "tfc.independent";

/// Marks an `scf.for` that is a loop of the program, as long as passes keep it:
/// `tfc-poll-host` lets it be stopped.
constexpr const char *steps = "tfc.steps";

/// The work of one iteration: `units`, known or not, that take so many
/// nanoseconds each.
struct IterationCost {
  mlir::OpFoldResult units;
  double nanoseconds;
  /// In a loop around: a thread reads what it has written itself the last time,
  /// but for a little.
  bool staysInPlace = false;
  /// What is read has just been written by threads: one that does all would
  /// wait for half of it.
  bool readsOthers = false;
};

/// About what the ops of a loop's body take for one element, where so many are
/// done at once.
double bodyNanoseconds(mlir::Block &body, int64_t lanes);

/// Builds the iterations from `begin` to before `end` with `body`, which gets
/// the limits of what it has to run: as a `tfcrt.parallel` if the work is not
/// known to be less than two pieces, and not inside of another one, else as it
/// is. Returns whether there is such an op.
bool buildParallel(
    mlir::OpBuilder &builder, mlir::Location loc, mlir::Value begin,
    mlir::Value end, IterationCost cost,
    llvm::function_ref<void(mlir::Value from, mlir::Value to)> body);

} // namespace tfc::rt

#endif // TFC_DIALECT_TFCRT_IR_PARALLELLOOP_H
