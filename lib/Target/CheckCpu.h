//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// A missing CPU feature is a status, not an illegal instruction.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_TARGET_CHECKCPU_H
#define TFC_LIB_TARGET_CHECKCPU_H

namespace llvm {
class Module;
class TargetMachine;
} // namespace llvm

namespace tfc {

/// Entries first look (once a program) whether the CPU has what they were
/// compiled for, beyond the architecture's baseline; if not they report
/// TFC_UNIMPLEMENTED and return it. Runs on optimized code: what is before the
/// check must stay before it.
void checkCpu(llvm::Module &module, const llvm::TargetMachine &machine);

} // namespace tfc

#endif // TFC_LIB_TARGET_CHECKCPU_H
