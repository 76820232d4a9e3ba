//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Stores of vectors that go around the caches.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_TARGET_STREAMSTORES_H
#define TFC_LIB_TARGET_STREAMSTORES_H

namespace llvm {
class Module;
} // namespace llvm

namespace tfc {

/// Makes what is marked `nontemporal` so where an instruction can do it, which
/// wants whole registers at multiples of their size: asks at run time where
/// that is not known. `vectorBytes` is that size. What is written is in memory
/// when a function returns or calls another one. Other targets than
/// x86-64 store as always.
void streamStores(llvm::Module &module, unsigned vectorBytes);

} // namespace tfc

#endif // TFC_LIB_TARGET_STREAMSTORES_H
