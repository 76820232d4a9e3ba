//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Instructions that the code generator would turn into calls of the C
// compiler's library.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_TARGET_EXPANDLIBCALLS_H
#define TFC_LIB_TARGET_EXPANDLIBCALLS_H

namespace llvm {
class Module;
class TargetMachine;
} // namespace llvm

namespace tfc {

/// `roundeven` is a function of C23; in the rounding mode that programs start
/// in, C99's `nearbyint` is the same.
void useC99(llvm::Module &module);

/// 32-bit ARM has no vectors of f64, and LLVM 22 fails an assertion when it
/// takes `maximum` of one apart: it must not meet any.
void expandExtremes(llvm::Module &module, const llvm::TargetMachine &machine);

/// Replaces them by calls of functions that the module defines itself, and
/// keeps code generation from calling `sincos`, which C99 has not. Runs after
/// the last pass that makes divisions.
void expandLibcalls(llvm::Module &module, const llvm::TargetMachine &machine);

} // namespace tfc

#endif // TFC_LIB_TARGET_EXPANDLIBCALLS_H
