//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Wrap, call, unwrap.
//===----------------------------------------------------------------------===//

#include "tfc-c/Compiler.h"
#include "mlir/CAPI/IR.h"
#include "mlir/CAPI/Support.h"
#include "tfc/Compiler/Compile.h"
#include "tfc/InitAll.h"
#include "tfc/Target/Image.h"
#include "tfc/Target/LineTable.h"

using namespace mlir;
using namespace tfc;

namespace {

/// The description is made once, so that its text lives as long as the
/// artifact.
struct ArtifactHolder {
  Artifact artifact;
  std::string description;
};

CompileOptions &unwrap(TfcOptions options) {
  return *static_cast<CompileOptions *>(options.ptr);
}
ArtifactHolder &unwrap(TfcArtifact artifact) {
  return *static_cast<ArtifactHolder *>(artifact.ptr);
}
MlirStringRef wrapText(llvm::StringRef text) {
  return mlirStringRefCreate(text.data(), text.size());
}
void say(llvm::StringRef message, MlirStringCallback callback, void *userData) {
  callback(wrapText(message), userData);
}
TfcArtifact wrapArtifact(Artifact artifact) {
  auto *holder = new ArtifactHolder{std::move(artifact), {}};
  holder->description = holder->artifact.describe();
  return {holder};
}

} // namespace

void tfcRegisterDialects(MlirDialectRegistry registry) {
  registerDialects(*::unwrap(registry));
  registerTargetTranslations(*::unwrap(registry));
}

void tfcRegisterPasses(void) {
  static bool once = (registerAllPasses(), true);
  (void)once;
}

TfcOptions tfcOptionsCreate(void) { return {new CompileOptions()}; }
void tfcOptionsDestroy(TfcOptions options) { delete &unwrap(options); }

bool tfcOptionsSet(TfcOptions options, MlirStringRef name, MlirStringRef value,
                   MlirStringCallback onError, void *userData) {
  std::string problem = unwrap(options).set(::unwrap(name), ::unwrap(value));
  if (!problem.empty())
    say(problem, onError, userData);
  return problem.empty();
}

void tfcOptionsSetProgress(TfcOptions options, MlirStringCallback callback,
                           void *userData) {
  unwrap(options).progress = [=](llvm::StringRef stage) {
    callback(wrapText(stage), userData);
  };
}

TfcArtifact tfcCompile(MlirModule module, TfcOptions options) {
  return wrapArtifact(compile(::unwrap(module), unwrap(options)));
}

TfcArtifact tfcRunStage(MlirModule module, MlirStringRef stage,
                        TfcOptions options) {
  Artifact artifact;
  artifact.failure = runStage(::unwrap(module), ::unwrap(stage),
                              unwrap(options), artifact.failed);
  return wrapArtifact(std::move(artifact));
}

void tfcArtifactDestroy(TfcArtifact artifact) { delete &unwrap(artifact); }
bool tfcArtifactFailed(TfcArtifact artifact) {
  return unwrap(artifact).artifact.failed;
}

MlirStringRef tfcArtifactGet(TfcArtifact artifact, TfcArtifactText what) {
  const Artifact &held = unwrap(artifact).artifact;
  switch (what) {
  case TfcArtifactObject:
    return wrapText(held.code.object);
  case TfcArtifactDescription:
    return wrapText(unwrap(artifact).description);
  case TfcArtifactMessage:
    return wrapText(held.failure.message);
  case TfcArtifactLocation:
    return wrapText(held.failure.location);
  case TfcArtifactStage:
    return wrapText(held.failure.stage);
  case TfcArtifactReproducer:
    return wrapText(held.failure.reproducer);
  }
  return wrapText({});
}

MlirStringRef tfcArtifactGetDump(TfcArtifact artifact, MlirStringRef name) {
  for (const auto &[key, text] : unwrap(artifact).artifact.dumps)
    if (key == ::unwrap(name))
      return wrapText(text);
  return wrapText({});
}

void tfcDescribeHost(MlirStringCallback callback, void *userData) {
  Host machine = host();
  for (const std::string *text :
       {&machine.triple, &machine.cpu, &machine.features})
    say(*text, callback, userData);
}

bool tfcLink(MlirStringRef object, MlirStringCallback callback,
             void *userData) {
  auto image = linkImage(::unwrap(object));
  if (image) {
    say(*image, callback, userData);
    return true;
  }
  say(llvm::toString(image.takeError()), callback, userData);
  return false;
}

bool tfcDescribeLines(MlirStringRef object, MlirStringCallback callback,
                      void *userData) {
  auto text = describeLines(::unwrap(object));
  if (text) {
    say(*text, callback, userData);
    return true;
  }
  say(llvm::toString(text.takeError()), callback, userData);
  return false;
}
