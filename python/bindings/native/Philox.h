//===- Philox.h - random bits of a counter-based generator ----------------===//
#pragma once

#include <Python.h>

namespace tfc::native {

/// _native.fill_philox(array, key, low, high, step): the words (uint32) of the
/// blocks of Philox4x32-10 from the counter `high:low` on, so far apart.
PyObject *fillPhilox(PyObject *module, PyObject *args);

/// _native.philox_at(array, key, low, high): the blocks at counters whose
/// halves are arrays of uint64.
PyObject *philoxAt(PyObject *module, PyObject *args);

} // namespace tfc::native
