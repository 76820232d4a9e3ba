//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// How functions that are shared by equal ops, and their calls, are marked.
//===----------------------------------------------------------------------===//

#ifndef TFC_DIALECT_TFCRT_IR_SHAREDGROUP_H
#define TFC_DIALECT_TFCRT_IR_SHAREDGROUP_H

namespace tfc::rt {

struct SharedGroup {
  /// Marks a function that `tfc-share-groups` made.
  static constexpr const char *function = "tfc.group";
  /// Marks a function of kernels, which stays one wherever it is called.
  static constexpr const char *routine = "tfc.routine";
  /// Marks the buffers of both: they share no memory with the others.
  static constexpr const char *distinct = "tfc.distinct";
  /// Of a call: nanoseconds of one thread, and which operands it may write to
  /// (booleans).
  static constexpr const char *cost = "tfc.cost", *writes = "tfc.writes";
};

} // namespace tfc::rt

#endif // TFC_DIALECT_TFCRT_IR_SHAREDGROUP_H
