//===- Function.h - the callable with a trace cache -----------------------===//
#ifndef TFC_NATIVE_FUNCTION_H
#define TFC_NATIVE_FUNCTION_H

#include "Common.h"

namespace tfc::native {

bool initFunction(PyObject *module);

} // namespace tfc::native

#endif // TFC_NATIVE_FUNCTION_H
