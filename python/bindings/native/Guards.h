//===- Guards.h - conditions on attributes of objects ---------------------===//
#ifndef TFC_NATIVE_GUARDS_H
#define TFC_NATIVE_GUARDS_H

#include "Common.h"

namespace tfc::native {

bool initGuards(PyObject *module);

} // namespace tfc::native

#endif // TFC_NATIVE_GUARDS_H
