//===- Rows.cpp - elements of datasets that compiled code takes by itself -===//
//
// Blocks are put and freed by Python, with the GIL; positions move without it.
// The mutex guards both tables and the blocks; no Python object is made or
// freed while it is held.
//
//===----------------------------------------------------------------------===//
#include "Rows.h"

#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

namespace tfc::native {

namespace {

/// Elements that are the rows of tensors, one for each leaf of an element.
struct Block {
  std::vector<PyRef> tensors;
  int64_t position = 0, count;
  /// Whether the tensors are the only element itself, not stacked.
  bool isElement;

  EagerTensor *leaf(size_t i) const { return asEagerTensor(tensors[i].get()); }
  int32_t rankOf(size_t i) const {
    return leaf(i)->dims.rank() - (isElement ? 0 : 1);
  }
  const int64_t *dimsOf(size_t i) const {
    return leaf(i)->dims.data() + (isElement ? 0 : 1);
  }
  int64_t bytesOf(size_t i) const { return leaf(i)->buffer->nbytes / count; }
  const char *rowOf(size_t i) const {
    return static_cast<const char *>(leaf(i)->buffer->data) +
           position * bytesOf(i);
  }
};

/// What a host function asks of an iteration.
enum Kind { None = 0, More = 1, Element = 2 };

std::mutex mutex;
std::unordered_map<int64_t, Kind> functions;
std::unordered_map<int64_t, std::unique_ptr<Block>> blocks;

/// The block of an iteration with elements left; the mutex is held.
Block *blockOf(int64_t number) {
  auto found = blocks.find(number);
  if (found == blocks.end() || found->second->position == found->second->count)
    return nullptr;
  return found->second.get();
}

/// The block as it was before one of its elements was taken. It is a copy, for
/// making Python objects may run finalizers, which want the mutex.
std::optional<Block> takeFrom(int64_t number) {
  std::lock_guard<std::mutex> lock(mutex);
  Block *block = blockOf(number);
  if (!block)
    return std::nullopt;
  Block before;
  for (const PyRef &tensor : block->tensors)
    before.tensors.push_back(PyRef::borrow(tensor.get()));
  before.position = block->position++;
  before.count = block->count;
  before.isElement = block->isElement;
  return before;
}

bool fits(const Block &block, size_t i, const tfc_tensor_desc &out,
          const int64_t *shape) {
  if (block.leaf(i)->dtype != out.dtype || block.rankOf(i) != out.rank)
    return false;
  for (int32_t d = 0; d < out.rank; ++d)
    if (shape[d] != kUnknownDim && shape[d] != block.dimsOf(i)[d])
      return false;
  return true;
}

PyObject *rowTensor(const Block &block, size_t i) {
  if (block.isElement)
    return Py_NewRef(block.tensors[i].get());
  int64_t bytes = block.bytesOf(i);
  PyObject *tensor = newUninitializedTensor(
      block.leaf(i)->dtype, block.dimsOf(i), block.rankOf(i), bytes);
  if (tensor && bytes)
    memcpy(asEagerTensor(tensor)->buffer->data, block.rowOf(i), bytes);
  return tensor;
}

} // namespace

RowsAnswer callRows(tfc_context *context,
                    void *(*allocate)(tfc_context *, int64_t), int64_t id,
                    int32_t numInputs, const tfc_tensor_desc *inputs,
                    int32_t numOutputs, tfc_tensor_desc *outputs,
                    int64_t *const *shapes) {
  if (numInputs != 1 || inputs[0].rank != 0)
    return RowsAnswer::AskHost;
  std::lock_guard<std::mutex> lock(mutex);
  auto function = functions.find(id);
  if (function == functions.end())
    return RowsAnswer::AskHost;
  Block *block = blockOf(*static_cast<const int64_t *>(inputs[0].data));
  if (!block)
    return RowsAnswer::AskHost;
  if (function->second == More) {
    outputs[0].data = allocate(context, 1);
    if (!outputs[0].data)
      return RowsAnswer::NoMemory;
    *static_cast<uint8_t *>(outputs[0].data) = 1;
    return RowsAnswer::Done;
  }
  if (size_t(numOutputs) != block->tensors.size())
    return RowsAnswer::AskHost;
  for (int32_t i = 0; i < numOutputs; ++i)
    if (!fits(*block, i, outputs[i], shapes[i]))
      return RowsAnswer::AskHost;
  for (int32_t i = 0; i < numOutputs; ++i) {
    int64_t bytes = block->bytesOf(i);
    outputs[i].data = allocate(context, bytes);
    if (!outputs[i].data)
      return RowsAnswer::NoMemory;
    if (bytes)
      memcpy(outputs[i].data, block->rowOf(i), bytes);
    for (int32_t d = 0; d < outputs[i].rank; ++d)
      shapes[i][d] = block->dimsOf(i)[d];
  }
  ++block->position;
  return RowsAnswer::Done;
}

PyObject *setRowsFunction(PyObject *, PyObject *args) {
  long long id;
  int kind;
  if (!PyArg_ParseTuple(args, "Li", &id, &kind))
    return nullptr;
  std::lock_guard<std::mutex> lock(mutex);
  if (kind == None)
    functions.erase(id);
  else
    functions[id] = Kind(kind);
  Py_RETURN_NONE;
}

PyObject *putRows(PyObject *, PyObject *args) {
  long long number, count;
  PyObject *list;
  if (!PyArg_ParseTuple(args, "LO!L", &number, &PyList_Type, &list, &count))
    return nullptr;
  auto block = std::make_unique<Block>();
  block->isElement = count == 0;
  block->count = count ? count : 1;
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list); ++i) {
    PyObject *tensor = PyList_GET_ITEM(list, i);
    if (!isEagerTensor(tensor) ||
        (count && (asEagerTensor(tensor)->dims.rank() == 0 ||
                   asEagerTensor(tensor)->dims[0] != count)))
      return PyErr_Format(PyExc_ValueError,
                          "expected tensors of %lld rows, got %R", count,
                          tensor);
    block->tensors.push_back(PyRef::borrow(tensor));
  }
  {
    std::lock_guard<std::mutex> lock(mutex);
    blocks[number].swap(block);
  }
  Py_RETURN_NONE; // the block before, if there was one, goes now
}

PyObject *rowsLeft(PyObject *, PyObject *number) {
  int64_t key = PyLong_AsLongLong(number);
  if (key == -1 && PyErr_Occurred())
    return nullptr;
  int64_t left = 0;
  {
    std::lock_guard<std::mutex> lock(mutex);
    if (Block *block = blockOf(key))
      left = block->count - block->position;
  }
  return PyLong_FromLongLong(left);
}

PyObject *takeRow(PyObject *, PyObject *number) {
  int64_t key = PyLong_AsLongLong(number);
  if (key == -1 && PyErr_Occurred())
    return nullptr;
  std::optional<Block> taken = takeFrom(key);
  if (!taken)
    Py_RETURN_NONE;
  PyRef row(PyList_New(taken->tensors.size()));
  if (!row)
    return nullptr;
  for (size_t i = 0; i < taken->tensors.size(); ++i) {
    PyObject *tensor = rowTensor(*taken, i);
    if (!tensor)
      return nullptr;
    PyList_SET_ITEM(row.get(), i, tensor);
  }
  return row.release();
}

PyObject *dropRows(PyObject *, PyObject *number) {
  int64_t key = PyLong_AsLongLong(number);
  if (key == -1 && PyErr_Occurred())
    return nullptr;
  std::unique_ptr<Block> dropped;
  {
    std::lock_guard<std::mutex> lock(mutex);
    auto found = blocks.find(key);
    if (found != blocks.end()) {
      dropped.swap(found->second);
      blocks.erase(found);
    }
  }
  Py_RETURN_NONE;
}

} // namespace tfc::native
