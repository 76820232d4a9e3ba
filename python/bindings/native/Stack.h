//===- Stack.h - arrays that are usually short ----------------------------===//
#ifndef TFC_NATIVE_STACK_H
#define TFC_NATIVE_STACK_H

#include <cstdlib>
#include <cstring>

namespace tfc::native {

/// An array on the stack, or on the heap if it is long.
template <typename T, int N> class StackArray {
public:
  explicit StackArray(size_t size)
      : pointer(size <= N ? inline_ : new T[size]) {}
  ~StackArray() {
    if (pointer != inline_)
      delete[] pointer;
  }
  T &operator[](size_t i) { return pointer[i]; }
  T *data() { return pointer; }

private:
  T inline_[N];
  T *pointer;
};

/// Growing array with room for the common case on the stack.
template <typename T, int N> class StackVector {
public:
  StackVector() = default;
  StackVector(const StackVector &) = delete;
  ~StackVector() {
    if (pointer != inline_)
      free(pointer);
  }
  void push(T value) {
    if (count == capacity)
      grow();
    pointer[count++] = value;
  }
  T *data() { return pointer; }
  const T *data() const { return pointer; }
  size_t size() const { return count; }
  T operator[](size_t i) const { return pointer[i]; }

private:
  void grow() {
    capacity *= 2;
    T *bigger = static_cast<T *>(malloc(capacity * sizeof(T)));
    memcpy(bigger, pointer, count * sizeof(T));
    if (pointer != inline_)
      free(pointer);
    pointer = bigger;
  }

  T inline_[N];
  T *pointer = inline_;
  size_t count = 0, capacity = N;
};

} // namespace tfc::native

#endif // TFC_NATIVE_STACK_H
