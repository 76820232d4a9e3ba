//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Object code in this process.
//===----------------------------------------------------------------------===//

#ifndef TFC_TARGET_LOADER_H
#define TFC_TARGET_LOADER_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <memory>

namespace tfc {

/// Linked code; unmapped when destroyed. Two objects with equal symbols do not meet.
class LoadedCode {
public:
  /// Links an object, or an archive of objects that belong together, for this machine. Symbols that are not defined
  /// come from the process (libc, libm).
  static llvm::Expected<std::unique_ptr<LoadedCode>> load(llvm::StringRef object);
  ~LoadedCode();

  /// The address of a symbol of the object.
  llvm::Expected<uint64_t> address(llvm::StringRef symbol);

private:
  struct Implementation;
  explicit LoadedCode(std::unique_ptr<Implementation> implementation);
  std::unique_ptr<Implementation> implementation;
};

} // namespace tfc

#endif // TFC_TARGET_LOADER_H
