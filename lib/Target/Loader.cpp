//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// One linker session per process, one symbol table per loaded object.
//===----------------------------------------------------------------------===//

#include "tfc/Target/Loader.h"
#include "llvm/ExecutionEngine/Orc/ExecutionUtils.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Object/Archive.h"
#include "llvm/Support/DynamicLibrary.h"
#include "llvm/Support/TargetSelect.h"
#include <atomic>
#include <mutex>

using namespace llvm;
using namespace tfc;

namespace {

/// The session; made at the first load and never destroyed, since code may run until the process ends.
Expected<orc::LLJIT *> session() {
  static std::mutex mutex;
  static orc::LLJIT *jit = nullptr;
  std::lock_guard<std::mutex> lock(mutex);
  if (jit)
    return jit;
  InitializeNativeTarget();
  InitializeNativeTargetAsmPrinter();
  // No static initializers in our objects: nothing for a platform to do.
  auto made = orc::LLJITBuilder().setPlatformSetUp(orc::setUpInactivePlatform).create();
  if (!made)
    return made.takeError();
  // A process that does not use libm may not have mapped it.
  sys::DynamicLibrary::LoadLibraryPermanently("libm.so.6");
  jit = made->release();
  return jit;
}

} // namespace

struct LoadedCode::Implementation {
  orc::LLJIT *jit;
  orc::JITDylib *library;
};

LoadedCode::LoadedCode(std::unique_ptr<Implementation> implementation)
    : implementation(std::move(implementation)) {}

LoadedCode::~LoadedCode() {
  auto &session = implementation->jit->getExecutionSession();
  consumeError(session.removeJITDylib(*implementation->library));
}

Expected<std::unique_ptr<LoadedCode>> LoadedCode::load(StringRef object) {
  auto jit = session();
  if (!jit)
    return jit.takeError();
  static std::atomic<uint64_t> count;
  auto library = (*jit)->createJITDylib("tfc." + std::to_string(count++));
  if (!library)
    return library.takeError();
  std::unique_ptr<LoadedCode> code(
      new LoadedCode(std::make_unique<Implementation>(Implementation{*jit, &*library})));
  auto add = [&](StringRef one) {
    return (*jit)->addObjectFile(*library, MemoryBuffer::getMemBufferCopy(one, library->getName()));
  };
  if (identify_magic(object) != file_magic::archive) {
    if (Error error = add(object))
      return error;
    return code;
  }
  auto archive = object::Archive::create(MemoryBufferRef(object, library->getName()));
  if (!archive)
    return archive.takeError();
  Error problem = Error::success();
  for (const object::Archive::Child &child : (*archive)->children(problem)) {
    auto bytes = child.getBuffer();
    if (!bytes)
      return joinErrors(std::move(problem), bytes.takeError());
    if (Error error = add(*bytes))
      return joinErrors(std::move(problem), std::move(error));
  }
  if (problem)
    return std::move(problem);
  return code;
}

Expected<uint64_t> LoadedCode::address(StringRef symbol) {
  auto found = implementation->jit->lookup(*implementation->library, symbol);
  if (!found)
    return found.takeError();
  return found->getValue();
}
