//===- Buffer.h - reference-counted memory of tensors ---------------------===//
//
// A Buffer is one dense block of bytes. Its count says how many tensors,
// variables and exported views hold it: one holder may write in place, more
// than one means copy on write.
//
//===----------------------------------------------------------------------===//
#ifndef TFC_NATIVE_BUFFER_H
#define TFC_NATIVE_BUFFER_H

#include "Common.h"

namespace tfc::native {

struct Buffer {
  Py_ssize_t refcount;
  void *data;
  int64_t nbytes;
  /// Whoever owns `data` if it does not follow this header, else null.
  PyObject *owner;
  /// Links of the list of buffers a running call has allocated; null outside.
  Buffer *previous, *next;
  /// Bytes that follow the header; selects the free list.
  int64_t capacity;
  /// Whether other libraries were given the memory itself: some write to it,
  /// though they are told not to.
  bool exported;
};

/// The header is padded so that the data after it is aligned as well.
constexpr int64_t kBufferHeaderBytes = TFC_ALIGNMENT;
static_assert(sizeof(Buffer) <= kBufferHeaderBytes);

/// A fresh buffer with one holder and undefined contents. Null without a Python
/// error set if there is no memory. Needs the GIL.
Buffer *allocateBuffer(int64_t nbytes);

/// The same, from the C library and not from a free list: callable without GIL.
Buffer *allocateBufferUnlocked(int64_t nbytes);
void freeBufferUnlocked(Buffer *buffer);

/// A buffer over memory that `owner` keeps alive. Null without a Python error
/// set if there is no memory.
Buffer *borrowBuffer(void *data, int64_t nbytes, PyObject *owner);

void destroyBuffer(Buffer *buffer);

inline Buffer *retain(Buffer *buffer) {
  ++buffer->refcount;
  return buffer;
}

inline void release(Buffer *buffer) {
  if (buffer && --buffer->refcount == 0)
    destroyBuffer(buffer);
}

/// True if the memory is ours alone: nobody sees it change but this holder.
bool isExclusive(const Buffer *buffer);

/// True if nobody outside can change the memory behind our back.
bool isPrivate(const Buffer *buffer);

/// Header of the buffer whose data `pointer` is, made by `allocateBuffer*`.
inline Buffer *bufferOfData(void *pointer) {
  return reinterpret_cast<Buffer *>(static_cast<char *>(pointer) -
                                    kBufferHeaderBytes);
}

/// A new Python object that holds `buffer` (as base of a numpy array).
PyObject *newBufferHolder(Buffer *buffer);

/// Bytes of buffers that are kept for reuse, and dropping them.
int64_t cachedBufferBytes();
void dropCachedBuffers();

bool initBuffer(PyObject *module);

} // namespace tfc::native

#endif // TFC_NATIVE_BUFFER_H
