//===- Elements.cpp - what numpy has no fast loop for ---------------------===//
//
// Eager ops use it: choices without branches (numpy's go wrong for half of
// random conditions), the error function, and updates of whole rows.
//
//===----------------------------------------------------------------------===//
#include "Elements.h"
#include "Numpy.h"

#include <cmath>
#include <complex>
#include <cstdint>
#include <string_view>

namespace tfc::native {

namespace {

/// Sixteen bytes that are moved together.
struct Wide {
  uint64_t low, high;
};

/// Conditions are 0 or 1. Without a branch, which compilers make of a choice
/// between wide elements.
template <typename T> T pick(uint8_t condition, T x, T y) {
  return condition ? x : y;
}
template <> uint64_t pick(uint8_t condition, uint64_t x, uint64_t y) {
  return y ^ ((x ^ y) & -uint64_t(condition));
}
template <> Wide pick(uint8_t condition, Wide x, Wide y) {
  return {pick(condition, x.low, y.low), pick(condition, x.high, y.high)};
}

template <typename T>
void choose(const uint8_t *condition, const T *x, bool oneX, const T *y,
            bool oneY, T *out, int64_t count) {
  if (oneX && oneY) {
    T a = *x, b = *y;
    for (int64_t i = 0; i < count; ++i)
      out[i] = pick(condition[i], a, b);
  } else if (oneX) {
    T a = *x;
    for (int64_t i = 0; i < count; ++i) {
      T b = y[i];
      out[i] = pick(condition[i], a, b);
    }
  } else if (oneY) {
    T b = *y;
    for (int64_t i = 0; i < count; ++i) {
      T a = x[i];
      out[i] = pick(condition[i], a, b);
    }
  } else {
    for (int64_t i = 0; i < count; ++i) {
      T a = x[i], b = y[i];
      out[i] = pick(condition[i], a, b);
    }
  }
}

PyArrayObject *asArray(PyObject *object) {
  return PyArray_Check(object) ? reinterpret_cast<PyArrayObject *>(object)
                               : nullptr;
}

/// Both take the first of equal ones, and NaN where there is one, as numpy.
template <typename T> T larger(T x, T y) { return x >= y || x != x ? x : y; }
template <typename T> T smaller(T x, T y) { return x <= y || x != x ? x : y; }

/// Integers wrap.
template <typename T, typename F> T wrapped(T x, T y, F f) {
  if constexpr (std::is_integral_v<T>) {
    using U = std::make_unsigned_t<T>;
    return static_cast<T>(f(static_cast<U>(x), static_cast<U>(y)));
  } else {
    return f(x, y);
  }
}

template <typename T, typename F>
void updateRows(T *out, const int64_t *places, const T *updates, int64_t count,
                int64_t size, F f) {
  for (int64_t i = 0; i < count; ++i) {
    T *row = out + places[i] * size;
    const T *update = updates + i * size;
    for (int64_t j = 0; j < size; ++j)
      row[j] = f(row[j], update[j]);
  }
}

/// False if there is no such mode.
template <typename T>
bool scatter(T *out, const int64_t *places, const T *updates, int64_t count,
             int64_t size, std::string_view mode) {
  auto update = [&](auto f) {
    updateRows(out, places, updates, count, size, f);
    return true;
  };
  auto plus = [](auto x, auto y) { return x + y; };
  auto minus = [](auto x, auto y) { return x - y; };
  auto times = [](auto x, auto y) { return x * y; };
  if (mode == "add")
    return update([&](T x, T y) { return wrapped(x, y, plus); });
  if (mode == "sub")
    return update([&](T x, T y) { return wrapped(x, y, minus); });
  if (mode == "mul")
    return update([&](T x, T y) { return wrapped(x, y, times); });
  if (mode == "max")
    return update(larger<T>);
  if (mode == "min")
    return update(smaller<T>);
  return false;
}

} // namespace

PyObject *chooseElements(PyObject *, PyObject *args) {
  PyObject *objects[4];
  if (!PyArg_ParseTuple(args, "OOOO:choose", &objects[0], &objects[1],
                        &objects[2], &objects[3]))
    return nullptr;
  PyArrayObject *arrays[4];
  for (int i = 0; i < 4; ++i) {
    arrays[i] = asArray(objects[i]);
    if (!arrays[i] || !PyArray_ISCARRAY_RO(arrays[i]))
      return PyErr_Format(PyExc_TypeError, "choose expects dense arrays");
  }
  auto [condition, x, y, out] = arrays;
  int64_t count = PyArray_SIZE(out), size = PyArray_ITEMSIZE(out);
  auto fits = [&](PyArrayObject *array) {
    int64_t own = PyArray_SIZE(array);
    return (own == count || own == 1) && PyArray_ITEMSIZE(array) == size;
  };
  if (PyArray_TYPE(condition) != NPY_BOOL || PyArray_SIZE(condition) != count ||
      !fits(x) || !fits(y) || !PyArray_ISWRITEABLE(out))
    return PyErr_Format(PyExc_ValueError,
                        "choose expects arrays of one size and dtype");
  auto run = [&](auto element) {
    using T = decltype(element);
    choose(static_cast<const uint8_t *>(PyArray_DATA(condition)),
           static_cast<const T *>(PyArray_DATA(x)),
           PyArray_SIZE(x) == 1 && count != 1,
           static_cast<const T *>(PyArray_DATA(y)),
           PyArray_SIZE(y) == 1 && count != 1,
           static_cast<T *>(PyArray_DATA(out)), count);
  };
  switch (size) {
  case 1:
    run(uint8_t());
    break;
  case 2:
    run(uint16_t());
    break;
  case 4:
    run(uint32_t());
    break;
  case 8:
    run(uint64_t());
    break;
  case 16:
    run(Wide());
    break;
  default:
    return PyErr_Format(PyExc_TypeError, "choose expects numbers");
  }
  Py_RETURN_NONE;
}

PyObject *errorFunction(PyObject *, PyObject *args) {
  PyObject *object;
  int complement;
  if (!PyArg_ParseTuple(args, "Op:error_function", &object, &complement))
    return nullptr;
  PyArrayObject *array = asArray(object);
  if (!array || PyArray_TYPE(array) != NPY_DOUBLE || !PyArray_ISCARRAY(array))
    return PyErr_Format(PyExc_TypeError,
                        "error_function expects a dense array of doubles");
  auto *data = static_cast<double *>(PyArray_DATA(array));
  int64_t count = PyArray_SIZE(array);
  Py_BEGIN_ALLOW_THREADS;
  for (int64_t i = 0; i < count; ++i)
    data[i] = complement ? std::erfc(data[i]) : std::erf(data[i]);
  Py_END_ALLOW_THREADS;
  Py_RETURN_NONE;
}

PyObject *scatterRows(PyObject *, PyObject *args) {
  PyObject *outObject, *placesObject, *updatesObject;
  const char *mode;
  if (!PyArg_ParseTuple(args, "OOOs:scatter_rows", &outObject, &placesObject,
                        &updatesObject, &mode))
    return nullptr;
  PyArrayObject *out = asArray(outObject), *places = asArray(placesObject),
                *updates = asArray(updatesObject);
  if (!out || !places || !updates || !PyArray_ISCARRAY(out) ||
      !PyArray_ISCARRAY_RO(places) || !PyArray_ISCARRAY_RO(updates) ||
      PyArray_TYPE(places) != NPY_INT64 || PyArray_NDIM(out) != 2 ||
      PyArray_TYPE(out) != PyArray_TYPE(updates))
    return PyErr_Format(PyExc_TypeError,
                        "scatter_rows expects a dense matrix, an int64 for "
                        "each row of updates, and updates of its dtype");
  int64_t rows = PyArray_DIM(out, 0), size = PyArray_DIM(out, 1),
          count = PyArray_SIZE(places);
  auto *at = static_cast<const int64_t *>(PyArray_DATA(places));
  if (PyArray_SIZE(updates) != count * size)
    return PyErr_Format(PyExc_ValueError,
                        "scatter_rows expects a row for each place");
  for (int64_t i = 0; i < count; ++i)
    if (at[i] < 0 || at[i] >= rows)
      return PyErr_Format(PyExc_IndexError, "row %lld is not in [0, %lld)",
                          (long long)at[i], (long long)rows);
  auto run = [&](auto element) {
    using T = decltype(element);
    return scatter(static_cast<T *>(PyArray_DATA(out)), at,
                   static_cast<const T *>(PyArray_DATA(updates)), count, size,
                   mode);
  };
  bool known = false;
  switch (PyArray_TYPE(out)) {
  case NPY_FLOAT:
    known = run(float());
    break;
  case NPY_DOUBLE:
    known = run(double());
    break;
  case NPY_INT32:
    known = run(int32_t());
    break;
  case NPY_INT64:
    known = run(int64_t());
    break;
  default:
    break;
  }
  if (!known)
    return PyErr_Format(PyExc_TypeError, "scatter_rows has no %s of this dtype",
                        mode);
  Py_RETURN_NONE;
}

} // namespace tfc::native
