//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// One stage of the pipeline, and what it says.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_COMPILER_STAGES_H
#define TFC_LIB_COMPILER_STAGES_H

#include "Describe.h"
#include "mlir/IR/Diagnostics.h"
#include "tfc/Compiler/Compile.h"
#include <thread>

namespace tfc {

/// The errors of this thread's compilation; others share the context.
class Errors {
public:
  explicit Errors(mlir::MLIRContext *context)
      : handler(context, [this, thread = std::this_thread::get_id()](
                             mlir::Diagnostic &diagnostic) {
          if (std::this_thread::get_id() != thread)
            return mlir::failure();
          if (diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error)
            add(diagnostic);
          else if (diagnostic.getSeverity() == mlir::DiagnosticSeverity::Remark)
            remarks += describeLocation(diagnostic.getLocation()) + ": " +
                       diagnostic.str() + "\n";
          return mlir::success();
        }) {}

  std::string message, location, remarks;

private:
  void add(mlir::Diagnostic &diagnostic) {
    std::string where = describeLocation(diagnostic.getLocation());
    if (location.empty())
      location = where;
    if (!message.empty())
      message += "\n";
    message += diagnostic.str();
    for (mlir::Diagnostic &note : diagnostic.getNotes())
      if (std::string text = note.str();
          !llvm::StringRef(text).starts_with("see current operation"))
        message += "\n  note: " + text;
  }

  mlir::ScopedDiagnosticHandler handler;
};

/// The module as text, with locations.
std::string text(mlir::ModuleOp module);

/// Writes the module as it came, with the command that shows the failure.
/// Returns the path, or nothing.
std::string writeReproducer(mlir::ModuleOp module, llvm::StringRef stage,
                            const CompileOptions &options);

mlir::LogicalResult runPasses(mlir::ModuleOp module, llvm::StringRef stage,
                              const CompileOptions &options, Errors &errors);

CompileFailure explain(const Errors &errors, llvm::StringRef stage);

} // namespace tfc

#endif // TFC_LIB_COMPILER_STAGES_H
