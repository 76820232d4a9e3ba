//===- Key.h - from call arguments to leaves and a trace key --------------===//
//
// Flattens the arguments of a call, depth first: positional arguments, then
// keyword arguments by name; dicts by sorted key. The key is a list of words.
// Tensors and arrays are in it by dtype and shape, variables also by which
// of them are the same, Python values by type and value, other objects by
// identity. What only Python can judge makes the key slow: no fast path.
//
//===----------------------------------------------------------------------===//
#ifndef TFC_NATIVE_KEY_H
#define TFC_NATIVE_KEY_H

#include "Stack.h"
#include "Variable.h"

#include <unordered_map>
#include <vector>

namespace tfc::native {

/// What a Function knows that goes into its keys.
struct KeyOptions {
  /// Python numbers count by type only: they are inputs like tensors.
  bool scalarsByType = false;
  /// Variables that some trace has captured: passing one of those as an
  /// argument means aliasing, so it is in the key which one it is.
  std::unordered_map<PyObject *, uint64_t> captured;
};

class Key {
public:
  explicit Key(const KeyOptions &options) : options(options) {}
  ~Key();

  /// Flattens a call. False without a Python error if the call is slow, with
  /// one if a hash failed.
  bool build(PyObject *args, PyObject *kwargs);

  uint64_t hash() const;
  const uint64_t *words() const { return keyWords.data(); }
  size_t numWords() const { return keyWords.size(); }
  /// Every leaf (owned), in order.
  PyObject *const *leaves() const { return keyLeaves.data(); }
  size_t numLeaves() const { return keyLeaves.size(); }

  /// Borrowed: objects in the key by identity, and by equality.
  StackVector<PyObject *, 8> identities;
  StackVector<PyObject *, 4> values;

  /// If set, gets the number of words up to the end of each leaf.
  std::vector<size_t> *leafEnds = nullptr;

  /// For a key of which the sizes of some leaves do not matter: masks of the
  /// bits to ignore, a word each. `shapes` is {leaf: shape with None}. False
  /// with an error set if a leaf is no tensor or array of that shape.
  bool maskShapes(PyObject *shapes, const std::vector<size_t> &ends,
                  std::vector<uint64_t> &ignore) const;

private:
  const KeyOptions &options;
  StackVector<uint64_t, 80> keyWords;
  StackVector<PyObject *, 24> keyLeaves;
  StackVector<PyObject *, 8> variables;
  int depth = 0;

  bool add(PyObject *object);
  bool addOther(PyObject *object);
  bool addSequence(uint64_t tag, PyObject *sequence, bool isTuple);
  bool addDict(PyObject *dict);
  bool addInt(PyObject *number);
  bool addBytes(uint64_t tag, const void *data, size_t nbytes);
  bool addString(PyObject *string);
  bool addArray(PyArrayObject *array);
  bool addVariable(PyObject *object);
  bool addValue(PyObject *object);
  void addIdentity(uint64_t tag, PyObject *object);
  void addShape(uint64_t tag, int32_t dtype, int32_t rank, const int64_t *dims);
  bool addScalarType(uint64_t kind);
  bool leaf(PyObject *object) {
    if (leafEnds)
      leafEnds->push_back(keyWords.size());
    Py_INCREF(object);
    keyLeaves.push(object);
    return true;
  }
};

/// _native.register_key_kind(type, kind): how instances of a class go into
/// keys.
PyObject *registerKeyKind(PyObject *module, PyObject *args);

} // namespace tfc::native

#endif // TFC_NATIVE_KEY_H
