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
  /// Attribute of an argument that is a variable of which the host sees each
  /// assignment.
  static constexpr const char *isVariable = "tfc.kept_variable";
  /// Attribute of a body: bytes of buffers that come after those of its
  /// signature, for copies of constants and variables. Before them comes a
  /// pointer to two bytes for each: what this call does with it (`Use`), and
  /// one that the call sets if it has filled a buffer of a variable.
  static constexpr const char *bytes = "tfc.kept_bytes";
  /// The number of the argument that each of them is a copy of.
  static constexpr const char *sources = "tfc.kept_sources";
  enum Use : int8_t {
    keep,  ///< the buffer is what an earlier call has left
    fill,  ///< for later calls
    stream ///< there is no buffer: what is copied is used once (variables)
  };
};

} // namespace tfc::rt

#endif // TFC_DIALECT_TFCRT_TRANSFORMS_KEPTBUFFERS_H
