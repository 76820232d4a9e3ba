//===- Matrices.cpp - factors of small matrices ---------------------------===//
//
// What eager ops do step by step on rows of a matrix, where each step of numpy
// takes longer than the arithmetic. Golub and Van Loan, "Matrix Computations",
// chapter 3.
//
//===----------------------------------------------------------------------===//
#include "Matrices.h"
#include "Numpy.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstdint>

namespace tfc::native {

namespace {

// std::complex looks for infinities among NaN; numpy and compiled code do not.
template <typename T> T product(T x, T y) { return x * y; }
template <typename T>
std::complex<T> product(std::complex<T> x, std::complex<T> y) {
  return {x.real() * y.real() - x.imag() * y.imag(),
          x.real() * y.imag() + x.imag() * y.real()};
}

template <typename T> T quotient(T x, T y) { return x / y; }
/// Smith, "Algorithm 116: complex division", 1962.
template <typename T>
std::complex<T> quotient(std::complex<T> x, std::complex<T> y) {
  if (std::abs(y.real()) >= std::abs(y.imag())) {
    T ratio = y.imag() / y.real(), scale = 1 / (y.real() + y.imag() * ratio);
    return {(x.real() + x.imag() * ratio) * scale,
            (x.imag() - x.real() * ratio) * scale};
  }
  T ratio = y.real() / y.imag(), scale = 1 / (y.imag() + y.real() * ratio);
  return {(x.real() * ratio + x.imag()) * scale,
          (x.imag() * ratio - x.real()) * scale};
}

/// row -= factor * other
template <typename T>
void subtract(T *row, T factor, const T *other, int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    row[i] -= product(factor, other[i]);
}

template <typename T> void factor(T *a, int32_t *order, int64_t n) {
  for (int64_t i = 0; i < n; ++i)
    order[i] = i;
  for (int64_t k = 0; k < n; ++k) {
    // The first of the largest. Nothing is larger than NaN, nor is NaN larger
    // than anything.
    int64_t pivot = k;
    auto largest = std::abs(a[k * n + k]);
    for (int64_t i = k + 1; i < n; ++i)
      if (auto size = std::abs(a[i * n + k]); size > largest) {
        pivot = i;
        largest = size;
      }
    if (pivot != k) {
      std::swap_ranges(a + k * n, a + (k + 1) * n, a + pivot * n);
      std::swap(order[k], order[pivot]);
    }
    T diagonal = a[k * n + k];
    if (diagonal == T(0))
      diagonal = T(1);
    for (int64_t i = k + 1; i < n; ++i) {
      T *row = a + i * n;
      row[k] = quotient(row[k], diagonal);
      subtract(row + k + 1, row[k], a + k * n + k + 1, n - k - 1);
    }
  }
}

template <typename T>
void solve(const T *a, T *b, int64_t n, int64_t columns, bool lower,
           bool unit) {
  for (int64_t step = 0; step < n; ++step) {
    int64_t i = lower ? step : n - 1 - step;
    T *row = b + i * columns;
    for (int64_t j = lower ? 0 : i + 1, end = lower ? i : n; j < end; ++j)
      subtract(row, a[i * n + j], b + j * columns, columns);
    if (!unit)
      for (int64_t c = 0; c < columns; ++c)
        row[c] = quotient(row[c], a[i * n + i]);
  }
}

/// A dense array of floats whose last dimensions are matrices, else an error.
PyArrayObject *matrices(PyObject *object, bool writable) {
  auto *array = PyArray_Check(object)
                    ? reinterpret_cast<PyArrayObject *>(object)
                    : nullptr;
  if (array && PyArray_NDIM(array) >= 2 && PyArray_ISCARRAY_RO(array) &&
      (!writable || PyArray_ISWRITEABLE(array)))
    switch (PyArray_TYPE(array)) {
    case NPY_FLOAT:
    case NPY_DOUBLE:
    case NPY_CFLOAT:
    case NPY_CDOUBLE:
      return array;
    default:
      break;
    }
  PyErr_SetString(PyExc_TypeError, "expected a dense array of matrices");
  return nullptr;
}

int64_t rowsOf(PyArrayObject *array) {
  return PyArray_DIM(array, PyArray_NDIM(array) - 2);
}
int64_t columnsOf(PyArrayObject *array) {
  return PyArray_DIM(array, PyArray_NDIM(array) - 1);
}

/// How many matrices there are.
int64_t countOf(PyArrayObject *array) {
  int64_t count = 1;
  for (int i = 0; i < PyArray_NDIM(array) - 2; ++i)
    count *= PyArray_DIM(array, i);
  return count;
}

/// Calls `f` with a null pointer of the element type.
template <typename F> void withType(int type, F f) {
  switch (type) {
  case NPY_FLOAT:
    return f(static_cast<float *>(nullptr));
  case NPY_DOUBLE:
    return f(static_cast<double *>(nullptr));
  case NPY_CFLOAT:
    return f(static_cast<std::complex<float> *>(nullptr));
  default:
    return f(static_cast<std::complex<double> *>(nullptr));
  }
}

} // namespace

PyObject *factorMatrices(PyObject *, PyObject *args) {
  PyObject *matrix, *order;
  if (!PyArg_ParseTuple(args, "OO:lu", &matrix, &order))
    return nullptr;
  PyArrayObject *a = matrices(matrix, /*writable=*/true);
  if (!a)
    return nullptr;
  int64_t n = rowsOf(a), count = countOf(a);
  auto *rows =
      PyArray_Check(order) ? reinterpret_cast<PyArrayObject *>(order) : nullptr;
  if (columnsOf(a) != n || !rows || PyArray_TYPE(rows) != NPY_INT32 ||
      !PyArray_ISCARRAY(rows) || PyArray_SIZE(rows) != count * n)
    return PyErr_Format(PyExc_ValueError, "lu expects square matrices, and an "
                                          "int32 for each of their rows");
  withType(PyArray_TYPE(a), [&](auto *type) {
    auto *first = static_cast<decltype(type)>(PyArray_DATA(a));
    auto *places = static_cast<int32_t *>(PyArray_DATA(rows));
    Py_BEGIN_ALLOW_THREADS;
    for (int64_t i = 0; i < count; ++i)
      factor(first + i * n * n, places + i * n, n);
    Py_END_ALLOW_THREADS;
  });
  Py_RETURN_NONE;
}

PyObject *solveTriangles(PyObject *, PyObject *args) {
  PyObject *left, *right;
  int lower, unit;
  if (!PyArg_ParseTuple(args, "OOpp:triangular_solve", &left, &right, &lower,
                        &unit))
    return nullptr;
  PyArrayObject *a = matrices(left, /*writable=*/false);
  PyArrayObject *b = a ? matrices(right, /*writable=*/true) : nullptr;
  if (!b)
    return nullptr;
  int64_t n = rowsOf(a), columns = columnsOf(b), count = countOf(a);
  if (columnsOf(a) != n || rowsOf(b) != n || countOf(b) != count ||
      PyArray_TYPE(a) != PyArray_TYPE(b))
    return PyErr_Format(PyExc_ValueError, "triangular_solve expects square "
                                          "matrices and as many right sides");
  withType(PyArray_TYPE(a), [&](auto *type) {
    auto *first = static_cast<const std::remove_pointer_t<decltype(type)> *>(
        PyArray_DATA(a));
    auto *result = static_cast<decltype(type)>(PyArray_DATA(b));
    Py_BEGIN_ALLOW_THREADS;
    for (int64_t i = 0; i < count; ++i)
      solve(first + i * n * n, result + i * n * columns, n, columns, lower != 0,
            unit != 0);
    Py_END_ALLOW_THREADS;
  });
  Py_RETURN_NONE;
}

} // namespace tfc::native
