//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// From code back to the lines of the user's program.
//===----------------------------------------------------------------------===//

#ifndef TFC_TARGET_LINETABLE_H
#define TFC_TARGET_LINETABLE_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>

namespace tfc {

/// The functions and the line table of an object file as JSON:
/// `{"symbols": [[name, offset, size], ...], "lines": [[offset, file, line],
/// ...]}`, where offsets are those in the section of code, and a line holds up
/// to the next entry. No lines if the object has no debug information.
llvm::Expected<std::string> describeLines(llvm::StringRef object);

} // namespace tfc

#endif // TFC_TARGET_LINETABLE_H
