//===- CallEntry.cpp - binding leaves, running, packing results -----------===//
#include "Entry.h"
#include "Scalar.h"

namespace tfc::native {

namespace {

/// The inputs of one call; owns the tensors made of other leaves.
class Inputs {
public:
  explicit Inputs(size_t count) : count(count) {
    items = count <= kInline
                ? inline_
                : static_cast<PyObject **>(malloc(count * sizeof(PyObject *)));
  }
  ~Inputs() {
    for (size_t i = 0; i < temporaries.size(); ++i)
      Py_DECREF(temporaries[i]);
    if (items != inline_)
      free(items);
  }

  PyObject **data() { return items; }

  /// False if an input cannot be bound, perhaps with a Python error.
  bool bind(const Entry *entry, const Key &key) {
    const ExecutableData *spec =
        isExecutable(entry->executable)
            ? reinterpret_cast<Executable *>(entry->executable)->data
            : nullptr;
    size_t numArgs = spec ? spec->args.size() : 0;
    for (size_t i = 0; i < count; ++i) {
      const EntryInput &input = entry->data->inputs[i];
      PyObject *object = input.object;
      if (input.kind == EntryInput::Leaf) {
        if (size_t(input.leaf) >= key.numLeaves())
          return false;
        object = key.leaves()[input.leaf];
      } else if (input.kind == EntryInput::CapturedWeak) {
        object = weakTarget(object);
        if (object == Py_None)
          return false;
        Py_INCREF(object);
        temporaries.push(object);
      }
      if (i < numArgs && !isEagerTensor(object)) {
        object = convert(object, spec->args[i].dtype);
        if (!object)
          return false;
        temporaries.push(object);
      }
      items[i] = object;
    }
    return true;
  }

private:
  static constexpr size_t kInline = 32;
  size_t count;
  PyObject *inline_[kInline];
  PyObject **items;
  StackVector<PyObject *, 8> temporaries;

  /// A leaf that is no tensor, as one of the dtype that the code takes.
  static PyObject *convert(PyObject *object, int32_t dtype) {
    if (isPythonNumber(object))
      return orSlow(tensorFromScalar(object, dtype));
    if (isVariable(object))
      return readVariable(asVariable(object));
    if (!PyArray_Check(object) && !PyArray_CheckScalar(object))
      return nullptr;
    PyRef tensor(
        PyArray_Check(object)
            ? tensorFromArray(reinterpret_cast<PyArrayObject *>(object), false)
            : tensorFromObject(object));
    if (!tensor || asEagerTensor(tensor.get())->dtype == dtype)
      return tensor.release();
    PyObject *view = viewOf(asEagerTensor(tensor.get()));
    PyArray_Descr *descr = descrOf(dtype);
    Py_INCREF(descr);
    PyRef cast(view ? PyArray_CastToType(
                          reinterpret_cast<PyArrayObject *>(view), descr, 0)
                    : nullptr);
    return cast ? tensorFromArray(reinterpret_cast<PyArrayObject *>(cast.get()),
                                  false)
                : nullptr;
  }

  /// A number that does not fit the dtype is for Python to complain about.
  static PyObject *orSlow(PyObject *tensor) {
    if (!tensor && (PyErr_ExceptionMatches(PyExc_TypeError) ||
                    PyErr_ExceptionMatches(PyExc_ValueError)))
      PyErr_Clear();
    return tensor;
  }
};

/// Builds the structure of results from its preorder nodes.
class Packer {
public:
  Packer(const EntryData &data, PyObject *const *results, const Key &key)
      : data(data), results(results), key(key) {}

  PyObject *next() {
    const OutputNode &node = data.outputs[position++];
    switch (node.kind) {
    case OutputNode::Result:
      return Py_NewRef(results[node.count]);
    case OutputNode::Const:
      return Py_NewRef(node.object);
    case OutputNode::LeafOf:
      return leaf(node.count);
    case OutputNode::Dict:
      return dict(node);
    case OutputNode::List: {
      PyRef list(PyList_New(node.count));
      for (Py_ssize_t i = 0; list && i < node.count; ++i) {
        PyObject *child = next();
        if (!child)
          return nullptr;
        PyList_SET_ITEM(list.get(), i, child);
      }
      return list.release();
    }
    case OutputNode::Tuple:
    case OutputNode::Named: {
      PyRef tuple(PyTuple_New(node.count));
      for (Py_ssize_t i = 0; tuple && i < node.count; ++i) {
        PyObject *child = next();
        if (!child)
          return nullptr;
        PyTuple_SET_ITEM(tuple.get(), i, child);
      }
      if (!tuple || node.kind == OutputNode::Tuple)
        return tuple.release();
      return PyObject_Call(node.object, tuple.get(), nullptr);
    }
    }
    return nullptr;
  }

private:
  const EntryData &data;
  PyObject *const *results;
  const Key &key;
  size_t position = 0;

  PyObject *dict(const OutputNode &node) {
    PyRef result(PyDict_New());
    for (Py_ssize_t i = 0; result && i < node.count; ++i) {
      PyRef child(next());
      if (!child ||
          PyDict_SetItem(result.get(), PyTuple_GET_ITEM(node.object, i),
                         child.get()) < 0)
        return nullptr;
    }
    return result.release();
  }

  PyObject *leaf(Py_ssize_t index) {
    if (size_t(index) >= key.numLeaves())
      return PyErr_Format(PyExc_IndexError,
                          "an output is leaf %zd of %zu leaves", index,
                          key.numLeaves());
    PyObject *object = key.leaves()[index];
    if (isVariable(object))
      return readVariable(asVariable(object));
    if (PyArray_Check(object) || PyArray_CheckScalar(object))
      return tensorFromObject(object);
    return Py_NewRef(object);
  }
};

PyObject *pack(Entry *entry, PyObject *const *results, size_t numResults,
               const Key &key) {
  if (!entry->unflatten)
    return Packer(*entry->data, results, key).next();
  PyRef list(PyList_New(numResults));
  if (!list)
    return nullptr;
  for (size_t i = 0; i < numResults; ++i)
    PyList_SET_ITEM(list.get(), i, Py_NewRef(results[i]));
  return PyObject_CallOneArg(entry->unflatten, list.get());
}

/// An entry whose "executable" is a Python callable.
PyObject *callPython(Entry *entry, PyObject **inputs, const Key &key) {
  size_t count = entry->data->inputs.size();
  PyRef list(PyList_New(count));
  if (!list)
    return nullptr;
  for (size_t i = 0; i < count; ++i)
    PyList_SET_ITEM(list.get(), i, Py_NewRef(inputs[i]));
  PyRef returned(PyObject_CallOneArg(entry->executable, list.get()));
  PyRef values(returned ? PySequence_Tuple(returned.get()) : nullptr);
  if (!values)
    return nullptr;
  Py_ssize_t numResults = PyTuple_GET_SIZE(values.get());
  for (const OutputNode &node : entry->data->outputs)
    if (node.kind == OutputNode::Result && node.count >= numResults)
      return PyErr_Format(PyExc_ValueError,
                          "output %zd is asked for, there are %zd results",
                          node.count, numResults);
  return pack(entry, &PyTuple_GET_ITEM(values.get(), 0), numResults, key);
}

} // namespace

PyObject *callEntry(Entry *entry, const Key &key) {
  Inputs inputs(entry->data->inputs.size());
  if (!inputs.bind(entry, key))
    return nullptr;
  if (!isExecutable(entry->executable))
    return callPython(entry, inputs.data(), key);

  auto *executable = reinterpret_cast<Executable *>(entry->executable);
  size_t numArgs = executable->data->args.size();
  size_t numResults = executable->data->results.size();
  constexpr size_t kInline = 16;
  PyObject *few[kInline];
  std::vector<PyObject *> many(numResults > kInline ? numResults : 0);
  PyObject **results = numResults > kInline ? many.data() : few;
  if (!runExecutable(executable, inputs.data(), inputs.data() + numArgs,
                     results))
    return nullptr;
  PyObject *packed = pack(entry, results, numResults, key);
  for (size_t i = 0; i < numResults; ++i)
    Py_DECREF(results[i]);
  return packed;
}

} // namespace tfc::native
