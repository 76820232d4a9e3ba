//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Several versions of one program in one module.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_TARGET_VERSIONS_H
#define TFC_LIB_TARGET_VERSIONS_H

#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"
#include <memory>
#include <string>

namespace tfc {

/// What an entry is called in the version of that number. Version 0 has the
/// entry's own name.
std::string versionName(llvm::StringRef entry, unsigned number);

/// Whether it is an entry: `i32 (ptr, ptr, ptr)` that others may call.
bool isEntry(const llvm::Function &function);

/// Adds the entries of `version` that compute with vectors to `code`, under
/// their `versionName`; others would gain nothing. Both are optimized, each for
/// its machine.
llvm::Error addVersion(llvm::Module &code,
                       std::unique_ptr<llvm::Module> version, unsigned number);

/// Constants that versions have in common are there once.
void shareConstants(llvm::Module &code);

} // namespace tfc

#endif // TFC_LIB_TARGET_VERSIONS_H
