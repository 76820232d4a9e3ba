//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// A missing CPU feature is a status, not an illegal instruction; of several
// versions, the CPU runs the best it can.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_TARGET_CHECKCPU_H
#define TFC_LIB_TARGET_CHECKCPU_H

#include "llvm/ADT/ArrayRef.h"

namespace llvm {
class Module;
class TargetMachine;
} // namespace llvm

namespace tfc {

/// Entries first look (once a program) what the CPU has, and run the last of
/// their versions (see Versions.h) that it fits. If it has not even what the
/// first one was compiled for, beyond the architecture's baseline, they report
/// TFC_UNIMPLEMENTED and return it. Runs on optimized code: what is before the
/// check must stay before it.
void checkCpu(llvm::Module &module,
              llvm::ArrayRef<const llvm::TargetMachine *> versions);

} // namespace tfc

#endif // TFC_LIB_TARGET_CHECKCPU_H
