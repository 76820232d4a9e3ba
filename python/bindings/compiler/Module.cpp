//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// tfc._compiler: dialect, stages and object code for the standard `mlir`
// package.
//===----------------------------------------------------------------------===//

// Lengths in the formats of PyObject_CallFunction are Py_ssize_t.
#define PY_SSIZE_T_CLEAN
#include "mlir-c/IR.h"
#include "mlir/Bindings/Python/NanobindAdaptors.h"
#include "tfc-c/Compiler.h"
#include <nanobind/eval.h>
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

namespace nb = nanobind;

/// Effects.cpp: `describe_effects` and `specialize`.
void addEffects(nb::module_ &m);

namespace {

void append(MlirStringRef text, void *userData) {
  static_cast<std::string *>(userData)->append(text.data, text.length);
}
MlirStringRef view(const std::string &text) {
  return mlirStringRefCreate(text.data(), text.size());
}
std::string toString(MlirStringRef text) {
  return std::string(text.data, text.length);
}

/// The class that Python catches; made with the module.
PyObject *compileError = nullptr;

[[noreturn]] void raise(const std::string &message,
                        const std::string &location = "",
                        const std::string &stage = "",
                        const std::string &reproducer = "") {
  nb::object error =
      nb::borrow(compileError)(message, location, stage, reproducer);
  PyErr_SetObject(compileError, error.ptr());
  throw nb::python_error();
}

/// Calls a Python function with the name of a stage; what it raises is shown,
/// and does not stop the compilation.
void reportStage(MlirStringRef stage, void *function) {
  nb::gil_scoped_acquire locked;
  PyObject *result =
      PyObject_CallFunction(static_cast<PyObject *>(function), "s#", stage.data,
                            static_cast<Py_ssize_t>(stage.length));
  if (!result)
    PyErr_WriteUnraisable(static_cast<PyObject *>(function));
  Py_XDECREF(result);
}

class Options {
public:
  explicit Options(nb::dict values) : handle(tfcOptionsCreate()) {
    for (auto [key, value] : values) {
      std::string problem, text;
      if (nb::cast<std::string>(key) ==
          "progress") { // a function; `values` holds it
        tfcOptionsSetProgress(handle, reportStage, value.ptr());
        continue;
      }
      // Lists become "a,b"; numbers and booleans their str().
      if (nb::isinstance<nb::list>(value) || nb::isinstance<nb::tuple>(value)) {
        for (nb::handle item : value)
          text +=
              (text.empty() ? "" : ",") + std::string(nb::str(item).c_str());
      } else if (value.is_none()) {
        continue;
      } else {
        text = nb::str(value).c_str();
      }
      if (!tfcOptionsSet(handle, view(nb::cast<std::string>(key)), view(text),
                         append, &problem)) {
        tfcOptionsDestroy(handle);
        throw nb::value_error(problem.c_str());
      }
    }
  }
  ~Options() { tfcOptionsDestroy(handle); }
  Options(const Options &) = delete;

  TfcOptions handle;
};

/// Throws what an artifact says is wrong.
void check(TfcArtifact artifact) {
  if (!tfcArtifactFailed(artifact))
    return;
  auto get = [&](TfcArtifactText what) {
    return toString(tfcArtifactGet(artifact, what));
  };
  std::string message = get(TfcArtifactMessage),
              location = get(TfcArtifactLocation),
              stage = get(TfcArtifactStage),
              reproducer = get(TfcArtifactReproducer);
  tfcArtifactDestroy(artifact);
  raise(message, location, stage, reproducer);
}

struct PyArtifact {
  TfcArtifact handle;
  explicit PyArtifact(TfcArtifact handle) : handle(handle) {}
  PyArtifact(PyArtifact &&other) : handle(other.handle) {
    other.handle.ptr = nullptr;
  }
  ~PyArtifact() {
    if (handle.ptr)
      tfcArtifactDestroy(handle);
  }
};

PyArtifact compile(MlirModule module, nb::dict values) {
  Options options(values);
  TfcArtifact artifact;
  {
    nb::gil_scoped_release unlocked;
    artifact = tfcCompile(module, options.handle);
  }
  check(artifact);
  return PyArtifact(artifact);
}

void runPipeline(MlirModule module, const std::string &stage, nb::dict values) {
  Options options(values);
  TfcArtifact artifact;
  {
    nb::gil_scoped_release unlocked;
    artifact = tfcRunStage(module, view(stage), options.handle);
  }
  check(artifact);
  tfcArtifactDestroy(artifact);
}

nb::bytes linkObject(nb::bytes object) {
  std::string text;
  if (!tfcLink(mlirStringRefCreate(object.c_str(), object.size()), append,
               &text))
    raise("the object could not be linked: " + text);
  return nb::bytes(text.data(), text.size());
}

std::string describeLines(nb::bytes object) {
  std::string text;
  if (!tfcDescribeLines(mlirStringRefCreate(object.c_str(), object.size()),
                        append, &text))
    raise("the object could not be read: " + text);
  return text;
}

void registerDialects(MlirContext context) {
  MlirDialectRegistry registry = mlirDialectRegistryCreate();
  tfcRegisterDialects(registry);
  mlirContextAppendDialectRegistry(context, registry);
  mlirDialectRegistryDestroy(registry);
  for (const char *name : {"tfc", "tfcrt", "func"})
    mlirContextGetOrLoadDialect(context, mlirStringRefCreateFromCString(name));
}

/// Python: class CompileError(Exception): message, location, stage, reproducer.
void makeError(nb::module_ &m) {
  nb::dict scope;
  scope["__builtins__"] = nb::module_::import_("builtins");
  nb::exec(R"(
class CompileError(Exception):
    """A module could not be compiled: `message`, `location` ("file:line:column" of the user's program, or
    empty), `stage`, `reproducer` (a file that shows the failure, or empty)."""

    def __init__(self, message, location="", stage="", reproducer=""):
        super().__init__(message, location, stage, reproducer)
        self.message, self.location, self.stage, self.reproducer = message, location, stage, reproducer

    def __str__(self):
        text = f"{self.location}: {self.message}" if self.location else self.message
        if self.stage:
            text += f"\n  in stage {self.stage}"
        if self.reproducer:
            text += f"\n  to reproduce: {self.reproducer}"
        return text
)",
           scope);
  nb::object error = scope["CompileError"];
  error.attr("__module__") = "tfc._compiler";
  m.attr("CompileError") = error;
  compileError = error.release().ptr();
}

} // namespace

NB_MODULE(_compiler, m) {
  m.doc() =
      "The compiler behind tfc, for modules of the standard mlir package.";
  // Executables of the process keep their code until it ends: no leak, though
  // nanobind says so.
  nb::set_leak_warnings(false);
  tfcRegisterPasses();
  makeError(m);

  nb::class_<PyArtifact>(m, "Artifact")
      .def_prop_ro(
          "object",
          [](PyArtifact &self) {
            MlirStringRef text = tfcArtifactGet(self.handle, TfcArtifactObject);
            return nb::bytes(text.data, text.length);
          },
          "The bytes of the object file.")
      .def_prop_ro(
          "description",
          [](PyArtifact &self) {
            return toString(
                tfcArtifactGet(self.handle, TfcArtifactDescription));
          },
          "Entries and target, as JSON.")
      .def(
          "dump",
          [](PyArtifact &self, const std::string &name) {
            return toString(tfcArtifactGetDump(self.handle, view(name)));
          },
          nb::arg("name"),
          "The text that the option `dump` asked for, else an empty one.");

  m.def("register", registerDialects, nb::arg("context"),
        "Loads the dialects of tfc, and that of functions, into a context.");
  m.def("run_pipeline", runPipeline, nb::arg("module"), nb::arg("stage"),
        nb::arg("options") = nb::dict(),
        "Runs one stage in place; raises CompileError.");
  m.def("compile", compile, nb::arg("module"), nb::arg("options") = nb::dict(),
        "Compiles the entries of a module, which stays as it is; raises "
        "CompileError.");
  addEffects(m);
  m.def(
      "host",
      [] {
        nb::list texts;
        tfcDescribeHost(
            [](MlirStringRef text, void *list) {
              static_cast<nb::list *>(list)->append(
                  nb::str(text.data, text.length));
            },
            &texts);
        return nb::tuple(texts);
      },
      "(triple, cpu, features) of this machine.");
  m.def("describe_lines", describeLines, nb::arg("object"),
        "The functions and lines of an object file, as JSON: symbols [[name, "
        "offset, size], ...], lines [[offset, "
        "file, line], ...].");
  m.def("link", linkObject, nb::arg("object"),
        "What `_native.LoadedCode` makes code of this process of, from the "
        "bytes of an object file or of an archive.");
}
