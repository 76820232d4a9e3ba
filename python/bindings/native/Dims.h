//===- Dims.h - dimensions with room for small ranks ----------------------===//
#ifndef TFC_NATIVE_DIMS_H
#define TFC_NATIVE_DIMS_H

#include "Common.h"

#include <cstdlib>

namespace tfc::native {

/// An unknown dimension (None in Python).
constexpr int64_t kUnknownDim = -1;

/// A list of sizes. Ranks up to four need no allocation. Zero-initialized
/// memory is a valid Dims of rank 0, so Python objects can embed one.
class Dims {
public:
  Dims() = default;
  Dims(const Dims &) = delete;
  Dims &operator=(const Dims &) = delete;
  Dims(Dims &&other) noexcept { *this = static_cast<Dims &&>(other); }
  Dims &operator=(Dims &&other) noexcept {
    if (this != &other) {
      clear();
      memcpy(static_cast<void *>(this), &other, sizeof(Dims));
      other.rank_ = 0;
    }
    return *this;
  }
  ~Dims() { clear(); }

  int32_t rank() const { return rank_; }
  int64_t *data() { return rank_ <= kInline ? inline_ : heap_; }
  const int64_t *data() const { return rank_ <= kInline ? inline_ : heap_; }
  int64_t operator[](int32_t i) const { return data()[i]; }
  const int64_t *begin() const { return data(); }
  const int64_t *end() const { return data() + rank_; }

  /// Becomes a copy of `rank` sizes (uninitialized if `sizes` is null). False
  /// with MemoryError set if there is no memory; then the rank is 0.
  bool assign(const int64_t *sizes, int32_t rank) {
    clear();
    if (rank > kInline) {
      heap_ = static_cast<int64_t *>(malloc(rank * sizeof(int64_t)));
      if (!heap_) {
        PyErr_NoMemory();
        return false;
      }
    }
    rank_ = rank;
    if (sizes)
      for (int32_t i = 0; i < rank; ++i)
        data()[i] = sizes[i];
    return true;
  }
  bool assign(const Dims &other) { return assign(other.data(), other.rank()); }

  void clear() {
    if (rank_ > kInline)
      free(heap_);
    rank_ = 0;
  }

  /// Product of the sizes, or -1 if one is unknown or it exceeds 2^58: the
  /// bytes of so many elements are a number.
  int64_t numElements() const {
    int64_t product = 1;
    bool overflow = false;
    for (int64_t size : *this) {
      if (size < 0)
        return -1;
      int64_t next;
      overflow |= __builtin_mul_overflow(product, size, &next);
      product = next;
      if (size == 0)
        return 0;
    }
    return overflow || product > (int64_t(1) << 58) ? -1 : product;
  }

private:
  static constexpr int32_t kInline = 4;
  int32_t rank_ = 0;
  union {
    int64_t inline_[kInline];
    int64_t *heap_;
  };
};

/// Parses a sequence of `int` (and None if `allowUnknown`). False with
/// TypeError/ValueError set.
bool parseDims(PyObject *sequence, bool allowUnknown, Dims &out);

/// A new tuple of int, None where unknown.
PyObject *dimsToTuple(const Dims &dims);

/// A new string such as "(2, None)".
PyObject *dimsToString(const Dims &dims);

/// True if `dims` is an instance of `spec`: equal where `spec` is known.
inline bool matches(const Dims &spec, const Dims &dims) {
  if (spec.rank() != dims.rank())
    return false;
  const int64_t *want = spec.data(), *got = dims.data();
  for (int32_t i = 0, e = spec.rank(); i < e; ++i)
    if (want[i] != got[i] && want[i] != kUnknownDim)
      return false;
  return true;
}

} // namespace tfc::native

#endif // TFC_NATIVE_DIMS_H
