//===- Device.h - buffers in memory of a GPU ------------------------------===//
//
// Memory of a device is visible to the host at the same address (tfc_gpu.h), so
// a buffer there is like any other, but for where it comes from. Its
// `capacity` says which device: -1 - number.
//
//===----------------------------------------------------------------------===//
#ifndef TFC_NATIVE_DEVICE_H
#define TFC_NATIVE_DEVICE_H

#include "Buffer.h"

namespace tfc::native {

constexpr int32_t kHost = -1;

/// The device whose memory a buffer is in, or kHost.
inline int32_t deviceOf(const Buffer *buffer) {
  return buffer->capacity < 0 ? int32_t(-1 - buffer->capacity) : kHost;
}

/// Where this thread's `allocateBuffer` takes memory from.
extern __thread int32_t bufferDevice;

class DeviceScope {
public:
  explicit DeviceScope(int32_t device) : before(bufferDevice) {
    bufferDevice = device;
  }
  ~DeviceScope() { bufferDevice = before; }
  DeviceScope(const DeviceScope &) = delete;

private:
  int32_t before;
};

/// The same contents in memory of the device: the buffer itself if it is there,
/// else a copy, for which the caller's hold is given up. Null with MemoryError
/// set (the hold is kept then).
Buffer *moveToDevice(Buffer *buffer, int32_t device);

/// Methods of the module: `set_device_memory`, `device_of`, `move_to_device`.
bool initDevice(PyObject *module);

} // namespace tfc::native

#endif // TFC_NATIVE_DEVICE_H
