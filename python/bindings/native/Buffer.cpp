//===- Buffer.cpp - reference-counted memory of tensors -------------------===//
//
// Small buffers come from free lists by size class, those of a few pages too:
// the C library merges and splits its blocks for each of them. Large freed ones
// are kept for a while as well: a loop that makes the same big result over and
// over would otherwise pay for fresh zeroed pages each time. Compiled code asks
// for those of results whose size it finds out, and has no interpreter lock.
//
//===----------------------------------------------------------------------===//
#include "Device.h"
#include "Numpy.h"

#include <cstdlib>
#include <mutex>
#include <sys/mman.h>
#include <unistd.h>

namespace tfc::native {

__thread int32_t bufferDevice = kHost;

static void *(*allocateOnDevice)(int32_t, int64_t) = nullptr;
static void (*freeOnDevice)(int32_t, void *) = nullptr;

void setDeviceMemory(void *allocate, void *release) {
  allocateOnDevice = reinterpret_cast<decltype(allocateOnDevice)>(allocate);
  freeOnDevice = reinterpret_cast<decltype(freeOnDevice)>(release);
}

namespace {

constexpr int kSmallClasses = 16;  // multiples of 64 bytes up to 1 KiB
constexpr int kSmallDepth = 64;    // buffers kept per class
constexpr int kMiddleClasses = 24; // up to 56 KiB, four for each power of two
constexpr int kMiddleDepth = 8;
constexpr int kLargeSlots = 16;
constexpr int64_t kLargeTotal = 256 << 20;
constexpr int64_t kLeastOfLargePages = 4 << 20;

struct FreeList {
  Buffer *head = nullptr; // linked through `next`
  int length = 0;
};

/// 1, 1.25, 1.5, 1.75, 2, 2.5 KiB and so on.
constexpr int64_t middleBytes(int index) {
  return int64_t(4 + index % 4) << (8 + index / 4);
}

/// The largest class that fits into so many bytes, at least 1 KiB.
int middleClass(int64_t nbytes) {
  int power = 63 - __builtin_clzll(nbytes);
  return 4 * (power - 10) + int(nbytes >> (power - 2) & 3);
}

constexpr int64_t kSmallMost = kSmallClasses * TFC_ALIGNMENT;
constexpr int64_t kMiddleMost = middleBytes(kMiddleClasses - 1);
static_assert(kSmallMost == middleBytes(0));

FreeList smallLists[kSmallClasses], middleLists[kMiddleClasses];
// Of the large ones. Whoever finds it locked goes on without them: a process
// that was forked meanwhile would wait forever.
std::mutex largeMutex;
Buffer *largeSlots[kLargeSlots];
int64_t largeTotal = 0;
int nextEviction = 0;

Buffer *take(FreeList &list) {
  Buffer *buffer = list.head;
  if (buffer) {
    list.head = buffer->next;
    --list.length;
  }
  return buffer;
}

bool keep(FreeList &list, int depth, Buffer *buffer) {
  if (list.length >= depth)
    return false;
  buffer->next = list.head;
  list.head = buffer;
  ++list.length;
  return true;
}

/// Asks for pages of 2 MiB, as numpy does from the same size on: what is read
/// and written once misses fewer translations of addresses, of which a virtual
/// machine has two kinds.
void preferLargePages([[maybe_unused]] char *memory,
                      [[maybe_unused]] int64_t nbytes) {
#ifdef MADV_HUGEPAGE
  if (nbytes < kLeastOfLargePages)
    return;
  uintptr_t page = sysconf(_SC_PAGESIZE);
  uintptr_t begin = (reinterpret_cast<uintptr_t>(memory) + page - 1) & -page;
  uintptr_t end = reinterpret_cast<uintptr_t>(memory) + nbytes;
  // Where the system has none, there are small ones.
  madvise(reinterpret_cast<void *>(begin), (end - begin) & -page,
          MADV_HUGEPAGE);
#endif
}

int64_t roundUp(int64_t nbytes) {
  return (nbytes + TFC_ALIGNMENT - 1) & ~int64_t(TFC_ALIGNMENT - 1);
}

void reset(Buffer *buffer, int64_t nbytes) {
  buffer->refcount = 1;
  buffer->nbytes = nbytes;
  buffer->owner = nullptr;
  buffer->previous = buffer->next = nullptr;
  buffer->exported = false;
}

/// One of this size, or of up to an eighth more: sizes that code finds out
/// differ from call to call.
Buffer *takeLarge(int64_t capacity) {
  std::unique_lock<std::mutex> lock(largeMutex, std::try_to_lock);
  if (!lock || !largeTotal)
    return nullptr;
  Buffer **best = nullptr;
  for (Buffer *&slot : largeSlots)
    if (slot && slot->capacity >= capacity &&
        slot->capacity - capacity <= capacity / 8 &&
        (!best || slot->capacity < (*best)->capacity))
      best = &slot;
  if (!best)
    return nullptr;
  Buffer *buffer = *best;
  *best = nullptr;
  largeTotal -= buffer->capacity;
  return buffer;
}

/// Keeps a large buffer, if need be in the place of the oldest one.
void keepLarge(Buffer *buffer) {
  std::unique_lock<std::mutex> lock(largeMutex, std::try_to_lock);
  if (!lock || buffer->capacity > kLargeTotal / 2)
    return free(buffer);
  auto evict = [](Buffer *&slot) {
    if (!slot)
      return;
    largeTotal -= slot->capacity;
    free(slot);
    slot = nullptr;
  };
  for (int i = 0;
       i < kLargeSlots && largeTotal + buffer->capacity > kLargeTotal; ++i)
    evict(largeSlots[(nextEviction + i) % kLargeSlots]);
  Buffer **place = nullptr;
  for (Buffer *&slot : largeSlots)
    if (!slot)
      place = &slot;
  if (!place) {
    place = &largeSlots[nextEviction];
    nextEviction = (nextEviction + 1) % kLargeSlots;
    evict(*place);
  }
  *place = buffer;
  largeTotal += buffer->capacity;
}

//===----------------------------------------------------------------------===//
// BufferHolder: what keeps a buffer alive from Python
//===----------------------------------------------------------------------===//

struct BufferHolder {
  PyObject_HEAD Buffer *buffer;
};

PyTypeObject *holderType = nullptr;

void holderDealloc(PyObject *self) {
  PyTypeObject *type = Py_TYPE(self);
  release(reinterpret_cast<BufferHolder *>(self)->buffer);
  type->tp_free(self);
  Py_DECREF(type);
}

PyType_Slot holderSlots[] = {
    {Py_tp_dealloc, (void *)holderDealloc},
    {Py_tp_doc, (void *)"Keeps the memory behind a numpy array alive."},
    {0, nullptr}};
PyType_Spec holderSpec = {
    "tfc._native._BufferHolder", sizeof(BufferHolder), 0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, holderSlots};

} // namespace

Buffer *allocateBufferUnlocked(int64_t nbytes) {
  if (nbytes < 0 || nbytes > INT64_MAX - 4 * kBufferHeaderBytes)
    return nullptr;
  int64_t capacity = roundUp(nbytes ? nbytes : 1);
  if (capacity > kMiddleMost)
    if (Buffer *kept = takeLarge(capacity)) {
      reset(kept, nbytes);
      return kept;
    }
  auto *buffer = static_cast<Buffer *>(
      aligned_alloc(TFC_ALIGNMENT, kBufferHeaderBytes + capacity));
  if (!buffer)
    return nullptr;
  preferLargePages(reinterpret_cast<char *>(buffer), capacity);
  reset(buffer, nbytes);
  buffer->capacity = capacity;
  buffer->data = reinterpret_cast<char *>(buffer) + kBufferHeaderBytes;
  return buffer;
}

void freeBufferUnlocked(Buffer *buffer) {
  if (buffer->capacity > kMiddleMost)
    return keepLarge(buffer);
  free(buffer);
}

/// A header alone, with its data on the device.
static Buffer *allocateDeviceBuffer(int64_t nbytes) {
  if (!allocateOnDevice || nbytes < 0)
    return nullptr;
  void *data = allocateOnDevice(bufferDevice, nbytes);
  auto *buffer = data ? static_cast<Buffer *>(malloc(sizeof(Buffer))) : nullptr;
  if (!buffer) {
    if (data)
      freeOnDevice(bufferDevice, data);
    return nullptr;
  }
  reset(buffer, nbytes);
  buffer->data = data;
  buffer->capacity = -1 - int64_t(bufferDevice);
  return buffer;
}

Buffer *allocateBuffer(int64_t nbytes) {
  if (bufferDevice != kHost)
    return allocateDeviceBuffer(nbytes);
  Buffer *buffer = nullptr;
  int64_t capacity = nbytes;
  if (nbytes >= 0 && nbytes <= kSmallMost) {
    buffer = take(smallLists[nbytes ? (nbytes - 1) / TFC_ALIGNMENT : 0]);
  } else if (nbytes > 0 && nbytes <= kMiddleMost) {
    int index = middleClass(nbytes - 1) + 1;
    buffer = take(middleLists[index]);
    capacity = middleBytes(index);
  }
  if (!buffer)
    buffer = allocateBufferUnlocked(capacity);
  if (buffer)
    reset(buffer, nbytes);
  return buffer;
}

Buffer *borrowBuffer(void *data, int64_t nbytes, PyObject *owner) {
  // Uses the header alone of the smallest class, and never its data.
  DeviceScope host(kHost);
  Buffer *buffer = allocateBuffer(0);
  if (!buffer)
    return nullptr;
  buffer->data = data;
  buffer->nbytes = nbytes;
  Py_INCREF(owner);
  buffer->owner = owner;
  return buffer;
}

void destroyBuffer(Buffer *buffer) {
  if (deviceOf(buffer) != kHost) {
    freeOnDevice(deviceOf(buffer), buffer->data);
    return free(buffer);
  }
  if (PyObject *owner = buffer->owner) {
    buffer->owner = nullptr;
    buffer->data = reinterpret_cast<char *>(buffer) + kBufferHeaderBytes;
    Py_DECREF(owner);
  }
  int64_t capacity = buffer->capacity;
  if (capacity > kMiddleMost)
    return keepLarge(buffer);
  bool kept =
      capacity <= kSmallMost
          ? keep(smallLists[capacity / TFC_ALIGNMENT - 1], kSmallDepth, buffer)
          : keep(middleLists[middleClass(capacity)], kMiddleDepth, buffer);
  if (!kept)
    free(buffer);
}

/// Is this a numpy array that nobody else refers to, a result of numpy we
/// adopted?
static bool isAdopted(PyObject *owner) {
  return PyArray_CheckExact(owner) && Py_REFCNT(owner) == 1 &&
         (PyArray_FLAGS(reinterpret_cast<PyArrayObject *>(owner)) &
          (NPY_ARRAY_OWNDATA | NPY_ARRAY_WRITEABLE)) ==
             (NPY_ARRAY_OWNDATA | NPY_ARRAY_WRITEABLE);
}

bool isPrivate(const Buffer *buffer) {
  PyObject *owner = buffer->owner;
  if (buffer->exported)
    return false;
  if (!owner || isAdopted(owner))
    return true;
  // A view of a tensor, which nobody can write to: neither through the array
  // nor in place, since the array holds the memory.
  auto *array = reinterpret_cast<PyArrayObject *>(owner);
  if (!PyArray_CheckExact(owner) || PyArray_ISWRITEABLE(array))
    return false;
  PyObject *base = PyArray_BASE(array);
  return base && Py_TYPE(base) == holderType &&
         isPrivate(reinterpret_cast<BufferHolder *>(base)->buffer);
}

bool isExclusive(const Buffer *buffer) {
  return buffer->refcount == 1 && (!buffer->owner || isAdopted(buffer->owner));
}

PyObject *newBufferHolder(Buffer *buffer) {
  auto *self = PyObject_New(BufferHolder, holderType);
  if (self)
    self->buffer = retain(buffer);
  return reinterpret_cast<PyObject *>(self);
}

template <typename Function> static void overLists(Function function) {
  for (FreeList &list : smallLists)
    function(list);
  for (FreeList &list : middleLists)
    function(list);
}

int64_t cachedBufferBytes() {
  int64_t total = 0;
  if (std::unique_lock lock(largeMutex, std::try_to_lock); lock)
    total = largeTotal;
  overLists([&](FreeList &list) {
    for (Buffer *buffer = list.head; buffer; buffer = buffer->next)
      total += buffer->capacity;
  });
  return total;
}

void dropCachedBuffers() {
  overLists([](FreeList &list) {
    while (Buffer *buffer = take(list))
      free(buffer);
  });
  std::unique_lock<std::mutex> lock(largeMutex, std::try_to_lock);
  if (!lock)
    return;
  for (Buffer *&slot : largeSlots) {
    free(slot);
    slot = nullptr;
  }
  largeTotal = 0;
}

bool initBuffer(PyObject *module) {
  holderType = addType(module, &holderSpec, nullptr);
  return holderType != nullptr;
}

} // namespace tfc::native
