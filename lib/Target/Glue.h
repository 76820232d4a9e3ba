//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Functions that do little but call others, once.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_TARGET_GLUE_H
#define TFC_LIB_TARGET_GLUE_H

namespace llvm {
class Module;
} // namespace llvm

namespace tfc {

/// Marks (`optnone`) long functions without loops of their own that are hardly
/// more than calls: the body of a network. What they do themselves takes no
/// time, but some of what LLVM does grows with the length of a function.
/// Addresses go to the blocks that need them. Targets other than x86-64 have
/// none.
void settleGlue(llvm::Module &module);

} // namespace tfc

#endif // TFC_LIB_TARGET_GLUE_H
