//===- Device.cpp - moving values to a GPU, from Python -------------------===//
#include "Device.h"
#include "Variable.h"

namespace tfc::native {

/// Of Buffer.cpp: the functions of the device runtime.
void setDeviceMemory(void *allocate, void *release);

Buffer *moveToDevice(Buffer *buffer, int32_t device) {
  if (deviceOf(buffer) == device)
    return buffer;
  Buffer *fresh;
  {
    DeviceScope scope(device);
    fresh = allocateBuffer(buffer->nbytes);
  }
  if (!fresh) {
    PyErr_Format(PyExc_MemoryError,
                 "no memory on device %d for a tensor of %lld bytes", device,
                 (long long)buffer->nbytes);
    return nullptr;
  }
  memcpy(fresh->data, buffer->data, buffer->nbytes);
  release(buffer);
  return fresh;
}

namespace {

/// The buffer slot of a tensor or variable; null with TypeError set.
Buffer **slotOf(PyObject *object) {
  if (isEagerTensor(object))
    return &asEagerTensor(object)->buffer;
  if (isVariable(object))
    return &asVariable(object)->buffer;
  PyErr_Format(PyExc_TypeError, "expected a tensor or a variable, got %.200s",
               Py_TYPE(object)->tp_name);
  return nullptr;
}

PyObject *setDeviceMemoryMethod(PyObject *, PyObject *args) {
  PyObject *allocate, *release;
  if (!PyArg_ParseTuple(args, "OO", &allocate, &release))
    return nullptr;
  void *first = PyLong_AsVoidPtr(allocate), *second = PyLong_AsVoidPtr(release);
  if (PyErr_Occurred())
    return nullptr;
  setDeviceMemory(first, second);
  Py_RETURN_NONE;
}

PyObject *deviceOfMethod(PyObject *, PyObject *object) {
  Buffer **slot = slotOf(object);
  if (!slot)
    return nullptr;
  return PyLong_FromLong(*slot ? deviceOf(*slot) : kHost);
}

PyObject *moveMethod(PyObject *, PyObject *args) {
  PyObject *object;
  int device;
  if (!PyArg_ParseTuple(args, "Oi", &object, &device))
    return nullptr;
  Buffer **slot = slotOf(object);
  if (!slot)
    return nullptr;
  if (isVariable(object) && !waitForWriter(asVariable(object)) &&
      PyErr_Occurred())
    return nullptr;
  if (*slot) {
    Buffer *moved = moveToDevice(*slot, device);
    if (!moved)
      return nullptr;
    *slot = moved;
  }
  Py_RETURN_NONE;
}

PyMethodDef methods[] = {
    {"set_device_memory", setDeviceMemoryMethod, METH_VARARGS,
     "set_device_memory(allocate, free)\n\nAddresses of tfc_gpu_allocate and "
     "tfc_gpu_free, for buffers on devices."},
    {"device_of", deviceOfMethod, METH_O,
     "device_of(x)\n\nThe number of the device whose memory a tensor or "
     "variable is in; -1: the host."},
    {"move_to_device", moveMethod, METH_VARARGS,
     "move_to_device(x, device)\n\nPuts the value of a tensor or variable into "
     "memory of a device (-1: the host). The value stays the same."},
    {nullptr, nullptr, 0, nullptr}};

} // namespace

bool initDevice(PyObject *module) {
  return PyModule_AddFunctions(module, methods) == 0;
}

} // namespace tfc::native
