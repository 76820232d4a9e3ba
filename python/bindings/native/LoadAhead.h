//===- LoadAhead.h - Shared libraries loaded while Python goes on ---------===//
#ifndef TFC_NATIVE_LOADAHEAD_H
#define TFC_NATIVE_LOADAHEAD_H

#include "Common.h"

namespace tfc::native {

/// load_ahead(paths, flags)
PyObject *loadAhead(PyObject *, PyObject *args);

} // namespace tfc::native

#endif // TFC_NATIVE_LOADAHEAD_H
