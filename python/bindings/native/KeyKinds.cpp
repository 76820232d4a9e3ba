//===- KeyKinds.cpp - how instances of a class go into trace keys ---------===//
#include "KeyKinds.h"
#include "Key.h"

namespace tfc::native {

namespace {

struct Known {
  PyObject *typeRef; // weak: classes made in functions may go away
  KeyKind kind;
};
std::unordered_map<PyTypeObject *, Known> knownKinds;

/// Registered by Python: list of (class, kind), later ones first.
std::vector<std::pair<PyObject *, KeyKind>> registered;

bool has(PyTypeObject *type, const char *name) {
  PyObject *object = reinterpret_cast<PyObject *>(type);
  PyRef value(PyObject_GetAttrString(object, name));
  if (!value)
    PyErr_Clear();
  return bool(value);
}

/// Attributes of classes whose instances have parts that tracing looks into.
const char *const kStructured[] = {
    "__tf_flatten__",     "__tf_tracing_type__", "__dataclass_fields__",
    "__attrs_attrs__",    "__array__",           "__dlpack__",
    "__array_interface__"};

KeyKind classify(PyTypeObject *type) {
  if (PyType_IsSubtype(type, variableType))
    return KeyKind::Variable;
  if (PyType_IsSubtype(type, &PyArray_Type))
    return KeyKind::Array;
  if (PyType_IsSubtype(type, &PyGenericArrType_Type))
    return KeyKind::NumpyScalar;
  if (PyType_IsSubtype(type, tensorType))
    return KeyKind::Slow;
  for (auto &[base, kind] : registered)
    if (PyType_IsSubtype(type, reinterpret_cast<PyTypeObject *>(base)))
      return kind;
  if (PyType_IsSubtype(type, &PyType_Type)) // a class as an argument
    return KeyKind::Identity;
  for (const char *name : kStructured)
    if (has(type, name))
      return KeyKind::Slow;
  if (PyType_IsSubtype(type, &PyTuple_Type))
    return has(type, "_fields") ? KeyKind::NamedTuple : KeyKind::Slow;
  if (PyType_IsSubtype(type, &PyList_Type) ||
      PyType_IsSubtype(type, &PyDict_Type) ||
      PyType_IsSubtype(type, &_PyWeakref_RefType))
    return KeyKind::Slow;
  if (has(type, "keys") && has(type, "__getitem__")) // another mapping
    return KeyKind::Slow;
  bool weak = PyType_SUPPORTS_WEAKREFS(type);
  if (type->tp_richcompare == PyBaseObject_Type.tp_richcompare)
    return weak ? KeyKind::Identity : KeyKind::Value;
  return type->tp_hash == PyObject_HashNotImplemented ? KeyKind::Slow
                                                      : KeyKind::Value;
}

} // namespace

KeyKind keyKindOf(PyTypeObject *type) {
  auto found = knownKinds.find(type);
  if (found != knownKinds.end()) {
    if (weakTarget(found->second.typeRef) == reinterpret_cast<PyObject *>(type))
      return found->second.kind;
    Py_DECREF(found->second.typeRef); // a dead class, its address in use again
    knownKinds.erase(found);
  }
  KeyKind kind = classify(type);
  PyObject *ref = PyWeakref_NewRef(reinterpret_cast<PyObject *>(type), nullptr);
  if (ref)
    knownKinds[type] = {ref, kind};
  else
    PyErr_Clear();
  return kind;
}

PyObject *registerKeyKind(PyObject *, PyObject *args) {
  PyObject *type;
  const char *name;
  if (!PyArg_ParseTuple(args, "O!s:register_key_kind", &PyType_Type, &type,
                        &name))
    return nullptr;
  KeyKind kind;
  if (!strcmp(name, "slow"))
    kind = KeyKind::Slow;
  else if (!strcmp(name, "identity"))
    kind = KeyKind::Identity;
  else if (!strcmp(name, "value"))
    kind = KeyKind::Value;
  else
    return PyErr_Format(PyExc_ValueError,
                        "kind must be 'slow', 'identity' or 'value', got '%s'",
                        name);
  if (kind == KeyKind::Identity &&
      !PyType_SUPPORTS_WEAKREFS(reinterpret_cast<PyTypeObject *>(type)))
    return PyErr_Format(PyExc_TypeError,
                        "%R has no weak references, which 'identity' needs",
                        type);
  registered.insert(registered.begin(), {Py_NewRef(type), kind});
  for (auto &[known, value] : knownKinds)
    Py_DECREF(value.typeRef);
  knownKinds.clear();
  Py_RETURN_NONE;
}

} // namespace tfc::native
