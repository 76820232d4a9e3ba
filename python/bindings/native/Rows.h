//===- Rows.h - elements of datasets that compiled code takes by itself ---===//
//
// An iteration over a dataset is a number. The host puts several elements of
// one shape under it at once, stacked; compiled code then asks whether there is
// another element, and for it, without Python, as long as some are left.
//
//===----------------------------------------------------------------------===//
#ifndef TFC_NATIVE_ROWS_H
#define TFC_NATIVE_ROWS_H

#include "Tensor.h"

namespace tfc::native {

/// Answers a call of the host function `id` if it is one of an iteration that
/// has elements left here. Needs no GIL. `allocate` makes outputs.
enum class RowsAnswer { Done, NoMemory, AskHost };
RowsAnswer callRows(tfc_context *context,
                    void *(*allocate)(tfc_context *, int64_t), int64_t id,
                    int32_t numInputs, const tfc_tensor_desc *inputs,
                    int32_t numOutputs, tfc_tensor_desc *outputs,
                    int64_t *const *shapes);

/// _native.set_rows_function(id, kind), put_rows(number, tensors, count),
/// rows_left(number), take_row(number), drop_rows(number).
PyObject *setRowsFunction(PyObject *module, PyObject *args);
PyObject *putRows(PyObject *module, PyObject *args);
PyObject *rowsLeft(PyObject *module, PyObject *number);
PyObject *takeRow(PyObject *module, PyObject *number);
PyObject *dropRows(PyObject *module, PyObject *number);

} // namespace tfc::native

#endif // TFC_NATIVE_ROWS_H
