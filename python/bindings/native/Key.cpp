//===- Key.cpp - from call arguments to leaves and a trace key ------------===//
#include "Key.h"
#include "KeyKinds.h"
#include "Modes.h"

#include <algorithm>

namespace tfc::native {

namespace {

/// Low byte of the first word of everything in a key.
enum Tag : uint64_t {
  kTensor = 1,
  kArray,
  kNumpyScalar,
  kVariable,
  kInt,
  kBigInt,
  kFloat,
  kComplex,
  kSingleton, // None, True, False, ...
  kString,
  kBytes,
  kTuple,
  kList,
  kDict,
  kNamedTuple,
  kSlice,
  kRange,
  kIdentity,
  kMethod,
  kValue,
  kScalarType,
  kCall,
};

constexpr int kMaxDepth = 100;

uint64_t bitsOf(double value) {
  if (value != value)
    return 0x7ff8000000000000u; // every NaN is the same constant
  uint64_t bits;
  memcpy(&bits, &value, sizeof(bits));
  return bits;
}

uint64_t address(PyObject *object) {
  return reinterpret_cast<uintptr_t>(object);
}

} // namespace

Key::~Key() {
  for (size_t i = 0; i < keyLeaves.size(); ++i)
    Py_DECREF(keyLeaves[i]);
}

uint64_t Key::hash() const {
  uint64_t state = 0x9e3779b97f4a7c15u;
  for (size_t i = 0; i < keyWords.size(); ++i) {
    state = (state ^ keyWords[i]) * 0xff51afd7ed558ccdu;
    state ^= state >> 32;
  }
  return state;
}

bool Key::build(PyObject *args, PyObject *kwargs) {
  Py_ssize_t numArgs = PyTuple_GET_SIZE(args);
  keyWords.push(kCall | uint64_t(numArgs) << 8);
  keyWords.push(uint64_t(keyContext));
  for (Py_ssize_t i = 0; i < numArgs; ++i)
    if (!add(PyTuple_GET_ITEM(args, i)))
      return false;
  return !kwargs || PyDict_GET_SIZE(kwargs) == 0 || addDict(kwargs);
}

bool Key::maskShapes(PyObject *shapes, const std::vector<size_t> &ends,
                     std::vector<uint64_t> &ignore) const {
  ignore.assign(numWords(), 0);
  Py_ssize_t position = 0;
  PyObject *leafObject, *shape;
  while (PyDict_Next(shapes, &position, &leafObject, &shape)) {
    Py_ssize_t index = PyNumber_AsSsize_t(leafObject, PyExc_IndexError);
    Dims dims;
    if ((index == -1 && PyErr_Occurred()) || !parseDims(shape, true, dims))
      return false;
    size_t rank = dims.rank();
    bool fits =
        index >= 0 && size_t(index) < ends.size() && ends[index] >= rank + 1;
    uint64_t head = fits ? keyWords[ends[index] - rank - 1] : 0;
    fits = fits && ((head & 0xff) == kTensor || (head & 0xff) == kArray) &&
           head >> 16 == rank;
    for (size_t d = 0; fits && d < rank; ++d) {
      size_t word = ends[index] - rank + d;
      if (dims[d] == kUnknownDim)
        ignore[word] = ~uint64_t(0);
      else
        fits = keyWords[word] == uint64_t(dims[d]);
    }
    if (!fits) {
      PyErr_Format(PyExc_ValueError,
                   "leaf %zd is not a tensor or array of shape %R", index,
                   shape);
      return false;
    }
  }
  return true;
}

void Key::addShape(uint64_t tag, int32_t dtype, int32_t rank,
                   const int64_t *dims) {
  keyWords.push(tag | uint64_t(dtype) << 8 | uint64_t(uint32_t(rank)) << 16);
  for (int32_t i = 0; i < rank; ++i)
    keyWords.push(uint64_t(dims[i]));
}

bool Key::addScalarType(uint64_t kind) {
  keyWords.push(kScalarType | kind << 8);
  return true;
}

bool Key::add(PyObject *object) {
  PyTypeObject *type = Py_TYPE(object);
  if (type == eagerTensorType) {
    EagerTensor *tensor = asEagerTensor(object);
    addShape(kTensor, tensor->dtype, tensor->dims.rank(), tensor->dims.data());
    return leaf(object);
  }
  if (type == &PyArray_Type)
    return addArray(reinterpret_cast<PyArrayObject *>(object));
  if (type == &PyLong_Type)
    return addInt(object);
  if (type == &PyFloat_Type) {
    if (options.scalarsByType)
      return addScalarType(2) && leaf(object);
    keyWords.push(kFloat);
    keyWords.push(bitsOf(PyFloat_AS_DOUBLE(object)));
    return leaf(object);
  }
  if (type == &PyTuple_Type)
    return addSequence(kTuple, object, true);
  if (type == &PyList_Type)
    return addSequence(kList, object, false);
  if (type == &PyDict_Type)
    return addDict(object);
  if (type == &PyUnicode_Type)
    return addString(object) && leaf(object);
  if (type == &PyBool_Type) {
    if (options.scalarsByType)
      return addScalarType(1) && leaf(object);
    keyWords.push(kSingleton | uint64_t(object == Py_True ? 1 : 2) << 8);
    return leaf(object);
  }
  if (object == Py_None || object == Py_Ellipsis) {
    keyWords.push(kSingleton | uint64_t(object == Py_None ? 3 : 4) << 8);
    return leaf(object);
  }
  return addOther(object);
}

bool Key::addOther(PyObject *object) {
  PyTypeObject *type = Py_TYPE(object);
  if (type == &PyComplex_Type) {
    if (options.scalarsByType)
      return addScalarType(3) && leaf(object);
    Py_complex value = PyComplex_AsCComplex(object);
    keyWords.push(kComplex);
    keyWords.push(bitsOf(value.real));
    keyWords.push(bitsOf(value.imag));
    return leaf(object);
  }
  if (type == &PyBytes_Type)
    return addBytes(kBytes, PyBytes_AS_STRING(object),
                    PyBytes_GET_SIZE(object)) &&
           leaf(object);
  if (type == &PyMethod_Type) {
    // Each `obj.method` is a new object; what it is made of stays.
    PyObject *self = PyMethod_GET_SELF(object);
    if (!PyType_SUPPORTS_WEAKREFS(Py_TYPE(self)) ||
        !PyType_SUPPORTS_WEAKREFS(Py_TYPE(PyMethod_GET_FUNCTION(object))))
      return false;
    keyWords.push(kMethod);
    addIdentity(kIdentity, PyMethod_GET_FUNCTION(object));
    addIdentity(kIdentity, self);
    return leaf(object);
  }
  if (type == &PySlice_Type) {
    auto *slice = reinterpret_cast<PySliceObject *>(object);
    keyWords.push(kSlice);
    return add(slice->start) && add(slice->stop) && add(slice->step);
  }
  switch (keyKindOf(type)) {
  case KeyKind::Variable:
    return addVariable(object);
  case KeyKind::Array:
    return addArray(reinterpret_cast<PyArrayObject *>(object));
  case KeyKind::NumpyScalar: {
    PyRef descr(reinterpret_cast<PyObject *>(PyArray_DescrFromScalar(object)));
    int32_t code =
        descr ? codeOfDescr(reinterpret_cast<PyArray_Descr *>(descr.get()))
              : kNoDType;
    if (code == kNoDType)
      return false;
    addShape(kNumpyScalar, code, 0, nullptr);
    return leaf(object);
  }
  case KeyKind::NamedTuple:
    addIdentity(kNamedTuple, reinterpret_cast<PyObject *>(type));
    return addSequence(kTuple, object, true);
  case KeyKind::Identity:
    addIdentity(kIdentity, object);
    return leaf(object);
  case KeyKind::Value:
    return addValue(object);
  case KeyKind::Slow:
    return false;
  }
  return false;
}

bool Key::addArray(PyArrayObject *array) {
  int32_t code = codeOfDescr(PyArray_DESCR(array));
  if (code == kNoDType)
    return false;
  addShape(kArray, code, PyArray_NDIM(array),
           reinterpret_cast<const int64_t *>(PyArray_DIMS(array)));
  return leaf(reinterpret_cast<PyObject *>(array));
}

bool Key::addVariable(PyObject *object) {
  VariableStorage *variable = asVariable(object);
  if (variable->dtype == kNoDType)
    return false;
  size_t index = 0;
  while (index < variables.size() && variables[index] != object)
    ++index;
  if (index == variables.size())
    variables.push(object);
  int32_t rank = variable->unknownRank ? -1 : variable->spec.rank();
  addShape(kVariable | uint64_t(variable->keyTag) << 48, variable->dtype, rank,
           variable->spec.data());
  uint64_t capture = 0;
  if (!options.captured.empty()) {
    auto found = options.captured.find(object);
    if (found != options.captured.end())
      capture = found->second;
  }
  keyWords.push(uint64_t(index) | capture << 32);
  return leaf(object);
}

bool Key::addInt(PyObject *number) {
  if (options.scalarsByType)
    return addScalarType(0) && leaf(number);
  int overflow;
  long long value = PyLong_AsLongLongAndOverflow(number, &overflow);
  if (!overflow) {
    keyWords.push(kInt);
    keyWords.push(uint64_t(value));
    return leaf(number);
  }
  PyRef text(PyNumber_ToBase(number, 16));
  Py_ssize_t length;
  const char *digits =
      text ? PyUnicode_AsUTF8AndSize(text.get(), &length) : nullptr;
  return digits && addBytes(kBigInt, digits, length) && leaf(number);
}

bool Key::addBytes(uint64_t tag, const void *data, size_t nbytes) {
  // A long literal is better hashed by Python once than compared each time.
  if (nbytes > 4096)
    return false;
  keyWords.push(tag | uint64_t(nbytes) << 16);
  const char *bytes = static_cast<const char *>(data);
  for (size_t i = 0; i < nbytes; i += 8) {
    uint64_t word = 0;
    memcpy(&word, bytes + i, std::min<size_t>(8, nbytes - i));
    keyWords.push(word);
  }
  return true;
}

bool Key::addString(PyObject *string) {
#if PY_VERSION_HEX < 0x030C0000
  if (PyUnicode_READY(string) < 0)
    return false;
#endif
  int kind = PyUnicode_KIND(string);
  return addBytes(kString | uint64_t(kind) << 8, PyUnicode_DATA(string),
                  PyUnicode_GET_LENGTH(string) * kind);
}

void Key::addIdentity(uint64_t tag, PyObject *object) {
  keyWords.push(tag);
  keyWords.push(address(object));
  identities.push(object);
}

bool Key::addValue(PyObject *object) {
  // Owned by the leaves from here on: its hash may run any code.
  leaf(object);
  Py_hash_t hash = PyObject_Hash(object);
  if (hash == -1 && PyErr_Occurred()) {
    if (PyErr_ExceptionMatches(PyExc_TypeError))
      PyErr_Clear(); // Unhashable after all: Python says what is wrong.
    return false;
  }
  keyWords.push(kValue);
  keyWords.push(address(reinterpret_cast<PyObject *>(Py_TYPE(object))));
  keyWords.push(uint64_t(hash));
  values.push(object);
  return true;
}

bool Key::addSequence(uint64_t tag, PyObject *sequence, bool isTuple) {
  if (++depth > kMaxDepth)
    return false;
  keyWords.push(tag | uint64_t(Py_SIZE(sequence)) << 8);
  // The size is read anew each time: hashing a leaf may run any code.
  for (Py_ssize_t i = 0; i < Py_SIZE(sequence); ++i)
    if (!add(isTuple ? PyTuple_GET_ITEM(sequence, i)
                     : PyList_GET_ITEM(sequence, i)))
      return false;
  --depth;
  return true;
}

bool Key::addDict(PyObject *dict) {
  if (++depth > kMaxDepth)
    return false;
  Py_ssize_t count = PyDict_GET_SIZE(dict);
  keyWords.push(kDict | uint64_t(count) << 8);
  struct Names : StackVector<PyObject *, 16> {
    ~Names() {
      for (size_t i = 0; i < size(); ++i)
        Py_DECREF((*this)[i]);
    }
  } keys; // owned: hashing a leaf may run any code
  Py_ssize_t position = 0;
  PyObject *key, *value;
  bool strings = true, ints = true;
  while (PyDict_Next(dict, &position, &key, &value)) {
    strings &= PyUnicode_CheckExact(key);
    ints &= PyLong_CheckExact(key);
    Py_INCREF(key);
    keys.push(key);
  }
  if (count > 1 && !strings && !ints)
    return false;
  if (strings)
    std::sort(
        keys.data(), keys.data() + keys.size(),
        [](PyObject *a, PyObject *b) { return PyUnicode_Compare(a, b) < 0; });
  else if (count > 1)
    std::sort(keys.data(), keys.data() + keys.size(),
              [](PyObject *a, PyObject *b) {
                return PyObject_RichCompareBool(a, b, Py_LT) == 1;
              });
  for (size_t i = 0; i < keys.size(); ++i) {
    PyObject *name = keys[i];
    value = PyDict_GetItemWithError(dict, name);
    if (!value)
      return false;
    if (strings) {
      if (!addString(name))
        return false;
    } else if (PyLong_CheckExact(name)) {
      int overflow;
      long long number = PyLong_AsLongLongAndOverflow(name, &overflow);
      if (overflow)
        return false;
      keyWords.push(kInt);
      keyWords.push(uint64_t(number));
    } else {
      return false;
    }
    if (!add(value))
      return false;
  }
  --depth;
  return true;
}

} // namespace tfc::native
