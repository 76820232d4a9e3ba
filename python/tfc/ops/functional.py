"""`tf.map_fn`, `tf.scan`, `tf.foldl`, `tf.foldr`, `tf.vectorized_map`: functions of the slices of tensors, in loops."""

import builtins
import warnings
from contextlib import nullcontext

import numpy as np

from tfc.core import Tensor, current, executing_eagerly
from tfc.dtypes import TensorSpec, int32
from tfc.errors import InvalidArgumentError
from tfc.ops import nest
from tfc.ops import primitives as p
from tfc.ops.array import shape, stack
from tfc.ops.control_flow import while_loop
from tfc.ops.convert import convert_to_tensor
from tfc.ops.gather import gather
from tfc.ops.operation import Operation
from tfc.ops.tensor_array import TensorArray


def _count(elems, error=ValueError) -> tuple:
    """(static size or None, size as int32 scalar) of the first dimension of all leaves. `error`: what scalars are."""
    if not elems:
        raise error("elems must be a Tensor or (possibly nested) sequence of Tensors. Got none")
    first = elems[0]
    if any(e.shape_tuple == () for e in elems):
        raise error("Elements must be 1+ dimensional Tensors, not scalars")
    sizes = {e.shape_tuple[0] for e in elems if e.shape_tuple is not None} - {None}
    if len(sizes) > 1:
        raise ValueError(f"Elements must have the same size along the first dimension, got {sorted(sizes)}")
    if sizes:
        n = sizes.pop()
        return n, convert_to_tensor(n, int32)
    return None, p.squeeze(p.slice_(shape(first), starts=(0,), sizes=(1,), strides=(1,)), axes=(0,))


def _arrays(elems):
    return [
        TensorArray(
            e.dtype, size=0, dynamic_size=True, element_shape=None if e.shape_tuple is None else e.shape_tuple[1:]
        ).unstack(e)
        for e in elems
    ]


def map_fn(
    fn,
    elems,
    dtype=None,
    parallel_iterations=None,
    back_prop=True,
    swap_memory=False,
    infer_shape=True,
    name=None,
    fn_output_signature=None,
):
    """`fn` of each slice of `elems` (a nest) along the first dimension, stacked.

    `fn_output_signature` (a nest of dtypes or TensorSpecs) is needed if the result has another structure or
    dtype than `elems`.
    """
    _callable(fn)
    if hasattr(type(elems), "_traced_rows"):
        raise TypeError("map_fn of rows of different lengths")  # which `ops.ragged_ops` knows
    signature = fn_output_signature if fn_output_signature is not None else dtype
    if any(hasattr(s, "ragged_rank") for s in nest.flatten(signature)):
        raise TypeError("map_fn with rows of different lengths")  # which `ops.ragged_ops` knows
    flat = [convert_to_tensor(e) for e in nest.flatten(elems)]
    size, n = _count(flat)
    sources = _arrays(flat)
    out_structure = elems if signature is None else signature
    types = [e.dtype for e in flat] if signature is None else nest.flatten(signature)
    outs = []
    for t in types:
        spec = t if isinstance(t, TensorSpec) else TensorSpec(None, t)
        outs.append(TensorArray(spec.dtype, size=n, element_shape=spec.shape, infer_shape=infer_shape))

    def step(i, arrays):
        slices = [s.read(i) for s in sources]
        result = fn(nest.pack_sequence_as(elems, slices))
        nest.assert_same_structure(out_structure, result)
        leaves = [
            convert_to_tensor(r, None if hasattr(r, "dtype") else a.dtype)
            for r, a in zip(nest.flatten(result), arrays, strict=True)
        ]
        for leaf, a in zip(leaves, arrays, strict=True):
            if leaf.dtype is not a.dtype:
                raise InvalidArgumentError(
                    None,
                    "map_fn",
                    f"TensorArray dtype is {a.dtype.name} but Op is trying to write dtype {leaf.dtype.name}: fn "
                    "returns another dtype than its argument has; say so in fn_output_signature",
                )
        return i + 1, [a.write(i, leaf) for a, leaf in zip(arrays, leaves, strict=True)]

    zero = convert_to_tensor(0, int32)
    _, outs = while_loop(lambda i, _: p.less(i, n), lambda i, a: step(i, a), (zero, outs), maximum_iterations=n)
    return nest.pack_sequence_as(out_structure, [_stacked(o, size) for o in outs])


def _stacked(array, size) -> Tensor:
    """All elements of a TensorArray that is known to have `size` (None: it is not known)."""
    value = array.stack()
    if size is None or value.shape_tuple is None or value.shape_tuple[0] == size:
        return value
    return p.ensure_shape(value, shape=(size, *value.shape_tuple[1:]))


def scan(
    fn,
    elems,
    initializer=None,
    parallel_iterations=10,
    back_prop=True,
    swap_memory=False,
    infer_shape=True,
    reverse=False,
    name=None,
):
    """The accumulator `a = fn(a, slice)` after each slice of `elems` along the first dimension, stacked.

    It starts with `initializer`, or with the first slice.
    """
    flat = [convert_to_tensor(e) for e in nest.flatten(elems)]
    size, n = _count(flat, IndexError)
    sources = _arrays(flat)
    structure = elems if initializer is None else initializer
    _callable(fn)
    one, zero = convert_to_tensor(1, int32), convert_to_tensor(0, int32)
    if initializer is None:
        if size == 0:
            raise InvalidArgumentError(None, "scan", "scan of no elements needs an initializer")
        first = p.sub(n, one) if reverse else zero
        start = [s.read(first) for s in sources]
    else:
        start = [convert_to_tensor(v) for v in nest.flatten(initializer)]
    outs = [
        TensorArray(v.dtype, size=n, element_shape=v.shape_tuple if infer_shape else None, infer_shape=infer_shape)
        for v in start
    ]
    done = zero
    if initializer is None:
        outs = [o.write(first, v) for o, v in zip(outs, start, strict=True)]
        done = one

    def step(k, acc, arrays):
        i = p.sub(p.sub(n, one), k) if reverse else k
        slices = nest.pack_sequence_as(elems, [s.read(i) for s in sources])
        result = fn(nest.pack_sequence_as(structure, acc), slices)
        nest.assert_same_structure(structure, result)
        acc = [_of_dtype(r, a.dtype) for r, a in zip(nest.flatten(result), acc, strict=True)]
        return p.add(k, one), acc, [a.write(i, v) for a, v in zip(arrays, acc, strict=True)]

    _, _, outs = while_loop(lambda k, *_: p.less(k, n), step, (done, start, outs), maximum_iterations=n)
    return nest.pack_sequence_as(structure, [_stacked(o, size) for o in outs])


def _of_dtype(value, dtype):
    """The next accumulator, of the dtype that it has had before."""
    found = getattr(value, "dtype", dtype)
    if found != dtype:
        text = f"the accumulator has dtype {dtype.name}, fn returns {found.name}: return tf.cast(..., tf.{dtype.name})"
        raise InvalidArgumentError(None, "scan", text) if executing_eagerly() else TypeError(text)
    return convert_to_tensor(value, dtype)


def _callable(fn):
    if not callable(fn):
        raise TypeError(f"The provided function {fn!r} is not callable. fn must be callable.")


def _fold(fn, elems, initializer, backwards):
    flat = [convert_to_tensor(e) for e in nest.flatten(elems)]
    size, n = _count(flat, IndexError)
    sources = _arrays(flat)
    one, done = convert_to_tensor(1, int32), convert_to_tensor(0, int32)
    last = p.sub(n, one)
    _callable(fn)
    structure = elems if initializer is None else initializer
    if initializer is None:
        if size == 0:
            raise InvalidArgumentError(None, "fold", "a fold of no elements needs an initializer")
        first = last if backwards else done
        start, done = [s.read(first) for s in sources], one
    else:
        start = [convert_to_tensor(v) for v in nest.flatten(initializer)]

    def step(k, acc):
        i = p.sub(last, k) if backwards else k
        slices = nest.pack_sequence_as(elems, [s.read(i) for s in sources])
        result = fn(nest.pack_sequence_as(structure, acc), slices)
        nest.assert_same_structure(structure, result)
        acc = [_of_dtype(r, a.dtype) for r, a in zip(nest.flatten(result), acc, strict=True)]
        return p.add(k, one), acc

    _, result = while_loop(lambda k, _: p.less(k, n), step, (done, start), maximum_iterations=n)
    return nest.pack_sequence_as(structure, result)


def foldl(fn, elems, initializer=None, parallel_iterations=10, back_prop=True, swap_memory=False, name=None):
    """The accumulator `a = fn(a, slice)` after all slices of `elems`, from the first to the last."""
    return _fold(fn, elems, initializer, backwards=False)


def foldr(fn, elems, initializer=None, parallel_iterations=10, back_prop=True, swap_memory=False, name=None):
    """The accumulator `a = fn(a, slice)` after all slices of `elems`, from the last to the first."""
    return _fold(fn, elems, initializer, backwards=True)


# Rows of which a trace has copies of the function, rather than a loop.
_UNROLLED = 8


class RowByRow(Exception):
    """A function cannot run on all rows at once; says why."""


_vectorized: list = []


def register_vectorized(function) -> None:
    """Tells `vectorized_map` how to run a function on all rows at once."""
    _vectorized.append(function)


def vectorized_map(fn, elems, fallback_to_while_loop=True, warn=True):
    """`fn` of each slice of `elems` (a nest) along the first dimension, stacked; results may have any structure and
    dtype. Elements with one slice are used for all.

    `fn` is traced for one slice, and its ops then run on all slices at once: one matrix product in place of many
    products of vectors. A branch or loop whose condition differs between slices runs on those that take it. An op that
    has no form for many slices runs in a loop of its own; a function with effects (`tf.print`, assignments,
    `tf.py_function`) runs slice by slice as a whole, with a warning if `warn`.

    Raises:
      TypeError: `fn` is not callable.
      IndexError: a scalar element, or no element.
      ValueError: without `fallback_to_while_loop`, a function that has to run slice by
        slice.
      InvalidArgumentError: different sizes along the first dimension.
    """
    _callable(fn)
    flat = [convert_to_tensor(e) for e in nest.flatten(elems)]
    sizes = {e.shape_tuple[0] for e in flat if e.shape_tuple} - {1, None}
    if len(sizes) > 1:
        raise InvalidArgumentError(
            None, "vectorized_map", f"Elements must have the same size along the first dimension, got {sorted(sizes)}"
        )
    shared = [e.shape_tuple is not None and e.shape_tuple[:1] == (1,) for e in flat]
    if all(shared):
        shared = [False] * len(flat)
    longest = [e for e, alone in zip(flat, shared, strict=True) if not alone]
    size, _ = _count(longest, IndexError)
    name = getattr(fn, "__name__", "fn")
    try:
        return _vectorized[0](fn, elems, flat, shared, size, name)
    except RowByRow as e:
        if not fallback_to_while_loop:
            raise ValueError(f"{name} cannot run on all elements at once: {e}") from None
        if warn:
            warnings.warn(f"{name} runs element by element: {e}", stacklevel=2)
    return looped_map(fn, elems)


def looped_map(fn, elems):
    """`fn` of each slice, one after the other. See `vectorized_map`."""
    flat = [convert_to_tensor(e) for e in nest.flatten(elems)]
    longest = [e for e in flat if e.shape_tuple is None or e.shape_tuple[:1] != (1,)] or flat
    size, count = _count(longest)

    def of(i):
        rows = [_row(e, i) for e in flat]
        result = fn(nest.pack_sequence_as(elems, rows))
        return nest.map_structure(
            lambda r: r if r is None or isinstance(r, Operation) else convert_to_tensor(r), result
        )

    if size is not None and size > 0 and (executing_eagerly() or size <= _UNROLLED):
        results = [of(convert_to_tensor(i, int32)) for i in builtins.range(size)]
        return nest.map_structure(lambda *rows: None if _is_effect(rows[0]) else stack(rows), *results)
    return _looped_map(of, flat, elems, fn, size, count)


def _is_effect(value) -> bool:
    return value is None or isinstance(value, Operation)


def _looped_map(of, flat, elems, fn, size, count):
    """`of(0)`, `of(1)`, ... stacked, in a loop; what the results are is found by running it once for nothing."""
    with _trial():
        if executing_eagerly():
            nothing = [p.cast(_zeros_of(e), dtype=e.dtype) for e in flat]
            example = fn(nest.pack_sequence_as(elems, nothing))
        else:
            example = of(convert_to_tensor(0, int32))
    leaves = [leaf for leaf in nest.flatten(example) if not _is_effect(leaf)]
    kinds = [convert_to_tensor(leaf) for leaf in leaves]
    outs = [TensorArray(k.dtype, size=count, element_shape=k.shape_tuple) for k in kinds]

    def step(i, arrays):
        values = [v for v in nest.flatten(of(i)) if not _is_effect(v)]
        return p.add(i, convert_to_tensor(1, int32)), [a.write(i, v) for a, v in zip(arrays, values, strict=True)]

    zero = convert_to_tensor(0, int32)
    _, outs = while_loop(lambda i, _: p.less(i, count), step, (zero, outs), maximum_iterations=count)
    stacked = iter([_stacked(o, size) for o in outs])
    packed = [None if _is_effect(leaf) else next(stacked) for leaf in nest.flatten(example)]
    return nest.pack_sequence_as(example, packed)


def _trial():
    make = getattr(current(), "trial", None)
    return nullcontext() if make is None else make()


def _zeros_of(e):
    return convert_to_tensor(np.zeros([d or 1 for d in e.shape_tuple[1:]], np.int32))


def _row(x, i):
    """Row `i`; of one row, that."""
    one = x.shape_tuple is not None and x.shape_tuple[0] == 1
    return gather(x, convert_to_tensor(0, int32) if one else i)
