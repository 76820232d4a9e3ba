//===- DLPack.cpp - exchange with other array libraries -------------------===//
//
// Tensors are immutable, so the memory itself is only given to consumers that
// know the read-only flag (version 1); others get a copy of their own.
//
//===----------------------------------------------------------------------===//
#include "Tensor.h"

namespace tfc::native {

namespace {

//===----------------------------------------------------------------------===//
// The structs of dlpack.h, version 1.0
//===----------------------------------------------------------------------===//

struct DLDevice {
  int32_t type;
  int32_t id;
};
struct DLDataType {
  uint8_t code;
  uint8_t bits;
  uint16_t lanes;
};
struct DLTensor {
  void *data;
  DLDevice device;
  int32_t ndim;
  DLDataType dtype;
  int64_t *shape;
  int64_t *strides;
  uint64_t byteOffset;
};
struct DLManagedTensor {
  DLTensor tensor;
  void *managerContext;
  void (*deleter)(DLManagedTensor *self);
};
struct DLManagedTensorVersioned {
  uint32_t major, minor;
  void *managerContext;
  void (*deleter)(DLManagedTensorVersioned *self);
  uint64_t flags;
  DLTensor tensor;
};

constexpr int32_t kCPU = 1;
constexpr uint64_t kReadOnly = 1, kIsCopied = 2;
const char *const kOldName = "dltensor";
const char *const kNewName = "dltensor_versioned";

//===----------------------------------------------------------------------===//
// Export
//===----------------------------------------------------------------------===//

/// What an exported tensor needs to live; sizes and strides follow it.
template <typename Managed> struct Export {
  Managed managed;
  Buffer *buffer;
};

template <typename Managed> void deleteExport(Managed *managed) {
  auto *self = static_cast<Export<Managed> *>(managed->managerContext);
  // Consumers may call this from any thread, even after the interpreter ended.
  if (!Py_IsInitialized())
    return;
  PyGILState_STATE state = PyGILState_Ensure();
  release(self->buffer);
  PyMem_RawFree(self);
  PyGILState_Release(state);
}

template <typename Managed> void destroyCapsule(PyObject *capsule) {
  const char *name = PyCapsule_GetName(capsule);
  // A consumed capsule has been renamed: the consumer calls the deleter.
  if (!name || (strcmp(name, kOldName) && strcmp(name, kNewName)))
    return;
  auto *managed = static_cast<Managed *>(PyCapsule_GetPointer(capsule, name));
  if (managed && managed->deleter)
    managed->deleter(managed);
}

template <typename Managed>
PyObject *makeCapsule(EagerTensor *tensor, Buffer *buffer, const char *name,
                      Managed **out) {
  int32_t rank = tensor->dims.rank();
  auto *self = static_cast<Export<Managed> *>(
      PyMem_RawMalloc(sizeof(Export<Managed>) + 2 * rank * sizeof(int64_t)));
  if (!self)
    return PyErr_NoMemory();
  self->managed = Managed{};
  self->buffer = retain(buffer);
  DLTensor &target = self->managed.tensor;
  target.data = buffer->data;
  target.device = {kCPU, 0};
  target.ndim = rank;
  const DTypeInfo &info = kDTypes[tensor->dtype];
  target.dtype = {info.dlpackCode, info.dlpackBits, 1};
  target.shape = reinterpret_cast<int64_t *>(self + 1);
  target.strides = target.shape + rank;
  int64_t stride = 1;
  for (int32_t i = rank - 1; i >= 0; --i) {
    target.shape[i] = tensor->dims[i];
    target.strides[i] = stride;
    stride *= tensor->dims[i];
  }
  self->managed.managerContext = self;
  self->managed.deleter = deleteExport<Managed>;
  *out = &self->managed;
  PyObject *capsule = PyCapsule_New(*out, name, destroyCapsule<Managed>);
  if (!capsule)
    self->managed.deleter(*out);
  return capsule;
}

/// Major version a consumer asks for; 0 if it asks for none. -1 on error.
int majorVersion(PyObject *maxVersion) {
  if (maxVersion == Py_None)
    return 0;
  int major, minor;
  if (!PyTuple_Check(maxVersion) ||
      !PyArg_ParseTuple(maxVersion, "ii", &major, &minor)) {
    PyErr_SetString(PyExc_TypeError, "max_version must be a tuple of two int");
    return -1;
  }
  return major;
}

bool checkDevice(PyObject *device) {
  if (device == Py_None)
    return true;
  int type, id;
  if (!PyTuple_Check(device) || !PyArg_ParseTuple(device, "ii", &type, &id)) {
    PyErr_SetString(PyExc_TypeError, "dl_device must be a tuple of two int");
    return false;
  }
  if (type == kCPU)
    return true;
  PyErr_Format(PyExc_BufferError,
               "the tensor is on the CPU, device type %d was asked for", type);
  return false;
}

} // namespace

PyObject *tensorDLPack(PyObject *object, PyObject *args, PyObject *kwargs) {
  static const char *names[] = {"stream", "max_version", "dl_device", "copy",
                                nullptr};
  PyObject *stream = Py_None, *maxVersion = Py_None, *device = Py_None,
           *copyObject = Py_None;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|$OOOO:__dlpack__",
                                   const_cast<char **>(names), &stream,
                                   &maxVersion, &device, &copyObject))
    return nullptr;
  if (stream != Py_None)
    return PyErr_Format(PyExc_BufferError,
                        "a tensor on the CPU has no streams, stream must be "
                        "None, got %R",
                        stream);
  int major = majorVersion(maxVersion);
  int copy = copyObject == Py_None ? -1 : PyObject_IsTrue(copyObject);
  if (major < 0 || (copy == -1 && PyErr_Occurred()) || !checkDevice(device))
    return nullptr;
  if (major == 0 && copy == 0)
    return PyErr_Format(
        PyExc_BufferError,
        "a tensor is read-only, which DLPack can say from "
        "version 1 on: pass max_version=(1, 0) or allow a copy");
  EagerTensor *tensor = asEagerTensor(object);
  Buffer *buffer = tensor->buffer;
  bool copied = major == 0 || copy == 1;
  if (copied) {
    buffer = allocateBuffer(buffer->nbytes);
    if (!buffer)
      return PyErr_NoMemory();
    memcpy(buffer->data, tensor->buffer->data, buffer->nbytes);
  } else {
    retain(buffer)->exported = true;
  }
  PyObject *capsule;
  if (major == 0) {
    DLManagedTensor *managed;
    capsule = makeCapsule(tensor, buffer, kOldName, &managed);
  } else {
    DLManagedTensorVersioned *managed = nullptr;
    capsule = makeCapsule(tensor, buffer, kNewName, &managed);
    if (capsule) {
      managed->major = 1;
      managed->flags = copied ? kIsCopied : kReadOnly;
    }
  }
  release(buffer);
  return capsule;
}

PyObject *tensorDLPackDevice(PyObject *, PyObject *) {
  return Py_BuildValue("(ii)", kCPU, 0);
}

//===----------------------------------------------------------------------===//
// Import
//===----------------------------------------------------------------------===//

namespace {

int32_t codeOfDLPack(DLDataType type) {
  if (type.lanes == 1)
    for (int32_t code = 0; code < TFC_NUM_DTYPES; ++code)
      if (kDTypes[code].dlpackCode == type.code &&
          kDTypes[code].dlpackBits == type.bits)
        return code;
  PyErr_Format(PyExc_TypeError,
               "DLPack type (code %d, %d bits, %d lanes) is not a dtype of "
               "tensors",
               type.code, type.bits, type.lanes);
  return kNoDType;
}

template <typename Managed> void destroyImported(PyObject *capsule) {
  auto *managed = static_cast<Managed *>(
      PyCapsule_GetPointer(capsule, PyCapsule_GetName(capsule)));
  if (managed && managed->deleter)
    managed->deleter(managed);
}

bool isDense(const DLTensor &source) {
  if (!source.strides)
    return true;
  int64_t stride = 1;
  for (int32_t i = source.ndim - 1; i >= 0; --i) {
    if (source.shape[i] == 0)
      return true;
    if (source.shape[i] != 1 && source.strides[i] != stride)
      return false;
    stride *= source.shape[i];
  }
  return true;
}

/// Copies a strided tensor; `out` advances in row-major order.
void copyStrided(const DLTensor &source, int32_t axis, const char *in,
                 char *&out, int32_t bytes) {
  if (axis == source.ndim) {
    memcpy(out, in, bytes);
    out += bytes;
    return;
  }
  for (int64_t i = 0; i < source.shape[axis]; ++i)
    copyStrided(source, axis + 1, in + i * source.strides[axis] * bytes, out,
                bytes);
}

/// Makes the tensor; `owner` owns the memory of `source`.
PyObject *importTensor(const DLTensor &source, PyObject *owner, int copy) {
  if (source.device.type != kCPU)
    return PyErr_Format(PyExc_BufferError,
                        "cannot import a tensor of DLPack device type %d, "
                        "expected 1 (the CPU)",
                        source.device.type);
  int32_t dtype = codeOfDLPack(source.dtype);
  Dims dims;
  if (dtype == kNoDType || source.ndim < 0 ||
      !dims.assign(source.shape, source.ndim))
    return nullptr;
  int64_t count = dims.numElements();
  if (count < 0)
    return PyErr_Format(PyExc_ValueError,
                        "the DLPack tensor has no valid shape");
  int64_t nbytes = count * itemsize(dtype);
  char *data = static_cast<char *>(source.data) + source.byteOffset;
  bool aligned =
      reinterpret_cast<uintptr_t>(data) %
          (dtype >= TFC_C64 ? itemsize(dtype) / 2 : itemsize(dtype)) ==
      0;
  bool dense = isDense(source);
  bool valid =
      dtype != TFC_BOOL || (dense && count > 0 && areTruthValues(data, count));
  if (dense && aligned && valid && copy != 1 && count > 0) {
    Buffer *buffer = borrowBuffer(data, nbytes, owner);
    if (!buffer)
      return PyErr_NoMemory();
    return newEagerTensor(buffer, dtype, dims.data(), dims.rank());
  }
  if (copy == 0 && count > 0)
    return PyErr_Format(PyExc_BufferError,
                        dense && aligned
                            ? "the DLPack tensor has booleans that are "
                              "neither 0 nor 1, so it needs a copy, but "
                              "copy=False was given"
                            : "the DLPack tensor is not dense and aligned, so "
                              "it needs a copy, but copy=False was given");
  PyObject *tensor =
      newUninitializedTensor(dtype, dims.data(), dims.rank(), nbytes);
  if (!tensor || count == 0)
    return tensor;
  char *out = static_cast<char *>(asEagerTensor(tensor)->buffer->data);
  if (dense)
    memcpy(out, data, nbytes);
  else
    copyStrided(source, 0, data, out, itemsize(dtype));
  if (dtype == TFC_BOOL)
    makeTruthValues(asEagerTensor(tensor)->buffer->data, count);
  return tensor;
}

/// Consumes a capsule: from now on we call its deleter.
template <typename Managed>
PyObject *consume(PyObject *capsule, const char *name, const char *usedName,
                  int copy) {
  auto *managed = static_cast<Managed *>(PyCapsule_GetPointer(capsule, name));
  if (!managed)
    return nullptr;
  PyRef owner(PyCapsule_New(managed, "tfc_dltensor", destroyImported<Managed>));
  if (!owner)
    return nullptr;
  PyCapsule_SetName(capsule, usedName);
  PyCapsule_SetDestructor(capsule, nullptr);
  return importTensor(managed->tensor, owner.get(), copy);
}

PyObject *askForCapsule(PyObject *object) {
  PyRef method(PyObject_GetAttrString(object, "__dlpack__"));
  if (!method)
    return nullptr;
  PyRef kwargs(Py_BuildValue("{s:(ii)}", "max_version", 1, 0));
  PyRef args(PyTuple_New(0));
  if (!kwargs || !args)
    return nullptr;
  PyObject *capsule = PyObject_Call(method.get(), args.get(), kwargs.get());
  if (capsule || !PyErr_ExceptionMatches(PyExc_TypeError))
    return capsule;
  PyErr_Clear(); // A producer older than version 1.
  return PyObject_CallNoArgs(method.get());
}

} // namespace

PyObject *fromDLPack(PyObject *, PyObject *args, PyObject *kwargs) {
  static const char *names[] = {"x", "copy", nullptr};
  PyObject *object, *copyObject = Py_None;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|$O:from_dlpack",
                                   const_cast<char **>(names), &object,
                                   &copyObject))
    return nullptr;
  int copy = copyObject == Py_None ? -1 : PyObject_IsTrue(copyObject);
  if (copy == -1 && PyErr_Occurred())
    return nullptr;
  PyRef capsule(PyCapsule_CheckExact(object) ? Py_NewRef(object)
                                             : askForCapsule(object));
  if (!capsule)
    return nullptr;
  if (PyCapsule_IsValid(capsule.get(), kNewName)) {
    auto *managed = static_cast<DLManagedTensorVersioned *>(
        PyCapsule_GetPointer(capsule.get(), kNewName));
    if (managed->major > 1)
      return PyErr_Format(PyExc_BufferError,
                          "DLPack version %u is not supported, at most 1",
                          managed->major);
    return consume<DLManagedTensorVersioned>(capsule.get(), kNewName,
                                             "used_dltensor_versioned", copy);
  }
  if (PyCapsule_IsValid(capsule.get(), kOldName))
    return consume<DLManagedTensor>(capsule.get(), kOldName, "used_dltensor",
                                    copy);
  return PyErr_Format(PyExc_TypeError,
                      "from_dlpack takes an object with __dlpack__ or a DLPack "
                      "capsule that was not used yet, got %.200s",
                      Py_TYPE(capsule.get())->tp_name);
}

} // namespace tfc::native
