//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The C interface of the compiler.
//===----------------------------------------------------------------------===//

#ifndef TFC_C_COMPILER_H
#define TFC_C_COMPILER_H

#include "mlir-c/IR.h"
#include "mlir-c/Support.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Options by name, as strings; see tfcOptionsSet.
typedef struct TfcOptions { void *ptr; } TfcOptions;
/// What a compilation gave: code or an explanation.
typedef struct TfcArtifact { void *ptr; } TfcArtifact;
/// Code in this process.

/// Adds the dialects of tfc and what translates to LLVM IR.
void tfcRegisterDialects(MlirDialectRegistry registry);
/// Registers the passes and stages of tfc, once a process.
void tfcRegisterPasses(void);

TfcOptions tfcOptionsCreate(void);
void tfcOptionsDestroy(TfcOptions options);
/// Calls `onError` with what is wrong, and returns false, if there is no such option or value.
bool tfcOptionsSet(TfcOptions options, MlirStringRef name, MlirStringRef value,
                   MlirStringCallback onError, void *userData);

/// `callback` is called with the name of each stage of a compilation when it begins, by the thread that compiles.
void tfcOptionsSetProgress(TfcOptions options, MlirStringCallback callback, void *userData);

/// Compiles all entries of a module, which stays as it is. The caller owns the artifact. May run without
/// the interpreter's lock.
TfcArtifact tfcCompile(MlirModule module, TfcOptions options);
/// Runs one stage in place; the artifact says only whether it failed.
TfcArtifact tfcRunStage(MlirModule module, MlirStringRef stage, TfcOptions options);
void tfcArtifactDestroy(TfcArtifact artifact);
bool tfcArtifactFailed(TfcArtifact artifact);

/// Strings of an artifact, valid while it lives.
typedef enum TfcArtifactText {
  TfcArtifactObject,      ///< the bytes of the object file
  TfcArtifactDescription, ///< entries and target, as JSON
  TfcArtifactMessage,     ///< why it failed
  TfcArtifactLocation,    ///< "file:line:column" of the user's program, or empty
  TfcArtifactStage,       ///< the stage that failed
  TfcArtifactReproducer   ///< path of a file that shows the failure, or empty
} TfcArtifactText;
MlirStringRef tfcArtifactGet(TfcArtifact artifact, TfcArtifactText what);
/// The text that option `dump` asked for, or an empty one.
MlirStringRef tfcArtifactGetDump(TfcArtifact artifact, MlirStringRef name);

/// Calls `callback` three times: with the triple, the cpu and the features of this machine.
void tfcDescribeHost(MlirStringCallback callback, void *userData);

/// Links an object, or an archive of objects that belong together: `callback` gets the image (tfc-rt/tfc_image.h). False
/// if that fails: then it got the reason.
bool tfcLink(MlirStringRef object, MlirStringCallback callback, void *userData);

/// The functions and lines of an object file as JSON (tfc/Target/LineTable.h). False if it cannot be read: then
/// `callback` got the reason.
bool tfcDescribeLines(MlirStringRef object, MlirStringCallback callback, void *userData);

#ifdef __cplusplus
}
#endif

#endif // TFC_C_COMPILER_H
