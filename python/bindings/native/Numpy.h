//===- Numpy.h - the numpy C API, imported once for the whole module ------===//
#ifndef TFC_NATIVE_NUMPY_H
#define TFC_NATIVE_NUMPY_H

#include "Common.h"

#define NPY_NO_DEPRECATED_API NPY_1_22_API_VERSION
#define NPY_TARGET_VERSION NPY_1_22_API_VERSION
#define PY_ARRAY_UNIQUE_SYMBOL tfc_native_numpy_api
#ifndef TFC_NATIVE_IMPORTS_NUMPY
#define NO_IMPORT_ARRAY
#endif
#include <numpy/arrayobject.h>
#include <numpy/arrayscalars.h>

#endif // TFC_NATIVE_NUMPY_H
