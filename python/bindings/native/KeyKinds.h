//===- KeyKinds.h - how instances of a class go into trace keys -----------===//
#ifndef TFC_NATIVE_KEYKINDS_H
#define TFC_NATIVE_KEYKINDS_H

#include "Common.h"

namespace tfc::native {

enum class KeyKind {
  Slow,        // only Python can tell
  Identity,    // by address, weakly held
  Value,       // by hash and ==, held
  NamedTuple,  // by class and elements
  Variable,    // by dtype, shape and aliasing
  Array,       // by dtype and shape
  NumpyScalar, // by dtype
};

/// Decided once per class. Never fails.
KeyKind keyKindOf(PyTypeObject *type);

} // namespace tfc::native

#endif // TFC_NATIVE_KEYKINDS_H
