//===- Philox.cpp - random bits of a counter-based generator --------------===//
//
// Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011. Eager
// ops call it; compiled code has its own, in vectors.
//
//===----------------------------------------------------------------------===//
#include "Philox.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace tfc::native {

namespace {

using Block = std::array<uint32_t, 4>;

Block philox(uint64_t key, uint64_t low, uint64_t high) {
  auto top = [](uint64_t x) { return static_cast<uint32_t>(x >> 32); };
  auto rest = [](uint64_t x) { return static_cast<uint32_t>(x); };
  Block c{rest(low), top(low), rest(high), top(high)};
  uint32_t k0 = rest(key), k1 = top(key);
  for (int round = 0; round < 10; ++round) {
    uint64_t a = uint64_t(c[0]) * 0xD2511F53, b = uint64_t(c[2]) * 0xCD9E8D57;
    c = {top(b) ^ c[1] ^ k0, rest(b), top(a) ^ c[3] ^ k1, rest(a)};
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  return c;
}

void fill(char *words, Py_ssize_t bytes, uint64_t key, uint64_t low,
          uint64_t high, uint64_t step) {
  constexpr Py_ssize_t size = sizeof(Block);
  for (Py_ssize_t at = 0; at < bytes; at += size) {
    Block block = philox(key, low, high);
    std::memcpy(words + at, block.data(), std::min(size, bytes - at));
    low += step;
    if (low < step)
      ++high;
  }
}

} // namespace

PyObject *fillPhilox(PyObject *, PyObject *args) {
  Py_buffer buffer;
  unsigned long long key, low, high, step;
  if (!PyArg_ParseTuple(args, "w*KKKK:fill_philox", &buffer, &key, &low, &high,
                        &step))
    return nullptr;
  // Giving up the interpreter's lock takes as long as some thousand words.
  if (buffer.len < (1 << 16)) {
    fill(static_cast<char *>(buffer.buf), buffer.len, key, low, high, step);
  } else {
    Py_BEGIN_ALLOW_THREADS;
    fill(static_cast<char *>(buffer.buf), buffer.len, key, low, high, step);
    Py_END_ALLOW_THREADS;
  }
  PyBuffer_Release(&buffer);
  Py_RETURN_NONE;
}

PyObject *philoxAt(PyObject *, PyObject *args) {
  Py_buffer words, low, high;
  unsigned long long key;
  if (!PyArg_ParseTuple(args, "w*Ky*y*:philox_at", &words, &key, &low, &high))
    return nullptr;
  bool fits = low.len == high.len && 2 * low.len == words.len;
  if (fits) {
    auto *blocks = static_cast<char *>(words.buf);
    auto *lows = static_cast<const uint64_t *>(low.buf);
    auto *highs = static_cast<const uint64_t *>(high.buf);
    int64_t count = low.len / sizeof(uint64_t);
    for (int64_t i = 0; i < count; ++i)
      std::memcpy(blocks + i * sizeof(Block),
                  philox(key, lows[i], highs[i]).data(), sizeof(Block));
  } else {
    PyErr_SetString(PyExc_ValueError,
                    "philox_at expects four words for each counter");
  }
  for (Py_buffer *buffer : {&words, &low, &high})
    PyBuffer_Release(buffer);
  return fits ? Py_NewRef(Py_None) : nullptr;
}

} // namespace tfc::native
