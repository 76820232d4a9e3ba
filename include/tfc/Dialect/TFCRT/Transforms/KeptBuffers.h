//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// What the body of an entry says about memory that the host keeps from one call
// to the next.
//===----------------------------------------------------------------------===//

#ifndef TFC_DIALECT_TFCRT_TRANSFORMS_KEPTBUFFERS_H
#define TFC_DIALECT_TFCRT_TRANSFORMS_KEPTBUFFERS_H

namespace tfc::rt {

struct KeptBuffers {
  /// Attribute of an argument that is the same tensor in every call.
  static constexpr const char *isConstant = "tfc.constant";
  /// Attribute of a body: bytes of buffers that come after those of its
  /// signature, for copies of constants. Before them comes a pointer that is
  /// not null if this call has to fill them.
  static constexpr const char *bytes = "tfc.kept_bytes";
};

} // namespace tfc::rt

#endif // TFC_DIALECT_TFCRT_TRANSFORMS_KEPTBUFFERS_H
