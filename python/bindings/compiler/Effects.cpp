//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// tfc._compiler.describe_effects and specialize.
//===----------------------------------------------------------------------===//

#include "tfc-c/Effects.h"
#include "mlir/Bindings/Python/NanobindAdaptors.h"
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

namespace nb = nanobind;

namespace {

/// What the callbacks write to.
struct Sink {
  std::string text, error, location;
};

void addText(MlirStringRef text, void *sink) {
  static_cast<Sink *>(sink)->text.append(text.data, text.length);
}
void addError(MlirStringRef text, void *sink) {
  static_cast<Sink *>(sink)->error.append(text.data, text.length);
}
void addLocation(MlirStringRef text, void *sink) {
  static_cast<Sink *>(sink)->location.append(text.data, text.length);
}
MlirStringRef view(const std::string &text) {
  return mlirStringRefCreate(text.data(), text.size());
}

std::string describe(MlirModule module, const std::string &symbol,
                     const std::string &format) {
  Sink sink;
  if (!tfcDescribeEffects(module, view(symbol), view(format), addText, addError,
                          &sink))
    throw nb::value_error(sink.error.c_str());
  return sink.text;
}

/// One dimension, None if it is unknown.
using Dimension = std::optional<int64_t>;

void specialize(
    MlirModule module, const std::string &symbol,
    const std::vector<std::optional<std::vector<Dimension>>> &shapes) {
  std::vector<int64_t> ranks, sizes;
  for (const auto &shape : shapes) {
    ranks.push_back(shape ? int64_t(shape->size()) : -1);
    if (shape)
      for (Dimension size : *shape)
        sizes.push_back(size.value_or(-1));
  }
  Sink sink;
  if (tfcSpecialize(module, view(symbol), ranks.size(), ranks.data(),
                    sizes.data(), addError, addLocation, &sink))
    return;
  nb::object type = nb::module_::import_("tfc._compiler").attr("CompileError");
  nb::object error = type(sink.error, sink.location, "tfc-specialize");
  PyErr_SetObject(type.ptr(), error.ptr());
  throw nb::python_error();
}

} // namespace

void addEffects(nb::module_ &m) {
  m.def("describe_effects", describe, nb::arg("module"), nb::arg("symbol"),
        nb::arg("format") = "text",
        "The partial order of the effects of a function as text, DOT or JSON "
        "(format 'text', 'dot', "
        "'json'), with the reason of each edge. ValueError if there is no such "
        "function or format.");
  m.def("keeps_sizes", tfcKeepsSizes, nb::arg("loop"), nb::arg("number"),
        "Whether a variable of a tfc.while (the number of its argument) has in "
        "every iteration the sizes that it had before the loop.");
  m.def("specialize", specialize, nb::arg("module"), nb::arg("symbol"),
        nb::arg("shapes"),
        "Gives the arguments of a function these shapes, in place, and infers "
        "all types again: one "
        "sequence of sizes (None: unknown) for each argument, None to leave it "
        "as it is. Result types "
        "become as specific. Raises CompileError if the body cannot have such "
        "arguments; the module "
        "must not be used then, so specialize a clone.");
}
