//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// From object code to an image (tfc-rt/tfc_image.h), which is loaded without
// LLVM.
//===----------------------------------------------------------------------===//

#ifndef TFC_TARGET_IMAGE_H
#define TFC_TARGET_IMAGE_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>

namespace tfc {

/// Links an object, or an archive of objects that belong together. What none of
/// them defines is an import. Objects are of position independent code for the
/// small code model; x86-64 and AArch64.
llvm::Expected<std::string> linkImage(llvm::StringRef object);

} // namespace tfc

#endif // TFC_TARGET_IMAGE_H
